"""Many points: a row each for people, a table for programs, and the ways to give them."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hesscli.errors import ExitStatus, HessError
from hesscli.point.grid import read_grid

from .conftest import Hess

F = "x**3 + x*y"


def _words(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def _table(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    """The rows of a table by column; each has as many cells as there are headings."""
    heading, *rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    return [dict(zip(heading, row, strict=True)) for row in rows]


# Rows for people


def test_a_stream_is_a_row_for_each_line(hess: Hess) -> None:
    heading, *rows = _words(hess("x**3", "--at", "-", stdin="1\n2\n3\n4\n5\n").stdout)
    assert heading == ["x", "value", "definiteness", "eigenvalues"]
    assert rows == [[str(x), str(x**3), "positive", "definite", str(6 * x)] for x in range(1, 6)]


@pytest.mark.parametrize("terminal", [None, 80, 140])
def test_a_terminal_and_a_pipe_have_the_same_rows(hess: Hess, terminal: int | None) -> None:
    points = ["--at", "2,4", "--at", "1/3,5", "--at", "-1,0"]
    plain = {"TERM": "dumb"}
    rows = _words(hess(F, *points, terminal=terminal, environment=plain).stdout)
    assert rows == [
        ["x", "y", "value", "definiteness", "eigenvalues"],
        ["2", "4", "16", "indefinite", "-0.0827625", "12.0828"],
        ["0.333333", "5", "1.70370", "indefinite", "-0.414214", "2.41421"],
        ["-1", "0", "-1", "indefinite", "-6.16228", "0.162278"],
    ]


def test_one_point_is_drawn_as_ever_and_full_draws_all(hess: Hess) -> None:
    one = hess(F, "--at", "2,4").stdout
    assert one.startswith("f = ")
    other = hess(F, "--at", "3,5").stdout
    assert hess(F, "--at", "2,4", "--at", "3,5", "--full").stdout == f"{one}\n{other}"
    assert hess(F, "--at", "-", "--full", stdin="2,4\n3,5\n").stdout == f"{one}\n{other}"


@pytest.mark.parametrize("option", ["--check", "--expect"])
def test_what_has_no_place_in_a_row_is_drawn(hess: Hess, option: str) -> None:
    value = ["[[12,1],[1,0]]"] if option == "--expect" else []
    result = hess(F, "--at", "2,4", "--at", "3,5", option, *value)
    assert result.stdout.count("f = ") == 2


@pytest.mark.parametrize("terminal", [30, 40, 60, 80, 140, 200])
@pytest.mark.parametrize(
    ("formula", "grid"),
    [
        ("x**3", "x=-1/3..1e9:5"),
        ("x**3*exp(y)", "x=-1/3..1e-7:3,y=-100..99:3"),
        ("x**3*y*abs(z)", "x=-1/3..1:2,y=1..2:2,z=-1..1:3"),
        ("x1**2*x2*x3*x4*x5*x6", "x1=0..1/3:2,x2=0..1/3:2,x3=0..1:2,x4=0..1:2,x5=1..2:2,x6=3..4:2"),
    ],
)
def test_rows_are_no_wider_than_a_terminal_and_columns_stay_where_they_are(
    hess: Hess, formula: str, grid: str, terminal: int
) -> None:
    plain = {"TERM": "dumb"}
    lines = hess(formula, "--grid", grid, terminal=terminal, environment=plain).stdout.splitlines()
    assert max(map(len, lines)) <= terminal
    if "definiteness" not in lines[0]:  # too narrow for columns: each point is a text
        assert all(line.startswith(("x", "  ")) for line in lines)
        return
    place = lines[0].index("definiteness")
    for line in lines[1:]:
        assert line[place - 1] == " "
        assert line[place].isalpha()


def test_numbers_in_a_pipe_have_all_their_digits(hess: Hess) -> None:
    at = [word for x in ("1e-300", "-1e-300", "123456.789", "1e100") for word in ("--at", f"x={x}")]
    rows = _words(hess("x", *at).stdout)
    assert [row[0] for row in rows[1:]] == ["1e-300", "-1e-300", "123456.8", "1e+100"]


def test_a_point_without_an_answer_shows_why_in_its_row(hess: Hess) -> None:
    for terminal in (None, 80):
        result = hess(
            "log(x)*y", "--at", "-1,2", "--at", "1,2", terminal=terminal,
            environment={"TERM": "dumb"},
        )  # fmt: skip
        _, first, second = result.stdout.splitlines()
        assert first.split(maxsplit=3) == ["-1", "2", "none", "log(x) is not real at x = -1"]
        assert second.split() == ["1", "2", "0", "indefinite", "-2.41421", "0.414214"]
        assert (result.stderr, result.status) == ("", 1)


@pytest.mark.parametrize("terminal", [None, 80])
@pytest.mark.parametrize("first", ["1", "0"])
def test_a_point_that_cannot_be_computed_keeps_its_place_in_the_columns(
    hess_here: Hess, monkeypatch: pytest.MonkeyPatch, terminal: int | None, first: str
) -> None:
    from hesscli.solver import Compiled

    before = Compiled.answer_and_values

    def answered(self: Compiled, point: Any) -> Any:
        if float(point.values["x"].entries[0]) == 0:
            raise HessError("timeout", "this takes long", status=ExitStatus.NO_ANSWER)
        return before(self, point)

    monkeypatch.setattr(Compiled, "answer_and_values", answered)
    grid = ["--grid", f"x={'-1..0' if first == '1' else '0..1'}:2"]
    result = hess_here(
        "x**2*y", *grid, "--at", "y=5", terminal=terminal, environment={"TERM": "dumb"}
    )
    heading, *rows = result.stdout.splitlines()
    assert heading.split()[:3] == ["x", "y", "value"]
    assert ["0", "5", "none", "this takes long"] in [row.split(maxsplit=3) for row in rows]
    assert len(rows) == 2
    assert (result.stderr, result.status) == ("", 1)


def test_a_line_that_is_no_point_is_told_beside_the_rows(hess: Hess) -> None:
    result = hess("x**2", "--at", "-", stdin="1\noops\n3\n")
    assert [row[0] for row in _words(result.stdout)] == ["x", "1", "3"]
    assert result.stderr.startswith("hess: line 2: ")
    assert result.status == 1


def test_a_row_says_where_its_numbers_are_not_proved(hess: Hess) -> None:
    result = hess("x**2", "--at", "1", "--at", "2", "--verify", "never")
    assert all("not verified, tolerance" in line for line in result.stdout.splitlines()[1:])
    assert "verified" not in hess("x**2", "--at", "1", "--at", "2").stdout


def test_how_a_formula_was_read_is_told_once(hess: Hess) -> None:
    result = hess("e*x**2", "--at", "-", stdin="1\n2\n3\n")
    assert result.stderr.count("note: `e` is read as") == 1


def test_points_that_are_tensors_are_summarised(hess: Hess) -> None:
    rows = hess("sum(x**3)", "--at", "-", stdin="[1,2]\n[3,-4.5,5]\nzeros(2,2)\n").stdout
    assert [line[:20].rstrip() for line in rows.splitlines()] == [
        "x", "2 values 1 … 2", "3 values -4.5 … 5", "2×2 values 0 … 0",
    ]  # fmt: skip
    wide = hess(
        "sum(x**3)", "--at", "linspace(1,2,40)", "--at", "linspace(1,3,40)", terminal=80,
        environment={"TERM": "dumb"},
    ).stdout  # fmt: skip
    assert _words(wide)[2][-3:] == ["6", "…", "18"]


def test_other_variables_have_headings_of_their_own(hess: Hess) -> None:
    rows = _words(hess("E*x**2", "--at", "-", stdin="1\nE=3,x=1\nE=4,x=1\n2\n").stdout)
    assert [row[:2] for row in rows] == [
        ["x", "value"], ["1", "2.71828"], [], ["E", "x"], ["3", "1"], ["4", "1"], [],
        ["x", "value"], ["2", "10.8731"],
    ]  # fmt: skip


def test_data_that_is_held_for_all_points_is_not_in_each_row(hess: Hess) -> None:
    words = ["sum(w*x)**2", "--wrt", "w", "--at", "x=linspace(0,1,5)"]
    rows = _words(hess(*words, "--at", "-", stdin="1\n2\n").stdout)
    assert rows[0] == ["w", "value", "definiteness", "eigenvalues"]


def test_colours_and_ascii(hess: Hess) -> None:
    words = ["x**3", "--at", "-1", "--at", "1"]
    coloured = hess(*words, terminal=80, environment={"TERM": "xterm-256color"}).stdout
    plain = hess(*words, terminal=80, environment={"TERM": "dumb"}).stdout
    assert "\x1b[" in coloured
    assert "\x1b" not in plain
    assert hess(*words, "--color", "always").stdout.count("\x1b") > 4
    tensors = ["sum(x**2)", "--at", "[1,2]", "--at", "[3,4]"]
    assert "values 1 … 2" in hess(*tensors).stdout


@pytest.mark.slow
def test_a_row_is_written_before_the_next_line_is_waited_for() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "hesscli", "x**3", "--at", "-"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        for x in (1, 2):
            process.stdin.write(f"{x}\n")
            process.stdin.flush()
            if x == 1:
                assert "definiteness" in process.stdout.readline()
            assert process.stdout.readline().split()[:2] == [str(x), str(x**3)]
        process.stdin.close()
        assert process.wait(timeout=60) == 0


# Constants


def test_large_constants_are_summarised_in_text_and_never_in_json(hess: Hess) -> None:
    words = ["sum(w*x)", "--wrt", "w", "--at", "w=2"]
    few, many = ["--at", "x=arange(12)"], ["--at", "x=linspace(-1/3,2,13)"]
    assert "x = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]\n" in hess(*words, *few).stdout
    for terminal in (None, 80):
        text = hess(*words, *many, terminal=terminal, environment={"TERM": "dumb"}).stdout
        assert "w = 2, x = 13 values from -0.333333 to 2\n" in text
    assert "x = [-0.333333, " in hess(*words, *many, "--full").stdout
    assert len(hess(*words, *many, "--json").json["point"]["x"]) == 13
    matrix = hess("sum(w*x)", "--wrt", "w", "--at", "w=2,x=zeros(4,5)", "--exact").stdout
    assert "x = 4×5 values from 0 to 0\n" in matrix
    differentiated = hess("sum(w*x)", "--wrt", "x", "--at", "w=2,x=arange(13)").stdout
    assert "x = [0, 1, 2, 3" in differentiated


# A header, blank lines and comments


@pytest.mark.parametrize(
    "stdin",
    [
        "y,x\n4,2\n5,1/3\n",
        "# points\n\n y , x \n4, 2\n\n# more\n5 , 1/3\n",
        "y\tx\n4\t2\n5\t1/3\n",
        "y x\n4 2\n5 1/3\n",
        'y,x\n"4","2"\n5,1/3\n',
        '\ufeff"y","x"\r\n4,2\r\n5,1/3\r\n',
        "y;x\n4;2\n5; 1/3\n",
        "y,x\n4,2\nx=1/3,y=5\n",
        'y,x\n4,2\n{"x": "1/3", "y": 5}\n',
    ],
)
def test_a_header_names_the_columns(hess: Hess, stdin: str) -> None:
    objects = hess(F, "--at", "-", "--json", stdin=stdin.replace("\n\n", "\n")).objects
    assert [o["point"] for o in objects] == [{"x": 2.0, "y": 4.0}, {"x": 1 / 3, "y": 5.0}]
    rows = _words(hess(F, "--at", "-", stdin=stdin).stdout)
    assert [row[:2] for row in rows] == [["x", "y"], ["2", "4"], ["0.333333", "5"]]


def test_a_header_holds_with_values_for_all_lines_and_with_tensors(hess: Hess) -> None:
    objects = hess(F, "--at", "y=4", "--at", "-", "--json", stdin="x\n1\n[2,3]\n").objects
    assert [o["point"]["x"] for o in objects] == [1.0, [2.0, 3.0]]
    objects = hess(F, "--at", "-", "--json", stdin="x,y\n[2,3],randn(2)\n1,2\n").objects
    assert [o["point"]["x"] for o in objects] == [[2.0, 3.0], 1.0]


def test_names_in_a_header_are_variables(hess: Hess) -> None:
    (answer,) = hess("x^2 + xy", "--at", "-", "--json", stdin="x,xy\n1,2\n").objects
    assert answer["point"] == {"x": 1.0, "xy": 2.0}
    (answer,) = hess("E**2", "--at", "-", "--json", stdin="E\n3\n").objects
    assert answer["point"] == {"E": 3.0}
    first, second = hess("x**2", "--at", "-", "--json", stdin="pi\n3\n").objects
    assert [round(first["value"], 3), second["value"]] == [9.87, 9]


@pytest.mark.parametrize(
    ("stdin", "words"),
    [
        ("x,z\n1,2\n", "the header names `z`, which the formula has not; it has `x`, `y`"),
        ("a,b\n1,2\n", "the header names `a`"),
        ("x\n1\n", "the header has no column for `y`; it has `x`"),
        ("x,x\n1,2\n", "`x` is given twice"),
    ],
)
@pytest.mark.parametrize("format", ["terminal", "json", "csv"])
def test_a_header_of_another_formula_is_refused_before_anything_is_computed(
    hess: Hess, stdin: str, words: str, format: str
) -> None:
    result = hess(F, "--at", "-", "--format", format, stdin=stdin)
    assert (result.stdout, result.status) == ("", 2)
    assert words in result.stderr


@pytest.mark.parametrize(
    ("row", "code", "words"),
    [
        ("1", "ragged", "1 value for 2 columns: x, y"),
        ("1,2,3", "ragged", "3 values for 2 columns"),
        ("1,oops", "bad-value", "column `y`: a value must be a number, and `oops` is a name"),
        (",1", "empty-point", "column `x`: the cell is empty"),
        ("1,1/0", "not-finite", "column `y`: the value `1/0` is not a finite number"),
    ],
)
def test_what_is_wrong_with_a_row_is_told_by_line_and_column(
    hess: Hess, row: str, code: str, words: str
) -> None:
    stdin = f"x,y\n1,2\n{row}\n3,4\n"
    result = hess(F, "--at", "-", stdin=stdin)
    assert result.status == 1
    assert result.stderr.startswith(f"hess: line 3: {words}")
    assert len(result.stdout.splitlines()) == 3
    objects = hess(F, "--at", "-", "--json", stdin=stdin).objects
    assert [o.get("line") for o in objects] == [None, 3, None]
    assert objects[1]["error"]["code"] == code


def test_blank_lines_and_comments_are_skipped_but_json_tells_of_a_point_that_is_missing(
    hess: Hess,
) -> None:
    stdin = "# a\n\n1\n   \n  # b\n2\n"
    result = hess("x**2", "--at", "-", stdin=stdin)
    assert (len(result.stdout.splitlines()), result.status) == (3, 0)
    objects = hess("x**2", "--at", "-", "--json", stdin=stdin).objects
    assert [o.get("line") for o in objects] == [2, None, 4, None]
    late = hess(F, "--at", "-", "--json", stdin="\ny,x\n4,2\n").objects
    assert late[1]["point"] == {"x": 2.0, "y": 4.0}
    assert "no points" in hess("x**2", "--at", "-", stdin="# nothing\n\n").stderr


# Tables for programs


def test_many_points_are_a_table_in_csv_and_tsv(hess: Hess, tmp_path: Path) -> None:
    words = ["x**3*y", "--wrt", "y,x", "--at", "1,2", "--at", "y=1/3,x=1"]
    (first, second) = _table(hess(*words, "--format", "csv").stdout)
    assert first == {
        "y": "1", "x": "2", "value": "8", "g_y": "8", "g_x": "12", "h_y_y": "0", "h_y_x": "12",
        "h_x_x": "12", "definiteness": "indefinite", "problem": "",
    }  # fmt: skip
    assert second["y"] == repr(1 / 3)
    for name, delimiter in (("a.csv", ","), ("a.tsv", "\t")):
        assert hess(*words, "-o", name, folder=tmp_path).stdout == ""
        assert _table((tmp_path / name).read_text(), delimiter) == [first, second]


def test_the_columns_of_the_input_stay_as_they_came(hess: Hess) -> None:
    stdin = 'y,θ\n1/3,"2"\nx,y\n{"theta": 1, "y": 2}\n'
    rows = _table(hess("theta**2*y", "--at", "-", "--format", "csv", stdin=stdin).stdout)
    assert [(row["y"], row["θ"]) for row in rows[:2]] == [("1/3", "2"), ("x", "y")]
    assert rows[0]["h_theta_theta"] == repr(2 / 3)
    assert [bool(row["problem"]) for row in rows[:2]] == [False, True]


def test_every_row_of_the_input_gives_exactly_one(hess: Hess) -> None:
    stdin = "bad\n1,2\n0,0\n\n# no\n[1,2],3\n3,4\n"
    result = hess("x*abs(y)", "--at", "-", "--format", "csv", stdin=stdin)
    rows = _table(result.stdout)
    assert [row["x"] for row in rows] == ["", "1", "0", "", "3"]
    assert "`bad` is a name" in rows[0]["problem"]
    assert rows[2]["problem"] == "abs(y) has a kink at y = 0"
    assert (rows[2]["value"], rows[2]["h_x_x"], rows[2]["h_x_y"]) == ("0", "0", "")
    assert "other columns than the first" in rows[3]["problem"]
    assert (result.stderr, result.status) == ("", 1)


def test_rows_without_any_answer_are_a_table_too(hess: Hess) -> None:
    stdin = "x,y\n1,a\n2\n"
    rows = _table(hess("x*y", "--at", "-", "--format", "csv", stdin=stdin).stdout)
    assert [(row["x"], row["y"]) for row in rows] == [("1", "a"), ("2", "")]
    assert all(row["problem"] for row in rows)


def test_tensors_and_exact_numbers_have_columns(hess: Hess) -> None:
    words = ["--at", "x=[1,2]", "--at", "x=[3,4]", "--format", "csv"]
    first, _ = _table(hess("sum(x**3)", *words).stdout)
    assert list(first) == [
        "x[0]", "x[1]", "value", "g_x[0]", "g_x[1]", "h_x[0]_x[0]", "h_x[0]_x[1]", "h_x[1]_x[1]",
        "definiteness", "problem",
    ]  # fmt: skip
    first, _ = _table(
        hess("x**3", "--at", "1/3", "--at", "sqrt(2)", "--exact", "--format", "csv").stdout
    )
    assert (first["x"], first["value"], first["h_x_x"]) == ("1/3", "1/27", "2")


def test_what_is_expected_is_told_in_the_row(hess: Hess) -> None:
    words = ["--at", "2", "--at", "3", "--expect", "12", "--format", "csv"]
    first, second = _table(hess("x**3", *words).stdout)
    assert first["problem"] == ""
    assert "differs at (x, x)" in second["problem"]


def test_names_that_clash_are_refused(hess: Hess) -> None:
    for words in (["--at", "1", "--at", "2"], ["--at", "-"], ["--grid", "value=0..1:2"]):
        result = hess("value**2", *words, "--format", "csv", stdin="1\n2\n")
        assert (result.stdout, result.status) == ("", 2)
        assert "two columns of the table would be called `value`" in result.stderr


def test_plain_stays_matrices(hess: Hess) -> None:
    result = hess("x**2", "--at", "1", "--at", "2", "--format", "plain")
    assert result.stdout == "2\n\n2\n"


# Grids


def test_a_grid_is_every_combination_the_last_name_fastest(hess: Hess) -> None:
    objects = hess(F, "--grid", "y=-1..1:3, x=0..1/3:2", "--json").objects
    assert [(o["point"]["y"], o["point"]["x"]) for o in objects] == [
        (y, x) for y in (-1.0, 0.0, 1.0) for x in (0.0, 1 / 3)
    ]


def test_bounds_are_exact(hess: Hess) -> None:
    objects = hess("sin(x)", "--grid", "x=-pi/2..pi/2:3", "--exact", "--json").objects
    assert [o["value"] for o in objects] == ["-1", "0", "1"]
    grid = read_grid("x=0..1:4,y=sqrt(2)..atan2(1,1)+1:2")
    assert [str(p.named["x"].entries[0]) for p in grid.points()][::2] == ["0", "1/3", "2/3", "1"]  # type: ignore[union-attr]


def test_what_at_names_is_held_for_the_points_of_a_grid(hess: Hess) -> None:
    for at in ("y=5", "5"):
        objects = hess(F, "--grid", "x=0..1:2", "--at", at, "--json").objects
        assert [o["point"] for o in objects] == [{"x": 0.0, "y": 5.0}, {"x": 1.0, "y": 5.0}]


@pytest.mark.parametrize(
    ("grid", "words"),
    [
        ("x=1..0:3", "this range ends before it begins"),
        ("x=1/2..0.5:3", "this range has a single number"),
        ("x=0..1:0", "at least 2 numbers"),
        ("x=0..1:1", "at least 2 numbers"),
        ("x=0..1:2.5", "`2.5` is no count"),
        ("x=0..1:-3", "`-3` is no count"),
        ("x=0..1", "no range with a count"),
        ("x=0...5:3", "no range with a count"),
        ("", "no range with a count"),
        ("x=0..1:2,", "no range with a count"),
        ("x=0..1:2,x=0..1:2", "`x` is given twice"),
        ("x=0..a:2", "`a` is a name"),
        ("x=0..oo:2", "not a finite number"),
        ("x=0..[1,2]:2", "`[1,2]` is not a number"),
        ("x=0..1:1001,y=0..1:1001", "1,002,001 points; the most is 1,000,000"),
        ("x=0..1:" + "9" * 60, "the most is 1,000,000"),
    ],
)
def test_what_is_no_grid_is_refused_with_its_place(hess: Hess, grid: str, words: str) -> None:
    result = hess(F, "--grid", grid, "--at", "y=1")
    assert (result.stdout, result.status) == ("", 2)
    assert f"`--grid`: {words}" in result.stderr or words in result.stderr
    assert grid[:20] in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "`y` has no value"),
        (["--at", "z=1"], "no variable `z`"),
        (["--at", "x=1,y=2"], "`x` is given twice"),
        (["--at", "y=1", "--at", "-"], "from standard input and from `--grid`"),
        (["--at", "1", "--at", "2"], "both give several points"),
        (["--at", "y=1", "--plot", "a.svg"], "draws one point"),
    ],
)
def test_a_grid_makes_the_points_alone(hess: Hess, arguments: list[str], words: str) -> None:
    result = hess(F, "--grid", "x=0..1:2", *arguments)
    assert (result.stdout, result.status) == ("", 2)
    assert words in result.stderr


def test_a_name_that_the_formula_has_not_is_refused_in_its_place(hess: Hess) -> None:
    result = hess("x**2", "--grid", "x=0..1:2,z=0..1:2")
    assert result.status == 2
    assert result.stderr.splitlines()[1:3] == ["  x=0..1:2,z=0..1:2", "           ^^^^^^^^"]


def test_the_points_of_a_grid_are_made_one_by_one() -> None:
    points = read_grid("x=0..1:1000000").points()
    assert next(points).named["x"].entries == (0,)  # type: ignore[union-attr]
    with pytest.raises(HessError):
        read_grid("x=0..1:1000001")


@pytest.mark.parametrize("content", ["x=@d.csv:a,y=2", "x=[1,2],y=@d.csv:a"])
def test_columns_are_values_of_points_too(hess: Hess, tmp_path: Path, content: Any) -> None:
    (tmp_path / "d.csv").write_text("a\n1\n2\n")
    (answer,) = hess(F, "--at", "-", "--json", stdin=content, folder=tmp_path).objects
    assert answer["variables"][0]["shape"] == [2]
