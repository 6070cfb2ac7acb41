"""Names that may be products: ``xy`` beside ``x``, ``sinx``, ``x_1x_2``, ``ax^2``.

Most people write products without a sign, and no formula tells whether ``xy`` is one variable or
two. Where both are sensible, the name is refused, unless somebody insists on it by giving it a
value or by naming it among the variables. Where nothing but its place speaks for a product
(``ax^2``), a note tells how it was read.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Set
from operator import itemgetter

from hesscli.errors import HessError, shortened
from hesscli.expression.names import natural_key
from hesscli.functions.table import BY_NAME
from hesscli.language.tokens import GREEK, canonical_name
from hesscli.language.tree import (
    Call,
    Name,
    Negative,
    Node,
    Power,
    Product,
    Sum,
    children,
    walk,
)
from hesscli.notes import Note, Remark

_INDEX = r"(?:_?\d+)?"
# A letter, with its accents and an index: x, x1, x_1.
LETTER = rf"[^\W\d_][\u0300-\u036f]*+{_INDEX}"
_FACTOR = re.compile(LETTER)
_FACTORS = re.compile(rf"(?:{LETTER})+")
_GREEK = "|".join(sorted({*GREEK.values()}, key=len, reverse=True))
_GREEK_NAME = re.compile(rf"(?:var)?(?:{_GREEK}){_INDEX}")
# What stands after a function's name: sinx, sin2x, sintheta.
_ARGUMENT = re.compile(rf"(\d*)({_GREEK_NAME.pattern}(?!\w)|{LETTER})")
# A function of a number: ln2, which no variable is called.
_OF_NUMBER = re.compile(r"(ln|log|sqrt|sin|cos|tan|exp)(\d+)")
# Longer ones are no functions to anybody, and have too many ways to be split.
_LONGEST = 20
_SHORTEST_FUNCTION, _LONGEST_FUNCTION = min(map(len, BY_NAME)), max(map(len, BY_NAME))

# Longer ones are words, but where their letters are variables.
_MOST_LETTERS = 3

# A part of a product: how it is typed, and its letter.
_Part = tuple[str, str]


def as_product(
    name: str, variables: Set[str], *, apart: int = 0, unseen: Set[str] = frozenset()
) -> str | None:
    """The product that ``name`` may be among these variables, as it is typed; None if it is one
    name to any reader.

    ``apart`` is the number of letters that are apart to a reader where the name stands, and
    ``unseen`` are variables that a header has, and the formula only as letters of names.
    """
    if name in BY_NAME or _GREEK_NAME.fullmatch(name):
        return None
    if of_number := _OF_NUMBER.fullmatch(name):
        return f"{of_number[1]}({of_number[2]})"
    return _letters(name, variables, apart, unseen) or _calls(name, variables)


def require_names(
    tree: Node, source: str, names: Collection[str], bound: Collection[str], insisted: Set[str]
) -> list[Remark]:
    """Refuse the first of ``names`` in a formula that may be a product; and what is to be told of
    those that are read as names, and may have been meant as products all the same: ``ax^2``.

    ``bound`` are the indices of its sums and integrals, and ``insisted`` what is a name whatever
    it looks like. Raises :class:`HessError`.
    """
    variables = {*names, *bound, *insisted}
    places = sorted(_apart(tree, source), key=itemgetter(1))
    apart = {name: most for name, most, _ in places}
    of_e = {name for name, _, is_of_e in places if is_of_e}
    unseen = insisted - {*names}
    free = [name for name in names if name not in insisted]
    products = {name: as_product(name, variables, unseen=unseen) for name in free}
    doubts = []
    for name in (name for name in free if not products[name] and name in apart):
        product = as_product(name, variables, apart=apart[name])
        unit = name in of_e and (product or "").startswith("i*") and "i" not in variables
        if unit or (product and _has_sign(name)):
            products[name] = f"I{str(product)[1:]}" if unit else product  # e^(ix)
        elif product:
            doubts.append(Remark(Note.ONE_NAME, (name, product)))
    for node in walk(tree):
        if not isinstance(node, Name) or not (product := products.get(node.name)):
            continue
        header = f"`f({', '.join(sorted({*names, *insisted}, key=natural_key))}) = …`"
        also = f" or {header}" if len(header) < 40 else ""
        raise HessError(
            "ambiguous-name",
            f"`{shortened(node.name)}` may be `{product}` or one name",
            span=node.span,
            source=source,
            hint=f"`{product}`; `--at {node.name}=…`{also} if it is one name",
        )
    return doubts


def _has_sign(name: str) -> bool:
    """Whether a name has a letter that no program has in one: αL."""
    return not GREEK.keys().isdisjoint(_FACTOR.findall(name))


def exponent_of_e(node: Node) -> Node | None:
    """What e is raised to, however that is typed."""
    match node:
        case Power(base=Name(name="e" | "E"), exponent=exponent):
            return exponent
        case Call(name="exp", arguments=(exponent,)):
            return exponent
    return None


def _apart(tree: Node, source: str) -> Iterator[tuple[str, int, bool]]:
    """The names whose letters are a product to a reader where they stand, how many letters that may
    be, and whether it is an exponent of e.

    Such are ``ax^2`` (though not ``ax**2``, which a program has), what is in an exponent, as in
    ``e^(kt)`` and ``K^αL``, or in the braces of LaTeX, as in ``x^{lmn}``, and ``ix`` in any
    exponent of e.
    """
    for node in walk(tree):
        exponent = exponent_of_e(node)
        if isinstance(node, Power) and not _is_program(node, source):
            base, above = node.base, node.exponent
            if isinstance(base, Name) and source[base.span[0]] != "\\":
                yield base.name, 2, False
            most = _MOST_LETTERS if source[above.span[0]] == "{" else 2
            yield from ((name, most, exponent is not None) for name in _terms(above))
        if exponent is not None:
            units = (name for name in _terms(exponent) if name.startswith("i"))
            yield from ((name, _MOST_LETTERS, True) for name in units)


def _is_program(power: Power, source: str) -> bool:
    """Whether a power is typed as in a program."""
    return "**" in source[power.base.span[1] : power.exponent.span[0]]


def _terms(node: Node) -> Iterator[str]:
    """The names that are factors or terms of ``node``."""
    match node:
        case Name(name=name):
            yield name
        case Power(base=base):
            yield from _terms(base)
        case Negative() | Sum() | Product():
            for child in children(node):
                yield from _terms(child)


def _letters(name: str, variables: Set[str], apart: int, unseen: Set[str]) -> str | None:
    """``name`` as a product of letters, where enough of them are variables."""
    if not _FACTORS.fullmatch(name):
        return None
    typed = _FACTOR.findall(name)
    factors = [canonical_name(factor) for factor in typed]
    known = [factor in variables or factor == "e" for factor in factors]
    # x_1x_2, x1x2 and x_1y_1 are products to everybody, whatever else the formula has.
    alike = len({factor[0] for factor in typed}) == 1
    numbered = all("_" in factor or (alike and factor[1:]) for factor in typed)
    either = len(factors) == 2 and not variables.isdisjoint(factors)
    if len(factors) < 2 or not (all(known) or numbered or either or len(factors) <= apart):
        return None
    if not unseen.isdisjoint(factors) or (apart and typed[0] in GREEK.keys() - {"Δ", "δ"}):
        return "*".join(factors)
    if not all(known) and typed[0][0].islower() and typed[1][0].isupper():
        return None  # kT and aL are written for one thing
    if typed[0] in ("d", "Δ", "δ") and len(factors) == 2 and factors[0] not in variables:
        return None  # so is dt
    return "*".join(factors)


def _calls(name: str, variables: Set[str]) -> str | None:
    """``name`` as functions of letters, and letters between that are variables: ``xsinx``."""
    for parts in _split(name) if len(name) <= _LONGEST else ():
        arguments = {letter for text, letter in parts if "(" in text}
        if arguments and {letter for _, letter in parts} <= variables | arguments:
            return "*".join(text for text, _ in parts)
    return None


def _split(name: str) -> Iterator[list[_Part]]:
    """All ways to split a name into letters and functions of one letter."""
    if not name:
        yield []
    for length in range(min(_LONGEST_FUNCTION, len(name) - 1), _SHORTEST_FUNCTION - 1, -1):
        function = _function(name[:length])
        argument = _ARGUMENT.match(name, length) if function else None
        if argument:
            letter = canonical_name(argument[2])
            inside = f"{argument[1]}*{letter}" if argument[1] else letter
            for rest in _split(name[argument.end() :]):
                yield [(f"{function}({inside})", letter), *rest]
    if factor := _FACTOR.match(name):
        letter = canonical_name(factor[0])
        for rest in _split(name[factor.end() :]):
            yield [(letter, letter), *rest]


def _function(name: str) -> str | None:
    """The function of this name, which may begin with a capital letter, as a keyboard makes it."""
    small = name[0].lower() + name[1:]
    return next((n for n in (name, small) if n in BY_NAME), None)
