"""How long the numbers get that an expression is made of, before they are computed.

mpmath writes ``sinh(6e10)`` with an exponent of 86 billion in no time; but exp, cosh, sin or floor
of that number take as many bits as the exponent says. So a number that is an argument is looked at
before, to the digits of a double, where functions that grow stand inside others.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any

import mpmath
import sympy

from hesscli.errors import ExitStatus, HessError
from hesscli.functions.failures import SYMPY_FAILURES
from hesscli.types import Expr

# Of an argument, before the point: below it, mpmath takes a tenth of a second.
MAX_BITS = 2**15
# Of an exponent, for each of which mpmath squares a number that is four times as long.
MAX_BITS_OF_EXPONENT = 2**10
# Those that take the logarithm of an argument, or a part of its bits.
TAME = (
    "log", "Abs", "sign", "Max", "Min", "Heaviside", "re", "im", "LambertW", "atan", "asinh", "erf",
)  # fmt: skip
KNOWN = {
    "exp": mpmath.exp, "log": mpmath.log, "sinh": mpmath.sinh, "cosh": mpmath.cosh,
    "tanh": mpmath.tanh, "sin": mpmath.sin, "cos": mpmath.cos, "atan": mpmath.atan,
    "asinh": mpmath.asinh, "Abs": abs, "expm1": mpmath.expm1, "exp2": lambda x: mpmath.power(2, x),
}  # fmt: skip


def require_moderate(expression: Expr, place: Mapping[Expr, Expr]) -> None:
    """Raise :class:`HessError` where ``expression`` at ``place`` is known to need numbers that are
    too long to be computed.
    """
    if _nests(expression):
        with suppress(*SYMPY_FAILURES), mpmath.workprec(53):
            _Estimate(place)(expression)


def _nests(expression: Expr) -> bool:
    """Whether there is a function that grows inside of another function, or of a power."""
    return _depth(expression) > 1


@lru_cache(maxsize=4096)
def _depth(expression: Expr) -> int:
    """How many functions, or powers with a variable exponent, stand inside one another."""
    inside = max(map(_depth, expression.args), default=0)
    if isinstance(expression, sympy.Pow):
        return inside + bool(expression.exp.free_symbols)
    return inside + (isinstance(expression, sympy.Function) and _name(expression) not in TAME)


def _name(function: Expr) -> str:
    return str(type(function).__name__)


class _Estimate:
    """The value of an expression at a place to the digits of a double, or None."""

    def __init__(self, place: Mapping[Expr, Expr]) -> None:
        self.place = place
        self.known: dict[Expr, Any] = {}

    def __call__(self, expression: Expr) -> Any:
        """Raises :class:`HessError` for an argument of too many bits."""
        if expression not in self.known:
            self.known[expression] = self._value(expression)
        return self.known[expression]

    def _value(self, expression: Expr) -> Any:
        if not expression.args or not (expression.free_symbols or _nests(expression)):
            number = self.place.get(expression, expression).evalf(15)
            return mpmath.mpf(number._mpf_) if number.is_Float else None
        numbers = [self(part) for part in expression.args]
        if isinstance(expression, sympy.Function) and _name(expression) not in TAME:
            for number in numbers:
                _require(number)
        if None in numbers:
            return None
        if expression.is_Add:
            return mpmath.fsum(numbers)
        if expression.is_Mul:
            return mpmath.fprod(numbers)
        if expression.is_Pow:
            return self._power(*numbers)
        if len(numbers) == 1 and _name(expression) in KNOWN:
            return KNOWN[_name(expression)](numbers[0])
        return None

    def _power(self, base: Any, exponent: Any) -> Any:
        if base > 0:
            return mpmath.exp(_require(exponent * mpmath.log(base), MAX_BITS_OF_EXPONENT))
        if base and mpmath.isint(exponent) and abs(exponent) < MAX_BITS:
            return base ** int(exponent)
        return None


def _require(number: Any, most: int = MAX_BITS) -> Any:
    """``number``, if it has few enough bits before the point."""
    if number and mpmath.isfinite(number) and mpmath.mag(number) > most:
        raise HessError(
            "too-large",
            f"a part of this formula is a number of more than {most:,} bits here",
            hint="a smaller formula or point",
            status=ExitStatus.NO_ANSWER,
        )
    return number
