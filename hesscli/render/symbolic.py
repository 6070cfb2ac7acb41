"""A Hessian in symbols → document."""

from __future__ import annotations

from functools import cache
from typing import Any

from hesscli.formula.notation import as_text
from hesscli.language.writer import PYTHON, UNICODE
from hesscli.render.document import (
    MAX_LISTED,
    Document,
    Line,
    below,
    displayed,
    groups,
    legend,
    summary_lines,
    title,
)
from hesscli.render.grid import MAX_COLUMNS, Matrix
from hesscli.render.texts import Texts
from hesscli.types import Symbolic, Variable


def document(answer: Symbolic, *, unicode: bool, full: bool = True) -> Document:
    """The document of a Hessian in symbols."""
    most = None if full else MAX_LISTED
    formula = answer.formula
    notation = UNICODE if unicode else PYTHON

    @cache  # most entries of a large Hessian are 0
    def text(expression: Any) -> str:
        return as_text(expression, notation, decimal=formula.decimal)

    variables = [displayed(Variable(name, ()), notation) for name in formula.differentiated]
    names = tuple(v.name for v in variables)
    zeros = tuple(tuple(entry == 0 for entry in row) for row in answer.hessian)
    return Document(
        title=title(formula.pretty if unicode else formula.text),
        lines=below(
            "gradient",
            [f"{n}: {text(g)}" for n, g in zip(names, answer.gradient, strict=True)],
            most,
        ),
        matrix=Matrix(
            groups=groups(variables),
            labels=names,
            entries=Texts(
                tuple(tuple(text(entry) for entry in row) for row in answer.hessian), zeros
            ),
            captions={},
            legend=legend(formula),
        ),
        verdict=tuple(Line("note", note, "note") for note in answer.notes),
        summary=_summary(zeros),
    )


def _summary(zeros: tuple[tuple[bool, ...], ...]) -> tuple[Line, ...]:
    if len(zeros) <= MAX_COLUMNS:
        return ()
    # NumPy takes a sixth of the time of a small answer to load.
    from hesscli.render.blocks import pattern

    return summary_lines(pattern(zeros))
