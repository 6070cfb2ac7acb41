"""Formulas of tensors as they are met, in several spellings, against JAX in double precision."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import hesscli

# JAX compiles each: one part is enough for a quick run.
PARTS = 12


def _models(part: int) -> list[Any]:
    """The models of a part, with what JAX computes, in a process of its own."""
    # Each function is compiled to run once.
    environment = {**os.environ, "XLA_FLAGS": "--xla_backend_optimization_level=0"}
    command = [sys.executable, "-m", "tests.tensor_formulas", str(part), str(PARTS)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in run.stdout.splitlines()]


def _assert_close(found: Any, expected: Any, text: str) -> None:
    scale = max(float(np.max(np.abs(expected))), 1e-300)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9 * scale, err_msg=text)


@pytest.mark.parametrize(
    "part", [pytest.param(k, marks=[pytest.mark.slow] if k else []) for k in range(PARTS)]
)
def test_a_formula_has_the_hessian_that_jax_computes(part: int) -> None:
    models = _models(part)
    assert len(models) >= 60 // PARTS
    for model in models:
        assert len(set(model["spellings"])) >= 2
        for text in model["spellings"]:
            answer = hesscli.formula(text, wrt=model["wrt"]).at(**model["values"])
            _assert_close(answer.value, model["value"], text)
            _assert_close(answer.gradient, model["gradient"], text)
            _assert_close(answer.hessian, model["hessian"], text)
            assert answer.verified.by in ("proof", "sample"), text
