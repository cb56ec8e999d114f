"""Examples in the docstrings of the numeric layer run, and its public names are documented."""

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


@pytest.mark.parametrize("name", MODULES)
def test_examples_and_docstrings(name: str) -> None:
    module = importlib.import_module(name)
    assert doctest.testmod(module).failed == 0
    assert module.__doc__
    for public in module.__all__:
        value = getattr(module, public)
        if inspect.isfunction(value) or inspect.isclass(value):
            assert inspect.getdoc(value), f"{name}.{public}"
