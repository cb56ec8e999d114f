"""The rank routes: full where the theorem says so, lower where something is left out."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from span_theorem import rank as rank_module
from span_theorem import span_dimension
from span_theorem.factors import Factors
from span_theorem.rank import (
    PRIME,
    associated_polynomial,
    dense_rank,
    product_rank,
    weight_blocks,
    weight_evidence,
)


@pytest.mark.parametrize("features", ["upto", "exact"])
def test_both_routes_reach_the_claimed_dimension(features: str) -> None:
    for L in range(5):
        for d in range(5):
            expected = span_dimension(L, d, features)  # type: ignore[arg-type]
            assert dense_rank(L, d, features).rank == expected  # type: ignore[arg-type]
            blocks = weight_evidence(L, d, features)  # type: ignore[arg-type]
            assert sum(len(b.products) * (1 + (b.weight > 0)) for b in blocks) == expected
            for block in blocks:
                for product in block.products:
                    assert len(product) == d
                    assert sum(m for _, m in product) == block.weight
                    assert all(l == L or (features == "upto" and l < L) for l, _ in product)


def test_rank_does_not_depend_on_the_seed() -> None:
    assert {dense_rank(3, 2, seed=seed).rank for seed in range(5)} == {49}


class _Bold(Factors):
    """Factors for which more is claimed than they span."""

    @property
    def reached(self) -> tuple[int, ...]:
        return tuple(range(self.boundary + 2))


def test_claiming_more_than_the_span_leaves_the_rank_low() -> None:
    result = product_rank(_Bold.of(2, 2))
    assert (result.rank, result.expected, result.full) == (25, 36, False)


def test_a_dropped_feature_lowers_the_rank(monkeypatch: pytest.MonkeyPatch) -> None:
    full = rank_module.feature_residues
    monkeypatch.setattr(rank_module, "feature_residues", lambda *a: full(*a)[:, :-1])
    assert not dense_rank(2, 2).full


@given(st.integers(0, 2**32))
def test_rank_is_invariant_under_a_change_of_basis(seed: int) -> None:
    # A unimodular integer matrix mixes the features; the span of their products is the same.
    full = rank_module.feature_residues
    rng = np.random.default_rng(seed)
    lower = np.tril(rng.integers(-3, 4, (9, 9)), -1) + np.eye(9, dtype=np.int64)
    upper = np.triu(rng.integers(-3, 4, (9, 9)), 1) + np.eye(9, dtype=np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            rank_module, "feature_residues", lambda *a: full(*a) @ (lower @ upper % PRIME) % PRIME
        )
        assert dense_rank(2, 2).rank == 25


def test_missing_degree_leaves_a_block_unfilled() -> None:
    with pytest.raises(ArithmeticError, match="only"):
        weight_blocks(_Bold.of(2, 2))


def test_sphere_points_lie_on_the_sphere_and_harmonics_match_floats() -> None:
    import random

    points = list(rank_module.sphere_points(5, random.Random(1)))
    assert all((x * x + y * y + z * z) % PRIME == 1 for x, y, z in points)
    # At the pole only m = 0 survives, with 2^l l! P_l(1) = 2^l l!.
    values = rank_module.feature_residues([0, 1, 2], [(0, 0, 1)])
    assert values.tolist() == [[1, 0, 2, 0, 0, 0, 8, 0, 0]]
    assert values.dtype == np.int64


def test_associated_polynomials_are_scaled_legendre_derivatives() -> None:
    z = sympy.Symbol("z")
    for l in range(6):
        for m in range(l + 1):
            ours = sum(c * z**k for k, c in enumerate(associated_polynomial(l, m)))
            scale = 2**l * sympy.factorial(l)
            assert sympy.expand(ours - scale * sympy.diff(sympy.legendre(l, z), z, m)) == 0
