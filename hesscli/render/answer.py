"""An answer → document: the words and numbers for people, whatever the answer is made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from hesscli.answer import Answer, Basis, By, Check, CheckedEntry, Comparison, Grounds, Verdict
from hesscli.language.writer import PYTHON, UNICODE, Notation
from hesscli.notes import Note
from hesscli.render.document import (
    MAX_LISTED,
    TOGETHER,
    Document,
    Line,
    Table,
    below,
    bracketed,
    displayed,
    groups,
    legend,
    middle_left_out,
    title,
)
from hesscli.render.entries import MISSING, precise, writing
from hesscli.render.grid import MAX_COLUMNS, Matrix
from hesscli.render.phrases import likely, words
from hesscli.render.texts import Texts

if TYPE_CHECKING:
    from hesscli.render.numbers import Numbers

KINDS = {
    "minimum": "stationary: a strict local minimum",
    "maximum": "stationary: a strict local maximum",
    "saddle": "stationary: a saddle",
    "inconclusive": "stationary; its kind is inconclusive, because the Hessian is singular",
    None: "stationary",
}


def document(answer: Answer, *, unicode: bool, full: bool = True) -> Document:
    """The document of an answer.

    ``full`` writes out all numbers of the point, the gradient and the spectrum; otherwise the
    middle of more than sixteen is left out, and counted.
    """
    most = None if full else MAX_LISTED
    notation = UNICODE if unicode else PYTHON
    formula = answer.formula
    variables = [displayed(v, notation) for v in answer.place.variables]
    labels = tuple(name for v in variables for name in v.elements())
    text = writing(answer, _number, MISSING, notation)
    lines: list[Line] = []
    captions: dict[tuple[int, int], str] = {}
    # NumPy takes a sixth of the time of a small answer in symbols to load.
    if answer.basis is not Basis.SYMBOLS:
        from hesscli.render import blocks

        captions = blocks.captions(variables, answer.jet.doubles(), answer.structural)
        lines.append(Line("at", _point(answer, notation, most, text)))
        lines.append(Line("value", text(answer.jet.value)))
    slopes = answer.jet.slopes()
    if answer.basis is Basis.DOUBLES:
        lines.append(Line("gradient", _listed(slopes, most, text)))
    else:
        named = [f"{name}: {text(slope)}" for name, slope in zip(labels, slopes, strict=True)]
        lines += below("gradient", named, most)
    return Document(
        title=title(formula.pretty if unicode else formula.text),
        lines=tuple(lines),
        matrix=Matrix(
            groups=groups(variables),
            labels=labels,
            entries=_entries(answer, text),
            captions=captions,
            legend=legend(formula),
        ),
        verdict=(*_verdict(answer, text, most), *_remarks(answer)),
        table=None if answer.check is None else _table(answer.check),
        summary=_summary(answer, variables) if len(labels) > MAX_COLUMNS else (),
        full=full,
    )


def _number(value: float) -> str:
    from hesscli.render.figures import number  # NumPy is not needed for symbols

    return number(value)


def _entries(answer: Answer, text: Callable[[Any], str]) -> Numbers | Texts:
    if answer.basis is Basis.DOUBLES:
        from hesscli.render.numbers import Numbers

        return Numbers(answer.jet.doubles(), answer.structural)
    return Texts(tuple(tuple(map(text, row)) for row in answer.jet.rows()), answer.structural)


def _summary(answer: Answer, variables: list[Any]) -> tuple[Line, ...]:
    from hesscli.render import blocks

    if answer.basis is Basis.SYMBOLS:
        return tuple(blocks.pattern(answer.structural))
    return tuple(blocks.summary(variables, answer.jet.doubles(), answer.structural))


def _listed(numbers: list[Any], most: int | None, text: Callable[[Any], str]) -> str:
    parts = middle_left_out(numbers, most)
    return "  ".join(part if isinstance(part, str) else text(part) for part in parts)


def _point(answer: Answer, notation: Notation, most: int | None, text: Callable[[Any], str]) -> str:
    place = answer.place
    parts = []
    for variable in (*place.variables, *place.constants):
        shown = bracketed(place.entries(variable.name), variable.shape, most, text)
        parts.append(TOGETHER.join((displayed(variable, notation).name, "=", shown)))
    return ", ".join(middle_left_out(parts, most))


# What follows from the numbers


def _verdict(answer: Answer, text: Callable[[Any], str], most: int | None) -> Iterator[Line]:
    verdict, grounds = answer.verdict, answer.grounds
    if verdict.eigenvalues is not None and grounds is None:
        yield from below("eigenvalues", list(map(text, verdict.eigenvalues)), most)
    elif verdict.eigenvalues is not None:
        shown = partial(_eigenvalue, text, verdict.tolerance or 0.0)
        yield Line("eigenvalues", _listed(verdict.eigenvalues.tolist(), most, shown))
    if verdict.definiteness is not None and (grounds is None or verdict.eigenvalues is not None):
        yield Line("Hessian", _definiteness(verdict, grounds), "verdict")
    if verdict.stationary is not None:
        yield Line("point", _stationarity(answer, verdict, text), "verdict")


def _eigenvalue(text: Callable[[Any], str], tolerance: float, value: float) -> str:
    """An eigenvalue, without the digits that rounding errors may have made."""
    if not value or not tolerance:
        return text(value)
    if abs(value) <= tolerance:
        return "≈0"
    certain = min(15, max(1, int(math.log10(abs(value)) - math.log10(tolerance))))
    return text(float(f"{value:.{certain}g}"))


def _definiteness(verdict: Verdict, grounds: Grounds | None) -> str:
    definiteness = str(verdict.definiteness)
    if grounds is None or verdict.tolerance is None:
        if definiteness == "undecided":
            return "undecided: the sign of an eigenvalue could not be proved"
        # Two signs prove what is indefinite, whatever the others are.
        proved = verdict.proved or verdict.unknown or verdict.inertia is None
        return f"{definiteness} ({'proved' if proved else 'by limits, not proved'})"
    if definiteness == "undecided":
        definiteness = "undecided at this precision: an eigenvalue is zero to rounding"
    elif definiteness.endswith("semidefinite"):
        definiteness = f"{definiteness} to this precision"
    unverified = "" if grounds.digits is not None else ", not verified"
    return f"{definiteness} (tolerance {verdict.tolerance:.2g}{unverified})"


def _stationarity(answer: Answer, verdict: Verdict, text: Callable[[Any], str]) -> str:
    if verdict.stationary:
        return KINDS[verdict.kind]
    if answer.grounds is None:
        return "not stationary"
    slopes = answer.gradient.tolist()
    largest = max((abs(slope) for slope in slopes if math.isfinite(slope)), default=0.0)
    if not largest:
        return "not stationary (a slope is below the smallest double)"
    return f"not stationary (largest slope {text(largest)})"


# What is known about the numbers


def _remarks(answer: Answer) -> Iterator[Line]:
    if answer.grounds is not None:
        yield Line("verified", _verification(answer.grounds), "note")
        for entry, bound in answer.grounds.below.items():
            yield Line("below", f"{entry} is 0, or not larger than {bound:.2g} in size", "note")
    for item in answer.undefined:
        yield Line("undefined", words(item.reason), "problem")
    for note in answer.notes:
        if note.kind is Note.READ_AS:
            continue  # told beside the answer
        yield Line("note", words(note), "note")
    if answer.check is not None:
        agrees = answer.check.agrees
        said = "the sources agree" if agrees else "the sources disagree: see the table"
        yield Line("check", said, "verdict" if agrees else "problem")
    if answer.comparison is not None:
        yield from _compared(answer.comparison)


_BY = {
    By.PROOF: "by proof in ball arithmetic",
    By.SAMPLE: "by a sample: {0:,} of {1:,} entries are proved",
    By.LIMIT: "by limits, which are evidence and no proof",
}


def _verification(grounds: Grounds) -> str:
    if grounds.by is None:
        assert grounds.reason is not None
        return f"no: {words(grounds.reason)}"
    return f"to {grounds.digits} digits, {_BY[grounds.by].format(grounds.proved, grounds.of)}"


def problems(answer: Answer) -> list[str]:
    """What is wrong with an answer, in a sentence each."""
    return [line.text for line in _remarks(answer) if line.role == "problem"]


def _table(check: Check) -> Table:
    def cell(entry: CheckedEntry, name: str) -> str:
        found, error = entry.numbers[name], entry.errors.get(name)
        if error is None or not math.isfinite(found):
            return precise(found)
        return f"{found:.10g} ± {error:.1g}"

    names = list(check.entries[0].numbers)
    return Table(
        headings=("entry", *names, "digits"),
        rows=tuple(
            (
                f"({', '.join(entry.labels)})",
                *(cell(entry, name) for name in names),
                "-" if entry.digits is None else str(entry.digits),
            )
            for entry in check.entries
        ),
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
        yield Line("likely", likely(comparison.cause).removeprefix("likely "), "verdict")
