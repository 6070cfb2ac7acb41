"""Evaluation → report: spectrum, inertia, definiteness, and what kind of point it is.

Needs NumPy only. The source of the tolerance n·ε·‖H‖ is the backward error bound of the
symmetric eigenvalue problem (Golub & Van Loan, *Matrix Computations*, §8.1).
"""

from __future__ import annotations

import sys
from dataclasses import replace
from fractions import Fraction

import numpy as np

from hesscli.answer import Answer, Doubles, Grounds, Verdict
from hesscli.exact.inertia import components, kind_of
from hesscli.notes import Note, Remark
from hesscli.types import Array

# Larger matrices with eigenvalues near zero are left undecided rather than settled exactly.
MAX_EXACT_ORDER = 24


def judged(answer: Answer) -> Answer:
    """``answer``, of doubles, with its verdict, in which None depends on what has no number."""
    jet, grounds = answer.jet, answer.grounds
    assert isinstance(jet, Doubles)
    assert grounds is not None
    # Without negative zeros.
    jet = Doubles(jet.value + 0.0, jet.gradient + 0.0, jet.hessian + 0.0)
    verdict, notes = _verdict(jet, grounds)
    return replace(answer, jet=jet, verdict=verdict, notes=(*answer.notes, *notes))


def _verdict(jet: Doubles, grounds: Grounds) -> tuple[Verdict, tuple[Remark, ...]]:
    """What follows from the numbers, and a note on them."""
    matrix, gradient = jet.hessian, jet.gradient
    order = len(gradient)
    if not np.isfinite(matrix).all():
        stationary = None
        if np.isfinite(gradient).all() and not (grounds.underflow and not gradient.any()):
            stationary = not gradient.any()
        return Verdict(stationary=stationary), ()
    symmetric = matrix / 2 + matrix.T / 2
    notes = _asymmetry(matrix, grounds.epsilon)
    eigenvalues = spectrum(symmetric)
    norm = float(np.abs(eigenvalues).max())
    tolerance = min(order * grounds.epsilon * norm, sys.float_info.max)
    inertia = (
        int((eigenvalues > tolerance).sum()),
        int((np.abs(eigenvalues) <= tolerance).sum()),
        int((eigenvalues < -tolerance).sum()),
    )
    definiteness = _definiteness(symmetric, inertia)
    if grounds.underflow and inertia[1]:
        definiteness = "indefinite" if definiteness == "indefinite" else "undecided"
    # A slope is known up to the rounding of the point itself, which the Hessian carries into it.
    allowed = 4 * (np.abs(symmetric) @ grounds.slack)
    stationary = bool((np.abs(gradient) <= allowed).all())
    if stationary and grounds.underflow:
        stationary = None
    verdict = Verdict(
        eigenvalues=eigenvalues + 0.0 if np.isfinite(eigenvalues).all() else None,
        tolerance=tolerance,
        inertia=inertia,
        definiteness=definiteness,
        stationary=stationary,
        gradient_tolerance=min(float(allowed.max()), sys.float_info.max),
        kind=kind_of(definiteness) if stationary else None,
    )
    return verdict, notes


def _asymmetry(matrix: Array, epsilon: float) -> tuple[Remark, ...]:
    """A note where H and its transpose differ by more than rounding explains."""
    largest = float(np.abs(matrix).max())
    difference = float(np.abs(matrix - matrix.T).max())
    if difference <= 64 * epsilon * largest:
        return ()
    return (Remark(Note.NOT_SYMMETRIC, (difference,)),)


def spectrum(symmetric: Array) -> Array:
    """The eigenvalues of a symmetric matrix, ascending; infinite beyond the largest double.

    A matrix that falls into blocks, as the Hessian of an elementwise formula does, is solved
    block by block: blocks of one size together, single entries at once.
    """
    scale = float(np.abs(symmetric).max())
    if scale > 1e150:  # where LAPACK's squares overflow
        with np.errstate(over="ignore"):
            return spectrum(symmetric / scale) * scale
    groups: dict[int, list[Array]] = {}
    for block in components(symmetric):
        groups.setdefault(len(block), []).append(block)
    found = []
    for size, blocks in groups.items():
        rows = np.array(blocks)
        if size == 1:
            found.append(symmetric[rows[:, 0], rows[:, 0]])
        else:
            stacked = symmetric[rows[:, :, None], rows[:, None, :]]
            found.append(np.linalg.eigvalsh(stacked).ravel())
    return np.sort(np.concatenate(found))


def _definiteness(symmetric: Array, inertia: tuple[int, int, int]) -> str:
    positive, zero, negative = inertia
    if positive and negative:
        return "indefinite"
    if not zero:
        return "positive definite" if positive else "negative definite"
    if not positive and not negative:
        return "zero"
    # Some eigenvalues are zero to this precision. Whether they are zero, or a rounding error
    # hides their sign, is decided in exact arithmetic on the doubles.
    sign = 1 if positive else -1
    rank = positive or negative
    if len(symmetric) <= MAX_EXACT_ORDER and _semidefinite(sign * symmetric, rank):
        return "positive semidefinite" if positive else "negative semidefinite"
    return "undecided"


def _semidefinite(symmetric: Array, rank: int) -> bool:
    """Whether a matrix of doubles is exactly positive semidefinite and of this rank.

    By symmetric elimination in rational numbers.
    """
    rows = [[Fraction(entry) for entry in row] for row in symmetric.tolist()]
    while rows:
        pivot, first = rows[0][0], rows[0][1:]
        if pivot < 0 or (pivot == 0 and any(first)):
            return False
        rank -= pivot > 0
        rows = [
            [b - a * c / pivot for b, c in zip(row[1:], first, strict=True)] if pivot else row[1:]
            for a, row in zip(first, rows[1:], strict=True)
        ]
    return rank == 0
