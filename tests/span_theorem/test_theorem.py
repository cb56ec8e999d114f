"""The theorem for one (L, d), the general proof, and their refutations."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy

import span_theorem.theorem as theorem_module
from span_theorem import (
    Irrep,
    Surd,
    expand_product,
    find_counterexample,
    prove_span,
    span_degrees,
    stretched_constant,
    witness,
)
from span_theorem.general import STEPS, Identity, stretched_constant_squared


@pytest.mark.parametrize("features", ["upto", "exact"])
def test_holds_for_all_small_cases(features: str) -> None:
    for L in range(7):
        for d in range(7):
            proof = prove_span(L, d, features)  # type: ignore[arg-type]
            assert proof.holds, [c for c in proof.checks if not c.holds]
            assert proof.kernel_dimension >= 0
            assert proof.boundary_multiplicity == 1


def test_degenerate_cases_are_mathematics() -> None:
    for L, d in [(0, 0), (0, 5), (5, 0)]:
        for features in ("upto", "exact"):
            assert prove_span(L, d, features).degrees == (0,)
    assert prove_span(3, 1, "exact").degrees == (3,)


def test_witnesses_are_what_they_say() -> None:
    for features in ("upto", "exact"):
        for L in range(1, 4):
            for d in range(4):
                for degree in span_degrees(L, d, features):
                    found = witness(L, d, degree, features)
                    order = sum(m for _, m in found.factors)
                    assert len(found.factors) == d
                    assert expand_product(found.factors)[degree, order] == found.constant
                    assert found.constant.sign == 1


def test_no_witness_outside_the_span() -> None:
    with pytest.raises(ValueError, match="degree 5 is not in the span"):
        witness(2, 2, 5)
    with pytest.raises(ValueError, match="degree 1 is not in the span"):
        witness(2, 2, 1, "exact")
    with pytest.raises(ValueError, match="'upto' or 'exact'"):
        span_degrees(2, 2, "some")  # type: ignore[arg-type]


def test_counterexamples() -> None:
    low = find_counterexample(2, 2, 3)
    assert low is not None
    assert (low.degree, low.side) == (4, "span")
    assert low.witness is not None
    assert low.witness.constant == stretched_constant(2, 2)
    high = find_counterexample(2, 2, 9)
    assert high is not None
    assert (high.degree, high.side, high.witness) == (5, "claim", None)
    gap = find_counterexample(3, 2, 6, "exact")
    assert gap is not None
    assert (gap.degree, gap.side) == (1, "claim")
    assert find_counterexample(2, 2, 4) is None
    assert find_counterexample(0, 3, 0, "exact") is None


@pytest.mark.parametrize(
    ("name", "wrong", "failing"),
    [
        ("_closed_dimension", lambda factors: factors.dimension + 1, "closed form"),
        ("power_dimension", lambda dim, d: dim**d + 1, "dim Sym"),
        ("stretched_product_constant", lambda degrees: Surd(Fraction(1, 3), -1), "expands"),
        ("product_degrees", lambda degrees: frozenset([9]), "containment"),
        ("_boundary_irrep", lambda factors: Irrep(factors.boundary - 1, -1), "boundary"),
    ],
    ids=["dimension", "symmetric power", "constant", "containment", "boundary"],
)
def test_every_check_can_fail(
    name: str, wrong: object, failing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(theorem_module, name, wrong)
    proof = prove_span(2, 2)
    assert not proof.holds
    assert any(failing in check.text for check in proof.checks if not check.holds)


def test_a_wrong_multiplicity_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = theorem_module.multiplicities

    def off_by_one(*arguments: object) -> dict:
        table = right(*arguments)  # type: ignore[arg-type]
        return table | {max(table): table[max(table)] + 1}

    monkeypatch.setattr(theorem_module, "multiplicities", off_by_one)
    failed = [check.label for check in prove_span(2, 2).checks if not check.holds]
    assert failed.count("T2") >= 2


def test_symbolic_constant_agrees_with_the_exact_one() -> None:
    from span_theorem.general import L, d

    formula = stretched_constant_squared()
    for l in range(5):
        for power in range(1, 5):
            value = stretched_constant(l, power).sympy() ** 2
            assert sympy.simplify(formula.subs({L: l, d: power}) - value) == 0


def test_every_identity_of_the_general_proof_holds() -> None:
    assert {step.label for step in STEPS} == {"T1", "T1′", "T1″", "T2", "T3", "T7"}
    for step in STEPS:
        identities = step.identities()
        assert identities
        for identity in identities:
            assert identity.holds(), identity.text


def test_a_false_identity_is_noticed() -> None:
    for step in STEPS:
        for identity in step.identities():
            assert not Identity("off by one", identity.left, identity.right + 1).holds()
