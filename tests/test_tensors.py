"""Tensor formulas: what they mean, shapes that do not go together, and what is not smooth."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy

import hesscli

from .conftest import Hess

SHAPES = [
    tuple(part.strip() for part in line.split("=>"))
    for line in (Path(__file__).parent / "cases" / "shapes.txt").read_text().splitlines()
    if line and not line.startswith("#")
]


@pytest.mark.parametrize(("text", "at", "wanted"), SHAPES)
def test_shapes_that_do_not_fit_are_refused_with_a_caret(
    hess: Hess, text: str, at: str, wanted: str
) -> None:
    result = hess(text, "--at", at)
    assert (result.status, result.stdout) == (2, "")
    place, words = (part.strip() for part in wanted.split("|"))
    assert words in result.stderr
    lines = result.stderr.splitlines()
    shown, caret = next(pair for pair in pairwise(lines) if "^" in pair[1])
    assert shown[caret.index("^") : caret.rindex("^") + 1] == place


@pytest.mark.parametrize(
    ("text", "at", "value", "hessian"),
    [
        ("x@A@x", "A=[[1,2],[3,4]],x=[1,2]", 27, [[2, 5], [5, 8]]),
        ("x.T@A@x", "A=[[1,2],[3,4]],x=[1,2]", 27, [[2, 5], [5, 8]]),
        ("2*A@x@x", "A=[[1,2],[3,4]],x=[1,2]", 54, [[4, 10], [10, 16]]),
        ("x[-1]**2*x[0]", "x=[1,2,3]", 9, [[0, 0, 6], [0, 0, 0], [6, 0, 2]]),
        ("sum(x[::-1]*x)", "x=[1,2]", 4, [[0, 2], [2, 0]]),
        ("sum(x[[0,0,1]]**2)", "x=[3,1]", 19, [[4, 0], [0, 2]]),
        ("sum(x[i]*x[j])", "x=[3,1],i=[0],j=[1]", 3, [[0, 1], [1, 0]]),
        ("Sum(x[k]**k, (k, 0, 2))", "x=[1,2,3]", 12, [[0, 0, 0], [0, 0, 0], [0, 0, 2]]),
        ("sum(cumsum(x)**2)", "x=[1,2]", 10, [[4, 2], [2, 2]]),
        ("u = x**2; v = u*y; u + v", "x=2,y=3", 16, [[8, 4], [4, 0]]),
        ("K = x@x; K**2", "x=[1,0]", 1, [[12, 0], [0, 4]]),
        ("sum(max(X, axis=0))", "X=[[1,5],[2,3]]", 7, np.zeros((4, 4)).tolist()),
        ("det(A)", "A=[[1,1],[1,1]]", 0, np.fliplr(np.diag([1, -1, -1, 1])).tolist()),
        ("sum(x*arange(len(x)))", "x=[1,2]", 2, [[0, 0], [0, 0]]),
        ("norm([x, y])**2", "x=3,y=4", 25, [[2, 0], [0, 2]]),
        ("x@x - x@x + y**2", "x=[1,2],y=1", 1, [[0, 0, 0], [0, 0, 0], [0, 0, 2]]),
        ("len(x)*y**2", "x=[1,2],y=1", 2, [[0, 0, 0], [0, 0, 0], [0, 0, 4]]),
        ("x@x.T", "x=[[1,2]]", 5, [[2, 0], [0, 2]]),
        ("sum(inv(A + x**2))", "A=[[1,0],[0,1]],x=0", 2, [[-8]]),
        ("sum(solve(A, x**2))", "A=[[1,0],[0,1]],x=[0,0]", 0, [[2, 0], [0, 2]]),
        ("sum(solve(A + diag(x**2), x))", "A=[[1,0],[0,1]],x=[0,0]", 0, [[0, 0], [0, 0]]),
        ("x**2/len(x)", "x=[1,2]", 2.5, [[1, 0], [0, 1]]),
        ("einsum('Zj,j,Z->', A, x, x)", "A=[[2,1],[1,3]],x=[1,2]", 18, [[4, 2], [2, 6]]),
    ],
)  # fmt: skip
def test_numpy_decides_what_a_formula_means(
    hess: Hess, text: str, at: str, value: float, hessian: list[list[float]]
) -> None:
    wrt = ("--wrt", "x") if "A=" in at and "x=" in at else ()
    answer = hess(text, "--at", at, *wrt, "--json")
    assert answer.json["value"] == value
    assert answer.json["hessian"] == hessian
    assert answer.json["verified"] == {"digits": 15, "by": "proof", "reason": None}
    exact = hess(text, "--at", at, *wrt, "--json", "--exact")
    assert [[float(sympy.Rational(e)) for e in row] for row in exact.json["hessian"]] == hessian
    assert hess(text, "--at", at, *wrt, "--check").status == 0


def test_an_index_is_not_differentiated(hess: Hess) -> None:
    answer = hess("sum((X[i] - X[j])**2)", "--at", "X=[1,2,4],i=[0,1],j=[1,2]", "--json").json
    assert [v["name"] for v in answer["variables"]] == ["X"]
    assert answer["hessian"] == [[2, -2, 0], [-2, 4, -2], [0, -2, 2]]
    result = hess("sum(X[i])", "--wrt", "i", "--at", "X=[1,2],i=[0,1]")
    assert result.status == 2
    assert "nothing is differentiated by an index" in result.stderr
    streamed = hess("sum(x[i]**2)", "--at", "-", "--json", stdin="x=[1,2],i=[0]\nx=[1,2],i=[1,1]\n")
    assert [o["hessian"] for o in streamed.objects] == [[[2, 0], [0, 0]], [[0, 0], [0, 4]]]


def test_a_product_that_may_be_meant_otherwise_is_told_of(hess: Hess) -> None:
    result = hess("sum(A*x)", "--at", "A=[[1,2],[3,4]],x=[1,2]")
    assert result.status == 0
    assert "`A*x` is the product of elements; `A@x` is that of matrices" in result.stdout
    result = hess("x*A*x", "--at", "A=[[1,2],[3,4]],x=[1,2]")
    assert "`A@x` is that of matrices" in result.stdout
    result = hess("A@x + 1", "--at", "A=[[1,2],[3,4]],x=[1,2]")
    assert "summed over 2 elements" in result.stdout


@pytest.mark.parametrize(
    ("text", "at", "part"),
    [
        ("sum(relu(A@x))", "A=[[1,-1],[3,4]],x=[1,1]", "relu(A@x)"),
        ("logdet(A)", "A=[[0,1],[1,0]]", "logdet(A)"),
        ("sum(solve(A, b))", "A=[[1,1],[1,1]],b=[1,2]", "solve(A, b)"),
        ("norm(A@x)", "A=[[1,-1],[3,4]],x=[0,0]", "norm(A@x)"),
        ("sum(max(X, axis=1))", "X=[[1,1],[2,3]]", "max(X, axis=1)"),
        (
            "sign(det(A + x**3) - det(A)) + x**2",
            "A=[[2,1],[1,3]],x=0",
            "sign(det(A + x**3) - det(A))",
        ),
        ("sum(x**2) + sum(sqrt(x)**4) + x@x", "x=[-1,2]", "sqrt(x)"),
        ("sum(1/x**2) + sum(1/sqrt(x)**4)", "x=[-1,2]", "sqrt(x)"),
    ],
)
def test_what_is_not_smooth_has_no_answer(hess: Hess, text: str, at: str, part: str) -> None:
    result = hess(text, "--at", at, "--json")
    assert result.status == 1
    assert None in result.json["hessian"][0]
    assert part in {each["part"] for each in result.json["undefined"]}


def test_what_is_too_large_to_settle_is_refused_with_its_element(hess: Hess) -> None:
    at = "A=randn(600,100),x=zeros(100)"
    result = hess("sum(relu(A@x))", "--wrt", "x", "--at", at, "--seed", "1", "--json")
    assert result.status == 1
    assert "relu(A@x): element [0] has a kink" in result.json["undefined"][0]["reason"]


def test_kinks_that_do_not_matter_are_proved(hess: Hess) -> None:
    answer = hess("sum(relu(A@x)**3)", "--wrt", "x", "--at", "A=[[1,-1],[3,4]],x=[1,1]", "--json")
    assert answer.json["hessian"] == [[378, 504], [504, 672]]
    overflow = hess("log(sum(exp(A@x)))", "--wrt", "x", "--at", "A=eye(2),x=[1000,1]", "--json")
    assert overflow.json["value"] == 1000
    assert overflow.json["verified"]["by"] == "proof"


def test_large_constants_are_no_hindrance(hess: Hess) -> None:
    formula = hesscli.formula("sum((A@x - b)**2)", wrt=["x"])
    random = np.random.default_rng(0)
    A, b, x = random.normal(size=(400, 30)), random.normal(size=400), random.normal(size=30)
    answer = formula.at(A=A, b=b, x=x)
    np.testing.assert_allclose(answer.hessian, 2 * A.T @ A, rtol=1e-12, atol=1e-11)
    assert answer.verified.by in ("proof", "sample")
    assert answer.blocks["x"]["x"].shape == (30, 30)


def test_without_shapes_there_is_no_answer(hess: Hess) -> None:
    result = hess("sum(X@Y)")
    assert result.status == 2
    assert "--at" in result.stderr


def _close(found: Any, expected: Any) -> None:
    scale = max(np.abs(expected).max(), 1e-300)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9 * scale)


@pytest.mark.parametrize(
    ("matrix", "agrees"),
    [
        ("A + A.T", True),
        ("[[2*A[0,0], A[0,1] + A[1,0]], [5, 8]]", True),
        ("2*A", False),
        ("[[2,5],[5,8]]", True),
    ],
)
def test_a_matrix_formula_is_compared(hess: Hess, matrix: str, agrees: bool) -> None:
    at = ("--at", "A=[[1,2],[3,4]],x=[1,2]")
    result = hess("x@A@x", "--wrt", "x", *at, "--expect", matrix)
    assert result.status == (not agrees)
    assert ("agrees with your matrix" in result.stdout) == agrees
    gradient = hess("x@A@x", "--wrt", "x", *at, "--expect-gradient", "(A + A.T)@x")
    assert "agrees with your gradient" in gradient.stdout
    unknown = hess("x@A@x", "--wrt", "x", *at, "--expect", "A + B")
    assert unknown.status == 2
    assert "no variable `B`" in unknown.stderr
