"""Cases that were worked out by hand, by exact derivatives or by mpmath: hess gives these numbers.

``want`` of a line says what must hold: ``hessian`` is the whole matrix, with null where there is no
number, or "none", and ``gradient`` the whole vector; ``value`` and ``definiteness`` as in the JSON
answer; with ``finite`` false no number may be given; ``any_of`` lists what is right too. ``why``
tells where it is from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest

from .conftest import Hess, Result
from .corpora import lines

CASES = lines("truth.jsonl")


@pytest.mark.parametrize("case", CASES, ids=lambda case: " ".join(case["args"]))
def test_the_truth_is_told(hess: Hess, case: dict[str, Any]) -> None:
    result = hess(*case["args"], "--json")
    assert "Traceback" not in result.stderr
    assert _holds(case["want"], result), (case["why"], result)


def _holds(want: Mapping[str, Any], result: Result) -> bool:
    if "any_of" in want:
        return any(_holds(option, result) for option in want["any_of"])
    if want.get("finite") is False:
        return result.status == 2 or _none(result)
    if result.status not in (0, 1) or not result.stdout:
        return False
    answer = result.json
    if "hessian" not in answer:
        return False
    value, definiteness = answer["value"], answer["definiteness"]
    return (
        ("hessian" not in want or _matrix(answer["hessian"], want["hessian"], result.status))
        and ("gradient" not in want or _row(answer["gradient"], want["gradient"]))
        and ("value" not in want or _close(value, want["value"], abs(want["value"])))
        and ("definiteness" not in want or definiteness == want["definiteness"])
        and ("status" not in want or result.status == want["status"])
    )


def _none(result: Result) -> bool:
    """Whether the run ended with status 1 and without an entry of a Hessian."""
    entries = [e for answer in result.objects for row in answer.get("hessian", []) for e in row]
    return result.status == 1 and all(entry is None for entry in entries)


def _matrix(given: list[list[float | None]], right: Any, status: int) -> bool:
    """Each entry to 1e-9 of itself, or 1e-13 of the largest."""
    if right == "none":
        return status == 1 and all(entry is None for row in given for entry in row)
    largest = max((abs(e) for row in right for e in row if e is not None), default=0.0)
    return len(given) == len(right) and all(
        _close(a, b, largest)
        for row, wanted in zip(given, right, strict=True)
        for a, b in zip(row, wanted, strict=True)
    )


def _row(given: list[float | None], right: list[float | None]) -> bool:
    largest = max((abs(e) for e in right if e is not None), default=0.0)
    return len(given) == len(right) and all(
        _close(a, b, largest) for a, b in zip(given, right, strict=True)
    )


def _close(given: float | None, right: float | None, largest: float) -> bool:
    if given is None or right is None:
        return given is None and right is None
    return math.isclose(given, right, rel_tol=1e-9, abs_tol=1e-13 * largest)
