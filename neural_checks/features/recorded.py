"""Features of a network on given frames, with a check of equivariance that needs no network.

The check holds the features of a few of the frames under known rotations and reflections, so that
equivariance and parity can be measured from the numbers alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neural_checks.backbones.contract import order_hint
from neural_checks.backbones.equivariance import (
    Demands,
    Equivariance,
    NotEquivariantError,
    judge_equivariance,
    random_transforms,
)
from neural_checks.backbones.form import cutoff_of, require_scale
from neural_checks.backbones.interface import (
    Backbone,
    Evaluation,
    as_backbone,
    description_of,
    evaluate_all,
)
from neural_checks.features.reach import unseen_marks
from neural_checks.readouts.samples import Samples, assemble
from numeric_checks.molecules.data import ForceData
from numeric_checks.molecules.marks import fixed_topology, marked_neighbors
from numeric_checks.molecules.structures import Structures
from numeric_checks.provenance import environment
from numeric_checks.rotations.wigner import FeatureBlocks
from span_theorem.arguments import integer
from span_theorem.files import plain
from span_theorem.irreps import Irrep
from span_theorem.progress import OnProgress

__all__ = [
    "Check",
    "FeatureSet",
    "described",
    "frames_to_check",
    "record",
    "require_finite",
    "require_shape",
    "transforms_to_check",
]

Array = NDArray[np.float64]

#: Atoms of the largest molecule whose marked neighbours are moved one by one.
MOST_PROBED = 100
#: No axis may stay fixed under all rotations of the check: least singular value of the stacked
#: R − 1.
MIN_TURN = 0.5
#: Å; between the positions of the check and the frames turned.
POSITION_TOLERANCE = 1e-4


@dataclass(frozen=True, eq=False)
class Check:
    """Frames run again under orthogonal matrices: ``evaluation`` is that of O_k x_frames[k].

    ``frames`` (k,) indices; ``transforms`` (k, 3, 3); ``structures``: the turned frames as run.
    """

    frames: NDArray[np.int64]
    transforms: Array
    structures: Structures
    evaluation: Evaluation


@dataclass(frozen=True, eq=False)
class FeatureSet:
    """Features of one network on given frames.

    ``structures``: the frames, with their cells; ``held_out`` (frames,) bool, the frames that no
    readout is fitted on (best: none the network was trained on); ``evaluation``: features by irrep,
    energies and forces of the network, NaN where not given; ``reference_energies`` (frames,) and
    ``reference_forces`` (atoms_total, 3) those of the data, or None; ``description`` of the
    network; ``data_sha256`` of the data file; ``order`` (frames,) places along the trajectory that
    the frames come from, or None; ``demands``: what equivariance is asked for, and ``found`` what
    was measured of it, under rotations alone where the network is equivariant under no more;
    ``unseen``: atoms of a molecule whose features do not depend on their marked neighbour, as
    :func:`record` finds them (a feature file does not hold them).

    Raises ValueError for anything malformed, NotEquivariantError where :meth:`equivariance` fails.
    """

    structures: Structures
    held_out: NDArray[np.bool_]
    evaluation: Evaluation
    check: Check
    description: Mapping[str, Any]
    reference_energies: Array | None = None
    reference_forces: Array | None = None
    data_name: str = ""
    data_sha256: str = ""
    order: NDArray[np.int64] | None = None
    demands: Demands = field(default_factory=Demands)
    unseen: tuple[int, ...] = ()
    found: Equivariance = field(init=False)

    def __post_init__(self) -> None:
        frames, atoms = len(self.structures), len(self.structures.positions)
        require_shape("held_out", self.held_out, (frames,))
        if not 0 < self.held_out.sum() < frames:
            raise ValueError(
                f"held_out must mark some frames and leave some, marks {self.held_out.sum()} of "
                f"{frames}"
            )
        _evaluation("", self.evaluation, frames, atoms)
        for name, value, shape in (
            ("reference_energies", self.reference_energies, (frames,)),
            ("reference_forces", self.reference_forces, (atoms, 3)),
            ("order", self.order, (frames,)),
        ):
            if value is not None:
                require_shape(name, value, shape)
        cutoff_of(self.description)
        self._require_check()
        object.__setattr__(self, "found", self.equivariance())

    def _require_check(self) -> None:
        check = self.check
        count = len(check.frames)
        if count < 4 or check.frames.min() < 0 or check.frames.max() >= len(self.structures):
            raise ValueError(
                f"check_frames must be at least 4 indices below {len(self.structures)}, got "
                f"{check.frames.tolist()}"
            )
        require_shape("check_transforms", check.transforms, (count, 3, 3))
        _require_turns(check.transforms)
        turned = self.structures.take(check.frames).turned(check.transforms)
        if not np.array_equal(turned.counts, check.structures.counts):
            raise ValueError("check_positions must hold the atoms of the frames of check_frames")
        for name, expected, found in (
            ("positions", turned.positions, check.structures.positions),
            ("cells", turned.cells, check.structures.cells),
        ):
            off = np.abs(expected - found).max()
            if not off <= POSITION_TOLERANCE:
                raise ValueError(
                    f"check_{name} must be the frames turned by check_transforms to "
                    f"{POSITION_TOLERANCE:g} Å, off by {off:.1e} Å"
                )
        _evaluation("check_", check.evaluation, count, len(turned.positions))
        mine, theirs = self.evaluation, check.evaluation
        if _irreps(mine.features) != _irreps(theirs.features):
            raise ValueError(
                f"the check has irreps {_irreps(theirs.features)}, the features "
                f"{_irreps(mine.features)}"
            )
        for name in ("energies", "forces"):
            if np.isnan(getattr(mine, name)).all() != np.isnan(getattr(theirs, name)).all():
                raise ValueError(f"{name} and check_{name} must be given together")

    @property
    def positions(self) -> Array:
        """(frames, atoms, 3), Å; ValueError where the frames hold different atoms."""
        return self.structures.molecule[0]

    @property
    def numbers(self) -> NDArray[np.int64]:
        """(atoms,) atomic numbers; ValueError where the frames hold different atoms."""
        return self.structures.molecule[1]

    @property
    def irreps(self) -> str:
        """The features' irreps in e3nn's notation, as "16x0e+16x1o"."""
        return _irreps(self.evaluation.features)

    @property
    def L(self) -> int:
        """The largest degree among the features."""
        return max(Irrep.parse(name).l for name in self.evaluation.features)

    @property
    def errors(self) -> dict[str, float]:
        """Measured errors of equivariance, relative to the largest value, by quantity."""
        return self.found.errors

    def equivariance(self) -> Equivariance:
        """Measured errors under the transforms of the check; see
        :func:`neural_checks.backbones.equivariance.judge_equivariance`.

        Raises NotEquivariantError where the demands are not met.
        """
        check = self.check
        before = self.evaluation.rows(self.structures, check.frames)
        parts = before, check.evaluation, check.structures, check.transforms
        try:
            return judge_equivariance(*parts, self.demands)
        except NotEquivariantError as error:
            raise NotEquivariantError(f"{error}{order_hint(*parts)}") from error

    def samples(self) -> Samples:
        """What the measurement of recovery takes; force errors are zero where not known."""
        return assemble(
            self.evaluation,
            self.structures,
            self.reference_forces,
            fit=np.flatnonzero(~self.held_out),
            held=np.flatnonzero(self.held_out),
        )


def record(
    backbone: Backbone,
    data: ForceData,
    fit: NDArray[np.int64],
    held: NDArray[np.int64],
    rng: np.random.Generator,
    checks: int = 6,
    report: OnProgress | None = None,
    demands: Demands | None = None,
) -> FeatureSet:
    """Run ``backbone`` on the frames ``fit`` and ``held`` of ``data``, and on ``checks`` turned.

    ``report`` is called with the frames done and their number. References that the data lack are
    None.

    Raises:
        NotEquivariantError: the network does not meet ``demands``: by default its features are
            equivariant under rotations.
        ValueError: fewer than 4 ``checks``, or the network cannot be used on these frames.
    """
    transforms = transforms_to_check(checks, rng)
    description_of(as_backbone(backbone))
    chosen = data.take(np.concatenate([fit, held]))
    structures = chosen.structures
    found = evaluate_all(backbone, structures, report)
    frames = frames_to_check(len(structures), checks)
    turned = structures.take(frames).turned(transforms)
    return FeatureSet(
        structures=structures,
        held_out=np.arange(len(structures)) >= len(fit),
        evaluation=found,
        check=Check(frames, transforms, turned, evaluate_all(backbone, turned)),
        description=described(backbone),
        reference_energies=_complete(chosen.energies),
        reference_forces=_complete(chosen.forces),
        data_name=data.name,
        data_sha256=data.checksum,
        order=chosen.order,
        demands=demands or Demands(),
        unseen=_unseen(backbone, structures, len(fit)),
    )


def _unseen(backbone: Backbone, structures: Structures, fit: int) -> tuple[int, ...]:
    """Atoms of a molecule whose features do not depend on their marked neighbour."""
    fitted = structures.take(slice(fit))
    if not (structures.fixed and fixed_topology(fitted)):
        return ()
    if len(structures.molecule[1]) > MOST_PROBED:
        return ()
    try:
        marked = marked_neighbors(fitted).tolist()
    except ValueError:
        return ()  # nothing can be marked, which the measurement says
    return tuple(unseen_marks(backbone, structures.take([0]), marked))


def frames_to_check(frames: int, checks: int) -> NDArray[np.int64]:
    """``checks`` indices spread evenly over ``frames``."""
    return np.linspace(0, frames - 1, checks).round().astype(np.int64)


def transforms_to_check(count: int, rng: np.random.Generator) -> Array:
    """``count`` Haar-random orthogonal matrices, every second one a reflection.

    They are drawn anew until a :class:`FeatureSet` accepts them: about one draw of six in a hundred
    leaves an axis nearly alone. ValueError for fewer than 4.
    """
    if integer("checks", count) < 4:
        raise ValueError(f"checks must be at least 4, got {count}")
    while True:
        transforms = random_transforms(count, rng)
        if min(_turn(transforms, sign) for sign in (1.0, -1.0)) >= MIN_TURN:
            return transforms


def described(backbone: Backbone) -> dict[str, Any]:
    """The network's description with what it was run on."""
    device = str(getattr(backbone, "device", "not stated"))
    given: dict[str, Any] = plain(description_of(as_backbone(backbone)))
    return {**given, "recorded_with": environment(device)}


def _complete(values: Array) -> Array | None:
    """The values, or None where some are absent."""
    return None if np.isnan(values).any() else values


def _require_turns(transforms: Array) -> None:
    """ValueError unless rotations and reflections are there that together leave no axis alone."""
    off = np.abs(transforms @ transforms.transpose(0, 2, 1) - np.eye(3)).max()
    if not off < 1e-6:
        raise ValueError(f"check_transforms must be orthogonal to 1e-6, off by {off:.1e}")
    for sign, word in ((1.0, "rotations"), (-1.0, "reflections")):
        least = _turn(transforms, sign)
        if not least >= MIN_TURN:
            raise ValueError(
                f"check_transforms must hold two or more {word} about different axes that turn "
                f"by a good angle (measure {least:.2f}, at least {MIN_TURN})"
            )


def _turn(transforms: Array, sign: float) -> float:
    """Least singular value of the stacked R − 1, R = ``sign`` O; 0 for fewer than two matrices."""
    turns = sign * transforms[np.linalg.det(transforms).round() == sign]
    if len(turns) < 2:
        return 0.0
    return float(np.linalg.svd((turns - np.eye(3)).reshape(-1, 3), compute_uv=False)[-1])


def _evaluation(prefix: str, part: Evaluation, frames: int, atoms: int) -> None:
    if not part.features:
        raise ValueError("no features")
    for name, values in part.features.items():
        irrep = Irrep.parse(name)
        if irrep.p == 0:
            raise ValueError(
                f"irrep {name!r} has no parity: name every one with e or o, as e3nn does"
            )
        channels = values.shape[1] if values.ndim == 3 else 1
        require_shape(f"{prefix}features_{name}", values, (atoms, channels, irrep.dim))
        if not values.any():
            raise ValueError(f"{prefix}features_{name} are zero everywhere: leave the irrep out")
        require_scale(f"{prefix}features_{name}", values)
    for name, shape in (("energies", (frames,)), ("forces", (atoms, 3))):
        values = getattr(part, name)
        if not np.isnan(values).all():
            require_shape(prefix + name, values, shape)


def require_shape(name: str, values: NDArray[Any], shape: tuple[int, ...]) -> None:
    """ValueError unless ``values`` are finite and of this shape."""
    if values.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, got {values.shape}")
    require_finite(name, values)


def require_finite(name: str, values: NDArray[Any]) -> NDArray[Any]:
    """``values``; ValueError that says where, if one is NaN or infinite."""
    bad = ~np.isfinite(values)
    if bad.any():
        place = np.unravel_index(int(bad.argmax()), values.shape)
        raise ValueError(
            f"{name} must be finite; {bad.sum()} values are not, the first at "
            f"{tuple(int(i) for i in place)}"
        )
    return values


def _irreps(features: FeatureBlocks) -> str:
    return "+".join(f"{values.shape[1]}x{name}" for name, values in features.items())
