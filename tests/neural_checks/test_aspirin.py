"""The command, its verdict and its files; the embedded data."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from neural_checks.backbones.hooked import BackboneConfig
from neural_checks.data.split import split
from neural_checks.data.trajectories import ASPIRIN, make_dataset
from neural_checks.readouts.trained import SpnConfig
from neural_checks.training.train import TrainConfig
from numeric_checks.molecules.data import EMBEDDED, load


def test_the_embedded_data_are_what_they_say() -> None:
    data = load(EMBEDDED)
    assert data.positions.shape == (1500, 21, 3)
    assert data.level_of_theory == "GFN2-xTB"
    assert np.bincount(data.numbers)[[1, 6, 8]].tolist() == [8, 9, 4]
    # Internal forces: they sum to zero.
    assert np.abs(data.molecule_forces.sum(axis=1)).max() < 1e-3
    assert 0.5 < np.sqrt((data.molecule_forces**2).mean()) < 3.0
    split(data, 900, 50, 250, 0)


def test_the_starting_geometry_is_aspirin() -> None:
    assert sorted(symbol for symbol, *_ in ASPIRIN) == ["C"] * 9 + ["H"] * 8 + ["O"] * 4


def test_the_trajectory_is_never_overwritten(tmp_path: Path) -> None:
    pytest.importorskip("tblite")
    (tmp_path / "a.npz").touch()
    with pytest.raises(FileExistsError):
        make_dataset(tmp_path / "a.npz", frames=1)


def test_stored_forces_are_those_of_the_method() -> None:
    pytest.importorskip("tblite")
    from neural_checks.data.trajectories import _molecule

    data = load(EMBEDDED)
    atoms = _molecule()
    for index in (0, 1499):
        atoms.set_positions(data.positions[index])
        np.testing.assert_allclose(atoms.get_forces(), data.molecule_forces[index], atol=2e-3)


def test_every_preset_is_valid_and_paper_has_four_networks_of_32_channels() -> None:
    presets = json.loads((files("neural_checks.injection") / "presets.json").read_text())
    assert set(presets) == {"quick", "reduced", "cpu", "paper"}
    for preset in presets.values():
        SpnConfig(**preset["spn"])
        BackboneConfig(**preset["model"])
        assert preset["fit"] <= TrainConfig(**preset["train"]).train
        assert preset["held"] <= TrainConfig(**preset["train"]).test
        assert preset["bootstrap"] >= 2000
    paper = BackboneConfig(**presets["paper"]["model"])
    assert (paper.l_max, presets["paper"]["backbones"]) == (2, 4)
    assert paper.channels >= 32


@pytest.mark.parametrize(
    "arguments",
    [["--data", "none.npz"], ["--backbones", "0"], ["--steps", "0"], ["--L", "0"]],
)
def test_bad_input_has_exit_code_2(arguments: list[str], tmp_path: Path) -> None:
    pytest.importorskip("nequip")
    from neural_checks.aspirin import main

    assert main(["--results", str(tmp_path), *arguments]) == 2


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        (("agrees", "agrees"), 0),
        (("agrees", "disagrees"), 3),
        (("agrees", "undecided"), 4),
        (("disagrees", "undecided"), 3),
    ],
)
def test_one_readout_that_disagrees_decides_the_exit_code(
    verdicts: tuple[str, ...], code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("nequip")
    from neural_checks import aspirin

    report = {
        "readouts": {
            str(k): {"verdict": {"agrees": v == "agrees", "undecided": v == "undecided"}}
            for k, v in enumerate(verdicts)
        }
    }
    monkeypatch.setattr(aspirin, "_experiment", lambda _arguments: (report, tmp_path))
    assert aspirin.main(["--json"]) == code


def test_importing_the_package_loads_no_torch() -> None:
    code = (
        "import sys, neural_checks.readouts.closed_form, neural_checks.data.split; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_provenance_names_the_machine_the_versions_and_the_commit(repository: Path) -> None:
    torch = pytest.importorskip("torch")
    from numeric_checks.provenance import environment

    found = environment("cpu")
    assert found["device"] == "cpu"
    assert found["device_name"].strip()
    assert environment("a device nobody has")["device_name"] == "not stated"
    assert found["versions"]["torch"] == torch.__version__
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=repository, capture_output=True, text=True, check=False
    )
    assert found["git_commit"] == (head.stdout.strip() or "not a git checkout")


@pytest.mark.slow
def test_quick_run_on_the_embedded_data(tmp_path: Path, repository: Path) -> None:
    """End to end, as a file; the second run refuses to overwrite."""
    pytest.importorskip("nequip")
    command = [
        sys.executable, "-W", "ignore", str(repository / "neural_checks" / "aspirin.py"),
        "--results", str(tmp_path), "--backbones", "1", "--degrees", "1", "2", "--json",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert {e["verdict"]["measured"] for e in report["readouts"].values()} == {2, 4}
    folder = tmp_path / "aspirin_xtb-quick"
    for name in ("recovery", "per_atom", "training"):
        for suffix in ("svg", "png"):
            assert (folder / f"{name}.{suffix}").stat().st_size > 1000
    with (folder / "table.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    first = next(iter(report["readouts"].values()))
    assert float(rows[0]["value"]) == pytest.approx(first["R2_field"][0], rel=1e-5)
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 2
    assert "--force" in again.stderr
