"""Answers in LaTeX: an ``align*`` with value, gradient and Hessian, to paste into a document.

What is undefined, and the notes, stand before it as comments.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

import sympy
from sympy.printing.latex import LatexPrinter

from hesscli.answer import Answer, Basis
from hesscli.errors import printable
from hesscli.expression.notation import NAMES, ordered_terms
from hesscli.functions.table import FUNCTIONS
from hesscli.language.tokens import GREEK
from hesscli.render.entries import precise, writing
from hesscli.render.formats import Writer
from hesscli.render.phrases import likely, words

MISSING = r"\text{none}"
# A letter with an index, if any.
_INDEXED = re.compile(rf"([^\W\d_]|{'|'.join(GREEK.values())})(?:(\d+)|_([^\W_]+))?")
# A factor before a bracket that is a function in print as well.
_LETTERS = (
    r"\\mathrm\{[^{}]*\}|\\(?:theta|zeta|delta|gamma|beta|psi)|[WEKSC]|[JYIKPTUHLW]_(?:\w|\{\w+\})"
)
_AMBIGUOUS = re.compile(rf"(?<![A-Za-z\\])({_LETTERS}) \\left\(")
# What LaTeX has commands or signs for.
_IN_PRINT = (
    "exp", "log", "sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh", "coth", "Abs",
    "Max", "Min", "floor", "ceiling",
)  # fmt: skip


class Latex(Writer):
    """Writes a display for each answer."""

    def answer(self, answer: Answer) -> Iterator[str]:
        """The lines of an answer; numbers in full."""
        return answered(answer)


def answered(answer: Answer) -> Iterator[str]:
    """The lines of an answer; numbers in full."""
    place = answer.place
    text = _double if answer.basis is Basis.DOUBLES else written
    yield from _comments(answer)
    point = dict.fromkeys(place.labels(), "")
    point |= {
        label: text(number)
        for v in (*place.variables, *place.constants)
        for label, number in zip(v.elements(), place.entries(v.name), strict=False)
    }
    yield from _aligned(
        point,
        text(answer.jet.value),
        list(map(text, answer.jet.slopes())),
        [list(map(text, row)) for row in answer.jet.rows()],
        None if answer.verdict.minors is None else list(map(text, answer.verdict.minors)),
    )


def _comments(answer: Answer) -> Iterator[str]:
    for item in answer.undefined:
        yield f"% undefined: {printable(words(item.reason))}\n"
    for note in answer.notes:
        yield f"% {printable(words(note))}\n"
    if answer.check is not None:
        yield f"% check: the sources {'agree' if answer.check.agrees else 'disagree'}\n"
    text = writing(answer, repr, "none")
    for comparison in answer.comparisons:
        what = "matrix" if comparison.of_matrix else "gradient"
        for d in comparison.differences:
            place = f"({', '.join(d.labels)})" if comparison.of_matrix else d.labels[0]
            yield f"% differs at {place}: yours {text(d.expected)}, hess's {text(d.found)}\n"
        if comparison.agrees:
            yield f"% agrees with your {what}\n"
        elif comparison.cause is not None:
            said = likely(comparison.cause, of_matrix=comparison.of_matrix)
            yield f"% likely: {said}\n"


def _aligned(
    point: dict[str, str],
    value: str,
    gradient: Sequence[str],
    hessian: Sequence[Sequence[str]],
    minors: Sequence[str] | None,
) -> Iterator[str]:
    at = ", ".join(f"{_name(label)} = {number}" if number else _name(label)
                   for label, number in point.items())  # fmt: skip
    yield "\\begin{align*}\n"
    yield f"f({at}) &= {value} \\\\\n"
    yield f"\\nabla f &= {_matrix([[slope] for slope in gradient])} \\\\\n"
    yield f"H_f &= {_matrix(hessian)}" + ("\n" if minors is None else " \\\\\n")
    if minors is not None:
        yield f"\\det H_f &= {minors[-1]}\n"
    yield "\\end{align*}\n"


class _Printer(LatexPrinter):  # type: ignore[misc]
    """SymPy's, but that names and functions are written so that they are read back as they are."""

    # Whether x_1 is set upright, because x1 is there as well: x_1 and x_{1} are one name in print.
    upright = False

    def _as_ordered_terms(self, expr: Any, order: Any = None) -> list[Any]:
        return ordered_terms(expr)

    def _print_Symbol(self, e: Any, style: str = "plain") -> str:
        return _name(e.name, upright=self.upright)

    def _print_Pow(self, expr: Any) -> str:
        # The cubic root of a negative number is real, and its power 1/3 is not.
        self._settings["root_notation"] = abs(expr.exp) == sympy.S.Half
        return str(super()._print_Pow(expr))

    def _print_named(self, e: Any, exp: str | None = None) -> str:
        name = type(e).__name__
        arguments = ", ".join(map(self._print, e.args))
        return rf"\operatorname{{{_escaped(NAMES.get(name, name))}}}\left({arguments}\right)" + (
            f"^{{{exp}}}" if exp else ""
        )

    def _print_constant(self, e: Any) -> str:
        return rf"\mathrm{{{type(e).__name__}}}"


# What SymPy prints as a letter that is a variable's, too.
for _function in FUNCTIONS:
    if _function.symbol and _function.symbol not in _IN_PRINT:
        setattr(_Printer, f"_print_{_function.symbol}", _Printer._print_named)
for _constant in ("EulerGamma", "Catalan", "GoldenRatio"):
    setattr(_Printer, f"_print_{_constant}", _Printer._print_constant)


def _name(label: str, *, upright: bool = False) -> str:
    """A variable, or an element of one with its index below: ``x_{0,1}``.

    ``x1`` is written with a brace around its index and ``x_1`` without one, which is the same in
    print.
    """
    name, bracket, index = label.partition("[")
    shown = _shown(name, upright=upright)
    return f"{{{shown}}}_{{{index[:-1]}}}" if bracket else shown


def _shown(name: str, *, upright: bool) -> str:
    match = _INDEXED.fullmatch(name)
    if match is None:
        return rf"\mathrm{{{_escaped(name)}}}"
    letter, digits, index = match.groups()
    shown = rf"\{letter}" if len(letter) > 1 else letter
    if digits:
        return f"{shown}_{{{digits}}}"
    if index and index.isdigit():
        bare = len(index) == 1 and not upright
        return f"{shown}_{index}" if bare else rf"\mathrm{{{_escaped(name)}}}"
    return f"{shown}_{{{_escaped(index)}}}" if index else shown


def _escaped(name: str) -> str:
    return name.replace("_", r"\_")


def _matrix(rows: Sequence[Sequence[str]]) -> str:
    # Not pmatrix: amsmath's has ten columns at most.
    lines = r" \\ ".join(" & ".join(row) for row in rows)
    columns = "c" * len(rows[0])
    return rf"\left(\begin{{array}}{{{columns}}} {lines} \end{{array}}\right)"


def written(expression: Any) -> str:
    """An expression, or what is said where there is none."""
    if expression is None:
        return MISSING
    printer = _Printer()
    printer.upright = any(
        match and match[2]
        for match in (_INDEXED.fullmatch(s.name) for s in expression.free_symbols)
    )
    return _AMBIGUOUS.sub(r"\1 \\cdot \\left(", printer.doprint(expression))


def _double(value: Any) -> str:
    if not math.isfinite(value):
        return MISSING
    mantissa, _, exponent = precise(value).partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa
