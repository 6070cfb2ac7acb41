"""The helper: it imports everything, keeps workers ready, and ends itself when nobody asks.

A worker is forked ahead of its request and warms up by answering one of its own, so that a request
waits for neither a fork nor the first steps of torch. It serves one request and ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import io
import math
import os
import queue
import select
import signal
import socket
import sys
import tempfile
import threading
import time
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import NoReturn

import hesscli
from hesscli.__main__ import run_cold
from hesscli.cli.outside import follow, interrupt_once
from hesscli.cli.progress import Progress
from hesscli.warm import control, place, wire
from hesscli.warm.client import INTERRUPTED, PASSED, credentials

WORKERS = 10  # kept ready
BURST_SECONDS = 0.1  # without a request, and a burst of them is over
BACKLOG = 128
LOOK_SECONDS = 30.0  # how often an idle helper sees whether it is still wanted
MAX_HELPERS = 4  # of one user; each takes the memory of a cold run and half as much again
MAX_FAILURES = 5  # of workers, one after the other, without a request
REQUEST_SECONDS = 10.0  # for a client to say all that it has to say
WARM_UP = ["x**3+sin(x*y)", "--at", "2,4"]
# What people ask for: the helper imports what these answers turn out to need. `FOLDER` is one in
# which there is a file of numbers.
TRIALS = (
    WARM_UP,
    ["x**3+log(1+exp(x))/y", "--at", "2,4", "--check", "--color", "always"],
    ["abs(x)*y+besselk(1,x)", "--at", "2,1"],
    ["sum(a*x)**2", "--at", "x=rand(40),a=linspace(0,1,40)", "--json"],
    ["Integral(sin(t)/t,(t,0,x))", "--at", "1", "--format", "latex"],
    ["Integral(exp(-t**2),(t,0,x))", "--at", "1", "--digits", "20"],
    ["x**2*y", "--at", "1,sqrt(2)", "--exact"],
    ["x**2*y", "--at", "1,2", "--expect", "[[4,2],[2,1]]", "--format", "csv"],
    ["sum(x**2)", "--at", "@FOLDER/numbers.json", "-o", "FOLDER/answer.json"],
    ["x**2", "--at", "1", "--plot", "FOLDER/curve.svg"],
    ["x*y", "--at", "1,2", "--plot", "FOLDER/contours.png"],
    ["x*y*z", "--at", "1,2,3", "--plot", "FOLDER/matrix.pdf"],
    ["Sum(x**k,(k,1,5))*exp(y)"],
)


def main(path: str, minutes: str) -> None:
    """Be the helper at ``path``, unless there is one. Descriptors 0 to 2 lead nowhere."""
    # A pipe that a shell has left open would wait for this process.
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.umask(0o077)
    os.chdir("/")
    try:
        lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        # Not flock(), whose lock a worker that is just being forked would hold as well.
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return
    if not _is_file(lock, f"{path}.lock"):
        return  # another helper has just ended
    os.ftruncate(lock, 0)
    os.write(lock, f"{os.getpid()} {time.time():.0f} {place.namespace('pid')}\n".encode())
    control.make_room(MAX_HELPERS, Path(f"{path}.lock"))
    _import_all()
    _Helper(Path(f"{path}.socket"), lock, float(minutes)).serve()
    if _is_file(lock, f"{path}.lock"):
        Path(f"{path}.lock").unlink(missing_ok=True)


def _is_file(descriptor: int, path: str) -> bool:
    """Whether a descriptor is of the file that has this name now."""
    try:
        return os.path.samestat(os.fstat(descriptor), Path(path).stat())
    except OSError:
        return False


def _import_all() -> None:
    """Load what a request may need. Nothing is computed."""
    gc.disable()
    for module in walk_packages(hesscli.__path__, "hesscli."):
        if not module.name.endswith(".__main__"):
            import_module(module.name)
    for name in _loaded_by_answers():
        with contextlib.suppress(Exception):  # not every name is that of a file
            import_module(name)
    # Not to be looked through for garbage in every worker, which would copy all of it.
    gc.freeze()


def _loaded_by_answers() -> list[str]:
    """The modules that answers load where they need them, as a child finds out by answering."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(read)
            before = set(sys.modules)
            with tempfile.TemporaryDirectory(prefix="hess-") as folder:
                Path(folder, "numbers.json").write_text("[1, 2]", encoding="utf-8")
                for argv in TRIALS:
                    _run_for_nobody([word.replace("FOLDER", folder) for word in argv])
            with os.fdopen(write, "w") as names:
                names.write("\n".join(name for name in sys.modules if name not in before))
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as names:
        loaded = names.read().splitlines()
    os.waitpid(child, 0)
    return loaded


class _Helper:
    """Keeps workers ready at a socket, as long as it holds the lock."""

    def __init__(self, path: Path, lock: int, minutes: float) -> None:
        self.path = path
        self.lock = lock
        self.seconds = minutes * 60
        self.name = place.name()
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        path.unlink(missing_ok=True)  # of a helper that was killed: this one has the lock
        self.listener.bind(str(path))
        self.listener.listen(BACKLOG)
        self.listener.setblocking(False)
        self.inode = path.stat().st_ino
        # A worker tells here that it has taken a request, and sees there that the helper is gone.
        self.taken, self.take = os.pipe()
        self.gone, self.alive = os.pipe()
        # A signal wakes the loop up.
        self.woken, self.waker = os.pipe()
        os.set_blocking(self.waker, False)
        signal.set_wakeup_fd(self.waker)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._end)
        self.ready: set[int] = set()
        self.busy: set[int] = set()
        # The worker of each client, by a descriptor that tells when the client has ended.
        self.clients: dict[int, int] = {}
        self.poll = select.poll()
        self.failures = 0
        self.asked = time.monotonic()  # when a request was last being answered
        self.ended = False

    def _end(self, *_: object) -> None:
        self.ended = True

    def serve(self) -> None:
        """Until nobody has asked for long enough, or the installation has changed."""
        self.poll.register(self.listener, 0)
        self.poll.register(self.taken, select.POLLIN)
        self.poll.register(self.woken, select.POLLIN)
        while not self.ended and self.failures < MAX_FAILURES:
            for descriptor, _ in self.poll.poll(math.ceil(1000 * self._prepare())):
                if descriptor in self.clients:
                    self._forget(descriptor)
                    continue
                if descriptor == self.listener.fileno():
                    self._fork()
                    continue
                data = os.read(descriptor, 512 * wire.NUMBER)
                if descriptor == self.taken:
                    numbers = [
                        int.from_bytes(data[k : k + wire.NUMBER], "big")
                        for k in range(0, len(data), wire.NUMBER)
                    ]
                    for worker, client in zip(numbers[::2], numbers[1::2], strict=True):
                        self._count(worker, client)
            self._reap()
            if self._rest() <= 0 and not self._is_wanted():
                break
        # Idle workers end when this process does; one that has just taken a request answers it.
        with contextlib.suppress(OSError):
            if self.path.stat().st_ino == self.inode:
                self.path.unlink()
        # Nobody else would wake one up that its client had stopped.
        for worker in self.busy:
            with contextlib.suppress(OSError):
                os.kill(worker, signal.SIGCONT)

    def _prepare(self) -> float:
        """Have workers ready; in how many seconds to look again.

        To fork one and to warm it up takes longer than an answer. So requests that come together
        have the processor to themselves, unless one of them finds no worker.
        """
        rest = self._rest()
        self.poll.modify(self.listener, select.POLLIN if rest > 0 and not self.ready else 0)
        if rest > 0:
            return rest
        if len(self.ready) < WORKERS:
            self._fork()
            return 0  # another one as soon as nobody wants anything
        return min(LOOK_SECONDS, self.seconds)

    def _rest(self) -> float:
        """Seconds until requests no longer come one upon the other, if none comes before."""
        enough = self.busy or len(self.ready) >= WORKERS // 2
        quiet = BURST_SECONDS if enough else BURST_SECONDS / 10
        return self.asked + quiet - time.monotonic()

    def _is_wanted(self) -> bool:
        """Whether requests may still come here."""
        if not self.busy and time.monotonic() - self.asked >= self.seconds:
            return False
        try:
            return self.path.stat().st_ino == self.inode and place.name() == self.name
        except (OSError, ValueError):
            return False

    def _count(self, worker: int, client: int) -> None:
        """A worker has taken a client's request."""
        self.failures = 0
        self.asked = time.monotonic()
        if worker not in self.ready:
            return
        self.ready.remove(worker)
        self.busy.add(worker)
        try:
            descriptor = os.pidfd_open(client)
        except ProcessLookupError:
            self._end_of_client(worker)  # while workers were forked here
        except (OSError, AttributeError):
            pass  # this system cannot tell
        else:
            self.clients[descriptor] = worker
            self.poll.register(descriptor, select.POLLIN)

    def _forget(self, descriptor: int) -> None:
        """A client has ended that was watched."""
        worker = self.clients.pop(descriptor)
        self.poll.unregister(descriptor)
        os.close(descriptor)
        self._end_of_client(worker)

    def _end_of_client(self, worker: int) -> None:
        """A worker's client has ended. One that it had stopped cannot see that by itself."""
        self._reap()
        if worker in self.busy:
            os.kill(worker, signal.SIGKILL)

    def _reap(self) -> None:
        """Take note of the workers that have ended."""
        with contextlib.suppress(ChildProcessError):
            while (worker := os.waitpid(-1, os.WNOHANG)[0]) != 0:
                if worker in self.ready:
                    self.ready.remove(worker)
                    self.failures += 1
                if worker in self.busy:
                    self.busy.remove(worker)
                    self.asked = time.monotonic()

    def _fork(self) -> None:
        worker = os.fork()
        if worker:
            self.ready.add(worker)
            return
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            # Open in a worker, they would outlive the helper.
            os.close(self.alive)
            os.close(self.lock)
            self._work()
        finally:
            os._exit(1)

    def _work(self) -> None:
        """Wait for a request, and answer it."""
        poll = select.poll()
        poll.register(self.listener, select.POLLIN)
        poll.register(self.gone, select.POLLIN)
        # Started here: a thread's start takes time that a client would wait for.
        watched: queue.SimpleQueue[socket.socket] = queue.SimpleQueue()
        threading.Thread(target=_watch, args=(watched,), daemon=True).start()
        if not poll.poll(0):
            _run_for_nobody(WARM_UP)
        while True:
            if any(descriptor == self.gone for descriptor, _ in poll.poll()):
                return
            try:
                connection, _ = self.listener.accept()
            except OSError:
                continue  # another worker was quicker
            break
        client = credentials(connection)[0]
        os.write(self.take, wire.number(os.getpid()) + wire.number(client))
        # What an answer writes to `/dev/fd/5` must not reach the helper.
        self.listener.close()
        for descriptor in (self.taken, self.take, self.gone, self.woken, self.waker, *self.clients):
            os.close(descriptor)
        connection.setblocking(True)
        _answer(connection, watched)


def _run_for_nobody(argv: list[str]) -> None:
    """Answer a request of one's own, for what torch and SymPy do only once."""
    from hesscli.cli.output import Streams
    from hesscli.cli.run import run

    gc.disable()
    run(argv, Streams(io.StringIO(), io.StringIO(), io.StringIO()))
    gc.disable()


def _answer(connection: socket.socket, watched: queue.SimpleQueue[socket.socket]) -> NoReturn:
    """Run a client's command line in its place, and end with its exit status."""
    connection.settimeout(REQUEST_SECONDS)
    if credentials(connection)[1] != os.geteuid():
        os._exit(0)
    connection.sendall(wire.number(os.getpid()))
    length, descriptors, _, _ = socket.recv_fds(connection, wire.NUMBER, wire.DESCRIPTORS)
    if len(length) < wire.NUMBER or len(descriptors) != wire.DESCRIPTORS:
        os._exit(0)
    body = wire.received(connection, int.from_bytes(length, "big"))
    argv, environment, codecs, (mask,), ignored = wire.unpacked(body)
    try:
        *descriptors, progress = descriptors
        follow(Progress(progress))
        _become(descriptors, environment, codecs, int(mask))
        for number in PASSED:
            meant = interrupt_once if number == signal.SIGINT else signal.SIG_DFL
            signal.signal(number, signal.SIG_IGN if b"%d" % number in ignored else meant)
        _wait_to_go(connection)
        watched.put(connection)
        status = run_cold([os.fsdecode(word) for word in argv])
    except KeyboardInterrupt:
        status = INTERRUPTED
    except BaseException:
        # As the interpreter ends with what nobody has caught.
        with contextlib.suppress(BaseException):
            sys.excepthook(*sys.exc_info())
        status = 1
    # The end of a process that has so much memory takes as long as an answer: a reader need not
    # wait for the end of its input until then, nor another request for the processor.
    os.closerange(0, 3)
    connection.sendall(wire.number(status))
    os.nice(19)
    os._exit(0)


def _wait_to_go(connection: socket.socket) -> None:
    """Return when the client waits for this process, and not if it has given up."""
    try:
        connection.sendall(wire.READY)
        if connection.recv(len(wire.GO)) == wire.GO:
            connection.settimeout(None)
            return
    except OSError:
        pass
    os._exit(0)


def _watch(watched: queue.SimpleQueue[socket.socket]) -> None:
    """End this process as soon as its client has ended, as a cold run would end with it."""
    with contextlib.suppress(OSError):
        watched.get().recv(1)
    os.kill(os.getpid(), signal.SIGKILL)


def _become(
    descriptors: list[int], environment: list[bytes], codecs: list[bytes], mask: int
) -> None:
    """Take over a client's streams, working directory, environment and file mask."""
    *standard, here = descriptors
    for target, descriptor in enumerate(standard):
        os.dup2(descriptor, target)
    os.fchdir(here)
    for descriptor in descriptors:
        os.close(descriptor)
    os.umask(mask)
    os.environ.clear()
    for variable in environment:
        key, _, value = variable.partition(b"=")
        os.environb[key] = value
    words = [word.decode() for word in codecs]
    # As the interpreter makes them: open for as long as the process lives.
    sys.stdin = open(0, encoding=words[0], errors=words[1], newline="\n", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding=words[2], errors=words[3], newline="\n", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", 1, encoding=words[4], errors=words[5], newline="\n", closefd=False)  # noqa: SIM115
