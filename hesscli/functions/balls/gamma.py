"""Balls of the gamma function and its relatives, and of zeta functions and polylogarithms."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from flint import acb, acb_series, arb, ctx, fmpq

from hesscli.functions.balls.elementary import exp, log, log1p
from hesscli.functions.balls.enclosure import (
    HALF,
    ONE,
    ZERO,
    Enclosure,
    NotProvedError,
    Number,
    Ordered,
    Partials,
    Series,
    SingularError,
    Slopes,
    Unary,
    UndecidedError,
    ball,
    bounded,
    inside,
    is_exact,
    is_zero,
    magnitude,
    no_pole,
    order,
    power,
    taylor,
    whole,
    within,
)

Vector = tuple[int, int]

MAX_FACTORIAL = 1000  # factorials up to this are written out
MAX_DERIVATIVES = 100
# From here on flint's lower incomplete gamma function may take seconds.
LARGE_PARAMETER = 50
MAX_PARAMETER = 10**8
MAX_TERMS = 10**6
MANY_BITS, MAX_STEPS = 512, 40
MAX_POLYLOG_ORDER = 60
MAX_POLYLOG_BITS = 1200
# Far left, zeta takes gamma of as large a number.
LEAST_ZETA = -(10**6)
LEAST_HURWITZ, MOST_HURWITZ = -1000, 10**6


# Gamma and its logarithmic derivatives


def _gamma_guard(x: Number) -> None:
    no_pole(x)
    bounded(magnitude(x))


def _factorial_before(n: int) -> Number | None:
    return fmpq(math.factorial(n - 1)) if 0 < n <= MAX_FACTORIAL else None


_gamma = Series("gamma", _gamma_guard, _factorial_before)
_lgamma = Series("lgamma", inside, lambda n: ZERO if n in (1, 2) else None)


def _factorial(arguments: Sequence[Number], moving: Sequence[int]) -> Partials:
    return _gamma([arguments[0] + 1], moving)


def _polygammas(n: int, count: int, x: Number) -> list[Number]:
    """The derivatives number n, n + 1, ... of digamma, right of 0 by DLMF 25.11.12."""
    no_pole(x)
    if not 0 <= n <= MAX_DERIVATIVES:
        raise NotProvedError("too high a derivative of digamma")
    if x > 0:
        a = ball(x)
        return [
            a.digamma() if k == 0 else math.factorial(k) * (-1) ** (k + 1) * arb(k + 1).zeta(a)
            for k in range(n, n + count)
        ]
    saved = ctx.cap
    ctx.cap = length = n + count + 1
    try:
        logarithm = acb_series([ball(x), 1], prec=length).lgamma()
        return [(math.factorial(k) * logarithm[k]).real for k in range(n + 1, length)]
    finally:
        ctx.cap = saved


def _polygamma_value(n: Number, x: Number) -> Number:
    return _polygammas(order(n), 1, x)[0]


def _polygamma_slopes(n: Number, x: Number, value: Number) -> Slopes:
    first, second = _polygammas(order(n) + 1, 2, x)
    return first, second


def _harmonic_value(x: Number) -> Number:
    n = whole(x)
    if n is not None and 0 <= n <= MAX_FACTORIAL:
        return fmpq.harmonic(n)
    return _polygammas(0, 1, x + 1)[0] + arb.const_euler()


def _harmonic_slopes(x: Number, value: Number) -> Slopes:
    first, second = _polygammas(1, 2, x + 1)
    return first, second


# Quotients of gamma functions


def _quotient(
    above: Sequence[tuple[Number, Vector]],
    below: Sequence[tuple[Number, Vector]],
    moving: Sequence[int],
) -> Partials:
    """Γ's product ``above`` over that ``below``, each at a number with its gradient."""
    if all(u > 0 for u, _ in (*above, *below)):
        return _by_logarithms(above, below, moving)
    for u, _ in above:
        _gamma_guard(u)
    for u, _ in below:
        bounded(magnitude(u))
    factors = [(taylor("gamma", u, 3), g) for u, g in above]
    factors += [(taylor("rgamma", u, 3), g) for u, g in below]
    value = math.prod((c[0] for c, _ in factors), start=ONE)
    first, second = {}, {}
    for i in moving:
        first[i] = sum(
            (c[1] * g[i] * _without(factors, a) for a, (c, g) in enumerate(factors) if g[i]), ZERO
        )
        for j in moving:
            if i <= j:
                second[i, j] = _mixed(factors, i, j)
    return Partials(value, first, second)


def _without(factors: Sequence[tuple[list[Number], Vector]], *left_out: int) -> Number:
    return math.prod((c[0] for a, (c, _) in enumerate(factors) if a not in left_out), start=ONE)


def _mixed(factors: Sequence[tuple[list[Number], Vector]], i: int, j: int) -> Number:
    total = ZERO
    for a, (c, g) in enumerate(factors):
        if g[i] and g[j]:
            total = total + 2 * c[2] * g[i] * g[j] * _without(factors, a)
        for b, (d, h) in enumerate(factors):
            if a != b and g[i] and h[j]:
                total = total + c[1] * g[i] * d[1] * h[j] * _without(factors, a, b)
    return total


def _by_logarithms(
    above: Sequence[tuple[Number, Vector]],
    below: Sequence[tuple[Number, Vector]],
    moving: Sequence[int],
) -> Partials:
    """Right of all poles, where gamma itself may be too large, from its logarithm."""
    signed = [(taylor("lgamma", u, 3), g, 1) for u, g in above]
    signed += [(taylor("lgamma", u, 3), g, -1) for u, g in below]
    value = exp(sum((s * c[0] for c, _, s in signed), ZERO))
    slopes = {i: sum((s * c[1] * g[i] for c, g, s in signed if g[i]), ZERO) for i in moving}
    second = {
        (i, j): value
        * (slopes[i] * slopes[j] + sum((2 * s * c[2] * g[i] * g[j] for c, g, s in signed), ZERO))
        for i in moving
        for j in moving
        if i <= j
    }
    return Partials(value, {i: value * slope for i, slope in slopes.items()}, second)


def _beta(arguments: Sequence[Number], moving: Sequence[int]) -> Partials:
    for fixed, other in ((0, 1), (1, 0)):
        m = whole(arguments[fixed])
        if m is not None and 0 < m <= MAX_FACTORIAL and fixed not in moving:
            return _beta_of_whole(m, arguments[other], other, moving)
    x, y = arguments
    return _quotient([(x, (1, 0)), (y, (0, 1))], [(x + y, (1, 1))], moving)


def _beta_of_whole(m: int, x: Number, position: int, moving: Sequence[int]) -> Partials:
    """B(x, m) = (m - 1)!/(x (x + 1) ... (x + m - 1)), finite left of 0 too."""
    for k in range(m):
        if is_zero(x + k):
            raise SingularError("at a pole")
    p, slope, bend = _product([(x + k, ONE) for k in range(m)])
    value = fmpq(math.factorial(m - 1)) / p
    relative = slope / p
    second = value * (2 * relative * relative - bend / p)
    return _along(position, moving, value, -value * relative, second)


def _along(
    position: int, moving: Sequence[int], value: Number, first: Number = None, second: Number = None
) -> Partials:
    """The partials of a function of which at most the argument at ``position`` moves."""
    if not moving:
        return Partials(value, {}, {})
    return Partials(value, {position: first}, {(position, position): second})


def _product(factors: Sequence[tuple[Number, Number]]) -> tuple[Number, Number, Number]:
    """The product of linear functions, each by its value and slope, with two derivatives."""
    value, first, second = ONE, ZERO, ZERO
    exact = all(is_exact(u) for u, _ in factors)
    if exact and sum(u.height_bits() for u, _ in factors) > _MAX_PRODUCT_BITS:
        factors = [(arb(u), slope) for u, slope in factors]
    for u, slope in factors:
        second = second * u + 2 * first * slope
        first = first * u + value * slope
        value = value * u
    return value, first, second


_MAX_PRODUCT_BITS = 20000


def _pochhammer(sign: int) -> Enclosure:
    """x (x + sign) (x + 2 sign) ... of a whole number of factors."""

    def enclosure(arguments: Sequence[Number], moving: Sequence[int]) -> Partials:
        x, k = arguments
        if 1 in moving:
            raise NotProvedError("a derivative by the number of factors")
        count = order(k)
        if not 0 <= count <= MAX_FACTORIAL:
            raise NotProvedError("too many factors")
        value, first, second = _product([(x + sign * i, ONE) for i in range(count)])
        return _along(0, moving, value, first, second)

    return enclosure


_falling = _pochhammer(-1)


def _binomial(arguments: Sequence[Number], moving: Sequence[int]) -> Partials:
    n, k = arguments
    count = whole(k)
    if count is not None and 1 not in moving and count <= MAX_FACTORIAL:
        if count < 0:
            no_pole(n + 1)
            return _along(0, moving, ZERO, ZERO, ZERO)
        falling = _falling(arguments, moving)
        ways = math.factorial(count)
        return Partials(
            falling.value / ways,
            {i: slope / ways for i, slope in falling.first.items()},
            {ij: bend / ways for ij, bend in falling.second.items()},
        )
    return _quotient([(n + 1, (1, 0))], [(k + 1, (0, 1)), (n - k + 1, (1, -1))], moving)


# Incomplete gamma functions


def _branch(a: Number, x: Number) -> None:
    """x**a is real where x > 0, or where a is whole; DLMF 8.2."""
    if whole(a) is not None:
        return
    if not is_exact(a):
        inside(x)
    within(x)


def _lower_value(a: Number, x: Number) -> Number:
    """DLMF 8.5.1; for x > 0 flint's function, but where that takes seconds."""
    no_pole(a)
    _branch(a, x)
    if is_zero(x):
        inside(a)
        return ZERO
    if a > LARGE_PARAMETER:
        if magnitude(x) <= a:
            return power(x, a) * exp(-x) * _lower_sum(a, x)
        if x > 0:
            return ball(a).gamma() - _upper_value(a, x)
        raise NotProvedError("an incomplete gamma function of large arguments")
    if x > 0:
        return ball(x).gamma_lower(ball(a))
    return power(x, a) / a * ball(-x).hypgeom_1f1(ball(a), ball(a + 1))


def _lower_sum(a: Number, x: Number) -> Number:
    """Σ x**k/(a (a + 1) ... (a + k)), DLMF 8.7.1, for |x| ≤ a.

    The quotients of its terms fall, so that the rest is at most a geometric series.
    """
    if not a <= MAX_PARAMETER:
        raise NotProvedError("an incomplete gamma function of a large parameter")
    a, x = ball(a), ball(x)
    total, term, k = arb(0), 1 / a, 0
    enough = arb(2) ** -ctx.prec / a
    while not abs(term) < enough:
        if k > MAX_TERMS:
            raise UndecidedError("the terms do not fall")
        total = total + term
        k += 1
        term = term * x / (a + k)
    quotient = abs(x) / (a + k)
    return total + arb(0, 1) * abs(term) / (1 - quotient)


def _upper_value(a: Number, x: Number) -> Number:
    _branch(a, x)
    n = whole(a)
    if n is not None and n <= 0:
        inside(x)
    if is_zero(x) and a > 0:
        return _gamma([a], ()).value
    if n is not None and n <= 0:
        return power(x, a) * exponential_integral(1 - n, x)
    return ball(x).gamma_upper(ball(a))


def exponential_integral(n: int, x: Number) -> Number:
    """E_n(x) for whole n ≥ 1 and x > 0.

    Where flint would take seconds, by DLMF 6.2.6 and 8.19.12, each of whose steps loses the bits
    of x/k.
    """
    if n == 1:
        return -ball(-x).ei()
    bits = int(x.floor().numerator).bit_length() if is_exact(x) else ctx.prec
    if ctx.prec < MANY_BITS or n > MAX_STEPS or bits > MAX_STEPS:
        return ball(x).expint(arb(n))
    saved = ctx.prec
    ctx.prec = saved + n * bits + 16
    try:
        decay, found = exp(-x), -ball(-x).ei()
        for k in range(1, n):
            found = (decay - x * found) / k
        return +found
    finally:
        ctx.prec = saved


def _lower_slopes(a: Number, x: Number, value: Number) -> Slopes:
    """DLMF 8.8.13: x**(a - 1) exp(-x), and its derivative."""
    decay = exp(-x)
    first = decay * power(x, a - 1) if a != 1 else decay
    if a == 1:
        return first, -first
    steeper = (a - 1) * power(x, a - 2) if a != 2 else ONE
    return first, decay * steeper - first


def _upper_slopes(a: Number, x: Number, value: Number) -> Slopes:
    first, second = _lower_slopes(a, x, value)
    return -first, -second


def _regularized_lower(a: Number, x: Number) -> Number:
    inside(a)
    within(x)
    if is_zero(x):
        return ZERO
    if a > LARGE_PARAMETER:
        if x <= a:
            return exp(a * log(x) - x - ball(a).lgamma()) * _lower_sum(a, x)
        return 1 - _regularized_upper(a, x)
    return ball(x).gamma_lower(ball(a), regularized=1)


def _regularized_upper(a: Number, x: Number) -> Number:
    inside(a)
    within(x)
    return ONE if is_zero(x) else ball(x).gamma_upper(ball(a), regularized=1)


def _density_slopes(sign: int) -> Callable[[Number, Number, Number], Slopes]:
    """Those of ``sign`` x**(a - 1) exp(-x)/Γ(a), DLMF 8.8.13."""

    def slopes(a: Number, x: Number, value: Number) -> Slopes:
        inside(x)
        first = sign * exp((a - 1) * log(x) - x - ball(a).lgamma())
        return first, first * ((a - 1) / x - 1)

    return slopes


# Zeta functions


def _zeta(arguments: Sequence[Number], moving: Sequence[int]) -> Partials:
    if len(arguments) == 2:
        return _hurwitz(arguments, moving)
    (s,) = arguments
    derivatives = _zeta_derivatives(0, s, 3 if moving else 1)
    n = whole(s)
    if n is not None and -MAX_FACTORIAL <= n <= 0:
        derivatives[0] = _zeta_of_whole(-n)
    return _along(0, moving, *derivatives)


def _zeta_of_whole(n: int) -> Number:
    """ζ(-n), DLMF 25.6.3."""
    return (-1) ** n * fmpq.bernoulli(n + 1) / (n + 1) if n else fmpq(-1, 2)


def _zeta_derivatives(n: int, s: Number, count: int) -> list[Number]:
    """The derivatives number n, n + 1, ... of Riemann's zeta function."""
    inside_or_pole = s - 1
    if is_zero(inside_or_pole):
        raise SingularError("at a pole")
    if s < LEAST_ZETA:
        raise NotProvedError("zeta too far left")
    if s > 4 * ctx.prec + 64:
        return [_zeta_far_right(k, s) for k in range(n, n + count)]
    coefficients = taylor("zeta", s, n + count)
    return [math.factorial(k) * coefficients[k] for k in range(n, n + count)]


def _zeta_far_right(k: int, s: Number) -> Number:
    """Σ (-log m)**k m**-s, whose rest from m = 3 is at most 2·3**(k - s) for s ≥ k + 4.

    For log m ≤ m, and ∫ t**(k - s) dt from 3 on is 3**(k - s)·3/(s - k - 1).
    """
    rest = 2 * exp((k - s) * arb(3).log())
    second = exp(-s * arb.const_log2()) * (-arb.const_log2()) ** k
    return (1 if k == 0 else 0) + second + arb(0, 1) * rest


def _hurwitz(arguments: Sequence[Number], moving: Sequence[int]) -> Partials:
    """DLMF 25.11.17; by s, flint's series."""
    s, a = arguments
    inside(a)
    if is_zero(s - 1):
        raise SingularError("at a pole")
    if s < LEAST_HURWITZ or s > MOST_HURWITZ:
        raise NotProvedError("Hurwitz's zeta too far away")
    place = ball(a)
    if 0 not in moving:
        value = ball(s).zeta(place)
        if not moving:
            return Partials(value, {}, {})
        first = _product_with_zeta(-s, s + 1, place)
        return Partials(value, {1: first}, {(1, 1): _product_with_zeta(s * (s + 1), s + 2, place)})
    value, slope, bend = taylor("zeta", s, 3, place)
    found = Partials(value, {0: slope}, {(0, 0): 2 * bend})
    if 1 in moving:
        if is_zero(s) or is_zero(s + 1):
            raise NotProvedError("a mixed derivative of Hurwitz's zeta at a removable pole")
        following, its_slope = taylor("zeta", s + 1, 2, place)
        found.first[1] = -s * following
        found.second[0, 1] = -following - s * its_slope
        found.second[1, 1] = s * (s + 1) * ball(s + 2).zeta(place)
    return found


def _product_with_zeta(factor: Number, s: Number, a: arb) -> Number:
    """``factor`` ζ(s, a), where a zero of the factor meets the pole at s = 1, of residue 1.

    For -(s - 1) as the factor that is -1, and for (s - 2)(s - 1) it is -1 as well.
    """
    if is_zero(factor):
        return -ONE if is_zero(s - 1) else ZERO
    return factor * ball(s).zeta(a)


def _zetaderivative_value(n: Number, s: Number) -> Number:
    return _zeta_derivatives(_few(n), s, 1)[0]


def _zetaderivative_slopes(n: Number, s: Number, value: Number) -> Slopes:
    first, second = _zeta_derivatives(_few(n) + 1, s, 2)
    return first, second


def _few(n: Number) -> int:
    k = order(n)
    if not 0 <= k <= _MAX_ZETA_DERIVATIVES:
        raise NotProvedError("too high a derivative of zeta")
    return k


_MAX_ZETA_DERIVATIVES = 50


# Polylogarithms


def _polylog_value(s: Number, x: Number) -> Number:
    gap = 1 - x
    n = whole(s)
    rational = n is not None and n <= 0
    if rational:
        if is_zero(gap):
            raise SingularError("at a pole")
    elif is_zero(gap) and s > 1:
        return _zeta([s], ()).value
    else:
        inside(gap)
    if is_zero(x):
        return ZERO
    if n == 1:
        return -log1p(-x)
    if n in (0, -1):
        return x / gap if n == 0 else x / (gap * gap)
    _moderate(s)
    if _near_zero(x):
        return _polylog_sum(s, x, 0)
    if n is not None and 3 * x < -4:
        return _polylog_far_left(n, x)
    if ctx.prec > MAX_POLYLOG_BITS:
        raise NotProvedError("so many digits of a polylogarithm near 1 or of a broken order")
    return ball(x).polylog(ball(s))


def _polylog_far_left(n: int, x: Number) -> Number:
    """DLMF 25.12.4's like for any whole order: the inversion by a Bernoulli polynomial.

    Li_n(x) + (-1)**n Li_n(1/x) = -(2πi)**n/n! B_n(1/2 + log(-x)/(2πi)), and 0 for n < 0.
    """
    inverse = (-1) ** n * _polylog_value(fmpq(n), 1 / x)
    if n < 0:
        return -inverse
    turn = 2 * acb.pi() * acb(0, 1)
    place = acb(HALF) + acb(ball(-x).log()) / turn
    return (-(turn**n) / math.factorial(n) * place.bernoulli_poly(n)).real - inverse


def _polylog_slopes(s: Number, x: Number, value: Number) -> Slopes:
    if not (whole(s) is not None and s <= 0):
        inside(1 - x)
    if _near_zero(x):
        return _polylog_sum(s, x, 1), _polylog_sum(s, x, 2)
    once, twice = _polylog_value(s - 1, x), _polylog_value(s - 2, x)
    return once / x, (twice - once) / (x * x)


def _near_zero(x: Number) -> bool:
    return bool(4 * magnitude(x) < 3)


def _polylog_sum(s: Number, x: Number, derivative: int) -> Number:
    """The derivative of Σ x**k/k**s for |x| < 3/4, term by term, with a bound of the rest.

    The quotient of term k + 1 and term k is at most |x| (k + 1)/(k + 1 - derivative) (1 + 1/k)**p
    with p ≥ max(0, -s), and falls with k: once it is at most 7/8, the rest is at most eight times
    its first term.
    """
    _moderate(s)
    k = max(1, derivative)
    first = math.perm(k, derivative) * power(fmpq(k), -s)
    if is_zero(x):
        return first if derivative else ZERO
    x = ball(x)
    monomial = ONE if derivative else x
    term = first * monomial
    enough = ball(term).abs_upper() * arb(2) ** -ctx.prec
    settled = _settled(s, derivative)
    total = ZERO
    while k < settled or not ball(term).abs_upper() < enough:
        total = total + term
        k += 1
        monomial = monomial * x
        term = math.perm(k, derivative) * power(ball(fmpq(k)), -s) * monomial
    return total + arb(0, 1) * 8 * magnitude(term)


def _settled(s: Number, derivative: int) -> int:
    """A k from which on the quotient of two terms is at most 7/8, for |x| < 3/4.

    (k + 1)/(k + 1 - d) ≤ (1 + 1/(k - 1))**d for d ≤ 2, and (1 + 1/m)**g ≤ exp(1/7) < 7/6 for
    m ≥ 7 g.
    """
    growth = max(0, math.ceil(-float(ball(s).lower()))) + derivative
    return 2 + 7 * growth


def _moderate(s: Number) -> None:
    if not magnitude(s) <= MAX_POLYLOG_ORDER:
        raise NotProvedError("a polylogarithm of too high an order")


GAMMA: dict[str, tuple[Enclosure, int]] = {
    "gamma": (_gamma, 30),
    "loggamma": (_lgamma, 25),
    "polygamma": (Ordered(_polygamma_value, _polygamma_slopes), 300),
    "harmonic": (Unary(_harmonic_value, _harmonic_slopes), 300),
    "factorial": (_factorial, 30),
    "beta": (_beta, 300),
    "binomial": (_binomial, 300),
    "RisingFactorial": (_pochhammer(1), 10),
    "FallingFactorial": (_falling, 10),
    "lowergamma": (Ordered(_lower_value, _lower_slopes), 30),
    "uppergamma": (Ordered(_upper_value, _upper_slopes), 30),
    "gammainc": (Ordered(_regularized_lower, _density_slopes(1)), 20),
    "gammaincc": (Ordered(_regularized_upper, _density_slopes(-1)), 20),
    "zeta": (_zeta, 300),
    "zetaderivative": (Ordered(_zetaderivative_value, _zetaderivative_slopes), 800),
    "polylog": (Ordered(_polylog_value, _polylog_slopes), 3000),
}
