"""Multiplicities by characters, against iterated Clebsch–Gordan and the Gaussian binomial."""

from __future__ import annotations

from collections import Counter
from itertools import combinations_with_replacement
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from span_theorem import Irrep, Irreps, boundary, feature_irreps, multiplicities, power_dimension
from span_theorem.multiplicity import irrep_dimension_sum

small = st.lists(
    st.tuples(st.integers(1, 2), st.builds(Irrep, st.integers(0, 2), st.sampled_from([-1, 1]))),
    min_size=1,
    max_size=3,
).map(lambda terms: Irreps(tuple(terms)))


def iterated(irreps: Irreps, degree: int) -> dict[Irrep, int]:
    """The tensor power by repeated Clebsch–Gordan decomposition."""
    has_parity = any(irrep.p for _, irrep in irreps)
    power = Irreps(((1, Irrep(0, 1 if has_parity else 0)),))
    for _ in range(degree):
        power = power * irreps
    return power.counts()


def by_listing(irreps: Irreps, degree: int) -> dict[Irrep, int]:
    """Sym^degree by listing every multiset of weight states."""
    states = [(ir.p, m) for mul, ir in irreps for _ in range(mul) for m in range(-ir.l, ir.l + 1)]
    weights: Counter[tuple[int, int]] = Counter()
    for chosen in combinations_with_replacement(states, degree):
        parity = 1
        for p, _ in chosen:
            parity *= p
        weights[parity, sum(m for _, m in chosen)] += 1
    table = {}
    for (p, m), count in weights.items():
        if m >= 0 and count > weights[p, m + 1]:
            table[Irrep(m, p)] = count - weights[p, m + 1]
    return dict(sorted(table.items()))


def gaussian_binomial_multiplicities(l: int, d: int) -> dict[int, int]:
    """Sym^d(V_l): the coefficients of the Gaussian binomial [2l+d choose d], by Pascal's rule."""
    row = {(n, 0): [1] for n in range(2 * l + d + 1)}
    for k in range(1, d + 1):
        row[k, k] = [1]
        for n in range(k + 1, 2 * l + d + 1):
            left, right = row[n - 1, k - 1], [0] * k + row[n - 1, k]
            size = max(len(left), len(right))
            left, right = left + [0] * (size - len(left)), right + [0] * (size - len(right))
            row[n, k] = [a + b for a, b in zip(left, right, strict=True)]
    counts = row[2 * l + d, d]
    middle = l * d
    above = [*counts[middle:], 0]
    return {j: above[j] - above[j + 1] for j in range(middle + 1) if above[j] != above[j + 1]}


@given(small, st.integers(0, 4))
def test_tensor_power_is_iterated_clebsch_gordan(irreps: Irreps, degree: int) -> None:
    assert multiplicities(irreps, degree, "tensor") == iterated(irreps, degree)


@given(small, st.integers(0, 3))
def test_symmetric_power_is_the_listing_of_states(irreps: Irreps, degree: int) -> None:
    assert multiplicities(irreps, degree) == by_listing(irreps, degree)


@given(small, small, st.integers(0, 3))
def test_symmetric_power_of_a_sum(a: Irreps, b: Irreps, degree: int) -> None:
    total: Counter[Irrep] = Counter()
    for k in range(degree + 1):
        left = Irreps.from_counts(multiplicities(a, k).items())
        right = Irreps.from_counts(multiplicities(b, degree - k).items())
        total.update((left * right).counts())
    assert multiplicities(a + b, degree) == dict(total)


@pytest.mark.parametrize("l", range(6))
@pytest.mark.parametrize("d", range(6))
def test_pure_degree_is_the_gaussian_binomial(l: int, d: int) -> None:
    table = multiplicities(Irreps.exact(l), d)
    assert {ir.l: count for ir, count in table.items()} == gaussian_binomial_multiplicities(l, d)
    assert {ir.p for ir in table} == {(-1) ** (l * d)}


@pytest.mark.parametrize("features", ["upto", "exact"])
@pytest.mark.parametrize("power", ["symmetric", "tensor"])
def test_dimension_identity_and_boundary_saturation(features: str, power: str) -> None:
    for L in range(8):
        for d in range(8):
            irreps = feature_irreps(L, features)  # type: ignore[arg-type]
            table = multiplicities(irreps, d, power)  # type: ignore[arg-type]
            expected = comb(irreps.dim + d - 1, d) if power == "symmetric" else irreps.dim**d
            assert irrep_dimension_sum(table) == expected
            assert power_dimension(irreps.dim, d, power) == expected  # type: ignore[arg-type]
            edge = [(ir, n) for ir, n in table.items() if ir.l >= boundary(L, d)]
            assert edge == [(Irrep.natural(L * d), 1)]


def test_more_channels_raise_the_boundary_multiplicity() -> None:
    # Saturation is a fact about one copy of each irrep: two channels of V_L give more.
    assert multiplicities("2x1o", 2)[Irrep(2, 1)] == 3


def test_without_parity_and_the_zero_space() -> None:
    assert multiplicities("1", 2) == {Irrep(0): 1, Irrep(2): 1}
    assert multiplicities("", 3) == {}
    assert multiplicities("", 0) == {Irrep(0, 1): 1}
    assert power_dimension(0, 0) == 1
    assert power_dimension(0, 2) == 0


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match="'symmetric' or 'tensor', got 'wedge'"):
        multiplicities("1o", 2, "wedge")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="degree must be an integer ≥ 0, got -1"):
        multiplicities("1o", -1)
    with pytest.raises(ValueError, match="'bogus'"):
        power_dimension(3, 2, "bogus")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="degree must be an integer ≥ 0, got -1"):
        power_dimension(3, -1)
    with pytest.raises(TypeError):
        multiplicities("1o", 2.0)  # type: ignore[arg-type]
