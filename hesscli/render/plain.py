"""Document → plain text: no escape codes, no boxes, and no number ever cut off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hesscli.render.document import Document, Line, Matrix, Table

LABEL_WIDTH = len("eigenvalues")


def lines(document: Document) -> Iterator[str]:
    """The document, line by line."""
    yield f"f = {document.title}"
    yield from _labelled(document.lines)
    yield ""
    yield "Hessian"
    yield from _matrix(document.matrix)
    if document.table:
        yield ""
        yield from _table(document.table)
    if document.verdict:
        yield ""
        yield from _labelled(document.verdict)


def _table(table: Table) -> Iterator[str]:
    """Columns two blanks apart."""
    widths = [max(map(len, column)) for column in zip(table.headings, *table.rows, strict=True)]
    for row in (table.headings, *table.rows):
        yield "  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)).rstrip()


def _labelled(items: Iterable[Line]) -> Iterator[str]:
    for item in items:
        yield f"{item.label:<{LABEL_WIDTH}}  {item.text}".rstrip()


def _matrix(matrix: Matrix) -> Iterator[str]:
    """A row a line, with a bar between the blocks of different variables if any is a tensor."""
    columns = [aligned(column) for column in zip(*matrix.cells, strict=True)]
    widths = [
        max(len(label), len(column[0]))
        for label, column in zip(matrix.labels, columns, strict=True)
    ]
    side = max(map(len, matrix.labels))
    blocks = len(matrix.groups) < len(matrix.labels)

    def joined(label: str, cells: Sequence[str]) -> str:
        padded = [f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True)]
        parts = ["  ".join(padded[group.start : group.stop]) for group in matrix.groups]
        return f"{label:<{side}}  {'  |  '.join(parts) if blocks else '  '.join(padded)}".rstrip()

    if blocks:
        yield "blocks: " + ", ".join(group.title for group in matrix.groups)
    yield joined("", matrix.labels)
    rows = list(zip(*columns, strict=True))
    for number, group in enumerate(matrix.groups):
        if blocks and number:
            yield ""
        for i in range(group.start, group.stop):
            yield joined(matrix.labels[i], rows[i])


def aligned(cells: Sequence[str]) -> list[str]:
    """Numbers of one column padded to one width, with their decimal points under each other."""
    split = [_at_point(cell) for cell in cells]
    left = max(len(whole) for whole, _ in split)
    right = max(len(rest) for _, rest in split)
    return [f"{whole:>{left}}{rest:<{right}}" for whole, rest in split]


def _at_point(cell: str) -> tuple[str, str]:
    if not cell[-1:].isdigit():  # a symbol or a missing entry
        return cell, ""
    for mark in (".", "e"):
        if mark in cell and _is_number(cell):
            position = cell.index(mark)
            return cell[:position], cell[position:]
    return cell, ""


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
