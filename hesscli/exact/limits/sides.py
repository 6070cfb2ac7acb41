"""Sides of lower dimension, on which no way towards a point stays: the formula is examined there.

What holds where two quantities are equal, and nowhere beside it, has derivatives along that set
alone. They must be those that the limits from beside it have along it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Literal

import sympy
from flint import arb, fmpq
from sympy.codegen.cfunctions import hypot

from hesscli.balls.expressions import Balls, difference, factors, oriented
from hesscli.balls.jets import BudgetError, Entry, Jet, Meter, composed, is_not_zero, pair
from hesscli.exact.cells import Side, entries
from hesscli.exact.charts import Chart, Zero, entangled
from hesscli.exact.limits.curves import ORDER
from hesscli.exact.limits.germs import Germs
from hesscli.exact.limits.zerosets import kind
from hesscli.exact.proof import BUDGET, Exact, Prover, exact
from hesscli.expression.names import symbol
from hesscli.expression.substitution import replaced
from hesscli.functions.balls import NotProvedError, UndecidedError
from hesscli.functions.balls.enclosure import ONE, ZERO, Number
from hesscli.functions.failures import tried
from hesscli.types import Expr, Formula

# Limits are known to more digits than that, relative to what they are sums of.
CLOSE = fmpq(1, 10**20)
# 0 at 0 with a slope, and nowhere else nearby.
_LIKE_LINEAR = ("sin", "tan", "sinh", "tanh", "asin", "atan", "asinh", "atanh", "erf", "expm1")
_STEPS = (sympy.sign, sympy.floor, sympy.ceiling)


@dataclass(frozen=True, slots=True)
class Lower:
    """What there is on a side of lower dimension: numbers that are not 0, and entries without."""

    numbers: Mapping[Entry, Number]
    missing: frozenset[Entry]


Examined = Callable[[Formula], Lower | None]


@dataclass(frozen=True, slots=True)
class Sides:
    """The sides of lower dimension at one point, at the working precision ``bits``."""

    formula: Formula
    point: Mapping[str, Exact]
    bits: int
    examined: Examined

    @property
    def _all(self) -> frozenset[Entry]:
        return frozenset(entries(self.formula.wrt)) - {()}

    def contradicted(self, known: Mapping[Entry, Number]) -> frozenset[Entry]:
        """The entries that they contradict of what limits beside them have shown.

        ``known`` are the numbers of all entries that have one. A side that cannot be solved for
        a variable may contradict everything.
        """
        found: set[Entry] = set()
        try:
            for chart in self._charts():
                if chart is None:
                    return self._all
                if chart.rows:  # otherwise it is the point itself
                    found |= self._against(chart, known)
        except (BudgetError, NotProvedError, UndecidedError):
            return self._all
        return frozenset(found)

    def _charts(self) -> Iterator[Chart | None]:
        """The sides; None for one that is not to be had as a formula."""
        prover = Prover(self.formula, self.point, Meter(BUDGET))
        balls = prover.at_point(self.bits)
        rows = frozenset(range(self.formula.wrt))
        whole = Chart(self.formula.differentiated, rows)
        values = {row: balls.place[name].value for row, name in enumerate(whole.names)}
        steps = _steps(self.formula.expression, balls)
        for key, nodes in steps.items():
            is_thin = _is_thin(self.formula.expression, nodes)
            for factor, power in _irreducible(key, balls):
                zero = self._zero(factor, balls, whole)
                if zero is False:
                    continue
                if zero is None:
                    if is_thin:
                        yield None
                    continue
                chart = whole.where_zero(zero, values, prover.meter)
                if power % 2 and not is_thin and (_is_steep(zero) or chart is None):
                    continue  # what holds where it is 0 holds on one of its sides, too
                yield None if chart is None or chart.jets else chart

    def _zero(self, quantity: Expr, balls: Balls, whole: Chart) -> Zero | Literal[False] | None:
        """A quantity that is 0 at the point and varies; False if it does not, None if unknown."""
        try:
            jet = balls.jet(quantity)
            if balls.sign(quantity, jet) or not jet.varies:
                return False
        except (BudgetError, NotProvedError, UndecidedError):
            return None
        used = whole.depends(quantity)
        side = Side(quantity, 0, jet, len(used), False)
        is_isolated = side.is_isolated or len(used) == 1 or self._is_isolated(quantity)
        return Zero(quantity, jet, is_isolated)

    def _is_isolated(self, quantity: Expr) -> bool:
        variables = [symbol(name) for name in self.formula.differentiated]
        point = {symbol(name): exact(value) for name, value in self.point.items()}
        series = tried(Germs(variables, point, ORDER).polynomial, quantity)
        return series is not None and tried(kind, series) == "isolated"

    def _against(self, chart: Chart, known: Mapping[Entry, Number]) -> frozenset[Entry]:
        """What one side contradicts."""
        lower = chart.formula(self.formula)
        free = sorted(chart.rows)
        first = [self.formula.variables[row] for row in free]
        rest = [name for name in self.formula.variables if name not in first]
        there = None
        if lower is not None:
            there = self.examined(replace(lower, variables=(*first, *rest), wrt=len(free)))
        if there is None or any(len(entry) < 2 for entry in there.missing):
            return self._all
        prover = Prover(self.formula, self.point, Meter(BUDGET), rows=chart.rows, chart=chart)
        groups = entangled(free, prover.tangents(self.bits))
        along = self._along(prover.tangents(self.bits), chart, known)
        found: set[Entry] = set()
        for entry in entries(len(free)):
            rows = tuple(free[k] for k in entry)
            touched = _touched(rows, groups)
            is_known = entry not in there.missing and all(e in known for e in touched)
            number = there.numbers.get(entry, ZERO)
            if is_known and _are_close(along.at(rows), number, known.values()):
                continue
            if len(entry) < 2:
                return self._all
            found |= touched
        return frozenset(found)

    def _along(
        self, tangents: Mapping[int, Jet], chart: Chart, known: Mapping[Entry, Number]
    ) -> Jet:
        """The jet along a side of what has these numbers beside it."""
        inner = [
            Jet(ZERO, {row: ONE}, {}, True) if row in chart.rows else tangents.get(row, Jet(ZERO))
            for row in range(self.formula.wrt)
        ]
        slopes = {row: n for row in range(len(inner)) if (n := known.get((row,))) is not None}
        bent: dict[Any, Number] = {e: n for e, n in known.items() if len(e) == 2}
        return composed(known[()], slopes, bent, inner, Meter(BUDGET))


def _touched(rows: Entry, groups: Mapping[int, frozenset[int]]) -> set[Entry]:
    """The entries that a derivative along a side is a sum of."""
    if not rows:
        return {()}
    if len(rows) == 1:
        return {(a,) for a in groups[rows[0]]}
    return {pair(a, b) for a in groups[rows[0]] for b in groups[rows[1]]}


def _are_close(a: Number, b: Number, summands: Any) -> bool:
    scale = sum((abs(arb(n)) for n in summands), abs(arb(b)))
    return not abs(arb(a) - arb(b)) > scale * CLOSE


def _is_steep(zero: Zero) -> bool:
    return any(map(is_not_zero, zero.jet.gradient.values()))


def _irreducible(quantity: Expr, balls: Balls) -> Iterator[tuple[Expr, int]]:
    """Quantities of which one is 0 wherever this is near the point, with the powers they have."""
    split = factors(quantity) or _same_zeros(quantity, balls)
    if not split:
        yield quantity, 1
    for factor, power in split:
        if factor.free_symbols and power > 0:
            yield from ((part, power * k) for part, k in _irreducible(factor, balls))


def _same_zeros(quantity: Expr, balls: Balls) -> tuple[tuple[Expr, int], ...]:
    """A simpler quantity with the same zeros, as if it were squared where there is no sign."""
    if isinstance(quantity, hypot):
        return ((sympy.Add(*(arg**2 for arg in quantity.args)), 2),)
    if isinstance(quantity, sympy.Abs):
        return ((quantity.args[0], 2),)
    if quantity.is_Pow and quantity.exp.is_Rational and quantity.exp > 0:
        return ((quantity.base, 2),)
    if type(quantity).__name__ in _LIKE_LINEAR and _vanishes(quantity.args[0], balls):
        return ((quantity.args[0], 1),)
    return ()


def _vanishes(quantity: Expr, balls: Balls) -> bool:
    try:
        return balls.sign(quantity, balls.jet(quantity)) == 0
    except (BudgetError, NotProvedError, UndecidedError):
        return False


# A part of a formula that depends on the sign of a quantity: by that sign, what it is.
Step = tuple[Expr, Callable[[int], Expr]]


def _steps(expression: Expr, balls: Balls) -> dict[Expr, list[Step]]:
    """The parts of a formula that jump where a quantity is 0, by that quantity."""
    found: dict[Expr, list[Step]] = {}
    for part in expression.atoms(sympy.core.relational.Relational, *_STEPS):
        if isinstance(part, _STEPS):
            split = _rounding(part, balls)
        else:
            split = (difference(part), lambda sign, part=part: part.func(sign, 0))
        if split is not None:
            quantity, by_sign = split
            key, turn = oriented(quantity)
            step = (part, lambda sign, turn=turn, by_sign=by_sign: by_sign(sign * turn))
            found.setdefault(key, []).append(step)
    return found


def _rounding(part: Expr, balls: Balls) -> Step | None:
    """The quantity at whose zeros a sign, floor or ceiling jumps at the point, if any."""
    (inside,) = part.args
    if isinstance(part, sympy.sign):
        return inside, sympy.Integer
    try:
        whole = balls.whole_number(inside, balls.jet(inside))
    except (BudgetError, NotProvedError, UndecidedError):
        return None
    if whole is None:
        return None
    return inside - whole, lambda sign: part.func(whole + Fraction(sign, 2))


def _is_thin(expression: Expr, steps: list[Step]) -> bool:
    """Whether a formula is another one where a quantity is 0 than on each side of that."""
    forms = [
        replaced(expression, {part: by_sign(sign) for part, by_sign in steps})
        for sign in (-1, 0, 1)
    ]
    return forms[1] is None or forms[1] not in (forms[0], forms[2])
