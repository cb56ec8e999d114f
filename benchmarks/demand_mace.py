"""The force error of small MACE models against max_ell, to stand beside the angular demand.

    PYTHONPATH=. MACE_PYTHON benchmarks/demand_mace.py FILE --steps 10000 --json mace.json

MACE_PYTHON is an interpreter with mace-torch (``constraints-mace.txt``). Models differ by
``max_ell`` alone, the degree of the density (MACE multiplies ``correlation`` of them): hidden
irreps, channels, steps, frames and seed are the same. A ScaleShiftMACE of two layers is trained on
energies and forces as :mod:`neural_checks.training.train` trains NequIP: Adam, warm-up and cosine,
running average of the weights, the average of least validation error kept. Once a minute
the state of a training is written beside the result (``--json``); a run that was stopped continues
from there.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

Row = dict[str, Any]

CHANNELS, CUTOFF = 16, 5.0


def new_model(scaling: Any, max_ell: int, seed: int) -> Any:
    """A random model of two layers, hidden 0e + 1o."""
    from neural_checks.backbones.mace import new_mace

    return new_mace(scaling, max_ell, CHANNELS, CUTOFF, seed, hidden_l=1)


class Training:
    """One model in training; its state is a file."""

    def __init__(self, data: Any, config: Any, max_ell: int, seed: int, path: Path) -> None:
        import torch

        from neural_checks.backbones.scaling import Scaling
        from neural_checks.data.split import split

        self.data, self.config, self.seed, self.path = data, config, seed, path
        self.parts = split(data, config.train, config.validation, config.test, config.split_seed)
        self.scaling = Scaling.of(data, self.parts.train, CUTOFF)
        self.backbone = new_model(self.scaling, max_ell, seed)
        self.weights = [p for p in self.backbone.model.parameters() if p.requires_grad]
        self.average = [p.detach().clone() for p in self.weights]
        self.best = [p.clone() for p in self.average]
        self.optimiser = torch.optim.Adam(self.weights, lr=config.learning_rate, amsgrad=True)
        self.step, self.seconds, self.history = 0, 0.0, []
        if path.exists():
            state = torch.load(path, weights_only=True)
            self._set(self.weights, state["weights"])
            self.average, self.best = state["average"], state["best"]
            self.optimiser.load_state_dict(state["optimiser"])
            self.step, self.seconds = state["step"], state["seconds"]
            self.history = [tuple(row) for row in state["history"]]

    def save(self) -> None:
        """Keep the state, whole or not at all."""
        import torch

        from span_theorem.files import writing

        state = {
            "weights": [p.detach() for p in self.weights],
            "average": self.average,
            "best": self.best,
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
            "history": [list(row) for row in self.history],
        }
        with writing(self.path, force=True) as stream:
            torch.save(state, stream)

    def run(self) -> Row:
        """All steps, then the error on the test frames."""
        saved = time.monotonic()
        while self.step < self.config.steps:
            begun = time.process_time()
            loss = self._advance()
            if self.step % self.config.validate_every == 0 or self.step == self.config.steps:
                self._validate(loss)
            self.seconds += time.process_time() - begun
            if time.monotonic() - saved > 60:
                self.save()
                saved = time.monotonic()
        self.save()
        self._set(self.weights, self.best)
        return {
            "steps": self.step,
            "parameters": sum(p.numel() for p in self.weights),
            "cpu_seconds": round(self.seconds, 1),
            "history": [list(row) for row in self.history],
            "force_mae_meV_per_A": self._error(self.parts.test),
        }

    def _advance(self) -> float:
        import numpy as np
        import torch

        config, scale = self.config, self.scaling.force_rms
        for group in self.optimiser.param_groups:
            group["lr"] = config.rate(self.step)
        rng = np.random.default_rng(np.random.SeedSequence((self.seed, self.step)))
        chosen = rng.choice(self.parts.train, size=config.batch, replace=False)
        part = self.data.take(chosen)
        self.backbone.model.train()
        graph = self.backbone.graph(part.structures)
        positions = graph.positions.float().requires_grad_(True)
        energies = self.backbone.energy(self.backbone.inputs(graph.at(positions))).reshape(-1)
        (gradient,) = torch.autograd.grad(energies.sum(), positions, create_graph=True)
        # Energies are large numbers: their differences are taken in double precision.
        shift = energies.double() - torch.tensor(part.energies)
        atoms = torch.tensor(part.structures.counts, dtype=torch.float64)
        loss = ((-gradient - torch.tensor(part.forces, dtype=torch.float32)) / scale).pow(2).mean()
        loss = loss + config.energy_weight * (shift / atoms / scale).pow(2).mean().float()
        if not bool(torch.isfinite(loss)):
            raise FloatingPointError(f"loss not finite at step {self.step}")
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.weights, config.clip)
        self.optimiser.step()
        decay = min(config.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for kept, new in zip(self.average, self.weights, strict=True):
                kept.lerp_(new, 1 - decay)
        self.step += 1
        return float(loss)

    def _validate(self, loss: float) -> None:
        current = [p.detach().clone() for p in self.weights]
        self._set(self.weights, self.average)
        mae = self._error(self.parts.validation)
        self._set(self.weights, current)
        if mae < min((row[2] for row in self.history), default=float("inf")):
            self.best = [p.clone() for p in self.average]
        self.history.append((self.step, loss, mae))
        note = f"step {self.step}/{self.config.steps}, {self.seconds:.0f} CPU s, {mae:.1f} meV/Å"
        print(f"{self.path.name}: {note}", file=sys.stderr, flush=True)

    def _error(self, frames: Any) -> float:
        from neural_checks.training.train import force_mae

        self.backbone.model.eval()
        return force_mae(self.backbone, self.data, frames)

    @staticmethod
    def _set(parameters: Any, values: Any) -> None:
        import torch

        with torch.no_grad():
            for parameter, value in zip(parameters, values, strict=True):
                parameter.copy_(value)


def measure(options: argparse.Namespace) -> Row:
    """Every max_ell and seed, one after the other; rows that the file holds are kept."""
    import mace  # noqa: F401  before e3nn
    import torch

    from neural_checks.training.train import TrainConfig
    from numeric_checks.molecules.data import load
    from numeric_checks.provenance import versions

    torch.set_num_threads(1)
    config = TrainConfig(
        steps=options.steps,
        batch=options.batch,
        learning_rate=options.learning_rate,
        average=0.998,
        validate_every=options.validate_every,
    )
    data = load(options.file)
    about = {
        "what": "ScaleShiftMACE, two layers, correlation 3, hidden 16x0e+16x1o",
        "python": platform.python_version(),
        "machine": platform.machine(),
        "versions": versions(("mace-torch", "e3nn", "torch")),
        "cutoff": CUTOFF,
        "channels": CHANNELS,
        "train": asdict(config),
    }
    result: Row = {"about": about, "rows": []}
    if options.json.exists():
        result = json.loads(options.json.read_text(encoding="utf-8"))
        if result["about"] != about:
            raise SystemExit(f"{options.json} holds a run of other settings; choose another file")
    for seed in options.seeds:
        for max_ell in options.max_ell:
            key = {"data": data.name, "max_ell": max_ell, "seed": seed}
            if any(key.items() <= row.items() for row in result["rows"]):
                continue
            state = options.json.with_name(f"{data.name}-{max_ell}-{seed}-{options.steps}.pt")
            row = Training(data, config, max_ell, seed, state).run()
            result["rows"].append({**key, "data_sha256": data.checksum, **row})
            options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return result


def main(argv: list[str] | None = None) -> int:
    """Train what the file does not hold yet; returns 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("file", help="'embedded' or a file with energies and forces")
    parser.add_argument("--max-ell", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--learning-rate", type=float, default=0.01)
    parser.add_argument("--validate-every", type=int, default=500)
    parser.add_argument("--json", type=Path, required=True, help="the result")
    for row in measure(parser.parse_args(argv))["rows"]:
        print(f"{row['data']} max_ell {row['max_ell']}: {row['force_mae_meV_per_A']:.1f} meV/Å")
    return 0


if __name__ == "__main__":
    sys.exit(main())
