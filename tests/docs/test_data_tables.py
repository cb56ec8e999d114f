"""The tables of data files are those of the records."""

from __future__ import annotations

import json
import re
from pathlib import Path

import data_tables


def test_the_tables_show_the_records(repository: Path) -> None:
    tables: dict[str, str] = {}
    data_tables.write_all(lambda path, text: tables.update({path.name: text}))
    assert set(tables) == {"corpus.md", "corpus_files.md", "marks.md", "streaming.md"}
    folder = repository / "docs/results/data"
    corpus = json.loads((folder / "corpus.json").read_text(encoding="utf-8"))
    read = sum(row["outcome"] == "read" for row in corpus["rows"])
    assert f"| all | {read} | {len(corpus['rows']) - read} |" in tables["corpus.md"]
    for row in corpus["rows"]:
        assert f"| {row['format']} | {row['fault']} | " in tables["corpus_files.md"]
    marks = json.loads((folder / "marks.json").read_text(encoding="utf-8"))
    for row in marks["rows"]:
        counted = f"| {row['name']} | {len(row['differing'])} of {row['atoms']} |"
        assert counted in tables["marks.md"]
    for text in tables.values():
        lines = [line for line in text.splitlines() if line.startswith("|")]
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) == 1
