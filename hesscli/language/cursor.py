"""A position in the tokens of a formula, and what can be told of those ahead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NoReturn

from hesscli.errors import HessError, shortened
from hesscli.language.tokens import Token
from hesscli.types import Span

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
_EXPONENTS = (("number",), ("-", "number"), ("(", "number", ")"), ("(", "-", "number", ")"))


class Cursor:
    """Goes over the tokens of ``text`` once, looking ahead."""

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self.text = text
        self.position = 0
        self.tokens = list(_with_bars(tokens))
        self._compared = _compared(self.tokens)
        self._brackets = _brackets(self.tokens)
        # Names that stand somewhere without a bracket behind them: these are variables.
        self.alone = {
            token.text
            for token, after in pairwise(tokens)
            if token.kind == "name" and after.kind != "("
        }

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

    def shown(self, token: Token) -> str:
        return self.quoted(token.span[0], token.span[1])

    def quoted(self, start: int, end: int) -> str:
        return shortened(self.text[start:end])

    # Ahead

    def is_bar(self) -> bool:
        """Whether the sign here is a bar, and no `or` of conditions."""
        return self.token.text == "|" and not self._compared[self.position]

    def bracket_has_operator(self) -> bool:
        """Whether the bracket that opens here holds one expression with an operator."""
        bracket = self._brackets.get(self.position)
        return bracket is not None and bracket.operator and not bracket.comma

    def has_power(self) -> bool:
        """Whether the power of a function stands here, and behind it what that may be of:
        ``sin²(x)``, ``sin^2 x``.
        """
        position = self.position
        if self.token.raised:
            while self.tokens[position].raised:
                position += 1
        elif self.token.kind == "**":
            position = self._end_of_exponent(position + 1)
        if position == self.position:
            return False
        after, raised = self.tokens[position].kind, self.tokens[position - 1].raised
        return after in ("(", "name") or (after == "number" and not raised)

    def _end_of_exponent(self, start: int) -> int:
        """Where an exponent ends that is literal, in a bracket or not, or in braces; where there is
        none, the token here.
        """
        kinds = [token.kind for token in self.tokens[start : start + 4]]
        for pattern in _EXPONENTS:
            if kinds[: len(pattern)] == list(pattern):
                return start + len(pattern)
        end = self.end_of_bracket(start)
        return end if self.tokens[end - 1].text == "}" else self.position

    def end_of_bracket(self, start: int) -> int:
        """Behind the bracket that opens at a token; that token, where there is none."""
        bracket = self._brackets.get(start)
        return start if bracket is None else bracket.end + 1


@dataclass(slots=True)
class _Bracket:
    """Where a round bracket closes, and what stands in it, but in no other one."""

    end: int = 0
    operator: bool = False
    comma: bool = False


def _brackets(tokens: Sequence[Token]) -> dict[int, _Bracket]:
    """The brackets that are closed, by where they open."""
    found: dict[int, _Bracket] = {}
    open_now: list[tuple[int, _Bracket]] = []
    before = ""
    for k, token in enumerate(tokens):
        if token.kind in (")", "]") and open_now:
            start, bracket = open_now.pop()
            bracket.end = k
            if tokens[start].kind == "(" and token.kind == ")":
                found[start] = bracket
        elif open_now:
            inside = open_now[-1][1]
            product = before in ("name", "number") and token.kind == "name"
            operator = token.kind in ("+", "-", "*", "/", "**") or token.text == "Piecewise"
            inside.operator |= product or operator
            inside.comma |= token.kind == ","
        if token.kind in ("(", "["):
            open_now.append((k, _Bracket()))
        before = token.kind
    return found


def _with_bars(tokens: Sequence[Token]) -> Iterator[Token]:
    """``||`` behind an operand as two bars, as in ``|x||y|``, where it is no `or`."""
    operand = False
    for token, compared in zip(tokens, _compared(tokens), strict=True):
        second = token
        if token.text == "||" and operand and not compared:
            start, end = token.span
            yield replace(token, text="|", span=(start, start + 1))
            second = replace(token, text="|", span=(start + 1, end))
        yield second
        operand = second.kind in ("name", "number", ")") or second.text == "|"


def _compared(tokens: Sequence[Token]) -> list[bool]:
    """Whether each token stands beside conditions, in one bracket and between the same commas."""
    places, open_now, count = [], [0], 0
    with_conditions = set()
    for token in tokens:
        if token.kind in (")", "]") and len(open_now) > 1:
            open_now.pop()
        if token.kind == ",":
            open_now[-1] = count = count + 1
        places.append(open_now[-1])
        if token.kind in (*COMPARISONS, "and", "not"):
            with_conditions.add(open_now[-1])
        if token.kind in ("(", "["):
            count += 1
            open_now.append(count)
    return [place in with_conditions for place in places]
