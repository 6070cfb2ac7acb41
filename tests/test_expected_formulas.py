"""The user's own formulas for the Hessian and the gradient, with and without a point."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .conftest import Hess

FORMULA = "x**2*y"


@pytest.mark.parametrize(
    "matrix",
    [
        "[[2y,2x],[2x,0]]",
        "[[y+y, 2x],[2*x, x-x]]",
        "{{2y, 2x}, {2x, 0}}",
        "Matrix([[2*y, 2*x], [2*x, 0]])",
        "[2y, 2x; 2x, 0]",
        "np.array([[2*y, 2*x], [2*x, 0]])",
        "[[4*y*sin(1)**2/(2*sin(1)**2), 2x],[2x, 0]]",
    ],
)
@pytest.mark.parametrize("point", [(), ("--at", "3,-2"), ("--at", "x=1/3")])
def test_a_right_matrix_of_formulas_agrees(hess: Hess, matrix: str, point: tuple[str, ...]) -> None:
    result = hess(FORMULA, "--expect", matrix, *point, "--json")
    assert result.status == 0
    assert result.json["expected"]["agrees"] is True


@pytest.mark.parametrize(
    ("matrix", "cause"),
    [
        ("[[-2y,-2x],[-2x,0]]", "the sign of the whole matrix"),
        ("[[2y,-2x],[-2x,0]]", "(x, y) and (y, x): likely a sign"),
        ("[[4y,4x],[4x,0]]", "the whole matrix is twice hess's, as without the 1/2 of a quadratic"
         " form"),
        ("[[2y,x],[x,0]]", "the entries off the diagonal: likely a factor 2 missing"),
        ("[[0,2x],[2x,2y]]", "likely the variables x and y swapped: try `--wrt y,x`, with values "
         "by name"),
        ("[[2y,2x],[0,0]]", "only the upper triangle is filled in"),
        ("[[2y,0],[0,0]]", "only the diagonal is filled in"),
        ("[[2y,2x],[3x,0]]", "your matrix is not symmetric: (x, y) and (y, x) differ"),
        ("[[2y,2x],[2x,1]]", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("point", [(), ("--at", "3/7,-5/3")])
def test_a_mistake_is_named(
    hess: Hess, matrix: str, cause: str | None, point: tuple[str, ...]
) -> None:
    result = hess(FORMULA, "--expect", matrix, *point, "--json")
    assert result.status == 1
    assert result.json["expected"]["likely_cause"] == cause


def test_differences_are_formulas(hess: Hess) -> None:
    result = hess(FORMULA, "--expect", "[[2y,x],[2x,0]]", "--json")
    assert result.json["expected"]["differences"] == [
        {"row": 0, "column": 1, "entry": ["x", "y"], "expected": "x", "found": "2*x"}
    ]
    shown = hess(FORMULA, "--expect", "[[2y,x],[2x,0]]").stdout
    assert "expected      differs at (x, y): yours is x, hess's 2·x\n" in shown
    latex = hess(FORMULA, "--expect", "[[2y,x],[2x,0]]", "--format", "latex").stdout
    assert "% differs at (x, y): yours x, hess's 2*x\n" in latex


@pytest.mark.parametrize(
    ("gradient", "status", "cause"),
    [
        ("[2x*y,x^2]", 0, None),
        ("[-2x*y,-x^2]", 1, "the sign of the whole gradient"),
        ("[x*y,x^2]", 1, "x: likely a factor 2 missing"),
        ("[2x*y,-x^2]", 1, "y: likely a sign"),
        ("[x^2,2x*y]", 1, "likely the variables x and y swapped: try `--wrt y,x`, with values "
         "by name"),
        ("[6x*y,3x^2]", 1, "the whole gradient is 3 times hess's, as a sum in place of a mean"),
        ("[2x*y,x^2+1]", 1, None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("point", [(), ("--at", "3/7,-5/3")])
def test_a_gradient_is_compared(
    hess: Hess, gradient: str, status: int, cause: str | None, point: tuple[str, ...]
) -> None:
    result = hess(FORMULA, "--expect-gradient", gradient, *point, "--json")
    assert result.status == status
    assert result.json["expected_gradient"]["likely_cause"] == cause


def test_a_gradient_of_numbers_is_compared(hess: Hess, tmp_path: Path) -> None:
    assert hess(FORMULA, "--at", "1,2", "--expect-gradient", "[4,1]").status == 0
    # A list needs no brackets.
    assert hess(FORMULA, "--at", "1,2", "--expect-gradient", "4, 1").status == 0
    assert hess(FORMULA, "--expect-gradient", "2x*y, x^2").status == 0
    result = hess(FORMULA, "--at", "1,2", "--expect-gradient", "[4,2]", "--json")
    assert result.json["expected_gradient"]["differences"] == [
        {"index": 1, "entry": "y", "expected": 2.0, "found": 1.0}
    ]
    (tmp_path / "g.json").write_text("[4, 1]")
    assert hess(FORMULA, "--at", "1,2", "--expect-gradient", f"@{tmp_path}/g.json").status == 0
    tensor = hess("sum(x**2)", "--at", "x=[[1,2],[3,4]]", "--expect-gradient", "[[2,4],[6,8]]")
    assert tensor.status == 0
    both = hess(FORMULA, "--at", "1,2", "--expect-gradient", "[4,1]", "--expect", "[[4,2],[2,0]]")
    assert "agrees with your matrix" in both.stdout
    assert "agrees with your gradient" in both.stdout


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--expect", "[[2y,2x],[2x,z]]"), "no variable `z`"),
        (("--expect", "[[2y,2x],[2xy,0]]"), "`x*y` for a product"),
        (("--expect", "[[2y,2x]]"), "the Hessian is 2×2"),
        (("--expect", "[2y,2x]"), "is a list of 2"),
        (("--expect", "[[2y,2x],[2x]]"), "ragged"),
        (("--expect", "[[2y,2x],[2x,x(]]"), "try: "),
        (("--expect-gradient", "[2y]"), "the gradient has 2 entries"),
        (("--expect-gradient", "[[2y,2x],[2x,0]]"), "--expect-gradient \"[…,…]\""),
        (("--expect", "[2y,2x],[2x,0]"), '--expect "[[2y,2x],[2x,0]]"'),
        (("--expect", "[[foo(x),1],[1,1]]"), "foo"),
        (("--expect", "[[2y,2x],[2x,0]]", "--exact", "--at", "1,2"), "about doubles"),
        (("--expect-gradient", "[1,2]", "--code", "c"), "--expect-gradient"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_refused(hess: Hess, args: tuple[str, ...], words: str) -> None:
    result = hess(FORMULA, *args)
    assert result.status == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("formula", "matrix"),
    [
        ("sqrt(x**2+y**2)", "[[1/sqrt(x^2+y^2) - x^2/(x^2+y^2)^(3/2), -x*y/(x^2+y^2)^1.5],"
         "[-x*y/(x^2+y^2)^1.5, x^2/(x^2+y^2)^1.5]]"),
        ("log(x)", "-1/x^2"),
        ("sin(x)**2", "2*cos(x)^2-2*sin(x)^2"),
        ("sigmoid(x)", "sigmoid(x)*(1-sigmoid(x))*(1-2*sigmoid(x))"),
        ("abs(x)*y+x", "[[0,sign(x)],[sign(x),0]]"),
        ("log(-1-x)", "-1/(1+x)^2"),
    ],
)  # fmt: skip
def test_other_forms_of_the_same_agree(hess: Hess, formula: str, matrix: str) -> None:
    assert hess(formula, "--expect", matrix).status == 0


def test_what_algebra_does_not_see_is_told(hess: Hess) -> None:
    # sinh(3x) by its addition theorem.
    shown = hess("sinh(3*x)/9", "--expect", "3*sinh(x)+4*sinh(x)^3").stdout
    assert "agrees with your matrix" in shown
    assert "which is no proof" in hess("x**3/9", "--expect", "0.6666667*x").stdout
    rounded = hess("x**3/9", "--expect", "0.6666667*x", "--json").json["expected"]
    assert (rounded["agrees"], rounded["proved"]) == (True, False)
    assert hess("x**3", "--expect", "6x", "--json").json["expected"]["proved"] is True
    assert hess("x**3/9", "--expect", "0.66667*x").status == 1


def test_pieces_are_compared_far_out(hess: Hess) -> None:
    assert hess("x**2", "--expect", "where(x<5,2,3)").status == 1
    assert hess("x**2", "--expect", "where(x<-1e3,3,2)").status == 1


@pytest.mark.parametrize("name", ["H = ", "hessian="])
def test_a_matrix_may_have_a_name(hess: Hess, name: str) -> None:
    assert hess(FORMULA, "--expect", f"{name}[[2y,2x],[2x,0]]").status == 0


@pytest.mark.parametrize("text", ["(2*x*y, x**2)", "Matrix([[2*x*y], [x**2]])", "{2 x*y, x^2}"])
def test_a_gradient_may_be_written_otherwise(hess: Hess, text: str) -> None:
    assert hess(FORMULA, "--expect-gradient", text).status == 0


def test_gaps_are_compared(hess: Hess) -> None:
    args = ("abs(x)*y", "--at", "x=0", "--expect")
    assert hess(*args, "[[none,none],[none,0*y]]", "--json").json["expected"]["agrees"]
    found: Any = hess(*args, "[[0,0],[0,y-y]]", "--json").json["expected"]
    assert found["likely_cause"].startswith("hess has no number for")


def test_a_comparison_in_symbols_does_not_load_torch() -> None:
    code = (
        "import sys; from hesscli.solver import Settings, Solver; "
        "Solver('x**2*y', settings=Settings(expect='[[2*y,2*x],[2*x,0]]')).symbols(); "
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
