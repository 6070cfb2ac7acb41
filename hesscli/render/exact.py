"""An exact answer, or one to many digits → document."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np

from hesscli.formula.notation import as_text
from hesscli.language.writer import PYTHON, UNICODE
from hesscli.render.blocks import captions, summary
from hesscli.render.document import (
    MAX_LISTED,
    TOGETHER,
    Document,
    Line,
    below,
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
from hesscli.render.grid import MAX_COLUMNS, Matrix
from hesscli.render.texts import Texts
from hesscli.types import Array, Exact, Variable


def document(answer: Exact, *, unicode: bool, full: bool = True) -> Document:
    """The document of an exact answer, or of one to many digits."""
    most = None if full else MAX_LISTED
    formula = answer.formula
    notation = UNICODE if unicode else PYTHON

    @cache
    def text(number: Any) -> str:
        return MISSING if number is None else as_text(number, notation, padded=True)

    def value(variable: Variable) -> str:
        numbers = [answer.point[element] for element in variable.elements()]
        shown = bracketed(numbers, variable.shape, most, text)
        return TOGETHER.join((displayed(variable, notation).name, "=", shown))

    variables = [displayed(v, notation) for v in answer.variables]
    matrix = variables, _doubles(answer.hessian), answer.structural
    labels = tuple(name for v in variables for name in v.elements())
    point = [value(v) for v in (*answer.variables, *answer.constants)]
    return Document(
        title=title(formula.pretty if unicode else formula.text),
        lines=(
            Line("at", ", ".join(middle_left_out(point, most))),
            Line("value", text(answer.value)),
            *below(
                "gradient",
                [f"{n}: {text(g)}" for n, g in zip(labels, answer.gradient, strict=True)],
                most,
            ),
        ),
        matrix=Matrix(
            groups=groups(variables),
            labels=labels,
            entries=Texts(
                tuple(tuple(map(text, row)) for row in answer.hessian), answer.structural
            ),
            captions=captions(*matrix),
            legend=legend(formula),
        ),
        verdict=(*_proved(answer, text, most), *reasons(answer.undefined, answer.notes)),
        summary=summary_lines(summary(*matrix)) if len(labels) > MAX_COLUMNS else (),
    )


def _doubles(rows: Sequence[Sequence[Any]]) -> Array:
    """Exact numbers as doubles, NaN where there is none."""
    return np.array(
        [[math.nan if entry is None else float(entry) for entry in row] for row in rows]
    )


def _proved(answer: Exact, text: Callable[[Any], str], most: int | None) -> Iterable[Line]:
    if answer.eigenvalues is not None:
        yield from below("eigenvalues", list(map(text, answer.eigenvalues)), most)
    if answer.definiteness is not None:
        undecided = "undecided: the sign of an eigenvalue could not be proved"
        known = answer.inertia is not None or answer.definiteness != "undecided"
        yield Line("Hessian", f"{answer.definiteness} (proved)" if known else undecided, "verdict")
    if answer.stationary is not None:
        stationary = kind_in_words(answer.kind) if answer.stationary else "not stationary"
        yield Line("point", stationary, "verdict")
