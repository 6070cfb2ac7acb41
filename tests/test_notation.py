"""What people paste is read as one thing, or refused: never silently as another."""

from __future__ import annotations

import math
import random
import re
from typing import Any

import pytest
import sympy

from hesscli.errors import HessError
from hesscli.expression.reader import read_formula
from hesscli.render.latex import written

from .conftest import Hess
from .corpora import lines
from .test_functions import CASES


@pytest.mark.parametrize("case", lines("notation.jsonl"), ids=lambda case: " ".join(case["args"]))
def test_a_notation_is_read_or_refused(hess: Hess, case: dict[str, Any]) -> None:
    _check(hess(*case["args"], "--json"), case["want"])


# Formulas as they were typed in public questions, collected before any of them was read.
@pytest.mark.parametrize("case", lines("questions.jsonl"), ids=lambda case: case["text"])
def test_no_question_is_misread(hess: Hess, case: dict[str, Any]) -> None:
    _check(hess(case["text"], *case.get("args", []), "--json"), case["want"])


def _check(result: Any, want: dict[str, Any]) -> None:
    if "status" in want:
        assert result.status == want["status"]
        assert want.get("stderr_has", "") in result.stderr
        return
    found = result.json["hessian"]
    assert len(found) == len(want["hessian"])
    for row, right in zip(found, want["hessian"], strict=True):
        for entry, number in zip(row, right, strict=True):
            assert math.isclose(entry, number, rel_tol=1e-9, abs_tol=1e-12)


def test_the_reading_is_told_once(hess: Hess) -> None:
    result = hess("2x^2 y", "--at", "1,2", "--at", "2,3")
    assert result.stderr == "hess: read as: 2*x**2*y\n"
    assert "read as" not in result.stdout
    answer = hess("2x^2 y", "--at", "1,2", "--json")
    assert answer.stderr == "hess: read as: 2*x**2*y\n"
    assert answer.json["notes"] == ["read as: 2*x**2*y"]
    assert hess("2*x**2*y", "--at", "1,2").stderr == ""


# What was once read as something else.
MISREAD = (
    *("K.max(x, y)", "np.max(x**2, 0)", "torch.log(x, 2)", "np.sinc(x)"),
    *(r"\frac{d}{dx} x^2", r"\frac{d^2}{dx^2} x^3", r"\frac{\mathrm{d}y}{\mathrm{d}x}"),
    *(r"\prod_{i=1}^{3} x_i", r"\sum_{i=1}^3 x_i^2", r"\max_x x^2", r"\exp -x^2", r"\sin -x"),
    *("sin -x", "tanh -x", "1.0f*x", "1e-3f*x", "1j*x", "(float)x*y", "log_2 x", "log_2x", "|x|_1"),
    *(r"\text{ReLU}(x)", r"\mathrm{Re}(x^2)", "x^{T} A x", r"x^{T} \cdot y", r"x^{(k)} \cdot y"),
    *(
        r"x^{2}^{3} \cdot y",
        r"\phi + \varphi",
        r"\epsilon + \varepsilon",
        "ArcTan[x, y]",
        "Log[2, x]",
    ),
    *(r"J_1(x)\, y", r"\zeta(x) y", r"\gamma(x+1)", "e^2x", "2^x y", "cos sin x", "sin x y"),
)


@pytest.mark.parametrize("text", MISREAD)
def test_what_may_be_something_else_is_refused(hess: Hess, text: str) -> None:
    result = hess(text)
    assert result.status == 2
    assert "  try: " in result.stderr


# LaTeX


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (r"y + \frac{1}{x^2}", r"\frac{1}{x^2}"),
        (r"y + \frac{\sqrt{x}}{2}", r"\sqrt{x}"),
        (r"y + \sqrt[4]{x}", r"\sqrt[4]{x}"),
        (r"\frac{|x|}{2} y", "|x|"),
        (r"\left|\frac{x}{y}\right|", r"\left|\frac{x}{y}\right|"),
        (r"y \ln\frac{x}{2}", r"\ln\frac{x}{2}"),
    ],
)
def test_a_part_is_shown_as_it_was_typed(hess: Hess, text: str, part: str) -> None:
    undefined = hess(text, "--at", "0,1", "--json").json["undefined"]
    assert undefined[0]["part"] == part
    assert text[slice(*undefined[0]["span"])] == part


NAMES = (
    *("x", "y", "z", "a", "k", "n", "t", "alpha", "lambda", "sigma", "mu", "omega"),
    *("x_1", "x_2", "y_0", "mu_1", "x1", "omega2", "x_max"),
)
UNARY = (
    sympy.sin, sympy.cos, sympy.tan, sympy.exp, sympy.log, sympy.sqrt, sympy.Abs, sympy.atan,
    sympy.sinh, sympy.cosh, sympy.tanh, sympy.asin, sympy.erf, sympy.gamma, sympy.sign, sympy.floor,
    sympy.ceiling, sympy.asinh, sympy.cot, sympy.sec,
)  # fmt: skip


class Writer:
    """Draws expressions."""

    def __init__(self, seed: int, names: tuple[str, ...]) -> None:
        self.random = random.Random(seed)
        self.names = names

    def leaf(self) -> Any:
        number = self.random.randint(1, 12)
        quotient = sympy.Rational(self.random.choice((-7, -3, 2, 5)), self.random.randint(2, 9))
        name = sympy.Symbol(self.random.choice(self.names), real=True)
        return self.random.choice((name, name, name, name, sympy.Integer(number), quotient))

    def expression(self, depth: int) -> Any:
        if depth == 0:
            return self.leaf()
        draw, count = self.random.random(), self.random.randint(2, 3)

        def of() -> Any:
            return self.expression(depth - 1)

        if draw < 0.3:
            return sympy.Add(*(of() for _ in range(count)))
        if draw < 0.6:
            return sympy.Mul(*(of() for _ in range(count)))
        if draw < 0.7:
            exponents = (2, 3, -1, -2, sympy.S.Half, sympy.Rational(-3, 2), sympy.Rational(2, 3))
            return of() ** self.random.choice(exponents)
        if draw < 0.75:
            return of() ** self.leaf()
        if draw < 0.8:
            return sympy.Max(of(), of())
        if draw < 0.84:
            return sympy.Piecewise((of(), self.leaf() > self.leaf()), (of(), True))
        return self.random.choice(UNARY)(of())


def drawn(seed: int, names: tuple[str, ...]) -> Any:
    """A real expression in some of these names."""
    writer = Writer(seed, names)
    while True:
        try:
            found = writer.expression(writer.random.randint(1, 4))
        except (TypeError, ValueError):
            continue  # SymPy compares no complex numbers
        infinite = (sympy.zoo, sympy.nan, sympy.oo, sympy.AccumBounds, sympy.I)
        long = any(abs(number.p) > 10**30 for number in found.atoms(sympy.Rational))
        if found.free_symbols and not long and not found.has(*infinite):
            return found


def assert_same(found: Any, right: Any) -> None:
    """Both have one value at random places, of those where they are real."""
    if found == right:
        return
    assert found.free_symbols == right.free_symbols
    draw = random.Random(1)
    for _ in range(10):
        place = {
            s: sympy.Rational(draw.randint(3, 40), draw.randint(7, 23))
            for s in sorted(right.free_symbols, key=str)
        }
        one, other = found.xreplace(place).evalf(25), right.xreplace(place).evalf(25)
        if all(number.is_Float for number in (one, other)):
            assert abs(one - other) <= 1e-12 * (1 + abs(other))
            return


@pytest.mark.parametrize("seed", range(500))
def test_what_hess_writes_in_latex_is_read_back(seed: int) -> None:
    expression = drawn(seed, (*NAMES, "rate", "theta", "W", "E_n", "J_1"))
    assert_same(read_formula(written(expression)).expression, expression)


@pytest.mark.parametrize("seed", range(500))
def test_what_sympy_writes_in_latex_is_read_back(seed: int) -> None:
    expression = drawn(seed, NAMES)
    # x1 and x_1 are one in print.
    renamed = {
        s: sympy.Symbol(re.sub(r"_(\d)", r"\1", s.name), real=True) for s in expression.free_symbols
    }
    read = read_formula(sympy.latex(expression)).expression
    assert_same(read, expression.xreplace(renamed))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.text)
def test_each_function_is_read_back_from_latex(case: Any) -> None:
    expression = read_formula(case.text).expression
    assert_same(read_formula(written(expression)).expression, expression)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.text)
def test_no_function_of_sympy_is_misread(case: Any) -> None:
    expression = read_formula(case.text).expression
    try:
        read = read_formula(sympy.latex(expression)).expression
    except HessError:
        return
    assert_same(read, expression)
