"""A limit on the time that exact mathematics may take, so that nothing hangs.

SymPy and mpmath decide by themselves how far to go: a limit that oscillates, or a derivative that
swells, can take for ever. Their loops are Python, which a timer can interrupt.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from hesscli.errors import ExitStatus, HessError


class TooSlowError(HessError):
    """The time is up."""


@contextmanager
def limit(seconds: float, what: str) -> Iterator[None]:
    """Raise :class:`TooSlowError` if the block takes longer; ``what`` says what was going on.

    Does nothing where there is no such timer (outside the main thread, or on Windows). Limits do
    not nest.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or not hasattr(signal, "setitimer"):
        yield
        return

    def expire(number: int, frame: FrameType | None) -> NoReturn:
        raise TooSlowError(
            "timeout",
            f"{what} takes longer than {seconds:g} s",
            hint="a simpler formula, or fewer variables",
            status=ExitStatus.NO_ANSWER,
        )

    previous = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
