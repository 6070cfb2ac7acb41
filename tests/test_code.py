"""Code that is taken out: it is run, and compared with SymPy's own derivatives to 40 digits."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import runpy
import subprocess
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy

from hesscli.code.targets import TARGETS
from hesscli.expression.names import natural_key

from .conftest import Hess, needs
from .corpora import lines

CASES = lines("code.jsonl")
DIGITS = 40
# 15 significant digits: no formula in the file has entries whose terms cancel.
TOLERANCE = 5e-15
STRICT = ["cc", "-std=c99", "-Wall", "-Wextra", "-Werror"]


def _parameter(target: str) -> Any:
    """A target as a parameter, skipped where what runs it is not installed."""
    if target == "c":
        return pytest.param(target, marks=needs("cc"))
    missing = target == "jax" and importlib.util.find_spec("jax") is None
    return pytest.param(target, marks=pytest.mark.skipif(missing, reason="needs jax"))


EVERY = [_parameter(target) for target in TARGETS]

# SymPy's own expressions of functions that it has by another name, or not at all.
EXPRESSIONS: dict[str, Any] = {
    "e": sympy.E,
    "expm1": lambda x: sympy.exp(x) - 1,
    "log2": lambda x: sympy.log(x, 2),
    "log10": lambda x: sympy.log(x, 10),
    "log1p": lambda x: sympy.log(1 + x),
    "sigmoid": lambda x: 1 / (1 + sympy.exp(-x)),
    "softplus": lambda x: sympy.log(1 + sympy.exp(x)),
    "logcosh": lambda x: sympy.log(sympy.cosh(x)),
    "logsumexp": lambda *terms: sympy.log(sympy.Add(*map(sympy.exp, terms))),
    "cbrt": lambda x: sympy.sign(x) * sympy.Abs(x) ** sympy.Rational(1, 3),
    "hypot": lambda x, y: sympy.sqrt(x**2 + y**2),
    "sinc": lambda x: sympy.sin(x) / x,
    "pow": lambda x, y: x**y,
    "abs": sympy.Abs,
    "relu": lambda x: sympy.Max(x, 0),
    "max": sympy.Max,
    "min": sympy.Min,
    "where": lambda c, a, b: sympy.Piecewise((a, c), (b, True), evaluate=False),
    "erfcinv": lambda x: sympy.erfinv(1 - x),
    "trigamma": lambda x: sympy.polygamma(1, x),
    "gammainc": lambda a, x: sympy.lowergamma(a, x) / sympy.gamma(a),
    "gammaincc": lambda a, x: sympy.uppergamma(a, x) / sympy.gamma(a),
    "spherical_jn": sympy.jn,
    "binomial": lambda n, k: sympy.ff(n, k) / sympy.factorial(k),
}


@cache
def exact(text: str, at: str) -> list[Any]:
    """Value, gradient and Hessian, row-major, by SymPy's derivatives and mpmath's numbers."""
    values = dict(part.split("=") for part in at.split(","))
    symbols = {name: sympy.Symbol(name, real=True) for name in values}
    point = {symbols[name]: sympy.Rational(value) for name, value in values.items()}
    expression = sympy.sympify(text, locals={**EXPRESSIONS, **symbols}, rational=True)
    slopes = [sympy.diff(expression, s) for s in symbols.values()]
    entries = [sympy.diff(slope, s) for slope in slopes for s in symbols.values()]
    return [sympy.N(entry.subs(point).doit(), DIGITS) for entry in (expression, *slopes, *entries)]


def expected(case: dict[str, Any]) -> list[Any]:
    """The numbers of a formula, which may be told in scalars that SymPy can read."""
    if "scalars" in case:
        return exact(case["scalars"], case["scalars_at"])
    parts = sorted(case["at"].split(","), key=lambda part: natural_key(part.partition("=")[0]))
    return exact(case["formula"], ",".join(parts))


def differing(case: dict[str, Any], found: list[Any]) -> list[str]:
    """Where the numbers that code has printed are not those of SymPy."""
    wanted = expected(case)
    assert len(found) == len(wanted)
    return [
        f"{case['formula']} entry {k}: {number!r} is not {right}"
        for k, (number, right) in enumerate(zip(found, wanted, strict=True))
        if not abs(number - right) <= TOLERANCE * max(abs(right), 1e-300 if right else 1e-16)
    ]


def printed(text: str) -> list[Any]:
    """The numbers that the code prints: a value, a list and a list of lists."""
    value, gradient, hessian = text.splitlines()
    every = f"[{value}, {gradient[1:-1]}, {hessian.replace('[', '').replace(']', '')}]"
    return [sympy.N(entry, DIGITS) for entry in sympy.sympify(every)]


def run_python(path: Path) -> list[Any]:
    """What a module prints that is run by its name."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.simplefilter("error")
        runpy.run_path(str(path), run_name="__main__")
    return printed(out.getvalue())


def write(hess: Hess, target: str, case: dict[str, Any]) -> str:
    """The code for a formula at its point."""
    result = hess(case["formula"], "--at", case["at"], "--code", target)
    assert (result.status, result.stderr) == (0, ""), case
    return result.stdout


def run_c(hess: Hess, cases: list[dict[str, Any]], folder: Path) -> list[list[float]]:
    """What programs print, all of them in one: each file has its own names."""
    calls = []
    for k, case in enumerate(cases):
        own = f"#define main main_{k}\n#define derivatives derivatives_{k}\n"
        (folder / f"case_{k}.c").write_text(own + write(hess, "c", case), encoding="utf-8")
        calls.append(f"int main_{k}(void);")
    body = "\n".join(f'    main_{k}(); puts("");' for k in range(len(cases)))
    main = "\n".join(
        ["#include <stdio.h>", *calls, "int main(void)\n{", body, "    return 0;\n}\n"]
    )
    (folder / "all.c").write_text(main, encoding="utf-8")
    files = sorted(path.name for path in folder.glob("*.c"))
    subprocess.run([*STRICT, "-o", "all", *files, "-lm"], cwd=folder, check=True)
    output = subprocess.run([folder / "all"], capture_output=True, text=True, check=True).stdout
    return [[float(n) for n in part.split()] for part in output.strip().split("\n\n")]


@pytest.mark.parametrize("target", TARGETS)
def test_there_are_a_hundred_formulas_for_each_target(target: str) -> None:
    assert sum(target not in case.get("lacks", ()) for case in CASES) >= 100


@pytest.mark.parametrize("target", EVERY)
def test_code_gives_the_numbers_of_its_formula(hess: Hess, target: str, tmp_path: Path) -> None:
    cases = [case for case in CASES if target not in case.get("lacks", ())]
    found: list[list[Any]] = run_c(hess, cases, tmp_path) if target == "c" else []
    for k, case in enumerate(cases if target != "c" else ()):
        path = tmp_path / f"case_{k}.py"
        path.write_text(write(hess, target, case), encoding="utf-8")
        found.append(run_python(path))
    every = zip(cases, found, strict=True)
    assert [line for case, numbers in every for line in differing(case, numbers)] == []


def test_what_a_target_lacks_is_named_and_never_written(hess: Hess) -> None:
    lacking = [(case["formula"], name) for case in CASES for name in case.get("lacks", ())]
    assert len(lacking) > 30
    for formula, target in lacking:
        result = hess(formula, "--code", target)
        assert (result.stdout, result.status) == ("", 2)
        assert "has no function for `" in result.stderr
        assert "try: `--code numpy`" in result.stderr


@pytest.mark.parametrize(
    ("formula", "target", "named", "hint"),
    [
        ("gamma(x)", "c", "C99 has no function for `polygamma(0, …)`", "`--code numpy`"),
        ("polylog(3, x)", "numpy", "SciPy has no function for `polylog(3, …)`", "`--code sympy`"),
        ("zeta(x)", "sympy", "SymPy has no function for `zetaderivative(1, …)`", "`--at`"),
        ("besselj(1/2, x)", "c", "`besselj(1/2, …)`", "`--code numpy`"),
    ],
)
def test_an_error_tells_another_target_if_there_is_one(
    hess: Hess, formula: str, target: str, named: str, hint: str
) -> None:
    result = hess(formula, "--code", target)
    assert result.status == 2
    assert named in result.stderr
    assert f"try: {hint}" in result.stderr


@needs("cc")
def test_c_compiles_as_it_is_and_runs(hess: Hess, tmp_path: Path) -> None:
    path = tmp_path / "hessian.c"
    assert hess("x**2*y", "--at", "1,2", "--code", "c", "-o", str(path)).stdout == ""
    subprocess.run([*STRICT, "-o", "run", "hessian.c", "-lm"], cwd=tmp_path, check=True)
    printed = subprocess.run([tmp_path / "run"], capture_output=True, text=True, check=True).stdout
    assert printed == "2\n4 1\n4 2\n2 0\n"


@needs("cc")
def test_c_without_a_point_is_a_function_alone(hess: Hess, tmp_path: Path) -> None:
    """Also of variables that are not in it, or all of whose derivatives are numbers."""
    for k, formula in enumerate(("x**2*y", "f(x, y) = y**2", "x - y", "f(x) = 3*pi")):
        code = hess(formula, "--code", "c").stdout
        assert "main" not in code
        (tmp_path / f"{k}.c").write_text(code, encoding="utf-8")
        subprocess.run([*STRICT, "-c", f"{k}.c"], cwd=tmp_path, check=True)


@pytest.mark.parametrize("target", [name for name in TARGETS if name != "c"])
def test_python_without_a_point_is_a_module(hess: Hess, target: str, tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    result = hess("x**3 + lambda*y", "--wrt", "x,y", "--code", target, "-o", str(path))
    assert result.status == 0
    text = path.read_text(encoding="utf-8")
    compile(text, path, "exec")
    assert "The variables, in this order: x, y." in text
    assert "Held constant: lambda." in text
    assert "lambda is written lambda_." in text
    assert ("__main__" in text) is (target == "sympy")
    assert max(map(len, text.splitlines())) <= 88


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="needs jax")
def test_jax_compiles_what_is_written(hess: Hess, tmp_path: Path) -> None:
    import jax

    path = tmp_path / "module.py"
    hess("where(x > 0, sqrt(x), x**2)*y + max(x, y)", "--code", "jax", "-o", str(path))
    derivatives = runpy.run_path(str(path))["derivatives"]
    for point in ((-2.0, 3.0), (4.0, 0.5)):
        plain, compiled = derivatives(*point), jax.jit(derivatives)(*point)
        for a, b in zip(plain, compiled, strict=True):
            assert np.allclose(a, b, rtol=1e-15, atol=0)


def test_a_branch_that_is_not_taken_harms_nothing(hess: Hess, tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    hess("where(x > 0, y/x + log(x), y**3)", "--code", "numpy", "-o", str(path))
    derivatives = runpy.run_path(str(path))["derivatives"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value, gradient, hessian = derivatives(0, 2)
    assert (value, gradient.tolist(), hessian.tolist()) == (8, [0, 12], [[0, 0], [0, 12]])


def test_comments_tell_where_code_does_not_hold(hess: Hess) -> None:
    text = hess("abs(x) + sqrt(y)", "--code", "numpy").stdout
    assert "    Holds where sqrt(y) is real.\n    Holds except where abs(x) has a kink.\n" in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--json"], "`--json` is about an answer"),
        (["--format", "csv"], "`--format csv` is about an answer"),
        (["--exact"], "`--exact` is about an answer"),
        (["--digits", "20"], "`--digits` is about an answer"),
        (["--check"], "`--check` is about an answer"),
        (["--expect", "[[2]]"], "`--expect` is about an answer"),
        (["--dtype", "float32"], "`--dtype float32` is about an answer"),
        (["--at", "2", "--at", "3"], "at one point, and here are 2"),
        (["--at", "-"], "at one point, not at a stream"),
        (["--at", "x=ones(101)"], "101 rows"),
    ],
)
def test_what_makes_no_sense_is_refused(hess: Hess, options: list[str], message: str) -> None:
    result = hess("x**2", "--code", "c", *options, stdin="2\n")
    assert (result.stdout, result.status) == ("", 2)
    assert message in result.stderr


def test_a_formula_over_tensors_needs_their_shapes(hess: Hess) -> None:
    result = hess("norm(x)", "--code", "numpy")
    assert (result.stdout, result.status) == ("", 2)
    assert 'only a point tells\n  try: --at "x=[1,2]"' in result.stderr
