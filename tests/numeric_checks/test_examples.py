"""Examples in the docstrings of the numeric layer run, and public names are documented."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil

import pytest

import numeric_checks

MODULES = sorted(
    info.name for info in pkgutil.walk_packages(numeric_checks.__path__, "numeric_checks.")
)
DOCUMENTED = (
    "accuracy",
    "arrays",
    "ceiling",
    "componentwise",
    "harmonics",
    "output",
    "precise",
    "quadrature",
    "random_features",
    "rank",
    "readout",
    "rotations",
    "stages",
    "synthetic",
)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__doc__
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("name", DOCUMENTED)
def test_public_names_are_documented(name: str) -> None:
    module = importlib.import_module(f"numeric_checks.{name}")
    for public in module.__all__:
        value = getattr(module, public)
        if inspect.isfunction(value) or inspect.isclass(value):
            assert inspect.getdoc(value), f"{name}.{public}"
