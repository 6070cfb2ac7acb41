"""A matrix in blocks → lines of text: aligned, labelled, and as wide as there is room.

Cells are made a column at a time, padded and painted, and rows joined from them: a million
numbers take a few tenths of a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hesscli.errors import display_width
from hesscli.render.entries import Entries, Signs
from hesscli.render.palette import Palette
from hesscli.render.texts import Texts

GAP = "  "
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


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a matrix is drawn: ``width`` in cells, None where lines may have any length."""

    width: int | None
    full: bool
    signs: Signs
    palette: Palette


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of cells, all ``width`` wide, under its label."""

    index: int
    label: str
    cells: list[str]
    width: int


@dataclass(frozen=True, slots=True)
class _Block:
    """Columns that stand together; a title and captions may need more width than they do."""

    group: int
    columns: tuple[_Column, ...]
    needed: int

    @property
    def own(self) -> int:
        """The width of the columns."""
        return sum(c.width for c in self.columns) + len(GAP) * (len(self.columns) - 1)

    @property
    def width(self) -> int:
        """The width that the block takes."""
        return max(self.own, self.needed)


def shown(matrix: Matrix, frame: Frame) -> int:
    """How many rows and columns are to be shown, if the width allows."""
    whole = frame.width is None or frame.full or matrix.order <= MAX_COLUMNS
    return matrix.order if whole else ELIDED_COLUMNS


def lines(matrix: Matrix, frame: Frame) -> tuple[int, Iterator[str]] | None:
    """How many rows and columns are hidden, and the lines; None where the width is too small.

    Beyond sixteen columns the middle is left out, unless all is asked for. Columns that do not fit
    beside each other stand in parts, one below the other; formulas are not broken up like that.
    """
    count = shown(matrix, frame)
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
    return matrix.order - count, _drawn(matrix, indices, parts, frame)


def _ends(order: int, count: int) -> list[int]:
    """The indices of ``count`` rows to show: the first and the last ones."""
    first = (count + 1) // 2
    return [*range(first), *range(order - (count - first), order)]


def _parts(matrix: Matrix, indices: list[int], frame: Frame) -> list[list[_Block]]:
    """The columns in blocks, the blocks in parts that fit the width; none if one does not."""
    columns = [_column(matrix, j, indices, frame) for j in indices]
    if frame.width is None:
        return [_blocks(matrix, columns, frame)]
    room = frame.width - _side(matrix, indices) - len(GAP)
    parts: list[list[_Block]] = []
    start = 0
    for stop in range(1, len(columns) + 1):
        if _width(_blocks(matrix, columns[start:stop], frame), matrix) <= room:
            continue
        if start == stop - 1:
            return []
        parts.append(_blocks(matrix, columns[start : stop - 1], frame))
        start = stop - 1
        if _width(_blocks(matrix, columns[start:stop], frame), matrix) > room:
            return []
    return [*parts, _blocks(matrix, columns[start:], frame)]


def _side(matrix: Matrix, indices: list[int]) -> int:
    """The width of the labels at the left."""
    return max(display_width(matrix.labels[i]) for i in indices)


def _width(blocks: Sequence[_Block], matrix: Matrix) -> int:
    return sum(b.width for b in blocks) + (len(blocks) - 1) * (len(GAP) * 2 + 1)


def _column(matrix: Matrix, j: int, rows: Sequence[int], frame: Frame) -> _Column:
    width, cells = matrix.entries.column(j, rows, frame.palette, frame.signs)
    label = matrix.labels[j]
    missing = display_width(label) - width
    if missing > 0:
        cells = [" " * missing + cell for cell in cells]
    return _Column(j, label, cells, max(width, display_width(label)))


def _blocks(matrix: Matrix, columns: Sequence[_Column], frame: Frame) -> list[_Block]:
    """The columns by variable, or all together where there are only scalars."""
    if not matrix.captions:
        return [_Block(0, _with_gap(columns, frame), 0)]
    blocks: list[_Block] = []
    for g, group in enumerate(matrix.groups):
        members = [c for c in columns if group.start <= c.index < group.stop]
        if members:
            captions = [matrix.captions[i, g] for i in range(len(matrix.groups))]
            if members[0].index > group.start:  # captions stand where the block begins
                captions = []
            needed = max(map(display_width, (group.title, *captions)))
            drawn = _with_gap(members, frame)
            if blocks and members[0].index != blocks[-1].columns[-1].index + 1:
                drawn = (_dots(members[0], frame), *drawn)
            blocks.append(_Block(g, drawn, needed))
    return blocks


def _with_gap(columns: Sequence[_Column], frame: Frame) -> tuple[_Column, ...]:
    """The columns, with one of dots where the indices jump, which is where columns are hidden."""
    for k in range(1, len(columns)):
        if columns[k].index != columns[k - 1].index + 1:
            return (*columns[:k], _dots(columns[k], frame), *columns[k:])
    return tuple(columns)


def _dots(column: _Column, frame: Frame) -> _Column:
    """A column that says that some before ``column`` are hidden."""
    dots = frame.signs.across
    return _Column(-1, dots, [dots] * len(column.cells), len(dots))


def _drawn(
    matrix: Matrix, indices: list[int], parts: list[list[_Block]], frame: Frame
) -> Iterator[str]:
    side = _side(matrix, indices)
    for k, blocks in enumerate(parts):
        if k:
            yield ""
        yield from _part(matrix, indices, blocks, side, frame)


def _part(
    matrix: Matrix, indices: list[int], blocks: list[_Block], side: int, frame: Frame
) -> Iterator[str]:
    """Titles, labels, and the rows of each variable with the captions of its blocks below."""
    signs, paint = frame.signs, frame.palette.paint
    wall = GAP + paint("rule", signs.vertical) + GAP
    blanks = " " * side + GAP
    titles = [matrix.groups[b.group].title for b in blocks] if matrix.captions else []
    if any(titles):
        yield (blanks + wall.join(_filled("heading", titles, blocks, frame))).rstrip()
    labels = [
        GAP.join(_right(paint("heading", c.label), c.label, c.width) for c in b.columns)
        for b in blocks
    ]
    yield (blanks + wall.join(_padded(labels, blocks))).rstrip()
    rows = list(map(wall.join, zip(*map(_rows, blocks), strict=True)))
    rule = signs.horizontal * (side + len(GAP)) + (
        signs.horizontal * len(GAP) + signs.cross + signs.horizontal * len(GAP)
    ).join(signs.horizontal * b.width for b in blocks)
    start = 0
    for g, group in enumerate(matrix.groups):
        members = [i for i in indices[start:] if i < group.stop]
        if not members:
            continue
        for k, i in enumerate(members):
            position = start + k
            if position and i != indices[position - 1] + 1:
                yield paint("dim", _right(signs.down, signs.down, side))
            if matrix.captions and start and not k:
                yield paint("rule", rule)
            label = matrix.labels[i]
            left = _right(paint("heading", label), label, side) + GAP
            yield left + rows[position].rstrip()
        captions = [
            matrix.captions.get((g, b.group), "")
            if b.columns[0].index == matrix.groups[b.group].start
            else ""
            for b in blocks
        ]
        if any(captions) and len(indices) == matrix.order:
            yield (blanks + wall.join(_filled("dim", captions, blocks, frame))).rstrip()
        start += len(members)


def _rows(block: _Block) -> list[str]:
    cells = [c.cells for c in block.columns]
    if block.width > block.own:
        missing = " " * (block.width - block.own)
        cells[-1] = [cell + missing for cell in cells[-1]]
    return list(map(GAP.join, zip(*cells, strict=True)))


def _padded(texts: Sequence[str], blocks: Sequence[_Block]) -> list[str]:
    """Texts as wide as the columns, made as wide as their blocks."""
    return [text + " " * (b.width - b.own) for text, b in zip(texts, blocks, strict=True)]


def _filled(role: str, texts: Sequence[str], blocks: Sequence[_Block], frame: Frame) -> list[str]:
    """Texts at the left of their blocks."""
    return [
        frame.palette.paint(role, text) + " " * (b.width - display_width(text))
        for text, b in zip(texts, blocks, strict=True)
    ]


def _right(painted: str, text: str, width: int) -> str:
    return " " * (width - display_width(text)) + painted
