"""Enclosures of the eigenvalues of a symmetric matrix of balls, and their signs.

Approximate eigenvectors come from NumPy, in doubles, and are refined by the iteration of Ogita and
Aishima (*Iterative refinement for symmetric eigenvalue decomposition*, Japan J. Indust. Appl. Math.
35 (2018) and 36 (2019), the second of which is on clusters). None of that needs to be right: what
is proved is proved afterwards, in balls. With X the vectors found, the eigenvalues of H are those
of (XᵀX)⁻¹XᵀHX, which is nearly diagonal, and Gershgorin's discs enclose them: a union of k discs
that is apart from the others holds exactly k.

The signs alone cost less: the pivots of an elimination in balls have the signs of the eigenvalues
(Sylvester's law of inertia; Haynsworth for what is left).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import flint
import numpy as np
from flint import arb, arb_mat, fmpq

Number = fmpq | arb
Rows = Sequence[Sequence[Number]]

MAX_STEPS = 20
CLOSE_BITS = 20  # values closer than 2^-20 of the norm are one cluster, at first
GUARD = 10 + CLOSE_BITS  # bits that may be lost in the vectors: to rounding, by a difference
# Products of matrices that the vectors and the enclosures take, where no values are close.
PRODUCTS = 20
CERTIFICATE = 5  # of them


@dataclass(slots=True)
class Work:
    """A count of operations, in products of numbers of some hundred bits, against a bound."""

    left: int

    def spend(self, cost: int) -> None:
        """Count an operation of this cost."""
        self.left -= cost

    def allows(self, cost: int) -> bool:
        """Whether so much is left."""
        return cost <= self.left


def product_cost(order: int, precision: int) -> int:
    """The cost of a product of two matrices, and of what is done entry by entry beside it.

    Measured for 3 to 60 rows and 100 to 4,000 bits, as are the others.
    """
    return int((order**3 + 20 * order**2) * (1 + (precision / 700) ** 2))


def eigenvalues_cost(order: int, precision: int) -> int:
    """The cost of :func:`eigenvalues` where no two are close."""
    return PRODUCTS * product_cost(order, precision) if order > 2 else 100


def signs_cost(order: int, precision: int) -> int:
    """The cost of :func:`signs`."""
    return int(order**3 * (6 + (precision / 1000) ** 2))


def eigenvalues(rows: Rows, precision: int, work: Work) -> list[Number]:
    """Enclosures of the eigenvalues of a symmetric matrix, ascending.

    ``precision`` is the working precision in bits, which the context has too.
    """
    if len(rows) == 1:
        return [rows[0][0]]
    if len(rows) == 2:
        work.spend(eigenvalues_cost(2, precision))
        return _two(rows)
    matrix = arb_mat([[arb(entry) for entry in row] for row in rows])
    if all(entry.mid() == 0 for entry in matrix.entries()):
        return _by_norm(matrix)
    vectors = _refined(matrix.mid(), precision, work)
    work.spend(CERTIFICATE * product_cost(len(rows), precision))
    return _gershgorin(matrix, vectors)


def _two(rows: Rows) -> list[Number]:
    """Both eigenvalues of a matrix of order 2: the one near 0 as the determinant by the other."""
    (a, b), (_, c) = rows
    middle, half = (a + c) / 2, (a - c) / 2
    radius = arb(half * half + b * b).nonnegative_part().sqrt()
    determinant = a * c - b * b
    low, high = middle - radius, middle + radius
    if isinstance(determinant, fmpq) and determinant == 0:
        return [fmpq(0), a + c] if middle > 0 else [a + c, fmpq(0)]
    if middle > 0 and high > 0:
        low = _narrower(low, determinant / high)
    elif middle < 0 and low < 0:
        high = _narrower(high, determinant / low)
    return [low, high]


def _narrower(one: arb, other: arb) -> arb:
    return other if other.rel_accuracy_bits() > one.rel_accuracy_bits() else one


def _refined(matrix: arb_mat, precision: int, work: Work) -> arb_mat:
    """Approximate eigenvectors, as columns, of a symmetric matrix of midpoints.

    Close values are a cluster: first its vectors are parted from all others, then the matrix
    between them is solved, about the middle of the cluster, so that doubles hold what parts its
    values again.
    """
    order = matrix.nrows()
    scale = max(abs(entry) for entry in matrix.entries()).mid()
    vectors = _turn(matrix, scale)
    groups: list[list[int]] = []
    working = min(128, precision)
    for _ in range(MAX_STEPS):
        with flint.ctx.workprec(working):
            transposed = vectors.transpose()
            gram = (transposed * vectors).mid().tolist()
            turned = (transposed * (matrix * vectors)).mid().tolist()
            work.spend(3 * product_cost(order, working))
            values = [(turned[i][i] / gram[i][i]).mid() for i in range(order)]
            groups = groups or _clusters(values, scale * arb(2) ** -CLOSE_BITS)
            step, error = _step(turned, gram, values, groups)
            accurate = min(-_magnitude(error), working)
            done = working == precision and accurate >= precision - GUARD - order.bit_length()
            if done or not work.allows(1):
                break
            vectors = (vectors + vectors * step).mid()
            work.spend(product_cost(order, working))
        # A step squares the error, or divides it by how far a cluster is apart from the rest.
        working = min(precision, 2 * max(accurate, 32) + 2 * GUARD)
    rotation = arb_mat(order, order, [int(i == j) for i in range(order) for j in range(order)])
    turns = False
    for group in groups:
        inner = _within(group, turned, gram, values)
        largest = max(abs(entry) for entry in inner.entries()).mid()
        left = precision + _magnitude(largest) - _magnitude(scale)
        if len(group) == 1 or left < GUARD or not work.allows(1):
            continue
        turns = True
        turn = _refined(inner, left, work)
        for k, i in enumerate(group):
            for m, j in enumerate(group):
                rotation[i, j] = turn[k, m]
    return (vectors * rotation).mid() if turns else vectors


def _magnitude(number: arb) -> int:
    """The exponent of 2 just above an exact number; that of 0 is lower than any."""
    mantissa, exponent = number.man_exp()
    return int(exponent) + int(mantissa).bit_length() if mantissa else -(2**40)


def _clusters(values: Sequence[arb], gap: arb) -> list[list[int]]:
    """The indices of values that are linked by steps up to ``gap``, ascending."""
    ordered = sorted(range(len(values)), key=lambda i: values[i])
    groups = [[ordered[0]]]
    for before, index in pairwise(ordered):
        if values[index] - values[before] <= gap:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


def _step(
    turned: list[list[arb]],
    gram: list[list[arb]],
    values: Sequence[arb],
    groups: list[list[int]],
) -> tuple[arb_mat, arb]:
    """One step of the iteration, as X → X + X·step, and the largest entry of the step.

    Within a cluster the vectors are made orthogonal only.
    """
    order = len(values)
    group_of = {index: k for k, group in enumerate(groups) for index in group}
    step = [[arb(0)] * order for _ in range(order)]
    for i in range(order):
        for j in range(order):
            if group_of[i] == group_of[j]:
                correction = (int(i == j) - gram[i][j]) / 2
            else:
                correction = (turned[i][j] - values[j] * gram[i][j]) / (values[j] - values[i])
            step[i][j] = correction.mid()
    return arb_mat(step), max(abs(entry).mid() for row in step for entry in row)


def _within(
    group: list[int], turned: list[list[arb]], gram: list[list[arb]], values: Sequence[arb]
) -> arb_mat:
    """The matrix between the vectors of a cluster, less its middle value."""
    middle = values[group[len(group) // 2]]

    def entry(i: int, j: int) -> arb:
        if i == j:
            return values[i] - middle
        i, j = max(i, j), min(i, j)
        return turned[i][j] - (values[i] + values[j]) / 2 * gram[i][j]

    return arb_mat([[entry(i, j) for j in group] for i in group]).mid()


def _turn(matrix: arb_mat, scale: arb) -> arb_mat:
    """The eigenvectors, from doubles, of a symmetric matrix with entries up to ``scale``."""
    scaled = np.array([[float(entry / scale) for entry in row] for row in matrix.tolist()])
    return arb_mat(np.linalg.eigh((scaled + scaled.T) / 2)[1].tolist())


def _gershgorin(matrix: arb_mat, vectors: arb_mat) -> list[Number]:
    """Enclosures of the eigenvalues of ``matrix``, from vectors that nearly diagonalise it."""
    transposed = vectors.transpose()
    try:
        similar = (transposed * vectors).solve(transposed * (matrix * vectors)).tolist()
    except ZeroDivisionError:  # the vectors are not proved to be independent
        return _by_norm(matrix)
    order = matrix.nrows()
    ends = []
    for i in range(order):
        radius = sum((similar[i][j].abs_upper() for j in range(order) if j != i), arb(0))
        disc = similar[i][i] + arb(0, radius)
        ends.append((disc.lower(), disc.upper()))
    if not all(low.is_finite() and high.is_finite() for low, high in ends):
        return _by_norm(matrix)
    ends.sort(key=lambda end: end[0])
    groups = [[ends[0]]]
    highest = ends[0][1]
    for low, high in ends[1:]:
        if low > highest:
            groups.append([])
        groups[-1].append((low, high))
        highest = max(highest, high)
    found: list[Number] = []
    for group in groups:
        union = group[0][0].union(max(high for _, high in group))
        found += [union] * len(group)
    return found


def _by_norm(matrix: arb_mat) -> list[Number]:
    """Enclosures that hold all eigenvalues, where nothing better is known."""
    rows = matrix.tolist()
    norm = max(sum((entry.abs_upper() for entry in row), arb(0)).upper() for row in rows)
    return [arb(0, norm)] * len(rows)


def signs(rows: Rows) -> tuple[int, int]:
    """Lower bounds on the numbers of positive and of negative eigenvalues of a symmetric matrix.

    Pivots have order 1 or 2, and are the largest (Bunch & Parlett, SIAM J. Numer. Anal. 8 (1971)).
    It ends where no pivot is proved not to be 0.
    """
    rest = [[arb(entry) for entry in row] for row in rows]
    positive = negative = 0
    while rest:
        order = len(rest)
        sizes = [[rest[i][j].abs_lower() for j in range(i + 1)] for i in range(order)]
        k = max(range(order), key=lambda i: sizes[i][i])
        pairs = [(i, j) for i in range(order) for j in range(i)]
        i, j = max(pairs, key=lambda p: sizes[p[0]][p[1]], default=(k, k))
        # (1 + √17)/8, which bounds the growth of the entries.
        if sizes[k][k] > 0 and sizes[k][k] >= 0.64 * sizes[i][j]:
            if rest[k][k] > 0:
                positive += 1
            else:
                negative += 1
            rest = _without_one(rest, k)
            continue
        determinant = rest[i][i] * rest[j][j] - rest[i][j] * rest[i][j]
        if not determinant < 0:
            break
        positive, negative = positive + 1, negative + 1
        rest = _without_two(rest, i, j, determinant)
    return positive, negative


def _without_one(rest: list[list[arb]], k: int) -> list[list[arb]]:
    others = [i for i in range(len(rest)) if i != k]
    column = {i: rest[i][k] for i in others}
    factors = {i: column[i] / rest[k][k] for i in others}
    lower = [[rest[i][j] - factors[i] * column[j] for j in others if j <= i] for i in others]
    return _mirrored(lower)


def _without_two(rest: list[list[arb]], k: int, m: int, determinant: arb) -> list[list[arb]]:
    others = [i for i in range(len(rest)) if i not in (k, m)]
    a, b, c = rest[k][k], rest[k][m], rest[m][m]
    first = {i: (c * rest[i][k] - b * rest[i][m]) / determinant for i in others}
    second = {i: (a * rest[i][m] - b * rest[i][k]) / determinant for i in others}
    lower = [
        [rest[i][j] - first[i] * rest[j][k] - second[i] * rest[j][m] for j in others if j <= i]
        for i in others
    ]
    return _mirrored(lower)


def _mirrored(lower: list[list[arb]]) -> list[list[arb]]:
    order = range(len(lower))
    return [[lower[max(i, j)][min(i, j)] for j in order] for i in order]
