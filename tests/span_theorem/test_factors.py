"""T1″: products of features of any degrees, the same or different ones."""

from __future__ import annotations

import dataclasses
import re
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import sph_harm_y

import span_theorem.theorem as theorem_module
from span_theorem import Irreps, expand_product, multiplicities, product_degrees, span_degrees
from span_theorem.factors import Factors, natural_degrees, reach
from span_theorem.multiplicity import product_multiplicities
from span_theorem.rank import product_rank, weight_blocks
from span_theorem.theorem import prove_products
from span_theorem.witnesses import refute

SETS = st.sets(st.integers(0, 4), min_size=1, max_size=3)


def irreps(degrees: set[int]) -> str:
    return "+".join(f"{l}y" for l in sorted(degrees))


def different(sets: list[set[int]]) -> Factors:
    return Factors.different([irreps(degrees) for degrees in sets])


def brute_force_rank(sets: list[set[int]], count: int) -> int:
    """Singular values of all products of complex harmonics at random directions."""
    rng = np.random.default_rng(len(sets))
    z, phi = rng.uniform(-1, 1, count), rng.uniform(0, 2 * np.pi, count)
    values = np.ones((1, count), dtype=complex)
    for degrees in sets:
        harmonics = np.array(
            [sph_harm_y(l, m, np.arccos(z), phi) for l in degrees for m in range(-l, l + 1)]
        )
        values = (values[:, None] * harmonics[None]).reshape(-1, count)
        # Keep the row space small: an orthonormal basis of it.
        _left, sizes, right = np.linalg.svd(values, full_matrices=False)
        values = right[sizes > 1e-9 * sizes[0]]
    return len(values)


@given(st.lists(st.sets(st.integers(0, 3), min_size=1, max_size=2), min_size=1, max_size=3))
@settings(max_examples=25)
def test_the_dimension_is_the_brute_force_rank(sets: list[set[int]]) -> None:
    factors = different(sets)
    assert brute_force_rank(sets, factors.dimension + 40) == factors.dimension


@given(st.lists(SETS, min_size=1, max_size=3))
def test_reach_is_the_union_over_all_choices_of_degrees(sets: list[set[int]]) -> None:
    expected = frozenset().union(*(product_degrees(choice) for choice in product(*sets)))
    assert reach(sets) == expected
    assert reach(list(reversed(sets))) == expected


@given(st.lists(SETS, min_size=1, max_size=3))
@settings(max_examples=30)
def test_everything_holds_and_both_rank_routes_agree(sets: list[set[int]]) -> None:
    for factors in (different(sets), Factors.power(irreps(sets[0]), len(sets))):
        proof = prove_products(factors)
        assert proof.holds, [check for check in proof.checks if not check.holds]
        assert proof.theorem == "T1″"
        assert product_rank(factors).rank == proof.dimension
        blocks = weight_blocks(factors)
        assert sum(len(b.products) * (1 + (b.weight > 0)) for b in blocks) == proof.dimension
        for witness in proof.witnesses:
            assert all(
                l in degrees
                for (l, _), degrees in zip(witness.factors, factors.degrees, strict=True)
            )
            order = sum(m for _, m in witness.factors)
            assert expand_product(witness.factors)[witness.degree, order] == witness.constant
            assert witness.constant.sign == 1


def test_the_special_cases_are_t1_and_t1_exact() -> None:
    for L in range(4):
        for d in range(5):
            assert Factors.power(Irreps.upto(L), d).reached == tuple(span_degrees(L, d))
            assert Factors.power(Irreps.exact(L), d).reached == tuple(span_degrees(L, d, "exact"))


def test_a_dropped_degree_lowers_the_rank_and_a_claimed_one_is_refuted() -> None:
    factors = Factors.power("0e+2e+4e", 3)
    assert factors.reached == (0, 2, 4, 6, 8, 10, 12)
    assert product_rank(Factors.power("0e+2e", 3)).rank < factors.dimension
    assert refute(factors, frozenset(factors.reached)) is None
    low = refute(factors, frozenset([0, 2, 4, 6]))
    assert low is not None
    assert (low.degree, low.side) == (12, "span")
    assert low.witness is not None
    assert low.witness.constant
    high = refute(factors, frozenset([*factors.reached, 5, 7]))
    assert high is not None
    assert (high.degree, high.side, high.witness) == (5, "claim", None)


def test_irreps_of_the_other_parity_count_but_vanish_on_one_direction() -> None:
    factors = Factors.power("0e+1o+1e+2o", 2)
    assert natural_degrees(factors.spaces[0]) == (0, 1)
    assert factors.reached == (0, 1, 2)
    assert factors.vanishing == ("1e", "2o")
    proof = prove_products(factors)
    assert proof.holds
    assert proof.multiplicities == multiplicities("0e+1o+1e+2o", 2)
    assert max(irrep.l for irrep in proof.multiplicities) == 4


@pytest.mark.parametrize("spaces", [["0e+1o", "1o+2e", "2x1e+2e"], ["3o"], ["0+2", "1"]])
def test_multiplicities_of_different_factors_are_iterated_coupling(spaces: list[str]) -> None:
    coupled = Irreps.parse(spaces[0])
    for space in spaces[1:]:
        coupled = coupled * Irreps.parse(space)
    assert product_multiplicities(spaces) == coupled.counts()


def test_without_parity_every_degree_is_a_harmonic() -> None:
    assert Factors.power("0+1+2", 2).reached == (0, 1, 2, 3, 4)
    assert prove_products(Factors.different(["0+2", "1"])).holds


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Factors.power("", 2), "irreps must hold at least one irrep"),
        (lambda: Factors.power("1e+2o", 2), "irreps '1e+2o' vanishes on one direction"),
        (lambda: Factors.different([]), "at least one factor is needed"),
        (lambda: Factors.different(["1o", "1e"]), "factor 2 '1e' vanishes"),
        (lambda: Factors.different(["1o", "1"]), "all factors carry parities or none"),
        (lambda: Factors.power("1x", 2), "cannot read '1x' as an irrep"),
        (lambda: reach([{0}, set()]), "factor 2 holds no degree"),
        (lambda: reach([{-1}]), "degree must be an integer ≥ 0, got -1"),
    ],
)
def test_what_is_no_question_is_refused(make: object, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        make()  # type: ignore[operator]


@pytest.mark.parametrize(
    ("name", "wrong", "failing"),
    [
        ("_met_by_integrals", lambda a, b: frozenset([a + b]), "containment"),
        ("find_witnesses", lambda factors, degrees: [], "0 witnesses"),
        ("product_multiplicities", lambda spaces: multiplicities("1o", 2), "Σ"),
        ("stretched_product_constant", lambda degrees: theorem_module.Surd(1), "expands"),
    ],
)
def test_every_check_can_fail(
    name: str, wrong: object, failing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(theorem_module, name, wrong)
    proof = prove_products(Factors.different(["0e+2e", "1o+2e"]))
    assert any(failing in check.text for check in proof.checks if not check.holds)


def test_a_wrong_number_of_stretched_states_is_noticed() -> None:
    proof = prove_products(Factors.power("2x1o", 2))
    assert proof.boundary_multiplicity == 3
    tables = {max(proof.multiplicities): 2}
    changed = dataclasses.replace(proof, multiplicities=proof.multiplicities | tables)
    assert not theorem_module._saturation_check(changed, "Sym^2").holds
