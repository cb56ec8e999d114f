"""Frames chosen by what they hold.

A selection is one of

- ``formula=C9H8O4``: as many atoms of each element, in any order;
- ``composition=GeSb2Te4``: elements in these proportions, whatever the size of the cell;
- ``species=H,C,O``: no other elements than these;
- ``index=0:1000:10`` or ``index=3,5,7``: places in the file after frames were left out, as in
  Python.
"""

from __future__ import annotations

import re
from math import gcd

import numpy as np
from numpy.typing import NDArray

from numeric_checks.molecules.structures import Structures
from numeric_checks.molecules.symbols import SYMBOLS, atomic_number

__all__ = ["select", "selection"]

Integers = NDArray[np.int64]

KINDS = ("composition", "formula", "species", "index")


def selection(text: str) -> tuple[str, str]:
    """Kind and value of a selection; ValueError for one that is not understood.

    >>> selection("species=H,O")
    ('species', 'H,O')
    """
    kind, equals, value = text.partition("=")
    if not equals or kind not in KINDS or not value:
        raise ValueError(
            f"a selection must be one of {', '.join(f'{name}=…' for name in KINDS)}, got {text!r}"
        )
    if kind in ("formula", "composition"):
        _counts(value)
    elif kind == "species":
        _species(value)
    else:
        _places(value)
    return kind, value


def select(structures: Structures, *selections: str) -> Integers:
    """Indices of the frames that every selection holds.

    Raises ValueError for a selection that is not understood, or that no frame fulfils.

    >>> both = Structures.of_molecule([[[0, 0, 0], [0, 0, 1]]] * 3, [6, 8])
    >>> select(both, "formula=OC", "index=1:").tolist()
    [1, 2]
    """
    chosen = np.arange(len(structures))
    for text in selections:
        kind, value = selection(text)
        if kind == "index":
            index = _places(value)
            if isinstance(index, slice):
                wanted = np.arange(len(structures))[index]
            else:
                wanted = np.array(index)
                if ((wanted < -len(structures)) | (wanted >= len(structures))).any():
                    raise ValueError(f"{text}: there are {len(structures)} frames")
                wanted = wanted % len(structures)
            chosen = chosen[np.isin(chosen, wanted)]
        else:
            chosen = chosen[_holds(structures, kind, value)[chosen]]
        if len(chosen) == 0:
            raise ValueError(f"no frame is left by --select {text}; {_held(structures)}")
    return chosen.astype(np.int64)


def _holds(structures: Structures, kind: str, value: str) -> NDArray[np.bool_]:
    table = _table(structures)
    if kind == "species":
        allowed = np.zeros(119, dtype=bool)
        allowed[_species(value)] = True
        none_else: NDArray[np.bool_] = np.logical_not(table[:, ~allowed].any(axis=1))
        return none_else
    wanted = _counts(value)
    if kind == "composition":
        wanted = wanted // gcd(*(int(n) for n in wanted))
        table = table // np.gcd.reduce(table, axis=1)[:, None]
    result: NDArray[np.bool_] = (table == wanted).all(axis=1)
    return result


def _table(structures: Structures) -> Integers:
    """(frames, 119): atoms of each element."""
    table = np.zeros((len(structures), 119), dtype=np.int64)
    np.add.at(table, (structures.frame_of, structures.numbers), 1)
    return table


def _held(structures: Structures) -> str:
    """The formulas there are, the most frequent first."""
    rows, count = np.unique(_table(structures), axis=0, return_counts=True)
    names = []
    for row in rows[np.argsort(-count)][:5]:
        # Carbon, hydrogen, then the others by symbol: Hill's order.
        held = sorted(np.flatnonzero(row), key=lambda z: (z != 6, z != 1, SYMBOLS[z]))
        names.append("".join(f"{SYMBOLS[z]}{row[z] if row[z] > 1 else ''}" for z in held))
    return f"the file holds {', '.join(names)}" + (" and others" if len(rows) > 5 else "")


def _counts(value: str) -> Integers:
    """(119,): atoms of each element of a formula without brackets."""
    if not re.fullmatch(r"(?:[A-Z][a-z]?[0-9]{0,6})+", value):
        raise ValueError(f"{value!r} is not a formula such as C9H8O4")
    result = np.zeros(119, dtype=np.int64)
    for symbol, count in re.findall(r"([A-Z][a-z]?)([0-9]*)", value):
        result[atomic_number(symbol)] += int(count or 1)
    if not result.any():
        raise ValueError(f"{value!r} holds no atoms")
    return result


def _species(value: str) -> list[int]:
    return [atomic_number(symbol) for symbol in value.split(",")]


def _places(value: str) -> slice | list[int]:
    if re.fullmatch(r"(-?[0-9]{1,12})?:(-?[0-9]{1,12})?(:-?[0-9]{1,12})?", value):
        parts = [int(part) if part else None for part in value.split(":")]
        if len(parts) == 3 and (parts[2] is None or parts[2] < 1):
            raise ValueError(f"the step of {value!r} must be at least 1")
        return slice(*parts)
    if re.fullmatch(r"-?[0-9]{1,12}(,-?[0-9]{1,12})*", value):
        return [int(part) for part in value.split(",")]
    raise ValueError(
        f"{value!r} is neither a list of frames such as 3,5,7 nor a range such as 0:100:10"
    )
