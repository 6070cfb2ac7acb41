"""What a picture shows: the window around the point, the curve or the landscape, the scales.

Without matplotlib, and in numbers of a size that it can draw: positions are brought to [-1, 1].
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hesscli.answer import Answer
from hesscli.shapes import broadcast
from hesscli.types import Array, Mask

Values = Callable[[Array], Array]
Profile = Callable[[Array], Array]  # the function of one element alone
Jet = tuple[float, float, float]  # value, slope and curvature; NaN where there is none


def short(value: float, digits: int = 5) -> str:
    """A number for a label: few digits, a true minus, and no padding in the exponent."""
    mantissa, _, exponent = f"{value + 0.0:.{digits}g}".partition("e")
    text = f"{mantissa}e{int(exponent)}" if exponent else mantissa
    return text.replace("-", "−")


# --- scales ------------------------------------------------------------------------------------

TINY, HUGE = 1e-290, 8e307  # beyond these, a picture would be of doubles, not of the function


def unit_of(size: float) -> float:
    """The power of ten below ``size``, for numbers that matplotlib can take."""
    return 10.0 ** max(math.floor(math.log10(size)), -300)


@dataclass(frozen=True, slots=True)
class Window:
    """The part of an axis that is shown: ``center`` ± ``half``."""

    center: float
    half: float

    @classmethod
    def around(cls, center: float, half: float) -> Window:
        """The window, neither too narrow nor too wide for doubles."""
        return cls(center, min(max(half, TINY), HUGE))

    def place(self, numbers: Array) -> Array:
        """Where numbers stand in the window, whose edges are -1 and 1."""
        return np.asarray((numbers - self.center) / self.half)

    def points(self, count: int) -> Array:
        """Numbers (count,) from edge to edge."""
        largest = np.finfo(np.float64).max
        return np.clip(self.center + self.half * np.linspace(-1, 1, count), -largest, largest)

    def ticks(self) -> tuple[list[float], list[str], float]:
        """Places and labels of round numbers, and what to add to the labels."""
        from matplotlib.ticker import MaxNLocator

        unit = unit_of(self.half)
        origin = self.center if abs(self.center) > 2e2 * self.half else 0.0
        middle, half = (self.center - origin) / unit, self.half / unit
        locator = MaxNLocator(6, steps=[1, 2, 2.5, 5, 10])
        found = np.asarray(locator.tick_values(middle - half, middle + half))
        inside = found[np.abs(found - middle) <= half * (1 + 1e-9)].tolist()
        return [(t - middle) / half for t in inside], [short(t * unit) for t in inside], origin


@dataclass(frozen=True, slots=True)
class Magnitudes:
    """A scale for numbers of both signs, in units of ``unit``, up to ``most`` of them.

    From ``least`` on it is logarithmic; all of it is linear where that is None.
    """

    unit: float
    most: float
    least: float | None

    @classmethod
    def of(cls, numbers: Array, zero: float = 0.0, small: float = 0.0) -> Magnitudes:
        """The scale for finite numbers, of which those up to ``zero`` count as 0.

        That part of them, ``small``, may be too small to be told apart.
        """
        sizes = np.abs(numbers[np.abs(numbers) > zero])
        if not sizes.size:
            return cls(1.0, 1.0, None)
        unit = unit_of(float(sizes.max()))
        most = float(sizes.max()) / unit
        least = unit_of(max(float(np.quantile(sizes, small)) / unit, most * 1e-12))
        return cls(unit, most, least if most > 1e3 * least else None)

    def label(self, number: float, _: object = None) -> str:
        """What a number of units is labelled with."""
        return short(number * self.unit)


# --- the function ------------------------------------------------------------------------------

WORK = 3e7  # evaluations of an element of the formula: a second or two
MIN_POINTS, MAX_POINTS = 60, 20_000
CHUNK = 1e6  # elements in memory together
LEAVES = 0.25  # of the height of a window: how far a function has to be off its parabola
ROUNDING = 1e-12  # relative; smaller differences of values are taken for rounding errors
REFINEMENTS = 30


class Samples:
    """The formula's values around the point, NaN where they are not finite.

    ``budget`` tells how many points can be afforded.
    """

    def __init__(self, answer: Answer, values: Values) -> None:
        self.at = np.concatenate([answer.place.numbers[v.name] for v in answer.place.variables])
        self.values = values
        variables = (*answer.place.variables, *answer.place.constants)
        if answer.formula.reduces:  # over tensors whose shapes need not go together
            elements = sum(v.size for v in variables)
        else:
            elements = math.prod(broadcast(v.shape for v in variables))
        self.budget = int(min(max(WORK / elements, MIN_POINTS), MAX_POINTS))
        self.step = max(1, int(CHUNK / elements))

    def __call__(self, points: Array) -> Array:
        """The values (k,) at points (k, n)."""
        starts = range(0, len(points), self.step)
        found = np.concatenate([self.values(points[k : k + self.step]) for k in starts])
        return np.where(np.isfinite(found), found, np.nan)

    def along(self, axis: int) -> Profile:
        """The function of one element alone, the others being those of the point."""

        def profile(numbers: Array) -> Array:
            points = np.tile(self.at, (len(numbers), 1))
            points[:, axis] = numbers
            return self(points)

        return profile


def taylor(offsets: Array, value: float, slope: float, curvature: float) -> Array:
    """The second-order Taylor polynomial at ``offsets`` from the point."""
    return value + offsets * (slope + offsets * curvature / 2)


def half_width(profile: Profile, at: float, jet: Jet, budget: int) -> float:
    """How far to each side of ``at`` to show a function with this value, slope and curvature.

    A little beyond where it has visibly left its parabola. A function that never does is shown
    as far as its vertex, or else as far as 0 or 1; one that has no parabola a bit farther, but
    not over more than a few turns.
    """
    rest = _rest(at)
    least, most = max(abs(at) * 1e-12, TINY), min(rest * 1e12, 1e300)
    if budget < 400:  # to be seen in steps that are small enough
        least, most = rest * 1e-4, min(rest * 1e3, 1e300)
    steps = np.geomspace(least, most, int(min(16 * math.log10(most / least), budget / 2)))
    both = profile(np.concatenate([at - steps, at + steps])).reshape(2, -1)
    value, slope, curvature = jet
    if not math.isfinite(value + slope + curvature):
        return _without_parabola(steps, both, value, rest)
    parabola = taylor(np.array([-steps, steps]), *jet)
    gaps = np.fmax.accumulate(np.fmax(*np.abs(both - parabola)))
    sizes = np.fmax.accumulate(np.fmax(*np.abs(both)))
    noise = ROUNDING * (sizes + abs(at * slope)) + 8 * np.nan_to_num(gaps[0]) + TINY
    spans = np.fmax(_spans(both), _spans(parabola))
    left = steps[(gaps >= LEAVES * spans) & (gaps > noise)]
    leaves = float(left[0]) if left.size else 0.0
    if slope == curvature == 0:  # no scale: any function leaves a line at once
        return _few_turns(steps, both, max(rest, 1.6 * leaves))
    if leaves:
        return 1.25 * leaves
    if curvature:
        vertex, visible = 2 * abs(slope / curvature), 1e-3 * math.sqrt(abs(value / curvature))
        if max(visible, TINY) < vertex < 1e3 * rest:
            return vertex
    return rest


def _rest(at: float) -> float:
    """The width for a function that has no scale of its own."""
    return max(1.0, abs(at))


def _without_parabola(steps: Array, both: Array, value: float, rest: float) -> float:
    """As far as there are values, and not much farther than most of the rise, as at a kink."""
    seen = steps[np.isfinite(both).any(0)]
    most = max(2 * rest, 2 * float(seen[0]) if seen.size else 0.0)
    rise = np.fmin(*np.abs(both - value))
    risen = np.flatnonzero((rise > 0) & (rise >= 0.8 * rise[steps <= most][-1]))
    if risen.size and risen[0]:  # else it jumps
        most = min(most, 20 * float(steps[risen[0]]))
    return _few_turns(steps, both, most)


def _spans(both: Array) -> Array:
    """How far the values (2, k) on both sides are apart, up to each step."""
    return np.asarray(np.fmax.accumulate(np.fmax(*both)) - np.fmin.accumulate(np.fmin(*both)))


def _few_turns(steps: Array, both: Array, most: float) -> float:
    """The largest step up to ``most`` over which values do not go up and down many times."""
    changes = np.nan_to_num(np.abs(np.diff(both, axis=1, prepend=both[:, :1])))
    changes[changes < ROUNDING * np.nan_to_num(np.abs(both))] = 0
    calm = np.cumsum(changes.sum(0)) <= 5 * _spans(both)
    inside = steps[calm & (steps > 1e-6 * most) & (steps <= most)]
    return float(inside[-1]) if inside.size and inside[-1] <= 0.8 * most else most


@dataclass(frozen=True, slots=True)
class Curve:
    """The graph of a function of one variable: ``y`` (k,) at ``x`` (k,), NaN in its gaps.

    ``jet`` are value, slope and curvature at the point.
    """

    across: Window
    up: Window
    x: Array
    y: Array
    jet: Jet

    def parabola(self, x: Array) -> Array:
        """The second-order Taylor polynomial of the function, at ``x``."""
        return taylor(x - self.across.center, *self.jet)

    def tangent(self, x: Array) -> Array:
        """The first-order one."""
        return taylor(x - self.across.center, *self.jet[:2], 0.0)


def curve(answer: Answer, values: Values) -> Curve:
    """What to draw of a function of one variable."""
    samples = Samples(answer, values)
    profile, at = samples.along(0), float(samples.at[0])
    jet = answer.value, float(answer.gradient[0]), float(answer.hessian[0, 0])
    across = Window.around(at, half_width(profile, at, jet, samples.budget))
    x = across.points(min(401, samples.budget) | 1)  # odd: the middle is the point
    y = profile(x)
    y[len(y) // 2] = jet[0]
    up = _vertical(profile, x, y, taylor(x - at, *jet))
    return Curve(across, up, *_refined(profile, x, y, up, across.half), jet)


def _vertical(profile: Profile, x: Array, y: Array, parabola: Array) -> Window:
    """The heights to show: all values but those at a pole, and some of the parabola."""
    known = y[np.isfinite(y)]
    if not known.size:
        return Window(0.0, 1.0)
    low, high = float(known.min()), float(known.max())
    inner, value = np.quantile(known, (0.12, 0.88)), y[len(y) // 2]
    reach = 0.6 * np.ptp(inner)
    if high - inner[1] > 4 * reach and _is_pole(profile, x, y, int(np.nanargmax(y))):
        high = float(np.fmax(inner[1] + reach, value))
    if inner[0] - low > 4 * reach and _is_pole(profile, x, y, int(np.nanargmin(y))):
        low = float(np.fmin(inner[0] - reach, value))
    if high - low <= max(ROUNDING * max(abs(low), abs(high)), TINY):  # constant
        return Window.around(low, abs(low) / 2 or 1.0)
    room = 0.4 * (high - low)
    shown = np.clip(parabola[np.isfinite(parabola)], low - room, high + room)
    low, high = min(low, *shown, low), max(high, *shown, high)
    return Window.around(low / 2 + high / 2, (high / 2 - low / 2) * 1.08)


def _is_pole(profile: Profile, x: Array, y: Array, peak: int) -> bool:
    """Whether values around a sample grow as far as one looks."""
    usual = np.nanmedian(y)
    largest = first = abs(y[peak] - usual)
    for _ in range(8):
        x = np.linspace(x[max(peak - 1, 0)], x[min(peak + 1, len(x) - 1)], 17)
        sizes = np.nan_to_num(np.abs(profile(x) - usual))
        peak = int(np.argmax(sizes))
        largest = max(largest, sizes[peak])
    return bool(largest > 50 * first)


def _refined(profile: Profile, x: Array, y: Array, up: Window, half: float) -> tuple[Array, Array]:
    """More points where the graph is steep or ends, and a gap where it jumps."""
    for _ in range(REFINEMENTS):
        middle = x[:-1] / 2 + x[1:] / 2
        within = (middle > x[:-1]) & (middle < x[1:])
        places = np.flatnonzero(_rough(y, up) & within)[:300]
        if not places.size:
            break
        y = np.insert(y, places + 1, profile(middle[places]))
        x = np.insert(x, places + 1, middle[places])
    jumps = np.flatnonzero(_rough(y, up) & (np.diff(x) < 1e-6 * half)) + 1
    return np.insert(x, jumps, x[jumps]), np.insert(y, jumps, np.nan)


def _rough(y: Array, up: Window) -> Mask:
    """Where neighbours are far apart in the window, or only one of them has a value."""
    places = np.clip(up.place(y), -1.2, 1.2)
    ends = np.isfinite(y[:-1]) != np.isfinite(y[1:])
    return np.asarray(ends | (np.abs(np.diff(places)) > 0.03))


@dataclass(frozen=True, slots=True)
class Landscape:
    """A function of two variables: ``heights`` (k, k) on a grid over both windows, rows upwards,
    NaN where it has no value, and the ``levels`` of its contours.
    """

    windows: tuple[Window, Window]
    heights: Array
    levels: Array

    def seen(self, vector: Array) -> Array:
        """The unit vector (2,) along which ``vector`` (2,) is seen in the picture."""
        scaled = vector / np.abs(vector).max() / [window.half for window in self.windows]
        scaled /= np.abs(scaled).max()
        return np.asarray(scaled / np.hypot(*scaled))

    def ranked(self) -> tuple[Array, Array]:
        """The heights on a scale on which the levels are 0, 1, 2, and so on, which matplotlib can
        tell apart whatever the function; and the same without cliffs, along which all lines run.
        """
        known = np.array([np.nanmin(self.heights), *self.levels, np.nanmax(self.heights)])
        low, high = 2 * self.levels[[0, -1]] - known[[2, -3]]  # no farther than the next level
        known[[0, -1]] = max(known[0], low), min(known[-1], high)
        ranked = np.interp(self.heights, known, np.arange(-1, len(self.levels) + 1))
        steep = np.abs(np.gradient(ranked)).max(0) > max(1, len(self.levels) // 4)
        return ranked, np.where(steep, np.nan, ranked)


def landscape(answer: Answer, values: Values) -> Landscape:
    """What to draw of a function of two variables."""
    samples = Samples(answer, values)
    halves = []
    for i in (0, 1):
        jet = answer.value, float(answer.gradient[i]), float(answer.hessian[i, i])
        halves.append(half_width(samples.along(i), samples.at[i], jet, samples.budget // 4))
    free = [half == _rest(number) for half, number in zip(halves, samples.at, strict=True)]
    halves = _balanced(samples, [max(halves) if free[i] else halves[i] for i in (0, 1)])
    x, y = (Window.around(*each) for each in zip(samples.at.tolist(), halves, strict=True))
    count = int(min(math.sqrt(samples.budget) * 1.6, 141)) | 1
    grid = np.meshgrid(x.points(count), y.points(count))
    heights = samples(np.column_stack([g.ravel() for g in grid])).reshape(count, count)
    return Landscape((x, y), heights, _levels(heights))


def principal(hessian: Array) -> Array:
    """The eigenvectors of the symmetric part, as columns, for the eigenvalues ascending."""
    scale = float(np.abs(hessian).max()) or 1.0
    return np.asarray(np.linalg.eigh(hessian / scale / 2 + hessian.T / scale / 2)[1])


def _balanced(samples: Samples, halves: Sequence[float]) -> list[float]:
    """The widths of both windows: one and the same if they are comparable, so that right angles
    look right, unless the function then changes along one axis only.
    """
    a, b = halves
    if max(a, b) > 8 * min(a, b):
        return [a, b]
    both = math.sqrt(a) * math.sqrt(b) if max(a, b) > 3 * min(a, b) else max(a, b)
    lines = [samples.along(i)(Window(samples.at[i], both).points(41)) for i in (0, 1)]
    known = [line[np.isfinite(line)] for line in lines]
    spans = [np.ptp(line) if line.size else 0.0 for line in known]
    ratio = math.sqrt(spans[0]) / math.sqrt(spans[1]) if min(spans) > 0 else 1.0
    return [both / ratio if ratio > 30 else both, both * ratio if ratio < 1 / 30 else both]


def _levels(heights: Array) -> Array:
    """Round levels that split the area evenly, whatever the function: few at a pole or a cliff."""
    known = heights[np.isfinite(heights)]
    if not known.size or np.ptp(known) <= ROUNDING * np.abs(known).max():
        return np.zeros(0)
    found = np.unique(np.quantile(known, np.linspace(0.05, 0.95, 10)))
    gaps = np.diff(found, prepend=known.min(), append=known.max())
    rounding = np.minimum(gaps[:-1], gaps[1:])
    found = found[rounding > 0]
    units = 10.0 ** np.floor(np.log10(rounding[rounding > 0]))
    return np.unique(np.rint(found / units) * units)
