"""What a person typed → the formula that it names."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace

from hesscli.errors import HessError, did_you_mean
from hesscli.expression.arguments import is_tensor, places_in
from hesscli.expression.builder import Builder, refused
from hesscli.expression.imaginary import require_real
from hesscli.expression.names import natural_key
from hesscli.expression.outline import Outline
from hesscli.expression.products import require_names
from hesscli.expression.walk import has_integral
from hesscli.language.definition import parse_definition
from hesscli.language.tree import Node, Parts
from hesscli.language.writer import UNICODE, unparse
from hesscli.notes import Note, Remark
from hesscli.types import Formula


def read_formula(text: str, given: Collection[str] = (), wrt: Sequence[str] = ()) -> Formula:
    """The formula that ``text`` names.

    ``given`` are names that a point gives a value: they are variables even where they would be
    constants (``E``, ``I``). ``wrt`` are the variables to differentiate, in order; empty means
    all, in natural order. Raises :class:`HessError` with a span for anything that is not on the
    allow-list.
    """
    definition = parse_definition(text)
    arguments = definition.variables
    wrt = wrt or arguments
    formula = from_tree(definition.tree, text, given, wrt, arguments)
    if not definition.literal:
        note = Remark(Note.READ_AS, (formula.text,))
        formula = replace(formula, notes=(note, *formula.notes))
    if arguments and list(wrt) != sorted(formula.variables, key=natural_key):
        note = Remark(Note.HEADER, (", ".join(wrt),))
        return replace(formula, notes=(*formula.notes, note))
    return formula


def from_tree(
    tree: Node,
    source: str,
    given: Collection[str] = (),
    wrt: Sequence[str] = (),
    names: Collection[str] = (),
) -> Formula:
    """The formula of a tree, whose spans are places in ``source``.

    ``names`` are variables even where the tree does not have them: f(x, y) = x**2 is a function of
    y too.
    """
    tensor = is_tensor(tree)
    builder = (Outline if tensor else Builder)(source, frozenset((*given, *wrt)))
    with refused():
        expression = builder.number(tree)
    insisted = {*builder.given, *names}
    doubts = require_names(tree, source, builder.names, builder.indices, insisted)
    require_real(tree, source, builder.indices, insisted)
    variables = sorted({*builder.names, *names}, key=natural_key)
    places = tuple(name for name in variables if name in {*places_in(tree)})
    _require_parts(tree, source, builder.given)
    if not variables or (places and len(places) == len(variables)):
        raise HessError(
            "no-variables",
            "the formula has no variable, so there is nothing to differentiate",
            source=source,
            hint='a formula with a name in it: hess "x**2" --at 3',
        )
    for name in wrt:
        if name not in variables:
            raise HessError(
                "unknown-variable",
                f"`--wrt {name}`: the formula has no variable `{name}`; "
                f"it has {', '.join(variables)}",
                hint=did_you_mean(name, variables) or f"`--wrt {','.join(variables[:10])}`",
            )
        if name in places and name not in names:
            raise HessError(
                "unknown-variable", f"`--wrt {name}`: nothing is differentiated by an index",
                hint="`--wrt` with other variables",
            )  # fmt: skip
    differentiated = [n for n in (wrt or variables) if n not in places]
    rest = [name for name in variables if name not in differentiated]
    formula = Formula(
        source=source,
        tree=tree,
        text=unparse(tree),
        pretty=unparse(tree, UNICODE),
        expression=expression,
        variables=(*differentiated, *rest),
        wrt=len(differentiated),
        sites=() if tensor else tuple(builder.sites),
        notes=(*builder.notes(), *doubts),
        decimal=builder.decimal,
        given=builder.given,
        reduces=builder.reduces or tensor,
        is_tensor=tensor,
        places=places,
    )
    return _with_definition(formula) if has_integral(tree) and not tensor else formula


def _require_parts(tree: Node, source: str, given: Collection[str]) -> None:
    """Refuse a part of a formula that has the name of a variable."""
    if not isinstance(tree, Parts):
        return
    for name, _ in tree.parts:
        if name in given:
            raise HessError(
                "doubled-name", f"`{name}` is a part of the formula, and has a value too",
                source=source, span=tree.span, hint=f"another name for `{name}` on one side",
            )  # fmt: skip


def _with_definition(formula: Formula) -> Formula:
    """The formula that knows its integrals as such, if they can be."""
    builder = Builder(formula.source, formula.given, closed=False)
    with suppress(HessError), refused():
        expression = builder.number(formula.tree)
        definition = replace(formula, expression=expression, sites=tuple(builder.sites))
        return replace(formula, definition=definition)
    return formula
