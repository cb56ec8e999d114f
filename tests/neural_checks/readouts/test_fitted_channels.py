"""Channels fitted to the field: features of the same degree, from the fitted frames alone."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from neural_checks.readouts.closed_form import measure
from neural_checks.readouts.fitted_channels import fitted_channels
from numeric_checks.rotations.sampling import random_rotations
from numeric_checks.rotations.wigner import rotate_features


def test_fitted_channels_are_features_of_the_same_degree(toy: SimpleNamespace) -> None:
    """Turning the molecule turns them by the Wigner matrix, and they fit û better."""
    samples = toy.toy_samples(2)
    turns = random_rotations(len(samples.vectors), np.random.default_rng(0))
    turned = replace(
        samples,
        features=rotate_features(samples.features, turns),
        vectors=np.einsum("nab,nib->nia", turns, samples.vectors),
    )
    expected = rotate_features(fitted_channels(samples, 2).features, turns)
    found = fitted_channels(turned, 2).features
    for name, values in expected.items():
        assert values.shape[2] == 2
        signs = np.sign((found[name] * values).sum(axis=(0, 3)))  # principal ones: up to a sign
        np.testing.assert_allclose(found[name] * signs[None, :, :, None], values, atol=1e-8)
    plain = 1 - measure(samples, 2, 4, channels=1).field.mean(axis=(1, 2))
    fitted = 1 - measure(fitted_channels(samples, 1), 2, 4).field.mean(axis=(1, 2))
    assert (fitted > plain).all()
    assert (fitted[2:] > plain[2:] + 0.2).all()
    with pytest.raises(ValueError, match="kept"):
        fitted_channels(samples, 0)


def test_fitted_channels_see_no_held_out_frame(toy: SimpleNamespace) -> None:
    samples = toy.toy_samples(2)
    vectors = samples.vectors.copy()
    vectors[samples.held] *= -1
    other = fitted_channels(replace(samples, vectors=vectors), 1).features
    for name, values in fitted_channels(samples, 1).features.items():
        np.testing.assert_array_equal(values, other[name])
