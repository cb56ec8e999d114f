"""Coupled products: equivariant, all of them, and none above the boundary (T4, T5)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from numeric_checks.readouts.products import coupled_products
from numeric_checks.readouts.ridge import fit_ridge
from numeric_checks.readouts.samples import Sites
from numeric_checks.rotations.wigner import rotate_features, unit_harmonics, wigner
from span_theorem.multiplicity import multiplicities


@pytest.mark.parametrize(("degree", "target"), [(1, 2), (2, 3), (2, 4), (3, 5), (3, 6)])
def test_coupled_products_are_equivariant(sites: Sites, degree: int, target: int) -> None:
    turns = Rotation.random(len(sites.vectors), rng=0).as_matrix()
    before = coupled_products(sites.features, 1, degree, target)
    after = coupled_products(rotate_features(sites.features, turns), 1, degree, target)
    np.testing.assert_allclose(
        after, np.einsum("nkm,nwm->nwk", wigner(target, turns), before), atol=1e-9
    )


@pytest.mark.parametrize("target", range(5))
def test_as_many_products_as_the_symmetric_power_has_copies(
    make_sites: Callable[..., Sites], target: int
) -> None:
    """A character count knows how often V_ℓ occurs in the powers up to 2 of two channels."""
    features = make_sites(channels=2).features
    natural = "eo"[target % 2]
    expected = 0
    for power in (0, 1, 2):
        counts = multiplicities("2x0e+2x1o+2x2e", power) if power else {"0e": 1}
        expected += {str(irrep): n for irrep, n in counts.items()}.get(f"{target}{natural}", 0)
    found = coupled_products(features, 0, 2, target)
    assert found.shape[1] == expected
    rows = found.transpose(0, 2, 1).reshape(-1, expected)
    assert np.linalg.matrix_rank(rows) == expected


@pytest.mark.parametrize(("L", "degree"), [(1, 1), (1, 2), (2, 2), (2, 3), (3, 1), (3, 2)])
def test_the_closed_form_ends_at_the_boundary(
    make_sites: Callable[..., Sites], L: int, degree: int
) -> None:
    moved, top = make_sites(L), L * degree
    truth = unit_harmonics(top + 1, moved.vectors[:, 0])
    for ell in (top, top + 1):
        fit = fit_ridge(coupled_products(moved.features, 0, degree, ell), truth[ell], moved.fit)
        share = 1 - ((truth[ell] - fit.prediction)[moved.held] ** 2).sum(axis=1).mean()
        assert share > 0.2 if ell == top else abs(share) < 1e-12


def test_nothing_couples_above_the_boundary(sites: Sites) -> None:
    assert coupled_products(sites.features, 0, 2, 5).shape == (120, 0, 11)
    assert coupled_products(sites.features, 0, 2, 5, parity="any").shape[1] == 0


def test_features_of_the_other_parity_alone_give_no_product_of_natural_parity() -> None:
    features = {"1e": np.ones((4, 1, 2, 3))}
    assert coupled_products(features, 0, 2, 1).shape == (4, 0, 3)
    assert coupled_products(features, 0, 2, 1, parity="any").shape[1] > 0


def test_what_cannot_be_formed_is_refused(sites: Sites) -> None:
    with pytest.raises(ValueError, match="degree must be an integer from 1 to 3, got 4"):
        coupled_products(sites.features, 0, 4, 5)
    with pytest.raises(ValueError, match="target must be an integer ≥ 0, got -1"):
        coupled_products(sites.features, 0, 2, -1)
    with pytest.raises(ValueError, match="parity must be 'natural' or 'any', got 'odd'"):
        coupled_products(sites.features, 0, 2, 1, parity="odd")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least one irrep, got none"):
        coupled_products({}, 0, 2, 1)
