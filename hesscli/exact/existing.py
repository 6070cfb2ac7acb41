"""What there is of value, gradient and Hessian at a point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hesscli.balls.jets import Entry
from hesscli.balls.rounding import Numbers
from hesscli.notes import Remark
from hesscli.types import Site


@dataclass(frozen=True, slots=True)
class Existing:
    """The derivatives of a formula in scalars at a point.

    ``numbers`` gives enclosures of those that exist and are not exactly 0; ``missing`` have no
    number, for ``reasons``: a site (None for the formula as a whole) with what to say of it.
    Without ``defined`` there is no value either. ``by_limit`` tells evidence from proof, and
    ``vanishes`` whether algebra proves that an entry is 0. With ``closed_form``, all is about
    what SymPy says that an integral is.
    """

    numbers: Numbers
    missing: frozenset[Entry]
    defined: bool
    by_limit: bool
    reasons: tuple[tuple[Site | None, Remark], ...]
    notes: tuple[Remark, ...]
    vanishes: Callable[[Entry], bool] | None = None
    closed_form: bool = False
