"""What every part of the walk over a tree has in common: its state, and what it collects."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import sympy

from hesscli.errors import HessError
from hesscli.functions.hazards import READINGS
from hesscli.language.tree import Node
from hesscli.notes import Trouble
from hesscli.types import Expr, Site, Test


class Walk:
    """A walk over a tree, which collects the places that a user has to be told of."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.bound: dict[str, Expr] = {}
        self.inside: Node | None = None  # what a tree that was not typed stands for
        self.sites: list[Site] = []
        self.guards: list[Expr] = []

    def number(self, node: Node) -> Expr:
        """The expression that ``node`` names; refuses conditions, tuples and lists."""
        raise NotImplementedError

    def site(self, test: Test, quantities: tuple[Expr, ...], node: Node, trouble: Trouble) -> None:
        """Note a part that is not real, or may not be differentiable, where ``test`` holds."""
        if sympy.false in self.guards or READINGS[test].never(quantities):
            return
        if self.inside and trouble is Trouble.NOT_REAL:
            trouble = Trouble.NO_REAL_FORM
        node = self.inside or node
        guards = tuple(guard for guard in self.guards if guard != sympy.true)
        part = self.source[slice(*node.span)].strip()
        self.sites.append(Site(test, quantities, guards, part, trouble, node.span))

    @contextmanager
    def guarded(self, *conditions: Expr) -> Iterator[None]:
        """Parts that are used only where these hold, and those added to ``guards`` on the way."""
        length = len(self.guards)
        self.guards.extend(conditions)
        yield
        del self.guards[length:]

    @contextmanager
    def binding(self, name: str, value: Expr) -> Iterator[None]:
        """Parts in which a name stands for this."""
        outer = dict(self.bound)
        self.bound[name] = value
        yield
        self.bound = outer

    def fail(self, message: str, node: Node, hint: str, code: str = "formula") -> NoReturn:
        """Refuse the formula, with the place of ``node``."""
        node = self.inside or node
        raise HessError(code, message, span=node.span, source=self.source, hint=hint)
