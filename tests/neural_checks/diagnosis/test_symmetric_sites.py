"""T9 measured: what networks and exact features keep where symmetry exchanges neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neural_checks.backbones.interface import Evaluation
from neural_checks.diagnosis.measure import deficits_of, diagnose
from neural_checks.diagnosis.result import REPORT, Options, SiteKind
from neural_checks.diagnosis.sites import collect_sites
from neural_checks.features.recorded import FeatureSet, record
from neural_checks.readouts.closed_form import measure
from numeric_checks.molecules.data import ForceData
from numeric_checks.rotations.wigner import unit_harmonics

FAST = Options(draws=200, orientations=8)
CORNERS = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / np.sqrt(3)


def shaken(places: Any, numbers: Any, frames: int, size: float = 0.04) -> ForceData:
    rng = np.random.default_rng(5)
    moved = np.asarray(places) + size * rng.normal(size=(frames, len(numbers), 3))
    forces = rng.normal(size=moved.shape)
    return ForceData.of_molecule(
        moved, forces, np.zeros(frames), np.asarray(numbers), "star", checksum="0"
    )


def recorded(backbone: Any, data: ForceData, fit: int) -> FeatureSet:
    index = np.arange(len(data))
    return record(backbone, data, index[:fit], index[fit:], np.random.default_rng(0))


class MeanHarmonics:
    """h_l(i) = the mean of y_l over all other atoms: exactly what symmetry leaves, l ≤ 3."""

    description: dict[str, Any] = {"package": "toy"}  # noqa: RUF012

    def evaluate(self, positions: np.ndarray) -> Evaluation:
        others = ~np.eye(positions.shape[1], dtype=bool)
        difference = (positions[:, None] - positions[:, :, None])[:, others]
        unit = difference / np.linalg.norm(difference, axis=-1, keepdims=True)
        by_atom = unit.reshape(*positions.shape[:2], -1, 3)
        features = {
            f"{l}{'eo'[l % 2]}": y.mean(axis=2)[:, :, None]
            for l, y in enumerate(unit_harmonics(3, by_atom))
        }
        return Evaluation(
            features, np.full(len(positions), np.nan), np.full_like(positions, np.nan)
        )


def test_a_linear_readout_of_the_mean_recovers_exactly_the_share() -> None:
    """A tetrahedral star: of four alike neighbours nothing is left at ℓ = 1 and 2, 5/9 at ℓ = 3."""
    places = np.concatenate([[[0.0, 0, 0]], 1.7 * CORNERS])
    data = shaken(places, [6, 17, 17, 17, 17], 260, size=1e-3)
    found = diagnose(recorded(MeanHarmonics(), data, 200), Options(degree=1, draws=200))
    centre = found.sites[0]
    assert sorted((centre.marked or 0, *centre.exchanged)) == [1, 2, 3, 4]
    np.testing.assert_allclose(centre.attainable[:3], [0, 0, 5 / 9], atol=1e-3)
    # Of the centre the features are the mean over the four: R² is S_ℓ itself.
    np.testing.assert_allclose([row[0] for row in found.per_site[:3]], [0, 0, 5 / 9], atol=2e-3)
    assert found.attainable is not None
    np.testing.assert_allclose(found.attainable[2], (4 + 5 / 9) / 5, atol=1e-3)
    # No advice on a site where nothing can be done.
    assert [d.label for d in found.deficits if d.site == 0] == []
    assert any("T9" in line and "C0" in line for line in found.advice)
    assert "attainable S_ℓ" in found.table()
    assert "of 0.556" in found.table()
    assert REPORT.load(REPORT.dump(found)).attainable == found.attainable


def reaches_the_share(make: Any) -> None:
    """At two carbons and a hydrogen of benzene, which marks its one carbon."""
    build = pytest.importorskip("ase.build")
    benzene = build.molecule("C6H6")
    data = shaken(benzene.positions, benzene.numbers, 300)
    collected = collect_sites(recorded(make(data), data, 220), SiteKind.ATOMS, degrees=4)
    shares = collected.attainable
    expected = [1 / 4, 7 / 16, 23 / 32, 91 / 256]
    np.testing.assert_allclose(shares[:, :6].mean(axis=1), expected, atol=0.02)
    some = [0, 3, 6]
    values = measure(collected.samples[0].at(some), 2, 4, channels=4).by_site
    assert (values[:, :2] <= shares[:, some[:2]] + 0.02).all()
    assert (values[:, :2] >= 0.8 * shares[:, some[:2]]).all()
    assert values[:2, 2].min() > 0.9
    # Against 1 a carbon would be called a deficit at ℓ = 1; against S_ℓ it is none.
    sites = tuple(collected.sites[k] for k in some)
    level = Options().level
    assert values[0, :2].max() < level
    assert [
        d.label for d in deficits_of(sites, values, range(1, 5), level) if d.label != "H6"
    ] == []


def test_a_density_of_neighbours_reaches_the_share_at_a_carbon_of_benzene(toy: Any) -> None:
    reaches_the_share(lambda data: toy.DensityBackbone(L=2))


@pytest.mark.slow
def test_an_untrained_network_reaches_the_share_at_a_carbon_of_benzene() -> None:
    """The independent route: e3nn's convolutions, which know nothing of graphs or exchanges."""
    pytest.importorskip("e3nn")
    from neural_checks.e3nn_example import untrained

    reaches_the_share(untrained)


def test_a_tie_that_the_frames_do_not_resolve_is_left_out() -> None:
    angles = np.array([0, 2 * np.pi / 3, -1.6])
    ring = 1.3 * np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
    data = shaken(np.concatenate([[[0.0, 0, 0]], ring]), [5, 9, 9, 9], 220)
    found = diagnose(recorded(MeanHarmonics(), data, 160), Options(degree=1, draws=200))
    assert [site.label for site in found.sites] == ["F1", "F2", "F3"]
    assert any(line.startswith("B0: a tie") for line in found.left_out)
