"""An answer as a document: its words, numbers and matrix, before any drawing.

A terminal and a pipe draw the same document, so they say the same words: `str` gives those of a
pipe, and Rich prints it on any console. Nothing here knows colours, widths or rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from hesscli.language.tree import Name
from hesscli.language.writer import Notation, unparse
from hesscli.render.grid import Group, Matrix
from hesscli.shapes import Shape
from hesscli.types import Formula, Variable

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.measure import Measurement

T = TypeVar("T")
MAX_LISTED = 16
TITLE = "f = "
LABEL_WIDTH = len("definiteness")
MIN_WIDTH = 20  # of a console
# A blank at which a line is not broken, if that can be helped.
TOGETHER = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Line:
    """A labelled line. ``role`` is what it means: plain, verdict, note or problem."""

    label: str
    text: str
    role: str = "plain"


@dataclass(frozen=True, slots=True)
class Table:
    """Columns under headings. ``troubled`` are the rows that something is wrong with."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    troubled: frozenset[int]


# The title is a text of its own.
Part = str | tuple[Line, ...] | Matrix | Table


@dataclass(frozen=True, slots=True)
class Document:
    """One answer; ``summary`` tells of a matrix that is too large to be looked at. ``full`` says
    that a console, too, is to show all of it.
    """

    title: str
    lines: tuple[Line, ...]
    matrix: Matrix
    verdict: tuple[Line, ...]
    table: Table | None = None
    summary: tuple[Line, ...] = ()
    full: bool = False

    def sections(self) -> Iterator[tuple[Part, ...]]:
        """What stands below each other, an empty line between two."""
        yield self.title, self.lines
        yield (self.matrix,)
        if self.summary:
            yield (self.summary,)
        if self.table:
            yield (self.table,)
        if self.verdict:
            yield (self.verdict,)

    def __str__(self) -> str:
        from hesscli.render import text

        return "\n".join(text.lines(self))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from hesscli.render.terminal import Drawing

        return Drawing(self.full, console, options).parts(self)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        from rich.measure import Measurement
        from rich.segment import Segment

        lines = console.render_lines(self, options, pad=False)
        width = max(map(Segment.get_line_length, lines))
        return Measurement(min(MIN_WIDTH, width), width)


def title(formula: str) -> str:
    """The formula, to be broken before its terms and nowhere within them."""
    depth = 0
    text = []
    for before, character in zip(" " + formula, formula + " ", strict=True):
        depth += (character in "([") - (before in ")]")
        inside = depth > 0 or before in "+-−"
        text.append(TOGETHER if character == " " and inside else character)
    return "".join(text).rstrip()


def legend(formula: Formula) -> str:
    """What is proved of an entry that the formula alone makes zero."""
    return "is 0 wherever it exists" if formula.sites else "is 0 at every point"


def displayed(variable: Variable, notation: Notation) -> Variable:
    """The variable under the name that is shown: θ for theta, where that can be."""
    return Variable(unparse(Name((0, 0), variable.name), notation), variable.shape)


def groups(variables: Sequence[Variable]) -> tuple[Group, ...]:
    groups = []
    start = 0
    for variable in variables:
        shape = "×".join(map(str, variable.shape))
        title = f"{variable.name} ({shape})" if shape else ""
        groups.append(Group(title, start, start + variable.size))
        start += variable.size
    return tuple(groups)


def below(
    label: str, texts: list[str], most: int | None, counts: Sequence[int] | None = None
) -> tuple[Line, ...]:
    """One line for each text, the label before the first: formulas have blanks in them."""
    shown = middle_left_out(texts, most, counts)
    return tuple(Line(label if i == 0 else "", text) for i, text in enumerate(shown))


def bracketed(
    entries: Any, shape: tuple[int, ...], most: int | None, text: Callable[[Any], str]
) -> str:
    """Row-major entries as nested lists; what is left out of a million is not even written."""
    if not shape:
        return text(entries[0])
    step = len(entries) // shape[0]
    parts = [
        part
        if isinstance(part, str)
        else bracketed(entries[part * step : (part + 1) * step], shape[1:], most, text)
        for part in middle_left_out(range(shape[0]), most)
    ]
    return f"[{', '.join(parts)}]"


def summarised(
    entries: Sequence[Any], shape: Shape, text: Callable[[Any], str], form: str = "from {} to {}"
) -> str:
    """What is worth telling of many numbers: the shape of their tensor, and their range."""
    ends = (text(end(entries, key=float)) for end in (min, max))
    words = f"{'×'.join(map(str, shape))} values {form.format(*ends)}"
    return words.replace(" ", TOGETHER)


def middle_left_out(
    parts: Sequence[T], most: int | None, counts: Sequence[int] | None = None
) -> list[T | str]:
    """The first and the last parts, ``most`` together, with the number of those between, each of
    which stands for as many as ``counts`` says.
    """
    if most is None or len(parts) <= most:
        return list(parts)
    half = most // 2
    hidden = len(parts) - 2 * half if counts is None else sum(counts[half:-half])
    left_out = f"… {hidden:,} more …".replace(" ", TOGETHER)
    return [*parts[:half], left_out, *parts[-half:]]
