"""Imports run one way, and importing the exact layer stays cheap."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

LAYERS = ("span_theorem", "numeric_checks", "neural_checks")


def imported_packages(source: str) -> set[str]:
    """Top-level packages that a module imports anywhere, import_module calls included."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add((node.module or "").split(".")[0])
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in ("import_module", "__import__"):
                found.add(str(node.args[0].value).split(".")[0])
    return found


@pytest.mark.parametrize("layer", LAYERS)
def test_no_layer_imports_one_above_it(layer: str, repository: Path) -> None:
    forbidden = set(LAYERS[LAYERS.index(layer) + 1 :])
    files = sorted((repository / layer).rglob("*.py"))
    assert files
    for path in files:
        assert not imported_packages(path.read_text(encoding="utf-8")) & forbidden, path


def test_the_layer_test_sees_every_form_of_import() -> None:
    for line in (
        "import neural_checks.x",
        "def f():\n    from neural_checks import y",
        "import importlib\nimportlib.import_module('neural_checks.z')",
    ):
        assert "neural_checks" in imported_packages(line)


def test_importing_span_theorem_needs_no_heavy_package() -> None:
    heavy = "'torch', 'e3nn', 'numpy', 'scipy', 'sympy', 'matplotlib', 'numeric_checks'"
    code = f"import span_theorem, sys; print([m for m in ({heavy}) if m in sys.modules])"
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert out.strip() == "[]"


def test_the_checker_imports_the_standard_library_alone(repository: Path) -> None:
    source = (repository / "span_theorem" / "check.py").read_text(encoding="utf-8")
    assert imported_packages(source) <= set(sys.stdlib_module_names)
