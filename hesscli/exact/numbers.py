"""Real numbers: their values to many digits, the certain ones, the shortest form, the sign."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from math import comb, prod
from typing import Any

import mpmath
import sympy
from flint import ctx, fmpq

from hesscli.balls.expressions import Balls
from hesscli.balls.jets import BudgetError, Meter, sign_of
from hesscli.balls.rounding import ALGEBRA_FROM, MOST, PRECISIONS
from hesscli.derive.quotients import quotients
from hesscli.exact.cells import agree
from hesscli.expression.sizes import bits
from hesscli.functions.balls import NotProvedError, UndecidedError
from hesscli.functions.balls.rationals import to_sympy
from hesscli.functions.failures import tried
from hesscli.types import Expr

Number = Any  # a SymPy Float or a ball, or None where there is no finite real number

BITS_PER_DIGIT = 3.3220
MAX_WORK = 2_000_000.0  # on one constant, see Meter
SIGN_DIGITS = 20
SAME_DIGITS = 60  # to which two forms of a number are compared
# Within these sizes SymPy takes well below a second; beyond them, less is tried.
MAX_EXPANDED = 1_000  # operations
MAX_REWRITTEN = 200
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
    others = [tried(way, form) for way in ways]
    if form.has(sympy.exp):
        others += quotients(form)
    shortest = form
    for other in others:
        if other is not None and len(str(other)) < len(str(shortest)) and _is_same(form, other):
            shortest = other
    return shortest


def _is_same(form: Expr, other: Expr) -> bool:
    """Whether two forms of a number share 60 digits, which is what SymPy's rules can be held to."""
    a, b = (enclosed(f, bits_of(2 * SAME_DIGITS)) for f in (form, other))
    if a is None or b is None or not known_to(a, SAME_DIGITS) or not known_to(b, SAME_DIGITS):
        return False
    return agree(a, b) is not False


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
    """The proved sign of a real number; None where it could not be told from 0."""
    if number.is_Rational:
        return int(number.p > 0) - int(number.p < 0)
    for precision in PRECISIONS:
        ball = enclosed(number, precision)
        found = None if ball is None else sign_of(ball)
        if found is None and precision == ALGEBRA_FROM and vanishes(number):
            found = 0
        if found is not None:
            return found
    return None


def enclosed(number: Expr, precision: int) -> Number:
    """A ball, or a rational, that holds a real constant; None where there is none that is finite.

    At a working precision in bits.
    """
    with ctx.workprec(precision):
        try:
            found = Balls({}, Meter(MAX_WORK)).jet(number).value
        except (BudgetError, NotProvedError, UndecidedError):
            return None
        return found if type(found) is fmpq or found.is_finite() else None


def to_digits(number: Expr, digits: int) -> Number:
    """A constant as a Float of so many certain digits; None for 0, or where they are not found."""
    return certain(partial(enclosed, number), digits)


def certain(number: Callable[[int], Number], digits: int) -> Number:
    """A number, enclosed at a precision in bits that is raised as needed, as such a Float."""
    precision = bits_of(digits)
    while precision <= MOST:
        ball = number(precision)
        if ball is not None and known_to(ball, digits):
            return as_float(ball, digits)
        precision *= 2
    return None


def bits_of(digits: int) -> int:
    """A working precision at which so many digits may be known."""
    return int(digits * BITS_PER_DIGIT) + 64


def known_to(ball: Number, digits: int) -> bool:
    """Whether a number that is not 0 is known to so many digits."""
    if type(ball) is fmpq:
        return bool(ball != 0)
    return bool(ball.rel_accuracy_bits() > digits * BITS_PER_DIGIT + 2 and not ball.contains(0))


def as_float(ball: Number, digits: int) -> Number:
    """A number as a SymPy Float."""
    if type(ball) is fmpq:
        return sympy.Float(to_sympy(ball), digits)
    mantissa, exponent = map(int, ball.mid().man_exp())
    with mpmath.workprec(bits_of(digits)):
        return sympy.Float(mpmath.ldexp(mpmath.mpf(mantissa), exponent), digits)


def vanishes(number: Expr) -> bool:
    """Whether a rewriting, or the minimal polynomial, proves that ``number`` is 0."""
    if not _is_small(number, MAX_EXPANDED):
        return False
    expanded = sympy.expand_func(number)
    # The digamma function of a quotient is a sum of as many logarithms as that has parts.
    number = expanded if expanded.count_ops() <= MAX_REWRITTEN else number
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
