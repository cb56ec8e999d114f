"""What the packages offer by name: all of it documented, and all that the pages import is there."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGES = ("span_theorem", "numeric_checks", "neural_checks")
#: Not to be imported by ``import package``.
HEAVY = {
    "span_theorem": ("numpy", "scipy", "sympy", "torch"),
    "numeric_checks": ("numpy", "scipy", "torch"),
    "neural_checks": ("numpy", "torch", "nequip", "e3nn"),
}


def offered(package: str) -> list[str]:
    return list(getattr(importlib.import_module(package), "__all__", []))


def documented_imports(repository: Path) -> list[tuple[str, str, str]]:
    """(page, module, name) of every import from a package of ours in README and docs."""
    pages = [repository / "README.md", *sorted((repository / "docs").rglob("*.md"))]
    found = []
    pattern = re.compile(
        rf"^\s*(from (?:{'|'.join(PACKAGES)})[\w.]* import (?:\([^)]*\)|[^\n(]+))", re.MULTILINE
    )
    for page in pages:
        if {"_build", "api", "_generated"} & set(page.relative_to(repository).parts):
            continue
        for statement in pattern.findall(page.read_text(encoding="utf-8")):
            (node,) = ast.parse(statement.strip()).body
            assert isinstance(node, ast.ImportFrom)
            name = str(page.relative_to(repository))
            found += [(name, node.module or "", alias.name) for alias in node.names]
    return found


def faults(imports: list[tuple[str, str, str]]) -> list[str]:
    """Names that are not there, and names taken past the package that offers them."""
    said = []
    for page, module, name in imports:
        package = module.partition(".")[0]
        try:
            there = hasattr(importlib.import_module(module), name)
        except ModuleNotFoundError as error:
            there = (error.name or "").partition(".")[0] not in PACKAGES  # another environment's
        if not there:
            said.append(f"{page}: {module} has no {name}")
        elif module == package and name not in offered(package):
            said.append(f"{page}: {package}.__all__ does not list {name}")
        elif module != package and name in offered(package):
            said.append(f"{page}: import {name} from {package}, not from {module}")
    return said


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_offered_is_there_and_documented(package: str) -> None:
    module = importlib.import_module(package)
    assert module.__doc__
    for name in offered(package):
        value = getattr(module, name)
        if inspect.isfunction(value) or inspect.isclass(value) or inspect.ismodule(value):
            assert inspect.getdoc(value), f"{package}.{name}"


def test_what_the_pages_import_is_offered(repository: Path) -> None:
    imports = documented_imports(repository)
    assert {module.partition(".")[0] for _, module, _ in imports} == set(PACKAGES)
    assert faults(imports) == []


def test_a_wrong_import_on_a_page_is_noticed() -> None:
    wrong = [
        ("page", "numeric_checks", "nothing"),
        ("page", "numeric_checks.sphere.harmonics", "real_harmonics"),
        ("page", "numeric_checks.no_module", "x"),
    ]
    assert len(faults(wrong)) == 3
    assert faults([("page", "numeric_checks", "real_harmonics")]) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_a_package_imports_nothing_heavy(package: str) -> None:
    code = f"import {package}, sys; print([m for m in {HEAVY[package]} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_a_function_is_not_hidden_by_its_module() -> None:
    code = (
        "import numeric_checks.bandwidth.estimate as e; from numeric_checks import bandwidth\n"
        "import inspect\n"
        "print(callable(bandwidth), inspect.signature(bandwidth) == inspect.signature(e.bandwidth))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["True", "True"]
