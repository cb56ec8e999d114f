"""Memory and time of reading many frames and recording features, in parts and at once.

    python benchmarks/streaming.py --record docs/results/data/streaming.json

Files of 50 atoms a frame are written to a temporary folder and read in processes of their own. The
memory of a frame is the slope of the peak between the shorter and the longer file.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from numeric_checks.provenance import environment
from span_theorem.files import check_targets, write_json

if TYPE_CHECKING:
    from neural_checks.backbones.interface import Evaluation
    from numeric_checks.molecules.structures import Structures

ATOMS, BATCH, FRAMES = 50, 5000, (2000, 10_000)
IRREPS, CHANNELS = ("0e", "1o", "2e"), 4


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--record", type=Path, default=Path("streaming.json"))
    parser.add_argument("--force", action="store_true")
    parser.add_argument("--read", nargs=2, metavar=("HOW", "FILE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read is not None:
        print(json.dumps(_read(*arguments.read)))
        return 0
    check_targets(arguments.record, force=arguments.force)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("extxyz", "npz"):
            paths = [Path(folder, f"{frames}.{suffix}") for frames in FRAMES]
            for path, frames in zip(paths, FRAMES, strict=True):
                _write(path, frames)
            ways = (
                "iterate",
                "load",
                *(("record_to_file", "record") if suffix == "extxyz" else ()),
            )
            for how in ways:
                rows.append({"format": suffix, "how": how, **_row(how, paths)})
                print(rows[-1], file=sys.stderr)
    content = {
        "settings": {
            "atoms": ATOMS,
            "batch_atoms": BATCH,
            "frames": FRAMES,
            "irreps": "+".join(f"{CHANNELS}x{name}" for name in IRREPS),
        },
        "rows": rows,
        "environment": environment("cpu"),
    }
    write_json(arguments.record, content, force=arguments.force)
    return 0


def _row(how: str, paths: list[Path]) -> dict[str, float]:
    small, large = (
        json.loads(
            subprocess.run(
                [sys.executable, __file__, "--read", how, str(path)],
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        )
        for path in paths
    )
    frames = FRAMES[1] - FRAMES[0]
    return {
        "peak_MiB": large["peak"] / 1024,
        "bytes_per_frame": 1024 * (large["peak"] - small["peak"]) / frames,
        "milliseconds_per_frame": 1000 * (large["seconds"] - small["seconds"]) / frames,
    }


def _read(how: str, path: str) -> dict[str, float]:
    from numeric_checks.molecules.data import iterate, load

    begun, frames = time.process_time(), 0
    if how.startswith("record"):
        frames = _record(how, Path(path))
    elif how == "load":
        frames = len(load(path))
    else:
        for part in iterate(path, BATCH):
            frames += len(part)
    assert frames in FRAMES
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"peak": peak, "seconds": time.process_time() - begun}


class _Toy:
    """Harmonics of the position from the centre of the frame, by weights of the distance."""

    def __init__(self) -> None:
        self.description = {"package": "toy"}

    def evaluate(self, structures: Structures) -> Evaluation:
        """Features of ``CHANNELS`` channels, energies zero, no forces."""
        from neural_checks.backbones.interface import Evaluation
        from numeric_checks.rotations.wigner import unit_harmonics

        centres = np.add.reduceat(structures.positions, structures.offsets[:-1])
        vectors = structures.positions - (centres / structures.counts[:, None])[structures.frame_of]
        distance = np.linalg.norm(vectors, axis=1)
        weights = np.exp(-distance[:, None] * np.arange(1, CHANNELS + 1) / 4)
        harmonics = unit_harmonics(len(IRREPS) - 1, vectors / distance[:, None])
        features = {
            name: weights[:, :, None] * y[:, None]
            for name, y in zip(IRREPS, harmonics, strict=True)
        }
        return Evaluation(features, np.zeros(len(structures)), np.full_like(vectors, np.nan))


def _record(how: str, path: Path) -> int:
    """Frames whose features were written to a file beside ``path``, every fifth held out."""
    from neural_checks.features.file import write
    from neural_checks.features.recorded import record
    from neural_checks.features.stream import record_to_file
    from numeric_checks.molecules.data import iterate, load

    rng, out = np.random.default_rng(0), path.with_suffix(".features.npz")
    out.unlink(missing_ok=True)
    if how == "record_to_file":
        frames = sum(len(part) for part in iterate(path, BATCH))
        record_to_file(out, _Toy(), iterate(path, BATCH), np.arange(frames) % 5 == 0, rng)
        return frames
    data = load(path)
    held_out = np.arange(len(data)) % 5 == 0
    write(out, record(_Toy(), data, np.flatnonzero(~held_out), np.flatnonzero(held_out), rng))
    return len(data)


def _write(path: Path, frames: int) -> None:
    """Random frames, written by hand: ASE's writer would take minutes."""
    rng = np.random.default_rng(0)
    symbols = np.array(["C", "H"])[np.arange(ATOMS) % 2]
    if path.suffix == ".npz":
        places = rng.uniform(0, 8, (frames, ATOMS, 3))
        numbers = np.where(symbols == "C", 6, 1)
        np.savez(path, R=places, F=places - 4, E=np.zeros(frames), z=numbers)
        return
    with path.open("w", encoding="utf-8") as stream:
        for _ in range(frames):
            stream.write(
                f'{ATOMS}\nProperties=species:S:1:pos:R:3:forces:R:3 energy=0.5 pbc="F F F"\n'
            )
            for symbol, row in zip(symbols, rng.uniform(0, 8, (ATOMS, 6)), strict=True):
                stream.write(f"{symbol} {' '.join(f'{x:.8f}' for x in row)}\n")


if __name__ == "__main__":
    sys.exit(main())
