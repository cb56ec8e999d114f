"""MACE with its own coupling columns and with the exact basis, side by side.

    PYTHONPATH=. MACE_PYTHON benchmarks/mace_basis.py --json docs/results/benchmarks/mace.json
    python benchmarks/mace_basis.py --table docs/results/benchmarks/mace.json

MACE_PYTHON is an interpreter with mace-torch (``constraints-mace.txt``). A run that was stopped
continues from the file. Every row is a fresh process with
one thread: a ScaleShiftMACE of two layers is built, trained on the forces of a data set with the
same frames, seed and number of steps, and judged on held-out frames. Programs:

MACE        its own columns;
exact       built with the exact basis (its weights are drawn anew: there are fewer of them);
converted   MACE's start, rewritten by ``reduce_mace``: the same function before the first step.

Seconds per step are CPU seconds, measured on all programs of one case in one process, step by step
in turn, so that a busy machine slows them alike. Memory is the rise of the peak of the process
over what it held after its imports.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ("MACE", "exact", "converted")
CASES = ((2, 3), (3, 3), (4, 3))
Row = dict[str, Any]


def backbone(program: str, max_ell: int, correlation: int, options: Row) -> Any:
    """A random model of two layers, hidden 0e + 1o, in the columns of ``program``."""
    import contextlib

    from neural_checks.backbones.mace import MACEBackbone, new_mace
    from span_theorem.coupling.mace import mace_built_with_exact_basis, reduce_mace

    scaling, channels = options["scaling"], options["channels"]
    exact = mace_built_with_exact_basis() if program == "exact" else contextlib.nullcontext()
    with exact:
        model = new_mace(
            scaling, max_ell, channels, options["cutoff"], options["seed"],
            hidden_l=1, correlation=correlation,
        ).model  # fmt: skip
    if program == "converted":
        reduce_mace(model)
    return MACEBackbone(model)


def split(data: Any, options: Row) -> tuple[Any, Any]:
    """Frames to train on and held-out frames, the same for every program."""
    import numpy as np

    order = np.random.default_rng(0).permutation(len(data))
    held_out = options["held_out"]
    return order[held_out:], order[:held_out]


def step_times(model: Any, data: Any, frames: Any, batch: int) -> Any:
    """A generator of the CPU seconds of one training step after another."""
    import numpy as np
    import torch

    rng = np.random.default_rng(1)
    optimiser = torch.optim.Adam(model.model.parameters(), lr=1e-3)
    model.model.train()
    while True:
        chosen = rng.choice(frames, size=batch, replace=False)
        start = time.process_time()
        graph = model.graph(data.structures.take(chosen))
        positions = graph.positions.float().requires_grad_(True)
        energy = model.energy(model.inputs(graph.at(positions))).sum()
        (gradient,) = torch.autograd.grad(energy, positions, create_graph=True)
        target = torch.tensor(data.take(chosen).forces, dtype=torch.float32)
        loss = ((-gradient - target) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        yield time.process_time() - start


def prepared(task: Row) -> tuple[Any, Any, Any]:
    """Data, frames to train on and held-out frames; the scaling goes into ``task``."""
    import mace  # noqa: F401  before e3nn
    import torch

    from neural_checks.backbones.scaling import Scaling
    from numeric_checks.molecules.data import load

    torch.set_num_threads(1)
    data = load(task["data"])
    train, held_out = split(data, task)
    task["scaling"] = Scaling.of(data, train, task["cutoff"])
    return data, train, held_out


def run_times(task: Row) -> Row:
    """Median CPU seconds per step of the programs that can be built, step by step in turn."""
    data, train, _ = prepared(task)
    clocks = {}
    for program in task["programs"]:
        model = backbone(program, task["max_ell"], task["correlation"], task)
        clocks[program] = step_times(model, data, train, task["batch"])
    for clock in clocks.values():
        for _ in range(3):  # the first calls compile
            next(clock)
    seen: dict[str, list[float]] = {program: [] for program in clocks}
    for _ in range(task["timed_steps"]):
        for program, clock in clocks.items():
            seen[program].append(next(clock))
    return {program: statistics.median(values) for program, values in seen.items()}


def run_training(task: Row) -> Row:
    """Build, train and judge one program."""
    import numpy as np

    data, train, held_out = prepared(task)
    from neural_checks.training.brief import train_briefly

    floor = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    model = backbone(task["program"], task["max_ell"], task["correlation"], task)
    build = time.process_time() - start
    product = [
        p for block in model.model.products for p in block.symmetric_contractions.parameters()
    ]
    trained = [p for p in model.model.parameters() if p.requires_grad]
    history = train_briefly(
        model, data, train, task["steps"], batch=task["batch"], seed=task["seed"]
    )
    model.model.eval()
    errors = []
    for frame in held_out:
        forces = model.evaluate(data.structures.take([frame])).forces
        errors.append(forces - data.molecule_forces[frame])
    difference = np.stack(errors)
    return {
        "weights": sum(p.numel() for p in trained),
        "product_weights": sum(p.numel() for p in product if p.requires_grad),
        "build_s": build,
        "peak_rise_MiB": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - floor) / 1024,
        "force_mae_meV_A": float(np.abs(difference).mean() * 1e3),
        "force_rmse_meV_A": float(np.sqrt((difference**2).mean()) * 1e3),
        "last_train_rmse_meV_A": float(np.mean(history[-50:]) * 1e3),
    }


def process(task: Row, limit: float) -> Row:
    """One task in a process of its own; a row with its results or its failure."""
    one = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    try:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", __file__, "--task", json.dumps(task)],
            env=os.environ | one | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=limit,
        )
    except subprocess.TimeoutExpired:
        return {"failure": f"over {limit:g} s"}
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        return {
            "failure": lines[-1].split(";")[0][:160] if lines else f"exit code {done.returncode}"
        }
    return json.loads(done.stdout.strip().splitlines()[-1])


def measure(options: argparse.Namespace) -> Row:
    """All cases, one row after another; rows that the file already holds are kept."""
    from importlib.metadata import version

    shared: Row = {
        name: getattr(options, name)
        for name in ("data", "channels", "cutoff", "steps", "batch", "held_out", "timed_steps")
    }
    versions = {name: version(name) for name in ("mace-torch", "e3nn", "torch", "numpy")}
    about = {"python": platform.python_version(), "machine": platform.machine(), **versions}
    result: Row = {"about": about | shared, "rows": []}
    if options.json and options.json.exists():
        stored = json.loads(options.json.read_text(encoding="utf-8"))
        if stored["about"] != result["about"]:
            raise SystemExit(f"{options.json} holds another run; choose another file")
        result = stored

    def add(key: Row, task: Row, name: str = "") -> Row:
        """The row of one task, from the file or from a new process."""
        known = [row for row in result["rows"] if key.items() <= row.items()]
        if known:
            return known[0]
        found = process(shared | key | task, options.limit)
        row = key | ({name: found} if name else found)
        result["rows"].append(row)
        print(json.dumps(row), file=sys.stderr, flush=True)
        if options.json:
            options.json.parent.mkdir(parents=True, exist_ok=True)
            options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        return row

    for max_ell, correlation in options.case or CASES:
        case = {"max_ell": max_ell, "correlation": correlation}
        good = list(options.program or PROGRAMS)
        for seed in range(options.seeds):
            for program in tuple(good):
                row = add(case | {"program": program, "seed": seed}, {})
                if "failure" in row:
                    good.remove(program)  # what could not be built once is not tried again
        add(case | {"timing": True}, {"programs": good, "seed": 0}, "step_s")
    return result


def table(result: Row) -> str:
    """The Markdown table of a result."""
    lines = [
        "| (max_ell, correlation) | columns | weights | in products | build, s "
        "| CPU s per step | peak rise, MiB | held-out force MAE, meV/Å |",
        "|---|---|---|---|---|---|---|---|",
    ]
    rows, failures = result["rows"], []
    for row in rows:
        if "step_s" in row or row["seed"]:
            continue
        key = {name: row[name] for name in ("max_ell", "correlation")}
        head = f"| ({row['max_ell']}, {row['correlation']}) | {row['program']} |"
        if "failure" in row and row["program"] == "converted":
            continue  # there is no start of MACE's to convert
        if "failure" in row:
            lines.append(f"{head} not built | – | – | – | – | – |")
            failures.append(f"{row['program']} at {tuple(key.values())}: {row['failure']}")
            continue
        same = [r for r in rows if key.items() <= r.items() and r.get("program") == row["program"]]
        mae = ", ".join(f"{r['force_mae_meV_A']:.1f}" for r in same if "failure" not in r)
        memory = statistics.median(r["peak_rise_MiB"] for r in same if "failure" not in r)
        times = [r["step_s"] for r in rows if key.items() <= r.items() and "step_s" in r]
        step = times[0].get(row["program"]) if times else None
        lines.append(
            f"{head} {row['weights']:,} | {row['product_weights']:,} | {row['build_s']:.1f} "
            f"| {f'{step:.3f}' if step else '—'} | {memory:.0f} | {mae} |"
        )
    return "\n".join([*lines, *(f"\nNot built: {failure}" for failure in failures)])


def _case(text: str) -> tuple[int, int]:
    max_ell, correlation = (int(part) for part in text.split(","))
    return max_ell, correlation


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark or print a table; returns 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", default="embedded", help="'embedded' or a file with forces")
    parser.add_argument("--case", type=_case, action="append", metavar="max_ell,correlation")
    parser.add_argument("--program", action="append", choices=PROGRAMS)
    parser.add_argument("--channels", type=int, default=32)
    parser.add_argument("--cutoff", type=float, default=5.0, help="Å")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--batch", type=int, default=5)
    parser.add_argument("--held-out", type=int, default=200, help="frames")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--timed-steps", type=int, default=20)
    parser.add_argument("--limit", type=float, default=7200, help="seconds of one process")
    parser.add_argument("--json", type=Path, help="write the result here")
    parser.add_argument("--table", type=Path, help="only print the table of this result")
    parser.add_argument("--task", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.task:
        task = json.loads(options.task)
        print(json.dumps(run_times(task) if "programs" in task else run_training(task)))
        return 0
    if options.table:
        print(table(json.loads(options.table.read_text(encoding="utf-8"))))
        return 0
    result = measure(options)
    print(table(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
