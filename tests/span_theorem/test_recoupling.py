"""6j, 9j and Racah's W, and half-integers: sympy, sums of 3j symbols, the identities they satisfy.

The identities are those that WignerSymbols.jl tests in floating point, here exactly.
"""

from __future__ import annotations

import random
from fractions import Fraction as Q
from itertools import product
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from sympy.physics import wigner as oracle

from span_theorem import (
    Surd,
    clebsch_gordan,
    clebsch_gordan_block,
    racah_w,
    wigner_3j,
    wigner_3j_block,
    wigner_6j,
    wigner_9j,
)

HALVES = [Q(n, 2) for n in range(8)]
halves = st.sampled_from(HALVES)


def span(low: Q, high: Q) -> list[Q]:
    """low, low + 1, …, high."""
    return [low + k for k in range(int(high - low) + 1)]


def coupled(a: Q, b: Q) -> list[Q]:
    return span(abs(a - b), a + b)


def orders(j: Q) -> list[Q]:
    return span(-j, j)


def theirs(*values: Q) -> list[sympy.Rational]:
    return [sympy.Rational(value.numerator, value.denominator) for value in values]


def allowed(a: Q, b: Q, c: Q) -> bool:
    return c in coupled(a, b)


@given(halves, halves, halves, halves, halves, halves)
def test_3j_and_clebsch_gordan_equal_sympy(j1: Q, j2: Q, j3: Q, m1: Q, m2: Q, m3: Q) -> None:
    mine = wigner_3j(j1, j2, j3, m1, m2, m3), clebsch_gordan(j1, m1, j2, m2, j3, m3)
    real = all(abs(m) <= j and (j - m).denominator == 1 for j, m in [(j1, m1), (j2, m2), (j3, m3)])
    if not real:  # sympy raises for some of them; ours say that there is no such state
        assert mine == (0, 0)
        return
    arguments = theirs(j1, j2, j3, m1, m2, m3)
    assert mine[0] == oracle.wigner_3j(*arguments)
    assert mine[1] == oracle.clebsch_gordan(*arguments)


@given(halves, halves, halves)
def test_blocks_hold_every_coefficient_once(j1: Q, j2: Q, j3: Q) -> None:
    block, symbols = clebsch_gordan_block(j1, j2, j3), wigner_3j_block(j1, j2, j3)
    assert list(block) == sorted(block)
    assert list(symbols) == sorted(symbols)
    found = {}
    for m1, m2 in product(orders(j1), orders(j2)):
        value = clebsch_gordan(j1, m1, j2, m2, j3, m1 + m2)
        if value:
            found[m1, m2] = value
            assert symbols[m1, m2, -m1 - m2] == wigner_3j(j1, j2, j3, m1, m2, -m1 - m2)
    assert found == block
    assert len(symbols) == len(block)
    total = sum((value.square for value in symbols.values()), Q(0))
    assert total == int(allowed(j1, j2, j3))


def test_coupling_is_a_unitary_matrix() -> None:
    for j1, j2 in product(HALVES[:6], HALVES[:6]):
        states = [(j, m) for j in coupled(j1, j2) for m in orders(j)]
        pairs = list(product(orders(j1), orders(j2)))
        assert len(states) == len(pairs)
        for j, m in states:
            for k in coupled(j1, j2):
                overlap: Any = 0
                for m1, m2 in pairs:
                    overlap += clebsch_gordan(j1, m1, j2, m2, j, m) * clebsch_gordan(
                        j1, m1, j2, m2, k, m
                    )
                assert overlap == int(j == k)


@pytest.mark.parametrize(
    ("arguments", "square"),
    [  # tables of Clebsch–Gordan coefficients: (j1, m1, j2, m2, j, m)
        ((Q(1, 2), Q(1, 2), Q(1, 2), Q(-1, 2), 1, 0), Q(1, 2)),
        ((Q(1, 2), Q(-1, 2), Q(1, 2), Q(1, 2), 0, 0), Q(-1, 2)),
        ((1, 1, Q(1, 2), Q(-1, 2), Q(3, 2), Q(1, 2)), Q(1, 3)),
        ((1, 0, Q(1, 2), Q(1, 2), Q(1, 2), Q(1, 2)), Q(-1, 3)),
        ((Q(3, 2), Q(3, 2), 1, -1, Q(1, 2), Q(1, 2)), Q(1, 2)),
        ((2, 0, Q(1, 2), Q(1, 2), Q(5, 2), Q(1, 2)), Q(3, 5)),
    ],
)
def test_known_values(arguments: tuple[Q, ...], square: Q) -> None:
    assert clebsch_gordan(*arguments) == Surd(square)
    assert clebsch_gordan(*theirs(*map(Q, arguments))) == Surd(square)


def test_recurrence_of_3j_symbols() -> None:
    rng = random.Random(5)
    for _ in range(6):
        j2, j3 = Q(rng.randint(2, 60), 2), Q(rng.randint(2, 60), 2)
        m2, m3 = rng.choice(orders(j2)), rng.choice(orders(j3))
        m1 = -m2 - m3
        for j in span(max(abs(j2 - j3), abs(m1)) + 1, j2 + j3 - 1):
            up = ((j + 1) ** 2 - (j2 - j3) ** 2) * ((j2 + j3 + 1) ** 2 - (j + 1) ** 2)
            down = (j**2 - (j2 - j3) ** 2) * ((j2 + j3 + 1) ** 2 - j**2)
            x = Surd(up * ((j + 1) ** 2 - m1**2)) * j
            z = Surd(down * (j**2 - m1**2)) * (j + 1)
            y = (2 * j + 1) * (
                (m2 + m3) * (j2 * (j2 + 1) - j3 * (j3 + 1)) - (m2 - m3) * j * (j + 1)
            )
            left = x * wigner_3j(j + 1, j2, j3, m1, m2, m3) + z * wigner_3j(
                j - 1, j2, j3, m1, m2, m3
            )
            assert left == -y * wigner_3j(j, j2, j3, m1, m2, m3)


def test_6j_and_w_equal_sympy() -> None:
    rng = random.Random(1)
    seen = 0
    while seen < 60:
        a, b, c, d, e, f = (Q(rng.randint(0, 12), 2) for _ in range(6))
        if all(allowed(*t) for t in [(a, b, c), (a, e, f), (d, b, f), (d, e, c)]):
            seen += 1
            assert wigner_6j(a, b, c, d, e, f) == oracle.wigner_6j(*theirs(a, b, c, d, e, f))
            assert racah_w(a, b, e, d, c, f) == oracle.racah(*theirs(a, b, e, d, c, f))
        else:
            assert not wigner_6j(a, b, c, d, e, f)


@given(halves, halves, halves, halves, halves, halves)
def test_6j_is_a_sum_of_3j_symbols(a: Q, b: Q, c: Q, d: Q, e: Q, f: Q) -> None:
    # DLMF 34.4.1, a second route: only 3j symbols enter.
    if not (allowed(a, b, c) and allowed(a, e, f) and allowed(d, b, f) and allowed(d, e, c)):
        assert not wigner_6j(a, b, c, d, e, f)
        return
    total: Any = Q(0)
    for n1, n2, n3 in product(orders(d), orders(e), orders(f)):
        m1, m2, m3 = n3 - n2, n1 - n3, n2 - n1
        term = wigner_3j(a, b, c, m1, m2, m3) * wigner_3j(a, e, f, m1, n2, -n3)
        term *= wigner_3j(d, b, f, -n1, m2, n3) * wigner_3j(d, e, c, n1, -n2, m3)
        if term:
            total += term * (-1) ** int(d + n1 + e + n2 + f + n3)
    assert total == wigner_6j(a, b, c, d, e, f)


def test_6j_are_orthogonal() -> None:
    for j1, j2, j4 in product(HALVES[:5], repeat=3):
        for j5 in span(min(abs(j1 - j2 + s * j4) for s in (1, -1)), j1 + j2 + j4):
            sixth = [j for j in coupled(j2, j4) if allowed(j1, j5, j)]
            third = [j for j in coupled(j1, j2) if allowed(j4, j5, j)]
            assert len(sixth) == len(third)
            for p, q in product(sixth, sixth):
                total: Any = 0
                for j3 in third:
                    total += (
                        wigner_6j(j1, j2, j3, j4, j5, p)
                        * wigner_6j(j1, j2, j3, j4, j5, q)
                        * ((2 * j3 + 1) * (2 * p + 1))
                    )
                assert total == int(p == q)


def test_6j_with_a_zero() -> None:
    for j1, j2 in product(HALVES, HALVES):
        for j3 in coupled(j1, j2):
            square = 1 / ((2 * j1 + 1) * (2 * j2 + 1))
            sign = (-1) ** int(j1 + j2 + j3)
            assert wigner_6j(j1, j2, j3, j2, j1, 0) == Surd(sign * square)


def test_w_recouples_three_momenta() -> None:
    rng = random.Random(3)
    for j1, j2, j3 in product(HALVES[:5], repeat=3):
        for j12, j23 in product(coupled(j1, j2), coupled(j2, j3)):
            for total_j in [j for j in coupled(j12, j3) if allowed(j1, j23, j)]:
                m = rng.choice(orders(total_j))
                overlap: Any = 0
                for m1, m2 in product(orders(j1), orders(j2)):
                    m3 = m - m1 - m2
                    left = clebsch_gordan(j1, m1, j2, m2, j12, m1 + m2)
                    left *= clebsch_gordan(j12, m1 + m2, j3, m3, total_j, m)
                    right = clebsch_gordan(j2, m2, j3, m3, j23, m2 + m3)
                    right *= clebsch_gordan(j1, m1, j23, m2 + m3, total_j, m)
                    overlap += left * right
                w = racah_w(j1, j2, total_j, j3, j12, j23)
                assert w * Surd((2 * j12 + 1) * (2 * j23 + 1)) == overlap


def test_recurrence_of_6j_symbols() -> None:
    rng = random.Random(8)
    for _ in range(6):
        j2, j3, k1 = (Q(rng.randint(2, 40), 2) for _ in range(3))
        k2, k3 = rng.choice(coupled(k1, j3)), rng.choice(coupled(k1, j2))
        for j in sorted(set(coupled(j2, j3)) & set(coupled(k2, k3))):

            def edge(j: Q, j2: Q = j2, j3: Q = j3, k2: Q = k2, k3: Q = k3) -> Surd:
                square = (j**2 - (j2 - j3) ** 2) * ((j2 + j3 + 1) ** 2 - j**2)
                return Surd(square * (j**2 - (k2 - k3) ** 2) * ((k2 + k3 + 1) ** 2 - j**2))

            y = (2 * j + 1) * (
                j * (j + 1) * (-j * (j + 1) + j2 * (j2 + 1) + j3 * (j3 + 1) - 2 * k1 * (k1 + 1))
                + k2 * (k2 + 1) * (j * (j + 1) + j2 * (j2 + 1) - j3 * (j3 + 1))
                + k3 * (k3 + 1) * (j * (j + 1) - j2 * (j2 + 1) + j3 * (j3 + 1))
            )
            left = edge(j + 1) * j * wigner_6j(j + 1, j2, j3, k1, k2, k3)
            if j >= 1:  # below, the factor is zero
                left += edge(j) * (j + 1) * wigner_6j(j - 1, j2, j3, k1, k2, k3)
            assert left == -y * wigner_6j(j, j2, j3, k1, k2, k3)


def test_9j_equals_sympy_and_its_symmetries() -> None:
    rng = random.Random(4)
    seen = 0
    while seen < 12:
        j = [Q(rng.randint(0, 6), 2) for _ in range(9)]
        rows, columns = [j[:3], j[3:6], j[6:]], [j[::3], j[1::3], j[2::3]]
        if not all(allowed(*triad) for triad in rows + columns):
            assert not wigner_9j(*j)
            continue
        seen += 1
        value = wigner_9j(*j)
        assert sympy.simplify(value.sympy() - oracle.wigner_9j(*theirs(*j))) == 0
        assert wigner_9j(*[x for column in columns for x in column]) == value
        sign = (-1) ** int(sum(j))
        assert wigner_9j(*j[3:6], *j[:3], *j[6:]) == sign * value


def test_9j_is_a_sum_of_3j_symbols() -> None:
    # DLMF 34.6.1, a second route, in floating point: the sum has thousands of terms.
    rng = random.Random(9)
    for _ in range(4):
        while True:
            j = np.array([Q(rng.randint(0, 4), 2) for _ in range(9)]).reshape(3, 3)
            if all(allowed(*line) for line in [*j, *j.T]):
                break
        tensors = []
        for line in [*j, *j.T]:
            tensor = np.zeros([int(2 * x) + 1 for x in line])
            for ms, value in wigner_3j_block(*line).items():
                tensor[tuple(int(m + x) for m, x in zip(ms, line, strict=True))] = float(value)
            tensors.append(tensor)
        total = np.einsum("abc,def,ghi,adg,beh,cfi", *tensors, optimize=True)
        assert float(total) == pytest.approx(float(wigner_9j(*j.ravel())), abs=1e-13)


def test_large_arguments_stay_exact() -> None:
    # Ponzano–Regge: the square of a large regular 6j is near cos²/(12πV); here only its order.
    value = wigner_6j(*[200] * 6)
    volume = 200.5**3 / (6 * 2**0.5)
    assert 0 < float(value) ** 2 <= 2 / (12 * np.pi * volume)


def test_negative_and_broken_arguments_raise() -> None:
    for call in (
        lambda: wigner_6j(-1, 1, 1, 1, 1, 1),
        lambda: wigner_9j(1, 1, 1, 1, 1, 1, 1, 1, Q(-1, 2)),
        lambda: racah_w(1, 1, 1, 1, 1, -1),
        lambda: clebsch_gordan_block(1, Q(-1, 2), 1),
    ):
        with pytest.raises(ValueError, match=r"half-integer ≥ 0, got"):
            call()
    with pytest.raises(TypeError, match="j3 must be an integer or a half-integer"):
        wigner_6j(1, 1, True, 1, 1, 1)
