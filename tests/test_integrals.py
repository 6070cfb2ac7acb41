"""Integrals in balls: proved of the integral itself, against closed forms that mpmath computes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import mpmath
import pytest
from flint import acb, arb, fmpq

from hesscli.functions.balls import BALLS, partials
from hesscli.functions.balls.analytic import ANALYTIC
from hesscli.functions.balls.enclosure import Number

from .conftest import Hess

mp: Any = mpmath.mp

# A formula, the place, and the same by mpmath where SymPy's closed form may be another or not real.
PROVED: list[tuple[str, str, Callable[[Any], Any]]] = [
    ("Integral(exp(-x*t**2), (t, 0, 1))", "0.75",
     lambda x: mp.sqrt(mp.pi / x) / 2 * mp.erf(mp.sqrt(x))),
    ("Integral(exp(-x*t**2), (t, 0, 1))", "-0.75",
     lambda x: mp.sqrt(mp.pi / -x) / 2 * mp.erfi(mp.sqrt(-x))),
    ("Integral(exp(x*t**2), (t, 0, 3))", "1",
     lambda x: mp.sqrt(mp.pi / x) / 2 * mp.erfi(3 * mp.sqrt(x))),
    ("Integral(exp(-t**2), (t, 0, x))", "2", lambda x: mp.sqrt(mp.pi) / 2 * mp.erf(x)),
    ("Integral(1/(t - x), (t, 2, 5))", "0.75", lambda x: mp.log((5 - x) / (2 - x))),
    ("Integral(1/(t**2 + x**2), (t, -1, 1))", "1", lambda x: 2 * mp.atan(1 / x) / x),
    ("Integral(cos(x*t), (t, x, x**2))", "0.75", lambda x: (mp.sin(x**3) - mp.sin(x**2)) / x),
    ("Integral(x**t, (t, 0, 1))", "0.75", lambda x: (x - 1) / mp.log(x)),
    ("Integral(t*x*s, (t, 0, s), (s, 0, 1))", "0.75", lambda x: x / 8),
    ("x**2*Integral(log(x*t), (t, 1, 5))", "3",
     lambda x: x**2 * (5 * mp.log(5 * x) - mp.log(x) - 4)),
    ("Integral(x*exp(-t), (t, 0, 1))**3", "-2", lambda x: (x * (1 - mp.exp(-1))) ** 3),
    ("Derivative(Integral(exp(x*t**2), (t, 0, 1)), x)", "1",
     lambda x: mp.diff(lambda p: mp.sqrt(mp.pi / p) / 2 * mp.erfi(mp.sqrt(p)), x)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "at", "reference"), PROVED, ids=[p[0] + p[1] for p in PROVED])
def test_an_integral_is_proved(
    hess: Hess, text: str, at: str, reference: Callable[[Any], Any]
) -> None:
    answer = hess(text, f"--at=x={at}", "--json").json
    assert answer["verified"]["by"] == "proof"
    found = answer["value"], answer["gradient"][0], answer["hessian"][0][0]
    with mpmath.workdps(60):
        for order, number in enumerate(found):
            assert number == pytest.approx(float(mp.diff(reference, mp.mpf(at), order)), rel=1e-15)


def test_digits_of_an_integral_are_its_own(hess: Hess) -> None:
    answer = hess("Integral(exp(-x*t**2), (t, 0, 1))", "--at", "1", "--digits", "60", "--json").json
    with mpmath.workdps(80):
        right = mp.nstr(mp.sqrt(mp.pi) / 2 * mp.erf(1), 60)
    assert answer["value"] == right


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("Integral(sin(t)/t, (t, 0, x))", "1"),  # singular as it stands
        ("Integral(sqrt(t)*x, (t, 0, 2))", "1"),
        ("Integral(exp(-x*t), (t, 0, oo))", "2"),
        ("Integral(abs(x - t), (t, 0, 1))", "1/2"),
        ("Derivative(Integral(abs(x - t), (t, 0, 1)), x)", "1/2"),
    ],
)
def test_a_closed_form_is_not_called_proved(hess: Hess, text: str, at: str) -> None:
    answer = hess(text, "--at", at, "--json").json
    assert answer["hessian"][0][0] is not None
    assert answer["verified"]["by"] is None
    assert "closed form" in answer["verified"]["reason"]
    assert not answer["definiteness_proved"]


def test_a_zero_that_only_a_quadrature_shows_is_bounded(hess: Hess) -> None:
    answer = hess("Integral(sin(t*x), (t, -1, 1)) + x", "--at", "1", "--json").json
    assert answer["verified"]["by"] == "proof"
    assert answer["value"] == 1
    assert answer["hessian"] == [[0]]
    assert 0 < answer["below"]["hessian[0][0]"] < 1e-300
    assert answer["definiteness"] == "undecided"


def test_a_parameter_has_its_kinks(hess: Hess) -> None:
    answer = hess("Integral(abs(x)*t, (t, 0, 1))", "--at", "0", "--json").json
    assert answer["hessian"] == [[None]]
    assert answer["undefined"][0]["reason"] == "abs(x) has a kink at x = 0"


# Continuations

FIRST: dict[str, Number] = {name: fmpq(1) for name in ("besselj", "bessely", "besseli", "besselk")}
UNARY = [name for name in ANALYTIC if name in BALLS and name not in ("logsumexp", "hypot")]


def continued(name: str, z: acb) -> acb:
    return ANALYTIC[name](*([acb(arb(FIRST[name]))] if name in FIRST else []), z)


def boxes(name: str) -> Iterator[acb]:
    """Boxes of all sizes, on the real axis and off it."""
    draw = random.Random(name)
    for _ in range(120):
        x, y, radius = draw.uniform(-4, 4), draw.choice((0, 0, draw.uniform(-2, 2))), draw.random()
        yield acb(arb(x, radius * draw.random()), arb(y, radius * draw.random()))


@pytest.mark.parametrize("name", UNARY)
def test_what_is_finite_on_a_box_is_real_and_smooth_on_its_axis(name: str) -> None:
    checked = 0
    for box in boxes(name):
        if not continued(name, box).is_finite() or not box.imag.contains(0):
            continue
        for share in (-1, -0.5, 0, 0.5, 1):
            x = arb(box.real.mid() + share * box.real.rad())
            arguments, moving = [x], [0]
            if name in FIRST:
                arguments, moving = [FIRST[name], x], [1]
            real = partials(name, arguments, moving).value
            assert continued(name, acb(x)).real.overlaps(arb(real))
            checked += 1
    assert checked >= 20


@pytest.mark.parametrize("name", UNARY)
def test_what_is_finite_on_a_box_is_analytic_in_it(name: str) -> None:
    """By Cauchy's theorem: around it, the integral is 0."""
    checked = 0
    for box in boxes(name):
        if not continued(name, box).is_finite():
            continue
        (a, b), (c, d) = ((part.lower(), part.upper()) for part in (box.real, box.imag))
        corners = [acb(a, c), acb(b, c), acb(b, d), acb(a, d), acb(a, c)]
        around = sum(
            (
                acb.integral(lambda z, _: continued(name, z), one, other)
                for one, other in pairwise(corners)
            ),
            acb(0),
        )
        assert around.contains(0)
        checked += 1
    assert checked >= 20


def test_pieces_are_chosen_only_where_they_hold() -> None:
    across, right = acb(arb(0, 1)), acb(arb(3, 1), arb(0, 1))
    for name in ("Abs", "sign", "log", "cbrt"):
        assert not ANALYTIC[name](across).is_finite()
    assert ANALYTIC["Abs"](-right).overlaps(right)
    assert ANALYTIC["sign"](-right) == -1
    assert ANALYTIC["Max"](acb(1), right, -right).overlaps(right)
    assert ANALYTIC["Min"](acb(1), right, -right).overlaps(-right)
    assert not ANALYTIC["Max"](acb(3), right).is_finite()


def test_too_narrow_a_peak_leaves_what_is_known(hess: Hess) -> None:
    answer = hess("Integral(exp(-(t-1/3)**2/x**2), (t, 0, 1))", "--at", "1e-20", "--json").json
    assert answer["gradient"] == [pytest.approx(float(mp.sqrt(mp.pi)), rel=1e-15)]
    assert answer["hessian"] == [[0]]
    assert answer["below"]["hessian[0][0]"] > 0
