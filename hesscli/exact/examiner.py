"""A formula in scalars, with its derivatives in symbols where they are asked for."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from hesscli.answer import Answer
from hesscli.balls.jets import Entry
from hesscli.derive.pattern import structural_zeros
from hesscli.derive.symbols import differentiate
from hesscli.errors import HessError, TooSlowError
from hesscli.exact.remembered import remembered
from hesscli.functions.failures import SYMPY_FAILURES
from hesscli.shapes import Shape
from hesscli.types import Expr, Formula, Mask, Variable

MAX_OPERATIONS = 200
MAX_DEPTH = 15


def _depth(e: Expr) -> int:
    return 1 + max(map(_depth, e.args), default=0)


class Examiner:
    """What is known of one formula whatever the point; derivatives are computed once."""

    def __init__(self, formula: Formula) -> None:
        self.formula = formula

    @remembered
    def of(self, piece: Expr) -> Examiner:
        """The examiner of a piece of the formula."""
        return Examiner(replace(self.formula, expression=piece))

    @cached_property
    def definition(self) -> Examiner | None:
        """That of the formula with its integrals as such, if it has some."""
        definition = self.formula.definition
        return None if definition is None else Examiner(definition)

    @cached_property
    def operations(self) -> int:
        """How many there are in the formula."""
        return int(self.formula.expression.count_ops())

    @cached_property
    def is_small(self) -> bool:
        """Whether SymPy differentiates the formula at once: nested functions square the terms."""
        return self.operations <= MAX_OPERATIONS and _depth(self.formula.expression) <= MAX_DEPTH

    @cached_property
    def _derivatives(self) -> Answer:
        return differentiate(self.formula)

    def derivative(self, entry: Entry) -> Expr:
        """The formula, a slope or a second derivative, in symbols."""
        match entry:
            case ():
                return self.formula.expression
            case (i,):
                return self._derivatives.jet.gradient[i]
            case (i, j):
                return self._derivatives.jet.hessian[i][j]
        raise AssertionError(entry)

    @remembered
    def zeros(self, variables: tuple[Variable, ...], shape: Shape, *, known: bool) -> Mask:
        """Where the Hessian is zero at every point, see :func:`structural_zeros`; with ``known``,
        by the derivatives too.
        """
        if known:
            # There may be derivatives, but none in symbols.
            try:
                return structural_zeros(self.formula, variables, shape, self.derivative)
            except TooSlowError:
                raise
            except (HessError, *SYMPY_FAILURES):
                pass
        return structural_zeros(self.formula, variables, shape)
