"""What automatic differentiation cannot answer at a point: whether derivatives exist there.

At a kink, at the edge of a domain, or where floating point gives NaN, the exact derivatives of
the formula are evaluated with hundreds of digits: at the point, and around it from every side at
two tiny distances. An entry exists where the value, the slopes and the entry itself tend to one
number from all of them; where they do not, the part of the formula that breaks is named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import sympy

from hesscli.derivatives import differentiate
from hesscli.errors import shortened
from hesscli.model import Expr, Formula, Site, Symbolic
from hesscli.semantics import symbol

DIGITS = 400
# Distances of the two rings around the point, outer and inner. Quotients such as
# (1 - cos(x))/x² lose digits in proportion to the inner one's exponent; DIGITS leaves room.
OUTER, INNER = Fraction(1, 10**20), Fraction(1, 10**40)
# Limits from two sides agree when they share this many digits; a sequence converges when its
# step from the outer to the inner ring is this small.
AGREE = sympy.Float("1e-9")
CONVERGED = sympy.Float("1e-6")
MAX_ENTRIES = 400
# Slopes that no axis, diagonal or symmetric kink follows.
OBLIQUE = (Fraction(61, 100), Fraction(-79, 100))

Number = Any  # a SymPy Float, or None where there is no finite real number
Entry = tuple[int, ...]  # () the value, (i,) a slope, (i, j) a second derivative


@dataclass(frozen=True, slots=True)
class Jet:
    """Value, gradient and Hessian in the differentiated variables; None where there is none.

    ``reasons`` pairs a site (None for the formula as a whole) with a sentence for each thing
    that breaks; ``notes`` say how a number was found that autograd does not give.
    """

    value: float | None
    gradient: tuple[float | None, ...]
    hessian: tuple[tuple[float | None, ...], ...]
    reasons: tuple[tuple[Site | None, str], ...]
    notes: tuple[str, ...]


class Examiner:
    """Examines one formula at scalar points."""

    def __init__(self, formula: Formula) -> None:
        self.formula = formula
        self.names = formula.differentiated

    @cached_property
    def _derivatives(self) -> Symbolic:
        return differentiate(self.formula)

    def derivative(self, entry: Entry) -> Expr:
        """The formula, a slope or a second derivative, in symbols."""
        match entry:
            case ():
                return self.formula.expression
            case (i,):
                return self._derivatives.gradient[i]
            case (i, j):
                return self._derivatives.hessian[i][j]
        raise AssertionError(entry)

    def __call__(self, point: Mapping[str, Fraction | float | Expr], index: str) -> Jet:
        """The jet at ``point``; ``index`` tells a tensor's element in sentences (``[0,1]``)."""
        return _Examination(self, point, index).jet()


class _Examination:
    """One formula at one point."""

    def __init__(
        self, examiner: Examiner, point: Mapping[str, Fraction | float | Expr], index: str
    ) -> None:
        self.derivative = examiner.derivative
        self.formula = examiner.formula
        self.names = examiner.names
        self.index = index
        self.point = point
        self.centre = {name: exact(value) for name, value in point.items()}
        self.hits: list[Site] = []
        self.moving: frozenset[int] = frozenset()
        self.numbers: dict[Any, Number] = {}
        self.outside: dict[Any, Site | None] = {}
        self.limits: dict[Any, Number] = {}
        self.reasons: dict[tuple[Site | None, str], None] = {}

    def jet(self) -> Jet:
        count = len(self.names)
        pairs = [(i, j) for i in range(count) for j in range(i, count)]
        gradient: list[float | None] = [None] * count
        rows: list[list[float | None]] = [[None] * count for _ in range(count)]
        value = None
        site = self._first_outside(self.centre)
        if site is not None:
            self._break(site, site.says)
        else:
            self.hits = [s for s in self.formula.sites if self._holds(s, self.centre)]
            self.moving = self._moving()
            value = self._value()
            if self.hits and len(pairs) > MAX_ENTRIES:
                self._break(
                    self.hits[0], f"{self.hits[0].says}, with too many variables to examine"
                )
            elif value is not None:
                for i in range(count):
                    gradient[i] = self._entry((i,), value)
                for i, j in pairs:
                    if gradient[i] is not None and gradient[j] is not None:
                        rows[i][j] = rows[j][i] = self._entry((i, j), value)
        return Jet(
            None if value is None else self._double(value),
            tuple(gradient),
            tuple(map(tuple, rows)),
            tuple(self.reasons),
            () if self.reasons else self._how(),
        )

    def _how(self) -> tuple[str, ...]:
        """How the numbers were found, where nothing breaks."""
        if not self.hits:
            return ("from the exact derivatives: floating point cannot be trusted here",)
        shown = ", ".join(dict.fromkeys(f"{shortened(s.part)} {s.says}" for s in self.hits))
        return (f"{shown}{self._place(self.hits)}; the limits from all sides agree",)

    def _break(self, site: Site | None, says: str) -> None:
        part = site.part if site else self.formula.text
        place = self._place([site] if site else [])
        self.reasons[(site, f"{shortened(part)} {says}{place}")] = None

    def _place(self, sites: Sequence[Site]) -> str:
        """The coordinates that matter to the sites as `` at x = 0, y = 1``; of no site, all."""
        if (
            sites
            and not any(q.free_symbols for s in sites for q in s.quantities)
            and all(s.quantities for s in sites)
        ):
            return ""  # a constant such as log(-2)
        names = {s.name for site in sites for q in site.quantities for s in q.free_symbols}
        shown = [
            f"{name}{self.index} = {_shown(value)}"
            for name, value in self.point.items()
            if name in names or not names
        ]
        return " at " + ", ".join(shown[:4]) + (", …" if len(shown) > 4 else "")

    # Entries

    def _value(self) -> Number:
        """The formula's own value at the point, or else its limit there."""
        at_point = self._number((), None)
        if at_point is not None:
            return at_point
        return self._limit((), tuple(range(len(self.names))))

    def _entry(self, entry: Entry, value: Number) -> float | None:
        """A slope or a second derivative, or None after noting what breaks."""
        at_point = self._number(entry, None)
        if at_point is not None and not self.moving.intersection(entry):
            return self._double(at_point)
        moved = tuple(dict.fromkeys(entry))
        continuous = self._limit((), moved)
        if continuous is None:
            return None
        if not _agree(continuous, value):
            self._blame(())
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
        return self._double(limit)

    def _limit(self, entry: Entry, moved: tuple[int, ...], *, inside: bool = False) -> Number:
        """What an entry tends to as the variables ``moved`` approach the point from all sides.

        ``inside`` leaves out the sides on which the formula is not real; otherwise there is no
        limit where there is such a side.
        """
        key = (entry, moved, inside)
        if key not in self.limits:
            self.limits[key] = self._from_all_sides(entry, moved, inside)
        return self.limits[key]

    def _from_all_sides(self, entry: Entry, moved: tuple[int, ...], inside: bool) -> Number:
        limit = None
        looked = False
        for direction in self._directions(moved):
            offsets = [(ring, direction) for ring in (OUTER, INNER)]
            site = next(filter(None, map(self._outside_at, offsets)), None)
            if site is not None and inside:
                continue
            if site is not None:
                hit = next((h for h in self.hits if h.span == site.span), None)
                self._break(hit or site, hit.says if hit else "is at the edge of its domain")
                return None
            towards = _extrapolated(*(self._number(entry, offset) for offset in offsets))
            if towards is None and self._still_hit(offsets[0]):
                continue  # along sin(x*y)/(x*y) at x = 0, moving y stays where nothing is defined
            looked = True
            if towards is None or (limit is not None and not _agree(limit, towards)):
                self._blame(entry)
                return None
            limit = towards
        if not looked and not inside:
            around = tuple(sorted(self.moving.union(moved)))
            if around != moved:
                return self._limit(entry, around)
            self._blame(entry)
        return limit

    def _still_hit(self, offset: Any) -> bool:
        point = self._moved(offset)
        return any(self._holds(site, point) for site in self.hits)

    def _blame(self, entry: Entry) -> None:
        for site in self.hits:
            self._break(site, site.says)
        if not self.hits:
            what = ("value", "slope", "second derivative")[len(entry)]
            real = not self.formula.expression.has(sympy.I)
            self._break(None, f"has no finite {what}" if real else "is not real")

    def _double(self, number: Number) -> float | None:
        result = float(number)
        if result in (float("inf"), float("-inf")):
            self._break(None, "leads to a number beyond the largest double, 1.8e308,")
            return None
        return result

    # Numbers

    def _number(self, entry: Entry, offset: Any) -> Number:
        """An entry at the point, or at an offset (ring, direction) from it."""
        key = (entry, offset)
        if key not in self.numbers:
            self.numbers[key] = _number(self.derivative(entry), self._moved(offset))
        return self.numbers[key]

    def _moved(self, offset: Any) -> dict[str, Expr]:
        if offset is None:
            return self.centre
        ring, direction = offset
        moved = {name: value.evalf(DIGITS) for name, value in self.centre.items()}
        for name, step in zip(self.names, direction, strict=True):
            if step:
                moved[name] += exact(ring * step).evalf(DIGITS)
        return moved

    def _directions(self, moved: tuple[int, ...]) -> list[tuple[Fraction, ...]]:
        """Where to look from: both ways along the axes, across each kink, and obliquely."""
        steps: dict[tuple[Fraction, ...], None] = {}

        def both_ways(components: Mapping[int, Fraction]) -> None:
            if any(components.values()):
                forward = tuple(components.get(i, Fraction(0)) for i in range(len(self.names)))
                steps[forward] = None
                steps[tuple(-c for c in forward)] = None

        for i in moved:
            both_ways({i: Fraction(1)})
        if len(moved) > 1:
            for slope in OBLIQUE:
                both_ways({i: slope**k for k, i in enumerate(moved)})
            for site in self.hits:
                both_ways(self._across(site, moved))
        return list(steps)

    def _across(self, site: Site, moved: tuple[int, ...]) -> dict[int, Fraction]:
        """The direction in which the site's quantity changes fastest, as rationals."""
        quantities = site.quantities
        if not quantities:
            return {}
        quantity = quantities[0] - quantities[1] if len(quantities) > 1 else quantities[0]
        components = {}
        for i in moved:
            slope = _number(sympy.diff(quantity, symbol(self.names[i])), self.centre)
            if slope is not None:
                components[i] = Fraction(float(slope)).limit_denominator(1000)
        largest = max((abs(c) for c in components.values()), default=Fraction(0))
        return {i: c / largest for i, c in components.items()} if largest else {}

    # Sites

    def _moving(self) -> frozenset[int]:
        """The variables whose movement leaves a site that is hit."""
        names = {s.name for site in self.hits for q in site.quantities for s in q.free_symbols}
        return frozenset(i for i, name in enumerate(self.names) if name in names)

    def _outside_at(self, offset: Any) -> Site | None:
        if offset not in self.outside:
            self.outside[offset] = self._first_outside(self._moved(offset))
        return self.outside[offset]

    def _first_outside(self, point: Mapping[str, Expr]) -> Site | None:
        """The first site at which the formula is not real at ``point``."""
        for site in self.formula.sites:
            if site.test in ("negative", "negative-power", "always") and self._holds(site, point):
                return site
        return None

    def _holds(self, site: Site, point: Mapping[str, Expr]) -> bool:
        for guard in site.guards:
            if _substituted(guard, point) != sympy.true:
                return False
        numbers = [_number(quantity, point) for quantity in site.quantities]
        if site.test == "always":
            return True
        if any(number is None for number in numbers):
            # Not real, or not finite: another site says why.
            return False
        first = numbers[0]
        match site.test:
            case "negative":
                return bool(first < 0) and not _is_zero(first)
            case "negative-power":
                whole = _is_zero(numbers[1] - numbers[1].round())
                return bool(first < 0) and not _is_zero(first) and not whole
            case "nonpositive":
                return bool(first < 0) or _is_zero(first)
            case "zero":
                return _is_zero(first)
            case "pole":
                return bool(first < AGREE) and _is_zero(first - first.round())
            case "whole":
                return _is_zero(first - first.round())
            case _:
                top = sorted(numbers, reverse=site.test == "tie-max")[:2]
                return _is_zero(top[0] - top[1])


def exact(value: Fraction | float | Expr) -> Expr:
    """A SymPy number with exactly this value."""
    if isinstance(value, float):
        value = Fraction(value)
    if isinstance(value, Fraction):
        return sympy.Rational(value.numerator, value.denominator)
    return value


def _substituted(expression: Expr, point: Mapping[str, Expr]) -> Expr:
    return expression.xreplace({symbol(name): value for name, value in point.items()})


def _number(expression: Expr, point: Mapping[str, Expr]) -> Number:
    """The value of ``expression`` at ``point`` as a Float of DIGITS digits, or None."""
    try:
        result = _substituted(expression, point)
        if result.is_Rational:
            return sympy.Float(result, DIGITS)
        result = result.evalf(DIGITS)
    except (ArithmeticError, TypeError, ValueError, AttributeError):
        # Where SymPy cannot evaluate (a comparison of NaN, an infinite series) there is no number.
        return None
    if result.is_Float or result.is_Rational:
        return sympy.Float(result, DIGITS)
    return None


def _extrapolated(outer: Number, inner: Number) -> Number:
    """The limit of a sequence known on the two rings, or None where it does not converge."""
    if outer is None or inner is None:
        return None
    if abs(inner) <= CONVERGED * abs(outer):
        return sympy.Float(0, DIGITS)
    if abs(inner - outer) > CONVERGED * abs(outer):
        return None
    ratio = sympy.Rational(INNER.numerator, INNER.denominator) / sympy.Rational(
        OUTER.numerator, OUTER.denominator
    )
    return inner - (outer - inner) * ratio


def _agree(a: Number, b: Number) -> bool:
    return bool(abs(a - b) <= AGREE * max(abs(a), abs(b)))


def _is_zero(number: Number) -> bool:
    return bool(abs(number) < sympy.Float(f"1e-{DIGITS // 2}"))


def _shown(value: Fraction | float | Expr) -> str:
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)
