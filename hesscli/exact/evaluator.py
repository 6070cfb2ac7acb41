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
        variables = [Variable(name, shapes[name]) for name in formula.variables]
        labels = [label for variable in variables for label in variable.elements()]

        def jets(batch: Mapping[str, Array]) -> Jets:
            rows = np.hstack([batch[v.name].reshape(-1, v.size) for v in variables]).astype(float)
            found = [examiner(dict(zip(labels, row.tolist(), strict=True)), "") for row in rows]
            return Jets(
                *(
                    np.array([getattr(jet, part) for jet in found], dtype=float)
                    for part in ("value", "gradient", "hessian")
                )
            )

        return jets
