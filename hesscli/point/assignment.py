"""``--at`` text, or a line of JSON → assignments: values in order, or by name.

No formula is needed for this: the names found here decide how the formula is read.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

from hesscli.errors import HessError, shortened
from hesscli.language import tree
from hesscli.language.parser import parse_items
from hesscli.language.tokens import NAME, SIGNED_NUMBER, Token, canonical_name, read_number
from hesscli.language.tree import Node
from hesscli.point.constants import EXAMPLE, read_constant
from hesscli.shapes import size
from hesscli.types import Expr, Random, Span, Value, Values

MAX_ELEMENTS = 10_000_000
MAX_AXES = 16
MAX_EXACT_ELEMENTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Assignment:
    """One ``--at``, or one line of standard input: values in order, or values by name."""

    source: str
    positional: tuple[Value, ...]
    named: dict[str, Value]
    spans: dict[str, Span]


# --- one text ----------------------------------------------------------------------------------


def read_assignment(text: str) -> Assignment:
    """The values that one ``--at`` gives. Raises :class:`HessError` with the place of a mistake."""
    if not text.strip():
        raise HessError("empty-point", "the point is empty", hint="--at 2,4 or --at x=2,y=4")
    if text.lstrip().startswith("{"):
        return _read_object(text)
    positional: list[Value] = []
    named: dict[str, Value] = {}
    spans: dict[str, Span] = {}
    try:
        for name, node in _items(_with_commas(text)):
            value = _value(node, text)
            if name is None:
                positional.append(value)
                continue
            if name.text in named:
                raise HessError(
                    "doubled-name", f"`{name.text}` is given twice", span=name.span,
                    hint="one value for each name",
                )  # fmt: skip
            named[name.text] = value
            spans[name.text] = name.span
        if positional and named:
            raise HessError(
                "mixed-point",
                "values with and without a name are mixed",
                span=next(iter(spans.values())),
                hint="either `--at 2,4` or `--at x=2,y=4`",
            )
    except HessError as error:
        if error.code in ("syntax", "formula"):
            error.hint = f"{EXAMPLE}, separated by commas"
        raise error.at(text) from None
    return Assignment(text, tuple(positional), named, spans)


def _items(text: str) -> list[tuple[Token | None, Node]]:
    """The items of a point, which may stand in round brackets: ``(2, 4)``."""
    if re.fullmatch(r"\s*\([^()=]*=[^()]*\)\s*", text):
        text = text.replace("(", " ").replace(")", " ")
    items = parse_items(text)
    match items:
        case [(None, tree.Pair(items=inside))]:
            return [(None, item) for item in inside]
    return items


_ITEM = rf"(?:{NAME}\s*=\s*)?{SIGNED_NUMBER}"
_LIST = re.compile(rf"\s*{_ITEM}(?:(?:\s*[;,]\s*|\s+){_ITEM})+\s*")


def _with_commas(text: str) -> str:
    """``2 4``, ``2; 4``, ``x=2 y=4`` and ``x == 2`` as they should be, each in its place."""
    text = re.sub(r"(?<![\s,;])[\s,;]+$", lambda end: " " * len(end[0]), text)
    text = re.sub(
        rf"(?<!\w)({NAME}+\s*+)(==|:=|->|[:→])(?!=)", lambda m: m[1] + "=".ljust(len(m[2])), text
    )
    if not _LIST.fullmatch(text):
        return text
    return re.sub(r"(?<=[\d.])([;\s])(?=\s*[-+.\w])(?!\s*=)", ",", text)


def _value(node: Node, source: str) -> Value:
    match node:
        case tree.Array():
            shape, entries = _nested(
                node,
                lambda item: item.items if isinstance(item, tree.Array) else None,
                lambda item: _entry(item, source),
                lambda item: item.span,
            )
            return Values(shape, entries)
        case tree.Call(name=name) if name in _GENERATORS:
            return _generated(node, source)
        case tree.File(path=path):
            return _with_place(lambda: _read_file(path), node.span)
        case tree.Pair():
            raise HessError(
                "bad-value", "round brackets do not hold a list", span=node.span,
                hint="`--at 2,4` for two values, `--at \"[2,4]\"` for a tensor",
            )  # fmt: skip
        case _:
            return Values((), (_entry(node, source),))


def _entry(node: Node, source: str) -> Fraction | Expr:
    _refuse_special_names(node, source)
    value = read_constant(node, source)
    _check_range(value, shortened(source[slice(*node.span)].strip()), node.span)
    return value


def _refuse_special_names(node: Node, source: str) -> None:
    inner = node.operand if isinstance(node, tree.Negative) else node
    if isinstance(inner, tree.Name) and inner.name.lower() in ("nan", "inf", "infinity", "oo"):
        raise HessError(
            "not-finite",
            f"the value `{shortened(source[slice(*node.span)])}` is not a finite number",
            span=node.span, hint="a finite number",
        )  # fmt: skip
    factors = [f for _, f in node.factors] if isinstance(node, tree.Product) else [inner]
    for factor in factors:
        if isinstance(factor, tree.Call) and factor.name in _GENERATORS:
            raise HessError(
                "bad-value", f"`{factor.name}(…)` is a value of its own, not a part of one",
                span=factor.span, hint="write the scaling into the formula",
            )  # fmt: skip


def _check_range(value: Fraction | Expr | float, shown: str, span: Span | None) -> None:
    """Refuse what a double cannot hold: too large, or so small that it would become 0."""
    try:
        number = float(value)
    except OverflowError:
        number = float("inf")
    if number in (float("inf"), float("-inf")) or number != number:
        raise HessError(
            "not-finite", f"the value `{shown}` is beyond the largest double, 1.8e308",
            span=span, hint="a smaller number",
        )  # fmt: skip
    if number == 0 and value != 0:
        raise HessError(
            "not-finite", f"the value `{shown}` is below the smallest double, 5e-324",
            span=span, hint="0, or a larger number",
        )  # fmt: skip


def _nested(
    node: Any,
    items: Callable[[Any], Sequence[Any] | None],
    entry: Callable[[Any], Any],
    span: Callable[[Any], Span | None],
) -> tuple[tuple[int, ...], tuple[Any, ...]]:
    """Shape and row-major entries of a nested list.

    ``items`` gives a list's items or ``None`` for an entry, ``entry`` reads an entry and ``span``
    its place. Raises :class:`HessError` for a ragged or an empty list.
    """
    inside = items(node)
    if inside is None:
        return (), (entry(node),)
    if not inside:
        raise HessError(
            "empty-tensor", "the list is empty", span=span(node), hint="at least one value"
        )
    shape: tuple[int, ...] | None = None
    entries: list[Any] = []
    for item in inside:
        inner_shape, inner_entries = _nested(item, items, entry, span)
        if shape is not None and inner_shape != shape:
            raise HessError(
                "ragged",
                f"the list is ragged: {_shape_text(inner_shape)} stands beside "
                f"{_shape_text(shape)}",
                span=span(item),
                hint="rows of one length, such as [[1,2],[3,4]]",
            )
        shape = inner_shape
        entries += inner_entries
    assert shape is not None
    if len(shape) >= MAX_AXES:
        raise HessError(
            "too-large", f"a tensor has at most {MAX_AXES} axes", span=span(node),
            hint="fewer levels of brackets",
        )  # fmt: skip
    return (len(inside), *shape), tuple(entries)


def _shape_text(shape: tuple[int, ...]) -> str:
    if not shape:
        return "a single number"
    if len(shape) == 1:
        return f"a list of {shape[0]}"
    return f"a list of shape {'×'.join(map(str, shape))}"


def _with_place(read: Callable[[], Value], span: Span) -> Value:
    try:
        return read()
    except HessError as error:
        error.span = error.span or span
        raise


# --- generators --------------------------------------------------------------------------------


def _generated(node: tree.Call, source: str) -> Value:
    arguments = [_entry(argument, source) for argument in node.arguments]
    return _with_place(lambda: _GENERATORS[node.name](arguments), node.span)


def _shape(arguments: list[Any]) -> tuple[int, ...]:
    shape = tuple(_count(argument) for argument in arguments)
    _check_size(size(shape), MAX_ELEMENTS)
    if len(shape) > MAX_AXES:
        raise HessError("too-large", f"a tensor has at most {MAX_AXES} axes", hint="fewer lengths")
    return shape


def _count(argument: Any) -> int:
    if not isinstance(argument, Fraction) or argument.denominator != 1 or argument < 1:
        raise HessError(
            "bad-value", "a length must be a whole number, at least 1", hint="randn(2,2)"
        )
    return int(argument)


def _check_size(count: int, most: int) -> None:
    if count > most:
        raise HessError(
            "too-large",
            f"a tensor of {shortened(f'{count:,}')} elements; the most is {most:,}",
            hint="a smaller tensor",
        )  # fmt: skip


def _filled(number: float) -> Callable[[list[Any]], Value]:
    def fill(arguments: list[Any]) -> Value:
        shape = _shape(arguments)
        return Values(shape, (number,) * size(shape))

    return fill


def _eye(arguments: list[Any]) -> Value:
    if not 1 <= len(arguments) <= 2:
        raise HessError("bad-value", "`eye` takes one or two lengths", hint="eye(3)")
    rows, columns = _shape([arguments[0], arguments[-1]])
    entries = tuple(float(i == j) for i in range(rows) for j in range(columns))
    return Values((rows, columns), entries)


def _arange(arguments: list[Any]) -> Value:
    if not 1 <= len(arguments) <= 3:
        raise HessError("bad-value", "`arange` takes one to three numbers", hint="arange(4)")
    start, stop, step = (
        (Fraction(0), arguments[0], Fraction(1))
        if len(arguments) == 1
        else (*arguments, Fraction(1))[:3]
    )
    if not all(isinstance(a, Fraction) for a in (start, stop, step)) or step == 0:
        raise HessError("bad-value", "`arange` takes rational numbers, and a step that is not 0")
    count = -((start - stop) // step)  # ceil((stop - start) / step)
    if count < 1:
        raise HessError("empty-tensor", "this `arange` is empty", hint="a stop beyond the start")
    _check_size(count, MAX_EXACT_ELEMENTS)
    return Values((count,), tuple(start + i * step for i in range(count)))


def _linspace(arguments: list[Any]) -> Value:
    if len(arguments) != 3:
        raise HessError(
            "bad-value", "`linspace` takes start, stop and a count", hint="linspace(0,1,5)"
        )
    start, stop = arguments[:2]
    count = _count(arguments[2])
    _check_size(count, MAX_EXACT_ELEMENTS)
    if count == 1:
        return Values((1,), (start,))
    step = (stop - start) / (count - 1)
    return Values((count,), (*(start + i * step for i in range(count - 1)), stop))


_GENERATORS: dict[str, Callable[[list[Any]], Value]] = {
    "randn": lambda arguments: Random("randn", _shape(arguments)),
    "rand": lambda arguments: Random("rand", _shape(arguments)),
    "zeros": _filled(0.0),
    "ones": _filled(1.0),
    "eye": _eye,
    "arange": _arange,
    "linspace": _linspace,
}


# --- files and JSON ----------------------------------------------------------------------------


def _read_file(path: str) -> Value:
    suffix = Path(path).suffix.lower()
    if suffix not in (".npy", ".json"):
        raise HessError(
            "bad-file", f"`{path}` is neither a .npy nor a .json file", hint="@data.npy"
        )
    try:
        if suffix == ".npy":
            return _read_npy(path)
        return _from_json(_load_json(Path(path).read_text(encoding="utf-8-sig")), files=False)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise HessError("bad-file", f"cannot read `{path}`: {reason}") from None
    except UnicodeDecodeError:
        raise HessError("bad-file", f"`{path}` is not UTF-8 text") from None
    except ValueError:  # a NUL in the name
        raise HessError("bad-file", f"`{path}` is not the name of a file") from None


def _read_npy(path: str) -> Value:
    import numpy as np

    try:
        # allow_pickle=False: a pickled array could run code.
        array = np.load(path, allow_pickle=False)
    except OSError as error:
        if error.errno is not None:
            raise  # not there, or not to be read
        raise HessError("bad-file", f"`{path}` is not a .npy file of numbers") from None
    except Exception:
        # A damaged file makes NumPy raise almost anything: EOFError, TokenError, BadZipFile, …
        raise HessError("bad-file", f"`{path}` is not a .npy file of numbers") from None
    if not isinstance(array, np.ndarray):
        raise HessError("bad-file", f"`{path}` holds several arrays", hint="one array, as .npy")
    if array.dtype.kind not in "iuf":
        raise HessError("bad-file", f"`{path}` holds {array.dtype}, not real numbers")
    if array.size == 0:
        raise HessError("empty-tensor", f"the array in `{path}` is empty")
    _check_size(array.size, MAX_ELEMENTS)
    values = array.astype(np.float64)
    if not np.isfinite(values).all():
        where = ",".join(str(i[0]) for i in np.nonzero(~np.isfinite(values)))
        raise HessError("not-finite", f"`{path}` holds a number that is not finite, at [{where}]")
    return Values(tuple(values.shape), tuple(values.ravel().tolist()))


def _load_json(text: str) -> Any:
    def constant(name: str) -> NoReturn:
        raise HessError("not-finite", f"{name} is not a finite number")

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in items:
            name = canonical_name(key)
            if name in found:
                raise HessError("doubled-name", f"`{key}` is given twice")
            found[name] = value
        return found

    try:
        return json.loads(
            text,
            parse_int=read_number,
            parse_float=read_number,
            parse_constant=constant,
            object_pairs_hook=pairs,
        )
    except json.JSONDecodeError as error:
        raise HessError(
            "bad-json",
            f"this is not JSON: {error.msg.lower()}",
            span=(error.pos, error.pos + 1),
            source=text if "\n" not in text.strip() else None,
        ) from None
    except RecursionError:
        raise HessError("bad-json", "this JSON is nested too deep") from None


def _from_json(content: Any, *, files: bool = True) -> Value:
    """The value of a JSON number, string or list; ``files`` allows a string ``@FILE``."""

    def entry(item: Any) -> Any:
        if isinstance(item, str):
            value = _value(_only_item(item, files), item)
            if not isinstance(value, Values) or value.shape:
                raise HessError("bad-value", f"`{item}` stands where one number should")
            return value.entries[0]
        if not isinstance(item, Fraction):
            shown = json.dumps(item, default=str)[:40]
            raise HessError("bad-value", f"`{shown}` stands where a number should", hint=EXAMPLE)
        _check_range(item, str(item)[:40], None)
        return item

    if isinstance(content, str):
        return _value(_only_item(content, files), content)
    shape, entries = _nested(
        content, lambda item: item if isinstance(item, list) else None, entry, lambda item: None
    )
    return Values(shape, entries)


def _only_item(text: str, files: bool) -> Node:
    items = parse_items(text)
    file = isinstance(items[0][1], tree.File) and not files
    if len(items) != 1 or items[0][0] is not None or file:
        raise HessError("bad-value", f"`{text}` stands where one value should", hint=EXAMPLE)
    return items[0][1]


def _read_object(text: str) -> Assignment:
    content = _load_json(text)
    if not content:
        raise HessError("empty-point", "the point is empty", hint='{"x": 2, "y": 4}')
    named = {name: _from_json(value) for name, value in content.items()}
    return Assignment(text, (), named, {})


# --- a program's values ------------------------------------------------------------------------


def from_values(positional: Sequence[Any], named: Mapping[str, Any]) -> Assignment:
    """What a program gives: numbers (Python's, NumPy's, SymPy's), exact text such as ``"1/3"``, and
    tensors as lists, NumPy arrays or torch tensors.

    A Python float is the shortest decimal that reads back the same; one in an array is a double.
    Raises :class:`HessError` for anything else, and for what is not finite.
    """
    source = ",".join([*map(_shown, positional), *(f"{n}={_shown(v)}" for n, v in named.items())])
    values = {canonical_name(name): _from_python(value) for name, value in named.items()}
    return Assignment(source, tuple(map(_from_python, positional)), values, {})


def _shown(value: Any) -> str:
    return shortened(" ".join(str(value).split()))


def _from_python(content: Any) -> Value:
    if isinstance(content, str):
        return _value(_only_item(content, files=True), content)
    if hasattr(content, "detach"):  # torch
        content = content.detach().cpu()
    array = hasattr(content, "tolist") and not isinstance(content, float)
    plain = content.tolist() if array else content

    def entry(item: Any) -> Fraction | float | Expr:
        number = _number(item, array)
        _check_range(number, _shown(item), None)
        return number

    shape, entries = _nested(
        plain,
        lambda item: item if isinstance(item, (list, tuple)) else None,
        entry,
        lambda item: None,
    )
    _check_size(len(entries), MAX_ELEMENTS)
    return Values(shape, entries)


def _number(item: Any, array: bool) -> Fraction | float | Expr:
    """One entry, as exact as it was given."""
    if isinstance(item, str):
        value = _value(_only_item(item, files=False), item)
        if isinstance(value, Values) and not value.shape:
            return value.entries[0]
    elif isinstance(item, float) and not math.isfinite(item):
        raise HessError("not-finite", f"the value `{item}` is not a finite number")
    elif isinstance(item, float):
        return item if array else Fraction(repr(float(item)))
    elif isinstance(item, (int, Fraction, Decimal)) and not isinstance(item, bool):
        return Fraction(item)
    elif getattr(item, "is_Rational", False):
        return Fraction(int(item.p), int(item.q))
    elif getattr(item, "is_number", False) and item.is_extended_real and item.is_finite:
        return item
    raise HessError(
        "bad-value", f"`{_shown(item)}` stands where a real number should",
        hint="a number, a text such as \"1/3\", or a list or an array of them",
    )  # fmt: skip
