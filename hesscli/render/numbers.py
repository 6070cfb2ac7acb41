"""A matrix of doubles, to be drawn: aligned on the decimal point, coloured by sign and size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from hesscli.render.entries import MISSING, Column, Signs, margin
from hesscli.render.figures import Layout, Written, written
from hesscli.render.palette import LEVELS
from hesscli.types import Array, Mask


@dataclass(frozen=True)
class Numbers:
    """The entries of a matrix (m, n), NaN for one without a number; ``structural`` (m, n) is
    True where an entry is zero at every point.
    """

    values: Array
    structural: Mask
    _written: dict[tuple[int, ...], Written] = field(default_factory=dict, init=False, repr=False)

    def column(self, j: int, rows: Sequence[int], least: int, signs: Signs) -> Column:
        """Column ``j`` in these rows, at least so wide without its gap, in the notation that suits
        all entries in these rows and columns.
        """
        chosen = slice(None) if len(rows) == len(self.values) else list(rows)
        values = self.values[chosen, j]
        numbered = np.isfinite(values) & (values != 0)
        zeros = np.where(self.structural[chosen, j], _STRUCTURAL, _ZERO)
        kinds = np.where(numbered, _FIRST_NUMBER, np.where(values == 0, zeros, _MISSING))
        made = self._shown(tuple(rows)).layout((slice(None), rows.index(j)))
        formats = _formats(made, margin(made.width, least), signs)
        patterns = "\n".join(formats[kinds + made.places].tolist())
        levelled = 2 * levels(np.abs(values), self.largest) + (values < 0)
        return Column(
            len(formats[_ZERO]),
            (patterns % tuple(values[numbered].tolist())).split("\n"),
            _ROLES[kinds + numbered * levelled].tolist(),
        )

    def text(self, i: int, j: int) -> str:
        """One entry on its own."""
        return self._shown(tuple(range(len(self.values)))).text((i, j))

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

    def _shown(self, indices: tuple[int, ...]) -> Written:
        """The entries in these rows and columns. Those that are hidden, of which one of a million
        may be tiny, have no say in the notation of the others.
        """
        if indices not in self._written:
            whole = len(indices) == len(self.values)
            self._written[indices] = written(
                self.values if whole else self.values[np.ix_(indices, indices)]
            )
        return self._written[indices]

    @cached_property
    def largest(self) -> float:
        """The largest size of an entry."""
        finite = self.values[np.isfinite(self.values)]
        return float(np.abs(finite).max(initial=0.0))


def levels(sizes: Array, largest: float) -> Any:
    """How large sizes are: from 0 to 2, a step for each order of magnitude up to the largest."""
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.ceil(np.log10(sizes) - np.log10(largest))
    return np.asarray(np.clip(np.nan_to_num(steps) + LEVELS - 1, 0, LEVELS - 1).astype(int))


_ZERO, _STRUCTURAL, _MISSING, _FIRST_NUMBER = range(4)
_SIGNED = [f"{sign}-{level}" for level in range(LEVELS) for sign in ("positive", "negative")]
# By code: what is no number, then the numbers by level and sign.
_ROLES = np.array(["dim", "dim", "problem", *_SIGNED], dtype=object)


def _formats(made: Layout, before: str, signs: Signs) -> Any:
    """The %-formats by code: the three words, then the numbers by their decimals."""
    words = made.sign("0"), made.sign(signs.zero), f"{MISSING:>{made.width}}"
    numbers = map(made.format, range(int(made.places.max()) + 1))
    return np.array([before + text for text in (*words, *numbers)], dtype=object)
