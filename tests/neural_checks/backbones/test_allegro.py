"""Allegro's tensors of edges, pooled to atoms; skipped where nequip-allegro is not installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("allegro", reason="nequip-allegro is not installed", exc_type=ImportError)

from neural_checks.backbones.allegro import LoadedAllegro, is_allegro
from neural_checks.backbones.equivariance import check_equivariance
from neural_checks.backbones.guard import require_agreement
from numeric_checks.molecules.structures import Structures
from numeric_checks.rotations.wigner import unit_harmonics

pytestmark = pytest.mark.filterwarnings("ignore")

NAMES = ["C", "N", "O"]


@pytest.fixture(scope="module")
def backbone() -> LoadedAllegro:
    from allegro.model import AllegroModel
    from nequip.utils.global_state import set_global_state

    set_global_state()
    model = AllegroModel(
        seed=1, model_dtype="float64", r_max=4.0, type_names=NAMES, l_max=2, parity=True,
        num_layers=2, num_scalar_features=8, num_tensor_features=3, avg_num_neighbors=4.0,
        radial_chemical_embed={"_target_": "allegro.nn.TwoBodyBesselScalarEmbed"},
    )  # fmt: skip
    return LoadedAllegro(model.eval(), "built here")


def test_the_first_tensor_product_is_read_and_the_last_is_scalar(
    backbone: LoadedAllegro, toy: Any
) -> None:
    data = toy.toy_data(6)
    assert is_allegro(backbone.model)
    assert [irreps for _, irreps in backbone.layers()][1] == [(3, (0, 1))]
    assert backbone.select_layer(data.structures.take(slice(2))) == 0
    errors = check_equivariance(backbone, data.structures, np.random.default_rng(0))
    assert {"0e", "1o", "2e", "forces", "energy"} <= set(errors)
    assert max(errors.values()) < 1e-8
    assert "sum over the edges" in backbone.description["pooled"]


def test_energies_and_forces_are_the_packages(backbone: LoadedAllegro, toy: Any) -> None:
    found = require_agreement(backbone, toy.toy_data(2).structures, "allegro")
    assert found["forces_eV_per_A"] < 1e-6


def test_a_pair_has_one_edge_an_atom_along_its_direction(backbone: LoadedAllegro, toy: Any) -> None:
    """The tensors of the only edge are products of its harmonics alone: multiples of y_l."""
    direction = np.array([0.48, -0.6, 0.64])
    pair = Structures.of_molecule(np.array([[[0, 0, 0], 1.3 * direction]]), np.array([6, 8]))
    found = backbone.evaluate(pair).features
    for l, y in enumerate(unit_harmonics(2, direction)):
        values = found[f"{l}{'eo'[l % 2]}"]
        along = values @ y
        assert np.abs(along).max() > 1e-6
        np.testing.assert_allclose(values, along[..., None] * y, atol=1e-12)
