"""SymPy expressions as text that the parser of this program reads back."""

from __future__ import annotations

from typing import Any

import sympy
from sympy.printing.str import StrPrinter

from hesscli.language.parser import parse_formula
from hesscli.language.writer import PYTHON, Notation, unparse
from hesscli.types import Expr


class _Printer(StrPrinter):
    """SymPy's own printer, with the function names of this program's table."""

    def _print_Abs(self, expr: Expr) -> str:
        return f"abs({self._print(expr.args[0])})"

    def _print_Max(self, expr: Expr) -> str:
        return f"max({self.stringify(expr.args, ', ')})"

    def _print_Min(self, expr: Expr) -> str:
        return f"min({self.stringify(expr.args, ', ')})"

    def _print_ceiling(self, expr: Expr) -> str:
        return f"ceil({self._print(expr.args[0])})"

    def _print_polygamma(self, expr: Expr) -> str:
        order, argument = expr.args
        if order == 0:
            return f"digamma({self._print(argument)})"
        return f"polygamma({self._print(order)}, {self._print(argument)})"

    def _print_Relational(self, expr: Expr) -> str:
        return f"{self._print(expr.lhs)} {expr.rel_op} {self._print(expr.rhs)}"

    def _print_And(self, expr: Expr) -> str:
        return " and ".join(f"({self._print(arg)})" for arg in expr.args)

    def _print_Or(self, expr: Expr) -> str:
        return " or ".join(f"({self._print(arg)})" for arg in expr.args)

    def _print_Not(self, expr: Expr) -> str:
        return f"not ({self._print(expr.args[0])})"


def as_text(
    expression: Any, notation: Notation = PYTHON, *, decimal: bool = False, padded: bool = False
) -> str:
    """``expression`` in ``notation``.

    ``decimal`` writes 1/5 as 0.2 where that is exact; ``padded`` writes all digits of a Float,
    with zeros at its end.
    """
    if decimal:
        expression = _with_decimals(expression)
    text: str = _Printer({"full_prec": padded}).doprint(expression).removesuffix(".")
    if notation is PYTHON or expression.is_Number:
        return text
    return unparse(parse_formula(text, limited=False), notation)


def _with_decimals(expression: Expr) -> Expr:
    if expression.is_Rational and not expression.is_Integer:
        rest = expression.q
        for factor in (2, 5):
            while rest % factor == 0:
                rest //= factor
        # 15 digits, so that printing and reading the decimal gives the same rational back.
        if rest == 1 and abs(expression.p) < 10**15 and expression.q < 10**15:
            return sympy.Float(expression, 17)
        return expression
    if expression.is_Pow:
        # The exponent stays: sqrt(x) is not x**0.5.
        return sympy.Pow(_with_decimals(expression.base), expression.exp)
    if not expression.args or expression.is_Relational:
        return expression
    return expression.func(*map(_with_decimals, expression.args))
