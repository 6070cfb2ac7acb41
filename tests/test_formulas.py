"""How formulas are read, and refused."""

from __future__ import annotations

import math
import re
import time
from pathlib import Path

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from hesscli.derive.symbols import differentiate
from hesscli.errors import HessError
from hesscli.expression.names import symbol
from hesscli.expression.notation import as_text
from hesscli.expression.reader import read_formula
from hesscli.functions.table import BY_NAME
from hesscli.language import tree
from hesscli.language.parser import parse_formula
from hesscli.language.tokens import read_number
from hesscli.language.writer import PYTHON, UNICODE, unparse

from .conftest import Hess

CASES = Path(__file__).parent / "cases"


def _cases(name: str) -> list[list[str]]:
    lines = (CASES / name).read_text(encoding="utf-8").splitlines()
    return [line.split(" => ") for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize(("typed", "read"), _cases("formulas.txt"))
def test_formula_is_read_as(typed: str, read: str) -> None:
    formula = read_formula(typed)
    assert formula.text == read
    # The text shown is the formula: reading it again gives the same.
    again = read_formula(formula.text)
    assert again.text == read
    assert again.expression == formula.expression
    assert read_formula(formula.pretty).expression == formula.expression


@pytest.mark.parametrize(("typed", "expected"), _cases("refused.txt"))
def test_formula_is_refused_with_a_caret(hess: Hess, typed: str, expected: str) -> None:
    column, word = expected.split(" | ")
    result = hess(typed, "--at", "1")
    assert result.status == 2
    assert result.stdout == ""
    message, source, caret, *rest = result.stderr.splitlines()
    assert message.startswith("hess: ")
    assert source == f"  {typed}"
    assert caret.index("^") - 2 == int(column) - 1
    assert word in "\n".join([message, *rest])
    assert any(line.startswith("  try: ") for line in rest)


@pytest.mark.parametrize(("typed", "product"), _cases("products.txt"))
def test_a_name_that_may_be_a_product_is_refused(typed: str, product: str) -> None:
    if product == "one name":
        assert read_formula(typed).variables
        return
    with pytest.raises(HessError, match="or one name") as caught:
        read_formula(typed)
    assert f"`{product}`" in str(caught.value.hint)
    assert caught.value.span


def test_a_name_that_is_given_is_no_product(hess: Hess) -> None:
    insisting: list[list[str]] = [
        ["x^2 + xy", "--at", "x=1,xy=2"],
        ["x^2 + xy", "--at", "xy=2", "--at", "1"],
        ["x^2 + xy", "--at", '{"x": 1, "xy": 2}'],
        ["x^2 + xy", "--wrt", "x,xy", "--at", "1,2"],
        ["f(x, xy) = x^2 + xy", "--at", "1,2"],
    ]
    for words in insisting:
        assert hess(*words, "--json").json["gradient"] == [2, 1]
    stream = hess("x^2 + xy", "--at", "-", "--json", stdin='x=1,xy=2\n{"x": 1, "xy": 2}\n1,2\n')
    assert [o.get("gradient") for o in stream.objects] == [[2, 1], [2, 1], None]
    assert stream.objects[2]["error"]["code"] == "ambiguous-name"
    for words in (["x^2 + xy"], ["x^2 + xy", "--at", "1,2"], ["x^2 + xy", "--at", "x=1,y=2"]):
        assert "`x*y`" in hess(*words).stderr


def test_empty_formula_has_its_own_words(hess: Hess) -> None:
    for text in ("", "   "):
        result = hess(text, "--at", "1")
        assert result.status == 2
        assert "the formula is empty" in result.stderr


def test_formula_without_variables_is_refused(hess: Hess) -> None:
    result = hess("2+3")
    assert result.status == 2
    assert "no variable" in result.stderr


def test_constants_are_constants_only_without_a_value() -> None:
    assert read_formula("pi*x + e + E").variables == ("x",)
    assert read_formula("2*I/r", ["I", "r"]).variables == ("I", "r")
    assert read_formula("E*x", ["E"]).variables == ("E", "x")
    assert read_formula("E*x", (), ("E",)).variables == ("E", "x")
    assert read_formula("1/(gamma-1)*p*V").variables == ("V", "gamma", "p")


def test_answer_says_how_a_doubtful_name_was_read(hess: Hess) -> None:
    assert "`e` is read as Euler's number" in hess("e**x", "--at", "1", "--json").json["notes"][0]
    notes = hess("2*I/r", "--at", "I=2,r=3", "--json").json["notes"]
    assert "`I` is read as a variable" in notes[0]


def test_variables_are_in_natural_order() -> None:
    assert read_formula("x10 + x2 + x1 + b + a2").variables == ("a2", "b", "x1", "x2", "x10")


def test_a_name_given_a_value_is_no_function(hess: Hess) -> None:
    result = hess("gamma(x+1)", "--at", "gamma=1,x=2")
    assert result.status == 2
    assert "gamma*(" in result.stderr


def test_nothing_typed_is_run_as_code(
    hess: Hess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for text in (
        "__import__('os').system('touch pwned')",
        "x.__class__",
        "(lambda: 0)()",
        "exec(x)",
        "eval(x)",
        "open(x)",
    ):
        assert hess(text, "--at", "1").status == 2
        assert hess("x", "--at", text).status == 2
    assert list(tmp_path.iterdir()) == []


# Functions whose arguments are of a kind of their own.
CALLS = {
    "Piecewise": "(x, x < 0)",
    "where": "x > 0, x, 1",
    "Sum": "x*k, (k, 1, 3)",
    "Product": "x*k, (k, 1, 3)",
    "Derivative": "x**3, x",
    "Integral": "x*t, (t, 0, 1)",
    "einsum": "'ij,j->i', A, x",
    **dict.fromkeys(("eye", "arange", "ones", "zeros"), "3)*(x"),
}


def test_every_function_and_alias_is_known_and_listed(hess: Hess) -> None:
    listed = hess("--functions").stdout
    for name, function in BY_NAME.items():
        assert name in listed
        least = function.arity[0]
        whole = [each.position for each in function.whole]
        arguments = ", ".join("1" if i in whole else f"x{i}" for i in range(least))
        assert read_formula(f"{name}({CALLS.get(function.name, arguments)})").variables


@pytest.mark.parametrize(
    "text",
    [
        "(" * 300 + "x" + ")" * 300,
        "(" * 5_000 + "x" + ")" * 5_000,
        "x" + "+x" * 3_000,
        "sin(" * 300 + "x" + ")" * 300,
        "x**" * 300 + "x",
        "-" * 5_000 + "x",
        "√" * 5_000 + "x",
        "+".join(f"x{i}**2" for i in range(200)),
        "x*" * 49_999 + "x",
        "9" * 5_000 + "*x",
        "not " * 5_000 + "x",
    ],
)
def test_large_formulas_are_read_or_refused_within_seconds(text: str) -> None:
    start = time.process_time()
    try:
        read_formula(text)
    except HessError as error:
        assert len(error.report()) < 1_000
    # A hang, not a speed, is what this catches: each takes well under a second.
    assert time.process_time() - start < 20


names = st.sampled_from(["x", "y", "x1", "theta"])
numbers = st.integers(0, 99).map(str)


@st.composite
def trees(draw: st.DrawFn, depth: int = 4) -> tree.Node:
    """Random trees, as the parser would build them."""
    span = (0, 0)
    kind = draw(
        st.sampled_from(
            ["name", "number"]
            if depth == 0
            else ["name", "number", "sum", "product", "power", "call", "minus"]
        )
    )
    inner = trees(depth=depth - 1)
    match kind:
        case "name":
            return tree.Name(span, draw(names))
        case "number":
            text = draw(numbers)
            return tree.Number(span, read_number(text), text)
        case "minus":
            return tree.Negative(span, draw(inner))
        case "sum":
            first = draw(inner)
            rest = draw(st.lists(st.tuples(st.sampled_from("+-"), inner), min_size=1, max_size=3))
            return tree.Sum(span, (("+", first), *rest))
        case "product":
            first = draw(inner)
            rest = draw(st.lists(st.tuples(st.sampled_from("*/"), inner), min_size=1, max_size=3))
            return tree.Product(span, (("*", first), *rest))
        case "power":
            return tree.Power(span, draw(inner), draw(inner))
        case _:
            return tree.Call(span, "sin", span, (draw(inner),))


def _value(node: tree.Node) -> float:
    """The tree's value with fixed values for the names.

    A power is replaced by another function of base and exponent, which tells the two apart and
    stays finite.
    """
    match node:
        case tree.Name(name=name):
            return {"x": 1.25, "y": -0.5, "x1": 2.0, "theta": 0.75}[name]
        case tree.Number(value=value):
            return float(value)
        case tree.Negative(operand=operand):
            return -_value(operand)
        case tree.Sum(terms=terms):
            return sum((1 if s == "+" else -1) * _value(t) for s, t in terms)
        case tree.Product(factors=factors):
            total = 1.0
            for operator, factor in factors:
                total = total * _value(factor) if operator == "*" else total / _value(factor)
            return total
        case tree.Power(base=base, exponent=exponent):
            return math.sin(_value(base)) + 2 * math.cos(_value(exponent))
        case tree.Call(arguments=(argument,)):
            return math.sin(_value(argument))
    raise AssertionError(node)


@given(trees())
def test_text_of_a_tree_reads_back_to_the_same_value(node: tree.Node) -> None:
    for notation in (PYTHON, UNICODE):
        text = unparse(node, notation)
        try:
            expected = _value(node)
        except (ZeroDivisionError, OverflowError, ValueError):
            parse_formula(text)
            continue
        assert _value(parse_formula(text)) == pytest.approx(expected, rel=1e-9, nan_ok=True)


@pytest.mark.parametrize(
    "text",
    [
        "x**3*sin(y) - 2*x/(3*sqrt(y))", "exp(-x**2/2)/sqrt(2*pi)", "x**(y**z)*x**sqrt(2)",
        "(1 - x)**2 + 100*(y - x**2)**2", "1/(x*y)**2 - 1/x - x**(-3/2)", "-(x + y)*z/7 - 2**x",
        "log(x/y)*gamma(x) + polygamma(2, y)", "I*x - sqrt(-2)*(-x)**y", "cbrt(x)/x*(2/3)**x",
    ],
)  # fmt: skip
def test_derivatives_are_written_as_sympy_writes_them(text: str) -> None:
    answer = differentiate(read_formula(text))
    for entry in (*answer.gradient, *sum(answer.hessian, ())):
        found, right = as_text(entry).replace("digamma(", "polygamma(0, "), sympy.sstr(entry)
        # But that a sum begins with a term that has no minus, and that x**(-2) is 1/x**2.
        if re.search(r"(^|\()-.* \+ |\*\*\(-", right):
            found = sympy.sstr(sympy.sympify(found, {s.name: s for s in entry.free_symbols}))
        assert found == right
        assert read_formula(f"{as_text(entry, UNICODE)} + v").expression == entry + symbol("v")


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_formula(text)
    except HessError as error:
        assert error.report().startswith("hess: ")


@given(st.text(alphabet="xy0123456789.eE+-*/^()[],<>=!√²³πθ &|~", max_size=25))
def test_nearly_valid_text_is_read_or_refused(text: str) -> None:
    try:
        formula = read_formula(text)
    except HessError as error:
        assert error.message
        if error.span is not None:
            start, end = error.span
            assert 0 <= start <= end <= len(text) + 1
    else:
        again = read_formula(formula.text).expression
        # SymPy may distribute a sign in one and not in the other.
        assert again == formula.expression or (again - formula.expression).expand() == 0


# Infinities

NOWHERE_FINITE = [
    ("x**2/(1/0)", "(1/0)"),
    ("x**2/(1/(2 - 2))", "(1/(2 - 2))"),
    ("x**2/(1/(y - y))", "(1/(y - y))"),
    ("x**2/(1/(sin(1)**2 + cos(1)**2 - 1))", "(1/(sin(1)**2 + cos(1)**2 - 1))"),
    ("x**2/(1/(sqrt(2)*sqrt(3) - sqrt(6)))", "(1/(sqrt(2)*sqrt(3) - sqrt(6)))"),
    ("x**2/0**-1", "0**-1"),
    ("x**2*0/0", "x**2*0/0"),
    ("x + 0*(1/0)", "(1/0)"),
    ("x**2/oo", "oo"),
    ("x + oo - oo", "oo"),
    ("x + atan(oo)", "oo"),
    ("min(x, oo)", "oo"),
    ("x**-oo", "oo"),
    ("x + log(0)*0", "log(0)"),
    ("x/log(0)", "log(0)"),
    ("x/tan(pi/2)", "tan(pi/2)"),
    ("x/gamma(-1)", "gamma(-1)"),
    ("x/gamma(sin(1)**2 + cos(1)**2 - 2)", "gamma(sin(1)**2 + cos(1)**2 - 2)"),
    ("x/zeta(1)", "zeta(1)"),
    ("x/atanh(1)", "atanh(1)"),
    ("x + 0*atan2(0, 0)", "atan2(0, 0)"),
    ("sum(x)**2/(1/0)", "(1/0)"),
    ("x + norm(y)/(1/norm(0))", "(1/norm(0))"),
    ("Sum(x/(1/k), (k, 0, 3))", "(1/k)"),
    ("Integral(x*t/(1/0), (t, 0, 1))", "(1/0)"),
    ("Derivative(x**2/(1/0), x)", "(1/0)"),
    ("where(x < 0, 1/x, x**2/(1/0))", "(1/0)"),
]


@pytest.mark.parametrize(("text", "part"), NOWHERE_FINITE, ids=[t for t, _ in NOWHERE_FINITE])
def test_nothing_goes_through_an_infinity(hess: Hess, text: str, part: str) -> None:
    for options in ([], ["--exact"], ["--digits=20"]):
        count = len(read_formula(text).variables)
        result = hess(text, "--at", ",".join("12"[:count]), "--json", *options)
        assert result.status == 1
        assert result.json["value"] is None
        assert {entry for row in result.json["hessian"] for entry in row} == {None}
        assert {each["part"] for each in result.json["undefined"]} == {part}
    if "where" not in text:
        symbols = hess(text)
        assert (symbols.status, symbols.stdout) == (1, "")
        assert f"`{part}` has no finite value" in symbols.stderr


@pytest.mark.parametrize(
    ("text", "at", "second"),
    [
        ("where(x > 0, x**2, 1/0)", "1", 2),
        ("where(x > 0, x**2, x**2/oo)", "1", 2),
        ("Piecewise((x**2/log(0), x < 0), (x**2, True))", "1", 2),
        ("where(1 > 0, x**2, 1/0)", "-1", 2),
        ("where(x < oo, x**2, 1)", "1", 2),
        ("Integral(exp(-x*t), (t, 0, oo))", "1", 2),
        ("Integral(exp(-x*t**2), (t, -oo, oo))/sqrt(pi)", "1", 0.75),
        ("1/(1/x)", "0", 0),
        ("x**2/(1/(sqrt(2)*sqrt(3) - sqrt(5)))", "1", 2 * (6**0.5 - 5**0.5)),
    ],
)
def test_an_infinity_that_is_not_used_does_not_count(
    hess: Hess, text: str, at: str, second: float
) -> None:
    assert hess(text, "--at", at, "--json").json["hessian"][0][0] == pytest.approx(second)


def test_an_infinity_counts_for_the_elements_that_use_it(hess: Hess) -> None:
    for part in ("x**2/oo", "x**2/(1/0)", "x**2/log(0)", "x**2/abs(log(0))"):
        for text in (f"sum(where(x > 0, x**2, {part}))", f"where(x > 0, x**2, {part})"):
            assert hess(text, "--at", "x=[1,2]", "--json").json["hessian"] == [[2, 0], [0, 2]]
            result = hess(text, "--at", "x=[1,-2]", "--json")
            assert result.status == 1
            assert result.json["value"] is None


def test_no_value_goes_through_an_infinity(hess: Hess) -> None:
    for value in ("1/(1/0)", "1/oo", "0*log(0)", "2/tan(pi/2)", "1/(1/(sqrt(2)**2 - 2))"):
        result = hess("x", "--at", value)
        assert result.status == 2
        assert "not a finite number" in result.stderr
    # A constant that divides by zero does so however the variables move.
    assert hess("x**2/(1/y)", "--wrt", "x", "--at", "x=1,y=0").status == 1
    assert hess("x**2/(1/y)", "--at", "x=1,y=0").status == 0


def test_an_index_of_a_sum_is_none_of_a_part(hess: Hess) -> None:
    assert hess("r = k*x; Sum(r, (k, 0, 2))", "--at", "x=2,k=3", "--json").json["value"] == 18
    assert hess("Sum(k*x, (k, 0, 2))", "--at", "x=2", "--json").json["value"] == 6
