"""Sweeps without training: tables, the verdict and its exit code, feature files, locks."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sweep_config import CONFIG, PARTS, planted, written

from neural_checks.data.split import split
from neural_checks.features.file import write
from neural_checks.features.recorded import record
from neural_checks.readouts.closed_form import measure
from neural_checks.readouts.fitted_channels import fitted_channels
from neural_checks.sweep.__main__ import main
from neural_checks.sweep.config import read_config
from neural_checks.sweep.features import features_of
from neural_checks.sweep.features import main as features_main
from neural_checks.sweep.job import read_record, record_path, run_job
from neural_checks.sweep.result import JobRecord
from neural_checks.sweep.settings import Job, MeasureSettings
from neural_checks.sweep.tables import cells, rows
from numeric_checks.molecules.data import EMBEDDED, load
from span_theorem.files import write_json

# --- tables and verdict ---------------------------------------------------------------------------


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """No figures, which take longer than all the rest; other tests draw them."""
    monkeypatch.setattr("neural_checks.sweep.report.draw", lambda *_: {})


def store(folder: Path, job: Job, record: JobRecord) -> Path:
    path = record_path(folder / "planted", job.id)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, asdict(record), force=True)
    return path


def plant(folder: Path, **changes: Any) -> tuple[list[str], list[Job]]:
    """All files of the sweep, and the arguments of the command that finds them done."""
    path = written(folder, CONFIG)
    jobs = list(read_config(path, folder).jobs)
    for job in jobs:
        store(folder, job, planted(job, **changes))
    return [str(path), "--out", str(folder)], jobs


def test_exit_0_where_every_cliff_is_at_the_boundary(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, jobs = plant(tmp_path)
    assert main([*arguments, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["jobs"] == len(jobs) == 6
    assert report["without_result"] == report["not_as_expected"] == 0
    for cell in report["cells"]:
        assert cell["seeds"] == 2
        if cell["d_r"] is not None:
            assert cell["measured"] == cell["boundary"] == cell["d_r"] * cell["L"]
            assert cell["cliff_low"] == cell["cliff_high"] == cell["boundary"]
    for name in ("boundary", "curves", "matrix"):
        for suffix in ("png", "svg"):
            assert (tmp_path / "planted" / f"{name}.{suffix}").stat().st_size > 1000
    assert main(arguments) == 0
    assert "as expected" not in capsys.readouterr().out.split("cells not")[0]


@pytest.mark.parametrize("changes", [{"shift": 1}, {"shift": -1}, {"broken": False}])
@pytest.mark.usefixtures("undrawn")
def test_exit_3_where_one_is_not(
    changes: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Off by one either way; or a readout without a degree that stops at the boundary all the same.

    One backbone of six is enough.
    """
    arguments, jobs = plant(tmp_path)
    for job in jobs[-2:]:
        store(tmp_path, job, planted(job, **changes))
    assert main(arguments) == 3
    assert "NOT AS EXPECTED" in capsys.readouterr().out


def test_a_backbone_that_disagrees_with_its_seeds_widens_the_interval(tmp_path: Path) -> None:
    _, jobs = plant(tmp_path)
    records = [planted(jobs[-1]), planted(replace(jobs[-1], seed=9), shift=-2)]
    cell = next(c for c in cells(records, [1.0], 500, 0) if c.d_r == 2)
    assert (cell.cliff_low, cell.cliff_high) == (4, 6)
    assert cell.measured is None
    assert not cell.as_expected
    assert (cell.seeds, cell.alone) == (2, 1)


@pytest.mark.usefixtures("undrawn")
def test_one_row_per_backbone_readout_and_degree(tmp_path: Path) -> None:
    """No row lost, none doubled, and values by another route."""
    arguments, jobs = plant(tmp_path)
    main(arguments)
    with (tmp_path / "planted" / "table.csv").open(encoding="utf-8") as stream:
        table = list(csv.DictReader(stream))
    keys = [
        tuple(row[key] for key in ("L", "seed", "readout", "d_r", "ell", "amplitude"))
        for row in table
    ]
    expected = [
        (str(job.model.l_max), str(job.seed), kind, degree, str(ell), "1.0")
        for job in jobs
        for kind, degree, count in (
            *(
                (kind, str(d), d * job.model.l_max + 3)
                for d in (1, 2, 3)
                for kind in ("closed form", "component-wise")
            ),
            ("non-polynomial", "", 3 * job.model.l_max + 3),
        )
        for ell in range(1, count + 1)
    ]
    assert sorted(keys) == sorted(expected)
    record = planted(jobs[-1])
    row = next(r for r in table if r["job"] == jobs[-1].id and r["ell"] == "2")
    mean = {key: np.mean(getattr(record.readouts[0], key)) for key in PARTS}
    field = np.mean(record.readouts[0].field[1])
    assert float(row["R2_field"]) == pytest.approx(1 - field, abs=1e-5)
    gain = 1 - (mean["after"] + field) / (mean["before"] + 1)
    assert float(row["G"]) == pytest.approx(gain, abs=1e-5)
    assert float(row["R2_inj"]) == pytest.approx(1 - field - mean["spurious"], abs=1e-5)


def test_the_amplitude_changes_the_gain_and_not_the_cliff(tmp_path: Path) -> None:
    _, jobs = plant(tmp_path)
    found = cells([planted(jobs[-1])], [0.1, 1.0, 3.0], 200, 0)
    closed = [c for c in found if c.d_r == 2 and c.readout == "closed form"]
    assert [c.measured for c in closed] == [6, 6, 6]
    contrast = [c.contrast for c in closed]
    assert contrast == sorted(contrast)
    assert contrast[0] < 0.2 < contrast[-1]
    lines = rows([planted(jobs[-1])], [0.1, 1.0], 50, 0)
    assert len({row.amplitude for row in lines}) == 2
    # The tables are made anew from the same files; no job is run for another amplitude.
    path = written(tmp_path, {**CONFIG, "amplitudes": [1.0, 0.3]})
    assert main([str(path), "--out", str(tmp_path)]) == 0
    assert (tmp_path / "planted" / "amplitude.png").stat().st_size > 1000


@pytest.mark.usefixtures("undrawn")
def test_a_file_of_another_job_or_format_is_refused(tmp_path: Path) -> None:
    arguments, jobs = plant(tmp_path)
    path = record_path(tmp_path / "planted", jobs[0].id)
    good = json.loads(path.read_text(encoding="utf-8"))
    for bad, said in (
        ({**good, "format": "other"}, "not of the format"),
        ({**good, "format": "neural_checks.sweep job, version 1"}, "not of the format"),
        ({**good, "job": {**good["job"], "seed": 9}}, "not of this job"),
        ({**good, "readouts": [{"kind": 3}]}, "readouts"),
        ([good], "not of the format"),
    ):
        write_json(path, bad, force=True)
        with pytest.raises(ValueError, match=said):
            read_record(tmp_path / "planted", jobs[0])
        assert main(arguments) == 2
    path.write_text("{", encoding="utf-8")
    assert main(arguments) == 2


@pytest.mark.usefixtures("undrawn")
def test_half_a_file_is_no_file(tmp_path: Path) -> None:
    """What a process killed while writing leaves behind is not read, and not in the way."""
    arguments, jobs = plant(tmp_path)
    path = record_path(tmp_path / "planted", jobs[0].id)
    half = path.with_name(f".{path.name}.abcd.writing")
    half.write_text(path.read_text(encoding="utf-8")[:100], encoding="utf-8")
    assert main(arguments) == 0
    assert read_record(tmp_path / "planted", jobs[0]) is not None


@pytest.mark.usefixtures("undrawn")
def test_a_reason_to_fail_goes_with_the_job_that_is_done(tmp_path: Path) -> None:
    arguments, jobs = plant(tmp_path)
    failed = tmp_path / "planted" / "failed" / f"{jobs[0].id}.json"
    failed.parent.mkdir()
    failed.write_text("{}", encoding="utf-8")
    assert main(arguments) == 0
    assert not failed.exists()


@pytest.mark.usefixtures("undrawn")
def test_intervals_on_both_sides_of_the_limit_are_undecided(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One cell whose R² at the boundary is 0.05, give or take: exit code 4, not 3."""
    arguments, jobs = plant(tmp_path)
    for job in jobs[-2:]:
        record = planted(job)
        first = record.readouts[0]
        noise = np.random.default_rng(job.seed).normal(size=job.measure.held)
        weak = tuple((0.95 + 0.3 * (noise - noise.mean())).tolist())
        edge = job.model.l_max - 1
        field = (*first.field[:edge], weak, *first.field[edge + 1 :])
        readouts = (replace(first, field=field), *record.readouts[1:])
        store(tmp_path, job, replace(record, readouts=readouts))
    assert main([*arguments, "--json"]) == 4
    summary = json.loads(capsys.readouterr().out)
    assert (summary["undecided"], summary["not_as_expected"], summary["exit_code"]) == (1, 1, 4)


def test_list_says_what_is_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, jobs = plant(tmp_path)
    record_path(tmp_path / "planted", jobs[0].id).unlink()
    assert main([*arguments, "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    states = {line.split()[0]: " ".join(line.split()[1:3]) for line in lines}
    assert states[jobs[0].id] == "to do"
    assert all(states[job.id].startswith("done") for job in jobs[1:])


def test_a_folder_named_like_an_included_configuration_is_not_read_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As ``--out .`` leaves it: the same command must go on."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "embedded").mkdir()
    assert main(["embedded", "--out", ".", "--list"]) == 0
    assert "to do" in capsys.readouterr().out
    assert main(["./embedded", "--list"]) == 2
    assert "no configuration" in capsys.readouterr().err


def test_a_molecule_without_a_direction_to_mark_fails_before_the_training(
    toy: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("nequip")
    data = toy.toy_data(90)
    arrays = {"R": data.positions, "F": data.molecule_forces, "E": data.energies}
    np.savez(tmp_path / "methane.npz", z=np.array([6, 1, 1, 1, 1]), **arrays)
    config = {
        "base": {
            "data": "methane.npz",
            "train": {"train": 50, "validation": 5},
            "measure": {"fit": 40, "held": 20},
        }
    }
    (job,) = read_config(written(tmp_path, config), tmp_path).jobs
    trained: list[object] = []
    monkeypatch.setattr("neural_checks.sweep.job.train", lambda *given, **_: trained.append(given))
    with pytest.raises(ValueError, match="at least two atoms other than hydrogen, got 1 among 5"):
        run_job(job, str(tmp_path / "out"), str(tmp_path))
    assert not trained


# --- feature files --------------------------------------------------------------------------------


@pytest.mark.usefixtures("undrawn")
def test_feature_files_are_measured_like_networks(
    toy: SimpleNamespace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Other packages' networks, through their files; by another route: the measurement itself."""
    data = toy.toy_data(80)
    fit, held = np.arange(60), np.arange(60, 80)
    for L in (0, 1, 2):
        backbone = toy.DensityBackbone(L, 6)
        found = record(backbone, data, fit, held, np.random.default_rng(L))
        write(tmp_path / f"density{L}.npz", found)
    names = [f"density{L}.npz" for L in (0, 1, 2)]
    measuring = {"fit": 60, "held": 20, "degrees": [1, 2], "orientations": 10}
    config = {
        "name": "files",
        "base": {"model": {"channels": 4}, "measure": measuring},
        "grids": [{"vary": {"features": names}}],
        "bootstrap": 200,
    }
    sweep = read_config(written(tmp_path, config), tmp_path)
    for job in sweep.jobs:
        run_job(job, str(tmp_path / "files"), str(tmp_path))
    arguments = [str(tmp_path / "config.json"), "--data-dir", str(tmp_path)]
    code = main([*arguments, "--out", str(tmp_path), "--json"])
    table = json.loads(capsys.readouterr().out)["cells"]
    assert code == 0, [cell for cell in table if not cell["as_expected"]]
    assert {cell["L"] for cell in table} == {0, 1, 2}
    cell = next(c for c in table if (c["L"], c["readout"], c["d_r"]) == (2, "closed form", 2))
    samples = fitted_channels(toy.toy_samples(2), 6)
    expected = 1 - measure(samples, 2, 7).field.mean(axis=(1, 2))
    assert cell["R2_by_ell"] == pytest.approx(expected, abs=2e-5)
    # A file that changes after the sweep was read is not taken for the other.
    (tmp_path / "density2.npz").write_bytes((tmp_path / "density1.npz").read_bytes())
    record_path(tmp_path / "files", sweep.jobs[-1].id).unlink()
    with pytest.raises(ValueError, match="changed"):
        run_job(sweep.jobs[-1], str(tmp_path / "files"), str(tmp_path))


def test_feature_files_hold_the_frames_of_a_job(tmp_path: Path) -> None:
    pytest.importorskip("e3nn")
    data = load(EMBEDDED)
    found = features_of("e3nn", data, 1, 2, 1, 3, MeasureSettings(fit=20, held=10))
    frames = split(data, 900, 50, 10, 0)
    index = np.concatenate([frames.train[:20], frames.test[:10]])
    np.testing.assert_array_equal(found.positions, data.positions[index])
    assert found.held_out.tolist() == [False] * 20 + [True] * 10
    assert found.irreps == "2x0e+2x1o"
    assert (found.description["steps"], found.description["seed"]) == (1, 3)
    with pytest.raises(ValueError, match="package"):
        features_of("schnet", data, 1, 2, 0, 0, MeasureSettings(fit=20, held=10))
    taken = tmp_path / "taken.npz"
    taken.touch()
    assert features_main(["e3nn", "--out", str(taken)]) == 2
    assert features_main(["e3nn", "--out", str(tmp_path / "a.npz"), "--data", "none.npz"]) == 2


# --- locks ----------------------------------------------------------------------------------------

HOLD = (
    "import sys, time; from numeric_checks.outputs import output_folder\n"
    "with output_folder(sys.argv[1], last='summary.json'): print('held', flush=True); "
    "time.sleep(600)"
)


@pytest.mark.usefixtures("undrawn")
def test_a_lock_keeps_others_out_and_dies_with_its_process(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, _ = plant(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "planted")], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert main(arguments) == 2
        assert f"in use by process {holder.pid}" in capsys.readouterr().err
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    assert main(arguments) == 0


# --- what is asked of the command -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("missing", "remedy"), [("dask", r'".[sweep]"'), ("distributed", r'".[sweep]"')]
)
def test_without_dask_the_install_line_is_given(
    missing: str,
    remedy: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments, jobs = plant(tmp_path)
    record_path(tmp_path / "planted", jobs[0].id).unlink()
    monkeypatch.setitem(sys.modules, missing, None)
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert remedy in error
    assert error.count("\n") == 1


def test_help_needs_no_heavy_package() -> None:
    code = (
        "import sys; from neural_checks.sweep.__main__ import _parser; _parser().format_help()\n"
        "from neural_checks.sweep.features import _parser; _parser().format_help()\n"
        "print([m for m in ('torch', 'numpy', 'dask', 'pydantic') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--workers", "0"], ["--workers", "1e30"], ["--deaths", "-1"], ["--list", "--job-script"],
        ["--scheduler", "tcp://x", "--slurm", "y"],
    ],
)  # fmt: skip
def test_options_are_judged_before_the_work(arguments: list[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["cliff", "--out", str(tmp_path), *arguments])
    assert stopped.value.code == 2
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("undrawn")
def test_the_table_fits_a_narrow_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, _ = plant(tmp_path)
    monkeypatch.setenv("COLUMNS", "40")
    assert main(arguments) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 40
