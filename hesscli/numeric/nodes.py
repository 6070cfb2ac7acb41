"""What torch does for each node of a graph.

A node is compiled once, for the shapes of its operands. Its step takes tensors with leading axes of
points, none or one, which a constant has with length 1, and gives one with these axes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from string import ascii_letters
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hesscli.derive.stable import stable
from hesscli.expression.graph import (
    Constant,
    Contract,
    Graph,
    Index,
    Join,
    Linear,
    Node,
    Reduce,
    Region,
    Scan,
    split_axes,
)
from hesscli.functions.hazards import READINGS
from hesscli.numeric.program import Program
from hesscli.numeric.reductions import REDUCTIONS
from hesscli.shapes import Shape, broadcast

Values = Mapping[str, Tensor]
Step = Callable[[Values, int], Tensor]


class Elementwise:
    """A region as programs: of its numbers, and of what its sites watch."""

    def __init__(self, region: Region) -> None:
        self.region = region
        self.program = Program(stable(region.expression))
        self.watched = Program(*(e for s in region.sites for e in (*s.quantities, *s.guards)))

    def __len__(self) -> int:
        return len(self.program)

    def shape(self, values: Values) -> Shape:
        """The shape of the part; a variable that cancels (x - x + y) counts too."""
        return broadcast(values[name].shape for name in self.region.names if name in values)

    def __call__(self, values: Values, lead: int) -> Tensor:
        own = {name: values[name] for name in self.region.names if name in values}
        like = next(iter(values.values()))
        if lead:
            rank = max((t.dim() for t in own.values()), default=1)
            own = {
                n: t.reshape(t.shape[0], *(1,) * (rank - t.dim()), *t.shape[1:])
                for n, t in own.items()
            }
        (result,) = self.program(own, like)
        shape = self.shape(own) or (1,) * lead
        return result if result.shape == shape else result.expand(shape)

    def near(self, values: Values) -> list[Tensor]:
        """For each site, which elements of the part come near it."""
        shape = self.shape(values)
        like = next(iter(values.values()))
        outputs = (t.expand(shape) for t in self.watched(values, like))
        found = []
        for site in self.region.sites:
            quantities = [next(outputs) for _ in site.quantities]
            hit = torch.ones(shape, dtype=torch.bool, device=like.device)
            if quantities:
                hit = READINGS[site.test].near(torch.stack(quantities))
            for _ in site.guards:
                hit = hit & next(outputs)
            found.append(hit)
        return found


def rows(node: Reduce, tensor: Tensor, lead: int = 0) -> Tensor:
    """The elements (…, m) of which each row is joined to one."""
    stays, gone = split_axes(tensor.shape[lead:], node.axes)
    axes = [*range(lead), *(k + lead for k in (*stays, *gone))]
    moved = tensor if axes == sorted(axes) else tensor.permute(axes)
    return moved.flatten(lead + len(stays)) if len(gone) > 1 else moved


def _region(node: Region, shapes: Mapping[str, Shape], like: Tensor) -> Step:
    return Elementwise(node)


def _constant(node: Constant, shapes: Mapping[str, Shape], like: Tensor) -> Step:
    tensor = torch.as_tensor(node.numbers).to(like)
    return lambda values, lead: tensor.reshape(*(1,) * lead, *tensor.shape)


def _reduce(node: Reduce, shapes: Mapping[str, Shape], like: Tensor) -> Step:
    kernel = REDUCTIONS[node.kind]
    return lambda values, lead: kernel(rows(node, values[node.operand], lead))


def _scan(node: Scan, shapes: Mapping[str, Shape], like: Tensor) -> Step:
    return lambda values, lead: values[node.operand].cumsum(node.axis + lead)


def _contract(node: Contract, shapes: Mapping[str, Shape], like: Tensor) -> Step:
    letters, result = node.letters
    free = next(letter for letter in ascii_letters if letter not in node.subscripts)
    points = ",".join(free + own for own in letters) + "->" + free + result

    def contracted(values: Values, lead: int) -> Tensor:
        tensors = [values[name] for name in node.operands]
        if node.is_product and not lead:
            return _product(*tensors)
        return torch.einsum(points if lead else node.subscripts, *tensors)

    return contracted


def _product(left: Tensor, right: Tensor) -> Tensor:
    """``left @ right``, with what is constant on the right: torch stretches a constant on the left
    for each row of a batch, where one product of matrices has them all.
    """
    if left.requires_grad or left.dim() > 2 or right.dim() > 2:
        return torch.matmul(left, right)
    if left.dim() == 1:
        return torch.matmul(left, right) if right.dim() == 1 else _product(right.T, left)
    columns = right.unsqueeze(0) if right.dim() == 1 else right.T
    return torch.matmul(columns, left.T).T.reshape(left.shape[0], *right.shape[1:])


def _index(node: Index, shapes: Mapping[str, Shape], like: Tensor) -> Step:
    if node.axes is not None:
        axes = node.axes
        return lambda values, lead: values[node.operand].permute(
            *range(lead), *(axis + lead for axis in axes)
        )
    if node.is_view:
        return lambda values, lead: values[node.operand][(slice(None),) * lead + node.index]
    shape = shapes[node.operand]
    first = node.index[0]
    if len(node.index) == 1 and isinstance(first, np.ndarray) and first.ndim == 1:
        places = torch.as_tensor(first % shape[0], device=like.device)
        return lambda values, lead: values[node.operand].index_select(lead, places)
    found = node.of(np.arange(int(np.prod(shape))).reshape(shape))
    flat = torch.as_tensor(np.ascontiguousarray(found.ravel()), device=like.device)

    def gathered(values: Values, lead: int) -> Tensor:
        tensor = values[node.operand].flatten(lead)
        return tensor.index_select(lead, flat).reshape(*tensor.shape[:lead], *found.shape)

    return gathered


def _join(node: Join, shapes: Mapping[str, Shape], like: Tensor) -> Step:
    def joined(values: Values, lead: int) -> Tensor:
        tensors = [values[name] for name in node.operands]
        if lead:
            points = broadcast(t.shape[:lead] for t in tensors)
            tensors = [t.expand(*points, *t.shape[lead:]) for t in tensors]
        return torch.cat(tensors, dim=node.axis + lead)

    return joined


def _solve(values: Values, node: Linear) -> Tensor:
    matrix, right = (values[name] for name in node.operands)
    # Unlike `solve`, it gives infinities where a matrix is singular.
    if right.dim() == matrix.dim():
        found: Tensor = torch.linalg.solve_ex(matrix, right)[0]
        return found
    column: Tensor = torch.linalg.solve_ex(matrix, right.unsqueeze(-1))[0]
    return column.squeeze(-1)


_LINEAR: dict[str, Callable[..., Tensor]] = {
    "det": torch.linalg.det,
    "logdet": torch.logdet,
    "inv": lambda matrix: torch.linalg.inv_ex(matrix)[0],
    "expm": torch.linalg.matrix_exp,
}


def _linear(node: Linear, shapes: Mapping[str, Shape], like: Tensor) -> Step:
    if node.kind == "solve":
        return lambda values, lead: _solve(values, node)
    kernel = _LINEAR[node.kind]
    return lambda values, lead: kernel(values[node.operands[0]])


_STEPS: dict[type, Callable[[Any, Mapping[str, Shape], Tensor], Step]] = {
    Region: _region,
    Constant: _constant,
    Reduce: _reduce,
    Scan: _scan,
    Contract: _contract,
    Index: _index,
    Join: _join,
    Linear: _linear,
}


def values_of(graph: Graph, arrays: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """The values of a graph before they are summed, in double precision."""
    values = {name: torch.as_tensor(array, dtype=torch.float64) for name, array in arrays.items()}
    shapes = {**{name: array.shape for name, array in arrays.items()}, **graph.shapes}
    like = torch.zeros((), dtype=torch.float64)
    for name, node in graph.nodes.items():
        values[name] = compiled(node, shapes, like)(values, 0)
    return np.asarray(Elementwise(graph.root)(values, 0).numpy())


def compiled(node: Node, shapes: Mapping[str, Shape], like: Tensor) -> Step:
    """The step of a node whose operands have these shapes, in the dtype and on the device of
    ``like``.
    """
    return _STEPS[type(node)](node, shapes, like)
