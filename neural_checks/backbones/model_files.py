"""The kind of a model file, from its first bytes and its table of contents, without loading it.

A torch file is a zip archive with one pickle in it, or (older) a row of pickles. Other files with
the name of a model are recognised here: pointers of git-lfs, HTML pages, compiled models, packages,
archives of something else, truncated files.
"""

from __future__ import annotations

import enum
import pickletools
import zipfile
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING  # torch writes Python 2's names
from pathlib import Path
from typing import Any

from span_theorem.damaged import named_as_damaged

__all__ = [
    "TRUST",
    "FileKind",
    "UntrustedError",
    "file_kind",
    "plain_state",
    "refuse_missing_classes",
    "require_class_of",
]

TRUST = (
    "loading it can run any code that its author put there; if you trust its source, "
    "give --trust-model"
)

_LEGACY_TORCH = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"
_COMPILED = (
    "a compiled model ({}): its layers cannot be read; give the .model, .ckpt or .nequip.zip it "
    "was compiled from"
)
#: First bytes of files that are not torch files, and what they are.
_MAGIC = (
    (b"version https://git-lfs", "a git-lfs pointer, not the file itself: git lfs pull fetches it"),
    (b"\x7fELF", _COMPILED.format("a shared library")),
    (b"\x89HDF\r\n", "an HDF5 file, not a torch file"),
    (b"\x1f\x8b", "compressed with gzip, not a torch file: unpack it first"),
    (b"BZh", "compressed with bzip2, not a torch file: unpack it first"),
    (b"\xfd7zXZ", "compressed with xz, not a torch file: unpack it first"),
    (b"\x93NUMPY", "an array of numpy, not a torch file"),
)


class UntrustedError(ValueError):
    """The file would run code when loaded, and nobody said that it may."""


class FileKind(enum.Enum):
    """The files that a model can be read from."""

    TORCH = "a torch file"
    PACKAGE = "a torch package"


def file_kind(path: Path) -> FileKind:
    """What ``path`` is.

    Raises:
        ValueError: it is not a torch file, and the message says what it is.
        FileNotFoundError: there is no such file.
        IsADirectoryError: it is a folder.
    """
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder, not a model file")
    if not path.exists():
        raise FileNotFoundError(f"no model file {path}")
    if not path.is_file():
        raise ValueError(f"{path} is not an ordinary file")
    with path.open("rb") as stream:
        start = stream.read(1024)
    if not start:
        raise ValueError(f"{path.name} is empty")
    if start.startswith(b"PK\x03\x04"):
        return _zip_kind(path)
    if start.startswith(_LEGACY_TORCH):
        return FileKind.TORCH
    raise ValueError(f"{path.name} is {_other(start)}")


def _other(start: bytes) -> str:
    for magic, what in _MAGIC:
        if start.startswith(magic):
            return what
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<?xml")):
        kind = "XML" if text.startswith(b"<?xml") else "HTML"
        return f"an {kind} page, not a torch file: the download went wrong"
    if start[8:10] in (b'{"', b"{ "):
        return "a file of safetensors: weights without the network that they belong to"
    if start[257:262] == b"ustar":
        return "a tar archive, not a torch file: unpack it first"
    if start[:1] == b"\x80" and start[1:2] in b"\x02\x03\x04\x05":
        return "a pickle that torch.save did not write, not a torch file"
    try:
        start.decode("utf-8")
    except UnicodeDecodeError:
        printable = False
    else:
        printable = b"\x00" not in start
    if printable:
        return "a text file, not a torch file"
    return f"not a torch file: it begins with the bytes {start[:8].hex(' ')}"


def _zip_kind(path: Path) -> FileKind:
    with (
        named_as_damaged(f"{path.name} is an archive, perhaps a torch file, that is"),
        zipfile.ZipFile(path) as archive,
    ):
        entries = archive.infolist()
    names = [entry.filename for entry in entries]
    inner = {name.partition("/")[2] for name in names}
    if "extra/nequip_version" in inner:
        raise ValueError(
            f"{path.name} is a model that nequip 0.6 or older deployed as TorchScript: its layers "
            "cannot be read; nequip 0.7 and newer keep checkpoints and packages that can be"
        )
    if "constants.pkl" in inner or any(name.startswith("code/") for name in inner):
        raise ValueError(f"{path.name} is {_COMPILED.format('TorchScript')}")
    if any("aotinductor" in name or name.endswith((".so", ".wrapper.cpp")) for name in names):
        raise ValueError(f"{path.name} is {_COMPILED.format('AOTInductor')}")
    if "archive_format" in inner or any(name.startswith("models/") for name in inner):
        raise ValueError(f"{path.name} is {_COMPILED.format('torch.export')}")
    if any(name.startswith(".data/extern_modules") for name in inner):
        return FileKind.PACKAGE
    if "data.pkl" in inner:
        stored = sum(entry.file_size for entry in entries)
        if stored > path.stat().st_size:  # torch.save does not compress
            raise ValueError(
                f"{path.name} is {path.stat().st_size} bytes long and would unpack to {stored}: "
                "not a torch file"
            )
        return FileKind.TORCH
    if any(name.endswith(".npy") for name in names):
        raise ValueError(f"{path.name} is an .npz of arrays, not a torch file")
    shown = ", ".join(names[:3]) or "nothing"
    raise ValueError(f"{path.name} is a zip file of something else, not a torch file: {shown} …")


def plain_state(path: Path) -> Any | None:
    """The content of a torch file that holds plain data alone; None where it holds more.

    Nothing that the file names is called. Raises ValueError for a damaged file, or a tensor that
    claims more numbers than the file stores for it.
    """
    import pickle

    import torch

    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if _globals(path) is not None:
            return None
        raise ValueError(f"{path.name} is a damaged torch file: {_first_line(error)}") from error
    except MemoryError:
        raise
    except Exception as error:  # a list would not be complete: see span_theorem.damaged
        raise ValueError(f"{path.name} is a damaged torch file: {_first_line(error)}") from error
    if state is None:
        raise ValueError(f"{path.name} holds None and no model")
    _require_stored(path, state)
    return state


def _require_stored(path: Path, state: Any) -> None:
    """A view of one number can claim to be of any size; ValueError for such a tensor."""
    import torch

    waiting, seen = [state], 0
    while waiting:
        value = waiting.pop()
        seen += 1
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list | tuple):
            waiting += value
        elif isinstance(value, torch.Tensor) and value.layout is torch.strided:
            if value.numel() * value.element_size() > value.untyped_storage().nbytes():
                raise ValueError(
                    f"{path.name} holds a tensor of shape {tuple(value.shape)} and stores "
                    f"{value.untyped_storage().nbytes()} bytes for it"
                )
        elif isinstance(value, torch.Tensor):
            raise ValueError(f"{path.name} holds a sparse tensor; weights are dense")
        if seen > 1_000_000:
            raise ValueError(f"{path.name} holds more than a million entries, no model")


def require_class_of(path: Path, package: str) -> None:
    """ValueError for a pickle that names no class of ``package``; nothing of it is loaded."""
    names = _globals(path) or []
    if not any(module.partition(".")[0] == package for module, _ in names):
        own = [f"{m}.{n}" for m, n in names if not m.startswith(("collections", "torch._"))]
        raise ValueError(
            f"{path.name} is a pickle of {own[0] if own else 'something else'} and no model of "
            f"{package}; a network of another package is given as module:function"
        )


def refuse_missing_classes(path: Path) -> None:
    """ValueError for the first class that the pickle in ``path`` needs and nobody here has.

    Imports the modules that the pickle names, which runs their code: for trusted files alone.
    """
    import importlib

    for module, name in _globals(path) or []:
        top = module.partition(".")[0]
        try:
            found: Any = importlib.import_module(module)
        except ModuleNotFoundError:
            raise ValueError(
                f"{path.name} needs {module}.{name}, and {_installed(top)} has no {module}"
            ) from None
        for part in name.split("."):
            if not hasattr(found, part):
                raise ValueError(
                    f"{path.name} needs {module}.{name}, which {_installed(top)} does not have: "
                    "it was written by another version"
                )
            found = getattr(found, part)


def _installed(top: str) -> str:
    """The distribution of a module with its version, or that there is none."""
    from importlib.metadata import packages_distributions, version

    found = packages_distributions().get(top)
    return f"{found[0]} {version(found[0])}" if found else f"this environment ({top} is missing)"


def _globals(path: Path) -> list[tuple[str, str]] | None:
    """(module, name) of what the pickle of a torch file calls or builds; None if unreadable."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                entry = next(n for n in archive.namelist() if n.partition("/")[2] == "data.pkl")
                found, _ = _one_pickle(archive.read(entry))
        else:
            content, found, position = path.read_bytes(), [], 0
            for _ in range(4):  # magic number, protocol, machine; then the object
                names, length = _one_pickle(content[position:])
                found += names
                position += length
    except Exception:  # as in plain_state
        return None
    return list(dict.fromkeys(found))


def _one_pickle(content: bytes) -> tuple[list[tuple[str, str]], int]:
    """The operands of GLOBAL in the pickle at the start of ``content``, and its length."""
    found = []
    for opcode, argument, place in pickletools.genops(content):
        if opcode.name == "GLOBAL":
            module, _, name = str(argument).partition(" ")
            module, name = NAME_MAPPING.get((module, name), (module, name))
            found.append((IMPORT_MAPPING.get(module, module), name))
        if opcode.name == "STOP":
            return found, int(place or 0) + 1
    raise ValueError("the pickle has no end")


def _first_line(error: BaseException) -> str:
    """What went wrong, without the advice to load the file in a way that runs it."""
    text = str(error).strip() or type(error).__name__
    line = text.splitlines()[0].partition("Re-running")[0].partition("WeightsUnpickler")[0]
    if "weights_only" in line:
        return "its pickle cannot be read"
    return line.strip(" .") or type(error).__name__
