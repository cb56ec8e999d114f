"""Arrays of a ``.npz`` file, read without pickle and within bounds."""

from __future__ import annotations

import os
import zipfile
from math import prod
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from span_theorem.damaged import named_as_damaged

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["NpzArchive", "half_of_memory"]


class NpzArchive:
    """An open ``.npz`` file; arrays are read when they are asked for. numpy must be installed.

    Raises FileNotFoundError where there is none, IsADirectoryError for a folder, and ValueError for
    a file that is damaged, is no archive of arrays, or holds an array larger than half of the
    memory.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if path.is_dir():
            raise IsADirectoryError(f"{path} is a folder, not a .npz file")
        if not path.exists():
            raise FileNotFoundError(f"no file {path}")
        if not path.is_file():  # to open a pipe would wait for its other end
            raise ValueError(f"{path} is not an ordinary file")
        with named_as_damaged(f"{path.name}: a .npz file that is"):
            self._zip = zipfile.ZipFile(path)
            entries = self._zip.infolist()
        self._members = {
            info.filename.removesuffix(".npy"): info
            for info in entries
            if info.filename.endswith(".npy")
        }
        self.names = sorted(self._members)
        self.others = [info.filename for info in entries if not info.filename.endswith(".npy")]

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

    def __getitem__(self, name: str) -> NDArray[Any]:
        """An array; KeyError where there is none, ValueError for one that cannot be read."""
        import numpy as np

        info = self._members[name]
        if info.file_size > half_of_memory():
            raise ValueError(
                f"{self.path.name}: {name} declares {info.file_size / 2**30:.1f} GiB, more than "
                "half of the memory"
            )
        with named_as_damaged(f"{self.path.name}: {name} is"), self._zip.open(info) as stream:
            shape, dtype = _header(stream)
            held = info.file_size - stream.tell()
        if dtype.hasobject:
            raise ValueError(
                f"{self.path.name}: {name} holds Python objects (a pickle), which may run code "
                "and are not read"
            )
        # numpy would allocate what the header declares before it looks for the data.
        declared = prod(shape) * dtype.itemsize
        if min(shape, default=0) < 0 or declared != held:
            raise ValueError(f"{self.path.name}: {name} declares {declared} bytes and holds {held}")
        with named_as_damaged(f"{self.path.name}: {name} is"), self._zip.open(info) as stream:
            array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
        return array

    def text(self, name: str) -> str:
        """A single string or number as text; ValueError for an array."""
        value = self[name]
        if value.size != 1:
            raise ValueError(f"{self.path.name}: {name} must be one value, got {value.shape}")
        item = value.reshape(-1)[0].item()
        return item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item)

    def unpacked(self) -> int:
        """Bytes of all arrays together, as the archive declares them."""
        return sum(info.file_size for info in self._members.values())


def _header(stream: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type of the array that begins here."""
    import numpy as np

    version = np.lib.format.read_magic(stream)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[version]
    shape, _, dtype = read(stream)
    return shape, dtype


def half_of_memory() -> int:
    """Half of the machine's memory, in bytes: no array of a file may be larger."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
