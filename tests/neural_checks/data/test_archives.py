"""The downloader against a server of its own: resumption, checksums, content, no network."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import socket
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
from neural_checks.data.archives import ARCHIVES, PublicArchive, fetch, main
from neural_checks.data.fingerprint import check_fingerprint, fingerprint
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
def ccsd(server: _Server, monkeypatch: pytest.MonkeyPatch) -> dict[str, PublicArchive]:
    monkeypatch.setattr(download, "check_fingerprint", lambda _name, _data: None)
    server.content = _ccsd_zip()[0]
    return {"ccsd": replace(ARCHIVES["ccsd"], urls=(server.url,))}


def test_a_cut_download_goes_on_where_it_stopped(
    server: _Server, ccsd: dict[str, PublicArchive], tmp_path: Path
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
    server: _Server, ccsd: dict[str, PublicArchive], tmp_path: Path
) -> None:
    (tmp_path / "aspirin_ccsd.zip.partial").write_bytes(server.content)
    fetch("ccsd", tmp_path, ccsd)
    other = tmp_path / "other"
    other.mkdir()
    (other / "aspirin_ccsd.zip.partial").write_bytes(server.content + b"more")
    fetch("ccsd", other, ccsd)
    assert (other / "aspirin_ccsd.zip").read_bytes() == server.content


def test_a_file_that_changed_is_refused(
    server: _Server, ccsd: dict[str, PublicArchive], tmp_path: Path
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
    with pytest.raises(OSError, match="not the expected archive"):
        fetch("rmd17", tmp_path / "b", archives)
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "rmd17.tar.bz2").write_bytes(b"put here by hand")
    with pytest.raises(ValueError, match="not the expected archive"):
        fetch("rmd17", tmp_path / "c", archives)
    assert (tmp_path / "c" / "rmd17.tar.bz2").exists()


def test_without_a_network_the_message_says_what_to_do(tmp_path: Path) -> None:
    archives = {"ccsd": replace(ARCHIVES["ccsd"], urls=("http://127.0.0.1:9/",))}
    with pytest.raises(OSError, match=r"could not download.*127\.0\.0\.1.*embedded data"):
        fetch("ccsd", tmp_path, archives)
    with pytest.raises(ValueError, match="unknown data set"):
        fetch("benzene", tmp_path)


def test_other_content_is_refused(
    server: _Server, ccsd: dict[str, PublicArchive], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "check_fingerprint", check_fingerprint)
    with pytest.raises(OSError, match="not the published data: elements"):
        fetch("ccsd", tmp_path, ccsd)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["rmd17", "ccsd"])
def test_copies_of_the_published_sets_have_the_fingerprint(name: str, data_dir: Path) -> None:
    """Also in another order and rounded otherwise; not with one coordinate of one frame changed."""
    data = load(data_dir / f"aspirin_{name}.npz")
    check_fingerprint(name, data)
    noise = 1e-7 * np.random.default_rng(0).normal(size=data.positions.shape)
    shaken = Structures.of_molecule(data.positions + noise, data.numbers)
    turned = {key: index[::-1] for key, index in data.published.items()}
    check_fingerprint(name, replace(data, structures=shaken, published=turned))
    part = next(iter(fingerprint(data)["parts"]))
    frame = int(data.published[part][3])
    moved = data.positions.copy()
    moved[frame, 5, 1] += 1e-3
    structures = Structures.of_molecule(moved, data.numbers)
    with pytest.raises(ValueError, match=rf"published data: positions of {part} \(\d+ frames\)"):
        check_fingerprint(name, replace(data, structures=structures))
    forces = data.molecule_forces.copy()
    forces[frame, 0, 0] += 1e-3
    with pytest.raises(ValueError, match=f"published data: forces of {part}"):
        check_fingerprint(name, replace(data, forces=forces.reshape(-1, 3)))
    energies = data.energies.copy()
    energies[[frame, data.published[part][4]]] = energies[[data.published[part][4], frame]]
    with pytest.raises(ValueError, match=f"published data: together of {part}"):
        check_fingerprint(name, replace(data, energies=energies))
    with pytest.raises(ValueError, match="frames of train"):
        check_fingerprint(name, replace(data, published={}))
    with pytest.raises(ValueError, match="forces of"):
        check_fingerprint(name, replace(data, forces=4.1868 / 4.184 * data.forces))


class _Replies:
    """Answers every connection on the loopback with one reply, whatever was asked."""

    def __init__(self, reply: bytes) -> None:
        self.reply, self.asked = reply, 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/a.zip"
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.asked += 1
            with connection, contextlib.suppress(OSError):
                connection.recv(65536)
                connection.sendall(self.reply)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()


PAGE = b"HTTP/1.0 200 OK\r\n\r\n<html>log in</html>"
BAD = {
    "bad status line": b"garbage\r\n\r\n",
    "no reply": b"",
    "chunked, broken": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
    "chunked, cut": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhello",
    "length not a number": b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nhello",
    "length below zero": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
    "length of a universe": b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999999\r\n\r\nhello",
    "short body": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello",
    "empty body": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "captive page": PAGE,
    "404": b"HTTP/1.0 404 NO\r\n\r\n",
    "416": b"HTTP/1.0 416 NO\r\nContent-Range: bytes */7\r\n\r\n",
    "partial without asking": b"HTTP/1.0 206 P\r\nContent-Range: bytes 0-4/5\r\n\r\nhello",
    "redirected in a circle": b"HTTP/1.0 302 F\r\nLocation: /x\r\n\r\n",
    "redirected to a file": b"HTTP/1.0 302 F\r\nLocation: file:///etc/passwd\r\n\r\n",
    "redirected to http": b"HTTP/1.0 302 F\r\nLocation: http://example.invalid/\r\n\r\n",
    "redirected nowhere": b"HTTP/1.0 302 F\r\nLocation: http://[\r\n\r\n",
    "a huge header": b"HTTP/1.0 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("name", BAD)
def test_a_bad_reply_is_one_line_and_the_next_address_is_tried(
    server: _Server,
    ccsd: dict[str, PublicArchive],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    bad = _Replies(BAD[name])
    try:
        monkeypatch.setitem(ARCHIVES, "ccsd", replace(ccsd["ccsd"], urls=(bad.url,)))
        assert main(["ccsd", "--folder", str(tmp_path)]) == 2
        said = [line for line in capsys.readouterr().err.splitlines() if "error:" in line]
        assert len(said) == 1
        assert "could not download aspirin_ccsd.zip" in said[0]
        assert not (tmp_path / "checksums.json").exists()  # nothing is recorded of what was wrong
        assert not (tmp_path / "aspirin_ccsd.zip").exists()
        both = {"ccsd": replace(ccsd["ccsd"], urls=(bad.url, server.url))}
        assert len(load(fetch("ccsd", tmp_path, both))) == 9
        assert bad.asked >= 2
    finally:
        bad.close()


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_captive_page_does_not_stand_in_the_way_of_the_right_file(
    server: _Server, ccsd: dict[str, PublicArchive], tmp_path: Path
) -> None:
    portal = _Replies(PAGE)
    try:
        with pytest.raises(OSError, match="is not the expected archive"):
            fetch("ccsd", tmp_path, {"ccsd": replace(ccsd["ccsd"], urls=(portal.url,))})
    finally:
        portal.close()
    assert list(tmp_path.iterdir()) == []
    assert fetch("ccsd", tmp_path, ccsd).exists()
    assert fetch("ccsd", tmp_path, ccsd).exists()


def test_a_download_with_another_sum_than_the_known_one_is_refused(
    server: _Server, ccsd: dict[str, PublicArchive], tmp_path: Path
) -> None:
    right = hashlib.sha256(server.content).hexdigest()
    wrong = {"ccsd": replace(ccsd["ccsd"], sums={server.url: "0" * 64})}
    with pytest.raises(OSError, match=f"SHA-256 {right}, but that of the archive is 0000"):
        fetch("ccsd", tmp_path, wrong)
    assert not [path for path in tmp_path.iterdir() if path.name != "checksums.json"]
    known = {"ccsd": replace(ccsd["ccsd"], sums={server.url: right})}
    assert fetch("ccsd", tmp_path, known).exists()
    for archive in ARCHIVES.values():
        assert archive.sums.keys() <= set(archive.urls)
        assert all(re.fullmatch("[0-9a-f]{64}", known) for known in archive.sums.values())


def test_what_a_killed_download_left_is_removed_and_two_do_not_mix(
    ccsd: dict[str, PublicArchive], tmp_path: Path
) -> None:
    left = tmp_path / ".aspirin_ccsd.npz.abcdefgh.writing"
    left.mkdir()
    (left / "aspirin_ccsd.npz").write_bytes(b"begun")
    (tmp_path / ".aspirin_ccsd.npz.lock").touch()

    def again(_done: int, _total: int) -> None:
        with pytest.raises(ValueError, match="another process is at work on"):
            fetch("ccsd", tmp_path, ccsd)

    fetch("ccsd", tmp_path, ccsd, again)
    names = {"aspirin_ccsd.npz", "aspirin_ccsd.zip", "checksums.json"}
    assert {path.name for path in tmp_path.iterdir()} == names


def test_an_interrupted_download_is_continued(
    server: _Server, ccsd: dict[str, PublicArchive], tmp_path: Path
) -> None:
    def interrupt(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch("ccsd", tmp_path, ccsd, interrupt)
    assert [path.name for path in tmp_path.iterdir()] == ["aspirin_ccsd.zip.partial"]
    fetch("ccsd", tmp_path, ccsd)
    assert not list(tmp_path.glob("*.partial"))


def test_only_https_is_used(tmp_path: Path) -> None:
    for archive in ARCHIVES.values():
        assert all(url.startswith("https://") for url in archive.urls)
    for url in ("http://example.invalid/a", "file:///etc/passwd", "ftp://example.invalid/a", "x"):
        archives = {"ccsd": replace(ARCHIVES["ccsd"], urls=(url,))}
        with pytest.raises(OSError, match="only https is used"):
            fetch("ccsd", tmp_path, archives)


def test_a_damaged_record_is_named(
    server: _Server, ccsd: dict[str, PublicArchive], tmp_path: Path
) -> None:
    fetch("ccsd", tmp_path, ccsd)
    for content in ("{", "[]", "\udcff".encode("utf-8", "surrogateescape").decode("latin-1")):
        (tmp_path / "checksums.json").write_text(content, encoding="latin-1")
        with pytest.raises(ValueError, match=r"checksums\.json .*remove it"):
            fetch("ccsd", tmp_path, ccsd)


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_no_file_in_place_of_the_part_received_is_refused(
    kind: str, server: _Server, ccsd: dict[str, PublicArchive], tmp_path: Path
) -> None:
    partial, kept = tmp_path / "aspirin_ccsd.zip.partial", tmp_path / "kept"
    kept.write_bytes(b"kept")
    {
        "link": lambda: partial.symlink_to(kept),
        "pipe": lambda: os.mkfifo(partial),
        "folder": partial.mkdir,
    }[kind]()
    with pytest.raises(OSError, match="is a link or no ordinary file: remove it"):
        fetch("ccsd", tmp_path, ccsd)
    assert kept.read_bytes() == b"kept"


def test_a_pipe_in_place_of_the_archive_is_refused(
    ccsd: dict[str, PublicArchive], tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "aspirin_ccsd.zip")
    with pytest.raises(ValueError, match="is not an ordinary file"):
        fetch("ccsd", tmp_path, ccsd)
