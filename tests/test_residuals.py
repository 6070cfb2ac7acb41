"""Bounds on eigenvalues hold, whatever the matrix."""

from __future__ import annotations

import numpy as np
import pytest

from hesscli.exact.spectrum.residuals import bounded_eigenvalues

from .conftest import Hess


@pytest.mark.parametrize("order", [61, 150, 300])
@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_a_chain_has_its_eigenvalues_within_the_bound(order: int, scale: float) -> None:
    # Second differences have the eigenvalues 4·sin²(kπ/(2(n + 1))).
    matrix = scale * (2 * np.eye(order) - np.eye(order, k=1) - np.eye(order, k=-1))
    found = bounded_eigenvalues(matrix, 0.0)
    assert found is not None
    values, bound = found
    exact = 4 * scale * np.sin(np.arange(1, order + 1) * np.pi / (2 * (order + 1))) ** 2
    assert np.abs(values - exact).max() <= bound + 1e-15 * scale
    assert bound < 1e-10 * scale


def test_repeated_eigenvalues_are_bounded() -> None:
    rng = np.random.default_rng(3)
    basis, _ = np.linalg.qr(rng.normal(size=(80, 80)))
    spectrum = np.repeat([-1.0, 0.0, 2.0, 5.0], 20)
    matrix = basis * spectrum @ basis.T
    found = bounded_eigenvalues((matrix + matrix.T) / 2, 1e-13)
    assert found is not None
    assert np.abs(found[0] - spectrum).max() <= found[1] < 1e-10


def test_a_large_hessian_has_proved_signs(hess: Hess) -> None:
    formula = "+".join(f"100*(x{k + 1}-x{k}**2)**2+(1-x{k})**2" for k in range(1, 80))
    point = ",".join(f"x{k}=1" for k in range(1, 81))
    answer = hess(formula, "--at", point, "--json").json
    assert answer["definiteness"] == "positive definite"
    assert answer["definiteness_proved"] is True
    assert answer["verified"]["by"] == "proof"
    assert answer["verified"]["digits"] >= 8
