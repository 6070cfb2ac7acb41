"""The values of the functions that torch has no kernel for: NumPy in, NumPy out.

A function for every ``value`` that the function table names. SciPy's where it is accurate over
the whole domain, else mpmath's, element by element with digits to spare. SciPy is loaded when the
first value is asked for.

Where SymPy's rule for a derivative cancels in doubles (K - E near 0, differences of digammas),
:mod:`hesscli.balls.values` encloses it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import mpmath
import numpy as np

from hesscli.functions import symbolic as special
from hesscli.functions.failures import SYMPY_FAILURES
from hesscli.types import Array

Value = Callable[..., Array]
Mask = Any  # an array of truth values

# Bits that mpmath carries; a double keeps 53 of them.
PRECISION = 80
# The rows of a Hessian are computed one by one, each from the same elements.
REMEMBERED = 2**16


def _scipy(name: str, part: int | None = None) -> Value:
    """SciPy's function of this name, or one of those that it computes together."""

    def value(*args: Array) -> Array:
        import scipy.special

        with np.errstate(all="ignore"):
            result = getattr(scipy.special, name)(*args)
        return np.asarray(result if part is None else result[part], dtype=np.float64)

    return value


def elementwise(entry: Callable[..., float]) -> Value:
    """``entry`` for each element, remembered."""
    each = np.vectorize(lru_cache(REMEMBERED)(entry), otypes=[np.float64])
    return np.errstate(all="ignore")(each)  # what overflows in C is inf here


def _mpmath(function: Callable[..., Any]) -> Value:
    """mpmath's ``function`` for each element; NaN where that is not real or infinite."""

    @elementwise
    def entry(*numbers: float) -> float:
        with mpmath.workprec(PRECISION):
            try:
                result = function(*map(mpmath.mpf, numbers))
            except SYMPY_FAILURES:
                return float("nan")
        real = getattr(result, "imag", 0) == 0
        try:
            return float(result.real) if real else float("nan")
        except OverflowError:
            return float("inf") if result.real > 0 else float("-inf")

    return entry


def _where(trusted: Callable[[Array], Mask], scipys: Value, mpmaths: Value) -> Value:
    """SciPy's value where it is trusted; it loses digits elsewhere."""

    def value(x: Array, *rest: Any) -> Array:
        x = np.asarray(x)
        right = trusted(x)
        result = np.array(scipys(x, *rest))
        if not right.all():
            result[~right] = mpmaths(x[~right], *rest)
        return result

    return value


def _up_to(most: float) -> Callable[[Array], Mask]:
    return lambda x: np.abs(x) <= most


def _off(zero: float) -> Callable[[Array], Mask]:
    """Away from a simple zero."""
    return lambda x: np.abs(x - zero) > 0.1


def _whole(name: str) -> Value:
    """SciPy's function of a whole degree or order, which it wants as an integer."""
    scipys = _scipy(name)
    return lambda n, *rest: scipys(np.asarray(n).astype(int), *rest)


def _even_or_odd(name: str) -> Value:
    """A polynomial with the parity of its degree; SciPy's loses digits near -1."""
    scipys = _whole(name)

    def value(n: Array, *rest: Array) -> Array:
        *parameters, x = rest
        return np.where(x < 0, (-1.0) ** n, 1.0) * scipys(n, *parameters, np.abs(x))

    return value


erfi = _scipy("erfi")
erfinv = _scipy("erfinv")
erfcinv = _scipy("erfcinv")
digamma = _scipy("psi")  # torch's loses its digits near the zero at 1.46
beta = _mpmath(mpmath.beta)
binomial = _mpmath(mpmath.binomial)
polygamma = _mpmath(lambda n, x: mpmath.psi(int(n), x))
lowergamma = _mpmath(special.lower_gamma)
uppergamma = _mpmath(mpmath.gammainc)
gammainc = _scipy("gammainc")
gammaincc = _scipy("gammaincc")
besselj = _scipy("jv")
bessely = _scipy("yv")
besseli = _scipy("iv")
airyai = _where(_up_to(10), _scipy("airy", 0), _mpmath(mpmath.airyai))
airyaiprime = _where(_up_to(10), _scipy("airy", 1), _mpmath(partial(mpmath.airyai, derivative=1)))
airybi = _where(_up_to(10), _scipy("airy", 2), _mpmath(mpmath.airybi))
airybiprime = _where(_up_to(10), _scipy("airy", 3), _mpmath(partial(mpmath.airybi, derivative=1)))
zeta = _mpmath(mpmath.zeta)
zetaderivative = _mpmath(lambda n, s: mpmath.zeta(s, 1, int(n)))
polylog = _mpmath(mpmath.polylog)
expint = _mpmath(mpmath.expint)
Ei = _where(_off(0.3725), _scipy("expi"), _mpmath(mpmath.ei))
li = _mpmath(mpmath.li)
Si = _scipy("sici", 0)
Ci = _scipy("sici", 1)
Shi = _scipy("shichi", 0)
Chi = _where(_off(0.5238), _scipy("shichi", 1), _mpmath(mpmath.chi))
fresnels = _where(_up_to(30), _scipy("fresnel", 0), _mpmath(mpmath.fresnels))
fresnelc = _where(_up_to(30), _scipy("fresnel", 1), _mpmath(mpmath.fresnelc))
elliptic_k = _scipy("ellipk")
elliptic_e = _scipy("ellipe")
spherical_jn = _whole("spherical_jn")
spherical_yn = _whole("spherical_yn")
legendre = _even_or_odd("eval_legendre")
chebyshevt = _whole("eval_chebyt")
chebyshevu = _whole("eval_chebyu")
gegenbauer = _even_or_odd("eval_gegenbauer")
hermite = _whole("eval_hermite")
hermite_prob = _whole("eval_hermitenorm")
laguerre = _whole("eval_laguerre")
assoc_laguerre = _whole("eval_genlaguerre")


@elementwise
def gamma(x: float) -> float:
    """Γ by the C library: exp(lgamma(x)) loses digits and the sign."""
    try:
        return math.gamma(x)
    except OverflowError:
        return math.inf
    except ValueError:  # a pole
        return math.nan


def besselk(n: Array, x: Array) -> Array:
    """The modified Bessel function; SciPy's own product with exp(-x) is 0 before it has to be."""
    return _scipy("kve")(n, x) * np.exp(-x)


def _complex_lambertw(x: Array, k: Array | int = 0) -> Array:
    import scipy.special

    with np.errstate(all="ignore"):
        result = np.asarray(scipy.special.lambertw(x, np.asarray(k).astype(int)))
    return np.where(result.imag == 0, result.real, np.nan)


# Off the branch point at -1/e.
lambertw = _where(
    lambda x: x > -0.3, _complex_lambertw, _mpmath(lambda x, k=0: mpmath.lambertw(x, int(k)))
)
