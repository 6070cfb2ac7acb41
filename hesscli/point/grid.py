"""``--grid`` text → points: ``x=0..1:11,y=-1..1:11`` are 121 of them, made one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import prod

from hesscli.errors import HessError, shortened
from hesscli.language.tokens import NAME, canonical_name
from hesscli.point.assignment import Assignment, read_assignment
from hesscli.types import Expr, Span, Value, Values

MAX_POINTS = 1_000_000  # a quarter of an hour at a millisecond each
EXAMPLE = "x=0..1:11, for 11 numbers from 0 to 1"
# Two bounds and a count: 0..1:11. A third dot would be the point of either bound.
_AXIS = re.compile(rf"\s*({NAME})\s*=(.*?[^.])\.\.(?!\.)(.*):\s*([^:]*?)\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Axis:
    """So many numbers from ``low`` to ``high``, exactly, at equal distances."""

    low: Expr
    high: Expr
    count: int

    def number(self, k: int) -> Expr:
        """One of them, from 0 on."""
        if k == self.count - 1:
            return self.high
        return self.low + (self.high - self.low) * Fraction(k, self.count - 1)


@dataclass(frozen=True, slots=True)
class Grid:
    """The numbers of each variable; the last one changes fastest."""

    source: str
    axes: dict[str, Axis]
    spans: dict[str, Span]

    def points(self) -> Iterator[Assignment]:
        """The points, by name, none of which is kept."""
        for flat in range(prod(axis.count for axis in self.axes.values())):
            named: dict[str, Value] = {}
            for name, axis in reversed(self.axes.items()):
                flat, k = divmod(flat, axis.count)
                named[name] = Values((), (axis.number(k),))
            yield Assignment(self.source, (), dict(reversed(named.items())), self.spans)


def read_grid(text: str) -> Grid:
    """The points that ``--grid`` asks for. Raises :class:`HessError` for what is no grid."""
    axes: dict[str, Axis] = {}
    spans: dict[str, Span] = {}
    for span in _parts(text):
        try:
            name, axis = _axis(text[slice(*span)])
            if name in axes:
                raise HessError("doubled-name", f"`{name}` is given twice", hint="each name once")
        except HessError as error:
            error.message = f"`--grid`: {error.message}"
            error.source, error.span = text, span
            raise
        axes[name], spans[name] = axis, span
    count = prod(axis.count for axis in axes.values())
    if count > MAX_POINTS:
        raise HessError(
            "too-large",
            f"`--grid` makes {shortened(f'{count:,}')} points; the most is {MAX_POINTS:,}",
            source=text,
            span=(0, len(text)),
            hint="fewer numbers, or several grids",
        )
    return Grid(text, axes, spans)


def _parts(text: str) -> Iterator[Span]:
    """What stands between commas, but for those in brackets, as in ``atan2(1, 2)``."""
    start = depth = 0
    for k, sign in enumerate(text + ","):
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and (depth <= 0 or k == len(text)):
            yield start + len(text[start:k]) - len(text[start:k].lstrip()), k
            start = k + 1


def _axis(text: str) -> tuple[str, Axis]:
    """The variable and the numbers of ``x=0..1:11``."""
    match = _AXIS.fullmatch(text)
    if match is None:
        raise HessError("syntax", f"`{shortened(text)}` is no range with a count", hint=EXAMPLE)
    name, low, high = canonical_name(match[1]), _bound(match[2]), _bound(match[3])
    if not re.fullmatch("[0-9]{1,99}", match[4]):
        raise HessError("bad-value", f"`{shortened(match[4])}` is no count", hint=EXAMPLE)
    if int(match[4]) < 2:
        raise HessError("bad-value", "a range has at least 2 numbers, its ends", hint=EXAMPLE)
    if low == high:
        hint = f"--at {name}={match[2].strip()}, which holds for all points"
        raise HessError("bad-value", "this range has a single number", hint=hint)
    if float(high) < float(low):
        turned = f"{name}={match[3].strip()}..{match[2].strip()}:{match[4]}"
        raise HessError("bad-value", "this range ends before it begins", hint=turned)
    return name, Axis(low, high, int(match[4]))


def _bound(text: str) -> Expr:
    """A number, as exact as it is written."""
    read = read_assignment(text)
    value = read.positional[0] if len(read.positional) == 1 else None
    if not isinstance(value, Values) or value.shape:
        raise HessError("bad-value", f"`{shortened(text.strip())}` is not a number", hint=EXAMPLE)
    return value.entries[0]
