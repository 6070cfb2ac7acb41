"""The program's way in: what a Python program is promised."""

from __future__ import annotations

import io
import json
import pickle
import re
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy
import torch
from rich.console import Console

import hesscli

from .conftest import Hess

README = Path(__file__).parent.parent / "README.md"


def _python(program: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    ).stdout


def test_the_import_is_light() -> None:
    heavy = ("torch", "sympy", "numpy", "rich", "typer")
    program = f"import hesscli, sys; print([m for m in {heavy} if m in sys.modules])"
    assert _python(program) == "[]\n"


@pytest.mark.slow
def test_the_readme_s_lines_run() -> None:
    (program,) = re.findall(r"```python\n(import hesscli\n.*?)```", README.read_text(), re.DOTALL)
    assert sum(bool(line) for line in program.splitlines()) == 9
    expected = re.findall(r"# (.*)", program)
    assert _python(program).splitlines() == expected


def test_an_answer_has_all_that_the_command_says(hess: Hess) -> None:
    answer = hesscli.formula("x**3 + x*y").at(x=2, y=4)
    assert answer.value == 16
    assert answer.gradient.tolist() == [16, 2]
    assert answer.hessian.tolist() == [[12, 1], [1, 0]]
    np.testing.assert_allclose(answer.eigenvalues, [6 - 37**0.5, 6 + 37**0.5], rtol=1e-14)
    assert answer.inertia == (1, 0, 1, 0)
    assert answer.definiteness == "indefinite"
    assert answer.definiteness_proved is True
    assert answer.stationary is False
    assert answer.stationary_point is None
    assert answer.blocks["x"]["y"] == 1
    assert answer.point == {"x": 2.0, "y": 4.0}
    assert answer.verified == (15, "proof", None, None, None)
    assert answer.below == {}
    assert not answer.undefined
    assert not answer.notes
    command = ("x**3 + x*y", "--at", "x=2,y=4")
    assert str(answer) + "\n" == hess(*command).stdout
    assert json.loads(answer.to_json()) == hess(*command, "--json").json


@pytest.mark.parametrize(
    ("text", "at", "verify", "by", "proved"),
    [
        ("exp(-exp(exp(x)))", 20, "auto", "proof", False),
        ("x**6*sin(1/x)", 0, "auto", "limit", False),
        ("norm(x)*logsumexp(x)*prod(x)", np.linspace(0.9, 1.1, 300), "auto", "sample", False),
        ("x**3", 2, "never", None, False),
        ("log(x)", 0, "auto", None, None),
    ],
)
def test_an_answer_says_on_what_it_rests(
    text: str, at: Any, verify: Any, by: str | None, proved: bool | None
) -> None:
    answer = hesscli.formula(text, verify=verify).at(x=at)
    said = json.loads(answer.to_json())
    verified = answer.verified
    assert (verified.by, answer.definiteness_proved) == (by, proved)
    assert (verified.digits is None) == (by is None) == (verified.reason is not None)
    assert (verified.proved is None) == (verified.of is None) == (by != "sample")
    assert {k: v for k, v in verified._asdict().items() if k in said["verified"]} == said[
        "verified"
    ]
    assert answer.below == said["below"]
    inertia = answer.inertia and {k: v for k, v in answer.inertia._asdict().items() if v}
    assert inertia == (said["inertia"] and {k: v for k, v in said["inertia"].items() if v})


def test_what_is_not_told_from_0_has_a_bound() -> None:
    answer = hesscli.formula("exp(-exp(exp(x)))").at(20)
    assert (answer.value, answer.hessian.tolist(), answer.definiteness) == (0, [[0]], "undecided")
    assert set(answer.below) == {"value", "gradient[0]", "hessian[0][0]", "eigenvalues[0]"}
    assert all(0 < bound < 1e-300 for bound in answer.below.values())
    assert answer.inertia == (0, 0, 0, 1)


@pytest.mark.parametrize("make", [list, np.array, torch.tensor, tuple])
def test_tensors_come_as_lists_arrays_and_torch_tensors(make: Callable[[Any], Any]) -> None:
    answer = hesscli.formula("x**3 + x*y").at(x=make([2.0, 3.0]), y=make([4.0, 5.0]))
    assert answer.value == 58
    assert answer.blocks["x"]["x"].tolist() == [[12, 0], [0, 18]]
    assert answer.blocks["y"]["x"].tolist() == [[1, 0], [0, 1]]
    cubic = hesscli.formula("x**3 + 4*x - 10").at(x=make([[1.0, 2.0], [3.0, 4.0]]))
    assert cubic.blocks["x"]["x"].shape == (2, 2, 2, 2)
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64)
    wanted = torch.autograd.functional.hessian(lambda x: (x**3 + 4 * x - 10).sum(), x)  # type: ignore[no-untyped-call]
    assert cubic.blocks["x"]["x"].tolist() == wanted.tolist()


@pytest.mark.parametrize(
    ("value", "exact"),
    [
        ("1/3", "1/3"), (Fraction(1, 3), "1/3"), (0.1, "1/10"), (2, "2"), (np.float64(0.5), "1/2"),
        (np.int64(3), "3"), (sympy.sqrt(2), "sqrt(2)"), (sympy.Rational(2, 7), "2/7"),
        ("sqrt(2)", "sqrt(2)"),
    ],
)  # fmt: skip
def test_a_value_is_as_exact_as_it_was_given(value: Any, exact: str) -> None:
    answer = hesscli.formula("x**2", exact=True).at(value)
    assert sympy.simplify(answer.value - sympy.sympify(exact) ** 2) == 0
    assert answer.hessian == sympy.Matrix([[2]])


@pytest.mark.parametrize(
    "value",
    [None, True, 1j, "x", "", float("nan"), float("inf"), [], [[1, 2], [3]], [1, "a"], object(),
     np.array([1j]), np.array([]), np.array([np.nan]), np.array(["a"]), sympy.I, sympy.oo,
     sympy.Symbol("x"), {"x": 1}, 10**400],
)  # fmt: skip
def test_what_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(hesscli.HessError) as caught:
        hesscli.formula("x**2").at(x=value)
    assert caught.value.message
    assert caught.value.code != "internal"


def test_an_error_tells_code_message_place_and_hint() -> None:
    with pytest.raises(hesscli.HessError) as caught:
        hesscli.formula("x**3 + * y")
    error = caught.value
    assert (error.code, error.span, error.source) == ("syntax", (7, 8), "x**3 + * y")
    assert "stands where" in error.message
    assert error.hint
    for wrong in ({"x": 1, "z": 2}, {"x": 1}, {}):
        with pytest.raises(hesscli.HessError):
            hesscli.formula("x*y").at(**wrong)


@pytest.mark.parametrize(
    "settings",
    [{"wrt": 3}, {"wrt": [1]}, {"verify": "x"}, {"verify": None}, {"dtype": "float16"},
     {"digits": 0}, {"digits": "5"}, {"digits": 10**6}, {"exact": True, "digits": 5}, {"seed": -1},
     {"seed": 2**64}, {"device": "moon"}],
)  # fmt: skip
def test_what_cannot_be_set_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(hesscli.HessError):
        hesscli.formula("x**2", **settings).at(1)


@pytest.mark.parametrize("text", [None, 3, b"x", sympy.Symbol("x") ** 2])
def test_what_is_no_formula_is_refused(text: Any) -> None:
    with pytest.raises(hesscli.HessError):
        hesscli.formula(text)


def test_what_is_nested_too_deep_for_a_program_is_refused() -> None:
    program = "import hesscli\ntry: hesscli.formula('(' * 399 + 'x' + ')' * 399)\n"
    assert _python(program + "except hesscli.HessError as e: print(e.code)") == "too-deep\n"


def test_a_tensor_without_numbers_is_refused() -> None:
    for value in (torch.zeros(2, device="meta"), torch.zeros(2, 2).to_sparse()):
        with pytest.raises(hesscli.HessError):
            hesscli.formula("x**2").at(x=value)
    assert hesscli.formula("x**2").at(x=torch.ones(2, requires_grad=True)).value == 2


def test_points_come_one_after_the_other() -> None:
    f = hesscli.formula("x**2*y")
    found = [a.hessian.tolist() for a in f.many([{"x": 1, "y": 2}, (3, 5)])]
    assert found == [[[4, 2], [2, 0]], [[10, 6], [6, 0]]]


def test_a_name_that_is_given_a_value_is_a_variable() -> None:
    f = hesscli.formula("2*I/r")
    assert f.at(I=3, r=2).value == 3
    assert hesscli.formula("I**2").at(I=3).hessian.tolist() == [[2]]


def test_variables_may_be_chosen_and_ordered() -> None:
    f = hesscli.formula("x**2*y*z", wrt="z, x")
    assert f.variables == ("z", "x", "y")
    assert f.at(x=1, y=2, z=3).hessian.tolist() == [[0, 4], [4, 12]]


def test_symbols_are_sympy_matrices() -> None:
    x, y = sympy.symbols("x y", real=True)
    symbols = hesscli.formula("x**3 + x*y").symbols()
    assert symbols.value == x**3 + x * y
    assert symbols.gradient == sympy.Matrix([3 * x**2 + y, x])
    assert symbols.hessian == sympy.Matrix([[6 * x, 1], [1, 0]])


def test_many_digits_and_missing_entries() -> None:
    answer = hesscli.formula("besselj(0, x)", digits=40).at(1)
    assert str(answer.value) == "0.7651976865579665514497175261026632209093"
    kink = hesscli.formula("x*abs(x) + y**2").at(0, 1)
    assert np.isnan(kink.hessian[0, 0])
    assert kink.hessian[1, 1] == 2
    (undefined,) = kink.undefined
    assert undefined.entries == ("hessian[0][0]",)


def test_rich_and_notebooks_draw_an_answer() -> None:
    answer = hesscli.formula("x**3 + x*y").at(x=[2, 3], y=[4, 5])
    page = io.StringIO()
    Console(file=page, width=80).print(answer)
    assert [line.rstrip() for line in page.getvalue().splitlines()] == str(answer).splitlines()
    assert "x[0]" in answer._repr_html_()
    assert answer._repr_latex_().startswith(r"\begin{align*}")
    assert "x**3 + x*y" in repr(answer)


def test_it_works_in_a_thread_and_leaves_the_process_alone() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=400)
    found: list[Any] = []

    def work() -> None:
        found.append(hesscli.formula("norm(x)+logsumexp(x)").at(x=x).hessian)

    before = sys.getrecursionlimit(), signal.getsignal(signal.SIGALRM)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert (sys.getrecursionlimit(), signal.getsignal(signal.SIGALRM)) == before
    norm, p = np.linalg.norm(x), np.exp(x) / np.exp(x).sum()
    wanted = np.eye(400) / norm - np.outer(x, x) / norm**3 + np.diag(p) - np.outer(p, p)
    np.testing.assert_allclose(found[0], wanted, atol=1e-15)


def test_lists_may_hold_what_arrays_hold() -> None:
    x = np.array([2.0, 3.0])
    formula = hesscli.formula("x**3")
    wanted = formula.at(x=x).hessian
    for value in ([*x], [*torch.tensor(x)]):
        np.testing.assert_array_equal(formula.at(x=value).hessian, wanted)


def test_lists_nested_without_end_are_no_value() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(hesscli.HessError, match="at most 16 axes"):
        hesscli.formula("x**2").at(x=endless)


def test_what_an_answer_gives_is_the_callers_own() -> None:
    answer = hesscli.formula("x**2").at(3)
    answer.hessian[0, 0] = 7
    assert answer.hessian[0, 0] == 2


def test_a_variable_asked_for_twice_is_refused() -> None:
    with pytest.raises(hesscli.HessError):
        hesscli.formula("x**2", wrt=["x", "x"])


def test_an_error_survives_a_pool_of_processes() -> None:
    with pytest.raises(hesscli.HessError) as caught:
        hesscli.formula("x +* 2")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (copy.report(), copy.status) == (caught.value.report(), caught.value.status)


def test_an_undefined_entry_in_exact_arithmetic_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answer = hesscli.formula("x*abs(x) + y**2", exact=True).at(0, 1)
        assert answer.hessian[0, 0] is sympy.nan
        assert answer.gradient == sympy.Matrix([0, 2])


def test_a_name_that_may_be_a_product_waits_for_a_point() -> None:
    formula = hesscli.formula("x**2 + xy")
    assert formula.at(x=1, xy=2).gradient.tolist() == [2, 1]
    for ask in (lambda: formula.at(1, 2), lambda: formula.variables, formula.symbols):
        with pytest.raises(hesscli.HessError, match="or one name") as caught:
            ask()
        assert caught.value.code == "ambiguous-name"
    assert hesscli.formula("x**2 + xy", wrt="x,xy").at(1, 2).gradient.tolist() == [2, 1]


def test_shapes_that_have_no_meaning_are_refused() -> None:
    for text, values in (("dot(x, y)", ([1, 2, 3], [1, 2])), ("logsumexp(x, 0)", ([1, 2],))):
        with pytest.raises(hesscli.HessError, match=r"and 2|shape 2"):
            hesscli.formula(text).at(*values)


def test_a_program_gets_code() -> None:
    formula = hesscli.formula("x**2*y")
    place: dict[str, Any] = {}
    exec(formula.code("numpy"), place)
    value, gradient, hessian = place["derivatives"](3.0, 2.0)
    assert value == 18
    assert np.array_equal(gradient, [12, 9])
    assert np.array_equal(hessian, [[4, 6], [6, 0]])
    assert "derivatives(3.0, 2.0)" in formula.code("numpy", 3, 2)
    with pytest.raises(hesscli.HessError):
        hesscli.formula("digamma(x)").code("c")
    with pytest.raises(hesscli.HessError, match="torch, jax"):
        formula.code("fortran")  # type: ignore[arg-type]
