"""The additive terms of a formula that hold a hazard, apart from those that are smooth."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import sympy

from hesscli.exact.sites import names_in
from hesscli.types import Expr, Site

# Analytic wherever their arguments are.
ENTIRE = (
    "exp", "sin", "cos", "sinh", "cosh", "tanh", "atan", "asinh", "erf", "erfc", "erfi", "expm1",
    "sigmoid", "softplus", "logcosh", "sinc",
)  # fmt: skip


def separated(expression: Expr, sites: Sequence[Site]) -> tuple[Expr, Expr]:
    """The terms that may break where the sites' tests hold, and the others, each as a sum.

    The first may be more than need be; the second is analytic, or shares no variable with a site.
    """
    names = names_in(sites)
    terms = sympy.Add.make_args(expression)
    broken = [t for t in terms if _names(t) & names and not is_entire(t)]
    if not broken:  # the formula was simplified: x/x
        return expression, sympy.S.Zero
    return sympy.Add(*broken), sympy.Add(*(t for t in terms if t not in broken))


def near_variables(broken: Expr, sites: Sequence[Site]) -> set[str]:
    """The names of the variables on which it depends how the terms behave near the sites.

    An entire factor that shares no variable with a site, as in exp(y)·|x|, only scales a term.
    """
    names = names_in(sites)
    parts = [p for term in sympy.Add.make_args(broken) for p in sympy.Mul.make_args(term)]
    return names.union(*(_names(p) for p in parts if _names(p) & names or not is_entire(p)))


def _names(expression: Expr) -> set[str]:
    return {s.name for s in expression.free_symbols}


def linked(terms: Iterable[Expr], variables: Collection[Expr]) -> list[list[Expr]]:
    """The terms in groups that share no variable with each other."""
    groups: list[tuple[set[Expr], list[Expr]]] = []
    for term in terms:
        names = term.free_symbols.intersection(variables)
        shared = [group for group in groups if group[0] & names]
        groups = [group for group in groups if not group[0] & names]
        names = names.union(*(group[0] for group in shared))
        groups.append((names, [*(t for group in shared for t in group[1]), term]))
    return [members for _, members in groups]


def is_entire(expression: Expr) -> bool:
    """Whether a formula is made of functions that are analytic everywhere."""
    if expression.is_Symbol or expression.is_number:
        return True
    if expression.is_Pow:
        base, exponent = expression.args
        natural = exponent.is_Integer and exponent > 0
        if not natural and not (base.is_number and base.is_positive):
            return False
    elif not (expression.is_Add or expression.is_Mul or type(expression).__name__ in ENTIRE):
        return False
    return all(map(is_entire, expression.args))
