"""Which entries of a Hessian are zero at every point, proved from the formula alone.

Two variables interact where a product joins them, or a function that is not linear. What never
interacts has the second derivative 0: the sparsity pattern of Griewank & Walther, *Evaluating
Derivatives*, §7.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import sympy

from hesscli.formula.names import symbol
from hesscli.shapes import Shape, size
from hesscli.types import Expr, Formula, Mask, Variable

_CONSTANT = (sympy.floor, sympy.ceiling, sympy.sign, sympy.Heaviside)  # in pieces
_LINEAR = (sympy.Add, sympy.Abs, sympy.Max, sympy.Min)  # in pieces, but for the sum


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
    pattern = _unpacked(_interactions(formula.expression, names), len(names))
    if derivative is not None:
        for i, j in zip(*pattern.nonzero(), strict=True):
            pattern[i, j] = derivative((int(i), int(j))) != 0
    order = sum(v.size for v in variables)
    zero = np.ones((order, order), dtype=bool)
    rows = []
    start = 0
    for v in variables:
        own = np.arange(v.size).reshape(v.shape)
        rows.append(start + np.broadcast_to(own, shape).reshape(size(shape)))
        start += v.size
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


def _interactions(expression: Expr, names: Sequence[str]) -> Mapping[int, int]:
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

    return pattern(expression).pairs


def _together(parts: Sequence[_Pattern]) -> _Pattern:
    pairs: dict[int, int] = {}
    for part in parts:
        for i, partners in part.pairs.items():
            pairs[i] = pairs.get(i, 0) | partners
    return _Pattern(_union([part.present for part in parts]), pairs)


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


def _union(sets: Sequence[int]) -> int:
    union = 0
    for each in sets:
        union |= each
    return union


def _unpacked(pairs: Mapping[int, int], order: int) -> Mask:
    pattern = np.zeros((order, order), dtype=bool)
    for i, partners in pairs.items():
        packed = np.frombuffer(partners.to_bytes((order + 7) // 8, "little"), dtype=np.uint8)
        pattern[i] = np.unpackbits(packed, count=order, bitorder="little")
    return pattern
