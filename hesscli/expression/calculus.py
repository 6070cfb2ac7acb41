"""Derivatives and integrals that stand in a formula, done by SymPy, or refused.

SymPy's closed form of an integral is compared with a quadrature before it is believed, FLINT's or
else mpmath's: with parameters, it may hold for some of their values only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import isfinite
from typing import Any

import mpmath
import sympy

from hesscli.functions.failures import tried
from hesscli.functions.symbolic import as_typed, of_real_parts, written_out
from hesscli.types import Expr

# Where integrals are compared: values for their parameters, of both signs and neither whole.
SAMPLES = ((1.37, 0.58, 2.11, 0.83), (-0.64, 1.49, -1.23, 0.41), (0.29, -1.71, 0.77, -0.93))
# A quadrature over a kink is no better; a wrong closed form is further off.
AGREED = 1e-4

_WITH_PIECES = (
    sympy.Abs, sympy.sign, sympy.Heaviside, sympy.floor, sympy.ceiling, sympy.Max, sympy.Min,
    sympy.Piecewise,
)  # fmt: skip


def sampled(count: int, scale: Fraction = Fraction(1)) -> Iterator[list[Fraction]]:
    """Values for so many letters, times a scale; of more letters than a sample has numbers, no two
    are equal.
    """
    for sample in SAMPLES:
        numbers = [Fraction(repr(number)) for number in sample]
        yield [scale * numbers[k % len(sample)] + k // len(sample) for k in range(count)]


Limits = tuple[Expr, Expr, Expr]  # the variable, from, to


class NoClosedFormError(Exception):
    """SymPy finds no formula, or one that is not right."""


def smooth_derivative(expression: Expr, *by: tuple[Expr, int]) -> Expr:
    """SymPy's derivative without the delta functions that it has where pieces meet."""
    result = sympy.diff(of_real_parts(expression), *by)
    return as_typed(result).replace(sympy.DiracDelta, lambda *_: sympy.S.Zero)


def differentiated(expression: Expr, by: Sequence[tuple[Expr, int]]) -> Expr:
    """The derivative by each variable, so many times. Raises :class:`NoClosedFormError`."""
    if any(integral.function.has(*_WITH_PIECES) for integral in expression.atoms(sympy.Integral)):
        raise NoClosedFormError  # under the integral, what pieces that meet add is lost
    result = smooth_derivative(expression, *by)
    if result.has(sympy.Derivative, sympy.Subs):
        raise NoClosedFormError
    return written_out(result)


def antiderivative(expression: Expr, variable: Expr) -> Expr:
    """An indefinite integral, whose derivative is the integrand again."""
    result = _done(sympy.Integral(expression, variable))
    back = sympy.diff(result, variable)
    if not agrees(back, expression, result.free_symbols):
        raise NoClosedFormError
    return result


def definition(expression: Expr, limits: Limits) -> Expr:
    """A definite integral as it stands; that of a polynomial by its powers."""
    variable, start, stop = limits
    if isinstance(expression, sympy.Piecewise) and not any(
        condition.has(variable) for _, condition in expression.args
    ):
        pieces = [(definition(value, limits), condition) for value, condition in expression.args]
        return sympy.Piecewise(*pieces)
    if not expression.is_polynomial(variable) or start.is_infinite or stop.is_infinite:
        return sympy.Integral(expression, limits)
    coefficients = sympy.Poly(expression, variable).all_coeffs()[::-1]
    terms = [c * (stop**k - start**k) / k for k, c in enumerate(coefficients, 1)]
    return sympy.Add(*terms)


def integrated(expression: Expr, limits: Limits) -> Expr:
    """A definite integral. Raises :class:`NoClosedFormError`."""
    variable, start, stop = limits
    result = _done(sympy.Integral(expression, limits))
    parameters = (expression.free_symbols - {variable}) | start.free_symbols | stop.free_symbols

    def quadrature(values: dict[Expr, Expr]) -> Any:
        from hesscli.balls.values import enclosed_constant  # which a symbolic answer needs not

        enclosed = enclosed_constant(sympy.Integral(expression, limits).xreplace(values))
        if enclosed is not None and isfinite(enclosed):
            return enclosed
        with mpmath.workdps(20):
            ends = [_mpmath(end, values) for end in (start, stop)]
            if None in ends:
                return None
            integrand = expression.xreplace(values)
            return mpmath.quad(lambda t: _mpmath(integrand, {variable: sympy.Float(t, 20)}), ends)

    if not _agree(quadrature, result, parameters):
        raise NoClosedFormError
    return result


def _done(integral: Expr) -> Expr:
    result = integral.doit()
    if isinstance(result, sympy.Piecewise):
        # Where the closed form does not hold, there is no number.
        pieces = [
            (value, _of_real_numbers(condition))
            for value, condition in result.args
            if not value.has(sympy.Integral)
        ]
        if not pieces:
            raise NoClosedFormError
        result = sympy.Piecewise(*pieces, evaluate=False)
    unknown = (sympy.Integral, sympy.meijerg, sympy.hyper, sympy.RootSum, sympy.I)
    if result.has(*unknown) or result.is_finite is False:
        raise NoClosedFormError
    return result


def _of_real_numbers(condition: Expr) -> Expr:
    """``abs(arg(z)) < c`` is z > 0 for a real ``z`` and a ``c`` up to pi."""

    def is_argument(relation: Expr) -> bool:
        return isinstance(relation, (sympy.Lt, sympy.Le)) and (
            isinstance(relation.lhs, sympy.Abs)
            and isinstance(relation.lhs.args[0], sympy.arg)
            and bool(0 < relation.rhs <= sympy.pi)
        )

    return condition.replace(is_argument, lambda relation: relation.lhs.args[0].args[0] > 0)


def agrees(other: Expr, result: Expr, parameters: set[Expr]) -> bool | None:
    """Whether both have equal values at some samples; None where never both have one."""
    return _agree(lambda values: _float(other, values), result, parameters)


def _agree(other: Any, result: Expr, parameters: set[Expr]) -> bool | None:
    ordered = sorted(parameters, key=str)
    compared: bool | None = None
    for sample in sampled(len(ordered)):
        numbers = (sympy.Float(float(number), 20) for number in sample)
        values = dict(zip(ordered, numbers, strict=True))
        found, expected = tried(_float, result, values), tried(other, values)
        if found is None or expected is None:
            continue
        if abs(found - expected) > AGREED * (abs(found) + abs(expected) + 1):
            return False
        compared = True
    return compared


def _float(expression: Expr, values: dict[Expr, Expr]) -> Any:
    number = _mpmath(expression, values)
    return None if number is None else mpmath.mpf(number)


def _mpmath(expression: Expr, values: dict[Expr, Expr]) -> Any:
    number = expression.xreplace(values).evalf(20)
    if number in (sympy.oo, -sympy.oo):
        return mpmath.inf if number == sympy.oo else -mpmath.inf
    if number.is_Rational:
        return mpmath.mpf(number.p) / number.q
    return mpmath.mpf(number._mpf_) if number.is_Float else None
