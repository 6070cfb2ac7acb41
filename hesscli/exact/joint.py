"""The jet of a formula over tensors, as its graph: elementwise parts and what joins their elements.

Nothing is written out in elements: an element of a part has a jet in the rows that it depends on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce

import numpy as np
import sympy
from flint import fmpq

from hesscli.balls.expressions import Balls
from hesscli.balls.jets import Jet, Meter, foremost, product, scaled, total
from hesscli.exact.domain import removable_sites
from hesscli.expression.graph import Graph, Region
from hesscli.expression.names import symbol
from hesscli.functions.balls import SingularError, UndecidedError
from hesscli.shapes import Shape, size

_ARGUMENT = symbol("#")
_ROOT = sympy.sqrt(_ARGUMENT)


def joint_jet(
    graph: Graph, shapes: Mapping[str, Shape], elements: Mapping[str, Sequence[Jet]], meter: Meter
) -> Jet:
    """The jet of ``graph`` for variables of these shapes, ``elements`` being theirs, row-major.

    Raises what :class:`hesscli.balls.expressions.Balls` raises, where pieces meet too.
    """
    known: dict[str, tuple[Shape, Sequence[Jet]]] = {
        name: (shapes[name], jets) for name, jets in elements.items()
    }
    for name, node in graph.nodes.items():
        jets = [jet for part in node.parts for jet in _elements(part, known, meter)]
        known[name] = (), [_REDUCTIONS[node.kind](jets, meter)]
    return known[name][1][0]


def _elements(
    part: Region, known: Mapping[str, tuple[Shape, Sequence[Jet]]], meter: Meter
) -> Iterator[Jet]:
    shape = part.shape({name: shape for name, (shape, _) in known.items()})
    quantities = (q for site in part.sites for q in (*site.quantities, *site.guards))
    symbols = part.expression.free_symbols.union(*(q.free_symbols for q in quantities))
    own: dict[str, list[int]] = {}
    for name in (s.name for s in symbols):
        inner, jets = known[name]
        places = np.broadcast_to(np.arange(len(jets)).reshape(inner), shape)
        own[name] = places.ravel().tolist()
    for k in range(size(shape)):
        balls = Balls({name: known[name][1][places[k]] for name, places in own.items()}, meter)
        if removable_sites(part.sites, balls):
            raise SingularError
        yield balls.jet(part.expression)


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
