"""The torch side of the function table: a function for every ``kernel`` that it names.

Each takes and gives tensors, elementwise, and has right first and second derivatives. Where
torch's own derivative cancels, overflows or is inaccurate (``polygamma`` of order 1 is off in the
tenth digit), a rule replaces it: the derivative as a kernel of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, reduce
from typing import Any

import torch
from torch import (  # noqa: F401
    Tensor,
    abs,
    asinh,
    atan,
    atan2,
    ceil,
    cos,
    cosh,
    erf,
    erfc,
    exp,
    expm1,
    floor,
    hypot,
    log,
    log1p,
    log2,
    log10,
    sign,
    sin,
    sinh,
    tan,
)

Kernel = Callable[[Tensor], Tensor]


def rule(value: Kernel, derivative: Kernel) -> Kernel:
    """A kernel with ``value``, differentiated as ``derivative``.

    ``derivative`` must be differentiable in turn: that is where second derivatives come from.
    """

    class Rule(torch.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(x: Tensor) -> Tensor:
            return value(x)

        @staticmethod
        def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx: Any, *grad_outputs: Any) -> Any:
            (x,) = ctx.saved_tensors
            return grad_outputs[0] * derivative(x)

    kernel: Kernel = Rule.apply
    return kernel


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

# Sigmoids: 1 - s(x) cancels for large x, s(-x) does not.

sigmoid: Kernel = rule(torch.sigmoid, lambda x: sigmoid(x) * sigmoid(-x))
softplus: Kernel = rule(lambda x: torch.logaddexp(x, torch.zeros_like(x)), lambda x: sigmoid(x))

# Trigonometric and hyperbolic functions. 1/cosh(x) alone gives 0·∞ in its derivatives once cosh
# overflows.

sec: Kernel = rule(lambda x: 1 / torch.cos(x), lambda x: sec(x) * torch.tan(x))
csc: Kernel = rule(lambda x: 1 / torch.sin(x), lambda x: -csc(x) * cot(x))
cot: Kernel = rule(lambda x: 1 / torch.tan(x), lambda x: -(csc(x) ** 2))
sech: Kernel = rule(lambda x: 1 / torch.cosh(x), lambda x: -sech(x) * tanh(x))
csch: Kernel = rule(lambda x: 1 / torch.sinh(x), lambda x: -csch(x) * coth(x))
tanh: Kernel = rule(torch.tanh, lambda x: sech(x) ** 2)
coth: Kernel = rule(lambda x: 1 / torch.tanh(x), lambda x: -(csch(x) ** 2))

# Inverse functions: (1 - x)(1 + x) keeps the digits that 1 - x² loses near 1.

asin: Kernel = rule(torch.asin, lambda x: 1 / torch.sqrt((1 - x) * (1 + x)))
acos: Kernel = rule(torch.acos, lambda x: -1 / torch.sqrt((1 - x) * (1 + x)))
acosh: Kernel = rule(torch.acosh, lambda x: 1 / torch.sqrt((x - 1) * (x + 1)))
atanh: Kernel = rule(torch.atanh, lambda x: 1 / ((1 - x) * (1 + x)))
asec: Kernel = rule(
    lambda x: torch.acos(1 / x), lambda x: 1 / (torch.abs(x) * torch.sqrt((x - 1) * (x + 1)))
)
acsc: Kernel = rule(
    lambda x: torch.asin(1 / x), lambda x: -1 / (torch.abs(x) * torch.sqrt((x - 1) * (x + 1)))
)
acot: Kernel = rule(lambda x: torch.atan(1 / x), lambda x: -1 / (1 + x**2))
asech: Kernel = rule(
    lambda x: torch.acosh(1 / x), lambda x: -1 / (x * torch.sqrt((1 - x) * (1 + x)))
)
acsch: Kernel = rule(
    lambda x: torch.asinh(1 / x), lambda x: -1 / (torch.abs(x) * torch.sqrt(1 + x**2))
)
acoth: Kernel = rule(lambda x: torch.atanh(1 / x), lambda x: 1 / ((1 - x) * (1 + x)))


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


def _gamma(x: Tensor) -> Tensor:
    """Γ by the C library, element by element: exp(lgamma(x)) loses digits and the sign."""

    def entry(number: float) -> float:
        try:
            return math.gamma(number)
        except OverflowError:
            return math.inf
        except ValueError:  # a pole
            return math.nan

    numbers = [entry(number) for number in x.detach().double().flatten().tolist()]
    return torch.tensor(numbers, dtype=x.dtype, device=x.device).reshape(x.shape)


@cache
def polygamma(order: int) -> Kernel:
    """The derivative of digamma of this order, as (-1)**(n+1) n! ζ(n+1, x) for n ≥ 1."""
    if order == 0:
        return rule(torch.digamma, lambda x: polygamma(1)(x))
    sign_and_factorial = (-1) ** (order + 1) * math.factorial(order)

    def value(x: Tensor) -> Tensor:
        s = torch.full((), order + 1.0, dtype=x.dtype, device=x.device)
        result: Tensor = sign_and_factorial * torch.special.zeta(s, x)
        return result

    return rule(value, lambda x: polygamma(order + 1)(x))


lgamma: Kernel = rule(torch.lgamma, lambda x: polygamma(0)(x))
gamma: Kernel = rule(_gamma, lambda x: gamma(x) * polygamma(0)(x))


def factorial(x: Tensor) -> Tensor:
    return gamma(x + 1)
