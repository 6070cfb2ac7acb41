"""Spectra of matrices known by enclosures: right, accurate, and with no sign that is not proved.

The matrices are made from eigenvalues and a rational orthogonal matrix, or have a known spectrum,
so that nothing here is compared with what the code computes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import flint
import mpmath
import pytest
from flint import arb, fmpq

from hesscli.exact.spectrum.eigenvalues import Number, Rows, signs
from hesscli.exact.spectrum.spectra import ProvedSpectrum, proved_spectrum

TINY, CLOSE = fmpq(1, 10**300), fmpq(1, 10**17)


def _reflected(eigenvalues: Sequence[fmpq], seed: int) -> list[list[fmpq]]:
    """A full rational matrix with these eigenvalues: reflected in two random hyperplanes."""
    order, rng = len(eigenvalues), random.Random(seed)
    rows = [[e if i == j else fmpq(0) for j in range(order)] for i, e in enumerate(eigenvalues)]
    for _ in range(2):
        normal = [fmpq(rng.randint(1, 9)) for _ in range(order)]
        square = sum((a * a for a in normal), fmpq(0))
        for _ in range(2):  # from both sides
            image = [
                sum((a * e for a, e in zip(normal, row, strict=True)), fmpq(0)) for row in rows
            ]
            rows = [
                [e - 2 * s * a / square for a, e in zip(normal, row, strict=True)]
                for s, row in zip(image, rows, strict=True)
            ]
            rows = [list(column) for column in zip(*rows, strict=True)]
    return rows


def _blurred(rows: Rows) -> Callable[[int], Rows]:
    """The same matrix, known by balls only."""

    def at(precision: int) -> Rows:
        third = arb(1) / 3
        return [[arb(entry) * third * 3 for entry in row] for row in rows]

    return at


def _spectrum(rows: Rows, nullity: int = 0) -> ProvedSpectrum:
    found = proved_spectrum(lambda _: rows, nullity)
    assert found is not None
    return found


def _assert_is(found: ProvedSpectrum | None, expected: Sequence[fmpq], bits: int = 55) -> None:
    assert found is not None
    ascending = sorted(expected)
    counts = [sum(e > 0 for e in ascending), sum(e == 0 for e in ascending)]
    assert [found.positive, found.zero] == counts
    assert found.unknown == 0
    assert found.negative == len(expected) - sum(counts)
    with flint.ctx.workprec(8000):
        for enclosure, exact in zip(found.eigenvalues, ascending, strict=True):
            if isinstance(enclosure, fmpq):
                assert enclosure == exact
            else:
                assert enclosure.contains(exact)
                assert enclosure.rel_accuracy_bits() >= bits


SPECTRA: dict[str, list[fmpq]] = {
    "one": [fmpq(-7, 3)],
    "two": [fmpq(1), fmpq(3)],
    "cancelling": [-CLOSE, fmpq(4)],
    "identity": [fmpq(1)] * 4,
    "repeated": [fmpq(2), fmpq(2), fmpq(-1), fmpq(5), fmpq(5)],
    "clustered": [fmpq(1), 1 + CLOSE, 1 + 2 * CLOSE, 1 + CLOSE * CLOSE, fmpq(-1)],
    "tiny": [TINY, -TINY, fmpq(1), fmpq(2)],
    "all tiny": [TINY, -TINY, 3 * TINY],
    "all huge": [1 / TINY, 2 / TINY, -3 / TINY, 5 / TINY],
    "every size": [1 / TINY, fmpq(1), TINY, -CLOSE],
    "singular": [fmpq(0), fmpq(0), fmpq(1), fmpq(-1, 10**20)],
    "tiny and zero": [fmpq(0), TINY, fmpq(1)],
    "nil": [fmpq(0)] * 3,
    "many": [fmpq(k * k - 50) for k in range(15)],
    "many clustered": [1 + k * CLOSE for k in range(10)] + [fmpq(0)] * 6,
}


@pytest.mark.parametrize("name", SPECTRA)
def test_eigenvalues_of_an_exact_matrix_are_enclosed_and_their_signs_proved(name: str) -> None:
    _assert_is(_spectrum(_reflected(SPECTRA[name], 1)), SPECTRA[name])


@pytest.mark.parametrize("name", SPECTRA)
def test_a_matrix_of_balls_needs_its_nullity_to_have_proved_zeros(name: str) -> None:
    expected = SPECTRA[name]
    nullity = sum(e == 0 for e in expected)
    rows = _blurred(_reflected(expected, 2))
    _assert_is(proved_spectrum(rows, nullity), expected)
    if nullity and name != "nil":  # whose entries are exact zeros
        found = proved_spectrum(rows, nullity - 1)
        assert found is not None
        assert (found.zero, found.unknown) == (0, nullity)
        assert found.positive == sum(e > 0 for e in expected)
        assert found.negative == sum(e < 0 for e in expected)


@pytest.mark.parametrize("seed", range(40))
def test_random_spectra(seed: int) -> None:
    rng = random.Random(seed)
    order = rng.randint(1, 9)
    pool = [fmpq(rng.randint(-9, 9)) * fmpq(10) ** rng.randint(-40, 40) for _ in range(order)]
    pool += [fmpq(0), fmpq(1), 1 + CLOSE, fmpq(-1)]
    expected = [rng.choice(pool) for _ in range(order)]
    rows = _reflected(expected, seed)
    _assert_is(_spectrum(rows), expected)
    _assert_is(proved_spectrum(_blurred(rows), sum(e == 0 for e in expected)), expected)


@pytest.mark.parametrize("order", [3, 20, 60])
def test_eigenvalues_of_a_chain_are_those_known(order: int) -> None:
    rows = [[fmpq(2 * (i == j) - (abs(i - j) == 1)) for j in range(order)] for i in range(order)]
    found = _spectrum(rows)
    assert found.positive == order
    with mpmath.workdps(40):
        for k, enclosure in enumerate(found.eigenvalues, start=1):
            known = 4 * mpmath.sin(k * mpmath.pi / (2 * order + 2)) ** 2
            assert abs(mpmath.mpf(arb(enclosure).str(30, radius=False)) - known) < 1e-20


def test_blocks_are_solved_alone_and_joined_in_order() -> None:
    sizes = [fmpq(10) ** 300, fmpq(-2), fmpq(0), fmpq(1, 3), -TINY]
    diagonal = [[e if i == j else fmpq(0) for j in range(5)] for i, e in enumerate(sizes)]
    assert _spectrum(diagonal).eigenvalues == tuple(sorted(sizes))
    rows = [row[:] + [fmpq(0)] * 3 for row in diagonal]
    inner = _reflected([fmpq(1, 3), fmpq(-2), fmpq(4)], 3)
    rows += [[fmpq(0)] * 5 + row for row in inner]
    _assert_is(_spectrum(rows), [*sizes, fmpq(1, 3), fmpq(-2), fmpq(4)])


@pytest.mark.slow
def test_sixty_rows_with_hard_spectra_get_their_signs() -> None:
    hilbert = [[fmpq(1, i + j + 1) for j in range(60)] for i in range(60)]
    found = _spectrum(hilbert)
    assert (found.positive, found.unknown) == (60, 0)
    expected = [fmpq(1) + k * CLOSE for k in range(30)] + [fmpq(-k, 7) for k in range(30)]
    _assert_is(_spectrum(_reflected(expected, 4)), expected)


def test_elimination_takes_pivots_of_order_two() -> None:
    nothing = [
        [fmpq(0), fmpq(1), fmpq(2)],
        [fmpq(1), fmpq(0), fmpq(3)],
        [fmpq(2), fmpq(3), fmpq(0)],
    ]
    assert signs(nothing) == (1, 2)  # the determinant is 12, the trace 0
    wide = arb(0, 1e-3)
    assert signs([[wide, wide], [wide, arb(1)]]) == (1, 0)


def test_what_no_precision_shows_stays_unknown() -> None:
    def never(precision: int) -> Rows:
        return [[arb(0, 1e-9), fmpq(0)], [fmpq(0), arb(1)]]

    found = proved_spectrum(never)
    assert found is not None
    assert (found.positive, found.zero, found.negative, found.unknown) == (1, 0, 0, 1)
    assert arb(found.eigenvalues[0]).contains(0)
    noise = proved_spectrum(lambda _: [[arb(0, 1)] * 3] * 3)
    assert noise is not None
    assert noise.unknown == 3
    assert all(arb(e).contains(arb(0, 3)) for e in noise.eigenvalues)
    assert proved_spectrum(lambda _: None) is None
    assert proved_spectrum(lambda _: [[arb.nan()]]) is None


def test_the_precision_rises_until_the_sign_shows() -> None:
    asked: list[int] = []

    def rows(precision: int) -> Rows:
        asked.append(precision)
        blur = arb(1) + arb(0, arb(2) ** -precision)
        return [[blur, blur], [blur, blur * (1 - arb(10) ** -100)]]

    found = proved_spectrum(rows)
    assert found is not None
    assert (found.positive, found.negative) == (1, 1)
    assert asked == sorted(asked)
    assert len(asked) > 1


def test_the_precision_of_the_caller_is_left_alone() -> None:
    before = flint.ctx.prec
    _spectrum(_reflected(SPECTRA["tiny"], 5))
    assert flint.ctx.prec == before


@pytest.mark.parametrize("truth", [1.1, 2.0, 2.9])
def test_overlapping_enclosures_are_in_order_whatever_the_truth_is(truth: float) -> None:
    diagonal: list[Number] = [arb(2, 1), arb(1.6, 0.01), arb(2.5, 0.01), fmpq(5, 2)]
    rows: Rows = [[e if i == j else fmpq(0) for j in range(4)] for i, e in enumerate(diagonal)]
    ascending = sorted([truth, 1.6, 2.495, 2.5])
    for enclosure, value in zip(_spectrum(rows).eigenvalues, ascending, strict=True):
        assert arb(enclosure).contains(arb(value))
