"""A formula that joins the elements of tensors, such as ``norm(x)``, at a point.

It is evaluated as it stands where that is all there is to do. Where it is not regular, or exact
derivatives are asked for, it is written out in its elements, as scalars named ``x[0,1]``; what is
found for them is put together again, in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from hesscli.exact.limits import Examiner
from hesscli.formula.graph import graph_of, split_formula
from hesscli.numeric.autograd import Evaluator
from hesscli.shapes import Shape, broadcast
from hesscli.types import (
    Array,
    Evaluation,
    Exact,
    Expr,
    Formula,
    Point,
    Sums,
    Values,
    Variable,
    Verify,
)
from hesscli.verdict import settle as settlement


class Joint:
    """Evaluates one formula over tensors at any number of points."""

    def __init__(self, formula: Formula, dtype: str, device: str) -> None:
        self.formula = formula
        self.graph = graph_of(formula)
        self.dtype, self.device = dtype, device
        self._in_elements: dict[tuple[Shape, ...], tuple[Evaluator, Examiner]] = {}

    def __call__(
        self, point: Point, generator: Callable[[], Any], notes: tuple[str, ...], verify: Verify
    ) -> tuple[Evaluation, Sums, Evaluator]:
        """The evaluation at ``point``, whose values must be known, not to be drawn, with the sums
        that it was made from and what computed them; see :func:`hesscli.verdict.settle.settle`.
        """
        formula = self.formula
        shapes = {name: point.values[name].shape for name in formula.variables}
        if self._stands(shapes, verify):
            evaluator = self._evaluator
            sums = evaluator(point, generator)
            if not sums.suspects:
                examiner = Examiner(formula)
                return settlement.settle(sums, point, examiner, notes, verify), sums, evaluator
        key = tuple(shapes.values())
        if key not in self._in_elements:
            split = split_formula(formula, shapes)
            self._in_elements[key] = Evaluator(split, self.dtype, self.device), Examiner(split)
        evaluator, examiner = self._in_elements[key]
        point = split_point(point)
        sums = evaluator(point, generator)
        evaluation = settlement.settle(sums, point, examiner, (), verify)
        return _joined(evaluation, formula, shapes, notes), sums, evaluator

    @cached_property
    def _evaluator(self) -> Evaluator:
        return Evaluator(self.formula, self.dtype, self.device, self.graph)

    def _stands(self, shapes: Mapping[str, Shape], verify: Verify) -> bool:
        """Whether the formula is evaluated as it stands, if it is regular."""
        if self.graph is None or verify is Verify.always or not self.graph.fits(shapes):
            return False
        order = sum(v.size for v in _variables(self.formula.differentiated, shapes))
        return verify is Verify.never or not settlement.may_be_small(self.graph, shapes, order)


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


def _joined(
    evaluation: Evaluation, formula: Formula, shapes: Mapping[str, Shape], notes: tuple[str, ...]
) -> Evaluation:
    """The evaluation of the elements as that of ``formula`` in its tensors."""

    def numbers(variable: Variable) -> Array:
        return np.concatenate([evaluation.point[label] for label in variable.elements()])

    return replace(
        evaluation,
        formula=formula,
        variables=_variables(formula.differentiated, shapes),
        constants=_variables(formula.variables[formula.wrt :], shapes),
        point={v.name: numbers(v) for v in _variables(formula.variables, shapes)},
        notes=(*evaluation.notes, *_summed(formula, shapes), *notes),
    )


def joined_exactly(answer: Exact, formula: Formula, shapes: Mapping[str, Shape]) -> Exact:
    """The exact answer in the elements as that of ``formula`` in its tensors."""
    return replace(
        answer,
        formula=formula,
        variables=_variables(formula.differentiated, shapes),
        constants=_variables(formula.variables[formula.wrt :], shapes),
        notes=(*answer.notes, *_summed(formula, shapes)),
    )


def _variables(names: Sequence[str], shapes: Mapping[str, Shape]) -> tuple[Variable, ...]:
    return tuple(Variable(name, shapes[name]) for name in names)


def _summed(formula: Formula, shapes: Mapping[str, Shape]) -> list[str]:
    """A note where the formula still gives a tensor, such as ``x/sum(x)``."""
    return settlement.summed(broadcast(shapes[name] for name in formula.outer))
