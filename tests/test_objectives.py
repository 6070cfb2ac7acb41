"""Objectives of optimisation collections: hess's numbers are those of an independent evaluator."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pytest
from mpmath import mp

import hesscli

from .benchmarks.random_proofs import Case, asked, faults
from .corpora import chained_rosenbrock, lines, point
from .independent import Formula, existence
from .independent.reading import Place, numbers

OBJECTIVES = lines("objectives.jsonl")
# Of few variables and a short text: those that take no time.
QUICK = [o for o in OBJECTIVES if len(o["args"][0]) < 400]
SOME = random.Random(13).sample(QUICK, 12)
PUBLISHED = [o for o in OBJECTIVES if o["value"] is not None]


def _agree(formula: str, at: Mapping[str, str]) -> None:
    answer = asked(Case(formula, at))
    assert "error" not in answer
    assert faults(answer, existence(formula, at)) == set()


def test_there_are_enough() -> None:
    assert len({o["name"] for o in OBJECTIVES}) == len(OBJECTIVES) >= 144


@pytest.mark.parametrize("objective", PUBLISHED, ids=lambda o: o["name"])
def test_a_published_value_is_that_of_the_formula(objective: dict[str, Any]) -> None:
    formula, _, at = objective["args"]
    start = point(at)
    with mp.workdps(30):
        value = Formula(formula, list(start)).value(Place(numbers(list(start.values()))))
    # Values are printed with four to ten digits.
    assert abs(value - objective["value"]) <= 5e-4 * abs(objective["value"]) + 1e-12


@pytest.mark.parametrize("objective", SOME, ids=lambda o: o["name"])
def test_the_numbers_are_those_of_an_independent_evaluator(objective: dict[str, Any]) -> None:
    formula, _, at = objective["args"]
    _agree(formula, point(at))


@pytest.mark.slow
@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda o: o["name"])
def test_all_numbers_are_those_of_an_independent_evaluator(objective: dict[str, Any]) -> None:
    formula, _, at = objective["args"]
    _agree(formula, point(at))


def test_a_chained_rosenbrock_function_of_200_variables() -> None:
    formula, start = chained_rosenbrock(200)
    hessian = hesscli.formula(formula).at(**start).hessian
    with mp.workdps(40):
        jet = Formula(formula, list(start)).jet(Place(numbers(list(start.values()))))
    for i in range(200):
        for j in range(i, 200):
            right = float(jet.seconds.get((i, j), 0))
            assert hessian[i, j] == pytest.approx(right, rel=1e-14, abs=0)
