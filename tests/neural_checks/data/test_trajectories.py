"""The maker of the embedded trajectory: killed and started again, and what is wrong with a file."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("ase")
pytest.importorskip("tblite")

from neural_checks.data import trajectories
from neural_checks.data.trajectories import _resume, _save, main, make_trajectory
from numeric_checks.molecules.data import load

# ASE renames a function from version to version.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few steps instead of thousands."""
    monkeypatch.setattr(trajectories, "EQUILIBRATION_STEPS", 2)
    monkeypatch.setattr(trajectories, "STEPS_PER_FRAME", 1)


@pytest.mark.parametrize("number", [None, signal.SIGINT, signal.SIGTERM])
def test_a_run_that_was_ended_goes_on_to_the_same_trajectory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals | None
) -> None:
    """``None`` is a kill after a state was written; a signal has one written."""
    monkeypatch.setattr(trajectories, "STEPS_PER_FRAME", 3)
    whole, cut = tmp_path / "whole.npz", tmp_path / "cut.npz"
    make_trajectory(whole, frames=5, seed=1)
    save, append = trajectories._save, trajectories._append

    def killed(*arguments: object) -> None:
        save(*arguments)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    def interrupted(kept: dict[str, list[object]], atoms: object) -> None:
        append(kept, atoms)  # type: ignore[arg-type]
        if number is not None and len(kept["E"]) == 3:
            os.kill(os.getpid(), number)

    with monkeypatch.context() as patch:
        patch.setattr(trajectories, "_append", interrupted)
        if number is None:
            patch.setattr(trajectories, "_save", killed)
        with pytest.raises(KeyboardInterrupt, match="checkpoint is written" if number else None):
            make_trajectory(cut, frames=5, seed=1, report_every=50 if number else 2)
    assert [p.name for p in sorted(tmp_path.glob("cut*"))] == ["cut.npz.partial"]
    make_trajectory(cut, frames=5, seed=1)
    one, other = load(whole), load(cut)
    assert len(other) == 5
    assert np.array_equal(other.positions, one.positions)
    assert np.array_equal(other.forces, one.forces)
    assert np.array_equal(other.energies, one.energies)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cut.npz", "whole.npz"]


def test_the_command_refuses_what_it_cannot_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = tmp_path / "there.npz"
    there.write_bytes(b"x")
    assert main(["--out", str(there)]) == 2
    assert "exists" in capsys.readouterr().err
    assert main(["--output", str(tmp_path / "no" / "folder.npz")]) == 2  # the former name
    assert "no folder" in capsys.readouterr().err
    out = tmp_path / "t.npz"
    make_trajectory(tmp_path / "other.npz", frames=1, seed=3)
    for content in (b"", b"x", (tmp_path / "other.npz").read_bytes()):
        (tmp_path / "t.npz.partial").write_bytes(content)
        assert main(["--out", str(out), "--frames", "1"]) == 2
        assert "holds no interrupted trajectory" in capsys.readouterr().err
    for bad in (["--frames", "0"], ["--seed", "-1"]):
        with pytest.raises(SystemExit) as ended:
            main(["--out", str(out), *bad])
        assert ended.value.code == 2
    assert not out.exists()


@pytest.mark.parametrize("place", [(625, 0), (-1, 0), (10, 2)])
def test_a_place_outside_the_generators_state_is_refused(
    place: tuple[int, int], tmp_path: Path
) -> None:
    """numpy would read beyond its 624 numbers."""
    partial, generator = tmp_path / "t.npz.partial", np.random.RandomState(0)
    atoms = SimpleNamespace(
        get_positions=lambda: np.zeros((21, 3)), get_momenta=lambda: np.zeros((21, 3)),
        set_positions=lambda _places: None,
    )  # fmt: skip
    frames = {"R": [np.zeros((21, 3))], "F": [np.zeros((21, 3))], "E": [0.0]}
    _save(partial, atoms, generator, 0, frames)  # type: ignore[arg-type]
    _resume(partial, atoms, generator, 0)  # type: ignore[arg-type]
    with np.load(partial) as state:
        content = dict(state)
    with partial.open("wb") as stream:
        np.savez(stream, **{**content, "rng_place": np.array(place)})
    with pytest.raises(ValueError, match="rng_place is malformed"):
        _resume(partial, atoms, generator, 0)  # type: ignore[arg-type]
