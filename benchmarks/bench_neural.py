"""From trained backbone to report: seconds of each stage of the aspirin measurement.

``python benchmarks/bench_neural.py [--channels 16] [--threads 2] [--device cpu]`` on an untrained
NequIP (the cost does not depend on training) and the embedded data, measured as a preset says,
whatever its channels: equivariance, features of
21 sites, readouts of degree 1, 2, 3 for ℓ = 1..dL + 3, bootstrap, controls, files and figures.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from threadpoolctl import threadpool_limits

from neural_checks.backbones.nequip import BackboneConfig, NequIPBackbone
from neural_checks.backbones.scaling import Scaling
from neural_checks.data.split import split
from neural_checks.injection.experiment import Subject, run_experiment
from neural_checks.injection.figures import figure_of, names
from neural_checks.injection.result import (
    REPORT,
    DataOrigin,
    Frames,
    InjectionReport,
    Settings,
    TrainedBackbone,
)
from neural_checks.injection.tables import per_atom_csv, table_csv
from neural_checks.readouts.trained import SpnConfig
from numeric_checks.figures import figure_paths, save_figure
from numeric_checks.molecules.data import EMBEDDED, load
from span_theorem.files import write_text


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; exit code 0."""
    presets = json.loads((files("neural_checks.injection") / "presets.json").read_text())
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--channels", type=int, default=16)
    parser.add_argument("--preset", choices=sorted(presets), default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu", help="cpu (default), cuda, cuda:1, …")
    arguments = parser.parse_args(argv)
    preset = presets[arguments.preset]
    warnings.simplefilter("ignore")
    import torch

    torch.set_num_threads(arguments.threads)
    data = load(EMBEDDED)
    parts = split(data, preset["fit"], 1, preset["held"], 0)
    config = BackboneConfig(channels=arguments.channels)
    backbone = NequIPBackbone(
        config, Scaling.of(data, parts.train, config.cutoff), 0, arguments.device
    )
    backbone.select_layer(data.structures.take(slice(2)))
    settings = Settings(
        L=config.l_max,
        orientations=preset["orientations"],
        draws=preset["bootstrap"],
        spn=SpnConfig(**preset["spn"]),
        control_sites=preset["control_sites"],
    )
    begun = last = time.perf_counter(), time.process_time()

    def stage(name: str) -> None:
        nonlocal last
        now = time.perf_counter(), time.process_time()
        print(f"{name:48s} {now[0] - last[0]:7.1f} s wall, {now[1] - last[1]:7.1f} s processor")
        last = now

    with threadpool_limits(arguments.threads):
        measured = run_experiment(
            Subject([backbone], data, parts.train, parts.test, backbone),
            settings,
            arguments.device,
            progress=lambda _done, _total, note: stage(note),
        )
    said = backbone.description
    report = InjectionReport(
        measurement=measured,
        data=DataOrigin.of(data.origin),
        frames=Frames(0, len(parts.train), len(parts.test), parts.rule),
        backbones=(TrainedBackbone(0, said["layer"], said["layers"], said["layer_irreps"], None),),
        preset=arguments.preset,
        train={},
        environment={},
        measurement_seconds=0.0,
        measurement_cpu_seconds=0.0,
        geometry=tuple((x, y, z) for x, y, z in data.positions[0].tolist()),
    )
    with tempfile.TemporaryDirectory() as folder:
        REPORT.write(Path(folder, "report.json"), report)
        for name in names(report):
            save_figure(figure_of(report, name), figure_paths(Path(folder, name)))
        for name, table in (("table.csv", table_csv), ("per_atom.csv", per_atom_csv)):
            write_text(Path(folder, name), table(report))
    stage("files and figures")
    total = last[0] - begun[0], last[1] - begun[1]
    print(f"{'total':48s} {total[0]:7.1f} s wall, {total[1]:7.1f} s processor")
    return 0


if __name__ == "__main__":
    sys.exit(main())
