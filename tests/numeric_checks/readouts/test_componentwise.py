"""Component-wise readouts: the ceiling of T4, the equality of T5, the quadrature of T6."""

from __future__ import annotations

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from numeric_checks.readouts.channels import reduce_features
from numeric_checks.readouts.componentwise import componentwise, over_quadrature
from numeric_checks.readouts.products import coupled_products
from numeric_checks.readouts.ridge import fit_ridge
from numeric_checks.readouts.samples import Sites
from numeric_checks.rotations.wigner import unit_harmonics


def closed_form(sites: Sites, site: int, degree: int, ell: int) -> float:
    """R² of the equivariant form on held-out frames, one channel per irrep of the site."""
    features = {name: values[:, [site]] for name, values in sites.features.items()}
    features = reduce_features(features, 1, sites.fit)
    target = unit_harmonics(ell, sites.vectors[:, site])[ell]
    fit = fit_ridge(coupled_products(features, 0, degree, ell), target, sites.fit)
    return 1 - float(((fit.prediction - target)[sites.held] ** 2).sum(axis=1).mean())


def test_the_componentwise_fit_agrees_with_the_closed_form(sites: Sites) -> None:
    """T5: the same channels, the same degree; one route knows no Clebsch–Gordan coefficient."""
    rng = np.random.default_rng(1)
    free = componentwise(sites, 2, 6, channels=1, orientations=30, rng=rng)
    bound = [[closed_form(sites, site, 2, ell) for site in range(5)] for ell in range(1, 7)]
    np.testing.assert_allclose(1 - free.field.mean(axis=(1, 2)), np.mean(bound, axis=1), atol=0.06)
    assert free.field.shape == (6, 5, 40)
    assert free.samples == 80 * 30
    assert free.weights == 55  # C(9 + 2, 2) monomials of 1 + 3 + 5 components


def test_over_an_exact_quadrature_the_ceiling_is_exact(sites: Sites) -> None:
    values = over_quadrature(sites, 2, 2, 7, channels=2)
    assert max(values[4:]) < 1e-20
    assert min(values[:4]) > 1e-3


def test_stored_orientations_leak_above_the_boundary(sites: Sites) -> None:
    rng = np.random.default_rng(1)
    stored = componentwise(sites, 2, 6, channels=1, orientations=1, rng=rng, max_angle=0.0)
    assert 1 - stored.field[4].mean() > 0.3


def test_results_do_not_depend_on_threads(sites: Sites) -> None:
    found = []
    for threads in (1, 3):
        with threadpool_limits(threads, user_api="blas"):
            rng = np.random.default_rng(0)
            found.append(componentwise(sites, 2, 7, 1, 5, rng).field)
    np.testing.assert_allclose(*found, rtol=1e-9, atol=1e-12)


def test_what_cannot_be_fitted_is_refused(sites: Sites) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="at least one site must be named"):
        componentwise(sites, 1, 2, 1, 5, rng, sites=[])
    with pytest.raises(ValueError, match="degrees must be ≥ 1, got 0"):
        componentwise(sites, 1, 0, 1, 5, rng)
    with pytest.raises(ValueError, match="80 samples are too few for 220 weights"):
        componentwise(sites, 3, 2, 1, 1, rng)
