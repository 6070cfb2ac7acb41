"""Other forms of an expression: as quotients, with what is above the bar written in several ways.

All of them are exact wherever both have a value: quotients in whatever powers and functions an
expression is made of, with identities such as sin² + cos² = 1 used above the bar.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce
from itertools import islice
from math import comb, prod
from typing import Any

import sympy
from sympy.codegen.cfunctions import hypot

from hesscli.functions.failures import tried
from hesscli.types import Expr

MAX_TERMS = 200  # above the bar, once that is expanded
MAX_FACTORED = 60  # of them, times the variables: factors in many are hard to find
MAX_LETTERS = 6  # of what is factored
MAX_PARTS = 1_000  # of what is looked at
WITH_ANGLES = (sympy.sin, sympy.cos, sympy.sinh, sympy.cosh)


def is_moderate(expression: Expr, most: int = MAX_PARTS) -> bool:
    """Whether an expression has so many parts at most."""
    parts = islice(sympy.preorder_traversal(expression), most + 1)
    return sum(1 for _ in parts) <= most


def below_bar(term: Expr) -> frozenset[Expr]:
    """The bases of the powers that stand below the bar of a term."""
    powers = (factor.as_base_exp() for factor in sympy.Mul.make_args(term))
    return frozenset(
        base
        for base, exponent in powers
        if not base.is_number and exponent.as_coeff_Mul()[0].is_negative
    )


def quotients(expression: Expr) -> Iterator[Expr]:
    """Other forms of an expression: as a quotient, with what is above the bar in several ways."""
    hidden, meanings = without_functions(expression)
    for form in _quotients(hidden):
        whole = form.xreplace(meanings)
        yield whole
        yield _fused(whole)


def _fused(expression: Expr) -> Expr:
    """With exp(x)·exp(y) as exp(x + y), and x^y/x as x^(y - 1)."""
    several = len(expression.atoms(sympy.exp)) > 1
    if several or any(not power.exp.is_number for power in expression.atoms(sympy.Pow)):
        return sympy.powsimp(expression, combine="exp")
    return expression


def _quotients(expression: Expr) -> Iterator[Expr]:
    yield from filter(None, [tried(sympy.factor_terms, expression)])
    quotient = tried(sympy.together, expression)
    if quotient is None:
        return
    yield quotient
    above, below = sympy.fraction(quotient)
    is_small = len(quotient.free_symbols) * term_count(above) <= MAX_FACTORED
    if is_small and below != 1 and below.is_polynomial():
        yield from filter(None, [tried(sympy.cancel, quotient)])  # (a - 1)/(1 - a)
    if term_count(above) <= MAX_TERMS:
        above = sympy.expand(above)
        for form in dict.fromkeys([above, *(identity(above) for identity in _IDENTITIES)]):
            yield from (written / below for written in _written(form))
    for root in quotient.atoms(sympy.Pow):
        # SymPy knows the root of a product only as a whole: √(x·y)/(x·y) is 1/√(x·y).
        if root.base.is_Mul and root.exp == sympy.S.Half:
            yield quotient / root * root.base * sympy.Pow(root.base, -sympy.S.Half)


def without_functions(expression: Expr) -> tuple[Expr, dict[Expr, Expr]]:
    """An expression with a letter for each function that is nothing but itself here, and what the
    letters mean; exp(k·u) is a power of exp(u).
    """
    letters: dict[Expr, Expr] = {}
    multiples: dict[Expr, set[Expr]] = {}
    split = {e: sympy.factor_terms(e.exp).as_coeff_Mul() for e in expression.atoms(sympy.exp)}
    for multiple, unit in split.values():
        multiples.setdefault(unit, set()).add(multiple)
    steps = {
        unit: reduce(sympy.gcd, found) * (-1 if sum(map(sympy.sign, found)) < 0 else 1)
        for unit, found in multiples.items()
    }

    def hidden(e: Expr) -> Expr:
        if isinstance(e, sympy.exp):
            multiple, unit = split[e]
            whole = sympy.exp(steps[unit] * unit)
            if whole not in letters:
                letters[whole] = sympy.Dummy(positive=True)
            return letters[whole] ** (multiple / steps[unit])
        if isinstance(e, sympy.Function) and not isinstance(e, _WITH_IDENTITIES):
            return letters.setdefault(e, sympy.Dummy(real=True))
        return e.func(*map(hidden, e.args)) if e.args else e

    return hidden(expression), {letter: function for function, letter in letters.items()}


def term_count(expression: Expr) -> int:
    """About how many terms an expression has once it is expanded."""
    if expression.is_Add:
        return sum(map(term_count, expression.args))
    if expression.is_Mul:
        return prod(map(term_count, expression.args))
    if expression.is_Pow and expression.exp.is_Integer and expression.exp > 0:
        count, power = term_count(expression.base), int(expression.exp)
        return comb(count + power - 1, power) if count > 1 else 1
    return 1


def _written(above: Expr) -> Iterator[Expr]:
    """A sum with its common factor out, and in factors; a polynomial as it is, too."""
    yield sympy.factor_terms(above)
    letters = len(above.free_symbols)
    if above.is_Add and letters <= MAX_LETTERS and len(above.args) * letters <= MAX_FACTORED:
        yield from filter(None, [tried(sympy.factor, above)])
    if above.is_polynomial() and not above.atoms(sympy.Dummy):
        yield above


# Identities, for a sum that is expanded


def _squares(replaced: Any, kept: Any, constant: int, sign: int) -> Callable[[Expr], Expr]:
    """What writes replaced² as constant + sign·kept²."""

    def rewritten(above: Expr) -> Expr:
        return _powers(above, replaced, lambda u: constant + sign * kept(u) ** 2)

    return rewritten


def _powers(above: Expr, function: Any, square: Callable[..., Expr]) -> Expr:
    """The sum with the squares in powers of a function replaced."""

    def is_power(e: Expr) -> bool:
        return isinstance(e, sympy.Pow) and isinstance(e.base, function) and _holds_square(e.exp)

    if not above.has(function):
        return above
    return sympy.expand(
        above.replace(
            is_power, lambda e: square(*e.base.args) ** (e.exp // 2) * e.base ** (e.exp % 2)
        )
    )


def _holds_square(exponent: Expr) -> bool:
    return bool(exponent.is_Integer and exponent >= 2)


def _signs(above: Expr) -> Expr:
    """With abs(u) and u·sign(u) as one, and sign² as 1."""
    if not above.has(sympy.sign):
        return above
    signs = sympy.expand(above.replace(sympy.Abs, lambda u: u * sympy.sign(u)))
    signs = _powers(signs, sympy.sign, lambda u: sympy.S.One)
    for u in {call.args[0] for call in signs.atoms(sympy.sign)}:
        # Of each term that has both.
        terms = sympy.Add.make_args(signs)
        signs = sympy.Add(*(
            t / u / sympy.sign(u) * sympy.Abs(u)
            if {u, sympy.sign(u)} <= {f.as_base_exp()[0] for f in sympy.Mul.make_args(t)}
            and u not in below_bar(t)
            else t
            for t in terms
        ))  # fmt: skip
    return signs


_WITH_IDENTITIES = (*WITH_ANGLES, hypot, sympy.sign, sympy.Abs)
_IDENTITIES = (
    _squares(sympy.sin, sympy.cos, 1, -1),
    _squares(sympy.cos, sympy.sin, 1, -1),
    _squares(sympy.sinh, sympy.cosh, -1, 1),
    _squares(sympy.cosh, sympy.sinh, 1, 1),
    lambda above: _powers(above, hypot, lambda a, b: a**2 + b**2),
    _signs,
)
