"""A formula near a point as a sum of terms Π |Pₖ|^sₖ·sgn(Pₖ)^εₖ · (a series that is not 0 there).

The Pₖ are irreducible polynomials, or series, that are 0 at the point. What cancels, cancels in
them: ``sin(x*y)`` is x·y times a series, so that in ``sin(x*y)/(x*y)`` nothing else is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import sympy

from hesscli.exact.limits.constants import UndecidedError, sign, vanishes
from hesscli.exact.limits.divisors import linear_divisors, quotient
from hesscli.exact.limits.inner import inner_quantity
from hesscli.exact.limits.series import MAX_TERMS, Exponents, Series, TooLargeError, product_of
from hesscli.exact.limits.zerosets import factors, kind
from hesscli.exact.numbers import enclosed
from hesscli.exact.remembered import remembered
from hesscli.functions import symbolic as special
from hesscli.types import Expr

# What each function is in those whose series are known.
REWRITTEN: dict[str, Callable[..., Expr]] = {
    "tan": lambda u: sympy.sin(u) / sympy.cos(u),
    "cot": lambda u: sympy.cos(u) / sympy.sin(u),
    "sec": lambda u: 1 / sympy.cos(u),
    "csc": lambda u: 1 / sympy.sin(u),
    "tanh": lambda u: sympy.sinh(u) / sympy.cosh(u),
    "coth": lambda u: sympy.cosh(u) / sympy.sinh(u),
    "sech": lambda u: 1 / sympy.cosh(u),
    "csch": lambda u: 1 / sympy.sinh(u),
    "sinc": lambda u: sympy.sin(u) / u,
    "cbrt": lambda u: sympy.sign(u) * sympy.Abs(u) ** sympy.Rational(1, 3),
    "log2": lambda u: sympy.log(u) / sympy.log(2),
    "log10": lambda u: sympy.log(u) / sympy.log(10),
    "log1p": lambda u: sympy.log(1 + u),
    "expm1": lambda u: sympy.exp(u) - 1,
    "hypot": lambda *us: sympy.sqrt(sympy.Add(*(u**2 for u in us))),
    "sigmoid": special.sigmoid.composed,
    "softplus": special.softplus.composed,
    "logcosh": special.logcosh.composed,
    "logsumexp": special.logsumexp.composed,
}
# The functions whose derivatives recur, and after how many.
CYCLES = {"exp": 1, "sin": 4, "cos": 4, "sinh": 2, "cosh": 2}
# Those whose series are the integrals of their derivatives', which are singular where they are.
# Not floor and acot, whose derivatives do not tell where they jump.
INTEGRALS = (
    "log", "asin", "acos", "atan", "asinh", "acosh", "atanh", "erf", "erfc", "erfi",
    "Si", "Shi", "fresnels", "fresnelc",
)  # fmt: skip
MAX_DEPTH = 3
MAX_SUM = 12  # terms of a sum to a power
MAX_POWER = 200


class UnknownKindError(ArithmeticError):
    """The formula has a part that is no such sum at the point."""


@dataclass(frozen=True)
class Term:
    """One term: each factor's exponent and the parity of its sign, and the unit ``rest``.

    The sign of a factor that is positive around the point has parity 0.
    """

    factors: Mapping[Series, tuple[Expr, int]]
    rest: Series

    def is_smooth_in(self, factor: Series) -> bool:
        """Whether this power of the factor is analytic."""
        exponent, parity = self.factors.get(factor, (sympy.S.Zero, 0))
        if not exponent.is_Integer or exponent < 0:
            return False
        return (exponent - parity) % 2 == 0 or kind(factor) == "isolated"

    @property
    def singular(self) -> frozenset[Series]:
        """The factors whose power is not analytic."""
        return frozenset(f for f in self.factors if not self.is_smooth_in(f))


class Germs:
    """Writes formulas so, in ``variables`` about ``point``; series are known below ``order``."""

    def __init__(
        self, variables: Sequence[Expr], point: Mapping[Expr, Expr], order: int, depth: int = 0
    ) -> None:
        self.variables = tuple(variables)
        self.size = len(self.variables)
        self.point = point
        self.order = order
        self.depth = depth

    # Terms

    def constant(self, number: Expr) -> Series:
        """A series that is a number."""
        return Series.constant(self.size, number)

    @remembered
    def normal(self, series: Series) -> Term:
        """A series with what makes it 0 at the point as factors."""
        if not series.terms:
            raise UndecidedError(f"order {series.order}")
        if not series.is_exact:
            return self._truncated(series)
        number, parts = factors(series)
        rest, found = self.constant(number), {}
        for factor, power in parts:
            if vanishes(factor.at_zero):
                oriented, side = self._oriented(factor)
                found[oriented] = (sympy.Integer(power), self._parity(oriented, power))
                rest = rest.scaled(side**power)
            else:
                rest = rest.times(factor.power(power, self.order), self.order)
        return Term(found, rest)

    def _truncated(self, series: Series) -> Term:
        if not vanishes(series.at_zero):
            return Term({}, series)
        if self.size == 1:
            power = int(series.valuation)
            terms: dict[Exponents, Expr] = {(k - power,): c for (k,), c in series.terms.items()}
            factor = Series.variable(1, 0)
            rest = Series(1, terms, series.order - power)
            return Term({factor: (sympy.Integer(power), power % 2)}, rest)
        factor, side = self._oriented(series)
        return Term({factor: (sympy.S.One, self._parity(factor, 1))}, self.constant(side))

    def _oriented(self, factor: Series) -> tuple[Series, Expr]:
        """The factor or its negative, whichever is positive around the point if one is."""
        if kind(factor) != "isolated":
            return factor, sympy.S.One
        axis = min(factor.depends)
        pure = min((p for p in factor.terms if sum(p) == p[axis]), key=lambda p: p[axis])
        side = sympy.Integer(sign(factor.terms[pure]))
        return factor.scaled(side), side

    def _parity(self, factor: Series, power: int) -> int:
        return 0 if kind(factor) == "isolated" else power % 2

    def product(self, a: Term, b: Term) -> Term:
        """The product of two terms."""
        found = dict(a.factors)
        for factor, (exponent, parity) in b.factors.items():
            before = found.get(factor, (sympy.S.Zero, 0))
            found[factor] = (exponent + before[0], parity ^ before[1])
        kept = {f: power for f, power in found.items() if power != (0, 0)}
        return Term(kept, a.rest.times(b.rest, self.order))

    def expanded(self, term: Term, without: Iterable[Series] = ()) -> Series:
        """The series of a term's analytic factors and its rest."""
        powers = {f: int(s) for f, (s, _) in term.factors.items() if f not in without}
        # What is multiplied by a power of degree m is known to m degrees more.
        limit = self.order + sum(f.valuation * power for f, power in powers.items())
        result = term.rest
        for factor, power in powers.items():
            result = result.times(factor.power(power, limit), limit)
        return result

    def raised(self, term: Term, exponent: Expr) -> Term:
        """A term to a rational power."""
        whole = exponent.is_Integer
        if abs(exponent) > MAX_POWER:
            raise UnknownKindError
        if not whole and (
            any(parity for _, parity in term.factors.values()) or sign(term.rest.at_zero) < 0
        ):
            raise UnknownKindError  # not real on one side
        found = {
            factor: (power * exponent, parity * int(exponent) % 2 if whole else 0)
            for factor, (power, parity) in term.factors.items()
        }
        return Term(found, term.rest.raised(exponent, self.order))

    def added(self, terms: Sequence[Term], merge: bool = False) -> list[Term]:
        """The sum, in which terms with a singular factor in common are one, if they can be."""
        done: list[Term] = []
        waiting = list(terms)
        while waiting:
            term = waiting.pop()
            for other in done:
                if self._alike(term, other, merge):
                    done.remove(other)
                    waiting += self._joined(term, other)
                    break
            else:
                done.append(term)
        return done

    def _alike(self, a: Term, b: Term, merge: bool) -> bool:
        shared = a.singular & b.singular
        if not merge and not shared and (a.singular or b.singular):
            return False
        for factor in {*a.factors, *b.factors}:
            (s, p), (t, q) = (x.factors.get(factor, (sympy.S.Zero, 0)) for x in (a, b))
            even = (s - t - p + q) % 2 == 0 or kind(factor) == "isolated"
            if not (s - t).is_Integer or not even:
                return False
        return True

    def _joined(self, a: Term, b: Term) -> list[Term]:
        common = {}
        for factor in {*a.factors, *b.factors}:
            powers = [term.factors.get(factor, (sympy.S.Zero, 0)) for term in (a, b)]
            common[factor] = min(powers, key=lambda power: power[0])
        total = self.constant(sympy.S.Zero)
        for term in (a, b):
            part = term.rest
            for factor, (exponent, _) in common.items():
                more = int(term.factors.get(factor, (sympy.S.Zero, 0))[0] - exponent)
                part = part.times(factor.power(more, self.order), self.order)
            total += part
        if total.is_exact and not total.terms:
            return []
        outside = {f: power for f, power in common.items() if power != (0, 0)}
        return [self.product(Term(outside, self.constant(sympy.S.One)), self.normal(total))]

    # Formulas

    @remembered
    def terms(self, expression: Expr) -> list[Term]:
        """The formula's terms; none for 0. Raises :class:`UnknownKindError` and others."""
        polynomial = self.polynomial(expression)
        if polynomial is not None:
            return [self.normal(polynomial)] if polynomial.terms else []
        if expression.is_Add or expression.is_Mul:
            lifted = self._by_inner_quantity(expression)
            if lifted is not None:
                return lifted
        if expression.is_Add:
            terms = self.added([t for part in expression.args for t in self.terms(part)])
            return [self._divided(expression, terms[0])] if len(terms) == 1 else terms
        if expression.is_Mul:
            result = [Term({}, self.constant(sympy.S.One))]
            for part in expression.args:
                result = self._multiplied(result, self.terms(part))
            return result
        if expression.is_Pow:
            return self._power(expression.base, expression.exp)
        return self._function(expression)

    def _divided(self, expression: Expr, term: Term) -> Term:
        """The term of a sum, with the linear factors of a series that is 0 at the point."""
        if self.size == 1 or term.singular or all(f.is_exact for f in term.factors):
            return term
        forms = linear_divisors(expression, self.variables, self.point)
        series = self.expanded(term)
        result = Term({}, self.constant(sympy.S.One))
        for form in forms:
            series = quotient(series, form)
            result = self.product(result, self.normal(form))
        return self.product(result, self.normal(series)) if forms else term

    @remembered
    def polynomial(self, expression: Expr) -> Series | None:
        """The formula as a polynomial, if it is written as one that is not too long."""
        if not expression.free_symbols.intersection(self.variables):
            if expression.is_Rational:
                return self.constant(expression)
            number = expression.xreplace(dict(self.point))
            if not number.is_Rational and enclosed(number, 128) is None:
                raise UnknownKindError(str(number))
            return self.constant(number)
        if expression.is_Symbol:
            index = self.variables.index(expression)
            return Series.variable(self.size, index) + self.constant(self.point[expression])
        natural = expression.is_Pow and expression.exp.is_Integer and expression.exp > 0
        if not (expression.is_Add or expression.is_Mul or natural):
            return None
        parts = [self.polynomial(p) for p in expression.args[: 1 if natural else None]]
        if any(part is None for part in parts):
            return None
        known: list[Series] = [part for part in parts if part is not None]
        if natural:
            return self._short(lambda: known[0].power(int(expression.exp), inf), expression.exp)
        if expression.is_Add:
            return sum(known[1:], known[0])
        return self._short(lambda: product_of(known, self.size), len(known))

    def _short(self, build: Callable[[], Series], power: int) -> Series | None:
        if power > MAX_POWER:
            raise UnknownKindError
        try:
            result = build()
        except TooLargeError:
            return None
        return result if len(result.terms) <= MAX_TERMS else None

    def _multiplied(self, a: list[Term], b: list[Term]) -> list[Term]:
        if len(a) * len(b) > MAX_SUM**2:
            raise TooLargeError
        return self.added([self.product(s, t) for s in a for t in b])

    def _power(self, base: Expr, exponent: Expr) -> list[Term]:
        if exponent.free_symbols.intersection(self.variables):
            logarithm = self.composed("log", self.analytic(base))
            product = logarithm.times(self.analytic(exponent), self.order)
            return [self.normal(self.composed("exp", product))]
        exponent = exponent.xreplace(dict(self.point))
        if not exponent.is_Rational:
            raise UnknownKindError(str(exponent))
        terms = self.terms(base)
        if not terms and exponent <= 0:
            raise UnknownKindError("0 to a power")
        if len(terms) > 1 and exponent.is_Integer and 0 < exponent <= MAX_SUM:
            result = terms
            for _ in range(int(exponent) - 1):
                result = self._multiplied(result, terms)
            return result
        return [self.raised(term, exponent) for term in self._single(terms)]

    def _single(self, terms: list[Term]) -> list[Term]:
        """The terms as one, or none."""
        if len(terms) > 1:
            terms = self.added(terms, merge=True)
        if len(terms) > 1:
            raise UnknownKindError
        return terms

    def analytic(self, expression: Expr) -> Series:
        """The power series of a formula that has one."""
        total = self.constant(sympy.S.Zero)
        for term in self._single(self.terms(expression)):
            if term.singular:
                raise UnknownKindError
            total += self.expanded(term)
        return total

    def _function(self, expression: Expr) -> list[Term]:
        name = type(expression).__name__
        arguments = expression.args
        if name in ("Abs", "sign"):
            return [self._sized(t, name) for t in self._single(self.terms(arguments[0]))]
        if name in ("Max", "Min") and len(arguments) == 2:
            a, b = arguments
            side = 1 if name == "Max" else -1
            return self.terms((a + b + side * sympy.Abs(a - b)) / 2)
        if name in REWRITTEN:
            return self.terms(REWRITTEN[name](*arguments))
        if len(arguments) != 1 or not expression.is_Function:
            raise UnknownKindError(name)
        terms = self._single(self.terms(arguments[0]))
        if name in CYCLES and terms and terms[0].singular:
            return self._of_root(expression.func, terms[0])
        inner = self.analytic(arguments[0])
        if name == "gamma" and inner.at_zero.is_Integer:
            return self._gamma(inner)
        return self._composed_terms(expression.func, inner)

    def _of_root(self, func: Any, term: Term) -> list[Term]:
        """A function of v where v² is analytic and 0, such as a distance: A(v²) + v·B(v²)."""
        square = self.product(term, term)
        if square.singular or not all(exponent > 0 for exponent, _ in square.factors.values()):
            raise UnknownKindError
        inner = self.expanded(square)
        coefficients = self._taylor(func, sympy.S.Zero)
        found = []
        for first in (0, 1):
            part = coefficients[first::2]
            if any(part):  # sin is odd and cos is even: the rest of the cycle is 0 as well
                unit = Term({}, inner.composed(part, self.order))
                found.append(self.product(term, unit) if first else unit)
        return self.added(found)

    def _gamma(self, inner: Series) -> list[Term]:
        """The gamma function about a whole number, a pole or not.

        By Γ(z + 1) = z·Γ(z) from log Γ(1 + w) = -γ·w + Σ ζ(k)·(-w)ᵏ/k (DLMF 5.5.1, 5.7.3).
        """
        start = int(inner.at_zero)
        if abs(start) > MAX_SUM:
            raise UnknownKindError
        change = inner - self.constant(inner.at_zero)
        if not change.terms and change.is_exact:
            raise UnknownKindError
        later = [sympy.zeta(k) * (-1) ** k / k for k in range(2, self.order)]
        logarithm = change.composed([sympy.S.Zero, -sympy.EulerGamma, *later], self.order)
        result = Term({}, self.composed("exp", logarithm))
        side = 1 if start > 0 else -1
        for j in range(1, start) if start > 0 else range(start, 1):
            factor = self.normal(change + self.constant(sympy.Integer(j)))
            result = self.product(result, self.raised(factor, sympy.Integer(side)))
        return [result]

    def _sized(self, term: Term, name: str) -> Term:
        """The absolute value of a term, or its sign."""
        side = sympy.Integer(sign(term.rest.at_zero))
        if name == "Abs":
            positive = {f: (exponent, 0) for f, (exponent, _) in term.factors.items() if exponent}
            return Term(positive, term.rest.scaled(side))
        signs = {f: (sympy.S.Zero, 1) for f, (_, parity) in term.factors.items() if parity}
        return Term(signs, self.constant(side))

    def _composed_terms(self, func: Any, inner: Series) -> list[Term]:
        """A function of a series; where its value is 0, the order of that zero as factors."""
        start = inner.at_zero
        change = inner - self.constant(start)
        if change.is_exact and not change.terms:
            return [self.normal(self.constant(func(start)))]
        coefficients = self._taylor(func, start)
        zeros = next((k for k, c in enumerate(coefficients) if not vanishes(c)), None)
        if zeros is None:
            raise UndecidedError(str(func))
        unit = Term({}, change.composed(coefficients[zeros:], self.order))
        if not zeros:
            return [unit]
        return [self.product(self.raised(self.normal(change), sympy.Integer(zeros)), unit)]

    def composed(self, name: str, inner: Series) -> Series:
        """A function of a series, as a series."""
        start = inner.at_zero
        coefficients = self._taylor(getattr(sympy, name), start)
        return (inner - self.constant(start)).composed(coefficients, self.order)

    @remembered
    def _taylor(self, func: Any, start: Expr) -> list[Expr]:
        """The Taylor coefficients of a function of one variable, as many as the order."""
        first = func(start)
        if first.free_symbols or (not first.is_Rational and enclosed(first, 128) is None):
            raise UnknownKindError(f"{func}({start})")
        name = getattr(func, "__name__", "")
        if name in CYCLES:
            t = sympy.Dummy()
            cycle = [func(t).diff(t, k).subs(t, start) for k in range(CYCLES[name])]
            return [cycle[k % len(cycle)] / sympy.factorial(k) for k in range(self.order)]
        if self.depth >= MAX_DEPTH or name not in INTEGRALS:
            raise UnknownKindError(name)
        t = sympy.Symbol("t", real=True)
        inner = Germs((t,), {t: start}, self.order - 1, self.depth + 1)
        slopes = inner.analytic(func(t).diff(t))
        integrated = [slopes.coefficient((k,)) / (k + 1) for k in range(self.order - 1)]
        return [first, *integrated]

    def _by_inner_quantity(self, expression: Expr) -> list[Term] | None:
        """The terms of a formula that depends on one polynomial of the variables only."""
        if self.size == 1 or not expression.atoms(sympy.Function, sympy.Pow):
            return None
        t = sympy.Symbol("t", real=True)
        found = inner_quantity(expression, t, self)
        if found is None:
            return None
        quantity, outer = found
        try:
            series = Germs((t,), {t: sympy.S.Zero}, self.order, self.depth).terms(outer)
        except UnknownKindError:
            return None  # such as the root of a quantity that is never negative
        inner = self.normal(quantity)
        result = []
        for term in series:
            coefficients = [term.rest.coefficient((k,)) for k in range(int(_known(term.rest)))]
            unit = Term({}, quantity.composed(coefficients, self.order))
            for exponent, parity in term.factors.values():
                unit = self.product(unit, self._lifted(inner, exponent, parity))
            result.append(unit)
        return result

    def _lifted(self, inner: Term, exponent: Expr, parity: int) -> Term:
        """|u|^s·sgn(u)^ε of the inner quantity u."""
        size = self.raised(self._sized(inner, "Abs"), exponent)
        return self.product(size, self._sized(inner, "sign")) if parity else size


def _known(series: Series) -> float:
    """How many coefficients of a series in one variable are known; all that matter, if all."""
    return series.order if series.order < inf else series.degree + 1
