"""What a reader takes out of a file, in eV and Å, before anything is left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from numeric_checks.molecules.structures import Structures

__all__ = ["ZIP", "Contents", "foreign", "naming"]

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(eq=False)
class Contents:
    """Frames of a file, or some of them.

    Attributes:
        structures: the frames.
        energies: (frames,) eV and ``forces`` (atoms_total, 3) eV/Å, NaN where there are none.
        values: another array with a value for every atom, (atoms_total,) or (atoms_total, 3), where
            one was asked for, in ``unit``.
        published: names of splits, and the frames they hold, as stored.
        order: places along the trajectory; ``repeats`` earlier frames that are repeated, or −1.
        level, source: what the file says.
        found: names of the arrays of the file.
        notes: what the reader took for granted.
    """

    structures: Structures
    energies: Array
    forces: Array
    values: Array | None = None
    unit: str = "as stored"
    published: Mapping[str, NDArray[np.generic]] = field(default_factory=dict)
    order: Integers | None = None
    repeats: NDArray[np.generic] | None = None
    level: str = "not stated"
    source: str = "not stated"
    found: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def join(cls, parts: list[Contents]) -> Contents:
        """The frames of all parts in order; splits and repeats are those of a single part."""
        if len(parts) == 1:
            return parts[0]
        values = [part.values for part in parts if part.values is not None]
        orders = [part.order for part in parts if part.order is not None]
        return cls(
            structures=Structures.join([part.structures for part in parts]),
            energies=np.concatenate([part.energies for part in parts]),
            forces=np.concatenate([part.forces for part in parts]),
            values=np.concatenate(values) if len(values) == len(parts) else None,
            unit=parts[0].unit,
            order=np.concatenate(orders) if len(orders) == len(parts) else None,
            level=parts[0].level,
            source=parts[0].source,
            found=tuple(sorted(set().union(*(part.found for part in parts)))),
            notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
        )


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """A ValueError raised in the block begins with the name of the file."""
    try:
        yield
    except ValueError as error:
        text = str(error)
        prefix = f"{path.name}: "
        if text.startswith(prefix):
            raise
        raise ValueError(prefix + text) from error


#: First bytes of a zip archive, which a .npz file is.
ZIP = b"PK\x03\x04"

_KINDS = (
    (b"version https://git-lfs", "a git-lfs pointer in place of the file: fetch the file itself"),
    (b"\x93NUMPY", "a single array (.npy) in place of an archive of arrays"),
    (b"\x89PNG", "a picture"),
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", None),  # gzip, which ASE reads
)


def foreign(path: Path) -> str | None:
    """The kind of a file that holds no data, from its first bytes; None if nothing is wrong."""
    with path.open("rb") as stream:
        head = stream.read(512)
    if not head:
        return "an empty file"
    for magic, kind in _KINDS:
        if head.startswith(magic):
            return kind
    if head.startswith(ZIP) and (b"/data.pkl" in head or b"/version" in head):
        return "a PyTorch file, of weights or a model, in place of data"
    if head.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "an HTML page in place of the file: the address it came from gave a page"
    if head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return "a Python pickle, which may run code and is not read"
    return None
