"""Balls of the Bessel and Airy functions."""

from __future__ import annotations

from collections.abc import Callable

from flint import arb, fmpq

from hesscli.functions.balls.enclosure import (
    ONE,
    ZERO,
    Enclosure,
    NotProvedError,
    Number,
    Ordered,
    Slopes,
    Unary,
    away_from_zero,
    ball,
    bounded,
    inside,
    is_zero,
    magnitude,
    order,
    plain,
    whole,
    within,
)

MAX_ORDER = 10**6
MAX_SPHERICAL_ORDER = 1000


def _moderate(n: Number) -> None:
    if not magnitude(n) <= MAX_ORDER:
        raise NotProvedError("a Bessel function of too high an order")


def _of_first_kind(method: str) -> Callable[[Number, Number], Number]:
    """J or I, which are entire for whole n, and x**n times an entire function else."""

    def value(n: Number, x: Number) -> Number:
        _moderate(n)
        if whole(n) is None:
            within(x)
        if is_zero(x):
            if is_zero(n):
                return ONE
            if whole(n) is not None:
                return ZERO
            inside(n)
            return ZERO
        return getattr(ball(x), method)(ball(n))

    return value


def _of_second_kind(method: str) -> Callable[[Number, Number], Number]:
    """Y or K, which are real right of 0."""

    def value(n: Number, x: Number) -> Number:
        _moderate(n)
        inside(x)
        return getattr(ball(x), method)(ball(n))

    return value


def _cylinder(
    function: Callable[[Number, Number], Number],
    step: int,
    down: int,
    up: int,
    near: Number,
) -> Ordered:
    """A Bessel function Z with 2 Z' = down·Z(n - 1) + up·Z(n + 1).

    DLMF 10.6.1-2 and 10.29.1-2. For |x| > ``near``, Z' = n/x Z + step·Z(n + 1) and the equation
    itself, Z'' = -Z'/x + (n²/x² ± 1) Z, take one more function instead of four: next to 0 they
    cancel, but for the functions that are infinite there.
    """
    own = -1 if down * up < 0 else 1

    def slopes(n: Number, x: Number, value: Number) -> Slopes:
        if whole(n) is None:
            inside(x)
        if magnitude(x) > near:
            first = n / x * value + step * function(n + 1, x)
            return first, (n * n / (x * x) + own) * value - first / x
        first = (down * function(n - 1, x) + up * function(n + 1, x)) / 2
        around = function(n - 2, x) + function(n + 2, x)
        return first, (around + 2 * own * value) / 4

    return Ordered(function, slopes)


_J = _of_first_kind("bessel_j")
_I = _of_first_kind("bessel_i")
_Y = _of_second_kind("bessel_y")
_K = _of_second_kind("bessel_k")


# Spherical Bessel functions


def spherical_j(n: int, x: Number) -> Number:
    """DLMF 10.53.1, as a hypergeometric function that is entire in x."""
    if is_zero(x):
        return ONE if n == 0 else ZERO
    if magnitude(x) > 1:
        half = ball(magnitude(x))
        size = (arb.pi() / (2 * half)).sqrt() * half.bessel_j(arb(fmpq(2 * n + 1, 2)))
        return -size if n % 2 and x < 0 else size
    found = ball(-x * x / 4).hypgeom_0f1(arb(n + fmpq(3, 2)))
    for k in range(1, n + 1):
        found = found * x / (2 * k + 1)
    return found


def _spherical_j_value(n: Number, x: Number) -> Number:
    return spherical_j(_spherical_order(n), x)


def _spherical_order(n: Number) -> int:
    m = order(n)
    if not 0 <= m <= MAX_SPHERICAL_ORDER:
        raise NotProvedError("a spherical Bessel function of this order")
    return m


def _spherical_y_value(n: Number, x: Number) -> Number:
    """DLMF 10.47.4 and, left of 0, 10.47.14."""
    m = _spherical_order(n)
    away_from_zero(x)
    right = ball(magnitude(x))
    size = (arb.pi() / (2 * right)).sqrt() * right.bessel_y(arb(fmpq(2 * m + 1, 2)))
    return -size if (m + 1) % 2 and x < 0 else size


def _spherical_slopes(
    function: Callable[[Number, Number], Number],
) -> Callable[[Number, Number, Number], Slopes]:
    """DLMF 10.51.2 and, away from 0, 10.47.1."""

    def slopes(n: Number, x: Number, value: Number) -> Slopes:
        if magnitude(x) > 1:
            first = n / x * value - function(n + 1, x)
            return first, (n * (n + 1) / (x * x) - 1) * value - 2 * first / x
        return slope(n, x), _mean(slope, n, x)

    def slope(n: Number, x: Number) -> Number:
        return _mean(function, n, x)

    return slopes


def _mean(function: Callable[[Number, Number], Number], n: Number, x: Number) -> Number:
    if is_zero(n):
        return -function(n + 1, x)
    return (n * function(n - 1, x) - (n + 1) * function(n + 1, x)) / (2 * n + 1)


# The function sin(x)/x is the spherical Bessel function of order 0.


def _sinc_slopes(x: Number, value: Number) -> Slopes:
    return -spherical_j(1, x), -_mean(_spherical_j_value, ONE, x)


# Airy functions


def _airy(which: int) -> Callable[[Number], Number]:
    """Ai, Ai', Bi or Bi'."""

    def value(x: Number) -> Number:
        if which > 1:
            bounded(x)
        return ball(x).airy()[which]

    return value


def _airy_slopes(which: int) -> Callable[[Number, Number], Slopes]:
    """DLMF 9.2.1, w'' = x w."""

    def slopes(x: Number, value: Number) -> Slopes:
        found = ball(x).airy()
        function, derivative = found[which - which % 2], found[which - which % 2 + 1]
        if which % 2:
            return x * function, function + x * derivative
        return derivative, x * function

    return slopes


BESSEL: dict[str, tuple[Enclosure, int]] = {
    "besselj": (_cylinder(_J, -1, 1, -1, ONE), 40),
    "bessely": (_cylinder(_Y, -1, 1, -1, ZERO), 150),
    "besseli": (_cylinder(_I, 1, 1, 1, ONE), 40),
    "besselk": (_cylinder(_K, -1, -1, -1, ZERO), 100),
    "spherical_jn": (Ordered(_spherical_j_value, _spherical_slopes(_spherical_j_value)), 15),
    "spherical_yn": (Ordered(_spherical_y_value, _spherical_slopes(_spherical_y_value)), 25),
    "sinc": (Unary(plain("sinc", ONE), _sinc_slopes), 20),
    **{
        name: (Unary(_airy(which), _airy_slopes(which)), 25)
        for which, name in enumerate(("airyai", "airyaiprime", "airybi", "airybiprime"))
    },
}
