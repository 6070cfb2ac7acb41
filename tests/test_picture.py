"""Pictures: what they show, not where their pixels are."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from hesscli.answer import Answer
from hesscli.errors import HessError
from hesscli.plot import picture
from hesscli.plot import scene as view
from hesscli.point.assignment import read_assignment
from hesscli.solver import Solver
from hesscli.types import Array

ROSENBROCK = "100*(y-x**2)**2 + (1-x)**2"
SUFFIXES = ("svg", "png", "pdf")


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """NumPy warns of what is expected at poles and beyond the largest double."""
    with np.errstate(all="ignore"):
        yield


@cache
def _made(text: str, at: str, wrt: tuple[str, ...] = ()) -> tuple[Answer, view.Values]:
    """The report on a formula at a point, and the function that gives its values."""
    compiled, (point,) = Solver(text, wrt).bound([read_assignment(at)])
    answer, values = compiled.answer_and_values(point)
    assert values is not None
    return answer, values


def _words(folder: Path, text: str, at: str, wrt: tuple[str, ...] = ()) -> list[str]:
    """The texts in a picture; in SVG, each stands in a comment before its outlines."""
    file = folder / "words.svg"
    picture.draw(*_made(text, at, wrt), str(file))
    return re.findall(r"<!-- (.*?) -->", file.read_text(encoding="utf-8"))


# Files


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("exp(x)", "700"),
        (ROSENBROCK, "-1.2,1"),
        ("x*y*z + x**2", "1,2,3"),
        ("x**3", "x=linspace(-1,1,30)"),
        ("log(x)", "-1"),
        ("log(x)*y", "-1,1"),
        ("abs(x) + y**2 + z**2", "0,1,2"),
        ("0*x*y*z", "1,2,3"),
    ],
)
def test_every_picture_is_a_file_of_its_kind(
    tmp_path: Path, text: str, at: str, suffix: str
) -> None:
    file = tmp_path / f"picture.{suffix}"
    picture.draw(*_made(text, at), str(file))
    content = file.read_bytes()
    if suffix == "svg":
        assert ElementTree.fromstring(content).tag == "{http://www.w3.org/2000/svg}svg"
    else:
        assert content.startswith({"png": b"\x89PNG\r\n\x1a\n", "pdf": b"%PDF-"}[suffix])
    assert 1_000 < len(content) < 1_000_000


@pytest.mark.parametrize(
    ("text", "at"), [("sin(x)", "1"), (ROSENBROCK, "1,1"), ("abs(x)+y**2+z**2", "0,1,2")]
)
def test_a_picture_depends_on_nothing_but_the_answer(tmp_path: Path, text: str, at: str) -> None:
    files = [tmp_path / f"{k}.svg" for k in range(2)]
    picture.draw(*_made(text, at), str(files[0]))
    with matplotlib.rc_context({"text.usetex": True, "font.size": 40, "axes.facecolor": "red"}):
        picture.draw(*_made(text, at), str(files[1]))
        assert matplotlib.rcParams["font.size"] == 40
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_large_matrix_makes_a_file_of_sane_size(tmp_path: Path) -> None:
    for suffix in SUFFIXES:
        file = tmp_path / f"large.{suffix}"
        picture.draw(*_made("sin(x)*y", "x=linspace(0,6,300),y=linspace(1,2,300)"), str(file))
        assert file.stat().st_size < 500_000


def test_a_picture_is_drawn_in_silence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    picture.draw(*_made("漢字**2*x_1 + log(x_1)", "漢字=1,x_1=1"), str(tmp_path / "a.png"))
    picture.draw(*_made("1/x", "0"), str(tmp_path / "b.png"))
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list


# Refusals


@pytest.mark.parametrize("path", ["a.jpg", "picture", "a.svg.gz", ""])
def test_another_suffix_is_refused_with_those_there_are(path: str) -> None:
    with pytest.raises(HessError, match=r"\.svg, \.png or \.pdf") as caught:
        picture.require(path)
    assert caught.value.code == "usage"


def test_without_matplotlib_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # as if it were not installed
    file = tmp_path / "a.svg"
    refused: list[Callable[[], None]] = [
        lambda: picture.require(str(file)),
        lambda: picture.draw(*_made("x**2", "1"), str(file)),
    ]
    for call in refused:
        with pytest.raises(HessError, match="needs matplotlib") as caught:
            call()
        assert caught.value.code == "no-matplotlib"
        assert caught.value.hint == "pip install 'hesscli[plot]'"
    assert not file.exists()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nowhere/a.svg", "there is no folder"),
        ("folder.svg", "it is a folder"),
        ("file/a.svg", "there is no folder"),
        ("a" * 300 + ".svg", "file name too long"),
        ("a\0.svg", "null"),
    ],
)
def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "folder.svg").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(HessError, match=reason) as caught:
        picture.draw(*_made("x**2", "1"), f"{tmp_path}/{name}")
    assert caught.value.code == "bad-file"


def test_a_folder_without_permission_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)  # root may write anywhere
    with pytest.raises(HessError, match="permission denied"):
        picture.require(str(tmp_path / "a.svg"))


# Words


def test_the_picture_says_what_was_asked_and_found(tmp_path: Path) -> None:
    words = _words(tmp_path, "alpha*x_1**2 - y**2", "alpha=3,x_1=0,y=0", ("x_1", "y"))
    assert "α·x_1² − y²" in words
    assert "f = 0 at x_1 = 0, y = 0, α = 3" in words
    assert {"Hessian indefinite", "Point stationary: a saddle"} <= set(words)
    assert {"x_1", "y", "λ₁ = −2", "λ₂ = 6"} <= set(words)


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        ("abs(x)", "0", ["No gradient, no Hessian: abs(x) has a kink at x = 0"]),
        ("log(x)", "-1", ["No value, no gradient, no Hessian: log(x) is not real at x = -1"]),
        ("sqrt(-(x-1)**2)", "1", ["no real values around the point"]),
        ("x*abs(x) + y**2", "0,1", ["Incomplete Hessian: abs(x) has a kink at x = 0"]),
        ("log(x*y)", "-1,1", ["the point, without a value", "no real value"]),
        ("0*x + 0*y + 7", "1,2", ["f is constant here", "no curvature"]),
        ("x**2 + y**2", "1,2", ["is principal"]),
        (
            "abs(x) + y**2 + z**2",
            "0,1,2",
            ["Incomplete gradient, incomplete Hessian: abs(x) has a kink at x = 0", "no number"],
        ),
        ("x*y*z", "1,2,3", ["zero", "eigenvalues: indefinite", "1 positive", "2 negative"]),
    ],
)
def test_what_is_missing_or_special_is_said(
    tmp_path: Path, text: str, at: str, said: list[str]
) -> None:
    assert set(said) <= set(_words(tmp_path, text, at))


def test_blocks_and_elements_are_named(tmp_path: Path) -> None:
    words = _words(tmp_path, "x*y**2", "x=[1,2],y=3")
    assert words.count("x[1]") == words.count("y") == 2
    words = _words(tmp_path, "x**2*y", "x=ones(5,6),y=ones(5,6)")
    assert words.count("x (5×6)") == words.count("y (5×6)") == 2


@pytest.mark.parametrize("count", [9, 200])
def test_a_long_point_is_broken_or_cut_between_its_numbers(tmp_path: Path, count: int) -> None:
    numbers = [f"0.{k}1234" for k in range(100, 100 + count)]
    words = _words(tmp_path, "x**2", f"[{','.join(numbers)}]")
    head = words[words.index("x²") + 1 : words.index("Hessian positive definite")]
    shown = re.findall(r"0[.]\d+", " ".join(head).partition(" at ")[2])
    assert len(shown) == (9 if count == 9 else 16)
    assert set(shown) <= {f"{float(number):.6f}"[: len(shown[0])] for number in numbers}


# Scales


@given(st.floats(-1e300, 1e300), st.floats(1e-280, 1e300))
def test_ticks_are_labelled_with_the_numbers_they_stand_for(center: float, half: float) -> None:
    window = view.Window.around(center, max(half, abs(center) * 1e-13))
    places, labels, origin = window.ticks()
    assert len(places) == len(labels) >= 2
    for place, label in zip(places, labels, strict=True):
        assert -1 - 1e-6 <= place <= 1 + 1e-6
        number = float(label.replace("−", "-")) + origin
        assert number == pytest.approx(center + place * window.half, abs=1e-2 * window.half)


@given(st.lists(st.floats(-1e300, 1e300), min_size=1))
def test_magnitudes_are_of_a_size_that_can_be_drawn(numbers: list[float]) -> None:
    scale = view.Magnitudes.of(np.array(numbers))
    largest = max(map(abs, numbers))
    assert scale.most * scale.unit == pytest.approx(largest or 1)
    assert largest < 1e-290 or 0.99 < scale.most < 10.01
    if scale.least is not None:
        assert 1e-14 < scale.least < scale.most / 100


def test_magnitudes_tell_small_numbers_from_zero() -> None:
    scale = view.Magnitudes.of(np.array([-1e300, -1e292, 0.0, 1e292, 1e300]))
    assert scale.least == pytest.approx(1e-8)
    assert [scale.label(n) for n in (-1, 0, 1e-8)] == ["−1e300", "0", "1e292"]


@pytest.mark.parametrize(
    ("text", "small"), [("x*y*1e300 + z**2*1e-300", "2e−300"), ("-x*y*z", "−1")]
)
def test_no_entry_is_as_white_as_zero(text: str, small: str, tmp_path: Path) -> None:
    words = _words(tmp_path, text, "1,1,1")
    assert small in words
    with picture._settings():
        axes = picture.figure(*_made(text, "1,1,1")).axes[0]
    image = np.asarray(axes.images[0].get_array())
    hessian = _made(text, "1,1,1")[0].hessian
    assert ((image == 1).all(-1) == (hessian == 0)).all()


# One variable

EVERYWHERE = [
    ("exp(x)", "1e-8"),
    ("exp(x)", "1e6"),
    ("exp(x)", "700"),
    ("x**400", "1"),
    ("x**400", "10"),
    ("log(x)", "1e-8"),
    ("log(x)", "-1"),
    ("sin(x)/x", "0"),
    ("sin(x)", "1e6"),
    ("1/x", "1e-3"),
    ("1/x", "0"),
    ("1/x", "1e-300"),
    ("sqrt(x)", "0"),
    ("floor(x)", "0.5"),
    ("abs(x-1)", "0"),
    ("abs(sin(1000*x))", "0"),
    ("x**2", "0"),
    ("x**2", "1e300"),
    ("x**2", "1e-300"),
    ("x**4", "0"),
    ("3*x+1", "5e-324"),
    ("0*x+5", "1.7e308"),
    ("sqrt(-(x-1)**2)", "1"),
    ("1e300*x**2", "3"),
    ("sum(a*x)**2", "x=1,a=linspace(0,1,100000)"),
]


@pytest.mark.parametrize(("text", "at"), EVERYWHERE)
def test_the_window_is_finite_and_holds_the_point(text: str, at: str) -> None:
    report, values = _made(text, at, ("x",))
    curve = view.curve(report, values)
    center = curve.across.center
    assert center == report.place.numbers["x"][0]
    for window, number in ((curve.across, center), (curve.up, curve.jet[0])):
        assert math.isfinite(window.center)
        assert 0 < window.half < math.inf
        if math.isfinite(number):
            assert abs(window.place(np.array(number))) <= 1
    assert (np.diff(curve.x) >= 0).all()


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("exp(x)", "1e-8"),
        ("exp(x)", "700"),
        ("x**400", "1"),
        ("log(x)", "1e-8"),
        ("sin(x)", "1e6"),
        ("cos(x)", "0"),
        ("sin(x)/x", "0"),
        ("1/x", "1e-3"),
        ("x**3 + x", "2"),
        ("sin(1/x)", "0.05"),
        ("1e-300*exp(x/1e9)", "0"),
    ],
)
def test_in_the_window_the_function_leaves_its_parabola(text: str, at: str) -> None:
    report, values = _made(text, at)
    curve = view.curve(report, values)
    inside = np.abs(curve.up.place(curve.y)) <= 1
    gaps = np.abs(curve.y - curve.parabola(curve.x))[inside] / curve.up.half
    assert 0.1 < gaps.max() < 3
    middle = np.abs(curve.across.place(curve.x[inside])) < 0.2
    assert gaps[middle].max() < 0.05


@given(st.floats(-140, 11))
def test_the_window_grows_with_the_function(exponent: float) -> None:
    scale = 10.0**exponent
    half = view.half_width(lambda x: np.exp(x / scale), 0.0, (1, 1 / scale, scale**-2), 20_000)
    assert 1.5 * scale < half < 3 * scale


@pytest.mark.parametrize(
    ("text", "at"), [("exp(x)*sin(x)", "1/3"), ("1/x", "1e-3"), ("x**5 - log(x)", "2")]
)
def test_the_parabola_is_the_taylor_polynomial(text: str, at: str) -> None:
    x = sympy.Symbol("x")
    f, point = sympy.sympify(text), sympy.Rational(at)
    expected = sympy.series(f, x, point, 3).removeO()
    curve = view.curve(*_made(text, at))
    assert curve.across.center == pytest.approx(float(point))
    assert curve.jet[0] == pytest.approx(float(f.subs(x, point)))
    numbers = curve.across.points(5)
    values = [float(expected.subs(x, sympy.Rational(n))) for n in numbers.tolist()]
    assert curve.parabola(numbers) == pytest.approx(np.array(values), rel=1e-9)


def test_jumps_poles_and_edges() -> None:
    steps = view.curve(*_made("floor(x)", "1"))
    assert set(steps.y[np.isfinite(steps.y)].tolist()) <= {-1, 0, 1, 2, 3}
    assert np.isnan(steps.y).sum() >= 3  # one for each jump within the window
    pole = view.curve(*_made("1/x", "0"))
    assert pole.up.half < 20
    assert np.isnan(pole.y[np.searchsorted(pole.x, 0) - 1 :][:3]).any()
    edge = view.curve(*_made("sqrt(x)", "0"))
    assert np.isnan(edge.y[edge.x < -1e-6]).all()
    smooth = view.curve(*_made("exp(-1e4*x**2) + x", "1"))
    assert not np.isnan(smooth.y).any()


# Two variables


@pytest.mark.parametrize(
    ("text", "at"),
    [
        (ROSENBROCK, "1,1"),
        (ROSENBROCK, "-1.2,1"),
        ("x*y", "0,0"),
        ("x**2 + 1e6*y**2", "0,0"),
        ("exp(x*y)", "1,1"),
        ("log(x) + y**2", "1e-3,1"),
        ("(x*y)**400", "0,0.1"),
        ("1/(x**2 + y**2)", "0,0"),
        ("1e300*x*y", "1,1"),
        ("sqrt(x*y)", "1,1"),
        ("gamma(x)*y", "0.5,2"),
    ],
)
def test_levels_split_the_area_so_that_each_band_is_seen(text: str, at: str) -> None:
    report, values = _made(text, at)
    land = view.landscape(report, values)
    assert all(0 < window.half < math.inf for window in land.windows)
    assert [w.center for w in land.windows] == [float(n[0]) for n in report.place.numbers.values()]
    assert len(land.levels) >= 5
    assert (np.diff(land.levels) > 0).all()
    heights = land.heights[np.isfinite(land.heights)]
    shares = np.bincount(np.digitize(heights, land.levels), minlength=len(land.levels) + 1)
    assert shares.max() < 0.5 * heights.size


def test_comparable_windows_are_equal_so_that_right_angles_look_right() -> None:
    land = view.landscape(*_made(ROSENBROCK, "-1.2,1"))
    assert land.windows[0].half == land.windows[1].half
    first, second = land.seen(np.array([3.0, 4.0])), land.seen(np.array([-4.0, 3.0]))
    assert first == pytest.approx([0.6, 0.8])
    assert first @ second == pytest.approx(0)
    apart = view.landscape(*_made("log(x) + y**2", "1e-3,1"))
    assert apart.windows[0].half < 0.01 < apart.windows[1].half


@pytest.mark.parametrize("scale", [1e-300, 1, 1e300])
def test_principal_directions_are_eigenvectors(scale: float) -> None:
    # λ = 1 along (1, -1) and λ = 3 along (1, 1); then λ = -5 along (1, -2) and 5 along (2, 1)
    for matrix, vectors in (
        ([[2, 1], [1, 2]], [[1, 1], [-1, 1]]),
        ([[3, 4], [4, -3]], [[1, 2], [-2, 1]]),
    ):
        found = view.principal(scale * np.array(matrix))
        expected = np.array(vectors) / np.linalg.norm(vectors, axis=0)
        assert np.abs((found * expected).sum(0)) == pytest.approx([1, 1])


# More variables


def test_no_entry_gets_lost_in_a_large_matrix() -> None:
    matrix: Array = np.zeros((1203, 1203))
    matrix[7, 1200], matrix[600, 600], matrix[1202, 0] = -1, 1e-300, np.nan
    seen = picture.pooled(matrix)
    assert len(seen) <= 1000
    assert np.count_nonzero(seen == -1) == np.count_nonzero(seen == 1e-300) == 1
    assert np.count_nonzero(np.isnan(seen)) == 1
    small = np.eye(3)
    assert picture.pooled(small) is small
