"""The layout of a file in C99."""

from __future__ import annotations

from collections.abc import Iterator

from sympy.logic.boolalg import Boolean

from hesscli.code import printers
from hesscli.code.source import INDENT, Source, broken, filled
from hesscli.types import Expr, Variable

# Up to so many entries that are 0 are set one by one.
FEW = 3


def translation_unit(source: Source) -> str:
    """The text of a file."""
    return "\n".join([*_File(source).lines(), ""])


class _File:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.printer = printers.C(source.target, source.listing.numbers)

    def lines(self) -> Iterator[str]:
        """All of the file."""
        yield from self._comment()
        body = list(self._function())
        if any(f"{name}(" in line for line in body for name in self.source.target.ordered.values()):
            yield "#define _XOPEN_SOURCE 600  /* for the Bessel functions of <math.h> */"
        yield "#include <math.h>"
        if self.source.values is not None:
            yield "#include <stdio.h>"
        yield ""
        yield from body
        if self.source.values is not None:
            yield from self._main()

    def _comment(self) -> Iterator[str]:
        yield "/*"
        yield from self.source.title(" * ", " * ")
        yield " *"
        for remark in self.source.remarks():
            yield from filled(remark, " * ")
        order, given = self.source.order, sum(v.size for v in self.source.given)
        held = f", given has {given}" if given else ""
        sizes = f"{order}{held}; hessian has {order**2}, row by row, both halves"
        yield from filled(f"Numbers: at and gradient have {sizes}.", " * ")
        yield " */"

    def _parameters(self) -> str:
        held = "const double *given, " if self.source.given else ""
        return f"const double *at, {held}double *value, double *gradient, double *hessian"

    def _function(self) -> Iterator[str]:
        listing = self.source.listing
        yield from broken("void derivatives(", self._parameters(), ")", "")
        yield "{"
        yield from self._arguments()
        for name, number, said in listing.constants:
            comment = f"  /* {said} */" if name != said else ""
            yield f"{INDENT}const double {name} = {number!r};{comment}"
        for step, expression in listing.steps:
            kind = "int" if isinstance(expression, Boolean) else "double"
            yield from self._assigned(f"const {kind} {step}", expression)
        yield ""
        yield from self._assigned("*value", listing.value)
        for i, slope in enumerate(listing.gradient):
            yield from self._assigned(f"gradient[{i}]", slope)
        yield from self._hessian()
        yield "}"

    def _arguments(self) -> Iterator[str]:
        used = {s.name for e in self.source.listing.expressions() for s in e.free_symbols}
        groups = [("at", self.source.differentiated), ("given", self.source.given)]
        for array, variables in groups:
            labels = [label for v in variables for label in v.elements()]
            taken = [k for k, label in enumerate(labels) if self.source.names[label] in used]
            for k in taken:
                yield f"{INDENT}const double {self.source.names[labels[k]]} = {array}[{k}];"
            if labels and not taken:
                yield f"{INDENT}(void){array};"

    def _hessian(self) -> Iterator[str]:
        order, entries = self.source.order, self.source.listing.hessian
        zeros = [(i, j) for i in range(order) for j in range(i, order) if (i, j) not in entries]
        if len(zeros) > FEW:
            yield f"{INDENT}for (int i = 0; i < {order**2}; i++)"
            yield f"{INDENT}{INDENT}hessian[i] = 0.0;"
        shown = [*entries] if len(zeros) > FEW else sorted([*entries, *zeros])
        for i, j in shown:
            mirrored = f" = hessian[{order * j + i}]" if i != j else ""
            text = self._text(entries[i, j]) if (i, j) in entries else "0.0"
            yield from broken(f"hessian[{order * i + j}]{mirrored} = ", text, ";", INDENT)

    def _main(self) -> Iterator[str]:
        order = self.source.order
        yield from ("", "int main(void)", "{")
        yield from self._numbers("at", self.source.differentiated)
        if self.source.given:
            yield from self._numbers("given", self.source.given)
        yield f"{INDENT}double value, gradient[{order}], hessian[{order**2}];"
        held = "given, " if self.source.given else ""
        yield from (
            "",
            f"{INDENT}derivatives(at, {held}&value, gradient, hessian);",
            f'{INDENT}printf("%.17g\\n", value);',
            f"{INDENT}for (int i = 0; i < {order}; i++)",
            f"{INDENT}{INDENT}printf(\"%.17g%c\", gradient[i], i + 1 < {order} ? ' ' : '\\n');",
            f"{INDENT}for (int i = 0; i < {order**2}; i++)",
            f"{INDENT}{INDENT}printf(\"%.17g%c\", hessian[i], (i + 1) % {order} ? ' ' : '\\n');",
            f"{INDENT}return 0;",
            "}",
        )

    def _numbers(self, name: str, variables: tuple[Variable, ...]) -> Iterator[str]:
        assert self.source.values is not None
        numbers = [self.source.values[label] for v in variables for label in v.elements()]
        listed = ", ".join(map(printers.number, numbers))
        yield from broken(f"const double {name}[{len(numbers)}] = {{", listed, "};", INDENT)

    def _assigned(self, name: str, expression: Expr) -> list[str]:
        return broken(f"{name} = ", self._text(expression), ";", INDENT)

    def _text(self, expression: Expr) -> str:
        return self.printer.text(expression)
