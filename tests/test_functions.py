"""Every function of the table, against mpmath: its value, gradient and Hessian."""

from __future__ import annotations

import functools
import math
import random
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from mpmath import mpf

import hesscli
from hesscli.answer import Answer
from hesscli.derive.stable import stable
from hesscli.exact.examiner import Examiner
from hesscli.expression.names import symbol
from hesscli.expression.reader import read_formula
from hesscli.functions.table import BY_NAME, FUNCTIONS
from hesscli.numeric import autograd as autograd
from hesscli.numeric.autograd import Evaluator
from hesscli.point.assignment import read_assignment
from hesscli.point.binding import bind
from hesscli.render.phrases import words
from hesscli.types import Point, Values, Verify
from hesscli.verdict.settle import settle

from .conftest import Hess

mp: Any = mpmath.mp
NOT_REAL = mpmath.mpc(0, 1)

# What is tried


Number = Any  # mpf or mpc
Span = tuple[float, float]

# A verified number is the exact one rounded once; one from the kernels has a few digits less.
EXACT = 4e-16
KERNEL = 1e-13
DRAWN = 6
DISTANCES = (1e-3, 1e-8, 1e-12)


@dataclass(frozen=True)
class Case:
    """A formula in ``x``, or in ``x`` and ``y``, and the same function by mpmath.

    Points are drawn from ``spans``, one for each variable or, with one variable, any number of
    them. ``near`` are the places of ``x`` that are approached from both sides: edges, poles,
    zeros; ``points`` further ones, with the largest at which all three numbers are doubles.
    ``wave`` gives the length over which the function oscillates around ``x``: at its zeros, what
    counts is the error in proportion to the amplitude.
    """

    text: str
    reference: Callable[..., Number]
    spans: tuple[Span, ...]
    near: tuple[float, ...] = ()
    points: tuple[float | tuple[float, float], ...] = ()
    wave: Callable[[float], float] | None = None

    @property
    def name(self) -> str:
        """The function's name."""
        return self.text.partition("(")[0]

    @property
    def order(self) -> int:
        """The number of variables."""
        return 2 if "y" in self.text.partition("(")[2] else 1

    def drawn(self, count: int) -> Iterator[tuple[float, ...]]:
        """Random points, the same in every run."""
        dice = random.Random(self.text)
        for _ in range(count):
            spans = self.spans if self.order == 2 else (dice.choice(self.spans),)
            yield tuple(_drawn(dice, span) for span in spans)

    def special(self) -> Iterator[tuple[float, ...]]:
        """The points near singularities, and those that are listed."""
        for place, distance, side in product(self.near, DISTANCES, (1, -1)):
            yield (place + side * distance,)
        for point in self.points:
            yield point if isinstance(point, tuple) else (point,)


def _drawn(dice: random.Random, span: Span) -> float:
    """A number of the span; where that spans magnitudes, of any of them."""
    low, high = span
    if low > 0 and high > 100 * low:
        return math.exp(dice.uniform(math.log(low), math.log(high)))
    if high < 0 and low < 100 * high:
        return -_drawn(dice, (-high, -low))
    if low == -high and high > 10 and dice.random() < 0.5:
        return dice.choice((1, -1)) * _drawn(dice, (1e-4, high))
    return dice.uniform(low, high)


def _unit(x: float) -> float:
    return min(1.0, abs(x))


def _airy_wave(x: float) -> float:
    return 1 / math.sqrt(max(1.0, abs(x)))


def _hermite_wave(x: float) -> float:
    return 0.1 / (1 + abs(x))


def _inside(n: int) -> Callable[[float], float]:
    """The wave of a polynomial of degree n that oscillates between -1 and 1."""
    return lambda x: max(1 / n**2, (math.sqrt(1 - x * x) if abs(x) < 1 else abs(x) - 1) / n)


def _each(
    name: str,
    function: Callable[[Number, Number], Number],
    orders: str,
    span: Span,
    near: tuple[float, ...],
    points: tuple[float, ...],
    wave: Callable[[float], float] | None = None,
) -> Iterator[Case]:
    """A case for each of the orders."""
    for order in orders.split():

        def reference(x: Number, exact: Fraction = Fraction(order)) -> Number:
            return function(mpf(exact.numerator) / exact.denominator, x)

        yield Case(f"{name}({order}, x)", reference, (span,), near, points, wave)


def _jn(n: Number, x: Number) -> Number:
    """DLMF 10.47.3 and, for negative x, 10.47.14."""
    if not x:
        return mpf(n == 0)
    return mp.sign(x) ** n * mp.sqrt(mp.pi / (2 * abs(x))) * mp.besselj(n + mpf(0.5), abs(x))


def _yn(n: Number, x: Number) -> Number:
    """DLMF 10.47.4 and, for negative x, 10.47.14."""
    size = abs(x)
    return mp.sign(x) ** (n + 1) * mp.sqrt(mp.pi / (2 * size)) * mp.bessely(n + mpf(0.5), size)


def _he(n: Number, x: Number) -> Number:
    """DLMF 18.7.12."""
    return mp.hermite(n, x / mp.sqrt(2)) / mp.sqrt(mpf(2) ** n)


def _l(n: Number, x: Number) -> Number:
    return mp.laguerre(n, 0, x)


def _lower(a: Number, x: Number) -> Number:
    """DLMF 8.5.1."""
    return x**a / a * mp.hyp1f1(a, a + 1, -x)


def _lower_part(a: Number, x: Number) -> Number:
    return _lower(a, x) / mp.gamma(a) if x > 0 else NOT_REAL


def _upper_part(a: Number, x: Number) -> Number:
    return mp.gammainc(a, x, mp.inf, regularized=True) if x > 0 else NOT_REAL


def _expint(n: Number, x: Number) -> Number:
    # Of an order up to 0, exp(-x) times a polynomial in 1/x.
    return mp.expint(n, x) if x > 0 or n <= 0 else NOT_REAL


def _psi(n: int) -> Callable[[Number], Number]:
    return lambda x: mp.psi(n, x)


def _erfinv(x: Number) -> Number:
    return mp.erfinv(x) if abs(x) < 1 else NOT_REAL


def _erfcinv(x: Number) -> Number:
    if not 0 < x < 2:
        return NOT_REAL
    with mp.extraprec(max(0, -mp.mag(x))):
        return mp.erfinv(1 - x)


# What torch cannot do to 1e-13, and why.
LOOSE = {
    "factorial(x)": (1e-11, "x + 1 is rounded, and gamma's slope vanishes at 1.46"),
    "gammainc(50, x)": (2e-2, "for large x, exp(-x)/49! underflows before x**49 makes up for it"),
    "gammaincc(50, x)": (2e-2, "the same"),
    "chebyshevt(200, x)": (1e-12, "SciPy's recurrence loses a digit in so many steps"),
    "chebyshevu(200, x)": (1e-12, "the same"),
}

LINE = (-30.0, 30.0)
POSITIVE = (1e-3, 1e6)
HALF = (1e-3, 30.0)
UNIT = (-1.0, 1.0)

CASES: tuple[Case, ...] = (
    Case("exp(x)", mp.exp, (LINE,), points=(-708.0, 709.0, 1e-12)),
    Case("exp2(x)", lambda x: mpf(2) ** x, (LINE,), points=(-1020.0, 1023.5)),
    Case("expm1(x)", mp.expm1, (LINE,), (0,), (-708.0, 709.0)),
    Case("log(x)", mp.log, (POSITIVE,), (0, 1), (1e150, 1e-150)),
    Case("log(x, 2)", lambda x: mp.log(x) / mp.log(2), (POSITIVE,), (0, 1), (1e150,)),
    Case(
        "log(x, y)", lambda x, y: mp.log(x) / mp.log(y), ((0.01, 9), (1.2, 9)),
        points=((-1, 2), (2, -3)),
    ),
    Case("log2(x)", lambda x: mp.log(x) / mp.log(2), (POSITIVE,), (0, 1), (1e150,)),
    Case("log10(x)", lambda x: mp.log(x) / mp.log(10), (POSITIVE,), (0, 1), (1e150,)),
    Case("log1p(x)", mp.log1p, ((-0.99, 9), POSITIVE), (-1, 0), (1e150,)),
    Case("sigmoid(x)", lambda x: 1 / (1 + mp.exp(-x)), (LINE,), (0,), (700.0, -700.0, 40.0)),
    Case("softplus(x)", lambda x: mp.log1p(mp.exp(x)), (LINE,), (0,), (700.0, -700.0, 40.0)),
    Case(
        "logsumexp(x, y)", lambda x, y: mp.log(mp.exp(x) + mp.exp(y)), (LINE, LINE),
        points=((1000, 999), (-800, -801), (3, 300)),
    ),
    Case("logcosh(x)", lambda x: mp.log(mp.cosh(x)), (LINE,), (0,), (350.0, -350.0)),
    Case(
        "pow(x, y)", mp.power, ((0.01, 20), (-9, 9)),
        points=((1e10, 25.5), (1e-9, 30), (2, 0), (-2, 0.5)),
    ),
    Case("sqrt(x)", mp.sqrt, (POSITIVE,), (0,), (1e200, 1e-200)),
    Case(
        "cbrt(x)", lambda x: mp.sign(x) * mp.cbrt(abs(x)), (LINE, POSITIVE), (0,),
        (1e180, -1e180, 1e-180),
    ),
    Case(
        "hypot(x, y)", mp.hypot, (LINE, LINE),
        points=((1e200, 1e200), (1e-150, 1e-150), (1e-8, 1), (3, 1e-12)),
    ),
    Case("sin(x)", mp.sin, (LINE,), (0, math.pi), (1e5, 1e15, -1e22)),
    Case("cos(x)", mp.cos, (LINE,), (0, math.pi / 2), (1e5, 1e15, -1e22)),
    Case("tan(x)", mp.tan, (LINE,), (0, math.pi / 2), (1e5, 1e15)),
    Case("sec(x)", mp.sec, (LINE,), (0, math.pi / 2), (1e5, 1e15)),
    Case("csc(x)", mp.csc, (LINE,), (0, math.pi), (1e5, 1e15)),
    Case("cot(x)", mp.cot, (LINE,), (0, math.pi), (1e5, 1e15)),
    Case("asin(x)", mp.asin, (UNIT,), (-1, 0, 1)),
    Case("acos(x)", mp.acos, (UNIT,), (-1, 0, 1)),
    Case("atan(x)", mp.atan, (LINE,), (0,), (1e100, -1e100)),
    Case(
        "atan2(y, x)", lambda x, y: mp.atan2(y, x), (LINE, LINE),
        points=((1e150, 1e150), (-1, 1e-8), (-1, -1e-12), (1e-12, 1), (1, 1e-12)),
    ),
    Case("asec(x)", lambda x: mp.acos(1 / x), ((1, 30), (-30, -1)), (-1, 1), (1e90, -1e90)),
    Case("acsc(x)", lambda x: mp.asin(1 / x), ((1, 30), (-30, -1)), (-1, 1), (1e90, -1e90)),
    Case("acot(x)", lambda x: mp.atan(1 / x), (LINE,), (0,), (1e90, -1e90)),
    Case("sinc(x)", mp.sinc, (LINE,), (0, 1, -1), (1e8,), wave=_unit),
    Case("sinh(x)", mp.sinh, (LINE,), (0,), (710.0, -710.0)),
    Case("cosh(x)", mp.cosh, (LINE,), (0,), (710.0, -710.0)),
    Case("tanh(x)", mp.tanh, (LINE,), (0,), (350.0, -350.0)),
    Case("sech(x)", mp.sech, (LINE,), (0,), (700.0, -700.0)),
    Case("csch(x)", mp.csch, (LINE,), (0,), (700.0, -700.0)),
    Case("coth(x)", mp.coth, (LINE,), (0,), (350.0, -350.0)),
    Case("asinh(x)", mp.asinh, (LINE,), (0,), (1e150, -1e150)),
    Case("acosh(x)", mp.acosh, ((1, 30), POSITIVE), (1,), (1e150,)),
    Case("atanh(x)", mp.atanh, (UNIT,), (-1, 0, 1)),
    Case("asech(x)", lambda x: mp.acosh(1 / x), ((0, 1),), (0, 1), (1e-150,)),
    Case("acsch(x)", lambda x: mp.asinh(1 / x), (LINE,), (0,), (1e90, -1e90)),
    Case("acoth(x)", lambda x: mp.atanh(1 / x), ((1, 30), (-30, -1)), (-1, 1), (1e90, -1e90)),
    Case("abs(x)", abs, (LINE,), (0,), (1e300,)),
    Case("sign(x)", mp.sign, (LINE,), (0,)),
    Case("Heaviside(x)", lambda x: (1 + mp.sign(x)) / 2, (LINE,), (0,)),
    Case("floor(x)", mp.floor, (LINE,), (-1, 3), (1e15 + 0.5,)),
    Case("ceil(x)", mp.ceil, (LINE,), (-1, 3), (1e15 + 0.5,)),
    Case("max(x, y**2)", lambda x, y: max(x, y**2), ((-9, 9), (-3, 3))),
    Case("min(x, y**2)", lambda x, y: min(x, y**2), ((-9, 9), (-3, 3))),
    Case("relu(x)", lambda x: max(x, mpf(0)), (LINE,), (0,)),
    Case(
        "where(x > y, x**3*y, x*y**2)", lambda x, y: x**3 * y if x > y else x * y**2,
        (LINE, LINE),
    ),
    Case(
        "Piecewise((x**2, x < -1), (x**3, x < 1), (1/x, True))",
        lambda x: x**2 if x < -1 else x**3 if x < 1 else 1 / x, (LINE,), (-1, 1),
    ),
    Case("erf(x)", mp.erf, ((-6, 6),), (0,), (26.0, -26.0)),
    Case("erfc(x)", mp.erfc, ((-6, 6),), (0,), (26.0, -26.0)),
    Case("erfi(x)", mp.erfi, ((-6, 6),), (0,), (26.0, -26.0)),
    Case("erfinv(x)", _erfinv, (UNIT,), (-1, 0, 1)),
    Case("erfcinv(x)", _erfcinv, ((0, 2),), (0, 1, 2), (1e-100, 1e-150)),
    Case("gamma(x)", mp.gamma, ((-20, 20), (0.1, 150)), (0, 1, -1, -6), (1e-90, 170.0, -150.5)),
    Case("loggamma(x)", mp.loggamma, ((0.01, 20), POSITIVE), (0, 1, 2), (1e-100, 1e150)),
    Case(
        "digamma(x)", _psi(0), ((-20, 20), POSITIVE), (0, 1.4616321449683623, -1, -6),
        (1e-90, 1e150, -1000.3),
    ),
    Case("trigamma(x)", _psi(1), ((-20, 20), POSITIVE), (0, 1, -1, -6), (1e-70, 1e100, -1000.3)),
    Case("polygamma(0, x)", _psi(0), ((-20, 20), POSITIVE), (0, -1)),
    Case("polygamma(2, x)", _psi(2), ((-20, 20), POSITIVE), (0, 1, -1, -6), (1e-50, 1e70)),
    Case("polygamma(3, x)", _psi(3), ((-20, 20), POSITIVE), (0, 1, -1, -6), (1e-50, 1e50)),
    Case("polygamma(7, x)", _psi(7), ((-20, 20), (1e-3, 1e3)), (0, -6), (1e-20, 1e20)),
    Case("factorial(x)", mp.factorial, ((-20, 20), (0.1, 150)), (-1, 0, -6), (169.0, -150.5)),
    Case(
        "beta(x, y)", mp.beta, ((0.01, 40), (0.01, 40)),
        points=(
            (1e5, 2.5), (1e5, 1e-3), (1e-8, 1e-8), (1e-12, 3), (0.5, 1e8),
            (-0.5, 1.25), (-2.75, -1.5), (-3 + 1e-8, 0.5), (-3 - 1e-3, 4.5),
        ),
    ),
    Case("beta(x, 1/2)", lambda x: mp.beta(x, mpf(0.5)), ((0.01, 40), (-9, 0)), (0, -1), (1e10,)),
    Case(
        "binomial(x, y)", mp.binomial, ((0.1, 40), (0.1, 40)),
        points=((1e5, 2.5), (1e5, 1e-3), (-0.5, 1.25), (-2.75, 0.3), (3, 2), (5.5, -0.5), (1e8, 3)),
    ),
    Case("binomial(x, 2)", lambda x: x * (x - 1) / 2, (LINE,), (0, 1), (0.0, 1.0, 1e150)),
    Case("binomial(5, x)", lambda x: mp.binomial(5, x), ((-2, 8),), (0, 1, 5, 6), (0.0, 3.0)),
    *_each("lowergamma", _lower, "3 5/2 1/3 12", HALF, (0,), (1e3,)),
    *_each("uppergamma", mp.gammainc, "3 5/2 -3/2 1/3 0", HALF, (0,), (600.0,)),
    *_each("gammainc", _lower_part, "3 5/2 1/3 50", HALF, (0,), (600.0,)),
    *_each("gammaincc", _upper_part, "3 5/2 1/3 50", HALF, (0,), (600.0,)),
    *_each("besselj", mp.besselj, "0 1 2 7", LINE, (0,), (1e3, 1e5, 0.0), _unit),
    *_each("besselj", mp.besselj, "1/3 -5/2", HALF, (0,), (1e3,), _unit),
    *_each("bessely", mp.bessely, "0 1 2 5/2", HALF, (0,), (1e3,), _unit),
    *_each("besseli", mp.besseli, "0 1 2 7", LINE, (0,), (700.0, -700.0, 0.0)),
    *_each("besseli", mp.besseli, "1/3", HALF, (0,), (700.0,)),
    *_each("besselk", mp.besselk, "0 1 2 5/2", HALF, (0,), (700.0,)),
    *_each("spherical_jn", _jn, "0 1 2 7", LINE, (0,), (1e3, 0.0), _unit),
    *_each("spherical_yn", _yn, "0 1 2 7", LINE, (0,), (1e3,), _unit),
    Case("airyai(x)", mp.airyai, ((-30, 30),), (0,), (0.0, 100.0, -1e3), wave=_airy_wave),
    Case("airybi(x)", mp.airybi, ((-30, 30),), (0,), (0.0, 100.0, -1e3), wave=_airy_wave),
    Case(
        "airyaiprime(x)", lambda x: mp.airyai(x, derivative=1), ((-30, 30),), (0,),
        (0.0, 100.0, -1e3), wave=_airy_wave,
    ),
    Case(
        "airybiprime(x)", lambda x: mp.airybi(x, derivative=1), ((-30, 30),), (0,),
        (0.0, 100.0, -1e3), wave=_airy_wave,
    ),
    Case("LambertW(x)", mp.lambertw, ((-0.367, 9), POSITIVE), (-math.exp(-1), 0), (0.0, 1e100)),
    Case(
        "LambertW(x, -1)", lambda x: mp.lambertw(x, -1), ((-0.367, -1e-4),),
        (-math.exp(-1), 0), (-1e-100,),
    ),
    Case("zeta(x)", mp.zeta, ((1.1, 30), (-9, 0.9)), (1, 0), (-1.0, -2.0, -3.0, 300.0)),
    Case("zeta(3, x)", lambda x: mp.zeta(3, x), ((1e-2, 1e4),), (0,), (1e50,)),
    Case("zeta(5/2, x)", lambda x: mp.zeta(mpf(2.5), x), ((1e-2, 1e4),), (), (1e20,)),
    Case(
        "zetaderivative(1, x)", lambda x: mp.zeta(x, 1, 1), ((1.1, 9), (-4, 0.9)),
        (1,), (-1.0, -2.0),
    ),
    Case("zetaderivative(2, x)", lambda x: mp.zeta(x, 1, 2), ((1.1, 9), (-4, 0.9)), (1,)),
    Case("polylog(2, x)", lambda x: mp.polylog(2, x), ((-9, 1),), (0, 1), (0.0, -1e3)),
    Case("polylog(3, x)", lambda x: mp.polylog(3, x), ((-9, 1),), (0, 1), (0.0, -1e3)),
    Case("polylog(1/2, x)", lambda x: mp.polylog(mpf(0.5), x), ((-0.9, 0.9),), (0,), (0.0,)),
    Case("polylog(1, x)", lambda x: -mp.log1p(-x), ((-9, 1),), (0, 1), (0.0, -1e3)),
    Case(
        "polylog(-1, x)", lambda x: x / (1 - x) ** 2, ((-9, 1),),
        (0, 1), (0.0,),
    ),
    *_each("expint", _expint, "1 2 3/2 1/3 -1 5", HALF, (0,), (600.0,)),
    Case("E1(x)", mp.e1, (HALF,), (0,), (1e-100, 690.0)),
    Case("Ei(x)", mp.ei, (LINE,), (0, 0.37250741078136663), (1e-100, 700.0, -690.0)),
    Case("li(x)", mp.li, ((1e-3, 1e6),), (0, 1, 1.4513692348833811), (1e100,)),
    Case("Si(x)", mp.si, (LINE,), (0,), (1e4, -1e4, 0.0), wave=_unit),
    Case("Ci(x)", mp.ci, (HALF,), (0,), (1e-100, 1e4), wave=_unit),
    Case("Shi(x)", mp.shi, (LINE,), (0,), (700.0, -700.0, 0.0)),
    Case("Chi(x)", mp.chi, (HALF,), (0, 0.5238225713898644), (1e-100, 700.0)),
    Case("fresnels(x)", mp.fresnels, ((-30, 30),), (0,), (1000.3, 0.0)),
    Case("fresnelc(x)", mp.fresnelc, ((-30, 30),), (0,), (1000.3, 0.0)),
    Case("elliptic_k(x)", mp.ellipk, ((-9, 1), (-1e4, -1)), (0, 1), (0.0, -1e50)),
    Case("elliptic_e(x)", mp.ellipe, ((-9, 1), (-1e4, -1)), (0, 1), (0.0, -1e50)),
    *(
        case
        for n in ("2", "3", "10", "41", "200")
        for kind, polynomial in (
            ("legendre", mp.legendre), ("chebyshevt", mp.chebyt), ("chebyshevu", mp.chebyu),
        )
        for case in _each(
            kind, polynomial, n, (-3, 3), (0, 1, -1), (1e4, 1.0, 0.0, 0.625), _inside(int(n))
        )
    ),
    *_each("hermite", mp.hermite, "2 3 10 41 200", LINE, (0,), (1e4, 0.0, 0.7), _hermite_wave),
    *_each("hermite_prob", _he, "2 3 10 41 200", LINE, (0,), (1e4, 0.0, 0.7), _hermite_wave),
    *_each("laguerre", _l, "2 3 10 41 200", (-3, 30), (0,), (1e4, 0.0), _hermite_wave),
)  # fmt: skip


# The numbers that are right


@dataclass(frozen=True)
class Right:
    """Value, slopes and second derivatives; not ``real`` where the function is not."""

    real: bool
    value: Number = None
    slopes: tuple[Number, ...] = ()
    seconds: tuple[tuple[Number, ...], ...] = ()


STEP, LEAST, MOST = 30, 32, 960


def exact(reference: Callable[..., Number], point: Sequence[float]) -> Right:
    """Value and central differences over 1e-30 of the point, with digits until 32 are left."""
    digits = 4 * STEP
    while True:
        with mp.workdps(digits):
            found, left = _differences(reference, [mpf(x) for x in point])
        if left is None or left >= LEAST or digits >= MOST:
            return found
        digits *= 2


def _differences(
    reference: Callable[..., Number], point: list[Number]
) -> tuple[Right, float | None]:
    steps = [(abs(x) or 1) * mpf(10) ** -STEP for x in point]
    axes = range(len(point))

    def at(**moves: int) -> Number:
        return reference(*(x + moves.get(f"v{i}", 0) * steps[i] for i, x in enumerate(point)))

    middle = at()
    if isinstance(middle, mpmath.mpc):
        if middle.imag != 0:
            return Right(False), None
        middle = middle.real
    left = float(mp.dps)

    def kept(terms: Sequence[Number]) -> Number:
        """The sum of differences; how many digits it has is noted."""
        nonlocal left
        total, largest = mp.fsum(terms), max(map(abs, terms))
        lost = (mp.mag(largest) - mp.mag(total)) * math.log10(2) if total else mp.inf
        here = float(mp.dps - lost) if largest else float(mp.dps)
        left = min(left, here)
        return total if here > LEAST / 2 else mpf(0)

    slopes, seconds = [], [[mpf(0)] * len(point) for _ in axes]
    for i in axes:
        up, down = _real(at(**{f"v{i}": 1})), _real(at(**{f"v{i}": -1}))
        slopes.append(kept((up, -down)) / (2 * steps[i]))
        seconds[i][i] = kept((up, -2 * middle, down)) / steps[i] ** 2
        for j in range(i):
            corners = [
                a * b * _real(at(**{f"v{i}": a, f"v{j}": b})) for a, b in product((1, -1), repeat=2)
            ]
            seconds[i][j] = seconds[j][i] = kept(corners) / (4 * steps[i] * steps[j])
    return Right(True, middle, tuple(slopes), tuple(map(tuple, seconds))), left


def _real(number: Number) -> Number:
    return number.real if isinstance(number, mpmath.mpc) else number


# What hess gives


@functools.cache
def _evaluator(text: str) -> tuple[Any, Evaluator, Examiner]:
    formula = read_formula(text)
    return formula, Evaluator(formula, "float64", "cpu"), Examiner(formula)


def given(text: str, point: Sequence[float], verify: Verify) -> Answer:
    """The evaluation of ``text`` at exactly these doubles."""
    formula, evaluator, examiner = _evaluator(text)
    values = {
        name: Values((), (Fraction(x),)) for name, x in zip(formula.variables, point, strict=True)
    }
    place = Point(values, "")
    sums = evaluator(place)
    return settle(sums, place, examiner, (), verify).answer


def errors(case: Case, point: Sequence[float], found: Answer, right: Right) -> dict[str, float]:
    """The error of each number; relative to the exact one, or to the amplitude of a wave."""
    amplitude = [mpf(0)] * 3
    if case.wave is not None and point[0]:
        length = mpf(case.wave(point[0]))
        size = mp.hypot(right.value, right.slopes[0] * length)
        amplitude = [size, size / length, size / length**2]
    pairs = {"value": (found.value, right.value, amplitude[0])}
    for i, slope in enumerate(right.slopes):
        pairs[f"gradient[{i}]"] = (float(found.gradient[i]), slope, amplitude[1])
        for j, second in enumerate(right.seconds[i]):
            pairs[f"hessian[{i}][{j}]"] = (float(found.hessian[i, j]), second, amplitude[2])
    result = {}
    for name, (number, truth, least) in pairs.items():
        size = max(abs(truth), least)
        if abs(truth) < (mpf(10) ** -330 if all(point) else mpf(10) ** -20):
            result[name] = 0.0 if abs(number) <= 1e-16 * least else math.inf
        elif sys.float_info.min <= abs(truth) <= sys.float_info.max:
            result[name] = (
                float(abs(mpf(number) - truth) / size) if math.isfinite(number) else math.inf
            )
    return result


# Every function


Tried = tuple[Case, list[tuple[tuple[float, ...], Right]]]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.text)
def tried(request: pytest.FixtureRequest) -> Tried:
    """A case with its points and what is right there."""
    case: Case = request.param
    points = [*case.drawn(DRAWN), *case.special()]
    return case, [(point, exact(case.reference, point)) for point in points]


def test_every_function_is_tried() -> None:
    elsewhere = {BY_NAME[name].group for name in ("Sum", "sum", "det")}
    own = [function for function in FUNCTIONS if function.definition is None]
    names = {function.name for function in own if function.group not in elsewhere}
    assert {case.name for case in CASES} == names


# Those that are short for others: a formula in x, the same by mpmath, and places.
DEFINED: list[tuple[str, Callable[[Any], Any], tuple[float, ...]]] = [
    ("logit(x)", lambda x: mp.log(x / (1 - x)), (0.25, 0.75)),
    ("logsigmoid(x)", lambda x: -mp.log(1 + mp.exp(-x)), (-30.0, 0.0, 3.0)),
    ("exprel(x)", lambda x: mp.expm1(x) / x if x else mp.one, (-2.0, 0.5)),
    ("xlogy(x, 2)", lambda x: x * mp.log(2), (0.5,)),
    ("xlogy(2, x)", lambda x: 2 * mp.log(x), (0.5,)),
    ("xlog1py(2, x)", lambda x: 2 * mp.log1p(x), (0.5,)),
    ("entr(x)", lambda x: -x * mp.log(x), (0.5,)),
    ("silu(x)", lambda x: x / (1 + mp.exp(-x)), (-2.0, 1.0)),
    ("square(x)*reciprocal(x)*rsqrt(x)", lambda x: mp.sqrt(x), (2.0,)),
    ("clip(x, 0, 1)**2 + clamp(3*x, -1, 9)", lambda x: x**2 + 3 * x, (0.5,)),
    ("huber(1, x)", lambda x: x**2 / 2 if abs(x) < 1 else abs(x) - 0.5, (0.5, -2.0)),
    ("smoothstep(-1, 3, x)", lambda x: ((x + 1) / 4) ** 2 * (3 - (x + 1) / 2), (0.5,)),
    ("elu(x)", lambda x: x if x > 0 else mp.expm1(x), (-2.0, 0.5)),
    ("re(x)*conj(x) + im(x)", lambda x: x**2, (0.5,)),
    ("Phi(x)", mp.ncdf, (-5.0, 0.5)),
    ("log_ndtr(x)", lambda x: mp.log(mp.ncdf(x)), (-5.0, 0.5)),
    ("normpdf(x)", mp.npdf, (-5.0, 0.5)),
    ("gelu(x)", lambda x: x * mp.ncdf(x), (-2.0, 0.5)),
    ("betaln(x, 3)", lambda x: mp.log(mp.beta(x, 3)), (0.5, 7.0)),
    ("Heaviside(x, 1/2)*x", lambda x: x if x > 0 else mp.zero, (-2.0, 0.5)),
]


@pytest.mark.parametrize(("text", "reference", "places"), DEFINED, ids=[d[0] for d in DEFINED])
def test_what_is_short_for_others_is_what_they_are(
    text: str, reference: Callable[[Any], Any], places: tuple[float, ...]
) -> None:
    for x in places:
        answer = hesscli.formula(text).at(x=x)
        found = answer.value, answer.gradient[0], answer.hessian[0][0]
        with mp.workdps(40):
            right = [float(mp.diff(reference, mp.mpf(x), order)) for order in range(3)]
        assert found == pytest.approx(right, rel=1e-13, abs=1e-15)


def test_every_function_that_is_short_is_tried() -> None:
    short = {function.name for function in FUNCTIONS if function.definition is not None}
    assert short <= set(re.findall(r"\w+", " ".join(text for text, _, _ in DEFINED)))


@pytest.mark.slow
def test_verified_numbers_are_the_exact_ones(tried: Tried) -> None:
    case, points = tried
    for point, right in points:
        if right.real:
            found = given(case.text, point, Verify.always)
            assert _wrong(case, point, found, right, EXACT) == {}, point


@pytest.mark.slow
def test_torch_alone_gives_thirteen_digits(tried: Tried) -> None:
    case, points = tried
    tolerance = LOOSE[case.text][0] if case.text in LOOSE else KERNEL
    for point, right in points:
        if right.real:
            found = given(case.text, point, Verify.never)
            assert _wrong(case, point, found, right, tolerance) == {}, point


@pytest.mark.slow
def test_where_a_function_is_not_real_there_is_no_number_but_a_reason(tried: Tried) -> None:
    case, points = tried
    for point, right in points:
        if not right.real:
            for verify in (Verify.always, Verify.never):
                found = given(case.text, point, verify)
                assert math.isnan(found.value)
                assert all(map(math.isnan, (*found.gradient, *found.hessian.flat)))
                (undefined,) = found.undefined
                assert case.name in words(undefined.reason)


def _wrong(
    case: Case, point: Sequence[float], found: Answer, right: Right, tolerance: float
) -> dict[str, float]:
    """The numbers that are further from right than the tolerance."""
    return {k: e for k, e in errors(case, point, found, right).items() if not e <= tolerance}


# Functions of two arguments


@pytest.mark.parametrize(
    "text",
    [
        "besselj(x, y)", "bessely(x, y)", "besseli(x, y)", "besselk(x, y)", "lowergamma(x, y)",
        "uppergamma(x, y)", "gammainc(x, y)", "gammaincc(x, y)", "polylog(x, y)", "expint(x, y)",
        "zeta(x, y)",
    ],
)  # fmt: skip
def test_a_derivative_by_the_order_that_nobody_knows_is_refused(hess: Hess, text: str) -> None:
    result = hess(text, "--at", "x=2.5,y=0.5", "--json")
    assert result.status == 1
    assert result.json["error"]["code"] == "unsupported"
    assert f"`{text.partition('(')[0]}` by its first argument" in result.json["error"]["message"]


@pytest.mark.parametrize("text", ["besselj({}, x)", "expint({}, x)", "polylog({}, x)"])
def test_an_order_may_be_held_constant(hess: Hess, text: str) -> None:
    held = hess(text.format("n"), "--at", "x=0.75,n=3", "--wrt", "x", "--json").json
    written = hess(text.format(3), "--at", "0.75", "--json").json
    assert held["hessian"] == written["hessian"]


# Special points: value, slope and second derivative in closed form

SPECIAL: tuple[tuple[str, str, tuple[Number, Number, Number]], ...] = (
    ("besselj(0, x)", "0", (1, 0, -0.5)),
    ("besselj(1, x)", "0", (0, 0.5, 0)),
    ("besselj(2, x)", "0", (0, 0, 0.25)),
    ("besselj(5, x)", "0", (0, 0, 0)),
    ("besseli(0, x)", "0", (1, 0, 0.5)),
    ("spherical_jn(0, x)", "0", (1, 0, -mpf(1) / 3)),
    ("spherical_jn(1, x)", "0", (0, mpf(1) / 3, 0)),
    ("spherical_jn(2, x)", "0", (0, 0, mpf(2) / 15)),
    ("LambertW(x)", "0", (0, 1, -2)),
    ("LambertW(x)", "E", (1, mp.exp(-1) / 2, -3 * mp.exp(-2) / 8)),
    ("airyai(x)", "0", (mp.airyai(0), mp.airyai(0, derivative=1), 0)),
    ("airybi(x)", "0", (mp.airybi(0), mp.airybi(0, derivative=1), 0)),
    ("zeta(x)", "0", (-0.5, -mp.log(2 * mp.pi) / 2, mp.zeta(0, 1, 2))),
    ("zeta(x)", "-2", (0, -mp.zeta(3) / (4 * mp.pi**2), mp.zeta(-2, 1, 2))),
    ("zeta(x)", "-1", (-mpf(1) / 12, mp.zeta(-1, 1, 1), mp.zeta(-1, 1, 2))),
    ("binomial(x, 2)", "0", (0, -0.5, 1)),
    ("binomial(x, 2)", "1", (0, 0.5, 1)),
    ("gamma(x)", "1", (1, -mp.euler, mp.euler**2 + mp.pi**2 / 6)),
    ("digamma(x)", "1", (-mp.euler, mp.pi**2 / 6, -2 * mp.zeta(3))),
    ("polygamma(1, x)", "-1/2", (mp.pi**2 / 2 + 4, 16 - 14 * mp.zeta(3), mp.pi**4 + 96)),
    ("polylog(2, x)", "0", (0, 1, 0.5)),
    ("elliptic_k(x)", "0", (mp.pi / 2, mp.pi / 8, 9 * mp.pi / 64)),
    ("elliptic_e(x)", "0", (mp.pi / 2, -mp.pi / 8, -3 * mp.pi / 64)),
    ("sinc(x)", "0", (1, 0, -mpf(1) / 3)),
    ("Shi(x)", "0", (0, 1, 0)),
    ("legendre(41, x)", "1", (1, 861, 370230)),
    ("chebyshevt(200, x)", "1", (1, 40000, 533320000)),
    ("lowergamma(12, x)", "1e-8", (mpf("8.3333332564102602564e-98"), None, None)),
)  # fmt: skip


@pytest.mark.parametrize(("text", "at", "right"), SPECIAL)
@pytest.mark.parametrize("verify", ["always", "never"])
def test_special_points_have_their_closed_forms(
    hess: Hess, text: str, at: str, right: tuple[Number, Number, Number], verify: str
) -> None:
    answer = hess(text, "--at", at, "--verify", verify, "--json").json
    found = (answer["value"], answer["gradient"][0], answer["hessian"][0][0])
    for number, truth in zip(found, right, strict=True):
        if truth is not None:
            assert number == pytest.approx(float(truth), rel=1e-14, abs=1e-300)


def test_terms_that_cancel_to_the_last_digit_leave_their_true_sum(hess: Hess) -> None:
    # With 50 digits and with 120, SymPy calls it the whole number 0.
    answer = hess("sqrt(x**2 + 1e-120) - x", "--at", "1", "--json").json
    assert answer["value"] == 5e-121
    assert answer["gradient"] == [-5e-121]
    assert answer["hessian"] == [[1e-120]]


# Tensors

# One for each way in which a kernel is made: torch's own, by a rule, by a rule of two arguments,
# of SciPy's values, of mpmath's, with as many digits as it takes.
KERNELS = (
    "sin(x*y)", "tanh(x*y)", "hypot(x, y)", "besselj(2, x*y)", "zeta(3, x*y)", "beta(x, y)",
    "legendre(9, x*y)",
)  # fmt: skip
TENSORS = {
    "a matrix and a row": ("[[0.5,1.25],[2.5,3]]", "[0.75,1.5]"),
    "a column and a row": ("[[0.5],[2.5]]", "[0.75,1.5]"),
    "a matrix and a number": ("[[0.5,1.25],[2.5,3]]", "0.75"),
}


@pytest.mark.parametrize("vectorized", [False, True])
@pytest.mark.parametrize("shapes", TENSORS)
@pytest.mark.parametrize("text", KERNELS)
def test_a_kernel_broadcasts_as_one_number_after_the_other(
    monkeypatch: pytest.MonkeyPatch, text: str, shapes: str, vectorized: bool
) -> None:
    # Whether rows are taken all at once goes by the time that one after the other takes.
    monkeypatch.setattr(autograd, "SECONDS_PER_STEP", 1e3 if vectorized else 0)
    assignment = read_assignment("x={},y={}".format(*TENSORS[shapes]))
    formula, evaluator, examiner = _evaluator(text)
    (place,) = bind([assignment], formula)
    sums = evaluator(place)
    found = settle(sums, place, examiner, (), Verify.never).answer

    shape = sums.shape
    rows = {
        v.name: np.broadcast_to(np.arange(v.size).reshape(v.shape), shape).ravel()
        for v in sums.variables
    }
    rows["y"] = rows["y"] + sums.variables[0].size
    numbers = np.concatenate([sums.numbers["x"], sums.numbers["y"]])
    value, gradient, hessian = 0.0, np.zeros(len(numbers)), np.zeros((len(numbers),) * 2)
    for own in zip(rows["x"], rows["y"], strict=True):
        one = given(text, [float(numbers[row]) for row in own], Verify.never)
        value += one.value
        np.add.at(gradient, list(own), one.gradient)
        np.add.at(hessian, np.ix_(own, own), one.hessian)
    assert found.value == pytest.approx(value, rel=1e-14)
    np.testing.assert_allclose(found.gradient, gradient, rtol=1e-13)
    np.testing.assert_allclose(found.hessian, hessian, rtol=1e-13)


# Forms that floating point can compute, in place of those that it cannot

REWRITTEN = (
    "exp(x) - 1", "3*exp(x*y) - 3", "2 - 2*cos(x)", "y*(cos(3*x) - 1)", "(1 - cos(x))/x**2",
    "log(1 + exp(x))", "log(2 + 3*exp(x))", "log(exp(x) + exp(y))", "log(cosh(x*y))", "log(1 + x)",
    "log(exp(x) + 2*exp(y) + 5)", "1/(1 + exp(-x))", "1/(1 + exp(x*y))**3", "exp(x)/(1 + exp(x))",
    "exp(-x)/(1 + exp(-x))", "sin(x)/x", "sin(3*x)**2/x**3", "sin(x*y)/(x*y)",
    "sqrt(x**2 + y**2)", "(x**2 + y**2)**(-3/2)", "sqrt((x - 1)**2 + y**2 + sin(x)**2)",
)  # fmt: skip


@pytest.mark.parametrize("text", REWRITTEN)
def test_a_stable_form_is_equal_to_what_it_replaces(text: str) -> None:
    expression = read_formula(text).expression
    rewritten = stable(expression)
    assert rewritten != expression
    dice = random.Random(text)
    for _ in range(20):
        place = {
            symbol(name): sympy.Float(dice.choice((1, -1)) * dice.uniform(0.01, 3), 60)
            for name in "xy"
        }
        if text == "log(1 + x)":
            place[symbol("x")] = abs(place[symbol("x")])
        before, after = (e.xreplace(place).evalf(40) for e in (expression, rewritten))
        assert abs(before - after) <= sympy.Float("1e-30") * abs(before)


STABLE = (
    Case("log(1 + exp(x))", lambda x: mp.log1p(mp.exp(x)), (), (), (1000.0, -800.0, 700.0)),
    Case("log(cosh(x))", lambda x: mp.log(mp.cosh(x)), (), (), (800.0, 1e-8, 300.0)),
    Case("x*(exp(x) - 1)", lambda x: x * mp.expm1(x), (), (), (1e-8, -1e-8, 300.0)),
    Case("(1 - cos(x))/x**2", lambda x: (1 - mp.cos(x)) / x**2, (), (), (1e-8, 1e-3)),
    Case("sin(x)/x", lambda x: mp.sin(x) / x, (), (), (1e-9, 1e-3)),
    Case("1/(1 + exp(-x))", lambda x: 1 / (1 + mp.exp(-x)), (), (), (-800.0, 700.0, -700.0)),
    Case("exp(x)/(1 + exp(x))", lambda x: 1 / (1 + mp.exp(-x)), (), (), (800.0, -700.0, 700.0)),
    Case(
        "log(exp(x) + exp(y))", lambda x, y: mp.log(mp.exp(x) + mp.exp(y)), (), (),
        ((1000, 999), (-800, -801.5)),
    ),
    Case("sqrt(x**2 + y**2)", mp.hypot, (), (), ((1e200, 1e200), (1e-150, 3e-150))),
)  # fmt: skip


@pytest.mark.parametrize("case", STABLE, ids=lambda case: case.text)
def test_torch_alone_gives_ten_digits_of_a_formula_that_is_unstable_as_typed(case: Case) -> None:
    for point in case.special():
        found = given(case.text, point, Verify.never)
        assert _wrong(case, point, found, exact(case.reference, point), 1e-10) == {}, point
