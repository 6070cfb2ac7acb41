"""Whole command lines: what they print, byte for byte, and how they end.

Each file in ``snapshots/`` is one of them: the command, how it is run (`terminal: 40` is the width
of a terminal, `environment: NAME=value` what is set), what it is given, and what came out.
``pytest --update-snapshots`` writes what comes out now: read the difference before you commit it.

Text is compared to the letter. A floating-point number may differ by four units in the last place,
for processors differ there; in a list, in that of its largest number, as the numerical error of a
vector is bounded.
"""

from __future__ import annotations

import math
import re
import shlex
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

import pytest

from .conftest import Hess, Result

FOLDER = Path(__file__).parent / "snapshots"
# What a file shows for the characters that an editor would not.
VISIBLE = {"\x1b": "␛", "\r": "␍"}
# Nothing of the tests' own environment: a terminal without colours, unless a file says otherwise.
ENVIRONMENT = {"TERM": "dumb", "LC_ALL": "C.UTF-8"}
UNITS = 4
FLOAT = r"\d+(?:\.\d+(?:e[-+]?\d+)?|e[-+]?\d+)"
# What finite differences estimate of their own error is another number on each processor.
ESTIMATE = re.compile(r"± [\d.e+-]+,? *")
LIST = re.compile(rf"\[-?{FLOAT}(?:, -?{FLOAT})*\]")
SECTION = re.compile(r"^--- (.+)\n", re.MULTILINE)


@dataclass(frozen=True)
class Snapshot:
    """A command line with all that it is given, and what comes out."""

    command: str
    settings: dict[str, str]
    given: dict[str, str]  # standard input as `stdin`, and files by name
    output: dict[str, str]  # `stdout`, `stderr`, and files that it has written

    @classmethod
    def read(cls, text: str) -> Snapshot:
        """The snapshot that a file holds."""
        head, *sections = SECTION.split(text)
        command, *settings = head.splitlines()
        parts = dict(zip(sections[::2], sections[1::2], strict=True))
        given = {n.removeprefix("given "): parts.pop(n) for n in list(parts) if "given " in n}
        pairs = (line.split(": ", 1) for line in settings if line)
        return cls(command.removeprefix("$ hess "), dict(pairs), given, parts)

    def text(self) -> str:
        """The file again."""
        lines = [f"$ hess {self.command}", *(f"{k}: {v}" for k, v in self.settings.items())]
        parts = {**{f"given {n}": t for n, t in self.given.items()}, **self.output}
        return "\n".join(lines) + "\n" + "".join(f"--- {n}\n{t}" for n, t in parts.items())


def _ran(asked: Snapshot, hess: Hess, folder: Path) -> Snapshot:
    for name, text in asked.given.items():
        if name != "stdin":
            (folder / name).write_text(text, encoding="utf-8")
    more = dict(pair.split("=", 1) for pair in shlex.split(asked.settings.get("environment", "")))
    width = asked.settings.get("terminal")
    result: Result = hess(
        *shlex.split(asked.command),
        stdin=asked.given.get("stdin", ""),
        terminal=int(width) if width else None,
        environment={**ENVIRONMENT, **more},
        folder=folder,
    )
    output = {"stdout": result.stdout, "stderr": result.stderr}
    for path in sorted(folder.iterdir()):
        if path.name not in asked.given:
            output[path.name] = path.read_text(encoding="utf-8")
    for name, text in output.items():
        for character, sign in VISIBLE.items():
            text = text.replace(character, sign)
        output[name] = text if text.endswith("\n") or not text else text + "␄\n"
    settings = {**asked.settings, "status": str(result.status)}
    return replace(asked, settings=settings, output={n: t for n, t in output.items() if t})


def difference(found: str, wanted: str) -> str | None:
    """The first line that differs by more than the rounding of a processor; None for none."""
    for one, other in zip_longest(found.splitlines(), wanted.splitlines(), fillvalue="␄"):
        if not _alike(one, other):
            return f"printed: {one}\nawaited: {other}"
    return None


def _alike(one: str, other: str) -> bool:
    one, other = (ESTIMATE.sub("± ", line) for line in (one, other))
    if one == other:
        return True
    lists = [LIST.findall(line) for line in (one, other)]
    return (
        _numbers_alike(LIST.sub("[]", one), LIST.sub("[]", other))
        and len(lists[0]) == len(lists[1])
        and all(_numbers_alike(a, b, together=True) for a, b in zip(*lists, strict=True))
    )


def _numbers_alike(one: str, other: str, together: bool = False) -> bool:
    """Whether texts are the same but for the last digits of their numbers."""
    if re.split(FLOAT, one) != re.split(FLOAT, other):
        return False
    pairs = [
        (float(a), float(b))
        for a, b in zip(re.findall(FLOAT, one), re.findall(FLOAT, other), strict=True)
    ]
    largest = max((max(pair) for pair in pairs), default=0.0)
    return all(abs(a - b) <= UNITS * math.ulp(largest if together else max(a, b)) for a, b in pairs)


PATHS = sorted(FOLDER.glob("*.txt"))


@pytest.mark.parametrize("path", PATHS, ids=[path.stem for path in PATHS])
def test_prints_what_it_printed(
    path: Path, hess: Hess, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        text = file.read()
    found = _ran(Snapshot.read(text), hess, tmp_path).text()
    if request.config.getoption("--update-snapshots"):
        if difference(found, text):
            path.write_text(found, encoding="utf-8")
        return
    message = difference(found, text)
    assert message is None, message


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("value  2.5", "value  2.5", True),
        ("value  2.5", "valve  2.5", False),
        ('"e": [0.1, 12.0]', '"e": [0.1000000000000010, 12.0]', True),
        ('"e": [0.1, 12.0]', '"e": [0.1000000000000100, 12.0]', False),
        ('"t": 0.1', '"t": 0.10000000000000005', True),
        ('"t": 0.1', '"t": 0.1000000000000010', False),
        ("12 ± 2e-13  15", "12 ± 9e-14  15", True),
        ("x  12", "x  13", False),
        ("x  1.5", "x   1.5", False),
        ("-1.5", "1.5", False),
        ("[1.0, -2.0]", "[1.0, 2.0]", False),
        ("[]", "[1.0]", False),
    ],
)
def test_texts_differ_where_a_reader_would_say_so(one: str, other: str, alike: bool) -> None:
    assert (difference(one, other) is None) is alike


def test_there_is_a_snapshot_of_every_kind_of_answer() -> None:
    commands = [Snapshot.read(path.read_text(encoding="utf-8")) for path in PATHS]
    assert len(commands) >= 100
    assert {s.settings.get("terminal") for s in commands} >= {"40", "80", "140", None}
    assert {s.settings["status"] for s in commands} >= {"0", "1", "2"}
