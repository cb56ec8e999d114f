"""Feature files of any number of frames: recorded part by part, in bounded memory.

What :func:`neural_checks.features.recorded.record` keeps in memory is kept in files here, in a
folder beside the target that is removed at the end, after a failure and after an interrupt. What a
killed process left of it is removed by the next one with the same target.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neural_checks.backbones.equivariance import Demands, judge_equivariance
from neural_checks.backbones.interface import (
    ATOMS,
    Backbone,
    Evaluation,
    as_backbone,
    description_of,
    evaluated,
)
from neural_checks.features.columns import Column
from neural_checks.features.file import layout, require_suffix, save
from neural_checks.features.recorded import (
    Check,
    FeatureSet,
    described,
    frames_to_check,
    require_finite,
    transforms_to_check,
)
from numeric_checks.molecules.data import ForceData
from numeric_checks.molecules.structures import Structures
from numeric_checks.outputs import output_file
from span_theorem.files import temporary_prefix
from span_theorem.progress import OnProgress

__all__ = ["record_to_file"]

_BY_ATOM = ("positions", "forces", "reference_forces")


def record_to_file(
    path: str | Path,
    backbone: Backbone,
    parts: Iterable[ForceData],
    held_out: NDArray[np.bool_],
    rng: np.random.Generator,
    *,
    checks: int = 6,
    single: bool = False,
    force: bool = False,
    report: OnProgress | None = None,
    demands: Demands | None = None,
) -> dict[str, float]:
    """Run ``backbone`` on all frames of ``parts`` and write the feature file ``path``.

    Memory is bounded by a part and by 20,000 atoms of features, whichever is more; of every frame
    only its mark in ``held_out`` is kept. The disk holds the features twice for a while. The file
    is the one that ``record`` and ``write`` make of the same frames in the same order. The network
    is checked under rotations and reflections on the first frames, before the others are run, and
    at the end on ``checks`` frames spread over all.

    Args:
        path: the ``.npz`` to write; its folder is made where there is none.
        backbone: the network.
        parts: frames of one data set in order, as
            :func:`numeric_checks.molecules.data.iterate` gives them.
        held_out: (frames,) bool, the frames that no readout is fitted on.
        rng: draws the frames of the checks and their transforms.
        checks: at least 4.
        single: round features to float32; the network's description then says so. Without it they
            are float32 where that loses nothing.
        force: replace the file where it exists.
        report: called with the frames done and their number.
        demands: what equivariance is asked for; by default that of features under rotations.

    Returns:
        The measured errors of equivariance, relative to the largest value, by irrep.

    Raises:
        NotEquivariantError: the network does not meet ``demands``.
        ValueError: another suffix, another number of frames than ``held_out`` has, parts of
            different data, values that are not finite, or another process is at work on the file.
        FileExistsError: the file exists.
        OSError: it cannot be written. In all cases ``path`` is as it was.
    """
    path = Path(path)
    require_suffix(path)
    transforms = transforms_to_check(checks, rng)
    marks = np.asarray(held_out)
    if marks.dtype != np.bool_ or marks.ndim != 1 or not 0 < marks.sum() < len(marks):
        raise ValueError("held_out must be one array of booleans that marks some frames, not all")
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        output_file(path, force=force),
        tempfile.TemporaryDirectory(
            dir=path.parent, prefix=temporary_prefix(path), suffix=".writing"
        ) as folder,
    ):
        recording = _Recording(Path(folder), backbone, marks, transforms, demands or Demands())
        for part in parts:
            for batch in part.batches(ATOMS):
                recording.add(batch, single)
                if report is not None:
                    report(recording.done, len(marks))
        features = recording.checked(single)
        save(path, recording.arrays(features), force)
    return features.errors


class _Recording:
    """The columns of a feature file that grows, and the frames that its check needs."""

    def __init__(
        self,
        folder: Path,
        backbone: Backbone,
        held_out: NDArray[np.bool_],
        transforms: NDArray[np.float64],
        demands: Demands,
    ) -> None:
        self.demands = demands
        self.folder, self.backbone, self.network = folder, backbone, as_backbone(backbone)
        description_of(self.network)
        self.held_out, self.transforms = held_out, transforms
        self.frames = frames_to_check(len(held_out), len(transforms))
        self.done, self.columns = 0, dict[str, Column]()
        self.absent: set[str] = set()
        self.fixed, self.has_cell = True, False
        self.first: ForceData | None = None
        self.kept: list[tuple[Structures, Evaluation]] = []

    def add(self, data: ForceData, single: bool) -> None:
        """Evaluate the next frames and append them; ValueError says which frames it is about."""
        stop = self.done + len(data)
        if stop > len(self.held_out):
            raise ValueError(f"held_out has {len(self.held_out)} frames, the data have more")
        found = self._evaluate(data.structures, single)
        if self.first is None:
            self.first = data.take([0])
        if data.checksum != self.first.checksum:
            raise ValueError("all parts must come from one data set; their checksums differ")
        try:
            self._append(data, found)
        except ValueError as error:
            raise ValueError(f"frames {self.done} to {stop - 1}: {error}") from error
        if self.done == 0:
            self._try(data.structures, found, single)
        here = self.frames[(self.frames >= self.done) & (self.frames < stop)] - self.done
        if len(here):
            self.kept.append((data.structures.take(here), found.rows(data.structures, here)))
        self.done = stop

    def checked(self, single: bool) -> FeatureSet:
        """The frames of the check alone, as a feature set, which measures and judges them."""
        if self.first is None or self.done < len(self.held_out):
            raise ValueError(f"held_out has {len(self.held_out)} frames, the data {self.done}")
        count = len(self.frames)
        structures = Structures.join([frames for frames, _ in self.kept])
        turned = structures.turned(self.transforms)
        found = Evaluation.join([evaluation for _, evaluation in self.kept])
        energies, forces = np.zeros(count), np.zeros_like(structures.positions)
        return FeatureSet(
            structures=structures,
            held_out=np.arange(count) % 2 == 1,
            evaluation=found,
            check=Check(np.arange(count), self.transforms, turned, self._evaluate(turned, single)),
            description={
                **described(self.backbone),
                **({"features_rounded_to": "float32"} if single else {}),
            },
            reference_energies=None if "reference_energies" in self.absent else energies,
            reference_forces=None if "reference_forces" in self.absent else forces,
            data_name=self.first.name,
            data_sha256=self.first.checksum,
            order=None if "order" in self.absent else np.arange(count),
            demands=self.demands,
        )

    def arrays(self, checked: FeatureSet) -> dict[str, NDArray[Any] | Column]:
        """The arrays of the file: those of the check, with all frames in place of its own."""
        arrays = layout(checked, self.fixed, self.has_cell)
        for key, column in self.columns.items():
            if key not in arrays or (key == "numbers" and self.fixed):
                continue
            if self.fixed and (key in _BY_ATOM or key.startswith("features_")):
                column.shape = (self.done, len(checked.numbers), *column.shape[1:])
            arrays[key] = column
        return arrays | {"held_out": self.held_out, "check_frames": self.frames}

    def _evaluate(self, structures: Structures, single: bool) -> Evaluation:
        found = evaluated(self.network, structures)
        if not single:
            return found
        rounded = {n: v.astype(np.float32).astype(np.float64) for n, v in found.features.items()}
        return Evaluation(rounded, found.energies, found.forces)

    def _try(self, structures: Structures, found: Evaluation, single: bool) -> None:
        """Refuse a network on the first frames, before it has run for hours."""
        count = len(self.transforms)
        index = np.arange(count) % len(structures)  # again, where there are fewer frames
        few = structures.take(index)
        after = self._evaluate(few.turned(self.transforms), single)
        before = found.rows(structures, index)
        judge_equivariance(before, after, few, self.transforms, self.demands)

    def _append(self, data: ForceData, found: Evaluation) -> None:
        structures = data.structures
        for name in ("numbers", "positions", "counts", "cells", "periodic"):
            self._column(name, getattr(structures, name))
        if self.first is not None and self.fixed:
            count = int(self.first.structures.counts[0])
            same = structures.fixed and int(structures.counts[0]) == count
            self.fixed = same and bool(
                (structures.numbers[:count] == self.first.structures.numbers).all()
            )
        self.has_cell |= structures.has_cell
        for name, values in found.features.items():
            self._column(f"features_{name}", require_finite(f"features_{name}", values), True)
        if self.done and len(found.features) != sum(
            k.startswith("features_") for k in self.columns
        ):
            raise ValueError(f"the network gives the irreps {', '.join(found.features)}, not all")
        for name in ("energies", "forces"):
            values = getattr(found, name)
            if np.isnan(values).all():
                self._leave_out(name, self.done > 0)
            elif name in self.absent:
                raise ValueError(f"the network gives {name} for some frames alone")
            else:
                self._column(name, require_finite(name, values))
        references = {"reference_energies": data.energies, "reference_forces": data.forces}
        for name, values in references.items():
            if np.isnan(values).any():
                self._leave_out(name, False)
            elif name not in self.absent:
                self._column(name, require_finite(name, values))
        if data.order is None:
            self._leave_out("order", False)
        elif "order" not in self.absent:
            self._column("order", data.order)

    def _leave_out(self, name: str, refused: bool) -> None:
        """``name`` is not known for all frames, so it is not in the file."""
        if refused and name not in self.absent:
            raise ValueError(f"the network gives {name} for some frames alone")
        self.absent.add(name)
        self.columns.pop(name, None)

    def _column(self, key: str, values: NDArray[Any], narrow: bool = False) -> None:
        """Append ``values``; ValueError for an array that earlier frames did not have."""
        if key not in self.columns:
            if self.done:
                raise ValueError(f"{key} is given for these frames and not for earlier ones")
            self.columns[key] = Column(self.folder / key, values.dtype, values.shape[1:], narrow)
        self.columns[key].append(values)
