"""Definite integrals in balls: FLINT's rigorous quadrature of what is analytic along the way.

An integral is a function of its ends and of the parts of its integrand that the variable of
integration is not in. Its partial derivatives are integrals of the integrand's by Leibniz' rule,
which holds where the integrand is analytic around all of the way; a finite quadrature shows it.

Source of the quadrature: F. Johansson, Numerical integration in arbitrary-precision ball
arithmetic, ICMS 2018.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations_with_replacement

import sympy
from flint import acb, arb, ctx

from hesscli.balls.jets import BudgetError, Meter, Pair
from hesscli.functions.balls import WEIGHTS, NotProvedError, Partials
from hesscli.functions.balls.analytic import ANALYTIC, NOWHERE, Complex, power
from hesscli.functions.balls.enclosure import ZERO, Number, ball
from hesscli.functions.balls.rationals import from_sympy
from hesscli.types import Expr

# A smooth integrand takes some hundreds; one that takes more is singular next to the way.
MAX_EVALUATIONS = 4_000
MAX_OPERATIONS = 500  # in a derivative of the integrand


@dataclass(frozen=True)
class Integrand:
    """``expression`` in ``variable`` and ``parameters``, each of which stands for one of ``parts``.

    A part is without the variable; its jet is another's affair.
    """

    expression: Expr
    variable: Expr
    parameters: tuple[Expr, ...]
    parts: tuple[Expr, ...]

    def derivative(self, *by: Expr) -> Expr:
        """A partial derivative. Raises :class:`NotProvedError` where it is too long."""
        form = sympy.diff(self.expression, *by) if by else self.expression
        if form.count_ops() > MAX_OPERATIONS:
            raise NotProvedError("too long a derivative")
        return form


@lru_cache(maxsize=64)
def integrand_of(expression: Expr, variable: Expr) -> Integrand:
    """The integrand, whose largest parts without the variable are its parameters."""
    parameters: dict[Expr, Expr] = {}

    def reduced(part: Expr) -> Expr:
        if part.is_Rational or part == variable:
            return part
        if variable not in part.free_symbols:
            if part not in parameters:
                parameters[part] = sympy.Dummy(f"p{len(parameters)}", real=True)
            return parameters[part]
        if part.is_Add or part.is_Mul:
            apart, own = part.as_independent(variable, as_Add=part.is_Add)
            return part.func(reduced(apart), *map(reduced, part.func.make_args(own)))
        if isinstance(part, sympy.Piecewise):
            raise NotProvedError("pieces that meet along the way")
        return part.func(*map(reduced, part.args))

    form = reduced(expression)
    return Integrand(form, variable, tuple(parameters.values()), tuple(parameters))


def integral(
    integrand: Integrand, arguments: Sequence[Number], moving: Sequence[int], meter: Meter
) -> Partials:
    """The integral with its partial derivatives by the arguments at ``moving``.

    ``arguments`` are the numbers of the parameters, and the two ends. Raises
    :class:`NotProvedError` where the integrand is not known to be analytic all the way.
    """
    *numbers, start, stop = [acb(ball(x)) for x in arguments]
    place = dict(zip(integrand.parameters, numbers, strict=True))
    count = len(numbers)
    ends = {count: (start, -1), count + 1: (stop, 1)}
    moved = [k for k in moving if k < count]

    def over_all(*by: int) -> Number:
        form = integrand.derivative(*(integrand.parameters[k] for k in by))
        return _quadrature(form, integrand.variable, place, (start, stop), meter)

    def at_end(end: int, *by: Expr) -> Number:
        form = integrand.derivative(*by)
        z, sign = ends[end]
        return sign * _real(_Evaluation(form, meter)({**place, integrand.variable: z}))

    first = {k: over_all(k) for k in moved}
    second: dict[Pair, Number] = {
        (k, m): over_all(k, m) for k, m in combinations_with_replacement(moved, 2)
    }
    for end in ends.keys() & set(moving):
        first[end] = at_end(end)
        second[end, end] = at_end(end, integrand.variable)
        second |= {(k, end): at_end(end, integrand.parameters[k]) for k in moved}
    return Partials(over_all(), first, second)


def _quadrature(
    form: Expr,
    variable: Expr,
    place: Mapping[Expr, Complex],
    ends: tuple[Complex, Complex],
    meter: Meter,
) -> Number:
    if form == 0:
        return ZERO
    evaluation = _Evaluation(form, meter)
    failures: list[Exception] = []

    def integrand(z: Complex, _: bool) -> Complex:
        # An exception may not pass through FLINT.
        if failures:
            return NOWHERE
        try:
            return evaluation({**place, variable: z})
        except (BudgetError, NotProvedError) as failure:
            failures.append(failure)
            return NOWHERE

    # Small integrals are known as well as others.
    least = arb(2) ** (-8 * ctx.prec)
    found = acb.integral(integrand, *ends, abs_tol=least, eval_limit=MAX_EVALUATIONS)
    if failures:
        raise failures[0]
    return _real(found)


def _real(number: Complex) -> Number:
    if not number.is_finite():
        raise NotProvedError("not known to be analytic")
    return number.real


class _Evaluation:
    """An expression as a function of complex balls."""

    def __init__(self, expression: Expr, meter: Meter) -> None:
        self.expression = expression
        self.meter = meter
        parts = set(sympy.preorder_traversal(expression))
        self.cost = sum(2 + WEIGHTS.get(type(part).__name__, 0) for part in parts)

    def __call__(self, place: dict[Expr, Complex]) -> Complex:
        self.meter.spend(self.cost)
        return self._value(self.expression, place)

    def _value(self, e: Expr, known: dict[Expr, Complex]) -> Complex:
        found = known.get(e)
        if found is None:
            found = known[e] = self._computed(e, known)
        return found

    def _computed(self, e: Expr, known: dict[Expr, Complex]) -> Complex:
        if e.is_Rational:
            return acb(arb(from_sympy(e)))
        arguments = [self._value(argument, known) for argument in e.args]
        if e.is_Add:
            return sum(arguments[1:], arguments[0])
        if e.is_Mul:
            result = arguments[0]
            for factor in arguments[1:]:
                result = result * factor
            return result
        if e.is_Pow:
            base, exponent = arguments
            return base ** int(e.exp) if e.exp.is_Integer else power(base, exponent)
        way = ANALYTIC.get(type(e).__name__)
        if way is None:
            raise NotProvedError(f"no continuation of {type(e).__name__} is known")
        return way(*arguments)
