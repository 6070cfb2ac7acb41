"""Numbers as text: as many digits as matter, and one style for all numbers of a column.

A whole number has no decimals. Other numbers have six significant digits, or fewer where that is
the number itself: ``0.5`` is exactly that, while ``0.500000`` is rounded. Where a column would
need too many decimals or digits, all of it is in scientific notation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hesscli.model import Array

MISSING = "none"
SIGNIFICANT_DIGITS = 6
# Whole numbers from here on are no longer all doubles: their last digits would mean nothing.
LARGEST_WHOLE = 1e15
# Decimal exponents outside these are written as such, as by C's %g.
SMALLEST_EXPONENT, LARGEST_EXPONENT = -4, 8
# Beyond so many numbers, looking for the shortest mantissa takes too long.
MAX_SHORTENED = 2_000


@dataclass(frozen=True, slots=True)
class Style:
    """How the numbers of a column are written.

    ``decimals`` are those of the mantissa with ``scientific``, and else those of the numbers that
    are not whole.
    """

    scientific: bool
    decimals: int

    def of(self, value: float) -> str:
        """One number."""
        if not math.isfinite(value):
            return MISSING
        if value == 0:
            return "0"
        if self.scientific:
            return f"{value:.{self.decimals}e}"
        return f"{value:.0f}" if value == int(value) else f"{value:.{self.decimals}f}"


def style(values: Array) -> Style:
    """The style for numbers that stand under each other."""
    present = values[np.isfinite(values) & (values != 0)]
    if not present.size:
        return Style(False, 0)
    sizes = np.abs(present)
    whole = (sizes < LARGEST_WHOLE) & (present == np.rint(present))
    rest = present[~whole]
    if not rest.size:
        return Style(False, 0)
    exponents = np.floor(np.log10(np.abs(rest)))
    least, greatest = int(exponents.min()), int(exponents.max())
    if least >= SMALLEST_EXPONENT and greatest <= LARGEST_EXPONENT:
        decimals = _decimals(rest, exponents)
        if math.log10(sizes.max()) + decimals < 16:
            return Style(False, decimals)
    return Style(True, _mantissa(present))


def number(value: float) -> str:
    """One number on its own."""
    return style(np.array([value])).of(value)


def rounded(value: float) -> str:
    """A number whose last digits are rounding errors, such as an eigenvalue."""
    if not math.isfinite(value):
        return MISSING
    return precise(value) if value == int(value) else f"{value:.{SIGNIFICANT_DIGITS}g}"


def precise(value: float) -> str:
    """A double in full, as the shortest text that reads back the same."""
    if not math.isfinite(value):
        return MISSING
    return str(int(value)) if value == int(value) and abs(value) < LARGEST_WHOLE else repr(value)


def _decimals(values: Array, exponents: Array) -> int:
    """The decimals that give each number its significant digits, or all that it has."""
    needed = np.maximum(SIGNIFICANT_DIGITS - 1 - exponents, 1)
    for decimals in range(1, int(needed.max())):
        exact = np.round(values, decimals) == values
        needed[exact] = np.minimum(needed[exact], decimals)
    return int(needed.max())


def _mantissa(values: Array) -> int:
    most = SIGNIFICANT_DIGITS - 1
    if values.size > MAX_SHORTENED:
        return most
    return max(_mantissa_of(value, most) for value in values.tolist())


def _mantissa_of(value: float, most: int) -> int:
    text = f"{value:.{most}e}"
    if float(text) != value:
        return most
    return len(text.partition("e")[0].lstrip("-").rstrip("0")) - 2 if "." in text else 0


@dataclass(frozen=True, slots=True)
class Column:
    """Where the numbers of a column have their decimal point: ``left`` characters before it and
    ``right`` from it on.
    """

    style: Style
    left: int
    right: int
    signed: bool

    @property
    def width(self) -> int:
        """The characters that each number takes."""
        return self.left + self.right

    def whole(self) -> str:
        """The %-format of a whole number."""
        return f"%{self.left}.0f" + " " * self.right

    def other(self) -> str:
        """The %-format of any other number."""
        if self.style.scientific:
            return f"%-{' ' if self.signed else ''}{self.width}.{self.style.decimals}e"
        return f"%{self.width}.{self.style.decimals}f"

    def sign(self, text: str) -> str:
        """A sign that stands where a whole number would end."""
        return f"{text:>{self.left}}{'':{self.right}}"


def column(values: Array) -> Column:
    """The layout for numbers that stand under each other."""
    chosen = style(values)
    finite = values[np.isfinite(values)]
    signed = bool((finite < 0).any())
    if chosen.scientific:
        sizes = np.abs(finite[finite != 0])
        long_exponent = sizes.max() >= 1e100 or sizes.min() < 1e-99
        digits = chosen.decimals + 1 if chosen.decimals else 0
        left, right = 1 + signed, digits + (5 if long_exponent else 4)
    else:
        ends = [chosen.of(v) for v in (finite.min(), finite.max())] if finite.size else ["0"]
        left = max(len(text.partition(".")[0]) for text in ends)
        # -0.5 is greater than -1, and longer than 1.
        left = max(left, 2) if signed else left
        fraction = bool((finite != np.rint(finite)).any())
        right = chosen.decimals + 1 if fraction else 0
    if finite.size < values.size:
        left = max(left, len(MISSING) - right)
    return Column(chosen, left, right, signed)
