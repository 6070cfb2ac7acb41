"""Whether a formula's derivatives have limits at a point where it divides by 0, and which: proved.

The formula is written as a sum of terms Π |Pₖ|^sₖ·sgn(Pₖ)^εₖ·(unit), see
:mod:`hesscli.exact.limits.germs`. What cancels is analytic. A Pₖ that is 0 on a set of codimension
one through the point makes a pole there, or a kink, as its exponent says. Where all Pₖ are 0 at the
point only and have definite forms of least (weighted) degree, the term is a sum of (weighted)
homogeneous functions, which may be differentiated one by one: of degree above that of the
derivative they tend to 0, of that degree they have a limit where they are constant, and below it
none. Weights are those of the Newton polygon's edges (Arnold, Gusein-Zade, Varchenko:
Singularities of Differentiable Maps I, 12).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from itertools import combinations_with_replacement, product
from math import comb, floor, inf, lcm, prod

import sympy

from hesscli.exact.limits.constants import UndecidedError, vanishes
from hesscli.exact.limits.germs import Germs, Term, UnknownKindError
from hesscli.exact.limits.separation import linked
from hesscli.exact.limits.series import Series, TooLargeError, product_of
from hesscli.exact.limits.zerosets import factors, kind, lowest, principal_weights
from hesscli.exact.remembered import remembered
from hesscli.functions.failures import SYMPY_FAILURES
from hesscli.types import Expr

Entry = tuple[int, ...]  # () the value, (i,) a slope, (i, j) a second derivative with i ≤ j

# Series are known to these total degrees, the next where one leaves something undecided.
ORDERS = (6, 12, 24)
MAX_COEFFICIENTS = 100  # of a longer series than the first
MAX_VARIABLES = 6
MAX_OPERATIONS = 500
MAX_DEGREES = 12  # of homogeneous functions below that of the derivative


class Verdict(Enum):
    """What is proved of a limit."""

    LIMIT = "limit"
    NONE = "none"
    UNKNOWN = "unknown"


Finding = tuple[Verdict, Expr | None]
NONE: Finding = (Verdict.NONE, None)
UNKNOWN: Finding = (Verdict.UNKNOWN, None)
ZERO: Finding = (Verdict.LIMIT, sympy.S.Zero)


def quotient_jet(
    expression: Expr, variables: Sequence[Expr], point: Mapping[Expr, Expr]
) -> dict[Entry, Finding] | None:
    """The limits of value, slopes and second derivatives at ``point``, exact, where proved.

    ``point`` has a SymPy number for every symbol. An entry exists where the value, its slopes and
    itself tend to one number as all ``variables`` approach the point. None: a formula of a kind
    that is not known here. The effort is bounded by counts, so that the same formula has the same
    findings everywhere.
    """
    held = {s: point[s] for s in expression.free_symbols.difference(variables)}
    terms = sympy.Add.make_args(expression.xreplace(held))
    parts = [sympy.Add(*group) for group in linked(terms, variables)]
    raw = [_group(part, variables, point) for part in parts]
    if all(findings is None for findings in raw):
        return None
    # Of parts that share no variable, the sum has a limit only where each has (Cauchy).
    total = {
        entry: _sum([UNKNOWN if findings is None else findings[entry] for findings in raw])
        for entry in _entries(len(variables))
    }
    return {entry: _with_what_it_needs(entry, total) for entry in total}


def _entries(count: int) -> list[Entry]:
    return [e for order in range(3) for e in combinations_with_replacement(range(count), order)]


def _sum(findings: Sequence[Finding]) -> Finding:
    verdicts = [verdict for verdict, _ in findings]
    if Verdict.NONE in verdicts:
        return NONE
    if Verdict.UNKNOWN in verdicts:
        return UNKNOWN
    return Verdict.LIMIT, sympy.Add(*(number for _, number in findings))


def _with_what_it_needs(entry: Entry, raw: Mapping[Entry, Finding]) -> Finding:
    needed = dict.fromkeys([(), *((i,) for i in entry), entry])
    verdicts = [raw[one][0] for one in needed]
    if Verdict.NONE in verdicts:
        return NONE
    return UNKNOWN if Verdict.UNKNOWN in verdicts else raw[entry]


def _group(
    expression: Expr, variables: Sequence[Expr], point: Mapping[Expr, Expr]
) -> dict[Entry, Finding] | None:
    """What each entry by itself tends to; None for a formula of no known kind."""
    used = [i for i, v in enumerate(variables) if v in expression.free_symbols]
    found: dict[Entry, Finding] | None = None
    if len(used) > MAX_VARIABLES or expression.count_ops() > MAX_OPERATIONS:
        return None
    for order in ORDERS:
        if comb(order + len(used), order) > MAX_COEFFICIENTS and order > ORDERS[0]:
            break
        try:
            germs = Germs([variables[i] for i in used], point, order)
            limits = _Limits(germs, germs.terms(expression))
        except UndecidedError:
            continue
        except (UnknownKindError, TooLargeError, *SYMPY_FAILURES):
            return found
        found = limits.entries(len(variables), used)
        if all(verdict is not Verdict.UNKNOWN for verdict, _ in found.values()):
            break
    return found


class _Limits:
    """What the derivatives of a sum of terms tend to."""

    def __init__(self, germs: Germs, terms: list[Term]) -> None:
        self.germs = germs
        self.terms = terms

    def entries(self, count: int, used: Sequence[int]) -> dict[Entry, Finding]:
        """All entries in ``count`` variables, of which the terms have those ``used``."""
        place = {i: k for k, i in enumerate(used)}
        found: dict[Entry, Finding] = {}
        for entry in _entries(count):
            inside = all(i in place for i in entry)
            found[entry] = self._tends(tuple(place[i] for i in entry)) if inside else ZERO
        return found

    def _tends(self, entry: Entry) -> Finding:
        try:
            if any(self._grows_at(factor, entry) for factor in self._branches()):
                return NONE
            finding = self._in_sum(self.terms, entry)
            if finding == UNKNOWN and len(self.terms) > 1:
                finding = self._in_sum(self.germs.added(self.terms, merge=True), entry)
        except (UndecidedError, UnknownKindError, TooLargeError):
            return UNKNOWN
        return finding

    def _in_sum(self, terms: Sequence[Term], entry: Entry) -> Finding:
        findings = [self._in_term(term, entry) for term in terms]
        if [verdict for verdict, _ in findings].count(Verdict.NONE) > 1:
            return UNKNOWN  # they may cancel
        if findings.count(UNKNOWN):
            return UNKNOWN
        return _sum(findings)

    # Poles and kinks on sets of codimension one

    def _branches(self) -> list[Series]:
        singular = {f: None for term in self.terms for f in term.factors if f in term.singular}
        return [factor for factor in singular if kind(factor) == "branch"]

    def _grows_at(self, factor: Series, entry: Entry) -> bool:
        """Whether the entry is unbounded beside the zeros of a factor, near the point.

        One term has the least power of the factor, which the others cannot outweigh.
        """
        active = all(factor.derivative(i).terms for i in entry)
        powers = [
            (power, term)
            for term in self.terms
            for power, _ in [term.factors.get(factor, (sympy.S.Zero, 0))]
            if power < 0 or (active and not power.is_Integer and power < len(entry))
        ]
        if not powers:
            return False
        least = min(power for power, _ in powers)
        leading = [term for power, term in powers if power == least]
        return len(leading) == 1 and self._coprime(factor, leading[0], bool(least < 0))

    def _coprime(self, factor: Series, term: Term, is_pole: bool) -> bool:
        """Whether nothing else in the term is 0 wherever the factor is."""
        others = [other for other in term.factors if other != factor]
        if all(f.is_exact and f.is_rational for f in (factor, *others)):
            return True  # different irreducible polynomials
        if not others:
            return is_pole or (factor.is_exact and factor.is_rational)
        return is_pole and self._apart_at_first(factor, others)

    def _apart_at_first(self, factor: Series, others: Sequence[Series]) -> bool:
        """Whether the zeros of a factor leave the point where the others are not 0.

        They do along the zeros of a part of its lowest form that changes sign and is no part of
        the others' lowest forms.
        """
        if not all(f.is_rational for f in (factor, *others)):
            return False
        taken = {part for other in others for part, _ in factors(lowest(other))[1]}
        return any(
            power % 2 and part not in taken and kind(part) == "branch"
            for part, power in factors(lowest(factor))[1]
        )

    # One term

    def _in_term(self, term: Term, entry: Entry) -> Finding:
        singular = term.singular
        if not singular:
            return Verdict.LIMIT, _derivative_at_zero(self.germs.expanded(term), entry)
        if self._is_small(term, entry):
            return ZERO
        signs_only = all(
            term.factors[f][0].is_Integer and term.factors[f][0] >= 0 and kind(f) == "branch"
            for f in singular
        )
        if signs_only:
            # Of both signs near the point: it tends to 0 or to nothing.
            slope = _derivative_at_zero(self.germs.expanded(term), entry)
            if vanishes(slope):
                return ZERO
            return NONE if self._changes_sign(singular) else UNKNOWN
        return self._homogeneous(term, entry)

    def _changes_sign(self, singular: frozenset[Series]) -> bool:
        """Whether the product of the factors' signs takes both values near the point."""
        return len(singular) == 1 or all(f.is_exact and f.is_rational for f in singular)

    def _is_small(self, term: Term, entry: Entry) -> bool:
        """Whether each part of the derivative, by the rule of products, is 0 at the point.

        Of a factor |P|^s, d derivatives leave a multiple of |P|^(s - d), or of more.
        """
        powers = list(term.factors)
        choices = [[None, *(f for f in powers if not f.is_exact or i in f.depends)] for i in entry]
        for taken in product(*choices):
            left = []
            for factor in powers:
                exponent = term.factors[factor][0]
                less = exponent - taken.count(factor)
                if exponent < 0 or (less < 0 and not exponent.is_Integer):
                    return False
                left.append(less)
            if not any(exponent > 0 for exponent in left):
                return False
        return True

    def _homogeneous(self, term: Term, entry: Entry) -> Finding:
        isolated = [f for f in term.singular if kind(f) == "isolated"]
        others = term.singular.difference(isolated)
        if not isolated or not all(_is_signed_coordinate(f, term) for f in others):
            return UNKNOWN
        used = sorted(frozenset[int]().union(*(f.depends for f in isolated)))
        weights = principal_weights(isolated, used)
        if weights is None:
            return UNKNOWN
        powers = {f: term.factors[f][0] for f in isolated}
        numerator = self.germs.expanded(term, without=isolated)
        rigid = all(f.is_exact for f in term.factors if f not in isolated)
        expansion = _Expansion(numerator, powers, weights, rigid)
        return expansion.tends(entry, signed=bool(others))


def _is_signed_coordinate(factor: Series, term: Term) -> bool:
    exponent, _ = term.factors[factor]
    return len(factor.terms) == 1 and bool(exponent.is_Integer and exponent >= 0)


def _derivative_at_zero(series: Series, entry: Entry) -> Expr:
    for i in entry:
        series = series.derivative(i)
    return series.at_zero


class _Expansion:
    """N·Π Pₖ^sₖ as a sum of homogeneous functions, by weights for which all Pₖ are definite.

    Variables of weight 0 are parameters. ``rigid``: the least degree of N does not change with
    them, because it is a polynomial times a unit.
    """

    def __init__(
        self,
        numerator: Series,
        powers: Mapping[Series, Expr],
        weights: tuple[int, ...],
        rigid: bool,
    ) -> None:
        self.weights = weights
        self.numerator = numerator
        self.denominators = list(powers)
        self.powers = list(powers.values())
        self.least = numerator.least(weights)
        self.degrees = [p.least(weights) for p in self.denominators]
        self.forms = [
            p.form(weights, q) for p, q in zip(self.denominators, self.degrees, strict=True)
        ]
        self.base = self.least + sum(
            (s * q for s, q in zip(self.powers, self.degrees, strict=True)), sympy.S.Zero
        )
        self.parameters = [i for i, w in enumerate(weights) if not w]
        self.is_sure = numerator.is_exact or not self.parameters
        if not (rigid or self.is_sure):
            raise UndecidedError("the least degree, for some values of the parameters")

    def tends(self, entry: Entry, signed: bool) -> Finding:
        """What an entry tends to; ``signed``: the function is meant times a sign of both values."""
        target = sum(self.weights[i] for i in entry)
        reach = floor(target - self.base)
        if reach > MAX_DEGREES:
            return UNKNOWN
        self._require(reach, len(entry))
        finding = ZERO
        for step in range(reach + 1):
            part = self._part(step)
            powers = [s - step for s in self.powers]
            for i in entry:
                part, powers = self._derivative(part, powers, i)
            if self.base + step < target:
                if part.terms:
                    return NONE
                continue
            finding = self._limit(part, powers)
            if signed and finding[0] is Verdict.LIMIT and not vanishes(finding[1]):
                finding = NONE
        if finding[0] is Verdict.LIMIT and self.base < target and not self.is_sure:
            return UNKNOWN  # what vanishes to the order that is known
        return finding

    def _require(self, reach: int, derivatives: int) -> None:
        """Raise :class:`UndecidedError` where the series are too short."""
        smallest = min(w for w in self.weights if w)
        pairs = [(self.numerator, self.least), *zip(self.denominators, self.degrees, strict=True)]
        for series, degree in pairs:
            if (degree + max(reach, 0)) / smallest + derivatives >= series.order:
                raise UndecidedError(f"order {series.order}")

    @remembered
    def _part(self, step: int) -> Series:
        """A polynomial A: the homogeneous function of degree base + step is A·Π Qₖ^(sₖ - step).

        Of each power, (Q + T)^s is Q^(s - step)·Σ binomial(s, m)·T^m·Q^(step - m) to this degree.
        """
        size, exact = self.numerator.size, inf
        total = self.numerator.only(lambda _: True)
        for factor, form, power in zip(self.denominators, self.forms, self.powers, strict=True):
            rest = factor.only(lambda _: True) - form
            expanded = Series(size, {})
            for m in range(step + 1):
                part = rest.power(m, exact).times(form.power(step - m, exact), exact)
                expanded += part.scaled(sympy.binomial(power, m))
            total = total.times(expanded, exact)
        return total.form(self.weights, self.least + step * (1 + sum(self.degrees)))

    def _derivative(self, part: Series, powers: list[Expr], i: int) -> tuple[Series, list[Expr]]:
        """The derivative of A·Π Qₖ^tₖ in the same form, with exponents tₖ - 1."""
        exact = inf
        every = product_of(self.forms, part.size)
        total = part.derivative(i).times(every, exact)
        for k, (form, power) in enumerate(zip(self.forms, powers, strict=True)):
            others = product_of([f for n, f in enumerate(self.forms) if n != k], part.size)
            slope = form.derivative(i).scaled(power)
            total += part.times(slope, exact).times(others, exact)
        return total, [power - 1 for power in powers]

    def _limit(self, part: Series, powers: Sequence[Expr]) -> Finding:
        """The number that A·Π Qₖ^tₖ, of degree 0, is everywhere; at 0 for the parameters."""
        part = part.only(lambda exponents: not any(exponents[i] for i in self.parameters))
        if not part.terms:
            return ZERO
        exact = inf
        common = lcm(*(int(power.q) for power in powers))
        above = part.power(common, exact)
        below = Series.constant(part.size, sympy.S.One)
        for form, power in zip(self.forms, powers, strict=True):
            whole = int(power * common)
            above = above.times(form.power(max(whole, 0), exact), exact)
            below = below.times(form.power(max(-whole, 0), exact), exact)
        some = next(iter(below.terms))
        ratio = above.coefficient(some) / below.terms[some]
        if (above - below.scaled(ratio)).terms:
            return NONE
        axis = next(i for i, weight in enumerate(self.weights) if weight)
        place = [sympy.Integer(i == axis) for i in range(part.size)]
        values = [form.at(place) ** power for form, power in zip(self.forms, powers, strict=True)]
        return Verdict.LIMIT, part.at(place) * prod(values)
