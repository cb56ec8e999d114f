"""Diagnose a network: which angular degrees a readout recovers from its features, and what helps.

``python -m neural_checks.diagnose --model MODEL --data FILE``. MODEL is a feature file (``.npz``),
a checkpoint or package of nequip, a model file of mace, a checkpoint of ``neural_checks.aspirin``,
or ``module:function``. Exit code 0: the measured cliff sits at the proved boundary; 3: it does not;
4: undecided; 2: bad usage or input.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neural_checks.backbones.load import load_backbone
from neural_checks.data.split import split
from neural_checks.diagnosis.measure import Diagnosis, Options, diagnose
from neural_checks.features.file import read, write
from neural_checks.features.recorded import FeatureSet, record
from numeric_checks.figures import figure_paths, save_figure
from numeric_checks.molecules.data import ForceData, load, sha256
from numeric_checks.provenance import environment

__all__ = ["main"]

EXIT = {"agrees": 0, "disagrees": 3, "undecided": 4}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m neural_checks.diagnose",
        description="Which angular degrees a polynomial readout of a network's features recovers.",
        epilog="exit codes: 0 the cliff is at the proved boundary, 3 it is not, 4 undecided, 2 bad "
        "input",
    )
    parser.add_argument(
        "--model",
        required=True,
        help="feature file .npz, nequip .ckpt or .nequip.zip, mace model file, a checkpoint of "
        "neural_checks.aspirin, or module:function",
    )
    parser.add_argument(
        "--data",
        help="'embedded', .npz or anything ASE reads with forces; may be left out for a feature "
        "file, then without advice on bandwidth",
    )
    parser.add_argument("--layer", type=int, help="from 0; default: deepest with gradient at l > 0")
    parser.add_argument("--degree", type=int, choices=(1, 2, 3), default=2, help="of the readout")
    parser.add_argument("--fit", type=int, default=300, help="frames to fit readouts on")
    parser.add_argument("--held", type=int, default=150, help="frames held out")
    parser.add_argument("--level", type=float, default=0.5, help="R² of a deficit (default 0.5)")
    parser.add_argument("--draws", type=int, default=2000, help="of the bootstrap")
    parser.add_argument("--seed", type=int, default=0, help="of split, rotations and draws")
    parser.add_argument(
        "--trust-model",
        action="store_true",
        help="load a model file that can run code (any pickle, and packages of nequip)",
    )
    parser.add_argument("--export", type=Path, help="write the features to this .npz as well")
    parser.add_argument("--out", type=Path, help="folder for report.json, table.txt, diagnosis.svg")
    parser.add_argument("--force", action="store_true", help="replace files that exist")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; see the module's text for the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        found, provenance = _run(arguments)
        report = {**found.as_dict(), "provenance": provenance}
        if arguments.out is not None:
            _write(arguments.out, found, report)
    except (ImportError, OSError, TypeError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(json.dumps(report) if arguments.json else found.table())
    return EXIT[found.verdict]


def _run(arguments: argparse.Namespace) -> tuple[Diagnosis, dict[str, Any]]:
    options = Options(
        degree=arguments.degree, draws=arguments.draws, level=arguments.level, seed=arguments.seed
    )
    for path in (arguments.export, arguments.out and arguments.out / "report.json"):
        if path and path.exists() and not arguments.force:
            raise FileExistsError(f"{path} exists; --force replaces it")
    data = None if arguments.data is None else load(arguments.data)
    begun = time.monotonic()
    features = _features(arguments, data)
    print(f"[{time.monotonic() - begun:5.1f} s] features {features.irreps}", file=sys.stderr)
    if arguments.export is not None:
        write(arguments.export, features, arguments.force)
    found = diagnose(features, options, data)
    print(f"[{time.monotonic() - begun:5.1f} s] measured", file=sys.stderr)
    path = Path(arguments.model)
    provenance = {
        "model": path.name if path.is_file() else arguments.model,
        "model_sha256": sha256(path) if path.is_file() else None,
        "seed": arguments.seed,
        "seconds": time.monotonic() - begun,
        "environment": environment("measured on the CPU"),
    }
    return found, provenance


def _features(arguments: argparse.Namespace, data: ForceData | None) -> FeatureSet:
    if arguments.model.endswith(".npz"):
        if arguments.layer is not None or arguments.export is not None:
            raise ValueError("a feature file has its layer already: no --layer, no --export")
        features = read(Path(arguments.model))
        if data is not None and features.data_sha256 != data.checksum:
            raise ValueError(
                f"{arguments.model} belongs to data {features.data_name or 'not stated'} (SHA-256 "
                f"{features.data_sha256[:12] or 'not stated'}…), not to {data.name} "
                f"({data.checksum[:12]}…)"
            )
        return features
    if data is None:
        raise ValueError("--data is needed, unless --model is a feature file")
    backbone = load_backbone(arguments.model, data, arguments.layer, arguments.trust_model)
    # Test frames come off the other end of the permutation than training frames.
    parts = split(data, arguments.fit, 1, arguments.held, arguments.seed)
    rng = np.random.default_rng(arguments.seed)
    return record(backbone, data, parts.train, parts.test, rng)


def _write(folder: Path, found: Diagnosis, report: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)

    def place(name: str, write_to: Any) -> None:
        temporary = folder / f"{name}.writing"
        write_to(temporary)
        os.replace(temporary, folder / name)

    save_figure(found.plot(), figure_paths(str(folder / "diagnosis"), force=True), force=True)
    place("table.txt", lambda path: path.write_text(found.table() + "\n", encoding="utf-8"))
    place("report.json", lambda path: path.write_text(json.dumps(report, indent=1) + "\n"))


if __name__ == "__main__":
    sys.exit(main())
