"""Random formulas at random points: no number is wrong that is said to be proved."""

from __future__ import annotations

import pytest
from mpmath import mp

from .benchmarks.random_proofs import BAD, asked, drawn, faults, told
from .independent import Formula, existence
from .independent.functions import FUNCTIONS
from .independent.jets import SMOOTH
from .independent.reading import Place


def _offenders(numbers: range) -> dict[str, set[str]]:
    found = {}
    for number in numbers:
        case = drawn(2, number)
        truth = told(case)
        wrong = set() if truth is None else faults(asked(case), truth) & set(BAD)
        if wrong:
            found[case.command] = wrong
    return found


def test_no_proved_number_is_wrong() -> None:
    assert _offenders(range(100)) == {}


@pytest.mark.slow
def test_no_proved_number_of_many_is_wrong() -> None:
    assert _offenders(range(100, 600)) == {}


# formula, point, Hessian (None where there is none): by hand.
KNOWN = [
    ("x**3 + x*y", {"x": "2", "y": "4"}, [[12, 1], [1, 0]]),
    ("abs(x)", {"x": "0"}, [[None]]),
    ("abs(x)**3", {"x": "0"}, [[0]]),
    ("abs(x)**2.1", {"x": "0"}, [[0]]),
    ("abs(x)**1.9", {"x": "0"}, [[None]]),
    ("sin(x)/x", {"x": "0"}, [[-1 / 3]]),
    ("floor(x)", {"x": "1"}, [[None]]),
    ("floor(x)*x", {"x": "1.5"}, [[0]]),
    ("relu(-2*relu(x))", {"x": "-1"}, [[0]]),
    ("x**2+1e-300*abs(x)", {"x": "0"}, [[None]]),
    ("x**30/(y-x**2)", {"x": "0", "y": "0"}, [[None, None], [None, None]]),
    ("x**3*y/(x**6+y**2)", {"x": "0", "y": "0"}, [[None, None], [None, None]]),
    ("where(x==y, x**3, x*y)", {"x": "1", "y": "1"}, [[None, None], [None, None]]),
    ("where(x==y, x**2, x*y)", {"x": "1", "y": "1"}, [[0, 1], [1, 0]]),
    ("where(x==0, 5, sin(x)/x)", {"x": "0"}, [[None]]),
    ("(1+x)**4/12-x**2/2-x**3/6", {"x": "1e-150"}, [[1e-150]]),
    ("where((x+1)**2>x**2+2*x+1, 1, x**2)", {"x": "2"}, [[2]]),
    ("sqrt(x)", {"x": "0"}, [[None]]),
]


@pytest.mark.parametrize(("formula", "point", "hessian"), KNOWN)
def test_the_independent_evaluator_finds_what_is_known(
    formula: str, point: dict[str, str], hessian: list[list[float | None]]
) -> None:
    entries = existence(formula, point).entries
    for i, row in enumerate(hessian):
        for j, right in enumerate(row):
            number = entries[min(i, j), max(i, j)].number
            if number is None or right is None:
                assert number is right
            else:
                assert float(number) == pytest.approx(right, rel=1e-15, abs=1e-5 * (right == 0))


SEVERAL = {"where", "Piecewise", "pow", "atan2", "hypot", "besselj", "chebyshevt"}
CALLS = [f"{name}(x*y)" for name in [*SMOOTH, *FUNCTIONS] if name not in SEVERAL] + [
    "where(x>y, x*y, x**y)",
    "Piecewise((x, y>x), (x*y**2, True))",
    "pow(x, y)",
    "atan2(x, -y)",
    "hypot(x, y)",
    "besselj(2, x*y)",
    "chebyshevt(4, x*y)",
    "max(x*y, x**2, y)",
    "logsumexp(x, x*y, y)",
    "Sum(x**k/k, (k, 1, 4))*Product(y + k, (k, 0, 2))",
]


@pytest.mark.parametrize("formula", CALLS)
def test_the_independent_evaluator_differentiates_as_mpmath_does(formula: str) -> None:
    x, y = ("1.9", "0.7") if "acosh" in formula else ("1.4", "0.3")
    parsed = Formula(formula, ["x", "y"])
    with mp.workdps(60):
        at = (mp.mpf(x), mp.mpf(y))
        jet = parsed.jet(Place(lambda: at))
        for key, found in [*jet.slopes.items(), *jet.seconds.items()]:
            orders = (0, 0)
            for i in key if isinstance(key, tuple) else (key,):
                orders = (orders[0] + (i == 0), orders[1] + (i == 1))
            right = mp.diff(lambda *c: parsed.value(Place(lambda: c)), at, orders)
            assert abs(found - right) < mp.mpf(10) ** -25 * max(1, abs(right))
