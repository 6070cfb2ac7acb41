"""A search for texts that break a promise of ``hess``, guided by the code that they reach.

    pip install atheris                                 # not needed for anything else here
    python tests/fuzz/fuzz.py formula --seconds 600     # the text of a formula
    python tests/fuzz/fuzz.py point --seconds 600       # the text of a point, bound to a formula
    python tests/fuzz/fuzz.py answer --seconds 600      # whole command lines, in process

This is no test: pytest does not collect it and no test needs it. It runs until its time is up, or
until SIGTERM or Ctrl-C, and then prints how many inputs it tried and what failed. An input that
breaks a promise does not end the run: it becomes a line of TARGET.failures.jsonl in the folder
given by ``--out``, with what failed and where, unless shorter ones with the same failure are known.
Try the lines of such a file again with

    python tests/fuzz/fuzz.py formula --replay TARGET.failures.jsonl

The corpus is kept in ``--out`` too, so that the next run goes on where this one stopped.

The input of ``answer`` is lines: the formula, then one ``--at`` a line; a line that starts with
``--`` holds options, and lines behind a line ``-`` are standard input.

The process that is started only watches: the search itself runs in a second one, which is started
again if an input takes it down. Inputs are built from ``dictionary.txt``, the function table, the
texts of ``tests/cases`` and ``points.txt``.
"""

from __future__ import annotations

import argparse
import faulthandler
import importlib
import io
import json
import math
import mmap
import os
import pkgutil
import random
import re
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, NoReturn

HERE = Path(__file__).resolve().parent
CASES = HERE.parent / "cases"

MAX_REPORT = 1_000
MAX_LENGTH = {"formula": 3_000, "point": 1_000, "answer": 200}
# How many inputs with one and the same failure are written down.
EXAMPLES = 8
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
# What whole command lines are searched with: small tensors, little patience.
OWN_ELEMENTS = 24
OWN_SECONDS = 3.0


class SlowError(BaseException):
    """An input takes too long. No ``except Exception`` on the way can swallow it."""


# --- what is promised --------------------------------------------------------------------------


def check_report(error: Any, length: int | None = None) -> None:
    """Assert that a refusal reads well; ``length`` is that of the text its span lies in."""
    report = error.report()
    about = f"{error.code}: {_template(error.message)}"
    assert report.startswith("hess: "), f"no `hess: ` before {about}"
    assert error.code != "internal", f"internal: {about}"
    assert len(report) < MAX_REPORT, f"a report too long, {about}"
    assert error.message.strip(), f"no message, {error.code}"
    _check_printable(report, about)
    assert len(report.split("\n")) <= 4, f"a report of too many lines, {about}"
    if length is None and error.source is not None:
        length = len(error.source)
    if error.span is not None and length is not None:
        start, end = error.span
        assert 0 <= start <= end <= length + 1, f"a span outside its text, {about}"


def _check_printable(text: str, about: str) -> None:
    assert not CONTROL.search(text), f"a control character on the terminal, {about}"


def _template(message: str) -> str:
    """A message without what it quotes, so that like failures have one name."""
    unquoted = re.sub(r"`.*`", "`…`", message, flags=re.DOTALL)
    return re.sub(r"[0-9][0-9,.]*", "#", unquoted)[:80]


def try_formula(text: str) -> None:
    """A formula is refused in words, or reads back to itself from both of its notations."""
    from hesscli.errors import HessError
    from hesscli.formula.reader import read_formula

    try:
        formula = read_formula(text)
    except HessError as error:
        check_report(error, len(text))
        return
    for name, shown in (("text", formula.text), ("pretty", formula.pretty)):
        try:
            again = read_formula(shown)
        except HessError as error:
            raise AssertionError(f"its {name} is refused: {_template(error.message)}") from None
        assert again.variables == formula.variables, f"its {name} has other variables"
        if again.expression != formula.expression:
            same = _same_value(again.expression, formula.expression)
            raise AssertionError(f"its {name} is another {'expression' if same else 'formula'}")
        assert again.text == formula.text, f"its {name} does not settle"
    for site in formula.sites:
        start, end = site.span
        assert 0 <= start <= end <= len(text), "a site outside the formula"


def _same_value(a: Any, b: Any) -> bool:
    """Whether two expressions have one value where a few numbers stand for their names."""
    names = sorted(a.free_symbols | b.free_symbols, key=str)
    if not names:
        return bool(a == b)
    point = {name: 0.3 + 0.7 * i for i, name in enumerate(names)}
    x, y = complex(a.evalf(30, subs=point)), complex(b.evalf(30, subs=point))
    return abs(x - y) <= 1e-9 * max(abs(x), abs(y), 1e-300)


BOUND = ("x**2*y + x*y**2", "x**2", "E*x + I**2*y")


def try_point(text: str) -> None:
    """A point is refused in words, or gives every variable of a formula a finite value."""
    from hesscli.errors import HessError
    from hesscli.formula.reader import read_formula
    from hesscli.point.assignment import read_assignment
    from hesscli.point.binding import bind, names_given
    from hesscli.shapes import size

    try:
        assignment = read_assignment(text)
    except HessError as error:
        check_report(error)
        return
    assert bool(assignment.positional) != bool(assignment.named), "neither by order nor by name"
    for value in (*assignment.positional, *assignment.named.values()):
        assert all(length > 0 for length in value.shape), "an empty axis"
        entries = getattr(value, "entries", None)
        if entries is not None:
            assert len(entries) == size(value.shape), "entries that do not fill the shape"
            if len(entries) <= 1_000:
                assert all(math.isfinite(float(e)) for e in entries), "an entry is not finite"
    for source in BOUND:
        formula = read_formula(source, names_given([assignment]))
        try:
            points = bind([assignment], formula)
        except HessError as error:
            check_report(error)
        else:
            assert len(points) == 1, "one assignment, several points"
            assert set(points[0].values) == set(formula.variables), "a variable without a value"


def try_answer(text: str) -> None:
    """A whole command line keeps the contract: exit status, strict JSON, words for errors."""
    formula, options, points, lines = _request(text)
    at = [word for point in points for word in ("--at", point)]
    timeout = ["--timeout", str(OWN_SECONDS)]
    arguments = [*timeout, "--seed", "0", *options, *at, "--", formula]
    stdin = "".join(lines)
    status, stdout, stderr = _run(["--json", *arguments], stdin)
    answers = _check_json(stdout, status)
    if status == 2:
        assert stdout == "", "status 2, and yet an answer"
    elif "-" in points:
        assert len(answers) == len(lines), "not one answer for each line"
    else:
        assert answers or stderr, "silence"
    if stdout == "" and not ("-" in points and not lines):
        assert status != 0, "status 0 without an answer"
        _check_stderr(stderr)
    for answer in answers:
        if "error" not in answer:
            _check_numbers(answer)
        for item in answer.get("undefined", ()):
            start, end = item["span"] or (0, 0)
            assert formula.strip() == "-" or 0 <= start <= end <= len(formula), "a span outside"
    late = re.search(r"[^\":]{,200}takes longer than", stderr + stdout)
    if late:
        _note(f"{SLOW}its own time limit", late.group().strip(), text)
    # One in four, always the same ones: the answer is computed again.
    if zlib.crc32(text.encode("utf-8", "surrogateescape")) % 4 == 0 and not late:
        plain, stdout, stderr = _run(arguments, stdin)
        if "takes longer than" not in stderr:
            assert plain == status, f"status {status} with --json, {plain} without"
        _check_printable(stdout, "plain answer")
        if plain != 0 and "-" not in points and not stdout:
            _check_stderr(stderr)


OPTIONS = ("--wrt", "--dtype", "--verify", "--check", "--expect")


def _request(text: str) -> tuple[str, list[str], list[str], list[str]]:
    """Formula, options, points, and lines of standard input."""
    formula, *rest = text.split("\n")
    options: list[str] = []
    points: list[str] = []
    while rest:
        line = rest.pop(0)
        if line.partition(" ")[0] in OPTIONS:
            options += line.split(" ", 1)
        else:
            points.append(line)
        if line == "-":
            return formula, options, points, [f"{line}\n" for line in rest]
    return formula, options, points, []


class _Utf8(io.StringIO):
    encoding = "utf-8"


_internal: list[Exception] = []


def _run(arguments: list[str], stdin: str) -> tuple[int, str, str]:
    from hesscli.cli.command import run
    from hesscli.types import Streams

    _internal.clear()
    stdout, stderr = _Utf8(), _Utf8()
    status = run(arguments, Streams(io.StringIO(stdin), stdout, stderr))
    for error in _internal:
        raise AssertionError("hess says that this is its fault") from error
    assert status in (0, 1, 2), f"status {status}"
    assert "Traceback" not in stderr.getvalue(), "a traceback"
    return int(status), stdout.getvalue(), stderr.getvalue()


def _check_stderr(text: str) -> None:
    about = _template(text.partition("\n")[0])
    assert text.startswith("hess: "), f"no `hess: ` before {about}"
    assert len(text) < MAX_REPORT, f"a report too long, {about}"
    _check_printable(text, about)


def _check_json(stdout: str, status: int) -> list[Any]:
    """The objects of a ``--json`` run, each as its schema says."""
    assert not stdout or stdout.endswith("\n"), "a line that does not end"
    answers = []
    for line in stdout.split("\n")[:-1]:
        answer = json.loads(line, parse_constant=_not_json, object_pairs_hook=_pairs)
        violation = next(_validator().iter_errors(answer), None)
        assert violation is None, f"not as in the schema: {list(violation.path)}"
        answers.append(answer)
    if answers:
        failed = any(
            "error" in a
            or a.get("undefined")
            or not all(a[name]["agrees"] for name in ("check", "expected") if name in a)
            for a in answers
        )
        assert status == int(failed), f"status {status}, and an answer is missing: {failed}"
    return answers


def _not_json(name: str) -> NoReturn:
    raise AssertionError(f"{name} is not JSON")


def _pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(items)
    assert len(found) == len(items), "a doubled key"
    return found


@cache
def _validator() -> Any:
    import jsonschema

    import hesscli

    path = Path(hesscli.__path__[0]) / "render" / "schema.json"
    return jsonschema.Draft202012Validator(json.loads(path.read_text(encoding="utf-8")))


def _check_numbers(answer: dict[str, Any]) -> None:
    """Shapes, symmetry, that every null is accounted for, and that symbols can be read."""
    from hesscli.language.parser import parse_formula
    from hesscli.language.tokens import MAX_LENGTH as MOST

    gradient, hessian = answer["gradient"], answer["hessian"]
    order = len(gradient)
    assert len(hessian) == order, "not as many rows as the gradient"
    assert all(len(row) == order for row in hessian), "a Hessian that is not square"
    if answer["point"] is None:
        for entry in {*gradient, *(entry for row in hessian for entry in row)}:
            if len(entry) <= MOST:
                parse_formula(entry)
        return
    numbers = [answer["value"], *gradient, *(entry for row in hessian for entry in row)]
    assert (None in numbers) == bool(answer["undefined"]), "a null without a reason, or a reason"
    known = [abs(n) for n in numbers if n is not None]
    for i in range(order):
        for j in range(i):
            a, b = hessian[i][j], hessian[j][i]
            assert (a is None) == (b is None), "a null on one side of the diagonal"
            if a is not None:
                assert abs(a / 2 - b / 2) <= 1e-9 * max(known), "a Hessian that is not symmetric"
    eigenvalues = answer["eigenvalues"]
    assert (eigenvalues is None) == any(None in row for row in hessian), "eigenvalues of what?"
    if eigenvalues is not None:
        assert eigenvalues == sorted(eigenvalues), "eigenvalues out of order"
        assert sum(answer["inertia"].values()) == order, "an inertia that does not add up"


TARGETS = {"formula": try_formula, "point": try_point, "answer": try_answer}


# --- texts -------------------------------------------------------------------------------------

WORD = re.compile(r"\w+|\s+|.", re.DOTALL)
RANGES = (
    *((0, 0x7F), (0x80, 0x24F), (0x300, 0x3FF), (0x2000, 0x22FF), (0xFF00, 0xFFEF)),
    *((0x10000, 0x1F9FF), (0x600, 0x6FF), (0xDC80, 0xDCFF)),
)


class Writer:
    """Texts that are formulas and points, or almost."""

    def __init__(self, target: str) -> None:
        from hesscli.functions.table import BY_NAME

        self.target = target
        self.functions = BY_NAME
        words = (HERE / "dictionary.txt").read_text(encoding="utf-8").split("\n")
        self.words = [*filter(None, words), *(f"{name}(" for name in BY_NAME)]
        self.random = random.Random()
        self.options = [f"--wrt {names}" for names in ("x", "y", "y,x", "x,y")]
        self.options += ["--dtype float32", "--check", "--verify always", "--verify never", "-"]
        self.options += ["--expect [[0]]", "--expect [[2,1],[1,2]]", "--expect [[1,nan],[0,1]]"]

    def seeds(self) -> Iterator[str]:
        """The texts to start from."""
        formulas = [line for name in ("formulas", "refused") for line in _lines(CASES, name)]
        formulas = [line.split(" => ")[0] for line in formulas]
        points = list(_lines(HERE, "points"))
        self.random.seed(0)
        match self.target:
            case "formula":
                yield from formulas
                for function in self.functions.values():
                    yield self.call(function, 0)
            case "point":
                yield from points
            case _:
                for formula in formulas:
                    yield formula
                    yield f"{formula}\n{self.random.choice(points)}"
                for function in self.functions.values():
                    yield f"{self.call(function, 0)}\n{self.point()}"
                    yield f"{self.call(function, 1)}\n0\n1"
                yield "x**3 + x*y\n--wrt y,x\n2,4"
                yield "x**3 + x*y\n--dtype float32\n2,4\n3,5"
                yield "x**3 + x*y\n--check\n--verify never\n2,4\n3,5"
                yield "x**3 + x*y\n--expect [[12, 1], [1, null]]\n2,4"
                yield 'x**3 + x*y\ny=4\n-\n2\noops\n\n{"x": 3}'

    def mutated(self, text: str, size: int, seed: int, raw: Callable[[bytes, int], bytes]) -> bytes:
        """A text like ``text``, as bytes; ``raw`` is what changes bytes without knowing them."""
        self.random.seed(seed)
        kind = self.random.random()
        if kind < 0.2:
            return raw(_bytes(text), size)
        if kind < 0.35:
            return _bytes(self.whole())[:size]
        for _ in range(self.random.choice((1, 1, 1, 2, 4))):
            text = self.edited(text)
        return _bytes(text)[:size]

    def edited(self, text: str) -> str:
        """``text`` with some words changed."""
        words = WORD.findall(text) or [""]
        i = self.random.randrange(len(words))
        j = min(len(words), i + self.random.choice((1, 1, 2, 3, 6)))
        here = "".join(words[i:j])
        match self.random.randrange(9):
            case 0:
                words[i:j] = []
            case 1:
                words[i:i] = [self.word()]
            case 2:
                words[i:j] = [self.word()]
            case 3:
                words[i:j] = [self.expression(2)]
            case 4:
                words[i:j] = [self.random.choice(self.words), here, ")"]
            case 5:
                k = self.random.randrange(len(words))
                words[k:k] = words[i:j]
            case 6:
                words[i:j] = [here] * self.random.choice((2, 3, 10, 40, 300))
            case 7:
                words[i:j] = ["(", here, ")"]
            case _:
                words[i:i] = [self.character()]
        return "".join(words)

    def word(self) -> str:
        """A word of the dictionary, or one character out of all there are."""
        return self.random.choice(self.words) if self.random.random() < 0.95 else self.character()

    def character(self) -> str:
        return chr(self.random.randint(*self.random.choice(RANGES)))

    def whole(self) -> str:
        """A text of the target's own kind."""
        match self.target:
            case "formula":
                return self.expression(self.random.randint(1, 5))
            case "point":
                return self.point()
            case _:
                lines = [self.expression(self.random.randint(1, 3))]
                if self.random.random() < 0.3:
                    lines.append(self.random.choice(self.options))
                lines += [self.point() for _ in range(self.random.choice((0, 1, 1, 1, 2)))]
                return "\n".join(lines)

    def leaf(self) -> str:
        if self.random.random() < 0.6:
            return self.random.choice(("x", "x", "y", "z", "θ", "x2"))
        return self.number()

    def number(self) -> str:
        numbers = ("0", "1", "2", "3", "-1", "1/2", "½", "pi", "e", "sqrt(2)", "1e-9", "1e200")
        return self.random.choice((*numbers, "0.1", "-3", "1e-200", "I", "10"))

    def expression(self, depth: int) -> str:
        """A formula of ``depth`` levels."""
        if depth <= 0 or self.random.random() < 0.1:
            return self.leaf()
        a = self.expression(depth - 1)
        choice = self.random.random()
        if choice < 0.4:
            operators = ("+", " - ", "*", "/", "**", "^", "·", " ÷ ", "", " ")
            return f"{a}{self.random.choice(operators)}{self.expression(depth - 1)}"
        if choice < 0.7:
            return self.call(self.random.choice(list(self.functions.values())), depth - 1)
        if choice < 0.75:
            return f"{a} if {self.condition(depth - 1)} else {self.expression(depth - 1)}"
        forms = ("({})", "-{}", "-({})", "({})²", "{}²", "√({})", "√{}", "{}!", "2{}", "({})**3")
        return self.random.choice((*forms, "2({})", "({})⁻¹", "({})(x-1)")).format(a)

    def condition(self, depth: int) -> str:
        operator = self.random.choice(("<", "<=", ">", "≥", "==", "!="))
        simple = f"{self.expression(depth)} {operator} {self.expression(depth)}"
        if depth > 0 and self.random.random() < 0.3:
            return f"not ({simple}) {self.random.choice(('and', 'or'))} {self.condition(0)}"
        return simple

    def call(self, function: Any, depth: int) -> str:
        """A call of ``function`` with as many arguments as it takes."""
        name = self.random.choice((function.name, function.name, *function.aliases))
        if function.name == "where":
            parts = (self.condition(depth), self.expression(depth), self.expression(depth))
            return f"{name}({', '.join(parts)})"
        if function.name == "Piecewise":
            first = f"({self.expression(depth)}, {self.condition(depth)})"
            return f"{name}({first}, ({self.expression(depth)}, True))"
        least, most = function.arity
        count = self.random.randint(least, least + 2 if most is None else most)
        return f"{name}({', '.join(self.expression(depth) for _ in range(count))})"

    def point(self) -> str:
        """A point, often one for ``x`` and ``y``."""
        style = self.random.random()
        if style < 0.3:
            return ",".join(self.value() for _ in range(self.random.choice((1, 2, 2, 3))))
        if style < 0.9:
            names = ("x", "y", "z", "θ", "x2")[: self.random.choice((1, 2, 2, 3, 5))]
            return ",".join(f"{name}={self.value()}" for name in names)
        value = self.random.choice(("1", "0.5", "-1e-3", '"1/3"', '"sqrt(2)"', "[1, 2]", "[[0]]"))
        return f'{{"x": {value}, "y": 2}}'

    def value(self) -> str:
        style = self.random.random()
        if style < 0.75:
            return self.number()
        if style < 0.85:
            return f"[{self.number()},{self.number()}]"
        generators = ("randn(2)", "rand(2,1)", "zeros(2)", "ones(1,2)", "eye(2)", "arange(2)")
        return self.random.choice((*generators, "linspace(0,1,2)", self.expression(2)))


def _lines(folder: Path, name: str) -> Iterator[str]:
    for line in (folder / f"{name}.txt").read_text(encoding="utf-8").split("\n"):
        if line and not line.startswith("#"):
            yield line


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _text(data: bytes) -> str:
    """Any bytes as text, as Python reads the words of a command line."""
    return data.decode("utf-8", "surrogateescape")


# --- failures ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Failure:
    """A promise that an input breaks; ``what`` and ``where`` are the same for like failures."""

    what: str
    where: str
    input: str

    @property
    def key(self) -> tuple[str, str]:
        return self.what, self.where

    def line(self) -> str:
        return json.dumps(vars(self), ensure_ascii=False) + "\n"


class Failures:
    """The failures in a file, a few short ones of each kind."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.kept: dict[tuple[str, str], list[str]] = {}
        for failure in read_failures(path):
            self.kept.setdefault(failure.key, []).append(failure.input)

    def add(self, failure: Failure) -> None:
        """Write ``failure`` down if there are few like it, or none as short."""
        known = self.kept.setdefault(failure.key, [])
        if failure.input in known:
            return
        if len(known) >= EXAMPLES and len(failure.input) >= min(map(len, known)):
            return
        known.append(failure.input)
        # A lone surrogate cannot be UTF-8; written with a backslash it is JSON again.
        with self.path.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(failure.line())

    def inputs(self, what: str) -> set[str]:
        return {text for key, texts in self.kept.items() if key[0] == what for text in texts}


def read_failures(path: Path) -> list[Failure]:
    """The failures written in ``path``."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")
    return [Failure(**json.loads(line)) for line in lines if line]


_notes: list[Failure] = []


def _note(what: str, where: str, text: str) -> None:
    """Something to write down although no promise is broken."""
    _notes.append(Failure(what, where, text))


DIED = "the process died"
SLOW = "slow: "


def attempt(target: str, text: str, seconds: float) -> list[Failure]:
    """What ``text`` breaks: nothing, or one failure, and notes."""

    def late(number: int, frame: FrameType | None) -> NoReturn:
        raise SlowError

    _notes.clear()
    if target == "answer":
        # What the program itself allows for reading, and for each point, in two runs.
        seconds += 2 * OWN_SECONDS * len(text.split("\n"))
    # Processor time: a busy machine is no failure. And the program's own limits, which take
    # the other timer, go on working.
    signal.signal(signal.SIGPROF, late)
    try:
        signal.setitimer(signal.ITIMER_PROF, seconds)
        TARGETS[target](text)
    except SlowError as error:
        frames = _frames(error.__traceback__)
        _note(f"{SLOW}more than {seconds:g} s", frames[0].partition(":")[0], text)
    except (Exception, SystemExit) as error:
        cause = error.__cause__ if isinstance(error.__cause__, Exception) else error
        frames = _frames(cause.__traceback__)
        shown = str(error) if isinstance(error, AssertionError) else ""
        what = f"{type(cause).__name__} {shown}".strip()
        _note(what, " < ".join(dict.fromkeys(frames)), text)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return list(_notes)


def _frames(traceback: TracebackType | None) -> list[str]:
    """The innermost place of the program, then the place of the exception."""
    own, last = "", ""
    while traceback is not None:
        code = traceback.tb_frame.f_code
        path = Path(code.co_filename)
        last = f"{path.parent.name}/{path.name} {code.co_name}:{traceback.tb_lineno}"
        if "hesscli" in path.parts or not own or "fuzz.py" in own:
            own = last if "hesscli" in path.parts or path.name == "fuzz.py" else own
        traceback = traceback.tb_next
    return [own or last, last]


# --- the search --------------------------------------------------------------------------------


class State:
    """What the searching process tells the watching one, in a file that both have mapped."""

    HEAD = struct.Struct("=QQdQ")
    SIZE = 65_536

    def __init__(self, path: Path) -> None:
        if not path.exists() or path.stat().st_size != self.SIZE:
            path.write_bytes(bytes(self.SIZE))
        with path.open("r+b") as file:
            self.map = mmap.mmap(file.fileno(), self.SIZE)

    def read(self) -> tuple[int, int, float, str]:
        """Inputs tried, those that failed, when the present one began (0: none), its text."""
        tried, failed, began, length = self.HEAD.unpack_from(self.map)
        return tried, failed, began, _text(self.map[self.HEAD.size : self.HEAD.size + length])

    def write(self, tried: int, failed: int, began: float, data: bytes = b"") -> None:
        data = data[: self.SIZE - self.HEAD.size]
        self.map[self.HEAD.size : self.HEAD.size + len(data)] = data
        self.HEAD.pack_into(self.map, 0, tried, failed, began, len(data))


def prepare(target: str) -> None:
    """Set the program up for many runs in one process."""
    from hesscli import errors
    from hesscli.cli import command as cli
    from hesscli.cli import pipeline
    from hesscli.point import assignment

    def seen(error: Exception) -> Any:
        _internal.append(error)
        return errors.internal(error)

    sys.setrecursionlimit(cli.RECURSION_LIMIT)
    if target != "answer":
        return
    replaced = [
        (cli, "internal", seen),
        (pipeline, "internal", seen),
        # It freezes all there is, which over many runs never frees anything.
        (pipeline, "_collect_again", lambda: None),
        (assignment, "MAX_ELEMENTS", OWN_ELEMENTS),
        (assignment, "MAX_EXACT_ELEMENTS", OWN_ELEMENTS),
    ]
    for module, name, value in replaced:
        assert hasattr(module, name), f"{module.__name__}.{name} is there no more"
        setattr(module, name, value)


@contextmanager
def _in_empty_folder() -> Iterator[None]:
    """Run in a folder with the two files that the dictionary names."""
    with tempfile.TemporaryDirectory() as name:
        before = Path.cwd()
        os.chdir(name)
        import numpy as np

        np.save("a.npy", np.array([[1.0, 2.0], [3.0, 4.0]]))
        Path("b.json").write_text('[0.5, "1/3"]', encoding="utf-8")
        yield
        os.chdir(before)


def search(options: argparse.Namespace) -> None:
    """Try inputs until the time is up; returns never."""
    # Without a stub, and often not installed: imported by name, so that neither is a type error.
    atheris: Any = importlib.import_module("atheris")
    import hesscli

    with atheris.instrument_imports(include=["hesscli"]):
        for module in pkgutil.walk_packages(hesscli.__path__, "hesscli."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    target: str = options.target
    prepare(target)
    out: Path = options.out.resolve()
    writer = Writer(target)
    corpus = out / f"{target}.corpus"
    corpus.mkdir(exist_ok=True)
    for i, seed in enumerate(writer.seeds()):
        (corpus / f"seed-{i:03}").write_bytes(_bytes(seed))
    failures = Failures(out / f"{target}.failures.jsonl")
    deadly = failures.inputs(DIED)
    state = State(out / f"{target}.state")
    tried, failed, *_ = state.read()

    def one(data: bytes) -> int:
        nonlocal tried, failed
        text = _text(data)
        if text in deadly:
            return -1
        tried += 1
        state.write(tried, failed, time.time(), data)
        found = attempt(target, text, options.limit)
        failed += bool(found)
        for failure in found:
            failures.add(failure)
        state.write(tried, failed, 0.0)
        # What is slow is not built upon: it would be slow again and again.
        return -1 if any(failure.what.startswith(SLOW) for failure in found) else 0

    def mutate(data: bytes, size: int, seed: int) -> bytes:
        return writer.mutated(_text(data), size, seed, atheris.Mutate)

    # The traceback of a process that hangs in C, asked for by the watching one.
    faulthandler.register(signal.SIGUSR2, chain=False)
    flags = [
        f"-max_total_time={max(1, int(options.seconds))}",
        f"-rss_limit_mb={options.memory}",
        f"-max_len={MAX_LENGTH[target]}",
        f"-artifact_prefix={out}/{target}.",
        # Never: its timer is the one that the program uses, and this process is watched anyway.
        "-timeout=1000000",
        "-handle_usr2=0",
        "-report_slow_units=1000000",
    ]
    with _in_empty_folder():
        arguments = [sys.argv[0], *flags, str(corpus)]
        atheris.Setup(arguments, one, custom_mutator=mutate)
        atheris.Fuzz()


def watch(options: argparse.Namespace) -> None:
    """Keep a search going until the time is up, and say what came of it."""
    target: str = options.target
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    failures = Failures(out / f"{target}.failures.jsonl")
    log = out / f"{target}.log"
    state = State(out / f"{target}.state")
    state.write(0, 0, 0.0)
    started = time.monotonic()
    end = started + options.seconds
    child: subprocess.Popen[bytes] | None = None

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    fruitless = 0
    try:
        while (left := end - time.monotonic()) > 1 and fruitless < 3:
            tried_before = state.read()[0]
            with log.open("ab") as file:
                position = file.tell()
                child = subprocess.Popen(
                    [sys.executable, __file__, target, "--search", f"--seconds={left}",
                     f"--out={out}", f"--limit={options.limit}", f"--memory={options.memory}"],
                    stdout=file, stderr=file, env={**os.environ, "OMP_NUM_THREADS": "1"},
                )  # fmt: skip
            _wait(child, state, end, options.limit)
            tried, failed, began, text = state.read()
            fruitless = fruitless + 1 if tried == tried_before else 0
            if child.returncode != 0 and began:
                said = log.read_bytes()[position:].decode("utf-8", "replace")
                # The next search must not try it again.
                Failures(failures.path).add(Failure(DIED, _last_words(said), text))
                state.write(tried, failed + 1, 0.0)
    except KeyboardInterrupt:
        pass
    finally:
        if child is not None and child.poll() is None:
            child.kill()
            child.wait()
    print(summary(target, state, failures.path, log, time.monotonic() - started))
    if fruitless >= 3:
        sys.exit(f"the search does not start: see {log}")


def _wait(child: subprocess.Popen[bytes], state: State, end: float, limit: float) -> None:
    """Wait for the search to end, and end it where it is stuck."""
    while child.poll() is None:
        time.sleep(0.5)
        began = state.read()[2]
        stuck = began and time.time() - began > 4 * limit + 10
        if stuck:
            child.send_signal(signal.SIGUSR2)
            time.sleep(1)
        if stuck or time.monotonic() > end + 20:
            child.kill()
            child.wait()
            return


def _last_words(log: str) -> str:
    """Why a search died, from its log."""
    for pattern in (r"out-of-memory", r"deadly signal", r"Fatal Python error: .*"):
        if match := re.search(pattern, log):
            return match.group()
    frames = re.findall(r'File ".*?([^/"]+/[^/"]+)", line (\d+) in (\w+)', log)
    own = [frame for frame in frames if frame[0].startswith(("hesscli/", "render/"))]
    return " ".join((own or frames)[0]) if frames else "without a word"


def summary(target: str, state: State, path: Path, log: Path, seconds: float) -> str:
    """How many inputs were tried, the code they reach, and a short input for each failure."""
    tried, failed, *_ = state.read()
    lines = [f"{target}: {tried:,} inputs in {seconds:.0f} s, {failed:,} of them failed or noted"]
    covered = re.findall(r"cov: (\d+) ft: (\d+) corp: (\d+)", log.read_text("utf-8", "replace"))
    if covered:
        lines.append("coverage: {} edges, {} features, {} texts kept".format(*covered[-1]))
    kinds: dict[tuple[str, str], list[str]] = {}
    for failure in read_failures(path):
        kinds.setdefault(failure.key, []).append(failure.input)
    for (what, where), texts in sorted(kinds.items()):
        shown = repr(min(texts, key=len))
        lines += [f"- {what}", f"    {where}", f"    {shown[:200]}{'…' * (len(shown) > 200)}"]
    return "\n".join(lines)


def replay(options: argparse.Namespace) -> None:
    """Try the inputs of a file of failures again, and say what each breaks."""
    prepare(options.target)
    counts: Counter[str] = Counter()
    path: Path = options.replay.resolve()
    with _in_empty_folder():
        for text in dict.fromkeys(failure.input for failure in read_failures(path)):
            found: Iterable[Failure] = attempt(options.target, text, options.limit)
            print(repr(text))
            for failure in found:
                print(f"    {failure.what}\n    {failure.where}")
                counts[failure.what] += 1
            counts["tried"] += 1
    print(*(f"{count:,} {what}" for what, count in counts.most_common()), sep="\n")


def main() -> None:
    """Read the command line, and search, watch or replay."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=float, default=600, help="how long to search")
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "hess-fuzz")
    parser.add_argument("--limit", type=float, default=5, help="seconds that an input may take")
    parser.add_argument("--memory", type=int, default=3_000, help="MiB that the search may take")
    parser.add_argument("--replay", type=Path, help="a file of failures to try again")
    parser.add_argument("--search", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if options.replay:
        replay(options)
    elif options.search:
        search(options)
    else:
        watch(options)


if __name__ == "__main__":
    main()
