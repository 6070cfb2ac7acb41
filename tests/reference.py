"""One answer without the command line, for properties that try many formulas."""

from __future__ import annotations

from hesscli.answer import Answer
from hesscli.point.assignment import read_assignment
from hesscli.solver import Settings, Solver


def report(
    text: str, at: str, wrt: tuple[str, ...] = (), settings: Settings | None = None
) -> Answer:
    """The answer for the formula ``text`` at the point ``at``."""
    compiled, (point,) = Solver(text, wrt, settings).bound([read_assignment(at)])
    return compiled.answer(point)
