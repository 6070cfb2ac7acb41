"""A formula at a point, in doubles.

One that joins the elements of tensors, such as ``norm(x)``, is evaluated as it stands where that is
all there is to do. Where it is not regular, or exact derivatives are asked for, it is written out
in its elements, as scalars named ``x[0,1]``; what is found for them is put together again, in the
same order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property, partial
from typing import Any

import numpy as np

from hesscli.answer import Answer, Basis, Place
from hesscli.cost import Clock
from hesscli.exact.examiner import Examiner
from hesscli.exact.proof import Exact
from hesscli.expression.graph import Graph, graph_of, split_formula
from hesscli.notes import Remark
from hesscli.numeric.autograd import Evaluator
from hesscli.shapes import Shape, broadcast
from hesscli.types import Expr, Formula, Point, Sums, Values, Variable, Verify
from hesscli.verdict import settle as settlement
from hesscli.verdict.settle import Settled


class Evaluation:
    """Evaluates one formula in doubles at any number of points."""

    def __init__(self, formula: Formula, dtype: str, device: str) -> None:
        self.formula = formula
        self.dtype, self.device = dtype, device
        self._in_elements: dict[tuple[Shape, ...], tuple[Evaluator, Examiner]] = {}

    def __call__(
        self, point: Point, notes: tuple[Remark, ...], verify: Verify, clock: Clock
    ) -> tuple[Settled, Sums, Evaluator]:
        """The answer at ``point``, with the sums that it was made from and what computed them; see
        :func:`hesscli.verdict.settle.settle`.
        """
        formula = self.formula
        shapes = {name: point.values[name].shape for name in formula.variables}
        joins = formula.reduces and any(shapes.values())
        if not joins or (self._graph is not None and self._graph.fits(shapes)):
            evaluator, examiner = self._joint if joins else self._elementwise
            sums = evaluator(point)
            if not joins or not sums.suspects:
                graph = self._graph if joins else None
                settled = settlement.settle(sums, point, examiner, notes, verify, clock, graph)
                if any(shapes.values()):
                    scalars = partial(self._in_scalars, shapes, point)
                    settled = replace(settled, in_scalars=scalars)
                if not joins or settled.enclosure or verify is not Verify.always:
                    return settled, sums, evaluator
        key = tuple(shapes.values())
        if key not in self._in_elements:
            split = split_formula(formula, shapes)
            self._in_elements[key] = Evaluator(split, self.dtype, self.device), Examiner(split)
        evaluator, examiner = self._in_elements[key]
        point = split_point(point)
        sums = evaluator(point)
        settled = settlement.settle(sums, point, examiner, (), verify, clock)
        answer = joined(settled.answer, formula, shapes)
        answer = replace(answer, notes=(*answer.notes, *notes))
        return replace(settled, answer=answer), sums, evaluator

    def _in_scalars(
        self, shapes: Mapping[str, Shape], point: Point
    ) -> tuple[Formula, Mapping[str, Exact]]:
        return split_formula(self.formula, shapes), entries(point)

    @cached_property
    def _elementwise(self) -> tuple[Evaluator, Examiner]:
        return Evaluator(self.formula, self.dtype, self.device), Examiner(self.formula)

    @cached_property
    def _graph(self) -> Graph | None:
        return graph_of(self.formula)

    @cached_property
    def _joint(self) -> tuple[Evaluator, Examiner]:
        evaluator = Evaluator(self.formula, self.dtype, self.device, self._graph)
        return evaluator, Examiner(self.formula)


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
        notes=(*answer.notes, *_summed(formula, shapes)),
    )


def _variables(names: Sequence[str], shapes: Mapping[str, Shape]) -> tuple[Variable, ...]:
    return tuple(Variable(name, shapes[name]) for name in names)


def _summed(formula: Formula, shapes: Mapping[str, Shape]) -> list[Remark]:
    """A note where the formula still gives a tensor, such as ``x/sum(x)``."""
    return settlement.summed(broadcast(shapes[name] for name in formula.outer))
