"""Kinds of stationary points with a singular Hessian, as higher terms decide them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
import sympy
from sympy import Abs, Rational, cos, cosh, erf, exp, log, pi, sin, sqrt, tanh

from hesscli.exact.spectrum.higher import degenerate_kind
from hesscli.expression.names import symbol

x, y, z = symbols = [symbol(name) for name in "xyz"]
ORIGIN = dict.fromkeys(symbols, sympy.S.Zero)

# formula, its inertia at the origin (positive, zero, negative), its kind there
KINDS: list[tuple[Any, tuple[int, int, int], str | None]] = [
    # one variable
    (x**3, (0, 1, 0), "saddle"),
    (x**12, (0, 1, 0), "minimum"),
    (exp(-(x**4)), (0, 1, 0), "maximum"),
    (cos(x) + x**2 / 2, (0, 1, 0), "minimum"),
    (sin(x) - x, (0, 1, 0), "saddle"),
    (log(cosh(x)) - x**2 / 2, (0, 1, 0), "maximum"),
    (erf(x) ** 4, (0, 1, 0), "minimum"),
    (tanh(x) ** 3, (0, 1, 0), "saddle"),
    # one null direction
    (x**2 - y**4, (1, 1, 0), "saddle"),
    (x**2 + y**3, (1, 1, 0), "saddle"),
    (x**2 + y**4, (1, 1, 0), "minimum"),
    (-(x**2) - y**4, (0, 1, 1), "maximum"),
    ((y - x**2) * (y - 3 * x**2), (1, 1, 0), "saddle"),
    ((y - x**2) ** 2 + x**6, (1, 1, 0), "minimum"),
    ((y - x**2) ** 2 - x**5, (1, 1, 0), "saddle"),
    ((y - sin(x) ** 2) ** 2 + x**16, (1, 1, 0), "minimum"),
    # several
    (x**4 + y**4, (0, 2, 0), "minimum"),
    (x**3 - 3 * x * y**2, (0, 2, 0), "saddle"),
    (x**4 + x**2 * y**2 + y**6, (0, 2, 0), "minimum"),
    (x**4 + x**2 * y**3 + y**6, (0, 2, 0), "minimum"),
    (x**4 + 3 * x**2 * y**3 + y**6, (0, 2, 0), "saddle"),
    (x**4 - x**2 * y**2 + y**4, (0, 2, 0), "minimum"),
    (x**4 - 3 * x**2 * y**2 + y**4, (0, 2, 0), "saddle"),
    (x**4 - 4 * x * y**3 + 6 * y**4, (0, 2, 0), "minimum"),
    (x**4 * exp(x + y) + y**4, (0, 2, 0), "minimum"),
    (pi * x**4 + exp(1) * y**6, (0, 2, 0), "minimum"),
    (sqrt(1 + x**4) * exp(y**4), (0, 2, 0), "minimum"),
    (x * y * z, (0, 3, 0), "saddle"),
    (x**4 + y**4 + z**4 - x**2 * y**2, (0, 3, 0), "minimum"),
    ((x + y) ** 4 + (x - y) ** 4 + z**2, (1, 2, 0), "minimum"),
    ((x + y) ** 2 + x**4 + z**4, (1, 2, 0), "minimum"),
    (x**2 + y * z * (y + z), (1, 2, 0), "saddle"),
    # the Hessian decides
    (x**2 - y**2 + z**3, (1, 1, 1), "saddle"),
    (x**2 + y**2, (2, 0, 0), "minimum"),
    # not decided, or not strict
    (x**2 * y**2, (0, 2, 0), None),
    (x**2 * y**2 + z**2, (1, 2, 0), None),
    ((x - y) ** 2, (1, 1, 0), None),
    ((y - x**2) ** 2, (1, 1, 0), None),
    ((x**2 - y**2) ** 2, (0, 2, 0), None),
    (Abs(x) ** 3, (0, 1, 0), None),
]


@pytest.mark.parametrize(("expression", "inertia", "kind"), KINDS, ids=str)
def test_higher_terms_decide(
    expression: Any, inertia: tuple[int, int, int], kind: str | None
) -> None:
    variables = symbols[: sum(inertia)]
    assert degenerate_kind(expression, variables, ORIGIN, *inertia) == kind
    opposite = {"minimum": "maximum", "maximum": "minimum"}
    turned = degenerate_kind(-expression, variables, ORIGIN, *inertia[::-1])
    assert turned == opposite.get(str(kind), kind)


def test_the_point_may_be_anywhere() -> None:
    point = {x: sqrt(2), y: Rational(1, 3)}
    expression = (x - sqrt(2)) ** 4 + (3 * y - 1) ** 6
    assert degenerate_kind(expression, [x, y], point, 0, 2, 0) == "minimum"
    point = {x: Rational(1), y: Rational(-2), z: Rational(3)}  # z is a constant
    expression = (x - 1) ** 4 + z * (y + 2) ** 2 * (x - 1)
    assert degenerate_kind(expression, [x, y], point, 0, 2, 0) == "saddle"


def test_a_point_that_is_not_stationary_is_not_judged() -> None:
    assert degenerate_kind(x + y**4, [x, y], ORIGIN, 0, 2, 0) is None
    assert degenerate_kind(x**2 + y**4, [x, y], ORIGIN, 0, 2, 0) is None  # not its inertia


def test_a_large_formula_costs_no_more_than_its_budget() -> None:
    names = [symbol(f"x{i}") for i in range(12)]
    expression = sum(names) ** 3 * exp(sum(names)) + sum(n**4 for n in names)
    origin = dict.fromkeys(names, sympy.S.Zero)
    assert degenerate_kind(expression, names, origin, 0, 12, 0) in ("saddle", None)


def _around(shear: int) -> Iterator[tuple[int, int]]:
    """Points near the origin, in units of 2^-80, on lines and on curves of several orders."""
    for power in range(1, 6):
        for k in range(-9, 10):
            for sign in (1, -1):
                straight, curved = sign * 2**65, k * sign**power * 2 ** (79 - 15 * power)
                for u, v in ((straight, curved), (curved, straight)):
                    if u or v:
                        yield u, v
                        yield u - shear * v, v


@pytest.mark.parametrize("seed", range(80))
def test_random_polynomials_take_the_signs_that_their_kind_says(seed: int) -> None:
    rng = random.Random(seed)
    monomials = [(i, j) for i in range(7) for j in range(7) if 3 <= i + j <= 6]
    terms = {m: rng.choice((-3, -1, 1, 2, 5)) for m in rng.sample(monomials, rng.randint(1, 5))}
    if rng.random() < 0.6:  # often definite
        terms.update({(rng.choice((4, 6)), 0): 3, (0, rng.choice((4, 6))): 2})
    inertia, shear = (0, 2, 0), 0
    if rng.random() < 0.5:
        shear = rng.choice((0, 1, -2))
        square = {(2, 0): 1, (1, 1): 2 * shear, (0, 2): shear**2}
        terms.update({m: c for m, c in square.items() if c})
        inertia = (1, 1, 0)
    expression = sum(c * x**i * y**j for (i, j), c in terms.items())
    kind = degenerate_kind(expression, [x, y], ORIGIN, *inertia)
    if kind is None:
        return
    values = [
        sum(c * s**i * t**j * 2 ** (80 * (12 - i - j)) for (i, j), c in terms.items())
        for s, t in _around(shear)
    ]
    if kind == "minimum":
        assert min(values) > 0
    elif kind == "maximum":
        assert max(values) < 0
    else:
        assert min(values) < 0 < max(values)
