"""The one writer of files: whole or not at all, and replacing another only on request.

A file is written under a temporary name of its own in the target's folder, opened exclusively (a
symbolic link planted there is not followed), flushed to the disk, and then given its name in one
step. On any failure, an interrupt included, the temporary file is removed and the target is as it
was. Permissions are those that the umask gives a new file.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

__all__ = [
    "check_targets",
    "plain",
    "read_text",
    "temporary_prefix",
    "unrepeated",
    "write_json",
    "write_text",
    "writing",
]

_MODE = 0o666


def check_targets(*paths: str | Path | None, force: bool = False) -> None:
    """Judge the places of outputs before the work starts; None stands for an output not asked for.

    Raises:
        FileNotFoundError: the folder is not there.
        NotADirectoryError: the folder is a file.
        IsADirectoryError: the path is a folder.
        FileExistsError: the path exists and ``force`` is false.
        PermissionError: the folder cannot be written to.
        ValueError: two outputs are one file, or the path is a device, a pipe or no path.
    """
    seen: dict[Path, Path] = {}
    for given in paths:
        if given is None:
            continue
        path = Path(given)
        try:
            place = path.resolve()
        except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a null byte
            raise ValueError(f"{str(path)!r} cannot be the path of an output: {error}") from error
        if place in seen:
            raise ValueError(f"two outputs have the same path {path}: give them different names")
        seen[place] = path
        _check_target(path, place, force)


def _check_target(path: Path, place: Path, force: bool) -> None:
    folder = place.parent
    if not folder.exists():
        raise FileNotFoundError(f"no folder {folder} for {path.name}")
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is not a folder, so {path} cannot be written")
    if place.is_dir():
        raise IsADirectoryError(f"{path} is a folder; give the name of a file")
    if place.exists():
        if not place.is_file():
            raise ValueError(f"{path} is not an ordinary file")
        if not force:
            raise FileExistsError(f"{path} exists; --force replaces it")
    elif path.is_symlink():
        raise FileExistsError(f"{path} is a link to {place}, which is not there; remove it")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(f"the folder {folder} cannot be written to")


@contextmanager
def writing(path: str | Path, *, force: bool = False) -> Iterator[IO[bytes]]:
    """A binary stream whose content becomes ``path`` when the block ends without an error.

    Raises:
        FileExistsError: ``path`` exists and ``force`` is false, also where it came to be meanwhile.
        OSError: it cannot be written.

    Whatever the block raises is raised too, and ``path`` is as it was.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with writing(Path(folder, "a.bin")) as stream:
    ...         _ = stream.write(b"abc")
    ...     Path(folder, "a.bin").read_bytes()
    b'abc'
    """
    target = Path(path)
    if target.exists() and not force:
        raise FileExistsError(f"{target} exists; --force replaces it")
    handle, temporary = tempfile.mkstemp(
        dir=target.parent, prefix=temporary_prefix(target), suffix=".writing"
    )
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, _MODE & ~umask)
        if force:
            os.replace(temporary, target)
        else:
            _link(temporary, target)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)


def temporary_prefix(path: str | Path) -> str:
    """How the names of temporary files for ``path`` begin, short enough for any file system.

    >>> temporary_prefix("folder/a.npz")
    '.a.npz.'
    """
    return f".{Path(path).name[:48]}."  # a character may take four bytes, a name 255


def _link(temporary: str, target: Path) -> None:
    """Give a finished file its name; FileExistsError where another process was faster."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise FileExistsError(f"{target} exists; --force replaces it") from None
    except OSError:  # a file system without hard links
        with open(target, "xb"):
            os.replace(temporary, target)


def write_text(path: str | Path, text: str, *, force: bool = False) -> None:
    """Write ``text`` as UTF-8; see :func:`writing`."""
    with writing(path, force=force) as stream:
        stream.write(text.encode("utf-8"))


def write_json(
    path: str | Path, content: Any, *, force: bool = False, indent: int | None = 1
) -> None:
    """Write ``content`` (:func:`plain`) as JSON with a newline at the end; see :func:`writing`."""
    text = json.dumps(plain(content), ensure_ascii=False, indent=indent, allow_nan=False)
    write_text(path, text + "\n", force=force)


def plain(value: Any) -> Any:
    """``value`` in JSON types: tuples become lists, numbers that are not finite become null.

    Arrays and scalars of numpy or torch are taken by their ``tolist``.

    >>> plain({"a": (1, float("nan"))})
    {'a': [1, None]}
    """
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(entry) for entry in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def read_text(path: str | Path, limit: int) -> str:
    """The text of an ordinary UTF-8 file of at most ``limit`` bytes.

    Raises:
        FileNotFoundError: there is no such file.
        IsADirectoryError: it is a folder.
        ValueError: it is a device or pipe, too large, or not UTF-8.
    """
    source = Path(path)
    if not source.exists():
        raise FileNotFoundError(f"no file {source}")
    if source.is_dir():
        raise IsADirectoryError(f"{source} is a folder, not a file")
    if not source.is_file():
        raise ValueError(f"{source} is not an ordinary file")
    with source.open("rb") as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise ValueError(f"{source} has more than {limit} bytes")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{source} is not UTF-8 text: {error.reason}") from error


def unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The ``object_pairs_hook`` of ``json`` for files that people write.

    Raises ValueError for a key that stands twice, of which json would take the last.

    >>> json.loads('{"a": 1}', object_pairs_hook=unrepeated)
    {'a': 1}
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(k for k in keys if keys.count(k) > 1)!r} stands twice")
    return found
