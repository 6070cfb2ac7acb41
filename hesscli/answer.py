"""One answer, whatever it is made of: doubles, exact numbers, or formulas.

NumPy and SymPy appear in annotations only, so that this module loads neither.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Any

from hesscli.notes import Cause, Remark
from hesscli.types import Array, Expr, Formula, Span, Variable


class Basis(Enum):
    """What the entries of an answer are."""

    DOUBLES = auto()
    EXACT = auto()  # SymPy numbers in closed form
    DIGITS = auto()  # SymPy numbers, as many digits as were asked for
    SYMBOLS = auto()  # formulas


@dataclass(frozen=True, slots=True)
class Doubles:
    """Value, gradient (n,) and Hessian (n, n) as doubles; NaN where there is no number."""

    value: float
    gradient: Array
    hessian: Array

    def slopes(self) -> list[float]:
        """The gradient."""
        slopes: list[float] = self.gradient.tolist()
        return slopes

    def rows(self) -> Iterator[list[float]]:
        """The rows of the Hessian."""
        return (row.tolist() for row in self.hessian)

    def doubles(self) -> Array:
        """The Hessian as doubles (n, n)."""
        return self.hessian


@dataclass(frozen=True, slots=True)
class Expressions:
    """Value, gradient and Hessian as SymPy numbers or formulas; None where there is none."""

    value: Expr | None
    gradient: tuple[Expr | None, ...]
    hessian: tuple[tuple[Expr | None, ...], ...]

    def slopes(self) -> list[Expr | None]:
        """The gradient."""
        return list(self.gradient)

    def rows(self) -> Iterator[Sequence[Expr | None]]:
        """The rows of the Hessian."""
        return iter(self.hessian)

    def doubles(self) -> Array:
        """The Hessian of numbers as doubles (n, n), NaN where there is none."""
        import numpy as np

        return np.array(
            [[math.nan if entry is None else float(entry) for entry in row] for row in self.hessian]
        )


Jet = Doubles | Expressions


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer holds: its variables with their shapes, and a number for each element.

    The n rows of the Hessian are the elements of ``variables``, row-major; ``constants`` are the
    others. ``numbers`` are flat, by name: doubles, or SymPy numbers in an exact answer. In symbols
    there are none.
    """

    variables: tuple[Variable, ...]
    constants: tuple[Variable, ...]
    numbers: Mapping[str, Any]

    def entries(self, name: str) -> list[Any]:
        """The numbers of a variable, as a list; empty in symbols."""
        numbers = self.numbers.get(name, ())
        return numbers.tolist() if hasattr(numbers, "tolist") else list(numbers)

    def labels(self) -> list[str]:
        """The name of each row."""
        return [name for v in self.variables for name in v.elements()]


class By(StrEnum):
    """How numbers were verified."""

    PROOF = "proof"
    SAMPLE = "sample"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Grounds:
    """On what the numbers rest.

    All agree with the exact ones to ``digits`` significant digits, ``by`` enclosures, by those of
    ``proved`` out of ``of`` entries, or by limits; None where they were not compared, and
    ``reason`` says why. ``below`` bounds the entries, by path, that are given as 0 and were not
    told from it. ``hessian`` (n, n) is the exact one, NaN where there is none.
    ``epsilon`` is the rounding unit of the dtype they were computed in and ``slack`` (n,) how far
    each differentiated coordinate may be from the one that was meant. With ``underflow``, a 0 may
    stand for a number that no double can hold; ``sloping`` says that a slope is one.
    """

    digits: int | None
    by: By | None
    reason: Remark | None
    proved: int | None
    of: int | None
    below: Mapping[str, float]
    hessian: Array | None
    epsilon: float
    slack: Array
    underflow: bool
    sloping: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows from an answer's numbers; None stands for what is not known.

    ``eigenvalues`` ascend. ``tolerance`` is the size below which one counts as zero, and None where
    signs are proved; ``inertia`` counts the positive, zero and negative ones, and ``unknown`` those
    whose sign is not known. ``proved`` says that all are. ``kind`` is that of a stationary point.
    ``minors`` are the determinants of the first k rows and columns, for k from 1 to n, where they
    were asked for; None for one without a closed form.
    """

    eigenvalues: Any = None  # (n,) doubles, or a tuple of SymPy numbers
    inertia: tuple[int, int, int] | None = None
    definiteness: str | None = None
    stationary: bool | None = None
    kind: str | None = None
    tolerance: float | None = None
    gradient_tolerance: float | None = None
    unknown: int = 0
    proved: bool = False
    minors: Any = None  # (n,) doubles, or a tuple of SymPy numbers or formulas


@dataclass(frozen=True, slots=True)
class Undefined:
    """Why entries of an answer have no number.

    ``part`` is the text of the part of the formula that breaks and ``span`` its place;
    ``entries`` are paths into the JSON answer, such as ``value`` or ``hessian[0][1]``; a path
    without an index (``hessian``) stands for all of it.
    """

    part: str
    span: Span | None
    reason: Remark
    entries: tuple[str, ...]


# Ways to compute a Hessian, by the names that they have where they are compared.
AUTOGRAD, EXACT, DIFFERENCES = "autograd", "exact", "finite differences"


@dataclass(frozen=True, slots=True)
class CheckedEntry:
    """One entry of the Hessian from several sources, by their names; NaN where one has no number.

    ``errors`` are estimated, of those sources that are not exact up to rounding; ``digits`` are
    those on which the rest agrees with the exact derivative.
    """

    labels: tuple[str, str]
    numbers: Mapping[str, float]
    errors: Mapping[str, float]
    digits: int | None
    agrees: bool


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
    """An entry in which the user's matrix differs from hess's; NaN stands for no number.

    In symbols, the entries are formulas, and None stands for none. Of a gradient, both indices are
    that of the slope.
    """

    row: int
    column: int
    labels: tuple[str, str]
    expected: Any
    found: Any


MAX_NAMED = 4  # of what a finding concerns


@dataclass(frozen=True, slots=True)
class Finding:
    """A likely cause of differences, and what it concerns.

    ``names`` are the first of the ``count`` entries, variables or elements; ``number`` is a
    factor, or the digits or decimals that are left. ``order`` is that of the variables that
    explains the matrix. ``rounded`` tells how the rest is explained.
    """

    cause: Cause
    names: tuple[str, ...] = ()
    count: int = 0
    number: int = 0
    order: tuple[str, ...] = ()
    rounded: Finding | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the user's own Hessian differs: where, by how much at most, and the likely cause.

    Without ``of_matrix``, that is their gradient. ``largest`` is None where no entry has a number
    in both, and in symbols; ``cause`` where nothing explains it. With ``by_samples``, formulas that
    are not the same by algebra are the same at samples of their variables, which is no proof.
    """

    of_matrix: bool
    differences: tuple[Difference, ...]
    largest: float | None
    cause: Finding | None
    by_samples: bool = False

    @property
    def agrees(self) -> bool:
        """Whether there is no difference beyond the tolerance."""
        return not self.differences


@dataclass(frozen=True, slots=True)
class Answer:
    """Value, gradient and Hessian of ``formula``, with all that is known about them.

    ``structural`` (n, n) is True where the formula alone proves that the Hessian is zero at every
    point. ``digits`` is the number asked for where ``basis`` is DIGITS. Exact numbers and
    formulas need no grounds, and the verdict of formulas has but their minors.
    """

    basis: Basis
    formula: Formula
    place: Place
    jet: Jet
    structural: Any  # a mask (n, n), of tuples in symbols
    digits: int | None = None
    grounds: Grounds | None = None
    verdict: Verdict = Verdict()
    undefined: tuple[Undefined, ...] = ()
    notes: tuple[Remark, ...] = ()
    check: Check | None = None
    comparisons: tuple[Comparison, ...] = ()

    @property
    def value(self) -> Any:
        """The value of the formula."""
        return self.jet.value

    @property
    def gradient(self) -> Any:
        """Its gradient (n,)."""
        return self.jet.gradient

    @property
    def hessian(self) -> Any:
        """Its Hessian (n, n)."""
        return self.jet.hessian

    @property
    def holds(self) -> bool:
        """Whether every number is there, and what was asked to agree does."""
        return (
            not self.undefined
            and (self.check is None or self.check.agrees)
            and all(comparison.agrees for comparison in self.comparisons)
        )
