"""Hessians from several evaluators side by side: autograd's, the exact one, finite differences.

The finite differences come with an estimate of their error, within which they have to agree.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hesscli.answer import EXACT, Answer, Check, CheckedEntry
from hesscli.errors import ExitStatus, HessError
from hesscli.numeric.evaluator import Compiled, Jets
from hesscli.types import Array

# SciPy evaluates about 400 n² times, and keeps them all.
MAX_ORDER = 40
# Relative to the exact entry: disagreement beyond it is none of rounding's. Of a dtype with few
# digits, so many units of its rounding.
AGREED = 1e-6
UNITS = 1e4
# Relative to the largest entry: what rounding may leave in an entry that is 0.
CANCELLED = 1e-9
# An error estimate is itself an estimate.
TRUSTED = 20.0


def verified(answer: Answer) -> Compiled:
    """The exact derivatives that ``answer`` was verified with, at its point alone.

    Raises :class:`HessError` where there are none.
    """
    exact = answer.grounds.hessian if answer.grounds else None
    if exact is None:
        raise HessError(
            "unsupported",
            "`--check` compares with enclosures of the Hessian, and here there are none",
            hint="`--verify always`, which says why",
            status=ExitStatus.NO_ANSWER,
        )
    value, gradient = np.array([answer.value]), answer.gradient[None]
    return lambda batch: Jets(value, gradient, exact[None])


def check(answer: Answer, batch: Mapping[str, Array], evaluators: Mapping[str, Compiled]) -> Check:
    """The comparison of Hessians at a point, a batch of one, with that of the exact evaluator.

    Raises :class:`HessError` where there are too many rows.
    """
    assert answer.grounds is not None
    labels = answer.place.labels()
    order = len(labels)
    require(order)
    found = {name: compute(batch) for name, compute in evaluators.items()}
    estimated = {n: jets.errors[0] for n, jets in found.items() if jets.errors is not None}
    with np.errstate(invalid="ignore"):
        largest = float(np.nanmax(np.abs(found[EXACT].hessian), initial=0.0))
    agreed = max(AGREED, UNITS * answer.grounds.epsilon)
    entries = tuple(
        _entry(
            (labels[i], labels[j]),
            {name: float(jets.hessian[0, i, j]) for name, jets in found.items()},
            {name: float(errors[i, j]) for name, errors in estimated.items()},
            largest,
            agreed,
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
    numbers: Mapping[str, float],
    errors: Mapping[str, float],
    largest: float,
    agreed: float,
) -> CheckedEntry:
    rounding = CANCELLED * largest
    exact = numbers[EXACT]
    agrees, unknown = True, False
    digits: list[int] = []
    for name, number in numbers.items():
        if name == EXACT:
            continue
        off, known = abs(number - exact), bool(np.isfinite(number) and np.isfinite(exact))
        if name not in errors:
            agrees &= known and off <= max(agreed * abs(exact), rounding)
            digits += [_digits(off, max(abs(exact), rounding))] if known else []
            unknown |= not known
        elif known and errors[name] <= AGREED * largest:
            agrees &= off <= TRUSTED * errors[name] + max(AGREED * abs(exact), rounding)
    common = None if unknown else min(digits, default=None)
    return CheckedEntry(labels, numbers, errors, common, bool(agrees))


def _digits(off: float, size: float) -> int:
    if off == 0:
        return 15
    return int(np.clip(-np.log10(off / size), 0, 15)) if size else 0
