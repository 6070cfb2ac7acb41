"""Derivatives in symbols → the same ones, written shorter where that takes little work.

A form is taken only for its length, as people read it, and compared in numbers before it is taken,
because SymPy's rules have had mistakes. What is allowed is counted in operations, so that the same
formula is always written the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass, field, replace

import sympy

from hesscli.answer import Answer, Expressions, Verdict
from hesscli.derive.minors import leading_minors, reduced
from hesscli.derive.quotients import (
    WITH_ANGLES,
    below_bar,
    is_moderate,
    quotients,
    without_functions,
)
from hesscli.expression.calculus import agrees
from hesscli.expression.notation import as_text
from hesscli.functions.failures import tried
from hesscli.language.writer import UNICODE
from hesscli.types import Expr

BUDGET = 800  # operations of all entries: about half a second
MAX_OPERATIONS = 200  # of one entry
MAX_ANGLES = 30  # operations of what is looked through for double angles
ANGLES = 8  # times as much work
MAX_MINOR = 2_000  # parts of a minor that is looked at


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
    found = tuple(_shortest_minor(minor, shortest) for minor in leading_minors(hessian))
    return replace(answer, verdict=Verdict(minors=found))


def _shortest_minor(minor: Expr, shortest: Simplifier) -> Expr:
    if not is_moderate(minor, MAX_MINOR):
        return minor
    return min(map(shortest, (minor, reduced(minor))), key=shortest.length)


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
            groups.setdefault(below_bar(term), []).append(term)
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
        sum(abs(e.as_base_exp()[1]) for e in product if isinstance(e.as_base_exp()[0], WITH_ANGLES))
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
