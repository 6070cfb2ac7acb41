"""The tree as text again, in Python's notation or as people write it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hesscli.language import tree
from hesscli.language.tokens import GREEK, SUPERSCRIPTS, is_vulgar_fraction
from hesscli.language.tree import Node

# How tightly a node binds, for brackets in `unparse`: a child is bracketed when it binds looser
# than its place demands.
_CONDITION, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(6)


@dataclass(frozen=True, slots=True)
class Notation:
    """The signs that :func:`unparse` writes.

    ``towers`` puts brackets around each power or root in a power: ``x**(y**z)``.
    """

    times: str
    power: str
    minus: str
    superscripts: bool
    towers: bool = False

    def sign(self, operator: str) -> str:
        """What stands between the operands of an operator."""
        if operator in ("*", "/"):
            return self.times if operator == "*" else "/"
        compared = _COMPARED.get(operator, operator) if self.superscripts else operator
        return f" {self.minus if operator == '-' else compared} "


PYTHON = Notation("*", "**", "-", superscripts=False)
UNICODE = Notation("·", "^", "−", superscripts=True)


def unparse(node: Node, notation: Notation = PYTHON) -> str:
    """``node`` as text that parses to the same tree, with no bracket that is not needed."""
    return _unparse(node, notation)[0]


def _unparse(node: Node, notation: Notation) -> tuple[str, int]:
    """The text of ``node`` and how tightly it binds."""

    def inner(child: Node, least: int = _CONDITION) -> str:
        text, binding = _unparse(child, notation)
        return text if binding >= least else f"({text})"

    def listed(items: tuple[Node, ...]) -> str:
        return ", ".join(map(inner, items))

    def chain(pairs: Iterable[tuple[str, Node]], first: int, least: int) -> str:
        text = ""
        for operator, child in pairs:
            part = inner(child, least if text else first)
            if text and operator in ("+", "-") and part.startswith(notation.minus):
                part = f"({part})"
            text += notation.sign(operator) + part if text else part
        return text

    match node:
        case tree.Number(text=text, value=value):
            if is_vulgar_fraction(text):
                return f"{value.numerator}/{value.denominator}", _PRODUCT
            return text, _ATOM
        case tree.Name(name=name):
            return _GREEK_LETTERS.get(name, name) if notation.superscripts else name, _ATOM
        case tree.Negative(operand=operand):
            text, binding = _unparse(operand, notation)
            if binding < _PRODUCT or text.startswith(notation.minus):
                return f"{notation.minus}({text})", _SIGN
            # -(2*x) is written -2*x, which is the same number.
            return notation.minus + text, min(binding, _SIGN)
        case tree.Sum(terms=terms):
            return chain(terms, _PRODUCT, _PRODUCT), _SUM
        case tree.Product(factors=factors):
            # A quotient as a factor keeps its brackets: a*(b/c) is not written a*b/c.
            return chain(factors, _PRODUCT, _POWER), _PRODUCT
        case tree.Power(base=base, exponent=exponent):
            above = inner(exponent, _ATOM if notation.towers else _POWER)
            if notation.superscripts and above.isdecimal():
                return inner(base, _ATOM) + above.translate(_RAISED), _POWER
            return f"{inner(base, _ATOM)}{notation.power}{above}", _POWER
        case tree.MatMul(left=left, right=right):
            return f"{inner(left, _PRODUCT)}@{inner(right, _POWER)}", _PRODUCT
        case tree.Index(base=base, items=items):
            return f"{inner(base, _ATOM)}[{listed(items)}]", _ATOM
        case tree.Slice(start=start, stop=stop, step=step):
            first, last, by = ("" if part is None else inner(part) for part in (start, stop, step))
            return f"{first}:{last}" + f":{by}" * bool(by), _ATOM
        case tree.Attribute(operand=operand, name=name):
            return f"{inner(operand, _ATOM)}.{name}", _ATOM
        case tree.Keyword(name=name, value=value):
            return f"{name}={inner(value)}", _ATOM
        case tree.Parts(parts=parts, body=body):
            named = (f"{name} = {inner(part)}" for name, part in parts)
            return "; ".join((*named, inner(body))), _CONDITION
        case tree.Array(items=items):
            return f"[{listed(items)}]", _ATOM
        case tree.Call(name=name, arguments=arguments):
            is_power = name == "sqrt" and notation.towers
            return f"{name}({listed(arguments)})", _POWER if is_power else _ATOM
        case tree.Comparison(operands=operands, operators=operators):
            return chain(zip(("", *operators), operands, strict=True), _SUM, _SUM), _CONDITION
        case tree.Logic(operator=operator, operands=operands):
            return f" {operator} ".join(f"({inner(o)})" for o in operands), _CONDITION
        case tree.Not(operand=operand):
            return f"not ({inner(operand)})", _CONDITION
        case tree.Word(text=text):
            return f"'{text}'", _ATOM
        case tree.Pair(items=items):
            return f"({listed(items)})", _ATOM
    raise AssertionError(node)  # of points only


_RAISED = str.maketrans({sign: raised for raised, sign in SUPERSCRIPTS.items()})
_COMPARED = {"<=": "≤", ">=": "≥", "!=": "≠"}
_GREEK_LETTERS = {name: letter for letter, name in GREEK.items() if letter != "ς"}
