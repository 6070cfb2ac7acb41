"""Enclosures → doubles: rounded once each, from as many bits as that takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import inf, nextafter

from flint import arb, fmpq

from hesscli.balls.jets import BudgetError, Entry
from hesscli.functions.balls import NotProvedError, UndecidedError
from hesscli.functions.balls.enclosure import ZERO, Number

# Bits to which a number is known before it is rounded: 16 digits, and to spare.
KNOWN = 58
# What is smaller than the one is 0 as a double, and what is larger than the other is infinite.
SMALLEST, LARGEST = arb(2) ** -1080, (1 - arb(2) ** -54) * arb(2) ** 1024
# Bits; numbers a thousand orders of magnitude apart are told apart by the last.
PRECISIONS = (128, 256, 512, 1024, 2048, 4096)
FIRST, MOST = 128, 8192
# From here on, algebra is asked whether what is still not told from 0 is 0.
ALGEBRA_FROM = 512

Numbers = Callable[[int], Mapping[Entry, Number]]


@dataclass(slots=True)
class Rounded:
    """Doubles of entries that are not exactly 0, and a bound on each that may be or not.

    ``digits`` are those to which the others are known; ``hidden`` are not 0, but rounded to it.
    """

    numbers: dict[Entry, float] = field(default_factory=dict)
    below: dict[Entry, float] = field(default_factory=dict)
    digits: int = 15
    hidden: set[Entry] = field(default_factory=set)


def is_known(number: Number) -> bool:
    """Whether a number has enough bits for a double."""
    if type(number) is fmpq:
        return True
    return bool(number.rel_accuracy_bits() >= KNOWN or abs(number) < SMALLEST)


def refined(
    numbers: Numbers, vanishes: Callable[[Entry], bool] | None = None
) -> tuple[dict[Entry, Number], int]:
    """Enclosures at a precision at which all are known, or at the last that can be spent; and it.

    ``vanishes`` is asked whether an entry is exactly 0 once precision does not tell. Raises
    :class:`UndecidedError` where there are no enclosures at any precision.
    """
    bits, last, zeros, found = FIRST, FIRST, set[Entry](), None
    while bits <= MOST:
        try:
            found = {e: n for e, n in numbers(bits).items() if e not in zeros}
            last = bits
        except UndecidedError:
            bits *= 2
            continue
        except (BudgetError, NotProvedError):
            if found is None:
                raise
            break
        unknown = [entry for entry, number in found.items() if not is_known(number)]
        tiny = [entry for entry, number in found.items() if _is_tiny(number)]
        if vanishes is not None and bits < ALGEBRA_FROM:
            unknown += tiny  # as of a fourth power of what is 0
        elif vanishes is not None:
            zeros |= {e for e in tiny + unknown if may_vanish(found[e], bits) and vanishes(e)}
            unknown = [entry for entry in unknown if entry not in zeros]
        if not unknown:
            break
        bits *= 2
    if found is None or any(_is_unknown(number) for number in found.values()):
        raise UndecidedError
    return {entry: number for entry, number in found.items() if entry not in zeros}, last


def _is_tiny(number: Number) -> bool:
    """Whether a ball around 0 is too small for a double."""
    return type(number) is arb and bool(number.contains(0) and abs(number) < SMALLEST)


def may_vanish(ball: Number, bits: int) -> bool:
    """Whether a ball is so narrow, and so near 0, that algebra is worth asking whether it is 0."""
    return bool(ball.contains(0) and abs(ball) < arb(2) ** -(bits // 8))


def _is_unknown(number: Number) -> bool:
    """Whether an enclosure tells nothing of a double."""
    if type(number) is fmpq:
        return False
    return not number.is_finite() or bool(number.contains(0) and not abs(number) < LARGEST)


def rounded(enclosures: Mapping[Entry, Number]) -> Rounded:
    """The doubles of enclosures."""
    result = Rounded()
    for entry, number in enclosures.items():
        double = nearest(number)
        if type(number) is arb and number.contains(0) and not number.is_zero():
            result.below[entry] = bound(number)
            double = 0.0
        elif double == 0 and number != 0:
            result.hidden.add(entry)
        elif type(number) is arb and abs(number) >= SMALLEST:
            known = int(number.rel_accuracy_bits() * 0.30103)
            result.digits = min(result.digits, max(known, 0))
        result.numbers[entry] = double
    return result


def nearest(number: Number) -> float:
    """The double next to a number; infinite beyond the largest."""
    if type(number) is fmpq:
        try:
            return int(number.p) / int(number.q)
        except OverflowError:
            return inf if number > 0 else -inf
    return float(number.mid())


def bound(number: Number) -> float:
    """A double, not 0, that the size of a number is proved not to exceed."""
    return max(nextafter(float(abs(number).upper()), inf), 5e-324)


def added(parts: Iterable[Mapping[Entry, Number]]) -> dict[Entry, Number]:
    """The sum of enclosures, entry by entry."""
    total: dict[Entry, Number] = {}
    for part in parts:
        for entry, number in part.items():
            total[entry] = total.get(entry, ZERO) + number
    return total
