"""Whether value, gradient and Hessian exist at a point, and what they are.

Away from edges they are evaluated there, at two precisions. At an edge, jets are evaluated at tiny
distances in many directions and along curves; a number exists if they tend to one. Sides of lower
dimension are looked at too: the point itself, and the zeros of what switches pieces or divides.
"""

from __future__ import annotations

import ast
import itertools
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mpmath import mp

from .jets import Doubt, Jet, NotReal, Number, Pole
from .reading import Edge, Formula, Mode, Place, numbers

DIGITS = 150  # that a smooth formula starts with
MAX_DIGITS = 5_000
AGREED = 30  # digits on which two precisions must agree
DIRECTIONS = 10
TRIES = 8  # to find each branch of an edge
POLE_DIGITS = 3_000  # to come near the zero of a denominator
DISTANCES = (20, 40, 60)  # powers of 1/10
SHRINKS = mp.mpf("0.03")  # h**0.08 does, over twenty powers of ten
STAYS = mp.mpf("0.6")

Key = tuple[int, ...]  # () the value, (i,) a slope, (i, j) a second derivative


@dataclass(frozen=True)
class Entry:
    """A number with a bound on its error; no number where there is none. ``structural`` where the
    entry is zero all around. ``inside`` is what it tends to where the formula is real.
    """

    number: Number | None
    error: Number = mp.zero
    structural: bool = False
    inside: Number | None = None


@dataclass(frozen=True)
class Truth:
    """What is at a point: entries by key. ``lenient`` where a number goes through an infinity or a
    part that is not real, so that a refusal is right too; ``smooth`` where no edge was met.
    ``here`` is the value at the point itself, whatever it is around it.
    """

    entries: Mapping[Key, Entry]
    smooth: bool
    lenient: bool = False
    here: Number | None = None


def existence(text: str, point: Mapping[str, str], seed: int = 0) -> Truth:
    """Value, gradient and Hessian of the formula at the point of exact texts, in all its variables.

    Raises :class:`Doubt` where this cannot tell.
    """
    return _Examination(text, point, seed).truth()


def _scale(texts: Sequence[str]) -> int:
    """How many powers of ten the numbers in texts may span."""
    text = " ".join(texts)
    exponents = [abs(int(e)) for e in re.findall(r"(?<=[\d.])[eE]([+-]?\d+)", text)]
    written = re.findall(r"(?<![\d.eE])(?<![eE][+-])\d+(?:\.\d*)?(?![\d.eE])", text)
    # Of an exponential of a large number, too.
    large = [min(int(float(number)), 2_000) for number in written if float(number) > 20]
    return 2 * max(exponents, default=0) + max(large, default=0)


class _Examination:
    def __init__(self, text: str, point: Mapping[str, str], seed: int) -> None:
        self.formula = Formula(text, list(point))
        self.centre = numbers(list(point.values()))
        self.size = len(point)
        self.keys: list[Key] = [
            (),
            *((i,) for i in range(self.size)),
            *itertools.combinations_with_replacement(range(self.size), 2),
        ]
        self.scale = _scale([text, *point.values()])
        self.seed = seed
        self.random = random.Random(seed)
        self.lenient = False
        self.here: Number | None = None

    def truth(self) -> Truth:
        """What is at the point."""
        try:
            return Truth(self._smooth(), smooth=True)
        except (Edge, Pole, NotReal):
            with mp.workdps(500 + 6 * self.scale):
                entries = self._sampled()
            return Truth(entries, smooth=False, lenient=self.lenient, here=self.here)

    # Away from edges

    def _smooth(self) -> dict[Key, Entry]:
        digits = DIGITS + 4 * self.scale
        with mp.workdps(digits):
            jet = self.formula.jet(Place(self.centre))
        while 2 * digits <= max(MAX_DIGITS, 8 * DIGITS + 32 * self.scale):
            digits *= 2
            with mp.workdps(digits):
                closer = self.formula.jet(Place(self.centre))
                if all(
                    self._agrees(_part(jet, k), _part(closer, k), digits // 2) for k in self.keys
                ):
                    return {
                        key: Entry(
                            _cleaned(_part(closer, key), self._noise(digits)),
                            structural=not _present(closer, key),
                        )
                        for key in self.keys
                    }
            jet = closer
        raise Doubt

    def _noise(self, digits: int) -> Number:
        """What rounding may leave of a zero that is computed with so many digits."""
        return mp.mpf(10) ** (self.scale - digits * 3 // 4)

    def _agrees(self, a: Number, b: Number, digits: int) -> bool:
        """Whether numbers of so many and of twice as many digits are the same."""
        if abs(a - b) <= abs(b) * mp.mpf(10) ** -AGREED:
            return True
        return bool(abs(a) < self._noise(digits) and abs(b) < self._noise(2 * digits))

    # At edges

    def _sampled(self) -> dict[Key, Entry]:
        self._look_at_the_point()
        around = [self._around(distance) for distance in DISTANCES]
        samples = [[jet for jet in jets if jet is not None] for jets in around]
        if not all(samples):
            return dict.fromkeys(self.keys, Entry(None))
        entries = {key: self._entry(samples, key) for key in self.keys}
        if any(None in jets for jets in around):
            return {
                key: Entry(None, structural=entry.structural, inside=entry.number)
                for key, entry in entries.items()
            }
        limit = entries[()]
        if self.here is not None and limit.number is not None and not _near(self.here, limit):
            entries[()] = Entry(None)
        if self.size > 1:
            entries = self._on_edges(entries)
        return {key: _with_parts(entries, key) for key in self.keys}

    @staticmethod
    def _entry(samples: list[list[Jet]], key: Key) -> Entry:
        numbers = [[_part(jet, key) for jet in jets] for jets in samples]
        return _limit(numbers, not any(_present(jet, key) for jets in samples for jet in jets))

    def _distance(self, power: int) -> Number:
        return mp.mpf(10) ** -(power + self.scale)

    def _around(self, power: int) -> list[Jet | None]:
        """Jets at a distance from the point, in many directions and along curves; None where the
        formula has no value there.
        """
        h, ten = self._distance(power), mp.mpf(10)
        self.random.seed(self.seed)  # the same ways at each distance
        if self.size == 1:
            steps = [[h], [-h], [h * mp.mpf("1.37")], [-h * mp.mpf("1.37")]]
        else:
            orders = itertools.product((1, 2, 3), repeat=self.size)
            curved = [o for o in orders if 1 in o and set(o) != {1}]
            steps = [
                [
                    self._coefficient() * ten ** -(e * self._power(power, max(orders)))
                    for e in orders
                ]
                for orders in [(1,) * self.size] * DIRECTIONS + curved * 2
            ]
        return [self._jet(self._beside(self.centre, step)) for step in steps]

    def _power(self, power: int, order: int) -> Number:
        """The exponent of a curve's first coordinate; the last must not sink into rounding."""
        return mp.mpf(power) / order + self.scale

    def _jet(self, place: Place) -> Jet | None:
        try:
            return self.formula.jet(place, Mode.NEAR)
        except (Pole, NotReal):
            return None

    def _coefficient(self) -> Number:
        return mp.mpf(self.random.choice((-1, 1)) * self.random.randint(10**5, 10**6)) / 314159

    @staticmethod
    def _beside(centre: Callable[[], Sequence[Number]], step: Sequence[Number]) -> Place:
        return Place(lambda: [c + s for c, s in zip(centre(), step, strict=True)])

    def _look_at_the_point(self) -> None:
        try:
            self.here = self.formula.value(Place(self.centre))
        except (Pole, NotReal, Edge):
            self.lenient = self._through_infinity()

    def _through_infinity(self) -> bool:
        """Whether something other than 0/0 has no value at the point."""
        removable, place = False, Place(self.centre)
        for node in ast.walk(self.formula.tree):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
                try:
                    zero = self.formula.sign(place, node.right) == 0
                    if zero and self.formula.sign(place, node.left) != 0:
                        return True
                except (Pole, NotReal):
                    continue
                removable = removable or zero
        return not removable

    def _on_edges(self, entries: dict[Key, Entry]) -> dict[Key, Entry]:
        """What is on the zeros of switches near the point, and beside those of denominators."""
        for (node, divides), _ in itertools.product(self.formula.switches(), range(TRIES)):
            if entries[()].number is None:
                break
            # High powers in the numerator must not hide a pole.
            with mp.workdps(POLE_DIGITS + 60 * self.scale if divides else mp.dps):
                try:
                    on = self._zero_near(node)
                except (Doubt, Pole, NotReal, Edge):
                    continue
                if on is None:
                    continue
                breaks = self._pole(on, entries[()]) if divides else self._jumps(on)
            if breaks:
                return {**entries, (): Entry(None)}
        return entries

    def _zero_near(self, node: Any) -> list[Number] | None:
        """A point near the point on which a node is zero; None where there is none."""
        h = self._distance(DISTANCES[0])
        x = [c + h * self._coefficient() for c in self.centre()]
        start, small = x, mp.mpf(10) ** -(mp.dps * 8 // 10)
        for _ in range(40):
            jet = self.formula.jet(_fixed(x), Mode.NEAR, node)
            square = sum((s * s for s in jet.slopes.values()), mp.zero)
            if square == 0:
                return None
            step = [-jet.value * jet.slopes.get(i, mp.zero) / square for i in range(self.size)]
            x = [a + b for a, b in zip(x, step, strict=True)]
            if max(abs(s) for s in step) < small:
                near = max(abs(a - b) for a, b in zip(x, start, strict=True)) < 1000 * h
                return x if near else None
        return None

    def _jumps(self, on: list[Number]) -> bool:
        """Whether the value on an edge is another than beside it."""
        try:
            value = self.formula.value(_fixed(on), Mode.ON)
        except (Pole, NotReal):
            return False
        eps = mp.mpf(10) ** -(mp.dps // 3)
        step = [eps * self._coefficient() for _ in on]
        beside = self.formula.value(self._beside(lambda: on, step))
        return bool(abs(value - beside) > eps * mp.mpf(10) ** 40 * max(1, abs(value)))

    def _pole(self, on: list[Number], limit: Entry) -> bool:
        """Whether the value beside the zero of a denominator is not what it is elsewhere."""
        if limit.number is None:
            return False
        eps = mp.mpf(10) ** -(mp.dps * 3 // 4)
        step = [eps * self._coefficient() for _ in on]
        try:
            value = self.formula.value(self._beside(lambda: on, step))
        except (Pole, NotReal):
            return True
        return bool(abs(value - limit.number) > mp.mpf(10) ** -8 * max(1, abs(limit.number)))


def _fixed(x: list[Number]) -> Place:
    return Place(lambda: x)


def _part(jet: Jet, key: Key) -> Number:
    match key:
        case ():
            return jet.value
        case (i,):
            return jet.slopes.get(i, mp.zero)
        case (i, j):
            return jet.seconds.get((i, j), mp.zero)
    raise AssertionError


def _present(jet: Jet, key: Key) -> bool:
    return key == () or key in jet.seconds or (len(key) == 1 and key[0] in jet.slopes)


def _cleaned(number: Number, noise: Number) -> Number:
    """Zero for what only rounding left."""
    return mp.zero if abs(number) < noise else number


def _limit(samples: list[list[Number]], structural: bool) -> Entry:
    """What samples at three shrinking distances tend to."""
    noise = mp.mpf(10) ** -(mp.dps // 2) * max(1, *(abs(s) for part in samples for s in part))
    wide = _spread([*samples[0], *samples[1]])
    narrow = _spread([*samples[1], *samples[2]])
    number = sum(samples[2], mp.zero) / len(samples[2])
    if narrow <= noise or narrow <= SHRINKS * wide:
        return Entry(number, narrow, structural)
    if narrow >= STAYS * wide:
        return Entry(None, structural=structural)
    raise Doubt


def _spread(numbers: list[Number]) -> Number:
    return max(numbers) - min(numbers)


def _near(value: Number, limit: Entry) -> bool:
    tiny = mp.mpf(10) ** -(mp.dps // 2)
    return bool(abs(value - limit.number) <= 10 * limit.error + tiny * max(1, abs(value)))


def _with_parts(entries: Mapping[Key, Entry], key: Key) -> Entry:
    """An entry exists where the value and its slopes do."""
    parts = [(), *((i,) for i in key)] if len(key) == 2 else [()]
    if any(entries[part].number is None for part in parts):
        return Entry(None, structural=entries[key].structural)
    return entries[key]
