"""What follows from a Hessian: spectrum, definiteness, stationary points. No torch is needed."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hesscli.answer import Answer, Basis, Doubles, Grounds, Place
from hesscli.notes import Note
from hesscli.types import Variable
from hesscli.verdict.settle import Settled
from hesscli.verdict.spectrum import judged, spectrum

from .conftest import Hess


def _answer(matrix: Any, gradient: Any = None) -> Answer:
    matrix = np.array(matrix, dtype=float)
    n = len(matrix)
    slopes = np.zeros(n) if gradient is None else np.array(gradient, dtype=float)
    epsilon = 2.220446049250313e-16
    answer = Answer(
        basis=Basis.DOUBLES,
        formula=None,  # type: ignore[arg-type]
        place=Place((Variable("x", (n,)),), (), {"x": np.ones(n)}),
        jet=Doubles(0.0, slopes, matrix),
        structural=matrix == 0,
        grounds=Grounds(
            digits=None,
            by=None,
            reason=None,
            proved=None,
            of=None,
            below={},
            hessian=None,
            epsilon=epsilon,
            slack=epsilon * np.ones(n),
            underflow=False,
        ),
    )
    return judged(Settled(answer, None, _no_scalars))


def _no_scalars() -> NoReturn:
    raise AssertionError("nothing is proved of a matrix of doubles")


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
    answer = _answer(matrix)
    assert answer.verdict.definiteness == definiteness
    assert answer.verdict.inertia == inertia
    assert answer.verdict.stationary
    assert answer.verdict.kind == kind


def test_tolerance_is_scaled_to_the_matrix() -> None:
    answer = _answer([[3e10, 0], [0, 1]])
    assert answer.verdict.tolerance == pytest.approx(2 * 2.220446049250313e-16 * 3e10)


def test_only_a_stationary_point_has_a_kind() -> None:
    answer = _answer([[2, 0], [0, 3]], gradient=[1e-3, 0])
    assert answer.verdict.stationary is False
    assert answer.verdict.kind is None


def test_rounding_of_the_point_does_not_hide_a_stationary_point(hess: Hess) -> None:
    for text, at, kind in (
        ("cos(x)", "pi", "minimum"),
        ("sin(x)", "pi/2", "maximum"),
        ("(x-0.1)*(x-0.3)", "0.2", "minimum"),
        ("x**4", "0", "minimum"),
        ("x**2*y**2", "0,0", "inconclusive"),
        ("x**2-y**2", "0,0", "saddle"),
        ("100*(y-x**2)**2+(1-x)**2", "1,1", "minimum"),
    ):
        assert hess(text, "--at", at, "--json").json["stationary_point"] == kind
    assert hess("x**2", "--at", "1e-8", "--json").json["stationary"] is False


def test_asymmetry_beyond_rounding_is_reported() -> None:
    answer = _answer([[2, 1], [1.5, 3]])
    assert [note.kind for note in answer.notes] == [Note.NOT_SYMMETRIC]
    assert not _answer([[2, 1], [1 + 2e-16, 3]]).notes


def test_a_matrix_with_gaps_has_no_spectrum() -> None:
    answer = _answer([[2, np.nan], [np.nan, 3]])
    assert answer.verdict.eigenvalues is None
    assert answer.verdict.definiteness is None
    assert answer.verdict.kind is None


@given(st.integers(1, 9), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_spectrum_by_blocks_is_the_spectrum(order: int, seed: int, density: float) -> None:
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(order, order)) * (random.random((order, order)) < density)
    matrix = matrix + matrix.T
    np.testing.assert_allclose(spectrum(matrix), np.linalg.eigvalsh(matrix), atol=1e-12)
