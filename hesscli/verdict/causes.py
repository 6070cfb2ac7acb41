"""A matrix that differs from the Hessian → the likely mistake.

Every likely cause is a hypothesis with an image: what the user's matrix would be had exactly
this mistake been made. A cause is named only where its image agrees with the whole matrix.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain, permutations

import numpy as np
from numpy.typing import NDArray

from hesscli.answer import MAX_NAMED, Finding
from hesscli.notes import Cause
from hesscli.shapes import Shape, size
from hesscli.types import Array, Mask
from hesscli.verdict.expected import Expected
from hesscli.verdict.spectrum import spectrum

# Above the rounding of single precision, so that a right matrix agrees whatever computed it;
# below what is lost where an entry is written with three or four digits.
RELATIVE_TOLERANCE = 1e-6
# Of the largest entry of hess's matrix: what rounding may leave in the user's where the answer is
# 0. Not of the user's own, in which one wrong entry would excuse the others.
ABSOLUTE_TOLERANCE = 1e-12
MAX_MOVED = 6  # 6! orders are tried at most
MAX_FACTOR = 10
MAX_SAMPLE = 1000  # entries whose digits are counted

Indices = NDArray[np.intp]
Images = Iterator[tuple[Finding, Array]]  # a hypothesis, and its image
Orders = Iterator[tuple[Finding, Indices]]


def close(a: Array, b: Array, largest: float | None = None) -> Mask:
    """Where ``a`` agrees with ``b``: in a number, within the tolerance, or in having none."""
    with np.errstate(all="ignore"):
        sizes = np.fmax(np.abs(a), np.abs(b))
        largest = float(np.fmax.reduce(np.abs(b), axis=None)) if largest is None else largest
        limits = np.fmax(RELATIVE_TOLERANCE * sizes, ABSOLUTE_TOLERANCE * largest)
        agree: Mask = (np.isfinite(b) & (np.abs(a - b) <= limits)) | (np.isnan(a) & np.isnan(b))
    return agree


@dataclass(frozen=True, slots=True)
class Case:
    """The user's matrix (n, n) and the one that was found, with what is known of both.

    Of a gradient, they are diagonal, and ``is_vector`` tells. ``differing`` is where they do not
    agree; NaN stands for no number.
    """

    expected: Expected
    theirs: Array
    found: Array
    differing: Mask
    labels: Sequence[str]
    shapes: Mapping[str, Shape]
    is_vector: bool = False

    def of_entries(self, cause: Cause, where: Mask) -> Finding:
        """A cause that concerns the entries of a mask."""
        places = np.argwhere(where)
        names = (
            self.labels[i] if self.is_vector else f"({self.labels[i]}, {self.labels[j]})"
            for i, j in places[:MAX_NAMED].tolist()
        )
        return Finding(cause, tuple(names), len(places))

    def changed(self, image: Array) -> Array:
        """The matrix found, but with the entries of ``image`` where the user's differs."""
        return np.where(self.differing, image, self.found)


def likely_cause(case: Case) -> Finding | None:
    """The first hypothesis that explains the whole matrix, with rounding only if none does."""
    if np.isnan(case.found[case.differing]).all():
        return case.of_entries(Cause.NO_NUMBER, case.differing)
    with np.errstate(all="ignore"):
        rounded = _rounding(case, case.found, case.differing)
        for hypothesis in (_simple, _orders, _spectral):
            for finding, image in hypothesis(case):
                unexplained = ~close(case.theirs, image)
                if not unexplained.any():
                    return finding
                if rounded is None and (precision := _rounding(case, image, unexplained)):
                    rounded = replace(finding, rounded=precision)
    asymmetric = ~close(case.theirs, case.theirs.T)
    if rounded is None and asymmetric.any() and close(case.found, case.found.T).all():
        return case.of_entries(Cause.NOT_SYMMETRIC, asymmetric)
    return rounded


def _rounding(case: Case, image: Array, unexplained: Mask) -> Finding | None:
    """The digits or decimals typed, if rounding ``image`` to them explains the rest.

    With fewer than two digits, rounding cannot be told from another number.
    """
    theirs, image = case.theirs[unexplained], image[unexplained]
    off, most = np.abs(theirs - image), float(np.abs(theirs).max())
    if not (off <= 0.05 * most).all():
        return None
    sample = np.flatnonzero(unexplained)[:MAX_SAMPLE].tolist()
    typed = [case.expected.decimal(k).as_tuple() for k in sample]
    digits = max(len(number.digits) for number in typed)
    decimals = max(0, *(-int(number.exponent) for number in typed))
    last = 10 ** (np.floor(np.log10(np.abs(image))) - digits + 1)
    half = 0.5 + RELATIVE_TOLERANCE
    if digits > 1 and (off <= half * last).all():
        return Finding(Cause.ROUNDED_TO_DIGITS, number=digits)
    if most >= 10 * 10.0**-decimals and (off <= half * 10.0**-decimals).all():
        return Finding(Cause.ROUNDED_TO_DECIMALS, number=decimals)
    return None


def _simple(case: Case) -> Images:
    """A factor of all entries or of those that differ, or a part of the matrix alone."""
    found, differing, diagonal = case.found, case.differing, np.eye(len(case.found), dtype=bool)
    if len(case.labels) > 1:
        yield Finding(Cause.SIGN), -found
    yield case.of_entries(Cause.SIGN_OF_ENTRIES, differing), case.changed(-found)
    if np.count_nonzero(np.triu(found)) > 1:  # The ratio of two numbers is often simple by chance.
        yield Finding(Cause.TWICE), 2 * found
        yield Finding(Cause.HALF), found / 2
        for k in range(3, MAX_FACTOR + 1):
            yield Finding(Cause.SUM_FOR_MEAN, number=k), k * found
            yield Finding(Cause.MEAN_FOR_SUM, number=k), found / k
    halved, doubled = Cause.HALVED, Cause.DOUBLED
    if case.is_vector:
        yield case.of_entries(halved, differing), case.changed(found / 2)
        yield case.of_entries(doubled, differing), case.changed(2 * found)
        return
    if differing.sum() > 1 and np.array_equal(differing, diagonal & (found != 0)):
        halved, doubled = Cause.HALVED_ON_DIAGONAL, Cause.DOUBLED_ON_DIAGONAL
    elif np.array_equal(differing, ~diagonal & (found != 0)):
        halved, doubled = Cause.HALVED_OFF_DIAGONAL, Cause.DOUBLED_OFF_DIAGONAL
    yield case.of_entries(halved, differing), case.changed(found / 2)
    yield case.of_entries(doubled, differing), case.changed(2 * found)
    yield Finding(Cause.TRANSPOSED), found.T
    yield Finding(Cause.ONLY_UPPER), np.triu(found)
    yield Finding(Cause.ONLY_LOWER), np.tril(found)
    yield Finding(Cause.ONLY_DIAGONAL), np.where(diagonal, found, 0)


def _orders(case: Case) -> Images:
    """Rows and columns in another order: of a tensor's elements, of variables, of two elements."""
    theirs, found, labels = case.theirs, case.found, case.labels
    if not close(np.sort(theirs, axis=None), np.sort(found, axis=None)).all():
        return
    elements = np.split(np.arange(len(labels)), len(labels))
    ends = np.cumsum([size(shape) for shape in case.shapes.values()])
    variables = np.split(np.arange(len(labels)), ends[:-1])
    # An order is tried in full only if it explains the row with the most differences.
    row = int(case.differing.sum(axis=1).argmax())
    largest = float(np.fmax.reduce(np.abs(found), axis=None))
    for finding, order in chain(
        _column_major(case.shapes, variables),
        _moves(Cause.VARIABLES_MOVED, case.differing, variables, list(case.shapes), MAX_MOVED),
        _moves(Cause.ELEMENTS_MOVED, case.differing, elements, labels, 2),
    ):
        if close(theirs[row], found[order[row], order], largest).all():
            yield finding, found[np.ix_(order, order)]


def _column_major(shapes: Mapping[str, Shape], variables: Sequence[Indices]) -> Orders:
    rows = dict(zip(shapes, variables, strict=True))
    columns = {name: rows[name].reshape(shapes[name]).ravel(order="F") for name in shapes}
    tensors = [name for name in shapes if (rows[name] != columns[name]).any()]
    for chosen in [tensors, *([name] for name in tensors)]:
        finding = Finding(Cause.COLUMN_MAJOR, tuple(chosen), len(chosen))
        yield finding, np.concatenate([(columns if n in chosen else rows)[n] for n in shapes])


def _moves(
    cause: Cause, differing: Mask, blocks: Sequence[Indices], names: Sequence[str], most: int
) -> Orders:
    """Other orders of the blocks with at most ``most`` of them moved, the fewest first.

    Only the ones in which most entries differ are moved: where two rows are swapped, each
    difference is in one of them or its column, so that any other row has at most two.
    """
    counts = [-int(differing[rows].sum()) for rows in blocks]
    likely = sorted(sorted(range(len(blocks)), key=counts.__getitem__)[:MAX_MOVED])
    moves = [(sum(map(int.__ne__, likely, move)), move) for move in permutations(likely)]
    for count, move in sorted(m for m in moves if 0 < m[0] <= most):
        places = list(range(len(blocks)))
        for i, k in zip(likely, move, strict=True):
            places[i] = k
        moved = tuple(names[i] for i, k in enumerate(places) if i != k)
        order = tuple(names[k] for k in places) if len(names) <= MAX_MOVED else ()
        yield Finding(cause, moved, count, order=order), np.concatenate([blocks[k] for k in places])


def _spectral(case: Case) -> Images:
    theirs, found = case.theirs, case.found
    if case.is_vector or not (np.isfinite(found).all() and np.isfinite(theirs).all()):
        return
    with suppress(np.linalg.LinAlgError):  # A singular matrix has no inverse.
        yield Finding(Cause.INVERSE), np.asarray(np.linalg.inv(found), np.float64)
    diagonal = np.diag(theirs)
    if np.array_equal(theirs, np.diag(diagonal)):
        eigenvalues = spectrum(found / 2 + found.T / 2)[diagonal.argsort().argsort()]
        yield Finding(Cause.EIGENVALUES), np.diag(eigenvalues)
