"""How long whole runs of ``hess`` take, as ratios to the tutorial's own script.

Both sides are whole processes, measured in turn in one run, so that a machine that slows down
slows both. Run it with the interpreter that hess is installed for:

    python tests/benchmarks/startup.py [ROUNDS]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

TUTORIAL = """
import torch
from torch.autograd.functional import hessian

def f(x, y):
    return x**3 + x*y

print(hessian(f, (torch.tensor([2.0]), torch.tensor([4.0]))))
"""

PYTHON = sys.executable
CASES: list[tuple[str, list[str], float]] = [
    ('hess "x**3+x*y" --at 2,4', ["x**3+x*y", "--at", "2,4"], 1.35),
    ("hess --help", ["--help"], 0.15),
    ('hess "x**3 + x*y"', ["x**3 + x*y"], 0.45),
]


def seconds(command: list[str]) -> float:
    """The wall time of one whole process."""
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def main(rounds: int) -> None:
    """Print the median ratio of each case, with the goal it is held to."""
    tutorial = [PYTHON, "-c", TUTORIAL]
    commands = [[PYTHON, "-m", "hesscli", *arguments] for _, arguments, _ in CASES]
    for command in (tutorial, *commands):
        seconds(command)  # fills the disk cache
    baseline: list[float] = []
    ratios: list[list[float]] = [[] for _ in CASES]
    for _ in range(rounds):
        reference = seconds(tutorial)
        baseline.append(reference)
        for command, found in zip(commands, ratios, strict=True):
            found.append(seconds(command) / reference)
    print(f"tutorial's script: median {statistics.median(baseline):.3f} s of {rounds} runs")
    for (label, _, goal), found in zip(CASES, ratios, strict=True):
        median = statistics.median(found)
        spread = f"{min(found):.2f} to {max(found):.2f}"
        print(f"{label:<28} × {median:.3f}  ({spread}; at most {goal:.2f})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
