"""Random formulas at random points: no number is wrong that is said to be proved."""

from __future__ import annotations

import pytest

from .benchmarks.random_proofs import BAD, asked, drawn, faults, told
from .independent import existence


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
    assert _offenders(range(100, 2_100)) == {}


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
            assert (number is None) == (right is None)
            if right is not None:
                assert float(number) == pytest.approx(right, rel=1e-15, abs=1e-5 * (right == 0))
