"""What a run of the command is asked for, and where it reads and writes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TextIO

from hesscli.types import Verify


class Color(StrEnum):
    """When answers are coloured."""

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
    format: str  # of render.formats
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
