"""Text → syntax tree, for formulas and for points. Nothing here knows SymPy or torch.

The parser is a precedence parser over tokens that remember their place in the text, so that
every node, and every error, carries its span. It exists because Python's own parser cannot read
what people paste (``4x² + 2(x+1)·y − π``) nor name a variable ``lambda``, and because it runs
out of stack on long sums; nothing it reads is ever evaluated as code.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import NoReturn

from hesscli.errors import HessError, shortened
from hesscli.functions.table import BY_NAME
from hesscli.language import tree
from hesscli.language.tokens import NAME, Token, canonical_name, read_number, tokenize
from hesscli.language.tree import Node
from hesscli.types import Span

MAX_DEPTH = 400


def parse_formula(text: str) -> Node:
    """The tree of a formula. Raises :class:`HessError` with the place of the first mistake."""
    if not text.strip():
        raise HessError("empty-formula", "the formula is empty", hint='hess "x**3 + x*y" --at 2,4')
    parser = _Parser(text, tokenize(text))
    node = parser.condition()
    parser.finish()
    return node


_NAMES = rf"{NAME}(?:\s*,\s*{NAME})*"
_DEFINITION = re.compile(
    rf"\s*(?:(?P<called>{NAME})\s*\(\s*(?P<of>{_NAMES})\s*\)\s*:?=(?!=)"
    rf"|lambda\s+(?P<by>{_NAMES})\s*:|(?P<plain>{NAME})\s*:?=(?!=))"
)


def parse_definition(text: str) -> tuple[tuple[str, ...], Node]:
    """The variables of ``f(y, x) = x*y`` in their order, and the tree of its right-hand side.

    ``lambda y, x: x*y`` is the same, and ``f = x*y`` or ``x*y`` has no variables of its own.
    """
    arguments, right = _split_definition(text)
    try:
        return arguments, parse_formula(right)
    except HessError as error:
        error.source = text  # with what stands before the `=`
        raise


def _split_definition(text: str) -> tuple[tuple[str, ...], str]:
    """The variables and the right-hand side, in its place."""
    match = _DEFINITION.match(text)
    if match is None:
        return (), text
    names = match["of"] or match["by"] or ""
    right = " " * match.end() + text[match.end() :]
    inside = re.findall(NAME, right)
    plain = match["plain"] and (match["plain"] in inside or not inside)
    if plain or "=" in re.sub("[<>=!]=", "", right):
        return (), text  # an equation
    if match["called"]:
        _refuse_function(match, right.strip(), text)
    arguments = tuple(canonical_name(name.strip()) for name in names.split(",") if name)
    for name in arguments:
        if arguments.count(name) > 1:
            raise HessError(
                "doubled-name", f"`{shortened(name)}` is a variable of this function twice",
                span=match.span("of" if match["of"] else "by"), source=text,
                hint="each variable once",
            )  # fmt: skip
    return arguments, right


def _refuse_function(match: re.Match[str], right: str, text: str) -> None:
    """Refuse a header that is a known function, as in the equation ``ln(q) = …``."""
    name, names = canonical_name(match["called"]), match["of"].strip()
    if name in BY_NAME or name.lower() in BY_NAME:
        difference = shortened(f"{name}({names}) - ({right})")
        raise HessError(
            "ambiguous-header",
            f"`{name}` is a function already, so `{name}({names}) = …` may be an equation",
            span=match.span("called"), source=text,
            hint=f"`f({names}) = …` for a function of your own, `{difference}` for an equation",
        )  # fmt: skip


def parse_items(text: str) -> list[tuple[Token | None, Node]]:
    """The comma-separated items of a point: ``(name token or None, value)`` in the order typed."""
    parser = _Parser(text, tokenize(text, files=True))
    items: list[tuple[Token | None, Node]] = []
    while not items or parser.token.kind == ",":
        if items:
            parser.advance()
        name = None
        if parser.token.kind == "name" and parser.peek().kind == "=":
            name = parser.advance()
            parser.advance()
        items.append((name, parser.condition()))
    parser.finish()
    return items


_Operators = tuple[str, ...]
# Makes a node of its place, its operands and what stands between them.
_Made = Callable[[Span, tuple[Node, ...], _Operators], Node]
_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")


def _sum(span: Span, terms: tuple[Node, ...], signs: _Operators) -> Node:
    return tree.Sum(span, tuple(zip(("+", *signs), terms, strict=True)))


def _logic(span: Span, operands: tuple[Node, ...], operators: _Operators) -> Node:
    return tree.Logic(span, operators[0], operands)


class _Parser:
    """One pass over the tokens; each method reads one level of precedence, loosest first."""

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self.text = text
        self.tokens = tokens
        self.position = 0
        self.depth = 0
        self.juxtaposed = False  # whether the last factor read was a product without an operator
        # From tight to loose: each takes operands of the one before.
        self.signed = partial(self._prefixed, self.juxtaposition, tree.Negative)
        self.sum = partial(self._chain, self.product, ("+", "-"), _sum)
        self.comparison = partial(self._chain, self.sum, _COMPARISONS, tree.Comparison)
        self.negation = partial(self._prefixed, self.comparison, tree.Not)
        self.conjunction = partial(self._chain, self.negation, ("and",), _logic)
        self.disjunction = partial(self._chain, self.conjunction, ("or",), _logic)

    @property
    def token(self) -> Token:
        return self.tokens[self.position]

    def peek(self) -> Token:
        return self.tokens[min(self.position + 1, len(self.tokens) - 1)]

    def advance(self) -> Token:
        token = self.token
        if token.kind != "end":
            self.position += 1
        return token

    def fail(self, message: str, span: Span, hint: str, code: str = "syntax") -> NoReturn:
        raise HessError(code, message, span=span, source=self.text, hint=hint)

    def finish(self) -> None:
        token = self.token
        if token.kind == "end":
            return
        if token.kind == "=" and self.tokens[self.position - 1].text in ("axis", "dim", "ord"):
            self.fail(
                "arguments by name, and axes, are not supported", token.span,
                "sum(x) over all elements, norm(x, 1) for an order",
            )  # fmt: skip
        if token.kind == "=":
            self.fail(
                "`=` is not part of a formula",
                token.span,
                "give the right-hand side alone, values with `--at`; a comparison is `==`",
            )
        if token.kind == ")":
            self.fail("this bracket was never opened", token.span, "remove `)` or add `(`")
        before = self.tokens[self.position - 1]
        if token.kind in ("name", "number", "(", "root", "["):
            left, right = self._shown(before), self._shown(token)
            if before.text in BY_NAME:
                hint = f"`{left}({right})`"
            elif token.kind == "name" and self.peek().kind == "(":
                hint = f"`{left}*{right}(…)`"
            elif before.kind == "name" and token.kind in ("name", "number"):
                hint = f"`{left}*{right}` for a product, `{left}({right})` for a function"
            else:
                hint = f"an operator between `{left}` and `{right}`, such as `*`"
            self.fail(f"an operator is missing before `{right}`", token.span, hint)
        self.fail(
            f"`{self._shown(token)}` is not expected here",
            token.span,
            "remove it, or close a bracket",
        )

    def _shown(self, token: Token) -> str:
        return self._quoted(token.span[0], token.span[1])

    def _quoted(self, start: int, end: int) -> str:
        return shortened(self.text[start:end])

    def _deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            message = f"the formula is nested more than {MAX_DEPTH} levels deep"
            self.fail(message, self.token.span, "a formula with fewer levels", "too-deep")

    # Conditions

    def condition(self) -> Node:
        """``a if c else b``, the loosest of all; also counts how deep brackets are nested."""
        self._deeper()
        value = self.disjunction()
        if self.token.kind == "if":
            self.advance()
            condition = self.disjunction()
            if self.token.kind != "else":
                self.fail("`if` without `else`", self.token.span, "where(condition, a, b)")
            self.advance()
            other = self.condition()
            span = (value.span[0], other.span[1])
            value = tree.Call(span, "where", span, (condition, value, other))
        self.depth -= 1
        return value

    def _chain(self, operand: Callable[[], Node], kinds: _Operators, made: _Made) -> Node:
        """An operand, or what is made of several with operators of these kinds between them."""
        operands, operators = [operand()], []
        while self.token.kind in kinds:
            operators.append(self.advance().kind)
            operands.append(operand())
        span = (operands[0].span[0], operands[-1].span[1])
        return made(span, tuple(operands), tuple(operators)) if operators else operands[0]

    def _prefixed(self, operand: Callable[[], Node], made: type[tree.Not | tree.Negative]) -> Node:
        """An operand behind signs, or behind any number of ``not``, of which two cancel."""
        start = self.token.span[0]
        odd = False
        while self.token.kind in (("not",) if made is tree.Not else ("+", "-")):
            odd ^= self.advance().kind != "+"
        node = operand()
        return made((start, node.span[1]), node) if odd else node

    # Arithmetic

    def product(self) -> Node:
        factor = self.signed()
        factors = self._flat("*", factor)
        while self.token.kind in ("*", "/", "%"):
            token = self.advance()
            if token.kind == "%":
                hint = "x - 3*floor(x/3) for x % 3"
                self.fail("the remainder `%` is not differentiable", token.span, hint)
            factor = self.signed()
            if token.kind == "/" and self.juxtaposed:
                self._ambiguous_quotient(token, factor)
            factors += self._flat(token.kind, factor)
        if len(factors) == len(self._flat("*", factor)):
            return factor
        return tree.Product((factors[0][1].span[0], factors[-1][1].span[1]), tuple(factors))

    def _flat(self, operator: str, factor: Node) -> list[tuple[str, Node]]:
        """``factor``, or its factors where it is a product without an operator (``2x*y``)."""
        if self.juxtaposed and isinstance(factor, tree.Product):
            return list(factor.factors)
        return [(operator, factor)]

    def _ambiguous_quotient(self, slash: Token, factor: Node) -> NoReturn:
        while isinstance(factor, tree.Negative):
            factor = factor.operand
        assert isinstance(factor, tree.Product)
        first = factor.factors[0][1]
        number = self._quoted(*first.span)
        whole = self._quoted(*factor.span)
        rest = self._quoted(first.span[1], factor.span[1]).strip()
        self.fail(
            f"`/{whole}` can be read in two ways", (slash.span[0], factor.span[1]),
            f"`/({number}*{rest})` or `/{number}*{rest}`", "ambiguous-product",
        )  # fmt: skip

    def juxtaposition(self) -> Node:
        """``2x``, ``2(x+1)``, ``(x+1)(x-1)``, ``4x²y``: a product without an operator."""
        factors = []
        while True:
            start = self.position
            factors.append(self.power())
            before = self.tokens[self.position - 1]
            token = self.token
            if token.kind not in ("name", "(", "root"):
                break
            plain_number = self.position - start == 1 and before.kind == "number"
            if plain_number and token.text.startswith("_"):
                break
            if before.raised and self._is_function(factors[-1]):
                self._ambiguous_power(factors[-1], token)
            if not plain_number and before.kind != ")":
                if before.kind == "number":
                    self._ambiguous_power(factors[-1], token)
                break
            if not plain_number and isinstance(factors[-1], tree.Power) and not before.raised:
                # 2**(x)(y) and (x)**(2)(y): a reader may take the second bracket into the power.
                self._ambiguous_power(factors[-1], token)
        self.juxtaposed = len(factors) > 1
        if len(factors) == 1:
            return factors[0]
        span = (factors[0].span[0], factors[-1].span[1])
        return tree.Product(span, tuple(("*", factor) for factor in factors))

    def _is_function(self, factor: Node) -> bool:
        """Whether this is a power of a function's name without its bracket, as in ``sin²x``."""
        return (
            isinstance(factor, tree.Power)
            and isinstance(factor.base, tree.Name)
            and factor.base.name in BY_NAME
        )

    def _ambiguous_power(self, power: Node, token: Token) -> NoReturn:
        shown = self._quoted(*power.span)
        hint = f"`{shown}*{self._shown(token)}`, or brackets around the exponent"
        if isinstance(power, tree.Call):
            hint = f"`{shown}*{self._shown(token)}`, or brackets after the root"
        elif isinstance(power, tree.Power) and self._is_function(power):
            name = self._quoted(*power.base.span)
            hint = f"the argument in brackets: {name}(x)**2"
            match power.exponent:
                case tree.Negative(operand=tree.Number(text="1")):
                    inverse = f"a{name}" if f"a{name}" in BY_NAME else f"1/{name}"
                    hint = f"`{inverse}(x)` for the inverse, `1/{name}(x)` for the reciprocal"
        message = f"`{shown}{self._shown(token)}` can be read in two ways"
        self.fail(message, token.span, hint, "ambiguous-product")

    def power(self) -> Node:
        base = self.postfix()
        if self.token.kind != "**":
            return base
        exponent = self.primary() if self.advance().raised else self._exponent()
        node = tree.Power((base.span[0], exponent.span[1]), base, exponent)
        if self.token.kind == "**":
            self.fail(
                "two exponents follow each other",
                self.token.span,
                "brackets: `(a**b)**c` or `a**(b**c)`",
            )
        return node

    def _exponent(self) -> Node:
        """The exponent of ``**``: signs, then a power again, since ``a**b**c`` is ``a**(b**c)``."""
        self._deeper()
        node = self._prefixed(self.power, tree.Negative)
        self.depth -= 1
        return node

    def postfix(self) -> Node:
        node = self.primary()
        while self.token.kind == "!":
            token = self.advance()
            if self.token.kind == "!":
                self.fail("`!!` can be read in two ways", self.token.span, "(x!)! if that is meant")
            node = tree.Call((node.span[0], token.span[1]), "factorial", token.span, (node,))
        return node

    def primary(self) -> Node:
        token = self.advance()
        match token.kind:
            case "number":
                return tree.Number(token.span, self._value(token), token.text)
            case "name":
                if self.token.kind == "(" and not self.token.raised:
                    return self._call(token)
                if token.text in BY_NAME and self._bracket_after_superscripts():
                    return self._raised_call(token)
                return tree.Name(token.span, token.text)
            case "root":
                self._deeper()
                bare = self.token.kind != "("
                argument = self.primary()
                self.depth -= 1
                if bare and self.token.kind in ("**", "!"):
                    shown = self._quoted(argument.span[0], self.token.span[1])
                    self.fail(
                        "how far this root reaches can be read in two ways",
                        token.span,
                        f"brackets: `{self._shown(token)}({shown})`",
                    )
                span = (token.span[0], argument.span[1])
                return tree.Call(span, token.text, token.span, (argument,))
            case "(":
                return self._bracket(token)
            case "[":
                return self._array(token)
            case "word":
                return tree.Word(token.span, token.text)
            case "file":
                return tree.File(token.span, token.text)
            case "end":
                self.fail(
                    "the text ends where a number, a name or a bracket should follow",
                    token.span,
                    "finish the formula, or remove what stands before its end",
                )
            case ")":
                self.fail(
                    "nothing stands before this bracket",
                    token.span,
                    "remove the bracket, or what comes before it",
                )
            case "/" if self.tokens[self.position - 2].kind == "/":
                self.fail("`//` is not part of a formula", token.span, "floor(x/y)")
            case "or" if token.text == "|":
                self.fail("`|` means `or` here", token.span, "abs(x) for an absolute value")
            case _:
                self.fail(
                    f"`{self._shown(token)}` stands where a number, a name or a bracket should",
                    token.span,
                    "remove it, or write what it applies to",
                )

    def _value(self, token: Token) -> Fraction:
        try:
            return read_number(token.text)
        except HessError as error:
            raise error.at(self.text, token.span) from None

    def _items(self, closing: str = "") -> tuple[Node, ...]:
        """Conditions with commas between them; none where ``closing`` follows at once."""
        if self.token.kind == closing:
            return ()
        items = [self.condition()]
        while self.token.kind == ",":
            self.advance()
            items.append(self.condition())
        return tuple(items)

    def _close(self, opening: Token, closing: str) -> int:
        if self.token.kind != closing:
            if self.token.kind == "end":
                self.fail(f"`{opening.text}` is never closed", opening.span, f"add `{closing}`")
            self.finish()
        return self.advance().span[1]

    def _call(self, name: Token) -> Node:
        opening = self.advance()
        arguments = self._items(")")
        span = (name.span[0], self._close(opening, ")"))
        return tree.Call(span, name.text, name.span, arguments)

    def _bracket_after_superscripts(self) -> bool:
        """Whether superscripts stand here and a bracket behind them: ``sin²(x)``."""
        position = self.position
        while self.tokens[position].raised:
            position += 1
        return position > self.position and self.tokens[position].kind == "("

    def _raised_call(self, name: Token) -> Node:
        """``sin²(x)`` is ``sin(x)**2``."""
        self.advance()
        exponent = self.primary()
        if isinstance(exponent, tree.Negative):
            self.fail(
                "a negative power of a function can mean its inverse",
                exponent.span,
                f"`1/{name.text}(…)`, or the inverse function by its name",
            )
        call = self._call(name)
        return tree.Power(call.span, call, exponent)

    def _bracket(self, opening: Token) -> Node:
        items = (self.condition(),) if opening.raised else self._items()
        span = (opening.span[0], self._close(opening, ")"))
        return replace(items[0], span=span) if len(items) == 1 else tree.Pair(span, items)

    def _array(self, opening: Token) -> Node:
        items = self._items("]")
        return tree.Array((opening.span[0], self._close(opening, "]")), items)
