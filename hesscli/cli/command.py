"""A command line → what it asks for: the only module, beside the options, that knows Typer."""

from __future__ import annotations

import re
import sys
from enum import EnumMeta
from functools import cache
from inspect import Parameter, Signature
from pathlib import Path
from shutil import get_terminal_size
from typing import Any, get_args

import typer
from typer.core import TyperCommand

import hesscli
from hesscli import __version__
from hesscli.cli.help import Option, explained, help_page
from hesscli.cli.leniency import are_names, doubtful, instead_of, refuse_options, understand
from hesscli.cli.options import ARGUMENT, REFERENCE, DType, Request, parameters
from hesscli.errors import HessError, shortened, usage
from hesscli.render.formats import MATRICES, PICTURES, SUFFIXES
from hesscli.types import Verify

HELP_NAMES = ("--help", "-h")


class Introduction(Exception):
    """``hess`` alone."""


class _Help(Exception):
    """``hess --help``: Typer would write the page itself, and end with 1 where a pipe is closed."""


class HessCommand(TyperCommand):
    """A command whose formula may start with a minus.

    A word is an option only if it is a declared one or starts with ``--``; everything else is
    the formula, so that ``-x**2`` and ``-h*2`` need no escape.
    """

    def get_help(self, ctx: Any) -> str:
        raise _Help

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        takes_value = {
            name: bool(option.metavar or option.choices)
            for option in declared()
            for name in option.names
        }
        given: list[str] = []
        words: list[str] = []
        points: list[list[str]] = []
        # Words that follow a point may belong to it.
        target = words
        joined = False
        left = list(args)
        while left:
            word = left.pop(0)
            if word == "--":
                words += left
                break
            if takes_value.get(word) and not left:
                hint = f"`{word}` with a value; `hess --help` shows which"
                hint = "`--at 2,4` or `--at x=2,y=4`" if word == "--at" else hint
                raise usage(f"`{word}` needs a value", hint)
            if word == "--at" or word.startswith("--at="):
                target = [left.pop(0) if word == "--at" else word.removeprefix("--at=")]
                points.append(target)
            elif word in takes_value or word.startswith("--"):
                target = words
                given.append(word)
                if takes_value.get(word):
                    given.append(left.pop(0))
                # The shell splits `--wrt x, y`; the formula is known by then.
                while word == "--wrt" and words and left and are_names(left[0]):
                    given[-1] = f"{given[-1].rstrip(',')},{left.pop(0).strip(',')}"
                    joined = True
            else:
                target.append(word)
        every = [*words, *(w for p in points for w in p[1:])]
        if "--" not in args or set(every) & takes_value.keys():
            refuse_options(every, takes_value)
        unknown = [w for w in given if w.startswith("--") and w.split("=")[0] not in takes_value]
        for word in unknown:
            hint = instead_of(word, args[args.index(word) + 1 :], takes_value)
            raise usage(f"there is no option `{shortened(word)}`", hint)
        understood = understand(words, points, () if "--" in args else takes_value)
        if understood.changed or joined:
            ctx.obj = f"read as {understood.command(given)}"
        elif understood.formula is not None:
            ctx.obj = doubtful(understood.formula)
        at = [part for point in understood.at for part in ("--at", point)]
        formula = [] if understood.formula is None else [understood.formula]
        return list(super().parse_args(ctx, [*given, *at, "--", *formula]))


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def _request(context: typer.Context, **given: Any) -> Request | str:
    return _reference(**given) or _asked(context.obj, given)


_request.__signature__ = Signature(  # type: ignore[attr-defined]
    [Parameter("context", Parameter.KEYWORD_ONLY, annotation=typer.Context), *parameters()]
)
app.command(
    cls=HessCommand, no_args_is_help=False, context_settings={"help_option_names": HELP_NAMES}
)(_request)


def _reference(
    *,
    expression: str | None,
    version: bool,
    schema: bool,
    functions: bool,
    completion: str | None,
    warm_status: bool,
    warm_stop: bool,
    **_: Any,
) -> str | None:
    """The text that an option asks for instead of an answer."""
    if version:
        return f"hess {__version__}\n"
    if schema:
        return (Path(hesscli.__file__).parent / "render" / "schema.json").read_text("utf-8")
    if functions:
        return _function_list(expression or "")
    if completion is not None:
        from hesscli.cli.completions import script

        return script(completion)
    if warm_status or warm_stop:
        from hesscli.warm import control

        return control.stop() if warm_stop else control.status()
    return None


def _asked(remark: str | None, given: dict[str, Any]) -> Request:
    """The request for an answer. Raises :class:`HessError` for options that contradict."""
    if given["expression"] is None:
        if any(given[name] for name in ("at", "grid", "json", "wrt", "code")):
            raise HessError("no-formula", "there is no formula", hint='hess "x**3 + x*y" --at 2,4')
        raise Introduction
    _check_together(**given)
    if given["seed"] is not None and given["seed"] >= 2**63:
        raise usage("the seed is beyond 64 bits", "--seed 7")
    if given["code"] is not None:
        _check_code(**given)
        given["format"] = "terminal"  # whatever the suffix of a file
    format = _format(given["format"], given["json"], given["output"])
    if given["minors"] and format in MATRICES:
        raise usage(f"`--minors` has no place in {format}, which is the matrix alone", "--json")
    read = {"at": tuple(given["at"] or ()), "format": format, "wrt": _names(given["wrt"])}
    return Request(**{**given, **read}, remark=remark)


def parsed(argv: list[str]) -> Any:
    """What the arguments ask for: a :class:`Request`, a text to print, or an exit status."""
    try:
        return _command().main(argv, prog_name="hess", standalone_mode=False)
    except _Help:
        return help_page(ARGUMENT, declared(), get_terminal_size((80, 24)).columns)


@cache
def _command() -> Any:
    """The command that Typer makes of all this, which takes it a while."""
    return typer.main.get_command(app)


def declared() -> list[Option]:
    """Every option, in the order of the help."""
    found = []
    for option, typed in ((each.default, each.annotation) for each in parameters()[1:]):
        kind = next(iter(get_args(typed)), typed)
        default = option.default
        text = f"{default:g}" if isinstance(default, float) else str(default)
        found.append(
            Option(
                names=option.param_decls,
                metavar=option.metavar,
                choices=tuple(map(str, kind)) if isinstance(kind, EnumMeta) else (),
                help=option.help,
                group=option.rich_help_panel,
                default=None if default in (None, False) else text,
            )
        )
    return [*found, Option(HELP_NAMES, None, (), "Show this help.", REFERENCE, None)]


def _format(format: str | None, json: bool, output: str | None) -> str:
    """The format that is asked for, or told by the suffix of the file."""
    if json and format not in (None, "json"):
        raise usage(f"`--json` and `--format {format}`: which of them?")
    if json or format is not None:
        return "json" if json else str(format)
    if output is None or output == "-" or _is_device(output):
        return "terminal"
    suffix = Path(output).suffix.lower()
    if suffix in PICTURES:
        raise usage(f"`{suffix}` is a picture, and `-o` writes text", f"--plot {output}")
    if suffix not in SUFFIXES:
        hint = f"one of {', '.join(SUFFIXES)}, or `--format`"
        raise usage(f"the suffix of `{shortened(output)}` tells no format", hint)
    return SUFFIXES[suffix]


def _is_device(path: str) -> bool:
    return Path(path).exists() and not Path(path).is_file() and not Path(path).is_dir()


def _check_together(
    *,
    exact: bool,
    digits: int | None,
    check: bool,
    expect: str | None,
    expect_gradient: str | None,
    plot: str | None,
    **_: Any,
) -> None:
    if exact and digits is not None:
        raise usage("`--exact` gives all digits, and `--digits` some", "one of them")
    doubles = (
        ("--check", check),
        ("--expect", expect is not None),
        ("--expect-gradient", expect_gradient is not None),
        ("--plot", plot is not None),
    )
    for option, given in doubles:
        if given and (exact or digits is not None):
            hint = f"`{option}` without `--exact` and `--digits`"
            raise usage(f"`{option}` is about doubles, not exact numbers", hint)


def _check_code(*, format: str | None, dtype: str, device: str, verify: str, **given: Any) -> None:
    """Refuse what is about an answer, where there is to be none."""
    options = {
        "--json": given["json"],
        f"--format {format}": format is not None,
        "--exact": given["exact"],
        "--digits": given["digits"] is not None,
        "--minors": given["minors"],
        "--check": given["check"],
        "--expect": given["expect"] is not None,
        "--expect-gradient": given["expect_gradient"] is not None,
        "--plot": given["plot"] is not None,
        "--full": given["full"],
        f"--verify {verify}": verify != Verify.auto,
        f"--dtype {dtype}": dtype != DType.float64,
        f"--device {device}": device != "cpu",
    }
    for option, asked in options.items():
        if asked:
            message = f"`{option}` is about an answer, and `--code` writes code in its place"
            raise usage(message, f"one of `--code` and `{option.split()[0]}`")


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


def _function_list(word: str) -> str:
    """The functions in groups whose names, meaning or group have ``word``; lines are only broken
    for a terminal, not for ``grep``. Raises :class:`HessError` where there is none.
    """
    from hesscli.functions.table import FUNCTIONS

    width = get_terminal_size((80, 24)).columns if sys.stdout.isatty() else 1_000
    column = max(len(f.signature) for f in FUNCTIONS if len(f.signature) < 30)
    groups: dict[str, list[tuple[str, str]]] = {}
    for function in FUNCTIONS:
        also = f"; also {', '.join(function.aliases)}" if function.aliases else ""
        row = (function.signature, function.meaning + also)
        if word.lower() not in " ".join((*row, function.group)).lower():
            continue
        groups.setdefault(function.group, []).append(row)
    if not groups:
        raise HessError(
            "unknown-function", f"no function is called or about `{shortened(word)}`",
            hint="`hess --functions` lists every function",
        )  # fmt: skip
    return "\n".join(
        "\n".join((group, *explained(rows, width, column if width >= 70 else None), ""))
        for group, rows in groups.items()
    )
