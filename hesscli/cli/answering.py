"""A request → answers: of one formula at points, at a stream of points, or in symbols."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from dataclasses import fields, replace
from importlib import import_module
from typing import TYPE_CHECKING, TextIO

from hesscli.cli.deadline import Alarm
from hesscli.cli.memory import Memory
from hesscli.cli.options import Request
from hesscli.cli.output import Output, Streams
from hesscli.errors import UNTIL_NAMED, ExitStatus, HessError, internal, shortened, usage
from hesscli.files import require_apart
from hesscli.render.formats import CLASH
from hesscli.solver import Settings, Solver

if TYPE_CHECKING:
    from hesscli.point.assignment import Assignment
    from hesscli.point.lines import Header
    from hesscli.solver import Compiled
    from hesscli.types import Point

STANDARD_INPUT = "-"
CLOCK = Alarm()
MEMORY = Memory()


def answer(request: Request, streams: Streams) -> ExitStatus:
    """Answer ``request`` on the streams. Raises :class:`HessError` before anything is computed."""
    MEMORY.held = MEMORY.held and request.device == "cpu"  # others map theirs as data
    MEMORY.start()
    with Output(request, streams) as output:
        if request.at or request.grid is not None:
            _require_folder()
        _require_two_files(request)
        if STANDARD_INPUT in (*request.at, request.expression.strip()):
            _require_apart(request, streams, reads=[_descriptor(streams.stdin)])
        if request.code is not None and STANDARD_INPUT in request.at:
            raise usage("`--code` calls its function at one point, not at a stream", "--at 2,4")
        if STANDARD_INPUT in request.at:
            return _answer_lines(request, streams, output)
        if request.expression.strip() == STANDARD_INPUT:
            _say_what_is_awaited(streams, "a formula")
            request = replace(request, expression=streams.stdin.read().strip())
        if request.code is not None:
            return _write_code(request, request.code, streams, output)
        if request.grid is not None:
            return _answer_grid(request, request.grid, streams, output)
        if not request.at:
            return _answer_symbols(request, output)
        return _answer_points(request, streams, output)


def _solver(request: Request) -> Solver:
    shared = {f.name for f in fields(Settings)} & {f.name for f in fields(Request)}
    options = {name: getattr(request, name) for name in shared}
    settings = Settings(**options, seconds=request.timeout, clock=CLOCK)
    return Solver(request.expression, request.wrt, settings)


def _answer_symbols(request: Request, output: Output) -> ExitStatus:
    _require_point(request)
    _load("hesscli.derive.symbols", "loading SymPy")
    answer = _solver(request).symbols()
    output.answer(answer)
    return ExitStatus.ANSWERED if answer.holds else ExitStatus.NO_ANSWER


def _write_code(request: Request, target: str, streams: Streams, output: Output) -> ExitStatus:
    from hesscli.point.assignment import read_assignment

    solver = _solver(request)
    with CLOCK.within(request.timeout, "reading the formula and the point"):
        assignments = [read_assignment(at) for at in request.at]
        _require_apart(request, streams, [file for each in assignments for file in each.files])
        compiled, points = solver.bound(assignments) if assignments else (solver.given(), [])
    if len(points) > 1:
        raise usage(
            f"`--code` calls its function at one point, and here are {len(points)}", "one `--at`"
        )
    import hesscli.code.write  # noqa: F401

    _collect_again()
    output.say_reading(compiled.formula.notes)
    output.text(compiled.code(target, points[0] if points else None))
    return ExitStatus.ANSWERED


def _answer_points(request: Request, streams: Streams, output: Output) -> ExitStatus:
    from hesscli.point.assignment import read_assignment

    solver = _solver(request)
    with CLOCK.within(request.timeout, "reading the formula and the point"):
        assignments = [read_assignment(at) for at in request.at]
        _require_apart(request, streams, [file for each in assignments for file in each.files])
        letters = not _about_numbers(request) and solver.leaves_letters(assignments)
        if not letters:
            compiled, points = solver.bound(assignments)
        _require_apart(request, streams, _files(solver, []))
    if letters:
        answer = solver.symbols(assignments)
        output.answer(answer)
        return ExitStatus.ANSWERED if answer.holds else ExitStatus.NO_ANSWER
    if request.plot is not None:
        _require_picture(request.plot, len(points))
    if len(points) > 1:
        variables = compiled.formula.variables
        output.several(_names([a for a in assignments if len(a.named) < len(variables)]))
    status = ExitStatus.ANSWERED
    for point in points:
        status = max(status, _answer_point(compiled, request, point, output))
        output.flush()
    return status


def _answer_grid(request: Request, ranges: str, streams: Streams, output: Output) -> ExitStatus:
    """An answer for each point of a grid, of which none but the one that is answered is kept."""
    if request.plot is not None:
        raise usage("`--plot` draws one point, not a grid", "--at 2,4")
    from hesscli.point.assignment import read_assignment
    from hesscli.point.grid import read_grid

    solver = _solver(request)
    with CLOCK.within(request.timeout, "reading the formula and the grid"):
        grid = read_grid(ranges)
        held = [read_assignment(at) for at in request.at]
        _require_apart(request, streams, _files(solver, held))
        _require_one_point(solver, [*held, next(grid.points())])
    output.several(_names(held))
    status = ExitStatus.ANSWERED
    for assignment in grid.points():
        compiled, (point,) = solver.bound([*held, assignment])
        status = max(status, _answer_point(compiled, request, point, output))
        output.flush()
    return status


def _require_one_point(solver: Solver, assignments: Sequence[Assignment]) -> None:
    """Refuse what is wrong with the first point of a grid, and so with all of them."""
    try:
        _, points = solver.bound(assignments)
    except HessError as error:
        if error.code == "missing-name":
            error.hint = "the other variables with `--at NAME=VALUE`, or in the grid"
        raise
    if len(points) != 1:
        raise usage("`--grid` and `--at` both give several points", "one of them")


def _files(solver: Solver, held: Sequence[Assignment]) -> list[str]:
    """The files that what holds for all points was read from."""
    expected = (file for each in solver.expected for file in each.files)
    return [*(file for each in held for file in each.files), *expected]


def _names(assignments: Sequence[Assignment]) -> set[str]:
    return {name for each in assignments for name in each.named}


def _require_two_files(request: Request) -> None:
    if None in (request.output, request.plot):
        return
    first, second = (os.path.realpath(str(p)) for p in (request.output, request.plot))
    if first == second:
        raise usage(
            f"`-o` and `--plot` both write `{request.plot}`", "another file for one of them"
        )


def _require_apart(request: Request, streams: Streams, reads: Sequence[str | int]) -> None:
    """Refuse to write what is being read."""
    named = [name for name in (request.output, request.plot) if name not in (None, STANDARD_INPUT)]
    writes: list[str | int] = [*map(str, named)]
    require_apart([*writes, _descriptor(streams.stdout)], reads)


def _descriptor(stream: TextIO) -> int:
    """The open file below a stream, or none."""
    try:
        return stream.fileno()
    except (OSError, ValueError):
        return -1


def _require_picture(path: str, points: int) -> None:
    from hesscli.plot import picture

    if points > 1:
        raise usage(f"`--plot` draws one point, and here are {points}", "one `--at`")
    picture.require(path)


def _require_point(request: Request) -> None:
    for option in _about_numbers(request):
        raise HessError(
            "missing-point",
            f"`{option}` is about numbers, so it needs a point",
            hint=f"{option} --at 2,4",
        )


def _about_numbers(request: Request) -> list[str]:
    """The options that need a value for each variable."""
    options = {
        "--check": request.check,
        f"--plot {request.plot}": request.plot is not None,
        f"--digits {request.digits}": request.digits is not None,
    }
    return [option for option, given in options.items() if given]


def _require_folder() -> None:
    """torch's linear algebra ends the process where the working directory has been deleted."""
    try:
        os.getcwd()  # noqa: PTH109
    except OSError:
        raise HessError(
            "no-folder",
            "the folder that hess was started in has been deleted",
            hint="cd to another one",
            status=ExitStatus.NO_ANSWER,
        ) from None


def _answer_point(
    compiled: Compiled, request: Request, point: Point, output: Output, line: int | None = None
) -> ExitStatus:
    if not (request.exact or request.digits):
        _load("hesscli.numeric.autograd", "loading torch")
    CLOCK.answering(line)
    MEMORY.allow(compiled.arrays(point))
    try:
        answer, values = compiled.answer_and_values(point)
        if request.plot is not None and values is not None:
            from hesscli.plot import picture

            with CLOCK.within(request.timeout, "drawing the picture"):
                picture.draw(answer, values, request.plot)
        output.answer(answer)
    except HessError as error:
        if error.status is not ExitStatus.NO_ANSWER:
            raise
        output.failure(error, line, point)
        return ExitStatus.NO_ANSWER
    return ExitStatus.ANSWERED if answer.holds else ExitStatus.NO_ANSWER


def _answer_lines(request: Request, streams: Streams, output: Output) -> ExitStatus:
    """One answer for each line of standard input, written before the next line is waited for."""
    _require_one_input(request)
    with CLOCK.within(request.timeout, "reading the formula"):
        solver, held, awaited = _for_all_lines(request)
        _require_apart(request, streams, _files(solver, held))
    output.several(_names(held))
    lines = _Lines(solver, held)
    example = ",".join(f"{name}=…" for name in awaited) or "2,4"
    _say_what_is_awaited(streams, f"points, one a line, such as `{shortened(example)}`")
    status = ExitStatus.ANSWERED
    given = False
    for number, line in enumerate(streams.stdin, start=1):
        text = line.lstrip("\ufeff").strip()
        # A blank line may be a point that is missing: in JSON, whose lines pair with those of the
        # input, it is told.
        if text.startswith("#") or not (text or request.format == "json"):
            continue
        CLOCK.answering(number)
        if not given and lines.begin_with(text):
            continue
        given = given or bool(text)
        try:
            with CLOCK.within(request.timeout, "reading this line"):
                output.row(lines.cells(text))
                assignment = lines.assignment(text)
                _require_apart(request, streams, assignment.files)
                compiled, (point,) = solver.bound([*held, assignment])
            status = max(status, _answer_point(compiled, request, point, output, number))
        except OSError:
            raise
        except Exception as error:
            if isinstance(error, HessError) and error.code == CLASH:
                raise
            # One line must not take the others with it.
            output.failure(_explained(error), number)
            status = ExitStatus.NO_ANSWER
        output.flush()
    if not given:
        streams.say("hess: there are no points on standard input")
    return status


class _Lines:
    """Reads the lines of a stream, the first of which may be a header."""

    def __init__(self, solver: Solver, held: Sequence[Assignment]) -> None:
        self.solver = solver
        self.held = _names(held)
        self.header: Header | None = None

    def begin_with(self, line: str) -> bool:
        """Whether the first line is a header. Raises :class:`HessError` for one that is not of
        this formula; a single name that it has not is a value that is none.
        """
        from hesscli.point.lines import read_header

        header = None if self.header is not None else read_header(line)
        if header is None:
            return False
        try:
            variables = self.solver.given(self.held | {*header.names}).formula.variables
        except HessError as error:
            if error.code != "no-variables":
                raise
            return False
        named = set(header.names) & set(variables)
        from hesscli.expression.names import CONSTANTS

        if len(header.names) == 1 and not named:
            return False
        # `e` may be a value, but not where it is what the formula lacks.
        if set(header.names) <= CONSTANTS.keys() and named != set(variables) - self.held:
            return False
        header.require(variables, self.held)
        self.header = header
        return True

    def cells(self, line: str) -> dict[str, str]:
        """What the columns of the input have in this line; empty where there are no columns."""
        return {} if self.header is None else self.header.came(line)

    def assignment(self, line: str) -> Assignment:
        """The values that a line gives."""
        from hesscli.point.assignment import read_assignment

        return read_assignment(line) if self.header is None else self.header.assignment(line)


def _explained(error: Exception) -> HessError:
    if isinstance(error, HessError):
        return error
    if isinstance(error, (MemoryError, RecursionError)):
        message = "this line asks for more than there is memory for"
        return HessError("too-large", message, hint="a smaller point")
    return internal(error)


def _require_one_input(request: Request) -> None:
    if request.plot is not None:
        raise usage("`--plot` draws one point, not a stream", "--at 2,4")
    if request.expression.strip() == STANDARD_INPUT:
        raise HessError(
            "two-inputs",
            "standard input cannot be both the formula and the points",
            hint='hess "x**3 + x*y" --at - < points',
        )
    if request.grid is not None:
        hint = "one of `--at -` and `--grid`"
        raise HessError(
            "two-inputs", "points come from standard input and from `--grid`", hint=hint
        )
    if request.at.count(STANDARD_INPUT) > 1:
        raise HessError("two-inputs", "standard input can be read only once")


def _say_what_is_awaited(streams: Streams, what: str) -> None:
    """Tell a person who would look at an empty line."""
    if streams.stdin.isatty():
        streams.say(f"hess: waiting for {what}; Ctrl-D ends")


def _for_all_lines(request: Request) -> tuple[Solver, list[Assignment], list[str]]:
    """What answers lines, the values that hold for all of them, and the names of the others, which
    may not be known before there is a line.
    """
    from hesscli.point.assignment import read_assignment
    from hesscli.point.binding import bind, names_given

    solver = _solver(request)
    held = [read_assignment(at) for at in request.at if at != STANDARD_INPUT]
    try:
        formula = solver.given(names_given(held)).formula
    except HessError as error:
        if error.code not in UNTIL_NAMED:
            raise
        return solver, held, []
    for assignment in held:
        if assignment.positional or len(assignment.named) == len(formula.variables):
            raise HessError(
                "two-inputs",
                "points come from standard input and from `--at` at once",
                hint="`--at -` with `--at NAME=VALUE` for what holds for all lines",
            )
    rest = [name for name in formula.variables if name not in names_given(held)]
    # Found now, because they concern the request and not one of its lines.
    if held:
        bind([*held, read_assignment(",".join(f"{name}=0" for name in rest))], formula)
    return solver, held, rest


def _load(module: str, doing: str) -> None:
    """Import what answers need, which takes a while, and nothing of it more than once."""
    if module not in sys.modules:
        with CLOCK.within(0, doing):
            import_module(module)
    _collect_again()


def _collect_again() -> None:
    """Switch garbage collection back on, for all but what imports have made: that stays."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
        MEMORY.start()
