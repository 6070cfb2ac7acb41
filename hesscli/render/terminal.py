"""Document → terminal, drawn with Rich: the matrix as a grid of blocks, a cell for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hesscli.render.document import Document, Line, Matrix
from hesscli.render.document import Table as Columns
from hesscli.render.plain import aligned

STYLES = {"plain": "", "verdict": "bold", "note": "dim", "problem": "red"}
MAX_COLUMNS = 16
FEW = 4  # a small grid of which fewer rows fit is shown as a list of its entries
GAP = "  "
T = TypeVar("T")


def draw(document: Document, console: Console) -> None:
    """Print the document at the console's width; what does not fit is counted, never cut."""
    ascii_only = not console.encoding.lower().startswith("utf")
    console.print(Text("f = ") + Text(document.title, "bold"), overflow="fold")
    console.print(_labelled(document.lines))
    console.print()
    for part in _grid(document.matrix, console, ascii_only):
        console.print(part)
    if document.table:
        console.print()
        console.print(_columns(document.table))
    if document.verdict:
        console.print()
        console.print(_labelled(document.verdict))


def _columns(content: Columns) -> Table:
    """The table without rules; where the terminal is too narrow, cells are folded, never cut."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="cyan")
    for heading in content.headings:
        table.add_column(heading, overflow="fold")
    for i, row in enumerate(content.rows):
        table.add_row(*map(Text, row), style="red" if i in content.troubled else "")
    return table


def _labelled(lines: Sequence[Line]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for line in lines:
        table.add_row(line.label, Text(line.text, STYLES[line.role]))
    return table


def _grid(matrix: Matrix, console: Console, ascii_only: bool) -> Iterator[RenderableType]:
    """The block grid with as many columns as fit; then what is hidden, if anything."""
    order = len(matrix.labels)
    shown = list(range(order)) if order <= MAX_COLUMNS else _ends(order, MAX_COLUMNS)
    while True:
        table = _table(matrix, shown, ascii_only)
        width = console.measure(table, options=console.options.update(max_width=10**6)).maximum + 1
        if len(shown) == 1 or width <= console.width:
            break
        shown = _ends(order, len(shown) - 1)
    whole = len(shown) == order
    if width > console.width or (not whole and order <= MAX_COLUMNS and len(shown) < FEW):
        # Long formulas, or a very narrow terminal: a list loses nothing.
        yield Text("Hessian", "cyan")
        yield _labelled(_entries(matrix))
        return
    yield Text("Hessian", "cyan")
    yield Padding(table, (0, 0, 0, 1))
    if len(shown) < order:
        hidden = order - len(shown)
        yield Text(
            f"{hidden} of {order} rows and columns are hidden; "
            "a pipe (| less -S) or --json shows all",
            "yellow",
        )


def _ends(order: int, count: int) -> list[int]:
    """The indices of ``count`` rows to show: the first and the last ones."""
    first = (count + 1) // 2
    return [*range(first), *range(order - (count - first), order)]


def _table(matrix: Matrix, shown: list[int], ascii_only: bool) -> Table:
    """A table with a row and a column for each variable, whose cells are blocks of numbers."""
    table = Table(
        box=box.ASCII if ascii_only else box.SQUARE,
        show_lines=True,
        border_style="dim",
        header_style="cyan",
        safe_box=True,
    )
    groups = [
        (group.title, [i for i in shown if group.start <= i < group.stop])
        for group in matrix.groups
    ]
    groups = [(title, members) for title, members in groups if members]
    columns = {j: aligned([matrix.cells[i][j] for i in shown]) for j in shown}
    table.add_column("", style="cyan", no_wrap=True)
    for title, _ in groups:
        table.add_column(title, no_wrap=True, justify="left")
    position = {i: k for k, i in enumerate(shown)}
    gap_row, gap_column = (":", "..") if ascii_only else ("⋮", "⋯")
    for _, rows in groups:
        labels = _with_gap(rows, [matrix.labels[i] for i in rows], gap_row)
        cells: list[RenderableType] = [Text("\n".join(labels))]
        for _, members in groups:
            block = [
                _row(_with_gap(members, [columns[j][position[i]] for j in members], gap_column))
                for i in rows
            ]
            cells.append(Group(*_with_gap(rows, block, Text(gap_row, "yellow"))))
        table.add_row(*cells)
    return table


def _with_gap(indices: Sequence[int], items: list[T], mark: T) -> list[T]:
    """``items`` with ``mark`` where the indices jump, which is where rows are hidden."""
    for k in range(1, len(indices)):
        if indices[k] != indices[k - 1] + 1:
            return [*items[:k], mark, *items[k:]]
    return items


def _row(cells: Sequence[str]) -> Text:
    text = Text(GAP.join(cells))
    text.no_wrap = True
    start = 0
    for cell in cells:
        stripped = cell.strip()
        if stripped in ("0", "·"):
            text.stylize("dim", start, start + len(cell))
        elif stripped == "none":
            text.stylize("red", start, start + len(cell))
        start += len(cell) + len(GAP)
    return text


def _entries(matrix: Matrix) -> list[Line]:
    """The entries on and above the diagonal, one a line, without those that are 0."""
    lines = []
    zeros = 0
    for i, row in enumerate(matrix.cells):
        for j, cell in enumerate(row[i:], start=i):
            zeros += cell == "0"
            if cell != "0":
                lines.append(Line(f"{matrix.labels[i]}, {matrix.labels[j]}", cell))
    if zeros:
        lines.append(Line("others", "0"))
    return lines
