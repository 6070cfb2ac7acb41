"""The ways towards a point, and what the numbers on them tend to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import isfinite

import sympy

from hesscli.balls.expressions import Balls
from hesscli.balls.rounding import nearest
from hesscli.exact.numbers import Number
from hesscli.functions.balls import NotProvedError, UndecidedError
from hesscli.types import Expr

# Distances of the rings around the point. Quotients such as (1 - cos(x))/x² lose digits in
# proportion to the exponent of the innermost; DIGITS leaves room for that.
# Neither they nor their reciprocals are round: at 1e-20, sin(pi/x) would always be 0.
RINGS = (
    Fraction(61803398874989484821, 10**40),
    Fraction(27182818284590452353, 10**60),
    Fraction(14142135623730950489, 10**100),
)
# On curves, whose powers of the distance would be lost among the digits.
WIDE_RINGS = (
    Fraction(61803398874989484821, 10**26),
    Fraction(27182818284590452353, 10**32),
    Fraction(14142135623730950489, 10**42),
)
# A sequence over the rings converges when its second step is this much smaller than its first:
# |x|**0.15 does (1e-3), and log|x| (2) does not.
CONVERGED = sympy.Float("1e-3")
# And it diverges when each step makes it this many times larger.
GROWN = sympy.Float("1e5")
# Relative to a number of hundreds of digits, a rounding error.
ROUNDING = sympy.Float("1e-100")
# Below this, a double is 0.
UNDERFLOW = sympy.Float("1e-330")
# Slopes that no axis, diagonal or symmetric kink follows.
OBLIQUE = (Fraction(61, 100), Fraction(-79, 100))

# Coefficients of a way that is no such curve.
PLAIN = 3

Limit = tuple[Number, Number]  # a limit and how far the innermost ring may be from it
# A way towards the point: for each variable the coefficients of r, r², r³ and so on.
Way = tuple[tuple[Fraction, ...], ...]
Offset = tuple[Fraction, Way] | None  # a ring on a way; None is the point itself


def is_wide(way: Way) -> bool:
    """Whether a way is one of the curves that are looked along further out."""
    return any(len(coefficients) > PLAIN for coefficients in way)


def ways_towards(
    count: int,
    moved: tuple[int, ...],
    crossings: Sequence[Mapping[int, Fraction]],
    curves: Sequence[Mapping[int, Mapping[int, Fraction]]] = (),
) -> list[Way]:
    """Whence to look, of ``count`` variables, as ``moved`` approach the point.

    Both ways along the axes, across and along each kink, which ``crossings`` lead across, on
    parabolas, and on ``curves``, which have for each variable the coefficients of powers of r.
    """
    ways: dict[Way, None] = {}
    zero = Fraction(0)

    def both_ways(*components: Mapping[int, Fraction]) -> None:
        """Add the way with these components of r, r² and r³, and that with -r for r."""
        padded = [*components, *({} for _ in range(PLAIN))][: max(PLAIN, len(components))]
        for sign in (1, -1):
            way = tuple(
                tuple(sign ** (k + 1) * part.get(i, zero) for k, part in enumerate(padded))
                for i in range(count)
            )
            if any(map(any, way)):
                ways[way] = None

    for i in moved:
        both_ways({i: Fraction(1)})
    if len(moved) > 1:
        for slope in OBLIQUE:
            both_ways({i: slope**k for k, i in enumerate(moved)})
        for across in crossings:
            both_ways(across)
            if len(across) == 2:
                (i, a), (j, b) = across.items()
                for sign in (1, -1):
                    both_ways({i: -b, j: a}, {}, {i: sign * a, j: sign * b})
    if len(moved) == 2:
        for i, j in (moved, moved[::-1]):
            for half in (Fraction(1, 2), Fraction(-1, 2)):
                both_ways({i: Fraction(1)}, {j: half})
    for curve in curves:
        highest = max(PLAIN + 1, *(max(powers) for powers in curve.values()))
        both_ways(
            *(
                {i: powers[k] for i, powers in curve.items() if k in powers}
                for k in range(1, highest + 1)
            )
        )
    return list(ways)


def crossing(quantities: Sequence[Expr], moved: Sequence[int], balls: Balls) -> dict[int, Fraction]:
    """The direction in which a site's quantity changes fastest at the point, as rationals."""
    if not quantities:
        return {}
    quantity = quantities[0] - quantities[1] if len(quantities) > 1 else quantities[0]
    try:
        slopes = balls.jet(quantity).gradient
    except (NotProvedError, UndecidedError):
        return {}
    doubles = {i: nearest(slopes[i]) for i in moved if i in slopes}
    components = {i: Fraction(slope) for i, slope in doubles.items() if isfinite(slope)}
    largest = max((abs(c) for c in components.values()), default=Fraction(0))
    if not largest:
        return {}
    return {i: (c / largest).limit_denominator(10**6) for i, c in components.items()}


def converged(numbers: list[Number]) -> Limit | None:
    """The limit of a sequence over the rings, with an error bound; None where there is none."""
    if any(number is None for number in numbers):
        return None
    outer, middle, inner = numbers
    if all(abs(number) < UNDERFLOW for number in numbers):
        return sympy.S.Zero, sympy.S.Zero
    first, second = abs(outer - middle), abs(middle - inner)
    if second > CONVERGED * first and second > ROUNDING * abs(inner):
        return None
    if abs(inner) <= CONVERGED * abs(middle):
        return sympy.S.Zero, abs(inner)
    return inner, second


def diverged(numbers: list[Number]) -> bool:
    """Whether a sequence over the rings grows at each step, which no lack of digits feigns."""
    if None in numbers:
        return False
    outer, middle, inner = map(abs, numbers)
    return bool(1 < outer * GROWN < middle and middle * GROWN < inner)


def agree(a: Limit, b: Limit) -> bool:
    """Whether two limits may be one number."""
    allowed = 10 * (a[1] + b[1]) + ROUNDING * max(abs(a[0]), abs(b[0])) + UNDERFLOW
    return bool(abs(a[0] - b[0]) <= allowed)
