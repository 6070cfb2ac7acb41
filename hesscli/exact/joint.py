"""The jet of a formula over tensors, as its graph: enclosures of all its derivatives.

Nothing is written out in symbols: an element of a node has a jet in the rows that it depends on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np
import sympy
from flint import fmpq
from numpy.typing import NDArray

from hesscli.balls.expressions import Balls
from hesscli.balls.jets import Jet, Meter, foremost, product, scaled, total
from hesscli.exact.domain import removable_sites
from hesscli.exact.matrices import of_matrix
from hesscli.expression.elements import contracted
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
    array_of,
    split_axes,
)
from hesscli.expression.names import symbol
from hesscli.functions.balls import SingularError, UndecidedError
from hesscli.shapes import Shape, size

_ARGUMENT = symbol("#")
_ROOT = sympy.sqrt(_ARGUMENT)

Jets = NDArray[Any]  # of the elements of a node


def joint_jet(
    graph: Graph, shapes: Mapping[str, Shape], elements: Mapping[str, Sequence[Jet]], meter: Meter
) -> Jet:
    """The jet of ``graph`` for variables of these shapes, ``elements`` being theirs, row-major.

    Raises what :class:`hesscli.balls.expressions.Balls` raises, where pieces meet too.
    """
    known = {name: array_of(jets, shapes[name]) for name, jets in elements.items()}
    for name, node in graph.nodes.items():
        known[name] = _node(node, known, meter)
    return total(_region(graph.root, known, meter).flat, meter)


def _node(node: Node, known: Mapping[str, Jets], meter: Meter) -> Jets:
    match node:
        case Region():
            return _region(node, known, meter)
        case Constant(numbers=numbers):
            return array_of([Jet(fmpq(int(n))) for n in numbers.flat], numbers.shape)
        case Reduce(operand=operand):
            return _reduce(node, known[operand], meter)
        case Scan(operand=operand, axis=axis):
            return _scan(known[operand], axis, meter)
        case Contract(is_product=True, operands=(left, right)) if _is_weighted(known, left, right):
            return _weighted(known[left], known[right], meter)
        case Contract(operands=names):

            def dot(terms: Iterator[tuple[Jet, ...]]) -> Jet:
                return total((_times(factors, meter) for factors in terms), meter)

            return contracted(node, [known[name] for name in names], dot)
        case Index(operand=operand):
            return node.of(known[operand])
        case Join(operands=names, axis=axis):
            return np.concatenate([known[name] for name in names], axis=axis)
        case Linear(kind=kind, operands=names):
            return of_matrix(kind, [known[name] for name in names], meter)
    raise NotImplementedError(node)


def _is_weighted(known: Mapping[str, Jets], left: str, right: str) -> bool:
    """Whether this is a product of a constant matrix with a vector or a matrix."""
    ranks = known[left].ndim, known[right].ndim
    return ranks in ((2, 1), (2, 2)) and not any(jet.varies for jet in known[left].flat)


def _weighted(left: Jets, right: Jets, meter: Meter) -> Jets:
    """The product of a constant matrix with a vector or a matrix."""
    columns = right[:, None] if right.ndim == 1 else right
    found = [
        total((scaled(jet, weight.value) for weight, jet in zip(row, column, strict=True)), meter)
        for row in left.tolist()
        for column in columns.T.tolist()
    ]
    return array_of(found, (len(left), *right.shape[1:]))


def _times(factors: Sequence[Jet], meter: Meter) -> Jet:
    return reduce(lambda u, v: product(u, v, meter), factors)


def _region(part: Region, known: Mapping[str, Jets], meter: Meter) -> Jets:
    shape = part.shape({name: jets.shape for name, jets in known.items()})
    own = {name: np.broadcast_to(known[name], shape).ravel() for name in part.names}
    found = []
    for k in range(size(shape)):
        balls = Balls({name: jets[k] for name, jets in own.items()}, meter)
        # What nothing is differentiated by need not be smooth.
        varies = any(jets[k].varies for jets in own.values())
        if varies and removable_sites(part.sites, balls):
            raise SingularError
        found.append(balls.jet(part.expression))
    return array_of(found, shape)


def _reduce(node: Reduce, jets: Jets, meter: Meter) -> Jets:
    stays, gone = split_axes(jets.shape, node.axes)
    shape = tuple(jets.shape[k] for k in stays)
    rows = jets.transpose(*stays, *gone).reshape(size(shape), -1)
    return array_of([_REDUCTIONS[node.kind](list(row), meter) for row in rows], shape)


def _scan(jets: Jets, axis: int, meter: Meter) -> Jets:
    found = np.moveaxis(jets, axis, 0).copy()
    for k in range(1, len(found)):
        for place in np.ndindex(found.shape[1:]):
            found[(k, *place)] = total((found[(k - 1, *place)], found[(k, *place)]), meter)
    return np.moveaxis(found, 0, axis)


def _norm(jets: Sequence[Jet], meter: Meter) -> Jet:
    square = total((product(jet, jet, meter) for jet in jets), meter)
    return Balls({_ARGUMENT.name: square}, meter).jet(_ROOT)


def _logsumexp(jets: Sequence[Jet], meter: Meter) -> Jet:
    return Balls({}, meter).function("logsumexp", jets) if len(jets) > 1 else jets[0]


def _extreme(sign: int) -> Callable[[Sequence[Jet], Meter], Jet]:
    def extreme(jets: Sequence[Jet], meter: Meter) -> Jet:
        best = jets[foremost(jets, sign)]
        if not all(sign * (best.value - jet.value) > 0 for jet in jets if jet is not best):
            raise UndecidedError
        return best

    return extreme


_REDUCTIONS: dict[str, Callable[[Sequence[Jet], Meter], Jet]] = {
    "sum": total,
    "mean": lambda jets, meter: scaled(total(jets, meter), fmpq(1, len(jets))),
    "prod": lambda jets, meter: reduce(lambda u, v: product(u, v, meter), jets),
    "norm": _norm,
    "logsumexp": _logsumexp,
    "max": _extreme(1),
    "min": _extreme(-1),
}
