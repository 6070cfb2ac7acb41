"""A matrix of formulas, or of numbers of any length, to be drawn. Needs no NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hesscli.errors import display_width
from hesscli.render.entries import MISSING, Column, Signs, margin
from hesscli.types import Array


@dataclass(frozen=True, slots=True)
class Texts:
    """The entries of a matrix (n, n) as formulas, or as numbers of any length; ``structural``
    (n, n) is True where an entry is zero at every point.
    """

    cells: tuple[tuple[str, ...], ...]
    structural: Any

    def text(self, i: int, j: int) -> str:
        """One entry on its own."""
        return self.cells[i][j]

    @property
    def proved(self) -> tuple[bool, bool]:
        """Whether some entries, and whether all that are zero, are zero at every point."""
        found = [
            bool(self.structural[i][j])
            for i, row in enumerate(self.cells)
            for j, cell in enumerate(row)
            if cell == "0"
        ]
        return any(found), all(found)

    def above(self) -> list[tuple[int, int]]:
        """The places on and above the diagonal that are not zero, row by row."""
        order = range(len(self.cells))
        return [(i, j) for i in order for j in order[i:] if self.cells[i][j] != "0"]

    def parts(self) -> dict[str, Array]:
        """Where entries are not zero, for a picture: their signs are not known."""
        import numpy as np

        return {"not zero": np.array([[cell != "0" for cell in row] for row in self.cells], float)}

    def column(self, j: int, rows: Sequence[int], least: int, signs: Signs) -> Column:
        """Column ``j`` in these rows, decimal points aligned, at least so wide without its gap."""
        cells = [self.cells[i][j] for i in rows]
        roles = ["dim" if c == "0" else "problem" if c == MISSING else "" for c in cells]
        parts = [
            _at_point(signs.zero if cell == "0" and self.structural[i][j] else cell)
            for i, cell in zip(rows, cells, strict=True)
        ]
        left = max(display_width(whole) for whole, _ in parts)
        right = max(len(rest) for _, rest in parts)
        before = margin(left + right, least)
        texts = [
            f"{before}{' ' * (left - display_width(whole))}{whole}{rest:<{right}}"
            for whole, rest in parts
        ]
        return Column(len(before) + left + right, texts, roles)


def _at_point(cell: str) -> tuple[str, str]:
    """A decimal number before its point, and from it on; anything else whole."""
    whole, point, rest = cell.partition(".")
    if point and whole.lstrip("-−").isdigit() and rest[:1].isdigit():
        return whole, point + rest
    return cell, ""
