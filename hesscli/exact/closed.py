"""A formula at an exact point → value, gradient and Hessian in closed form, or to many digits.

Whether an entry exists is decided by :mod:`hesscli.exact.limits`; here it gets its number, and
:mod:`hesscli.exact.inertia` proves what follows for the matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial

import numpy as np
import sympy

from hesscli.answer import Answer, Basis, Expressions, Place, Undefined, Verdict
from hesscli.errors import ExitStatus, HessError
from hesscli.exact.inertia import closed_forms, components, inertia_of, kind_of, pair, spectrum
from hesscli.exact.limits import Entry, Examiner, exact, path, undefined_entries
from hesscli.exact.numbers import (
    DIGITS,
    MAX_CANCELLED,
    SIGN_DIGITS,
    Number,
    number_at,
    sign,
    sure,
    terms,
    tidied,
)
from hesscli.exact.remembered import remembered
from hesscli.exact.substitution import substituted
from hesscli.expression.names import symbol
from hesscli.functions.failures import tried
from hesscli.notes import Note, Reason, Remark
from hesscli.types import Expr, Variable

MAX_LIMIT = 60  # operations of an expression whose limit is looked for
# How far a double may be from the exact number that it stands for.
DOUBLE = sympy.Float("1e-9")
SMALLEST_DOUBLE = sympy.Float("1e-323")


def evaluate(
    examiner: Examiner, point: Mapping[str, Fraction | Expr], digits: int | None = None
) -> Answer:
    """The derivatives at ``point`` in closed form, or as Floats of ``digits`` correct digits.

    A 0 is an Integer, and exact. Raises :class:`HessError` where a closed form would be too long
    to write down.
    """
    place = _Place(examiner, point)
    formula, jet, order = place.formula, place.jet, len(place.jet.gradient)
    number: Callable[[Entry], Expr | None] = place.exactly
    if digits is not None:
        number = partial(place.rounded, digits=digits)
    found = {e: None if double is None else number(e) for e, double in place.doubles.items()}
    gradient = tuple(found[(i,)] for i in range(order))
    hessian = tuple(tuple(found[pair(i, j)] for j in range(order)) for i in range(order))
    stationary = None if None in gradient else _stationary(gradient)
    eigenvalues = inertia = definiteness = None
    notes = [*formula.notes, *(n for n in jet.notes if n.kind is Note.LIMITS_AGREE)]
    if not any(None in row for row in hessian):
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
            if any(s.unknown for s in spectra):
                notes.append(Remark(Note.ZERO_BY_DEFAULT))
    variables = tuple(Variable(name, ()) for name in formula.variables)
    kind = kind_of(definiteness) if stationary and definiteness else None
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
        verdict=Verdict(eigenvalues, inertia, definiteness, stationary, kind),
        undefined=(
            *undefined_entries([(jet, list(range(order)))], formula, order),
            *_not_found(place, found, digits),
        ),
        notes=tuple(notes),
    )


def _stationary(gradient: Sequence[Expr]) -> bool | None:
    signs = [sign(slope) for slope in gradient]
    return False if any(signs) else None if None in signs else True


def _not_found(
    place: _Place, found: Mapping[Entry, Expr | None], digits: int | None
) -> Iterator[Undefined]:
    """The entries that exist, but not in the form that was asked for."""
    for entry, double in place.doubles.items():
        if double is not None and found[entry] is None:
            kind = Reason.NO_EXACT_FORM if digits is None else Reason.NO_MORE_DIGITS
            entries = tuple(dict.fromkeys(map(path, (entry, entry[::-1]))))
            yield Undefined(place.formula.text, None, Remark(kind, (double,)), entries)


class _Place:
    """The numbers of one formula at one point."""

    def __init__(self, examiner: Examiner, point: Mapping[str, Fraction | Expr]) -> None:
        self.formula = examiner.formula
        self.derivative = examiner.derivative
        self.point = {name: exact(value) for name, value in point.items()}
        self.jet = examiner(point, "")
        self.doubles = {e: n for e, n in self.jet.entries.items() if e == tuple(sorted(e))}

    @remembered
    def exactly(self, entry: Entry) -> Expr | None:
        """The entry in closed form; None where no form agrees with the double."""
        forms = map(tidied, self._forms(entry))
        return next((form for form in forms if self._agrees(form, entry)), None)

    def rounded(self, entry: Entry, digits: int) -> Expr | None:
        """The entry to so many digits, which takes a closed form where it is 0 or a limit."""
        source = partial(self._number, entry)
        number = sure(source, digits) if self.doubles[entry] else None
        if number is None or not self._is_near(number, entry):
            try:
                form = self.exactly(entry)
            except HessError:
                form = None
            if form == 0:
                return sympy.S.Zero
            number = sure(source if form is None else partial(number_at, form, {}), digits)
        if number is None or not self._is_near(number, entry):
            return None
        return sympy.Float(number, digits)

    def _number(self, entry: Entry, digits: int) -> Number:
        return number_at(self.derivative(entry), self._at(digits), digits)

    @remembered
    def _at(self, digits: int) -> dict[str, Expr]:
        return {name: sympy.N(value, digits) for name, value in self.point.items()}

    def _agrees(self, form: Expr, entry: Entry) -> bool:
        number = sure(partial(number_at, form, {}), SIGN_DIGITS)
        if number is None:  # perhaps a 0 that cannot be proved
            number = number_at(form, {}, DIGITS)
        return number is not None and self._is_near(number, entry)

    def _is_near(self, number: Number, entry: Entry) -> bool:
        """Whether the double may stand for ``number``.

        At a kink, SymPy's rules may give the number of one side, or of neither.
        """
        double = sympy.Float(self.doubles[entry], 20)
        return bool(abs(number - double) <= DOUBLE * abs(double) + SMALLEST_DOUBLE)

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
    infinite = (sympy.nan, sympy.zoo, sympy.oo, -sympy.oo, sympy.AccumBounds)
    return bool(form.is_number and not form.has(*infinite))
