"""What automatic differentiation cannot answer at a point: whether derivatives exist there.

At a kink, at the edge of a domain, or where floating point gives NaN, the exact derivatives of
the formula are evaluated with hundreds of digits: at the point, and around it from every side at
two tiny distances. An entry exists where the value, the slopes and the entry itself tend to one
number from all of them; where they do not, the part of the formula that breaks is named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, partial

import sympy

from hesscli.answer import Answer, Undefined
from hesscli.derive.pattern import structural_zeros
from hesscli.derive.symbols import differentiate
from hesscli.exact.curves import Curve, curves
from hesscli.exact.numbers import DIGITS, Number, number_at, value_at
from hesscli.exact.remembered import remembered
from hesscli.exact.separation import near_variables, separated
from hesscli.exact.ways import (
    RINGS,
    UNDERFLOW,
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
from hesscli.expression.names import symbol
from hesscli.functions.failures import SYMPY_FAILURES
from hesscli.functions.hazards import READINGS
from hesscli.functions.values import refined
from hesscli.notes import WITHOUT_VALUE, Note, Reason, Remark, Trouble
from hesscli.shapes import Shape
from hesscli.types import Expr, Formula, Mask, Site, Variable

# Digits around a point: few first, because functions such as gamma take a hundred times longer
# with many; and where they find no derivative, the judgement is left to many.
FEW = 420
# At the point itself, digits are raised until two results agree.
PRECISIONS = (50, 120, 240, 600, 1200)
# A difference of two doubles that is 0 with so many digits is 0: their exponents span 617 digits.
ENOUGH = 600
SURE = sympy.Float("1e-25")
MAX_ENTRIES = 400
MAX_TIED = 5

Entry = tuple[int, ...]  # () the value, (i,) a slope, (i, j) a second derivative


@dataclass(frozen=True, slots=True)
class Examined:
    """Value, gradient and Hessian in the differentiated variables; None where there is none.

    ``defined`` tells a formula without a value from one whose value no double can hold;
    ``underflow`` that a number which is not 0 is given as 0, the nearest double. ``reasons``
    pairs a site (None for the formula as a whole) with what to say of each thing that breaks;
    ``notes`` say how a number was found that autograd does not give. With ``by_limit``, a number
    rests on limits along many ways, which are evidence and no proof.
    """

    value: float | None
    gradient: tuple[float | None, ...]
    hessian: tuple[tuple[float | None, ...], ...]
    defined: bool
    underflow: bool
    reasons: tuple[tuple[Site | None, Remark], ...]
    notes: tuple[Remark, ...]
    by_limit: bool = False

    @property
    def entries(self) -> dict[Entry, float | None]:
        """All numbers, by their entries."""
        found: dict[Entry, float | None] = {(): self.value}
        found |= {(i,): slope for i, slope in enumerate(self.gradient)}
        found |= {(i, j): n for i, row in enumerate(self.hessian) for j, n in enumerate(row)}
        return found


class Examiner:
    """Examines one formula at scalar points."""

    def __init__(self, formula: Formula) -> None:
        self.formula = formula
        self.names = formula.differentiated

    @remembered
    def part(self, expression: Expr) -> Examiner:
        """The examiner of some terms of the formula."""
        return Examiner(replace(self.formula, expression=expression))

    @cached_property
    def _derivatives(self) -> Answer:
        return differentiate(self.formula)

    def derivative(self, entry: Entry) -> Expr:
        """The formula, a slope or a second derivative, in symbols."""
        match entry:
            case ():
                return self.formula.expression
            case (i,):
                return self._derivatives.jet.gradient[i]
            case (i, j):
                return self._derivatives.jet.hessian[i][j]
        raise AssertionError(entry)

    @remembered
    def zeros(self, variables: tuple[Variable, ...], shape: Shape, *, known: bool) -> Mask:
        """Where the Hessian is zero at every point, see :func:`structural_zeros`; with ``known``,
        by the derivatives too.
        """
        derivative = self.derivative if known else None
        return structural_zeros(self.formula, variables, shape, derivative)

    def __call__(self, point: Mapping[str, Fraction | float | Expr], index: str) -> Examined:
        """The jet at ``point``; ``index`` tells a tensor's element in sentences (``[0,1]``)."""
        examination = _Examination(self, point, index, FEW)
        jet = examination.jet()
        if jet.reasons and examination.doubtful:
            return _Examination(self, point, index, DIGITS).jet()
        return jet


class _Examination:
    """One formula at one point."""

    def __init__(
        self,
        examiner: Examiner,
        point: Mapping[str, Fraction | float | Expr],
        index: str,
        digits: int,
    ) -> None:
        self.digits = digits
        self.examiner = examiner
        self.derivative = examiner.derivative
        # Of the terms in which a site is hit, which are looked at around the point.
        self.near = examiner.derivative
        self.rest: Callable[[Entry], Expr] | None = None  # of the others
        self.formula = examiner.formula
        self.names = examiner.names
        self.index = index
        self.point = point
        self.exact = {name: exact(value) for name, value in point.items()}
        self.hits: list[Site] = []
        self.moving: set[int] = set()  # the variables of those terms
        self.by_limit = False
        self.reasons: dict[tuple[Site | None, Remark], None] = {}
        self.underflow = False
        # Whether more digits might find a limit where these found none.
        self.doubtful = False

    def jet(self) -> Examined:
        """What there is at the point."""
        count = len(self.names)
        pairs = [(i, j) for i in range(count) for j in range(i, count)]
        gradient: list[float | None] = [None] * count
        rows: list[list[float | None]] = [[None] * count for _ in range(count)]
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
        else:
            self._separate()
            value = self._value()
            crowded = next((s for s in self.hits if len(s.quantities) > MAX_TIED), None)
            if crowded or (self.hits and len(pairs) > MAX_ENTRIES):
                site = crowded or self.hits[0]
                self._break(site, site.trouble, crowded=True)
            elif value is not None:
                for i in range(count):
                    gradient[i] = self._entry((i,), value)
                for i, j in pairs:
                    if gradient[i] is not None and gradient[j] is not None:
                        rows[i][j] = rows[j][i] = self._entry((i, j), value)
        return Examined(
            value=None if value is None else self._double(value),
            gradient=tuple(gradient),
            hessian=tuple(map(tuple, rows)),
            defined=value is not None,
            underflow=self.underflow,
            reasons=tuple(self.reasons),
            notes=() if self.reasons else self._how(),
            by_limit=self.by_limit,
        )

    def _is_held(self, site: Site) -> bool:
        """Whether a site depends on nothing that is differentiated."""
        return not _names([site]).intersection(self.names)

    def _separate(self) -> None:
        """Set apart the terms in which a site is hit: the others do not disturb their limits."""
        met = [site for site in self.hits if _names([site]).intersection(self.names)]
        if not met:
            return  # what is held constant stays on its side
        broken, others = separated(self.formula.expression, met)
        if others != 0:
            self.near = self.examiner.part(broken).derivative
            self.rest = self.examiner.part(others).derivative
        near = near_variables(broken, met)
        self.moving = {i for i, name in enumerate(self.names) if name in near}

    def _added(self, entry: Entry, limit: Number) -> Number:
        """A limit of the terms in which a site is hit, with what the others have at the point."""
        self.by_limit = True
        if self.rest is None:
            return limit
        number = self._surely(self.rest(entry))
        if number is None:
            self._blame(entry)
            return None
        return limit + number

    def _how(self) -> tuple[Remark, ...]:
        """How the numbers were found, where nothing breaks."""
        if not self.hits:
            return (Remark(Note.FROM_DERIVATIVES),)
        met = [site for site in self.hits if _names([site]).intersection(self.names)]
        if not met:
            return ()  # what is held constant stays on its side
        parts = tuple((site.part, site.trouble) for site in met)
        return (Remark(Note.LIMITS_AGREE, (parts, self._place(met))),)

    def _break(self, site: Site | None, trouble: Trouble, crowded: bool = False) -> None:
        part = site.part if site else self.formula.text
        place = self._place([site] if site else [])
        self.reasons[(site, Remark(Reason.TROUBLE, (part, trouble, crowded, place)))] = None

    def _place(self, sites: Sequence[Site]) -> tuple[str, ...]:
        """The coordinates that matter to the sites as ``x = 0``; of no site, all."""
        names = _names(sites)
        if sites and not names and all(site.quantities for site in sites):
            return ()  # a constant such as log(-2)
        return tuple(
            f"{name}{self.index} = {_shown(value)}"
            for name, value in self.point.items()
            if name in names or not names
        )

    # Entries

    def _value(self) -> Number:
        """The formula's own value at the point, or else its limit there."""
        at_point = self._number((), None)
        # At a pole, SymPy may still give a number: digamma(-2)/gamma(-2) is infinity by infinity.
        if at_point is not None and not any(s.trouble in WITHOUT_VALUE for s in self.hits):
            return at_point
        limit = self._limit((), tuple(range(len(self.names))))
        return None if limit is None else self._added((), limit[0])

    def _entry(self, entry: Entry, value: Number) -> float | None:
        """A slope or a second derivative, or None after noting what breaks."""
        at_point = self._number(entry, None)
        if at_point is not None and not self.moving.intersection(entry):
            return self._double(at_point)
        moved = tuple(dict.fromkeys(entry))
        continuous = self._limit((), moved)
        if continuous is None:
            return None
        with_others = self._added((), continuous[0])
        if with_others is None:
            return None
        if not agree((with_others, continuous[1]), (value, sympy.S.Zero)):
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
        number = self._added(entry, limit[0])
        return None if number is None else self._double(number)

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
            thin = [site for site in self.hits if site.test != "nonpositive"]
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
            self.doubtful |= towards is None and not diverged(numbers)
            if towards is None or (limit is not None and not agree(limit, towards)):
                self._blame(entry)
                return None
            if limit is None or towards[1] < limit[1]:
                limit = towards
        if not looked and not inside:
            around = tuple(sorted(self.moving.union(moved)))
            if around != moved:
                return self._limit(entry, around)
            self._blame(entry)
        return limit

    def _blame(self, entry: Entry) -> None:
        for site in self.hits:
            self._break(site, site.trouble)
        if not self.hits:
            missing = (Trouble.NO_VALUE, Trouble.NO_SLOPE, Trouble.NO_CURVATURE)[len(entry)]
            real = not self.formula.expression.has(sympy.I)
            self._break(None, missing if real else Trouble.NOT_REAL)

    def _double(self, number: Number) -> float | None:
        result = float(number)
        if result in (float("inf"), float("-inf")):
            self._break(None, Trouble.TOO_LARGE)
            return None
        return result

    # Numbers

    @remembered
    def _number(self, entry: Entry, offset: Offset) -> Number:
        """An entry at the point, or at an offset from it."""
        if offset is None:
            return self._surely(self.derivative(entry))
        return number_at(self.near(entry), self._at(offset, self.digits), self.digits)

    def _surely(self, expression: Expr) -> Number:
        """The value at the point, with as many digits as it takes to be sure of a double.

        1 + exp(400) needs 174 digits before its 1 shows at all.
        """
        if expression.is_Rational:
            return sympy.Float(expression, self.digits)

        def number(digits: int) -> Number:
            raw = value_at(expression, self._at(None, digits), digits)
            # Of terms that cancel to the last digit, SymPy makes the whole number 0: only what
            # depends on no variable is exact.
            is_exact = raw is None or (raw.is_Rational and not expression.free_symbols)
            return raw if is_exact else sympy.Float(raw, digits)

        for digits, (coarse, fine) in zip(PRECISIONS, refined(number, PRECISIONS), strict=False):
            if fine is None:
                return None
            if fine.is_Rational:
                return sympy.Float(fine, self.digits)
            if coarse is None:
                continue
            sure = abs(fine - coarse) <= SURE * abs(fine)
            if abs(fine) < UNDERFLOW and abs(coarse) < UNDERFLOW:
                if fine.is_zero and digits < ENOUGH:
                    continue
                self.underflow |= bool(sure and not fine.is_zero)
                return sympy.Float(0, self.digits)
            if sure:
                return fine
        return None

    @remembered
    def _at(self, offset: Offset, digits: int) -> dict[str, Expr]:
        """The coordinates at an offset, as Floats: exact powers of large numbers take for ever."""
        place = {name: sympy.N(value, digits) for name, value in self.exact.items()}
        ring, way = offset or (Fraction(0), ())
        for name, coefficients in zip(self.names, way, strict=False):
            step = sum(c * ring ** (k + 1) for k, c in enumerate(coefficients))
            if step:
                place[name] += sympy.N(exact(Fraction(step)), digits)
        return place

    def _crossings(self, moved: tuple[int, ...]) -> list[dict[int, Fraction]]:
        """The directions across the kinks that are hit."""
        place, names = self._at(None, self.digits), {i: self.names[i] for i in moved}
        hits = self.hits if len(moved) > 1 else ()
        return [crossing(site.quantities, names, place, self.digits) for site in hits]

    @remembered
    def _curves(self, moved: tuple[int, ...]) -> list[Curve]:
        """The curves that the terms in which a site is hit ask for."""
        quantities = [q for site in self.hits for q in site.quantities]
        variables = [symbol(name) for name in self.names]
        point = {symbol(name): value for name, value in self.exact.items()}
        return curves(self.near(()), quantities, variables, moved, point)

    # Sites

    @remembered
    def _outside(self, offset: Offset) -> Site | None:
        """The first site at which the formula is not real at an offset."""
        sites = (s for s in self.formula.sites if s.breaks or not READINGS[s.test].real)
        return next((site for site in sites if self._holds(site, offset)), None)

    def _holds(self, site: Site, offset: Offset) -> bool:
        """Whether the site's test holds at an offset."""
        place = self._at(offset, self.digits if offset else PRECISIONS[0])
        values = {symbol(name): value for name, value in place.items()}
        try:
            if any(guard.xreplace(values) != sympy.true for guard in site.guards):
                return False
        except SYMPY_FAILURES:
            return False  # a condition on what is not real, of which another site tells
        numbers = self._quantities(site, offset, self.digits if offset else PRECISIONS[0])
        if numbers is None:
            # Not real, or not finite: another site says why.
            return False
        return bool(READINGS[site.test].holds(numbers, partial(self._vanishes, site, offset)))

    def _quantities(self, site: Site, offset: Offset, digits: int) -> list[Number] | None:
        place = self._at(offset, digits)
        numbers = [number_at(quantity, place, digits) for quantity in site.quantities]
        return None if None in numbers else numbers

    def _vanishes(self, site: Site, offset: Offset, part: Callable[[list[Number]], Number]) -> bool:
        """Whether ``part`` of the site's quantities is 0.

        A rounding error shrinks with the digits that are carried; a small number does not.
        """

        def size(digits: int) -> Number:
            numbers = self._quantities(site, offset, digits)
            return None if numbers is None else abs(part(numbers))

        precisions = PRECISIONS if offset is None else (self.digits // 2, self.digits)
        fine = None
        for coarse, fine in refined(size, precisions):
            if fine is None or (coarse is not None and fine.is_zero):
                return fine is not None
            if coarse is not None and abs(fine - coarse) <= SURE * fine:
                return False
        return bool(fine < UNDERFLOW)


def _names(sites: Sequence[Site]) -> set[str]:
    """The variables that the sites' quantities depend on."""
    return {s.name for site in sites for q in site.quantities for s in q.free_symbols}


def exact(value: Fraction | float | Expr) -> Expr:
    """A SymPy number with exactly this value."""
    return sympy.Rational(value) if isinstance(value, (float, Fraction)) else value


def _shown(value: Fraction | float | Expr) -> str:
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, Fraction) and Fraction(repr(float(value))) == value:
        return f"{float(value):.15g}"
    text = str(value)
    return text if len(text) <= 20 else repr(float(value))


def path(entry: Entry) -> str:
    """An entry's path into the JSON answer."""
    return ("value", "gradient", "hessian")[len(entry)] + "".join(f"[{i}]" for i in entry)


def undefined_entries(
    found: Sequence[tuple[Examined, list[int]]], formula: Formula, order: int
) -> tuple[Undefined, ...]:
    """The reasons of all elements, each once, with the entries that it leaves without a number."""
    entries: dict[tuple[Site | None, Remark], list[str]] = {}
    for jet, rows in found:
        for reason in jet.reasons:
            entries.setdefault(reason, []).extend(_paths(jet, rows, order))
    return tuple(
        Undefined(
            part=site.part if site else formula.text,
            span=site.span if site else None,
            reason=reason,
            entries=tuple(dict.fromkeys(paths)),
        )
        for (site, reason), paths in entries.items()
    )


def _paths(jet: Examined, rows: Sequence[int], order: int) -> list[str]:
    """The entries that this jet leaves without a number, as paths into the JSON answer."""
    if not jet.defined:
        return ["value", "gradient", "hessian"]
    whole = len(rows) == order and None not in (jet.value, *jet.gradient)
    if whole and all(entry is None for row in jet.hessian for entry in row):
        return ["hessian"]
    missing = [entry for entry, number in jet.entries.items() if number is None]
    return [path(tuple(rows[i] for i in entry)) for entry in missing]
