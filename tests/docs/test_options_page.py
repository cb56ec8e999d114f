"""The guide from options to degrees agrees with the command and with closed forms."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import options_page
import pytest

from span_theorem.architecture.__main__ import main

NUMBER = re.compile(r"≤ (\d+)")


def rows(table: str) -> list[list[str]]:
    return [[c.strip() for c in line[1:-1].split("|")] for line in table.splitlines()[2:]]


def shown() -> list[tuple[str, int, list[int | None]]]:
    """(arguments, layer, numbers) of every layer in the table."""
    found, arguments = [], ""
    for head, layer, *cells in rows(options_page.table()):
        arguments = re.search(r"`(--.*)`$", head)[1] if head else arguments  # type: ignore[index]
        numbers = [int(m[1]) if (m := NUMBER.match(c)) else None for c in cells]
        first, _, last = layer.partition(" to ")
        found += [(arguments, n, numbers) for n in range(int(first), int(last or first) + 1)]
    return found


def test_the_table_says_what_the_command_says(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, number, numbers in shown():
        assert main([*shlex.split(arguments), "--neighbours", "1", "--json"]) == 0
        layer = json.loads(capsys.readouterr().out)["layers"][number - 1]
        wanted = [layer[column] for column in options_page.COLUMNS]
        assert numbers == [*wanted, layer["total_degree_of_readout"]], (arguments, number)


def test_first_layers_are_the_closed_forms_of_the_guide() -> None:
    first = {arguments: numbers for arguments, number, numbers in shown() if number == 1}
    seen = 0
    for arguments, (products, _, angle, total, readout) in first.items():
        options = dict(pair.split("=") for pair in arguments.split() if "=" in pair)
        if "--mace" in arguments:
            L, d = int(options["max_ell"]), int(options["correlation"])
        elif "--nequip" in arguments:
            L, d = int(options["l_max"]), 1
        else:
            continue
        seen += 1
        assert (products, angle) == (L * d, L * (d // 2)), arguments
        assert total is not None
        assert readout == 2 * total
    assert seen >= 6


def test_every_theorem_and_page_that_the_guide_names_exists(repository: Path) -> None:
    text = (repository / "docs/guides/options.md").read_text() + options_page.table()
    pages = set(re.findall(r"\]\((/[\w/-]+\.md)", text))
    assert len(pages) >= 6
    for page in pages:
        assert (repository / "docs" / page.lstrip("/")).is_file(), page
