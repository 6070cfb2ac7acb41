"""What it costs to prove an answer's numbers, beside autograd alone.

Both are measured in one process, in turn: the first answer of a formula, as a run of the command
gives it, and a later one, as a stream of points does. The ratio is of a whole cold run with its
proof to one without, the part of a run that the proof must not grow beyond:

    python tests/benchmarks/verify.py [ROUNDS]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from sympy.core.cache import clear_cache

from hesscli.answer import Answer
from hesscli.cli.run import RECURSION_LIMIT
from hesscli.point.assignment import read_assignment
from hesscli.solver import Settings, Solver
from hesscli.types import Verify

CASES = [
    ("x**3 + x*y", "2,4"),
    ("sin(x)*exp(y) + x*y", "1/3,sqrt(2)"),
    ("gamma(x)*erf(y)", "2.5,1/3"),
    (
        "+".join(f"100*(x{i + 1}-x{i}**2)**2+(1-x{i})**2" for i in range(7)),
        "1,1/2,1/3,1/4,1/5,2,3,4",
    ),
    ("gamma(x)*x**2", "arange(1.5,9)"),
    ("besselj(0,x)*LambertW(y) + zeta(x)", "5/2,1"),
    ("besselk(1,x)*elliptic_k(y)", "3/2,1/3"),
    ("x*abs(x) + max(x, y)**2", "0,0"),
    ("(1-cos(x*y))/(x*y)**2", "0,1"),
    ("log(exp(x)+exp(y)+exp(z))", "1,1,1"),
    ("sin(x*y)*x", "x=linspace(0,1,60),y=1/3"),
    ("norm(x)*logsumexp(x)*prod(x)", "x=linspace(0.9,1.1,300)"),
]


def answered(text: str, at: str, verify: Verify) -> tuple[Answer, float, float]:
    """An answer with the seconds that it takes as the first of its formula, and as a later one."""
    clear_cache()
    seconds = []
    solver = Solver(text, settings=Settings(verify=verify))
    for _ in range(2):
        start = time.perf_counter()
        compiled, (point,) = solver.bound([read_assignment(at)])
        answer = compiled.answer(point)
        seconds.append(time.perf_counter() - start)
    return answer, seconds[0], seconds[1]


def cold_run(rounds: int) -> float:
    """The median of the seconds that a whole run takes without a proof."""
    arguments = ["x**3+x*y", "--at", "2,4", "--verify", "never"]
    command = [sys.executable, "-m", "hesscli", *arguments]
    seconds = []
    for _ in range(max(rounds, 3)):
        start = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def main(rounds: int) -> None:
    """Print the medians, on what each answer rests, and what its proof adds to a cold run."""
    sys.setrecursionlimit(RECURSION_LIMIT)
    run = cold_run(rounds)
    print(f"a cold run without a proof: {run:.3f} s")
    for text, at in CASES:
        answered(text, at, Verify.auto)  # what is imported once is no cost of a proof
        times: dict[Verify, list[tuple[float, float]]] = {Verify.never: [], Verify.auto: []}
        by = None
        for _ in range(rounds):
            for verify, found in times.items():
                answer, *seconds = answered(text, at, verify)
                found.append((seconds[0], seconds[1]))
                by = answer.grounds and answer.grounds.by
        (first, later), (with_first, with_later) = (
            tuple(statistics.median(column) for column in zip(*found, strict=True))
            for found in times.values()
        )
        print(
            f"{text[:34]:<34} {by or 'no':<6}  first {1e3 * first:7.1f} → {1e3 * with_first:7.1f}"
            f" ms, later {1e3 * later:6.1f} → {1e3 * with_later:6.1f} ms"
            f"  × {1 + (with_first - first) / run:.3f} of a run"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
