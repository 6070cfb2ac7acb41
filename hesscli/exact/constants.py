"""Constants without variables: enclosed by balls, and told from 0 by proof."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import sympy

from hesscli.exact.numbers import sign as sign_by_algebra
from hesscli.functions.failures import SYMPY_FAILURES
from hesscli.types import Expr

# Bits of the balls; where the last still hold 0, algebra is asked whether it is 0.
PRECISIONS = (100, 400, 1600)
# FLINT's method for each SymPy function of one argument.
FUNCTIONS = {
    "exp": "exp", "log": "log", "sin": "sin", "cos": "cos", "tan": "tan", "sinh": "sinh",
    "cosh": "cosh", "tanh": "tanh", "asin": "asin", "acos": "acos", "atan": "atan",
    "asinh": "asinh", "acosh": "acosh", "atanh": "atanh", "gamma": "gamma", "erf": "erf",
    "erfc": "erfc", "erfi": "erfi", "Abs": "__abs__", "loggamma": "lgamma", "zeta": "zeta",
    "sinc": "sinc", "expm1": "expm1", "log1p": "log1p",
}  # fmt: skip


class UndecidedError(ArithmeticError):
    """Whether a number is 0, or what a series starts with, was not found."""


def sign(number: Expr) -> int:
    """The proved sign of a real constant.

    Raises :class:`UndecidedError` where neither balls nor algebra find it.
    """
    if number.is_Rational:
        return int(number.p > 0) - int(number.p < 0)
    return _sign(number)


def vanishes(number: Expr) -> bool:
    """Whether a real constant is 0, proved; raises :class:`UndecidedError`."""
    if number.is_Rational:
        return bool(number.p == 0)
    return _sign(number) == 0


@lru_cache(maxsize=4096)
def _sign(number: Expr) -> int:
    for bits in PRECISIONS:
        ball = enclosure(number, bits)
        if ball is None:
            break
        if ball > 0:
            return 1
        if ball < 0:
            return -1
    else:
        if sign_by_algebra(number) == 0:
            return 0
    raise UndecidedError(str(number))


def enclosure(number: Expr, bits: int) -> Any:
    """A ball (``flint.arb``) that holds the real constant; None where FLINT is not asked."""
    import flint

    before = flint.ctx.prec
    flint.ctx.prec = bits
    try:
        ball = _ball(number)
        return ball if ball is not None and ball.is_finite() else None
    except SYMPY_FAILURES:
        return None
    finally:
        flint.ctx.prec = before


def _ball(number: Expr) -> Any:
    from flint import arb, fmpq

    if number.is_Rational:
        return arb(fmpq(int(number.p), int(number.q)))
    atoms = {sympy.pi: arb.pi, sympy.E: arb.const_e, sympy.EulerGamma: arb.const_euler}
    if number in atoms:
        return atoms[number]()
    balls = [_ball(part) for part in number.args]
    if not balls or None in balls:
        return None
    if number.is_Add:
        return sum(balls[1:], balls[0])
    if number.is_Mul:
        return _product(balls)
    if number.is_Pow:
        return _power(number, balls)
    name = FUNCTIONS.get(type(number).__name__)
    if name and len(balls) == 1:
        return getattr(balls[0], name)()
    return None


def _product(balls: list[Any]) -> Any:
    result = balls[0]
    for ball in balls[1:]:
        result = result * ball
    return result


def _power(power: Expr, balls: list[Any]) -> Any:
    base, exponent = balls
    if power.exp.is_Integer and abs(power.exp) <= 64:
        result = _product([base] * abs(int(power.exp))) if power.exp else base * 0 + 1
        return result if power.exp >= 0 else 1 / result
    return base**exponent if base > 0 else None
