"""The table of docs/bandwidth.md says what the committed reports say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import bandwidth_page


def rows(repository: Path) -> dict[str, list[str]]:
    """Cells of the table by name of the data, as the site's builder writes it."""
    pages: dict[Path, str] = {}
    bandwidth_page.write_all(pages.__setitem__)
    ((path, text),) = pages.items()
    named = f"{{include}} /_generated/{path.name}"
    assert named in (repository / "docs" / "bandwidth.md").read_text(encoding="utf-8")
    found = {}
    for line in text.splitlines()[2:]:
        name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        found[name.split(" <")[0].removeprefix("{download}`")] = cells
    return found


def expected(folder: Path) -> list[str]:
    """The cells that the reports of one folder make."""
    report, alone = (
        json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("report", "direction-only")
    )
    pooled, direction = report["pooled"], alone["pooled"]

    def star(spectrum: dict[str, object]) -> str:
        return "undecided" if spectrum["bandwidth"] is None else f"≥ {spectrum['bandwidth']}"

    def share(spectrum: dict[str, list[float]]) -> str:
        return f"{spectrum['explained'][spectrum['best']]:.3f}"  # type: ignore[call-overload]

    weights = [f"{weight:.3f}" for weight in pooled["weights"][:4]]
    return [
        str(pooled["samples"]),
        str(len(report["atoms"])),
        share(pooled),
        *weights,
        star(pooled),
        f"{star(direction)} of {share(direction)}",
    ]


def test_every_row_is_made_by_its_reports(repository: Path) -> None:
    table = rows(repository)
    folders = sorted(p for p in (repository / "docs" / "results" / "bandwidth").iterdir())
    assert [folder.name for folder in folders] == sorted(table)
    assert len(table) >= 5
    for folder in folders:
        assert table[folder.name] == expected(folder), folder.name


def test_reports_carry_their_provenance(repository: Path) -> None:
    for path in (repository / "docs" / "results" / "bandwidth").glob("*/*.json"):
        report = json.loads(path.read_text(encoding="utf-8"))
        assert re.fullmatch(r"[0-9a-f]{64}", report["sha256"])
        assert report["options"]["seed"] == 0
        assert report["made_with"]["command"].startswith("python -m numeric_checks.bandwidth ")
        assert set(report["made_with"]["versions"]) >= {"span-theorem", "numpy", "scipy"}
        assert path.with_suffix(".png").stat().st_size > 10_000


def test_the_embedded_data_are_those_of_the_report(repository: Path) -> None:
    from numeric_checks.molecules.data import EMBEDDED, load

    path = repository / "docs" / "results" / "bandwidth" / "aspirin_xtb" / "report.json"
    assert json.loads(path.read_text(encoding="utf-8"))["sha256"] == load(EMBEDDED).checksum
