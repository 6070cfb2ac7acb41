"""A formula → its exact gradient and Hessian, in symbols."""

from __future__ import annotations

from collections.abc import Sequence

import sympy

from hesscli.model import Expr, Formula, Symbolic
from hesscli.semantics import symbol

_PIECED = (sympy.Max, sympy.Min)


def differentiate(formula: Formula) -> Symbolic:
    """Gradient and Hessian of ``formula`` in its differentiated variables.

    Each entry holds wherever none of the formula's pieces meet: the delta functions that SymPy
    gives for the second derivative of ``abs`` are left out, and ``max`` becomes a Piecewise.
    """
    variables = [symbol(name) for name in formula.differentiated]
    expression = _in_pieces(formula.expression)
    gradient = tuple(_derivative(expression, v) for v in variables)
    zero = sympy.S.Zero
    rows: list[list[Expr]] = [[zero] * len(variables) for _ in variables]
    for i, slope in enumerate(gradient):
        present = slope.free_symbols
        for j in range(i, len(variables)):
            if variables[j] in present:
                rows[i][j] = rows[j][i] = _derivative(slope, variables[j])
    return Symbolic(formula, gradient, tuple(map(tuple, rows)), formula.notes)


def _derivative(expression: Expr, variable: Expr) -> Expr:
    result = sympy.diff(expression, variable)
    return result.replace(sympy.DiracDelta, lambda *_: sympy.S.Zero)


def _in_pieces(expression: Expr) -> Expr:
    """``max`` and ``min`` as Piecewise, whose derivatives need no Heaviside products."""
    if not expression.has(*_PIECED):
        return expression
    return expression.replace(
        lambda e: isinstance(e, _PIECED), lambda e: _pieces(e.args, isinstance(e, sympy.Max))
    )


def _pieces(args: Sequence[Expr], largest: bool) -> Expr:
    relation = sympy.Ge if largest else sympy.Le
    branches = []
    ordered = sorted(args, key=sympy.default_sort_key)
    for i, value in enumerate(ordered[:-1]):
        holds = sympy.And(*(relation(value, other) for other in ordered[i + 1 :]))
        branches.append((value, holds))
    return sympy.Piecewise(*branches, (ordered[-1], True), evaluate=False)
