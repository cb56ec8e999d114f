"""A time stands beside every command of the README, and it is that of a committed record."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

pytest.importorskip("docutils", reason="docutils is not installed: the docs extra")
import times
from commands import normal

UNITS = {"s": 1, "min": 60}
LIMITS = {"a second": (0, 3), "seconds": (3, 60), "minutes": (60, 3600)}


def told(readme: str) -> dict[str, str]:
    """The commands of the README with the word for their time, of the line or the one above."""
    found, above = {}, ""
    for block in re.findall(r"```bash\n(.*?)```", readme, re.DOTALL):
        for line in block.splitlines():
            command = normal(line)
            if line.startswith("#"):
                above = line
            elif command and "pip install" not in line:
                comment = line.partition("#")[2] or above
                match = re.search(r"\b(a second|seconds|minutes)\b", comment)
                assert match, line
                found[command] = match[1]
                above = ""
    return found


def test_the_words_of_readme_and_guide_are_those_measured(repository: Path) -> None:
    words = told((repository / "README.md").read_text(encoding="utf-8"))
    assert len(words) >= 18
    guide = (repository / "docs" / "guides" / "decide.md").read_text(encoding="utf-8")
    rows = re.findall(r"`(python -m [^`]*)` \| ([^|]*) \|", guide)
    assert len(rows) == 3
    words |= {normal(line) or line: word for line, word in rows}
    for command, word in words.items():
        text = times.taken(command)
        assert text, f"no committed record says what {command} takes"
        match = re.search(r"([\d.]+) (s|min)\b", text)
        assert match
        low, high = LIMITS[word]
        assert low <= float(match[1]) * UNITS[match[2]] <= high, (command, word, text)


def test_a_reported_time_is_that_of_its_report(repository: Path) -> None:
    results = repository / "docs" / "results"
    demand = json.loads((results / "demand/aspirin_xtb/report.json").read_text("utf-8"))
    text = times.taken("numeric_checks.demand my_data.extxyz")
    assert text is not None
    assert text.startswith(f"{demand['seconds'] / 60:.0f} min on the clock")
    jobs = [json.loads(p.read_text("utf-8")) for p in results.glob("sweep-cliff/jobs/*.json")]
    longest = max(job["provenance"]["seconds"] for job in jobs)
    for command in ("cliff --data-dir DATA", "cliff --workers 8"):
        assert f" to {longest / 60:.0f} min a network" in (
            times.taken(f"neural_checks.sweep {command}") or ""
        )
    # What trains nothing takes no time of a training.
    assert times.taken("neural_checks.sweep cliff --data-dir DATA --list") is None
    assert times.taken("neural_checks.sweep my_sweep.json") is None


def test_every_reported_folder_is_committed(repository: Path) -> None:
    for one in times.reported():
        assert (repository / "docs" / one.folder).is_dir()
