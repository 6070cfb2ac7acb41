"""Derivatives by finite differences: SciPy's (:mod:`scipy.differentiate`), with their errors."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from hesscli.numeric.autograd import Autograd, Evaluator
from hesscli.numeric.evaluator import Compiled, Jets
from hesscli.shapes import Shape
from hesscli.types import Array, Formula

# First steps relative to each coordinate; SciPy halves each ten times. A long one loses nothing
# to rounding, a short one stays clear of poles and edges.
STEPS = (0.5, 0.02, 1e-3, 1e-5)


@dataclass(frozen=True, slots=True)
class Differences:
    """Evaluates in double precision, on a torch device."""

    device: str = "cpu"

    def prepare(self, formula: Formula, shapes: Mapping[str, Shape]) -> Compiled:
        """See :class:`hesscli.numeric.evaluator.Evaluator`."""
        return by_differences(Autograd("float64", self.device).evaluator(formula, shapes))


def by_differences(evaluator: Evaluator) -> Compiled:
    """The jets of what ``evaluator`` gives the values of."""
    names = evaluator.formula.differentiated

    def jets(batch: Mapping[str, Array]) -> Jets:
        rows = []
        for k in range(len(batch[names[0]])):
            point = {name: numbers[k] for name, numbers in batch.items()}
            coordinates = np.concatenate([point[name].reshape(-1) for name in names])
            function = evaluator.function(point)
            slopes, _ = _differences("jacobian", function, coordinates)
            rows.append(
                (function(coordinates[None])[0], slopes, *finite_differences(function, coordinates))
            )
        return Jets(*map(np.stack, zip(*rows, strict=True)))

    return jets


def finite_differences(
    function: Callable[[Array], Array], coordinates: Array
) -> tuple[Array, Array]:
    """The Hessian (n, n) of ``function`` by finite differences, and its estimated error (n, n).

    ``function`` gives the values at ``k`` points, (k, n) → (k,), with NaN where there is none. Of
    several step lengths, for each entry the one whose error is estimated least; NaN where none
    stays inside the domain.
    """
    return _differences("hessian", function, coordinates)


def _differences(
    what: str, function: Callable[[Array], Array], coordinates: Array
) -> tuple[Array, Array]:
    from scipy import differentiate

    order = len(coordinates)
    scales = np.where(coordinates == 0, 1.0, np.abs(coordinates))
    name, units = ("df", scales) if what == "jacobian" else ("ddf", np.outer(scales, scales))
    best, error = np.full(units.shape, np.nan), np.full(units.shape, np.inf)

    def along(steps: Array) -> Array:
        flat = steps.reshape(order, -1).T
        return function(coordinates + scales * flat).reshape(steps.shape[1:])

    # Where values are the same to the last digit, their differences show no error.
    rounding = 4 * np.finfo(float).eps * np.abs(function(coordinates[None])[0])
    for step in STEPS:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # of NaN outside the domain, which the result shows
            found: Any = getattr(differentiate, what)(along, np.zeros(order), initial_step=step)
        derivative = getattr(found, name)
        estimated = np.maximum(found.error, rounding / step**units.ndim)
        better = np.isfinite(derivative) & (estimated < error)
        best[better], error[better] = derivative[better], estimated[better]
    error[np.isinf(error)] = np.nan
    return best / units, error / units
