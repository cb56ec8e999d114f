"""What to install where an optional package is missing."""

from __future__ import annotations

import re

__all__ = ["remedy"]

#: Distributions whose name is not that of the module they give.
_DISTRIBUTIONS = {"Bio": "biopython", "mace": "mace-torch", "yaml": "pyyaml", "PIL": "pillow"}
#: Extras that shut others out or are for developers: named only where no other has the package.
_LAST = ("allegro", "mace", "test", "docs", "bench")


def remedy(module: str) -> str:
    """One line for the reader: the package of ``module`` is missing, and how to get it.

    >>> remedy("no_such_module")
    'no_such_module is not installed'
    """
    top = module.partition(".")[0]
    name = _canonical(_DISTRIBUTIONS.get(top, top))
    found = [extra for extra, package in _optional() if package == name]
    if not found:
        return f"{top} is not installed"
    # The metadata lists the extras by name, whatever their order in the project.
    extra = min(found, key=lambda e: (_LAST.index(e) + 1 if e in _LAST else 0, found.index(e)))
    constraints = "constraints-mace.txt" if extra == "mace" else "constraints.txt"
    return (
        f"{top} is not installed; in the project's folder: "
        f'python -m pip install -c {constraints} ".[{extra}]"'
    )


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _optional() -> list[tuple[str, str]]:
    """(extra, distribution) of every optional requirement of this project."""
    # Only where a package is missing: the import takes longer than a small case of the theorem.
    from importlib.metadata import PackageNotFoundError, requires

    try:
        lines = requires("span-theorem") or []
    except PackageNotFoundError:
        return []
    found = []
    for line in lines:
        match = re.match(r"([A-Za-z0-9_.-]+).*extra == ['\"]([\w-]+)['\"]", line)
        if match:
            found.append((match[2], _canonical(match[1])))
    return found
