"""What a careless user types, and what it is read as."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from .conftest import Hess


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("x^2 3", 'hess "x^2" --at 3'),
        ('"x^2" at 3', 'hess "x^2" --at 3'),
        ('"x^2 at 3"', 'hess "x^2" --at 3'),
        ("x^2+y^2 at x=3,y=4", 'hess "x^2+y^2" --at x=3,y=4'),
        ('"x*y" at 2 4', 'hess "x*y" --at 2,4'),
        ('"x*y" --at 2 4', 'hess "x*y" --at 2,4'),
        ('--at 2 4 "x*y"', 'hess "x*y" --at 2,4'),
        ('"x*y" --at 2, 4 --json', 'hess "x*y" --at 2,4 --json'),
        ('"x*y" --at=2 4', 'hess "x*y" --at 2,4'),
        ('"x*y" --at x=2 y=4', 'hess "x*y" --at x=2,y=4'),
        ('"x*y" --at x = 2 y = 4', 'hess "x*y" --at x=2,y=4'),
        ('"x*y" x=2 y=4', 'hess "x*y" --at x=2,y=4'),
        ("x**3 + x*y --at 2,4", 'hess "x**3 + x*y" --at 2,4'),
        ("x**3 - 2 --at 2", 'hess "x**3 - 2" --at 2'),
        ('"f(x)=x^2" 3', 'hess "f(x)=x^2" --at 3'),
        ('"x*y" 2,4', 'hess "x*y" --at 2,4'),
        ("x^2 for x=3", 'hess "x^2" --at x=3'),
        ('"x*y" --at 2,4 --wrt y, x', 'hess "x*y" --at 2,4 --wrt y,x'),
    ],
)
def test_what_has_one_sensible_reading_is_read_so(hess: Hess, typed: str, meant: str) -> None:
    careless = hess(*shlex.split(typed))
    right = hess(*shlex.split(meant)[1:])
    assert right.stderr == ""
    assert (careless.stdout, careless.status) == (right.stdout, 0)
    assert careless.stderr == f"hess: read as {meant}\n"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ('"x*y" --at "(2,4)"', '"x*y" --at 2,4'),
        ('"x*y" --at "(x=2,y=4)"', '"x*y" --at 2,4'),
        ('"x*y" --at "2 4"', '"x*y" --at 2,4'),
        ('"x*y" --at "2; 4"', '"x*y" --at 2,4'),
        ('"x*y" --at "x=2 y=4"', '"x*y" --at 2,4'),
        ('"x*y" --at "x = 2, y = 4"', '"x*y" --at 2,4'),
        ('"x*y" --at "x==2, y:4;"', '"x*y" --at 2,4'),
        ('"x*y" --at "x->2,y=4,"', '"x*y" --at 2,4'),
        ('"x*y" --at "(2 4)"', '"x*y" --at 2,4'),
        ("\"x*y\" --at \"{'x': 2, 'y': 4}\"", '"x*y" --at 2,4'),
        ('"x*y" --at "[x=2, y=4]"', '"x*y" --at 2,4'),
        ('"x*y" --at "x=2 and y=4"', '"x*y" --at 2,4'),
        ('"x*y" --at "\'x=2,y=4\'"', '"x*y" --at 2,4'),
        ('"x*y" --at "{x: 2, y: 4}"', '"x*y" --at 2,4'),
        ('"x*y" --at "Sqrt[4],np.sqrt(16)"', '"x*y" --at "sqrt(4),sqrt(16)"'),
        ('"x*y" --wrt "y x" --at 2,4', '"x*y" --wrt y,x --at 2,4'),
        ('"f(x)=x^2" --at 3', '"x^2" --at 3'),
        ('"f(x) := x^2" --at 3', '"x^2" --at 3'),
        ('"y = x^2" --at 3', '"x^2" --at 3'),
        ('"lambda x: x**2" --at 3', '"x**2" --at 3'),
    ],
)
def test_other_notations_are_the_same(hess: Hess, typed: str, meant: str) -> None:
    assert hess(*shlex.split(typed)) == hess(*shlex.split(meant))


def test_a_stream_may_have_blanks_between_values(hess: Hess) -> None:
    objects = hess("x*y**2", "--at", "-", "--json", stdin="1 2\n3\t4\n-1e-3 +2\n").objects
    assert [o["point"] for o in objects] == [
        {"x": 1.0, "y": 2.0},
        {"x": 3.0, "y": 4.0},
        {"x": -0.001, "y": 2.0},
    ]


def test_a_function_says_what_it_is_a_function_of(hess: Hess) -> None:
    answer = hess("f(y, x) = x**2*y", "--at", "2,4", "--json").json
    assert [v["name"] for v in answer["variables"]] == ["y", "x"]
    assert answer["hessian"] == [[0.0, 8.0], [8.0, 4.0]]
    assert "variables of the function" in answer["notes"][0]
    assert hess("f(x) = a*x**2", "--json").json["hessian"] == [["2*a"]]
    # Of a variable that does not occur, the derivatives are 0.
    assert hess("f(x, y) = x**2", "--at", "1,2", "--json").json["hessian"] == [[2, 0], [0, 0]]
    assert hess("f(x) = a*x**2", "--wrt", "a", "--json").json["hessian"] == [["0"]]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("x^2 -3", ['hess "x^2" --at -3', 'hess "x^2 -3"']),
        ("x 3 y", ["an operator is missing"]),
        ("sin x^2 --at 3", ["`sin(x)^2` or `sin(x^2)`"]),
        ('"x^2" 3 4 --at 2', ["an operator is missing"]),
        ('"y = x + y"', ["right-hand side"]),
        ('"x^2 = 4"', ["right-hand side"]),
        ('"f(x, x) = x^2"', ["twice"]),
        ('"f(x) = x + *"', ["f(x) = x + *\n             ^"]),
        ("--at 2 4", ["no variable"]),
        ('"x^2 --exact"', ['hess "x^2" --exact']),
        ('"x*y --at 2,4"', ['hess "x*y" --at 2,4']),
        ('"x^2" \N{EN DASH}json', ["did you mean `--json`?"]),
        ('"x^2" \N{EM DASH}at 3', ["did you mean `--at`?"]),
        ('"ln(q) = ln(A) + a*ln(L)"', ["`ln`", "`f(q) = …`", "`ln(q) - (ln(A) + a*ln(L))`"]),
        ('"sin(x) := x**2"', ["`sin`", "`f(x) = …`"]),
        ('"Gamma(x) = x"', ["`Gamma`", "`f(x) = …`"]),
        ('"Log(x) = x"', ["`Log`", "`f(x) = …`"]),
        ("sin^-1(x)", ["`asin(x)`", "`1/sin(x)`"]),
    ],
)
def test_what_has_no_reading_or_two_is_refused(hess: Hess, typed: str, words: list[str]) -> None:
    result = hess(*shlex.split(typed))
    assert result.status == 2
    assert result.stdout == ""
    for each in words:
        assert each in result.stderr


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("x^1/2", "`x^1/2` is read as `(x^1)/2`"),
        ("x + i*y", "`i` is read as a variable; the imaginary unit is `I`"),
        ("ax²+bx+c", "`ax` is read as one variable; `a*x` is the product"),
        ("mv^2/2", "`mv` is read as one variable; `m*v` is the product"),
        ("2pir", "`pir` is read as one variable; `pi*r` is the product"),
        ("sinc(x)", "`sinc(x)` is sin(x)/x; NumPy's sin(pi*x)/(pi*x) is `sinc(pi*x)`"),
    ],
)
def test_a_formula_that_is_perhaps_meant_otherwise_says_how_it_was_read(
    hess: Hess, formula: str, words: str
) -> None:
    assert words in hess(formula, "--json").json["notes"][0]


def test_what_names_a_variable_needs_no_note(hess: Hess) -> None:
    assert hess("vx^2+vy^2", "--at", "vx=1,vy=2", "--json").json["notes"] == []
    assert hess("ax**2", "--json").json["notes"] == []


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ('"x**2" -v --at 2', ["`--verify` or `--version`", 'hess "x**2 -v"']),
        ('"x**2" -f json', ["`--format json`"]),
        ('"x**2*y" --at 1,2 -e', ["`--exact` or `--expect`", 'hess "x**2*y -e"']),
        ('"x**2*y" --at 1,2 -f json', ["`--format json`"]),
        ('-e "x**2" --at 2', ["`--exact`"]),
        ('--at 2 -e "x**2"', ["`--exact`"]),
        ("-v -x**2 --at 2", ["`--version`", 'hess "-v -x**2"']),
        ('"x^2" 3 -d 20', ["`--digits`"]),
        ('"x^2" -j', ["`--json`"]),
        ('"x^2" -V', ["`--version`"]),
        ("x^2 -x", ['hess "x^2 -x"']),
        ('"x^2" -q', ["`hess --help`", 'hess "x^2 -q"']),
        ('"x^2" -q=3', ["`hess --help`"]),
        ("- -v --at 2", ["`--version`"]),
        ('"x^2" \N{EN DASH}v', ["`--version`"]),
    ],
)
def test_a_letter_behind_a_formula_is_no_part_of_it(
    hess: Hess, typed: str, words: list[str]
) -> None:
    result = hess(*shlex.split(typed))
    assert (result.status, result.stdout) == (2, "")
    assert "there is no option" in result.stderr
    for each in words:
        assert each in result.stderr


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("-x --at 2", '"0-x" --at 2'),
        ("--at 2 -x", '"0-x" --at 2'),
        ("-x**2 --at -2", '"0-x**2" --at -2'),
        ('"-(x+y)" --at 1,2', '"0-(x+y)" --at 1,2'),
        ('"-h*2" --at 3', '"0-h*2" --at 3'),
        ("x^2 -y^2 --at 1,2", '"x^2-y^2" --at 1,2'),
        ("x * -y --at 1,2", '"x*-y" --at 1,2'),
        ('"x*y" --at 2, -e', '"x*y" --at 2,-e'),
        ('-- "x**2" -v', '"x**2-v"'),
    ],
)
def test_a_formula_may_have_minus_signs_anywhere(hess: Hess, typed: str, meant: str) -> None:
    answers = [hess(*shlex.split(line), "--format=plain") for line in (typed, meant)]
    if "--" in shlex.split(typed):
        answers[0] = hess("--format=plain", *shlex.split(typed))
    assert answers[0].stdout == answers[1].stdout != ""


def test_a_name_that_is_perhaps_not_a_formula_is_remarked_on(
    hess: Hess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "the option is `--help`" in hess("help").stderr
    (tmp_path / "xay").touch()
    monkeypatch.chdir(tmp_path)
    assert "name of a file" in hess("xay").stderr
    assert hess("xby").stderr == ""


def test_names_of_files_in_place_of_a_star_are_recognised(
    hess: Hess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("notes.txt", "report.pdf"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    result = hess("2", "notes.txt", "report.pdf", "x")
    assert result.status == 2
    assert "the shell has put names of files in place of a `*`" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["x", "--at", "1" * 100_000],
        ["x", "--at", "1" + " " * 100_000 + "x"],
        ["x", "--at", "1" + "," * 100_000 + "2"],
        ["x", "--at", "a" * 100_000 + "=2"],
        ["x", "--at", "(" + "=" * 100_000],
        ["x" + " " * 100_000 + ")"],
        ["x" + " " * 100_000 + ")", "2,3"],
        ["x", "1" * 100_000 + "x"],
    ],
    ids=["digits", "spaces", "commas", "name", "signs", "gap", "gap at", "no name of a file"],
)
def test_a_long_word_is_refused_at_once(hess: Hess, words: list[str]) -> None:
    # An expression whose parts could match the same text would take minutes.
    answer = hess(*words)
    assert answer.status == 2
    assert answer.stdout == ""
    assert len(answer.stderr) < 2000


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ('"x*y" --latex', "`--format latex`"),
        ('"x*y" --csv', "`--format csv`"),
        ('"x*y" --JSON', "`--json`"),
        ('"x*y" --at x,y', "x=…,y=…, with values"),
        ('"x*y" json', "`--json`"),
        ('"x*y" wrt x', "`--wrt`"),
        ('"x*y" --digit 3', "`--digits`"),
        ('"x*y" --points 1,2', "`--at`"),
        ('"x*y" --x 1', "`--at x=1`"),
        ('"x*y" --foo', "`hess --help`"),
        ('"x*y" --wrt q', "`--wrt x,y`"),
        ('"ln(xy)" --at 1,2', "`x*y` in place of `xy`"),
        ('"xyz" --at 1,2,3', "`x*y*z` in place of `xyz`"),
    ],
)
def test_an_error_says_what_to_type(hess: Hess, typed: str, hint: str) -> None:
    result = hess(*shlex.split(typed))
    assert result.status == 2
    assert hint in result.stderr


def test_functions_are_listed_by_a_word(hess: Hess) -> None:
    listed = hess("--functions", "bessel")
    assert "besselj(n, x)" in listed.stdout
    assert "sin(x)" not in listed.stdout
    assert hess("--functions", "zzz").status == 2
    assert len(hess("--functions").stdout) > 4 * len(listed.stdout)
