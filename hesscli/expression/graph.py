"""A formula as a graph: elementwise parts, and reductions over all elements of such parts.

``norm(x)`` and ``sum(w*x)`` join the elements of tensors. Each becomes a node, for which a symbol
stands in the expressions that use it, so that what is elementwise stays one SymPy expression
however large the tensors are. For exact answers, a formula is written out in its elements.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto

import sympy

from hesscli.errors import HessError, TooSlowError
from hesscli.expression.arguments import elementwise_names, names_in
from hesscli.expression.builder import Builder, Of, Parts, refused
from hesscli.expression.names import symbol
from hesscli.expression.reader import from_tree
from hesscli.language.tree import Call, Node
from hesscli.shapes import Shape, broadcast, size
from hesscli.types import Expr, Formula, Site

# Each element is a variable of a formula that SymPy has to build.
MAX_ELEMENTS = 1_000


class Joins(Enum):
    """Which elements interact in a reduction."""

    NONE = auto()  # it is linear in pieces
    OTHERS = auto()  # a product: each with every other
    ALL = auto()


# Every kind of node; `hesscli.numeric.reductions` has what torch does for it.
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
class Region:
    """An elementwise part: an expression in the symbols of variables and of other nodes.

    ``names`` are those whose shapes it is broadcast to; ``sites`` where it may not be
    differentiable, in the same symbols.
    """

    expression: Expr
    names: tuple[str, ...]
    sites: tuple[Site, ...]

    def shape(self, shapes: Mapping[str, Shape]) -> Shape:
        """The shape of the part for variables of these shapes."""
        return broadcast(shapes.get(name, ()) for name in self.names)


@dataclass(frozen=True, slots=True)
class Reduce:
    """A number made of all elements of its parts together: of a kind in :data:`KINDS`."""

    kind: str
    parts: tuple[Region, ...]


@dataclass(frozen=True, slots=True)
class Graph:
    """The nodes by their symbols' names, each after those that it uses; the last is the formula."""

    nodes: dict[str, Reduce]

    @property
    def is_elementwise(self) -> bool:
        """Whether the elements of tensors contribute one by one."""
        return len(self.nodes) == 1

    def shape(self, shapes: Mapping[str, Shape]) -> Shape:
        """The shape that the formula gives before it is summed."""
        return self.nodes[""].parts[0].shape(shapes)

    def fits(self, shapes: Mapping[str, Shape]) -> bool:
        """Whether variables of these shapes go together wherever they meet."""
        try:
            for node in self.nodes.values():
                for part in node.parts:
                    part.shape(shapes)
        except ValueError:
            return False
        return True


def elementwise(formula: Formula) -> Graph:
    """The graph of a formula whose elements contribute one by one, or of one in scalars."""
    region = Region(formula.expression, formula.variables, formula.sites)
    return Graph({"": Reduce("sum", (region,))})


def graph_of(formula: Formula) -> Graph | None:
    """The graph of a formula over tensors; None where it is none of elements and reductions."""
    if not formula.reduces:
        return elementwise(formula)
    builder = _GraphBuilder(formula.source, formula.given)
    try:
        with refused():
            builder.nodes[""] = Reduce("sum", (builder.region(formula.tree),))
    except TooSlowError:
        raise
    except HessError:
        return None  # a number of elements that has to be known, as the degree of a polynomial
    return Graph(builder.nodes)


class _GraphBuilder(Builder):
    """Makes a node of every reduction, with a symbol in its place."""

    def __init__(self, source: str, given: frozenset[str]) -> None:
        super().__init__(source, given)
        self.nodes: dict[str, Reduce] = {}
        self._known: dict[object, Expr] = {}
        self._in_calculus = False

    def region(self, *factors: Node, of: Of | None = None) -> Region:
        """The product of these parts, or what ``of`` makes of it, with its own sites."""
        outer, guards = self.sites, self.guards
        # Used or not, a part is computed, so that what guards it from outside is left out.
        self.sites, self.guards = [], [g for g in guards if g == sympy.false]
        product = sympy.Mul(*map(self.number, factors))
        expression = self._squared(of(product) if of else product)
        names = set(elementwise_names(*factors)) - self.bound.keys()
        found = Region(expression, tuple(sorted(names)), tuple(self.sites))
        self.sites, self.guards = outer, guards
        return found

    def reduced(self, kind: str, node: Call, parts: Parts, of: Of | None = None) -> Expr:
        if not any(names_in(node)):
            return super().reduced(kind, node, parts, of)
        if self._in_calculus:
            raise HessError("unsupported", "a symbol cannot be differentiated or integrated")
        regions = (self.region(*factors, of=of) for factors in parts)
        return self._node(Reduce(kind, tuple(regions)))

    def _node(self, node: Reduce) -> Expr:
        if node.kind not in KINDS:
            raise NotImplementedError(node.kind)
        key = (node.kind, *((part.expression, part.names) for part in node.parts))
        if key not in self._known:
            name = f"#{len(self.nodes)}"  # no name of a variable
            self.nodes[name] = node
            self._known[key] = symbol(name)
        return self._known[key]

    def _squared(self, expression: Expr) -> Expr:
        """``norm(x)**2`` as a sum of squares, in which elements do not interact."""
        squares = {}
        for power in expression.atoms(sympy.Pow):
            node = self.nodes.get(str(power.base)) if power.base.is_Symbol else None
            if node and node.kind == "norm" and power.exp.is_Integer and power.exp.is_even:
                parts = (Region(p.expression**2, p.names, ()) for p in node.parts)
                squares[power] = self._node(Reduce("sum", tuple(parts))) ** (power.exp / 2)
        return expression.xreplace(squares) if squares else expression

    def quantified(self, name: str, node: Call) -> Expr:
        outer = self._in_calculus
        self._in_calculus |= name in ("Derivative", "Integral")
        expression = super().quantified(name, node)
        self._in_calculus = outer
        return expression


def split_formula(formula: Formula, shapes: Mapping[str, Shape]) -> Formula:
    """``formula`` in the elements of variables of these shapes. Raises :class:`HessError`."""
    count = sum(size(shape) for shape in shapes.values())
    if count > MAX_ELEMENTS:
        raise HessError(
            "too-large",
            f"a formula that is not elementwise takes at most {MAX_ELEMENTS:,} elements, "
            f"and here are {count:,}",
            hint="smaller tensors",
        )
    split = from_tree(
        formula.tree, formula.source, formula.given, formula.differentiated, formula.variables,
        shapes,
    )  # fmt: skip
    return replace(split, notes=formula.notes)
