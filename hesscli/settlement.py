"""Autograd's sums and the examined elements → the evaluation of a whole point.

A formula is elementwise, so its Hessian is the sum of what its elements contribute: those that
autograd can do come in as sums, the others are examined one by one and added in their places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from hesscli.deadline import TooSlowError, limit
from hesscli.errors import ExitStatus, HessError
from hesscli.existence import Examiner, Jet
from hesscli.model import (
    Array,
    Evaluation,
    Expr,
    Formula,
    Point,
    Site,
    Sums,
    Undefined,
    Value,
    Values,
)
from hesscli.shapes import index_text, size

MAX_EXAMINED = 1_000
# Formulas up to this size are verified: what it costs is measured by tests/benchmarks/verify.py.
MAX_VERIFIED_OPERATIONS = 5_000
MAX_VERIFIED_ELEMENTS = 8
# Entries of autograd that share fewer digits with the exact derivative are replaced by it, unless
# they are as small as the rounding of the largest entry.
DIGITS_AGREE = 1e-10
VERIFYING_SECONDS = 2.0
EXAMINING_SECONDS = 20.0


@dataclass
class _Contribution:
    """What some elements add to value, gradient and Hessian."""

    value: float
    gradient: Array
    hessian: Array

    def add(self, jet: Jet, rows: Sequence[int]) -> None:
        """Add an element's jet, whose variables stand in these rows."""
        self.value += _nan(jet.value)
        for i, row in enumerate(rows):
            self.gradient[row] += _nan(jet.gradient[i])
            for j, column in enumerate(rows):
                self.hessian[row, column] += _nan(jet.hessian[i][j])

    def plus(self, other: _Contribution) -> _Contribution:
        """Both together."""
        return _Contribution(
            self.value + other.value, self.gradient + other.gradient, self.hessian + other.hessian
        )

    def agrees_with(self, exact: _Contribution, reach: float, epsilon: float) -> bool:
        """Whether this has the digits of ``exact`` that floating point can give.

        ``reach`` is the largest coordinate: a slope is known up to its rounding times the
        curvature.
        """
        curvature = float(np.abs(exact.hessian).max())
        slope = float(np.abs(exact.gradient).max())
        return (
            _close(self.value, exact.value, 0.0)
            and _close(self.gradient, exact.gradient, 8 * epsilon * (slope + curvature * reach))
            and _close(self.hessian, exact.hessian, 8 * epsilon * curvature)
        )


def _close(found: Array | float, exact: Array | float, allowed: float) -> bool:
    with np.errstate(invalid="ignore", over="ignore"):
        difference = np.abs(np.asarray(found) - exact)
    return bool((difference <= np.maximum(DIGITS_AGREE * np.abs(exact), allowed)).all())


def is_small(formula: Formula, elements: int) -> bool:
    """Whether the exact derivatives of ``formula`` take a small part of the time of a run."""
    if elements > MAX_VERIFIED_ELEMENTS:
        return False
    operations = int(formula.expression.count_ops())
    return operations * formula.wrt**2 * elements <= MAX_VERIFIED_OPERATIONS


def settle(sums: Sums, point: Point, examiner: Examiner, notes: tuple[str, ...] = ()) -> Evaluation:
    """The evaluation that autograd's sums and the examined elements make together.

    A small formula is examined at every element, and autograd's numbers are kept only where they
    agree. ``notes`` are what is known about the point already.
    """
    formula = examiner.formula
    order = len(sums.gradient)
    places = {v.name: _elements_at(v.shape, sums.shape) for v in (*sums.variables, *sums.constants)}
    starts: dict[str, int] = {}
    for variable in sums.variables:
        starts[variable.name] = sum(v.size for v in sums.variables[: len(starts)])
    jets: dict[Any, Jet] = {}

    def examined(element: int) -> tuple[Jet, list[int]]:
        scalars = {
            name: _scalar(point.values[name], sums.numbers[name], place(element))
            for name, place in places.items()
        }
        key = tuple(scalars.values())
        if key not in jets:
            if len(jets) >= MAX_EXAMINED:
                raise HessError(
                    "too-large",
                    f"more than {MAX_EXAMINED:,} elements lie at a kink or outside the domain",
                    hint="a point with fewer such elements",
                    status=ExitStatus.NO_ANSWER,
                )
            jets[key] = examiner(scalars, index_text(sums.shape, element))
        return jets[key], [starts[name] + places[name](element) for name in formula.differentiated]

    def contribution(elements: Iterable[int]) -> tuple[_Contribution, list[tuple[Jet, list[int]]]]:
        total = _Contribution(0.0, np.zeros(order), np.zeros((order, order)))
        found = [examined(element) for element in elements]
        for jet, rows in found:
            total.add(jet, rows)
        return total, found

    with limit(EXAMINING_SECONDS, "examining the kinks and edges at this point"):
        total, found = contribution(sums.suspects)
    rest = _Contribution(sums.value, sums.gradient, sums.hessian)
    is_exact = False
    others: list[tuple[Jet, list[int]]] = []
    if is_small(formula, size(sums.shape)):
        suspects = set(sums.suspects)
        regular = [k for k in range(size(sums.shape)) if k not in suspects]
        try:
            with limit(VERIFYING_SECONDS, "verifying"):
                exact, others = contribution(regular)
        except TooSlowError:
            notes = (*notes, "not compared with the exact derivatives, which take too long")
        else:
            is_exact = not sums.single
            reach = max(float(np.abs(numbers).max()) for numbers in sums.numbers.values())
            broken = any(jet.reasons for jet, _ in others)
            if broken or (is_exact and not rest.agrees_with(exact, reach, sums.epsilon)):
                rest = exact
                found += others
            elif is_exact:
                # The same to rounding; but whether it is 0 decides whether the point is stationary.
                rest.gradient = exact.gradient
    total = total.plus(rest)
    undefined = (*_undefined(found, formula, order), *_overflow(total, formula))
    if not all(jet.defined for jet, _ in found):
        # Where the formula itself has no value, no derivative of the sum means anything.
        total.gradient[:], total.hessian[:] = np.nan, np.nan
    underflow = any(jet.underflow for jet, _ in (*found, *others))
    if underflow:
        notes = (*notes, "a number below the smallest double, 5e-324, is given as 0")
    how = dict.fromkeys(note for jet, _ in found for note in jet.notes)
    return Evaluation(
        formula=formula,
        variables=sums.variables,
        constants=sums.constants,
        point=sums.numbers,
        value=total.value,
        gradient=total.gradient,
        hessian=total.hessian,
        epsilon=sums.epsilon,
        slack=np.concatenate(
            [_slack(point.values[v.name], sums, v.name, is_exact) for v in sums.variables]
        ),
        underflow=underflow,
        undefined=undefined,
        notes=(*formula.notes, *_summed(sums.shape), *notes, *how),
    )


def _overflow(total: _Contribution, formula: Formula) -> list[Undefined]:
    """Turns infinite sums into missing entries, with the reason."""
    parts = {"value": np.array(total.value), "gradient": total.gradient, "hessian": total.hessian}
    names = [name for name, numbers in parts.items() if np.isinf(numbers).any()]
    if not names:
        return []
    total.value = float(np.where(np.isinf(total.value), np.nan, total.value))
    total.gradient[np.isinf(total.gradient)] = np.nan
    total.hessian[np.isinf(total.hessian)] = np.nan
    reason = "the sum over the elements is beyond the largest double, 1.8e308"
    return [Undefined(formula.text, None, reason, tuple(names))]


def _undefined(
    found: Sequence[tuple[Jet, list[int]]], formula: Formula, order: int
) -> tuple[Undefined, ...]:
    """The reasons of all elements, each once, with the entries that it leaves without a number."""
    entries: dict[tuple[Site | None, str], list[str]] = {}
    for jet, rows in found:
        for reason in jet.reasons:
            entries.setdefault(reason, []).extend(_paths(jet, rows, order))
    return tuple(
        Undefined(
            part=site.part if site else formula.text,
            span=site.span if site else None,
            reason=reason,
            entries=tuple(dict.fromkeys(paths)),
        )
        for (site, reason), paths in entries.items()
    )


def _slack(value: Value, sums: Sums, name: str, is_exact: bool) -> Array:
    """How far each coordinate may be from the one that was meant.

    A coordinate that was typed with few digits is meant exactly, and where the gradient was
    computed exactly at it, nothing was rounded; one with all the digits of a double is a rounded
    number.
    """
    numbers = sums.numbers[name]
    rounding: Array = sums.epsilon * np.abs(numbers)
    if is_exact and isinstance(value, Values):
        meant = [
            isinstance(e, Fraction) and Fraction(f"{float(e):.14g}") == e for e in value.entries
        ]
        rounding[np.array(meant)] = 0.0
    return rounding


def _summed(shape: tuple[int, ...]) -> list[str]:
    count = size(shape)
    if count == 1:
        return []
    return [f"summed over {count} elements: the formula gives a tensor of shape {list(shape)}"]


def _paths(jet: Jet, rows: Sequence[int], order: int) -> list[str]:
    """The entries that this jet leaves without a number, as paths into the JSON answer."""
    if not jet.defined:
        return ["value", "gradient", "hessian"]
    whole = len(rows) == order and None not in (jet.value, *jet.gradient)
    if whole and all(entry is None for row in jet.hessian for entry in row):
        return ["hessian"]
    paths = ["value"] if jet.value is None else []
    paths += [f"gradient[{row}]" for i, row in enumerate(rows) if jet.gradient[i] is None]
    paths += [
        f"hessian[{row}][{column}]"
        for i, row in enumerate(rows)
        for j, column in enumerate(rows)
        if jet.hessian[i][j] is None
    ]
    return paths


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
