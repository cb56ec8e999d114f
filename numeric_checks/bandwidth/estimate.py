"""The angular bandwidth ℓ* of a per-atom field: which degrees of the local direction it needs.

For every atom i the field (a scalar, or a vector in local components) is expanded in Y_ℓm(û), with
û the direction to its marked neighbour in the local frame of
:mod:`numeric_checks.bandwidth.local_frames`, and in polynomials of the distance. Spectrum,
intervals and ℓ* are those of :mod:`numeric_checks.bandwidth.spectrum`. Atoms of a molecule see a
small part of the sphere, so the default measure is ``"sampled"``, with which ℓ* is a lower bound:
no expansion of smaller degree reaches the level on the directions seen. ``"sphere"`` asks for the
spectrum on the whole sphere and stays undecided where the directions do not tell it.

With ``frame="laboratory"`` û and the field are taken as stored. That is meaningful where
orientations are spread over all rotations, and shows fields tied to the laboratory, such as
injected ones; an equivariant vector field has degree ≤ 1 there, an invariant one degree 0.

Command line: ``python -m numeric_checks.bandwidth FILE``; exit codes: 0 decided for the atoms
pooled, 2 bad usage or input, 4 undecided.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from numeric_checks.bandwidth.local_frames import between, choose_frames, local_frames
from numeric_checks.bandwidth.spectrum import MEASURES, Measure, Options, Spectrum, spectra
from numeric_checks.bandwidth.view import draw, table
from numeric_checks.figures import figure_paths
from numeric_checks.molecules.data import ForceData
from numeric_checks.molecules.fields import Field, load_field

__all__ = ["Bandwidth", "bandwidth", "main"]

EXIT_OK, EXIT_USAGE, EXIT_UNDECIDED = 0, 2, 4

Frame = Literal["local", "laboratory"]


@dataclass(frozen=True)
class Bandwidth:
    """The spectra of a per-atom field, atom by atom and pooled.

    Attributes:
        name, checksum: of the data; ``quantity`` and ``unit`` of the field.
        frame: ``"local"`` or ``"laboratory"``; ``measure`` as in :class:`Spectrum`.
        sites: (sites,) the atoms i; ``numbers`` (sites,) their atomic numbers.
        frame_atoms: (sites, 3) the atoms (j, k, m); j is the marked neighbour.
        atoms: one :class:`~numeric_checks.bandwidth.spectrum.Spectrum` per site.
        pooled: all sites together; ``pooled.bandwidth`` is ℓ*, None where undecided;
            ``pooled.explained[n]`` the share of the variance that degrees ≤ n explain.
        options: of the estimate; ``notes`` what was left out of the data.
    """

    name: str
    checksum: str
    quantity: str
    unit: str
    frame: Frame
    measure: Measure
    sites: NDArray[np.int64]
    numbers: NDArray[np.int64]
    frame_atoms: NDArray[np.int64]
    atoms: tuple[Spectrum, ...]
    pooled: Spectrum
    options: Options
    notes: tuple[str, ...] = ()

    @property
    def lower_bound(self) -> bool:
        """Whether ℓ* holds for the directions seen alone, so that on the sphere it is at least."""
        return self.measure == "sampled" and self.pooled.resolvable < self.options.l_max

    @property
    def text(self) -> str:
        """One line for a reader."""
        p = self.pooled
        if p.bandwidth is None or p.bandwidth_interval is None:
            return f"undecided: {p.reason}"
        low, high = p.bandwidth_interval
        return (
            f"ℓ* {'≥' if self.lower_bound else '='} {p.bandwidth} ({low} to {high}) at level "
            f"{self.options.level:g} of the {p.explained[p.best]:.1%} of the variance that the "
            f"direction {'and distance explain' if self.options.radial else 'explains'}"
            + (": observed on the directions sampled" if self.lower_bound else ": observed")
        )

    def as_dict(self) -> dict[str, Any]:
        """The content as JSON types."""
        return {
            "text": self.text,
            "name": self.name,
            "sha256": self.checksum,
            "quantity": self.quantity,
            "unit": self.unit,
            "frame": self.frame,
            "measure": self.measure,
            "lower_bound": self.lower_bound,
            "options": asdict(self.options),
            "notes": list(self.notes),
            "pooled": self.pooled.as_dict(),
            "atoms": [
                {"atom": int(i), "number": int(z), "frame_atoms": jkm.tolist(), **s.as_dict()}
                for i, z, jkm, s in zip(
                    self.sites, self.numbers, self.frame_atoms, self.atoms, strict=True
                )
            ],
        }


def bandwidth(
    data: Field | ForceData,
    options: Options | None = None,
    *,
    atoms: Sequence[int] | None = None,
    measure: Measure = "sampled",
    frame: Frame = "local",
    marks: NDArray[np.int64] | None = None,
    report: Callable[[int], None] | None = None,
) -> Bandwidth:
    """The bandwidth of a per-atom field; of the forces, for :class:`ForceData`.

    Frames are taken along the trajectory where the data says their order, so that blocks are apart
    in time. Frames that repeat an earlier one exactly are left out. Where frames repeat in space,
    directions and distances are those to the nearest image.

    Args:
        data: the field, and the positions it belongs to.
        options: see :class:`~numeric_checks.bandwidth.spectrum.Options`; ``radial=0`` for a
            function of the direction alone.
        atoms: indices of the atoms wanted; all by default.
        measure: ``"sampled"`` (a lower bound for directions that cover part of the sphere) or
            ``"sphere"``.
        frame: ``"local"`` or ``"laboratory"``.
        marks: (all atoms,) the marked neighbours j, where they were chosen over other frames.
        report: told the number of atoms done.

    Raises:
        TypeError, ValueError: frames that hold different atoms, atoms out of range or repeated, no
            local frame, too few frames for
            the unknowns, a field without variance, or what :func:`spectra` refuses.
    """
    options = Options() if options is None else options
    if frame not in ("local", "laboratory"):
        raise ValueError(f"frame must be 'local' or 'laboratory', got {frame!r}")
    field = (
        (data if isinstance(data, Field) else Field.of_forces(data)).distinct().along_trajectory()
    )
    count = len(field.numbers)
    sites = np.arange(count) if atoms is None else np.asarray(atoms)
    if sites.ndim != 1 or sites.dtype.kind not in "iu" or len(sites) == 0:
        raise ValueError(f"atoms must be a list of at least one index, got {atoms!r}")
    if sites.min() < 0 or sites.max() >= count or len(set(sites.tolist())) < len(sites):
        raise ValueError(f"atoms must be different indices from 0 to {count - 1}, got {atoms!r}")
    chosen = choose_frames(field.structures, marks)[sites]
    directions, axes = local_frames(field.structures, np.column_stack([sites, chosen]))
    values = field.molecule_values[:, sites]
    toward = between(field.structures, sites, chosen[:, 0])
    if frame == "laboratory":
        directions = toward
    elif values.ndim == 3:
        values = np.einsum("nsab,nsb->nsa", axes, values)
    distances = np.linalg.norm(toward, axis=-1)
    single, pooled = spectra(
        directions, values, options, measure, distances if options.radial else None, report
    )
    return Bandwidth(
        name=field.name,
        checksum=field.checksum,
        quantity=field.quantity,
        unit=field.unit,
        frame=frame,
        measure=measure,
        sites=sites.astype(np.int64),
        numbers=field.numbers[sites],
        frame_atoms=chosen,
        atoms=single,
        pooled=pooled,
        options=options,
        notes=field.notes,
    )


def _parser() -> argparse.ArgumentParser:
    defaults = Options()
    parser = argparse.ArgumentParser(
        prog="python -m numeric_checks.bandwidth",
        description="The angular spectrum w(ℓ) of a per-atom field in its local frame, and the "
        "smallest ℓ* whose degrees carry a given share of the variance.",
    )
    parser.add_argument("file", help="'embedded', a .npz or an ASE-readable file")
    parser.add_argument("--field", default="forces", help="'forces' or the name of an array")
    parser.add_argument("--atoms", type=int, nargs="+", help="indices; all by default")
    parser.add_argument("--lmax", type=int, default=defaults.l_max, help="(%(default)s)")
    parser.add_argument(
        "--radial",
        type=int,
        default=defaults.radial,
        help="degree of the polynomials in the distance; 0: the direction alone (%(default)s)",
    )
    parser.add_argument("--level", type=float, default=defaults.level, help="(%(default)s)")
    parser.add_argument("--measure", choices=MEASURES, default="sampled", help="(%(default)s)")
    parser.add_argument("--frame", choices=("local", "laboratory"), default="local")
    parser.add_argument("--bootstrap", type=int, default=defaults.draws, help="draws (%(default)s)")
    parser.add_argument("--blocks", type=int, default=defaults.blocks, help="(%(default)s)")
    parser.add_argument("--seed", type=int, default=defaults.seed, help="(%(default)s)")
    parser.add_argument("--frames", type=int, help="the first so many frames; all by default")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--figure",
        type=Path,
        help=".svg or .png; without a suffix both",
    )
    parser.add_argument("--force", action="store_true", help="replace an existing figure")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; see the module's text for the exit code."""
    from rich.console import Console
    from rich.progress import Progress

    arguments = _parser().parse_args(argv)
    try:
        options = Options(
            l_max=arguments.lmax,
            radial=arguments.radial,
            level=arguments.level,
            draws=arguments.bootstrap,
            blocks=arguments.blocks,
            seed=arguments.seed,
        )
        if arguments.figure is not None:
            figure_paths(str(arguments.figure), arguments.force)
        field = load_field(arguments.file, arguments.field)
        if arguments.frames is not None:
            field = field.first(arguments.frames)
        with Progress(console=Console(stderr=True)) as progress:
            task = progress.add_task("atoms", total=len(arguments.atoms or field.numbers))
            found = bandwidth(
                field,
                options,
                atoms=arguments.atoms,
                measure=arguments.measure,
                frame=arguments.frame,
                report=lambda done: progress.update(task, completed=done),
            )
        if arguments.figure is not None:
            draw(found, arguments.figure, arguments.force)
    except (ImportError, OSError, TypeError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_USAGE
    if arguments.json:
        print(json.dumps(found.as_dict() | {"made_with": _made_with(argv)}))
    else:
        shown = Console()
        shown.width = max(shown.width, 100)
        shown.print(table(found))
        print("\n".join([found.text, *found.notes]))
        print(
            f"seed {options.seed}, {options.draws} draws, {found.pooled.samples} frames, "
            f"sha256 {found.checksum}"
        )
    return EXIT_OK if found.pooled.decided else EXIT_UNDECIDED


def _made_with(argv: Sequence[str] | None) -> dict[str, Any]:
    """Command and versions; folders are left out of the command."""
    words = [
        Path(word).name if "/" in word else word
        for word in (sys.argv[1:] if argv is None else argv)
    ]
    return {
        "command": " ".join(["python -m numeric_checks.bandwidth", *words]),
        "python": platform.python_version(),
        "versions": {
            name: version(name) for name in ("span-theorem", "numpy", "scipy", "sphericart")
        },
    }
