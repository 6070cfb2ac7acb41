"""Balls of the elementary functions and of what is composed of them.

The forms neither overflow nor cancel for arguments of any size, and a rational number stays exact
as far as it goes: one minus a number next to one is then exact as well.
Derivatives: DLMF 4.20, 4.24.7-4.24.12, 4.34, 4.38.9-4.38.14.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

from flint import arb, fmpq

from hesscli.functions.balls.enclosure import (
    HALF,
    ONE,
    ZERO,
    Enclosure,
    NotProvedError,
    Number,
    Partials,
    SingularError,
    Slopes,
    Unary,
    UndecidedError,
    at_zero,
    away_from_zero,
    ball,
    bounded,
    inside,
    is_exact,
    is_zero,
    magnitude,
    plain,
    root,
    whole_root,
    within,
)

_MAX_SCALE = 1 << 16  # numbers of 8 kB


# Exponentials and logarithms


def _exp(x: Number) -> Number:
    bounded(x)
    return ball(x).exp()


exp = at_zero(ONE, _exp)


def _expm1(x: Number) -> Number:
    bounded(x)
    return ball(x).expm1()


def _exp_slopes(x: Number, value: Number) -> Slopes:
    slope = exp(x)
    return slope, slope


def log1p(x: Number) -> Number:
    inside(1 + x)
    return ZERO if is_zero(x) else ball(x).log1p()


def log(x: Number) -> Number:
    inside(x)
    if is_exact(x) and HALF < x < 2:
        return log1p(x - 1)
    return ball(x).log()


def _log_slopes(x: Number, value: Number) -> Slopes:
    return 1 / x, -1 / (x * x)


def _log1p_slopes(x: Number, value: Number) -> Slopes:
    return _log_slopes(1 + x, value)


def _log_base(base: int, x: Number) -> Number:
    exponent = _exponent(base, x) if is_exact(x) else None
    return log(x) / arb(base).log() if exponent is None else exponent


def _exponent(base: int, x: fmpq) -> fmpq | None:
    """The whole k with ``base**k == x``, if there is one."""
    if x <= 0 or 1 not in (x.numerator, x.denominator):
        return None
    large = max(x.numerator, x.denominator)
    k = round((large.bit_length() - 1) / math.log2(base))
    for near in (k, k + 1):
        if base**near == large:
            return fmpq(near if x >= 1 else -near)
    return None


def _log_base_slopes(base: int, x: Number, value: Number) -> Slopes:
    scale = arb(base).log()
    first, second = _log_slopes(x, value)
    return first / scale, second / scale


def sigmoid(x: Number) -> Number:
    if is_zero(x):
        return HALF
    if x < 0:
        small = exp(x)
        return small / (1 + small)
    return 1 / (1 + exp(-x))


def _sigmoid_slopes(x: Number, value: Number) -> Slopes:
    slope = value * sigmoid(-x)
    return slope, -slope * tanh(x / 2)


def softplus(x: Number) -> Number:
    small = log1p(exp(-magnitude(x)))
    return x + small if x > 0 else small if x <= 0 else log1p(exp(x))


def _softplus_slopes(x: Number, value: Number) -> Slopes:
    slope = sigmoid(x)
    return slope, slope * sigmoid(-x)


def logcosh(x: Number) -> Number:
    if is_zero(x):
        return ZERO
    size = magnitude(x)
    if size > 1:
        return size + log1p(exp(-2 * size)) - arb.const_log2()
    half = ball(x / 2).sinh()
    return log1p(2 * half * half)


def _logcosh_slopes(x: Number, value: Number) -> Slopes:
    small = sech(x)
    return tanh(x), small * small


def _logsumexp(arguments: Sequence[Number], moving: Sequence[int]) -> Partials:
    """The second derivatives are p_i (δ_ij - p_j) with the shares p_i = exp(x_i)/Σ exp(x_j)."""
    largest = max(range(len(arguments)), key=lambda i: _middle(arguments[i]))
    terms = [exp(x - arguments[largest]) for x in arguments]
    terms[largest] = ONE
    others = sum((t for i, t in enumerate(terms) if i != largest), ZERO)
    total = 1 + others
    first = {i: terms[i] / total for i in moving}
    second = {}
    for i in moving:
        for j in moving:
            if i < j:
                second[i, j] = -first[i] * first[j]
        rest = sum((t for j, t in enumerate(terms) if j != i), ZERO)
        second[i, i] = first[i] * rest / total
    return Partials(arguments[largest] + log1p(others), first, second)


def _middle(x: Number) -> Number:
    """An exact number in the ball, to compare by.

    Raises:
        UndecidedError: if the ball has no end.
    """
    if is_exact(x):
        return x
    if not x.is_finite():
        raise UndecidedError("a ball without end")
    if abs(x.mid().man_exp()[1]) > _MAX_SCALE:
        raise NotProvedError("too large or too small a number")
    return x.mid().fmpq()


# Powers and roots


def cbrt(x: Number) -> Number:
    if is_exact(x):
        size = magnitude(x)
        above, below = whole_root(size.numerator, 3), whole_root(size.denominator, 3)
        if above is not None and below is not None:
            return fmpq(above, below) if x >= 0 else -fmpq(above, below)
        return arb(x).root(3) if x > 0 else -arb(-x).root(3)
    if x > 0:
        return x.root(3)
    if x < 0:
        return -(-x).root(3)
    upper = x.abs_upper().root(3)
    return upper.union(-upper)


def _cbrt_slopes(x: Number, value: Number) -> Slopes:
    away_from_zero(x)
    first = 1 / (3 * value * value)
    return first, -2 * first / (3 * x)


def _length(x: Number, y: Number) -> Number:
    if is_zero(x) or is_zero(y):
        return magnitude(y if is_zero(x) else x)
    return root(x * x + y * y)


def _hypot(arguments: Sequence[Number], moving: Sequence[int]) -> Partials:
    x, y = arguments
    value = _length(x, y)
    if not moving:
        return Partials(value, {}, {})
    away_from_zero(value)
    along = (x / value, y / value)
    second = {(0, 0): along[1] * along[1], (1, 1): along[0] * along[0]}
    second[0, 1] = -along[0] * along[1]
    return _those(moving, value, dict(enumerate(along)), {k: v / value for k, v in second.items()})


def _those(
    moving: Sequence[int],
    value: Number,
    first: dict[int, Number],
    second: dict[tuple[int, int], Number],
) -> Partials:
    return Partials(
        value,
        {i: slope for i, slope in first.items() if i in moving},
        {(i, j): bend for (i, j), bend in second.items() if i in moving and j in moving},
    )


# Trigonometric functions


sin, cos = plain("sin", ZERO), plain("cos", ONE)
_tan, _sec, _atan = plain("tan", ZERO), plain("sec", ONE), plain("atan", ZERO)


def _sin_slopes(x: Number, value: Number) -> Slopes:
    return cos(x), -value


def _cos_slopes(x: Number, value: Number) -> Slopes:
    return -sin(x), -value


def _tan_slopes(x: Number, value: Number) -> Slopes:
    slope = 1 + value * value
    return slope, 2 * value * slope


def _sec_slopes(x: Number, value: Number) -> Slopes:
    return value * _tan(x), value * (2 * value * value - 1)


def _csc(x: Number) -> Number:
    away_from_zero(x)
    return ball(x).csc()


def cot(x: Number) -> Number:
    away_from_zero(x)
    return ball(x).cot()


def _csc_slopes(x: Number, value: Number) -> Slopes:
    return -value * cot(x), value * (2 * value * value - 1)


def _cot_slopes(x: Number, value: Number) -> Slopes:
    other = _csc(x)
    slope = -other * other
    return slope, -2 * value * slope


def _gap(x: Number) -> Number:
    """1 - x², exact for an exact number and tight near both ends."""
    return (1 - x) * (1 + x)


def _asin(x: Number) -> Number:
    within(_gap(x))
    if is_exact(x):
        return arb.atan2(arb(x), ball(root(_gap(x)))) if x else ZERO
    return x.asin()


def _asin_slopes(x: Number, value: Number) -> Slopes:
    gap = _gap(x)
    inside(gap)
    first = 1 / root(gap)
    return first, x * first / gap


def _acos(x: Number) -> Number:
    within(_gap(x))
    if is_exact(x):
        return arb.atan2(ball(root(_gap(x))), arb(x)) if x != 1 else ZERO
    return x.acos()


def _opposite(slopes: Callable[[Number, Number], Slopes]) -> Callable[[Number, Number], Slopes]:
    def negated(x: Number, value: Number) -> Slopes:
        first, second = slopes(x, value)
        return -first, -second

    return negated


def _atan_slopes(x: Number, value: Number) -> Slopes:
    first = 1 / (1 + x * x)
    return first, -2 * x * first * first


def _atan2(arguments: Sequence[Number], moving: Sequence[int]) -> Partials:
    y, x = arguments
    square = x * x + y * y
    away_from_zero(square)
    on_cut = is_zero(y) and x < 0
    if on_cut and 0 in moving:
        raise SingularError("on the branch cut")
    if not on_cut and not (y > 0 or y < 0 or x > 0):
        raise UndecidedError("near the branch cut")
    value = ZERO if is_zero(y) and x > 0 else arb.atan2(ball(y), ball(x))
    if not moving:
        return Partials(value, {}, {})
    first = {0: x / square, 1: -y / square}
    twice = 2 * first[0] * first[1]
    mixed = (y - x) * (y + x) / (square * square)
    return _those(moving, value, first, {(0, 0): twice, (0, 1): mixed, (1, 1): -twice})


def _inverse(value: Callable[[Number], Number]) -> Callable[[Number], Number]:
    """A function of 1/x."""

    def at(x: Number) -> Number:
        away_from_zero(x)
        return value(1 / x)

    return at


def _asec_slopes(x: Number, value: Number) -> Slopes:
    beyond = (x - 1) * (x + 1)
    inside(beyond)
    first = 1 / (magnitude(x) * root(beyond))
    return first, -first * (1 / x + x / beyond)


# Hyperbolic functions


tanh, sech, _asinh = plain("tanh", ZERO), plain("sech", ONE), plain("asinh", ZERO)


def sinh(x: Number) -> Number:
    bounded(magnitude(x))
    return ZERO if is_zero(x) else ball(x).sinh()


def cosh(x: Number) -> Number:
    bounded(magnitude(x))
    return ONE if is_zero(x) else ball(x).cosh()


def _sinh_slopes(x: Number, value: Number) -> Slopes:
    return cosh(x), value


def _cosh_slopes(x: Number, value: Number) -> Slopes:
    return sinh(x), value


def _tanh_slopes(x: Number, value: Number) -> Slopes:
    other = sech(x)
    slope = other * other
    return slope, -2 * value * slope


def _sech_slopes(x: Number, value: Number) -> Slopes:
    return -value * tanh(x), value * (1 - 2 * value * value)


def _csch(x: Number) -> Number:
    away_from_zero(x)
    return ball(x).csch()


def _coth(x: Number) -> Number:
    away_from_zero(x)
    return ball(x).coth()


def _csch_slopes(x: Number, value: Number) -> Slopes:
    return -value * _coth(x), value * (1 + 2 * value * value)


def _coth_slopes(x: Number, value: Number) -> Slopes:
    other = _csch(x)
    slope = -other * other
    return slope, -2 * value * slope


def _asinh_slopes(x: Number, value: Number) -> Slopes:
    square = 1 + x * x
    first = 1 / root(square)
    return first, -x * first / square


def _acosh(x: Number) -> Number:
    above = x - 1
    within(above)
    if is_zero(above):
        return ZERO
    if is_exact(x) and above < 1:
        return log1p(above + root(above * (above + 2)))
    return ball(x).acosh()


def _acosh_slopes(x: Number, value: Number) -> Slopes:
    inside(x - 1)
    beyond = (x - 1) * (x + 1)
    first = 1 / root(beyond)
    return first, -x * first / beyond


def _atanh(x: Number) -> Number:
    inside(_gap(x))
    if is_exact(x) and x:
        return log1p(2 * x / (1 - x)) / 2 if x > 0 else -log1p(-2 * x / (1 + x)) / 2
    return ZERO if is_zero(x) else x.atanh()


def _atanh_slopes(x: Number, value: Number) -> Slopes:
    first = 1 / _gap(x)
    return first, 2 * x * first * first


def _asech(x: Number) -> Number:
    inside(x)
    return _acosh(1 / x)


def _asech_slopes(x: Number, value: Number) -> Slopes:
    gap = _gap(x)
    inside(gap)
    first = -1 / (x * root(gap))
    return first, -first * (1 / x - x / gap)


def _acsch_slopes(x: Number, value: Number) -> Slopes:
    square = 1 + x * x
    first = -1 / (magnitude(x) * root(square))
    return first, -first * (1 / x + x / square)


def _acoth_value(x: Number) -> Number:
    inside((x - 1) * (x + 1))
    return _atanh(1 / x)


ELEMENTARY: dict[str, tuple[Enclosure, int]] = {
    "exp": (Unary(exp, _exp_slopes), 1),
    "expm1": (Unary(at_zero(ZERO, _expm1), _exp_slopes), 2),
    "log": (Unary(log, _log_slopes), 1),
    "log2": (Unary(partial(_log_base, 2), partial(_log_base_slopes, 2)), 2),
    "log10": (Unary(partial(_log_base, 10), partial(_log_base_slopes, 10)), 2),
    "log1p": (Unary(log1p, _log1p_slopes), 1),
    "sigmoid": (Unary(sigmoid, _sigmoid_slopes), 3),
    "softplus": (Unary(softplus, _softplus_slopes), 4),
    "logcosh": (Unary(logcosh, _logcosh_slopes), 4),
    "logsumexp": (_logsumexp, 6),
    "cbrt": (Unary(cbrt, _cbrt_slopes), 1),
    "hypot": (_hypot, 1),
    "sin": (Unary(sin, _sin_slopes), 2),
    "cos": (Unary(cos, _cos_slopes), 2),
    "tan": (Unary(_tan, _tan_slopes), 2),
    "sec": (Unary(_sec, _sec_slopes), 2),
    "csc": (Unary(_csc, _csc_slopes), 2),
    "cot": (Unary(cot, _cot_slopes), 2),
    "asin": (Unary(_asin, _asin_slopes), 2),
    "acos": (Unary(_acos, _opposite(_asin_slopes)), 2),
    "atan": (Unary(_atan, _atan_slopes), 2),
    "atan2": (_atan2, 2),
    "asec": (Unary(_inverse(_acos), _asec_slopes), 2),
    "acsc": (Unary(_inverse(_asin), _opposite(_asec_slopes)), 2),
    "acot": (Unary(_inverse(_atan), _opposite(_atan_slopes)), 2),
    "sinh": (Unary(sinh, _sinh_slopes), 2),
    "cosh": (Unary(cosh, _cosh_slopes), 2),
    "tanh": (Unary(tanh, _tanh_slopes), 2),
    "sech": (Unary(sech, _sech_slopes), 2),
    "csch": (Unary(_csch, _csch_slopes), 2),
    "coth": (Unary(_coth, _coth_slopes), 2),
    "asinh": (Unary(_asinh, _asinh_slopes), 2),
    "acosh": (Unary(_acosh, _acosh_slopes), 2),
    "atanh": (Unary(_atanh, _atanh_slopes), 2),
    "asech": (Unary(_asech, _asech_slopes), 2),
    "acsch": (Unary(_inverse(_asinh), _acsch_slopes), 2),
    "acoth": (Unary(_acoth_value, _atanh_slopes), 2),
}
