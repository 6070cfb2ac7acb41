"""The set on which a quantity is 0: near the point, some variables as functions of the others.

Where the quantity is of first degree in a variable, that is a formula, and a formula on the set is
one in fewer variables. Otherwise the jet of the implicit function stands for it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import sympy

from hesscli.balls.expressions import PIECEWISE, difference, is_identically_zero
from hesscli.balls.jets import Jet, Meter, composed, is_not_zero, pair
from hesscli.expression.names import symbol
from hesscli.expression.substitution import replaced
from hesscli.functions.balls.enclosure import ONE, Number, is_zero
from hesscli.functions.failures import tried
from hesscli.types import Expr, Formula, Site

MAX_SOLVED = 100  # operations of a quantity that is solved
_NO_FORMULA = (sympy.Derivative, sympy.Integral, sympy.nan, sympy.zoo, sympy.oo, -sympy.oo)

Key = tuple[frozenset[int], frozenset[tuple[Expr, Expr]], frozenset[Expr]]


@dataclass(frozen=True, slots=True)
class Zero:
    """A quantity that is 0 at the point, with its jet there.

    ``is_isolated`` says that near the point it is 0 only where its variables are as at the point.
    """

    quantity: Expr
    jet: Jet
    is_isolated: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """Near the point, the set on which one or more quantities are 0.

    The variables in ``rows`` are free on it. Of the others, those in ``graphs`` are formulas in the
    free ones, those in ``jets`` implicit functions of them by what is in ``zeros``, and the rest
    constant.
    """

    names: Sequence[str]
    rows: frozenset[int]
    graphs: Mapping[Expr, Expr] = field(default_factory=dict)
    jets: Mapping[str, Jet] = field(default_factory=dict)
    zeros: frozenset[Expr] = frozenset()

    @property
    def key(self) -> Key:
        """What two charts of one set have in common that are found on different ways."""
        return self.rows, frozenset(self.graphs.items()), self.zeros

    def restricted(self, expression: Expr) -> Expr | None:
        """A formula on the set; None where SymPy fails, which compares no infinities."""
        found = replaced(expression, self.graphs) if self.graphs else expression
        if found is None or not self.graphs:
            return found
        compared = found.atoms(sympy.core.relational.Relational)
        always = {c: c.func(0, 0) for c in compared if is_identically_zero(difference(c))}
        return replaced(found, always)

    def formula(self, formula: Formula) -> Formula | None:
        """A formula with its sites on the set."""
        expression = self.restricted(formula.expression)
        sites = [self._site(site) for site in formula.sites]
        if expression is None or None in sites:
            return None
        kept = tuple(site for site in sites if site is not None)
        return replace(formula, expression=expression, sites=kept)

    def _site(self, site: Site) -> Site | None:
        quantities = tuple(map(self.restricted, site.quantities))
        guards = tuple(map(self.restricted, site.guards))
        if None in quantities or None in guards:
            return None
        settled = tuple(sympy.S.Zero if is_identically_zero(q) else q for q in quantities)
        return replace(site, quantities=settled, guards=guards)

    def depends(self, expression: Expr) -> frozenset[int]:
        """The free variables that an expression on the set depends on, or may."""
        names = {s.name for s in expression.free_symbols}
        if names.intersection(self.jets):
            return self.rows
        return frozenset(row for row in self.rows if self.names[row] in names)

    def where_zero(self, zero: Zero, value: Mapping[int, Number], meter: Meter) -> Chart | None:
        """The part of the set on which a quantity is 0 too; None where that is not to be had.

        ``value`` has the coordinates of the point.
        """
        if zero.quantity.has(*PIECEWISE):
            return None
        used = self.depends(zero.quantity)
        steep = [row for row in sorted(used) if is_not_zero(zero.jet.at((row,)))]
        if zero.is_isolated or (len(used) == 1 and steep):
            return self._held(used)
        if not steep:
            return None
        # What is implicit would have to be known in fewer variables as well.
        solved = None if self.jets else self._solved(zero, steep)
        if solved is not None:
            return solved
        jet = _implicit_jet(zero.jet, steep[0], value[steep[0]])
        return self._implicit(zero.quantity, steep[0], jet, meter)

    def _held(self, rows: Collection[int]) -> Chart:
        left = self.rows.difference(rows)
        jets = {
            name: Jet(
                jet.value,
                {i: n for i, n in jet.gradient.items() if i in left},
                {(i, j): n for (i, j), n in jet.hessian.items() if i in left and j in left},
                bool(left),
            )
            for name, jet in self.jets.items()
        }
        return replace(self, rows=left, jets=jets)

    def _solved(self, zero: Zero, rows: Sequence[int]) -> Chart | None:
        """With the simplest formula for one of these variables, if there is any."""
        found = []
        for row in rows:
            sign = 1 if zero.jet.at((row,)) > 0 else -1
            graph = _graph(zero.quantity, symbol(self.names[row]), sign)
            if graph is not None:
                found.append((graph.has(sympy.Pow), graph.count_ops(), row, graph))
        if not found:
            return None
        *_, row, graph = min(found, key=lambda each: each[:3])
        variable = symbol(self.names[row])
        known = {other: tried(e.xreplace, {variable: graph}) for other, e in self.graphs.items()}
        if None in known.values():
            return None
        return replace(self, rows=self.rows - {row}, graphs={**known, variable: graph})

    def _implicit(self, quantity: Expr, row: int, jet: Jet, meter: Meter) -> Chart:
        inner = [Jet(jet.value, {k: ONE}, {}, True) for k in range(len(self.names))]
        inner[row] = jet
        jets = {
            name: composed(old.value, old.gradient, old.hessian, inner, meter)
            for name, old in self.jets.items()
        }
        return replace(
            self,
            rows=self.rows - {row},
            jets={**jets, self.names[row]: jet},
            zeros=self.zeros | {quantity},
        )


def _graph(quantity: Expr, variable: Expr, sign: int) -> Expr | None:
    """The variable where the quantity vanishes, if that is of at most second degree in it.

    ``sign`` is that of the slope in it, which is the root of the discriminant.
    """
    if quantity.count_ops() > MAX_SOLVED:
        return None
    whole = sympy.expand(quantity) if quantity.is_polynomial(variable) else quantity
    slope = tried(sympy.diff, whole, variable)
    twice = None if slope is None else tried(sympy.diff, slope, variable)
    if slope is None or twice is None or twice.has(variable):
        return None
    at_zero = {variable: sympy.S.Zero}
    rest, middle = tried(whole.xreplace, at_zero), tried(slope.xreplace, at_zero)
    if rest is None or middle is None or (rest + middle + twice).has(*_NO_FORMULA):
        return None
    if twice != 0:
        root = sympy.sqrt(sympy.expand(middle**2 - 2 * twice * rest))
        return (sign * root - middle) / twice
    return sympy.expand(-rest / middle) if middle.is_number else -rest / middle


def _implicit_jet(jet: Jet, row: int, value: Number) -> Jet:
    """The jet of the variable ``row`` in the others where a quantity with this jet is 0."""
    steepness = jet.at((row,))
    slopes = {i: -n / steepness for i, n in jet.gradient.items() if i != row}
    rows = sorted({i for entry in jet.hessian for i in entry} | set(slopes) - {row})
    bent = {}
    for k, i in enumerate(rows):
        for j in rows[k:]:
            if row in (i, j):
                continue
            number = jet.at(pair(i, j)) + _mixed(jet, row, slopes, i, j)
            if not is_zero(number):
                bent[i, j] = -number / steepness
    return Jet(value, slopes, bent, True)


def _mixed(jet: Jet, row: int, slopes: Mapping[int, Number], i: int, j: int) -> Number:
    """What the variable's own slopes add to the second derivative along the set."""
    a, b = slopes.get(i, 0), slopes.get(j, 0)
    own = jet.at((row, row))
    return jet.at(pair(i, row)) * b + jet.at(pair(j, row)) * a + own * a * b


def entangled(rows: Collection[int], tangents: Mapping[int, Jet]) -> dict[int, frozenset[int]]:
    """For each free variable, all variables that may change with it along the set.

    ``tangents`` are the jets of the variables that are no free ones. Of those that change together,
    second derivatives along the set do not tell which of their entries is which.
    """
    groups = [{row} for row in rows]
    for bound, jet in tangents.items():
        moving = set(jet.gradient).intersection(rows)
        joined = [group for group in groups if group & moving]
        groups = [group for group in groups if not group & moving]
        groups.append({bound}.union(*joined))
    return {row: frozenset(group) for group in groups for row in group if row in rows}
