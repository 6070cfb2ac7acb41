"""``--expect`` and ``--expect-gradient`` text → the user's own numbers or formulas."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from hesscli.balls.rounding import FIRST, nearest
from hesscli.errors import HessError, did_you_mean
from hesscli.exact.numbers import enclosed
from hesscli.exact.proof import exact
from hesscli.expression.arguments import names_in
from hesscli.expression.builder import Builder, refused
from hesscli.expression.names import CONSTANTS, NO_NUMBERS, symbol
from hesscli.expression.products import as_product
from hesscli.expression.substitution import replaced
from hesscli.expression.tensors import TensorBuilder, whole_numbers
from hesscli.language import tree
from hesscli.language.parser import parse_items
from hesscli.language.tree import Node
from hesscli.point.assignment import GAPS, nested, read_assignment
from hesscli.point.tables import DELIMITERS
from hesscli.shapes import Shape
from hesscli.types import Array, Expr, Formula, Point, Value, Values

MATRIX, GRADIENT = "--expect", "--expect-gradient"
_HINTS = {
    MATRIX: '--expect "[[2*y, 2*x], [2*x, 0]]" or --expect @FILE (.npy, .json, .csv or .tsv)',
    GRADIENT: '--expect-gradient "[2*x, 1/3]" or --expect-gradient @FILE (.npy, .json or .csv)',
}
_WHAT = {MATRIX: "one matrix", GRADIENT: "one list"}
# Errors whose hints speak of points.
_OF_POINTS = ("syntax", "formula", "bad-value", "mixed-point")
# What SymPy, NumPy and torch write around a list.
_WRAPPED = re.compile(
    r"(\s*(?:[a-zA-Z_]\w*\.)?(?:Matrix|array|tensor)\()(\s*\[.*\]\s*)(\)\s*)", re.DOTALL
)
# MATLAB's [a, b; c, d].
_ROWS = re.compile(r"\s*\[[^\[\]]+;[^\[\]]+\]\s*")


@dataclass(frozen=True)
class Expected:
    """The user's matrix or gradient as it was read: its entries flat and row-major.

    ``entries`` are numbers, NaN for one of none, or all syntax trees, of formulas. ``typed`` holds
    the text of each number, and is empty where these are not plain to see; ``files`` the names of
    those that it was read from. ``option`` is the one that gave it.
    """

    source: str
    shape: Shape
    entries: tuple[Any, ...]
    typed: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    option: str = MATRIX

    @cached_property
    def values(self) -> Array:
        """The numbers, flat."""
        return np.array([float(entry) for entry in self.entries])

    @property
    def of_matrix(self) -> bool:
        """Whether this is a matrix, and no gradient."""
        return self.option == MATRIX

    @property
    def is_formula(self) -> bool:
        """Whether the entries are formulas."""
        return isinstance(self.entries[0], Node)

    def decimal(self, flat: int) -> Decimal:
        """An entry with the digits that were typed, or else the fewest that give its double."""
        try:
            return Decimal(self.typed[flat].removesuffix(".0"))  # as Python prints it
        except (IndexError, InvalidOperation):
            return Decimal(repr(float(self.values[flat]))).normalize()

    def expressions(self, formula: Formula) -> list[Expr | None]:
        """The entries as SymPy expressions in the variables of the formula; None for one of none.

        Raises :class:`HessError` for another name.
        """
        if not self.is_formula:
            return [None if entry != entry else exact(entry) for entry in self.entries]
        return [self._expression(entry, formula) for entry in self.entries]

    def _expression(self, node: Node, formula: Formula) -> Expr | None:
        if isinstance(node, tree.Name) and node.name.lower() in GAPS:
            return None
        builder = Builder(self.source, formula.given)
        with self._named():
            expression = builder.number(node)
        self._require_known(node, builder, formula)
        return expression

    @contextmanager
    def _named(self) -> Iterator[None]:
        """With the option in front of what is wrong."""
        try:
            with refused():
                yield
        except HessError as error:
            error.message = f"`{self.option}`: {error.message}"
            raise error.at(self.source) from None

    def _require_known(self, node: Node, builder: Builder, formula: Formula) -> None:
        unknown = [name for name in builder.names if name not in formula.variables]
        for name in unknown:
            named = (n for n in tree.walk(node) if isinstance(n, tree.Name) and n.name == name)
            factors = as_product(name, {*formula.variables})
            raise HessError(
                "unknown-name",
                f"`{self.option}`: the formula has no variable `{name}`; "
                f"it has {', '.join(formula.variables)}",
                source=self.source,
                span=next(named).span,
                hint=f"`{factors}` for a product"
                if factors
                else did_you_mean(name, formula.variables),
            )

    def at(self, formula: Formula, point: Point) -> Expected:
        """The same in numbers, where the variables have those of a point; over tensors, one formula
        may be of all entries: ``A + A.T``.
        """
        if not self.is_formula:
            return self
        if any(value.shape for value in point.values.values()):
            found = [self._array(node, formula, point) for node in self.entries]
            shape = found[0].shape if len(found) == 1 and not self.shape else self.shape
            if any(array.shape for array in found) and shape == self.shape:
                hint = "numbers in its rows, or one formula of the whole: `A + A.T`"
                message = f"`{self.option}`: an entry of this is no number"
                raise HessError("bad-value", message, source=self.source, hint=hint)
            entries = np.concatenate([array.reshape(-1) for array in found])
            return replace(self, shape=shape, entries=tuple(entries.tolist()), typed=())
        known = {name: v for name, v in point.values.items() if isinstance(v, Values)}
        values = {symbol(name): exact(v.entries[0]) for name, v in known.items()}
        return replace(self, entries=tuple(_number(e, values) for e in self.expressions(formula)))

    def _array(self, node: Node, formula: Formula, point: Point) -> Array:
        """What a formula of tensors is at a point."""
        if isinstance(node, tree.Name) and node.name.lower() in GAPS:
            return np.array(np.nan)
        from hesscli.numeric.nodes import values_of  # torch, which no answer in symbols needs

        tensors = {name: _doubles(value) for name, value in point.values.items()}
        shapes = {name: tensor.shape for name, tensor in tensors.items()}
        places = whole_numbers(formula, point)
        builder = TensorBuilder(self.source, formula.given, shapes, places)
        with self._named():
            graph = builder.graph(node, whole=False)
        self._require_known(node, builder, formula)
        return values_of(graph, tensors)


def _doubles(value: Value) -> Array:
    assert isinstance(value, Values)
    return np.array([float(entry) for entry in value.entries]).reshape(value.shape)


def _number(expression: Expr | None, values: dict[Expr, Expr]) -> float:
    at = None if expression is None else replaced(expression, values)
    ball = None if at is None or not at.is_number else enclosed(at, FIRST)
    return float("nan") if ball is None else nearest(ball)


def read_expected(text: str, option: str = MATRIX) -> Expected:
    """The matrix or the gradient that an option gives. Raises :class:`HessError` with the place of
    a mistake.
    """
    shown = _bracketed(text)
    formulas = _formulas(shown, option)
    if formulas is not None:
        return Expected(shown, *formulas, option=option)
    value, files = _read(shown, option)
    leaves = [leaf.strip(' \t\r\n"') for leaf in re.split(r"[\[\],]", _plain(shown))]
    typed = tuple(leaf for leaf in leaves if leaf)
    typed = typed if len(typed) == len(value.entries) else ()
    return Expected(shown, value.shape, value.entries, typed, files, option)


def _bracketed(text: str) -> str:
    """The text with its rows in square brackets, as most programs write a matrix."""
    wrapped = _WRAPPED.fullmatch(text)
    if wrapped is not None:
        before, inside, behind = wrapped.groups()
        return " " * len(before) + inside + " " * len(behind)
    if re.match(r"\s*\{\s*[^\s\"}]", text):
        return text.replace("{", "[").replace("}", "]")
    if _ROWS.fullmatch(text):
        rows = text.strip().removeprefix("[").removesuffix("]").split(";")
        return f"[{', '.join(f'[{row.strip()}]' for row in rows)}]"
    return text


def _formulas(text: str, option: str) -> tuple[Shape, tuple[Node, ...]] | None:
    """The shape and the entries of a text with variables in it; None for any other."""
    try:
        items = parse_items(text, files=text.lstrip().startswith("@"))
    except HessError:
        return None
    nodes = [node for _, node in items]
    named = any(name is not None for name, _ in items)
    if (named and len(nodes) > 1) or isinstance(nodes[0], tree.File):
        return None
    if len(nodes) == 1 and isinstance(nodes[0], tree.Pair):
        nodes = list(nodes[0].items)
    if all(name in CONSTANTS or name.lower() in NO_NUMBERS for name in names_in(*nodes)):
        return None
    if len(nodes) > 1:
        _require_one(text, option)
        return (len(nodes),), tuple(nodes)
    try:
        return nested(nodes[0], lambda node: node)
    except HessError as error:
        raise _of_option(error, option).at(text) from None


def _read(text: str, option: str) -> tuple[Values, tuple[str, ...]]:
    """The one tensor that ``text`` gives, and the files that it was read from."""
    if text.strip() and not text.lstrip().startswith("{"):
        try:
            assignment = read_assignment(text, gaps=True)
        except HessError as error:
            raise _of_option(error, option) from None
        values = [value for value in assignment.positional if isinstance(value, Values)]
        if len(values) > 1:
            _require_one(text, option)
            if not any(value.shape for value in values):
                return Values((len(values),), tuple(v.entries[0] for v in values)), ()
        elif values:
            return values[0], assignment.files
    message = f"`{option}` takes {_WHAT[option]} of numbers or formulas"
    raise HessError("bad-value", message, source=text, span=(0, len(text)), hint=_HINTS[option])


def _require_one(text: str, option: str) -> None:
    """Refuse several rows that are not held together; a gradient's numbers need not be."""
    if option == MATRIX:
        rows = text.strip().removeprefix("(").removesuffix(")")
        hint = f'{option} "[{rows}]", with brackets around all rows'
        message = f"`{option}` takes {_WHAT[option]} of numbers or formulas"
        raise HessError("bad-value", message, source=text, span=(0, len(text)), hint=hint)


def _of_option(error: HessError, option: str) -> HessError:
    error.message = f"`{option}`: {error.message}"
    if not error.hint or error.code in _OF_POINTS:
        error.hint = _HINTS[option]
    return error


def _plain(text: str) -> str:
    """``text``, or what the file of text holds that it names."""
    path = Path(text.strip().removeprefix("@").strip("\"'"))
    kind = path.suffix.lower()
    if not text.lstrip().startswith("@") or kind not in (".json", *DELIMITERS):
        return text
    held = path.read_text(encoding="utf-8-sig")
    return held if kind == ".json" else re.sub(r"[\t\n]", ",", held)
