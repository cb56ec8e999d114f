"""A folder of results: one run at a time, complete runs kept, interrupted ones completed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from numeric_checks.figures import save_figure, subplots
from numeric_checks.outputs import clear_unfinished, output_file, output_folder, write_outputs


def test_a_complete_run_is_refused_and_an_interrupted_one_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "a"
    with output_folder(folder, last="report.json"):
        (folder / "table.csv").write_text("1")
    with output_folder(folder, last="report.json"):
        (folder / "report.json").write_text("{}")
    with pytest.raises(FileExistsError, match="--force"), output_folder(folder, last="report.json"):
        pytest.fail("entered")
    with output_folder(folder, last="report.json", force=True) as path:
        assert path == folder


def test_what_a_killed_run_had_begun_is_removed_and_nothing_else(tmp_path: Path) -> None:
    code = (
        "import os, sys; from numeric_checks.outputs import output_folder\n"
        "from span_theorem.files import writing\n"
        "with output_folder(sys.argv[1], last='x') as folder, writing(folder / 'a.csv'):\n"
        "    os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert done.returncode == -9
    assert len(list(tmp_path.glob(".a.csv.*.writing"))) == 1
    for kept in ("a.writing", "b.csv"):
        (tmp_path / kept).touch()
    with output_folder(tmp_path, last="x"):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {".lock", "a.writing", "b.csv"}


@pytest.mark.parametrize("name", ["a.npz", "[x]*?", "é" * 120, "😀" * 60, "x" * 250])
def test_what_a_killed_writer_of_a_file_left_is_removed(tmp_path: Path, name: str) -> None:
    code = (
        "import os, sys; from numeric_checks.outputs import output_file\n"
        "from span_theorem.files import writing\n"
        "with output_file(sys.argv[1]) as path, writing(path):\n"
        "    os.kill(os.getpid(), 9)"
    )
    path = tmp_path / name
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert done.returncode == -9
    assert len(list(tmp_path.iterdir())) == 2  # the lock, and the file begun
    others = {".a.b.abcdefgh.writing", ".x.abcdefgh.writing", "a.npz.writing"}
    for other in others:
        (tmp_path / other).touch()
    with output_file(path), pytest.raises(ValueError, match="another process"), output_file(path):
        pytest.fail("entered")
    assert {p.name for p in tmp_path.iterdir()} == others
    path.touch()
    with pytest.raises(FileExistsError, match="--force"), output_file(path):
        pytest.fail("entered")
    with output_file(path, force=True):
        pass


def test_a_link_is_removed_and_not_what_it_leads_to(tmp_path: Path) -> None:
    folder, kept = tmp_path / "folder", tmp_path / "kept"
    for made in (folder, kept):
        made.mkdir()
    (kept / "x").touch()
    (folder / ".a.abcdefgh.writing").symlink_to(kept)
    clear_unfinished(folder)
    assert not list(folder.iterdir())
    assert (kept / "x").exists()


def test_a_figure_is_written_to_all_of_its_paths_or_to_none(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    figure, _ = subplots(figsize=(2, 2))
    (tmp_path / "f.png").touch()
    with pytest.raises(FileExistsError):
        save_figure(figure, (tmp_path / "f.svg", tmp_path / "f.png"))
    assert [path.name for path in tmp_path.iterdir()] == ["f.png"]


def test_two_runs_at_once_are_refused_by_name(tmp_path: Path) -> None:
    code = (
        "import sys; from numeric_checks.outputs import output_folder\n"
        "with output_folder(sys.argv[1], last='x'): print('in', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "in\n"
        with (
            pytest.raises(ValueError, match=f"in use by process {other.pid} on"),
            output_folder(tmp_path, last="x"),
        ):
            pytest.fail("entered")
    finally:
        other.kill()
        other.communicate()
    # A killed holder holds nothing, whatever it left behind.
    with output_folder(tmp_path, last="x"):
        assert str(os.getpid()) in (tmp_path / ".holder").read_text()
    assert not (tmp_path / ".holder").exists()


def test_what_was_written_is_named_up_to_the_first_that_fails(tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        raise OSError(f"no space for {path.name}")

    good = {"figure": lambda path: path.with_suffix(".png").touch(), "a.txt": Path.touch}
    (told,) = write_outputs(tmp_path, good)
    assert told() == f"figure, a.txt to {tmp_path}"
    first, second = write_outputs(tmp_path, {"b.txt": Path.touch, "c": fail, "d": Path.touch})
    assert first() == str(tmp_path / "b.txt")
    with pytest.raises(OSError, match="no space for c"):
        second()
    assert {path.name for path in tmp_path.iterdir()} == {"figure.png", "a.txt", "b.txt"}
    assert write_outputs(tmp_path, {}) == ()
