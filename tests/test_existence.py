"""Never a silent wrong number: kinks, jumps, edges, removable singularities, overflow."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import pytest

from hesscli.cli.deadline import Alarm
from hesscli.errors import TooSlowError

from .conftest import SLOW, SLOW_AT, Hess

# formula, point, value, gradient, Hessian; None where there is none.
EXISTS: list[tuple[str, str, Any, Any, Any]] = [
    ("abs(x)**3", "0", 0, [0], [[0]]),
    ("abs(x)**2.5", "0", 0, [0], [[0]]),
    ("sign(x)*x**3", "0", 0, [0], [[0]]),
    ("relu(x)**3", "0", 0, [0], [[0]]),
    ("sqrt(x**4)", "0", 0, [0], [[2]]),
    ("sqrt(x**2+y**2)**2", "0,0", 0, [0, 0], [[2, 0], [0, 2]]),
    ("hypot(x,y)**2", "0,0", 0, [0, 0], [[2, 0], [0, 2]]),
    ("where(x>0, sqrt(x), x**2)", "-1", 1, [-2], [[2]]),
    ("where(x>0, log(x), x**2)", "[-1,1]", 1, [-2, 1], [[2, 0], [0, -1]]),
    ("sin(x)/x", "0", 1, [0], [[-1 / 3]]),
    ("sin(x*y)/(x*y)", "0,1", 1, [0, 0], [[-1 / 3, 0], [0, 0]]),
    ("(1-cos(x))/x**2", "0", 0.5, [0], [[-1 / 12]]),
    ("(1-cos(x))/x**2", "1e-8", 0.5, [-1e-8 / 12], [[-1 / 12]]),
    ("x/x", "0", 1, [0], [[0]]),
    ("sinc(x*y)", "0,1", 1, [0, 0], [[-1 / 3, 0], [0, 0]]),
    ("exp(y)/gamma(x)", "-1,0", 0, [-1, 0], [[0.8455686701969343, -1], [-1, 0]]),
    ("max(x**2,x**2+y**2)", "1,0", 1, [2, 0], [[2, 0], [0, 2]]),
    ("0**x", "2.5", 0, [0], [[0]]),
    ("Integral(t**x,(t,0,1))", "1", 0.5, [-0.25], [[0.25]]),
    ("sinc(x)*y", "0,2", 2, [0, 1], [[-2 / 3, 0], [0, 0]]),
    ("norm(x)**2", "[0,0]", 0, [0, 0], [[2, 0], [0, 2]]),
    ("1/gamma(x)", "-1", 0, [-1], [[0.8455686701969343]]),
    ("Piecewise((1, x==0), (sin(x)/x, True))", "0", 1, [0], [[-1 / 3]]),
    ("Piecewise((x**4, x<0), (x**3, True))", "0", 0, [0], [[0]]),
    ("log(1+exp(x))", "1000", 1000, [1], [[0]]),
    ("exp(-1/x**2)", "0", 0, [0], [[0]]),
    ("sinc(x)", "0", 1, [0], [[-1 / 3]]),
    ("x**2*log(x**2)+y", "1,2", 2, [2, 1], [[6, 0], [0, 0]]),
    ("max(x, y)", "1,2", 2, [0, 1], [[0, 0], [0, 0]]),
    ("abs(x - 1)*y", "3,2", 4, [2, 2], [[0, 1], [1, 0]]),
    ("x**2", "0", 0, [0], [[2]]),
    ("x**3", "-2", -8, [12], [[-12]]),
    ("(-x)**(1/3)", "-8", 2, [-1 / 12], [[-1 / 144]]),
    ("x**2*abs(y)", "0,0", 0, [0, 0], [[0, 0], [0, 0]]),
    # Zero or slow limits, and numbers that are small without being zero.
    ("(x**2-1)/(x-1)", "1", 2, [1], [[0]]),
    ("(x**2-y**2)/(x-y)", "1,1", 2, [1, 1], [[0, 0], [0, 0]]),
    ("abs(x)**2.2", "0", 0, [0], [[0]]),
    ("abs(x)", "1e-250", 1e-250, [1], [[0]]),
    # torch leaves out a mixed derivative.
    ("x**y", "2,0", 1, [0, 0.6931471805599453], [[0, 0.5], [0.5, 0.4804530139182014]]),
    ("x**(x-1)", "1", 1, [0], [[2]]),
    # Overflow on the way that leaves finite garbage.
    ("log(1+exp(x))", "400", 400, [1], [[1.9151695967140057e-174]]),
    ("log(exp(x)+exp(y))", "400,400", 400.69314718055995, [0.5, 0.5],
     [[0.25, -0.25], [-0.25, 0.25]]),
    ("log(x**200)", "20", 599.1464547107983, [10], [[-0.5]]),
    ("x/sqrt(x**2+1)", "1e200", 1, [0], [[0]]),
    # Cancellation.
    ("(1-cos(x))/x**2", "1e-4", 0.49999999958333335, [-8.333333327777778e-06],
     [[-0.08333333316666666]]),
    ("(exp(x)-1)/x", "1e-8", 1.000000005, [0.5000000033333334], [[0.33333333583333336]]),
    ("sqrt(x+1)-sqrt(x)", "1e15", 1.5811388300841893e-08, [-7.905694150420942e-24],
     [[1.1858541225631407e-38]]),
    ("expm1(x)", "-50", -1, [1.9287498479639178e-22], [[1.9287498479639178e-22]]),
    ("sigmoid(x)", "1e-20", 0.5, [0.25], [[-1.25e-21]]),
    # A point that no double is near enough to.
    ("sin(x)", "10**22*pi", 0, [1], [[0]]),
]  # fmt: skip

# formula, point, value, gradient, Hessian, the part that breaks
BREAKS: list[tuple[str, str, Any, Any, Any, str]] = [
    ("abs(x)", "0", 0, [None], [[None]], "abs(x) has a kink at x = 0"),
    ("1e-12*abs(x)", "0", 0, [None], [[None]], "abs(x) has a kink at x = 0"),
    ("x*abs(x)", "0", 0, [0], [[None]], "abs(x) has a kink at x = 0"),
    ("abs(x)+y**2", "0,1", 1, [None, 2], [[None, None], [None, 2]], "abs(x) has a kink"),
    ("abs(x+y-0.3)", "0.1,0.2", 0, [None, None], None, "abs(x+y-0.3) has a kink"),
    ("abs(sin(x))", "pi", 0, [None], [[None]], "abs(sin(x)) has a kink at x = pi"),
    ("where(x>=0, x**2, -x**2)", "0", 0, [0], [[None]], "x>=0 changes sides at x = 0"),
    ("max(x**2, y**2)", "1,1", 1, [None, None], None, "max(x**2, y**2) has a tie"),
    ("max(x**2, y**2)", "0,0", 0, [0, 0], [[None, 0], [0, None]], "max(x**2, y**2) has a tie"),
    ("min(x, y, z)", "1,1,2", 1, [None, None, 0], None, "min(x, y, z) has a tie"),
    ("sqrt(x**2+y**2)", "0,0", 0, [None, None], None, "sqrt(x**2+y**2)"),
    ("sqrt(x)", "0", 0, [None], [[None]], "sqrt(x) is at the edge of its domain at x = 0"),
    ("sqrt(x)**2", "0", 0, [None], [[None]], "sqrt(x) is at the edge of its domain"),
    ("sqrt(x)**2", "-1", None, [None], [[None]], "sqrt(x) is not real at x = -1"),
    ("log(x)", "-1", None, [None], [[None]], "log(x) is not real at x = -1"),
    ("log(x) - log(x)", "-1", None, [None], [[None]], "log(x) is not real at x = -1"),
    ("log(x)", "0", None, [None], [[None]], "log(x) is not finite at x = 0"),
    ("x*log(x)", "0", None, [None], [[None]], "log(x) is not finite at x = 0"),
    # A condition on what has no value there.
    ("√x if max(x) > log(x) else x", "0", None, [None], [[None]], "log(x) is not finite at x = 0"),
    ("1/x", "0", None, [None], [[None]], "1/x divides by zero at x = 0"),
    ("x**(1/3)", "-8", None, [None], [[None]], "x**(1/3) is not real at x = -8"),
    ("x**2.5", "0", 0, [None], [[None]], "x**2.5 is at the edge"),
    ("x**y", "-2,2", 4, [-4, None], [[2, None], [None, None]], "x**y is real only for whole"),
    ("cbrt(x)", "0", 0, [None], [[None]], "cbrt(x) has a vertical tangent"),
    ("asin(x)", "1", 1.5707963267948966, [None], [[None]], "asin(x) is at the edge"),
    ("asin(x)", "1.5", None, [None], [[None]], "asin(x) is not real at x = 1.5"),
    ("atanh(x)", "1", None, [None], [[None]], "atanh(x) is not finite at x = 1"),
    ("floor(x)", "2", 2, [None], [[None]], "floor(x) jumps at x = 2"),
    ("sign(x)", "0", 0, [None], [[None]], "sign(x) jumps at x = 0"),
    ("atan2(y,x)", "x=-1,y=0", 3.141592653589793, [0, None], [[0, None], [None, None]],
     "atan2(y,x) is on its branch cut"),
    ("tan(x)", "pi/2", None, [None], [[None]], "tan(x) has a pole at x = pi/2"),
    ("gamma(x)", "-1", None, [None], [[None]], "gamma(x) has a pole at x = -1"),
    ("Piecewise((x**3, x<0), (x**2, True))", "0", 0, [0], [[None]], "x<0 changes sides"),
    ("Piecewise((x, x<0))", "1", None, [None], [[None]], "none of its conditions holds"),
    ("exp(x)*1e300", "100", None, [None], [[None]], "beyond the largest double"),
    ("abs(x)", "[0,1,-2]", 3, [None, 1, -1], [[None, 0, 0], [0, 0, 0], [0, 0, 0]],
     "abs(x) has a kink at x[0] = 0"),
    # Beside a term so large that doubles cannot tell.
    ("1e10*x+abs(x)", "0", 0, [None], [[None]], "abs(x) has a kink at x = 0"),
    ("floor(x)", "1e9", 1e9, [None], [[None]], "floor(x) jumps"),
    ("1e8+log(abs(x))", "0", None, [None], [[None]], "log(abs(x)) is not finite at x = 0"),
    ("abs(x**2-2e20)", "sqrt(2)*10**10", 0, [None], [[None]], "has a kink"),
    # Oscillation, and limits that exist along every line but not along a curve.
    ("x**3*sin(pi/x)", "0", 0, [0], [[None]], "pi/x divides by zero at x = 0"),
    ("x**2*y/(x**4+y**2)", "0,0", None, [None, None], None, "divides by zero"),
    ("x**3/(x-y)", "0,0", None, [None, None], None, "divides by zero"),
    ("x**2", "[1e154,1e154]", None, [2e154, 2e154], [[2, 0], [0, 2]], "beyond the largest double"),
    ("x**2+y**2", "1e-200,1e200", None, [2e-200, 2e200], [[2, 0], [0, 2]], "largest double"),
    ("log(x)", "[1,-1]", None, [None, None], [[None, None], [None, None]],
     "log(x) is not real at x[1] = -1"),
]  # fmt: skip


def _same(found: Any, expected: Any) -> None:
    if isinstance(expected, list):
        assert len(found) == len(expected)
        for f, e in zip(found, expected, strict=True):
            _same(f, e)
    elif expected is None:
        assert found is None
    else:
        assert found == pytest.approx(expected, rel=1e-14, abs=1e-300)


def _checked(answer: Any, value: Any, gradient: Any, matrix: Any) -> Any:
    """The answer, after its numbers are found as expected; a matrix of None is any."""
    _same(answer["value"], value)
    _same(answer["gradient"], gradient)
    if matrix is not None:
        _same(answer["hessian"], matrix)
    return answer


@pytest.mark.parametrize(("text", "at", "value", "gradient", "matrix"), EXISTS)
def test_hessian_exists(
    hess: Hess, text: str, at: str, value: Any, gradient: Any, matrix: Any
) -> None:
    result = hess(text, "--at", at, "--json")
    assert result.status == 0
    answer = _checked(result.json, value, gradient, matrix)
    assert answer["undefined"] == []


@pytest.mark.parametrize(("text", "at", "value", "gradient", "matrix", "reason"), BREAKS)
def test_hessian_does_not_exist(
    hess: Hess, text: str, at: str, value: Any, gradient: Any, matrix: Any, reason: str
) -> None:
    result = hess(text, "--at", at, "--json")
    assert result.status == 1
    answer = _checked(result.json, value, gradient, matrix)
    assert any(reason in item["reason"] for item in answer["undefined"])
    for item in answer["undefined"]:
        start, end = item["span"] or (0, len(text))
        assert item["part"] == text[start:end] or item["span"] is None
    # The same words on a terminal or in a pipe.
    assert reason in hess(text, "--at", at).stdout


def test_undefined_names_exactly_the_entries_that_are_null(hess: Hess) -> None:
    answer = hess("abs(x)+y**2", "--at", "0,1", "--json").json
    (item,) = answer["undefined"]
    assert set(item["entries"]) == {
        "gradient[0]", "hessian[0][0]", "hessian[0][1]", "hessian[1][0]"
    }  # fmt: skip
    answer = hess("log(x)", "--at", "-1", "--json").json
    assert answer["undefined"][0]["entries"] == ["value", "gradient", "hessian"]


def test_an_answer_found_another_way_says_how(hess: Hess) -> None:
    for text, at, word in (
        ("sin(x)/x", "0", "limits from all sides agree"),
        ("abs(x)**3", "0", "limits from all sides agree"),
        ("sqrt(1+exp(x))/exp(x/2)", "2000", "from enclosures"),
    ):
        assert any(word in note for note in hess(text, "--at", at, "--json").json["notes"])


def test_one_point_without_an_answer_leaves_the_others(hess: Hess) -> None:
    result = hess("log(x)", "--at", "-1", "--at", "1", "--json")
    assert result.status == 1
    assert [o["value"] for o in result.objects] == [None, 0.0]


def test_nothing_hangs(hess: Hess) -> None:
    result = hess(SLOW, "--at", SLOW_AT, "--timeout", "0.5")
    assert result.status == 1
    assert "takes longer than 0.5 s" in result.stderr
    for text, at in (
        ("2**x", "1e10"),
        ("x**x**x", "100"),
        ("factorial(x)", "1e7"),
        ("x**1e300", "2"),
    ):
        result = hess(text, "--at", at)
        assert "beyond the largest double" in result.stdout + result.stderr
    assert hess("x", "--at", "exp(exp(exp(100)))").status == 2


def test_a_limit_that_was_swallowed_is_raised_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hesscli.cli.deadline.AGAIN", 0.05)

    def swallow() -> None:
        with suppress(TooSlowError):
            time.sleep(30)
        time.sleep(30)

    with pytest.raises(TooSlowError), Alarm().within(0.05, "waiting"):
        swallow()


def test_slopes_beyond_doubt_are_not_called_stationary(hess: Hess) -> None:
    for text, at in (
        ("tan(x)", "1.5707963267948966"),
        ("1/(1-x)", "1.0000000000000002"),
        ("1e20*x**2+y", "0,1"),
        ("x**2+exp(y)", "0,-40"),
        ("sin(x)", "1e22"),
        ("sin(exp(x))", "300"),
        ("x*y", "1e300,1e-300"),
        ("hypot(x,y)", "1e200,1e200"),
    ):
        assert hess(text, "--at", at, "--json").json["stationary"] is False
    assert hess("(x+sqrt(2))**4-8*sqrt(2)*x", "--at", "0", "--json").json["stationary"] is True


def test_single_precision_sees_the_same_kinks(hess: Hess) -> None:
    assert hess("abs(x**2-2)", "--at", "sqrt(2)", "--dtype", "float32").status == 1


def test_underflow_is_told_and_does_not_hide_a_sign(hess: Hess) -> None:
    for text, at in (("exp(-1/x**2)", "0.01"), ("1/(1+exp(-x))", "-800")):
        answer = hess(text, "--at", at, "--json").json
        assert answer["hessian"] == [[0.0]]
        assert answer["stationary"] is False
        assert answer["definiteness"] == "positive definite"  # as is proved of the number itself
        assert any("below the smallest double" in note for note in answer["notes"])


def test_a_kink_of_a_constant_is_no_kink(hess: Hess) -> None:
    answer = hess("where(y>0,x^2,x^3)", "--at", "x=2,y=0", "--wrt", "x", "--json").json
    assert answer["hessian"] == [[12.0]]
    assert answer["notes"] == []
