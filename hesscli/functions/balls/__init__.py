"""The ball side of the function table: enclosures of functions and of their derivatives.

``BALLS`` has a function for every class of SymPy's that a formula or the derivative of one may
call, but those that are arithmetic or piecewise, under the name of the class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hesscli.functions.balls.bessel import BESSEL
from hesscli.functions.balls.elementary import ELEMENTARY
from hesscli.functions.balls.enclosure import (
    ZERO,
    Enclosure,
    NotProvedError,
    NotRealError,
    Number,
    Partials,
    SingularError,
    UndecidedError,
    carried,
    is_exact,
)
from hesscli.functions.balls.gamma import GAMMA
from hesscli.functions.balls.integrals import INTEGRALS
from hesscli.functions.balls.polynomials import POLYNOMIALS
from hesscli.functions.balls.zeta import ZETA

__all__ = [
    "BALLS",
    "WEIGHTS",
    "NotProvedError",
    "NotRealError",
    "Number",
    "Partials",
    "SingularError",
    "UndecidedError",
    "partials",
]

_ROWS = {**ELEMENTARY, **GAMMA, **ZETA, **INTEGRALS, **BESSEL, **POLYNOMIALS}

BALLS: Mapping[str, Enclosure] = {name: enclosure for name, (enclosure, _) in _ROWS.items()}
# What one evaluation with its derivatives costs at 1000 bits, where that of exp costs 1.
WEIGHTS: Mapping[str, int] = {name: weight for name, (_, weight) in _ROWS.items()}


def partials(name: str, arguments: Sequence[Number], moving: Sequence[int]) -> Partials:
    """The value and derivatives of the function ``name`` by the arguments at ``moving``.

    Raises:
        NotProvedError: if no enclosure of the function is known there; its subclasses say that
            it is not real or exactly singular.
        UndecidedError: if the working precision does not tell, or a result has no bound.
    """
    enclosure = BALLS.get(name)
    if enclosure is None:
        raise NotProvedError(f"no enclosure of {name} is known")
    try:
        found = enclosure([carried(x) for x in arguments], moving)
    except ZeroDivisionError as error:
        raise SingularError("exactly at a singular point") from error
    return Partials(
        _bounded(found.value),
        {i: _bounded(slope) for i, slope in found.first.items()},
        {ij: _bounded(bend) for ij, bend in found.second.items()},
    )


def _bounded(x: Number) -> Number:
    """A finite number, whose exact zeros are rational."""
    if is_exact(x):
        return x
    if not x.is_finite():
        raise UndecidedError("a number has no bound at this precision")
    return ZERO if x.is_zero() else x
