"""The files of formulas in ``tests/data``, one JSON object a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"


def lines(name: str) -> list[dict[str, Any]]:
    """The objects of a file."""
    return [json.loads(line) for line in (DATA / name).read_text("utf-8").splitlines()]


def point(at: str) -> dict[str, str]:
    """A point by name, ``x1=2,x2=sqrt(2)/2``, as exact texts."""
    return dict(part.split("=", 1) for part in at.split(","))


def chained_rosenbrock(n: int) -> tuple[str, dict[str, str]]:
    """The chained Rosenbrock function of n variables and its start point (Toint 1978)."""
    terms = [f"100*(x{i + 1} - x{i}**2)**2 + (1 - x{i})**2" for i in range(1, n)]
    start = {f"x{i}": "-1.2" if i % 2 else "1" for i in range(1, n + 1)}
    return " + ".join(terms), start
