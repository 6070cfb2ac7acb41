"""Products of matrices, and functions of tensors, as nodes. NumPy decides what shapes they have."""

from __future__ import annotations

from string import ascii_letters
from typing import NoReturn

import numpy as np
import sympy

from hesscli.expression.arguments import (
    by_name,
    positional,
)
from hesscli.expression.graph import (
    Constant,
    Contract,
    Linear,
    Scan,
)
from hesscli.expression.names import symbol
from hesscli.expression.nodes import NodeBuilder, product_of
from hesscli.expression.places import shown
from hesscli.functions.table import Function
from hesscli.language import tree
from hesscli.shapes import Shape, broadcast
from hesscli.types import Expr

_SQUARE = ("det", "logdet", "inv", "expm")


class MatrixBuilder(NodeBuilder):
    """Makes nodes of the products and the functions of tensors."""

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
            meant = product_of(first, second, x, y)
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
            own = dict(zip(letters, shape, strict=True))
            if any(own[letter] != n for letter, n in zip(letters, shape, strict=True)):
                message = f"{self.text(part)} is {shown(shape)}, and a letter of `{letters}` twice"
                self.refuse(message, part, "a square matrix for 'ii'")
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
