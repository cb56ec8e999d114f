"""Forces of a network by its name, as numeric_checks.demand asks for them."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("e3nn")

from neural_checks.backbones.forces import predict_forces
from numeric_checks.demand.__main__ import main
from numeric_checks.demand.fits import chosen_frames, split_frames
from numeric_checks.demand.result import DemandOptions
from numeric_checks.molecules.data import EMBEDDED, load

MODEL = "neural_checks.e3nn_example:untrained"


def test_forces_and_degree_are_those_of_the_network() -> None:
    from neural_checks.e3nn_example import untrained

    data = load(EMBEDDED).take(slice(0, 3))
    forces, L = predict_forces(MODEL, data)
    network = untrained(data)
    found = network.evaluate(data.structures)
    assert np.allclose(forces, found.forces, rtol=1e-9, atol=1e-12)  # threads add in any order
    assert f"{L}e" in found.features or f"{L}o" in found.features
    assert not any(name.startswith(str(L + 1)) for name in found.features)


def test_demand_listens_to_a_network(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--factors", "1", "--l-max", "1", "--radial", "3", "--frames", "60", "--draws", "10"]
    # So few frames and degrees explain too little to decide.
    assert main([EMBEDDED, *options, "--residual-of", MODEL, "--json"]) == 4
    heard = json.loads(capsys.readouterr().out)["listening"]
    assert {"L", "explained", "within", "beyond", "control", "verdict", "sentence"} <= set(heard)
    data = load(EMBEDDED)
    settings = DemandOptions(frames=60)
    used = chosen_frames(data, settings)
    part = data.take(used)  # the network is made from the data that it is given
    held = np.repeat(split_frames(len(used), settings)[0] == "held", part.structures.counts)
    error = np.abs(part.forces - predict_forces(MODEL, part)[0])[held].mean()
    assert heard["mae_meV_per_A"] == pytest.approx(1000 * error)
    assert main([EMBEDDED, *options, "--residual-of", "no_such:model"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
