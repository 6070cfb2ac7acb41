"""A graph written out in its elements, as one formula in scalars named ``x[0,1]``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from itertools import product
from operator import mul
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from hesscli.errors import ExitStatus, HessError
from hesscli.expression.builder import joined
from hesscli.expression.graph import (
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
    array_of,
    split_axes,
    steps,
)
from hesscli.expression.names import symbol
from hesscli.expression.substitution import replaced
from hesscli.expression.tensors import graph_of
from hesscli.functions.hazards import READINGS
from hesscli.functions.table import BY_NAME
from hesscli.notes import Trouble
from hesscli.shapes import Shape, size
from hesscli.types import Expr, Formula, Site, Test, Variable

# Each element is a part of a formula that SymPy has to build.
MAX_ELEMENTS = 1_000
MAX_PARTS = 50_000
MAX_ROWS = 4  # of a matrix whose determinant is written out

Elements = NDArray[Any]  # of SymPy expressions


def split_formula(formula: Formula, graph: Graph, shapes: Mapping[str, Shape]) -> Formula:
    """``formula`` in the elements of variables of these shapes, for which it has this graph; as it
    is, if it is one of numbers.

    Raises :class:`HessError` where they are too many.
    """
    if not (formula.is_tensor or any(shapes.values())):
        return formula
    count = sum(size(shapes[name]) for name in formula.differentiated)
    work = steps(graph, shapes)
    if count > MAX_ELEMENTS or work > MAX_PARTS:
        raise HessError(
            "too-large",
            f"a formula is written out in at most {MAX_ELEMENTS:,} elements, and here are {count:,}"
            if count > MAX_ELEMENTS
            else f"written out in its elements, this formula has {work:,} parts: too many",
            hint="smaller tensors",
        )
    expression, sites = _Lowering(formula, shapes).formula(graph)
    names = [
        [each for name in part for each in Variable(name, shapes[name]).elements()]
        for part in (formula.differentiated, formula.variables[formula.wrt :])
    ]
    split = replace(
        formula,
        expression=expression,
        sites=sites,
        variables=(*names[0], *names[1]),
        wrt=len(names[0]),
        is_tensor=False,
        definition=None,
    )
    if formula.definition is None:
        return split
    graph = graph_of(formula.definition, shapes, closed=False)
    expression, sites = _Lowering(formula, shapes).formula(graph)
    return replace(split, definition=replace(split, expression=expression, sites=sites))


class _Lowering:
    """Makes arrays of expressions of the nodes of a graph, and collects their sites."""

    def __init__(self, formula: Formula, shapes: Mapping[str, Shape]) -> None:
        self.sites: list[Site] = []
        self.values: dict[str, Elements] = {}
        for name in formula.variables:
            labels = Variable(name, shapes[name]).elements()
            self.values[name] = array_of(list(map(symbol, labels)), shapes[name])

    def formula(self, graph: Graph) -> tuple[Expr, tuple[Site, ...]]:
        """The sum of the elements of the root, and all sites."""
        for name, node in graph.nodes.items():
            self.values[name] = self._node(node)
        found = self._region(graph.root)
        return sympy.Add(*found.flat), tuple(self.sites)

    def _node(self, node: Node) -> Elements:
        match node:
            case Region():
                return self._region(node)
            case Constant(numbers=numbers):
                return array_of([sympy.Integer(int(n)) for n in numbers.flat], numbers.shape)
            case Reduce():
                return self._reduce(node)
            case Scan(operand=operand, axis=axis):
                return np.cumsum(self.values[operand], axis=axis)
            case Contract():
                return contracted(node, [self.values[name] for name in node.operands], _dot)
            case Index(operand=operand):
                return node.of(self.values[operand])
            case Join(operands=names, axis=axis):
                return np.concatenate([self.values[name] for name in names], axis=axis)
            case Linear():
                return self._linear(node)
        raise NotImplementedError(node)

    def _region(self, region: Region) -> Elements:
        shape = region.shape({name: array.shape for name, array in self.values.items()})
        own = {
            symbol(name): np.broadcast_to(self.values[name], shape).ravel() for name in region.names
        }
        found = []
        for k in range(size(shape)):
            parts = {s: entries[k] for s, entries in own.items()}
            found.append(_in_elements(region.expression, parts))
            for site in region.sites:
                self._site(site, parts)
        return array_of(found, shape)

    def _site(self, site: Site, parts: Mapping[Expr, Expr]) -> None:
        quantities = tuple(_in_elements(q, parts) for q in site.quantities)
        guards = tuple(_in_elements(g, parts) for g in site.guards)
        if sympy.false not in guards:
            guards = tuple(g for g in guards if g != sympy.true)
            self.sites.append(replace(site, quantities=quantities, guards=guards))

    def _watch(
        self, test: Test, quantities: tuple[Expr, ...], trouble: Trouble, typed: Typed
    ) -> None:
        self.sites.append(Site(test, quantities, (), typed.part, trouble, typed.span))

    def _reduce(self, node: Reduce) -> Elements:
        array = self.values[node.operand]
        stays, gone = split_axes(array.shape, node.axes)
        rows = array.transpose(*stays, *gone)
        shape = rows.shape[: len(stays)]
        return array_of(
            [self._joined(node, list(row)) for row in rows.reshape(size(shape), -1)], shape
        )

    def _joined(self, node: Reduce, found: Sequence[Expr]) -> Expr:
        expression, watched = joined(node.kind, found)
        for hazard in BY_NAME[node.kind].hazards:
            if not READINGS[hazard.test].never(watched):
                self._watch(hazard.test, watched, hazard.trouble, node.typed)
        return expression

    def _linear(self, node: Linear) -> Elements:
        matrix = self.values[node.operands[0]]
        rows = len(matrix)
        if rows > MAX_ROWS or node.kind == "expm":
            raise HessError(
                "too-large",
                f"`{node.typed.part}` is not written out in its elements"
                + ("" if node.kind == "expm" else f" for more than {MAX_ROWS} rows"),
                span=node.typed.span, hint="smaller matrices, or an answer in doubles",
                status=ExitStatus.NO_ANSWER,
            )  # fmt: skip
        square = sympy.Matrix(matrix)
        # By minors: without a division, and nothing is simplified.
        determinant = square.det(method="laplace")
        if node.kind == "det":
            return array_of([determinant], ())
        if node.kind == "logdet":
            self._watch("negative", (determinant,), Trouble.NOT_REAL, node.typed)
            self._watch("zero", (determinant,), Trouble.INFINITE, node.typed)
            return array_of([sympy.log(determinant)], ())
        self._watch("zero", (determinant,), Trouble.BY_ZERO, node.typed)
        adjugate = array_of(square.adjugate(method="laplace").flat(), matrix.shape)
        if node.kind == "inv":
            return array_of([entry / determinant for entry in adjugate.flat], matrix.shape)
        right = self.values[node.operands[1]]
        found = np.dot(adjugate, right)
        return array_of([entry / determinant for entry in found.flat], right.shape)


def _in_elements(expression: Expr, parts: Mapping[Expr, Expr]) -> Expr:
    found = replaced(expression, parts)
    if found is None:
        raise HessError(
            "unsupported", "SymPy cannot write this formula out in its elements",
            hint="an answer in doubles", status=ExitStatus.NO_ANSWER,
        )  # fmt: skip
    return found


def contracted(
    node: Contract, arrays: Sequence[Elements], dot: Callable[[Iterator[tuple[Any, ...]]], Any]
) -> Elements:
    """The result of a contraction of arrays of anything; ``dot`` adds up products of entries."""
    letters, result = node.letters
    lengths = node.lengths([array.shape for array in arrays])
    along = [list(zip(own, a.shape, strict=True)) for own, a in zip(letters, arrays, strict=True)]
    inner = [letter for letter in lengths if letter not in result]
    shape = tuple(lengths[letter] for letter in result)
    found = []
    for outer in product(*(range(n) for n in shape)):
        at = dict(zip(result, outer, strict=True))

        def terms(at: dict[str, int] = at) -> Iterator[tuple[Any, ...]]:
            for place in product(*(range(lengths[letter]) for letter in inner)):
                here = {**at, **dict(zip(inner, place, strict=True))}
                yield tuple(
                    array[tuple(here[c] if length > 1 else 0 for c, length in axes)]
                    for array, axes in zip(arrays, along, strict=True)
                )

        found.append(dot(terms()))
    return array_of(found, shape)


def _dot(terms: Iterator[tuple[Expr, ...]]) -> Expr:
    return sympy.Add(*(reduce(mul, factors) for factors in terms))
