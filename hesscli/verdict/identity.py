"""The user's own formulas against the derivatives in symbols: where they are not the same.

Two formulas are the same where algebra turns their difference into 0, or where they agree, within
the tolerance, at samples of their variables, over many orders of magnitude; they differ where
enclosures prove it at one of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
from flint import arb

from hesscli.answer import Answer, Comparison, Difference, Finding
from hesscli.balls.rounding import nearest
from hesscli.derive.simplify import Simplifier
from hesscli.exact.cells import agree
from hesscli.exact.numbers import enclosed
from hesscli.exact.proof import exact
from hesscli.expression.calculus import sampled
from hesscli.expression.names import symbol
from hesscli.expression.substitution import replaced
from hesscli.functions.balls.enclosure import Number
from hesscli.shapes import Shape
from hesscli.types import Array, Expr
from hesscli.verdict.causes import RELATIVE_TOLERANCE, likely_cause
from hesscli.verdict.compare import case_of, require_shape
from hesscli.verdict.expected import Expected

BITS = 256  # working precision: 60 digits, and to spare
SCALES = (Fraction(1), Fraction(7, 100), Fraction(30), Fraction(2_000))
ENOUGH = 3  # samples at which the cause of differences is looked for

Sample = Mapping[Expr, Expr]


def compare_in_symbols(expected: Expected, answer: Answer) -> Comparison:
    """How the user's entries differ from those of an answer in symbols; None stands for none.

    Raises :class:`HessError` for a wrong shape, and for names that the formula does not have.
    """
    formula, place = answer.formula, answer.place
    labels = place.labels()
    shapes: dict[str, Shape] = {v.name: v.shape for v in place.variables}
    require_shape(expected, labels, shapes)
    given = {symbol(name): exact(number) for name, (number,) in place.numbers.items()}
    theirs = [None if e is None else replaced(e, given) for e in expected.expressions(formula)]
    order = range(len(labels))
    if expected.of_matrix:
        places = list(product(order, order))
        found = [answer.hessian[i][j] for i, j in places]
    else:
        places = [(i, i) for i in order]
        found = list(answer.gradient)
    letters = [symbol(name) for name in formula.variables if name not in place.numbers]
    samples = [
        dict(zip(letters, map(exact, numbers), strict=True))
        for scale in SCALES
        for numbers in sampled(len(letters), scale)
    ]
    pairs = list(zip(theirs, found, strict=True))
    same = [_is_same(mine, ours, samples) for mine, ours in pairs]
    differences = tuple(
        Difference(i, j, (labels[i], labels[j]), *pair)
        for (i, j), pair, agrees in zip(places, pairs, same, strict=True)
        if agrees is False
    )
    cause = _cause(expected, theirs, found, labels, shapes, samples) if differences else None
    return Comparison(expected.of_matrix, differences, None, cause, by_samples=None in same)


def _is_same(mine: Expr | None, ours: Expr | None, samples: Sequence[Sample]) -> bool | None:
    """Whether both are the same; None where that is so at samples, and not proved."""
    if mine is None or ours is None:
        return mine is ours
    difference = mine - ours
    if difference == 0 or Simplifier()(difference) == 0:
        return True
    compared = 0
    for sample in samples:
        one, other = (_enclosed(e, sample) for e in (mine, ours))
        if (one is None) != (other is None):
            continue  # real for one of them only, as x and sqrt(x)**2
        if one is not None:
            if agree(one, other) is False and not _is_close(one, other):
                return False
            compared += 1
    return None if compared else False


def _is_close(one: Number, other: Number) -> bool:
    """Whether two numbers that are not equal agree as numbers do: they may be rounded."""
    return bool(abs(arb(one - other)) <= arb(RELATIVE_TOLERANCE) * abs(arb(one)))


def _enclosed(expression: Expr, sample: Sample) -> Number | None:
    at = replaced(expression, sample)
    return enclosed(at, BITS) if at is not None and at.is_number else None


def _cause(
    expected: Expected,
    theirs: Sequence[Expr | None],
    found: Sequence[Expr | None],
    labels: Sequence[str],
    shapes: Mapping[str, Shape],
    samples: Sequence[Sample],
) -> Finding | None:
    """What explains the numbers at all samples; None where that differs."""
    findings = []
    for sample in samples:
        mine, ours = (_numbers(entries, sample) for entries in (theirs, found))
        if mine is None or ours is None:
            continue
        ours = ours.reshape(len(labels), -1) if expected.of_matrix else ours
        case = case_of(replace(expected, entries=tuple(mine)), mine, ours, labels, shapes)
        if case.differing.any():  # in numbers, too
            findings.append(likely_cause(case))
        if len(findings) == ENOUGH:
            break
    same = bool(findings) and all(finding == findings[0] for finding in findings)
    return findings[0] if same else None


def _numbers(entries: Sequence[Expr | None], sample: Sample) -> Array | None:
    """The entries at a sample, NaN for one of none; None where a formula is not real."""
    found = []
    for entry in entries:
        ball = None if entry is None else _enclosed(entry, sample)
        if ball is None and entry is not None:
            return None
        found.append(np.nan if ball is None else nearest(ball))
    return np.array(found)
