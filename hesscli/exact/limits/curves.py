"""Curves towards a point on which a formula may behave as on no line.

y = c·xᵏ with the weights of what it divides by, and the zeros of that, which curves run beside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product

import sympy
from sympy.functions.elementary.piecewise import ExprCondPair

from hesscli.exact.limits.germs import Germs
from hesscli.exact.limits.series import Series
from hesscli.exact.limits.zerosets import newton_weights
from hesscli.functions.failures import SYMPY_FAILURES, tried
from hesscli.types import Expr

# For each variable by its place, the coefficients of powers of the distance.
Curve = dict[int, dict[int, Fraction]]

CONSTANTS = (Fraction(7, 10), Fraction(-13, 10))
# Where weights are not known, beside the parabolas that are always looked along.
CUBES = ((1, 3), (3, 1))
MAX_POWER = 9
ORDER = 6
MAX_CURVES = 40
MAX_OPERATIONS = 200  # of what is read as a series


def curves(
    expression: Expr,
    quantities: Sequence[Expr],
    variables: Sequence[Expr],
    moved: Sequence[int],
    point: Mapping[Expr, Expr],
) -> list[Curve]:
    """Curves towards the point in the variables ``moved``, at most :data:`MAX_CURVES`.

    ``quantities`` are what may be 0 there, beside whose zeros some of the curves run.
    """
    if len(moved) < 2:
        return []
    if len(moved) > 2:
        return list(_generic(moved))
    held = {v: point[v] for k, v in enumerate(variables) if k not in moved}
    pair = [variables[k] for k in moved]
    germs = Germs(pair, {v: point[v] for v in pair}, ORDER)
    found: list[Curve] = []

    def here(whole: Expr) -> Iterator[Expr]:
        held_there = tried(whole.xreplace, held)
        if held_there is not None:  # SymPy compares no infinities
            yield held_there

    for whole in here(expression):
        found += _along_weights(_weights(whole, germs), moved)
    for quantity in _squared([expression, *quantities]):
        for whole in here(quantity):
            found += _beside_zeros(whole, germs, moved, on=True)
    for quantity in quantities:
        for whole in here(quantity):
            found += _beside_zeros(whole, germs, moved)
    return found[:MAX_CURVES]


def _squared(expressions: Sequence[Expr]) -> list[Expr]:
    """What stands in even powers and absolute values: near its zeros, these make thin channels."""
    found: dict[Expr, None] = {}
    for expression in expressions:
        for part in expression.atoms(sympy.Pow):
            if part.exp.is_Integer and part.exp.is_even:
                found[part.base] = None
        found |= dict.fromkeys(part.args[0] for part in expression.atoms(sympy.Abs))
    return [base for base in found if base.is_Add and base.count_ops() <= MAX_OPERATIONS]


def _generic(moved: Sequence[int]) -> Iterator[Curve]:
    """x = r, y = c·r², z = d·r³ and so on, from every variable's turn."""
    for turn in range(3):
        turned = [*moved[turn:], *moved[:turn]]
        constant = CONSTANTS[turn % 2]
        yield {i: {1 + k % 3: constant**k} for k, i in enumerate(turned)}


def _along_weights(weights: Sequence[tuple[int, ...]], moved: Sequence[int]) -> Iterator[Curve]:
    i, j = moved
    for first, second in weights:
        if max(first, second) <= MAX_POWER:
            for constant in CONSTANTS:
                yield {i: {first: Fraction(1)}, j: {second: constant}}


def _weights(expression: Expr, germs: Germs) -> list[tuple[int, ...]]:
    """The weights of the Newton polygons of denominators and of functions' arguments."""
    found: dict[tuple[int, ...], None] = {}
    is_known = True
    for part in sympy.preorder_traversal(expression):
        inside = []
        if part.is_Boolean or isinstance(part, (sympy.Piecewise, ExprCondPair)):
            continue
        if part.count_ops() > MAX_OPERATIONS:
            continue
        if part.is_Function:
            inside = [sympy.Add(*sympy.fraction(sympy.together(a))) for a in part.args]
        elif part.is_Pow and not (part.exp.is_Integer and part.exp > 0):
            inside = [part.base]
        for quantity in inside:
            if not quantity.free_symbols.issuperset(germs.variables):
                continue
            series = _series(quantity, germs)
            is_known &= series is not None
            if series is not None and series.terms:
                found |= dict.fromkeys(newton_weights(series, (0, 1))[1:])
    return list(found) if found or is_known else list(CUBES)


def _series(quantity: Expr, germs: Germs) -> Series | None:
    if quantity.count_ops() > MAX_OPERATIONS:
        return None
    try:
        return germs.analytic(quantity)
    except SYMPY_FAILURES:
        return None


def _beside_zeros(
    quantity: Expr, germs: Germs, moved: Sequence[int], *, on: bool = False
) -> Iterator[Curve]:
    """Curves at distances r³ and r⁵ from the zeros of what has a slope at the point; or ``on``."""
    series = _series(quantity, germs)
    if series is None or not series.is_rational or series.valuation != 1:
        return
    if len(series.depends) < 2:  # a line that a variable's axis crosses
        return
    for axis in (0, 1):
        branch = _solved(series, axis)
        if not branch:
            continue  # none, or a variable's axis
        if on:
            yield {moved[1 - axis]: {1: Fraction(1)}, moved[axis]: branch}
        for power, side in product((3, 5), (1, -1)):
            coefficients = {k: c for k, c in branch.items() if k < power}
            coefficients[power] = branch.get(power, Fraction(0)) + side
            yield {moved[1 - axis]: {1: Fraction(1)}, moved[axis]: coefficients}
        return


def _solved(series: Series, axis: int) -> dict[int, Fraction] | None:
    """The variable ``axis`` as a series in the other where ``series`` is 0, by iteration."""
    unit = (1 - axis, axis)
    slope = series.terms.get(unit)
    if slope is None:
        return None
    known: dict[int, Expr] = {}
    for power in range(1, ORDER):
        there = _restricted(series, axis, known, power)
        known[power] = -there / slope
    return {k: Fraction(int(c.p), int(c.q)) for k, c in known.items() if c}


def _restricted(series: Series, axis: int, branch: Mapping[int, Expr], power: int) -> Expr:
    """The coefficient of r^power of the series on the branch, as far as it is known."""
    other = Series(1, {(k,): c for k, c in branch.items()})
    total = sympy.S.Zero
    for powers, coefficient in series.terms.items():
        left = power - powers[1 - axis]
        if left >= 0:
            raised = other.power(powers[axis], ORDER + 1)
            total += coefficient * raised.terms.get((left,), sympy.S.Zero)
    return total
