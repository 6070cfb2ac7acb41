"""Trust in the numbers: --verify, --check, --expect, and forms that floating point can compute."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest

from hesscli.exact.evaluator import Exact
from hesscli.expression.reader import read_formula
from hesscli.numeric.autograd import Autograd
from hesscli.numeric.differences import Differences, finite_differences
from hesscli.numeric.evaluator import Evaluator, Jets
from hesscli.verdict.check import check

from .conftest import SLOW, SLOW_AT, Hess
from .reference import report

ROSENBROCK = "100*(y-x**2)**2+(1-x)**2"

# --verify


def test_an_answer_says_to_how_many_digits_it_is_verified(hess: Hess) -> None:
    answer = hess("gamma(x)*sin(y)", "--at", "1,2", "--json").json
    assert answer["verified"] == {"digits": 15, "by": "proof", "reason": None}
    text = hess("gamma(x)*sin(y)", "--at", "1,2").stdout
    assert "verified      to 15 digits" in text


def test_verified_numbers_are_rounded_once(hess: Hess) -> None:
    for text, at, reference in (
        ("gamma(x)", "1", mpmath.gamma),
        ("besselj(0,x)", "1", lambda x: mpmath.besselj(0, x)),
        ("exp(x)*log(x)/x", "7/3", lambda x: mpmath.exp(x) * mpmath.log(x) / x),
    ):
        answer = hess(text, "--at", at, "--json").json
        with mpmath.workdps(60):
            x = mpmath.mpf(7) / 3 if "/" in at else mpmath.mpf(at)
            assert answer["hessian"][0][0] == float(mpmath.diff(reference, x, 2))


def test_digits_that_floating_point_lost_are_given_with_a_note(hess: Hess) -> None:
    answer = hess("exp(x) - 1 - x - x**2/2", "--at", "1e-6", "--json").json
    with mpmath.workdps(60):
        exact = mpmath.expm1(mpmath.mpf(10) ** -6)
        assert answer["gradient"][0] == pytest.approx(
            float(exact - mpmath.mpf(10) ** -6), rel=1e-15
        )
    assert answer["verified"]["digits"] == 15
    assert any("floating point lost digits" in note for note in answer["notes"])


def test_never_compares_nothing_and_says_so(hess: Hess) -> None:
    answer = hess("x**3", "--at", "2", "--verify", "never", "--json").json
    assert answer["hessian"] == [[12.0]]
    assert answer["verified"] == {"digits": None, "by": None, "reason": "not asked for"}


def test_of_what_is_too_large_a_sample_is_proved(hess: Hess) -> None:
    arguments = ("sin(x*y)*x", "--wrt", "x", "--at", "x=linspace(0,1,400),y=linspace(1,2,400)")
    everything = hess(*arguments, "--json").json
    assert everything["verified"]["by"] == "proof"
    large = ("norm(x)*logsumexp(x)*prod(x)", "--at", "x=linspace(0.9,1.1,300)")
    part = hess(*large, "--json").json["verified"]
    assert part["by"] == "sample"
    assert part["reason"] is None
    assert 0 < part["proved"] < part["of"] == 1 + 300 + 300 * 301 // 2


def test_single_precision_is_verified_to_its_own_digits(hess: Hess) -> None:
    answer = hess("sin(x)*x", "--at", "1/3", "--dtype", "float32", "--json").json
    assert 5 <= answer["verified"]["digits"] <= 7


# Stable forms: torch alone, without the exact derivatives to help it

STABLE: list[tuple[str, str, float]] = [
    ("log(1+exp(x))", "1000", 0.0),
    ("log(1+exp(x))", "-30", 9.3576229688392989e-14),
    ("log(cosh(x))", "800", 0.0),
    ("(1-cos(x))/x**2", "1e-8", -1 / 12),
    ("x*(exp(x)-1)", "1e-9", 2 + 3e-9),
    ("sin(x)/x", "1e-9", -1 / 3),
    ("exp(x)/(1+exp(x))", "800", 0.0),
    ("1/(1+exp(-x))", "800", 0.0),
]


@pytest.mark.parametrize(("text", "at", "second"), STABLE)
def test_torch_alone_computes_the_stable_form(
    hess: Hess, text: str, at: str, second: float
) -> None:
    # A hundred elements are more than are verified, and none is examined.
    at = f"x=[{','.join([at] * 100)}]"
    answer = hess(text, "--at", at, "--verify", "never", "--json").json
    assert answer["undefined"] == []
    diagonal = np.diag(answer["hessian"])
    np.testing.assert_allclose(diagonal, second, rtol=1e-9, atol=1e-300)


# --check


def test_check_compares_three_sources(hess: Hess) -> None:
    result = hess(ROSENBROCK, "--at", "1/2,2", "--check", "--json")
    assert result.status == 0
    check = result.json["check"]
    assert check["agrees"]
    assert [entry["entry"] for entry in check["entries"]] == [["x", "x"], ["x", "y"], ["y", "y"]]
    for entry, exact in zip(check["entries"], (-498.0, -200.0, 200.0), strict=True):
        assert entry["exact"] == exact
        assert entry["autograd"] == pytest.approx(exact, rel=1e-14)
        assert abs(entry["finite_difference"] - exact) <= 20 * entry["error"] + 1e-9
        assert entry["digits"] >= 14
    assert "finite differences" in hess(ROSENBROCK, "--at", "1,1", "--check").stdout


@pytest.mark.parametrize(
    ("text", "at"),
    [("x*abs(x)", "0"), ("(exp(x)-1-x)/x**2", "1e-7"), ("where(x>=0,x**2,-x**2)", "0")],
)
def test_check_fails_where_autograd_is_wrong(hess: Hess, text: str, at: str) -> None:
    result = hess(text, "--at", at, "--check", "--json")
    assert result.status == 1
    assert not result.json["check"]["agrees"]


def test_check_is_of_tensors_too(hess: Hess) -> None:
    answer = hess("x**2*y", "--at", "x=[1,2],y=3", "--check", "--json").json
    assert answer["check"]["agrees"]
    assert len(answer["check"]["entries"]) == 6


def test_what_is_about_numbers_needs_a_point(hess: Hess) -> None:
    for option in (["--check"], ["--plot", "p.svg"], ["--digits", "30"]):
        result = hess("x**2", *option)
        assert result.status == 2
        assert "needs a point" in result.stderr


def _columns(function: Any, points: Any) -> Any:
    return function(points[:, 0])


def test_finite_differences_know_their_error() -> None:
    cases: list[tuple[Any, float, Any]] = [
        (np.sin, 1.0, -np.sin(1.0)),
        (np.log, 1e-3, -1e6),
        (lambda x: x**3, 1e6, 6e6),
        (lambda x: np.exp(-(x**2)), 0.0, -2.0),
    ]
    for function, x, expected in cases:
        found, error = finite_differences(partial(_columns, function), np.array([x]))
        assert abs(found[0, 0] - expected) <= 20 * error[0, 0] + 1e-9 * abs(expected)
        assert error[0, 0] < 1e-3 * abs(expected)


# --expect


def test_an_expected_matrix_that_is_right_agrees(hess: Hess) -> None:
    result = hess(ROSENBROCK, "--at", "1,1", "--expect", "[[802,-400],[-400,200]]")
    assert result.status == 0
    assert "agrees with your matrix" in result.stdout


def test_a_wrong_sign_is_named(hess: Hess) -> None:
    arguments = (ROSENBROCK, "--at", "1,1", "--expect", "[[802,400],[400,200]]")
    result = hess(*arguments)
    assert result.status == 1
    assert "differs at (x, y): yours is 400, hess's -400, 800 apart" in result.stdout
    assert "likely a sign" in result.stdout
    expected = hess(*arguments, "--json").json["expected"]
    assert not expected["agrees"]
    assert [d["entry"] for d in expected["differences"]] == [["x", "y"], ["y", "x"]]
    assert "sign" in expected["likely_cause"]


def test_an_expected_matrix_may_be_in_a_file(hess: Hess, tmp_path: Path) -> None:
    np.save(tmp_path / "mine.npy", np.array([[802.0, -400.0], [-400.0, 200.0]]))
    assert hess(ROSENBROCK, "--at", "1,1", "--expect", f"@{tmp_path / 'mine.npy'}").status == 0


def test_what_is_no_matrix_is_refused_before_anything_is_computed(hess: Hess) -> None:
    for text in ("[[1,2],[3]]", "[[1,2]]", "oops", "[[1,a],[2,3]]", "@missing.npy"):
        result = hess(ROSENBROCK, "--at", "1,1", "--expect", text)
        assert result.status == 2, text
        assert result.stdout == ""
        assert "--expect" in result.stderr


# --timeout


def test_a_formula_that_is_too_slow_is_stopped(hess: Hess) -> None:
    result = hess(SLOW, "--at", SLOW_AT, "--timeout", "0.3")
    assert result.status == 1
    assert "takes longer than 0.3 s" in result.stderr
    assert "--timeout" in result.stderr


def test_nothing_is_verified_where_there_is_no_number(hess: Hess) -> None:
    verified = hess("log(x)", "--at", "x=[-1,-2]", "--json").json["verified"]
    assert verified == {"digits": None, "by": None, "reason": "there is no number to compare"}


# Evaluators, each a way to compute derivatives at many points


EVALUATORS = [Autograd(), Differences(), Exact()]
FORMULAS: list[tuple[str, dict[str, tuple[int, ...]], Any]] = [
    ("x**3 + x*y", {"x": (), "y": ()},
     lambda x, y: (x**3 + x * y, [3 * x**2 + y, x], [[6 * x, 1], [1, 0]])),
    ("x**2*y", {"x": (2,), "y": ()},
     lambda x, y: (
         (x**2).sum() * y, [*(2 * x * y), (x**2).sum()],
         [[2 * y, 0, 2 * x[0]], [0, 2 * y, 2 * x[1]], [2 * x[0], 2 * x[1], 0]],
     )),
    ("sum(x)**2*mean(y)", {"x": (2,), "y": (1,)},
     lambda x, y: (
         x.sum() ** 2 * y[0], [2 * x.sum() * y[0]] * 2 + [x.sum() ** 2],
         [[2 * y[0], 2 * y[0], 2 * x.sum()]] * 2 + [[2 * x.sum()] * 2 + [0]],
     )),
]  # fmt: skip


@pytest.mark.parametrize("evaluator", EVALUATORS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize(("text", "shapes", "closed"), FORMULAS, ids=[f[0] for f in FORMULAS])
def test_evaluators_take_many_points_at_once(
    evaluator: Evaluator, text: str, shapes: dict[str, tuple[int, ...]], closed: Any
) -> None:
    random = np.random.default_rng(2)
    batch = {name: random.uniform(0.5, 2, size=(3, *shape)) for name, shape in shapes.items()}
    jets = evaluator.prepare(read_formula(text), shapes)(batch)
    rtol = 1e-6 if jets.errors is not None else 1e-14
    for k in range(3):
        value, gradient, matrix = closed(*(batch[name][k] for name in shapes))
        np.testing.assert_allclose(jets.value[k], value, rtol=rtol)
        np.testing.assert_allclose(jets.gradient[k], gradient, rtol=rtol)
        np.testing.assert_allclose(jets.hessian[k], matrix, rtol=rtol, atol=rtol)
        if jets.errors is not None:
            assert (abs(jets.hessian[k] - matrix) <= 20 * jets.errors[k] + 1e-9).all()


@pytest.mark.parametrize("evaluator", EVALUATORS, ids=lambda e: type(e).__name__)
def test_a_point_without_numbers_leaves_the_others_theirs(evaluator: Evaluator) -> None:
    jets = evaluator.prepare(read_formula("log(x)*y"), {"x": (), "y": ()})(
        {"x": np.array([1.0, -1.0, 2.0]), "y": np.array([3.0, 3.0, 3.0])}
    )
    assert np.isnan(jets.value[1])
    if not isinstance(evaluator, Autograd):  # which has numbers for what is not there
        assert np.isnan(jets.hessian[1, 0, 0])
    np.testing.assert_allclose(jets.hessian[[0, 2], 0, 0], [-3, -0.75], rtol=1e-6)
    np.testing.assert_allclose(jets.gradient[[0, 2], 0], [3, 1.5], rtol=1e-6)


def test_only_the_exact_evaluator_knows_a_kink() -> None:
    batch = {"x": np.array([0.0])}
    formula, shapes = read_formula("x*abs(x)"), {"x": ()}
    assert np.isnan(Exact().prepare(formula, shapes)(batch).hessian).all()
    assert (Autograd().prepare(formula, shapes)(batch).hessian == 0).all()


def test_any_evaluators_may_be_compared() -> None:
    answer = report("x**3*y", "1/2,3")
    assert answer.grounds is not None
    assert answer.grounds.digits == 15
    batch = {"x": np.array([0.5]), "y": np.array([3.0])}
    prepared = Exact().prepare(answer.formula, {"x": (), "y": ()})

    def wrong(batch: Any) -> Jets:
        jets = prepared(batch)
        return Jets(jets.value, jets.gradient, jets.hessian + np.array([[0, 1], [1, 0]]))

    good = check(answer, batch, {"exact": prepared, "again": prepared})
    assert good.agrees
    assert {entry.digits for entry in good.entries} == {15}
    bad = check(answer, batch, {"again": prepared, "wrong": wrong, "exact": prepared})
    assert [entry.agrees for entry in bad.entries] == [True, False, True]
    assert bad.entries[1].numbers == {"again": 0.75, "wrong": 1.75, "exact": 0.75}


def test_the_largest_doubles_have_their_digits(hess: Hess) -> None:
    answer = hess("exp(x) + y", "--at", "709.78,1", "--json").json
    assert answer["eigenvalues"] is not None
    assert answer["verified"] == {"digits": 15, "by": "proof", "reason": None}
