"""What torch does for each kind of reduction in :data:`hesscli.expression.graph.KINDS`.

Each takes elements (…, m) and gives (…): the last axis goes. First and second derivatives are
right wherever the reduction has them, and keep their digits where torch's own would lose them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Kernel = Callable[[Tensor], Tensor]


def prod(elements: Tensor) -> Tensor:
    """The product, by halves: torch's own divides by each element to differentiate."""
    while (count := elements.shape[-1]) > 1:
        half = count // 2
        left, right, rest = torch.split(elements, [half, half, count - 2 * half], dim=-1)
        elements = torch.cat([left * right, rest], dim=-1)
    return elements.squeeze(-1)


def _rule(value: Kernel, slopes: Kernel) -> Kernel:
    """A reduction with ``value`` (…), differentiated as ``slopes`` (…, m)."""
    return _function(value, lambda elements, _, factor: factor.unsqueeze(-1) * slopes(elements))


def _function(value: Kernel, pulled: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Kernel:
    """A kernel whose backward pass is ``pulled``, of its elements, its result and the factor."""

    class Rule(torch.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(elements: Tensor) -> Tensor:
            return value(elements)

        @staticmethod
        def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
            ctx.save_for_backward(*inputs, output)

        @staticmethod
        def backward(ctx: Any, *grad_outputs: Any) -> Any:
            elements, result = ctx.saved_tensors
            return pulled(elements, result, grad_outputs[0])

    kernel: Kernel = Rule.apply
    return kernel


def _others(numbers: Tensor) -> Tensor:
    """For each number, the sum of all others: 1 minus a share cancels where that is the largest."""
    nothing = torch.zeros_like(numbers[..., :1])
    before = torch.cat([nothing, numbers[..., :-1].cumsum(-1)], dim=-1)
    after = torch.cat([numbers[..., 1:].flip(-1).cumsum(-1).flip(-1), nothing], dim=-1)
    return before + after


def _rest(products: Tensor) -> Tensor:
    """The same where one alone is not 0, as in a row of a Hessian, without looking at each."""
    return products.sum(-1, keepdim=True) - products


def _length(elements: Tensor) -> Tensor:
    """The Euclidean length, without squares that overflow."""
    largest = elements.abs().amax(-1, keepdim=True).clamp_min(torch.finfo(elements.dtype).tiny)
    length: Tensor = torch.linalg.vector_norm(elements / largest, dim=-1)
    return length * largest.squeeze(-1)


def _turned(elements: Tensor, unit: Tensor, factor: Tensor) -> Tensor:
    """``factor`` by the slopes of elements over their length, (δᵢⱼ - uᵢuⱼ)/length."""
    turned = factor * _others(unit**2) - unit * _rest(unit * factor)
    return turned / _length(elements).unsqueeze(-1)


def _shifted(elements: Tensor, shares: Tensor, factor: Tensor) -> Tensor:
    """``factor`` by the slopes of shares, pᵢ(δᵢⱼ - pⱼ)."""
    return shares * (factor * _others(shares) - _rest(shares * factor))


norm = _rule(_length, _function(lambda x: x / _length(x).unsqueeze(-1), _turned))
logsumexp = _rule(
    lambda x: torch.logsumexp(x, -1), _function(lambda x: torch.softmax(x, -1), _shifted)
)

REDUCTIONS: dict[str, Kernel] = {
    "sum": lambda elements: elements.sum(-1),
    "mean": lambda elements: elements.mean(-1),
    "max": lambda elements: elements.amax(-1),
    "min": lambda elements: elements.amin(-1),
    "prod": prod,
    "norm": norm,
    "logsumexp": logsumexp,
}
