"""A symmetric matrix that can be enclosed at any precision → its eigenvalues, with proved signs.

The matrix falls into blocks, each of which :mod:`hesscli.exact.spectrum.eigenvalues` solves, at a
precision that is raised for as long as something is gained. All costs are bounded by counts of
operations, so that the result does not depend on the machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import lcm

import flint
import numpy as np
from flint import arb, fmpq, fmpq_mat

from hesscli.exact.spectrum.eigenvalues import (
    Number,
    Rows,
    Work,
    eigenvalues,
    eigenvalues_cost,
    signs,
    signs_cost,
)
from hesscli.exact.spectrum.inertia import components
from hesscli.functions.balls.enclosure import is_zero

BUDGET = 25_000_000  # about a second
MAX_RANK_BITS = 1_000_000_000  # of the rows as whole numbers, times the cube of the order
SMALL = 12  # rows: here eigenvalues cost little more than their signs


@dataclass(frozen=True, slots=True)
class ProvedSpectrum:
    """The spectrum of a symmetric matrix known by enclosures.

    ``eigenvalues`` ascend, each in its enclosure; an exact one is an ``fmpq``, as is 0 wherever it
    is proved. ``positive``, ``zero`` and ``negative`` count the signs that are proved, and
    ``unknown`` the rest. A sign may be proved where the enclosure ends at 0.
    """

    eigenvalues: tuple[Number, ...]
    positive: int
    zero: int
    negative: int
    unknown: int


@dataclass(slots=True)
class _Block:
    """What is known of the eigenvalues of one connected block; nothing, to begin with."""

    order: int
    rank: int | None = None  # of a matrix of exact numbers
    enclosures: list[Number] = field(default_factory=list)
    positive: int = 0
    negative: int = 0
    stuck: bool = False  # the last elimination showed no more signs than were known

    @property
    def nonzero(self) -> int:
        """How many eigenvalues are proved not to be 0."""
        return self.positive + self.negative

    @property
    def zero(self) -> int:
        """How many are proved to be 0, by the rank or by an exact eigenvalue."""
        if self.rank is not None:
            return self.order - self.rank
        return sum(is_zero(e) for e in self.enclosures)

    def accurate(self, bits: int) -> int:
        """How many are known to so many bits."""
        return sum(_sign(e) != 0 and _accuracy(e) >= bits for e in self.enclosures)

    def is_settled(self, bits: int) -> bool:
        """Whether all signs are proved, and all that are not 0 known to so many bits."""
        return self.accurate(bits) + self.zero == self.order

    def find_signs(self, rows: Rows, precision: int, work: Work) -> None:
        """Look for the signs alone, where the eigenvalues were too hard."""
        if self.rank is None:
            exact = [[entry for entry in row if isinstance(entry, fmpq)] for row in rows]
            if all(len(row) == self.order for row in exact) and _rank_fits(exact):
                self.rank = fmpq_mat(exact).rank()
        cost = signs_cost(self.order, precision)
        hard = self.enclosures or not _fits(self.order, precision, work)
        if hard and self.nonzero + self.zero < self.order and work.allows(cost):
            work.spend(cost)
            self.stuck = not self._learn(*signs(rows))

    def find_eigenvalues(self, rows: Rows, precision: int, work: Work) -> None:
        """Enclose the eigenvalues, if that is affordable."""
        if not _fits(self.order, precision, work):
            return
        fresh = eigenvalues(rows, precision, work)
        if self.enclosures:
            pairs = zip(self.enclosures, fresh, strict=True)
            fresh = [b if _accuracy(b) >= _accuracy(a) else a for a, b in pairs]
        self.enclosures = fresh
        found = [_sign(e) for e in fresh]
        self._learn(found.count(1), found.count(-1))

    def _learn(self, positive: int, negative: int) -> bool:
        """Take lower bounds on the counts; whether they are news."""
        before = self.nonzero
        self.positive = max(self.positive, positive)
        self.negative = max(self.negative, negative)
        return self.nonzero > before


def _rank_fits(rows: Sequence[Sequence[fmpq]]) -> bool:
    """Whether elimination in whole numbers takes about a second at most, whatever the rank is."""
    most = MAX_RANK_BITS // len(rows) ** 3
    for row in rows:
        denominator = lcm(*(int(entry.q) for entry in row))
        if denominator.bit_length() + max(int(entry.p).bit_length() for entry in row) > most:
            return False
    return True


def _fits(order: int, precision: int, work: Work) -> bool:
    return order == 1 or work.allows(eigenvalues_cost(order, precision))


def proved_spectrum(
    rows: Callable[[int], Rows | None], nullity: int = 0, bits: int = 55, most: int = 4000
) -> ProvedSpectrum | None:
    """The eigenvalues of a symmetric matrix, each that is not 0 to a relative ``bits`` bits.

    ``rows`` gives the matrix at a working precision in bits: exact entries as ``fmpq``, others as
    enclosures; None where it cannot. ``nullity`` is a proved lower bound on the dimension of the
    null space. The precision is doubled, up to ``most``, for as long as that is not reached and
    the budget lasts; what is known by then is returned, or None if the matrix is never finite.
    """
    known: dict[tuple[int, ...], _Block] = {}
    found: list[_Block] | None = None
    precision, work = min(2 * bits, most), Work(BUDGET)
    while True:
        with flint.ctx.workprec(precision):
            matrix = rows(precision)
            if matrix is None:
                break
            if all(_is_finite(entry) for row in matrix for entry in row):
                blocks = _connected(matrix)
                found = [known.setdefault(block, _Block(len(block))) for block in blocks]
                parts = [[[matrix[i][j] for j in block] for i in block] for block in blocks]
                left = work.left
                _improve(found, parts, nullity, bits, precision, work)
                # A single entry costs nothing, and may be known better the next time.
                waits = any(b.order == 1 and not b.is_settled(bits) for b in found)
                if _is_complete(found, nullity, bits) or (work.left == left and not waits):
                    break
        if precision >= most:
            break
        precision = min(2 * precision, most)
    if found is None:
        return None
    with flint.ctx.workprec(precision):
        return _joined(found, nullity)


def _improve(
    blocks: Sequence[_Block],
    parts: Sequence[Rows],
    nullity: int,
    bits: int,
    precision: int,
    work: Work,
) -> None:
    """Learn what one more precision shows.

    The first attempt is at the eigenvalues. Where it fails they differ so much in size that
    elimination, which costs less, looks for the precision that shows all signs.
    """
    unsettled = [pair for pair in zip(blocks, parts, strict=True) if not pair[0].is_settled(bits)]
    for block, rows in unsettled:
        block.find_signs(rows, precision, work)
    known = _signs_are_known(blocks, nullity)
    for block, rows in unsettled:
        if known or block.stuck or block.order <= SMALL or not block.enclosures:
            block.find_eigenvalues(rows, precision, work)


def _is_complete(blocks: Iterable[_Block], nullity: int, bits: int) -> bool:
    """Whether nothing can be gained by a higher precision."""
    accurate = all(block.accurate(bits) >= block.nonzero for block in blocks)
    return accurate and _signs_are_known(blocks, nullity)


def _signs_are_known(blocks: Iterable[_Block], nullity: int) -> bool:
    missing = sum(block.order - block.nonzero for block in blocks)
    return missing <= max(nullity, sum(block.zero for block in blocks))


def _connected(matrix: Rows) -> list[tuple[int, ...]]:
    linked = np.array([[not is_zero(e) for e in row] for row in matrix], dtype=float)
    linked = linked.reshape(len(matrix), len(matrix))
    return [tuple(block.tolist()) for block in components(linked)]


def _joined(blocks: Sequence[_Block], nullity: int) -> ProvedSpectrum:
    """The spectrum of a matrix from those of its blocks."""
    order = sum(block.order for block in blocks)
    positive = sum(block.positive for block in blocks)
    negative = sum(block.negative for block in blocks)
    zero = sum(block.zero for block in blocks)
    if positive + negative + nullity >= order:
        zero = order - positive - negative
    below: list[Number] = []
    between: list[Number] = []
    above: list[Number] = []
    for block in blocks:
        low, high = block.negative, block.order - block.positive
        enclosures = block.enclosures or [arb(0, arb.pos_inf())] * block.order
        if low + block.zero == high:
            rest: list[Number] = [fmpq(0)] * block.zero
        else:
            rest = enclosures[low:high]
        below += [_clipped(e, -1) for e in enclosures[:low]]
        between += rest
        above += [_clipped(e, 1) for e in enclosures[high:]]
    if zero == len(between):
        between = [fmpq(0)] * zero
    eigenvalues = (*_ascending(below), *sorted(between, key=_middle), *_ascending(above))
    return ProvedSpectrum(eigenvalues, positive, zero, negative, len(between) - zero)


def _clipped(enclosure: Number, sign: int) -> Number:
    """The part of an enclosure on the side of 0 that the number is proved to lie on."""
    if isinstance(enclosure, fmpq) or _sign(enclosure) == sign or not enclosure.is_finite():
        return enclosure
    return arb(0).union(enclosure.upper() if sign > 0 else enclosure.lower())


def _ascending(numbers: Sequence[Number]) -> list[Number]:
    """Enclosures of the same numbers in ascending order, also where they overlap."""
    ordered = sorted(numbers, key=_middle)
    lows = sorted(arb(e).lower() for e in ordered)
    highs = sorted(arb(e).upper() for e in ordered)
    above = _above_those_before(ordered)
    below = _above_those_before([-e for e in reversed(ordered)])[::-1]
    return [
        enclosure if alone and again else low.union(high)
        for enclosure, low, high, alone, again in zip(
            ordered, lows, highs, above, below, strict=True
        )
    ]


def _above_those_before(numbers: Sequence[Number]) -> list[bool]:
    """Whether each number is proved to be above all before it, but for equals."""
    found: list[bool] = []
    highest = arb.neg_inf()
    for k, number in enumerate(numbers):
        if k and _is_equal(numbers[k - 1], number):
            found.append(found[-1])
        else:
            found.append(bool(highest < number))
        highest = max(highest, arb(number).upper())
    return found


def _middle(number: Number) -> arb:
    return arb(number).mid()


def _is_equal(one: Number, other: Number) -> bool:
    return isinstance(one, fmpq) and isinstance(other, fmpq) and bool(one == other)


def _is_finite(number: Number) -> bool:
    return isinstance(number, fmpq) or bool(number.is_finite())


def _sign(number: Number) -> int:
    """The sign that is proved, or 0."""
    return 1 if number > 0 else -1 if number < 0 else 0


def _accuracy(number: Number) -> int:
    """The relative accuracy in bits; an exact number has more than any enclosure."""
    return 2**62 if isinstance(number, fmpq) else int(number.rel_accuracy_bits())
