"""Names in formulas: which are constants, in what order they stand, and their symbols."""

from __future__ import annotations

import re
from collections.abc import Iterable

import sympy

from hesscli.types import Expr

_EULER = "Euler's number 2.71828…"
CONSTANTS = {"pi": sympy.pi, "E": sympy.E, "e": sympy.E, "I": sympy.I, "oo": sympy.oo}
READ_AS = {"E": _EULER, "e": _EULER, "I": "the imaginary unit"}
# What SymPy writes where there is no finite number.
INFINITE = (sympy.zoo, sympy.nan, sympy.oo, -sympy.oo)
# Names that are numbers elsewhere, and would silently become variables.
NO_NUMBERS = ("nan", "inf", "infinity", "zoo", "none", "null")
TRUTH = {"True": sympy.true, "False": sympy.false}


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """Sorts ``x2`` before ``x10``."""
    return [
        (0, int(part), "") if part.isdecimal() else (1, 0, part)
        for part in re.split(r"([0-9]+)", name)
        if part
    ]


def example_point(names: Iterable[str]) -> str:
    """A point of tensors to type: a name with a capital letter is a matrix to most."""
    values = (f"{n}=[[1,2],[3,4]]" if n[0].isupper() else f"{n}=[1,2]" for n in names)
    return f'--at "{",".join(values)}"'


def symbol(name: str) -> Expr:
    """The symbol of a variable: real, which lets SymPy simplify ``sqrt(x**4)`` to ``x**2``."""
    return sympy.Symbol(name, real=True)
