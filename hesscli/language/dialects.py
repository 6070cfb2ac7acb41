"""What Python, Mathematica and MATLAB write otherwise, in the one notation that is parsed.

Tokens go in and come out; one that is not what stands there is marked as ``free``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from hesscli.errors import HessError
from hesscli.functions.table import BY_NAME
from hesscli.language.tokens import GREEK, OPERANDS, Token
from hesscli.language.tree import ATTRIBUTES

# Names that stand before a function of Python with a dot; those of arrays take axes.
_ARRAYS = ("np", "numpy", "torch", "jnp", "onp", "xp", "cp", "anp", "tf")
_MODULES = (
    *_ARRAYS, "math", "Math", "cmath", "mpmath", "jax", "sp", "sympy", "scipy", "special", "linalg",
    "nn", "functional", "F", "stats", "std",
)  # fmt: skip
# What stands second in these is no number of the formula's.
_SECOND = {
    "max": "`maximum(x, y)` for two numbers, `max(x)` over all elements",
    "min": "`minimum(x, y)` for two numbers, `min(x)` over all elements",
    "log": "`log2(x)`, `log10(x)` or `log(x)/log(b)`",
}
_GREEK = {*GREEK.values()}
_CONSTANTS = {"M_PI": "pi", "M_E": "e"}  # of C
# Behind a module, as in Math.PI; and beside calls in square brackets.
_OF_MODULES, _BESIDE_CALLS = {"PI": "pi", "E": "e"}, {"Pi": "pi"}
# Of the normal distribution: scipy.stats.norm.cdf(x).
_NORMAL = {"cdf": "Phi", "pdf": "normpdf", "logcdf": "log_ndtr"}
# Functions of Mathematica whose names are not those of others with capital letters.
_MATHEMATICA = {
    "If": "where", "Power": "pow", "HeavisideTheta": "Heaviside", "UnitStep": "Heaviside",
    "Ramp": "relu", "Ceiling": "ceil", "ProductLog": "LambertW",
}  # fmt: skip
# What is another function in capital letters: a spreadsheet's LOG is that to base 10, and its ATAN2
# takes x first.
_CAPITALS = ("log", "atan2")
# With limits behind their first argument, these have the same names here.
_QUANTIFIED = ("Sum", "Product")
# These take their arguments in another order, or mean something else.
_OTHERWISE = {"ArcTan": "atan2(y, x) for ArcTan[x, y]", "Log": "log(x)/log(b) for Log[b, x]"}


def in_one_notation(tokens: list[Token], text: str) -> list[Token]:
    """The same formula without modules, square brackets of calls and braces."""
    constants = _CONSTANTS | (_BESIDE_CALLS if _has_calls(tokens) else {})
    found = [
        replace(token, text=constants[token.text], free=True) if token.text in constants else token
        for token in _without_return(tokens)
    ]
    plain = _with_pairs(_without_modules(found, text))
    return _with_small_letters(_with_round_brackets(plain, text))


def _has_calls(tokens: Sequence[Token]) -> bool:
    """Whether a function has its arguments in square brackets, as in Mathematica."""
    called = (a.text for a, b in pairwise(tokens) if a.kind == "name" and b.kind == "[")
    return any({name, name.lower()} & BY_NAME.keys() for name in called)


def _without_return(tokens: list[Token]) -> list[Token]:
    if tokens[0].text == "return" and tokens[1].kind in ("name", "number", "(", "-"):
        return [replace(tokens[1], free=True), *tokens[2:]]
    return tokens


def _without_modules(tokens: list[Token], text: str) -> list[Token]:
    """``np.linalg.norm(x)`` as ``norm(x)``."""
    found: list[Token] = []
    k = 0
    while k < len(tokens):
        start, k = k, _end_of_modules(tokens, k)
        module, token = tokens[start], tokens[k]
        if [t.text for t in tokens[k : k + 2]] == ["norm", "."] and tokens[k + 2].text in _NORMAL:
            k += 2
            token = replace(tokens[k], text=_NORMAL[tokens[k].text])
        if k > start:
            _refuse_other(module, token, tokens[k + 1 :], text)
            token = replace(token, text=_OF_MODULES.get(token.text, token.text), free=True)
        found.append(token)
        k += 1
    return found


def _end_of_modules(tokens: Sequence[Token], k: int) -> int:
    """Where the name behind modules stands, each of which has its dot or colons at once."""
    while tokens[k].kind == "name" and tokens[k].text in _MODULES:
        if tokens[k + 2 : k + 3] and tokens[k + 2].text in ATTRIBUTES:
            break  # F.T of a matrix F
        length = next((n for n in (1, 2) if _joins(tokens[k + 1 : k + n + 2])), None)
        if length is None or tokens[k].span[1] != tokens[k + 1].span[0]:
            break
        k += length + 1
    return k


def _joins(tokens: Sequence[Token]) -> bool:
    """Whether these are what stands behind a module, up to a name in it."""
    return [token.kind for token in tokens] in ([".", "name"], [":", ":", "name"])


def _refuse_other(module: Token, name: Token, call: Sequence[Token], text: str) -> None:
    """Refuse a function that means something else in a module than here."""
    if module.text in _ARRAYS and name.text in _SECOND and _has_several(call):
        raise HessError(
            "ambiguous-function", f"the second argument of `{name.text}` is no number here",
            span=name.span, source=text, hint=_SECOND[name.text],
        )  # fmt: skip
    if name.text == "sinc" and module.text not in ("sp", "sympy"):
        raise HessError(
            "ambiguous-function",
            f"`{module.text}.sinc(x)` is sin(pi*x)/(pi*x), and `sinc(x)` sin(x)/x",
            span=(module.span[0], name.span[1]), source=text, hint="`sinc(pi*x)` or `sinc(x)`",
        )  # fmt: skip


def _with_pairs(tokens: list[Token]) -> list[Token]:
    """``Piecewise[{{a, c}, {b, d}}, z]`` of Mathematica without the outer braces, and with the pair
    of its default, which is 0 where it is not given.
    """
    found = list(tokens)
    # From the last one, which may stand in another.
    for k in range(len(tokens) - 4, -1, -1):
        if [t.text for t in found[k : k + 4]] != ["Piecewise", "[", "{", "{"]:
            continue
        end, close = _closing(found, k + 2), _closing(found, k + 1)
        if close is None or end is None:
            continue
        default = found[end + 2 : close] or [Token("number", "0", found[end].span)]
        span = found[end].span
        always = [Token(",", ",", span), Token("name", "True", span), Token(")", ")", span)]
        pair = [Token(",", ",", span), Token("(", "(", span), *default, *always]
        if found[end - 2].text == "True":
            pair = []
        found[k:close] = [*found[k : k + 2], *found[k + 3 : end], *pair]
    return found


def _closing(tokens: Sequence[Token], start: int) -> int | None:
    """Where the bracket closes that opens at ``start``."""
    depth = 0
    for k in range(start, len(tokens)):
        depth += (tokens[k].kind in ("(", "[", "{")) - (tokens[k].kind in (")", "]", "}"))
        if depth == 0:
            return k
    return None


def _with_round_brackets(tokens: list[Token], text: str) -> list[Token]:
    """``Sin[x]`` as ``sin(x)``, ``f[x_] := …`` as ``f(x) := …``, and ``e^{x}`` as ``e^(x)``."""
    found = _with_plain_header(tokens)
    closing: list[Token | None] = []
    for k, token in enumerate(tokens):
        before = tokens[k - 1] if k else None
        if token.kind == "[" and before is not None and _is_called(before):
            found[k - 1] = _function_of_mathematica(before, tokens[k:], text)
            found[k] = replace(token, kind="(", free=True)
            closing.append(replace(token, kind=")", text="]"))
        elif token.kind == "{":
            found[k] = replace(token, kind="(", free=True)
            closing.append(replace(token, kind=")", text="}"))
        elif token.kind in ("(", "["):
            closing.append(None)
        elif token.kind in (")", "]", "}") and closing:
            other = closing.pop()
            if other is not None and token.text == other.text:
                found[k] = replace(token, kind=")", free=True)
    return found


def _with_small_letters(tokens: list[Token]) -> list[Token]:
    """``Sin(x)``, ``EXP(x)`` and ``if(…)``, where that is no variable, as ``sin(x)``, ``exp(x)``
    and ``where(…)``; ``PI()`` as ``pi``.
    """
    alone = {a.text for a, b in pairwise(tokens) if a.kind == "name" and b.kind != "("}
    found = []
    skipped = 0
    for k, token in enumerate(tokens):
        if skipped:
            skipped -= 1
            continue
        after = tokens[k + 1 : k + 3]
        if after and after[0].kind == "(" and token.text not in alone:
            small = token.text.lower()
            if small == "pi" and after[1].kind == ")":
                token = replace(token, text="pi", free=True)
                skipped = 2
            elif small == "if" and (not k or tokens[k - 1].kind not in OPERANDS):
                token = replace(token, kind="name", text="where", free=True)
            elif token.kind == "name" and (function := _in_small_letters(token.text)):
                token = replace(token, text=function, free=True)
        found.append(token)
    return found


def _in_small_letters(name: str) -> str | None:
    """The function that is meant by a name in capital letters, or with one."""
    small = name.lower()
    if name in BY_NAME or small not in BY_NAME or name not in (small.upper(), small.capitalize()):
        return None
    # Letters and Greek ones are names of many things.
    short = len(name) < 3 and small != "ln"
    return None if short or small in _CAPITALS or small.capitalize() in _GREEK else small


def _with_plain_header(tokens: Sequence[Token]) -> list[Token]:
    """``f[x_, y_] := …`` with round brackets and the names alone."""
    found = list(tokens)
    if [token.kind for token in tokens[:3]] != ["name", "[", "name"]:
        return found
    if not tokens[2].text.endswith("_"):
        return found
    for k, token in enumerate(tokens):
        if token.kind in ("[", "]"):
            found[k] = replace(token, kind="(" if token.kind == "[" else ")", free=True)
        elif token.kind == "name" and token.text.endswith("_"):
            found[k] = replace(token, text=token.text.rstrip("_"), free=True)
        if token.kind == "]":
            break
    return found


def _is_called(name: Token) -> bool:
    """Whether a square bracket behind ``name`` is that of a call, and not of an index."""
    if name.kind != "name" or not name.text[0].isupper():
        return False
    return len(name.text) > 1 and (name.text in BY_NAME or _own_name(name.text) is not None)


def _own_name(name: str) -> str | None:
    """The name here of a function of Mathematica."""
    small = name.lower()
    inverse = f"a{small.removeprefix('arc')}" if small.startswith("arc") else None
    return next((n for n in (_MATHEMATICA.get(name), inverse, small) if n in BY_NAME), None)


def _function_of_mathematica(name: Token, call: Sequence[Token], text: str) -> Token:
    own = _own_name(name.text)
    if own is None:
        return name
    if name.text in _QUANTIFIED and _has_several(call):
        return name
    if name.text in _OTHERWISE and _has_several(call):
        raise HessError(
            "ambiguous-function",
            f"`{name.text}` of two arguments has another order here",
            span=name.span, source=text, hint=_OTHERWISE[name.text],
        )  # fmt: skip
    return replace(name, text=own, free=True)


def _has_several(call: Sequence[Token]) -> bool:
    """Whether there is a comma in the bracket that opens here."""
    depth = 0
    for token in call:
        depth += (token.kind in ("(", "[", "{")) - (token.kind in (")", "]", "}"))
        if depth == 0:
            return False
        if depth == 1 and token.kind == ",":
            return True
    return False
