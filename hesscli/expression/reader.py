"""What a person typed → the formula that it names."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import product

from hesscli.errors import HessError, did_you_mean
from hesscli.expression.arguments import elementwise_names
from hesscli.expression.builder import Builder, refused
from hesscli.expression.imaginary import require_real
from hesscli.expression.names import natural_key
from hesscli.expression.products import require_names
from hesscli.expression.walk import has_integral
from hesscli.language.definition import parse_definition
from hesscli.language.tree import Node
from hesscli.language.writer import UNICODE, unparse
from hesscli.notes import Note, Remark
from hesscli.shapes import Shape, label
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
    shapes: Mapping[str, Shape] | None = None,
) -> Formula:
    """The formula of a tree, whose spans are places in ``source``.

    ``names`` are variables even where the tree does not have them: f(x, y) = x**2 is a function of
    y too. With ``shapes``, the formula is written out in the elements of its variables
    (``x[0,1]``), and summed.
    """
    shapes = shapes or {}
    builder = Builder(source, frozenset((*given, *wrt)), shapes)
    with refused():
        expression = builder.whole(tree)
    insisted = {*builder.given, *names}
    doubts = require_names(tree, source, builder.names, builder.indices, insisted)
    require_real(tree, source, builder.indices, insisted)
    variables = sorted({*builder.names, *names}, key=natural_key)
    if not variables:
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
    rest = [name for name in variables if name not in wrt] if wrt else []
    differentiated = _in_elements(wrt or variables, shapes)
    formula = Formula(
        source=source,
        tree=tree,
        text=unparse(tree),
        pretty=unparse(tree, UNICODE),
        expression=expression,
        variables=(*differentiated, *_in_elements(rest, shapes)),
        wrt=len(differentiated),
        sites=tuple(builder.sites),
        notes=(*builder.notes(), *doubts),
        decimal=builder.decimal,
        given=builder.given,
        outer=tuple(n for n in dict.fromkeys(elementwise_names(tree)) if n in builder.names),
        reduces=builder.reduces,
    )
    return _with_definition(formula, shapes) if has_integral(tree) else formula


def _with_definition(formula: Formula, shapes: Mapping[str, Shape]) -> Formula:
    """The formula that knows its integrals as such, if they can be."""
    builder = Builder(formula.source, formula.given, shapes, closed=False)
    with suppress(HessError), refused():
        expression = builder.whole(formula.tree)
        definition = replace(formula, expression=expression, sites=tuple(builder.sites))
        return replace(formula, definition=definition)
    return formula


def _in_elements(names: Sequence[str], shapes: Mapping[str, Shape]) -> list[str]:
    """The names of the elements of variables, row-major."""
    return [
        name + label(index)
        for name in names
        for index in product(*map(range, shapes.get(name, ())))
    ]
