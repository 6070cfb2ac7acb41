"""What programs read: text in a pipe, JSON, tables, LaTeX, files."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import hesscli
from hesscli.expression.reader import read_formula
from hesscli.notes import Note, Reason, Remark, Trouble
from hesscli.render import phrases

from .conftest import Hess

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


@pytest.mark.parametrize(
    ("arguments", "by"),
    [
        (["x**3 + x*y", "--at", "2,4"], "proof"),
        (["norm(x)*logsumexp(x)*prod(x)", "--at", "x=linspace(0.9,1.1,120)"], "sample"),
        (["x**y", "--at", "0,2"], "limit"),
        (["x**3", "--at", "2", "--verify", "never"], None),
        (["Integral(sin(t)/t, (t, 0, x))", "--at", "1"], None),
    ],
)
def test_the_schema_tells_on_what_numbers_rest(
    hess: Hess, arguments: list[str], by: str | None
) -> None:
    answer = hess(*arguments, "--json").json
    _valid(answer)
    assert answer["verified"]["by"] == by
    for wrong in (
        {"digits": None, "by": "proof", "reason": None},
        {"digits": 15, "by": "sample", "reason": None},
        {"digits": 15, "by": "proof", "reason": None, "proved": 1, "of": 2},
        {"digits": 15, "by": None, "reason": None},
        {"digits": 15, "by": "guess", "reason": None},
    ):
        with pytest.raises(jsonschema.ValidationError):
            _valid({**answer, "verified": wrong})


def test_the_schema_tells_what_is_not_known(hess: Hess) -> None:
    answer = hess("exp(-exp(exp(x)))", "--at", "20", "--json").json
    _valid(answer)
    assert answer["below"].keys() == {"value", "gradient[0]", "hessian[0][0]", "eigenvalues[0]"}
    assert (answer["definiteness"], answer["definiteness_proved"]) == ("undecided", False)
    assert answer["inertia"] == {"positive": 0, "zero": 0, "negative": 0, "unknown": 1}
    none = {"positive": 1, "zero": 0, "negative": 0, "unknown": 0}
    for wrong in ({"below": {"value": 0}}, {"inertia": none}, {"definiteness_proved": 1}):
        with pytest.raises(jsonschema.ValidationError):
            _valid({**answer, **wrong})


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
        "at            x = 2, y = 4",
        "value         16",
        "gradient      16  2",
        "",
        "Hessian  · is 0 at every point",
        "    x  y",
        "x  12  1",
        "y   1  ·",
        "",
        "eigenvalues   -0.0827625  12.0828",
        "definiteness  indefinite (proved)",
        "point         not stationary (largest slope 16)",
        "verified      to 15 digits, by proof in ball arithmetic",
    ]


def test_pipe_never_cuts_a_number(hess: Hess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    text = hess("x**2*y", "--at", "x=linspace(0,1,40),y=3").stdout
    rows = [line for line in text.splitlines() if re.match(r" {0,4}(x\[\d+\]|y) ", line)]
    assert len(rows) == 41
    for row in rows:
        assert len(re.findall(r"(?<=\s)(?:-?\d[\d.e+-]*|·)(?=\s|$)", row)) == 41
    assert "\x1b" not in text
    assert "…" not in text.split("Hessian")[1]


# Tables and LaTeX


def test_plain_is_numbers_between_tabs(hess: Hess) -> None:
    text = hess("x**3/3 + x*y + z*abs(z)", "--at", "1/3,2,0", "--format", "plain").stdout
    rows = [line.split("\t") for line in text.splitlines()]
    assert [float(entry) for entry in rows[0]] == [2 / 3, 1, 0]
    assert rows[2] == ["0", "0", "nan"]
    two = hess("x*y", "--at", "1,2", "--at", "3,4", "--format", "plain").stdout
    assert two == "0\t1\n1\t0\n\n0\t1\n1\t0\n"


def test_csv_has_a_row_for_each_row_of_the_matrix(hess: Hess) -> None:
    text = hess("x**3*y", "--at", "x=[1,2],y=1/3", "--format", "csv").stdout
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["point", "row", "x[0]", "x[1]", "y"]
    assert rows[1:3] == [["1", "x[0]", "2", "0", "3"], ["1", "x[1]", "0", "4", "12"]]
    missing = hess("abs(x)", "--at", "0", "--format", "csv").stdout
    assert missing.splitlines()[1] == "1,x,"


def test_tables_of_symbols_and_of_exact_numbers(hess: Hess) -> None:
    assert hess("x**3*y", "--format", "plain").stdout == "6*x*y\t3*x**2\n3*x**2\t0\n"
    assert hess("x**3", "--format", "csv").stdout == "point,row,x\n,x,6*x\n"
    assert hess("x**3", "--at", "1/3", "--exact", "--format", "csv").stdout.endswith("1,x,2\n")
    assert hess("x**3", "--at", "1/9", "--digits", "5", "--format", "plain").stdout == "0.66667\n"


def test_a_matrix_without_all_numbers_says_why_beside_it(hess: Hess) -> None:
    result = hess("x*abs(y)", "--at", "0,0", "--format", "csv")
    assert result.stderr == "hess: abs(y) has a kink at y = 0\n"
    differs = hess("x^2", "--at", "3", "--expect", "3", "--format", "plain")
    assert (differs.stdout, differs.status) == ("2\n", 1)
    assert "differs at (x, x)" in differs.stderr


def test_a_stream_without_points_says_so(hess: Hess) -> None:
    result = hess("x*y", "--at", "-", "--json")
    assert (result.stdout, result.status) == ("", 0)
    assert "no points" in result.stderr


def test_numbers_of_many_digits_are_numbers_for_other_programs(hess: Hess) -> None:
    text = hess("-x**2/3", "--at", "1", "--digits", "3").stdout
    assert "-0.667" in text
    assert "−0.667" not in text
    assert hess("x**2/3", "--at", "3", "--digits", "1", "--format", "plain").stdout == "0.7\n"
    assert hess("x**2", "--at", "3", "--digits", "1", "--format", "plain").stdout == "2\n"


# Files


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.json", ["--json"]),
        ("a.csv", ["--format", "csv"]),
        ("a.tsv", ["--format", "plain"]),
        ("a.tex", ["--format", "latex"]),
        ("a.txt", []),
        ("a.TXT", ["--format", "terminal"]),
    ],
)
def test_the_suffix_of_a_file_tells_its_format(
    hess: Hess, tmp_path: Path, name: str, options: list[str]
) -> None:
    path = tmp_path / name
    result = hess("x**3 + x*y", "--at", "2,4", "-o", str(path))
    assert (result.stdout, result.stderr, result.status) == ("", "", 0)
    assert path.read_text(encoding="utf-8") == hess("x**3 + x*y", "--at", "2,4", *options).stdout


def test_a_format_that_is_named_wins_over_the_suffix(hess: Hess, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    hess("x**2", "--at", "2", "-o", str(path), "--json")
    assert json.loads(path.read_text())["hessian"] == [[2.0]]


def test_a_dash_and_a_device_are_written_to(hess: Hess) -> None:
    plain = hess("x**2", "--at", "2").stdout
    assert hess("x**2", "--at", "2", "-o", "-").stdout == plain
    assert hess("x**2", "--at", "2", "-o", os.devnull).status == 0


def test_a_file_gets_colours_only_if_asked_for_by_name(
    hess: Hess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    path = tmp_path / "a.txt"
    hess("x**2", "--at", "2", "-o", str(path))
    assert "\x1b" not in path.read_text()
    hess("x**2", "--at", "2", "-o", str(path), "--color", "always")
    assert "\x1b" in path.read_text()


def test_a_request_without_an_answer_leaves_an_old_file_alone(hess: Hess, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    assert hess("x**2 +", "--at", "2", "-o", str(path)).status == 2
    assert hess("x*y", "--at", "2", "-o", str(path)).status == 2
    assert path.read_text() == "old"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("a.foo", "tells no format"),
        ("a", "tells no format"),
        ("a.svg", "--plot a.svg"),
        ("nowhere/a.json", "there is no folder `nowhere`"),
    ],
)
def test_a_file_that_cannot_be_is_refused(
    hess: Hess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = hess("x**2", "--at", "2", "-o", path)
    assert result.status == 2
    assert words in result.stderr
    assert not list(tmp_path.iterdir())


def test_everything_that_can_be_said_has_words() -> None:
    assert set(phrases.TROUBLES) == set(Trouble)
    examples: dict[Note | Reason, tuple[Any, ...]] = {
        Reason.TROUBLE: ("abs(x)", Trouble.KINK, True, ("x = 0",) * 5),
        Reason.NOT_SETTLED: ("relu(A@x)", Trouble.KINK, 3, 1),
        Note.LETTERS: (("x", "y"),),
        Note.RANKS: (("A", 2), ("b", 1), ("x", 1)),
        Note.TRIED: (("x = 1", "y = 2"),),
        Note.HOLDS_WHERE_REAL: (("log(x)", "log(y)"),),
        Note.HOLDS_EXCEPT: (("abs(x)",), Trouble.KINK),
        Note.LIMITS_AGREE: ((("sin(x)/x", Trouble.BY_ZERO),), ("x = 0",)),
        Note.LOST_DIGITS: ("value", 1.0),
        Note.NOT_SYMMETRIC: (1.0,),
    }
    for kind in (*Note, *Reason):
        said = phrases.words(Remark(kind, examples.get(kind, (2, 3, 4))))
        assert said
        assert "{" not in said
