"""The signs of the eigenvalues of an exact symmetric matrix, proved, and their closed forms.

No tolerance decides a sign. An eigenvalue that is not 0 is enclosed by
:mod:`hesscli.exact.spectrum.eigenvalues`, at a precision that is raised as needed. That all the
others are 0 follows from the rank of the exact matrix: its minors are proved to be 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import flint
import numpy as np
import sympy
from flint import arb
from sympy.functions.elementary.hyperbolic import HyperbolicFunction

from hesscli.balls.jets import Entry, pair
from hesscli.errors import HessError, TooSlowError
from hesscli.exact.numbers import MAX_TIDIED_BITS, Number, as_float, sign, tidied
from hesscli.exact.spectrum.eigenvalues import Work, eigenvalues
from hesscli.expression.sizes import MAX_ROOT_BITS, bits
from hesscli.functions.balls.rationals import from_sympy
from hesscli.types import Array, Expr

MAX_PRODUCTS = 5_000  # in all minors of a matrix
MAX_ORDER = 24
MAX_DIGITS = 1200  # that are carried
MAX_WORK = 100_000_000  # in products of numbers, for one block at one precision
BITS_PER_DIGIT = 3.33

Rows = Sequence[Sequence[Expr]]
Exactly = Callable[[Entry], Expr | None]
Rounded = Callable[[Entry, int], Expr | None]


@dataclass(frozen=True, slots=True)
class Spectrum:
    """The eigenvalues of a block of the Hessian, in no order.

    ``numbers`` are proved not to be 0, ``zero`` more are proved to be 0.
    """

    block: Sequence[int]
    numbers: Sequence[Number]
    zero: int

    @property
    def unknown(self) -> int:
        """How many could not be told from 0."""
        return len(self.block) - len(self.numbers) - self.zero

    def rounded(self, digits: int) -> list[Expr]:
        """All of them as Floats; an Integer where they are 0, or could not be told from it."""
        zeros = [sympy.S.Zero] * (self.zero + self.unknown)
        return [*(sympy.Float(number, digits) for number in self.numbers), *zeros]


def spectrum(exactly: Exactly, rounded: Rounded, block: Sequence[int], digits: int) -> Spectrum:
    """The spectrum to so many digits, at a precision that is raised as needed.

    ``exactly`` gives an entry in closed form, ``rounded`` to so many digits.
    """
    pairs = [[pair(i, j) for j in block] for i in block]
    found = Spectrum(block, (), 0)
    working, rank = digits + 15, -1
    while len(block) <= MAX_ORDER and working <= MAX_DIGITS + 4 * digits and found.unknown:
        rows = [[rounded(entry, working) for entry in row] for row in pairs]
        if any(None in row for row in rows):
            break
        numbers, zero = _certain(rows, working, digits), found.zero
        if len(numbers) < len(block) and len(numbers) != rank:
            rank = len(numbers)
            zero = len(block) - rank if _is_rank(exactly, pairs, rank) else 0
        found = Spectrum(block, numbers, zero)
        working *= 2
    return found


def _certain(rows: Rows, working: int, digits: int) -> list[Number]:
    """The eigenvalues with ``digits`` certain digits, of entries known to ``working`` digits."""
    precision = int(working * BITS_PER_DIGIT) + 20
    with flint.ctx.workprec(precision):
        enclosed = [[_ball(entry, working) for entry in row] for row in rows]
        found = [arb(e) for e in eigenvalues(enclosed, precision, Work(MAX_WORK))]
        enough = digits * BITS_PER_DIGIT + 1
        certain = [e for e in found if e.rel_accuracy_bits() >= enough and not e.is_zero()]
        return [as_float(e, working) for e in certain]


def _ball(number: Expr, digits: int) -> arb:
    """The enclosure of a number of which so many digits are right."""
    if number.is_Rational:
        return arb(from_sympy(number))
    value = arb(sympy.Float(number, digits))
    return arb(value, abs(value) * arb(10) ** (1 - digits))


def _is_rank(exactly: Exactly, pairs: Sequence[Sequence[Entry]], rank: int) -> bool:
    """Whether a block of at least this rank is proved to have no higher one."""
    try:
        rows = [[exactly(entry) for entry in row] for row in pairs]
    except TooSlowError:
        raise
    except HessError:
        return False
    return not any(None in row for row in rows) and proved_rank(rows, rank)


def proved_rank(rows: Rows, rank: int) -> bool:
    """Whether a symmetric matrix of exact numbers, of at least this rank, has no higher one.

    That is so where its principal minors of the next two orders are all 0: elimination in a
    symmetric matrix, with pivots of order 1 and 2, cannot step over both. False where it is not
    so, or could not be proved within a bound on the products.
    """
    scaled = _rational(rows)
    if scaled is not None:
        return bool(sympy.Matrix(scaled[1]).to_DM(field=True).rank() == rank)
    orders = range(rank + 1, min(rank + 2, len(rows)) + 1)
    principal = (chosen for order in orders for chosen in combinations(range(len(rows)), order))
    minor = _minors(rows)
    try:
        return all(sign(minor(chosen, chosen)) == 0 for chosen in principal)
    except _UnwieldyError:
        return False


class _UnwieldyError(Exception):
    """An expression has grown too large to go on."""


def _minors(rows: Rows) -> Callable[[tuple[int, ...], tuple[int, ...]], Expr]:
    """Multiples of the minors, by the rows and columns; not 0 times, so that they keep zeros."""
    rows = [_without_denominators(row) for row in rows]
    known: dict[tuple[tuple[int, ...], tuple[int, ...]], Expr] = {((), ()): sympy.S.One}
    products = 0

    def minor(i: tuple[int, ...], j: tuple[int, ...]) -> Expr:
        nonlocal products
        if (i, j) not in known:
            total = sympy.S.Zero
            for k, column in enumerate(j):
                entry = rows[i[0]][column]
                rest = minor(i[1:], j[:k] + j[k + 1 :]) if entry != 0 else entry
                products += len(sympy.Add.make_args(entry)) * len(sympy.Add.make_args(rest))
                if products > MAX_PRODUCTS:
                    raise _UnwieldyError
                total += (-1) ** k * sympy.expand(entry * rest)
            known[i, j] = total
        return known[i, j]

    return minor


def _without_denominators(row: Sequence[Expr]) -> list[Expr]:
    """A multiple of ``row``, as sums of products."""
    fractions = [
        sympy.fraction(sympy.together(e.rewrite(HyperbolicFunction, sympy.exp))) for e in row
    ]
    distinct = list(dict.fromkeys(below for _, below in fractions))
    return [
        sympy.expand(sympy.Mul(above, *(other for other in distinct if other != below)))
        for above, below in fractions
    ]


def _rational(rows: Rows) -> tuple[Expr, Rows] | None:
    """A factor and rational rows whose product is the matrix; None where there are none."""
    factor = next((e for row in rows for e in row if not e.is_Rational), sympy.S.One)
    rationals: list[list[Expr]] = []
    for row in rows:
        rationals.append([tidied(entry / factor) for entry in row])
        if not all(entry.is_Rational for entry in rationals[-1]):
            return None
    return factor, rationals


def inertia_of(spectra: Sequence[Spectrum]) -> tuple[tuple[int, int, int] | None, str]:
    """The inertia and the definiteness, which may be proved without it."""
    signs = [number > 0 for s in spectra for number in s.numbers]
    positive, negative = signs.count(True), signs.count(False)
    zero = sum(s.zero for s in spectra)
    unknown = sum(s.unknown for s in spectra)
    inertia = None if unknown else (positive, zero, negative)
    return inertia, definiteness_of(positive, zero, negative, unknown)


def definiteness_of(positive: int, zero: int, negative: int, unknown: int) -> str:
    """What follows from the signs of the eigenvalues, of which some may be unknown."""
    if positive and negative:
        return "indefinite"
    if unknown:
        return "undecided"
    if not positive and not negative:
        return "zero"
    return f"{'positive' if positive else 'negative'} {'semi' if zero else ''}definite"


def closed_forms(hessian: Rows, spectra: Sequence[Spectrum]) -> tuple[Expr, ...] | None:
    """The eigenvalues of all blocks, ascending; None where some have no closed form."""
    found: list[tuple[Number, Expr]] = []
    for one in spectra:
        rows = [[hessian[i][j] for j in one.block] for i in one.block]
        if len(rows) == 1:
            found += [(sympy.Add(*one.numbers), rows[0][0])]
            continue
        forms = None if one.unknown else _nonzero(rows, len(one.numbers))
        if forms is None:
            return None
        found += zip(sorted(one.numbers), forms, strict=True)
        found += [(sympy.S.Zero, sympy.S.Zero)] * one.zero
    return tuple(form for _, form in sorted(found, key=lambda found: found[0]))


def _nonzero(rows: Rows, rank: int) -> list[Expr] | None:
    """The eigenvalues of a matrix of this rank that are not 0, ascending, in closed form."""
    trace = tidied(sympy.Add(*(row[i] for i, row in enumerate(rows))))
    if rank == 1:
        return [trace]
    if rank == 2:
        # Both satisfy λ² - tr(A)·λ + (tr(A)² - tr(A²))/2 = 0.
        square = 2 * sympy.Add(*(entry**2 for row in rows for entry in row)) - trace**2
        if len(rows) == 2:
            square = (rows[0][0] - rows[1][1]) ** 2 + 4 * rows[0][1] ** 2
        square = tidied(square)
        if square.is_Rational and bits(square) > MAX_ROOT_BITS:
            return None
        root = sympy.sqrt(square)
        return [tidied((trace - root) / 2), tidied((trace + root) / 2)]
    scaled = _rational(rows)
    if scaled is None or any(bits(e) > MAX_TIDIED_BITS for row in scaled[1] for e in row):
        return None
    _, factors = sympy.Matrix(scaled[1]).charpoly().factor_list()
    if any(factor.degree() > 2 for factor, _ in factors):
        return None
    roots = [(r, n * power) for f, power in factors for r, n in sympy.roots(f).items() if r != 0]
    forms = [tidied(scaled[0] * root) for root, times in roots for _ in range(times)]
    return sorted(forms, key=lambda form: form.evalf(30))


def kind_of(definiteness: str) -> str:
    """What a stationary point is; a singular Hessian says nothing for certain."""
    return {
        "positive definite": "minimum",
        "negative definite": "maximum",
        "indefinite": "saddle",
    }.get(definiteness, "inconclusive")


def components(symmetric: Array) -> list[Array]:
    """The index sets of the blocks, found by following non-zero entries."""
    unseen = np.ones(len(symmetric), dtype=bool)
    found = []
    for start in range(len(symmetric)):
        if not unseen[start]:
            continue
        unseen[start] = False
        members, front = [start], [start]
        while front:
            linked = np.nonzero(symmetric[front.pop()].astype(bool) & unseen)[0]
            unseen[linked] = False
            members += linked.tolist()
            front += linked.tolist()
        found.append(np.array(sorted(members)))
    return found
