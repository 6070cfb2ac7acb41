"""Formula and point → value, gradient and Hessian, by ``torch.autograd.functional.hessian``.

Tensors stop here: what leaves is NumPy. The elements that autograd cannot be trusted with (a
kink, the edge of a domain, a NaN) are left out of its sum and named, for
:mod:`hesscli.exact.limits.evidence` to settle.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.functional import hessian, jacobian

from hesscli.derive.pattern import joint_zeros
from hesscli.errors import ExitStatus, HessError
from hesscli.expression.graph import Graph, elementwise, operands
from hesscli.expression.tensors import graph_of
from hesscli.numeric import nodes
from hesscli.numeric.evaluator import Compiled, Jets
from hesscli.numeric.nodes import Elementwise, compiled
from hesscli.numeric.watch import near
from hesscli.shapes import Shape, size
from hesscli.types import Array, Formula, Met, Point, Random, Sums, Value, Values, Variable

# Measured on 2 cores: a step of the backward pass takes about 8 µs, done once for each row when
# the rows are computed one by one; all rows at once need imports of half a second, paid once.
SECONDS_PER_STEP = 8e-6
IMPORT_SECONDS = 0.5
MAX_AT_ONCE = 2**28  # bytes, beside the Hessian's own


@dataclass(frozen=True, slots=True)
class Autograd:
    """Evaluates in a torch dtype, on a torch device."""

    dtype: str = "float64"
    device: str = "cpu"

    def evaluator(self, formula: Formula, shapes: Mapping[str, Shape]) -> Evaluator:
        """What computes ``formula`` in variables of these shapes."""
        return Evaluator(formula, self.dtype, self.device, graph_of(formula, shapes), shapes)

    def prepare(self, formula: Formula, shapes: Mapping[str, Shape]) -> Compiled:
        """See :class:`hesscli.numeric.evaluator.Evaluator`."""
        return self.evaluator(formula, shapes).jets


def batch_of(sums: Sums) -> dict[str, Array]:
    """The point of ``sums`` as a batch of one."""
    variables = (*sums.variables, *sums.constants)
    return {v.name: sums.numbers[v.name].reshape(1, *v.shape) for v in variables}


class Evaluator:
    """Evaluates one formula at any number of points: as it is, or the graph that is made of it for
    variables of these shapes.
    """

    def __init__(
        self,
        formula: Formula,
        dtype: str,
        device: str,
        graph: Graph | None = None,
        shapes: Mapping[str, Shape] | None = None,
    ) -> None:
        self.formula = formula
        self.dtype_name = dtype
        self.dtype: torch.dtype = getattr(torch, dtype)
        self.device = _device(device, self.dtype)
        self.graph = graph or elementwise(formula)
        known = {**(shapes or {}), **self.graph.shapes}
        like = torch.zeros((), dtype=self.dtype, device=self.device)
        self.steps = [
            (n, node, compiled(node, known, like)) for n, node in self.graph.nodes.items()
        ]
        self.root = Elementwise(self.graph.root)
        regions = [step for _, _, step in self.steps if isinstance(step, Elementwise)]
        self.operations = sum(map(len, (*regions, self.root))) + len(self.steps) - len(regions)
        self._varying = _varying(self.graph, formula.differentiated)

    def __call__(self, point: Point) -> Sums:
        """The sums at ``point``, whose values are known, not to be drawn."""
        formula = self.formula
        tensors = {name: self._tensor(point.values[name], name) for name in formula.variables}
        shapes = {name: value.shape for name, value in point.values.items()}
        variables = tuple(Variable(name, shapes[name]) for name in formula.differentiated)
        constants = tuple(Variable(n, shapes[n]) for n in formula.variables[formula.wrt :])
        shape = self.graph.shape(shapes)
        suspect, met = self._suspects(tensors, size(shape))
        try:
            sums = self._sums(tensors, variables, suspect)
        except HessError:
            if not met:
                raise
            order = sum(v.size for v in variables)  # a matrix that is singular
            sums = np.array(np.nan), np.full(order, np.nan), np.full((order, order), np.nan)
        if not all(np.isfinite(part).all() for part in sums):
            suspect |= self._not_finite(tensors, shape)
            if self.graph.is_elementwise:
                sums = self._sums(tensors, variables, suspect)
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
            operations=self.operations,
            met=tuple(met),
            structural=None
            if self.graph.is_elementwise
            else joint_zeros(self.graph, variables, shapes),
        )

    def derivatives(self, tensors: Mapping[str, Tensor]) -> tuple[Array, Array, Array]:
        """Value, gradient (n,) and Hessian (n, n) at tensors on this device, whatever is near."""
        shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
        variables = tuple(Variable(name, shapes[name]) for name in self.formula.differentiated)
        none = torch.zeros(size(self.graph.shape(shapes)), dtype=torch.bool, device=self.device)
        return self._sums(dict(tensors), variables, none)

    def jets(self, batch: Mapping[str, Array]) -> Jets:
        """What autograd alone gives, unmended: :data:`hesscli.numeric.evaluator.Compiled`.

        All points at once: no point has a part in another's derivatives.
        """
        inputs = {
            n: torch.as_tensor(a, dtype=self.dtype, device=self.device) for n, a in batch.items()
        }
        names = self.formula.differentiated
        count = len(inputs[names[0]])
        stacked = torch.cat([inputs[n].reshape(count, -1) for n in names], dim=1).requires_grad_()
        sizes = [inputs[n][0].numel() for n in names]
        for name, part in zip(names, torch.split(stacked, sizes, dim=1), strict=True):
            inputs[name] = part.reshape(inputs[name].shape)
        gradient, rows = torch.zeros_like(stacked), [torch.zeros_like(stacked)] * stacked.shape[1]
        with _refused_by_name():
            value = self._value(inputs, lead=1).expand(count)
            if value.requires_grad:
                (gradient,) = torch.autograd.grad(value.sum(), stacked, create_graph=True)
            if gradient.requires_grad:
                rows = [
                    torch.autograd.grad(slopes.sum(), stacked, retain_graph=True)[0]
                    for slopes in gradient.unbind(1)
                ]
        parts = map(_numpy, (value, gradient, torch.stack(rows, dim=1)))
        return Jets(*(np.where(np.isfinite(part), part, np.nan) for part in parts))

    def function(self, point: Mapping[str, Array]) -> Callable[[Array], Array]:
        """The formula's values, summed over elements, at (k, n) values of the differentiated
        variables: (k,), in double precision. The others are those of ``point``, with their shapes.
        """
        tensors = {
            n: torch.as_tensor(a, dtype=torch.float64, device=self.device).unsqueeze(0)
            for n, a in point.items()
        }
        names = self.formula.differentiated
        sizes = [tensors[name].numel() for name in names]

        @torch.no_grad()
        def values(points: Array) -> Array:
            inputs = dict(tensors)
            split = torch.split(torch.as_tensor(points, device=self.device), sizes, dim=1)
            for name, part in zip(names, split, strict=True):
                inputs[name] = part.reshape(-1, *tensors[name].shape[1:])
            return _numpy(self._value(inputs, lead=1).expand(len(points)))

        return values

    def values(self, sums: Sums) -> Callable[[Array], Array]:
        """The same around the point of ``sums``."""
        return self.function({n: numbers[0] for n, numbers in batch_of(sums).items()})

    def _value(self, inputs: Mapping[str, Tensor], lead: int = 0) -> Tensor:
        """The formula's value for tensors with so many leading axes of points (none or one)."""
        values = dict(inputs)
        for name, _, step in self.steps:
            values[name] = step(values, lead)
        found = self.root(values, lead)
        return found.reshape(*found.shape[:lead], -1).sum(-1)

    def _tensor(self, value: Value, name: str) -> Tensor:
        assert isinstance(value, Values)
        numbers = np.array([float(entry) for entry in value.entries]).reshape(value.shape)
        tensor = torch.as_tensor(numbers).to(self.dtype)
        if not torch.isfinite(tensor).all():
            raise HessError(
                "not-finite", f"a value of `{name}` is beyond the largest {self.dtype_name}",
                hint="--dtype float64",
            )  # fmt: skip
        return tensor.to(self.device)

    def _sums(
        self, tensors: dict[str, Tensor], variables: tuple[Variable, ...], suspect: Tensor
    ) -> tuple[Array, Array, Array]:
        """Value, gradient and Hessian of the sum over the elements that are not suspect."""
        stacked = torch.cat([tensors[v.name].reshape(-1) for v in variables])
        sizes = [v.size for v in variables]
        keep = (~suspect).nonzero().squeeze(-1)
        order = len(stacked)
        if not self.graph.is_elementwise:
            keep = torch.arange(len(suspect))  # all of it, for what a proof may replace
        elif not len(keep):
            return np.zeros(()), np.zeros(order), np.zeros((order, order))

        def function(stacked: Tensor) -> Tensor:
            inputs = dict(tensors)
            for v, part in zip(variables, torch.split(stacked, sizes), strict=True):
                inputs[v.name] = part.reshape(v.shape)
            if len(keep) < len(suspect):
                shape = self.root.shape(inputs)
                inputs = {
                    n: t.expand(shape).reshape(-1).index_select(0, keep) for n, t in inputs.items()
                }
            return self._value(inputs)

        leaf = stacked.detach().requires_grad_()
        with _refused_by_name():
            value = function(leaf)
            gradient = torch.zeros_like(stacked)
            if value.requires_grad:  # else the formula has cancelled to a constant
                (gradient,) = torch.autograd.grad(value, leaf)
            matrix = self._hessian(function, stacked, tensors)
        return _numpy(value), _numpy(gradient), _numpy(matrix)

    def _hessian(
        self, function: Callable[[Tensor], Tensor], stacked: Tensor, tensors: nodes.Values
    ) -> Tensor:
        """The Hessian (n, n) of ``function`` at ``stacked`` (n,), the faster of torch's ways that
        fits in memory.
        """
        order = len(stacked)
        steps = self.operations + 2 * self.formula.wrt
        entries = self._entries(tensors)
        with warnings.catch_warnings():
            # Of torch's own making: a performance hint for kernels without a batching rule.
            warnings.simplefilter("ignore")
            if not _is_worth_batching(order, steps, entries):
                return hessian(function, stacked)  # type: ignore[no-any-return, no-untyped-call]
            rows = max(1, MAX_AT_ONCE // (steps * entries * 8))
            if rows >= order:
                return hessian(function, stacked, vectorize=True)  # type: ignore[no-any-return, no-untyped-call]

            def slopes(inputs: Tensor, start: int) -> Tensor:
                value = function(inputs)
                (gradient,) = torch.autograd.grad(value, inputs, create_graph=True)
                return gradient[start : start + rows]

            return torch.cat(
                [
                    jacobian(partial(slopes, start=start), stacked, vectorize=True)  # type: ignore[no-untyped-call]
                    for start in range(0, order, rows)
                ]
            )

    def _entries(self, tensors: nodes.Values) -> int:
        """The number of elements of the largest tensor that varies."""
        shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
        shapes |= self.graph.shapes
        found = [size(shapes[name]) for name in self._varying]
        return max(1, size(self.graph.root.shape(shapes)), *found)

    @torch.no_grad()
    def _suspects(self, tensors: dict[str, Tensor], count: int) -> tuple[Tensor, list[Met]]:
        """Which of the ``count`` elements of the result come near a site of the formula; and of a
        graph, near which.
        """
        values = dict(tensors)
        suspect = torch.zeros(count, dtype=torch.bool, device=self.device)
        if self.graph.is_elementwise:
            for hit in self.root.near(values):
                suspect |= hit.reshape(-1)
            return suspect, []
        met: list[Met] = []
        for name, node, step in self.steps:
            if name in self._varying:  # what nothing is differentiated by need not be smooth
                met += near(node, step, values)
            values[name] = step(values, 0)
        met += near(self.graph.root, self.root, values)
        return suspect | bool(met), met

    def _not_finite(self, tensors: dict[str, Tensor], shape: Shape) -> Tensor:
        """Which elements have a value or a derivative that is not finite.

        Elementwise, so all elements' own gradients come from one backward pass.
        """
        if not self.graph.is_elementwise:
            return torch.ones(size(shape), dtype=torch.bool, device=self.device)
        leaves = {
            name: t.detach()
            .expand(shape)
            .reshape(-1)
            .clone()
            .requires_grad_(name in self.formula.differentiated)
            for name, t in tensors.items()
        }
        inputs = [leaves[name] for name in self.formula.differentiated]
        result = self.root(leaves, 0)
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


def _is_worth_batching(order: int, steps: int, entries: int) -> bool:
    """Whether rows at once are quicker than one by one, of tensors with so many entries."""
    seconds = order * steps * (SECONDS_PER_STEP + entries * 1e-9)
    imported = "torch._functorch.eager_transforms" in sys.modules
    return seconds >= (0.002 if imported else IMPORT_SECONDS)


def _varying(graph: Graph, differentiated: Collection[str]) -> list[str]:
    """The variables and nodes that a derivative goes through."""
    found = dict.fromkeys(differentiated)
    for name, node in graph.nodes.items():
        if not found.keys().isdisjoint(operands(node)):
            found[name] = None
    return list(found)


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
            "this takes more memory than there is"
            if memory
            else f"torch cannot compute this: {first_line}",
            hint="smaller tensors, or `--wrt` with fewer variables"
            if memory
            else "--dtype float64 --device cpu",
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
    """Known values in place of those to be drawn: on the CPU, so that a seed means the same numbers
    on every device.
    """
    draw = torch.randn if value.law == "randn" else torch.rand
    tensor = draw(value.shape, generator=generator, dtype=getattr(torch, dtype))
    return Values(value.shape, tuple(tensor.double().flatten().tolist()))


def generator(seed: int) -> torch.Generator:
    """The generator of random values: the numbers of ``torch.manual_seed(seed)``."""
    return torch.Generator().manual_seed(seed)
