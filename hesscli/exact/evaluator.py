"""The enclosures of derivatives at many points, rounded to doubles."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hesscli.balls.jets import Meter
from hesscli.balls.rounding import refined, rounded
from hesscli.exact.examiner import Examiner
from hesscli.exact.existence import existing
from hesscli.exact.proof import BUDGET
from hesscli.expression.elements import split_formula
from hesscli.expression.tensors import graph_of
from hesscli.numeric.evaluator import Compiled, Jets
from hesscli.shapes import Shape
from hesscli.types import Array, Formula, Variable


class Exact:
    """Evaluates a formula written out in its elements; doubles are taken for what they are."""

    def prepare(self, formula: Formula, shapes: Mapping[str, Shape]) -> Compiled:
        """See :class:`hesscli.numeric.evaluator.Evaluator`."""
        split = split_formula(formula, graph_of(formula, shapes), shapes)
        examiner, order = Examiner(split), split.wrt
        variables = [Variable(name, shapes[name]) for name in formula.variables]
        labels = [label for variable in variables for label in variable.elements()]

        def jets(batch: Mapping[str, Array]) -> Jets:
            rows = np.hstack([batch[v.name].reshape(-1, v.size) for v in variables]).astype(float)
            found = Jets(
                np.zeros(len(rows)),
                np.zeros((len(rows), order)),
                np.zeros((len(rows), order, order)),
            )
            parts = (found.value, found.gradient, found.hessian)
            for k, row in enumerate(rows):
                there = existing(
                    examiner, dict(zip(labels, row.tolist(), strict=True)), "", Meter(BUDGET)
                )
                numbers = rounded(refined(there.numbers, there.vanishes)[0]).numbers
                for entry, number in {**numbers, **dict.fromkeys(there.missing, np.nan)}.items():
                    for way in (entry, entry[::-1]):
                        parts[len(entry)][(k, *way)] = number
            return found

        return jets
