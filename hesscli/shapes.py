"""Shapes of tensors: how they broadcast, and how their elements are numbered, without torch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import Any

Shape = tuple[int, ...]


def broadcast(shapes: Iterable[Sequence[int]]) -> Shape:
    """The shape that tensors of these shapes broadcast to. Raises ValueError if they do not.

    torch has the same function, but its first call imports for a tenth of a second.
    """
    shapes = [tuple(shape) for shape in shapes]
    result = [1] * max(map(len, shapes), default=0)
    for shape in shapes:
        for axis, length in enumerate(reversed(shape), start=1):
            if length != 1:
                if result[-axis] not in (1, length):
                    raise ValueError(shapes)
                result[-axis] = length
    return tuple(result)


def size(shape: Sequence[int]) -> int:
    """The number of elements."""
    return prod(shape)


def index_text(shape: Sequence[int], flat: int) -> str:
    """``[1,0]`` for a row-major element number; nothing for a scalar."""
    index = []
    for length in reversed(shape):
        flat, i = divmod(flat, length)
        index.append(i)
    return label(index[::-1])


def label(index: Sequence[int]) -> str:
    """``[1,0]`` for an index; nothing for that of a scalar."""
    return f"[{','.join(map(str, index))}]" if index else ""


def shaped(entries: Sequence[Any], shape: Shape) -> Any:
    """Row-major entries as nested lists of this shape; the one entry of a scalar."""
    if not shape:
        return entries[0]
    step = len(entries) // shape[0]
    return [shaped(entries[k * step : (k + 1) * step], shape[1:]) for k in range(shape[0])]
