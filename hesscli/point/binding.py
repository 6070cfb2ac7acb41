"""Assignments and a formula → points: a value for each of its variables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from hesscli.errors import HessError, did_you_mean
from hesscli.expression.products import as_product
from hesscli.notes import Note
from hesscli.point.assignment import Assignment
from hesscli.shapes import broadcast
from hesscli.types import Formula, Point, Value, Values


def names_given(assignments: Iterable[Assignment]) -> frozenset[str]:
    """The names that any of the assignments gives a value to."""
    return frozenset(name for assignment in assignments for name in assignment.named)


def bind(assignments: Sequence[Assignment], formula: Formula) -> list[Point]:
    """The points that the assignments make for ``formula``, in order.

    An assignment that names every variable is a point; one that names only some holds for all
    points. Values stand in the order of the variables. Raises :class:`HessError` for a missing,
    unknown or doubled name, a wrong number of values, and shapes that do not broadcast.
    """
    held: dict[str, Value] = {}
    whole: list[Assignment] = []
    for assignment in assignments:
        _check_names(assignment, formula)
        if assignment.positional or len(assignment.named) == len(formula.variables):
            whole.append(assignment)
            continue
        _check_once(assignment, held)
        held |= assignment.named
    points = [_point(assignment, held, formula) for assignment in whole]
    if not points:
        missing = [name for name in formula.variables if name not in held]
        if missing:
            source = assignments[-1].source
            raise HessError(
                "missing-name",
                f"{_listed(missing)} {'has' if len(missing) == 1 else 'have'} no value",
                hint=_complete(held, missing, source),
            )
        points = [Point(held, " ".join(a.source for a in assignments))]
    points = [Point({n: p.values[n] for n in formula.variables}, p.source) for p in points]
    # What is inside sum(x) or norm(x) need not fit what is outside: its graph tells.
    if not formula.reduces:
        for point in points:
            _check_broadcast(point, formula.variables)
    return points


def held_alone(assignments: Sequence[Assignment], formula: Formula) -> dict[str, Values]:
    """The numbers that hold for all points where there is no point: some variables have no value.

    Empty where that is not so, or where what is held is not all numbers. Raises
    :class:`HessError` for an unknown or doubled name.
    """
    held: dict[str, Value] = {}
    for assignment in assignments:
        _check_names(assignment, formula)
        if assignment.positional or len(assignment.named) == len(formula.variables):
            return {}
        _check_once(assignment, held)
        held |= assignment.named
    numbers = {n: v for n, v in held.items() if isinstance(v, Values) and not v.shape}
    return numbers if len(numbers) == len(held) < len(formula.variables) else {}


def _check_names(assignment: Assignment, formula: Formula) -> None:
    for name in assignment.named:
        if name not in formula.variables:
            raise HessError(
                "unknown-name",
                f"the formula has no variable `{name}`; it has {_listed(formula.variables)}",
                span=assignment.spans.get(name),
                source=assignment.source,
                hint=did_you_mean(name, formula.variables)
                or f"`--at {','.join(f'{each}=…' for each in formula.variables[:10])}`",
            )


def _point(assignment: Assignment, held: dict[str, Value], formula: Formula) -> Point:
    if not assignment.positional:
        _check_once(assignment, held)
        return Point(assignment.named, assignment.source)
    free = [name for name in formula.variables if name not in held]
    count = len(assignment.positional)
    unordered = [name for name in free if name not in formula.differentiated]
    if unordered:
        raise HessError(
            "missing-name",
            f"there is no order for what is not differentiated: {_listed(unordered)}",
            source=assignment.source,
            hint=f"give constants by name: --at {','.join(f'{n}=…' for n in unordered)}",
        )
    if count != len(free):
        values = f"{count} value{'s' * (count != 1)}"
        raise HessError(
            "wrong-count",
            f"{values} for {len(free)} variable{'s' * (len(free) != 1)} ({', '.join(free)})"
            if free
            else f"{values} where every variable has one already",
            source=assignment.source,
            span=(0, len(assignment.source)),
            hint=_count_hint(assignment, free, formula),
        )
    return Point({**held, **dict(zip(free, assignment.positional, strict=True))}, assignment.source)


def _count_hint(assignment: Assignment, free: list[str], formula: Formula) -> str:
    count = len(assignment.positional)
    for note in formula.notes:
        if count < len(free) and note.kind is Note.PI_NAME:
            return f"`pi` in place of `{note.arguments[0]}` for the constant"
        if count > len(free) and note.kind is Note.CONSTANT:
            name, meaning = note.arguments
            return f"`{name}` is read as {meaning}; `--at {name}=…` makes it a variable"
    if len(free) == 1 and count > 1:
        (name,) = free
        product = as_product(name, frozenset(name))
        if product is not None and product.count("*") + 1 == count:
            return f"`{product}` in place of `{name}` for a product"
        tensor = f'--at "{name}=[…]" for a tensor, or `--at` once for each point'
        decimal = re.fullmatch(r"\s*(-?\d+),(\d+)\s*", assignment.source)
        return (
            f"--at {decimal[1]}.{decimal[2]} for a decimal point; {tensor}" if decimal else tensor
        )
    first = assignment.positional[0]
    if count == 1 and len(first.shape) == 1 and first.shape[0] == len(free):
        return "--at " + ",".join(f"{name}=…" for name in free) + ", without square brackets"
    return "--at " + ",".join(f"{name}=…" for name in free)


def _check_once(assignment: Assignment, held: dict[str, Value]) -> None:
    for name in assignment.named:
        if name in held:
            raise HessError(
                "doubled-name",
                f"`{name}` is given twice",
                span=assignment.spans.get(name),
                source=assignment.source,
                hint="each `--at` with all variables for several points",
            )


def _complete(held: dict[str, Value], missing: list[str], source: str) -> str:
    given = f"{source}," if held and "=" in source else ""
    return f'--at "{given}{",".join(f"{name}=…" for name in missing)}"'


def _listed(names: Sequence[str]) -> str:
    shown = [f"`{name}`" for name in names[:10]]
    if len(names) > 10:
        shown.append(f"{len(names) - 10} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _check_broadcast(point: Point, names: Sequence[str]) -> None:
    shapes = {name: point.values[name].shape for name in names if point.values[name].shape}
    try:
        broadcast(shapes.values())
    except ValueError:
        shown = ", ".join(f"{name} is {'×'.join(map(str, s))}" for name, s in shapes.items())
        raise HessError(
            "broadcast",
            f"these shapes do not broadcast: {shown}",
            source=point.source,
            hint="tensors of one shape, or numbers; a length of 1 stretches",
        ) from None
