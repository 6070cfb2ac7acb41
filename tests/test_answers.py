"""What is printed: text in a pipe, the grid on a terminal, JSON."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from rich.console import Console

import hesscli
from hesscli.derivatives import differentiate
from hesscli.render import document, plain, terminal
from hesscli.semantics import read_formula

from .conftest import Hess
from .reference import report

SCHEMA = json.loads((Path(hesscli.__file__).parent / "render" / "schema.json").read_text())


def _valid(answer: Any) -> None:
    jsonschema.validate(answer, SCHEMA, cls=jsonschema.Draft202012Validator)


def test_schema_is_printed_and_is_a_schema(hess: Hess) -> None:
    assert json.loads(hess("--schema").stdout) == SCHEMA
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "arguments",
    [
        ["x**3 + x*y", "--at", "2,4"],
        ["x**3 + x*y", "--at", "x=[2,3],y=[[4],[5]]"],
        ["x**3 + x*y", "--at", "2,4", "--at", "3,5"],
        ["x**3 + x*y", "--wrt", "y", "--at", "x=2,y=4"],
        ["log(x)", "--at", "-1"],
        ["abs(x)+y", "--at", "0,1"],
        ["where(x>0, e**x, floor(x))", "--at", "[1,-1,0]"],
        ["x**400", "--at", "10"],
        ["x**3 + x*y"],
        ["max(x, y)*abs(x)"],
        ["0.5*x**2/3"],
    ],
)
def test_json_is_valid_against_the_schema(hess: Hess, arguments: list[str]) -> None:
    for answer in hess(*arguments, "--json").objects:
        _valid(answer)


def test_json_of_the_contract(hess: Hess) -> None:
    answer = hess("x**3 + x*y", "--at", "x=2,y=4", "--json").json
    expected = {
        "format_version": "1.0",
        "expression": "x**3 + x*y",
        "variables": [{"name": "x", "shape": []}, {"name": "y", "shape": []}],
        "point": {"x": 2.0, "y": 4.0},
        "value": 16.0,
        "gradient": [16.0, 2.0],
        "hessian": [[12.0, 1.0], [1.0, 0.0]],
        "eigenvalues": pytest.approx([-0.0827625302982196, 12.08276253029822], rel=1e-14),
        "definiteness": "indefinite",
        "stationary": False,
        "undefined": [],
        "notes": [],
    }
    assert {key: answer[key] for key in expected} == expected
    assert "blocks" not in answer


def test_json_numbers_are_the_shortest_that_read_back(hess: Hess) -> None:
    line = hess("x**2/10", "--at", "3", "--json").stdout
    assert '"hessian": [[0.2]]' in line
    assert "-0.0" not in hess("-x*0+x**2", "--at", "0", "--json").stdout


def test_json_of_a_symbolic_answer(hess: Hess) -> None:
    answer = hess("x**3 + x*y", "--json").json
    assert answer["hessian"] == [["6*x", "1"], ["1", "0"]]
    assert answer["gradient"] == ["3*x**2 + y", "x"]


def test_symbolic_entries_are_formulas_that_hess_reads(hess: Hess) -> None:
    for text in (
        *("x**3*sin(y)/y", "max(x, y)**2", "abs(x)*y", "gamma(x)", "0.1*x**2.5", "x**y"),
        *("where(x>0 and y>1, x**2, ceil(y)*y)", "atan2(y,x)", "cbrt(x)*log10(y)"),
    ):
        answer = hess(text, "--json").json
        for row in answer["hessian"]:
            for entry in row:
                if not re.fullmatch(r"[\d./-]+", entry) and "polygamma(1" not in entry:
                    read_formula(entry)


def test_decimals_stay_decimals_in_symbols(hess: Hess) -> None:
    assert hess("0.1*x**2", "--json").json["hessian"] == [["0.2"]]
    assert hess("x**2/10", "--json").json["hessian"] == [["1/5"]]
    assert "0.25" not in hess("x**0.5", "--json").json["gradient"][0]


def test_pipe_gets_plain_text(hess: Hess) -> None:
    text = hess("x**3 + x*y", "--at", "2,4").stdout
    assert text.splitlines() == [
        "f = x³ + x·y",
        "at           x = 2, y = 4",
        "value        16",
        "gradient     16  2",
        "",
        "Hessian",
        "    x  y",
        "x  12  1",
        "y   1  0",
        "",
        "eigenvalues  -0.0827625  12.0828",
        "Hessian      indefinite (tolerance 5.4e-15)",
        "point        not stationary (largest slope 16)",
        "verified     to 15 digits, against the exact derivatives",
    ]


def test_pipe_never_cuts_a_number(hess: Hess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    text = hess("x**2*y", "--at", "x=linspace(0,1,40),y=3").stdout
    rows = [line for line in text.splitlines() if re.match(r"(x\[\d+\]|y) ", line)]
    assert len(rows) == 41
    for row in rows:
        assert len(re.findall(r"(?<![\w\[])-?\d[\d.e+-]*(?![\w\]])", row)) == 41
    assert "\x1b" not in text
    assert "…" not in text.split("Hessian")[1]


def _drawn(built: document.Document, width: int, **options: Any) -> str:
    stream = io.StringIO()
    console = Console(
        file=stream, width=width, force_terminal=True, markup=False, highlight=False, **options
    )
    terminal.draw(built, console)
    return stream.getvalue()


def _words(text: str) -> list[str]:
    return re.sub(r"[^\w.\[\]=()·²³−+-]", " ", text).split()


def test_terminal_and_pipe_say_the_same_words() -> None:
    for text, at in (("x**3 + x*y", "2,4"), ("log(x)", "-1"), ("x**2*y", "x=[1,2],y=3")):
        built = document.numeric(report(text, at), unicode=True)
        drawn = _words(_drawn(built, 100, no_color=True, color_system=None))
        piped = _words("\n".join(plain.lines(built)))
        assert set(drawn) == set(piped) - {"blocks"}


@pytest.mark.parametrize("width", [20, 40, 80, 140, 300])
@pytest.mark.parametrize("order", [1, 3, 16, 17, 60])
def test_terminal_fits_its_width_and_counts_what_it_hides(width: int, order: int) -> None:
    built = document.numeric(
        report("x**3*1.23456789 + y", f"x=linspace(-1,1,{order}),y=2"), unicode=True
    )
    drawn = _drawn(built, width, color_system=None)
    assert all(len(line) <= width for line in drawn.splitlines())
    grid = drawn.split("\nHessian\n")[1].split("\neigenvalues")[0] if "│" in drawn else drawn
    if "│" in drawn:
        # No cell was cut by the drawing: an ellipsis would be Rich's.
        assert "…" not in grid
        labels = re.findall(r"^ │ (?:x\[\d+\]|y) ", grid, re.MULTILINE)
        hidden = re.search(r"(\d+) of (\d+) rows and columns are hidden", " ".join(grid.split()))
        assert len(labels) + (int(hidden[1]) if hidden else 0) == order + 1


def test_a_small_matrix_too_wide_for_a_grid_is_listed_whole() -> None:
    answer = differentiate(read_formula("max(x,y)*sin(z) + exp(x*y*z)"))
    drawn = _drawn(document.symbolic(answer, unicode=True), 80, color_system=None)
    for entry in ("x, x", "x, y", "x, z", "y, y", "y, z", "z, z"):
        assert re.search(rf"^{entry} ", drawn, re.MULTILINE)
    assert "hidden" not in drawn


def test_terminal_without_unicode(hess: Hess) -> None:
    built = document.numeric(report("4*x**2*y", "1,2"), unicode=False)
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    terminal.draw(built, Console(file=stream, width=80, force_terminal=True, color_system=None))
    stream.flush()
    assert b"f = 4*x**2*y" in stream.buffer.getvalue()


def test_names_with_brackets_are_no_markup() -> None:
    built = document.numeric(report("red*x", "red=[1],x=2"), unicode=True)
    assert "red[0]" in _drawn(built, 80, color_system=None)


def test_no_color_has_no_hue() -> None:
    built = document.numeric(report("log(x)", "-1"), unicode=True)
    assert not re.search(r"\x1b\[[\d;]*3\d", _drawn(built, 80, no_color=True))
