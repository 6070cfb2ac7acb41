"""Where some variables have values and others are letters, the answer is in these letters."""

from __future__ import annotations

from typing import Any

import pytest
import sympy

import hesscli
from hesscli.errors import HessError

from .conftest import Hess


def test_letters_that_are_left_stand_in_the_answer(hess: Hess) -> None:
    result = hess("a*x**2+b*x*y", "--at", "x=0")
    assert result.status == 0
    assert "at            x = 0\nvalue         0\n" in result.stdout
    assert "x  0  y  2·a  b\n" in result.stdout
    assert "a, b and y have no value: the answer is in these letters" in result.stdout
    answer = hess("a*x**2+b*x*y", "--at", "x=1/3", "--wrt", "x", "--json").json
    assert answer["point"] == {"x": "1/3"}
    assert answer["value"] == "a/9 + b*y/3"
    assert answer["gradient"] == ["2*a/3 + b*y"]
    assert answer["hessian"] == [["2*a"]]
    assert "f(a, b, x = 0, y) &= 0" in hess("a*x**2+b*x*y", "--at", "x=0", "-o", "-", "--format",
                                           "latex").stdout  # fmt: skip


@pytest.mark.parametrize(
    ("formula", "point", "hessian"),
    [
        # What SymPy's rules give at the point is not always there, and not always all.
        ("sin(x)/x*a", "x=0", [["0", "0"], ["0", "-a/3"]]),
        ("abs(x)*y", "x=0", [[None, None], [None, "0"]]),
        ("abs(x)*y", "x=1", [["0", "1"], ["1", "0"]]),
        ("abs(x)**3*y", "x=0", [["0", "0"], ["0", "0"]]),
        ("x*abs(x)*y", "x=0", [[None, "0"], ["0", "0"]]),
        ("sqrt(x**4)*y", "x=0", [["2*y", "0"], ["0", "0"]]),
        ("max(x,0)*y", "x=0", [[None, None], [None, "0"]]),
        ("where(x==1,y,x*y)", "x=1", [["0", "1"], ["1", "0"]]),
        ("y/x", "x=0", [[None, None], [None, None]]),
        ("log(x)*y", "x=-1", [[None, None], [None, None]]),
        ("where(y>0,abs(x)*y,x**2)", "x=0", [[None, None], [None, "0"]]),
        ("x**y", "x=2", [["2**y*y*(y - 1)/4", "2**y*(y*log(2) + 1)/2"],
                         ["2**y*(y*log(2) + 1)/2", "2**y*log(2)**2"]]),
        ("x**y", "y=2", [["2", "2*x*log(x) + x"], ["2*x*log(x) + x", "x**2*log(x)**2"]]),
        ("sinc(a*x)", "x=0", [["0", "0"], ["0", "-a**2/3"]]),
        ("hypot(x,a)", "x=0", [["0", "0"], ["0", "1/abs(a)"]]),
        ("(x**2-a**2)/(x-a)", "x=1", [["0", "0"], ["0", "0"]]),
        # The letters have to be large.
        ("log(a-100*x**2)", "x=1", [["-1/(a - 100)**2", "200/(a - 100)**2"],
                                    ["200/(a - 100)**2", "200*(-a - 100)/(a - 100)**2"]]),
    ],
)  # fmt: skip
def test_an_entry_is_there_where_it_exists(
    hess: Hess, formula: str, point: str, hessian: list[list[str | None]]
) -> None:
    result = hess(formula, "--at", point, "--json")
    assert result.json["hessian"] == hessian
    missing = any(entry is None for row in hessian for entry in row)
    assert result.status == (1 if missing else 0)
    assert bool(result.json["undefined"]) == missing


def test_a_part_that_the_letters_may_break_is_told(hess: Hess) -> None:
    notes = hess("abs(x-a)*x", "--at", "x=1", "--json").json["notes"]
    assert "holds except where abs(x-a) has a kink" in notes
    # What the values pass by is not.
    assert not any(
        "kink" in note for note in hess("abs(x)*a", "--at", "x=1", "--json").json["notes"]
    )
    # Too rare to be met by a sample.
    notes = hess("where(y>1e6,abs(x)*y,x**2)", "--at", "x=0", "--json").json["notes"]
    assert "holds except where abs(x) has a kink" in notes


def test_reasons_tell_the_given_values_alone(hess: Hess) -> None:
    answer = hess("abs(x*y)", "--at", "x=0", "--json").json
    assert [each["reason"] for each in answer["undefined"]] == ["abs(x*y) has a kink at x = 0"]


def test_a_formula_without_values_is_refused(hess: Hess) -> None:
    result = hess("log(-1e9*x**2-a**2)", "--at", "x=1")
    assert result.status == 1
    assert "no value for any of the a tried" in result.stderr


@pytest.mark.parametrize("option", [("--check",), ("--digits", "20"), ("--plot", "p.svg")])
def test_what_is_about_numbers_needs_all_values(hess: Hess, option: tuple[str, ...]) -> None:
    result = hess("x**2*y", "--at", "x=1", *option)
    assert result.status == 2
    assert "`y` has no value" in result.stderr
    assert '--at "x=1,y=…"' in result.stderr


def test_tensors_need_all_values(hess: Hess) -> None:
    assert hess("x**2*y", "--at", "x=[1,2]").status == 2
    assert hess("x**2*y", "--at", "x=randn()").status == 2


def test_minors_are_in_letters_too(hess: Hess) -> None:
    answer = hess("a*x**2+y**2", "--wrt", "x,y", "--at", "y=1", "--minors", "--json").json
    assert answer["minors"] == ["2*a", "4*a"]


def test_a_program_gets_symbols() -> None:
    formula = hesscli.formula("a*x**2 + abs(y)")
    found: Any = formula.symbols(x=3, y=0)
    a = sympy.Symbol("a", real=True)
    assert found.value == 9 * a
    assert found.hessian[1, 1] == 2 * a
    assert found.hessian[2, 2] is sympy.nan
    with pytest.raises(HessError):
        formula.symbols(x=3, y=0, a=1)
    with pytest.raises(HessError):
        formula.symbols(z=3)


@pytest.mark.parametrize(
    ("formula", "point", "words"),
    [
        ("(x**2-y**2)*x*y/(x**2+y**2)", "x=0", "divides by zero"),
        ("x**3/(x**2+y**2)", "x=0", "divides by zero"),
        ("x**4/(a*x+x**2)", "x=0", "divides by zero"),
        ("sqrt((a-x)**2)", "x=1", "at the edge of its domain"),
        ("(x**2)**a", "a=1/2", "real only for whole exponents"),
        ("exp(log(a**2)/2)*x", "x=1", "is not finite"),
        ("atan(y/x)", "y=1", "divides by zero"),
        ("atan2(y,x)", "x=-1", "on its branch cut"),
    ],
)
def test_where_a_letter_may_break_the_formula_is_told(
    hess: Hess, formula: str, point: str, words: str
) -> None:
    notes = hess(formula, "--at", point, "--json").json["notes"]
    assert any(note.startswith("holds except where") and words in note for note in notes)


@pytest.mark.parametrize(
    "formula", ["y/(x*z)", "sqrt(x*y)*z", "log(x)*y", "gamma(x)*y", "tan(x)*y"]
)
def test_what_an_entry_shows_is_not_told(hess: Hess, formula: str) -> None:
    for point in ((), ("--at", "y=2")):
        notes = hess(formula, *point, "--json").json["notes"]
        assert not any(note.startswith("holds except") for note in notes)


def test_what_is_missing_is_told_with_the_letters_tried(hess: Hess) -> None:
    notes = hess("abs(x)**a", "--at", "x=0", "--json").json["notes"]
    assert "what is none is missing at a = -0.64; it may exist elsewhere" in notes


@pytest.mark.parametrize(
    ("formula", "point"),
    [("log(x-1000)*a", "a=1"), ("acos(x/1e-6)*a", "a=1"), ("sqrt(x-a)", "a=1000000"),
     ("gamma(a+1)/gamma(a)*x", "x=1")],
)  # fmt: skip
def test_letters_far_from_one_are_tried(hess: Hess, formula: str, point: str) -> None:
    result = hess(formula, "--at", point, "--json")
    assert result.status == 0
    assert None not in result.json["gradient"]
