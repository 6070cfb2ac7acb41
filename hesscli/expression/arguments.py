"""What the arguments of functions over elements mean: those by name, orders and axes.

Where NumPy and a reader of formulas could mean two things, a call is refused with both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from fractions import Fraction
from typing import NoReturn

from hesscli.errors import HessError, shortened
from hesscli.expression.names import CONSTANTS
from hesscli.functions.table import BY_NAME, TENSORS
from hesscli.language import tree
from hesscli.language.tree import Call, Node

INFINITY = float("inf")
EUCLIDEAN = Fraction(2)
_INFINITIES = ("oo", "inf", "infinity")
_CONSTANTS = CONSTANTS.keys() - {"oo"}

NEW_AXIS = ("None", "newaxis")
ALL = "..."
# Functions whose arguments are whole numbers.
OF_LENGTHS = ("eye", "identity", "arange", "ones", "zeros")

_TORCH = {"dim": "axis", "keepdim": "keepdims", "p": "ord"}

Order = Fraction | float  # p, or an infinity


def order_of(call: Call, given: Collection[str], source: str) -> Order | None:
    """The order p of ``norm(x, p)``, where the second argument is one: a literal, an infinity or
    ``'fro'``. None where all arguments are elements.

    Raises :class:`HessError` for an order that is not supported, and for a constant such as ``pi``
    that could be an order and an element.
    """
    arguments = positional(call)
    named = by_name(call).get("ord")
    if len(arguments) < 2 and named is None:
        return None
    typed = arguments[1] if named is None else named
    order = EUCLIDEAN if _is_frobenius(typed) else _order(typed, given)
    if order is None and named is not None and not isinstance(typed, tree.Word):
        _refuse("the order of a norm is a number", typed, source, "norm(x, 3)")
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
    if len(arguments) > 2:
        x, p, axis = (_text(part, source) for part in arguments[:3])
        _refuse(
            "an order is the last argument of a norm", arguments[2], source,
            f"norm({x}, {p}, axis={axis}) over an axis",
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


def positional(call: Call) -> tuple[Node, ...]:
    """The arguments that are not given by name."""
    return tuple(part for part in call.arguments if not isinstance(part, tree.Keyword))


def by_name(call: Call) -> dict[str, Node]:
    """The arguments that are given by name; ``dim`` and ``keepdim`` of torch by those of NumPy."""
    named = (part for part in call.arguments if isinstance(part, tree.Keyword))
    return {in_numpy(part.name): part.value for part in named}


def in_numpy(name: str) -> str:
    """An argument's name in NumPy for that in torch."""
    return _TORCH.get(name, name)


def is_axis(node: Node) -> bool:
    """Whether this argument is a whole number, as an axis is."""
    inner = node.operand if isinstance(node, tree.Negative) else node
    return isinstance(inner, tree.Number) and inner.text.isdecimal()


def _is_frobenius(node: Node) -> bool:
    return isinstance(node, tree.Word) and node.text == "fro"


def names_in(*nodes: Node) -> Iterator[str]:
    """All names in ``nodes``."""
    return (node.name for node in tree.walk(*nodes) if isinstance(node, tree.Name))


def places_in(node: Node) -> Iterator[str]:
    """The names of the whole numbers in a formula: indices, and the lengths of what it makes."""
    for each in tree.walk(node):
        inside: tuple[Node, ...] = ()
        if isinstance(each, tree.Index):
            inside = each.items
        elif isinstance(each, tree.Call) and each.name in OF_LENGTHS:
            inside = each.arguments
        yield from _names(*inside)


def _names(*nodes: Node) -> Iterator[str]:
    """Those that stand for whole numbers themselves, and not for tensors of some shape."""
    for node in nodes:
        if isinstance(node, tree.Name) and node.name not in (*NEW_AXIS, ALL, "True", "False"):
            yield node.name
        elif not (isinstance(node, _NO_NUMBERS) or _is_length(node)):
            yield from _names(*tree.children(node))


_NO_NUMBERS = (tree.Attribute, tree.Comparison, tree.Logic, tree.Not)


def _is_length(node: Node) -> bool:
    return isinstance(node, tree.Call) and node.name == "len"


def lists_in(node: Node) -> Iterator[Node]:
    """The lists directly below ``node`` that are tensors; elsewhere they may be meant as brackets.

    Such are operands of ``@``, rows of other lists, and the arguments of what goes over elements.
    """
    inside: tuple[Node, ...] = ()
    if isinstance(node, (tree.MatMul, tree.Array)):
        inside = tree.children(node)
    elif isinstance(node, Call) and node.name in BY_NAME:
        function = BY_NAME[node.name]
        if function.group == TENSORS or function.named or function.name == "dot":
            inside = tree.children(node)
    for part in inside:
        if isinstance(part, tree.Array):
            yield part
        elif isinstance(part, tree.Pair):
            yield from (each for each in part.items if isinstance(each, tree.Array))


def takes_shapes(node: Node) -> bool:
    """Whether this is of rows, columns or axes, and not of each element or of all."""
    if isinstance(node, (tree.MatMul, tree.Index, tree.Attribute)):
        return True
    if not isinstance(node, Call) or node.name not in BY_NAME:
        return False
    return BY_NAME[node.name].group == TENSORS or "axis" in by_name(node)


def is_tensor(node: Node) -> bool:
    """Whether a formula has something that only tensors have: a product of matrices, an index, an
    axis.
    """
    for each in tree.walk(node):
        if isinstance(each, (tree.MatMul, tree.Index, tree.Attribute)) or any(lists_in(each)):
            return True
        if isinstance(each, tree.Call) and each.name in BY_NAME:
            function = BY_NAME[each.name]
            if function.group == TENSORS or (function.named and by_name(each)):
                return True
    return False


def _text(node: Node, source: str) -> str:
    return shortened(source[slice(*node.span)].strip())


def _refuse(
    message: str, node: Node, source: str, hint: str, code: str = "ambiguous-argument"
) -> NoReturn:
    raise HessError(code, message, span=node.span, source=source, hint=hint)
