"""Derivatives in symbols are written short, and stay what they are."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
import sympy

from hesscli.answer import Answer
from hesscli.derive import simplify
from hesscli.derive.simplify import simplified
from hesscli.derive.symbols import differentiate
from hesscli.errors import HessError
from hesscli.expression.reader import read_formula

from .conftest import Hess
from .test_notation import drawn

SHORT = [
    ("sqrt(x**2+y**2)", "y**2/(x**2 + y**2)**(3/2)"),
    ("hypot(x,y)", "y**2/hypot(x, y)**3"),
    ("log(1+exp(x))", "exp(x)/(exp(x) + 1)**2"),
    ("log(exp(x)+exp(y))", "exp(x + y)/(exp(x) + exp(y))**2"),
    ("sin(x)**2", "2*cos(2*x)"),
    ("atan(y/x)", "2*x*y/(x**2 + y**2)**2"),
    ("log(x+sqrt(x**2+1))", "-x/(x**2 + 1)**(3/2)"),
    ("x/(x+y)+exp(-x)", "exp(-x) - 2*y/(x + y)**3"),
    ("abs(x)**3*y", "6*y*abs(x)"),
    ("x*y*exp(-x**2-y**2)", "2*x*y*(2*x**2 - 3)*exp(-x**2 - y**2)"),
    ("x**y", "x**y*y*(y - 1)/x**2"),
    ("-2*log(cosh(x))", "-2/cosh(x)**2"),
    ("where(x>0,x**2/(1+x),x**3)", "Piecewise((2/(x + 1)**3, x > 0), (6*x, True))"),
    ("exp(-(x-m)**2)", "2*(2*(x - m)**2 - 1)*exp(-(x - m)**2)"),
    ("100*(y-x**2)**2+(1-x)**2", "1200*x**2 - 400*y + 2"),
]


@pytest.mark.parametrize(("formula", "entry"), SHORT)
def test_an_entry_is_short(hess: Hess, formula: str, entry: str) -> None:
    assert hess(formula, "--json").json["hessian"][0][0] == entry


@pytest.mark.parametrize("seed", range(60))
def test_a_short_form_is_the_same(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    _require_same(seed, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(60, 300))
def test_a_short_form_is_the_same_for_long(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    _require_same(seed, monkeypatch)


def _require_same(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules themselves are right, without what compares their forms in numbers."""
    monkeypatch.setattr(simplify, "agrees", lambda *_: None)
    try:
        answer = _answer(drawn(seed, ("x", "y", "z")))
    except HessError:
        return  # no derivative is known
    for before, after in zip(_entries(answer), _entries(simplified(answer)), strict=True):
        if before != after:
            _assert_same(after, before)


def _assert_same(found: Any, right: Any) -> None:
    """Both have one value at some places where both are real."""
    draw = random.Random(1)
    for _ in range(10):
        place = {
            s: sympy.Rational(draw.randint(-20, 40), draw.randint(7, 23))
            for s in sorted(right.free_symbols, key=str)
        }
        try:
            one, other = (e.xreplace(place).evalf(25) for e in (found, right))
        except TypeError:
            continue  # a condition has no real number there
        if one.is_Float and other.is_Float:
            assert abs(one - other) <= 1e-12 * (1 + abs(other)), (found, right, place)


def _answer(expression: Any) -> Answer:
    names = " + ".join(sorted(s.name for s in expression.free_symbols))
    return differentiate(replace(read_formula(names), expression=expression))


def _entries(answer: Answer) -> list[Any]:
    return [entry for row in (answer.gradient, *answer.hessian) for entry in row]


def test_what_is_wrong_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sympy, "together", lambda expression: sympy.S.One)
    formula = read_formula("sqrt(x**2+y**2)")
    for entry in _entries(simplified(differentiate(formula))):
        assert entry != 1


def test_the_work_is_bounded() -> None:
    shortest = simplify.Simplifier()
    x, y = sympy.symbols("x y", real=True)
    long = sum(sympy.exp(k * x) / (1 + y) ** k for k in range(1, 100))
    assert shortest(long) == long
    assert shortest.left == simplify.BUDGET


def test_long_repeated_parts_have_names(hess: Hess) -> None:
    gauss = hess("exp(-(x-m)**2/(2*s**2))/(s*sqrt(2*pi))")
    assert "with          u = exp(−(x − m)²/(2·s²))\n" in gauss.stdout
    assert gauss.stdout.count("exp(") == 2
    # No name that the formula has; the powers of an exponential are those of its name.
    morse = hess("u*(1-exp(-a*(r-b)))**2").stdout
    assert "with          v = exp(−a·(r − b))\n" in morse
    assert morse.count("exp(") == 2
    # A part within another comes first.
    logistic = hess("1/(1+exp(-(a*x+b*y+c*z)))").stdout
    assert logistic.index("u = exp(−a·x − b·y − c·z)") < logistic.index("v = u + 1")
    assert "with" not in hess("x*y*exp(-x**2-y**2)").stdout
