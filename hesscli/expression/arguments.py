"""What the arguments of functions over elements mean: orders and axes, and the shapes they take.

Where NumPy and a reader of formulas could mean two things, a call is refused with both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import NoReturn

from hesscli.errors import HessError, shortened
from hesscli.expression.names import CONSTANTS
from hesscli.functions.table import BY_NAME, binds, reduces
from hesscli.language import tree
from hesscli.language.tree import Call, Node, children
from hesscli.language.writer import unparse
from hesscli.shapes import Shape, broadcast

INFINITY = float("inf")
EUCLIDEAN = Fraction(2)
_INFINITIES = ("oo", "inf", "infinity")
_CONSTANTS = CONSTANTS.keys() - {"oo"}

Order = Fraction | float  # p, or an infinity


def order_of(call: Call, given: Collection[str], source: str) -> Order | None:
    """The order p of ``norm(x, p)``, where the second argument is one: a literal, an infinity or
    ``'fro'``. None where all arguments are elements.

    Raises :class:`HessError` for an order that is not supported, and for a constant such as ``pi``
    that could be an order and an element.
    """
    if len(call.arguments) < 2:
        return None
    typed = call.arguments[1]
    order = EUCLIDEAN if _is_frobenius(typed) else _order(typed, given)
    if order is None:
        if not isinstance(typed, tree.Word):
            if not set(names_in(typed)) <= _CONSTANTS - {*given}:
                return None
            _refuse(
                f"`{_text(typed, source)}` could be the order of this norm, or one of its elements",
                typed, source, "a number, such as norm(x, 3), for the order; sqrt(x**2 + …)",
            )  # fmt: skip
        _refuse(
            f"a norm of the order '{typed.text}' is not supported", typed, source, "norm(A, 'fro')"
        )
    if len(call.arguments) > 2:
        _refuse(
            "a norm over an axis is not supported: an order is the last argument",
            call.arguments[2], source, f"norm(x, {_text(typed, source)}), over all elements",
        )  # fmt: skip
    if order == 0:
        message = "the norm of order 0 counts the elements that are not 0"
        _refuse(message, typed, source, "an order such as 1, 2 or oo")
    return order


def _order(node: Node, given: Collection[str]) -> Order | None:
    """The order that is typed, such as 3, -1, 1/2 or oo; None for what is computed."""
    match node:
        case tree.Number(value=value):
            return value
        case tree.Name(name=name) if name not in given and name.lower() in _INFINITIES:
            return INFINITY
        case tree.Negative(operand=operand):
            inner = _order(operand, given)
            return None if inner is None else -inner
        case tree.Product(factors=((_, first), ("/", second))):
            above, below = _order(first, given), _order(second, given)
            if isinstance(above, Fraction) and isinstance(below, Fraction) and below:
                return above / below
    return None


def is_axis(node: Node) -> bool:
    """Whether this argument is a whole number, as an axis is."""
    inner = node.operand if isinstance(node, tree.Negative) else node
    return isinstance(inner, tree.Number) and inner.text.isdecimal()


def _is_frobenius(node: Node) -> bool:
    return isinstance(node, tree.Word) and node.text == "fro"


def names_in(*nodes: Node) -> Iterator[str]:
    """All names in ``nodes``."""
    return (node.name for node in tree.walk(*nodes) if isinstance(node, tree.Name))


def elementwise_names(*nodes: Node) -> Iterator[str]:
    """The names in ``nodes`` that are read element by element: not those inside a reduction."""
    for node in nodes:
        if isinstance(node, tree.Name):
            yield node.name
        elif not (isinstance(node, Call) and reduces(node.name, len(node.arguments))):
            yield from elementwise_names(*children(node))


def _text(node: Node, source: str) -> str:
    return shortened(source[slice(*node.span)].strip())


def _refuse(
    message: str, node: Node, source: str, hint: str, code: str = "ambiguous-argument"
) -> NoReturn:
    raise HessError(code, message, span=node.span, source=source, hint=hint)


# Shapes


def require_shapes(
    node: Node, source: str, given: Collection[str], shapes: Mapping[str, Shape]
) -> None:
    """Refuse a formula that has no meaning, or two, for variables of these shapes.

    Raises :class:`HessError` with the place, and the shapes.
    """
    if any(shapes.values()):
        _Shapes(source, given, shapes).check(node)


@dataclass(frozen=True, slots=True)
class _Shapes:
    source: str
    given: Collection[str]
    shapes: Mapping[str, Shape]

    def check(self, node: Node) -> None:
        """Refuse this part, and what it is made of."""
        inner = self
        if isinstance(node, Call) and node.name in BY_NAME:
            if binds(node.name):
                bound = {n for pair in node.arguments[1:] for n in names_in(*children(pair)[:1])}
                own = {name: s for name, s in self.shapes.items() if name not in bound}
                inner = _Shapes(self.source, self.given, own)
            else:
                self._check_call(node)
        for child in children(node):
            inner.check(child)

    def _check_call(self, call: Call) -> None:
        parts = call.arguments
        if reduces(call.name, len(parts)):
            for part in parts:
                self._shape(part)
        match BY_NAME[call.name].name:
            case "dot":
                self._check_dot(call, *map(self._shape, parts))
            case "norm":
                order = order_of(call, self.given, self.source)
                if order is not None:
                    self._check_norm(call, order, self._shape(parts[0]))
            case "logsumexp" if call.name == "logsumexp" and len(parts) == 2 and is_axis(parts[1]):
                if shape := self._shape(parts[0]):
                    x, k = (_text(part, self.source) for part in parts)
                    _refuse(
                        f"`logsumexp({x}, {k})` could be over the axis {k} of {x}, of shape "
                        f"{_shown(shape)}, or of each element and {k}", call, self.source,
                        f"`logsumexp({x})` over all elements, `log(exp({x}) + exp({k}))` of each",
                    )  # fmt: skip

    def _check_dot(self, call: Call, left: Shape, right: Shape) -> None:
        if left != right or len(left) > 1:
            _refuse(
                f"`{call.name}` takes two vectors of one length, and here are the shapes "
                f"{_shown(left)} and {_shown(right)}", call, self.source,
                "`sum(x*y)` for the sum of all products of elements", "shape",
            )  # fmt: skip

    def _check_norm(self, call: Call, order: Order, shape: Shape) -> None:
        if len(shape) < 2 or (len(shape) == 2 and _is_frobenius(call.arguments[1])):
            return
        # The order of a norm in LaTeX is not typed as a number.
        x, p = _text(call.arguments[0], self.source), unparse(call.arguments[1])
        elements = f"`sum(abs({x})**{p})**(1/{p})` over all elements"
        if order in (1, EUCLIDEAN, INFINITY):
            forms = {1: f"sum(abs({x}))", INFINITY: f"max(abs({x}))"}
            elements = f"`{forms.get(float(order), f'norm({x})')}` over all elements"
        _refuse(
            f"the norm of order {p} of shape {_shown(shape)} is not supported: for NumPy, it is "
            "not that of the elements", call, self.source, elements, "shape",
        )  # fmt: skip

    def _shape(self, part: Node) -> Shape:
        """The shape of a part. Raises :class:`HessError` where there is none."""
        names = dict.fromkeys(elementwise_names(part))
        shapes = {name: self.shapes[name] for name in names if self.shapes.get(name)}
        try:
            return broadcast(shapes.values())
        except ValueError:
            listed = ", ".join(f"{name} is {_shown(shape)}" for name, shape in shapes.items())
            _refuse(
                f"these shapes do not broadcast: {listed}", part, self.source,
                "tensors of one shape, or numbers; a length of 1 stretches", "broadcast",
            )  # fmt: skip


def _shown(shape: Shape) -> str:
    return f"({', '.join(map(str, shape))}{',' * (len(shape) == 1)})"
