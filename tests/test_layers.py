"""Imports run one way, and importing the exact layer stays cheap."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

LAYERS = ("span_theorem", "numeric_checks", "neural_checks")


def imported_packages(source: str) -> set[str]:
    """Top-level packages that a module imports anywhere, import_module calls included.

    A relative import is named ``"."``.
    """
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." if node.level else (node.module or "").split(".")[0])
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in ("import_module", "__import__"):
                found.add(str(node.args[0].value).split(".")[0])
    return found


@pytest.mark.parametrize("layer", LAYERS)
def test_no_layer_imports_one_above_it(layer: str, repository: Path) -> None:
    forbidden = {*LAYERS[LAYERS.index(layer) + 1 :], "."}  # graph() reads absolute names alone
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
    assert not imported_packages(f"from . import irreps\n{source}") <= set(sys.stdlib_module_names)


def imports_at_load(source: str) -> set[str]:
    """Modules and names imported when the module is loaded: not in functions, not for types."""
    found: set[str] = set()
    waiting: list[ast.stmt] = list(ast.parse(source).body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
        elif isinstance(node, ast.If | ast.Try | ast.With | ast.ClassDef):
            waiting += [n for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom)]
    return found


def graph(sources: dict[str, str]) -> dict[str, set[str]]:
    """Which of the modules each of them imports when it is loaded."""
    return {
        name: {other for other in imports_at_load(source) if other in sources and other != name}
        for name, source in sources.items()
    }


def module_name(path: Path, repository: Path) -> str:
    parts = path.relative_to(repository).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_no_imports_go_round_in_a_circle(repository: Path) -> None:
    sources = {
        module_name(path, repository): path.read_text(encoding="utf-8")
        for layer in LAYERS
        for path in (repository / layer).rglob("*.py")
    }
    assert len(sources) > 100
    modules = graph(sources)
    TopologicalSorter(modules).prepare()
    TopologicalSorter(rooms(modules)).prepare()


def rooms(modules: dict[str, set[str]]) -> dict[str, set[str]]:
    """The same by folder: ``neural_checks.readouts.verdict`` is in ``neural_checks.readouts``.

    Commands stand outside: nothing imports them, and they may use any room.
    """

    def room(name: str) -> str:
        return ".".join(name.split(".")[:2])

    result: dict[str, set[str]] = {}
    for name, others in modules.items():
        if name.endswith(".__main__"):
            continue
        result.setdefault(room(name), set()).update(
            {room(other) for other in others} - {room(name)}
        )
    return result


def test_a_circle_is_noticed() -> None:
    circle = {"a": "from b import x", "b": "import c", "c": "if 1:\n    import a"}
    with pytest.raises(CycleError):
        TopologicalSorter(graph(circle)).prepare()
    harmless = {"a": "def f():\n    import b", "b": "import a"}
    TopologicalSorter(graph(harmless)).prepare()
    # No module imports itself by way of others, but one room does.
    modules = {"p.a.x": {"p.b.x"}, "p.b.x": set(), "p.b.y": {"p.a.y"}, "p.a.y": set()}
    TopologicalSorter(modules).prepare()
    with pytest.raises(CycleError):
        TopologicalSorter(rooms(modules)).prepare()
    TopologicalSorter(rooms(modules | {"p.b.y": set(), "p.b.__main__": {"p.a.y"}})).prepare()
