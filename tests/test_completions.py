"""Completions in the real shells: what the first TAB makes of a line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pexpect
import pytest

from completions import generate
from hesscli.cli import completions
from hesscli.cli.command import declared
from hesscli.expression.names import CONSTANTS, TRUTH
from hesscli.language.tokens import KEYWORDS

from .conftest import Hess, needs

SCRIPTS = Path(generate.__file__).parent.resolve()
# A machine under load may take long to start a shell.
PATIENCE = 60
PROMPT = "ready> "
ESCAPES = re.compile(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*\x07|[()].|[=>])")

# Each shell is told to print its prompt, to complete hess, and to show and clear the line typed,
# between << and >>, on Control-X b.
BASH = f"""
PS1={PROMPT!r}
source "{SCRIPTS}/hess.bash"
show() {{ printf '<<%s>>\\n' "$READLINE_LINE"; READLINE_LINE=; }}
bind -x '"\\C-xb": show'
"""
INPUTRC = """
set bell-style none
set enable-bracketed-paste off
set show-all-if-ambiguous on
set completion-query-items 1000
set page-completions off
"""
ZSH = f"""
unsetopt beep prompt_sp zle_bracketed_paste
LISTMAX=1000
PS1={PROMPT!r}
bindkey -e
show() {{ zle -I; print -r -- "<<$BUFFER>>"; BUFFER=; }}
zle -N show
bindkey '^Xb' show
autoload -Uz compinit
"""
ZSH_BY_FPATH = f'{ZSH}\nfpath=("{SCRIPTS}" $fpath)\ncompinit -u\n'
ZSH_SOURCED = f'{ZSH}\ncompinit -u\nsource "{SCRIPTS}/_hess"\n'
FISH = f"""
function fish_prompt; printf {PROMPT!r}; end
source "{SCRIPTS}/hess.fish"
function show
    set -l line (commandline)
    commandline ''
    printf '\\n<<%s>>\\n' "$line"
end
bind \\cxb show
"""


@dataclass(frozen=True)
class Completed:
    """What one TAB did: the line after it, and what was listed below."""

    line: str
    listed: str


class Shell:
    """An interactive shell that knows the completions, in a folder with some files."""

    def __init__(self, name: str, setup: str, folder: Path) -> None:
        files = folder / "files"
        files.mkdir()
        for file in ("afile.txt", "xfile.npy", "yfile.json", "picture.svg"):
            (files / file).touch()
        (files / "sub").mkdir()
        (folder / "inputrc").write_text(INPUTRC, encoding="utf-8")
        rc = folder / ".zshrc"
        rc.write_text(setup, encoding="utf-8")
        arguments = {
            "bash": ["--noprofile", "--rcfile", str(rc), "-i"],
            "zsh": ["-d", "-i"],
            "fish": ["--no-config", "--init-command", setup, "-i"],
        }
        environment = {
            "HOME": str(folder),
            "INPUTRC": str(folder / "inputrc"),
            "LC_ALL": "C.UTF-8",
            "PATH": os.environ["PATH"],
            # fish lists nothing on a terminal that cannot move the cursor.
            "TERM": "xterm" if name == "fish" else "dumb",
            "ZDOTDIR": str(folder),
        }
        self._process = pexpect.spawn(
            name,
            arguments[name],
            env=environment,
            cwd=str(files),
            encoding="utf-8",
            dimensions=(60, 200),
            timeout=PATIENCE,
        )
        self._process.delaybeforesend = None
        self._process.expect_exact(PROMPT)

    def tab(self, line: str, back: int = 0) -> Completed:
        """Type a line, go back by some characters, and press TAB once."""
        self._process.send(line + "\x02" * back + "\t\x18b")
        self._process.expect(r"<<([^\r\n]*)>>\r?\n")
        completed = Completed(
            self._process.match.group(1), ESCAPES.sub("", self._process.before).replace("\r", "")
        )
        # With a new prompt, the terminal is surely ready for keys again.
        self._process.send("\r")
        self._process.expect_exact(PROMPT)
        return completed

    def close(self) -> None:
        """End the shell."""
        self._process.close(force=True)


SETUPS = {"bash": BASH, "zsh": ZSH_BY_FPATH, "fish": FISH}


SHELLS = {name: pytest.param(name, marks=needs(name)) for name in SETUPS}


@pytest.fixture(scope="module", params=SHELLS.values())
def shell(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shell]:
    """Each shell in turn."""
    shell = Shell(request.param, SETUPS[request.param], tmp_path_factory.mktemp(request.param))
    yield shell
    shell.close()


# What is completed


@pytest.mark.parametrize(
    ("typed", "added"),
    [
        # Options, each once, and their values.
        ('hess "x*y" --js', "on "),
        ("hess --js", "on "),
        ('hess "x*y" --at 1,2 --json --js', ""),
        ('hess "x*y" -- --js', ""),
        ('hess "x*y" --format j', "son "),
        ('hess "x*y" --format=j', "son "),
        ('hess "x*y" --device cu', "da "),
        # Functions. A bracket needs quotation marks, which stay open.
        ('hess "x**2 + sinh', "("),
        ("hess 'x**2 + lambert", "w("),
        ('hess --json "2softp', "lus("),
        ('hess "-x + softp', "lus("),
        ("hess -softp", "lus"),
        ("hess -- -softp", "lus"),
        ("hess x**2+softp", "lus"),
        ('hess "x2softp', ""),
        ('hess "softp"', ""),
        ('hess "sum(X, ax', "is="),
        ('hess "X@softm', "ax("),
        # Variables: those of the formula that have no value yet.
        ('hess "x.T@alpha" --at x=2,a', "lpha="),
        ('hess "sum(x, axis=0)" --at ', "x="),
        ('hess "x.shape[0]*x@x" --at ', "x="),
        ('hess "alpha*y" --at a', "lpha="),
        ('hess "x*y" --at x=2,', "y="),
        ('hess "x*y" --at "x=[1,2], ', "y="),
        ('hess "x*y" --at=x=2,', "y="),
        ('hess "x*y" --at 2,', ""),
        ("hess --json -x*y --at x=2,", "y="),
        ('hess "2e3*sin(pi*beta)" --at ', "beta="),
        ('hess "θ²" --at ', "θ="),
        ('hess "x*y" --wrt x,', "y "),
        ('hess "x*y" --wrt=x,', "y "),
        # Values, not files; and behind @ files with numbers.
        ('hess "x*y" --at x=a', "range"),
        ('hess "x*y" --at "x=li', "nspace("),
        ('hess "x*y" --at x=@x', "file.npy "),
        ('hess "x*y" --at=x=2,y=@y', "file.json "),
        ('hess "x*y" --at "x=2,y=@su', "b/"),
        ('hess "x*y" --at x=@a', ""),
        ('hess "x*y" --expect @y', "file.json "),
        # Other files.
        ('hess "x*y" -o a', "file.txt "),
        ('hess "x*y" --output=a', "file.txt "),
        ('hess "x*y" --plot p', "icture.svg "),
        ('hess "x*y" --plot a', ""),
    ],
)
def test_tab_completes(shell: Shell, typed: str, added: str) -> None:
    assert shell.tab(typed).line == typed + added


@pytest.mark.parametrize(
    ("typed", "texts"),
    [
        ("hess --f", ["--format", "--full", "--functions"]),
        ('hess "x*y" --format ', ["terminal", "plain", "json", "csv", "latex"]),
        ('hess "x + sin', ["sin", "sinc", "sinh"]),
        ('hess "x*y" --at ', ["x", "y"]),
        ('hess "x*y" --at x=', ["randn", "zeros", "linspace"]),
        ('hess "x*y" --at x=@', ["xfile.npy", "yfile.json", "sub/"]),
        ('hess "x*y" --wrt ', ["x", "y"]),
    ],
)
def test_tab_lists(shell: Shell, typed: str, texts: list[str]) -> None:
    completed = shell.tab(typed)
    assert completed.line == typed
    assert set(texts) <= set(re.findall(r"[\w./-]+", completed.listed))
    assert "afile.txt" not in completed.listed


@needs("zsh")
@pytest.mark.parametrize("setup", [ZSH_BY_FPATH, ZSH_SOURCED], ids=["fpath", "sourced"])
def test_the_very_first_tab_in_zsh_completes(setup: str, tmp_path: Path) -> None:
    shell = Shell("zsh", setup, tmp_path)
    assert shell.tab('hess "x**2 + sinh').line == 'hess "x**2 + sinh('
    shell.close()


# fish knows no more of the line than what stands before the cursor.
@pytest.mark.parametrize("shell", [SHELLS["bash"], SHELLS["zsh"]], indirect=True)
def test_the_formula_may_stand_behind_the_cursor(shell: Shell) -> None:
    completed = shell.tab('hess --at x=2, --json "x*y"', back=len(' --json "x*y"'))
    assert completed.line == 'hess --at x=2,y= --json "x*y"'


@pytest.mark.parametrize("shell", [SHELLS["zsh"], SHELLS["fish"]], indirect=True)
def test_options_and_functions_are_explained(shell: Shell) -> None:
    assert "Every number of a large answer" in shell.tab("hess --f").listed
    assert "hyperbolic sine" in shell.tab('hess "sin').listed


# What the scripts are made of


def test_the_scripts_are_what_the_generator_makes() -> None:
    for name, shell in generate.FILES.items():
        stored = (SCRIPTS / name).read_text(encoding="utf-8")
        assert stored == completions.script(shell), "run `python completions/generate.py`"


@pytest.mark.parametrize(("name", "shell"), generate.FILES.items())
def test_the_command_prints_the_scripts(hess: Hess, name: str, shell: str) -> None:
    printed = hess("--completion", shell)
    assert printed.stdout == (SCRIPTS / name).read_text(encoding="utf-8")
    assert (printed.stderr, printed.status) == ("", 0)


def test_a_shell_that_is_not_known_is_refused_with_those_that_are(hess: Hess) -> None:
    refused = hess("--completion", "tcsh")
    assert refused.status == 2
    assert all(shell in refused.stderr for shell in generate.FILES.values())


def test_making_the_scripts_needs_neither_torch_nor_sympy() -> None:
    modules = "import sys, hesscli.cli.completions; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", modules],
        capture_output=True, text=True, check=True, timeout=120, cwd=SCRIPTS.parent,
    )  # fmt: skip
    assert not {"torch", "sympy"} & set(run.stdout.split())


def test_names_that_are_no_variables_are_known() -> None:
    known = {*CONSTANTS, *TRUTH, *KEYWORDS}
    of_tensors = {"None", "axis", "dim", "keepdims"}
    assert set(completions.NOT_VARIABLES) == known | of_tensors | {"π"}


@pytest.mark.parametrize("call", [call for call, _ in completions.GENERATORS])
def test_what_is_offered_as_a_value_is_one(hess: Hess, call: str) -> None:
    assert hess("x*1", "--at", f"x={call}", "--json").status == 0


def test_every_option_that_takes_a_value_is_thought_of() -> None:
    numbers = {"N", "SECONDS"}
    for option in declared():
        if option.metavar is not None:
            assert option.metavar in {*completions.BY_METAVAR, *numbers}, option.names
