"""Answer → picture: the function around the point, or the matrix as a map with its spectrum.

One variable gives the graph with its Taylor parabola, two give contours with the gradient and the
principal directions, more give the Hessian as a heat map beside its eigenvalues. What is to be
drawn is worked out in :mod:`hesscli.plot.scene`; only this module knows matplotlib, which is an
optional extra and imported late.

matplotlib never meets an extreme number: it gets positions and units, and ticks are labelled with
the numbers that they stand for, so that 1e300 and 1e-300 are drawn as well as 1.
"""

from __future__ import annotations

import io
import logging
import math
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hesscli.answer import Answer
from hesscli.errors import HessError, printable, shortened
from hesscli.files import replaced, require_writable
from hesscli.language.writer import UNICODE
from hesscli.plot import scene
from hesscli.plot.scene import Magnitudes, Values, Window, short
from hesscli.render.answer import KINDS
from hesscli.render.document import MAX_LISTED, bracketed, displayed, groups
from hesscli.render.figures import number
from hesscli.render.phrases import words
from hesscli.render.spy import tiled
from hesscli.types import Array

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Without a date, and with fixed identifiers, a file only changes when the picture does.
METADATA: dict[str, Any] = {".svg": {"Date": None}, ".png": {}, ".pdf": {"CreationDate": None}}
# From Okabe & Ito's palette, which the colour-blind can tell apart.
BLUE, ORANGE, GREY, INK, DEEP = "#0072B2", "#D55E00", "#8A8A8A", "#222222", "#00395A"
# From the most negative to the most positive: even the smallest number is not white.
HUES = [
    (0.0, "#8A3B00"), (0.15, ORANGE), (0.5, "#FCE8DC"),
    (0.5, "#DCEBF5"), (0.85, BLUE), (1.0, DEEP),
]  # fmt: skip
NO_NUMBER = "#BFBFBF"
# For the sign of an eigenvalue: colour, line, marker and word.
SIGNS = {
    1: (BLUE, "-", "o", "positive"),
    0: (GREY, ":", "x", "zero"),
    -1: (ORANGE, "--", "v", "negative"),
}
PLATE: dict[str, Any] = {"facecolor": "white", "edgecolor": "none", "alpha": 0.9, "pad": 1.2}
STYLE: dict[str, Any] = {
    "axes.titlesize": 9,
    "font.family": ["DejaVu Sans"],
    "font.size": 9,
    "hatch.linewidth": 0.6,
    "legend.frameon": False,
    "savefig.bbox": "tight",
    "savefig.dpi": 150,
    "svg.hashsalt": "hess",
    "text.parse_math": False,
}
MAX_NAMED = 20  # rows of a matrix
MAX_WRITTEN = 8  # rows of a matrix whose numbers are written into its cells
MAX_RULED = 64  # variables between which lines are drawn, and eigenvalues that have one
MAX_PIXELS = 500
SHORTEST = 0.3  # of the longest, for the line of a principal direction


def require(path: str) -> None:
    """Refuse a picture that could not be drawn into ``path``, before anything is computed."""
    file = Path(path)
    if file.suffix.lower() not in METADATA:
        raise HessError(
            "usage",
            f"a picture is a .svg, .png or .pdf file, and `{shortened(path)}` is none of them",
            hint="--plot picture.svg",
        )
    if find_spec("matplotlib") is None:
        raise _no_matplotlib("it is not installed")
    require_writable(path)


def draw(answer: Answer, values: Values, path: str) -> None:
    """Draw ``answer`` into the file ``path``, whose suffix tells the format; an old one stays there
    until the new one is whole.

    ``values`` gives the formula's values (k,) at (k, n) values of the differentiated elements.
    Raises :class:`HessError` as :func:`require` does, and where the file cannot be written.
    """
    require(path)
    suffix = Path(path).suffix.lower()
    buffer = io.BytesIO()
    with _settings():
        drawn = figure(answer, values)
        drawn.savefig(buffer, format=suffix[1:], metadata=METADATA[suffix])
    replaced(path, buffer.getvalue())


def figure(answer: Answer, values: Values) -> Figure:
    """The picture, not yet in a file; its head stands above its upper edge."""
    from matplotlib.figure import Figure

    shown = [displayed(v, UNICODE) for v in answer.place.variables]
    names = [printable(name) for v in shown for name in v.elements()]
    drawn = Figure(figsize=(6.4, 4.0) if len(names) < 3 else (7.6, 3.9), layout="constrained")
    with np.errstate(all="ignore"):
        _write_head(drawn, answer)
        if len(names) == 1:
            _draw_curve(drawn.add_subplot(), answer, values, names)
        elif len(names) == 2:
            _draw_landscape(drawn.add_subplot(), answer, values, names)
        else:
            axes, spectrum = drawn.subplots(1, 2, width_ratios=(3, 2))
            _draw_matrix(drawn, axes, answer.hessian)
            _name_rows(drawn, axes, answer, names)
            _draw_spectrum(spectrum, answer)
    return drawn


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
            default: Any = matplotlib.rcParamsDefault
            default = {k: v for k, v in default.items() if not k.startswith("backend")}
            with matplotlib.rc_context(default | STYLE):
                yield
    finally:
        logger.setLevel(level)


# --- words -------------------------------------------------------------------------------------


def _write_head(drawn: Figure, answer: Answer) -> None:
    """Formula, point and verdict, and what does not exist, above the picture."""
    from matplotlib.offsetbox import AnchoredOffsetbox, TextArea, VPacker

    lines: list[Artist] = [
        TextArea(line, textprops={"size": size, "color": colour})
        for text, size, colour in _head(answer)
        for line in textwrap.wrap(
            printable(text), int(drawn.get_figwidth() * 130 / size),
            max_lines=3, placeholder=" …", break_on_hyphens=False,
        )
    ]  # fmt: skip
    box = VPacker(children=lines, pad=0, sep=3)
    head = AnchoredOffsetbox(
        "lower left", child=box, frameon=False,
        bbox_to_anchor=(0, 1), bbox_transform=drawn.transFigure,
    )  # fmt: skip
    drawn.add_artist(head)


def _head(answer: Answer) -> Iterator[tuple[str, float, str]]:
    """The texts of the head, with their sizes and colours."""
    yield answer.formula.pretty, 11.5, INK
    value = f"f = {number(answer.value)}" if math.isfinite(answer.value) else "No value"
    point = (
        f"{displayed(v, UNICODE).name} = "
        + bracketed(answer.place.numbers[v.name], v.shape, MAX_LISTED, number)
        for v in (*answer.place.variables, *answer.place.constants)
    )
    yield f"{value} at {', '.join(point)}".replace("-", "−"), 9, INK
    verdict = answer.verdict
    if verdict.definiteness and verdict.inertia:
        certain = verdict.tolerance is None or verdict.definiteness in ("indefinite", "zero")
        rounded = verdict.inertia[1] and not certain
        yield f"Hessian {verdict.definiteness}{' at this precision' * bool(rounded)}", 9, INK
    if verdict.stationary is not None:
        slope = number(float(np.abs(answer.gradient).max()))
        not_so = f"not stationary (largest slope {slope})"
        yield f"Point {KINDS[verdict.kind] if verdict.stationary else not_so}", 9, INK
    yield _missing(answer), 9, ORANGE


def _missing(answer: Answer) -> str:
    """What of the answer does not exist, and why."""
    value = np.array(answer.value)
    parts = {"value": value, "gradient": answer.gradient, "Hessian": answer.hessian}
    lost = {name: np.isnan(part) for name, part in parts.items() if np.isnan(part).any()}
    said = ", ".join(f"{'no' if n.all() else 'incomplete'} {name}" for name, n in lost.items())
    reasons = dict.fromkeys(words(item.reason) for item in answer.undefined)
    return f"{said[0].upper()}{said[1:]}: {'; '.join(reasons)}" if said else ""


def _label(axes: Axes, place: Array, text: str, colour: str = INK) -> None:
    x, y = place.tolist()
    axes.text(x, y, text, color=colour, ha="center", va="center", bbox=PLATE, zorder=6)


def _ruled(axes: Axes, windows: Sequence[Window], names: Sequence[str]) -> None:
    """Axes from -1 to 1 with the ticks of the two windows."""
    for axis, window, name in zip((axes.xaxis, axes.yaxis), windows, names, strict=True):
        places, labels, origin = window.ticks()
        axis.set_ticks(places, labels=labels)
        shift = f" {'−' if origin > 0 else '+'} {abs(origin)!r}".removesuffix(".0")
        axis.set_label_text(shortened(name, 24) + (shift if origin else ""))
    axes.set(xlim=(-1, 1), ylim=(-1, 1))


# --- one variable ------------------------------------------------------------------------------


def _draw_curve(axes: Axes, answer: Answer, values: Values, names: Sequence[str]) -> None:
    graph = scene.curve(answer, values)
    value, slope, curvature = graph.jet

    def line(x: Array, y: Array, style: str, colour: str, label: str, width: float) -> None:
        heights = np.clip(graph.up.place(y), -9, 9)
        axes.plot(graph.across.place(x), heights, style, color=colour, label=label, lw=width)

    if math.isfinite(value):
        height = float(graph.up.place(np.array(value)))
        axes.plot([0], [height], "o", color=INK, label="the point", zorder=5, mec="white")
    else:
        axes.axvline(0, color=INK, lw=1, ls="-.", label="the point")
    if np.isfinite(graph.y).sum() > 1:
        line(graph.x, graph.y, "-", DEEP, "f", 3)
    else:
        _label(axes, np.array([0, 0.3]), "no real values around the point")
    x = graph.across.points(201)
    if math.isfinite(value + slope + curvature):
        label = f"Taylor parabola, f″ = {short(curvature, 4)}"
        line(x, graph.parabola(x), "--", ORANGE, label, 1.6)
    if math.isfinite(value + slope) and curvature:
        line(x, graph.tangent(x), ":", GREY, f"tangent, f′ = {short(slope, 4)}", 1.6)
    _ruled(axes, (graph.across, graph.up), (*names, "f"))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower left", bbox_to_anchor=(-0.1, 1), ncols=4, columnspacing=1.4)


# --- two variables -----------------------------------------------------------------------------


def _draw_landscape(axes: Axes, answer: Answer, values: Values, names: Sequence[str]) -> None:
    land = scene.landscape(answer, values)
    gradient, value = answer.gradient, answer.value
    known = "the point" if math.isfinite(value) else "the point, without a value"
    axes.plot([0], [0], "o", color=INK, label=known, zorder=5, mec="white", ms=7)
    if np.isfinite(gradient).all() and gradient.any() and not answer.verdict.stationary:
        tip = 0.5 * land.seen(gradient)
        arrow = {"arrowstyle": "-|>", "color": INK, "lw": 1.6, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", tip.tolist(), (0, 0), arrowprops=arrow, zorder=4)
        _label(axes, 1.16 * tip, "∇f")
        size = short(float(np.hypot(*gradient)))
        axes.plot([], [], color=INK, lw=1.6, label=f"gradient, |∇f| = {size}\n(not to scale)")
    if answer.verdict.eigenvalues is not None:
        _draw_directions(axes, land, answer, answer.verdict.eigenvalues)
    _draw_heights(axes, land)
    if not np.isfinite(land.heights).all():
        axes.patch.set(hatch="///", edgecolor=GREY)
        axes.fill([], [], fc="white", ec=GREY, lw=0, hatch="//////", label="no real value")
    if land.windows[0].half != land.windows[1].half:
        axes.plot([], [], " ", label="The axes differ in scale:\nright angles look skewed.")
    _ruled(axes, land.windows, names)
    axes.set_box_aspect(1)
    axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1.02), labelspacing=0.8)


def _draw_heights(axes: Axes, land: scene.Landscape) -> None:
    """Shades and labelled lines at the levels."""
    count = len(land.levels)
    if not count:
        known = np.isfinite(land.heights).any()
        text = "f is constant here" if known else "no real values around the point"
        _label(axes, np.array([0, 0.6]), text)
        return
    heights, torn = land.ranked()
    grid, ranks = np.linspace(-1, 1, len(heights)), range(count)
    shades = [str(shade) for shade in np.linspace(0.98, 0.70, count + 1)]
    axes.contourf(grid, grid, heights, [-2, *ranks, count + 1], colors=shades)
    lines = axes.contour(grid, grid, torn, ranks, colors="0.45", linewidths=0.6, linestyles="-")
    axes.clabel(lines, fmt=lambda rank: short(land.levels[round(rank)]), fontsize=7, colors="0.25")


def _draw_directions(axes: Axes, land: scene.Landscape, answer: Answer, eigenvalues: Array) -> None:
    largest, tolerance = float(np.abs(eigenvalues).max()), answer.verdict.tolerance or 0.0
    if largest <= tolerance:
        axes.plot([], [], " ", label="λ₁ = λ₂ = 0:\nno curvature")
        return
    directions = scene.principal(answer.hessian)
    for k, sign in enumerate(_signs(eigenvalues, tolerance)):
        colour, style, *_ = SIGNS[sign]
        seen = land.seen(directions[:, k])
        if seen @ np.nan_to_num(answer.gradient) > 0:
            seen = -seen  # the label stands away from the arrow
        end = seen * max(SHORTEST, abs(eigenvalues[k]) / largest) * 0.75
        name = f"λ{'₁₂'[k]}"
        label = f"{name} = {short(eigenvalues[k])}"
        axes.plot(*np.array([-end, end]).T, style, color=colour, lw=2, zorder=3, label=label)
        _label(axes, end + 0.08 * seen, name, colour)
    if eigenvalues[1] - eigenvalues[0] <= tolerance:
        axes.plot([], [], " ", label="λ₁ = λ₂: any direction\nis principal")
    elif abs(eigenvalues[0]) != abs(eigenvalues[1]):
        axes.plot([], [], " ", label=f"Length: |λ|, but at\nleast {SHORTEST:.0%} of the other")


def _signs(eigenvalues: Array, tolerance: float) -> Array:
    """1, 0 or -1 for each."""
    return np.where(np.abs(eigenvalues) <= tolerance, 0, np.sign(eigenvalues))


# --- more variables ----------------------------------------------------------------------------


def _draw_matrix(drawn: Figure, axes: Axes, hessian: Array) -> None:
    """The entries as coloured cells, beside the colours and the numbers that they stand for."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize, SymLogNorm
    from matplotlib.ticker import FuncFormatter

    scale = Magnitudes.of(hessian[np.isfinite(hessian)], small=0.1)
    norm = Normalize(-scale.most, scale.most)
    if scale.least is not None:
        norm = SymLogNorm(scale.least, vmin=-scale.most, vmax=scale.most)
    hues = LinearSegmentedColormap.from_list("signs", HUES, 512)
    edges = -0.5, len(hessian) - 0.5
    cells = pooled(hessian)
    places: Array = np.asarray(norm(cells / scale.unit))
    places = np.where(cells < 0, np.minimum(places, 0.499), places)
    image = hues(places)
    image[cells == 0] = 1
    image[np.isnan(cells)] = 0  # through which the axes are seen
    axes.imshow(image, interpolation="nearest", extent=(*edges, *edges[::-1]))
    if len(hessian) <= MAX_WRITTEN:
        for (i, j), entry in np.ndenumerate(hessian):
            if math.isfinite(entry):
                colour = "white" if abs(places[i, j] - 0.5) > 0.275 else INK
                axes.text(j, i, short(entry, 3), size=8, color=colour, ha="center", va="center")
    if (hessian == 0).any():
        axes.fill([], [], fc="white", ec=GREY, lw=0.6, label="zero")
    if np.isnan(hessian).any():
        crossed: dict[str, Any] = {"fc": NO_NUMBER, "ec": GREY, "hatch": "xxxx"}
        axes.patch.set(**crossed)
        axes.fill([], [], lw=0, label="no number", **crossed)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left", bbox_to_anchor=(-0.03, 0), ncols=2)
    if np.nansum(np.abs(hessian)):
        colours, beside = ScalarMappable(norm, hues), axes.inset_axes((1.05, 0, 0.04, 1))
        drawn.colorbar(colours, cax=beside, format=FuncFormatter(scale.label))


def _name_rows(drawn: Figure, axes: Axes, answer: Answer, names: Sequence[str]) -> None:
    """Names of the elements, or of the variables where there are many, as far as there is room."""
    blocks = groups([displayed(v, UNICODE) for v in answer.place.variables])
    named = [(float(k), name) for k, name in enumerate(names)]
    if len(names) > MAX_NAMED:
        named = [((b.start + b.stop - 1) / 2, b.title or names[b.start]) for b in blocks]
    kept: list[tuple[float, str]] = []
    for place, name in named:
        if not kept or place - kept[-1][0] >= len(names) / MAX_NAMED:
            kept.append((place, shortened(printable(name), 14)))
    turned = len(kept) * max(len(name) for _, name in kept) > 40
    if turned:
        drawn.set_figheight(4.7)
    places, labels = zip(*kept, strict=True)
    axes.set_xticks(places, labels=labels, rotation=90 if turned else 0)
    axes.set_yticks(places, labels=labels)
    axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=2)
    for block in blocks[1:] if len(blocks) <= MAX_RULED else ():
        axes.axhline(block.start - 0.5, color=INK, lw=0.8)
        axes.axvline(block.start - 0.5, color=INK, lw=0.8)


def pooled(matrix: Array) -> Array:
    """The matrix with squares of entries in one where there are more than can be seen.

    The largest in size stands for all, so that no diagonal gets lost; NaN is larger than any.
    """
    step = -(-len(matrix) // MAX_PIXELS)
    if step == 1:
        return matrix
    squares = tiled(matrix, step, step)
    squares = squares.reshape(*squares.shape[:2], -1)
    largest = np.argmax(np.nan_to_num(np.abs(squares), nan=np.inf), axis=-1, keepdims=True)
    return np.take_along_axis(squares, largest, axis=-1)[..., 0]


def _draw_spectrum(axes: Axes, answer: Answer) -> None:
    """The eigenvalues, ascending."""
    from matplotlib.ticker import MaxNLocator, SymmetricalLogLocator

    if answer.verdict.eigenvalues is None:
        axes.set_axis_off()
        text = "no eigenvalues:\nnot all entries\nhave a number"
        axes.text(0.5, 0.5, text, ha="center", va="center", color=ORANGE)
        return
    eigenvalues, tolerance = answer.verdict.eigenvalues, answer.verdict.tolerance or 0.0
    scale = Magnitudes.of(eigenvalues, tolerance)
    heights, order = eigenvalues / scale.unit, np.arange(1, len(eigenvalues) + 1)
    if scale.least is not None:
        axes.set_yscale("symlog", linthresh=scale.least)
        axes.yaxis.set_major_locator(SymmetricalLogLocator(base=10, linthresh=scale.least))
        axes.set_ylabel("logarithmic")
    axes.axhline(0, color=INK, lw=0.8)
    few, signs = len(order) <= MAX_RULED, _signs(eigenvalues, tolerance)
    for sign, (colour, style, marker, word) in SIGNS.items():
        mine = signs == sign
        if not mine.any():
            continue
        label = f"{mine.sum()} {word if sign or not eigenvalues[mine].any() else '≈ 0'}"
        if few:
            axes.vlines(order[mine], 0, heights[mine], color=colour, lw=1.6, ls=style)
        axes.plot(order[mine], heights[mine], marker, color=colour, ms=5 if few else 3, label=label)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_formatter(scale.label)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.set_title(f"eigenvalues: {answer.verdict.definiteness}", loc="left")
    axes.legend(loc="upper left", bbox_to_anchor=(-0.06, -0.06), ncols=3, handletextpad=0)
