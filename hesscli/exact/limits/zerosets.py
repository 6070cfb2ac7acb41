"""Where a polynomial, or a series, is zero near the origin: nowhere else, or on a hypersurface.

Proved with rational coefficients: in two variables the branches of real zeros are counted beside
the origin with Sturm's theorem (Bochnak, Coste, Roy: Real Algebraic Geometry, 1.2 and 9.3); in
more, a form that takes both signs has zeros of codimension one (ibid., 4.5.1), and one that is
definite has none but the origin.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations, islice, product
from math import gcd, lcm
from typing import Any, Literal

import flint
import sympy
from flint import arb, fmpq

from hesscli.exact.limits.constants import sign
from hesscli.exact.limits.series import Series
from hesscli.functions.balls.rationals import from_sympy, to_sympy
from hesscli.types import Expr

Kind = Literal["branch", "isolated", "unknown"]

MAX_FACTORED_DEGREE = 60
MAX_FACTORED_TERMS = 200
MAX_BRANCH_DEGREE = 24
MAX_BITS = 2_000
MAX_DIRECTIONS = 400
MAX_BOXES = 4_000
BALL_BITS = 120


def factors(polynomial: Series) -> tuple[Expr, list[tuple[Series, int]]]:
    """A constant, and the irreducible factors over the rationals with their multiplicities.

    Coefficients that are not rational, or too long, leave the polynomial whole, except for the
    powers of variables in it.
    """
    found: list[tuple[Series, int]] = []
    size = polynomial.size
    content = [min(powers[i] for powers in polynomial.terms) for i in range(size)]
    for i, power in enumerate(content):
        if power:
            found.append((Series.variable(size, i), power))
    rest = Series(
        size,
        {tuple(map(int.__sub__, p, content)): c for p, c in polynomial.terms.items()},
    )
    if not rest.depends:
        return rest.at_zero, found
    if not _is_short(rest):
        number, factor = _normal(rest, sympy.S.One, 1)
        return number, [*found, (factor, 1)]
    constant, parts = in_ring(rest).factor()
    number = to_sympy(constant)
    for part, power in parts:
        number, factor = _normal(from_ring(part, size), number, int(power))
        found.append((factor, int(power)))
    return number, found


def in_ring(polynomial: Series) -> Any:
    """A polynomial with rational coefficients as FLINT's, in the variables x0, x1 and so on."""
    names = tuple(f"x{i}" for i in range(polynomial.size))
    context = flint.fmpq_mpoly_ctx.get(names, "lex")
    return context.from_dict({p: from_sympy(c) for p, c in polynomial.terms.items()})


def from_ring(polynomial: Any, size: int) -> Series:
    """A polynomial of FLINT's in ``size`` variables as a series."""
    terms = polynomial.to_dict().items()
    return Series(size, {tuple(map(int, powers)): to_sympy(c) for powers, c in terms})


def _is_short(polynomial: Series) -> bool:
    return (
        polynomial.is_rational
        and polynomial.degree <= MAX_FACTORED_DEGREE
        and len(polynomial.terms) <= MAX_FACTORED_TERMS
        and _bits(polynomial) <= MAX_BITS
    )


def _bits(polynomial: Series) -> int:
    return max(int(max(c.p.bit_length(), c.q.bit_length())) for c in polynomial.terms.values())


def _normal(factor: Series, number: Expr, power: int) -> tuple[Expr, Series]:
    """The factor with first coefficient 1, and the constant with what was taken from it."""
    first = factor.terms[min(factor.terms, key=lambda powers: (sum(powers), powers))]
    return number * first**power, factor.scaled(1 / first)


@lru_cache(maxsize=1024)
def kind(factor: Series) -> Kind:
    """How the zeros of an irreducible factor that is 0 at the origin lie near it.

    "branch": on a set of codimension one through it, on both sides of which the signs differ;
    "isolated": only where all variables that the factor has are 0.
    """
    if len(factor.depends) == 1 and factor.is_exact:
        return "branch"
    if takes_both_signs(lowest(factor)):
        return "branch"
    hidden = not factor.is_exact and len(factor.depends) < factor.size
    if not hidden and principal_weights([factor], sorted(factor.depends)):
        return "isolated"
    if len(factor.depends) == 2 and factor.is_exact:
        return _in_the_plane(factor)
    return "unknown"


def lowest(series: Series) -> Series:
    """The form of least total degree."""
    ones = (1,) * series.size
    return series.form(ones, series.least(ones))


def takes_both_signs(form: Series) -> bool:
    """Whether a form is proved, at whole directions, to be positive and negative somewhere."""
    used = sorted(form.depends)
    signs: set[int] = set()
    for direction in islice(_directions(len(used)), MAX_DIRECTIONS):
        place = [sympy.S.Zero] * form.size
        for i, coordinate in zip(used, direction, strict=True):
            place[i] = coordinate
        signs.add(sign(form.at(place)))
        if {1, -1} <= signs:
            return True
    return len(used) == 2 and form.is_rational and _has_odd_root(form, used)


def _directions(count: int) -> Any:
    for reach in (1, 2, 3, 5):
        for direction in product(range(-reach, reach + 1), repeat=count):
            if any(direction):
                yield tuple(map(sympy.Integer, direction))


def _has_odd_root(form: Series, used: list[int]) -> bool:
    """Whether a form in two variables has a real linear factor of odd multiplicity."""
    return any(
        power % 2 and (len(part.depends) == 1 or not _is_definite_in_plane(part, used))
        for part, power in factors(form)[1]
    )


def principal_weights(series: Sequence[Series], used: Sequence[int]) -> tuple[int, ...] | None:
    """Weights by which the lowest forms of all ``series`` are definite in the variables ``used``.

    They are 0 for other variables.
    """
    candidates = {w: None for one in series for w in newton_weights(one, used)}
    for weights in candidates:
        forms = [one.form(weights, one.least(weights)) for one in series]
        if all(form.depends == set(used) and is_definite(form) for form in forms):
            return weights
    return None


def is_definite(form: Series) -> bool:
    """Whether a form, of some weights, is proved to be 0 nowhere but at the origin."""
    used = sorted(form.depends)
    if not used:
        return False
    pure = [{p[i] for p in form.terms if sum(p) == p[i]} for i in used]
    signs = {sign(c) for c in form.terms.values()}
    if len(signs) == 1 and all(pure) and all(k % 2 == 0 for p in form.terms for k in p):
        return True
    if not form.is_rational or not all(pure):
        return False
    if len(used) == 2:
        return form.degree <= MAX_FACTORED_DEGREE and _is_definite_in_plane(form, used)
    return _is_positive_on_cube(form, used)


def _is_definite_in_plane(form: Series, used: list[int]) -> bool:
    """By Sturm's theorem, on the lines x = ±1 and at x = 0."""
    i, j = used
    if not any(powers[i] == 0 for powers in form.terms):
        return False
    return all(
        not _count(_on_line(form, i, j, sympy.Integer(side)), None, None) for side in (1, -1)
    )


def _on_line(form: Series, i: int, j: int, x: Expr) -> Any:
    """The polynomial in variable j with x for variable i."""
    terms: dict[int, Expr] = {}
    for powers, coefficient in form.terms.items():
        terms[powers[j]] = terms.get(powers[j], sympy.S.Zero) + coefficient * x ** powers[i]
    return sympy.Poly({(k,): c for k, c in terms.items()}, sympy.Dummy(), domain="QQ")


def _count(polynomial: Any, low: Expr | None, high: Expr | None) -> int:
    """The number of real roots; all, if the polynomial is 0."""
    if polynomial.is_zero:
        return MAX_BRANCH_DEGREE
    if polynomial.degree() == 0:
        return 0
    return int(polynomial.count_roots(low, high))


def _is_positive_on_cube(form: Series, used: list[int]) -> bool:
    """Whether a form has one sign on the surface of the cube |xᵢ| ≤ 1, by subdivision in balls."""
    with flint.ctx.workprec(BALL_BITS):
        coefficients = [
            ([powers[i] for i in used], arb(from_sympy(c))) for powers, c in form.terms.items()
        ]
        boxes: list[list[tuple[Any, Any]]] = []
        for face, side in product(range(len(used)), (1, -1)):
            box = [(fmpq(0), fmpq(1))] * len(used)
            box[face] = (fmpq(side), fmpq(0))
            boxes.append(box)
        signs: set[bool] = set()
        for _ in range(MAX_BOXES):
            if not boxes:
                return len(signs) == 1
            box = boxes.pop()
            value = _on_box(coefficients, [arb(arb(m), arb(r)) for m, r in box])
            if value > 0 or value < 0:
                signs.add(bool(value > 0))
            else:
                boxes += _halves(box)
        return False


def _on_box(coefficients: list[tuple[list[int], Any]], box: list[Any]) -> Any:
    total = 0
    for powers, coefficient in coefficients:
        term = coefficient
        for ball, power in zip(box, powers, strict=True):
            for _ in range(power // 2):
                # A square is not negative, which a product of balls does not know.
                term = term * (ball * ball).nonnegative_part()
            if power % 2:
                term = term * ball
        total = total + term
    return total


def _halves(box: list[tuple[Any, Any]]) -> list[list[tuple[Any, Any]]]:
    widest = max(range(len(box)), key=lambda k: box[k][1])
    middle, radius = box[widest]
    halves = []
    for side in (1, -1):
        half = list(box)
        half[widest] = (middle + side * radius / 2, radius / 2)
        halves.append(half)
    return halves


def _in_the_plane(factor: Series) -> Kind:
    """Counts the real branches through the origin beside it, on the lines x = ±ε."""
    i, j = sorted(factor.depends)
    if not factor.is_rational or factor.degree > MAX_BRANCH_DEGREE or _bits(factor) > MAX_BITS:
        return "unknown"
    zero = sympy.S.Zero
    height = _room(_on_line(factor, i, j, zero))
    sides = [_on_line(factor, j, i, height), _on_line(factor, j, i, -height)]
    width = min(map(_room, [*sides, _discriminant(factor, i, j)]))
    for x in (width, -width):
        if _count(_on_line(factor, i, j, x), -height, height):
            return "branch"
    return "isolated"


def _discriminant(factor: Series, i: int, j: int) -> Any:
    """The discriminant by variable j, times the leading coefficient: polynomials in variable i."""
    polynomial, top = in_ring(factor), max(p[j] for p in factor.terms)
    first = {(*p[:j], 0, *p[j + 1 :]): c for p, c in factor.terms.items() if p[j] == top}
    leading = in_ring(Series(factor.size, first))
    found = (polynomial.discriminant(f"x{j}") if top > 1 else leading) * leading
    return _on_line(from_ring(found, factor.size), j, i, sympy.S.Zero)


def _room(polynomial: Any) -> Expr:
    """A positive number below the size of every root that is not 0 (Cauchy's bound, halved)."""
    coefficients = [abs(c) for c in reversed(polynomial.all_coeffs())]
    first = next(k for k, c in enumerate(coefficients) if c)
    largest = max(coefficients[first + 1 :], default=sympy.S.Zero)
    return coefficients[first] / (coefficients[first] + largest) / 2


def newton_weights(series: Series, used: Sequence[int]) -> list[tuple[int, ...]]:
    """Weights of the edges of the Newton polygon, equal ones first; 0 for other variables.

    In more than two variables, those by which the pure powers have equal degrees.
    """
    found: dict[tuple[int, ...], None] = {tuple(int(k in used) for k in range(series.size)): None}
    corners = sorted({tuple(powers[i] for i in used) for powers in series.terms})
    if len(used) == 2:
        steps = [(b[0] - a[0], a[1] - b[1]) for a, b in combinations(corners, 2)]
        candidates: list[tuple[int, ...]] = [
            (down, across) for across, down in steps if across > 0 and down > 0
        ]
    else:
        pure = [
            min((c[k] for c in corners if sum(c) == c[k] > 0), default=0) for k in range(len(used))
        ]
        common = lcm(*pure)
        candidates = [tuple(common // power for power in pure)] if all(pure) else []
    for candidate in candidates:
        divisor = gcd(*candidate)
        weights = [0] * series.size
        for i, weight in zip(used, candidate, strict=True):
            weights[i] = weight // divisor
        if len(series.form(weights, series.least(weights)).terms) > 1:
            found[tuple(weights)] = None
    return list(found)
