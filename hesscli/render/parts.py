"""Formulas → the same with their long repeated parts named, as people write them: with u = …"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from itertools import islice

import sympy

from hesscli.expression.names import symbol
from hesscli.types import Expr

# Characters: shorter parts are read where they stand, and a name costs a look at what it means.
MIN_LENGTH = 10
MIN_GAIN = 60
MAX_NAMED = 4
MAX_PARTS = 20_000  # that are looked through: more would take longer than to write them out
# What stands around a definition, and is read with it.
AROUND = len("with u = ")
NAMES = "uvwpqrst"


def named(
    formulas: Sequence[Expr], taken: Collection[str], text: Callable[[Expr], str]
) -> tuple[list[tuple[Expr, Expr]], list[Expr]]:
    """Names with what they stand for, none before those that it is made of, and the formulas with
    them, for what saves the most characters of the ``text`` of all. No name is one of ``taken``.
    """
    rest, found = list(formulas), dict[Expr, Expr]()
    letters = [name for name in NAMES if name not in taken]
    while len(found) < min(MAX_NAMED, len(letters)):
        part = _most_gained([*rest, *found.values()], text)
        if part is None:
            break
        name = sympy.Dummy(real=True)
        instead = _instead_of(part, name, [*rest, *found.values()])
        rest = [formula.xreplace(instead) for formula in rest]
        found = {other: meaning.xreplace(instead) for other, meaning in found.items()}
        found[name] = part
    ordered: list[Expr] = []
    while len(ordered) < len(found):
        ordered += [
            name
            for name, meaning in found.items()
            if name not in ordered and meaning.free_symbols & found.keys() <= {*ordered}
        ]
    final = dict(zip(ordered, map(symbol, letters), strict=False))
    definitions = [(final[name], found[name].xreplace(final)) for name in ordered]
    return definitions, [formula.xreplace(final) for formula in rest]


def _most_gained(formulas: Sequence[Expr], text: Callable[[Expr], str]) -> Expr | None:
    """The part with a name for which the most is gained; None where that is too little, or there
    are too many parts.
    """
    parts = (part for formula in formulas for part in sympy.preorder_traversal(formula))
    looked = list(islice(parts, MAX_PARTS + 1))
    if len(looked) > MAX_PARTS:
        return None
    counts = Counter(
        part
        for part in looked
        if isinstance(part, sympy.Expr) and not _is_short(part) and part.free_symbols
    )
    best, most = None, MIN_GAIN - 1
    for part, count in counts.items():
        if count < 3:
            continue
        length = len(text(part))
        gain = (count - 1) * (length - 1) - AROUND
        if length >= MIN_LENGTH and gain > most:
            best, most = part, gain
    return best


def _instead_of(part: Expr, name: Expr, formulas: Sequence[Expr]) -> dict[Expr, Expr]:
    """What stands for a part in the formulas; for exp(u), its powers exp(k·u) are those of the
    name.
    """
    instead = {part: name}
    if isinstance(part, sympy.exp):
        step, unit = _split(part)
        for other in set[Expr]().union(*(formula.atoms(sympy.exp) for formula in formulas)):
            multiple, its_unit = _split(other)
            if its_unit == unit and (multiple / step).is_Integer:
                instead[other] = name ** (multiple / step)
    return instead


def _split(power: Expr) -> tuple[Expr, Expr]:
    """The exponent of exp(k·u): k and u."""
    return tuple(sympy.factor_terms(power.exp).as_coeff_Mul())


def _is_short(part: Expr) -> bool:
    """Whether a part has no name of its own: a letter, or what stands below a bar."""
    return bool(part.is_Atom or (part.is_Pow and part.exp.could_extract_minus_sign()))
