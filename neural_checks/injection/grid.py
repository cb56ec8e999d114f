"""The grid of definitions on trained backbones: which can give the published numbers?

``python -m neural_checks.injection.grid RUN --data FILE`` trains the readouts that the cells of
:mod:`neural_checks.injection.grid_result` need, on the checkpoints ``backbone-N.pt`` in the folder
RUN, L = 2, quadratic readouts, fields of ℓ = 4 and 5. Every training is kept as it ends, so a
run that is killed goes on where it was. Each target has a network of its own. Nothing is tuned.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_checks.injection.grid_result import (
    GRID,
    GridCell,
    GridReport,
    Reference,
    Squares,
    cell_of,
    grid_csv,
    grid_text,
    nearest_first,
)
from span_theorem.arguments import integer_option, number_option
from span_theorem.command import Exit, Parser, Result, parser, run
from span_theorem.files import write_text, writing
from span_theorem.options import add_draws, add_output_folder, add_seed

if TYPE_CHECKING:
    from neural_checks.readouts.samples import Samples
    from neural_checks.readouts.trained import SpnConfig, SpnTask
    from numeric_checks.molecules.data import ForceData
    from span_theorem.progress import Progress

__all__ = ["main"]

REPORT_FILE, TABLE_FILE = "grid.json", "grid.csv"
_L, _DEGREE, _EDGE = 2, 2, 4
#: SiLU units of the larger network, for the 64 products of the readout.
_LARGER = 128


@dataclass(frozen=True)
class _Training:
    """One training of the grid on one backbone; ``kind`` is None for the readout itself."""

    kind: Reference | None
    shared: bool
    stored: bool
    channels: int


@dataclass(frozen=True)
class _Grid:
    """What is asked for."""

    channels: tuple[int, ...]
    amplitudes: tuple[float, ...]
    config: SpnConfig
    fit: int
    held: int
    draws: int
    seed: int
    device: str
    as_measured: bool = False

    def trainings(self) -> Iterator[_Training]:
        """Every training of one backbone, the cheap ones first."""
        for channels, stored in product(self.channels, (False, True)):
            for shared in (True, False):
                yield _Training(None, shared, stored, channels)
                yield _Training(Reference.FED, shared, stored, channels)
            for kind in (Reference.CUBIC, Reference.SILU):
                yield _Training(kind, True, stored, channels)


def _parser() -> Parser:
    made = parser(
        "neural_checks.injection.grid",
        "Which definitions of the injection experiment can give the published numbers.",
        "exit codes: 0 measured, 2 bad usage or input",
    )
    made.add_argument("run", type=Path, help="folder with the checkpoints backbone-N.pt, L = 2")
    made.add_argument("--data", required=True, help="the data that they were trained on")
    add_output_folder(made, "the report, the table and the trainings", otherwise="RUN/grid")
    made.add_argument(
        "--channels", type=integer_option("channels", 1, 1024), nargs="+", default=[8, 32],
        help="principal channels per irrep that enter (default: 8 32)",
    )  # fmt: skip
    made.add_argument(
        "--amplitudes", type=number_option("amplitude", 0, 1e6, open_low=True), nargs="+",
        default=[1.0, 0.1], help="amplitudes ε (default: 1 0.1)",
    )  # fmt: skip
    for name, default, high, text in (
        ("--steps", 600, 10**7, "steps of every training"),
        ("--seeds", 2, 100, "seeds of every training"),
        ("--fit", 800, 10**7, "training frames that readouts are fitted on"),
        ("--held", 250, 10**7, "test frames"),
    ):
        option = integer_option(name.lstrip("-"), 1, high)
        made.add_argument(name, type=option, default=default, help=f"{text} (default {default})")
    add_draws(made, 2000, "frames")
    add_seed(made, "the trainings and draws")
    made.add_argument("--device", default="cpu", help="cpu (default), cuda, cuda:1, …")
    made.add_argument(
        "--as-measured",
        action="store_true",
        help="train nothing: make the report of the cells whose trainings are done",
    )
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; exit code 0 when the grid is measured."""
    return run(_parser(), argv, _work)


def _work(arguments: argparse.Namespace) -> Result:
    from neural_checks.devices import usable_device
    from neural_checks.readouts.trained import SpnConfig
    from numeric_checks.molecules.data import load
    from numeric_checks.outputs import output_folder, write_outputs
    from span_theorem.progress import Progress

    config = SpnConfig(
        steps=arguments.steps, batch=16, shared_batch=16, seeds=arguments.seeds, orientations=4
    )
    asked = _Grid(
        channels=tuple(sorted(set(arguments.channels))),
        amplitudes=tuple(sorted(set(arguments.amplitudes), reverse=True)),
        config=config,
        fit=arguments.fit,
        held=arguments.held,
        draws=arguments.draws,
        seed=arguments.seed,
        device=usable_device(arguments.device),
        as_measured=arguments.as_measured,
    )
    data = load(arguments.data)
    folder = arguments.out or arguments.run / "grid"
    with (
        output_folder(folder, last=REPORT_FILE, force=arguments.force),
        Progress() as progress,
    ):
        report = _measure(asked, data, arguments.run, folder, progress)
        outputs = write_outputs(
            folder,
            {
                TABLE_FILE: lambda path: write_text(path, grid_csv(report), force=True),
                REPORT_FILE: lambda path: GRID.write(path, report, force=True),
            },
        )
    return Result(grid_text(report), GRID.dump(report), Exit.OK, outputs)


def _measure(
    asked: _Grid, data: ForceData, run_folder: Path, folder: Path, progress: Progress
) -> GridReport:
    from neural_checks.backbones.checkpoints import read_checkpoint
    from neural_checks.readouts.bootstrap import trajectory_blocks
    from neural_checks.training.ensemble import checkpoint_path, read_ensemble
    from numeric_checks.provenance import environment

    model, train, seeds = read_ensemble(run_folder)
    if model.l_max != _L:
        raise ValueError(
            f"{run_folder} holds networks with L = {model.l_max}; the grid is of L = 2"
        )
    todo = list(asked.trainings())
    found: dict[_Training, list[dict[float, Squares]]] = {training: [] for training in todo}
    maes, steps, blocks = [], [], None
    for place, seed in enumerate(seeds):
        path = checkpoint_path(run_folder, seed)
        source = _Source(path, data, asked)
        for number, training in enumerate(todo):
            squares = source.squares(training, folder)
            if squares is not None:
                found[training].append(squares)
            progress.update("grid", place * len(todo) + number + 1, len(seeds) * len(todo))
        maes.append(source.samples.force_mae)
        steps.append(read_checkpoint(path).step)
        blocks = None if data.order is None else trajectory_blocks(data.order[source.held])
    rng = np.random.default_rng(asked.seed)
    complete = {training: made for training, made in found.items() if len(made) == len(seeds)}
    cells = list(_cells(asked, complete, rng, blocks))
    if not cells:
        raise ValueError(f"{folder} holds no cell that is measured on all backbones")
    return GridReport(
        data=data.name,
        L=_L,
        boundary=_EDGE,
        force_mae=tuple(maes),
        steps=tuple(steps),
        held=min(asked.held, train.test),
        draws=asked.draws,
        settings={
            **asdict(asked.config),
            "fit": min(asked.fit, train.train),
            "width_of_SiLU": _LARGER,
        },
        cells=nearest_first(cells),
        environment=environment(asked.device),
        missing=len(list(_choices(asked))) - len(cells),
    )


def _choices(asked: _Grid) -> Iterator[dict[str, Any]]:
    names = ("shared", "reference", "stored", "channels", "amplitude")
    for values in product(
        (True, False), Reference, (False, True), asked.channels, asked.amplitudes
    ):
        yield dict(zip(names, values, strict=True))


def _cells(
    asked: _Grid,
    found: dict[_Training, list[dict[float, Squares]]],
    rng: np.random.Generator,
    blocks: Any,
) -> Iterator[GridCell]:
    """The cells whose trainings are there."""
    for choice in _choices(asked):
        reference, amplitude = choice["reference"], choice["amplitude"]
        shared, stored, channels = choice["shared"], choice["stored"], choice["channels"]
        together = shared if reference is Reference.FED else True
        own = found.get(_Training(None, shared, stored, channels))
        other = found.get(_Training(reference, together, stored, channels))
        if own is None or (other is None and reference is not Reference.EXACT):
            continue
        readouts = [at[amplitude] for at in own]
        references = None if other is None else [at[amplitude] for at in other]
        yield cell_of(choice, readouts, references, asked.draws, rng, blocks)


class _Source:
    """One backbone: its features are read once, and only if a training is still to be done."""

    def __init__(self, path: Path, data: ForceData, asked: _Grid) -> None:
        from neural_checks.backbones.checkpoints import read_checkpoint
        from neural_checks.data.split import split_of
        from numeric_checks.molecules.data import sha256

        self._asked, self._data, self._path = asked, data, path
        self._checkpoint = read_checkpoint(path)
        frames = split_of(data, self._checkpoint.train)
        self.fit, self.held = frames.train[: asked.fit], frames.test[: asked.held]
        self._identity = {
            "checkpoint": sha256(path), "data": data.checksum, "fit": asked.fit,
            "held": asked.held, "seed": asked.seed, "amplitudes": asked.amplitudes,
            **asdict(asked.config),
        }  # fmt: skip
        self._read: Samples | None = None

    @property
    def samples(self) -> Samples:
        from neural_checks.backbones.nequip_files import restore_trained
        from neural_checks.readouts.samples import collect_samples

        if self._read is None:
            name, device = self._path.name, self._asked.device
            backbone = restore_trained(name, self._checkpoint, self._data, device=device)
            backbone.select_layer(self._data.structures.take(self.fit[:2]))
            self._read = collect_samples(backbone, self._data, self.fit, self.held)
        return self._read

    def squares(self, training: _Training, folder: Path) -> dict[float, Squares] | None:
        """Those of a training by amplitude: read where it was done before, else trained and kept.

        None where it is not done and nothing is to be trained. Raises ValueError where the file is
        damaged.
        """
        text = json.dumps({**self._identity, **asdict(training)}, sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()
        path = folder / "trainings" / f"{digest[:16]}.npz"
        if not path.is_file():
            if self._asked.as_measured:
                return None
            made = self._train(training, int(digest[:8], 16))
            path.parent.mkdir(exist_ok=True)
            with writing(path, force=True) as stream:
                np.savez(stream, allow_pickle=False, **made)
        try:
            return self._read_squares(path)
        except (KeyError, ValueError) as error:
            raise ValueError(f"{path} is damaged, remove it: {error}") from error

    def _read_squares(self, path: Path) -> dict[float, Squares]:
        """Those of a file; KeyError or ValueError where it does not hold them."""
        from span_theorem.npz import NpzArchive

        targets, frames = 2 * len(self._asked.amplitudes), len(self.held)
        with NpzArchive(path) as kept:
            arrays = {name: kept[name] for name in ("total", "left", "power", "missed")}
            before = kept["before"]
        shapes = dict.fromkeys(arrays, (self._asked.config.seeds, targets, frames))
        for name, array in {**arrays, "before": before}.items():
            expected = shapes.get(name, (frames,))
            if array.shape != expected or array.dtype != np.float64:
                raise ValueError(
                    f"{name} must be float64 {expected}, got {array.dtype} {array.shape}"
                )
        return {
            amplitude: Squares(
                **{name: array[:, 2 * place : 2 * place + 2] for name, array in arrays.items()},
                before=before,
            )
            for place, amplitude in enumerate(self._asked.amplitudes)
        }

    def _train(self, training: _Training, seed: int) -> dict[str, np.ndarray]:
        """(seeds, amplitudes·2, frames) by name, ℓ = dL and dL + 1 in turn."""
        from dataclasses import replace

        from neural_checks.readouts.trained import train_spn

        channels = training.channels
        config = replace(self._asked.config, channels=channels, cubic_channels=channels)
        rng = np.random.default_rng(np.random.SeedSequence(self._asked.seed, spawn_key=(seed,)))
        names = ("total", "left", "power", "missed")
        parts: dict[str, list[np.ndarray]] = {name: [] for name in names}
        for task in _tasks(training, self._asked.amplitudes):
            made = train_spn(self.samples, task, config, rng, self._asked.device)
            for name in names:
                parts[name].append(getattr(made, name).mean(axis=2))
            before = made.before.mean(axis=0)
        joined = {name: np.concatenate(found, axis=1) for name, found in parts.items()}
        if len(parts["total"]) > 1:  # one task per ℓ: amplitudes first, then ℓ
            count = len(self._asked.amplitudes)
            order = [ell * count + place for place in range(count) for ell in (0, 1)]
            joined = {name: array[:, order] for name, array in joined.items()}
        return {**joined, "before": before}


def _tasks(training: _Training, amplitudes: Sequence[float]) -> list[SpnTask]:
    """What is trained: all targets side by side, or one ℓ after the other where it is fed."""
    from neural_checks.readouts.trained import InjectedField, SpnTask

    degrees: dict[Reference | None, int | None] = {Reference.CUBIC: 3, Reference.SILU: None}
    ells = (_EDGE, _EDGE + 1)
    fed = training.kind is Reference.FED
    groups = [[ell] for ell in ells] if fed else [list(ells)]
    return [
        SpnTask(
            degrees.get(training.kind, _DEGREE),
            tuple(InjectedField(ell, amplitude) for amplitude in amplitudes for ell in group),
            shared=training.shared,
            apart=True,
            fed=fed,
            stored=training.stored,
            width=_LARGER if training.kind is Reference.SILU else None,
        )
        for group in groups
    ]


if __name__ == "__main__":
    sys.exit(main())
