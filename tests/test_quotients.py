"""Limits of quotients and of powers of distances: proved, or proved not to exist.

What is found is compared with values known by hand, and with second differences of the formula in
hundreds of digits, beside the point on curves towards it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations_with_replacement
from typing import Any

import mpmath
import pytest
import sympy

from hesscli.exact.limits.quotients import Entry, Finding, Verdict, quotient_jet
from hesscli.exact.limits.series import Series
from hesscli.exact.limits.zerosets import kind, principal_weights
from hesscli.expression.names import symbol
from hesscli.expression.reader import read_formula

Curve = Callable[[Any], tuple[Any, ...]]

# Formula, point, value, gradient, upper triangle of the Hessian by rows; in exact notation.
EXISTS: list[tuple[str, str, str, list[str], list[str]]] = [
    # What cancels.
    ("(x**2-1)/(x-1)", "1", "2", ["1"], ["0"]),
    ("(x**2-2)/(x-sqrt(2))", "sqrt(2)", "2*sqrt(2)", ["1"], ["0"]),
    ("(x**3-y**3)/(x-y)", "2,2", "12", ["6", "6"], ["2", "1", "2"]),
    ("(x**4-y**4)/(x**2+y**2)", "0,0", "0", ["0", "0"], ["2", "0", "-2"]),
    ("sqrt(x**2+y**2)**2", "0,0", "0", ["0", "0"], ["2", "0", "2"]),
    ("1/(1+1/x)", "0", "0", ["1"], ["-2"]),
    ("x/(x-1)-1/(x-1)", "1", "1", ["0"], ["0"]),
    ("(x-1e20)*(x+y)/(x-1e20)", "1e20,2", "100000000000000000002", ["1", "1"], ["0", "0", "0"]),
    # Functions of one inner quantity.
    ("sin(x)/x", "0", "1", ["0"], ["-1/3"]),
    ("1e20*sin(1e-20*x)/x", "0", "1", ["0"], ["-1/(3*10**40)"]),
    ("(1-cos(x))/x**2", "0", "1/2", ["0"], ["-1/12"]),
    ("(exp(x)-1)/x", "0", "1", ["1/2"], ["1/3"]),
    ("log(1+x)/x", "0", "1", ["-1/2"], ["2/3"]),
    ("log(x)/(x-1)", "1", "1", ["-1/2"], ["2/3"]),
    ("x/tan(x)", "0", "1", ["0"], ["-2/3"]),
    ("x/sinh(x)", "0", "1", ["0"], ["-1/3"]),
    ("tan(x)/x", "0", "1", ["0"], ["2/3"]),
    ("(exp(x)-1-x)/x**2", "0", "1/2", ["1/6"], ["1/12"]),
    ("(sin(x)-x)/x**3", "0", "-1/6", ["0"], ["1/60"]),
    ("x/(exp(x)-1)", "0", "1", ["-1/2"], ["1/6"]),
    ("1/x-1/sin(x)", "0", "0", ["-1/6"], ["0"]),
    ("atan(x)/x", "0", "1", ["0"], ["-2/3"]),
    ("erf(x)/x", "0", "2/sqrt(pi)", ["0"], ["-4/(3*sqrt(pi))"]),
    ("(x-pi)/sin(x)", "pi", "-1", ["0"], ["-1/3"]),
    ("log(sin(x)/x)", "0", "0", ["0"], ["-1/3"]),
    ("(sin(x)/x)**1.5", "0", "1", ["0"], ["-1/2"]),
    ("gamma(x)*x", "0", "1", ["-EulerGamma"], ["EulerGamma**2 + pi**2/6"]),
    ("exp(y)/gamma(x)", "-1,0", "0", ["-1", "0"], ["2 - 2*EulerGamma", "-1", "0"]),
    ("sin(x)/x*exp(y)", "0,1", "E", ["0", "E"], ["-E/3", "0", "E"]),
    ("sin(x*y)/(x*y)", "0,1", "1", ["0", "0"], ["-1/3", "0", "0"]),
    ("sin(x*y)/(x*y)", "0,0", "1", ["0", "0"], ["0", "0", "0"]),
    ("sinc(2*x-y)", "1,2", "1", ["0", "0"], ["-4/3", "2/3", "-1/3"]),
    ("1/(x*y)-1/tan(x*y)", "0,0", "0", ["0", "0"], ["0", "1/3", "0"]),
    ("(1-cos(x**2+y**2))/(x**2+y**2)", "0,0", "0", ["0", "0"], ["1", "0", "1"]),
    ("(sqrt(1+x*y)-1)/(x*y)", "0,0", "1/2", ["0", "0"], ["0", "-1/8", "0"]),
    ("cos(sqrt(x**2+y**2))", "0,0", "1", ["0", "0"], ["-1", "0", "-1"]),
    ("sin(sqrt(x**2+y**2))/sqrt(x**2+y**2)", "0,0", "1", ["0", "0"], ["-1/3", "0", "-1/3"]),
    # Differences.
    ("(exp(x)-exp(y))/(x-y)", "0,0", "1", ["1/2", "1/2"], ["1/3", "1/6", "1/3"]),
    ("(x**y-1)/y", "2,0", "log(2)", ["1/2", "log(2)**2/2"],
     ["-1/4", "log(2)/2", "log(2)**3/3"]),
    # Orders of definite denominators, and of powers.
    ("x**5/(x**2+y**2)", "0,0", "0", ["0", "0"], ["0", "0", "0"]),
    ("(x-1)**3*(y-2)**4/((x-1)**4+(y-2)**4+(x-1)**2*(y-2)**2)", "1,2", "0", ["0", "0"],
     ["0", "0", "0"]),
    ("x**6/(1e-20*x**2+1e20*y**2)", "0,0", "0", ["0", "0"], ["0", "0", "0"]),
    ("x**5*exp(z)/(x**2+y**2)", "0,0,1", "0", ["0"] * 3, ["0"] * 6),
    ("x**5/(sin(x)**2+y**2)", "0,0", "0", ["0", "0"], ["0", "0", "0"]),
    ("x**12*y/(x**6+y**2)", "0,0", "0", ["0", "0"], ["0", "0", "0"]),
    ("abs(x)**2.1", "0", "0", ["0"], ["0"]),
    ("abs(x-3)**2.1", "3", "0", ["0"], ["0"]),
    ("1e-300*abs(x)**2.1", "0", "0", ["0"], ["0"]),
    ("x*abs(x)**1.5", "0", "0", ["0"], ["0"]),
    ("cbrt(x)*x**2", "0", "0", ["0"], ["0"]),
    ("sqrt(x**2+y**2)**3", "0,0", "0", ["0", "0"], ["0", "0", "0"]),
    ("abs(x)**2.5*abs(y)**2.5", "0,0", "0", ["0", "0"], ["0", "0", "0"]),
    ("abs(y-x**2)**2.5", "0,0", "0", ["0", "0"], ["0", "0", "0"]),
    ("exp(-abs(x))*(1+abs(x))", "0", "1", ["0"], ["-1"]),
    # Terms with no variable in common do not disturb each other.
    ("abs(log(x))+sin(y)/y", "3,0", "1+log(3)", ["1/3", "0"], ["-1/9", "0", "-1/3"]),
]  # fmt: skip

LINES: list[Curve] = [
    lambda t: (t, t / 3),
    lambda t: (-t, 2 * t),
    lambda t: (t / 2, -t),
    lambda t: (t**2, -t),
    lambda t: (t, t**2),
]
# Formula, point, the entries that do not exist, curves beside which one sees it.
BREAKS: list[tuple[str, str, list[Entry], list[Curve]]] = [
    ("1/x", "0", [(), (0,), (0, 0)], []),
    ("sin(x)/x**2", "0", [(), (0,), (0, 0)], []),
    ("abs(x)**1.9", "0", [(0, 0)], []),
    ("x*abs(x)", "0", [(0, 0)], []),
    ("1e-200*x*abs(x)", "0", [(0, 0)], []),
    ("abs(x)**1.5+abs(x)**1.2", "0", [(0, 0)], []),
    ("cbrt(x)", "0", [(0,), (0, 0)], []),
    ("x/abs(x)", "0", [(), (0,), (0, 0)], []),
    ("exp(-abs(x-1))", "1", [(0,), (0, 0)], []),
    ("sqrt(x**2+y**2)", "0,0", [(0,), (1,), (0, 0), (0, 1), (1, 1)], []),
    ("x*sqrt(x**2+y**2)", "0,0", [(0, 0), (0, 1), (1, 1)], []),
    ("x**2*y**2/(x**2+y**2)", "0,0", [(0, 0), (0, 1), (1, 1)], []),
    ("x**4/(1e-20*x**2+1e20*y**2)", "0,0", [(0, 0), (0, 1), (1, 1)],
     [lambda t: (t, 0), lambda t: (0, t), lambda t: (t, t / 10**20), lambda t: (t, t / 10**19)]),
    ("x**3/(x**2+y**2)", "0,0", [(0,), (1,), (0, 0), (0, 1), (1, 1)], []),
    ("x*y/(x**2+y**2)", "0,0", [(), (0,), (1,), (0, 0), (0, 1), (1, 1)], []),
    ("(x-1)**3*y/((x-1)**2+y**2)", "1,0", [(0, 0), (0, 1), (1, 1)], []),
    ("(1-cos(x)*cos(y))/(x**2+y**2)", "0,0", [(0, 0), (0, 1), (1, 1)], []),
    ("x*abs(y)**1.5", "0,0", [(1, 1)], [lambda t: (t, t**9), lambda t: (t, t)]),
    ("x*abs(y-x**2)", "0,0", [(0, 1)],
     [lambda t: (t, t**2 + t**9), lambda t: (t, t**2 - t**9)]),
    # Poles on curves, and no limit but along lines.
    ("x**30/(y-x**2)", "0,0", [(), (0,), (1,), (0, 0), (0, 1), (1, 1)],
     [lambda t: (t, t**2 + t**40)]),
    ("x*y/(x-y)", "0,0", [(), (0,), (1,), (0, 0), (0, 1), (1, 1)], [lambda t: (t, t - t**9)]),
    ("x**5/(y**2-x**3)", "0,0", [(), (0,), (1,), (0, 0), (0, 1), (1, 1)],
     [lambda t: (t**2, t**3 + t**20)]),
    ("(x-1)**5/((y+2)**2-(x-1)**3)", "1,-2", [(), (0,), (1,), (0, 0), (0, 1), (1, 1)],
     [lambda t: (t**2, t**3 + t**20)]),
    ("x**2/(y-sin(x))", "0,0", [(), (0,), (1,), (0, 0), (0, 1), (1, 1)],
     [lambda t: (t, mpmath.sin(t) + t**9)]),
    ("(exp(x)-exp(y))/(x-2*y)", "0,0", [(), (0,), (1,), (0, 0), (0, 1), (1, 1)],
     [lambda t: (2 * t, t + t**9)]),
    ("x**3*y/(x**6+y**2)", "0,0", [(), (0,), (1,), (0, 0), (0, 1), (1, 1)],
     [lambda t: (t, t**3), lambda t: (t, -(t**3))]),
    ("x**2*y/(x**4+y**2)", "0,0", [(), (0,), (1,), (0, 0), (0, 1), (1, 1)],
     [lambda t: (t, t**2), lambda t: (t, -(t**2))]),
    ("x**9*y/(x**6+y**2)", "0,0", [(1, 1)], [lambda t: (t, t**3), lambda t: (t, t**3 / 2)]),
]  # fmt: skip


def _jet(text: str, at: str) -> tuple[dict[Entry, Finding], Any, list[Any], list[Any]]:
    formula = read_formula(text)
    variables = [symbol(name) for name in formula.variables]
    # The points are this module's own.
    point = [sympy.nsimplify(sympy.sympify(part), rational=None) for part in at.split(",")]
    found = quotient_jet(formula.expression, variables, dict(zip(variables, point, strict=True)))
    assert found is not None
    return found, formula.expression, variables, point


def _entries(count: int) -> list[Entry]:
    pairs: list[Entry] = list(combinations_with_replacement(range(count), 2))
    singles: list[Entry] = [(i,) for i in range(count)]
    return [(), *singles, *pairs]


def _beside(
    expression: Any, variables: list[Any], point: list[Any], entry: Entry, curve: Curve, t: Any
) -> Any:
    """The entry by differences, at a place on a curve towards the point."""
    function = sympy.lambdify(variables, expression, "mpmath")
    offset = curve(t)[: len(variables)]
    place = [
        mpmath.mpmathify(sympy.N(p, mpmath.mp.dps)) + d
        for p, d in zip(point, [*offset, 2 * t], strict=False)
    ]
    orders = tuple(entry.count(i) for i in range(len(variables)))
    if not entry:
        return function(*place)
    return mpmath.diff(function, tuple(place), orders, h=mpmath.mpf(10) ** -220)


@pytest.mark.parametrize(("text", "at", "value", "gradient", "triangle"), EXISTS)
def test_limits_are_proved_and_exact(
    text: str, at: str, value: str, gradient: list[str], triangle: list[str]
) -> None:
    found, *_ = _jet(text, at)
    expected = [sympy.sympify(number) for number in (value, *gradient, *triangle)]
    for entry, number in zip(_entries(len(gradient)), expected, strict=True):
        assert found[entry][0] is Verdict.LIMIT
        assert sympy.simplify(found[entry][1] - number) == 0


@pytest.mark.parametrize(("text", "at"), [case[:2] for case in EXISTS if "gamma" not in case[0]])
def test_differences_beside_the_point_are_near_the_limits(text: str, at: str) -> None:
    found, expression, variables, point = _jet(text, at)
    with mpmath.workdps(700):
        for curve in LINES[:2]:
            for entry, (_, number) in found.items():
                beside = _beside(expression, variables, point, entry, curve, mpmath.mpf("1e-90"))
                exact = mpmath.mpmathify(sympy.N(number, 50))
                assert abs(beside - exact) <= mpmath.mpf("1e-8") * max(1, abs(exact))


@pytest.mark.parametrize(("text", "at", "missing", "curves"), BREAKS)
def test_what_has_no_limit_is_proved_to_have_none(
    text: str, at: str, missing: list[Entry], curves: list[Curve]
) -> None:
    found, expression, variables, point = _jet(text, at)
    assert [e for e in found if found[e][0] is Verdict.NONE] == missing
    assert all(verdict is not Verdict.UNKNOWN for verdict, _ in found.values())
    # Beside the point, what an entry needs differs from curve to curve, or grows.
    with mpmath.workdps(800):
        for entry in missing:
            needed = dict.fromkeys([(), *((i,) for i in entry), entry])
            assert any(
                _varies(expression, variables, point, one, curves or LINES) for one in needed
            )


def _varies(
    expression: Any, variables: list[Any], point: list[Any], entry: Entry, curves: list[Curve]
) -> bool:
    t = mpmath.mpf("1e-15")
    numbers = [
        _beside(expression, variables, point, entry, curve, side * t)
        for curve in curves
        for side in (1, -1)
    ]
    largest = max(map(abs, numbers))
    spread = max(mpmath.re(a - b) for a in numbers for b in numbers)
    return bool(largest > 10**2 or spread > mpmath.mpf("0.01") * largest > 0)


def test_other_kinds_are_left_alone() -> None:
    for text in (
        "x**2*exp(-y**2/x**2)",
        "x**3*sin(1/x)",
        "x*atan2(y,x)",
        "floor(x)*x**2",
        "x*acot(x)",
    ):
        formula = read_formula(text)
        variables = [symbol(name) for name in formula.variables]
        point = dict.fromkeys(variables, sympy.S.Zero)
        assert quotient_jet(formula.expression, variables, point) is None


def test_constants_are_held() -> None:
    x, a = symbol("x"), symbol("a")
    found = quotient_jet(sympy.sin(a * x) / x, [x], {x: sympy.S.Zero, a: sympy.Integer(2)})
    assert found == {
        (): (Verdict.LIMIT, 2),
        (0,): (Verdict.LIMIT, 0),
        (0, 0): (Verdict.LIMIT, sympy.Rational(-8, 3)),
    }


def test_a_part_without_limit_beside_one_of_another_kind() -> None:
    x, y = symbol("x"), symbol("y")
    zero = dict.fromkeys((x, y), sympy.S.Zero)
    found = quotient_jet(x**2 * sympy.sin(1 / x) + abs(y), [x, y], zero)
    assert found is not None
    assert found[1,][0] is Verdict.NONE
    assert found[0,][0] is Verdict.UNKNOWN


X, Y, Z = sympy.symbols("x y z")


@pytest.mark.parametrize(
    ("polynomial", "expected"),
    [
        (Y - X**2, "branch"),
        (Y**2 - X**3, "branch"),
        (X**2 - 2 * Y**2, "branch"),
        ((Y - X**2) ** 2 + X**5, "branch"),
        (X**6 + X**2 * Y + Y**4, "branch"),
        (X**2 + Y**2, "isolated"),
        (X**2 + X * Y + Y**2, "isolated"),
        (X**6 + Y**2, "isolated"),
        (10**20 * X**2 + Y**4, "isolated"),
        # Its lowest form is a square, and so is the form on the edge of its polygon.
        ((Y - X**2) ** 2 + X**6, "isolated"),
        ((Y - X**2) ** 2 + X**4 * Y, "isolated"),
        ((Y - X**2) ** 2 - X**6, "branch"),
        (Z - X**2 - Y**2, "branch"),
        (X**2 + Y**2 + Z**4, "isolated"),
        (X**4 + Y**4 + Z**4 + X * Y * Z**2, "isolated"),
        (X**4 + Y**4 + Z**4 - 4 * X * Y * Z**2, "branch"),
    ],
)
def test_zeros_of_a_polynomial_near_the_origin(polynomial: Any, expected: str) -> None:
    variables = sorted(polynomial.free_symbols, key=str)
    terms = dict(sympy.Poly(polynomial, *variables).terms())
    assert kind(Series(len(variables), terms)) == expected


def test_weights_are_those_of_the_newton_polygon() -> None:
    series = Series(2, {(6, 0): sympy.S.One, (0, 2): sympy.S.One, (5, 1): sympy.S.One})
    assert principal_weights([series], (0, 1)) == (1, 3)
