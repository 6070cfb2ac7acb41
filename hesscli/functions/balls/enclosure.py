"""What a function of balls takes and gives, and how its domain is decided.

A number is an exact rational (:class:`flint.fmpq`) or a real ball (:class:`flint.arb`) that holds
the true number; what is computed from balls holds the true result for every choice of numbers in
them. The working precision is ``flint.ctx.prec``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from flint import arb, arb_series, ctx, fmpq, fmpz
from flint.utils.flint_exceptions import DomainError

Number: TypeAlias = Any  # fmpq or arb, which have no types
Slopes: TypeAlias = tuple[Number, Number]

ZERO, ONE, HALF = fmpq(0), fmpq(1), fmpq(1, 2)

# Past this the exponential is a number whose exponent is itself a number of many bits, and past
# about 2**128 flint gives up; a function that grows like it is said not to be known there.
MAX_EXPONENT = fmpq(2) ** 64
# A longer rational number costs more than the ball that it is rounded to, and its powers more yet.
MAX_BITS = 8192


class UndecidedError(Exception):
    """This precision does not tell; more may."""


class NotProvedError(Exception):
    """No enclosure is known here, at any precision."""


class NotRealError(NotProvedError):
    """The arguments are certainly outside the real domain."""


class SingularError(NotProvedError):
    """The arguments are exactly at a pole, a kink or an edge of the domain."""


@dataclass(frozen=True, slots=True)
class Partials:
    """A function's value with its first and second partial derivatives at one place.

    ``first[i]`` and ``second[i, j]``, i ≤ j, are by the arguments at these positions; those that
    do not move have none.
    """

    value: Number
    first: dict[int, Number]
    second: dict[tuple[int, int], Number]


def along(
    position: int, moving: Sequence[int], value: Number, first: Number = None, second: Number = None
) -> Partials:
    """The partials of a function of which at most the argument at ``position`` moves."""
    if not moving:
        return Partials(value, {}, {})
    return Partials(value, {position: first}, {(position, position): second})


Enclosure: TypeAlias = Callable[[Sequence[Number], Sequence[int]], Partials]


@dataclass(frozen=True, slots=True)
class Unary:
    """A function of one argument, by its value and, from that, its two derivatives."""

    value: Callable[[Number], Number]
    slopes: Callable[[Number, Number], Slopes]

    def __call__(self, arguments: Sequence[Number], moving: Sequence[int]) -> Partials:
        (x,) = arguments
        value = self.value(x)
        if not moving:
            return Partials(value, {}, {})
        first, second = self.slopes(x, value)
        return Partials(value, {0: first}, {(0, 0): second})


@dataclass(frozen=True, slots=True)
class Ordered:
    """A function of x, its last argument, with parameters that may not move before it.

    ``value`` takes all arguments; ``slopes`` takes them and the value.
    """

    value: Callable[..., Number]
    slopes: Callable[..., Slopes]

    def __call__(self, arguments: Sequence[Number], moving: Sequence[int]) -> Partials:
        last = len(arguments) - 1
        if any(position != last for position in moving):
            raise NotProvedError("a derivative by an order or a parameter")
        value = self.value(*arguments)
        if not moving:
            return Partials(value, {}, {})
        first, second = self.slopes(*arguments, value)
        return Partials(value, {last: first}, {(last, last): second})


def is_exact(x: Number) -> bool:
    return isinstance(x, fmpq)


def is_zero(x: Number) -> bool:
    """Whether a number is zero for certain."""
    return not x if is_exact(x) else bool(x.is_zero())


def carried(x: Number) -> Number:
    """A number, as a ball where it is a rational that has grown too long."""
    return arb(x) if is_exact(x) and x.height_bits() > MAX_BITS else x


def ball(x: Number) -> arb:
    return arb(x) if is_exact(x) else x


def whole(x: Number) -> int | None:
    """The whole number that an exact argument is, if it is one."""
    return int(x.numerator) if is_exact(x) and x.denominator == 1 else None


def order(x: Number) -> int:
    """A degree or an order that must be whole.

    Raises:
        NotProvedError: if it is not known to be.
    """
    n = whole(x)
    if n is None:
        raise NotProvedError("the order is no whole number")
    return n


def inside(distance: Number) -> None:
    """The function is real and smooth where ``distance`` > 0, and singular where it is 0.

    Raises:
        NotRealError: if it is negative.
        SingularError: if it is exactly zero.
        UndecidedError: if its ball holds both signs.
    """
    if distance > 0:
        return
    if distance < 0:
        raise NotRealError("outside the real domain")
    if is_zero(distance):
        raise SingularError("at the edge of the domain")
    raise UndecidedError("near the edge of the domain")


def within(distance: Number) -> None:
    """As :func:`inside`, for a value: the edge itself belongs to the domain."""
    if not is_zero(distance):
        inside(distance)


def away_from_zero(x: Number) -> None:
    """The function is singular where ``x`` is 0, and only there.

    Raises:
        SingularError: if ``x`` is exactly zero.
        UndecidedError: if its ball holds zero.
    """
    if is_zero(x):
        raise SingularError("at a singular point")
    if not (x > 0 or x < 0):
        raise UndecidedError("near a singular point")


def bounded(x: Number) -> None:
    """The function grows too fast for numbers larger than :data:`MAX_EXPONENT`.

    Raises:
        NotProvedError: if ``x`` is certainly larger.
    """
    if x > MAX_EXPONENT:
        raise NotProvedError("too large a number")


def magnitude(x: Number) -> Number:
    """The absolute value."""
    if is_exact(x):
        return -x if x < 0 else x
    return abs(x)


def root(x: Number) -> Number:
    """The square root of x ≥ 0, exact where it is rational."""
    if not is_exact(x):
        return x.sqrt()
    if x < 0:
        raise NotRealError("the square root of a negative number")
    try:
        return x.sqrt()
    except DomainError:
        return arb(x).sqrt()


def whole_root(x: fmpz, n: int) -> fmpz | None:
    """The n-th root of a whole number x ≥ 0, if it is whole."""
    near = x.root(n)
    return near if near**n == x else None


def power(x: Number, exponent: Number) -> Number:
    """x to the power ``exponent``: whole, or any of x > 0."""
    n = whole(exponent)
    if n is None:
        inside(x)
        return ball(x) ** ball(exponent)
    return whole_power(x, n)


def whole_power(x: Number, n: int) -> Number:
    """x to a whole power, by products: flint's own of a ball that holds 0 is not finite."""
    if n < 0:
        away_from_zero(x)
        return 1 / whole_power(x, -n)
    if is_exact(x) and n * x.height_bits() > MAX_BITS:
        x = arb(x)
    found, factor = ONE, x
    while n:
        if n & 1:
            found = found * factor
        n >>= 1
        if n:
            factor = factor * factor
    return found


def no_pole(x: Number) -> None:
    """The function has poles at 0, -1, -2, ...

    Raises:
        SingularError: if ``x`` is exactly one of them.
        UndecidedError: if its ball holds one.
    """
    if x > 0:
        return
    if is_exact(x):
        if x.denominator == 1:
            raise SingularError("at a pole")
    elif x.contains_integer():
        raise UndecidedError("near a pole")


@contextmanager
def cut(length: int) -> Iterator[None]:
    """Within this, flint's series have so many terms."""
    saved = ctx.cap
    ctx.cap = length
    try:
        yield
    finally:
        ctx.cap = saved


def taylor(
    method: str, x: Number, length: int, *parameters: Any, kind: Any = arb_series
) -> list[Number]:
    """The first Taylor coefficients at ``x`` of the function of this name in flint.

    With :class:`flint.acb_series` as ``kind``, they are complex numbers.
    """
    with cut(length):
        series = getattr(kind([ball(x), 1], prec=length), method)(*parameters)
        return [series[k] for k in range(length)]


def at_zero(exact: Number, value: Callable[[Number], Number]) -> Callable[[Number], Number]:
    """``value``, but for its exact number at 0."""
    return lambda x: exact if is_zero(x) else value(x)


def plain(method: str, exact: Number) -> Callable[[Number], Number]:
    """The function of this name in flint, which is the rational number ``exact`` at 0."""
    return at_zero(exact, lambda x: getattr(ball(x), method)())


@dataclass(frozen=True, slots=True)
class Series:
    """A function of one argument that flint expands itself, under this name.

    ``guard`` decides the domain, ``exact`` gives what is rational at a whole number.
    """

    method: str
    guard: Callable[[Number], None]
    exact: Callable[[int], Number | None]

    def __call__(self, arguments: Sequence[Number], moving: Sequence[int]) -> Partials:
        (x,) = arguments
        self.guard(x)
        n = whole(x)
        known = None if n is None else self.exact(n)
        if not moving:
            value = getattr(ball(x), self.method)() if known is None else known
            return Partials(value, {}, {})
        value, first, second = taylor(self.method, x, 3)
        return Partials(value if known is None else known, {0: first}, {(0, 0): 2 * second})
