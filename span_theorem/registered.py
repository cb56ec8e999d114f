"""What installed packages register with this one: entry points, read from their metadata.

As ``importlib.metadata.entry_points``, of installed folders. That module is not imported for it: it
brings the email package with it, which takes longer than a small case of the theorem.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from typing import Any

__all__ = ["registered", "resolve"]


def registered(group: str) -> dict[str, str]:
    """The entry points of ``group``: what each name stands for, as ``module:attribute``.

    Of two packages of one name the first on ``sys.path`` counts.

    >>> registered("span_theorem.no_such_group")
    {}
    """
    found: dict[str, str] = {}
    for text in _texts():
        if f"[{group}]" in text:
            found = dict(_section(text, group)) | found
    return dict(sorted(found.items()))


def resolve(target: str) -> Any:
    """The object that ``module:attribute`` names.

    >>> resolve("math:pi")
    3.141592653589793
    """
    module, _, attribute = target.partition(":")
    found: Any = import_module(module)
    for part in attribute.split(".") if attribute else ():
        found = getattr(found, part)
    return found


def _texts() -> Iterator[str]:
    """The ``entry_points.txt`` of every installed package, in the order of ``sys.path``."""
    seen = set()
    for folder in dict.fromkeys(sys.path):
        names: list[str] = []
        with suppress(OSError):
            names = sorted(os.listdir(folder or "."))
        for name in names:
            if not name.endswith((".dist-info", ".egg-info")):
                continue
            package = name.partition("-")[0].removesuffix(".egg-info").lower().replace("-", "_")
            if package in seen:
                continue
            seen.add(package)
            path = os.path.join(folder, name, "entry_points.txt")
            with suppress(OSError), open(path, encoding="utf-8", errors="replace") as stream:
                yield stream.read()


def _section(text: str, group: str) -> Iterator[tuple[str, str]]:
    current = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            current = line.strip("[]")
        elif current == group and "=" in line and not line.startswith(("#", ";")):
            name, _, target = line.partition("=")
            yield name.strip(), target.partition("[")[0].strip()
