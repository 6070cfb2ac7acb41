"""Names that may be products: ``xy`` beside ``x``, ``sinx``, ``x_1x_2``.

Most people write products without a sign, and no formula tells whether ``xy`` is one variable or
two. Where both are sensible, the name is refused, unless somebody insists on it by giving it a
value or by naming it among the variables.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Set

from hesscli.errors import HessError, shortened
from hesscli.expression.names import natural_key
from hesscli.functions.table import BY_NAME
from hesscli.language.tokens import GREEK, canonical_name
from hesscli.language.tree import Name, Node, walk

_INDEX = r"(?:_?\d+)?"
# A letter, with its accents and an index: x, x1, x_1.
LETTER = rf"[^\W\d_][\u0300-\u036f]*+{_INDEX}"
_FACTOR = re.compile(LETTER)
_FACTORS = re.compile(rf"(?:{LETTER})+")
_GREEK = "|".join(sorted({*GREEK.values()}, key=len, reverse=True))
_GREEK_NAME = re.compile(rf"(?:var)?(?:{_GREEK}){_INDEX}")
# What stands after a function's name: sinx, sin2x, sintheta.
_ARGUMENT = re.compile(rf"(\d*)({_GREEK_NAME.pattern}(?!\w)|{LETTER})")
# Longer ones are no functions to anybody, and have too many ways to be split.
_LONGEST = 20
_SHORTEST_FUNCTION, _LONGEST_FUNCTION = min(map(len, BY_NAME)), max(map(len, BY_NAME))

# A part of a product: how it is typed, and its letter.
_Part = tuple[str, str]


def as_product(name: str, variables: Set[str]) -> str | None:
    """The product that ``name`` may be among these variables, as it is typed; None if it is one
    name to any reader.
    """
    if name in BY_NAME or _GREEK_NAME.fullmatch(name):
        return None
    return _letters(name, variables) or _calls(name, variables)


def require_names(
    tree: Node, source: str, names: Collection[str], bound: Collection[str], insisted: Set[str]
) -> None:
    """Refuse the first of ``names`` in a formula that may be a product.

    ``bound`` are the indices of its sums and integrals, and ``insisted`` what is a name whatever
    it looks like. Raises :class:`HessError`.
    """
    variables = {*names, *bound, *insisted}
    products = {name: as_product(name, variables) for name in names if name not in insisted}
    if not any(products.values()):
        return
    for node in walk(tree):
        if not isinstance(node, Name) or not (product := products.get(node.name)):
            continue
        others = {name for name in {*names, *insisted} if not products.get(name)}
        header = f"`f({', '.join(sorted({*others, node.name}, key=natural_key))}) = …`"
        also = f" or {header}" if len(header) < 40 else ""
        raise HessError(
            "ambiguous-name",
            f"`{shortened(node.name)}` may be `{product}` or one name",
            span=node.span,
            source=source,
            hint=f"`{product}`; `--at {node.name}=…`{also} if it is one name",
        )


def _letters(name: str, variables: Set[str]) -> str | None:
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
    if len(factors) < 2 or not (all(known) or numbered or either):
        return None
    if not all(known) and typed[0][0].islower() and typed[1][0].isupper():
        return None  # kT and aL are written for one thing
    if typed[0] == "d" and len(factors) == 2 and "d" not in variables:
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
