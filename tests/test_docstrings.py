"""Examples in docstrings run, and every public name of the exact layer is documented."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil

import pytest

import span_theorem

MODULES = sorted(
    info.name
    for info in pkgutil.walk_packages(span_theorem.__path__, "span_theorem.")
    if not info.name.endswith("__main__")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_a_false_example_is_noticed() -> None:
    def wrong() -> None:
        """
        >>> 1 + 1
        3
        """

    runner = doctest.DocTestRunner(verbose=False)
    for example in doctest.DocTestFinder().find(wrong, "wrong"):
        runner.run(example, out=lambda _: None)
    assert runner.failures == 1


@pytest.mark.parametrize("name", MODULES)
def test_public_names_exist_and_are_documented(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__doc__
    for public in getattr(module, "__all__", []):
        value = getattr(module, public)
        if inspect.isfunction(value) or inspect.isclass(value):
            assert inspect.getdoc(value), f"{name}.{public}"
