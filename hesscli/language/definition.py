"""A formula as it is typed or pasted, with what stands around it → its variables and its tree.

That is the header of a function (``f(x, y) = …``, ``lambda x, y: …``, ``f[x_, y_] := …``,
``@(x,y) …``, ``def f(x): return …``, ``x -> …``, ``function(x) …``), a label (``y = …``), an
equation with 0, a semicolon at the end, the ``=`` before the formula of a cell, what asks another
program for the same: ``hessian(…, [x, y])``, or the parts that have names: ``K = …; …``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hesscli.errors import HessError, shortened
from hesscli.functions.table import BY_NAME
from hesscli.language import latex
from hesscli.language.dialects import in_one_notation
from hesscli.language.parser import parsed
from hesscli.language.spreadsheet import of_a_cell
from hesscli.language.tokens import Token, tokenize
from hesscli.language.tree import Node, Parts

# What is behind a formula; Maxima ends one with a dollar.
_COMMENT = re.compile(r"(?:#|;\s*(?:%|//)).*$|\$\s*$", re.DOTALL)
_ASSIGNED = ("=", ":=")


@dataclass(frozen=True, slots=True)
class Definition:
    """``variables`` are those of a header, in its order, and ``tree`` the formula.

    Without ``literal``, something was read that does not stand there literally.
    """

    variables: tuple[str, ...]
    tree: Node
    literal: bool


def parse_definition(text: str) -> Definition:
    """The formula in ``text``. Raises :class:`HessError` with the place of the first mistake."""
    if not text.strip():
        raise HessError("empty-formula", "the formula is empty", hint='hess "x**3 + x*y" --at 2,4')
    is_latex = latex.is_latex(text)
    code = text if is_latex else _COMMENT.sub("", text)
    tokens = latex.tokenized(text) if is_latex else in_one_notation(tokenize(code), text)
    tokens, parts = _with_parts(tokens, text)
    begins = tokens[0].kind == "=" or tokens[0].text == "~"  # of a cell, of a formula of R's
    if begins:
        is_cell = tokens[0].kind == "=" and not is_latex
        tokens = of_a_cell(tokens, text) if is_cell else tokens[1:]
    tokens, whole = _without_end(tokens)
    whole &= not begins
    header = _header(tokens)
    if _is_equation(tokens, header):
        header = _Header()
    elif header.called:
        _refuse_function(tokens, header, text)
    body, names = _asked(tokens[header.end :])
    whole &= not names
    variables = _variables(replace(header, names=header.names or names), text)
    tree, literal = parsed(text, body)
    whole &= header.literal
    if parts:
        named = tuple((name.text, parsed(text, part)) for name, part in parts)
        literal &= all(plain for _, (_, plain) in named)
        span = (parts[0][0].span[0], tree.span[1])
        tree = Parts(span, tuple((name, part) for name, (part, _) in named), tree)
    unchanged = whole and code == text and not is_latex and not any(token.free for token in tokens)
    return Definition(variables, tree, literal and unchanged)


# A name and the tokens of the part that it stands for, with their end.
_Part = tuple[Token, list[Token]]


def _with_parts(tokens: list[Token], text: str) -> tuple[list[Token], list[_Part]]:
    """The formula at the end of ``K = …; L = …; formula``, and the parts that are named before.

    Raises :class:`HessError` for a name that is given twice.
    """
    parts: list[_Part] = []
    seen: dict[str, None] = {}
    while length := _assigned(tokens):
        stop = _end_of_part(tokens)
        if stop is None or stop == length:
            break
        name, end = tokens[0], tokens[stop].span
        if name.text in seen:
            raise HessError(
                "doubled-name", f"`{shortened(name.text)}` names two parts of this formula",
                span=name.span, source=text, hint="another name for one of them",
            )  # fmt: skip
        seen[name.text] = None
        parts.append((name, [*tokens[length:stop], Token("end", "", (end[0], end[0] + 1))]))
        tokens = tokens[stop + 1 :]
    return tokens, parts


def _end_of_part(tokens: Sequence[Token]) -> int | None:
    """Where the first semicolon stands that something follows."""
    for k, token in enumerate(tokens):
        if token.kind == ";":
            return k if tokens[k + 1].kind not in (";", "end") else None
    return None


@dataclass(frozen=True, slots=True)
class _Header:
    """What stands before a formula: ``end`` is where that begins, and ``names`` are variables."""

    end: int = 0
    names: tuple[Token, ...] = ()
    label: bool = False  # y = …
    called: bool = False  # f(x) = …
    literal: bool = True  # unless it may be a part of the formula, as in y <- x


def _header(tokens: Sequence[Token]) -> _Header:
    kinds = [token.kind for token in tokens]
    if tokens[0].text == "lambda":
        stop = _end_of_names(kinds, 1)
        if kinds[stop] == ":":
            return _Header(stop + 1, _names(tokens[1:stop]))
    elif tokens[0].text == "def" and kinds[:3] == ["name", "name", "("]:
        stop = _end_of_names(kinds, 3)
        if kinds[stop : stop + 2] == [")", ":"]:
            returns = tokens[stop + 2].text == "return"
            return _Header(stop + 2 + returns, _names(tokens[3:stop]))
    elif kinds[:2] == ["@", "("]:
        stop = _end_of_names(kinds, 2)
        if kinds[stop] == ")":
            return _Header(stop + 1, _names(tokens[2:stop]))
    elif arrow := _arrow(kinds):
        return _Header(arrow + 1, _names(tokens[:arrow]))
    elif tokens[0].text == "function" and kinds[1] == "(":
        stop = _end_of_names(kinds, 2)
        if kinds[stop] == ")":
            return _Header(stop + 1, _names(tokens[2:stop]))
    elif length := _assigned(tokens):
        inner = _header(tokens[length:])
        if inner.end and not inner.label:  # z = f(x, y) = …, too
            known = inner.called and tokens[length].text.lower() in BY_NAME
            return _Header() if known else _Header(inner.end + length, inner.names)
        return _Header(length, label=True, literal=kinds[1] in _ASSIGNED)
    elif kinds[:2] == ["name", "("]:
        stop = _end_of_names(kinds, 2)
        if kinds[stop] == ")" and kinds[stop + 1] in _ASSIGNED:
            return _Header(stop + 2, _names(tokens[2:stop]), called=True)
    return _Header()


def _arrow(kinds: Sequence[str]) -> int:
    """Where the arrow behind the names of a function stands; 0 where there is none, or where what
    follows it is a value and no formula.
    """
    bracket = kinds[0] == "("
    stop = _end_of_names(kinds, int(bracket))
    closed = kinds[stop] == ")" if bracket else stop > 0
    arrow = stop + bracket
    found = closed and kinds[arrow : arrow + 1] == ["->"] and "name" in kinds[arrow:]
    return arrow if found else 0


def _assigned(tokens: Sequence[Token]) -> int:
    """Where what a name is given begins: behind ``y =``, or R's ``y <-``; 0 where there is none."""
    name, sign, minus = (*tokens, tokens[-1], tokens[-1])[:3]
    if name.kind == "name" and sign.kind in _ASSIGNED:
        return 2
    arrow = [sign.kind, minus.kind] == ["<", "-"] and sign.span[1] == minus.span[0]
    return 3 if name.kind == "name" and arrow else 0


def _end_of_names(kinds: Sequence[str], start: int) -> int:
    """Where names with commas between them end."""
    stop = start
    while kinds[stop] == "name":
        stop += 1
        if kinds[stop : stop + 2] != [",", "name"]:
            break
        stop += 1
    return stop


def _names(tokens: Sequence[Token]) -> tuple[Token, ...]:
    return tuple(token for token in tokens if token.kind == "name")


def _is_equation(tokens: Sequence[Token], header: _Header) -> bool:
    """Whether what stands before the first `=` is no header, but one side of an equation."""
    body = tokens[header.end :]
    if any(token.kind in _ASSIGNED for token in body):
        return True
    names = [token.text for token in _names(body)]
    return header.label and (not names or tokens[0].text in names)


def _without_end(body: list[Token]) -> tuple[list[Token], bool]:
    """The formula without what may stand behind it, and whether that is nothing."""
    *inside, end = body
    while inside and inside[-1].kind == ";":
        inside.pop()
    if [token.text for token in inside[-2:]] == ["=", "0"] and len(inside) > 2:
        del inside[-2:]
    elif [token.text for token in inside[:2]] == ["0", "="] and len(inside) > 2:
        del inside[:2]
    return [*inside, end], len(inside) + 1 == len(body)


def _asked(body: list[Token]) -> tuple[list[Token], tuple[Token, ...]]:
    """The formula and the variables of ``hessian(…, [x, y])``; any other as it is."""
    kinds = [token.kind for token in body]
    start = len(kinds) - 4
    while start > 0 and kinds[start] in ("name", ","):
        start -= 1
    brackets = "".join((*kinds[1:2], *kinds[start - 1 : start + 1], *kinds[-3:-1]))
    if body[0].text != "hessian" or brackets not in ("(,[])", "(,())"):
        return body, ()
    return [*body[2 : start - 1], body[-1]], _names(body[start:])


def _variables(header: _Header, text: str) -> tuple[str, ...]:
    seen: dict[str, None] = {}
    for token in header.names:
        if token.text in seen:
            raise HessError(
                "doubled-name", f"`{shortened(token.text)}` is a variable of this function twice",
                span=(header.names[0].span[0], header.names[-1].span[1]), source=text,
                hint="each variable once",
            )  # fmt: skip
        seen[token.text] = None
    return tuple(seen)


def _refuse_function(tokens: Sequence[Token], header: _Header, text: str) -> None:
    """Refuse a header that is a known function, as in the equation ``ln(q) = …``."""
    name = tokens[0]
    if not {name.text, name.text.lower()} & BY_NAME.keys():
        return
    names = text[header.names[0].span[0] : header.names[-1].span[1]]
    right = text[tokens[header.end].span[0] :].strip()
    difference = shortened(f"{name.text}({names}) - ({right})")
    raise HessError(
        "ambiguous-header",
        f"`{name.text}` is a function already, so `{name.text}({names}) = …` may be an equation",
        span=name.span, source=text,
        hint=f"`f({names}) = …` for a function of your own, `{difference}` for an equation",
    )  # fmt: skip
