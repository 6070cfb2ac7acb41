"""Which entries of a Hessian are zero at every point, proved from the formula alone.

Two variables interact where a product joins them, or a function that is not linear. What never
interacts has the second derivative 0: the sparsity pattern of Griewank & Walther, *Evaluating
Derivatives*, §7.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

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
    pattern = _unpacked(_interactions(formula.expression, names).pairs, len(names))
    if derivative is not None:
        for i, j in zip(*pattern.nonzero(), strict=True):
            pattern[i, j] = derivative((int(i), int(j))) != 0
    rows = [np.broadcast_to(own, shape).ravel() for own in rows_of(variables).values()]
    order = sum(v.size for v in variables)
    zero = np.ones((order, order), dtype=bool)
    for i, j in zip(*pattern.nonzero(), strict=True):
        zero[rows[i], rows[j]] = False
    return zero


@dataclass(frozen=True, slots=True)
class _Pattern:
    """What an expression depends on, other than by jumps, and which pairs interact in it.

    A set of variables is an integer with a bit for each; ``pairs`` has the partners of each.
    """

    present: int
    pairs: Mapping[int, int]


_NOTHING = _Pattern(0, {})


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

    ``places`` are for each variable the rows (m,) of its elements in the part's, ``masks`` for it
    and for each node the rows (n,) that it depends on.
    """

    count: int
    names: Sequence[str]
    pattern: _Pattern
    places: Mapping[str, NDArray[np.intp]]
    masks: Mapping[str, Mask]
    present: Mask

    def depends(self, name: str) -> bool:
        """Whether the part depends on ``name``, other than by jumps."""
        return bool(self.pattern.present >> self.names.index(name) & 1)


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
    found = _Part(
        size(shape), names, _interactions(region.expression, names), places, masks,
        np.zeros(order, dtype=bool),
    )  # fmt: skip
    for name in names:
        found.present[:] |= masks[name] & found.depends(name)
    return found


def _join(joins: Joins, parts: Sequence[_Part], present: Mask, pairs: Mask) -> None:
    """Add to ``pairs`` (n, n) those that interact in a node."""
    for part in parts:
        for i, j in zip(*_unpacked(part.pattern.pairs, len(part.names)).nonzero(), strict=True):
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


def _interactions(expression: Expr, names: Sequence[str]) -> _Pattern:
    known: dict[Expr, _Pattern] = {
        symbol(name): _Pattern(1 << i, {}) for i, name in enumerate(names)
    }

    def pattern(node: Expr) -> _Pattern:
        if node not in known:
            known[node] = computed(node)
        return known[node]

    def computed(node: Expr) -> _Pattern:
        if not node.args or isinstance(node, _CONSTANT) or node.is_Boolean:
            return _NOTHING
        if isinstance(node, sympy.Piecewise):  # a condition only jumps
            return _together([pattern(branch) for branch, _ in node.args])
        parts = [pattern(part) for part in node.args]
        whole = _together(parts)
        if isinstance(node, sympy.Mul):
            return _product(parts, whole)
        if isinstance(node, _LINEAR):
            return whole
        return _Pattern(whole.present, _joined(whole.pairs, whole.present, whole.present))

    return pattern(expression)


def _together(parts: Sequence[_Pattern]) -> _Pattern:
    pairs: dict[int, int] = {}
    for part in parts:
        for i, partners in part.pairs.items():
            pairs[i] = pairs.get(i, 0) | partners
    return _Pattern(reduce(or_, (part.present for part in parts), 0), pairs)


def _product(factors: Sequence[_Pattern], whole: _Pattern) -> _Pattern:
    pairs: Mapping[int, int] = whole.pairs
    before = 0
    for factor in factors:
        pairs = _joined(pairs, before, factor.present)
        pairs = _joined(pairs, factor.present, before)
        before |= factor.present
    return _Pattern(whole.present, pairs)


def _joined(pairs: Mapping[int, int], left: int, right: int) -> Mapping[int, int]:
    """``pairs`` with each variable of ``left`` paired with all of ``right``."""
    if not left or not right:
        return pairs
    result = dict(pairs)
    while left:
        lowest = left & -left
        i = lowest.bit_length() - 1
        result[i] = result.get(i, 0) | right
        left ^= lowest
    return result


def _unpacked(pairs: Mapping[int, int], order: int) -> Mask:
    pattern = np.zeros((order, order), dtype=bool)
    for i, partners in pairs.items():
        packed = np.frombuffer(partners.to_bytes((order + 7) // 8, "little"), dtype=np.uint8)
        pattern[i] = np.unpackbits(packed, count=order, bitorder="little")
    return pattern
