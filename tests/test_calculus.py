"""Sums, products, derivatives, integrals and reductions in a formula, against values of mpmath."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
import torch
from torch.autograd.functional import hessian

from .conftest import Hess

X = mpmath.mpf("0.75")

# formula in x → the same as a function of mpmath.
SAME: list[tuple[str, Any]] = [
    ("Sum(k*x**k, (k, 1, 6))", lambda x: sum(k * x**k for k in range(1, 7))),
    ("Sum(sin(k*x)/k, (k, 1, 50))", lambda x: sum(mpmath.sin(k * x) / k for k in range(1, 51))),
    (
        "Sum(i*x**j, (i, 1, j), (j, 1, 4))",
        lambda x: sum(i * x**j for j in range(1, 5) for i in range(1, j + 1)),
    ),
    ("Sum(x, (k, 5, 1)) + x**2", lambda x: x**2),
    ("Product(x + k, (k, 0, 4))", lambda x: x * (x + 1) * (x + 2) * (x + 3) * (x + 4)),
    ("Derivative(x**5, x, 2)", lambda x: 20 * x**3),
    ("Derivative(sin(x)*exp(x), (x, 3))", lambda x: mpmath.diff(
        lambda t: mpmath.sin(t) * mpmath.exp(t), x, 3)),
    ("diff(log(x), x)", lambda x: 1 / x),
    ("Integral(sin(t)/t, (t, 0, x))", mpmath.si),
    ("Integral(exp(-t**2), (t, 0, x))", lambda x: mpmath.sqrt(mpmath.pi) / 2 * mpmath.erf(x)),
    ("Integral(exp(-x*t), (t, 0, oo))", lambda x: 1 / x),
    ("Integral(x**t, (t, 0, 1))", lambda x: (x - 1) / mpmath.log(x)),
    ("Integral(t*x*s, (t, 0, s), (s, 0, 1))", lambda x: x / 8),
    ("Integral(x**3, x)", lambda x: x**4 / 4),
    ("Integral(abs(x - t), (t, 0, 1))", lambda x: x**2 - x + mpmath.mpf(1) / 2),
    ("Sum(Integral(t**k, (t, 0, x)), (k, 1, 3))", lambda x: x**2 / 2 + x**3 / 3 + x**4 / 4),
]  # fmt: skip


@pytest.mark.parametrize(("text", "reference"), SAME, ids=[text for text, _ in SAME])
def test_agrees_with_mpmath(hess: Hess, text: str, reference: Any) -> None:
    answer = hess(text, "--at", "x=3/4", "--json").json
    with mpmath.workdps(50):
        for order, found in enumerate(
            (answer["value"], answer["gradient"][0], answer["hessian"][0][0])
        ):
            expected = float(mpmath.diff(reference, X, order))
            assert found == pytest.approx(expected, rel=1e-14, abs=1e-15)


def test_an_index_is_no_variable(hess: Hess) -> None:
    answer = hess("Sum(k*x, (k, 1, 3)) + k", "--at", "x=1,k=5", "--json").json
    assert [v["name"] for v in answer["variables"]] == ["k", "x"]
    assert answer["value"] == 11.0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Sum(x*k, (k, 1, n))", "whole number to another"),
        ("Sum(x*k, k)", "name with its limits"),
        ("Sum(x*k, (k, 1, 10**9))", "more than 2,000 terms"),
        ("Integral(sin(t**t), (t, 0, x))", "no closed form"),
        ("Derivative(x**2, x + 1)", "by a variable"),
        ("Derivative(besselj(n, x), n)", "no closed form"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(hess: Hess, text: str, words: str) -> None:
    result = hess(text, "--json")
    assert result.status == 2
    assert words in result.stderr
    assert "^" in result.stderr


def test_an_integral_has_no_value_where_it_diverges(hess: Hess) -> None:
    answer = hess("Integral(exp(-a*t), (t, 0, oo))", "--at", "-2", "--json").json
    assert answer["value"] is None
    assert "Integral(exp(-a*t), (t, 0, oo))" in answer["undefined"][0]["reason"]


@pytest.mark.parametrize(
    ("text", "at"),
    [("Derivative(sign(x), x) + x**2", "0"), ("Derivative(acot(x), x)", "0"),
     ("Derivative(atan2(x, -1), x)", "0"), ("Derivative(abs(x), x, 2)", "0")],
)  # fmt: skip
def test_a_derivative_has_no_value_where_its_function_breaks(
    hess: Hess, text: str, at: str
) -> None:
    answer = hess(text, "--at", at, "--json").json
    assert answer["value"] is None
    assert answer["hessian"] == [[None]]


@pytest.mark.parametrize(
    ("text", "at"),
    [("Sum(abs(x - k), (k, 1, 3))", "2"), ("Derivative(x*abs(x), x)", "0"),
     ("Product(max(x, k), (k, 1, 3))", "2")],
)  # fmt: skip
def test_kinks_inside_are_found(hess: Hess, text: str, at: str) -> None:
    result = hess(text, "--at", at, "--json")
    assert result.status == 1
    assert result.json["hessian"] == [[None]]


# Reductions, against torch on the same function

REDUCTIONS: list[tuple[str, Any]] = [
    ("norm(x)", lambda x, y: torch.linalg.norm(x)),
    ("norm(x, y)", lambda x, y: torch.sqrt(x**2 + y**2).sum()),
    ("sum(x**3*y)", lambda x, y: (x**3 * y).sum()),
    ("sum(x)**2*mean(y)", lambda x, y: x.sum() ** 2 * y.mean()),
    ("prod(x)", lambda x, y: x.prod()),
    ("sum(x*sin(y))", lambda x, y: (x * torch.sin(y)).sum()),
    ("logsumexp(x*y)", lambda x, y: torch.logsumexp((x * y).flatten(), 0)),
    ("max(x) + min(y)**2", lambda x, y: x.max() + y.min() ** 2),
    ("x/sum(exp(x)) + y", lambda x, y: (x / torch.exp(x).sum() + y).sum()),
    ("mean((x - mean(x))**2)", lambda x, y: ((x - x.mean()) ** 2).mean()),
]


@pytest.mark.parametrize(("text", "function"), REDUCTIONS, ids=[text for text, _ in REDUCTIONS])
@pytest.mark.parametrize("shapes", [((3,), (3,)), ((2, 2), (2,))])
def test_reductions_are_those_of_torch(
    hess: Hess, text: str, function: Any, shapes: tuple[Any, Any]
) -> None:
    generator = torch.Generator().manual_seed(5)
    x, y = (torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes)
    at = f"x={x.tolist()}" + (f",y={y.tolist()}" if "y" in text else "")
    answer = hess(text, "--at", at, "--json").json
    inputs = (x, y) if "y" in text else (x,)
    call = function if "y" in text else (lambda x: function(x, None))
    expected = hessian(call, inputs)  # type: ignore[no-untyped-call]
    assert answer["value"] == pytest.approx(float(call(*inputs)), rel=1e-14)
    for i, u in enumerate("xy"[: len(inputs)]):
        for j, v in enumerate("xy"[: len(inputs)]):
            block = np.array(answer["blocks"][u][v])
            assert block.shape == (*shapes[i], *shapes[j])
            np.testing.assert_allclose(block, expected[i][j].numpy(), rtol=1e-12, atol=1e-14)


def test_a_norm_squared_has_its_hessian_at_zero(hess: Hess) -> None:
    for at in ("x=[0,0]", "x=zeros(3)", "0"):
        answer = hess("norm(x)**2", "--at", at, "--json").json
        assert answer["hessian"] == (2 * np.eye(len(answer["gradient"]))).tolist()
        assert answer["verified"]["by"] == "proof"
    assert hess("norm(x)", "--at", "x=[0,0]").status == 1


def test_a_reduction_of_a_number_is_the_number(hess: Hess) -> None:
    assert hess("sum(x**2) + mean(x)", "--at", "3", "--json").json["value"] == 12.0
    assert hess("norm(x)", "--at", "-3", "--json").json["value"] == 3.0


def test_random_tensors_are_drawn_once(hess: Hess) -> None:
    first = hess("norm(x)", "--at", "x=randn(4)", "--seed", "3", "--json").json
    second = hess("sum(x)", "--at", "x=randn(4)", "--seed", "3", "--json").json
    assert first["point"] == second["point"]


@pytest.mark.parametrize("typed", ["1", "2", "3", "4", "3/2", "0.5", "-1", "-3", "oo", "-inf"])
@pytest.mark.parametrize("x", [[0.5, -2.0, 1.25], [3.0, -0.75]])
def test_a_norm_has_the_order_that_numpy_gives_it(hess: Hess, typed: str, x: list[float]) -> None:
    signed = typed.replace("oo", "inf")
    p = float(signed) if "/" not in signed else float(Fraction(signed))
    answer = hess(f"norm(x, {typed})", "--at", f"x={x}", "--json").json
    length, u = np.linalg.norm(x, p), np.array(x)
    if np.isinf(p):
        gradient, matrix = np.sign(u) * (abs(u) == length), np.zeros((len(x), len(x)))
    else:
        gradient = np.sign(u) * (abs(u) / length) ** (p - 1)
        diagonal = np.diag(abs(u) ** (p - 2) * length ** (1 - p))
        matrix = (p - 1) * (diagonal - np.outer(gradient, gradient) / length)
    assert answer["value"] == pytest.approx(length, rel=1e-14)
    np.testing.assert_allclose(answer["gradient"], gradient, rtol=1e-13)
    np.testing.assert_allclose(answer["hessian"], matrix, rtol=1e-12, atol=1e-15)


def test_the_frobenius_norm_is_that_of_all_elements(hess: Hess) -> None:
    a = "A=[[1,2],[3,4]]"
    plain = hess("norm(A)**2 + norm(A)", "--at", a, "--json").json
    for typed in ("'fro'", '"fro"', "‘fro’"):
        answer = hess(f"norm(A, {typed})**2 + norm(A, {typed})", "--at", a, "--json").json
        assert answer["hessian"] == plain["hessian"]
    assert hess("norm(x, 'fro')", "--at", "[3,4]", "--json").json["value"] == 5


@pytest.mark.parametrize(
    ("text", "at", "hessian"),
    [
        ("norm(x, 1)", "[1,0]", [[0, None], [None, None]]),
        ("norm(x, 3)", "[1,0]", [[0, 0], [0, 0]]),
        ("norm(x, 3)", "[0,0]", [[None, None], [None, None]]),
        ("norm(x, 3/2)", "[1,0]", [[0, 0], [0, None]]),
        ("norm(x, 4)", "[1,0]", [[0, 0], [0, 0]]),
        ("norm(x, oo)", "[1,0]", [[0, 0], [0, 0]]),
        ("norm(x, oo)", "[1,-1]", [[None, None], [None, None]]),
        ("norm(x, -oo)", "[1,0]", [[0, None], [None, None]]),
        ("norm(x, 1)", "-3", [[0]]),
        ("norm(x, 3)", "-3", [[0]]),
        ("norm(x, 1)", "0", [[None]]),
        ("norm(x, 5)", "0", [[None]]),
    ],
)
def test_a_norm_has_kinks_where_elements_are_zero(
    hess: Hess, text: str, at: str, hessian: list[list[float | None]]
) -> None:
    answer = hess(text, "--at", f"x={at}", "--json")
    assert answer.json["hessian"] == hessian
    assert answer.status == any(None in row for row in hessian)
    assert {each["part"] for each in answer.json["undefined"]} <= {text}


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("norm(A, 1)", "[[1,2],[3,4]]", ["order 1", "2×2", "`sum(abs(A))`"]),
        ("norm(A, 2)", "[[1,2],[3,4]]", ["order 2", "2×2", "`norm(A)`"]),
        ("norm(A, oo)", "[[1,2],[3,4]]", ["order oo", "`max(abs(A))`"]),
        ("norm(A, 3)", "[[[1,2]]]", ["order 3", "1×1×2", "`sum(abs(A)**3)**(1/3)`"]),
        ("norm(A, 'fro')", "[[[1,2]]]", ["1×1×2", "`norm(A)`"]),
        ("norm(A, 'nuc')", "[[1,2]]", ["'nuc'", "'fro'"]),
        ("norm(x, 0)", "[1,2]", ["order 0"]),
        ("norm(x, pi)", "[1,2]", ["could be the order", "elements"]),
        ("norm(x, 2, 0)", "[1,2]", ["axis"]),
        ("dot(x, 2*y)", "[1,2,3],[1,2]", ["`dot`", "3 and 2", "`sum(x*y)`"]),
        ("vdot(x, y)", "[[1,2]],[1,2]", ["`vdot`", "1×2 and 2"]),
        ("sum(x*y)", "[1,2,3],[1,2]", ["do not broadcast", "x is 3", "y is 2"]),
        ("logsumexp(x, 0)", "[1,2]", ["axis 0", "each element", "`logsumexp(x, axis=0)`"]),
        ("logsumexp(2*x, -1)", "[[1,2]]", ["axis -1", "`log(exp(2*x) + exp(-1))`"]),
        ("y*logsumexp(x, 1)", "[1,2],3", ["axis 1", "`logsumexp(x, axis=1)`"]),
        ("sum(x, 0)", "[1,2]", ["by its name", "`sum(x, axis=0)`"]),
        ("mean(x, -1)", "[1,2]", ["by its name", "`mean(x, axis=-1)`"]),
        ("prod(x, 1)", "[1,2]", ["by its name", "`prod(x, axis=1)`"]),
        ("sum(x, axes=0)", "[1,2]", ["no argument `axes=`", "`axis=`"]),
        ("x + 'fro'", "1", ["quotation marks"]),
    ],
)
def test_what_numpy_and_a_reader_could_mean_otherwise_is_refused(
    hess: Hess, text: str, at: str, words: list[str]
) -> None:
    result = hess(text, "--at", at)
    assert (result.status, result.stdout) == (2, "")
    for each in words:
        assert each in result.stderr


def test_a_number_has_neither_axes_nor_elements(hess: Hess) -> None:
    exponential = np.exp([3.0, 0.0])
    share = exponential / exponential.sum()
    for text, at in (("logsumexp(x, 0)", "3"), ("logaddexp(x, 0)", "[3]")):
        answer = hess(text, "--at", f"x={at}", "--json").json
        assert answer["hessian"][0][0] == pytest.approx(share.prod(), rel=1e-14)
    assert hess("max(x, 0)", "--at", "[2,-3]", "--json").json["value"] == 2
    assert hess("dot(x, y)", "--at", "2,3", "--json").json["value"] == 6
    assert hess("norm(x, y)", "--at", "3,4", "--json").json["value"] == 5


def test_vectors_have_a_dot_product(hess: Hess) -> None:
    answer = hess("dot(x, y**2)", "--at", "[1,2,3],[4,5,6]", "--json").json
    assert answer["value"] == 1 * 16 + 2 * 25 + 3 * 36
    assert answer["blocks"]["x"]["y"] == [[8, 0, 0], [0, 10, 0], [0, 0, 12]]
    assert answer["blocks"]["y"]["y"] == [[2, 0, 0], [0, 4, 0], [0, 0, 6]]


@pytest.mark.parametrize(
    ("text", "hessian"),
    [
        ("abs(log(x))", [["-sign(log(x))/x**2"]]),
        ("sign(sqrt(x))*x**2", [["2*sign(sqrt(x))"]]),
        ("abs(sqrt(x) - 1)**2", [["1/(2*x**(3/2))"]]),
    ],
)  # fmt: skip
def test_what_may_be_complex_is_differentiated_as_real(
    hess: Hess, text: str, hessian: list[list[str]]
) -> None:
    found = hess(text, "--json").json["hessian"]
    for row, right in zip(found, hessian, strict=True):
        for entry, wanted in zip(row, right, strict=True):
            assert sympy.expand(sympy.sympify(entry) - sympy.sympify(wanted)) == 0
