"""Tables of numbers in text files, ``.csv`` and ``.tsv``: one column, or a whole matrix.

A header line is one of names. Blank lines, and those that begin with ``#``, are none of a table's.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from hesscli.errors import HessError, did_you_mean, shortened
from hesscli.language.tokens import NAME, canonical_name

DELIMITERS = {".csv": ",", ".tsv": "\t"}
# How hess itself begins the rows of a matrix in CSV.
_NUMBERING = ["point", "row"]
# What stands for a number that is missing, and is the name of no column.
_NO_NAMES = ("nan", "na", "n/a", "inf", "infinity", "oo", "none", "null")
_OF_NO_NUMBER = ("syntax", "formula", "bad-value", "empty-point")

Cell = Callable[[str], Any]  # reads the number in a cell
Row = tuple[int, list[str]]  # the number of its line, and its cells


def located(path: str) -> tuple[str, str | None]:
    """The file that ``@path`` stands for, and the column of it; a file of that very name wins."""
    match = re.fullmatch(r"(.+?\.(?:csv|tsv)):(.*)", path, re.IGNORECASE | re.DOTALL)
    if match is None or os.path.exists(path):  # noqa: PTH110 (Path raises OSError)
        return path, None
    return match[1], match[2].strip()


def suffix(path: str) -> str:
    """What tells the kind of a file, which may have a colon in its name."""
    return Path(path).suffix.lower().partition(":")[0]


def column(path: str, name: str | None, cell: Cell, most: int) -> list[Any]:
    """The numbers of the column called ``name``, or of the only one there is.

    Raises :class:`HessError` for what is no such column, or has more than ``most`` numbers.
    """
    header, rows = _opened(path, cell, name)
    if name is not None and header is None:
        raise HessError(
            "bad-file", f"`{path}` has no header line, and so no column `{shortened(name)}`",
            hint="a first line with the names of the columns",
        )  # fmt: skip
    numbers = []
    place: int | None = None
    for line, cells in rows:
        if place is None:
            place = _place(path, header or cells, name, header is not None)
            label = f"`{header[place]}`" if header is not None else str(place + 1)
        numbers.append(_read(path, line, label, cells[place], cell))
        if len(numbers) > most:
            raise HessError("too-large", f"`{path}` has more than {most:,} rows")
    if not numbers:
        raise HessError("empty-tensor", f"`{path}` has no numbers below its header line")
    return numbers


def matrix(path: str, cell: Cell) -> list[list[Any]]:
    """The rows of a file that is one matrix, such as hess itself has written."""
    header, rows = _opened(path, cell, None)
    first = len(_NUMBERING) if header is not None and header[:2] == _NUMBERING else 0
    found = [
        [_read(path, line, str(k), text, cell) for k, text in enumerate(cells, 1) if k > first]
        for line, cells in rows
    ]
    if not found:
        raise HessError("empty-tensor", f"`{path}` has no numbers below its header line")
    return found


def _opened(path: str, cell: Cell, name: str | None) -> tuple[list[str] | None, Iterator[Row]]:
    """The header, if there is one, and the rows below it, which are as long."""
    rows = _rows(path)
    first = next(rows, None)
    if first is None:
        raise HessError("empty-tensor", f"`{path}` is empty")
    width = len(first[1])
    header = first[1] if _is_header(path, first[1], cell, name) else None

    def of_one_length() -> Iterator[Row]:
        if header is None:
            yield first
        for line, cells in rows:
            if len(cells) != width:
                raise HessError(
                    "ragged",
                    f"`{path}`, line {line}: {_cells(len(cells))} where the first line has {width}",
                    hint="as many cells in each line",
                )
            yield line, cells

    return header, of_one_length()


def _cells(count: int) -> str:
    return f"{count} cell{'s' * (count != 1)}"


def _rows(path: str) -> Iterator[Row]:
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        # A comment may have quotation marks that are none of CSV's; lines are counted all the same.
        lines = ("\n" if line.lstrip().startswith("#") else line for line in file)
        reader = csv.reader(lines, delimiter=DELIMITERS[suffix(path)], skipinitialspace=True)
        try:
            for cells in reader:
                if any(cells):
                    yield reader.line_num, [cell.strip() for cell in cells]
        except csv.Error as error:
            raise HessError("bad-file", f"`{path}`, line {reader.line_num}: {error}") from None


def _is_header(path: str, cells: Sequence[str], cell: Cell, name: str | None) -> bool:
    """Whether a first line has the names of the columns, and no number.

    Raises :class:`HessError` where it could be either: ``e`` is a name, and a number.
    """
    if name is not None and name in cells:
        return True
    named = [text for text in cells if text]
    if any(re.match(r"[-+−.\d]", text) or text.lower() in _NO_NAMES for text in named):
        return False
    numbers = [text for text in named if _is_number(text, cell)]
    if any(not re.fullmatch(NAME, text) for text in numbers):
        return False
    if named and len(numbers) == len(named):
        raise HessError(
            "ambiguous-header",
            f"`{path}`, line 1: `{numbers[0]}` may be the name of a column, or a number",
            hint=f"`@{path}:{numbers[0]}` for the column, `1*{numbers[0]}` in it for the number",
        )
    return True


def _is_number(text: str, cell: Cell) -> bool:
    try:
        cell(text)
    except HessError:
        return False
    return True


def _place(path: str, cells: Sequence[str], name: str | None, named: bool) -> int:
    """Which of the columns is asked for."""
    listed = ", ".join(f"`{text}`" for text in cells[:10]) + ", …" * (len(cells) > 10)
    if name is None:
        if len(cells) == 1:
            return 0
        hint = f"`@{path}:{cells[0]}`" if named else "a header line, and `@FILE:NAME`"
        columns = f", {listed}" if named else ""
        message = f"`{path}` has {len(cells)} columns{columns}: which of them?"
        raise HessError("bad-file", message, hint=hint)
    exactly = [k for k, text in enumerate(cells) if text == name]
    found = exactly or [
        k for k, text in enumerate(cells) if canonical_name(text) == canonical_name(name)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        message = f"`{path}` has {len(found)} columns `{shortened(name)}`"
        raise HessError("doubled-name", message, hint="a name of its own for each column")
    raise HessError(
        "unknown-name",
        f"`{path}` has no column `{shortened(name)}`; it has {listed}",
        hint=did_you_mean(name, cells),
    )


def _read(path: str, line: int, label: str, text: str, cell: Cell) -> Any:
    try:
        return cell(text)
    except HessError as error:
        said = error.message
        if error.code in _OF_NO_NUMBER:
            said = f"`{shortened(text)}` is not a number" if text else "the cell is empty"
        raise HessError(
            error.code, f"`{path}`, line {line}, column {label}: {said}",
            hint="numbers such as 2, 1/3 or sqrt(2)",
        ) from None  # fmt: skip
