"""The helpers of this user: which there are, and an end to them."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hesscli.warm import place

STOP_SECONDS = 5.0
HINT_DAYS = 7
HINT = "HESS_WARM=1 in the environment keeps a helper process that answers the next time at once"


@dataclass(frozen=True, slots=True)
class Helper:
    """A helper that runs: its process id, and since when it does, in seconds since 1970."""

    pid: int
    since: float

    @property
    def memory(self) -> int:
        """The bytes of memory that it has in use, which its workers share; 0 if that is unknown."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            pages = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1]
            return int(pages) * os.sysconf("SC_PAGE_SIZE")
        return 0


def status() -> str:
    """A line for each helper."""
    lines = [
        f"pid {helper.pid}, {_age(time.time() - helper.since)} old, {helper.memory >> 20} MB"
        for helper in _helpers()
    ]
    return "\n".join(lines or ["no helper is running"]) + "\n"


def stop() -> str:
    """End all helpers; what they are just answering is still answered."""
    found = list(_helpers())
    for helper in found:
        for number in (signal.SIGTERM, signal.SIGCONT):
            _send(helper, number)
    deadline = time.monotonic() + STOP_SECONDS
    while any(_helpers()) and time.monotonic() < deadline:
        time.sleep(0.01)
    for helper in _helpers():
        _send(helper, signal.SIGKILL)
    count = len(found)
    return f"stopped {count} helper{'s' * (count != 1)}\n" if count else "no helper is running\n"


def make_room(most: int, own: Path) -> None:
    """End the oldest helpers, so that with the one whose lock is ``own`` there are at most so many.

    That lock must not be looked at: the process that holds it would lose it.
    """
    found = sorted(_helpers(without=own), key=lambda helper: helper.since)
    for helper in found[: max(0, len(found) + 1 - most)]:
        _send(helper, signal.SIGTERM)


def _send(helper: Helper, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(helper.pid, number)


def hint() -> str | None:
    """How to wait less, once in a while."""
    folder = place.folder()
    if folder is None or "HESS_WARM" in os.environ:
        return None
    told = Path(folder) / "hint"
    with contextlib.suppress(OSError):
        if not told.exists() or time.time() - told.stat().st_mtime > HINT_DAYS * 86400:
            told.touch()
            return HINT
    return None


def _helpers(without: Path | None = None) -> Iterator[Helper]:
    """The helpers that hold the lock that a running one holds."""
    folder = place.folder()
    for path in sorted(Path(folder).glob("*.lock")) if folder else ():
        if path == without:
            continue
        with contextlib.suppress(OSError, ValueError), path.open("r+") as lock:
            try:
                fcntl.lockf(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                pid, since, namespace = lock.read().split()
                # A process id means nothing in another namespace.
                if namespace == place.namespace("pid") and _is_helper(int(pid)):
                    yield Helper(int(pid), float(since))


def _is_helper(pid: int) -> bool:
    """Whether the process is what the lock says: the id of one that was killed is given again."""
    return b"hesscli.warm.server" in Path(f"/proc/{pid}/cmdline").read_bytes()


def _age(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
