"""LaTeX → tokens of the notation that is parsed, each in its place in the text.

Adjacent letters are a product, as LaTeX sets them: a name of several letters stands in a command
(``\\mathrm{rate}``) or in an index (``x_{max}``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import NoReturn

from hesscli.errors import HessError, did_you_mean, shortened
from hesscli.functions.table import BY_NAME
from hesscli.language.tokens import GREEK, MAX_DEPTH, Token, tokenize
from hesscli.types import Span

_COMMAND = re.compile(r"\\(?:operatorname\*|[A-Za-z]+|.)", re.DOTALL)
_ENVIRONMENTS = ("equation", "align", "aligned", "displaymath", "math", "gather", "split")
# What only sets the text.
_SPACES = (
    *("\\,", "\\;", "\\:", "\\!", "\\ ", "\\quad", "\\qquad", "\\displaystyle", "\\textstyle"),
    *("\\limits", "\\nolimits", "\\middle", "\\nonumber", "\\\\"),
    *("\\big", "\\Big", "\\bigg", "\\Bigg", "\\bigl", "\\bigr", "\\Bigl", "\\Bigr"),
    *("\\biggl", "\\biggr", "\\Biggl", "\\Biggr", "\\[", "\\]", "\\(", "\\)"),
)
_UPRIGHT = (
    *("\\mathrm", "\\operatorname", "\\text", "\\mathit", "\\mathbf", "\\textrm", "\\mathsf"),
    *("\\boldsymbol", "\\bm", "\\mathcal", "\\operatorname*", "\\textit", "\\mathop"),
)
_LETTERS = (
    {f"\\{name}": name for name in GREEK.values()}
    | {f"\\var{name}": name for name in ("epsilon", "theta", "phi", "rho", "sigma", "kappa", "pi")}
    | {"\\hbar": "hbar"}
)
# What is one token here: the operators, brackets and functions that LaTeX has signs for.
_SIGNS = {
    "\\cdot": "*", "\\times": "*", "\\ast": "*", "\\div": "/", "\\le": "<=", "\\leq": "<=",
    "\\leqslant": "<=", "\\ge": ">=", "\\geq": ">=", "\\geqslant": ">=", "\\ne": "!=",
    "\\neq": "!=", "\\lt": "<", "\\gt": ">", "\\land": "and", "\\wedge": "and", "\\lor": "or",
    "\\vee": "or", "\\neg": "not", "\\lnot": "not", "\\{": "(", "\\}": ")", "\\lbrace": "(",
    "\\rbrace": ")", "[": "(", "]": ")", "{": "(", "}": ")", "\\colon": ":", "\\rfloor": ")",
    "\\rceil": ")", "\\rvert": ")",
}  # fmt: skip
_NAMES = {
    **{f"\\{name}": name for name in (
        "exp", "log", "sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh", "coth",
        "max", "min", "det", "pi",
    )},
    "\\ln": "log", "\\lg": "log10", "\\arcsin": "asin", "\\arccos": "acos", "\\arctan": "atan",
    "\\infty": "oo", "\\ell": "l",
}  # fmt: skip
_COMMANDS = {*_LETTERS, *_NAMES, "\\sqrt"}
# What is no function, though its name is one's.
_SYMBOLS = ("\\square",)
# Longer ones are words; of two letters, most are products: `kv`, `mu`.
_LONGEST_RUN = 12
_SHORT = ("pi", "ln")
_BARS = ("|", "\\vert", "\\mid")
_NORMS = ("\\|", "\\Vert")
_CLOSED_NORM = "\N{DOUBLE VERTICAL LINE}"
# The order of a norm, as the index behind it is read.
_ORDERS = {
    "1": ("number", "1"),
    "2": ("number", "2"),
    "infty": ("name", "oo"),
    "F": ("word", "fro"),
}
# What stands above a letter, and makes another name of it.
_ACCENTS = {
    "\\hat": "hat", "\\widehat": "hat", "\\bar": "bar", "\\overline": "bar", "\\tilde": "tilde",
    "\\widetilde": "tilde", "\\dot": "dot", "\\ddot": "ddot",
}  # fmt: skip
# What to type for commands that people know.
_INSTEAD = {
    "\\vec": "`\\mathbf{x}` for the name alone",
    "\\mathbb": "`\\mathrm{E}` for the name alone",
    "\\pm": "two formulas, one with `+` and one with `-`",
    "\\bmod": "x - n*floor(x/n)",
    **dict.fromkeys(("\\int", "\\iint", "\\oint"), "Integral(f, (x, a, b)), without LaTeX"),
    **dict.fromkeys(
        ("\\partial", "\\nabla", "\\prime"), "the formula itself; `hess` differentiates it"
    ),
    **dict.fromkeys(("\\dots", "\\ldots", "\\cdots"), "the terms written out"),
}
# Delimiters that are functions, by their opening sign.
_OPENED = {"\\lfloor": "floor", "\\lceil": "ceil", "\\lvert": "abs", "\\lVert": "norm"}
# Letters that are functions in print as well; the bracket behind one of them may be either.
_PRINTED = {
    "delta": "a delta function, which is no function of numbers",
    "gamma": "`\\Gamma(…)`",
    **{letter: f"`\\operatorname{{{name}}}(…)`" for letter, name in {
        "theta": "Heaviside", "zeta": "zeta", "W": "LambertW", "E": "elliptic_e", "beta": "beta",
        "K": "elliptic_k", "psi": "digamma", "S": "fresnels", "C": "fresnelc",
    }.items()},
}  # fmt: skip
# Functions that are printed as a letter with an order or a degree as its index.
_FAMILIES = {
    "J": "besselj", "Y": "bessely", "I": "besseli", "K": "besselk", "P": "legendre",
    "T": "chebyshevt", "U": "chebyshevu", "H": "hermite", "L": "laguerre", "W": "LambertW",
}  # fmt: skip
_GREEK = {*GREEK.values()}
_LOGARITHMS = {"2": "log2", "10": "log10", "e": "log"}
# An index of a digit without a brace, and what it is of.
_BARE_INDEX = re.compile(r"(\\[A-Za-z]+|[A-Za-z}])\s*_\s*\d")
_IN_LATEX = re.compile(r"\A\s*\$.*\$[\s.,;]*\Z|\$\$|_\{|\\[A-Za-z,;:!|\[(]", re.DOTALL)
_INDEX = re.compile(r"\{((?:[^{}]|\{[^{}]*\})*)\}|(\\[A-Za-z]+(?:\{[^{}]*\})?|.)")
# A bracket, perhaps behind a power.
_CALLED = re.compile(r"\s*(?:\^(?:\{[^{}]*\}|\S))?[\s{]*(?:\\left)?\s*\(")
_RUN = re.compile(r"[A-Za-z]{2,}")
_ENDS_OF_CELLS = ("&", "\\\\")
_DECIMAL = re.compile(r"\d+(?:\.\d*)?|\.\d+")
_DIGITS = re.compile(r"\d{2,}")
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\s*\{(\w+)\*?\}")
_UPRIGHT_NAME = re.compile(r"\{\s*((?:[^{}\\]|\\_)*)\}")
_DISPLAYED = re.compile(r"(\s*\{\\(?:display|text)style\b)(.*)(\}\s*)", re.DOTALL)
_WORD = re.compile(r"\\text\s*\{\s*(\w+)\s*\}")


def is_latex(text: str) -> bool:
    """Whether ``text`` is LaTeX: it has a command, or stands between dollars."""
    # A dollar before a name is that of a program or of a cell, and one at the end is Maxima's.
    return _IN_LATEX.search(text) is not None


def tokenized(text: str) -> list[Token]:
    """The tokens of a formula in LaTeX. Raises :class:`HessError` for what has no one reading."""
    if wrapped := _DISPLAYED.fullmatch(text):  # as Wikipedia has it
        before, inside, behind = wrapped.groups()
        text = " " * len(before) + inside + " " * len(behind)
    reader = _Reader(text)
    tokens = reader.group("")
    if reader.in_norm:
        reader.fail("a norm is never closed", max(map(text.rfind, _NORMS)), "`\\|x\\|`")
    tokens = _with_factors(tokens, text)
    return [*_without_stop(tokens), Token("end", "", (len(text), len(text) + 1))]


class _Reader:
    """Reads ``text`` once, from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.in_cases = False
        self.in_norm = False  # whether a norm is open whose sides are alike
        self.depth = 0
        self.commands: dict[str, str] = {}  # the command that each Greek letter is set by
        self.bare = any(match[1] not in _NAMES for match in _BARE_INDEX.finditer(text))

    def fail(self, message: str, start: int, hint: str, code: str = "syntax") -> NoReturn:
        span = (start, max(self.position, start + 1))
        raise HessError(code, message, span=span, source=self.text, hint=hint)

    def deeper(self, start: int) -> None:
        """Count how deep commands and braces are nested."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            message = f"the formula is nested more than {MAX_DEPTH} levels deep"
            self.fail(message, start, "a formula with fewer levels", "too-deep")

    def skip(self) -> None:
        """Go on to what is set."""
        while self.position < len(self.text):
            word = self.word()
            if self.in_cases and word in _ENDS_OF_CELLS:
                return
            if word.isspace() or word in "$~&":
                self.position += 1
            elif word in _SPACES:
                self.position += len(word)
            elif word in ("\\begin", "\\end") and self.environment() in _ENVIRONMENTS:
                self.position = self.text.index("}", self.position) + 1
            else:
                return

    def last(self) -> Span:
        """The place of the last sign that was read."""
        return self.position - 1, self.position

    def word(self) -> str:
        """The command or the character here."""
        match = _COMMAND.match(self.text, self.position)
        return match[0] if match else self.text[self.position : self.position + 1]

    def environment(self) -> str:
        """The environment that begins or ends here."""
        match = _ENVIRONMENT.match(self.text, self.position)
        return match[1] if match else ""

    def group(self, closing: str) -> list[Token]:
        """The tokens up to a closing brace or bracket, which is passed, or up to the end."""
        found: list[Token] = []
        start = self.position
        self.skip()
        while self.position < len(self.text) and self.word() != closing:
            self.item(found)
            self.skip()
        if closing and self.position >= len(self.text):
            self.fail("this brace is never closed", start - 1, f"add `{closing}`")
        self.position += bool(closing)
        return found

    def item(self, found: list[Token]) -> None:
        """Read one item, and add its tokens."""
        start, word = self.position, self.word()
        if word == "_":
            self.index(found)
        elif word == "^":
            self.power(found)
        elif word == "{":
            self.position += 1
            self.deeper(start)
            found += self.bracketed(self.group("}"), start)
            self.depth -= 1
        else:
            found += self.atom()

    def bracketed(self, inside: list[Token], start: int) -> list[Token]:
        """What stands in braces, in brackets; those of ``{\\left(x\\right)}`` are enough."""
        if not inside or _is_enclosed(inside):
            return inside
        span, end = (start, start + 1), (self.position - 1, self.position)
        return [Token("(", "{", span), *inside, Token(")", "}", end)]

    def argument(self) -> list[Token]:
        """The group or the one sign that a command is of."""
        self.skip()
        start = self.position
        if start >= len(self.text):
            self.fail("the text ends where an argument should follow", start, "finish the formula")
        if self.word() == "{":
            self.position += 1
            return self.group("}")
        if self.text[start].isdigit():
            self.position += 1
            return [Token("number", self.text[start], (start, start + 1))]
        return self.atom()

    def atom(self) -> list[Token]:
        """One number, letter or command."""
        start, word = self.position, self.word()
        # LaTeX has no 2e3: the letter is a factor.
        if number := _DECIMAL.match(self.text, start):
            self.position = number.end()
            return [Token("number", number[0], number.span())]
        self.position += len(word)
        span = (start, self.position)
        if structure := _STRUCTURES.get(word):
            self.deeper(start)
            found = structure(self, span)
            self.depth -= 1
            return found
        if word in _NAMES:
            return [Token("name", _NAMES[word], span)]
        if word in _SIGNS:
            return [Token(_SIGNS[word], _SIGNS[word], span)]
        if word in _BARS:
            return [Token("or", "|", span)]
        if word in _NORMS:
            self.in_norm = not self.in_norm
        if word == "\\rVert" or (word in _NORMS and not self.in_norm):
            return _end_of_norm(span)
        if word in _NORMS:
            return [Token("name", "norm", span), Token("(", "(", span)]
        if word in _OPENED:
            return [Token("name", _OPENED[word], span), Token("(", "(", span)]
        if word == "\\Gamma" and _CALLED.match(self.text, self.position):
            return [Token("name", "gamma", span, free=True)]
        if word in _LETTERS:
            return [Token("name", self.greek(word, start), span)]
        if word[1:] in BY_NAME and len(word) > 3 and word not in _SYMBOLS:
            return [Token("name", word[1:], span)]
        if called := self.called_word(start):
            return [called]
        if len(word) > 1 or word in "\\'`\"":
            self.fail(
                f"`{shortened(word)}` is not part of a formula", start,
                _INSTEAD.get(word) or did_you_mean(word, {*_COMMANDS, *_SIGNS, *_STRUCTURES})
                or "a formula of numbers, letters and functions",
            )  # fmt: skip
        return [replace(token, span=span) for token in tokenize(word)[:-1]]

    def called_word(self, start: int) -> Token | None:
        """The function of ``sin(x)``, whose command nobody typed.

        Raises :class:`HessError` for ``sin x`` and ``2 pi``, which are set as products of letters.
        """
        run = _RUN.match(self.text, start)
        if run is None or self.text[start - 1 : start].isalpha():
            return None
        letters = run[0]
        if (
            letters in BY_NAME
            and letters in _known_in(letters)
            and _CALLED.match(self.text, run.end())
        ):
            self.position = run.end()
            return Token("name", letters, run.span())
        for known in _known_in(letters):
            command = f"\\{known}" if f"\\{known}" in _COMMANDS else f"\\operatorname{{{known}}}"
            self.position = run.end()
            self.fail(
                f"`{shortened(letters)}` is a product of letters in LaTeX", start,
                f"`{command}`, or `{' '.join(known)}` for the product", "ambiguous-product",
            )  # fmt: skip
        return None

    def greek(self, word: str, start: int) -> str:
        """The name of a letter, which is set by one command alone."""
        name = _LETTERS[word]
        first = self.commands.setdefault(name, word)
        if first != word:
            self.fail(f"`{first}` and `{word}` are one name here", start, f"one of them: `{first}`")
        return name

    def fraction(self, span: Span) -> list[Token]:
        """``\\frac{x}{y}``, but not ``\\frac{d}{dx}``, which is no quotient of products."""
        above, below = self.argument(), self.argument()
        if len(below) > 1 and above and above[0].text == below[0].text == "d":
            self.fail("a derivative is not part of a formula", span[0], "what is differentiated")
        slash = Token("/", "/", span)
        inside = [*_enclosed(above, span), slash, *_enclosed(below, span)]
        return _enclosed(inside, span, self.last())

    def binomial(self, span: Span) -> list[Token]:
        """``\\binom{n}{k}``."""
        above, below = self.argument(), self.argument()
        inside = [*above, Token(",", ",", span), *below]
        return [Token("name", "binomial", span), *_enclosed(inside, span, self.last())]

    def delimiter(self, side: Span) -> list[Token]:
        """What stands behind ``\\left`` or ``\\right``, of which each has the other."""
        start = side[0]
        self.skip()
        word = self.word()
        if word not in ("|", "\\vert", *_NORMS):
            if word == ".":
                self.fail("half a pair of brackets", start, "both brackets")
            return self.atom()
        self.position += len(word)
        span = (start, self.position)
        if self.text.startswith("\\right", start):
            return _end_of_norm(span) if word in _NORMS else [Token(")", ")", span)]
        return [Token("name", "norm" if word in _NORMS else "abs", span), Token("(", "(", span)]

    def root(self, span: Span) -> list[Token]:
        """``\\sqrt{x}`` and ``\\sqrt[3]{x}``."""
        self.skip()
        degree: list[Token] = []
        if self.word() == "[":
            self.position += 1
            degree = self.group("]")
        inside = _enclosed(self.argument(), span, self.last())
        function = {"": "sqrt", "2": "sqrt", "3": "cbrt"}.get("".join(t.text for t in degree))
        if function is not None:
            return [Token("name", function, span), *inside]
        inverse = [Token("number", "1", span), Token("/", "/", span), *_enclosed(degree, span)]
        power = [Token("**", "**", span), *_enclosed(inverse, span)]
        return _enclosed([*inside, *power], span, self.last())

    def upright(self, command: Span) -> list[Token]:
        """A name of several letters: ``\\mathrm{rate}``."""
        start = command[0]
        self.skip()
        match = _UPRIGHT_NAME.match(self.text, self.position)
        if match is None:
            inside = self.argument()
            if len(inside) != 1 or inside[0].kind != "name":
                self.fail("a name in braces should follow", start, "\\mathrm{rate}")
            return [replace(inside[0], span=(start, self.position))]
        self.position = match.end()
        name = match[1].replace("\\_", "_").strip()
        tokens = tokenize(name)[:-1]
        if len(tokens) != 1 or tokens[0].kind not in ("name", "and", "or", "not", "if", "else"):
            self.fail(f"`{shortened(name)}` is not a name", start, "letters, digits and `_`")
        operator = self.text.startswith(("\\operatorname", "\\mathop"), start)
        if operator and tokens[0].kind == "name" and tokens[0].text not in BY_NAME:
            close = did_you_mean(name, BY_NAME) if len(name) > 3 else None
            hint = close or f"`\\mathrm{{{name}}}` for a variable"
            message = f"`{shortened(name)}` is not a function that hess knows"
            self.fail(message, start, hint, "unknown-function")
        return [replace(tokens[0], span=(start, self.position))]

    def index(self, found: list[Token]) -> None:
        """``x_1`` and ``x_{max}`` are names; ``\\log_2`` is a function."""
        start = self.position
        self.position += 1
        braced = self.word() == "{"
        text = self.index_text()
        if found and found[-1].text == _CLOSED_NORM:
            self.order(found, text, start)
            return
        if not found or found[-1].kind != "name":
            self.fail("an index without a name before it", start, "x_1")
        name = found.pop()
        span = (name.span[0], self.position)
        if self.text[name.span[0]] == "\\" and name.text in BY_NAME.keys() - _GREEK:
            if name.text != "log" or text not in _LOGARITHMS:
                self.fail("a function has no index here", start, "log(x)/log(b) for a base b")
            found.append(Token("name", _LOGARITHMS[text], span))
            return
        # x_{1} is what SymPy prints for x1, and x_1 what people type, who need the brace in x_{10}.
        known = braced and text.isdigit() and not self.bare and "_" not in name.text
        separator = "" if known else "_"
        found.append(replace(name, text=f"{name.text}{separator}{text}", span=span))

    def order(self, found: list[Token], text: str, start: int) -> None:
        """The order of the norm before it: ``\\|x\\|_1``."""
        if text not in _ORDERS:
            self.fail("a norm has the order 1, 2 or `\\infty` here", start, "norm(x, p)")
        found[-2] = Token(*_ORDERS[text], (start, self.position))

    def accent(self, command: Span) -> list[Token]:
        """``\\hat{x}`` is the name ``x_hat``."""
        start, end = command
        word = self.text[start:end]
        inside = self.argument()
        if len(inside) != 1 or inside[0].kind != "name":
            self.fail("one name should stand below this sign", start, f"`{word}{{x}}`")
        name = f"{inside[0].text}_{_ACCENTS[word]}"
        first = self.commands.setdefault(name, word)
        if first != word:
            self.fail(f"`{first}` and `{word}` are one name here", start, f"one of them: `{first}`")
        return [replace(inside[0], text=name, span=(start, self.position))]

    def index_text(self) -> str:
        """What an index says, as it stands in a name."""
        match = _INDEX.match(self.text, self.position)
        if match is None:
            self.fail("an index should follow", self.position, "x_1")
        self.position = match.end()
        text = match[1] if match[1] is not None else match[2]
        for command in _UPRIGHT:
            text = text.replace(command, " ")
        text = re.sub(r"\\([A-Za-z]+)", r"\1", re.sub(r"[{}]|\\[,;:! ]", " ", text))
        words = re.findall(r"\w+", text.replace("\\_", "_"))
        if not words or re.search(r"[^\w\s,]", text.replace("\\_", "_")):
            self.fail("this is no index of a name", match.start(), "x_1, x_{max}")
        return "_".join(words)

    def power(self, found: list[Token]) -> None:
        """``x^2`` and ``x^{10}``; an index may follow the power."""
        start = self.position
        self.position += 1
        self.skip()
        if match := _DIGITS.match(self.text, self.position):
            self.position = match.end()
            self.fail(
                f"`^{match[0]}` is a power of `{match[0][0]}` in LaTeX", start,
                f"`^{{{match[0]}}}` or `^{match[0][0]} {match[0][1:]}`", "ambiguous-product",
            )  # fmt: skip
        if self.word() in ("\\prime", "*"):
            self.fail("a prime or a star is no power", start, "another name")
        if _ends_with_power(found):
            self.fail("two exponents follow each other", start, "braces: `{a^b}^c` or `a^{b^c}`")
        inside = self.argument()
        texts = [token.text for token in inside]
        if texts == ["T"] or (len(texts) == 3 and texts[0] == "(" and texts[1].isalpha()):
            name = texts[len(texts) // 2]
            self.fail(
                "this superscript may be no power", start, f"`^{{1 \\cdot {name}}}` for a power",
                "ambiguous-product",
            )  # fmt: skip
        span = (start, start + 1)
        exponent = inside
        letter = inside[0].kind == "name" and not (found and found[-1].text in BY_NAME)
        if len(inside) > 1 or letter or self.text[self.position - 1] == "}":
            # A brace tells where the exponent ends; one letter is all of it.
            first, *rest, last = self.bracketed(inside, start)
            exponent = [replace(first, text="{"), *rest, replace(last, text="}")]
        self.skip()
        if self.word() == "_":
            self.index(found)
        found += [Token("**", "^", span), *exponent]

    def cases(self, command: Span) -> list[Token]:
        """``\\begin{cases} a & x > 0 \\\\ b & \\text{otherwise} \\end{cases}`` as Piecewise."""
        start = command[0]
        if not self.text.startswith("\\begin{cases}", start):
            hint = "`\\begin{cases}` for cases; a name for a matrix, and its value with `--at`"
            self.fail("this is not part of a formula", start, hint)
        self.position = self.text.index("}", start) + 1
        outer, self.in_cases = self.in_cases, True
        pieces: list[Token] = []
        while not self.ends_cases():
            value, condition = self.cell(start), self.cell(start)
            if value:
                comma = Token(",", ",", command)
                condition = condition or [Token("name", "True", command)]
                pieces += [comma] * bool(pieces)
                pieces += _enclosed([*value, comma, *condition], command)
        self.position = self.text.index("}", self.position) + 1
        self.in_cases = outer
        return [Token("name", "Piecewise", command), *_enclosed(pieces, command, self.last())]

    def ends_cases(self) -> bool:
        self.skip()
        return self.text.startswith("\\end{cases}", self.position)

    def cell(self, start: int) -> list[Token]:
        """The tokens up to the end of a value or a condition, which is passed."""
        found: list[Token] = []
        while not self.ends_cases():
            if self.position >= len(self.text):
                self.fail("this is never closed", start, "add `\\end{cases}`")
            word = self.word()
            if word in _ENDS_OF_CELLS:
                self.position += len(word)
                break
            if spelled := _WORD.match(self.text, self.position):
                if spelled[1] in ("and", "or", "not"):
                    found.append(Token(spelled[1], spelled[1], spelled.span()))
                self.position = spelled.end()
            else:
                self.item(found)
        return _without_stop(found)

    def sum(self, span: Span) -> list[Token]:
        """``\\sum_{k=1}^{n} …``, of what follows up to the next term."""
        start = span[0]
        name = "Sum" if self.text.startswith("\\sum", start) else "Product"
        limits: dict[str, list[Token]] = {}
        for _ in range(2):
            self.skip()
            sign = self.word()
            if sign in ("_", "^"):
                self.position += 1
                limits[sign] = self.argument()
        below, above = limits.get("_", []), limits.get("^", [])
        if len(below) < 3 or below[0].kind != "name" or below[1].kind != "=" or not above:
            self.fail("a sum has an index with its limits", start, "\\sum_{k=1}^{n}")
        body: list[Token] = []
        depth = 0
        while True:
            self.skip()
            word = self.word()
            if self.position >= len(self.text) or (depth == 0 and word in (*"+-=)]},&", "\\}")):
                break
            depth += (word in ("(", "[", "\\{")) - (word in (")", "]", "\\}"))
            self.item(body)
        for token in body:
            if below[0].text in token.text.split("_")[1:]:
                self.fail(
                    f"`{token.text}` has the index of the sum",
                    token.span[0],
                    "the terms written out",
                )
        comma = Token(",", ",", span)
        bounds = [below[0], comma, *below[2:], comma, *above]
        return [
            Token("name", name, span),
            *_enclosed([*body, comma, *_enclosed(bounds, span)], span, self.last()),
        ]


_STRUCTURES: Mapping[str, Callable[[_Reader, Span], list[Token]]] = {
    **dict.fromkeys(("\\frac", "\\dfrac", "\\tfrac", "\\cfrac"), _Reader.fraction),
    **dict.fromkeys(_UPRIGHT, _Reader.upright),
    **dict.fromkeys(_ACCENTS, _Reader.accent),
    **dict.fromkeys(("\\left", "\\right"), _Reader.delimiter),
    **dict.fromkeys(("\\sum", "\\prod"), _Reader.sum),
    "\\sqrt": _Reader.root,
    "\\binom": _Reader.binomial,
    "\\begin": _Reader.cases,
}


def _known_in(letters: str) -> Iterator[str]:
    """The functions and letters that a run of letters begins or ends with, the longest first."""
    for length in range(min(len(letters), _LONGEST_RUN), 1, -1):
        for part in (letters[:length], letters[-length:]):
            if part in _SHORT or (length > 2 and (part in BY_NAME or part in _GREEK)):
                yield part


def _end_of_norm(span: Span) -> list[Token]:
    """The end of a norm, of the order 2, which an index behind it may change.

    Without an order, that of a matrix would be Frobenius's, as in NumPy, and not the one in print.
    """
    return [Token(",", ",", span), Token("number", "2", span), Token(")", _CLOSED_NORM, span)]


def _enclosed(inside: list[Token], start: Span, end: Span | None = None) -> list[Token]:
    """Tokens in a bracket that stands nowhere in the text, but that of a structure from ``start``
    to ``end``.
    """
    return [Token("(", "(", start), *inside, Token(")", ")", end or start)]


def _without_stop(tokens: list[Token]) -> list[Token]:
    """The same without the sign that ends a sentence, or a part of one."""
    while tokens and tokens[-1].text in (".", ",", ";"):
        tokens.pop()
    return tokens


def _ends_with_power(tokens: list[Token]) -> bool:
    """Whether the last of these is an exponent in braces."""
    depth = 0
    for k in range(len(tokens) - 1, 0, -1):
        depth += (tokens[k].kind == ")") - (tokens[k].kind == "(")
        if depth == 0:
            return tokens[-1].text == "}" and tokens[k - 1].kind == "**"
    return False


def _with_factors(tokens: list[Token], text: str) -> list[Token]:
    """A ``*`` between a letter that is a function in print and a bracket, where it is a factor.

    It is one where it stands alone elsewhere. Raises :class:`HessError` where that is not known.
    """
    pairs = list(pairwise([*tokens, Token("end", "", (0, 0))]))
    alone = {token.text for token, after in pairs if after.kind != "("}
    found = []
    for token, after in pairs:
        found.append(token)
        meant = _printed(token, text) if after.kind == "(" else None
        if _is_upright(token, text) and after.kind == "(":
            meant = "`\\operatorname{…}` for a function"
        if (meant and token.text in alone) or (after.kind == "(" and token.text == "e"):
            found.append(Token("*", "*", token.span))
        elif meant:
            shown = text[slice(*token.span)]
            raise HessError(
                "ambiguous-product", f"`{shortened(shown)}(…)` can be read in two ways",
                span=token.span, source=text, hint=f"`{shortened(shown)} \\cdot (…)` or {meant}",
            )  # fmt: skip
    return found


def _is_upright(token: Token, text: str) -> bool:
    """Whether this is set as a variable of several letters, and is no known function."""
    upright = text.startswith(_UPRIGHT, token.span[0])
    operator = text.startswith("\\operatorname", token.span[0])
    return token.kind == "name" and upright and not operator and token.text not in BY_NAME


def _printed(token: Token, text: str) -> str | None:
    """The function that a letter may be in print."""
    if token.kind != "name" or text.startswith(("\\Gamma", *_UPRIGHT), token.span[0]):
        return None
    if token.text in _PRINTED:
        return _PRINTED[token.text]
    match = re.fullmatch(r"([A-Z])_?(\d+|(?<=_)\w+)", token.text)
    family = _FAMILIES.get(match[1]) if match else None
    return f"`\\operatorname{{{family}}}({match[2]}, …)`" if match and family else None


def _is_enclosed(tokens: list[Token]) -> bool:
    """Whether one pair of brackets is around all of these."""
    depth = 0
    for k, token in enumerate(tokens):
        depth += (token.kind == "(") - (token.kind == ")")
        if depth == 0:
            return k == len(tokens) - 1 and k > 0
    return False
