"""What a run of the command is asked for: each option once, with its type and its help."""

# ruff: noqa: RUF009 (what stands for a default is a field)
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from inspect import Parameter
from typing import Any, get_type_hints

import typer

from hesscli.code.targets import TARGETS
from hesscli.render.formats import FORMATS, PICTURES, SUFFIXES
from hesscli.solver import MAX_DIGITS
from hesscli.types import Verify

# Long enough for a large tensor, or for hard limits; short enough to wait for an error.
TIMEOUT_SECONDS = 60.0

ARGUMENT = "The formula, such as 'x**3 + x*y'; - reads it from standard input."

# The groups of the options in the help.
POINT, NUMBERS, OUTPUT, REFERENCE = "Point", "Numbers", "Output", "Reference"
# The suffix that each format has before others.
_TOLD = list(dict.fromkeys(FORMATS[name].suffixes[0] for name in SUFFIXES.values()))

Format = StrEnum("Format", {name: name for name in FORMATS})  # type: ignore[misc]
Code = StrEnum("Code", {name: name for name in TARGETS})  # type: ignore[misc]


class DType(StrEnum):
    """The floating-point types that ``--dtype`` takes."""

    float64 = "float64"
    float32 = "float32"


class Color(StrEnum):
    """When answers are coloured."""

    auto = "auto"
    always = "always"
    never = "never"


class Shell(StrEnum):
    """The shells that ``--completion`` knows."""

    bash = "bash"
    zsh = "zsh"
    fish = "fish"


def _number(value: float) -> float:
    """``value``, unless it is NaN, which is in no range and yet passes for one."""
    if math.isnan(value):
        raise typer.BadParameter(f"{value} is not a number.")
    return value


def _option(
    group: str,
    help: str,
    default: Any = None,
    *,
    typed: Any = None,
    short: Sequence[str] = (),
    **more: Any,
) -> Any:
    """A field that is an option: of the type ``typed`` on the command line, if not of its own."""
    settings = {"help": help, "rich_help_panel": group, **more}
    return field(metadata={"option": (typed, short, default, settings)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the command line asks for, before any of it is read.

    ``remark`` tells how a careless command was read, or what may be wrong with it.
    """

    expression: str
    remark: str | None
    at: tuple[str, ...] = _option(
        POINT,
        "Where: '2,4', 'x=2,y=[1,2]', 'x=randn(2,2)', 'x=@data.npy', 'x=@d.csv:column'; - reads "
        "points from standard input, one a line. Repeat it for more points.",
        typed=list[str] | None,
        metavar="POINT",
    )
    grid: str | None = _option(
        POINT,
        "Points of a grid: 'x=0..1:11,y=-1..1:11' has 11 numbers of each, ends included; with "
        "--at for the other variables.",
        metavar="RANGES",
    )
    wrt: tuple[str, ...] = _option(
        POINT,
        "Which variables to differentiate, and in which order: 'y,x'. The others are constants.",
        typed=str | None,
        metavar="NAMES",
    )
    seed: int | None = _option(
        POINT, "The seed of randn and rand, as torch.manual_seed takes it.", metavar="N", min=0
    )
    exact: bool = _option(NUMBERS, "Exact numbers in closed form, such as sqrt(2)/3.", False)
    digits: int | None = _option(
        NUMBERS, "Numbers to N digits, all right.", metavar="N", min=1, max=MAX_DIGITS
    )
    minors: bool = _option(
        NUMBERS, "The determinant and the leading principal minors; --exact has them always.", False
    )
    verify: Verify = _option(
        NUMBERS,
        "Prove the numbers in ball arithmetic: auto within a bounded amount of work, always within "
        "fifty times as much.",
        Verify.auto,
    )
    check: bool = _option(
        NUMBERS,
        "Show each entry by autograd, exactly, and by finite differences; status 1 where they "
        "disagree.",
        False,
    )
    expect: str | None = _option(
        NUMBERS,
        "Compare with your own Hessian, '[[2*y,2*x],[2*x,0]]', 'A + A.T' or '@mine.tsv', in "
        "symbols where there is no point; status 1 where it differs.",
        metavar="MATRIX",
    )
    expect_gradient: str | None = _option(
        NUMBERS, "The same for your own gradient: '[2*x*y,x**2]'.", metavar="LIST"
    )
    dtype: DType = _option(NUMBERS, "The floating-point type to compute in.", DType.float64)
    device: str = _option(NUMBERS, "The torch device to compute on.", "cpu", metavar="DEVICE")
    timeout: float = _option(
        NUMBERS,
        "Stop an answer that takes longer; 0 waits for ever.",
        TIMEOUT_SECONDS,
        metavar="SECONDS",
        min=0,
        callback=_number,
    )
    format: str = _option(
        OUTPUT,
        "How to write the answer: drawn for people (terminal), the matrix as tab-separated "
        "numbers (plain), or for programs.",
        typed=Format | None,
    )
    json: bool = _option(
        OUTPUT, "The same as --format json: one object a point, one a line.", False
    )
    code: str | None = _option(
        OUTPUT,
        "Write a function of value, gradient and Hessian in place of an answer, with its call at "
        "the point if there is one.",
        typed=Code | None,
    )
    output: str | None = _option(
        OUTPUT,
        f"Write the answer into FILE; {', '.join(_TOLD[:-1])} and {_TOLD[-1]} tell its format.",
        short=("-o",),
        metavar="FILE",
    )
    plot: str | None = _option(
        OUTPUT,
        f"Draw a picture of the answer into FILE, {', '.join(PICTURES[:-1])} or {PICTURES[-1]}.",
        metavar="FILE",
    )
    full: bool = _option(
        OUTPUT, "Every number of a large answer, and the blocks of each of many points.", False
    )
    color: Color = _option(
        OUTPUT, "Colour the numbers; auto does on a terminal, unless NO_COLOR is set.", Color.auto
    )
    functions: bool = _option(
        REFERENCE,
        "List every function that a formula may call, or with a WORD those about it.",
        False,
    )
    schema: bool = _option(REFERENCE, "Print the JSON Schema of --json.", False)
    completion: Shell | None = _option(
        REFERENCE, "Print the script that completes hess in a shell.", typed=Shell | None
    )
    version: bool = _option(REFERENCE, "Print the version.", False)
    warm_status: bool = _option(REFERENCE, "Tell which helpers HESS_WARM=1 has started.", False)
    warm_stop: bool = _option(REFERENCE, "End these helpers.", False)


def parameters() -> list[Parameter]:
    """The parameters of a function to which Typer gives what is typed, in the order of the help."""
    argument = typer.Argument(None, metavar="EXPRESSION", help=ARGUMENT)
    given = [("expression", argument, str | None)]
    hints = get_type_hints(Request)
    for each in fields(Request):
        if each.metadata:
            typed, short, default, settings = each.metadata["option"]
            names = ("--" + each.name.replace("_", "-"), *short)
            option = typer.Option(default, *names, **settings)
            given.append((each.name, option, typed or hints[each.name]))
    return [
        Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=typed)
        for name, default, typed in given
    ]
