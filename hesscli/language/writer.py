"""The tree as text again, in Python's notation or as people write it."""

from __future__ import annotations

from dataclasses import dataclass

from hesscli.language import tree
from hesscli.language.tokens import GREEK, is_vulgar_fraction
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
        case tree.Sum(terms=((_, first), *terms)):
            text = inner(first, _PRODUCT)
            for sign, term in terms:
                part = inner(term, _PRODUCT)
                shown = f"({part})" if part.startswith(notation.minus) else part
                text += f" {notation.minus if sign == '-' else '+'} {shown}"
            return text, _SUM
        case tree.Product(factors=((_, first), *factors)):
            text = inner(first, _PRODUCT)
            for operator, factor in factors:
                # A quotient as a factor keeps its brackets: a*(b/c) is not written a*b/c.
                text += (notation.times if operator == "*" else "/") + inner(factor, _POWER)
            return text, _PRODUCT
        case tree.Power(base=base, exponent=exponent):
            above = inner(exponent, _ATOM if notation.towers else _POWER)
            if notation.superscripts and above.isdecimal():
                return inner(base, _ATOM) + above.translate(_RAISED), _POWER
            return f"{inner(base, _ATOM)}{notation.power}{above}", _POWER
        case tree.Call(name=name, arguments=arguments):
            is_power = name == "sqrt" and notation.towers
            return f"{name}({listed(arguments)})", _POWER if is_power else _ATOM
        case tree.Comparison(operands=operands, operators=operators):
            text = inner(operands[0], _SUM)
            for operator, operand in zip(operators, operands[1:], strict=True):
                shown = _COMPARED.get(operator, operator) if notation.superscripts else operator
                text += f" {shown} {inner(operand, _SUM)}"
            return text, _CONDITION
        case tree.Logic(operator=operator, operands=operands):
            return f" {operator} ".join(f"({inner(o)})" for o in operands), _CONDITION
        case tree.Not(operand=operand):
            return f"not ({inner(operand)})", _CONDITION
        case tree.Pair(items=items):
            return f"({listed(items)})", _ATOM
    raise AssertionError(node)  # of points only


_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_COMPARED = {"<=": "≤", ">=": "≥", "!=": "≠"}
_GREEK_LETTERS = {name: letter for letter, name in GREEK.items() if letter != "ς"}
