"""Arrays that grow on the disk: rows are appended part by part and read back in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Column"]

#: Bytes of one block that is read back.
_BLOCK = 1 << 22


class Column:
    """Rows of one shape in a file of their own, in C order without a header.

    With ``narrow``, float64 rows are kept as float32 as long as that loses nothing. The file is the
    caller's to remove. No two columns share a path.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     column = Column(Path(folder, "a"), np.dtype(float), (3,), narrow=True)
    ...     column.append(np.ones((2, 3)))
    ...     column.append(np.full((4, 3), 0.1))
    ...     column.dtype.name, column.shape, len(b"".join(column.blocks()))
    ('float64', (6, 3), 144)
    """

    def __init__(
        self, path: Path, dtype: np.dtype[Any], row: tuple[int, ...], narrow: bool = False
    ) -> None:
        self._path, self._narrow = path, narrow
        self.dtype: np.dtype[Any] = np.dtype(np.float32) if narrow else dtype
        self._rows, self._row = 0, row
        #: ``(rows, *row)``, or another shape of as many values, which the caller may set.
        self.shape: tuple[int, ...] = (0, *row)
        path.touch(exist_ok=False)

    def append(self, values: NDArray[Any]) -> None:
        """Add the rows ``values`` of shape ``(n, *row)``."""
        if values.shape[1:] != self._row:
            raise ValueError(f"rows must have shape {self._row}, got {values.shape[1:]}")
        if self._narrow and not np.array_equal(values.astype(np.float32), values):
            self._widen()
        with self._path.open("ab") as stream:
            stream.write(np.ascontiguousarray(values, dtype=self.dtype).tobytes())
        self._rows += len(values)
        self.shape = (self._rows, *self._row)

    def blocks(self) -> Iterator[bytes]:
        """The values of all rows in C order, a few megabytes at a time."""
        with self._path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                yield block

    def _widen(self) -> None:
        """Keep float64 from now on, and what is there already as well."""
        wide = self._path.with_name(self._path.name + ".wide")
        with wide.open("xb") as stream:
            for block in self.blocks():
                stream.write(np.frombuffer(block, np.float32).astype(np.float64).tobytes())
        wide.replace(self._path)
        self._narrow, self.dtype = False, np.dtype(np.float64)
