"""Answers in LaTeX: an ``align*`` with value, gradient and Hessian, to paste into a document.

What is undefined, and the notes, stand before it as comments.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sympy

from hesscli.errors import printable
from hesscli.formula.names import symbol
from hesscli.types import Array, Exact, Report, Symbolic, Undefined

MISSING = r"\text{none}"


def numeric(report: Report) -> Iterator[str]:
    """The lines of an evaluated point; numbers in full."""
    evaluation = report.evaluation
    yield from _comments(evaluation.undefined, (*evaluation.notes, *report.notes))
    if report.check is not None:
        yield f"% check: the sources {'agree' if report.check.agrees else 'disagree'}\n"
    if report.comparison is not None:
        for d in report.comparison.differences:
            place = ", ".join(d.labels)
            yield f"% differs at ({place}): yours {d.expected!r}, hess's {d.found!r}\n"
        if report.comparison.agrees:
            yield "% agrees with your matrix\n"
        elif report.comparison.cause is not None:
            yield f"% likely: {report.comparison.cause}\n"
    point = {
        label: _double(float(number))
        for v in (*evaluation.variables, *evaluation.constants)
        for label, number in zip(v.elements(), evaluation.point[v.name].tolist(), strict=True)
    }
    yield from _aligned(
        point,
        _double(evaluation.value),
        _doubles(evaluation.gradient),
        [_doubles(row) for row in evaluation.hessian],
    )


def exact(answer: Exact) -> Iterator[str]:
    """The lines of an exact answer."""
    yield from _comments(answer.undefined, answer.notes)
    yield from _aligned(
        {label: _expression(value) for label, value in answer.point.items()},
        _expression(answer.value),
        [_expression(slope) for slope in answer.gradient],
        [[_expression(entry) for entry in row] for row in answer.hessian],
    )


def symbolic(answer: Symbolic) -> Iterator[str]:
    """The lines of a Hessian in symbols."""
    yield from _comments((), answer.notes)
    yield from _aligned(
        dict.fromkeys(answer.formula.differentiated, ""),
        _expression(answer.formula.expression),
        [_expression(slope) for slope in answer.gradient],
        [[_expression(entry) for entry in row] for row in answer.hessian],
    )


def _comments(undefined: Iterable[Undefined], notes: Iterable[str]) -> Iterator[str]:
    for item in undefined:
        yield f"% undefined: {printable(item.reason)}\n"
    for note in notes:
        yield f"% {printable(note)}\n"


def _aligned(
    point: dict[str, str],
    value: str,
    gradient: Sequence[str],
    hessian: Sequence[Sequence[str]],
) -> Iterator[str]:
    at = ", ".join(f"{_name(label)} = {number}" if number else _name(label)
                   for label, number in point.items())  # fmt: skip
    yield "\\begin{align*}\n"
    yield f"f({at}) &= {value} \\\\\n"
    yield f"\\nabla f &= {_matrix([[slope] for slope in gradient])} \\\\\n"
    yield f"H_f &= {_matrix(hessian)}\n"
    yield "\\end{align*}\n"


def _name(label: str) -> str:
    """A variable, or an element of one with its index below: ``x_{0,1}``."""
    name, bracket, index = label.partition("[")
    shown = str(sympy.latex(symbol(name)))
    return f"{{{shown}}}_{{{index[:-1]}}}" if bracket else shown


def _matrix(rows: Iterable[Sequence[str]]) -> str:
    # Not pmatrix: amsmath's has ten columns at most.
    rows = list(rows)
    lines = r" \\ ".join(" & ".join(row) for row in rows)
    columns = "c" * len(rows[0])
    return rf"\left(\begin{{array}}{{{columns}}} {lines} \end{{array}}\right)"


def _expression(expression: Any) -> str:
    return MISSING if expression is None else str(sympy.latex(expression))


def _doubles(numbers: Array) -> list[str]:
    return [_double(number) for number in numbers.tolist()]


def _double(value: float) -> str:
    if not math.isfinite(value):
        return MISSING
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    mantissa, _, exponent = repr(value).partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa
