"""Names of the package are imported when used, so that a checker imports nothing else."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import span_theorem


def loaded(code: str) -> set[str]:
    """The modules of the project that a fresh interpreter has imported after ``code``."""
    code += "; import sys; print(*[m for m in sys.modules if m.startswith('span_theorem')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("checker", ["check", "coupling_check"])
def test_a_checker_imports_nothing_else(checker: str) -> None:
    assert loaded(f"import span_theorem.{checker}") == {"span_theorem", f"span_theorem.{checker}"}


def test_the_package_alone_imports_none_of_its_modules() -> None:
    assert loaded("import span_theorem") == {"span_theorem"}
    assert "span_theorem.surd" in loaded("from span_theorem import Surd")


def test_every_name_is_there_for_type_checkers_and_at_run_time() -> None:
    tree = ast.parse(Path(span_theorem.__file__).read_text(encoding="utf-8"))
    (guarded,) = [node for node in tree.body if isinstance(node, ast.If)]
    typed = {
        alias.name: node.module
        for node in guarded.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    table = {name: f"span_theorem.{module}" for name, module in span_theorem._MODULE_OF.items()}
    assert typed == table
    assert sorted(span_theorem.__all__) == sorted(table)
    for name in span_theorem.__all__:
        assert getattr(span_theorem, name) is not None
        assert name in dir(span_theorem)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        span_theorem.nothing  # noqa: B018
    with pytest.raises(ImportError):
        from span_theorem import nothing  # noqa: F401


def test_the_function_gaunt_is_called_by_the_name_of_its_module() -> None:
    code = "import span_theorem.gaunt; from span_theorem import gaunt; gaunt(1, 1, 2, 0, 0, 0)"
    assert "span_theorem.gaunt" in loaded(code)
