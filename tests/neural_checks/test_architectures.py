"""The table of architectures says what the committed reports say."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

import pytest

from neural_checks.diagnosis.result import REPORT
from span_theorem.span import boundary

NAMES = ("e3nn", "mace", "nequip-L0", "nequip-stock")


def table(repository: Path, folder: Path, script: str = "architectures_table") -> str:
    path = repository / "benchmarks" / f"{script}.py"
    spec = importlib.util.spec_from_file_location(script, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: str = module.table(folder)
    return found


def test_the_table_is_made_from_the_reports(repository: Path, tmp_path: Path) -> None:
    folder = repository / "docs" / "results" / "architectures"
    page = (repository / "docs" / "diagnose.md").read_text(encoding="utf-8")
    assert table(repository, folder) in page
    # The comparison notices one other number.
    copy = tmp_path / "architectures"
    shutil.copytree(folder, copy)
    report = json.loads((copy / "mace" / "report.json").read_text())
    report["closed"]["values"][0] -= 0.01
    (copy / "mace" / "report.json").write_text(json.dumps(report))
    assert table(repository, copy) not in page


def test_the_table_of_sites_is_made_from_the_reports(repository: Path) -> None:
    folder = repository / "docs" / "results" / "sites"
    page = (repository / "docs" / "diagnose.md").read_text(encoding="utf-8")
    made = table(repository, folder, "sites_table")
    assert made in page
    assert made.count("| agrees |") == 3
    reports = {kind: REPORT.read(folder / kind / "report.json") for kind in ("atoms", "species")}
    assert reports["atoms"].data == reports["species"].data
    assert len(reports["atoms"].sites) == 21
    assert [site.label for site in reports["species"].sites] == ["C", "H", "O"]


@pytest.mark.parametrize("name", NAMES)
def test_every_run_tells_where_it_comes_from(repository: Path, name: str) -> None:
    folder = repository / "docs" / "results" / "architectures" / name
    report = REPORT.read(folder / "report.json")
    assert report.boundary == boundary(report.L, report.options.degree)
    assert report.verdict.agrees
    assert report.provenance is not None
    for made in (report.provenance["environment"], report.network["recorded_with"]):
        assert made["versions"]["numpy"]
        assert len(made["git_commit"]) == 40
    assert len(report.data.sha256) == 64
    assert max(report.equivariance.values()) < 1e-4
    for suffix in ("svg", "png"):
        assert (folder / f"diagnosis.{suffix}").stat().st_size > 1000
