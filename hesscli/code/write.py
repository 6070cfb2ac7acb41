"""A formula → the text of a function of its value, gradient and Hessian, for a target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import sympy

from hesscli.answer import Answer, Expressions
from hesscli.code.c import translation_unit
from hesscli.code.listing import Listing, listed, safe_names
from hesscli.code.python import module
from hesscli.code.slopes import computable
from hesscli.code.source import Source
from hesscli.code.targets import TARGETS, Target
from hesscli.derive.conditions import with_conditions
from hesscli.derive.symbols import differentiate
from hesscli.errors import HessError, printable
from hesscli.exact.proof import exact
from hesscli.expression.elements import split_formula
from hesscli.expression.names import example_point
from hesscli.expression.tensors import graph_at
from hesscli.functions.symbolic import MAX_WRITTEN_OUT
from hesscli.notes import Note, Remark
from hesscli.render.phrases import words
from hesscli.shapes import Shape, size
from hesscli.types import Expr, Formula, Point, Values, Variable

# Rows of the Hessian: each entry is written out.
MAX_ORDER = 100


def written(
    formula: Formula, target: str, point: Point | None, notes: tuple[Remark, ...] = ()
) -> str:
    """The code, with its call at the ``point`` if there is one; ``notes`` are told beside those of
    the formula.

    A formula over tensors is written out in their elements. Raises :class:`HessError` where there
    is no code for it.
    """
    shapes = {} if point is None else {n: point.values[n].shape for n in formula.variables}
    variables = tuple(Variable(name, shapes.get(name, ())) for name in formula.variables)
    _require(formula, variables, point)
    chosen = TARGETS[target]
    scalars = formula
    shape: Shape = ()
    if point is not None:
        graph = graph_at(formula, point)
        scalars, shape = split_formula(formula, graph, shapes), graph.shape(shapes)
    if chosen.rounded:
        scalars = replace(scalars, expression=computable(scalars.expression))
    answer = with_conditions(differentiate(scalars, MAX_WRITTEN_OUT), scalars.sites)
    names = _names(variables, chosen)
    source = Source(
        target=chosen,
        formula=formula.text,
        variables=variables,
        wrt=formula.wrt,
        names=names,
        listing=_listing(answer, names, chosen),
        notes=tuple(printable(words(note)) for note in (*answer.notes, *_summed(shape), *notes)),
        values=None if point is None else _numbers(point),
    )
    return translation_unit(source) if target == "c" else module(source, target)


def _summed(shape: Shape) -> list[Remark]:
    """A note where the formula gives a tensor."""
    return [Remark(Note.SUMMED, (size(shape), list(shape)))] if size(shape) != 1 else []


def _require(formula: Formula, variables: Sequence[Variable], point: Point | None) -> None:
    if point is None and formula.reduces:
        raise HessError(
            "missing-point",
            "the formula goes over the elements of tensors: how many there are, only a point tells",
            hint=example_point(formula.variables[:3]),
        )
    order = sum(v.size for v in variables[: formula.wrt])
    if order > MAX_ORDER:
        raise HessError(
            "too-large",
            f"the Hessian has {order:,} rows, and code is written out for at most {MAX_ORDER}",
            hint="smaller tensors, or `--wrt` with fewer variables",
        )


def _names(variables: Sequence[Variable], target: Target) -> dict[str, str]:
    """What variables and elements are called in the code."""
    every = [name for v in variables for name in (v.name, *v.elements())]
    return safe_names(list(dict.fromkeys(every)), target.reserved)


def _listing(answer: Answer, names: Mapping[str, str], target: Target) -> Listing:
    assert isinstance(answer.jet, Expressions)
    jet = answer.jet
    value, gradient = jet.value, list(jet.gradient)
    if target.rounded and any(e is not None and e.has(sympy.I) for e in (value, *gradient)):
        message = f"the formula is not real, and {target.said} would compute in real numbers"
        raise HessError("unsupported", message, hint="`--code sympy`")
    return listed(value, gradient, jet.hessian, target, names)


def _numbers(point: Point) -> dict[str, Expr]:
    """The exact number for each element, by its name."""
    found: dict[str, Expr] = {}
    for name, value in point.values.items():
        assert isinstance(value, Values)
        labels = Variable(name, value.shape).elements()
        found |= dict(zip(labels, map(exact, value.entries), strict=True))
    return found
