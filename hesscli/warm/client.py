"""A request to the helper, or None where it has to be answered cold."""

from __future__ import annotations

import _signal
import _socket
import os
import sys
import time

from hesscli.cli.progress import PATIENCE_SECONDS, Progress
from hesscli.warm import place, wire

SECONDS = 2.0  # to be accepted; a helper that takes longer is of no use
DEFAULT_MINUTES = 10.0
INTERRUPTED = 130
MAX_PATH = 100  # of a socket, in bytes, without its suffix
# What is passed on to the worker, as the terminal or a user sends it to this process.
PASSED = (_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP, _signal.SIGQUIT)
START = (
    "import sys; sys.path.insert(0, sys.argv[1]); from hesscli.warm.server import main; "
    "main(*sys.argv[2:])"
)


def minutes() -> float | None:
    """How long ``HESS_WARM`` lets an idle helper live; None where there is to be none."""
    try:
        wished = float(os.environ.get("HESS_WARM", "0"))
    except ValueError:
        return None
    return DEFAULT_MINUTES if wished == 1 else wished if 0 < wished < 1e6 else None


def ask(argv: list[str]) -> int | None:
    """The exit status of an answer that a worker has written, or None."""
    if not _is_possible(argv):
        return None
    folder = place.folder()
    if folder is None:
        return None
    try:
        path = f"{folder}/{place.name()}"
        if len(os.fsencode(path)) > MAX_PATH:
            return None
        connection = connected(f"{path}.socket")
        if connection is None:
            _start(path)
            return None
        try:
            worker = _accepted(connection)
            if worker is None:
                _start(path)
                return None
            return _answered(connection, worker, argv)
        finally:
            connection.close()
    except (OSError, ValueError, EOFError, AttributeError):
        return None


def _is_possible(argv: list[str]) -> bool:
    """Whether a worker can do all that this process could."""
    flags = sys.flags
    if not (hasattr(_socket, "SO_PEERCRED") and hasattr(os, "memfd_create")):
        return False
    if not sys.executable or minutes() is None:
        return False
    if sys._xoptions or sys.warnoptions or flags.isolated or flags.no_site:
        return False
    if flags.ignore_environment or flags.optimize:
        return False
    if None in (sys.stdin, sys.stdout, sys.stderr):
        return False
    if "--warm-stop" in argv or "--warm-status" in argv:
        return False
    if any("/dev/fd/" in word or "/dev/tty" in word or "/proc/" in word for word in argv):
        return False  # which are others in another process
    # Only a terminal's own job may read from it, and the worker is none.
    reads = any(word in ("-", "--at=-") for word in argv)
    return not (reads and os.isatty(0))


def connected(path: str) -> _socket.socket | None:
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    connection.settimeout(SECONDS)
    try:
        connection.connect(path)
    except OSError:
        connection.close()
        return None
    if credentials(connection)[1] != os.geteuid():
        connection.close()
        raise OSError("somebody else's socket")
    return connection


def _accepted(connection: _socket.socket) -> int | None:
    """The process that answers; None where the last worker of a helper that is gone has ended."""
    try:
        return int.from_bytes(wire.received(connection, wire.NUMBER), "big")
    except (EOFError, ConnectionResetError):
        return None


def credentials(connection: _socket.socket) -> tuple[int, int]:
    """The process and the user at the other end of a socket."""
    found = connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)
    return int.from_bytes(found[:4], sys.byteorder), int.from_bytes(found[4:8], sys.byteorder)


def send_request(
    connection: _socket.socket, argv: list[str], ignored: list[int], progress: int
) -> None:
    """Say all that a worker has to know; ``progress`` is where it notes what it is about."""
    mask = os.umask(0o77)
    os.umask(mask)
    codecs = [
        os.fsencode(word)
        for stream in (sys.stdin, sys.stdout, sys.stderr)
        for word in (stream.encoding, stream.errors or "strict")
    ]
    environment = [key + b"=" + value for key, value in os.environb.items()]
    words = [os.fsencode(word) for word in argv]
    message = wire.packed(
        [words, environment, codecs, [b"%d" % mask], [b"%d" % n for n in ignored]]
    )
    here = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    descriptors = b"".join(fd.to_bytes(4, sys.byteorder) for fd in (0, 1, 2, here, progress))
    # The descriptors travel with the length; the rest may take several pieces.
    connection.sendmsg(
        [message[: wire.NUMBER]], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, descriptors)]
    )
    connection.sendall(message[wire.NUMBER :])
    os.close(here)


def _answered(connection: _socket.socket, worker: int, argv: list[str]) -> int | None:
    """Send the request, pass signals on to the worker, and wait for its exit status."""
    progress = Progress()
    client = _Client(connection, worker, progress)
    status = None
    try:
        client.listen()
        send_request(connection, argv, client.ignored, progress.descriptor)
        if wire.received(connection, len(wire.READY)) != wire.READY:
            raise EOFError
        connection.sendall(wire.GO)
        client.started = True
        status = client.wait()
    except (EOFError, OSError):
        pass  # the worker is gone
    finally:
        progress.hide()
        client.listen_no_more()
    if status is not None:
        return status
    progress.tidy_up()
    # A cold run would have gone by the signal that was meant for it.
    if client.passed:
        number = client.passed[-1]
        if number == _signal.SIGINT:
            return INTERRUPTED
        os.kill(os.getpid(), number)
    if not client.started:
        return None
    from hesscli.cli.outside import told

    return told(argv, progress, client.late)


class _Client:
    """Waits for a worker, passes signals on to it, and holds it to its limits."""

    def __init__(self, connection: _socket.socket, worker: int, progress: Progress) -> None:
        self.connection = connection
        self.worker = worker
        self.progress = progress
        self.started = False
        self.late = False
        self.passed: list[int] = []
        self.patient_until = 0.0
        self.before = {n: _signal.getsignal(n) for n in (*PASSED, _signal.SIGTSTP)}
        self.ignored = [n for n, each in self.before.items() if each == _signal.SIG_IGN]

    def listen(self) -> None:
        """Take the signals of this process for the worker's, but those that are ignored."""
        for number in self.before:
            if number not in self.ignored:
                suspends = number == _signal.SIGTSTP
                _signal.signal(number, self._suspend if suspends else self._pass_on)

    def listen_no_more(self) -> None:
        for number, handler in self.before.items():
            _signal.signal(number, handler)

    def wait(self) -> int:
        """The exit status of the worker. Raises :class:`EOFError` where it ends without one."""
        while True:
            self.connection.settimeout(self.progress.next_look())
            try:
                return int.from_bytes(wire.received(self.connection, wire.NUMBER), "big")
            except TimeoutError:
                pass
            if not self.passed:
                self.progress.show()
            now = time.monotonic()
            if now < self.patient_until:
                continue
            if self.progress.is_over_for(0):
                # To be ready with the words by the time that they are wanted.
                import hesscli.cli.outside  # noqa: F401
            if self.passed:
                self._send(_signal.SIGKILL)
            elif self.progress.is_over_for(PATIENCE_SECONDS):
                self.late = True
                self._send(_signal.SIGKILL)

    def _send(self, number: int) -> None:
        try:  # noqa: SIM105 (contextlib would have to be loaded)
            os.kill(self.worker, number)
        except OSError:
            pass  # it has ended

    def _pass_on(self, number: int, _: object) -> None:
        if not self.passed:
            self.patient_until = time.monotonic() + PATIENCE_SECONDS
        self.passed.append(number)
        self._send(number)

    def _suspend(self, number: int, _: object) -> None:
        self.progress.hide()
        self._send(_signal.SIGSTOP)
        _signal.signal(number, _signal.SIG_DFL)
        os.kill(os.getpid(), number)
        # Here this process has been stopped, and goes on.
        _signal.signal(number, self._suspend)
        self._send(_signal.SIGCONT)
        # Its time may be up by now, which it is to find out first.
        self.patient_until = time.monotonic() + PATIENCE_SECONDS


def _start(path: str) -> None:
    """Start a helper that lives on when this process has ended."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120
    argv = [sys.executable, "-P", "-c", START, root, path, str(minutes())]
    actions = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)]
    try:  # noqa: SIM105
        os.posix_spawn(
            sys.executable, argv, os.environ, file_actions=actions, setsid=True, setsigmask=()
        )
    except (OSError, NotImplementedError):
        pass  # then there is none
