"""Where a run of the command reads and writes."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TextIO

from hesscli.errors import ASCII_SIGNS


@dataclass(frozen=True, slots=True)
class Streams:
    """Where a run reads and writes; tests pass their own."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO

    def say(self, text: str) -> None:
        """Tell the user something beside the answers."""
        if not holds_unicode(self.stderr):
            text = text.translate(ASCII_SIGNS)
        self.stderr.write(text + "\n")
        self.stderr.flush()


def holds_unicode(stream: TextIO) -> bool:
    """Whether the stream takes every character, and its reader has not asked for ASCII.

    Python takes the C locale for UTF-8; a terminal that is set to it may show no more than ASCII.
    """
    encoding = (getattr(stream, "encoding", None) or "ascii").lower().replace("-", "")
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG")
    asked = locale in ("C", "POSIX") and stream in (sys.stdout, sys.stderr)
    return encoding in ("utf8", "utf16") and not asked
