"""The leading principal minors of a Hessian, the last of which is its determinant.

Their signs tell what is positive definite (Sylvester) and, bordered, what a constrained extremum
is; they are numbers of their own, each to as many digits as the Hessian's entries.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy
from flint import arb, arb_mat, fmpq, fmpq_mat

from hesscli.derive.minors import leading_minors
from hesscli.errors import HessError, TooSlowError
from hesscli.exact.numbers import tidied
from hesscli.exact.spectrum.eigenvalues import Number, Rows
from hesscli.functions.balls.rationals import from_sympy, to_sympy
from hesscli.types import Expr

MAX_ORDER = 30  # rows: of more, all minors take long
MAX_OPERATIONS = 300  # of one in closed form


def enclosed_minors(rows: Rows) -> list[Number]:
    """Enclosures of the determinants of the first k rows and columns, k from 1 to n.

    At the working precision of the context; of exact entries, the exact number.
    """
    leading = [[row[: k + 1] for row in rows[: k + 1]] for k in range(len(rows))]
    return [_determinant(block) for block in leading]


def _determinant(rows: Rows) -> Number:
    exact = [[entry for entry in row if isinstance(entry, fmpq)] for row in rows]
    if all(len(row) == len(rows) for row in exact):
        return fmpq_mat(exact).det()
    return arb_mat([[arb(entry) for entry in row] for row in rows]).det()


def closed_minors(rows: Sequence[Sequence[Expr]], rank: int | None) -> tuple[Expr | None, ...]:
    """The same in closed form, of a matrix of this rank if that is known; None for a form that
    would be too long to write down.
    """
    if all(entry.is_Rational for row in rows for entry in row):
        exact = [[from_sympy(entry) for entry in row] for row in rows]
        return tuple(map(to_sympy, enclosed_minors(exact)))
    try:
        minors = leading_minors(rows)
    except TooSlowError:
        raise
    except HessError:
        return (None,) * len(rows)
    known = (
        sympy.S.Zero if rank is not None and k > rank else tidied(minor)
        for k, minor in enumerate(minors, 1)
    )
    return tuple(minor if minor.count_ops() <= MAX_OPERATIONS else None for minor in known)
