"""Makes what the documentation takes from the program: run it after a change, and commit.

The man page and the README's tables come from the command's own options, the README's examples
from running the commands, and the pictures of a terminal from Rich's export of the answers.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.text import Text

from hesscli import __version__
from hesscli.cli.command import declared
from hesscli.cli.help import ENVIRONMENT, EXAMPLES, STATUSES, SUMMARY
from hesscli.cli.options import ARGUMENT
from hesscli.point.assignment import read_assignment
from hesscli.render.answer import document as documented
from hesscli.render.document import Document
from hesscli.solver import Solver

HERE = Path(__file__).parent
README = HERE.parent / "README.md"
WIDTH = 80
# The formulas and points that the README shows as pictures, by the name of the file.
PICTURES = {
    "blocks": ("x**3 - x*y", '"x=[2,3],y=[4,5]"'),
    "large": ("x**3 + x**2*y", '"x=linspace(-1,1,40),y=1/4"'),
    "refused": ("x**3 + y*abs(x)", "0,2"),
}
DESCRIPTION = (
    f"EXPRESSION is {ARGUMENT[0].lower()}{ARGUMENT[1:]} It is in Python notation; ^ is power, and "
    "4x a product.",
    "With a point, hess answers value, gradient, Hessian, eigenvalues, definiteness and the kind "
    "of stationary point; without one, the Hessian in symbols. A value is exact text (1/3, "
    "sqrt(2)), a tensor ([[1,2],[3,4]]), a generated tensor (randn(2,2), linspace(0,1,5)), or an "
    "array from a file (@data.npy, or @data.csv:name for a column). A formula over tensors is "
    "elementwise, and summed. Many points are a row each, or a table with --format csv.",
    "The numbers are proved in ball arithmetic at the exact point, and the answer says on what "
    "they rest. Where there is no Hessian, hess says which part of the formula breaks. An entry "
    "that is zero at every point is drawn as a dot.",
)


def man_page() -> str:
    """The man page, in the man macros of roff."""
    lines = [
        f'.TH HESS 1 "" "hess {__version__}" "User Commands"',
        ".SH NAME",
        rf"hess \- {_roff(SUMMARY[0].lower() + SUMMARY[1:].rstrip('.'))}",
        ".SH SYNOPSIS",
        r".B hess",
        r".I EXPRESSION",
        r".RB [ \-\-at",
        r".IR POINT ]...",
        r".RI [ OPTIONS ]",
        ".SH DESCRIPTION",
        "\n.PP\n".join(map(_roff, DESCRIPTION)),
        ".SH OPTIONS",
    ]
    for group, members in groupby(declared(), key=lambda option: option.group):
        lines.append(f".SS {group}")
        for option in members:
            lines += [".TP", rf"\fB{_roff(option.usage)}\fR", _roff(option.explanation)]
    lines.append(".SH EXAMPLES")
    for command, meaning in EXAMPLES:
        lines += [".TP", _roff(meaning.capitalize()), ".nf", _roff(command), ".fi"]
    lines.append(".SH EXIT STATUS")
    for status, when in STATUSES:
        lines += [".TP", rf"\fB{status}\fR", _roff(when)]
    lines.append(".SH ENVIRONMENT")
    for name, what in ENVIRONMENT:
        lines += [".TP", rf"\fB{name}\fR", _roff(what)]
    return "\n".join(lines) + "\n"


def _roff(text: str) -> str:
    """Text in lines of roff, with what it would take for its own escaped."""
    escapes = {"\\": r"\e", "-": r"\-", "^": r"\(ha", "'": r"\(aq"}
    lines = textwrap.wrap(text, 70, break_on_hyphens=False, break_long_words=False)
    escaped = ["".join(escapes.get(c, c) for c in line) for line in lines]
    return "\n".join(rf"\&{line}" if line.startswith(".") else line for line in escaped)


def tables(readme: str) -> str:
    """The README with its tables of options, exit statuses and the environment made anew."""
    rows = [(f"`{o.usage}`", o.explanation.rstrip(".")) for o in declared()]
    readme = _between(readme, "options", _table(("option", "meaning"), rows))
    environment = [(f"`{name}`", what) for name, what in ENVIRONMENT]
    readme = _between(readme, "environment", _table(("variable", "what it does"), environment))
    return _between(readme, "exit status", _table(("status", "when"), list(STATUSES)))


def _table(headings: tuple[str, str], rows: list[tuple[str, str]]) -> str:
    escaped = [tuple(cell.replace("|", r"\|") for cell in row) for row in rows]
    return "\n".join(f"| {a} | {b} |" for a, b in [headings, ("---", "---"), *escaped])


def _between(text: str, name: str, made: str) -> str:
    """``text`` with what stands between the two marks of this name replaced."""
    start, end = f"<!-- {name}: made by docs/generate.py -->", "<!-- end -->"
    before, _, rest = text.partition(start)
    _, _, after = rest.partition(end)
    return f"{before}{start}\n{made}\n{end}{after}"


def examples(readme: str) -> str:
    """The README with the output of its examples made anew."""

    def run(block: re.Match[str]) -> str:
        commands = re.findall(r"^\$ (.*)$", block[1], re.MULTILINE)
        return "```console\n" + "".join(f"$ {c}\n{_printed(c)}" for c in commands) + "```"

    return re.sub(r"```console\n(.*?)```", run, readme, flags=re.DOTALL)


def _environment(**more: str) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    return {**clean, "PATH": path, "HESS_WARM": "0", **more}


def _printed(command: str) -> str:
    return subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, check=False, env=_environment()
    ).stdout


def pictures() -> Iterator[tuple[str, str]]:
    """The name and the text of each picture of a terminal, in SVG."""
    for name, (formula, at) in PICTURES.items():
        console = Console(
            record=True, width=WIDTH, file=io.StringIO(), force_terminal=True,
            color_system="truecolor",
        )  # fmt: skip
        console.print(Text(f'$ hess "{formula}" --at {at}', "bold"))
        console.print(_answered(formula, at.strip('"')))
        drawn = console.export_svg(title="hess", unique_id=f"hess-{name}")
        # Without the fonts of another host: the reader's own will do.
        yield name, re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)


def _answered(text: str, at: str) -> Document:
    """The answer at a point."""
    compiled, (point,) = Solver(text).bound([read_assignment(at)])
    return documented(compiled.answer(point), unicode=True, full=False)


def main() -> None:
    """Write everything."""
    (HERE / "hess.1").write_text(man_page(), encoding="utf-8")
    readme = README.read_text(encoding="utf-8")
    README.write_text(examples(tables(readme)), encoding="utf-8")
    for name, drawn in pictures():
        (HERE / f"{name}.svg").write_text(drawn, encoding="utf-8")


if __name__ == "__main__":
    main()
