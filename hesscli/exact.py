"""A formula at an exact point → value, gradient and Hessian in closed form or to many digits.

Whether an entry exists is decided by :mod:`hesscli.existence`; here it gets its number. No
tolerance decides the signs of the eigenvalues. One that is not 0 lies further from 0 than the
error bound of the symmetric eigenvalue problem (Weyl's inequality), at a precision that is raised
as needed. That all the others are 0 follows from the rank: elimination on the exact entries leaves
nothing but numbers that are proved to be 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, partial
from math import comb

import mpmath
import numpy as np
import sympy

from hesscli.analysis import _components, _kind
from hesscli.errors import UNFORESEEN, ExitStatus, HessError
from hesscli.existence import DIGITS, Entry, Examiner, Number, _number, exact
from hesscli.model import Expr, Formula, Undefined
from hesscli.semantics import (
    GROWS_LIKE_EXP,
    GROWS_LIKE_FACTORIAL,
    MAX_BITS,
    MAX_EXPONENT,
    MAX_FACTORIAL,
    MAX_ROOT_BITS,
    symbol,
)
from hesscli.settlement import _undefined

# Two precisions that share so many digits of a number show that it is not a rounding error.
SIGN_DIGITS = 20
# Beyond these numbers of operations an expression is left as it is: SymPy takes seconds.
MAX_OPERATIONS = 120
MAX_SIMPLIFIED = 30
MAX_LIMIT = 60
MAX_TERMS = 200
# A product of so many conjugates is the most that a minimal polynomial is looked for.
MAX_DEGREE = 16
MAX_SIMPLIFIED_ORDER = 3
MAX_ORDER = 24
# An exact number and the double found for it may differ by a rounding error of the double.
DOUBLE = sympy.Float("1e-9")
SMALLEST_DOUBLE = sympy.Float("1e-323")

Rows = Sequence[Sequence[Expr]]
# What SymPy raises for numbers that it has no rule for.
_FAILURES = (*UNFORESEEN, RuntimeError)


@dataclass(frozen=True, slots=True)
class Exact:
    """Value, gradient and Hessian as SymPy numbers; None where ``undefined`` says why.

    ``eigenvalues`` ascend, and are None where no closed form was found. ``inertia`` counts the
    positive, zero and negative ones, and is None where a sign could not be proved;
    ``definiteness`` is then "undecided", or "indefinite" where both signs occur all the same.
    ``stationary`` is None where a slope is missing or could not be proved to be 0 or not.
    """

    formula: Formula
    point: Mapping[str, Expr]
    value: Expr | None
    gradient: tuple[Expr | None, ...]
    hessian: tuple[tuple[Expr | None, ...], ...]
    eigenvalues: tuple[Expr, ...] | None
    inertia: tuple[int, int, int] | None
    definiteness: str | None
    stationary: bool | None
    kind: str | None
    undefined: tuple[Undefined, ...]
    notes: tuple[str, ...]


def evaluate_exactly(
    formula: Formula, point: Mapping[str, Fraction | Expr], examiner: Examiner
) -> Exact:
    """The derivatives at ``point`` in closed form.

    Raises :class:`HessError` ("too-large") where a number would take too many digits.
    """
    place = _Place(formula, point, examiner)
    return _evaluated(place, place.exactly, "no exact form was found; it is about", None)


def evaluate_digits(
    formula: Formula, point: Mapping[str, Fraction | Expr], examiner: Examiner, digits: int
) -> Exact:
    """The derivatives at ``point`` as Floats of ``digits`` correct digits; 0 is the exact 0."""
    place = _Place(formula, point, examiner)
    found = partial(place.rounded, digits=digits)
    return _evaluated(place, found, "no more digits than a double has were found:", digits)


def _evaluated(
    place: _Place, number: Callable[[Entry], Expr | None], lacks: str, digits: int | None
) -> Exact:
    order = len(place.jet.gradient)
    missing: dict[str, list[str]] = {}
    found: dict[Entry, Expr | None] = {}
    for entry, double in place.doubles.items():
        found[entry] = None if double is None else number(entry)
        if double is not None and found[entry] is None:
            missing.setdefault(f"{lacks} {double:.6g}", []).extend(_paths(entry))
    gradient = tuple(found[(i,)] for i in range(order))
    hessian = tuple(
        tuple(found[(min(i, j), max(i, j))] for j in range(order)) for i in range(order)
    )
    eigenvalues = inertia = definiteness = None
    notes = [*place.formula.notes, *(note for note in place.jet.notes if "limits" in note)]
    if all(entry is not None for row in hessian for entry in row):
        spectra = [
            _Spectrum.of(place, block, digits or SIGN_DIGITS) for block in _blocks(hessian)
        ]
        inertia, definiteness = _inertia(spectra)
        forms = [_closed_form(hessian, s) if digits is None else s.to(digits) for s in spectra]
        if None not in forms:
            numbers = [number for form in forms if form is not None for number in form]
            eigenvalues = tuple(sorted(numbers, key=lambda e: e.evalf(30)))
        if digits is not None and any(s.unknown for s in spectra):
            notes.append("an eigenvalue that could not be told from 0 is given as 0")
    stationary = None if None in gradient else _stationary(gradient)
    return Exact(
        formula=place.formula,
        point=place.point,
        value=found[()],
        gradient=gradient,
        hessian=hessian,
        eigenvalues=eigenvalues,
        inertia=inertia,
        definiteness=definiteness,
        stationary=stationary,
        kind=_kind(definiteness) if stationary and definiteness else None,
        undefined=(
            *_undefined([(place.jet, range(order))], place.formula, order),
            *(
                Undefined(place.formula.text, None, reason, tuple(paths))
                for reason, paths in missing.items()
            ),
        ),
        notes=tuple(notes),
    )


def _paths(entry: Entry) -> list[str]:
    name = ("value", "gradient", "hessian")[len(entry)]
    return list(
        dict.fromkeys(name + "".join(f"[{i}]" for i in e) for e in (entry, entry[::-1]))
    )


def _stationary(gradient: Sequence[Expr]) -> bool | None:
    signs = [_sign(slope) for slope in gradient]
    if any(signs):
        return False
    return None if None in signs else True


class _Place:
    """The numbers of one formula at one point."""

    def __init__(
        self, formula: Formula, point: Mapping[str, Fraction | Expr], examiner: Examiner
    ) -> None:
        self.formula = formula
        self.derivative = examiner.derivative
        self.point = {name: exact(value) for name, value in point.items()}
        self.jet = examiner(point, "")
        order = len(self.jet.gradient)
        self.doubles: dict[Entry, float | None] = {(): self.jet.value}
        self.doubles |= {(i,): slope for i, slope in enumerate(self.jet.gradient)}
        self.doubles |= {
            (i, j): self.jet.hessian[i][j] for i in range(order) for j in range(i, order)
        }
        self.found: dict[Entry, Expr | None] = {}
        self.floats: dict[int, dict[str, Expr]] = {}

    def exactly(self, entry: Entry) -> Expr | None:
        """The entry in closed form, or None where none agrees with the double."""
        if entry not in self.found:
            forms = map(self._tidied, self._forms(entry))
            self.found[entry] = next((f for f in forms if self._agrees(f, entry)), None)
        return self.found[entry]

    def rounded(self, entry: Entry, digits: int) -> Expr | None:
        """The entry to so many digits, with as little exact arithmetic as its proof takes."""
        number = None
        if self.doubles[entry] != 0:
            number = _sure(partial(self._number, entry), digits)
        if number is None or not self._is_near(number, entry):
            try:
                form = self.exactly(entry)
            except HessError:
                form = None
            if form is not None and form.is_zero:
                return sympy.S.Zero
            source = partial(self._number, entry) if form is None else partial(_number, form, {})
            number = _sure(source, digits)
        if number is None or not self._is_near(number, entry):
            return None
        return sympy.Float(number, digits)

    def _number(self, entry: Entry, digits: int) -> Number:
        if digits not in self.floats:
            self.floats[digits] = {n: sympy.N(value, digits) for n, value in self.point.items()}
        return _number(self.derivative(entry), self.floats[digits], digits)

    def _agrees(self, form: Expr, entry: Entry) -> bool:
        number = _sure(partial(_number, form, {}), SIGN_DIGITS)
        if number is None:
            # Perhaps a 0 that cannot be proved: below what the double is called 0 for.
            number = _number(form, {}, DIGITS)
        return number is not None and self._is_near(number, entry)

    def _is_near(self, number: Number, entry: Entry) -> bool:
        """Whether this may be the number that the double was rounded from.

        At a kink, SymPy's rules may give the number of one side, or of neither.
        """
        double = sympy.Float(self.doubles[entry], 20)
        return bool(abs(number - double) <= DOUBLE * abs(double) + SMALLEST_DOUBLE)

    def _forms(self, entry: Entry) -> Iterator[Expr]:
        """The entry at the point, then its limits along lines towards it."""
        expression = self.derivative(entry)
        point = {symbol(name): value for name, value in self.point.items()}
        form = _substituted(expression, point)
        if _is_finite(form):
            yield form
        if expression.count_ops() > MAX_LIMIT:
            return
        step = sympy.Dummy("t", positive=True)
        names = [name for name in self.formula.differentiated if symbol(name) in point]
        ways = [{name: 1} for name in names]
        if len(names) > 1:
            ways.append({name: k for k, name in enumerate(names, start=1)})
        for way in ways:
            line = {symbol(n): value + way.get(n, 0) * step for n, value in self.point.items()}
            on_line = _substituted(expression, line)
            try:
                # Without cancelling first, SymPy looks for ever for a leading term of t/t - 1.
                form = sympy.limit(sympy.cancel(on_line), step, 0)
            except _FAILURES:
                continue
            if _is_finite(form):
                yield form

    def _tidied(self, form: Expr) -> Expr:
        return _tidied(form, len(self.jet.gradient) <= MAX_SIMPLIFIED_ORDER)


def _is_finite(form: Expr) -> bool:
    infinite = form.has(sympy.nan, sympy.zoo, sympy.oo, sympy.S.NegativeInfinity)
    return bool(form.is_number and not infinite)


# Substitution


def _substituted(expression: Expr, values: Mapping[Expr, Expr]) -> Expr:
    """``expression`` with ``values`` in place of symbols; NaN where SymPy cannot evaluate it.

    Of pieces, only the one that applies is evaluated. Raises :class:`HessError` before SymPy
    would compute a number that is too long.
    """
    known = dict(values)

    def visit(e: Expr) -> Expr:
        if e not in known:
            known[e] = rebuilt(e) if e.args else e
        return known[e]

    def rebuilt(e: Expr) -> Expr:
        if isinstance(e, sympy.Piecewise):
            for value, condition in e.args:
                holds = visit(condition)
                if holds == sympy.true:
                    return visit(value)
                if holds != sympy.false:
                    break
            return sympy.nan
        args = [visit(arg) for arg in e.args]
        _check_size(e.func, args)
        result = e.func(*args)
        if any(part.is_Rational and _bits(part) > MAX_BITS for part in (result, *result.args)):
            raise _too_large()
        return result

    try:
        return visit(expression)
    except _FAILURES:
        return sympy.nan


def _check_size(function: Expr, args: Sequence[Expr]) -> None:
    """Raise before ``function`` of these numbers would be too long; see semantics._limit_power."""
    if not all(arg.is_number and arg.is_finite for arg in args):
        return
    argument = args[-1]
    name, size = function.__name__, 0.0
    if function is sympy.Pow and argument.is_Rational:
        size = abs(argument) * _bits(args[0])
        if args[0].is_Rational and not argument.is_Integer:
            size = max(size, _bits(args[0]) * MAX_BITS / MAX_ROOT_BITS)
    elif name in GROWS_LIKE_EXP:
        size = MAX_BITS * _magnitude(argument) / MAX_EXPONENT
    elif name in (*GROWS_LIKE_FACTORIAL, "polygamma"):
        size = MAX_BITS * _magnitude(argument) / MAX_FACTORIAL
    elif name in ("floor", "ceiling") and not argument.is_Rational:
        size = sympy.log(_magnitude(argument) + 1, 2).evalf(5)
    if size > MAX_BITS:
        raise _too_large()


def _too_large() -> HessError:
    return HessError(
        "too-large",
        "a number at this point is too large to compute exactly",
        hint="--digits 50 instead of --exact",
        status=ExitStatus.NO_ANSWER,
    )


def _bits(number: Expr) -> Expr:
    """About how many bits a power of ``number`` gains with each factor."""
    if number.is_Rational:
        return 0 if abs(number) in (0, 1) else number.p.bit_length() + number.q.bit_length()
    magnitude = _magnitude(number)
    return abs(sympy.log(magnitude, 2).evalf(5)) if magnitude else 0


def _magnitude(number: Expr) -> Expr:
    return abs(number.evalf(5))


# Forms of numbers


@lru_cache(maxsize=4096)
def _tidied(form: Expr, thoroughly: bool = False) -> Expr:
    """The shortest of the forms that SymPy has for a number."""
    if form.is_Rational or not _is_small(form, MAX_OPERATIONS):
        return form
    if _sign(form) == 0:
        return sympy.S.Zero
    ways = [sympy.expand_func, sympy.radsimp, sympy.together, sympy.cancel]
    if thoroughly and form.count_ops() <= MAX_SIMPLIFIED:
        ways.append(sympy.simplify)
    number = _sure(partial(_number, form, {}), 60)
    forms = [form]
    for way in ways if number is not None else ():
        try:
            other = way(form)
        except _FAILURES:
            continue
        again = _sure(partial(_number, other, {}), 60)
        if again is not None and abs(again - number) <= sympy.Float("1e-58") * abs(number):
            forms.append(other)
    return min(forms, key=lambda f: len(str(f)))


def _is_small(form: Expr, most: int) -> bool:
    """Whether SymPy can expand ``form`` at once."""
    powers = form.atoms(sympy.Pow)
    terms = (
        comb(abs(int(p.exp)) + len(p.base.args) - 1, len(p.base.args) - 1)
        for p in powers
        if p.base.is_Add and p.exp.is_Rational
    )
    return form.count_ops() <= most and sum(terms) <= MAX_TERMS


@lru_cache(maxsize=4096)
def _sign(number: Expr) -> int | None:
    """The proven sign of a real number; None where it could not be told from 0."""
    if number.is_Rational:
        return int(sympy.sign(number))
    sure = _sure(partial(_number, number, {}), SIGN_DIGITS, most=5 * SIGN_DIGITS)
    if sure is None and _vanishes(number):
        return 0
    if sure is None:
        sure = _sure(partial(_number, number, {}), SIGN_DIGITS)
    return None if sure is None else int(sympy.sign(sure))


def _vanishes(number: Expr) -> bool:
    """Whether a rewriting, or the minimal polynomial, proves that ``number`` is 0."""
    if not _is_small(number, MAX_OPERATIONS):
        return False
    number = sympy.expand_func(number)
    proofs: list[Callable[[Expr], Expr]] = [
        sympy.expand,
        sympy.radsimp,
        lambda e: sympy.expand_log(e, factor=True),
        lambda e: sympy.cancel(e.rewrite(sympy.exp)),
    ]
    if number.is_algebraic and _degree(number) <= MAX_DEGREE:
        x = sympy.Dummy()
        proofs.append(lambda e: sympy.minimal_polynomial(e, x) - x)
    if number.count_ops() <= 2 * MAX_SIMPLIFIED:
        proofs.append(sympy.simplify)
    for proof in proofs:
        try:
            if proof(number) == 0:
                return True
        except _FAILURES:
            continue
    return False


def _degree(number: Expr) -> int:
    """A bound on the degree of an algebraic number."""
    degree = 1
    for power in number.atoms(sympy.Pow):
        degree *= int(power.exp.q) if power.exp.is_Rational else MAX_DEGREE + 1
    for function in number.atoms(sympy.Function):
        turns = function.args[0] / sympy.pi
        degree *= int(turns.q) if turns.is_Rational else MAX_DEGREE + 1
    return degree


def _sure(number: Callable[[int], Number], digits: int, most: int = 2 * DIGITS) -> Number:
    """A number with so many digits that are certain; None for 0, or where they are not found.

    ``number`` gives it to a working precision, which is doubled until two results agree.
    """
    working, coarse = digits + 15, None
    while working <= most + 4 * digits:
        fine = number(working)
        if fine is None:
            return None
        if coarse is not None and abs(fine - coarse) < abs(fine) * sympy.Float(10) ** -(digits + 10):
            return fine
        working, coarse = 2 * working, fine
    return None


# Eigenvalues


def _blocks(hessian: Rows) -> list[list[int]]:
    linked = np.array([[entry != 0 for entry in row] for row in hessian])
    return [list(map(int, block)) for block in _components(linked)]


@dataclass(frozen=True, slots=True)
class _Spectrum:
    """The eigenvalues of a block: those proved not to be 0, and how many are proved to be 0."""

    block: Sequence[int]
    numbers: tuple[Number, ...]
    zero: int

    @property
    def unknown(self) -> int:
        return len(self.block) - len(self.numbers) - self.zero

    @classmethod
    def of(cls, place: _Place, block: Sequence[int], digits: int) -> _Spectrum:
        """The spectrum to so many digits, with a precision that is raised as needed."""
        order, working, rank, zero = len(block), digits + 15, -1, 0
        numbers: list[Number] = []
        while order <= MAX_ORDER and working <= DIGITS + 4 * digits:
            rows = [
                [place.rounded((min(i, j), max(i, j)), working) for j in block] for i in block
            ]
            if any(entry is None for row in rows for entry in row):
                break
            numbers = _certain(rows, working, digits)
            if len(numbers) < order and len(numbers) != rank:
                rank = len(numbers)
                zero = order - rank if _has_rank(_exact_rows(place, block), rank) else 0
            if len(numbers) + zero == order:
                break
            working *= 2
        return cls(block, tuple(numbers), zero)

    def to(self, digits: int) -> list[Expr]:
        """The eigenvalues as Floats; 0 for those that are 0 or could not be told from it."""
        zeros = [sympy.S.Zero] * (self.zero + self.unknown)
        return [*(sympy.Float(n, digits) for n in self.numbers), *zeros]


def _certain(rows: Rows, working: int, digits: int) -> list[Number]:
    """The eigenvalues with ``digits`` certain digits, of entries known to ``working`` digits.

    An eigenvalue is as far off as the norm of the error at most (Weyl), which for the entries and
    for the method alike is the rounding unit times the norm, times a small power of the order.
    """
    with mpmath.workdps(working + 10):
        matrix = mpmath.matrix([[mpmath.mpf(sympy.Float(e, working)) for e in r] for r in rows])
        error = len(rows) ** 2 * max(map(abs, matrix)) * mpmath.mpf(10) ** (2 - working)
        found = mpmath.eigsy(matrix, eigvals_only=True)
        return [
            sympy.Float(e, working) for e in found if abs(e) > error * mpmath.mpf(10) ** digits
        ]


def _exact_rows(place: _Place, block: Sequence[int]) -> Rows | None:
    try:
        rows = [[place.exactly((min(i, j), max(i, j))) for j in block] for i in block]
    except HessError:
        return None
    return None if any(entry is None for row in rows for entry in row) else rows


def _has_rank(rows: Rows | None, rank: int) -> bool:
    """Whether ``rank`` steps of elimination leave only numbers that are proved to be 0."""
    if rows is None:
        return False
    for _ in range(rank):
        places = [(i, j) for i, row in enumerate(rows) for j in range(len(row))]
        places.sort(key=lambda at: rows[at[0]][at[1]].count_ops())
        pivot = next(((i, j) for i, j in places if _sign(rows[i][j])), None)
        if pivot is None:
            return False
        i, j = pivot
        rows = [
            [
                _tidied(e - row[j] * rows[i][k] / rows[i][j])
                for k, e in enumerate(row)
                if k != j
            ]
            for row in (*rows[:i], *rows[i + 1 :])
        ]
    return all(_sign(entry) == 0 for row in rows for entry in row)


def _inertia(spectra: Sequence[_Spectrum]) -> tuple[tuple[int, int, int] | None, str]:
    numbers = [number for s in spectra for number in s.numbers]
    positive = sum(bool(number > 0) for number in numbers)
    negative = len(numbers) - positive
    zero = sum(s.zero for s in spectra)
    unknown = any(s.unknown for s in spectra)
    inertia = None if unknown else (positive, zero, negative)
    if positive and negative:
        return inertia, "indefinite"
    if unknown:
        return None, "undecided"
    if not numbers:
        return inertia, "zero"
    return inertia, ("positive" if positive else "negative") + (" semi" if zero else " ") + "definite"


def _closed_form(hessian: Rows, spectrum: _Spectrum) -> list[Expr] | None:
    """The eigenvalues of a block in closed form; None where none was found."""
    rows = [[hessian[i][j] for j in spectrum.block] for i in spectrum.block]
    zeros = [sympy.S.Zero] * spectrum.zero
    rank = len(rows) - spectrum.zero
    trace = _tidied(sympy.Add(*(row[i] for i, row in enumerate(rows))))
    if rank == 0:
        return zeros
    if rank == 1:
        return [*zeros, trace]
    if rank == 2:
        # Both satisfy λ² - tr(A)·λ + (tr(A)² - tr(A²))/2 = 0.
        squares = sympy.Add(*(entry**2 for row in rows for entry in row))
        root = sympy.sqrt(_tidied(2 * squares - trace**2))
        return [*zeros, _tidied((trace - root) / 2, True), _tidied((trace + root) / 2, True)]
    if not all(entry.is_Rational for row in rows for entry in row):
        return None
    _, factors = sympy.Matrix(rows).charpoly().factor_list()
    if any(factor.degree() > 2 for factor, _ in factors):
        return None
    return [r for f, power in factors for r, n in sympy.roots(f).items() for _ in range(n * power)]
