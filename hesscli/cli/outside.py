"""The process that waits for the one which computes, and holds it to its limits from outside.

It also tells a person at a terminal what takes so long.

What computes is a child, forked before anything heavy is imported. A library in C may hold the
interpreter for ever, abort, or be killed for lack of memory: this process, which has none of all
that, tells it, tidies up and ends as a command should. Signals reach both, and neither outlives the
other. Where a system lacks what that takes, the command computes in its only process, and its
limits are those that Python can hold.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Collection
from contextlib import suppress
from types import FrameType
from typing import NoReturn

from hesscli.cli.answering import CLOCK, MEMORY
from hesscli.cli.command import parsed
from hesscli.cli.deadline import too_slow
from hesscli.cli.options import Request
from hesscli.cli.output import Output, Streams, standard_streams
from hesscli.cli.progress import PATIENCE_SECONDS, Progress
from hesscli.errors import ExitStatus, HessError
from hesscli.files import Replacement

# What ends a process that has failed, and not one that somebody wants to end.
FAILURES = {"SIGKILL", "SIGABRT", "SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP", "SIGSYS"}
# What is passed on to the child; a terminal sends the first two to both.
ENDING = {"SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP"}
NEEDED = ((os, "fork"), (os, "memfd_create"), (signal, "sigtimedwait"))


def hold(request: Request, streams: Streams) -> None:
    """Return in a child, which is to answer; this process ends as it does."""
    if not all(hasattr(module, name) for module, name in NEEDED):
        return
    import fcntl

    progress = Progress()
    watched = _watched()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    alive, end = os.pipe()
    parent = os.getpid()
    streams.stdout.flush()
    try:
        child = os.fork()
    except OSError:  # there may be no more processes
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return
    if child:
        os.close(alive)
        _Keeper(child, progress, watched).keep(request, streams)
    # The other end is only closed by the end of the parent, whatever that is; SIGIO ends a process
    # even while C code holds its interpreter.
    os.close(end)
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(alive, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(alive, fcntl.F_SETFL, os.O_ASYNC)
    if os.getppid() != parent:
        os._exit(ExitStatus.NO_ANSWER)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupt_once)
    signal.pthread_sigmask(signal.SIG_SETMASK, before - {signal.SIGIO})
    follow(progress)


def follow(progress: Progress) -> None:
    """Write into ``progress`` what this process is about, which is to answer one request."""
    CLOCK.progress = progress
    MEMORY.held = True
    Replacement.announced = progress.announce


def _watched() -> set[signal.Signals]:
    """The signals that the parent waits for: of these, what is neither ignored nor blocked."""
    names = {*ENDING, "SIGTSTP", "SIGCONT"}
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    found = {signal.Signals[name] for name in names} - blocked
    return {n for n in found if signal.getsignal(n) != signal.SIG_IGN} | {signal.SIGCHLD}


def interrupt_once(number: int, frame: FrameType | None) -> NoReturn:
    """Raise :class:`KeyboardInterrupt`, and ignore further signals of the kind: people press more
    than once, which must not interrupt the tidying up.
    """
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


class _Keeper:
    """Waits for a child, and holds it to its limits."""

    def __init__(self, child: int, progress: Progress, watched: Collection[signal.Signals]) -> None:
        self.child = child
        self.progress = progress
        self.watched = watched
        self.interrupted: float | None = None  # when
        self.patient_until = 0.0

    def keep(self, request: Request, streams: Streams) -> NoReturn:
        """End this process as the child ends, or with an error where it fails."""
        late = False
        while True:
            wait = self.progress.next_look()
            received = signal.sigtimedwait(self.watched, wait)
            if received is not None:
                self._pass_on(received)
            ended, status = os.waitpid(self.child, os.WNOHANG)
            if ended:
                break
            now = time.monotonic()
            if self.interrupted is None:
                self.progress.show()
            if self.interrupted is not None and now > self.interrupted + PATIENCE_SECONDS:
                os.kill(self.child, signal.SIGKILL)
            elif now > self.patient_until and self.progress.is_over_for(PATIENCE_SECONDS):
                late = True
                os.kill(self.child, signal.SIGKILL)
        self.progress.hide()
        if os.WIFEXITED(status):
            # Nothing has been written or kept here that would have to be tidied up.
            os._exit(os.WEXITSTATUS(status))
        number = signal.Signals(os.WTERMSIG(status))
        self.progress.tidy_up()
        if self.interrupted is not None:
            _end_by(signal.SIGINT)
        if number.name not in FAILURES:
            _end_by(number)
        error = _failure(self.progress, late, number)
        os._exit(_tell(error, self.progress, request, streams))

    def _pass_on(self, received: signal.struct_siginfo) -> None:
        """A signal to this process: the child is to have it, and each only once."""
        number = signal.Signals(received.si_signo)
        if number == signal.SIGTSTP:
            self.progress.hide()
            os.kill(self.child, signal.SIGSTOP)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
            # Here this process has been stopped, and goes on.
            os.kill(os.getpid(), number)
            signal.pthread_sigmask(signal.SIG_BLOCK, {number})
        if number in (signal.SIGTSTP, signal.SIGCONT):
            os.kill(self.child, signal.SIGCONT)
            # Its time may be up by now, which it is to find out first.
            self.patient_until = time.monotonic() + PATIENCE_SECONDS
        if number == signal.SIGINT:
            self.interrupted = self.interrupted or time.monotonic()
        by_terminal = number == signal.SIGINT and received.si_code > 0
        if number.name in ENDING and not by_terminal:
            os.kill(self.child, number)


def _end_by(number: int) -> NoReturn:
    """End this process by a signal, as the child has."""
    signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    os.kill(os.getpid(), number)
    os._exit(128 + number)


def _failure(progress: Progress, late: bool, number: signal.Signals | None) -> HessError:
    """The error that a user reads where what computed was too ``late``, or ended by a signal."""
    if late:
        return too_slow(progress.doing, progress.seconds)
    if number in (signal.SIGABRT, signal.SIGKILL, None):
        what = "a library has given up" if number == signal.SIGABRT else "it was killed"
        return HessError(
            "ended",
            f"computing this has ended before there was an answer: {what}, most likely for lack of "
            "memory",
            hint="a smaller formula or point",
            status=ExitStatus.NO_ANSWER,
        )
    return HessError(
        "internal",
        f"hess failed here, which is its fault: {signal.strsignal(number)}",
        hint="report the command that led here",
        status=ExitStatus.NO_ANSWER,
    )


def told(argv: list[str], progress: Progress, late: bool) -> ExitStatus:
    """What :func:`_tell` gives, of the process of a helper that has answered a command line."""
    error = _failure(progress, late, None)
    request = parsed(argv)
    streams = standard_streams()
    if isinstance(request, Request):
        return _tell(error, progress, request, streams)
    streams.say(error.report())
    return ExitStatus.NO_ANSWER


def _tell(error: HessError, progress: Progress, request: Request, streams: Streams) -> ExitStatus:
    """Say what has ended the process that computed, as it would have said it; the exit status."""
    line = int(progress.subject) if progress.subject.isdigit() else None
    with suppress(OSError, HessError):
        # Whatever had been written into a file is lost.
        if not progress.subject or progress.temporary:
            streams.say(error.report())
        else:
            with Output(request, streams) as output:
                output.failure(error, line)
            streams.stdout.flush()
        if line is not None:
            streams.say(f"hess: lines after line {line} are not answered: what answers has ended")
    return ExitStatus.NO_ANSWER
