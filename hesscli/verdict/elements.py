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
from functools import partial
from typing import Any

import numpy as np

from hesscli.answer import Answer, Basis, Place
from hesscli.cost import Clock
from hesscli.errors import HessError, TooSlowError
from hesscli.exact.examiner import Examiner
from hesscli.exact.proof import Exact
from hesscli.expression.elements import split_formula
from hesscli.expression.graph import Graph
from hesscli.expression.graphs import Graphs, key_of
from hesscli.notes import Remark
from hesscli.numeric.autograd import Evaluator
from hesscli.shapes import Shape
from hesscli.types import Expr, Formula, Point, Sums, Values, Variable, Verify
from hesscli.verdict import settle as settlement
from hesscli.verdict.settle import Settled


class Evaluation:
    """Evaluates one formula in doubles at any number of points."""

    def __init__(self, formula: Formula, graphs: Graphs, dtype: str, device: str) -> None:
        self.formula = formula
        self.graphs = graphs
        self.dtype, self.device = dtype, device
        self.examiner = Examiner(formula)
        self._evaluators: dict[object, Evaluator] = {}
        self._in_elements: dict[object, tuple[Evaluator, Examiner]] = {}

    def __call__(
        self, point: Point, notes: tuple[Remark, ...], verify: Verify, clock: Clock
    ) -> tuple[Settled, Sums, Evaluator]:
        """The answer at ``point``, with the sums that it was made from and what computed them; see
        :func:`hesscli.verdict.settle.settle`.
        """
        graph = self.graphs.at(point)
        shapes = {name: point.values[name].shape for name in self.formula.variables}
        notes = (*notes, *graph.notes)
        evaluator = self._evaluator(point, graph, shapes)
        sums = evaluator(point)
        if graph.is_elementwise:
            settled = settlement.settle(sums, point, self.examiner, notes, verify, clock)
            if any(shapes.values()):
                settled = replace(settled, in_scalars=partial(self._in_scalars, point, shapes))
            return settled, sums, evaluator
        # Of what comes near a kink or an edge, nothing but a proof tells that it is not on it.
        sought = Verify.auto if sums.suspects and verify is Verify.never else verify
        settled = settlement.settle(sums, point, self.examiner, notes, sought, clock, graph)
        settled = replace(settled, in_scalars=partial(self._in_scalars, point, shapes))
        if settled.enclosure or not (sums.suspects or verify is Verify.always):
            return settled, sums, evaluator
        in_scalars = self._settled_in_scalars(point, shapes, verify, clock)
        if in_scalars is None:
            if sums.suspects:
                settled = settlement.not_settled(settled, sums)
            return settled, sums, evaluator
        settled, sums, evaluator = in_scalars
        answer = joined(settled.answer, self.formula, shapes)
        answer = replace(
            answer,
            notes=(*answer.notes, *settlement.summed(graph.shape(shapes)), *notes),
        )
        return replace(settled, answer=answer), sums, evaluator

    def _evaluator(self, point: Point, graph: Graph, shapes: Mapping[str, Shape]) -> Evaluator:
        key = None if graph.is_elementwise else key_of(self.formula, point)
        if key not in self._evaluators:
            self._evaluators[key] = Evaluator(self.formula, self.dtype, self.device, graph, shapes)
        return self._evaluators[key]

    def _settled_in_scalars(
        self, point: Point, shapes: Mapping[str, Shape], verify: Verify, clock: Clock
    ) -> tuple[Settled, Sums, Evaluator] | None:
        """The answer by the formula in scalars; None where it cannot be written out."""
        key = key_of(self.formula, point)
        if key not in self._in_elements:
            split = self._split(point, shapes)
            if split is None:
                return None
            self._in_elements[key] = Evaluator(split, self.dtype, self.device), Examiner(split)
        evaluator, examiner = self._in_elements[key]
        point = split_point(point)
        sums = evaluator(point)
        return settlement.settle(sums, point, examiner, (), verify, clock), sums, evaluator

    def _in_scalars(
        self, point: Point, shapes: Mapping[str, Shape]
    ) -> tuple[Formula, Mapping[str, Exact]] | None:
        split = self._split(point, shapes)
        return None if split is None else (split, entries(point))

    def _split(self, point: Point, shapes: Mapping[str, Shape]) -> Formula | None:
        try:
            return split_formula(self.formula, self.graphs.at(point), shapes)
        except TooSlowError:
            raise
        except HessError:
            return None


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
    )


def _variables(names: Sequence[str], shapes: Mapping[str, Shape]) -> tuple[Variable, ...]:
    return tuple(Variable(name, shapes[name]) for name in names)
