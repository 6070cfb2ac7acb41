"""What SymPy and mpmath raise where they have no rule for a formula or a number."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from mpmath.libmp import NoConvergence

T = TypeVar("T")

# Not RecursionError, which is a RuntimeError: it says that a formula is too deep.
SYMPY_FAILURES = (
    *(ArithmeticError, AttributeError, LookupError, NotImplementedError, TypeError, ValueError),
    NoConvergence,
)


def tried(way: Callable[..., T], *args: object) -> T | None:
    """What one of several ways gives; None where it fails, if only because it goes too deep."""
    try:
        return way(*args)
    except (*SYMPY_FAILURES, RuntimeError):
        return None
