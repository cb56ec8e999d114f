"""Cost of the angular demand: CPU seconds and memory of whole processes, beside featomic.

    python benchmarks/demand.py --json docs/results/benchmarks/demand.json

Every row is a fresh process with one thread that reads aspirin frames and measures the demand at
full size for every ℓ up to ``l_max`` and every number of factors up to ``factors``. Rows that the
file already holds are kept. The peer is a linear model of the same body order, energy form, made of
featomic's power spectra (SoapPowerSpectrum, Gto basis) with their position gradients, normal
equations by numpy and one ridge penalty: one model of one size, where ours fits all ℓ and chooses
penalties. Without featomic its row says so. Both state the error on the same held-out frames.
The rows of ``columns`` make the columns of the largest model and fit nothing: the part whose cost
grows with the number of neighbours, with its CPU seconds apart from the start of the process.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

Row = dict[str, Any]

#: (factors, l_max, frames, cut-off in Å, with the curve at equal weights): goals, then scaling.
OURS = (
    (2, 5, 250, 5.0, False),
    (2, 5, 500, 5.0, False),
    (2, 5, 1000, 5.0, False),
    (3, 3, 250, 5.0, False),
    (3, 3, 1050, 5.0, False),
    (3, 4, 1050, 5.0, False),
)
PEER = ((2, 5, 250, 5.0),)
COLUMNS = ((3, 4, 200, 3.0), (3, 4, 200, 4.0), (3, 4, 200, 5.0), (3, 4, 200, 7.0))
RADIAL = 5


def frames_of(data: str, frames: int) -> Any:
    """``frames`` of the frames of a file, evenly spaced."""
    import numpy as np

    from numeric_checks.molecules.data import load

    every = load(data)
    return every.take(np.linspace(0, len(every) - 1, frames).round().astype(int))


def ours(task: Row) -> Row:
    """The demand of the project."""
    from numeric_checks.demand.estimate import demand
    from numeric_checks.demand.result import DemandOptions

    data = frames_of(task["data"], task["frames"])
    settings = DemandOptions(
        factors=task["factors"], l_max=task["l_max"], cutoff=task["cutoff"], radial=RADIAL
    )
    found = demand(data, settings, matched=task["matched"])
    return {
        "pairs_of_a_frame": pairs_of_a_frame(data, task["cutoff"]),
        "weights": found.curve.full[-1].weights,
        "mae_meV_per_A": found.curve.full[-1].mae,
    }


def pairs_of_a_frame(data: Any, cutoff: float) -> int:
    """Ordered pairs of neighbours, mean over frames."""
    from numeric_checks.demand.expansion import neighbor_pairs

    return round(len(neighbor_pairs(data.structures, cutoff).centre) / len(data.structures))


def columns(task: Row) -> Row:
    """The columns of all frames, without a fit; ``part_s``: CPU seconds without the start."""
    import time

    import numpy as np

    from numeric_checks.demand.design import designs
    from numeric_checks.demand.expansion import Basis
    from numeric_checks.demand.fits import new_model
    from numeric_checks.demand.result import DemandOptions

    data = frames_of(task["data"], task["frames"])
    species = tuple(int(z) for z in np.unique(data.structures.numbers))
    basis = Basis(species, task["l_max"], RADIAL, task["cutoff"])
    model = new_model(basis, species, DemandOptions(factors=task["factors"]))
    for _ in designs(data.structures.take([0]), model):
        pass  # what is made once
    begun = time.process_time()
    width = max(design.shape[1] for _, design in designs(data.structures, model))
    return {
        "part_s": round(time.process_time() - begun, 2),
        "pairs_of_a_frame": pairs_of_a_frame(data, task["cutoff"]),
        "weights": width,
    }


def peer(task: Row) -> Row:
    """A ridge regression of forces on featomic's power spectra, the same parts of the frames."""
    import ase
    import numpy as np
    from featomic import SoapPowerSpectrum
    from scipy import linalg

    from numeric_checks.demand.fits import split_frames
    from numeric_checks.demand.result import DemandOptions

    data = frames_of(task["data"], task["frames"])
    spectrum = SoapPowerSpectrum(
        cutoff={
            "radius": task["cutoff"],
            "smoothing": {"type": "ShiftedCosine", "width": 0.5},
        },
        density={"type": "Gaussian", "width": 0.3},
        basis={
            "type": "TensorProduct",
            "max_angular": task["l_max"],
            "radial": {"type": "Gto", "max_radial": RADIAL - 1},
        },
    )
    atoms = len(data.numbers)

    def design(index: Any) -> Any:
        frames = [ase.Atoms(data.numbers, data.positions[k]) for k in index]
        found = spectrum.compute(frames, gradients=["positions"])
        found = found.keys_to_properties(["neighbor_1_type", "neighbor_2_type"])
        parts = []
        for block in found:
            gradient = block.gradient("positions")
            part = np.zeros((len(frames) * atoms, 3, block.values.shape[-1]))
            place = gradient.samples.column("system") * atoms + gradient.samples.column("atom")
            np.add.at(part, place, -gradient.values)
            parts.append(part)
        return np.concatenate(parts, axis=2).reshape(3 * atoms * len(frames), -1)

    labels, _ = split_frames(len(data), DemandOptions())
    seen, held = np.flatnonzero(labels != "held"), np.flatnonzero(labels == "held")
    matrix, right, rows = 0.0, 0.0, 0
    for start in range(0, len(seen), 20):
        index = seen[start : start + 20]
        columns, target = design(index), data.molecule_forces[index].reshape(-1)
        matrix, right = matrix + columns.T @ columns, right + columns.T @ target
        rows += len(target)
    scale = np.sqrt(np.diag(matrix) / rows)
    scale[scale == 0] = np.inf
    scaled = matrix / np.outer(scale, scale)
    scaled.flat[:: len(scaled) + 1] += 1e-8 * rows
    weights = linalg.solve(scaled, right / scale, assume_a="pos") / scale
    wrong = [
        np.abs(
            data.molecule_forces[held[k : k + 20]].reshape(-1) - design(held[k : k + 20]) @ weights
        )
        for k in range(0, len(held), 20)
    ]
    return {"weights": len(weights), "mae_meV_per_A": float(1000 * np.concatenate(wrong).mean())}


def process(task: Row) -> Row:
    """One task in a process of its own, with its CPU seconds and peak memory."""
    one = dict.fromkeys(
        ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"), "1"
    )
    child = subprocess.Popen(
        [sys.executable, "-W", "ignore", __file__, "--task", json.dumps(task)],
        env=os.environ | one,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stderr is not None
    printed, errors = child.stdout.read(), child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        lines = errors.strip().splitlines() or [f"exit code {child.returncode}"]
        return {**task, "failure": lines[-1][:200]}
    return {
        **task,
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_MB": round(usage.ru_maxrss / 1024),
        **json.loads(printed.strip().splitlines()[-1]),
    }


def tasks(data: str) -> list[Row]:
    """What is measured."""
    names = ("factors", "l_max", "frames", "cutoff", "matched")
    rows = [{"program": "ours", "data": data, **dict(zip(names, t, strict=True))} for t in OURS]
    for program, wanted in (("featomic", PEER), ("columns", COLUMNS)):
        rows += [
            {"program": program, "data": data, **dict(zip(names[:4], t, strict=True))}
            for t in wanted
        ]
    return rows


def main(argv: list[str] | None = None) -> int:
    """Measure what the file does not hold yet; returns 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", default="embedded", help="'embedded' or a file of one molecule")
    parser.add_argument("--json", type=Path, help="write the result here")
    parser.add_argument("--only", type=int, nargs="+", help="numbers of the rows, from 0")
    parser.add_argument("--task", help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    if given.task:
        task = json.loads(given.task)
        print(
            json.dumps({"ours": ours, "featomic": peer, "columns": columns}[task["program"]](task))
        )
        return 0
    from numeric_checks.provenance import versions

    about = {
        "machine": platform.machine(),
        "threads": 1,
        "radial": RADIAL,
        "versions": versions(("numpy", "scipy", "sphericart", "vesin", "featomic")),
    }
    result: Row = {"about": about, "rows": []}
    if given.json and given.json.exists():
        result = json.loads(given.json.read_text(encoding="utf-8"))
    every = tasks(given.data)
    for number, task in enumerate(every):
        if given.only is not None and number not in given.only:
            continue
        if any(task.items() <= row.items() for row in result["rows"]):
            continue
        row = process(task)
        print(json.dumps(row), file=sys.stderr, flush=True)
        result["rows"].append(row)
        if given.json:
            given.json.parent.mkdir(parents=True, exist_ok=True)
            given.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for row in result["rows"]:
        print(row)
    return 0


if __name__ == "__main__":
    sys.exit(main())
