"""Where a run of the command reads and writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TextIO


@dataclass(frozen=True, slots=True)
class Streams:
    """Where a run reads and writes; tests pass their own."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
