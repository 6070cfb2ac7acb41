"""What is proved about a formula at an exact point: which derivatives exist, and their enclosures.

The precision is raised until everything is decided, within a budget of work; no clock has a part in
it. Where algebra may tell that a number is exactly zero, it is asked once precision has not.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property, partial
from typing import Any

import sympy
from flint import ctx, fmpq

from hesscli.balls.expressions import (
    AtPoint,
    Balls,
    BoundaryError,
    coordinate,
    is_identically_zero,
)
from hesscli.balls.jets import BudgetError, Entry, Jet, Meter
from hesscli.balls.rounding import ALGEBRA_FROM, PRECISIONS
from hesscli.errors import HessError, TooSlowError
from hesscli.exact.cells import (
    MAX_BOUNDARIES,
    Cell,
    Center,
    Contradicted,
    Side,
    contradicted,
    differing,
    entries,
    is_affine,
    reached,
    shared,
)
from hesscli.exact.charts import Chart, Key, Zero, entangled
from hesscli.exact.domain import BrokenError, EdgeError, met, removable_sites
from hesscli.exact.limits.quotients import Verdict, quotient_jet
from hesscli.exact.numbers import vanishes
from hesscli.exact.remembered import remembered
from hesscli.expression.names import symbol
from hesscli.expression.substitution import substituted
from hesscli.functions.balls import NotProvedError, SingularError, UndecidedError
from hesscli.functions.balls.enclosure import ZERO, Number
from hesscli.functions.magnitudes import require_moderate
from hesscli.types import Expr, Formula, Site

MAX_ALGEBRA = 30  # times in one proof
# About a second on a slow processor.
BUDGET = 400_000.0
# Where a proof is asked for, or exact numbers, it may take so many times as much.
PATIENCE = 50

Exact = Fraction | float | Expr


@dataclass(frozen=True, slots=True)
class Proof:
    """What is proved at a point.

    ``numbers`` gives enclosures at a working precision, in bits, of all entries that exist and are
    not exactly 0; ``missing`` are the entries that have no number, for the reason of the sites
    ``because``. Where pieces meet and agree, these are ``met``.
    """

    numbers: Callable[[int], Mapping[Entry, Number]]
    missing: frozenset[Entry] = frozenset()
    because: tuple[Site, ...] = ()
    met: tuple[Site, ...] = ()
    has_value: bool = True


@dataclass(frozen=True, slots=True)
class Around:
    """The cells around a point, and the quantities for which it matters that they are 0."""

    cells: tuple[Cell, ...]
    thin: Mapping[Expr, Zero]


@dataclass
class Prover:
    """Proves the derivatives of one formula in scalars at one point.

    On a ``chart``, the formula is one in its free variables.
    """

    formula: Formula
    point: Mapping[str, Exact]
    meter: Meter = field(default_factory=partial(Meter, BUDGET))
    expression: Expr | None = None  # a part of the formula's, if not all of it
    rows: Collection[int] | None = None  # that vary, if not all
    chart: Chart | None = None
    asked: int = 0

    @property
    def order(self) -> int:
        """The number of rows."""
        return self.formula.wrt

    def __call__(self) -> Proof | None:
        """What is proved; None where the means of this module do not tell."""
        self.meter.left -= 60  # for a point of its own
        for bits in PRECISIONS:
            with ctx.workprec(bits):
                try:
                    return self._proof(bits)
                except BrokenError as error:
                    return self._nothing(error.site)
                except EdgeError as error:
                    return self._edge(error.site)
                except UndecidedError:
                    continue
                except (BudgetError, NotProvedError):
                    return None if self.expression is not None else self._by_parts(bits)
        return None

    @property
    def _whole(self) -> Expr:
        return self.formula.expression if self.expression is None else self.expression

    @property
    def _sites(self) -> tuple[Site, ...]:
        """Those of the whole are not those of a part."""
        return self.formula.sites if self.expression is None else ()

    def _by_parts(self, bits: int) -> Proof | None:
        """Singular terms apart from the others, by what is known of quotients.

        The formula has values around the point, or this would not tell.
        """
        if self._whole.has(sympy.Integral):
            return None
        balls = self.at_point(bits)
        try:
            removed = removable_sites(self.formula.sites, balls)
            singular = [
                term for term in sympy.Add.make_args(self._whole) if self._fails(term, balls)
            ]
        except (BudgetError, NotProvedError, UndecidedError):
            return None
        part = sympy.Add(*singular)
        rest = Prover(self.formula, self.point, self.meter, self._whole - part)()
        variables = [symbol(name) for name in self.formula.differentiated]
        if rest is None or not singular or not rest.has_value:
            return None
        found = quotient_jet(part, variables, self._symbols)
        if found is None:
            return None
        missing, limits = set(rest.missing), dict[Entry, Expr]()
        for entry, (verdict, limit) in found.items():
            if verdict is Verdict.UNKNOWN or (verdict is Verdict.NONE and entry in rest.missing):
                return None
            if verdict is Verdict.NONE:
                missing.add(entry)
            else:
                limits[entry] = limit
        if missing:
            # Where the value or a slope does not exist, nothing that follows from it does.
            needed = [e for e in entries(self.order) if missing & {(), *((i,) for i in e)}]
            missing.update(needed)
        sites = self._met(removed, balls)
        return Proof(
            partial(self._with_limits, rest, limits, frozenset(missing)),
            frozenset(missing),
            because=sites if missing else (),
            met=() if missing else sites,
            has_value=() not in missing,
        )

    def _met(self, removed: Sequence[Site], at_point: Balls) -> tuple[Site, ...]:
        """The sites where pieces meet, or a value is missing."""
        found = [site for site in self.formula.sites if met(site, at_point)]
        return tuple(dict.fromkeys([*removed, *found]))

    def _fails(self, term: Expr, balls: Balls) -> bool:
        try:
            balls.jet(term)
        except SingularError:
            return True
        return False

    def _with_limits(
        self, rest: Proof, limits: Mapping[Entry, Expr], missing: frozenset[Entry], bits: int
    ) -> Mapping[Entry, Number]:
        with ctx.workprec(bits):
            numbers = dict(rest.numbers(bits))
            for entry, limit in limits.items():
                number = enclosed_constant(limit, self.meter)
                numbers[entry] = numbers.get(entry, 0) + number
            return {entry: n for entry, n in numbers.items() if entry not in missing}

    def piece(self) -> Expr | None:
        """The formula with the pieces that hold near the point; None where that is not known."""
        for bits in PRECISIONS:
            with ctx.workprec(bits):
                try:
                    balls = self._balls(bits, {})
                    balls.jet(self._whole)
                    return balls.piece(self._whole)
                except UndecidedError:
                    continue
                except (BoundaryError, BudgetError, NotProvedError):
                    return None
        return None

    def is_on_site(self) -> bool:
        """Whether the point lies on a site, if only on one of what is constant."""
        with ctx.workprec(ALGEBRA_FROM):
            balls = self.at_point(ALGEBRA_FROM)
            return any(met(site, balls, constant=True) for site in self.formula.sites)

    def _edge(self, site: Site) -> Proof:
        """What there is where the formula is real on one side only: a value, if any."""
        try:
            self.value(ALGEBRA_FROM)
        except SingularError:
            return self._nothing(site)
        except (BudgetError, NotProvedError, UndecidedError):
            pass
        return Proof(self.value, frozenset(entries(self.order)) - {()}, (site,))

    def _nothing(self, site: Site) -> Proof:
        return Proof(lambda _: {}, frozenset(entries(self.order)), (site,), has_value=False)

    def value(self, bits: int) -> Mapping[Entry, Number]:
        """The value alone, as if nothing varied."""
        with ctx.workprec(bits):
            return {(): self.still(bits).jet(self._whole).value}

    def still(self, bits: int) -> Balls:
        """The point itself, where nothing varies."""
        return self._balls(bits, {}, ())

    def _proof(self, bits: int) -> Proof:
        balls = self._balls(bits, {})
        try:
            removed = removable_sites(self._sites, balls)
            jet = balls.jet(self._whole)
        except BoundaryError:
            return self._on_boundary(bits)
        return Proof(partial(self._numbers, {}, {bits: jet}), met=removed)

    def _on_boundary(self, bits: int) -> Proof:
        """Where pieces meet."""
        at_point = self.at_point(bits)
        if removable_sites(self._sites, at_point):
            raise NotProvedError("pieces, and no value of their own at the point")
        center = Center(at_point.jet(self._whole).value, at_point.piece(self._whole))
        around = self._around(bits, ())
        found = shared(
            around.cells,
            center,
            self.order,
            partial(self._gap, bits),
            partial(self._contradictions, bits, around),
        )
        if found is None:
            raise UndecidedError
        sites = self._met((), at_point)
        sides = {side.quantity: side.sign for side in found.cell.sides}
        return Proof(
            partial(self._numbers, sides, {}, missing=found.missing),
            found.missing,
            because=sites if found.missing else (),
            met=() if found.missing else sites,
        )

    @remembered
    def _gap(self, bits: int, one: Expr, other: Expr) -> Jet | None:
        """The jet of the difference of two pieces; None where it has none."""
        balls = self._balls(bits, {})
        try:
            jet = balls.jet(one - other)
        except (BoundaryError, NotProvedError, UndecidedError):
            return None
        balls.sign(one - other, jet, needed=False)  # 0, if algebra says so
        if differing(jet) is None and is_identically_zero(one - other):
            return Jet(ZERO)
        return jet

    def _around(self, bits: int, sides: tuple[Side, ...]) -> Around:
        """What there is around the point, with these signs of quantities."""
        thin: dict[Expr, Zero] = {}
        return Around(tuple(self._cells(bits, sides, thin)), thin)

    def _cells(self, bits: int, sides: tuple[Side, ...], thin: dict[Expr, Zero]) -> Iterator[Cell]:
        """The cells, with what is found ``thin`` in them."""
        balls = self._balls(bits, {side.quantity: side.sign for side in sides})
        try:
            removable_sites(self._sites, balls)
            yield Cell(sides, balls.jet(self._whole), None, balls.piece(self._whole))
        except (BrokenError, EdgeError) as error:
            yield Cell(sides, None, error.site)
        except BoundaryError as boundary:
            if len(sides) == MAX_BOUNDARIES:
                raise NotProvedError("too many boundaries") from None
            for sign in (1, -1):
                side = self._side(boundary.quantity, sign, boundary.jet)
                yield from self._cells(bits, (*sides, side), thin)
        for quantity, jet in balls.thin.items():
            if quantity in self._chart.zeros:
                continue
            is_isolated = self._side(quantity, 0, jet).is_isolated
            thin.setdefault(quantity, Zero(quantity, jet, is_isolated))

    def _side(self, quantity: Expr, sign: int, jet: Jet) -> Side:
        here = self._chart
        is_straight = len(here.rows) == 1 or (not here.jets and is_affine(quantity))
        return Side(quantity, sign, jet, len(here.depends(quantity)), is_straight)

    # Sides of lower dimension

    @cached_property
    def _chart(self) -> Chart:
        rows = range(self.order) if self.rows is None else self.rows
        return self.chart or Chart(self.formula.differentiated, frozenset(rows))

    def _contradictions(self, bits: int, around: Around, pieces: Collection[Expr]) -> Contradicted:
        """What sides of lower dimension contradict of the ``pieces`` that have an interior."""
        entries_found: set[Entry] = set()
        are_all = True
        for found in self._lower(bits, around, pieces, set()):
            if found is None:
                are_all = False
            else:
                entries_found |= found
        return Contradicted(frozenset(entries_found), are_all)

    def _lower(
        self, bits: int, around: Around, pieces: Collection[Expr], seen: set[Key]
    ) -> Iterator[frozenset[Entry] | None]:
        """The entries that each cell of lower dimension contradicts, as far as is known."""
        values = {row: self._coordinate(name, bits) for row, name in self._row_names()}
        for zero in around.thin.values():
            chart = self._chart.where_zero(zero, values, self.meter)
            on_set = None if chart is None else self._on(chart)
            if chart is None or on_set is None:
                yield self._unsolved(bits, zero, around, pieces)
                continue
            if not chart.rows or chart.key in seen:
                continue  # the point itself, or known
            seen.add(chart.key)
            lower = on_set._around(bits, ())
            for cell in lower.cells:
                yield on_set._contradicted(bits, cell, pieces)
            yield from on_set._lower(bits, lower, pieces, seen)

    def _row_names(self) -> Iterator[tuple[int, str]]:
        return ((row, self.formula.variables[row]) for row in self._chart.rows)

    def _on(self, chart: Chart) -> Prover | None:
        """The same on a set where something is 0."""
        here = replace(self.formula, expression=self._whole, sites=self._sites)
        formula = chart.formula(here)
        if formula is None:
            return None
        return Prover(formula, self.point, self.meter, rows=chart.rows, chart=chart)

    def _contradicted(
        self, bits: int, cell: Cell, pieces: Collection[Expr]
    ) -> frozenset[Entry] | None:
        """The entries that a cell on this set contradicts."""
        reaches = reached(cell)
        if reaches is False:
            return frozenset()
        apart: list[frozenset[Entry] | None] = []
        if cell.jet is None:
            apart.append(frozenset({()}))  # the formula has no value there
        for piece in pieces if cell.jet is not None else ():
            beside = self._chart.restricted(piece)
            gap = None if beside is None else self._gap(bits, beside, cell.piece)
            apart.append(None if gap is None else differing(gap))
        found = contradicted(apart, entangled(self._chart.rows, self.tangents(bits)), self.order)
        return None if found and not reaches else found

    def tangents(self, bits: int) -> dict[int, Jet]:
        """The jets of the variables that are not free on this set."""
        balls = self._balls(bits, {})
        found = dict(self._chart.jets)
        for variable, graph in self._chart.graphs.items():
            found[variable.name] = balls.jet(graph)
        return {self.formula.variables.index(name): jet for name, jet in found.items()}

    def _unsolved(
        self, bits: int, zero: Zero, around: Around, pieces: Collection[Expr]
    ) -> frozenset[Entry] | None:
        """Nothing, where what holds on a set that is not known holds beside it too; else None."""
        on_set = self._around(bits, (self._side(zero.quantity, 0, zero.jet),))
        if not on_set.thin.keys() <= around.thin.keys():
            return None
        for cell in on_set.cells:
            gaps = [None if cell.jet is None else self._gap(bits, p, cell.piece) for p in pieces]
            if not any(gap is not None and differing(gap) == frozenset() for gap in gaps):
                return None
        return frozenset()

    def _numbers(
        self,
        sides: Mapping[Expr, int],
        known: dict[int, Jet],
        bits: int,
        missing: frozenset[Entry] = frozenset(),
    ) -> Mapping[Entry, Number]:
        with ctx.workprec(bits):
            if bits not in known:
                known[bits] = self._balls(bits, sides).jet(self._whole)
            found = known[bits].entries()
            if sides:
                found[()] = self.at_point(bits).jet(self._whole).value
            return {entry: n for entry, n in found.items() if entry not in missing}

    def _balls(
        self, bits: int, sides: Mapping[Expr, int], rows: Collection[int] | None = None
    ) -> Balls:
        rows = self.rows if rows is None else rows
        rows = range(self.order) if rows is None else rows
        place = {
            name: coordinate(self._coordinate(name, bits), row if row in rows else None)
            for row, name in enumerate(self.formula.variables)
        }
        if self.chart is not None:
            place |= self.chart.jets
            if not isinstance(sides, AtPoint):
                sides = {**sides, **dict.fromkeys(self.chart.zeros, 0)}
        algebra = self.vanishes if bits >= ALGEBRA_FROM else None
        return Balls(place, self.meter, sides, algebra)

    def at_point(self, bits: int) -> Balls:
        """The piece that holds at the point itself."""
        return self._balls(bits, AtPoint())

    @remembered
    def _coordinate(self, name: str, bits: int) -> Number:
        return enclosed_constant(self.point[name], self.meter)

    @remembered
    def vanishes(self, expression: Expr) -> bool:
        """Whether algebra shows that ``expression`` is 0 at the point."""
        if self.asked >= MAX_ALGEBRA or not expression.free_symbols <= self._symbols.keys():
            return False
        if expression.has(sympy.Integral):
            return False  # SymPy would integrate
        self.asked += 1
        try:
            require_moderate(expression, self._symbols)
            form = substituted(expression, self._symbols)
            require_moderate(form, {})
        except TooSlowError:
            raise
        except HessError:
            return False  # too long a number
        return bool(form.is_number and (form == 0 or vanishes(form)))

    @cached_property
    def _symbols(self) -> dict[Expr, Expr]:
        return {symbol(name): exact(value) for name, value in self.point.items()}


def enclosed_constant(value: Exact, meter: Meter) -> Number:
    """A coordinate as a rational, or a ball at the working precision."""
    if isinstance(value, (float, Fraction)):
        return fmpq(*value.as_integer_ratio())
    return Balls({}, meter).jet(value).value


def exact(value: Any) -> Expr:
    """A SymPy number with exactly this value."""
    return sympy.Rational(value) if isinstance(value, (float, Fraction)) else value
