"""Value, gradient and Hessian of a whole point in enclosures: what its elements contribute."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from flint import ctx
from numpy.typing import NDArray

from hesscli.balls.expressions import BoundaryError, coordinate
from hesscli.balls.jets import BudgetError, Entry, Jet, Meter
from hesscli.balls.rounding import (
    FIRST,
    MOST,
    PRECISIONS,
    Numbers,
    Rounded,
    added,
    refined,
    rounded,
)
from hesscli.derive.pattern import rows_of
from hesscli.exact.domain import SiteError
from hesscli.exact.examiner import Examiner
from hesscli.exact.existence import existing, proved
from hesscli.exact.existing import Existing
from hesscli.exact.joint import joint_jet
from hesscli.exact.proof import Exact, enclosed_constant
from hesscli.expression.graph import Graph, steps
from hesscli.functions.balls import NotProvedError, UndecidedError
from hesscli.functions.balls.enclosure import Number
from hesscli.shapes import Shape, index_text
from hesscli.types import Array, Mask, Point, Sums, Values

# Up to this, of operations times entries, derivatives in symbols may tell of zeros that cancel.
MAX_DIFFERENTIATED = 2_000


@dataclass(frozen=True, slots=True)
class Part:
    """What an element contributes, and the row of each of its variables."""

    found: Existing
    rows: Sequence[int]

    def numbers(self, bits: int) -> Mapping[Entry, Number]:
        """Its enclosures, by the rows of the whole."""
        return {self._of_whole(entry): n for entry, n in self.found.numbers(bits).items()}

    @property
    def missing(self) -> frozenset[Entry]:
        """Its entries without a number, by the rows of the whole."""
        return frozenset(map(self._of_whole, self.found.missing))

    def vanishes(self, entry: Entry) -> bool:
        """Whether algebra proves that it contributes 0 to an entry of the whole."""
        own = tuple(self.rows.index(i) for i in entry)
        return self.found.vanishes is not None and self.found.vanishes(own)

    def _of_whole(self, entry: Entry) -> Entry:
        return tuple(sorted(self.rows[i] for i in entry))


@dataclass
class Enclosure:
    """The sum of parts, each entry to as many bits as are asked for.

    ``bits`` is the working precision at which all entries have been known; algebra proves that the
    ``zeros`` are 0.
    """

    parts: Sequence[Part]
    bits: int = FIRST
    zeros: frozenset[Entry] = frozenset()

    def numbers(self, bits: int) -> Mapping[Entry, Number]:
        """Enclosures of all entries that are not exactly 0, at a working precision."""
        if len(self.parts) != 1:
            with ctx.workprec(bits):
                return added(part.numbers(bits) for part in self.parts)
        found = self.parts[0].numbers(bits)
        return {e: n for e, n in found.items() if e not in self.zeros} if self.zeros else found

    def at_least(self, bits: int) -> Mapping[Entry, Number]:
        """The same, at a higher precision where this one does not tell which piece holds."""
        while True:
            try:
                return self.numbers(bits)
            except UndecidedError:
                if bits >= MOST:
                    raise
                bits *= 2

    def vanishes(self, entry: Entry) -> bool:
        """Whether algebra proves that an entry is 0, where there is only one part."""
        return len(self.parts) == 1 and self.parts[0].vanishes(entry)

    @cached_property
    def missing(self) -> frozenset[Entry]:
        """The entries without a number."""
        return frozenset[Entry]().union(*(part.missing for part in self.parts))

    def doubles(self, order: int) -> tuple[Array, Rounded]:
        """The doubles, value, gradient and Hessian packed one after the other, NaN where there is
        none; and what is known about them. Raises :class:`UndecidedError`.
        """
        enclosures, self.bits = refined(self.numbers, self.vanishes)
        self.zeros = frozenset(self.at_least(self.bits)) - frozenset(enclosures)
        found = rounded(enclosures)
        packed = np.zeros(1 + order + order**2)
        for entry, number in found.numbers.items():
            packed[places(entry, order)] = number
        for entry in self.missing:
            packed[places(entry, order)] = np.nan
        return packed, found


def places(entry: Entry, order: int) -> list[int]:
    """Where an entry stands in what is packed, and its mirror image."""
    match entry:
        case ():
            return [0]
        case (i,):
            return [1 + i]
    i, j = entry
    return [1 + order + i * order + j, 1 + order + j * order + i]


class Elements:
    """The elements of the broadcast tensor at a point, examined one by one."""

    def __init__(self, sums: Sums, point: Point, examiner: Examiner) -> None:
        self.sums = sums
        self.examiner = examiner
        self.entries = {
            name: value.entries for name, value in point.values.items() if isinstance(value, Values)
        }
        self._known: dict[tuple[Exact, ...], Existing | None] = {}

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """For each element of the tensor, that of each variable's own."""
        sums = self.sums
        return {
            v.name: _spread(np.arange(v.size).reshape(v.shape), sums.shape)
            for v in (*sums.variables, *sums.constants)
        }

    @cached_property
    def rows(self) -> list[list[int]]:
        """For each element of the tensor, the row of each differentiated variable's own."""
        return [_spread(rows, self.sums.shape) for rows in rows_of(self.sums.variables).values()]

    def examined(self, element: int, meter: Meter) -> Part:
        """What there is at an element, by proof or else by limits."""
        found = self._found(element, meter, existing)
        assert found is not None
        return Part(found, [rows[element] for rows in self.rows])

    def proved(self, element: int, meter: Meter) -> Part | None:
        """What is proved at an element; None where that does not tell, or is too much work."""
        found = self._found(element, meter, proved)
        return None if found is None else Part(found, [rows[element] for rows in self.rows])

    def zeros(self, *, known: bool) -> Mask:
        """Where the Hessian is zero at every point; with ``known``, by the derivatives too."""
        if self.sums.structural is not None:
            return self.sums.structural
        entries = self.examiner.formula.wrt**2
        known &= self.examiner.is_small and self.examiner.operations * entries <= MAX_DIFFERENTIATED
        return self.examiner.zeros(self.sums.variables, self.sums.shape, known=known)

    def _found(
        self, element: int, meter: Meter, way: Callable[..., Existing | None]
    ) -> Existing | None:
        scalars = {name: self.entries[name][own[element]] for name, own in self.places.items()}
        key = tuple(scalars.values())
        if key not in self._known:
            index = index_text(self.sums.shape, element)
            self._known[key] = way(self.examiner, scalars, index, meter)
        return self._known[key]


def _spread(own: NDArray[np.intp], shape: Shape) -> list[int]:
    """For each element of a tensor of this shape, that of ``own``."""
    spread: list[int] = np.broadcast_to(own, shape).ravel().tolist()
    return spread


def joint(graph: Graph, sums: Sums, point: Point, meter: Meter, closed_form: bool) -> Part | None:
    """What is proved of a formula that joins its elements, where no pieces meet; of the
    ``closed_form`` where it has an integral.
    """
    rows = range(len(sums.gradient))
    try:
        numbers = joint_numbers(graph, sums, point, meter, rows)
        for bits in PRECISIONS:
            with suppress(UndecidedError):
                numbers(bits)
                found = Existing(numbers, frozenset(), True, False, (), (), closed_form=closed_form)
                return Part(found, rows)
    except (BoundaryError, BudgetError, NotProvedError, SiteError):
        pass
    return None


def joint_numbers(
    graph: Graph, sums: Sums, point: Point, meter: Meter, chosen: Sequence[int]
) -> Numbers:
    """The enclosures of the entries in the ``chosen`` rows, as the others are held constant.

    Raises :class:`BudgetError` at once where there is no hope for them.
    """
    variables = (*sums.variables, *sums.constants)
    shapes = {v.name: v.shape for v in variables}
    kept = set(chosen)
    meter.require(steps(graph, shapes))  # to look at each number and product at all

    @lru_cache(maxsize=2)
    def enclosed(bits: int) -> Mapping[Entry, Number]:
        with ctx.workprec(bits):
            elements: dict[str, list[Jet]] = {}
            row = 0
            for v in variables:
                value = point.values[v.name]
                assert isinstance(value, Values)
                found = []
                for entry in value.entries:
                    own = row if v in sums.variables and row in kept else None
                    found.append(coordinate(enclosed_constant(entry, meter), own))
                    row += 1
                elements[v.name] = found
            return joint_jet(graph, shapes, elements, meter).entries()

    return enclosed
