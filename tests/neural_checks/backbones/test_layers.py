"""Every layer of a network, with one run of each frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("ase")

from neural_checks.backbones.calculator import CalculatorBackbone, Hook
from neural_checks.backbones.layers import every_layer, layer_count

LAYERS = [
    [Hook("model.layers.0[h]", "3x0e+3x1o", "yzx")],
    [Hook("model.layers.1[h]", "4x0e+4x1o+4x2e", "yzx")],
]


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> CalculatorBackbone:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    from toy_calculator import ToyCalculator

    return CalculatorBackbone(ToyCalculator(), LAYERS, "toy")


def test_layers_are_those_read_one_by_one_and_a_frame_is_run_once(
    toy: Any, network: CalculatorBackbone
) -> None:
    structures = toy.toy_data(3).structures
    layers = every_layer(network)
    assert layer_count(network) == len(layers) == 2
    found = [one.evaluate(structures) for one in layers]
    assert network.network.frames == 3
    for layer, seen in enumerate(found):
        network.layer = layer
        alone = network.evaluate(structures)
        assert list(seen.features) == list(alone.features)
        for name, values in alone.features.items():
            np.testing.assert_array_equal(seen.features[name], values)
        np.testing.assert_array_equal(seen.forces, alone.forces)
    assert [one.description["layer"] for one in layers] == [0, 1]
    layers[0].evaluate(structures.take([1, 2]))  # other frames are run
    assert network.network.frames == 3 + 6 + 2


def test_a_layer_that_is_not_there_and_a_network_without_layers_are_named(
    toy: Any, network: CalculatorBackbone
) -> None:
    with pytest.raises(ValueError, match="layer must be 0 … 1, got 2"):
        network.evaluate_layers(toy.toy_data(1).structures, [0, 2])
    with pytest.raises(ValueError, match="chooses its own features"):
        every_layer(object())


def test_modules_of_a_network_are_no_layers_to_choose_from() -> None:
    """A list called ``layers`` is common; only a network with ``layer`` says which one is read."""

    class Own:
        layers = ("first", "second")

    with pytest.raises(ValueError, match="chooses its own features"):
        layer_count(Own())
    Own.layer = None  # type: ignore[attr-defined]
    assert layer_count(Own()) == 2
