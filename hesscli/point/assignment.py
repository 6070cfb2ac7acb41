"""``--at`` text, or a line of JSON → assignments: values in order, or by name.

No formula is needed for this: the names found here decide how the formula is read.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from hesscli.errors import HessError, did_you_mean, shortened
from hesscli.language import tree
from hesscli.language.parser import parse_items
from hesscli.language.tokens import (
    NAME,
    NUMBER,
    SIGNED_NUMBER,
    Token,
    canonical_name,
    read_number,
)
from hesscli.language.tree import Node
from hesscli.point import tables
from hesscli.point.constants import EXAMPLE, read_constant
from hesscli.shapes import size
from hesscli.types import Expr, Random, Span, Value, Values

MAX_ELEMENTS = 10_000_000
MAX_AXES = 16
MAX_EXACT_ELEMENTS = 1_000_000
# What a program takes for a number.
_PROGRAMS = 'a number, a text such as "1/3", or a list or an array of them'
GAPS = ("none", "null", "nan")  # an entry of none: as hess prints it, in its JSON, as torch does
_FILES = (".npy", ".json")
_ARRAYS = ("array", "asarray", "tensor")  # of what stands in their brackets
_DECIMAL = re.compile(rf"-?{NUMBER.pattern}")
_WRITTEN_GAP = re.compile(rf"(?<![\w\"])(?:{'|'.join(GAPS)})(?![\w\"])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Assignment:
    """One ``--at``, or one line of standard input: values in order, or values by name.

    ``files`` are the names of those that values were read from.
    """

    source: str
    positional: tuple[Value, ...]
    named: dict[str, Value]
    spans: dict[str, Span]
    files: tuple[str, ...] = ()


# --- one text ----------------------------------------------------------------------------------


def read_assignment(text: str, *, gaps: bool = False) -> Assignment:
    """The values that one ``--at`` gives. Raises :class:`HessError` with the place of a mistake.

    With ``gaps``, an entry may be none, null or nan, which is NaN.
    """
    if not text.strip():
        raise HessError("empty-point", "the point is empty", hint="--at 2,4 or --at x=2,y=4")
    if _JSON.match(text):
        return _read_object(text)
    _refuse_path(text)
    text = _QUOTED.sub(r"\1 \3 ", text)
    if _BRACES.match(text):
        text = _KEY.sub(r" \2 \3", _BRACES.sub(r"\1 \2 \3", text))
    _refuse_signs(text)
    reader = _Reader(text, gaps=gaps)
    positional: list[Value] = []
    named: dict[str, Value] = {}
    spans: dict[str, Span] = {}
    try:
        for name, node in _items(_with_commas(text)):
            value = reader.value(node)
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
                hint=_unmixed(text),
            )
    except HessError as error:
        if error.code == "unknown-function" and error.span:
            error.hint = did_you_mean(text[slice(*error.span)], _GENERATORS) or error.hint
        elif error.code == "syntax" and _RANGE.search(text):
            error.hint = '`--grid "x=0..1:11"` for several points, linspace(0,1,5) for a tensor'
        elif error.code in ("syntax", "formula"):
            error.hint = f"{EXAMPLE}, separated by commas"
        elif error.code == "bad-value" and (names := _bare_names(text)):
            error.hint = f"{','.join(f'{name}=…' for name in names)}, with {EXAMPLE}"
        raise error.at(text) from None
    return Assignment(text, tuple(positional), named, spans, tuple(reader.read))


def _refuse_path(text: str) -> None:
    """Refuse a file's name without its sign."""
    if match := _BARE_PATH.fullmatch(text):
        raise HessError(
            "bad-value", f"`{shortened(match[2])}` is the name of a file, and no value",
            span=match.span(2), source=text, hint=f"`{match[1].strip()}@{shortened(match[2])}`",
        )  # fmt: skip


def _unmixed(text: str) -> str:
    """What to type for values with and without names."""
    if match := re.fullmatch(rf"\s*({NAME})\s*=\s*(-?\d+),\s*(\d+)\s*", text):
        name, whole, part = match.groups()
        number, tensor = f"`{name}={whole}.{part}`", f'`"{name}=[{whole},{part}]"`'
        return f"`{whole},{part}` in order, {number} for a decimal point, {tensor} for a tensor"
    return "either `--at 2,4` or `--at x=2,y=4`"


def _bare_names(text: str) -> list[str]:
    """The names that stand in place of values, where nothing else does."""
    names = [name.strip() for name in text.split(",")]
    return names if all(re.fullmatch(NAME, name) for name in names) else []


def _refuse_signs(text: str) -> None:
    """Refuse ``[1 -2]``, which are two elements to MATLAB, and one to Python."""
    for array in re.finditer(r"\[[^\[\]]*\]", text):
        found = re.search(r"([-+]?[\d.]+)\s+([-+])([\d.]+)", array[0])
        if found:
            shown, (first, sign, second) = found[0], found.groups()
            start, stop = (array.start() + end for end in found.span())
            raise HessError(
                "two-readings", f"`{shown}` in a list can be read in two ways",
                span=(start, stop), source=text,
                hint=f"`{first}, {sign}{second}` for two, `{first} {sign} {second}` for one",
            )  # fmt: skip


def _items(text: str) -> list[tuple[Token | None, Node]]:
    """The items of a point, which may stand in round brackets: ``(2, 4)``."""
    items = parse_items(text)
    match items:
        case [(None, tree.Pair(items=inside))]:
            return [(None, item) for item in inside]
    return items


_JSON = re.compile(r'\s*\{\s*(?:"|\}\s*$)')
# As in Mathematica's {x -> 2, y -> 3}, and Python's {x: 2}.
_BRACES = re.compile(r"^(\s*)\{(.*)\}(\s*)$", re.DOTALL)
# The quotation marks that some shells leave around a word.
_QUOTED = re.compile(r"^(\s*)(['\"])([^'\"]*)\2\s*$")
_BARE_PATH = re.compile(rf"\s*((?:{NAME}\s*=)?\s*)([\w./~-]+\.(?:npy|json|csv|tsv))\s*")
# Two names in place of a comma: x=1 and y=2.
_AND = re.compile(rf"(?<=[\d.)\]])\s+(and|&&?)\s+(?={NAME}\s*=)")
# A key of Python's, and what stands for several values.
_KEY = re.compile(rf"(')({NAME})'(\s*:)")
_RANGE = re.compile(r"\d\s*(?::|\.\.)\s*[-\d]")
# A list of MATLAB's; a sign in it may be one of a difference.
_BLANKS = re.compile(r"\[\s*[\d.]+(?:\s+[\d.]+)+\s*\]")
_ITEM = rf"(?:{NAME}\s*=\s*)?{SIGNED_NUMBER}"
_PATH = r"@(?:\"[^\"]*\"|'[^']*'|[^,]*)"  # and the column in it, behind a colon
_LIST = re.compile(rf"\s*{_ITEM}(?:(?:\s*[;,]\s*|\s+){_ITEM})+\s*")
_IN_BRACKETS = re.compile(rf"\s*(?:\((?:[^()=]*=[^()]*|{_LIST.pattern})\)|\[[^][=]*=[^][]*\])\s*")


def _with_commas(text: str) -> str:
    """``(2 4)``, ``2; 4``, ``x=2 y=4`` and ``x == 2`` as they should be, each in its place."""
    text = re.sub(r"(?<![\s,;])[\s,;]+$", lambda end: " " * len(end[0]), text)
    if _IN_BRACKETS.fullmatch(text):
        opening = text.strip()[0]
        text = text.replace(opening, " ").replace(")" if opening == "(" else "]", " ")
    text = _BLANKS.sub(lambda found: re.sub(r"(?<=[\d.])\s(?=\s*[\d.])", ",", found[0]), text)
    text = _AND.sub(lambda word: ",".ljust(len(word[0])), text)
    text = re.sub(
        rf"{_PATH}|(?<!\w)({NAME}+\s*+)(==|:=|->|[:→])(?!=)",
        lambda m: m[1] + "=".ljust(len(m[2])) if m[1] else m[0],
        text,
    )
    if not _LIST.fullmatch(text):
        return text
    return re.sub(r"(?<=[\d.])([;\s])(?=\s*[-+.\w])(?!\s*=)", ",", text)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads values alike from the syntax of ``source``, from JSON, and from a program's objects.

    ``files`` allows ``@FILE``, whose names are noted in ``read``; ``gaps`` allows entries of none,
    and makes a matrix of what would be a column in a table, for it is a matrix that may have them.
    With ``doubles``, a program's floats are what they are, and not the decimals that they are
    written as.
    """

    source: str = ""
    files: bool = True
    gaps: bool = False
    program: bool = False
    doubles: bool = False
    read: list[str] = field(default_factory=list)

    def value(self, item: Any) -> Value:
        """A number, a list of lists of them, a text of either, or what a text generates."""
        match item:
            case str():
                return replace(self, source=item, gaps=False).value(self._parsed(item))
            case tree.Call(name=name, arguments=(inside,)) if name in _ARRAYS:
                return self.value(inside)
            case tree.Call(name=name) if name in _GENERATORS:
                arguments = [self._typed(argument) for argument in _lengths(item)]
                return _with_place(lambda: _GENERATORS[name](arguments), item.span)
            case tree.File(path=path):
                file, column = tables.located(path)
                self.read.append(file)
                return _with_place(lambda: self._file(file, column), item.span)
            case tree.Pair():
                raise HessError(
                    "bad-value", "round brackets do not hold a list", span=item.span,
                    hint="`--at 2,4` for two values, `--at \"[2,4]\"` for a tensor",
                )  # fmt: skip
        return Values(*nested(item, self._entry))

    def _file(self, path: str, column: str | None) -> Value:
        """What a file holds; of a table, the column called so."""
        kind = tables.suffix(path)
        if not path:
            raise HessError("bad-file", "`@` stands before no file", hint="@data.npy")
        if kind not in (*_FILES, *tables.DELIMITERS):
            raise HessError(
                "bad-file", f"`{path}` is none of .npy, .json, .csv and .tsv", hint="@data.npy"
            )
        try:
            if kind == ".npy":
                return _read_npy(path)
            if kind == ".json":
                text = Path(path).read_text(encoding="utf-8-sig")
                if self.gaps:
                    text = _WRITTEN_GAP.sub("null", text)
                return _Reader(files=False, gaps=self.gaps).value(_load_json(text))
            if self.gaps and column is None:
                return Values(*nested(tables.matrix(path, self._cell), lambda number: number))
            numbers = tables.column(path, column, self._cell, MAX_EXACT_ELEMENTS)
            return Values((len(numbers),), tuple(numbers))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            hint = "the path of the file, from the folder that `hess` runs in"
            raise HessError("bad-file", f"cannot read `{path}`: {reason}", hint=hint) from None
        except UnicodeDecodeError:
            raise HessError("bad-file", f"`{path}` is not UTF-8 text") from None
        except ValueError:  # a NUL in the name
            raise HessError("bad-file", f"`{path}` is not the name of a file") from None

    def _cell(self, text: str) -> Fraction | float | Expr:
        """The number in a cell of a table."""
        if self.gaps and text.lower() in ("", *GAPS):
            return math.nan
        if _DECIMAL.fullmatch(text):  # a million of them need not be parsed as formulas
            number = read_number(text.lstrip("-"))
            _check_range(number, text, None)
            return -number if text.startswith("-") else number
        value = _Reader(files=False).value(text)
        if not isinstance(value, Values) or value.shape:
            raise HessError("bad-value", f"`{shortened(text)}` stands where one number should")
        return value.entries[0]

    def _parsed(self, text: str) -> Node:
        items = parse_items(text)
        file = isinstance(items[0][1], tree.File) and not self.files
        if len(items) != 1 or items[0][0] is not None or file:
            raise HessError("bad-value", f"`{text}` stands where one value should", hint=EXAMPLE)
        return items[0][1]

    def _entry(self, item: Any) -> Fraction | float | Expr:
        """One entry, as exact as it was given."""
        number = self._number(item)
        if number is not None:
            _check_range(number, self._shown(item), None)
            return number
        gap = item.name.lower() in GAPS if isinstance(item, tree.Name) else item is None
        if gap and self.gaps:
            return math.nan
        if isinstance(item, Node):
            return self._typed(item)
        if isinstance(item, str):
            value = self.value(item)
            if isinstance(value, Values) and not value.shape:
                return value.entries[0]
        said, hint = ("one", None) if isinstance(item, str) else ("a", EXAMPLE)
        if self.program:
            said, hint = "a real", _PROGRAMS
        message = f"`{self._shown(item)}` stands where {said} number should"
        raise HessError("bad-value", message, hint=hint)

    def _shown(self, item: Any) -> str:
        if self.program:
            return _shown(item)
        text = isinstance(item, (str, Fraction))
        return (str(item) if text else json.dumps(item, default=str))[:40]

    def _typed(self, node: Node) -> Fraction | Expr:
        _refuse_special_names(node, self.source)
        value = read_constant(node, self.source)
        _check_range(value, shortened(self.source[slice(*node.span)].strip()), node.span)
        return value

    def _number(self, item: Any) -> Fraction | float | Expr | None:
        """A number of Python, NumPy or SymPy; None for anything else."""
        if isinstance(item, float):
            if not math.isfinite(item):
                raise HessError("not-finite", f"the value `{item}` is not a finite number")
            return item if self.doubles else Fraction(repr(float(item)))
        if isinstance(item, (int, Fraction, Decimal)) and not isinstance(item, bool):
            return Fraction(item)
        if getattr(item, "is_Rational", False):
            return Fraction(int(item.p), int(item.q))
        if getattr(item, "is_number", False) and item.is_extended_real and item.is_finite:
            return item
        return None


def _lengths(call: tree.Call) -> tuple[Node, ...]:
    """The arguments of a generator, which NumPy takes in brackets too: ``zeros((2, 2))``."""
    match call.arguments:
        case (tree.Pair(items=items),):
            return items
    return call.arguments


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
    if not math.isfinite(number):
        limit, hint = "beyond the largest double, 1.8e308", "a smaller number"
    elif number == 0 and value != 0:
        limit, hint = "below the smallest double, 5e-324", "0, or a larger number"
    else:
        return
    raise HessError("not-finite", f"the value `{shown}` is {limit}", span=span, hint=hint)


def nested(item: Any, entry: Callable[[Any], Any]) -> tuple[tuple[int, ...], tuple[Any, ...]]:
    """Shape and row-major entries of a nested list, each of which ``entry`` reads.

    Raises :class:`HessError` for a ragged or an empty list.
    """
    inside = item.items if isinstance(item, tree.Array) else item
    if not isinstance(inside, (list, tuple)):
        return (), (entry(item),)
    if not inside:
        raise HessError(
            "empty-tensor", "the list is empty", span=_span(item), hint="at least one value"
        )
    shape: tuple[int, ...] | None = None
    entries: list[Any] = []
    for each in inside:
        inner_shape, inner_entries = nested(each, entry)
        if shape is not None and inner_shape != shape:
            raise HessError(
                "ragged",
                f"the list is ragged: {_shape_text(inner_shape)} stands beside "
                f"{_shape_text(shape)}",
                span=_span(each),
                hint="rows of one length, such as [[1,2],[3,4]]",
            )
        shape = inner_shape
        entries += inner_entries
    assert shape is not None
    if len(shape) >= MAX_AXES:
        raise HessError(
            "too-large", f"a tensor has at most {MAX_AXES} axes", span=_span(item),
            hint="fewer levels of brackets",
        )  # fmt: skip
    return (len(inside), *shape), tuple(entries)


def _span(item: Any) -> Span | None:
    return item.span if isinstance(item, Node) else None


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


def _shape(arguments: list[Any]) -> tuple[int, ...]:
    shape = tuple(_count(argument) for argument in arguments)
    _check_size(size(shape), MAX_ELEMENTS)
    if len(shape) > MAX_AXES:
        raise HessError("too-large", f"a tensor has at most {MAX_AXES} axes", hint="fewer lengths")
    return shape


def _require(holds: bool, message: str, hint: str | None = None) -> None:
    if not holds:
        raise HessError("bad-value", message, hint=hint)


def _count(argument: Any) -> int:
    whole = isinstance(argument, Fraction) and argument.denominator == 1 and argument >= 1
    _require(whole, "a length must be a whole number, at least 1", "randn(2,2)")
    return int(argument)


def _check_size(count: int, most: int) -> None:
    if count > most:
        raise HessError(
            "too-large",
            f"a tensor of {shortened(f'{count:,}')} elements; the most is {most:,}",
            hint="a smaller tensor",
        )  # fmt: skip


def _filled(number: float, arguments: list[Any]) -> Value:
    shape = _shape(arguments)
    return Values(shape, (number,) * size(shape))


def _eye(arguments: list[Any]) -> Value:
    _require(1 <= len(arguments) <= 2, "`eye` takes one or two lengths", "eye(3)")
    rows, columns = _shape([arguments[0], arguments[-1]])
    entries = tuple(float(i == j) for i in range(rows) for j in range(columns))
    return Values((rows, columns), entries)


def _arange(arguments: list[Any]) -> Value:
    _require(1 <= len(arguments) <= 3, "`arange` takes one to three numbers", "arange(4)")
    bounds = arguments if len(arguments) > 1 else [Fraction(0), *arguments]
    start, stop, step = (*bounds, Fraction(1))[:3]
    rational = all(isinstance(number, Fraction) for number in (start, stop, step)) and step != 0
    _require(rational, "`arange` takes rational numbers, and a step that is not 0")
    count = -((start - stop) // step)  # ceil((stop - start) / step)
    if count < 1:
        raise HessError("empty-tensor", "this `arange` is empty", hint="a stop beyond the start")
    _check_size(count, MAX_EXACT_ELEMENTS)
    return Values((count,), tuple(start + i * step for i in range(count)))


def _linspace(arguments: list[Any]) -> Value:
    asked = "`linspace` takes start, stop and a count"
    _require(len(arguments) == 3, asked, "linspace(0,1,5)")
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
    "zeros": partial(_filled, 0.0),
    "ones": partial(_filled, 1.0),
    "eye": _eye,
    "arange": _arange,
    "linspace": _linspace,
}


# --- files and JSON ----------------------------------------------------------------------------


def _read_npy(path: str) -> Value:
    import numpy as np

    try:
        # allow_pickle=False: a pickled array could run code.
        array = np.load(path, allow_pickle=False)
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # not there, or not to be read
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


def _read_object(text: str) -> Assignment:
    content = _load_json(text)
    if not content:
        raise HessError("empty-point", "the point is empty", hint='{"x": 2, "y": 4}')
    reader = _Reader()
    named = {name: reader.value(value) for name, value in content.items()}
    return Assignment(text, (), named, {}, tuple(reader.read))


# --- a program's values ------------------------------------------------------------------------


def from_values(positional: Sequence[Any], named: Mapping[str, Any]) -> Assignment:
    """What a program gives: numbers (Python's, NumPy's, SymPy's), exact text such as ``"1/3"``, and
    tensors as lists, NumPy arrays or torch tensors.

    A Python float is the shortest decimal that reads back the same; one in an array is a double.
    Raises :class:`HessError` for anything else, and for what is not finite.
    """
    ordered = tuple(map(_from_python, positional))
    values = {canonical_name(name): _from_python(value) for name, value in named.items()}
    source = ",".join([*map(_shown, positional), *(f"{n}={_shown(v)}" for n, v in named.items())])
    return Assignment(source, ordered, values, {})


def _shown(value: Any) -> str:
    return shortened(" ".join(str(value).split()))


def _from_python(content: Any) -> Value:
    doubles = hasattr(content, "tolist") and not isinstance(content, float)
    try:
        content = _plain(content)
    except (RuntimeError, TypeError) as error:  # NotImplementedError too
        raise HessError("bad-value", f"this tensor has no numbers: {error}"[:200]) from None
    value = _Reader(program=True, doubles=doubles).value(content)
    _check_size(size(value.shape), MAX_ELEMENTS)
    return value


def _plain(content: Any, axes: int = MAX_AXES) -> Any:
    """Lists instead of arrays and tensors, and Python's numbers instead of theirs."""
    if isinstance(content, (list, tuple)):
        if not axes:
            raise HessError("too-large", f"a tensor has at most {MAX_AXES} axes")
        return [_plain(item, axes - 1) for item in content]
    return content.tolist() if hasattr(content, "tolist") else content
