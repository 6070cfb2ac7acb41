"""The completions of bash, zsh and fish, from the command's own options and functions.

Each shell has a template beside this file, where ``@NAME@`` is filled in. The scripts are static:
no shell starts Python to complete a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from textwrap import indent

from hesscli.cli.command import declared
from hesscli.cli.help import Option
from hesscli.functions.table import FUNCTIONS
from hesscli.language.tokens import KEYWORDS
from hesscli.render.formats import PICTURES

HERE = Path(__file__).parent
# What is filled in, by the name of its place.
Parts = dict[str, Sequence[str]]
MADE = "Made by `hess --completion`, from hesscli/cli/completions: change that, not this file."

# Names in a formula that get no value.
NOT_VARIABLES = (
    *("pi", "π", "e", "E", "I", "oo", "True", "False", "None", "axis", "dim", "keepdims"),
    *KEYWORDS,
)
# The starts of values, each as a call with its meaning.
GENERATORS = (
    ("randn(2,2)", "normal random numbers"),
    ("rand(3)", "random numbers between 0 and 1"),
    ("zeros(2,2)", "zeros"),
    ("ones(3)", "ones"),
    ("eye(3)", "the identity matrix"),
    ("arange(4)", "0, 1, 2, 3"),
    ("linspace(0,1,5)", "5 numbers from 0 to 1"),
)
# What completes the value of an option, by its metavar. Numbers are left to the user.
BY_METAVAR = {
    "POINT": ("point",),
    "NAMES": ("names",),
    "RANGES": (),  # nobody can guess bounds
    "MATRIX": ("matrix",),
    "LIST": ("matrix",),
    "FILE": ("files",),
    "DEVICE": ("words", "cpu", "cuda"),
}


def script(shell: str) -> str:
    """The completion script of ``bash``, ``zsh`` or ``fish``."""
    return _filled(f"template.{shell}", _common() | _PARTS[shell]())


def _common() -> Parts:
    every = declared()
    return {
        "MADE": [MADE],
        "NAMES": [name for option in every for name in option.names],
        "VALUED": [name for option in every if _takes_value(option) for name in option.names],
        "NOT_VARIABLES": NOT_VARIABLES,
    }


def _bash() -> Parts:
    return {
        "OPTIONS": [_quoted(" ".join(option.names)) for option in declared()],
        "VALUES": [f"{'|'.join(o.names)}) _hess_{' '.join(c)} ;;" for o, c in _completed()],
        "FUNCTIONS": [_quoted(call) for call, _ in _calls()],
        "GENERATORS": [_quoted(call) for call, _ in GENERATORS],
    }


def _zsh() -> Parts:
    return {
        "OPTIONS": [f"{_zsh_option(option)} \\" for option in declared()],
        "FUNCTIONS": [_zsh_call(*call) for call in _calls()],
        "GENERATORS": [_zsh_call(*call) for call in GENERATORS],
    }


def _fish() -> Parts:
    return {
        "OPTIONS": _fish_list([(" ".join(o.names), _short(o)) for o in declared()]),
        "VALUES": [f"case {' '.join(o.names)}; __hess_{' '.join(c)}" for o, c in _completed()],
        "FUNCTIONS": _fish_list(_calls()),
        "GENERATORS": _fish_list(GENERATORS),
    }


_PARTS: dict[str, Callable[[], Parts]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}


def _calls() -> list[tuple[str, str]]:
    """Every call that a formula may have, with its meaning."""
    return [
        (name + function.signature.removeprefix(function.name), function.meaning)
        for function in FUNCTIONS
        for name in (function.name, *function.aliases)
    ]


def _completed() -> list[tuple[Option, tuple[str, ...]]]:
    """The options whose values can be completed, and with what."""
    valued = [option for option in declared() if _takes_value(option)]
    return [(option, words) for option in valued if (words := _completer(option))]


def _takes_value(option: Option) -> bool:
    return bool(option.choices or option.metavar)


def _completer(option: Option) -> tuple[str, ...]:
    """What completes the value of an option, and with which words or suffixes."""
    if option.choices:
        return "words", *option.choices
    if "--plot" in option.names:
        return "files", *(suffix.removeprefix(".") for suffix in PICTURES)
    return BY_METAVAR.get(option.metavar or "", ())


def _filled(template: str, parts: Parts) -> str:
    """A template with its parts: one a line where the placeholder has a line for itself."""
    text = (HERE / template).read_text(encoding="utf-8")
    text = re.sub(
        "^( *)@([A-Z_]+)@$",
        lambda match: indent("\n".join(parts[match[2]]), match[1]),
        text,
        flags=re.MULTILINE,
    )
    return re.sub("@([A-Z_]+)@", lambda match: " ".join(parts[match[1]]), text)


def _short(option: Option) -> str:
    """The first sentence of the help."""
    return re.split(r"\.(?: |$)", option.help)[0]


def _quoted(text: str) -> str:
    """A text as one word of bash or zsh."""
    return "'" + text.replace("'", r"'\''") + "'"


def _zsh_call(call: str, meaning: str) -> str:
    return _quoted(f"{call.partition('(')[0]}:{meaning}")


def _zsh_option(option: Option) -> str:
    """The option as ``_arguments`` takes it; a point may be given again."""
    escaped = re.sub(r"([][\\])", r"\\\1", _short(option))
    explanation = f"[{escaped}]"
    names = option.names
    if _takes_value(option):
        explanation += f":{names[0].removeprefix('--')}:{_zsh_action(option)}"
        names = tuple(name + "=" if name.startswith("--") else name for name in names)
    if len(names) == 1:
        repeated = "*" if option.metavar == "POINT" else ""
        return _quoted(repeated + names[0] + explanation)
    return f"'({' '.join(option.names)})'{{{','.join(names)}}}{_quoted(explanation)}"


def _zsh_action(option: Option) -> str:
    """What ``_arguments`` does to complete the value of an option."""
    match _completer(option):
        case "words", *words:
            return f"({' '.join(words)})"
        case ("files",):
            return "_files"
        case "files", *suffixes:
            return f'_path_files -g "*.({"|".join(suffixes)})(-.) *(-/)"'
        case (kind,):
            return f"_hess_{kind}"
    return " "


def _fish_list(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Rows of a text and its description, to continue a command of fish."""
    lines = [f"{_fish_quoted(text)}\\t{_fish_quoted(meaning)}" for text, meaning in rows]
    return [f"{line} \\" for line in lines[:-1]] + lines[-1:]


def _fish_quoted(text: str) -> str:
    return "'" + re.sub(r"(['\\])", r"\\\1", text) + "'"
