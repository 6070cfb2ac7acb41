"""Syntax tree → SymPy, by an allow-list: nothing is evaluated as text.

Every symbol is real. Numbers stay exact. Beside the expression, the places are collected where
it is not real or may not be differentiable *as it was typed*: SymPy simplifies ``sqrt(x)**2`` to
``x`` and ``x/x`` to ``1``, which hides where the formula has no value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from functools import cache, partial
from itertools import product
from typing import Any, NoReturn

import sympy

from hesscli.errors import HessError, closest, shortened
from hesscli.formula import calculus
from hesscli.formula.notation import tree_of
from hesscli.functions import symbolic as special
from hesscli.functions.table import (
    BY_NAME,
    BY_ZERO,
    JUMP,
    NO_BASE,
    NOT_REAL,
    PIECES,
    SWITCH,
    Function,
    binds,
    reduces,
)
from hesscli.language import tree as syntax
from hesscli.language.parser import parse_formula, split_definition
from hesscli.language.tree import Node
from hesscli.language.writer import UNICODE, unparse
from hesscli.shapes import Shape, broadcast, label
from hesscli.types import Expr, Formula, Site

CONSTANTS: dict[str, Expr] = {
    "pi": sympy.pi,
    "E": sympy.E,
    "e": sympy.E,
    "I": sympy.I,
    "oo": sympy.oo,
}
READ_AS = {
    "E": "Euler's number 2.71828…",
    "e": "Euler's number 2.71828…",
    "I": "the imaginary unit",
}
# Names that are numbers elsewhere, and would silently become variables.
NO_NUMBERS = ("nan", "inf", "infinity", "none", "null")
TRUTH = {"True": sympy.true, "False": sympy.false}

# Exact numbers beyond this many bits (4,200 digits) are refused before SymPy computes them.
MAX_BITS = 14_000
MAX_ROOT_BITS = 1_100
MAX_FACTORIAL = 1_500
MAX_EXPONENT = 1_000_000
MAX_TOWER = 30  # operations in a constant exponent: a tower of powers doubles the time each floor
MAX_TERMS = 2_000  # of a `Sum` or `Product`
GROWS_LIKE_EXP = ("exp", "exp2", "expm1", "sinh", "cosh", "softplus")
GROWS_LIKE_FACTORIAL = (
    "gamma", "factorial", "loggamma", "digamma", "trigamma", "polygamma", "beta", "binomial",
    "lowergamma", "uppergamma", "zeta", "zetaderivative",
)  # fmt: skip


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """Sorts ``x2`` before ``x10``."""
    return [
        (0, int(part), "") if part.isdecimal() else (1, 0, part)
        for part in re.split(r"([0-9]+)", name)
        if part
    ]


def read_formula(text: str, given: Collection[str] = (), wrt: Sequence[str] = ()) -> Formula:
    """The formula that ``text`` names.

    ``given`` are names that a point gives a value: they are variables even where they would be
    constants (``E``, ``I``). ``wrt`` are the variables to differentiate, in order; empty means
    all, in natural order. Raises :class:`HessError` with a span for anything that is not on the
    allow-list.
    """
    arguments, right = split_definition(text)
    try:
        tree = parse_formula(right)
    except HessError as error:
        error.source = text  # with what stands before the `=`
        raise
    wrt = wrt or arguments
    formula = from_tree(tree, text, given, wrt, arguments)
    if arguments and list(wrt) != sorted(formula.variables, key=natural_key):
        note = f"differentiated in {', '.join(wrt)}, the variables of the function"
        return replace(formula, notes=(*formula.notes, note))
    return formula


def from_tree(
    tree: Node,
    source: str,
    given: Collection[str] = (),
    wrt: Sequence[str] = (),
    names: Collection[str] = (),
    shapes: Mapping[str, Shape] | None = None,
) -> Formula:
    """The formula of a tree, whose spans are places in ``source``.

    ``names`` are variables even where the tree does not have them: f(x, y) = x**2 is a function of
    y too. With ``shapes``, the formula is written out in the elements of its variables
    (``x[0,1]``), and summed.
    """
    shapes = shapes or {}
    builder = _Builder(source, frozenset((*given, *wrt)), shapes)
    with _refused():
        expression = sympy.Add(*builder.elements((tree,), lambda: builder.number(tree)))
    variables = sorted({*builder.names, *names}, key=natural_key)
    if not variables:
        raise HessError(
            "no-variables",
            "the formula has no variable, so there is nothing to differentiate",
            source=source,
            hint='a formula with a name in it: hess "x**2" --at 3',
        )
    for name in wrt:
        if name not in variables:
            raise HessError(
                "unknown-variable",
                f"`--wrt {name}`: the formula has no variable `{name}`; "
                f"it has {', '.join(variables)}",
                hint=_did_you_mean(name, variables),
            )
    rest = [name for name in variables if name not in wrt] if wrt else []
    differentiated = _in_elements(wrt or variables, shapes)
    return Formula(
        source=source,
        tree=tree,
        text=unparse(tree),
        pretty=unparse(tree, UNICODE),
        expression=expression,
        variables=(*differentiated, *_in_elements(rest, shapes)),
        wrt=len(differentiated),
        sites=tuple(builder.sites),
        notes=tuple(builder.notes()),
        decimal=builder.decimal,
        given=builder.given,
        outer=tuple(name for name in dict.fromkeys(_names(tree)) if name in builder.names),
        reduces=builder.reduces,
    )


@contextmanager
def _refused() -> Iterator[None]:
    """Turns what SymPy raises for combinations that it has no rule for into an error for a user."""
    try:
        yield
    except (ArithmeticError, AttributeError, NotImplementedError, TypeError, ValueError) as error:
        raise HessError(
            "unsupported",
            f"SymPy cannot build this: {str(error)[:200]}",
            hint="a formula of real numbers",
        ) from error


def _in_elements(names: Sequence[str], shapes: Mapping[str, Shape]) -> list[str]:
    """The names of the elements of variables, row-major."""
    return [
        name + label(index)
        for name in names
        for index in product(*map(range, shapes.get(name, ())))
    ]


def read_constant(node: Node, source: str) -> Fraction | Expr:
    """The number that a part of a point names: a Fraction when rational, else a SymPy number.

    Raises :class:`HessError` when it holds a variable, is not real, or is not finite.
    """
    rational = _rational(node)
    if rational is not None:
        return rational
    builder = _Builder(source, frozenset())
    shown = shortened(source[slice(*node.span)].strip())
    with _refused():
        return _constant(builder, node, shown)


def _constant(builder: _Builder, node: Node, shown: str) -> Fraction | Expr:
    expression, source = builder.number(node), builder.source
    if builder.names:
        name = min(builder.names, key=natural_key)
        raise HessError(
            "bad-value",
            f"a value must be a number, and `{name}` is a name",
            span=node.span,
            source=source,
            hint="values like 2, 1/3, sqrt(2), [1, 2], randn(2,2) or @FILE",
        )
    if not _is_finite(expression):
        raise HessError(
            "not-finite", f"the value `{shown}` is not a finite number", span=node.span,
            source=source, hint="a finite number",
        )  # fmt: skip
    # Of the number: the imaginary part of the expression can take SymPy minutes.
    _, imaginary = expression.evalf(30, maxn=60).as_real_imag()
    if expression.is_extended_real is False or not imaginary.is_zero:
        raise HessError(
            "not-real", f"the value `{shown}` is not a real number", span=node.span,
            source=source, hint="a real number",
        )  # fmt: skip
    if expression.is_Rational:
        return Fraction(int(expression.p), int(expression.q))
    return expression


def _is_finite(expression: Expr) -> bool:
    if expression.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
        return False
    return bool(sympy.Abs(expression.evalf(20)) < sympy.Float("1.7976931348623158e308"))


def _rational(node: Node) -> Fraction | None:
    """The value of plain rational arithmetic, found without SymPy; ``None`` for anything else."""
    match node:
        case syntax.Number(value=value):
            return value
        case syntax.Negative(operand=operand):
            inner = _rational(operand)
            return None if inner is None else -inner
        case syntax.Product(factors=factors):
            total = Fraction(1)
            for operator, factor in factors:
                value_or_none = _rational(factor)
                if value_or_none is None or (operator == "/" and value_or_none == 0):
                    return None
                total = total * value_or_none if operator == "*" else total / value_or_none
            return total
    return None


def _did_you_mean(name: str, known: list[str]) -> str | None:
    match = closest(name, known)
    return f"did you mean `{match}`?" if match else None


class _Builder:
    """Walks a tree once, building the expression and collecting what a user has to be told."""

    def __init__(
        self, source: str, given: frozenset[str], shapes: Mapping[str, Shape] | None = None
    ) -> None:
        self.source = source
        self.given = given
        self.shapes = shapes or {}
        self.index: tuple[int, ...] = ()
        self.bound: dict[str, Expr] = {}
        self.inside: Node | None = None  # what a tree that was not typed stands for
        self.reduces = False
        self.names: dict[str, None] = {}
        self.constants: dict[str, None] = {}
        self.doubts: list[str] = []
        self.sites: list[Site] = []
        self.guards: list[Expr] = []
        self.decimal = False

    def notes(self) -> Iterator[str]:
        """How names were read that could have been read otherwise."""
        for name in self.constants:
            if name in READ_AS:
                yield f"`{name}` is read as {READ_AS[name]}; `--at {name}=…` makes it a variable"
        for name in self.names:
            if name in CONSTANTS:
                yield f"`{name}` is read as a variable, because it is given a value"
            elif name in BY_NAME and name not in self.given:
                yield f"`{name}` is read as a variable; `{name}(…)` is the function"
            elif name.lower() == "pi":
                yield f"`{name}` is read as a variable; the constant is `pi`"
            elif name[:-1] in BY_NAME and name[-1] in {*"xyzt", *self.names}:
                yield f"`{name}` is read as one variable; `{name[:-1]}({name[-1]})` is the function"
        yield from self.doubts

    # Expressions

    def number(self, node: Node) -> Expr:
        """The expression that ``node`` names; refuses conditions, tuples and lists."""
        match node:
            case syntax.Number(value=value, text=text):
                self.decimal |= not text.isdecimal()
                return _exact(value)
            case syntax.Name(name=name):
                return self._name(name, node)
            case syntax.Negative(operand=operand):
                return -self.number(operand)
            case syntax.Sum(terms=terms):
                return self._sum(terms, node)
            case syntax.Product(factors=((_, syntax.Negative(operand=first)), *rest)):
                # As -(a*b), which is written the same: SymPy has another form for (-a)*b.
                return -self.number(syntax.Product(node.span, (("*", first), *rest)))
            case syntax.Product(factors=factors):
                return self._product(factors, node)
            case syntax.Power(base=base, exponent=exponent):
                return self._power(self.number(base), self.number(exponent), node)
            case syntax.Call():
                return self._call(node)
            case syntax.Comparison() | syntax.Logic() | syntax.Not():
                self._fail(
                    "a condition stands where a number should",
                    node,
                    "where(condition, 1, 0)",
                )
            case syntax.Pair():
                self._fail(
                    "a list in brackets stands where a number should",
                    node,
                    "one value, or `.` as the decimal point",
                )
            case syntax.Array():
                self._fail(
                    "a list stands where a number should",
                    node,
                    "a name here, and its value with `--at x=[1,2]`",
                )
            case syntax.File():
                self._fail("a file stands where a number should", node, "`--at x=@FILE`")

    def _name(self, name: str, node: Node) -> Expr:
        if name in self.bound:
            return self.bound[name]
        if name not in self.given:
            if name in CONSTANTS:
                self.constants[name] = None
                return CONSTANTS[name]
            if name.lower() in NO_NUMBERS:
                self._fail(f"`{name}` is not a number here", node, "`oo`, or a value by name")
            if name in TRUTH:
                self._fail("a truth value stands where a number should", node, "1 or 0")
        self.names[name] = None
        shape = self.shapes.get(name, ())
        if not shape:
            return symbol(name)
        own = self.index[len(self.index) - len(shape) :]
        own = tuple(i if length > 1 else 0 for i, length in zip(own, shape, strict=True))
        return symbol(name + label(own))

    def _sum(self, terms: tuple[tuple[str, Node], ...], node: Node) -> Expr:
        parts = [self.number(term) if sign == "+" else -self.number(term) for sign, term in terms]
        self._limit(sum(_bits(part) for part in parts if part.is_Rational) / 20, node)
        return sympy.Add(*parts)

    def _product(self, factors: tuple[tuple[str, Node], ...], node: Node) -> Expr:
        parts = []
        for k, (operator, factor) in enumerate(factors):
            part = self.number(factor)
            match [factor, *factors[k + 1 : k + 2]]:
                case [syntax.Power(exponent=syntax.Number(text="1")), ("/", syntax.Number(text=n))]:
                    shown = self.source[slice(*factor.span)]
                    self.doubts.append(
                        f"`{shown}/{n}` is read as `({shown})/{n}`; a root is a power of `(1/{n})`"
                    )
            if operator == "/":
                self._site("zero", (part,), node, BY_ZERO)
                part = sympy.Pow(part, -1)
            parts.append(part)
        self._limit(sum(_bits(part) for part in parts if part.is_Rational), node)
        return sympy.Mul(*parts)

    def _power(self, base: Expr, exponent: Expr, node: Node) -> Expr:
        self._limit_power(base, exponent, node)
        if exponent.is_Integer:
            if exponent.is_negative:
                self._site("zero", (base,), node, BY_ZERO)
        elif exponent.is_number:
            self._site("negative", (base,), node, NOT_REAL)
            self._site("zero", (base,), node, "is at the edge of its domain")
        elif base.is_zero:
            self._site("negative", (exponent,), node, BY_ZERO)
            self._site("zero", (exponent,), node, JUMP)
            return sympy.Piecewise((sympy.S.Zero, exponent > 0), (sympy.S.One, True))
        elif not base.is_positive:
            # A negative base has a real power only where the exponent is whole, which it stops
            # being as soon as it moves: a closer look in either case.
            self._site("negative-power", (base, exponent), node, NOT_REAL)
            self._site("nonpositive", (base,), node, "is real only for whole exponents")
        return sympy.Pow(base, exponent)

    def _limit_power(self, base: Expr, exponent: Expr, node: Node) -> None:
        if isinstance(exponent, sympy.Piecewise):
            for value, _ in exponent.args:
                self._limit_power(base, value, node)
        if not exponent.is_number or exponent.is_finite is False:
            return
        if not exponent.is_Rational and exponent.count_ops() > MAX_TOWER:
            self._limit(MAX_BITS + 1, node)
        number = base if base.is_number else base.as_coeff_Mul()[0]
        if number.is_zero or number.is_finite is False or abs(number) == 1:
            return
        size = abs(sympy.log(abs(number), 2).evalf(5) * exponent.evalf(5))
        if number.is_Rational and not exponent.is_Integer:
            size = max(size, _bits(number))
        elif number.is_Rational:
            size = sympy.Max(size, abs(exponent.evalf(5)) * (number.p.bit_length() - 1))
        # SymPy looks for factors of a number under a root, which takes seconds for a long one.
        self._limit(size, node, MAX_BITS if exponent.is_Integer else MAX_ROOT_BITS)

    def _limit(self, bits: Any, node: Node, most: int = MAX_BITS) -> None:
        if bits > most:
            raise HessError(
                "too-large",
                "this number is too large to compute exactly",
                span=node.span,
                source=self.source,
                hint="smaller numbers; answers beyond 1e308 cannot be shown anyway",
            )

    # Functions

    def _call(self, node: syntax.Call) -> Expr:
        if node.name in self.given:
            self._fail(
                f"`{node.name}` is given a value, so it is a variable, not a function",
                node,
                f"`{node.name}*(…)` for a product",
            )
        function = BY_NAME.get(node.name)
        if function is None:
            self._unknown(node)
        self._check_arity(function, node)
        if function.name == "Piecewise":
            return self._piecewise([self._pair(a) for a in node.arguments], node)
        if function.name == "where":
            condition, a, b = node.arguments
            return self._piecewise([(a, condition), (b, None)], node)
        if binds(function.name):
            return self._quantified(function.name, node)
        if reduces(function.name, len(node.arguments)):
            return self._reduction(function, node)
        arguments = tuple(self.number(argument) for argument in node.arguments)
        if function.name == "pow":
            base, exponent = arguments
            return self._power(base, exponent, node)
        ordered = function.group == PIECES or function.name in ("atan2", "hypot")
        if (
            ordered
            and function.name != "abs"
            and any(a.has(sympy.I, sympy.zoo, sympy.nan) for a in arguments)
        ):
            self._fail(f"`{node.name}` takes real numbers only", node, "real arguments")
        self._check_whole(function, arguments, node)
        self._limit_function(function, arguments, node)
        self._hazards(function, arguments, node)
        assert function.symbol is not None
        return getattr(special, function.symbol)(*arguments)

    def _hazards(self, function: Function, arguments: tuple[Expr, ...], node: Node) -> None:
        for hazard in function.hazards:
            if hazard.test.startswith("tie"):
                quantities = tuple(dict.fromkeys(arguments))
            else:
                quantities = tuple(quantity(t, arguments) for t in hazard.quantity.split(";"))
            self._site(hazard.test, quantities, node, hazard.says)
        if function.name == "log" and len(arguments) == 2:
            base = arguments[1]
            if base.is_number and (base.is_positive is False or base == 1):
                self._fail("there is no logarithm to this base", node, "log(x, 2)")
            self._site("negative", (base,), node, NOT_REAL)
            self._site("zero", (base * (base - 1),), node, NO_BASE)

    def _limit_function(self, function: Function, arguments: tuple[Expr, ...], node: Node) -> None:
        """Refuse what SymPy would compute exactly for minutes: factorials and floors."""
        argument = arguments[0]
        if function.name in ("sqrt", "cbrt"):
            self._limit_power(argument, sympy.S.Half, node)
        sizes = [_size(each) for each in arguments]
        if function.name in GROWS_LIKE_EXP and sizes[0] > MAX_EXPONENT:
            self._limit(MAX_BITS + 1, node)
        # SymPy writes gamma(10**6) out, and lowergamma(5000, x) as so many terms.
        if function.name in GROWS_LIKE_FACTORIAL and max(sizes) > MAX_FACTORIAL:
            self._limit(MAX_BITS + 1, node)
        if function.name in ("floor", "ceil") and not argument.is_Rational and sizes[0]:
            self._limit(math.log2(sizes[0] + 1), node)

    def _check_whole(self, function: Function, arguments: tuple[Expr, ...], node: Node) -> None:
        for whole in function.whole:
            if whole.position >= len(arguments):
                continue
            argument = arguments[whole.position]
            if not (argument.is_Integer and whole.least <= argument <= whole.most):
                name = re.findall(r"\w+", function.signature)[whole.position + 1]
                self._fail(
                    f"`{name}` of `{function.signature}` must be a whole number from "
                    f"{whole.least} to {whole.most}",
                    node,
                    f"{function.name}({', '.join(['2', 'x'][:2])})"
                    if whole.position == 0
                    else "LambertW(x, -1)",
                )

    def _check_arity(self, function: Function, node: syntax.Call) -> None:
        least, most = function.arity
        count = len(node.arguments)
        if count < least or (most is not None and count > most):
            wanted = f"{least}" if least == most else f"{least} to {most}"
            if most is None:
                wanted = f"at least {least}"
            self._fail(
                f"`{node.name}` takes {wanted} argument{'s' * (wanted[-1] != '1')}, not {count}",
                node,
                function.signature,
            )

    def _unknown(self, node: syntax.Call) -> NoReturn:
        match = closest(node.name, tuple(BY_NAME))
        if node.name in CONSTANTS:
            hint = f"`{node.name}*(…)` for a product"
        elif match:
            hint = f"did you mean `{match}`?"
        elif len(node.name) <= 2 or node.name in self.names:
            hint = (
                f"`{shortened(node.name)}*(…)` if a product is meant; "
                "`hess --functions` lists functions"
            )
        else:
            hint = "`hess --functions` lists every function"
        raise HessError(
            "unknown-function",
            f"`{shortened(node.name)}` is not a function that hess knows",
            span=node.name_span,
            source=self.source,
            hint=hint,
        )

    # Over the elements of tensors

    def elements(self, nodes: Sequence[Node], build: Callable[[], Expr]) -> list[Expr]:
        """What ``build`` gives for each element of the tensors in ``nodes``, broadcast together."""
        names = {name for node in nodes for name in _names(node)} - self.bound.keys()
        shape = broadcast(self.shapes.get(name, ()) for name in names)
        outer, found = self.index, []
        for self.index in product(*map(range, shape)):
            found.append(build())
        self.index = outer
        return found

    def _reduction(self, function: Function, node: syntax.Call) -> Expr:
        self.reduces = True
        parts = node.arguments
        if function.name == "dot":
            a, b = parts
            return sympy.Add(*self.elements(parts, lambda: self.number(a) * self.number(b)))
        found = tuple(
            element
            for part in parts
            for element in self.elements((part,), partial(self.number, part))
        )
        match function.name:
            case "sum":
                return sympy.Add(*found)
            case "mean":
                return sympy.Add(*found) / len(found)
            case "prod":
                return sympy.Mul(*found)
            case "norm":
                square = sympy.Add(*(element**2 for element in found))
                self._hazards(function, (square,), node)
                return sympy.sqrt(square)
        self._hazards(function, found, node)
        assert function.symbol is not None
        return getattr(special, function.symbol)(*found)

    # Sums, products, derivatives and integrals

    def _quantified(self, name: str, node: syntax.Call) -> Expr:
        body, *limits = node.arguments
        match name:
            case "Sum":
                return sympy.Add(*self._terms(body, limits, node))
            case "Product":
                return sympy.Mul(*self._terms(body, limits, node))
            case "Derivative":
                by = list(self._by(limits, node))
                sites = len(self.sites)
                expression = self.number(body)
                # Where the function may have no derivative, this formula has no value.
                self.sites[sites:] = [replace(site, breaks=True) for site in self.sites[sites:]]
                return self._done(node, lambda: calculus.differentiated(expression, by))
        return self._integral(body, limits, node)

    def _terms(self, body: Node, limits: Sequence[Node], node: Node) -> list[Expr]:
        """The terms for all values of the indices; the last pair is the outermost, as in SymPy."""
        if not limits:
            return [self.number(body)]
        *inner, outermost = limits
        name, start, stop = self._limits(outermost, node)
        if not (start.is_Integer and stop.is_Integer):
            self._fail(
                "a sum or product is finite: from one whole number to another",
                outermost,
                "Sum(k*x, (k, 1, 10))",
            )
        terms: list[Expr] = []
        for value in range(int(start), int(stop) + 1):
            if len(terms) > MAX_TERMS or stop - start >= MAX_TERMS:
                self._fail(f"this has more than {MAX_TERMS:,} terms", node, "fewer terms")
            with self._binding(name, sympy.Integer(value)):
                terms += self._terms(body, inner, node)
        return terms

    def _limits(self, pair: Node, node: Node) -> tuple[str, Expr, Expr]:
        if isinstance(pair, syntax.Pair) and len(pair.items) == 3:
            name, start, stop = pair.items
            if isinstance(name, syntax.Name):
                return name.name, self.number(start), self.number(stop)
        shown = node.name if isinstance(node, syntax.Call) else "Sum"
        self._fail(f"`{shown}` takes a name with its limits", pair, f"{shown}(k*x, (k, 1, 10))")

    @contextmanager
    def _binding(self, name: str, value: Expr) -> Iterator[None]:
        outer = dict(self.bound)
        self.bound[name] = value
        yield
        self.bound = outer

    def _by(self, items: Sequence[Node], node: Node) -> Iterator[tuple[Expr, int]]:
        """The variables of a derivative with how often: ``x``, ``x, 2`` or ``(x, 2)``."""
        left = list(items)
        while left:
            item = left.pop(0)
            count: Node | None = None
            if isinstance(item, syntax.Pair) and len(item.items) == 2:
                item, count = item.items
            elif left and isinstance(left[0], syntax.Number):
                count = left.pop(0)
            times = sympy.S.One if count is None else self.number(count)
            variable = self.number(item) if isinstance(item, syntax.Name) else None
            good = times.is_Integer and 0 <= times <= 20
            if variable is None or not variable.is_Symbol or not good:
                self._fail(
                    "a derivative is by a variable, at most 20 times", item, "Derivative(f, x, 2)"
                )
            yield variable, int(times)

    def _integral(self, body: Node, over: Sequence[Node], node: syntax.Call) -> Expr:
        """Inner integrals first, as in SymPy."""
        named = [pair for pair in over if isinstance(pair, syntax.Pair)]
        if not named:
            expression = self.number(body)
            for by in over:
                variable = self.number(by) if isinstance(by, syntax.Name) else sympy.S.One
                if not variable.is_Symbol:
                    self._fail("an integral is over a variable", by, "Integral(f, (t, 0, x))")
                expression = self._done(
                    node, partial(calculus.antiderivative, expression, variable)
                )
            return expression
        outer = dict(self.bound)
        bounds: list[calculus.Limits] = []
        for pair in reversed(over):  # the limits of an inner integral may hold outer variables
            name, start, stop = self._limits(pair, node)
            self.bound[name] = sympy.Dummy(name, real=True)
            bounds.insert(0, (self.bound[name], start, stop))
        sites = len(self.sites)
        expression = self.number(body)
        del self.sites[sites:]  # of the integrand; what the integral itself has follows
        self.bound = outer
        for limits in bounds:
            expression = self._done(node, partial(calculus.integrated, expression, limits))
        return expression

    def _done(self, node: syntax.Call, compute: Callable[[], Expr]) -> Expr:
        """A result of SymPy's, read as if it were typed: its own kinks and edges count too."""
        try:
            expression = compute()
        except calculus.NoClosedFormError as error:
            raise self._no_closed_form(node) from error
        if any(symbol.is_Dummy for symbol in expression.free_symbols):
            return expression  # inside another integral
        outer, bound = self.inside, self.bound
        # A name may stand for an element (x[0]), an index or a constant.
        ordered = sorted(expression.free_symbols, key=str)
        stand_ins = {s: symbol(f"v{k}_") for k, s in enumerate(ordered)}
        self.inside = self.inside or node
        self.bound = {stand_in.name: s for s, stand_in in stand_ins.items()}
        try:
            return self.number(tree_of(expression.xreplace(stand_ins)))
        except HessError as error:
            # SymPy's answer has a function that hess has not.
            raise self._no_closed_form(node) from error
        finally:
            self.inside, self.bound = outer, bound

    def _no_closed_form(self, node: syntax.Call) -> HessError:
        return HessError(
            "formula",
            f"SymPy finds no closed form for this {BY_NAME[node.name].name.lower()}",
            span=(self.inside or node).span,
            source=self.source,
            hint="the derivative or the integral written out",
        )

    # Pieces and conditions

    def _pair(self, node: Node) -> tuple[Node, Node]:
        if not isinstance(node, syntax.Pair) or len(node.items) != 2:
            self._fail(
                "`Piecewise` takes pairs (value, condition)",
                node,
                "Piecewise((x, x < 0), (x**2, True))",
            )
        return node.items[0], node.items[1]

    def _piecewise(self, pairs: list[tuple[Node, Node | None]], node: Node) -> Expr:
        pieces = []
        with self._guarded():
            for value, condition in pairs:
                holds = sympy.true if condition is None else self.condition(condition)
                with self._guarded(holds):
                    pieces.append((self.number(value), holds))
                self.guards.append(sympy.Not(holds))
            self._site("always", (), node, "has no value here: none of its conditions holds")
        pieces = [(value, holds) for value, holds in pieces if holds != sympy.false]
        if not pieces:
            return sympy.nan
        if pieces[0][1] == sympy.true:
            return pieces[0][0]
        # Unevaluated: SymPy tries to solve the conditions, which can take minutes.
        return sympy.Piecewise(*pieces, evaluate=False)

    @contextmanager
    def _guarded(self, *conditions: Expr) -> Iterator[None]:
        length = len(self.guards)
        self.guards.extend(conditions)
        yield
        del self.guards[length:]

    def condition(self, node: Node) -> Expr:
        """The SymPy condition that ``node`` names; refuses numbers."""
        match node:
            case syntax.Name(name=name) if name in TRUTH and name not in self.given:
                return TRUTH[name]
            case syntax.Comparison(operands=operands, operators=operators):
                values = [self.number(operand) for operand in operands]
                return sympy.And(
                    *(
                        self._compare(operator, a, b, node)
                        for operator, a, b in zip(operators, values, values[1:], strict=False)
                    )
                )
            case syntax.Logic(operator=operator, operands=parts):
                join = sympy.And if operator == "and" else sympy.Or
                return join(*(self.condition(part) for part in parts))
            case syntax.Not(operand=operand):
                return sympy.Not(self.condition(operand))
            case _:
                self._fail("a condition is needed here", node, "a comparison such as x > 0")

    def _compare(self, operator: str, a: Expr, b: Expr, node: Node) -> Expr:
        self._site("zero", (a - b,), node, SWITCH)
        relation = {
            "<": sympy.Lt, "<=": sympy.Le, ">": sympy.Gt, ">=": sympy.Ge,
            "==": sympy.Eq, "!=": sympy.Ne,
        }[operator]  # fmt: skip
        for side in (a, b):
            if side.has(sympy.I, sympy.nan, sympy.zoo):
                self._fail("only real numbers can be compared", node, "a condition without `I`")
        return relation(a, b)

    # What is collected

    def _site(self, test: Any, quantities: tuple[Expr, ...], node: Node, says: str) -> None:
        if sympy.false in self.guards or _never(test, quantities):
            return
        if self.inside and says == NOT_REAL:
            says = "has no real closed form"
        node = self.inside or node
        guards = tuple(guard for guard in self.guards if guard != sympy.true)
        part = self.source[slice(*node.span)].strip()
        self.sites.append(Site(test, quantities, guards, part, says, node.span))

    def _fail(self, message: str, node: Node, hint: str) -> NoReturn:
        node = self.inside or node
        raise HessError("formula", message, span=node.span, source=self.source, hint=hint)


def _names(node: Node) -> Iterator[str]:
    """The names in ``node`` that are read element by element: not those inside a reduction."""
    if isinstance(node, syntax.Name):
        yield node.name
    elif isinstance(node, syntax.Call) and reduces(node.name, len(node.arguments)):
        return
    else:
        for child in syntax.children(node):
            yield from _names(child)


def _never(test: str, quantities: tuple[Expr, ...]) -> bool:
    """Whether it is certain that ``test`` fails everywhere, so that no place has to be watched."""
    if test == "always":
        return False
    if test.startswith("tie"):
        return len(quantities) < 2
    quantity = quantities[0]
    if quantity.is_Rational and test == "zero":
        return bool(quantity.p != 0)  # without SymPy's assumptions: long formulas have many numbers
    match test:
        case "negative":
            return bool(quantity.is_nonnegative)
        case "negative-power":
            return bool(quantity.is_nonnegative or quantities[1].is_integer)
        case "zero":
            return bool(quantity.is_nonzero)
        case "nonpositive":
            return bool(quantity.is_positive)
        case "pole":
            return bool(quantity.is_positive)
        case "whole":
            return bool(quantity.is_number and quantity.is_integer is False)
    return False


def _size(argument: Expr) -> float:
    """How large a constant is, or the largest in a Piecewise; 0 for what has variables."""
    if isinstance(argument, sympy.Piecewise):
        return max(_size(value) for value, _ in argument.args)
    if not argument.is_number or argument.is_extended_real is not True:
        return 0.0
    return min(float(abs(argument.evalf(5))), 1e300)


def symbol(name: str) -> Expr:
    """The symbol of a variable: real, which lets SymPy simplify ``sqrt(x**4)`` to ``x**2``."""
    return sympy.Symbol(name, real=True)


def _exact(value: Fraction) -> Expr:
    return sympy.Rational(value.numerator, value.denominator)


def _bits(number: Expr) -> int:
    return int(number.p).bit_length() + int(number.q).bit_length()


def quantity(text: str, arguments: tuple[Expr, ...]) -> Expr:
    """The quantity of a hazard with a function's arguments in place of ``x`` and ``y``."""
    template = _template(text)
    return template.xreplace(dict(zip(_PLACEHOLDERS, arguments, strict=False)))


_PLACEHOLDERS = (symbol("x"), symbol("y"))


@cache
def _template(text: str) -> Expr:
    builder = _Builder(text, frozenset("xy"))
    return builder.number(parse_formula(text))
