"""What follows from a Hessian: spectrum, definiteness, stationary points. No torch is needed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hesscli.types import Evaluation, Variable, Verification
from hesscli.verdict.spectrum import analyse, spectrum

from .conftest import Hess


def _evaluation(matrix: Any, gradient: Any = None) -> Evaluation:
    matrix = np.array(matrix, dtype=float)
    n = len(matrix)
    return Evaluation(
        formula=None,  # type: ignore[arg-type]
        variables=(Variable("x", (n,)),),
        constants=(),
        point={"x": np.ones(n)},
        value=0.0,
        gradient=np.zeros(n) if gradient is None else np.array(gradient, dtype=float),
        hessian=matrix,
        epsilon=2.220446049250313e-16,
        slack=2.220446049250313e-16 * np.ones(n),
        underflow=False,
        structural=matrix == 0,
        verification=Verification(None, "not asked for", None),
        undefined=(),
        notes=(),
    )


@pytest.mark.parametrize(
    ("matrix", "definiteness", "inertia", "kind"),
    [
        ([[2, 0], [0, 3]], "positive definite", (2, 0, 0), "minimum"),
        ([[-2, 0], [0, -3]], "negative definite", (0, 0, 2), "maximum"),
        ([[2, 0], [0, -3]], "indefinite", (1, 0, 1), "saddle"),
        ([[2, 2], [2, 2]], "positive semidefinite", (1, 1, 0), "inconclusive"),
        ([[-1, 2], [2, -4]], "negative semidefinite", (0, 1, 1), "inconclusive"),
        ([[0, 0], [0, 0]], "zero", (0, 2, 0), "inconclusive"),
        ([[0, 0, 0], [0, 1, 0], [0, 0, -1]], "indefinite", (1, 1, 1), "saddle"),
        # Exactly singular in theory; the doubles nearest to its entries are not.
        ([[0.01, 0.03], [0.03, 0.09]], "undecided", (1, 1, 0), "inconclusive"),
        ([[1, 1], [1, 1 + 1e-12]], "positive definite", (2, 0, 0), "minimum"),
        ([[1e-200, 0], [0, 1e-200]], "positive definite", (2, 0, 0), "minimum"),
        ([[1e300, 0], [0, -1e300]], "indefinite", (1, 0, 1), "saddle"),
    ],
)
def test_definiteness_and_kind(
    matrix: Any, definiteness: str, inertia: tuple[int, int, int], kind: str
) -> None:
    report = analyse(_evaluation(matrix))
    assert report.definiteness == definiteness
    assert report.inertia == inertia
    assert report.stationary
    assert report.kind == kind


def test_tolerance_is_scaled_to_the_matrix() -> None:
    report = analyse(_evaluation([[3e10, 0], [0, 1]]))
    assert report.tolerance == pytest.approx(2 * 2.220446049250313e-16 * 3e10)


def test_only_a_stationary_point_has_a_kind() -> None:
    report = analyse(_evaluation([[2, 0], [0, 3]], gradient=[1e-3, 0]))
    assert report.stationary is False
    assert report.kind is None


def test_rounding_of_the_point_does_not_hide_a_stationary_point(hess: Hess) -> None:
    for text, at, kind in (
        ("cos(x)", "pi", "minimum"),
        ("sin(x)", "pi/2", "maximum"),
        ("(x-0.1)*(x-0.3)", "0.2", "minimum"),
        ("x**4", "0", "inconclusive"),
        ("x**2-y**2", "0,0", "saddle"),
        ("100*(y-x**2)**2+(1-x)**2", "1,1", "minimum"),
    ):
        assert hess(text, "--at", at, "--json").json["stationary_point"] == kind
    assert hess("x**2", "--at", "1e-8", "--json").json["stationary"] is False


def test_asymmetry_beyond_rounding_is_reported() -> None:
    report = analyse(_evaluation([[2, 1], [1.5, 3]]))
    assert any("not symmetric" in note for note in report.notes)
    assert not analyse(_evaluation([[2, 1], [1 + 2e-16, 3]])).notes


def test_a_matrix_with_gaps_has_no_spectrum() -> None:
    report = analyse(_evaluation([[2, np.nan], [np.nan, 3]]))
    assert report.eigenvalues is None
    assert report.definiteness is None
    assert report.kind is None


@given(st.integers(1, 9), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_spectrum_by_blocks_is_the_spectrum(order: int, seed: int, density: float) -> None:
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(order, order)) * (random.random((order, order)) < density)
    matrix = matrix + matrix.T
    np.testing.assert_allclose(spectrum(matrix), np.linalg.eigvalsh(matrix), atol=1e-12)
