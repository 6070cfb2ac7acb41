"""What is written out, whatever the language: the listing with all that a reader has to know."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hesscli.code.listing import Listing
from hesscli.code.targets import Target
from hesscli.types import Expr, Variable

WIDTH = 88
INDENT = "    "
# A blank at which a line is not broken.
TOGETHER = "\N{NO-BREAK SPACE}"
MAX_BROKEN = 9  # levels of brackets


@dataclass(frozen=True, slots=True)
class Source:
    """A function to be written for a target.

    ``variables`` are all, the ``wrt`` differentiated ones first; ``names`` are those that the code
    has for them and for their elements, ``values`` the numbers of the elements at the point.
    """

    target: Target
    formula: str
    variables: tuple[Variable, ...]
    wrt: int
    names: Mapping[str, str]
    listing: Listing
    notes: tuple[str, ...]
    values: Mapping[str, Expr] | None

    @property
    def differentiated(self) -> tuple[Variable, ...]:
        """The variables that the rows of the Hessian are of."""
        return self.variables[: self.wrt]

    @property
    def given(self) -> tuple[Variable, ...]:
        """The others."""
        return self.variables[self.wrt :]

    @property
    def order(self) -> int:
        """The number of rows."""
        return sum(v.size for v in self.differentiated)

    def title(self, first: str, before: str) -> list[str]:
        """What this is, with the formula in lines of its own if it is long."""
        said = "Value, gradient and Hessian of"
        line = f"{first}{said} {self.formula}."
        if len(line) <= WIDTH:
            return [line]
        return [f"{first}{said}", before.rstrip(), *_terms(self.formula, before + INDENT)]

    def remarks(self) -> list[str]:
        """Sentences about the order of the variables, their names, and where this holds."""
        found = [f"The variables, in this order: {_listed(self.differentiated)}."]
        if self.given:
            found.append(f"Held constant: {_listed(self.given)}.")
        renamed = [
            f"{v.name} is written {self.names[v.name]}"
            for v in self.variables
            if self.names[v.name] != v.name
        ]
        if renamed:
            found.append(f"{', '.join(renamed)}.")
        return [*found, *(f"{note[0].upper()}{note[1:]}." for note in self.notes)]


def _listed(variables: Sequence[Variable]) -> str:
    return ", ".join(
        f"{v.name} ({'x'.join(map(str, v.shape))}, row by row)"
        if len(v.shape) > 1
        else f"{v.name} ({v.size})"
        if v.shape
        else v.name
        for v in variables
    )


def filled(text: str, before: str = "") -> list[str]:
    """A sentence in lines, none of them broken within a word."""
    return textwrap.wrap(
        text, WIDTH, initial_indent=before, subsequent_indent=before, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def broken(start: str, middle: str, end: str, indent: str) -> list[str]:
    """A statement in one line, or what is in the ``middle`` in lines of its own."""
    line = f"{indent}{start}{middle}{end}"
    if len(line) <= WIDTH:
        return [line]
    below = _terms(middle, indent + INDENT)
    if end == ";":  # nothing is closed
        below[-1] += end
        end = ""
    return [f"{indent}{start}".rstrip(), *below, *([f"{indent}{end}"] if end else [])]


def _terms(code: str, indent: str) -> list[str]:
    """Code in lines: broken before its terms and after its commas, in brackets only if need be."""
    lines = [code]
    for depth in range(MAX_BROKEN):
        lines = [line.replace(TOGETHER, " ") for line in filled(_held(code, depth), indent)]
        if all(len(line) <= WIDTH for line in lines):
            break
    return lines


def _held(code: str, most: int) -> str:
    """Code in which only those blanks are left at which it may be broken, to this depth."""
    depth = 0
    text = []
    for before, character, after in zip(" " + code, code, code[1:] + " ", strict=False):
        depth += (character in "([{") - (character in ")]}")
        holds = depth > most or (before not in ",:" and after not in "+-|&<>=!?:")
        text.append(TOGETHER if character == " " and holds else character)
    return "".join(text)
