"""The downloader against a server of its own: resumption, checksums, content, no network."""

from __future__ import annotations

import io
import json
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neural_checks.data import archives as download
from neural_checks.data.archives import ARCHIVES, Archive, check_fingerprint, fetch, fingerprint
from numeric_checks.molecules.data import load
from numeric_checks.molecules.structures import Structures


class _Server:
    """Serves ``content``; after ``cut`` bytes of a response the connection ends, once."""

    def __init__(self) -> None:
        self.content, self.cut, self.ranges = b"", 0, []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = self.headers.get("Range")
                outer.ranges.append(asked)
                start = int(asked[6:-1]) if asked else 0
                if start >= len(outer.content) > 0:
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{len(outer.content)}")
                    self.end_headers()
                    return
                body = outer.content[start:]
                self.send_response(206 if asked else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if outer.cut:
                    body, outer.cut = body[: outer.cut], 0
                self.wfile.write(body)

            def log_message(self, *_arguments: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/file"


@pytest.fixture
def server() -> Iterator[_Server]:
    made = _Server()
    thread = threading.Thread(target=made.http.serve_forever)
    thread.start()
    yield made
    made.http.shutdown()
    thread.join()
    made.http.server_close()


def _arrays(frames: int, seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {
        "R": rng.normal(size=(frames, 3, 3)),
        "F": rng.normal(size=(frames, 3, 3)),
        "E": rng.normal(size=frames),
        "z": np.array([8, 6, 1]),
    }


def _npz(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def _ccsd_zip() -> tuple[bytes, dict[str, Any], dict[str, Any]]:
    train, test = _arrays(6), _arrays(4, 1)
    for key in ("R", "F", "E"):
        train[key][5] = train[key][2]  # an exact repeat
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("aspirin_ccsd-train.npz", _npz(**train))
        archive.writestr("aspirin_ccsd-test.npz", _npz(**test))
        archive.writestr("__MACOSX/._aspirin_ccsd-test.npz", b"")
    return stream.getvalue(), train, test


@pytest.fixture
def ccsd(server: _Server, monkeypatch: pytest.MonkeyPatch) -> dict[str, Archive]:
    monkeypatch.setattr(download, "check_fingerprint", lambda _name, _data: None)
    server.content = _ccsd_zip()[0]
    return {"ccsd": replace(ARCHIVES["ccsd"], urls=(server.url,))}


def test_a_cut_download_goes_on_where_it_stopped(
    server: _Server, ccsd: dict[str, Archive], tmp_path: Path
) -> None:
    server.cut = 1000
    with pytest.raises(OSError, match=r"1000 bytes are kept.*--data PATH"):
        fetch("ccsd", tmp_path, ccsd)
    data = load(fetch("ccsd", tmp_path, ccsd))
    assert server.ranges == [None, "bytes=1000-"]
    _, train, test = _ccsd_zip()
    assert len(data) == 9  # the repeat is dropped
    np.testing.assert_allclose(data.positions[:5], train["R"][:5])
    np.testing.assert_allclose(data.positions[data.published["test"]], test["R"])
    fetch("ccsd", tmp_path, ccsd)
    assert len(server.ranges) == 2  # nothing is fetched twice


def test_a_complete_partial_file_is_recognised_and_another_replaced(
    server: _Server, ccsd: dict[str, Archive], tmp_path: Path
) -> None:
    (tmp_path / "aspirin_ccsd.zip.partial").write_bytes(server.content)
    fetch("ccsd", tmp_path, ccsd)
    other = tmp_path / "other"
    other.mkdir()
    (other / "aspirin_ccsd.zip.partial").write_bytes(server.content + b"more")
    fetch("ccsd", other, ccsd)
    assert (other / "aspirin_ccsd.zip").read_bytes() == server.content


def test_a_file_that_changed_is_refused(
    server: _Server, ccsd: dict[str, Archive], tmp_path: Path
) -> None:
    path = fetch("ccsd", tmp_path, ccsd)
    recorded = json.loads((tmp_path / "checksums.json").read_text())
    assert set(recorded) == {"aspirin_ccsd.zip", "aspirin_ccsd.npz"}
    original = path.read_bytes()
    path.write_bytes(original + b" ")
    with pytest.raises(ValueError, match="was recorded"):
        fetch("ccsd", tmp_path, ccsd)
    path.unlink()
    (tmp_path / "aspirin_ccsd.zip").write_bytes(server.content + b" ")
    with pytest.raises(ValueError, match="was recorded"):
        fetch("ccsd", tmp_path, ccsd)
    (tmp_path / "aspirin_ccsd.zip").unlink()
    assert fetch("ccsd", tmp_path, ccsd).read_bytes() == original


def test_the_revised_archive_is_cut_to_its_published_splits(
    server: _Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "check_fingerprint", lambda _name, _data: None)
    whole = _arrays(50)
    files = {
        "rmd17/npz_data/rmd17_aspirin.npz": _npz(
            coords=whole["R"], forces=whole["F"], energies=whole["E"], nuclear_charges=whole["z"]
        )
    }
    for k in range(1, 6):
        files[f"rmd17/splits/index_train_0{k}.csv"] = f"{k}\n{k + 20}\n".encode()
        files[f"rmd17/splits/index_test_0{k}.csv"] = f"{k + 30}\n".encode()
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:bz2") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    server.content = stream.getvalue()
    archives = {"rmd17": replace(ARCHIVES["rmd17"], urls=("http://127.0.0.1:9/", server.url))}
    data = load(fetch("rmd17", tmp_path, archives))
    assert len(data) == 15
    np.testing.assert_allclose(data.positions[data.published["train_02"]], whole["R"][[2, 22]])
    np.testing.assert_allclose(data.positions[data.published["test_05"]], whole["R"][[35]])
    server.content = b"no archive"
    with pytest.raises(ValueError, match="not the expected archive"):
        fetch("rmd17", tmp_path / "b", archives)


def test_without_a_network_the_message_says_what_to_do(tmp_path: Path) -> None:
    archives = {"ccsd": replace(ARCHIVES["ccsd"], urls=("http://127.0.0.1:9/",))}
    with pytest.raises(OSError, match=r"could not download.*127\.0\.0\.1.*embedded data"):
        fetch("ccsd", tmp_path, archives)
    with pytest.raises(ValueError, match="unknown data set"):
        fetch("benzene", tmp_path)


def test_other_content_is_refused(
    server: _Server, ccsd: dict[str, Archive], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "check_fingerprint", check_fingerprint)
    with pytest.raises(ValueError, match="not the published data: elements"):
        fetch("ccsd", tmp_path, ccsd)
    assert not (tmp_path / "aspirin_ccsd.npz").exists()


@pytest.mark.parametrize("name", ["rmd17", "ccsd"])
def test_copies_of_the_published_sets_have_the_fingerprint(name: str, data_dir: Path) -> None:
    data = load(data_dir / f"aspirin_{name}.npz")
    check_fingerprint(name, data)
    part = next(iter(fingerprint(data)["parts"]))
    moved = data.positions.copy()
    moved[data.published[part][0], 0, 0] += 0.5
    with pytest.raises(ValueError, match=f"mean_positions of {part}$"):
        check_fingerprint(
            name, replace(data, structures=Structures.of_molecule(moved, data.numbers))
        )
    with pytest.raises(ValueError, match="rms_forces"):
        check_fingerprint(name, replace(data, forces=1.01 * data.forces))
