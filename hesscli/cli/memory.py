"""A limit on the memory that an answer may take, so that it cannot take the machine's."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

# For formulas and numbers, beside the arrays that an answer is made of.
EXTRA = 2 * 2**30
STATM = Path("/proc/self/statm")  # in pages; the sixth number is that of data and stack


class Memory:
    """Holds this process to what it has, ``EXTRA`` bytes and what it is allowed for arrays.

    Beyond that, allocations fail, which Python tells as a :class:`MemoryError`. It is the data that
    is limited, since torch maps far more than it uses; only Linux can do that. ``held`` is false in
    a process that does more than one request.
    """

    def __init__(self) -> None:
        self.held = False
        self._base = 0
        self._arrays: int | None = None

    def start(self) -> None:
        """Count from what there is now: from here on, no arrays are allowed."""
        self._arrays = None
        if self.held:
            with suppress(OSError, ValueError, IndexError):
                import resource

                pages = int(STATM.read_bytes().split()[5])
                self._base = pages * resource.getpagesize()
                self.allow(0)

    def allow(self, arrays: int) -> None:
        """Let arrays of so many bytes be made beside all else."""
        if not self._base or arrays == self._arrays:
            return
        import resource

        self._arrays = arrays
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        limit = self._base + EXTRA + arrays
        if hard != resource.RLIM_INFINITY:
            limit = min(limit, hard)
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
