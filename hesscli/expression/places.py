"""Whole numbers in a formula: the elements that an index takes, axes, and lengths.

They are known when the shapes are, and nothing is differentiated by them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from hesscli.errors import HessError, shortened
from hesscli.expression.arguments import ALL, NEW_AXIS
from hesscli.expression.builder import Builder
from hesscli.expression.graph import Place
from hesscli.language import tree
from hesscli.language.tree import Node
from hesscli.shapes import Shape

Whole = Any  # an int, or an array of them
MAX_INDICES = 10_000_000


def shown(shape: Shape) -> str:
    """A shape as people write it: ``5×3``; the length of a vector."""
    return "×".join(map(str, shape)) if shape else "a number"


class WholeNumbers:
    """The whole numbers in the formula that ``walk`` goes over, which tells of mistakes.

    ``values`` are those of names, and ``shape`` gives that of a part.
    """

    def __init__(
        self,
        walk: Builder,
        values: Mapping[str, NDArray[np.int64]],
        shape: Callable[[Node], Shape],
    ) -> None:
        self.walk = walk
        self.values = values
        self.shape = shape

    def at(self, node: Node) -> Whole:
        """What ``node`` is: an int, or an array of them. Refuses anything else."""
        match node:
            case tree.Number(value=value) if value.denominator == 1:
                return int(value)
            case tree.Name(name=name):
                return self._named(name, node)
            case tree.Negative(operand=operand):
                return -self.at(operand)
            case tree.Sum(terms=terms):
                return sum(self.at(t) if sign == "+" else -self.at(t) for sign, t in terms)
            case tree.Product(factors=factors):
                return self._product(factors, node)
            case tree.Power(base=base, exponent=exponent):
                power = self.at(exponent)
                if isinstance(power, int) and 0 <= power <= 30:
                    return self.at(base) ** power
            case tree.Call(name="len", arguments=(tensor,)):
                shape = self.shape(tensor)
                return shape[0] if shape else self._fail(node, "a number has no length", "len(x)")
            case tree.Call(name="arange") | tree.Array():
                return self.array(node)
            case tree.Attribute(operand=tensor, name="size" | "ndim" as name):
                shape = self.shape(tensor)
                return len(shape) if name == "ndim" else int(np.prod(shape))
            case tree.Index(base=tree.Attribute(operand=tensor, name="shape"), items=(item,)):
                shape, axis = self.shape(tensor), self.at(item)
                if isinstance(axis, int) and -len(shape) <= axis < len(shape):
                    return shape[axis]
                self._fail(node, f"the shape {shown(shape)} has no axis {axis}", "x.shape[0]")
            case tree.Index(base=base, items=items):
                numbers = np.asarray(self.at(base))
                found = numbers[self.index(items, numbers.shape, node)]
                return int(found) if found.ndim == 0 else found
        self._fail(node, "an index or a length is a whole number", "x[0], x[1:], x[2*k]")

    def array(self, node: Node) -> NDArray[np.int64]:
        """``arange(…)`` or ``[0, 2, 1]``."""
        if isinstance(node, tree.Array):
            items = [self.at(item) for item in node.items]
            if len({np.shape(item) for item in items}) > 1 or not items:
                self._fail(node, "the rows of this array differ in length", "[[0, 1], [2, 3]]")
            return np.array(items, dtype=np.int64)
        assert isinstance(node, tree.Call)
        limits = [self.at(part) for part in node.arguments]
        if not 1 <= len(limits) <= 3 or not all(isinstance(n, int) for n in limits):
            self._fail(node, "`arange` takes one to three whole numbers", "arange(n)")
        if len(limits) == 3 and limits[2] == 0:
            self._fail(node, "the step is 0", "arange(0, n, 2)")
        if len(range(*limits)) > MAX_INDICES:
            self._fail(node, f"more than {MAX_INDICES:,} numbers", "fewer of them")
        return np.arange(*limits, dtype=np.int64)

    def _named(self, name: str, node: Node) -> Whole:
        bound = self.walk.bound.get(name)
        if bound is not None and bound.is_Integer:
            return int(bound)
        if name in self.walk.parts:
            outer, self.walk.bound = self.walk.bound, {}
            whole = self.at(self.walk.parts[name])
            self.walk.bound = outer
            return whole
        if name in self.values:
            values = self.values[name]
            return int(values) if values.ndim == 0 else values
        hint = f"`--at {name}=2`, or `--at {name}=[0,1,2]`"
        self._fail(node, f"`{shortened(name)}` is no whole number here", hint)

    def _product(self, factors: tuple[tuple[str, Node], ...], node: Node) -> Whole:
        product: Whole = 1
        for operator, factor in factors:
            number = self.at(factor)
            if operator == "*":
                product = product * number
            elif np.all(number) and not np.any(product % number):
                product = product // number
            else:
                self._fail(node, "an index is a whole number, and this is none", "x[0], x[2*k]")
        return product

    def index(self, items: tuple[Node, ...], shape: Shape, node: tree.Index) -> tuple[Place, ...]:
        """What NumPy takes in the place of these items, for a tensor of this shape."""
        found = [self._place(item) for item in items]
        base = self.walk.text(node.base)
        taken = sum(1 for place in found if place is not None and place is not Ellipsis)
        if taken > len(shape):
            axes = f"{len(shape)} ax{'e' if len(shape) != 1 else 'i'}s" if shape else "no axis"
            hint = f"`{base}` alone" if not shape else f"{base}[{', '.join('i' * len(shape))}]"
            what = "is a number" if not shape else f"has {axes}"
            count = f"{taken} ind{'ex' if taken == 1 else 'ices'}"
            self._fail(node, f"{count}, and `{base}` {what}", hint)
        if sum(place is Ellipsis for place in found) > 1:
            self._fail(node, "`...` stands twice", f"{base}[..., 0]")
        axis = 0
        for place, item in zip(found, items, strict=True):
            if place is Ellipsis:
                axis += len(shape) - taken
            elif place is not None:
                self._check(place, shape[axis], shape, base, item)
                axis += 1
        return tuple(found)

    def _place(self, item: Node) -> Place:
        match item:
            case tree.Slice(start=start, stop=stop, step=step):
                parts = [None if part is None else self.at(part) for part in (start, stop, step)]
                if not all(part is None or isinstance(part, int) for part in parts):
                    self._fail(item, "a slice goes from one whole number to another", "x[1:3]")
                if parts[2] == 0:
                    self._fail(item, "the step of a slice is not 0", "x[::2]")
                return slice(*parts)
            case tree.Name(name=name) if name in NEW_AXIS and name not in self.values:
                return None
            case tree.Name(name=name) if name == ALL:
                return Ellipsis
        return self.at(item)

    def _check(self, place: Place, length: int, shape: Shape, base: str, item: Node) -> None:
        """Refuse a position that is not there."""
        if isinstance(place, slice):
            return
        positions = np.asarray(place)
        wrong = positions[(positions < -length) | (positions >= length)]
        if not wrong.size:
            return
        what = f"has {length} element{'s' * (length != 1)}"
        if len(shape) > 1:
            what = f"is {shown(shape)}: this axis has {length}"
        shown_place = self.walk.text(item)
        message = f"`{base}` {what}"
        if shown_place != str(wrong.flat[0]):
            message += f", and `{shown_place}` is {wrong.flat[0]}"
        hint = f"0 to {length - 1}, or -1 for the last: indices begin with 0"
        self._fail(item, message, hint)

    def axes(self, node: Node | None, shape: Shape, base: str) -> tuple[int, ...]:
        """The axes that an argument names, all where there is none, none of them negative."""
        if node is None or (isinstance(node, tree.Name) and node.name == "None"):
            return tuple(range(len(shape)))
        items = node.items if isinstance(node, (tree.Pair, tree.Array)) else (node,)
        axes = []
        for item in items:
            axis = self.at(item)
            if not isinstance(axis, int) or not -len(shape) <= axis < len(shape):
                count = f"{len(shape)} axes, 0 to {len(shape) - 1}"
                if len(shape) < 2:
                    count = "one axis, 0" if shape else "no axis: it is a number"
                example = "axis=0" if shape else f"`{base}` alone"
                self._fail(item, f"`{base}` has {count}", example)
            axes.append(axis % len(shape))
        if len(set(axes)) < len(axes):
            self._fail(node, "an axis is named twice", "axis=(0, 1)")
        return tuple(axes)

    def lengths(self, nodes: tuple[Node, ...], call: Node) -> Shape:
        """The lengths that are the arguments of ``ones(n)`` or ``ones((n, m))``."""
        if len(nodes) == 1 and isinstance(nodes[0], (tree.Pair, tree.Array)):
            nodes = nodes[0].items
        found = [self.at(node) for node in nodes]
        whole = all(isinstance(n, int) and n > 0 for n in found)
        if whole and math.prod(found) > MAX_INDICES:
            self._fail(call, f"this has more than {MAX_INDICES:,} elements", "fewer of them")
        if not whole:
            self._fail(call, "a length is a whole number, at least 1", "eye(3), ones(4)")
        return tuple(found)

    def _fail(self, node: Node, message: str, hint: str) -> NoReturn:
        raise HessError("shape", message, span=node.span, source=self.walk.source, hint=hint)
