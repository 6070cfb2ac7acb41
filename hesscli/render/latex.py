"""Answers in LaTeX: an ``align*`` with value, gradient and Hessian, to paste into a document.

What is undefined, and the notes, stand before it as comments.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import sympy

from hesscli.answer import Answer, Basis
from hesscli.errors import printable
from hesscli.expression.names import symbol
from hesscli.render.entries import precise
from hesscli.render.formats import Writer
from hesscli.render.phrases import likely, words

MISSING = r"\text{none}"


class Latex(Writer):
    """Writes a display for each answer."""

    def answer(self, answer: Answer) -> Iterator[str]:
        """The lines of an answer; numbers in full."""
        return answered(answer)


def answered(answer: Answer) -> Iterator[str]:
    """The lines of an answer; numbers in full."""
    place = answer.place
    text = _double if answer.basis is Basis.DOUBLES else _expression
    yield from _comments(answer)
    point = {
        label: text(number)
        for v in (*place.variables, *place.constants)
        for label, number in zip(v.elements(), place.entries(v.name), strict=False)
    }
    yield from _aligned(
        point or dict.fromkeys(place.labels(), ""),
        text(answer.jet.value),
        list(map(text, answer.jet.slopes())),
        [list(map(text, row)) for row in answer.jet.rows()],
    )


def _comments(answer: Answer) -> Iterator[str]:
    for item in answer.undefined:
        yield f"% undefined: {printable(words(item.reason))}\n"
    for note in answer.notes:
        yield f"% {printable(words(note))}\n"
    if answer.check is not None:
        yield f"% check: the sources {'agree' if answer.check.agrees else 'disagree'}\n"
    if answer.comparison is not None:
        for d in answer.comparison.differences:
            place = ", ".join(d.labels)
            yield f"% differs at ({place}): yours {d.expected!r}, hess's {d.found!r}\n"
        if answer.comparison.agrees:
            yield "% agrees with your matrix\n"
        elif answer.comparison.cause is not None:
            yield f"% likely: {likely(answer.comparison.cause)}\n"


def _aligned(
    point: dict[str, str], value: str, gradient: Sequence[str], hessian: Sequence[Sequence[str]]
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


def _matrix(rows: Sequence[Sequence[str]]) -> str:
    # Not pmatrix: amsmath's has ten columns at most.
    lines = r" \\ ".join(" & ".join(row) for row in rows)
    columns = "c" * len(rows[0])
    return rf"\left(\begin{{array}}{{{columns}}} {lines} \end{{array}}\right)"


def _expression(expression: Any) -> str:
    return MISSING if expression is None else str(sympy.latex(expression))


def _double(value: Any) -> str:
    if not math.isfinite(value):
        return MISSING
    mantissa, _, exponent = precise(value).partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa
