"""A stationary point with a singular Hessian → its kind, where higher terms prove it.

By the splitting lemma (Gromoll & Meyer, Topology 8 (1969)), f is ½·aᵀA·a + g(t) in suitable
coordinates, a across the null space of the Hessian and t along it, with g of order 3 or more. The
Taylor polynomial of g is computed exactly, and then two things are proved:

- values of a sign, from the leading term along a curve: both signs are a saddle;
- a strict extremum, where the terms that lead by a weighting of the coordinates form a definite
  function. All terms that are heavier, those beyond the degree of the polynomial among them, are
  small against it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product

import flint
import sympy
from flint import fmpq, fmpq_mat

from hesscli.exact.limits.series import unit
from hesscli.exact.spectrum.eigenvalues import Number, Work
from hesscli.exact.spectrum.taylor import (
    PRECISION,
    NoSeriesError,
    Series,
    Taylor,
    added,
    rational,
)
from hesscli.functions.balls.rationals import to_sympy
from hesscli.functions.failures import tried
from hesscli.types import Expr

DEGREES = (4, 8, 16)
MAX_WORK = 100_000  # products of coefficients, for each degree
MAX_TERMS = 100_000  # of the function, on all curves together
STEPS = (1, -1, 0, 2, -2)  # in each coordinate, along a curve
MAX_WEIGHT = 3


def degenerate_kind(
    expression: Expr,
    variables: Sequence[Expr],
    point: Mapping[Expr, Expr],
    positive: int,
    zero: int,
    negative: int,
) -> str | None:
    """The kind of a stationary point: ``"minimum"``, ``"maximum"`` (both strict) or ``"saddle"``.

    The point gives exact numbers to the variables and to all other symbols; the counts are those of
    the Hessian's eigenvalues. None where the terms up to degree 16 do not decide, or cannot be
    computed within a bound on the operations.
    """
    if positive and negative:
        return "saddle"
    if not zero:
        return "minimum" if positive else "maximum"
    # Irrational values are put in by SymPy, which knows that sqrt(2) - sqrt(2) is 0.
    moved = {v: v + point[v] for v in variables if rational(point[v]) is None}
    expression = expression.xreplace(moved)
    point = {**point, **dict.fromkeys(moved, sympy.S.Zero)}
    for degree in DEGREES:
        with flint.ctx.workprec(PRECISION):
            try:
                kind = tried(_kind, expression, variables, point, degree, positive - negative)
            except NoSeriesError:  # nor would there be one of a higher degree
                return None
        if kind is not None:
            return kind
    return None


def _kind(
    expression: Expr,
    variables: Sequence[Expr],
    point: Mapping[Expr, Expr],
    degree: int,
    signature: int,
) -> str | None:
    """What the terms up to ``degree`` decide, if all other eigenvalues have one sign."""
    split = _split(expression, variables, point, degree)
    if split is None:
        return None
    reduced, corank, rank = split
    if rank != abs(signature):
        return None
    signs = _signs(reduced, corank, degree)
    if signature:
        signs.add(1 if signature > 0 else -1)
    if len(signs) == 2:
        return "saddle"
    for sign, kind in ((1, "minimum"), (-1, "maximum")):
        turned = {m: c * sign for m, c in reduced.items()}
        if signs == {sign} and _is_positive(turned, corank):
            return kind
    return None


# Splitting


def _split(
    expression: Expr, variables: Sequence[Expr], point: Mapping[Expr, Expr], degree: int
) -> tuple[Series, int, int] | None:
    """The function along the null space, the dimension of that, and the rank of the Hessian.

    None where the point is not proved to be stationary with an exact Hessian.
    """
    order, work = len(variables), Work(MAX_WORK)
    units = [[fmpq(int(i == j)) for j in range(order)] for i in range(order)]
    series = _series(expression, variables, point, units, 2, work)
    if any(sum(m) == 1 for m in series):
        return None
    hessian = [[_second(series, i, j) for j in range(order)] for i in range(order)]
    exact = [[entry for entry in row if isinstance(entry, fmpq)] for row in hessian]
    if any(len(row) < order for row in exact):
        return None
    echelon, rank = fmpq_mat(exact).rref()
    rows = echelon.tolist()[:rank]
    pivots = [next(j for j in range(order) if row[j] != 0) for row in rows]
    # The principal block of the pivots is regular, since the matrix is symmetric.
    columns = [units[p] for p in pivots]
    for free in (j for j in range(order) if j not in pivots):
        null = [fmpq(int(i == free)) for i in range(order)]
        for pivot, row in zip(pivots, rows, strict=True):
            null[pivot] = -row[free]
        columns.append(null)
    frame = [[column[i] for column in columns] for i in range(order)]
    series = _series(expression, variables, point, frame, degree, Work(MAX_WORK))
    if rank == 0:
        return {m: c for m, c in series.items() if sum(m)}, order, 0
    block = fmpq_mat([[exact[i][j] for j in pivots] for i in pivots])
    return _reduced(series, rank, order - rank, block.inv(), degree), order - rank, rank


def _series(
    expression: Expr,
    variables: Sequence[Expr],
    point: Mapping[Expr, Expr],
    frame: Sequence[Sequence[fmpq]],
    degree: int,
    work: Work,
) -> Series:
    """The Taylor polynomial in coordinates along the columns of ``frame``."""
    order = len(variables)
    numbers = Taylor({}, order, degree, work)
    places: dict[Expr, Series] = {}
    for name, value in point.items():
        known = rational(value)
        places[name] = numbers.number(known) if known is not None else numbers.of(value)
    for name, row in zip(variables, frame, strict=True):
        line: Series = {unit(order, j): c for j, c in enumerate(row) if c != 0}
        places[name] = added([places[name], line])
    return Taylor(places, order, degree, work).of(expression)


def _second(series: Series, i: int, j: int) -> Number:
    order = len(next(iter(series))) if series else 0
    if not order:
        return fmpq(0)
    monomial = tuple(int(k == i) + int(k == j) for k in range(order))
    return series.get(monomial, fmpq(0)) * (2 if i == j else 1)


def _reduced(series: Series, rank: int, corank: int, inverse: fmpq_mat, degree: int) -> Series:
    """The function on the curve or surface a(t) where it is stationary in a.

    An error in a counts by its square, so that half the degree is enough for a(t), which the
    iteration a ← a - A⁻¹·∂f/∂a finds degree by degree.
    """
    work = Work(MAX_WORK)
    half = degree // 2
    low = Taylor({}, corank, half, work)
    slopes = [_slope(series, i, half) for i in range(rank)]
    places: list[Series] = [{} for _ in range(rank)]
    for _ in range(half):
        errors = [_inserted(slope, places, low) for slope in slopes]
        moves = [
            added([{m: -inverse[i, j] * c for m, c in e.items()} for j, e in enumerate(errors)])
            for i in range(rank)
        ]
        if not any(moves):
            break
        places = [added([place, move]) for place, move in zip(places, moves, strict=True)]
    found = _inserted(series, places, Taylor({}, corank, degree, work))
    return {m: c for m, c in found.items() if sum(m)}


def _slope(series: Series, place: int, degree: int) -> Series:
    found: Series = {}
    for monomial, coefficient in series.items():
        power = monomial[place]
        if power and sum(monomial) <= degree + 1:
            lower = (*monomial[:place], power - 1, *monomial[place + 1 :])
            found[lower] = coefficient * power
    return found


def _inserted(series: Series, places: Sequence[Series], taylor: Taylor) -> Series:
    """The series of (a, t) with series in t in place of a."""
    rank = len(places)
    powers: dict[tuple[int, int], Series] = {}

    def power(place: int, exponent: int) -> Series:
        if exponent == 0:
            return taylor.number(fmpq(1))
        if (place, exponent) not in powers:
            lower = power(place, exponent - 1)
            powers[place, exponent] = taylor.product(lower, places[place])
        return powers[place, exponent]

    # a(t) has order 2 or more.
    kept = [m for m in series if 2 * sum(m[:rank]) + sum(m[rank:]) <= taylor.degree]
    terms = []
    for monomial in kept:
        term: Series = {monomial[rank:]: series[monomial]}
        for place, exponent in enumerate(monomial[:rank]):
            if exponent:
                term = taylor.product(term, power(place, exponent))
        terms.append(term)
    return added(terms)


# Signs along curves


def _signs(reduced: Series, corank: int, degree: int) -> set[int]:
    """Signs that are proved to be taken at points as near as one likes."""
    found: set[int] = set()
    if not reduced:
        return found
    for weights, steps in islice(_curves(corank), MAX_TERMS // (len(reduced) * corank)):
        values: dict[int, Number] = {}
        for monomial, coefficient in reduced.items():
            power, factor = 0, 1
            for exponent, weight, step in zip(monomial, weights, steps, strict=True):
                power, factor = power + exponent * weight, factor * step**exponent
            values[power] = values.get(power, fmpq(0)) + coefficient * factor
        # What was cut off has a power above this.
        known = sorted(p for p in values if p <= degree * min(weights) and values[p] != 0)
        if known and (values[known[0]] > 0 or values[known[0]] < 0):
            sign = 1 if values[known[0]] > 0 else -1
            found |= {sign} if known[0] % 2 == 0 else {1, -1}
        if len(found) == 2:
            break
    return found


def _curves(order: int) -> Iterator[tuple[Sequence[int], Sequence[int]]]:
    """Curves t_i = c_i·s^w_i, straight ones first."""
    every = sorted(product(range(1, MAX_WEIGHT + 1), repeat=min(order, 4)), key=sum)
    for weights in every:
        if weights != (1,) * len(weights) and min(weights) == max(weights):
            continue
        for steps in product(STEPS, repeat=len(weights)):
            if not any(steps):
                continue
            rest = (0,) * (order - len(weights))
            yield (*weights, *(1 for _ in rest)), (*steps, *rest)


# Definiteness


def _is_positive(reduced: Series, order: int) -> bool:
    """Whether it is proved that the function is positive at all points near 0, other than 0.

    With t_i^(2·m_i) the pure powers, a term weighs Σ α_i/(2·m_i). What weighs more than 1 is small
    against their sum, and what is a square with a positive factor can be left out.
    """
    halves = []
    for place in range(order):
        pure = [m[place] for m in reduced if m[place] and sum(m) == m[place]]
        least = min(pure, default=1)
        if least % 2:
            return False
        halves.append(least // 2)
    principal: Series = {}
    for monomial, coefficient in reduced.items():
        weight = sum(fmpq(e, 2 * h) for e, h in zip(monomial, halves, strict=True))
        square = coefficient > 0 and all(e % 2 == 0 for e in monomial)
        if weight < 1 and not square:
            return False
        if weight == 1:
            principal[monomial] = coefficient
    if not principal:
        return False
    return _is_definite_form(principal, halves) or (
        order == 2 and _has_no_real_roots(principal, halves)
    )


def _is_definite_form(principal: Series, halves: Sequence[int]) -> bool:
    """Whether it is a positive definite quadratic form in the t_i^m_i, but for squares."""
    order = len(halves)
    form = [[fmpq(0)] * order for _ in range(order)]
    for monomial, coefficient in principal.items():
        powers = [e // h for e, h in zip(monomial, halves, strict=True)]
        inside = sum(powers) == 2 and all(
            p * h == e for p, h, e in zip(powers, halves, monomial, strict=True)
        )
        square = coefficient > 0 and all(e % 2 == 0 for e in monomial)
        pair = [i for i, p in enumerate(powers) for _ in range(p)]
        if square and (not inside or pair[0] != pair[1]):
            continue
        if not inside:
            return False
        if not isinstance(coefficient, fmpq):
            # A pure power has a sign, and alone it is enough; 1 stands for it where all others are.
            if pair[0] != pair[1] or not coefficient > 0 or len(principal) > order:
                return False
            coefficient = fmpq(1)
        i, j = pair
        form[i][j] += coefficient / 2
        form[j][i] += coefficient / 2
    matrix = fmpq_mat(form)
    minors = (fmpq_mat([row[:k] for row in form[:k]]).det() for k in range(1, matrix.nrows() + 1))
    return all(minor > 0 for minor in minors)


def _has_no_real_roots(principal: Series, halves: Sequence[int]) -> bool:
    """Whether a weighted form of two variables with positive pure powers is positive elsewhere.

    Each of its curves of equal weight meets one of the lines t_1 = 1 and t_1 = -1, or t_1 = 0.
    """
    if not all(isinstance(c, fmpq) for c in principal.values()):
        return False
    if not principal.get((0, 2 * halves[1]), fmpq(0)) > 0:
        return False
    u = sympy.Dummy()
    for side in (1, -1):
        terms = [to_sympy(c) * side**m * u**k for (m, k), c in principal.items()]
        if sympy.Poly(sympy.Add(*terms), u).count_roots() != 0:
            return False
    return True
