"""Text → syntax tree, for formulas and for points. Nothing here knows SymPy or torch.

The parser is a precedence parser over tokens that remember their place in the text, so that
every node, and every error, carries its span. It exists because Python's own parser cannot read
what people paste (``4x² + 2(x+1)·y − π``) nor name a variable ``lambda``, and because it runs
out of stack on long sums; nothing it reads is ever evaluated as code.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NoReturn

from hesscli.errors import HessError, shortened
from hesscli.functions import BY_NAME

Span = tuple[int, int]

# Limits that keep a request from taking all time and memory before anything can be said about it.
MAX_LENGTH = 200_000
MAX_DEPTH = 400
MAX_DIGITS = 4_000
MAX_EXPONENT = 4_000


# --- the tree ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Number:
    """A literal, as the exact rational number that its text names."""

    span: Span
    value: Fraction
    text: str


@dataclass(frozen=True, slots=True)
class Name:
    """A variable or a constant."""

    span: Span
    name: str


@dataclass(frozen=True, slots=True)
class Negative:
    """``-operand``."""

    span: Span
    operand: Node


@dataclass(frozen=True, slots=True)
class Sum:
    """Terms that are added (``+``) or subtracted (``-``), flat, so that long sums stay shallow."""

    span: Span
    terms: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Product:
    """Factors that are multiplied (``*``) or divided by (``/``), flat."""

    span: Span
    factors: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Power:
    """``base**exponent``."""

    span: Span
    base: Node
    exponent: Node


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments."""

    span: Span
    name: str
    name_span: Span
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A chain such as ``0 < x <= 1``; ``operators`` is one shorter than ``operands``."""

    span: Span
    operands: tuple[Node, ...]
    operators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Logic:
    """``and`` or ``or`` of two or more conditions."""

    span: Span
    operator: str
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """``not operand``."""

    span: Span
    operand: Node


@dataclass(frozen=True, slots=True)
class Pair:
    """``(value, condition)`` inside ``Piecewise``."""

    span: Span
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Array:
    """``[a, b]``: a tensor, in points only."""

    span: Span
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class File:
    """``@path``: an array to read, in points only."""

    span: Span
    path: str


Node = (
    Number
    | Name
    | Negative
    | Sum
    | Product
    | Power
    | Call
    | Comparison
    | Logic
    | Not
    | Pair
    | Array
    | File
)


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below ``node``, in the order typed."""
    match node:
        case Negative(operand=operand) | Not(operand=operand):
            return (operand,)
        case Sum(terms=pairs) | Product(factors=pairs):
            return tuple(part for _, part in pairs)
        case Power(base=base, exponent=exponent):
            return base, exponent
        case Call(arguments=parts) | Comparison(operands=parts) | Logic(operands=parts):
            return parts
        case Pair(items=parts) | Array(items=parts):
            return parts
    return ()


# --- tokens ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Token:
    """One word of the text. ``kind`` is number, name, file, end, or the operator itself."""

    kind: str
    text: str
    span: Span
    raised: bool = False  # part of a run of superscript characters, as in x²


SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿˣʸ", "0123456789+-()nxy", strict=True))
OPERATORS = {
    "·": "*",
    "×": "*",
    "⋅": "*",
    "∙": "*",
    "∗": "*",
    "−": "-",
    "–": "-",
    "÷": "/",
    "∕": "/",
    "⁄": "/",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "∧": "and",
    "∨": "or",
    "¬": "not",
    "&": "and",
    "|": "or",
    "~": "not",
    "^": "**",
    "&&": "and",
    "||": "or",
    "**": "**",
    "<=": "<=",
    ">=": ">=",
    "==": "==",
    "!=": "!=",
    **{c: c for c in "+-*/()[],<>=!%"},
}
KEYWORDS = ("and", "or", "not", "if", "else")
ROOTS = {"√": "sqrt", "∛": "cbrt"}
NUMBER = re.compile(r"(?:[0-9]+(?:_[0-9]+)*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")

# As it may stand in a point that is not written as a formula: 2, -.5, 1e-3, 1/3. Here and
# everywhere, no two parts of an expression can match the same text: that would take for ever.
SIGNED_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?(?:/\d+)?"

GREEK_NAMES = (
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"),
    *("lambda", "mu", "nu", "xi", "omicron", "pi", "rho", "sigma", "tau", "upsilon", "phi"),
    *("chi", "psi", "omega"),
)
GREEK = {
    unicodedata.lookup(f"GREEK {case} LETTER {'LAMDA' if name == 'lambda' else name.upper()}"): (
        name if case == "SMALL" else name.capitalize()
    )
    for name in GREEK_NAMES
    for case in ("SMALL", "CAPITAL")
} | {"ς": "sigma"}


def canonical_name(text: str) -> str:
    """The one spelling of a name: compatibility forms folded, a leading Greek letter in English.

    ``θ``, ``θ₁`` and ``σ2`` are ``theta``, ``theta1`` and ``sigma2``, so that what is pasted in
    Greek can be given a value on an English keyboard.
    """
    folded = unicodedata.normalize("NFKC", text)
    if folded[:1] in GREEK and not any(c.isalpha() for c in folded[1:2]):
        return GREEK[folded[0]] + folded[1:]
    return folded


def tokenize(text: str, *, files: bool = False, limited: bool = True) -> list[Token]:
    """Split ``text`` into tokens that end with one of kind ``end``.

    ``files`` allows ``@path``; text of the program's own making is not ``limited``. Raises
    :class:`HessError` for a character that means nothing.
    """
    if limited and len(text) > MAX_LENGTH:
        raise HessError(
            "too-long", f"the text has {len(text):,} characters; the most is {MAX_LENGTH:,}"
        )
    # Full-width digits and the like become ASCII, one character for one, so that spans hold.
    plain = "".join(_folded(c) for c in text)
    tokens: list[Token] = []
    i = 0
    while i < len(plain):
        c = plain[i]
        if c.isspace() or c in "\u200b\u2060\u2061\u2062\ufeff":
            i += 1
        elif c in SUPERSCRIPTS:
            i = _superscript(text, plain, i, tokens)
        elif match := NUMBER.match(plain, i):
            i = match.end()
            _refuse_hexadecimal(text, plain, match)
            tokens.append(Token("number", match.group(), (match.start(), i)))
        elif _vulgar_fraction(c):
            tokens.append(Token("number", c, (i, i + 1)))
            i += 1
        elif c.isalpha() or c == "_":
            start = i
            while i < len(plain) and _in_name(plain[i]):
                i += 1
            tokens.append(_word(text, plain[start:i], (start, i)))
        elif c in ROOTS:
            tokens.append(Token("root", ROOTS[c], (i, i + 1)))
            i += 1
        elif c == "∞":
            tokens.append(Token("name", "oo", (i, i + 1)))
            i += 1
        elif files and c == "@":
            start, i = i, _end_of_path(text, i + 1)
            tokens.append(Token("file", text[start + 1 : i].strip().strip("\"'"), (start, i)))
        elif operator := OPERATORS.get(plain[i : i + 2]) or OPERATORS.get(c):
            length = len(plain[i : i + 2]) if plain[i : i + 2] in OPERATORS else 1
            tokens.append(Token(operator, plain[i : i + length], (i, i + length)))
            i += length
        else:
            raise _unknown_character(text, i)
    tokens.append(Token("end", "", (len(text), len(text) + 1)))
    return tokens


def _folded(c: str) -> str:
    if c.isascii() or c in SUPERSCRIPTS:
        return c
    folded = unicodedata.normalize("NFKC", c)
    return folded if len(folded) == 1 and folded.isascii() else c


def _in_name(c: str) -> bool:
    if c in SUPERSCRIPTS or _vulgar_fraction(c):
        return False
    return c.isalnum() or c == "_" or unicodedata.category(c) == "Mn"


def _vulgar_fraction(c: str) -> bool:
    """Whether ``c`` is a fraction such as ½; ⅟ is a numerator without a denominator."""
    if len(c) != 1 or unicodedata.category(c) != "No":
        return False
    numerator, slash, denominator = unicodedata.normalize("NFKC", c).partition("⁄")
    return bool(slash and numerator.isdecimal() and denominator.isdecimal())


def _end_of_path(text: str, start: int) -> int:
    if start < len(text) and text[start] in "\"'":
        closing = text.find(text[start], start + 1)
        return closing + 1 if closing > 0 else len(text)
    comma = text.find(",", start)
    return comma if comma >= 0 else len(text)


def _word(text: str, word: str, span: Span) -> Token:
    if word in KEYWORDS:
        return Token(word, word, span)
    name = canonical_name(word)
    folded = unicodedata.normalize("NFKC", word)
    if "π" in folded and folded != "π" and not name.startswith(("pi_", "pi0")):
        raise HessError(
            "ambiguous-product",
            f"`{shortened(word)}` would be one name",
            span=span,
            source=text,
            hint=f"`{shortened(folded.replace('π', 'π*', 1))}` if a product with π is meant",
        )
    settled = canonical_name(name) == name and all(map(_in_name, name))
    if not settled or not (name[0].isalpha() or name[0] == "_"):
        raise HessError(
            "syntax",
            f"`{shortened(word)}` is not a name",
            span=span,
            source=text,
            hint="letters, digits and `_`, such as x, x1 or theta_0",
        )
    return Token("name", name, span)


def _refuse_hexadecimal(text: str, plain: str, match: re.Match[str]) -> None:
    if match.group() == "0" and re.match(r"[xXbBoO][0-9a-fA-F]", plain[match.end() :]):
        raise HessError(
            "syntax",
            "numbers are decimal; this looks like a hexadecimal, octal or binary one",
            span=(match.start(), match.end() + 2),
            source=text,
            hint="write the number in decimal, or put `*` between the 0 and the name",
        )


def _superscript(text: str, plain: str, start: int, tokens: list[Token]) -> int:
    """Read a run of superscripts as ``** ( … )`` and return the offset behind it."""
    end = start
    while end < len(plain) and plain[end] in SUPERSCRIPTS:
        end += 1
    inner = "".join(SUPERSCRIPTS[c] for c in plain[start:end])
    span = (start, end)
    tokens.append(Token("**", "**", span, raised=True))
    tokens.append(Token("(", "(", span, raised=True))
    for token in tokenize(inner)[:-1]:
        tokens.append(Token(token.kind, token.text, span, raised=True))
    tokens.append(Token(")", ")", span, raised=True))
    return end


def _unknown_character(text: str, i: int) -> HessError:
    c = text[i]
    hints = {
        "@": "a file of numbers belongs into the point: `--at x=@FILE`",
        '"': "remove the quotation mark",
        "'": "write a derivative out, and remove quotation marks",
        "`": "remove the backquote",
        ";": "one formula at a time",
        ":": "separate values by commas",
        "{": "use round brackets `( )`",
        "}": "use round brackets `( )`",
        "$": "write names without `$`",
        "\\": "use plain notation instead of LaTeX: `sin(x)`, `sqrt(x)`",
        ".": "attributes are not part of a formula",
        "∂": "type the formula itself; `hess` differentiates it",
        "∑": "write the terms out with `+`",
        "∫": "integrals are not part of a formula",
    }
    name = unicodedata.name(c, "").lower()
    shown = f"`{c}`" if c.isprintable() else f"the character U+{ord(c):04X}"
    about = f" ({name})" if name and not c.isascii() else ""
    return HessError(
        "syntax",
        f"{shown}{about} is not part of a formula",
        span=(i, i + 1),
        source=text,
        hint=hints.get(c, "`hess --help` shows how a formula is written"),
    )


# --- the parser --------------------------------------------------------------------------------


def parse_formula(text: str, *, limited: bool = True) -> Node:
    """The tree of a formula. Raises :class:`HessError` with the place of the first mistake.

    Text of the program's own making is not ``limited`` in length and depth.
    """
    if not text.strip():
        raise HessError(
            "empty-formula",
            "the formula is empty",
            hint='hess "x**3 + x*y" --at 2,4',
        )
    parser = _Parser(text, tokenize(text, limited=limited), limited=limited)
    node = parser.condition()
    parser.finish()
    return node


_NAMES = r"[^\W\d]\w*(?:\s*,\s*[^\W\d]\w*)*"
_DEFINITION = re.compile(
    rf"\s*(?:[^\W\d]\w*\s*\(\s*(?P<of>{_NAMES})\s*\)\s*:?=(?!=)"
    rf"|lambda\s+(?P<by>{_NAMES})\s*:|(?P<plain>[^\W\d]\w*)\s*:?=(?!=))"
)


def split_definition(text: str) -> tuple[tuple[str, ...], str]:
    """The variables of ``f(y, x) = x*y`` in their order, and its right-hand side, in its place.

    ``lambda y, x: x*y`` is the same, and ``f = x*y`` has no variables of its own.
    """
    match = _DEFINITION.match(text)
    if match is None:
        return (), text
    names = match["of"] or match["by"] or ""
    right = " " * match.end() + text[match.end() :]
    inside = re.findall(r"[^\W\d]\w*", right)
    plain = match["plain"] and (match["plain"] in inside or not inside)
    if plain or "=" in re.sub("[<>=!]=", "", right):
        return (), text  # an equation
    arguments = tuple(canonical_name(name.strip()) for name in names.split(",") if name)
    for name in arguments:
        if arguments.count(name) > 1:
            raise HessError(
                "doubled-name", f"`{shortened(name)}` is a variable of this function twice",
                span=match.span("of" if match["of"] else "by"), source=text,
                hint="each variable once",
            )  # fmt: skip
    return arguments, right


def parse_items(text: str) -> list[tuple[Token | None, Node]]:
    """The comma-separated items of a point: ``(name token or None, value)`` in the order typed."""
    parser = _Parser(text, tokenize(text, files=True))
    items: list[tuple[Token | None, Node]] = []
    while True:
        name = None
        if parser.token.kind == "name" and parser.peek().kind == "=":
            name = parser.advance()
            parser.advance()
        items.append((name, parser.condition()))
        if parser.token.kind != ",":
            break
        parser.advance()
    parser.finish()
    return items


def read_number(text: str, *, limited: bool = True) -> Fraction:
    """The exact value of a literal. Raises :class:`HessError` beyond the limits of this module."""
    text = text.replace("_", "")
    if _vulgar_fraction(text):
        return Fraction(unicodedata.normalize("NFKC", text).replace("⁄", "/"))
    mantissa, _, exponent = text.lower().partition("e")
    if limited and len(mantissa) > MAX_DIGITS:
        raise HessError(
            "too-large", f"a number of {len(mantissa):,} digits; the most is {MAX_DIGITS:,}"
        )
    if len(exponent) > 6 or abs(int(exponent or 0)) > MAX_EXPONENT:
        raise HessError(
            "too-large",
            f"the exponent of this number is beyond ±{MAX_EXPONENT:,}",
            hint="a number between 1e-300 and 1e300",
        )
    return Fraction(text)


class _Parser:
    """One pass over the tokens; each method reads one level of precedence, loosest first."""

    def __init__(self, text: str, tokens: list[Token], *, limited: bool = True) -> None:
        self.text = text
        self.limited = limited
        self.tokens = tokens
        self.position = 0
        self.depth = 0
        self.juxtaposed = False  # whether the last factor read was a product without an operator

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

    def fail(self, message: str, span: Span, hint: str) -> NoReturn:
        raise HessError("syntax", message, span=span, source=self.text, hint=hint)

    def finish(self) -> None:
        token = self.token
        if token.kind == "end":
            return
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
        if self.limited and self.depth > MAX_DEPTH:
            raise HessError(
                "too-deep",
                f"the formula is nested more than {MAX_DEPTH} levels deep",
                span=self.token.span,
                source=self.text,
                hint="a formula with fewer levels",
            )

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
            value = Call(span, "where", span, (condition, value, other))
        self.depth -= 1
        return value

    def disjunction(self) -> Node:
        return self._logic("or", self.conjunction)

    def conjunction(self) -> Node:
        return self._logic("and", self.negation)

    def _logic(self, operator: str, operand: Callable[[], Node]) -> Node:
        operands = [operand()]
        while self.token.kind == operator:
            self.advance()
            operands.append(operand())
        if len(operands) == 1:
            return operands[0]
        return Logic((operands[0].span[0], operands[-1].span[1]), operator, tuple(operands))

    def negation(self) -> Node:
        start = self.token.span[0]
        nots = 0
        while self.token.kind == "not":
            self.advance()
            nots += 1
        node = self.comparison()
        return Not((start, node.span[1]), node) if nots % 2 else node

    def comparison(self) -> Node:
        operands = [self.sum()]
        operators = []
        while self.token.kind in ("<", "<=", ">", ">=", "==", "!="):
            operators.append(self.advance().kind)
            operands.append(self.sum())
        if not operators:
            return operands[0]
        span = (operands[0].span[0], operands[-1].span[1])
        return Comparison(span, tuple(operands), tuple(operators))

    # Arithmetic

    def sum(self) -> Node:
        terms = [("+", self.product())]
        while self.token.kind in ("+", "-"):
            terms.append((self.advance().kind, self.product()))
        if len(terms) == 1:
            return terms[0][1]
        return Sum((terms[0][1].span[0], terms[-1][1].span[1]), tuple(terms))

    def product(self) -> Node:
        factor = self.signed()
        factors = self._flat("*", factor)
        while True:
            token = self.token
            if token.kind in ("*", "/"):
                self.advance()
                factor = self.signed()
                if token.kind == "/" and self.juxtaposed:
                    self._ambiguous_quotient(token, factor)
                factors += self._flat(token.kind, factor)
            elif token.kind == "%":
                self.fail(
                    "the remainder `%` is not differentiable",
                    token.span,
                    "x - 3*floor(x/3) for x % 3",
                )
            else:
                break
        if len(factors) == 1 or (self.juxtaposed and len(factors) == len(self._flat("*", factor))):
            return factor
        return Product((factors[0][1].span[0], factors[-1][1].span[1]), tuple(factors))

    def _flat(self, operator: str, factor: Node) -> list[tuple[str, Node]]:
        """``factor``, or its factors where it is a product without an operator (``2x*y``)."""
        if self.juxtaposed and isinstance(factor, Product):
            return list(factor.factors)
        return [(operator, factor)]

    def _ambiguous_quotient(self, slash: Token, factor: Node) -> NoReturn:
        while isinstance(factor, Negative):
            factor = factor.operand
        assert isinstance(factor, Product)
        first = factor.factors[0][1]
        number = self._quoted(*first.span)
        whole = self._quoted(*factor.span)
        rest = self._quoted(first.span[1], factor.span[1]).strip()
        raise HessError(
            "ambiguous-product",
            f"`/{whole}` can be read in two ways",
            span=(slash.span[0], factor.span[1]),
            source=self.text,
            hint=f"`/({number}*{rest})` or `/{number}*{rest}`",
        )

    def signed(self) -> Node:
        return self._signs(self.juxtaposition)

    def _signs(self, operand: Callable[[], Node]) -> Node:
        start = self.token.span[0]
        minuses = 0
        while self.token.kind in ("+", "-"):
            minuses += self.advance().kind == "-"
        node = operand()
        return Negative((start, node.span[1]), node) if minuses % 2 else node

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
            if not plain_number and isinstance(factors[-1], Power) and not before.raised:
                # 2**(x)(y) and (x)**(2)(y): a reader may take the second bracket into the power.
                self._ambiguous_power(factors[-1], token)
        self.juxtaposed = len(factors) > 1
        if len(factors) == 1:
            return factors[0]
        span = (factors[0].span[0], factors[-1].span[1])
        return Product(span, tuple(("*", factor) for factor in factors))

    def _is_function(self, factor: Node) -> bool:
        """Whether this is a power of a function's name without its bracket, as in ``sin²x``."""
        return (
            isinstance(factor, Power)
            and isinstance(factor.base, Name)
            and factor.base.name in BY_NAME
        )

    def _ambiguous_power(self, power: Node, token: Token) -> NoReturn:
        shown = self._quoted(*power.span)
        hint = f"`{shown}*{self._shown(token)}`, or brackets around the exponent"
        if isinstance(power, Call):
            hint = f"`{shown}*{self._shown(token)}`, or brackets after the root"
        elif isinstance(power, Power) and self._is_function(power):
            name = self._quoted(*power.base.span)
            hint = f"the argument in brackets: {name}(x)**2"
            match power.exponent:
                case Negative(operand=Number(text="1")):
                    inverse = f"a{name}" if f"a{name}" in BY_NAME else f"1/{name}"
                    hint = f"`{inverse}(x)` for the inverse, `1/{name}(x)` for the reciprocal"
        raise HessError(
            "ambiguous-product",
            f"`{shown}{self._shown(token)}` can be read in two ways",
            span=token.span,
            source=self.text,
            hint=hint,
        )

    def power(self) -> Node:
        base = self.postfix()
        if self.token.kind != "**":
            return base
        if not self.token.raised:
            self.advance()
            exponent = self._exponent()
        else:
            self.advance()
            exponent = self.primary()
        node = Power((base.span[0], exponent.span[1]), base, exponent)
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
        node = self._signs(self.power)
        self.depth -= 1
        return node

    def postfix(self) -> Node:
        node = self.primary()
        while self.token.kind == "!":
            token = self.advance()
            if self.token.kind == "!":
                self.fail("`!!` can be read in two ways", self.token.span, "(x!)! if that is meant")
            node = Call((node.span[0], token.span[1]), "factorial", token.span, (node,))
        return node

    def primary(self) -> Node:
        token = self.advance()
        match token.kind:
            case "number":
                return Number(token.span, self._value(token), token.text)
            case "name":
                if self.token.kind == "(" and not self.token.raised:
                    return self._call(token)
                if token.text in BY_NAME and self._bracket_after_superscripts():
                    return self._raised_call(token)
                return Name(token.span, token.text)
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
                return Call((token.span[0], argument.span[1]), token.text, token.span, (argument,))
            case "(":
                return self._bracket(token)
            case "[":
                return self._array(token)
            case "file":
                return File(token.span, token.text)
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
            return read_number(token.text, limited=self.limited)
        except HessError as error:
            error.span = token.span
            raise error.at(self.text) from None

    def _arguments(self, opening: Token) -> tuple[tuple[Node, ...], int]:
        arguments = []
        if self.token.kind != ")":
            arguments.append(self.condition())
            while self.token.kind == ",":
                self.advance()
                arguments.append(self.condition())
        return tuple(arguments), self._close(opening, ")")

    def _close(self, opening: Token, closing: str) -> int:
        if self.token.kind != closing:
            if self.token.kind == "end":
                self.fail(f"`{opening.text}` is never closed", opening.span, f"add `{closing}`")
            self.finish()
        return self.advance().span[1]

    def _call(self, name: Token) -> Node:
        arguments, end = self._arguments(self.advance())
        return Call((name.span[0], end), name.text, name.span, arguments)

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
        if isinstance(exponent, Negative):
            self.fail(
                "a negative power of a function can mean its inverse",
                exponent.span,
                f"`1/{name.text}(…)`, or the inverse function by its name",
            )
        call = self._call(name)
        return Power(call.span, call, exponent)

    def _bracket(self, opening: Token) -> Node:
        node = self.condition()
        if self.token.kind == "," and not opening.raised:
            items = [node]
            while self.token.kind == ",":
                self.advance()
                items.append(self.condition())
            end = self._close(opening, ")")
            return Pair((opening.span[0], end), tuple(items))
        end = self._close(opening, ")")
        return replace(node, span=(opening.span[0], end))

    def _array(self, opening: Token) -> Node:
        items = []
        if self.token.kind != "]":
            items.append(self.condition())
            while self.token.kind == ",":
                self.advance()
                items.append(self.condition())
        end = self._close(opening, "]")
        return Array((opening.span[0], end), tuple(items))


# --- the tree as text --------------------------------------------------------------------------

# How tightly a node binds, for brackets in `unparse`: a child is bracketed when it binds looser
# than its place demands.
_CONDITION, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(6)


@dataclass(frozen=True, slots=True)
class Notation:
    """The signs that :func:`unparse` writes."""

    times: str
    power: str
    minus: str
    superscripts: bool


PYTHON = Notation("*", "**", "-", superscripts=False)
UNICODE = Notation("·", "^", "−", superscripts=True)


def unparse(node: Node, notation: Notation = PYTHON) -> str:
    """``node`` as text that parses to the same tree, with no bracket that is not needed."""
    return _unparse(node, notation)[0]


def _unparse(node: Node, notation: Notation) -> tuple[str, int]:
    def inner(child: Node, least: int) -> str:
        text, binding = _unparse(child, notation)
        return text if binding >= least else f"({text})"

    match node:
        case Number(text=text, value=value):
            if _vulgar_fraction(text):
                return f"{value.numerator}/{value.denominator}", _PRODUCT
            return text, _ATOM
        case Name(name=name):
            return _GREEK_LETTERS.get(name, name) if notation.superscripts else name, _ATOM
        case Negative(operand=Negative() as operand):
            return f"{notation.minus}({inner(operand, _CONDITION)})", _SIGN
        case Negative(operand=operand):
            text, binding = _unparse(operand, notation)
            if binding < _PRODUCT or text.startswith(notation.minus):
                return f"{notation.minus}({text})", _SIGN
            # -(2*x) is written -2*x, which is the same number.
            return notation.minus + text, min(binding, _SIGN)
        case Sum(terms=terms):
            parts = [inner(terms[0][1], _PRODUCT)]
            for sign, term in terms[1:]:
                shown = notation.minus if sign == "-" else "+"
                text = inner(term, _PRODUCT)
                parts.append(f" {shown} " + (f"({text})" if text[0] == notation.minus else text))
            return "".join(parts), _SUM
        case Product(factors=factors):
            parts = [inner(factors[0][1], _PRODUCT)]
            for operator, factor in factors[1:]:
                parts.append(notation.times if operator == "*" else "/")
                # A quotient as a factor keeps its brackets: a*(b/c) is not written a*b/c.
                parts.append(inner(factor, _POWER))
            return "".join(parts), _PRODUCT
        case Power(base=base, exponent=exponent):
            below = inner(base, _ATOM)
            if notation.superscripts and isinstance(exponent, Number):
                digits = exponent.text
                if digits.isdecimal():
                    return below + digits.translate(_RAISED), _POWER
            return f"{below}{notation.power}{inner(exponent, _POWER)}", _POWER
        case Call(name=name, arguments=arguments):
            return f"{name}({', '.join(inner(a, _CONDITION) for a in arguments)})", _ATOM
        case Comparison(operands=operands, operators=operators):
            parts = [inner(operands[0], _SUM)]
            for operator, operand in zip(operators, operands[1:], strict=True):
                shown = _COMPARED.get(operator, operator) if notation.superscripts else operator
                parts.append(f" {shown} {inner(operand, _SUM)}")
            return "".join(parts), _CONDITION
        case Logic(operator=operator, operands=operands):
            return f" {operator} ".join(f"({inner(o, _CONDITION)})" for o in operands), _CONDITION
        case Not(operand=operand):
            return f"not ({inner(operand, _CONDITION)})", _CONDITION
        case Pair(items=items):
            return f"({', '.join(inner(item, _CONDITION) for item in items)})", _ATOM
        case Array(items=items):
            return f"[{', '.join(inner(item, _CONDITION) for item in items)}]", _ATOM
        case File(path=path):
            return f"@{path}", _ATOM


_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_COMPARED = {"<=": "≤", ">=": "≥", "!=": "≠"}
_GREEK_LETTERS = {name: letter for letter, name in GREEK.items() if letter != "ς"}
