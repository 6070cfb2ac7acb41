"""The determinant and the leading principal minors: proved, in closed form, and in symbols."""

from __future__ import annotations

import math
import random
from typing import Any

import flint
import mpmath
import numpy as np
import pytest
import sympy

import hesscli
from hesscli.derive.minors import leading_minors
from hesscli.errors import HessError
from hesscli.exact.spectrum.minors import closed_minors, enclosed_minors

from .conftest import Hess

ROSENBROCK = "100*(y-x**2)**2+(1-x)**2"


def test_doubles_have_them_on_request(hess: Hess) -> None:
    answer = hess(ROSENBROCK, "--at", "1,1", "--minors", "--json").json
    assert answer["minors"] == [802.0, 400.0]
    assert answer["determinant"] == 400.0
    assert "minors" not in hess(ROSENBROCK, "--at", "1,1", "--json").json
    shown = hess("x**3+x*y", "--at", "2,4", "--minors").stdout
    assert "determinant   -1\nminors        12  -1\n" in shown
    # Of one row, both are the entry.
    assert "minors " not in hess("x**3", "--at", "2", "--minors").stdout


@pytest.mark.parametrize(
    ("formula", "point"),
    [
        ("exp(x*y)*sin(z)+x**3*w", "x=0.3,y=-1.7,z=2.2,w=0.1"),
        ("log(exp(x)+exp(y)+exp(z))+x**2+y**2+z**2", "1,2,3"),
        ("1e8*x**2+1e-8*y**2+x*y", "1,1"),
    ],
)
def test_they_are_right_to_all_digits(hess: Hess, formula: str, point: str) -> None:
    answer = hess(formula, "--at", point, "--minors", "--json").json
    digits = hess(formula, "--at", point, "--digits", "60", "--json").json
    with mpmath.workdps(50):
        matrix = mpmath.matrix([[mpmath.mpf(e) for e in row] for row in digits["hessian"]])
        for k, found in enumerate(answer["minors"], 1):
            right = mpmath.det(matrix[:k, :k])
            assert math.isclose(found, float(right), rel_tol=1e-15)
    assert answer["verified"] == {"digits": 15, "by": "proof", "reason": None}


def test_what_cancels_is_no_rounding_error(hess: Hess) -> None:
    # In doubles, the determinant is 1.7e-18.
    answer = hess("sqrt(x**2+y**2)", "--at", "3,4", "--minors", "--json").json
    assert answer["minors"][1] == 0
    assert answer["below"] == {}
    answer = hess("exp(x)+exp(x-40)*y+y**2*1e-40", "--at", "1,1e-3", "--minors", "--json").json
    assert answer["minors"][1] < 0
    assert answer["verified"]["digits"] == 15


def test_what_cannot_be_told_from_zero_has_a_bound(hess: Hess) -> None:
    # exp(1)·exp(1) - exp(2) is 0, which no enclosure proves; the whole matrix is regular.
    formula = "e1*x**2/2+e1*y**2/2+e2*x*y+z**2"
    exact = "e1=exp(1),e2=exp(1/2)*exp(1/2)"
    answer = hess(formula, "--wrt", "x,y,z", "--at", exact, "--at", "x=1,y=1,z=1", "--minors",
                  "--json").json  # fmt: skip
    assert answer["minors"][1:] == [0, 0]


def test_closed_forms_always_have_them(hess: Hess) -> None:
    answer = hess("x**3+x*y**2", "--at", "sqrt(2),1", "--exact", "--json").json
    assert answer["minors"] == ["6*sqrt(2)", "20"]
    assert answer["determinant"] == "20"
    shown = hess("x**3+x*y**2", "--at", "sqrt(2),1", "--exact").stdout
    assert "determinant   20\nminors        1×1: 6·sqrt(2)\n              2×2: 20\n" in shown
    # By the rank, which is proved.
    norm = hess("sqrt(x**2+y**2+z**2)", "--at", "1,2,sqrt(3)", "--exact", "--json").json
    assert norm["determinant"] == "0"


def test_digits_have_them_on_request(hess: Hess) -> None:
    answer = hess("exp(x*y)", "--at", "1,2", "--digits", "30", "--minors", "--json").json
    with mpmath.workdps(40):
        e2 = mpmath.exp(2)
        right = [4 * e2, 4 * e2 * e2 - (3 * e2) ** 2]
        for found, number in zip(answer["minors"], right, strict=True):
            assert abs(mpmath.mpf(found) / number - 1) < mpmath.mpf("1e-29")
    assert "minors" not in hess("exp(x*y)", "--at", "1,2", "--digits", "30", "--json").json


def test_symbols_have_them_on_request(hess: Hess) -> None:
    answer = hess("a*x**2/2+b*x*y+c*y**2/2", "--wrt", "x,y", "--minors", "--json").json
    assert answer["minors"] == ["a", "a*c - b**2"]
    assert answer["determinant"] == "a*c - b**2"
    assert hess("sqrt(x**2+y**2)", "--minors", "--json").json["determinant"] == "0"
    assert r"\det H_f &= -1" in hess("x**3+x*y", "--minors", "--format", "latex").stdout


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_all_ways_agree(order: int) -> None:
    draw = random.Random(order)
    numbers = [[sympy.Rational(draw.randint(-9, 9), draw.randint(1, 5)) for _ in range(order)]
               for _ in range(order)]  # fmt: skip
    rows = [[numbers[max(i, j)][min(i, j)] for j in range(order)] for i in range(order)]
    right = [sympy.Matrix(rows)[:k, :k].det() for k in range(1, order + 1)]
    assert list(leading_minors(rows)) == right
    assert list(closed_minors(rows, None)) == right
    surds = [[entry * sympy.sqrt(3) for entry in row] for row in rows]
    scaled = [minor * sympy.sqrt(3) ** k for k, minor in enumerate(right, 1)]
    assert [sympy.expand(m) for m in closed_minors(surds, None) if m is not None] == scaled[:5]
    with flint.ctx.workprec(200):
        balls = [[flint.arb(int(e.p)) / int(e.q) for e in row] for row in rows]
        for ball, number in zip(enclosed_minors(balls), right, strict=True):
            assert flint.arb(ball).overlaps(flint.arb(int(number.p)) / int(number.q))


def test_what_is_too_large_is_refused(hess: Hess) -> None:
    many = "+".join(f"exp(x{i}*x{j}**2)" for i in range(7) for j in range(i))
    refused = hess(many, "--minors")
    assert refused.status == 1
    assert "too many products" in refused.stderr
    refused = hess("x**2", "--at", "x=zeros(31)", "--minors")
    assert refused.status == 2
    assert "at most 30 rows" in refused.stderr
    with pytest.raises(HessError):
        leading_minors([[sympy.Symbol(f"a{i}{j}") for j in range(9)] for i in range(9)])


@pytest.mark.parametrize(
    "options", [("--format", "csv"), ("--format", "plain"), ("--code", "torch"), ("-o", "h.tsv")]
)
def test_what_has_no_room_for_them_is_refused(hess: Hess, options: tuple[str, ...]) -> None:
    refused = hess("x**2", "--at", "1", "--minors", *options)
    assert refused.status == 2
    assert "--minors" in refused.stderr


def test_many_points_are_shown_with_them(hess: Hess) -> None:
    assert hess("x**2*y", "--at", "1,2", "--at", "2,3", "--minors").stdout.count("determinant") == 2


def test_a_program_has_them() -> None:
    found: Any = hesscli.formula(ROSENBROCK, minors=True).at(1, 1)
    assert isinstance(found.minors, np.ndarray)
    assert found.determinant == 400
    assert hesscli.formula(ROSENBROCK, exact=True).at(1, 1).minors == (802, 400)
    assert hesscli.formula(ROSENBROCK).at(1, 1).determinant is None
    # A Hessian with gaps has none.
    assert hesscli.formula("abs(x)", minors=True).at(0).minors is None


def test_without_a_proof_they_are_doubles(hess: Hess) -> None:
    args = (ROSENBROCK, "--at", "1,1", "--minors", "--verify", "never", "--json")
    answer = hess(*args).json
    assert np.allclose(answer["minors"], [802, 400], rtol=1e-9)
    assert answer["verified"]["digits"] is None


@pytest.mark.parametrize(
    "formula",
    [
        "D*(1-exp(-a*(r-q)))**2",
        "sqrt(x**2+y**2+z**2+w**2)",  # homogeneous of degree 1
        "-log(exp(a)/(exp(a)+exp(b)+exp(c)+exp(d)))",
        "1/sqrt((x-a)**2+(y-b)**2)",
    ],
)
def test_a_determinant_that_is_zero_says_so(hess: Hess, formula: str) -> None:
    assert hess(formula, "--minors", "--json").json["determinant"] == "0"


def test_zeros_have_digits_too(hess: Hess) -> None:
    assert hess("x*y*z", "--at", "1,2,3", "--minors", "--digits", "30", "--json").json[
        "minors"
    ] == ["0", "-9.00000000000000000000000000000", "12.0000000000000000000000000000"]
    args = ("log(1+exp(a*x+b))", "--at", "3/2,2/3,3/2", "--minors", "--json")
    assert hess(*args, "--digits", "20").json["minors"][1] == "0"


def test_a_closed_form_is_found_or_missed_with_a_note(hess: Hess) -> None:
    answer = hess("sin(x)*cos(y)*sin(z)", "--at", "3/2,3/2,5/4", "--exact", "--json").json
    assert math.isclose(float(sympy.sympify(answer["determinant"])), 0.00665775, rel_tol=1e-5)
    long = hess("tanh(w*tanh(a*x+b)+c)", "--at", "1,2,3,1/3,1/5", "--exact", "--json").json
    assert long["determinant"] is None
    assert any("too long to be written in closed form" in note for note in long["notes"])


def test_what_no_double_holds_is_told(hess: Hess) -> None:
    small = hess("1e-200*x**2+1e-200*y**2", "--at", "1,1", "--minors", "--json").json
    assert small["minors"][1] == 0
    assert any("below the smallest double" in note for note in small["notes"])
    large = hess("1e200*x**2+1e200*y**2", "--at", "1,1", "--minors", "--json").json
    assert large["minors"][1] is None
    assert any("beyond the largest double" in note for note in large["notes"])
