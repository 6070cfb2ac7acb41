"""The SymPy side of the function table: an object for every ``symbol`` that it names.

Most are SymPy's own. The classes here stand where SymPy has none (``sigmoid``), has one that is
complex for negative numbers (``cbrt``), or has one without a derivative (``floor``). Their
``eval`` is SymPy's hook for simplification: it takes expressions, and never text.
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy import (  # noqa: F401
    Abs,
    acos,
    acosh,
    acot,
    acoth,
    acsc,
    acsch,
    asec,
    asech,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    cos,
    cosh,
    cot,
    coth,
    csc,
    csch,
    erf,
    erfc,
    exp,
    factorial,
    gamma,
    log,
    loggamma,
    sec,
    sech,
    sign,
    sin,
    sinc,
    sinh,
    sqrt,
    tan,
    tanh,
)
from sympy.codegen.cfunctions import expm1, hypot, log1p, log2, log10  # noqa: F401

Expr = Any


class floor(sympy.floor):
    """SymPy's floor, with the derivative 0 that it has between its jumps."""

    def fdiff(self, argindex: int = 1) -> Expr:
        return sympy.S.Zero


class ceiling(sympy.ceiling):
    """SymPy's ceiling, with the derivative 0 that it has between its jumps."""

    def fdiff(self, argindex: int = 1) -> Expr:
        return sympy.S.Zero


class cbrt(sympy.Function):
    """The real cube root; ``x**(1/3)`` is complex for negative ``x``."""

    nargs = 1

    @classmethod
    def eval(cls, x: Expr) -> Expr:
        if x.is_number and x.is_extended_real:
            return sympy.sign(x) * sympy.Abs(x) ** sympy.Rational(1, 3)
        return None

    def fdiff(self, argindex: int = 1) -> Expr:
        return 1 / (3 * self**2)

    def _eval_is_extended_real(self) -> Any:
        return self.args[0].is_extended_real


class sigmoid(sympy.Function):
    """The logistic function; its derivative stays accurate on both sides."""

    nargs = 1

    @classmethod
    def eval(cls, x: Expr) -> Expr:
        if x.is_number:
            return 1 / (1 + sympy.exp(-x))
        return None

    def fdiff(self, argindex: int = 1) -> Expr:
        x = self.args[0]
        return sigmoid(x) * sigmoid(-x)

    def _eval_is_positive(self) -> Any:
        return self.args[0].is_extended_real


class softplus(sympy.Function):
    """``log(1 + exp(x))``."""

    nargs = 1

    @classmethod
    def eval(cls, x: Expr) -> Expr:
        if x.is_number:
            return sympy.log(1 + sympy.exp(x))
        return None

    def fdiff(self, argindex: int = 1) -> Expr:
        return sigmoid(self.args[0])

    def _eval_is_positive(self) -> Any:
        return self.args[0].is_extended_real


def exp2(x: Expr) -> Expr:
    return sympy.Integer(2) ** x


def relu(x: Expr) -> Expr:
    return maximum(x, sympy.S.Zero)


def digamma(x: Expr) -> Expr:
    return sympy.polygamma(0, x)


def maximum(*args: Expr) -> Expr:
    """The largest; left as it is, because SymPy takes seconds to order sixty symbols."""
    return _extreme(sympy.Max, args)


def minimum(*args: Expr) -> Expr:
    """The smallest; left as it is, for the same reason."""
    return _extreme(sympy.Min, args)


def _extreme(cls: Any, args: tuple[Expr, ...]) -> Expr:
    distinct = list(dict.fromkeys(args))
    if len(distinct) == 1:
        return distinct[0]
    return cls(*distinct, evaluate=all(a.is_number for a in distinct))
