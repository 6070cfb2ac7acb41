"""Which entries of a Hessian are zero at every point, proved from the formula alone.

Two variables interact where a product joins them, or a function that is not linear. What never
interacts has the second derivative 0: the sparsity pattern of Griewank & Walther, *Evaluating
Derivatives*, §7.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np
import sympy
from numpy.typing import NDArray

from hesscli.expression.graph import KINDS, Graph, Joins, Region
from hesscli.expression.names import symbol
from hesscli.shapes import Shape, size
from hesscli.types import Expr, Formula, Mask, Variable

_CONSTANT = (sympy.floor, sympy.ceiling, sympy.sign, sympy.Heaviside)  # in pieces
_LINEAR = (sympy.Add, sympy.Abs, sympy.Max, sympy.Min)  # in pieces, but for the sum


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

    ``shapes`` are those of all names.
    """
    rows = rows_of(variables)
    order = sum(v.size for v in variables)
    present: dict[str, Mask] = {}  # the elements that a node depends on
    parts: dict[str, list[_Part]] = {}
    for name, node in graph.nodes.items():
        parts[name] = [_part(part, rows, present, shapes, order) for part in node.parts]
        present[name] = np.logical_or.reduce([part.present for part in parts[name]])
    pairs = np.zeros((order, order), dtype=bool)
    used = {""}
    for name, node in reversed(graph.nodes.items()):
        if name in used:
            used.update(n for part in parts[name] for n in part.masks if part.depends(n))
            _join(KINDS[node.kind], parts[name], present[name], pairs)
    return ~pairs


@dataclass(frozen=True, slots=True)
class _Part:
    """What an elementwise part depends on.

    ``used`` and ``pairs`` are those of its ``names``, see :func:`_interactions`. ``places`` are
    for each variable the rows (m,) of its elements in the part's, ``masks`` for it and for each
    node the rows (n,) that it depends on.
    """

    count: int
    names: Sequence[str]
    used: frozenset[int]
    pairs: Mask
    places: Mapping[str, NDArray[np.intp]]
    masks: Mapping[str, Mask]
    present: Mask

    def depends(self, name: str) -> bool:
        """Whether the part depends on ``name``, other than by jumps."""
        return self.names.index(name) in self.used


def _part(
    region: Region,
    rows: Mapping[str, NDArray[np.intp]],
    nodes: Mapping[str, Mask],
    shapes: Mapping[str, Shape],
    order: int,
) -> _Part:
    shape = region.shape(shapes)
    names = [s.name for s in region.expression.free_symbols if s.name in {*rows, *nodes}]
    places = {n: np.broadcast_to(rows[n], shape).reshape(-1) for n in names if n in rows}
    masks = {n: nodes[n] if n in nodes else np.isin(np.arange(order), rows[n]) for n in names}
    used, pairs = _interactions(region.expression, names)
    present = np.any([np.zeros(order, dtype=bool), *(masks[names[i]] for i in used)], axis=0)
    return _Part(size(shape), names, used, pairs, places, masks, present)


def _join(joins: Joins, parts: Sequence[_Part], present: Mask, pairs: Mask) -> None:
    """Add to ``pairs`` (n, n) those that interact in a node."""
    for part in parts:
        for i, j in zip(*part.pairs.nonzero(), strict=True):
            a, b = part.names[i], part.names[j]
            if a in part.places and b in part.places:  # only where they meet
                pairs[part.places[a], part.places[b]] = True
            else:
                pairs |= np.outer(part.masks[a], part.masks[b])
    if joins is Joins.NONE or sum(part.count for part in parts) == 1:
        return
    joined = np.outer(present, present)
    if joins is Joins.OTHERS:
        (part,) = parts
        # What only one factor has does not meet itself, nor what else only that one has.
        times, last = np.zeros(len(present), dtype=int), np.zeros(len(present), dtype=int)
        for name in filter(part.depends, part.names):
            if name in part.places:
                np.add.at(times, part.places[name], 1)
                last[part.places[name]] = np.arange(part.count)
            else:
                times += part.count * part.masks[name]
        joined &= ~(np.outer(times == 1, times == 1) & (last[:, None] == last))
    pairs |= joined


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
