"""Limits along many ways towards a point, where no proof tells whether derivatives exist.

The derivatives are evaluated around the point in ball arithmetic, from every side at three tiny
distances. An entry exists where the value, the slopes and the entry itself tend to one number from
all of them; where they do not, the part of the formula that breaks is named. Each number is sure,
but that they are enough is evidence, and no proof.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TypeVar

import sympy
from flint import arb, ctx, fmpq

from hesscli.balls.expressions import Balls
from hesscli.balls.jets import BudgetError, Entry, Meter
from hesscli.balls.rounding import MOST, PRECISIONS, SMALLEST
from hesscli.errors import ExitStatus, HessError
from hesscli.exact.domain import holds, outside
from hesscli.exact.existing import Existing
from hesscli.exact.limits.curves import Curve, curves
from hesscli.exact.limits.separation import near_variables, separated
from hesscli.exact.limits.sides import Lower, Sides
from hesscli.exact.limits.ways import (
    RINGS,
    WIDE_RINGS,
    Limit,
    Offset,
    agree,
    converged,
    crossing,
    diverged,
    is_wide,
    ways_towards,
)
from hesscli.exact.numbers import Number, as_float
from hesscli.exact.proof import BUDGET, Exact, Proof, Prover, exact
from hesscli.exact.remembered import remembered
from hesscli.exact.sites import names_in, place_of
from hesscli.expression.names import symbol
from hesscli.functions.balls import NotProvedError, NotRealError, UndecidedError
from hesscli.notes import WITHOUT_VALUE, Note, Reason, Remark, Trouble
from hesscli.types import Expr, Formula, Site

# Digits to which a number beside the point is known: differences between the distances count.
DIGITS = 120
FIRST = 1024  # bits
MAX_ENTRIES = 400
MAX_TIED = 5

T = TypeVar("T")


def by_limits(formula: Formula, point: Mapping[str, Exact], index: str) -> Existing:
    """What limits show at ``point``; ``index`` is that of a tensor's element (``[0,1]``)."""
    return _Examination(formula, point, index).found()


class _Examination:
    """One formula at one point."""

    def __init__(self, formula: Formula, point: Mapping[str, Exact], index: str) -> None:
        self.formula = formula
        self.names = formula.differentiated
        self.index = index
        self.point = point
        # The terms in which a site is hit, which are looked at around the point, and the others.
        self.near, self.rest = formula.expression, sympy.S.Zero
        self.hits: list[Site] = []
        self.met: list[Site] = []  # those of them that no held constant decides
        self.moving: set[int] = set()  # the variables of those terms
        self.reasons: dict[tuple[Site | None, Remark], None] = {}

    def found(self) -> Existing:
        """What there is at the point."""
        count = len(self.names)
        pairs = [(i, j) for i in range(count) for j in range(i, count)]
        numbers: dict[Entry, Number] = {}
        value = None
        site = self._outside(None)
        if site is None:
            self.hits = [s for s in self.formula.sites if self._holds(s, None)]
            # No movement leaves what is held constant: 1/y at y = 0 has no limit, nor has 1/(1/y).
            site = next(
                (s for s in self.hits if s.trouble in WITHOUT_VALUE and self._is_held(s)), None
            )
        if site is not None:
            self._break(site, site.trouble)
        elif not self.hits and self._is_complex():
            self._break(None, Trouble.NOT_REAL)
        elif not self.hits:
            raise HessError(
                "too-large",
                f"no number that is enclosed to {MOST:,} bits was found for this formula here; "
                "it may be beyond the largest double, 1.8e308",
                hint="a smaller formula or point",
                status=ExitStatus.NO_ANSWER,
            )
        else:
            self._separate()
            value = self._value()
            crowded = next((s for s in self.hits if len(s.quantities) > MAX_TIED), None)
            if crowded or len(pairs) > MAX_ENTRIES:
                site = crowded or self.hits[0]
                self._break(site, site.trouble, crowded=True)
            elif value is not None:
                numbers = {(i,): self._entry((i,), value) for i in range(count)}
                for i, j in pairs:
                    if numbers[(i,)] is not None and numbers[(j,)] is not None:
                        numbers[i, j] = self._entry((i, j), value)
                self._drop_contradicted({(): value, **numbers}, numbers)
        return self._existing({(): value, **numbers}, pairs)

    def _drop_contradicted(
        self, known: Mapping[Entry, Number], numbers: dict[Entry, Number]
    ) -> None:
        """Leave out the entries that sides of lower dimension contradict."""
        if not any(number is not None for number in numbers.values()):
            return
        with ctx.workprec(FIRST):
            sides = Sides(self.formula, self.point, FIRST, self._on_side)
            found = sides.contradicted(
                {e: arb(sympy.Float(n, DIGITS)) for e, n in known.items() if n is not None}
            )
        contradicted = [e for e in numbers if found & {*((i,) for i in e), e}]
        for entry in contradicted:
            numbers[entry] = None
        if contradicted:
            steps = [s for s in self.hits if s.trouble in (Trouble.SWITCH, Trouble.JUMP)]
            for site in steps or self.hits:
                self._break(site, site.trouble)

    def _on_side(self, formula: Formula) -> Lower | None:
        """What there is on a side of lower dimension, by proof or by limits."""
        proof = Prover(formula, self.point, Meter(BUDGET))()
        try:
            if proof is not None:
                return Lower(proof.numbers(FIRST), proof.missing)
            found = by_limits(formula, self.point, self.index)
            return Lower(found.numbers(FIRST), found.missing)
        except (HessError, BudgetError, NotProvedError, UndecidedError):
            return None

    def _is_complex(self) -> bool:
        """Whether the formula is proved not to be real at the point, though no site tells."""
        if self.formula.expression.has(sympy.I):
            return True
        with ctx.workprec(FIRST):
            try:
                Prover(self.formula, self.point, Meter(BUDGET)).still(FIRST).jet(
                    self.formula.expression
                )
            except NotRealError:
                return True
            except (BudgetError, NotProvedError, UndecidedError):
                return False
        return False

    def _existing(self, numbers: Mapping[Entry, Number], pairs: Sequence[Entry]) -> Existing:
        known = {e: arb(sympy.Float(n, DIGITS)) for e, n in numbers.items() if n is not None}
        entries = [(), *((i,) for i in range(len(self.names))), *pairs]
        return Existing(
            numbers=lambda _: known,
            missing=frozenset(entry for entry in entries if entry not in known),
            defined=numbers[()] is not None,
            by_limit=True,
            reasons=tuple(self.reasons),
            notes=() if self.reasons else self._how(),
        )

    def _is_held(self, site: Site) -> bool:
        """Whether a site depends on nothing that is differentiated."""
        return not names_in([site]).intersection(self.names)

    def _separate(self) -> None:
        """Set apart the terms in which a site is hit: the others do not disturb their limits."""
        self.met = [site for site in self.hits if not self._is_held(site)]
        if self.met:  # what is held constant stays on its side
            self.near, self.rest = separated(self.formula.expression, self.met)
            near = near_variables(self.near, self.met)
            self.moving = {i for i, name in enumerate(self.names) if name in near}

    def _added(self, entry: Entry, limit: Number) -> Number:
        """A limit of the terms in which a site is hit, with what the others have at the point."""
        if self.rest == 0:
            return limit
        number = self._at_point(entry, self.rest)
        if number is None:
            self._blame()
            return None
        return limit + number

    def _how(self) -> tuple[Remark, ...]:
        """How the numbers were found, where nothing breaks."""
        if not self.met:
            return ()
        parts = tuple((site.part, site.trouble) for site in self.met)
        return (Remark(Note.LIMITS_AGREE, (parts, place_of(self.met, self.point, self.index))),)

    def _break(self, site: Site | None, trouble: Trouble, crowded: bool = False) -> None:
        part = site.part if site else self.formula.text
        place = place_of([site] if site else [], self.point, self.index)
        self.reasons[(site, Remark(Reason.TROUBLE, (part, trouble, crowded, place)))] = None

    # Entries

    def _value(self) -> Number:
        """The formula's own value at the point, or else its limit there."""
        at_point = self._number((), None)
        if at_point is not None and not any(s.trouble in WITHOUT_VALUE for s in self.hits):
            return at_point
        limit = self._limit((), tuple(range(len(self.names))))
        return None if limit is None else self._added((), limit[0])

    def _entry(self, entry: Entry, value: Number) -> Number:
        """A slope or a second derivative, or None after noting what breaks."""
        at_point = self._number(entry, None)
        if at_point is not None and not self.moving.intersection(entry):
            return at_point
        moved = tuple(dict.fromkeys(entry))
        continuous = self._limit((), moved)
        if continuous is None:
            return None
        with_others = self._added((), continuous[0])
        if with_others is None:
            return None
        if not agree((with_others, continuous[1]), (value, sympy.S.Zero)):
            self._blame()
            return None
        for i in moved if len(entry) == 2 else ():
            if self._limit((i,), moved) is None:
                return None
        limit = self._limit(entry, moved)
        if limit is None:
            return None
        if len(entry) == 2:
            # max(x², y²) has second partial derivatives at 0, but none that describes it nearby.
            around = tuple(sorted(self.moving.union(entry)))
            if around != moved and self._limit(entry, around, inside=True) is None:
                return None
        return self._added(entry, limit[0])

    @remembered
    def _limit(self, entry: Entry, moved: tuple[int, ...], *, inside: bool = False) -> Limit | None:
        """What an entry tends to as the variables ``moved`` approach the point from all sides.

        ``inside`` leaves out the sides on which the formula is not real; otherwise there is no
        limit where there is such a side.
        """
        limit: Limit | None = None
        looked = False
        ways = ways_towards(len(self.names), moved, self._crossings(moved), self._curves(moved))
        for way in ways:
            offsets = [(ring, way) for ring in (WIDE_RINGS if is_wide(way) else RINGS)]
            site = next(filter(None, map(self._outside, offsets)), None)
            if site is not None and inside:
                continue
            if site is not None:
                hit = next((h for h in self.hits if h.span == site.span), None)
                self._break(hit or site, hit.trouble if hit else Trouble.EDGE)
                return None
            thin = [site for site in self.met if site.test != "nonpositive"]
            if entry and any(self._holds(site, offsets[0]) for site in thin):
                # The way stays on the kink, as y does in sin(x*y)/(x*y) at x = 0: what SymPy's
                # derivative gives there is of one side, or of none.
                continue
            numbers = [self._number(entry, offset) for offset in offsets]
            towards = converged(numbers)
            if towards is None and any(self._holds(site, offsets[0]) for site in self.hits):
                continue
            if towards is None and is_wide(way) and not diverged(numbers):
                continue  # too far from the point to tell
            if numbers.count(None) == len(numbers) and None not in (
                self._number((), offset) for offset in offsets
            ):
                continue  # the same where only SymPy's derivative, as of sinc, divides by zero
            looked = True
            if towards is None or (limit is not None and not agree(limit, towards)):
                self._blame()
                return None
            if limit is None or towards[1] < limit[1]:
                limit = towards
        if not looked and not inside:
            around = tuple(sorted(self.moving.union(moved)))
            if around != moved:
                return self._limit(entry, around)
            self._blame()
        return limit

    def _blame(self) -> None:
        for site in self.hits:
            self._break(site, site.trouble)

    # Numbers

    @remembered
    def _number(self, entry: Entry, offset: Offset) -> Number:
        """An entry at the point, or of the terms near a site at an offset from it."""
        if offset is None:
            return self._at_point(entry, self.formula.expression)
        # Where not all variables may move, perhaps those may that the entry is about.
        everything = frozenset(range(len(self.names)))
        for rows in (everything if entry else frozenset(), frozenset(entry)):
            proof = self._proof(offset, rows)
            if proof is not None and entry not in proof.missing:
                return _certain(proof, entry)
        return None

    @remembered
    def _at_point(self, entry: Entry, expression: Expr) -> Number:
        """An entry at the point itself, where only what it is about varies."""
        rows = frozenset(entry)
        prover = Prover(self.formula, self.point, Meter(BUDGET), expression, rows)
        proof = prover()
        return None if proof is None or entry in proof.missing else _certain(proof, entry)

    @remembered
    def _proof(self, offset: Offset, rows: frozenset[int]) -> Proof | None:
        return Prover(self.formula, self._at(offset), Meter(BUDGET), self.near, rows)()

    @remembered
    def _at(self, offset: Offset) -> dict[str, Exact]:
        """The coordinates at an offset."""
        place = dict(self.point)
        ring, way = offset or (Fraction(0), ())
        for name, coefficients in zip(self.names, way, strict=False):
            step = sum(c * ring ** (k + 1) for k, c in enumerate(coefficients))
            start = place[name]
            if isinstance(start, (float, Fraction)):
                place[name] = Fraction(start) + step
            elif step:
                place[name] = start + exact(Fraction(step))
        return place

    def _crossings(self, moved: tuple[int, ...]) -> list[dict[int, Fraction]]:
        """The directions across the kinks that are hit."""
        hits = self.hits if len(moved) > 1 else ()
        prover = Prover(self.formula, self.point, Meter(BUDGET))
        with ctx.workprec(FIRST):
            return [crossing(site.quantities, moved, prover.at_point(FIRST)) for site in hits]

    @remembered
    def _curves(self, moved: tuple[int, ...]) -> list[Curve]:
        """The curves that the terms in which a site is hit ask for."""
        quantities = [q for site in self.hits for q in site.quantities]
        variables = [symbol(name) for name in self.names]
        point = {symbol(name): exact(value) for name, value in self.point.items()}
        return curves(self.near, quantities, variables, moved, point)

    # Sites

    @remembered
    def _outside(self, offset: Offset) -> Site | None:
        """The first site at which the formula is not real at an offset."""
        return self._decided(offset, lambda balls: outside(self.formula.sites, balls), None)

    @remembered
    def _holds(self, site: Site, offset: Offset) -> bool:
        """Whether the site's test holds at an offset."""
        return self._decided(offset, lambda balls: holds(site, balls), False)

    def _decided(self, offset: Offset, question: Callable[[Balls], T], unknown: T) -> T:
        """The answer to a question at the first precision that decides it."""
        prover = Prover(self.formula, self._at(offset), Meter(BUDGET))
        for bits in PRECISIONS:
            with ctx.workprec(bits):
                try:
                    return question(prover.still(bits))
                except UndecidedError:
                    continue
                except (BudgetError, NotProvedError):
                    break
        return unknown


def _certain(proof: Proof, entry: Entry) -> Number:
    """An entry as a Float of so many certain digits; None where they are not found."""
    bits = FIRST
    while bits <= MOST:
        try:
            number = proof.numbers(bits).get(entry, fmpq(0))
        except UndecidedError:
            number = None
        except (BudgetError, NotProvedError):
            return None
        if number is not None and (type(number) is fmpq or number.is_finite()):
            if number == 0 or abs(number) < SMALLEST:
                return sympy.Float(0, DIGITS)
            if type(number) is fmpq or number.rel_accuracy_bits() > 4 * DIGITS:
                return as_float(number, DIGITS)
        bits *= 2
    return None
