"""The command as a shell sees it: options, streams, exit statuses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from hesscli import __version__
from hesscli.cli.command import declared

from .conftest import SLOW, SLOW_AT, Hess, line_by_line

COMMAND = [sys.executable, "-m", "hesscli"]


def _process(*argv: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *argv], capture_output=True, text=True, timeout=120, check=False, **options
    )


# Words that start with a minus


@pytest.mark.parametrize(
    ("formula", "at", "matrix"),
    [
        ("-x**2", "-2", [[-2]]),
        ("-(x+y)**2", "1,2", [[-2, -2], [-2, -2]]),
        ("-h*2", "1", [[0]]),
        ("-v**2", "1", [[-2]]),
        ("-json**2", "1", [[-2]]),
        ("-rate", "1", [[0]]),
    ],
)
def test_a_formula_may_start_with_a_minus(
    hess: Hess, formula: str, at: str, matrix: list[list[float]]
) -> None:
    for arguments in (
        [formula, "--at", at, "--json"],
        ["--json", "--at", at, formula],
        ["--json", f"--at={at}", "--", formula],
    ):
        assert hess(*arguments).json["hessian"] == matrix


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["x", "--jsn"], "--json"),
        (["x", "--at", "1", "--expcet", "2"], "--expect"),
        (["x", "--at"], "needs a value"),
        (["x", "--at", "1", "--dtype", "float16"], "float64"),
        (["x", "--seed", "-1"], "--seed"),
        (["x", "--seed", "a"], "--seed"),
        (["x", "-json"], "did you mean `--json`"),
        (["-json"], "`--json` for the option"),
        (["--", "-x**2", "--at", "2"], "options before `--`"),
        (["x", "--at", "2", "--json=yes"], "--json"),
        (["x", "--timeout", "nan"], "--timeout"),
        (["--json"], "no formula"),
        (["--at", "2"], "no formula"),
    ],
)
def test_a_mistyped_request_is_refused_with_a_suggestion(
    hess: Hess, arguments: list[str], words: str
) -> None:
    result = hess(*arguments)
    assert result.status == 2
    assert result.stdout == ""
    assert result.stderr.startswith("hess: ")
    assert words in result.stderr
    assert "try: " in result.stderr


def test_hess_alone_shows_examples_first(hess: Hess) -> None:
    result = hess()
    assert result.status == 2
    assert len(result.stderr.splitlines()) <= 10
    assert result.stderr.splitlines()[0].lstrip().startswith('hess "x**3 + 4*x - 10" --at 2')
    assert max(map(len, result.stderr.splitlines())) <= 80


@pytest.mark.parametrize("width", [30, 40, 80, 140])
def test_help_fits_its_width_and_cuts_nothing(width: int) -> None:
    text = _process("--help", env={**os.environ, "COLUMNS": str(width)}).stdout
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    words = "".join(text.split())
    for option in declared():
        assert "".join(option.usage.split()) in words
        assert "".join(option.explanation.split()) in words


def test_version_and_help() -> None:
    assert _process("--version").stdout == f"hess {__version__}\n"
    result = _process("--help")
    assert result.returncode == 0
    for option in ("--at", "--wrt", "--json", "--seed", "--dtype", "--device", "--schema"):
        assert option in result.stdout
    assert _process("-h").stdout == result.stdout


# Standard input


def test_formula_from_standard_input(hess: Hess) -> None:
    assert hess("-", "--at", "2", "--json", stdin="x**3\n").json["hessian"] == [[12.0]]
    assert hess("-", "--json", stdin="x**3\n").json["hessian"] == [["6*x"]]
    assert hess("-", "--at", "2", stdin="").status == 2
    assert hess("-", "--at", "-", stdin="x").status == 2


def test_a_stream_answers_each_line_in_order(hess: Hess) -> None:
    stdin = '2,4\nx=3,y=5\n{"x":1,"y":1}\noops\n\n2,4'
    result = hess("x**3+x*y", "--at", "-", "--json", stdin=stdin)
    assert result.status == 1
    objects = result.objects
    assert len(objects) == 6
    assert [o["hessian"][0][0] for o in objects[:3]] == [12.0, 18.0, 6.0]
    assert [o["line"] for o in objects[3:5]] == [4, 5]
    assert objects[3]["error"]["code"] == "bad-value"
    assert objects[5]["hessian"][0][0] == 12.0


@pytest.mark.slow
def test_a_line_that_fails_while_it_is_computed_says_its_number(hess: Hess) -> None:
    text = SLOW
    # Long enough for the other lines, even where the first one waits for torch on a busy machine.
    result = hess(
        text,
        "--at",
        "-",
        "--json",
        "--timeout",
        "10",
        stdin=f"1,1,1,1,1,1\n{SLOW_AT}\n1,1/2,1,1,1,1\n",
    )
    assert result.status == 1
    assert [o.get("line") for o in result.objects] == [None, 2, None]
    assert result.objects[1]["error"]["code"] == "timeout"


def test_a_line_of_nonsense_leaves_the_others(hess: Hess) -> None:
    result = hess("x**2", "--at", "-", "--json", stdin="1\n⅟\n@\0.json\nx=1/2\x0by=1/2\n2\n")
    assert [o.get("line") for o in result.objects] == [None, 2, 3, 4, None]
    assert all(o["error"]["code"] != "internal" for o in result.objects[1:4])


def test_no_message_sends_control_characters_to_a_terminal(hess: Hess) -> None:
    for arguments in (["x", "--at", "@\x1b[31mx"], ["x", "--wrt", "y\x0cx"], ["\x1b[2Jx"]):
        result = hess(*arguments)
        assert result.status == 2
        assert not any(c < " " and c != "\n" for c in result.stderr)


def test_messages_stay_short(hess: Hess) -> None:
    for text in ("f" * 2000 + "(x)", "x " + "y" * 2000, "2" * 2000 + "x/3y"):
        result = hess(text)
        assert len(result.stderr) < 1_000


def test_a_stream_without_json_says_which_line(hess: Hess) -> None:
    result = hess("x**2", "--at", "-", "--full", stdin="1\noops\n2\n")
    assert result.status == 1
    assert result.stdout.count("Hessian\n") == 2
    assert "hess: line 2: " in result.stderr


def test_a_stream_may_hold_values_and_name_constants(hess: Hess) -> None:
    objects = hess("x**2*y", "--at", "y=3", "--at", "-", "--json", stdin="1\nx=2\n").objects
    assert [o["hessian"][0][0] for o in objects] == [6.0, 6.0]
    objects = hess("E*x**2", "--at", "-", "--json", stdin="1\nE=3,x=1\n").objects
    assert [len(o["variables"]) for o in objects] == [1, 2]
    assert hess("x*y", "--at", "1,2", "--at", "-", stdin="1,2\n").status == 2
    assert hess("x*y", "--at", "z=2", "--at", "-", stdin="1,2\n").status == 2


@pytest.mark.slow
def test_a_stream_is_answered_while_it_is_open() -> None:
    answers = line_by_line([*COMMAND, "x**2", "--at", "-", "--json"], ["1", "2", "3"])
    assert [answer["point"] for answer in answers] == [{"x": 1.0}, {"x": 2.0}, {"x": 3.0}]


@pytest.mark.slow
def test_bytes_that_are_no_text_spoil_one_line_only() -> None:
    result = subprocess.run(
        [*COMMAND, "x**2", "--at", "-", "--json"],
        input=b"1\n\xff\xfe\n\x00\n2\n", capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    objects = [json.loads(line) for line in result.stdout.splitlines()]
    assert ["error" in o for o in objects] == [False, True, True, False]
    assert result.returncode == 1
    assert result.stderr == b""


# Ends


@pytest.mark.slow
def test_a_closed_pipe_is_quiet() -> None:
    read, write = os.pipe()
    os.close(read)
    process = subprocess.run(
        [*COMMAND, "x*y", "--at", "1,2"],
        stdout=write, stderr=subprocess.PIPE, timeout=120, check=False,
    )  # fmt: skip
    os.close(write)
    assert process.stderr == b""
    assert process.returncode == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_said_and_not_hidden() -> None:
    with Path("/dev/full").open("w") as full:
        process = subprocess.run(
            [*COMMAND, "x*y", "--json"],
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=120, check=False,
        )  # fmt: skip
    assert process.returncode == 1
    assert process.stderr.startswith("hess: cannot write the answer")


@pytest.mark.slow
def test_an_interrupt_ends_by_the_signal() -> None:
    with subprocess.Popen(
        [*COMMAND, "x*y", "--at", "-", "--json"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write("1,2\n")
        process.stdin.flush()
        process.stdout.readline()
        time.sleep(0.2)
        # Some people press it more than once.
        for _ in range(5):
            process.send_signal(signal.SIGINT)
            time.sleep(0.02)
        assert process.wait(timeout=60) == -signal.SIGINT  # 130 to a shell
        assert process.stderr.read() == ""


@pytest.mark.slow
def test_the_time_limit_holds_whatever_signals_the_parent_has_blocked() -> None:
    program = (
        "import os, signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM}); "
        "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    )
    slow = [SLOW, "--at", SLOW_AT, "--timeout", "1"]
    process = subprocess.run(
        [sys.executable, "-c", program, *COMMAND[1:], *slow],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert process.returncode == 1
    assert "takes longer than 1 s" in process.stderr + process.stdout


def test_a_folder_that_has_been_deleted_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    program = "import os, sys; os.rmdir(os.getcwd()); os.execv(sys.argv[1], sys.argv[1:])"
    process = subprocess.run(
        [sys.executable, "-c", program, *COMMAND, "x*y", "--at", "1,2"],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert process.returncode == 1
    assert process.stdout == ""
    assert process.stderr.startswith("hess: the folder that hess was started in has been deleted")


def test_closed_standard_streams_do_no_harm() -> None:
    for closed, status in (("<&-", 0), (">&-", 1), ("2>&-", 0)):
        process = subprocess.run(
            ["sh", "-c", f'exec "$@" {closed}', "sh", *COMMAND, "x**2"],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert process.returncode == status
        assert "Traceback" not in process.stderr


@pytest.mark.slow
def test_a_stream_that_holds_no_unicode_is_served() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    process = _process("4x²·é", "--at", "2,1", env=environment)
    assert process.returncode == 0
    assert process.stdout.isascii()
    assert "4*x**2*" in process.stdout


# What is imported


def _modules(*argv: str) -> set[str]:
    """The packages that a run has imported when it ends."""
    code = (
        "import sys; from hesscli.cli.run import run; run(sys.argv[1:]);"
        "heavy = {'torch', 'sympy', 'numpy', 'flint', 'pydantic'};"
        "print('|'.join(heavy & sys.modules.keys()), file=sys.stderr)"
    )
    process = subprocess.run(
        [sys.executable, "-c", code, *argv], capture_output=True, text=True, timeout=120, check=True
    )
    return set(filter(None, process.stderr.splitlines()[-1].split("|")))


@pytest.mark.parametrize(
    "argv",
    [
        ["--help"],
        ["--version"],
        ["--functions"],
        ["--schema"],
        [],
        ["x", "--jsn"],
        ["x", ")"],
        ["x", "--timeout", "nan"],
    ],
)
def test_help_and_usage_errors_load_nothing_heavy(argv: list[str]) -> None:
    assert _modules(*argv) == set()


def test_a_symbolic_answer_does_not_load_torch() -> None:
    # SymPy loads FLINT by itself.
    assert _modules("x**3 + x*y") - {"flint"} == {"sympy"}
    assert "torch" not in _modules("x**3 + x*y", "--json")


def test_a_refused_request_does_not_load_torch() -> None:
    for argv in (["x**3 + *"], ["x*y", "--at", "1"], ["x**2", "--at", "randn(3000,3000)"]):
        assert "torch" not in _modules(*argv)
