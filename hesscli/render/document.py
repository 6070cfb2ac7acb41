"""Report → document: the words, numbers and matrix of an answer, before any drawing.

A terminal and a pipe draw the same document, so they say the same words. Nothing here knows
colours, widths or boxes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from hesscli.model import (
    Array,
    Check,
    Comparison,
    Evaluation,
    Exact,
    Report,
    Symbolic,
    Undefined,
    Variable,
    Verification,
)
from hesscli.notation import as_text
from hesscli.syntax import PYTHON, UNICODE, Name, Notation, unparse

MISSING = "none"
SIGNIFICANT_DIGITS = 6
MAX_LISTED = 16


@dataclass(frozen=True, slots=True)
class Line:
    """A labelled line. ``role`` is what it means: plain, verdict, note or problem."""

    label: str
    text: str
    role: str = "plain"


@dataclass(frozen=True, slots=True)
class Group:
    """Consecutive rows (and columns) of the matrix that belong to one variable."""

    title: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Matrix:
    """The Hessian as text: one label for each row and column, in groups by variable."""

    groups: tuple[Group, ...]
    labels: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns under headings. ``troubled`` are the rows that something is wrong with."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    troubled: frozenset[int]


@dataclass(frozen=True, slots=True)
class Document:
    """One answer."""

    title: str
    lines: tuple[Line, ...]
    matrix: Matrix
    verdict: tuple[Line, ...]
    table: Table | None = None


def number(value: float) -> str:
    """A double for reading: whole numbers in full, others to six digits."""
    if not math.isfinite(value):
        return MISSING
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.{SIGNIFICANT_DIGITS}g}"


def numeric(report: Report, *, unicode: bool, full: bool = True) -> Document:
    """The document of an evaluated point.

    ``full`` writes out all numbers of the point, the gradient and the spectrum; otherwise the
    middle of more than sixteen is left out, and counted.
    """
    most = None if full else MAX_LISTED
    evaluation = report.evaluation
    formula = evaluation.formula
    notation = UNICODE if unicode else PYTHON
    variables = [_displayed(v, notation) for v in evaluation.variables]
    labels = [name for v in variables for name in v.elements()]
    return Document(
        title=formula.pretty if unicode else formula.text,
        lines=(
            Line("at", _point(evaluation, notation, most)),
            Line("value", number(evaluation.value)),
            Line("gradient", _listed(evaluation.gradient, most)),
        ),
        matrix=Matrix(
            groups=_groups(variables),
            labels=tuple(labels),
            cells=tuple(tuple(map(number, row)) for row in evaluation.hessian.tolist()),
        ),
        verdict=(*_verdict(report, most), *_remarks(report)),
        table=None if report.check is None else _table(report.check),
    )


def exact(answer: Exact, *, unicode: bool, full: bool = True) -> Document:
    """The document of an exact answer, or of one to many digits. Nothing is left out."""
    formula = answer.formula
    notation = UNICODE if unicode else PYTHON

    @cache
    def text(number: Any) -> str:
        return MISSING if number is None else as_text(number, notation, padded=True)

    def value(variable: Variable) -> str:
        numbers = [text(answer.point[element]) for element in variable.elements()]
        shown = _bracketed(numbers, variable.shape) if variable.shape else numbers[0]
        return f"{_displayed(variable, notation).name} = {shown}"

    variables = [_displayed(v, notation) for v in answer.variables]
    labels = tuple(name for v in variables for name in v.elements())
    return Document(
        title=formula.pretty if unicode else formula.text,
        lines=(
            Line("at", ", ".join(map(value, (*answer.variables, *answer.constants)))),
            Line("value", text(answer.value)),
            *_below(
                "gradient",
                [f"{n}: {text(g)}" for n, g in zip(labels, answer.gradient, strict=True)],
            ),
        ),
        matrix=Matrix(
            groups=_groups(variables),
            labels=labels,
            cells=tuple(tuple(map(text, row)) for row in answer.hessian),
        ),
        verdict=(*_proved(answer, text), *_reasons(answer.undefined, answer.notes)),
    )


def _proved(answer: Exact, text: Callable[[Any], str]) -> Iterable[Line]:
    if answer.eigenvalues is not None:
        yield from _below("eigenvalues", list(map(text, answer.eigenvalues)))
    if answer.definiteness is not None:
        undecided = "undecided: the sign of an eigenvalue could not be proved"
        known = answer.inertia is not None or answer.definiteness != "undecided"
        yield Line("Hessian", f"{answer.definiteness} (proved)" if known else undecided, "verdict")
    if answer.stationary is not None:
        stationary = _kind(answer.kind) if answer.stationary else "not stationary"
        yield Line("point", stationary, "verdict")


def _below(label: str, texts: Sequence[str]) -> tuple[Line, ...]:
    """One line for each text, the label before the first: formulas have blanks in them."""
    return tuple(Line(label if i == 0 else "", text) for i, text in enumerate(texts))


def _bracketed(parts: Sequence[str], shape: tuple[int, ...]) -> str:
    """Row-major entries as nested lists."""
    if len(shape) > 1:
        step = len(parts) // shape[0]
        parts = [_bracketed(parts[k : k + step], shape[1:]) for k in range(0, len(parts), step)]
    return f"[{', '.join(parts)}]"


def symbolic(answer: Symbolic, *, unicode: bool, full: bool = True) -> Document:
    """The document of a Hessian in symbols. Nothing is left out."""
    formula = answer.formula
    notation = UNICODE if unicode else PYTHON

    @cache  # most entries of a large Hessian are 0
    def text(expression: Any) -> str:
        return as_text(expression, notation, decimal=formula.decimal)

    variables = [_displayed(Variable(name, ()), notation) for name in formula.differentiated]
    names = tuple(v.name for v in variables)
    return Document(
        title=formula.pretty if unicode else formula.text,
        lines=_below(
            "gradient", [f"{n}: {text(g)}" for n, g in zip(names, answer.gradient, strict=True)]
        ),
        matrix=Matrix(
            groups=_groups(variables),
            labels=names,
            cells=tuple(tuple(text(entry) for entry in row) for row in answer.hessian),
        ),
        verdict=tuple(Line("note", note, "note") for note in answer.notes),
    )


def _displayed(variable: Variable, notation: Notation) -> Variable:
    """The variable under the name that is shown: θ for theta, where that can be."""
    return Variable(unparse(Name((0, 0), variable.name), notation), variable.shape)


def _groups(variables: Sequence[Variable]) -> tuple[Group, ...]:
    groups = []
    start = 0
    for variable in variables:
        shape = f" ({'×'.join(map(str, variable.shape))})" if variable.shape else ""
        groups.append(Group(variable.name + shape, start, start + variable.size))
        start += variable.size
    return tuple(groups)


def _point(evaluation: Evaluation, notation: Notation, most: int | None) -> str:
    parts = []
    for variable in (*evaluation.variables, *evaluation.constants):
        numbers = evaluation.point[variable.name]
        if variable.shape:
            shown = _nested(numbers, variable.shape, most)
        else:
            shown = number(float(numbers[0]))
        parts.append(f"{_displayed(variable, notation).name} = {shown}")
    return ", ".join(_middle_left_out(parts, most))


def _nested(numbers: Array, shape: tuple[int, ...], most: int | None) -> str:
    if len(shape) == 1:
        parts = [number(n) for n in numbers.tolist()]
    else:
        parts = [_nested(row, shape[1:], most) for row in numbers.reshape(shape[0], -1)]
    return f"[{', '.join(_middle_left_out(parts, most))}]"


def _listed(numbers: Array, most: int | None) -> str:
    return "  ".join(_middle_left_out([number(n) for n in numbers.tolist()], most))


def _middle_left_out(parts: list[str], most: int | None) -> list[str]:
    """The first and the last parts, ``most`` together, with the number of those between."""
    if most is None or len(parts) <= most:
        return parts
    half = most // 2
    return [*parts[:half], f"… {len(parts) - 2 * half} more …", *parts[-half:]]


def _verdict(report: Report, most: int | None) -> Iterable[Line]:
    if report.eigenvalues is not None and report.tolerance is not None:
        yield Line("eigenvalues", _listed(report.eigenvalues, most))
        unverified = "" if report.evaluation.verification.digits is not None else ", not verified"
        shown = f"{_definiteness(report)} (tolerance {report.tolerance:.2g}{unverified})"
        yield Line("Hessian", shown, "verdict")
    if report.stationary is not None:
        yield Line("point", _stationarity(report), "verdict")


def _definiteness(report: Report) -> str:
    if report.definiteness == "undecided":
        return "undecided at this precision: an eigenvalue is zero to rounding"
    if report.definiteness in ("positive semidefinite", "negative semidefinite"):
        return f"{report.definiteness} to this precision"
    return str(report.definiteness)


def _verification(verification: Verification) -> str:
    if verification.reason is not None:
        return f"no: {verification.reason}"
    return f"to {verification.digits} digits, against the exact derivatives"


def _stationarity(report: Report) -> str:
    if not report.stationary:
        slope = float(abs(report.evaluation.gradient).max())
        return f"not stationary (largest slope {number(slope)})"
    return _kind(report.kind)


def _kind(kind: str | None) -> str:
    match kind:
        case "minimum":
            return "stationary: a strict local minimum"
        case "maximum":
            return "stationary: a strict local maximum"
        case "saddle":
            return "stationary: a saddle"
        case "inconclusive":
            return "stationary; its kind is inconclusive, because the Hessian is singular"
    return "stationary"


def _remarks(report: Report) -> Iterable[Line]:
    yield Line("verified", _verification(report.evaluation.verification), "note")
    evaluation = report.evaluation
    yield from _reasons(evaluation.undefined, (*evaluation.notes, *report.notes))
    if report.check is not None:
        agrees = report.check.agrees
        words = "the sources agree" if agrees else "the sources disagree: see the table"
        yield Line("check", words, "verdict" if agrees else "problem")
    if report.comparison is not None:
        yield from _compared(report.comparison)


def _reasons(undefined: Sequence[Undefined], notes: Sequence[str]) -> Iterable[Line]:
    for item in undefined:
        yield Line("undefined", item.reason, "problem")
    for note in notes:
        yield Line("note", note, "note")


def _table(check: Check) -> Table:
    rows = tuple(
        (
            f"({', '.join(entry.labels)})",
            precise(entry.autograd),
            precise(entry.exact),
            f"{entry.difference:.10g} ± {entry.error:.1g}"
            if math.isfinite(entry.difference)
            else MISSING,
            "-" if entry.digits is None else str(entry.digits),
        )
        for entry in check.entries
    )
    return Table(
        headings=("entry", "autograd", "exact", "finite differences", "digits"),
        rows=rows,
        troubled=frozenset(i for i, entry in enumerate(check.entries) if not entry.agrees),
    )


def precise(value: float) -> str:
    """A double in full, as the shortest text that reads back the same."""
    if not math.isfinite(value):
        return MISSING
    return number(value) if value == int(value) and abs(value) < 1e15 else repr(value)


def _compared(comparison: Comparison) -> Iterable[Line]:
    if comparison.agrees:
        yield Line("expected", "agrees with your matrix", "verdict")
        return
    for difference in comparison.differences[:MAX_LISTED]:
        place = f"({', '.join(difference.labels)})"
        yours, found = precise(difference.expected), precise(difference.found)
        off = precise(abs(difference.expected - difference.found))
        by = f", {off} apart" if off != MISSING else ""
        yield Line(
            "expected", f"differs at {place}: yours is {yours}, hess's {found}{by}", "problem"
        )
    hidden = len(comparison.differences) - MAX_LISTED
    if hidden > 0:
        yield Line("expected", f"differs at {hidden} more entries", "problem")
    if comparison.cause is not None:
        yield Line("likely", comparison.cause.removeprefix("likely "), "verdict")
