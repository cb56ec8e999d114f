"""Arrays from outside: whatever is wrong with the bytes is one ValueError that names the file."""

from __future__ import annotations

import io
import os
import random
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from span_theorem.damaged import named_as_damaged
from span_theorem.npz import NpzArchive


def member(header: str, payload: bytes = b"") -> bytes:
    """A ``.npy`` with a header of one's own."""
    text = header.encode("latin-1").ljust(118) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + payload


def described(descr: str, shape: str) -> str:
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}"


HEADERS = {
    "brackets": "(" * 2000,
    "a call": "__import__('os').system('touch ran')",
    "empty": "",
    "null byte": "\0",
    "not a dict": "7",
    "other keys": "{'a': 1}",
    "below zero": described("'<f8'", "(-1, 3)"),
    "a universe": described("'<f8'", "(10**30, 3)"),
    "10 TB": described("'<f8'", "(1000000000000,)"),
    "strings of a gigabyte": described("'<U300000000'", "(1,)"),
    "objects": described("'|O'", "(1,)"),
    "objects inside": described("[('a', 'O')]", "(1,)"),
    "rows of 100 MB": described("('<f8', (100000000,))", "(1,)"),
    "shape of text": described("'<f8'", "'ab'"),
    "no such type": described("'<q99'", "(1,)"),
}


@pytest.mark.parametrize("name", HEADERS)
def test_headers(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", member(HEADERS[name], bytes(8)))
    with NpzArchive(path) as stored, pytest.raises(ValueError, match=r"^a\.npz: x "):
        stored["x"]
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2,
                                    zipfile.ZIP_LZMA])  # fmt: skip
def test_mutants_of_an_archive_of_every_compression(method: int, tmp_path: Path) -> None:
    rng, stream, content = random.Random(20261126), io.BytesIO(), io.BytesIO()
    values = np.arange(60.0).reshape(20, 3)
    np.save(stream, values)
    with zipfile.ZipFile(content, "w", method) as archive:
        archive.writestr("x.npy", stream.getvalue())
    whole, said = content.getvalue(), []
    path = tmp_path / "a.npz"
    for _ in range(100):
        mutant = bytearray(whole)
        for _ in range(rng.choice((1, 3, 20))):
            mutant[rng.randrange(len(mutant))] = rng.randrange(256)
        path.write_bytes(mutant[: rng.choice((len(mutant), rng.randrange(len(mutant))))])
        try:
            with NpzArchive(path) as stored:
                # The sum in the archive vouches for what can be read.
                assert all(np.array_equal(stored[name], values) for name in stored.names)
        except ValueError as error:
            said.append(str(error))
    assert len(said) > 70
    assert all(line.startswith("a.npz: ") for line in said)


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no file"):
        NpzArchive(tmp_path / "absent.npz")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        NpzArchive(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="not an ordinary file"):
        NpzArchive(tmp_path / "pipe")


def test_any_exception_of_a_library_is_named_and_memory_and_interrupts_pass() -> None:
    class OddError(Exception):
        pass

    for error in (OddError("first\nsecond"), AssertionError("first"), RecursionError("first")):
        with (
            pytest.raises(ValueError, match=r"^it is truncated or damaged: first$"),
            named_as_damaged("it is"),
        ):
            raise error
    for passing in (MemoryError, KeyboardInterrupt):
        with pytest.raises(passing), named_as_damaged("it is"):
            raise passing
