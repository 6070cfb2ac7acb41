"""A formula over tensors ↔ the same formula in their elements.

``norm(x)`` and ``sum(x)`` join all elements of a tensor, so such a formula is no sum of elementwise
parts. It is written out in its elements, as scalars named ``x[0,1]``; what is found for them is put
together again, in the same order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from hesscli import settlement
from hesscli.errors import HessError
from hesscli.model import Array, Evaluation, Formula, Point, Values, Variable
from hesscli.semantics import read_formula
from hesscli.shapes import Shape, broadcast, size

# Each element is a variable of a formula that SymPy has to build.
MAX_ELEMENTS = 1_000


def split_formula(formula: Formula, shapes: Mapping[str, Shape]) -> Formula:
    """``formula`` in the elements of variables of these shapes. Raises :class:`HessError`."""
    count = sum(size(shape) for shape in shapes.values())
    if count > MAX_ELEMENTS:
        raise HessError(
            "too-large",
            f"a formula that is not elementwise takes at most {MAX_ELEMENTS:,} elements, "
            f"and here are {count:,}",
            hint="smaller tensors",
        )
    wrt = formula.differentiated
    split = read_formula(formula.source, formula.given, wrt, shapes)
    return replace(split, notes=formula.notes)


def split_point(point: Point) -> Point:
    """``point`` with a value for each element. Its values must be known, not to be drawn."""
    values = {}
    for name, value in point.values.items():
        assert isinstance(value, Values)
        for label, entry in zip(Variable(name, value.shape).elements(), value.entries, strict=True):
            values[label] = Values((), (entry,))
    return Point(values, point.source)


def joined(evaluation: Evaluation, formula: Formula, shapes: Mapping[str, Shape]) -> Evaluation:
    """The evaluation of the elements as that of ``formula`` in its tensors."""

    def variables(names: Sequence[str]) -> tuple[Variable, ...]:
        return tuple(Variable(name, shapes[name]) for name in names)

    def numbers(variable: Variable) -> Array:
        return np.concatenate([evaluation.point[label] for label in variable.elements()])

    return replace(
        evaluation,
        formula=formula,
        variables=variables(formula.differentiated),
        constants=variables(formula.variables[formula.wrt :]),
        point={v.name: numbers(v) for v in variables(formula.variables)},
    )


def summed(formula: Formula, shapes: Mapping[str, Shape]) -> list[str]:
    """A note where the formula still gives a tensor, such as ``x/sum(x)``."""
    return settlement.summed(broadcast(shapes[name] for name in formula.outer))
