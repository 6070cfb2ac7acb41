"""Report → document: the words, numbers and matrix of an answer, before any drawing.

A terminal and a pipe draw the same document, so they say the same words. Nothing here knows
colours, widths or rules.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, TypeVar

import numpy as np

from hesscli.model import (
    Array,
    Check,
    Comparison,
    Evaluation,
    Exact,
    Formula,
    Report,
    Symbolic,
    Undefined,
    Variable,
    Verification,
)
from hesscli.notation import as_text
from hesscli.render.blocks import captions, pattern, summary
from hesscli.render.figures import MISSING, number, precise
from hesscli.render.grid import MAX_COLUMNS, Group, Matrix, Numbers, Texts
from hesscli.syntax import PYTHON, UNICODE, Name, Notation, unparse

T = TypeVar("T")
MAX_LISTED = 16
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


@dataclass(frozen=True, slots=True)
class Document:
    """One answer; ``summary`` tells of a matrix that is too large to be looked at."""

    title: str
    lines: tuple[Line, ...]
    matrix: Matrix
    verdict: tuple[Line, ...]
    table: Table | None = None
    summary: tuple[Line, ...] = ()


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
    matrix = variables, evaluation.hessian, evaluation.structural
    labels = [name for v in variables for name in v.elements()]
    return Document(
        title=_title(formula.pretty if unicode else formula.text),
        lines=(
            Line("at", _point(evaluation, notation, most)),
            Line("value", number(evaluation.value)),
            Line("gradient", _listed(evaluation.gradient, most)),
        ),
        matrix=Matrix(
            groups=_groups(variables),
            labels=tuple(labels),
            entries=Numbers(evaluation.hessian, evaluation.structural),
            captions=captions(*matrix),
            legend=_legend(formula),
        ),
        verdict=(*_verdict(report, most), *_remarks(report)),
        table=None if report.check is None else _table(report.check),
        summary=_lines(summary(*matrix), labels),
    )


def exact(answer: Exact, *, unicode: bool, full: bool = True) -> Document:
    """The document of an exact answer, or of one to many digits."""
    most = None if full else MAX_LISTED
    formula = answer.formula
    notation = UNICODE if unicode else PYTHON

    @cache
    def text(number: Any) -> str:
        return MISSING if number is None else as_text(number, notation, padded=True)

    def value(variable: Variable) -> str:
        numbers = [answer.point[element] for element in variable.elements()]
        shown = _bracketed(numbers, variable.shape, most, text)
        return TOGETHER.join((_displayed(variable, notation).name, "=", shown))

    variables = [_displayed(v, notation) for v in answer.variables]
    matrix = variables, _doubles(answer.hessian), answer.structural
    labels = tuple(name for v in variables for name in v.elements())
    point = [value(v) for v in (*answer.variables, *answer.constants)]
    return Document(
        title=_title(formula.pretty if unicode else formula.text),
        lines=(
            Line("at", ", ".join(_middle_left_out(point, most))),
            Line("value", text(answer.value)),
            *_below(
                "gradient",
                [f"{n}: {text(g)}" for n, g in zip(labels, answer.gradient, strict=True)],
                most,
            ),
        ),
        matrix=Matrix(
            groups=_groups(variables),
            labels=labels,
            entries=Texts(
                tuple(tuple(map(text, row)) for row in answer.hessian), answer.structural
            ),
            captions=captions(*matrix),
            legend=_legend(formula),
        ),
        verdict=(*_proved(answer, text, most), *_reasons(answer.undefined, answer.notes)),
        summary=_lines(summary(*matrix), labels),
    )


def _doubles(rows: Sequence[Sequence[Any]]) -> Array:
    """Exact numbers as doubles, NaN where there is none."""
    return np.array(
        [[math.nan if entry is None else float(entry) for entry in row] for row in rows]
    )


def _lines(summary: Iterable[tuple[str, str]], labels: Sequence[str]) -> tuple[Line, ...]:
    """The lines of the summary, where the matrix is too large to be looked at."""
    return tuple(Line(*each) for each in summary) if len(labels) > MAX_COLUMNS else ()


def _proved(answer: Exact, text: Callable[[Any], str], most: int | None) -> Iterable[Line]:
    if answer.eigenvalues is not None:
        yield from _below("eigenvalues", list(map(text, answer.eigenvalues)), most)
    if answer.definiteness is not None:
        undecided = "undecided: the sign of an eigenvalue could not be proved"
        known = answer.inertia is not None or answer.definiteness != "undecided"
        yield Line("Hessian", f"{answer.definiteness} (proved)" if known else undecided, "verdict")
    if answer.stationary is not None:
        stationary = _kind(answer.kind) if answer.stationary else "not stationary"
        yield Line("point", stationary, "verdict")


def _below(label: str, texts: list[str], most: int | None) -> tuple[Line, ...]:
    """One line for each text, the label before the first: formulas have blanks in them."""
    shown = _middle_left_out(texts, most)
    return tuple(Line(label if i == 0 else "", text) for i, text in enumerate(shown))


def _bracketed(
    entries: Any, shape: tuple[int, ...], most: int | None, text: Callable[[Any], str]
) -> str:
    """Row-major entries as nested lists; what is left out of a million is not even written."""
    if not shape:
        return text(entries[0])
    step = len(entries) // shape[0]
    parts = [
        part
        if isinstance(part, str)
        else _bracketed(entries[part * step : (part + 1) * step], shape[1:], most, text)
        for part in _middle_left_out(range(shape[0]), most)
    ]
    return f"[{', '.join(parts)}]"


def symbolic(answer: Symbolic, *, unicode: bool, full: bool = True) -> Document:
    """The document of a Hessian in symbols."""
    most = None if full else MAX_LISTED
    formula = answer.formula
    notation = UNICODE if unicode else PYTHON

    @cache  # most entries of a large Hessian are 0
    def text(expression: Any) -> str:
        return as_text(expression, notation, decimal=formula.decimal)

    variables = [_displayed(Variable(name, ()), notation) for name in formula.differentiated]
    names = tuple(v.name for v in variables)
    zeros = np.array([[entry == 0 for entry in row] for row in answer.hessian])
    return Document(
        title=_title(formula.pretty if unicode else formula.text),
        lines=_below(
            "gradient",
            [f"{n}: {text(g)}" for n, g in zip(names, answer.gradient, strict=True)],
            most,
        ),
        matrix=Matrix(
            groups=_groups(variables),
            labels=names,
            entries=Texts(
                tuple(tuple(text(entry) for entry in row) for row in answer.hessian), zeros
            ),
            captions={},
            legend=_legend(formula),
        ),
        verdict=tuple(Line("note", note, "note") for note in answer.notes),
        summary=_lines(pattern(zeros), names),
    )


def _legend(formula: Formula) -> str:
    """What is proved of an entry that the formula alone makes zero."""
    return "is 0 wherever it exists" if formula.sites else "is 0 at every point"


def _title(formula: str) -> str:
    """The formula, to be broken before its terms and nowhere within them."""
    depth = 0
    text = []
    for before, character in zip(" " + formula, formula + " ", strict=True):
        depth += (character in "([") - (before in ")]")
        inside = depth > 0 or before in "+-−"
        text.append(TOGETHER if character == " " and inside else character)
    return "".join(text).rstrip()


def _displayed(variable: Variable, notation: Notation) -> Variable:
    """The variable under the name that is shown: θ for theta, where that can be."""
    return Variable(unparse(Name((0, 0), variable.name), notation), variable.shape)


def _groups(variables: Sequence[Variable]) -> tuple[Group, ...]:
    groups = []
    start = 0
    for variable in variables:
        shape = "×".join(map(str, variable.shape))
        title = f"{variable.name} ({shape})" if shape else ""
        groups.append(Group(title, start, start + variable.size))
        start += variable.size
    return tuple(groups)


def _point(evaluation: Evaluation, notation: Notation, most: int | None) -> str:
    parts = []
    for variable in (*evaluation.variables, *evaluation.constants):
        shown = _bracketed(evaluation.point[variable.name], variable.shape, most, number)
        parts.append(TOGETHER.join((_displayed(variable, notation).name, "=", shown)))
    return ", ".join(_middle_left_out(parts, most))


def _listed(numbers: Array, most: int | None, text: Callable[[float], str] = number) -> str:
    parts = _middle_left_out(numbers.tolist(), most)
    return "  ".join(part if isinstance(part, str) else text(part) for part in parts)


def _middle_left_out(parts: Sequence[T], most: int | None) -> list[T | str]:
    """The first and the last parts, ``most`` together, with the number of those between."""
    if most is None or len(parts) <= most:
        return list(parts)
    half = most // 2
    left_out = f"… {len(parts) - 2 * half:,} more …".replace(" ", TOGETHER)
    return [*parts[:half], left_out, *parts[-half:]]


def _verdict(report: Report, most: int | None) -> Iterable[Line]:
    if report.eigenvalues is not None and report.tolerance is not None:
        text = partial(_eigenvalue, tolerance=report.tolerance)
        yield Line("eigenvalues", _listed(report.eigenvalues, most, text))
        unverified = "" if report.evaluation.verification.digits is not None else ", not verified"
        shown = f"{_definiteness(report)} (tolerance {report.tolerance:.2g}{unverified})"
        yield Line("Hessian", shown, "verdict")
    if report.stationary is not None:
        yield Line("point", _stationarity(report), "verdict")


def _eigenvalue(value: float, tolerance: float) -> str:
    """An eigenvalue, without the digits that rounding errors may have made."""
    if not value or not tolerance:
        return number(value)
    if abs(value) <= tolerance:
        return "≈0"
    certain = min(15, max(1, int(math.log10(abs(value)) - math.log10(tolerance))))
    return number(float(f"{value:.{certain}g}"))


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


def problems(report: Report) -> list[str]:
    """What is wrong with an answer, in a sentence each."""
    return [line.text for line in _remarks(report) if line.role == "problem"]


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
