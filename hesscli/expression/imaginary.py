"""``i`` and ``j`` where a reader takes them for the imaginary unit: ``e^(i x)``.

The unit is ``I`` here, because ``i`` is a current, a rate or an index to most. Where it is in the
exponent of e, or beside a sine and a cosine, it is refused unless somebody insists on the variable.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Set

from hesscli.errors import HessError
from hesscli.expression.products import exponent_of_e
from hesscli.language.tree import Call, Name, Negative, Node, Product, Sum, walk

_UNITS = ("i", "j")


def require_real(tree: Node, source: str, bound: Collection[str], insisted: Set[str]) -> None:
    """Refuse the first ``i`` or ``j`` that may be the imaginary unit.

    ``bound`` are the indices of sums, and ``insisted`` what is a variable whatever it looks like.
    Raises :class:`HessError`.
    """
    for node in walk(tree):
        for factor in _units(node):
            if factor.name in bound or factor.name in insisted:
                continue
            name = factor.name
            raise HessError(
                "ambiguous-name", f"`{name}` may be the imaginary unit or a variable",
                span=factor.span, source=source,
                hint=f"`I` for the unit; `--at {name}=…` if it is a variable",
            )  # fmt: skip


def _units(node: Node) -> Iterator[Name]:
    exponent = exponent_of_e(node)
    if exponent is not None:
        yield from _factors(exponent)
    elif isinstance(node, Sum):
        terms = [term for _, term in node.terms]
        if any(_calls(term, "cos") for term in terms):
            yield from (unit for term in terms if _calls(term, "sin") for unit in _factors(term))


def _factors(node: Node) -> Iterator[Name]:
    """The units that are factors of a term."""
    match node:
        case Negative(operand=operand):
            yield from _factors(operand)
        case Sum(terms=terms):
            for _, term in terms:
                yield from _factors(term)
        case Product(factors=factors):
            for _, factor in factors:
                if isinstance(factor, Name) and factor.name in _UNITS:
                    yield factor
                elif not isinstance(factor, Name):
                    yield from _factors(factor)


def _calls(term: Node, name: str) -> bool:
    """Whether a function is a factor of a term."""
    factors = [factor for _, factor in term.factors] if isinstance(term, Product) else [term]
    return any(isinstance(factor, Call) and factor.name == name for factor in factors)
