"""What a matrix to be drawn is asked for, whether its entries are numbers or formulas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hesscli.render.palette import Palette
from hesscli.types import Array

MISSING = "none"


@dataclass(frozen=True, slots=True)
class Signs:
    """The characters that a terminal can show."""

    zero: str  # zero at every point
    across: str  # hidden columns
    down: str  # hidden rows
    vertical: str
    horizontal: str
    cross: str
    corners: str


UNICODE = Signs("·", "⋯", "⋮", "│", "─", "┼", "┌┐└┘")
ASCII = Signs(".", "..", ":", "|", "-", "+", "++++")


class Entries(Protocol):
    """The entries of a square matrix."""

    @property
    def proved(self) -> tuple[bool, bool]:
        """Whether some entries, and whether all that are zero, are zero at every point."""

    def column(
        self, j: int, rows: Sequence[int], palette: Palette, signs: Signs
    ) -> tuple[int, list[str]]:
        """The width of column ``j``, and its cells in these rows, padded to it."""

    def text(self, i: int, j: int) -> str:
        """One entry on its own."""

    def above(self) -> list[tuple[int, int]]:
        """The places on and above the diagonal that are not zero, row by row."""

    def parts(self) -> dict[str, Array]:
        """What a picture shows side by side, by its title: (n, n), 0 where there is nothing."""
