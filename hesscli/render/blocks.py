"""What a block of the Hessian is, in words: its shape, and whether it is diagonal, zero, …"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from hesscli.render.document import Line
from hesscli.render.figures import number, written
from hesscli.types import Array, Mask, Variable

MAX_LISTED = 10


def captions(
    variables: Sequence[Variable], matrix: Array, structural: Mask
) -> dict[tuple[int, int], str]:
    """The caption of each block, by the numbers of its variables; none for scalars alone."""
    if not any(v.shape for v in variables):
        return {}
    blocks = _blocks(variables, matrix, structural)
    return {place: _titled(*block) for place, block in blocks.items()}


def summary(variables: Sequence[Variable], matrix: Array, structural: Mask) -> Iterator[Line]:
    """Words for the whole matrix, then for each block on and above the diagonal."""
    order = len(matrix)
    yield Line("matrix", _described(f"{order}×{order}", matrix, structural))
    if len(variables) == 1 or not any(v.shape for v in variables):
        return
    blocks = [b for b in _blocks(variables, matrix, structural).items() if b[0][0] <= b[0][1]]
    for (i, j), block in blocks[:MAX_LISTED]:
        yield Line(f"H[{variables[i].name}][{variables[j].name}]", _described(*block))
    if len(blocks) > MAX_LISTED:
        yield Line("", f"and {len(blocks) - MAX_LISTED} more blocks")


def pattern(known: Sequence[Sequence[bool]]) -> Iterator[Line]:
    """The same for a matrix of formulas (n, n) of which only the zeros are ``known``."""
    zeros = np.array(known)
    order = len(zeros)
    # Numbers of which no two are the same: the places alone are to count.
    different = 1.0 + np.arange(order * order).reshape(order, order)
    title = _titled(f"{order}×{order}", np.where(zeros, 0.0, different), zeros)
    count = order * order - int(np.count_nonzero(zeros))
    yield Line("matrix", f"{title}, {_count(count, order * order)}")


def _count(count: int, size: int) -> str:
    return f"{count:,} of {size:,} entries are not zero"


def form(block: Array, structural: Mask) -> str:
    """What the entries of a block (m, n) show by their places; empty where that is nothing.

    ``structural`` (m, n) is True for the entries that are zero at every point.
    """
    if np.isnan(block).any():
        return "none" if np.isnan(block).all() else ""
    if not block.any():
        return "zero" if structural.all() else "zero here"
    rows, columns = block.shape
    if rows != columns or rows == 1:
        return ""
    diagonal = np.diagonal(block)
    i, j = block.nonzero()
    bandwidth = int(np.abs(i - j).max())
    if bandwidth == 0:
        if (diagonal == diagonal[0]).all():
            return "identity" if diagonal[0] == 1 else f"identity × {number(float(diagonal[0]))}"
        return "diagonal"
    if bandwidth == 1 and rows > 2:
        return "tridiagonal"
    if is_narrow(bandwidth, rows):
        return f"banded, {bandwidth} beside the diagonal"
    return ""


def is_narrow(bandwidth: int, rows: int) -> bool:
    """Whether a band with so many diagonals at each side is what a matrix of these rows shows."""
    return 2 * bandwidth + 1 < rows // 2


def _titled(shape: str, block: Array, structural: Mask) -> str:
    return " ".join(filter(None, (shape, form(block, structural))))


def _described(shape: str, block: Array, structural: Mask) -> str:
    finite = block[np.isfinite(block)]
    words = [_titled(shape, block, structural)]
    count = int(np.count_nonzero(finite))
    if count:
        ends = written(np.array([finite.min(), finite.max()]))
        least, greatest = ends.text(0), ends.text(1)
        words.append(_count(count, block.size))
        words.append(f"from {least} to {greatest}" if least != greatest else least)
    if finite.size < block.size:
        words.append(f"{block.size - finite.size:,} have no number")
    return ", ".join(filter(None, words))


def _blocks(
    variables: Sequence[Variable], matrix: Array, structural: Mask
) -> dict[tuple[int, int], tuple[str, Array, Mask]]:
    """The shape of each block, empty for that of a scalar, which has a row or a column only; its
    entries, and which of them are zero at every point.
    """
    ends = np.cumsum([v.size for v in variables])
    places = [slice(end - v.size, end) for v, end in zip(variables, ends, strict=True)]
    return {
        (i, j): (
            "×".join(map(str, (*u.shape, *v.shape))) if u.shape and v.shape else "",
            matrix[places[i], places[j]],
            structural[places[i], places[j]],
        )
        for i, u in enumerate(variables)
        for j, v in enumerate(variables)
    }
