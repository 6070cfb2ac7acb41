"""The formats of answers, once: the command line, its help and the completions read them here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from hesscli.answer import Answer
from hesscli.errors import HessError


class Writer(Protocol):
    """Turns answers into text, in pieces, one answer after the other."""

    def answer(self, answer: Answer) -> Iterator[str]:
        """The text of an answer."""

    def failure(self, error: HessError, line: int | None) -> Iterator[str] | None:
        """The text of a point without an answer; None where that is said beside the answers."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format: the suffixes of files that tell it, and the class of this folder that writes it;
    what is for people is drawn by the command, which knows its terminal.

    ``words`` says that it has room for what is wrong with an answer.
    """

    suffixes: tuple[str, ...]
    module: str = ""
    writer: str = ""
    words: bool = True

    def make(self) -> Writer:
        """A new writer."""
        made: Writer = getattr(import_module(f"hesscli.render.{self.module}"), self.writer)()
        return made


FORMATS = {
    "terminal": Format((".txt",)),
    "plain": Format((".tsv",), "tabular", "Plain", words=False),
    "json": Format((".json", ".jsonl"), "jsonlines", "Json"),
    "csv": Format((".csv",), "tabular", "Csv", words=False),
    "latex": Format((".tex",), "latex", "Latex"),
}
# Those that people look for first.
SUFFIXES = {
    suffix: name
    for name in ("json", "csv", "plain", "latex", "terminal")
    for suffix in FORMATS[name].suffixes
}
# What a picture may be, which `--plot` draws.
PICTURES = (".svg", ".png", ".pdf")
