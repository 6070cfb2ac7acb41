"""Real numbers: their values to many digits, the certain ones, the shortest form, the sign."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from math import comb, prod
from typing import Any

import mpmath
import sympy

from hesscli.expression.names import symbol
from hesscli.expression.sizes import bits
from hesscli.functions.failures import SYMPY_FAILURES, tried
from hesscli.functions.values import evaluated, refined
from hesscli.types import Expr

Number = Any  # a SymPy Float, or None where there is no finite real number

# So many digits are carried at most.
DIGITS = 1200

# Two precisions that share so many digits of a number show that it is not a rounding error.
SIGN_DIGITS = 20
# Within these sizes SymPy takes well below a second; beyond them, less is tried.
MAX_EXPANDED = 1_000  # operations
MAX_TIDIED = 60
MAX_SIMPLIFIED = 60
MAX_TRIGONOMETRIC = 16
MAX_TERMS = 200  # of a power, once it is expanded
MAX_POWER = 2_000  # of Euler's number, which polynomials are made of
MAX_CANCELLED = 200  # see terms
MAX_CONJUGATES = 16
MAX_TIDIED_BITS = 1_000
MAX_FACTORED_BITS = 64


@lru_cache(maxsize=4096)
def _is_arithmetic(expression: Expr) -> bool:
    """Whether there is nothing but sums, products and whole powers to compute.

    mpmath alone does that in a tenth of the time that SymPy takes to build the number.
    """
    if expression.is_Symbol or expression.is_Rational:
        return True
    if expression.is_Pow and not expression.exp.is_Integer:
        return False
    if not (expression.is_Add or expression.is_Mul or expression.is_Pow):
        return False
    return all(map(_is_arithmetic, expression.args))


def _computed(expression: Expr, point: Mapping[str, Expr]) -> Any:
    """An arithmetic expression as an mpmath number, at the precision of the context."""
    if expression.is_Symbol:
        expression = point[expression.name]
    if expression.is_Float:
        return mpmath.mpf(expression._mpf_)
    if expression.is_Rational:
        return mpmath.mpf(expression.p) / expression.q
    if expression.is_Pow:
        return _computed(expression.base, point) ** int(expression.exp)
    numbers = [_computed(part, point) for part in expression.args]
    return mpmath.fsum(numbers) if expression.is_Add else mpmath.fprod(numbers)


def number_at(expression: Expr, point: Mapping[str, Expr], digits: int) -> Number:
    """The value of ``expression`` at ``point`` as a Float of so many digits, or None."""
    result = value_at(expression, point, digits)
    return None if result is None else sympy.Float(result, digits)


def value_at(expression: Expr, point: Mapping[str, Expr], digits: int) -> Number:
    """The value of ``expression`` at ``point``: a Float, or a rational where SymPy is exact."""
    if not _is_arithmetic(expression):
        return evaluated(expression, {symbol(n): value for n, value in point.items()}, digits)
    try:
        with mpmath.workdps(digits):
            return sympy.Float(_computed(expression, point), digits)
    except SYMPY_FAILURES:
        return None


@lru_cache(maxsize=4096)
def tidied(form: Expr) -> Expr:
    """The shortest of the forms that SymPy has for a number."""
    if form.is_Rational or not _is_small(form, MAX_TIDIED):
        return form
    if sign(form) == 0:
        return sympy.S.Zero
    ways = [sympy.expand_func, sympy.radsimp, sympy.together]
    if terms(form) <= MAX_CANCELLED:
        ways += [sympy.cancel, sympy.sqrtdenest]
        if form.count_ops() <= MAX_TRIGONOMETRIC:
            ways.append(sympy.trigsimp)
    shortest = form
    for way in ways:
        other = tried(way, form)
        if other is not None and len(str(other)) < len(str(shortest)) and _is_same(form, other):
            shortest = other
    return shortest


def _is_same(form: Expr, other: Expr) -> bool:
    """Whether two forms of a number share 60 digits, which is what SymPy's rules can be held to."""
    number, again = (sure(partial(number_at, f, {}), 60) for f in (form, other))
    if number is None or again is None:
        return False
    return bool(abs(number - again) <= sympy.Float("1e-58") * abs(number))


def _is_small(form: Expr, most: int) -> bool:
    """Whether SymPy can expand ``form`` at once."""
    powers = [p for p in form.atoms(sympy.Pow) if p.base.is_Add and p.exp.is_Rational]
    sizes = [(abs(int(p.exp)), len(p.base.args) - 1) for p in powers]
    # Where a power of E is rewritten as one, or expanded as one.
    arguments = [arg.as_coeff_Mul()[0] for f in form.atoms(sympy.Function) for arg in f.args]
    return bool(
        form.count_ops() <= most
        and all(abs(a.p) <= MAX_POWER for a in arguments if a.is_Rational)
        and sum(comb(power + more, more) for power, more in sizes) <= MAX_TERMS
        and bits(form) <= MAX_TIDIED_BITS
    )


def terms(form: Expr) -> int:
    """About how many terms a polynomial has in the functions and powers that ``form`` is made of.

    That exp(7/3) is exp(1/3) to the power 7 makes SymPy look for common factors for minutes.
    """
    degrees = [abs(int(e.exp.as_coeff_Mul()[0].p)) for e in form.atoms(sympy.exp)]
    others = form.atoms(sympy.Function, sympy.Pow) - form.atoms(sympy.exp)
    return prod([*(1 + degree for degree in degrees), *(2 for _ in others)])


@lru_cache(maxsize=4096)
def sign(number: Expr) -> int | None:
    """The proven sign of a real number; None where it could not be told from 0."""
    if number.is_Rational:
        return int(sympy.sign(number))
    source = partial(number_at, number, {})
    certain = sure(source, SIGN_DIGITS, most=5 * SIGN_DIGITS)
    if certain is None and vanishes(number):
        return 0
    if certain is None:
        certain = sure(source, SIGN_DIGITS)
    return None if certain is None else int(sympy.sign(certain))


def vanishes(number: Expr) -> bool:
    """Whether a rewriting, or the minimal polynomial, proves that ``number`` is 0."""
    if not _is_small(number, MAX_EXPANDED):
        return False
    number = sympy.expand_func(number)
    proofs: list[Callable[[Expr], Expr]] = [sympy.expand, _expanded_numerator]
    if _is_small(number, MAX_SIMPLIFIED):
        if number.is_algebraic and terms(number) <= MAX_CONJUGATES:
            x = sympy.Dummy()
            proofs.append(lambda e: sympy.minimal_polynomial(e, x) - x)
        if bits(number) <= MAX_FACTORED_BITS:
            proofs += [lambda e: sympy.expand_log(e, factor=True), sympy.simplify]
    return any(tried(proof, number) == 0 for proof in proofs)


def _expanded_numerator(number: Expr) -> Expr:
    """The numerator as a sum of products of exponentials, which obey few identities."""
    return sympy.expand(sympy.numer(sympy.together(number.rewrite(sympy.exp))))


def sure(number: Callable[[int], Number], digits: int, most: int = 2 * DIGITS) -> Number:
    """A number with so many certain digits; None for 0, or where they are not found.

    ``number`` gives it to a working precision, which is doubled until two results agree.
    """
    allowed = sympy.Float(10) ** -(digits + 10)
    for coarse, fine in refined(number, _doubled(digits + 15, most + 4 * digits)):
        if coarse is not None and fine is not None and abs(fine - coarse) < allowed * abs(fine):
            return fine
    return None


def _doubled(digits: int, most: int) -> Iterator[int]:
    while digits <= most:
        yield digits
        digits *= 2
