"""Balls of the orthogonal polynomials: exact at rational numbers, where these stay short."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from flint import arb, arb_poly, ctx, fmpq, fmpq_poly

from hesscli.functions.balls.enclosure import (
    ZERO,
    Enclosure,
    NotProvedError,
    Number,
    Partials,
    along,
    ball,
    is_exact,
    order,
)

MAX_DEGREE = 250
# Up to this many bits an exact value is as cheap as a ball.
MAX_EXACT_BITS = 2048

Polynomial: TypeAlias = Any
# The polynomial of degree k + 1 from those of degrees k and k - 1, DLMF 18.9.1.
Step: TypeAlias = Callable[[int, Polynomial, Polynomial, Number], Polynomial]

_X = fmpq_poly([0, 1])


def _chebyshev_step(k: int, p: Polynomial, q: Polynomial, _: Number) -> Polynomial:
    return (2 if k else 1) * _X * p - q


def _second_chebyshev_step(k: int, p: Polynomial, q: Polynomial, _: Number) -> Polynomial:
    return 2 * _X * p - q


def _gegenbauer_step(k: int, p: Polynomial, q: Polynomial, a: Number) -> Polynomial:
    return (2 * (k + a) * _X * p - (k + 2 * a - 1) * q) / (k + 1)


def _legendre_step(k: int, p: Polynomial, q: Polynomial, _: Number) -> Polynomial:
    return ((2 * k + 1) * _X * p - k * q) / (k + 1)


def _hermite_step(k: int, p: Polynomial, q: Polynomial, _: Number) -> Polynomial:
    return 2 * (_X * p - k * q)


def _probabilists_step(k: int, p: Polynomial, q: Polynomial, _: Number) -> Polynomial:
    return _X * p - k * q


def _laguerre_step(k: int, p: Polynomial, q: Polynomial, a: Number) -> Polynomial:
    return ((2 * k + 1 + a - _X) * p - (k + a) * q) / (k + 1)


@lru_cache(maxsize=256)
def _polynomials(step: Step, n: int, parameter: fmpq) -> Sequence[Polynomial]:
    """The polynomial with its two derivatives."""
    before, here = fmpq_poly([0]), fmpq_poly([1 if n >= 0 else 0])
    for k in range(n):
        before, here = here, step(k, here, before, parameter)
    first = here.derivative()
    return here, first, first.derivative()


@dataclass(frozen=True, slots=True)
class _Family:
    """The polynomials of one name, of a degree, with a parameter or none, in x."""

    step: Step

    def __call__(self, arguments: Sequence[Number], moving: Sequence[int]) -> Partials:
        last = len(arguments) - 1
        if any(position != last for position in moving):
            raise NotProvedError("a derivative by a degree or a parameter")
        n, x = order(arguments[0]), arguments[-1]
        if n > MAX_DEGREE:
            raise NotProvedError("a polynomial of too high a degree")
        parameter = arguments[1] if last == 2 else ZERO
        if not is_exact(parameter):
            raise NotProvedError("a polynomial with a parameter that is not exact")
        polynomials = _polynomials(self.step, n, parameter)
        if is_exact(x) and n * x.height_bits() <= MAX_EXACT_BITS:
            value, first, second = (p(x) for p in polynomials)
        else:
            value, first, second = _around(polynomials[0], n, ball(x))
        return along(last, moving, value, first, second)


def _around(p: Polynomial, n: int, x: arb) -> Sequence[Number]:
    """The polynomial with its two derivatives in a ball, by powers of the distance to its middle.

    In powers of x themselves, about two bits are lost for each degree, and a radius grows as much.
    """
    with ctx.workprec(ctx.prec + 4 * n + 64):
        middle = x.mid()
        shifted = arb_poly(p)(arb_poly([middle, 1]))
        distance = x - middle
        first = shifted.derivative()
        return [q(distance) for q in (shifted, first, first.derivative())]


# The weight is that of a degree of some tens.
POLYNOMIALS: dict[str, tuple[Enclosure, int]] = {
    "legendre": (_Family(_legendre_step), 100),
    "chebyshevt": (_Family(_chebyshev_step), 100),
    "chebyshevu": (_Family(_second_chebyshev_step), 100),
    "gegenbauer": (_Family(_gegenbauer_step), 100),
    "hermite": (_Family(_hermite_step), 100),
    "hermite_prob": (_Family(_probabilists_step), 100),
    "laguerre": (_Family(_laguerre_step), 100),
    "assoc_laguerre": (_Family(_laguerre_step), 100),
}
