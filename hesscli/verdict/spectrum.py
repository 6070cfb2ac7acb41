"""Evaluation → report: spectrum, inertia, definiteness, and what kind of point it is.

Where the numbers are enclosed, signs are proved; else a tolerance decides, n·ε·‖H‖: the backward
error bound of the symmetric eigenvalue problem (Golub & Van Loan, *Matrix Computations*, §8.1).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import sympy
from flint import arb

from hesscli.answer import Answer, By, Doubles, Grounds, Verdict
from hesscli.balls.jets import BudgetError, Entry
from hesscli.balls.rounding import FIRST, LARGEST, nearest, rounded
from hesscli.exact.proof import Prover, exact
from hesscli.exact.spectrum.higher import degenerate_kind
from hesscli.exact.spectrum.inertia import components, definiteness_of, kind_of
from hesscli.exact.spectrum.nullity import is_singular, nullity
from hesscli.exact.spectrum.residuals import UNIT, bounded_eigenvalues
from hesscli.exact.spectrum.spectra import ProvedSpectrum, proved_spectrum
from hesscli.expression.names import symbol
from hesscli.functions.balls import NotProvedError, UndecidedError
from hesscli.functions.balls.enclosure import ZERO, Number
from hesscli.notes import Note, Remark
from hesscli.types import Array, Expr, Formula
from hesscli.verdict.enclosure import Enclosure
from hesscli.verdict.settle import Settled

# Up to so many rows, eigenvalues are known to all digits of a double; and their size, up to more.
MAX_PROVED_ORDER = 100
MAX_BOUNDED_ORDER = 500
# Up to so many rows, the formula is written out in its elements to look for its structure.
MAX_STRUCTURE = 100
# Larger matrices with eigenvalues near zero are left undecided rather than settled exactly.
MAX_EXACT_ORDER = 24


def judged(settled: Settled) -> Answer:
    """The answer with its verdict, in which None depends on what has no number."""
    answer = settled.answer
    jet, grounds = answer.jet, answer.grounds
    assert isinstance(jet, Doubles)
    assert grounds is not None
    # Without negative zeros.
    jet = Doubles(jet.value + 0.0, jet.gradient + 0.0, jet.hessian + 0.0)
    answer = replace(answer, jet=jet)
    if not np.isfinite(jet.hessian).all():
        return replace(answer, verdict=Verdict(stationary=_without_hessian(jet, grounds)))
    found, symmetric = None, jet.hessian / 2 + jet.hessian.T / 2
    if settled.enclosure is not None and len(jet.gradient) <= MAX_PROVED_ORDER:
        found = _spectrum(settled, settled.enclosure, len(jet.gradient))
    elif settled.enclosure is not None and len(jet.gradient) <= MAX_BOUNDED_ORDER:
        found = _bounded(symmetric, grounds)
    verdict = _by_tolerance(symmetric, grounds) if found is None else _proved(found, symmetric)
    if found is not None:
        answer = replace(answer, grounds=_with_eigenvalues(grounds, found))
    stationary, tolerance = _stationarity(jet, symmetric, grounds)
    kind = None
    if stationary:
        kind = kind_of(str(verdict.definiteness))
        if grounds.by is By.LIMIT:
            kind = "inconclusive"  # limits are no proof of what is near the point
        if kind == "inconclusive" and verdict.proved and not jet.gradient.any():
            kind = _by_higher_terms(settled, verdict) or kind
    verdict = replace(verdict, stationary=stationary, gradient_tolerance=tolerance, kind=kind)
    notes = (*answer.notes, *_asymmetry(jet.hessian, grounds.epsilon))
    return replace(answer, verdict=verdict, notes=notes)


def _without_hessian(jet: Doubles, grounds: Grounds) -> bool | None:
    if not np.isfinite(jet.gradient).all() or (grounds.underflow and not jet.gradient.any()):
        return None
    return not jet.gradient.any()


def _stationarity(jet: Doubles, symmetric: Array, grounds: Grounds) -> tuple[bool | None, float]:
    """Whether the point is stationary, and up to which slope.

    A slope is known up to the rounding of the point itself, which the Hessian carries into it.
    """
    allowed = 4 * (np.abs(symmetric) @ grounds.slack)
    stationary: bool | None = bool((np.abs(jet.gradient) <= allowed).all())
    if stationary and any(entry.startswith("gradient") for entry in grounds.below):
        stationary = None
    if stationary and grounds.sloping and not grounds.slack.any():
        stationary = False
    return stationary, min(float(allowed.max()), sys.float_info.max)


# By proof


def _spectrum(settled: Settled, enclosure: Enclosure, order: int) -> ProvedSpectrum | None:
    """The spectrum; where signs are missing, with what the formula's structure proves to be 0."""
    found = proved_spectrum(rows_at(enclosure, order))
    if found is None or not found.unknown or order > MAX_STRUCTURE:
        return found
    scalars = _scalars(settled)
    if scalars is None:
        return found
    formula, variables, point = scalars
    zeros = nullity(formula.expression, variables, point)
    if zeros:
        found = proved_spectrum(rows_at(enclosure, order), zeros)
    elif found.unknown == 1 and is_singular(formula.expression, variables, point):
        found = proved_spectrum(rows_at(enclosure, order), 1)
    return found


def _bounded(symmetric: Array, grounds: Grounds) -> ProvedSpectrum | None:
    """The spectrum of a matrix that is rounded once, by its residuals."""
    unknown = sum(bound for entry, bound in grounds.below.items() if entry.startswith("hessian"))
    error = float(np.linalg.norm(symmetric)) * UNIT + 2 * unknown
    found = bounded_eigenvalues(symmetric, error)
    if found is None:
        return None
    balls = tuple(arb(value, found[1]) for value in found[0].tolist())
    positive, negative = (sum(bool(s * ball > 0) for ball in balls) for s in (1, -1))
    return ProvedSpectrum(balls, positive, 0, negative, len(balls) - positive - negative)


def _by_higher_terms(settled: Settled, verdict: Verdict) -> str | None:
    """The kind of a stationary point with a singular Hessian, where it can be proved."""
    assert verdict.inertia is not None
    positive, zero, negative = verdict.inertia
    scalars = _scalars(settled) if sum(verdict.inertia) <= MAX_STRUCTURE else None
    if scalars is None or scalars[0].expression.has(sympy.Integral):
        return None
    formula, variables, point = scalars
    return degenerate_kind(formula.expression, variables, point, positive, zero, negative)


def _scalars(settled: Settled) -> tuple[Formula, list[Expr], dict[Expr, Expr]] | None:
    found = settled.in_scalars()
    if found is None:
        return None
    formula, values = found
    formula = formula.definition or formula
    point = {symbol(name): exact(value) for name, value in values.items()}
    # Neither the structure nor the series is told of the pieces that hold elsewhere.
    piece = Prover(formula, values).piece()
    formula = formula if piece is None else replace(formula, expression=piece)
    return formula, [symbol(name) for name in formula.differentiated], point


def rows_at(enclosure: Enclosure, order: int) -> Callable[[int], list[list[Number]] | None]:
    """The Hessian at a working precision."""

    def rows(bits: int) -> list[list[Number]] | None:
        try:
            # As many bits more as it took to know the entries.
            found = enclosure.at_least(bits + enclosure.bits - FIRST)
        except (BudgetError, NotProvedError, UndecidedError):
            return None
        matrix = [[ZERO] * order for _ in range(order)]
        for entry, number in found.items():
            if len(entry) == 2:
                i, j = entry
                matrix[i][j] = matrix[j][i] = number
        return matrix

    return rows


def _proved(found: ProvedSpectrum, symmetric: Array) -> Verdict:
    """The verdict; of an eigenvalue whose enclosure is too wide, what doubles give."""
    eigenvalues = np.array([0.0 if _holds_zero(e) else nearest(e) for e in found.eigenvalues])
    wide = np.array([not _is_finite(e) for e in found.eigenvalues])
    if wide.any():
        eigenvalues[wide] = spectrum(symmetric)[wide]
    eigenvalues += 0.0  # without negative zeros
    inertia = (found.positive, found.zero, found.negative)
    return Verdict(
        eigenvalues=eigenvalues if np.isfinite(eigenvalues).all() else None,
        inertia=inertia,
        definiteness=definiteness_of(*inertia, found.unknown),
        unknown=found.unknown,
        proved=not found.unknown,
    )


def _is_finite(number: Number) -> bool:
    return type(number) is not arb or (not abs(number) > LARGEST and bool(number.is_finite()))


def _holds_zero(number: Number) -> bool:
    return type(number) is arb and bool(number.contains(0))


def _with_eigenvalues(grounds: Grounds, found: ProvedSpectrum) -> Grounds:
    """The digits and bounds of all numbers, the eigenvalues among them."""
    known: dict[Entry, Number] = {(k,): e for k, e in enumerate(found.eigenvalues) if _is_finite(e)}
    numbers = rounded(known)
    below = {f"eigenvalues[{k}]": bound for (k,), bound in numbers.below.items()}
    digits = grounds.digits
    if digits is not None:
        digits = min(digits, numbers.digits) if len(known) == len(found.eigenvalues) else 0
    return replace(grounds, digits=digits, below={**grounds.below, **below})


# By a tolerance


def _by_tolerance(symmetric: Array, grounds: Grounds) -> Verdict:
    """What follows from doubles alone."""
    eigenvalues = spectrum(symmetric)
    norm = float(np.abs(eigenvalues).max())
    tolerance = min(len(symmetric) * grounds.epsilon * norm, sys.float_info.max)
    inertia = (
        int((eigenvalues > tolerance).sum()),
        int((np.abs(eigenvalues) <= tolerance).sum()),
        int((eigenvalues < -tolerance).sum()),
    )
    definiteness = _definiteness(symmetric, inertia)
    if grounds.underflow and inertia[1]:
        definiteness = "indefinite" if definiteness == "indefinite" else "undecided"
    return Verdict(
        eigenvalues=eigenvalues + 0.0 if np.isfinite(eigenvalues).all() else None,
        tolerance=tolerance,
        inertia=inertia,
        definiteness=definiteness,
    )


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
