"""Random formulas at random points, compared with an evaluator that shares nothing with hess.

    python -m tests.benchmarks.random_proofs [--count N] [--first I] [--seed N] [--show N]

Formula number i of a seed is the same whatever the count is. The table tells how many answers say
that they are proved and which are wrong; the status is 1 if a number that is said to be proved is
not the right one.
"""

from __future__ import annotations

import argparse
import functools
import json
import random
import shlex
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mpmath import mp

import hesscli
from hesscli.cli.run import RECURSION_LIMIT
from tests.independent import Doubt, Truth, existence
from tests.independent.existence import Key

SECONDS = 20  # that one side may take
PROVED = mp.mpf("1e-13")  # relative
UNPROVED = mp.mpf("1e-6")
LEAST, LARGEST = mp.mpf(2) ** -1022, mp.mpf(2) ** 1024  # of normal doubles

# fmt: off
SMOOTH = [
    "exp", "sin", "cos", "tanh", "atan", "asinh", "sigmoid", "softplus", "erf", "sinh", "cosh",
    "logcosh", "expm1", "sinc", "erfc",
]
DOMAIN = [
    "sqrt", "log", "tan", "asin", "acos", "atanh", "acosh", "cbrt", "log1p", "sec", "csc", "cot",
    "coth", "csch", "sech", "gamma", "loggamma",
]
# fmt: on
KINKS = ["abs", "relu", "sign", "floor", "ceil", "Heaviside"]


class Writer:
    """Draws formulas and points."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)
        self.names = ("x", "y", "z")[: self.random.choice((1, 1, 1, 2, 2, 2, 3))]
        self.kinked = self.random.random() < 0.6

    def formula(self) -> str:
        """A formula that has every variable."""
        while True:
            text = self._expression(self.random.choice((1, 2, 2, 3, 3, 4)))
            missing = [name for name in self.names if not _has(text, name)]
            text = "+".join([text, *(self._expression_of(name) for name in missing)])
            if len(text) < 300:
                return text

    def _expression_of(self, name: str) -> str:
        return self.random.choice((f"{name}**2", f"{name}*x", f"3*{name}", f"sin({name})"))

    def _expression(self, depth: int) -> str:
        if depth <= 0:
            return self._leaf()
        draw = self.random.random()
        if self.kinked and draw < 0.3:
            return self._piecewise(depth)
        if draw < 0.6:
            operator = self.random.choice("++--**/")
            a, b = self._expression(depth - 1), self._expression(depth - 1)
            return f"({a}){operator}({b})"
        if draw < 0.72:
            return f"({self._expression(depth - 1)})**{self._exponent()}"
        functions = SMOOTH * 2 + DOMAIN
        name = self.random.choice(functions)
        if draw > 0.97:
            a, b = self._expression(depth - 1), self._expression(depth - 1)
            return f"{self.random.choice(('hypot', 'logaddexp', 'atan2'))}({a},{b})"
        return f"{name}({self._expression(depth - 1)})"

    def _piecewise(self, depth: int) -> str:
        kind = self.random.random()
        a, b = self._expression(depth - 1), self._expression(depth - 1)
        if kind < 0.45:
            return f"{self.random.choice(KINKS)}({a})"
        if kind < 0.7:
            return f"{self.random.choice(('max', 'min'))}({a},{b})"
        left, right = self._expression(depth - 2), self._leaf()
        sign = self.random.choice(("<", "<=", ">", ">=", "==", "!="))
        return f"where({left}{sign}{right},{a},{b})"

    def _exponent(self) -> str:
        return self.random.choice(
            ("2", "2", "3", "4", "-1", "-2", "(1/2)", "(1/3)", "1.5", "2.5", "(-1/2)")
        )

    def _leaf(self) -> str:
        draw = self.random.random()
        if draw < 0.72:
            return self.random.choice(self.names)
        if draw < 0.9:
            return str(self.random.randint(0, 5))
        return self.random.choice(("0.5", "1.5", "0.1", "2.25", "1e-3", "1e6", "pi"))

    def point(self) -> dict[str, str]:
        """A value for each variable, of one kind or of several."""
        kinds = (self._small, self._half, self._decimal, self._power, self._double, self._text)
        kind = self.random.choice((*kinds, self._small))
        mixed = self.random.random() < 0.3
        return {name: (self.random.choice(kinds) if mixed else kind)() for name in self.names}

    def _small(self) -> str:
        return str(self.random.randint(-2, 2))

    def _half(self) -> str:
        return f"{self.random.randint(-5, 5)}/2"

    def _decimal(self) -> str:
        return f"{self.random.randint(-300, 300) / 100}"

    def _power(self) -> str:
        largest = 150 if self.random.random() < 0.2 else 12
        sign = self.random.choice(("", "-"))
        return f"{sign}1e{self.random.randint(-largest, largest)}"

    def _double(self) -> str:
        return repr(self.random.gauss(0, 2))

    def _text(self) -> str:
        return self.random.choice(("1/3", "-2/7", "sqrt(2)", "pi/4", "-pi", "pi/2", "1/sqrt(3)"))


def _has(text: str, name: str) -> bool:
    words = "".join(c if c.isalnum() else " " for c in text).split()
    return name in words


@dataclass(frozen=True)
class Case:
    """A formula at a point."""

    text: str
    point: Mapping[str, str]

    @property
    def command(self) -> str:
        """What a user would type."""
        at = ",".join(f"{name}={value}" for name, value in self.point.items())
        return f"hess {shlex.quote(self.text)} --at {shlex.quote(at)}"


def drawn(seed: int, number: int) -> Case:
    """Case ``number`` of a seed."""
    writer = Writer(f"{seed} {number}")
    return Case(writer.formula(), writer.point())


@contextmanager
def limited() -> Iterator[None]:
    """Raise TimeoutError after some seconds of processor time."""

    def stop(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@functools.cache
def imported() -> None:
    """Have hess import all that it needs: an interrupted import leaves ruins."""
    hesscli.formula("x**3").at(x=2)


def asked(case: Case) -> dict[str, Any]:
    """hess's answer as its JSON, or ``{"error": code}``."""
    imported()
    try:
        with limited():
            answer: dict[str, Any] = json.loads(
                hesscli.formula(case.text, wrt=[*case.point]).at(**case.point).to_json()
            )
            return answer
    except hesscli.HessError as error:
        return {"error": error.code}
    except TimeoutError:
        return {"error": "timeout"}


def told(case: Case) -> Truth | None:
    """What the independent evaluator finds; None where it cannot tell."""
    try:
        with limited():
            return existence(case.text, case.point)
    except (Doubt, TimeoutError, ValueError, OverflowError, ZeroDivisionError, MemoryError):
        return None


def grounds(answer: Mapping[str, Any]) -> str:
    """On what the numbers of an answer rest: "proof", "sample", "limit", "none" or "error"."""
    if "error" in answer:
        return "error"
    verified = answer["verified"] or {"digits": None}
    by = verified.get("by", "proof" if verified["digits"] is not None else None)
    return by or "none"


def _number(answer: Mapping[str, Any], key: Key) -> float | None:
    match key:
        case ():
            return answer["value"]  # type: ignore[no-any-return]
        case (i,):
            return answer["gradient"][i]  # type: ignore[no-any-return]
    i, j = key
    return answer["hessian"][i][j]  # type: ignore[no-any-return]


def _path(key: Key) -> str:
    return (
        "value"
        if not key
        else ("gradient", "hessian")[len(key) - 1] + "".join(f"[{i}]" for i in key)
    )


def faults(answer: Mapping[str, Any], truth: Truth) -> set[str]:
    """What is wrong in an answer."""
    if "error" in answer:
        exists = any(e.number is not None for e in truth.entries.values() if not e.structural)
        known = answer["error"] not in ("timeout", "usage")
        return {"false refusal"} if exists and known and not truth.lenient else set()
    return {
        *(_fault(answer, truth, key) for key in truth.entries),
        *_signs(answer, truth),
    } - {""}


def _fault(answer: Mapping[str, Any], truth: Truth, key: Key) -> str:
    given, entry = _number(answer, key), truth.entries[key]
    if given is None:
        return "false refusal" if _must_be_given(truth, key) else ""
    right = truth.here if key == () and entry.number is None else entry.number
    if right is None:
        if entry.structural and given == 0:
            return ""
        inside = entry.inside is not None and abs(entry.inside - given) < UNPROVED
        return "kept at the edge of a domain" if inside else "false acceptance"
    proved = grounds(answer) == "proof"
    below = ((answer["verified"] or {}).get("below") or {}).get(_path(key), 0.0)
    tolerance = (PROVED if proved else UNPROVED) * abs(right) + 3 * entry.error + LEAST + below
    if abs(mp.mpf(given) - right) <= tolerance:
        return ""
    return "wrong, proved" if proved else "wrong, not proved"


def _must_be_given(truth: Truth, key: Key) -> bool:
    """Whether an entry is a double, and what it rests on is."""
    parts = [(), *((i,) for i in key), key]
    numbers = [truth.entries[part].number for part in parts]
    finite = all(number is not None and abs(number) < LARGEST for number in numbers)
    return finite and not truth.entries[key].structural and not truth.lenient


def _signs(answer: Mapping[str, Any], truth: Truth) -> set[str]:
    """What is wrong about the signs of the eigenvalues, where they are said to be proved."""
    if not answer.get("definiteness_proved") or not truth.smooth:
        return set()
    n = len(answer["gradient"])
    rows = [[truth.entries[min(i, j), max(i, j)].number for j in range(n)] for i in range(n)]
    with mp.workdps(100):
        values = mp.eigsy(mp.matrix(rows), eigvals_only=True)
        noise = mp.mpf(10) ** -60 * max(1, *map(abs, values))
        right = [sum(v > noise for v in values), sum(v < -noise for v in values)]
    inertia = answer["inertia"]
    given = [inertia["positive"], inertia["negative"]]
    # A sign may be proved of what is lost in this noise.
    proved = all(a >= b for a, b in zip(given, right, strict=True))
    return set() if proved else {"wrong signs, proved"}


BAD = ("wrong, proved", "wrong signs, proved")


def survey(cases: Sequence[Case], show: int) -> bool:
    """Print the table; whether no proved number is wrong."""
    counts: Counter[str] = Counter()
    offenders: dict[str, list[str]] = defaultdict(list)
    seconds = {"hess": 0.0, "independent": 0.0}
    for case in cases:
        start = time.perf_counter()
        answer = asked(case)
        middle = time.perf_counter()
        truth = told(case)
        seconds["hess"] += middle - start
        seconds["independent"] += time.perf_counter() - middle
        for name in _counted(answer, truth):
            counts[name] += 1
            if name in ("error: timeout", "error: internal"):
                offenders[name].append(case.command)
        for fault in [] if truth is None else faults(answer, truth):
            counts[fault] += 1
            offenders[fault].append(case.command)
    for name, count in sorted(counts.items()):
        print(f"{name:<40} {count:>7}  {100 * count / len(cases):6.2f} %")
    print(*(f"{name}: {s:.1f} s" for name, s in seconds.items()), sep="   ")
    for fault, commands in sorted(offenders.items()):
        print(f"\n{fault}:", *commands[:show], sep="\n  ")
    return not any(counts[name] for name in BAD)


def _counted(answer: Mapping[str, Any], truth: Truth | None) -> list[str]:
    names = ["all", f"by {grounds(answer)}"]
    if "error" in answer:
        names.append(f"error: {answer['error']}")
    elif any(None in row for row in answer["hessian"]):
        names.append("with an entry refused")
    elif grounds(answer) == "none":
        names.append("numbers without verification")
    if truth is None:
        names.append("independent: cannot tell")
    elif truth.entries[()].number is None:
        names.append("independent: no value")
    elif all(e.number is not None and abs(e.number) < LARGEST for e in truth.entries.values()):
        names += ["answerable", f"answerable, by {grounds(answer)}"]
    return names


def main() -> int:
    """Parse the options and survey."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="the case of this number alone, with its numbers")
    parser.add_argument("--show", type=int, default=10, help="offenders of each kind")
    options = parser.parse_args()
    sys.setrecursionlimit(RECURSION_LIMIT)
    if options.only is not None:
        case = drawn(options.seed, options.only)
        print(case.command, asked(case), told(case), sep="\n")
        return int(not survey([case], 1))
    numbers = range(options.first, options.first + options.count)
    return int(not survey([drawn(options.seed, i) for i in numbers], options.show))


if __name__ == "__main__":
    sys.exit(main())
