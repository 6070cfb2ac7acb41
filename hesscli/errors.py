"""What can go wrong, with the words that a user reads, and the exit status it gives."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import KW_ONLY, dataclass
from enum import IntEnum
from shutil import get_terminal_size


class ExitStatus(IntEnum):
    """The exit statuses of ``hess``; the README lists them for users."""

    ANSWERED = 0
    NO_ANSWER = 1
    USAGE = 2
    INTERRUPTED = 130
    # What a shell reports for a program that a closed pipe ended (128 + SIGPIPE).
    CLOSED_PIPE = 141


@dataclass(eq=False, repr=False)
class HessError(Exception):
    """A request that cannot be answered: what is wrong, where, and what to try.

    ``code`` is the short machine-readable name that JSON output carries. ``source`` is the text
    the user typed and ``span`` the place in it, as a pair of character offsets; both are optional
    because some errors (a matrix too large for memory) have no place.
    """

    code: str
    message: str
    _: KW_ONLY
    span: tuple[int, int] | None = None
    source: str | None = None
    hint: str | None = None
    status: ExitStatus = ExitStatus.USAGE

    def __post_init__(self) -> None:
        super().__init__(self.message)

    def __reduce__(self) -> tuple[object, ...]:
        """For ``pickle``: left to itself, an exception is rebuilt from its message alone."""
        return type(self), (self.code, self.message), self.__dict__

    def at(self, source: str, span: tuple[int, int] | None = None) -> HessError:
        """This error with the text that its span refers to, and a span, unless it has them."""
        if self.source is None:
            self.source = source
        self.span = self.span or span
        return self

    def report(self) -> str:
        """The whole error as lines of text: message, source line with a caret, hint."""
        # What a message quotes may be as long as an argument can be.
        parts = [shortened(part, LONGEST_QUOTE) for part in self.message.split("`")]
        lines = [f"hess: {printable('`'.join(parts))}"]
        if self.source is not None and self.span is not None and self.source.strip():
            lines += _excerpt(self.source, self.span)
        if self.hint:
            lines.append(f"  try: {printable(self.hint)}")
        return "\n".join(lines)


class TooSlowError(HessError):
    """The time is up."""


# The codes of formulas that a point may yet give a sense, because it names their variables: `I**2`
# is a number unless `I` has a value, and `xy` beside `x` is no product where it has one.
UNTIL_NAMED = ("no-variables", "ambiguous-name")
# What has a meaning of its own; all else that SymPy, mpmath and torch raise in corners that nobody
# has mapped is an internal error.
FORESEEN = (HessError, MemoryError, RecursionError, OSError)


def usage(message: str, hint: str | None = None) -> HessError:
    """The error for a command line that asks for nothing, or for two things at once."""
    return HessError("usage", message, hint=hint)


def internal(error: Exception) -> HessError:
    """The error that a user reads for one that is not the user's."""
    return HessError(
        "internal",
        f"hess failed here, which is its fault: {type(error).__name__}: {error}"[:300],
        hint="report the command that led here",
        status=ExitStatus.NO_ANSWER,
    )


EXCERPT_WIDTH = 72
LONGEST_QUOTE = 300  # longer than the name of a file
# What stands for signs that an ASCII terminal does not have.
ASCII_SIGNS = str.maketrans({"…": "...", "×": "x", "±": "+-", "≈": "~", "−": "-", "·": "*"})


def _excerpt(source: str, span: tuple[int, int]) -> list[str]:
    """The part of ``source`` around ``span`` with carets under it, on two lines.

    A formula may be a hundred kilobytes long: only what is near the place is shown.
    """
    start, end = span
    width = max(20, min(EXCERPT_WIDTH, get_terminal_size((80, 24)).columns - len("  …  …")))
    first = max(0, min(start - width // 2, len(source) - width))
    last = min(len(source), first + width)
    before = "…" if first > 0 else ""
    after = "…" if last < len(source) else ""
    shown = before + printable(source[first:last]) + after
    indent = display_width(before + source[first:start])
    carets = max(1, display_width(source[start : min(end, last)]))
    return [f"  {shown}", "  " + " " * indent + "^" * carets]


def printable(text: str) -> str:
    """``text`` with each control character replaced by a blank, so that it stays on its line."""
    return "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)


def display_width(text: str) -> int:
    """How many terminal cells ``text`` takes."""
    if text.isascii():
        return len(text)
    width = 0
    for c in text:
        if unicodedata.combining(c) or unicodedata.category(c) in ("Cf", "Mn"):
            continue
        width += 2 if unicodedata.east_asian_width(c) in "WF" else 1
    return width


# From here on, most of a name is right: `jsn` is json, but `root` is no arcoth.
_CLOSE = 0.7


def did_you_mean(name: str, known: Collection[str]) -> str | None:
    """The hint that names the entry of ``known`` most like ``name``; None if nothing is close."""
    from difflib import get_close_matches

    lower = name.lower()
    matches = [lower] if lower in known else get_close_matches(name, known, 1, _CLOSE)
    matches = matches or get_close_matches(lower, [k for k in known if k.islower()], 1, _CLOSE)
    return f"did you mean `{matches[0]}`?" if matches else None


def shortened(text: str, most: int = 60) -> str:
    """``text``, its middle left out beyond ``most`` characters."""
    if len(text) > most:
        return f"{text[: most // 2]} … {text[-most // 2 :]}"
    return text
