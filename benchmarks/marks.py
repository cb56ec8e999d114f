"""What the rule of the marked neighbour changes, on data sets of one molecule.

    python benchmarks/marks.py --record docs/results/data/marks.json FILE.npz …

For every file: the atoms whose neighbour differs between the least distance averaged over the
frames (the rule of ``numeric_checks.molecules.marks``) and the mean of aligned frames; how often
the nearest atom of a frame is another than the nearest on average; and what a quadratic readout of
an untrained network recovers of the field, with a neighbour fixed for all frames and with the
nearest of every frame. One core takes a minute a file.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neural_checks.backbones.nequip import BackboneConfig, NequIPBackbone
from neural_checks.backbones.scaling import Scaling
from neural_checks.readouts.closed_form import measure
from neural_checks.readouts.samples import collect_samples, top_degree
from numeric_checks.molecules.data import ForceData, load
from numeric_checks.molecules.marks import changes, directions, marked_neighbors, nearest_neighbors
from numeric_checks.provenance import environment
from numeric_checks.rotations.alignment import align
from span_theorem.files import check_targets, write_json

FIT, HELD, DEGREE, CHANNELS = 400, 200, 2, 16


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--record", type=Path, required=True)
    parser.add_argument("--force", action="store_true")
    arguments = parser.parse_args()
    check_targets(arguments.record, force=arguments.force)
    rows = []
    for path in arguments.files:
        rows.append(row(load(path)))
        print(rows[-1]["name"], rows[-1]["differing"], file=sys.stderr)
    content = {
        "settings": {"fit": FIT, "held": HELD, "degree": DEGREE, "channels": CHANNELS},
        "rows": rows,
        "environment": environment("cpu"),
    }
    write_json(arguments.record, content, force=arguments.force)
    return 0


def mean_geometry(data: ForceData) -> NDArray[np.int64]:
    """The nearest other non-hydrogen atom in the mean of the aligned frames."""
    mean = align(data.positions).mean(axis=0)
    distances = np.linalg.norm(mean[:, None] - mean, axis=-1)
    distances[:, data.numbers == 1] = np.inf
    np.fill_diagonal(distances, np.inf)
    return distances.argmin(axis=1)


def row(data: ForceData) -> dict[str, Any]:
    """The figures of one data set."""
    ours, other = marked_neighbors(data.structures), mean_geometry(data)
    index = np.linspace(0, len(data) - 1, min(len(data), 1000)).astype(int)
    found = changes(data.structures.take(index))
    fixed, frame = recoveries(data)
    return {
        "name": data.name,
        "sha256": data.checksum,
        "frames": len(data),
        "atoms": len(data.numbers),
        "differing": [int(atom) for atom in np.flatnonzero(ours != other)],
        "neighbors": ours.tolist(),
        "mean_geometry": other.tolist(),
        "changing": found.differing,
        "ties": found.ties,
        "tie_margin": found.margin,
        "recovery_fixed": fixed.tolist(),
        "recovery_frame": frame.tolist(),
    }


def recoveries(data: ForceData) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """R² (ℓ, atoms) with a neighbour fixed for all frames, and with the nearest of each."""
    index = np.random.default_rng(0).permutation(len(data))[: FIT + HELD]
    fit, held = index[:FIT], index[FIT:]
    model = BackboneConfig(channels=8)
    backbone = NequIPBackbone(model, Scaling.of(data, fit, model.cutoff), 1000, "cpu")
    backbone.select_layer(data.structures.take(fit[:2]))
    samples = collect_samples(backbone, data, fit, held)
    frames = data.structures.take(index)
    each = directions(frames, nearest_neighbors(frames)).reshape(samples.vectors.shape)
    degrees = top_degree(model.l_max, DEGREE)
    values = []
    for vectors in (samples.vectors, each):
        result = measure(replace(samples, vectors=vectors), DEGREE, degrees, CHANNELS)
        values.append(1 - result.field.mean(axis=2))
    return values[0], values[1]


if __name__ == "__main__":
    sys.exit(main())
