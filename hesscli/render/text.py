"""Document → lines of text, for a terminal of some width or for a pipe of any.

Both say the same words. On a terminal, lines are folded and what is left out is counted; in a pipe
every line is whole, and nothing is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from hesscli.errors import ASCII_SIGNS, display_width
from hesscli.render import grid
from hesscli.render.document import TOGETHER, Document, Line, Table
from hesscli.render.grid import Frame, Matrix

LABEL_WIDTH = len("eigenvalues")
MAX_TITLE_LINES = 4
MAX_ENTRIES = 32  # of a list
MIN_ROOM = 8
# Narrower than this, there is no room for a picture.
MIN_PICTURE_WIDTH = 32


def lines(document: Document, frame: Frame) -> Iterator[str]:
    """The document, line by line."""
    if frame.signs.zero.isascii():
        document = _in_ascii(document)
    yield from _title(document.title, frame)
    yield from _labelled(document.lines, frame)
    yield ""
    yield from _matrix(document.matrix, frame)
    if document.summary:
        yield ""
        yield from _labelled(document.summary, frame)
        yield from _picture(document.matrix, frame)
    if document.table:
        yield ""
        yield from _table(document.table, frame)
    if document.verdict:
        yield ""
        yield from _labelled(document.verdict, frame)


def _in_ascii(document: Document) -> Document:
    """The document without the signs that an ASCII terminal does not have."""

    def in_ascii(lines: Iterable[Line]) -> tuple[Line, ...]:
        return tuple(replace(line, text=line.text.translate(ASCII_SIGNS)) for line in lines)

    matrix = document.matrix
    table = document.table
    return replace(
        document,
        lines=in_ascii(document.lines),
        summary=in_ascii(document.summary),
        verdict=in_ascii(document.verdict),
        matrix=replace(
            matrix,
            groups=tuple(replace(g, title=g.title.translate(ASCII_SIGNS)) for g in matrix.groups),
            captions={place: c.translate(ASCII_SIGNS) for place, c in matrix.captions.items()},
        ),
        table=table
        and replace(
            table, rows=tuple(tuple(c.translate(ASCII_SIGNS) for c in row) for row in table.rows)
        ),
    )


def _title(title: str, frame: Frame) -> Iterator[str]:
    """The formula, of which a terminal gets some lines, and the number of the characters left."""
    start = "f = "
    if frame.width is not None and not frame.full:
        most = frame.width * MAX_TITLE_LINES - len(start) - len(" … 100,000 more characters")
        if len(title) > most:
            kept = title[:most].rpartition(" ")[0] or title[:most]
            dots = "..." if frame.signs.zero.isascii() else "…"
            words = (dots, f"{len(title) - len(kept):,}", "more", "characters")
            title = f"{kept} {TOGETHER.join(words)}"
    for i, line in enumerate(_folded(title, frame, len(start))):
        yield (start if i == 0 else " " * len(start)) + frame.palette.paint("title", line)


def _labelled(items: Iterable[Line], frame: Frame) -> Iterator[str]:
    """Texts beside their labels; below them where the terminal is narrow."""
    paint = frame.palette.paint
    indent = LABEL_WIDTH + 2
    if frame.width is not None and frame.width < 3 * LABEL_WIDTH:
        indent = 2
    for item in items:
        label = f"{item.label:<{LABEL_WIDTH}}"
        texts = _folded(item.text, frame, indent)
        too_long = frame.width is not None and display_width(item.label) > LABEL_WIDTH
        if item.label and (indent <= LABEL_WIDTH or too_long):
            yield from (paint("label", line) for line in _folded(item.label, frame, 0))
            label = ""
        for i, text in enumerate(texts):
            before = paint("label", label) + "  " if i == 0 and label else " " * indent
            yield (before + paint(item.role, text)).rstrip()


def _folded(text: str, frame: Frame, indent: int) -> list[str]:
    """``text`` in lines that fit beside ``indent`` blanks, with blanks for what stays together."""
    lines = [text]
    if frame.width is not None:
        room = max(frame.width - indent, MIN_ROOM)
        for gaps in ("( +)", f"({TOGETHER}+)", "()"):
            lines = [part for line in lines for part in _broken(line, room, gaps)]
    return [line.replace(TOGETHER, " ") for line in lines]


def _broken(text: str, room: int, gaps: str) -> list[str]:
    """``text`` broken at some of its gaps, wherever a line would be too long."""
    if display_width(text) <= room:
        return [text]
    first, *rest = re.split(gaps, text)
    lines = [first]
    for gap, word in zip(rest[::2], rest[1::2], strict=True):
        if lines[-1] and display_width(lines[-1] + gap + word) > room:
            lines.append(word)
        else:
            lines[-1] += gap + word
    return lines


def _matrix(matrix: Matrix, frame: Frame) -> Iterator[str]:
    paint = frame.palette.paint
    found = grid.lines(matrix, frame)
    if found is None:
        legend = "on and above the diagonal" if matrix.order > 1 else ""
        yield from _heading("Hessian", legend, frame)
        yield from _entries(matrix, frame)
        return
    occurs, _ = matrix.entries.proved
    yield from _heading("Hessian", f"{frame.signs.zero} {matrix.legend}" if occurs else "", frame)
    hidden, drawn = found
    yield from drawn
    if hidden:
        words = f"{hidden:,} of {matrix.order:,} rows and columns are hidden; --full shows all"
        yield from (paint("note", line) for line in _folded(words, frame, 0))


def _heading(title: str, legend: str, frame: Frame) -> Iterator[str]:
    """A title with its legend beside it, or below it where there is no room."""
    paint = frame.palette.paint
    if frame.width is None or len(title) + 2 + len(legend) <= frame.width:
        yield f"{paint('label', title)}  {paint('dim', legend)}".rstrip()
        return
    yield paint("label", title)
    yield from (paint("dim", line) for line in _folded(legend, frame, 0))


def _entries(matrix: Matrix, frame: Frame) -> Iterator[str]:
    """The entries on and above the diagonal, one a line, without those that are zero."""
    places = matrix.entries.above()
    most = len(places) if frame.full else MAX_ENTRIES
    for i, j in places[:most]:
        label = f"{matrix.labels[i]}, {matrix.labels[j]}"
        yield from _labelled([Line(label, matrix.entries.text(i, j))], frame)
    hidden = len(places) - most
    if hidden > 0:
        words = f"{hidden:,} more entries are hidden; --full shows all"
        yield from (frame.palette.paint("note", line) for line in _folded(words, frame, 0))
    if len(places) < matrix.order * (matrix.order + 1) // 2:
        _, always = matrix.entries.proved
        yield from _labelled([Line("others", f"0 {matrix.legend[5:]}" if always else "0")], frame)


def _picture(matrix: Matrix, frame: Frame) -> Iterator[str]:
    if frame.width is None or frame.width < MIN_PICTURE_WIDTH:
        return
    from hesscli.render import spy

    yield ""
    yield from spy.lines(matrix.entries, frame)


def _table(table: Table, frame: Frame) -> Iterator[str]:
    """Columns two blanks apart; where they are too wide, each row as a list."""
    rows = (table.headings, *table.rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if frame.width is not None and sum(widths) + 2 * len(widths) > frame.width:
        for number, row in enumerate(table.rows):
            cells = [f"{h} {c}" for h, c in zip(table.headings[1:], row[1:], strict=True)]
            role = "problem" if number in table.troubled else "plain"
            text = ", ".join(cell.replace(" ", TOGETHER) for cell in cells)
            yield from _labelled([Line(row[0], text, role)], frame)
        return
    for k, row in enumerate(rows):
        text = "  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)).rstrip()
        role = "label" if k == 0 else "problem" if k - 1 in table.troubled else ""
        yield frame.palette.paint(role, text)
