"""Power series about 0 in several variables, with exact coefficients, up to a total degree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from math import inf

import sympy

from hesscli.exact.limits.constants import UndecidedError, vanishes
from hesscli.types import Expr

Exponents = tuple[int, ...]
# A product of polynomials with more terms is kept as a series only.
MAX_TERMS = 600
MAX_BITS = 20_000
MAX_PRODUCTS = 10_000
MAX_OPERATIONS = 400  # of a coefficient that is not rational


class TooLargeError(ArithmeticError):
    """Coefficients, or terms, beyond what this module multiplies."""


class Series:
    """A power series: its terms below the total degree ``order``; with order inf, a polynomial.

    Immutable; ``terms`` maps exponents to SymPy constants, none of which is 0.
    """

    def __init__(self, size: int, terms: Mapping[Exponents, Expr], order: float = inf) -> None:
        self.size = size
        self.order = order
        self.terms = {
            powers: coefficient
            for powers, number in terms.items()
            if sum(powers) < order and not vanishes(coefficient := _expanded(number))
        }

    @classmethod
    def constant(cls, size: int, number: Expr) -> Series:
        """The series that is ``number``, a number of SymPy's."""
        return cls(size, {(0,) * size: number})

    @classmethod
    def variable(cls, size: int, index: int) -> Series:
        """The series of one variable."""
        return cls(size, {unit(size, index): sympy.S.One})

    @cached_property
    def key(self) -> tuple[float, frozenset[tuple[Exponents, Expr]]]:
        """What tells series apart."""
        return self.order, frozenset(self.terms.items())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Series) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def is_exact(self) -> bool:
        """Whether this is a polynomial."""
        return self.order == inf

    @cached_property
    def is_rational(self) -> bool:
        """Whether all coefficients are rational."""
        return all(c.is_Rational for c in self.terms.values())

    @cached_property
    def valuation(self) -> float:
        """The least total degree; ``order`` where no term is known."""
        return min(map(sum, self.terms), default=self.order)

    @cached_property
    def degree(self) -> int:
        """The largest total degree of a known term."""
        return max(map(sum, self.terms), default=0)

    @property
    def at_zero(self) -> Expr:
        """The constant term. Raises :class:`UndecidedError` where it is not known."""
        return self.coefficient((0,) * self.size)

    def coefficient(self, powers: Exponents) -> Expr:
        """The coefficient of a monomial. Raises :class:`UndecidedError` beyond the order."""
        if sum(powers) >= self.order:
            raise UndecidedError(f"order {self.order}")
        return self.terms.get(powers, sympy.S.Zero)

    @property
    def depends(self) -> frozenset[int]:
        """The variables in the known terms."""
        return frozenset(i for powers in self.terms for i, k in enumerate(powers) if k)

    def __add__(self, other: Series) -> Series:
        terms = dict(self.terms)
        for powers, coefficient in other.terms.items():
            terms[powers] = terms[powers] + coefficient if powers in terms else coefficient
        return Series(self.size, terms, min(self.order, other.order))

    def __neg__(self) -> Series:
        return self.scaled(sympy.S.NegativeOne)

    def __sub__(self, other: Series) -> Series:
        return self + -other

    def scaled(self, number: Expr) -> Series:
        """The series times a constant."""
        return Series(self.size, {p: c * number for p, c in self.terms.items()}, self.order)

    def times(self, other: Series, limit: float) -> Series:
        """The product, exact where both are and it is not too long, else below ``limit``."""
        order = min(self.order + other.valuation, other.order + self.valuation)
        long = len(self.terms) * len(other.terms) > MAX_TERMS**2
        if order < inf or long:
            order = min(order, limit)
        if long and order == inf:
            raise TooLargeError
        if not (self.is_rational and other.is_rational):
            _require_few(len(self.terms) * len(other.terms))
        terms: dict[Exponents, Expr] = {}
        for powers, a in self.terms.items():
            room = order - sum(powers)
            for others, b in other.terms.items():
                if sum(others) < room:
                    place = tuple(map(int.__add__, powers, others))
                    terms[place] = terms[place] + a * b if place in terms else a * b
        if len(terms) > MAX_TERMS and order == inf:
            if limit == inf:
                raise TooLargeError
            order = limit
        if any(c.is_Rational and c.p.bit_length() > MAX_BITS for c in terms.values()):
            raise TooLargeError
        return Series(self.size, terms, order)

    def power(self, exponent: int, limit: float) -> Series:
        """A whole power, not negative."""
        result = Series.constant(self.size, sympy.S.One)
        factor, rest = self, exponent
        while rest:
            if rest & 1:
                result = result.times(factor, limit)
            rest >>= 1
            factor = factor.times(factor, limit) if rest else factor
        return result

    def composed(self, coefficients: Sequence[Expr], limit: float) -> Series:
        """Σ cₖ·sᵏ for this series s, whose constant term is 0; unknown coefficients follow."""
        bound = min(limit, len(coefficients) * max(self.valuation, 1))
        result = Series(self.size, {}, bound)
        for coefficient in reversed(coefficients):
            product = result.times(self, limit)
            result = product + Series.constant(self.size, coefficient)
        return Series(self.size, result.terms, min(bound, result.order))

    def raised(self, exponent: Expr, limit: float) -> Series:
        """A real power of a series whose constant term is not 0 (positive unless it is whole)."""
        first = self.at_zero
        if exponent.is_Integer and 0 <= exponent <= 12:
            return self.power(int(exponent), limit)
        small = self.scaled(1 / first) - Series.constant(self.size, sympy.S.One)
        coefficients = [sympy.binomial(exponent, k) for k in range(_length(small, limit))]
        if not small.terms and small.is_exact:
            return Series.constant(self.size, first**exponent)
        return small.composed(coefficients, limit).scaled(first**exponent)

    def derivative(self, index: int) -> Series:
        """The derivative by one variable."""
        terms = {
            tuple(k - (i == index) for i, k in enumerate(powers)): coefficient * powers[index]
            for powers, coefficient in self.terms.items()
            if powers[index]
        }
        return Series(self.size, terms, self.order - 1)

    def only(self, keep: Callable[[Exponents], bool]) -> Series:
        """The polynomial of the known terms whose exponents are wanted."""
        return Series(self.size, {p: c for p, c in self.terms.items() if keep(p)})

    def form(self, weights: Sequence[int], degree: float) -> Series:
        """The polynomial of the known terms of one weighted degree."""
        return self.only(lambda powers: weighted(weights, powers) == degree)

    def least(self, weights: Sequence[int]) -> int:
        """The least weighted degree. Raises :class:`UndecidedError` if no term is known."""
        if not self.terms:
            raise UndecidedError("a series of which no term is known")
        return min(weighted(weights, powers) for powers in self.terms)

    def at(self, place: Sequence[Expr]) -> Expr:
        """The value of the polynomial at a place."""
        return sum(
            (
                c * sympy.Mul(*(x**k for x, k in zip(place, powers, strict=True) if k))
                for powers, c in self.terms.items()
            ),
            sympy.S.Zero,
        )


def product_of(factors: Sequence[Series], size: int) -> Series:
    """The product of polynomials in ``size`` variables."""
    result = Series.constant(size, sympy.S.One)
    for factor in factors:
        result = result.times(factor, inf)
    return result


def unit(size: int, index: int) -> Exponents:
    """The exponents of a variable itself."""
    return tuple(int(k == index) for k in range(size))


def _require_few(products: int) -> None:
    """Raise :class:`TooLargeError` for many products of numbers that are not rational."""
    if products > MAX_PRODUCTS:
        raise TooLargeError


def _expanded(number: Expr) -> Expr:
    """A constant as a sum, so that its terms are collected rather than nested."""
    if number.is_Rational:
        return number
    if number.count_ops() > MAX_OPERATIONS:
        raise TooLargeError
    return sympy.expand_mul(number)


def _length(small: Series, limit: float) -> int:
    return int(limit // max(1, min(small.valuation, limit))) + 1


def weighted(weights: Sequence[int], powers: Exponents) -> int:
    """A monomial's weighted degree."""
    return sum(w * k for w, k in zip(weights, powers, strict=True))
