"""Balls of the gamma function and its relatives."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from flint import acb_series, arb, ctx, fmpq

from hesscli.functions.balls.elementary import exp, log
from hesscli.functions.balls.enclosure import (
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
    along,
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
MANY_BITS, MAX_STEPS = 512, 60
MAX_EXPONENTIAL_ORDER = 1000
APART = fmpq(1, 1 << 20)
_MAX_PRODUCT_BITS = 20000


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
    logarithm = taylor("lgamma", x, n + count + 1, kind=acb_series)
    return [math.factorial(k) * c.real for k, c in enumerate(logarithm) if k > n]


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
    return along(position, moving, value, -value * relative, second)


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
        return along(0, moving, value, first, second)

    return enclosure


_falling = _pochhammer(-1)


def _binomial(arguments: Sequence[Number], moving: Sequence[int]) -> Partials:
    n, k = arguments
    count = whole(k)
    if count is not None and 1 not in moving and count <= MAX_FACTORIAL:
        if count < 0:
            no_pole(n + 1)
            return along(0, moving, ZERO, ZERO, ZERO)
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


def _apart_from_whole(a: Number) -> None:
    """Next to a whole parameter flint takes a limit, for many bits in seconds."""
    if whole(a) is None and ctx.prec >= MANY_BITS and not abs((ball(a) * arb.pi()).sin()) > APART:
        raise NotProvedError("so many digits of an incomplete gamma function next to a limit")


def _upper_value(a: Number, x: Number) -> Number:
    _branch(a, x)
    n = whole(a)
    if n is not None and n <= 0:
        inside(x)
    if is_zero(x) and a > 0:
        return _gamma([a], ()).value
    if n is not None and n <= 0:
        return power(x, a) * exponential_integral(1 - n, x)
    _apart_from_whole(a)
    return ball(x).gamma_upper(ball(a))


def exponential_integral(n: int, x: Number) -> Number:
    """E_n(x) for whole n ≥ 1 and x > 0.

    Where flint would take seconds, by DLMF 6.2.6 and 8.19.12, each of whose steps loses the bits
    of x/k.
    """
    if n == 1:
        return -ball(-x).ei()
    if n > (MAX_STEPS if ctx.prec >= MANY_BITS else MAX_EXPONENTIAL_ORDER):
        raise NotProvedError("an exponential integral of too high an order")
    bits = int(x.floor().numerator).bit_length() if is_exact(x) else ctx.prec
    if ctx.prec < MANY_BITS or bits > MAX_STEPS:
        return ball(x).expint(arb(n))
    with ctx.workprec(ctx.prec + n * bits + 16):
        decay, found = exp(-x), -ball(-x).ei()
        for k in range(1, n):
            found = (decay - x * found) / k
        return found


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
    _apart_from_whole(a)
    return ONE if is_zero(x) else ball(x).gamma_upper(ball(a), regularized=1)


def _density_slopes(sign: int) -> Callable[[Number, Number, Number], Slopes]:
    """Those of ``sign`` x**(a - 1) exp(-x)/Γ(a), DLMF 8.8.13."""

    def slopes(a: Number, x: Number, value: Number) -> Slopes:
        inside(x)
        first = sign * exp((a - 1) * log(x) - x - ball(a).lgamma())
        return first, first * ((a - 1) / x - 1)

    return slopes


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
}
