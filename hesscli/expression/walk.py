"""A walk over a tree: its state, what it collects, and the functions that bind a name.

These are sums and products over an index, derivatives and integrals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import NoReturn

import sympy

from hesscli.errors import HessError, shortened
from hesscli.expression import calculus
from hesscli.expression.names import INFINITE, symbol
from hesscli.expression.notation import tree_of
from hesscli.functions.failures import tried
from hesscli.functions.hazards import READINGS
from hesscli.functions.table import BY_NAME
from hesscli.language import tree
from hesscli.language.tree import Node
from hesscli.notes import WITHOUT_VALUE, Trouble
from hesscli.types import Expr, Site, Span, Test

MAX_TERMS = 2_000  # of a `Sum` or `Product`
# A constant that cancels to so many digits is taken for 0: no two numbers that anybody types are
# closer, and what divides by such a one has no answer.
CANCELLED_DIGITS = 300


def has_integral(node: Node) -> bool:
    """Whether a formula integrates."""
    integral = BY_NAME["Integral"]
    calls = (each for each in tree.walk(node) if isinstance(each, tree.Call))
    return any(BY_NAME.get(call.name) is integral for call in calls)


class Walk:
    """A walk over a tree, which collects the places that a user has to be told of.

    Without ``closed``, integrals stay what they are, but those of polynomials.
    """

    def __init__(self, source: str, closed: bool = True) -> None:
        self.source = source
        self.closed = closed
        self.bound: dict[str, Expr] = {}
        self.indices: dict[str, None] = {}  # all names that are bound somewhere
        self.inside: Node | None = None  # what a tree that was not typed stands for
        self.sites: list[Site] = []
        self.guards: list[Expr] = []

    def number(self, node: Node) -> Expr:
        """The expression that ``node`` names; refuses conditions, tuples and lists."""
        raise NotImplementedError

    def site(self, test: Test, quantities: tuple[Expr, ...], node: Node, trouble: Trouble) -> None:
        """Note a part that is not real, or may not be differentiable, where ``test`` holds."""
        if sympy.false in self.guards or READINGS[test].never(quantities):
            return
        if trouble in WITHOUT_VALUE and test in ("zero", "pole") and _always(test, quantities[0]):
            # Not only at a point around which there may be a limit.
            test, quantities = "always", (sympy.S.Zero,)
        if self.inside and trouble is Trouble.NOT_REAL:
            trouble = Trouble.NO_REAL_FORM
        node = self.inside or node
        guards = self._conditions()
        part = _balanced(self.source, node.span)
        self.sites.append(Site(test, quantities, guards, part, trouble, node.span))

    def _conditions(self) -> tuple[Expr, ...]:
        """The conditions under which what is walked now is used."""
        return tuple(guard for guard in self.guards if guard != sympy.true)

    def infinite(self, node: Node) -> None:
        """Note a part that is infinite, or not defined, wherever it is used.

        SymPy goes on with it: ``x/oo`` is 0, and so is ``x/(1/0)``.
        """
        span, guards = (self.inside or node).span, self._conditions()
        noted = (s for s in self.sites if s.test == "always" and _encloses(span, s.span))
        if not any(s.guards[: len(guards)] == guards for s in noted):
            self.site("always", (sympy.S.Zero,), node, Trouble.INFINITE)

    @contextmanager
    def guarded(self, *conditions: Expr) -> Iterator[None]:
        """Parts that are used only where these hold, and those added to ``guards`` on the way."""
        length = len(self.guards)
        self.guards.extend(conditions)
        yield
        del self.guards[length:]

    @contextmanager
    def binding(self, name: str, value: Expr) -> Iterator[None]:
        """Parts in which a name stands for this."""
        outer = dict(self.bound)
        self.bound[name] = value
        yield
        self.bound = outer

    def text(self, node: Node) -> str:
        """The text of a part, as messages show it."""
        return shortened(_balanced(self.source, node.span))

    def fail(self, message: str, node: Node, hint: str, code: str = "formula") -> NoReturn:
        """Refuse the formula, with the place of ``node``."""
        node = self.inside or node
        raise HessError(code, message, span=node.span, source=self.source, hint=hint)

    def limit(self, node: Node) -> Expr:
        """An end of an interval, which may be infinite."""
        sites = len(self.sites)
        expression = self.number(node)
        if expression in (sympy.oo, -sympy.oo) and _is_infinity(node):
            del self.sites[sites:]
        return expression

    # Functions that bind a name

    def quantified(self, name: str, node: tree.Call) -> Expr:
        """The expression of a call of this function of the table."""
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
                self.sites[sites:] = [_breaking(site, by) for site in self.sites[sites:]]
                return self._done(node, lambda: calculus.differentiated(expression, by))
        return self._integral(body, limits, node)

    def _terms(self, body: Node, limits: Sequence[Node], node: tree.Call) -> list[Expr]:
        """The terms for all values of the indices; the last pair is the outermost, as in SymPy."""
        if not limits:
            return [self.number(body)]
        *inner, outermost = limits
        name, start, stop = self._limits(outermost, node)
        if not (start.is_Integer and stop.is_Integer):
            self.fail(
                "a sum or product is finite: from one whole number to another",
                outermost,
                "Sum(k*x, (k, 1, 10))",
            )
        terms: list[Expr] = []
        for value in range(int(start), int(stop) + 1):
            if len(terms) > MAX_TERMS or stop - start >= MAX_TERMS:
                self.fail(f"this has more than {MAX_TERMS:,} terms", node, "fewer terms")
            with self.binding(name, sympy.Integer(value)):
                terms += self._terms(body, inner, node)
        return terms

    def _limits(self, pair: Node, node: tree.Call) -> tuple[str, Expr, Expr]:
        if isinstance(pair, tree.Pair) and len(pair.items) == 3:
            name, start, stop = pair.items
            if isinstance(name, tree.Name):
                self.indices[name.name] = None
                return name.name, self.limit(start), self.limit(stop)
        example = f"{node.name}(k*x, (k, 1, 10))"
        self.fail(f"`{node.name}` takes a name with its limits", pair, example)

    def _by(self, items: Sequence[Node], node: Node) -> Iterator[tuple[Expr, int]]:
        """The variables of a derivative with how often: ``x``, ``x, 2`` or ``(x, 2)``."""
        left = list(items)
        while left:
            item = left.pop(0)
            count: Node | None = None
            if isinstance(item, tree.Pair) and len(item.items) == 2:
                item, count = item.items
            elif left and isinstance(left[0], tree.Number):
                count = left.pop(0)
            times = sympy.S.One if count is None else self.number(count)
            variable = self.number(item) if isinstance(item, tree.Name) else None
            good = times.is_Integer and 0 <= times <= 20
            if variable is None or not variable.is_Symbol or not good:
                self.fail(
                    "a derivative is by a variable, at most 20 times", item, "Derivative(f, x, 2)"
                )
            yield variable, int(times)

    def _integral(self, body: Node, over: Sequence[Node], node: tree.Call) -> Expr:
        """Inner integrals first, as in SymPy."""
        named = [pair for pair in over if isinstance(pair, tree.Pair)]
        if not named:
            expression = self.number(body)
            for by in over:
                variable = self.number(by) if isinstance(by, tree.Name) else sympy.S.One
                if not variable.is_Symbol:
                    self.fail("an integral is over a variable", by, "Integral(f, (t, 0, x))")
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
        # Of the integrand; what the integral itself has follows, or is what its parameters have.
        variables = {variable for variable, _, _ in bounds}
        self.sites[sites:] = [
            site
            for site in self.sites[sites:]
            if site.is_everywhere or not (self.closed or _symbols_of(site) & variables)
        ]
        self.bound = outer
        integrated = calculus.integrated if self.closed else calculus.definition
        for limits in bounds:
            expression = self._done(node, partial(integrated, expression, limits))
        return expression

    def _done(self, node: tree.Call, compute: Callable[[], Expr]) -> Expr:
        """A result of SymPy's, read as if it were typed: its own kinks and edges count too."""
        outer, bound = self.inside, self.bound
        try:
            expression = compute()
            if not self.closed or any(s.is_Dummy for s in expression.free_symbols):
                return expression  # inside another integral, or not to be told of
            # A name may stand for an element (x[0]), an index or a constant.
            ordered = sorted(expression.free_symbols, key=str)
            stand_ins = {s: symbol(f"v{k}_") for k, s in enumerate(ordered)}
            self.inside = outer or node
            self.bound = {stand_in.name: s for s, stand_in in stand_ins.items()}
            return self.number(tree_of(expression.xreplace(stand_ins)))
        except (calculus.NoClosedFormError, HessError) as error:
            # SymPy finds none, or one with a function that hess has not.
            raise HessError(
                "formula",
                f"SymPy finds no closed form for this {BY_NAME[node.name].name.lower()}",
                span=(outer or node).span,
                source=self.source,
                hint="the derivative or the integral written out",
            ) from error
        finally:
            self.inside, self.bound = outer, bound


def _breaking(site: Site, by: Sequence[tuple[Expr, int]]) -> Site:
    """The site in a derivative, which has no value where the function may have no derivative."""
    varying = {variable for variable, _ in by}
    meets = any(quantity.free_symbols & varying for quantity in site.quantities)
    return replace(site, breaks=site.breaks or meets)


def _symbols_of(site: Site) -> set[Expr]:
    return set().union(*(part.free_symbols for part in (*site.quantities, *site.guards)))


def _encloses(outer: Span, inner: Span) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _is_infinity(node: Node) -> bool:
    """Whether this is ``oo`` itself, with a sign or without."""
    inner = node.operand if isinstance(node, tree.Negative) else node
    return isinstance(inner, tree.Name)


def _always(test: Test, quantity: Expr) -> bool:
    """Whether a quantity is a constant for which the test holds."""
    if quantity.free_symbols or quantity in INFINITE:
        return False
    if test == "zero":
        return _vanishes(quantity)
    nearest = tried(quantity.round)
    return nearest is not None and bool(nearest <= 0) and _vanishes(quantity - nearest)


def _vanishes(number: Expr) -> bool:
    """Whether a constant is 0, or cannot be told from it."""
    if number.is_zero is not None:
        return bool(number.is_zero)
    value = tried(lambda: number.evalf(2, maxn=CANCELLED_DIGITS))
    if value is None or not value.is_number:
        return False
    return all(p.is_zero or (p.is_Float and p._prec == 1) for p in value.as_real_imag())


def _balanced(source: str, span: Span) -> str:
    """The text of a part, with the braces of LaTeX that close what it opens."""
    start, stop = span
    missing = source.count("{", start, stop) - source.count("}", start, stop)
    while missing > 0 and source[stop : stop + 1] == "}":
        stop, missing = stop + 1, missing - 1
    return source[start:stop].strip()
