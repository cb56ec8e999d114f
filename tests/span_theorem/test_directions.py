"""T7: several directions, and the budget that d factors are."""

from __future__ import annotations

import dataclasses
from itertools import combinations_with_replacement, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import sph_harm_y

import span_theorem.directions as directions_module
from span_theorem.directions import (
    angle_boundary,
    directions_count,
    directions_dimension,
    directions_rank,
    prove_directions,
    reached_degrees,
    tuple_witness,
)
from span_theorem.products import expand_product


def harmonics(L: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Y_lm, 1 ≤ l ≤ L, at random directions; shape ((L+1)² - 1, count)."""
    theta, phi = np.arccos(rng.uniform(-1, 1, count)), rng.uniform(0, 2 * np.pi, count)
    rows = [sph_harm_y(l, m, theta, phi) for l in range(1, L + 1) for m in range(-l, l + 1)]
    return np.array(rows).reshape(-1, count)


def brute_force_rank(L: int, d: int, K: int) -> int:
    """Singular values of all products of exactly d features, the constant among them."""
    count = directions_dimension(L, d, K) + 30
    rng = np.random.default_rng(7)
    features = np.concatenate(
        [np.ones((1, count)), *(harmonics(L, count, rng) for _ in range(K))], axis=0
    )
    rows = [
        np.prod(features[list(choice)], axis=0)
        for choice in combinations_with_replacement(range(len(features)), d)
    ]
    sizes = np.linalg.svd(np.array(rows).reshape(-1, count), compute_uv=False)
    return int((sizes > 1e-9 * sizes[0]).sum())


@pytest.mark.parametrize(
    ("K", "L", "d", "expected"),
    [(2, 1, 2, 26), (2, 1, 3, 70), (2, 2, 2, 113), (3, 1, 2, 52), (3, 1, 3, 190), (1, 2, 2, 25)],
)
def test_formula_exact_rank_and_brute_force_agree(K: int, L: int, d: int, expected: int) -> None:
    assert directions_dimension(L, d, K) == expected
    assert directions_rank(L, d, K).rank == expected
    assert brute_force_rank(L, d, K) == expected


@given(st.integers(0, 3), st.integers(0, 3), st.integers(1, 3))
@settings(max_examples=25)
def test_everything_holds(L: int, d: int, K: int) -> None:
    proof = prove_directions(L, d, K)
    assert proof.holds, [check for check in proof.checks if not check.holds]
    assert len(proof.reached) == directions_count(L, d, K)
    tops = range(d * L + 1)
    if L:
        assert list(proof.reached) == [
            t for t in product(tops, repeat=K) if sum(-(-degree // L) for degree in t) <= d
        ]
    else:
        assert proof.reached == ((0,) * K,)


def test_one_direction_is_t1() -> None:
    for L in range(4):
        for d in range(4):
            assert directions_dimension(L, d, 1) == (d * L + 1) ** 2
            assert reached_degrees(L, d, 1) == [(degree,) for degree in range(d * L + 1)]


def test_the_angle_is_reached_up_to_half_the_factors() -> None:
    # Legendre polynomials of the angle against all products at random directions, by least squares.
    rng = np.random.default_rng(1)
    for L, d in [(1, 2), (1, 3), (2, 1)]:
        count = directions_dimension(L, d, 2) * 2
        features = [harmonics(L, count, rng) for _ in range(2)]
        cosine = (4 * np.pi / 3) * (features[0][:3] * features[1][:3].conj()).sum(axis=0).real
        everything = np.concatenate([np.ones((1, count)), *features])
        matrix = np.array(
            [
                np.prod(everything[list(choice)], axis=0)
                for choice in combinations_with_replacement(range(len(everything)), d)
            ]
        ).T
        for degree in range(3):
            target = np.polynomial.legendre.legval(cosine, np.eye(degree + 1)[degree])
            solution = np.linalg.lstsq(matrix, target.astype(complex), rcond=1e-10)[0]
            left = np.abs(matrix @ solution - target).max()
            assert (left < 1e-8) == (degree <= angle_boundary(L, d))


def test_witnesses_stay_within_the_budget() -> None:
    for degrees in reached_degrees(2, 3, 2):
        parts = tuple_witness(2, degrees)
        assert sum(len(w.factors) for w in parts) <= 3
        for degree, witness in zip(degrees, parts, strict=True):
            assert expand_product(witness.factors) == {(degree, degree): witness.constant}


def test_a_dropped_direction_or_feature_lowers_the_rank(monkeypatch: pytest.MonkeyPatch) -> None:
    full = directions_module.feature_residues
    monkeypatch.setattr(directions_module, "feature_residues", lambda *a: full(*a)[:, :-1])
    assert not directions_rank(1, 2, 2).full


def test_every_check_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    def failed() -> list[str]:
        return [check.text for check in prove_directions(2, 2, 2).checks if not check.holds]

    assert failed() == []
    right = directions_module.reached_degrees
    for name, wrong, text in [
        ("reached_degrees", lambda *a: right(*a)[:-1], "containment"),
        ("directions_dimension", lambda *a: 112, "dimension 112"),
        ("angle_boundary", lambda *a: 3, "angle"),
        ("tuple_witness", lambda L, t: tuple_witness(1, t), "witnesses"),
    ]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(directions_module, name, wrong)
            assert any(text in line for line in failed()), name
    proof = prove_directions(1, 1, 1)
    broken = dataclasses.replace(proof.checks[0], holds=False)
    assert not dataclasses.replace(proof, checks=(broken,)).holds


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((2, 2, 0), "directions must be an integer ≥ 1, got 0"),
        ((-1, 2, 2), "L must be an integer ≥ 0"),
        ((9, 9, 9), "tuples of degrees: at most 200000 are listed"),
    ],
)
def test_bad_input_is_named(arguments: tuple[int, int, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        reached_degrees(*arguments)


def test_integers_of_numpy_are_taken_as_integers() -> None:
    one, two = np.int64(1), np.int64(2)
    proof = prove_directions(one, two, two)  # type: ignore[arg-type]
    assert proof == prove_directions(1, 2, 2)
    assert {type(n) for n in (proof.L, proof.d, proof.directions)} == {int}
