"""The words of a command line → a formula and its points, half-way to a careless user.

A shell splits a formula without quotes into words, and people put the point where it reads well:
``hess x^2 3``, ``hess "x^2" at 3``, ``--at 2 4``. What has one sensible reading is read so, and the
command that it was read as is told; for anything else, the error shows what to type.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from hesscli.errors import HessError, did_you_mean, shortened, usage
from hesscli.language.definition import parse_definition
from hesscli.language.tokens import NAME, SIGNED_NUMBER
from hesscli.render.formats import FORMATS

_VALUE = re.compile(
    rf"(?:{SIGNED_NUMBER}(?:,{SIGNED_NUMBER})*|\[.*|{NAME}=.+|=.*),?|,.*", re.DOTALL
)
_AT = ("at", "for", "where", "when", "with")
# What word processors make of the minus signs of an option.
_DASHES = "-\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class Understood:
    """The formula, if there is one, and the values of ``--at``; ``changed`` says that they are
    not those that the words say by themselves.
    """

    formula: str | None
    at: tuple[str, ...]
    changed: bool

    def command(self, options: Sequence[str]) -> str:
        """The command to type for this."""
        points = [word for point in self.at for word in ("--at", point)]
        return " ".join(map(quoted, ("hess", self.formula or "", *points, *options)))


def understand(
    before: Sequence[str], at: Sequence[Sequence[str]], options: Collection[str] = ()
) -> Understood:
    """What the words that are no options say; ``before`` are those that follow no ``--at``,
    and ``at`` the value of each with the words that follow it up to the next option. A word that
    looks like one of the ``options`` is not taken for a part of the formula.

    Raises :class:`HessError` where that is nothing, or more than one thing.
    """
    points = []
    words = list(before)
    changed = False
    spare = len(words) + sum(len(each) - 1 for each in at)
    for each in at:
        parts, rest = [each[0]], list(each[1:])
        # The last word left is the formula, whatever it looks like.
        while rest and spare > 1 and (_continues(parts[-1]) or _is_value(rest)):
            parts.append(rest.pop(0))
            spare -= 1
        changed |= len(parts) > 1
        points.append(_joined(parts))
        words += rest
    if options:
        _refuse_letters(words, options)
        _refuse_bare(words, options)
    if not words:
        return Understood(None, tuple(points), changed)
    if not points:
        words, after = _split_at(words)
        if after:
            return Understood(_formula(words), (_joined(after),), True)
        if _are_values(words[1:]):
            return _with_values(words)
    return Understood(_formula(words), tuple(points), changed or len(words) > 1)


def _is_value(words: Sequence[str]) -> bool:
    """Whether words begin with a value, or with a name that is given one."""
    return bool(_VALUE.fullmatch(words[0]) or (words[1:] and words[1].startswith("=")))


def _continues(part: str) -> bool:
    """Whether something must follow."""
    return part.rstrip().endswith((",", "=", "(", "["))


def _joined(parts: Sequence[str]) -> str:
    """Parts of a point with the commas that are missing between them."""
    text = ""
    for part in parts:
        glued = not text or _continues(text) or part.startswith((",", "=", ")", "]"))
        text += part if glued else f",{part}"
    return text


def _split_at(words: list[str]) -> tuple[list[str], list[str]]:
    """The words before and after ``at``, which may also stand within the one word there is."""
    if len(words) == 1:
        pattern = rf"((?<!\s)\s++(?:{'|'.join(_AT)})\s+|$)"
        formula, found, point = re.split(pattern, words[0], maxsplit=1, flags=re.I)
        return ([formula], [point]) if found and not _parses(words[0]) else (words, [])
    for k, word in enumerate(words[1:-1], start=1):
        if word.lower() in _AT:
            return words[:k], words[k + 1 :]
    return words, []


def _are_values(words: Sequence[str]) -> bool:
    return bool(words) and all(
        _is_value(words[k:]) or _continues(words[k - 1]) for k in range(len(words))
    )


def _with_values(words: list[str]) -> Understood:
    """A formula and values after it: ``x^2 3``, but not ``x^2 -3``, which may be a difference."""
    reading = Understood(words[0], (_joined(words[1:]),), True)
    if not _parses(words[0]):
        return Understood(_formula(words), (), True)
    if _parses(" ".join(words)):
        other = Understood(" ".join(words), (), True)
        hint = f"{reading.command([])}, or {other.command([])}"
        raise usage(f"`{' '.join(words)}` can be read in two ways", hint)
    return reading


def _formula(words: Sequence[str]) -> str:
    """The formula that the shell has split. Raises :class:`HessError` where it is none."""
    text = " ".join(words)
    try:
        if len(words) > 1:
            parse_definition(text)
    except HessError:
        names = [shortened(word) for word in words if _exists(word)]
        if not names:
            raise
        raise usage(
            f"the shell has put names of files in place of a `*`, such as `{names[0]}`",
            'quotes around the formula: hess "2*x"',
        ) from None
    return text


def _parses(text: str) -> bool:
    try:
        parse_definition(text)
    except HessError:
        return False
    return True


def refuse_options(words: Sequence[str], known: Collection[str]) -> None:
    """Refuse words that are formulas to a parser, but are meant as options."""
    for word in words:
        if word in known:
            raise usage(f"`{word}` stands after `--`", "options before `--`")
        inside = re.search(rf"(?<=\s)[{_DASHES}]{{1,2}}([a-z]+)(?=[\s=]|$)", word)
        if inside and f"--{inside[1]}" in known:
            rest = word[inside.end() :].strip(" =")
            command = f"hess {quoted(word[: inside.start()].strip())} --{inside[1]} {rest}"
            raise usage(f"the option `--{inside[1]}` stands inside the formula", command.strip())
        dashed = re.fullmatch(rf"[{_DASHES}]+([a-z]+)(=.*)?", word)
        if not dashed:
            continue
        option, several = f"--{dashed[1]}", len(words) > 1
        guessed = option in known or (several and len(dashed[1]) > 2)
        if guessed and (hint := did_you_mean(option, known)):
            if not several and word.isascii():
                hint = f"`{option}` for the option, `-- {word}` for the formula"
            raise usage(f"`{word}` is almost an option", hint)


def _refuse_letters(words: Sequence[str], known: Collection[str]) -> None:
    """Refuse ``-e`` beside a whole formula: an option that there is not, or a part of it."""
    for k, word in enumerate(words):
        option = _LETTERS.fullmatch(word)
        if not option or len(words) == 1:
            continue
        before, whole = " ".join(words[:k]), " ".join(words)
        # Of `hess x^2 3 -v`, only the first word is the formula.
        formula = before if _whole(before) or _whole(whole) or not k else words[0]
        if not _whole(formula or " ".join(words[1:])):
            continue
        hint = _options_like(option[1], words[k + 1 :], known) or _HELP
        if _whole(whole):
            hint += f", {Understood(whole, (), True).command([])} for a formula of both"
        raise usage(f"there is no option `{shortened(word)}`", hint)


def _refuse_bare(words: Sequence[str], known: Collection[str]) -> None:
    """Refuse ``json`` behind a whole formula, which would be a factor of it."""
    for k, word in enumerate(words[1:], start=1):
        option = f"--{word}" if f"--{word}" in known else f"--format {word}"
        if len(word) < 3 or not (option in known or word in FORMATS):
            continue
        before, whole = words[:k], " ".join(words)
        values = _are_values(before[1:]) and _whole(before[0])
        if values or _whole(" ".join(before)):
            hint = f"`{option}` for the option"
            if _whole(whole):
                hint += f", {Understood(whole, (), True).command([])} for a formula of both"
            raise usage(f"`{word}` is almost an option", hint)


def are_names(word: str) -> bool:
    """Whether a word is more of the names of ``--wrt``."""
    return bool(_NAMES.fullmatch(word)) and word.lower() not in _AT


_NAMES = re.compile(rf",?{NAME}(?:,{NAME})*,?")
_HELP = "`hess --help` for the options"
# Options as other programs call them.
_OTHERWISE = {
    **dict.fromkeys(("point", "points", "value", "values", "subs", "eval"), "`--at`"),
    **dict.fromkeys(("var", "vars", "variable", "variables"), "`--wrt`"),
    **dict.fromkeys(("out", "file"), "`--output`"),
    "precision": "`--digits`",
    "type": "`--dtype`",
}


def instead_of(word: str, after: Sequence[str], known: Collection[str]) -> str:
    """What to type for ``--word``, which is no option; ``after`` are the words behind it."""
    name, _, value = word.removeprefix("--").partition("=")
    if name in FORMATS:
        return f"`--format {name}`"
    if name in _OTHERWISE:
        return _OTHERWISE[name]
    value = value or (after[0] if after else "")
    if meant := _options_like(name, after, known):
        return meant
    is_variable = re.fullmatch(NAME, name) and re.fullmatch(SIGNED_NUMBER, value)
    return f"`--at {name}={value}`" if is_variable else _HELP


# A word that is an option elsewhere: -e, -v, -json, -f=json.
_LETTERS = re.compile(rf"[{_DASHES}]([^\W\d_]\w*)(?:=.*)?", re.DOTALL)


def _whole(text: str) -> bool:
    """Whether this is a formula, or stands for one."""
    return text.strip() == "-" or (bool(text.strip()) and _parses(text))


def _options_like(letters: str, after: Sequence[str], known: Collection[str]) -> str | None:
    """The options that ``letters`` may stand for, as what to type."""
    long = [name for name in known if name.startswith("--")]
    meant = [name for name in long if name.startswith(f"--{letters.lower()}")]
    if meant:
        value = f" {shortened(after[0])}" if after and "--format" in meant else ""
        meant = [f"--format{value}"] if value else meant
        return " or ".join(f"`{name}`" for name in meant)
    return did_you_mean(f"--{letters}", long)


def _exists(path: str) -> bool:
    """Whether there is such a file; a formula may be longer than the name of one can be."""
    return os.path.exists(path)  # noqa: PTH110 (Path raises OSError)


def doubtful(formula: str) -> str | None:
    """What to tell about a formula that is perhaps not what was typed, or not meant as one."""
    if formula in ("help", "version"):
        return f"`{formula}` is read as a variable; the option is `--{formula}`"
    if formula.isidentifier() and _exists(formula):
        return (
            f"`{formula}` is also the name of a file here; if the shell put it in place of a `*`, "
            "put the formula in quotes"
        )
    return None


def quoted(word: str) -> str:
    """A word as it is typed in a shell, in double quotes where these will do."""
    typed = shlex.quote(word)
    return typed if typed == word or re.search(r'[$`"\\!]', word) else f'"{word}"'
