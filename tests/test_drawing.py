"""What people read: the matrix on terminals of every width, with and without colour."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pexpect
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.columns import Columns
from rich.console import Console
from rich.panel import Panel
from rich.theme import Theme

from hesscli.answer import Answer, Basis, Doubles, Place
from hesscli.derive.symbols import differentiate
from hesscli.errors import display_width
from hesscli.expression.reader import read_formula
from hesscli.render import figures, palette
from hesscli.render.answer import document as documented
from hesscli.render.document import Document
from hesscli.render.grid import MAX_COLUMNS
from hesscli.solver import Settings
from hesscli.types import Variable, Verify

from .conftest import Hess, Utf8
from .reference import report

WIDTHS = (40, 80, 140, 300)
HUE = re.compile(r"\x1b\[[\d;]*3[18]")


@cache
def _report(formula: str, at: str) -> Answer:
    return report(formula, at)


def _printed(
    document: Document, width: int | None = None, full: bool = False, encoding: str = "utf-8"
) -> list[str]:
    """The lines of a document on a console of this width; without one, in a pipe."""
    if width is None:
        return str(document).split("\n")
    page = io.TextIOWrapper(io.BytesIO(), encoding)
    Console(file=page, width=width, color_system=None).print(replace(document, full=full))
    page.seek(0)
    return page.read().splitlines()


def _drawn(
    formula: str, at: str, width: int | None = None, full: bool = False, encoding: str = "utf-8"
) -> list[str]:
    answer = _report(formula, at)
    document = documented(answer, unicode=encoding == "utf-8", full=full or width is None)
    return _printed(document, width, full, encoding)


def _grid(lines: list[str]) -> list[str]:
    """The lines of the matrix."""
    start = next(i for i, line in enumerate(lines) if line.startswith("Hessian"))
    end = next(i for i in range(start, len(lines)) if lines[i].startswith("eigenvalues"))
    return lines[start + 1 : end]


def _matrix(order: int, matrix: Any) -> Answer:
    """A report on a tensor variable ``x`` with this Hessian."""
    given = _report("x**2", "x=[1,2]")
    return replace(
        given,
        place=Place((Variable("x", (order,)),), (), {"x": np.ones(order)}),
        jet=Doubles(5.0, np.ones(order), np.asarray(matrix, dtype=float)),
        structural=np.zeros((order, order), dtype=bool),
        verdict=replace(given.verdict, eigenvalues=np.ones(order)),
    )


# The numbers


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (12.0, "12"),
        (-3.0, "-3"),
        (0.5, "0.5"),
        (1 / 3, "0.333333"),
        (0.1 + 0.2, "0.300000"),
        (2.9999999999999996, "3.00000"),
        (1234567.25, "1234567.2"),
        (1e15, "1e+15"),
        (123456789012345.0, "123456789012345"),
        (1.5e-7, "1.5e-07"),
        (1e300, "1e+300"),
        (float("nan"), "none"),
    ],
)
def test_a_number_has_the_digits_that_matter(value: float, shown: str) -> None:
    assert figures.number(value) == shown


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_that_looks_exact_is_exact(value: float) -> None:
    """Zeros at the end, or six digits, say that it is rounded."""
    shown = figures.number(value)
    digits = re.sub(r"e.*|[-.]", "", shown).lstrip("0")
    assert float(shown) == value or len(digits) >= figures.SIGNIFICANT_DIGITS
    assert float(shown) == pytest.approx(value, rel=1e-5)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=8))
def test_columns_are_aligned_on_the_decimal_point(values: list[float]) -> None:
    order = len(values)
    matrix = np.zeros((order, order))
    matrix[:, 0] = values
    rows = _grid(_printed(documented(_matrix(order, matrix), unicode=True)))
    cells = [re.split(r" {2,}", row.strip())[1] for row in rows if row.startswith("x[")]
    assert [float(cell) for cell in cells] == pytest.approx(values, rel=1e-5)
    starts = [row.index("]") + 1 for row in rows if row.startswith("x[")]
    points = set()
    for row, start, cell in zip(
        (r for r in rows if r.startswith("x[")), starts, cells, strict=True
    ):
        whole = len(re.match(r"-?\d+", cell)[0])  # type: ignore[index]
        points.add(row.index(cell, start) + whole)
    assert len(points) == 1


def test_values_from_1e_300_to_1e300_stand_in_one_matrix() -> None:
    lines = _drawn("1e300*x**2/2 + 1e-300*y**2/2 + x*y", "1,2", 80)
    assert _grid(lines)[:3] == [
        "        x       y",
        "x  1e+300  1e+00 ",
        "y  1e+00   1e-300",
    ] or [line.rstrip() for line in _grid(lines)[:3]] == [
        "        x       y",
        "x  1e+300  1e+00",
        "y  1e+00   1e-300",
    ]


def _is_scientific(cell: str) -> bool:
    return re.search(r"\de[-+]?\d", cell) is not None


NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(NUMBERS, min_size=6, max_size=6))
def test_a_symmetric_matrix_has_one_notation_and_looks_symmetric(values: list[float]) -> None:
    matrix = np.zeros((3, 3))
    matrix[np.triu_indices(3)] = values
    matrix = np.triu(matrix) + np.triu(matrix, 1).T
    rows = _grid(_printed(documented(_matrix(3, matrix), unicode=True)))
    cells = [row.split()[1:] for row in rows if row.startswith("x[") and "x[1] " not in row[5:]]
    assert cells == [list(column) for column in zip(*cells, strict=True)]
    assert len({_is_scientific(c) for row in cells for c in row if c != "0"}) <= 1


def test_whole_numbers_beside_others_are_no_powers_of_ten() -> None:
    rows = _grid(_drawn("1200*x**2 + 1200.5*x*y - 4*y**2", "1,1"))
    assert [row.split() for row in rows[1:3]] == [["x", "2400", "1200.5"], ["y", "1200.5", "-8"]]


def test_a_gradient_and_a_spectrum_have_one_notation_each() -> None:
    lines = _drawn("1e-9*x + 1200*y + 4*z + x**2*1e-9 + y**2*600 - 2*z**2", "0,0,0")
    numbers = {words[0]: words[1:] for line in lines if (words := line.split())}
    assert numbers["gradient"] == ["1e-09", "1.2e+03", "4e+00"]
    assert numbers["eigenvalues"] == ["-4e+00", "2e-09", "1.2e+03"]
    assert "(largest slope 1.2e+03)" in "\n".join(lines)
    digits = report("1e-9*x**2 + 1200*x*y + y**2", "1,1", settings=Settings(digits=6))
    rows = _grid(str(documented(digits, unicode=True)).splitlines())
    assert all(_is_scientific(cell) for row in rows[1:3] for cell in row.split()[1:])


def test_what_is_hidden_has_no_say_in_the_notation() -> None:
    values = np.full(40, 2.5)
    values[20] = 1e-9
    answer = _matrix(40, np.diag(values))
    jet = Doubles(5.0, values, np.diag(values))
    spectrum = replace(answer.verdict, eigenvalues=np.arange(40) * 10 * (values > 1) + values)
    answer = replace(answer, jet=jet, verdict=spectrum)
    for width, scientific in ((80, False), (None, True)):
        lines = _printed(documented(answer, unicode=True, full=width is None), width)
        for start in ("gradient", "x[1]", "eigenvalues"):
            (line,) = [each for each in lines if each.strip().startswith(f"{start} ")]
            assert "2.5" in line
            assert _is_scientific(line.replace(start, "")) == scientific


def test_a_long_gradient_has_names() -> None:
    few, many = _drawn("x**2", "x=[1,2,3,4,5,6]"), _drawn("x**2*y", "x=[1,2,3,4,5,6],y=1")
    assert "gradient      2  4  6  8  10  12" in few
    (line,) = [line for line in many if line.startswith("gradient")]
    assert line.startswith("gradient      x[0]: 2  x[1]: 4  x[2]: 6 ")
    assert line.endswith("  x[5]: 12  y: 91")
    drawn = " ".join(" ".join(_drawn("x**2", "x=arange(30)", 80)).split())
    assert "x[7]: 14 … 14 more … x[22]: 44" in drawn


def test_repeated_eigenvalues_stand_once_with_their_count() -> None:
    for formula, at, shown in (
        ("x**2/2", "x=zeros(10)", "1 (10 times)"),
        ("norm(x)**2/3 + sum(x)**2/7", "x=[1,2,3]", "0.666667 (2 times)  1.52381"),
        ("x**2 + 1.00000001*y**2", "1,1", "2  2.00000"),
    ):
        (line,) = [line for line in _drawn(formula, at) if line.startswith("eigenvalues")]
        assert line == f"eigenvalues   {shown}"
    spectrum = np.array([*range(20), *[20] * 30, *range(21, 40)], dtype=float)
    matrix = _matrix(69, np.diag(spectrum))
    answer = replace(matrix, verdict=replace(matrix.verdict, eigenvalues=spectrum))
    lines = _printed(documented(answer, unicode=True, full=False), 300)
    (line,) = [line for line in lines if line.startswith("eigenvalues")]
    counts = [int(count) for count in re.findall(r"\((\d+) times\)", line)]
    (hidden,) = re.findall(r"… (\d+) more …", line)
    texts = re.sub(r"\(.*?\)|….*?…", "", line.removeprefix("eigenvalues")).split()
    assert len(texts) - len(counts) + sum(counts) + int(hidden) == 69


def test_exact_eigenvalues_are_counted_and_json_has_them_all(hess: Hess) -> None:
    command = ("x**2/3 + y**2/3 + z**2", "--at", "1,2,3")
    assert "eigenvalues   2/3 (2 times)\n              2\n" in hess(*command, "--exact").stdout
    assert hess(*command, "--exact", "--json").json["eigenvalues"] == ["2/3", "2/3", "2"]
    assert hess(*command, "--json").json["eigenvalues"] == [2 / 3, 2 / 3, 2]


@pytest.mark.parametrize(
    ("formula", "at", "said"),
    [
        ("x**2", "3", "to 15 digits, by proof in ball arithmetic"),
        ("abs(x)", "0", "value, to 15 digits, by proof in ball arithmetic"),
        (
            "x*abs(x) + y**2",
            "0,1",
            "value, gradient and 3 of 4 entries of the Hessian, to 15 digits, by proof in ball "
            "arithmetic",
        ),
        ("log(x)", "-1", None),
    ],
)
def test_verified_speaks_only_of_what_has_a_number(formula: str, at: str, said: str | None) -> None:
    found = [line for line in _drawn(formula, at) if line.startswith("verified")]
    assert found == ([] if said is None else [f"verified      {said}"])


def test_undecided_points_to_exact(hess: Hess) -> None:
    command = ("sum(x)**3", "--at", "x=linspace(-1,1.1,40)", "--verify", "never")
    assert "zero to rounding (tolerance" in hess(*command).stdout
    assert "; `--exact` may decide it\n" in hess(*command).stdout
    given = report("x**2", "3", settings=Settings(exact=True))
    undecided = replace(given, verdict=replace(given.verdict, definiteness="undecided"))
    for basis in (Basis.EXACT, Basis.DIGITS):
        said = str(documented(replace(undecided, basis=basis), unicode=True))
        assert ("`--exact`" in said) == (basis is Basis.DIGITS)


def test_noise_among_eigenvalues_is_no_number() -> None:
    settings = Settings(verify=Verify.never)
    answer = report("x**3*z + x*y + 2/3*x", "x=[2,3],y=[4,5],z=1/3", settings=settings)
    lines = str(documented(answer, unicode=True, full=True)).splitlines()
    (line,) = [line for line in lines if line.startswith("eigenvalues")]
    assert "≈0" in line
    assert "e-" not in line


def test_an_eigenvalue_has_no_more_digits_than_are_certain() -> None:
    for formula, shown in (
        ("x**2*500000.25", "1000000.5"),
        ("x**2*6.0000003", "12.0000"),
        ("x**2/10 + y**2*5.1", "0.2  10.2"),
        ("x**2*123456789012345678", "2.46914e+17"),
    ):
        at = "1,1" if "y" in formula else "1"
        lines = _drawn(formula, at)
        (line,) = [line for line in lines if line.startswith("eigenvalues")]
        assert line == f"eigenvalues   {shown}"


# Zeros


def test_a_zero_everywhere_and_a_zero_here_differ() -> None:
    assert _grid(_drawn("x**3*y + z", "0,1,2"))[:4] == [
        "   x  y  z",
        "x  0  0  ·",
        "y  0  ·  ·",
        "z  ·  ·  ·",
    ]
    assert "Hessian  · is 0 wherever it exists" in _drawn("abs(x)*y", "1,2")
    ascii_lines = _drawn("x**3*y + z", "0,1,2", 80, encoding="ascii")
    assert "Hessian  . is 0 at every point" in ascii_lines
    assert "y  0  .  ." in ascii_lines


def test_blocks_have_rules_and_captions() -> None:
    assert _grid(_drawn("x**3 + x*y", "x=[2,3],y=[4,5]"))[:-1] == [
        "      x (2)         │  y (2)",
        "      x[0]  x[1]    │  y[0]  y[1]",
        "x[0]    12     ·    │     1     ·",
        "x[1]     ·    18    │     ·     1",
        "      2×2 diagonal  │  2×2 identity",
        "────────────────────┼──────────────",
        "y[0]     1     ·    │     ·     ·",
        "y[1]     ·     1    │     ·     ·",
        "      2×2 identity  │  2×2 zero",
    ]


@pytest.mark.parametrize(
    ("formula", "at", "caption"),
    [
        ("x**2/2", "x=[1,2]", "2×2 identity"),
        ("x**2*3/2", "x=[1,2]", "2×2 identity × 3"),
        ("x**3", "x=[1,2]", "2×2 diagonal"),
        ("x**4", "x=[0,0]", "2×2 zero here"),
        ("3*x", "x=[0,0]", "2×2 zero"),
        ("x**3", "x=[[1,2],[3,4]]", "2×2×2×2 diagonal"),
    ],
)
def test_caption(formula: str, at: str, caption: str) -> None:
    assert _grid(_drawn(formula, at))[-2].strip() == caption


# Widths


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("order", [1, 3, 15, 16, 60])
def test_every_row_and_column_is_shown_or_counted(width: int, order: int) -> None:
    lines = _drawn("x**3*1.23456789 + y", f"x=linspace(-1,1,{order}),y=2", width)
    assert all(display_width(line) <= width for line in lines)
    whole = "\n".join(lines)
    hidden = re.search(r"(\d+) of (\d+) rows and columns are hidden", " ".join(whole.split()))
    rows = set(re.findall(r"^ *(x\[\d+\]|y) ", "\n".join(_grid(lines)), re.MULTILINE))
    assert len(rows) + (int(hidden[1]) if hidden else 0) == order + 1
    assert bool(hidden) == (order + 1 > MAX_COLUMNS)


@pytest.mark.parametrize("order", [1, 3, 16, 60])
def test_a_very_narrow_terminal_gets_a_list(order: int) -> None:
    lines = _drawn("x**3*1.23456789 + y", f"x=linspace(1,2,{order}),y=2", 20)
    assert all(display_width(line) <= 20 for line in lines)
    assert "7.40741" in " ".join(lines)


@pytest.mark.parametrize("width", WIDTHS)
def test_full_shows_every_number(width: int) -> None:
    lines = _drawn("x**2*y", "x=linspace(1,2,30),y=3", width, full=True)
    assert all(display_width(line) <= width for line in lines)
    whole = "\n".join(lines)
    assert "hidden" not in whole
    assert "…" not in whole
    rows = [line for line in _grid(lines) if re.match(r" *(x\[\d+\]|y) ", line)]
    cells = sum(len(re.findall(r"(?<=\s)(?:-?\d[\d.]*|·)(?=\s|$)", row)) for row in rows)
    assert cells == 31 * 31


def test_a_terminal_and_a_pipe_say_the_same_words() -> None:
    for formula, at in (("x**3 + x*y", "2,4"), ("log(x)", "-1"), ("x**2*y", "x=[1,2],y=3")):
        drawn = " ".join(_drawn(formula, at, 60)).split()
        assert drawn == " ".join(_drawn(formula, at)).split()


def test_columns_hidden_at_the_edge_of_a_block_are_marked() -> None:
    lines = _drawn("x**2*y + z*x", "x=arange(12),y=ones(12),z=3", 80)
    (labels,) = [line for line in lines if "x[0]" in line and "y[11]" in line]
    assert re.search(r"x\[4\] +│ +⋯ +y\[8\]", labels)
    rows = [line.split()[0] for line in _grid(lines) if line.strip()]
    assert rows.index("⋮") == rows.index("x[4]") + 1


def test_lines_of_numbers_start_in_one_column() -> None:
    for width in range(40, 81):
        lines = _drawn("x**2*0.35", "x=linspace(-2.25542,6.60889,30)", width)
        start = next(i for i, line in enumerate(lines) if line.startswith("gradient"))
        end = next(i for i in range(start, len(lines)) if not lines[i])
        assert all(line[13] == " " and line[14] != " " for line in lines[start:end])


def test_lines_are_broken_before_a_term_and_between_values() -> None:
    formula = " + ".join(f"100*(x{i + 1} - x{i}**2)**2 + (1 - x{i})**2" for i in range(1, 6))
    lines = _drawn(formula, ",".join("1" * 6), 60)
    assert lines[1].lstrip().startswith("+ ")
    assert not any(line.endswith(("=", "+", "−")) for line in lines)


def test_a_long_formula_is_cut_with_a_count() -> None:
    formula = " + ".join(f"x{i}**2" for i in range(1, 120))
    at = ",".join("1" * 119)
    lines = _drawn(formula, at, 60)
    assert any(re.search(r"… \d+ more characters$", line) for line in lines[:5])
    whole = " ".join(_drawn(formula, at, 60, full=True)[:40])
    assert "x119²" in " ".join(whole.split())


def test_a_small_matrix_of_long_formulas_is_listed_whole() -> None:
    answer = differentiate(read_formula("max(x,y)*sin(z) + exp(x*y*z)"))
    drawn = _printed(documented(answer, unicode=True), 80)
    for entry in ("x, x", "x, y", "x, z", "y, y", "y, z", "z, z"):
        assert any(line.startswith(f"{entry} ") for line in drawn)
    assert not any("hidden" in line for line in drawn)


def test_a_large_matrix_of_formulas_is_a_list_with_a_count() -> None:
    answer = differentiate(read_formula("+".join(f"x{i}**3*x{i + 1}**2" for i in range(40))))
    drawn = _printed(documented(answer, unicode=True, full=False), 80)
    assert "matrix        41×41 tridiagonal, 121 of 1,681 entries are not zero" in drawn
    shown = [line for line in drawn if re.match(r"x\d+, x\d+ ", line)]
    (hidden,) = [line for line in drawn if "more entries are hidden" in line]
    assert len(shown) + int(hidden.split()[0]) == 41 + 40
    full = _printed(documented(answer, unicode=True), 80, full=True)
    assert sum(bool(re.match(r"x\d+, x\d+ ", line)) for line in full) == 81


def test_names_as_wide_as_two_cells_keep_the_columns_in_line() -> None:
    rows = _grid(_drawn("変数*x + x**2", "1,2"))
    assert len({display_width(row) for row in rows[:3]}) == 1


# Any console


def _document(formula: str, at: str) -> Document:
    return documented(_report(formula, at), unicode=True)


def _on(document: Any, **options: Any) -> str:
    """What a console writes of a document, or of what holds one."""
    page = Utf8()
    Console(file=page, force_terminal=True, **{"width": 80, **options}).print(document)
    return page.getvalue()


def test_any_program_can_print_a_document() -> None:
    document = _document("x**3 + x*y", "x=[2,3],y=[4,5]")
    drawn = _on(document, color_system="truecolor")
    assert re.sub(r"\x1b\[[\d;]*m", "", drawn) == f"{document}\n"
    assert "38;2;" in drawn
    assert "38;5;" in _on(document, color_system="256")
    assert not HUE.search(_on(document, color_system="truecolor", no_color=True))
    assert "\x1b" not in _on(document, color_system=None)


def test_a_document_takes_the_width_that_it_needs() -> None:
    document = _document("x**3 + x*y", "x=[2,3],y=[4,5]")
    width = max(map(len, str(document).splitlines()))
    framed = _on(Panel(document, expand=False), color_system=None, width=100).splitlines()
    assert {len(line) for line in framed} == {width + 4}
    beside = Columns([_document("x**2", "3"), _document("y**2", "3")], padding=(0, 3))
    first, *_ = _on(beside, color_system=None, width=140).splitlines()
    assert re.fullmatch("f = x² +f = y² *", first)


def test_a_theme_may_say_how_a_role_is_shown() -> None:
    document = _document("x**2", "3")
    theme = Theme({"hess.title": "green"})
    assert "\x1b[32mx²" in _on(document, color_system="truecolor", theme=theme)


@pytest.mark.slow
def test_a_pipe_does_not_load_rich(tmp_path: Path) -> None:
    """It would take as long as SymPy's smallest answer."""
    program = (
        "import sys; from hesscli.cli.run import run; from hesscli.cli.output import Streams; "
        "run(sys.argv[1:], Streams(sys.stdin, sys.stdout, sys.stderr)); "
        "print('rich' in sys.modules)"
    )
    environment = {k: v for k, v in os.environ.items() if k != "FORCE_COLOR"}
    for more in ((), ("-o", str(tmp_path / "answer.txt"))):
        printed = subprocess.run(
            [sys.executable, "-c", program, "x**2*y", "--at", "1,2", "--check", *more],
            capture_output=True, text=True, check=True, env=environment,
        ).stdout  # fmt: skip
        assert printed.endswith("False\n")


# Pictures


def _dots(lines: list[str]) -> Any:
    """The dots of the Braille signs of a picture."""
    rows = [re.findall("│([\u2800-\u28ff]+)│", line) for line in lines]
    signs = [[ord(c) - 0x2800 for c in row[0]] for row in rows if row]
    bits = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
    cells = np.array(signs)[:, :, None, None] & bits
    return (cells != 0).swapaxes(1, 2).reshape(cells.shape[0] * 4, -1)


@pytest.mark.parametrize("order", [17, 30, 64, 65, 200])
def test_a_picture_shows_each_entry_that_is_not_zero(order: int) -> None:
    generator = np.random.default_rng(order)
    matrix = generator.random((order, order)) * (generator.random((order, order)) < 0.02)
    matrix[0, order - 1] = 1
    dots = _dots(_printed(documented(_matrix(order, matrix), unicode=True), 80))
    step = -(-order // 64)
    for i in range(-(-order // step)):
        for j in range(-(-order // step)):
            tile = matrix[i * step : (i + 1) * step, j * step : (j + 1) * step]
            assert dots[i, j] == tile.any()


def test_signs_are_told_apart_without_colour() -> None:
    lines = _drawn("x**3", "x=linspace(-1,1,40)", 80)
    assert any(re.match(r"positive: 20 +negative: 20", line) for line in lines)
    assert any("40×40 diagonal, 40 of 1,600 entries are not zero" in line for line in lines)


@pytest.mark.parametrize(
    ("matrix", "says_more"),
    [
        (np.zeros((40, 40)), False),
        (np.eye(40), False),
        (np.ones((200, 200)), False),
        (np.diag(np.full(40, 2.0)) - np.eye(40, k=1) - np.eye(40, k=-1), False),
        (np.diag([*[1.0] * 20, *[-1.0] * 20]), True),
        (np.eye(40) + np.eye(40, k=5) + np.eye(40, k=-5), True),
        (np.eye(40)[::-1], True),
        (np.tri(40) * np.tri(40).T + np.outer(np.arange(40) == 39, np.ones(40)), True),
        (np.sign(np.subtract.outer(np.arange(40), np.arange(40)[::-1])) + 0.5, True),
        (np.abs(np.subtract.outer(np.arange(40), np.arange(40))) < 15, True),
    ],
)
def test_a_picture_is_there_only_where_it_says_more_than_words(
    matrix: Any, says_more: bool
) -> None:
    lines = _printed(documented(_matrix(len(matrix), matrix), unicode=True), 80)
    assert any("┌" in line for line in lines) == says_more


@pytest.mark.parametrize("width", [24, 40, 80])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_picture_fits(width: int, encoding: str) -> None:
    lines = _drawn("x**3", "x=linspace(-1,1,200)", width, encoding=encoding)
    assert all(display_width(line) <= width for line in lines)


# Colours


def _luminance(red: int, green: int, blue: int) -> float:
    """The relative luminance of the Web Content Accessibility Guidelines 2.1."""
    linear = [
        c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4
        for c in (red, green, blue)
    ]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_every_hue_can_be_read_on_black_and_on_white() -> None:
    for style in palette.STYLES.values():
        for colour in re.findall(r"#(..)(..)(..)", style.get("color", "")):
            luminance = _luminance(*(int(part, 16) for part in colour))
            assert (luminance + 0.05) / 0.05 > 4.5
            assert 1.05 / (luminance + 0.05) > 4.5


def _on_a_terminal(*argv: str, width: int = 80, **environment: str) -> str:
    """What a terminal of this width receives."""
    clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    process = pexpect.spawn(
        sys.executable,
        ["-m", "hesscli", *argv],
        env={**clean, "TERM": "xterm-256color", **environment},
        dimensions=(50, width),
        encoding="utf-8",
        timeout=120,
    )
    process.expect(pexpect.EOF)
    process.close()
    assert process.exitstatus == 0
    return str(process.before)


EXAMPLE = ("x**3 - x*y", "--at", "2,4")


@pytest.mark.slow
def test_colours_on_a_terminal() -> None:
    assert HUE.search(_on_a_terminal(*EXAMPLE))
    assert not HUE.search(_on_a_terminal(*EXAMPLE, NO_COLOR="1"))
    assert not HUE.search(_on_a_terminal(*EXAMPLE, "--color", "never"))
    assert HUE.search(_on_a_terminal(*EXAMPLE, "--color", "always", NO_COLOR="1"))
    assert "\x1b" not in _on_a_terminal(*EXAMPLE, TERM="dumb")


@pytest.mark.slow
def test_a_terminal_of_the_c_locale_gets_ascii() -> None:
    printed = _on_a_terminal("x**3 + x*y", "--at", "x=[2,3],y=4", "--check", LC_ALL="C", width=60)
    assert printed.isascii()
    assert "f = " in printed


@pytest.mark.slow
def test_a_narrow_terminal_is_not_overrun() -> None:
    printed = _on_a_terminal("x**3 + x*y", "--at", "x=[2,3],y=[4,5]", width=40, NO_COLOR="1")
    plain = re.sub(r"\x1b\[[\d;]*m", "", printed)
    assert all(len(line) <= 40 for line in plain.splitlines())


@pytest.fixture
def pristine(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that says nothing about colours."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    return monkeypatch


def test_colours_in_a_pipe_are_there_when_asked_for(
    hess: Hess, pristine: pytest.MonkeyPatch
) -> None:
    plain = hess(*EXAMPLE).stdout
    assert "\x1b" not in plain
    coloured = hess(*EXAMPLE, "--color", "always").stdout
    assert HUE.search(coloured)
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain
    pristine.setenv("FORCE_COLOR", "1")
    assert hess(*EXAMPLE).stdout == coloured
    pristine.setenv("NO_COLOR", "1")
    assert not HUE.search(hess(*EXAMPLE).stdout)
    assert "\x1b" not in hess(*EXAMPLE, "--color", "never").stdout
