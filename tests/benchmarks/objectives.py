"""How many objectives of optimisation collections are verified at their start points.

python -m tests.benchmarks.objectives
"""

from __future__ import annotations

import sys
import time
from collections import Counter

from hesscli.cli.run import RECURSION_LIMIT
from tests.benchmarks.random_proofs import Case, asked, grounds
from tests.corpora import chained_rosenbrock, lines, point


def main() -> None:
    """Print the counts, the time, and what is not proved and why."""
    sys.setrecursionlimit(RECURSION_LIMIT)
    cases = {o["name"]: Case(o["args"][0], point(o["args"][2])) for o in lines("objectives.jsonl")}
    cases["Chained Rosenbrock, 200 variables"] = Case(*chained_rosenbrock(200))
    counts: Counter[str] = Counter()
    slowest: list[tuple[float, str]] = []
    begin = time.perf_counter()
    for name, case in cases.items():
        start = time.perf_counter()
        answer = asked(case)
        slowest.append((time.perf_counter() - start, name))
        by = grounds(answer)
        counts[by] += 1
        if by != "proof":
            print(f"{name}: {answer.get('error') or answer['verified']['reason']}", flush=True)
    seconds = time.perf_counter() - begin
    print(*(f"{by} {count}" for by, count in counts.most_common()), f"of {len(cases)}", sep=", ")
    print(f"{seconds:.1f} s; slowest:", *(f"{n} {s:.1f} s" for s, n in sorted(slowest)[:-6:-1]))


if __name__ == "__main__":
    main()
