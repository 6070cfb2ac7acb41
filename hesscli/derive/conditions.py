"""Where derivatives in symbols hold: what of a formula's parts may break is told, unless it shows.

A quotient whose parts cancel, or a root of a square, leaves no trace in the derivatives of where
the formula has no value, or no derivatives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import sympy

from hesscli.answer import Answer
from hesscli.expression.names import symbol
from hesscli.functions.failures import tried
from hesscli.notes import Note, Remark, Trouble
from hesscli.types import Expr, Site

# Where the formula's pieces meet.
_MEETING = (Trouble.KINK, Trouble.JUMP, Trouble.TIE, Trouble.SWITCH, Trouble.BRANCH_CUT)
# Where an entry divides by zero, too, or a function has its own edge.
_SHOWN = (
    Trouble.BY_ZERO, Trouble.POLE, Trouble.INFINITE, Trouble.EDGE, Trouble.VERTICAL,
    Trouble.NO_BASE, Trouble.WHOLE_EXPONENTS,
)  # fmt: skip


MAX_ORDER = 4  # of the derivatives that are looked at where a quantity is 0
# Functions that are finite everywhere, wherever they jump.
_FINITE = (sympy.sign, sympy.Abs, sympy.Max, sympy.Min, sympy.Piecewise, sympy.exp)


def with_conditions(answer: Answer, sites: Sequence[Site]) -> Answer:
    """The answer in symbols with notes of where it holds, for those of the formula's sites that the
    values it has do not pass by.
    """
    place = answer.place
    values = {symbol(name): numbers[0] for name, numbers in place.numbers.items()}
    entries = [e for row in (answer.gradient, *answer.hessian) for e in row if e is not None]
    seen = _singular(entries)
    return replace(answer, notes=(*answer.notes, *_conditions(sites, values, seen)))


def _conditions(
    sites: Sequence[Site], values: Mapping[Expr, Expr], seen: set[Expr]
) -> Iterator[Remark]:
    for trouble in (Trouble.NOT_REAL, *_MEETING, *_SHOWN):
        parts = tuple(
            site.part
            for site in sites
            if site.trouble is trouble and not (trouble in _SHOWN and _shows(site, values, seen))
        )
        if parts and trouble is Trouble.NOT_REAL:
            yield Remark(Note.HOLDS_WHERE_REAL, (parts,))
        elif parts:
            yield Remark(Note.HOLDS_EXCEPT, (parts, trouble))


def _shows(site: Site, values: Mapping[Expr, Expr], seen: set[Expr]) -> bool:
    """Whether the entries themselves tell of a site: it is in them, or the values alone are on it,
    and there are entries all the same.
    """
    at = [_leading(quantity, values) for quantity in site.quantities]
    if values and not any(quantity.free_symbols for quantity in at):
        return True
    return any(not seen.isdisjoint((part, -part)) for q in at for part in _parts(q))


def _leading(quantity: Expr, values: Mapping[Expr, Expr]) -> Expr:
    """A quantity at the values; where that is 0, what it is led by as they are approached, which
    may be 0 for some of the letters.
    """
    at = quantity.xreplace(values)
    for variable in values:
        derivative = quantity
        for _ in range(MAX_ORDER if at == 0 else 0):
            derivative = sympy.diff(derivative, variable)
            at = derivative.xreplace(values)
            if at != 0:
                break
    return at


def _parts(quantity: Expr) -> Iterator[Expr]:
    """What may stand in an entry for a quantity: all of it, a factor, or what a function is of."""
    yield quantity
    for factor in sympy.Mul.make_args(tried(sympy.factor_terms, quantity) or quantity):
        base = factor.as_base_exp()[0]
        yield base
        for size in base.atoms(sympy.Abs):  # 1 - x² for 1 - abs(x)
            yield sympy.expand(base * base.xreplace({size: -size}))
        yield from (u for f in base.atoms(sympy.Function) for u in f.args)


def _singular(entries: Sequence[Expr]) -> set[Expr]:
    """What the entries divide by, and what their functions are of that may have singularities."""
    found: set[Expr] = set()
    for entry in entries:
        for power in entry.atoms(sympy.Pow):
            if power.exp.as_coeff_Mul()[0].is_negative:
                for factor in sympy.Mul.make_args(power.base):
                    base = factor.as_base_exp()[0]
                    found |= {base, *(base.args if isinstance(base, sympy.Abs) else ())}
        for function in entry.atoms(sympy.Function):
            if not isinstance(function, _FINITE):
                found |= {*function.args}
    return found
