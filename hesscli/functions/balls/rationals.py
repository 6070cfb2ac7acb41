"""Rational numbers between SymPy and FLINT, exactly."""

from __future__ import annotations

from typing import Any

import sympy
from flint import fmpq

from hesscli.types import Expr


def from_sympy(number: Expr) -> fmpq:
    """FLINT's number for a rational of SymPy's."""
    return fmpq(int(number.p), int(number.q))


def to_sympy(number: Any) -> Expr:
    """SymPy's number for a rational of FLINT's."""
    return sympy.Rational(int(number.p), int(number.q))
