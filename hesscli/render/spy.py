"""A picture of where a large matrix is not zero: the dots of Braille signs stand for its entries.

The positive and the negative entries have a picture each, so that signs can be seen without
colour. No entry is lost: a dot is there if any of the entries that it stands for is not zero.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hesscli.render.blocks import is_narrow
from hesscli.render.grid import Spans
from hesscli.render.numbers import Numbers, levels
from hesscli.render.texts import Texts
from hesscli.types import Array, Mask

MAX_WIDTH = 32  # of a picture, in characters
# The bits of the dots of a Braille sign (Unicode, block 2800).
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])


def pictures(
    entries: Numbers | Texts, room: int, unicode: bool
) -> tuple[list[tuple[str, list[Spans]]], str]:
    """The title and the lines of each picture, which takes as much of the room as it needs; and
    how many entries a dot stands for. Of formulas, whose signs are not known, there is one picture.
    There is none where it would say no more than the words do.
    """
    room = min(MAX_WIDTH, room)
    # An ASCII character is one dot, about twice as high as it is wide.
    down, across = _BITS.shape if unicode else (2, 1)
    parts = {name: matrix for name, matrix in entries.parts().items() if matrix.any()}
    step = max((-(-len(m) // (room * across)) for m in parts.values()), default=1)
    if _is_told([np.asarray(tiled(m, step, step).any(axis=(2, 3))) for m in parts.values()]):
        return [], ""
    drawn: list[tuple[str, list[Spans]]] = []
    for name, matrix in parts.items():
        cells = tiled(matrix, step * down, step * across)
        texts = _braille(cells, step) if unicode else _stars(cells)
        shades = levels(np.abs(cells).max(axis=(2, 3)), float(np.abs(matrix).max()))
        roles = [[f"{name}-{level}" for level in row] for row in shades.tolist()]
        title = f"{name}: {np.count_nonzero(matrix):,}"
        drawn.append((title, list(zip(texts, roles, strict=True))))
    if not unicode:
        return drawn, f"one dot for {2 * step}x{step} entries"
    return drawn, f"one dot for {step}×{step} entries" if step > 1 else ""


def _is_told(parts: Sequence[Mask]) -> bool:
    """Whether words tell what these dots (n, n) would: nothing, everything, or a narrow band along
    the diagonal, with signs that do not change along it.
    """
    if not parts:
        return True
    order = len(parts[0])
    offsets = np.subtract.outer(np.arange(order), np.arange(order))
    dots = np.any(parts, axis=0)
    bandwidth = int(np.abs(offsets[dots]).max())
    if not dots.all() and not is_narrow(bandwidth, order):
        return False
    if not (dots == (np.abs(offsets) <= bandwidth)).all():
        return False
    return all((part == np.isin(offsets, offsets[part])).all() for part in parts)


def tiled(matrix: Array, height: int, width: int) -> Array:
    """The matrix in tiles: (rows, columns, height, width), with zeros beyond its ends."""
    order = len(matrix)
    padded = np.pad(matrix, ((0, -order % height), (0, -order % width)))
    rows, columns = padded.shape[0] // height, padded.shape[1] // width
    return padded.reshape(rows, height, columns, width).swapaxes(1, 2)


def _stars(cells: Array) -> list[str]:
    filled = np.asarray(cells.any(axis=(2, 3)))
    return ["".join("*" if dot else " " for dot in row) for row in filled.tolist()]


def _braille(cells: Array, step: int) -> list[str]:
    rows, columns = cells.shape[:2]
    down, across = _BITS.shape
    dots = cells.reshape(rows, columns, down, step, across, step).any(axis=(3, 5))
    codes = 0x2800 + (dots * _BITS).sum(axis=(2, 3))
    return ["".join(map(chr, row)) for row in codes.tolist()]
