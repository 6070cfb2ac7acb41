"""The frozen records that pass between the stages. Nothing here computes.

SymPy expressions and NumPy arrays appear in the annotations only, so that this module loads
neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from hesscli.notes import Remark, Trouble
from hesscli.shapes import index_text, size

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hesscli.language.tree import Node

    Array = NDArray[np.float64]
    Mask = NDArray[np.bool_]
else:
    Array = Mask = Any

Expr = Any  # a SymPy expression; SymPy ships no types
Span = tuple[int, int]
Test = Literal[
    "negative",
    "negative-power",
    "zero",
    "nonpositive",
    "pole",
    "whole",
    "tie-max",
    "tie-min",
    "always",
]


@dataclass(frozen=True, slots=True)
class Site:
    """A part of a formula with a place where it is not real or may not be differentiable.

    ``quantities`` are SymPy expressions to which ``test`` applies (see
    :class:`hesscli.functions.table.Hazard`); ``guards`` the conditions under which this part is
    used at all; ``part`` its text. With ``breaks``, the formula has no value where the test holds.
    """

    test: Test
    quantities: tuple[Expr, ...]
    guards: tuple[Expr, ...]
    part: str
    trouble: Trouble
    span: Span
    breaks: bool = False

    @property
    def is_everywhere(self) -> bool:
        """Whether this part has no value, and the formula none anywhere."""
        return self.test == "always" and not self.guards


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula as it was read.

    ``source`` is the text typed and ``tree`` its syntax, ``text`` the same in Python notation and
    ``pretty`` as people write it. ``variables`` are all names in the formula, those to
    differentiate first; ``wrt`` says how many of them are differentiated. ``notes`` tell how names
    were read. ``given`` are the names that are variables because they were given a value;
    ``reduces`` says that parts go over all elements of a tensor (``norm(x)``), so that the formula
    is not elementwise. With ``is_tensor``, some of that is of tensors alone (``A@x``): it has no
    ``expression`` before there are shapes, and ``places`` are the names of indices and lengths,
    which are not differentiated. Where ``expression`` and ``sites`` are of the closed forms of
    integrals, ``definition`` has the integrals as such.
    """

    source: str
    tree: Node
    text: str
    pretty: str
    expression: Expr
    variables: tuple[str, ...]
    wrt: int
    sites: tuple[Site, ...]
    notes: tuple[Remark, ...]
    decimal: bool
    given: frozenset[str]
    reduces: bool
    is_tensor: bool = False
    places: tuple[str, ...] = ()
    definition: Formula | None = None

    @property
    def differentiated(self) -> tuple[str, ...]:
        """The names of the variables that the Hessian is taken in, in its order."""
        return self.variables[: self.wrt]


@dataclass(frozen=True, slots=True)
class Random:
    """A tensor to be drawn: ``law`` is ``randn`` or ``rand``."""

    law: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Values:
    """A tensor of known entries, row-major: rationals, floats, or SymPy numbers (``sqrt(2)``)."""

    shape: tuple[int, ...]
    entries: tuple[Fraction | float | Expr, ...]


Value = Random | Values


@dataclass(frozen=True, slots=True)
class Point:
    """A value for each variable."""

    values: Mapping[str, Value]
    source: str


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable with the shape it has at a point."""

    name: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """The number of elements."""
        return size(self.shape)

    def elements(self) -> list[str]:
        """The element names in row-major order: ``x`` for a scalar, ``x[0,1]`` in a tensor."""
        return [self.name + index_text(self.shape, flat) for flat in range(self.size)]


@dataclass(frozen=True, slots=True)
class Met:
    """An element of a part of a formula that comes near a place where that is not smooth.

    ``index`` is that of the element in the part; ``quantity`` is what is close to 0 there, where
    that is one number.
    """

    part: str
    span: Span
    trouble: Trouble
    index: tuple[int, ...]
    quantity: str | None = None


@dataclass(frozen=True, slots=True)
class Sums:
    """Value, gradient and Hessian summed over the elements that autograd can do.

    ``numbers`` are the values used for each variable, flat; ``suspects`` the flat indices, into
    the tensor of shape ``shape``, of the elements that were left out. ``single`` says that they
    were computed in less than double precision; ``operations`` is the length of the program.
    Of a formula that joins its elements, all are suspects or none, and ``structural`` (n, n) is
    True where its parts alone prove that the Hessian is zero; None where they are elementwise.
    ``met`` are the elements of its parts for which all are suspects.
    """

    variables: tuple[Variable, ...]
    constants: tuple[Variable, ...]
    numbers: dict[str, Array]
    shape: tuple[int, ...]
    value: float
    gradient: Array
    hessian: Array
    suspects: tuple[int, ...]
    epsilon: float
    single: bool
    operations: int
    structural: Mask | None
    met: tuple[Met, ...] = ()


class Verify(StrEnum):
    """Whether numbers are proved: within a bounded amount of work, within more, or not at all."""

    auto = "auto"
    always = "always"
    never = "never"
