"""What to type in place of what is no formula: the errors at the end of what could be read."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NoReturn

from hesscli.errors import shortened
from hesscli.functions.table import BY_NAME, MEANT
from hesscli.language.cursor import Cursor
from hesscli.language.tokens import FOREIGN, OPERANDS, SIGNED_NUMBER, Token, unknown_character

# What is typed in place of an attribute.
_ATTRIBUTES = {
    **dict.fromkeys(("t", "H"), "`A.T` for a transpose"),
    **dict.fromkeys(("reshape", "flatten", "ravel", "view"), "an index: `x[:, None]`, `X[0]`"),
    **dict.fromkeys(("real", "imag"), "the formula alone: each variable is real"),
}


def refuse_rest(cursor: Cursor) -> NoReturn:
    """Refuse what stands behind a whole formula, at the token here."""
    token, before = cursor.token, cursor.tokens[cursor.position - 1]
    if token.kind == "=" and _is_within_call(cursor):
        name = cursor.shown(before)
        hint = f"the value in its place, without `{name}=`"
        cursor.fail("arguments by name are not supported", token.span, hint)
    if token.kind == "=":
        cursor.fail("`=` is not part of a formula", token.span, _in_place_of_equation(cursor))
    if token.kind == "." and before.kind in OPERANDS and cursor.peek().kind == "name":
        _refuse_attribute(cursor, before)
    if token.kind == "->":
        hint = "`x -> …` before a formula, `>=` in a condition, `--at x=2` for a value"
        cursor.fail(f"`{cursor.shown(token)}` is not part of a formula", token.span, hint)
    if token.kind in FOREIGN:
        raise unknown_character(cursor.text, token.span[0])
    if token.kind == ")":
        cursor.fail("this bracket was never opened", token.span, "remove `)` or add `(`")
    if token.kind == "[" and before.kind in ("name", ")", "]"):
        hint = "brackets around what it is of: `(x**2)[0]`"
        cursor.fail("an index stands behind a power here", token.span, hint)
    if token.kind == ",":
        if before.kind == cursor.peek().kind == "number":
            whole, rest = cursor.shown(before), cursor.shown(cursor.peek())
            hint = f"`{whole}.{rest}`"
            if len(rest) == 3:
                hint = f"`{whole}{rest}` for thousands, {hint} for a decimal comma"
            cursor.fail("`,` is no part of a number", token.span, hint)
        last = cursor.peek().kind == "end"
        hint = "remove it" if last else "one formula at a time"
        cursor.fail("`,` is not expected here", token.span, hint)
    shown = cursor.shown(token)
    if token.kind in ("name", "number", "(", "root", "["):
        hint = _with_operator(cursor, before)
        cursor.fail(f"an operator is missing before `{shown}`", token.span, hint)
    cursor.fail(f"`{shown}` is not expected here", token.span, "remove it, or close a bracket")


def _is_within_call(cursor: Cursor) -> bool:
    """Whether the name before the token here is that of an argument: f(x, base=2)."""
    kinds = [token.kind for token in cursor.tokens[: cursor.position]]
    if kinds[-1] != "name" or kinds[-2:-1] not in (["("], [","]):
        return False
    depth = 0
    for before, kind in pairwise(reversed(kinds)):
        depth += (before == ")") - (before == "(")
        if depth < 0:
            return kind == "name"
    return False


def instead_of(cursor: Cursor) -> str:
    """What to type for the sign before the token here, where a factor should stand."""
    *_, before, sign = (None, None, *cursor.tokens[: cursor.position])
    assert sign is not None
    shown = cursor.shown(sign)
    if before is None or before.kind in ("(", "[", ","):
        return f"remove `{shown}`, or write what stands before it"
    first = cursor.shown(before)
    return (
        f"one `{first}`"
        if first == shown
        else f"one of `{first}` and `{shown}`, or what stands between them"
    )


def _in_place_of_equation(cursor: Cursor) -> str:
    sign, end = cursor.token, cursor.tokens[-1]
    before = cursor.text[: sign.span[0]].strip()
    after = cursor.text[sign.span[1] : end.span[0]].strip()
    value, semicolon, rest = after.partition(";")
    if semicolon and _is_number(value):
        return f"`{shortened(rest.strip())}`, and `--at {shortened(before)}={value}` behind it"
    if semicolon:
        return f"one formula, with what `{shortened(before)}` stands for in its place"
    if cursor.tokens[0].kind == "name" and cursor.position == 1 and _is_number(after):
        return f"a formula, and the value behind it: `--at {shortened(before)}={after}`"
    difference = shortened(f"{before} - ({after})")
    return f"the right-hand side alone; `{difference}` for an equation; a comparison is `==`"


def _is_number(text: str) -> bool:
    return re.fullmatch(SIGNED_NUMBER, text) is not None


def _refuse_attribute(cursor: Cursor, owner: Token) -> NoReturn:
    """Refuse ``x.foo``."""
    name = cursor.peek().text
    shown = cursor.shown(owner) if owner.kind in ("name", "number") else "(…)"
    hint = _ATTRIBUTES.get(name)
    if hint is None and name in BY_NAME:
        hint = f"`{name}{shown}`" if shown == "(…)" else f"`{name}({shown})`"
    elif hint is None:
        joined = f"`{shown}_{name}` for one name, " if owner.kind == "name" else ""
        hint = f"{joined}`{shown}*{name}` for a product"
    span = (cursor.token.span[0], cursor.peek().span[1])
    cursor.fail(f"the attribute `.{name}` is not part of a formula", span, hint)


def _with_operator(cursor: Cursor, before: Token) -> str:
    """What to type for two factors of which nothing tells that they are a product."""
    token = cursor.token
    left, right = cursor.shown(before), cursor.shown(token)
    if before.kind == token.kind == "number" and right.startswith("."):
        return "one decimal point in a number"
    if before.text in MEANT:
        return MEANT[before.text]
    if before.text in BY_NAME:
        return f"`{left}({right})`"
    if token.kind == "name" and cursor.peek().kind == "(":
        return f"`{left}*{right}(…)`"
    if before.kind == "name" and token.kind == "number":
        return f"`{left}*{right}` for a product, `{left}^{right}` for a power"
    if before.kind == "name" and token.kind == "name":
        return f"`{left}*{right}` for a product, `{left}({right})` for a function"
    return f"an operator between `{left}` and `{right}`, such as `*`"
