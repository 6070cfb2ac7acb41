"""The helper process: the same answers as a cold run, and a cold run whenever it fails."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pexpect
import pytest

import hesscli
from hesscli.cli import command as cli
from hesscli.warm import control, place, wire

from .conftest import ASK, SLOW, SLOW_AT, line_by_line, on_screen, start_helper

pytestmark = pytest.mark.slow
HESS = [sys.executable, "-m", "hesscli"]
WARM = [sys.executable, "-c", ASK]
EXAMPLE = ["x**3 + x*y", "--at", "2,4", "--verify", "always"]  # however slow the machine is
# Long enough to be interrupted.
SLOW_RUN = [SLOW, "--at", SLOW_AT]


@pytest.fixture
def short() -> Iterator[Path]:
    """An empty folder whose name is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="hess-") as name:
        yield Path(name)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A run-time folder in which a helper is ready."""
    folder = Path(tempfile.mkdtemp(prefix="hess-"))
    before = {name: os.environ.get(name) for name in ("HESS_WARM", "XDG_RUNTIME_DIR")}
    os.environ |= {"HESS_WARM": "1", "XDG_RUNTIME_DIR": str(folder)}
    start_helper(folder)
    yield folder
    subprocess.run([*HESS, "--warm-stop"], check=True, capture_output=True)
    for name, value in before.items():
        os.environ.pop(name)
        if value is not None:
            os.environ[name] = value


def _run(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, **options
    )


def _pid(folder: Path) -> int:
    (lock,) = folder.glob("hess/*.lock")
    _until(lock.read_text)  # which a helper that is just starting has emptied
    return int(lock.read_text().split()[0])


def _until(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _children(pid: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _cold(**more: str) -> dict[str, str]:
    return {**os.environ, "HESS_WARM": "0", **more}


# The same


@pytest.mark.parametrize(
    "arguments",
    [
        EXAMPLE,
        [*EXAMPLE, "--json"],
        ["x**3"],
        ["x*abs(x)", "--at", "0", "--verify", "always"],
        ["x**2 +*"],
        ["--help"],
        ["--version"],
        [],
        ["x^2", "3", "--color", "always", "--verify", "always"],
        ["x+é", "--format", "latex"],
    ],
)
def test_output_and_status_are_those_of_a_cold_run(folder: Path, arguments: list[str]) -> None:
    for more in ({}, {"LC_ALL": "C"}, {"FORCE_COLOR": "1", "COLUMNS": "40"}):
        warm = _run([*WARM, *arguments], env={**os.environ, **more})
        cold = _run([*HESS, *arguments], env=_cold(**more))
        assert (warm.stdout, warm.stderr) == (cold.stdout, cold.stderr)
        assert warm.returncode == cold.returncode


def test_streams_folder_and_mask_are_the_clients(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "v.json").write_text("[1, 2]")
    old = os.umask(0o027)
    try:
        done = _run([*WARM, "x**2", "--at", "x=@v.json", "-o", "out.json"], cwd=tmp_path)
    finally:
        os.umask(old)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
    assert (tmp_path / "out.json").stat().st_mode & 0o777 == 0o640
    assert _run([*WARM, "-", "--at", "-"], input="x").returncode == 2
    assert _run([*WARM, "x**2", "--at", "-", "--json"], input="1\n2\n").stdout.count("\n") == 2


def test_a_terminal_is_drawn_at_its_width(folder: Path) -> None:
    def drawn(command: list[str], environment: dict[str, str]) -> list[str]:
        process = pexpect.spawn(
            command[0], [*command[1:], "x**3+x*y", "--at", "x=[2,3],y=[4,5]"],
            env={**environment, "TERM": "xterm-256color"}, dimensions=(50, 40),
            encoding="utf-8", timeout=120,
        )  # fmt: skip
        process.expect(pexpect.EOF)
        return on_screen(str(process.before))

    warm = drawn(WARM, dict(os.environ))
    assert warm == drawn(HESS, _cold())
    assert "\x1b[" in "".join(warm)


def test_a_stream_is_answered_line_by_line(folder: Path) -> None:
    answers = line_by_line([*WARM, "x**2", "--at", "-", "--json"], ["1", "2", "3"])
    assert [answer["point"] for answer in answers] == [{"x": 1.0}, {"x": 2.0}, {"x": 3.0}]


def test_a_closed_pipe_is_quiet(folder: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*WARM, *EXAMPLE], stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (done.stderr, done.returncode) == (b"", 141)


# Signals


def _slow(
    folder: Path, before: Sequence[str] = (), after: Sequence[str] = ()
) -> tuple[subprocess.Popen[str], int]:
    """A request that takes long, and the worker that answers it."""
    workers_before = set(_children(_pid(folder)))
    client = subprocess.Popen(
        [*before, *WARM, *SLOW_RUN, *after],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        process_group=0,  # a job of its own: only those can be suspended
    )  # fmt: skip
    workers: set[int] = set()

    def found() -> bool:
        # The worker has the client's standard output.
        target = Path(f"/proc/{client.pid}/fd/1").readlink()
        for worker in workers_before | set(_children(_pid(folder))):
            try:
                if Path(f"/proc/{worker}/fd/1").readlink() == target:
                    workers.add(worker)
            except OSError:
                continue
        return bool(workers)

    _until(found)
    return client, workers.pop()


def _is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, -15), (signal.SIGHUP, -1)]
)
def test_a_signal_reaches_the_worker(folder: Path, number: signal.Signals, status: int) -> None:
    client, worker = _slow(folder)
    client.send_signal(number)
    assert client.wait(60) == status
    _until(lambda: _is_gone(worker))
    assert client.communicate() == ("", "")


def test_an_interrupted_client_dies_of_the_signal_as_a_cold_run_does(folder: Path) -> None:
    """By that alone a shell knows that its loop is to end."""
    for environment in (dict(os.environ), _cold()):
        process = pexpect.spawn(
            HESS[0], [*HESS[1:], *SLOW_RUN], env=environment, encoding="utf-8", timeout=60
        )
        process.expect(r"hess: [\w ]+ \(\d+ s\)")  # is shown on a terminal alone
        process.sendintr()
        process.expect(pexpect.EOF)
        process.close()
        assert process.signalstatus == signal.SIGINT


def test_a_signal_that_is_ignored_stays_ignored(folder: Path) -> None:
    program = "trap '' HUP; exec \"$@\""
    client, _ = _slow(folder, ["sh", "-c", program, "sh"], ["--timeout", "3"])
    client.send_signal(signal.SIGHUP)
    assert "takes longer than 3 s" in "".join(client.communicate(timeout=60))
    assert client.returncode == 1


def test_a_suspended_job_stops_and_goes_on(folder: Path) -> None:
    client, worker = _slow(folder)

    def state(pid: int) -> str:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]

    client.send_signal(signal.SIGTSTP)
    _until(lambda: state(client.pid) == state(worker) == "T")
    client.send_signal(signal.SIGCONT)
    _until(lambda: "T" not in (state(client.pid), state(worker)))
    client.send_signal(signal.SIGINT)
    assert client.wait(60) == 130


def test_a_suspended_job_that_is_killed_takes_its_worker_along(folder: Path) -> None:
    client, worker = _slow(folder)
    client.send_signal(signal.SIGTSTP)
    _until(lambda: Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[0] == "T")
    client.kill()
    client.wait(60)
    _until(lambda: _is_gone(worker))


def test_what_nobody_catches_ends_with_1(folder: Path) -> None:
    command = ["sh", "-c", 'exec "$@" 2>/dev/full', "sh"]
    assert _run([*command, *WARM, "x^2+q+"]).returncode == 1
    assert _run([*command, *HESS, "x^2+q+"], env=_cold()).returncode == 1


def test_lines_end_where_they_do_in_a_cold_run(folder: Path) -> None:
    arguments = ["x^2", "--at", "-", "--json", "--verify", "always"]
    warm, cold = (
        subprocess.run(
            [*command, *arguments], input=b"2\r3\r\n4\r\n5\n", capture_output=True, env=env,
            check=False,
        )
        for command, env in ((WARM, dict(os.environ)), (HESS, _cold()))
    )  # fmt: skip
    assert (warm.stdout, warm.returncode) == (cold.stdout, cold.returncode)


def test_a_client_that_is_killed_takes_its_worker_along(folder: Path) -> None:
    client, worker = _slow(folder)
    client.kill()
    client.wait(60)
    _until(lambda: _is_gone(worker))


def test_a_worker_that_is_killed_is_told(folder: Path) -> None:
    client, worker = _slow(folder)
    os.kill(worker, signal.SIGKILL)
    assert client.wait(60) == 1
    assert "has ended before there was an answer" in client.communicate()[1]
    assert _run([*WARM, *EXAMPLE]).returncode == 0


def test_a_helper_that_is_killed_leaves_the_answer_and_no_process(folder: Path) -> None:
    helper = _pid(folder)
    client, worker = _slow(folder)
    idle = [pid for pid in _children(helper) if pid != worker]
    os.kill(helper, signal.SIGKILL)
    _until(lambda: all(_is_gone(pid) for pid in idle))
    client.send_signal(signal.SIGINT)
    assert client.wait(60) == 130
    # The next run is cold, with the same answer, and starts another helper.
    assert _run([*HESS, *EXAMPLE]).stdout == _run([*HESS, *EXAMPLE], env=_cold()).stdout
    _until(lambda: _pid(folder) != helper and _run([*WARM, "x"]).returncode == 0)


# Fallbacks


@pytest.mark.parametrize("base", ["missing/folder", "file", "open", "others"])
def test_a_folder_that_cannot_be_trusted_means_a_cold_run(tmp_path: Path, base: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "open" / "hess").mkdir(parents=True)
    (tmp_path / "open" / "hess").chmod(0o755)
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "hess").symlink_to(tmp_path / "open" / "hess")
    environment = {**os.environ, "HESS_WARM": "1", "XDG_RUNTIME_DIR": str(tmp_path / base)}
    done = _run([*HESS, "x**2"], env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert not list(tmp_path.glob("**/*.lock"))


@pytest.mark.parametrize("wished", ["0", "", "-1", "nan", "no"])
def test_what_is_no_number_of_minutes_means_none(tmp_path: Path, wished: str) -> None:
    tmp_path.chmod(0o700)
    environment = {**os.environ, "HESS_WARM": wished, "XDG_RUNTIME_DIR": str(tmp_path)}
    assert _run([*HESS, "x**2"], env=environment).returncode == 0
    assert not list(tmp_path.glob("**/*.lock"))


def test_a_stale_socket_means_a_cold_run(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short))
    monkeypatch.setenv("HESS_WARM", "0.01")
    path = place.folder()
    assert path is not None
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(f"{path}/{_name()}.socket")
    stale.close()
    done = _run([*HESS, *EXAMPLE])
    assert (done.returncode, done.stderr) == (0, "")


def _name() -> str:
    """The name of the helper that a run of the command would use."""
    code = "from hesscli.warm import place; print(place.name())"
    return _run([sys.executable, "-c", code]).stdout.strip()


def test_a_socket_that_never_answers_means_a_cold_run(
    short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short))
    monkeypatch.setenv("HESS_WARM", "1")
    path = place.folder()
    assert path is not None
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(f"{path}/{_name()}.socket")
        mute.listen()
        done = _run([*HESS, *EXAMPLE])
    assert (done.returncode, done.stderr) == (0, "")


def test_another_environment_of_imports_is_another_helper(monkeypatch: pytest.MonkeyPatch) -> None:
    name = place.name()
    assert name == place.name()
    monkeypatch.setenv("NO_COLOR", "1")
    assert name == place.name()
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert name != place.name()


def test_no_helper_answers_with_code_that_has_changed(
    short: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "hesscli"
    shutil.copytree(
        Path(hesscli.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__")
    )
    nested = package / "new" / "nested"
    nested.mkdir(parents=True)
    for folder in (nested.parent, nested):
        (folder / "__init__.py").touch()
    said = nested / "said.py"
    said.write_text("from hesscli.cli import command\ncommand.__version__ = 'one'\n")
    with (package / Path(cli.__file__).relative_to(Path(hesscli.__file__).parent)).open("a") as end:
        end.write("\nimport hesscli.new.nested.said\n")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short))
    monkeypatch.setenv("HESS_WARM", "1")
    monkeypatch.chdir(tmp_path)

    def printed() -> tuple[str, str]:
        """What a run prints for which there is no helper yet, and one that a helper answers."""
        cold = _run([*HESS, "--version"]).stdout
        _until((short / "hess" / f"{_name()}.socket").exists)
        return cold, _run([*WARM, "--version"]).stdout

    assert printed() == ("hess one\n", "hess one\n")
    said.write_text("from hesscli.cli import command\ncommand.__version__ = 'two'\n")
    assert printed() == ("hess two\n", "hess two\n")
    before = _name()
    (nested / "more.py").touch()
    assert _name() != before
    _run([*HESS, "--warm-stop"])


def test_nonsense_on_the_socket_harms_nobody(folder: Path) -> None:
    (path,) = folder.glob("hess/*.socket")
    for data in (b"", b"\0", b"\xff" * 100, wire.packed([[b"x"]])):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            client.sendall(data)
    assert _run([*WARM, *EXAMPLE]).returncode == 0


@pytest.mark.parametrize("go", [True, False])
def test_a_worker_writes_nothing_for_a_client_that_has_given_up(folder: Path, go: bool) -> None:
    # In a process of its own, whose standard output is the worker's.
    program = f"""
import _socket, sys
from hesscli.cli.progress import Progress
from hesscli.warm import client, wire
client.SECONDS = 120
connection = client.connected(sys.argv[1])
worker = int.from_bytes(wire.received(connection, wire.NUMBER), "big")
client.send_request(connection, ["x^2", "--at", "3"], [], Progress().descriptor)
assert wire.received(connection, len(wire.READY)) == wire.READY
if {go}:
    connection.sendall(wire.GO)
    status = wire.received(connection, wire.NUMBER)
connection.close()
print(worker, file=sys.stderr)
"""
    (path,) = folder.glob("hess/*.socket")
    found = _run([sys.executable, "-c", program, str(path)])
    assert ("Hessian" in found.stdout) is go
    assert found.returncode == 0
    _until(lambda: _is_gone(int(found.stderr)))


def test_messages_are_read_back() -> None:
    lists = [[b"x", b""], [], [b"A=b=c"], [b"22"]]
    message = wire.packed(lists)
    assert wire.unpacked(message[wire.NUMBER :]) == lists
    assert int.from_bytes(message[: wire.NUMBER], "big") == len(message) - wire.NUMBER


# Its life


HOLDER = """
# looks like hesscli.warm.server
import fcntl, os, sys, time
from hesscli.warm import place
lock = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
fcntl.lockf(lock, fcntl.LOCK_EX)
os.write(lock, f"{os.getpid()} {sys.argv[2]} {place.namespace('pid')}".encode())
print(flush=True)
time.sleep(120)
"""


def test_the_oldest_helpers_make_room_for_another_one(
    short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short))
    assert place.folder() == f"{short}/hess"
    paths = [short / "hess" / f"{since}.lock" for since in (3, 1, 4, 2)]
    holders = [
        subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(path), path.stem], stdout=subprocess.PIPE
        )
        for path in paths
    ]
    for holder in holders:
        assert holder.stdout is not None
        holder.stdout.readline()
    control.make_room(3, paths[2])
    assert holders[1].wait(60) == -15
    assert [holders[k].poll() for k in (0, 2, 3)] == [None] * 3
    control.make_room(1, short / "hess" / "own.lock")
    assert [holder.wait(60) for holder in holders] == [-15] * 4
    for holder in holders:
        holder.communicate()


def test_who_has_waited_is_told_once_in_a_while(short: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "HESS_WARM"}
    environment["XDG_RUNTIME_DIR"] = str(short)
    slow = [*HESS, *SLOW_RUN, "--timeout", "1.5"]
    assert "HESS_WARM" not in _run(slow, env=environment).stderr
    for told in (True, False):
        process = pexpect.spawn(slow[0], slow[1:], env=environment, encoding="utf-8", timeout=120)
        process.expect(pexpect.EOF)
        assert ("HESS_WARM=1" in str(process.before)) == told


def test_status_and_stop(short: Path) -> None:
    environment = {**os.environ, "HESS_WARM": "1", "XDG_RUNTIME_DIR": str(short)}

    # On a busy machine a helper may take longer to end than a user would wait.
    patient = "import sys; from hesscli.cli.run import run; from hesscli.warm import control; "
    patient += "control.STOP_SECONDS = 120; run(sys.argv[1:])"

    def said(option: str) -> str:
        return _run([sys.executable, "-c", patient, option], env=environment).stdout

    assert said("--warm-status") == said("--warm-stop") == "no helper is running\n"
    _run([*HESS, "x"], env=environment)
    _until(lambda: list(short.glob("hess/*.socket")))
    assert re.fullmatch(rf"pid {_pid(short)}, \d+ s old, \d+ MB\n", said("--warm-status"))
    assert said("--warm-stop") == "stopped 1 helper\n"
    assert said("--warm-status") == "no helper is running\n"
    assert not list(short.glob("hess/*.socket"))


def test_an_idle_helper_ends_itself(short: Path) -> None:
    environment = {**os.environ, "HESS_WARM": "0.01", "XDG_RUNTIME_DIR": str(short)}
    _run([*HESS, "x"], env=environment)
    _until(lambda: list(short.glob("hess/*.lock")))
    _until(lambda: not list(short.glob("hess/*.lock")))
    assert not list(short.glob("hess/*.socket"))


def test_many_at_once_are_all_answered(folder: Path) -> None:
    clients = [
        subprocess.Popen([*WARM, "x**2", "--at", str(k), "--json"], stdout=subprocess.PIPE)
        for k in range(20)
    ]
    for k, client in enumerate(clients):
        output, _ = client.communicate(timeout=120)
        assert f'"value": {k * k}.0'.encode() in output
        assert client.returncode == 0
    _until(lambda: not any(_is_gone(pid) for pid in _children(_pid(folder))))


# What is imported


WORKER = """
import io, json, os, sys
from hesscli.cli.output import Streams
from hesscli.cli.run import run
from hesscli.warm import server
server._import_all()
known = set(sys.modules)
for line in sys.stdin:
    if os.fork() == 0:
        server._run_for_nobody(server.WARM_UP)
        run(json.loads(line), Streams(io.StringIO("1\\n"), io.StringIO(), io.StringIO()))
        print(json.dumps(sorted(set(sys.modules) - known)), flush=True)
        os._exit(0)
    os.wait()
"""
# Other formulas than the helper's own trials.
ASKED = [
    ["abs(x)*y", "--at", "2,1"],
    ["sqrt(x**2)*y", "--at", "2,1", "--json"],
    ["max(x,y)**2", "--at", "2,1"],
    ["where(x>0,x**2,y)", "--at", "2,1"],
    ["floor(x)*sign(y)", "--at", "2.5,1"],
    ["gamma(x)*zeta(y+3)", "--at", "2,1"],
    ["sin(x)/x", "--at", "0"],
    ["x*abs(x)", "--at", "0"],
    ["sum(besselj(1,x)*y)", "--at", "x=rand(30),y=rand(30)"],
    ["norm(x)", "--at", "x=rand(50)"],
    ["prod(x)+max(x)+logsumexp(x)", "--at", "x=rand(5)"],
    ["polygamma(2,x)*lambertw(y)", "--at", "1.5,1", "--check"],
    ["airyai(x)*elliptic_k(y)", "--at", "0.5,0.5"],
    ["erf(x)*erfinv(x)", "--at", "1/2", "--digits", "40"],
    ["gamma(x)", "--at", "1/2", "--exact"],
    ["x**4+y**2", "--at", "0,0", "--format", "latex"],
    ["x**2", "--at", "-", "--format", "plain"],
    ["cosh(x)*y", "--at", "1,2", "--plot", "PICTURE"],
    ["Sum(x**k/k,(k,1,20))", "--at", "0.5"],
    ["gamma(x)*y"],
]


def test_no_answer_imports_what_the_helper_could_have(tmp_path: Path) -> None:
    asked = "".join(json.dumps(a) + "\n" for a in ASKED).replace("PICTURE", f"{tmp_path}/a.svg")
    done = subprocess.run(
        [sys.executable, "-c", WORKER], input=asked,
        capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    for argv, line in zip(ASKED, done.stdout.splitlines(), strict=True):
        imported = json.loads(line)
        # The pieces of SymPy that a rare formula needs may come late; they take milliseconds.
        assert len(imported) < 5, (argv, imported)
        assert not any(name.startswith(("torch", "scipy", "matplotlib")) for name in imported)
