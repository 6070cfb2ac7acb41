"""Limits along many ways: curves among them, and terms that do not disturb each other."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy

from hesscli.balls.jets import Meter
from hesscli.balls.rounding import nearest
from hesscli.exact.examiner import Examiner
from hesscli.exact.existence import existing
from hesscli.exact.existing import Existing
from hesscli.exact.limits.curves import curves
from hesscli.exact.limits.separation import near_variables, separated
from hesscli.exact.proof import BUDGET
from hesscli.expression.names import symbol
from hesscli.expression.reader import read_formula

X, Y, Z = map(symbol, "xyz")
ZERO = dict.fromkeys((X, Y, Z), sympy.S.Zero)


def _found(text: str, *point: int, wrt: tuple[str, ...] = ()) -> Existing:
    formula = read_formula(text, (), wrt)
    place = {n: Fraction(c) for n, c in zip(formula.variables, point, strict=True)}
    return existing(Examiner(formula), place, "", Meter(BUDGET))


@pytest.mark.parametrize(
    "text",
    [
        # Entry (x, x) is 2·exp(-c²)·(1 + …) on the line y = c·x.
        "x**2*exp(-y**2/x**2)",
        # 0 on every line and parabola, but not on y = c·x³.
        "y**2/x**4*exp(-y**2/x**6)",
        "x**2/y**4*exp(-x**2/y**6)*y**2",
    ],
)
def test_an_entry_that_depends_on_the_curve_is_none(text: str) -> None:
    assert (0, 0) in _found(text, 0, 0).missing


def test_other_terms_do_not_disturb_a_limit() -> None:
    # Beside exp(300), a limit that is near 0 would not show.
    found = _found("x**4*exp(-1/x**2) + exp(y) + x*y", 0, 300)
    slope = float(sympy.exp(300).evalf(30))
    numbers = {entry: nearest(number) for entry, number in found.numbers(256).items()}
    assert found.by_limit
    assert not found.missing
    assert [numbers[0,], numbers[1,]] == [300, slope]
    assert [numbers[0, 0], numbers[0, 1], numbers[1, 1]] == [0, 1, slope]


def test_what_rests_on_limits_says_so() -> None:
    assert _found("x**2*exp(-1/x**2)", 0).by_limit
    assert not _found("x**2*exp(-1/x**2)", 1).by_limit
    # What is held constant stays on its side.
    assert not _found("where(y>0, x**2, x**3)", 2, 0, wrt=("x",)).by_limit


def test_terms_that_may_break_are_set_apart() -> None:
    formula = read_formula("abs(x) + exp(y)*abs(x) + x**3*y + exp(x) + abs(z)")
    site = next(site for site in formula.sites if site.quantities == (X,))
    broken, rest = separated(formula.expression, [site])
    assert broken == abs(X) + sympy.exp(Y) * abs(X)
    assert rest == X**3 * Y + sympy.exp(X) + abs(Z)
    assert near_variables(broken, [site]) == {"x"}
    assert near_variables(X**2 * sympy.exp(-(Y**2) / X**2), [site]) == {"x", "y"}


def test_curves_run_beside_the_zeros_of_a_denominator() -> None:
    quantity = Y - sympy.sin(X)
    found = curves(X**2 / quantity, [quantity], (X, Y), (0, 1), ZERO)
    t = sympy.Symbol("t", positive=True)
    distances = set()
    for curve in found:
        x, y = (sum(c * t**k for k, c in curve[i].items()) for i in (0, 1))
        gap = sympy.series(y - sympy.sin(x), t, 0, 6).removeO()
        distances.add(sympy.Poly(gap, t).monoms()[-1][0])
    assert {3, 5} <= distances


def test_curves_have_the_weights_of_the_newton_polygon() -> None:
    found = curves(sympy.exp(-(Y**2) / X**6) * Y**2, [X**6], (X, Y), (0, 1), ZERO)
    assert found
    assert all(set(curve[0]) == {1} and set(curve[1]) == {3} for curve in found)
    held = curves(Z / (Y**2 + X**6), [], (X, Y, Z), (1, 0), ZERO)
    assert all(set(curve[1]) == {3} for curve in held)
