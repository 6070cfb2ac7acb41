"""A formula over tensors of known shapes, as a graph.

What is elementwise stays one SymPy expression, however large the tensors are: a :class:`Region`, in
the symbols of variables and of other nodes. Around the regions stand the nodes that join elements:
reductions, products of matrices, indices and linear algebra. A graph is made once for the shapes
that a point gives; each stage has one table with what a node means to it, and refuses others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hesscli.notes import Remark
from hesscli.shapes import Shape, broadcast, size
from hesscli.types import Expr, Formula, Site, Span


class Joins(Enum):
    """Which elements interact in a reduction."""

    NONE = auto()  # it is linear in pieces
    OTHERS = auto()  # a product: each with every other
    ALL = auto()


# Every kind of reduction.
KINDS: dict[str, Joins] = {
    "sum": Joins.NONE,
    "mean": Joins.NONE,
    "max": Joins.NONE,
    "min": Joins.NONE,
    "prod": Joins.OTHERS,
    "norm": Joins.ALL,
    "logsumexp": Joins.ALL,
}


@dataclass(frozen=True, slots=True)
class Typed:
    """Where a node stands in the formula, and its text."""

    part: str
    span: Span


@dataclass(frozen=True, slots=True)
class Region:
    """An elementwise part: an expression in the symbols of variables and of other nodes.

    ``names`` are those whose shapes it is broadcast to; ``sites`` where it may not be
    differentiable, in the same symbols.
    """

    expression: Expr
    names: tuple[str, ...]
    sites: tuple[Site, ...]

    def shape(self, shapes: Mapping[str, Shape]) -> Shape:
        """The shape of the part for variables and nodes of these shapes."""
        return broadcast(shapes.get(name, ()) for name in self.names)


@dataclass(frozen=True, slots=True)
class Constant:
    """Numbers that are in the formula itself, as the ones of ``eye(3)``: integers."""

    numbers: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Reduce:
    """The elements along some axes joined to one: of a kind in :data:`KINDS`."""

    kind: str
    operand: str
    axes: tuple[int, ...]
    typed: Typed


@dataclass(frozen=True, slots=True)
class Scan:
    """The sums of the elements so far, along an axis."""

    operand: str
    axis: int


@dataclass(frozen=True, slots=True)
class Contract:
    """Products of elements, summed over the letters that are not behind the arrow: an ``einsum``.

    A length of 1 stretches along its letter. ``is_product`` says that it is what ``@`` means.
    """

    subscripts: str
    operands: tuple[str, ...]
    is_product: bool = False

    @property
    def letters(self) -> tuple[list[str], str]:
        """The letters of the operands, and those of the result."""
        before, _, behind = self.subscripts.partition("->")
        return before.split(","), behind

    def lengths(self, shapes: Iterable[Shape]) -> dict[str, int]:
        """The length along each letter, for operands of these shapes."""
        found: dict[str, int] = {}
        for own, shape in zip(self.letters[0], shapes, strict=True):
            for letter, length in zip(own, shape, strict=True):
                found[letter] = max(length, found.get(letter, 1))
        return found


Axes = tuple[int, ...]
Place = Any  # what may stand in an index of NumPy's: int, slice, None, Ellipsis, an array


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """Elements of a tensor, as NumPy gives them for ``index``, or its axes in another order."""

    operand: str
    index: tuple[Place, ...] = ()
    axes: Axes | None = None

    def of(self, array: NDArray[Any]) -> NDArray[Any]:
        """The same of an array of anything."""
        found = array.transpose(self.axes) if self.axes is not None else array[self.index]
        return np.asarray(found, dtype=array.dtype)

    @property
    def is_view(self) -> bool:
        """Whether no element is gathered: nothing but numbers and slices forwards."""
        return not any(
            isinstance(p, np.ndarray) or (isinstance(p, slice) and (p.step or 1) < 0)
            for p in self.index
        )


@dataclass(frozen=True, slots=True)
class Join:
    """Tensors one after the other along an axis."""

    operands: tuple[str, ...]
    axis: int


@dataclass(frozen=True, slots=True)
class Linear:
    """Linear algebra of a square matrix: ``det``, ``logdet``, ``inv``, ``solve`` or ``expm``."""

    kind: str
    operands: tuple[str, ...]
    typed: Typed


Node = Region | Constant | Reduce | Scan | Contract | Index | Join | Linear


def operands(node: Node) -> tuple[str, ...]:
    """The names of what a node is made of."""
    match node:
        case Region(names=names):
            return names
        case Constant():
            return ()
        case Contract(operands=names) | Join(operands=names) | Linear(operands=names):
            return names
    return (node.operand,)


@dataclass(frozen=True, slots=True)
class Graph:
    """The nodes by their symbols' names, each after those that it uses.

    The formula is ``root``, summed over its elements. ``shapes`` are those of the nodes, and
    ``notes`` what the shapes tell of how the formula was read.
    """

    nodes: Mapping[str, Node]
    root: Region
    shapes: Mapping[str, Shape]
    notes: tuple[Remark, ...] = ()

    @property
    def is_elementwise(self) -> bool:
        """Whether the elements of tensors contribute one by one."""
        return not self.nodes

    def shape(self, shapes: Mapping[str, Shape]) -> Shape:
        """The shape that the formula gives before it is summed, for variables of these shapes."""
        return self.root.shape({**shapes, **self.shapes})


def elementwise(formula: Formula) -> Graph:
    """The graph of a formula whose elements contribute one by one, or of one in scalars."""
    return Graph({}, Region(formula.expression, formula.variables, formula.sites), {})


def steps(graph: Graph, shapes: Mapping[str, Shape]) -> int:
    """How many elements and products there are to compute, for variables of these shapes."""
    known = {**shapes, **graph.shapes}
    count = sum(map(size, shapes.values())) + size(graph.shape(shapes))
    return count + sum(products(node, known[n], known) for n, node in graph.nodes.items())


def products(node: Node, shape: Shape, shapes: Mapping[str, Shape]) -> int:
    """The same for one node of this shape."""
    if isinstance(node, Linear):
        return size(shapes[node.operands[0]]) * max(shapes[node.operands[0]])
    if not isinstance(node, Contract):
        return size(shape)
    return size(tuple(node.lengths(shapes[name] for name in node.operands).values()))


def split_axes(shape: Sequence[int], axes: Iterable[int]) -> tuple[list[int], list[int]]:
    """The axes that stay, and those that go."""
    gone = list(axes)
    return [k for k in range(len(shape)) if k not in gone], gone


def array_of(entries: Sequence[Any], shape: Shape) -> NDArray[Any]:
    """Row-major entries of any type as an array of this shape."""
    array = np.empty(len(entries), dtype=object)
    array[:] = entries
    return array.reshape(shape)
