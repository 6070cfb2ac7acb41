"""A program's way in: ``hesscli.formula("x**3 + x*y").at(x=2, y=4)``."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from hesscli.answer import Basis
from hesscli.errors import UNTIL_NAMED, HessError, did_you_mean
from hesscli.render.phrases import words
from hesscli.shapes import shaped
from hesscli.solver import MAX_DIGITS, Settings, Solver
from hesscli.types import Verify

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.measure import Measurement

    from hesscli import answer as core
    from hesscli.render.document import Document

HTML_WIDTH = 100  # characters


class Verified(NamedTuple):
    """On what the numbers rest, and to how many significant digits they are right.

    ``by`` is ``"proof"`` where value, gradient, Hessian and, up to 100 rows, eigenvalues are
    enclosed in ball arithmetic at the exact point and rounded once; ``"sample"`` where so are
    ``proved`` ``of`` the entries (value, slopes, the Hessian's on and above the diagonal);
    ``"limit"`` where a number was found as a limit, which is evidence and no proof. Otherwise it is
    None, as is ``digits``, and ``reason`` says why. ``proved`` and ``of`` are those of a sample.
    """

    digits: int | None
    by: str | None
    reason: str | None
    proved: int | None = None
    of: int | None = None


class Inertia(NamedTuple):
    """How many eigenvalues are positive, zero and negative, and of how many no sign is proved.

    Without a proof, those within a tolerance count as zero.
    """

    positive: int
    zero: int
    negative: int
    unknown: int = 0


class Undefined(NamedTuple):
    """Why entries have no number: the part of the formula that breaks with its place in the text,
    a sentence, and the entries as paths: ``value``, ``hessian[0][1]``, ``hessian`` for all of it.
    """

    part: str
    span: tuple[int, int] | None
    reason: str
    entries: tuple[str, ...]


class Symbols(NamedTuple):
    """A formula with its gradient (n, 1) and its Hessian (n, n), as SymPy expressions."""

    value: Any
    gradient: Any
    hessian: Any


class Formula:
    """A formula, compiled once for any number of points.

    ``wrt`` names the variables to differentiate, in their order: ``"y,x"`` or ``["y", "x"]``; all
    of them in natural order by default. ``verify`` proves the numbers within a bounded amount of
    work (``"auto"``), within fifty times as much (``"always"``) or not at all (``"never"``). With
    ``exact``, answers are SymPy numbers in closed form; with ``digits``, SymPy numbers with so many
    digits, 1,000 at most. ``minors`` asks for the leading principal minors, which exact answers
    always have. ``seed`` is that of ``"randn(2,2)"`` and ``"rand(3)"``.

    Raises :class:`HessError` for what is not a formula.
    """

    def __init__(
        self,
        text: str,
        *,
        wrt: str | Sequence[str] | None = None,
        dtype: Literal["float64", "float32"] = "float64",
        device: str = "cpu",
        verify: Literal["auto", "always", "never"] = "auto",
        exact: bool = False,
        digits: int | None = None,
        minors: bool = False,
        seed: int | None = None,
    ) -> None:
        names = tuple(wrt.replace(",", " ").split()) if isinstance(wrt, str) else wrt or ()
        good = {
            "the formula": isinstance(text, str),
            "`wrt`": isinstance(names, Sequence) and [*dict.fromkeys(map(str, names))] == [*names],
            "`dtype`": dtype in ("float64", "float32"),
            "`verify`": verify in list(Verify),
            "`digits`": digits in (None, *range(1, MAX_DIGITS + 1)) and not (digits and exact),
            "`seed`": seed is None or (type(seed) is int and 0 <= seed < 2**63),
        }
        for name in (name for name, holds in good.items() if not holds):
            raise HessError("usage", f"{name} cannot be this", hint="help(hesscli.Formula)")
        settings = Settings(
            dtype=dtype,
            device=device,
            verify=Verify(verify),
            exact=exact,
            digits=digits,
            minors=minors,
            seed=seed,
        )
        self._solver = Solver(text, tuple(names), settings)
        try:
            self._solver.given()
        except HessError as error:
            if error.code not in UNTIL_NAMED:
                raise

    def __repr__(self) -> str:
        return f"hesscli.formula({self._solver.text!r})"

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of all variables, those to differentiate first."""
        return self._solver.given().formula.variables

    def at(self, /, *values: Any, **named: Any) -> Answer:
        """The answer at a point: values by name, or in the order of the variables.

        A value is a number, exact text (``"1/3"``, ``"sqrt(2)"``), or a tensor as a list, a NumPy
        array or a torch tensor. Raises :class:`HessError` for what is no point of the formula.
        """
        from hesscli.point.assignment import from_values

        compiled, (point,) = self._solver.bound([from_values(values, named)])
        return Answer(compiled.answer(point))

    def many(self, points: Iterable[Mapping[str, Any] | Sequence[Any]]) -> Iterator[Answer]:
        """The answers at points, each by name or in order, one after the other."""
        for point in points:
            yield self.at(**point) if isinstance(point, Mapping) else self.at(*point)

    def symbols(self, **named: Any) -> Symbols:
        """The formula, its gradient and its Hessian in symbols, as SymPy matrices; where some of
        the variables have the numbers named, in the others, NaN for an entry that there is none of.
        """
        import sympy

        from hesscli.point.assignment import from_values

        given = [from_values((), named)] if named else []
        if named and not self._solver.leaves_letters(given):
            message = "every variable has a value, or one is a tensor: nothing is left in symbols"
            raise HessError("usage", message, hint="f.at(…)")
        jet = self._solver.symbols(given).jet
        value, *rows = (
            [sympy.nan if entry is None else entry for entry in row]
            for row in ([jet.value], jet.gradient, *jet.hessian)
        )
        return Symbols(value[0], sympy.Matrix(rows[0]), sympy.Matrix(rows[1:]))

    def code(
        self,
        target: Literal["torch", "jax", "numpy", "c", "sympy"],
        /,
        *values: Any,
        **named: Any,
    ) -> str:
        """A self-contained function of value, gradient and Hessian, in a language or for a library,
        with its call at a point if there are values.

        Raises :class:`HessError` for what the target has no function for.
        """
        from hesscli.code.targets import TARGETS
        from hesscli.point.assignment import from_values

        if target not in TARGETS:
            hint = did_you_mean(str(target), TARGETS)
            raise HessError("usage", f"the target is one of {', '.join(TARGETS)}", hint=hint)
        if not values and not named:
            return self._solver.given().code(target, None)
        compiled, (point,) = self._solver.bound([from_values(values, named)])
        return compiled.code(target, point)


formula = Formula


class Answer:
    """Value, gradient and Hessian at a point, with what is known about them.

    ``print`` shows what a terminal shows, without colours; Rich and notebooks draw it.
    """

    def __init__(self, answer: core.Answer) -> None:
        self._answer = answer

    @property
    def value(self) -> Any:
        """The value: a float, NaN where there is none. Exact numbers are SymPy's, or None."""
        return self._answer.value

    @property
    def gradient(self) -> Any:
        """The gradient: an array (n,), or a SymPy matrix of exact numbers."""
        return self._matrix(self._answer.gradient)

    @property
    def hessian(self) -> Any:
        """The Hessian: an array (n, n), or a SymPy matrix of exact numbers. The n rows are the
        elements of the variables, row-major, one variable after the other.
        """
        return self._matrix(self._answer.hessian)

    def _matrix(self, entries: Any) -> Any:
        if self._answer.basis is Basis.DOUBLES:
            return entries.copy()
        import sympy

        rows = [row if isinstance(row, tuple) else (row,) for row in entries]
        return sympy.Matrix([[sympy.nan if e is None else e for e in row] for row in rows])

    @property
    def blocks(self) -> dict[str, dict[str, Any]]:
        """The Hessian in blocks: ``blocks["x"]["y"]`` has the shape (*shape_x, *shape_y)."""
        import numpy as np

        variables = self._answer.place.variables
        ends = np.cumsum([v.size for v in variables])[:-1]
        return {
            u.name: {
                v.name: block.reshape((*u.shape, *v.shape))
                for v, block in zip(variables, np.split(rows, ends, axis=1), strict=True)
            }
            for u, rows in zip(variables, np.split(self._answer.jet.doubles(), ends), strict=True)
        }

    @property
    def point(self) -> dict[str, Any]:
        """The value that each variable had: a number, or nested lists of them."""
        place = self._answer.place
        given = (*place.variables, *place.constants)
        return {v.name: shaped(place.entries(v.name), v.shape) for v in given}

    @property
    def eigenvalues(self) -> Any:
        """The eigenvalues, ascending: an array (n,), or a tuple of exact numbers; None where the
        Hessian is not finite, or none were found in closed form.
        """
        return self._answer.verdict.eigenvalues

    @property
    def minors(self) -> Any:
        """The leading principal minors: an array (n,), or a tuple of exact numbers, None for one
        without a closed form. None where they were not asked for, or the Hessian is not finite.
        """
        return self._answer.verdict.minors

    @property
    def determinant(self) -> Any:
        """The determinant of the Hessian, the last of the ``minors``; None where they are."""
        return None if self.minors is None else self.minors[-1]

    @property
    def inertia(self) -> Inertia | None:
        """The signs of the eigenvalues; None where the Hessian is not finite, or where a sign of an
        exact one is not known.
        """
        verdict = self._answer.verdict
        return None if verdict.inertia is None else Inertia(*verdict.inertia, verdict.unknown)

    @property
    def definiteness(self) -> str | None:
        """``"positive definite"``, ``"indefinite"``, …, ``"undecided"``; None where the Hessian is
        not finite.
        """
        return self._answer.verdict.definiteness

    @property
    def definiteness_proved(self) -> bool | None:
        """Whether the signs of all eigenvalues are proved at the exact point; None where
        ``definiteness`` is.
        """
        verdict = self._answer.verdict
        return None if verdict.definiteness is None else verdict.proved

    @property
    def stationary(self) -> bool | None:
        """Whether the gradient is zero; None where that is not known."""
        return self._answer.verdict.stationary

    @property
    def stationary_point(self) -> str | None:
        """``"minimum"``, ``"maximum"``, ``"saddle"`` or ``"inconclusive"``; None elsewhere."""
        return self._answer.verdict.kind

    @property
    def verified(self) -> Verified:
        """On what the numbers rest; all None with ``exact`` and ``digits``."""
        grounds = self._answer.grounds
        if grounds is None:
            return Verified(None, None, None)
        by = None if grounds.by is None else grounds.by.value
        reason = None if grounds.reason is None else words(grounds.reason)
        return Verified(grounds.digits, by, reason, grounds.proved, grounds.of)

    @property
    def below(self) -> dict[str, float]:
        """The numbers that are given as 0 though neither 0 nor another number is proved: their
        paths, such as ``hessian[0][1]`` or ``eigenvalues[0]``, with a bound on their size.
        """
        grounds = self._answer.grounds
        return {} if grounds is None else dict(grounds.below)

    @property
    def undefined(self) -> tuple[Undefined, ...]:
        """Why entries have no number, each with the part of the formula that breaks."""
        return tuple(
            Undefined(u.part, u.span, words(u.reason), u.entries) for u in self._answer.undefined
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """How the formula was read, and where floating point alone gives no right number."""
        return tuple(map(words, self._answer.notes))

    def to_json(self) -> str:
        """The JSON object that ``hess --json`` prints."""
        from hesscli.render.jsonlines import answered

        return "".join(answered(self._answer)).rstrip("\n")

    def _document(self, *, unicode: bool = True, full: bool = False) -> Document:
        from hesscli.render.answer import document

        return document(self._answer, unicode=unicode, full=full)

    def __repr__(self) -> str:
        return f"<hesscli.Answer: {self._answer.formula.text} at {self.point}>"

    def __str__(self) -> str:
        return str(self._document(full=True))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._document(unicode=not options.ascii_only)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return self._document(unicode=not options.ascii_only).__rich_measure__(console, options)

    def _repr_html_(self) -> str:
        from rich.console import Console

        console = Console(record=True, file=io.StringIO(), width=HTML_WIDTH, force_jupyter=False)
        console.print(self)
        return console.export_html(
            inline_styles=True, code_format='<pre style="line-height: 1.3">{code}</pre>'
        )

    def _repr_latex_(self) -> str:
        from hesscli.render.latex import answered

        lines = answered(self._answer)
        return "".join(line for line in lines if not line.startswith("%"))
