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
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from numeric_checks.bandwidth.local_frames import between, choose_frames, local_frames
from numeric_checks.bandwidth.result import AngularMeasure, Bandwidth, FieldAxes, SpectrumOptions
from numeric_checks.bandwidth.spectrum import spectra
from numeric_checks.molecules.data import ForceData
from numeric_checks.molecules.fields import Field

__all__ = ["bandwidth"]


def bandwidth(
    data: Field | ForceData,
    options: SpectrumOptions | None = None,
    *,
    atoms: Sequence[int] | None = None,
    measure: AngularMeasure = "sampled",
    frame: FieldAxes = "local",
    marks: NDArray[np.int64] | None = None,
    report: Callable[[int], None] | None = None,
) -> Bandwidth:
    """The bandwidth of a per-atom field; of the forces, for :class:`ForceData`.

    Frames are taken along the trajectory where the data says their order, so that blocks are apart
    in time. Frames that repeat an earlier one are left out. Where frames repeat in space,
    directions and distances are those to the nearest image.

    Args:
        data: the field, and the positions it belongs to.
        options: see :class:`~numeric_checks.bandwidth.result.SpectrumOptions`; ``radial=0`` for a
            function of the direction alone.
        atoms: indices of the atoms wanted; all by default.
        measure: ``"sampled"`` (a lower bound for directions that cover part of the sphere) or
            ``"sphere"``.
        frame: ``"local"`` or ``"laboratory"``.
        marks: (all atoms,) the marked neighbours j, where they were chosen over other frames.
        report: told the number of atoms done.

    Raises:
        TypeError, ValueError: frames that hold different atoms, atoms out of range or repeated, no
            local frame, too few frames for the unknowns, a field without variance, or what
            :func:`numeric_checks.bandwidth.spectrum.spectra` refuses.
    """
    options = SpectrumOptions() if options is None else options
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
