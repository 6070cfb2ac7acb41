"""The tree as text again, in Python's notation or as people write it."""

from __future__ import annotations

from dataclasses import dataclass

from hesscli.language.tokens import GREEK, is_vulgar_fraction
from hesscli.language.tree import (
    Array,
    Call,
    Comparison,
    File,
    Logic,
    Name,
    Negative,
    Node,
    Not,
    Number,
    Pair,
    Power,
    Product,
    Sum,
)

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


PYTHON = Notation("*", "**", "-", superscripts=False)
UNICODE = Notation("·", "^", "−", superscripts=True)


def unparse(node: Node, notation: Notation = PYTHON) -> str:
    """``node`` as text that parses to the same tree, with no bracket that is not needed."""
    return _unparse(node, notation)[0]


def _unparse(node: Node, notation: Notation) -> tuple[str, int]:
    def inner(child: Node, least: int) -> str:
        text, binding = _unparse(child, notation)
        return text if binding >= least else f"({text})"

    def tower(child: Node) -> str:
        root = isinstance(child, Call) and child.name == "sqrt"
        return f"({inner(child, _CONDITION)})" if root else inner(child, _ATOM)

    match node:
        case Number(text=text, value=value):
            if is_vulgar_fraction(text):
                return f"{value.numerator}/{value.denominator}", _PRODUCT
            return text, _ATOM
        case Name(name=name):
            return _GREEK_LETTERS.get(name, name) if notation.superscripts else name, _ATOM
        case Negative(operand=Negative() as operand):
            return f"{notation.minus}({inner(operand, _CONDITION)})", _SIGN
        case Negative(operand=operand):
            text, binding = _unparse(operand, notation)
            if binding < _PRODUCT or text.startswith(notation.minus):
                return f"{notation.minus}({text})", _SIGN
            # -(2*x) is written -2*x, which is the same number.
            return notation.minus + text, min(binding, _SIGN)
        case Sum(terms=terms):
            parts = [inner(terms[0][1], _PRODUCT)]
            for sign, term in terms[1:]:
                shown = notation.minus if sign == "-" else "+"
                text = inner(term, _PRODUCT)
                parts.append(f" {shown} " + (f"({text})" if text[0] == notation.minus else text))
            return "".join(parts), _SUM
        case Product(factors=factors):
            parts = [inner(factors[0][1], _PRODUCT)]
            for operator, factor in factors[1:]:
                parts.append(notation.times if operator == "*" else "/")
                # A quotient as a factor keeps its brackets: a*(b/c) is not written a*b/c.
                parts.append(inner(factor, _POWER))
            return "".join(parts), _PRODUCT
        case Power(base=base, exponent=exponent):
            if notation.towers:
                return f"{tower(base)}{notation.power}{tower(exponent)}", _POWER
            below = inner(base, _ATOM)
            if notation.superscripts and isinstance(exponent, Number):
                digits = exponent.text
                if digits.isdecimal():
                    return below + digits.translate(_RAISED), _POWER
            return f"{below}{notation.power}{inner(exponent, _POWER)}", _POWER
        case Call(name=name, arguments=arguments):
            return f"{name}({', '.join(inner(a, _CONDITION) for a in arguments)})", _ATOM
        case Comparison(operands=operands, operators=operators):
            parts = [inner(operands[0], _SUM)]
            for operator, operand in zip(operators, operands[1:], strict=True):
                shown = _COMPARED.get(operator, operator) if notation.superscripts else operator
                parts.append(f" {shown} {inner(operand, _SUM)}")
            return "".join(parts), _CONDITION
        case Logic(operator=operator, operands=operands):
            return f" {operator} ".join(f"({inner(o, _CONDITION)})" for o in operands), _CONDITION
        case Not(operand=operand):
            return f"not ({inner(operand, _CONDITION)})", _CONDITION
        case Pair(items=items):
            return f"({', '.join(inner(item, _CONDITION) for item in items)})", _ATOM
        case Array(items=items):
            return f"[{', '.join(inner(item, _CONDITION) for item in items)}]", _ATOM
        case File(path=path):
            return f"@{path}", _ATOM


_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_COMPARED = {"<=": "≤", ">=": "≥", "!=": "≠"}
_GREEK_LETTERS = {name: letter for letter, name in GREEK.items() if letter != "ς"}
