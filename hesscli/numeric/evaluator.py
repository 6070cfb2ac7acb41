"""What computes derivatives, whatever its way: prepared once, then asked for many points at once.

The ways are :class:`hesscli.numeric.autograd.Autograd`,
:class:`hesscli.numeric.differences.Differences` and :class:`hesscli.exact.evaluator.Exact`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from hesscli.shapes import Shape
from hesscli.types import Array, Formula


@dataclass(frozen=True, slots=True)
class Jets:
    """Value (k,), gradient (k, n) and Hessian (k, n, n) at k points; NaN where there is no number.

    The n rows are each differentiated variable's elements in row-major order. ``errors``
    (k, n, n) are those that the Hessian is estimated to have; None where it has but rounding.
    """

    value: Array
    gradient: Array
    hessian: Array
    errors: Array | None = None


# From an array (k, *shape) for each variable of the formula, of k points.
Compiled = Callable[[Mapping[str, Array]], Jets]


class Evaluator(Protocol):
    """A way to compute derivatives."""

    def prepare(self, formula: Formula, shapes: Mapping[str, Shape]) -> Compiled:
        """What computes those of ``formula`` in variables of these shapes.

        Raises :class:`hesscli.errors.HessError` where it cannot.
        """
