"""The whole of an answer, top to bottom: formula, points, numbers, report, text.

Heavy packages are imported where they are first needed: SymPy once there is a formula, torch
once there is a point.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hesscli.cli.output import Output
from hesscli.deadline import doing, limit
from hesscli.errors import FORESEEN, ExitStatus, HessError, internal
from hesscli.types import Request, Streams, Verify

if TYPE_CHECKING:
    from hesscli.exact.limits import Examiner
    from hesscli.numeric.autograd import Evaluator
    from hesscli.types import (
        Check,
        Comparison,
        Evaluation,
        Exact,
        Formula,
        Point,
        Report,
        Sums,
        Symbolic,
    )
    from hesscli.verdict.compare import Expected
    from hesscli.verdict.elements import Joint

STANDARD_INPUT = "-"


def answer(request: Request, streams: Streams) -> ExitStatus:
    """Answer ``request`` on the streams. Raises :class:`HessError` before anything is computed."""
    with Output(request, streams) as output:
        if request.at:
            _require_folder()
        if STANDARD_INPUT in request.at:
            return _answer_lines(request, streams, output)
        if request.expression.strip() == STANDARD_INPUT:
            request = replace(request, expression=streams.stdin.read().strip())
        return _answer_points(request, output) if request.at else _answer_symbols(request, output)


def _answer_symbols(request: Request, output: Output) -> ExitStatus:
    from hesscli.derive.symbols import differentiate
    from hesscli.formula.reader import read_formula

    _require_point(request)
    _collect_again()
    with limit(request.timeout), doing("differentiating this formula in symbols"):
        symbolic = differentiate(read_formula(request.expression, (), request.wrt))
        _check_finite(symbolic)
    output.symbolic(symbolic)
    return ExitStatus.ANSWERED


def _answer_points(request: Request, output: Output) -> ExitStatus:
    from hesscli.formula.reader import read_formula
    from hesscli.point.points import bind, names_given, read_assignment

    with limit(request.timeout), doing("reading the formula and the point"):
        assignments = [read_assignment(at) for at in request.at]
        formula = read_formula(request.expression, names_given(assignments), request.wrt)
        points = bind(assignments, formula)
    for point in points:
        _check_memory(formula, point)
    if request.plot is not None:
        _require_picture(request.plot, len(points))
    solver = _Solver(formula, request, _Dice(request.seed))
    solver.prepare(points)
    return max([_answer_point(solver, point, output) for point in points])


def _require_picture(path: str, points: int) -> None:
    from hesscli.plot import picture

    if points > 1:
        raise HessError(
            "usage", f"`--plot` draws one point, and here are {points}", hint="one `--at`"
        )
    picture.require(path)


def _require_point(request: Request) -> None:
    options = (
        ("--check", request.check),
        (f"--plot {request.plot}", request.plot is not None),
        ("--expect MATRIX", request.expect is not None),
        (f"--digits {request.digits}", request.digits is not None),
    )
    for option, given in options:
        if given:
            raise HessError(
                "missing-point",
                f"`{option}` is about numbers, so it needs a point",
                hint=f"{option} --at 2,4",
            )


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


def _check_finite(symbolic: Symbolic) -> None:
    import sympy

    if symbolic.formula.expression.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
        raise HessError(
            "not-finite",
            "the formula is not finite anywhere: it divides by zero, or has a constant without "
            "a finite value",
            status=ExitStatus.NO_ANSWER,
        )


def _answer_point(
    solver: _Solver, point: Point, output: Output, line: int | None = None
) -> ExitStatus:
    try:
        if solver.request.exact or solver.request.digits is not None:
            exact = solver.exact(point)
            output.exact(exact)
            return ExitStatus.NO_ANSWER if exact.undefined else ExitStatus.ANSWERED
        report = solver.report(point)
    except HessError as error:
        if error.status is not ExitStatus.NO_ANSWER:
            raise
        output.failure(error, line)
        return ExitStatus.NO_ANSWER
    output.numeric(report)
    return ExitStatus.ANSWERED if report.holds else ExitStatus.NO_ANSWER


def _answer_lines(request: Request, streams: Streams, output: Output) -> ExitStatus:
    """One answer for each line of standard input, written before the next line is waited for."""
    if request.plot is not None:
        raise HessError("usage", "`--plot` draws one point, not a stream", hint="--at 2,4")
    if request.expression.strip() == STANDARD_INPUT:
        raise HessError(
            "two-inputs",
            "standard input cannot be both the formula and the points",
            hint='hess "x**3 + x*y" --at - < points',
        )
    if request.at.count(STANDARD_INPUT) > 1:
        raise HessError("two-inputs", "standard input can be read only once")
    with limit(request.timeout), doing("reading the formula"):
        lines = _Lines(request)
    status = ExitStatus.ANSWERED
    number = 0
    for number, line in enumerate(streams.stdin, start=1):
        try:
            with limit(request.timeout), doing("reading this line"):
                solver, point = lines.read(line.strip())
            status = max(status, _answer_point(solver, point, output, number))
        except HessError as error:
            output.failure(error, number)
            status = ExitStatus.NO_ANSWER
        except (MemoryError, RecursionError):
            message = "this line asks for more than there is memory for"
            output.failure(HessError("too-large", message, hint="a smaller point"), number)
            status = ExitStatus.NO_ANSWER
        except OSError:
            raise
        except Exception as error:
            # One line must not take the others with it.
            output.failure(internal(error), number)
            status = ExitStatus.NO_ANSWER
        output.flush()
    if not number:
        streams.stderr.write("hess: there are no points on standard input\n")
    return status


class _Lines:
    """Reads lines as points. A formula is compiled once for each set of names that lines give."""

    def __init__(self, request: Request) -> None:
        from hesscli.formula.reader import read_formula
        from hesscli.point.points import bind, names_given, read_assignment

        self.request = request
        self.held = [read_assignment(at) for at in request.at if at != STANDARD_INPUT]
        self.solvers: dict[frozenset[str], _Solver] = {}
        self.dice = _Dice(request.seed)
        try:
            formula = read_formula(request.expression, names_given(self.held), request.wrt)
        except HessError as error:
            if error.code != "no-variables":
                raise
            return  # `I**2`: a line may yet give `I` a value
        for assignment in self.held:
            if assignment.positional or len(assignment.named) == len(formula.variables):
                raise HessError(
                    "two-inputs",
                    "points come from standard input and from `--at` at once",
                    hint="`--at -` with `--at NAME=VALUE` for what holds for all lines",
                )
        # Found now, because they concern the request and not one of its lines.
        if self.held:
            rest = [n for n in formula.variables if n not in names_given(self.held)]
            stand_in = read_assignment(",".join(f"{name}=0" for name in rest))
            bind([*self.held, stand_in], formula)

    def read(self, line: str) -> tuple[_Solver, Point]:
        """The solver and the point for a line. Raises :class:`HessError` for what is no point."""
        from hesscli.formula.reader import read_formula
        from hesscli.point.points import bind, names_given, read_assignment

        assignments = [*self.held, read_assignment(line)]
        names = names_given(assignments)
        solver = self.solvers.get(names)
        if solver is None:
            formula = read_formula(self.request.expression, names, self.request.wrt)
            solver = _Solver(formula, self.request, self.dice)
        (point,) = bind(assignments, solver.formula)
        _check_memory(solver.formula, point)
        solver.prepare([point])
        # Kept only now that the line is a point: what lines misspell must not fill the memory.
        self.solvers[names] = solver
        return solver, point


class _Dice:
    """Random values for points, from one seed; a seed that was not given is drawn, and told."""

    def __init__(self, seed: int | None) -> None:
        import secrets

        self.given = seed is not None
        self.seed = secrets.randbits(32) if seed is None else seed

    @cached_property
    def generator(self) -> Any:
        """The torch generator, made when the first random value is drawn."""
        from hesscli.numeric.autograd import generator

        return generator(self.seed)

    def notes(self, point: Point) -> tuple[str, ...]:
        """How to draw the same values again, where the seed was not the user's."""
        from hesscli.types import Random

        if self.given or not any(isinstance(v, Random) for v in point.values.values()):
            return ()
        return (f"drawn with --seed {self.seed}",)


class _Solver:
    """Formula and settings, compiled once for any number of points."""

    def __init__(self, formula: Formula, request: Request, dice: _Dice) -> None:
        self.formula = formula
        self.request = request
        self.dice = dice

    @cached_property
    def _evaluator(self) -> Evaluator:
        from hesscli.numeric.autograd import Evaluator

        _collect_again()
        return Evaluator(self.formula, self.request.dtype, self.request.device)

    @cached_property
    def _joint(self) -> Joint:
        from hesscli.verdict.elements import Joint

        _collect_again()
        return Joint(self.formula, self.request.dtype, self.request.device)

    @cached_property
    def _examiner(self) -> Examiner:
        from hesscli.exact.limits import Examiner

        return Examiner(self.formula)

    def prepare(self, points: list[Point]) -> None:
        """Refuse what cannot be understood before anything is computed."""
        if self.request.expect is not None:
            _ = self._expected
        if self.request.check:
            from hesscli.verdict.check import require

            for point in points:
                require(_order(self.formula, point))

    def report(self, point: Point) -> Report:
        """The report at ``point``."""
        from hesscli.verdict.spectrum import analyse

        with self._guarded():
            evaluation, sums, evaluator = self._evaluate(point)
            report = analyse(evaluation)
            check = self._check(report, sums, evaluator) if self.request.check else None
            comparison = self._compare(report) if self._expected else None
            report = replace(report, check=check, comparison=comparison)
            if self.request.plot is not None:
                from hesscli.plot import picture

                with doing("drawing the picture"):
                    picture.draw(report, evaluator.values(sums), self.request.plot)
            return report

    def exact(self, point: Point) -> Exact:
        """The exact answer at ``point``, or that to as many digits as were asked for."""
        from hesscli.exact.closed import evaluate_digits, evaluate_exactly
        from hesscli.exact.limits import Examiner, exact
        from hesscli.formula.graph import split_formula
        from hesscli.verdict.elements import entries, joined_exactly

        with self._guarded():
            notes = self.dice.notes(point)
            point = self._drawn(point)
            shapes = {name: point.values[name].shape for name in self.formula.variables}
            examiner = self._examiner
            if any(shapes.values()):
                examiner = Examiner(split_formula(self.formula, shapes))
            values = {name: exact(entry) for name, entry in entries(point).items()}
            digits = self.request.digits
            if digits is None:
                answer = evaluate_exactly(examiner.formula, values, examiner)
            else:
                answer = evaluate_digits(examiner.formula, values, examiner, digits)
            answer = joined_exactly(answer, self.formula, shapes)
            return replace(answer, notes=(*answer.notes, *notes))

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Within the time limit, and with words for what nobody has foreseen."""
        try:
            with limit(self.request.timeout), doing("computing this answer"):
                yield
        except (MemoryError, RecursionError) as error:
            raise HessError(
                "too-large",
                "this answer needs numbers or formulas larger than there is memory for",
                hint="a smaller formula or point",
                status=ExitStatus.NO_ANSWER,
            ) from error
        except FORESEEN:
            raise
        except Exception as error:
            # One point without an answer must not take the others with it.
            raise internal(error) from error

    def _evaluate(self, point: Point) -> tuple[Evaluation, Sums, Evaluator]:
        """The evaluation, with the sums that it was made from and what computed them."""
        from hesscli.verdict.settle import settle

        verify = Verify.always if self.request.check else self.request.verify
        notes = self.dice.notes(point)
        if self.formula.reduces and any(value.shape for value in point.values.values()):
            return self._joint(self._drawn(point), lambda: self.dice.generator, notes, verify)
        sums = self._evaluator(point, lambda: self.dice.generator)
        return settle(sums, point, self._examiner, notes, verify), sums, self._evaluator

    def _drawn(self, point: Point) -> Point:
        from hesscli.types import Random

        if not any(isinstance(value, Random) for value in point.values.values()):
            return point
        from hesscli.numeric.autograd import drawn

        values = {
            name: drawn(value, self.request.dtype, self.dice.generator)
            if isinstance(value, Random)
            else value
            for name, value in point.values.items()
        }
        return replace(point, values=values)

    def _check(self, report: Report, sums: Sums, evaluator: Evaluator) -> Check:
        from hesscli.numeric.autograd import batch_of
        from hesscli.numeric.differences import by_differences
        from hesscli.types import AUTOGRAD, DIFFERENCES, EXACT
        from hesscli.verdict.check import check, verified

        evaluators = {
            AUTOGRAD: evaluator.jets,
            EXACT: verified(report.evaluation),
            DIFFERENCES: by_differences(evaluator),
        }
        with doing("comparing with finite differences"):
            return check(report.evaluation, batch_of(sums), evaluators)

    @cached_property
    def _expected(self) -> Expected | None:
        from hesscli.verdict.compare import read_expected

        return None if self.request.expect is None else read_expected(self.request.expect)

    def _compare(self, report: Report) -> Comparison:
        from hesscli.verdict.compare import compare

        assert self._expected is not None
        variables = report.evaluation.variables
        return compare(
            self._expected,
            report.evaluation.hessian,
            [name for v in variables for name in v.elements()],
            {v.name: v.shape for v in variables},
        )


def _check_memory(formula: Formula, point: Point) -> None:
    from hesscli.cost import require

    require(_order(formula, point))


def _order(formula: Formula, point: Point) -> int:
    """The number of rows of the Hessian."""
    from hesscli.shapes import size

    return sum(size(point.values[name].shape) for name in formula.differentiated)


def _collect_again() -> None:
    """Switch garbage collection back on, for all but what imports have made: that stays."""
    gc.freeze()
    gc.enable()
