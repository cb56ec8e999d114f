"""Readouts trained by gradient descent: the ceiling holds for products, and not for SiLU."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from neural_checks.readouts.bootstrap import bootstrap_gain, bootstrap_spn, resample
from neural_checks.readouts.metrics import recovery_cliff
from neural_checks.readouts.samples import Samples, collect_samples
from neural_checks.readouts.trained import InjectedField, SpnConfig, SpnRun, SpnTask, train_spn
from neural_checks.readouts.verdict import RecoveryCurve, judge

SMALL = SpnConfig(steps=250, batch=32, seeds=2, width=24, channels=2, orientations=3)


@pytest.fixture(scope="module")
def samples(toy: Any) -> Samples:
    return collect_samples(toy.DensityBackbone(), toy.toy_data(), np.arange(80), np.arange(80, 120))


@pytest.fixture(scope="module")
def quadratic(samples: Samples) -> SpnRun:
    return train_spn(samples.at([0, 1]), SpnTask.upto(2, 6, 3.0), SMALL, rng(0))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def _r2(run: SpnRun) -> np.ndarray:
    return 1 - run.missed.mean(axis=(0, 2, 3)) / run.power.mean(axis=(0, 2, 3))


def test_a_trained_quadratic_readout_falls_at_the_boundary(quadratic: SpnRun) -> None:
    values = _r2(quadratic)
    assert values[:4].min() > 0.1
    assert values[4:].max() < 0.05


def test_a_network_that_is_no_polynomial_breaks_the_ceiling(samples: Samples) -> None:
    """The same features carry the degrees above dL: the degree is what stops the quadratic."""
    config = replace(SMALL, steps=600, width=48)
    assert _r2(train_spn(samples.at([1]), SpnTask.upto(None, 5, 3.0), config, rng(0)))[4] > 0.2


def test_a_cubic_readout_goes_beyond_the_quadratic_boundary(samples: Samples) -> None:
    config = replace(SMALL, steps=500)
    run = train_spn(samples.at([1]), SpnTask.upto(3, 7, 3.0), config, rng(0))
    assert _r2(run)[4] > 0.1
    point, draws = bootstrap_spn([run], 200, np.random.default_rng(0))
    curve = RecoveryCurve.of(point.injected, draws.injected)
    assert not judge(curve, 2, 2).agrees  # called quadratic, it is found out


def test_one_frame_unlike_the_others_does_not_spoil_a_readout(samples: Samples) -> None:
    """As a proton that moves over does: its features are many times as long as at other frames."""
    site = samples.at([1])
    odd = {name: values.copy() for name, values in site.features.items()}
    for values in odd.values():
        values[3] *= 8
    task = SpnTask.upto(2, 4)
    config = replace(SMALL, steps=400)

    def mean(clip: float | None) -> float:
        spoiled = replace(site, features=odd)
        return float(_r2(train_spn(spoiled, task, replace(config, clip=clip), rng(0))).mean())

    assert mean(1.0) > 0.2
    assert mean(None) < 0
    with pytest.raises(ValueError, match="clip must be > 0 or None, got 0"):
        replace(SMALL, clip=0)


def test_the_seed_decides_and_seeds_differ(samples: Samples, quadratic: SpnRun) -> None:
    again = train_spn(samples.at([0, 1]), SpnTask.upto(2, 6, 3.0), SMALL, rng(0))
    np.testing.assert_array_equal(again.missed, quadratic.missed)
    other = train_spn(samples.at([0, 1]), SpnTask.upto(2, 6, 3.0), SMALL, rng(1))
    assert not np.array_equal(other.power, quadratic.power)
    assert not np.array_equal(quadratic.power[0], quadratic.power[1])


@pytest.mark.gpu
def test_on_a_gpu_the_readout_is_that_of_the_cpu(samples: Samples, quadratic: SpnRun) -> None:
    import torch

    from numeric_checks.provenance import environment

    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    there = train_spn(samples.at([0, 1]), SpnTask.upto(2, 6, 3.0), SMALL, rng(0), device="cuda")
    np.testing.assert_allclose(there.power, quadratic.power, rtol=1e-4)  # the same draws
    np.testing.assert_allclose(_r2(there), _r2(quadratic), atol=0.02)
    assert environment("cuda")["device_name"] == torch.cuda.get_device_name()


def test_one_network_for_all_sites_falls_at_the_boundary_too(samples: Samples) -> None:
    config = replace(SMALL, steps=600, shared_batch=24)
    run = train_spn(samples.at([0, 1]), SpnTask.upto(2, 6, 3.0, shared=True), config, rng(0))
    assert run.missed.shape == (2, 6, 2, 40)
    values = _r2(run)
    assert values[:4].min() > 0.05
    assert values[4:].max() < 0.05


def test_the_shared_network_is_the_same_at_every_site(samples: Samples) -> None:
    """Two copies of one site: what it leaves of them is the same, and each frame counts once."""
    twice = samples.at([1, 1])
    config = replace(SMALL, steps=30)
    shared = train_spn(twice, SpnTask.upto(2, 3, shared=True), config, rng(0))
    np.testing.assert_allclose(shared.missed[:, :, 0], shared.missed[:, :, 1], rtol=1e-4)
    own = train_spn(twice, SpnTask.upto(2, 3), config, rng(0))
    assert not np.allclose(own.missed[:, :, 0], own.missed[:, :, 1], rtol=1e-2)
    assert shared.weights == own.weights


def test_targets_apart_have_units_of_their_own(samples: Samples) -> None:
    """One target more multiplies the hidden weights, and adds linear ones only where shared."""
    one = SpnTask(2, (InjectedField(2),))
    two = replace(one, targets=(InjectedField(2), InjectedField(5)), apart=True)
    config = replace(SMALL, steps=1)
    part = samples.at([0])
    weights = [train_spn(part, task, config, rng(0)).weights for task in (one, two)]
    assert weights[1] == 2 * weights[0]
    run = train_spn(
        part, replace(two, targets=(InjectedField(2, 3.0), InjectedField(5, 3.0))), SMALL, rng(0)
    )
    values = _r2(run)
    assert values[0] > 0.3
    assert values[1] < 0.05


def test_a_network_that_is_fed_the_field_finds_it_at_any_degree(samples: Samples) -> None:
    quiet = replace(samples.at([0]), errors=np.zeros_like(samples.errors[:, :1]))
    for ell in (4, 9):
        task = SpnTask(1, (InjectedField(ell, 1.0),), fed=True)
        assert _r2(train_spn(quiet, task, replace(SMALL, steps=400), rng(0)))[0] > 0.9


def test_frames_as_stored_show_no_cliff(samples: Samples) -> None:
    task = SpnTask(2, (InjectedField(5, 3.0),))
    config = replace(SMALL, steps=500)
    at = samples.at([1])
    turned, stored = (
        _r2(train_spn(at, t, config, rng(0)))[0] for t in (task, replace(task, stored=True))
    )
    assert turned < 0.05 < 0.2 < stored


def test_without_injection_the_residual_is_the_force_error(samples: Samples) -> None:
    task = replace(SpnTask.upto(2, 2), targets=(InjectedField(2), InjectedField(1, 0.0)))
    run = train_spn(samples.at([0]), task, replace(SMALL, steps=20), rng(0))
    assert (run.take([1]).power == 0).all()
    np.testing.assert_allclose(
        run.total[:, 1], np.broadcast_to(run.before, run.total[:, 1].shape), rtol=1e-5
    )
    value, drawn = bootstrap_gain(
        [(run.total[:, 1], run.left[:, 1])], 100, np.random.default_rng(0)
    )
    assert value == pytest.approx(1 - run.left[:, 1].mean() / run.before.mean(), rel=1e-5)
    assert drawn.min() <= value <= drawn.max()


def test_power_of_the_injected_field_is_the_amplitude_squared(quadratic: SpnRun) -> None:
    assert quadratic.power.mean() == pytest.approx(9.0, rel=0.15)
    np.testing.assert_allclose(quadratic.total.mean(), (quadratic.power.mean() + 3.0), rtol=1.0)


def test_bad_settings_are_refused(samples: Samples) -> None:
    with pytest.raises(ValueError, match="degree"):
        SpnTask.upto(4, 5)
    with pytest.raises(ValueError, match="at least one"):
        SpnTask.upto(2, 0)
    with pytest.raises(ValueError, match="width"):
        replace(SMALL, width=0)
    with pytest.raises(ValueError, match="learning_rate"):
        replace(SMALL, learning_rate=0.0)
    with pytest.raises(FloatingPointError, match="not finite"):
        train_spn(samples, SpnTask.upto(1, 2, float("inf")), SMALL, rng())


def test_the_bootstrap_has_a_level_for_backbones_seeds_and_frames() -> None:
    """Variances of the mean add up: each level alone, against its own closed form."""
    backbones, seeds, frames = 6, 5, 40
    for axis, size in ((0, backbones), (1, seeds), (3, frames)):
        shape = [1, 1, 1, 1]
        shape[axis] = size
        effect = rng(axis).normal(size=shape)
        table = np.broadcast_to(effect, (backbones, seeds, 1, frames))
        point, drawn = resample(table, 4000, np.random.default_rng(1))
        assert point[0] == pytest.approx(effect.mean())
        # Seeds are drawn within each of the backbones, which averages over them.
        share = size * backbones if axis == 1 else size
        assert drawn[:, 0].std() == pytest.approx(effect.std() / np.sqrt(share), rel=0.06)


def test_the_cliff_has_an_interval_or_a_lower_bound(quadratic: SpnRun) -> None:
    point, draws = bootstrap_spn([quadratic], 300, np.random.default_rng(0))
    inside = recovery_cliff(point, draws, 3)
    assert not inside.lower_bound_only
    assert inside.low <= inside.ratio <= inside.high
    assert inside.ratio == pytest.approx(point.recovery[2] / point.recovery[3])
    negative = replace(draws, recovery=draws.recovery * [1, 1, 1, 1, -1, -1])
    above = replace(negative, recovery=negative.recovery - [0, 0, 0, 0, 9, 9])
    assert recovery_cliff(point, above, 4).low is None
    # A few draws with nothing above the boundary are ratios without end, not small ones.
    inside, outside = np.full(1000, 0.9), np.linspace(-0.01, 0.99, 1000)
    recovery = np.stack([inside, outside], axis=1)
    few = recovery_cliff(point, replace(draws, recovery=recovery), 1)
    ends = np.quantile(outside, [0.025, 0.975])
    assert (few.low, few.high) == pytest.approx(tuple(0.9 / ends[::-1]), rel=0.05)
    assert not few.lower_bound_only
    straddling = draws.recovery.copy()
    straddling[:, 4] = np.linspace(-0.01, 0.01, len(straddling))
    bound = recovery_cliff(point, replace(draws, recovery=straddling), 4)
    assert bound.lower_bound_only
    assert bound.low == pytest.approx(np.quantile(draws.recovery[:, 3], 0.025) / 0.0095, rel=0.01)
