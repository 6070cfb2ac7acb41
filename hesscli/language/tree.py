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
class MatMul(Node):
    """``left @ right``, the product of matrices."""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Index(Node):
    """``base[items]``: elements of a tensor."""

    base: Node
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Slice(Node):
    """``start:stop:step`` inside an index; None for what is not typed."""

    start: Node | None
    stop: Node | None
    step: Node | None


@dataclass(frozen=True, slots=True)
class Attribute(Node):
    """``operand.name``: the transpose of a tensor, or what is known of its shape."""

    operand: Node
    name: str


@dataclass(frozen=True, slots=True)
class Keyword(Node):
    """``name=value`` among the arguments of a call."""

    name: str
    value: Node


@dataclass(frozen=True, slots=True)
class Parts(Node):
    """``name = part; …; body``: a formula with names for parts of it."""

    parts: tuple[tuple[str, Node], ...]
    body: Node


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
    """``'fro'`` or ``'ij,j->i'``, which stand for no number."""

    text: str


@dataclass(frozen=True, slots=True)
class Array(Node):
    """``[a, b]``: a tensor, or an index array."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class File(Node):
    """``@path``: an array to read, in points only."""

    path: str


# What may stand behind a tensor and a dot without a bracket.
ATTRIBUTES = ("T", "mT", "shape", "size", "ndim")


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below ``node``, in the order typed."""
    match node:
        case Negative(operand=operand) | Not(operand=operand):
            return (operand,)
        case Sum(terms=pairs) | Product(factors=pairs):
            return tuple(part for _, part in pairs)
        case Power(base=base, exponent=exponent):
            return base, exponent
        case MatMul(left=left, right=right):
            return left, right
        case Index(base=base, items=items):
            return base, *items
        case Slice(start=start, stop=stop, step=step):
            return tuple(part for part in (start, stop, step) if part is not None)
        case Attribute(operand=operand):
            return (operand,)
        case Keyword(value=value):
            return (value,)
        case Parts(parts=named, body=body):
            return *(part for _, part in named), body
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
