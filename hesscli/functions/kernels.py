"""The torch side of the function table: a function for every ``kernel`` that it names.

Each takes and gives tensors, elementwise, and has right first and second derivatives. What is not
found here is looked up in torch. Where torch's own derivative cancels, overflows or is inaccurate
(``polygamma`` of order 1 is off in the tenth digit), a rule replaces it: the derivative as a kernel
of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, partial, reduce
from typing import Any

import torch
from torch import Tensor

from hesscli.functions import values

Kernel = Callable[..., Tensor]


def __getattr__(name: str) -> Any:
    if name.startswith("_"):  # what Python itself asks for
        raise AttributeError(name)
    return getattr(torch, name)


def rule(value: Kernel, *slopes: Kernel) -> Kernel:
    """A kernel with ``value``, differentiated by each of its arguments as ``slopes``.

    These must be differentiable in turn: that is where second derivatives come from.
    """

    class Rule(torch.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(*args: Tensor) -> Tensor:
            return value(*args)

        @staticmethod
        def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx: Any, *grad_outputs: Any) -> Any:
            return tuple(grad_outputs[0] * slope(*ctx.saved_tensors) for slope in slopes)

    def kernel(*args: Tensor) -> Tensor:
        # Broadcast outside, where autograd sums over what was stretched.
        result: Tensor = Rule.apply(*torch.broadcast_tensors(*args))  # type: ignore[no-untyped-call]
        return result

    return kernel if len(slopes) > 1 else Rule.apply


def logsumexp(*args: Tensor) -> Tensor:
    if len(args) == 2:
        return _logaddexp(*args)
    return torch.logsumexp(torch.stack(torch.broadcast_tensors(*args)), dim=0)  # type: ignore[no-untyped-call]


def maximum(*args: Tensor) -> Tensor:
    return reduce(torch.maximum, args)


def minimum(*args: Tensor) -> Tensor:
    return reduce(torch.minimum, args)


# Roots


def _cbrt(x: Tensor) -> Tensor:
    root = torch.sign(x) * torch.abs(x).pow(1 / 3)
    # One Newton step: x**(1/3) alone gives 3.9999999999999996 for 64.
    step = (root**3 - x) / (3 * root**2)
    return root - torch.where(torch.isfinite(step), step, torch.zeros_like(step))


cbrt: Kernel = rule(_cbrt, lambda x: 1 / (3 * cbrt(x) ** 2))

# torch.pow leaves out the derivative by x where y is 0, and with it the mixed one.
power: Kernel = rule(
    torch.pow, lambda x, y: y * power(x, y - 1), lambda x, y: power(x, y) * torch.log(x)
)

# hypot keeps the size of its arguments where their squares would overflow; the derivatives of
# x/hypot(x, y) are written out, because 1/h - x²/h³ cancels.
hypot: Kernel = rule(torch.hypot, lambda x, y: _share(x, y), lambda x, y: _share(y, x))
_share: Kernel = rule(
    lambda x, y: x / torch.hypot(x, y),
    lambda x, y: (y / torch.hypot(x, y)) ** 2 / torch.hypot(x, y),
    lambda x, y: -(x / torch.hypot(x, y)) * (y / torch.hypot(x, y)) / torch.hypot(x, y),
)
atan2: Kernel = rule(
    torch.atan2, lambda y, x: _share(x, y) / hypot(x, y), lambda y, x: -_share(y, x) / hypot(x, y)
)

# exp(x) and not expm1(x) + 1, which is rounded to 0 for x < -38.
expm1: Kernel = rule(torch.expm1, torch.exp)

# Sigmoids: 1 - s(x) cancels for large x, s(-x) does not; s(-x) - s(x) does for small x.
sigmoid: Kernel = rule(torch.sigmoid, lambda x: _sigmoid_slope(x))
_sigmoid_slope: Kernel = rule(
    lambda x: torch.sigmoid(x) * torch.sigmoid(-x), lambda x: -_sigmoid_slope(x) * torch.tanh(x / 2)
)
softplus: Kernel = rule(lambda x: torch.logaddexp(x, torch.zeros_like(x)), sigmoid)
_logaddexp: Kernel = rule(torch.logaddexp, lambda x, y: sigmoid(x - y), lambda x, y: sigmoid(y - x))


def _logcosh(x: Tensor) -> Tensor:
    size = torch.abs(x)
    near = torch.log1p(2 * torch.sinh(torch.clamp(size, max=1.0) / 2) ** 2)
    return torch.where(size < 1, near, size + torch.log1p(torch.exp(-2 * size)) - math.log(2))


logcosh: Kernel = rule(_logcosh, lambda x: tanh(x))

# Trigonometric and hyperbolic functions. 1/cosh(x) alone gives 0·∞ in its derivatives once cosh
# overflows.

sec: Kernel = rule(lambda x: 1 / torch.cos(x), lambda x: sec(x) * torch.tan(x))
csc: Kernel = rule(lambda x: 1 / torch.sin(x), lambda x: -csc(x) * cot(x))
cot: Kernel = rule(lambda x: 1 / torch.tan(x), lambda x: -(csc(x) ** 2))
sech: Kernel = rule(lambda x: 1 / torch.cosh(x), lambda x: -sech(x) * tanh(x))
csch: Kernel = rule(lambda x: 1 / torch.sinh(x), lambda x: -csch(x) * coth(x))
tanh: Kernel = rule(torch.tanh, lambda x: sech(x) ** 2)
coth: Kernel = rule(lambda x: 1 / torch.tanh(x), lambda x: -(csch(x) ** 2))

# Inverse functions: (1 - x)(1 + x) keeps the digits that 1 - x² loses near 1, and the derivatives
# of what it stands in are written out, because -(1 + x) + (1 - x) cancels near 0. In the products,
# x comes first: for large x, the powers of what is small would underflow before it does.

_circle: Kernel = rule(lambda x: 1 / torch.sqrt((1 - x) * (1 + x)), lambda x: x * _circle(x) ** 3)
_hyperbola: Kernel = rule(
    lambda x: 1 / (torch.sqrt(x - 1) * torch.sqrt(x + 1)),
    lambda x: -(x * _hyperbola(x)) * _hyperbola(x) ** 2,
)
_line: Kernel = rule(
    lambda x: 1 / torch.hypot(x, torch.ones_like(x)), lambda x: -(x * _line(x)) * _line(x) ** 2
)
_band: Kernel = rule(lambda x: 1 / ((1 - x) * (1 + x)), lambda x: 2 * (x * _band(x)) * _band(x))
_bell: Kernel = rule(lambda x: 1 / (1 + x**2), lambda x: -2 * (x * _bell(x)) * _bell(x))


def _above_one(x: Tensor) -> Tensor:
    """√(x² - 1) for |x| ≥ 1."""
    return torch.sqrt(torch.abs(x) - 1) * torch.sqrt(torch.abs(x) + 1)


_chord: Kernel = rule(
    lambda x: 1 / (torch.abs(x) * _above_one(x)),
    lambda x: -_chord(x) * (1 / x + x / _above_one(x) / _above_one(x)),
)

asin: Kernel = rule(torch.asin, _circle)
acos: Kernel = rule(torch.acos, lambda x: -_circle(x))
asinh: Kernel = rule(torch.asinh, _line)
atan: Kernel = rule(torch.atan, _bell)
acosh: Kernel = rule(torch.acosh, _hyperbola)
atanh: Kernel = rule(torch.atanh, _band)
# Near 1, acos(1/x) and the like lose half the digits, because 1/x is rounded.
asec: Kernel = rule(
    lambda x: torch.where(x > 0, torch.atan(_above_one(x)), math.pi - torch.atan(_above_one(x))),
    _chord,
)
acsc: Kernel = rule(lambda x: torch.sign(x) * torch.atan(1 / _above_one(x)), lambda x: -_chord(x))
acot: Kernel = rule(lambda x: torch.atan(1 / x), lambda x: -_bell(x))
asech: Kernel = rule(
    lambda x: torch.log1p(torch.sqrt((1 - x) * (1 + x))) - torch.log(x), lambda x: -_circle(x) / x
)
acsch: Kernel = rule(lambda x: torch.asinh(1 / x), lambda x: -_line(x) / torch.abs(x))
acoth: Kernel = rule(lambda x: torch.sign(x) * torch.log1p(2 / (torch.abs(x) - 1)) / 2, _band)


def sinc(x: Tensor) -> Tensor:
    """sin(x)/x, by its Taylor series where |x| < 1, so that the derivatives at 0 are right."""
    small = torch.abs(x) < 1
    square = torch.where(small, x, torch.zeros_like(x)) ** 2
    series = torch.zeros_like(x)
    for k in range(12, -1, -1):
        series = series * square + (-1) ** k / math.factorial(2 * k + 1)
    far = torch.where(small, torch.ones_like(x), x)
    return torch.where(small, series, torch.sin(far) / far)


# The gamma family


def _by_numpy(value: Callable[..., Any], x: Tensor) -> Tensor:
    return torch.as_tensor(value(x.detach().cpu().double().numpy())).to(x)


# Enough for the second derivatives of the gamma family.
POLYGAMMA_ORDERS = range(4)
# Right of this, the first term of the asymptotic series has all the digits (DLMF 5.15.8), and
# torch's zeta underflows too early.
FAR = 1e18


@cache
def polygamma(order: int) -> Kernel:
    """The derivative of digamma of this order, as (-1)**(n+1) n! ζ(n+1, x) for n ≥ 1."""
    leading = (-1) ** (order + 1)

    def right_of_zero(x: Tensor) -> Tensor:
        if order == 0:
            return _by_numpy(values.digamma, x)
        s = torch.full((), order + 1.0, dtype=x.dtype, device=x.device)
        near: Tensor = leading * math.factorial(order) * torch.special.zeta(s, x)
        return torch.where(x < FAR, near, leading * math.factorial(order - 1) / x**order)

    def value(x: Tensor) -> Tensor:
        # Left of 0 by reflection (DLMF 5.15.6): there, zeta adds terms one by one until it is
        # past 0, and torch's own reflection loses the distance to the pole.
        straight = right_of_zero(torch.where(x > 0, x, 1 - x))
        angle = math.pi * (x - torch.round(x))
        match order:
            case 0:
                reflected = straight - math.pi / torch.tan(angle)
            case 1:
                reflected = (math.pi / torch.sin(angle)) ** 2 - straight
            case 2:
                reflected = straight - 2 * math.pi**3 * torch.cos(angle) / torch.sin(angle) ** 3
            case _:
                reflected = torch.full_like(x, torch.nan)
        return torch.where(x > 0, straight, reflected)

    return rule(value, lambda x: polygamma(order + 1)(x))


lgamma: Kernel = rule(torch.lgamma, polygamma(0))
gamma: Kernel = rule(partial(_by_numpy, values.gamma), lambda x: gamma(x) * polygamma(0)(x))


def factorial(x: Tensor) -> Tensor:
    return gamma(x + 1)
