"""What SymPy and mpmath raise where they have no rule for a formula or a number."""

from __future__ import annotations

from mpmath.libmp import NoConvergence

# Not RecursionError, which is a RuntimeError: it says that a formula is too deep.
SYMPY_FAILURES = (
    *(ArithmeticError, AttributeError, LookupError, NotImplementedError, TypeError, ValueError),
    NoConvergence,
)
