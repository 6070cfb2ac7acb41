"""Document → what Rich draws of it on a console.

Lines are folded, and what a console is too small for is left out and counted. The matrix is laid
out in :mod:`hesscli.render.grid`; all else is Rich's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rich import box
from rich.columns import Columns
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.containers import Lines
from rich.measure import Measurement
from rich.panel import Panel
from rich.segment import Segment
from rich.style import Style
from rich.table import Table as RichTable
from rich.text import Text

from hesscli.errors import display_width
from hesscli.render import grid, palette
from hesscli.render.document import (
    LABEL_WIDTH,
    TITLE,
    TOGETHER,
    Document,
    Line,
    Part,
    Picture,
    Table,
)
from hesscli.render.entries import ASCII, GAP, UNICODE
from hesscli.render.grid import UNLIMITED, Frame, Matrix, Spans

MAX_TITLE_LINES = 4
MAX_ENTRIES = 32  # of a list
# Narrower than this, there is no room for a picture.
MIN_PICTURE_WIDTH = 32
MIN_WIDTH = 20


def drawn(document: Document, console: Console, options: ConsoleOptions) -> RenderResult:
    """The document in what Rich renders."""
    if options.ascii_only:
        document = document.in_ascii()
    drawing = _Drawing(document.full, console, options)
    for k, section in enumerate(document.sections()):
        if k:
            yield Text()
        for part in section:
            yield from drawing.part(part)


def measured(document: Document, console: Console, options: ConsoleOptions) -> Measurement:
    """The width that the document takes where it may."""
    lines = console.render_lines(document, options, pad=False)
    width = max(map(Segment.get_line_length, lines))
    return Measurement(min(MIN_WIDTH, width), width)


class Words(Text):
    """Text that is broken at blanks; at no-break blanks, and within words, only where what they
    hold together is too long for a line.
    """

    def wrap(self, console: Console, width: int, **_: object) -> Lines:
        """The lines, none wider than ``width``."""
        lines, used = [""], 0
        for gap, term in re.findall("( *)([^ ]+)", self.plain):
            needed = display_width(gap + term)
            if used and used + needed > width:
                lines.append(term)
                used = needed - len(gap)
            else:
                lines[-1] += gap + term
                used += needed
        found = Lines()
        for line in lines:
            whole = Text(line.replace(TOGETHER, " "), self.style)
            found.extend(whole.wrap(console, width, overflow="fold"))
        for part in found:
            part.rstrip()
        return found


class _Trimmed:
    """A renderable without the blanks that end its lines: nobody wants to copy them."""

    def __init__(self, renderable: RenderableType) -> None:
        self.renderable = renderable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rendered = Segment.simplify(console.render(self.renderable, options))
        for line in Segment.split_lines(rendered):
            while line and not line[-1].text.strip():
                line.pop()
            if line:
                line[-1] = Segment(line[-1].text.rstrip(), line[-1].style)
            yield from line
            yield Segment.line()


class _Grid:
    """The lines of a matrix."""

    def __init__(self, lines: Iterable[Spans], styles: dict[str, Style]) -> None:
        self.lines = lines
        self.styles = styles

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for texts, roles in self.lines:
            styles = [self.styles[role] for role in roles]
            if texts:
                yield from map(Segment, texts[:-1], styles)
                yield Segment(texts[-1].rstrip(), styles[-1])
            yield Segment.line()


class _Drawing:
    """Draws the parts of a document on a console."""

    def __init__(self, full: bool, console: Console, options: ConsoleOptions) -> None:
        self.console = console
        self.options = options
        self.width = options.max_width
        self.signs = ASCII if options.ascii_only else UNICODE
        self.frame = Frame(self.width, full, self.signs)
        self.styles = palette.styles(console)

    def part(self, part: Part) -> Iterator[RenderableType]:
        """One part in what Rich renders."""
        match part:
            case str():
                yield self._beside([(Text(TITLE), self._words(self._cut(part), "title"))])
            case Matrix():
                yield from self._matrix(part)
            case Picture():
                yield from self._picture(part)
            case Table():
                yield from self._table(part)
            case tuple():
                yield from self._labelled(part)

    def _words(self, text: str, role: str) -> Words:
        return Words(text, self.styles[role])

    def _cut(self, title: str) -> str:
        """The formula; some lines of a long one, and the number of the characters left."""
        most = self.width * MAX_TITLE_LINES - len(TITLE) - len(" … 100,000 more characters")
        if self.frame.full or len(title) <= most:
            return title
        kept = title[:most].rpartition(" ")[0] or title[:most]
        dots = "..." if self.options.ascii_only else "…"
        words = (dots, f"{len(title) - len(kept):,}", "more", "characters")
        return f"{kept} {TOGETHER.join(words)}"

    def _labelled(self, lines: tuple[Line, ...]) -> Iterator[RenderableType]:
        """Texts beside their labels; below them where the console is narrow."""
        width = max([LABEL_WIDTH, *(display_width(line.label) for line in lines)])
        if self.width >= 3 * width:
            labels = (f"{line.label:<{width}}{GAP}" for line in lines)
            texts = [self._words(line.text, line.role) for line in lines]
            yield self._beside(zip(map(self._label, labels), texts, strict=True))
            return
        for line in lines:
            if line.label:
                yield self._label(line.label)
            yield self._beside([(Text(GAP), self._words(line.text, line.role))])

    def _label(self, text: str) -> Words:
        return self._words(text, "label")

    def _beside(self, rows: Iterable[tuple[Text, Text]]) -> RenderableType:
        """Texts in two columns, of which the first is not broken."""
        table = RichTable.grid()
        table.add_column(no_wrap=True)
        table.add_column()
        for row in rows:
            table.add_row(*row)
        return _Trimmed(table)

    def _matrix(self, matrix: Matrix) -> Iterator[RenderableType]:
        found = grid.lines(matrix, self.frame)
        title, legend = matrix.heading(self.signs)
        if found is None:
            legend = "on and above the diagonal" if matrix.order > 1 else ""
        heading = [self._label(title), self._words(legend, "dim")]
        yield _Trimmed(Columns(heading[: 1 + bool(legend)], padding=(0, len(GAP))))
        if found is None:
            yield from self._entries(matrix)
            return
        hidden, lines = found
        yield _Grid(lines, self.styles)
        if hidden:
            words = f"{hidden:,} of {matrix.order:,} rows and columns are hidden; --full shows all"
            yield self._words(words, "note")

    def _entries(self, matrix: Matrix) -> Iterator[RenderableType]:
        """The entries on and above the diagonal, one a line, without those that are zero."""
        places = matrix.entries.above()
        shown = places if self.frame.full else places[:MAX_ENTRIES]
        labels = matrix.labels
        entries = (Line(f"{labels[i]}, {labels[j]}", matrix.entries.text(i, j)) for i, j in shown)
        yield from self._labelled(tuple(entries))
        hidden = len(places) - len(shown)
        if hidden:
            yield self._words(f"{hidden:,} more entries are hidden; --full shows all", "note")
        if len(places) < matrix.order * (matrix.order + 1) // 2:
            _, always = matrix.entries.proved
            zeros = matrix.legend.removeprefix("is ") if always else "0"
            yield from self._labelled((Line("others", zeros),))

    def _picture(self, picture: Picture) -> Iterator[RenderableType]:
        if not MIN_PICTURE_WIDTH <= self.width < UNLIMITED:
            return
        from hesscli.render import spy

        room = (self.width - len(GAP)) // 2 - 2
        panels = []
        drawn, scale = spy.pictures(picture.entries, room, not self.options.ascii_only)
        for title, lines in drawn:
            # Formulas, whose signs are not known, have no style.
            painted = [
                Text.assemble(
                    *((t, self.styles.get(r, "")) for t, r in zip(text, roles, strict=True))
                )
                for text, roles in lines
            ]
            framed = Panel.fit(
                Text("\n").join(painted), box.SQUARE, padding=0, border_style=self.styles["rule"]
            )
            panels.append(Group(Text(title), framed))
        if panels:
            yield Text()
            yield _Trimmed(Columns(panels, padding=(0, len(GAP))))
        if scale:
            yield self._words(scale, "dim")

    def _table(self, table: Table) -> Iterator[RenderableType]:
        """Columns under their headings; where they are too wide, each row as a list."""
        made = RichTable(box=None, padding=(0, len(GAP), 0, 0), header_style=self.styles["label"])
        for heading in table.headings:
            made.add_column(Text(heading), no_wrap=True)
        roles = ["problem" if k in table.troubled else "" for k in range(len(table.rows))]
        for row, role in zip(table.rows, roles, strict=True):
            made.add_row(*map(Text, row), style=self.styles[role])
        wide = self.options.update(max_width=UNLIMITED)
        if self.console.measure(made, options=wide).maximum <= self.width:
            yield _Trimmed(made)
            return
        for row, role in zip(table.rows, roles, strict=True):
            cells = [f"{h} {c}" for h, c in zip(table.headings[1:], row[1:], strict=True)]
            text = ", ".join(cell.replace(" ", TOGETHER) for cell in cells)
            yield from self._labelled((Line(row[0], text, role),))
