"""The Hessian alone, as tables for programs: numbers between tabs, or CSV with headings.

Numbers are written in full, as the shortest text that reads back the same double.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from hesscli.formula.notation import as_text
from hesscli.render.figures import precise
from hesscli.types import Exact, Report, Symbolic, Variable

Row = Sequence[str]


class Plain:
    """A row a line, numbers between tabs, ``nan`` where there is none; an empty line between
    the matrices of two points.
    """

    def __init__(self) -> None:
        self.count = 0

    def numeric(self, report: Report) -> Iterator[str]:
        """The matrix at a point."""
        return self._lines(_doubles(report, "nan"))

    def exact(self, answer: Exact) -> Iterator[str]:
        """The matrix of exact numbers, or of many digits."""
        return self._lines(_texts(answer.hessian, "nan"))

    def symbolic(self, answer: Symbolic) -> Iterator[str]:
        """The matrix of formulas."""
        return self._lines(_texts(answer.hessian, "nan", answer.formula.decimal))

    def _lines(self, rows: Iterable[Row]) -> Iterator[str]:
        if self.count:
            yield "\n"
        self.count += 1
        for row in rows:
            yield "\t".join(row) + "\n"


class Csv:
    """A line for each row of each matrix: the number of the point, the row's name, its entries;
    nothing where there is no number. New headings follow an empty line where they change.
    """

    def __init__(self) -> None:
        self.count = 0
        self.headings: list[str] | None = None

    def skip(self) -> None:
        """Count a point that has no matrix."""
        self.count += 1

    def numeric(self, report: Report) -> Iterator[str]:
        """The matrix at a point."""
        return self._lines(_names(report.evaluation.variables), _doubles(report, ""))

    def exact(self, answer: Exact) -> Iterator[str]:
        """The matrix of exact numbers, or of many digits."""
        return self._lines(_names(answer.variables), _texts(answer.hessian, ""))

    def symbolic(self, answer: Symbolic) -> Iterator[str]:
        """The matrix of formulas. It has no point, and the column for it is left empty."""
        names = list(answer.formula.differentiated)
        return self._lines(names, _texts(answer.hessian, "", answer.formula.decimal), point=False)

    def _lines(self, names: list[str], rows: Iterable[Row], *, point: bool = True) -> Iterator[str]:
        if names != self.headings:
            if self.headings is not None:
                yield "\n"
            self.headings = names
            yield _record(["point", "row", *names])
        self.count += 1
        for name, row in zip(names, rows, strict=True):
            yield _record([str(self.count) if point else "", name, *row])


def _names(variables: Iterable[Variable]) -> list[str]:
    return [name for v in variables for name in v.elements()]


def _doubles(report: Report, missing: str) -> Iterator[Row]:
    for row in report.evaluation.hessian.tolist():
        yield [precise(entry) if math.isfinite(entry) else missing for entry in row]


def _texts(rows: Iterable[Sequence[Any]], missing: str, decimal: bool = False) -> Iterator[Row]:
    for row in rows:
        yield [
            missing if entry is None else as_text(entry, decimal=decimal, padded=True)
            for entry in row
        ]


def _record(fields: Sequence[str]) -> str:
    record = io.StringIO()
    csv.writer(record, lineterminator="\n").writerow(fields)
    return record.getvalue()
