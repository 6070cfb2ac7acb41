"""Numbers that no memory holds are refused before they are computed; all others are as ever."""

from __future__ import annotations

import math
import time

import mpmath
import pytest

from .conftest import Hess


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("sin(exp(x))", "1e6"),
        ("cos(cosh(x))*y", "1e5,2"),
        ("floor(exp(x))*x", "1e10"),
        ("floor(exp(exp(x)))*y", "30,1"),
        ("log(gamma(exp(x)))", "1e7"),
        ("besselj(0,exp(x))", "1e5"),
        ("sin(1/exp(-exp(x)))", "50"),
        ("x**(x**(x**x))", "5"),
        ("log(cosh(sinh(x)))", "1e8"),
    ],
)
def test_numbers_that_are_too_long_are_refused(hess: Hess, text: str, at: str) -> None:
    start = time.process_time()
    result = hess(text, "--at", at, "--json")
    assert result.status == 1
    assert result.json["error"]["code"] == "too-large"
    assert time.process_time() - start < 10  # of which all is what is loaded


@pytest.mark.parametrize(
    ("text", "at", "value"),
    [
        ("atan(logcosh(sinh(x)))", "6e10", math.pi / 2),
        ("atan(logcosh(sinh(x)))", "1e6", math.pi / 2),
        ("exp(-exp(exp(x)))", "20", 0.0),
    ],
)
def test_a_limit_that_is_far_away_is_enclosed(hess: Hess, text: str, at: str, value: float) -> None:
    answer = hess(text, "--at", at, "--json").json
    assert [answer["value"], answer["hessian"]] == [value, [[0.0]]]
    assert answer["verified"]["by"] == "proof"


@pytest.mark.parametrize(
    ("text", "at", "exact"),
    [
        ("sin(exp(x))", 5, lambda x: mpmath.sin(mpmath.exp(x))),
        ("x*sin(cosh(x))", 100, lambda x: x * mpmath.sin(mpmath.cosh(x))),
        ("log(cosh(sinh(x)))", 6, lambda x: mpmath.log(mpmath.cosh(mpmath.sinh(x)))),
        ("atan(exp(exp(exp(x))))", 1, lambda x: mpmath.atan(mpmath.exp(mpmath.exp(mpmath.exp(x))))),
        ("exp(-exp(exp(x)))", 1, lambda x: mpmath.exp(-mpmath.exp(mpmath.exp(x)))),
        ("x**(x**x)", 3, lambda x: x ** (x**x)),
        ("gamma(cosh(x))", 3, lambda x: mpmath.gamma(mpmath.cosh(x))),
    ],
)
def test_others_are_computed(hess: Hess, text: str, at: int, exact: object) -> None:
    with mpmath.workdps(250):
        value = mpmath.diff(exact, mpmath.mpf(at), 2)
    assert hess(text, "--at", str(at), "--json").json["hessian"][0][0] == pytest.approx(
        float(value), rel=1e-13
    )
