"""The user's own Hessian or gradient against the one that was found: where it differs, and why."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

import numpy as np

from hesscli.answer import MAX_NAMED, Comparison, Difference
from hesscli.errors import HessError
from hesscli.shapes import Shape, size
from hesscli.types import Array
from hesscli.verdict.causes import Case, close, likely_cause
from hesscli.verdict.expected import Expected


def compare(
    expected: Expected, found: Array, labels: Sequence[str], variable_shapes: Mapping[str, Shape]
) -> Comparison:
    """How the user's numbers differ from those ``found``, in which NaN stands for no number.

    These are a matrix (n, n) or a gradient (n,), as the user's are meant to be. ``labels`` name the
    n rows; ``variable_shapes`` are those of the differentiated variables, in order. Raises
    :class:`HessError` where the user's have another shape.
    """
    require_shape(expected, labels, variable_shapes)
    case = case_of(expected, expected.values, found, labels, variable_shapes)
    with np.errstate(over="ignore"):
        largest = float(np.fmax.reduce(np.abs(case.theirs - case.found), axis=None))
    places = np.argwhere(case.differing).tolist()
    differences = tuple(
        Difference(i, j, (labels[i], labels[j]), float(case.theirs[i, j]), float(case.found[i, j]))
        for i, j in places
    )
    return Comparison(
        expected.of_matrix,
        differences,
        None if np.isnan(largest) else min(largest, sys.float_info.max),
        likely_cause(case) if differences else None,
    )


def case_of(
    expected: Expected,
    theirs: Array,
    found: Array,
    labels: Sequence[str],
    variable_shapes: Mapping[str, Shape],
) -> Case:
    """Both, of which a gradient becomes the diagonal of a matrix."""
    n, is_vector = len(labels), not expected.of_matrix
    theirs = np.diag(theirs.ravel()) if is_vector else theirs.reshape(n, n)
    found = np.diag(found) if is_vector else found
    found = np.where(np.isfinite(found), found, np.nan)
    differing = ~close(theirs, found)
    return Case(expected, theirs, found, differing, labels, variable_shapes, is_vector)


def require_shape(expected: Expected, labels: Sequence[str], shapes: Mapping[str, Shape]) -> None:
    """Raise :class:`HessError` unless the user's matrix or gradient has one of the right shapes."""
    n, shape, option = len(labels), expected.shape, expected.option
    single = len(shapes) == 1  # as torch.autograd.functional.hessian returns it
    if expected.of_matrix:
        accepted = {(n, n), *((*s, *s) for s in shapes.values() if single)}
        what = f"the Hessian is {n}×{n}"
    else:
        accepted = {(n,), (n, 1), (1, n), *(s for s in shapes.values() if single)}
        what = f"the gradient has {n} entr{'y' if n == 1 else 'ies'}"
    if shape in accepted or (n == 1 and size(shape) == 1):
        return
    given = f"has shape {'×'.join(map(str, shape))}" if len(shape) > 1 else "is a single number"
    if len(shape) == 1:
        given = f"is a list of {shape[0]}"
    row = f"[{','.join('…' * n)}]"
    pattern, rest = f'"{row}"', "the entries"
    if expected.of_matrix:
        pattern = f'"[{",".join([row] * n)}]"' if n <= 3 else f"with {n} rows of {n} numbers"
        rest = "rows and columns"
    elif n > 3:
        pattern = f"with {n} numbers"
    order = ", ".join(labels[:MAX_NAMED]) + ", …" * (n > MAX_NAMED)
    raise HessError(
        "wrong-shape",
        f"`{option}` {given}, and {what}",
        source=expected.source,
        span=(0, len(expected.source)),
        hint=f"{option} {pattern}, {rest} in the order {order}",
    )
