"""The Hessian alone, as tables for programs: numbers between tabs, or CSV with headings.

Numbers are written in full, as the shortest text that reads back the same double.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from hesscli.answer import Answer, Basis
from hesscli.errors import HessError
from hesscli.render.entries import precise, writing


class Plain:
    """A row a line, numbers between tabs, ``nan`` where there is none; an empty line between
    the matrices of two points.
    """

    def __init__(self) -> None:
        self.count = 0

    def failure(self, error: HessError, line: int | None) -> None:
        """Errors are told beside the answers."""

    def answer(self, answer: Answer) -> Iterator[str]:
        """The matrix of an answer."""
        if self.count:
            yield "\n"
        self.count += 1
        for row in _rows(answer, "nan"):
            yield "\t".join(row) + "\n"


class Csv:
    """A line for each row of each matrix: the number of the point, the row's name, its entries;
    nothing where there is no number. New headings follow an empty line where they change.
    """

    def __init__(self) -> None:
        self.count = 0
        self.headings: list[str] | None = None

    def failure(self, error: HessError, line: int | None) -> None:
        """Count a point that has no matrix."""
        self.count += 1

    def answer(self, answer: Answer) -> Iterator[str]:
        """The matrix of an answer. One in symbols has no point; its column is left empty."""
        names = answer.place.labels()
        if names != self.headings:
            if self.headings is not None:
                yield "\n"
            self.headings = names
            yield _record(["point", "row", *names])
        self.count += 1
        point = "" if answer.basis is Basis.SYMBOLS else str(self.count)
        for name, row in zip(names, _rows(answer, ""), strict=True):
            yield _record([point, name, *row])


def _rows(answer: Answer, missing: str) -> Iterator[list[str]]:
    text = writing(answer, precise, missing)
    return (list(map(text, row)) for row in answer.jet.rows())


def _record(fields: Sequence[str]) -> str:
    record = io.StringIO()
    csv.writer(record, lineterminator="\n").writerow(fields)
    return record.getvalue()
