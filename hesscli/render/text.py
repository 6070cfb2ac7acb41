"""Document → lines of text for a pipe: nothing is broken, left out or coloured."""

from __future__ import annotations

import math
from collections.abc import Iterator

from hesscli.render import grid
from hesscli.render.document import LABEL_WIDTH, TITLE, TOGETHER, Document, Part, Table
from hesscli.render.entries import UNICODE, Signs
from hesscli.render.grid import Matrix


def lines(document: Document, signs: Signs = UNICODE) -> Iterator[str]:
    """The document, line by line."""
    for k, section in enumerate(document.sections()):
        if k:
            yield ""
        for part in section:
            yield from (line.rstrip() for line in _lines(part, signs))


def _lines(part: Part, signs: Signs) -> Iterator[str]:
    def said(text: str) -> str:
        return text.replace(TOGETHER, " ").translate(signs.instead)

    match part:
        case str():
            yield TITLE + said(part)
        case Matrix():
            yield "  ".join(part.heading(signs))
            found = grid.lines(part, math.inf, True, signs)
            assert found is not None
            yield from ("".join(texts) for texts, _ in found[1])
        case Table():
            rows = [part.headings, *([said(cell) for cell in row] for row in part.rows)]
            widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
            for row in rows:
                yield "  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True))
        case _:
            yield from (f"{line.label:<{LABEL_WIDTH}}  {said(line.text)}" for line in part)
