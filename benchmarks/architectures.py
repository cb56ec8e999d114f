"""Train the small networks whose diagnosis stands in docs/diagnose.md, and save them.

    python benchmarks/architectures.py mace --steps 600 --out mace.model        # mace's environment
    python benchmarks/architectures.py nequip-L0 --steps 300 --out nequip-L0.pt

Each takes minutes on one core. Beside the model FILE a FILE.json tells how it was trained and its
force error on held-out frames. The plain e3nn network trains when it is named:
``--model neural_checks.e3nn_example:trained``.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from neural_checks.backbones.interface import Backbone
from neural_checks.backbones.nequip import BackboneConfig
from neural_checks.backbones.scaling import Scaling
from neural_checks.data.split import Split, split
from numeric_checks.molecules.data import EMBEDDED, ForceData, load
from numeric_checks.provenance import environment


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("network", choices=("mace", "nequip-L0"))
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--data", default=EMBEDDED)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    if arguments.out.exists():
        print(f"error: {arguments.out} exists", file=sys.stderr)
        return 2
    data = load(arguments.data)
    parts = split(data, 900, 50, 250, 0)
    make = {"mace": _mace, "nequip-L0": _nequip}[arguments.network]
    begun = time.monotonic()
    backbone, settings = make(data, parts, arguments.steps, arguments.seed, arguments.out)
    test = data.take(parts.test)
    wrong = backbone.evaluate(test.structures).forces - test.forces
    record = {
        "network": arguments.network,
        "settings": settings,
        "steps": arguments.steps,
        "seed": arguments.seed,
        "training_frames": len(parts.train),
        "test_frames": len(parts.test),
        "force_mae_meV_per_A": float(1000 * np.abs(wrong).mean()),
        "seconds": time.monotonic() - begun,
        "data": {"name": data.name, "sha256": data.checksum},
        "environment": environment("cpu"),
    }
    arguments.out.with_name(arguments.out.name + ".json").write_text(json.dumps(record, indent=1))
    print(json.dumps(record, indent=1))
    return 0


def _mace(
    data: ForceData, parts: Split, steps: int, seed: int, out: Path
) -> tuple[Backbone, dict[str, Any]]:
    from neural_checks.backbones.mace import new_mace

    # isort: split
    import torch

    from neural_checks.training.brief import train_briefly

    backbone = new_mace(Scaling.of(data, parts.train, 4.0), seed=seed)
    train_briefly(backbone, data, parts.train, steps, seed=seed)
    torch.save(backbone.model, out)
    return backbone, {"l_max": 2, "channels": 16, "layers": 2, "correlation": 3, "cutoff": 4.0}


def _nequip(
    data: ForceData, parts: Split, steps: int, seed: int, out: Path
) -> tuple[Backbone, dict[str, Any]]:
    from dataclasses import asdict

    from neural_checks.training.train import TrainConfig, train

    model = BackboneConfig(l_max=0, channels=16)
    config = TrainConfig(steps=steps)
    trained = train(data, parts, model, config, seed, out)
    return trained.backbone, asdict(model)


if __name__ == "__main__":
    sys.exit(main())
