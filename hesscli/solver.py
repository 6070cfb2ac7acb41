"""A formula and settings → answers at points. Knows no command line, no streams and no signals.

Heavy packages are imported where they are first needed: SymPy once there is a formula, torch once
there is a point.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hesscli.cost import Clock
from hesscli.errors import ExitStatus, HessError, internal, shortened
from hesscli.notes import Note, Remark
from hesscli.types import Verify

if TYPE_CHECKING:
    from hesscli.answer import Answer, Check, Comparison
    from hesscli.exact.examiner import Examiner
    from hesscli.expression.graphs import Graphs
    from hesscli.numeric.autograd import Evaluator
    from hesscli.point.assignment import Assignment
    from hesscli.types import Array, Formula, Point, Site, Sums
    from hesscli.verdict.elements import Evaluation
    from hesscli.verdict.expected import Expected

    Values = Callable[[Array], Array]


MAX_DIGITS = 1_000


@dataclass(frozen=True, slots=True)
class Settings:
    """How answers are computed: the same for every point.

    ``exact`` asks for closed forms and ``digits`` for so many digits; ``minors`` for the leading
    principal minors, which closed forms always have; ``check`` for several methods side by side,
    ``expect`` and ``expect_gradient`` for a comparison with one's own Hessian and gradient. An
    answer may take ``seconds``, 0 for no limit, as far as ``clock`` holds it to that.
    """

    dtype: str = "float64"
    device: str = "cpu"
    seed: int | None = None
    verify: Verify = Verify.auto
    exact: bool = False
    digits: int | None = None
    minors: bool = False
    check: bool = False
    expect: str | None = None
    expect_gradient: str | None = None
    seconds: float = 0.0
    clock: Clock = field(default_factory=Clock)


class Solver:
    """Answers for one formula. It is compiled once for each set of names that points give, for
    a name that is given a value is a variable, whatever else it could be.
    """

    def __init__(self, text: str, wrt: tuple[str, ...] = (), settings: Settings | None = None):
        self.text = text
        self.wrt = wrt
        self.settings = settings or Settings()
        self._compiled: dict[frozenset[str], Compiled] = {}

    def given(self, names: Collection[str] = ()) -> Compiled:
        """The formula where these names have a value. Raises :class:`HessError`."""
        key = frozenset(names)
        if key in self._compiled:
            return self._compiled[key]
        from hesscli.expression.reader import read_formula

        try:
            return Compiled(read_formula(self.text, key, self.wrt), self)
        except RecursionError:
            hint = "a formula with fewer levels"
            raise HessError("too-deep", "the formula is nested too deep", hint=hint) from None

    def bound(self, assignments: Sequence[Assignment]) -> tuple[Compiled, list[Point]]:
        """What answers at the points that the assignments make, and these points.

        Raises :class:`HessError` for what is none, or too large, before anything is computed.
        """
        from hesscli.point.binding import bind, names_given

        names = names_given(assignments)
        compiled = self.given(names)
        points = bind(assignments, compiled.formula)
        compiled.require(points)
        # Kept only now: what points misspell must not fill the memory.
        self._compiled[names] = compiled
        return compiled, points

    @cached_property
    def dice(self) -> Dice:
        """What draws the random values of points."""
        return Dice(self.settings.seed)

    @cached_property
    def expected(self) -> tuple[Expected, ...]:
        """What to compare with. Raises :class:`HessError` where it cannot be read."""
        asked = {"--expect": self.settings.expect}
        asked["--expect-gradient"] = self.settings.expect_gradient
        if not any(text is not None for text in asked.values()):
            return ()
        from hesscli.verdict.expected import read_expected

        return tuple(
            read_expected(text, option) for option, text in asked.items() if text is not None
        )

    def symbols(self, assignments: Sequence[Assignment] = ()) -> Answer:
        """Gradient and Hessian in symbols, in short forms; with the values that the assignments
        give to some of the variables, in the letters that are left.
        """
        from hesscli.derive.conditions import with_conditions
        from hesscli.derive.simplify import simplified
        from hesscli.derive.symbols import differentiate
        from hesscli.point.binding import names_given

        settings = self.settings
        with settings.clock.within(settings.seconds, "differentiating this formula in symbols"):
            formula = self.given(names_given(assignments)).formula
            _check_finite(formula)
            if formula.is_tensor:
                return self._blocks(formula, assignments)
            if assignments:
                answer, sites = _at_values(formula, assignments)
            else:
                answer, sites = differentiate(formula), formula.sites
            answer = with_conditions(simplified(answer, minors=settings.minors), sites)
            if self.expected:
                from hesscli.verdict.identity import compare_in_symbols

                compared = tuple(compare_in_symbols(each, answer) for each in self.expected)
                answer = replace(answer, comparisons=compared)
            return answer

    def _blocks(self, formula: Formula, assignments: Sequence[Assignment]) -> Answer:
        """The blocks of a tensor formula as matrix formulas."""
        from hesscli.derive.blocks import blocks
        from hesscli.expression.names import example_point

        if assignments or self.expected or self.settings.minors:
            raise HessError(
                "missing-point", "of a tensor formula, this needs a value for each name",
                hint=example_point(formula.variables),
            )  # fmt: skip
        return blocks(formula)

    def leaves_letters(self, assignments: Sequence[Assignment]) -> bool:
        """Whether the assignments give values to some variables only, and so make no point."""
        from hesscli.point.binding import held_alone, names_given

        return bool(held_alone(assignments, self.given(names_given(assignments)).formula))


def _at_values(
    formula: Formula, assignments: Sequence[Assignment]
) -> tuple[Answer, Sequence[Site]]:
    """The answer at values of some variables, and the sites that the others may be on."""
    from hesscli.exact.examiner import Examiner
    from hesscli.exact.partial import at_values, open_sites
    from hesscli.exact.proof import exact
    from hesscli.point.binding import held_alone

    held = held_alone(assignments, formula)
    values = {name: exact(value.entries[0]) for name, value in held.items()}
    return at_values(Examiner(formula), values), open_sites(formula, values)


def _check_finite(formula: Formula) -> None:
    from hesscli.expression.names import INFINITE

    for site in formula.sites:
        if site.is_everywhere:
            raise HessError(
                "not-finite",
                f"`{shortened(site.part)}` has no finite value, and so the formula has none",
                span=site.span, source=formula.source, status=ExitStatus.NO_ANSWER,
            )  # fmt: skip
    if formula.expression.has(*INFINITE):
        raise HessError(
            "not-finite",
            "the formula has a part without a finite value, which has no derivative in symbols",
            hint="a point: `--at`",
            status=ExitStatus.NO_ANSWER,
        )


class Dice:
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

    def notes(self, point: Point) -> tuple[Remark, ...]:
        """How to draw the same values again, where the seed was not the user's."""
        from hesscli.types import Random

        if self.given or not any(isinstance(v, Random) for v in point.values.values()):
            return ()
        return (Remark(Note.SEED, (self.seed,)),)


class Compiled:
    """A formula whose variables are known, with what computes it, made when it is needed."""

    def __init__(self, formula: Formula, solver: Solver) -> None:
        self.formula = formula
        self.solver = solver
        self.settings = solver.settings
        self._examiners: dict[object, Examiner] = {}  # of exact answers

    @cached_property
    def _graphs(self) -> Graphs:
        from hesscli.expression.graphs import Graphs

        return Graphs(self.formula)

    @cached_property
    def _evaluation(self) -> Evaluation:
        from hesscli.verdict.elements import Evaluation

        settings = self.settings
        return Evaluation(self.formula, self._graphs, settings.dtype, settings.device)

    def require(self, points: Sequence[Point]) -> None:
        """Refuse what is too large or cannot be understood before anything is computed."""
        from hesscli import cost

        for point in points:
            if self.formula.reduces:
                self._graphs.at(point)
            order = _order(self.formula, point)
            cost.require(order)
            if self.settings.check:
                from hesscli.verdict import check

                check.require(order)
            if self.settings.minors:
                from hesscli.verdict import minors

                minors.require(order)
        _ = self.solver.expected

    def arrays(self, point: Point) -> int:
        """Bytes that the arrays take that an answer at ``point`` is made of, at most."""
        from hesscli import cost
        from hesscli.shapes import broadcast, size

        shapes = [value.shape for value in point.values.values()]
        try:
            elements = size(broadcast(shapes))
        except ValueError:  # only reductions of them meet
            elements = sum(map(size, shapes))
        few = elements * cost.BYTES_OF_ELEMENT < cost.SURELY_FREE
        operations = 0 if few else self.formula.expression.count_ops()
        return cost.arrays(_order(self.formula, point), elements, operations)

    def code(self, target: str, point: Point | None) -> str:
        """A function of value, gradient and Hessian in the language or library ``target``, with
        its call at the ``point`` if there is one; see :mod:`hesscli.code.write`.
        """
        from hesscli.code.write import written

        settings = self.settings
        with self._guarded(), settings.clock.within(settings.seconds, "writing this code"):
            _check_finite(self.formula)
            notes = () if point is None else self.solver.dice.notes(point)
            point = None if point is None else self._drawn(point)
            return written(self.formula, target, point, notes)

    def answer(self, point: Point) -> Answer:
        """The answer at ``point``."""
        return self.answer_and_values(point)[0]

    def answer_and_values(self, point: Point) -> tuple[Answer, Values | None]:
        """The answer at ``point``, and what gives the formula's values (k,) at (k, n) values of the
        differentiated elements; nothing does for an exact answer.
        """
        settings = self.settings
        with self._guarded(), settings.clock.within(settings.seconds, "computing this answer"):
            notes = self.solver.dice.notes(point)
            point = self._drawn(point)
            if settings.exact or settings.digits is not None:
                with settings.clock.within(0, "finding exact numbers"):
                    return self._exact(point, notes), None
            return self._in_doubles(point, notes)

    def _in_doubles(self, point: Point, notes: tuple[Remark, ...]) -> tuple[Answer, Values]:
        from hesscli.verdict.spectrum import judged

        settings = self.settings
        verify = Verify.always if settings.check else settings.verify
        settled, sums, evaluator = self._evaluation(point, notes, verify, settings.clock)
        with settings.clock.within(0, "finding the signs of the eigenvalues"):
            answer = judged(settled)
        if settings.minors:
            from hesscli.verdict.minors import with_minors

            with settings.clock.within(0, "computing the minors"):
                answer = with_minors(answer, settled)
        if settings.check:
            answer = replace(answer, check=self._check(answer, sums, evaluator))
        if self.solver.expected:
            answer = replace(answer, comparisons=self._compared(answer, point))
        return answer, evaluator.values(sums)

    def _compared(self, answer: Answer, point: Point) -> tuple[Comparison, ...]:
        import numpy as np

        from hesscli.verdict.compare import compare

        place, jet = answer.place, answer.jet
        labels = place.labels()
        shapes = {v.name: v.shape for v in place.variables}
        return tuple(
            compare(
                each.at(self.formula, point),
                jet.doubles() if each.of_matrix else np.array(jet.slopes()),
                labels,
                shapes,
            )
            for each in self.solver.expected
        )

    def _exact(self, point: Point, notes: tuple[Remark, ...]) -> Answer:
        from hesscli.exact.closed import evaluate
        from hesscli.exact.examiner import Examiner
        from hesscli.exact.proof import exact
        from hesscli.expression.elements import split_formula
        from hesscli.expression.graphs import key_of
        from hesscli.verdict.elements import entries, joined
        from hesscli.verdict.settle import summed

        shapes = {name: point.values[name].shape for name in self.formula.variables}
        graph = self._graphs.at(point)
        key = key_of(self.formula, point)
        if key not in self._examiners:
            self._examiners[key] = Examiner(split_formula(self.formula, graph, shapes))
        examiner = self._examiners[key]
        values = {name: exact(entry) for name, entry in entries(point).items()}
        answer = evaluate(examiner, values, self.settings.digits, minors=self.settings.minors)
        answer = joined(answer, self.formula, shapes)
        told = (*summed(graph.shape(shapes)), *graph.notes, *notes)
        return replace(answer, notes=(*answer.notes, *told))

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """With words for what nobody has foreseen: one point must not take the others with it."""
        try:
            yield
        except (HessError, OSError):
            raise
        except Exception as error:
            if not _is_lack_of_room(error):
                raise internal(error) from error
            raise HessError(
                "too-large",
                "this answer needs numbers or formulas larger than there is memory for",
                hint="a smaller formula or point",
                status=ExitStatus.NO_ANSWER,
            ) from error

    def _check(self, answer: Answer, sums: Sums, evaluator: Evaluator) -> Check:
        from hesscli.answer import AUTOGRAD, DIFFERENCES, EXACT
        from hesscli.numeric.autograd import batch_of
        from hesscli.numeric.differences import by_differences
        from hesscli.verdict.check import check, verified

        evaluators = {
            AUTOGRAD: evaluator.jets,
            EXACT: verified(answer),
            DIFFERENCES: by_differences(evaluator),
        }
        with self.settings.clock.within(0, "comparing with finite differences"):
            return check(answer, batch_of(sums), evaluators)

    def _drawn(self, point: Point) -> Point:
        from hesscli.types import Random

        if not any(isinstance(value, Random) for value in point.values.values()):
            return point
        from hesscli.numeric.autograd import drawn

        values = {
            name: drawn(value, self.settings.dtype, self.solver.dice.generator)
            if isinstance(value := point.values[name], Random)
            else value
            for name in self.formula.variables
        }
        return replace(point, values=values)


def _is_lack_of_room(error: Exception) -> bool:
    """Whether there was no memory, or no room on the stack; torch has but words for the former."""
    if isinstance(error, (MemoryError, RecursionError)):
        return True
    return isinstance(error, RuntimeError) and "allocate memory" in str(error)


def _order(formula: Formula, point: Point) -> int:
    """The number of rows of the Hessian."""
    from hesscli.shapes import size

    return sum(size(point.values[name].shape) for name in formula.differentiated)
