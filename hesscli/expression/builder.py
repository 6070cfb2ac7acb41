"""Syntax tree → SymPy, by an allow-list: nothing is evaluated as text.

Every symbol is real. Numbers stay exact. Beside the expression, the places are collected where
it is not real or may not be differentiable *as it was typed*: SymPy simplifies ``sqrt(x)**2`` to
``x`` and ``x/x`` to ``1``, which hides where the formula has no value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial
from typing import NoReturn

import sympy

from hesscli.errors import HessError, did_you_mean, shortened
from hesscli.expression import sizes
from hesscli.expression.arguments import (
    EUCLIDEAN,
    INFINITY,
    Order,
    by_name,
    in_numpy,
    is_axis,
    order_of,
    positional,
)
from hesscli.expression.names import CONSTANTS, INFINITE, NO_NUMBERS, READ_AS, TRUTH, symbol
from hesscli.expression.products import LETTER
from hesscli.expression.walk import Walk
from hesscli.functions import symbolic as special
from hesscli.functions.failures import SYMPY_FAILURES
from hesscli.functions.table import BY_NAME, MEANT, PIECES, REDUCING, Function, binds, reduces
from hesscli.language import tree
from hesscli.language.parser import parse_formula
from hesscli.language.tree import Node
from hesscli.notes import Note, Remark, Trouble
from hesscli.types import Expr, Site


@contextmanager
def refused() -> Iterator[None]:
    """Turns what SymPy raises for combinations that it has no rule for into an error for a user."""
    try:
        yield
    except SYMPY_FAILURES as error:
        raise HessError(
            "unsupported",
            f"SymPy cannot build this: {str(error)[:200]}",
            hint="a formula of real numbers",
        ) from error


# The parts of a reduction, each a product of nodes; what is made of each element.
Parts = Sequence[Sequence[Node]]
Of = Callable[[Expr], Expr]

_UNORDERED = (sympy.I, sympy.nan, sympy.zoo)
_CONDITION = "a condition stands where a number should"
_JOINED = (_CONDITION, "`+` or `*` between numbers, `where(x > 0 and y > 0, 1, 0)` for conditions")
_NO_NUMBER: dict[type, tuple[str, str]] = {
    tree.Comparison: (_CONDITION, "`where({}, 1, 0)`"),
    tree.Logic: _JOINED,
    tree.Not: _JOINED,
    tree.Pair: (
        "a list in brackets stands where a number should", "one value, or `.` as the decimal point",
    ),
    tree.Array: (
        "a list stands where a number should",
        "round brackets around a part, a name for a list: `--at x=[1,2]`",
    ),
    tree.Word: ("a word in quotation marks stands where a number should", "norm(A, 'fro')"),
    tree.MatMul: ("`@` is a product of vectors and matrices", "`*` between numbers"),
    tree.Index: ("an element of a tensor stands where a number should", "the number itself"),
    tree.Attribute: ("an attribute stands where a number should", "the number itself"),
    tree.Slice: ("a slice stands where a number should", "the number itself"),
    tree.Keyword: ("arguments by name are not supported here", "the value alone, in its place"),
    tree.File: ("a file stands where a number should", "`--at x=@FILE`"),
}  # fmt: skip


class Builder(Walk):
    """Walks a tree once, building the expression and collecting what a user has to be told."""

    def __init__(
        self,
        source: str,
        given: frozenset[str],
        *,
        closed: bool = True,
    ) -> None:
        super().__init__(source, closed)
        self.given = given
        self.reduces = False
        self.parts: dict[str, Node] = {}  # that have names
        self._built: dict[str, tuple[Expr, tuple[Site, ...]]] = {}
        self.names: dict[str, None] = {}
        self.constants: dict[str, None] = {}
        self.doubts: list[Remark] = []
        self.decimal = False

    def notes(self) -> Iterator[Remark]:
        """How names were read that could have been read otherwise."""
        for name in self.constants:
            if name in READ_AS:
                yield Remark(Note.CONSTANT, (name, READ_AS[name]))
        for name in self.names:
            if name in CONSTANTS:
                yield Remark(Note.GIVEN, (name,))
            elif name in BY_NAME and name not in self.given:
                yield Remark(Note.FUNCTION_NAME, (name,))
            elif name.lower() == "pi":
                yield Remark(Note.PI_NAME, (name,))
            elif name == "i" and name not in self.given:
                yield Remark(Note.UNIT_NAME, (name,))
            elif name[:2] == "pi" and re.fullmatch(LETTER, name[2:]) and name not in self.given:
                yield Remark(Note.ONE_NAME, (name, f"pi*{name[2:]}"))
        yield from dict.fromkeys(self.doubts)

    # Expressions

    def number(self, node: Node) -> Expr:
        """The expression that ``node`` names; refuses conditions, tuples and lists."""
        match node:
            case tree.Number(value=value, text=text):
                self.decimal |= not text.isdecimal()
                return sympy.Rational(value.numerator, value.denominator)
            case tree.Name(name=name):
                return self._name(name, node)
            case tree.Negative(operand=operand):
                return -self.number(operand)
            case tree.Sum(terms=terms):
                return self._sum(terms, node)
            case tree.Product(factors=((_, tree.Negative(operand=first)), *rest)):
                # As -(a*b), which is written the same: SymPy has another form for (-a)*b.
                return -self.number(tree.Product(node.span, (("*", first), *rest)))
            case tree.Product(factors=factors):
                return self._product(factors, node)
            case tree.Power(base=base, exponent=exponent):
                return self._power(self.number(base), self.number(exponent), node)
            case tree.Call():
                return self._call(node)
            case tree.Parts(parts=parts, body=body):
                self.parts |= parts
                return self.number(body)
            case _:
                message, hint = _NO_NUMBER[type(node)]
                self.fail(message, node, hint.format(shortened(self.source[slice(*node.span)])))

    def _watched(self, expression: Expr, parts: tuple[Expr, ...], node: Node) -> Expr:
        """``expression``, noted where SymPy finds it infinite though its parts are not.

        Of pieces, of which some may be, the sites of the parts tell.
        """
        if _is_infinite(expression) and not any(part.has(*INFINITE) for part in parts):
            self.infinite(node)
        return expression

    def _name(self, name: str, node: Node) -> Expr:
        if name in self.bound:
            return self.bound[name]
        if name in self.parts:
            return self._part(name)
        if name not in self.given:
            if name in CONSTANTS:
                self.constants[name] = None
                if name == "oo":
                    self.infinite(node)
                return CONSTANTS[name]
            if name.lower() in NO_NUMBERS:
                self.fail(f"`{name}` is not a number here", node, "`oo`, or a value by name")
            if name in TRUTH:
                self.fail("a truth value stands where a number should", node, "1 or 0")
        self.names[name] = None
        return symbol(name)

    def _part(self, name: str) -> Expr:
        """A part that has a name, built once; its sites hold wherever it is used."""
        if name not in self._built:
            parts, sites, outer = self.parts, self.sites, self.guards
            # It may use those before it.
            self.parts = {n: parts[n] for n in list(parts)[: list(parts).index(name)]}
            self.sites, self.guards = [], []
            # An index of a sum around it is none of its own.
            bound, self.bound = self.bound, {}
            self._built[name] = self.number(parts[name]), tuple(self.sites)
            self.parts, self.sites, self.guards = parts, sites, outer
            self.bound = bound
        expression, own = self._built[name]
        guards = self._conditions()
        self.sites += (replace(site, guards=(*guards, *site.guards)) for site in own)
        return expression

    def _sum(self, terms: tuple[tuple[str, Node], ...], node: Node) -> Expr:
        parts = [self.number(term) if sign == "+" else -self.number(term) for sign, term in terms]
        self._check_size(sizes.sum_fits(parts), node)
        return sympy.Add(*parts)

    def _product(self, factors: tuple[tuple[str, Node], ...], node: Node) -> Expr:
        parts = []
        for k, (operator, factor) in enumerate(factors):
            part = self.number(factor)
            match [factor, *factors[k + 1 : k + 2]]:
                case [tree.Power(exponent=tree.Number(text="1")), ("/", tree.Number(text=n))]:
                    shown = self.source[slice(*factor.span)]
                    self.doubts.append(Remark(Note.ROOT, (shown, n)))
            if operator == "/":
                self.site("zero", (part,), node, Trouble.BY_ZERO)
                part = sympy.Pow(part, -1)
            parts.append(part)
        self._check_size(sizes.product_fits(parts), node)
        return sympy.Mul(*parts)

    def _power(self, base: Expr, exponent: Expr, node: Node) -> Expr:
        self._check_size(sizes.power_fits(base, exponent), node)
        if exponent.is_Integer:
            if exponent.is_negative:
                self.site("zero", (base,), node, Trouble.BY_ZERO)
        elif exponent.is_number:
            self.site("negative", (base,), node, Trouble.NOT_REAL)
            self.site("zero", (base,), node, Trouble.EDGE)
        elif base.is_zero:
            self.site("negative", (exponent,), node, Trouble.BY_ZERO)
            self.site("zero", (exponent,), node, Trouble.JUMP)
            return sympy.Piecewise((sympy.S.Zero, exponent > 0), (sympy.S.One, True))
        elif not base.is_positive:
            # A negative base has a real power only where the exponent is whole, which it stops
            # being as soon as it moves: a closer look in either case.
            self.site("negative-power", (base, exponent), node, Trouble.NOT_REAL)
            self.site("nonpositive", (base,), node, Trouble.WHOLE_EXPONENTS)
        return self._watched(sympy.Pow(base, exponent), (base, exponent), node)

    def _check_size(self, fits: bool, node: Node) -> None:
        if not fits:
            hint = "smaller numbers; answers beyond 1e308 cannot be shown anyway"
            self.fail("this number is too large to compute exactly", node, hint, "too-large")

    # Functions

    def _call(self, node: tree.Call) -> Expr:
        if node.name in self.given:
            message = f"`{node.name}` is a variable here, and no function"
            self.fail(message, node, f"`{node.name}*(…)` for a product")
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
            return self.quantified(function.name, node)
        if function.name in REDUCING and len(positional(node)) > 1:
            self._check_several(node)
        if reduces(function.name, len(positional(node))):
            return self._reduction(function, node)
        arguments = tuple(self.number(argument) for argument in node.arguments)
        if function.name == "Heaviside" and arguments[1:] == (sympy.S.Half,):
            arguments = arguments[:1]
        elif function.name == "Heaviside" and len(arguments) == 2:
            self.fail("the value of a step at 0 is 1/2 here", node, "where(x >= 0, 1, 0)")
        if function.definition is not None:
            return self.standing_for(function, arguments, node)
        if function.name == "pow":
            base, exponent = arguments
            return self._power(base, exponent, node)
        ordered = function.group == PIECES or function.name in ("atan2", "hypot")
        if ordered and function.name != "abs" and any(a.has(*_UNORDERED) for a in arguments):
            self.fail(f"`{node.name}` takes real numbers only", node, "real arguments")
        if function.name == "sinc" and self.inside is None:
            self.doubts.append(Remark(Note.SINC))
        self._check_whole(function, arguments, node)
        self._check_size(sizes.function_fits(function.name, arguments), node)
        self._hazards(function, arguments, node)
        assert function.symbol is not None
        return self._watched(getattr(special, function.symbol)(*arguments), arguments, node)

    def _check_several(self, call: tree.Call) -> None:
        """Refuse ``max(x, y, axis=0)``; and ``logsumexp(x, 0)`` may go over an axis of a tensor."""
        parts = positional(call)
        if by_name(call):
            message = f"an axis is of one tensor, and `{call.name}` has {len(parts)} here"
            self.fail(message, call, f"`{call.name}({self.text(parts[0])}, axis=0)`")
        self.reduces |= call.name == "logsumexp" and len(parts) == 2 and is_axis(parts[1])

    def _hazards(self, function: Function, arguments: tuple[Expr, ...], node: Node) -> None:
        for hazard in function.hazards:
            if hazard.test.startswith("tie"):
                quantities = tuple(dict.fromkeys(arguments))
            else:
                quantities = tuple(quantity(t, arguments) for t in hazard.quantity.split(";"))
            self.site(hazard.test, quantities, node, hazard.trouble)
        if function.name == "log" and len(arguments) == 2:
            base = arguments[1]
            if arguments[0].is_number and not base.is_number and isinstance(node, tree.Call):
                number, other = (self.source[slice(*a.span)] for a in node.arguments)
                hint = (
                    f"`log({other}, {number})` to the base {number}, `log({number})/log({other})`"
                )
                self.fail("which of the two is the base can be read in two ways", node, hint)
            if base.is_number and (base.is_positive is False or base == 1):
                self.fail("there is no logarithm to this base", node, "log(x, 2)")
            self.site("negative", (base,), node, Trouble.NOT_REAL)
            self.site("zero", (base * (base - 1),), node, Trouble.NO_BASE)

    def _check_whole(self, function: Function, arguments: tuple[Expr, ...], node: Node) -> None:
        for whole in function.whole:
            if whole.position >= len(arguments):
                continue
            argument = arguments[whole.position]
            if not (argument.is_Integer and whole.least <= argument <= whole.most):
                name = re.findall(r"\w+", function.signature)[whole.position + 1]
                self.fail(
                    f"`{name}` of `{function.signature}` must be a whole number from "
                    f"{whole.least} to {whole.most}",
                    node,
                    f"{function.name}(2, x)" if whole.position == 0 else "LambertW(x, -1)",
                )

    def standing_for(self, function: Function, arguments: Sequence[Expr], node: tree.Call) -> Expr:
        """What a function that is short for others is, as if that were typed here."""
        assert function.definition is not None
        outer, bound = self.inside, self.bound
        self.inside = outer or node
        # A constant is one also where the formula gives its name to a variable.
        self.bound = CONSTANTS | dict(zip(function.parameters, arguments, strict=True))
        try:
            return self.number(_definition(function.definition))
        finally:
            self.inside, self.bound = outer, bound

    def _check_arity(self, function: Function, node: tree.Call) -> None:
        least, most = function.arity
        count = len(positional(node))
        self._check_names(function, node)
        over = function.named[:1] == ("axis",) and most == 1
        if over and count == 2 and is_axis(node.arguments[1]):
            x, axis = (self.source[slice(*part.span)].strip() for part in node.arguments)
            message = f"`{node.name}` takes an axis by its name"
            self.fail(message, node, f"`{node.name}({x}, axis={axis})`")
        if count < least or (most is not None and count > most):
            wanted = f"{least}" if least == most else f"{least} to {most}"
            if most is None:
                wanted = f"at least {least}"
            of_two = BY_NAME.get(f"{function.name}2") if count == 2 else None
            meant = of_two if of_two and of_two.arity == (2, 2) else function
            self.fail(
                f"`{node.name}` takes {wanted} argument{'s' * (wanted[-1] != '1')}, not {count}",
                node,
                MEANT.get(node.name, meant.signature),
            )

    def _check_names(self, function: Function, call: tree.Call) -> None:
        """Refuse arguments by names that the function does not have, or twice."""
        named = [part for part in call.arguments if isinstance(part, tree.Keyword)]
        for place in named:
            if in_numpy(place.name) not in function.named:
                allowed = " and ".join(f"`{each}=`" for each in sorted(function.named))
                hint = allowed or f"the value in its place, without `{place.name}=`"
                self.fail(f"`{call.name}` has no argument `{place.name}=`", place, hint)
        if len(by_name(call)) < len(named):
            self.fail("an argument is given twice", named[-1], "each argument once")

    def _unknown(self, node: tree.Call) -> NoReturn:
        hint = "`hess --functions` lists every function"
        if node.name in CONSTANTS:
            hint = f"`{node.name}*(…)` for a product"
        elif node.name.startswith(("log_", "ln_")):
            hint = "`log2(x)`, `log10(x)` or `log(x)/log(b)`"
        elif meant := MEANT.get(node.name.lower()):
            hint = meant
        elif product := _with_factor(node.name):
            hint = f"`{product}(…)`"
        elif node.name.lower() in BY_NAME or len(node.name) > 3:
            hint = did_you_mean(node.name, BY_NAME) or hint
        elif len(node.name) <= 2 or node.name in self.names:
            hint = (
                f"`{shortened(node.name)}*(…)` if a product is meant; "
                "`hess --functions` lists functions"
            )
            match node.arguments:
                case (tree.Number(text=text),) if text.isdecimal():
                    shown = shortened(node.name)
                    hint = f"`{shown}{text}` for an element, `{shown}*({text})` for a product"
        message = f"`{shortened(node.name)}` is not a function that hess knows"
        self.fail(message, tree.Name(node.name_span, node.name), hint, "unknown-function")

    # Over the elements of tensors

    def _reduction(self, function: Function, node: tree.Call) -> Expr:
        """A call that goes over the elements of its argument, or over its arguments."""
        self.reduces = True
        parts = [(part,) for part in positional(node)]
        if function.name == "dot":
            return self.reduced("sum", node, [positional(node)])
        if function.name == "norm":
            order = order_of(node, self.given, self.source)
            parts = parts if order is None else parts[:1]
            if order not in (None, EUCLIDEAN):
                return self._norm(order, node)
        return self.reduced(function.name, node, parts)

    def reduced(self, kind: str, node: tree.Call, parts: Parts, of: Of | None = None) -> Expr:
        """A reduction of all parts together, each a product of nodes: of the numbers themselves, or
        of what ``of`` makes of each.
        """
        products = (sympy.Mul(*map(self.number, factors)) for factors in parts)
        expression, watched = joined(kind, [of(p) if of else p for p in products])
        self._hazards(BY_NAME[kind], watched, node)
        return expression

    def _norm(self, order: Order, node: tree.Call) -> Expr:
        """The norm of an order p, (sum of abs(x)**p)**(1/p) over all elements, as in NumPy."""
        part = positional(node)[0]
        if order == INFINITY:
            # Of both signs, so that an element which is 0 matters only if it is the largest.
            return self.reduced("max", node, [(part,), (tree.Negative(part.span, part),)])
        if order == -INFINITY:
            return self.reduced("min", node, [(part,)], partial(self._magnitude, node))
        p = sympy.Rational(order)

        def power(element: Expr) -> Expr:
            if p.is_even and p.is_positive:
                return element**p
            if p.is_negative:
                self.site("zero", (element,), node, Trouble.BY_ZERO)
            return self._magnitude(node, element) ** p

        total = self.reduced("sum", node, [(part,)], power)
        if p == 1:
            return total
        self.site("zero", (total,), node, Trouble.KINK)
        return total ** (1 / p)

    def _magnitude(self, node: Node, element: Expr) -> Expr:
        self.site("zero", (element,), node, Trouble.KINK)
        return sympy.Abs(element)

    # Pieces and conditions

    def _pair(self, node: Node) -> tuple[Node, Node]:
        if not isinstance(node, tree.Pair) or len(node.items) != 2:
            self.fail(
                "`Piecewise` takes pairs (value, condition)",
                node,
                "Piecewise((x, x < 0), (x**2, True))",
            )
        return node.items[0], node.items[1]

    def _piecewise(self, pairs: list[tuple[Node, Node | None]], node: Node) -> Expr:
        pieces = []
        with self.guarded():
            for value, condition in pairs:
                holds = sympy.true if condition is None else self.condition(condition)
                with self.guarded(holds):
                    pieces.append((self.number(value), holds))
                self.guards.append(sympy.Not(holds))
            self.site("always", (), node, Trouble.NO_PIECE)
        pieces = [(value, holds) for value, holds in pieces if holds != sympy.false]
        if not pieces:
            return sympy.nan
        if pieces[0][1] == sympy.true:
            return pieces[0][0]
        # Unevaluated: SymPy tries to solve the conditions, which can take minutes.
        return sympy.Piecewise(*pieces, evaluate=False)

    def condition(self, node: Node) -> Expr:
        """The SymPy condition that ``node`` names; refuses numbers."""
        match node:
            case tree.Name(name=name) if name in TRUTH and name not in self.given:
                return TRUTH[name]
            case tree.Comparison(operands=operands, operators=operators):
                values = [self.limit(operand) for operand in operands]
                return sympy.And(
                    *(
                        self._compare(operator, a, b, node)
                        for operator, a, b in zip(operators, values, values[1:], strict=False)
                    )
                )
            case tree.Logic(operator=operator, operands=parts):
                join = sympy.And if operator == "and" else sympy.Or
                return join(*(self.condition(part) for part in parts))
            case tree.Not(operand=operand):
                return sympy.Not(self.condition(operand))
            case _:
                self.fail("a condition is needed here", node, "a comparison such as x > 0")

    def _compare(self, operator: str, a: Expr, b: Expr, node: Node) -> Expr:
        if a != b:
            self.site("zero", (a - b,), node, Trouble.SWITCH)
        for side in (a, b):
            if side.has(*_UNORDERED):
                self.fail("only real numbers can be compared", node, "a condition without `I`")
        return special.compared(operator, a, b)


def joined(kind: str, found: Sequence[Expr]) -> tuple[Expr, tuple[Expr, ...]]:
    """The numbers ``found`` as one, and what the hazards of a reduction of this kind are about."""
    match kind:
        case "sum":
            return sympy.Add(*found), ()
        case "mean":
            return sympy.Add(*found) / len(found), ()
        case "prod":
            return sympy.Mul(*found), ()
        case "norm":
            square = sympy.Add(*(element**2 for element in found))
            return sympy.sqrt(square), (square,)
    return getattr(special, str(BY_NAME[kind].symbol))(*found), tuple(dict.fromkeys(found))


def quantity(text: str, arguments: tuple[Expr, ...]) -> Expr:
    """The quantity of a hazard with a function's arguments in place of ``x`` and ``y``."""
    template = _template(text)
    return template.xreplace(dict(zip(_PLACEHOLDERS, arguments, strict=False)))


_PLACEHOLDERS = (symbol("x"), symbol("y"))


@cache
def _template(text: str) -> Expr:
    builder = Builder(text, frozenset("xy"))
    return builder.number(parse_formula(text))


def _is_infinite(expression: Expr) -> bool:
    if expression in INFINITE:
        return True
    return not isinstance(expression, sympy.Piecewise) and any(map(_is_infinite, expression.args))


@cache
def _definition(text: str) -> Node:
    return parse_formula(text)


def _with_factor(name: str) -> str | None:
    """A letter and a function that stand together as a name: xsin."""
    rest = name[1:]
    return f"{name[0]}*{rest}" if len(rest) > 2 and rest in BY_NAME else None
