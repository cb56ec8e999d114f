"""Feature sets and files: what is written is read, and everything wrong with them is refused."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from neural_checks.backbones.equivariance import (
    STRICT,
    Demands,
    Group,
    NotEquivariantError,
    check_equivariance,
    random_transforms,
    transform_features,
)
from neural_checks.backbones.interface import Evaluation, as_backbone, evaluate_all
from neural_checks.backbones.neighbors import edges
from neural_checks.features.file import (
    _OPTIONAL,
    _REQUIRED,
    _SINCE_2,
    content_checksum,
    read,
    write,
)
from neural_checks.features.recorded import (
    FeatureSet,
    _require_turns,
    record,
    transforms_to_check,
)
from numeric_checks.molecules.data import ForceData
from numeric_checks.molecules.structures import Structures
from numeric_checks.rotations.wigner import unit_harmonics
from numeric_checks.seeds import streams


@pytest.fixture(scope="module")
def features(toy: Any) -> FeatureSet:
    rng = np.random.default_rng(0)
    return record(toy.DensityBackbone(), toy.toy_data(30), np.arange(20), np.arange(20, 30), rng)


@pytest.fixture
def change(features: FeatureSet, tmp_path: Path) -> Callable[..., Path]:
    """A feature file with some arrays replaced (None: left out) and a checksum that fits."""

    def changed(checksum: bool = True, **arrays: Any) -> Path:
        path = tmp_path / "changed.npz"
        write(path, features, force=True)
        with np.load(path) as archive:
            content = {**archive, **arrays}
        content = {name: np.asarray(v) for name, v in content.items() if v is not None}
        if checksum and "checksum" in content:
            content["checksum"] = np.array(content_checksum(content))
        np.savez(path, **content)
        return path

    return changed


def test_a_file_gives_back_what_was_recorded(features: FeatureSet, tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    write(path, features)
    again = read(path)
    assert again.irreps == "3x0e+3x1o+3x2e"
    assert again.L == 2
    assert again.description["package"] == "toy"
    assert again.description["recorded_with"]["versions"]["numpy"] == np.__version__
    for name, values in features.evaluation.features.items():
        np.testing.assert_array_equal(again.evaluation.features[name], values)
    np.testing.assert_array_equal(again.reference_forces, features.reference_forces)
    assert again.held_out.sum() == 10
    assert max(again.errors.values()) < 1e-12
    with pytest.raises(FileExistsError):
        write(path, features)


class Densities:
    """Sums over neighbours, through the walls of the cell, of two widths; energies from them."""

    description: ClassVar[dict[str, Any]] = {"package": "toy"}

    def evaluate(self, structures: Structures) -> Evaluation:
        found = edges(structures, 3.0)
        cells = structures.cells[structures.frame_of[found.centres]]
        vectors = structures.positions[found.neighbours] - structures.positions[found.centres]
        vectors += np.einsum("ni,nij->nj", found.shifts.astype(float), cells)
        distance = np.linalg.norm(vectors, axis=1)
        weights = np.exp(-distance[:, None] * np.array([1.0, 2.0]))
        features = {}
        for l, y in enumerate(unit_harmonics(1, vectors / distance[:, None])):
            values = np.zeros((len(structures.positions), 2, 2 * l + 1))
            np.add.at(values, found.centres, weights[:, :, None] * y[:, None])
            features[f"{l}{'eo'[l % 2]}"] = values
        totals = np.add.reduceat(features["0e"].sum(axis=(1, 2)), structures.offsets[:-1])
        return Evaluation(features, totals, np.full_like(structures.positions, np.nan))


@pytest.mark.parametrize("kind", ["crystal", "mixed"])
def test_cells_and_frames_of_different_atoms_travel_with_the_features(
    toy: Any, tmp_path: Path, kind: str
) -> None:
    toy_data = toy.toy_data(12)
    skew = np.array([[4.2, 0.3, 0.0], [-1.1, 5.0, 0.4], [0.5, -0.2, 4.7]])
    crystal = Structures.of_molecule(toy_data.positions, toy_data.numbers, skew)
    stretched = [[[0, 0, 0], [0, 0, 1.1 + k / 50]] for k in range(8)]
    pairs = Structures.of_molecule(stretched, [6, 8])
    frames = crystal if kind == "crystal" else Structures.join([crystal, pairs])
    total = len(frames)
    forces = np.zeros_like(frames.positions)
    data = ForceData(frames, np.full(total, np.nan), forces, "toy", checksum="0")
    rng = np.random.default_rng(0)
    seen: list[tuple[int, int]] = []
    made = record(
        Densities(), data, np.arange(6), np.arange(6, total), rng,
        report=lambda done, of: seen.append((done, of)),
    )  # fmt: skip
    assert seen[-1] == (total, total)
    assert made.reference_energies is None
    write(tmp_path / "a.npz", made)
    again = read(tmp_path / "a.npz")
    for name in ("numbers", "positions", "counts", "cells", "periodic"):
        np.testing.assert_array_equal(getattr(again.structures, name), getattr(frames, name))
    np.testing.assert_array_equal(again.evaluation.features["1o"], made.evaluation.features["1o"])
    np.testing.assert_array_equal(again.evaluation.energies, made.evaluation.energies)
    assert max(again.errors.values()) < 1e-12
    with np.load(tmp_path / "a.npz") as archive:
        content = dict(archive)
    assert ("counts" in content) == (kind == "mixed")
    for changes, message in (
        ({"check_cells": None}, "given together"),
        ({"check_cells": content["cells"][: len(content["check_frames"])]}, "check_cells must be"),
        ({"cells": 0 * content["cells"]}, "lattice vector"),
    ):
        changed = {k: v for k, v in {**content, **changes}.items() if v is not None}
        changed["checksum"] = np.array(content_checksum(changed))
        np.savez(tmp_path / "b.npz", **changed)
        with pytest.raises(ValueError, match=message):
            read(tmp_path / "b.npz")
    if kind == "mixed":
        with pytest.raises(ValueError, match="different atoms"):
            again.samples()


def test_a_file_of_version_1_is_read_and_knows_no_cells(
    change: Callable[..., Path], features: FeatureSet
) -> None:
    found = read(change(version=1))
    np.testing.assert_array_equal(
        found.evaluation.features["2e"], features.evaluation.features["2e"]
    )
    cells = np.tile(np.eye(3), (30, 1, 1))
    with pytest.raises(ValueError, match="unknown keys cells"):
        read(change(version=1, cells=cells))


def test_a_network_of_positions_refuses_cells_and_mixtures(toy: Any) -> None:
    one = toy.toy_data(4)
    crystal = Structures.of_molecule(one.positions, one.numbers, 9 * np.eye(3))
    other = Structures.of_molecule([[[0, 0, 0], [0, 0, 1.0]]], [6, 8])
    network = as_backbone(toy.DensityBackbone())
    with pytest.raises(
        ValueError, match=r"DensityBackbone\.evaluate takes only positions, .* cell"
    ):
        network.evaluate(crystal)
    with pytest.raises(ValueError, match=r"takes only positions, .* different atoms"):
        network.evaluate(Structures.join([one.structures, other]))
    with pytest.raises(TypeError, match="must have description and evaluate"):
        as_backbone(3)

    class Short(toy.DensityBackbone):  # type: ignore[misc]
        def evaluate(self, positions: np.ndarray) -> Evaluation:
            found = super().evaluate(positions)
            return replace(found, energies=found.energies[1:])

    with pytest.raises(ValueError, match=r"gives energies of shape \(3,\) for 4 frames"):
        evaluate_all(Short(), one.structures)


def refusal(path: Path) -> str:
    """What is said of a file; empty where it is read."""
    try:
        read(path)
    except ValueError as error:
        return str(error)
    return ""


def test_damaged_archives_are_one_message(features: FeatureSet, tmp_path: Path) -> None:
    write(tmp_path / "a.npz", features)
    content, path = (tmp_path / "a.npz").read_bytes(), tmp_path / "b.npz"
    rng = np.random.default_rng(0)
    damaged = [content[:cut] for cut in (0, 1, 100, len(content) // 2, len(content) - 1)]
    for place in rng.integers(0, len(content), 40):
        flipped = bytearray(content)
        flipped[place] ^= 0xFF
        damaged.append(bytes(flipped))
    refused = 0
    for given in damaged:
        path.write_bytes(given)
        message = refusal(path)
        assert not message or message.startswith("b.npz: ")
        refused += bool(message)
    assert refused > 35  # what is left are bytes of the archive that mean nothing
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("positions.npy", bytes((1 << 30) + 1))
    with pytest.raises(ValueError, match="would unpack to"):
        read(path)
    with pytest.raises(IsADirectoryError):
        read(tmp_path)
    with pytest.raises(ValueError, match="not an ordinary file"):
        read(Path("/dev/zero"))


def test_transforms_of_features_are_those_of_harmonics() -> None:
    """y_l has parity (−1)^l: y_l(O u) is what an irrep of natural parity becomes under O."""
    rng = np.random.default_rng(1)
    transforms = random_transforms(6, rng)
    assert np.linalg.det(transforms).round().tolist() == [1, -1, 1, -1, 1, -1]
    u = rng.normal(size=(6, 1, 3))
    u /= np.linalg.norm(u, axis=-1, keepdims=True)
    turned = np.einsum("nab,nib->nia", transforms, u)
    names = ("0e", "1o", "2e", "3o")
    before = {n: y[:, :, None] for n, y in zip(names, unit_harmonics(3, u), strict=True)}
    after = transform_features(before, transforms)
    for name, y in zip(names, unit_harmonics(3, turned), strict=True):
        np.testing.assert_allclose(after[name][:, :, 0], y, atol=1e-12)


def test_an_axial_vector_has_even_parity() -> None:
    """u × v is 1e: it keeps its sign under inversion."""
    rng = np.random.default_rng(2)
    u, v = rng.normal(size=(2, 4, 3))
    transforms = random_transforms(4, rng)
    turned = np.cross(
        np.einsum("nab,nb->na", transforms, u), np.einsum("nab,nb->na", transforms, v)
    )
    after = transform_features({"1e": np.cross(u, v)[:, None, None]}, transforms)
    np.testing.assert_allclose(after["1e"][:, 0, 0], turned, atol=1e-12)


def test_a_wrong_parity_is_seen_by_the_reflections_alone(toy: Any) -> None:
    """A vector called 1e: right under rotations, wrong by twice its size under reflections."""

    class Mislabelled(toy.DensityBackbone):  # type: ignore[misc]
        def evaluate(self, positions: np.ndarray) -> Evaluation:
            result = super().evaluate(positions)
            result.features["1e"] = result.features.pop("1o")
            return result

    data = toy.toy_data(6)
    with pytest.raises(NotEquivariantError, match=r"1e 2\.0e\+00|1e 1\.\de\+00"):
        check_equivariance(Mislabelled(), data.structures, np.random.default_rng(0))
    fit, held = np.arange(4), np.arange(4, 6)
    strict = Demands(Group.O3)
    with pytest.raises(NotEquivariantError, match="1e"):
        record(Mislabelled(), data, fit, held, np.random.default_rng(0), demands=strict)
    # Rotations alone are enough for T4: by default the group is found, and stated.
    found = record(Mislabelled(), data, fit, held, np.random.default_rng(0)).found
    assert found.group is Group.SO3
    assert max(found.errors.values()) < 1e-12 < 1 < found.reflections["1e"]


def test_features_that_are_not_equivariant_are_refused_with_the_error(
    change: Callable[..., Path], features: FeatureSet
) -> None:
    wrong = features.evaluation.blocks(30)["2e"] + 0.01 * np.arange(5)
    with pytest.raises(NotEquivariantError, match=r"changed.npz: not equivariant: 2e \d\.\de-0\d"):
        read(change(features_2e=wrong))
    twisted = features.check.evaluation.blocks(6)["1o"][..., [1, 2, 0]]
    with pytest.raises(NotEquivariantError, match="1o"):
        read(change(check_features_1o=twisted))
    forces = change(
        forces=features.positions,
        check_forces=features.check.structures.molecule[0][:, :, ::-1],
    )
    with pytest.raises(NotEquivariantError, match="forces"):
        read(forces, STRICT)
    # They do not enter the measurement of features: reported, not refused.
    assert read(forces).errors["forces"] > 0.1


def test_a_wrong_header_is_refused(change: Callable[..., Path], features: FeatureSet) -> None:
    with pytest.raises(ValueError, match=r"features_2e must have shape \(30, 5, 4, 5\)"):
        read(change(irreps="3x0e+3x1o+4x2e"))
    with pytest.raises(ValueError, match="unknown keys check_features_2e, features_2e"):
        read(change(irreps="3x0e+3x1o"))
    with pytest.raises(ValueError, match="not in the file"):
        read(change(irreps="3x0e+3x1o+3x2e+3x3o"))
    with pytest.raises(ValueError, match="once"):
        read(change(irreps="1x0e+2x0e+3x1o+3x2e"))
    with pytest.raises(ValueError, match="do not mix"):
        read(change(irreps="3x0e+3x1+3x2e"))
    with pytest.raises(ValueError, match="no parity"):
        replace(
            features,
            evaluation=replace(
                features.evaluation, features={"1": features.evaluation.features["1o"]}
            ),
        )


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"comment": "more"}, "unknown keys comment"),
        ({"positions": None}, "positions are missing"),
        ({"version": 3}, "version must be from 1 to 2, got 3"),
        ({"version": [1]}, "one integer"),
        ({"format": "other"}, "format must be"),
        ({"description": "not json"}, "JSON"),
        ({"description": "[1]"}, "JSON object"),
        ({"held_out": np.zeros(30)}, "held_out has dtype"),
        ({"held_out": np.zeros(30, bool)}, "held_out must mark some"),
        ({"numbers": np.array([6, 6, 8])}, "must have shape"),
        ({"check_frames": np.array([0, 1, 2, 3, 4, 30])}, "indices below 30"),
        ({"check_transforms": np.tile(np.eye(3), (6, 1, 1))}, "two or more rotations"),
        ({"check_transforms": np.tile(1.01 * np.eye(3), (6, 1, 1))}, "orthogonal"),
        ({"check_positions": np.zeros((6, 5, 3))}, "check_positions must be the frames turned"),
        ({"check_energies": None}, "given together"),
        ({"reference_forces": np.zeros((30, 5))}, "reference_forces must have shape"),
    ],
)
def test_a_malformed_file_is_refused(
    change: Callable[..., Path], arrays: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        read(change(**arrays))


def test_turns_about_one_axis_alone_are_no_check(
    change: Callable[..., Path], features: FeatureSet
) -> None:
    angles = np.linspace(1, 2, 6)
    turns = np.zeros((6, 3, 3))
    turns[:, 0, 0] = turns[:, 1, 1] = np.cos(angles)
    turns[:, 0, 1], turns[:, 1, 0], turns[:, 2, 2] = -np.sin(angles), np.sin(angles), 1.0
    turns[1::2] *= -1
    positions = np.einsum("nab,nib->nia", turns, features.positions[features.check.frames])
    with pytest.raises(ValueError, match="different axes"):
        read(change(check_transforms=turns, check_positions=positions))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"data_name": np.array(["a", "b"])}, "data_name must be one text"),
        ({"data_sha256": np.array(3)}, "data_sha256 must be one text"),
        ({"check_frames": np.zeros((6, 1), dtype=int)}, "check_frames must be at least 4 indices"),
    ],
)
def test_arrays_of_another_kind_are_named_with_the_file(
    change: Callable[..., Path], wrong: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=rf"changed\.npz: {words}"):
        read(change(**wrong))


def test_values_whose_squares_are_lost_are_refused(
    change: Callable[..., Path], features: FeatureSet
) -> None:
    large = 1e200 * features.evaluation.features["1o"].reshape(30, 5, 3, 3)
    with pytest.raises(ValueError, match=r"features_1o is .*e.200: scale them"):
        read(change(features_1o=large))


def test_transforms_of_a_check_are_drawn_until_they_leave_no_axis_alone(toy: Any) -> None:
    """The first draw of this seed is one that a reader refuses; of 300 seeds none is refused."""
    seed = 106
    first = random_transforms(6, streams(seed, "equivariance")["equivariance"])
    with pytest.raises(ValueError, match="different axes"):
        _require_turns(first)
    for seed in range(300):
        _require_turns(transforms_to_check(6, streams(seed, "equivariance")["equivariance"]))
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="checks must be at least 4, got 3"):
        record(toy.DensityBackbone(), toy.toy_data(9), np.arange(6), np.arange(6, 9), rng, checks=3)


@pytest.mark.parametrize("name", ["features_1o", "check_features_2e", "positions", "forces"])
def test_values_that_are_not_finite_are_refused(
    change: Callable[..., Path], features: FeatureSet, name: str
) -> None:
    path = change()
    with np.load(path) as archive:
        values = archive[name].astype(np.float64)
    values.flat[7] = np.nan
    with pytest.raises(ValueError, match=r"must be finite; 1 values are not, the first at \("):
        read(change(**{name: values}))


def test_an_altered_file_and_a_pickle_are_refused(
    change: Callable[..., Path], features: FeatureSet, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="checksum"):
        read(change(checksum=False, reference_energies=features.reference_energies + 1.0))
    np.savez(tmp_path / "b.npz", format=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match="pickle"):
        read(tmp_path / "b.npz")
    (tmp_path / "c.npz").write_bytes(b"no archive")
    with pytest.raises(ValueError, match=r"c\.npz"):
        read(tmp_path / "c.npz")
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none.npz")


def test_features_that_are_zero_count_for_nothing(features: FeatureSet) -> None:
    empty = {
        name: np.zeros_like(v) if name == "2e" else v
        for name, v in features.evaluation.features.items()
    }
    with pytest.raises(ValueError, match="zero everywhere"):
        replace(features, evaluation=replace(features.evaluation, features=empty))


def test_energies_and_forces_may_be_missing(
    change: Callable[..., Path], features: FeatureSet
) -> None:
    none = dict.fromkeys(
        ("energies", "forces", "check_energies", "check_forces", "reference_energies",
         "reference_forces", "data_name", "data_sha256")
    )  # fmt: skip
    bare = read(change(**none))
    assert set(bare.errors) == {"0e", "1o", "2e"}
    assert not bare.samples().errors.any()
    np.testing.assert_array_equal(bare.samples().vectors, features.samples().vectors)


def test_the_example_of_the_documentation_is_read(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is written without this package: layout, transforms and checksum by a second hand."""
    page = (repository / "docs" / "diagnose.md").read_text(encoding="utf-8")
    code = page.split("<!-- feature file example -->\n```python\n")[1].split("\n```")[0]
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "docs/diagnose.md", "exec"), {})
    found = read(tmp_path / "features.npz")
    assert (found.irreps, found.held_out.sum()) == ("1x0e+1x1o", 20)
    assert max(found.errors.values()) < 1e-12
    listed = {key for line in page.splitlines() if line.startswith("| `") for key in [line]}
    for key in _REQUIRED + _OPTIONAL + _SINCE_2:
        assert any(f"`{key}`" in line for line in listed), key
