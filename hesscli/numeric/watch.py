"""Which elements of a node come near a place where it is not smooth, or has no value."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from hesscli.expression.graph import Linear, Node, Reduce
from hesscli.functions.hazards import READINGS
from hesscli.functions.table import BY_NAME
from hesscli.notes import Trouble
from hesscli.numeric.nodes import Elementwise, Step, Values, rows
from hesscli.types import Met

# A matrix whose condition, in the sum norm, is beyond this is singular but for rounding.
_SINGULAR = 1e13
MOST = 3  # that are named


def near(node: Node, step: Step, values: Values) -> list[Met]:
    """What is met in a node, given the values of its operands."""
    if isinstance(step, Elementwise):
        return list(_of_region(step, values))
    if isinstance(node, Reduce):
        return list(_of_reduction(node, values[node.operand]))
    if isinstance(node, Linear):
        return list(_of_matrix(node, values[node.operands[0]]))
    return []


def _first(hit: Tensor) -> list[tuple[int, ...]]:
    return [tuple(index) for index in hit.nonzero()[:MOST].tolist()]


def _of_region(step: Elementwise, values: Values) -> Iterator[Met]:
    for site, hit in zip(step.region.sites, step.near(values), strict=True):
        for index in _first(hit):
            yield Met(site.part, site.span, site.trouble, index)


def _of_reduction(node: Reduce, operand: Tensor) -> Iterator[Met]:
    hazards = BY_NAME[node.kind].hazards
    if not hazards:
        return
    elements = rows(node, operand).movedim(-1, 0)
    # A norm is watched by its square.
    watched = (elements**2).sum(0, keepdim=True) if node.kind == "norm" else elements
    if len(elements) < 2 and node.kind != "norm":
        return
    for hazard in hazards:
        for index in _first(READINGS[hazard.test].near(watched)):
            yield Met(node.typed.part, node.typed.span, hazard.trouble, index)


def _of_matrix(node: Linear, matrix: Tensor) -> Iterator[Met]:
    if node.kind == "expm":
        return
    inverse, info = torch.linalg.inv_ex(matrix)
    condition = matrix.abs().sum(0).max() * inverse.abs().sum(0).max()
    if bool(info) or not bool(condition < _SINGULAR):
        trouble = Trouble.INFINITE if node.kind == "logdet" else Trouble.BY_ZERO
        yield Met(node.typed.part, node.typed.span, trouble, ())
    elif node.kind == "logdet" and bool(torch.linalg.slogdet(matrix).sign < 0):
        yield Met(node.typed.part, node.typed.span, Trouble.NOT_REAL, ())
