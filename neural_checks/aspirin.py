"""The aspirin experiment: train backbones, inject fields of degree ℓ, find where recovery ends.

``python -m neural_checks.aspirin --preset quick`` or ``python neural_checks/aspirin.py``. Exit code
0: the measured cliff is where ``span_theorem`` proves the boundary, for every readout; 3: for one
it is elsewhere; 4: for one it is undecided, and elsewhere for none; 2: bad usage or input.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any

if not __package__:  # run as a file: the checkout, not this folder, is what to import from
    sys.path[0] = str(Path(__file__).resolve().parent.parent)


from neural_checks.backbones.hooked import BackboneConfig, NequIPBackbone, Scaling
from neural_checks.data.archives import ARCHIVES, fetch
from neural_checks.data.split import split
from neural_checks.injection.experiment import Settings, run
from neural_checks.injection.figures import draw
from neural_checks.injection.report import print_tables, write
from neural_checks.readouts.trained import SpnConfig
from neural_checks.training.ensemble import train_all
from neural_checks.training.train import TrainConfig, force_mae
from numeric_checks.molecules.data import EMBEDDED, load
from numeric_checks.provenance import environment
from span_theorem.progress import Progress

__all__ = ["main"]


def _parser() -> argparse.ArgumentParser:
    presets = json.loads((files("neural_checks.injection") / "presets.json").read_text())
    parser = argparse.ArgumentParser(
        prog="python -m neural_checks.aspirin",
        description="Train NequIP backbones, inject fields of degree ℓ, find where recovery ends.",
        epilog="presets: " + "; ".join(f"{name}: {p['about']}" for name, p in presets.items()),
    )
    parser.add_argument("--preset", choices=sorted(presets), default="quick")
    parser.add_argument(
        "--data",
        default=EMBEDDED,
        help="'embedded' (default); 'rmd17' or 'ccsd', downloaded once; or a .npz or ASE-readable "
        "file",
    )
    parser.add_argument(
        "--downloads", type=Path, default=Path("data"), help="where downloads are kept: data"
    )
    parser.add_argument("--run", help="name of the run (default: DATA-PRESET)")
    parser.add_argument("--results", type=Path, default=Path("results"), help="default: results")
    parser.add_argument("--backbones", type=int, help="how many seeds, from 0")
    parser.add_argument("--steps", type=int, help="training steps instead of the preset's")
    parser.add_argument("--L", type=int, help="l_max of the network instead of the preset's")
    parser.add_argument("--degrees", type=int, nargs="+", choices=(1, 2, 3), default=[1, 2, 3])
    parser.add_argument("--amplitude", type=float, default=1.0, help="ε (default 1)")
    parser.add_argument("--bootstrap", type=int, help="number of draws B")
    parser.add_argument("--seed", type=int, default=0, help="of the measurement and the split")
    parser.add_argument("--device", default="cpu", help="cpu (default), cuda, cuda:1, …")
    parser.add_argument("--parallel", type=int, default=1, help="backbones trained at once")
    parser.add_argument(
        "--as-trained",
        action="store_true",
        help="measure the checkpoints there are, finished or not",
    )
    parser.add_argument("--force", action="store_true", help="replace an existing report")
    parser.add_argument("--json", action="store_true", help="print the report instead of a table")
    parser.set_defaults(presets=presets)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; see the module's text for the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        report, folder = _experiment(arguments)
    except (ImportError, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if arguments.json:
        print(json.dumps(report))
    else:
        print_tables(report, folder)
    verdicts = [entry["verdict"] for entry in report["readouts"].values()]
    if all(v["agrees"] for v in verdicts):
        return 0
    return 4 if all(v["agrees"] or v["undecided"] for v in verdicts) else 3


def _experiment(arguments: argparse.Namespace) -> tuple[dict[str, Any], Path]:
    preset = arguments.presets[arguments.preset]
    data = load(
        fetch(arguments.data, arguments.downloads) if arguments.data in ARCHIVES else arguments.data
    )
    folder = arguments.results / (arguments.run or f"{data.name}-{arguments.preset}")
    if (folder / "report.json").exists() and not arguments.force:
        raise FileExistsError(f"{folder / 'report.json'} exists; --force replaces it")
    chosen = dict(preset["train"], split_seed=arguments.seed)
    if arguments.steps is not None:
        chosen["steps"] = arguments.steps
    config = TrainConfig(**chosen)
    shape = dict(preset["model"])
    if arguments.L is not None:
        shape["l_max"] = arguments.L
    model = BackboneConfig(**shape)
    if model.l_max < 1:
        raise ValueError("this experiment needs L ≥ 1; with L = 0 nothing is recovered")
    settings = Settings(
        L=model.l_max,
        degrees_read=tuple(sorted(set(arguments.degrees))),
        amplitude=arguments.amplitude,
        orientations=preset["orientations"],
        draws=preset["bootstrap"] if arguments.bootstrap is None else arguments.bootstrap,
        seed=arguments.seed,
        spn=SpnConfig(**preset["spn"]),
        control_sites=preset["control_sites"],
    )
    count = preset["backbones"] if arguments.backbones is None else arguments.backbones
    if count < 1:
        raise ValueError(f"backbones must be ≥ 1, got {count}")
    frames = split(data, config.train, config.validation, config.test, config.split_seed)
    fit, held = frames.train[: preset["fit"]], frames.test[: preset["held"]]
    seeds = range(count)
    trained, rows = [], []
    with Progress() as progress:

        def training(seed: int, step: int, steps: int, loss: float, mae: float) -> None:
            note = f"loss {loss:.4f}, force MAE {mae:.1f} meV/Å"
            progress.update(f"backbone {seed}", step, steps, note)

        outcomes = train_all(
            data,
            frames,
            model,
            config,
            seeds,
            folder,
            arguments.device,
            arguments.parallel,
            training,
            arguments.as_trained,
        )
        for outcome in outcomes:
            backbone = outcome.backbone
            backbone.select_layer(data.positions[fit[:2]])
            trained.append(backbone)
            rows.append(
                {
                    **backbone.description,
                    "steps": outcome.steps,
                    "stopped": outcome.stopped,
                    "training_seconds": outcome.seconds,
                    "skipped_steps": outcome.skipped_steps,
                    "force_mae_meV_per_A": force_mae(backbone, data, frames.test),
                    "history": outcome.history,
                }
            )
        untrained = NequIPBackbone(
            model, Scaling.of(data, frames.train, model.cutoff), 1000, arguments.device
        )
        untrained.select_layer(data.positions[fit[:2]])
        begun, used = time.monotonic(), time.process_time()
        measured = run(
            trained,
            data,
            fit,
            held,
            settings,
            untrained,
            arguments.device,
            lambda done, total, note: progress.update("measurement", done, total, note),
        )
    report = {
        **measured,
        "measurement_seconds": time.monotonic() - begun,
        "measurement_cpu_seconds": time.process_time() - used,
        "data": data.origin,
        "frames": {
            "fit": len(fit),
            "held": len(held),
            "train": len(frames.train),
            "rule": frames.rule,
        },
        "preset": arguments.preset,
        "train": {"seeds": list(seeds), **asdict(config)},
        "backbones": rows,
        "environment": environment(arguments.device),
    }
    write(folder, report)
    draw(folder, report, data.positions[fit[0]])
    return report, folder


if __name__ == "__main__":
    sys.exit(main())
