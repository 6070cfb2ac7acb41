"""What the tests share: a runner that is the command line, in process."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pexpect
import pytest
from hypothesis import HealthCheck, settings

from hesscli.cli.output import Streams
from hesscli.cli.run import RECURSION_LIMIT, run

sys.setrecursionlimit(RECURSION_LIMIT)

# No test may fail because the machine is slow; and a change is judged by the same examples each
# time, while a developer's own runs go on looking for new ones.
settings.register_profile("any-speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("any-speed"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "any-speed")


@dataclass(frozen=True)
class Result:
    """What a run printed and its exit status."""

    stdout: str
    stderr: str
    status: int

    @property
    def json(self) -> Any:
        """The one object printed."""
        (line,) = self.stdout.splitlines()
        return json.loads(line, parse_constant=_not_json)

    @property
    def objects(self) -> list[Any]:
        """The objects printed, one a line."""
        return [json.loads(line, parse_constant=_not_json) for line in self.stdout.splitlines()]


def _not_json(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


Hess = Callable[..., Result]


class Utf8(io.StringIO):
    """A stream in memory that says it can hold every character, and may say it is a terminal."""

    encoding = "utf-8"

    def __init__(self, terminal: bool = False) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


# A helper must have answered: a request that would fall back to a cold run fails. On a busy machine
# a helper may take longer to accept than a user would wait.
ASK = (
    "import sys; from hesscli.warm import client; client.SECONDS = 120; "
    "status = client.ask(sys.argv[1:]); "
    "sys.exit('the helper did not answer' if status is None else status)"
)


def needs(*tools: str) -> pytest.MarkDecorator:
    """Skip a test, with the reason, where a program that it runs is not installed."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    return pytest.mark.skipif(bool(missing), reason=f"needs {' and '.join(missing)}")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of this suite."""
    parser.addoption("--warm", action="store_true", help="answer by a helper process")
    parser.addoption("--no-skip", action="store_true", help="fail where a test was skipped")
    parser.addoption(
        "--update-snapshots", action="store_true", help="write what command lines print now"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With ``--warm``, leave out what never runs the command line."""
    if config.getoption("--warm"):
        items[:] = [item for item in items if "hess" in getattr(item, "fixturenames", ())]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """With ``--no-skip``, a test that was skipped is as bad as one that failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if session.config.getoption("--no-skip") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_configure(config: pytest.Config) -> None:
    """Start the helper that all runs of this process are to use."""
    # What the suite itself was started to ignore (by nohup, or as a job of a script) is no part
    # of what it tests.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM, signal.SIGTSTP):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    os.environ["LC_ALL"] = "C.UTF-8"
    if not config.getoption("--warm"):
        os.environ["HESS_WARM"] = "0"  # which also keeps hess from telling of it
        return
    folder = Path(tempfile.mkdtemp(prefix="hess-warm-"))
    folder.chmod(0o700)
    os.environ |= {"HESS_WARM": "1", "XDG_RUNTIME_DIR": str(folder)}
    start_helper(folder)


# Limits in six variables: what takes long to compute, wherever it is computed.
SLOW = (
    "(u*v*w*x*y*z)**5*sin(1/(u**2+v**2+w**2+x**2+y**2+z**2))"
    "*polylog(2,(1+x*y)/3)*polylog(3,(1+u*v)/3)*polylog(4,(1+w*z)/3)*polylog(5,(1+u*w)/3)"
)
SLOW_AT = "0,0,0,0,0,0"


# A run that starts a helper.
START = "from hesscli.warm import client; assert client.ask(['x']) is None"


def start_helper(folder: Path) -> None:
    """Run a request that starts a helper, and wait until it is ready."""
    subprocess.run([sys.executable, "-c", START], check=True, capture_output=True)
    deadline = time.monotonic() + 120
    while not list(folder.glob("hess/*.socket")):
        assert time.monotonic() < deadline, "the helper has not started"
        time.sleep(0.05)


def line_by_line(command: list[str], lines: list[str]) -> list[dict[str, Any]]:
    """What a stream answers to each line, asked for before the next one is written."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        answers = []
        for line in lines:
            process.stdin.write(f"{line}\n")
            process.stdin.flush()
            answers.append(json.loads(process.stdout.readline()))
        process.stdin.close()
        assert process.wait(timeout=60) == 0
    return answers


def on_screen(written: str) -> list[str]:
    """The lines that a terminal shows in the end, of all that was written there."""
    lines = []
    for text in written.replace("\r\n", "\n").split("\n"):
        line: list[str] = []
        for part in text.split("\r"):
            line[: len(part)] = part
        lines.append("".join(line).rstrip())
    return lines


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the helper."""
    if config.getoption("--warm"):
        subprocess.run([sys.executable, "-m", "hesscli", "--warm-stop"], check=False)
        shutil.rmtree(os.environ["XDG_RUNTIME_DIR"], ignore_errors=True)


@pytest.fixture
def hess(request: pytest.FixtureRequest) -> Hess:
    """Run ``hess`` on some arguments: in this process, or by the helper."""
    return _by_helper if request.config.getoption("--warm") else _in_process


@pytest.fixture
def command(request: pytest.FixtureRequest) -> list[str]:
    """The words that start ``hess`` as a process of its own: a cold run, or one by the helper."""
    warm = request.config.getoption("--warm")
    return [sys.executable, *(["-c", ASK] if warm else ["-m", "hesscli"])]


@pytest.fixture
def hess_here() -> Hess:
    """Run ``hess`` in this process, for tests that change a part of it."""
    return _in_process


def _by_helper(
    *argv: str,
    stdin: str = "",
    terminal: int | None = None,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Result:
    command = [sys.executable, "-c", ASK, *argv]
    clean = {**os.environ, **(environment or {})}
    if terminal is not None:
        return _on_a_terminal(command, terminal, clean, folder)
    process = subprocess.run(
        command, input=stdin, capture_output=True, text=True, env=clean, cwd=folder,
        encoding="utf-8", errors="surrogateescape", timeout=600, check=False,
    )  # fmt: skip
    return Result(process.stdout, process.stderr, process.returncode)


def _on_a_terminal(
    command: list[str], width: int, environment: Mapping[str, str], folder: Path | None
) -> Result:
    environment = {k: v for k, v in environment.items() if k != "COLUMNS"}
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as stderr:
        process = pexpect.spawn(
            "sh", ["-c", 'exec "$@" 2>"$0"', stderr.name, *command], env=environment,
            cwd=folder, dimensions=(50, width), encoding="utf-8", timeout=600,
        )  # fmt: skip
        process.expect(pexpect.EOF)
        process.close()
        stdout = str(process.before).replace("\r\n", "\n")
        return Result(stdout, stderr.read(), process.exitstatus or 0)


def _in_process(
    *argv: str,
    stdin: str = "",
    terminal: int | None = None,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Result:
    stdout, stderr = Utf8(terminal is not None), Utf8()
    width = {} if terminal is None else {"COLUMNS": str(terminal)}
    # The help is written by Typer, to the process's own streams.
    redirected = contextlib.redirect_stdout(stdout)
    with _within({**(environment or {}), **width}, folder), redirected:
        status = run(list(argv), Streams(io.StringIO(stdin), stdout, stderr))
    return Result(stdout.getvalue(), stderr.getvalue(), int(status))


@contextlib.contextmanager
def _within(environment: Mapping[str, str], folder: Path | None) -> Iterator[None]:
    """With these environment variables, in this folder."""
    before, here = dict(os.environ), Path.cwd()
    try:
        os.environ.update(environment)
        os.chdir(folder or here)
        yield
    finally:
        os.chdir(here)
        os.environ.clear()
        os.environ.update(before)
