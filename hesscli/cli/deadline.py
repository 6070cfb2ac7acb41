"""A limit on the time that an answer may take, so that nothing hangs.

SymPy and mpmath decide by themselves how far to go: a limit that oscillates, or a derivative that
swells, can take for ever. Their loops are Python, which a timer can interrupt.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

from hesscli.cost import Clock
from hesscli.errors import ExitStatus, TooSlowError


@dataclass(frozen=True, slots=True)
class _Limit:
    seconds: float
    end: float  # on the monotonic clock


# The limits that are running and what is being done, outermost first.
_limits: list[_Limit] = []
_doing: list[str] = []


class Alarm(Clock):
    """Holds parts of an answer to their limits, by a timer of the process."""

    @contextmanager
    def within(self, seconds: float, doing: str) -> Iterator[None]:
        """Raise :class:`TooSlowError` if the block takes longer; 0 is no limit."""
        outer = list(_doing)
        try:
            with _limit(seconds):
                _doing.append(doing)
                yield
        finally:
            _doing[:] = outer


@contextmanager
def _limit(seconds: float) -> Iterator[None]:
    """Raise :class:`TooSlowError` if the block takes longer; 0 is no limit.

    Limits nest: the first to end counts. Does nothing where there is no such timer (outside the
    main thread, or on Windows).
    """
    main = threading.current_thread() is threading.main_thread()
    if not seconds or not main or not hasattr(signal, "setitimer"):
        yield
        return
    outer = list(_limits)
    previous = signal.signal(signal.SIGALRM, _expire)
    # A parent may have left it blocked.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
    try:
        _limits.append(_Limit(seconds, time.monotonic() + seconds))
        _start()
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        # Not only this one: an inner limit may have expired on its way out.
        _limits[:] = outer
        signal.signal(signal.SIGALRM, previous)
        _start()


def _start() -> None:
    if _limits:
        left = min(each.end for each in _limits) - time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, max(left, 1e-6))


def _expire(number: int, frame: FrameType | None) -> NoReturn:
    expired = min(_limits, key=lambda each: each.end, default=_Limit(0, 0))
    if expired in _limits:
        _limits.remove(expired)  # it expires once
    raise TooSlowError(
        "timeout",
        f"{_doing[-1] if _doing else 'this'} takes longer than {expired.seconds:g} s",
        hint="a simpler formula or fewer variables, or more time: `--timeout 600`",
        status=ExitStatus.NO_ANSWER,
    )
