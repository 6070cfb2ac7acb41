"""A picture of where a large matrix is not zero: the dots of Braille signs stand for its entries.

The positive and the negative entries have a picture each, so that signs can be seen without
colour. No entry is lost: a dot is there if any of the entries that it stands for is not zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import numpy as np

from hesscli.render.entries import Entries
from hesscli.render.grid import GAP, Frame
from hesscli.render.numbers import levels
from hesscli.types import Array

MAX_WIDTH = 32  # of a picture, in characters, without its frame
# The bits of the dots of a Braille sign (Unicode, block 2800).
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])


def lines(entries: Entries, frame: Frame) -> Iterator[str]:
    """The pictures side by side; of formulas, whose signs are not known, one picture."""
    assert frame.width is not None
    room = min(MAX_WIDTH, (frame.width - len(GAP)) // 2 - 2)
    # An ASCII character is one dot, about twice as high as it is wide.
    down, across = (2, 1) if frame.signs.zero.isascii() else _BITS.shape
    parts = entries.parts()
    step = -(-len(next(iter(parts.values()))) // (room * across))
    panels = [
        list(_panel(title, matrix, step * down, step * across, step, frame))
        for title, matrix in parts.items()
        if matrix.any()
    ]
    yield from map(GAP.join, zip(*panels, strict=True))
    if panels and (step, down) != (1, _BITS.shape[0]):
        each = f"{2 * step}x{step}" if down == 2 else f"{step}×{step}"
        yield frame.palette.paint("dim", f"one dot for {each} entries")


def _panel(
    name: str, matrix: Array, height: int, width: int, step: int, frame: Frame
) -> Iterator[str]:
    """The picture of ``matrix`` (n, n), of which each character shows (height, width) entries."""
    paint, signs = frame.palette.paint, frame.signs
    cells = _tiled(matrix, height, width)
    shades = levels(np.abs(cells).max(axis=(2, 3)), float(np.abs(matrix).max()))
    texts = _stars(cells) if signs.zero.isascii() else _braille(cells, step)
    count = len(texts[0])
    number = f"{np.count_nonzero(matrix):,}"
    title = f"{name}: {number}"
    if len(title) > count + 2:
        title = f"{ {'positive': '+', 'negative': '-'}.get(name, '') } {number}"
    yield f"{title:<{count + 2}}"
    top, bottom = signs.corners[:2], signs.corners[2:]
    yield paint("rule", top[0] + signs.horizontal * count + top[1])
    wall = paint("rule", signs.vertical)
    for text, row in zip(texts, shades.tolist(), strict=True):
        runs = groupby(zip(row, text, strict=True), key=lambda pair: pair[0])
        painted = (paint(f"{name}-{level}", "".join(c for _, c in run)) for level, run in runs)
        yield wall + "".join(painted) + wall
    yield paint("rule", bottom[0] + signs.horizontal * count + bottom[1])


def _tiled(matrix: Array, height: int, width: int) -> Array:
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
