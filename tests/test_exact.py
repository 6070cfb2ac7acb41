"""Exact derivatives: closed forms, as many digits as asked for, and definiteness that is proved."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import jsonschema
import mpmath
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from hesscli.answer import Answer
from hesscli.errors import ExitStatus, HessError
from hesscli.exact import point
from hesscli.exact.closed import evaluate
from hesscli.exact.examiner import Examiner
from hesscli.expression.reader import read_formula
from hesscli.point.assignment import read_assignment
from hesscli.point.binding import bind, names_given
from hesscli.render.phrases import words
from hesscli.types import Values

from .conftest import Hess


def _question(text: str, at: str) -> tuple[Examiner, dict[str, Any]]:
    assignment = read_assignment(at)
    formula = read_formula(text, names_given([assignment]))
    (point,) = bind([assignment], formula)
    values = {n: v.entries[0] for n, v in point.values.items() if isinstance(v, Values)}
    return Examiner(formula), values


def _exactly(text: str, at: str) -> Answer:
    return evaluate(*_question(text, at))


def _digits(text: str, at: str, digits: int) -> Answer:
    return evaluate(*_question(text, at), digits)


# formula, point, value, gradient, Hessian, all worked out by hand
CLOSED: list[tuple[str, str, str, list[str], list[list[str]]]] = [
    ("x**2*y**2 + exp(x*y)", "x=1/3,y=sqrt(2)", "2/9 + exp(sqrt(2)/3)",
     ["4/3 + sqrt(2)*exp(sqrt(2)/3)", "2*sqrt(2)/9 + exp(sqrt(2)/3)/3"],
     [["4 + 2*exp(sqrt(2)/3)", "4*sqrt(2)/3 + (1 + sqrt(2)/3)*exp(sqrt(2)/3)"],
      ["4*sqrt(2)/3 + (1 + sqrt(2)/3)*exp(sqrt(2)/3)", "2/9 + exp(sqrt(2)/3)/9"]]),
    ("cos(x)", "pi/4", "sqrt(2)/2", ["-sqrt(2)/2"], [["-sqrt(2)/2"]]),
    ("x**y", "2,0", "1", ["0", "log(2)"], [["0", "1/2"], ["1/2", "log(2)**2"]]),
    ("hypot(x,y)", "3,4", "5", ["3/5", "4/5"], [["16/125", "-12/125"], ["-12/125", "9/125"]]),
    ("log10(x)", "10", "1", ["1/(10*log(10))"], [["-1/(100*log(10))"]]),
    ("1/(1+x)", "sqrt(2)", "sqrt(2) - 1", ["2*sqrt(2) - 3"], [["10*sqrt(2) - 14"]]),
    ("gamma(x)", "1", "1", ["-EulerGamma"], [["EulerGamma**2 + pi**2/6"]]),
    ("cbrt(x)", "-8", "-2", ["1/12"], [["1/144"]]),
    ("where(x>0, log(x), x**2)", "-1", "1", ["-2"], [["2"]]),
    # SymPy's expansion of this gives None.
    ("airybi(x)", "1/2", "airybi(1/2)", ["airybiprime(1/2)"], [["airybi(1/2)/2"]]),
    # Numbers that no double holds.
    ("log(1+exp(x))", "1000", "log(1 + exp(1000))", ["exp(1000)/(1 + exp(1000))"],
     [["exp(1000)/(1 + exp(1000))**2"]]),
    ("x**1000", "1/3", "3**-1000", ["1000*3**-999"], [["999000*3**-998"]]),
    # Limits, where the formula cannot be evaluated.
    ("sin(x)/x", "0", "1", ["0"], [["-1/3"]]),
    ("sin(x*y)/(x*y)", "0,1", "1", ["0", "0"], [["-1/3", "0"], ["0", "0"]]),
    ("(x**2-y**2)/(x-y)", "1,1", "2", ["1", "1"], [["0", "0"], ["0", "0"]]),
    ("hypot(x,y)**2", "0,0", "0", ["0", "0"], [["2", "0"], ["0", "2"]]),
    ("exp(-1/x**2)", "0", "0", ["0"], [["0"]]),
    ("abs(x)**3", "0", "0", ["0"], [["0"]]),
    # The piece at 0 has the slope and the curvature of a constant.
    ("Piecewise((1, x==0), (sin(x)/x, True))", "0", "1", ["0"], [["-1/3"]]),
]  # fmt: skip


def _entries(found: Answer) -> list[Any]:
    return [found.value, *found.gradient, *(entry for row in found.hessian for entry in row)]


@pytest.mark.parametrize(("text", "at", "value", "gradient", "matrix"), CLOSED)
def test_entries_are_exact_and_have_their_digits(
    text: str, at: str, value: str, gradient: list[str], matrix: list[list[str]]
) -> None:
    by_hand = [value, *gradient, *(entry for row in matrix for entry in row)]
    exact, rounded = _exactly(text, at), _digits(text, at, 60)
    for form, number, expected in zip(
        _entries(exact), _entries(rounded), map(sympy.sympify, by_hand), strict=True
    ):
        assert not form.has(sympy.Float)
        assert sympy.simplify(form - expected) == 0
        if expected == 0:
            assert form == number == 0
        else:
            assert abs(number / expected.evalf(80) - 1) < sympy.Float("1e-59")
    assert exact.undefined == rounded.undefined == ()


SMOOTH: list[tuple[str, str, Callable[..., Any]]] = [
    ("x**2*y**2 + exp(x*y)", "1/3,7/5", lambda x, y: x**2 * y**2 + mpmath.exp(x * y)),
    ("erf(x)*gamma(y)", "2/3,5/2", lambda x, y: mpmath.erf(x) * mpmath.gamma(y)),
    ("sin(x/y)*log(x+y)", "3,4/7", lambda x, y: mpmath.sin(x / y) * mpmath.log(x + y)),
    ("tanh(x)**3*sqrt(y)", "1/5,1/7", lambda x, y: mpmath.tanh(x) ** 3 * mpmath.sqrt(y)),
]


@pytest.mark.parametrize(("text", "at", "function"), SMOOTH)
def test_digits_agree_with_numerical_differentiation(
    text: str, at: str, function: Callable[..., Any]
) -> None:
    found = _digits(text, at, 50)
    with mpmath.workdps(60):
        point = tuple(mpmath.mpf(Fraction(c).numerator) / Fraction(c).denominator
                      for c in at.split(","))  # fmt: skip
        for entry, orders in (
            (found.value, (0, 0)),
            (found.gradient[0], (1, 0)),
            (found.gradient[1], (0, 1)),
            (found.hessian[0][0], (2, 0)),
            (found.hessian[0][1], (1, 1)),
            (found.hessian[1][1], (0, 2)),
        ):
            by_differences = mpmath.diff(function, point, orders)
            assert mpmath.almosteq(mpmath.mpf(entry), by_differences, mpmath.mpf("1e-49"))


# formula, point, eigenvalues (None where they have no closed form), inertia, definiteness, kind
PROVED: list[tuple[str, str, list[str] | None, tuple[int, int, int], str, str | None]] = [
    ("x**4 - 2*x**2*y + y**2", "1,1", ["0", "10"], (1, 1, 0), "positive semidefinite",
     "inconclusive"),
    ("(x + sqrt(2)*y)**2*sqrt(3)", "0,0", ["0", "6*sqrt(3)"], (1, 1, 0),
     "positive semidefinite", "inconclusive"),
    ("-(x + pi*y + E*z)**2", "0,0,0", ["-2 - 2*pi**2 - 2*exp(2)", "0", "0"], (0, 2, 1),
     "negative semidefinite", "inconclusive"),
    ("(sin(1)**2 + cos(1)**2 - 1)*x**2 + y**2", "1,0", ["0", "2"], (1, 1, 0),
     "positive semidefinite", "inconclusive"),
    ("(log(6) - log(2) - log(3))*x**2 - y**2", "1,0", ["-2", "0"], (0, 1, 1),
     "negative semidefinite", "inconclusive"),
    ("(cos(pi/7) - cos(2*pi/7) + cos(3*pi/7) - 1/2)*x**2", "1", ["0"], (0, 1, 0), "zero",
     "inconclusive"),
    ("(x**2 + y**2)*(exp(pi*sqrt(163)) - 262537412640768744)", "0,0",
     ["2*exp(pi*sqrt(163)) - 525074825281537488"] * 2, (0, 0, 2), "negative definite", "maximum"),
    ("x*y", "0,0", ["-1", "1"], (1, 0, 1), "indefinite", "saddle"),
    ("100*(y-x**2)**2 + (1-x)**2", "1,1", ["501 - sqrt(250601)", "501 + sqrt(250601)"],
     (2, 0, 0), "positive definite", "minimum"),
    ("sqrt(x**2+y**2+z**2)", "1,2,3", ["0", "1/sqrt(14)", "1/sqrt(14)"], (2, 1, 0),
     "positive semidefinite", None),
    ("log(exp(x)+exp(y)+exp(z))", "1/2,1/3,1/5", None, (2, 1, 0), "positive semidefinite", None),
    # Eigenvalues of very different size: 2 and about 1e-40, then 1e-400.
    ("(x+y)**2 + x**2/10**40", "0,0", None, (2, 0, 0), "positive definite", "minimum"),
    ("(x+y)**2 - x**2*exp(-1000)", "0,0", None, (1, 0, 1), "indefinite", "saddle"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "at", "eigenvalues", "inertia", "definiteness", "kind"), PROVED
)  # fmt: skip
def test_definiteness_is_proved(
    text: str,
    at: str,
    eigenvalues: list[str] | None,
    inertia: tuple[int, int, int],
    definiteness: str,
    kind: str | None,
) -> None:
    for found in (_exactly(text, at), _digits(text, at, 40)):
        assert found.verdict.inertia == inertia
        assert found.verdict.definiteness == definiteness
        assert found.verdict.kind == kind
        assert found.verdict.stationary is (kind is not None)
        for eigenvalue, by_hand in zip(
            found.verdict.eigenvalues or (), eigenvalues or (), strict=False
        ):
            expected = sympy.sympify(by_hand).evalf(60)
            assert abs(eigenvalue.evalf(60) - expected) <= abs(expected) * sympy.Float("1e-39")


def test_eigenvalues_keep_their_digits_beside_much_larger_ones() -> None:
    small, large = _digits("(x+y)**2 + x**2/10**40", "0,0", 30).verdict.eigenvalues
    # Of ((2 + d, 2), (2, 2)) with d = 2e-40, the product is 2d and the sum 4 + d.
    d = sympy.Rational(2, 10**40)
    root = sympy.sqrt((4 + d) ** 2 - 8 * d)
    for found, expected in ((small, (4 + d - root) / 2), (large, (4 + d + root) / 2)):
        assert abs(found / expected.evalf(60) - 1) < sympy.Float("1e-29")


def test_what_cannot_be_proved_is_undecided() -> None:
    # Machin's formula for pi: the coefficient is 0, which no rewriting of SymPy's finds.
    text = "(16*atan(1/5) - 4*atan(1/239) - pi)*x**2 + y**2"
    found = _exactly(text, "1,0")
    assert found.verdict.inertia is None
    assert found.verdict.definiteness == "undecided"
    assert found.verdict.stationary is None
    assert found.verdict.kind is None
    assert _exactly(f"{text} - z**2", "1,0,0").verdict.definiteness == "indefinite"


def test_a_hessian_that_does_not_exist_says_why() -> None:
    for found in (_exactly("x*abs(x)", "0"), _digits("x*abs(x)", "0", 30)):
        assert found.value == 0
        assert found.gradient == (0,)
        assert found.hessian == ((None,),)
        assert not any(
            (
                found.verdict.eigenvalues,
                found.verdict.inertia,
                found.verdict.definiteness,
                found.verdict.kind,
            )
        )
        assert found.verdict.stationary is True
        (item,) = found.undefined
        assert words(item.reason) == "abs(x) has a kink at x = 0"
        assert item.entries == ("hessian",)
    (item,) = _exactly("log(x)", "-1").undefined
    assert item.entries == ("value", "gradient", "hessian")


def test_an_entry_without_a_closed_form_is_missing_with_its_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(point, "MAX_LIMIT", 0)  # so that no limit is looked for in closed form
    for found, reason in (
        (_exactly("x**2+exp(-1/x**2)", "0"), "no exact form was found; it is about 2"),
        (_digits("x**2+exp(-1/x**2)", "0", 30), "no more digits than a double has were found: 2.0"),
    ):
        assert found.hessian == ((None,),)
        assert found.verdict.definiteness is None
        item = found.undefined[-1]
        assert words(item.reason) == reason
        assert item.entries == ("hessian[0][0]",)


def test_numbers_too_long_to_write_are_refused_but_have_digits() -> None:
    for text, at in (
        ("x**(10**6)", "1.000001"),
        ("x**2000*y**1900", "5/4,7/9"),  # each power fits, the product does not
        ("gamma(x)/exp(10*x)", "3001"),
        ("exp(x*log(3))/9**x", "10**7"),
    ):
        with pytest.raises(HessError) as caught:
            _exactly(text, at)
        assert caught.value.code == "too-large"
        assert caught.value.status == ExitStatus.NO_ANSWER
    found = _digits("x**(10**6)", "1.000001", 30)
    with mpmath.workdps(60):
        x, n = 1 + mpmath.mpf(10) ** -6, 10**6
        expected = (x**n, n * x ** (n - 1), n * (n - 1) * x ** (n - 2))
        for entry, number in zip(
            (found.value, found.gradient[0], found.hessian[0][0]), expected, strict=True
        ):
            assert mpmath.almosteq(mpmath.mpf(entry), number, mpmath.mpf("1e-29"))


def test_constants_and_the_order_of_variables_are_kept() -> None:
    formula = read_formula("x**2*y**3 + z", (), ("y", "x"))
    point = {"x": Fraction(2), "y": sympy.sqrt(3), "z": sympy.pi}
    found = evaluate(Examiner(formula), point)
    assert found.value == 12 * sympy.sqrt(3) + sympy.pi
    assert found.gradient == (36, 12 * sympy.sqrt(3))
    assert found.hessian == ((24 * sympy.sqrt(3), 36), (36, 6 * sympy.sqrt(3)))


def _count(matrix: Any) -> tuple[int, int, int]:
    """The inertia by Sturm's theorem, root by root of the characteristic polynomial."""
    x = sympy.Symbol("x")
    polynomial = sympy.Poly((x * sympy.eye(matrix.rows) - matrix).det(method="berkowitz"), x)
    positive = zero = 0
    for factor, times in polynomial.sqf_list()[1]:
        at_zero = int(factor.eval(0) == 0)
        zero += times * at_zero
        positive += times * (factor.count_roots(0, None) - at_zero)
    return positive, zero, matrix.rows - positive - zero


@settings(max_examples=30)
@given(st.data())
def test_inertia_is_that_of_the_characteristic_polynomial(data: st.DataObject) -> None:
    order = data.draw(st.integers(1, 4))
    terms = data.draw(st.integers(0, 4))
    numbers = st.fractions(-3, 3, max_denominator=4)
    matrix = sympy.zeros(order)
    for _ in range(terms):  # a sum of few squares, which is often singular
        row = sympy.Matrix([[sympy.Rational(data.draw(numbers)) for _ in range(order)]])
        matrix += data.draw(st.sampled_from((-1, 1))) * row.T * row
    names = [f"x{i}" for i in range(order)]
    text = " + ".join(
        f"({matrix[i, j]})/2*{a}*{b}" for i, a in enumerate(names) for j, b in enumerate(names)
    )
    found = _exactly(text, ",".join(["0"] * order))
    assert [list(row) for row in found.hessian] == matrix.tolist()
    assert found.verdict.inertia == _count(matrix)
    assert _digits(text, ",".join(["0"] * order), 20).verdict.inertia == found.verdict.inertia
    if found.verdict.eigenvalues is not None:
        assert sympy.simplify(sum(found.verdict.eigenvalues) - matrix.trace()) == 0
        assert list(found.verdict.eigenvalues) == sorted(found.verdict.eigenvalues)


@settings(max_examples=10)
@given(st.fractions(-2, 2, max_denominator=9), st.integers(2, 7))
def test_closed_forms_have_the_digits(x: Fraction, y: int) -> None:
    text, at = "exp(x*y)/y + atan(x)*y**3 - x**2", f"{x},sqrt({y})"
    exact, rounded = _exactly(text, at), _digits(text, at, 35)
    for form, number in zip(_entries(exact), _entries(rounded), strict=True):
        assert abs(form.evalf(60) - number) <= abs(number) * sympy.Float("1e-34")
    closed, many = exact.verdict, rounded.verdict
    assert closed.inertia == many.inertia
    assert closed.eigenvalues is not None
    for form, number in zip(closed.eigenvalues, many.eigenvalues or (), strict=True):
        assert abs(form.evalf(60) - number) <= abs(number) * sympy.Float("1e-34")


# On the command line


def test_the_command_gives_exact_numbers(hess: Hess) -> None:
    text = hess("x**3/3 + x*y**2", "--at", "1/2,sqrt(3)", "--exact").stdout
    assert "x = 1/2, y = sqrt(3)" in text
    assert "2·sqrt(3)" in text
    assert "indefinite (proved)" in text
    answer = hess("x**3/3 + x*y**2", "--at", "1/2,sqrt(3)", "--exact", "--json").json
    assert answer["exact"] is True
    assert answer["hessian"] == [["1", "2*sqrt(3)"], ["2*sqrt(3)", "1"]]
    assert answer["eigenvalues"] == ["1 - 2*sqrt(3)", "1 + 2*sqrt(3)"]


def test_the_command_gives_as_many_digits_as_asked_for(hess: Hess) -> None:
    answer = hess("x**2*y**2 + exp(x*y)", "--at", "1/3,sqrt(2)", "--digits", "50", "--json").json
    assert answer["digits"] == 50
    with mpmath.workdps(60):
        y = mpmath.sqrt(2)
        entry = 2 * y**2 + y**2 * mpmath.exp(y / 3)
        assert answer["hessian"][0][0] == mpmath.nstr(entry, 50, strip_zeros=False)
    assert hess("x**2", "--at", "1/3", "--digits", "5", "--json").json["value"] == "0.11111"
    assert hess("x**2", "--at", "2", "--digits", "5", "--json").json["value"] == "4.0000"


def test_exact_answers_are_of_tensors_too(hess: Hess) -> None:
    answer = hess("x**2*y", "--at", "x=[1/2,3],y=1/3", "--exact", "--json").json
    assert answer["point"] == {"x": ["1/2", "3"], "y": "1/3"}
    assert answer["hessian"] == [["2/3", "0", "1"], ["0", "2/3", "6"], ["1", "6", "0"]]
    assert any("summed over 2 elements" in note for note in answer["notes"])


def test_exact_answers_keep_to_the_schema(hess: Hess) -> None:
    schema = json.loads(hess("--schema").stdout)
    validator = jsonschema.Draft202012Validator(schema)
    for text, at, option in (
        ("x**2*y", "1,1/3", "--exact"),
        ("x*abs(x)", "0", "--exact"),
        ("norm(x)", "x=[3,4]", "--digits=20"),
        ("log(x)", "-1", "--exact"),
    ):
        result = hess(text, "--at", at, option, "--json")
        validator.validate(result.json)
        assert result.status == (1 if result.json["undefined"] else 0)


@pytest.mark.parametrize(
    ("text", "at", "proved", "words"),
    [
        ("x**2", "0", True, "positive definite (proved)"),
        ("x**6*sin(1/x) + y**2", "0,0", False, "positive semidefinite (by limits, not proved)"),
    ],
)
def test_exact_signs_that_are_limits_are_not_proved(
    hess: Hess, text: str, at: str, proved: bool, words: str
) -> None:
    assert hess(text, "--at", at, "--exact", "--json").json["definiteness_proved"] is proved
    assert words in hess(text, "--at", at, "--exact").stdout


def test_latex_is_a_display_to_paste(hess: Hess) -> None:
    for arguments in (
        ["x**3/3 + theta*y**2", "--at", "x=1/2,y=sqrt(3),theta=1", "--exact"],
        ["x**3/3 + theta*y**2", "--at", "x=1/2,y=1e-30,theta=1"],
        ["x**3/3 + theta*y**2"],
        ["norm(x)", "--at", "x=[3,4]", "--digits", "5"],
    ):
        lines = hess(*arguments, "--format", "latex").stdout.splitlines()
        assert lines[0] == r"\begin{align*}"
        assert lines[-1] == r"\end{align*}"
        text = "\n".join(lines)
        assert text.count("{") == text.count("}")
        assert text.count(r"\left(") == text.count(r"\right)")
    missing = hess("x*abs(x)", "--at", "0", "--format", "latex").stdout
    assert missing.startswith("% undefined: abs(x) has a kink at x = 0\n")
    assert r"\text{none}" in missing
    assert r"\theta" in hess("theta**2", "--format", "latex").stdout
    assert r"1 \cdot 10^{-30}" in hess("x**2/2", "--at", "1e-30", "--format", "latex").stdout


def test_what_contradicts_itself_is_refused(hess: Hess) -> None:
    for options in (
        ["--exact", "--digits", "5"],
        ["--exact", "--check"],
        ["--digits", "5", "--expect", "1"],
        ["--json", "--format", "latex"],
        ["--digits", "0"],
    ):
        assert hess("x**2", "--at", "1", *options).status == 2


def test_an_unknown_sign_is_no_failure(hess: Hess) -> None:
    args = ("(1+p*cos(x-y)+q)/(2+sin(x-y)**2)", "--at", "p=3/2,q=1,x=2/3,y=1/2")
    result = hess(*args, "--digits", "30", "--json")
    assert result.status == 0
    assert result.json["inertia"] is None or sum(result.json["inertia"].values()) == 4


def test_powers_of_e_are_reduced(hess: Hess) -> None:
    answer = hess("log(1+exp(x))", "--at", "1", "--exact", "--json").json
    assert answer["hessian"] == [["E/(1 + E)**2"]]
