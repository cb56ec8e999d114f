"""Seconds of a training step here and in the stock trainer of ``nequip``, in one run.

``python benchmarks/bench_training.py``: the same model (L, channels, layers), the same batch of
embedded frames, Adam with AMSGrad, a running average of the weights, eager mode, one thread. Ours
is :func:`neural_checks.training.train.train`; theirs is ``nequip.train.EMALightningModule`` under
``lightning.Trainer`` with neighbour lists made beforehand and logging and checkpoints off. The two
take turns; a step is the time from one call of the optimiser to the next, and the median is given.
Processor time is what to read on a busy machine.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from neural_checks.backbones.nequip import BackboneConfig
from neural_checks.backbones.scaling import Scaling
from neural_checks.data.split import Split, split
from neural_checks.training.train import TrainConfig, train
from numeric_checks.molecules.data import EMBEDDED, ForceData, load

#: Steps at the start of a run that do not count.
WARM = 5


def ours(data: ForceData, parts: Split, model: BackboneConfig, batch: int, steps: int) -> None:
    """``steps`` steps of this project's loop."""
    config = TrainConfig(
        train=len(parts.train), validation=1, test=1, steps=10**6, batch=batch,
        validate_every=10**6,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        train(data, parts, model, config, 0, Path(folder) / "a.pt", stop_after=steps)


def stock(data: ForceData, parts: Split, model: BackboneConfig, batch: int, steps: int) -> None:
    """``steps`` steps of nequip's own."""
    import lightning
    import torch
    from nequip.data import AtomicDataDict, compute_neighborlist_, from_dict
    from nequip.train import EMALightningModule
    from nequip.utils.global_state import set_global_state

    set_global_state()
    scaling = Scaling.of(data, parts.train, model.cutoff)
    elements = sorted(set(scaling.numbers))
    names = [f"Z{z}" for z in elements]
    types = torch.tensor([elements.index(z) for z in scaling.numbers])
    frames = [
        compute_neighborlist_(
            from_dict(
                {
                    "pos": torch.tensor(data.positions[k]),
                    "atom_types": types,
                    "forces": torch.tensor(data.molecule_forces[k]),
                    "total_energy": torch.tensor([[data.energies[k]]]),
                }
            ),
            r_max=model.cutoff,
        )
        for k in parts.train[: batch * steps]
    ]
    loader = torch.utils.data.DataLoader(
        frames,  # type: ignore[arg-type]  # a list serves as a data set
        batch_size=batch,
        shuffle=True,
        collate_fn=AtomicDataDict.batched_from_list,
    )
    module = EMALightningModule(
        model={
            "_target_": "nequip.model.NequIPGNNModel",
            "seed": 0,
            "model_dtype": "float32",
            "compile_mode": "eager",
            "r_max": model.cutoff,
            "type_names": names,
            "l_max": model.l_max,
            "num_layers": model.layers,
            "num_features": model.channels,
            "radial_mlp_width": model.radial_width,
            "parity": model.parity,
            "avg_num_neighbors": scaling.average_neighbors,
            "per_type_energy_scales": dict.fromkeys(names, scaling.force_rms),
            "per_type_energy_shifts": dict.fromkeys(names, scaling.energy_shift),
        },
        num_datasets={"train": 1, "val": 0, "test": 0, "predict": 0},
        optimizer={"_target_": "torch.optim.Adam", "lr": 0.01, "amsgrad": True},
        loss={
            "_target_": "nequip.train.EnergyForceLoss",
            "per_atom_energy": True,
            "coeffs": {"total_energy": 1.0, "forces": 1.0},
        },
        ema_decay=0.99,
    )
    trainer = lightning.Trainer(
        max_steps=steps,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        gradient_clip_val=10.0,
    )
    trainer.fit(module, loader)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; exit code 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--channels", type=int, default=16)
    parser.add_argument("--batch", type=int, default=5)
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--repeats", type=int, default=4)
    arguments = parser.parse_args(argv)
    warnings.simplefilter("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    import torch
    from torch.optim.optimizer import register_optimizer_step_post_hook

    torch.set_num_threads(1)
    data = load(EMBEDDED)
    steps = WARM + arguments.steps
    parts = split(data, min(900, arguments.batch * steps), 1, 1, 0)
    model = BackboneConfig(channels=arguments.channels)
    stamps: list[tuple[float, float]] = []
    register_optimizer_step_post_hook(
        lambda *_arguments: stamps.append((time.process_time(), time.perf_counter()))
    )
    work: dict[str, Callable[..., None]] = {"neural_checks": ours, "nequip": stock}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in work}
    for _ in range(arguments.repeats):
        for name, action in work.items():
            stamps.clear()
            action(data, parts, model, arguments.batch, steps)
            gaps = [
                (b[0] - a[0], b[1] - a[1])
                for a, b in zip(stamps[WARM - 1 :], stamps[WARM:], strict=False)
            ]
            cpu, wall = (statistics.median(column) for column in zip(*gaps, strict=True))
            times[name].append((cpu, wall))
    for name, rows in times.items():
        cpu, wall = (statistics.median(column) for column in zip(*rows, strict=True))
        print(f"{name:14s} {1000 * cpu:7.1f} ms processor, {1000 * wall:7.1f} ms wall per step")
    ratios = [a[0] / b[0] for a, b in zip(times["neural_checks"], times["nequip"], strict=True)]
    print(
        f"ratio of processor times {statistics.median(ratios):.2f} "
        f"({min(ratios):.2f} to {max(ratios):.2f} over {len(ratios)} turns)"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
