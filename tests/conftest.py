"""What the tests share: a runner that is the command line, in process."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
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


@pytest.fixture
def hess() -> Hess:
    """Run ``hess`` on some arguments, without a new process."""

    def call(*argv: str, stdin: str = "") -> Result:
        streams = Streams(io.StringIO(stdin), Utf8(), Utf8())
        status = run(list(argv), streams)
        assert isinstance(streams.stdout, Utf8)
        assert isinstance(streams.stderr, Utf8)
        return Result(streams.stdout.getvalue(), streams.stderr.getvalue(), int(status))

    return call
