"""A SymPy expression at an exact point → the enclosed jet of its value, gradient and Hessian.

Nothing is differentiated in symbols: each part of the expression, once, gives its second-order jet
in ball arithmetic. What is piecewise takes the piece that is proved to hold near the point; a part
that is constant near the point has no kinks, whatever it is an argument of. What cannot be told is
raised: at this precision, at this point, or by these means.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from math import isqrt, prod
from typing import Any

import sympy
from flint import arb, ctx, fmpq
from sympy.codegen.cfunctions import hypot

from hesscli.balls.integrals import integral, integrand_of
from hesscli.balls.jets import (
    Jet,
    Meter,
    composed,
    foremost,
    is_not_zero,
    product,
    scaled,
    sign_of,
    total,
)
from hesscli.balls.rounding import may_vanish
from hesscli.functions.balls import (
    WEIGHTS,
    NotProvedError,
    NotRealError,
    SingularError,
    UndecidedError,
    partials,
)
from hesscli.functions.balls.enclosure import ONE, ZERO, Number, is_zero, whole_power
from hesscli.functions.balls.rationals import from_sympy, to_sympy
from hesscli.functions.failures import tried
from hesscli.types import Expr

MAX_POWER = 10**6
MAX_FACTORED = 60  # operations of what is factored, or simplified
PIECEWISE = (
    sympy.Abs, sympy.sign, sympy.floor, sympy.ceiling, sympy.Max, sympy.Min, sympy.Piecewise,
)  # fmt: skip
CONSTANTS: dict[str, Callable[[], Number]] = {
    "Pi": arb.pi,
    "Exp1": arb.const_e,
    "EulerGamma": arb.const_euler,
    "Catalan": arb.const_catalan,
    "GoldenRatio": lambda: (1 + arb(5).sqrt()) / 2,
}


class AtPoint(dict[Expr, int]):
    """Sides of which none is chosen: every quantity that is 0 at the point stays 0."""

    def __contains__(self, quantity: object) -> bool:
        return True

    def __missing__(self, quantity: Expr) -> int:
        return 0


class BoundaryError(Exception):
    """The point lies on the boundary of two pieces: ``quantity`` is 0 there and changes."""

    def __init__(self, quantity: Expr, jet: Jet) -> None:
        super().__init__(quantity)
        self.quantity, self.jet = quantity, jet


class Balls:
    """Jets at one point, at the working precision of FLINT's context.

    ``place`` gives the jet of each symbol by its name. ``sides`` assigns a sign to quantities that
    are 0 at the point, which is then approached from there alone; ``vanishes`` tells by algebra
    whether a constant expression is 0, where it is asked at all. ``thin`` collects those of the
    quantities for which it makes a difference that they are 0.
    """

    def __init__(
        self,
        place: Mapping[str, Jet],
        meter: Meter,
        sides: Mapping[Expr, int] | None = None,
        vanishes: Callable[[Expr], bool] | None = None,
    ) -> None:
        self.place = place
        self.meter = meter
        self.sides = {} if sides is None else sides
        self.vanishes = vanishes
        self.thin: dict[Expr, Jet] = {}
        self._known: dict[Expr, Jet] = {}

    def jet(self, expression: Expr) -> Jet:
        """The jet of ``expression``.

        Raises :class:`UndecidedError` where more precision may help, :class:`BoundaryError`,
        :class:`SingularError`, :class:`NotProvedError`, and
        :class:`hesscli.balls.jets.BudgetError`.
        """
        known = self._known.get(expression)
        if known is None:
            self.meter.spend(4)  # for Python's own work
            known = self._known[expression] = self._jet(expression)
        return known

    def _jet(self, e: Expr) -> Jet:
        if e.is_Symbol:
            return self.place[e.name]
        if e.is_Rational:
            return Jet(from_sympy(e))
        if e.is_Add:
            return total(map(self.jet, e.args), self.meter)
        if e.is_Mul:
            return self._product(e.args)
        if e.is_Pow:
            return self._power(*e.args)
        way = _WAYS.get(type(e).__name__)
        if way is not None:
            return way(self, e)
        if not e.args:
            return Jet(self._constant(e))
        inner = [self.jet(arg) for arg in e.args]
        if isinstance(e, sympy.atan2) and _is_nothing(inner[0]) and inner[1].value > 0:
            return Jet(ZERO)  # of whichever length
        return self.function(type(e).__name__, inner)

    def _constant(self, e: Expr) -> Number:
        if e.is_Float:
            sign, mantissa, exponent, _ = e._mpf_
            number = fmpq(int(mantissa)) * fmpq(2) ** int(exponent)
            return -number if sign else number
        if e is sympy.I:
            raise NotRealError
        way = CONSTANTS.get(type(e).__name__)
        if way is None:
            raise NotProvedError(str(e))
        return way()

    def _product(self, factors: Sequence[Expr]) -> Jet:
        jets, complex_factor = [], None
        for factor in factors:
            try:
                jets.append(self.jet(factor))
            except NotRealError as error:
                complex_factor = error
        if complex_factor is not None:
            # SymPy makes (a*b)**p for a >= 0 of a**p*b**p, which is 0 where a is.
            if any(map(_is_nothing, jets)):
                return Jet(ZERO)
            raise complex_factor
        jets.sort(key=lambda jet: jet.varies)
        result = jets[0]
        for jet in jets[1:]:
            result = product(result, jet, self.meter)
        return result

    def function(self, name: str, inner: Sequence[Jet]) -> Jet:
        """A function of the table, of these jets."""
        self.meter.spend(WEIGHTS.get(name, 1))
        moving = [k for k, jet in enumerate(inner) if jet.varies]
        found = partials(name, [jet.value for jet in inner], moving)
        return composed(found.value, found.first, found.second, inner, self.meter)

    def _integral(self, e: Expr) -> Jet:
        (variable, *ends), *others = e.limits
        if others or len(ends) != 2 or any(end.is_infinite for end in ends):
            raise NotProvedError("an integral over several variables, or without ends")
        integrand = integrand_of(e.function, variable)
        inner = [self.jet(part) for part in (*integrand.parts, *ends)]
        moving = [k for k, jet in enumerate(inner) if jet.varies]
        found = integral(integrand, [jet.value for jet in inner], moving, self.meter)
        return composed(found.value, found.first, found.second, inner, self.meter)

    # Powers

    def _power(self, base: Expr, exponent: Expr) -> Jet:
        if exponent.is_Integer:
            return self._whole(base, int(exponent))
        if base is sympy.E:
            return self.function("exp", [self.jet(exponent)])
        u, p = self.jet(base), self.jet(exponent)
        sign = self.sign(base, u)
        whole = type(p.value) is fmpq and p.value.q == 1 and abs(p.value.p) <= MAX_POWER
        if whole and not p.varies:
            return self._whole_power(u, int(p.value.p), sign)
        if not p.varies and sign == 0:
            return self._at_zero(base, u, p.value)
        if sign != 1:
            raise SingularError if sign == 0 else NotRealError
        if not p.varies:
            return self._real_power(u, p.value)
        if whole and type(u.value) is fmpq and not u.varies:
            logarithm = arb(u.value).log()
            value = whole_power(u.value, int(p.value.p))
            slope = value * logarithm
            return composed(value, {0: slope}, {(0, 0): slope * logarithm}, [p], self.meter)
        return self.function("exp", [product(p, self.function("log", [u]), self.meter)])

    def _whole(self, base: Expr, n: int) -> Jet:
        u = self.jet(base)
        if abs(n) > MAX_POWER:
            if self.sign(base, u) != 1:
                raise NotProvedError("a large power")
            return self._real_power(u, fmpq(n))
        return self._whole_power(u, n, self.sign(base, u, needed=False) if n < 0 else None)

    def _whole_power(self, u: Jet, n: int, sign: int | None) -> Jet:
        if n < 0 and sign == 0:
            raise SingularError
        if n == 0:
            return Jet(ONE)
        if not u.varies:
            return Jet(_finite(whole_power(u.value, n)))
        if n == 2:
            return product(u, u, self.meter)
        value = _finite(whole_power(u.value, n))
        first = n * whole_power(u.value, n - 1)
        second = n * (n - 1) * whole_power(u.value, n - 2) if n != 1 else ZERO
        return composed(value, {0: first}, {(0, 0): second}, [u], self.meter)

    def _at_zero(self, base: Expr, u: Jet, p: Number) -> Jet:
        """A power of 0 with a constant exponent, which is not whole.

        What is nowhere negative, and has a jet on each side, is at most proportional to the
        distance, or to its square where it has no slope: to a power of more than 2, or 1, all
        second derivatives tend to 0.
        """
        if not p > 0:
            raise SingularError
        if not u.varies:
            return Jet(ZERO)
        if (is_nonnegative(base) or self.near(base) > 0) and (
            p > 2 or (p > 1 and self._is_flat(u))
        ):
            return Jet(ZERO, varies=True)
        raise SingularError

    def _is_flat(self, u: Jet) -> bool:
        """Whether a quantity has no slope; where no side is chosen, a kink shows none."""
        return not u.gradient and not isinstance(self.sides, AtPoint)

    def _real_power(self, u: Jet, p: Number) -> Jet:
        value = _root_power(u.value, p)
        if not u.varies:
            return Jet(_finite(value))
        first = p * value / u.value
        second = (p - 1) * first / u.value
        return composed(_finite(value), {0: first}, {(0, 0): second}, [u], self.meter)

    # Signs and pieces

    def sign(self, e: Expr, jet: Jet, needed: bool = True) -> int | None:
        """The sign of ``e`` at the point, by algebra too."""
        sign = sign_of(jet.value)
        if sign is None and self._vanishes(e, jet.value):
            jet.value = ZERO
            return 0
        if sign is None and needed:
            raise UndecidedError
        return sign

    def _vanishes(self, e: Expr, value: Number) -> bool:
        """Whether algebra proves that a part is 0 whose value may be."""
        return self.vanishes is not None and may_vanish(value, ctx.prec) and self.vanishes(e)

    def side(self, quantity: Expr, thin: bool = False) -> int:
        """The sign of ``quantity`` near the point; 0 only where it is constant there.

        ``thin`` says that it makes a difference where the quantity is 0, on whichever side.
        """
        jet = self.jet(quantity)
        sign = self.sign(quantity, jet)
        if sign or not jet.varies:
            return sign or 0
        if quantity.has(*PIECEWISE):
            piece = self.piece(quantity)
            if not piece.has(*PIECEWISE):
                return self.side(piece, thin)
        if not _surely_varies(jet) and is_identically_zero(quantity):
            return 0
        if not jet.gradient:
            split = factors(quantity)
            if split:
                return prod(self.side(factor, thin) ** abs(power) for factor, power in split)
        key, orientation = oriented(quantity)
        if thin or key not in self.sides:
            turned = jet if orientation > 0 else scaled(jet, fmpq(-1))
            if key not in self.sides:
                raise BoundaryError(key, turned)
            self.thin[key] = turned
        return orientation * self.sides[key]

    def piece(self, e: Expr) -> Expr:
        """``e`` with the pieces that hold near the point, of which algebra may know more."""
        if not e.args or not e.has(*PIECEWISE):
            return e
        if isinstance(e, sympy.Abs):
            return self.side(e.args[0]) * self.piece(e.args[0])
        if isinstance(e, (sympy.sign, sympy.floor, sympy.ceiling)):
            value = self.jet(e).value
            return to_sympy(value)
        if isinstance(e, (sympy.Max, sympy.Min)):
            chosen = self.jet(e)
            return next(self.piece(arg) for arg in e.args if self.jet(arg) is chosen)
        if isinstance(e, sympy.Piecewise):
            return next(self.piece(value) for value, condition in e.args if self.holds(condition))
        return e.func(*map(self.piece, e.args))

    def near(self, quantity: Expr) -> int:
        """The sign of ``quantity`` on the side that the point is approached from, if that has been
        chosen, or else at the point.
        """
        sign = self.sign(quantity, self.jet(quantity))
        if sign:
            return sign
        key, orientation = oriented(quantity)
        return orientation * self.sides.get(key, 0)

    def holds(self, condition: Expr) -> bool:
        """Whether a condition holds near the point."""
        if condition in (sympy.true, sympy.false):
            return bool(condition)
        if isinstance(condition, sympy.Not):
            return not self.holds(condition.args[0])
        if isinstance(condition, (sympy.And, sympy.Or)):
            return self._joined(condition.args, decisive=isinstance(condition, sympy.Or))
        if isinstance(condition, sympy.ITE):
            test, one, other = condition.args
            return self.holds(one if self.holds(test) else other)
        if condition.func not in _COMPARISONS:
            raise NotProvedError(str(condition))
        side = self.side(difference(condition), thin=True)
        return _COMPARISONS[condition.func](side, 0)

    def _joined(self, conditions: Sequence[Expr], decisive: bool) -> bool:
        """Whether one of them is as ``decisive``, which it may show although others do not."""
        unclear: Exception | None = None
        for condition in conditions:
            try:
                if self.holds(condition) is decisive:
                    return decisive
            except (UndecidedError, BoundaryError) as error:
                unclear = unclear or error
        if unclear is not None:
            raise unclear
        return not decisive

    def _absolute(self, e: Expr) -> Jet:
        side, jet = self.side(e.args[0]), self.jet(e.args[0])
        return scaled(jet, fmpq(side)) if side else Jet(ZERO, varies=jet.varies)

    def _signum(self, e: Expr) -> Jet:
        return Jet(fmpq(self.side(e.args[0], thin=True)))

    def _rounded(self, e: Expr) -> Jet:
        (part,) = e.args
        jet, up = self.jet(part), type(e).__name__ == "ceiling"
        whole = self.whole_number(part, jet)
        if whole is not None:
            side = self.side(part - whole, thin=True)
            return Jet(fmpq(whole + (side > 0 if up else -(side < 0))))
        rounded = jet.value.ceil() if up else jet.value.floor()
        number = rounded if type(rounded) is not arb else rounded.unique_fmpz()
        if number is None:
            raise UndecidedError
        return Jet(fmpq(number))

    def whole_number(self, part: Expr, jet: Jet) -> int | None:
        """The whole number that ``part`` is at the point; None where it is none."""
        if type(jet.value) is fmpq:
            return int(jet.value.p) if jet.value.q == 1 else None
        if not jet.value.contains_integer():
            return None
        number = jet.value.unique_fmpz()
        if number is None:
            raise UndecidedError
        if is_zero(jet.value - number):
            return int(number)
        if self._vanishes(part - int(number), jet.value - number):
            return int(number)
        raise UndecidedError

    def _extreme(self, e: Expr) -> Jet:
        """The piece of the argument that is largest, or smallest, near the point."""
        orientation = 1 if type(e).__name__ == "Max" else -1
        jets = [self._jet_or_value(arg) for arg in e.args]
        best = foremost(jets, orientation)
        for k, arg in enumerate(e.args):
            if k != best and not orientation * (jets[best].value - jets[k].value) > 0:
                side = self.side(e.args[best] - arg)
                if orientation * side < 0:
                    best = k
        return self.jet(e.args[best])

    def _jet_or_value(self, e: Expr) -> Jet:
        """The jet, or the value alone, as is enough of what is not the largest."""
        try:
            return self.jet(e)
        except SingularError:
            still = {name: Jet(jet.value) for name, jet in self.place.items()}
            return Balls(still, self.meter, None, self.vanishes).jet(e)

    def _piecewise(self, e: Expr) -> Jet:
        for value, condition in e.args:
            if self.holds(condition):
                return self.jet(value)
        raise SingularError


_COMPARISONS: dict[Any, Callable[[int, int], bool]] = {
    sympy.Gt: operator.gt, sympy.Ge: operator.ge, sympy.Lt: operator.lt, sympy.Le: operator.le,
    sympy.Eq: operator.eq, sympy.Ne: operator.ne,
}  # fmt: skip
_WAYS: dict[str, Callable[[Balls, Expr], Jet]] = {
    "Abs": Balls._absolute,
    "sign": Balls._signum,
    "floor": Balls._rounded,
    "ceiling": Balls._rounded,
    "Max": Balls._extreme,
    "Min": Balls._extreme,
    "Piecewise": Balls._piecewise,
    "Integral": Balls._integral,
}


def _finite(number: Number) -> Number:
    if type(number) is arb and not number.is_finite():
        raise UndecidedError
    return number


def _is_nothing(jet: Jet) -> bool:
    return not jet.varies and is_zero(jet.value)


def _surely_varies(jet: Jet) -> bool:
    return any(map(is_not_zero, (*jet.gradient.values(), *jet.hessian.values())))


def _root_power(number: Number, p: Number) -> Number:
    """A positive number to a real power; exact where both are rational and it is a perfect one."""
    if type(number) is fmpq and type(p) is fmpq and p.q == 2 and abs(p.p) < MAX_POWER:
        above, below = isqrt(int(number.p)), isqrt(int(number.q))
        if above**2 == number.p and below**2 == number.q:
            return whole_power(fmpq(above, below), int(p.p))
    if type(p) is fmpq and p.q == 2 and abs(p.p) < MAX_POWER:
        return whole_power(arb(number).sqrt(), int(p.p))
    return arb(number) ** p


def is_nonnegative(quantity: Expr) -> bool:
    """Whether a quantity is nowhere negative, as SymPy's assumptions tell, and one more."""
    return bool(quantity.is_nonnegative) or isinstance(quantity, hypot)


@lru_cache(maxsize=4096)
def difference(relation: Expr) -> Expr:
    """What is compared with 0 in a comparison."""
    return relation.lhs - relation.rhs


@lru_cache(maxsize=4096)
def oriented(quantity: Expr) -> tuple[Expr, int]:
    """A quantity up to a positive factor and its sign, and that sign: x for -2*x, and -1."""
    coefficient, rest = quantity.as_coeff_Mul()
    if coefficient.is_number and not coefficient.is_Rational:
        coefficient, rest = sympy.S.One, quantity
    sign = -1 if coefficient.is_negative else 1
    if rest.is_Add and rest.could_extract_minus_sign():
        return -rest, -sign
    return rest, sign


@lru_cache(maxsize=4096)
def factors(quantity: Expr) -> tuple[tuple[Expr, int], ...]:
    """The factors of a polynomial that splits, with their powers; none otherwise.

    Those of a quotient of polynomials have the denominator's power -1.
    """
    if quantity.is_Pow and quantity.exp.is_Integer and quantity.exp > 0:
        return ((quantity.base, int(quantity.exp)),)
    if quantity.is_Mul and all(factor.is_real for factor in quantity.args):
        return tuple((factor, 1) for factor in quantity.args)
    symbols = sorted(quantity.free_symbols, key=str)
    if quantity.count_ops() > MAX_FACTORED:
        return ()
    if not quantity.is_polynomial(*symbols):
        above, below = sympy.fraction(sympy.together(quantity))
        is_quotient = above.is_polynomial(*symbols) and below.is_polynomial(*symbols)
        return ((above, 1), (below, -1)) if is_quotient and below.free_symbols else ()
    coefficient, found = sympy.factor_list(quantity)
    if len(found) == 1 and found[0][1] == 1:
        return ()
    return ((coefficient, 1), *((factor, int(power)) for factor, power in found))


@lru_cache(maxsize=4096)
def is_identically_zero(quantity: Expr) -> bool:
    """Whether algebra shows that ``quantity`` is 0 at every point."""
    if quantity == 0:
        return True
    if not quantity.free_symbols or quantity.count_ops() > MAX_FACTORED:
        return False
    if quantity.has(sympy.Integral):
        return False  # SymPy would integrate
    return any(tried(proof, quantity) == 0 for proof in (sympy.expand, sympy.simplify))


def coordinate(value: Number, row: int | None) -> Jet:
    """The jet of a variable: of a row of the Hessian, or a constant."""
    return Jet(value) if row is None else Jet(value, {row: ONE}, {}, True)
