"""The tables of docs/diagnose.md follow the committed reports; no two tables share a file."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("sphinx", reason="sphinx is not installed: the docs extra")
import diagnosis_page
import generated

from neural_checks.diagnosis.result import REPORT

pytestmark = pytest.mark.docs


def test_the_table_of_architectures_follows_the_reports(repository: Path, tmp_path: Path) -> None:
    folder = tmp_path / "architectures"
    shutil.copytree(repository / "docs" / "results" / "architectures", folder)
    before = diagnosis_page.architectures_table(folder)
    path = folder / "mace" / "report.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    assert f"{content['closed']['values'][0]:.3f}, " in before
    content["closed"]["values"][0] -= 0.01
    path.write_text(json.dumps(content), encoding="utf-8")
    after = diagnosis_page.architectures_table(folder)
    changed = [a for a, b in zip(before.splitlines(), after.splitlines(), strict=True) if a != b]
    assert len(changed) == 1
    assert "mace" in changed[0]


def test_the_table_of_sites_follows_the_reports(repository: Path) -> None:
    folder = repository / "docs" / "results" / "sites"
    assert diagnosis_page.sites_table(folder).count("| agrees |") == 3
    reports = {kind: REPORT.read(folder / kind / "report.json") for kind in ("atoms", "species")}
    assert reports["atoms"].data == reports["species"].data
    assert len(reports["atoms"].sites) == 21
    assert [site.label for site in reports["species"].sites] == ["C", "H", "O"]


def test_rows_of_other_frames_are_not_one_table(repository: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sites"
    shutil.copytree(repository / "docs" / "results" / "sites", folder)
    path = folder / "species" / "report.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["data"]["held"] += 1
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ValueError, match="differ in data"):
        diagnosis_page.sites_table(folder)


def test_every_generated_file_has_one_writer() -> None:
    paths: list[Path] = []
    for module in vars(generated).values():
        if hasattr(module, "write_all"):
            module.write_all(lambda path, text: paths.append(path))
    assert len(paths) > 20
    assert [path for path, count in Counter(paths).items() if count > 1] == []
