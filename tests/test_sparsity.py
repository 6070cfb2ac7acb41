"""Which entries are proved to be zero at every point."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from hesscli.derive.pattern import structural_zeros
from hesscli.expression.names import symbol
from hesscli.expression.reader import read_formula
from hesscli.types import Variable

from .reference import report


def _zeros(text: str, **shapes: tuple[int, ...]) -> np.ndarray:
    formula = read_formula(text)
    variables = [Variable(name, shapes.get(name, ())) for name in formula.differentiated]
    shape = np.broadcast_shapes(*(v.shape for v in variables))
    return structural_zeros(formula, variables, shape).astype(int)


@pytest.mark.parametrize(
    ("text", "zeros"),
    [
        ("x**3 + x*y", [[0, 0], [0, 1]]),
        ("x + 2*y", [[1, 1], [1, 1]]),
        ("sin(x) + exp(y)", [[0, 1], [1, 0]]),
        ("sin(x + y)", [[0, 0], [0, 0]]),
        ("x*y*z", [[1, 0, 0], [0, 1, 0], [0, 0, 1]]),
        ("abs(x)*y", [[1, 0], [0, 1]]),
        ("max(x, y)", [[1, 1], [1, 1]]),
        ("max(x, y)**2", [[0, 0], [0, 0]]),
        ("where(x > 0, y**2, y)", [[1, 1], [1, 0]]),
        ("floor(x)*y**2", [[1, 1], [1, 0]]),
        ("x**y", [[0, 0], [0, 0]]),
        ("Sum(x**k*y, (k, 0, 3))", [[0, 0], [0, 1]]),
    ],
)
def test_pattern_of_scalars(text: str, zeros: list[list[int]]) -> None:
    assert _zeros(text).tolist() == zeros


def test_elements_of_tensors_interact_where_they_meet() -> None:
    assert _zeros("x**3 + x*y", x=(2,), y=(2,)).tolist() == [
        [0, 1, 0, 1],
        [1, 0, 1, 0],
        [0, 1, 1, 1],
        [1, 0, 1, 1],
    ]
    # A scalar meets every element, and the rows of a column every column of a row.
    assert _zeros("x**2*y", x=(2,)).tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1]]
    assert _zeros("x*y", x=(2, 1), y=(2,)).tolist() == [
        [1, 1, 0, 0],
        [1, 1, 0, 0],
        [0, 0, 1, 1],
        [0, 0, 1, 1],
    ]


def test_what_cancels_is_proved_where_the_derivative_is_known() -> None:
    answer = report("(x + y)**2 - 2*x*y", "1,2")
    assert answer.structural.tolist() == [[False, True], [True, False]]


def test_a_zero_at_the_point_alone_is_not_structural() -> None:
    answer = report("x**3*y", "0,1")
    assert answer.hessian[0, 0] == 0
    assert not answer.structural[0, 0]


_terms = st.lists(
    st.tuples(
        st.sampled_from(["{0}*{1}", "sin({0})", "{0}*{1}*{2}", "exp({0}*{1})", "{0}**2", "{0}"]),
        st.lists(st.sampled_from(["x", "y", "z", "w"]), min_size=3, max_size=3),
    ),
    min_size=1,
    max_size=4,
)


@given(_terms)
def test_no_entry_with_a_derivative_is_called_zero(
    terms: list[tuple[str, list[str]]],
) -> None:
    """Compared with SymPy's second derivatives."""
    text = " + ".join(form.format(*names) for form, names in terms)
    formula = read_formula(text)
    names = formula.differentiated
    zeros = structural_zeros(formula, [Variable(name, ()) for name in names], ())
    hessian = sympy.hessian(formula.expression, [symbol(name) for name in names])
    for i in range(len(names)):
        for j in range(len(names)):
            assert not zeros[i, j] or hessian[i, j] == 0
