"""Enclosures of linear algebra: jets of determinants, inverses, solutions and exponentials.

A matrix of jets is taken as a jet of matrices: its value, its slopes by rows of the Hessian, and
its second derivatives by pairs of rows. Their rules are those of Magnus & Neudecker, *Matrix
Differential Calculus*, and for the exponential Higham, *Functions of Matrices*, §3: its derivatives
are blocks of the exponential of a triangular matrix of blocks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from flint import arb, arb_mat, fmpq
from numpy.typing import NDArray

from hesscli.balls.jets import Jet, Meter, Pair, pair, product, scaled, total
from hesscli.expression.graph import array_of
from hesscli.functions.balls import NotProvedError, UndecidedError
from hesscli.functions.balls.enclosure import carried, is_zero

Matrix = Any  # of FLINT's balls
Jets = NDArray[Any]

MAX_EXPANDED = 8  # rows of a matrix that is singular
UNITS = 0.2  # of work, for a product of two numbers in a matrix


class _MatrixJet:
    """A matrix with its slopes and second derivatives; those that are not there are 0."""

    def __init__(
        self, value: Matrix, first: Mapping[int, Matrix], second: Mapping[Pair, Matrix]
    ) -> None:
        self.value = value
        self.first = first
        self.second = second


def of_matrix(kind: str, arrays: Sequence[Jets], meter: Meter) -> Jets:
    """The jets of ``det``, ``logdet``, ``inv``, ``solve`` or ``expm`` of square matrices.

    Raises :class:`UndecidedError` where a matrix may be singular at this precision.
    """
    matrix = _matrix_jet(arrays[0])
    # Zero derivatives alone do not tell that nothing varies.
    varies = any(jet.varies for array in arrays for jet in array.flat)
    size = matrix.value.nrows()
    if kind == "expm":
        return _entries(_exponential(matrix, meter), arrays[0].shape, varies)
    try:
        inverse = _inverse(matrix, meter)
    except UndecidedError:
        if kind != "det" or size > MAX_EXPANDED:
            raise
        return array_of([_expanded(arrays[0], meter)], ())
    if kind == "inv":
        identity = _MatrixJet(_identity(size), {}, {})
        return _entries(_solved(matrix, inverse, identity, meter), arrays[0].shape, varies)
    if kind == "solve":
        right = arrays[1]
        columns = right if right.ndim == 2 else right[:, None]
        return _entries(_solved(matrix, inverse, _matrix_jet(columns), meter), right.shape, varies)
    found = _determinant(kind, matrix, inverse, meter)
    found.varies = varies
    return array_of([found], ())


def _matrix_jet(jets: Jets) -> _MatrixJet:
    rows, columns = jets.shape
    value = arb_mat([[arb(jet.value) for jet in row] for row in jets])
    first: dict[int, Matrix] = {}
    second: dict[Pair, Matrix] = {}
    for r, row in enumerate(jets):
        for c, jet in enumerate(row):
            for i, number in jet.gradient.items():
                first.setdefault(i, arb_mat(rows, columns))[r, c] = number
            for ij, number in jet.hessian.items():
                second.setdefault(ij, arb_mat(rows, columns))[r, c] = number
    return _MatrixJet(value, first, second)


def _entries(found: _MatrixJet, shape: tuple[int, ...], varies: bool) -> Jets:
    columns = found.value.ncols()
    jets = []
    for k in range(found.value.nrows() * columns):
        place = divmod(k, columns)
        gradient = {i: m[place] for i, m in found.first.items() if not is_zero(m[place])}
        hessian = {ij: m[place] for ij, m in found.second.items() if not is_zero(m[place])}
        jets.append(Jet(carried(found.value[place]), gradient, hessian, varies))
    return array_of(jets, shape)


def _identity(size: int) -> Matrix:
    return arb_mat([[int(i == j) for j in range(size)] for i in range(size)])


def _inverse(matrix: _MatrixJet, meter: Meter) -> Matrix:
    meter.spend(UNITS * 2 * matrix.value.nrows() ** 3)
    try:
        return matrix.value.inv()
    except ZeroDivisionError:
        raise UndecidedError from None


def _pairs(rows: Sequence[int]) -> list[Pair]:
    return [(i, j) for k, i in enumerate(rows) for j in rows[k:]]


def _solved(matrix: _MatrixJet, inverse: Matrix, right: _MatrixJet, meter: Meter) -> _MatrixJet:
    """X with A·X = B: A·Xᵢ = Bᵢ - Aᵢ·X, and A·Xᵢⱼ = Bᵢⱼ - Aᵢⱼ·X - Aᵢ·Xⱼ - Aⱼ·Xᵢ."""
    size, columns = right.value.nrows(), right.value.ncols()
    bent = {i for ij in (*matrix.second, *right.second) for i in ij}
    rows = sorted({*matrix.first, *right.first, *bent})
    zero = arb_mat(size, columns)
    work = UNITS * size * size * columns
    meter.spend(work * (1 + 2 * len(rows)))
    value = inverse * right.value
    first = {}
    for i in rows:
        known = right.first.get(i, zero)
        first[i] = inverse * (known - matrix.first[i] * value if i in matrix.first else known)
    second = {}
    for i, j in _pairs(rows):
        parts = [right.second[i, j]] if (i, j) in right.second else []
        if (i, j) in matrix.second:
            parts.append(-(matrix.second[i, j] * value))
        parts += [-(matrix.first[a] * first[b]) for a, b in ((i, j), (j, i)) if a in matrix.first]
        if parts:
            meter.spend(work * (1 + len(parts)))
            second[i, j] = inverse * reduce(lambda a, b: a + b, parts)
    return _MatrixJet(value, first, second)


def _determinant(kind: str, matrix: _MatrixJet, inverse: Matrix, meter: Meter) -> Jet:
    """log det A has the slopes tr(A⁻¹·Aᵢ) and tr(A⁻¹·Aᵢⱼ) - tr(A⁻¹·Aᵢ·A⁻¹·Aⱼ)."""
    size = matrix.value.nrows()
    meter.spend(UNITS * size**3 * (1 + len(matrix.first)))
    value = matrix.value.det()
    turned = {i: inverse * slopes for i, slopes in matrix.first.items()}
    slopes = {i: each.trace() for i, each in turned.items()}
    second = {}
    for i, j in _pairs(sorted(turned)):
        meter.spend(UNITS * 2 * size * size)
        bent = -_trace(turned[i], turned[j])
        if (i, j) in matrix.second:
            bent += _trace(inverse, matrix.second[i, j])
        second[i, j] = bent if kind == "logdet" else value * (bent + slopes[i] * slopes[j])
    for ij in matrix.second.keys() - second.keys():
        bent = _trace(inverse, matrix.second[ij])
        second[ij] = bent if kind == "logdet" else value * bent
    if kind == "logdet":
        if not value > 0:
            raise NotProvedError if value < 0 else UndecidedError
        return Jet(value.log(), slopes, second)
    return Jet(carried(value), {i: value * s for i, s in slopes.items()}, second)


def _trace(left: Matrix, right: Matrix) -> Any:
    """The trace of a product."""
    total = arb(0)
    size = left.nrows()
    for r in range(size):
        for c in range(size):
            total += left[r, c] * right[c, r]
    return total


def _expanded(jets: Jets, meter: Meter) -> Jet:
    """A determinant without a division, by its first rows and all sets of columns."""
    size = len(jets)
    known: dict[frozenset[int], Jet] = {frozenset(): Jet(fmpq(1))}
    for r in range(size):
        grown: dict[frozenset[int], list[Jet]] = {}
        for columns, minor in known.items():
            for c in set(range(size)) - columns:
                sign = (-1) ** sum(other > c for other in columns)
                term = scaled(product(minor, jets[r, c], meter), fmpq(sign))
                grown.setdefault(columns | {c}, []).append(term)
        known = {columns: total(terms, meter) for columns, terms in grown.items()}
    return known[frozenset(range(size))]


def _exponential(matrix: _MatrixJet, meter: Meter) -> _MatrixJet:
    """exp of the blocks [[A, E, F, G], [0, A, 0, F], [0, 0, A, E], [0, 0, 0, A]] has in its first
    row exp(A), its derivatives along E and F, and the second along both, with that along G.
    """
    size = matrix.value.nrows()
    rows = sorted({*matrix.first, *(i for ij in matrix.second for i in ij)})
    if not rows:
        meter.spend(UNITS * 40 * size**3)
        return _MatrixJet(matrix.value.exp(), {}, {})
    zero = arb_mat(size, size)
    first, second = {}, {}
    value = None
    for i, j in _pairs(rows):
        meter.spend(UNITS * 40 * (4 * size) ** 3)
        one, other = matrix.first.get(i, zero), matrix.first.get(j, zero)
        both = matrix.second.get(pair(i, j), zero)
        found = _blocks(matrix.value, one, other, both, zero).exp()
        part = [_part(found, size, k) for k in range(4)]
        value, first[i], first[j], second[i, j] = part
    return _MatrixJet(value, first, second)


def _blocks(a: Matrix, e: Matrix, f: Matrix, g: Matrix, zero: Matrix) -> Matrix:
    grid = [[a, e, f, g], [zero, a, zero, f], [zero, zero, a, e], [zero, zero, zero, a]]
    size = a.nrows()
    rows = range(size)
    return arb_mat([[block[r, c] for block in line for c in rows] for line in grid for r in rows])


def _part(found: Matrix, size: int, block: int) -> Matrix:
    rows = range(size)
    return arb_mat([[found[r, block * size + c] for c in rows] for r in rows])
