"""What divides a sum that is not a polynomial: x - y divides ``exp(x) - exp(y)``.

An analytic function that is 0 wherever a linear form is, has it as a factor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import sympy

from hesscli.exact.limits.series import Exponents, Series, unit
from hesscli.functions.failures import SYMPY_FAILURES
from hesscli.types import Expr

MAX_ARGUMENTS = 8


def linear_divisors(
    expression: Expr, variables: Sequence[Expr], point: Mapping[Expr, Expr]
) -> list[Series]:
    """Linear forms about the point that divide an analytic ``expression``, each once.

    They are sought among the variables and the sums and differences of functions' arguments.
    """
    found: list[Series] = []
    for line in _candidates(expression, variables, point):
        solved = _solved(line, variables)
        if solved is not None and _is_zero(expression, *solved):
            form = _form(line, variables, point)
            if form is not None and form not in found:
                found.append(form)
    return found


def _candidates(
    expression: Expr, variables: Sequence[Expr], point: Mapping[Expr, Expr]
) -> Iterator[Expr]:
    for variable in variables:
        yield variable - point[variable]
    arguments = {a for f in expression.atoms(sympy.Function) for a in f.args}
    arguments |= {p.base for p in expression.atoms(sympy.Pow)}
    moving = sorted((a for a in arguments if a.free_symbols & set(variables)), key=str)
    for a, b in combinations(moving[:MAX_ARGUMENTS], 2):
        yield a - b
        yield a + b


def _solved(line: Expr, variables: Sequence[Expr]) -> tuple[Expr, Expr] | None:
    """A variable and what it is where ``line`` is 0; None unless the line is linear."""
    slopes = [sympy.diff(line, v) for v in variables]
    if any(slope.free_symbols & set(variables) for slope in slopes) or not any(slopes):
        return None
    variable, slope = next((v, s) for v, s in zip(variables, slopes, strict=True) if s)
    return variable, sympy.expand(variable - line / slope)


def _is_zero(expression: Expr, variable: Expr, value: Expr) -> bool:
    try:
        there = expression.subs(variable, value)
        return bool(there == 0 or sympy.expand(there) == 0)
    except SYMPY_FAILURES:
        return False


def _form(line: Expr, variables: Sequence[Expr], point: Mapping[Expr, Expr]) -> Series | None:
    """The line as a form about the point, its first coefficient 1; None if it passes elsewhere."""
    if sympy.expand(line.xreplace(dict(point))) != 0:
        return None
    size = len(variables)
    total = Series(size, {unit(size, i): sympy.diff(line, v) for i, v in enumerate(variables)})
    first = total.terms[min(total.terms)]
    return total.scaled(1 / first)


def quotient(series: Series, form: Series) -> Series:
    """A series divided by a linear form that divides it; known to one degree less."""
    axis = min(form.depends)
    first = unit(series.size, axis)
    leading = form.terms[first]
    others = {powers: c for powers, c in form.terms.items() if powers != first}
    rest = dict(series.terms)
    found: dict[Exponents, Expr] = {}
    for level in range(max((powers[axis] for powers in rest), default=0), 0, -1):
        for powers in [p for p in rest if p[axis] == level]:
            coefficient = rest.pop(powers) / leading
            place = tuple(map(int.__sub__, powers, first))
            found[place] = coefficient
            for more, c in others.items():
                below = tuple(map(int.__add__, place, more))
                rest[below] = rest.get(below, sympy.S.Zero) - coefficient * c
    return Series(series.size, found, series.order - 1)
