"""A matrix in blocks → lines of texts and what they mean: aligned, labelled, and as wide as
there is room.

Cells are made a column at a time, and rows taken from them: a million numbers take a few tenths of
a second.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from hesscli.errors import display_width
from hesscli.render.entries import GAP, Column, Signs
from hesscli.render.texts import Texts

if TYPE_CHECKING:
    from hesscli.render.numbers import Numbers

# A line: texts that stand beside each other, and the role of each.
Spans = tuple[Sequence[str], Sequence[str]]
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
    entries: Numbers | Texts
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


@dataclass(frozen=True, slots=True)
class _Labelled:
    """A column under its label; ``index`` is -1 for the dots of columns that are hidden."""

    group: int
    index: int
    label: str
    column: Column


@dataclass(frozen=True, slots=True)
class _Block:
    """Columns that stand together, with captions by the groups of rows; these and the title may
    need more width than the columns do.
    """

    title: str
    captions: dict[int, str]
    columns: list[_Labelled]

    @property
    def own(self) -> int:
        """The width of the columns."""
        return sum(c.column.width for c in self.columns)

    @property
    def width(self) -> int:
        """The width that the block takes."""
        texts = self.title, *self.captions.values()
        return max(self.own, len(GAP) + max(map(display_width, texts)))


def lines(
    matrix: Matrix, width: float, full: bool, signs: Signs
) -> tuple[int, Iterator[Spans]] | None:
    """How many rows and columns are hidden, and the lines; None where the width is too small.

    Beyond sixteen columns the middle is left out, unless the matrix is wanted in full. Columns that
    do not fit beside each other stand in parts, one below the other; formulas are not broken up
    like that.
    """
    count = matrix.order if full or matrix.order <= MAX_COLUMNS else ELIDED_COLUMNS
    while True:
        first = (count + 1) // 2
        indices = [*range(first), *range(matrix.order - (count - first), matrix.order)]
        side = max(display_width(matrix.labels[i]) for i in indices)
        parts = _parts(matrix, _columns(matrix, indices, signs), width - side)
        if len(parts) == 1:
            break
        if not parts or isinstance(matrix.entries, Texts):
            return None  # a list of formulas is read more easily
        if count == matrix.order:
            break
        count = min(count - 1, sum(len(block.columns) for block in parts[0]))
    return matrix.order - count, _drawn(matrix, indices, parts, side, signs)


def _columns(matrix: Matrix, indices: Sequence[int], signs: Signs) -> list[_Labelled]:
    """The columns of these indices, with one of dots before each that follows hidden ones."""
    owners = [g for g, group in enumerate(matrix.groups) for _ in range(group.start, group.stop)]
    dots = GAP + signs.across
    hidden = Column(len(dots), [dots] * len(indices), [""] * len(indices))
    columns: list[_Labelled] = []
    for j in indices:
        group = owners[j] if matrix.captions else 0
        label = matrix.labels[j]
        if columns and j != columns[-1].index + 1:
            columns.append(_Labelled(group, -1, signs.across, hidden))
        column = matrix.entries.column(j, indices, display_width(label), signs)
        columns.append(_Labelled(group, j, label, column))
    return columns


def _parts(matrix: Matrix, columns: list[_Labelled], room: float) -> list[list[_Block]]:
    """The columns in blocks, the blocks in parts that fit the room; none if one does not."""
    parts = []
    while columns:
        # Most matrices fit as they are.
        fitting, count = _blocks(matrix, columns), len(columns)
        if _width(fitting) > room:
            fitting, count = [], 0
            while _width(more := _blocks(matrix, columns[: count + 1])) <= room:
                fitting, count = more, count + 1
        if not count:
            return []
        parts.append(fitting)
        columns = columns[count:]
    return parts


def _width(blocks: Sequence[_Block]) -> int:
    return sum(b.width for b in blocks) + (len(blocks) - 1) * (len(GAP) + 1)


def _blocks(matrix: Matrix, columns: Sequence[_Labelled]) -> list[_Block]:
    """The columns by variable, or all together where there are only scalars."""
    blocks = []
    for g, found in groupby(columns, key=lambda column: column.group):
        members = list(found)
        group = matrix.groups[g]
        captions = {}
        if matrix.captions and members[0].index == group.start:  # they stand where it begins
            captions = {i: matrix.captions[i, g] for i in range(len(matrix.groups))}
        blocks.append(_Block(group.title, captions, members))
    return blocks


def _drawn(
    matrix: Matrix, indices: list[int], parts: list[list[_Block]], side: int, signs: Signs
) -> Iterator[Spans]:
    for k, blocks in enumerate(parts):
        if k:
            yield ("",), ("",)
        yield from _part(matrix, indices, blocks, side, signs)


def _part(
    matrix: Matrix, indices: list[int], blocks: list[_Block], side: int, signs: Signs
) -> Iterator[Spans]:
    """Titles, labels, and the rows of each variable with the captions of its blocks below."""

    def across(texts: Iterable[str], role: str) -> Spans:
        """A text for each block, beside the blanks under the labels at the left."""
        spans = [(" " * side, "")]
        for block, text in zip(blocks, texts, strict=True):
            text = GAP + text.translate(signs.instead)
            spans.append((text + " " * (block.width - display_width(text)), role))
            spans.append((GAP + signs.vertical, "rule"))
        texts, roles = zip(*spans[:-1], strict=True)
        return texts, roles

    if any(b.title for b in blocks):
        yield across([b.title for b in blocks], "heading")
    labels = ("".join(_right(c.label, c.column.width) for c in b.columns) for b in blocks)
    yield across([label.removeprefix(GAP) for label in labels], "heading")
    rows = _rows([_right(matrix.labels[i], side) for i in indices], blocks, signs)
    end = signs.horizontal * len(GAP) + signs.cross
    rule = signs.horizontal * side + end.join(signs.horizontal * b.width for b in blocks)
    start = 0
    for g, group in enumerate(matrix.groups):
        stop = bisect_left(indices, group.stop)
        for k in range(start, stop):
            if k and indices[k] != indices[k - 1] + 1:
                yield (_right(signs.down, side),), ("dim",)
            if matrix.captions and k == start > 0:
                yield (rule,), ("rule",)
            yield rows[k]
        captions = [b.captions.get(g, "") for b in blocks]
        if any(captions) and len(indices) == matrix.order:
            yield across(captions, "dim")
        start = stop


def _rows(labels: list[str], blocks: Sequence[_Block], signs: Signs) -> list[Spans]:
    """The labels at the left, the cells, and the walls between blocks, row by row."""
    columns = [(labels, ["heading"] * len(labels))]
    for block in blocks:
        wall = " " * (block.width - block.own) + GAP + signs.vertical
        columns += [(c.column.cells, c.column.roles) for c in block.columns]
        columns.append(([wall] * len(labels), ["rule"] * len(labels)))
    texts, roles = zip(*columns[:-1], strict=True)
    return list(zip(zip(*texts, strict=True), zip(*roles, strict=True), strict=True))


def _right(text: str, width: int) -> str:
    return " " * (width - display_width(text)) + text
