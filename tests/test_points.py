"""How points are read, bound to a formula, and refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hesscli.errors import HessError
from hesscli.point.assignment import read_assignment

from .conftest import Hess

F = "x**3 + x*y"


def test_the_ways_to_give_one_point_agree(hess: Hess) -> None:
    for at in (["2,4"], ["x=2,y=4"], ["y=4,x=2"], ["x=2", "y=4"], ["x = 2 , y = 4"], ["x=2", "4"]):
        arguments = [word for text in at for word in ("--at", text)]
        answer = hess(F, *arguments, "--json").json
        assert answer["point"] == {"x": 2.0, "y": 4.0}
        assert answer["hessian"] == [[12.0, 1.0], [1.0, 0.0]]


def test_several_points_give_several_answers_in_order(hess: Hess) -> None:
    objects = hess(F, "--at", "2,4", "--at", "x=3,y=5", "--json").objects
    assert [o["point"] for o in objects] == [{"x": 2.0, "y": 4.0}, {"x": 3.0, "y": 5.0}]


def test_a_partial_value_holds_for_all_points(hess: Hess) -> None:
    objects = hess("x*y*z", "--at", "z=3", "--at", "1,2", "--at", "4,5", "--json").objects
    assert [o["point"] for o in objects] == [
        {"x": 1.0, "y": 2.0, "z": 3.0},
        {"x": 4.0, "y": 5.0, "z": 3.0},
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1/3", 1 / 3),
        ("sqrt(2)", 2**0.5),
        ("pi/4", float(np.pi / 4)),
        ("-1e-3", -0.001),
        ("2*10^3", 2000.0),
        ("e", float(np.e)),
        ("0.1", 0.1),
        ("−2", -2.0),
        ("½", 0.5),
        ("-(1+2)/4", -0.75),
        ("1e308", 1e308),
        ("5e-324", 5e-324),
    ],
)
def test_a_value_is_exact_text(hess: Hess, text: str, value: float) -> None:
    assert hess("x**2", "--at", text, "--json").json["point"]["x"] == value
    assert hess("x**2", "--at", f"x={text}", "--json").json["point"]["x"] == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[2,3]", [2.0, 3.0]),
        ("[[1,2],[3,4]]", [[1.0, 2.0], [3.0, 4.0]]),
        ("[1/4, sqrt(4)]", [0.25, 2.0]),
        ("[1 2  3]", [1.0, 2.0, 3.0]),
        ("np.array([1, 2])", [1.0, 2.0]),
        ("torch.tensor([[1., 2.]])", [[1.0, 2.0]]),
        ("np.zeros((2, 2))", [[0.0, 0.0], [0.0, 0.0]]),
        ("zeros(2,2)", [[0.0, 0.0], [0.0, 0.0]]),
        ("ones(3)", [1.0, 1.0, 1.0]),
        ("eye(2)", [[1.0, 0.0], [0.0, 1.0]]),
        ("arange(4)", [0.0, 1.0, 2.0, 3.0]),
        ("arange(1,2,1/4)", [1.0, 1.25, 1.5, 1.75]),
        ("linspace(0,1,5)", [0.0, 0.25, 0.5, 0.75, 1.0]),
    ],
)
def test_tensors(hess: Hess, text: str, expected: Any) -> None:
    answer = hess("x**3", "--at", f"x={text}", "--json").json
    assert answer["point"]["x"] == expected
    assert answer["variables"] == [{"name": "x", "shape": list(np.shape(expected))}]


def test_random_values_are_those_of_torch_for_the_seed(hess: Hess) -> None:
    answer = hess("x**3", "--at", "x=randn(2,2)", "--seed", "7", "--json").json
    torch.manual_seed(7)
    assert answer["point"]["x"] == torch.randn(2, 2, dtype=torch.float64).tolist()
    answer = hess("x**3", "--at", "rand(3)", "--seed", "7", "--json").json
    torch.manual_seed(7)
    assert answer["point"]["x"] == torch.rand(3, dtype=torch.float64).tolist()


def test_a_seed_that_was_drawn_is_told(hess: Hess) -> None:
    answer = hess("x**3", "--at", "randn(2)", "--json").json
    (note,) = [note for note in answer["notes"] if "--seed" in note]
    again = hess("x**3", "--at", "randn(2)", "--seed", note.split()[-1], "--json").json
    assert again["point"] == answer["point"]


def test_files(hess: Hess, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([[1.0, 2.0], [3.0, 4.0]], dtype=np.float32))
    (tmp_path / "b.json").write_text('[0.5, "1/3"]')
    answer = hess("x**2", "--at", f"x=@{tmp_path}/a.npy", "--json").json
    assert answer["point"]["x"] == [[1.0, 2.0], [3.0, 4.0]]
    answer = hess("x**2*y", "--at", f"x=@{tmp_path}/b.json,y=2", "--json").json
    assert answer["point"] == {"x": [0.5, 1 / 3], "y": 2.0}


def test_a_pickled_array_is_not_loaded(hess: Hess, tmp_path: Path) -> None:
    np.save(tmp_path / "p.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    result = hess("x", "--at", f"x=@{tmp_path}/p.npy")
    assert result.status == 2
    assert "not a .npy file of numbers" in result.stderr


def test_a_column_of_a_table_is_a_vector_of_exact_numbers(hess: Hess, tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("# made by hand\n\n1\n1/3\nsqrt(4)\n")
    (tmp_path / "two.csv").write_text('\ufeffid,my height\r\n"1",0.5\r\n2,"1e3"\r\n')
    (tmp_path / "two.tsv").write_text("θ\tw\n1\t2\n3\t-4\n")
    for at, numbers in {
        "@one.csv": [1, 1 / 3, 2],
        '@"two.csv:my height"': [0.5, 1000],
        "@two.csv:id": [1, 2],
        "@two.tsv:theta": [1, 3],
        "@two.tsv:w": [2, -4],
    }.items():
        answer = hess("x**2", "--at", f"x={at}", "--json", folder=tmp_path).json
        assert answer["point"]["x"] == numbers
    both = hess("x*y", "--at", "x=@two.tsv:θ,y=@two.tsv:w", "--json", folder=tmp_path)
    assert both.json["value"] == -10


def test_a_file_of_that_very_name_wins_over_a_column(hess: Hess, tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("a\n1\n")
    (tmp_path / "d.csv:a").write_text("7\n8\n")
    assert hess("x", "--at", "@d.csv:a", "--json", folder=tmp_path).json["value"] == 15


@pytest.mark.parametrize(
    ("content", "at", "words"),
    [
        ("a,b\n1,2\n", "@d.csv:c", "no column `c`; it has `a`, `b`"),
        ("height,b\n1,2\n", "@d.csv:hieght", "did you mean `height`?"),
        ("a,b\n1,2\n", "@d.csv", "has 2 columns, `a`, `b`: which of them?"),
        ("1,2\n3,4\n", "@d.csv", "has 2 columns: which of them?"),
        ("1\n2\n", "@d.csv:a", "has no header line"),
        ("a,a\n1,2\n", "@d.csv:a", "has 2 columns `a`"),
        ("a\n1\n# no\noops\n", "@d.csv", "line 4, column `a`: `oops` is not a number"),
        ("1\n1.2.3\n", "@d.csv", "line 2, column 1: `1.2.3` is not a number"),
        ("1.2.3\n1\n", "@d.csv", "line 1, column 1: `1.2.3` is not a number"),
        ("nan\n1\n", "@d.csv", "line 1, column 1: the value `nan` is not a finite number"),
        ("a,b\n1,\n", "@d.csv:b", "line 2, column `b`: the cell is empty"),
        ("a\n[1]\n", "@d.csv", "`[1]` is not a number"),
        ("a\n@d.csv\n", "@d.csv", "is not a number"),
        ("a,b\n1,2\n3\n", "@d.csv:a", "line 3: 1 cell where the first line has 2"),
        ("", "@d.csv", "`d.csv` is empty"),
        ("# nothing\n\n", "@d.csv", "`d.csv` is empty"),
        ("a\n", "@d.csv", "no numbers below its header line"),
        ("e\n1\n", "@d.csv", "may be the name of a column, or a number"),
        ("a\n1e999\n", "@d.csv", "line 2, column `a`: the value `1e999` is beyond"),
        (None, "@d.csv:a", "cannot read `d.csv`"),
    ],
)
def test_what_is_wrong_with_a_table_is_told_by_line_and_column(
    hess: Hess, tmp_path: Path, content: str | None, at: str, words: str
) -> None:
    if content is not None:
        (tmp_path / "d.csv").write_text(content)
    result = hess("x**2", "--at", f"x={at}", folder=tmp_path)
    assert (result.stdout, result.status) == ("", 2)
    assert words in result.stderr


def test_a_name_that_is_a_number_too_is_a_column_where_it_is_asked_for(
    hess: Hess, tmp_path: Path
) -> None:
    (tmp_path / "d.csv").write_text("e\n2\n")
    assert hess("x", "--at", "@d.csv:e", "--json", folder=tmp_path).json["value"] == 2


BAD_FILES = {
    "missing.npy": None,
    "text.npy": b"hello",
    "empty.npy": b"",
    "bad.json": b"[1, 2",
    "ragged.json": b"[1, [2]]",
    "object.json": b'{"a": 1}',
    "nan.json": b"[NaN]",
    "huge.json": b"[1e99999]",
    "latin.json": b"[\xff]",
    "deep.json": b"[" * 100_000,
    "table.csv": b"1,2",
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files_are_refused_by_name(hess: Hess, tmp_path: Path, name: str) -> None:
    content = BAD_FILES[name]
    if content is not None:
        (tmp_path / name).write_bytes(content)
    result = hess("x**2", "--at", f"x=@{tmp_path}/{name}")
    assert result.status == 2
    assert result.stdout == ""
    assert result.stderr.startswith("hess: ")


@pytest.mark.parametrize(
    ("formula", "at", "code", "words"),
    [
        ("x*y", ["1"], "wrong-count", "1 value for 2 variables"),
        ("x", ["1,2"], "wrong-count", "x=[…]"),
        ("x*y", ["x=[1,2]"], "missing-name", "`y` has no value"),
        ("x*y", ["x=1,z=2"], "unknown-name", "no variable `z`"),
        ("alpha*y", ["alhpa=1,y=2"], "unknown-name", "did you mean `alpha`"),
        ("x*y", ["x=1,x=2"], "doubled-name", "`x` is given twice"),
        ("x*y", ["x=1", "x=2", "y=3"], "doubled-name", "`x` is given twice"),
        ("x*y", ["x=1,y=2", "x=3"], "doubled-name", "`x` is given twice"),
        ("x*y", ["1,y=2"], "mixed-point", "mixed"),
        ("x", ["[1,[2]]"], "ragged", "ragged"),
        ("x", ["[[1,2],[3]]"], "ragged", "ragged"),
        ("x", ["[]"], "empty-tensor", "empty"),
        ("x", [""], "empty-point", "empty"),
        ("x", ["1/0"], "not-finite", "not a finite number"),
        ("x", ["inf"], "not-finite", "not a finite number"),
        ("x", ["nan"], "not-finite", "not a finite number"),
        ("x", ["-oo"], "not-finite", "not a finite number"),
        ("x", ["1e400"], "not-finite", "largest double"),
        ("x", ["1e-400"], "not-finite", "smallest double"),
        ("x", ["sqrt(-1)"], "not-real", "not a real number"),
        ("x", ["2*I"], "not-real", "not a real number"),
        ("x", ["y"], "bad-value", "`y` is a name"),
        ("x", ["1e"], "ambiguous-product", "`1e3`"),
        ("x", ["x=Pi"], "bad-value", "did you mean `pi`?"),
        ("x", ["x="], "bad-value", "`x` has no value"),
        ("x*y", ["x=,y=2"], "bad-value", "`x=2`"),
        ("x", ["=2"], "bad-value", "no name stands before this `=`"),
        ("x*y", ["x=y=1"], "bad-value", "behind each name"),
        ("x", ["random(3)"], "unknown-function", "did you mean `rand`?"),
        ("x", ["range(3)"], "unknown-function", "did you mean `arange`?"),
        ("x", ["x=1:3"], "syntax", "--grid"),
        ("x", ["50%"], "bad-value", "`50/100`"),
        ("x", ["a.csv"], "bad-value", "`@a.csv`"),
        ("x", ["x=a.csv"], "bad-value", "`x=@a.csv`"),
        ("x", ["@"], "bad-file", "@data.npy"),
        ("x", ["1,5"], "wrong-count", "--at 1.5"),
        ("x", ["x=1,5"], "mixed-point", "`x=1.5`"),
        ("x*y", ["[1,2]"], "wrong-count", "without square brackets"),
        ("Pi*y", ["1"], "wrong-count", "`pi` in place of `Pi`"),
        ("x", ["z=1"], "unknown-name", "--at x=…"),
        ("x", ["2*randn(2)"], "bad-value", "a value of its own"),
        ("x", ["randn(0)"], "bad-value", "whole number"),
        ("x", ["randn(1.5)"], "bad-value", "whole number"),
        ("x", ["((1,2),3)"], "bad-value", "round brackets"),
        ("x", ["2 4 y"], "syntax", "operator"),
        ("x+y", ["x=[1,2],y=[1,2,3]"], "broadcast", "x is 2, y is 3"),
        ('x', ['{"x": [1, "a"]}'], "bad-value", "`a` is a name"),
        ('x', ['{"x": true}'], "bad-value", "true"),
        ('x', ['{"x": 1, "x": 2}'], "doubled-name", "twice"),
        ('x', ['{"x": 1'], "bad-json", "not JSON"),
        ('x', ["{}"], "empty-point", "empty"),
    ],
)  # fmt: skip
def test_each_bad_point_has_its_own_words(
    hess: Hess, formula: str, at: list[str], code: str, words: str
) -> None:
    arguments = [word for text in at for word in ("--at", text)]
    result = hess(formula, *arguments)
    assert result.status == 2
    assert result.stdout == ""
    assert words in result.stderr
    if len(at) == 1:
        lines = hess(formula, "--at", "-", "--json", stdin=at[0] + "\n").objects
        assert [line["error"]["code"] for line in lines] == [code]


def test_wrt_orders_and_selects(hess: Hess) -> None:
    answer = hess(F, "--wrt", "y,x", "--at", "4,2", "--json").json
    assert [v["name"] for v in answer["variables"]] == ["y", "x"]
    assert answer["point"] == {"y": 4.0, "x": 2.0}
    assert answer["hessian"] == [[0.0, 1.0], [1.0, 12.0]]
    answer = hess(F, "--wrt", "x", "--at", "x=2,y=4", "--json").json
    assert answer["hessian"] == [[12.0]]
    assert answer["point"] == {"x": 2.0, "y": 4.0}


@pytest.mark.parametrize(
    ("wrt", "words"),
    [("x,q", "no variable `q`"), ("x,x", "twice"), ("", "not a name"), ("x,,y", "not a name"),
     ("2", "not a name")],
)  # fmt: skip
def test_bad_wrt_is_refused(hess: Hess, wrt: str, words: str) -> None:
    result = hess(F, "--wrt", wrt, "--at", "x=1,y=2")
    assert result.status == 2
    assert words in result.stderr


def test_wrt_gives_no_order_to_constants(hess: Hess) -> None:
    result = hess("x*y*z", "--wrt", "x", "--at", "1,2,3")
    assert result.status == 2
    assert "give constants by name" in result.stderr


def test_a_hessian_beyond_memory_is_refused_beforehand(hess: Hess) -> None:
    result = hess("x1**2*x2", "--at", "x1=randn(2000,2000),x2=1")
    assert result.status == 2
    assert "4,000,001 × 4,000,001" in result.stderr
    assert "116 TiB" in result.stderr
    assert result.stdout == ""


def test_a_large_constant_is_no_large_hessian(hess: Hess) -> None:
    answer = hess("w**2*x", "--wrt", "w", "--at", "w=2,x=ones(1000,1000)", "--json").json
    assert answer["hessian"] == [[2_000_000.0]]


@given(
    st.recursive(
        st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner, max_size=3),
        max_leaves=8,
    )
)
def test_json_values_come_back_as_the_same_doubles(content: Any) -> None:
    text = json.dumps({"x": content})
    try:
        value = read_assignment(text).named["x"]
    except HessError as error:
        assert error.code in ("ragged", "empty-tensor")
        return
    shape = np.shape(content)
    assert value.shape == shape
    numbers = [float(entry) for entry in value.entries]  # type: ignore[union-attr]
    assert numbers == np.ravel(content).tolist()


@given(st.text(alphabet='xy=0123456789.eE+-*/()[],@{}":randnπ ', max_size=25))
def test_any_point_is_read_or_refused(text: str) -> None:
    try:
        read_assignment(text)
    except HessError as error:
        assert error.message


def test_tensors_that_are_reduced_need_not_fit_each_other(hess: Hess) -> None:
    answer = hess("sum(x)*sum(y)", "--at", "x=[1,2],y=[1,2,3]", "--json").json
    assert answer["value"] == 18
    assert answer["hessian"] == [[0, 0, 1, 1, 1]] * 2 + [[1, 1, 0, 0, 0]] * 3
    assert hess("sum(x*y)", "--at", "x=[1,2],y=[1,2,3]").status == 2
