"""Constants without variables, told from 0 by proof, or not at all."""

from __future__ import annotations

from hesscli.exact import numbers
from hesscli.types import Expr


class UndecidedError(ArithmeticError):
    """Whether a number is 0, or what a series starts with, was not found."""


def sign(number: Expr) -> int:
    """The proved sign of a real constant.

    Raises :class:`UndecidedError` where neither balls nor algebra find it.
    """
    found = numbers.sign(number)
    if found is None:
        raise UndecidedError(str(number))
    return found


def vanishes(number: Expr) -> bool:
    """Whether a real constant is 0, proved; raises :class:`UndecidedError`."""
    return sign(number) == 0
