"""Methods that compute each answer once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

S = TypeVar("S")
P = ParamSpec("P")
T = TypeVar("T")


def remembered(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """``method`` with what it gave for the same arguments, for as long as its object lives."""

    @wraps(method)
    def once(self: S, /, *args: P.args, **options: P.kwargs) -> T:
        known: dict[Any, T] = vars(self).setdefault(f"_known_{method.__name__}", {})
        key = (args, *options.items())
        if key not in known:
            known[key] = method(self, *args, **options)
        return known[key]

    return once
