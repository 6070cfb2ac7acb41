"""Second-order Taylor arithmetic over mpmath numbers, with sparse derivatives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mpmath import mp

Number = Any  # an mpf
Triple = tuple[Number, Number, Number]  # a function's value and first two derivatives

# Beyond these, mpmath would need more memory than there is.
MAX_BITS = 3_000  # of the whole part of an argument that is reduced by a period
MAX_POWER = 10**6
MAX_GAMMA = 10**5


class Pole(Exception):
    """A division by zero, or the logarithm of zero."""


class NotReal(Exception):
    """A part of the formula is not a real number."""


class Doubt(Exception):
    """This evaluator cannot tell."""


class Unsupported(Doubt):
    """A notation or function that this evaluator does not have."""


@dataclass(frozen=True, slots=True)
class Jet:
    """A value with its slopes {i: …} and second derivatives {(i, j): …}, i <= j.

    What has no key is zero in a neighbourhood.
    """

    value: Number
    slopes: dict[int, Number] = field(default_factory=dict)
    seconds: dict[tuple[int, int], Number] = field(default_factory=dict)

    def __add__(self, other: Jet) -> Jet:
        return Jet(
            self.value + other.value,
            _merged(self.slopes, other.slopes),
            _merged(self.seconds, other.seconds),
        )

    def __neg__(self) -> Jet:
        return self.scaled(mp.mpf(-1))

    def __sub__(self, other: Jet) -> Jet:
        return self + -other

    def scaled(self, factor: Number) -> Jet:
        """This, times a number."""
        return Jet(
            self.value * factor,
            {i: s * factor for i, s in self.slopes.items()},
            {ij: s * factor for ij, s in self.seconds.items()},
        )

    def __mul__(self, other: Jet) -> Jet:
        if not other.slopes and not other.seconds:
            return self.scaled(other.value)
        if not self.slopes and not self.seconds:
            return other.scaled(self.value)
        a, b = self.scaled(other.value), other.scaled(self.value)
        seconds = _merged(a.seconds, b.seconds)
        for i, s in self.slopes.items():
            for j, t in other.slopes.items():
                key = (i, j) if i <= j else (j, i)
                twice = 2 if i == j else 1
                seconds[key] = seconds.get(key, 0) + s * t * twice
        return Jet(self.value * other.value, _merged(a.slopes, b.slopes), seconds)

    def through(self, triple: Triple) -> Jet:
        """A function of this, from its value and derivatives here (the chain rule)."""
        value, first, second = triple
        seconds = {ij: s * first for ij, s in self.seconds.items()}
        for i, s in self.slopes.items():
            for j, t in self.slopes.items():
                if i <= j:
                    seconds[i, j] = seconds.get((i, j), 0) + second * s * t
        return Jet(value, {i: s * first for i, s in self.slopes.items()}, seconds)


def _merged(a: dict[Any, Number], b: dict[Any, Number]) -> dict[Any, Number]:
    result = dict(a)
    for key, number in b.items():
        result[key] = result[key] + number if key in result else number
    return result


def _bounded(v: Number) -> None:
    if v and mp.mag(v) > MAX_BITS:
        raise Doubt


def exp(v: Number) -> Triple:
    """The exponential function."""
    _bounded(v)
    e = mp.exp(v)
    return e, e, e


def log(v: Number) -> Triple:
    """The natural logarithm of a positive number."""
    return mp.log(v), 1 / v, -1 / v**2


def power(v: Number, exponent: Number) -> Triple:
    """A power with a constant exponent, of a positive number."""
    _bounded(exponent * mp.log(v))
    p = v**exponent
    return p, exponent * p / v, exponent * (exponent - 1) * p / v**2


def whole_power(v: Number, n: int) -> Triple:
    """A power with a whole exponent, of a number that is not zero if ``n`` is negative."""
    if abs(n) > MAX_POWER:
        raise Doubt
    first = n * v ** (n - 1) if n != 0 else mp.zero
    second = n * (n - 1) * v ** (n - 2) if n not in (0, 1) else mp.zero
    return v**n, first, second


def sin(v: Number) -> Triple:
    """The sine."""
    _bounded(v)
    s = mp.sin(v)
    return s, mp.cos(v), -s


def cos(v: Number) -> Triple:
    """The cosine."""
    _bounded(v)
    c = mp.cos(v)
    return c, -mp.sin(v), -c


def _sinh(v: Number) -> Triple:
    e, _, _ = exp(v)
    s, c = (e - 1 / e) / 2, (e + 1 / e) / 2
    if abs(v) < 1:
        s = mp.sinh(v)
    return s, c, s


def _cosh(v: Number) -> Triple:
    s, c, _ = _sinh(v)
    return c, s, c


def _tanh(v: Number) -> Triple:
    _ = exp(2 * v)
    t = mp.tanh(v)
    slope = mp.sech(v) ** 2
    return t, slope, -2 * t * slope


def _expm1(v: Number) -> Triple:
    e, _, _ = exp(v)
    return mp.expm1(v), e, e


def _atan(v: Number) -> Triple:
    slope = 1 / (1 + v * v)
    return mp.atan(v), slope, -2 * v * slope**2


def _asinh(v: Number) -> Triple:
    root = mp.sqrt(1 + v * v)
    return mp.asinh(v), 1 / root, -v / root**3


def _sigmoid(v: Number) -> Triple:
    e, _, _ = exp(-abs(v))
    s = 1 / (1 + e) if v >= 0 else e / (1 + e)
    slope = e / (1 + e) ** 2
    return s, slope, slope * (e - 1 if v >= 0 else 1 - e) / (1 + e)


def _softplus(v: Number) -> Triple:
    s, slope, _ = _sigmoid(v)
    return max(v, mp.zero) + mp.log1p(mp.exp(-abs(v))), s, slope


def _logcosh(v: Number) -> Triple:
    t, slope, _ = _tanh(v)
    return abs(v) + mp.log1p(mp.exp(-2 * abs(v))) - mp.log(2), t, slope


def _erf(v: Number) -> Triple:
    slope = 2 * exp(-v * v)[0] / mp.sqrt(mp.pi)
    return mp.erf(v), slope, -2 * v * slope


def _erfc(v: Number) -> Triple:
    _, slope, second = _erf(v)
    return mp.erfc(v), -slope, -second


def gamma(v: Number) -> Triple:
    """The gamma function away from its poles."""
    if abs(v) > MAX_GAMMA:
        raise Doubt
    g, d, t = mp.gamma(v), mp.psi(0, v), mp.psi(1, v)
    return g, g * d, g * (d * d + t)


def loggamma(v: Number) -> Triple:
    """The logarithm of the gamma function of a positive number."""
    return mp.loggamma(v), mp.psi(0, v), mp.psi(1, v)


def besselj(n: int, v: Number) -> Triple:
    """The Bessel function of the first kind, by DLMF 10.6.1 and 10.6.7."""
    if abs(v) > MAX_GAMMA:
        raise Doubt
    a, b, c, d, e = (mp.besselj(n + k, v) for k in (-2, -1, 0, 1, 2))
    return c, (b - d) / 2, (a - 2 * c + e) / 4


# Functions of one argument that are smooth at every real number.
SMOOTH: dict[str, Callable[[Number], Triple]] = {
    "exp": exp,
    "expm1": _expm1,
    "sin": sin,
    "cos": cos,
    "sinh": _sinh,
    "cosh": _cosh,
    "tanh": _tanh,
    "atan": _atan,
    "arctan": _atan,
    "asinh": _asinh,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "logcosh": _logcosh,
    "erf": _erf,
    "erfc": _erfc,
}
