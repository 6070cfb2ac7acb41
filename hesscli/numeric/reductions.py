"""What torch does for each kind of reduction in :data:`hesscli.expression.graph.KINDS`.

Each takes elements (…, m) and gives (…): the last axis goes. First and second derivatives are
right wherever the reduction has them, and keep their digits where torch's own would lose them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def prod(elements: Tensor) -> Tensor:
    """The product, by halves: torch's own divides by each element to differentiate."""
    while (count := elements.shape[-1]) > 1:
        half = count // 2
        left, right, rest = torch.split(elements, [half, half, count - 2 * half], dim=-1)
        elements = torch.cat([left * right, rest], dim=-1)
    return elements.squeeze(-1)


def norm(elements: Tensor) -> Tensor:
    """The Euclidean length; neither it nor its derivatives square what would overflow."""
    result: Tensor = _Norm.apply(elements)  # type: ignore[no-untyped-call]
    return result


def _length(elements: Tensor) -> Tensor:
    largest = elements.abs().amax(-1, keepdim=True).clamp_min(torch.finfo(elements.dtype).tiny)
    length: Tensor = torch.linalg.vector_norm(elements / largest, dim=-1)
    return length * largest.squeeze(-1)


class _Norm(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(elements: Tensor) -> Tensor:
        return _length(elements)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        (elements,) = ctx.saved_tensors
        return grad_outputs[0].unsqueeze(-1) * _Direction.apply(elements)  # type: ignore[no-untyped-call]


class _Direction(torch.autograd.Function):
    """The elements over their length. Its slopes are (δᵢⱼ - uᵢuⱼ)/length."""

    generate_vmap_rule = True

    @staticmethod
    def forward(elements: Tensor) -> Tensor:
        return elements / _length(elements).unsqueeze(-1)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs, output)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        elements, direction = ctx.saved_tensors
        along = direction * grad_outputs[0]
        # 1 - uᵢ² as the sum of the other squares: it cancels where one element is the largest.
        mixed = direction * (along.sum(-1, keepdim=True) - along)
        own = grad_outputs[0] * _others(direction**2)
        return (own - mixed) / _length(elements).unsqueeze(-1)


def _others(numbers: Tensor) -> Tensor:
    """For each number, the sum of all others."""
    nothing = torch.zeros_like(numbers[..., :1])
    before = torch.cat([nothing, numbers[..., :-1].cumsum(-1)], dim=-1)
    after = torch.cat([numbers[..., 1:].flip(-1).cumsum(-1).flip(-1), nothing], dim=-1)
    return before + after


REDUCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "sum": lambda elements: elements.sum(-1),
    "mean": lambda elements: elements.mean(-1),
    "max": lambda elements: elements.amax(-1),
    "min": lambda elements: elements.amin(-1),
    "prod": prod,
    "norm": norm,
    "logsumexp": lambda elements: torch.logsumexp(elements, -1),
}
