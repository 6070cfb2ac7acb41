"""Balls of zeta functions and polylogarithms."""

from __future__ import annotations

import math
from collections.abc import Sequence

from flint import acb, arb, ctx, fmpq

from hesscli.functions.balls.elementary import exp, log1p
from hesscli.functions.balls.enclosure import (
    HALF,
    ONE,
    ZERO,
    Enclosure,
    NotProvedError,
    Number,
    Ordered,
    Partials,
    SingularError,
    Slopes,
    along,
    ball,
    inside,
    is_zero,
    magnitude,
    order,
    power,
    taylor,
    whole,
)

MAX_WHOLE = 1000  # values of zeta at whole numbers down to minus this are exact
_MAX_ZETA_DERIVATIVES = 50
MAX_POLYLOG_ORDER = 60
MAX_POLYLOG_BITS = 1200
# Far left, zeta takes gamma of as large a number.
LEAST_ZETA = -(10**6)
LEAST_HURWITZ, MOST_HURWITZ = -1000, 10**6


def _zeta(arguments: Sequence[Number], moving: Sequence[int]) -> Partials:
    if len(arguments) == 2:
        return _hurwitz(arguments, moving)
    (s,) = arguments
    derivatives = _zeta_derivatives(0, s, 3 if moving else 1)
    n = whole(s)
    if n is not None and -MAX_WHOLE <= n <= 0:
        derivatives[0] = _zeta_of_whole(-n)
    return along(0, moving, *derivatives)


def _zeta_of_whole(n: int) -> Number:
    """ζ(-n), DLMF 25.6.3."""
    return (-1) ** n * fmpq.bernoulli(n + 1) / (n + 1) if n else fmpq(-1, 2)


def _zeta_derivatives(n: int, s: Number, count: int) -> list[Number]:
    """The derivatives number n, n + 1, ... of Riemann's zeta function."""
    inside_or_pole = s - 1
    if is_zero(inside_or_pole):
        raise SingularError("at a pole")
    if s < LEAST_ZETA:
        raise NotProvedError("zeta too far left")
    if s > 4 * ctx.prec + 64:
        return [_zeta_far_right(k, s) for k in range(n, n + count)]
    coefficients = taylor("zeta", s, n + count)
    return [math.factorial(k) * coefficients[k] for k in range(n, n + count)]


def _zeta_far_right(k: int, s: Number) -> Number:
    """Σ (-log m)**k m**-s, whose rest from m = 3 is at most 2·3**(k - s) for s ≥ k + 4.

    For log m ≤ m, and ∫ t**(k - s) dt from 3 on is 3**(k - s)·3/(s - k - 1).
    """
    rest = 2 * exp((k - s) * arb(3).log())
    second = exp(-s * arb.const_log2()) * (-arb.const_log2()) ** k
    return (1 if k == 0 else 0) + second + arb(0, 1) * rest


def _hurwitz(arguments: Sequence[Number], moving: Sequence[int]) -> Partials:
    """DLMF 25.11.17; by s, flint's series."""
    s, a = arguments
    inside(a)
    if is_zero(s - 1):
        raise SingularError("at a pole")
    if s < LEAST_HURWITZ or s > MOST_HURWITZ:
        raise NotProvedError("Hurwitz's zeta too far away")
    place = ball(a)
    if 0 not in moving:
        value = ball(s).zeta(place)
        if not moving:
            return Partials(value, {}, {})
        first = _product_with_zeta(-s, s + 1, place)
        return Partials(value, {1: first}, {(1, 1): _product_with_zeta(s * (s + 1), s + 2, place)})
    value, slope, bend = taylor("zeta", s, 3, place)
    found = Partials(value, {0: slope}, {(0, 0): 2 * bend})
    if 1 in moving:
        if is_zero(s) or is_zero(s + 1):
            raise NotProvedError("a mixed derivative of Hurwitz's zeta at a removable pole")
        following, its_slope = taylor("zeta", s + 1, 2, place)
        found.first[1] = -s * following
        found.second[0, 1] = -following - s * its_slope
        found.second[1, 1] = s * (s + 1) * ball(s + 2).zeta(place)
    return found


def _product_with_zeta(factor: Number, s: Number, a: arb) -> Number:
    """``factor`` ζ(s, a), where a zero of the factor meets the pole at s = 1, of residue 1.

    For -(s - 1) as the factor that is -1, and for (s - 2)(s - 1) it is -1 as well.
    """
    if is_zero(factor):
        return -ONE if is_zero(s - 1) else ZERO
    return factor * ball(s).zeta(a)


def _zetaderivative_value(n: Number, s: Number) -> Number:
    return _zeta_derivatives(_few(n), s, 1)[0]


def _zetaderivative_slopes(n: Number, s: Number, value: Number) -> Slopes:
    first, second = _zeta_derivatives(_few(n) + 1, s, 2)
    return first, second


def _few(n: Number) -> int:
    k = order(n)
    if not 0 <= k <= _MAX_ZETA_DERIVATIVES:
        raise NotProvedError("too high a derivative of zeta")
    return k


# Polylogarithms


def _polylog_value(s: Number, x: Number) -> Number:
    gap = 1 - x
    n = whole(s)
    rational = n is not None and n <= 0
    if rational:
        if is_zero(gap):
            raise SingularError("at a pole")
    elif is_zero(gap) and s > 1:
        return _zeta([s], ()).value
    else:
        inside(gap)
    if is_zero(x):
        return ZERO
    if n == 1:
        return -log1p(-x)
    if n in (0, -1):
        return x / gap if n == 0 else x / (gap * gap)
    _moderate(s)
    if n is None and ctx.prec > MAX_POLYLOG_BITS:
        raise NotProvedError("so many digits of a polylogarithm of a broken order")
    if _near_zero(x):
        return _polylog_sum(s, x, 0)
    if n is not None and 3 * x < -4:
        return _polylog_far_left(n, x)
    if ctx.prec > MAX_POLYLOG_BITS:
        raise NotProvedError("so many digits of a polylogarithm near 1")
    return ball(x).polylog(ball(s))


def _polylog_far_left(n: int, x: Number) -> Number:
    """DLMF 25.12.4's like for any whole order: the inversion by a Bernoulli polynomial.

    Li_n(x) + (-1)**n Li_n(1/x) = -(2πi)**n/n! B_n(1/2 + log(-x)/(2πi)), and 0 for n < 0.
    """
    inverse = (-1) ** n * _polylog_value(fmpq(n), 1 / x)
    if n < 0:
        return -inverse
    turn = 2 * acb.pi() * acb(0, 1)
    place = acb(HALF) + acb(ball(-x).log()) / turn
    return (-(turn**n) / math.factorial(n) * place.bernoulli_poly(n)).real - inverse


def _polylog_slopes(s: Number, x: Number, value: Number) -> Slopes:
    if not (whole(s) is not None and s <= 0):
        inside(1 - x)
    if _near_zero(x):
        return _polylog_sum(s, x, 1), _polylog_sum(s, x, 2)
    once, twice = _polylog_value(s - 1, x), _polylog_value(s - 2, x)
    return once / x, (twice - once) / (x * x)


def _near_zero(x: Number) -> bool:
    return bool(4 * magnitude(x) < 3)


def _polylog_sum(s: Number, x: Number, derivative: int) -> Number:
    """The derivative of Σ x**k/k**s for |x| < 3/4, term by term, with a bound of the rest.

    The quotient of term k + 1 and term k is at most |x| (k + 1)/(k + 1 - derivative) (1 + 1/k)**p
    with p ≥ max(0, -s), and falls with k: once it is at most 7/8, the rest is at most eight times
    its first term.
    """
    _moderate(s)
    k = max(1, derivative)
    first = math.perm(k, derivative) * power(fmpq(k), -s)
    if is_zero(x):
        return first if derivative else ZERO
    x = ball(x)
    monomial = ONE if derivative else x
    term = first * monomial
    enough = ball(term).abs_upper() * arb(2) ** -ctx.prec
    settled = _settled(s, derivative)
    total = ZERO
    while k < settled or not ball(term).abs_upper() < enough:
        total = total + term
        k += 1
        monomial = monomial * x
        term = math.perm(k, derivative) * power(ball(fmpq(k)), -s) * monomial
    return total + arb(0, 1) * 8 * magnitude(term)


def _settled(s: Number, derivative: int) -> int:
    """A k from which on the quotient of two terms is at most 7/8, for |x| < 3/4.

    (k + 1)/(k + 1 - d) ≤ (1 + 1/(k - 1))**d for d ≤ 2, and (1 + 1/m)**g ≤ exp(1/7) < 7/6 for
    m ≥ 7 g.
    """
    growth = max(0, math.ceil(-float(ball(s).lower()))) + derivative
    return 2 + 7 * growth


def _moderate(s: Number) -> None:
    if not magnitude(s) <= MAX_POLYLOG_ORDER:
        raise NotProvedError("a polylogarithm of too high an order")


ZETA: dict[str, tuple[Enclosure, int]] = {
    "zeta": (_zeta, 300),
    "zetaderivative": (Ordered(_zetaderivative_value, _zetaderivative_slopes), 800),
    "polylog": (Ordered(_polylog_value, _polylog_slopes), 3000),
}
