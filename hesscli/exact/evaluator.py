"""The derivatives in symbols, evaluated at each point with as many digits as it takes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hesscli.exact.limits import Examiner
from hesscli.expression.graph import split_formula
from hesscli.numeric.evaluator import Compiled, Jets
from hesscli.shapes import Shape
from hesscli.types import Array, Formula, Variable


class Exact:
    """Evaluates a formula written out in its elements; doubles are taken for what they are."""

    def prepare(self, formula: Formula, shapes: Mapping[str, Shape]) -> Compiled:
        """See :class:`hesscli.numeric.evaluator.Evaluator`."""
        split = split_formula(formula, shapes) if any(shapes.values()) else formula
        examiner = Examiner(split)
        labels = {name: Variable(name, shapes[name]).elements() for name in formula.variables}

        def jets(batch: Mapping[str, Array]) -> Jets:
            found = []
            for k in range(len(batch[formula.variables[0]])):
                point = {
                    label: number
                    for name in formula.variables
                    for label, number in zip(labels[name], batch[name][k].flat, strict=True)
                }
                found.append(examiner({n: float(v) for n, v in point.items()}, ""))
            return Jets(
                *(
                    np.array([getattr(jet, part) for jet in found], dtype=float)
                    for part in ("value", "gradient", "hessian")
                )
            )

        return jets
