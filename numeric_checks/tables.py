"""Tables as plain text and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

__all__ = ["aligned", "as_csv", "number"]


def number(value: float | None, digits: int = 3) -> str:
    """The value to ``digits`` decimals, without a minus before zero; "–" for None.

    >>> number(-0.0004), number(0.25, 1), number(None)
    ('0.000', '0.2', '–')
    """
    if value is None:
        return "–"
    shown = f"{value:.{digits}f}"
    return shown.removeprefix("-") if float(shown) == 0 else shown


def aligned(rows: Sequence[Sequence[str]], left: int = 1, indent: str = "") -> list[str]:
    """A line for every row: columns side by side, all but the first ``left`` to the right.

    Rows may be shorter than the longest one. Every line starts with ``indent``.

    >>> aligned([["ℓ", "R²"], ["closed form", "0.998"]])
    ['ℓ               R²', 'closed form  0.998']
    """
    columns = max(map(len, rows))
    full = [[*row, *[""] * (columns - len(row))] for row in rows]
    widths = [max(map(len, column)) for column in zip(*full, strict=True)]
    return [
        indent
        + "  ".join(
            cell.ljust(width) if place < left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in full
    ]


def as_csv(rows: Iterable[Iterable[object]]) -> str:
    """The rows as CSV, an empty cell for None.

    >>> as_csv([["ell", "R2"], [1, 0.5], [2, None]])
    'ell,R2\\n1,0.5\\n2,\\n'
    """
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue()
