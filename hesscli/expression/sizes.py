"""What SymPy would compute for minutes or fill memory with, refused before it starts."""

from __future__ import annotations

from collections.abc import Sequence

import sympy

from hesscli.errors import HessError, TooSlowError
from hesscli.functions.magnitudes import require_moderate
from hesscli.types import Expr

# Exact numbers beyond this many bits (4,200 digits) are refused before SymPy computes them.
MAX_BITS = 14_000
MAX_ROOT_BITS = 1_100
MAX_FACTORIAL = 1_500
MAX_EXPONENT = 1_000_000
MAX_TOWER = 30  # operations in a constant exponent: a tower of powers doubles the time each floor
GROWS_LIKE_EXP = ("exp", "exp2", "expm1", "sinh", "cosh", "softplus")
GROWS_LIKE_FACTORIAL = (
    "gamma", "factorial", "loggamma", "digamma", "trigamma", "polygamma", "beta", "binomial",
    "lowergamma", "uppergamma", "zeta", "zetaderivative",
)  # fmt: skip


def sum_fits(terms: Sequence[Expr]) -> bool:
    """Whether a sum of these has numbers of a moderate length."""
    return sum(bits(term) for term in terms if term.is_Rational) / 20 <= MAX_BITS


def product_fits(factors: Sequence[Expr]) -> bool:
    """Whether a product of these has a coefficient of a moderate length."""
    return sum(bits(factor) for factor in factors if factor.is_Rational) <= MAX_BITS


def power_fits(base: Expr, exponent: Expr) -> bool:
    """Whether a power, or each that it may be, is of a moderate length."""
    if isinstance(exponent, sympy.Piecewise) and not all(
        power_fits(base, value) for value, _ in exponent.args
    ):
        return False
    if not exponent.is_number or exponent.is_finite is False:
        return True
    if not exponent.is_Rational and exponent.count_ops() > MAX_TOWER:
        return False
    number = base if base.is_number else base.as_coeff_Mul()[0]
    if number.is_zero or number.is_finite is False or abs(number) == 1:
        return True
    size = abs(sympy.log(abs(number), 2).evalf(5) * exponent.evalf(5))
    if number.is_Rational and not exponent.is_Integer:
        size = max(size, bits(number))
    elif number.is_Rational:
        size = sympy.Max(size, abs(exponent.evalf(5)) * (number.p.bit_length() - 1))
    # SymPy looks for factors of a number under a root, which takes seconds for a long one.
    return bool(size <= (MAX_BITS if exponent.is_Integer else MAX_ROOT_BITS))


def function_fits(name: str, arguments: Sequence[Expr]) -> bool:
    """Whether a function of constants is a number of a moderate length."""
    if name in ("sqrt", "cbrt") and not power_fits(arguments[0], sympy.S.Half):
        return False
    if name in GROWS_LIKE_EXP:
        return bool(_size(arguments[0]) <= MAX_EXPONENT)
    # SymPy writes gamma(10**6) out, and lowergamma(5000, x) as so many terms.
    return name not in GROWS_LIKE_FACTORIAL or bool(max(map(_size, arguments)) <= MAX_FACTORIAL)


def evaluation_fits(function: Expr, arguments: Sequence[Expr]) -> bool:
    """Whether SymPy makes of these numbers one of a moderate length."""
    last = arguments[-1]
    if function is sympy.Pow:
        return not last.is_Rational or power_fits(*arguments)
    if function.__name__ in ("floor", "ceiling"):
        return bool(_size(last) < 2**MAX_BITS)
    # exp(10**9) stays as it is.
    stays = function.__name__ in GROWS_LIKE_EXP and not last.has(sympy.log)
    return stays or function_fits(function.__name__, arguments)


def _size(argument: Expr) -> Expr:
    """How large a constant is, or the largest in a Piecewise; 0 for what has variables."""
    if isinstance(argument, sympy.Piecewise):
        return max(_size(value) for value, _ in argument.args)
    if not argument.is_number or argument.is_extended_real is not True:
        return 0
    try:
        require_moderate(argument, {})
    except TooSlowError:
        raise
    except HessError:
        return sympy.oo
    return abs(argument.evalf(5))


def bits(number: Expr) -> int:
    """How many bits the longest rational number has that ``number`` is made of."""
    parts = (part for part in number.atoms(sympy.Rational) if abs(part) not in (0, 1))
    return max((part.p.bit_length() + part.q.bit_length() for part in parts), default=0)
