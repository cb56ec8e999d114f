"""Readouts trained by gradient descent: the ceiling holds for products, and not for SiLU."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from neural_checks.readouts.bootstrap import bootstrap_spn, resample
from neural_checks.readouts.metrics import recovery_cliff
from neural_checks.readouts.samples import Samples, collect_samples
from neural_checks.readouts.trained import SpnConfig, SpnRun, train_spn
from neural_checks.readouts.verdict import RecoveryCurve, judge

SMALL = SpnConfig(steps=250, batch=32, seeds=2, width=24, channels=2, orientations=3)


@pytest.fixture(scope="module")
def samples(toy: Any) -> Samples:
    return collect_samples(toy.DensityBackbone(), toy.toy_data(), np.arange(80), np.arange(80, 120))


@pytest.fixture(scope="module")
def quadratic(samples: Samples) -> SpnRun:
    return train_spn(samples.at([0, 1]), 2, 6, SMALL, rng(0), 3.0)


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
    assert _r2(train_spn(samples.at([1]), None, 5, config, rng(0), 3.0))[4] > 0.2


def test_a_cubic_readout_goes_beyond_the_quadratic_boundary(samples: Samples) -> None:
    config = replace(SMALL, steps=500)
    run = train_spn(samples.at([1]), 3, 7, config, rng(0), 3.0)
    assert _r2(run)[4] > 0.1
    point, draws = bootstrap_spn([run], 200, np.random.default_rng(0))
    curve = RecoveryCurve.of(point.injected, draws.injected)
    assert not judge(curve, 2, 2).agrees  # called quadratic, it is found out


def test_the_seed_decides_and_seeds_differ(samples: Samples, quadratic: SpnRun) -> None:
    again = train_spn(samples.at([0, 1]), 2, 6, SMALL, rng(0), 3.0)
    np.testing.assert_array_equal(again.missed, quadratic.missed)
    other = train_spn(samples.at([0, 1]), 2, 6, SMALL, rng(1), 3.0)
    assert not np.array_equal(other.power, quadratic.power)
    assert not np.array_equal(quadratic.power[0], quadratic.power[1])


@pytest.mark.gpu
def test_on_a_gpu_the_readout_is_that_of_the_cpu(samples: Samples, quadratic: SpnRun) -> None:
    import torch

    from numeric_checks.provenance import environment

    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    there = train_spn(samples.at([0, 1]), 2, 6, SMALL, rng(0), 3.0, device="cuda")
    np.testing.assert_allclose(there.power, quadratic.power, rtol=1e-4)  # the same draws
    np.testing.assert_allclose(_r2(there), _r2(quadratic), atol=0.02)
    assert environment("cuda")["device_name"] == torch.cuda.get_device_name()


def test_power_of_the_injected_field_is_the_amplitude_squared(quadratic: SpnRun) -> None:
    assert quadratic.power.mean() == pytest.approx(9.0, rel=0.15)
    np.testing.assert_allclose(quadratic.total.mean(), (quadratic.power.mean() + 3.0), rtol=1.0)


def test_bad_settings_are_refused(samples: Samples) -> None:
    with pytest.raises(ValueError, match="degree"):
        train_spn(samples, 4, 5, SMALL, rng())
    with pytest.raises(ValueError, match="width"):
        replace(SMALL, width=0)
    with pytest.raises(ValueError, match="learning_rate"):
        replace(SMALL, learning_rate=0.0)
    with pytest.raises(FloatingPointError, match="not finite"):
        train_spn(samples, 1, 2, SMALL, rng(), amplitude=float("inf"))


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
    straddling = draws.recovery.copy()
    straddling[:, 4] = np.linspace(-0.01, 0.01, len(straddling))
    bound = recovery_cliff(point, replace(draws, recovery=straddling), 4)
    assert bound.lower_bound_only
    assert bound.low == pytest.approx(np.quantile(draws.recovery[:, 3], 0.025) / 0.0095, rel=0.01)
