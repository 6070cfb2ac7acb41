"""The nodes that a walk makes of what joins elements, and the shapes of all parts.

Each part of the formula is elementwise in variables and nodes, and has the shape that they
broadcast to. Where they do not, the part is refused with its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NoReturn

import numpy as np
import sympy
from numpy.typing import NDArray

from hesscli.expression.arguments import (
    by_name,
    lists_in,
    positional,
    takes_shapes,
)
from hesscli.expression.builder import Builder, Of
from hesscli.expression.graph import (
    KINDS,
    Constant,
    Index,
    Join,
    Linear,
    Node,
    Reduce,
    Region,
    Typed,
    split_axes,
)
from hesscli.expression.names import symbol
from hesscli.expression.places import WholeNumbers, shown
from hesscli.language import tree
from hesscli.notes import Note, Remark
from hesscli.shapes import Shape, broadcast, size
from hesscli.types import Expr, Site


@dataclass(frozen=True, slots=True)
class Operand:
    """A part of the formula: what it is elementwise in, and its shape."""

    node: tree.Node
    names: tuple[str, ...]
    shape: Shape


class NodeBuilder(Builder):
    """Walks a tree for variables of known shapes, and makes nodes with symbols in their places."""

    def __init__(
        self,
        source: str,
        given: frozenset[str],
        shapes: Mapping[str, Shape],
        places: Mapping[str, NDArray[np.int64]],
        *,
        closed: bool = True,
    ) -> None:
        super().__init__(source, given, closed=closed)
        self.shapes = dict(shapes)
        self.nodes: dict[str, Node] = {}
        self.whole = WholeNumbers(self, places, self.shape)
        self._known: dict[object, str] = {}
        # Of each part that is walked now, what it has been made of so far.
        self._frames: list[list[Operand]] = [[]]
        self._named: dict[str, Operand] = {}
        self._shaped = 0  # whether what takes a matrix as such is around what is walked
        self._lists: set[int] = set()  # the lists that are tensors: arguments, operands of `@`
        self._calculus: tree.Node = tree.Node((0, 0))  # the innermost derivative or integral

    def refuse(self, message: str, node: tree.Node, hint: str) -> NoReturn:
        """Refuse the shapes that meet in a part of the formula."""
        self.fail(message, node, hint, "shape")

    # Parts

    def joining(self, node: tree.Node) -> Expr | None:
        """What is made of a part that joins elements; None of one that is elementwise."""
        raise NotImplementedError

    def number(self, node: tree.Node) -> Expr:
        self._lists |= {id(part) for part in lists_in(node)}
        self._frames.append([])
        shaped = takes_shapes(node)
        self._shaped += shaped
        expression = self.joining(node)
        self._shaped -= shaped
        if expression is None:
            expression = super().number(node)
        operand = self._operand(node, self._frames.pop())
        self._frames[-1].append(operand)
        return expression

    def _operand(self, node: tree.Node, frame: Sequence[Operand]) -> Operand:
        """What the parts of ``node`` make together. Refuses shapes that do not broadcast."""
        names = tuple(dict.fromkeys(chain.from_iterable(part.names for part in frame)))
        try:
            shape = broadcast(part.shape for part in frame)
        except ValueError:
            self._refuse_broadcast(node, frame)
        if isinstance(node, tree.Product):
            self._check_product(node, frame)
        return Operand(node, names, shape)

    def _name(self, name: str, node: tree.Node) -> Expr:
        expression = super()._name(name, node)
        if expression.is_Symbol and name in self.names and name not in self.bound:
            self._frames[-1].append(Operand(node, (name,), self.shapes.get(name, ())))
        return expression

    def _part(self, name: str) -> Expr:
        if name not in self._named:
            self._frames.append([])
            super()._part(name)
            self._named[name] = self._frames.pop()[0]
            del self.sites[len(self.sites) - len(self._built[name][1]) :]
        self._frames[-1].append(self._named[name])
        return super()._part(name)

    def _listed(self, frame: Sequence[Operand]) -> str:
        found = {self.text(part.node): part.shape for part in frame if part.shape}
        return ", ".join(f"{text} is {shown(shape)}" for text, shape in found.items())

    def _refuse_broadcast(self, node: tree.Node, frame: Sequence[Operand]) -> NoReturn:
        left, right = _clashing(frame)
        hint = "tensors of one shape, or numbers; a length of 1 stretches"
        product = isinstance(node, tree.Product)
        a, b = self.text(left.node), self.text(right.node)
        if product and (meant := product_of(left.shape, right.shape, a, b)):
            hint = f"did you mean `{meant}`?"
        elif len(left.shape) == 2 and left.shape[:1] == right.shape:
            hint = f"`{b}[:, None]` for a number for each row"
        elif len(right.shape) == 2 and right.shape[:1] == left.shape:
            hint = f"`{a}[:, None]` for a number for each row"
        message = f"these shapes do not broadcast: {self._listed([left, right])}"
        self.fail(message, node, hint, "broadcast")

    def _check_product(self, node: tree.Product, frame: Sequence[Operand]) -> None:
        """Tell of ``A*x`` where a product of matrices may be meant; refuse what is none to most."""
        for left, right, (operator, _) in zip(frame, frame[1:], node.factors[1:], strict=False):
            matrix, vector = left.shape, right.shape
            if operator != "*" or len(matrix) != 2 or 1 in matrix or matrix[1:] != vector:
                continue
            a, x = self.text(left.node), self.text(right.node)
            typed = self.source[left.node.span[1] : right.node.span[0]]
            named = isinstance(left.node, tree.Name) and left.node.name[0].isupper()
            square, matlab = matrix[0] == matrix[1], ".*" in self.source
            if ".*" in typed or (self._shaped and not square):
                continue
            if matlab or (named and not square):
                self.refuse(
                    f"{a} is {shown(matrix)}, {x} is {shown(vector)}: `*` is of each element", node,
                    f"did you mean `{a}@{x}`? `{a}*{x}[None, :]` for each row's elements",
                )  # fmt: skip
            self.doubts.append(Remark(Note.ELEMENTWISE, (f"{a}*{x}", f"{a}@{x}")))

    # Nodes

    def operand(self, *factors: tree.Node, of: Of | None = None) -> str:
        """The name of the product of these parts, or of what ``of`` makes of its elements."""
        outer, guards = self.sites, self.guards
        # Used or not, a part is computed, so that what guards it from outside is left out.
        self.sites, self.guards = [], [g for g in guards if g == sympy.false]
        self._frames.append([])
        product = sympy.Mul(*map(self.number, factors))
        expression = self._rewritten(of(product) if of else product)
        found = self._operand(factors[0], self._frames.pop())
        sites = tuple(self.sites)
        self.sites, self.guards = outer, guards
        if expression.is_Symbol and not sites and self.shapes.get(expression.name) == found.shape:
            return str(expression.name)
        return self._node(self._region(expression, found, sites), found.shape)

    def _region(self, expression: Expr, operand: Operand, sites: tuple[Site, ...]) -> Region:
        """The region of an expression, broadcast to all names that its part has."""
        if expression.atoms(sympy.Dummy):
            hint = "the integral inside what goes over the elements"
            self.fail("the variable of an integral is inside a tensor", self._calculus, hint)
        quantities = (q for site in sites for q in (*site.quantities, *site.guards))
        free = expression.free_symbols.union(*(q.free_symbols for q in quantities))
        used = sorted(str(s.name) for s in free)
        # A node that is not used any more, as the norm of a square, counts for its shape alone.
        cancelled = [n for n in operand.names if n not in used]
        rest = [n for n in cancelled if n not in self.nodes]
        if broadcast(self.shapes.get(n, ()) for n in (*used, *rest)) != operand.shape:
            rest = cancelled
        return Region(expression, (*used, *rest), sites)

    def _node(self, node: Node, shape: Shape) -> str:
        key = _key(node)
        if key not in self._known:
            name = f"#{len(self.nodes)}"  # no name of a variable
            self.nodes[name], self.shapes[name] = node, shape
            self._known[key] = name
        return self._known[key]

    def _use(self, node: tree.Node, *names: str) -> Expr:
        """The product of nodes as a part of the formula at ``node``."""
        for name in names:
            self._frames[-1].append(Operand(node, (name,), self.shapes[name]))
        return sympy.Mul(*map(symbol, names))

    def _rewritten(self, expression: Expr) -> Expr:
        """``norm(x)**2`` as a sum of squares, in which elements do not interact, and the logarithm
        of a sum of exponentials as what does not overflow.
        """
        found = {}
        for power in expression.atoms(sympy.Pow):
            reduced = self._reduce_at(power.base, "norm")
            if reduced and power.exp.is_Integer and power.exp.is_even:
                square = symbol(reduced.operand) ** 2
                found[power] = self._again(reduced, "sum", square) ** (power.exp / 2)
        for logarithm in expression.atoms(sympy.log):
            reduced = self._reduce_at(logarithm.args[0], "sum")
            region = self.nodes.get(reduced.operand) if reduced else None
            if reduced and isinstance(region, Region) and isinstance(region.expression, sympy.exp):
                exponent = region.expression.args[0]
                found[logarithm] = self._again(reduced, "logsumexp", exponent)
        return expression.xreplace(found) if found else expression

    def _reduce_at(self, part: Expr, kind: str) -> Reduce | None:
        """The reduction that a symbol stands for, if it is one of this kind."""
        node = self.nodes.get(str(part)) if part.is_Symbol else None
        return node if isinstance(node, Reduce) and node.kind == kind else None

    def _again(self, node: Reduce, kind: str, expression: Expr) -> Expr:
        """The symbol of a reduction of something else of the same shape."""
        shape, inner = self.shapes[node.operand], self.nodes.get(node.operand)
        known = inner if isinstance(inner, Region) and kind == "logsumexp" else None
        names, sites = (known.names, known.sites) if known else ((node.operand,), ())
        name = self._node(Region(expression, names, sites), shape)
        left = tuple(shape[k] for k in split_axes(shape, node.axes)[0])
        return symbol(self._node(Reduce(kind, name, node.axes, node.typed), left))

    def _typed(self, node: tree.Node) -> Typed:
        node = self.inside or node
        return Typed(self.text(node), node.span)

    def _taken(self, name: str, index: tuple[Any, ...], node: tree.Node | None = None) -> str:
        made = Index(name, index)
        shape = made.of(np.broadcast_to(np.False_, self.shapes[name])).shape
        if not size(shape) and isinstance(node, tree.Index):
            base = self.text(node.base)
            message = f"`{self.text(node)}` takes no element: {base} is {shown(self.shapes[name])}"
            self.refuse(message, node, f"{base}[0], {base}[1:]")
        return self._node(made, shape)

    def _transposed(self, name: str, axes: tuple[int, ...] | None = None) -> str:
        shape = self.shapes[name]
        if len(shape) < 2:
            return name
        axes = axes or tuple(reversed(range(len(shape))))
        return self._node(Index(name, axes=axes), tuple(shape[k] for k in axes))

    def _concatenated(self, names: Sequence[str], axis: int, node: tree.Node) -> str:
        shapes = [self.shapes[name] for name in names]
        others = {(*shape[:axis], *shape[axis + 1 :]) for shape in shapes}
        if len({len(shape) for shape in shapes}) > 1 or len(others) > 1:
            listed = ", ".join(shown(shape) for shape in dict.fromkeys(shapes))
            self.refuse(f"these cannot stand one after the other: {listed}", node, "one shape")
        length = sum(shape[axis] for shape in shapes)
        shape = (*shapes[0][:axis], length, *shapes[0][axis + 1 :])
        return self._node(Join(tuple(names), axis), shape)

    def _constant(self, numbers: NDArray[np.int64], node: tree.Node) -> Expr:
        return self._use(node, self._node(Constant(numbers), numbers.shape))

    def _over(self, call: tree.Call, shape: Shape) -> tuple[int, ...]:
        """The axes that a call is over."""
        part = positional(call)[0]
        return self.whole.axes(by_name(call).get("axis"), shape, self.text(part))

    def _reduced(
        self, kind: str, name: str, axes: tuple[int, ...], node: tree.Node, *, keep: bool
    ) -> str:
        if kind not in KINDS:
            raise NotImplementedError(kind)
        shape = self.shapes[name]
        stays, gone = split_axes(shape, axes)
        left = tuple(shape[k] for k in stays)
        reduced = self._node(Reduce(kind, name, tuple(gone), self._typed(node)), left)
        if not keep:
            return reduced
        return self._taken(
            reduced, tuple(None if k in gone else slice(None) for k in range(len(shape)))
        )

    def shape(self, node: tree.Node) -> Shape:
        """The shape of a part."""
        return self.shapes[self.operand(node)]


def _key(node: Node) -> object:
    """What is the same for two nodes that are; where they are typed makes no difference."""
    match node:
        case Region(expression=expression, names=names, sites=sites):
            watched = ((s.test, s.quantities, s.guards, s.trouble, s.breaks) for s in sites)
            return ("region", expression, names, *watched)
        case Constant(numbers=numbers):
            return ("constant", numbers.shape, numbers.tobytes())
        case Reduce(kind=kind, operand=operand, axes=axes):
            return ("reduce", kind, operand, axes)
        case Index(operand=operand, index=index, axes=axes):
            places = (p.tobytes() if isinstance(p, np.ndarray) else repr(p) for p in index)
            return ("index", operand, axes, *places)
        case Linear(kind=kind, operands=names):
            return ("linear", kind, names)
    return node


def _clashing(frame: Sequence[Operand]) -> tuple[Operand, Operand]:
    """The first two of which the shapes do not broadcast."""
    for k, right in enumerate(frame):
        for left in frame[:k]:
            try:
                broadcast((left.shape, right.shape))
            except ValueError:
                return left, right
    # Not two of them, but all together.
    return frame[0], frame[-1]


def product_of(first: Shape, second: Shape, x: str, y: str) -> str | None:
    """A product of matrices that these shapes can have, as it is typed."""
    for a, left in ((first, x), (first[::-1], f"{x}.T")):
        for b, right in ((second, y), (second[::-1], f"{y}.T")):
            inner = b[0] if len(b) < 2 else b[-2]
            turned = (left == x or len(first) == 2) and (right == y or len(second) == 2)
            if turned and max(len(a), len(b)) == 2 and a[-1] == inner:
                return f"{left}@{right}"
    return None
