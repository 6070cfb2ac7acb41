"""The values of an expression as arrays of doubles, each enclosed and rounded once."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import cache

from flint import arb, ctx, fmpq

from hesscli.balls.expressions import Balls, BoundaryError, coordinate
from hesscli.balls.jets import BudgetError, Entry, Jet, Meter
from hesscli.balls.rounding import nearest, refined
from hesscli.functions.balls import NotProvedError, UndecidedError
from hesscli.functions.balls.enclosure import ZERO, Number
from hesscli.functions.values import Value, elementwise
from hesscli.types import Expr

MAX_WORK = 200_000.0  # for one number, see Meter


@cache
def enclosed_values(expression: Expr, symbols: tuple[Expr, ...]) -> Value:
    """The values of ``expression`` in these symbols; NaN where there is no enclosure."""

    @elementwise
    def entry(*numbers: float) -> float:
        if not all(map(_is_finite, numbers)):
            return float("nan")
        place = {
            s.name: coordinate(fmpq(*x.as_integer_ratio()), None)
            for s, x in zip(symbols, numbers, strict=True)
        }
        with suppress(BudgetError):
            found = _enclosed(expression, place)
            if found is not None:
                return found
        return float("nan")

    return entry


def enclosed_constant(expression: Expr) -> float | None:
    """The double nearest to a constant, NaN where it is too much work; None where no enclosure is
    known.
    """
    try:
        return _enclosed(expression, {})
    except BudgetError:
        return float("nan")


def _enclosed(expression: Expr, place: Mapping[str, Jet]) -> float | None:
    meter = Meter(MAX_WORK)

    def value(bits: int) -> dict[Entry, Number]:
        with ctx.workprec(bits):
            return {(): Balls(place, meter).jet(expression).value}

    try:
        found, _ = refined(value)
    except (BoundaryError, NotProvedError, UndecidedError):
        return None
    number = found.get((), ZERO)
    return 0.0 if type(number) is arb and number.contains(0) else nearest(number)


def _is_finite(number: float) -> bool:
    return number - number == 0
