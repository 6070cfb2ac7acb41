"""A matrix in blocks → lines of texts and what they mean: aligned, labelled, and as wide as
there is room.

Cells are made a column at a time, and rows taken from them: a million numbers take a few tenths of
a second.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hesscli.errors import display_width
from hesscli.render.entries import GAP, Column, Entries, Signs
from hesscli.render.texts import Texts

# A line: texts that stand beside each other, and the role of each.
Spans = tuple[Sequence[str], Sequence[str]]
UNLIMITED = sys.maxsize  # a width
TITLE = "Hessian"
# A matrix of more columns is elided, but for ``--full``; that many are then shown.
MAX_COLUMNS = 16
ELIDED_COLUMNS = 10


@dataclass(frozen=True, slots=True)
class Group:
    """Consecutive rows (and columns) of the matrix that belong to one variable."""

    title: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Matrix:
    """The Hessian: one label for each row and column, in groups by variable.

    ``captions`` tell of each block, by the numbers of its groups; there are none where all
    variables are scalars. ``legend`` says what the sign of a structural zero means.
    """

    groups: tuple[Group, ...]
    labels: tuple[str, ...]
    entries: Entries
    captions: dict[tuple[int, int], str]
    legend: str

    @property
    def order(self) -> int:
        """The number of rows."""
        return len(self.labels)

    def heading(self, signs: Signs) -> tuple[str, str]:
        """The title, and what the sign of a structural zero means, if it occurs."""
        occurs, _ = self.entries.proved
        return TITLE, f"{signs.zero} {self.legend}" if occurs else ""


class Frame(NamedTuple):
    """Where a matrix is drawn: the width in cells, whether all of it is asked for, the signs."""

    width: int
    full: bool
    signs: Signs


@dataclass(frozen=True, slots=True)
class _Labelled:
    """A column under its label; ``index`` is -1 for the dots of columns that are hidden."""

    index: int
    label: str
    column: Column


@dataclass(frozen=True, slots=True)
class _Block:
    """Columns that stand together; a title and captions may need more width than they do."""

    group: int
    columns: tuple[_Labelled, ...]
    needed: int

    @property
    def own(self) -> int:
        """The width of the columns."""
        return sum(c.column.width for c in self.columns)

    @property
    def width(self) -> int:
        """The width that the block takes."""
        return max(self.own, self.needed)


def lines(matrix: Matrix, frame: Frame) -> tuple[int, Iterator[Spans]] | None:
    """How many rows and columns are hidden, and the lines; None where the width is too small.

    Beyond sixteen columns the middle is left out, unless all is asked for. Columns that do not fit
    beside each other stand in parts, one below the other; formulas are not broken up like that.
    """
    whole = frame.full or matrix.order <= MAX_COLUMNS
    count = matrix.order if whole else ELIDED_COLUMNS
    while True:
        indices = _ends(matrix.order, count)
        parts = _parts(matrix, indices, frame)
        if len(parts) == 1 or (parts and count == matrix.order):
            break
        if count == 1 or not parts or isinstance(matrix.entries, Texts):
            return None
        count = min(count - 1, sum(len(block.columns) for block in parts[0]))
    if len(parts) > 1 and isinstance(matrix.entries, Texts):
        return None  # a list of formulas is read more easily
    return matrix.order - count, _drawn(matrix, indices, parts, frame.signs)


def _ends(order: int, count: int) -> list[int]:
    """The indices of ``count`` rows to show: the first and the last ones."""
    first = (count + 1) // 2
    return [*range(first), *range(order - (count - first), order)]


def _parts(matrix: Matrix, indices: list[int], frame: Frame) -> list[list[_Block]]:
    """The columns in blocks, the blocks in parts that fit the width; none if one does not."""
    room = frame.width - _side(matrix, indices)
    columns = [_column(matrix, j, indices, frame.signs) for j in indices]
    blocks = _blocks(matrix, columns, frame.signs)
    if _width(blocks) <= room:
        return [blocks]
    parts: list[list[_Block]] = []
    while columns:
        fitting: list[_Block] = []
        count = 0
        while count < len(columns):
            blocks = _blocks(matrix, columns[: count + 1], frame.signs)
            if _width(blocks) > room:
                break
            fitting = blocks
            count += 1
        if not count:
            return []
        parts.append(fitting)
        columns = columns[count:]
    return parts


def _side(matrix: Matrix, indices: list[int]) -> int:
    """The width of the labels at the left."""
    return max(display_width(matrix.labels[i]) for i in indices)


def _width(blocks: Sequence[_Block]) -> int:
    return sum(b.width for b in blocks) + (len(blocks) - 1) * (len(GAP) + 1)


def _column(matrix: Matrix, j: int, rows: Sequence[int], signs: Signs) -> _Labelled:
    label = matrix.labels[j]
    return _Labelled(j, label, matrix.entries.column(j, rows, display_width(label), signs))


def _blocks(matrix: Matrix, columns: Sequence[_Labelled], signs: Signs) -> list[_Block]:
    """The columns by variable, or all together where there are only scalars."""
    if not matrix.captions:
        return [_Block(0, _with_gap(columns, signs), 0)]
    blocks: list[_Block] = []
    for g, group in enumerate(matrix.groups):
        members = [c for c in columns if group.start <= c.index < group.stop]
        if members:
            captions = [matrix.captions[i, g] for i in range(len(matrix.groups))]
            if members[0].index > group.start:  # captions stand where the block begins
                captions = []
            needed = len(GAP) + max(map(display_width, (group.title, *captions)))
            drawn = _with_gap(members, signs)
            if blocks and members[0].index != blocks[-1].columns[-1].index + 1:
                drawn = (_dots(members[0], signs), *drawn)
            blocks.append(_Block(g, drawn, needed))
    return blocks


def _with_gap(columns: Sequence[_Labelled], signs: Signs) -> tuple[_Labelled, ...]:
    """The columns, with one of dots where the indices jump, which is where columns are hidden."""
    for k in range(1, len(columns)):
        if columns[k].index != columns[k - 1].index + 1:
            return (*columns[:k], _dots(columns[k], signs), *columns[k:])
    return tuple(columns)


def _dots(before: _Labelled, signs: Signs) -> _Labelled:
    """A column that says that some are hidden."""
    rows = len(before.column.cells)
    dots = GAP + signs.across
    return _Labelled(-1, signs.across, Column(len(dots), [dots] * rows, [""] * rows))


def _drawn(
    matrix: Matrix, indices: list[int], parts: list[list[_Block]], signs: Signs
) -> Iterator[Spans]:
    side = _side(matrix, indices)
    for k, blocks in enumerate(parts):
        if k:
            yield (), ()
        yield from _part(matrix, indices, blocks, side, signs)


def _part(
    matrix: Matrix, indices: list[int], blocks: list[_Block], side: int, signs: Signs
) -> Iterator[Spans]:
    """Titles, labels, and the rows of each variable with the captions of its blocks below."""
    titles = [matrix.groups[b.group].title for b in blocks] if matrix.captions else []
    if any(titles):
        yield _across([GAP + title for title in titles], "heading", blocks, side, signs)
    labels = ["".join(_right(c.label, c.column.width) for c in b.columns) for b in blocks]
    yield _across(labels, "heading", blocks, side, signs)
    rows = _rows([_right(matrix.labels[i], side) for i in indices], blocks, signs)
    end = signs.horizontal * len(GAP) + signs.cross
    rule = signs.horizontal * side + end.join(signs.horizontal * b.width for b in blocks)
    start = 0
    for g, group in enumerate(matrix.groups):
        members = [i for i in indices[start:] if i < group.stop]
        if not members:
            continue
        for position, i in enumerate(members, start):
            if position and i != indices[position - 1] + 1:
                yield (_right(signs.down, side),), ("dim",)
            if matrix.captions and position == start > 0:
                yield (rule,), ("rule",)
            yield rows[position]
        captions = [
            matrix.captions.get((g, b.group), "")
            if b.columns[0].index == matrix.groups[b.group].start
            else ""
            for b in blocks
        ]
        if any(captions) and len(indices) == matrix.order:
            yield _across([GAP + caption for caption in captions], "dim", blocks, side, signs)
        start += len(members)


def _rows(labels: list[str], blocks: Sequence[_Block], signs: Signs) -> list[Spans]:
    """The labels at the left, the cells, and the walls between blocks, row by row."""
    texts, roles = [labels], [["heading"] * len(labels)]
    for k, block in enumerate(blocks):
        if k:
            before = blocks[k - 1]
            wall = " " * (before.width - before.own) + GAP + signs.vertical
            texts.append([wall] * len(labels))
            roles.append(["rule"] * len(labels))
        texts += [c.column.cells for c in block.columns]
        roles += [c.column.roles for c in block.columns]
    return list(zip(zip(*texts, strict=True), zip(*roles, strict=True), strict=True))


def _across(
    texts: Sequence[str], role: str, blocks: Sequence[_Block], side: int, signs: Signs
) -> Spans:
    """A text for each block, beside the blanks that stand under the labels at the left."""
    spans = [(" " * side, "")]
    for k, (text, block) in enumerate(zip(texts, blocks, strict=True)):
        if k:
            spans.append((GAP + signs.vertical, "rule"))
        spans.append((text + " " * (block.width - display_width(text)), role))
    return tuple(text for text, _ in spans), tuple(role for _, role in spans)


def _right(text: str, width: int) -> str:
    return " " * (width - display_width(text)) + text
