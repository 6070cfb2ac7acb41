"""Report → picture: the function around the point, or the matrix as a map with its spectrum.

One variable gives the graph with its Taylor parabola, two give contours with the gradient and the
principal directions, more give the Hessian as a heat map beside its eigenvalues. What is to be
drawn is worked out first, in plain records; only the functions after them know matplotlib, which
is an optional extra and imported late.

matplotlib never meets an extreme number: positions are brought to [-1, 1] here, and ticks are
labelled with the numbers that they stand for, so that 1e300 and 1e-300 are drawn as well as 1.
"""

from __future__ import annotations

import errno
import io
import logging
import math
import os
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hesscli.answer import Answer
from hesscli.errors import HessError, display_width, printable, shortened
from hesscli.plot.scene import (
    HUGE,
    Curve,
    Landscape,
    Magnitudes,
    Values,
    Window,
    curve,
    landscape,
    principal,
    short,
)
from hesscli.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

    from hesscli.render.document import Document

# Without a date, and with fixed identifiers, a file only changes when the picture does.
METADATA: dict[str, dict[str, None]] = {
    ".svg": {"Date": None},
    ".png": {},
    ".pdf": {"CreationDate": None},
}
# From Okabe & Ito's palette, which the colour-blind can tell apart.
BLUE, ORANGE, GREY, INK, DEEP = "#0072B2", "#D55E00", "#8A8A8A", "#222222", "#00395A"
SIZE, SIDE = (6.4, 4.8), 3.4  # inches: of a picture, and of the matrix in one
SPACING = 1.5 / 72  # inches from line to line, for a point of size


def require(path: str) -> None:
    """Refuse a picture that could not be drawn into ``path``, before anything is computed."""
    suffix = Path(path).suffix.lower()
    if suffix not in METADATA:
        raise HessError(
            "usage",
            f"a picture is a .svg, .png or .pdf file, and `{shortened(path)}` is none of them",
            hint="--plot picture.svg",
        )
    if find_spec("matplotlib") is None:
        raise _no_matplotlib("it is not installed")
    try:
        reason = _obstacle(Path(path))
    except (OSError, ValueError) as error:
        raise _bad_file(path, error) from None
    if reason is not None:
        raise _bad_file(path, OSError(reason, os.strerror(reason)))


def draw(report: Answer, values: Values, path: str) -> None:
    """Draw ``report`` into the file ``path``; its suffix tells the format.

    ``values`` gives the formula's values (k,) at (k, n) values of the differentiated elements.
    Raises :class:`HessError` as :func:`require` does, and where the file cannot be written.
    """
    require(path)
    suffix = Path(path).suffix.lower()
    buffer = io.BytesIO()
    with _settings():
        drawn = figure(report, values)
        drawn.savefig(buffer, format=suffix[1:], metadata=METADATA[suffix])
    try:
        Path(path).write_bytes(buffer.getvalue())
    except (OSError, ValueError) as error:
        raise _bad_file(path, error) from None


def figure(report: Answer, values: Values) -> Figure:
    """The picture, not yet in a file."""
    from matplotlib.figure import Figure

    from hesscli.render.answer import document as documented

    document = documented(report, unicode=True, full=False)
    names = [printable(label) for label in document.matrix.labels]
    with np.errstate(all="ignore"):
        if len(names) > 2:
            return _matrix_figure(report, document)
        drawn = Figure(figsize=SIZE)
        top = _write_head(drawn, _head(report, document, SIZE[0]))
        if len(names) == 1:
            _draw_curve(drawn.add_subplot(), curve(report, values), names[0])
            drawn.legend(
                loc="upper left", bbox_to_anchor=(0, top), ncols=4, handlelength=1.8,
                columnspacing=1.4,
            )  # fmt: skip
            top -= 0.06
        else:
            _draw_landscape(drawn.add_subplot(), landscape(report, values), report, names)
        drawn.set_layout_engine("constrained", rect=(0.01, 0.01, 0.98, top - 0.02))
        return drawn


def _obstacle(path: Path) -> int | None:
    """The error number of what is in the way of writing ``path``."""
    if path.is_dir():
        return errno.EISDIR
    if not path.parent.is_dir():
        return errno.ENOTDIR if path.parent.exists() else errno.ENOENT
    return None if os.access(path if path.exists() else path.parent, os.W_OK) else errno.EACCES


def _bad_file(path: str, error: OSError | ValueError) -> HessError:
    reason = getattr(error, "strerror", None) or str(error)
    return HessError("bad-file", f"cannot write `{shortened(path)}`: {reason.lower()}")


def _no_matplotlib(reason: str) -> HessError:
    return HessError(
        "no-matplotlib", f"a picture needs matplotlib, and {reason}",
        hint="pip install 'hesscli[plot]'",
    )  # fmt: skip


@contextmanager
def _settings() -> Iterator[None]:
    """matplotlib with settings of our own, whatever the user's are, and silent."""
    logger = logging.getLogger("matplotlib")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of signs that no font has, above all
            try:
                import matplotlib
            except Exception as error:  # a broken installation may raise anything
                raise _no_matplotlib(f"it cannot be loaded: {str(error)[:100]}") from error
            default = matplotlib.rcParamsDefault
            chosen = {k: v for k, v in default.items() if not k.startswith("backend")} | {
                "axes.edgecolor": GREY,
                "axes.labelcolor": INK,
                "axes.linewidth": 0.8,
                "axes.titlesize": 9,
                "font.family": ["DejaVu Sans"],
                "font.size": 9,
                "hatch.color": GREY,
                "hatch.linewidth": 0.6,
                "legend.fontsize": 8.5,
                "legend.frameon": False,
                "savefig.dpi": 150,
                "svg.hashsalt": "hess",
                "text.color": INK,
                "text.parse_math": False,
                "xtick.color": GREY,
                "xtick.labelcolor": INK,
                "ytick.color": GREY,
                "ytick.labelcolor": INK,
            }
            with matplotlib.rc_context(chosen):
                yield
    finally:
        logger.setLevel(level)


# --- words -------------------------------------------------------------------------------------


def _head(report: Answer, document: Document, width: float) -> list[tuple[str, float, str]]:
    """Formula, point and verdict, and what does not exist, for a picture of this width.

    Each line has its text, its size in points and its colour.
    """
    letters = int(width * 13)
    words = {line.label: line.text for line in document.verdict}
    value = "without a value"
    if math.isfinite(report.value):
        value = f"f = {document.lines[1].text}"
    at = _listed(printable(document.lines[0].text), letters - len(value) - 5)
    lines = [
        (shortened(printable(document.title), int(letters * 0.75)), 11.5, INK),
        (f"at {at}, {value}".replace("-", "−"), 9, INK),
    ]
    verdict = [f"{k} {words[k].partition(' (tol')[0]}" for k in ("Hessian", "point") if k in words]
    for text, colour in (("; ".join(verdict), INK), (_missing(report), ORANGE)):
        parts = textwrap.wrap(text[:1].upper() + text[1:], int(letters * 1.12), max_lines=3)
        lines += [(part, 9, colour) for part in parts]
    return lines


def _write_head(drawn: Figure, lines: Sequence[tuple[str, float, str]]) -> float:
    """Write the lines; returns where they end, as a part of the height."""
    width, height = drawn.get_size_inches()
    y = height - 0.08
    for line, size, colour in lines:
        text = line.replace("\N{NO-BREAK SPACE}", " ")
        drawn.text(0.11 / width, y / height, text, size=size, color=colour, va="top")
        y -= size * SPACING
    return float(y / height)


def _missing(evaluation: Answer) -> str:
    """What of the answer does not exist, and why."""
    parts = {"value": np.array([evaluation.value]), "gradient": evaluation.gradient}
    parts["Hessian"] = evaluation.hessian
    lost = {name: np.isnan(part) for name, part in parts.items() if np.isnan(part).any()}
    if not lost:
        return ""
    whole = all(part.all() for part in lost.values())
    names = list(lost)
    said = f"{'No' if whole else 'Incomplete'} {', '.join(names[:-1])}"
    said += f"{(' or ' if whole else ' and ') if names[:-1] else ''}{names[-1]}"
    reasons = dict.fromkeys(printable(item.reason) for item in evaluation.undefined)
    return f"{said}: {'; '.join(reasons)}"


def _listed(text: str, most: int) -> str:
    """As many parts of a list from both ends as there is room for; no number is ever cut."""
    parts, kept = text.split(", "), ([], [])  # type: tuple[list[str], tuple[list[str], list[str]]]
    if len(text) <= most:
        return text
    room = most - len(", …")
    for k in range(len(parts)):
        part = parts[k // 2] if k % 2 == 0 else parts[-1 - k // 2]
        room -= len(part) + 2
        if room < 0:
            break
        kept[k % 2].append(part)
    return ", ".join([*kept[0], "…", *reversed(kept[1])])


MAX_LABELS = 20
MAX_WRITTEN = 8  # rows of a matrix whose numbers are written into its cells
MAX_HATCHED = 64
MAX_PIXELS = 500
SHORTEST = 0.3  # of the longest, for the line of a principal direction
# From the most negative to the most positive: even the smallest number is not white.
HUES = [
    (0.0, "#8A3B00"), (0.15, ORANGE), (0.5, "#FCE8DC"),
    (0.5, "#DCEBF5"), (0.85, BLUE), (1.0, DEEP),
]  # fmt: skip
NO_NUMBER = (0.75, 0.75, 0.75)


def _draw_curve(axes: Axes, curve: Curve, name: str) -> None:
    x, value = curve.across.place, curve.point[1]
    wide = curve.across.points(201)
    if math.isfinite(value):
        height = float(curve.up.place(np.array(value)))
        axes.plot([0], [height], "o", color=INK, label="the point", zorder=5, mec="white")
    else:
        axes.axvline(0, color=INK, lw=1, ls="-.", label="the point")
    if np.isfinite(curve.y).sum() > 1:
        graph = _clipped(curve.up.place(curve.y))
        axes.plot(x(curve.x), graph, color=DEEP, label="f", lw=3, solid_capstyle="butt")
    else:
        axes.text(0, 0.3, "no real values around the point", ha="center", bbox=PLATE)
    for label, line, style, colour in (
        (f"Taylor parabola, f″ = {short(curve.curvature, 4)}", curve.parabola, "--", ORANGE),
        (f"tangent, f′ = {short(curve.slope, 4)}", curve.tangent, ":", GREY),
    ):
        heights = curve.up.place(line(wide))
        if np.isfinite(heights).all() and (line != curve.tangent or curve.curvature):
            axes.plot(x(wide), _clipped(heights), style, color=colour, label=label, lw=1.6)
    _ruled(axes, (curve.across, curve.up), (name, "f"))
    axes.spines[["top", "right"]].set_visible(False)


def _clipped(heights: Array) -> Array:
    return np.clip(heights, -9, 9)


PLATE = {"facecolor": "white", "edgecolor": "none", "alpha": 0.9, "pad": 1.2}


def _ruled(axes: Axes, windows: tuple[Window, Window], names: Sequence[str]) -> None:
    """Axes from -1 to 1 with the ticks of the two windows."""
    for axis, window, name in zip((axes.xaxis, axes.yaxis), windows, names, strict=True):
        places, labels, origin = window.ticks()
        axis.set_ticks(places, labels=labels)
        shift = f" {'−' if origin > 0 else '+'} {abs(origin)!r}".removesuffix(".0")
        axis.set_label_text(shortened(name, 24) + (shift if origin else ""))
    axes.set(xlim=(-1, 1), ylim=(-1, 1))


def _draw_landscape(axes: Axes, land: Landscape, report: Answer, names: Sequence[str]) -> None:
    gradient, value = report.gradient, report.value
    known = "the point" if math.isfinite(value) else "the point, without a value"
    axes.plot([0], [0], "o", color=INK, label=known, zorder=5, mec="white", ms=7)
    if np.isfinite(gradient).all() and gradient.any() and not report.verdict.stationary:
        tip = 0.5 * land.seen(gradient)
        arrow = {"arrowstyle": "-|>", "color": INK, "lw": 1.6, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", tip.tolist(), (0, 0), arrowprops=arrow, zorder=4)
        _label(axes, 1.16 * tip, "∇f", INK)
        size = short(float(np.hypot(*gradient)))
        axes.plot([], [], color=INK, lw=1.6, label=f"gradient, |∇f| = {size}\n(not to scale)")
    if report.verdict.eigenvalues is not None:
        _draw_directions(axes, land, report, report.verdict.eigenvalues)
    _draw_heights(axes, land)
    if not np.isfinite(land.heights).all():
        axes.patch.set(hatch="///", edgecolor=GREY)
        axes.fill([], [], fc="white", ec=GREY, lw=0, hatch="//////", label="no real value")
    if land.windows[0].half != land.windows[1].half:
        axes.plot([], [], " ", label="The axes differ in scale:\nright angles look skewed.")
    _ruled(axes, land.windows, names)
    axes.set_box_aspect(1)
    axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1.02), labelspacing=0.8)


def _draw_heights(axes: Axes, land: Landscape) -> None:
    """Shades and labelled lines at the levels."""
    levels = land.levels
    if not levels.size:
        known = np.isfinite(land.heights).any()
        text = "f is constant here" if known else "no real values around the point"
        axes.text(0, 0.6, text, ha="center", bbox=PLATE)
        return
    heights, steps = _apart(land.heights, levels)
    grid = np.linspace(-1, 1, len(heights))
    shades = [str(shade) for shade in np.linspace(0.98, 0.70, len(levels) + 1)]
    axes.contourf(grid, grid, heights, [-2e3, *steps, 2e3], colors=shades)
    torn = _torn(heights, steps)
    lines = axes.contour(grid, grid, torn, steps, colors="0.45", linewidths=0.6, linestyles="-")
    texts = dict(zip(lines.levels, map(short, levels.tolist()), strict=True))
    axes.clabel(lines, fmt=texts, fontsize=7, colors="0.25")


def _apart(heights: Array, levels: Array) -> tuple[Array, Array]:
    """Both on a scale of about 1 on which the levels can be told apart.

    That is a linear one, or else one on which each level is 1 above the last.
    """
    gaps = np.diff(levels)
    if not gaps.size:
        gaps = np.array([np.nanmax(np.abs(heights - levels))])
    elif gaps.min() > 1e-9 * np.ptp(levels):
        window = Window(float(levels[0]), float(np.ptp(levels)))
        return np.clip(window.place(heights), -1e3, 1e3), window.place(levels)
    ends = np.clip([levels[0] - gaps[0], levels[-1] + gaps[-1]], -HUGE, HUGE)
    known = np.concatenate([ends[:1], levels, ends[1:]])
    return np.interp(heights, known, np.arange(-1, len(levels) + 1)), np.arange(0.0, len(levels))


def _torn(heights: Array, levels: Array) -> Array:
    """``heights`` without the cliffs, along which all the lines would run."""
    torn = heights.copy()
    ranks = np.digitize(heights, levels)
    for axis in (0, 1):
        cliff = np.abs(np.diff(ranks, axis=axis)) > max(2, len(levels) // 2)
        pad = np.zeros_like(cliff.take([0], axis))
        torn[np.concatenate([cliff, pad], axis) | np.concatenate([pad, cliff], axis)] = np.nan
    return torn


def _draw_directions(axes: Axes, land: Landscape, report: Answer, eigenvalues: Array) -> None:
    largest, tolerance = float(np.abs(eigenvalues).max()), report.verdict.tolerance or 0.0
    directions = principal(report.hessian)
    if largest <= tolerance:
        axes.plot([], [], " ", label="λ₁ = λ₂ = 0:\nno curvature")
        return
    for k, number in enumerate(eigenvalues.tolist()):
        colour, style = _sign(number, tolerance)[:2]
        seen = land.seen(directions[:, k])
        if seen @ np.nan_to_num(report.gradient) > 0:  # the label stands away from the arrow
            seen = -seen
        end = seen * max(SHORTEST, abs(number) / largest) * 0.75
        name = f"λ{'₁₂'[k]}"
        axes.plot(
            *zip(-end, end, strict=True), style, color=colour, lw=2, zorder=3,
            label=f"{name} = {short(number)}",
        )  # fmt: skip
        _label(axes, end + 0.08 * seen, name, colour)
    if eigenvalues[1] - eigenvalues[0] <= tolerance:
        axes.plot([], [], " ", label="λ₁ = λ₂: any direction\nis principal")
    elif abs(eigenvalues[0]) != abs(eigenvalues[1]):
        axes.plot([], [], " ", label=f"Length: |λ|, but at\nleast {SHORTEST:.0%} of the other")


def _label(axes: Axes, place: Array, text: str, colour: str) -> None:
    x, y = place.tolist()
    axes.text(x, y, text, color=colour, ha="center", va="center", bbox=PLATE, zorder=6)


def _sign(number: float, tolerance: float) -> tuple[str, str, str, str]:
    """Colour, line, marker and word for the sign of an eigenvalue."""
    if abs(number) <= tolerance:
        return GREY, ":", "x", "≈ 0"
    return (BLUE, "-", "o", "positive") if number > 0 else (ORANGE, "--", "v", "negative")


def _matrix_figure(report: Answer, document: Document) -> Figure:
    """The matrix, its scale and its spectrum side by side; sizes in inches."""
    from matplotlib.figure import Figure

    places, names = _block_names(document)
    longest = 0.25 + 0.075 * max(map(display_width, names))
    turned = (longest - 0.2) * len(names) > SIDE
    width = longest + SIDE + 4.2
    head = _head(report, document, width)
    height = 0.6 + SPACING * sum(size for _, size, _ in head) + (longest if turned else 0.25) + SIDE
    drawn = Figure(figsize=(width, height))
    _write_head(drawn, head)

    def box(left: float, wide: float) -> Axes:
        rect = (longest + left) / width, 0.45 / height, wide / width, SIDE / height
        return drawn.add_axes(rect)

    hessian = report.hessian
    scale = Magnitudes.of(hessian[np.isfinite(hessian)], small=0.1)
    axes = box(0, SIDE)
    _draw_matrix(axes, hessian, scale)
    axes.set_xticks(places, labels=names, rotation=90 if turned else 0)
    axes.set_yticks(places, labels=names)
    axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=2)
    if len(document.matrix.groups) <= MAX_HATCHED:
        for group in document.matrix.groups[1:]:
            axes.axhline(group.start - 0.5, color=INK, lw=0.8)
            axes.axvline(group.start - 0.5, color=INK, lw=0.8)
    if np.nansum(np.abs(hessian)):
        _draw_scale(box(SIDE + 0.2, 0.12), scale)
    _draw_spectrum(box(SIDE + 1.7, 2.35), report)
    return drawn


def _block_names(document: Document) -> tuple[list[float], list[str]]:
    """Names of the elements, or of the variables where there are many, and their rows; those
    for which there is room.
    """
    groups, labels = document.matrix.groups, document.matrix.labels
    order = len(labels)
    named = [(float(k), label) for k, label in enumerate(labels)]
    if order > MAX_LABELS and len(groups) < order:
        named = [((group.start + group.stop - 1) / 2, group.title) for group in groups]
    apart = 1.0
    if order > MAX_LABELS:
        unit = 10 ** int(math.log10(order / 12))
        apart = next(step * unit for step in (1, 2, 5, 10) if step * unit >= order / 12)
    kept: list[tuple[float, str]] = []
    for place, name in named:
        if not kept or place - kept[-1][0] >= apart:
            kept.append((place, shortened(printable(name), 14)))
    return [place for place, _ in kept], [name for _, name in kept]


def _hues() -> LinearSegmentedColormap:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("signs", HUES, 512)


def _draw_matrix(axes: Axes, hessian: Array, scale: Magnitudes) -> None:
    """The entries as coloured cells."""
    order = len(hessian)
    cells = pooled(hessian)
    image = _hues()(scale.place(cells) / 2 + 0.5)
    image[cells == 0] = 1
    image[np.isnan(cells)] = (*NO_NUMBER, 1)
    edges = -0.5, order - 0.5
    axes.imshow(image, interpolation="nearest", extent=(*edges, *edges[::-1]))
    hatch = "xxxxx" if order <= MAX_HATCHED else None
    if hatch:
        _hatch(axes, np.isnan(hessian))
    if order <= MAX_WRITTEN:
        _write_numbers(axes, hessian, scale)
    axes.spines[:].set_color(INK)
    if (hessian == 0).any():
        axes.fill([], [], fc="white", ec=GREY, lw=0.6, label="zero")
    if np.isnan(hessian).any():
        axes.fill([], [], fc=NO_NUMBER, ec=GREY, lw=0, hatch=hatch, label="no number")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left", bbox_to_anchor=(-0.03, 0), ncols=2)


def _draw_scale(axes: Axes, scale: Magnitudes) -> None:
    """The colours and the numbers that they stand for."""
    rows = np.linspace(-1, 1, 512)[:, None]
    axes.imshow(_hues()(rows / 2 + 0.5), aspect="auto", origin="lower", extent=(0, 1, -1, 1))
    places, labels = scale.ticks()
    axes.set_xticks([])
    axes.set_yticks(places, labels=labels)
    axes.yaxis.tick_right()
    axes.spines[:].set_visible(False)


def pooled(matrix: Array) -> Array:
    """The matrix with squares of entries in one where there are more than can be seen.

    The largest in size stands for all, so that no diagonal gets lost; NaN is larger than any.
    """
    step = -(-len(matrix) // MAX_PIXELS)
    if step == 1:
        return matrix
    count = -(-len(matrix) // step)
    padded = np.pad(matrix, (0, count * step - len(matrix)))
    squares = padded.reshape(count, step, count, step).swapaxes(1, 2).reshape(count, count, -1)
    largest = np.argmax(np.nan_to_num(np.abs(squares), nan=np.inf), axis=-1, keepdims=True)
    return np.take_along_axis(squares, largest, axis=-1)[..., 0]


def _hatch(axes: Axes, missing: Array) -> None:
    """Cross out the entries that have no number; neighbours in a row together."""
    from matplotlib.patches import Rectangle

    for row, flags in enumerate(np.pad(missing, ((0, 0), (1, 1))).astype(int)):
        starts, stops = (np.flatnonzero(np.diff(flags) == step) for step in (1, -1))
        for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
            corner = start - 0.5, row - 0.5
            axes.add_patch(
                Rectangle(corner, stop - start, 1, fc=NO_NUMBER, ec=GREY, lw=0, hatch="xxx")
            )


def _write_numbers(axes: Axes, hessian: Array, scale: Magnitudes) -> None:
    for (i, j), number in np.ndenumerate(hessian):
        if math.isfinite(number):
            colour = "white" if abs(scale.place(np.array(number))) > 0.55 else INK
            size = 9 if len(hessian) < 6 else 7.5
            axes.text(j, i, short(number, 3), size=size, color=colour, ha="center", va="center")


def _draw_spectrum(axes: Axes, report: Answer) -> None:
    """The eigenvalues, ascending."""
    from matplotlib.ticker import MaxNLocator

    axes.spines[["top", "right", "bottom"]].set_visible(False)
    if report.verdict.eigenvalues is None:
        axes.set_axis_off()
        text = "no eigenvalues:\nnot all entries\nhave a number"
        axes.text(0.5, 0.5, text, ha="center", va="center", color=ORANGE)
        return
    eigenvalues, tolerance = report.verdict.eigenvalues, report.verdict.tolerance or 0.0
    scale = Magnitudes.of(eigenvalues, tolerance)
    heights, order = scale.place(eigenvalues), np.arange(1, len(eigenvalues) + 1)
    axes.axhline(0, color=INK, lw=0.8)
    signs = np.where(np.abs(eigenvalues) <= tolerance, 0, np.sign(eigenvalues))
    for sign in (1, 0, -1):
        colour, style, marker, word = _sign(sign, 0.5)
        mine = signs == sign
        if mine.any():
            if len(eigenvalues) <= MAX_HATCHED:
                axes.vlines(order[mine], 0, heights[mine], color=colour, lw=1.6, ls=style)
            word = word if sign or eigenvalues[mine].any() else "zero"
            size = 5 if len(eigenvalues) <= MAX_HATCHED else 3
            axes.plot(
                order[mine],
                heights[mine],
                marker,
                color=colour,
                ms=size,
                label=f"{mine.sum()} {word}",
            )
    places, labels = scale.ticks()
    axes.set_yticks(places, labels=labels)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel("" if scale.least is None else "logarithmic")
    axes.set_title(f"eigenvalues: {report.verdict.definiteness}", loc="left")
    axes.set_ylim(min(0, heights[0]) - 0.08, max(0, heights[-1]) + 0.08)
    axes.legend(
        loc="upper left", bbox_to_anchor=(-0.06, -0.06), ncols=3, handletextpad=0, columnspacing=0.8
    )
