"""Numbers as text: as many digits as matter, and one notation for all that stand together.

A whole number has no decimals. Any other number has at least six significant digits, or fewer
where that is the number itself: ``0.5`` is exactly that, while ``0.500000`` is rounded. Where a
matrix or a list would need too many decimals or digits, all of it is in scientific notation: in
two notations, equal numbers would not look equal, nor a small one smaller than a large one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from hesscli.render.entries import LARGEST_WHOLE, MISSING
from hesscli.types import Array

SIGNIFICANT_DIGITS = 6
# Decimal exponents outside these are written as such, as by C's %g.
SMALLEST_EXPONENT, LARGEST_EXPONENT = -4, 8
# The characters that a number without an exponent may take.
MAX_WIDTH = 17


@dataclass(frozen=True, slots=True)
class Layout:
    """Numbers that stand under each other, their decimal points aligned.

    ``places`` (n,) are the decimals of each, of its mantissa with ``scientific``; a cell has
    ``left`` characters before the point and ``right`` from it on. ``signed`` says that some are
    negative.
    """

    scientific: bool
    places: Any
    left: int
    right: int
    signed: bool

    @property
    def width(self) -> int:
        """The characters of a cell."""
        return self.left + self.right

    def format(self, places: int) -> str:
        """The %-format of a number with so many decimals, as wide as a cell."""
        if self.scientific:
            return f"%-{' ' if self.signed else ''}{self.width}.{places}e"
        taken = places + 1 if places else 0
        return f"%{self.left + taken}.{places}f" + " " * (self.right - taken)

    def sign(self, text: str) -> str:
        """A sign that stands where a whole number would end."""
        return f"{text:>{self.left}}{'':{self.right}}"


@dataclass(frozen=True, slots=True)
class Written:
    """Numbers of any shape that stand together, NaN for one that is missing, in one notation:
    ``scientific`` or not, with the ``places`` of each, which are the decimals of its mantissa then.
    """

    values: Array
    scientific: bool
    places: Any

    def text(self, at: Any) -> str:
        """The number at an index, on its own."""
        value = float(self.values[at])
        if not math.isfinite(value):
            return MISSING
        if value == 0:
            return "0"
        return f"{value:.{self.places[at]}{'e' if self.scientific else 'f'}}"

    def layout(self, at: Any) -> Layout:
        """The layout for the numbers (n,) at an index, under each other."""
        values, places = self.values[at], self.places[at]
        present = np.isfinite(values) & (values != 0)
        numbers, decimals = values[present], places[present]
        signed = bool((numbers < 0).any())
        if not numbers.size:
            return Layout(False, places, _room(1, 0, values), 0, False)
        right = int(decimals.max()) + 1 if decimals.any() else 0
        if self.scientific:
            sizes = np.abs(numbers)
            right += 4 + bool(sizes.max() > 9.99999e99 or sizes.min() < 1e-99)
            return Layout(True, places, _room(1 + signed, right, values), right, signed)
        left = max(len(f"{n:.{p}f}".partition(".")[0]) for n, p in _longest(numbers, decimals))
        return Layout(False, places, _room(left, right, values), right, signed)


def written(values: Array) -> Written:
    """Numbers of any shape in the notation that suits all of them."""
    present = np.isfinite(values) & (values != 0)
    numbers = values[present]
    places = np.zeros(values.shape, dtype=int)
    if not numbers.size:
        return Written(values, False, places)
    sizes = np.abs(numbers)
    exponents = np.floor(np.log10(sizes)).astype(int)
    whole = (sizes < LARGEST_WHOLE) & (numbers == np.rint(numbers))
    found = _decimals(numbers, exponents, whole)
    largest = int(exponents.max())
    # A number that is rounded up may have a digit more.
    left = max(largest + 1 + bool(sizes.max() >= 10.0**largest * 9.99999), 1)
    left += bool((numbers < 0).any())
    scientific = not _are_moderate(exponents[~whole]) or left + found.max() + 1 > MAX_WIDTH
    places[present] = _mantissas(numbers, exponents) if scientific else found
    return Written(values, scientific, places)


def _longest(numbers: Array, places: Any) -> list[tuple[float, int]]:
    """The numbers among which is the one with the most characters before its point."""
    ends = {int(numbers.argmin()), int(numbers.argmax())}
    if (numbers < 0).any():  # -0.5 is greater than -1, and longer than 0.5
        ends.add(int(np.where(numbers < 0, -numbers, -1.0).argmax()))
    return [(float(numbers[k]), int(places[k])) for k in ends]


def _room(left: int, right: int, values: Array) -> int:
    """``left``, with room for a word where a number is missing."""
    return left if np.isfinite(values).all() else max(left, len(MISSING) - right)


def _are_moderate(exponents: Any) -> bool:
    return not exponents.size or bool(
        exponents.min() >= SMALLEST_EXPONENT and exponents.max() <= LARGEST_EXPONENT
    )


def _decimals(numbers: Array, exponents: Any, whole: Any) -> Any:
    """The decimals that give each number its significant digits, or all that it has."""
    needed = np.where(whole, 0, np.maximum(SIGNIFICANT_DIGITS - 1 - exponents, 1))
    with np.errstate(over="ignore", invalid="ignore"):  # what is too large is written otherwise
        for places in range(1, min(int(needed.max()), MAX_WIDTH)):
            exact = (needed > places) & (np.round(numbers, places) == numbers)
            needed[exact] = places
    return needed


def _mantissas(numbers: Array, exponents: Any) -> Any:
    """The decimals of each number's mantissa: six digits, or all that it has."""
    most = SIGNIFICANT_DIGITS - 1
    needed = np.full(len(numbers), most)
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        mantissas = numbers / 10.0 ** exponents.astype(float)
        # Divided, a mantissa is off by a rounding or two: what is nearly short is looked at.
        near = np.abs(np.round(mantissas, most) - mantissas) <= 1e-14 * np.abs(mantissas)
    for k in np.nonzero(near | ~np.isfinite(mantissas))[0].tolist():
        value = float(numbers[k])
        text = f"{value:.{most}e}"
        if float(text) == value:
            digits = text.partition("e")[0].partition(".")[2]
            needed[k] = len(digits.rstrip("0"))
    return needed


def number(value: float) -> str:
    """One number on its own."""
    return written(np.array([value])).text(0)
