"""The command, its verdict and its files; the embedded data."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neural_checks import aspirin
from neural_checks.backbones.nequip import BackboneConfig
from neural_checks.data.split import split
from neural_checks.data.trajectories import ASPIRIN, make_trajectory
from neural_checks.injection.result import REPORT, InjectionReport
from neural_checks.readouts.trained import SpnConfig
from neural_checks.readouts.verdict import Outcome
from neural_checks.training.train import TrainConfig
from numeric_checks.molecules.data import EMBEDDED, load
from numeric_checks.molecules.structures import Structures
from numeric_checks.outputs import output_folder


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
        make_trajectory(tmp_path / "a.npz", frames=1)


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


@pytest.fixture
def report(repository: Path) -> InjectionReport:
    """A committed report, of which all figures can be drawn, as of the command's defaults."""
    made = REPORT.read(repository / "docs" / "results" / "aspirin-ccsd" / "report.json")
    origin = replace(made.data, sha256=load(EMBEDDED).checksum)
    return replace(made, data=origin, preset="quick")


@pytest.fixture
def measured(report: InjectionReport, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders that a measurement was asked for; none is made."""
    folders: list[Path] = []

    def measure(_data: object, _plan: object, folder: Path) -> InjectionReport:
        folders.append(folder)
        return report

    monkeypatch.setattr(aspirin, "_measure", measure)
    return folders


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--data", "none.npz"], "no data file none.npz"),
        (["--backbones", "0"], "backbones must be an integer from 1"),
        (["--steps", "0"], "steps must be an integer from 1"),
        (["--L", "0"], "L must be an integer from 1 to 8, got '0'"),
        (["--L", "99"], "L must be an integer from 1 to 8, got '99'"),
        (["--amplitude", "nan"], "amplitude must be a number above 0"),
        (["--amplitude", "0"], "amplitude must be a number above 0"),
        (["--draws", "0"], "draws must be an integer from 1"),
        (["--bootstrap", "-3"], "draws must be an integer from 1"),
        (["--seed", "-1"], "seed must be an integer from 0"),
        (["--parallel", "0"], "parallel must be an integer from 1"),
        (["--degrees", "4"], "invalid choice: 4"),
        (["--run", "../escaped"], "must be one folder's name, got '../escaped'"),
        (["--run", ""], "must be one folder's name"),
        (["--device", "bogus"], "device 'bogus' cannot be used"),
        (["--L", "5"], "9139 monomials for the 8000 samples of preset quick"),
        (["--device", "meta"], "device 'meta' cannot be used"),
        (["--preset", "none"], "invalid choice: 'none'"),
    ],
)
def test_bad_options_are_refused_before_any_work(
    arguments: list[str],
    words: str,
    measured: list[Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("torch")
    try:
        code = aspirin.main(["--results", str(tmp_path), *arguments])
    except SystemExit as error:  # argparse's own way
        code = error.code if isinstance(error.code, int) else -1
    assert code == 2
    assert words in capsys.readouterr().err.splitlines()[-1]
    assert not measured
    assert not list(tmp_path.iterdir())


def test_frames_of_different_atoms_or_without_forces_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ase = pytest.importorskip("ase")
    pytest.importorskip("torch")
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.io import write

    frames = []
    for formula in ("CO", "CO2"):
        atoms = ase.Atoms(formula, positions=np.eye(3)[: len(formula)])
        atoms.calc = SinglePointCalculator(atoms, energy=0.0, forces=np.zeros((len(atoms), 3)))
        frames.append(atoms)
    write(tmp_path / "mixed.xyz", frames)
    assert aspirin.main(["--data", str(tmp_path / "mixed.xyz"), "--out", str(tmp_path / "o")]) == 2
    assert "the same atoms in the same order" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


def test_a_molecule_without_a_direction_to_mark_is_refused_before_the_training(
    toy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("nequip")
    data = toy.toy_data(430)
    arrays = {"R": data.positions, "F": data.molecule_forces, "E": data.energies}
    np.savez(tmp_path / "methane.npz", z=np.array([6, 1, 1, 1, 1]), **arrays)
    trained: list[object] = []
    monkeypatch.setattr(aspirin, "_train", lambda *given: trained.append(given))
    command = ["--data", str(tmp_path / "methane.npz"), "--out", str(tmp_path / "run")]
    assert aspirin.main(command) == 2
    assert "at least two atoms other than hydrogen, got 1 among 5" in capsys.readouterr().err
    assert not trained


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
    verdicts: tuple[str, ...],
    code: int,
    report: InjectionReport,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("torch")
    readouts = tuple(
        replace(readout, verdict=replace(readout.verdict, outcome=Outcome(outcome)))
        for readout, outcome in zip(report.measurement.readouts, verdicts, strict=False)
    )
    changed = replace(report, measurement=replace(report.measurement, readouts=readouts))
    monkeypatch.setattr(aspirin, "_measure", lambda _data, _plan, _folder: changed)
    assert aspirin.main(["--out", str(tmp_path / "run")]) == code
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith(Outcome(REPORT_OUTCOME[code]).upper())


REPORT_OUTCOME = {0: "agrees", 3: "disagrees", 4: "undecided"}


def test_the_report_is_written_last_and_what_is_missing_beside_it_is_completed(
    measured: list[Path],
    report: InjectionReport,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("torch")
    from numeric_checks import figures

    command = ["--out", str(tmp_path / "run")]

    def full(*_arguments: object, **_options: object) -> None:
        raise OSError(28, "No space left on device", "cone.svg")

    with monkeypatch.context() as patched:
        patched.setattr(figures, "save_figure", full)
        assert aspirin.main(command) == 2
    told = capsys.readouterr()
    assert "cone.svg: No space left on device" in told.err
    assert told.out.splitlines()[-1] == report.sentence  # printed, not lost
    assert not (tmp_path / "run" / "report.json").exists()
    assert aspirin.main(command) == 0
    names = {path.name for path in (tmp_path / "run").iterdir() if path.name[0] != "."}
    assert names == set(aspirin._writers(report))
    assert len(names) == 17
    assert REPORT.read(tmp_path / "run" / "report.json") == report
    assert len(measured) == 2
    assert aspirin.main(command) == 2
    assert "report.json exists; --force replaces it" in capsys.readouterr().err
    for name in ("recovery.svg", "table.csv"):
        (tmp_path / "run" / name).unlink()
    assert aspirin.main(command) == 0
    assert {path.name for path in (tmp_path / "run").iterdir()} >= names
    assert len(measured) == 2  # drawn from the report; nothing is measured again
    (tmp_path / "run" / "table.csv").unlink()
    capsys.readouterr()
    assert (
        aspirin.main([*command, "--preset", "cpu"]) == 2
    )  # what is there answers another question
    assert "preset quick, and not of what is asked for" in capsys.readouterr().err
    assert not (tmp_path / "run" / "table.csv").exists()
    assert aspirin.main([*command, "--force"]) == 0
    assert len(measured) == 3


def test_a_folder_in_use_is_refused_by_the_name_of_its_holder(
    measured: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch")
    with output_folder(tmp_path / "run", last="report.json"):
        assert aspirin.main(["--out", str(tmp_path / "run")]) == 2
    assert f"in use by process {os.getpid()}" in capsys.readouterr().err
    assert not measured


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
    report = REPORT.load(json.loads(done.stdout))
    assert {r.verdict.measured for r in report.measurement.readouts} == {2, 4}
    folder = tmp_path / "aspirin_xtb-quick"
    for name in ("recovery", "per_atom", "training"):
        for suffix in ("svg", "png"):
            assert (folder / f"{name}.{suffix}").stat().st_size > 1000
    with (folder / "table.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    first = report.measurement.readouts[0].field
    assert first is not None
    assert float(rows[0]["value"]) == pytest.approx(first.values[0], rel=1e-5)
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 2
    assert "--force" in again.stderr


def test_the_whole_command_without_a_training(
    toy: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Everything but NequIP: a toy network stands for the trained one and the untrained one."""
    pytest.importorskip("torch")
    from neural_checks.backbones import nequip
    from neural_checks.training import ensemble
    from neural_checks.training.train import Trained

    class Network(toy.DensityBackbone):  # type: ignore[misc]
        @property
        def description(self) -> dict[str, Any]:
            known = {"seed": 0, "layer": 1, "layers": 3, "layer_irreps": "3x0e+3x1o+3x2e"}
            return {"package": "toy", **known}

        def select_layer(self, structures: Structures) -> int:
            assert len(structures) == 2
            return 1

    tiny = {
        "about": "", "backbones": 1, "model": {}, "fit": 40, "held": 20, "orientations": 4,
        "bootstrap": 50, "control_sites": 1,
        "train": {"train": 45, "validation": 2, "test": 25, "steps": 1},
        "spn": {"steps": 3, "seeds": 1, "width": 4, "channels": 1, "orientations": 1},
    }  # fmt: skip
    monkeypatch.setattr(aspirin, "_presets", lambda: {"quick": tiny})
    made = Trained(Network(), 1, "all steps done", 0.5, 0, [(1, 0.5, 100.0)])
    monkeypatch.setattr(ensemble, "train_all", lambda *_arguments, **_options: [made])
    monkeypatch.setattr(nequip, "NequIPBackbone", lambda *_arguments: Network())
    code = aspirin.main(["--degrees", "1", "--out", str(tmp_path / "run")])
    report = REPORT.read(tmp_path / "run" / "report.json")
    assert code == report.measurement.outcome.exit
    assert [b.history for b in report.backbones] == [((1, 0.5, 100.0),)]
    assert report.backbones[0].description == {"package": "toy"}
    assert report.geometry is not None
    assert len(report.geometry) == len(report.data.numbers) == 21
    assert (report.frames.train, report.frames.fit, report.frames.held) == (45, 40, 20)
    closed = report.measurement.readouts[0]
    assert closed.field is not None
    assert max(closed.field.high[2:]) < 1e-9
    assert (tmp_path / "run" / "per_atom.svg").exists()
