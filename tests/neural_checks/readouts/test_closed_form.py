"""Readouts on an exactly equivariant toy: the cliff is at dL, and a false boundary is found out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from neural_checks.readouts.bootstrap import bootstrap
from neural_checks.readouts.closed_form import measure, measure_pooled, measure_within
from neural_checks.readouts.metrics import Metrics
from neural_checks.readouts.nonpolynomial import nonpolynomial
from neural_checks.readouts.recovery import Recovery
from neural_checks.readouts.rigid import rigid_body
from neural_checks.readouts.samples import Samples, collect_samples
from neural_checks.readouts.verdict import Outcome, RecoveryCurve, Verdict, judge
from numeric_checks.readouts.products import coupled_products
from numeric_checks.readouts.ridge import fit_ridge


@pytest.fixture(scope="module")
def samples(toy: Any) -> Samples:
    data = toy.toy_data()
    return collect_samples(toy.DensityBackbone(), data, np.arange(80), np.arange(80, 120))


def _decide(runs: list[Recovery], degree: int, L: int = 2) -> Verdict:
    point, draws = bootstrap(runs, 200, np.random.default_rng(0))
    return judge(RecoveryCurve.of(point.field, draws.field), L, degree)


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_the_cliff_is_at_the_boundary(samples: Samples, degree: int) -> None:
    run = measure(samples, degree, 2 * degree + 3, channels=2)
    decided = _decide([run], degree)
    assert decided.agrees
    assert decided.measured == decided.boundary == 2 * degree
    np.testing.assert_allclose(1 - run.field[2 * degree :].mean(axis=(1, 2)), 0, atol=1e-12)


@pytest.mark.parametrize(("L", "degree"), [(1, 1), (1, 2), (3, 1), (3, 2)])
def test_the_cliff_moves_with_L(toy: Any, L: int, degree: int) -> None:
    moved = collect_samples(
        toy.DensityBackbone(L), toy.toy_data(), np.arange(80), np.arange(80, 120)
    )
    assert _decide([measure(moved, degree, L * degree + 2, 2)], degree, L).measured == L * degree


def test_a_cubic_readout_called_quadratic_is_found_out(samples: Samples) -> None:
    decided = _decide([measure(samples, 3, 9, channels=2)], 2)
    assert decided.outcome is Outcome.DISAGREES
    assert decided.measured == 6
    assert "DISAGREES" in decided.sentence


def test_a_target_of_degree_4_called_5_is_found_out(samples: Samples) -> None:
    run = measure(samples, 2, 7)
    field = run.field.copy()
    field[4] = field[3]
    decided = _decide([replace(run, field=field)], 2)
    assert not decided.agrees
    assert decided.measured == 5


def test_a_curve_without_a_single_cliff_disagrees(samples: Samples) -> None:
    run = measure(samples, 2, 7)
    field = run.field.copy()
    field[[2, 5]] = field[[5, 2]]
    assert _decide([replace(run, field=field)], 2).measured is None


def test_shuffled_targets_are_not_recovered(samples: Samples) -> None:
    run = measure(samples, 2, 4, shuffle=np.random.default_rng(0))
    assert (1 - run.field.mean(axis=(1, 2))).max() < 0.05


def test_rigid_body_has_no_ceiling(samples: Samples) -> None:
    values = 1 - rigid_body(samples, 6).mean(axis=(1, 2))
    assert values[5] > 0.2
    assert (np.diff(values) < 0).all()


def test_one_readout_for_all_sites_has_the_same_boundary(samples: Samples) -> None:
    run = measure_pooled(samples, 2, 6, channels=2)
    assert _decide([run], 2).measured == 4
    np.testing.assert_allclose(1 - run.field[4:].mean(axis=(1, 2)), 0, atol=1e-12)


def test_results_do_not_depend_on_threads(samples: Samples) -> None:
    found = []
    for threads in (1, 3):
        with threadpool_limits(threads, user_api="blas"):
            by_site = measure(samples, 2, 7, channels=2)
            pooled = measure_pooled(samples, 2, 7, channels=2)
            free = nonpolynomial(samples, 7)
            fits = [
                (r.field, r.before, r.after, r.spurious, np.array(r.weights))
                for r in (by_site, pooled, free)
            ]
            found.append(list(sum(fits, ())))
    for alone, shared in zip(*found, strict=True):
        np.testing.assert_allclose(alone, shared, rtol=1e-9, atol=1e-12)


def test_nothing_asked_for_is_said(samples: Samples) -> None:
    for fit in (measure, measure_pooled):
        with pytest.raises(ValueError, match="degrees must be ≥ 1, got 0"):
            fit(samples, 1, 0)


def test_metrics_against_a_direct_computation(samples: Samples) -> None:
    """Sampled patterns, orientations and directions ê, against the closed-form averages."""
    from numeric_checks.rotations.wigner import unit_harmonics

    rng = np.random.default_rng(0)
    site, ell, amplitude = 1, 3, 0.7
    columns = coupled_products(samples.features, site, 2, ell)
    y = unit_harmonics(ell, samples.vectors[:, site])[ell]
    p_y = fit_ridge(columns, y, samples.fit).prediction
    e = samples.errors[:, site]
    p_e = fit_ridge(coupled_products(samples.features, site, 2, 1), e, samples.fit).prediction
    numerator = denominator = 0.0
    for _ in range(4000):
        c = rng.normal(size=2 * ell + 1)
        c *= np.sqrt(2 * ell + 1) / np.linalg.norm(c)
        direction = rng.normal(size=3)
        direction *= amplitude / np.linalg.norm(direction)
        n = rng.choice(samples.held)
        r = e[n] + direction * (c @ y[n])
        p = p_e[n] + direction * (c @ p_y[n])
        numerator += ((r - p) ** 2).sum()
        denominator += (r**2).sum()
    run = measure(samples, 2, ell)
    one = Recovery(
        run.field[:, [site]], run.before[[site]], run.after[[site]], run.spurious[[site]], ()
    )
    point: Metrics = bootstrap([one], 1, rng, amplitude)[0]
    assert point.gain[ell - 1] == pytest.approx(1 - numerator / denominator, abs=0.05)


def test_bootstrap_interval_holds_the_point_and_widens_with_backbones_that_differ(
    samples: Samples,
) -> None:
    run = measure(samples, 1, 3)
    worse = replace(run, field=run.field * 1.5)
    _, same = bootstrap([run, run], 500, np.random.default_rng(0))
    point, mixed = bootstrap([run, worse], 500, np.random.default_rng(0))
    assert mixed.field[:, 0].std() > 2 * same.field[:, 0].std()
    low, high = np.quantile(mixed.field, [0.025, 0.975], axis=0)
    assert (low <= point.field + 1e-12).all()
    assert (point.field <= high + 1e-12).all()
    with pytest.raises(ValueError, match="draws"):
        bootstrap([run], 0, np.random.default_rng(0))


def test_as_many_channels_as_the_frames_bear(toy: Any) -> None:
    """Channels of noise: the fit with all of them fails, the one that is chosen does not."""
    rng = np.random.default_rng(2)
    data = toy.toy_data(130)
    made = collect_samples(toy.DensityBackbone(L=1), data, np.arange(60), np.arange(60, 130))
    noisy = {
        name: np.concatenate(
            [values, 0.02 * rng.normal(size=(130, 5, 29, values.shape[3]))], axis=2
        )
        for name, values in made.features.items()
    }
    samples = replace(made, features=noisy).at([0, 2])
    plain = measure(samples, 2, 2)
    within = measure_within(samples, 2, 2, most_weights=120)
    assert max(plain.weights) > 3 * 60
    assert max(within.weights) <= 120
    assert (within.by_site > plain.by_site + 0.02).all()
    assert within.by_site[:, 1].min() > 0.9
    # One channel has more weights than are allowed: it is fitted all the same, and can be told.
    assert max(measure_within(samples, 2, 2, most_weights=1).weights) > 1


def test_ten_frames_are_never_much_worse_than_zero(toy: Any) -> None:
    """R² was once −6e22: with as many weights as equations a fit is without bounds."""
    data = toy.toy_data(60)
    for seed in range(3):
        index = np.random.default_rng(seed).permutation(60)
        samples = collect_samples(toy.DensityBackbone(L=2), data, index[:10], index[10:])
        run = measure_within(samples, 2, 6, most_weights=20)
        assert run.by_site.min() > -1.5
