"""An answer → document: the words and numbers for people, whatever the answer is made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

from hesscli.answer import (
    Answer,
    Basis,
    By,
    Check,
    CheckedEntry,
    Comparison,
    Expressions,
    Grounds,
    Verdict,
)
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
    summarised,
    title,
)
from hesscli.render.entries import GAP, MISSING, precise, writing
from hesscli.render.grid import MAX_COLUMNS, Matrix
from hesscli.render.phrases import likely, listed, words
from hesscli.render.texts import Texts

if TYPE_CHECKING:
    from hesscli.render.numbers import Numbers

# What writes a number, in one notation with those that are given.
Writer = Callable[..., Callable[[Any], str]]
# More slopes than can be matched with their variables at a glance have names.
MAX_UNNAMED = 6
MAX_CONSTANT = 12  # elements, which are data and no point

KINDS = {
    "minimum": "stationary: a strict local minimum",
    "maximum": "stationary: a strict local maximum",
    "saddle": "stationary: a saddle",
    "inconclusive": "stationary; its kind is inconclusive, because the Hessian is singular",
    None: "stationary",
}


def document(
    answer: Answer, *, unicode: bool, full: bool = True, constants: bool = False
) -> Document:
    """The document of an answer.

    ``full`` writes out all numbers of the point, the gradient and the spectrum; otherwise the
    middle of more than sixteen is left out, and counted. Of larger ``constants``, the numbers are
    written where that is asked for, and else their shape and range.
    """
    most = None if full else MAX_LISTED
    notation = UNICODE if unicode else PYTHON
    formula = answer.formula
    variables = [displayed(v, notation) for v in answer.place.variables]
    labels = tuple(name for v in variables for name in v.elements())
    writer = partial(writing, answer, _number, MISSING, notation)
    text = writer()
    lines: list[Line] = []
    captions: dict[tuple[int, int], str] = {}
    if answer.place.numbers:
        lines.append(Line("at", _point(answer, notation, most, text, constants)))
        lines.append(Line("value", text(answer.jet.value)))
    if answer.basis is Basis.SYMBOLS:
        definitions, answer = _with_names(answer, text)
        lines += below("with", definitions, None)
    else:  # NumPy takes a sixth of the time of a small answer in symbols to load
        from hesscli.render import blocks

        captions = blocks.captions(variables, answer.jet.doubles(), answer.structural)
    lines += _gradient(answer, labels, most, writer)
    return Document(
        title=title(formula.pretty if unicode else formula.text),
        lines=tuple(lines),
        matrix=Matrix(
            groups=groups(variables),
            labels=labels,
            entries=_entries(answer, writer),
            captions=captions,
            legend=legend(formula),
        ),
        verdict=(*_verdict(answer, writer, most), *_remarks(answer, notation)),
        table=None if answer.check is None else _table(answer.check),
        summary=_summary(answer, variables) if len(labels) > MAX_COLUMNS else (),
        full=full,
    )


def _with_names(answer: Answer, text: Callable[[Any], str]) -> tuple[list[str], Answer]:
    """What the names stand for that long repeated parts get, and the answer with these names."""
    from hesscli.render.parts import named

    jet = answer.jet
    assert isinstance(jet, Expressions)
    order = range(len(jet.gradient))
    upper = [(i, j) for i in order for j in order[i:]]
    minors = answer.verdict.minors or ()
    formulas = [*jet.gradient, *minors, *(jet.hessian[i][j] for i, j in upper)]
    there = [formula for formula in formulas if formula is not None]
    definitions, found = named(there, answer.formula.variables, text)
    rest = iter(found)
    short = [None if formula is None else next(rest) for formula in formulas]
    slopes, short = short[: len(order)], short[len(order) :]
    entries = dict(zip(upper, short[len(minors) :], strict=True))
    hessian = tuple(tuple(entries[min(i, j), max(i, j)] for j in order) for i in order)
    jet = Expressions(jet.value, tuple(slopes), hessian)
    said = [f"{text(name)} = {text(meaning)}" for name, meaning in definitions]
    verdict = replace(answer.verdict, minors=tuple(short[: len(minors)]) or None)
    return said, replace(answer, jet=jet, verdict=verdict)


def _number(value: float) -> str:
    from hesscli.render.figures import number  # NumPy is not needed for symbols

    return number(value)


def _entries(answer: Answer, writer: Writer) -> Numbers | Texts:
    if answer.basis is Basis.DOUBLES:
        from hesscli.render.numbers import Numbers

        return Numbers(answer.jet.doubles(), answer.structural)
    rows = list(answer.jet.rows())
    text = writer([entry for row in rows for entry in row])
    return Texts(tuple(tuple(map(text, row)) for row in rows), answer.structural)


def _summary(answer: Answer, variables: list[Any]) -> tuple[Line, ...]:
    from hesscli.render import blocks

    if answer.basis is Basis.SYMBOLS:
        return tuple(blocks.pattern(answer.structural))
    return tuple(blocks.summary(variables, answer.jet.doubles(), answer.structural))


def _gradient(
    answer: Answer, labels: Sequence[str], most: int | None, writer: Writer
) -> Iterable[Line]:
    """The slopes: doubles beside each other, by name where they are many; formulas one a line."""
    if answer.basis is not Basis.DOUBLES:
        slopes = answer.jet.slopes()
        formulas = map(writer(slopes), slopes)
        named = [f"{name}: {text}" for name, text in zip(labels, formulas, strict=True)]
        return below("gradient", named, most)
    shown = middle_left_out(range(len(labels)), most)
    texts = _texts([math.nan if isinstance(k, str) else answer.gradient[k] for k in shown])
    many = len(labels) > MAX_UNNAMED
    parts = (
        k if isinstance(k, str) else f"{labels[k]}:{TOGETHER}{text}" if many else text
        for k, text in zip(shown, texts, strict=True)
    )
    return (Line("gradient", GAP.join(parts)),)


def _texts(values: Sequence[float]) -> list[str]:
    """Doubles in one notation; NaN for what is missing."""
    import numpy as np

    from hesscli.render.figures import written

    made = written(np.array(values, dtype=float))
    return list(map(made.text, range(len(values))))


def _point(
    answer: Answer,
    notation: Notation,
    most: int | None,
    text: Callable[[Any], str],
    constants: bool,
) -> str:
    place = answer.place
    parts = []
    for variable in (*place.variables, *place.constants):
        entries = place.entries(variable.name)
        if not entries:
            continue  # a letter
        if variable in place.constants and len(entries) > MAX_CONSTANT and not constants:
            shown = summarised(entries, variable.shape, text)
        else:
            shown = bracketed(entries, variable.shape, most, text)
        parts.append(TOGETHER.join((displayed(variable, notation).name, "=", shown)))
    return ", ".join(middle_left_out(parts, most))


# What follows from the numbers


def _verdict(answer: Answer, writer: Writer, most: int | None) -> Iterator[Line]:
    verdict, grounds = answer.verdict, answer.grounds
    if verdict.eigenvalues is not None and grounds is None:
        text = writer(verdict.eigenvalues)
        runs = _runs(verdict.eigenvalues)
        texts = [_times(text(value), count) for value, count in runs]
        yield from below("eigenvalues", texts, most, [count for _, count in runs])
    elif verdict.eigenvalues is not None:
        yield Line("eigenvalues", _spectrum(verdict, most))
    if verdict.minors is not None:
        yield from _minors(answer, writer, most)
    if verdict.definiteness is not None and (grounds is None or verdict.eigenvalues is not None):
        yield Line("definiteness", _definiteness(answer), "verdict")
    if verdict.stationary is not None:
        yield Line("point", _stationarity(answer, verdict, most), "verdict")


def _minors(answer: Answer, writer: Writer, most: int | None) -> Iterator[Line]:
    """The determinant, and the leading principal minors: doubles beside each other."""
    minors = answer.verdict.minors
    if answer.basis is Basis.DOUBLES:
        shown = middle_left_out(minors.tolist(), most)
        texts = _texts([math.nan if isinstance(m, str) else m for m in shown])
        yield Line("determinant", _texts([minors[-1]])[0])
        parts = (m if isinstance(m, str) else t for m, t in zip(shown, texts, strict=True))
        lines: Iterable[Line] = (Line("minors", GAP.join(parts)),)
    else:
        text = writer(minors)
        yield Line("determinant", text(minors[-1]))
        lines = below("minors", [f"{k}×{k}: {text(m)}" for k, m in enumerate(minors, 1)], most)
    if len(minors) > 1:
        yield from lines


def _spectrum(verdict: Verdict, most: int | None) -> str:
    """The eigenvalues in doubles, without the digits that rounding errors may have made."""
    tolerance = verdict.tolerance or 0.0
    runs = _runs(certain(value, tolerance) for value in verdict.eigenvalues.tolist())
    shown = middle_left_out(runs, most, [count for _, count in runs])
    values = [math.nan if isinstance(run, str) or run[0] is None else run[0] for run in shown]
    return GAP.join(
        run if isinstance(run, str) else _times("≈0" if run[0] is None else text, run[1])
        for run, text in zip(shown, _texts(values), strict=True)
    )


def certain(value: float, tolerance: float) -> float | None:
    """An eigenvalue to the digits that are known; None for one that may be a rounding error."""
    if not value or not tolerance:
        return value
    if abs(value) <= tolerance:
        return None
    certain = min(15, max(1, int(math.log10(abs(value)) - math.log10(tolerance))))
    return float(f"{value:.{certain}g}")


def _runs(numbers: Iterable[Any]) -> list[tuple[Any, int]]:
    """Each run of equal numbers once, with its length."""
    return [(number, len(list(run))) for number, run in groupby(numbers)]


def _times(text: str, count: int) -> str:
    """A number that stands for so many that are equal."""
    return f"{text} ({count:,} times)".replace(" ", TOGETHER) if count > 1 else text


def _definiteness(answer: Answer) -> str:
    said = _definiteness_found(answer.verdict, answer.grounds)
    if answer.verdict.definiteness != "undecided" or answer.basis is Basis.EXACT:
        return said
    # What enclosures or doubles leave open, algebra may decide.
    return f"{said}; `--exact` may decide it"


def _definiteness_found(verdict: Verdict, grounds: Grounds | None) -> str:
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


def _stationarity(answer: Answer, verdict: Verdict, most: int | None) -> str:
    if verdict.stationary:
        return KINDS[verdict.kind]
    if answer.grounds is None:
        return "not stationary"
    slopes = answer.gradient.tolist()
    largest = max((abs(slope) for slope in slopes if math.isfinite(slope)), default=0.0)
    if not largest:
        return "not stationary (a slope is below the smallest double)"
    # In the notation of the slopes that are shown.
    shown = [s for s in middle_left_out(slopes, most) if not isinstance(s, str)]
    return f"not stationary (largest slope {_texts([*shown, largest])[-1]})"


# What is known about the numbers


def _remarks(answer: Answer, notation: Notation = PYTHON) -> Iterator[Line]:
    if answer.grounds is not None:
        if _has_numbers(answer):
            yield Line("verified", _verification(answer, answer.grounds), "note")
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
    for comparison in answer.comparisons:
        yield from _compared(comparison, writing(answer, precise, MISSING, notation))


_BY = {
    By.PROOF: "by proof in ball arithmetic",
    By.SAMPLE: "by a sample: {0:,} of {1:,} entries are proved",
    By.LIMIT: "by limits, which are evidence and no proof",
}


def _has_numbers(answer: Answer) -> bool:
    """Whether there is anything that could be verified."""
    return any(numbered for _, numbered, _ in _parts(answer))


def _parts(answer: Answer) -> Iterator[tuple[str, int, int]]:
    """Each part of an answer in doubles: its name, how many numbers it has, and of how many."""
    import numpy as np

    for name, numbers in (
        ("value", answer.value), ("gradient", answer.gradient), ("Hessian", answer.hessian)
    ):  # fmt: skip
        yield name, int(np.isfinite(numbers).sum()), int(np.size(numbers))


def _verification(answer: Answer, grounds: Grounds) -> str:
    """On what the numbers rest: those that are there, where some are not."""
    if grounds.by is None:
        assert grounds.reason is not None
        return f"no: {words(grounds.reason)}"
    parts = list(_parts(answer))
    there = [
        name if numbered == of else f"{numbered:,} of {of:,} entries of the {name}"
        for name, numbered, of in parts
        if numbered
    ]
    of_what = f"{listed(there)}, " if any(numbered < of for _, numbered, of in parts) else ""
    how = _BY[grounds.by].format(grounds.proved, grounds.of)
    return f"{of_what}to {grounds.digits} digits, {how}"


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


def _compared(comparison: Comparison, text: Callable[[Any], str]) -> Iterable[Line]:
    what = "matrix" if comparison.of_matrix else "gradient"
    if comparison.agrees:
        how = " at samples, which is no proof" if comparison.by_samples else ""
        yield Line("expected", f"agrees with your {what}{how}", "verdict")
        return
    for difference in comparison.differences[:MAX_LISTED]:
        labels = difference.labels
        place = f"({', '.join(labels)})" if comparison.of_matrix else labels[0]
        yours, found = text(difference.expected), text(difference.found)
        by = ""
        if isinstance(difference.expected, float):
            off = precise(abs(difference.expected - difference.found))
            by = f", {off} apart" if off != MISSING else ""
        yield Line(
            "expected", f"differs at {place}: yours is {yours}, hess's {found}{by}", "problem"
        )
    hidden = len(comparison.differences) - MAX_LISTED
    if hidden > 0:
        yield Line("expected", f"differs at {hidden} more entries", "problem")
    if comparison.cause is not None:
        said = likely(comparison.cause, of_matrix=comparison.of_matrix)
        yield Line("likely", said.removeprefix("likely "), "verdict")
