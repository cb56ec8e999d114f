"""A network behind a calculator of ASE, read by hooks that options name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("ase")

from neural_checks.backbones.bases import Order
from neural_checks.backbones.calculator import CalculatorBackbone, Hook
from neural_checks.backbones.equivariance import NotEquivariantError, check_equivariance
from neural_checks.backbones.hooked import deepest_layer
from neural_checks.backbones.load import load_backbone
from neural_checks.backbones.model_files import UntrustedError
from neural_checks.backbones.reading import Reading
from neural_checks.diagnose import main
from numeric_checks.rotations.wigner import unit_harmonics

MODEL = "toy_calculator:ToyCalculator"
FIRST = Reading(hooks=["model.layers.0[h]"], irreps=["3x0e+3x1o"], order=Order.YZX)
LAYERS = [
    [Hook("model.layers.0[h]", "3x0e+3x1o", Order.YZX)],
    [Hook("model.layers.1[h]", "4x0e+4x1o+4x2e", Order.YZX)],
]


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


def made(layers: Any = LAYERS, **settings: Any) -> CalculatorBackbone:
    from toy_calculator import ToyCalculator

    return CalculatorBackbone(ToyCalculator(), layers, "toy", **settings)


def test_features_are_the_densities_and_forces_the_calculators(toy: Any) -> None:
    structures = toy.toy_data(3).structures
    backbone = made(layer=1)
    found = backbone.evaluate(structures)
    positions, numbers = structures.molecule
    for n in range(3):
        gaps = positions[n][None] - positions[n][:, None]
        distance = np.linalg.norm(gaps, axis=-1) + 99 * np.eye(5)
        weight = np.exp(-8 * (distance[..., None] - np.linspace(1, 2.5, 4)) ** 2)
        gaps[np.arange(5), np.arange(5)] = [0, 0, 1]
        for name, y in zip(("0e", "1o", "2e"), unit_harmonics(2, gaps), strict=True):
            expected = np.einsum("ijc,ijm,j->icm", weight, y, numbers)
            got = found.features[name].reshape(3, 5, 4, -1)[n]
            np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-7)
    assert check_equivariance(backbone, structures, np.random.default_rng(0))["2e"] < 1e-6
    moved = positions.copy()
    moved[0, 2, 1] += 1e-4
    more = backbone.evaluate(structures.of_molecule(moved, numbers)).energies[0]
    slope = -(more - found.energies[0]) / 1e-4
    np.testing.assert_allclose(found.forces.reshape(3, 5, 3)[0, 2, 1], slope, rtol=1e-2, atol=1e-3)


def test_a_wrong_order_is_seen_to_be_not_equivariant(toy: Any) -> None:
    wrong = made([[Hook("model.layers.1[h]", "4x0e+4x1o+4x2e", Order.E3NN)]], layer=0)
    with pytest.raises(NotEquivariantError, match="2e"):
        check_equivariance(wrong, toy.toy_data(6).structures, np.random.default_rng(0))


def test_the_layer_is_chosen_by_the_gradient_of_the_raw_output(toy: Any) -> None:
    one = toy.toy_data(1).structures
    with pytest.raises(ValueError, match="no layer has l > 0 features"):
        made().select_layer(one)  # degree 2 of the second layer is dead, the first has none
    only_first = made([LAYERS[0], LAYERS[0]])
    assert only_first.select_layer(one) == 1
    dead = made()
    with pytest.raises(ValueError, match="no layer"):
        dead.select_layer(one)
    assert dead.gradients["layer 1 of 2"][2] == 0.0
    assert min(dead.gradients["layer 2 of 2"][:2]) > 0
    assert dead.gradients["layer 2 of 2"][2] == 0.0


def test_degrees_that_the_network_does_not_have_are_not_missed() -> None:
    """0e+2e: the second layer has no gradient at l = 2, and no layer has l = 1."""
    norms = [[1.0, 0.0, 2.0], [1.0, 0.0, 0.0]]
    assert deepest_layer(norms, {0, 2}) == 0
    assert deepest_layer(norms, {0}) == 1
    with pytest.raises(ValueError, match="no layer"):
        deepest_layer(norms, {0, 1, 2})


def test_a_layer_that_is_not_there_is_named_in_the_description() -> None:
    with pytest.raises(ValueError, match="layer must be 0 … 1, got 7"):
        _ = made(layer=7).description


def test_the_gradient_is_that_of_the_energy(toy: Any) -> None:
    """E is Σ_c w_c Σ_m h_cm² on l ≤ 1, so ∂E/∂h is 2 w h there."""
    one = toy.toy_data(1).structures
    backbone = made([LAYERS[0]])
    backbone.select_layer(one)
    h = backbone.evaluate(one).features
    weight = backbone.model.readout.weight[0, :3].detach().numpy()[:, None]
    for degree, name in enumerate(("0e", "1o")):
        expected = np.linalg.norm(2 * weight * h[name])
        assert backbone.gradients["layer 1 of 1"][degree] == pytest.approx(expected, rel=1e-6)


def test_what_a_module_is_given_can_be_read(toy: Any) -> None:
    """The readout is given squares: l = 0 of the first three channels is h² of the density."""
    one = toy.toy_data(1).structures
    squares = made([[Hook("model.readout(0)", "7x0e")]])
    assert squares.select_layer(one) == 0
    h = made(layer=0).evaluate(one).features
    expected = (h["0e"] ** 2 + (h["1o"] ** 2).sum(axis=2, keepdims=True))[:, :, 0]
    np.testing.assert_allclose(squares.evaluate(one).features["0e"][:, :3, 0], expected, rtol=1e-9)
    with pytest.raises(ValueError, match="is given 1 arguments"):
        made([[Hook("model.readout(1)", "7x0e")]], layer=0).evaluate(one)


def test_equal_frames_are_run_again(toy: Any) -> None:
    backbone = made(layer=0)
    found = backbone.evaluate(toy.toy_data(1).structures.take([0, 0, 0]))
    assert backbone.network.frames == 3
    assert found.features["1o"].shape == (15, 3, 3)


def test_a_frame_without_a_cell_is_put_into_one_where_asked(toy: Any) -> None:
    one = toy.toy_data(1).structures
    backbone = made(layer=0, margin=9.0)
    backbone.evaluate(one)
    atoms = backbone.network.atoms
    gaps = np.linalg.norm(one.positions[:, None] - one.positions, axis=-1)
    np.testing.assert_allclose(atoms.cell.lengths(), gaps.max() + 9)
    assert atoms.pbc.all()


def test_shuffled_weights_are_the_same_numbers_elsewhere(toy: Any) -> None:
    one = toy.toy_data(1).structures
    plain, control = made(layer=0), made(layer=0)
    before = control.description["weights_sha256"]
    assert before == plain.description["weights_sha256"]
    control.shuffle(3)
    assert control.description["weights_shuffled"] == 3
    assert control.description["weights_sha256"] != before
    for a, b in zip(plain.model.parameters(), control.model.parameters(), strict=True):
        np.testing.assert_array_equal(*(np.sort(v.detach().numpy().ravel()) for v in (a, b)))
    assert plain.evaluate(one).energies[0] != control.evaluate(one).energies[0]


@pytest.mark.parametrize(
    ("hook", "irreps", "message"),
    [
        ("model.layers.7", "0e", r"leads to no module: calculator.model.layers has no '7', but 0"),
        ("model.depth", "0e", "calculator.model has no 'depth', but layers, readout"),
        ("frames", "0e", "no torch module"),
        ("model.layers.0[x]", "3x0e", r"no 'x', but \['h', 'edges'\]"),
        ("model.layers.0", "3x0e", "returns no tensor"),
        ("model.layers.0[edges]", "3x0e", r"\(20, 3\) for 5 atoms"),
        ("model.layers.0[h]", "4x0e+4x1o", r"\(atoms, 4, 4\)"),
        ("model.layers", "0e", "was called 0 times"),
    ],
)
def test_hooks_that_do_not_fit(toy: Any, hook: str, irreps: str, message: str) -> None:
    data, reading = toy.toy_data(2), Reading(hooks=[hook], irreps=[irreps])
    with pytest.raises(ValueError, match=message):
        load_backbone(MODEL, data, trust=True, reading=reading).evaluate(data.structures)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "forces",
            np.zeros((4, 3)),
            r"gives forces of shape \(4, 3\) and float64, expected .*\(5, 3\)",
        ),
        ("energy", np.zeros(5), r"gives energy of shape \(5,\) and float64, expected .*\(1,\)"),
        ("energy", "low", r"gives energy of shape \(\) and <U3, expected numbers"),
    ],
)
def test_results_that_are_none_are_named(
    toy: Any, monkeypatch: pytest.MonkeyPatch, name: str, value: Any, message: str
) -> None:
    backbone = made(layer=0)
    true = backbone.network.calculate

    def calculate(*arguments: Any) -> None:
        true(*arguments)
        backbone.network.results[name] = value

    monkeypatch.setattr(backbone.network, "calculate", calculate)
    with pytest.raises(ValueError, match=message):
        backbone.evaluate(toy.toy_data(1).structures)


def test_trust_and_options_are_judged(toy: Any) -> None:
    data = toy.toy_data(2)
    with pytest.raises(UntrustedError, match="runs the code of its package"):
        load_backbone(MODEL, data, reading=FIRST)
    with pytest.raises(TypeError, match="no calculator of ASE"):
        load_backbone("toy_calculator:not_a_calculator", data, trust=True, reading=FIRST)
    wrong = Reading(hooks=FIRST.hooks, irreps=FIRST.irreps, arguments={"depth": 3})
    with pytest.raises(ValueError, match="depth"):
        load_backbone(MODEL, data, trust=True, reading=wrong)
    with pytest.raises(ValueError, match="need a parity"):
        load_backbone(MODEL, data, trust=True, reading=Reading(hooks=["a"], irreps=["1"]))
    with pytest.raises(ValueError, match="once, or once each"):
        Reading(hooks=["a", "b", "c"], irreps=["0e", "1o"])
    with pytest.raises(ValueError, match="give --hook"):
        Reading(irreps=["0e"])


def test_the_command(toy: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from neural_checks.features.file import read

    data = toy.toy_data(66)
    np.savez(tmp_path / "toy.npz", R=data.positions, F=data.molecule_forces, z=data.numbers)
    base = ["--model", MODEL, "--data", str(tmp_path / "toy.npz"), "--degree", "1"]
    base += ["--fit", "44", "--held", "21", "--draws", "20"]
    hooks = ["--hook", "model.layers.0[h]", "--irreps", "3x0e+3x1o", "--order", "yzx"]
    assert main([*base, *hooks]) == 2
    assert "--trust-model" in capsys.readouterr().err
    assert main([*base, "--trust-model", *hooks, "--argument", "seed"]) == 2
    assert "KEY=VALUE" in capsys.readouterr().err
    target = tmp_path / "features.npz"
    extra = ["--trust-model", "--argument", "seed=4", "--export", str(target), "--json"]
    code = main([*base, *hooks, *extra])
    out, err = capsys.readouterr()
    assert code in (0, 3, 4), err
    report = json.loads(out)
    assert report["L"] == 1
    assert report["network"]["arguments"] == {"seed": 4}
    assert report["network"]["hooks"] == ["model.layers.0[h]"]
    assert report["closed"]["values"][0] > 0.5
    assert read(target).irreps == "3x0e+3x1o"
