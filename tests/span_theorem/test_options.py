"""Options that several commands share are declared in one place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from span_theorem.command import parser
from span_theorem.options import (
    LARGEST_SEED,
    MOST_DRAWS,
    add_draws,
    add_force,
    add_output_file,
    add_output_folder,
    add_seed,
)


@pytest.mark.parametrize("option", ["--seed", "--draws", "--force"])
def test_no_command_declares_them_anew(option: str, repository: Path) -> None:
    declared = re.compile(rf'(add_argument|_integer)\(\s*(\w+,\s*)?"{option}"')
    found = [
        str(path.relative_to(repository))
        for package in ("span_theorem", "numeric_checks", "neural_checks")
        for path in (repository / package).rglob("*.py")
        if declared.search(path.read_text(encoding="utf-8"))
    ]
    assert found == ["span_theorem/options.py"]


def test_values_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    made = parser("x", "")
    add_draws(made, 500, "frames")
    add_seed(made, "the draws")
    add_output_folder(made, "the report", otherwise="RUN/x")
    given = made.parse_args([])
    assert (given.seed, given.draws, given.out, given.force) == (0, 500, None, False)
    given = made.parse_args(["--seed", str(LARGEST_SEED), "--draws", "1", "--out", "a", "--force"])
    assert (given.seed, given.draws, given.out, given.force) == (LARGEST_SEED, 1, Path("a"), True)
    for option, wrong in (
        ("--seed", "-1"),
        ("--seed", str(LARGEST_SEED + 1)),
        ("--draws", "0"),
        ("--draws", str(MOST_DRAWS + 1)),
    ):
        with pytest.raises(SystemExit) as refused:
            made.parse_args([option, wrong])
        assert refused.value.code == 2
        assert "must be an integer from" in capsys.readouterr().err
    text = " ".join(made.format_help().split())
    assert "draws of the bootstrap over frames (default 500)" in text
    assert "seed of the draws (default 0)" in text
    assert "folder for the report, made if needed (default RUN/x)" in text
    assert "replace files that exist" in text


def test_files(capsys: pytest.CaptureFixture[str]) -> None:
    made = parser("x", "")
    add_output_file(made.add_mutually_exclusive_group(), "arrays")
    add_force(made)
    assert made.parse_args(["--out", "a.npz"]).out == Path("a.npz")
    for wrong in ("a.npy", "-", "npz", ".npz", "a.npz.txt", ""):
        with pytest.raises(SystemExit) as refused:
            made.parse_args(["--out", wrong])
        assert refused.value.code == 2
        assert f"must end in .npz, got {wrong!r}" in capsys.readouterr().err
    needed = parser("x", "")
    add_output_file(needed, "arrays", required=True)
    with pytest.raises(SystemExit):
        needed.parse_args([])
    assert "--out" in capsys.readouterr().err
