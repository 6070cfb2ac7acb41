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
from flint import arb

from hesscli.answer import Answer, Basis, Expressions, Place, Undefined, Verdict
from hesscli.balls.jets import BudgetError, Entry, Meter, pair, sign_of
from hesscli.balls.rounding import ALGEBRA_FROM, FIRST, MOST, nearest
from hesscli.errors import HessError, TooSlowError
from hesscli.exact.cells import agree, entries
from hesscli.exact.examiner import Examiner
from hesscli.exact.existence import existing, path, undefined_entries
from hesscli.exact.numbers import (
    MAX_CANCELLED,
    SIGN_DIGITS,
    certain,
    enclosed,
    sign,
    terms,
    tidied,
    to_digits,
)
from hesscli.exact.proof import BUDGET, PATIENCE, Prover, exact
from hesscli.exact.remembered import remembered
from hesscli.exact.spectrum.higher import degenerate_kind
from hesscli.exact.spectrum.inertia import (
    closed_forms,
    components,
    inertia_of,
    kind_of,
    spectrum,
)
from hesscli.exact.spectrum.minors import closed_minors, enclosed_minors
from hesscli.exact.substitution import substituted
from hesscli.expression.names import INFINITE, symbol
from hesscli.functions.balls import NotProvedError, UndecidedError
from hesscli.functions.balls.enclosure import ZERO, Number
from hesscli.functions.failures import tried
from hesscli.notes import Note, Reason, Remark
from hesscli.types import Expr, Variable

MAX_LIMIT = 60  # operations of an expression whose limit is looked for
# How far a double may be from the exact number that it stands for.
DOUBLE, SMALLEST_DOUBLE = arb("1e-9"), arb("1e-323")


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
    place = _Place(examiner, point)
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
    place: _Place,
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
    place: _Place, hessian: Sequence[Sequence[Expr]], digits: int | None, verdict: Verdict
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
        closed = closed_minors(hessian, rank)
        return tuple(None if minor is None else to_digits(minor, digits) for minor in closed)

    def rounded(k: int) -> Expr | None:
        if rank is not None and k >= rank:
            return sympy.S.Zero
        return certain(lambda bits: enclosed(bits)[k], digits)

    return tuple(map(rounded, range(order)))


def _stationary(gradient: Sequence[Expr]) -> bool | None:
    signs = [sign(slope) for slope in gradient]
    return False if any(signs) else None if None in signs else True


def _not_found(
    place: _Place, found: Mapping[Entry, Expr | None], digits: int | None
) -> Iterator[Undefined]:
    """The entries that exist, but not in the form that was asked for."""
    for entry, form in found.items():
        if form is None and entry not in place.found.missing:
            kind = Reason.NO_EXACT_FORM if digits is None else Reason.NO_MORE_DIGITS
            paths = tuple(dict.fromkeys(map(path, (entry, entry[::-1]))))
            said = Remark(kind, (place.double(entry),))
            yield Undefined(place.formula.text, None, said, paths)


class _Place:
    """The numbers of one formula at one point."""

    def __init__(self, examiner: Examiner, point: Mapping[str, Fraction | Expr]) -> None:
        self.formula = examiner.formula
        self.derivative = examiner.derivative
        piece = Prover(examiner.formula, point).piece()
        if piece is not None:  # which SymPy may differentiate where it cannot all pieces
            self.derivative = examiner.of(piece).derivative
        self.point = {name: exact(value) for name, value in point.items()}
        self.found = existing(examiner, point, "", Meter(BUDGET * PATIENCE))

    @remembered
    def exactly(self, entry: Entry) -> Expr | None:
        """The entry in closed form; None where no form agrees with what there is."""
        if self._is_zero(entry):
            return sympy.S.Zero
        forms = map(tidied, self._forms(entry))
        return next((form for form in forms if self._agrees(form, entry)), None)

    def rounded(self, entry: Entry, digits: int) -> Expr | None:
        """The entry to so many digits, which takes a closed form where it is 0 or a limit."""
        if self._is_zero(entry):
            return sympy.S.Zero
        if not self.found.by_limit:
            found = certain(lambda bits: self.enclosed_at(bits).get(entry, ZERO), digits)
            if found is not None:
                return found
        try:
            form = self.exactly(entry)
        except TooSlowError:
            raise
        except HessError:
            form = None
        if form is None or form == 0:
            return form
        return to_digits(form, digits)

    def double(self, entry: Entry) -> float:
        """About what the entry is."""
        return nearest(self.enclosed_at(FIRST).get(entry, ZERO))

    @remembered
    def enclosed_at(self, bits: int) -> Mapping[Entry, Number]:
        """The enclosures of all entries but those that are exactly 0, at a working precision."""
        try:
            return self.found.numbers(bits)
        except (BudgetError, NotProvedError, UndecidedError):
            return self.enclosed_at(2 * bits) if bits < MOST else {}

    @remembered
    def _is_zero(self, entry: Entry) -> bool:
        """Whether the entry is proved to be 0."""
        if self.found.by_limit:
            return False
        number = self.enclosed_at(ALGEBRA_FROM).get(entry, ZERO)
        sign = sign_of(number)
        if sign is None and self.found.vanishes is not None:
            return self.found.vanishes(entry)
        return sign == 0

    def _agrees(self, form: Expr, entry: Entry) -> bool:
        """Whether a form may be the number: at a kink, SymPy's rules may give that of one side."""
        number = self.enclosed_at(ALGEBRA_FROM).get(entry, ZERO)
        ball = enclosed(form, ALGEBRA_FROM)
        if ball is None:
            return False
        if self.found.by_limit:
            return bool(abs(ball - number) <= DOUBLE * abs(number) + SMALLEST_DOUBLE)
        return agree(ball, number) is not False

    def _forms(self, entry: Entry) -> Iterator[Expr]:
        """The entry at the point; then, as they exist, its limits along lines towards it."""
        expression, names = self.derivative(entry), self.formula.differentiated
        form = substituted(expression, {symbol(n): value for n, value in self.point.items()})
        if _is_finite(form):
            yield form
        if expression.count_ops() > MAX_LIMIT:
            return
        step = sympy.Dummy("t", positive=True)
        oblique = {name: k for k, name in enumerate(names, start=1)}
        for way in (*({name: 1} for name in names), oblique):
            line = {symbol(n): value + way.get(n, 0) * step for n, value in self.point.items()}
            form = tried(_limit, substituted(expression, line), step)
            if form is not None and _is_finite(form):
                yield form


def _limit(on_line: Expr, step: Expr) -> Expr | None:
    """What a function of ``step`` > 0 tends to at 0."""
    if terms(on_line) > MAX_CANCELLED:
        return None
    # Not cancelled, t/t - 1 keeps SymPy looking for a leading term for ever.
    return sympy.limit(sympy.cancel(on_line).rewrite(sympy.sinc, sympy.sin), step, 0)


def _is_finite(form: Expr) -> bool:
    return bool(form.is_number and not form.has(*INFINITE, sympy.AccumBounds))
