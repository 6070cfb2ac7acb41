"""The leading principal minors of a Hessian in doubles: by enclosures where it has some."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from flint import ctx

from hesscli.answer import Answer, Grounds
from hesscli.balls.jets import BudgetError, Entry
from hesscli.balls.rounding import Rounded, refined, rounded
from hesscli.errors import HessError
from hesscli.exact.spectrum.minors import MAX_ORDER, enclosed_minors
from hesscli.functions.balls import NotProvedError, UndecidedError
from hesscli.functions.balls.enclosure import Number
from hesscli.notes import Note, Remark
from hesscli.types import Array
from hesscli.verdict.settle import Settled
from hesscli.verdict.spectrum import rows_at


def require(order: int) -> None:
    """Raise :class:`HessError` for a Hessian with too many rows."""
    if order > MAX_ORDER:
        raise HessError(
            "too-large",
            f"`--minors` is for Hessians of at most {MAX_ORDER} rows, and this one has {order:,}",
            hint="`--wrt` with fewer variables",
        )


def with_minors(answer: Answer, settled: Settled) -> Answer:
    """The judged answer with its minors, which its digits then include; as it is where the Hessian
    is not finite.
    """
    if not np.isfinite(answer.hessian).all():
        return answer
    grounds = answer.grounds
    assert grounds is not None
    proved = _proved(answer, settled)
    if proved is not None:
        minors = np.array([proved.numbers[(k,)] for k in range(len(answer.gradient))])
        grounds = _with_minors(grounds, proved)
    else:
        minors = _in_doubles(answer.hessian)
        if settled.enclosure is not None and grounds.digits is not None:
            grounds = replace(grounds, digits=0)
    notes = answer.notes
    if not np.isfinite(minors).all():
        notes = (*notes, Remark(Note.LARGE_MINOR))
    if proved is not None and proved.hidden and Remark(Note.UNDERFLOW) not in notes:
        notes = (*notes, Remark(Note.UNDERFLOW))
    verdict = replace(answer.verdict, minors=minors + 0.0)  # without negative zeros
    return replace(answer, verdict=verdict, grounds=grounds, notes=notes)


def _proved(answer: Answer, settled: Settled) -> Rounded | None:
    """The minors by enclosures of the Hessian; None where there are none."""
    if settled.enclosure is None:
        return None
    order, verdict = len(answer.gradient), answer.verdict
    rows = rows_at(settled.enclosure, order)
    zero = verdict.inertia[1] if verdict.inertia and verdict.tolerance is None else 0

    def numbers(bits: int) -> Mapping[Entry, Number]:
        matrix = rows(bits)
        if matrix is None:
            raise BudgetError
        with ctx.workprec(bits):
            return {(k,): minor for k, minor in enumerate(enclosed_minors(matrix))}

    def vanishes(entry: Entry) -> bool:
        return entry[0] + 1 > order - zero  # by the rank

    try:
        found, _ = refined(numbers, vanishes)
    except (BudgetError, NotProvedError, UndecidedError):
        return None
    result = rounded(found)
    result.numbers = {(k,): result.numbers.get((k,), 0.0) for k in range(order)}
    return result


def _with_minors(grounds: Grounds, proved: Rounded) -> Grounds:
    below = {f"minors[{k}]": bound for (k,), bound in proved.below.items()}
    digits = grounds.digits
    if digits is not None:
        digits = min(digits, proved.digits)
    return replace(grounds, digits=digits, below={**grounds.below, **below})


def _in_doubles(hessian: Array) -> Array:
    order = len(hessian)
    return np.array([np.linalg.det(hessian[:k, :k]) for k in range(1, order + 1)])
