"""A limit on the time that an answer may take, so that nothing hangs.

SymPy and mpmath decide by themselves how far to go: a limit that oscillates, or a derivative that
swells, can take for ever. Their loops are Python, which a timer can interrupt. What C code does, it
cannot: for that, :mod:`hesscli.cli.outside` reads the record of progress that is kept here.
"""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

from hesscli.cli.progress import ENDLESS, Progress
from hesscli.cost import Clock
from hesscli.errors import ExitStatus, TooSlowError


@dataclass(slots=True)
class _Block:
    doing: str
    seconds: float
    end: float  # on the monotonic clock


AGAIN = 1.0  # seconds: what is on its way out has long ended by then

# What is being done, outermost first.
_blocks: list[_Block] = []


class Alarm(Clock):
    """Holds parts of an answer to their limits, by a timer of the process.

    ``progress`` tells another process of the outermost, which is the user's; the others may come
    late where C code holds the interpreter.
    """

    progress: Progress | None = None

    @contextmanager
    def within(self, seconds: float, doing: str) -> Iterator[None]:
        """Raise :class:`TooSlowError` if the block takes longer; 0 is no limit.

        Limits nest: the first to end counts. There are none where there is no such timer (outside
        the main thread, or on Windows).
        """
        main = threading.current_thread() is threading.main_thread()
        if not main or not hasattr(signal, "setitimer"):
            yield
            return
        outer = list(_blocks)
        previous = signal.signal(signal.SIGALRM, _expire)
        # A parent may have left it blocked.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
        try:
            _blocks.append(_Block(doing, seconds, time.monotonic() + (seconds or math.inf)))
            if self.progress is not None and not outer:
                self.progress.end = str(_blocks[0].end)
                self.progress.seconds = f"{seconds:g}"
            self._start()
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            # Not only this one: an inner limit may have expired on its way out.
            _blocks[:] = outer
            signal.signal(signal.SIGALRM, previous)
            self._start()

    def answering(self, line: int | None) -> None:
        """Note that what follows is about one point, of this line of a stream or of none."""
        if self.progress is not None:
            # Nobody has waited for this while what came before was answered, or typed.
            if line is not None or self.progress.subject:
                self.progress.since = str(time.monotonic())
            self.progress.subject = "point" if line is None else str(line)

    def _start(self) -> None:
        end = min((block.end for block in _blocks), default=math.inf)
        if end < math.inf:
            signal.setitimer(signal.ITIMER_REAL, max(end - time.monotonic(), 1e-6))
        if self.progress is not None:
            if not _blocks:
                self.progress.end = ENDLESS
            self.progress.doing = _blocks[-1].doing if _blocks else ""
            self.progress.write()


def _expire(number: int, frame: FrameType | None) -> NoReturn:
    # A signal may come late, when all is done.
    running = _blocks or [_Block("this", 0, 0)]
    expired = min(running, key=lambda block: block.end)
    # Code that calls back, or tries one way after another, may swallow the error: once more then.
    expired.end = time.monotonic() + AGAIN
    signal.setitimer(signal.ITIMER_REAL, AGAIN)
    raise too_slow(running[-1].doing, f"{expired.seconds:g}")


def too_slow(doing: str, seconds: str) -> TooSlowError:
    """The error that a user reads whose time is up."""
    return TooSlowError(
        "timeout",
        f"{doing} takes longer than {seconds} s",
        hint="a simpler formula or fewer variables, or more time: `--timeout 600`",
        status=ExitStatus.NO_ANSWER,
    )
