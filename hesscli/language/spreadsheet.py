"""A formula behind ``=``, as from a cell of a spreadsheet, and what such a program takes otherwise.

There, a sign binds tighter than a power, powers are taken from left to right, ``LOG`` is that to
base 10 and ``ATAN2`` has x first. Text with an ``=`` before it may also come from elsewhere: these
are refused with both readings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hesscli.errors import HessError
from hesscli.language.tokens import Token

_OPERATORS = ("+", "-", "*", "/", "**", "(", ",", "<", ">", "<=", ">=", "==", "!=", "=")
_OPERANDS = ("name", "number", "(", "root")
_OTHERWISE = {
    "log": "`log10(…)` as in a spreadsheet, `ln(…)` for the natural logarithm",
    "atan2": "`atan2(y, x)`, of y first, without the `=`",
}


def of_a_cell(tokens: list[Token], text: str) -> list[Token]:
    """The tokens behind the ``=`` that begins them.

    Raises :class:`HessError` for what a spreadsheet takes otherwise.
    """
    _, *inside = tokens
    for k, token in enumerate(inside):
        if token.kind == "name" and token.text.lower() in _OTHERWISE and inside[k + 1].kind == "(":
            _refuse(token, token, text, _OTHERWISE[token.text.lower()])
        if token.kind == "-" and (k == 0 or inside[k - 1].kind in _OPERATORS):
            end = _end_of_operand(inside, k + 1)
            if inside[end].kind == "**":
                typed = text[inside[k + 1].span[0] : inside[end - 1].span[1]]
                power = text[inside[end].span[0] : inside[end + 1].span[1]]
                _refuse(
                    token, inside[end], text,
                    f"`(-{typed}){power}` as in a spreadsheet, `-({typed}{power})` elsewhere",
                )  # fmt: skip
        if token.kind == "**" and not token.raised:
            end = _end_of_operand(inside, k + 1)
            if inside[end].kind == "**":
                hint = "`(a^b)^c` as in a spreadsheet, `a^(b^c)` elsewhere"
                _refuse(token, inside[end], text, hint)
    return list(_in_one_notation(inside))


def _in_one_notation(tokens: Sequence[Token]) -> Iterator[Token]:
    """``5%`` as a quotient, and the semicolons that part arguments in some countries as commas."""
    depth = 0
    for k, token in enumerate(tokens):
        depth += (token.kind == "(") - (token.kind == ")")
        percent = token.kind == "%" and tokens[k - 1].kind == "number"
        if percent and tokens[k - 2].kind != "**" and tokens[k + 1].kind not in _OPERANDS:
            yield Token("/", "/", token.span, free=True)
            yield Token("number", "100", token.span, free=True)
        elif token.kind == ";" and depth:
            yield Token(",", ";", token.span, free=True)
        else:
            yield token


def _end_of_operand(tokens: Sequence[Token], k: int) -> int:
    """Behind the number, the name, the call or the bracket that begins at ``k``."""
    last = len(tokens) - 1
    while k < last and tokens[k].kind in ("+", "-"):
        k += 1
    if tokens[k].kind in ("name", "number"):
        k += 1
    depth = 0
    while k < last and (depth or tokens[k].kind in ("(", "[")):
        depth += (tokens[k].kind in ("(", "[")) - (tokens[k].kind in (")", "]"))
        k += 1
    return k


def _refuse(first: Token, last: Token, text: str, hint: str) -> None:
    raise HessError(
        "ambiguous-product", "behind `=`, this can be read in two ways",
        span=(first.span[0], last.span[1]), source=text, hint=hint,
    )  # fmt: skip
