"""Second-order jets of enclosed numbers: value, gradient and Hessian of a quantity at a point.

A number is a rational, which is exact, or a ball of FLINT's that contains the truth. What is
exactly zero is left out of gradients and Hessians, so that a formula in hundreds of variables, each
of whose terms has a few, takes no more than those. Sums and products follow the rules of
differentiation; everything else the chain rule, from a function's own partial derivatives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flint import ctx, fmpq

from hesscli.functions.balls.enclosure import ZERO, Number, carried, is_zero

Pair = tuple[int, int]
Entry = tuple[int, ...]  # () the value, (i,) a slope, (i, j) a second derivative, i ≤ j


@dataclass(slots=True)
class Jet:
    """The value, slopes by row, and second derivatives by rows i ≤ j.

    ``varies`` tells whether the quantity is anything but constant near the point, which zero
    derivatives alone do not.
    """

    value: Number
    gradient: dict[int, Number] = field(default_factory=dict)
    hessian: dict[Pair, Number] = field(default_factory=dict)
    varies: bool = False

    def at(self, entry: Entry) -> Number:
        """One entry."""
        match entry:
            case ():
                return self.value
            case (i,):
                return self.gradient.get(i, ZERO)
            case (i, j):
                return self.hessian.get((i, j), ZERO)
        raise AssertionError(entry)

    def entries(self) -> dict[Entry, Number]:
        """The value, and all others that are not exactly 0."""
        found: dict[Entry, Number] = {(): self.value}
        found.update(((i,), number) for i, number in self.gradient.items())
        found.update(self.hessian.items())
        return found


class BudgetError(Exception):
    """The work that may be spent on an answer is spent."""


@dataclass(slots=True)
class Meter:
    """What may be spent, in units of about a microsecond: of work, so that no clock decides."""

    left: float

    def require(self, units: float) -> None:
        """Spend all at once where so many are not left. Raises :class:`BudgetError`."""
        if units > self.left:
            self.left = -1.0
            raise BudgetError

    def spend(self, units: float) -> None:
        """Take so many units, at the working precision. Raises :class:`BudgetError`."""
        self.left -= units * (1 + ctx.prec / 512)
        if self.left < 0:
            raise BudgetError


def pair(i: int, j: int) -> Pair:
    """The entry of a symmetric matrix that stands for (i, j)."""
    return (i, j) if i <= j else (j, i)


def is_not_zero(number: Number) -> bool:
    """Whether a number is proved not to be 0."""
    return bool(number > 0 or number < 0)


def sign_of(number: Number) -> int | None:
    """The sign, where it is certain; 0 only for the exact 0."""
    if number > 0:
        return 1
    if number < 0:
        return -1
    return 0 if is_zero(number) else None


def middle(number: Number) -> Number:
    """The number in the middle of a ball."""
    return number if type(number) is fmpq else number.mid()


def foremost(jets: Sequence[Jet], sign: int) -> int:
    """Where the jet stands that may have the largest value, or by ``sign`` -1 the smallest."""
    best = 0
    for k, jet in enumerate(jets):
        if sign * (middle(jet.value) - middle(jets[best].value)) > 0:
            best = k
    return best


def _put(numbers: dict[Any, Number], key: Any, number: Number) -> None:
    """Add a number to an entry, which is kept only while it is not exactly 0."""
    known = numbers.get(key)
    total = number if known is None else known + number
    if is_zero(total):
        numbers.pop(key, None)
    else:
        numbers[key] = total


def _put_both(hessian: dict[Pair, Number], i: int, j: int, number: Number) -> None:
    """Add a number to the entry (i, j) of a symmetric matrix, and to (j, i)."""
    _put(hessian, pair(i, j), 2 * number if i == j else number)


def scaled(jet: Jet, factor: Number) -> Jet:
    """A constant multiple."""
    if is_zero(factor):
        return Jet(ZERO)
    return Jet(
        carried(jet.value * factor),
        {i: n * factor for i, n in jet.gradient.items()},
        {ij: n * factor for ij, n in jet.hessian.items()},
        jet.varies,
    )


def total(jets: Iterable[Jet], meter: Meter) -> Jet:
    """The sum."""
    result = Jet(ZERO)
    for jet in jets:
        meter.spend(1 + len(jet.gradient) + len(jet.hessian))
        result.value = result.value + jet.value
        result.varies |= jet.varies
        for i, number in jet.gradient.items():
            _put(result.gradient, i, number)
        for ij, number in jet.hessian.items():
            _put(result.hessian, ij, number)
    result.value = carried(result.value)
    return result


def product(u: Jet, v: Jet, meter: Meter) -> Jet:
    """The product of two."""
    if not u.varies:
        u, v = v, u
    if not v.varies:
        meter.spend(1 + len(u.gradient) + len(u.hessian))
        return scaled(u, v.value)
    meter.spend(2 + len(u.gradient) * (1 + len(v.gradient)) + len(u.hessian) + len(v.hessian))
    result = Jet(carried(u.value * v.value), varies=True)
    for one, other in ((u, v), (v, u)):
        if not is_zero(other.value):
            for i, number in one.gradient.items():
                _put(result.gradient, i, number * other.value)
            for ij, number in one.hessian.items():
                _put(result.hessian, ij, number * other.value)
    for i, a in u.gradient.items():
        for j, b in v.gradient.items():
            _put_both(result.hessian, i, j, a * b)
    return result


def composed(
    value: Number,
    first: Mapping[int, Number],
    second: Mapping[Pair, Number],
    inner: Sequence[Jet],
    meter: Meter,
) -> Jet:
    """The jet of f(u, v, …) from f's value and partial derivatives, by argument: the chain rule."""
    result = Jet(value, varies=any(jet.varies for jet in inner))
    for k, slope in first.items():
        if is_zero(slope):
            continue
        jet = inner[k]
        meter.spend(len(jet.gradient) + len(jet.hessian))
        for i, number in jet.gradient.items():
            _put(result.gradient, i, slope * number)
        for ij, number in jet.hessian.items():
            _put(result.hessian, ij, slope * number)
    for (k, m), curvature in second.items():
        if is_zero(curvature):
            continue
        u, v = inner[k].gradient, inner[m].gradient
        meter.spend(len(u) * (len(u) + 1) / 2 if k == m else len(u) * len(v))
        for i, a in u.items():
            bent = curvature * a
            for j, b in v.items():
                if k != m:
                    _put_both(result.hessian, i, j, bent * b)
                elif i <= j:
                    _put(result.hessian, (i, j), bent * b)
    return result
