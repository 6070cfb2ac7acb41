"""The syntax tree of formulas and points: every node carries its span of the text."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from hesscli.types import Span


@dataclass(frozen=True, slots=True)
class Number:
    """A literal, as the exact rational number that its text names."""

    span: Span
    value: Fraction
    text: str


@dataclass(frozen=True, slots=True)
class Name:
    """A variable or a constant."""

    span: Span
    name: str


@dataclass(frozen=True, slots=True)
class Negative:
    """``-operand``."""

    span: Span
    operand: Node


@dataclass(frozen=True, slots=True)
class Sum:
    """Terms that are added (``+``) or subtracted (``-``), flat, so that long sums stay shallow."""

    span: Span
    terms: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Product:
    """Factors that are multiplied (``*``) or divided by (``/``), flat."""

    span: Span
    factors: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Power:
    """``base**exponent``."""

    span: Span
    base: Node
    exponent: Node


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments."""

    span: Span
    name: str
    name_span: Span
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A chain such as ``0 < x <= 1``; ``operators`` is one shorter than ``operands``."""

    span: Span
    operands: tuple[Node, ...]
    operators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Logic:
    """``and`` or ``or`` of two or more conditions."""

    span: Span
    operator: str
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """``not operand``."""

    span: Span
    operand: Node


@dataclass(frozen=True, slots=True)
class Pair:
    """``(value, condition)`` inside ``Piecewise``."""

    span: Span
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Array:
    """``[a, b]``: a tensor, in points only."""

    span: Span
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class File:
    """``@path``: an array to read, in points only."""

    span: Span
    path: str


Node = (
    Number
    | Name
    | Negative
    | Sum
    | Product
    | Power
    | Call
    | Comparison
    | Logic
    | Not
    | Pair
    | Array
    | File
)


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
