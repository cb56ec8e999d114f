"""The names that a package offers, imported when they are first used.

A package's ``__init__`` names them once more for type checkers under ``TYPE_CHECKING`` and calls
:func:`attach`. Where a name is also that of a module of the package, as ``verify`` is, the module
itself is made callable (:func:`make_callable`): ``from span_theorem import verify`` gives the same
object whatever was imported before, ``verify(2, 2)`` calls the function, and ``verify.main`` is
still the module's.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

__all__ = ["attach", "make_callable"]


def attach(
    package: str, names: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """``__getattr__``, ``__dir__`` and ``__all__`` of ``package``.

    ``names`` maps every name to the module that defines it, or to ``"module:its name there"``; a
    name mapped to a module of that same name stands for the module (:func:`make_callable`).
    """

    def get(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        place, _, attribute = names[name].partition(":")
        module = import_module(place)
        value = module if place == f"{package}.{name}" else getattr(module, attribute or name)
        sys.modules[package].__dict__[name] = value
        return value

    return get, lambda: sorted(names), sorted(names)


class _CallableModule(ModuleType):
    _target: str

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return self.__wrapped__(*arguments, **options)

    @property
    def __wrapped__(self) -> Callable[..., Any]:
        # inspect.signature and help follow it to the function.
        module, _, name = self._target.partition(":")
        function: Callable[..., Any] = getattr(import_module(module), name)
        return function


def make_callable(module: str, target: str) -> None:
    """Let ``module``, while it is being imported, be called as ``"module:function"``."""
    loaded = sys.modules[module]
    loaded.__class__ = _CallableModule
    loaded.__dict__["_target"] = target
