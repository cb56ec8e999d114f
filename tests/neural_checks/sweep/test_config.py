"""Configurations of sweeps: grids, jobs and their names, and what is refused."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sweep_config import CONFIG, written

from neural_checks.backbones.nequip import BackboneConfig
from neural_checks.sweep.__main__ import main
from neural_checks.sweep.config import read_config
from neural_checks.sweep.settings import Job, MeasureSettings
from neural_checks.training.train import TrainConfig
from numeric_checks.molecules.data import EMBEDDED, load


def test_grids_are_products_and_repeat_no_job(tmp_path: Path) -> None:
    config = {
        "base": {"model": {"channels": 4}, "seed": 7},
        "grids": [
            {"vary": {"model.channels": [4, 8], "seed": [0, 1, 2]}},
            {"set": {"trained": True}, "vary": {"model.layers": [2, 3], "seed": [0]}},
        ],
    }
    sweep = read_config(written(tmp_path, config), tmp_path)
    found = {(job.model.channels, job.model.layers, job.seed) for job in sweep.jobs}
    assert found == {*product((4, 8), (3,), (0, 1, 2)), (4, 2, 0)}
    # (4, 3, 0) is in both grids.
    assert len(sweep.jobs) == 7
    assert len({job.id for job in sweep.jobs}) == 7


def test_toml_says_the_same(tmp_path: Path) -> None:
    text = '[base]\ndata = "embedded"\nmodel = {channels = 4}\n[[grids]]\nvary = {seed = [0, 1]}\n'
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    config = {
        "base": {"data": "embedded", "model": {"channels": 4}},
        "grids": [{"vary": {"seed": [0, 1]}}],
    }
    toml = read_config(tmp_path / "config.toml", tmp_path)
    assert toml.jobs == read_config(written(tmp_path, config), tmp_path).jobs


def test_a_job_is_known_by_its_content_and_its_data(tmp_path: Path) -> None:
    job = read_config(written(tmp_path, CONFIG), tmp_path).jobs[0]
    others = [
        replace(job, checksum="0" * 64),
        replace(job, seed=5),
        replace(job, trained=False),
        replace(job, model=replace(job.model, channels=17)),
        replace(job, train=replace(job.train, steps=7)),
        replace(job, measure=replace(job.measure, orientations=7)),
    ]
    assert len({job.id, *(other.id for other in others)}) == 7
    assert job.checksum == load(EMBEDDED).checksum
    # The same in another process: no hash that changes from run to run.
    code = (
        "import sys; from pathlib import Path; from neural_checks.sweep.config import read_config;"
        "print(read_config(Path(sys.argv[1]), Path()).jobs[0].id)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "config.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == job.id


def test_untrained_networks_do_not_depend_on_the_training_asked_for(tmp_path: Path) -> None:
    config = {"grids": [{"set": {"trained": False}, "vary": {"train.steps": [10, 20]}}]}
    assert len(read_config(written(tmp_path, config), tmp_path).jobs) == 1


def test_an_absent_data_file_is_named_or_left_out(tmp_path: Path) -> None:
    config = {"grids": [{"vary": {"data": ["embedded", "nowhere.npz"]}}]}
    path = written(tmp_path, config)
    with pytest.raises(FileNotFoundError, match=r"nowhere\.npz.*--data-dir"):
        read_config(path, tmp_path)
    sweep = read_config(path, tmp_path, skip_absent=True)
    assert [job.data for job in sweep.jobs] == ["embedded"]
    assert sweep.absent == (str(tmp_path / "nowhere.npz"),)
    with pytest.raises(FileNotFoundError):
        read_config(written(tmp_path, {"base": {"data": "nowhere.npz"}}), tmp_path, True)
    assert main([str(path), "--data-dir", str(tmp_path), "--out", str(tmp_path)]) == 2


MALFORMED: list[tuple[Any, str]] = [
    ([], "the file"),
    (None, "the file"),
    ("text", "the file"),
    (3, "the file"),
    ({"grid": []}, "grid: is not a known key"),
    ({"name": "../../escaped"}, "name"),
    ({"name": "/tmp/escaped"}, "name"),
    ({"name": "a/b"}, "name"),
    ({"name": ".."}, "name"),
    ({"name": ""}, "name"),
    ({"name": None, "about": 3}, "about"),
    ({"name": 3}, "name"),
    ({"name": "a" * 300}, "name"),
    ({"base": None}, "base"),
    ({"base": []}, "base"),
    ({"base": {"data": None}}, "data"),
    ({"base": {"data": 3}}, "data"),
    ({"base": {"data": ["embedded"]}}, "data"),
    ({"base": {"data": ""}}, "data"),
    ({"base": {"data": "../x.npz"}}, "data must be"),
    ({"base": {"data": "/etc/passwd"}}, "data must be"),
    ({"base": {"data": "a\u0000b"}}, "data must be"),
    ({"base": {"features": "../x.npz"}}, "data must be"),
    ({"base": {"features": 3}}, "features"),
    ({"base": {"model": None}}, "model"),
    ({"base": {"model": 3}}, "model"),
    ({"base": {"model": []}}, "model"),
    ({"base": {"model": {"width": 4}}}, "model.width: is not a known key"),
    ({"base": {"model": {"channels": "many"}}}, "model.channels"),
    ({"base": {"model": {"channels": 0}}}, "channels"),
    ({"base": {"model": {"channels": 1e30}}}, "model.channels"),
    ({"base": {"model": {"channels": True}}}, "model.channels"),
    ({"base": {"model": {"channels": [4]}}}, "model.channels"),
    ({"base": {"model": {"channels": {"a": 1}}}}, "model.channels"),
    ({"base": {"model": {"cutoff": float("nan")}}}, "cutoff"),
    ({"base": {"model": {"parity": "yes"}}}, "model.parity"),
    ({"base": {"train": None}}, "train"),
    ({"base": {"train": {"steps": -1}}}, "steps"),
    ({"base": {"train": {"steps": None}}}, "train.steps"),
    ({"base": {"train": {"learning_rate": "fast"}}}, "train.learning_rate"),
    ({"base": {"colour": 4}}, "colour: is not a known key"),
    ({"base": {"network": {"layers": 4}}}, "network"),
    ({"base": {"measure": None}}, "measure"),
    ({"base": {"measure": {"degrees": [4]}}}, "degrees"),
    ({"base": {"measure": {"degrees": []}}}, "degrees"),
    ({"base": {"measure": {"degrees": 2}}}, "measure.degrees"),
    ({"base": {"measure": {"degrees": [2, 2]}}}, "degrees"),
    ({"base": {"measure": {"readouts": ["deep"]}}}, "readouts"),
    ({"base": {"measure": {"readouts": "closed form"}}}, "measure.readouts"),
    ({"base": {"measure": {"closed_channels": [1, 2]}}}, "closed_channels"),
    ({"base": {"measure": {"closed_channels": [1, 2, 0]}}}, "closed_channels"),
    ({"base": {"measure": {"held": 0}}}, "held"),
    ({"base": {"measure": {"held": "all"}}}, "held"),
    ({"base": {"measure": {"orientations": 10**9}}}, "orientations"),
    ({"base": {"measure": {"fit": 60}, "train": {"train": 50}}}, "fit 60"),
    ({"base": {"seed": -1}}, "seed"),
    ({"base": {"seed": 1.5}}, "seed"),
    ({"base": {"seed": True}}, "seed"),
    ({"base": {"seed": 10**30}}, "seed"),
    ({"base": {"trained": "yes"}}, "trained"),
    ({"base": {"model.channels": 4, "model": 3}}, "model"),
    ({"grids": None}, "grids"),
    ({"grids": {}}, "grids"),
    ({"grids": []}, "grids"),
    ({"grids": [None]}, "grids.0"),
    ({"grids": [[]]}, "grids.0"),
    ({"grids": [{"vary": None}]}, "grids.0.vary"),
    ({"grids": [{"vary": []}]}, "grids.0.vary"),
    ({"grids": [{"vary": {"seed": 3}}]}, "grids.0.vary.seed"),
    ({"grids": [{"vary": {"seed": []}}]}, "grids.0.vary.seed"),
    ({"grids": [{"vary": {"seed": [[]]}}]}, "seed"),
    ({"grids": [{"set": 3}]}, "grids.0.set"),
    ({"grids": [{"sets": {}}]}, "grids.0.sets"),
    ({"grids": [{"vary": {k: list(range(99)) for k in ("a", "b", "c", "d")}}]}, "at most 10000"),
    ({"amplitudes": [0]}, "amplitudes.0"),
    ({"amplitudes": []}, "amplitudes"),
    ({"amplitudes": 1}, "amplitudes"),
    ({"amplitudes": ["1"]}, "amplitudes.0"),
    ({"amplitudes": [float("inf")]}, "amplitudes.0"),
    ({"amplitudes": [float("nan")]}, "amplitudes.0"),
    ({"bootstrap": 0}, "bootstrap"),
    ({"bootstrap": "many"}, "bootstrap"),
    ({"bootstrap": 10**9}, "bootstrap"),
    ({"seed": -1}, "seed"),
    ({"seed": None}, "seed"),
]


@pytest.mark.parametrize(("config", "said"), MALFORMED)
def test_bad_configurations_are_one_line_and_leave_nothing(
    config: Any, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, results = written(tmp_path, config), tmp_path / "a" / "b" / "results"
    results.mkdir(parents=True)
    with pytest.raises(ValueError, match=re.escape(said)):
        read_config(path, tmp_path)
    assert main([str(path), "--out", str(results)]) == 2
    shown = capsys.readouterr()
    assert said in shown.err
    assert shown.err.count("\n") == 1
    assert shown.out == ""
    assert {p.name for p in tmp_path.rglob("*")} == {"config.json", "a", "b", "results"}


def test_the_name_of_a_file_that_names_no_folder(tmp_path: Path) -> None:
    path = tmp_path / "my sweep.json"
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(ValueError, match="give one by the key 'name'"):
        read_config(path, tmp_path)


def test_files_that_are_no_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, content in (
        ("twice.json", b'{"name": "a", "name": "b"}'),
        ("a.json", b"{"), ("b.json", b"\xff\xfe"), ("c.json", b"[" * 100_000),
        ("d.toml", b"a = "), ("e.json", b" " * 2_000_000),
        ("f.toml", b"base = {seed = 2026-01-01}"),
    ):  # fmt: skip
        (tmp_path / name).write_bytes(content)
        assert main([str(tmp_path / name), "--out", str(tmp_path)]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    assert main([str(tmp_path), "--out", str(tmp_path)]) == 2


def test_no_configuration_and_no_json(tmp_path: Path) -> None:
    assert main(["no-such-sweep", "--out", str(tmp_path)]) == 2
    (tmp_path / "config.json").write_text("{", encoding="utf-8")
    assert main([str(tmp_path / "config.json"), "--out", str(tmp_path)]) == 2


def test_the_configurations_that_come_along_cover_the_controls(tmp_path: Path) -> None:
    folder = Path(str(files("neural_checks.sweep") / "configs"))
    sweeps = {}
    for path in folder.glob("*.json"):
        text = json.loads(path.read_text(encoding="utf-8"))
        named = [text.get("base", {}).get("data")]
        for grid in text["grids"]:
            vary = grid.get("vary", {})
            named += vary.get("data", []) + vary.get("features", [])
        for data in named:
            if data not in (None, EMBEDDED):
                (tmp_path / data).write_bytes(data.encode())  # only the checksum is taken
        sweeps[path.stem] = read_config(path, tmp_path)
        assert sweeps[path.stem].name == path.stem
    cliff, controls, molecules = (sweeps[n].jobs for n in ("cliff", "controls", "molecules"))
    assert {job.model.l_max for job in cliff} == {0, 1, 2, 3}
    assert all(job.measure.degrees == (1, 2, 3) for job in (*cliff, *controls, *molecules))
    assert {job.model.channels for job in controls} == {8, 16, 32, 33, 64}
    assert {job.model.layers for job in controls} == {2, 3, 4, 5}
    assert {job.trained for job in controls} == {True, False}
    assert {job.model.tanh_gates for job in controls} == {True, False}
    for job in (*cliff, *controls, *molecules):
        assert job.measure.sites == 0  # all atoms
        steps = {2_000} if job in controls else {10_000} if job in cliff else {2_000, 10_000}
        assert job.train.steps in steps or not job.trained
    for jobs in (cliff, controls, molecules):
        seeds: dict[Any, set[int]] = {}
        for job in jobs:
            setting = (job.data, job.model, job.trained)
            seeds.setdefault(setting, set()).add(job.seed)
        assert all(found == {0, 1} for found in seeds.values())
    assert len(sweeps["controls"].amplitudes) >= 3
    assert {job.data.removesuffix(".npz") for job in molecules} == {
        "embedded", "aspirin_ccsd", "ethanol_rmd17", "malonaldehyde_rmd17", "toluene_rmd17",
        "benzene_rmd17",
    }  # fmt: skip
    assert {job.data for job in sweeps["embedded"].jobs} == {EMBEDDED}
    files_read = [job.data for job in sweeps["architectures"].jobs if job.features]
    assert {name.split("_")[0] for name in files_read} == {"mace", "e3nn"}


def test_a_setting_added_later_leaves_the_names_of_jobs_as_they_were() -> None:
    job = Job("embedded", "0" * 64, BackboneConfig(), TrainConfig(), MeasureSettings())
    assert "tanh_gates" not in job.content["model"]
    other = replace(job, model=replace(job.model, tanh_gates=True))
    assert other.content["model"]["tanh_gates"] is True
    assert other.id != job.id
