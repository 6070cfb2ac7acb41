"""One evaluation without the command line, for properties that try many formulas."""

from __future__ import annotations

from hesscli.answer import Answer
from hesscli.exact.limits import Examiner
from hesscli.expression.reader import read_formula
from hesscli.numeric.autograd import Evaluator
from hesscli.point.assignment import read_assignment
from hesscli.point.binding import bind, names_given
from hesscli.verdict.settle import settle
from hesscli.verdict.spectrum import judged


def report(text: str, at: str, wrt: tuple[str, ...] = ()) -> Answer:
    """The answer for the formula ``text`` at the point ``at``."""
    assignment = read_assignment(at)
    formula = read_formula(text, names_given([assignment]), wrt)
    (point,) = bind([assignment], formula)
    sums = Evaluator(formula, "float64", "cpu")(point)
    return judged(settle(sums, point, Examiner(formula)))
