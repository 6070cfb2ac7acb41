"""The values of the functions that torch has no kernel for: NumPy in, NumPy out.

A function for every ``value`` that the function table names. SciPy's where it is accurate over
the whole domain, else mpmath's, element by element with digits to spare. Both are loaded when the
first value is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hesscli.model import Array

Value = Callable[..., Array]

# Bits that mpmath carries; a double keeps 53 of them.
PRECISION = 80


def _scipy(name: str) -> Value:
    def value(*args: Array) -> Array:
        import scipy.special

        with np.errstate(all="ignore"):
            return np.asarray(getattr(scipy.special, name)(*args), dtype=np.float64)

    return value


def _scipy_part(name: str, part: int) -> Value:
    """One of the functions that SciPy computes together."""

    def value(*args: Array) -> Array:
        import scipy.special

        with np.errstate(all="ignore"):
            return np.asarray(getattr(scipy.special, name)(*args)[part], dtype=np.float64)

    return value


def _mpmath(function: Callable[..., Any]) -> Value:
    """``function(mpmath, *numbers)`` for each element; NaN where that is not real or infinite."""

    def value(*args: Array) -> Array:
        import mpmath

        def entry(*numbers: float) -> float:
            with mpmath.workprec(PRECISION):
                try:
                    result = function(mpmath, *map(mpmath.mpf, numbers))
                except (ArithmeticError, ValueError, mpmath.libmp.NoConvergence):
                    return float("nan")
            real = getattr(result, "imag", 0) == 0
            try:
                return float(result.real) if real else float("nan")
            except OverflowError:
                return float("inf") if result.real > 0 else float("-inf")

        broadcast = np.broadcast_arrays(*args)
        numbers = [entry(*each) for each in zip(*(a.ravel() for a in broadcast), strict=True)]
        return np.array(numbers, dtype=np.float64).reshape(broadcast[0].shape)

    return value


def _near_zero(scipys: Value, most: float, mpmaths: Value) -> Value:
    """SciPy's value up to this size of the argument, beyond which it loses digits."""

    def value(x: Array) -> Array:
        near = np.abs(x) <= most
        result = scipys(np.where(near, x, 0.0))
        if not near.all():
            result[~near] = mpmaths(x[~near])
        return result

    return value


erfi = _scipy("erfi")
erfinv = _scipy("erfinv")
erfcinv = _scipy("erfcinv")
beta = _mpmath(lambda mp, x, y: mp.beta(x, y))
binomial = _mpmath(lambda mp, n, k: mp.binomial(n, k))
polygamma = _mpmath(lambda mp, n, x: mp.psi(int(n), x))
lowergamma = _mpmath(lambda mp, a, x: mp.gammainc(a, 0, x))
uppergamma = _mpmath(lambda mp, a, x: mp.gammainc(a, x))
gammainc = _scipy("gammainc")
gammaincc = _scipy("gammaincc")
besselj = _scipy("jv")
bessely = _scipy("yv")
besseli = _scipy("iv")
besselk = _scipy("kv")
airyai = _near_zero(_scipy_part("airy", 0), 10.0, _mpmath(lambda mp, x: mp.airyai(x)))
airyaiprime = _near_zero(
    _scipy_part("airy", 1), 10.0, _mpmath(lambda mp, x: mp.airyai(x, derivative=1))
)
airybi = _near_zero(_scipy_part("airy", 2), 10.0, _mpmath(lambda mp, x: mp.airybi(x)))
airybiprime = _near_zero(
    _scipy_part("airy", 3), 10.0, _mpmath(lambda mp, x: mp.airybi(x, derivative=1))
)
zeta = _mpmath(lambda mp, s, a=1: mp.zeta(s, a))
zetaderivative = _mpmath(lambda mp, n, s: mp.zeta(s, 1, int(n)))
polylog = _mpmath(lambda mp, s, x: mp.polylog(s, x))
expint = _mpmath(lambda mp, n, x: mp.expint(n, x))
Ei = _scipy("expi")
li = _mpmath(lambda mp, x: mp.li(x))
Si = _scipy_part("sici", 0)
Ci = _scipy_part("sici", 1)
Shi = _scipy_part("shichi", 0)
Chi = _scipy_part("shichi", 1)
fresnels = _near_zero(_scipy_part("fresnel", 0), 30.0, _mpmath(lambda mp, x: mp.fresnels(x)))
fresnelc = _near_zero(_scipy_part("fresnel", 1), 30.0, _mpmath(lambda mp, x: mp.fresnelc(x)))
elliptic_k = _scipy("ellipk")
elliptic_e = _scipy("ellipe")


def lambertw(x: Array, k: Array | int = 0) -> Array:
    """Lambert's W; SciPy gives the complex one."""
    import scipy.special

    with np.errstate(all="ignore"):
        result = np.asarray(scipy.special.lambertw(x, np.asarray(k).astype(int)))
    return np.where(result.imag == 0, result.real, np.nan)


def spherical_jn(n: Array, x: Array) -> Array:
    """The spherical Bessel function of the first kind; SciPy wants whole orders."""
    import scipy.special

    return np.asarray(scipy.special.spherical_jn(np.asarray(n).astype(int), x))


def spherical_yn(n: Array, x: Array) -> Array:
    """The spherical Bessel function of the second kind."""
    import scipy.special

    with np.errstate(all="ignore"):
        return np.asarray(scipy.special.spherical_yn(np.asarray(n).astype(int), x))
