"""Figures on disk: where they go, and one writer. They are drawn without pyplot.

``matplotlib.figure.Figure`` is used directly, so that no backend is chosen: a notebook or a program
that imports this package keeps its own.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from span_theorem.files import check_targets, writing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "COLORS",
    "figure_paths",
    "legend_above",
    "literal",
    "plain_log_axis",
    "save_figure",
    "subplots",
]

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe–Ito colours, told apart by most readers."""

_SUFFIXES = (".svg", ".png")


def figure_paths(path: str | Path, force: bool = False) -> tuple[Path, ...]:
    """Where a figure goes: the path if it ends in .svg or .png, both beside it without a suffix.

    Raises:
        ValueError: another suffix; ImportError: matplotlib is not installed; what
            :func:`span_theorem.files.check_targets` raises.

    >>> [p.name for p in figure_paths("curve")]
    ['curve.svg', 'curve.png']
    """
    import matplotlib  # noqa: F401  # refuse before the work

    given = Path(path)
    if given.suffix and given.suffix not in _SUFFIXES:
        raise ValueError(
            f"a figure must end in .svg or .png, or in neither for both; got {str(path)!r}"
        )
    paths = (given,) if given.suffix else tuple(given.with_suffix(s) for s in _SUFFIXES)
    check_targets(*paths, force=force)
    return paths


def save_figure(figure: Figure, paths: tuple[Path, ...], *, force: bool = False) -> None:
    """Write a figure to every path, or to none; the same figure gives the same file."""
    import matplotlib as mpl

    # All are drawn before the first gets its name: a run that is killed leaves all or none.
    with mpl.rc_context({"svg.hashsalt": "span-theorem"}), ExitStack() as files:
        for path in paths:
            stream = files.enter_context(writing(path, force=force))
            # No date, no random names.
            undated = {"Date": None} if path.suffix == ".svg" else None
            figure.savefig(stream, format=path.suffix[1:], dpi=150, metadata=undated)


def subplots(
    rows: int = 1, columns: int = 1, *, figsize: tuple[float, float], **options: Any
) -> tuple[Figure, Any]:
    """A figure and its axes, as ``matplotlib.pyplot.subplots`` gives them, without pyplot."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=figsize, layout=options.pop("layout", "constrained"))
    return figure, figure.subplots(rows, columns, **options)


def literal(text: str) -> str:
    """``text`` for a figure as it stands: names of files and networks are no formulas.

    >>> literal("cost $5 and $6")
    'cost \\\\$5 and \\\\$6'
    """
    return text.replace("$", r"\$")


def legend_above(figure: Figure, axes: Any, *, columns: int, fontsize: float = 8) -> None:
    """The legend of ``axes`` above the whole figure, where it hides no data."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, fontsize=fontsize, loc="outside upper center", ncols=columns)


def plain_log_axis(axes: Any, size: float | None = None) -> None:
    """A logarithmic y axis with plain numbers, evenly spaced where the range is small."""
    from matplotlib.ticker import MaxNLocator, NullLocator

    axes.set_yscale("log")
    low, high = axes.get_ylim()
    axes.yaxis.set_major_formatter(_plain)
    axes.yaxis.set_minor_formatter(_plain)
    if size is not None:
        axes.tick_params(which="minor", labelsize=size)
    if high < 4 * low:
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter("{x:g}")


def _plain(value: float, _place: object) -> str:
    """A tick of a logarithmic axis: one significant digit, of 1, 2, 3, 5 alone."""
    first = f"{value:.0e}"[0]
    return f"{value:g}" if first in "1235" else ""
