"""The tests of a hazard, each with its three readings: in symbols, in exact numbers, in tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from hesscli.functions.magnitudes import require_short
from hesscli.types import Expr, Test

Number = Any  # a SymPy Float
Tensor = Any  # torch's, which this module does not load

# Whatever comes this close to a kink in floating point is examined exactly.
NEAR = 1e-9


@dataclass(frozen=True, slots=True)
class Reading:
    """What a test means for the quantities of a site.

    ``never``: whether SymPy's assumptions tell that it fails at every point.
    ``holds``: whether it holds for these numbers. That a part made of them is 0 shows only where
    they are computed again with more digits, which ``is_zero`` does.
    ``near``: where it may hold for tensors (q, …): (…). A NaN, and whatever is close, count as yes.
    ``real``: whether the formula is real where the test holds.
    """

    never: Callable[[Sequence[Expr]], Any]
    holds: Callable[[Sequence[Number], Callable[[Callable[..., Number]], bool]], Any]
    near: Callable[[Tensor], Tensor]
    real: bool = True


def _to_whole(quantity: Any) -> Any:
    if getattr(quantity, "is_Float", False):
        require_short(quantity)  # all its digits are written out
    return quantity - quantity.round()


def _gap(ordered: Any) -> Any:
    return ordered[0] - ordered[1]


_first = itemgetter(0)

READINGS: dict[Test, Reading] = {
    "negative": Reading(
        never=lambda q: q[0].is_nonnegative,
        holds=lambda q, is_zero: q[0] < 0 and not is_zero(_first),
        near=lambda q: ~(q[0] > NEAR),
        real=False,
    ),
    "negative-power": Reading(
        never=lambda q: q[0].is_nonnegative or q[1].is_integer,
        holds=lambda q, is_zero: (
            q[0] < 0 and not is_zero(_first) and not is_zero(lambda q: _to_whole(q[1]))
        ),
        near=lambda q: ~((q[0] > NEAR) | (q[1] == q[1].round())),
        real=False,
    ),
    "nonpositive": Reading(
        never=lambda q: q[0].is_positive,
        holds=lambda q, is_zero: q[0] < 0 or is_zero(_first),
        near=lambda q: ~(q[0] > NEAR),
    ),
    "zero": Reading(
        # Long formulas have many numbers, which need none of SymPy's assumptions.
        never=lambda q: q[0].p != 0 if q[0].is_Rational else q[0].is_nonzero,
        holds=lambda q, is_zero: is_zero(_first),
        near=lambda q: ~(q[0].abs() > NEAR),
    ),
    "pole": Reading(
        never=lambda q: q[0].is_positive,
        holds=lambda q, is_zero: q[0] < 1 and is_zero(lambda q: _to_whole(q[0])),
        near=lambda q: ~((q[0] > NEAR) | (_to_whole(q[0]).abs() > NEAR)),
    ),
    "whole": Reading(
        never=lambda q: q[0].is_number and q[0].is_integer is False,
        holds=lambda q, is_zero: is_zero(lambda q: _to_whole(q[0])),
        near=lambda q: ~(_to_whole(q[0]).abs() > NEAR),
    ),
    "tie-max": Reading(
        never=lambda q: len(q) < 2,
        holds=lambda q, is_zero: is_zero(lambda q: _gap(sorted(q, reverse=True))),
        near=lambda q: ~(_gap(q.topk(2, dim=0).values).abs() > NEAR),
    ),
    "tie-min": Reading(
        never=lambda q: len(q) < 2,
        holds=lambda q, is_zero: is_zero(lambda q: _gap(sorted(q))),
        near=lambda q: ~(_gap((-q).topk(2, dim=0).values).abs() > NEAR),
    ),
    # Of no quantities: wherever its part of the formula is used.
    "always": Reading(
        never=lambda q: False,
        holds=lambda q, is_zero: True,
        near=lambda q: q.new_ones(q.shape[1:], dtype=bool),
        real=False,
    ),
}
