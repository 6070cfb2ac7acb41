"""What an answer may take: time, and memory beside what there is."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path

from hesscli.errors import HessError

BYTES = 8
# Measured at the peak (6,400 rows): the rows that torch collects, the matrix it stacks from them,
# copies without suspects and without negative zeros, the symmetric part, the work space.
COPIES = 7
CONTROL_GROUP = Path("/sys/fs/cgroup")
SURELY_FREE = 10_000_000  # bytes: not worth a look at what is free
# Of tensors, by element: those of the point as Python's numbers, and for each operation its result
# and what its derivatives keep.
BYTES_OF_ELEMENT = 128
BYTES_OF_OPERATION = 64


class Clock:
    """Bounds on the time that parts of an answer take. This one knows none; a command's does."""

    def within(self, seconds: float, doing: str) -> AbstractContextManager[None]:
        """Raise :class:`~hesscli.errors.TooSlowError` if the block takes longer; 0 is no limit.

        ``doing`` says what the block does, for the error if a limit around it expires.
        """
        return nullcontext()


def available() -> int:
    """Bytes that can be taken without swapping: the machine's, or the control group's if less."""
    found = []
    with suppress(OSError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                found.append(int(line.split()[1]) * 1024)
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        with suppress(OSError, ValueError):  # no control group, or "max"
            limited, taken = (int((CONTROL_GROUP / f).read_text()) for f in (limit, used))
            found.append(limited - taken)
    if not found:
        with suppress(AttributeError, OSError, ValueError):
            found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return max(0, min(found, default=8 * 2**30))


def require(order: int) -> None:
    """Raise :class:`HessError` if a Hessian with ``order`` rows would not fit in memory."""
    size = order * order * BYTES
    if size < SURELY_FREE:
        return
    free = available()
    if size * COPIES > free:
        raise HessError(
            "too-large",
            f"the Hessian would have {order:,} × {order:,} entries: {readable(size)}, "
            f"and {readable(size * COPIES)} to compute; {readable(free)} are free",
            hint="a smaller tensor, or `--wrt` with fewer variables",
        )


def arrays(order: int, elements: int, operations: int) -> int:
    """Bytes that arrays take, roughly and at most, for a Hessian with ``order`` rows of so many
    operations on tensors of so many elements.
    """
    of_elements = elements * (BYTES_OF_ELEMENT + operations * BYTES_OF_OPERATION)
    return order * order * BYTES * COPIES + of_elements


def readable(size: float) -> str:
    """A number of bytes in words: ``116 TiB``."""
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB"):
        if size < 1024 or unit == "PiB":
            return f"{size:.3g} {unit}" if size < 1000 else f"{size:,.0f} {unit}"
        size /= 1024
    raise AssertionError("unreachable")
