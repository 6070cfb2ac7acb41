"""An expression → an equal one that floating point can compute, before torch sees it.

``exp(x) - 1`` cancels near 0, ``log(1 + exp(x))`` overflows, ``sin(x)/x`` divides 0 by 0; the
forms put in their place do not, nor do their derivatives. SymPy's own rewriting
(:mod:`sympy.codegen.rewriting`) does the sums; it is applied to one sum at a time, because over a
whole expression it factors polynomials in hundreds of variables.
"""

from __future__ import annotations

from collections import Counter

import sympy
from sympy.codegen.cfunctions import hypot, log1p

from hesscli.functions import symbolic as special
from hesscli.types import Expr

# SymPy compares each term of a sum with each other.
MAX_TERMS = 30


def stable(expression: Expr) -> Expr:
    """An expression equal to ``expression`` wherever that is finite, and stable at more points."""
    return _stable(expression, {})


def _stable(expression: Expr, known: dict[Expr, Expr]) -> Expr:
    if not expression.args or expression.is_Boolean:
        return expression
    if expression not in known:
        args = [_stable(arg, known) for arg in expression.args]
        changed = any(new is not old for new, old in zip(args, expression.args, strict=True))
        known[expression] = _rewritten(_rebuilt(expression, args) if changed else expression)
    return known[expression]


def _rebuilt(expression: Expr, args: list[Expr]) -> Expr:
    if isinstance(expression, (sympy.Piecewise, sympy.Max, sympy.Min)):
        # Unevaluated, as it came: SymPy would try to solve conditions and to order arguments.
        return expression.func(*args, evaluate=False)
    return expression.func(*args)


def _rewritten(expression: Expr) -> Expr:
    if expression.is_Add:
        return _sum(expression)
    if expression.is_Mul:
        return _product(expression)
    if expression.is_Pow:
        return _power(expression)
    if isinstance(expression, sympy.log) and len(expression.args) == 1:
        return _logarithm(expression)
    return expression


def _sum(expression: Expr) -> Expr:
    """``exp(x) - 1`` and ``cos(x) - 1`` without their cancellation at 0."""
    if len(expression.args) > MAX_TERMS or not expression.has(sympy.exp, sympy.cos):
        return expression
    from sympy.codegen.rewriting import cosm1_opt, expm1_opt
    from sympy.codegen.scipy_nodes import cosm1

    if not any(term.is_number for term in expression.args):
        return expression
    for rewriting in (expm1_opt, cosm1_opt):
        if expression.is_Add:
            expression = rewriting.replace_in_Add(expression)
    return expression.replace(cosm1, lambda x: -2 * sympy.sin(x / 2) ** 2)


def _logarithm(expression: Expr) -> Expr:
    (argument,) = expression.args
    if isinstance(argument, sympy.cosh):
        return special.logcosh(argument.args[0])
    if not argument.is_Add:
        return expression
    if all(isinstance(term, sympy.exp) or term.is_positive for term in argument.args):
        exponents = [_exponent(term) for term in argument.args]
        if None not in exponents:
            if len(exponents) == 2 and 0 in exponents:
                return special.softplus(sum(exponents))
            return special.logsumexp(*exponents)
    if 1 in argument.args:
        return log1p(argument - 1)
    return expression


def _exponent(term: Expr) -> Expr | None:
    """``a`` where ``term`` is exp(a), or a positive number times it."""
    if term.is_number:
        return sympy.log(term)
    coefficient, rest = term.as_coeff_Mul()
    if isinstance(rest, sympy.exp) and coefficient.is_positive:
        return rest.args[0] + sympy.log(coefficient)
    return None


def _power(expression: Expr) -> Expr:
    base, exponent = expression.as_base_exp()
    if not base.is_Add:
        return expression
    if (
        len(base.args) == 2
        and 1 in base.args
        and exponent.is_Integer
        and exponent.is_negative
        and isinstance(base - 1, sympy.exp)
    ):
        # 1/(1 + exp(a)): for large a, exp(a) overflows and the derivatives are 0·∞.
        return special.sigmoid(-(base - 1).args[0]) ** -exponent
    if exponent.is_Rational and exponent.q == 2 and all(map(_is_square, base.args)):
        # A norm: its squares overflow where it does not.
        length, *rest = (square.base for square in base.args)
        for side in rest:
            length = hypot(length, side)
        return length**exponent.p
    return expression


def _is_square(term: Expr) -> bool:
    return bool(term.is_Pow and term.exp == 2 and term.base.is_extended_real)


def _product(expression: Expr) -> Expr:
    powers = Counter(dict(factor.as_base_exp() for factor in expression.args))
    changed = False
    for base in list(powers):
        if isinstance(base, sympy.sin):
            changed |= _sinc(base, powers)
        elif isinstance(base, special.sigmoid):
            changed |= _share(base, powers)
    if not changed:
        return expression
    return sympy.Mul(*(base**exponent for base, exponent in powers.items()))


def _sinc(sine: Expr, powers: Counter[Expr]) -> bool:
    """``sin(u)**p / (c*u)**q`` by as many factors ``sinc(u)/c`` as there are."""
    (angle,) = sine.args
    coefficient, rest = angle.as_coeff_Mul()
    inner = rest.as_powers_dict()
    available = [-powers[base] / power for base, power in inner.items()]
    counts = [powers[sine], *available]
    if not all(count.is_Integer and count.is_positive for count in counts):
        return False
    count = min(counts)
    powers[sine] -= count
    for base, power in inner.items():
        powers[base] += count * power
    powers[special.sinc(angle)] += count
    powers[coefficient] += count
    return True


def _share(sigmoid: Expr, powers: Counter[Expr]) -> bool:
    """``exp(a)*sigmoid(-a)`` is ``sigmoid(a)``."""
    exponential = sympy.exp(-sigmoid.args[0])
    base, exponent = exponential.as_base_exp()
    if powers.get(base) != exponent or powers[sigmoid] != 1:
        return False
    del powers[base], powers[sigmoid]
    powers[special.sigmoid(-sigmoid.args[0])] += 1
    return True
