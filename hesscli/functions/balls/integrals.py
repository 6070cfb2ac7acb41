"""Balls of the error functions, of other integrals, and of inverse functions without a formula."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flint import acb, acb_series, arb, fmpq

from hesscli.functions.balls.bessel import spherical_j
from hesscli.functions.balls.elementary import cos, cosh, exp, log, sin, sinh
from hesscli.functions.balls.enclosure import (
    HALF,
    ONE,
    ZERO,
    Enclosure,
    NotProvedError,
    NotRealError,
    Number,
    Ordered,
    Partials,
    SingularError,
    Slopes,
    Unary,
    at_zero,
    away_from_zero,
    ball,
    bounded,
    inside,
    is_exact,
    is_zero,
    magnitude,
    plain,
    taylor,
    whole,
    within,
)
from hesscli.functions.balls.gamma import MAX_EXPONENTIAL_ORDER, exponential_integral

# Error functions, DLMF 7.2


def _error_slopes(sign: int, growth: int) -> Callable[[Number, Number], Slopes]:
    """Those of ``sign`` 2/√π exp(growth x²)."""

    def slopes(x: Number, value: Number) -> Slopes:
        first = 2 * sign * exp(growth * x * x) / arb.const_sqrt_pi()
        return first, 2 * growth * x * first

    return slopes


def _erfi(x: Number) -> Number:
    bounded(x * x)
    return ball(x).erfi()


def _erfinv(x: Number) -> Number:
    inside((1 - x) * (1 + x))
    if is_exact(x) and x > HALF:
        return arb(1 - x).erfcinv()
    if is_exact(x) and x < -HALF:
        return -arb(1 + x).erfcinv()
    return ball(x).erfinv()


def _erfcinv(x: Number) -> Number:
    inside(x * (2 - x))
    if is_exact(x) and x > HALF:
        return -_erfinv(x - 1) if x != 1 else ZERO
    return ball(x).erfcinv()


def _erfinv_slopes(sign: int) -> Callable[[Number, Number], Slopes]:
    def slopes(x: Number, value: Number) -> Slopes:
        first = sign * arb.const_sqrt_pi() / 2 * exp(value * value)
        return first, 2 * value * first * first

    return slopes


# Exponential and trigonometric integrals, DLMF 6.2


def _ei(x: Number) -> Number:
    away_from_zero(x)
    bounded(x)
    return ball(x).ei()


def _ei_slopes(x: Number, value: Number) -> Slopes:
    first = exp(x) / x
    return first, first * (1 - 1 / x)


def _li(x: Number) -> Number:
    within(x)
    if is_zero(x):
        return ZERO
    away_from_zero(x - 1)
    return ball(x).li()


def _li_slopes(x: Number, value: Number) -> Slopes:
    inside(x)
    first = 1 / log(x)
    return first, -first * first / x


def _si_slopes(x: Number, value: Number) -> Slopes:
    return spherical_j(0, x), -spherical_j(1, x)


def _ci(x: Number) -> Number:
    inside(x)
    return ball(x).ci()


def _ci_slopes(x: Number, value: Number) -> Slopes:
    first = cos(x) / x
    return first, -(sin(x) + first) / x


def _shi(x: Number) -> Number:
    bounded(magnitude(x))
    return ball(x).shi()


def _shi_slopes(x: Number, value: Number) -> Slopes:
    """sinh(x)/x and its derivative, near 0 by DLMF 10.49.10 and 10.53.1, n = 0 and 1."""
    if magnitude(x) > 1:
        first = sinh(x) / x
        return first, (cosh(x) - first) / x
    if is_zero(x):
        return ONE, ZERO
    square = ball(x * x / 4)
    return square.hypgeom_0f1(fmpq(3, 2)), x / 3 * square.hypgeom_0f1(fmpq(5, 2))


def _chi(x: Number) -> Number:
    inside(x)
    bounded(x)
    return ball(x).chi()


def _chi_slopes(x: Number, value: Number) -> Slopes:
    first = cosh(x) / x
    return first, (sinh(x) - first) / x


def _fresnels(x: Number) -> Number:
    """Near 0 by DLMF 7.6.4, as a hypergeometric series that keeps the leading power."""
    if magnitude(x) < 1:
        square = ball(x * x)
        z = -square * square * arb.pi() * arb.pi() / 16
        return arb.pi() / 6 * x * x * x * z.hypgeom([fmpq(3, 4)], [fmpq(3, 2), fmpq(7, 4)])
    return ball(x).fresnel_s()


def _fresnels_slopes(x: Number, value: Number) -> Slopes:
    quarters = ball(x * x / 2)
    if is_zero(x):
        return ZERO, ZERO
    return quarters.sin_pi(), arb.pi() * x * quarters.cos_pi()


def _fresnelc_slopes(x: Number, value: Number) -> Slopes:
    if is_zero(x):
        return ONE, ZERO
    quarters = ball(x * x / 2)
    return quarters.cos_pi(), -arb.pi() * x * quarters.sin_pi()


def _expint_value(n: Number, x: Number) -> Number:
    """DLMF 8.19; real left of 0 for whole n ≤ 0 alone."""
    m = whole(n)
    if m is not None and m <= 0:
        away_from_zero(x)
        if m == 0:
            return exp(-x) / x
    elif is_zero(x) and n > 1:
        return 1 / (n - 1)
    else:
        inside(x)
    bounded(-x)
    if m is not None and m > 0:
        return exponential_integral(m, x)
    if magnitude(n) > MAX_EXPONENTIAL_ORDER:
        raise NotProvedError("an exponential integral of too high an order")
    return ball(x).expint(ball(n))


def _expint_slopes(n: Number, x: Number, value: Number) -> Slopes:
    """DLMF 8.19.13."""
    away_from_zero(x)
    return -_expint_value(n - 1, x), _expint_value(n - 2, x)


# Elliptic integrals, DLMF 19.2.8


def _k_series(m: Number) -> list[Number]:
    """The Taylor coefficients of K at m."""
    inside(1 - m)
    return [c.real for c in taylor("elliptic_k", m, 3, kind=acb_series)]


def _elliptic_k(m: Number) -> Number:
    inside(1 - m)
    return acb(ball(m)).elliptic_k().real


def _elliptic_k_slopes(m: Number, value: Number) -> Slopes:
    _, first, half = _k_series(m)
    return first, 2 * half


def _elliptic_e(m: Number) -> Number:
    within(1 - m)
    return ONE if is_zero(1 - m) else acb(ball(m)).elliptic_e().real


def _elliptic_e_slopes(m: Number, value: Number) -> Slopes:
    """E' = (1 - m) K' - K/2, from DLMF 19.4.1 and 19.4.2 without a division by m."""
    k, first, half = _k_series(m)
    return (1 - m) * first - k / 2, 2 * (1 - m) * half - 3 * first / 2


# Lambert's W, DLMF 4.13


def _lambert_value(x: Number, k: Number = ZERO) -> Number:
    branch = whole(k)
    if branch not in (0, -1):
        raise NotProvedError("a branch of Lambert's W that is not real")
    within(x + (-arb(1)).exp())
    if branch == -1:
        if x > 0:
            raise NotRealError("this branch of Lambert's W is real for negative numbers")
        if is_zero(x):
            raise SingularError("at the edge of the domain")
    return ZERO if is_zero(x) else ball(x).lambertw(branch)


def _lambert_slopes(x: Number, w: Number) -> Slopes:
    """DLMF 4.13.4, written with exp(-W) for W/x."""
    if is_zero(x):
        return ONE, fmpq(-2)
    first = exp(-w) / (1 + w)
    return first, -first * first * (2 + w) / (1 + w)


def _lambert(arguments: Sequence[Number], moving: Sequence[int]) -> Partials:
    if 1 in moving:
        raise NotProvedError("a derivative by a branch")
    x, *k = arguments
    found = Unary(lambda x: _lambert_value(x, *k), _lambert_slopes)
    return found([x], moving)


INTEGRALS: dict[str, tuple[Enclosure, int]] = {
    "erf": (Unary(plain("erf", ZERO), _error_slopes(1, -1)), 4),
    "erfc": (Unary(plain("erfc", ONE), _error_slopes(-1, -1)), 4),
    "erfi": (Unary(at_zero(ZERO, _erfi), _error_slopes(1, 1)), 12),
    "erfinv": (Unary(at_zero(ZERO, _erfinv), _erfinv_slopes(1)), 7),
    "erfcinv": (Unary(_erfcinv, _erfinv_slopes(-1)), 7),
    "Ei": (Unary(_ei, _ei_slopes), 5),
    "li": (Unary(_li, _li_slopes), 10),
    "Si": (Unary(plain("si", ZERO), _si_slopes), 15),
    "Ci": (Unary(_ci, _ci_slopes), 5),
    "Shi": (Unary(at_zero(ZERO, _shi), _shi_slopes), 10),
    "Chi": (Unary(_chi, _chi_slopes), 5),
    "fresnels": (Unary(at_zero(ZERO, _fresnels), _fresnels_slopes), 20),
    "fresnelc": (Unary(plain("fresnel_c", ZERO), _fresnelc_slopes), 15),
    "expint": (Ordered(_expint_value, _expint_slopes), 30),
    "elliptic_k": (Unary(_elliptic_k, _elliptic_k_slopes), 8),
    "elliptic_e": (Unary(_elliptic_e, _elliptic_e_slopes), 10),
    "LambertW": (_lambert, 4),
}
