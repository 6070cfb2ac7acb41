"""How long a Hessian of 1,000 rows takes to be written, beside NumPy's own ``savetxt``.

    python tests/benchmarks/rendering.py [ROWS]

Prints seconds, and the ratio to ``savetxt`` of the same matrix in the same run.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
from rich.console import Console

from hesscli.answer import Answer, Doubles, Place
from hesscli.render import jsonlines, latex, tabular, text
from hesscli.render.answer import document as documented
from hesscli.types import Array, Variable
from hesscli.verdict.settle import Settled
from hesscli.verdict.spectrum import judged
from tests.reference import report

REPEATS = 3


def main() -> None:
    """Time every format on a dense, a diagonal and a badly scaled matrix."""
    order = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    generator = np.random.default_rng(0)
    dense = generator.standard_normal((order, order))
    exponents = generator.integers(-300, 300, (order, order)).astype(float)
    for name, matrix in (
        ("dense", dense),
        ("diagonal", np.diag(np.diag(dense))),
        ("whole numbers", np.rint(9 * dense)),
        ("1e-300 to 1e300", dense * 10.0**exponents),
    ):
        symmetric = matrix + matrix.T
        answer = _report(symmetric)
        base = _seconds(lambda m=symmetric: np.savetxt(io.StringIO(), m))  # type: ignore[misc]
        print(f"{name}: savetxt {base:.2f} s")
        for label, write in _writers(answer).items():
            seconds = _seconds(lambda w=write: sum(map(len, w())))  # type: ignore[misc]
            print(f"  {label:<22} {seconds:5.2f} s  {seconds / base:5.2f}")


def _writers(answer: Answer) -> dict[str, Callable[[], Iterable[str]]]:
    def drawn(full: bool) -> Iterable[str]:
        page = io.StringIO()
        console = Console(file=page, force_terminal=True, color_system="truecolor", width=80)
        document = documented(answer, unicode=True, full=full)
        console.print(replace(document, full=full), crop=False)
        return (page.getvalue(),)

    return {
        "terminal, 80 columns": lambda: drawn(False),
        "terminal, --full": lambda: drawn(True),
        "pipe": lambda: text.lines(documented(answer, unicode=True)),
        "json": lambda: jsonlines.answered(answer),
        "plain": lambda: tabular.Plain().answer(answer),
        "csv": lambda: tabular.Csv().answer(answer),
        "latex": lambda: latex.answered(answer),
    }


def _report(matrix: Array) -> Answer:
    order = len(matrix)
    small = report("x**2", "x=[1,2]")
    assert small.grounds is not None
    large = replace(
        small,
        place=Place((Variable("x", (order,)),), (), {"x": np.ones(order)}),
        jet=Doubles(5.0, matrix[0], matrix),
        structural=matrix == 0,
        grounds=replace(small.grounds, slack=np.zeros(order)),
    )
    return judged(Settled(large, None, lambda: (small.formula, {})))


def _seconds(run: Callable[[], object]) -> float:
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    main()
