"""The readout that is not polynomial goes beyond the boundary, where features know directions."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from neural_checks.readouts.closed_form import measure
from neural_checks.readouts.nonpolynomial import nonpolynomial


def test_the_readout_that_is_not_polynomial_breaks_the_boundary(toy: SimpleNamespace) -> None:
    samples = toy.toy_samples(1)
    polynomial = 1 - measure(samples, 2, 6).field.mean(axis=(1, 2))
    free = 1 - nonpolynomial(samples, 6).field.mean(axis=(1, 2))
    np.testing.assert_allclose(polynomial[2:], 0, atol=1e-12)
    assert (free > 0.3).all()


def test_invariants_alone_give_it_nothing(toy: SimpleNamespace) -> None:
    run = nonpolynomial(toy.toy_samples(0), 3)
    assert run.field == pytest.approx(1.0)
    assert run.weights == (0, 0, 0)
