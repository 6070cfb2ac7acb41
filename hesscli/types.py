"""The frozen records that pass between the stages. Nothing here computes.

SymPy expressions and NumPy arrays appear in the annotations only, so that this module loads
neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal, TextIO

from hesscli.shapes import index_text, size

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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
    says: str
    span: Span
    breaks: bool = False


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula as it was read.

    ``source`` is the text typed, ``text`` the same in Python notation and ``pretty`` as people
    write it. ``variables`` are all names in the formula, those to differentiate first;
    ``wrt`` says how many of them are differentiated. ``notes`` tell how names were read. ``given``
    are the names that are variables because they were given a value; ``reduces`` says that parts
    go over all elements of a tensor (``norm(x)``), so that the formula is not elementwise, and
    ``outer`` are the names of which that is not so.
    """

    source: str
    text: str
    pretty: str
    expression: Expr
    variables: tuple[str, ...]
    wrt: int
    sites: tuple[Site, ...]
    notes: tuple[str, ...]
    decimal: bool
    given: frozenset[str]
    outer: tuple[str, ...]
    reduces: bool

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
class Sums:
    """Value, gradient and Hessian summed over the elements that autograd can do.

    ``numbers`` are the values used for each variable, flat; ``suspects`` the flat indices, into
    the tensor of shape ``shape``, of the elements that were left out. ``single`` says that they
    were computed in less than double precision; ``operations`` is the length of the program.
    Of a formula that joins its elements, all are suspects or none, and ``structural`` (n, n) is
    True where its parts alone prove that the Hessian is zero; None where they are elementwise.
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


@dataclass(frozen=True, slots=True)
class Undefined:
    """Why entries of an answer have no number.

    ``part`` is the text of the part of the formula that breaks and ``span`` its place;
    ``entries`` are paths into the JSON answer, such as ``value`` or ``hessian[0][1]``; a path
    without an index (``hessian``) stands for all of it.
    """

    part: str
    span: Span | None
    reason: str
    entries: tuple[str, ...]


class Format(StrEnum):
    """How answers are written."""

    terminal = "terminal"
    plain = "plain"
    json = "json"
    csv = "csv"
    latex = "latex"


class Color(StrEnum):
    """When answers are coloured."""

    auto = "auto"
    always = "always"
    never = "never"


# Ways to compute a Hessian, by the names that they have where they are compared.
AUTOGRAD, EXACT, DIFFERENCES = "autograd", "exact", "finite differences"


class Verify(StrEnum):
    """When numbers are compared with the exact derivatives."""

    auto = "auto"
    always = "always"
    never = "never"


@dataclass(frozen=True, slots=True)
class Streams:
    """Where a run reads and writes; tests pass their own."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for, before any of it is read.

    ``remark`` tells how a careless command was read, or what may be wrong with it.
    """

    expression: str
    remark: str | None
    at: tuple[str, ...]
    wrt: tuple[str, ...]
    seed: int | None
    dtype: str
    device: str
    format: Format
    output: str | None
    plot: str | None
    full: bool
    color: Color
    exact: bool
    digits: int | None
    verify: Verify
    timeout: float
    check: bool
    expect: str | None


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether an answer was compared with the exact derivatives, which were evaluated to many
    digits.

    Every number given agrees with them to ``digits`` significant digits; None where they were not
    compared, and ``reason`` says why. ``hessian`` (n, n) is the exact one, NaN where there is none.
    """

    digits: int | None
    reason: str | None
    hessian: Array | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Value, gradient (n,) and Hessian (n, n) at a point; NaN where ``undefined`` says why.

    The n rows are each differentiated variable's elements in row-major order. ``point`` holds
    the numbers that were used for every variable of the formula, flat and row-major; ``epsilon``
    is the rounding unit of the dtype that computed it and ``slack`` (n,) how far each
    differentiated coordinate may be from the one that was meant. With ``underflow``, a 0 may
    stand for a number that no double can hold. ``structural`` (n, n) is True where the formula
    alone proves that the Hessian is zero at every point.
    """

    formula: Formula
    variables: tuple[Variable, ...]
    constants: tuple[Variable, ...]
    point: Mapping[str, Array]
    value: float
    gradient: Array
    hessian: Array
    epsilon: float
    slack: Array
    underflow: bool
    structural: Mask
    verification: Verification
    undefined: tuple[Undefined, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckedEntry:
    """One entry of the Hessian from several sources, by their names; NaN where one has no number.

    ``errors`` are estimated, of those sources that are not exact up to rounding; ``digits``
    are those on which the rest agrees with the exact derivative.
    """

    labels: tuple[str, str]
    numbers: Mapping[str, float]
    errors: Mapping[str, float]
    digits: int | None
    agrees: bool

    @property
    def autograd(self) -> float:
        """The number of autograd."""
        return self.numbers[AUTOGRAD]

    @property
    def exact(self) -> float:
        """The exact number."""
        return self.numbers[EXACT]

    @property
    def difference(self) -> float:
        """The number by finite differences."""
        return self.numbers[DIFFERENCES]

    @property
    def error(self) -> float:
        """How far that may be off."""
        return self.errors[DIFFERENCES]


@dataclass(frozen=True, slots=True)
class Check:
    """The entries on and above the diagonal, compared."""

    entries: tuple[CheckedEntry, ...]

    @property
    def agrees(self) -> bool:
        """Whether all sources agree on all entries."""
        return all(entry.agrees for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Difference:
    """An entry in which the user's matrix differs from hess's; NaN stands for no number."""

    row: int
    column: int
    labels: tuple[str, str]
    expected: float
    found: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the user's own Hessian differs: where, by how much at most, and the likely cause.

    ``largest`` is None where no entry has a number in both; ``cause`` where nothing explains it.
    """

    differences: tuple[Difference, ...]
    largest: float | None
    cause: str | None

    @property
    def agrees(self) -> bool:
        """Whether there is no difference beyond the tolerance."""
        return not self.differences


@dataclass(frozen=True, slots=True)
class Report:
    """An evaluation with what follows from it.

    ``eigenvalues`` ascend; ``tolerance`` is the size below which one counts as zero;
    ``inertia`` counts the positive, zero and negative ones. All are ``None`` where the Hessian
    is not finite. ``stationary`` is ``None`` where the gradient is not known. ``check`` and
    ``comparison`` are there where they were asked for.
    """

    evaluation: Evaluation
    eigenvalues: Array | None
    tolerance: float | None
    inertia: tuple[int, int, int] | None
    definiteness: str | None
    stationary: bool | None
    gradient_tolerance: float | None
    kind: str | None
    notes: tuple[str, ...]
    check: Check | None = None
    comparison: Comparison | None = None

    @property
    def holds(self) -> bool:
        """Whether every number is there, and what was asked to agree does."""
        return (
            not self.evaluation.undefined
            and (self.check is None or self.check.agrees)
            and (self.comparison is None or self.comparison.agrees)
        )


@dataclass(frozen=True, slots=True)
class Symbolic:
    """The gradient and Hessian of a formula in symbols, each entry as a SymPy expression."""

    formula: Formula
    gradient: tuple[Expr, ...]
    hessian: tuple[tuple[Expr, ...], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exact:
    """Value, gradient and Hessian at a point as SymPy numbers; None where ``undefined`` says why.

    ``digits`` tells to how many digits they were evaluated, and is None where they are exact.
    ``point`` holds an exact number for each element, by its name (``x[0]``), of the
    differentiated ``variables`` and of the ``constants``.
    ``eigenvalues`` ascend, and are None where no closed form was found. ``inertia`` counts the
    positive, zero and negative ones, and is None where a sign could not be proved;
    ``definiteness`` is then "undecided", or "indefinite" where both signs occur all the same.
    ``stationary`` is None where a slope is missing, or could not be told from 0. ``structural``
    (n, n) is True where the Hessian is zero at every point.
    """

    formula: Formula
    variables: tuple[Variable, ...]
    constants: tuple[Variable, ...]
    digits: int | None
    point: Mapping[str, Expr]
    value: Expr | None
    gradient: tuple[Expr | None, ...]
    hessian: tuple[tuple[Expr | None, ...], ...]
    structural: Mask
    eigenvalues: tuple[Expr, ...] | None
    inertia: tuple[int, int, int] | None
    definiteness: str | None
    stationary: bool | None
    kind: str | None
    undefined: tuple[Undefined, ...]
    notes: tuple[str, ...]
