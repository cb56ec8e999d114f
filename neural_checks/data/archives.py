"""The public aspirin archives: revised MD17 (PBE) and sGDML's coupled-cluster set.

``python -m neural_checks.download rmd17 --folder data``. An archive is fetched
(:mod:`neural_checks.data.transfer`), converted to one ``.npz``, and its content compared with the
fingerprint of the published set (:mod:`neural_checks.data.fingerprint`). Only then do the files get
their names. Their SHA-256 is written to ``checksums.json`` beside them and checked on every later
use. Where the SHA-256 of what an address gives is known beforehand, it is compared as well: that of
the rMD17 archive on figshare is. For sGDML's archive none was found in public; only its content is
known.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np

from neural_checks.data.fingerprint import check_fingerprint, fingerprint
from neural_checks.data.transfer import download
from numeric_checks.molecules.data import load, sha256
from numeric_checks.outputs import output_file
from span_theorem import command
from span_theorem.files import read_text, temporary_prefix, write_json, writing
from span_theorem.progress import OnProgress

__all__ = ["ARCHIVES", "PublicArchive", "fetch", "main"]

#: Bytes of the largest member that is read from an archive.
_MEMBER = 1 << 31

Arrays = dict[str, Any]


@dataclass(frozen=True)
class PublicArchive:
    """Where an archive is, what it is called here, and how it becomes one ``.npz``.

    ``sums`` is the SHA-256 of the archive, by address, where it is known.
    """

    urls: tuple[str, ...]
    file: str
    data: str
    convert: Callable[[Path], Arrays]
    sums: Mapping[str, str] = field(default_factory=dict)


def _read(stream: IO[bytes] | None, name: str) -> bytes:
    """A member of an archive; ValueError where it is larger than any that is expected."""
    content = b"" if stream is None else stream.read(_MEMBER + 1)
    if len(content) > _MEMBER:
        raise ValueError(f"{name} has more than {_MEMBER} bytes")
    return content


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
                found[name] = _read(archive.extractfile(member), name)
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
            with archive.open(names[0]) as stream:
                content = _read(stream, names[0])
            with np.load(io.BytesIO(content), allow_pickle=False) as values:
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


_FIGSHARE = "https://figshare.com/ndownloader/files/23950376"

ARCHIVES: dict[str, PublicArchive] = {
    "rmd17": PublicArchive(
        (
            _FIGSHARE,
            "https://archive.materialscloud.org/record/file?filename=rmd17.tar.bz2&record_id=466",
        ),
        "rmd17.tar.bz2",
        "aspirin_rmd17.npz",
        _rmd17,
        # Published by others who fetched the file: 1,066,301,513 bytes of article 12672038, v3.
        {_FIGSHARE: "cddeea2ec2c4b22a9de16a9a65a3eeedac5b29da9c99c20bbff0153912bf922b"},
    ),
    "ccsd": PublicArchive(
        ("https://www.quantum-machine.org/gdml/data/npz/aspirin_ccsd.zip",),
        "aspirin_ccsd.zip",
        "aspirin_ccsd.npz",
        _ccsd,
    ),
}


def fetch(
    name: str,
    folder: Path,
    archives: Mapping[str, PublicArchive] = ARCHIVES,
    report: OnProgress = lambda _done, _total: None,
) -> Path:
    """The ``.npz`` of data set ``name`` in ``folder``, downloaded and converted where absent.

    ``report(done, total)`` counts bytes. A download is checked before it is kept. If it is
    not the published data, the next address is tried.

    Raises:
        OSError: no address gives the data; the message says what to do.
        ValueError: a file that is there is not the published data, or changed since its first use;
            or another process fetches the same data.
    """
    if name not in archives:
        raise ValueError(f"unknown data set {name!r}; expected one of {', '.join(archives)}")
    archive = archives[name]
    folder.mkdir(parents=True, exist_ok=True)
    target, source = folder / archive.data, folder / archive.file
    if target.exists():
        _require_recorded(target)
    else:
        with output_file(target):
            if source.exists():
                _require_recorded(source)
                _convert(name, archive, source, target)
            else:
                _download(name, archive, source, target, report)
    _record(folder, target, *([source] if source.exists() else []))
    return target


def _download(
    name: str, archive: PublicArchive, source: Path, target: Path, report: OnProgress
) -> None:
    """Fetch and convert; every address is tried in turn, also where one gives something else."""
    partial = source.with_name(source.name + ".partial")
    reasons = []
    for url in archive.urls:
        # What an earlier run, or another address, left may be the start of another file.
        for _ in range(2 if partial.exists() else 1):
            try:
                download(url, partial, report)
                _require_sum(partial, archive.sums.get(url))
                _convert(name, archive, partial, target)
            except OSError as error:
                reasons.append(f"{url}: {error}")
                break
            except ValueError as error:
                partial.unlink()
                reasons.append(f"{url}: {error}")
            else:
                os.replace(partial, source)
                return
    kept = partial.stat().st_size if partial.exists() else 0
    raise OSError(
        f"could not download {archive.file} ({'; '.join(reasons)}). {kept} bytes are kept and the "
        f"same command continues from there. Without a network: fetch the archive elsewhere and "
        f"put it at {source}, or give a local file with --data PATH, or use the embedded data"
    )


def _require_sum(path: Path, known: str | None) -> None:
    """ValueError where the file is not the one whose SHA-256 is known."""
    if known is not None and (found := sha256(path)) != known:
        raise ValueError(f"SHA-256 {found}, but that of the archive is {known}")


def _convert(name: str, archive: PublicArchive, source: Path, target: Path) -> None:
    """Write ``target`` from an archive; ValueError where it does not hold the published data."""
    try:
        arrays = archive.convert(source)
    except Exception as error:  # a list would not be complete: see span_theorem.damaged
        raise ValueError(f"{source.name} is not the expected archive: {error}") from error
    with tempfile.TemporaryDirectory(
        dir=target.parent, prefix=temporary_prefix(target), suffix=".writing"
    ) as folder:
        made = Path(folder) / target.name
        np.savez_compressed(made, **arrays)
        check_fingerprint(name, load(made))
        with writing(target) as stream:
            stream.write(made.read_bytes())


def _recorded(folder: Path) -> dict[str, str]:
    record = folder / "checksums.json"
    if not record.exists():
        return {}
    try:
        known = json.loads(read_text(record, 1 << 20))
    except ValueError as error:
        raise ValueError(f"{record} cannot be read ({error}): remove it") from error
    if not isinstance(known, dict):
        raise ValueError(f"{record} holds no checksums: remove it")
    return known


def _require_recorded(path: Path) -> None:
    """ValueError where the SHA-256 of ``path`` was recorded, and is another one now."""
    known, found = _recorded(path.parent).get(path.name), sha256(path)
    if known is not None and known != found:
        raise ValueError(
            f"{path}: SHA-256 {found}, but {known} was recorded in {path.parent}/checksums.json; "
            "remove the file to fetch it again"
        )


def _record(folder: Path, *paths: Path) -> None:
    """Record the SHA-256 of files whose content was found to be right."""
    known = _recorded(folder)
    found = {path.name: known.get(path.name) or sha256(path) for path in paths}
    if not found.items() <= known.items():
        write_json(folder / "checksums.json", known | found, force=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Command line: exit code 0, or 2 where the data cannot be had or are not the published."""
    made = command.parser(
        "neural_checks.download",
        "Fetch a public aspirin data set.",
        "exit codes: 0 fetched, or the published data; 2 bad usage or input, or not available",
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
