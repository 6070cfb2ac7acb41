"""Value, gradient and Hessian → a list of steps that a target can take.

Functions that it lacks are rewritten or refused, constants are rounded once and named, and so are
common subexpressions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, islice

import sympy
from sympy.printing.str import StrPrinter

from hesscli.balls.values import enclosed_constant
from hesscli.code.rules import EXACT_RULES, RULES, Max, Min, Select, select
from hesscli.code.targets import TARGETS, Target
from hesscli.errors import ExitStatus, HessError, shortened
from hesscli.functions.failures import tried
from hesscli.types import Expr

# SymPy classes that are written as operators, and so need no function.
OPERATORS = (
    sympy.Symbol, sympy.Rational, sympy.Add, sympy.Mul, sympy.Pow, Select, sympy.Piecewise,
    sympy.And, sympy.Or, sympy.Not, sympy.core.relational.Relational,
    sympy.logic.boolalg.BooleanAtom,
)  # fmt: skip

# In whose place stands 1 by what may overflow.
OVERFLOWING = {"sigmoid", "sech", "csch"}
# Deeper than this, an expression is hard to read, and its lines are long.
MAX_DEPTH = 6
# Names that the code has for slopes and for entries of the Hessian.
OURS = r"g_\d+|h_\d+_\d+"


@dataclass(frozen=True, slots=True)
class Listing:
    """What a function computes, step by step.

    ``constants`` are numbers by name, each with the text of what it is; ``steps`` the named
    subexpressions, each after those that it uses. ``hessian`` has its entries on and above the
    diagonal that are not 0, by row and column. It ``overflows`` where steps may be infinite on the
    way to what is finite.
    """

    constants: tuple[tuple[str, float, str], ...]
    steps: tuple[tuple[Expr, Expr], ...]
    value: Expr
    gradient: tuple[Expr, ...]
    hessian: dict[tuple[int, int], Expr]
    overflows: bool

    def expressions(self) -> Iterator[Expr]:
        """Every expression that is computed."""
        yield from (step for _, step in self.steps)
        yield self.value
        yield from self.gradient
        yield from self.hessian.values()

    @property
    def chooses(self) -> bool:
        """Whether a step chooses between pieces, all of which are computed."""
        return any(e.has(Select) for e in self.expressions())

    @property
    def numbers(self) -> frozenset[str]:
        """The names of what is a number and no variable."""
        return frozenset(name for name, _, _ in self.constants)


def listed(
    value: Expr, gradient: Sequence[Expr], hessian: Sequence[Sequence[Expr]], target: Target,
    names: Mapping[str, str],
) -> Listing:  # fmt: skip
    """The steps to these expressions; ``names`` are those that the variables have in the code.

    Raises :class:`HessError` where the target lacks a function.
    """
    order = range(len(gradient))
    places = [(i, j) for i in order for j in order[i:] if hessian[i][j] != 0]
    taken = frozenset(names.values())
    lowering = Lowering(target, names)
    outputs = [lowering(e) for e in (value, *gradient, *(hessian[i][j] for i, j in places))]
    if lowering.missing:
        raise _lacking(lowering, (value, *gradient, *(entry for row in hessian for entry in row)))
    steps, reduced = _named(outputs, taken)
    used = {s for e in (*(step for _, step in steps), *reduced) for s in e.free_symbols}
    value, *rest = reduced
    return Listing(
        constants=tuple(
            (s.name, n, _said(e)) for e, (s, n) in lowering.constants.items() if s in used
        ),
        steps=tuple(steps),
        value=value,
        gradient=tuple(rest[: len(gradient)]),
        hessian=dict(zip(places, rest[len(gradient) :], strict=True)),
        overflows=bool(lowering.rewritten & OVERFLOWING),
    )


def _said(number: Expr) -> str:
    """A constant as a comment has it. In its own order: to find another, SymPy evaluates it."""
    return shortened(StrPrinter({"order": "none"}).doprint(number))


def _named(
    outputs: Sequence[Expr], taken: frozenset[str]
) -> tuple[list[tuple[Expr, Expr]], list[Expr]]:
    """Names for common subexpressions, and for what is nested too deep to be read."""
    marks = (sympy.Dummy(real=True) for _ in count())
    common, reduced = sympy.cse(outputs, symbols=marks, order="none")
    steps: list[tuple[Expr, Expr]] = []

    def cut(expression: Expr) -> tuple[Expr, int]:
        """The expression with names in place of what is deep, and its depth."""
        if not expression.args:
            return expression, 0
        parts = [cut(arg) for arg in expression.args]
        depth = 1 + max(depth for _, depth in parts)
        if depth > MAX_DEPTH:
            for k, (part, below) in enumerate(parts):
                if below == MAX_DEPTH:
                    steps.append((next(marks), part))
                    parts[k] = steps[-1][0], 0
            depth = 1 + max(depth for _, depth in parts)
        args = [part for part, _ in parts]
        changed = any(new is not old for new, old in zip(args, expression.args, strict=True))
        return expression.func(*args) if changed else expression, depth

    for mark, expression in common:
        steps.append((mark, cut(expression)[0]))
    short = [cut(expression)[0] for expression in reduced]
    free = (sympy.Symbol(f"t{k}", real=True) for k in count() if f"t{k}" not in taken)
    names = {mark: name for (mark, _), name in zip(steps, free, strict=False)}
    named = [(names[mark], expression.xreplace(names)) for mark, expression in steps]
    return named, [expression.xreplace(names) for expression in short]


def _lacking(lowering: Lowering, expressions: Sequence[Expr]) -> HessError:
    """The error that names what a target lacks, and another that has it, if there is one."""
    *others, last = map("`{}`".format, islice(lowering.missing, 4))
    listed = f"{', '.join(others)} and {last}" if others else last
    hint = "`--at`, for the numbers alone"
    for name in ("numpy", "sympy"):
        other = Lowering(TARGETS[name], {})
        for expression in expressions:
            other(expression)
        if not other.missing:
            hint = f"`--code {name}`"
            break
    return HessError(
        "unsupported",
        f"{lowering.target.said} has no function for {listed}, which this formula or its "
        "derivatives take",
        hint=hint,
    )


class Lowering:
    """Writes expressions in the functions of a target, and collects those that it lacks."""

    def __init__(self, target: Target, names: Mapping[str, str]) -> None:
        self.target = target
        self.names = names
        self.rules = RULES if target.rounded else EXACT_RULES
        self.constants: dict[Expr, tuple[Expr, float]] = {}
        self.missing: dict[str, None] = {}
        self.rewritten: set[str] = set()
        self._known: dict[Expr, Expr] = {}
        self._free = (f"c{k}" for k in count() if f"c{k}" not in names.values())

    def __call__(self, expression: Expr) -> Expr:
        """An equal expression that the target can compute, if nothing is :attr:`missing`."""
        if expression not in self._known:
            self._known[expression] = self._lowered(expression)
        return self._known[expression]

    def _lowered(self, expression: Expr) -> Expr:
        if expression.is_Symbol:
            return sympy.Symbol(self.names.get(expression.name, expression.name), real=True)
        if expression.is_Atom and isinstance(expression, OPERATORS):
            return expression
        if isinstance(expression, (sympy.Max, sympy.Min)):
            return (Max if isinstance(expression, sympy.Max) else Min)(*map(self, expression.args))
        if self.target.rounded and not expression.free_symbols and expression.is_number:
            return self._constant(expression)
        if isinstance(expression, sympy.Piecewise):
            return select(*((self(value), self(holds)) for value, holds in expression.args))
        if expression.is_Atom:
            return expression
        if isinstance(expression, OPERATORS) or found(self.target, expression) is not None:
            return self._rebuilt(expression)
        name = type(expression).__name__
        rewritten = self.rules[name](*expression.args) if name in self.rules else None
        if rewritten is None:
            self.missing[_called(expression)] = None
            return expression
        self.rewritten.add(name)
        return self(rewritten)

    def _rebuilt(self, expression: Expr) -> Expr:
        args = [self(a) for a in expression.args]
        if all(new is old for new, old in zip(args, expression.args, strict=True)):
            return expression
        return expression.func(*args)

    def _constant(self, expression: Expr) -> Expr:
        """The name of a number, rounded once."""
        if expression not in self.constants:
            name = "pi" if expression == sympy.pi else next(self._free)
            self.constants[expression] = sympy.Symbol(name, real=True), double(expression)
        return self.constants[expression][0]


def found(target: Target, expression: Expr) -> str | None:
    """What the target has for a function, if anything: a name or a template."""
    name = type(expression).__name__
    first = expression.args[0]
    if first.is_Integer:
        for key in (f"{name} {first}", name):
            if key in target.ordered:
                return target.ordered[key]
    return target.functions.get(name)


def _called(function: Expr) -> str:
    """A function as an error names it: with its order, if that is a number."""
    name = type(function).__name__
    order, *rest = function.args
    return f"{name}({order}, …)" if rest and order.is_number else name


def double(number: Expr) -> float:
    """The double nearest to a real number. Raises :class:`HessError` where there is none."""
    nearest = enclosed_constant(number)
    if nearest is None or nearest != nearest:
        evaluated = tried(number.evalf, 25)
        nearest = float(evaluated) if evaluated is not None and evaluated.is_Float else None
    if nearest is None or not abs(nearest) < float("inf"):
        raise HessError(
            "unsupported",
            f"`{number}` has no value as a double, and code computes in doubles",
            hint="`--code sympy`",
            status=ExitStatus.NO_ANSWER,
        )
    return nearest


def safe_names(names: Sequence[str], reserved: frozenset[str]) -> dict[str, str]:
    """A name that code may use for each variable or element: ``x_0_1`` for ``x[0,1]``."""
    plain = {name for name in names if name.isascii() and name.isidentifier()} - reserved
    plain = {name for name in plain if not re.fullmatch(OURS, name)}
    chosen = {name: name for name in names if name in plain}
    taken = reserved | plain
    for name in names:
        if name in plain:
            continue
        safe = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "v"
        while safe in taken or re.fullmatch(OURS, safe):
            safe += "_"
        chosen[name] = safe
        taken |= {safe}
    return chosen
