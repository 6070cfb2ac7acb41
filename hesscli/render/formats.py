"""The formats of answers, once: the command line, its help and the completions read them here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import ClassVar

from hesscli.answer import Answer
from hesscli.errors import HessError
from hesscli.types import Point

Pieces = Iterable[str]


class Writer:
    """Turns answers into text, in pieces, one answer after the other.

    ``words`` says that it has room for what is wrong with an answer.
    """

    words: ClassVar[bool] = True

    def answer(self, answer: Answer) -> Iterator[str]:
        """The text of an answer."""
        raise NotImplementedError

    def failure(self, error: HessError, line: int | None, point: Point | None) -> Pieces | None:
        """The text of a point without an answer; None where that is said beside the answers.

        There is no ``point`` where the ``line`` of a stream could not be read.
        """

    def row(self, came: Mapping[str, str]) -> None:
        """Take what the columns of the input have for the next point; none if it has no columns."""

    def once(self, answer: Answer) -> Sequence[str]:
        """What is to be told beside the answers, with the first that it is true of."""
        return ()

    def end(self) -> Pieces:
        """What is left to write when there are no more points."""
        return ()


@dataclass(frozen=True, slots=True)
class Format:
    """A format: the suffixes of files that tell it, and the class of this folder that writes it;
    what is for people is drawn by the command, which knows its terminal.
    """

    suffixes: tuple[str, ...]
    module: str = ""
    writer: str = ""

    def make(self) -> Writer:
        """A new writer."""
        made: Writer = getattr(import_module(f"hesscli.render.{self.module}"), self.writer)()
        return made


FORMATS = {
    "terminal": Format((".txt",)),
    "plain": Format((".tsv",), "tabular", "Plain"),
    "json": Format((".json", ".jsonl"), "jsonlines", "Json"),
    "csv": Format((".csv",), "tabular", "Csv"),
    "latex": Format((".tex",), "latex", "Latex"),
}
MATRICES = ("plain", "csv")  # which have room for the Hessian alone
CLASH = "clashing-names"  # the code of an error of a table that concerns all its rows
# Those that people look for first.
SUFFIXES = {
    suffix: name
    for name in ("json", "csv", "plain", "latex", "terminal")
    for suffix in FORMATS[name].suffixes
}
# What a picture may be, which `--plot` draws.
PICTURES = (".svg", ".png", ".pdf")
# What parts the columns of many points, by the format and by the suffix of a file.
_TABLES = {("csv", ""): ",", ("plain", ".tsv"): "\t"}


def table(format: str, path: str | None) -> Writer | None:
    """What writes many points as one table, in the formats that are one."""
    suffix = Path(path or "").suffix.lower()
    delimiter = _TABLES.get((format, "")) or _TABLES.get((format, suffix))
    if delimiter is None:
        return None
    from hesscli.render.tabular import Sheet

    return Sheet(delimiter)
