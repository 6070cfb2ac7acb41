"""The layout of a Python module: NumPy, torch, JAX and SymPy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hesscli.code import printers
from hesscli.code.source import INDENT, Source, broken, filled
from hesscli.types import Expr, Variable


@dataclass(frozen=True, slots=True)
class Dialect:
    """What differs between libraries.

    ``converted`` and ``unpacked`` make of an argument, a number or a tensor, what is computed with;
    ``vector`` and ``matrix`` are zeros to be filled in, none where arrays cannot be.
    """

    printer: type[printers.Python] = printers.Python
    converted: str = ""
    unpacked: str = "{0}"
    vector: str = ""
    matrix: str = ""
    value: str = "value"
    shown: str = "float(value)"
    slopes: str = "gradient.tolist()"
    set_up: str = ""


DIALECTS = {
    "torch": Dialect(
        printer=printers.Torch,
        converted="torch.as_tensor({0}, dtype=torch.float64)",
        unpacked="torch.as_tensor({0}, dtype=torch.float64)",
        vector="torch.zeros({0}, dtype=torch.float64)",
        matrix="torch.zeros({0}, {0}, dtype=torch.float64)",
    ),
    "jax": Dialect(
        converted="jnp.asarray({0}, dtype=jnp.float64)",
        unpacked="jnp.asarray({0}, dtype=jnp.float64)",
        set_up='jax.config.update("jax_enable_x64", True)',
    ),
    "numpy": Dialect(
        converted="np.float64({0})",
        unpacked="np.asarray({0}, dtype=np.float64)",
        vector="np.zeros({0})",
        matrix="np.zeros(({0}, {0}))",
        value="float(value)",
    ),
    "sympy": Dialect(
        printer=printers.Exact,
        vector="sympy.zeros({0}, 1)",
        matrix="sympy.zeros({0}, {0})",
        shown="value",
        slopes="list(gradient)",
    ),
}


def module(source: Source, name: str) -> str:
    """The text of a module for the target of this name."""
    writer = _Module(source, DIALECTS[name])
    body = "\n".join(writer.lines())
    imports = [line for prefix, line in source.target.imports.items() if prefix in body]
    return "\n".join([*imports, "", body, ""])


class _Module:
    def __init__(self, source: Source, dialect: Dialect) -> None:
        self.source, self.dialect = source, dialect
        self.printer = dialect.printer(source.target, source.listing.numbers)

    def lines(self) -> Iterator[str]:
        """Everything below the imports."""
        if self.dialect.set_up:
            yield from (self.dialect.set_up, "")
        yield ""
        yield from self._quiet()
        parameters = ", ".join(self.source.names[v.name] for v in self.source.variables)
        yield from broken("def derivatives(", parameters, "):", "")
        yield from self._docstring()
        yield from self._body()
        yield from self._call()

    def _quiet(self) -> Iterator[str]:
        """NumPy warns of infinities, even where they go away."""
        if self.source.target.library != "np.":
            return
        if self.source.listing.chooses:
            yield "# Both sides of a choice are computed, and one of them is taken."
        elif self.source.listing.overflows:
            yield "# 1 by what overflows is 0, as it should be."
        else:
            return
        yield '@np.errstate(all="ignore")'

    def _docstring(self) -> Iterator[str]:
        yield from self.source.title(f'{INDENT}"""', INDENT)
        yield ""
        for remark in self.source.remarks():
            yield from filled(remark, INDENT)
        yield f'{INDENT}"""'

    def _body(self) -> Iterator[str]:
        listing, dialect = self.source.listing, self.dialect
        for variable in self.source.variables:
            yield from self._argument(variable)
        for name, number, said in listing.constants:
            comment = f"  # {said}" if name != said else ""
            yield f"{INDENT}{name} = {number!r}{comment}"
        for step, expression in listing.steps:
            yield from self._assigned(str(step), expression)
        yield from self._assigned("value", listing.value)
        yield from self._filled() if dialect.vector else self._made()
        yield f"{INDENT}return {dialect.value}, gradient, hessian"

    def _argument(self, variable: Variable) -> Iterator[str]:
        name, dialect = self.source.names[variable.name], self.dialect
        if variable.shape:
            taken = f" = {dialect.unpacked.format(name)}"
            short = broken("", self._nested(variable), taken, INDENT)
            long = broken("(", self._nested(variable), f"){taken}", INDENT)
            yield from short if len(short) == 1 else long
        elif dialect.converted:
            yield f"{INDENT}{name} = {dialect.converted.format(name)}"

    def _assigned(self, name: str, expression: Expr) -> list[str]:
        return _assigned(name, self._text(expression))

    def _nested(self, variable: Variable) -> str:
        """The names of the elements, as they are taken from a tensor."""
        texts = [self.source.names[label] for label in variable.elements()]
        for length in reversed(variable.shape[1:]):
            rows = (texts[i : i + length] for i in range(0, len(texts), length))
            texts = [f"({_tuple(row)})" for row in rows]
        return _tuple(texts)

    def _filled(self) -> Iterator[str]:
        """Arrays of zeros, and what is not 0 put into them."""
        listing, order = self.source.listing, self.source.order
        yield f"{INDENT}gradient = {self.dialect.vector.format(order)}"
        for i, slope in enumerate(listing.gradient):
            if slope != 0:
                yield from self._assigned(f"gradient[{i}]", slope)
        yield f"{INDENT}hessian = {self.dialect.matrix.format(order)}"
        for (i, j), entry in listing.hessian.items():
            mirrored = f" = hessian[{j}, {i}]" if i != j else ""
            yield from self._assigned(f"hessian[{i}, {j}]{mirrored}", entry)

    def _made(self) -> Iterator[str]:
        """Arrays that cannot be changed, of all their entries."""
        listing, order = self.source.listing, range(self.source.order)
        slopes = [self._text(slope) for slope in listing.gradient]
        for i, slope in enumerate(listing.gradient):
            if slope.args:
                slopes[i] = f"g_{i}"
                yield from self._assigned(slopes[i], slope)
        texts = {}
        for (i, j), entry in listing.hessian.items():
            texts[i, j] = texts[j, i] = self._text(entry)
            if entry.args:
                texts[i, j] = texts[j, i] = f"h_{i}_{j}"
                yield from self._assigned(texts[i, j], entry)
        rows = [", ".join(texts.get((i, j), "0.0") for j in order) for i in order]
        for name, inside in (
            ("gradient", ", ".join(slopes)),
            ("hessian", f"[{'], ['.join(rows)}]"),
        ):
            yield from broken(f"{name} = jnp.array([", inside, "], dtype=jnp.float64)", INDENT)

    def _call(self) -> Iterator[str]:
        """The call at the point, or of symbols."""
        values, exact = self.source.values, not self.source.target.rounded
        if values is None and not exact:
            return
        yield from ("", "", 'if __name__ == "__main__":')
        if values is None:
            names = [v.name for v in self.source.variables]
            made = f'sympy.symbols("{",".join(names)}", real=True)'
            arguments = [self.source.names[name] for name in names]
            yield from _assigned(", ".join(arguments), made)
        else:
            arguments = [self._value(v, values) for v in self.source.variables]
        yield from broken(
            "value, gradient, hessian = derivatives(", ", ".join(arguments), ")", INDENT
        )
        yield f"{INDENT}print({self.dialect.shown})"
        yield f"{INDENT}print({self.dialect.slopes})"
        yield f"{INDENT}print(hessian.tolist())"

    def _value(self, variable: Variable, values: Mapping[str, Expr]) -> str:
        texts = [self._number(values[label]) for label in variable.elements()]
        for length in reversed(variable.shape):
            rows = (texts[i : i + length] for i in range(0, len(texts), length))
            texts = [f"[{', '.join(row)}]" for row in rows]
        return texts[0]

    def _number(self, number: Expr) -> str:
        if self.source.target.rounded:
            return printers.number(number)
        text = self._text(number)
        return f"sympy.Integer({text})" if number.is_Integer else text

    def _text(self, expression: Expr) -> str:
        return self.printer.text(expression)


def _tuple(names: Sequence[str]) -> str:
    return f"{names[0]}," if len(names) == 1 else ", ".join(names)


def _assigned(name: str, expression: str) -> list[str]:
    """An assignment in the function, in brackets where it takes more than a line."""
    short = broken(f"{name} = ", expression, "", INDENT)
    if len(short) == 1:
        return short
    called = _called(expression)
    inside = expression[len(called) + 1 : -1] if called else expression
    return broken(f"{name} = {called}(", inside, ")", INDENT)


def _called(expression: str) -> str:
    """The name of the function, if the expression is one call."""
    name = re.match(r"[\w.]*", expression)
    assert name is not None
    depth = 0
    for k, character in enumerate(expression[name.end() :], name.end()):
        depth += (character == "(") - (character == ")")
        if depth == 0 and k < len(expression) - 1:
            return ""
    return name[0]
