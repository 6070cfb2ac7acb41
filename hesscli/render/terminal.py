"""Document → what Rich draws of it on a console.

Lines are folded, and what a console is too small for is left out and counted. The matrix is laid
out in :mod:`hesscli.render.grid`; all else is Rich's own.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from rich.box import SQUARE
from rich.columns import Columns
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.containers import Lines
from rich.panel import Panel
from rich.segment import Segment, Segments
from rich.style import Style
from rich.table import Table as RichTable
from rich.text import Text

from hesscli.errors import display_width
from hesscli.render import grid, palette
from hesscli.render.document import LABEL_WIDTH, TITLE, TOGETHER, Document, Line, Table
from hesscli.render.entries import ASCII, GAP, UNICODE
from hesscli.render.grid import Matrix, Spans

UNLIMITED = sys.maxsize  # a width
MAX_TITLE_LINES = 4
MAX_ENTRIES = 32  # of a list
# Narrower than this, there is no room for a picture.
MIN_PICTURE_WIDTH = 32

Drawn = Iterator[RenderableType | Segment]


class Words(Text):
    """Text beside the head that it may have, broken at blanks; at no-break blanks, and within
    words, only where what they hold together is too long for a line.
    """

    def __init__(self, text: str, style: Style, head: Text | None = None) -> None:
        super().__init__(text, style)
        self.head = head or Text()

    def wrap(self, console: Console, width: int, **_: object) -> Lines:
        """The lines, none wider than ``width``."""
        indent = self.head.cell_len
        room = max(width - indent, 1)
        lines, used = [""], 0
        for gap, term in re.findall("( *)([^ ]+)", self.plain):
            needed = display_width(gap + term)
            if used and used + needed > room:
                lines.append(term)
                used = needed - len(gap)
            else:
                lines[-1] += gap + term
                used += needed
        found = Lines()
        for line in lines:
            text = Text(line.replace(TOGETHER, " "), self.style)
            for part in text.wrap(console, room, overflow="fold"):
                part.rstrip()
                found.append(Text.assemble(" " * indent if found else self.head, part))
        return found


class Drawing:
    """Draws documents on a console."""

    def __init__(self, full: bool, console: Console, options: ConsoleOptions) -> None:
        self.full = full
        self.console = console
        self.options = options
        self.width = options.max_width
        self.signs = ASCII if options.ascii_only else UNICODE
        self.styles = palette.styles(console)

    def parts(self, document: Document) -> Drawn:
        """The document in what Rich renders."""
        for k, section in enumerate(document.sections()):
            if k:
                yield Segment.line()
            for part in section:
                match part:
                    case str():
                        yield self._words(self._cut(part), "title", Text(TITLE))
                    case Matrix():
                        yield from self._matrix(part)
                    case Table():
                        yield from self._table(part)
                    case _:
                        yield from self._labelled(part)
            if section[0] is document.summary:
                yield from self._pictures(document.matrix)

    def _words(self, text: str, role: str, head: Text | None = None) -> Words:
        return Words(text.translate(self.signs.instead), self.styles[role], head)

    def _cut(self, title: str) -> str:
        """The formula; some lines of a long one, and the number of the characters left."""
        most = self.width * MAX_TITLE_LINES - len(TITLE) - len(" … 100,000 more characters")
        if self.full or len(title) <= most:
            return title
        kept = title[:most].rpartition(" ")[0] or title[:most]
        words = ("…", f"{len(title) - len(kept):,}", "more", "characters")
        return f"{kept} {TOGETHER.join(words)}"

    def _labelled(self, lines: Sequence[Line]) -> Drawn:
        """Texts beside their labels; below them where the console is narrow."""
        width = max([LABEL_WIDTH, *(display_width(line.label) for line in lines)])
        for line in lines:
            head = Text(GAP)
            if self.width >= 3 * width:
                padding = " " * (width - display_width(line.label)) + GAP
                head = Text.assemble((line.label, self.styles["label"]), padding)
            elif line.label:
                yield self._words(line.label, "label")
            yield self._words(line.text, line.role, head)

    def _matrix(self, matrix: Matrix) -> Drawn:
        found = grid.lines(matrix, self.width, self.full, self.signs)
        title, legend = matrix.heading(self.signs)
        if found is None:
            legend = "on and above the diagonal" if matrix.order > 1 else ""
        head = Text(title + (GAP if legend else ""), self.styles["label"])
        if len(head) + len(legend) > self.width:
            yield head
            head = Text()
        yield self._words(legend, "dim", head)
        if found is None:
            yield from self._entries(matrix)
            return
        hidden, lines = found
        for line in lines:
            yield from self._segments(line)
            yield Segment.line()
        if hidden:
            words = f"{hidden:,} of {matrix.order:,} rows and columns are hidden; --full shows all"
            yield self._words(words, "note")

    def _segments(self, line: Spans) -> Iterator[Segment]:
        (*texts, last), roles = line
        pairs = zip((*texts, last.rstrip()), roles, strict=True)
        for role, run in groupby(pairs, key=itemgetter(1)):
            # Formulas, whose signs are not known, have no style.
            yield Segment("".join([text for text, _ in run]), self.styles.get(role))

    def _entries(self, matrix: Matrix) -> Drawn:
        """The entries on and above the diagonal, one a line, without those that are zero."""
        places = matrix.entries.above()
        shown = places if self.full else places[:MAX_ENTRIES]
        labels = matrix.labels
        entries = (Line(f"{labels[i]}, {labels[j]}", matrix.entries.text(i, j)) for i, j in shown)
        yield from self._labelled(tuple(entries))
        hidden = len(places) - len(shown)
        if hidden:
            yield self._words(f"{hidden:,} more entries are hidden; --full shows all", "note")
        if len(places) < matrix.order * (matrix.order + 1) // 2:
            _, always = matrix.entries.proved
            zeros = matrix.legend.removeprefix("is ") if always else "0"
            yield from self._labelled([Line("others", zeros)])

    def _pictures(self, matrix: Matrix) -> Drawn:
        """Where a large matrix is not zero, unless words tell it."""
        if not MIN_PICTURE_WIDTH <= self.width < UNLIMITED:
            return
        from hesscli.render import spy

        room = (self.width - len(GAP)) // 2 - 2
        drawn, scale = spy.pictures(matrix.entries, room, not self.options.ascii_only)
        panels, rule = [], self.styles["rule"]
        for title, lines in drawn:
            body = [s for line in lines for s in (*self._segments(line), Segment.line())]
            width = len(lines[0][0]) + 2
            framed = Panel(Segments(body), SQUARE, padding=0, width=width, border_style=rule)
            panels.append(Group(Text(title), framed))
        if panels:
            yield Segment.line()
            yield Columns(panels, padding=(0, len(GAP)))
        if scale:
            yield self._words(scale, "dim")

    def _table(self, table: Table) -> Drawn:
        """Columns under their headings; where they are too wide, each row as a list."""
        roles = ["problem" if k in table.troubled else "" for k in range(len(table.rows))]
        made = RichTable(box=None, padding=(0, len(GAP), 0, 0), header_style=self.styles["label"])
        for heading in table.headings:
            made.add_column(Text(heading), no_wrap=True)
        for row, role in zip(table.rows, roles, strict=True):
            made.add_row(*(self._words(cell, role) for cell in row))
        wide = self.options.update(max_width=UNLIMITED)
        if self.console.measure(made, options=wide).maximum <= self.width:
            yield made
            return
        for row, role in zip(table.rows, roles, strict=True):
            cells = [f"{h} {c}" for h, c in zip(table.headings[1:], row[1:], strict=True)]
            text = ", ".join(cell.replace(" ", TOGETHER) for cell in cells)
            yield from self._labelled([Line(row[0], text, role)])
