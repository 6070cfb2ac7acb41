"""A formula over tensors ↔ the same formula in their elements.

``norm(x)`` and ``sum(x)`` join all elements of a tensor, so such a formula is no sum of elementwise
parts. It is written out in its elements, as scalars named ``x[0,1]``; what is found for them is put
together again, in the same order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from hesscli.answer import Answer, Basis, Place
from hesscli.shapes import Shape, broadcast
from hesscli.types import Expr, Formula, Point, Values, Variable
from hesscli.verdict import settle as settlement


def split_point(point: Point) -> Point:
    """``point`` with a value for each element. Its values must be known, not to be drawn."""
    values = {label: Values((), (entry,)) for label, entry in entries(point).items()}
    return Point(values, point.source)


def entries(point: Point) -> dict[str, Fraction | float | Expr]:
    """The number for each element of each variable, by the element's name."""
    found: dict[str, Fraction | float | Expr] = {}
    for name, value in point.values.items():
        assert isinstance(value, Values)
        labels = Variable(name, value.shape).elements()
        found |= dict(zip(labels, value.entries, strict=True))
    return found


def joined(answer: Answer, formula: Formula, shapes: Mapping[str, Shape]) -> Answer:
    """The answer in the elements as that of ``formula`` in its tensors."""
    variables = _variables(formula.variables, shapes)
    numbers: dict[str, Any] = {
        v.name: [answer.place.numbers[label][0] for label in v.elements()] for v in variables
    }
    if answer.basis is Basis.DOUBLES:
        numbers = {name: np.array(values) for name, values in numbers.items()}
    return replace(
        answer,
        formula=formula,
        place=Place(variables[: formula.wrt], variables[formula.wrt :], numbers),
        notes=(*answer.notes, *summed(formula, shapes)),
    )


def _variables(names: Sequence[str], shapes: Mapping[str, Shape]) -> tuple[Variable, ...]:
    return tuple(Variable(name, shapes[name]) for name in names)


def summed(formula: Formula, shapes: Mapping[str, Shape]) -> list[str]:
    """A note where the formula still gives a tensor, such as ``x/sum(x)``."""
    return settlement.summed(broadcast(shapes[name] for name in formula.outer))
