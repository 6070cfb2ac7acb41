"""The leading principal minors of a matrix of expressions, the last of which is its determinant."""

from __future__ import annotations

from collections.abc import Sequence

import sympy

from hesscli.errors import ExitStatus, HessError
from hesscli.types import Expr

# Of a matrix without zeros, those of six rows.
MAX_PRODUCTS = 720


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
