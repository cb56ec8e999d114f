"""T8: coupled products of a density, as functions of few neighbours."""

from __future__ import annotations

from collections import Counter
from itertools import combinations_with_replacement, permutations

import flint
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import sph_harm_y

from span_theorem import density as density_module
from span_theorem import multiplicities
from span_theorem.coupling import coupling_basis
from span_theorem.density import density_ranks, surviving


def upto(L: int) -> str:
    return "+".join(f"{l}y" for l in range(L + 1))


def density(degrees: list[int], K: int, count: int) -> dict[tuple[int, int], np.ndarray]:
    """A_lm of ``count`` random sets of K directions, complex."""
    rng = np.random.default_rng(K)
    theta = np.arccos(rng.uniform(-1, 1, (K, count)))
    phi = rng.uniform(0, 2 * np.pi, (K, count))
    return {
        (l, m): sph_harm_y(l, m, theta, phi).sum(axis=0) for l in degrees for m in range(-l, l + 1)
    }


def by_weights(degrees: list[int], d: int, K: int) -> dict[str, int]:
    """Surviving multiplicities from dense ranks of all products of one weight and parity.

    Shares nothing with the highest-weight vectors: in a representation V_ℓ occurs as often as
    there are more states of weight ℓ than of weight ℓ + 1.
    """
    products: dict[tuple[int, int], list[tuple]] = {}
    labels = [(l, m) for l in degrees for m in range(-l, l + 1)]
    for choice in combinations_with_replacement(labels, d):
        key = sum(m for _, m in choice), sum(l for l, _ in choice) % 2
        products.setdefault(key, []).append(choice)
    ranks: Counter[tuple[int, int]] = Counter()
    for (weight, parity), choices in products.items():
        if weight >= 0:
            values = density(degrees, K, 2 * len(choices) + 20)
            rows = np.array(
                [np.prod([values[key] for key in choice], axis=0) for choice in choices]
            )
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            sizes = np.linalg.svd(rows, compute_uv=False)
            ranks[weight, parity] = int((sizes > 1e-9 * sizes[0]).sum())
    return {
        f"{weight}{'o' if parity else 'e'}": rank - ranks[weight + 1, parity]
        for (weight, parity), rank in ranks.items()
        if rank != ranks[weight + 1, parity]
    }


@given(st.sets(st.integers(0, 3), min_size=1, max_size=3), st.integers(1, 3), st.integers(1, 3))
@settings(max_examples=25)
def test_every_output_against_dense_ranks(degrees: set[int], d: int, K: int) -> None:
    found = surviving("+".join(f"{l}y" for l in sorted(degrees)), d, K).surviving
    expected = by_weights(sorted(degrees), d, K)
    assert {str(irrep): count for irrep, count in found.items() if count} == expected


@pytest.mark.parametrize(
    ("K", "L", "d", "expected"),
    [(2, 2, 3, 149), (2, 2, 4, 381), (3, 2, 4, 493), (2, 3, 3, 574), (3, 3, 3, 816)],
)
def test_dimensions_known_from_dense_trials(K: int, L: int, d: int, expected: int) -> None:
    assert surviving(upto(L), d, K).dimension == expected


@pytest.mark.parametrize("L", range(4))
@pytest.mark.parametrize("d", [1, 2, 3])
def test_nothing_is_lost_for_as_many_neighbours_as_factors(L: int, d: int) -> None:
    for K in (d, d + 1):
        found = surviving(upto(L), d, K)
        assert found.surviving == multiplicities(upto(L), d)


def test_one_neighbour_is_one_direction() -> None:
    for L in range(4):
        for d in (1, 2, 3):
            found = surviving(upto(L), d, 1)
            natural = {ir for ir in found.outputs if ir.p == (-1) ** ir.l}
            assert found.surviving == {ir: int(ir in natural) for ir in found.outputs}
            assert found.dimension == (d * L + 1) ** 2


def test_three_components_fill_a_ball() -> None:
    for d in range(1, 7):
        assert surviving("0e+1o", d, 2).surviving == multiplicities("0e+1o", d)
        assert surviving("1o", d, 2).surviving == multiplicities("1o", d)


def test_the_largest_mace_case() -> None:
    found = [surviving(upto(3), 3, K, "0e+1o+2e+3o") for K in (1, 2, 3, 4)]
    assert [sum(f.surviving.values()) for f in found] == [4, 22, 49, 49]
    assert found[3].surviving == found[3].multiplicities


def test_the_independent_subset_spans_everything_and_the_mask_is_what_vanishes() -> None:
    # Evaluated in floating point from the vectors themselves, on random densities of two.
    basis = coupling_basis(upto(2), 3, "0e+1o+2e+3o")
    found = density_ranks(basis, 2)
    values = density([0, 1, 2], 2, 200)
    for irrep, row in found.outputs.items():
        vectors = []
        for vector in basis.of(irrep):
            total = np.zeros(200, dtype=complex)
            for (M, key), entry in vector.complex_entries().items():
                if irrep.l == M:
                    orderings = len(set(permutations(zip(vector.content, key, strict=True))))
                    factors = [
                        values[basis.channels[c].l, m]
                        for c, m in zip(vector.content, key, strict=True)
                    ]
                    total += float(entry) * orderings * np.prod(factors, axis=0)
            vectors.append(total)
        matrix = np.array(vectors)
        assert np.linalg.matrix_rank(matrix, 1e-8) == row.surviving
        assert np.linalg.matrix_rank(matrix[list(row.independent)], 1e-8) == row.surviving
        sizes = np.abs(matrix).max(axis=1)
        assert [i for i, size in enumerate(sizes) if size < 1e-10] == list(row.vanishing)


def test_channels_of_the_other_parity_vanish_and_equal_ones_coincide() -> None:
    found = surviving("0e+1e+1o", 2, 2)
    plain = surviving("0e+1o", 2, 2)
    assert {ir: n for ir, n in found.surviving.items() if n} == plain.surviving
    assert surviving("2x1o", 2, 2).surviving != multiplicities("2x1o", 2)


def test_a_rank_that_the_prime_hides_is_noticed() -> None:
    with pytest.raises(ArithmeticError, match="over the rationals"):
        density_module._confirm(flint.fmpz_mat([[1, 0], [0, density_module.PRIME]]), 1)
    density_module._confirm(flint.fmpz_mat([[1, 2], [2, 4]]), 1)
    with pytest.raises(ArithmeticError, match="over the rationals"):
        density_module._output_rank([{((1, 0),): flint.fmpq(density_module.PRIME)}])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("0e+1o", 2, 0), "neighbours must be an integer ≥ 1, got 0"),
        (("0e+1o", 0, 1), "degree must be an integer"),
        ((upto(4), 6, 6), "products of degree 6"),
        (("1x", 2, 2), "cannot read"),
    ],
)
def test_bad_input_is_named(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        surviving(*arguments)


def test_only_symmetric_products() -> None:
    with pytest.raises(ValueError, match="must be 'symmetric'"):
        density_ranks(coupling_basis("1o", 2, power="tensor"), 2)
