"""The public aspirin archives: revised MD17 (PBE) and sGDML's coupled-cluster set.

``python -m neural_checks.download rmd17 --folder data``. An interrupted download goes on where it
stopped. No checksum of the archives is known beforehand: the SHA-256 of each file is written to
``checksums.json`` beside it when it is first used, and enforced from then on. What is known is the
content: the published training and test frames must have the means and mean squares kept in
``fingerprints.json``, which were computed from copies of both sets (``--fingerprint FILE``).
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import tarfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import numpy as np

from numeric_checks.molecules.data import ForceData, load, sha256
from span_theorem import command

__all__ = ["ARCHIVES", "Archive", "check_fingerprint", "fetch", "fingerprint", "main"]

Arrays = dict[str, Any]


@dataclass(frozen=True)
class Archive:
    """Where an archive is, what it is called here, and how it becomes one ``.npz``."""

    urls: tuple[str, ...]
    file: str
    data: str
    convert: Callable[[Path], Arrays]


def _rmd17(path: Path) -> Arrays:
    """Union of the five published splits (the authors advise against training on more)."""
    wanted = {"rmd17_aspirin.npz"} | {
        f"index_{part}_0{k}.csv" for part in ("train", "test") for k in range(1, 6)
    }
    found: dict[str, bytes] = {}
    with tarfile.open(path, "r:*") as archive:
        for member in archive:
            name = member.name.rsplit("/", 1)[-1]
            if name in wanted and member.isfile():
                stream = archive.extractfile(member)
                found[name] = b"" if stream is None else stream.read()
            if len(found) == len(wanted):
                break
    missing = wanted - set(found)
    if missing:
        raise ValueError(f"{path.name}: no {', '.join(sorted(missing))} in the archive")
    with np.load(io.BytesIO(found["rmd17_aspirin.npz"]), allow_pickle=False) as whole:
        splits = {
            name[6:-4]: np.array([int(k) for k in re.findall(rb"\d+", text)])
            for name, text in found.items()
            if name.endswith(".csv")
        }
        used = np.unique(np.concatenate(list(splits.values())))
        return {
            "R": whole["coords"][used],
            "F": whole["forces"][used],
            "E": whole["energies"][used],
            "z": whole["nuclear_charges"],
            "rmd17_index": used,
            **{name: np.searchsorted(used, index) for name, index in sorted(splits.items())},
            "level_of_theory": "DFT PBE/def2-SVP (revised MD17)",
            "source": "revised MD17, doi:10.6084/m9.figshare.12672038",
        }


def _ccsd(path: Path) -> Arrays:
    """Training frames, then test frames; exact repeats are named."""
    parts = []
    with zipfile.ZipFile(path) as archive:
        for part in ("train", "test"):
            names = [
                n
                for n in archive.namelist()
                if n.endswith(f"-{part}.npz") and not n.startswith("__MACOSX")
            ]
            if len(names) != 1:
                raise ValueError(f"{path.name}: expected one *-{part}.npz, found {names}")
            with np.load(io.BytesIO(archive.read(names[0])), allow_pickle=False) as values:
                parts.append({key: values[key] for key in ("R", "F", "E", "z")})
    counts = [len(part["R"]) for part in parts]
    positions = np.concatenate([part["R"] for part in parts])
    _, first, inverse = np.unique(positions, axis=0, return_index=True, return_inverse=True)
    earlier = first[inverse.ravel()]
    return {
        "R": positions,
        "F": np.concatenate([part["F"] for part in parts]),
        "E": np.concatenate([part["E"].ravel() for part in parts]),
        "z": parts[0]["z"],
        "train": np.arange(counts[0]),
        "test": np.arange(counts[0], sum(counts)),
        "duplicate_of": np.where(earlier < np.arange(len(positions)), earlier, -1),
        "level_of_theory": "CCSD/cc-pVDZ, all-electron",
        "source": "sGDML coupled-cluster set, doi:10.1038/s41467-018-06169-2",
    }


ARCHIVES: dict[str, Archive] = {
    "rmd17": Archive(
        (
            "https://figshare.com/ndownloader/files/23950376",
            "https://archive.materialscloud.org/record/file?filename=rmd17.tar.bz2&record_id=466",
        ),
        "rmd17.tar.bz2",
        "aspirin_rmd17.npz",
        _rmd17,
    ),
    "ccsd": Archive(
        ("http://www.quantum-machine.org/gdml/data/npz/aspirin_ccsd.zip",),
        "aspirin_ccsd.zip",
        "aspirin_ccsd.npz",
        _ccsd,
    ),
}


def fetch(
    name: str,
    folder: Path,
    archives: Mapping[str, Archive] = ARCHIVES,
    report: Callable[[int, int], None] = lambda _done, _total: None,
) -> Path:
    """The ``.npz`` of data set ``name`` in ``folder``, downloaded and converted where absent.

    ``report(done, total)`` counts bytes. Raises OSError without a network (saying what to do),
    ValueError where a checksum or the content is not what it was or should be.
    """
    if name not in archives:
        raise ValueError(f"unknown data set {name!r}; expected one of {', '.join(archives)}")
    archive = archives[name]
    folder.mkdir(parents=True, exist_ok=True)
    target, source = folder / archive.data, folder / archive.file
    if not target.exists():
        if not source.exists():
            _download(archive, source, report)
        _same_as_before(source)
        temporary = target.with_name(f"{target.name}.writing.npz")
        try:
            arrays = archive.convert(source)
        except (KeyError, OSError, EOFError, zipfile.BadZipFile, tarfile.TarError) as error:
            raise ValueError(f"{source}: not the expected archive: {error}") from error
        np.savez_compressed(temporary, **arrays)
        try:
            check_fingerprint(name, load(temporary))
        except ValueError:
            temporary.unlink()
            raise
        os.replace(temporary, target)
    _same_as_before(target)
    return target


def _download(archive: Archive, path: Path, report: Callable[[int, int], None]) -> None:
    """Fetch ``path``, going on from ``path.partial``; every address is tried in turn."""
    partial = path.with_name(path.name + ".partial")
    reasons = []
    for url in archive.urls:
        try:
            _continue(url, partial, report)
        except (URLError, ConnectionError, TimeoutError) as error:
            reasons.append(f"{url}: {getattr(error, 'reason', error)}")
            continue
        os.replace(partial, path)
        return
    kept = partial.stat().st_size if partial.exists() else 0
    raise OSError(
        f"could not download {archive.file} ({'; '.join(reasons)}). {kept} bytes are kept and the "
        f"same command goes on from there. Without a network: fetch the archive elsewhere and put "
        f"it at {path}, or give a local file with --data PATH, or use the embedded data"
    )


def _continue(url: str, partial: Path, report: Callable[[int, int], None]) -> None:
    start = partial.stat().st_size if partial.exists() else 0
    headers = {"User-Agent": "span-theorem"} | ({"Range": f"bytes={start}-"} if start else {})
    try:
        response = urlopen(Request(url, headers=headers), timeout=60)
    except HTTPError as error:
        if error.code == 416 and start:  # the file ends where ours does, or is another one
            total = error.headers.get("Content-Range", "").rpartition("/")[2]
            if total == str(start):
                return
            partial.unlink()
            _continue(url, partial, report)
            return
        raise
    with response:
        resumed = response.status == 206
        done = start if resumed else 0
        length = response.headers.get("Content-Length")
        total = done + int(length) if length else 0
        with partial.open("ab" if resumed else "wb") as stream:
            while block := response.read(1 << 20):
                stream.write(block)
                done += len(block)
                report(done, total)
        if total and done < total:
            raise ConnectionError(f"the connection ended after {done} of {total} bytes")


def _same_as_before(path: Path) -> None:
    """Record the SHA-256 of ``path`` at first use; ValueError where it has changed since."""
    record = path.parent / "checksums.json"
    known = json.loads(record.read_text()) if record.exists() else {}
    found = sha256(path)
    if known.setdefault(path.name, found) != found:
        raise ValueError(
            f"{path}: SHA-256 {found}, but {known[path.name]} was recorded in {record}; "
            "remove the file to fetch it again"
        )
    temporary = record.with_name(record.name + ".writing")
    temporary.write_text(json.dumps(known, indent=1) + "\n")
    os.replace(temporary, record)


def fingerprint(data: ForceData) -> dict[str, Any]:
    """What identifies the content: elements, and of the published training and test frames the
    number, mean positions (atoms, 3) in Å, RMS force of every atom in eV/Å and the standard
    deviation of the energy in eV. Independent of the order of frames and of rounding."""
    parts = {}
    for suffix in ("_01", ""):
        for part in (f"train{suffix}", f"test{suffix}"):
            if part in data.published:
                index = data.published[part]
                parts[part] = {
                    "frames": len(index),
                    "mean_positions": data.positions[index].mean(axis=0).round(5).tolist(),
                    "rms_forces": np.sqrt(
                        (data.molecule_forces[index] ** 2).sum(axis=2).mean(axis=0)
                    )
                    .round(5)
                    .tolist(),
                    "energy_deviation": round(float(data.energies[index].std()), 6),
                }
    return {"numbers": data.numbers.tolist(), "parts": parts}


def check_fingerprint(name: str, data: ForceData) -> None:
    """ValueError where the content of ``data`` is not that of the published set ``name``.

    Positions to 1e-4 Å, forces and energies to 0.2 % (calories differ by 0.07 %).
    """
    expected = json.loads((files("neural_checks.data") / "fingerprints.json").read_text())[name]
    found = fingerprint(data)
    wrong = []
    if found["numbers"] != expected["numbers"]:
        wrong.append("elements")
    for part, values in expected["parts"].items():
        other = found["parts"].get(part)
        if other is None or other["frames"] != values["frames"]:
            count = "none" if other is None else other["frames"]
            wrong.append(f"frames of {part} ({count} for {values['frames']})")
            continue
        for key, absolute, relative in (
            ("mean_positions", 1e-4, 0.0),
            ("rms_forces", 0.0, 2e-3),
            ("energy_deviation", 0.0, 2e-3),
        ):
            a, b = np.array(other[key]), np.array(values[key])
            if a.shape != b.shape or not np.allclose(a, b, rtol=relative, atol=absolute):
                wrong.append(f"{key} of {part}")
    if wrong:
        raise ValueError(f"{name}: not the published data: {', '.join(wrong)}")


def main(argv: Sequence[str] | None = None) -> int:
    """Command line: exit code 0, or 2 where the data cannot be had or are not the published."""
    made = command.parser(
        "neural_checks.download",
        "Fetch a public aspirin data set.",
        "exit codes: 0 fetched, or the published data; 2 bad usage or input, or not to be had",
    )
    made.add_argument("name", choices=sorted(ARCHIVES))
    made.add_argument("--folder", type=Path, default=Path("data"), help="default: data")
    local = made.add_mutually_exclusive_group()
    local.add_argument("--fingerprint", type=Path, help="print the fingerprint of a local file")
    local.add_argument("--check", type=Path, help="compare a local file with the fingerprint")
    return command.run(made, argv, _work)


def _work(arguments: argparse.Namespace) -> command.Result:
    from span_theorem.progress import Progress

    if arguments.fingerprint is not None:
        found = fingerprint(load(arguments.fingerprint))
        return command.Result(json.dumps(found), found)
    if arguments.check is not None:
        check_fingerprint(arguments.name, load(arguments.check))
        text = f"{arguments.check}: content of {arguments.name}"
        return command.Result(text, {"file": arguments.check, "content": arguments.name})
    with Progress() as progress:
        path = fetch(
            arguments.name,
            arguments.folder,
            report=lambda done, total: progress.update("download", done, total),
        )
    return command.Result(str(path), {"file": path})
