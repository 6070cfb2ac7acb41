"""Autograd's sums and the examined elements → the evaluation of a whole point.

A formula is elementwise, so its Hessian is the sum of what its elements contribute: those that
autograd can do come in as sums, the others are examined one by one and added in their places.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from hesscli.errors import ExitStatus, HessError
from hesscli.existence import Examiner, Jet
from hesscli.model import Array, Evaluation, Expr, Point, Site, Sums, Undefined, Value, Values
from hesscli.shapes import index_text, size

MAX_EXAMINED = 1_000


def settle(sums: Sums, point: Point, examiner: Examiner, notes: tuple[str, ...] = ()) -> Evaluation:
    """The evaluation that autograd's sums and the examined elements make together.

    ``notes`` are what is known about the point already.
    """
    formula = examiner.formula
    value, gradient, hessian = sums.value, sums.gradient.copy(), sums.hessian.copy()
    places = {v.name: _elements_at(v.shape, sums.shape) for v in (*sums.variables, *sums.constants)}
    starts: dict[str, int] = {}
    for variable in sums.variables:
        starts[variable.name] = sum(v.size for v in sums.variables[: len(starts)])
    jets: dict[Any, Jet] = {}
    reasons: dict[tuple[Site | None, str], list[str]] = {}
    found: dict[str, None] = {}
    for element in sums.suspects:
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
        jet = jets[key]
        rows = [starts[name] + places[name](element) for name in formula.differentiated]
        value += _nan(jet.value)
        for i, row in enumerate(rows):
            gradient[row] += _nan(jet.gradient[i])
            for j, column in enumerate(rows):
                hessian[row, column] += _nan(jet.hessian[i][j])
        for reason in jet.reasons:
            reasons.setdefault(reason, []).extend(_paths(jet, rows, len(gradient)))
        found.update(dict.fromkeys(jet.notes))
    undefined = tuple(
        Undefined(
            part=site.part if site else formula.text,
            span=site.span if site else None,
            reason=reason,
            entries=tuple(dict.fromkeys(entries)),
        )
        for (site, reason), entries in reasons.items()
    )
    if np.isnan(value):
        # Where the formula itself has no value, no derivative of the sum means anything.
        gradient[:], hessian[:] = np.nan, np.nan
    return Evaluation(
        formula=formula,
        variables=sums.variables,
        constants=sums.constants,
        point=sums.numbers,
        value=value,
        gradient=gradient,
        hessian=hessian,
        epsilon=sums.epsilon,
        undefined=undefined,
        notes=(*formula.notes, *_summed(sums.shape), *notes, *found),
    )


def _summed(shape: tuple[int, ...]) -> list[str]:
    count = size(shape)
    if count == 1:
        return []
    return [f"summed over {count} elements: the formula gives a tensor of shape {list(shape)}"]


def _paths(jet: Jet, rows: Sequence[int], order: int) -> list[str]:
    """The entries that this jet leaves without a number, as paths into the JSON answer."""
    if jet.value is None:
        return ["value", "gradient", "hessian"]
    whole = len(rows) == order and None not in jet.gradient
    if whole and all(entry is None for row in jet.hessian for entry in row):
        return ["hessian"]
    paths = [f"gradient[{row}]" for i, row in enumerate(rows) if jet.gradient[i] is None]
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
