"""The committed diagnoses of small networks tell where they come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from neural_checks.diagnosis.result import REPORT
from span_theorem.span import boundary

NAMES = ("e3nn", "mace", "nequip-L0", "nequip-stock")


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
