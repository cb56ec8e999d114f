"""Networks by name: nequip files, checkpoints trained here, the plain e3nn network, pickles."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("e3nn")

import torch

from neural_checks.backbones.equivariance import check_equivariance
from neural_checks.backbones.load import load_backbone
from neural_checks.backbones.model_files import UntrustedError, plain_state
from neural_checks.backbones.nequip import BackboneConfig, LoadedNequIP, NequIPBackbone
from neural_checks.backbones.reading import Reading
from neural_checks.backbones.scaling import Scaling
from neural_checks.data.split import split
from neural_checks.diagnose import main
from neural_checks.e3nn_example import PlainBackbone, trained, untrained
from neural_checks.training.brief import train_briefly
from numeric_checks.molecules.data import EMBEDDED, load
from numeric_checks.molecules.structures import Structures

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


class Payload:
    """A pickle that leaves a trace when it is loaded."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.trace),))


@pytest.mark.parametrize("suffix", [".model", ".pt", ".ckpt"])
def test_a_pickle_is_not_loaded_unless_trusted(toy: Any, tmp_path: Path, suffix: str) -> None:
    path, trace = tmp_path / f"m{suffix}", tmp_path / "trace"
    torch.save({"model": Payload(trace)}, path)
    with pytest.raises(UntrustedError, match=r"can run any code .* --trust-model"):
        load_backbone(str(path), toy.toy_data(10))
    assert not trace.exists()
    torch.load(path, weights_only=False)
    assert trace.exists()  # the payload would have run


def test_a_checkpoint_that_names_functions_needs_trust(toy: Any, tmp_path: Path) -> None:
    pytest.importorskip("nequip")
    inner = {"_target_": "nequip.model.NequIPGNNModel", "x": [{"_target_": "os.system"}]}
    for k, model in enumerate(({"_target_": "os.system", "command": "true"}, inner)):
        path = tmp_path / f"{k}.ckpt"
        torch.save({"hyper_parameters": {"model": model}, "state_dict": {}}, path)
        with pytest.raises(UntrustedError, match="--trust-model"):
            load_backbone(str(path), toy.toy_data(10))
    with zipfile.ZipFile(tmp_path / "a.nequip.zip", "w") as archive:
        archive.writestr("a/.data/extern_modules", "")
    with pytest.raises(UntrustedError, match="code of its own"):
        load_backbone(str(tmp_path / "a.nequip.zip"), toy.toy_data(10))


def test_files_that_hold_no_model_are_refused(
    toy: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save({"weight": torch.zeros(2)}, tmp_path / "weights.pt")
    with pytest.raises(ValueError, match="and no model"):
        load_backbone(str(tmp_path / "weights.pt"), toy.toy_data(10))
    (tmp_path / "text.pt").write_text("no torch file")
    assert main(["--model", str(tmp_path / "text.pt"), "--data", EMBEDDED]) == 2
    assert "text.pt" in capsys.readouterr().err


def test_a_checkpoint_trained_here_is_restored(toy: Any, tmp_path: Path) -> None:
    pytest.importorskip("nequip")
    from neural_checks.training.train import TrainConfig, train

    data = toy.toy_data(60)
    data.molecule_forces[:] = -5 * (data.positions - data.positions.mean(axis=0))
    config = TrainConfig(train=20, validation=5, test=10, steps=4, batch=3, validate_every=2)
    model = BackboneConfig(l_max=1, channels=2, radial_width=8)
    path = tmp_path / "backbone-0.pt"
    network = train(data, split(data, 20, 5, 10, 0), model, config, 0, path).backbone
    restored = load_backbone(str(path), data)
    three = data.structures.take(slice(3))
    expected, found = network.evaluate(three), restored.evaluate(three)
    np.testing.assert_array_equal(found.forces, expected.forces)
    np.testing.assert_array_equal(found.features["1o"], expected.features["1o"])
    plain = NequIPBackbone(model, Scaling.of(data, np.arange(20), model.cutoff), 0)
    assert np.abs(plain.evaluate(three).forces - expected.forces).max() > 1e-6
    other = load(EMBEDDED)
    with pytest.raises(ValueError, match="was trained on data"):
        load_backbone(str(path), other)


@pytest.fixture(scope="module")
def plain(toy: Any) -> PlainBackbone:
    return untrained(toy.toy_data(30))


def test_the_plain_network_is_equivariant_under_reflections_too(
    plain: PlainBackbone, toy: Any
) -> None:
    data = toy.toy_data(6)
    assert plain.select_layer(data.structures.take(slice(2))) == 1
    assert min(plain.gradients["layer 2 of 2"]) > 0
    errors = check_equivariance(plain, data.structures, np.random.default_rng(0))
    assert set(errors) == {"0e", "1o", "2e", "forces", "energy"}
    assert max(errors.values()) < 1e-5
    assert plain.evaluate(data.structures).features["2e"].shape == (30, 8, 5)


def test_its_forces_are_minus_the_gradient(plain: PlainBackbone, toy: Any) -> None:
    data = toy.toy_data(1)
    frame = data.positions[0]
    forces = plain.evaluate(data.structures).forces
    for place in ((0, 0), (3, 2)):
        moved = np.array([frame, frame])
        moved[0][place] += 1e-2
        moved[1][place] -= 1e-2
        energies = plain.evaluate(Structures.of_molecule(moved, data.numbers)).energies
        assert -(energies[0] - energies[1]) / 2e-2 == pytest.approx(forces[place], abs=2e-3)


def test_one_of_its_layers_is_chosen(toy: Any) -> None:
    data = toy.toy_data(10)
    name = "neural_checks.e3nn_example:untrained"
    first = load_backbone(name, data, layer=0).evaluate(data.structures)
    last = load_backbone(name, data).evaluate(data.structures)
    assert np.abs(first.features["1o"] - last.features["1o"]).max() > 1e-3
    with pytest.raises(ValueError, match="layer must be 0 … 1, got 2"):
        load_backbone(name, data, layer=2).evaluate(data.structures)
    with pytest.raises(ValueError, match="layer must be 0 … 1, got 9"):
        _ = load_backbone(name, data, layer=9).description


def test_an_option_that_is_not_for_this_network_is_refused(
    toy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    data, name = toy.toy_data(10), "neural_checks.e3nn_example:untrained"
    with pytest.raises(ValueError, match="--features is for a model file of mace"):
        load_backbone(name, data, reading=Reading(features="a-basis"))
    hooks = Reading(["model.layers.0[h]"], ["3x0e+3x1o"], "yzx")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="the hooks are one layer, 0"):
        load_backbone("toy_calculator:ToyCalculator", data, 1, True, reading=hooks)
    made = load_backbone("toy_calculator:ToyCalculator", data, 0, True, reading=hooks)
    assert made.evaluate(data.structures).features["1o"].shape == (50, 3, 3)
    with pytest.raises(ValueError, match="give --hook"):
        Reading(order="yzx")  # type: ignore[arg-type]


@pytest.mark.parametrize("names", [["Z999"], ["Z0"], ["Z²"], ["Z1", "H"], ["X"]])
def test_atom_types_that_are_no_elements_are_refused(names: list[str]) -> None:
    class Convolution(torch.nn.Module):
        irreps_out = {"node_features": None}  # noqa: RUF012

    model = torch.nn.Module()
    model.layer0_convnet = Convolution()
    model.type_names = names
    with pytest.raises(ValueError, match="every type must be one chemical element"):
        LoadedNequIP(model, "a.ckpt")


def test_a_short_training_lowers_the_error_and_repeats(toy: Any) -> None:
    data = toy.toy_data(60)
    data.molecule_forces[:] = -5 * (data.positions - data.positions.mean(axis=0))
    first, again = trained(data, steps=3), trained(data, steps=3)
    assert first.description["steps"] == 3
    after = first.evaluate(data.structures.take(slice(5))).forces
    np.testing.assert_array_equal(after, again.evaluate(data.structures.take(slice(5))).forces)
    history = train_briefly(untrained(data), data, np.arange(40), 30)
    assert np.mean(history[-10:]) < 0.95 * np.mean(history[:10])
    with pytest.raises(ValueError, match="steps"):
        train_briefly(first, data, np.arange(40), 0)


@pytest.mark.slow
def test_the_stock_trainer_of_nequip_and_its_package(repository: Path, tmp_path: Path) -> None:
    """The worked example of the documentation, with one epoch."""
    pytest.importorskip("nequip")
    from neural_checks.backbones.nequip_files import load_nequip, load_plain_checkpoint

    examples = repository / "docs" / "examples"

    def call(*command: str) -> None:
        environment = {**os.environ, "PWD": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-W", "ignore", *command],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]

    call(str(examples / "write_xyz.py"), ".")
    call(
        "-m", "nequip.scripts.train", "-cp", str(examples), "-cn", "nequip-aspirin.yaml",
        "trainer.max_epochs=1", "hydra.run.dir=run",
    )  # fmt: skip
    call("-m", "nequip.scripts.package", "build", "run/last.ckpt", "model.nequip.zip")
    data = load(EMBEDDED)
    checkpoint = tmp_path / "run" / "last.ckpt"
    state = plain_state(checkpoint)
    plain = load_plain_checkpoint(checkpoint, state)
    ours = plain.evaluate(data.structures.take(slice(3)))
    for path in (checkpoint, tmp_path / "model.nequip.zip"):
        theirs = load_nequip(path).evaluate(data.structures.take(slice(3)))
        np.testing.assert_array_equal(ours.forces, theirs.forces)
        for name, values in ours.features.items():
            np.testing.assert_array_equal(values, theirs.features[name])
    check_equivariance(plain, data.structures.take(slice(4)), np.random.default_rng(0))
    with pytest.raises(ValueError, match="not Z = "):
        plain.evaluate(Structures.of_molecule([[[0, 0, 0], [0, 0, 1]]], [1, 7]))
    common = ["--data", EMBEDDED, "--fit", "100", "--held", "50", "--draws", "100"]
    out = tmp_path / "out"
    assert main(["--model", str(checkpoint), *common, "--out", str(out)]) == 0
    report = json.loads((out / "report.json").read_text())
    assert (report["verdict"]["boundary"], report["irreps"]) == (4, "8x0e+8x1e+8x1o+8x2e+8x2o")
    package = ["--model", str(tmp_path / "model.nequip.zip"), *common]
    assert main(package) == 2
    assert main([*package, "--trust-model"]) == 0
