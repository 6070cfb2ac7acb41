"""What it costs to compare autograd's numbers with the exact derivatives.

Both sides are measured in one process, in turn, on the largest formulas that are still verified;
the ratio is to a whole cold run, which is what the comparison must stay a small part of:

    python tests/benchmarks/verify.py [ROUNDS]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from hesscli.cli.run import RECURSION_LIMIT
from hesscli.exact.examiner import Examiner
from hesscli.expression.reader import read_formula
from hesscli.numeric.autograd import Evaluator
from hesscli.point.assignment import read_assignment
from hesscli.point.binding import bind, names_given
from hesscli.types import Verify
from hesscli.verdict.settle import settle
from hesscli.verdict.spectrum import judged

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
]


def seconds(text: str, at: str, verify: Verify) -> float:
    """The time of one evaluation, from compiled formula to report, derivatives included."""
    assignment = read_assignment(at)
    formula = read_formula(text, names_given([assignment]))
    (point,) = bind([assignment], formula)
    evaluator, examiner = Evaluator(formula, "float64", "cpu"), Examiner(formula)
    start = time.perf_counter()
    judged(settle(evaluator(point), point, examiner, verify=verify))
    return time.perf_counter() - start


def main(rounds: int) -> None:
    """Print the medians and what the difference adds to a cold run."""
    sys.setrecursionlimit(RECURSION_LIMIT)
    command = [sys.executable, "-m", "hesscli", "x**3+x*y", "--at", "2,4"]
    cold = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        cold.append(time.perf_counter() - start)
    run = statistics.median(cold)
    print(f"a cold run: {run:.3f} s")
    for text, at in CASES:
        with_, without = [], []
        for _ in range(rounds):
            without.append(seconds(text, at, Verify.never))
            with_.append(seconds(text, at, Verify.auto))
        a, b = statistics.median(with_), statistics.median(without)
        print(
            f"{text[:40]:<40} {1e3 * b:6.1f} → {1e3 * a:6.1f} ms: "
            f"× {1 + (a - b) / run:.3f} of a run"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
