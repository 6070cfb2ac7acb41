"""Many answers for people: a row each, under headings that say what is in a column.

Rows come one by one and are not known before, so that a column is as wide as any number that may
come: a number takes the digits that fit, six of them but on a narrow terminal. What is wrong with a
point stands in its row.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product, starmap
from typing import TYPE_CHECKING, Any

from hesscli.answer import Answer, Basis, By, Grounds
from hesscli.errors import HessError, display_width
from hesscli.language.writer import PYTHON, UNICODE
from hesscli.notes import Note
from hesscli.render.answer import certain, problems
from hesscli.render.document import TOGETHER, displayed, summarised
from hesscli.render.entries import ASCII, GAP, MISSING, writing
from hesscli.render.entries import UNICODE as SIGNS
from hesscli.render.phrases import words
from hesscli.types import Point, Random, Variable

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

VALUE, DEFINITENESS, EIGENVALUES = "value", "definiteness", "eigenvalues"
LONGEST_VERDICT = len("positive semidefinite")
# A number of six digits with a sign, and an exponent of two: -1.23457e+06.
MAX_NUMBER = 12
# On a terminal all eigenvalues are shown where a number has so much room, and else their range;
# with less than the least, points are folded texts and no columns.
ROOMY, MIN_NUMBER = 8, 7
MIN_REMARK = 20  # narrower than this, a remark stands below its row
INDENT = "    "

_UNPROVED = {By.SAMPLE: "by a sample", By.LIMIT: "by limits", None: "not verified"}
# What is told once, for it is about the formula, or holds for all points.
_TOLD_ONCE = (Note.SUMMED, Note.SEED)

Span = tuple[str, str]  # a text, and what it means
Coordinate = tuple[Variable, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Row:
    """Texts beside each other, and a remark behind them, which a terminal may break into lines.

    What is ``folded`` is one text, to be broken anywhere.
    """

    spans: tuple[Span, ...]
    remark: str = ""
    role: str = "note"
    gap: str = GAP
    ascii: bool = False
    folded: bool = False

    def __str__(self) -> str:
        remark = self.gap + self.remark if self.remark else ""
        text = "".join(text for text, _ in self.spans) + remark
        return self._shown(text).replace(TOGETHER, " ").rstrip()

    def _shown(self, text: str) -> str:
        """What the stream can hold of a text; only in one that is broken, blanks differ."""
        text = text.translate((ASCII if self.ascii else SIGNS).instead)
        return text if self.folded else text.replace(TOGETHER, " ")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        from hesscli.render import palette
        from hesscli.render.terminal import Words

        styles = palette.styles(console)
        head = Text.assemble(*((self._shown(t), styles[role]) for t, role in self.spans))
        remark = self._shown(self.remark)
        if self.folded:
            # What is broken is indented as much as the first line is by its head.
            style, start = styles[self.role], head.plain[: len(GAP)].replace(TOGETHER, " ")
            yield Words(head.plain[len(GAP) :], style, Text(start, style))
            return
        head.rstrip()
        if options.max_width - head.cell_len < MIN_REMARK or not remark:
            yield head
            head = Text(INDENT[: -len(self.gap)])
        if remark:
            yield Words(remark, styles[self.role], Text.assemble(head, self.gap))


@dataclass(frozen=True, slots=True)
class Columns:
    """How wide columns are: ``point`` those of each variable, ``number`` any other number.

    There are ``places`` eigenvalues, or else their range, and a ``gap`` between two columns.
    Without columns, ``folded``, a row is one text.
    """

    variables: tuple[Variable, ...]
    point: tuple[int, ...]
    number: int
    places: int
    gap: str = GAP
    folded: bool = False

    def heading(self) -> Row | None:
        """The names of the columns."""
        if self.folded:
            return None
        pairs = zip(self.variables, self.point, strict=True)
        texts = [f"{v.name:<{w}}" if v.shape else f"{v.name:>{w}}" for v, w in pairs]
        texts += [f"{VALUE:>{self.number}}", f"{DEFINITENESS:<{LONGEST_VERDICT}}"]
        return Row(((self.gap.join([*texts, f"{EIGENVALUES:>{self.number}}"]), "heading"),))


class Rows:
    """Answers and points without one → rows; headings come first, and where variables change.

    ``width`` is that of a terminal, None for a pipe, where nothing is left out. Tensors that are
    ``held`` for all points are not told with each.
    """

    def __init__(self, width: int | None, *, unicode: bool, held: Collection[str]) -> None:
        self.width = width
        self.unicode = unicode
        self.held = held
        self.columns: Columns | None = None

    def answer(self, answer: Answer) -> Iterator[Row]:
        """The row of an answer."""
        place = answer.place
        given = [(v, place.entries(v.name)) for v in (*place.variables, *place.constants)]
        yield from self._headed(given, sum(v.size for v in place.variables), answer)
        assert self.columns is not None
        width = self.columns.number
        text = writing(answer, partial(_fitted, most=width), MISSING, self._notation)
        wrong = "; ".join(problems(answer))
        value = (text(answer.jet.value), _role(answer.jet.value))
        if answer.undefined:
            yield self._row(self._point(given, text), value, wrong, "problem")
            return
        definiteness, values = answer.verdict.definiteness or "", answer.verdict.eigenvalues
        found = values.tolist() if hasattr(values, "tolist") else list(values or ())
        known = [certain(each, answer.verdict.tolerance or 0.0) for each in found]
        shown = ["≈0" if each is None else text(each) for each in known]
        pairs = [*zip(shown, map(_role, found), strict=True)] or [(MISSING, "")]
        spans = [(definiteness, ""), *self._ranged(pairs)]
        remark = wrong or _remark(answer.grounds, answer.verdict.tolerance)
        role = "problem" if wrong else "note"
        yield self._row(self._point(given, text), value, remark, role, spans)

    def failure(self, error: HessError, point: Point) -> Iterator[Row]:
        """The row of a point without an answer."""
        given = [
            (Variable(name, value.shape), [float(entry) for entry in value.entries])
            for name, value in point.values.items()
            if not isinstance(value, Random)
        ]
        yield from self._headed(given, sum(v.size for v, _ in given), None)
        assert self.columns is not None
        text = partial(_fitted, most=self.columns.number)
        message = error.message
        yield self._row(self._point(given, text), (MISSING, "problem"), message, "problem")

    def once(self, answer: Answer) -> list[str]:
        """What is worth telling of the first answer that it is true of."""
        told = [n for n in answer.notes if n in answer.formula.notes or n.kind in _TOLD_ONCE]
        return [words(note) for note in told if note.kind is not Note.READ_AS]

    @property
    def _notation(self) -> Any:
        return UNICODE if self.unicode else PYTHON

    def _shown(self, given: Sequence[Coordinate]) -> tuple[tuple[Variable, ...], list[Coordinate]]:
        """The variables of the columns, and what is in them."""
        kept = [(v, e) for v, e in given if not (v.shape and v.name in self.held)]
        return tuple(displayed(v, self._notation) for v, _ in kept), kept

    def _headed(
        self, given: Sequence[Coordinate], order: int, answer: Answer | None
    ) -> Iterator[Row]:
        """The headings, where they are not those of the row before."""
        variables, kept = self._shown(given)
        kinds = [(v.name, bool(v.shape)) for v in variables]
        before = self.columns
        if before is not None and kinds == [(v.name, bool(v.shape)) for v in before.variables]:
            return
        short = "-" * (MAX_NUMBER if self.width is None else MIN_NUMBER)
        tensors = [
            display_width(self._cell(v, e, lambda _: short)) if v.shape else 0 for v, e in kept
        ]
        exact = answer is not None and answer.basis is not Basis.DOUBLES
        digits = (answer.digits or 0) if answer is not None else 0
        self.columns = _columns(variables, tensors, order, self.width, exact, digits)
        heading = self.columns.heading()
        if heading is None:
            return
        if before is not None:
            yield Row(())
        yield heading

    def _point(self, given: Sequence[Coordinate], text: Any) -> list[Span]:
        """What is in the columns of the point."""
        assert self.columns is not None
        variables, kept = self._shown(given)
        # The shape and the range of a tensor have to do with less room than two numbers.
        short = text if self.width is None else lambda number: _fitted(float(number), MIN_NUMBER)
        cells = [self._cell(v, entries, short if v.shape else text) for v, entries in kept]
        if self.columns.folded:
            pairs = zip(variables, cells, strict=True)
            return [(", ".join(f"{v.name}{TOGETHER}={TOGETHER}{c}" for v, c in pairs) + ": ", "")]
        return [
            (f"{cell:<{width}}" if v.shape else f"{cell:>{width}}", "")
            for v, cell, width in zip(variables, cells, self.columns.point, strict=True)
        ]

    def _cell(self, variable: Variable, entries: Sequence[Any], text: Callable[[Any], str]) -> str:
        if not variable.shape:
            return text(entries[0])
        shown = summarised(entries, variable.shape, text, "{} … {}")
        return shown if self.unicode else shown.translate(ASCII.instead)

    def _ranged(self, pairs: list[Span]) -> list[Span]:
        """The eigenvalues, or the least and the greatest where there is no room for all."""
        assert self.columns is not None
        if self.width is None or len(pairs) <= self.columns.places:
            return pairs
        (greatest, role) = pairs[-1]
        width = 0 if self.columns.folded else self.columns.number
        return [pairs[0], (f"… {greatest:>{width}}", role)]

    def _row(
        self, point: list[Span], value: Span, remark: str, role: str, rest: Sequence[Span] = ()
    ) -> Row:
        """What is in the columns, beside each other."""
        assert self.columns is not None
        width = self.columns.number
        if self.columns.folded:
            told = [f"{VALUE} {value[0]}", *(text for text, _ in rest[:1])]
            if rest[1:]:
                told.append(TOGETHER.join([EIGENVALUES, *(text for text, _ in rest[1:])]))
            parts = [*told, *([remark] if remark else [])]
            whole = (*point, (", ".join(parts), ""))
            return Row(whole, role=role, ascii=not self.unicode, folded=True)
        spans = [*point, (f"{value[0]:>{width}}", value[1])]
        spans += [(f"{text:<{LONGEST_VERDICT}}", mark) for text, mark in rest[:1]]
        spans += [(f"{text:>{width}}", mark) for text, mark in rest[1:]]
        gap = self.columns.gap
        parted = [span for each in spans for span in ((gap, ""), each)][1:]
        return Row(tuple(parted), remark, role, gap, ascii=not self.unicode)


def _columns(
    variables: tuple[Variable, ...],
    tensors: Sequence[int],
    order: int,
    width: int | None,
    exact: bool,
    digits: int,
) -> Columns:
    """The widest columns that there is room for."""

    def made(number: int, places: int, gap: str = GAP) -> Columns:
        pairs = zip(variables, tensors, strict=True)
        point = tuple(max(display_width(v.name), tensor or number) for v, tensor in pairs)
        return Columns(variables, point, number, places, gap)

    if width is None:
        return made(max(MAX_NUMBER, digits + len("-.e+100")) if digits else MAX_NUMBER, order)
    for least, most in () if exact else ((ROOMY, MAX_NUMBER), (MIN_NUMBER, ROOMY - 1)):
        for places in dict.fromkeys((order, min(order, 2))):
            for number, gap in product(range(most, least - 1, -1), (GAP, GAP[1:])):
                columns = made(number, places, gap)
                if _width(columns, ranged=places < order) <= width:
                    return columns
    return Columns(variables, (0,) * len(variables), MAX_NUMBER, 2, folded=True)


def _width(columns: Columns, ranged: bool) -> int:
    """What a row takes of a terminal."""
    number, places, gap = columns.number, columns.places, len(columns.gap)
    eigenvalues = number * places + gap * (places - 1) + len("… ") * ranged
    others = max(eigenvalues, len(EIGENVALUES)) + LONGEST_VERDICT + number
    return sum(columns.point) + others + gap * (len(columns.point) + 2)


def _fitted(value: float, most: int) -> str:
    """A number in so many characters: as few digits less than six as it takes."""
    from hesscli.render.figures import SIGNIFICANT_DIGITS, number

    texts = (f"{value:.{digits}g}" for digits in range(SIGNIFICANT_DIGITS, 0, -1))
    shown = number(value)
    while len(shown) > most:
        shorter = next(texts, None)
        if shorter is None:
            break
        shown = shorter
    return shown


def _role(value: Any) -> str:
    """What the sign of a double means for its colour."""
    if not isinstance(value, float) or value == 0:
        return ""
    if not math.isfinite(value):
        return "problem"
    return "positive-1" if value > 0 else "negative-1"


def _remark(grounds: Grounds | None, tolerance: float | None) -> str:
    """On what the numbers rest, where that is not a proof."""
    if grounds is None:
        return ""
    parts = [_UNPROVED[grounds.by]] if grounds.by is not By.PROOF else []
    if tolerance is not None:
        parts.append(f"tolerance {tolerance:.2g}")
    bounds = starmap("{} below {:.2g}".format, grounds.below.items())
    return ", ".join([*parts, *bounds])
