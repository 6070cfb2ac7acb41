"""The help, from the command's own options; the man page and the completions use the same."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

SYNOPSIS = "hess EXPRESSION [--at POINT]... [OPTIONS]"
SUMMARY = "The Hessian of a formula, at a point or in symbols."
EXAMPLES = (
    ('hess "x**3 + 4*x - 10" --at 2', "at a point"),
    ('hess "x**3 + x*y" --at x=2,y=4', "by name"),
    ('hess "x**3 + x*y"', "in symbols"),
    ('hess "x**3 + x*y" --at "x=[2,3],y=[4,5]"', "of tensors, block by block"),
    ('hess "x@A@x" --at "A=[[2,1],[1,3]],x=[1,2]"', "of vectors and matrices"),
    ('hess "x**3 + x*y" --at 2,4 --json', "for programs"),
)
STATUSES = (
    ("0", "an answer for every point"),
    (
        "1",
        "at some point there is none (not real, not twice differentiable, not finite), or a check "
        "failed",
    ),
    ("2", "the request cannot be understood; nothing was computed"),
    ("130", "interrupted"),
)
ENVIRONMENT = (
    ("NO_COLOR", "where it is set and not empty, nothing has a hue"),
    ("FORCE_COLOR", "where it is set, not empty and not 0, a pipe gets colours as well"),
    ("COLUMNS", "the width of the terminal, where it is not to be asked for it"),
    ("TERM", "with dumb, a terminal gets no colours"),
    ("LC_ALL", "with C or POSIX, a terminal gets ASCII alone"),
    (
        "HESS_WARM",
        "with 1, or a number of minutes, a helper process is kept that answers in a twentieth of "
        "the time",
    ),
    ("XDG_RUNTIME_DIR", "the folder of the helper's socket, in place of TMPDIR or /tmp"),
)
# Wider than this, a line is hard to read.
MAX_WIDTH = 100
# Narrower than this, texts stand below what they explain and not beside it.
MIN_BESIDE = 70


@dataclass(frozen=True, slots=True)
class Option:
    """An option of the command line.

    ``names`` has the long name first. A flag has no ``metavar``; ``choices`` are the values that
    it takes where these are few, and ``default`` the value it has where it is not given.
    """

    names: tuple[str, ...]
    metavar: str | None
    choices: tuple[str, ...]
    help: str
    group: str
    default: str | None

    @property
    def usage(self) -> str:
        """The option as it is typed: ``-o, --output FILE``."""
        names = ", ".join(sorted(self.names, key=len))
        value = "|".join(self.choices) or self.metavar
        return f"{names} {value}" if value else names

    @property
    def explanation(self) -> str:
        """What it does, with its default."""
        return f"{self.help} Default: {self.default}." if self.default else self.help


def introduction() -> str:
    """What ``hess`` alone prints: ten lines at most, examples first."""
    return "\n".join(
        (
            *_examples(),
            "",
            "answers with the Hessian of a formula; `hess --help` tells more, and",
            "`hess --functions` lists every function.",
            "",
        )
    )


def help_page(argument: str, options: Sequence[Option], width: int) -> str:
    """The help at a width: ``argument`` explains EXPRESSION."""
    width = min(width, MAX_WIDTH)
    lines = [*_wrapped(SUMMARY, width, ""), "", *_wrapped(SYNOPSIS, width, "  "), ""]
    if width >= MIN_BESIDE:
        lines += [*_examples(), ""]
    else:
        lines += [*(line for e, _ in EXAMPLES for line in _wrapped(e, width, "  ")), ""]
    rows = [(group, o.usage, o.explanation) for o in options for group in (o.group,)]
    column = _column([("EXPRESSION", argument), *(row[1:] for row in rows)], width)
    lines += [*explained([("EXPRESSION", argument)], width, column), ""]
    for group, members in groupby(rows, key=lambda row: row[0]):
        lines += [group, *explained([row[1:] for row in members], width, column), ""]
    lines += ["Environment", *explained(ENVIRONMENT, width, column), ""]
    lines += ["Exit status", *explained(STATUSES, width, 5)]
    return "\n".join(lines) + "\n"


def _examples() -> Iterator[str]:
    longest = max(len(example) for example, _ in EXAMPLES)
    return (f"  {example:<{longest}}  {meaning}" for example, meaning in EXAMPLES)


def _column(rows: Sequence[tuple[str, str]], width: int) -> int | None:
    """How wide the left column is; None where texts stand below."""
    return None if width < MIN_BESIDE else min(max(len(left) for left, _ in rows), 24)


def explained(rows: Sequence[tuple[str, str]], width: int, column: int | None) -> Iterator[str]:
    """Each row's text beside what it explains, ``column`` characters wide, or below it."""
    for left, right in rows:
        if column is None:
            yield from _wrapped(left, width, "  ")
            yield from _wrapped(right, width, "      ")
            continue
        texts = _wrapped(right, width, " " * (column + 4))
        if len(left) > column:
            yield f"  {left}"
        else:
            texts[0] = f"  {left:<{column}}  {texts[0].lstrip()}"
        yield from texts


def _wrapped(text: str, width: int, indent: str) -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )
