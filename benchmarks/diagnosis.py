"""Time and memory of one diagnosis beyond the network's own passes.

The features are densities of neighbours in 128x0e+128x1o+128x2e, as wide as those of published
networks, on embedded aspirin frames: 300 to fit and 150 held out. Forces are a sum over channels of
the density of degree 1, so that the force error is examined too, as by default. One process, one
thread: ``python benchmarks/diagnosis.py --out docs/results/benchmarks/diagnosis.json`` writes the
record.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np  # noqa: E402  # after the number of threads

from neural_checks.backbones.interface import Evaluation  # noqa: E402
from neural_checks.data.split import split  # noqa: E402
from neural_checks.diagnosis.measure import diagnose  # noqa: E402
from neural_checks.diagnosis.result import Options  # noqa: E402
from neural_checks.features.recorded import record  # noqa: E402
from numeric_checks.molecules.data import load  # noqa: E402
from numeric_checks.molecules.structures import Structures  # noqa: E402
from numeric_checks.provenance import environment  # noqa: E402
from numeric_checks.rotations.wigner import unit_harmonics  # noqa: E402

CHANNELS, DEGREES = 128, 2


class Densities:
    """h_lc(i) = Σ_j φ_lc(r_ij) y_l(r̂_ij), φ_lc(r) = sin(ω r + α) e^(−r/2), ω and α at random."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self._frequencies = rng.uniform(0.5, 12, size=(DEGREES + 1, CHANNELS))
        self._phases = rng.uniform(0, 2 * np.pi, size=(DEGREES + 1, CHANNELS))

    @property
    def description(self) -> Mapping[str, Any]:
        """What the report says of the network."""
        return {"package": "densities of neighbours, no network"}

    def evaluate(self, structures: Structures) -> Evaluation:
        """Features of frames of one molecule, forces that are linear in them, no energies."""
        positions = structures.molecule[0]
        frames, atoms, _ = positions.shape
        features: dict[str, list[Any]] = {f"{l}{'eo'[l % 2]}": [] for l in range(DEGREES + 1)}
        for frame in positions:
            difference = frame - frame[:, None]
            distance = np.linalg.norm(difference, axis=-1)
            fading = np.where(distance > 0, np.exp(-distance / 2), 0)[..., None]
            unit = difference / np.where(distance > 0, distance, 1)[..., None]
            unit[distance == 0] = [0, 0, 1]
            for l, y in enumerate(unit_harmonics(DEGREES, unit)):
                waves = np.sin(distance[..., None] * self._frequencies[l] + self._phases[l])
                density = np.einsum("ijc,ijm->icm", fading * waves, y)
                features[f"{l}{'eo'[l % 2]}"].append(density)
        joined = {name: np.concatenate(parts) for name, parts in features.items()}
        forces = 0.1 * joined["1o"].sum(axis=1)  # e3nn's l = 1 is (x, y, z)
        return Evaluation(joined, np.full(frames, np.nan), forces.reshape(frames * atoms, 3))


def peak() -> float:
    """Largest memory of this process so far, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure once and write the record."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--out", type=Path)
    made.add_argument("--degree", type=int, default=2, choices=(1, 2, 3))
    arguments = made.parse_args()
    data = load("embedded")
    parts = split(data, 300, 1, 150, 0)
    begun = time.process_time()
    features = record(Densities(), data, parts.train, parts.test, np.random.default_rng(0))
    passes, before = time.process_time() - begun, peak()
    begun = time.process_time()
    found = diagnose(features, Options(degree=arguments.degree), data)
    heard = found.listening
    row = {
        "features": found.irreps,
        "degree": arguments.degree,
        "frames": {"fit": found.data.fit, "held": found.data.held},
        "sites": len(found.sites),
        "outcome": found.verdict.outcome.value,
        "closed": list(found.closed.values),
        "listening": found.listening_note if heard is None else dict(heard.frames),
        "cpu_seconds": time.process_time() - begun,
        "passes_cpu_seconds": passes,
        "peak_MiB": peak(),
        "peak_before_MiB": before,
        "environment": environment("cpu, one thread"),
    }
    text = json.dumps(row, indent=1)
    print(text)
    if arguments.out is not None:
        arguments.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
