"""What a tensor formula tells before there are shapes: its names, and how they are read."""

from __future__ import annotations

import sympy

from hesscli.expression.arguments import OF_LENGTHS, lists_in, places_in, positional
from hesscli.expression.builder import Builder
from hesscli.functions.table import BY_NAME, TENSORS, reduces
from hesscli.language import tree
from hesscli.types import Expr


class Outline(Builder):
    """Walks a tensor formula; the expressions that it makes stand for nothing.

    A symbol that is no variable's is in the place of what joins elements, so that nobody takes
    them for the formula.
    """

    def __init__(self, source: str, given: frozenset[str]) -> None:
        super().__init__(source, given)
        self._lists: set[int] = set()

    def number(self, node: tree.Node) -> Expr:
        self._lists |= {id(part) for part in lists_in(node)}
        match node:
            case tree.Array() if id(node) in self._lists:
                return self._standing(*tree.children(node))
            case tree.MatMul():
                return self._standing(*tree.children(node))
            case tree.Index(base=base, items=items):
                for name in places_in(node):
                    self._whole(name)
                for item in items:
                    if isinstance(item, (tree.Comparison, tree.Logic, tree.Not)):
                        hint = "where(condition, x, 0) in its place"
                        self.fail("elements cannot be chosen by a condition", item, hint, "shape")
                    self._lengths(item)
                return self._standing(base)
            case tree.Attribute(operand=operand):
                return self._standing(operand)
            case tree.Call(name=name) if name in BY_NAME and name not in self.given:
                function = BY_NAME[name]
                parts = positional(node)
                over = reduces(name, len(parts)) and len(parts) < len(node.arguments)
                if function.group == TENSORS or over:
                    self._check_arity(function, node)
                    return self._of_tensors(node)
        return super().number(node)

    def _of_tensors(self, call: tree.Call) -> Expr:
        for name in places_in(call):
            self._whole(name)
        inside = [part for part in positional(call) if not isinstance(part, tree.Word)]
        if call.name in OF_LENGTHS:
            for part in inside:
                self._lengths(part)
            return self._standing()
        flat = [
            p for part in inside for p in (part.items if isinstance(part, tree.Pair) else (part,))
        ]
        return self._standing(*flat)

    def _whole(self, name: str) -> None:
        """A name that stands for whole numbers."""
        if name not in self.bound and name not in self.parts:
            self.names[name] = None

    def _lengths(self, node: tree.Node) -> None:
        """What tensors a whole number is the length of."""
        for each in tree.walk(node):
            if isinstance(each, tree.Attribute) or (
                isinstance(each, tree.Call) and each.name == "len"
            ):
                self._standing(*tree.children(each))

    def _standing(self, *parts: tree.Node) -> Expr:
        """What stands for something made of these."""
        for part in parts:
            self.number(part)
        return sympy.Dummy("#", real=True)
