"""Formulas of tensors as they are met, in several spellings, against JAX in double precision."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

import hesscli

# Enough of each kind for a quick run; all others are slow, for JAX compiles each.
EVERY = 12


@cache
def _models() -> dict[str, Any]:
    # Each is compiled to run once.
    os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")
    from .tensor_formulas import MODELS

    return {model.name: model for model in MODELS}


def _names() -> list[Any]:
    return [
        pytest.param(name, marks=[] if k % EVERY == 0 else [pytest.mark.slow])
        for k, name in enumerate(_models())
    ]


def _by_jax(model: Any) -> tuple[float, Any, Any]:
    import jax
    import jax.numpy as jnp

    sizes = [np.size(model.values[name]) for name in model.wrt]
    shapes = [np.shape(model.values[name]) for name in model.wrt]
    ends = np.cumsum(sizes)

    def function(stacked: Any) -> Any:
        parts = zip(model.wrt, jnp.split(stacked, ends[:-1]), shapes, strict=True)
        values = {name: jnp.asarray(value) for name, value in model.values.items()}
        return model.function(**values | {name: part.reshape(s) for name, part, s in parts})

    point = jnp.concatenate([jnp.ravel(jnp.asarray(model.values[name])) for name in model.wrt])
    derivatives: Callable[[Any], Any] = jax.jit(
        lambda x: (function(x), jax.grad(function)(x), jax.hessian(function)(x))
    )
    value, gradient, matrix = derivatives(point)
    return float(value), np.asarray(gradient), np.asarray(matrix)


def _assert_close(found: Any, expected: Any) -> None:
    scale = max(float(np.max(np.abs(expected))), 1e-300)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9 * scale)


@pytest.mark.parametrize("name", _names())
def test_a_formula_has_the_hessian_that_jax_computes(name: str) -> None:
    model = _models()[name]
    value, gradient, matrix = _by_jax(model)
    for text in model.spellings:
        answer = hesscli.formula(text, wrt=list(model.wrt)).at(**model.values)
        _assert_close(answer.value, value)
        _assert_close(answer.gradient, gradient)
        _assert_close(answer.hessian, matrix)
        assert answer.verified.by in ("proof", "sample")


def test_there_are_enough_models_and_spellings() -> None:
    models = _models().values()
    assert len(models) >= 60
    assert all(len(set(model.spellings)) >= 2 for model in models)
    assert sum("Laue et al. 2018" in model.source for model in models) >= 4
