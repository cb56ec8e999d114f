"""Benchmarks are measured by hand; here each is imported and asked for its help."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

# One process for all: what takes time is the import of torch.
HELP = """
import contextlib, io, json, runpy, sys, traceback, warnings

warnings.simplefilter("ignore")
found = {}
for path in sys.argv[1:]:
    sys.argv = [path, "--help"]
    text, code = io.StringIO(), None
    try:
        with contextlib.redirect_stdout(text):
            runpy.run_path(path, run_name="__main__")
    except SystemExit as end:
        code = end.code
    except BaseException:
        text.write(traceback.format_exc())
    found[path] = [code, text.getvalue()]
print(json.dumps(found))
"""


def run(repository: Path, *arguments: str) -> str:
    paths = os.pathsep.join(map(str, (repository, repository / "benchmarks")))
    made = subprocess.run(
        [sys.executable, *arguments],
        cwd=repository,
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr[-2000:]
    return made.stdout


def absent(path: Path) -> set[str]:
    """Packages that are imported when the file is loaded, and are not installed."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {
        name.partition(".")[0]
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
        )
    }
    names -= {other.stem for other in path.parent.glob("*.py")}
    return {name for name in names if find_spec(name) is None}


def test_every_benchmark_is_imported_and_tells_its_options(repository: Path) -> None:
    paths = [path for path in sorted((repository / "benchmarks").glob("*.py")) if not absent(path)]
    assert paths
    found = json.loads(run(repository, "-c", HELP, *map(str, paths)))
    assert set(found) == set(map(str, paths))
    wrong = {
        Path(path).name: text[-500:]
        for path, (code, text) in found.items()
        if code != 0 or not text.startswith("usage: ")
    }
    assert not wrong


def test_the_table_of_densities_in_its_smallest_case(repository: Path, tmp_path: Path) -> None:
    out = tmp_path / "made" / "density.json"
    run(repository, "benchmarks/density_table.py", "--largest", "1", "--out", str(out))
    (row,) = json.loads(out.read_text(encoding="utf-8"))["rows"]
    kept = json.loads((repository / "docs/results/exact/density.json").read_text(encoding="utf-8"))
    assert row in kept["rows"]


def test_forces_of_made_clusters_are_minus_the_gradient(repository: Path, tmp_path: Path) -> None:
    """Noise apart, by central differences of an energy written down a second time."""
    np = pytest.importorskip("numpy")
    legendre = pytest.importorskip("scipy.special").eval_legendre
    path = tmp_path / "clusters.npz"
    run(repository, "benchmarks/clusters.py", str(path), "--ell", "3", "--frames", "200")
    with np.load(path) as file:
        positions, forces, energies = file["R"], file["F"], file["E"]

    def energy(place: Any) -> Any:
        ends = place[:, 1:] - place[:, :1]
        long = np.linalg.norm(ends, axis=2)
        total = np.zeros(len(place))
        for j, k in combinations(range(3), 2):
            cosine = (ends[:, j] * ends[:, k]).sum(axis=1) / (long[:, j] * long[:, k])
            fall = np.exp(-4 * ((long[:, j] - 1) ** 2 + (long[:, k] - 1) ** 2))
            total += legendre(3, cosine) * fall
        return total

    gradient = np.zeros_like(forces)
    for atom, axis in np.ndindex(4, 3):
        step = np.zeros((4, 3))
        step[atom, axis] = 1e-5
        gradient[:, atom, axis] = (energy(positions + step) - energy(positions - step)) / 2e-5
    assert energies == pytest.approx(energy(positions), abs=1e-12)
    noise = forces + gradient
    size = np.sqrt(np.mean(gradient**2))
    assert np.sqrt(np.mean(noise**2)) == pytest.approx(0.05 * size, rel=0.05)
    assert abs((noise * gradient).mean()) < 0.01 * size**2
    gaps = np.linalg.norm(positions[:, 1:, None] - positions[:, None, 1:], axis=3)
    assert gaps[:, ~np.eye(3, dtype=bool)].min() >= 1.4
