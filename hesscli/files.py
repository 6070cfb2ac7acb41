"""Files that answers are written into: whole, or not at all, and never what is being read."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, ClassVar

from hesscli.errors import HessError

MAX_LINKS = 40  # as many as Linux follows
LONGEST_NAME = 200  # of 255 bytes that a name may have, before what makes a temporary one of it


class Replacement:
    """A file that takes the place of what is at ``path`` once it is whole.

    It is written beside, in the same folder, and renamed. A symbolic link is followed, and a file
    that is there keeps its permissions and, where that is allowed, its owner; other hard links keep
    the old content. What is no regular file, a device or a pipe, is written directly. ``stream``
    takes text in UTF-8, or bytes with ``binary``. Raises :class:`OSError`.

    ``announced`` is told the name of the temporary file while there is one, and "" when there is
    none, for whoever may end this process without letting it tidy up.
    """

    announced: ClassVar[Callable[[str], None]] = lambda name: None

    def __init__(self, path: str, *, binary: bool = False) -> None:
        self.target = _regular_target(path)
        self.temporary = ""
        descriptor: str | int = path
        if self.target is not None:
            descriptor, self.temporary = _beside(self.target)
            Replacement.announced(self.temporary)
        mode, encoding = ("wb", None) if binary else ("w", "utf-8")
        self.stream: IO[Any] = open(descriptor, mode, encoding=encoding)  # noqa: PTH123, SIM115

    def finish(self) -> None:
        """Put what was written into its place; what was there stays if that fails."""
        try:
            self.stream.flush()
            if self.temporary:
                # Else a name could be on the disk before what it stands for.
                os.fsync(self.stream.fileno())
            self.stream.close()
            if self.target is not None:
                Path(self.temporary).replace(self.target)
                self._forget()
        finally:
            self.discard()

    def discard(self) -> None:
        """Leave what was there as it is."""
        with suppress(OSError):
            self.stream.close()  # which tries to write what is left
        if self.temporary:
            with suppress(OSError):
                Path(self.temporary).unlink()
            self._forget()

    def _forget(self) -> None:
        self.temporary = ""
        Replacement.announced("")


def _regular_target(path: str) -> str | None:
    """The regular file, there or not yet, that ``path`` leads to; None where it is something else.

    What is under the name of an open descriptor, such as ``/dev/stdout``, others write to as well.
    """
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116
            return None
    for _ in range(MAX_LINKS):
        folder = os.path.realpath(os.path.dirname(path) or ".")  # noqa: PTH120
        if folder == "/dev" or folder.startswith(("/proc/", "/dev/fd")):
            return None
        path = os.path.join(folder, os.path.basename(path))  # noqa: PTH118, PTH119
        if not os.path.islink(path):  # noqa: PTH114
            return path
        path = os.path.join(folder, os.readlink(path))  # noqa: PTH115, PTH118
    return None  # which opening it tells


def _beside(target: str) -> tuple[int, str]:
    """A new file in the folder of ``target`` with its permissions: descriptor and name."""
    folder, name = os.path.split(target)
    short = os.fsdecode(os.fsencode(name)[:LONGEST_NAME])
    temporary = os.path.join(folder, f".{short}.{os.urandom(6).hex()}.tmp")  # noqa: PTH118
    old = None
    with suppress(FileNotFoundError):
        old = os.stat(target)  # noqa: PTH116
    # Windows would add carriage returns of its own.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(temporary, flags, 0o666 if old is None else 0o600)
    if old is not None and hasattr(os, "fchown"):
        with suppress(OSError):
            os.fchown(descriptor, old.st_uid, old.st_gid)
        with suppress(OSError):
            os.fchmod(descriptor, stat.S_IMODE(old.st_mode) & 0o777)
    return descriptor, temporary


def replaced(path: str, content: bytes) -> None:
    """Write a whole file. Raises :class:`HessError` where that fails; the old one is there then."""
    try:
        replacement = Replacement(path, binary=True)
        try:
            replacement.stream.write(content)
            replacement.finish()
        finally:
            replacement.discard()
    except (OSError, ValueError) as error:
        raise unwritable(path, error) from None


def require_writable(path: str) -> None:
    """Refuse, before anything is computed, a file that could not be written."""
    file = Path(path)
    try:
        if file.is_dir():
            raise OSError("it is a folder")
        if not file.parent.is_dir():
            raise OSError(f"there is no folder `{file.parent}`")
        if file.exists() and not os.access(file, os.W_OK):
            raise OSError("permission denied")
        target = _regular_target(path)
        if target is not None and not os.access(Path(target).parent, os.W_OK):
            raise OSError("permission denied" if not file.exists() else "its folder is read-only")
    except (OSError, ValueError) as error:
        raise unwritable(path, error) from None


def unwritable(path: str, error: OSError | ValueError) -> HessError:
    """The error that a user reads for a file that cannot be written."""
    reason = getattr(error, "strerror", None) or str(error)
    return HessError("bad-file", f"cannot write `{path}`: {reason.lower()}")


def require_apart(outputs: Iterable[str | int], inputs: Iterable[str | int]) -> None:
    """Refuse to write what is being read: files by name, or by an open descriptor.

    They are compared by device and inode, whatever they are called. A terminal is no such file.
    """
    read = {key for each in inputs if (key := _identity(each)) is not None}
    for each in outputs:
        if _identity(each) in read:
            name = f"`{each}`" if isinstance(each, str) else "standard output"
            raise HessError("same-file", f"{name} is being read as well", hint="another file")


def _identity(file: str | int) -> tuple[int, int] | None:
    """What tells a file from all others; None for what is none, or may be read and written."""
    try:
        found = os.stat(file)  # noqa: PTH116
    except (OSError, ValueError):
        return None
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISFIFO(found.st_mode)):
        return None
    return found.st_dev, found.st_ino
