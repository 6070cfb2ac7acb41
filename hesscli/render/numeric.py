"""The report on a point → document."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import partial

from hesscli.language.writer import PYTHON, UNICODE, Notation
from hesscli.render.blocks import captions, summary
from hesscli.render.document import (
    MAX_LISTED,
    TOGETHER,
    Document,
    Line,
    Table,
    bracketed,
    displayed,
    groups,
    kind_in_words,
    legend,
    middle_left_out,
    reasons,
    summary_lines,
    title,
)
from hesscli.render.entries import MISSING
from hesscli.render.figures import number, precise
from hesscli.render.grid import MAX_COLUMNS, Matrix
from hesscli.render.numbers import Numbers
from hesscli.types import Array, Check, Comparison, Evaluation, Report, Verification


def document(report: Report, *, unicode: bool, full: bool = True) -> Document:
    """The document of an evaluated point.

    ``full`` writes out all numbers of the point, the gradient and the spectrum; otherwise the
    middle of more than sixteen is left out, and counted.
    """
    most = None if full else MAX_LISTED
    evaluation = report.evaluation
    formula = evaluation.formula
    notation = UNICODE if unicode else PYTHON
    variables = [displayed(v, notation) for v in evaluation.variables]
    matrix = variables, evaluation.hessian, evaluation.structural
    labels = [name for v in variables for name in v.elements()]
    return Document(
        title=title(formula.pretty if unicode else formula.text),
        lines=(
            Line("at", _point(evaluation, notation, most)),
            Line("value", number(evaluation.value)),
            Line("gradient", _listed(evaluation.gradient, most)),
        ),
        matrix=Matrix(
            groups=groups(variables),
            labels=tuple(labels),
            entries=Numbers(evaluation.hessian, evaluation.structural),
            captions=captions(*matrix),
            legend=legend(formula),
        ),
        verdict=(*_verdict(report, most), *_remarks(report)),
        table=None if report.check is None else _table(report.check),
        summary=summary_lines(summary(*matrix)) if len(labels) > MAX_COLUMNS else (),
    )


def _point(evaluation: Evaluation, notation: Notation, most: int | None) -> str:
    parts = []
    for variable in (*evaluation.variables, *evaluation.constants):
        shown = bracketed(evaluation.point[variable.name], variable.shape, most, number)
        parts.append(TOGETHER.join((displayed(variable, notation).name, "=", shown)))
    return ", ".join(middle_left_out(parts, most))


def _listed(numbers: Array, most: int | None, text: Callable[[float], str] = number) -> str:
    parts = middle_left_out(numbers.tolist(), most)
    return "  ".join(part if isinstance(part, str) else text(part) for part in parts)


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
    return kind_in_words(report.kind)


def _remarks(report: Report) -> Iterable[Line]:
    yield Line("verified", _verification(report.evaluation.verification), "note")
    evaluation = report.evaluation
    yield from reasons(evaluation.undefined, (*evaluation.notes, *report.notes))
    if report.check is not None:
        agrees = report.check.agrees
        words = "the sources agree" if agrees else "the sources disagree: see the table"
        yield Line("check", words, "verdict" if agrees else "problem")
    if report.comparison is not None:
        yield from _compared(report.comparison)


def problems(report: Report) -> list[str]:
    """What is wrong with an answer, in a sentence each."""
    return [line.text for line in _remarks(report) if line.role == "problem"]


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
