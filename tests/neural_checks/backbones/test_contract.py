"""A network of one's own: the template runs, and every fault is named."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neural_checks.backbones.bases import order_matrix
from neural_checks.backbones.contract import check_backbone
from neural_checks.backbones.equivariance import Group, check_equivariance
from neural_checks.backbones.interface import Evaluation
from numeric_checks.molecules.data import ForceData
from numeric_checks.molecules.structures import Structures


def template(repository: Path) -> str:
    page = repository / "docs" / "guides" / "your-own-network.md"
    (found,) = re.findall(
        r"<!-- template -->\n```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL
    )
    return str(found)


@pytest.fixture
def network(repository: Path) -> Any:
    """The template's network; tests put faults into what it returns."""
    scope: dict[str, Any] = {}
    exec(compile(template(repository), "my_network.py", "exec"), scope)
    return scope["MyNetwork"]


@pytest.fixture
def data(toy: Any) -> ForceData:
    made: ForceData = toy.toy_data(20)
    return made


def faulty(network: Any, change: Any) -> Any:
    """The network with ``change(evaluation, structures)`` in place of its evaluation."""

    class Faulty(network):  # type: ignore[misc]
        def evaluate(self, structures: Structures) -> Any:
            return change(super().evaluate(structures), structures)

    return Faulty()


def features(found: Evaluation, **changed: Any) -> Evaluation:
    names = {"scalars": "0e", "vectors": "1o"}
    blocks = {**found.features, **{names[key]: value for key, value in changed.items()}}
    return Evaluation(blocks, found.energies, found.forces)


def test_the_template_is_short_and_has_no_fault(
    repository: Path, data: ForceData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = template(repository)
    assert len([line for line in text.splitlines() if line.strip()]) <= 25
    (tmp_path / "my_network.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    from neural_checks.backbones.load import load_backbone

    try:
        backbone = load_backbone("my_network:load", data)
    finally:
        sys.modules.pop("my_network", None)
    found = check_backbone(backbone, data)
    found.require()
    assert found.problems == ()
    assert found.group is Group.O3
    assert found.errors is not None
    assert max(found.errors.values()) < 1e-10
    assert "ready to be measured" in str(found)


CASES: dict[str, tuple[Any, str]] = {
    "list": (
        lambda e, s: features(e, vectors=e.features["1o"].tolist()),
        "features 1o must be a numpy array, got list",
    ),
    "integers": (
        lambda e, s: Evaluation(e.features, np.zeros(len(s), dtype=int), e.forces),
        "energies must be floating-point numbers, got int64",
    ),
    "flat": (
        lambda e, s: features(e, vectors=e.features["1o"][:, 0]),
        "expected .* features are",
    ),
    "dict": (lambda e, s: {"0e": e.features["0e"]}, "must return an Evaluation, got dict"),
    "nothing": (lambda e, s: Evaluation({}, e.energies, e.forces), "at least one"),
    "parity": (
        lambda e, s: Evaluation({"1": e.features["1o"]}, e.energies, e.forces),
        "irrep '1' has no parity: name it 1e or 1o",
    ),
    "name": (
        lambda e, s: Evaluation({"vector": e.features["1o"]}, e.energies, e.forces),
        "features 'vector'",
    ),
    "infinite": (
        lambda e, s: features(e, scalars=e.features["0e"] / 0.0),
        "features 0e hold values that are not finite",
    ),
    "zero": (lambda e, s: features(e, vectors=0 * e.features["1o"]), "zero everywhere"),
    "some": (
        lambda e, s: Evaluation(
            e.features, np.where(np.arange(len(s)), e.energies, np.nan), e.forces
        ),
        "energies are NaN for some",
    ),
    "order": (
        lambda e, s: features(e, vectors=e.features["1o"] @ order_matrix(1)),
        r"1o .*order m = −l … l, l = 1 as \(y, z, x\)",
    ),
    "axis": (
        lambda e, s: features(e, vectors=e.features["1o"] * [1, 1, 2]),
        "no axis is treated apart",
    ),
    "kcal": (
        lambda e, s: Evaluation(e.features, e.energies, 23.0605 * e.forces),
        "not minus the gradient of the energy: 23.0.* as for kcal/mol/Å",
    ),
    "sign": (
        lambda e, s: Evaluation(e.features, e.energies, -e.forces),
        "gradient instead of force",
    ),
    "mixed": (
        lambda e, s: features(e, scalars=e.features["0e"] - e.features["0e"].mean()),
        "frames together give other values",
    ),
    "shift": (
        lambda e, s: features(e, scalars=e.features["0e"] + s.positions[:, :1, None]),
        "shifted alike",
    ),
    "atoms": (
        lambda e, s: features(e, scalars=1.0 + np.arange(len(s.numbers))[:, None, None] % 5),
        "do not follow the atoms",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_every_fault_is_named(case: str, network: Any, data: ForceData) -> None:
    change, words = CASES[case]
    found = check_backbone(faulty(network, change), data)
    assert not found.ok
    assert any(re.search(words, line) for line in found.problems), found
    with pytest.raises(ValueError, match=words):
        found.require()


def test_interchanged_axes_are_recognised(network: Any, data: ForceData) -> None:
    """Several channels, components within them, laid out the other way about."""

    def change(found: Evaluation, structures: Structures) -> Evaluation:
        factors = np.array([1.0, 2.0, 4.0])
        wide = found.features["1o"] * factors[:, None]
        return features(found, vectors=wide.swapaxes(1, 2))

    found = check_backbone(faulty(network, change), data)
    assert any("Channels and components are interchanged" in line for line in found.problems)


def test_what_a_network_raises_is_told(network: Any, data: ForceData) -> None:
    def change(_found: Evaluation, _structures: Structures) -> Evaluation:
        raise KeyError("element 7")

    found = check_backbone(faulty(network, change), data)
    assert any("evaluate raised KeyError: 'element 7'" in line for line in found.problems)
    assert "must have description and evaluate" in check_backbone(object(), data).problems[0]

    class Opaque(network):  # type: ignore[misc]
        description = {"model": object()}  # noqa: RUF012

    assert any("JSON" in line for line in check_backbone(Opaque(), data).problems)
    with pytest.raises(ValueError, match="at least 2 frames"):
        check_backbone(network(), data.take([0]))


def test_notes_refuse_nothing(network: Any, data: ForceData) -> None:
    """Single precision, no forces, a force error above that of zero, and rotations alone."""

    def change(found: Evaluation, structures: Structures) -> Evaluation:
        blocks = {name: values.astype(np.float32) for name, values in found.features.items()}
        blocks["1e"] = blocks.pop("1o")
        return Evaluation(blocks, found.energies, np.full_like(found.forces, np.nan))

    found = check_backbone(faulty(network, change), data)
    assert found.ok
    assert found.group is Group.SO3
    text = str(found)
    for words in ("float32 in features 0e", "no energies or no forces", "under rotations alone"):
        assert words in text
    assert any("above that of predicting zero" in n for n in check_backbone(network(), data).notes)


def test_other_irreps_on_turned_frames_are_named(network: Any, data: ForceData) -> None:
    """The network leaves vectors out where the first bond is not along x, as it is in the data."""

    def change(found: Evaluation, structures: Structures) -> Evaluation:
        bond = structures.positions[1, 0] - structures.positions[0, 0]
        if abs(bond - 1.4) < 0.4:
            return found
        return Evaluation({"0e": found.features["0e"]}, found.energies, found.forces)

    assert "gives features 1x0e for some frames" in str(
        check_backbone(faulty(network, change), data)
    )
    with pytest.raises(ValueError, match="gives features 1x0e for some frames"):
        check_equivariance(
            faulty(network, change), data.structures.take(slice(4)), np.random.default_rng(0)
        )
