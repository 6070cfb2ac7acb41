"""Syntax tree and shapes → graph. NumPy decides what anything means.

The walk of :class:`~hesscli.expression.builder.Builder` makes expressions; here, what joins the
elements of tensors becomes a node, with a symbol in its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from hesscli.errors import HessError
from hesscli.expression.arguments import (
    by_name,
    is_axis,
    order_of,
    positional,
)
from hesscli.expression.builder import Of, Parts, refused
from hesscli.expression.graph import (
    KINDS,
    Graph,
    Region,
    elementwise,
    operands,
)
from hesscli.expression.matrices import MatrixBuilder
from hesscli.expression.names import symbol
from hesscli.expression.places import shown
from hesscli.functions.table import BY_NAME, TENSORS, Function
from hesscli.language import tree
from hesscli.notes import Note
from hesscli.shapes import Shape, size
from hesscli.types import Expr, Formula, Point, Values

# What joins elements at the end, so that nothing says what a result with many elements is for.
_JOINING = ("matmul", "dot", "outer", "einsum", "softmax", "log_softmax", "inv", "solve", "expm")


def graph_at(formula: Formula, point: Point) -> Graph:
    """The graph of a formula at a point.

    Raises :class:`HessError` with the place where shapes do not go together.
    """
    shapes = {name: value.shape for name, value in point.values.items()}
    return graph_of(formula, shapes, whole_numbers(formula, point))


def graph_of(
    formula: Formula,
    shapes: Mapping[str, Shape],
    places: Mapping[str, NDArray[np.int64]] | None = None,
    *,
    closed: bool = True,
) -> Graph:
    """The graph of a formula in variables of these shapes, where ``places`` are its whole numbers.

    Raises :class:`HessError` with the place where they do not go together. Without ``closed``,
    integrals stay what they are.
    """
    ranks = {len(shapes[name]) for name in formula.variables}
    joins = formula.is_tensor or (formula.reduces and ranks != {0})
    # Of a matrix and a vector, a product of elements may be meant otherwise.
    if not joins and not {1, 2} <= ranks:
        return elementwise(formula)
    builder = TensorBuilder(formula.source, formula.given, shapes, places or {}, closed=closed)
    with refused():
        return builder.graph(formula.tree, keeps=formula.is_tensor)


def whole_numbers(formula: Formula, point: Point) -> dict[str, NDArray[np.int64]]:
    """The values of a formula's indices and lengths. Raises :class:`HessError` for another."""
    found = {}
    for name in formula.places:
        value = point.values[name]
        entries = value.entries if isinstance(value, Values) else ()
        if not entries or not all(_is_whole(entry) for entry in entries):
            raise HessError(
                "bad-value", f"`{name}` is an index or a length, and so made of whole numbers",
                source=point.source, hint=f"`{name}=[0,1,2]`: indices begin with 0",
            )  # fmt: skip
        numbers = np.array([int(entry) for entry in entries], dtype=np.int64)
        found[name] = numbers.reshape(value.shape)
    return found


def _is_whole(entry: Any) -> bool:
    return bool(abs(entry) < 2**62 and int(entry) == entry)


class TensorBuilder(MatrixBuilder):
    """Makes a node of everything that joins elements, with a symbol in its place."""

    def graph(self, node: tree.Node, *, keeps: bool = False, whole: bool = True) -> Graph:
        """The graph of a whole formula, which ``keeps`` a node where it needs none; or else of a
        tensor.
        """
        expression = self.number(node)
        (operand,) = self._frames[-1]
        if whole and size(operand.shape) != 1 and self._joins_last(node):
            what = f"a {shown(operand.shape)} {'matrix' if len(operand.shape) == 2 else 'tensor'}"
            if len(operand.shape) == 1:
                what = f"a vector of {operand.shape[0]}"
            text = self.text(node)
            self.refuse(
                f"the result is {what}, and no number", node,
                f"`sum({text})` or `norm({text})`",
            )  # fmt: skip
        root = self._region(self._rewritten(expression), operand, tuple(self.sites))
        used: set[str] = set(root.names)
        for name, made in reversed(self.nodes.items()):
            if name in used:
                used.update(operands(made))
        nodes = {name: made for name, made in self.nodes.items() if name in used}
        cancelled = any(s and n not in root.names for n, s in self.shapes.items())
        if not nodes and (keeps or cancelled):
            # A tensor that has cancelled still has its rows, but no elements of the formula.
            name = self._node(root, operand.shape)
            nodes, root = {name: root}, Region(symbol(name), (name,), ())
        notes = tuple(n for n in dict.fromkeys(self.doubts) if n.kind is Note.ELEMENTWISE)
        return Graph(nodes, root, {name: self.shapes[name] for name in nodes}, notes)

    def _joins_last(self, node: tree.Node) -> bool:
        """Whether the last step is a product of matrices, or a reduction over an axis."""
        match node:
            case tree.Parts(body=body):
                return self._joins_last(body)
            case tree.Negative(operand=operand):
                return self._joins_last(operand)
            case tree.Name(name=name) if name in self.parts:
                return self._joins_last(self.parts[name])
            case tree.MatMul():
                return True
            case tree.Call(name=name, arguments=arguments):
                function = BY_NAME[name].name
                axes = any(isinstance(part, tree.Keyword) for part in arguments)
                return function in _JOINING or (axes and function in (*KINDS, "cumsum"))
        return False

    def joining(self, node: tree.Node) -> Expr | None:
        match node:
            case tree.MatMul(left=left, right=right):
                return self._use(node, self._matmul(left, right, node))
            case tree.Index(base=tree.Attribute(name="shape")):
                return sympy.Integer(self.whole.at(node))
            case tree.Attribute(name="shape"):
                self.refuse("a shape is no number", node, f"`{self.text(node)}[0]`")
            case tree.Attribute(name="size" | "ndim"):
                return sympy.Integer(self.whole.at(node))
            case tree.Index(base=base, items=items):
                name = self.operand(base)
                return self._use(
                    node, self._taken(name, self.whole.index(items, self.shapes[name], node), node)
                )
            case tree.Attribute(operand=inner):
                return self._use(node, self._transposed(self.operand(inner)))
            case tree.Array(items=items) if id(node) in self._lists:
                rows = [self._taken(self.operand(item), (None,)) for item in items]
                return self._use(node, self._concatenated(rows, 0, node))
            case tree.Call(name=name) if name in BY_NAME and name not in self.given:
                function = BY_NAME[name]
                if function.group == TENSORS:
                    self._check_arity(function, node)
                    return self._of_tensors(function, node)
        return None

    # Reductions

    def _call(self, node: tree.Call) -> Expr:
        parts = positional(node)
        if node.name == "logsumexp" and len(parts) == 2 and is_axis(parts[1]):
            self._check_logsumexp(node)
        return super()._call(node)

    def _check_logsumexp(self, node: tree.Call) -> None:
        part, number = positional(node)
        shape, x, k = self.shape(part), self.text(part), self.text(number)
        if shape:
            self.fail(
                f"`logsumexp({x}, {k})` could be over the axis {k} of {x}, of shape "
                f"{shown(shape)}, or of each element and {k}", node,
                f"`logsumexp({x}, axis={k})`, or `log(exp({x}) + exp({k}))` of each",
                "ambiguous-argument",
            )  # fmt: skip

    def _reduction(self, function: Function, node: tree.Call) -> Expr:
        self.reduces = True
        if function.name == "dot":
            return self._dot(node)
        if function.name == "norm":
            self._check_norm(node)
        return super()._reduction(function, node)

    def _check_norm(self, call: tree.Call) -> None:
        """Refuse a norm of matrices that is not that of the elements."""
        order = order_of(call, self.given, self.source)
        part, *rest = positional(call)
        if order is None:
            shapes = [self.shape(each) for each in (part, *rest)]
            if len(shapes) == 2 and shapes[0] and not shapes[1]:
                x, p = map(self.text, (part, rest[0]))
                self.fail(
                    f"`{p}` could be the order of this norm, or go with each element", rest[0],
                    f"a number, such as norm({x}, 3), for the order; sqrt(({x})**2 + ({p})**2)",
                    "ambiguous-argument",
                )  # fmt: skip
            if rest and by_name(call):
                message = "an axis is of one tensor, and this norm has several arguments"
                self.fail(message, call, f"norm({self.text(part)}, axis=0)")
            return
        axes = self._over(call, self.shape(part))
        typed = by_name(call).get("ord") or rest[0]
        frobenius = isinstance(typed, tree.Word) and len(axes) == 2
        if len(axes) < 2 or frobenius:
            return
        x, p = self.text(part), self.text(typed)
        elements = f"`sum(abs({x})**{p})**(1/{p})` over all elements"
        if order in (1, 2, float("inf")):
            forms = {1: f"sum(abs({x}))", float("inf"): f"max(abs({x}))"}
            elements = f"`{forms.get(float(order), f'norm({x})')}` over all elements"
        self.refuse(
            f"the norm of order {p} of shape {shown(self.shape(part))} is not supported: for "
            "NumPy, it is not that of the elements", call, elements,
        )  # fmt: skip

    def reduced(self, kind: str, node: tree.Call, parts: Parts, of: Of | None = None) -> Expr:
        if kind == "norm" and len(parts) > 1:  # of each element of several tensors
            return super().reduced(kind, node, parts, of)
        names = [self.operand(*factors, of=of) for factors in parts]
        shape = self.shapes[names[0]]
        axes = self._over(node, shape)
        if not shape:
            return super().reduced(kind, node, parts, of)
        if len(names) > 1:
            names = [self._concatenated(names, axes[0], node)]
        keep = by_name(node).get("keepdims")
        if keep is not None and not (
            isinstance(keep, tree.Name) and keep.name in ("True", "False")
        ):
            self.fail("`keepdims` is True or False", keep, "keepdims=True")
        kept = isinstance(keep, tree.Name) and keep.name == "True"
        return self._use(node, self._reduced(kind, names[0], axes, node, keep=kept))

    def quantified(self, name: str, node: tree.Call) -> Expr:
        outer = self._calculus
        if name in ("Derivative", "Integral"):
            self._calculus = node
        expression = super().quantified(name, node)
        self._calculus = outer
        return expression

    def _by(self, items: Sequence[tree.Node], node: tree.Node) -> Iterator[tuple[Expr, int]]:
        (body, *_) = node.arguments if isinstance(node, tree.Call) else (node,)
        self._require_elementwise(body, items, node)
        return super()._by(items, node)

    def _integral(self, body: tree.Node, over: Sequence[tree.Node], node: tree.Call) -> Expr:
        self._require_elementwise(body, [n for n in over if isinstance(n, tree.Name)], node)
        return super()._integral(body, over, node)

    def _require_elementwise(
        self, body: tree.Node, by: Sequence[tree.Node], node: tree.Node
    ) -> None:
        """Refuse a derivative or an integral of what goes over the elements of its variable."""
        varying = {each.name for each in tree.walk(*by) if isinstance(each, tree.Name)}
        for used in self._used(body) if varying else ():
            if varying & self._variables(used):
                hint = "the derivative inside it: sum(Derivative(x**3, x))"
                self.fail("what goes over the elements is not differentiated here", node, hint)

    def _used(self, body: tree.Node) -> list[str]:
        """The nodes that are parts of a part."""
        name = self.operand(body)
        made = self.nodes.get(name)
        parts = operands(made) if isinstance(made, Region) else (name,)
        return [n for n in parts if n in self.nodes]

    def _variables(self, name: str) -> set[str]:
        """The variables that a node depends on."""
        if name not in self.nodes:
            return {name}
        return set().union(*map(self._variables, operands(self.nodes[name])))
