"""What a process that computes is about, for the one that waits for it.

C code holds the interpreter, so that neither a signal's handler nor a thread of its own process can
end it: another process has to, which reads here when, and what it may say then. Imports are paid
for in each request to the helper, so there are none that are heavy.
"""

from __future__ import annotations

import os
import time

SIZE = 8192  # bytes of a record; a path takes at most 4096
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
    ``temporary`` is the file that is to be removed if the process ends before it is whole.
    """

    def __init__(self, descriptor: int | None = None) -> None:
        self.descriptor = os.memfd_create("hess") if descriptor is None else descriptor
        self.end = ENDLESS
        self.seconds = ""
        self.doing = ""
        self.subject = ""
        self.temporary = ""

    def write(self) -> None:
        """Let the other process see this."""
        texts = (self.end, self.seconds, self.doing, self.subject, self.temporary)
        record = b"".join(os.fsencode(text) + b"\0" for text in texts)
        os.pwrite(self.descriptor, record[:SIZE], 0)

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
        self.end, self.seconds, self.doing, self.subject, self.temporary = texts[:5]

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

    def tidy_up(self) -> None:
        """Remove the file that the other process has not finished."""
        self.read()
        if self.temporary:
            try:  # noqa: SIM105 (contextlib would have to be loaded)
                os.unlink(self.temporary)  # noqa: PTH108
            except OSError:
                pass
