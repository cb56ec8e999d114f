"""Files under a model's name that are none, each named for what it is before anything is loaded."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from neural_checks.backbones.load import load_backbone
from neural_checks.backbones.model_files import FileKind, file_kind, plain_state

Make = Callable[[Path], Any]


def zipped(**members: str) -> Make:
    def make(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)

    return make


def torch_file(path: Path) -> None:
    torch.save({"weight": torch.zeros(1000)}, path)


def cut_torch_file(path: Path) -> None:
    torch_file(path)
    path.write_bytes(path.read_bytes()[:-200])


def compressed_torch_file(path: Path) -> None:
    torch_file(path)
    with zipfile.ZipFile(path) as archive:
        content = {entry: archive.read(entry) for entry in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, data in content.items():
            archive.writestr(entry, data)


def script(path: Path) -> None:
    torch.jit.script(torch.nn.Linear(2, 2)).save(str(path))


def tar(path: Path) -> None:
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("a"), io.BytesIO())


def plain_tar(path: Path) -> None:
    with tarfile.open(path, "w") as archive:
        archive.add(__file__, "a.py")


CASES: dict[str, tuple[Make, str]] = {
    "pointer": (
        lambda p: p.write_text(
            "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
        ),
        "a git-lfs pointer, not the file itself: git lfs pull fetches it",
    ),
    "page": (lambda p: p.write_text("<!DOCTYPE html><html>404</html>"), "an HTML page"),
    "page without a type": (lambda p: p.write_text("\n <HTML><body>log in"), "an HTML page"),
    "page of XML": (lambda p: p.write_text('<?xml version="1.0"?><Error/>'), "an XML page"),
    "weights in safetensors": (
        lambda p: p.write_bytes((8).to_bytes(8, "little") + b'{"a": {}}'),
        "a file of safetensors: weights without the network",
    ),
    "tar without compression": (plain_tar, "a tar archive, not a torch file: unpack it"),
    "nothing in a torch file": (lambda p: torch.save(None, p), "holds None and no model"),
    "text": (lambda p: p.write_text("no torch file"), "is a text file"),
    "empty": (lambda p: p.write_bytes(b""), "is empty"),
    "noise": (lambda p: p.write_bytes(bytes(range(128, 256))), "begins with the bytes 80 81 82"),
    "TorchScript": (script, r"a compiled model \(TorchScript\): its layers cannot be read"),
    "AOTInductor": (
        zipped(m__data__aotinductor__model__x_dot_so="", m__archive_format="pt2"),
        r"a compiled model \(AOTInductor\): .* give the \.model, \.ckpt or \.nequip\.zip",
    ),
    "exported": (zipped(m__archive_format="pt2", m__models__model_dot_json="{}"), "torch.export"),
    "shared library": (lambda p: p.write_bytes(b"\x7fELF\x02\x01"), "a shared library"),
    "cut": (cut_torch_file, "perhaps a torch file, that is truncated or damaged"),
    "compressed": (compressed_torch_file, r"bytes long and would unpack to \d+"),
    "zip of something else": (zipped(word__document_dot_xml=""), "a zip file of something else"),
    "empty zip": (zipped(), "not a torch file"),
    "arrays": (lambda p: np.savez(p.open("wb"), R=np.zeros(3)), "an .npz of arrays"),
    "array": (lambda p: np.save(p.open("wb"), np.zeros(3)), "an array of numpy"),
    "hdf5": (lambda p: p.write_bytes(b"\x89HDF\r\n\x1a\n"), "an HDF5 file"),
    "tar": (tar, "compressed with gzip"),
    "pickle": (lambda p: p.write_bytes(b"\x80\x04N."), "a pickle that torch.save did not write"),
    "tensor alone": (lambda p: torch.save(torch.zeros(2), p), "holds Tensor and no model"),
    "weights alone": (torch_file, "holds dict and no model"),
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("suffix", [".model", ".pt"])
def test_a_file_is_named_for_what_it_is(toy: Any, tmp_path: Path, name: str, suffix: str) -> None:
    make, expected = CASES[name]
    path = tmp_path / f"m{suffix}"
    make(path)
    for trust in (False, True):
        with pytest.raises(ValueError, match=expected) as caught:
            load_backbone(str(path), toy.toy_data(2), trust=trust)
        message = str(caught.value)
        assert message.startswith(f"m{suffix} ")
        assert "\n" not in message
        for advice in ("--trust-model", "weights_only", "Re-running", "torch.load"):
            assert advice not in message


def refusal(path: Path) -> str:
    """What is said of a file that holds no plain data; empty where it does, or needs trust."""
    try:
        plain_state(path)
    except ValueError as error:
        return str(error)
    return ""


def test_a_damaged_torch_file_is_said_to_be_one(tmp_path: Path) -> None:
    """A byte of the pickle inside changed: no appeal to trust, no advice of the loader's."""
    path = tmp_path / "m.pt"
    torch_file(path)
    with zipfile.ZipFile(path) as archive:
        content = {entry: archive.read(entry) for entry in archive.namelist()}
    refused = 0
    for place in range(0, 60, 3):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            for entry, data in content.items():
                changed = bytearray(data)
                if entry.endswith("data.pkl"):
                    changed[place] ^= 0x55
                archive.writestr(entry, bytes(changed))
        assert file_kind(path) is FileKind.TORCH
        said = refusal(path)
        assert not said or "damaged torch file" in said or "tensor" in said
        assert "weights_only" not in said
        refused += bool(said)
    assert refused > 3  # what is left is a change of a name, or of a number


def test_places_that_are_no_file(toy: Any, tmp_path: Path) -> None:
    data = toy.toy_data(2)
    with pytest.raises(IsADirectoryError, match="is a folder, not a model file"):
        load_backbone(str(tmp_path), data)
    with pytest.raises(FileNotFoundError, match="no model file"):
        load_backbone(str(tmp_path / "none.pt"), data)
    with pytest.raises(ValueError, match="not an ordinary file"):
        load_backbone("/dev/zero", data)
    os.mkfifo(tmp_path / "pipe.pt")
    with pytest.raises(ValueError, match="not an ordinary file"):
        load_backbone(str(tmp_path / "pipe.pt"), data)


def test_a_model_that_old_nequip_deployed_is_named(tmp_path: Path) -> None:
    path = tmp_path / "deployed.pth"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("constants.pkl", "data.pkl", "code/x.py", "extra/nequip_version"):
            archive.writestr(f"deployed/{name}", b"0.6.1")
    with pytest.raises(ValueError, match=r"nequip 0\.6 or older deployed as TorchScript"):
        file_kind(path)


def test_a_pickle_without_a_class_of_mace_is_named_for_its_own(toy: Any, tmp_path: Path) -> None:
    """Trusted: it is not loaded, and no package is asked for that would not read it."""
    for old in (False, True):
        path = tmp_path / "m.pt"
        torch.save(torch.nn.Linear(2, 2), path, _use_new_zipfile_serialization=not old)
        with pytest.raises(
            ValueError, match=r"a pickle of torch\.nn\.modules\.linear\.Linear and no"
        ):
            load_backbone(str(path), toy.toy_data(2), trust=True)


def test_an_address_is_no_file(toy: Any) -> None:
    for model in ("https://example.org/a.model", "s3://bucket/a.model"):
        with pytest.raises(ValueError, match=f"{model} is an address"):
            load_backbone(model, toy.toy_data(2))
