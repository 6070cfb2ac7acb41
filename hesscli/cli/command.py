"""Options in, exit status out: the only module that knows Typer."""

from __future__ import annotations

import errno
import io
import os
import re
import sys
from enum import StrEnum
from functools import cache
from pathlib import Path
from shutil import get_terminal_size
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperOption

import hesscli
from hesscli import __version__
from hesscli.cli.answering import answer
from hesscli.cli.help import Option, explained, help_page, introduction
from hesscli.cli.leniency import At, doubtful, misplaced_option, understand
from hesscli.cli.output import holds_unicode
from hesscli.cli.request import Color, Format, Request, Streams
from hesscli.errors import ASCII_SIGNS, FORESEEN, ExitStatus, HessError, internal, shortened
from hesscli.types import Verify

MAX_DIGITS = 1_000
# Long enough for a large tensor, or for hard limits; short enough to wait for an error.
TIMEOUT_SECONDS = 60.0

# A formula may nest 400 levels deep; the parser takes about fifteen frames for each.
RECURSION_LIMIT = 20_000

ARGUMENT = "The formula, such as 'x**3 + x*y'; - reads it from standard input."
HELP_NAMES = ("--help", "-h")
# The groups of the options in the help.
POINT, NUMBERS, OUTPUT, REFERENCE = "Point", "Numbers", "Output", "Reference"


class DType(StrEnum):
    """The floating-point types that ``--dtype`` takes."""

    float64 = "float64"
    float32 = "float32"


class HessCommand(TyperCommand):
    """A command whose formula may start with a minus.

    A word is an option only if it is a declared one or starts with ``--``; everything else is
    the formula, so that ``-x**2`` and ``-h*2`` need no escape.
    """

    def format_help(self, ctx: Any, formatter: Any) -> None:
        formatter.write(help_page(ARGUMENT, options(), get_terminal_size((80, 24)).columns))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        takes_value = {
            name: not getattr(option, "is_flag", False)
            for option in self.get_params(ctx)
            if option.param_type_name == "option"
            for name in (*option.opts, *option.secondary_opts)
        }
        options: list[str] = []
        words: list[str] = []
        points: list[list[str]] = []
        # Words that follow a point may belong to it.
        target = words
        left = list(args)
        while left:
            word = left.pop(0)
            if word == "--":
                words += left
                break
            if takes_value.get(word) and not left:
                hint = f"`{word}` with a value; `hess --help` shows which"
                raise HessError("usage", f"`{word}` needs a value", hint=hint)
            if word == "--at" or word.startswith("--at="):
                target = [left.pop(0) if word == "--at" else word.removeprefix("--at=")]
                points.append(target)
            elif word in takes_value or word.startswith("--"):
                target = words
                options.append(word)
                if takes_value.get(word):
                    options.append(left.pop(0))
            else:
                target.append(word)
        every = [*words, *(w for p in points for w in p[1:])]
        if "--" not in args or set(every) & takes_value.keys():
            misplaced = misplaced_option(every, list(takes_value))
            if misplaced is not None:
                raise misplaced
        if any(w.startswith("--") and w.split("=")[0] not in takes_value for w in options):
            return list(super().parse_args(ctx, options))  # which names the one that is misspelt
        understood = understand(words, [At(p[0], tuple(p[1:])) for p in points])
        if understood.changed:
            ctx.obj = f"read as {understood.command(options)}"
        elif understood.formula is not None:
            ctx.obj = doubtful(understood.formula)
        at = [part for point in understood.at for part in ("--at", point)]
        formula = [] if understood.formula is None else [understood.formula]
        return list(super().parse_args(ctx, [*options, *at, "--", *formula]))


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(
    cls=HessCommand,
    no_args_is_help=False,
    context_settings={"help_option_names": HELP_NAMES},
)
def _request(
    context: typer.Context,
    expression: Annotated[
        str | None,
        typer.Argument(
            metavar="EXPRESSION",
            help=ARGUMENT,
            show_default=False,
        ),
    ] = None,
    at: Annotated[
        list[str] | None,
        typer.Option(
            "--at",
            metavar="POINT",
            help="Where: '2,4', 'x=2,y=[1,2]', 'x=randn(2,2)', 'x=@data.npy'; - reads points "
            "from standard input, one a line. Repeat it for more points.",
            rich_help_panel=POINT,
        ),
    ] = None,
    wrt: Annotated[
        str | None,
        typer.Option(
            "--wrt",
            metavar="NAMES",
            help="Which variables to differentiate, and in which order: 'y,x'. The others are "
            "constants.",
            rich_help_panel=POINT,
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed",
            metavar="N",
            min=0,
            help="The seed of randn and rand, as torch.manual_seed takes it.",
            rich_help_panel=POINT,
        ),
    ] = None,
    exact: Annotated[
        bool,
        typer.Option(
            "--exact",
            help="Exact numbers, such as sqrt(2)/3, and signs that are proved.",
            rich_help_panel=NUMBERS,
        ),
    ] = False,
    digits: Annotated[
        int | None,
        typer.Option(
            "--digits",
            metavar="N",
            min=1,
            max=MAX_DIGITS,
            help="Numbers to N digits, all right.",
            rich_help_panel=NUMBERS,
        ),
    ] = None,
    verify: Annotated[
        Verify,
        typer.Option(
            "--verify",
            help="Compare with the exact derivatives: auto does where that is quick.",
            rich_help_panel=NUMBERS,
        ),
    ] = Verify.auto,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Show each entry by autograd, exactly, and by finite differences; status 1 "
            "where they disagree.",
            rich_help_panel=NUMBERS,
        ),
    ] = False,
    expect: Annotated[
        str | None,
        typer.Option(
            "--expect",
            metavar="MATRIX",
            help="Compare with your own Hessian, '[[2,0],[0,1/3]]' or '@mine.npy'; status 1 "
            "where it differs.",
            rich_help_panel=NUMBERS,
        ),
    ] = None,
    dtype: Annotated[
        DType,
        typer.Option(
            "--dtype", help="The floating-point type to compute in.", rich_help_panel=NUMBERS
        ),
    ] = DType.float64,
    device: Annotated[
        str,
        typer.Option(
            "--device",
            metavar="DEVICE",
            help="The torch device to compute on.",
            rich_help_panel=NUMBERS,
        ),
    ] = "cpu",
    timeout: Annotated[
        float,
        typer.Option(
            "--timeout",
            metavar="SECONDS",
            min=0,
            help="Stop an answer that takes longer; 0 waits for ever.",
            rich_help_panel=NUMBERS,
        ),
    ] = TIMEOUT_SECONDS,
    format: Annotated[
        Format | None,
        typer.Option(
            "--format",
            help="How to write the answer: drawn for people (terminal), the matrix as "
            "tab-separated numbers (plain), or for programs.",
            show_default=False,
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    json: Annotated[
        bool,
        typer.Option(
            "--json",
            help="The same as --format json: one object a point, one a line.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write the answer into FILE; .json, .csv, .tsv, .tex and .txt tell its format.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    plot: Annotated[
        str | None,
        typer.Option(
            "--plot",
            metavar="FILE",
            help="Draw a picture of the answer into FILE, .svg, .png or .pdf.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    full: Annotated[
        bool,
        typer.Option("--full", help="Every number of a large answer.", rich_help_panel=OUTPUT),
    ] = False,
    color: Annotated[
        Color,
        typer.Option(
            "--color",
            help="Colour the numbers; auto does on a terminal, unless NO_COLOR is set.",
            rich_help_panel=OUTPUT,
        ),
    ] = Color.auto,
    functions: Annotated[
        bool,
        typer.Option(
            "--functions",
            help="List every function that a formula may call.",
            rich_help_panel=REFERENCE,
        ),
    ] = False,
    schema: Annotated[
        bool,
        typer.Option(
            "--schema", help="Print the JSON Schema of --json.", rich_help_panel=REFERENCE
        ),
    ] = False,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", rich_help_panel=REFERENCE),
    ] = False,
    warm_status: Annotated[
        bool,
        typer.Option(
            "--warm-status",
            help="Tell which helpers HESS_WARM=1 has started.",
            rich_help_panel=REFERENCE,
        ),
    ] = False,
    warm_stop: Annotated[
        bool, typer.Option("--warm-stop", help="End these helpers.", rich_help_panel=REFERENCE)
    ] = False,
) -> Request | str:
    if version:
        return f"hess {__version__}\n"
    if schema:
        return (Path(hesscli.__file__).parent / "render" / "schema.json").read_text("utf-8")
    if functions:
        return _function_list()
    if warm_status or warm_stop:
        from hesscli.warm import control

        return control.stop() if warm_stop else control.status()
    if expression is None:
        if at or json or wrt:
            raise HessError("no-formula", "there is no formula", hint='hess "x**3 + x*y" --at 2,4')
        raise _Introduction
    _check_together(exact, digits, check, expect, plot)
    if seed is not None and seed >= 2**63:
        raise HessError("usage", "the seed is beyond 64 bits", hint="--seed 7")
    return Request(
        expression=expression,
        remark=context.obj,
        at=tuple(at or ()),
        wrt=_names(wrt),
        seed=seed,
        dtype=dtype.value,
        device=device,
        format=_format(format, json, output),
        output=output,
        plot=plot,
        full=full,
        color=color,
        exact=exact,
        digits=digits,
        verify=verify,
        timeout=timeout,
        check=check,
        expect=expect,
    )


@cache
def _command() -> Any:
    """The command that Typer makes of all this, which takes it a while."""
    return typer.main.get_command(app)


def options() -> list[Option]:
    """Every option, in the order of the help."""
    found = []
    for parameter in _command().params:
        if parameter.param_type_name != "option":
            continue
        assert isinstance(parameter, TyperOption)
        choices = tuple(map(str, getattr(parameter.type, "choices", ())))
        default = parameter.default
        told = parameter.show_default and default not in (None, False)
        found.append(
            Option(
                names=tuple(parameter.opts),
                metavar=parameter.metavar,
                choices=choices,
                help=parameter.help or "",
                group=parameter.rich_help_panel or REFERENCE,
                default=f"{default:g}"
                if isinstance(default, float)
                else str(default)
                if told
                else None,
            )
        )
    return [*found, Option(HELP_NAMES, None, (), "Show this help.", REFERENCE, None)]


SUFFIXES = {
    ".json": Format.json,
    ".jsonl": Format.json,
    ".csv": Format.csv,
    ".tsv": Format.plain,
    ".tex": Format.latex,
    ".txt": Format.terminal,
}
PICTURES = (".svg", ".png", ".pdf")


def _format(format: Format | None, json: bool, output: str | None) -> Format:
    """The format that is asked for, or told by the suffix of the file."""
    if json and format not in (None, Format.json):
        raise HessError("usage", f"`--json` and `--format {format}`: which of them?")
    if json or format is not None:
        return Format.json if json else format or Format.terminal
    if output is None or output == "-" or _is_device(output):
        return Format.terminal
    suffix = Path(output).suffix.lower()
    if suffix in PICTURES:
        raise HessError(
            "usage", f"`{suffix}` is a picture, and `-o` writes text", hint=f"--plot {output}"
        )
    if suffix not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise HessError(
            "usage",
            f"the suffix of `{shortened(output)}` tells no format",
            hint=f"one of {known}, or `--format`",
        )
    return SUFFIXES[suffix]


def _is_device(path: str) -> bool:
    return Path(path).exists() and not Path(path).is_file() and not Path(path).is_dir()


def _check_together(
    exact: bool, digits: int | None, check: bool, expect: str | None, plot: str | None
) -> None:
    if exact and digits is not None:
        raise HessError(
            "usage", "`--exact` gives all digits, and `--digits` some", hint="one of them"
        )
    doubles = (("--check", check), ("--expect", expect is not None), ("--plot", plot is not None))
    for option, given in doubles:
        if given and (exact or digits is not None):
            raise HessError(
                "usage", f"`{option}` is about doubles, not exact numbers",
                hint=f"`{option}` without `--exact` and `--digits`",
            )  # fmt: skip


class _Introduction(Exception):
    """``hess`` alone."""


def _names(wrt: str | None) -> tuple[str, ...]:
    if wrt is None:
        return ()
    from hesscli.language.tokens import canonical_name

    names = [canonical_name(name) for name in re.split(r"\s*,\s*|\s+", wrt.strip())]
    for name in names:
        if not name.replace("_", "a").isalnum() or name[0].isdigit():
            raise HessError(
                "bad-wrt", f"`--wrt`: `{shortened(name)}` is not a name", hint="--wrt y,x"
            )
        if names.count(name) > 1:
            raise HessError("doubled-name", f"`--wrt`: `{shortened(name)}` stands there twice")
    return tuple(names)


def _function_list() -> str:
    """All functions in groups; lines are only broken for a terminal, not for ``grep``."""
    from hesscli.functions.table import FUNCTIONS

    width = get_terminal_size((80, 24)).columns if sys.stdout.isatty() else 1_000
    column = max(len(f.signature) for f in FUNCTIONS if len(f.signature) < 30)
    groups: dict[str, list[tuple[str, str]]] = {}
    for function in FUNCTIONS:
        also = f"; also {', '.join(function.aliases)}" if function.aliases else ""
        row = (function.signature, function.meaning + also)
        groups.setdefault(function.group, []).append(row)
    return "\n".join(
        "\n".join((group, *explained(rows, width, column if width >= 70 else None), ""))
        for group, rows in groups.items()
    )


def run(argv: list[str], streams: Streams | None = None) -> int:
    """Run the command line and return its exit status. No exception leaves, whatever happens."""
    sys.setrecursionlimit(max(sys.getrecursionlimit(), RECURSION_LIMIT))
    if streams is None:
        streams = _standard_streams()
        if sys.stdout is None:
            _say(streams, "hess: standard output is closed, so nothing can be answered")
            return ExitStatus.NO_ANSWER
    try:
        status = _run(argv, streams)
        streams.stdout.flush()
        return status
    except KeyboardInterrupt:
        return ExitStatus.INTERRUPTED
    except BrokenPipeError:
        _silence(streams.stdout)
        return ExitStatus.CLOSED_PIPE
    except OSError as error:
        if error.errno == errno.EPIPE:
            _silence(streams.stdout)
            return ExitStatus.CLOSED_PIPE
        _say(streams, f"hess: cannot write the answer: {(error.strerror or str(error)).lower()}")
        _silence(streams.stdout)
        return ExitStatus.NO_ANSWER
    except MemoryError:
        _say(streams, "hess: not enough memory for this answer\n  try: a smaller formula or point")
        return ExitStatus.USAGE
    except RecursionError:
        _say(streams, "hess: the formula is nested too deep\n  try: a formula with fewer levels")
        return ExitStatus.USAGE


def _run(argv: list[str], streams: Streams) -> int:
    command = _command()
    try:
        result = command.main(argv, prog_name="hess", standalone_mode=False)
        if isinstance(result, Request):
            if result.remark is not None:
                _say(streams, f"hess: {result.remark}")
            return answer(result, streams)
        if isinstance(result, str):
            streams.stdout.write(result)
            return ExitStatus.ANSWERED
        return int(result or 0)
    except _Introduction:
        streams.stderr.write(introduction())
        return ExitStatus.USAGE
    except HessError as error:
        streams.stdout.flush()
        _say(streams, error.report())
        return error.status
    except typer.TyperException as error:
        hint = "`hess --help` lists every option"
        message = error.format_message().replace("a valid int range", "a whole number")
        message = message.replace("a valid float range", "a number")
        _say(streams, HessError("usage", message, hint=hint).report())
        return ExitStatus.USAGE
    except FORESEEN:
        raise
    except Exception as error:
        _say(streams, internal(error).report())
        return ExitStatus.NO_ANSWER


def _say(streams: Streams, text: str) -> None:
    if not holds_unicode(streams.stderr):
        text = text.translate(ASCII_SIGNS)
    streams.stderr.write(text + "\n")
    streams.stderr.flush()


def _standard_streams() -> Streams:
    """This process's streams, made unable to fail on a character that they cannot hold."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="surrogateescape")
    return Streams(
        sys.stdin or io.StringIO(),
        sys.stdout or Path(os.devnull).open("w", encoding="utf-8"),
        sys.stderr or Path(os.devnull).open("w", encoding="utf-8"),
    )


def _silence(stream: Any) -> None:
    """Point a closed stream at nothing, so that the interpreter's last flush says nothing."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):
        return
    with Path(os.devnull).open("w", encoding="utf-8") as nothing:
        os.dup2(nothing.fileno(), descriptor)
