"""A formula at an exact point → value, gradient and Hessian in closed form, or to many digits.

Whether an entry exists is decided by :mod:`hesscli.exact.existence`; here it gets its number, and
:mod:`hesscli.exact.spectrum.inertia` proves what follows for the matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial

import flint
import numpy as np
import sympy

from hesscli.answer import Answer, Basis, Expressions, Place, Undefined, Verdict
from hesscli.balls.jets import Entry, pair
from hesscli.balls.rounding import FIRST
from hesscli.exact.cells import entries
from hesscli.exact.examiner import Examiner
from hesscli.exact.existence import path, undefined_entries
from hesscli.exact.numbers import (
    SIGN_DIGITS,
    certain,
    sign,
    to_digits,
)
from hesscli.exact.point import ExactPoint
from hesscli.exact.spectrum.higher import degenerate_kind
from hesscli.exact.spectrum.inertia import (
    closed_forms,
    components,
    inertia_of,
    kind_of,
    spectrum,
)
from hesscli.exact.spectrum.minors import closed_minors, enclosed_minors
from hesscli.expression.names import symbol
from hesscli.functions.balls.enclosure import ZERO, Number, is_zero
from hesscli.notes import Note, Reason, Remark
from hesscli.types import Expr, Variable


def evaluate(
    examiner: Examiner,
    point: Mapping[str, Fraction | Expr],
    digits: int | None = None,
    *,
    minors: bool = False,
) -> Answer:
    """The derivatives at ``point`` in closed form, or as Floats of ``digits`` correct digits; these
    with the Hessian's leading ``minors`` where they are asked for, and closed forms always.

    A 0 is an Integer, and exact. Raises :class:`HessError` where a closed form would be too long
    to write down.
    """
    place = ExactPoint(examiner, point)
    formula, existence, order = place.formula, place.found, examiner.formula.wrt
    number: Callable[[Entry], Expr | None] = place.exactly
    if digits is not None:
        number = partial(place.rounded, digits=digits)
    found = {e: None if e in existence.missing else number(e) for e in entries(order)}
    gradient = tuple(found[(i,)] for i in range(order))
    hessian = tuple(tuple(found[pair(i, j)] for j in range(order)) for i in range(order))
    stationary = None if None in gradient else _stationary(gradient)
    notes = [*formula.notes, *(n for n in existence.notes if n.kind is Note.LIMITS_AGREE)]
    verdict = Verdict(stationary=stationary)
    if not any(None in row for row in hessian):
        verdict = _verdict(place, hessian, digits, stationary)
        if digits is None or minors:
            verdict = replace(verdict, minors=_minors(place, hessian, digits, verdict))
            if verdict.minors and None in verdict.minors:
                notes.append(Remark(Note.LONG_MINOR))
        if digits is not None and verdict.unknown:
            notes.append(Remark(Note.ZERO_BY_DEFAULT))
    variables = tuple(Variable(name, ()) for name in formula.variables)
    return Answer(
        basis=Basis.EXACT if digits is None else Basis.DIGITS,
        formula=formula,
        place=Place(
            variables[: formula.wrt],
            variables[formula.wrt :],
            {name: (number,) for name, number in place.point.items()},
        ),
        jet=Expressions(found[()], gradient, hessian),
        structural=examiner.zeros(variables[: formula.wrt], (), known=True),
        digits=digits,
        verdict=verdict,
        undefined=(
            *undefined_entries([(existence, range(order))], formula, order),
            *_not_found(place, found, digits),
        ),
        notes=tuple(notes),
    )


def _verdict(
    place: ExactPoint,
    hessian: Sequence[Sequence[Expr]],
    digits: int | None,
    stationary: bool | None,
) -> Verdict:
    """What follows from a Hessian without gaps."""
    linked = np.array([[entry != 0 for entry in row] for row in hessian])
    spectra = [
        spectrum(place.exactly, place.rounded, block.tolist(), digits or SIGN_DIGITS)
        for block in components(linked)
    ]
    inertia, definiteness = inertia_of(spectra)
    if digits is None:
        eigenvalues = closed_forms(hessian, spectra)
    else:
        eigenvalues = tuple(sorted(e for s in spectra for e in s.rounded(digits)))
    kind = None
    if stationary:
        kind = kind_of(definiteness)
        if kind == "inconclusive" and inertia is not None:
            symbols = [symbol(name) for name in place.formula.differentiated]
            values = {symbol(name): value for name, value in place.point.items()}
            kind = degenerate_kind(place.formula.expression, symbols, values, *inertia) or kind
    return Verdict(
        eigenvalues,
        inertia,
        definiteness,
        stationary,
        kind,
        unknown=sum(s.unknown for s in spectra),
        proved=(inertia is not None and not place.found.by_limit and not place.found.closed_form),
    )


def _minors(
    place: ExactPoint, hessian: Sequence[Sequence[Expr]], digits: int | None, verdict: Verdict
) -> tuple[Expr | None, ...]:
    rank = None if verdict.inertia is None else verdict.inertia[0] + verdict.inertia[2]
    if digits is None:
        return closed_minors(hessian, rank)
    order = len(hessian)

    def enclosed(bits: int) -> list[Number]:
        numbers = place.enclosed_at(bits)
        pairs = [[pair(i, j) for j in range(order)] for i in range(order)]
        with flint.ctx.workprec(bits):
            return enclosed_minors([[numbers.get(e, ZERO) for e in row] for row in pairs])

    if place.found.by_limit:  # there are no enclosures
        found = closed_minors(hessian, rank)
        return tuple(None if minor is None else to_digits(minor, digits) for minor in found)

    closed: tuple[Expr | None, ...] = ()

    def rounded(k: int) -> Expr | None:
        nonlocal closed
        if (rank is not None and k >= rank) or is_zero(enclosed(FIRST)[k]):
            return sympy.S.Zero
        number: Expr | None = certain(lambda bits: enclosed(bits)[k], digits)
        if number is None:  # algebra may tell that it is 0
            closed = closed or closed_minors(_exactly(place, order), rank)
            number = sympy.S.Zero if closed[k] == 0 else None
        return number

    return tuple(map(rounded, range(order)))


def _exactly(place: ExactPoint, order: int) -> list[list[Expr]]:
    """The Hessian in closed form, NaN for an entry that has none."""
    rows = [[place.exactly(pair(i, j)) for j in range(order)] for i in range(order)]
    return [[sympy.nan if entry is None else entry for entry in row] for row in rows]


def _stationary(gradient: Sequence[Expr]) -> bool | None:
    signs = [sign(slope) for slope in gradient]
    return False if any(signs) else None if None in signs else True


def _not_found(
    place: ExactPoint, found: Mapping[Entry, Expr | None], digits: int | None
) -> Iterator[Undefined]:
    """The entries that exist, but not in the form that was asked for."""
    for entry, form in found.items():
        if form is None and entry not in place.found.missing:
            kind = Reason.NO_EXACT_FORM if digits is None else Reason.NO_MORE_DIGITS
            paths = tuple(dict.fromkeys(map(path, (entry, entry[::-1]))))
            said = Remark(kind, (place.double(entry),))
            yield Undefined(place.formula.text, None, said, paths)
