"""What the command lines share: figures on disk, and the versions a result was made with."""

from __future__ import annotations

import os
import platform
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

__all__ = ["COLORS", "figure_paths", "save_figure", "versions"]

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")
"""Okabe–Ito colours, told apart by most readers."""

_SUFFIXES = (".svg", ".png")
_PACKAGES = ("span-theorem", "numpy", "scipy", "sphericart", "mpmath")


def versions() -> dict[str, str]:
    """Python and the packages that decide the numbers."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed as a package"
    return found


def figure_paths(path: str, force: bool = False) -> tuple[Path, ...]:
    """Where a figure goes: the path if it ends in .svg or .png, both beside it without a suffix.

    Raises:
        ValueError: another suffix, a folder that is not there, a file that exists (unless
            ``force``), or matplotlib is not installed.

    >>> [p.name for p in figure_paths("curve")]
    ['curve.svg', 'curve.png']
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise ValueError(
            "a figure needs matplotlib, which is not installed; span-theorem[neural] has it"
        ) from None
    given = Path(path)
    if given.suffix and given.suffix not in _SUFFIXES:
        raise ValueError(f"a figure must end in .svg or .png, or in neither for both; got {path!r}")
    if not given.parent.is_dir():
        raise ValueError(f"no folder {str(given.parent)!r} for the figure")
    paths = (given,) if given.suffix else tuple(given.with_suffix(s) for s in _SUFFIXES)
    for one in paths:
        if one.exists() and not force:
            raise ValueError(f"{str(one)!r} exists; --force replaces it")
    return paths


def save_figure(figure: Any, paths: tuple[Path, ...]) -> None:
    """Write a matplotlib figure to every path, each in one step, and close it."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    try:
        for path in paths:
            handle, name = tempfile.mkstemp(
                dir=path.parent, prefix=f".{path.stem}.", suffix=f".writing{path.suffix}"
            )
            os.close(handle)
            try:
                # The same figure gives the same file: no date, no random names.
                with mpl.rc_context({"svg.hashsalt": "span-theorem"}):
                    undated = {"Date": None} if path.suffix == ".svg" else None
                    figure.savefig(name, dpi=150, metadata=undated)
                os.chmod(name, 0o644)
                os.replace(name, path)
            except BaseException:
                os.unlink(name)
                raise
    finally:
        plt.close(figure)
