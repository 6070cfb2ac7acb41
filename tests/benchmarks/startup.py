"""How long whole runs of ``hess`` take, as ratios to the tutorial's own script and to giac.

All are whole processes, measured in turn in one run, so that a machine that slows down slows all
of them. giac, a computer algebra system that starts at once, is left out where it is not
installed (Debian has it in the package xcas). Run it with the interpreter that hess is installed
for:

    python tests/benchmarks/startup.py [ROUNDS]
"""

from __future__ import annotations

import json
import os
import shutil
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
GIAC = ["giac", "subst(hessian(x^3+x*y,[x,y]),[x=2,y=4])"]
AT_ONCE = 10
LINES = 500
START_SECONDS = 60.0
REST_SECONDS = 1.0  # for the helper to have workers ready again


@dataclass(frozen=True)
class Goal:
    """At most so many times what another case takes, and so many seconds more."""

    to: str = "tutorial"
    ratio: float = 0.0
    more: float = 0.0  # seconds


@dataclass(frozen=True)
class Case:
    """So many copies of a command, started together."""

    label: str
    command: list[str]
    goals: tuple[Goal, ...] = ()
    warm: bool = False
    copies: int = 1


QUICK = (Goal(more=0.12),)
CASES = [
    Case("tutorial", [PYTHON, "-c", TUTORIAL]),
    Case("sympy", [PYTHON, "-c", "import sympy"]),
    Case("giac", GIAC),
    Case(f"giac, {AT_ONCE} at once", GIAC, copies=AT_ONCE),
    Case("cold, at a point", [*HESS, *POINT], (Goal(ratio=1.10),)),
    Case("cold, in symbols", [*HESS, "x**3+x*y"], (Goal("sympy", ratio=1.15),)),
    Case("--help", [*HESS, "--help"], QUICK),
    Case("--version", [*HESS, "--version"], QUICK),
    Case("usage error", [*HESS, "x", "--jsn"], QUICK),
    Case(
        "warm, at a point", [*HESS, *POINT], warm=True,
        goals=(Goal(ratio=1 / 20), Goal("giac", ratio=1, more=0.03)),
    ),
    Case("warm, in symbols", [*HESS, "x**3+x*y"], (Goal(ratio=1 / 20),), warm=True),
    Case(
        f"warm, {AT_ONCE} at once", [*HESS, *POINT], warm=True, copies=AT_ONCE,
        goals=(Goal(f"giac, {AT_ONCE} at once", ratio=1, more=0.03),),
    ),
]  # fmt: skip


def main(rounds: int) -> None:
    """Print the median time of each case, and how that is to the goals it is held to."""
    cases = [case for case in CASES if shutil.which(case.command[0])]
    # An installed hess has its bytecode, as torch and SymPy have.
    environment = {
        k: v for k, v in os.environ.items() if k not in ("HESS_WARM", "PYTHONDONTWRITEBYTECODE")
    }
    with tempfile.TemporaryDirectory(prefix="hess-") as folder:
        warm = {**environment, "HESS_WARM": "1", "XDG_RUNTIME_DIR": folder}
        _wait_for_helper(warm, Path(folder))
        times: dict[str, list[float]] = {case.label: [] for case in cases}
        for _ in range(rounds + 1):
            for case in cases:
                if case.warm:
                    time.sleep(REST_SECONDS)
                commands = [case.command] * case.copies
                found = seconds(commands, warm if case.warm else environment, folder)
                times[case.label].append(found)
        subprocess.run([*HESS, "--warm-stop"], env=warm, check=True, stdout=subprocess.DEVNULL)
    for case in cases:
        del times[case.label][0]  # filled the disk cache
        print(_line(case, times))
    print(f"a line of a stream: {1000 * _stream_seconds():.2f} ms (at most 2)")


def seconds(commands: list[list[str]], environment: dict[str, str], folder: str) -> float:
    """The wall time of whole processes that are started together, in a folder."""
    start = time.perf_counter()
    processes = [
        subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for command in commands
    ]
    for process in processes:
        process.wait()
    return time.perf_counter() - start


def _line(case: Case, times: dict[str, list[float]]) -> str:
    line = f"{case.label:<18} {statistics.median(times[case.label]):6.3f} s"
    for goal in case.goals:
        if goal.ratio and goal.to in times:
            pairs = list(zip(times[case.label], times[goal.to], strict=True))
            ratio = statistics.median(a / b for a, b in pairs)
            line += f"   × {ratio:.3f} of {goal.to}"
            if goal.more:
                more = statistics.median(a - goal.ratio * b for a, b in pairs)
                line += f", {more:+.3f} s (at most {goal.more:+.2f} s)"
            else:
                line += f" (at most {goal.ratio:.2f})"
        elif not goal.ratio:
            line += f"   (at most {goal.more:.2f} s)"
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
