"""What a picture shows: the window around the point, the curve or the landscape, the scales.

Without matplotlib, and in numbers of a size that it can draw: positions are brought to [-1, 1].
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from hesscli.answer import Answer
from hesscli.shapes import broadcast
from hesscli.types import Array

if TYPE_CHECKING:
    from numpy.typing import NDArray

Values = Callable[[Array], Array]


def short(value: float, digits: int = 5) -> str:
    """A number for a label: few digits, a true minus, and no padding in the exponent."""
    mantissa, _, exponent = f"{value + 0.0:.{digits}g}".partition("e")
    text = f"{mantissa}e{int(exponent)}" if exponent else mantissa
    return text.replace("-", "−")


# --- scales ------------------------------------------------------------------------------------

TINY, HUGE = 1e-290, 8e307  # beyond these, a picture would be of doubles, not of the function


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

        exponent = max(math.floor(math.log10(self.half)), -300)
        unit = 10.0**exponent
        origin = 0.0
        if abs(self.center) > 2e3 * self.half:
            rounded = [round(self.center, digits - exponent) for digits in (-3, -2, -1)]
            near = [number for number in rounded if abs(number - self.center) < 1.1 * self.half]
            origin = near[0] if near else rounded[-1]
        middle, half = (self.center - origin) / unit, self.half / unit
        locator = MaxNLocator(6, steps=[1, 2, 2.5, 5, 10])
        found = np.asarray(locator.tick_values(middle - half, middle + half)).tolist()
        inside = [t for t in found if abs(t - middle) <= half * (1 + 1e-9)]
        return [(t - middle) / half for t in inside], [short(t * unit) for t in inside], origin


@dataclass(frozen=True, slots=True)
class Magnitudes:
    """A scale for numbers of both signs up to ``most``; from ``least`` on it is logarithmic.

    All of it is linear where ``least`` is None.
    """

    least: float | None
    most: float

    @classmethod
    def of(cls, numbers: Array, zero: float = 0.0, small: float = 0.0) -> Magnitudes:
        """The scale for finite numbers, of which those up to ``zero`` count as 0.

        That part of them, ``small``, may be too small to be told apart.
        """
        sizes = np.abs(numbers[np.abs(numbers) > zero])
        if not sizes.size:
            return cls(None, 1.0)
        most = float(sizes.max())
        least = max(float(np.quantile(sizes, small)), most * 1e-12)
        return cls(least if most > 1e3 * least else None, most)

    def place(self, numbers: Array) -> Array:
        """Where numbers stand between -1 and 1; at 0 stands 0, and nothing else."""
        if self.least is None:
            sizes = np.abs(numbers) / self.most
        else:
            sizes = np.abs(numbers) / self.least
            sizes = np.where(sizes > 1, 1 + np.log10(np.maximum(sizes, 1)), sizes)
            sizes /= 1 + math.log10(self.most / self.least)
        return np.asarray(np.sign(numbers) * np.maximum(sizes, 1e-9))

    def ticks(self) -> tuple[list[float], list[str]]:
        """Places and labels of round numbers of both signs, and of 0."""
        if self.least is None:
            return Window(0.0, self.most).ticks()[:2]
        first, last = math.ceil(math.log10(self.least)), math.floor(math.log10(self.most))
        exponents = range(last, first - 1, -max(1, (last - first + 3) // 4))
        powers = np.array([10.0**e for e in exponents])
        numbers = np.concatenate([-powers, [0.0], powers[::-1]])
        return self.place(numbers).tolist(), [short(n) for n in numbers.tolist()]


# --- the function ------------------------------------------------------------------------------

WORK = 3e7  # evaluations of an element of the formula: a second or two
MIN_POINTS, MAX_POINTS = 60, 20_000
CHUNK = 1e6  # elements in memory together
LEAVES = 0.25  # of the height of a window: how far a function has to be off its parabola
ROUNDING = 1e-12  # relative; smaller differences of values are taken for rounding errors
REFINEMENTS = 30


class Samples:
    """The formula's values around the point, NaN where they are not finite."""

    def __init__(self, evaluation: Answer, values: Values) -> None:
        self.at = np.concatenate(
            [evaluation.place.numbers[v.name] for v in evaluation.place.variables]
        )
        self.values = values
        variables = (*evaluation.place.variables, *evaluation.place.constants)
        if evaluation.formula.reduces:  # over tensors whose shapes need not go together
            self.elements = sum(v.size for v in variables)
        else:
            self.elements = math.prod(broadcast(v.shape for v in variables))

    @cached_property
    def budget(self) -> int:
        """How many points can be afforded."""
        return int(min(max(WORK / self.elements, MIN_POINTS), MAX_POINTS))

    def __call__(self, points: Array) -> Array:
        """The values (k,) at points (k, n)."""
        step = max(1, int(CHUNK / self.elements))
        parts = [self.values(points[k : k + step]) for k in range(0, len(points), step)]
        found = np.concatenate(parts)
        return np.where(np.isfinite(found), found, np.nan)

    def along(self, axis: int) -> Callable[[Array], Array]:
        """The function of one element alone, the others being those of the point."""

        def profile(numbers: Array) -> Array:
            points = np.repeat(self.at[None, :], len(numbers), axis=0)
            points[:, axis] = numbers
            return self(points)

        return profile


def taylor(offsets: Array, value: float, slope: float, curvature: float) -> Array:
    """The second-order Taylor polynomial at ``offsets`` from the point."""
    return value + offsets * (slope + offsets * curvature / 2)


def half_width(
    profile: Callable[[Array], Array], at: float, jet: tuple[float, float, float], budget: int
) -> float:
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
    sizes = np.fmax.accumulate(np.fmax(*np.abs(both)))
    value, slope, curvature = jet
    if not math.isfinite(value + slope + curvature):
        seen = steps[np.isfinite(sizes)]
        most = max(2 * rest, 2 * float(seen[0]) if seen.size else 0.0)
        rise = np.fmin(*np.abs(both - value))
        within = rise[steps <= most]
        risen = np.flatnonzero((rise > 0) & (rise >= 0.8 * within[-1]))
        if risen.size and risen[0]:  # else it jumps
            most = min(most, 20 * float(steps[risen[0]]))
        return _few_turns(steps, both, most)
    parabola = taylor(np.array([-steps, steps]), *jet)
    gaps = np.fmax.accumulate(np.fmax(*np.abs(both - parabola)))
    spans = np.fmax(_spans(both), _spans(parabola))
    noise = ROUNDING * (sizes + abs(at * slope)) + 8 * np.nan_to_num(gaps[0]) + TINY
    left = np.flatnonzero((gaps >= LEAVES * spans) & (gaps > noise))
    leaves = float(steps[left[0]]) if left.size else 0.0
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


def _spans(both: Array) -> Array:
    """How far the values (2, k) on both sides are apart, up to each step."""
    return np.asarray(np.fmax.accumulate(np.fmax(*both)) - np.fmin.accumulate(np.fmin(*both)))


def _few_turns(steps: Array, both: Array, most: float) -> float:
    """The largest step up to ``most`` over which values do not go up and down many times."""
    changes = np.nan_to_num(np.abs(np.diff(both, axis=1, prepend=both[:, :1])))
    changes[changes < ROUNDING * np.nan_to_num(np.abs(both))] = 0
    calm = np.cumsum(changes.sum(0)) <= 5 * _spans(both)
    inside = calm & (steps > 1e-6 * most) & (steps <= most)
    largest = float(steps[inside].max()) if inside.any() else most
    return most if largest > 0.8 * most else largest


@dataclass(frozen=True, slots=True)
class Curve:
    """The graph of a function of one variable: ``y`` (k,) at ``x`` (k,), NaN in its gaps.

    ``point`` are x and f at the point, ``slope`` and ``curvature`` the derivatives there; each
    NaN where there is none.
    """

    across: Window
    up: Window
    x: Array
    y: Array
    point: tuple[float, float]
    slope: float
    curvature: float

    def parabola(self, x: Array) -> Array:
        """The second-order Taylor polynomial of the function, at ``x``."""
        return taylor(x - self.point[0], self.point[1], self.slope, self.curvature)

    def tangent(self, x: Array) -> Array:
        """The first-order one."""
        return taylor(x - self.point[0], self.point[1], self.slope, 0.0)


def curve(report: Answer, values: Values) -> Curve:
    """What to draw of a function of one variable."""
    samples = Samples(report, values)
    profile, at = samples.along(0), float(samples.at[0])
    value, slope = report.value, float(report.gradient[0])
    curvature = float(report.hessian[0, 0])
    jet = value, slope, curvature
    across = Window.around(at, half_width(profile, at, jet, samples.budget))
    x = across.points(min(401, samples.budget) | 1)  # odd: the middle is the point
    y = profile(x)
    y[len(y) // 2] = value
    up = _vertical(profile, x, y, taylor(x - at, *jet))
    x, y = _refined(profile, x, y, up, across.half)
    return Curve(across, up, x, y, (at, value), slope, curvature)


def _vertical(profile: Callable[[Array], Array], x: Array, y: Array, parabola: Array) -> Window:
    """The heights to show: all values but those at a pole, and some of the parabola."""
    known = y[np.isfinite(y)]
    if not known.size:
        return Window(0.0, 1.0)
    low, high = float(known.min()), float(known.max())
    value = y[len(y) // 2] if np.isfinite(y[len(y) // 2]) else low / 2 + high / 2
    inner = np.quantile(known, (0.12, 0.88))
    reach = 0.6 * float(inner[1] - inner[0])
    if high - inner[1] > 4 * reach and _is_pole(profile, x, y, int(np.nanargmax(y))):
        high = max(value, float(inner[1]) + reach)
    if inner[0] - low > 4 * reach and _is_pole(profile, x, y, int(np.nanargmin(y))):
        low = min(value, float(inner[0]) - reach)
    if high - low <= max(ROUNDING * max(abs(low), abs(high)), TINY):  # constant
        return Window.around(low, abs(low) / 2 or 1.0)
    room = 0.4 * (high - low)
    shown = np.clip(parabola[np.isfinite(parabola)], low - room, high + room)
    low, high = min(low, *shown, low), max(high, *shown, high)
    return Window.around(low / 2 + high / 2, (high / 2 - low / 2) * 1.08)


def _is_pole(profile: Callable[[Array], Array], x: Array, y: Array, peak: int) -> bool:
    """Whether values around a sample grow as far as one looks."""
    left, right = x[max(peak - 1, 0)], x[min(peak + 1, len(x) - 1)]
    first = abs(y[peak] - np.nanmedian(y))
    largest = first
    for _ in range(8):
        near = np.linspace(left, right, 17)
        sizes = np.abs(profile(near) - np.nanmedian(y))
        if not np.isfinite(sizes).any():
            break
        top = int(np.nanargmax(sizes))
        largest = max(largest, float(sizes[top]))
        left, right = near[max(top - 1, 0)], near[min(top + 1, 16)]
    return bool(largest > 50 * first)


def _refined(
    profile: Callable[[Array], Array], x: Array, y: Array, up: Window, half: float
) -> tuple[Array, Array]:
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


def _rough(y: Array, up: Window) -> NDArray[np.bool_]:
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


def landscape(report: Answer, values: Values) -> Landscape:
    """What to draw of a function of two variables."""
    evaluation = report
    samples = Samples(evaluation, values)
    at = samples.at.tolist()
    halves = []
    for i in (0, 1):
        jet = evaluation.value, float(evaluation.gradient[i]), float(evaluation.hessian[i, i])
        halves.append(half_width(samples.along(i), at[i], jet, samples.budget // 4))
    free = [half == _rest(number) for half, number in zip(halves, at, strict=True)]
    halves = _balanced(samples, [max(halves) if free[i] else halves[i] for i in (0, 1)])
    windows = Window.around(at[0], halves[0]), Window.around(at[1], halves[1])
    count = int(min(math.sqrt(samples.budget) * 1.6, 141)) | 1
    grid = np.meshgrid(*(window.points(count) for window in windows))
    heights = samples(np.column_stack([g.ravel() for g in grid])).reshape(count, count)
    return Landscape(windows, heights, _levels(heights))


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
    a = b = math.sqrt(a) * math.sqrt(b) if max(a, b) > 3 * min(a, b) else max(a, b)
    spans = [
        np.ptp(heights[np.isfinite(heights)]) if np.isfinite(heights).any() else 0.0
        for heights in (samples.along(i)(Window(samples.at[i], a).points(41)) for i in (0, 1))
    ]
    if min(spans) > 0:
        ratio = math.sqrt(spans[0]) / math.sqrt(spans[1])
        if ratio > 30:
            a /= ratio
        elif ratio < 1 / 30:
            b *= ratio
    return [a, b]


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
