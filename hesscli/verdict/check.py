"""Three independent Hessians side by side: autograd's, the exact one, and finite differences.

The finite differences are SciPy's (:func:`scipy.differentiate.hessian`), with its error estimate.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from hesscli.answer import Answer, Check, CheckedEntry
from hesscli.errors import ExitStatus, HessError
from hesscli.types import Array

# SciPy evaluates about 400 n² times, and keeps them all.
MAX_ORDER = 40
# First steps relative to each coordinate; SciPy halves each ten times. A long one loses nothing
# to rounding, a short one stays clear of poles and edges.
STEPS = (0.5, 0.02, 1e-3, 1e-5)
# Relative to the exact entry: disagreement beyond it is none of rounding's. Of a dtype with few
# digits, so many units of its rounding.
AGREED = 1e-6
UNITS = 1e4
# Relative to the largest entry: what rounding may leave in an entry that is 0.
CANCELLED = 1e-9
# An error estimate is itself an estimate.
TRUSTED = 20.0


def check(answer: Answer, autograd: Array, function: Callable[[Array], Array]) -> Check:
    """The comparison of ``autograd`` (n, n) with the exact Hessian and with finite differences.

    ``function`` gives the values at ``k`` points, (k, n) → (k,), with NaN where there is none.
    Raises :class:`HessError` where n is too large.
    """
    order = len(autograd)
    require(order)
    place, grounds = answer.place, answer.grounds
    assert grounds is not None
    exact = grounds.hessian
    assert exact is not None, "a check is of what is verified"
    coordinates = np.concatenate([place.numbers[v.name] for v in place.variables])
    differences, errors = finite_differences(function, coordinates)
    labels = place.labels()
    with np.errstate(invalid="ignore"):
        largest = float(np.nanmax(np.abs(exact), initial=0.0))
    entries = tuple(
        _entry(
            (labels[i], labels[j]),
            float(autograd[i, j]),
            float(exact[i, j]),
            float(differences[i, j]),
            float(errors[i, j]),
            largest,
            max(AGREED, UNITS * grounds.epsilon),
        )
        for i in range(order)
        for j in range(i, order)
    )
    return Check(entries)


def require(order: int) -> None:
    """Raise :class:`HessError` where a Hessian with ``order`` rows is too large to check."""
    if order > MAX_ORDER:
        raise HessError(
            "too-large",
            f"`--check` compares at most {MAX_ORDER} rows, and this Hessian has {order}",
            hint="`--verify always`, or `--wrt` with fewer variables",
            status=ExitStatus.USAGE,
        )


def _entry(
    labels: tuple[str, str],
    autograd: float,
    exact: float,
    difference: float,
    error: float,
    largest: float,
    agreed: float,
) -> CheckedEntry:
    rounding = CANCELLED * largest
    if np.isfinite(autograd) and np.isfinite(exact):
        off = abs(autograd - exact)
        agrees = off <= max(agreed * abs(exact), rounding)
        digits = _digits(off, max(abs(exact), rounding))
    else:
        agrees, digits = False, None
    if np.isfinite(exact) and np.isfinite(difference) and error <= AGREED * largest:
        off = abs(difference - exact)
        agrees &= off <= TRUSTED * error + max(AGREED * abs(exact), rounding)
    return CheckedEntry(labels, autograd, exact, difference, error, digits, bool(agrees))


def _digits(off: float, size: float) -> int:
    if off == 0:
        return 15
    return int(np.clip(-np.log10(off / size), 0, 15)) if size else 0


def finite_differences(
    function: Callable[[Array], Array], coordinates: Array
) -> tuple[Array, Array]:
    """The Hessian (n, n) of ``function`` by finite differences, and its estimated error (n, n).

    Of several step lengths, for each entry the one whose error is estimated least; NaN where
    none stays inside the domain.
    """
    from scipy.differentiate import hessian

    order = len(coordinates)
    scales = np.where(coordinates == 0, 1.0, np.abs(coordinates))

    def along(steps: Array) -> Array:
        flat = steps.reshape(order, -1).T
        return function(coordinates + scales * flat).reshape(steps.shape[1:])

    best = np.full((order, order), np.nan)
    error = np.full((order, order), np.inf)
    for step in STEPS:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # of NaN outside the domain, which the result shows
            found = hessian(along, np.zeros(order), initial_step=step)
        better = np.isfinite(found.ddf) & (found.error < error)
        best[better], error[better] = found.ddf[better], found.error[better]
    error[np.isinf(error)] = np.nan
    units = np.outer(scales, scales)
    return best / units, error / units
