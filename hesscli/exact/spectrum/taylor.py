"""A formula at an exact point → its Taylor polynomial, in exact or enclosed coefficients.

Polynomials in all variables, cut at a total degree, go through the formula's operations; a function
of one argument is composed with its own series, which FLINT knows. A coefficient is an ``fmpq``
where it is rational by exact arithmetic, and else a ball.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy
from flint import arb, arb_series, fmpq, fmpq_series

from hesscli.balls.expressions import CONSTANTS
from hesscli.exact.limits.germs import REWRITTEN
from hesscli.exact.spectrum.eigenvalues import Number, Work
from hesscli.functions.balls.enclosure import cut, is_zero, whole_power
from hesscli.functions.balls.rationals import from_sympy, to_sympy
from hesscli.types import Expr

Monomial = tuple[int, ...]
Series = dict[Monomial, Number]  # without those that are exactly 0

PRECISION = 128  # of the balls
# The functions of which FLINT has the series: in rationals at 0, or at 1 for the logarithm.
UNIVARIATE = {
    sympy.exp: "exp", sympy.log: "log", sympy.sin: "sin", sympy.cos: "cos", sympy.tan: "tan",
    sympy.sinh: "sinh", sympy.cosh: "cosh", sympy.tanh: "tanh", sympy.atan: "atan",
    sympy.asin: "asin", sympy.asinh: "asinh", sympy.atanh: "atanh", sympy.acos: "acos",
    sympy.erf: "erf", sympy.erfc: "erfc", sympy.erfi: "erfi", sympy.gamma: "gamma",
    sympy.loggamma: "lgamma",
}  # fmt: skip
# Those that are others in disguise.
DISGUISED = ("expm1", "log1p", "hypot", "sigmoid", "softplus", "logcosh", "logsumexp")
PIECEWISE = (sympy.Abs, sympy.sign, sympy.Max, sympy.Min, sympy.Piecewise, sympy.floor)


class NoSeriesError(Exception):
    """The formula is not known to be analytic at the point, or the series costs too much."""


class Taylor:
    """The series of formulas in new coordinates, in which the point is 0.

    ``places`` gives each symbol as a series, a number where it is no variable. Monomials are the
    exponents of ``order`` coordinates, up to a total of ``degree``. Each product of coefficients is
    counted by ``work``.
    """

    def __init__(self, places: Mapping[Expr, Series], order: int, degree: int, work: Work) -> None:
        self.places, self.order, self.degree, self.work = places, order, degree, work
        self.one: Monomial = (0,) * order
        self._known: dict[Expr, Series] = {}

    def of(self, e: Expr) -> Series:
        """The series of ``e``. Raises :class:`NoSeriesError`."""
        if e not in self._known:
            self._known[e] = self._of(e)
        return self._known[e]

    def _of(self, e: Expr) -> Series:
        if e.is_Symbol and e in self.places:
            return self.places[e]
        if e.is_Rational:
            return self.number(from_sympy(e))
        name = type(e).__name__
        if name in CONSTANTS:
            return self.number(CONSTANTS[name]())
        if e.is_Add:
            return added([self.of(arg) for arg in e.args])
        if e.is_Mul:
            product = self.number(fmpq(1))
            for arg in e.args:
                product = self.product(product, self.of(arg))
            return product
        if e.is_Pow:
            return self._power(e.base, e.exp)
        if name in DISGUISED:
            return self.of(REWRITTEN[name](*e.args))
        if isinstance(e, (sympy.Abs, sympy.sign, sympy.Max, sympy.Min)):
            return self._piece(e)
        if e.func in UNIVARIATE and len(e.args) == 1:
            return self._composed(e)
        raise NoSeriesError

    def number(self, value: Number) -> Series:
        """The series of a constant."""
        if not isinstance(value, fmpq) and not value.is_finite():
            raise NoSeriesError
        return {} if value == 0 else {self.one: value}

    def product(self, a: Series, b: Series) -> Series:
        """The product of two series, cut."""
        found: Series = {}
        by_degree = sorted(((sum(m), m, c) for m, c in b.items()), key=lambda term: term[0])
        for monomial, coefficient in a.items():
            if not self.work.allows(1):
                raise NoSeriesError
            left, used = self.degree - sum(monomial), 1
            for degree, other, factor in by_degree:
                if degree > left:
                    break
                used += 1
                key = tuple(map(int.__add__, monomial, other))
                term = coefficient * factor
                found[key] = found[key] + term if key in found else term
            self.work.spend(used)
        return _without_zeros(found)

    def composed(self, coefficients: Sequence[Number], inner: Series) -> Series:
        """The series with these coefficients of one that is 0 at the point."""
        least = min((sum(m) for m in inner), default=self.degree + 1)
        found: Series = {}
        for coefficient in reversed(coefficients[: self.degree // max(least, 1) + 1]):
            found = added([self.product(found, inner), self.number(coefficient)])
        return found

    def _parted(self, series: Series) -> tuple[Number, Series]:
        """The value at the point, and the rest."""
        rest = {m: c for m, c in series.items() if m != self.one}
        return series.get(self.one, fmpq(0)), rest

    def _power(self, base: Expr, exponent: Expr) -> Series:
        if not exponent.is_Rational:
            return self.of(sympy.exp(exponent * sympy.log(base), evaluate=False))
        value, rest = self._parted(self.of(base))
        if exponent.is_Integer and exponent >= 0:
            return self._whole_power(self.of(base), int(exponent))
        positive = value > 0
        if not positive and not (value < 0 and exponent.is_Integer):
            raise NoSeriesError
        inner = {m: c / value for m, c in rest.items()}
        power = from_sympy(exponent)
        coefficients: list[Number] = [_raised(value, exponent)]
        for k in range(self.degree):
            coefficients.append(coefficients[-1] * ((power - k) / (k + 1)))
        return self.composed(coefficients, inner)

    def _whole_power(self, base: Series, exponent: int) -> Series:
        if base and min(sum(m) for m in base) * exponent > self.degree:
            return {}
        found = self.number(fmpq(1))
        for bit in bin(exponent)[2:]:
            found = self.product(found, found)
            if bit == "1":
                found = self.product(found, base)
        return found

    def _piece(self, e: Expr) -> Series:
        """A function of pieces, away from where they meet."""
        if isinstance(e, (sympy.Abs, sympy.sign)):
            inner = self.of(e.args[0])
            value = inner.get(self.one, fmpq(0))
            if not (value > 0 or value < 0):
                raise NoSeriesError
            sign = fmpq(1 if value > 0 else -1)
            if isinstance(e, sympy.sign):
                return self.number(sign)
            return {m: sign * c for m, c in inner.items()}
        parts = [self.of(arg) for arg in e.args]
        values = [part.get(self.one, fmpq(0)) for part in parts]
        towards = 1 if isinstance(e, sympy.Max) else -1
        for part, value in zip(parts, values, strict=True):
            if all(
                (value - v) * towards > 0 or p is part for p, v in zip(parts, values, strict=True)
            ):
                return part
        raise NoSeriesError

    def _composed(self, e: Expr) -> Series:
        value, rest = self._parted(self.of(e.args[0]))
        coefficients = _univariate(UNIVARIATE[e.func], value, self.degree)
        if coefficients is not None:
            return self.composed(coefficients, rest)
        if e.has(*PIECEWISE):
            raise NoSeriesError
        for way in (sympy.exp, sympy.log):
            other = e.rewrite(way)
            if other != e and not other.has(sympy.I):
                return self.of(other)
        raise NoSeriesError


def added(series: Sequence[Series]) -> Series:
    """The sum of series."""
    found: Series = {}
    for one in series:
        for monomial, coefficient in one.items():
            found[monomial] = found[monomial] + coefficient if monomial in found else coefficient
    return _without_zeros(found)


def _without_zeros(series: Series) -> Series:
    return {m: c for m, c in series.items() if not is_zero(c)}


def _raised(value: Number, exponent: Expr) -> Number:
    """A power of a number, rational where it can be."""
    if isinstance(value, fmpq):
        power = to_sympy(value) ** exponent
        if power.is_Rational:
            return from_sympy(power)
    if exponent.is_Integer:
        raised: Number = whole_power(value, int(exponent))
        return raised
    return arb(value) ** arb(from_sympy(exponent))


def _univariate(name: str, value: Number, degree: int) -> list[Number] | None:
    """The Taylor coefficients of a function; None where FLINT has no series of it."""
    with cut(degree + 1):
        regular = value == 1 if name == "log" else value == 0
        if isinstance(value, fmpq) and regular and hasattr(fmpq_series, name):
            found = getattr(fmpq_series([value, 1]), name)().coeffs()
            return [*found, *([fmpq(0)] * (degree + 1 - len(found)))]
        if not hasattr(arb_series, name):
            return None
        enclosed = getattr(arb_series([arb(value), 1]), name)().coeffs()
        if not all(c.is_finite() for c in enclosed):
            raise NoSeriesError
        return [*enclosed, *([fmpq(0)] * (degree + 1 - len(enclosed)))]


def rational(value: Expr) -> fmpq | None:
    """A rational number as FLINT's; None if it is none."""
    return from_sympy(value) if value.is_Rational else None
