"""Numbers in place of the symbols of an expression, each part evaluated once, in closed form."""

from __future__ import annotations

from collections.abc import Mapping

import sympy

from hesscli.errors import ExitStatus, HessError
from hesscli.expression.sizes import MAX_BITS, bits, evaluation_fits
from hesscli.functions.failures import tried
from hesscli.types import Expr


def substituted(expression: Expr, values: Mapping[Expr, Expr]) -> Expr:
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
                if holds != sympy.false:
                    return visit(value) if holds == sympy.true else sympy.nan
            return sympy.nan
        args = [visit(arg) for arg in e.args]
        constant = all(arg.is_number and arg.is_finite for arg in args)
        if constant and not evaluation_fits(e.func, args):
            raise _too_large()
        result = e.func(*args)
        if any(part.is_Rational and bits(part) > MAX_BITS for part in (result, *result.args)):
            raise _too_large()
        return result

    result = tried(visit, expression)
    return sympy.nan if result is None else result


def _too_large() -> HessError:
    return HessError(
        "too-large",
        "a number at this point is too large to compute exactly",
        hint="--digits 50 instead of --exact",
        status=ExitStatus.NO_ANSWER,
    )


def replaced(expression: Expr, parts: Mapping[Expr, Expr]) -> Expr | None:
    """``expression`` with other parts in place of some; None where SymPy fails.

    SymPy brings conditions of pieces into a form of its own, and may not come to an end with that.
    """
    known = dict(parts)

    def visit(e: Expr) -> Expr:
        if e not in known:
            known[e] = rebuilt(e) if e.args else e
        return known[e]

    def rebuilt(e: Expr) -> Expr:
        if isinstance(e, sympy.Piecewise):
            return pieces([(value, visit(condition)) for value, condition in e.args])
        args = [visit(arg) for arg in e.args]
        same = all(a is b for a, b in zip(args, e.args, strict=True))
        return e if same else e.func(*args)

    def pieces(found: list[tuple[Expr, Expr]]) -> Expr:
        possible = [(value, condition) for value, condition in found if condition != sympy.false]
        end = next((k for k, (_, c) in enumerate(possible) if c == sympy.true), len(possible))
        kept = [(visit(value), condition) for value, condition in possible[: end + 1]]
        if not kept:
            return sympy.nan
        return kept[0][0] if end == 0 else sympy.Piecewise(*kept, evaluate=False)

    return tried(visit, expression)
