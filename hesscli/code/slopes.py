"""Functions with slopes that floating point can compute, in place of those of SymPy that cancel.

``1 - tanh(x)**2`` has no digit left at 20. They have the names of those that they stand for, by
which targets find them.
"""

from __future__ import annotations

import sympy
from sympy.codegen.cfunctions import hypot

from hesscli.derive.stable import stable
from hesscli.functions import symbolic as special
from hesscli.types import Expr

# Each share has all others in its slope, which is long.
MAX_SHARES = 16


class tanh(sympy.tanh):  # type: ignore[misc]
    """The hyperbolic tangent."""

    def fdiff(self, argindex: int = 1) -> Expr:
        return sympy.sech(self.args[0]) ** 2


class logcosh(special.logcosh):
    """``log(cosh(x))``."""

    def slope(self, x: Expr) -> Expr:
        return tanh(x)


class logsumexp(special.logsumexp):
    """``log(exp(x) + exp(y) + ...)``."""

    def fdiff(self, argindex: int = 1) -> Expr:
        if len(self.args) > MAX_SHARES:
            return super().fdiff(argindex)
        return Share(argindex - 1, *self.args)


class Share(sympy.Function):  # type: ignore[misc]
    """The share of one term of ``exp(x) + exp(y) + ...``: which, and the exponents.

    Its own slope has the shares of all others, and not 1 without its own.
    """

    def fdiff(self, argindex: int = 1) -> Expr:
        which, *exponents = self.args
        by = argindex - 2
        if by != which:
            return -self * Share(by, *exponents)
        return self * sympy.Add(*(Share(k, *exponents) for k in range(len(exponents)) if k != by))


def computable(expression: Expr) -> Expr:
    """The form that floating point can compute, as its derivatives; but norms stay the roots that
    people write.
    """
    found = stable(expression)
    for plain, own in (
        (sympy.tanh, tanh), (special.logcosh, logcosh), (special.logsumexp, logsumexp),
    ):  # fmt: skip
        found = found.replace(plain, own)
    if expression.has(hypot):
        return found
    return found.replace(hypot, lambda x, y: sympy.sqrt(x**2 + y**2))
