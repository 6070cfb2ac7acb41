"""Enclosures of the functions of the table: they hold what mpmath finds, and are narrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import mpmath
from flint import ctx, fmpq

from hesscli.expression.reader import read_formula
from hesscli.functions.balls import (
    BALLS,
    NotProvedError,
    Number,
    Partials,
    UndecidedError,
    partials,
)

from .test_functions import CASES, Case

mp: Any = mpmath.mp
DIGITS = 60
MOST_DIGITS = 400
TINY = mpmath.mpf(10) ** -300


@contextmanager
def precision(bits: int) -> Iterator[None]:
    saved = ctx.prec
    ctx.prec = bits
    try:
        yield
    finally:
        ctx.prec = saved


# A case of the table is one function of numbers and variables, as SymPy holds it.


@cache
def node(text: str) -> Any:
    return read_formula(text).expression


def enclosed(case: Case) -> bool:
    """Whether a case is one call of a function that has balls."""
    return type(node(case.text)).__name__ in BALLS


PROVED = [case for case in CASES if enclosed(case)]


def name(case: Case) -> str:
    return type(node(case.text)).__name__


def placed(case: Case, point: Sequence[Number]) -> tuple[list[Number], list[int], list[str]]:
    """The arguments of the call at a point, and which of them are variables, of what names."""
    values = dict(zip(("x", "y"), point, strict=False))
    arguments, moving, names = [], [], []
    for position, argument in enumerate(node(case.text).args):
        if argument.is_Symbol:
            moving.append(position)
            names.append(argument.name)
            arguments.append(values[argument.name])
        elif argument.free_symbols:  # x + 1 is part of the table's definition
            shift = argument.subs(dict.fromkeys(argument.free_symbols, 0))
            moving.append(position)
            names.append("x")
            arguments.append(values["x"] + fmpq(int(shift.p), int(shift.q)))
        else:
            arguments.append(fmpq(int(argument.p), int(argument.q)))
    return arguments, moving, names


def rational(x: float) -> fmpq:
    return fmpq(*x.as_integer_ratio())


# What mpmath finds, with the error that it makes


def expected(case: Case, point: Sequence[float]) -> dict[tuple[str, ...], tuple[Any, Any]]:
    """The value under (), slopes and second derivatives, each with a bound of its error.

    Differences of a function that is nearly constant cancel, which more digits tell.
    """
    digits = DIGITS + 40
    low = _derivatives(case, point, digits)
    while True:
        digits += digits // 2
        high = _derivatives(case, point, digits)
        errors = {key: 4 * abs(high[key] - low[key]) for key in high}
        if digits > MOST_DIGITS or all(
            high[key] and errors[key] < mp.mpf(10) ** -DIGITS * abs(high[key]) for key in high
        ):
            return {key: (high[key], errors[key]) for key in high}
        low = high


def _derivatives(case: Case, point: Sequence[float], digits: int) -> dict[tuple[str, ...], Any]:
    """Central differences over a step of ``10**-(digits/2)`` in proportion to the point."""
    with mp.workdps(3 * digits):
        place = [mp.mpf(x) for x in point]
        steps = [(abs(x) or 1) * mp.mpf(10) ** -(digits // 2) for x in place]

        def at(*shifts: int) -> Any:
            return case.reference(
                *(x + k * h for x, k, h in zip(place, shifts, steps, strict=True))
            )

        names = ("x", "y")[: len(place)]
        zero = tuple(0 for _ in place)
        found: dict[tuple[str, ...], Any] = {(): at(*zero)}
        for i, (key, h) in enumerate(zip(names, steps, strict=True)):
            up, down = (at(*((*zero[:i], sign, *zero[i + 1 :]))) for sign in (1, -1))
            found[(key,)] = (up - down) / (2 * h)
            found[key, key] = (up - 2 * found[()] + down) / (h * h)
        if len(place) == 2:
            corners = at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)
            found["x", "y"] = corners / (4 * steps[0] * steps[1])
    return found


def named(found: Partials, names: dict[int, str]) -> dict[tuple[str, ...], Number]:
    """The numbers of an enclosure under the names of the variables."""
    numbers: dict[tuple[str, ...], Number] = {(): found.value}
    numbers |= {(names[i],): slope for i, slope in found.first.items()}
    numbers |= {tuple(sorted((names[i], names[j]))): bend for (i, j), bend in found.second.items()}
    return numbers


def middle(x: Number) -> Any:
    if isinstance(x, fmpq):
        return mp.mpf(int(x.numerator)) / int(x.denominator)
    mantissa, exponent = x.mid().man_exp()
    return mp.ldexp(mp.mpf(int(mantissa)), int(exponent))


def radius(x: Number) -> Any:
    return mp.mpf(0) if isinstance(x, fmpq) else middle(x.rad())


def holds(x: Number, number: Any, error: Any) -> bool:
    with mp.workdps(400):
        return bool(
            abs(number - middle(x))
            <= radius(x) * (1 + mp.mpf(10) ** -9) + error + abs(number) * TINY
        )


def digits_of(x: Number) -> float:
    """The number of digits that are known."""
    size, error = abs(middle(x)), radius(x)
    if not error:
        return float("inf")
    return float(mp.log10(size / error)) if size else 0.0


def points(case: Case, drawn: int) -> Iterator[tuple[float, ...]]:
    yield from case.drawn(drawn)
    yield from case.special()


def compared(case: Case, point: Sequence[float], bits: int) -> str:
    """How an enclosure and mpmath's number compare: ``right``, or why there is no enclosure."""
    arguments, moving, names = placed(case, [rational(x) for x in point])
    with precision(bits):
        try:
            found = partials(name(case), arguments, moving)
        except (NotProvedError, UndecidedError) as refusal:
            return type(refusal).__name__
        right = expected(case, point)
        for key, number in named(found, dict(zip(moving, names, strict=True))).items():
            exact, error = right[key]
            if not exact and not error and number != 0:
                return "lost"  # what mpmath's differences do not see
            assert not mp.im(exact), (case.text, point, key, exact)
            assert holds(number, exact, error), (case.text, point, bits, key, number, exact, error)
            if bits == 400 and digits_of(number) < 50:
                return "wide"
    return "right"
