"""The syntax tree of formulas and points: every node carries its span of the text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from hesscli.types import Span


@dataclass(frozen=True, slots=True)
class Node:
    """One of the nodes below."""

    span: Span


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A literal, as the exact rational number that its text names."""

    value: Fraction
    text: str


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A variable or a constant."""

    name: str


@dataclass(frozen=True, slots=True)
class Negative(Node):
    """``-operand``."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Sum(Node):
    """Terms that are added (``+``) or subtracted (``-``), flat, so that long sums stay shallow."""

    terms: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Product(Node):
    """Factors that are multiplied (``*``) or divided by (``/``), flat."""

    factors: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Power(Node):
    """``base**exponent``."""

    base: Node
    exponent: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function and its arguments."""

    name: str
    name_span: Span
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    """A chain such as ``0 < x <= 1``; ``operators`` is one shorter than ``operands``."""

    operands: tuple[Node, ...]
    operators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """``and`` or ``or`` of two or more conditions."""

    operator: str
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not(Node):
    """``not operand``."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Pair(Node):
    """``(value, condition)`` inside ``Piecewise``."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Word(Node):
    """``'fro'``, which stands for no number."""

    text: str


@dataclass(frozen=True, slots=True)
class Array(Node):
    """``[a, b]``: a tensor, in points only."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class File(Node):
    """``@path``: an array to read, in points only."""

    path: str


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below ``node``, in the order typed."""
    match node:
        case Negative(operand=operand) | Not(operand=operand):
            return (operand,)
        case Sum(terms=pairs) | Product(factors=pairs):
            return tuple(part for _, part in pairs)
        case Power(base=base, exponent=exponent):
            return base, exponent
        case Call(arguments=parts) | Comparison(operands=parts) | Logic(operands=parts):
            return parts
        case Pair(items=parts) | Array(items=parts):
            return parts
    return ()


def walk(*nodes: Node) -> Iterator[Node]:
    """These nodes and all below them, in the order typed."""
    for node in nodes:
        yield node
        yield from walk(*children(node))
