"""One evaluation without the command line, for properties that try many formulas."""

from __future__ import annotations

from hesscli.analysis import analyse
from hesscli.existence import Examiner
from hesscli.hessian import Evaluator, generator
from hesscli.model import Report
from hesscli.points import bind, names_given, read_assignment
from hesscli.semantics import read_formula
from hesscli.settlement import settle


def report(text: str, at: str, wrt: tuple[str, ...] = ()) -> Report:
    """The report on the formula ``text`` at the point ``at``."""
    assignment = read_assignment(at)
    formula = read_formula(text, names_given([assignment]), wrt)
    (point,) = bind([assignment], formula)
    sums = Evaluator(formula, "float64", "cpu")(point, lambda: generator(0))
    return analyse(settle(sums, point, Examiner(formula)))
