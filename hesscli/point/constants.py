"""The numbers in a point, exactly: rationals, and SymPy's numbers such as ``sqrt(2)``."""

from __future__ import annotations

from fractions import Fraction

import sympy

from hesscli.errors import HessError, did_you_mean, shortened
from hesscli.expression.builder import Builder, refused
from hesscli.expression.names import INFINITE, natural_key
from hesscli.language import tree
from hesscli.language.tree import Node
from hesscli.types import Expr

EXAMPLE = "values like 2, 1/3, sqrt(2), [1, 2], randn(2,2) or @FILE"


def read_constant(node: Node, source: str) -> Fraction | Expr:
    """The number that a part of a point names: a Fraction when rational, else a SymPy number.

    Raises :class:`HessError` when it holds a variable, is not real, or is not finite.
    """
    rational = _rational(node)
    if rational is not None:
        return rational
    builder = Builder(source, frozenset())
    with refused():
        expression = builder.number(node)
        if builder.names:
            name = min(builder.names, key=natural_key)
            raise HessError(
                "bad-value", f"a value must be a number, and `{name}` is a name", span=node.span,
                source=source, hint=did_you_mean(name, ("pi", "e")) or EXAMPLE,
            )  # fmt: skip
        # As of 1/(1/0), which SymPy makes 0.
        finite = _is_finite(expression) and not any(s.is_everywhere for s in builder.sites)
        for kind, holds in (("finite", finite), ("real", finite and _is_real(expression))):
            if holds:
                continue
            shown = shortened(source[slice(*node.span)].strip())
            raise HessError(
                f"not-{kind}", f"the value `{shown}` is not a {kind} number", span=node.span,
                source=source, hint=f"a {kind} number",
            )  # fmt: skip
    if expression.is_Rational:
        return Fraction(int(expression.p), int(expression.q))
    return expression


def _is_finite(expression: Expr) -> bool:
    if expression.has(*INFINITE):
        return False
    return bool(sympy.Abs(expression.evalf(20)) < sympy.Float("1.7976931348623158e308"))


def _is_real(expression: Expr) -> bool:
    # Of the number: the imaginary part of the expression can take SymPy minutes.
    _, imaginary = expression.evalf(30, maxn=60).as_real_imag()
    return expression.is_extended_real is not False and bool(imaginary.is_zero)


def _rational(node: Node) -> Fraction | None:
    """The value of plain rational arithmetic, found without SymPy; ``None`` for anything else."""
    match node:
        case tree.Number(value=value):
            return value
        case tree.Negative(operand=operand):
            inner = _rational(operand)
            return None if inner is None else -inner
        case tree.Product(factors=factors):
            total = Fraction(1)
            for operator, factor in factors:
                number = _rational(factor)
                if number is None or (operator == "/" and number == 0):
                    return None
                total = total * number if operator == "*" else total / number
            return total
    return None
