"""Answer → JSON, one object a line, in pieces so that a large Hessian is never held as text.

Valid for every strict parser: an entry that is not a finite number is ``null``, since ``NaN``
and ``Infinity`` are not JSON. Doubles are written as the shortest text that reads back the same.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from hesscli.answer import DIFFERENCES, Answer, Basis, Check, Comparison, Jet, Verdict
from hesscli.errors import HessError
from hesscli.render.entries import writing
from hesscli.render.formats import Writer
from hesscli.render.phrases import likely, words
from hesscli.shapes import Shape, shaped
from hesscli.types import Point, Variable

FORMAT_VERSION = "1.0"
CHECKED = {DIFFERENCES: "finite_difference"}
MAX_KEPT = 1_000  # rows of as many entries: some 60 MB


class Json(Writer):
    """Writes an object a line."""

    def answer(self, answer: Answer) -> Iterator[str]:
        """The JSON of an answer."""
        return answered(answer)

    def failure(self, error: HessError, line: int | None, point: Point | None) -> Iterator[str]:
        """The JSON of a point, or of an input line, that cannot be answered."""
        return _failed(error, line)


def answered(answer: Answer) -> Iterator[str]:
    """The JSON of an answer, in pieces that join to one line; numbers that are exact, or have many
    digits, are strings, and so are formulas.
    """
    place, jet = answer.place, answer.jet
    entry = writing(answer, float, None)
    yield _text(_head(answer, entry))[:-1]
    yield ', "hessian": '
    rows = _Rows(jet, entry)
    yield from _nested(iter(rows), (len(place.labels()),))
    if answer.basis is Basis.DOUBLES and any(v.shape for v in place.variables):
        yield ', "blocks": '
        yield from _blocks(place.variables, rows)
    yield ", " + _text(_tail(answer, entry))[1:] + "\n"


def _head(answer: Answer, entry: Callable[[Any], Any]) -> dict[str, Any]:
    """What stands before the Hessian."""
    place, symbols = answer.place, answer.basis is Basis.SYMBOLS
    shape = {} if symbols else {v.name: {"shape": list(v.shape)} for v in place.variables}
    head: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "expression": answer.formula.text,
        "variables": [{"name": v.name, **shape.get(v.name, {})} for v in place.variables],
        "point": None,
    }
    if place.numbers:
        head["point"] = {
            v.name: shaped(list(map(entry, place.entries(v.name))), v.shape)
            for v in (*place.variables, *place.constants)
            if v.name in place.numbers  # which a letter is not
        }
    if answer.basis in (Basis.EXACT, Basis.DIGITS):
        head |= {"exact": answer.basis is Basis.EXACT, "digits": answer.digits}
    if place.numbers:
        head["value"] = entry(answer.jet.value)
    return {**head, "gradient": [entry(slope) for slope in answer.jet.slopes()]}


def _tail(answer: Answer, entry: Callable[[Any], Any]) -> dict[str, Any]:
    """What stands behind the Hessian."""
    verdict, grounds = answer.verdict, answer.grounds
    tail: dict[str, Any] = {}
    if answer.basis is not Basis.SYMBOLS:
        found = verdict.eigenvalues
        tail["eigenvalues"] = None if found is None else list(map(entry, found))
        tail |= _minors(verdict, entry)
        signs = ("positive", "zero", "negative")
        tail["inertia"] = verdict.inertia and dict(zip(signs, verdict.inertia, strict=True))
        if verdict.inertia and verdict.unknown:
            tail["inertia"]["unknown"] = verdict.unknown
        tail["definiteness"] = verdict.definiteness
        tail["definiteness_proved"] = verdict.definiteness and verdict.proved
        if grounds is not None:
            tail["tolerance"] = verdict.tolerance
        tail["stationary"] = verdict.stationary
        if grounds is not None:
            tail["gradient_tolerance"] = verdict.gradient_tolerance
        tail["stationary_point"] = verdict.kind
        if grounds is not None:
            reason = grounds.reason and words(grounds.reason)
            tail["verified"] = {"digits": grounds.digits, "by": grounds.by, "reason": reason}
            if grounds.proved is not None:
                tail["verified"] |= {"proved": grounds.proved, "of": grounds.of}
            tail["below"] = grounds.below
    else:
        tail |= _minors(verdict, entry)
    if answer.place.numbers:
        tail["undefined"] = [
            {"part": u.part, "span": u.span, "reason": words(u.reason), "entries": u.entries}
            for u in answer.undefined
        ]
    tail["notes"] = list(map(words, answer.notes))
    if answer.check is not None:
        tail["check"] = _check(answer.check)
    for comparison in answer.comparisons:
        name = "expected" if comparison.of_matrix else "expected_gradient"
        tail[name] = _comparison(comparison, entry)
    return tail


def _minors(verdict: Verdict, entry: Callable[[Any], Any]) -> dict[str, Any]:
    if verdict.minors is None:
        return {}
    minors = list(map(entry, verdict.minors))
    return {"determinant": minors[-1], "minors": minors}


def _check(check: Check) -> dict[str, Any]:
    entries = [
        {
            "entry": entry.labels,
            **{CHECKED.get(name, name): _number(n) for name, n in entry.numbers.items()},
            "error": _number(entry.errors.get(DIFFERENCES, math.nan)),
            "digits": entry.digits,
            "agrees": entry.agrees,
        }
        for entry in check.entries
    ]
    return {"agrees": check.agrees, "entries": entries}


def _comparison(comparison: Comparison, entry: Callable[[Any], Any]) -> dict[str, Any]:
    differences = [
        {
            **(
                {"row": d.row, "column": d.column, "entry": d.labels}
                if comparison.of_matrix
                else {"index": d.row, "entry": d.labels[0]}
            ),
            "expected": entry(d.expected),
            "found": entry(d.found),
        }
        for d in comparison.differences
    ]
    cause = comparison.cause and likely(comparison.cause, of_matrix=comparison.of_matrix)
    return {
        "agrees": comparison.agrees,
        "proved": not comparison.by_samples,
        "largest_difference": comparison.largest,
        "likely_cause": cause,
        "differences": differences,
    }


def _failed(error: HessError, line: int | None) -> Iterator[str]:
    answer: dict[str, Any] = {"format_version": FORMAT_VERSION}
    if line is not None:
        answer["line"] = line
    answer["error"] = {"code": error.code, "message": _clean(error.message)}
    if error.hint:
        answer["error"]["hint"] = _clean(error.hint)
    yield _text(answer) + "\n"


def _clean(text: str) -> str:
    """``text`` without the lone surrogates that stand for bytes that were not UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, allow_nan=False)


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


class _Rows:
    """The entries of a matrix as JSON, by row; each is written once, where there is room for all.

    Numbers are written by the million here, which is most of the time that an answer takes.
    """

    def __init__(self, jet: Jet, entry: Callable[[Any], Any]) -> None:
        self.values = jet.hessian
        self.entry = entry
        self.kept: dict[int, list[str]] = {}

    def __getitem__(self, i: int) -> list[str]:
        if i in self.kept:
            return self.kept[i]
        if isinstance(self.values, tuple):
            row = [json.dumps(self.entry(entry)) for entry in self.values[i]]
        else:  # a million numbers at once take a third of the time
            entries = list(map(self.entry, self.values[i].tolist()))
            row = json.dumps(entries, allow_nan=False)[1:-1].split(", ")
        if len(self.values) <= MAX_KEPT:
            self.kept[i] = row
        return row

    def __iter__(self) -> Iterator[str]:
        return (f"[{', '.join(self[i])}]" for i in range(len(self.values)))


def _blocks(variables: Sequence[Variable], rows: _Rows) -> Iterator[str]:
    """``{"x": {"y": H[x][y]}}``, each block nested to the shape (*shape_x, *shape_y)."""
    yield "{"
    row = 0
    for i, u in enumerate(variables):
        yield f"{', ' * (i > 0)}{json.dumps(u.name)}: {{"
        column = 0
        for j, v in enumerate(variables):
            yield f"{', ' * (j > 0)}{json.dumps(v.name)}: "
            pieces = (
                _joined(rows[i][column : column + v.size], v.shape)
                for i in range(row, row + u.size)
            )
            yield from _nested(pieces, u.shape)
            column += v.size
        yield "}"
        row += u.size
    yield "}"


def _nested(pieces: Iterator[str], shape: Shape) -> Iterator[str]:
    """Row-major pieces as nested lists of this shape."""
    if not shape:
        yield next(pieces)
        return
    yield "["
    for k in range(shape[0]):
        yield ", " * (k > 0)
        yield from _nested(pieces, shape[1:])
    yield "]"


def _joined(texts: list[str], shape: tuple[int, ...]) -> str:
    """Row-major entries as nested lists of this shape."""
    for length in reversed(shape):
        texts = [f"[{', '.join(texts[k : k + length])}]" for k in range(0, len(texts), length)]
    return texts[0]
