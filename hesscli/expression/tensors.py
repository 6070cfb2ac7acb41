"""Syntax tree and shapes → graph. NumPy decides what anything means.

The walk of :class:`~hesscli.expression.builder.Builder` makes expressions; here, what joins the
elements of tensors becomes a node, with a symbol in its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from string import ascii_letters
from typing import Any, NoReturn

import numpy as np
import sympy
from numpy.typing import NDArray

from hesscli.errors import HessError
from hesscli.expression.arguments import (
    by_name,
    is_axis,
    lists_in,
    order_of,
    positional,
    takes_shapes,
)
from hesscli.expression.builder import Builder, Of, Parts, refused
from hesscli.expression.graph import (
    KINDS,
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
    Typed,
    elementwise,
    operands,
    split_axes,
)
from hesscli.expression.names import symbol
from hesscli.expression.places import WholeNumbers, shown
from hesscli.functions.table import BY_NAME, TENSORS, Function
from hesscli.language import tree
from hesscli.notes import Note, Remark
from hesscli.shapes import Shape, broadcast, size
from hesscli.types import Expr, Formula, Point, Site, Values

_SQUARE = ("det", "logdet", "inv", "expm")
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
        return builder.graph(formula.tree)


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


@dataclass(frozen=True, slots=True)
class _Operand:
    """A part of the formula: what it is elementwise in, and its shape."""

    node: tree.Node
    names: tuple[str, ...]
    shape: Shape


class TensorBuilder(Builder):
    """Makes a node of everything that joins elements, with a symbol in its place."""

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
        self.whole = _Lengths(self, places)
        self._known: dict[object, str] = {}
        # Of each part that is walked now, what it has been made of so far.
        self._frames: list[list[_Operand]] = [[]]
        self._named: dict[str, _Operand] = {}
        self._shaped = 0  # whether what takes a matrix as such is around what is walked
        self._lists: set[int] = set()  # the lists that are tensors: arguments, operands of `@`
        self._calculus: tree.Node = tree.Node((0, 0))  # the innermost derivative or integral

    def graph(self, node: tree.Node) -> Graph:
        """The graph of a whole formula."""
        expression = self.number(node)
        (operand,) = self._frames[-1]
        if size(operand.shape) != 1 and self._joins_last(node):
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
        if not nodes and any(s and n not in root.names for n, s in self.shapes.items()):
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

    def refuse(self, message: str, node: tree.Node, hint: str) -> NoReturn:
        """Refuse the shapes that meet in a part of the formula."""
        self.fail(message, node, hint, "shape")

    # Parts

    def number(self, node: tree.Node) -> Expr:
        self._lists |= {id(part) for part in lists_in(node)}
        self._frames.append([])
        expression = self._tensor(node)
        if expression is None:
            expression = super().number(node)
        operand = self._operand(node, self._frames.pop())
        self._frames[-1].append(operand)
        return expression

    def _operand(self, node: tree.Node, frame: Sequence[_Operand]) -> _Operand:
        """What the parts of ``node`` make together. Refuses shapes that do not broadcast."""
        names = tuple(dict.fromkeys(chain.from_iterable(part.names for part in frame)))
        try:
            shape = broadcast(part.shape for part in frame)
        except ValueError:
            self._refuse_broadcast(node, frame)
        if isinstance(node, tree.Product):
            self._check_product(node, frame)
        return _Operand(node, names, shape)

    def _name(self, name: str, node: tree.Node) -> Expr:
        expression = super()._name(name, node)
        if expression.is_Symbol and name in self.names and name not in self.bound:
            self._frames[-1].append(_Operand(node, (name,), self.shapes.get(name, ())))
        return expression

    def _part(self, name: str) -> Expr:
        if name not in self._named:
            self._frames.append([])
            super()._part(name)
            self._named[name] = self._frames.pop()[0]
            del self.sites[len(self.sites) - len(self._built[name][1]) :]
        self._frames[-1].append(self._named[name])
        return super()._part(name)

    def _listed(self, frame: Sequence[_Operand]) -> str:
        found = {self.text(part.node): part.shape for part in frame if part.shape}
        return ", ".join(f"{text} is {shown(shape)}" for text, shape in found.items())

    def _refuse_broadcast(self, node: tree.Node, frame: Sequence[_Operand]) -> NoReturn:
        left, right = _clashing(frame)
        hint = "tensors of one shape, or numbers; a length of 1 stretches"
        product = isinstance(node, tree.Product)
        a, b = self.text(left.node), self.text(right.node)
        if product and (meant := _product_of(left.shape, right.shape, a, b)):
            hint = f"did you mean `{meant}`?"
        elif len(left.shape) == 2 and left.shape[:1] == right.shape:
            hint = f"`{b}[:, None]` for a number for each row"
        elif len(right.shape) == 2 and right.shape[:1] == left.shape:
            hint = f"`{a}[:, None]` for a number for each row"
        message = f"these shapes do not broadcast: {self._listed([left, right])}"
        self.fail(message, node, hint, "broadcast")

    def _check_product(self, node: tree.Product, frame: Sequence[_Operand]) -> None:
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

    def _region(self, expression: Expr, operand: _Operand, sites: tuple[Site, ...]) -> Region:
        """The region of an expression, broadcast to all names that its part has."""
        quantities = (q for site in sites for q in (*site.quantities, *site.guards))
        free = expression.free_symbols.union(*(q.free_symbols for q in quantities))
        used = sorted(str(s.name) for s in free)
        # A node that is not used any more, as the norm of a square, counts for its shape alone.
        cancelled = [n for n in operand.names if n not in used]
        rest = [n for n in cancelled if n not in self.nodes]
        if broadcast(self.shapes[n] for n in (*used, *rest)) != operand.shape:
            rest = cancelled
        return Region(expression, (*used, *rest), sites)

    def _node(self, node: Node, shape: Shape) -> str:
        if isinstance(node, Region) and node.expression.atoms(sympy.Dummy):
            hint = "the integral inside what goes over the elements"
            self.fail("the variable of an integral is inside a tensor", self._calculus, hint)
        key = _key(node)
        if key not in self._known:
            name = f"#{len(self.nodes)}"  # no name of a variable
            self.nodes[name], self.shapes[name] = node, shape
            self._known[key] = name
        return self._known[key]

    def _use(self, node: tree.Node, *names: str) -> Expr:
        """The product of nodes as a part of the formula at ``node``."""
        for name in names:
            self._frames[-1].append(_Operand(node, (name,), self.shapes[name]))
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
        shape = self.shapes[node.operand]
        operand = self.nodes.get(node.operand)
        names = operand.names if isinstance(operand, Region) else (node.operand,)
        names = tuple(dict.fromkeys((*(s.name for s in expression.free_symbols), *names)))
        sites = operand.sites if isinstance(operand, Region) else ()
        inner = node.operand
        if expression != symbol(inner):
            own = Region(expression, names, () if kind == "sum" else sites)
            inner = self._node(own, shape)
        left = tuple(shape[k] for k in split_axes(shape, node.axes)[0])
        return symbol(self._node(Reduce(kind, inner, node.axes, node.typed), left))

    def _typed(self, node: tree.Node) -> Typed:
        node = self.inside or node
        return Typed(self.text(node), node.span)

    def _tensor(self, node: tree.Node) -> Expr | None:
        """What is made of a part that joins elements; None of one that is elementwise."""
        shaped = takes_shapes(node)
        self._shaped += shaped
        expression = self._joining(node)
        self._shaped -= shaped
        return expression

    def _joining(self, node: tree.Node) -> Expr | None:
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
                self._check_names(function, node)
                if function.group == TENSORS:
                    self._check_arity(function, node)
                    return self._of_tensors(function, node)
        return None

    def _check_names(self, function: Function, call: tree.Call) -> None:
        """Refuse arguments by names that the function does not have."""
        allowed = {"softmax": {"axis"}, "log_softmax": {"axis"}, "cumsum": {"axis"}}.get(
            function.name, set()
        )
        if function.name in KINDS:
            allowed = {"axis", "keepdims"} | ({"ord"} if function.name == "norm" else set())
        if function.name in ("concatenate", "transpose"):
            allowed = {"axis" if function.name == "concatenate" else "axes"}
        self._check_once(call)
        for name, value in by_name(call).items():
            if name in allowed:
                continue
            place = next(
                p for p in call.arguments if isinstance(p, tree.Keyword) and p.value is value
            )
            typed = place.name if isinstance(place, tree.Keyword) else name
            named = " and ".join(f"`{each}=`" for each in sorted(allowed))
            hint = named if named else f"the value in its place, without `{typed}=`"
            self.fail(f"`{call.name}` has no argument `{typed}=`", place, hint)

    def _check_once(self, call: tree.Call) -> None:
        """Refuse ``sum(X, dim=0, axis=1)``."""
        named = [part for part in call.arguments if isinstance(part, tree.Keyword)]
        if len(by_name(call)) < len(named):
            self.fail("an argument is given twice", named[-1], "each argument once")

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

    # Products

    def _matmul(self, left: tree.Node, right: tree.Node, node: tree.Node) -> str:
        """``left @ right`` for vectors, matrices, and stacks of matrices."""
        a, b = self.operand(left), self.operand(right)
        first, second = self.shapes[a], self.shapes[b]
        x, y = self.text(left), self.text(right)
        for text, shape in ((x, first), (y, second)):
            if not shape:
                hint = f"`{x}*{y}`" if isinstance(node, tree.MatMul) else "`*` between numbers"
                self.refuse(f"`{text}` is a number, and `@` is of vectors and matrices", node, hint)
        inner = first[-1], second[-2] if len(second) > 1 else second[0]
        if inner[0] != inner[1]:
            meant = _product_of(first, second, x, y)
            self.refuse(
                f"{x} is {shown(first)}, {y} is {shown(second)}; inner lengths {inner[0]} and "
                f"{inner[1]} differ", node,
                f"`{meant}`?" if meant else "matrices whose inner lengths are the same",
            )  # fmt: skip
        stacks = first[:-2], second[:-2]
        try:
            stack = broadcast(stacks)
        except ValueError:
            self.refuse(
                f"{x} is {shown(first)}, {y} is {shown(second)}: the first axes do not broadcast",
                node, "stacks of one shape",
            )  # fmt: skip
        letters = ascii_letters[3 : 3 + len(stack)]
        rows, columns = "a" * (len(first) > 1), "c" * (len(second) > 1)
        before = letters[len(letters) - len(stacks[0]) :] + rows + "b"
        behind = letters[len(letters) - len(stacks[1]) :] + "b" + columns
        result = letters + rows + columns
        shape = (*stack, *first[-2:-1], *second[-1:][: len(columns)])
        return self._node(Contract(f"{before},{behind}->{result}", (a, b), is_product=True), shape)

    def _dot(self, call: tree.Call) -> Expr:
        """NumPy's ``dot``, ``inner`` and ``vdot``."""
        left, right = positional(call)
        a, b = self.operand(left), self.operand(right)
        first, second = self.shapes[a], self.shapes[b]
        if not first or not second:
            return self._use(call, a, b)
        if call.name == "vdot" and len(first) > 1 and first == second:
            letters = ascii_letters[: len(first)]
            return self._use(call, self._node(Contract(f"{letters},{letters}->", (a, b)), ()))
        vectors = len(first) == len(second) == 1
        if not vectors and (call.name == "vdot" or max(len(first), len(second)) > 2):
            self._refuse_dot(call, first, second)
        if len(first) == len(second) == 1 and first != second:
            self._refuse_dot(call, first, second)
        if call.name == "inner" and len(second) == 2:
            transposed = tree.Attribute(right.span, right, "T")
            return self._use(call, self._matmul(left, transposed, call))
        return self._use(call, self._matmul(left, right, call))

    def _refuse_dot(self, call: tree.Call, first: Shape, second: Shape) -> NoReturn:
        self.refuse(
            f"`{call.name}` takes two vectors of one length, and here are {shown(first)} and "
            f"{shown(second)}", call, "`sum(x*y)` for the sum of all products of elements",
        )  # fmt: skip

    def _einsum(self, call: tree.Call) -> str:
        word, *parts = positional(call)
        if not isinstance(word, tree.Word):
            self.refuse("`einsum` begins with its letters", word, "einsum('ij,j->i', A, x)")
        text = word.text.replace(" ", "")
        before, arrow, result = text.partition("->")
        inputs = before.split(",")
        if not arrow:
            result = "".join(sorted(c for c in {*before} - {","} if before.count(c) == 1))
        if "." in text:
            self.refuse("`...` is not supported in an einsum", word, "a letter for each axis")
        if len(inputs) != len(parts):
            count = f"{len(inputs)} group{'s' * (len(inputs) != 1)} of letters"
            message = f"'{word.text}' has {count}, and tensors: {len(parts)}"
            self.refuse(message, word, "a group of letters for each tensor, with commas between")
        if wrong := next((c for c in result if c not in before or result.count(c) > 1), None):
            message = f"the letter `{wrong}` of the result is not once in it and in a tensor"
            self.refuse(message, word, "'ij,j->i'")
        names = [self.operand(part) for part in parts]
        lengths: dict[str, tuple[int, str]] = {}
        for letters, name, part in zip(inputs, names, parts, strict=True):
            shape = self.shapes[name]
            if len(letters) != len(shape):
                self.refuse(
                    f"{self.text(part)} is {shown(shape)}, and `{letters}` has {len(letters)} "
                    f"letter{'s' * (len(letters) != 1)}", part, "a letter for each axis",
                )  # fmt: skip
            for letter, length in zip(letters, shape, strict=True):
                known, other = lengths.setdefault(letter, (length, self.text(part)))
                if 1 in (known, length):
                    lengths[letter] = max(known, length), other
                elif known != length:
                    self.refuse(
                        f"the letter `{letter}` has length {known} in {other}, and {length} in "
                        f"{self.text(part)}", part, "one length for each letter",
                    )  # fmt: skip
        shape = tuple(lengths[letter][0] for letter in result)
        return self._node(Contract(f"{','.join(inputs)}->{result}", tuple(names)), shape)

    # Functions

    def _of_tensors(self, function: Function, call: tree.Call) -> Expr:
        arguments = positional(call)
        match function.name:
            case "matmul":
                return self._use(call, self._matmul(arguments[0], arguments[1], call))
            case "einsum":
                return self._use(call, self._einsum(call))
            case "outer":
                return self._use(call, self._outer(call))
            case "softmax" | "log_softmax":
                return self._softmax(call, function.name)
            case "cumsum":
                return self._use(call, self._cumsum(call))
            case "concatenate":
                return self._concatenate(call)
            case "eye":
                square = self.whole.lengths((*arguments, *arguments), call)
                return self._constant(np.eye(square[0], dtype=np.int64), call)
            case "ones" | "zeros":
                shape = self.whole.lengths(arguments, call)
                number = int(function.name == "ones")
                return self._constant(np.full(shape, number, dtype=np.int64), call)
            case "arange":
                return self._constant(self.whole.array(call), call)
            case "len":
                return sympy.Integer(
                    self.whole.at(tree.Call(call.span, "len", call.name_span, arguments))
                )
            case "transpose":
                return self._use(call, self._permuted(call))
        if function.name == "solve":
            return self._use(call, self._solve(call))
        return self._of_matrix(function.name, call)

    def _of_matrix(self, kind: str, call: tree.Call) -> Expr:
        """What is of one square matrix; and the diagonal matrix of a vector."""
        (part,) = positional(call)
        name = self.operand(part)
        shape = self.shapes[name]
        if kind == "diag" and len(shape) == 1:
            identity = self._node(Constant(np.eye(shape[0], dtype=np.int64)), shape * 2)
            return self._use(call, self._taken(name, (slice(None), None)), identity)
        if len(shape) != 2 or shape[0] != shape[1]:
            needs = "a vector or a square matrix" if kind == "diag" else "a square matrix"
            message = f"`{call.name}` needs {needs}, and {self.text(part)} is {shown(shape)}"
            hint = "a matrix with as many rows as columns"
            if len(shape) == 2 and kind in _SQUARE:
                text = self.text(part)
                hint = f"`{call.name}({text}.T@{text})`, if that is meant"
            self.refuse(message, part, hint)
        if kind in ("trace", "diag"):
            result = "->" if kind == "trace" else "->a"
            size = shape[: kind == "diag"]
            return self._use(call, self._node(Contract(f"aa{result}", (name,)), size))
        result_shape = () if kind in ("det", "logdet") else shape
        return self._use(call, self._node(Linear(kind, (name,), self._typed(call)), result_shape))

    def _solve(self, call: tree.Call) -> str:
        left, right = positional(call)
        a, b = self.operand(left), self.operand(right)
        matrix, vector = self.shapes[a], self.shapes[b]
        if len(matrix) != 2 or matrix[0] != matrix[1]:
            message = f"`solve` needs a square matrix, and {self.text(left)} is {shown(matrix)}"
            self.refuse(message, left, "solve(A.T@A, A.T@b) for least squares")
        if len(vector) not in (1, 2) or vector[0] != matrix[0]:
            self.refuse(
                f"{self.text(left)} is {shown(matrix)}, {self.text(right)} is {shown(vector)}: "
                f"`solve` needs {matrix[0]} rows", right, "a vector or a matrix with as many rows",
            )  # fmt: skip
        return self._node(Linear("solve", (a, b), self._typed(call)), vector)

    def _outer(self, call: tree.Call) -> str:
        names = [self.operand(part) for part in positional(call)]
        for name, part in zip(names, positional(call), strict=True):
            if len(self.shapes[name]) != 1:
                message = (
                    f"`outer` is of vectors, and {self.text(part)} is {shown(self.shapes[name])}"
                )
                self.refuse(message, part, "x[:, None]*y[None, :], or einsum")
        shape = (self.shapes[names[0]][0], self.shapes[names[1]][0])
        return self._node(Contract("a,b->ab", tuple(names)), shape)

    def _permuted(self, call: tree.Call) -> str:
        part, *rest = positional(call)
        name = self.operand(part)
        named = by_name(call).get("axes")
        order = named
        if rest and order is None:
            order = rest[0] if len(rest) == 1 else tree.Pair(call.span, tuple(rest))
        if order is None:
            return self._transposed(name)
        shape = self.shapes[name]
        axes = self.whole.axes(order, shape, self.text(part))
        if len(axes) != len(shape):
            self.refuse(f"{self.text(part)} has {len(shape)} axes", call, "each axis once")
        return self._transposed(name, axes)

    def _over(self, call: tree.Call, shape: Shape) -> tuple[int, ...]:
        """The axes that a call is over."""
        part = positional(call)[0]
        return self.whole.axes(by_name(call).get("axis"), shape, self.text(part))

    def _softmax(self, call: tree.Call, kind: str) -> Expr:
        name = self.operand(positional(call)[0])
        shape = self.shapes[name]
        axes = self._over(call, shape)
        if not shape:
            return sympy.Integer(kind == "softmax")
        total = self._reduced("logsumexp", name, axes, call, keep=True)
        self._use(call, name, total)
        difference = symbol(name) - symbol(total)
        return sympy.exp(difference) if kind == "softmax" else difference

    def _cumsum(self, call: tree.Call) -> str:
        part = positional(call)[0]
        name = self.operand(part)
        axes = self._over(call, self.shapes[name])
        if len(axes) != 1:
            message = f"along which axis? {self.text(part)} is {shown(self.shapes[name])}"
            self.refuse(message, call, f"cumsum({self.text(part)}, axis=0)")
        return self._node(Scan(name, axes[0]), self.shapes[name])

    def _concatenate(self, call: tree.Call) -> Expr:
        parts = positional(call)
        if len(parts) == 1 and isinstance(parts[0], (tree.Pair, tree.Array)):
            parts = parts[0].items
        elif len(parts) == 2 and isinstance(parts[0], (tree.Pair, tree.Array)):
            self.refuse("an axis is given by its name", parts[1], "concatenate((x, y), axis=0)")
        names = [self.operand(part) for part in parts]
        for name, part in zip(names, parts, strict=True):
            if not self.shapes[name]:
                message = f"`{self.text(part)}` is a number, and `concatenate` is of tensors"
                self.refuse(message, part, f"[{self.text(part)}]")
        axis = by_name(call).get("axis")
        along = self.whole.axes(axis, self.shapes[names[0]], self.text(parts[0])) if axis else (0,)
        return self._use(call, self._concatenated(names, along[0], call))

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

    def shape(self, node: tree.Node) -> Shape:
        """The shape of a part."""
        return self.shapes[self.operand(node)]

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

    def quantified(self, name: str, node: tree.Call) -> Expr:
        outer = self._calculus
        if name in ("Derivative", "Integral"):
            self._calculus = node
        expression = super().quantified(name, node)
        self._calculus = outer
        return expression

    def _by(self, items: Sequence[tree.Node], node: tree.Node) -> Iterator[tuple[Expr, int]]:
        varying = {each.name for each in tree.walk(*items) if isinstance(each, tree.Name)}
        (body, *_) = node.arguments if isinstance(node, tree.Call) else (node,)
        for used in self._used(body):
            if varying & self._variables(used):
                hint = "the derivative inside it: sum(Derivative(x**3, x))"
                self.fail("what goes over the elements is not differentiated here", node, hint)
        return super()._by(items, node)

    def _used(self, body: tree.Node) -> list[str]:
        """The nodes that are parts of a part."""
        name = self.operand(body)
        made = self.nodes.get(name)
        return [n for n in (operands(made) if made else (name,)) if n in self.nodes]

    def _variables(self, name: str) -> set[str]:
        """The variables that a node depends on."""
        if name not in self.nodes:
            return {name}
        return set().union(*map(self._variables, operands(self.nodes[name])))


class _Lengths(WholeNumbers):
    def __init__(self, builder: TensorBuilder, values: Mapping[str, NDArray[np.int64]]) -> None:
        super().__init__(builder, values)
        self.builder = builder

    def shape(self, node: tree.Node) -> Shape:
        return self.builder.shape(node)

    def parts(self) -> Mapping[str, tree.Node]:
        return self.builder.parts


def _key(node: Node) -> object:
    """What is the same for two nodes that are; where they are typed makes no difference."""
    match node:
        case Region(expression=expression, names=names):
            return ("region", expression, names)
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


def _clashing(frame: Sequence[_Operand]) -> tuple[_Operand, _Operand]:
    """The first two of which the shapes do not broadcast."""
    for k, right in enumerate(frame):
        for left in frame[:k]:
            try:
                broadcast((left.shape, right.shape))
            except ValueError:
                return left, right
    # Not two of them, but all together.
    return frame[0], frame[-1]


def _product_of(first: Shape, second: Shape, x: str, y: str) -> str | None:
    """A product of matrices that these shapes can have, as it is typed."""
    for a, left in ((first, x), (first[::-1], f"{x}.T")):
        for b, right in ((second, y), (second[::-1], f"{y}.T")):
            inner = b[0] if len(b) < 2 else b[-2]
            turned = (left == x or len(first) == 2) and (right == y or len(second) == 2)
            if turned and max(len(a), len(b)) == 2 and a[-1] == inner:
                return f"{left}@{right}"
    return None
