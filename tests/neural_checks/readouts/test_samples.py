"""Samples of some of the sites, and recoveries of several sites as one."""

from __future__ import annotations

from typing import Any

import numpy as np

from neural_checks.readouts.closed_form import measure
from neural_checks.readouts.recovery import pool
from neural_checks.readouts.samples import collect_samples


def test_some_sites_are_those_named(toy: Any) -> None:
    samples = collect_samples(
        toy.DensityBackbone(1), toy.toy_data(60), np.arange(40), np.arange(40, 60)
    )
    few = samples.at([0, 4])
    np.testing.assert_array_equal(few.vectors, samples.vectors[:, [0, 4]])
    np.testing.assert_array_equal(few.features["1o"], samples.features["1o"][:, [0, 4]])
    np.testing.assert_array_equal(few.errors, samples.errors[:, [0, 4]])
    whole, part = measure(samples, 1, 2), measure(few, 1, 2)
    np.testing.assert_allclose(part.field, whole.field[:, [0, 4]], atol=1e-12)


def test_a_pooled_recovery_is_the_mean_over_all_rows(toy: Any) -> None:
    samples = collect_samples(
        toy.DensityBackbone(1), toy.toy_data(60), np.arange(40), np.arange(40, 60)
    )
    whole = measure(samples, 1, 2)
    apart = [measure(samples.at([site]), 1, 2) for site in range(5)]
    joined = pool(apart)
    assert joined.field.shape == (2, 1, 5 * 20)
    np.testing.assert_allclose(joined.pooled, whole.pooled, atol=1e-12)
    np.testing.assert_allclose(joined.before.mean(), whole.before.mean())
    np.testing.assert_allclose(joined.field[:, 0, 20:40], whole.field[:, 1], atol=1e-12)
