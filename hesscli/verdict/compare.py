"""``--expect`` text → the user's own Hessian, and how it differs from the one that was found.

Every likely cause is a hypothesis with an image: what the user's matrix would be had exactly
this mistake been made. A cause is named only where its image agrees with the whole matrix.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from itertools import chain, permutations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hesscli.answer import MAX_NAMED, Comparison, Difference, Finding
from hesscli.errors import HessError
from hesscli.notes import Cause
from hesscli.point.assignment import read_assignment
from hesscli.point.tables import DELIMITERS
from hesscli.shapes import Shape, size
from hesscli.types import Array, Mask, Values
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
_HINT = '--expect "[[1, 1/2], [1/2, 3]]" or --expect @FILE (.npy, .json, .csv or .tsv)'
# Errors whose hints speak of points.
_OF_POINTS = ("syntax", "formula", "bad-value", "mixed-point")

Indices = NDArray[np.intp]
Images = Iterator[tuple[Finding, Array]]  # a hypothesis, and its image
Orders = Iterator[tuple[Finding, Indices]]


@dataclass(frozen=True, slots=True)
class Expected:
    """The user's matrix as it was read: ``values`` flat and row-major, NaN for an entry of none.

    ``typed`` holds the text of each entry, and is empty where entries are not plain to see;
    ``files`` the names of those that it was read from.
    """

    source: str
    shape: Shape
    values: Array
    typed: tuple[str, ...]
    files: tuple[str, ...] = ()

    def decimal(self, flat: int) -> Decimal:
        """An entry with the digits that were typed, or else the fewest that give its double."""
        try:
            return Decimal(self.typed[flat].removesuffix(".0"))  # as Python prints it
        except (IndexError, InvalidOperation):
            return Decimal(repr(float(self.values[flat]))).normalize()


# --- reading -----------------------------------------------------------------------------------


def read_expected(text: str) -> Expected:
    """The matrix that ``--expect`` gives. Raises :class:`HessError` with the place of a mistake."""
    value, files = _read(text)
    numbers = [float(entry) for entry in value.entries]
    leaves = [leaf.strip(' \t\r\n"') for leaf in re.split(r"[\[\],]", _plain(text))]
    typed = tuple(leaf for leaf in leaves if leaf)
    typed = typed if len(typed) == len(numbers) else ()
    return Expected(text, value.shape, np.array(numbers), typed, files)


def _read(text: str) -> tuple[Values, tuple[str, ...]]:
    """The one tensor that ``text`` gives, and the files that it was read from."""
    hint = _HINT
    if text.strip() and not text.lstrip().startswith("{"):
        try:
            assignment = read_assignment(text, gaps=True)
        except HessError as error:
            error.message = f"`--expect`: {error.message}"
            if not error.hint or error.code in _OF_POINTS:
                error.hint = _HINT
            raise
        values = assignment.positional
        if len(values) == 1 and isinstance(values[0], Values):
            return values[0], assignment.files
        if len(values) > 1:
            rows = text.strip().removeprefix("(").removesuffix(")")
            hint = f'--expect "[{rows}]", with brackets around all rows'
    message = "`--expect` takes one matrix of numbers"
    raise HessError("bad-value", message, source=text, span=(0, len(text)), hint=hint)


def _plain(text: str) -> str:
    """``text``, or what the file of text holds that it names."""
    path = Path(text.strip().removeprefix("@").strip("\"'"))
    kind = path.suffix.lower()
    if not text.lstrip().startswith("@") or kind not in (".json", *DELIMITERS):
        return text
    held = path.read_text(encoding="utf-8-sig")
    return held if kind == ".json" else re.sub(r"[\t\n]", ",", held)


# --- comparing ---------------------------------------------------------------------------------


def compare(
    expected: Expected, matrix: Array, labels: Sequence[str], variable_shapes: Mapping[str, Shape]
) -> Comparison:
    """How the user's matrix differs from ``matrix`` (n, n), in which NaN stands for no number.

    ``labels`` name its n rows; ``variable_shapes`` are those of the differentiated variables, in
    order. Raises :class:`HessError` where the user's matrix has another shape.
    """
    theirs = _square(expected, labels, variable_shapes)
    found = np.where(np.isfinite(matrix), matrix, np.nan)
    differing = ~_close(theirs, found)
    with np.errstate(over="ignore"):
        largest = float(np.fmax.reduce(np.abs(theirs - found), axis=None))
    columns = (*np.nonzero(differing), theirs[differing], found[differing])
    differences = tuple(
        Difference(i, j, (labels[i], labels[j]), a, b)
        for i, j, a, b in zip(*(each.tolist() for each in columns), strict=True)
    )
    case = _Case(expected, theirs, found, differing, labels, variable_shapes)
    return Comparison(
        differences,
        None if np.isnan(largest) else min(largest, sys.float_info.max),
        _cause(case) if differences else None,
    )


def _square(expected: Expected, labels: Sequence[str], shapes: Mapping[str, Shape]) -> Array:
    n, shape = len(labels), expected.shape
    accepted: set[Shape] = {(n, n)}
    if len(shapes) == 1:  # as torch.autograd.functional.hessian returns it
        accepted |= {(*s, *s) for s in shapes.values()}
    if shape in accepted or (n == 1 and size(shape) == 1):
        return expected.values.reshape(n, n)
    given = f"has shape {'×'.join(map(str, shape))}" if len(shape) > 1 else "is a single number"
    if len(shape) == 1:
        given = f"is a list of {shape[0]}"
    row = f"[{','.join('…' * n)}]"
    pattern = f'"[{",".join([row] * n)}]"' if n <= 3 else f"with {n} rows of {n} numbers"
    order = ", ".join(labels[:MAX_NAMED]) + ", …" * (n > MAX_NAMED)
    raise HessError(
        "wrong-shape",
        f"`--expect` {given}, and the Hessian is {n}×{n}",
        source=expected.source,
        span=(0, len(expected.source)),
        hint=f"--expect {pattern}, rows and columns in the order {order}",
    )


def _close(a: Array, b: Array, largest: float | None = None) -> Mask:
    """Where ``a`` agrees with ``b``: in a number, within the tolerance, or in having none."""
    with np.errstate(all="ignore"):
        sizes = np.fmax(np.abs(a), np.abs(b))
        largest = float(np.fmax.reduce(np.abs(b), axis=None)) if largest is None else largest
        limits = np.fmax(RELATIVE_TOLERANCE * sizes, ABSOLUTE_TOLERANCE * largest)
        agree: Mask = (np.isfinite(b) & (np.abs(a - b) <= limits)) | (np.isnan(a) & np.isnan(b))
    return agree


# --- causes ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Case:
    expected: Expected
    theirs: Array
    found: Array
    differing: Mask
    labels: Sequence[str]
    shapes: Mapping[str, Shape]

    def of_entries(self, cause: Cause, where: Mask) -> Finding:
        """A cause that concerns the entries of a mask."""
        places = np.argwhere(where)
        names = (f"({self.labels[i]}, {self.labels[j]})" for i, j in places[:MAX_NAMED].tolist())
        return Finding(cause, tuple(names), len(places))

    def changed(self, image: Array) -> Array:
        """The matrix found, but with the entries of ``image`` where the user's differs."""
        return np.where(self.differing, image, self.found)


def _cause(case: _Case) -> Finding | None:
    """The first hypothesis that explains the whole matrix, with rounding only if none does."""
    if np.isnan(case.found[case.differing]).all():
        return case.of_entries(Cause.NO_NUMBER, case.differing)
    with np.errstate(all="ignore"):
        rounded = _rounding(case, case.found, case.differing)
        for hypothesis in (_simple, _orders, _spectral):
            for finding, image in hypothesis(case):
                unexplained = ~_close(case.theirs, image)
                if not unexplained.any():
                    return finding
                if rounded is None and (precision := _rounding(case, image, unexplained)):
                    rounded = replace(finding, rounded=precision)
    asymmetric = ~_close(case.theirs, case.theirs.T)
    if rounded is None and asymmetric.any() and _close(case.found, case.found.T).all():
        return case.of_entries(Cause.NOT_SYMMETRIC, asymmetric)
    return rounded


def _rounding(case: _Case, image: Array, unexplained: Mask) -> Finding | None:
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


def _simple(case: _Case) -> Images:
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


def _orders(case: _Case) -> Images:
    """Rows and columns in another order: of a tensor's elements, of variables, of two elements."""
    theirs, found, labels = case.theirs, case.found, case.labels
    if not _close(np.sort(theirs, axis=None), np.sort(found, axis=None)).all():
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
        if _close(theirs[row], found[order[row], order], largest).all():
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


def _spectral(case: _Case) -> Images:
    theirs, found = case.theirs, case.found
    if not (np.isfinite(found).all() and np.isfinite(theirs).all()):
        return
    with suppress(np.linalg.LinAlgError):  # A singular matrix has no inverse.
        yield Finding(Cause.INVERSE), np.asarray(np.linalg.inv(found), np.float64)
    diagonal = np.diag(theirs)
    if np.array_equal(theirs, np.diag(diagonal)):
        eigenvalues = spectrum(found / 2 + found.T / 2)[diagonal.argsort().argsort()]
        yield Finding(Cause.EIGENVALUES), np.diag(eigenvalues)
