"""A formula at exact values of some of its variables → its derivatives in the letters of the rest.

Which entries there are, and whether a form is right, is decided at samples of these letters, with
all the care that a point gets: what SymPy's rules give where pieces meet may be the number of one
side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import chain

import sympy
from flint import fmpq
from sympy.codegen.cfunctions import hypot

from hesscli.answer import Answer, Basis, Expressions, Place, Undefined
from hesscli.balls.jets import Entry, pair
from hesscli.balls.rounding import FIRST
from hesscli.errors import ExitStatus, HessError
from hesscli.exact.cells import entries
from hesscli.exact.examiner import Examiner
from hesscli.exact.existence import path, undefined_entries
from hesscli.exact.existing import Existing
from hesscli.exact.numbers import enclosed, sign
from hesscli.exact.point import MAX_LIMIT, ExactPoint
from hesscli.exact.sites import names_in, place_of
from hesscli.expression.calculus import sampled
from hesscli.expression.names import INFINITE, symbol
from hesscli.expression.substitution import replaced
from hesscli.functions.balls.enclosure import is_zero
from hesscli.functions.failures import tried
from hesscli.notes import Note, Reason, Remark, Trouble
from hesscli.types import Expr, Formula, Site, Variable

ENOUGH = 3  # samples
SCALES = tuple(Fraction(10) ** k for k in (0, 2, -2, 5, -8, 9))  # of samples, until enough are
# Where a letter is not in the domain, which the notes tell.
_OUTSIDE = (Trouble.NOT_REAL, Trouble.WHOLE_EXPONENTS)


def at_values(examiner: Examiner, values: Mapping[str, Expr]) -> Answer:
    """Value, gradient and Hessian where the variables named have these exact values.

    An entry is None where it is missing at some sample of the letters that are left, or where no
    form is right at all of them. Raises :class:`HessError` where the formula has a value at none.
    """
    formula, order = examiner.formula, examiner.formula.wrt
    letters = [name for name in formula.variables if name not in values]
    samples = _samples(examiner, values, letters)
    missing = frozenset[Entry]().union(*(sample.found.missing for sample in samples))
    if not samples[0].found.defined:
        missing = frozenset(entries(order))
    found = {
        entry: None if entry in missing else _form(examiner, values, samples, entry)
        for entry in entries(order)
    }
    pairs = [[pair(i, j) for j in range(order)] for i in range(order)]
    variables = tuple(Variable(name, ()) for name in formula.variables)
    said = [(_of_values(sample.found, values), range(order)) for sample in samples]
    reading = [note for note in formula.notes if note.kind is Note.READ_AS]
    return Answer(
        basis=Basis.SYMBOLS,
        formula=formula,
        place=Place(
            variables[:order],
            variables[order:],
            {name: (value,) for name, value in values.items()},
        ),
        jet=Expressions(
            found[()],
            tuple(found[(i,)] for i in range(order)),
            tuple(tuple(found[entry] for entry in row) for row in pairs),
        ),
        structural=tuple(tuple(examiner.derivative(e) == 0 for e in row) for row in pairs),
        undefined=(
            *undefined_entries(said, formula, order),
            *_without_form(formula, missing, found),
        ),
        notes=(
            *reading,
            Remark(Note.LETTERS, (tuple(letters),)),
            *_tried(samples, letters),
            *_limits(samples[0].found, values),
            *(note for note in formula.notes if note not in reading),
        ),
    )


def open_sites(formula: Formula, values: Mapping[str, Expr]) -> list[Site]:
    """The formula's sites that these values do not pass by: letters may still be on them."""
    return [site for site in formula.sites if not _is_passed(site, values)]


def _samples(
    examiner: Examiner, values: Mapping[str, Expr], letters: Sequence[str]
) -> list[ExactPoint]:
    """The formula at some values of the letters at which it is real, or at one if that is due to
    the given values alone.
    """
    found: list[ExactPoint] = []
    chosen = chain.from_iterable(sampled(len(letters), scale) for scale in SCALES)
    for sample in chosen:
        at = ExactPoint(examiner, {**values, **dict(zip(letters, sample, strict=True))})
        blamed = [site for site, _ in at.found.reasons if site is not None]
        real = not any(
            site.trouble in _OUTSIDE and names_in([site]) & {*letters} for site in blamed
        )
        if real and not at.found.defined and not names_in(blamed) & {*letters}:
            return [at]
        found += [at] * (real and at.found.defined)
        if len(found) == ENOUGH:
            break
    if not found:
        place = ", ".join(f"{name} = {value}" for name, value in values.items())
        raise HessError(
            "no-value",
            f"at {place}, the formula has no value for any of the {', '.join(letters)} tried",
            hint=f"--at {','.join(f'{name}=…' for name in (*values, *letters))}",
            status=ExitStatus.NO_ANSWER,
        )
    return found


def _limits(found: Existing, values: Mapping[str, Expr]) -> Iterator[Remark]:
    """What the given values met, around which there are limits."""
    for note in found.notes:
        if note.kind is Note.LIMITS_AGREE:
            yield Remark(Note.LIMITS_AGREE, (note.arguments[0], place_of([], values, "")))


def _tried(samples: Sequence[ExactPoint], letters: Sequence[str]) -> Iterator[Remark]:
    """At which values of the letters an entry is missing, which need not be so at others."""
    at = next((sample.point for sample in samples if sample.found.missing), None)
    if at is not None:
        yield Remark(Note.TRIED, (tuple(f"{name} = {float(at[name]):g}" for name in letters),))


def _form(
    examiner: Examiner, values: Mapping[str, Expr], samples: Sequence[ExactPoint], entry: Entry
) -> Expr | None:
    """The first form of an entry that is right at all samples."""
    # At a sample, a piece may hold that SymPy differentiates where it cannot all of them.
    ways = (examiner.derivative, *(sample.derivative for sample in samples))
    for derivative in dict.fromkeys(way(entry) for way in ways):
        for form in _forms(derivative, values):
            if all(_is_right(form, sample, entry) for sample in samples):
                return form
    return None


def _is_right(form: Expr, sample: ExactPoint, entry: Entry) -> bool:
    number = replaced(form, {symbol(name): value for name, value in sample.point.items()})
    if number is None or not number.is_number or number.has(*INFINITE):
        return False
    return sign(number) == 0 if sample.is_zero(entry) else sample.agrees(number, entry)


def _forms(expression: Expr, values: Mapping[str, Expr]) -> Iterator[Expr]:
    """An expression at the values, and its limit on a line towards them."""
    at = replaced(expression, {symbol(name): value for name, value in values.items()})
    if at is not None and not at.has(*INFINITE):
        yield at.replace(_is_constant, _as_whole)
    if expression.count_ops() > MAX_LIMIT:
        return
    step = sympy.Dummy("t", positive=True)
    line = {symbol(n): value + k * step for k, (n, value) in enumerate(values.items(), 1)}
    on_line = replaced(expression, line)
    limit = None if on_line is None else tried(sympy.limit, on_line, step, 0)
    if limit is not None and not limit.has(*INFINITE, sympy.Limit, sympy.AccumBounds):
        yield limit


def _is_constant(e: Expr) -> bool:
    """Whether a function has no letter left, or is one that SymPy leaves as it is: hypot(0, a)."""
    return isinstance(e, hypot) or (isinstance(e, sympy.Function) and bool(e.is_number))


def _as_whole(function: Expr) -> Expr:
    """The whole number that a function of numbers is; itself if it is none, or not for certain."""
    if isinstance(function, hypot):
        return sympy.Abs(sympy.Add(*function.args)) if sympy.S.Zero in function.args else function
    ball = enclosed(function, FIRST)
    if ball is not None and is_zero(ball):
        return sympy.S.Zero
    whole = isinstance(ball, fmpq) and ball.q == 1
    return sympy.Integer(int(ball.p)) if whole else function


def _of_values(found: Existing, values: Mapping[str, Expr]) -> Existing:
    """What there is at a sample, with reasons that tell the given values alone."""
    reasons: dict[tuple[Site | None, Remark], None] = {}
    for site, remark in found.reasons:
        part, trouble, crowded, _ = remark.arguments
        place = place_of([] if site is None else [site], values, "")
        reasons[site, Remark(Reason.TROUBLE, (part, trouble, crowded, place))] = None
    return Existing(found.numbers, found.missing, found.defined, found.by_limit, tuple(reasons), ())


def _without_form(
    formula: Formula, missing: frozenset[Entry], found: Mapping[Entry, Expr | None]
) -> Iterator[Undefined]:
    """The entries that exist, and for which no form was found."""
    for entry, form in found.items():
        if form is None and entry not in missing:
            paths = tuple(dict.fromkeys(map(path, (entry, entry[::-1]))))
            yield Undefined(formula.text, None, Remark(Reason.NO_FORM_IN_LETTERS), paths)


def _is_passed(site: Site, values: Mapping[str, Expr]) -> bool:
    """Whether the values alone tell that a site's test does not hold."""
    numbers = [replaced(q, {symbol(n): v for n, v in values.items()}) for q in site.quantities]
    if not numbers or any(number is None or not number.is_number for number in numbers):
        return False
    first = sign(numbers[0])
    match site.test:
        case "zero":
            return bool(first)
        case "negative" | "negative-power" | "nonpositive" | "pole":
            return first == 1
    return False
