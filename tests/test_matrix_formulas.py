"""Blocks of tensor formulas as matrix formulas, without a point: the numbers that a point gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.special

import hesscli

from .conftest import Hess

FORMULAS = [
    "x@A@x", "x@x", "x@y", "x@A@y", "sum((A@x - b)**2)", "norm(A@x - b)**2", "norm(A@x - b)",
    "sum(log(1 + exp(-y*(A@x))))", "logsumexp(A@x)", "norm(x) + x@B@x",
    "sum(exp(x)) + lambda*x@x", "sum(x**4)/4 - b@x", "mean((A@x)**2)", "x@A.T@A@x", "dot(A@x, B@x)",
    "sum(sin(A@x)*y)", "sum(tanh(A@x))", "r = A@x - b; r@r/2 + mu*x@x", "sum(x*log(x)) - b@x",
    "x@A@B@x", "sum((A@x)*(B@x))", "norm(exp(A@x))**2", "logsumexp(A@x + b)",
    "sum(x)*2 + x@A@x",
    "sum(A@x)", "sum(A@exp(x))", "mean(A@exp(x))", "sum(A@x)*mu + x@x", "sum(x@A)",
]  # fmt: skip

NAMES: dict[str, Any] = {
    "diag": np.diag, "eye": np.eye, "outer": np.outer, "exp": np.exp, "log": np.log,
    "norm": np.linalg.norm, "softmax": scipy.special.softmax, "sin": np.sin, "cos": np.cos,
    "tanh": np.tanh, "len": len, "ones": np.ones, "logsumexp": scipy.special.logsumexp,
}  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS)
def test_a_matrix_formula_has_the_numbers_of_a_point(text: str) -> None:
    random = np.random.default_rng(0)
    formula = hesscli.formula(text)
    symbols = formula.symbols()
    names = [name for name in formula.variables if name.islower() and name not in ("lambda", "mu")]
    values: dict[str, Any] = {
        name: random.uniform(0.5, 1.5, (3, 3) if name.isupper() else 3 if name in names else ())
        for name in formula.variables
    }
    numbers = hesscli.formula(text, wrt=names).at(**values)
    scope = NAMES | {name.replace("lambda", "lambda_"): value for name, value in values.items()}
    for i, u in enumerate(names):
        slope = eval(str(symbols.gradient[i]).replace("lambda", "lambda_"), {}, scope)
        at = 3 * i
        np.testing.assert_allclose(slope, numbers.gradient[at : at + 3], rtol=1e-9, atol=1e-12)
        for j, v in enumerate(names):
            block = eval(str(symbols.hessian[i, j]).replace("lambda", "lambda_"), {}, scope)
            expected = numbers.blocks[u][v]
            np.testing.assert_allclose(
                np.broadcast_to(block, (3, 3)), expected, rtol=1e-9, atol=1e-12, err_msg=f"{u} {v}"
            )


@pytest.mark.parametrize(
    ("text", "block"),
    [
        ("x@A@x", "A + A.T"),
        ("sum((A@x - b)**2)", "2*A.T@A"),
        ("x@x", "2*eye(len(x))"),
        ("logsumexp(A@x)", "A.T@diag(softmax(A@x))@A - A.T@outer(softmax(A@x), softmax(A@x))@A"),
    ],
)
def test_a_matrix_formula_is_short(hess: Hess, text: str, block: str) -> None:
    answer = hess(text, "--wrt", "x", "--json").json
    assert answer["hessian"] == [[block]]
    assert "x is a vector" in " ".join(answer["notes"]) or "x are vectors" in str(answer["notes"])


@pytest.mark.parametrize(
    "text",
    [
        "logdet(K)",
        "exp(x@x)",
        "sum(x[1:]**2)",
        "A@x + 1",
        "x@solve(K, x)",
        "max(A@x)",
        "sum(A, axis=0)@(x**2)",
    ],
)
def test_without_a_rule_a_point_is_asked_for(hess: Hess, text: str) -> None:
    result = hess(text)
    assert result.status == 2
    assert "--at" in result.stderr


def test_a_matrix_formula_tells_where_it_holds(hess: Hess) -> None:
    said = hess("sum(relu(A@x)) + norm(B@x)").stdout
    assert "holds except where relu(A@x), norm(B@x) has a kink" in said
