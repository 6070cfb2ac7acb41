"""Text → syntax tree, for formulas and for points. Nothing here knows SymPy or torch.

The parser is a precedence parser over tokens that remember their place in the text, so that
every node, and every error, carries its span. It exists because Python's own parser cannot read
what people paste (``4x² + 2(x+1)·y − π``) nor name a variable ``lambda``, and because it runs
out of stack on long sums; nothing it reads is ever evaluated as code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import NoReturn

from hesscli.errors import HessError
from hesscli.functions.table import BY_NAME, reduces
from hesscli.language import tree
from hesscli.language.cursor import COMPARISONS, Cursor
from hesscli.language.dialects import in_one_notation
from hesscli.language.mistakes import instead_of, refuse_rest
from hesscli.language.tokens import (
    FOREIGN,
    GREEK,
    MAX_DEPTH,
    Token,
    read_number,
    tokenize,
    unknown_character,
)
from hesscli.language.tree import Node
from hesscli.types import Span


def parsed(text: str, tokens: list[Token]) -> tuple[Node, bool]:
    """The tree of a formula, and whether each sign in it stands for itself.

    Raises :class:`HessError` with the place of the first mistake.
    """
    parser = _Parser(text, tokens)
    node = parser.condition()
    parser.finish()
    return node, not parser.free


def parse_formula(text: str) -> Node:
    """The tree of a formula in plain notation."""
    return parsed(text, tokenize(text))[0]


def parse_items(text: str, *, files: bool = True) -> list[tuple[Token | None, Node]]:
    """The comma-separated items of a point: ``(name token or None, value)`` in the order typed.

    Without ``files``, an ``@`` is a product of matrices.
    """
    parser = _Parser(text, in_one_notation(tokenize(text, files=files), text))
    items: list[tuple[Token | None, Node]] = []
    while not items or parser.token.kind == ",":
        if items:
            parser.advance()
        name = parser.named_value()
        items.append((name, parser.condition()))
    if parser.token.kind == "=":
        hint = "a value behind each name: `x=1,y=2`"
        parser.fail("`=` stands behind a value", parser.token.span, hint, "bad-value")
    parser.finish()
    return items


_Operators = tuple[str, ...]
# Makes a node of its place, its operands and what stands between them.
_Made = Callable[[Span, tuple[Node, ...], _Operators], Node]
_RELATIONS = {"Eq": "==", "Ne": "!=", "Lt": "<", "Le": "<=", "Gt": ">", "Ge": ">="}
# Methods that have arguments besides what they are of.
_WITH_ARGUMENTS = (
    "pow",
    "dot",
    "matmul",
    "norm",
    "transpose",
    "clip",
    "clamp",
    "xlogy",
    "logaddexp",
    "maximum",
    "minimum",
)
_CASTS = ("float", "double", "int", "long")  # of C
_NUMBERS = ("Integer", "Float", "Rational", "S")  # of SymPy
_ROOTS = ("sqrt", "cbrt")
_GREEK_NAMES = {*GREEK.values(), "pi"}


def _sum(span: Span, terms: tuple[Node, ...], signs: _Operators) -> Node:
    return tree.Sum(span, tuple(zip(("+", *signs), terms, strict=True)))


def _logic(span: Span, operands: tuple[Node, ...], operators: _Operators) -> Node:
    return tree.Logic(span, operators[0], operands)


def _by_name(name: str, value: Node) -> Node:
    return value if isinstance(value, tree.Keyword) else tree.Keyword(value.span, name, value)


def _product(factors: list[tuple[str, Node]]) -> Node:
    return tree.Product((factors[0][1].span[0], factors[-1][1].span[1]), tuple(factors))


_ENDS_OF_NUMBERS = ("end", ",", ")", "]", "*", "/", "**")


def _is_literal(node: Node) -> bool:
    return isinstance(node.operand if isinstance(node, tree.Negative) else node, tree.Number)


class _Parser(Cursor):
    """One pass over the tokens; each method reads one level of precedence, loosest first."""

    def __init__(self, text: str, tokens: list[Token]) -> None:
        super().__init__(text, tokens)
        self.depth = 0
        self.free = False  # whether something was read that does not stand there literally
        self.bars = 0  # absolute values that are open in the innermost bracket
        self.juxtaposed = False  # whether the last factor read was a product without an operator
        # From tight to loose: each takes operands of the one before.
        self.signed = partial(self._prefixed, self.juxtaposition, tree.Negative)
        self.sum = partial(self._chain, self.product, ("+", "-"), _sum)
        self.comparison = partial(self._chain, self.sum, COMPARISONS, tree.Comparison)
        self.negation = partial(self._prefixed, self.comparison, tree.Not)
        self.conjunction = partial(self._chain, self.negation, ("and",), _logic)
        self.disjunction = partial(self._chain, self.conjunction, ("or",), _logic)

    def named_value(self) -> Token | None:
        """Goes to the value of an item of a point; the name that it is given to, if any."""
        if self.token.kind == "=":
            self.fail("no name stands before this `=`", self.token.span, "`x=2`", "bad-value")
        if self.token.kind != "name" or self.peek().kind != "=":
            return None
        name = self.advance()
        self.advance()
        if self.token.kind in (",", "end"):
            shown = self.shown(name)
            self.fail(f"`{shown}` has no value", name.span, f"`{shown}=2`", "bad-value")
        return name

    def finish(self) -> None:
        """Refuse what stands behind the formula."""
        if self.token.kind != "end":
            refuse_rest(self)

    def _deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            message = f"the formula is nested more than {MAX_DEPTH} levels deep"
            self.fail(message, self.token.span, "a formula with fewer levels", "too-deep")

    # Conditions

    def condition(self) -> Node:
        """``a if c else b`` or ``c ? a : b``, the loosest of all; also counts how deep brackets are
        nested.
        """
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
        elif self.token.kind == "?":
            value = self._ternary(value)
        self.depth -= 1
        return value

    def _ternary(self, condition: Node) -> Node:
        """What C makes of ``c ? a : b``, where ``c`` is all that stands before."""
        sign = self.advance()
        first = self.condition()
        if self.token.kind != ":":
            self.fail("`?` without `:`", sign.span, "where(condition, a, b)")
        self.advance()
        second = self.condition()
        self.free = True
        span = (condition.span[0], second.span[1])
        return tree.Call(span, "where", span, (condition, first, second))

    def _chain(self, operand: Callable[[], Node], kinds: _Operators, made: _Made) -> Node:
        """An operand, or what is made of several with operators of these kinds between them."""
        operands, operators = [operand()], []
        while self.token.kind in kinds and not self._ends_absolute():
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
        single, factors = True, self._flat("*", factor)
        while self.token.kind in ("*", "/", "%", "@"):
            token = self.advance()
            if token.kind == "%" and self.token.kind == "*" and self.peek().kind == "%":
                self.fail("`%*%` of R is `@` here", token.span, "A@x")
            if token.kind == "%" and self.token.kind in _ENDS_OF_NUMBERS:
                hint = f"`{self.quoted(*factor.span)}/100`"
                if isinstance(factor, tree.Power):
                    hint = f"`({self.quoted(*factor.exponent.span)}/100)` in the exponent"
                self.fail("`%` is no part of a number", token.span, hint, "bad-value")
            if token.kind == "%":
                hint = "`x - 3*floor(x/3)` for x % 3; `#` before a comment"
                self.fail("the remainder `%` is not differentiable", token.span, hint)
            if token.kind == "@":
                left = factor if single else _product(factors)
                factor = self.signed()
                factor = tree.MatMul((left.span[0], factor.span[1]), left, factor)
                single, factors = True, [("*", factor)]
                continue
            factor = self.signed()
            if token.kind == "/" and self.juxtaposed:
                self._ambiguous_quotient(factors[-1][1], token, factor)
            single = False
            factors += self._flat(token.kind, factor)
        return factor if single else _product(factors)

    def _flat(self, operator: str, factor: Node) -> list[tuple[str, Node]]:
        """``factor``, or its factors where it is a product without an operator (``2x*y``)."""
        if self.juxtaposed and isinstance(factor, tree.Product):
            return list(factor.factors)
        return [(operator, factor)]

    def _ambiguous_quotient(self, above: Node, slash: Token, factor: Node) -> NoReturn:
        if isinstance(above, tree.Name) and above.name == "d":
            span = (above.span[0], factor.span[1])
            self.fail("a derivative is not written so", span, "`Derivative(f, x)`")
        while isinstance(factor, tree.Negative):
            factor = factor.operand
        assert isinstance(factor, tree.Product)
        first = factor.factors[0][1]
        top, number = self.quoted(*above.span), self.quoted(*first.span)
        whole = self.quoted(*factor.span)
        rest = self.quoted(first.span[1], factor.span[1]).strip()
        self.fail(
            f"`/{whole}` can be read in two ways", (slash.span[0], factor.span[1]),
            f"`{top}/({number}*{rest})` or `{top}/{number}*{rest}`", "ambiguous-product",
        )  # fmt: skip

    def juxtaposition(self) -> Node:
        """``2x``, ``x y``, ``2(x+1)``, ``(x+1)(x-1)``, ``x²y``: a product without an operator."""
        factors = []
        while True:
            start = self.position
            factors.append(self.power())
            if not self._is_followed(factors[-1], start):
                break
        self.juxtaposed = len(factors) > 1
        if len(factors) == 1:
            return factors[0]
        span = (factors[0].span[0], factors[-1].span[1])
        return tree.Product(span, tuple(("*", factor) for factor in factors))

    def _is_followed(self, factor: Node, start: int) -> bool:
        """Whether another factor stands here behind the one that began at the token ``start``.

        Raises :class:`HessError` where a reader may take it into that one.
        """
        token, before = self.token, self.tokens[self.position - 1]
        if token.kind not in ("name", "(", "root") and not self._opens_absolute():
            return False
        if isinstance(factor, tree.Name) and self._needs_argument(factor.name):
            self.fail(f"`{factor.name}` has no argument", factor.span, f"`{factor.name}(…)`")
        number = self.position - start == 1 and before.kind == "number"
        if token.kind == "name" and token.text.startswith("_"):
            return False
        if self.end_of_bracket(start) == self.position:
            if isinstance(factor, tree.Name) and factor.name in _CASTS:
                self.fail("a cast is not part of a formula", factor.span, f"`{factor.name}*…`")
        elif self._is_called(factor, start) and before.kind in ("name", "number"):
            # sin x y and √2x, but not sin x cos y.
            called = factor.base if isinstance(factor, tree.Power) else factor
            root = isinstance(called, tree.Call) and called.name in _ROOTS
            if token.kind != "name" or token.text not in BY_NAME or root:
                self._ambiguous_power(factor, token)
        elif isinstance(factor, tree.Power) and not before.raised:
            self._check_power(factor, before, token)
        elif (before.raised and self._is_function(factor)) or (
            not number and before.kind == "number"
        ):
            self._ambiguous_power(factor, token)
        if not number and not (before.kind == ")" or before.raised):
            self.free = True
        return True

    def _is_called(self, factor: Node, start: int) -> bool:
        """Whether this is a function of what stands behind it without a bracket, or a power of it
        that is typed before: ``sin²x``.
        """
        if isinstance(factor, tree.Power):
            raised = self.tokens[start + 1].kind == "**" and self.tokens[start].text in BY_NAME
            return raised and isinstance(factor.base, tree.Call)
        return isinstance(factor, tree.Call)

    def _check_power(self, power: tree.Power, before: Token, token: Token) -> None:
        """Refuse what may belong to the exponent of a power: ``2^3x``, ``e^2x``, ``x^y z``."""
        base = power.base
        literal = before.kind == "number" and isinstance(power.exponent, tree.Number)
        number = isinstance(base, tree.Number) or (
            isinstance(base, tree.Name) and base.name in ("e", "E")
        )
        transposed = isinstance(power.exponent, tree.Name) and power.exponent.name == "T"
        bracket = (
            before.kind == ")" and not transposed and (token.kind != "(" or before.text == "}")
        )
        if not (literal and not number) and not bracket:
            self._ambiguous_power(power, token)
        self.free = True

    def _needs_argument(self, name: str) -> bool:
        return name in BY_NAME and len(name) > 1 and name not in _GREEK_NAMES

    def _is_function(self, factor: Node) -> bool:
        """Whether this is a power of a function's name without its bracket, as in ``sin²x``."""
        return (
            isinstance(factor, tree.Power)
            and isinstance(factor.base, tree.Name)
            and factor.base.name in BY_NAME
        )

    # Absolute values

    def _ends_absolute(self) -> bool:
        """Whether the sign here is a bar of an absolute value, where an operator may stand."""
        return self.token.text == "|" and (self.bars > 0 or self.is_bar())

    def _opens_absolute(self) -> bool:
        return self.is_bar() and not self.bars

    def _absolute(self, opening: Token) -> Node:
        """``|x|``."""
        self.free = True
        self._deeper()
        self.bars += 1
        inside = self.disjunction()
        self.bars -= 1
        self.depth -= 1
        if self.token.text != "|":
            self.fail("`|` is never closed", opening.span, "add `|`, or abs(…)")
        closing = self.advance()
        span = (opening.span[0], closing.span[1])
        if self._bars_are_ambiguous():
            self.fail(
                "which bars belong together can be read in two ways", span,
                "abs(…) for each absolute value", "ambiguous-product",
            )  # fmt: skip
        return tree.Call(span, "abs", opening.span, (inside,))

    def _bars_are_ambiguous(self) -> bool:
        """Whether a factor without an operator touches a bar, and there are others: |x|y|z|."""
        others = sum(token.text == "|" for token in self.tokens) > 2
        return others and self.token.kind in ("name", "number", "(", "root")

    def _ambiguous_power(self, power: Node, token: Token) -> NoReturn:
        shown, factor = self.quoted(*power.span), self._factor_ahead()
        hint = f"`{shown}*{factor}`, or brackets around both"
        match power:
            case tree.Call(name_span=place, arguments=(argument,)):
                both = f"{self.quoted(*place)}({self.quoted(*argument.span)}*{factor})"
                hint = f"`{shown}*{factor}` or `{both}`"
            case tree.Power(base=base, exponent=exponent) if self._is_function(power):
                name = self.quoted(*base.span)
                hint = f"the argument in brackets: {name}(x)**2"
                match exponent:
                    case tree.Negative(operand=tree.Number(text="1")):
                        inverse = f"a{name}" if f"a{name}" in BY_NAME else f"1/{name}"
                        hint = f"`{inverse}(x)` for the inverse, `1/{name}(x)` for the reciprocal"
            case tree.Power(exponent=exponent):
                inside = f"{self.quoted(*exponent.span)}*{factor}"
                inside = f"{{{inside}}}" if "\\" in self.text else f"({inside})"
                before = self.quoted(power.span[0], exponent.span[0])
                hint = f"`{shown}*{factor}` or `{before}{inside}`"
        typed = self.quoted(power.span[0], token.span[0])
        message = f"`{typed}{factor}` can be read in two ways"
        self.fail(message, token.span, hint, "ambiguous-product")

    def _factor_ahead(self) -> str:
        """The factor that begins here, as messages show it: what is long is left out."""
        token = self.token
        if token.kind == "(" and self.shown(token) == "(":
            return "(…)"
        if token.kind not in ("name", "number"):
            return "…"
        called = self.peek().kind == "(" and self.shown(self.peek()) == "("
        return self.shown(token) + "(…)" * called

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
        while True:
            if self._is_method():
                node = self._method(node)
            elif self.token.kind == "." and self.peek().text in tree.ATTRIBUTES:
                self.advance()
                name = self.advance()
                node = tree.Attribute((node.span[0], name.span[1]), node, name.text)
            elif self.token.kind == "[" and not _is_literal(node):
                node = self._element(node)
            else:
                break
        while self.token.kind == "!":
            token = self.advance()
            if self.token.kind == "!":
                self.fail("`!!` can be read in two ways", self.token.span, "(x!)! if that is meant")
            node = tree.Call((node.span[0], token.span[1]), "factorial", token.span, (node,))
        return node

    def _element(self, base: Node) -> Node:
        """``x[0]``, ``x[1:]``, ``X[:, None]``."""
        opening = self.advance()
        bars, self.bars = self.bars, 0
        items: list[Node] = []
        while self.token.kind != "]":
            items.append(self._place())
            if self.token.kind != ",":
                break
            self.advance()
        self.bars = bars
        span = (base.span[0], self._close(opening, "]"))
        if not items:
            self.fail("an index is missing in these brackets", opening.span, "x[0], x[1:]")
        return tree.Index(span, base, tuple(items))

    def _place(self) -> Node:
        """A position in an index, or a slice."""
        start = self.token.span[0]
        parts: list[Node | None] = [None]
        while self.token.kind not in (",", "]", "end"):
            if self.token.kind == ":" and len(parts) < 3:
                self.advance()
                parts.append(None)
            elif self._is_ellipsis():
                end = [self.advance() for _ in "..."][-1].span[1]
                return tree.Name((start, end), "...")
            elif parts[-1] is None:
                parts[-1] = self.condition()
            else:
                break
        if len(parts) == 1 and parts[0] is not None:
            return parts[0]
        before = self.tokens[self.position - 1]
        span = (start, before.span[1])
        if len(parts) == 1:
            self.fail("an index is missing here", self.token.span, "x[0], x[1:], X[:, 0]")
        return tree.Slice(span, *parts, *[None] * (3 - len(parts)))

    def _is_ellipsis(self) -> bool:
        return [t.kind for t in self.tokens[self.position : self.position + 3]] == ["."] * 3

    def primary(self) -> Node:
        token = self.advance()
        match token.kind:
            case "number":
                return tree.Number(token.span, self._value(token), token.text)
            case "name":
                return self._named(token)
            case "root":
                self._deeper()
                bare = self.token.kind != "("
                argument = self.primary()
                self.depth -= 1
                if bare and self.token.kind in ("**", "!"):
                    root, inside = self.shown(token), self.quoted(*argument.span)
                    rest = self.quoted(self.token.span[0], self.peek().span[1])
                    self.fail(
                        "how far this root reaches can be read in two ways",
                        token.span,
                        f"`{root}({inside}){rest}` or `{root}({inside}{rest})`",
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
                before = self.shown(self.tokens[self.position - 1]) if self.position else ""
                self.fail(
                    "the text ends where a number, a name or a bracket should follow",
                    token.span,
                    f"remove `{before}`, or write what follows it" if before else "a formula",
                )
            case ")":
                self.fail(
                    "nothing stands before this bracket",
                    token.span,
                    "remove the bracket, or what comes before it",
                )
            case "/" if self.tokens[self.position - 2].kind == "/":
                self.fail(
                    "`//` is not part of a formula",
                    token.span,
                    "`floor(x/y)`; `#` before a comment",
                )
            case "or" if token.text == "|":
                return self._absolute(token)
            case "or" if token.text == "||":
                self.fail("`||` is not part of a formula", token.span, "abs(x), or norm(x)")
            case kind if kind in FOREIGN:
                raise unknown_character(self.text, token.span[0])
            case _:
                self.fail(
                    f"`{self.shown(token)}` stands where a number, a name or a bracket should",
                    token.span,
                    instead_of(self),
                )

    def _value(self, token: Token) -> Fraction:
        try:
            return read_number(token.text)
        except HessError as error:
            raise error.at(self.text, token.span) from None

    def _items(self, closing: str = "", item: Callable[[], Node] | None = None) -> tuple[Node, ...]:
        """Conditions with commas between them; none where ``closing`` follows at once."""
        item = item or self.condition
        if self.token.kind == closing:
            return ()
        items = [item()]
        while self.token.kind == ",":
            self.advance()
            items.append(item())
        return tuple(items)

    def _inside(
        self, closing: str = "", item: Callable[[], Node] | None = None
    ) -> tuple[Node, ...]:
        """What stands in a bracket, which has absolute values of its own."""
        bars, self.bars = self.bars, 0
        items = self._items(closing, item)
        self.bars = bars
        return items

    def _argument(self) -> Node:
        """An argument of a function, by its name or by its place."""
        if self.token.kind != "name" or self.peek().kind != "=":
            return self.condition()
        name = self.advance()
        self.advance()
        value = self.condition()
        return tree.Keyword((name.span[0], value.span[1]), name.text, value)

    def _close(self, opening: Token, closing: str) -> int:
        if self.token.kind != closing:
            if self.token.kind == "end":
                self.fail(f"`{opening.text}` is never closed", opening.span, f"add `{closing}`")
            self.finish()
        return self.advance().span[1]

    # Names

    def _named(self, name: Token) -> Node:
        """A name alone, or the call of a function."""
        if self.token.kind == "(" and not self.token.raised:
            return tree.Name(name.span, name.text) if self._is_factor(name) else self._call(name)
        if name.text in BY_NAME and (name.free or name.text not in _GREEK_NAMES):
            if self.has_power():
                return self._power_of_call(name)
            if self._argument_is_bare():
                return self._bare_call(name)
            self._require_argument(name)
        if name.text.startswith(("log_", "ln_")):
            hint = "log2(x), log10(x) or log(x)/log(b)"
            self.fail(f"`{name.text}` is no variable", name.span, hint)
        return tree.Name(name.span, name.text)

    def _require_argument(self, name: Token) -> None:
        """Refuse ``sin -x`` and ``\\exp -x``, where a function is meant."""
        sign, text = self.token, self.text
        touches = text[sign.span[1] : sign.span[1] + 1].strip() and name.span[1] < sign.span[0]
        typed = sign.kind in ("-", "+") and bool(touches)
        if len(name.text) > 1 and (text.startswith("\\", name.span[0]) or typed):
            shown = self.shown(name)
            self.fail(f"`{shown}` has no argument", name.span, f"`{name.text}(…)`")

    def _is_factor(self, name: Token) -> bool:
        """Whether a name before a bracket is a factor: ``x(y+1)``."""
        letter = name.text.partition("_")[0].rstrip("0123456789")
        known = name.text in BY_NAME or name.text in ("e", "E", "I")
        if known or not (len(letter) == 1 or letter in _GREEK_NAMES):
            return False
        factor = name.text in self.alone or (
            name.text not in ("f", "g", "h") and self.bracket_has_operator()
        )
        self.free |= factor
        return factor

    def _call(self, name: Token) -> Node:
        opening = self.advance()
        arguments = self._inside(")", self._argument)
        span = (name.span[0], self._close(opening, ")"))
        return self._written_call(tree.Call(span, name.text, name.span, arguments))

    def _written_call(self, call: tree.Call) -> Node:
        """A call, or what SymPy writes as one: ``Ne(x, 0)``, ``And(a, b)``, ``Rational(1, 3)``."""
        arguments = call.arguments
        if call.name in _RELATIONS and len(arguments) == 2:
            return tree.Comparison(call.span, arguments, (_RELATIONS[call.name],))
        if call.name in ("And", "Or") and len(arguments) > 1:
            return tree.Logic(call.span, call.name.lower(), arguments)
        if call.name == "Not" and len(arguments) == 1:
            return tree.Not(call.span, arguments[0])
        if call.name == "Rational" and len(arguments) == 2:
            return tree.Product(call.span, tuple(zip("*/", arguments, strict=True)))
        if call.name in _NUMBERS and len(arguments) == 1 and _is_literal(arguments[0]):
            return replace(arguments[0], span=call.span)
        return call

    def _is_method(self) -> bool:
        """Whether ``.sum(`` and the like stand here."""
        kinds = [token.kind for token in self.tokens[self.position : self.position + 3]]
        return kinds == [".", "name", "("] and self.peek().text in BY_NAME

    def _method(self, node: Node) -> Node:
        """``x.sum()`` is ``sum(x)``, and ``x.pow(2)`` ``pow(x, 2)``."""
        self.advance()
        self.free = True
        method = self.advance()
        call = self._call(method)
        assert isinstance(call, tree.Call)
        arguments = call.arguments
        placed = [part for part in arguments if not isinstance(part, tree.Keyword)]
        function = BY_NAME[method.text]
        over = reduces(function.name, 1) or function.arity[1] == 1
        if over and function.named[:1] == ("axis",) and len(placed) == 1:
            arguments = tuple(_by_name("axis", argument) for argument in arguments)
        unclear = [a for a in arguments if not isinstance(a, tree.Keyword)]
        if unclear and method.text not in _WITH_ARGUMENTS:
            self.fail(
                f"`.{method.text}(…)` of `{self.quoted(*node.span)}` can be read in two ways",
                method.span, f"`{method.text}(…)` with all its arguments",
            )  # fmt: skip
        span = (node.span[0], call.span[1])
        return replace(call, span=span, arguments=(node, *arguments))

    def _power_of_call(self, name: Token) -> Node:
        """``sin²(x)``, ``sin^2(x)`` and ``sin^2 x`` are ``sin(x)**2``."""
        raised = self.advance().raised
        exponent = self.primary() if raised else self._prefixed(self.primary, tree.Negative)
        if isinstance(exponent, tree.Negative):
            self.fail(
                "a negative power of a function can mean its inverse",
                exponent.span,
                self._inverse(name.text),
            )
        self.free |= not raised
        call = self._call(name) if self.token.kind == "(" else self._bare_call(name)
        return tree.Power(call.span, call, exponent)

    def _inverse(self, name: str) -> str:
        inverse = f"`a{name}(x)`" if f"a{name}" in BY_NAME else "the inverse function by its name"
        return f"`1/{name}(x)`, or {inverse}"

    def _argument_is_bare(self) -> bool:
        """Whether an argument without a bracket stands here: ``sin x``, ``sin 2x``, ``ln x``."""
        if self._opens_absolute():
            return True
        return self.token.kind in ("name", "number") and self.token.text not in BY_NAME

    def _bare_call(self, name: Token) -> Node:
        """``sin 2x`` is ``sin(2*x)``; what stands behind that must not be taken into it."""
        self.free = True
        factors: list[Node] = []
        if self.token.kind == "number" or self.token.text == "|":
            factors.append(self.primary())
        # sin 2 pi x: nobody writes the sine of a multiple of pi before a factor.
        if self.token.text == "pi" and self.peek().kind == "name":
            factors += self._bare_name()
        factors += self._bare_name()
        if not factors:  # sin^2 cos x
            self.fail(f"`{name.text}` has no argument", name.span, f"`{name.text}(…)`")
        span = (factors[0].span[0], factors[-1].span[1])
        argument = factors[0]
        if len(factors) > 1:
            argument = tree.Product(span, tuple(("*", factor) for factor in factors))
        shown, inside = self.quoted(name.span[0], span[0]).strip(), self.quoted(*span)
        call = tree.Call((name.span[0], span[1]), name.text, name.span, (argument,))
        if self.token.kind in ("**", "/", "!", "(", "root", "number") or (
            self.token.kind == "name" and self.token.text not in BY_NAME
        ):
            sign = self.shown(self.token) if self.token.kind in ("**", "/", "!") else "*"
            sign += " " * sign.startswith("\\")
            end = self.token.span[1]
            if sign != "*":
                self.advance()
            factor = "" if sign == "!" else self._factor_ahead()
            self.fail(
                f"how much `{shown}` is of can be read in two ways", (name.span[0], end),
                f"`{shown}({inside}){sign}{factor}` or `{shown}({inside}{sign}{factor})`",
                "ambiguous-product",
            )  # fmt: skip
        return call

    def _bare_name(self) -> list[Node]:
        """The name here, unless it is a function's."""
        if self.token.kind != "name" or self.token.text in BY_NAME:
            return []
        token = self.advance()
        return [tree.Name(token.span, token.text)]

    def _bracket(self, opening: Token) -> Node:
        items = (self.condition(),) if opening.raised else self._inside()
        closing = self.token.span
        span = (opening.span[0], self._close(opening, ")"))
        if len(items) > 1:
            return tree.Pair(span, items)
        # A bracket of LaTeX's that nobody typed begins and ends in one place.
        return items[0] if opening.span == closing else replace(items[0], span=span)

    def _array(self, opening: Token) -> Node:
        items = self._items("]")
        return tree.Array((opening.span[0], self._close(opening, "]")), items)
