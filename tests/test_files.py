"""Files: written whole or not at all, and never while they are being read."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from hesscli.files import Replacement, replaced, require_apart

from .conftest import Hess

needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")


def _run(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, stderr=subprocess.PIPE, text=True, timeout=120, check=False, **options
    )


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# Written whole


def test_what_was_there_stays_until_the_new_file_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    new = Replacement(str(path))
    new.stream.write("new")
    new.stream.flush()
    assert path.read_text() == "old"
    new.finish()
    assert path.read_text() == "new"
    assert _names(tmp_path) == ["a.json"]


def test_what_is_given_up_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    new = Replacement(str(path))
    new.stream.write("new")
    new.discard()
    assert path.read_text() == "old"
    assert _names(tmp_path) == ["a.json"]


@pytest.mark.parametrize("old", [0o600, 0o644, 0o640, 0o755, None])
def test_permissions_are_the_old_ones_or_those_that_the_mask_leaves(
    tmp_path: Path, old: int | None
) -> None:
    path = tmp_path / "a.json"
    if old is not None:
        path.touch()
        path.chmod(old)
    mask = os.umask(0o027)
    try:
        replaced(str(path), b"new")
    finally:
        os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == (0o640 if old is None else old)


def test_a_symbolic_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    target = tmp_path / "in" / "target.json"
    for name, leads in (("a", "in/target.json"), ("b", "a"), ("dangling", "in/new.json")):
        (tmp_path / name).symlink_to(leads)
    for name in ("a", "b", "dangling"):
        replaced(str(tmp_path / name), name.encode())
        assert (tmp_path / name).is_symlink()
        assert (tmp_path / name).read_text() == name
    assert target.read_text() == "b"
    assert _names(tmp_path / "in") == ["new.json", "target.json"]


def test_links_that_lead_nowhere_are_told(hess: Hess, tmp_path: Path) -> None:
    (tmp_path / "a.json").symlink_to("b.json")
    (tmp_path / "b.json").symlink_to("a.json")
    result = hess("x**2", "--at", "2", "-o", str(tmp_path / "a.json"))
    assert result.status == 2
    assert "cannot write" in result.stderr


def test_a_long_name_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("é" * 125 + ".json")
    replaced(str(path), b"new")
    assert path.read_bytes() == b"new"


def test_a_pipe_and_standard_output_are_written_directly(
    command: list[str], tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    with subprocess.Popen([*command, "x**2", "--at", "3", "--json", "-o", str(pipe)]) as process:
        assert '"value": 9.0' in pipe.read_text()
        assert process.wait(60) == 0
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    arguments = ["x**2", "--at", "3", "--json", "-o", "/dev/stdout"]
    done = _run([*command, *arguments], stdout=subprocess.PIPE)
    assert '"value": 9.0' in done.stdout
    with (tmp_path / "log").open("w") as log:
        assert _run([*command, *arguments], stdout=log).returncode == 0
        log.write("and more")
    assert (tmp_path / "log").stat().st_nlink == 1
    assert _names(tmp_path) == ["log", "pipe.json"]


def test_a_folder_that_cannot_be_written_to_is_refused(hess_here: Hess, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    tmp_path.chmod(0o500)
    # The superuser may write everywhere but where nobody can.
    target = "/proc/a.json" if os.geteuid() == 0 else str(path)
    result = hess_here("x**2", "--at", "2", "-o", target)
    tmp_path.chmod(0o700)
    assert result.status == 2
    assert "cannot write" in result.stderr
    assert path.read_text() == "old"


@pytest.mark.parametrize("option", ["-o", "--plot"])
def test_a_full_disk_leaves_the_old_file(command: list[str], tmp_path: Path, option: str) -> None:
    path = tmp_path / ("a.json" if option == "-o" else "a.svg")
    path.write_text("old")
    # No file may be longer than this, which is told as a full disk is: while writing.
    few = ["sh", "-c", "trap '' XFSZ; ulimit -f 1; exec \"$@\"", "sh", *command]
    done = _run([*few, "x*y", "--at", "x=rand(20),y=rand(20)", option, str(path)])
    assert done.returncode == (1 if option == "-o" else 2)
    assert "cannot write" in done.stderr
    assert path.read_text() == "old"
    assert _names(tmp_path) == [path.name]


def test_a_stream_that_ends_in_an_error_leaves_the_old_file(hess: Hess, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    assert hess("x**2", "--at", "-", "-o", str(path), stdin="").status == 0
    assert path.read_text() == "old"
    assert hess("x**2", "--at", "-", "-o", str(path), stdin="1\noops\n3").status == 1
    assert path.read_text().count("\n") == 3
    assert _names(tmp_path) == ["a.json"]


def test_lines_without_any_answer_leave_an_old_text_alone(hess: Hess, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    assert hess("x**2", "--at", "-", "-o", str(path), stdin="oops\n").status == 1
    assert path.read_text() == "old"


@pytest.mark.parametrize("suffix", [".tsv", ".csv"])
@pytest.mark.parametrize(
    ("formula", "at", "options"),
    [
        ("x**3 + x*y", "2,4", []),
        ("x**3", "x=[1/3,2]", []),
        ("x**3*sqrt(y)", "1/3,2", ["--exact"]),
        ("x*abs(x) + y**2", "0,1", []),
    ],
)
def test_expect_reads_the_matrix_that_was_written(
    hess: Hess, tmp_path: Path, suffix: str, formula: str, at: str, options: list[str]
) -> None:
    hess(formula, "--at", at, *options, "-o", f"h{suffix}", folder=tmp_path)
    again = hess(formula, "--at", at, "--expect", f"@h{suffix}", "--json", folder=tmp_path)
    assert again.json["expected"]["differences"] == []
    other = hess(f"2*({formula})", "--at", at, "--expect", f"@h{suffix}", folder=tmp_path)
    assert other.status == 1
    assert "expected      differs" in other.stdout


def test_expect_reads_rows_under_names_and_counts_the_digits_typed(
    hess: Hess, tmp_path: Path
) -> None:
    (tmp_path / "h.tsv").write_text("x\ty\n0.67\t1\n1\t0\n")
    result = hess("x**3/3 + x*y", "--at", "1/3,4", "--expect", "@h.tsv", folder=tmp_path)
    assert "rounded to 2 digits" in result.stdout
    (tmp_path / "h.tsv").write_text("1\t2\n3\n")
    result = hess("x**3/3 + x*y", "--at", "1/3,4", "--expect", "@h.tsv", folder=tmp_path)
    assert result.status == 2
    assert "line 2: 1 cell where the first line has 2" in result.stderr


# Not while it is read


def _same_file(result: Any) -> None:
    assert "is being read as well" in result.stderr
    assert "try: another file" in result.stderr


@pytest.mark.parametrize("link", ["", "hard", "soft", "relative"])
@pytest.mark.parametrize("formula", [False, True])
def test_standard_input_is_not_written_to(
    command: list[str], tmp_path: Path, link: str, formula: bool
) -> None:
    path, other = tmp_path / "p.jsonl", tmp_path / "other.jsonl"
    path.write_text("x**2" if formula else '{"x": 2}\n')
    before = path.read_text()
    if link == "hard":
        other.hardlink_to(path)
    if link == "soft":
        other.symlink_to(path)
    written = {"": str(path), "relative": f"{tmp_path}/./p.jsonl"}.get(link, str(other))
    words = ["-", "--at", "2"] if formula else ["x**2", "--at", "-"]
    with path.open() as stdin:
        done = _run([*command, *words, "--json", "-o", written], stdin=stdin)
    assert done.returncode == 2
    _same_file(done)
    assert path.read_text() == before


def test_standard_output_is_not_what_is_read(command: list[str], tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text('{"x": 2}\n')
    with path.open() as stdin, path.open("a") as stdout:
        done = _run([*command, "x**2", "--at", "-", "--json"], stdin=stdin, stdout=stdout)
    assert done.returncode == 2
    _same_file(done)
    assert path.read_text() == '{"x": 2}\n'


@pytest.mark.parametrize(
    "arguments",
    [
        ["x**2", "--at", "x=@a.json", "-o", "a.json"],
        ["x**2", "--at", "@a.json", "-o", "./a.json"],
        ["x**2", "--at", "@a.json", "-o", "hard.json"],
        ["x**2", "--at", "@soft.json", "-o", "hard.json"],
        ["x**2", "--at", '{"x": "@a.json"}', "-o", "soft.json"],
        ["x**2", "--at", "2", "--expect", "@a.json", "-o", "a.json"],
        ["x**2", "--at", "2", "--expect", "@a.npy", "--json", "-o", "a.npy"],
        ["x**2", "--at", "-", "--expect", "@a.json", "-o", "a.json"],
        ["x**2*y", "--at", "y=@a.json", "--at", "-", "-o", "a.json"],
    ],
)
def test_a_file_of_numbers_is_not_written_to(
    hess: Hess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    import numpy as np

    monkeypatch.chdir(tmp_path)
    Path("a.json").write_text("2")
    Path("hard.json").hardlink_to("a.json")
    Path("soft.json").symlink_to("a.json")
    np.save("a.npy", np.array([[2.0]]))
    before = Path("a.npy").read_bytes()
    result = hess(*arguments, stdin="1\n2\n", folder=tmp_path)
    assert (result.status, result.stdout) == (2, "")
    _same_file(result)
    assert Path("a.json").read_text() == "2"
    assert Path("a.npy").read_bytes() == before


def test_a_line_that_reads_what_is_written_has_no_answer(hess: Hess, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("2")
    result = hess("x**2", "--at", "-", "-o", str(path), stdin="1\n@a.json\n", folder=tmp_path)
    assert result.status == 1
    assert '"line": 2, "error": {"code": "same-file"' in path.read_text()


def test_one_file_is_not_written_twice(hess: Hess, tmp_path: Path) -> None:
    path = str(tmp_path / "a.svg")
    result = hess("x**2", "--at", "2", "--json", "-o", path, "--plot", path)
    assert result.status == 2
    assert "both write" in result.stderr


def test_a_terminal_and_the_null_device_may_be_both() -> None:
    require_apart([os.devnull, "/dev/tty"], [os.devnull, "/dev/tty"])


# Standard output


@needs_full
@pytest.mark.parametrize(
    "arguments",
    [
        ["x**2", "--at", "2", "--json"],
        ["x**2", "--json"],
        ["1/x", "--at", "0", "--json"],
        ["x**2", "--at", "-", "--json"],
        ["x*y", "--at", "x=rand(80),y=rand(80)", "--json"],
        ["x**2", "--at", "2", "--json", "-o", "/dev/full"],
        ["--help"],
        ["--schema"],
    ],
)
def test_a_full_output_is_said(command: list[str], arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = _run([*command, *arguments], stdout=full, input="1\n2\n")
    assert done.returncode == 1
    assert done.stderr == "hess: cannot write the answer: no space left on device\n"


@pytest.mark.parametrize(
    "arguments", [["x**2", "--at", "2", "--json"], ["x**2", "--at", "-", "--json"], ["--help"]]
)
def test_the_reader_of_a_pipe_may_go(command: list[str], arguments: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    done = _run([*command, *arguments], stdout=write, input="1\n2\n")
    os.close(write)
    assert (done.stderr, done.returncode) == ("", 141)


@pytest.mark.parametrize("arguments", [["x**2", "--at", "2", "--json"], ["x**2", "--json"]])
def test_a_closed_output_is_said(arguments: list[str]) -> None:
    words = ["sh", "-c", 'exec "$@" >&-', "sh", sys.executable, "-m", "hesscli", *arguments]
    done = _run(words)
    assert done.returncode == 1
    assert done.stderr == "hess: standard output is closed, so nothing can be answered\n"


# Ends that come from outside


@pytest.mark.slow
@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGKILL]
)
def test_a_signal_leaves_the_old_file(
    command: list[str], tmp_path: Path, number: signal.Signals
) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    arguments = ["x**2", "--at", "-", "--json", "-o", str(path)]
    with subprocess.Popen([*command, *arguments], stdin=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        process.stdin.write("1\n")
        process.stdin.flush()
        end = time.monotonic() + 60
        while len(_names(tmp_path)) < 2:  # the first answer is being written
            assert time.monotonic() < end
            time.sleep(0.05)
        process.send_signal(number)
        # What stands for `hess` here may tell it as a shell does.
        assert process.wait(60) in (-number, 128 + number)
    assert path.read_text() == "old"
    if number != signal.SIGKILL:
        assert _names(tmp_path) == ["a.json"]
