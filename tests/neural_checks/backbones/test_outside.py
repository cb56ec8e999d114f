"""Networks of others: whatever they return, raise or change ends in one line, or in the result."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neural_checks.backbones.form import cutoff_of, require_description
from neural_checks.backbones.interface import Evaluation, as_backbone, evaluate_all
from neural_checks.backbones.load import load_backbone
from neural_checks.backbones.outside import outside
from neural_checks.features.recorded import record
from numeric_checks.molecules.structures import Structures


@dataclass
class Changed:
    """A network of densities whose evaluation ``change`` gets hold of."""

    inner: Any
    change: Any
    description: Any = None

    def __post_init__(self) -> None:
        self.description = self.inner.description if self.description is None else self.description

    def evaluate(self, structures: Structures) -> Any:
        return self.change(as_backbone(self.inner).evaluate(structures), structures)


def torch_tensor(values: Any) -> Any:
    return pytest.importorskip("torch").tensor(values, requires_grad=True)


def fail(error: BaseException) -> Any:
    raise error


FAULTS: dict[str, tuple[Any, str]] = {
    "nothing": (lambda e: None, "must return an Evaluation, got NoneType without features"),
    "a tuple": (lambda e: (e.features, e.energies, e.forces), "an Evaluation, got tuple"),
    "lists": (
        lambda e: Evaluation(e.features, e.energies.tolist(), e.forces),
        "energies must be a numpy array, got list",
    ),
    "no forces": (
        lambda e: Evaluation(e.features, e.energies, None),  # type: ignore[arg-type]
        "forces must be a numpy array, got NoneType; NaN stands for",
    ),
    "tensors that need a gradient": (
        lambda e: Evaluation({"0e": torch_tensor(e.features["0e"])}, e.energies, e.forces),
        r"got Tensor: \.detach\(\)\.cpu\(\)\.numpy\(\)",
    ),
    "complex numbers": (
        lambda e: Evaluation({k: v + 0j for k, v in e.features.items()}, e.energies, e.forces),
        "features 0e must be floating-point numbers, got complex128",
    ),
    "degrees as names": (
        lambda e: Evaluation({1: e.features["1o"]}, e.energies, e.forces),  # type: ignore[dict-item]
        "named by irreps, as '0e' or '1o', got 1",
    ),
    "another spelling": (
        lambda e: Evaluation({" 1o ": e.features["1o"]}, e.energies, e.forces),
        "' 1o ' must be written '1o'",
    ),
    "no channels": (
        lambda e: Evaluation({"1o": e.features["1o"][:, :0]}, e.energies, e.forces),
        r"features 1o of shape \(60, 0, 3\)",
    ),
    "squares that overflow": (
        lambda e: Evaluation({k: v * 1e200 for k, v in e.features.items()}, e.energies, e.forces),
        "scale them to lie between 1e-30 and 1e",
    ),
    "squares that vanish": (
        lambda e: Evaluation({k: v * 1e-200 for k, v in e.features.items()}, e.energies, e.forces),
        "scale them to lie between 1e-30 and 1e",
    ),
    "a missing key": (lambda e: fail(KeyError("charges")), "evaluate raised KeyError: 'charges'"),
    "an error of several lines": (
        lambda e: fail(RuntimeError("out of memory\n tried")),
        "evaluate raised RuntimeError: out of memory tried",
    ),
    "an assertion": (lambda e: fail(AssertionError()), "evaluate raised AssertionError"),
    "the end of the program": (
        lambda e: fail(SystemExit(0)),
        r"evaluate ends the program \(exit code 0\)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_no_evaluation_is_refused_in_one_line(name: str, toy: Any) -> None:
    change, words = FAULTS[name]
    network = Changed(toy.DensityBackbone(L=1), lambda found, structures: change(found))
    with pytest.raises(ValueError, match=words) as caught:
        evaluate_all(network, toy.toy_data(12).structures)
    assert "\n" not in str(caught.value)


def test_networks_may_write_into_what_they_are_given_and_what_they_gave(toy: Any) -> None:
    """Positions are scaled in place, and one array is returned by every call."""
    structures, kept = toy.toy_data(12).structures, np.zeros((60, 3))

    def change(found: Evaluation, given: Structures) -> Evaluation:
        given.positions[:] *= 1.9
        given.numbers[:] = 1
        kept[: len(found.forces)] = found.forces
        return Evaluation(found.features, found.energies, kept[: len(found.forces)])

    before = structures.positions.copy(), structures.numbers.copy()
    inner = toy.DensityBackbone(L=1)
    found = evaluate_all(Changed(inner, change), structures, atoms=15)
    np.testing.assert_array_equal(structures.positions, before[0])
    np.testing.assert_array_equal(structures.numbers, before[1])
    expected = as_backbone(inner).evaluate(structures)
    np.testing.assert_allclose(found.forces, expected.forces, atol=1e-12)


def test_irreps_that_come_and_go_are_refused(toy: Any) -> None:
    def change(found: Evaluation, structures: Structures) -> Evaluation:
        kept = {k: v for k, v in found.features.items() if k == "0e" or structures.positions[0, 0]}
        return Evaluation(kept, found.energies, found.forces)

    structures = toy.toy_data(4).structures
    structures.positions[0, 0] = 0.0
    with pytest.raises(
        ValueError, match=r"features 3x0e\+3x1o for some frames and 3x0e for others"
    ):
        evaluate_all(Changed(toy.DensityBackbone(L=1), change), structures, atoms=5)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("text", "must be a mapping of JSON values, got 'text'"),
        ({"model": object()}, "object cannot be written as JSON"),
        ({"cutoff": "five"}, "cutoff must be a number of Å above 0, got 'five'"),
        ({"cutoff": [5.0]}, "cutoff must be a number"),
        ({"cutoff": float("nan")}, "above 0, got nan"),
        ({"cutoff": -1}, "above 0, got -1"),
        ({"cutoff": True}, "above 0, got True"),
    ],
)
def test_a_description_is_judged_before_the_network_runs(given: Any, words: str, toy: Any) -> None:
    with pytest.raises(ValueError, match=words):
        require_description(given)
    network = Changed(toy.DensityBackbone(L=1), lambda *_: fail(AssertionError("run")), given)
    index = np.arange(8)
    with pytest.raises(ValueError, match=words):
        record(network, toy.toy_data(8), index[:4], index[4:], np.random.default_rng(0))


def test_descriptions_hold_numbers_of_numpy(toy: Any) -> None:
    given = {"cutoff": np.float32(20), "widths": np.arange(2)}
    network = Changed(toy.DensityBackbone(L=1), lambda found, _: found, given)
    index = np.arange(12)
    found = record(network, toy.toy_data(12), index[:8], index[8:], np.random.default_rng(0))
    assert found.description["cutoff"] == 20.0
    assert found.description["widths"] == [0, 1]
    assert cutoff_of({}) is None


def test_an_order_of_components_is_named(toy: Any) -> None:
    def change(found: Evaluation, _structures: Structures) -> Evaluation:
        features = {**found.features, "1o": found.features["1o"][..., [1, 2, 0]]}
        return Evaluation(features, found.energies, found.forces)

    index = np.arange(12)
    with pytest.raises(ValueError, match=r"not equivariant: 1o .*l = 1 as \(y, z, x\)"):
        record(
            Changed(toy.DensityBackbone(L=1), change),
            toy.toy_data(12), index[:8], index[8:], np.random.default_rng(0),
        )  # fmt: skip


MODULES = {
    "def load(data) return 1": "importing stranger raised SyntaxError",
    "raise KeyError('weights')": "importing stranger raised KeyError: 'weights'",
    "import sys; sys.exit(0)": r"importing stranger ends the program \(exit code 0\)",
    "load = 3": "stranger:load is int, no function of the data",
    "def load(): pass": "stranger:load raised TypeError",
    "def load(data): raise RuntimeError('no GPU')": "stranger:load raised RuntimeError: no GPU",
    "def load(data): return None": "must have description and evaluate.*, got NoneType",
    "class load:\n def __new__(cls, data): return cls": "got the class load: call it",
}


@pytest.mark.parametrize("text", MODULES)
def test_modules_that_cannot_be_used_are_refused(
    text: str, toy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stranger.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, "stranger", raising=False)
    with pytest.raises((ValueError, TypeError), match=re.compile(MODULES[text])):
        load_backbone("stranger:load", toy.toy_data(4))


def test_folder_and_errors_of_numpy_are_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = np.geterr()
    with outside("a network"):
        os.chdir("/")
        np.seterr(all="raise")
    assert Path.cwd() == tmp_path
    assert np.geterr() == before
    with pytest.raises(KeyboardInterrupt), outside("a network"):
        raise KeyboardInterrupt
