"""What a matrix to be drawn is asked for, whether its entries are numbers or formulas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hesscli.types import Array

MISSING = "none"
GAP = "  "  # before each column


@dataclass(frozen=True, slots=True)
class Signs:
    """The characters that a terminal can show."""

    zero: str  # zero at every point
    across: str  # hidden columns
    down: str  # hidden rows
    vertical: str
    horizontal: str
    cross: str


UNICODE = Signs("·", "⋯", "⋮", "│", "─", "┼")
ASCII = Signs(".", "..", ":", "|", "-", "+")


@dataclass(frozen=True, slots=True)
class Column:
    """Cells that stand under each other: all ``width`` wide, with the gap before them, and what
    each of them means.
    """

    width: int
    cells: list[str]
    roles: list[str]


class Entries(Protocol):
    """The entries of a square matrix."""

    @property
    def proved(self) -> tuple[bool, bool]:
        """Whether some entries, and whether all that are zero, are zero at every point."""

    def column(self, j: int, rows: Sequence[int], least: int, signs: Signs) -> Column:
        """Column ``j`` in these rows, at least so wide without its gap."""

    def text(self, i: int, j: int) -> str:
        """One entry on its own."""

    def above(self) -> list[tuple[int, int]]:
        """The places on and above the diagonal that are not zero, row by row."""

    def parts(self) -> dict[str, Array]:
        """What a picture shows side by side, by its title: (n, n), 0 where there is nothing."""


def margin(width: int, least: int) -> str:
    """The blanks before cells of this width: the gap, and what they lack of the least width."""
    return GAP + " " * (least - width)
