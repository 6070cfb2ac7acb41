"""The graphs of one formula, for the shapes that points have."""

from __future__ import annotations

from hesscli.expression.graph import Graph
from hesscli.expression.tensors import graph_at
from hesscli.types import Formula, Point


class Graphs:
    """The graphs of a formula, each made once for the shapes and the indices of a point."""

    def __init__(self, formula: Formula) -> None:
        self.formula = formula
        self._known: dict[object, Graph] = {}

    def at(self, point: Point) -> Graph:
        """The graph at a point. Raises :class:`HessError` where shapes do not go together."""
        key = key_of(self.formula, point)
        if key not in self._known:
            self._known[key] = graph_at(self.formula, point)
        return self._known[key]


def key_of(formula: Formula, point: Point) -> object:
    """What the graph of a formula depends on."""
    places = (point.values[name] for name in formula.places)
    return *(point.values[name].shape for name in formula.variables), *places
