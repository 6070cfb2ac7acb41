"""Document → lines of text for a pipe: nothing is broken, left out or coloured."""

from __future__ import annotations

from collections.abc import Iterator

from hesscli.render import grid
from hesscli.render.document import LABEL_WIDTH, TITLE, TOGETHER, Document, Part, Table
from hesscli.render.entries import ASCII, UNICODE, Signs
from hesscli.render.grid import UNLIMITED, Frame, Matrix


def lines(document: Document, *, unicode: bool = True) -> Iterator[str]:
    """The document, line by line."""
    if not unicode:
        document = document.in_ascii()
    for k, section in enumerate(document.sections()):
        if k:
            yield ""
        for part in section:
            for line in _lines(part, UNICODE if unicode else ASCII):
                yield line.rstrip().replace(TOGETHER, " ")


def _lines(part: Part, signs: Signs) -> Iterator[str]:
    match part:
        case str():
            yield TITLE + part
        case Matrix():
            yield "  ".join(part.heading(signs))
            found = grid.lines(part, Frame(UNLIMITED, True, signs))
            assert found is not None
            yield from ("".join(texts) for texts, _ in found[1])
        case Table():
            rows = (part.headings, *part.rows)
            widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
            for row in rows:
                yield "  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True))
        case tuple():
            yield from (f"{line.label:<{LABEL_WIDTH}}  {line.text}" for line in part)
