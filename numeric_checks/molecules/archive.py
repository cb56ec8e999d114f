"""Arrays of a ``.npz`` file, read without pickle and within bounds."""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

__all__ = ["NpzArchive", "half_of_memory"]

_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    IndexError,
    KeyError,
    NotImplementedError,
    OSError,  # a place before the start of the file
    RuntimeError,  # an encrypted member
    struct.error,
    TypeError,
    SyntaxError,
    UnicodeDecodeError,
)


class NpzArchive:
    """An open ``.npz`` file; arrays are read when they are asked for.

    Raises ValueError for a file that is damaged, is not an archive of arrays, or is larger than
    half of the memory.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if path.exists() and not path.is_file():  # to open a pipe would wait for its other end
            raise ValueError(f"{path} is not an ordinary file")
        with self._whole():
            self._zip = zipfile.ZipFile(path)
            self._members = {
                info.filename.removesuffix(".npy"): info
                for info in self._zip.infolist()
                if info.filename.endswith(".npy")
            }
        self.names = sorted(self._members)

    def __enter__(self) -> NpzArchive:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def __getitem__(self, name: str) -> NDArray[np.generic]:
        """An array; KeyError where there is none, ValueError for one that cannot be read."""
        info = self._members[name]
        limit = half_of_memory()
        if info.file_size > limit:
            raise ValueError(
                f"{self.path.name}: {name} declares {info.file_size / 2**30:.1f} GiB, more than "
                "half of the memory"
            )
        with self._whole(name), self._zip.open(info) as stream:
            version = np.lib.format.read_magic(stream)
            header = {
                (1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0,
            }[version]
            shape, _, dtype = header(stream)
            if dtype.hasobject:
                raise ValueError(
                    f"{self.path.name}: {name} holds Python objects (a pickle), which may run code "
                    "and are not read"
                )
            # numpy would allocate what the header declares before it looks for the data.
            declared = prod(shape) * dtype.itemsize
            if min(shape, default=0) < 0 or declared != info.file_size - stream.tell():
                raise ValueError(
                    f"{self.path.name}: {name} declares {declared} bytes and holds "
                    f"{info.file_size - stream.tell()}"
                )
        with self._whole(name), self._zip.open(info) as stream:
            array: NDArray[np.generic] = np.lib.format.read_array(stream, allow_pickle=False)
        return array

    def text(self, name: str) -> str:
        """A single string or number as text; ValueError for an array."""
        value = self[name]
        if value.size != 1:
            raise ValueError(f"{self.path.name}: {name} must be one value, got {value.shape}")
        item = value.reshape(-1)[0].item()
        return item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item)

    @contextmanager
    def _whole(self, name: str = "") -> Iterator[None]:
        try:
            yield
        except _FAULTS as error:
            what = f"{name} is" if name else "a .npz file that is"
            raise ValueError(f"{self.path.name}: {what} truncated or damaged: {error}") from error


def half_of_memory() -> int:
    """Half of the machine's memory, in bytes: no array of a file may be larger."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
