"""The user's own Hessian: how it is read, where it differs, and why it may."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hesscli.answer import Comparison, Finding
from hesscli.errors import ExitStatus, HessError
from hesscli.notes import Cause
from hesscli.render.phrases import likely
from hesscli.types import Variable
from hesscli.verdict.causes import ABSOLUTE_TOLERANCE, RELATIVE_TOLERANCE
from hesscli.verdict.compare import compare
from hesscli.verdict.expected import Expected, read_expected

NAMES = "xyzuvw"
NAN = float("nan")


def _compared(
    expected: Any, found: Any, shapes: Mapping[str, tuple[int, ...]] | None = None
) -> Comparison:
    """The comparison with a text or an array, of scalar variables unless shapes are given."""
    found = np.array(found, dtype=float)
    shapes = shapes or dict.fromkeys(NAMES[: len(found)], ())
    if not isinstance(expected, str):
        expected = json.dumps(np.array(expected).tolist())
    labels = [label for item in shapes.items() for label in Variable(*item).elements()]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return compare(read_expected(expected), found, labels, shapes)


def _likely(comparison: Comparison) -> str | None:
    return likely(comparison.cause) if comparison.cause else None


# --- reading -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("[[802,-400],[-400,200]]", [[802, -400], [-400, 200]]),
        ("[[1/3, sqrt(2)], [-1e-3, −2]]", [[1 / 3, 2**0.5], [-0.001, -2]]),
        ("eye(2)", [[1, 0], [0, 1]]),
        ("12", 12),
        ("[12]", [12]),
        ("[[1, none], [None, 2]]", [[1, NAN], [NAN, 2]]),
        ("[[nan,null],[ NaN ,2]]", [[NAN, NAN], [NAN, 2]]),
        ("none", NAN),
    ],
)
def test_a_matrix_is_exact_text(text: str, values: Any) -> None:
    expected = read_expected(text)
    assert expected.shape == np.shape(values)
    np.testing.assert_array_equal(expected.values, np.ravel(values))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plain.json", '[[1, "1/3"], [0.25, 2e3]]'),
        ("missing.json", '[[null, "1/3"],\n [NaN, 2e3]]'),
    ],
)
def test_a_json_file_may_leave_entries_out(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    expected = read_expected(f"@{tmp_path / name}")
    assert expected.shape == (2, 2)
    first = (1, 0.25) if name == "plain.json" else (NAN, NAN)
    np.testing.assert_array_equal(expected.values, [first[0], 1 / 3, first[1], 2000])


def test_a_npy_file_is_read(tmp_path: Path) -> None:
    np.save(tmp_path / "m=1.npy", np.array([[1.5, 2], [2, 0]]))
    expected = read_expected(f"@{tmp_path / 'm=1.npy'}")
    assert expected.values.tolist() == [1.5, 2, 2, 0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "one matrix"),
        ("{}", "one matrix"),
        ('{"x": [1]}', "one matrix"),
        ("x=[1,2]", "one matrix"),
        ("randn(2,2)", "one matrix"),
        ("[1,2],[3,4]", '--expect "[[1,2],[3,4]]"'),
        ("[[1,2],[3]]", "ragged"),
        ("[[1,null],[3]]", "ragged"),
        ("[[1,2],[3,1/0]]", "not a finite number"),
        ("[[1 -2 3],[3 4]]", "`1, -2` for two"),
        ("[[inf,1],[1,2]]", "not a finite number"),
        ("[[1,2],[3,4]", "[[1,2],[3,4]"),
        ("(1,2)", "one matrix"),
        ("@no.npy", "`no.npy`"),
        ("@no.json", "`no.json`"),
    ],
)
def test_what_is_no_matrix_is_refused_by_the_name_of_the_option(text: str, words: str) -> None:
    with pytest.raises(HessError) as caught:
        read_expected(text)
    assert caught.value.status == ExitStatus.USAGE
    assert "--expect" in caught.value.message
    report = caught.value.report()
    assert words in report
    assert "--at" not in report
    assert "randn" not in report.replace(text or "·", "")


def test_the_place_of_a_mistake_stays_beside_an_entry_of_none() -> None:
    text = "[[none,1],[1,I]]"
    with pytest.raises(HessError) as caught:
        read_expected(text)
    assert (caught.value.source, caught.value.span) == (text, (13, 14))


@pytest.mark.parametrize("content", ["[null", '{"a": [null]}', "[null, true]", "[null, []]"])
def test_a_bad_file_with_null_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "m.json").write_text(content)
    with pytest.raises(HessError) as caught:
        read_expected(f"@{tmp_path}/m.json")
    # The place is the file's, or that of a mistake in its text.
    assert caught.value.source == (content if content == "[null" else f"@{tmp_path}/m.json")


@given(st.text(alphabet='xy=0123456789.eE+-*/()[],@{}":nulaon ', max_size=25))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        expected = read_expected(text)
    except HessError as error:
        assert "--expect" in error.message
    else:
        assert len(expected.entries) == int(np.prod(expected.shape))


# --- shapes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["12", "[12]", "[[12]]"])
def test_one_entry_needs_no_brackets(text: str) -> None:
    assert _compared(text, [[12]]).agrees


def test_a_tensor_may_have_the_shape_that_torch_returns() -> None:
    matrix = np.arange(36.0).reshape(6, 6)
    shapes = {"x": (2, 3)}
    for shape in ((6, 6), (2, 3, 2, 3)):
        assert _compared(matrix.reshape(shape), matrix, shapes).agrees


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("12", "is a single number"),
        ("[1,2]", "is a list of 2"),
        ("[[1,2,3],[4,5,6]]", "has shape 2×3"),
        ("[[[[1]]]]", "has shape 1×1×1×1"),
    ],
)
def test_another_shape_is_refused_with_both(text: str, words: str) -> None:
    with pytest.raises(HessError) as caught:
        _compared(text, np.eye(2))
    assert caught.value.status == ExitStatus.USAGE
    report = caught.value.report()
    assert words in report
    assert "the Hessian is 2×2" in report
    assert '--expect "[[…,…],[…,…]]", rows and columns in the order x, y' in report


# --- differences -------------------------------------------------------------------------------


def test_a_difference_names_its_entry() -> None:
    comparison = _compared("[[1,2],[2,5]]", [[1, 2], [2, 3]], {"x": (2,)})
    (difference,) = comparison.differences
    assert (difference.row, difference.column) == (1, 1)
    assert difference.labels == ("x[1]", "x[1]")
    assert (difference.expected, difference.found) == (5, 3)
    assert comparison.largest == 2
    assert not comparison.agrees


def test_no_number_agrees_with_no_number_alone() -> None:
    found = [[1, NAN], [NAN, 2]]
    assert _compared("[[1,null],[none,2]]", found).agrees
    comparison = _compared("[[1,0],[0,2]]", found)
    assert [d.labels for d in comparison.differences] == [("x", "y"), ("y", "x")]
    assert all(np.isnan(d.found) for d in comparison.differences)
    assert _likely(comparison) == "hess has no number for (x, y) and (y, x)"
    comparison = _compared("[[null,null],[null,2]]", found)
    assert [d.labels for d in comparison.differences] == [("x", "x")]
    assert comparison.cause is None
    assert _compared("none", [[1]]).largest is None


@given(
    st.integers(1, 5),
    st.integers(0, 2**32 - 1),
    st.lists(st.tuples(st.integers(0, 24), st.integers(-14, 3)), max_size=8),
    st.sampled_from([1e-300, 1e-9, 1.0, 1e9, 1e300]),
)
def test_what_differs_is_what_exceeds_the_tolerance(
    n: int, seed: int, moved: list[tuple[int, int]], scale: float
) -> None:
    random = np.random.default_rng(seed)
    found = random.normal(size=(n, n)) * scale
    expected = found.copy()
    for place, exponent in moved:
        expected.flat[place % n**2] += scale * 10.0**exponent
    comparison = _compared(expected, found)
    most = np.abs(found).max()
    outside = [
        (i, j)
        for i in range(n)
        for j in range(n)
        if abs(expected[i, j] - found[i, j]) > ABSOLUTE_TOLERANCE * most
        and abs(expected[i, j] - found[i, j])
        > RELATIVE_TOLERANCE * max(abs(expected[i, j]), abs(found[i, j]))
    ]
    assert [(d.row, d.column) for d in comparison.differences] == outside
    assert comparison.agrees == (not outside)
    assert comparison.largest == np.abs(expected - found).max()


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ([[1e308, 0], [0, 1]], [[-1e308, 0], [0, 1]]),
        ([[5e-324, 0], [0, 0]], [[0, 0], [0, 0]]),
        ([[1, 1], [1, 2]], [[1, 1], [1, 1]]),
        ([[0, 0], [0, 0]], [[1, 2], [2, 3]]),
        ([[-0.0, 1], [1, 0]], [[0, 0], [0, 0]]),
        ([[1, 2], [2, 3]], [[NAN, 2], [2, NAN]]),
    ],
)
def test_singular_huge_and_missing_numbers_raise_no_warning(expected: Any, found: Any) -> None:
    comparison = _compared(expected, found)
    assert not comparison.agrees
    assert comparison.largest is not None
    assert np.isfinite(comparison.largest)
    assert json.dumps(comparison.largest, allow_nan=False)


def test_a_negative_zero_is_zero() -> None:
    assert _compared("[[-0, 0],[0, 0]]", np.zeros((2, 2))).agrees


# --- causes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found", "cause"),
    [
        ("[[1,2],[2,3]]", [[1, -2], [-2, 3]], "(x, y) and (y, x): likely a sign"),
        ("[[-1,2],[2,-3]]", [[1, -2], [-2, 3]], "the sign of the whole matrix"),
        ("[[1,4],[4,6]]", [[2, 4], [4, 12]], "the diagonal entries: likely a factor 2 missing"),
        (
            "[[1,8],[8,6]]", [[1, 4], [4, 6]],
            "the entries off the diagonal: likely a factor 2 too many",
        ),
        ("6", [[12]], "(x, x): likely a factor 2 missing"),
        ("0.333", [[1 / 3]], "rounded to 3 digits"),
        ("[[0.33,12.67],[12.67,9]]", [[1 / 3, 38 / 3], [38 / 3, 9]], "rounded to 2 decimals"),
        ("[[12,3],[3,40]]", [[12.3, 3.4], [3.4, 39.6]], "rounded to whole numbers"),
        ("0.50", [[0.52]], None),
        ("0.3", [[1 / 3]], None),
        ("-0.333", [[1 / 3]], "(x, x): likely a sign; rounded to 3 digits"),
        ("[[1,2],[5,3]]", [[1, 2], [2, 3]], "your matrix is not symmetric: (x, y) and (y, x) "
         "differ"),
        ("[[1,5],[2,3]]", [[1, 2], [5, 3]], "your matrix is transposed"),
        ("[[1,2],[0,3]]", [[1, 2], [2, 3]], "only the upper triangle is filled in"),
        ("[[3,2],[2,1]]", [[1, 2], [2, 3]], "likely the variables x and y swapped: try "
         "`--wrt y,x`, with values by name"),
        ("[[1,2],[2,7]]", [[1, 2], [2, 3]], None),
        ("15", [[3]], None),
    ],
)  # fmt: skip
def test_a_likely_cause_is_told_in_words(text: str, found: Any, cause: str | None) -> None:
    assert _likely(_compared(text, found)) == cause


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_words(cause: Cause) -> None:
    said = likely(Finding(cause, ("x", "y"), 2, 3, ("y", "x"), Finding(Cause.ROUNDED_TO_DIGITS)))
    assert "{" not in said
    assert said.endswith("; rounded to 0 digits")


def _symmetric(n: int, seed: int) -> Any:
    matrix = np.random.default_rng(seed).normal(size=(n, n))
    return np.round(matrix + matrix.T, 12)


def _on(mask: Any, factor: float) -> Callable[[Any], Any]:
    return lambda h: np.where(mask(h), factor * h, h)


def _order(indices: list[int]) -> Callable[[Any], Any]:
    return lambda h: h[np.ix_(indices, indices)]


def _diagonal(h: Any) -> Any:
    return np.eye(len(h), dtype=bool)


# Matrices are of order 4, where no two mistakes look alike but by chance.
MISTAKES: dict[str, tuple[Callable[[Any], Any], str, dict[str, tuple[int, ...]]]] = {
    "sign": (lambda h: -h, "sign of the whole matrix", {}),
    "sign of two": (_on(lambda h: np.isin(h, h[0, 2]), -1), "(x, z) and (z, x): likely a sign", {}),
    "sign of one": (_on(lambda h: h == h[1, 1], -1), "(y, y): likely a sign", {}),
    "double": (lambda h: 2 * h, "twice", {}),
    "half": (lambda h: h / 2, "half", {}),
    "sum": (lambda h: 4 * h, "4 times", {}),
    "mean": (lambda h: h / 7, "1/7", {}),
    "diagonal": (_on(_diagonal, 0.5), "the diagonal entries: likely a factor 2 missing", {}),
    "off": (
        _on(lambda h: ~_diagonal(h), 2),
        "the entries off the diagonal: likely a factor 2 too many",
        {},
    ),
    "one": (_on(lambda h: h == h[3, 3], 0.5), "(u, u): likely a factor 2 missing", {}),
    "upper": (np.triu, "upper triangle", {}),
    "lower": (np.tril, "lower triangle", {}),
    "no mixed": (lambda h: np.diag(np.diag(h)), "only the diagonal", {}),
    "swap": (_order([2, 1, 0, 3]), "variables x and z swapped: try `--wrt z,y,x,u`", {}),
    "cycle": (_order([1, 2, 0, 3]), "variables x, y and z in another order", {}),
    "blocks": (
        _order([3, 0, 1, 2]),
        "variables x and y swapped: try `--wrt y,x`",
        {"x": (3,), "y": ()},
    ),
    "elements": (_order([0, 2, 1, 3]), "likely x[1] and x[2] swapped", {"x": (4,)}),
    "column-major": (_order([0, 2, 1, 3]), "elements of x in column-major", {"x": (2, 2)}),
    "rounded": (lambda h: np.round(h, 4), "rounded to", {}),
    "inverse": (np.linalg.inv, "inverse", {}),
    "eigenvalues": (lambda h: np.diag(np.linalg.eigvalsh(h)[::-1]), "eigenvalues", {}),
    "rounded eigenvalues": (
        lambda h: np.diag(np.round(np.linalg.eigvalsh(h), 3)),
        "eigenvalues",
        {},
    ),
    "asymmetric": (lambda h: h + 3 * np.eye(4)[[3, 0, 0, 0]] * [[1], [0], [0], [0]], "(x, u)", {}),
}


@pytest.mark.parametrize("name", MISTAKES)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_mistake_is_named(name: str, seed: int) -> None:
    mistake, words, shapes = MISTAKES[name]
    found = _symmetric(4, seed)
    comparison = _compared(mistake(found), found, shapes)
    assume(not comparison.agrees)
    assert comparison.cause is not None
    assert words in likely(comparison.cause)


@given(seed=st.integers(0, 2**32 - 1), digits=st.integers(2, 5))
def test_entries_of_all_sizes_may_be_rounded_to_the_same_digits(seed: int, digits: int) -> None:
    scale = 10.0 ** np.arange(-3, 1)
    found = _symmetric(4, seed) * np.outer(scale, scale)
    rows = [",".join(f"{entry:.{digits}g}" for entry in row) for row in found]
    cause = _likely(_compared(f"[[{'],['.join(rows)}]]", found))
    assert cause == f"rounded to {digits} digits"


def _explains(cause: str, theirs: Any, found: Any) -> bool:
    """Whether a cause, read as a claim about two matrices of small integers, is true."""
    h, n = found, len(found)
    differing = np.argwhere(np.abs(theirs - h) > 1e-6).tolist()
    places = [f"({NAMES[i]}, {NAMES[j]})" for i, j in differing]

    def same(image: Any) -> bool:
        return bool(np.allclose(theirs, image, rtol=1e-5, atol=1e-8))

    def entrywise(factor: float) -> bool:
        return all(theirs[i, j] == pytest.approx(factor * h[i, j]) for i, j in differing)

    if ": likely a" in cause:
        if cause.startswith("the diagonal"):
            assert all(i == j for i, j in differing)
        elif cause.startswith("the entries off"):
            assert all(i != j for i, j in differing)
        else:
            assert cause.startswith(places[0])
            assert len(places) > 4 or all(place in cause for place in places)
        return entrywise(-1 if "sign" in cause else 0.5 if "missing" in cause else 2)
    if match := re.match("the whole matrix is (twice|half|[0-9/]+)", cause):
        factor = {"twice": "2", "half": "1/2"}.get(match[1], match[1])
        return same(float(Fraction(factor)) * h)
    if "not symmetric" in cause:
        return not np.array_equal(theirs, theirs.T)
    if match := re.search("`--wrt ([a-z,]+)`", cause):
        order = [NAMES.index(name) for name in match[1].split(",")]
        return same(h[np.ix_(order, order)])
    claims: dict[str, Callable[[], bool]] = {
        "sign of the whole": lambda: same(-h),
        "upper": lambda: same(np.triu(h)),
        "lower": lambda: same(np.tril(h)),
        "only the diagonal": lambda: same(np.diag(np.diag(h))),
        "transposed": lambda: same(h.T),
        "inverse": lambda: bool(np.allclose(theirs @ h, np.eye(n), atol=1e-6)),
        "eigenvalues": lambda: bool(
            np.allclose(
                sorted(np.diag(theirs)),
                np.linalg.eigvalsh(h),
                atol=1e-3 if "rounded" in cause else 1e-6,
            )
        ),
        "rounded": lambda: bool(np.abs(theirs - h).max() <= 0.5 + 1e-6),
    }
    return any(claim() for words, claim in claims.items() if words in cause)


SMALL = st.integers(-3, 3)


@given(st.data(), st.integers(1, 4))
def test_a_cause_is_never_false(data: st.DataObject, n: int) -> None:
    """Small integers make many mistakes look alike; what is said must be true all the same."""
    entries = data.draw(st.lists(SMALL, min_size=n * n, max_size=n * n))
    found = np.triu(np.array(entries, dtype=float).reshape(n, n))
    found = found + np.triu(found, 1).T
    applied = [name for name, (_, _, shapes) in MISTAKES.items() if not shapes and n == 4]
    name = data.draw(st.sampled_from([*applied, "any"]))
    assume(name != "inverse" or np.linalg.matrix_rank(found) == n)
    if name == "any":
        theirs = found.copy()
        for _ in range(data.draw(st.integers(1, 3))):
            theirs.flat[data.draw(st.integers(0, n * n - 1))] = data.draw(SMALL)
    else:
        theirs = MISTAKES[name][0](found)
    comparison = _compared(theirs, found)
    if comparison.agrees:
        assert comparison.cause is None
    elif comparison.cause is None:
        # A common factor is named only where two numbers show it.
        assert name == "any" or (name in ("sum", "mean") and np.count_nonzero(np.triu(found)) < 2)
    else:
        assert _explains(likely(comparison.cause), theirs, found), comparison.cause


@given(st.integers(0, 2**32 - 1), st.integers(7, 40), st.data())
def test_two_variables_swapped_are_found_among_many(seed: int, n: int, data: st.DataObject) -> None:
    i, j = sorted(data.draw(st.lists(st.integers(0, n - 1), min_size=2, max_size=2, unique=True)))
    random = np.random.default_rng(seed)
    found = _symmetric(n, seed) * (random.random((n, n)) < data.draw(st.floats(0, 1)))
    found = np.triu(found) + np.triu(found, 1).T
    order = list(range(n))
    order[i], order[j] = j, i
    theirs = found[np.ix_(order, order)]
    shapes: dict[str, tuple[int, ...]] = {f"x{k}": () for k in range(n)}
    expected = Expected("", (n, n), theirs.ravel(), ())
    comparison = compare(expected, found, list(shapes), shapes)
    if not comparison.agrees:
        assert comparison.cause is not None
    if len(comparison.differences) > 8:
        assert _likely(comparison) == f"likely the variables x{i} and x{j} swapped"
