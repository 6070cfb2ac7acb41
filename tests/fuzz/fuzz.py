"""A search for command lines that break a promise of ``hess``, to be run by hand.

    python tests/fuzz/fuzz.py --seconds 600

This is no test: pytest does not collect it. Hypothesis makes formulas, points and options out of
the function table, ``dictionary.txt``, ``points.txt`` and the texts of ``tests/cases``; a child
process runs them, with limits on its time and memory, and is started again when one takes it down.
What crashed, hung, printed a traceback, called itself internal or broke the form of an answer or of
an error is shrunk, and printed as a command line; each such failure is reported once.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import resource
import select
import shlex
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import strategies as st

HERE = Path(__file__).resolve().parent
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
NAMES = ("x", "y", "z", "θ", "x2")
OPTIONS = [
    "--wrt x", "--wrt y", "--wrt y,x", "--check", "--exact", "--digits 30", "--dtype float32",
    "--expect 0", "--expect [[2,1],[1,2]]", "--expect [[1,nan],[0,1]]", "--verify always",
    "--verify never", "--full", "--json", "--json", "--format latex", "--format csv",
    "--plot picture.svg", "-o answer.json",
]  # fmt: skip


def _lines(name: str) -> list[str]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line.split(" => ")[0] for line in lines if line and not line.startswith("#")]


def formulas() -> st.SearchStrategy[str]:
    """Formulas, or almost."""
    from hesscli.functions.table import BY_NAME

    words = [*_lines("dictionary.txt"), *(f"{name}(" for name in BY_NAME)]
    numbers = ("0", "1", "2", "3", "10", "-1", "1/2", "½", "0.1", "pi", "e", "1e-9", "1e200", "I")
    leaves = st.sampled_from(("x", "x", "x", "x", "y", "y", *NAMES, *numbers))

    def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        def call(function: Any) -> st.SearchStrategy[str]:
            least, most = function.arity
            parts = st.lists(inner, min_size=least, max_size=least + 2 if most is None else most)
            return parts.map(lambda args: f"{function.name}({', '.join(args)})")

        def filled(*patterns: str) -> st.SearchStrategy[str]:
            return st.builds(str.format, st.sampled_from(patterns), inner, inner, inner)

        return st.one_of(
            st.sampled_from(list(BY_NAME.values())).flatmap(call),
            filled("{}+{}", "{} - {}", "{}*{}", "({})/({})", "({})**{}", "({})^2", "{}{}", "2({})"),
            filled("-{}", "({})²", "√{}", "({})!", "({})⁻¹", "({})(x-1)", "{} if {} > {} else x"),
            filled("where({} < {}, {}, y)", "Piecewise(({}, {} >= 0), ({}, True))", "{} == {}"),
        )

    grown = st.recursive(leaves, larger, max_leaves=8)
    texts = st.sampled_from([*_lines("../cases/formulas.txt"), *_lines("../cases/refused.txt")])
    word = st.one_of(st.sampled_from(words), st.sampled_from(words), st.characters())
    cut = st.builds(lambda text, k: text[: k % (len(text) + 1)], texts | grown, st.integers(0, 99))
    broken = st.builds("{}{}{}".format, cut, word, st.one_of(texts, grown, word))
    return st.one_of(*[grown] * 6, texts, broken, st.lists(word, max_size=6).map("".join))


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    """The words of a command line."""
    formula = draw(formulas())
    number = st.sampled_from(("0", "1", "2", "-1", "1/3", "½", "0.5", "1e-9", "1e300", "sqrt(2)"))
    tensor = st.sampled_from(("[1,2]", "randn(2)", "eye(2)", "[[0,1],[2,3]]", "@a.npy", "@b.json"))
    value = st.one_of(*[number] * 4, tensor)
    named = st.builds("{}={}".format, st.sampled_from(NAMES), st.one_of(value, formulas()))
    several = st.lists(st.one_of(value, named), min_size=1, max_size=4).map(",".join)
    names = [name for name in NAMES if re.search(rf"\b{name}\b", formula)]
    fitting = st.tuples(*(value.map(f"{name}={{}}".format) for name in names)).map(",".join)
    point = st.one_of(
        *[fitting if names else several] * 6, several, st.sampled_from(_lines("points.txt"))
    )
    points = draw(st.lists(point, min_size=draw(st.sampled_from((0, 1, 1, 1))), max_size=2))
    options = draw(st.lists(st.sampled_from(OPTIONS), max_size=2, unique=True))
    at = [word for point in points for word in ("--at", point)]
    return [*" ".join(options).split(), *at, "--", formula]


def broken(words: list[str], answer: dict[str, Any]) -> str | None:
    """The promise that an answer breaks, in the same words for like failures."""
    status, stdout, stderr = answer["status"], answer["stdout"], answer["stderr"]
    if "raised" in answer:
        return str(answer["raised"])
    if status not in (0, 1, 2) or "Traceback" in stdout + stderr:
        return f"status {status}, or a traceback"
    if fault := re.search(
        r"hess failed here, which is its fault: [^`0-9\"\n]{,60}", stdout + stderr
    ):
        return fault.group()
    if CONTROL.search(stdout.replace("\x1b", "") + stderr):
        return "a control character"
    if status == 2 and not stderr.startswith("hess: "):
        return "an error that does not begin with `hess: `"
    if len(stderr) > 1_500 or (not stdout and not stderr and "-o" not in words):
        return "too much is said, or nothing"
    for line in stdout.splitlines() if "--json" in words else ():
        # NaN, which is not JSON, is a string where a number is wanted.
        violation = next(_validator().iter_errors(json.loads(line, parse_constant=str)), None)
        if violation is not None:
            return f"not as in the schema: {violation.message[-60:]}"
    return answer["reread"] and str(answer["reread"])


@cache
def _validator() -> Any:
    import jsonschema

    import hesscli

    schema = Path(hesscli.__path__[0], "render", "schema.json").read_text(encoding="utf-8")
    return jsonschema.Draft202012Validator(json.loads(schema))


def _reread(text: str) -> str | None:
    """What is wrong with how a formula is written back, in both of its notations."""
    from hesscli.errors import HessError
    from hesscli.expression.reader import read_formula

    try:
        formula = read_formula(text)
    except HessError:
        return None
    for name, shown in (("text", formula.text), ("pretty", formula.pretty)):
        try:
            again = read_formula(shown)
        except HessError as error:
            return f"its {name} is refused: {error.code}"
        if (again.text, again.variables) != (formula.text, formula.variables):
            return f"its {name} reads as another formula"
    return None


def serve(memory: int) -> None:
    """Run the command lines that come in, one as JSON a line, and write down what came of each."""
    import numpy as np
    import torch

    from hesscli.cli.output import Streams
    from hesscli.cli.run import run

    resource.setrlimit(resource.RLIMIT_DATA, (memory << 20, memory << 20))
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever prints on the way
    torch.set_num_threads(1)
    np.save("a.npy", np.array([[1.0, 2.0], [3.0, 4.0]]))
    Path("b.json").write_text('[0.5, "1/3"]', encoding="utf-8")
    for line in sys.stdin:
        words = json.loads(line)
        stdout, stderr = io.StringIO(), io.StringIO()
        answer: dict[str, Any] = {"status": 0, "reread": None}
        try:
            streams = Streams(io.StringIO(), stdout, stderr)
            answer["status"] = int(run(["--timeout", "3", *words], streams))
            answer["reread"] = _reread(words[-1])
        except (Exception, SystemExit) as error:
            *_, place = traceback.extract_tb(error.__traceback__)
            answer["raised"] = f"{type(error).__name__} in {place.name}"
        answer |= {"stdout": stdout.getvalue(), "stderr": stderr.getvalue()}
        print(json.dumps(answer), file=answers, flush=True)


class Child:
    """The process that runs command lines; another one after each that it does not survive."""

    def __init__(self, folder: str, seconds: float, memory: int) -> None:
        self.folder, self.seconds, self.memory = folder, seconds, memory
        self.process: subprocess.Popen[str] | None = None

    def failure(self, words: list[str]) -> str | None:
        """What a command line breaks."""
        if self.process is None:
            command = [sys.executable, __file__, "--serve", f"--memory={self.memory}"]
            path = os.pathsep.join(filter(None, map(os.path.abspath, sys.path)))
            self.process = subprocess.Popen(
                command, cwd=self.folder, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, env=os.environ | {"PYTHONPATH": path},
            )  # fmt: skip
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        ready, *_ = select.select([self.process.stdout], [], [], self.seconds)
        line = self.process.stdout.readline() if ready else ""
        if line:
            return broken(words, json.loads(line))
        self.process.kill()
        status, self.process = self.process.wait(), None
        return f"the process died: {status}" if ready else f"more than {self.seconds:g} s"


def search(child: Child, seconds: float) -> Iterator[tuple[str, list[str]]]:
    """The failures that are found until the time is up, each with the shortest words for it."""
    end = time.monotonic() + seconds
    shortest: dict[str, list[str]] = {}
    known: set[str] = set()
    tried = 0

    @settings(
        max_examples=1_000, deadline=None, database=None, phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck), verbosity=Verbosity.quiet,
    )  # fmt: skip
    @given(command_lines())
    def attempt(words: list[str]) -> None:
        nonlocal tried
        if time.monotonic() > end:
            raise KeyboardInterrupt
        tried += 1
        what = child.failure(words)
        if what is not None and what not in known:
            shortest[what] = min(shortest.get(what, words), words, key=lambda w: len(" ".join(w)))
            raise AssertionError(what)

    while True:
        try:
            attempt()
        except KeyboardInterrupt:
            break
        except Exception:  # one of Hypothesis's own, where a failure does not come again
            yield from ((what, shortest[what]) for what in shortest if what not in known)
            known.update(shortest)
    print(f"{tried:,} command lines, {len(known)} kinds of failures")


def main() -> None:
    """Search, and print what is found as it is found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=600, help="how long to search")
    parser.add_argument("--limit", type=float, default=30, help="seconds for a command line")
    parser.add_argument("--memory", type=int, default=4_000, help="MiB for the child")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # of the length of what Hypothesis would print
    if options.serve:
        serve(options.memory)
        return
    with tempfile.TemporaryDirectory() as folder:
        child = Child(folder, options.limit, options.memory)
        for what, words in search(child, options.seconds):
            print(f"- {what}\n    hess {shlex.join(words)[:500]}", flush=True)


if __name__ == "__main__":
    main()
