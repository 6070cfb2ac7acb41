"""Text → tokens that remember their place in it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction

from hesscli.errors import HessError, shortened
from hesscli.types import Span

# Limits that keep a request from taking all time and memory before anything can be said about it.
MAX_LENGTH = 200_000
MAX_DIGITS = 4_000
MAX_EXPONENT = 4_000
MAX_DEPTH = 400


@dataclass(frozen=True, slots=True)
class Token:
    """One word of the text. ``kind`` is number, name, word, file, end, or the operator itself."""

    kind: str
    text: str
    span: Span
    raised: bool = False  # part of a run of superscript characters, as in x²
    free: bool = False  # read as something that does not stand there literally, as for .^ of MATLAB


SUPERSCRIPTS = dict(
    zip(
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵅᵝᵞᵟᵋᶿᵠᵡ",
        "0123456789+-()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWαβγδεθφχ",
        strict=True,
    )
)
_NO_POWERS = {
    **dict.fromkeys("TH", "`dot(x, y)` for the product of two vectors"),
    "o": "`pi/180` for a degree",
}
_SUBSCRIPTS = re.compile("[ₐₑₒₓₔₕₖₗₘₙₚₛₜᵢⱼᵣᵤᵥᵦᵧᵨᵩᵪ]+")
_LOOKALIKES = {"∆": "Δ"}  # the sign of an increment, on some keyboards
# Letters that NFKC makes others of, which may stand beside them.
_VARIANT = re.compile("[ϕϵϑϱςϰϖℓ\U0001d400-\U0001d7ff]")
# Each operator with the other signs that people type and paste for it.
_SIGNS = {
    "*": "·×⋅∙∗", "-": "−–", "/": "÷∕⁄", "**": "^", "<=": "≤", ">=": "≥", "!=": "≠",
    "and": ("∧", "&", "&&"), "or": ("∨", "|", "||"), "not": "¬~", "->": ("→", "↦", "=>"),
    ":=": "≔",
}  # fmt: skip
OPERATORS = {sign: operator for operator, signs in _SIGNS.items() for sign in signs} | {
    sign: sign for sign in ("**", "<=", ">=", "==", "!=", ":=", "->", *"+-*/()[],<>=!%.{};:@?")
}
# Those that stand for something only in some places; elsewhere they are no part of a formula.
FOREIGN = (".", "{", "}", ";", ":", ":=", "->", "@", "?")
# The operators of MATLAB between elements.
_DOTTED = re.compile(r"\.([*/^])(?!\*)")
# The constants of Maxima.
_PERCENT = re.compile(r"%(pi|e)(?!\w)")
_SUFFIX = re.compile(r"[jJfFlL](?!\w)")
_FORTRAN = re.compile(r"[dD]([-+]?\d+)(?!\w)")
OPERANDS = ("name", "number", ")", "]")
KEYWORDS = ("and", "or", "not", "if", "else")
# Signs that stand for a word, and the kind of its token.
WORDS = {"√": ("root", "sqrt"), "∛": ("root", "cbrt"), "∞": ("name", "oo")}
NUMBER = re.compile(r"(?:[0-9]+(?:_[0-9]+)*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")

# What a formula may have in quotation marks: norm(A, 'fro'), einsum('ij,j->i', A, x).
QUOTED = re.compile(r"[\"'‘“’”](fro|nuc)[\"'’”]")
_EINSUM = re.compile(r"[\"'‘“’”]([A-Za-z ,.]*(?:->[A-Za-z .]*)?)[\"'’”]")

NAME = r"[^\W\d]\w*"
# As it may stand in a point that is not written as a formula: 2, -.5, 1e-3, 1/3. Here and
# everywhere, no two parts of an expression can match the same text: that would take for ever.
SIGNED_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?(?:/\d+)?"

_SMALL = {
    letter: unicodedata.name(letter).split()[-1].lower().replace("lamda", "lambda")
    for letter in "αβγδεζηθικλμνξοπρσςτυφχψω"
}
GREEK = _SMALL | {letter.upper(): name.capitalize() for letter, name in _SMALL.items()}


def canonical_name(text: str) -> str:
    """The one spelling of a name: compatibility forms folded, a leading Greek letter in English.

    ``θ``, ``θ₁`` and ``σ2`` are ``theta``, ``theta1`` and ``sigma2``, so that what is pasted in
    Greek can be given a value on an English keyboard; ``xᵢ`` is ``x_i``.
    """
    indexed = _SUBSCRIPTS.sub(lambda index: f"_{index[0]}", text)
    folded = unicodedata.normalize("NFKC", indexed)
    if folded[:1] in GREEK and not any(c.isalpha() for c in folded[1:2]):
        return GREEK[folded[0]] + folded[1:]
    return folded


def tokenize(text: str, *, files: bool = False) -> list[Token]:
    """Split ``text`` into tokens that end with one of kind ``end``.

    ``files`` allows ``@path``. Raises :class:`HessError` for a character that means nothing.
    """
    if len(text) > MAX_LENGTH:
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
            _refuse_suffix(text, plain, match)
            if tokens and tokens[-1].text == "^":
                _refuse_index(text, match)
            if files:
                _refuse_exponent(text, plain, match)
            tokens.append(Token("number", match.group(), (match.start(), i)))
        elif is_vulgar_fraction(c):
            tokens.append(Token("number", c, (i, i + 1)))
            i += 1
        elif c.isalpha() or c == "_":
            start = i
            while i < len(plain) and _in_name(plain[i]):
                i += 1
            tokens += _words(text, plain[start:i], (start, i))
        elif match := (_EINSUM if _opens_einsum(tokens) else QUOTED).match(plain, i):
            start, i = i, match.end()
            tokens.append(Token("word", match[1], (start, i)))
        elif c in WORDS:
            tokens.append(Token(*WORDS[c], (i, i + 1)))
            i += 1
        elif match := _DOTTED.match(plain, i):
            start, i = i, match.end()
            tokens.append(Token(OPERATORS[match[1]], match[0], (start, i), free=True))
        elif (match := _PERCENT.match(plain, i)) and not _follows_operand(tokens):
            start, i = i, match.end()
            tokens.append(Token("name", match[1], (start, i), free=True))
        elif files and c == "@":
            start, i = i, _end_of_path(text, i + 1)
            tokens.append(Token("file", text[start + 1 : i].strip().strip("\"'"), (start, i)))
        elif signs := [s for s in (plain[i : i + 2], c) if s in OPERATORS]:
            start, i = i, i + len(signs[0])
            tokens.append(Token(OPERATORS[signs[0]], signs[0], (start, i)))
        else:
            raise unknown_character(text, i)
    _refuse_variants(text, tokens)
    tokens.append(Token("end", "", (len(text), len(text) + 1)))
    return tokens


def _refuse_variants(text: str, tokens: list[Token]) -> None:
    """Refuse two forms of one letter: ϕ beside φ, ℓ beside l, 𝐱 beside x."""
    if not _VARIANT.search(text):
        return
    forms: dict[str, str] = {}
    for token in tokens:
        if token.kind == "name":
            typed = text[slice(*token.span)]
            first = forms.setdefault(token.text, typed)
            if first != typed and (_VARIANT.search(first) or _VARIANT.search(typed)):
                raise HessError(
                    "syntax", f"`{first}` and `{typed}` are one name here", span=token.span,
                    source=text, hint=f"one of them: `{first}`; or another name for the other",
                )  # fmt: skip


def _opens_einsum(tokens: list[Token]) -> bool:
    """Whether the next word is the first argument of ``einsum``."""
    return [token.text for token in tokens[-2:]] == ["einsum", "("]


def _follows_operand(tokens: list[Token]) -> bool:
    return bool(tokens) and tokens[-1].kind in OPERANDS


def _folded(c: str) -> str:
    if c.isascii() or c in SUPERSCRIPTS or _SUBSCRIPTS.match(c):
        return c
    folded = unicodedata.normalize("NFKC", c)
    return folded if len(folded) == 1 and folded.isascii() else _LOOKALIKES.get(c, c)


def _in_name(c: str) -> bool:
    if c in SUPERSCRIPTS or is_vulgar_fraction(c):
        return False
    return c.isalnum() or c == "_" or unicodedata.category(c) == "Mn"


def is_vulgar_fraction(c: str) -> bool:
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


def _words(text: str, word: str, span: Span) -> list[Token]:
    """The name or keyword here; π and the letter behind it are a product."""
    if word in KEYWORDS:
        return [Token(word, word, span)]
    folded = unicodedata.normalize("NFKC", word)
    if folded[0] == "π" and len(folded) > 1 and not re.match(r"[_\d]", folded[1]):
        middle = span[0] + 1
        if re.fullmatch(r"[^\W\d_](?:_?\d+)?", folded[1:]):
            pi, letter = Token("name", "pi", (span[0], middle)), (middle, span[1])
            star = Token("*", "*", (middle, middle), free=True)
            return [pi, star, *_words(text, word[1:], letter)]
    if "π" in folded and not re.match(r"π(?:[_\d]|$)", folded):
        before, _, rest = folded.partition("π")
        product = (
            f"{before}(π*{rest})" if len(before) > 1 else folded.replace("π", "*π*").strip("*")
        )
        raise HessError(
            "ambiguous-product", f"`{shortened(word)}` would be one name", span=span, source=text,
            hint=f"`{shortened(product)}` if a product with π is meant",
        )  # fmt: skip
    name = canonical_name(word)
    settled = canonical_name(name) == name and all(map(_in_name, name))
    if not settled or not (name[0].isalpha() or name[0] == "_"):
        raise HessError(
            "syntax", f"`{shortened(word)}` is not a name", span=span, source=text,
            hint="letters, digits and `_`, such as x, x1 or theta_0",
        )  # fmt: skip
    return [Token("name", name, span)]


def _refuse_hexadecimal(text: str, plain: str, match: re.Match[str]) -> None:
    if match.group() == "0" and re.match(r"[xXbBoO][0-9a-fA-F]", plain[match.end() :]):
        raise HessError(
            "syntax", "numbers are decimal; this looks like a hexadecimal, octal or binary one",
            span=(match.start(), match.end() + 2), source=text,
            hint="write the number in decimal, or put `*` between the 0 and the name",
        )  # fmt: skip


def _refuse_suffix(text: str, plain: str, match: re.Match[str]) -> None:
    """Refuse what C and Python take for a kind of number, and others for a factor: 1.0f, 2j."""
    found = _SUFFIX.match(plain, match.end())
    # Of C's, only what follows a fraction: people write 2f.
    if found and (found[0] in "jJ" or not match[0].isdecimal()):
        imaginary = found[0] in "jJ"
        other = f"`{match[0]}*I` for an imaginary number" if imaginary else f"`{match[0]}` for C's"
        raise HessError(
            "ambiguous-product", f"`{match[0]}{found[0]}` can be read in two ways",
            span=(match.start(), found.end()), source=text,
            hint=f"`{match[0]}*{found[0]}` for a product, {other}",
        )  # fmt: skip
    if found := _FORTRAN.match(plain, match.end()):
        shown = f"{match[0]}{found[0]}"
        sign = "" if found[1][0] in "+-" else "*"
        product = (
            f"{match[0]}*d{found[1]}" if sign else f"{match[0]}*d {found[1][0]} {found[1][1:]}"
        )
        raise HessError(
            "ambiguous-product", f"`{shown}` can be read in two ways",
            span=(match.start(), found.end()), source=text,
            hint=f"`{match[0]}e{found[1]}` for a number of Fortran's, `{product}`",
        )  # fmt: skip


def _refuse_index(text: str, match: re.Match[str]) -> None:
    """Refuse ``x^2_1``, which is x₁² to a reader of LaTeX and x^21 to Python."""
    power, line, index = match[0].partition("_")
    if line:
        raise HessError(
            "ambiguous-product", f"`^{match[0]}` can be read in two ways", span=match.span(),
            source=text, hint=f"`_{index}^{power}` for an index, `^{power}{index}` for one number",
        )  # fmt: skip


def _refuse_exponent(text: str, plain: str, match: re.Match[str]) -> None:
    """Refuse ``1e`` as a value, of which the exponent may be missing."""
    if re.match(r"[eE](?!\w)", plain[match.end() :]):
        shown = text[match.start() : match.end() + 1]
        raise HessError(
            "ambiguous-product", f"`{shown}` can be read in two ways",
            span=(match.start(), match.end() + 1), source=text,
            hint=f"`{match[0]}*e` for a product, `{shown}3` with an exponent",
        )  # fmt: skip


def _superscript(text: str, plain: str, start: int, tokens: list[Token]) -> int:
    """Read a run of superscripts as ``** ( … )`` and return the offset behind it."""
    end = start
    while end < len(plain) and plain[end] in SUPERSCRIPTS:
        end += 1
    inner = "".join(SUPERSCRIPTS[c] for c in plain[start:end])
    span = (start, end)
    if not re.search(r"\w\)*$", inner):
        raise HessError(
            "syntax", f"`{plain[start:end]}` is no power", span=span, source=text,
            hint="a number or a letter in it: x², xⁿ",
        )  # fmt: skip
    if inner in _NO_POWERS:
        raise HessError(
            "ambiguous-product", f"`{plain[start:end]}` may be no power", span=span, source=text,
            hint=f"`^{inner}` for a power, {_NO_POWERS[inner]}",
        )  # fmt: skip
    if found := re.search(r"[^\W\d](\d+)", inner):
        # A power of a power cannot be raised any further.
        power = f"^({inner[: found.start(1)]}^{found[1]}{inner[found.end() :]})"
        raise HessError(
            "ambiguous-product", f"`{plain[start:end]}` can be read in two ways", span=span,
            source=text, hint=f"`{power}`, or `^({inner})` for a name with an index",
        )  # fmt: skip
    # Letters beside each other are no name up there.
    inner = re.sub(r"(?<=[^\W\d])(?=[^\W\d])", "*", inner)
    free = "*" in inner
    words = [(token.kind, token.text) for token in tokenize(inner)[:-1]]
    for kind, word in (("**", "**"), ("(", "("), *words, (")", ")")):
        tokens.append(Token(kind, word, span, raised=True, free=free))
    return end


def unknown_character(text: str, i: int) -> HessError:
    """The error for a character that means nothing where it stands."""
    c = text[i]
    hints = {
        "@": "a matrix on both sides of it; `--at x=@FILE` for a file of numbers",
        '"': "remove the quotation mark",
        "'": "`A.T` for a transpose, as in `x@A@x`; a derivative written out, no quotation marks",
        **dict.fromkeys("“”‘’«»", "remove the quotation mark"),
        **dict.fromkeys("…⋯", "the terms written out"),
        "`": "remove the backquote",
        ";": "one formula at a time",
        ":": "`f(x) = …` before a formula, `where(condition, a, b)` for two",
        "?": "`where(condition, a, b)`",
        "°": "radians: `90*pi/180`",
        "{": "use round brackets `( )`",
        "}": "use round brackets `( )`",
        "$": "write names without `$`",
        "\\": "`/` for a division, `solve(A, b)` for A\\b; commands of LaTeX have letters",
        ".": "a number beside the decimal point, `*` for a product",
        "∂": "type the formula itself; `hess` differentiates it",
        "∇": "type the formula itself; `hess` differentiates it",
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


def read_number(text: str) -> Fraction:
    """The exact value of a literal. Raises :class:`HessError` beyond the limits of this module."""
    text = text.replace("_", "")
    if is_vulgar_fraction(text):
        return Fraction(unicodedata.normalize("NFKC", text).replace("⁄", "/"))
    mantissa, _, exponent = text.lower().partition("e")
    if len(mantissa) > MAX_DIGITS:
        raise HessError(
            "too-large", f"a number of {len(mantissa):,} digits; the most is {MAX_DIGITS:,}"
        )
    if len(exponent) > 6 or abs(int(exponent or 0)) > MAX_EXPONENT:
        message = f"the exponent of this number is beyond ±{MAX_EXPONENT:,}"
        raise HessError("too-large", message, hint="a number between 1e-300 and 1e300")
    return Fraction(text)
