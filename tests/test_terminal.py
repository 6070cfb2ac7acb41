"""What a person at a terminal sees of a run that takes long, waits, or is interrupted."""

from __future__ import annotations

import os
import re
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from hesscli.cli import progress
from hesscli.cli.progress import Progress

from .conftest import SLOW, SLOW_AT, Utf8, needs, on_screen

TIMEOUT = 120
LINE = re.compile(r"hess: [\w ]+ \(\d+ s\)")


def _spawn(command: list[str], columns: int = 80) -> pexpect.spawn:
    """A command on a terminal."""
    return pexpect.spawn(
        command[0], command[1:], dimensions=(50, columns), encoding="utf-8", timeout=TIMEOUT
    )


def _written(process: pexpect.spawn) -> str:
    """All that a terminal receives."""
    process.expect(pexpect.EOF)
    process.close()
    return str(process.before)


SLOW_RUN = [SLOW, "--at", SLOW_AT]


@pytest.mark.slow
@pytest.mark.parametrize("columns", [30, 80])
def test_long_work_is_told_in_a_line_that_is_erased(command: list[str], columns: int) -> None:
    written = _written(_spawn([*command, *SLOW_RUN, "--timeout", "4"], columns=columns))
    line = "hess: examining the kinks"
    assert f"\r{line}" in written
    assert all(len(each) < columns for each in re.findall(r"\r([^\r\n]*)(?=\r[^\n])", written))
    first, *_ = on_screen(written)
    assert first == "hess: examining the kinks and edges at this point takes longer than 4 s"


@pytest.mark.slow
@pytest.mark.parametrize("line", ["{} 2>&1 | cat", "{} | cat", "{} & wait"])
def test_nobody_else_gets_that_line(command: list[str], line: str) -> None:
    """Neither a pipe, nor a program behind one, nor a shell whose job it is in the background."""
    run = shlex.join([*command, *SLOW_RUN, "--timeout", "4"])
    written = _written(_spawn(["bash", "--norc", "-ic", line.format(run)]))
    assert "takes longer than 4 s" in written
    assert not LINE.search(written)


@pytest.mark.slow
def test_short_work_has_no_such_line(command: list[str]) -> None:
    """Neither has a later point of a stream that has been waited for since long."""
    process = _spawn([*command, "x**2", "--at", "-", "--json"])
    for point in ("1", "2"):
        process.sendline(point)
        process.expect('"notes": \\[\\]}')
        if point == "1":
            time.sleep(progress.SHOW_SECONDS + 0.5)
    process.sendeof()
    assert not re.search(r"\(\d+ s\)", _written(process))


def test_what_one_process_shows_the_other_erases_before_it_writes(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "_is_looked_at", lambda: True)
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((80, 24)))
    computes = Progress()
    waits = Progress(computes.descriptor)
    computes.doing = "proving"
    computes.write()
    waits.show()
    assert capfd.readouterr().err == ""  # it has not taken long
    computes.since = str(time.monotonic() - 5)
    computes.write()
    waits.show()
    assert capfd.readouterr().err == "\rhess: proving (5 s)"
    computes.doing = ""
    computes.write()
    waits.show()
    waits.hide()
    erased = capfd.readouterr().err
    assert on_screen(f"hess: proving (5 s)^C{erased}") == [""]
    os.close(computes.descriptor)


# What is waited for


class _Typed(Utf8):
    """Lines that are typed at a terminal."""

    def __init__(self, text: str, terminal: bool) -> None:
        super().__init__(terminal)
        self.write(text)
        self.seek(0)


@pytest.mark.parametrize(
    ("arguments", "typed", "said"),
    [
        (["x**2", "--at", "-"], "3\n", "points, one a line, such as `x=…`"),
        (["x*y", "--at", "-", "--at", "x=2"], "3\n", "points, one a line, such as `y=…`"),
        (["x*y", "--wrt", "y,x", "--at", "-"], "3,2\n", "points, one a line, such as `y=…,x=…`"),
        (["-", "--at", "3"], "x**2\n", "a formula"),
    ],
)
def test_a_person_is_told_what_is_waited_for(
    arguments: list[str], typed: str, said: str, run_typed: Callable[..., tuple[str, str, int]]
) -> None:
    stdout, stderr, status = run_typed(arguments, typed, True)
    assert stderr == f"hess: waiting for {said}; Ctrl-D ends\n"
    assert stdout.strip()
    assert status == 0
    assert run_typed(arguments, typed, False)[1] == ""


def test_a_mistake_in_the_formula_is_told_before(
    run_typed: Callable[..., tuple[str, str, int]],
) -> None:
    _, stderr, status = run_typed(["x**", "--at", "-"], "", True)
    assert "waiting" not in stderr
    assert status == 2


@pytest.fixture
def run_typed() -> Callable[..., tuple[str, str, int]]:
    """Run ``hess`` in this process on what is typed, or comes from a pipe."""
    from hesscli.cli.output import Streams
    from hesscli.cli.run import run

    def run_it(arguments: list[str], typed: str, terminal: bool) -> tuple[str, str, int]:
        stdout, stderr = Utf8(), Utf8()
        status = run(arguments, Streams(_Typed(typed, terminal), stdout, stderr))
        return stdout.getvalue(), stderr.getvalue(), status

    return run_it


# An end


LOOPS = {
    "bash": "for i in 1 2 3; do {}; echo after $i; done",
    "zsh": "for i in 1 2 3; do {}; echo after $i; done",
    "fish": "for i in 1 2 3; {}; echo after $i; end",
}


@pytest.mark.slow
@pytest.mark.parametrize("shell", [pytest.param(name, marks=needs(name)) for name in LOOPS])
def test_control_c_ends_a_loop_of_the_shell(shell: str, command: list[str], tmp_path: Path) -> None:
    run = [sys.executable, "-m", "hesscli", *SLOW_RUN, "-o", str(tmp_path / "answer.txt")]
    quiet = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    process = pexpect.spawn(
        shell, quiet, env={**os.environ, "TERM": "dumb"}, dimensions=(50, 1000),
        encoding="utf-8", timeout=TIMEOUT,
    )  # fmt: skip
    process.sendline(LOOPS[shell].format(shlex.join(run)))
    process.expect(LINE)
    process.sendintr()
    time.sleep(0.5)
    process.sendline("echo the end: $status $?" if shell != "fish" else "echo the end: $status")
    process.expect(r"the end: [ \d]*130")
    assert "after 1" not in process.before.replace("after $i", "")
    process.close(force=True)
    assert list(tmp_path.iterdir()) == []
