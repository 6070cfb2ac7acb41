"""A point on the boundary of pieces: the jets of all pieces that meet there, and what they share.

Each quantity that is 0 at the point and varies splits its neighbourhood in two, and leaves the
boundary between them. A number exists where all pieces have it that are proved to reach the point.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from flint import arb, arb_mat, fmpq

from hesscli.balls.expressions import is_nonnegative
from hesscli.balls.jets import Entry, Jet, is_not_zero, pair
from hesscli.exact.domain import EdgeError
from hesscli.exact.spectrum.eigenvalues import signs
from hesscli.functions.balls.enclosure import ZERO, Number, is_zero
from hesscli.types import Expr, Site

MAX_BOUNDARIES = 6

Normal = Mapping[int, Number]  # the gradient of a quantity


@dataclass(frozen=True, slots=True)
class Side:
    """The sign of a quantity that is 0 at the point, in a cell; 0 on the boundary itself.

    ``is_straight`` says that it has the sign that its slopes give it, wherever they give one.
    """

    quantity: Expr
    sign: int
    jet: Jet
    depends: int  # on so many variables
    is_straight: bool

    @property
    def is_quadratic(self) -> bool:
        """Whether its least terms are a quadratic form in all its variables."""
        return not self.jet.gradient and len(self._bent) == self.depends

    @property
    def _bent(self) -> list[int]:
        """The rows of its second derivatives."""
        return sorted({i for entry in self.jet.hessian for i in entry})

    @property
    def lasting(self) -> int:
        """The sign that the quantity has everywhere but where it is 0, by its least terms; or 0.

        Where the least terms are a definite quadratic form, it is 0 at one place of its variables.
        """
        return 1 if is_nonnegative(self.quantity) else self._definite

    @property
    def _definite(self) -> int:
        """The sign of the quadratic form of its least terms, if that is definite; or 0."""
        if not self.is_quadratic:
            return 0
        rows = self._bent
        positive, negative = signs([[self.jet.at(pair(i, j)) for j in rows] for i in rows])
        return (positive == self.depends) - (negative == self.depends)

    @property
    def is_isolated(self) -> bool:
        """Whether it is 0 at one place of its variables alone."""
        return self._definite != 0


@dataclass(frozen=True, slots=True)
class Cell:
    """One piece near the point: ``jet`` as it is approached within, or the site that breaks.

    ``piece`` is the formula that holds there: two cells that share it have one jet.
    """

    sides: tuple[Side, ...]
    jet: Jet | None
    broken: Site | None
    piece: Expr | None = None


def reached(cell: Cell) -> bool | None:
    """Whether a cell with an interior reaches the point; None where that is not known.

    It does where some direction leads into it. That none does proves the contrary for quantities
    that are affine, or depend on one variable.
    """
    sides = [side for side in cell.sides if not side.lasting]
    if any(side.sign * side.lasting < 0 for side in cell.sides):
        return False
    normals = [{i: n * side.sign for i, n in side.jet.gradient.items()} for side in sides]
    if any(not any(map(is_not_zero, normal.values())) for normal in normals):
        return None
    if len(normals) <= 1:
        return True
    if all(type(n) is fmpq for normal in normals for n in normal.values()):
        if _has_direction(normals):
            return True
        return False if all(side.is_straight for side in sides) else None
    return True if _independent(normals) else None


def is_affine(quantity: Expr) -> bool:
    """Whether a quantity is a polynomial of at most first degree in everything."""
    symbols = sorted(quantity.free_symbols, key=str)
    return bool(quantity.is_polynomial(*symbols)) and quantity.as_poly(*symbols).total_degree() <= 1


def _has_direction(normals: Sequence[Normal]) -> bool:
    """Whether some direction has a positive product with each: Fourier and Motzkin's elimination.

    With these many inequalities, at most a few hundred arise.
    """
    rows = [dict(normal) for normal in normals]
    while rows:
        if any(not row for row in rows):
            return False  # 0 > 0
        k = min(i for row in rows for i in row)
        above = [row for row in rows if row.get(k, ZERO) > 0]
        below = [row for row in rows if row.get(k, ZERO) < 0]
        rows = [row for row in rows if k not in row]
        for a in above:
            for b in below:
                joined = {i: a.get(i, ZERO) * -b[k] + b.get(i, ZERO) * a[k] for i in a | b}
                rows.append({i: n for i, n in joined.items() if n != 0})
    return True


def _independent(normals: Sequence[Normal]) -> bool:
    """Whether gradients known as balls are proved to be linearly independent: a minor is not 0."""
    columns = sorted({i for normal in normals for i in normal})
    for chosen in combinations(columns, len(normals)):
        rows = [[arb(normal.get(i, ZERO)) for i in chosen] for normal in normals]
        if is_not_zero(arb_mat(rows).det()):
            return True
    return False


def entries(order: int) -> Iterator[Entry]:
    """All entries, each symmetric pair once."""
    yield ()
    yield from ((i,) for i in range(order))
    yield from ((i, j) for i in range(order) for j in range(i, order))


def every(states: Collection[bool | None]) -> bool | None:
    """Whether all of these hold, in Kleene's logic: None where that is not known."""
    return False if False in states else None if None in states else True


def agree(a: Number, b: Number) -> bool | None:
    """Whether two numbers are proved to be equal, or different; None where they are neither."""
    if a is b:
        return True
    if type(a) is fmpq and type(b) is fmpq:
        return bool(a == b)
    gap = a - b
    return True if is_zero(gap) else False if is_not_zero(gap) else None


def differing(apart: Jet) -> frozenset[Entry] | None:
    """The entries in which the jet of a difference is not 0: first those of the least order.

    None where not known.
    """
    states = {entry: agree(number, ZERO) for entry, number in apart.entries().items()}
    for order in (0, 1, 2):
        these = {entry: same for entry, same in states.items() if len(entry) == order}
        found = frozenset(entry for entry, same in these.items() if same is False)
        if None in these.values() and (order == 2 or not found):
            return None
        if found:
            return found
    return frozenset()


def contradicted(
    apart: Collection[frozenset[Entry] | None], entangled: Mapping[int, Collection[int]], order: int
) -> frozenset[Entry] | None:
    """The entries that a side of lower dimension contradicts; None where not known.

    ``apart`` has the entries along the side in which it differs from each piece with an interior.
    With none of these, it must agree. Where its value or a slope is another one, there are no
    derivatives; of ``entangled`` variables, it is not known which second derivatives differ.
    """
    if frozenset() in apart:
        return frozenset()
    if None in apart:
        return None
    found = []
    for entries_apart in apart:
        assert entries_apart is not None
        if any(len(entry) < 2 for entry in entries_apart):
            found.append(set(entries(order)) - {()})
            continue
        pairs = (p for i, j in entries_apart for p in product(entangled[i], entangled[j]))
        found.append({pair(a, b) for a, b in pairs})
    return frozenset(set.intersection(*found))


@dataclass(frozen=True, slots=True)
class Center:
    """The value at the point itself, and the formula of the piece that it is of."""

    value: Number
    piece: Expr


@dataclass(frozen=True, slots=True)
class Contradicted:
    """The entries that sides of lower dimension contradict: all, or those that are known."""

    entries: frozenset[Entry]
    are_all: bool

    def spares(self, entry: Entry) -> bool | None:
        """Whether no side contradicts an entry; None where that is not known."""
        return False if entry in self.entries else True if self.are_all else None


@dataclass(frozen=True, slots=True)
class Shared:
    """What the cells around a point have in common.

    ``cell`` reaches the point, and has the numbers of all entries but those in ``missing``, which
    are proved to have none; the value is that of the point itself.
    """

    cell: Cell
    missing: frozenset[Entry]


def shared(
    cells: Sequence[Cell],
    at_point: Center,
    order: int,
    gap: Callable[[Expr, Expr], Jet | None],
    contradictions: Callable[[Collection[Expr]], Contradicted],
) -> Shared | None:
    """What all cells share; None where it is not known.

    ``gap`` gives the jet of the difference of two pieces, in which what they share cancels, and
    ``contradictions`` what sides of lower dimension contradict of these pieces. Raises
    :class:`EdgeError` where the formula is not real in one of the cells.
    """
    full = [(cell, reached(cell)) for cell in cells]
    sure = [cell for cell, reaches in full if reaches]
    possible = [cell for cell, reaches in full if reaches is not False]
    broken = next((cell.broken for cell in sure if cell.broken), None)
    if broken is not None:
        raise EdgeError(broken)
    if not sure or any(cell.jet is None for cell in possible):
        return None
    first, base = sure[0].piece, sure[0].jet
    assert base is not None

    def same(cell: Cell, entry: Entry) -> bool | None:
        """Whether a cell has the number of the first."""
        if cell is sure[0] or cell.piece == first:
            return True
        assert cell.jet is not None
        state = agree(base.at(entry), cell.jet.at(entry))
        apart = gap(first, cell.piece) if state is None else None
        return state if apart is None else agree(apart.at(entry), ZERO)

    known: dict[Entry, bool | None] = {}
    for entry in entries(order):
        equal = all(same(cell, entry) for cell in possible) or None
        known[entry] = False if any(same(c, entry) is False for c in sure) else equal
    here = at_point.piece == first or agree(at_point.value, base.value)
    if here is None and (apart := gap(first, at_point.piece)) is not None:
        here = agree(apart.value, ZERO)
    known[()] = every([known[()], here])
    sides = contradictions(dict.fromkeys(cell.piece for cell in sure))
    missing = set()
    for entry in entries(order):
        needed = {(), *((i,) for i in entry), entry} if entry else set()
        exists = every([*(known[e] for e in needed), *map(sides.spares, needed)])
        if exists is None:
            return None
        if not exists:
            missing.add(entry)
    return Shared(sure[0], frozenset(missing))
