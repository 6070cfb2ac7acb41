"""Formulas over the elements of tensors, as graphs: numbers, zeros, and what is written out."""

from __future__ import annotations

import json
import threading
from typing import Any

import mpmath
import numpy as np
import pytest

from hesscli.derive.pattern import joint_zeros, structural_zeros
from hesscli.expression.elements import split_formula
from hesscli.expression.graph import KINDS, Graph, Reduce, Region, Typed
from hesscli.expression.names import symbol
from hesscli.expression.reader import read_formula
from hesscli.expression.tensors import graph_at
from hesscli.numeric.autograd import Evaluator
from hesscli.numeric.reductions import REDUCTIONS
from hesscli.point.assignment import read_assignment
from hesscli.point.binding import bind, names_given
from hesscli.types import Sums, Variable
from hesscli.verdict.elements import split_point

from .conftest import Hess

X = np.random.default_rng(7).normal(size=100)


def _sums(text: str, at: str, wrt: tuple[str, ...] = ()) -> tuple[Evaluator, Sums]:
    assignment = read_assignment(at)
    formula = read_formula(text, names_given([assignment]), wrt)
    (point,) = bind([assignment], formula)
    shapes = {name: value.shape for name, value in point.values.items()}
    evaluator = Evaluator(formula, "float64", "cpu", graph_at(formula, point), shapes)
    return evaluator, evaluator(point)


def _at(**numbers: Any) -> str:
    return ",".join(f"{name}={np.asarray(value).tolist()}" for name, value in numbers.items())


# Numbers, against closed forms


def _norm(x: Any) -> tuple[Any, Any]:
    length = np.linalg.norm(x)
    return x / length, np.eye(len(x)) / length - np.outer(x, x) / length**3


def _logsumexp(x: Any) -> tuple[Any, Any]:
    share = np.exp(x) / np.exp(x).sum()
    return share, np.diag(share) - np.outer(share, share)


def _variance(x: Any) -> tuple[Any, Any]:
    n = len(x)
    return 2 * (x - x.mean()) / n, 2 * (np.eye(n) - 1 / n) / n


def _exp_of_square(x: Any) -> tuple[Any, Any]:
    value = np.exp(-(x @ x) / 2)
    return -value * x, value * (np.outer(x, x) - np.eye(len(x)))


def _highest(x: Any) -> tuple[Any, Any]:
    unit = np.eye(len(x))[x.argmax()]
    return 2 * x.max() * unit, 2 * np.outer(unit, unit)


def _furthest(x: Any) -> tuple[Any, Any]:
    slope, matrix = _highest(abs(x))
    return slope * np.sign(x), matrix


def _cubes(x: Any) -> tuple[Any, Any]:
    length = np.linalg.norm(x, 3)
    slope = x * abs(x) / length**2
    return slope, 2 * np.diag(abs(x)) / length**2 - 2 * np.outer(slope, slope) / length


CLOSED: list[tuple[str, Any]] = [
    ("norm(x)", _norm),
    ("logsumexp(x)", _logsumexp),
    ("mean((x - mean(x))**2)", _variance),
    ("exp(-norm(x)**2/2)", _exp_of_square),
    ("max(x)**2", _highest),
    ("norm(x, oo)**2", _furthest),
    ("norm(x, 1)", lambda x: (np.sign(x), np.zeros((len(x), len(x))))),
    ("norm(x, 3)", _cubes),
]


@pytest.mark.parametrize(("text", "closed"), CLOSED, ids=[text for text, _ in CLOSED])
def test_large_reductions_are_their_closed_forms(hess: Hess, text: str, closed: Any) -> None:
    x = X / 4
    answer = hess(text, "--at", _at(x=x), "--json").json
    gradient, matrix = closed(x)
    np.testing.assert_allclose(answer["gradient"], gradient, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(answer["hessian"], matrix, rtol=1e-11, atol=1e-15)
    assert answer["verified"]["by"] in ("proof", "sample")


def test_a_product_has_its_derivatives_where_factors_are_zero() -> None:
    for zeros in (0, 1, 2, 3):
        x = np.concatenate([np.zeros(zeros), np.linspace(0.5, 1.6, 40)])
        _, sums = _sums("prod(x)", _at(x=x))
        expected = [
            [0 if i == j else np.prod(np.delete(x, [i, j])) for j in range(len(x))]
            for i in range(len(x))
        ]
        np.testing.assert_allclose(sums.hessian, expected, rtol=1e-12)


def test_a_norm_keeps_its_digits() -> None:
    for x in ([1e8, 1.0, 3.0], [1e200, 1e200, 1e190], [1e-3, 5e-5, 7.0], [3.0, -4.0]):
        _, sums = _sums("norm(x)", _at(x=x))
        with mpmath.workdps(60):
            numbers = [mpmath.mpf(v) for v in x]
            length = mpmath.sqrt(sum(v * v for v in numbers))
            assert sums.value == pytest.approx(float(length), rel=1e-15)
            for i, a in enumerate(numbers):
                for j, b in enumerate(numbers):
                    others = sum(v * v for v in numbers if v is not a)
                    second = (others if i == j else -a * b) / length**3
                    assert sums.hessian[i, j] == pytest.approx(float(second), rel=1e-14, abs=0)


def test_a_logsumexp_keeps_its_digits() -> None:
    for x in ([40.0, 0.0, 1.0], [-800.0, 1.0, 900.0], [0.5, 0.25]):
        _, sums = _sums("logsumexp(x)", _at(x=x))
        with mpmath.workdps(1000):
            shares = [mpmath.exp(v) / sum(mpmath.exp(w) for w in x) for v in x]
            for i, a in enumerate(shares):
                for j, b in enumerate(shares):
                    second = a * (1 - a) if i == j else -a * b
                    assert sums.hessian[i, j] == pytest.approx(float(second), rel=1e-13, abs=1e-320)


def test_many_elements_need_no_deep_recursion(hess: Hess) -> None:
    """In a thread, the limit is Python's own, and no text goes through the command line."""
    found: list[Any] = []

    def run() -> None:
        x = np.tile(X, 4)
        found.append(_sums("norm(x) + logsumexp(x)", _at(x=x))[1].hessian)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    x = np.tile(X, 4)
    np.testing.assert_allclose(found[0], _norm(x)[1] + _logsumexp(x)[1], rtol=1e-10, atol=1e-16)


# The same formula written out in its elements is the reference for all else

JOINING = """
norm(x); norm(x)**2; norm(x)**4 + norm(x)**3; norm(x)**-2; norm(x, y); norm(x, y)**2*z; norm(x*y)
sum(x**3*y); sum(x)**2*mean(y); prod(x); prod(x*y); prod(x*z); prod(x + z); prod(sin(x))*z
sum(x*sin(y)); logsumexp(x*y); logsumexp(x) + logsumexp(x); max(x) + min(y)**2; max(x)*min(x)
max(x*y)**2; x/sum(exp(x)) + y; x/norm(x); mean((x - mean(x))**2); Sum(sum(x**k), (k, 1, 3))
where(sum(x) > 0, norm(x), prod(x)); where(x > 0, norm(y), x**2); sum(where(x > 0, x**2, x))
sum(floor(x)*y) + sum(abs(x)*z); floor(norm(x))*y + z; abs(sum(x))*prod(y); x*z*norm(y)
exp(-norm(x)**2/2)/sqrt(2*pi); prod(x)*prod(x); norm(x)/norm(x)*sum(x); sum(norm(x)*y)
logsumexp(max(x)*y) + sum(2)*legendre(sum(2), z); sum(Derivative(x**3*y, x)); x - x + sum(y**2)
norm(x)*norm(y)/sum(x*y); mean(x)**2 + mean(x**2); log(sum(exp(x))) + sum(x*max(y))
""".replace("\n", ";").split(";")
# Of vectors only, as the first of the shapes.
OF_VECTORS = """
dot(x, sin(y)); norm(x)*norm(y)/dot(x, y); norm(x, 1); norm(x*y, 1)**2; norm(x, 2); norm(x, 3)*z
norm(x, 4) + norm(y, 3/2); norm(x, 'fro'); norm(x, oo); norm(x*y, oo)**2; norm(x, -oo)*norm(x, -1)
sum(norm(x, 3)*y); x/norm(x, 1); where(norm(x, 1) > 0, norm(y, 3), prod(x)); norm(x, 3)**2
""".replace("\n", ";").split(";")
SHAPES: list[dict[str, tuple[int, ...]]] = [
    {"x": (3,), "y": (3,), "z": ()},
    {"x": (2, 2), "y": (2,), "z": (1,)},
    {"x": (3, 1), "y": (2,), "z": (3, 2)},
]


CASES = [
    *((text.strip(), shapes) for shapes in SHAPES for text in JOINING if text.strip()),
    *((text.strip(), SHAPES[0]) for text in OF_VECTORS if text.strip()),
]


def _point(text: str, shapes: dict[str, tuple[int, ...]]) -> str:
    random = np.random.default_rng(3)
    names = read_formula(text).variables
    return _at(**{name: random.normal(size=shapes[name]).round(3) for name in names})


def _in_elements(text: str, at: str, wrt: tuple[str, ...] = ()) -> tuple[Evaluator, Sums]:
    assignment = read_assignment(at)
    formula = read_formula(text, names_given([assignment]), wrt)
    (point,) = bind([assignment], formula)
    shapes = {name: value.shape for name, value in point.values.items()}
    split = split_formula(formula, graph_at(formula, point), shapes)
    evaluator = Evaluator(split, "float64", "cpu")
    return evaluator, evaluator(split_point(point))


@pytest.mark.parametrize(("text", "shapes"), CASES, ids=str)
def test_a_graph_is_its_elements(text: str, shapes: dict[str, tuple[int, ...]]) -> None:
    at = _point(text, shapes)
    for wrt in ((), ("x",)):
        if wrt and "x" not in read_formula(text).variables:
            continue
        evaluator, sums = _sums(text, at, wrt)
        reference, expected = _in_elements(text, at, wrt)
        assert not sums.suspects
        assert sums.value == pytest.approx(expected.value, rel=1e-12)
        np.testing.assert_allclose(sums.gradient, expected.gradient, rtol=1e-10, atol=1e-13)
        np.testing.assert_allclose(sums.hessian, expected.hessian, rtol=1e-10, atol=1e-12)
        scalars = [Variable(v.name, ()) for v in expected.variables]
        zeros = structural_zeros(reference.formula, scalars, ())
        if sums.structural is not None:
            np.testing.assert_array_equal(sums.structural, zeros)
        points = np.random.default_rng(1).normal(size=(4, len(sums.gradient)))
        np.testing.assert_allclose(
            evaluator.values(sums)(points), reference.values(expected)(points), rtol=1e-10
        )


@pytest.mark.parametrize(
    ("text", "x"),
    [("norm(x) + sum(x)", np.zeros(3)), ("max(x)**2", [1, 2, 2]), ("min(x)", [1, 1, 3]),
     ("sum(abs(x))*prod(x)", [1, 0, 2]), ("exp(sum(x))*norm(x)", [800, 1, 1]),
     ("where(sum(x) > 3, x, x**2)", [1, 1, 1]), ("log(sum(x))", [-1, -2, 1])],
)  # fmt: skip
def test_what_cannot_be_trusted_is_written_out(text: str, x: Any) -> None:
    _, sums = _sums(text, _at(x=x))
    assert sums.suspects


def test_a_kink_of_many_elements_is_examined(hess: Hess) -> None:
    x = [*X.tolist(), 9.0]
    assert hess("max(x)", "--at", _at(x=x), "--json").status == 0
    tied = hess("max(x)", "--at", _at(x=[*x, 9.0]), "--json")
    assert tied.status == 1
    assert "has a tie" in json.dumps(tied.json["undefined"])


@pytest.mark.parametrize("text", ["norm(x)", "max(x)*min(x)", "logsumexp(x)*sum(x)", "sum(x)"])
def test_reductions_are_proved_as_they_stand(hess: Hess, text: str) -> None:
    for count in (3, 70):
        answer = hess(text, "--at", f"x=linspace(1,2,{count})", "--json").json
        assert answer["verified"] == {"digits": 15, "by": "proof", "reason": None}


def test_only_what_is_regular_may_have_many_elements(hess: Hess) -> None:
    at = _at(x=np.linspace(1, 2, 1100))
    answer = hess("sum(w*x)**2", "--wrt", "w", "--at", at + ",w=3", "--json").json
    assert answer["hessian"][0][0] == pytest.approx(2 * 1650**2, rel=1e-14)
    assert answer["verified"]["by"] == "proof"
    result = hess("sum(w*x)**2", "--wrt", "x", "--at", at + ",w=3", "--exact")
    assert "at most 1,000 elements, and here are 1,100" in result.stderr


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Integral(t*sum(x**2), (t, 0, 2))", [[4, 0], [0, 4]]),
     ("sum(Integral(t*x**2, (t, 0, 2)))", [[4, 0], [0, 4]]),
     ("sum(Derivative(x**4, x))", [[24, 0], [0, 48]])],
)  # fmt: skip
def test_calculus_and_reductions_go_together(
    hess: Hess, text: str, expected: list[list[float]]
) -> None:
    matrix = np.array(hess(text, "--at", "x=[1,2]", "--json").json["hessian"])
    np.testing.assert_array_equal(matrix, expected)


def test_shapes_that_do_not_go_together_are_refused(hess: Hess) -> None:
    assert hess("sum(x*y)", "--at", "x=[1,2],y=[1,2,3]").status == 2


def test_every_kind_of_node_is_known_on_both_sides() -> None:
    assert set(KINDS) == set(REDUCTIONS)
    shape = {"x": (2,)}
    median = Reduce("median", "x", (0,), Typed("median(x)", (0, 9)))
    graph = Graph({"#0": median}, Region(symbol("#0"), ("#0",), ()), {"#0": ()})
    with pytest.raises(KeyError, match="median"):
        joint_zeros(graph, [Variable("x", (2,))], shape)


def test_a_large_pattern_comes_from_the_graph() -> None:
    x = np.linspace(0.5, 1, 200)
    for text, dense in (("sum(x**2)", False), ("norm(x)**2", False), ("max(x)*min(x)", True)):
        _, sums = _sums(text, _at(x=x))
        assert sums.structural is not None
        assert (~sums.structural).sum() == (200**2 if dense else 200)
