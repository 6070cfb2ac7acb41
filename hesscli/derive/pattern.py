"""Which entries of a Hessian are zero at every point, proved from the formula alone.

Two variables interact where a product joins them, or a function that is not linear. What never
interacts has the second derivative 0: the sparsity pattern of Griewank & Walther, *Evaluating
Derivatives*, §7.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set

import numpy as np
import sympy
from numpy.typing import NDArray

from hesscli.expression.graph import (
    KINDS,
    Contract,
    Graph,
    Index,
    Join,
    Joins,
    Linear,
    Node,
    Reduce,
    Region,
    Scan,
    operands,
    split_axes,
)
from hesscli.expression.names import symbol
from hesscli.shapes import Shape, size
from hesscli.types import Expr, Formula, Mask, Variable

_CONSTANT = (sympy.floor, sympy.ceiling, sympy.sign, sympy.Heaviside)  # in pieces
_LINEAR = (sympy.Add, sympy.Abs, sympy.Max, sympy.Min)  # in pieces, but for the sum


MAX_DEPENDENCIES = 20_000_000_000  # of elements on pairs of rows


def rows_of(variables: Sequence[Variable]) -> dict[str, NDArray[np.intp]]:
    """The rows of the Hessian that are each variable's elements, in its shape."""
    ends = np.cumsum([v.size for v in variables])
    return {
        v.name: np.arange(end - v.size, end).reshape(v.shape)
        for v, end in zip(variables, ends, strict=True)
    }


def structural_zeros(
    formula: Formula,
    variables: Sequence[Variable],
    shape: Shape,
    derivative: Callable[[tuple[int, int]], Expr] | None = None,
) -> Mask:
    """Where the Hessian in ``variables`` is zero at every point: (n, n), True where it is.

    ``shape`` is that of the tensor which the formula gives before it is summed: two elements
    interact only where they meet in one of its elements. ``derivative`` gives the second
    derivatives in symbols, where they are known: some cancel, as in (x + y)² − 2·x·y.
    """
    names = [v.name for v in variables]
    _, pattern = _interactions(formula.expression, names)
    if derivative is not None:
        for i, j in zip(*pattern.nonzero(), strict=True):
            pattern[i, j] = derivative((int(i), int(j))) != 0
    rows = [np.broadcast_to(own, shape).ravel() for own in rows_of(variables).values()]
    order = sum(v.size for v in variables)
    zero = np.ones((order, order), dtype=bool)
    for i, j in zip(*pattern.nonzero(), strict=True):
        zero[rows[i], rows[j]] = False
    return zero


def joint_zeros(graph: Graph, variables: Sequence[Variable], shapes: Mapping[str, Shape]) -> Mask:
    """Where the Hessian of a graph in ``variables`` is zero at every point: (n, n), True where.

    ``shapes`` are those of all names. Where that is too much to tell, nothing is.
    """
    order = sum(v.size for v in variables)
    known = {**shapes, **graph.shapes}
    largest = max(size(graph.root.shape(known)), *(size(known[name]) for name in known))
    if largest * order**2 > MAX_DEPENDENCIES:
        return np.zeros((order, order), dtype=bool)
    return ~_Pattern(graph, variables, known).pairs()


class _Pattern:
    """What the elements of each node depend on: arrays (…, n), by rows of the Hessian."""

    def __init__(
        self, graph: Graph, variables: Sequence[Variable], shapes: Mapping[str, Shape]
    ) -> None:
        self.graph = graph
        self.shapes = shapes
        self.order = sum(v.size for v in variables)
        self.found = np.zeros((self.order, self.order), dtype=bool)
        self.known: dict[str, Mask] = {}
        for name, rows in rows_of(variables).items():
            own = np.zeros((rows.size, self.order), dtype=bool)
            own[np.arange(rows.size), rows.ravel()] = True
            self.known[name] = own.reshape(*rows.shape, self.order)

    def pairs(self) -> Mask:
        """Which rows interact: (n, n)."""
        used = set(self._used(self.graph.root))
        for name, node in reversed(list(self.graph.nodes.items())):
            if name in used:
                used.update(self._used(node))
        for name, node in self.graph.nodes.items():
            if name in used and not self.known.keys().isdisjoint(operands(node)):
                self.known[name] = self._node(node)
        self._region(self.graph.root)
        return self.found | self.found.T

    def _used(self, node: Node) -> Sequence[str]:
        """What a node depends on, other than by jumps."""
        if not isinstance(node, Region):
            return operands(node)
        return [node.names[k] for k in _interactions(node.expression, node.names)[0]]

    def _of(self, name: str) -> Mask:
        if name in self.known:
            return self.known[name]
        return np.zeros((*self.shapes[name], self.order), dtype=bool)

    def _join(self, left: Mask, right: Mask) -> None:
        """Let what each row of ``left`` (m, n) depends on interact with that row of ``right``."""
        self.found |= (left.T.astype(np.float32) @ right.astype(np.float32)) > 0

    def _node(self, node: Node) -> Mask:
        match node:
            case Region():
                return self._region(node)
            case Reduce(operand=operand):
                return self._reduce(node, self._of(operand))
            case Scan(operand=operand, axis=axis):
                return np.logical_or.accumulate(self._of(operand), axis=axis)
            case Contract():
                return self._contract(node)
            case Index(operand=operand):
                shape = self.shapes[operand]
                places = node.of(np.arange(size(shape)).reshape(shape))
                found: Mask = self._of(operand).reshape(-1, self.order)[places]
                return found
            case Join(operands=names, axis=axis):
                return np.concatenate([self._of(name) for name in names], axis=axis)
            case Linear(kind=kind, operands=names):
                flat = [self._of(name).reshape(-1, self.order).any(0) for name in names]
                if kind != "solve" or flat[0].any():
                    both = np.logical_or.reduce(flat)
                    self._join(both[None], both[None])
                shape = self.shapes[names[-1]] if kind in ("solve", "inv", "expm") else ()
                return np.broadcast_to(np.logical_or.reduce(flat), (*shape, self.order))
        raise NotImplementedError(node)

    def _region(self, region: Region) -> Mask:
        names = [name for name in region.names if name in self.known]
        shape = region.shape(self.shapes)
        used, pairs = _interactions(region.expression, names)
        spread = {
            name: np.broadcast_to(
                self.known[name].reshape(
                    *(1,) * (len(shape) + 1 - self.known[name].ndim), *self.known[name].shape
                ),
                (*shape, self.order),
            ).reshape(-1, self.order)
            for k, name in enumerate(names)
            if k in used
        }
        for i, j in zip(*pairs.nonzero(), strict=True):
            self._join(spread[names[i]], spread[names[j]])
        present = np.zeros((size(shape), self.order), dtype=bool)
        for mask in spread.values():
            present |= mask
        return present.reshape(*shape, self.order)

    def _reduce(self, node: Reduce, mask: Mask) -> Mask:
        stays, gone = split_axes(mask.shape[:-1], node.axes)
        groups = mask.transpose(*stays, *gone, mask.ndim - 1)
        shape = groups.shape[: len(stays)]
        groups = groups.reshape(size(shape), -1, self.order)
        present = np.asarray(groups.any(1))
        joins = KINDS[node.kind]
        if joins is not Joins.NONE and groups.shape[1] > 1:
            if joins is Joins.ALL:
                self._join(present, present)
            else:
                for group in groups:
                    self.found |= _others(group)
        return present.reshape(*shape, self.order)

    def _contract(self, node: Contract) -> Mask:
        letters, result = node.letters
        parts = [(own, self._of(name)) for own, name in zip(letters, node.operands, strict=True)]
        lengths = node.lengths(self.shapes[name] for name in node.operands)
        present = np.zeros((*(lengths[c] for c in result), self.order), dtype=bool)
        for k, (own, mask) in enumerate(parts):
            if not mask.any():
                continue
            present |= _along(mask, own, result)
            for other, second in parts[:k]:
                shared = "".join(sorted({*own} & {*other}))
                both = [_along(m, o, shared) for m, o in ((mask, own), (second, other))]
                first, last = (m.reshape(-1, self.order) for m in np.broadcast_arrays(*both))
                self._join(first, last)
        return present


def _along(mask: Mask, own: str, letters: str) -> Mask:
    """What depends on what along ``letters``, whatever the others of its ``own`` letters are."""
    for letter in {*own}:  # the diagonal, where one stands twice
        while own.count(letter) > 1:
            first, second = own.index(letter), own.rindex(letter)
            mask = np.moveaxis(np.diagonal(mask, axis1=first, axis2=second), -1, 0)
            own = letter + "".join(c for k, c in enumerate(own) if k not in (first, second))
    gone = tuple(k for k, c in enumerate(own) if c not in letters)
    mask = np.asarray(mask.any(axis=gone)) if gone else mask
    own = "".join(c for c in own if c in letters)
    order = [own.index(c) for c in letters if c in own]
    mask = mask.transpose(*order, mask.ndim - 1)
    shape = iter(mask.shape)
    return mask.reshape(*(next(shape) if c in own else 1 for c in letters), mask.shape[-1])


def _others(group: Mask) -> Mask:
    """The pairs that interact in a product of elements (m, n): what only one factor has does not
    meet itself, nor what else only that one has.
    """
    times = group.sum(0)
    first = group.argmax(0)
    present = times > 0
    joined: Mask = np.outer(present, present)
    joined &= ~(np.outer(times == 1, times == 1) & (first[:, None] == first))
    return joined


def _interactions(expression: Expr, names: Sequence[str]) -> tuple[frozenset[int], Mask]:
    """What an expression depends on, other than by jumps, and which pairs (n, n) interact in it.

    Variables are told by their places among ``names``.
    """
    present = {symbol(name): frozenset((i,)) for i, name in enumerate(names)}
    pairs = np.zeros((len(names), len(names)), dtype=bool)

    def visit(node: Expr) -> frozenset[int]:
        if node not in present:
            present[node] = computed(node)
        return present[node]

    def computed(node: Expr) -> frozenset[int]:
        if isinstance(node, _CONSTANT) or node.is_Boolean:
            return frozenset()
        if isinstance(node, sympy.Piecewise):  # a condition only jumps
            return frozenset().union(*(visit(branch) for branch, _ in node.args))
        whole: set[int] = set()
        for part in map(visit, node.args):
            if isinstance(node, sympy.Mul):
                join(whole, part)
            whole |= part
        if not isinstance(node, (*_LINEAR, sympy.Mul)):
            join(whole, whole)
        return frozenset(whole)

    def join(left: Set[int], right: Set[int]) -> None:
        pairs[np.ix_(list(left), list(right))] = True
        pairs[np.ix_(list(right), list(left))] = True

    return visit(expression), pairs
