"""The numbers, against independent sources: the tutorial's torch calls, SymPy."""

from __future__ import annotations

import itertools
import re
from typing import Any

import numpy as np
import pytest
import sympy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd.functional import hessian

from hesscli.expression.names import symbol
from hesscli.expression.reader import read_formula

from .conftest import Hess

# The tutorial


def test_tutorial_scalar(hess: Hess) -> None:
    expected = hessian(lambda x: x**3 + 4 * x - 10, torch.tensor([2.0]))  # type: ignore[no-untyped-call]
    answer = hess("x**3 + 4*x - 10", "--at", "x=[2]", "--json").json
    assert answer["blocks"]["x"]["x"] == expected.tolist() == [[12.0]]
    assert answer["value"] == 6.0
    assert answer["gradient"] == [16.0]
    assert answer["definiteness"] == "positive definite"


def test_tutorial_sum_over_a_matrix(hess: Hess) -> None:
    torch.manual_seed(7)
    x = torch.randn(2, 2, dtype=torch.float64)
    expected = hessian(lambda x: (x**3 + 4 * x - 10).sum(), x)  # type: ignore[no-untyped-call]
    answer = hess("x**3 + 4*x - 10", "--at", "x=randn(2,2)", "--seed", "7", "--json").json
    assert answer["blocks"]["x"]["x"] == expected.tolist()
    assert np.shape(answer["blocks"]["x"]["x"]) == (2, 2, 2, 2)
    assert answer["hessian"] == np.diag(6 * x.flatten().numpy()).tolist()
    assert any("summed" in note for note in answer["notes"])


@pytest.mark.parametrize(("x", "y"), [([2.0], [4.0]), ([2.0, 3.0], [4.0, 5.0])])
def test_tutorial_two_variables(hess: Hess, x: list[float], y: list[float]) -> None:
    expected = hessian(  # type: ignore[no-untyped-call]
        lambda x, y: (x**3 + x * y).sum(), (torch.tensor(x), torch.tensor(y))
    )
    answer = hess("x**3 + x*y", "--at", f"x={x},y={y}", "--json").json
    for i, u in enumerate("xy"):
        for j, v in enumerate("xy"):
            assert answer["blocks"][u][v] == expected[i][j].tolist()


# Whole tensors against torch on the same formula, written by hand


TENSOR_CASES: list[tuple[str, Any, dict[str, tuple[int, ...]]]] = [
    ("x**2*y", lambda x, y: x**2 * y, {"x": (2, 3), "y": ()}),
    ("x*y + sin(x)", lambda x, y: x * y + torch.sin(x), {"x": (2, 1), "y": (3,)}),
    ("exp(x)*y**3", lambda x, y: torch.exp(x) * y**3, {"x": (), "y": (2, 2)}),
    ("x - x + y**2", lambda x, y: x - x + y**2, {"x": (3,), "y": ()}),
    ("x*y + 5", lambda x, y: x * y + 5, {"x": (4,), "y": (4,)}),
    (
        "where(x > y, x**3*y, x*y**2)",
        lambda x, y: torch.where(x > y, x**3 * y, x * y**2),
        {"x": (5,), "y": (2, 1)},
    ),
]


@pytest.mark.parametrize(("text", "function", "shapes"), TENSOR_CASES)
def test_blocks_are_those_of_torch(
    hess: Hess, text: str, function: Any, shapes: dict[str, tuple[int, ...]]
) -> None:
    generator = torch.Generator().manual_seed(1)
    x, y = (torch.randn(shapes[name], generator=generator, dtype=torch.float64) for name in "xy")
    broadcast = (x + y).shape
    expected = hessian(lambda x, y: function(x, y).expand(broadcast).sum(), (x, y))  # type: ignore[no-untyped-call]
    answer = hess(text, "--at", f"x={x.tolist()},y={y.tolist()}", "--json").json
    assert answer["value"] == pytest.approx(float(function(x, y).expand(broadcast).sum()))
    for i, u in enumerate("xy"):
        for j, v in enumerate("xy"):
            block = np.array(answer["blocks"][u][v])
            assert block.shape == (*shapes[u], *shapes[v])
            np.testing.assert_allclose(block, expected[i][j].numpy(), rtol=1e-13, atol=1e-15)


def test_a_large_point_takes_the_vectorized_path_to_the_same_numbers(hess: Hess) -> None:
    names = [f"x{i}" for i in range(1, 41)]
    text = "+".join(f"100*({b}-{a}**2)**2+(1-{a})**2" for a, b in itertools.pairwise(names))
    point = ",".join(f"{name}={i}/40" for i, name in enumerate(names))
    answer = hess(text, "--at", point, "--json").json
    values = np.arange(40) / 40
    expected = np.zeros((40, 40))
    for i in range(39):
        expected[i, i] += 1200 * values[i] ** 2 - 400 * values[i + 1] + 2
        expected[i + 1, i + 1] += 200
        expected[i, i + 1] = expected[i + 1, i] = -400 * values[i]
    np.testing.assert_allclose(answer["hessian"], expected, rtol=1e-13, atol=1e-11)


# Random formulas, against SymPy's own derivatives


leaves = st.one_of(
    st.sampled_from(["x", "y", "z"]),
    st.integers(1, 9).map(str),
    st.sampled_from(["1/2", "0.25", "pi"]),
)


def _extend(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    unary = st.sampled_from(
        ["sin({})", "cos({})", "exp(sin({}))", "atan({})", "tanh({})", "erf({})", "sqrt(1+({})**2)",
         "log(2+cos({}))", "-({})", "({})**2", "({})**3", "sigmoid({})", "1/(1+({})**2)"]
    )  # fmt: skip
    binary = st.sampled_from(["({})+({})", "({})-({})", "({})*({})", "({})*exp(-({})**2)"])
    return st.one_of(
        st.tuples(unary, inner).map(lambda t: t[0].format(t[1])),
        st.tuples(binary, inner, inner).map(lambda t: t[0].format(t[1], t[2])),
    )


formulas = st.recursive(leaves, _extend, max_leaves=6).filter(
    lambda text: re.search(r"\b[xyz]\b", text) is not None
)
coordinates = st.integers(-8, 8).map(lambda n: sympy.Rational(n, 4))


@settings(max_examples=60)
@given(formulas, st.tuples(coordinates, coordinates, coordinates))
def test_random_formula_agrees_with_sympy(text: str, point: tuple[Any, ...]) -> None:
    from .reference import report

    formula = read_formula(text)
    values = dict(zip("xyz", point, strict=True))
    at = ",".join(f"{name}={values[name]}" for name in formula.variables)
    answer = report(text, at)
    symbols = [symbol(name) for name in formula.variables]
    numbers = {symbol(name): values[name] for name in formula.variables}
    # sympy.hessian differentiates by itself; nothing of hess's derivatives is used.
    exact = sympy.hessian(formula.expression, symbols).subs(numbers).evalf(40)
    expected = np.array(exact.tolist(), dtype=float)
    # Entries may cancel among terms far larger than themselves: what is promised is the accuracy
    # of the matrix and not of each entry.
    scale = max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(answer.hessian, expected, rtol=1e-9, atol=1e-11 * scale)
    value = float(formula.expression.subs(numbers).evalf(40))
    assert answer.value == pytest.approx(value, rel=1e-12, abs=1e-12)


@settings(max_examples=25)
@given(formulas, st.tuples(coordinates, coordinates, coordinates), st.randoms())
def test_wrt_permutes_the_blocks(text: str, point: tuple[Any, ...], random: Any) -> None:
    from .reference import report

    formula = read_formula(text)
    names = list(formula.variables)
    at = ",".join(
        f"{name}={value}" for name, value in zip("xyz", point, strict=True) if name in names
    )
    shuffled = random.sample(names, len(names))
    straight = report(text, at).hessian
    permuted = report(text, at, wrt=tuple(shuffled)).hessian
    order = [names.index(name) for name in shuffled]
    np.testing.assert_allclose(permuted, straight[np.ix_(order, order)], rtol=1e-12, atol=1e-12)


def test_float32_computes_in_float32(hess: Hess) -> None:
    single = hess("sin(x)*x", "--at", "1/3", "--dtype", "float32", "--json").json
    double = hess("sin(x)*x", "--at", "1/3", "--json").json
    assert single["hessian"][0][0] == pytest.approx(double["hessian"][0][0], rel=1e-6)
    assert single["hessian"] != double["hessian"]
    assert single["point"]["x"] == float(np.float32(1 / 3))
    assert 5 <= single["verified"]["digits"] <= 7


def test_device_that_is_not_there_is_refused(hess: Hess) -> None:
    for device in ("nonsense", "cuda:99", "meta"):
        result = hess("x**2", "--at", "1", "--device", device)
        assert result.status == 2
        assert "--device cpu" in result.stderr
