"""SymPy's printers, with the functions of a target's table before their own.

What they get wrong for doubles is mended here: whole numbers that overflow an ``int``, quotients of
them, pieces that are both evaluated, numbers where torch takes tensors only.
"""

from __future__ import annotations

import re
from functools import reduce
from typing import Any

import sympy
from sympy.printing.c import C99CodePrinter
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.pycode import PythonCodePrinter

from hesscli.code.listing import double, found
from hesscli.code.rules import Max
from hesscli.code.targets import Target
from hesscli.types import Expr

# Larger whole numbers are not all doubles, and overflow the whole numbers of a machine.
MOST = 2**53


class _Printer:
    """What the printers of all targets share; ``numbers`` are the names of constants."""

    target: Target
    numbers: frozenset[str]

    def text(self, expr: Expr) -> str:
        """An expression, with blanks around its operators, but for the powers of names."""
        return re.sub(r"(?<!\*)\*(?!\*)|/|(?<=\))\*\*|\*\*(?=\()", r" \g<0> ", self._print(expr))

    def _print(self, expr: Any, **kwargs: Any) -> str:
        if isinstance(expr, sympy.Basic) and expr.args and not isinstance(expr, sympy.Pow):
            called = found(self.target, expr)
            if called is not None:
                return self._call(called, expr)
        text: str = super()._print(expr, **kwargs)  # type: ignore[misc]
        return text

    def _call(self, called: str, expr: Expr) -> str:
        if isinstance(expr, Max) and self.target.rounded:
            return self._extreme(called, list(expr.args))
        first_whole = called in self.target.ordered.values()
        arguments = [
            self._print(arg) if first_whole and k == 0 else self._argument(arg)
            for k, arg in enumerate(expr.args)
        ]
        if "{" in called:
            return called.format(*arguments, args=", ".join(arguments))
        return f"{called}({', '.join(arguments)})"

    def _extreme(self, called: str, args: list[Expr]) -> str:
        """Of two at a time, which is what targets have."""
        printed = map(self._argument, sorted(args, key=sympy.default_sort_key))
        return reduce(lambda a, b: f"{called}({a}, {b})", printed)

    def _argument(self, expr: Expr) -> str:
        """An argument of a function."""
        return self._print(expr)

    def _is_number(self, expr: Expr) -> bool:
        return all(s.name in self.numbers for s in expr.free_symbols)

    def _pieces(self, expr: Expr) -> list[tuple[Expr, Expr]]:
        return list(zip(expr.args[::2], expr.args[1::2], strict=True))

    def _operand(self, expr: Expr) -> str:
        """A part of a condition, in brackets unless it is a name or is in some already."""
        text = self._print(expr)
        return text if expr.is_Symbol or isinstance(expr, sympy.Not) else f"({text})"


class Python(_Printer, PythonCodePrinter):  # type: ignore[misc]
    """NumPy and what is like it."""

    def __init__(self, target: Target, numbers: frozenset[str]) -> None:
        super().__init__({"reserved_word_suffix": "_"})
        self.target, self.numbers = target, numbers

    def _print_Pow(self, expr: Expr, rational: bool = False) -> str:
        if expr.exp.is_Rational and expr.exp < 0:
            return f"1/{self.parenthesize(1 / expr, PRECEDENCE['Mul'] + 1)}"
        text: str = self._hprint_Pow(expr, rational=rational, sqrt=f"{self.target.library}sqrt")
        return text

    def _print_Integer(self, expr: Expr) -> str:
        return str(expr.p) if abs(expr.p) <= MOST else repr(double(expr))

    def _print_Rational(self, expr: Expr) -> str:
        short = max(abs(expr.p), expr.q) <= MOST
        return f"{expr.p}/{expr.q}" if short else repr(double(expr))

    _print_Half = _print_Rational

    def _print_Relational(self, expr: Expr) -> str:
        left, right = (self.parenthesize(a, PRECEDENCE["Relational"] + 1) for a in expr.args)
        return f"{left} {expr.rel_op} {right}"

    def _print_And(self, expr: Expr) -> str:
        return " & ".join(map(self._operand, expr.args))

    def _print_Or(self, expr: Expr) -> str:
        return " | ".join(map(self._operand, expr.args))

    def _print_Not(self, expr: Expr) -> str:
        return f"~{self._operand(expr.args[0])}"

    def _print_BooleanTrue(self, expr: Expr) -> str:
        return "True"

    def _print_BooleanFalse(self, expr: Expr) -> str:
        return "False"

    def _print_Select(self, expr: Expr) -> str:
        where = f"{self.target.library}where"
        pieces = self._pieces(expr)
        last, is_number = f"{self.target.library}nan", True
        for value, condition in reversed(pieces):
            number = self._is_number(value)
            # Of two numbers, torch makes a float32.
            shown = self._tensor(value) if number and is_number else self._floating(value)
            if condition == sympy.true:
                last, is_number = self._floating(value), number
            else:
                last, is_number = f"{where}({self._print(condition)}, {shown}, {last})", False
        return last

    def _floating(self, expr: Expr) -> str:
        """A value that a choice may give: of whole numbers, NumPy would make whole numbers."""
        return repr(double(expr)) if expr.is_Rational else self._print(expr)

    def _tensor(self, expr: Expr) -> str:
        """The same, where there is no other value to tell its type."""
        return self._floating(expr)


class Torch(Python):
    """torch, whose functions take tensors and no numbers."""

    def _argument(self, expr: Expr) -> str:
        return self._tensor(expr) if self._is_number(expr) else self._print(expr)

    def _tensor(self, expr: Expr) -> str:
        return f"torch.tensor({self._floating(expr)}, dtype=torch.float64)"

    def _extreme(self, called: str, args: list[Expr]) -> str:
        numbers = [arg for arg in args if self._is_number(arg)]
        rest = [arg for arg in args if arg not in numbers]
        bound = "min" if called.endswith("maximum") else "max"
        text = super()._extreme(called, rest)
        for number in numbers:
            text = f"torch.clamp({text}, {bound}={self._floating(number)})"
        return text


class Exact(Python):
    """SymPy, with numbers that stay exact."""

    def _print_Integer(self, expr: Expr) -> str:
        return str(expr.p)

    def _print_Rational(self, expr: Expr) -> str:
        return f"sympy.Rational({expr.p}, {expr.q})"

    _print_Half = _print_Rational

    def _print_NumberSymbol(self, expr: Expr) -> str:
        return f"sympy.{expr}"

    _print_Pi = _print_Exp1 = _print_ImaginaryUnit = _print_NumberSymbol
    _print_EulerGamma = _print_Catalan = _print_GoldenRatio = _print_NumberSymbol

    def _print_Relational(self, expr: Expr) -> str:
        named = {"==": "sympy.Eq", "!=": "sympy.Ne"}.get(expr.rel_op)
        if named is None:
            return super()._print_Relational(expr)
        return f"{named}({', '.join(map(self._print, expr.args))})"

    def _print_Select(self, expr: Expr) -> str:
        pieces = (f"({self._print(v)}, {self._print(c)})" for v, c in self._pieces(expr))
        return f"sympy.Piecewise({', '.join(pieces)})"


class C(_Printer, C99CodePrinter):  # type: ignore[misc]
    """C99, in doubles alone."""

    def __init__(self, target: Target, numbers: frozenset[str]) -> None:
        super().__init__()
        self.target, self.numbers = target, numbers

    def _call(self, called: str, expr: Expr) -> str:
        if called in self.target.ordered.values():
            order, argument = expr.args
            return f"{called}({order}, {self._print(argument)})"
        return super()._call(called, expr)

    def _print_Integer(self, expr: Expr) -> str:
        return f"{expr.p}.0" if abs(expr.p) <= MOST else repr(double(expr))

    def _print_Rational(self, expr: Expr) -> str:
        short = max(abs(expr.p), expr.q) <= MOST
        return f"{expr.p}.0/{expr.q}.0" if short else repr(double(expr))

    _print_Half = _print_Rational

    def _print_Pow(self, expr: Expr) -> str:
        base, exponent = expr.base, expr.exp
        if exponent.is_Rational and exponent < 0:
            if exponent == -1:
                return f"1.0/{self.parenthesize(base, PRECEDENCE['Pow'])}"
            return f"1.0/{self._print(1 / expr)}"
        if exponent == sympy.S.Half:
            return f"sqrt({self._print(base)})"
        # Not cbrt, which is real where a power is not.
        shown = str(exponent) if exponent.is_Integer else self._print(exponent)
        return f"pow({self._print(base)}, {shown})"

    def _print_Relational(self, expr: Expr) -> str:
        left, right = (self.parenthesize(a, PRECEDENCE["Relational"] + 1) for a in expr.args)
        return f"{left} {expr.rel_op} {right}"

    def _print_And(self, expr: Expr) -> str:
        return " && ".join(map(self._operand, expr.args))

    def _print_Or(self, expr: Expr) -> str:
        return " || ".join(map(self._operand, expr.args))

    def _print_Not(self, expr: Expr) -> str:
        return f"!{self._operand(expr.args[0])}"

    def _print_BooleanTrue(self, expr: Expr) -> str:
        return "1"

    def _print_BooleanFalse(self, expr: Expr) -> str:
        return "0"

    def _print_Select(self, expr: Expr) -> str:
        text = "NAN"
        for value, condition in reversed(self._pieces(expr)):
            shown = self._print(value)
            chosen = condition == sympy.true
            text = shown if chosen else f"{self._operand(condition)} ? {shown} : {text}"
        return f"({text})"


def number(value: Expr) -> str:
    """A number of a point as a double: a quotient of whole numbers where that is one."""
    if value.is_Rational and max(abs(value.p), value.q) <= MOST and value.q & (value.q - 1):
        return f"{value.p}.0 / {value.q}.0"
    return repr(double(value))
