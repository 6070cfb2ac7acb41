"""Enclosures of the functions of the table: they hold what mpmath finds, and are narrow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import product
from typing import Any

import mpmath
import pytest
import sympy
from flint import arb, ctx, fmpq

from hesscli.expression.reader import read_formula
from hesscli.functions.balls import (
    BALLS,
    WEIGHTS,
    NotProvedError,
    NotRealError,
    Number,
    Partials,
    SingularError,
    UndecidedError,
    partials,
)

from .test_functions import CASES, Case

mp: Any = mpmath.mp
DIGITS = 60
MOST_DIGITS = 400
TINY = mpmath.mpf(10) ** -300
# mpmath takes seconds for these.
SLOW = (
    "bessely(0", "bessely(1", "bessely(2", "besselk", "erfcinv", "zeta", "polylog", "polygamma",
    "trigamma", "digamma", "airyaiprime", "uppergamma(1/3", "gammainc", "lowergamma(1/3", "expint",
)  # fmt: skip
# Points at which 400 bits leave less than 50 digits: next to zeros and edges.
WIDE = {"zeta(x)": 1}


# A case of the table is one function of numbers and variables, as SymPy holds it.


@cache
def node(text: str) -> Any:
    return read_formula(text).expression


def name(case: Case) -> str:
    return type(node(case.text)).__name__


PROVED = [case for case in CASES if name(case) in BALLS]


def placed(case: Case, point: Sequence[Number]) -> tuple[list[Number], list[int], list[str]]:
    """The arguments of the call at a point, and which of them are variables, of what names."""
    values = dict(zip(("x", "y"), point, strict=False))
    arguments, moving, names = [], [], []
    for position, argument in enumerate(node(case.text).args):
        if argument.is_Symbol:
            moving.append(position)
            names.append(argument.name)
            arguments.append(values[argument.name])
        elif argument.free_symbols:  # x + 1 is part of the table's definition
            shift = argument.subs(dict.fromkeys(argument.free_symbols, 0))
            moving.append(position)
            names.append("x")
            arguments.append(values["x"] + fmpq(int(shift.p), int(shift.q)))
        else:
            arguments.append(fmpq(int(argument.p), int(argument.q)))
    return arguments, moving, names


def rational(x: float) -> fmpq:
    return fmpq(*x.as_integer_ratio())


# What mpmath finds, with the error that it makes


@cache
def expected(case: Case, point: tuple[float, ...]) -> dict[tuple[str, ...], tuple[Any, Any]]:
    """The value under (), slopes and second derivatives, each with a bound of its error.

    Differences of a function that is nearly constant cancel, which more digits tell.
    """
    digits = DIGITS + 40
    low = _derivatives(case, point, digits)
    while True:
        digits += digits // 2
        high = _derivatives(case, point, digits)
        errors = {key: 4 * abs(high[key] - low[key]) for key in high}
        if digits > MOST_DIGITS or all(
            high[key] and errors[key] < mp.mpf(10) ** -DIGITS * abs(high[key]) for key in high
        ):
            return {key: (high[key], errors[key]) for key in high}
        low = high


def _derivatives(case: Case, point: Sequence[float], digits: int) -> dict[tuple[str, ...], Any]:
    """Central differences over a step of ``10**-(digits/2)`` in proportion to the point."""
    with mp.workdps(3 * digits):
        place = [mp.mpf(x) for x in point]
        steps = [(abs(x) or 1) * mp.mpf(10) ** -(digits // 2) for x in place]

        def at(*shifts: int) -> Any:
            return case.reference(
                *(x + k * h for x, k, h in zip(place, shifts, steps, strict=True))
            )

        names = ("x", "y")[: len(place)]
        zero = tuple(0 for _ in place)
        found: dict[tuple[str, ...], Any] = {(): at(*zero)}
        for i, (key, h) in enumerate(zip(names, steps, strict=True)):
            up, down = (at(*((*zero[:i], sign, *zero[i + 1 :]))) for sign in (1, -1))
            found[(key,)] = (up - down) / (2 * h)
            found[key, key] = (up - 2 * found[()] + down) / (h * h)
        if len(place) == 2:
            corners = at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)
            found["x", "y"] = corners / (4 * steps[0] * steps[1])
    return found


def named(found: Partials, names: dict[int, str]) -> dict[tuple[str, ...], Number]:
    """The numbers of an enclosure under the names of the variables."""
    numbers: dict[tuple[str, ...], Number] = {(): found.value}
    numbers |= {(names[i],): slope for i, slope in found.first.items()}
    numbers |= {tuple(sorted((names[i], names[j]))): bend for (i, j), bend in found.second.items()}
    return numbers


def middle(x: Number) -> Any:
    if isinstance(x, fmpq):
        return mp.mpf(int(x.numerator)) / int(x.denominator)
    mantissa, exponent = x.mid().man_exp()
    return mp.ldexp(mp.mpf(int(mantissa)), int(exponent))


def radius(x: Number) -> Any:
    return mp.mpf(0) if isinstance(x, fmpq) else middle(x.rad())


def holds(x: Number, number: Any, error: Any) -> bool:
    with mp.workdps(400):
        return bool(
            abs(number - middle(x))
            <= radius(x) * (1 + mp.mpf(10) ** -9) + error + abs(number) * TINY
        )


def digits_of(x: Number) -> float:
    """The number of digits that are known."""
    size, error = abs(middle(x)), radius(x)
    if not error:
        return float("inf")
    return float(mp.log10(size / error)) if size else 0.0


def points(case: Case, drawn: int) -> Iterator[tuple[float, ...]]:
    yield from case.drawn(drawn)
    yield from case.special()


def compared(case: Case, point: tuple[float, ...], bits: int) -> str:
    """How an enclosure and mpmath's number compare: ``right``, or why there is no enclosure."""
    arguments, moving, names = placed(case, [rational(x) for x in point])
    with ctx.workprec(bits):
        try:
            found = partials(name(case), arguments, moving)
        except (NotProvedError, UndecidedError) as refusal:
            return type(refusal).__name__
        right = expected(case, point)
        for key, number in named(found, dict(zip(moving, names, strict=True))).items():
            exact, error = right[key]
            if not exact and not error and number != 0:
                return "lost"  # what mpmath's differences do not see
            assert not mp.im(exact), (case.text, point, key, exact)
            assert holds(number, exact, error), (case.text, point, bits, key, number, exact, error)
            if bits == 400 and digits_of(number) < 50:
                return "wide"
    return "right"


FAST = [case for case in PROVED if not case.text.startswith(SLOW)]


@pytest.mark.parametrize("case", FAST, ids=lambda case: case.text)
def test_value_and_derivatives_are_enclosed(case: Case) -> None:
    (point,) = case.drawn(1)
    assert compared(case, point, 128) == "right"


@pytest.mark.slow
@pytest.mark.parametrize("case", PROVED, ids=lambda case: case.text)
def test_enclosed_everywhere(case: Case) -> None:
    """At random points, next to edges, poles and zeros, far out; 400 bits give 50 digits."""
    for bits in (64, 400):
        outcomes = Counter(compared(case, point, bits) for point in points(case, 1))
        assert not outcomes["NotProvedError"]
    assert not outcomes["UndecidedError"]
    assert outcomes["right"]
    assert outcomes["wide"] <= WIDE.get(case.text, 0)


@pytest.mark.parametrize("case", PROVED, ids=lambda case: case.text)
def test_a_wide_ball_holds_what_its_points_have(case: Case) -> None:
    for point in case.drawn(2):
        for inner in (-0.1, -0.06, 0.03, 0.1):
            shifted = [x + inner * min(1.0, abs(x)) for x in point]
            wide = [arb(x, 0.1 * min(1.0, abs(x)) * (1 + 1e-9)) for x in point]
            arguments, moving, _ = placed(case, wide)
            exact, _, _ = placed(case, [rational(x) for x in shifted])
            try:
                around = numbers(partials(name(case), arguments, moving))
            except (NotProvedError, UndecidedError):
                break  # the ball reaches over an edge or a pole
            with ctx.workprec(200):
                here = numbers(partials(name(case), exact, moving))
            assert all(arb(b).overlaps(arb(n)) for b, n in zip(around, here, strict=True))


def numbers(found: Partials) -> list[Number]:
    return [found.value, *found.first.values(), *found.second.values()]


# What no case of the table covers: what only derivatives call, and whole numbers of arguments.


DERIVED: dict[tuple[str, str], Callable[[Any], Any]] = {
    ("harmonic", ""): mp.harmonic,
    ("RisingFactorial", ",4"): lambda x: mp.rf(x, 4),
    ("FallingFactorial", ",4"): lambda x: mp.ff(x, 4),
    ("gegenbauer", "5,3/2,"): lambda x: mp.gegenbauer(5, mp.mpf(3) / 2, x),
    ("assoc_laguerre", "6,2,"): lambda x: mp.laguerre(6, 2, x),
}


@pytest.mark.parametrize(("function", "others"), DERIVED)
def test_what_derivatives_call_is_enclosed(function: str, others: str) -> None:
    reference = DERIVED[function, others]
    before, _, after = others.rpartition(",") if others.endswith(",") else ("", "", others)
    for x in (0.7, 3.4):
        arguments = [fraction(t) for t in before.split(",") if t]
        arguments += [rational(x), *(fraction(t) for t in after.split(",") if t)]
        place = len([t for t in before.split(",") if t])
        with ctx.workprec(200), mp.workdps(80):
            found = numbers(partials(function, arguments, [place]))
            for order, number in enumerate(found):
                assert holds(number, mp.diff(reference, mp.mpf(x), order), mp.mpf(10) ** -50)
                assert digits_of(number) > 40


def fraction(text: str) -> fmpq:
    above, _, below = text.partition("/")
    return fmpq(int(above), int(below or 1))


def test_logsumexp_of_three_terms_has_its_shares() -> None:
    with ctx.workprec(200), mp.workdps(80):
        found = partials("logsumexp", [fmpq(1), fmpq(2), fmpq(-1, 3)], [0, 1, 2])
        terms = [mp.e, mp.e**2, mp.exp(-mp.mpf(1) / 3)]
        shares = [t / sum(terms) for t in terms]
        assert holds(found.value, mp.log(sum(terms)), mp.mpf(10) ** -60)
        for i, j in product(range(3), repeat=2):
            assert holds(found.first[i], shares[i], mp.mpf(10) ** -60)
            if i <= j:
                bend = shares[i] * ((i == j) - shares[j])
                assert holds(found.second[i, j], bend, mp.mpf(10) ** -60)


EXACT = [
    ("exp", "0", "1 1 1"),
    ("expm1", "0", "0 1 1"),
    ("log", "1", "0 1 -1"),
    ("log", "3", "? 1/3 -1/9"),
    ("log2", "8", "3 ? ?"),
    ("log10", "1/100", "-2 ? ?"),
    ("log1p", "0", "0 1 -1"),
    ("sin", "0", "0 1 0"),
    ("cos", "0", "1 0 -1"),
    ("tan", "0", "0 1 0"),
    ("asin", "0", "0 1 0"),
    ("acos", "0", "? -1 0"),
    ("atan", "0", "0 1 0"),
    ("atan", "2", "? 1/5 -4/25"),
    ("sinh", "0", "0 1 0"),
    ("cosh", "0", "1 0 1"),
    ("tanh", "0", "0 1 0"),
    ("sech", "0", "1 0 -1"),
    ("asinh", "0", "0 1 0"),
    ("atanh", "0", "0 1 0"),
    ("sinc", "0", "1 0 -1/3"),
    ("sigmoid", "0", "1/2 1/4 0"),
    ("softplus", "0", "? 1/2 1/4"),
    ("logcosh", "0", "0 0 1"),
    ("cbrt", "-8/27", "-2/3 3/4 27/16"),
    ("erf", "0", "0 ? 0"),
    ("erfc", "0", "1 ? 0"),
    ("erfi", "0", "0 ? 0"),
    ("Si", "0", "0 1 0"),
    ("Shi", "0", "0 1 0"),
    ("fresnels", "0", "0 0 0"),
    ("fresnelc", "0", "0 1 0"),
    ("LambertW", "0", "0 1 -2"),
    ("gamma", "5", "24 ? ?"),
    ("factorial", "5", "120 ? ?"),
    ("loggamma", "2", "0 ? ?"),
    ("harmonic", "3", "11/6 ? ?"),
    ("zeta", "-3", "1/120 ? ?"),
    ("zeta", "-2", "0 ? ?"),
]
ORDERED_EXACT = [
    ("besselj", "0 0", "1 0 -1/2"),
    ("besselj", "1 0", "0 1/2 0"),
    ("besselj", "2 0", "0 0 1/4"),
    ("besselj", "3 0", "0 0 0"),
    ("besseli", "0 0", "1 0 1/2"),
    ("spherical_jn", "0 0", "1 0 -1/3"),
    ("spherical_jn", "1 0", "0 1/3 0"),
    ("polylog", "2 0", "0 1 1/2"),
    ("polylog", "-1 1/2", "2 ? ?"),
    ("lowergamma", "1 0", "0 1 -1"),
    ("lowergamma", "3 0", "0 0 0"),
    ("legendre", "3 1/2", "-7/16 3/8 15/2"),
    ("hermite", "2 1", "2 8 8"),
    ("laguerre", "0 1", "1 0 0"),
]


@pytest.mark.parametrize(("function", "at", "numbers_there"), EXACT + ORDERED_EXACT)
def test_what_is_rational_is_exact(function: str, at: str, numbers_there: str) -> None:
    arguments = [fraction(t) for t in at.split()]
    found = numbers(partials(function, arguments, [len(arguments) - 1]))
    for number, text in zip(found, numbers_there.split(), strict=True):
        assert isinstance(number, fmpq) == (text != "?") or (text == "?" and number != 0)
        if text != "?":
            assert number == fraction(text)


@pytest.mark.parametrize(
    "function",
    [
        *("sigmoid", "softplus", "logcosh", "tanh", "sech", "asinh", "atan", "erf", "erfc"),
        *("sinc", "Si", "Ei", "atan2", "hypot"),
    ],
)
@pytest.mark.parametrize("x", [10**300, -(10**300)])
def test_large_arguments_have_bounds(function: str, x: int) -> None:
    count = 2 if function in ("atan2", "hypot") else 1
    if function == "Ei" and x > 0:
        return
    found = numbers(partials(function, [fmpq(x)] * count, range(count)))
    assert all(isinstance(n, fmpq) or n.is_finite() for n in found)


def test_logsumexp_of_far_terms_has_bounds() -> None:
    found = partials("logsumexp", [fmpq(10) ** 300, -(fmpq(10) ** 300)], [0, 1])
    assert found.value > fmpq(10) ** 299
    assert all(arb(n).is_finite() for n in numbers(found))


REFUSED = [
    ("log", "-1", NotRealError),
    ("log", "0", SingularError),
    ("asin", "2", NotRealError),
    ("asin", "1", SingularError),
    ("acosh", "1/2", NotRealError),
    ("loggamma", "-1/2", NotRealError),
    ("gamma", "-3", SingularError),
    ("zeta", "1", SingularError),
    ("atan2", "0 -1", SingularError),
    ("hypot", "0 0", SingularError),
    ("LambertW", "-1", NotRealError),
    ("elliptic_k", "2", NotRealError),
    ("exp", "1" + "0" * 300, NotProvedError),
    ("gamma", "1" + "0" * 300, NotProvedError),
    ("no_such_function", "1", NotProvedError),
]


@pytest.mark.parametrize(("function", "at", "error"), REFUSED)
def test_no_enclosure_where_there_is_none(function: str, at: str, error: type[Exception]) -> None:
    arguments = [fraction(t) for t in at.split()]
    with pytest.raises(NotProvedError) as refusal:
        partials(function, arguments, range(len(arguments)))
    assert refusal.type is error


@pytest.mark.parametrize(("function", "edge"), [
    ("log", 0), ("asin", 1), ("acos", -1), ("gamma", 0), ("gamma", -2), ("loggamma", 0),
    ("zeta", 1), ("cbrt", 0), ("acosh", 1), ("Ei", 0), ("elliptic_k", 1), ("tan", 1.5707963),
])  # fmt: skip
def test_a_ball_over_an_edge_is_undecided(function: str, edge: float) -> None:
    with pytest.raises(UndecidedError):
        partials(function, [arb(edge, 1e-3)], [0])


def test_a_derivative_by_an_order_is_not_proved() -> None:
    with pytest.raises(NotProvedError):
        partials("besselj", [fmpq(1), fmpq(2)], [0])


def test_a_value_at_the_edge_needs_no_derivative() -> None:
    assert partials("acos", [fmpq(1)], []).value == 0
    assert partials("asin", [fmpq(-1)], []).value.overlaps(-arb.pi() / 2)


def test_each_function_of_a_formula_and_of_its_derivatives_has_balls() -> None:
    walked = {"Abs", "sign", "floor", "ceiling", "Piecewise", "Max", "Min", "Heaviside"}
    walked.add("DiracDelta")  # the derivative of a jump, which is refused before
    called = set()
    for case in CASES:
        formula = node(case.text)
        slopes = [formula.diff(s) for s in formula.free_symbols]
        for e in (formula, *slopes):
            called |= {type(f).__name__ for f in e.atoms(sympy.Function)}
    assert called <= BALLS.keys() | walked


def test_each_function_has_a_weight() -> None:
    assert WEIGHTS.keys() == BALLS.keys()
    assert min(WEIGHTS.values()) >= 1
