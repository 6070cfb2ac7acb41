"""What the command line takes: each option once, with its help."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from hesscli.cli.request import Color
from hesscli.render.formats import FORMATS
from hesscli.types import Verify

MAX_DIGITS = 1_000
# Long enough for a large tensor, or for hard limits; short enough to wait for an error.
TIMEOUT_SECONDS = 60.0

ARGUMENT = "The formula, such as 'x**3 + x*y'; - reads it from standard input."

# The groups of the options in the help.
POINT, NUMBERS, OUTPUT, REFERENCE = "Point", "Numbers", "Output", "Reference"


Format = StrEnum("Format", {name: name for name in FORMATS})  # type: ignore[misc]


class DType(StrEnum):
    """The floating-point types that ``--dtype`` takes."""

    float64 = "float64"
    float32 = "float32"


def _option(*names: str, group: str, **more: Any) -> Any:
    return typer.Option(*names, rich_help_panel=group, **more)


ExpressionArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="EXPRESSION",
        help=ARGUMENT,
        show_default=False,
    ),
]
AtOption = Annotated[
    list[str] | None,
    _option(
        "--at",
        metavar="POINT",
        help="Where: '2,4', 'x=2,y=[1,2]', 'x=randn(2,2)', 'x=@data.npy'; - reads points "
        "from standard input, one a line. Repeat it for more points.",
        group=POINT,
    ),
]
WrtOption = Annotated[
    str | None,
    _option(
        "--wrt",
        metavar="NAMES",
        help="Which variables to differentiate, and in which order: 'y,x'. The others are "
        "constants.",
        group=POINT,
    ),
]
SeedOption = Annotated[
    int | None,
    _option(
        "--seed",
        metavar="N",
        min=0,
        help="The seed of randn and rand, as torch.manual_seed takes it.",
        group=POINT,
    ),
]
ExactOption = Annotated[
    bool,
    _option(
        "--exact",
        help="Exact numbers, such as sqrt(2)/3, and signs that are proved.",
        group=NUMBERS,
    ),
]
DigitsOption = Annotated[
    int | None,
    _option(
        "--digits",
        metavar="N",
        min=1,
        max=MAX_DIGITS,
        help="Numbers to N digits, all right.",
        group=NUMBERS,
    ),
]
VerifyOption = Annotated[
    Verify,
    _option(
        "--verify",
        help="Compare with the exact derivatives: auto does where that is quick.",
        group=NUMBERS,
    ),
]
CheckOption = Annotated[
    bool,
    _option(
        "--check",
        help="Show each entry by autograd, exactly, and by finite differences; status 1 "
        "where they disagree.",
        group=NUMBERS,
    ),
]
ExpectOption = Annotated[
    str | None,
    _option(
        "--expect",
        metavar="MATRIX",
        help="Compare with your own Hessian, '[[2,0],[0,1/3]]' or '@mine.npy'; status 1 "
        "where it differs.",
        group=NUMBERS,
    ),
]
DtypeOption = Annotated[
    DType,
    _option("--dtype", help="The floating-point type to compute in.", group=NUMBERS),
]
DeviceOption = Annotated[
    str,
    _option(
        "--device",
        metavar="DEVICE",
        help="The torch device to compute on.",
        group=NUMBERS,
    ),
]
TimeoutOption = Annotated[
    float,
    _option(
        "--timeout",
        metavar="SECONDS",
        min=0,
        help="Stop an answer that takes longer; 0 waits for ever.",
        group=NUMBERS,
    ),
]
FormatOption = Annotated[
    Format | None,
    _option(
        "--format",
        help="How to write the answer: drawn for people (terminal), the matrix as "
        "tab-separated numbers (plain), or for programs.",
        show_default=False,
        group=OUTPUT,
    ),
]
JsonOption = Annotated[
    bool,
    _option(
        "--json",
        help="The same as --format json: one object a point, one a line.",
        group=OUTPUT,
    ),
]
OutputOption = Annotated[
    str | None,
    _option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write the answer into FILE; .json, .csv, .tsv, .tex and .txt tell its format.",
        group=OUTPUT,
    ),
]
PlotOption = Annotated[
    str | None,
    _option(
        "--plot",
        metavar="FILE",
        help="Draw a picture of the answer into FILE, .svg, .png or .pdf.",
        group=OUTPUT,
    ),
]
FullOption = Annotated[
    bool,
    _option("--full", help="Every number of a large answer.", group=OUTPUT),
]
ColorOption = Annotated[
    Color,
    _option(
        "--color",
        help="Colour the numbers; auto does on a terminal, unless NO_COLOR is set.",
        group=OUTPUT,
    ),
]
FunctionsOption = Annotated[
    bool,
    _option(
        "--functions",
        help="List every function that a formula may call.",
        group=REFERENCE,
    ),
]
SchemaOption = Annotated[
    bool,
    _option("--schema", help="Print the JSON Schema of --json.", group=REFERENCE),
]
VersionOption = Annotated[
    bool,
    _option("--version", help="Print the version.", group=REFERENCE),
]
WarmStatusOption = Annotated[
    bool,
    _option(
        "--warm-status",
        help="Tell which helpers HESS_WARM=1 has started.",
        group=REFERENCE,
    ),
]
WarmStopOption = Annotated[bool, _option("--warm-stop", help="End these helpers.", group=REFERENCE)]
