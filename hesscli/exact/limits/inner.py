"""Formulas that depend on their variables through one polynomial only: ``sin(x*y)/(x*y)``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from math import gcd
from typing import Protocol

import sympy

from hesscli.exact.limits.series import Series
from hesscli.exact.limits.zerosets import factors, from_ring, in_ring
from hesscli.types import Expr

MAX_DEGREE = 60


class Polynomials(Protocol):
    """What reads a formula as a polynomial about a point."""

    def polynomial(self, expression: Expr) -> Series | None:
        """The polynomial, None where it is none."""

    def constant(self, number: Expr) -> Series:
        """A polynomial that is a number."""


def inner_quantity(
    expression: Expr, variable: Expr, reader: Polynomials
) -> tuple[Series, Expr] | None:
    """A polynomial u, 0 at the point, and the formula in u as ``variable``; None without one."""
    candidates = dict.fromkeys(_candidates(expression, reader))
    for quantity in sorted(candidates, key=lambda u: (u.degree, len(u.terms))):
        outer = _in_terms_of(quantity, expression, variable, reader)
        if outer is not None:
            return quantity, outer
    return None


def _candidates(expression: Expr, reader: Polynomials) -> Iterator[Series]:
    for part in sympy.preorder_traversal(expression):
        inside: tuple[Expr, ...] = ()
        if part.is_Function or (part.is_Pow and not (part.exp.is_Integer and part.exp > 0)):
            inside = part.args
        for argument in inside:
            polynomial = reader.polynomial(argument)
            if polynomial is not None:
                change = polynomial - reader.constant(polynomial.at_zero)
                if change.terms and change.degree <= MAX_DEGREE:
                    yield _root(change, reader)


def _root(change: Series, reader: Polynomials) -> Series:
    """The polynomial of which ``change`` is a multiple of a power."""
    _, parts = factors(change)
    power = gcd(*(k for _, k in parts))
    root = reader.constant(sympy.S.One)
    for factor, k in parts:
        root = root.times(factor.power(k // power, MAX_DEGREE), MAX_DEGREE)
    return root


def _in_terms_of(
    quantity: Series, expression: Expr, variable: Expr, reader: Polynomials
) -> Expr | None:
    polynomial = reader.polynomial(expression)
    if polynomial is not None:
        return _divided(polynomial, quantity, variable, reader)
    if expression.is_Add:
        return _split(quantity, expression, variable, reader)
    if expression.is_Mul:
        above, below = sympy.fraction(expression)
        if below != 1:
            over = _in_terms_of(quantity, above, variable, reader)
            under = _in_terms_of(quantity, below, variable, reader)
            return None if over is None or under is None else over / under
        return _split(quantity, expression, variable, reader)
    parts = [_in_terms_of(quantity, part, variable, reader) for part in expression.args]
    return None if None in parts else expression.func(*parts)


def _split(quantity: Series, expression: Expr, variable: Expr, reader: Polynomials) -> Expr | None:
    """A sum or a product: what is polynomial in it as one, since x*y*sin(x*y) has x and y apart."""
    polynomials: list[Expr] = []
    others: list[Expr] = []
    for part in expression.args:
        (others if reader.polynomial(part) is None else polynomials).append(part)
    together = [expression.func(*polynomials), *others] if polynomials else others
    if len(together) == 1 and not polynomials:
        return None
    parts = [_in_terms_of(quantity, part, variable, reader) for part in together]
    return None if None in parts else expression.func(*parts)


def _divided(
    polynomial: Series, quantity: Series, variable: Expr, reader: Polynomials
) -> Expr | None:
    """A polynomial in the variables as one in ``quantity``, by division; None where it is none."""
    if not polynomial.depends:
        return polynomial.at_zero
    if not (polynomial.is_rational and quantity.is_rational):
        return None
    coefficients = []
    rest = polynomial
    while rest.terms:
        coefficients.append(rest.at_zero)
        quotient = divided(rest - reader.constant(rest.at_zero), quantity)
        if quotient is None:
            return None
        rest = quotient
    return reduce(lambda total, c: total * variable + c, reversed(coefficients), sympy.S.Zero)


def divided(a: Series, b: Series) -> Series | None:
    """The quotient of two polynomials with rational coefficients; None with a remainder."""
    quotient, remainder = divmod(in_ring(a), in_ring(b))
    return None if remainder else from_ring(quotient, a.size)
