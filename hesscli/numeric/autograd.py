"""Formula and point → value, gradient and Hessian, by ``torch.autograd.functional.hessian``.

Tensors stop here: what leaves is NumPy. The elements that autograd cannot be trusted with (a
kink, the edge of a domain, a NaN) are left out of its sum and named, for
:mod:`hesscli.exact.limits.evidence` to settle.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.functional import hessian

from hesscli.derive.pattern import joint_zeros
from hesscli.derive.stable import stable
from hesscli.errors import ExitStatus, HessError
from hesscli.expression.graph import Graph, Region, elementwise, graph_of
from hesscli.functions.hazards import READINGS
from hesscli.functions.table import BY_NAME
from hesscli.numeric.evaluator import Compiled, Jets
from hesscli.numeric.program import Program
from hesscli.numeric.reductions import REDUCTIONS
from hesscli.shapes import Shape, broadcast, size
from hesscli.types import Array, Formula, Point, Random, Sums, Value, Values, Variable

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
        graph = graph_of(formula) if any(shapes.values()) else elementwise(formula)
        if graph is None or not graph.fits(shapes):
            raise HessError(
                "unsupported", "this formula has to be written out in its elements",
                hint="numbers for its variables", status=ExitStatus.NO_ANSWER,
            )  # fmt: skip
        return Evaluator(formula, self.dtype, self.device, graph)

    def prepare(self, formula: Formula, shapes: Mapping[str, Shape]) -> Compiled:
        """See :class:`hesscli.numeric.evaluator.Evaluator`."""
        return self.evaluator(formula, shapes).jets


def batch_of(sums: Sums) -> dict[str, Array]:
    """The point of ``sums`` as a batch of one."""
    variables = (*sums.variables, *sums.constants)
    return {v.name: sums.numbers[v.name].reshape(1, *v.shape) for v in variables}


class Evaluator:
    """Evaluates one formula at any number of points: as it is, or the graph that is made of it."""

    def __init__(
        self, formula: Formula, dtype: str, device: str, graph: Graph | None = None
    ) -> None:
        self.formula = formula
        self.dtype_name = dtype
        self.dtype: torch.dtype = getattr(torch, dtype)
        self.device = _device(device, self.dtype)
        self.graph = graph or elementwise(formula)
        self.nodes = [
            (name, node.kind, [_Compiled(part) for part in node.parts])
            for name, node in self.graph.nodes.items()
        ]
        self.root = self.nodes[-1][2][0]
        programs = [part.program for _, _, parts in self.nodes for part in parts]
        self.operations = sum(map(len, programs)) + len(self.nodes) - 1

    def __call__(self, point: Point) -> Sums:
        """The sums at ``point``, whose values are known, not to be drawn."""
        formula = self.formula
        tensors = {name: self._tensor(point.values[name], name) for name in formula.variables}
        shapes = {name: value.shape for name, value in point.values.items()}
        variables = tuple(Variable(name, shapes[name]) for name in formula.differentiated)
        constants = tuple(Variable(n, shapes[n]) for n in formula.variables[formula.wrt :])
        shape = self.graph.shape(shapes)
        suspect = self._suspects(tensors, size(shape))
        sums = self._sums(tensors, variables, suspect)
        if not all(np.isfinite(part).all() for part in sums):
            suspect |= self._not_finite(tensors, shape)
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
            structural=None
            if self.graph.is_elementwise
            else joint_zeros(self.graph, variables, shapes),
        )

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
        for name, kind, parts in self.nodes:
            found = [part(values, lead) for part in parts]
            if len(found) > 1:
                points = broadcast(each.shape[:lead] for each in found)
                found = [torch.cat([each.expand(*points, -1) for each in found], dim=-1)]
            values[name] = REDUCTIONS[kind](found[0])
        return values[name]

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
        if not len(keep) or (len(keep) < len(suspect) and not self.graph.is_elementwise):
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
            steps = self.operations + 2 * len(variables)
            largest = max(size(p.shape(tensors)) for _, _, parts in self.nodes for p in parts)
            with warnings.catch_warnings():
                # Of torch's own making: a performance hint for kernels without a batching rule.
                warnings.simplefilter("ignore")
                matrix = hessian(  # type: ignore[no-untyped-call]
                    function, stacked, vectorize=_vectorize(order, steps, max(1, largest))
                )
        return _numpy(value), _numpy(gradient), _numpy(matrix)

    @torch.no_grad()
    def _suspects(self, tensors: dict[str, Tensor], count: int) -> Tensor:
        """Which of the ``count`` elements of the result come near a site of the formula."""
        values = dict(tensors)
        suspect = torch.zeros(count, dtype=torch.bool, device=self.device)
        for name, kind, parts in self.nodes:
            hits = [part.near(values) for part in parts if part.sites]
            if name == self.nodes[-1][0]:
                for hit in hits:
                    suspect |= hit
                break
            elements = torch.cat([part(values, 0) for part in parts])
            values[name] = REDUCTIONS[kind](elements)
            for hazard in BY_NAME[kind].hazards:
                # A norm is watched by its square.
                watched = (elements**2).sum(0, keepdim=True) if kind == "norm" else elements
                if kind == "norm" or len(elements) > 1:
                    hits.append(READINGS[hazard.test].near(watched))
            suspect |= any(bool(hit.any()) for hit in hits)
        if not self.graph.is_elementwise:
            suspect |= suspect.any()
        return suspect

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


class _Compiled:
    """An elementwise part as programs: of its numbers, and of what its sites watch."""

    def __init__(self, region: Region) -> None:
        self.names = region.names
        self.sites = region.sites
        self.program = Program(stable(region.expression))
        self.watched = Program(*(e for s in self.sites for e in (*s.quantities, *s.guards)))

    def shape(self, values: Mapping[str, Tensor]) -> Shape:
        """The shape of the part; a variable that cancels (x - x + y) counts too."""
        return broadcast(values[name].shape for name in self.names if name in values)

    def __call__(self, values: Mapping[str, Tensor], lead: int) -> Tensor:
        """The elements (…, m) for tensors with so many leading axes."""
        if lead:
            rank = max(t.dim() for t in values.values())
            values = {
                n: t.reshape(t.shape[0], *(1,) * (rank - t.dim()), *t.shape[1:])
                for n, t in values.items()
            }
        (result,) = self.program(values, next(iter(values.values())))
        shape = self.shape(values)
        if lead:  # a part without tensors has the points of the nodes that it uses
            shape = broadcast((shape, result.shape))
        if result.shape != shape:
            result = result.expand(shape)
        return result.reshape(*shape[:lead], -1)

    def near(self, values: Mapping[str, Tensor]) -> Tensor:
        """Which elements (m,) come near a site."""
        shape = self.shape(values)
        like = next(iter(values.values()))
        outputs = (t.expand(shape).reshape(-1) for t in self.watched(values, like))
        found = torch.zeros(size(shape), dtype=torch.bool, device=like.device)
        for site in self.sites:
            quantities = [next(outputs) for _ in site.quantities]
            hit = torch.ones_like(found)
            if quantities:
                hit = READINGS[site.test].near(torch.stack(quantities))
            for _ in site.guards:
                hit = hit & next(outputs)
            found |= hit
        return found


def _vectorize(order: int, steps: int, elements: int) -> bool:
    """Whether all rows at once are quicker than one after the other, and fit in memory."""
    seconds = order * steps * (SECONDS_PER_STEP + elements * 1e-9)
    imported = "torch._functorch.eager_transforms" in sys.modules
    if seconds < (0.002 if imported else IMPORT_SECONDS):
        return False
    return order * steps * elements * 8 < MAX_AT_ONCE


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
    """Known values in place of those to be drawn: on the CPU, so that a seed means the same numbers
    on every device.
    """
    draw = torch.randn if value.law == "randn" else torch.rand
    tensor = draw(value.shape, generator=generator, dtype=getattr(torch, dtype))
    return Values(value.shape, tuple(tensor.double().flatten().tolist()))


def generator(seed: int) -> torch.Generator:
    """The generator of random values: the numbers of ``torch.manual_seed(seed)``."""
    return torch.Generator().manual_seed(seed)
