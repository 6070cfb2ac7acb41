"""Where a formula has a value, proved in balls: the sites at which it might have none.

An expression as SymPy keeps it may be simpler than what was typed: x/x is 1 also at 0. The sites
are of what was typed.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from hesscli.balls.expressions import Balls, is_identically_zero, is_nonnegative
from hesscli.balls.jets import BudgetError, Jet, foremost, is_not_zero
from hesscli.functions.balls import NotProvedError, NotRealError, SingularError, UndecidedError
from hesscli.functions.hazards import READINGS
from hesscli.notes import Trouble
from hesscli.types import Site

# Where these hold, the formula has a value: whether it has derivatives shows in its pieces.
WITH_VALUE = (
    Trouble.KINK, Trouble.JUMP, Trouble.TIE, Trouble.SWITCH, Trouble.BRANCH_CUT, Trouble.VERTICAL,
)  # fmt: skip


class SiteError(Exception):
    """At this site, something is missing."""

    def __init__(self, site: Site) -> None:
        super().__init__(site.part)
        self.site = site


class BrokenError(SiteError):
    """At this site, the formula has no value."""


class EdgeError(SiteError):
    """At this site, the formula is real on one side only: it has a value, but no derivatives."""


# What a limit may fill in: the formula is real on both sides.
_REMOVABLE = (Trouble.BY_ZERO, Trouble.POLE)


class _RemovableError(Exception):
    """At this site, the formula has no value of its own, but has them around it."""


def removable_sites(sites: Sequence[Site], balls: Balls) -> tuple[Site, ...]:
    """The sites without a value at the point, around which there are values.

    At all others, it is proved that the formula has a value at and near the point. Raises
    :class:`BrokenError` and :class:`EdgeError` where the contrary is proved, and what
    :class:`Balls` raises where neither is.
    """
    found = []
    bounded = {site.quantities for site in sites if site.test == "negative"}
    for site in sites:
        if (site.breaks or site.trouble not in WITH_VALUE) and _applies(site, balls):
            try:
                if site.trouble is Trouble.INFINITE and site.quantities in bounded:
                    _edge(site, balls, BrokenError)
                else:
                    _TESTS[site.test](site, balls)
            except _RemovableError:
                found.append(site)
    return tuple(found)


def holds(site: Site, balls: Balls) -> bool:
    """Whether a site's test holds at the point, where its part is used.

    Where a quantity has no value, another site tells. Raises :class:`UndecidedError`.
    """
    try:
        if not _applies(site, balls):
            return False
        jets = [balls.jet(quantity) for quantity in site.quantities]
        signs = [balls.sign(q, jet) or 0 for q, jet in zip(site.quantities, jets, strict=True)]
        match site.test:
            case "negative":
                return signs[0] < 0
            case "negative-power":
                is_whole = balls.whole_number(site.quantities[1], jets[1]) is not None
                return signs[0] < 0 and not is_whole
            case "nonpositive":
                return signs[0] <= 0
            case "zero":
                return signs[0] == 0
            case "pole" | "whole":
                is_whole = balls.whole_number(site.quantities[0], jets[0]) is not None
                return is_whole and (site.test == "whole" or signs[0] <= 0)
            case "tie-max" | "tie-min":
                return _is_tied(site, balls, jets)
        return True
    except NotProvedError:
        return False


def met(site: Site, balls: Balls, *, constant: bool = False) -> bool:
    """Whether pieces meet in a site at the point, as far as is known.

    Of a site that is ``constant`` near the point, nothing varies that could leave a piece.
    """
    if site.test in ("negative", "negative-power", "always"):
        return False
    try:
        if not holds(site, balls):
            return False
        return constant or any(balls.jet(quantity).varies for quantity in site.quantities)
    except (BudgetError, UndecidedError):
        return False


def outside(sites: Sequence[Site], balls: Balls) -> Site | None:
    """The first site at which the formula is not real, of those that are known."""
    for site in sites:
        if site.breaks or not READINGS[site.test].real:
            with suppress(NotProvedError):
                if holds(site, balls):
                    return site
    return None


def _is_tied(site: Site, balls: Balls, jets: Sequence[Jet]) -> bool:
    top = site.quantities[foremost(jets, 1 if site.test == "tie-max" else -1)]
    gaps = [top - quantity for quantity in site.quantities if quantity is not top]
    return any(
        balls.sign(gap, balls.jet(gap)) == 0 and not is_identically_zero(gap) for gap in gaps
    )


def _applies(site: Site, balls: Balls) -> bool:
    """Whether the part is used; where a condition has no value, another site tells."""
    try:
        return all(map(balls.holds, site.guards))
    except (NotRealError, SingularError):
        return False


def _negative(site: Site, balls: Balls) -> None:
    if balls.near(site.quantities[0]) < 0:
        raise BrokenError(site)


def _negative_power(site: Site, balls: Balls) -> None:
    base, exponent = site.quantities
    if balls.near(base) >= 0:
        return
    jet = balls.jet(exponent)
    if jet.varies:
        raise SingularError
    if balls.whole_number(exponent, jet) is None:
        raise BrokenError(site)


def _nonpositive(site: Site, balls: Balls) -> None:
    base = site.quantities[0]
    if balls.near(base) <= 0:
        raise SingularError


def _zero(site: Site, balls: Balls) -> None:
    if site.trouble is Trouble.EDGE:
        _edge(site, balls, EdgeError)
        return
    (quantity,) = site.quantities
    if balls.near(quantity):
        return
    if not balls.jet(quantity).varies or site.breaks:
        raise BrokenError(site)
    raise _RemovableError if site.trouble in _REMOVABLE else SingularError


def _edge(site: Site, balls: Balls, error: type[SiteError]) -> None:
    """Raise this where the formula is proved to be real on one side only."""
    (quantity,) = site.quantities
    if error is EdgeError and is_nonnegative(quantity):
        return
    if balls.near(quantity):
        return
    jet = balls.jet(quantity)
    if error is BrokenError and not jet.varies:
        raise BrokenError(site)
    if is_nonnegative(quantity):
        raise _RemovableError
    if not jet.varies:
        return
    if any(map(is_not_zero, jet.gradient.values())):
        raise error(site)
    raise SingularError


def _pole(site: Site, balls: Balls) -> None:
    (quantity,) = site.quantities
    jet = balls.jet(quantity)
    if balls.sign(quantity, jet) == 1:
        return
    if balls.whole_number(quantity, jet) is not None:
        raise _RemovableError if jet.varies and not site.breaks else BrokenError(site)


def _whole(site: Site, balls: Balls) -> None:
    (quantity,) = site.quantities
    jet = balls.jet(quantity)
    if (jet.varies or site.breaks) and balls.whole_number(quantity, jet) is not None:
        raise BrokenError(site)


def _tie(site: Site, balls: Balls) -> None:
    if holds(site, balls):
        raise BrokenError(site)


def _always(site: Site, balls: Balls) -> None:
    raise BrokenError(site)


_TESTS = {
    "negative": _negative,
    "negative-power": _negative_power,
    "nonpositive": _nonpositive,
    "zero": _zero,
    "pole": _pole,
    "whole": _whole,
    "tie-max": _tie,
    "tie-min": _tie,
    "always": _always,
}
