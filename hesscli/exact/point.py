"""The numbers of a formula at an exact point, each in closed form, to digits, or enclosed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

import sympy
from flint import arb

from hesscli.balls.jets import BudgetError, Entry, Meter, sign_of
from hesscli.balls.rounding import ALGEBRA_FROM, FIRST, MOST, nearest
from hesscli.errors import HessError, TooSlowError
from hesscli.exact.cells import agree
from hesscli.exact.examiner import Examiner
from hesscli.exact.existence import existing
from hesscli.exact.numbers import MAX_CANCELLED, certain, enclosed, terms, tidied, to_digits
from hesscli.exact.proof import BUDGET, PATIENCE, Prover, exact
from hesscli.exact.remembered import remembered
from hesscli.expression.names import INFINITE, symbol
from hesscli.expression.substitution import substituted
from hesscli.functions.balls import NotProvedError, UndecidedError
from hesscli.functions.balls.enclosure import ZERO, Number
from hesscli.functions.failures import tried
from hesscli.types import Expr

MAX_LIMIT = 60  # operations of an expression whose limit is looked for
# How far a double may be from the exact number that it stands for.
DOUBLE, SMALLEST_DOUBLE = arb("1e-9"), arb("1e-323")


class ExactPoint:
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
        if self.is_zero(entry):
            return sympy.S.Zero
        forms = map(tidied, self._forms(entry))
        return next((form for form in forms if self.agrees(form, entry)), None)

    def rounded(self, entry: Entry, digits: int) -> Expr | None:
        """The entry to so many digits, which takes a closed form where it is 0 or a limit."""
        if self.is_zero(entry):
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
    def is_zero(self, entry: Entry) -> bool:
        """Whether the entry is proved to be 0."""
        if self.found.by_limit:
            return False
        number = self.enclosed_at(ALGEBRA_FROM).get(entry, ZERO)
        sign = sign_of(number)
        if sign is None and self.found.vanishes is not None:
            return self.found.vanishes(entry)
        return sign == 0

    def agrees(self, form: Expr, entry: Entry) -> bool:
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
