"""What the numbers or formulas of a matrix become when it is drawn: columns of cells."""

from __future__ import annotations

from dataclasses import dataclass

from hesscli.errors import ASCII_SIGNS

MISSING = "none"
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
