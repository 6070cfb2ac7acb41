"""A matrix of doubles, to be drawn: aligned on the decimal point, coloured by sign and size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from hesscli.render.entries import MISSING, Signs
from hesscli.render.figures import Column, column, number
from hesscli.render.palette import LEVELS, Palette
from hesscli.types import Array, Mask


@dataclass(frozen=True)
class Numbers:
    """The entries of a matrix (m, n), NaN for one without a number; ``structural`` (m, n) is
    True where an entry is zero at every point.
    """

    values: Array
    structural: Mask

    def column(
        self, j: int, rows: Sequence[int], palette: Palette, signs: Signs
    ) -> tuple[int, list[str]]:
        """The width of column ``j``, and its cells in these rows, padded to it."""
        chosen = slice(None) if len(rows) == len(self.values) else list(rows)
        values = self.values[chosen, j]
        layout = column(values)
        codes = self._codes(values, self.structural[chosen, j], layout)
        formats = _formats(layout, palette, signs)
        cells = [formats[code] for code in codes.tolist()]
        numbers = values[codes >= _FIRST_NUMBER].tolist()
        return layout.width, ("\n".join(cells) % tuple(numbers)).split("\n")

    def _codes(self, values: Array, structural: Mask, layout: Column) -> Any:
        """Which of the formats each number has."""
        level = levels(np.abs(values), self.largest) - 1
        kinds = int(layout.places.max()) + 1
        codes = _FIRST_NUMBER + (level * 2 + (values < 0)) * kinds + layout.places
        codes[values == 0] = _ZERO
        codes[(values == 0) & structural] = _STRUCTURAL
        codes[~np.isfinite(values)] = _MISSING
        return codes

    def text(self, i: int, j: int) -> str:
        """One entry on its own."""
        return number(float(self.values[i, j]))

    @property
    def proved(self) -> tuple[bool, bool]:
        """Whether some entries, and whether all that are zero, are zero at every point."""
        zeros = self.values == 0
        return bool((self.structural & zeros).any()), bool(self.structural[zeros].all())

    def above(self) -> list[tuple[int, int]]:
        """The places on and above the diagonal that are not zero, row by row."""
        rows, columns = np.nonzero(np.triu(self.values != 0))
        return list(zip(rows.tolist(), columns.tolist(), strict=True))

    def parts(self) -> dict[str, Array]:
        """The positive and the negative entries, for a picture each."""
        values = np.nan_to_num(self.values)
        return {"positive": np.maximum(values, 0), "negative": np.minimum(values, 0)}

    @cached_property
    def largest(self) -> float:
        """The largest size of an entry."""
        finite = self.values[np.isfinite(self.values)]
        return float(np.abs(finite).max(initial=0.0))


def levels(sizes: Array, largest: float) -> Any:
    """How large sizes are: from 1 to 3, a step for each order of magnitude up to the largest."""
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.ceil(np.log10(sizes) - np.log10(largest))
    return np.asarray(np.clip(np.nan_to_num(LEVELS + steps), 1, LEVELS).astype(int))


_ZERO, _STRUCTURAL, _MISSING, _FIRST_NUMBER = range(4)


def _formats(layout: Column, palette: Palette, signs: Signs) -> list[str]:
    """The %-formats by code: the three words, then the numbers by level, sign and decimals."""
    formats = [
        palette.paint("dim", layout.sign("0")),
        palette.paint("dim", layout.sign(signs.zero)),
        palette.paint("problem", f"{MISSING:>{layout.width}}"),
    ]
    for level in range(1, LEVELS + 1):
        for sign in ("positive", "negative"):
            for places in range(int(layout.places.max()) + 1):
                formats.append(palette.paint(f"{sign}-{level}", layout.format(places)))
    return formats
