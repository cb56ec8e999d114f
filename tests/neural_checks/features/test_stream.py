"""Feature files that are recorded part by part are those that are recorded at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neural_checks.backbones.equivariance import NotEquivariantError
from neural_checks.backbones.interface import Evaluation
from neural_checks.features.columns import Column
from neural_checks.features.file import read, write
from neural_checks.features.recorded import record
from neural_checks.features.stream import record_to_file
from numeric_checks.molecules.data import ForceData
from numeric_checks.molecules.structures import Structures

HELD = np.arange(30) >= 20


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def content(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as archive:
        return dict(archive)


def parts(data: ForceData, size: int = 7) -> Iterator[ForceData]:
    for start in range(0, len(data), size):
        yield data.take(slice(start, start + size))


class Sums:
    """0e and 1o of frames of any atoms: sums over the frame, energies where ``energies``."""

    description = {"package": "toy"}  # noqa: RUF012

    def __init__(self, energies: bool = True) -> None:
        self.energies = energies

    def evaluate(self, structures: Structures) -> Evaluation:
        centres = np.add.reduceat(structures.positions, structures.offsets[:-1])
        vectors = structures.positions - (centres / structures.counts[:, None])[structures.frame_of]
        lengths = np.linalg.norm(vectors, axis=1)
        features = {"0e": lengths[:, None, None], "1o": vectors[:, None]}
        totals = np.add.reduceat(lengths, structures.offsets[:-1])
        known = totals if self.energies else np.full(len(structures), np.nan)
        return Evaluation(features, known, np.full_like(vectors, np.nan))


def mixed() -> ForceData:
    """Thirty frames: three atoms in a cell, then two without one; no energies in the data."""
    random = rng()
    cell = 6 * np.eye(3)
    threes = Structures.of_molecule(random.normal(size=(25, 3, 3)), [6, 1, 8], cell)
    pairs = Structures.of_molecule(random.normal(size=(5, 2, 3)), [6, 8])
    frames = Structures.join([threes, pairs])
    energies = np.where(np.arange(30) == 17, np.nan, 1.0)
    forces = random.normal(size=frames.positions.shape)
    return ForceData(frames, energies, forces, "mixed", checksum="1", order=np.arange(30))


@pytest.mark.parametrize("kind", ["molecule", "mixed", "silent"])
def test_a_streamed_file_is_the_file_written_at_once(toy: Any, tmp_path: Path, kind: str) -> None:
    data = toy.toy_data(30) if kind == "molecule" else mixed()
    network = toy.DensityBackbone() if kind == "molecule" else Sums(kind == "mixed")
    made = record(network, data, np.arange(20), np.arange(20, 30), rng())
    write(tmp_path / "whole.npz", made)
    seen: list[tuple[int, int]] = []
    errors = record_to_file(
        tmp_path / "parts.npz", network, parts(data), HELD, rng(),
        report=lambda done, of: seen.append((done, of)),
    )  # fmt: skip
    whole, streamed = content(tmp_path / "whole.npz"), content(tmp_path / "parts.npz")
    assert set(whole) == set(streamed)
    assert ("counts" in streamed) == ("cells" in streamed) == (kind != "molecule")
    assert ("energies" in streamed) == (kind != "silent")
    assert ("reference_energies" in streamed) == (kind == "molecule")
    for name in set(whole) - {"checksum"}:
        assert whole[name].dtype == streamed[name].dtype, name
        if whole[name].dtype.kind == "f":
            np.testing.assert_allclose(streamed[name], whole[name], rtol=1e-13, atol=1e-15)
        else:
            np.testing.assert_array_equal(streamed[name], whole[name])
    again = read(tmp_path / "parts.npz")
    assert again.errors.keys() == errors.keys()
    assert max(again.errors.values()) < 1e-12
    assert seen == [(7, 30), (14, 30), (21, 30), (28, 30), (30, 30)]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["parts.npz", "whole.npz"]


def test_single_precision_is_a_rounding_that_the_file_states(toy: Any, tmp_path: Path) -> None:
    data, path = toy.toy_data(30), tmp_path / "a.npz"
    record_to_file(path, toy.DensityBackbone(), parts(data), HELD, rng(), single=True)
    found = content(path)
    for name in ("features_2e", "check_features_2e"):
        assert found[name].dtype == np.float32
    exact = toy.DensityBackbone().evaluate(data.positions).features["2e"]
    np.testing.assert_array_equal(found["features_2e"], exact.astype(np.float32))
    again = read(path)
    assert again.description["features_rounded_to"] == "float32"
    assert 1e-9 < again.errors["2e"] < 1e-6


def test_a_float32_network_is_stored_as_such_until_a_value_needs_more(tmp_path: Path) -> None:
    column = Column(tmp_path / "a", np.dtype(float), (2,), narrow=True)
    column.append(np.array([[0.5, 0.25]]))
    assert column.dtype == np.float32
    column.append(np.array([[0.1, 1.0], [2.0, 3.0]]))
    expected = np.array([[0.5, 0.25], [0.1, 1.0], [2.0, 3.0]])
    assert (column.dtype, column.shape) == (np.dtype(np.float64), (3, 2))
    assert b"".join(column.blocks()) == expected.tobytes()
    with pytest.raises(ValueError, match="rows must have shape"):
        column.append(np.zeros((1, 3)))


class LateFault:
    """A network that fails in its own way at its third call."""

    def __init__(self, inner: Any, fault: Any) -> None:
        self.inner, self.fault, self.calls = inner, fault, 0
        self.description = {"package": "toy"}

    def evaluate(self, positions: np.ndarray) -> Evaluation:
        self.calls += 1
        found: Evaluation = self.inner.evaluate(positions)
        return self.fault(found) if self.calls == 3 else found


def interrupt(found: Evaluation) -> Evaluation:
    raise KeyboardInterrupt


def not_finite(found: Evaluation) -> Evaluation:
    found.features["1o"][2, 1, 0] = np.nan
    return found


def fewer(found: Evaluation) -> Evaluation:
    found.features.pop("2e")
    return found


def without(found: Evaluation) -> Evaluation:
    return replace(found, energies=np.full_like(found.energies, np.nan))


@pytest.mark.parametrize(
    ("fault", "error", "message"),
    [
        (interrupt, KeyboardInterrupt, None),
        (not_finite, ValueError, "frames 7 to 13: features_1o must be finite"),
        (fewer, ValueError, "frames 7 to 13: the network gives the irreps 0e, 1o"),
        (without, ValueError, "frames 7 to 13: the network gives energies for some frames"),
    ],
)
def test_a_failure_leaves_nothing_behind(
    toy: Any, tmp_path: Path, fault: Any, error: type[BaseException], message: str | None
) -> None:
    path = tmp_path / "a.npz"
    path.write_text("mine")
    network = LateFault(toy.DensityBackbone(), fault)
    with pytest.raises(error, match=message):
        record_to_file(path, network, parts(toy.toy_data(30)), HELD, rng(), force=True)
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]
    assert path.read_text() == "mine"


def test_what_a_killed_process_left_is_removed_by_the_next(toy: Any, tmp_path: Path) -> None:
    path, data = tmp_path / "a.npz", toy.toy_data(30)
    left = tmp_path / ".a.npz.abcdefgh.writing"
    other = tmp_path / ".b.npz.abcdefgh.writing"  # of a process that may be alive
    for folder in (left, other):
        folder.mkdir()
        (folder / "positions").write_bytes(b"begun")
    (tmp_path / ".a.npz.lock").touch()
    record_to_file(path, toy.DensityBackbone(), parts(data), HELD, rng())
    assert sorted(p.name for p in tmp_path.iterdir()) == [other.name, "a.npz"]


def test_two_recordings_of_one_file_are_not_mixed(toy: Any, tmp_path: Path) -> None:
    path, data = tmp_path / "a.npz", toy.toy_data(30)

    def again(done: int, _of: int) -> None:
        with pytest.raises(ValueError, match="another process is at work on"):
            record_to_file(path, toy.DensityBackbone(), parts(data), HELD, rng())

    record_to_file(path, toy.DensityBackbone(), parts(data), HELD, rng(), report=again)
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]


def test_values_that_are_not_finite_are_named_before_equivariance_is_judged(
    toy: Any, tmp_path: Path
) -> None:
    network = LateFault(toy.DensityBackbone(), not_finite)
    network.calls = 2
    with pytest.raises(ValueError, match="frames 0 to 6: features_1o must be finite"):
        record_to_file(tmp_path / "a.npz", network, parts(toy.toy_data(30)), HELD, rng())


def test_what_cannot_be_recorded_is_refused(toy: Any, tmp_path: Path) -> None:
    network, data, path = toy.DensityBackbone(), toy.toy_data(30), tmp_path / "a.npz"

    def refused(match: str, given: Any = None, held: Any = HELD, **more: Any) -> None:
        with pytest.raises(ValueError, match=match):
            record_to_file(
                more.pop("path", path), network, given or parts(data), held, rng(), **more
            )

    refused("ends in .npz", path=tmp_path / "a.npy")
    refused("checks must be at least 4", checks=3)
    refused("marks some frames, not all", held=np.zeros(30, dtype=bool))
    refused("marks some frames, not all", held=np.arange(30))
    refused("has 29 frames, the data have more", held=HELD[:29])
    refused("has 40 frames, the data 30", held=np.arange(40) > 20)
    other = replace(data, checksum="2")
    refused("checksums differ", given=iter([data.take(slice(10)), other.take(slice(10, 30))]))
    path.touch()
    with pytest.raises(FileExistsError):
        record_to_file(path, network, parts(data), HELD, rng())


def test_a_network_that_is_not_equivariant_is_refused_on_the_first_frames(
    toy: Any, tmp_path: Path
) -> None:
    seen: list[int] = []

    def watched() -> Iterator[ForceData]:
        for part in parts(toy.toy_data(30)):
            seen.append(len(part))
            yield part

    with pytest.raises(NotEquivariantError, match="not equivariant: 1o"):
        record_to_file(tmp_path / "a.npz", toy.BrokenBackbone(), watched(), HELD, rng())
    assert seen == [7]
    assert not list(tmp_path.iterdir())
