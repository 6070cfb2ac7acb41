"""Derivatives in symbols → the same ones, written shorter where that takes little work.

A form is taken only for its length, as people read it. All of them are exact wherever both have a
value: quotients in whatever powers and functions an entry is made of, with identities such as
sin² + cos² = 1 used above the bar. They are compared in numbers all the same, because SymPy's rules
have had mistakes. What is allowed is counted in operations, so that the same formula is always
written the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import islice
from math import comb, prod
from typing import Any

import sympy
from sympy.codegen.cfunctions import hypot

from hesscli.answer import Answer, Expressions, Verdict
from hesscli.expression.calculus import agrees
from hesscli.expression.notation import as_text
from hesscli.functions.failures import tried
from hesscli.language.writer import UNICODE
from hesscli.types import Expr

BUDGET = 800  # operations of all entries: about half a second
MAX_OPERATIONS = 200  # of one entry
MAX_TERMS = 200  # above the bar, once that is expanded
MAX_FACTORED = 60  # of them, times the variables: factors in many are hard to find
MAX_LETTERS = 6  # of what is factored
MAX_PARTS = 1_000  # of what is looked at
MAX_ANGLES = 30  # operations of what is looked through for double angles
ANGLES = 8  # times as much work
_WITH_ANGLES = (sympy.sin, sympy.cos, sympy.sinh, sympy.cosh)


def simplified(answer: Answer, *, minors: bool = False) -> Answer:
    """The answer in symbols with the shortest forms of its slopes and entries that are found; with
    the Hessian's leading ``minors`` where they are asked for.

    Raises :class:`HessError` where these would be too long.
    """
    jet = answer.jet
    assert isinstance(jet, Expressions)
    sums = frozenset(answer.formula.expression.atoms(sympy.Add))
    shortest = Simplifier(answer.formula.decimal, sums)
    entries = [entry for row in (jet.gradient, *jet.hessian) for entry in row]
    # The short ones first: where there is too much to do, most are done.
    distinct: set[Expr] = {entry for entry in entries if entry is not None and is_moderate(entry)}
    for entry in sorted(distinct, key=lambda e: (e.count_ops(), sympy.default_sort_key(e))):
        shortest(entry)
    gradient = tuple(shortest.known.get(e, e) for e in jet.gradient)
    hessian = tuple(tuple(shortest.known.get(e, e) for e in row) for row in jet.hessian)
    # The value is the formula as it was typed, but where variables have values.
    value = shortest(jet.value) if answer.place.numbers and jet.value is not None else jet.value
    answer = replace(answer, jet=Expressions(value, gradient, hessian))
    if not minors or None in entries:
        return answer
    from hesscli.derive.minors import symbolic_minors

    return replace(answer, verdict=Verdict(minors=symbolic_minors(hessian, shortest)))


def is_moderate(expression: Expr, most: int = MAX_PARTS) -> bool:
    """Whether an expression has so many parts at most."""
    parts = islice(sympy.preorder_traversal(expression), most + 1)
    return sum(1 for _ in parts) <= most


@dataclass(slots=True)
class Simplifier:
    """Finds short forms within one budget; ``decimal`` as in the formula that is written, whose
    ``sums`` are written as they stand there: x - m, and not m - x.
    """

    decimal: bool = False
    sums: frozenset[Expr] = frozenset()
    left: int = BUDGET
    known: dict[Expr, Expr] = field(default_factory=dict)

    def __call__(self, expression: Expr) -> Expr:
        """The shortest form; the same where there is none, or too much work to be done for it."""
        if expression not in self.known:
            self.known[expression] = self._shortest(expression)
        return self.known[expression]

    def _shortest(self, expression: Expr) -> Expr:
        if expression.is_Atom or expression.is_number:
            return expression
        operations = int(expression.count_ops())
        if operations > min(self.left, MAX_OPERATIONS):
            return expression
        self.left -= operations
        if isinstance(expression, sympy.Piecewise):
            pieces = [(self(value), condition) for value, condition in expression.args]
            if len({value for value, _ in pieces}) == 1 and pieces[-1][1] == sympy.true:
                return pieces[0][0]
            return sympy.Piecewise(*pieces, evaluate=False)
        turned = self._turned(expression)
        forms = [turned, expression, *self._by_parts(turned), *quotients(turned)]
        found = self._first_shortest([*forms, *self._in_sums(turned)])
        hidden, meanings = without_functions(found)
        if _multiplies_angles(hidden) and hidden.count_ops() <= min(MAX_ANGLES, self.left / ANGLES):
            self.left -= ANGLES * int(hidden.count_ops())
            other = tried(sympy.trigsimp, hidden)
            found = self._first_shortest([found, (other or hidden).xreplace(meanings)])
        wrong = found != expression and agrees(expression, found, expression.free_symbols) is False
        return expression if wrong else found

    def _turned(self, expression: Expr) -> Expr:
        """With (m - x)² as (x - m)², and (x - m)·(m - x) as -(x - m)²."""

        if not self.sums or not expression.has(sympy.Add):
            return expression
        return _turned(expression, {-total for total in self.sums})

    def _by_parts(self, expression: Expr) -> Iterator[Expr]:
        """A sum with the terms together that have the same parts below the bar, and each such part
        in its shortest form.
        """
        groups: dict[frozenset[Expr], list[Expr]] = {}
        for term in sympy.Add.make_args(expression):
            groups.setdefault(_below(term), []).append(term)
        if len(groups) > 1:
            yield sympy.Add(*(self(sympy.Add(*terms)) for terms in groups.values()))

    def _in_sums(self, expression: Expr) -> Iterator[Expr]:
        """Other forms of an expression, with x - m and the like as they stand in the formula."""
        letters: dict[Expr, Expr] = {}
        for total in sorted(self.sums & expression.atoms(sympy.Add), key=sympy.default_sort_key):
            if all(term.is_Symbol or (-term).is_Symbol for term in total.args):
                letters[total] = sympy.Dummy(real=True)
        if letters:
            meanings = {letter: total for total, letter in letters.items()}
            yield from (form.xreplace(meanings) for form in quotients(expression.xreplace(letters)))

    def _first_shortest(self, forms: list[Expr]) -> Expr:
        """The first of the shortest."""
        distinct = list(dict.fromkeys(f for form in forms for f in (self._turned(form), form)))
        return distinct[0] if len(distinct) == 1 else min(distinct, key=self.length)

    def length(self, expression: Expr) -> int:
        """The number of characters that people read."""
        return len(as_text(expression, UNICODE, decimal=self.decimal))


def _multiplies_angles(expression: Expr) -> bool:
    """Whether some product has two sines or cosines, which may be one of the double angle."""
    return any(
        sum(
            abs(e.as_base_exp()[1]) for e in product if isinstance(e.as_base_exp()[0], _WITH_ANGLES)
        )
        > 1
        for product in map(sympy.Mul.make_args, expression.atoms(sympy.Mul, sympy.Pow))
        if all(e.as_base_exp()[1].is_number for e in product)
    )


def _turned(expression: Expr, unwanted: Set[Expr]) -> Expr:
    """The expression with the negatives of sums that are ``unwanted`` as factors of products."""
    if not expression.args:
        return expression
    args = [_turned(arg, unwanted) for arg in expression.args]
    if not expression.is_Mul and not expression.is_Pow:
        same = all(a is b for a, b in zip(args, expression.args, strict=True))
        return expression if same else expression.func(*args)
    sign, powers = 1, []
    for factor in args if expression.is_Mul else [expression.func(*args)]:
        base, exponent = factor.as_base_exp()
        if base in unwanted and exponent.is_Integer:
            sign *= (-1) ** int(exponent)
            factor = sympy.Pow(-base, exponent)
        powers.append(factor)
    # One product, because -1 times a sum is its negative again.
    return sympy.Mul(sign, *powers)


def _below(term: Expr) -> frozenset[Expr]:
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
            and u not in _below(t)
            else t
            for t in terms
        ))  # fmt: skip
    return signs


_WITH_IDENTITIES = (*_WITH_ANGLES, hypot, sympy.sign, sympy.Abs)
_IDENTITIES = (
    _squares(sympy.sin, sympy.cos, 1, -1),
    _squares(sympy.cos, sympy.sin, 1, -1),
    _squares(sympy.sinh, sympy.cosh, -1, 1),
    _squares(sympy.cosh, sympy.sinh, 1, 1),
    lambda above: _powers(above, hypot, lambda a, b: a**2 + b**2),
    _signs,
)
