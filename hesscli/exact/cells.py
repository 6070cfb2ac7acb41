"""A point on the boundary of pieces: the jets of all pieces that meet there, and what they share.

Each quantity that is 0 at the point and varies splits its neighbourhood in two, and leaves the
boundary between them. A number exists where all pieces have it that are proved to reach the point.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from flint import arb, arb_mat, fmpq

from hesscli.balls.expressions import is_nonnegative
from hesscli.balls.jets import Entry, Jet, is_not_zero, pair
from hesscli.exact.domain import EdgeError
from hesscli.exact.spectrum.eigenvalues import signs
from hesscli.functions.balls.enclosure import ONE, ZERO, Number, is_zero
from hesscli.types import Expr, Site

MAX_BOUNDARIES = 6

Normal = Mapping[int, Number]  # the gradient of a quantity


@dataclass(frozen=True, slots=True)
class Side:
    """The sign of a quantity that is 0 at the point, in a cell; 0 on the boundary itself."""

    quantity: Expr
    sign: int
    jet: Jet
    depends: int  # on so many variables

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
        if is_nonnegative(self.quantity):
            return 1
        if not self.is_quadratic:
            return 0
        rows = self._bent
        positive, negative = signs([[self.jet.at(pair(i, j)) for j in rows] for i in rows])
        return (positive == self.depends) - (negative == self.depends)

    @property
    def is_isolated(self) -> bool:
        """Whether it is 0 at one place of its variables alone."""
        return self.is_quadratic and self.lasting != 0


@dataclass(frozen=True, slots=True)
class Cell:
    """One piece near the point: ``jet`` as it is approached within, or the site that breaks.

    ``piece`` is the formula that holds there: two cells that share it have one jet.
    """

    sides: tuple[Side, ...]
    jet: Jet | None
    broken: Site | None
    piece: Expr | None = None

    @property
    def is_thin(self) -> bool:
        """Whether it has no interior."""
        return any(side.sign == 0 for side in self.sides)


def reached(cell: Cell) -> bool | None:
    """Whether a cell with an interior reaches the point; None where that is not known.

    It does where some direction leads into it. That none does proves the contrary for quantities
    that are affine.
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
        affine = all(_is_affine(side.quantity) for side in sides)
        return False if affine else None
    return True if _independent(normals) else None


def _is_affine(quantity: Expr) -> bool:
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


def meets(apart: Jet, boundaries: Sequence[Jet], order: int) -> bool | None:
    """Whether a piece that holds where quantities are 0 alone continues another, to second order.

    There, the difference d of both, whose jet is ``apart``, must be a combination Σ λₖqₖ of the
    quantities: d' = Σ λₖqₖ', and d'' = Σ λₖqₖ'' along all directions in which no quantity changes.
    None where not known.
    """
    same = agree(apart.value, ZERO)
    if not same:
        return same
    basis = _eliminated([boundary.gradient for boundary in boundaries], order)
    if basis is None:
        return None
    pivots, rows = basis

    # The quantities' combinations that change along one pivot each.
    slopes = [apart.at((i,)) for i in range(order)]
    multiples = [slopes[pivot] for pivot in pivots]
    free = [i for i in range(order) if i not in pivots]
    found = [
        agree(slopes[i], sum((m * row[i] for m, row in zip(multiples, rows, strict=True)), ZERO))
        for i in free
    ]

    def bent(i: int, j: int) -> Number:
        entry = pair(i, j)
        total = apart.at(entry)
        for multiple, row in zip(multiples, rows, strict=True):
            for share, boundary in zip(row[order:], boundaries, strict=True):
                total = total - multiple * share * boundary.at(entry)
        return total

    def along(i: int) -> dict[int, Number]:
        return {i: ONE, **{p: -row[i] for p, row in zip(pivots, rows, strict=True)}}

    for i in free:
        for j in free:
            total = ZERO
            for a, x in along(i).items():
                for b, y in along(j).items():
                    total = total + x * y * bent(a, b)
            found.append(agree(total, ZERO))
    return every(found)


def _eliminated(
    normals: Sequence[Normal], order: int
) -> tuple[list[int], list[list[Number]]] | None:
    """Gauss and Jordan's elimination: the pivots, and the rows with the combinations they are.

    None where a pivot is not known to be one.
    """
    count = len(normals)
    rows = [
        [*(normal.get(i, ZERO) for i in range(order)), *(fmpq(k == m) for m in range(count))]
        for k, normal in enumerate(normals)
    ]
    pivots: list[int] = []
    for k in range(count):
        pivot = next((i for i in range(order) if is_not_zero(rows[k][i])), None)
        if pivot is None:
            return None
        pivots.append(pivot)
        head = rows[k][pivot]
        rows[k] = [ONE if i == pivot else entry / head for i, entry in enumerate(rows[k])]
        for m in range(count):
            if m != k:
                factor = rows[m][pivot]
                rows[m] = [
                    ZERO if i == pivot else a - factor * b
                    for i, (a, b) in enumerate(zip(rows[m], rows[k], strict=True))
                ]
    return pivots, rows


@dataclass(frozen=True, slots=True)
class Center:
    """The value at the point itself, and the formula of the piece that it is of."""

    value: Number
    piece: Expr


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
) -> Shared | None:
    """What all cells share; None where it is not known.

    ``gap`` gives the jet of the difference of two pieces, in which what they share cancels. Raises
    :class:`EdgeError` where the formula is not real in one of the cells.
    """
    full = [(cell, reached(cell)) for cell in cells if not cell.is_thin]
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
    # What holds on a boundary alone as it does in one of the cells continues that.
    pieces = [cell.piece for cell in sure]
    thin = [c for c in cells if c.is_thin and (c.piece is None or c.piece not in pieces)]
    continued = _continued(thin, sure[0], order, gap)
    missing = set()
    for entry in entries(order):
        needed = {(), *((i,) for i in entry), entry} if entry else set()
        exists = every([known[e] for e in needed] + ([continued] if entry else []))
        if exists is None:
            return None
        if not exists:
            missing.add(entry)
    return Shared(sure[0], frozenset(missing))


def _continued(
    thin: Sequence[Cell], full: Cell, order: int, gap: Callable[[Expr, Expr], Jet | None]
) -> bool | None:
    """Whether the pieces without an interior continue those around them."""
    found: list[bool | None] = []
    for cell in thin:
        boundaries = [side.jet for side in cell.sides if side.sign == 0]
        if any(side.is_isolated and side.depends == order for side in cell.sides):
            continue  # it is the point itself
        if len(boundaries) >= order and _independent([b.gradient for b in boundaries]):
            continue  # it is the point itself
        same: bool | None = False
        if cell.jet is not None:
            apart = gap(full.piece, cell.piece)
            same = None if apart is None else meets(apart, boundaries, order)
            if same is None:
                assert full.jet is not None
                equal = (agree(full.jet.at(e), cell.jet.at(e)) for e in entries(order))
                same = all(equal) or None
        if same is False and not _independent([side.jet.gradient for side in cell.sides]):
            same = None  # it may not reach the point
        found.append(same)
    return every(found)
