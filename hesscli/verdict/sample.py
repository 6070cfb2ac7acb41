"""Of an answer that is too large to prove, a sample of entries that is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from hesscli.balls.expressions import BoundaryError
from hesscli.balls.jets import BudgetError, Entry, Meter
from hesscli.balls.rounding import refined, rounded
from hesscli.derive.pattern import rows_of
from hesscli.exact.domain import SiteError
from hesscli.exact.examiner import Examiner
from hesscli.exact.existence import proved
from hesscli.exact.proof import BUDGET
from hesscli.expression.graph import Graph
from hesscli.functions.balls import NotProvedError, UndecidedError
from hesscli.shapes import index_text
from hesscli.types import Point, Sums, Values
from hesscli.verdict.enclosure import Enclosure, Part, joint_numbers

MAX_ROWS = 6
MAX_ELEMENTS = 2_000  # that a row may depend on
WORK = 3 * BUDGET  # most of it is to look at each number once


@dataclass(frozen=True, slots=True)
class Sample:
    """Entries that are proved, ``of`` so many: those on and above the diagonal, slopes, value."""

    numbers: Mapping[Entry, float]
    of: int


def sampled(sums: Sums, point: Point, examiner: Examiner, graph: Graph | None) -> Sample | None:
    """The entries of a few rows, chosen by the formula and the point; None where none is proved."""
    order = len(sums.gradient)
    chosen = _rows(sums, examiner.formula.text)
    meter = Meter(WORK)
    try:
        if sums.structural is not None and graph is not None:
            numbers = joint_numbers(graph, sums, point, meter, chosen)
            found = rounded(refined(numbers)[0])
        else:
            parts = list(_parts(sums, point, examiner, chosen, meter))
            found = rounded(refined(Enclosure(parts).numbers)[0])
    except (BoundaryError, BudgetError, NotProvedError, SiteError, UndecidedError):
        return None
    wanted: list[Entry] = [(i,) for i in chosen]
    wanted += [(i, j) for i in chosen for j in chosen if i <= j]
    entries = {e: found.numbers.get(e, 0.0) for e in wanted if e not in found.below}
    return Sample(entries, 1 + order + order * (order + 1) // 2) if entries else None


def _rows(sums: Sums, text: str) -> list[int]:
    """Rows that the formula and the numbers of the point choose, by a hash of both."""
    digest = blake2b(text.encode())
    for numbers in sums.numbers.values():
        digest.update(np.ascontiguousarray(numbers).tobytes())
    order = len(sums.gradient)
    seed = int.from_bytes(digest.digest()[:8], "big")
    step = max(1, order // MAX_ROWS)
    return sorted({(seed + k * step) % order for k in range(min(MAX_ROWS, order))})


def _parts(
    sums: Sums, point: Point, examiner: Examiner, chosen: Sequence[int], meter: Meter
) -> Iterator[Part]:
    """What is proved of the elements that depend on one of the chosen rows."""
    own = {
        v.name: np.broadcast_to(np.arange(v.size).reshape(v.shape), sums.shape)
        for v in (*sums.variables, *sums.constants)
    }
    rows = {n: np.broadcast_to(r, sums.shape) for n, r in rows_of(sums.variables).items()}
    elements: set[int] = set()
    for row in chosen:
        for each in rows.values():
            elements.update(np.flatnonzero(each.ravel() == row).tolist())
        if len(elements) > MAX_ELEMENTS:
            raise BudgetError
    for element in sorted(elements):
        place = np.unravel_index(element, sums.shape)
        scalars = {}
        for name, indices in own.items():
            value = point.values[name]
            assert isinstance(value, Values)
            scalars[name] = value.entries[int(indices[place])]
        found = proved(examiner, scalars, index_text(sums.shape, element), meter)
        if found is None or found.missing:
            raise NotProvedError
        yield Part(found, [int(each[place]) for each in rows.values()])
