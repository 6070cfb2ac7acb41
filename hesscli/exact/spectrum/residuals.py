"""Bounds on the eigenvalues of a large symmetric matrix of doubles, by its residuals.

For approximate eigenpairs AV ≈ VΛ with VᵀV = I + E, ‖E‖ ≤ 1/2, there is an orthogonal Q with
‖Q − V‖ ≤ ‖V‖·‖E‖, and each eigenvalue of A lies within ‖AQ − QΛ‖ of its approximation (Weyl's
theorem; Parlett, *The Symmetric Eigenvalue Problem*, §10-3). All norms are bounded from above, with
the rounding of matrix products: |fl(AB) − AB| ≤ γₙ|A||B| (Higham, *Accuracy and Stability*, §3.5).
"""

from __future__ import annotations

import numpy as np

from hesscli.types import Array

UNIT = 2.0**-53
# Residuals are differences of nearly equal numbers: in what has more digits, where there is such.
LONG = np.longdouble
LONG_UNIT = float(np.finfo(LONG).eps) / 2
MARGIN = 1.01  # over the rounding of the bounds themselves


def bounded_eigenvalues(symmetric: Array, error: float) -> tuple[Array, float] | None:
    """The eigenvalues, ascending, and how far each may be off; None where no bound is finite.

    ``error`` bounds the Frobenius norm of what the matrix (n, n) may differ from the true one.
    """
    scale = float(np.abs(symmetric).max())
    if not 0 < scale < np.inf:
        return None
    matrix = symmetric / scale  # where no square overflows; rounded once
    try:
        values, vectors = np.linalg.eigh(matrix)
    except np.linalg.LinAlgError:
        return None
    gamma = MARGIN * (len(matrix) + 2) * LONG_UNIT
    sizes, long = np.abs(vectors), vectors.astype(LONG)
    difference = matrix.astype(LONG) @ long - long * values
    rounding = np.abs(matrix) @ sizes + sizes * np.abs(values)
    residual = _norm(np.abs(difference).astype(float) + gamma * rounding)
    difference = long.T @ long - np.eye(len(matrix))
    defect = _norm(np.abs(difference).astype(float) + gamma * (sizes.T @ sizes))
    if not defect <= 0.5:
        return None
    largest = _norm(np.abs(matrix)) + float(np.abs(values).max())
    off = MARGIN * (residual + largest * _norm(sizes) * defect + UNIT * _norm(np.abs(matrix)))
    bound = off * scale + MARGIN * error
    return (values * scale, bound) if np.isfinite(bound) else None


def _norm(sizes: Array) -> float:
    """A bound on the spectral norm of every matrix with entries up to these sizes."""
    by_sums = np.sqrt(sizes.sum(axis=0).max() * sizes.sum(axis=1).max())
    return MARGIN * float(min(by_sums, np.linalg.norm(sizes)))
