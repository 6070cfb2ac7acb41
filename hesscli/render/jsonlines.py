"""Report → JSON, one object a line, in pieces so that a large Hessian is never held as text.

Valid for every strict parser: an entry that is not a finite number is ``null``, since ``NaN``
and ``Infinity`` are not JSON. Doubles are written as the shortest text that reads back the same.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from hesscli.errors import HessError
from hesscli.formula.notation import as_text
from hesscli.shapes import size
from hesscli.types import (
    Array,
    Check,
    Comparison,
    Evaluation,
    Exact,
    Report,
    Symbolic,
    Undefined,
    Variable,
)

FORMAT_VERSION = "1.0"
MAX_KEPT = 1_000  # rows of as many entries: some 60 MB


def numeric(report: Report) -> Iterator[str]:
    """The JSON of an evaluated point, in pieces that join to one line."""
    evaluation = report.evaluation
    head = {
        "format_version": FORMAT_VERSION,
        "expression": evaluation.formula.text,
        "variables": [_variable(v) for v in evaluation.variables],
        "point": _point(evaluation),
        "value": _number(evaluation.value),
        "gradient": _numbers(evaluation.gradient),
    }
    tail = {
        "eigenvalues": None if report.eigenvalues is None else _numbers(report.eigenvalues),
        "inertia": _inertia(report.inertia),
        "definiteness": report.definiteness,
        "tolerance": report.tolerance,
        "stationary": report.stationary,
        "gradient_tolerance": report.gradient_tolerance,
        "stationary_point": report.kind,
        "verified": {
            "digits": evaluation.verification.digits,
            "reason": evaluation.verification.reason,
        },
        "undefined": _undefined(evaluation.undefined),
        "notes": [*evaluation.notes, *report.notes],
    }
    if report.check is not None:
        tail["check"] = _check(report.check)
    if report.comparison is not None:
        tail["expected"] = _comparison(report.comparison)
    rows = _Rows(evaluation.hessian)
    yield _text(head)[:-1]
    yield ', "hessian": '
    yield from rows.matrix()
    if any(v.shape for v in evaluation.variables):
        yield ', "blocks": '
        yield from _blocks(evaluation.variables, rows)
    yield ", " + _text(tail)[1:] + "\n"


def exact(answer: Exact) -> Iterator[str]:
    """The JSON of an exact answer, or one to many digits; its numbers are strings."""

    @cache
    def text(entry: Any) -> str | None:
        return None if entry is None else as_text(entry, padded=True)

    def nested(variable: Variable) -> Any:
        return _shaped([text(answer.point[e]) for e in variable.elements()], variable.shape)

    yield _text(
        {
            "format_version": FORMAT_VERSION,
            "expression": answer.formula.text,
            "variables": [_variable(v) for v in answer.variables],
            "point": {v.name: nested(v) for v in (*answer.variables, *answer.constants)},
            "exact": answer.digits is None,
            "digits": answer.digits,
            "value": text(answer.value),
            "gradient": [text(slope) for slope in answer.gradient],
            "hessian": [[text(entry) for entry in row] for row in answer.hessian],
            "eigenvalues": None
            if answer.eigenvalues is None
            else [text(eigenvalue) for eigenvalue in answer.eigenvalues],
            "inertia": _inertia(answer.inertia),
            "definiteness": answer.definiteness,
            "stationary": answer.stationary,
            "stationary_point": answer.kind,
            "undefined": _undefined(answer.undefined),
            "notes": list(answer.notes),
        }
    )
    yield "\n"


def _undefined(items: Sequence[Undefined]) -> list[dict[str, Any]]:
    return [
        {
            "part": item.part,
            "span": list(item.span) if item.span else None,
            "reason": item.reason,
            "entries": list(item.entries),
        }
        for item in items
    ]


def _check(check: Check) -> dict[str, Any]:
    entries = [
        {
            "entry": list(entry.labels),
            "autograd": _number(entry.autograd),
            "exact": _number(entry.exact),
            "finite_difference": _number(entry.difference),
            "error": _number(entry.error),
            "digits": entry.digits,
            "agrees": entry.agrees,
        }
        for entry in check.entries
    ]
    return {"agrees": check.agrees, "entries": entries}


def _comparison(comparison: Comparison) -> dict[str, Any]:
    differences = [
        {
            "row": difference.row,
            "column": difference.column,
            "entry": list(difference.labels),
            "expected": _number(difference.expected),
            "found": _number(difference.found),
        }
        for difference in comparison.differences
    ]
    return {
        "agrees": comparison.agrees,
        "largest_difference": comparison.largest,
        "likely_cause": comparison.cause,
        "differences": differences,
    }


def symbolic(answer: Symbolic) -> Iterator[str]:
    """The JSON of a Hessian in symbols; its entries are formulas in Python notation."""
    formula = answer.formula

    @cache
    def text(entry: Any) -> str:
        return as_text(entry, decimal=formula.decimal)

    yield _text(
        {
            "format_version": FORMAT_VERSION,
            "expression": formula.text,
            "variables": [{"name": name} for name in formula.differentiated],
            "point": None,
            "gradient": [text(entry) for entry in answer.gradient],
            "hessian": [[text(entry) for entry in row] for row in answer.hessian],
            "notes": list(answer.notes),
        }
    )
    yield "\n"


def failure(error: HessError, line: int | None = None) -> Iterator[str]:
    """The JSON of a point, or of an input line, that cannot be answered."""
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


def _variable(variable: Variable) -> dict[str, Any]:
    return {"name": variable.name, "shape": list(variable.shape)}


def _point(evaluation: Evaluation) -> dict[str, Any]:
    shapes = {v.name: v.shape for v in (*evaluation.variables, *evaluation.constants)}
    return {
        name: numbers.reshape(shapes[name]).tolist() for name, numbers in evaluation.point.items()
    }


def _inertia(inertia: tuple[int, int, int] | None) -> dict[str, int] | None:
    if inertia is None:
        return None
    return dict(zip(("positive", "zero", "negative"), inertia, strict=True))


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _numbers(values: Array) -> list[float | None]:
    return [_number(value) for value in values.tolist()]


class _Rows:
    """The entries of a matrix as JSON, by row; each is written once, where there is room for all.

    Numbers are written by the million here, which is most of the time that an answer takes.
    """

    def __init__(self, matrix: Array) -> None:
        self.values = matrix
        self.kept: dict[int, list[str]] | None = {} if len(matrix) <= MAX_KEPT else None

    def __getitem__(self, i: int) -> list[str]:
        if self.kept is not None and i in self.kept:
            return self.kept[i]
        row = json.dumps(_numbers(self.values[i]), allow_nan=False)[1:-1].split(", ")
        if self.kept is not None:
            self.kept[i] = row
        return row

    def matrix(self) -> Iterator[str]:
        """All of it, as a list of rows."""
        yield "["
        for i in range(len(self.values)):
            yield f"{', ' * (i > 0)}[{', '.join(self[i])}]"
        yield "]"


def _blocks(variables: Sequence[Variable], rows: _Rows) -> Iterator[str]:
    """``{"x": {"y": H[x][y]}}``, each block nested to the shape (*shape_x, *shape_y)."""
    yield "{"
    row = 0
    for i, u in enumerate(variables):
        yield f"{', ' * (i > 0)}{json.dumps(u.name)}: {{"
        column = 0
        for j, v in enumerate(variables):
            yield f"{', ' * (j > 0)}{json.dumps(v.name)}: "
            yield from _nested(rows, (row, u.shape), (column, v.shape))
            column += v.size
        yield "}"
        row += u.size
    yield "}"


def _nested(
    rows: _Rows, down: tuple[int, tuple[int, ...]], across: tuple[int, tuple[int, ...]]
) -> Iterator[str]:
    """A block as nested lists: where it starts, and the shape it has, down and across."""
    (start, shape), (column, inner) = down, across
    if not shape:
        yield _joined(rows[start][column : column + size(inner)], inner)
        return
    yield "["
    for k in range(shape[0]):
        if k:
            yield ", "
        yield from _nested(rows, (start + k * size(shape[1:]), shape[1:]), across)
    yield "]"


def _joined(texts: list[str], shape: tuple[int, ...]) -> str:
    """Row-major entries as nested lists of this shape."""
    for length in reversed(shape):
        texts = [f"[{', '.join(texts[k : k + length])}]" for k in range(0, len(texts), length)]
    return texts[0]


def _shaped(numbers: list[Any], shape: tuple[int, ...]) -> Any:
    if not shape:
        return numbers[0]
    step = len(numbers) // shape[0]
    return [_shaped(numbers[k * step : (k + 1) * step], shape[1:]) for k in range(shape[0])]
