"""What numbers and formulas become when they are written, and columns of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from hesscli.answer import Answer, Basis
from hesscli.errors import ASCII_SIGNS
from hesscli.language.writer import PYTHON, Notation

MISSING = "none"
# Whole numbers from here on are no longer all doubles: their last digits would mean nothing.
LARGEST_WHOLE = 1e15
# Smaller numbers have more zeros before their digits than can be counted at a glance.
SMALLEST_PLAIN = 1e-5
GAP = "  "  # before each column


@dataclass(frozen=True, slots=True)
class Signs:
    """The characters that a terminal can show, and what stands in texts for those it cannot."""

    zero: str  # zero at every point
    across: str  # hidden columns
    down: str  # hidden rows
    vertical: str
    horizontal: str
    cross: str
    instead: dict[int, str]


UNICODE = Signs("·", "⋯", "⋮", "│", "─", "┼", {})
ASCII = Signs(".", "..", ":", "|", "-", "+", ASCII_SIGNS)


@dataclass(frozen=True, slots=True)
class Column:
    """Cells that stand under each other: all ``width`` wide, with the gap before them, and what
    each of them means.
    """

    width: int
    cells: list[str]
    roles: list[str]


def margin(width: int, least: int) -> str:
    """The blanks before cells of this width: the gap, and what they lack of the least width."""
    return GAP + " " * (least - width)


def writing(
    answer: Answer,
    double: Callable[[float], Any],
    missing: Any,
    notation: Notation = PYTHON,
    together: Sequence[Any] = (),
) -> Callable[[Any], Any]:
    """What writes one number or formula of an answer, ``double`` a number in doubles; ``missing``
    stands where there is none. Digits that are asked for come in one notation for all numbers that
    stand ``together``.
    """
    if answer.basis is Basis.DOUBLES:
        return lambda number: double(number) if math.isfinite(number) else missing
    from hesscli.expression.notation import as_text

    padded = answer.basis is not Basis.SYMBOLS
    decimal = answer.formula.decimal and not padded
    scientific = _are_extreme(together, answer.digits) if together and answer.digits else None

    @cache  # most entries of a large Hessian are 0
    def text(entry: Any) -> Any:
        if entry is None:
            return missing
        return as_text(entry, notation, decimal=decimal, padded=padded, scientific=scientific)

    return text


def _are_extreme(numbers: Sequence[Any], digits: int) -> bool:
    """Whether some of these numbers of SymPy's are too small or too large to have no exponent."""
    sizes = [abs(number) for number in numbers if number]
    return any(size < SMALLEST_PLAIN or size >= 10**digits for size in sizes)


def precise(value: float) -> str:
    """A double in full, as the shortest text that reads back the same."""
    if not math.isfinite(value):
        return MISSING
    return str(int(value)) if value == int(value) and abs(value) < LARGEST_WHOLE else repr(value)
