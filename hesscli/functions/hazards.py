"""The tests of a hazard, each with its readings in symbols and in tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hesscli.types import Expr, Test

Tensor = Any  # torch's, which this module does not load

# Whatever comes this close to a kink in floating point is examined exactly.
NEAR = 1e-9


@dataclass(frozen=True, slots=True)
class Reading:
    """What a test means for the quantities of a site.

    ``never``: whether SymPy's assumptions tell that it fails at every point.
    ``near``: where it may hold for tensors (q, …): (…). A NaN, and whatever is close, count as yes.
    ``real``: whether the formula is real where the test holds.
    """

    never: Callable[[Sequence[Expr]], Any]
    near: Callable[[Tensor], Tensor]
    real: bool = True


def _to_whole(quantity: Any) -> Any:
    return quantity - quantity.round()


def _gap(ordered: Any) -> Any:
    return ordered[0] - ordered[1]


READINGS: dict[Test, Reading] = {
    "negative": Reading(
        never=lambda q: q[0].is_nonnegative,
        near=lambda q: ~(q[0] > NEAR),
        real=False,
    ),
    "negative-power": Reading(
        never=lambda q: q[0].is_nonnegative or q[1].is_integer,
        near=lambda q: ~((q[0] > NEAR) | (q[1] == q[1].round())),
        real=False,
    ),
    "nonpositive": Reading(
        never=lambda q: q[0].is_positive,
        near=lambda q: ~(q[0] > NEAR),
    ),
    "zero": Reading(
        # Long formulas have many numbers, which need none of SymPy's assumptions.
        never=lambda q: q[0].p != 0 if q[0].is_Rational else q[0].is_nonzero,
        near=lambda q: ~(q[0].abs() > NEAR),
    ),
    "pole": Reading(
        never=lambda q: q[0].is_positive,
        near=lambda q: ~((q[0] > NEAR) | (_to_whole(q[0]).abs() > NEAR)),
    ),
    "whole": Reading(
        never=lambda q: q[0].is_number and q[0].is_integer is False,
        near=lambda q: ~(_to_whole(q[0]).abs() > NEAR),
    ),
    "tie-max": Reading(
        never=lambda q: len(q) < 2,
        near=lambda q: ~(_gap(q.topk(2, dim=0).values).abs() > NEAR),
    ),
    "tie-min": Reading(
        never=lambda q: len(q) < 2,
        near=lambda q: ~(_gap((-q).topk(2, dim=0).values).abs() > NEAR),
    ),
    # Of no quantities: wherever its part of the formula is used.
    "always": Reading(
        never=lambda q: False,
        near=lambda q: q.new_ones(q.shape[1:], dtype=bool),
        real=False,
    ),
}
