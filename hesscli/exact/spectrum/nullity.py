"""A formula's structure → a proved lower bound on the dimension of its Hessian's null space.

Balls alone never prove that an eigenvalue is 0. The structure can: a function of few linear forms
of its variables does not change across them, and one that is homogeneous of degree 1 has a gradient
that does not change along its rays (Euler). Everything is about the Hessian where it exists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import comb, prod
from typing import Any

import sympy
from flint import fmpq, fmpq_mat
from sympy.codegen.cfunctions import hypot
from sympy.concrete.expr_with_limits import ExprWithLimits

from hesscli.derive.stable import stable
from hesscli.errors import HessError
from hesscli.exact.limits.separation import linked
from hesscli.exact.numbers import sign
from hesscli.exact.remembered import remembered
from hesscli.expression.calculus import smooth_derivative
from hesscli.expression.substitution import substituted
from hesscli.functions import symbolic as special
from hesscli.functions.balls.rationals import from_sympy, to_sympy
from hesscli.functions.failures import tried
from hesscli.types import Expr

MAX_TERMS = 300  # of a polynomial
MAX_ORDER, MAX_OPERATIONS = 4, 60  # of a matrix whose determinant is asked whether it is 0
MAX_COMPARED = 60  # operations of a number that is compared with 0
# With variables of their own, in which a form may have coefficients.
BINDING = (ExprWithLimits, sympy.Derivative, sympy.Subs, sympy.Lambda)
PIECES = (
    sympy.Piecewise, sympy.Abs, sympy.sign, sympy.Max, sympy.Min, sympy.floor, sympy.ceiling,
)  # fmt: skip
# Of these, f(t·u, t·v) is t to some power times f(u, v) for t > 0, if u and v have one degree.
HOMOGENEOUS = (sympy.Abs, sympy.Max, sympy.Min, hypot)
SMOOTH = (sympy.exp, sympy.sin, sympy.cos, sympy.sinh, sympy.cosh, sympy.tanh, sympy.atan)


def nullity(expression: Expr, variables: Sequence[Expr], point: Mapping[Expr, Expr]) -> int:
    """A lower bound on the dimension of the null space of a Hessian.

    The Hessian is that of ``expression`` in ``variables`` at ``point``, wherever it exists; the
    point gives exact numbers to them and to all other symbols. 0 where nothing is known.
    """
    return tried(_nullity, expression, tuple(variables), point) or 0


def is_singular(expression: Expr, variables: Sequence[Expr], point: Mapping[Expr, Expr]) -> bool:
    """Whether algebra proves that the determinant of a small Hessian is 0.

    That is asked of one piece alone, and of numbers no longer than a line.
    """
    if len(variables) > MAX_ORDER or expression.count_ops() > MAX_OPERATIONS:
        return False
    if expression.has(*PIECES, sympy.Integral):
        return False
    with suppress(HessError):
        return bool(tried(_is_singular, expression, variables, point))
    return False


def _is_singular(expression: Expr, variables: Sequence[Expr], point: Mapping[Expr, Expr]) -> bool:
    rows = [
        [substituted(smooth_derivative(expression, (a, 1), (b, 1)), point) for a in variables]
        for b in variables
    ]
    if any(entry.count_ops() > MAX_COMPARED for row in rows for entry in row):
        return False
    return bool(sympy.expand(sympy.Matrix(rows).det(method="berkowitz")) == 0)


def _nullity(expression: Expr, variables: Sequence[Expr], point: Mapping[Expr, Expr]) -> int:
    structure = _Structure(variables, point)
    groups = linked(structure.terms(stable(expression)), variables)
    # Groups share no variable, so that the Hessian is made of their blocks.
    return len(variables) - sum(structure.rank(group) for group in groups)


@dataclass(frozen=True)
class _Form:
    """A linear form of the variables, and a constant: ``row`` has only what is not 0."""

    row: tuple[tuple[Expr, Expr], ...]
    constant: Expr


class _Structure:
    """What is known of the parts of one formula at one point."""

    def __init__(self, variables: Sequence[Expr], point: Mapping[Expr, Expr]) -> None:
        self.variables = frozenset(variables)
        self.point = point

    def rank(self, terms: Sequence[Expr]) -> int:
        """An upper bound on the rank of the Hessian of a sum."""
        bound = self._rank_by_forms(terms)
        vanishing = {e: rank for e in terms if (rank := self._rank_where_zero(e)) is not None}
        if not vanishing:
            return bound
        rest = [term for term in terms if term not in vanishing]
        return min(bound, self._rank_by_forms(rest) + sum(vanishing.values()))

    def _rank_by_forms(self, terms: Sequence[Expr]) -> int:
        """The bound that linear forms give, less the ray of what is homogeneous of degree 1."""
        own = {name for term in terms for name in term.free_symbols & self.variables}
        # Without the reduction, forms with the same irrational coefficients are seen as one.
        ranks = (self._rank_of(self.essential(terms, reduced)) for reduced in (True, False))
        bound = min(len(own), *ranks)
        if bound and all(self.degree(term) == 1 for term in terms):
            return bound - self._has_rays(terms)
        return bound

    def terms(self, e: Expr, scale: Expr = sympy.S.One) -> Iterator[Expr]:
        """What ``e``, times a constant, is the sum of, without what is affine."""
        if self.affine(e) is not None:
            return
        if e.is_Add:
            for term in e.args:
                yield from self.terms(term, scale)
        elif e.is_Mul and len(factors := [f for f in e.args if self._varies(f)]) == 1:
            constants = (f for f in e.args if not self._varies(f))
            yield from self.terms(factors[0], sympy.Mul(scale, *constants))
        elif isinstance(e, sympy.log) and e.args[0].is_Mul:
            # The logarithms of absolute values are real where that of the product is.
            for factor in e.args[0].args:
                base, exponent = factor.as_base_exp()
                if base == sympy.E:
                    yield from self.terms(exponent, scale)
                elif self._varies(exponent):
                    yield scale * sympy.log(factor, evaluate=False)
                elif self._varies(base):
                    yield from self.terms(stable(sympy.log(base)), scale * exponent)
        else:
            yield scale * e

    def _varies(self, e: Expr) -> bool:
        return not self.variables.isdisjoint(e.free_symbols)

    # Linear forms

    @remembered
    def affine(self, e: Expr) -> _Form | None:
        """``e`` as a linear form and a constant; None where it is not one, or not clearly."""
        if e in self.variables:
            return _Form(((e, sympy.S.One),), sympy.S.Zero)
        if not self._varies(e):
            return _Form((), e)
        if e.is_Add:
            parts = [self.affine(arg) for arg in e.args]
            return None if None in parts else _added([part for part in parts if part is not None])
        if e.is_Mul:
            factors = [f for f in e.args if self._varies(f)]
            inner = self.affine(factors[0]) if len(factors) == 1 else None
            if inner is None:
                return None
            scale = sympy.Mul(*(f for f in e.args if not self._varies(f)))
            row = tuple((name, scale * c) for name, c in inner.row)
            return _Form(row, scale * inner.constant)
        return None

    @remembered
    def forms(self, e: Expr, reduced: bool = False) -> frozenset[_Form]:
        """Affine forms of which ``e`` is a function; with ``reduced``, fewer for polynomials."""
        form = self.affine(e)
        if form is not None:
            return frozenset([form] if form.row else [])
        if isinstance(e, BINDING):
            own = e.free_symbols & self.variables
            return frozenset(_Form(((name, sympy.S.One),), sympy.S.Zero) for name in own)
        parts = e.args
        if e.is_Add:
            straight, parts = self._parted(e)
            polynomial = [part for part in parts if self._is_polynomial(part)]
            if reduced and polynomial:
                parts = [part for part in parts if part not in polynomial]
                own = self._forms_of_polynomial(sympy.Add(straight, *polynomial))
            else:
                own = self.forms(straight, reduced)
            return own.union(*(self.forms(part, reduced) for part in parts))
        return frozenset().union(*(self.forms(part, reduced) for part in parts))

    def essential(self, terms: Sequence[Expr], reduced: bool = True) -> frozenset[_Form]:
        """Affine forms of which a sum is a function, up to a term that is affine itself."""
        found: frozenset[_Form] = frozenset()
        others = []
        for e in terms:
            varying = [factor for factor in sympy.Mul.make_args(e) if self._varies(factor)]
            first = None
            if len(varying) == 1 and isinstance(varying[0], special.logsumexp):
                # log(exp(a) + exp(b)) is a + log(1 + exp(b - a)).
                first = next((a for a in varying[0].args if self.affine(a) is not None), None)
            if first is None:
                others.append(e)
            else:
                found = found.union(*(self.forms(a - first, reduced) for a in varying[0].args))
        return found | self.forms(sympy.Add(*others), reduced)

    def _is_polynomial(self, e: Expr) -> bool:
        """Whether ``e`` is one in the variables, of moderate size."""
        return e.is_polynomial(*self.variables & e.free_symbols) and _count(e) <= MAX_TERMS

    def _forms_of_polynomial(self, e: Expr) -> frozenset[_Form]:
        """The least linear forms that a polynomial is one in.

        It is constant along v where the sum of its slopes times v is 0 (Carlini, *Reducing the
        number of variables of a polynomial*, 2006). Constants count as variables that v leaves
        alone, whatever relations there may be between them.
        """
        slopes: dict[Expr, dict[Any, fmpq]] = {}
        for term in sympy.Add.make_args(sympy.expand(e)):
            coefficient, rest = term.as_coeff_Mul()
            powers = {b: n for b, n in rest.as_powers_dict().items() if self._varies(b)}
            if not all(base in self.variables for base in powers):
                return self.forms(e)
            others = rest / sympy.Mul(*(base**n for base, n in powers.items()))
            for name, power in powers.items():
                left = {**powers, name: power - 1}
                monomial = (others, frozenset((b, n) for b, n in left.items() if n != 0))
                slope = slopes.setdefault(name, {})
                slope[monomial] = slope.get(monomial, fmpq(0)) + from_sympy(coefficient * power)
        if not slopes:
            return frozenset()
        names = list(slopes)
        monomials = list(dict.fromkeys(m for slope in slopes.values() for m in slope))
        rows, rank = fmpq_mat(
            [[slopes[name].get(m, fmpq(0)) for name in names] for m in monomials]
        ).rref()
        found = []
        for row in rows.tolist()[:rank]:
            named = ((n, to_sympy(c)) for n, c in zip(names, row, strict=True) if c != 0)
            found.append(_Form(tuple(named), sympy.S.Zero))
        return frozenset(found)

    def _parted(self, sum_: Expr) -> tuple[Expr, list[Expr]]:
        """The affine part of a sum, and its other terms."""
        rest = [term for term in sum_.args if self.affine(term) is None]
        return sympy.Add(*(t for t in sum_.args if self.affine(t) is not None)), rest

    def _rank_of(self, forms: Iterable[_Form]) -> int:
        """The rank of forms, in which each that is not a multiple of a rational one counts."""
        rational: set[tuple[tuple[Expr, fmpq], ...]] = set()
        others = set()
        for form in forms:
            lead = form.row[0][1]
            row = [(name, _rational(c / lead)) for name, c in form.row]
            known = tuple((name, number) for name, number in row if number is not None)
            if len(known) == len(row):
                rational.add(known)
            else:
                others.add(tuple((name, c / lead) for name, c in form.row))
        rows = [dict(row) for row in rational]
        return (_matrix(rows).rank() if rows else 0) + len(others)

    # Homogeneity

    @remembered
    def degree(self, e: Expr) -> Expr | None:
        """The degree of homogeneity in the forms, for positive factors; None if there is none."""
        form = self.affine(e)
        if form is not None:
            return sympy.S.One if form.row else sympy.S.Zero
        if isinstance(e, BINDING):
            return None
        if e.is_Add:
            straight, rest = self._parted(e)
            return self._shared([*rest, straight] if straight != 0 else rest)
        if e.is_Mul:
            degrees = [self.degree(factor) for factor in e.args]
            return None if None in degrees else sympy.Add(*degrees)
        if e.is_Pow and e.exp.is_Rational:
            inner = self.degree(e.base)
            return None if inner is None else inner * e.exp
        if isinstance(e, special.cbrt):
            inner = self.degree(e.args[0])
            return None if inner is None else inner / 3
        if isinstance(e, HOMOGENEOUS):
            return self._shared(e.args)
        if isinstance(e, sympy.sign):
            return None if self.degree(e.args[0]) is None else sympy.S.Zero
        if isinstance(e, sympy.Piecewise):
            same = all(self._is_of_rays(condition) for _, condition in e.args)
            return self._shared([value for value, _ in e.args]) if same else None
        return sympy.S.Zero if all(self.degree(arg) == 0 for arg in e.args) else None

    def _shared(self, parts: Sequence[Expr]) -> Expr | None:
        """The degree that all parts have; 0 has any."""
        degrees = {self.degree(part) for part in parts if part != 0}
        return degrees.pop() if len(degrees) == 1 else None

    def _is_of_rays(self, condition: Expr) -> bool:
        """Whether a condition holds on whole rays or not at all."""
        if isinstance(condition, sympy.logic.boolalg.BooleanAtom):
            return True
        if isinstance(condition, sympy.core.relational.Relational):
            return self._shared(condition.args) is not None
        connected = isinstance(condition, (sympy.And, sympy.Or, sympy.Not))
        return connected and all(map(self._is_of_rays, condition.args))

    def _has_rays(self, terms: Sequence[Expr]) -> bool:
        """Whether one step changes each form by its own value, and changes the essential ones."""
        reduced = self.essential(terms)
        forms = list(self.forms(sympy.Add(*terms)))
        moved = any(_sign(self._value(form)) for form in reduced)
        if all(form.constant == 0 for form in forms):
            return moved  # the point itself is that step
        if reduced != frozenset(forms):
            return False
        rows = [{name: _rational(c) for name, c in form.row} for form in forms]
        ends = [_rational(self._value(form)) for form in forms]
        if not moved or None in ends or any(None in row.values() for row in rows):
            return False
        end = sympy.Dummy()
        known = [{n: c for n, c in row.items() if c is not None} for row in rows]
        wide = [{**row, end: e} for row, e in zip(known, ends, strict=True) if e is not None]
        return bool(_matrix(known).rank() == _matrix(wide).rank())

    def _value(self, form: _Form) -> Expr:
        terms = [coefficient * self.point[name] for name, coefficient in form.row]
        return sympy.Add(form.constant, *terms).xreplace(self.point)

    # Products of factors that are 0 at the point

    def _rank_where_zero(self, e: Expr) -> int | None:
        """The rank of the Hessian of a smooth product with two factors that are 0 at the point."""
        varying = (factor for factor in sympy.Mul.make_args(e) if self._varies(factor))
        factors = [factor.as_base_exp() for factor in varying]
        if not all(n.is_Integer and n.is_positive and _is_smooth(base) for base, n in factors):
            return None
        zeros = [int(n) for base, n in factors if self._vanishes(base)]
        # The Hessian of u·v·w is (∇u∇vᵀ + ∇v∇uᵀ)·w where u and v are 0, and 0 if w is too.
        return 0 if sum(zeros) > 2 else len(zeros) if sum(zeros) == 2 else None

    def _vanishes(self, e: Expr) -> bool:
        return _sign(e.xreplace(self.point)) == 0


def _added(forms: Sequence[_Form]) -> _Form:
    row: dict[Expr, Expr] = {}
    for form in forms:
        for name, coefficient in form.row:
            row[name] = row.get(name, sympy.S.Zero) + coefficient
    kept = sorted(((n, c) for n, c in row.items() if c != 0), key=lambda pair: str(pair[0]))
    return _Form(tuple(kept), sympy.Add(*(form.constant for form in forms)))


def _matrix(rows: Sequence[Mapping[Any, fmpq]]) -> fmpq_mat:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return fmpq_mat([[row.get(name, fmpq(0)) for name in columns] for row in rows])


def _rational(number: Expr) -> fmpq | None:
    return from_sympy(number) if number.is_Rational else None


def _sign(number: Expr) -> int | None:
    """The proved sign of a number that is not too long."""
    return sign(number) if number.count_ops() <= MAX_COMPARED else None


def _count(e: Expr) -> int:
    """At most so many terms has a polynomial, written out."""
    if e.is_Add:
        return sum(map(_count, e.args))
    if e.is_Mul:
        return prod(map(_count, e.args))
    if e.is_Pow and e.exp.is_Integer and e.exp.is_positive:
        inner = _count(e.base)
        return comb(inner + min(int(e.exp), MAX_TERMS) - 1, inner - 1)
    return 1


def _is_smooth(e: Expr) -> bool:
    """Whether ``e`` has all derivatives everywhere."""
    if e.is_Symbol or e.is_number:
        return True
    if e.is_Pow and e.base != sympy.E:
        return bool(e.exp.is_Integer and e.exp.is_positive and _is_smooth(e.base))
    if not (e.is_Add or e.is_Mul or e.is_Pow or isinstance(e, SMOOTH)):
        return False
    return all(map(_is_smooth, e.args))
