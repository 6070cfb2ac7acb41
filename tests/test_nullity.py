"""The null space that a formula's structure proves: found where it is known, never overclaimed."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from typing import Any

import mpmath
import pytest
import sympy
from sympy import Piecewise, Rational, exp, log, pi, sin, sqrt
from sympy.codegen.cfunctions import hypot

from hesscli.exact.spectrum.nullity import nullity
from hesscli.expression.names import symbol
from hesscli.functions.symbolic import logsumexp, maximum

x, y, z, w = NAMES = [symbol(name) for name in "xyzw"]
a = symbol("a")  # a constant
POINT = {x: Rational(1, 3), y: Rational(2), z: Rational(-1), w: Rational(5), a: Rational(3, 2)}

# formula, how many of x, y, z, w are its variables, the dimension that is proved
PROVED: list[tuple[Any, int, int]] = [
    # few linear forms
    ((x - y) ** 2, 2, 1),
    (x + y, 2, 2),
    (x**2 + y, 2, 1),
    (exp(x + y) * sin(y + z), 3, 1),
    (exp((x + sqrt(2) * y) ** 2), 2, 1),
    (sin(x + a * y) + (2 * x + 2 * a * y) ** 3, 2, 1),
    # a polynomial, written out
    (exp(x**2 - 2 * x * y + y**2), 2, 1),
    (pi * x**2 - 2 * pi * x * y + pi * y**2, 2, 1),
    (sin(x**2 + 4 * x * y + 4 * y**2 + z), 3, 1),
    # sums of exponentials
    (log(exp(x) + exp(y)), 2, 1),
    (5 * log(exp(x + y) + 2 * exp(z) + 1), 3, 1),
    (log(exp(x) / (exp(x) + exp(y) + exp(z))), 3, 1),
    (logsumexp(x, 2 * x, y + x), 2, 0),
    # homogeneous of degree 1
    (sqrt(x**2 + y**2 + z**2), 3, 1),
    (sqrt((x - 1) ** 2 + (y + z) ** 2), 3, 2),
    (hypot(x, y) - 3 * y, 2, 1),
    (x * y / (x + y), 2, 1),
    (sqrt(x * y), 2, 1),
    (x * log(x / y), 2, 1),
    (maximum(x, y) ** 2 / z, 3, 1),
    (Piecewise((x * y, x < y), (x**2, True)) / z, 3, 1),
    # terms that share no variable
    (x * y / (x + y) + z**2, 3, 1),
    (log(x**2 * exp(y) * (w - z) ** 2), 4, 2),
    # squares that are 0 at the point
    ((x * y - Rational(2, 3)) ** 2 + (z + 1) ** 4, 3, 2),
    ((x - Rational(1, 3)) * (y - 2) * z, 3, 1),
    # none
    (x**2 + y**2, 2, 0),
    (x**2 + 2 * x * y + 3 * y**2, 2, 0),
    ((exp(x) - y) ** 2, 2, 0),
    (z * log(exp(x) + exp(y)), 3, 0),
    (sympy.Integral(sin(a * x + y), (a, 0, 1)), 2, 0),
]


def _numerical(expression: Any, variables: list[Any]) -> int:
    """How many eigenvalues are below 1e-35, computed to 60 digits."""
    hessian = sympy.hessian(expression, variables).subs(POINT).doit().evalf(60)
    with mpmath.workdps(60):
        eigenvalues = mpmath.eigsy(mpmath.matrix(hessian.tolist()), eigvals_only=True)
        return sum(abs(e) < mpmath.mpf("1e-35") for e in eigenvalues)


@pytest.mark.parametrize(("expression", "count", "expected"), PROVED, ids=str)
def test_the_null_space_is_proved_from_structure(
    expression: Any, count: int, expected: int
) -> None:
    assert nullity(expression, NAMES[:count], POINT) == expected
    if not expression.has(maximum(x, y), sympy.Integral):
        assert expected <= _numerical(expression, NAMES[:count])


OUTER: list[Callable[..., Any]] = [
    lambda u, v: sin(u) * exp(v / 9),
    lambda u, v: u**2 * v,
    lambda u, v: sqrt(u**2 + v**2),
    lambda u, v: u * v / (2 * u - v),
    lambda u, v: u**3 / v**2,
    lambda u, v: log(exp(u) + 3 * exp(v)),
    lambda u, v: u**2 - 2 * u * v + v**2,
    lambda u, v: (u * v) ** 2,
    lambda u, v: hypot(u, v) * sin(u / v),
    lambda u, v: log((u**2 + 1) * exp(v)),
    lambda u, v: u,
]


def _drawn(rng: random.Random) -> Any:
    """A formula of a few linear forms."""

    def form() -> Any:
        numbers = [rng.choice((0, 0, 1, -1, 2, Rational(1, 2))) for _ in NAMES]
        constant = rng.choice((0, 0, 0, 1, -2, a))
        return sum((n * v for n, v in zip(numbers, NAMES, strict=True)), constant)

    forms = [e for e in (form() for _ in range(3)) if e.subs(POINT) != 0] or [x]
    if rng.random() < 0.4:  # values that are 0, which products take
        forms.append(forms[0] - forms[0].subs(POINT))
    terms = [rng.choice(OUTER)(rng.choice(forms), rng.choice(forms)) for _ in range(2)]
    return terms[0] * terms[1] if rng.random() < 0.4 else terms[0] - 3 * terms[1]


@pytest.mark.parametrize("seed", range(60))
def test_it_never_claims_too_much(seed: int) -> None:
    rng = random.Random(seed)
    numerical = None
    while numerical is None:  # until there is a Hessian at the point
        expression = _drawn(rng)
        if expression.subs(POINT).is_finite:
            with contextlib.suppress(TypeError):
                numerical = _numerical(expression, NAMES)
    assert nullity(expression, NAMES, POINT) <= numerical
