"""Functions with edges, and of several arguments, over jets."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING, Any

from mpmath import mp

from . import jets
from .jets import Doubt, Jet, NotReal, Pole

if TYPE_CHECKING:
    from .reading import _Evaluator as Evaluator

Function = Callable[..., Jet]


def _abs(at: Evaluator, u: ast.expr) -> Jet:
    return at.visit(u).scaled(mp.mpf(at.edge(u)))


def _sign(at: Evaluator, u: ast.expr) -> Jet:
    return Jet(mp.mpf(at.edge(u)))


def _heaviside(at: Evaluator, u: ast.expr) -> Jet:
    return Jet((mp.mpf(at.edge(u)) + 1) / 2)


def _relu(at: Evaluator, u: ast.expr) -> Jet:
    return at.visit(u) if at.edge(u) > 0 else Jet(mp.zero)


def _whole(at: Evaluator, u: ast.expr) -> tuple[Any, bool]:
    """The nearest whole number to a node, and whether the node is this number."""
    value = at.visit(u).value
    if mp.mag(value) > mp.prec // 2:
        raise Doubt
    nearest = mp.nint(value)
    return nearest, at.edge(at.formula.minus(u, at.formula.number(int(nearest)))) == 0


def _floor(at: Evaluator, u: ast.expr) -> Jet:
    nearest, whole = _whole(at, u)
    return Jet(nearest if whole else mp.floor(at.visit(u).value))


def _ceil(at: Evaluator, u: ast.expr) -> Jet:
    nearest, whole = _whole(at, u)
    return Jet(nearest if whole else mp.ceil(at.visit(u).value))


def _max(at: Evaluator, *arguments: ast.expr) -> Jet:
    return at.visit(reduce(lambda a, b: a if _order(at, a, b) >= 0 else b, arguments))


def _min(at: Evaluator, *arguments: ast.expr) -> Jet:
    return at.visit(reduce(lambda a, b: a if _order(at, a, b) <= 0 else b, arguments))


def _order(at: Evaluator, a: ast.expr, b: ast.expr) -> int:
    return at.edge(at.formula.minus(a, b))


def _where(at: Evaluator, test: ast.expr, a: ast.expr, b: ast.expr) -> Jet:
    return at.visit(a if at.holds(test) else b)


def _piecewise(at: Evaluator, *pieces: ast.expr) -> Jet:
    for piece in pieces:
        if not isinstance(piece, ast.Tuple):
            raise Doubt
        value, test = piece.elts
        if at.holds(test):
            return at.visit(value)
    raise NotReal


def _sqrt(at: Evaluator, u: ast.expr) -> Jet:
    sign = at.edge(u)
    if sign < 0:
        raise NotReal
    if sign == 0:
        return Jet(mp.zero)
    return at.visit(u).through(jets.power(at.visit(u).value, mp.mpf(1) / 2))


def _cbrt(at: Evaluator, u: ast.expr) -> Jet:
    sign = at.edge(u)
    if sign == 0:
        return Jet(mp.zero)
    size = at.visit(u).scaled(mp.mpf(sign))
    return size.through(jets.power(size.value, mp.mpf(1) / 3)).scaled(mp.mpf(sign))


def _norm(at: Evaluator, *arguments: ast.expr) -> Jet:
    """The Euclidean length of scalars."""
    nodes = [at.formula.call("abs", a) for a in arguments]
    squares = [at.visit(a) * at.visit(a) for a in arguments]
    if all(at.sign(a) == 0 for a in arguments):
        for node in nodes:
            at.visit(node)  # raises Edge where the length has one
        return Jet(mp.zero)
    total = reduce(lambda a, b: a + b, squares)
    return total.through(jets.power(total.value, mp.mpf(1) / 2))


def _log(at: Evaluator, u: ast.expr, base: ast.expr | None = None) -> Jet:
    if base is None:
        return at.log(u)
    return at.log(u) * at.reciprocal(at.formula.call("log", base))


def _log_to(base: int) -> Function:
    return lambda at, u: at.log(u).scaled(1 / mp.log(base))


def _log1p(at: Evaluator, u: ast.expr) -> Jet:
    return at.log(at.formula.minus(u, at.formula.number(-1)))


def _quotient(above: str | None, below: str) -> Function:
    """A quotient of two smooth functions, such as the tangent."""

    def quotient(at: Evaluator, u: ast.expr) -> Jet:
        inverse = at.reciprocal(at.formula.call(below, u))
        return inverse if above is None else at.visit(at.formula.call(above, u)) * inverse

    return quotient


def _sinc(at: Evaluator, u: ast.expr) -> Jet:
    if at.edge(u) == 0:
        return Jet(mp.one)
    return at.visit(at.formula.call("sin", u)) * at.reciprocal(u)


def _within(at: Evaluator, u: ast.expr, low: int | None, high: int | None) -> int:
    """1 inside an interval, 0 at its end. Raises :class:`NotReal` outside."""
    signs = []
    if low is not None:
        signs.append(at.edge(at.formula.minus(u, at.formula.number(low))))
    if high is not None:
        signs.append(-at.edge(at.formula.minus(u, at.formula.number(high))))
    if min(signs) < 0:
        raise NotReal
    return min(signs)


def _inverse(
    function: Callable[[Any], Any],
    slope: Callable[[Any], tuple[Any, Any]],
    low: int | None,
    high: int | None,
) -> Function:
    """A function on an interval, at whose ends it has no slope."""

    def inverse(at: Evaluator, u: ast.expr) -> Jet:
        inside, jet = _within(at, u, low, high), at.visit(u)
        if inside == 0:
            if function is mp.atanh:
                raise Pole
            return Jet(function(mp.nint(jet.value)))
        return jet.through((function(jet.value), *slope(jet.value)))

    return inverse


def _asin_slopes(v: Any) -> tuple[Any, Any]:
    root = mp.sqrt(1 - v * v)
    return 1 / root, v / root**3


def _acos_slopes(v: Any) -> tuple[Any, Any]:
    first, second = _asin_slopes(v)
    return -first, -second


def _acosh_slopes(v: Any) -> tuple[Any, Any]:
    root = mp.sqrt(v * v - 1)
    return 1 / root, -v / root**3


def _atanh_slopes(v: Any) -> tuple[Any, Any]:
    slope = 1 / (1 - v * v)
    return slope, 2 * v * slope**2


def _atan2(at: Evaluator, y: ast.expr, x: ast.expr) -> Jet:
    if at.sign(y) == 0 and at.sign(x) == 0:
        raise Pole
    a, b = at.visit(y), at.visit(x)
    if at.sign(x) <= 0:
        at.edge(y)  # the cut
    ratio, first = (y, x) if abs(b.value) >= abs(a.value) else (x, y)
    quotient = at.visit(ratio) * at.reciprocal(first)
    turned = quotient.through(jets.SMOOTH["atan"](quotient.value))
    turned = turned if first is x else -turned
    return Jet(mp.atan2(a.value, b.value), turned.slopes, turned.seconds)


def _logsumexp(at: Evaluator, *arguments: ast.expr) -> Jet:
    terms = [at.visit(a) for a in arguments]
    top = max(t.value for t in terms)
    exps = [Jet(t.value - top, t.slopes, t.seconds).through(jets.exp(t.value - top)) for t in terms]
    total = reduce(lambda a, b: a + b, exps)
    return total.through(jets.log(total.value)) + Jet(top)


def _gamma(at: Evaluator, u: ast.expr) -> Jet:
    if at.visit(u).value < 0.5 and _whole(at, u)[1]:
        raise Pole
    return at.visit(u).through(jets.gamma(at.visit(u).value))


def _loggamma(at: Evaluator, u: ast.expr) -> Jet:
    sign = at.edge(u)
    if sign == 0:
        raise Pole
    if sign < 0:
        raise NotReal
    return at.visit(u).through(jets.loggamma(at.visit(u).value))


def _besselj(at: Evaluator, n: ast.expr, u: ast.expr) -> Jet:
    order = at.visit(n).value
    if at.visit(n).slopes or order != int(order):
        raise Doubt
    return at.visit(u).through(jets.besselj(int(order), at.visit(u).value))


def _chebyshevt(at: Evaluator, n: ast.expr, u: ast.expr) -> Jet:
    degree, x = int(at.visit(n).value), at.visit(u)
    before, polynomial = Jet(mp.one), x
    for _ in range(degree - 1):
        before, polynomial = polynomial, (x * polynomial).scaled(mp.mpf(2)) - before
    return polynomial if degree else Jet(mp.one)


FUNCTIONS: dict[str, Function] = {
    "abs": _abs,
    "sign": _sign,
    "Heaviside": _heaviside,
    "relu": _relu,
    "floor": _floor,
    "ceil": _ceil,
    "max": _max,
    "min": _min,
    "where": _where,
    "Piecewise": _piecewise,
    "sqrt": _sqrt,
    "cbrt": _cbrt,
    "norm": _norm,
    "hypot": _norm,
    "pow": lambda at, a, b: at.power(a, b),
    "log": _log,
    "ln": _log,
    "log2": _log_to(2),
    "log10": _log_to(10),
    "log1p": _log1p,
    "tan": _quotient("sin", "cos"),
    "cot": _quotient("cos", "sin"),
    "sec": _quotient(None, "cos"),
    "csc": _quotient(None, "sin"),
    "sech": _quotient(None, "cosh"),
    "csch": _quotient(None, "sinh"),
    "coth": _quotient("cosh", "sinh"),
    "sinc": _sinc,
    "asin": _inverse(mp.asin, _asin_slopes, -1, 1),
    "acos": _inverse(mp.acos, _acos_slopes, -1, 1),
    "acosh": _inverse(mp.acosh, _acosh_slopes, 1, None),
    "atanh": _inverse(mp.atanh, _atanh_slopes, -1, 1),
    "atan2": _atan2,
    "logsumexp": _logsumexp,
    "logaddexp": _logsumexp,
    "gamma": _gamma,
    "loggamma": _loggamma,
    "besselj": _besselj,
    "chebyshevt": _chebyshevt,
    "sum": lambda at, u: at.visit(u),  # of a scalar
}
