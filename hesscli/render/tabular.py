"""Tables for programs: the Hessian alone, of one point, or a row for each of many points.

Numbers are written in full, as the shortest text that reads back the same double.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations_with_replacement
from typing import Any

from hesscli.answer import Answer, Basis
from hesscli.errors import ExitStatus, HessError, printable
from hesscli.render.answer import problems
from hesscli.render.entries import precise, writing
from hesscli.render.formats import CLASH, Writer
from hesscli.types import Point, Random


class Plain(Writer):
    """A row a line, numbers between tabs, ``nan`` where there is none; an empty line between
    the matrices of two points.
    """

    words = False

    def __init__(self) -> None:
        self.count = 0

    def answer(self, answer: Answer) -> Iterator[str]:
        """The matrix of an answer."""
        if self.count:
            yield "\n"
        self.count += 1
        for row in _rows(answer, "nan"):
            yield "\t".join(row) + "\n"


class Csv(Writer):
    """The matrix of one point, a line for each row: the number of the point, the row's name, its
    entries; nothing where there is no number.
    """

    words = False

    def answer(self, answer: Answer) -> Iterator[str]:
        """The matrix of an answer. One in symbols has no point; its column is left empty."""
        names = answer.place.labels()
        yield _record(["point", "row", *names])
        point = "" if answer.basis is Basis.SYMBOLS else "1"
        for name, row in zip(names, _rows(answer, ""), strict=True):
            yield _record([point, name, *row])


def _rows(answer: Answer, missing: str) -> Iterator[list[str]]:
    text = writing(answer, precise, missing)
    return (list(map(text, row)) for row in answer.jet.rows())


def _record(fields: Sequence[str], delimiter: str = ",") -> str:
    record = io.StringIO()
    csv.writer(record, delimiter=delimiter, lineterminator="\n").writerow(fields)
    return record.getvalue()


VALUE, DEFINITENESS, PROBLEM = "value", "definiteness", "problem"
MAX_WAITING = 1_000


class Sheet(Writer):
    """Many points as one table, a row each: the columns of the input, value, gradient, the Hessian
    on and above the diagonal, definiteness, and what is wrong, which is empty for an answer.

    The first answer settles the columns; rows without an answer wait until there is one.
    """

    def __init__(self, delimiter: str) -> None:
        self.delimiter = delimiter
        self.given: tuple[str, ...] = ()  # the names of the columns of the input
        self.labels: list[str] | None = None  # of the gradient
        self.waiting: list[tuple[dict[str, str], str]] = []
        self.came: Mapping[str, str] = {}

    def row(self, came: Mapping[str, str]) -> None:
        """Take what the columns of the input have for the next point; none if it has no columns."""
        self.came = came

    def answer(self, answer: Answer) -> Iterator[str]:
        """The row of an answer. Raises :class:`HessError` for one that has other columns."""
        labels, text = answer.place.labels(), writing(answer, precise, "")
        given = dict(self.came) or _coordinates(answer, text)
        if self.labels is None:
            yield from self._begin(tuple(given), labels)
        if labels != self.labels or set(given) != set(self.given):
            raise HessError(
                "other-columns",
                "this point has other columns than the first: variables, or shapes, differ",
                hint="--json",
                status=ExitStatus.NO_ANSWER,
            )
        upper = (entry for i, row in enumerate(answer.jet.rows()) for entry in row[i:])
        numbers = map(text, (answer.jet.value, *answer.jet.slopes(), *upper))
        definiteness = answer.verdict.definiteness or ""
        wrong = "; ".join(problems(answer))
        cells = [given[name] for name in self.given]
        yield self._record([*cells, *numbers, definiteness, _line(wrong)])

    def failure(self, error: HessError, line: int | None, point: Point | None) -> Iterator[str]:
        """The row of a point without an answer, or of a line that is no point."""
        given = dict(self.came) or _written(point)
        if self.labels is not None:
            yield self._without(given, error.message)
            return
        self.waiting.append((given, error.message))
        if len(self.waiting) > MAX_WAITING:
            yield from self.end()

    def end(self) -> Iterator[str]:
        """The rows that have waited for an answer, of which there is none."""
        if self.waiting:
            yield from self._begin(tuple(self.waiting[0][0]), [])

    def _begin(self, given: tuple[str, ...], labels: list[str]) -> Iterator[str]:
        """The headings, and the rows that have waited for them."""
        slopes = [f"g_{label}" for label in labels]
        upper = [f"h_{u}_{v}" for u, v in combinations_with_replacement(labels, 2)]
        columns = [*given, VALUE, *slopes, *upper, DEFINITENESS, PROBLEM]
        if len(set(columns)) < len(columns):
            twice = next(name for name in columns if columns.count(name) > 1)
            message = f"two columns of the table would be called `{twice}`"
            raise HessError(CLASH, message, hint="another name for the variable, or --json")
        self.given, self.labels = given, labels
        yield self._record(columns)
        for cells, message in self.waiting:
            yield self._without(cells, message)
        self.waiting.clear()

    def _without(self, given: Mapping[str, str], message: str) -> str:
        labels = self.labels or []
        numbers = 1 + len(labels) * (len(labels) + 3) // 2
        cells = [given.get(name, "") for name in self.given]
        return self._record([*cells, *[""] * numbers, "", _line(message)])

    def _record(self, fields: Sequence[str]) -> str:
        return _record(fields, self.delimiter)


def _line(text: str) -> str:
    """A text that is to stand in one cell."""
    return printable(text).strip()


def _coordinates(answer: Answer, text: Any) -> dict[str, str]:
    """The numbers of the point, a column each."""
    place = answer.place
    return {
        label: text(number)
        for v in (*place.variables, *place.constants)
        for label, number in zip(v.elements(), place.entries(v.name), strict=True)
    }


def _written(point: Point | None) -> dict[str, str]:
    """The same of a point that has no answer; nothing for random numbers that were not drawn."""
    from hesscli.types import Variable

    return {
        label: precise(float(number))
        for name, value in (point.values if point is not None else {}).items()
        if not isinstance(value, Random)
        for label, number in zip(Variable(name, value.shape).elements(), value.entries, strict=True)
    }
