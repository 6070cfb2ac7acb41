"""Functions on complex balls, where they continue the real ones analytically.

Each is told with the part of the plane in which it does: one that meets the real axis where the
function is real and smooth, so that what is finite on balls that cover a real interval shows that
the function is analytic around all of it. Elsewhere there is no number, as FLINT's integration
asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from flint import acb

Complex: TypeAlias = acb  # which has no types
Continued: TypeAlias = Callable[..., Complex]

NOWHERE = acb("nan")


def _right(z: Complex) -> bool:
    """Whether all of a ball is right of 0."""
    return bool(z.real > 0)


def _to_the_right(function: Continued, distance: Continued = lambda z: z) -> Continued:
    """The function where its ``distance`` from the edge of its domain is right of 0."""
    return lambda z: function(z) if _right(distance(z)) else NOWHERE


def _inside(z: Complex) -> Complex:
    """Of (-1, 1), from both ends."""
    return 1 - z * z


def _whole_order(function: Continued) -> Continued:
    """A Bessel function that is entire for a whole order, and for others is real right of 0."""

    def continued(order: Complex, z: Complex) -> Complex:
        entire = order.is_exact() and order.imag.is_zero() and order.real.is_integer()
        return function(z, order) if entire or _right(z) else NOWHERE

    return continued


def _cbrt(z: Complex) -> Complex:
    if _right(z):
        return z.root(3)
    return -(-z).root(3) if _right(-z) else NOWHERE


def _logsumexp(*arguments: Complex) -> Complex:
    total = sum((z.exp() for z in arguments), acb(0))
    return total.log() if _right(total) else NOWHERE


def _hypot(*arguments: Complex) -> Complex:
    total = sum((z * z for z in arguments), acb(0))
    return total.sqrt() if _right(total) else NOWHERE


def _absolute(z: Complex) -> Complex:
    if _right(z):
        return z
    return -z if _right(-z) else NOWHERE


def _sign(z: Complex) -> Complex:
    if _right(z):
        return acb(1)
    return acb(-1) if _right(-z) else NOWHERE


def _extreme(orientation: int) -> Continued:
    def continued(first: Complex, *others: Complex) -> Complex:
        best = first
        for z in others:
            if _right(orientation * (z - best)):
                best = z
            elif not _right(orientation * (best - z)):
                return NOWHERE
        return best

    return continued


ANALYTIC: Mapping[str, Continued] = {
    "exp": acb.exp,
    "expm1": acb.expm1,
    "log": _to_the_right(acb.log),
    "log1p": _to_the_right(acb.log1p, lambda z: 1 + z),
    "log2": _to_the_right(lambda z: z.log() / acb(2).log()),
    "log10": _to_the_right(lambda z: z.log() / acb(10).log()),
    "cbrt": _cbrt,
    "sin": acb.sin,
    "cos": acb.cos,
    "tan": acb.tan,
    "sec": acb.sec,
    "csc": acb.csc,
    "cot": acb.cot,
    "sinc": acb.sinc,
    "sinh": acb.sinh,
    "cosh": acb.cosh,
    "tanh": acb.tanh,
    "sech": acb.sech,
    "csch": acb.csch,
    "coth": acb.coth,
    "asin": _to_the_right(acb.asin, _inside),
    "acos": _to_the_right(acb.acos, _inside),
    "atanh": _to_the_right(acb.atanh, _inside),
    # 1 + z² is on the cut (-∞, 0] just where z is on one of atan's and asinh's.
    "atan": _to_the_right(acb.atan, lambda z: 1 + z * z),
    "asinh": _to_the_right(acb.asinh, lambda z: 1 + z * z),
    "acosh": _to_the_right(acb.acosh, lambda z: z - 1),
    "sigmoid": lambda z: 1 / (1 + (-z).exp()),
    "softplus": _to_the_right(lambda z: (1 + z.exp()).log(), lambda z: 1 + z.exp()),
    "logsumexp": _logsumexp,
    "hypot": _hypot,
    "logcosh": _to_the_right(lambda z: z.cosh().log(), acb.cosh),
    "gamma": acb.gamma,
    "loggamma": _to_the_right(acb.lgamma),
    "erf": acb.erf,
    "erfc": acb.erfc,
    "erfi": acb.erfi,
    "Si": acb.si,
    "Shi": acb.shi,
    "Ci": _to_the_right(acb.ci),
    "Chi": _to_the_right(acb.chi),
    "Ei": _to_the_right(acb.ei),
    "LambertW": _to_the_right(acb.lambertw),
    "zeta": _to_the_right(acb.zeta, lambda z: z - 1),
    "besselj": _whole_order(acb.bessel_j),
    "besseli": _whole_order(acb.bessel_i),
    "bessely": lambda order, z: z.bessel_y(order) if _right(z) else NOWHERE,
    "besselk": lambda order, z: z.bessel_k(order) if _right(z) else NOWHERE,
    "Abs": _absolute,
    "sign": _sign,
    "Max": _extreme(1),
    "Min": _extreme(-1),
}


def power(base: Complex, exponent: Complex) -> Complex:
    """A power that is real for a base right of 0."""
    return (exponent * base.log()).exp() if _right(base) else NOWHERE
