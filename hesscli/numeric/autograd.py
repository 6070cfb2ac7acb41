"""Formula and point → value, gradient and Hessian, by ``torch.autograd.functional.hessian``.

Tensors stop here: what leaves is NumPy. The elements that autograd cannot be trusted with (a
kink, the edge of a domain, a NaN) are left out of its sum and named, for
:mod:`hesscli.exact.limits` to settle.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.functional import hessian

from hesscli.cost import available
from hesscli.derive.stable import stable
from hesscli.errors import ExitStatus, HessError
from hesscli.numeric.program import Program
from hesscli.shapes import broadcast, size
from hesscli.types import Array, Formula, Point, Random, Site, Sums, Value, Values, Variable

# Whatever comes this close to a kink in floating point is examined exactly.
NEAR = 1e-9
# Measured on 2 cores: a step of the backward pass takes about 8 µs, done once for each row when
# the rows are computed one by one; all rows at once need imports of half a second, paid once.
SECONDS_PER_STEP = 8e-6
IMPORT_SECONDS = 0.5


class Evaluator:
    """Evaluates one formula at any number of points."""

    def __init__(self, formula: Formula, dtype: str, device: str) -> None:
        self.formula = formula
        self.dtype_name = dtype
        self.dtype: torch.dtype = getattr(torch, dtype)
        self.device = _device(device, self.dtype)
        self.program = Program(stable(formula.expression))
        self.watched = Program(*(e for s in formula.sites for e in (*s.quantities, *s.guards)))

    def __call__(self, point: Point, generator: Callable[[], Any]) -> Sums:
        """The sums at ``point``; ``generator`` gives the torch generator of random values."""
        formula = self.formula
        tensors = {
            name: self._tensor(point.values[name], name, generator) for name in formula.variables
        }
        variables = tuple(
            Variable(name, point.values[name].shape) for name in formula.differentiated
        )
        constants = tuple(
            Variable(name, point.values[name].shape) for name in formula.variables[formula.wrt :]
        )
        shape = broadcast(t.shape for t in tensors.values())
        flat = {name: t.expand(shape).reshape(-1) for name, t in tensors.items()}
        suspect = self._suspects(flat)
        sums = self._sums(tensors, variables, shape, suspect)
        if not all(np.isfinite(part).all() for part in sums):
            suspect |= self._not_finite(flat)
            sums = self._sums(tensors, variables, shape, suspect)
        value, gradient, matrix = sums
        return Sums(
            variables=variables,
            constants=constants,
            numbers={name: _numpy(t.reshape(-1)) for name, t in tensors.items()},
            shape=shape,
            value=float(value),
            gradient=gradient,
            hessian=matrix,
            suspects=tuple(suspect.nonzero().squeeze(-1).tolist()),
            epsilon=torch.finfo(self.dtype).eps,
            single=self.dtype != torch.float64,
            operations=len(self.program),
        )

    def autograd(self, sums: Sums) -> Array:
        """The Hessian (n, n) that autograd alone gives at the point of ``sums``, unmended."""
        tensors = self._tensors(sums, self.dtype)
        none = torch.zeros(size(sums.shape), dtype=torch.bool, device=self.device)
        return self._sums(tensors, sums.variables, sums.shape, none)[2]

    def values(self, sums: Sums) -> Callable[[Array], Array]:
        """The formula's values, summed over elements, at (k, n) values of the differentiated
        variables: (k,), in double precision.
        """
        tensors = self._tensors(sums, torch.float64)
        sizes = [v.size for v in sums.variables]

        def batched(tensor: Tensor, shape: tuple[int, ...]) -> Tensor:
            stretched = (1,) * (len(sums.shape) - len(shape)) + shape
            return tensor.reshape(-1, *stretched)

        @torch.no_grad()
        def function(points: Array) -> Array:
            inputs = {v.name: batched(tensors[v.name], v.shape) for v in sums.constants}
            split = torch.split(torch.as_tensor(points, device=self.device), sizes, dim=1)
            for v, part in zip(sums.variables, split, strict=True):
                inputs[v.name] = batched(part, v.shape)
            (result,) = self.program(inputs, inputs[sums.variables[0].name])
            return _numpy(result.expand(len(points), *sums.shape).reshape(len(points), -1).sum(1))

        return function

    def _tensors(self, sums: Sums, dtype: torch.dtype) -> dict[str, Tensor]:
        return {
            v.name: torch.as_tensor(sums.numbers[v.name], dtype=dtype, device=self.device).reshape(
                v.shape
            )
            for v in (*sums.variables, *sums.constants)
        }

    def _tensor(self, value: Value, name: str, generator: Callable[[], Any]) -> Tensor:
        if isinstance(value, Random):
            # Drawn on the CPU, so that a seed means the same numbers on every device.
            value = drawn(value, self.dtype_name, generator())
        numbers = np.array([float(entry) for entry in value.entries]).reshape(value.shape)
        tensor = torch.as_tensor(numbers).to(self.dtype)
        if not torch.isfinite(tensor).all():
            raise HessError(
                "not-finite", f"a value of `{name}` is beyond the largest {self.dtype_name}",
                hint="--dtype float64",
            )  # fmt: skip
        return tensor.to(self.device)

    def _sums(
        self,
        tensors: dict[str, Tensor],
        variables: tuple[Variable, ...],
        shape: tuple[int, ...],
        suspect: Tensor,
    ) -> tuple[Array, Array, Array]:
        """Value, gradient and Hessian of the sum over the elements that are not suspect."""
        stacked = torch.cat([tensors[v.name].reshape(-1) for v in variables])
        sizes = [v.size for v in variables]
        keep = (~suspect).nonzero().squeeze(-1)

        def function(stacked: Tensor) -> Tensor:
            inputs = dict(tensors)
            for v, part in zip(variables, torch.split(stacked, sizes), strict=True):
                inputs[v.name] = part.reshape(v.shape)
            if len(keep) < len(suspect):
                inputs = {
                    n: t.expand(shape).reshape(-1).index_select(0, keep) for n, t in inputs.items()
                }
            (result,) = self.program(inputs, stacked)
            # A variable that cancels (x - x + y) still counts in the shape that is summed over.
            target = shape if len(keep) == len(suspect) else (len(keep),)
            return result.expand(target).sum()

        order = len(stacked)
        if not len(keep):
            return np.zeros(()), np.zeros(order), np.zeros((order, order))
        leaf = stacked.detach().requires_grad_()
        with _refused_by_name():
            value = function(leaf)
            gradient = torch.zeros_like(stacked)
            if value.requires_grad:  # else the formula has cancelled to a constant
                (gradient,) = torch.autograd.grad(value, leaf)
            steps = len(self.program) + 2 * len(variables)
            with warnings.catch_warnings():
                # Of torch's own making: a performance hint for kernels without a batching rule.
                warnings.simplefilter("ignore")
                matrix = hessian(  # type: ignore[no-untyped-call]
                    function, stacked, vectorize=_vectorize(order, steps, max(1, len(suspect)))
                )
        return _numpy(value), _numpy(gradient), _numpy(matrix)

    @torch.no_grad()
    def _suspects(self, flat: dict[str, Tensor]) -> Tensor:
        """Which elements of the broadcast tensor come near a site of the formula."""
        like = next(iter(flat.values()))
        suspect = torch.zeros_like(like, dtype=torch.bool)
        if not self.formula.sites:
            return suspect
        outputs = iter(self.watched(flat, like))
        for site in self.formula.sites:
            quantities = [next(outputs).expand(like.shape) for _ in site.quantities]
            hit = _near(site, quantities, like)
            for _ in site.guards:
                hit = hit & next(outputs).expand(like.shape)
            suspect |= hit
        return suspect

    def _not_finite(self, flat: dict[str, Tensor]) -> Tensor:
        """Which elements have a value or a derivative that is not finite.

        Elementwise, so all elements' own gradients come from one backward pass.
        """
        leaves = {
            name: t.detach().clone().requires_grad_(name in self.formula.differentiated)
            for name, t in flat.items()
        }
        like = next(iter(leaves.values()))
        inputs = [leaves[name] for name in self.formula.differentiated]
        (result,) = self.program(leaves, like)
        result = result.expand(like.shape)
        bad = ~torch.isfinite(result)
        if not result.requires_grad:
            return bad
        slopes = torch.autograd.grad(result.sum(), inputs, create_graph=True, allow_unused=True)
        for slope in slopes:
            if slope is None:
                continue
            bad |= ~torch.isfinite(slope)
            if slope.requires_grad:
                seconds = torch.autograd.grad(
                    slope.sum(), inputs, retain_graph=True, allow_unused=True
                )
                for second in seconds:
                    if second is not None:
                        bad |= ~torch.isfinite(second)
        return bad.detach()


def _near(site: Site, quantities: list[Tensor], like: Tensor) -> Tensor:
    """Where the test of ``site`` may hold: a NaN, and whatever is close, count as yes."""
    if site.test == "always":
        return torch.ones_like(like, dtype=torch.bool)
    if site.test in ("tie-max", "tie-min"):
        stacked = torch.stack(quantities)
        if site.test == "tie-min":
            stacked = -stacked
        top = stacked.topk(2, dim=0).values
        return ~((top[0] - top[1]).abs() > NEAR)
    quantity = quantities[0]
    match site.test:
        case "negative" | "nonpositive":
            return ~(quantity > NEAR)
        case "negative-power":
            exponent = quantities[1]
            return ~((quantity > NEAR) | (exponent == exponent.round()))
        case "zero":
            return ~(quantity.abs() > NEAR)
        case "pole":
            return ~((quantity > NEAR) | ((quantity - quantity.round()).abs() > NEAR))
        case "whole":
            return ~((quantity - quantity.round()).abs() > NEAR)
    raise AssertionError(site.test)


def _vectorize(order: int, steps: int, elements: int) -> bool:
    """Whether all rows at once are quicker than one after the other, and fit in memory."""
    seconds = order * steps * (SECONDS_PER_STEP + elements * 1e-9)
    imported = "torch._functorch.eager_transforms" in sys.modules
    if seconds < (0.002 if imported else IMPORT_SECONDS):
        return False
    return order * steps * elements * 8 < available() / 8


@contextmanager
def _refused_by_name() -> Iterator[None]:
    """Turns what torch says about a missing kernel into an error for a user."""
    try:
        yield
    except RuntimeError as error:  # NotImplementedError too
        first_line = (str(error).splitlines() or [""])[0][:200]
        memory = "memory" in first_line.lower()
        raise HessError(
            "too-large" if memory else "unsupported",
            f"torch cannot compute this: {first_line}",
            hint="--dtype float64 --device cpu",
            status=ExitStatus.USAGE if memory else ExitStatus.NO_ANSWER,
        ) from error


def _device(name: str, dtype: torch.dtype) -> torch.device:
    try:
        device = torch.device(name)
        torch.zeros((), dtype=dtype, device=device).item()
    except (RuntimeError, AssertionError, NotImplementedError, TypeError) as error:
        reason = (str(error).splitlines() or ["not available"])[0]
        raise HessError(
            "bad-device", f"`--device {name}` cannot be used: {reason}", hint="--device cpu"
        ) from None
    return device


def _numpy(tensor: Tensor) -> Array:
    return np.asarray(tensor.detach().cpu().to(torch.float64).numpy())


def drawn(value: Random, dtype: str, generator: Any) -> Values:
    """Known values in place of those to be drawn."""
    draw = torch.randn if value.law == "randn" else torch.rand
    tensor = draw(value.shape, generator=generator, dtype=getattr(torch, dtype))
    return Values(value.shape, tuple(tensor.double().flatten().tolist()))


def generator(seed: int) -> torch.Generator:
    """The generator of random values: the numbers of ``torch.manual_seed(seed)``."""
    return torch.Generator().manual_seed(seed)
