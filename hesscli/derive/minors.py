"""The leading principal minors of a matrix of expressions, the last of which is its determinant."""

from __future__ import annotations

from collections.abc import Sequence

import sympy

from hesscli.derive.quotients import term_count, without_functions
from hesscli.errors import ExitStatus, HessError
from hesscli.functions.failures import tried
from hesscli.types import Expr

# Of a matrix without zeros, those of six rows.
MAX_PRODUCTS = 720
MAX_EXPANDED = 20_000  # terms


def leading_minors(rows: Sequence[Sequence[Expr]]) -> tuple[Expr, ...]:
    """The determinants of the first k rows and columns, for k from 1 to n, as sums of products.

    By expansion along the last row (Laplace), each minor once. Raises :class:`HessError` where
    there are too many products to be written down.
    """
    # By columns, as the bits of a number: the minor of the first rows in these columns, and how
    # many products it has.
    known: dict[int, tuple[Expr, int]] = {0: (sympy.S.One, 1)}
    found = []
    for k, row in enumerate(rows, 1):
        known = _next(known, row)
        minor, products = known.get((1 << k) - 1, (sympy.S.Zero, 0))
        if products > MAX_PRODUCTS or len(known) > MAX_PRODUCTS:
            raise HessError(
                "too-large",
                f"the minors of {len(rows)} rows have too many products to be written down",
                hint="a point: `--at`, or `--wrt` with fewer variables",
                status=ExitStatus.NO_ANSWER,
            )
        found.append(minor)
    return tuple(found)


def _next(known: dict[int, tuple[Expr, int]], row: Sequence[Expr]) -> dict[int, tuple[Expr, int]]:
    """The minors with one row more."""
    terms: dict[int, list[Expr]] = {}
    counts: dict[int, int] = {}
    for columns, (minor, products) in known.items():
        for j, entry in enumerate(row):
            if entry == 0 or minor == 0 or columns >> j & 1:
                continue
            sign = (-1) ** (columns >> j).bit_count()
            both = columns | 1 << j
            terms.setdefault(both, []).append(sign * entry * minor)
            counts[both] = counts.get(both, 0) + products
    return {columns: (sympy.Add(*each), counts[columns]) for columns, each in terms.items()}


def reduced(minor: Expr) -> Expr:
    """A minor as one quotient, 0 where all cancels; as it is where there is too much to expand.

    Roots are letters whose powers are those of what is under them.
    """
    hidden, meanings = without_functions(sympy.expand_power_exp(minor))
    roots: dict[Expr, tuple[Expr, int]] = {}

    def letter(power: Expr) -> Expr:
        base, exponent = power.args
        key = (base, int(exponent.q))
        found = next((r for r, known in roots.items() if known == key), None)
        if found is None:
            found = sympy.Dummy(positive=True)
            roots[found] = key
        return found**exponent.p

    def is_root(e: Expr) -> bool:
        return bool(e.is_Pow and e.exp.is_Rational and not e.exp.is_Integer)

    quotient = tried(sympy.together, hidden.replace(is_root, letter))
    if quotient is None:
        return minor
    above, below = sympy.fraction(quotient)
    if term_count(above) > MAX_EXPANDED:
        return minor
    above = sympy.expand(above)
    for root, (base, order) in roots.items():
        powers = above.replace(
            lambda e, root=root, order=order: e.is_Pow and e.base == root and e.exp >= order,
            lambda e, root=root, order=order, base=base: base ** (e.exp // order)
            * root ** (e.exp % order),
        )  # fmt: skip
        above = sympy.expand(powers)
    meanings |= {root: sympy.root(base, order) for root, (base, order) in roots.items()}
    # A root may be of what has functions.
    return (sympy.factor_terms(above) / below).xreplace(meanings).xreplace(meanings)
