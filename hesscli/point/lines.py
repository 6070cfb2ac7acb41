"""Lines of a stream of points: a header that names columns, and the rows below it."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import zip_longest

from hesscli.errors import HessError, did_you_mean
from hesscli.language.parser import parse_items
from hesscli.language.tokens import NAME, canonical_name
from hesscli.point.assignment import Assignment, read_assignment
from hesscli.point.constants import EXAMPLE
from hesscli.types import Value

# A line that says by itself what its values are for.
_NAMED = re.compile(rf"\s*(?:\{{|{NAME}\s*=)")
# What may be meant as a value, and is the name of no variable.
_NO_NAMES = ("nan", "inf", "infinity", "none", "null", "true", "false", "oo")


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of the lines that follow: ``columns`` as typed in ``source``, ``names`` of the
    variables that they are for, in the same order. Cells are split at ``delimiter``, or at blanks.
    """

    source: str
    columns: tuple[str, ...]
    names: tuple[str, ...]
    delimiter: str

    def came(self, line: str) -> dict[str, str]:
        """What a row has in each column, as it came; empty where that is in no columns."""
        if _NAMED.match(line):
            return {}
        try:
            found = self._split(line)
        except HessError:
            found = []
        return dict(zip_longest(self.columns, found[: len(self.columns)], fillvalue=""))

    def assignment(self, line: str) -> Assignment:
        """The values of a row. Raises :class:`HessError`, with the column, for what is none."""
        if not line or _NAMED.match(line):
            return read_assignment(line)
        cells = self._split(line)
        if len(cells) != len(self.columns):
            values, columns = _count(len(cells), "value"), _count(len(self.columns), "column")
            message = f"{values} for {columns}: {', '.join(self.columns)}"
            raise HessError("ragged", message, span=(0, len(line)), source=line)
        named: dict[str, Value] = {}
        files: list[str] = []
        for name, column, text in zip(self.names, self.columns, cells, strict=True):
            try:
                read = read_assignment(text)
                if len(read.positional) != 1:
                    raise HessError("bad-value", f"`{text}` stands where one value should")
            except HessError as error:
                if error.code == "empty-point":
                    error.message, error.hint = "the cell is empty", "a value in each column"
                if error.code == "bad-value":
                    error.hint = EXAMPLE
                error.message = f"column `{column}`: {error.message}"
                raise
            named[name] = read.positional[0]
            files += read.files
        return Assignment(line, (), named, {}, tuple(files))

    def require(self, variables: Collection[str], held: Collection[str]) -> None:
        """Refuse columns that are no variables, and a variable without a value."""
        for column, name in zip(self.columns, self.names, strict=True):
            start = self.source.index(column)
            span = (start, start + len(column))
            if name not in variables:
                has = ", ".join(f"`{each}`" for each in variables)
                raise HessError(
                    "unknown-name",
                    f"the header names `{column}`, which the formula has not; it has {has}",
                    span=span, source=self.source, hint=did_you_mean(name, variables),
                )  # fmt: skip
            if name in held or self.names.count(name) > 1:
                message = f"`{name}` is given twice"
                hint = "one column or one `--at` for each variable"
                raise HessError("doubled-name", message, span=span, source=self.source, hint=hint)
        missing = [name for name in variables if name not in (*self.names, *held)]
        if missing:
            raise HessError(
                "missing-name",
                f"the header has no column for `{missing[0]}`; it has "
                + ", ".join(f"`{column}`" for column in self.columns),
                hint=f"--at {missing[0]}=…, which holds for all lines",
            )

    def _split(self, line: str) -> list[str]:
        if not self.delimiter:
            return line.split()
        if self.delimiter == "," and re.search(r"[\[(]", line) and '"' not in line:
            # The commas in brackets part no cells.
            return [line[slice(*node.span)].strip() for _, node in parse_items(line)]
        try:
            (cells,) = csv.reader([line], delimiter=self.delimiter, skipinitialspace=True)
        except csv.Error as error:
            raise HessError("syntax", f"this is no row of a table: {error}") from None
        return [cell.strip() for cell in cells]


def read_header(line: str) -> Header | None:
    """The header that a line of nothing but names is; None for any other line."""
    delimiter = next((sign for sign in "\t,;" if sign in line), "")
    header = Header(line, (), (), delimiter)
    if _NAMED.match(line) or re.search(r"[\[(\n]", line):
        return None
    columns = tuple(header._split(line))
    if not all(re.fullmatch(NAME, c) and c.lower() not in _NO_NAMES for c in columns):
        return None
    return replace(header, columns=columns, names=tuple(map(canonical_name, columns)))


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"
