"""What a process that computes is about, for the one that waits for it.

C code holds the interpreter, so that neither a signal's handler nor a thread of its own process can
end it, nor tell a person what takes so long: another process has to, which reads here when, and
what it may say then. Imports are paid for in each request to the helper, so there are none that are
heavy.
"""

from __future__ import annotations

import os
import stat
import time

SIZE = 8192  # bytes of a record; a path takes at most 4096
WIDTH = 2  # bytes behind it: the width of the line that is shown
# A person who has waited for so long is told for what.
SHOW_SECONDS = 1.0
ECHOED = len("^C")  # what a terminal writes behind the line for a key
ENDLESS = "inf"
LOOK_SECONDS = 0.4  # between two looks, while there is more time
# So much later than its own timer should have, or than it was told to, a process is ended that does
# not end what it does.
PATIENCE_SECONDS = 1.0


class Progress:
    """A record in memory that two processes share: one writes, one reads.

    ``end`` is when the time is up, on the monotonic clock of the system, ``seconds`` the time that
    was allowed, and ``doing`` what takes it. ``subject`` is the number of the line that is being
    answered, "point" for an answer to no line, and "" where it is the request that is being read.
    ``temporary`` is the file that is to be removed if the process ends before it is whole, and
    ``since`` the time from which somebody has been waiting.

    The process that reads may show on the terminal what is being done; the one that writes erases
    that when it is done, before it writes anything there itself.
    """

    def __init__(self, descriptor: int | None = None) -> None:
        self.descriptor = os.memfd_create("hess") if descriptor is None else descriptor
        self.end = ENDLESS
        self.seconds = ""
        self.doing = ""
        self.subject = ""
        self.temporary = ""
        self.since = str(time.monotonic())
        self.shown = ""

    def write(self) -> None:
        """Let the other process see this. Where nothing is being done, nothing of it is shown."""
        texts = (self.end, self.seconds, self.doing, self.subject, self.temporary, self.since)
        record = b"".join(os.fsencode(text) + b"\0" for text in texts)
        if self.doing:
            os.pwrite(self.descriptor, record[:SIZE], 0)
        elif self._lock():
            try:  # which a signal may interrupt
                os.pwrite(self.descriptor, record[:SIZE], 0)
                self._erase()
            finally:
                self._unlock()

    def announce(self, temporary: str) -> None:
        """Let it see the name of a temporary file, or that there is none."""
        self.temporary = temporary
        self.write()

    def read(self) -> None:
        """Take over what the other process has written."""
        texts = [os.fsdecode(text) for text in os.pread(self.descriptor, SIZE, 0).split(b"\0")]
        try:
            float(texts[0])
        except ValueError:
            return  # it has written nothing yet, or is just writing
        self.end, self.seconds, self.doing, self.subject, self.temporary, self.since = texts[:6]

    def is_over_for(self, seconds: float) -> bool:
        """Whether the time has been up for so long, and what takes it is the same all the while."""
        self.read()
        if time.monotonic() < float(self.end) + seconds:
            return False
        before = (self.end, self.doing)
        time.sleep(0.02)  # it may just have been writing
        self.read()
        return (self.end, self.doing) == before

    def next_look(self) -> float:
        """In how many seconds patience may be at its end, or something else be worth a look."""
        left = float(self.end) + PATIENCE_SECONDS - time.monotonic()
        return min(max(left, 0.05), LOOK_SECONDS)

    def show(self) -> None:
        """Tell a person at the terminal what takes so long, in a line that is erased later.

        ``shown`` is the last one.
        """
        self.read()
        waited = time.monotonic() - float(self.since)
        if not self.doing or waited < SHOW_SECONDS or not _is_looked_at():
            return
        # A process that was stopped may hold it for ever.
        if not self._lock(wait=False):
            return
        self.read()  # it may have done what it was about
        if self.doing:
            self._draw(f"hess: {self.doing} ({waited:.0f} s)")
        self._unlock()

    def hide(self) -> None:
        """Erase what :meth:`show` has shown, if it is still there."""
        if self.shown and self._lock():
            self._erase()
            self._unlock()

    def _draw(self, text: str) -> None:
        before = self._width()
        if before and text == self.shown:
            return
        self.shown = text
        try:
            room = os.get_terminal_size(2).columns - ECHOED - 1
            text = text[: max(room, 0)]
            os.write(2, f"\r{text:<{before}}".encode())
        except OSError:
            return  # there is no terminal any more
        os.pwrite(self.descriptor, max(before, len(text)).to_bytes(WIDTH, "big"), SIZE)

    def _width(self) -> int:
        return int.from_bytes(os.pread(self.descriptor, WIDTH, SIZE), "big")

    def _erase(self) -> None:
        """Blanks take it away, which every terminal understands."""
        if width := self._width():
            os.pwrite(self.descriptor, bytes(WIDTH), SIZE)
            try:  # noqa: SIM105 (contextlib would have to be loaded)
                os.write(2, b"\r" + b" " * (width + ECHOED) + b"\r")
            except OSError:
                pass  # there is no terminal any more

    def _lock(self, wait: bool = True) -> bool:
        """Keep the other process from the terminal: one must not write between another's look and
        its own writing. Whether that was possible.
        """
        import fcntl

        try:
            fcntl.lockf(self.descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError:
            return wait  # a system that has no such locks
        return True

    def _unlock(self) -> None:
        import fcntl

        try:  # noqa: SIM105
            fcntl.lockf(self.descriptor, fcntl.LOCK_UN)
        except OSError:
            pass

    def tidy_up(self) -> None:
        """Remove the file that the other process has not finished."""
        self.read()
        if self.temporary:
            try:  # noqa: SIM105 (contextlib would have to be loaded)
                os.unlink(self.temporary)  # noqa: PTH108
            except OSError:
                pass


def _is_looked_at() -> bool:
    """Whether a person sees on a terminal what this process says, and nothing but that: a program
    behind a pipe may have the terminal for itself, and so has the shell that a job leaves alone.
    """
    try:
        return os.tcgetpgrp(2) == os.getpgrp() and not stat.S_ISFIFO(os.fstat(1).st_mode)
    except OSError:
        return False
