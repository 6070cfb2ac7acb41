"""What the tests share: a runner that is the command line, in process."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from hesscli.cli import RECURSION_LIMIT, run
from hesscli.model import Streams

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
    """A stream in memory that says it can hold every character."""

    encoding = "utf-8"


# A helper must have answered: a request that would fall back to a cold run fails.
ASK = (
    "import sys; from hesscli.warm.client import ask; status = ask(sys.argv[1:]); "
    "sys.exit('the helper did not answer' if status is None else status)"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--warm``: every run of the command line is answered by a helper process."""
    parser.addoption("--warm", action="store_true", help="answer by a helper process")


def pytest_configure(config: pytest.Config) -> None:
    """Start the helper that all runs of this process are to use."""
    # What the suite itself was started to ignore (by nohup, or as a job of a script) is no part
    # of what it tests.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM, signal.SIGTSTP):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    if not config.getoption("--warm"):
        os.environ["HESS_WARM"] = "0"  # which also keeps hess from telling of it
        return
    folder = Path(tempfile.mkdtemp(prefix="hess-warm-"))
    folder.chmod(0o700)
    os.environ |= {"HESS_WARM": "1", "XDG_RUNTIME_DIR": str(folder)}
    start_helper(folder)


def start_helper(folder: Path) -> None:
    """Run a request that starts a helper, and wait until it is ready."""
    subprocess.run([sys.executable, "-m", "hesscli", "x"], check=True, capture_output=True)
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
def hess_here() -> Hess:
    """Run ``hess`` in this process, for tests that change a part of it."""
    return _in_process


def _by_helper(*argv: str, stdin: str = "") -> Result:
    process = subprocess.run(
        [sys.executable, "-c", ASK, *argv], input=stdin, capture_output=True, text=True,
        encoding="utf-8", errors="surrogateescape", timeout=600, check=False,
    )  # fmt: skip
    return Result(process.stdout, process.stderr, process.returncode)


def _in_process(*argv: str, stdin: str = "") -> Result:
    streams = Streams(io.StringIO(stdin), Utf8(), Utf8())
    status = run(list(argv), streams)
    assert isinstance(streams.stdout, Utf8)
    assert isinstance(streams.stderr, Utf8)
    return Result(streams.stdout.getvalue(), streams.stderr.getvalue(), int(status))
