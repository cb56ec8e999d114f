"""Entry points read without importlib.metadata, against importlib.metadata."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from span_theorem.registered import registered, resolve


@pytest.mark.parametrize(
    "group",
    [
        "span_theorem.commands",
        "span_theorem.observers",
        "span_theorem.force_models",
        "pytest11",
        "no.such.group",
    ],
)
def test_the_same_as_importlib_metadata(group: str) -> None:
    expected = {point.name: point.value for point in entry_points(group=group)}
    assert registered(group) == expected
    assert bool(expected) == (group != "no.such.group")


def test_what_is_loaded_is_the_object_that_is_named() -> None:
    for point in entry_points(group="span_theorem.observers"):
        assert resolve(point.value) is point.load()
    with pytest.raises(ModuleNotFoundError):
        resolve("span_theorem.no_such_module:main")


def _register(folder: Path, target: str, name: str = "mine-1.0.dist-info") -> None:
    (folder / name).mkdir(parents=True)
    text = f"# others\n[console_scripts]\nmine = x:y\n\n[a.group]\n; none\nmine = {target}\n"
    (folder / name / "entry_points.txt").write_text(text)


def test_of_one_package_the_first_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in ("1", "2"):
        _register(tmp_path / number, f"module{number}:main [extra]")
    _register(tmp_path / "2", "other:main", "other_package.egg-info")
    found = {"mine": "module1:main"}
    monkeypatch.setattr(sys, "path", [str(tmp_path / "1"), str(tmp_path / "2")])
    assert registered("a.group") == found
    monkeypatch.setattr(sys, "path", [str(tmp_path / "2"), str(tmp_path / "1")])
    assert registered("a.group") == {"mine": "module2:main"}
    monkeypatch.setattr(sys, "path", [str(tmp_path / "absent"), str(Path(__file__))])
    assert registered("a.group") == {}


def test_a_small_case_imports_nothing_that_it_does_not_need() -> None:
    code = (
        "import sys; from span_theorem.verify import main; main(['--L', '2', '--d', '2', "
        "'--no-certificate']); print([m for m in ('importlib.metadata', 'email', 'sympy', 'torch', "
        "'scipy', 'rich', 'span_theorem.directions') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Observed numerically" in done.stdout
    assert done.stdout.endswith("[]\n")
