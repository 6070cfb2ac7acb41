"""How long whole runs of ``hess`` take, as ratios to the tutorial's own script.

All are whole processes, measured in turn in one run, so that a machine that slows down slows all
of them. Run it with the interpreter that hess is installed for:

    python tests/benchmarks/startup.py [ROUNDS]
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

TUTORIAL = """
import torch
from torch.autograd.functional import hessian

def f(x, y):
    return x**3 + x*y

print(hessian(f, (torch.tensor([2.0]), torch.tensor([4.0]))))
"""

PYTHON = sys.executable
HESS = [PYTHON, "-m", "hesscli"]
POINT = ["x**3+x*y", "--at", "2,4"]
AT_ONCE = 10
LINES = 500
START_SECONDS = 60.0


@dataclass(frozen=True)
class Case:
    """A command, with the goal for its time: a ratio to another one's, or seconds."""

    label: str
    command: list[str]
    to: str = "tutorial"
    ratio: float | None = None
    seconds: float | None = None
    warm: bool = False


CASES = [
    Case("tutorial", [PYTHON, "-c", TUTORIAL]),
    Case("sympy", [PYTHON, "-c", "import sympy"]),
    Case("cold, at a point", [*HESS, *POINT], ratio=1.10),
    Case("cold, in symbols", [*HESS, "x**3+x*y"], to="sympy", ratio=1.15),
    Case("--help", [*HESS, "--help"], seconds=0.12),
    Case("--version", [*HESS, "--version"], seconds=0.12),
    Case("usage error", [*HESS, "x", "--jsn"], seconds=0.12),
    Case("warm, at a point", [*HESS, *POINT], ratio=1 / 20, warm=True),
    Case("warm, in symbols", [*HESS, "x**3+x*y"], ratio=1 / 20, warm=True),
]


def main(rounds: int) -> None:
    """Print the median time of each case, and its ratio, with the goal it is held to."""
    with tempfile.TemporaryDirectory(prefix="hess-") as folder:
        warm = {**os.environ, "HESS_WARM": "1", "XDG_RUNTIME_DIR": folder}
        cold = {k: v for k, v in os.environ.items() if k != "HESS_WARM"}
        _wait_for_helper(warm, Path(folder))
        times: dict[str, list[float]] = {case.label: [] for case in CASES}
        for _ in range(rounds + 1):
            for case in CASES:
                environment = warm if case.warm else cold
                times[case.label].append(seconds([case.command], environment))
        for case in CASES:
            del times[case.label][0]  # filled the disk cache
            print(_line(case, times))
        at_once = seconds([[*HESS, *POINT]] * AT_ONCE, warm)
        print(f"warm, {AT_ONCE} at once: {at_once:.3f} s in all")
        subprocess.run([*HESS, "--warm-stop"], env=warm, check=True, stdout=subprocess.DEVNULL)
    print(f"a line of a stream: {1000 * _stream_seconds():.2f} ms (at most 2)")


def seconds(commands: list[list[str]], environment: dict[str, str]) -> float:
    """The wall time of whole processes that are started together."""
    start = time.perf_counter()
    processes = [
        subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for command in commands
    ]
    for process in processes:
        process.wait()
    return time.perf_counter() - start


def _line(case: Case, times: dict[str, list[float]]) -> str:
    found = statistics.median(times[case.label])
    line = f"{case.label:<18} {found:6.3f} s"
    if case.ratio is not None:
        ratios = [a / b for a, b in zip(times[case.label], times[case.to], strict=True)]
        line += f"   × {statistics.median(ratios):.3f} of {case.to} (at most {case.ratio:.2f})"
    if case.seconds is not None:
        line += f"   (at most {case.seconds:.2f} s)"
    return line


def _wait_for_helper(environment: dict[str, str], folder: Path) -> None:
    """Run a request that starts the helper, and let it get ready."""
    subprocess.run([*HESS, "x"], env=environment, check=True, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + START_SECONDS
    while not list(folder.glob("hess/*.socket")) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(2)


def _stream_seconds() -> float:
    """From a line to its answer, in a program that keeps one ``hess`` open."""
    with subprocess.Popen(
        [*HESS, "x**3+x*y", "--at", "-", "--json"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        taken = []
        for k in range(LINES):
            start = time.perf_counter()
            process.stdin.write(f"{k},4\n")
            answer = json.loads(process.stdout.readline())
            taken.append(time.perf_counter() - start)
            assert answer["hessian"][0][0] == 6 * k
        process.stdin.close()
    return statistics.median(taken)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
