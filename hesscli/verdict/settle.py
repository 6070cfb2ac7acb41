"""Autograd's sums and the examined elements → the evaluation of a whole point.

A formula is elementwise, so its Hessian is the sum of what its elements contribute: those that
autograd can do come in as sums, the others are examined one by one and added in their places.
Where the whole is small enough, autograd's numbers are compared with the exact derivatives.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hesscli.answer import Answer, Basis, Doubles, Grounds, Place, Undefined
from hesscli.cost import Clock
from hesscli.derive.pattern import rows_of
from hesscli.errors import HessError, TooSlowError
from hesscli.exact.limits import Examined, Examiner, undefined_entries
from hesscli.expression.graph import MAX_ELEMENTS, Graph
from hesscli.notes import Note, Reason, Remark
from hesscli.shapes import Shape, index_text, size
from hesscli.types import Array, Expr, Formula, Mask, Point, Sums, Values, Verify

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


def _parts(packed: Array, order: int) -> dict[str, Array]:
    """Value, gradient and Hessian of what is packed, by their names in an answer.

    They stand one after the other, as what is done to one is done to all.
    """
    value, gradient, hessian = np.split(packed, [1, 1 + order])
    return {
        "value": value.reshape(()),
        "gradient": gradient,
        "hessian": hessian.reshape(order, order),
    }


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
    rest = np.concatenate([[sums.value], sums.gradient, sums.hessian.ravel()])
    exact, reason = _exactly(elements, sums, formula, verify, clock)
    digits = whole = None
    if exact is not None:
        if any(jet.reasons for jet, _ in elements.found[len(met) :]):
            rest, met = exact, elements.found
        else:
            notes = (*notes, *_lost(rest, exact, sums))
            rest = _mended(rest, exact, sums)
        whole = total + exact
        digits = _digits(total + rest, whole, sums.epsilon)
        reason = Remark(Reason.NO_NUMBER) if digits is None else None
    total += rest
    order = len(sums.gradient)
    undefined = (*undefined_entries(met, formula, order), *_overflow(total, order, formula))
    if not all(jet.defined for jet, _ in met):
        # Where the formula itself has no value, no derivative of the sum means anything.
        total[1:] = np.nan
        digits, reason = None, reason if exact is None else Remark(Reason.NO_NUMBER)
    underflow = any(jet.underflow for jet, _ in elements.found)
    if underflow:
        notes = (*notes, Remark(Note.UNDERFLOW))
    how = dict.fromkeys(note for jet, _ in met for note in jet.notes)
    found = _parts(total, order)
    return Answer(
        basis=Basis.DOUBLES,
        formula=formula,
        place=Place(sums.variables, sums.constants, sums.numbers),
        jet=Doubles(float(total[0]), found["gradient"], found["hessian"]),
        structural=elements.zeros(known=exact is not None),
        grounds=Grounds(
            digits=digits,
            reason=reason,
            hessian=None if whole is None else _parts(whole, order)["hessian"],
            epsilon=sums.epsilon,
            slack=_slack(elements, exact is not None and not sums.single),
            underflow=underflow,
        ),
        undefined=undefined,
        notes=(*formula.notes, *summed(sums.shape), *notes, *how),
    )


class _Elements:
    """The elements of the broadcast tensor, examined one by one."""

    def __init__(self, sums: Sums, point: Point, examiner: Examiner) -> None:
        self.sums = sums
        self.examiner = examiner
        self.entries = {
            name: value.entries for name, value in point.values.items() if isinstance(value, Values)
        }
        self.found: list[tuple[Examined, list[int]]] = []
        self.jets: dict[tuple[Fraction | float | Expr, ...], Examined] = {}

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """For each element of the tensor, that of each variable's own."""
        sums = self.sums
        return {
            v.name: _spread(np.arange(v.size).reshape(v.shape), sums.shape)
            for v in (*sums.variables, *sums.constants)
        }

    @cached_property
    def rows(self) -> list[list[int]]:
        """For each element of the tensor, the row of each differentiated variable's own."""
        return [_spread(rows, self.sums.shape) for rows in rows_of(self.sums.variables).values()]

    def contribution(self, elements: Iterable[int]) -> Array:
        """What these elements add, packed."""
        order = len(self.sums.gradient)
        total = np.zeros(1 + order + order**2)
        parts = _parts(total, order)
        for element in elements:
            jet = self._examined(element)
            rows = [rows[element] for rows in self.rows]
            self.found.append((jet, rows))
            with np.errstate(over="ignore"):  # what overflows is told by _overflow
                parts["value"] += np.asarray(jet.value, float)
                parts["gradient"][rows] += np.asarray(jet.gradient, float)
                parts["hessian"][np.ix_(rows, rows)] += np.asarray(jet.hessian, float)
        return total

    def zeros(self, *, known: bool) -> Mask:
        """Where the Hessian is zero at every point; with ``known``, by the derivatives too."""
        if self.sums.structural is not None:
            return self.sums.structural
        return self.examiner.zeros(self.sums.variables, self.sums.shape, known=known)

    def _examined(self, element: int) -> Examined:
        scalars = {name: self.entries[name][own[element]] for name, own in self.places.items()}
        key = tuple(scalars.values())
        if key not in self.jets:
            self.jets[key] = self.examiner(scalars, index_text(self.sums.shape, element))
        return self.jets[key]


def _spread(own: NDArray[np.intp], shape: Shape) -> list[int]:
    """For each element of a tensor of this shape, that of ``own``."""
    spread: list[int] = np.broadcast_to(own, shape).ravel().tolist()
    return spread


def _exactly(
    elements: _Elements, sums: Sums, formula: Formula, verify: Verify, clock: Clock
) -> tuple[Array | None, Remark | None]:
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


def _mended(found: Array, exact: Array, sums: Sums) -> Array:
    """The exact numbers; in less than double precision, autograd's where they agree."""
    if not sums.single:
        return exact
    kept = KEPT * sums.epsilon * np.abs(exact)
    return np.where(_difference(found, exact) <= kept, found, exact)


def _lost(found: Array, exact: Array, sums: Sums) -> Iterator[Remark]:
    """A note where autograd lost digits beyond the rounding of the whole matrix.

    A slope is known up to the rounding of the coordinates times the curvature.
    """
    order, epsilon = len(sums.gradient), sums.epsilon
    computed, right = _parts(found, order), _parts(exact, order)
    curvature = float(np.abs(right["hessian"]).max())
    slope = float(np.abs(right["gradient"]).max())
    reach = max(float(np.abs(numbers).max()) for numbers in sums.numbers.values())
    allowed = {
        "value": 0.0,
        "gradient": 8 * epsilon * (slope + curvature * reach),
        "hessian": 8 * epsilon * curvature,
    }
    for name, least in allowed.items():
        excess = _difference(computed[name], right[name])
        lost = ~(excess <= np.maximum(LOST * epsilon * np.abs(right[name]), least))
        if lost.any():
            worst = np.unravel_index(int(np.argmax(np.where(lost, excess, -1.0))), excess.shape)
            entry = name + "".join(f"[{k}]" for k in worst)
            yield Remark(Note.LOST_DIGITS, (entry, float(computed[name][worst])))
            return


def _digits(found: Array, exact: Array, epsilon: float) -> int | None:
    """The significant digits to which every number agrees; None where there is no number."""
    both = np.isfinite(found) & np.isfinite(exact)
    if not both.any():
        return None
    both &= exact != 0
    errors = _difference(found[both], exact[both]) / np.abs(exact[both])
    return int(-np.log10(max(float(errors.max(initial=0.0)), epsilon / 2)))


def _difference(found: Array, exact: Array) -> Array:
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray(np.abs(found - exact))


def _overflow(total: Array, order: int, formula: Formula) -> list[Undefined]:
    """Turns infinite sums into missing entries, with the reason."""
    infinite = np.isinf(total)
    if not infinite.any():
        return []
    total[infinite] = np.nan
    names = tuple(name for name, part in _parts(infinite, order).items() if part.any())
    return [Undefined(formula.text, None, Remark(Reason.SUM_TOO_LARGE), names)]


def _slack(elements: _Elements, is_exact: bool) -> Array:
    """How far each coordinate may be from the one that was meant.

    A coordinate that was typed with few digits is meant exactly, and where the gradient was
    computed exactly at it, nothing was rounded; one with all the digits of a double is a rounded
    number. Near a pole or an edge, the distance to it is what matters, and the point is taken as it
    is.
    """
    sums = elements.sums
    numbers = np.concatenate([sums.numbers[v.name] for v in sums.variables])
    if sums.suspects:
        return np.zeros_like(numbers)
    meant = [
        is_exact and isinstance(e, Fraction) and Fraction(f"{float(e):.14g}") == e
        for v in sums.variables
        for e in elements.entries[v.name]
    ]
    return np.where(meant, 0.0, sums.epsilon * np.abs(numbers))


def summed(shape: tuple[int, ...]) -> list[Remark]:
    """A note where a formula gives a tensor."""
    count = size(shape)
    if count == 1:
        return []
    return [Remark(Note.SUMMED, (count, list(shape)))]
