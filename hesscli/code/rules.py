"""Functions in terms of others, for targets that have none of their own.

Each holds where the function is real, and keeps the digits that the plain identity would lose
(``acos(1/x)`` near 1, ``log(cosh(x))`` near 0).
"""

from __future__ import annotations

from collections.abc import Callable

import sympy
from sympy.codegen.cfunctions import log1p

from hesscli.functions import symbolic as special
from hesscli.types import Expr

# Below this, a spherical Bessel function is its power series: its closed form cancels.
NEAR = 2
# Terms of that series, by which it has all digits of a double.
TERMS = 14


class Select(sympy.Expr):  # type: ignore[misc]
    """A Piecewise that no rebuilding simplifies: value, condition, value, condition, ...

    SymPy would try to solve the conditions of its own.
    """

    is_commutative = True
    is_real = True


class Max(sympy.Expr):  # type: ignore[misc]
    """The largest, which SymPy would take seconds to order."""

    is_commutative = True
    is_real = True


class Min(Max):
    """The smallest."""


def select(*pieces: tuple[Expr, Expr]) -> Expr:
    """The value of the first condition that holds."""
    return Select(*(part for piece in pieces for part in piece))


def _above_one(x: Expr) -> Expr:
    """The square root of x**2 - 1."""
    return sympy.sqrt(sympy.Abs(x) - 1) * sympy.sqrt(sympy.Abs(x) + 1)


def _logcosh(x: Expr) -> Expr:
    size = sympy.Abs(x)
    near = log1p(2 * sympy.sinh(x / 2) ** 2)
    far = size + log1p(sympy.exp(-2 * size)) - sympy.log(2)
    return select((near, size < 1), (far, sympy.true))


def _logsumexp(*terms: Expr) -> Expr:
    largest = special.maximum(*terms)
    return largest + sympy.log(sympy.Add(*(sympy.exp(term - largest) for term in terms)))


def _spherical_jn(n: Expr, x: Expr) -> Expr | None:
    """DLMF 10.53.1 near 0, and 10.49.3 elsewhere."""
    if n > 2:
        return None
    series = sympy.S.One
    for k in range(TERMS, 0, -1):
        series = 1 - x**2 * series / (2 * k * (2 * n + 2 * k + 1))
    near = x**n * series / sympy.factorial2(2 * n + 1)
    far = (
        sympy.sin(x) / x,
        (sympy.sin(x) / x - sympy.cos(x)) / x,
        ((3 / x**2 - 1) * sympy.sin(x) - 3 * sympy.cos(x) / x) / x,
    )[n]
    return select((near, sympy.Abs(x) < NEAR), (far, sympy.true))


def _polygamma(n: Expr, x: Expr) -> Expr | None:
    """DLMF 25.11.12."""
    if not (n.is_Integer and n > 0):
        return None
    return (-1) ** (n + 1) * sympy.factorial(n) * special.zeta(n + 1, x)


def _polylog(s: Expr, x: Expr) -> Expr | None:
    return {sympy.S.One: -log1p(-x), sympy.S.Zero: x / (1 - x)}.get(s)


RULES: dict[str, Callable[..., Expr | None]] = {
    "sec": lambda x: 1 / sympy.cos(x),
    "csc": lambda x: 1 / sympy.sin(x),
    "cot": lambda x: 1 / sympy.tan(x),
    "sech": lambda x: 1 / sympy.cosh(x),
    "csch": lambda x: 1 / sympy.sinh(x),
    "coth": lambda x: 1 / sympy.tanh(x),
    "asec": lambda x: sympy.atan2(_above_one(x), sympy.sign(x)),
    "acsc": lambda x: sympy.atan2(sympy.sign(x), _above_one(x)),
    "acot": lambda x: sympy.atan(1 / x),
    "asech": lambda x: log1p(sympy.sqrt((1 - x) * (1 + x))) - sympy.log(x),
    "acsch": lambda x: sympy.asinh(1 / x),
    "acoth": lambda x: sympy.sign(x) * log1p(2 / (sympy.Abs(x) - 1)) / 2,
    "expm1": lambda x: sympy.exp(x) - 1,
    "log1p": lambda x: sympy.log(1 + x),
    "log2": lambda x: sympy.log(x) / sympy.log(2),
    "log10": lambda x: sympy.log(x) / sympy.log(10),
    "hypot": lambda x, y: sympy.sqrt(x**2 + y**2),
    "cbrt": lambda x: sympy.sign(x) * sympy.Abs(x) ** sympy.Rational(1, 3),
    "sigmoid": lambda x: 1 / (1 + sympy.exp(-x)),
    "softplus": lambda x: special.relu(x) + log1p(sympy.exp(-sympy.Abs(x))),
    "logcosh": _logcosh,
    "logsumexp": _logsumexp,
    "Share": lambda which, *terms: sympy.exp(terms[which] - special.logsumexp(*terms)),
    "sinc": lambda x: select((sympy.sin(x) / x, sympy.Ne(x, 0)), (sympy.S.One, sympy.true)),
    "spherical_jn": _spherical_jn,
    "factorial": lambda x: sympy.gamma(x + 1),
    "beta": lambda x, y: sympy.gamma(x) * sympy.gamma(y) / sympy.gamma(x + y),
    "lowergamma": lambda a, x: sympy.gamma(a) * special.gammainc(a, x),
    "uppergamma": lambda a, x: sympy.gamma(a) * special.gammaincc(a, x),
    "harmonic": lambda n: sympy.polygamma(0, n + 1) + sympy.EulerGamma,
    "li": lambda x: sympy.Ei(sympy.log(x)),
    "polygamma": _polygamma,
    "polylog": _polylog,
    "ITE": lambda c, a, b: sympy.Or(sympy.And(c, a), sympy.And(sympy.Not(c), b)),
}
# Of SymPy's own functions: what it has by these names is not to be computed, but to be read.
EXACT_RULES: dict[str, Callable[..., Expr | None]] = {
    **RULES,
    "sinc": lambda x: sympy.Piecewise((sympy.sin(x) / x, sympy.Ne(x, 0)), (1, True)),
    "softplus": lambda x: sympy.log(1 + sympy.exp(x)),
    "logcosh": lambda x: sympy.log(sympy.cosh(x)),
    "logsumexp": lambda *terms: sympy.log(sympy.Add(*map(sympy.exp, terms))),
    # SymPy has an erfcinv, but no digits for it.
    "erfcinv": lambda x: sympy.erfinv(1 - x),
    "gammainc": lambda a, x: sympy.lowergamma(a, x) / sympy.gamma(a),
    "gammaincc": lambda a, x: sympy.uppergamma(a, x) / sympy.gamma(a),
}
