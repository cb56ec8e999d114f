"""The wheel: what it holds, and that its commands run where the source tree is not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

#: What is in the wheel beside Python files.
DATA = {
    "neural_checks/data/fingerprints.json",
    "neural_checks/injection/presets.json",
    "neural_checks/sweep/configs/architectures.json",
    "neural_checks/sweep/configs/cliff.json",
    "neural_checks/sweep/configs/controls.json",
    "neural_checks/sweep/configs/embedded.json",
    "neural_checks/sweep/configs/molecules.json",
    "numeric_checks/data/aspirin_xtb.npz",
    *(f"{name}/py.typed" for name in ("span_theorem", "numeric_checks", "neural_checks")),
}

#: Commands in an environment with the base dependencies: exit code, and what is printed.
BASE = [
    ("--version", 0, "span-theorem 0."),
    ("--help", 0, "diagnose"),
    ("verify --L 2 --d 2", 0, "Observed numerically:\n  rank 25 of 25"),
    ("check span-L2-d2-upto.cert.json", 0, "accepted"),
    ("verify --L 2 --d 2 --claim 5", 3, "refuted"),
    ("verify --L 2 --d 2 --directions 2 --json", 0, '"dimension"'),
    ("architecture --mace max_ell=2 correlation=2 hidden=8x0e layers=1", 0, "0e"),
    ("coupling 0e+1o --degree 2 --out basis.npz --certificate basis.cert.json", 0, "0e"),
    ("coupling-check basis.cert.json", 0, "accepted"),
    ("rank --L 2 --d 2", 0, "25"),
    ("ceiling --irreps 2x0e+2x1o --d 2", 0, "2"),
]

#: Commands that need the files of the wheel and the packages of this environment.
WITH_FILES = [
    ("bandwidth embedded", 0, "ℓ"),
    ("aspirin --help", 0, "quick"),
    ("sweep --help", 0, "embedded"),
    ("download --help", 0, "aspirin"),
]


def _run(
    *command: str | Path, cwd: Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={k: v for k, v in (env or os.environ).items() if k != "PYTHONPATH"},
        capture_output=True,
        text=True,
        timeout=1800,
    )


def _interpreter(version: str) -> str | None:
    """A program of this version of Python: this one, on the path, or of pyenv."""
    found = [sys._base_executable] if version == "{}.{}".format(*sys.version_info) else []  # type: ignore[attr-defined]
    found += [shutil.which(f"python{version}") or ""]
    found += map(str, sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python")))
    for path in filter(None, found):
        done = subprocess.run([path, "--version"], capture_output=True, text=True)
        if done.stdout.startswith(f"Python {version}."):
            return path
    return None


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = ["-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, repository]
    done = _run(sys.executable, *command, cwd=folder)
    assert done.returncode == 0, done.stderr
    (made,) = folder.glob("*.whl")
    return made


def _environment(python: str, folder: Path) -> Path:
    done = _run(python, "-m", "venv", folder, cwd=folder.parent)
    assert done.returncode == 0, done.stderr
    return folder / "bin" / "python"


def _check(commands: list[tuple[str, int, str]], python: Path, folder: Path) -> None:
    folder.mkdir()
    for line, code, text in commands:
        done = _run(python.parent / "span-theorem", *line.split(), cwd=folder)
        assert done.returncode == code, (line, done.stdout, done.stderr)
        assert text in done.stdout, (line, done.stdout)
        assert "Traceback" not in done.stderr, (line, done.stderr)


def test_it_holds_what_the_commands_need_and_nothing_else(wheel: Path, repository: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    tracked = {
        str(path.relative_to(repository))
        for package in ("span_theorem", "numeric_checks", "neural_checks")
        for path in (repository / package).rglob("*.py")
    }
    assert names == tracked | DATA
    assert wheel.stat().st_size < 2_000_000


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_its_commands_run_with_the_base_dependencies(
    version: str, wheel: Path, repository: Path, tmp_path: Path
) -> None:
    found = _interpreter(version)
    if found is None:
        pytest.skip(f"no Python {version} on this machine")
    python = _environment(found, tmp_path / "env")
    constraints = repository / "constraints.txt"
    install = ["-m", "pip", "install", "-q", "-c", constraints, wheel]
    done = _run(python, *install, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    _check(BASE, python, tmp_path / "work")
    missing = _run(python.parent / "span-theorem", "aspirin", "--preset", "quick", cwd=tmp_path)
    assert missing.returncode == 2
    assert '".[neural]"' in missing.stderr
    alone = "import span_theorem, sys; print([m for m in ('numpy', 'sympy') if m in sys.modules])"
    assert _run(python, "-c", alone, cwd=tmp_path).stdout == "[]\n"


def test_commands_find_the_files_of_the_wheel(wheel: Path, tmp_path: Path) -> None:
    python = _environment(sys._base_executable, tmp_path / "env")  # type: ignore[attr-defined]
    done = _run(python, "-m", "pip", "install", "-q", "--no-deps", wheel, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (packages,) = (tmp_path / "env" / "lib").glob("python*/site-packages")
    # The other packages are those of this environment; the wheel's folder stands before them.
    others = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "others.pth").write_text("\n".join(others))
    _check(WITH_FILES, python, tmp_path / "work")
    code = "import numeric_checks as n, neural_checks.aspirin as a; print(n.__file__, a.__file__)"
    shown = _run(python, "-c", code, cwd=tmp_path)
    assert shown.stdout.count(str(packages)) == 2, shown.stderr
