"""SymPy expressions → syntax trees, and so text in any notation.

The shape of a tree is that of SymPy's own printer: its order of terms and factors (but that a sum
begins with a term that has no minus), quotients instead of negative powers (1/x**2, too), roots
instead of halves.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from fractions import Fraction
from typing import Any

import sympy
from sympy.printing.str import StrPrinter

from hesscli.language import tree
from hesscli.language.tokens import read_number
from hesscli.language.tree import Node
from hesscli.language.writer import PYTHON, Notation, unparse
from hesscli.types import Expr

# As SymPy writes Python.
SYMPY = replace(PYTHON, towers=True)
NAMES = {"Abs": "abs", "Max": "max", "Min": "min", "ceiling": "ceil"}
NOWHERE = (0, 0)  # in no text


def as_text(
    expression: Any,
    notation: Notation = PYTHON,
    *,
    decimal: bool = False,
    padded: bool = False,
    scientific: bool | None = None,
) -> str:
    """``expression`` in ``notation``.

    ``decimal`` writes 1/5 as 0.2 where that is exact; ``padded`` writes all digits of a Float,
    with zeros at its end. ``scientific`` says whether a number has an exponent, which is left to
    SymPy otherwise.
    """
    if decimal:
        expression = _with_decimals(expression)
    if expression.is_Number:
        return _digits(expression, padded, scientific).removesuffix(".")
    node = tree_of(expression, padded=padded)
    return unparse(node, SYMPY if notation is PYTHON else notation).removesuffix(".")


def tree_of(expression: Any, *, padded: bool = False) -> Node:
    """The tree of an expression; ``padded`` keeps the zeros at the end of a Float."""

    def below(*parts: Any) -> tuple[Node, ...]:
        return tuple(tree_of(part, padded=padded) for part in parts)

    match expression:
        case sympy.Integer():
            text = str(abs(expression.p))
            return _signed(tree.Number(NOWHERE, Fraction(text), text), expression < 0)
        case sympy.Float():
            text = _digits(abs(expression), padded)
            return _signed(tree.Number(NOWHERE, read_number(text), text), expression < 0)
        case sympy.Add():
            first, *others = below(*ordered_terms(expression))
            terms = [("-", t.operand) if isinstance(t, tree.Negative) else ("+", t) for t in others]
            return tree.Sum(NOWHERE, (("+", first), *terms))
        case sympy.Pow(base=base, exp=sympy.S.Half):
            return _call("sqrt", *below(base))
        case sympy.Pow(base=base, exp=exponent) if not (exponent.is_Rational and exponent < 0):
            return tree.Power(NOWHERE, *below(base, exponent))
        case sympy.Rational() | sympy.Mul() | sympy.Pow():
            above, under, negative = _quotient(expression)
            return _signed(_product(below(*above), below(*under)), negative)
        case sympy.core.relational.Relational(rel_op=operator):
            return tree.Comparison(NOWHERE, below(*_sides(expression)), (operator,))
        case sympy.And() | sympy.Or():
            return tree.Logic(NOWHERE, type(expression).__name__.lower(), below(*expression.args))
        case sympy.Not():
            return tree.Not(NOWHERE, *below(*expression.args))
        case sympy.Tuple() | sympy.functions.elementary.piecewise.ExprCondPair():
            return tree.Pair(NOWHERE, below(*expression.args))
        case sympy.polygamma(args=(sympy.S.Zero, argument)):
            return _call("digamma", *below(argument))
        case _ if expression.args:
            name = type(expression).__name__
            # The second argument of a Heaviside function is its value at 0, mostly left out.
            arguments = getattr(expression, "pargs", expression.args)
            return _call(NAMES.get(name, name), *below(*arguments))
        case sympy.S.NegativeInfinity:
            return tree.Negative(NOWHERE, *below(sympy.S.Infinity))
    return tree.Name(NOWHERE, str(expression))


def ordered_terms(terms: Expr) -> list[Expr]:
    """The terms of a sum, one without a minus first if there is one."""
    ordered: list[Expr] = terms.as_ordered_terms()
    first = next((t for t in ordered if not t.could_extract_minus_sign()), ordered[0])
    return [first, *(term for term in ordered if term is not first)]


def _sides(relation: Expr) -> tuple[Expr, Expr]:
    """Both sides; of a difference that is compared with 0, what is subtracted is the right one."""
    left, right = relation.args
    subtracted = [t for t in sympy.Add.make_args(left) if t.could_extract_minus_sign()]
    if right != 0 or len(subtracted) in (0, len(sympy.Add.make_args(left))):
        return left, right
    other = sympy.Add(*subtracted)
    return left - other, -other


def _digits(number: Expr, padded: bool, scientific: bool | None = None) -> str:
    settings: dict[str, Any] = {"full_prec": padded}
    if scientific is not None:
        # Decimal exponents between these are not written.
        settings |= (
            {"min": 0, "max": 0} if scientific else {"min": -sys.maxsize, "max": sys.maxsize}
        )
    text: str = StrPrinter(settings).doprint(number)
    # SymPy leaves an exponent of 0 out.
    return f"{text}e+0" if scientific and number.is_Float and "e" not in text else text


def _signed(node: Node, negative: bool) -> Node:
    return tree.Negative(NOWHERE, node) if negative else node


def _call(name: str, *arguments: Node) -> Node:
    return tree.Call(NOWHERE, name, NOWHERE, arguments)


def _product(above: tuple[Node, ...], under: tuple[Node, ...]) -> Node:
    factors = [("*", factor) for factor in above]
    if under:
        factors.append(("/", _product(under, ())))
    return factors[0][1] if len(factors) == 1 else tree.Product(NOWHERE, tuple(factors))


def _quotient(product: Expr) -> tuple[list[Expr], list[Expr], bool]:
    """The factors above and below the bar, and whether there is a minus before it."""
    coefficient, rest = product.as_coeff_Mul()
    above, under = [], []
    for factor in (abs(coefficient), *rest.as_ordered_factors()):
        if isinstance(factor, sympy.Pow) and factor.exp.as_coeff_Mul()[0] < 0:
            base, exponent = factor.as_base_exp()
            inverse = sympy.Pow(base, -exponent, evaluate=False)
            under.append(base if exponent is sympy.S.NegativeOne else inverse)
        elif factor.is_Rational:
            above += [sympy.Integer(factor.p)] * (factor.p != 1)
            under += [sympy.Integer(factor.q)] * (factor.q != 1)
        else:
            above.append(factor)
    return above or [sympy.S.One], under, bool(coefficient < 0)


def _with_decimals(expression: Expr) -> Expr:
    if expression.is_Rational and not expression.is_Integer:
        # 15 digits, so that printing and reading the decimal gives the same rational back. Such a
        # number has less than 50 factors 2 or 5.
        short = abs(expression.p) < 10**15 and expression.q < 10**15
        return sympy.Float(expression, 17) if short and 10**50 % expression.q == 0 else expression
    if expression.is_Pow:
        # The exponent stays: sqrt(x) is not x**0.5.
        return sympy.Pow(_with_decimals(expression.base), expression.exp)
    if not expression.args or expression.is_Relational:
        return expression
    return expression.func(*map(_with_decimals, expression.args))
