"""Autograd's sums and the examined elements → the evaluation of a whole point.

A formula is elementwise, so its Hessian is the sum of what its elements contribute: those that
autograd can do come in as sums, the others are examined one by one and added in their places.
Where the whole is small enough, autograd's numbers are compared with the exact derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from hesscli.answer import Answer, Basis, Doubles, Grounds, Place, Undefined
from hesscli.cost import Clock
from hesscli.errors import HessError, TooSlowError
from hesscli.exact.limits import Examined, Examiner, undefined_entries
from hesscli.expression.graph import MAX_ELEMENTS, Graph
from hesscli.notes import Note, Reason, Remark
from hesscli.shapes import Shape, index_text, size
from hesscli.types import (
    Array,
    Expr,
    Formula,
    Point,
    Sums,
    Value,
    Values,
    Verify,
)

# Formulas up to this size are verified by default: what it costs is measured by
# tests/benchmarks/verify.py. The time is a limit for functions that mpmath is slow at.
MAX_VERIFIED_OPERATIONS = 5_000
MAX_VERIFIED_ELEMENTS = 8
VERIFYING_SECONDS = 0.5
NO_CLOCK = Clock()
# In units of the dtype's rounding, and relative to the exact number: in a dtype of the user's own
# choice, autograd's numbers are kept up to the first; digits were lost beyond the second.
KEPT = 4_500
LOST = 450_000


@dataclass
class _Contribution:
    """What some elements add to value, gradient and Hessian."""

    value: Array  # of shape (), so that all parts can be treated alike
    gradient: Array
    hessian: Array

    @classmethod
    def zero(cls, order: int) -> _Contribution:
        """What no element adds."""
        return cls(np.zeros(()), np.zeros(order), np.zeros((order, order)))

    def add(self, jet: Examined, rows: Sequence[int]) -> None:
        """Add an element's jet, whose variables stand in these rows."""
        with np.errstate(over="ignore"):  # what overflows is told by _overflow
            self.value += _nan(jet.value)
            for i, row in enumerate(rows):
                self.gradient[row] += _nan(jet.gradient[i])
                for j, column in enumerate(rows):
                    self.hessian[row, column] += _nan(jet.hessian[i][j])

    def plus(self, other: _Contribution) -> _Contribution:
        """Both together."""
        pairs = zip(self.parts(), other.parts(), strict=True)
        return _Contribution(*(np.asarray(mine + others) for (_, mine), (_, others) in pairs))

    def parts(self) -> tuple[tuple[str, Array], ...]:
        """Value, gradient and Hessian with their names in an answer."""
        return ("value", self.value), ("gradient", self.gradient), ("hessian", self.hessian)


def may_be_small(graph: Graph, shapes: Mapping[str, Shape], order: int) -> bool:
    """Whether a formula may be small once it is written out in its elements."""
    return (
        sum(map(size, shapes.values())) <= MAX_ELEMENTS
        and graph.least_operations(shapes) * order**2 <= MAX_VERIFIED_OPERATIONS
    )


def is_small(sums: Sums, formula: Formula) -> bool:
    """Whether the exact derivatives of ``formula`` take a small part of the time of a run."""
    if sums.structural is not None:  # its elements cannot be examined one by one
        return False
    elements = size(sums.shape)
    work = sums.operations * formula.wrt**2 * elements
    return elements <= MAX_VERIFIED_ELEMENTS and work <= MAX_VERIFIED_OPERATIONS


def settle(
    sums: Sums,
    point: Point,
    examiner: Examiner,
    notes: tuple[Remark, ...] = (),
    verify: Verify = Verify.auto,
    clock: Clock = NO_CLOCK,
) -> Answer:
    """The answer that autograd's sums and the examined elements make, as yet without a verdict.

    Where it is verified, the numbers are those of the exact derivatives, rounded once; a note says
    where autograd's are far from them. ``notes`` are what is known about the point already.
    """
    formula = examiner.formula
    elements = _Elements(sums, point, examiner)
    with clock.within(0, "examining the kinks and edges at this point"):
        total = elements.contribution(sums.suspects)
    met = list(elements.found)
    rest = _Contribution(np.array(sums.value), sums.gradient, sums.hessian)
    exact, reason = _exactly(elements, sums, formula, verify, clock)
    digits = whole = None
    if exact is not None:
        if any(jet.reasons for jet, _ in elements.found[len(met) :]):
            rest, met = exact, elements.found
        else:
            notes = (*notes, *_lost(rest, exact, sums, elements))
            rest = _mended(rest, exact, sums)
        whole = total.plus(exact)
        digits = _digits(total.plus(rest), whole, sums.epsilon)
        reason = Remark(Reason.NO_NUMBER) if digits is None else None
    total = total.plus(rest)
    undefined = (*undefined_entries(met, formula, len(sums.gradient)), *_overflow(total, formula))
    if not all(jet.defined for jet, _ in met):
        # Where the formula itself has no value, no derivative of the sum means anything.
        total.gradient[:], total.hessian[:] = np.nan, np.nan
        digits, reason = None, reason if exact is None else Remark(Reason.NO_NUMBER)
    underflow = any(jet.underflow for jet, _ in elements.found)
    if underflow:
        notes = (*notes, Remark(Note.UNDERFLOW))
    how = dict.fromkeys(note for jet, _ in met for note in jet.notes)
    structural = sums.structural
    if structural is None:
        structural = examiner.zeros(sums.variables, sums.shape, known=exact is not None)
    return Answer(
        basis=Basis.DOUBLES,
        formula=formula,
        place=Place(sums.variables, sums.constants, sums.numbers),
        jet=Doubles(float(total.value), total.gradient, total.hessian),
        structural=structural,
        grounds=Grounds(
            digits=digits,
            reason=reason,
            hessian=None if whole is None else whole.hessian,
            epsilon=sums.epsilon,
            slack=_slack(point, sums, exact is not None and not sums.single),
            underflow=underflow,
        ),
        undefined=undefined,
        notes=(*formula.notes, *summed(sums.shape), *notes, *how),
    )


class _Elements:
    """The elements of the broadcast tensor, examined one by one."""

    def __init__(self, sums: Sums, point: Point, examiner: Examiner) -> None:
        self.sums = sums
        self.point = point
        self.examiner = examiner
        self.found: list[tuple[Examined, list[int]]] = []
        self.jets: dict[tuple[Fraction | float | Expr, ...], Examined] = {}

    @cached_property
    def places(self) -> dict[str, Callable[[int], int]]:
        """For each variable, from an element of the tensor to the variable's own."""
        sums = self.sums
        return {
            v.name: _elements_at(v.shape, sums.shape) for v in (*sums.variables, *sums.constants)
        }

    @cached_property
    def starts(self) -> dict[str, int]:
        """The row at which each variable begins."""
        starts: dict[str, int] = {}
        for variable in self.sums.variables:
            starts[variable.name] = sum(v.size for v in self.sums.variables[: len(starts)])
        return starts

    def contribution(self, elements: Iterable[int]) -> _Contribution:
        """What these elements add."""
        total = _Contribution.zero(len(self.sums.gradient))
        for element in elements:
            jet = self._examined(element)
            rows = [
                self.starts[name] + self.places[name](element)
                for name in self.examiner.formula.differentiated
            ]
            self.found.append((jet, rows))
            total.add(jet, rows)
        return total

    def _examined(self, element: int) -> Examined:
        scalars = {
            name: _scalar(self.point.values[name], self.sums.numbers[name], place(element))
            for name, place in self.places.items()
        }
        key = tuple(scalars.values())
        if key not in self.jets:
            self.jets[key] = self.examiner(scalars, index_text(self.sums.shape, element))
        return self.jets[key]


def _exactly(
    elements: _Elements, sums: Sums, formula: Formula, verify: Verify, clock: Clock
) -> tuple[_Contribution | None, Remark | None]:
    """What the elements that autograd did add exactly, or why that was not computed."""
    if verify is Verify.never:
        return None, Remark(Reason.NOT_ASKED)
    if verify is Verify.auto and not is_small(sums, formula):
        return None, Remark(Reason.TOO_LARGE)
    suspects = set(sums.suspects)
    regular = [k for k in range(size(sums.shape)) if k not in suspects]
    seconds = VERIFYING_SECONDS if verify is Verify.auto else 0
    known = len(elements.found)
    try:
        with clock.within(seconds, "comparing with the exact derivatives"):
            return elements.contribution(regular), None
    except TooSlowError:
        if verify is Verify.always:
            raise
        reason = Remark(Reason.TOO_SLOW, (seconds,))
    except HessError as error:
        if verify is Verify.always:
            raise
        reason = Remark(Reason.REFUSED, (error.message,))
    del elements.found[known:]
    return None, reason


def _mended(rest: _Contribution, exact: _Contribution, sums: Sums) -> _Contribution:
    """The exact numbers; in less than double precision, autograd's where they agree."""
    if not sums.single:
        return exact
    kept = KEPT * sums.epsilon
    pairs = zip(rest.parts(), exact.parts(), strict=True)
    return _Contribution(
        *(
            np.where(_difference(found, right) <= kept * np.abs(right), found, right)
            for (_, found), (_, right) in pairs
        )
    )


def _lost(
    rest: _Contribution, exact: _Contribution, sums: Sums, elements: _Elements
) -> Iterator[Remark]:
    """A note where autograd lost digits beyond the rounding of the whole matrix.

    A slope is known up to the rounding of the coordinates times the curvature.
    """
    epsilon = sums.epsilon
    curvature = float(np.abs(exact.hessian).max())
    slope = float(np.abs(exact.gradient).max())
    reach = max(float(np.abs(numbers).max()) for numbers in sums.numbers.values())
    allowed = {
        "value": 0.0,
        "gradient": 8 * epsilon * (slope + curvature * reach),
        "hessian": 8 * epsilon * curvature,
    }
    for (name, found), (_, right) in zip(rest.parts(), exact.parts(), strict=True):
        excess = _difference(found, right)
        lost = ~(excess <= np.maximum(LOST * epsilon * np.abs(right), allowed[name]))
        if lost.any():
            worst = np.unravel_index(int(np.argmax(np.where(lost, excess, -1.0))), excess.shape)
            entry = name + "".join(f"[{k}]" for k in worst)
            yield Remark(Note.LOST_DIGITS, (entry, float(found[worst])))
            return


def _digits(found: _Contribution, exact: _Contribution, epsilon: float) -> int | None:
    """The significant digits to which every number agrees; None where there is no number."""
    worst = 0.0
    some = False
    for (_, a), (_, b) in zip(found.parts(), exact.parts(), strict=True):
        both = np.isfinite(a) & np.isfinite(b)
        some |= bool(both.any())
        error = np.where(both & (b != 0), _difference(a, b) / np.where(b == 0, 1.0, np.abs(b)), 0.0)
        worst = max(worst, float(error.max()))
    return int(-np.log10(max(worst, epsilon / 2))) if some else None


def _difference(found: Array, exact: Array) -> Array:
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray(np.abs(found - exact))


def _overflow(total: _Contribution, formula: Formula) -> list[Undefined]:
    """Turns infinite sums into missing entries, with the reason."""
    names = [name for name, numbers in total.parts() if np.isinf(numbers).any()]
    if not names:
        return []
    for _, numbers in total.parts():
        numbers[np.isinf(numbers)] = np.nan
    return [Undefined(formula.text, None, Remark(Reason.SUM_TOO_LARGE), tuple(names))]


def _slack(point: Point, sums: Sums, is_exact: bool) -> Array:
    """How far each coordinate may be from the one that was meant.

    A coordinate that was typed with few digits is meant exactly, and where the gradient was
    computed exactly at it, nothing was rounded; one with all the digits of a double is a rounded
    number. Near a pole or an edge, the distance to it is what matters, and the point is taken as it
    is.
    """
    numbers = np.concatenate([sums.numbers[v.name] for v in sums.variables])
    if sums.suspects:
        return np.zeros_like(numbers)
    values = [point.values[v.name] for v in sums.variables]
    meant = [
        is_exact and isinstance(e, Fraction) and Fraction(f"{float(e):.14g}") == e
        for v, value in zip(sums.variables, values, strict=True)
        for e in (value.entries if isinstance(value, Values) else [None] * v.size)
    ]
    return np.where(meant, 0.0, sums.epsilon * np.abs(numbers))


def summed(shape: tuple[int, ...]) -> list[Remark]:
    """A note where a formula gives a tensor."""
    count = size(shape)
    if count == 1:
        return []
    return [Remark(Note.SUMMED, (count, list(shape)))]


def _nan(number: float | None) -> float:
    return float("nan") if number is None else number


def _elements_at(own: tuple[int, ...], shape: tuple[int, ...]) -> Callable[[int], int]:
    """From a flat index into the broadcast tensor to the flat index into a variable's own."""
    indices = np.broadcast_to(np.arange(size(own)).reshape(own), shape).reshape(-1)
    return lambda element: int(indices[element])


def _scalar(value: Value, numbers: Array, element: int) -> Fraction | float | Expr:
    """One element, exact where the user's text was."""
    if isinstance(value, Values):
        return value.entries[element]
    return float(numbers[element])
