"""The trained readout of a diagnosis: shown where it is asked for, and no part of the verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from neural_checks.diagnosis.measure import diagnose
from neural_checks.diagnosis.result import Options, SiteKind
from neural_checks.diagnosis.sites import collect_sites
from neural_checks.diagnosis.trained import trained_curve
from neural_checks.features.recorded import FeatureSet, record
from neural_checks.readouts.trained import SpnConfig

FAST = Options(draws=60, orientations=8, degree=1, listen=False)
SMALL = SpnConfig(steps=250, seeds=1, width=8, channels=2, orientations=2)


@pytest.fixture(scope="module")
def features(toy: Any) -> FeatureSet:
    index = np.arange(120)
    rng = np.random.default_rng(0)
    return record(toy.DensityBackbone(1), toy.toy_data(120), index[:80], index[80:], rng)


@pytest.mark.parametrize("kind", [SiteKind.ATOMS, SiteKind.SPECIES])
def test_a_shared_network_falls_at_the_boundary(features: FeatureSet, kind: SiteKind) -> None:
    collected = collect_sites(features, kind)
    options = replace(FAST, sites=kind)
    curve = trained_curve(collected, 1, options, np.random.default_rng(0), SMALL)
    assert len(curve.values) == 4
    assert curve.values[0] > 0.1
    assert max(curve.high[1:]) < 0.05
    assert all(a <= b for a, b in zip(curve.low, curve.high, strict=True))


def test_it_is_a_row_of_its_own_and_changes_nothing_else(
    features: FeatureSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    from neural_checks.diagnosis import measure

    plain = diagnose(features, FAST)
    assert plain.trained is None
    assert "trained, shared" not in plain.table()

    def quick(*arguments: Any) -> Any:
        return trained_curve(*arguments, config=replace(SMALL, steps=5))

    monkeypatch.setattr(measure, "trained_curve", quick)
    both = diagnose(features, replace(FAST, trained=True))
    assert "trained, shared R²" in both.table()
    assert (both.closed, both.component, both.verdict) == (
        plain.closed, plain.component, plain.verdict,
    )  # fmt: skip
