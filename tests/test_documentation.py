"""What is written about the program is what it does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from docs import generate
from hesscli.cli.command import declared

from .conftest import needs

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _examples() -> list[Any]:
    found = []
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL):
        for command, output in re.findall(r"\$ (.*)\n((?:(?!\$ ).*\n)*)", block):
            tools = set(re.findall(r"(?:^|\| )(\w+)", command)) - {"hess", "printf"}
            found.append(pytest.param(command, output, id=command, marks=needs(*sorted(tools))))
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("command", "output"), _examples())
def test_readme_example_prints_what_it_says(command: str, output: str) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    process = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PATH": path},
    )  # fmt: skip
    assert process.stderr == ""
    printed, expected = process.stdout.splitlines(), output.splitlines()
    assert len(printed) == len(expected)
    for line, wanted in zip(printed, expected, strict=True):
        # What finite differences give depends on the processor; what is proved does not.
        assert re.sub(r"\S+ ± \S+ +", "± ", line) == re.sub(r"\S+ ± \S+ +", "± ", wanted)


# In place of hess: what a shell has made of its arguments.
STUB = """#!/usr/bin/env python3
import json, sys
print(json.dumps(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    "shell", [pytest.param(name, marks=needs(name)) for name in ("bash", "zsh", "fish")]
)
def test_the_readme_is_quoted_for_every_shell(shell: str, tmp_path: Path) -> None:
    (tmp_path / "hess").write_text(STUB)
    (tmp_path / "hess").chmod(0o755)
    commands = [example.values[0] for example in _examples()]
    commands += [
        line
        for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
        for line in block.splitlines()
        if line.startswith("hess '")
    ]
    assert any("'" in command for command in commands)
    for command in commands:
        assert "!" not in command  # which bash and zsh take for a line of their history
        only_arguments = command.partition(" | tail")[0].partition(" > ")[0]
        found = [
            subprocess.run(
                [each, "-c", only_arguments], capture_output=True, text=True, timeout=60,
                check=True, env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
            ).stdout
            for each in ("sh", shell)
        ]  # fmt: skip
        assert found[0] == found[1] != ""


def test_the_readme_has_every_option() -> None:
    assert len(_examples()) >= 6
    assert generate.tables(README) == README
    for option in declared():
        assert option.names[0] in README


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "command"),
    [("python", sys.executable), pytest.param("bash", "bash", marks=needs("bash", "jq"))],
)
def test_the_readme_keeps_one_process_open(language: str, command: str) -> None:
    programs = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    (program,) = (program for program in programs if "--json" in program)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [command, "-c", program], capture_output=True, text=True, timeout=120, check=True,
        env={**os.environ, "PATH": path},
    )  # fmt: skip
    numbers = [float(n) for n in re.findall(r"[\d.]+", done.stdout)]
    assert numbers == [12, 1, 1, 0, 18, 1, 1, 0]


def test_the_man_page_is_up_to_date() -> None:
    assert (ROOT / "docs" / "hess.1").read_text(encoding="utf-8") == generate.man_page()


@needs("mandoc")
def test_the_man_page_is_valid() -> None:
    checked = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "error", str(ROOT / "docs" / "hess.1")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (checked.stdout, checked.returncode) == ("", 0)
    shown = subprocess.run(
        ["mandoc", "-T", "ascii", str(ROOT / "docs" / "hess.1")],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    words = "".join(re.sub(".\b", "", shown).split())
    for option in declared():
        assert "".join(option.usage.split()) in words


@pytest.mark.slow
def test_the_pictures_show_what_a_terminal_shows() -> None:
    drawn = dict(generate.pictures())
    assert {path.stem for path in (ROOT / "docs").glob("*.svg")} == set(drawn)
    for name, picture in drawn.items():
        assert (ROOT / "docs" / f"{name}.svg").read_text(encoding="utf-8") == picture
        assert f"docs/{name}.svg" in README
        assert "http" not in re.sub(r"http://www.w3.org/\S+|https://www.textualize.io", "", picture)


def test_the_wheel_brings_completions_and_man_page(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for path in (
        "share/bash-completion/completions/hess",
        "share/zsh/site-functions/_hess",
        "share/fish/vendor_completions.d/hess.fish",
        "share/man/man1/hess.1",
    ):
        assert any(name.endswith(f".data/data/{path}") for name in names)
    assert not any("docs" in name or "completions/generate" in name for name in names)
    for shell in ("bash", "zsh", "fish"):
        assert f"hesscli/cli/completions/template.{shell}" in names
