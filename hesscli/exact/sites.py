"""The coordinates that matter to the sites of a formula, as a person reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from hesscli.types import Expr, Site


def names_in(sites: Sequence[Site]) -> set[str]:
    """The variables that the sites' quantities depend on."""
    return {s.name for site in sites for q in site.quantities for s in q.free_symbols}


def place_of(
    sites: Sequence[Site], point: Mapping[str, Fraction | float | Expr], index: str
) -> tuple[str, ...]:
    """The coordinates that matter to the sites as ``x = 0``; of no site, all.

    ``index`` tells the element of a tensor (``[0,1]``).
    """
    names = names_in(sites)
    if sites and not names and all(site.quantities for site in sites):
        return ()  # a constant such as log(-2)
    return tuple(
        f"{name}{index} = {_shown(value)}"
        for name, value in point.items()
        if name in names or not names
    )


def _shown(value: Fraction | float | Expr) -> str:
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, Fraction) and Fraction(repr(float(value))) == value:
        return f"{float(value):.15g}"
    text = str(value)
    return text if len(text) <= 20 else repr(float(value))
