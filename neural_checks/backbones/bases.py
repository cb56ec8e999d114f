"""Features of other packages in the basis of this one: order, axes, Cartesian tensors.

Here degree l has the basis and order of e3nn, l = 1 as (x, y, z). Other packages keep the order
m = -l … l about the z axis, l = 1 as (y, z, x), or Cartesian vectors and matrices. Every conversion
is orthogonal, so that norms by degree stay.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache

import numpy as np
from numpy.typing import NDArray

from numeric_checks.rotations.wigner import FeatureBlocks, coupling, unit_harmonics
from numeric_checks.sphere.harmonics import real_harmonics
from span_theorem.arguments import natural
from span_theorem.irreps import Irreps

__all__ = ["Axes", "Order", "feature_blocks", "matrix_parts", "order_matrix"]

Array = NDArray[np.float64]


class Order(StrEnum):
    """The basis that a package keeps its features in.

    ``e3nn``: l = 1 as (x, y, z); ``yzx``: m = -l … l about z without Condon–Shortley phase, l = 1
    as (y, z, x); ``cartesian``: scalars, vectors (x, y, z) or 3 × 3 matrices.
    """

    E3NN = "e3nn"
    YZX = "yzx"
    CARTESIAN = "cartesian"


class Axes(StrEnum):
    """Where channels stand in an array with an axis of their own: before or after components."""

    CHANNELS_FIRST = "channels-first"
    CHANNELS_LAST = "channels-last"


@cache
def order_matrix(degree: int) -> Array:
    """Q (2l+1, 2l+1), orthogonal: Q h is in the basis of e3nn where h is in the order ``yzx``.

    Both orders are harmonics of one direction; Q is solved for at 4l + 4 random directions.

    >>> order_matrix(1) @ np.array([2.0, 3.0, 1.0])  # (y, z, x)
    array([1., 2., 3.])
    """
    natural("degree", degree)
    directions = np.random.default_rng(degree).normal(size=(4 * degree + 4, 3))
    theirs = real_harmonics(degree, directions)[:, degree**2 :] * np.sqrt(
        4 * np.pi / (2 * degree + 1)
    )
    ours = unit_harmonics(degree, directions)[degree]
    matrix: Array = np.linalg.lstsq(theirs, ours, rcond=None)[0].T
    matrix = np.where(np.abs(matrix) < 1e-12, 0.0, matrix).round(14)
    matrix.flags.writeable = False
    return matrix


def matrix_parts(matrices: Array) -> list[Array]:
    """The parts of degree 0, 1, 2 of matrices (…, 3, 3): trace, antisymmetric, symmetric.

    Degree l of T is √(2l+1) Σ_ij (1 i; 1 j; l m) T_ij, an orthogonal change of basis. Of a ⊗ b the
    first two are a·b/√3 and a×b/√2, and of n ⊗ n the third is √(2/3) y_2(n).

    >>> [part.round(3).tolist() for part in matrix_parts(np.eye(3))]
    [[1.732], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0]]
    """
    parts = []
    for l, entry in enumerate(((0, 0, 0), (0, 1, 2), (1, 1, 2))):  # x·x, x×y = z, y ⊗ y
        tensor = coupling(1, 1, l) * np.sign(coupling(1, 1, l)[entry]) * np.sqrt(2 * l + 1)
        parts.append(np.einsum("...ij,ijm->...m", matrices, tensor) + 0.0)
    return parts


def feature_blocks(
    values: Array, irreps: Irreps, order: Order = Order.E3NN, axes: Axes | None = None
) -> FeatureBlocks:
    """What a module returns for its atoms, as features by irrep (atoms, channels, 2l+1).

    Args:
        values: (atoms, components), the irreps one after another, each with its components within
            its channels, as e3nn lays them out; or with an axis for channels, all irreps having as
            many: (atoms, channels, components) or (atoms, components, channels). In the order
            ``cartesian``: scalars (atoms, channels); vectors with one axis of length 3, matrices
            with two of them, before or after the channels; of matrices the parts of degree 0, 1, 2
            that ``irreps`` names.
        irreps: what the values are.
        order: the basis of each degree.
        axes: needed where the sizes do not tell where the channels stand.

    Raises:
        ValueError: the shape is not that of the irreps, or leaves the place of the channels open.

    >>> feature_blocks(np.array([[7.0, 2.0, 3.0, 1.0]]), Irreps.parse("0e+1o"), Order.YZX)
    {'0e': array([[[7.]]]), '1o': array([[[1., 2., 3.]]])}
    """
    order, axes = Order(order), None if axes is None else Axes(axes)
    if order is Order.CARTESIAN:
        return _joined(irreps, _cartesian(values, irreps, axes))
    if values.ndim == 2 and values.shape[1] == irreps.dim:
        parts, offset = [], 0
        for channels, irrep in irreps:
            size = channels * irrep.dim
            parts.append(values[:, offset : offset + size].reshape(-1, channels, irrep.dim))
            offset += size
    elif values.ndim == 3:
        components = sum(irrep.dim for _, irrep in irreps)
        whole = _channels_first(values, _channels(irreps), (components,), axes, irreps)
        cuts = np.cumsum([irrep.dim for _, irrep in irreps])[:-1]
        parts = np.split(whole, cuts, axis=2)
    else:
        raise ValueError(f"{irreps} has {irreps.dim} components; the shape is {values.shape}")
    if order is Order.YZX:
        parts = [
            part @ order_matrix(irrep.l).T for part, (_, irrep) in zip(parts, irreps, strict=True)
        ]
    return _joined(irreps, parts)


def _cartesian(values: Array, irreps: Irreps, axes: Axes | None) -> list[Array]:
    degrees = [irrep.l for _, irrep in irreps]
    rank = values.ndim - 2
    if rank == 0 and set(degrees) == {0} and values.shape[1] == irreps.dim:
        return np.split(values[..., None], np.cumsum([c for c, _ in irreps])[:-1], axis=1)
    channels = _channels(irreps)
    if rank == 1 and degrees in ([0], [1]):
        return [_channels_first(values, channels, (2 * degrees[0] + 1,), axes, irreps)]
    if rank == 2 and len(set(degrees)) == len(degrees) and set(degrees) <= {0, 1, 2}:
        found = matrix_parts(_channels_first(values, channels, (3, 3), axes, irreps))
        return [found[l] for l in degrees]
    raise ValueError(
        f"{irreps} in the order cartesian is scalars (atoms, channels), vectors with one axis of "
        f"length 3, or the parts of degree 0, 1, 2 of matrices; the shape is {values.shape}"
    )


def _channels(irreps: Irreps) -> int:
    """The one number of channels; ValueError where irreps have different ones."""
    counts = {channels for channels, _ in irreps}
    if len(counts) != 1:
        raise ValueError(f"an axis for channels needs as many of each irrep, got {irreps}")
    return counts.pop()


def _channels_first(
    values: Array, channels: int, parts: tuple[int, ...], axes: Axes | None, irreps: Irreps
) -> Array:
    """``values`` as (atoms, channels, *parts)."""
    shapes = {Axes.CHANNELS_FIRST: (channels, *parts), Axes.CHANNELS_LAST: (*parts, channels)}
    fitting = [place for place, shape in shapes.items() if values.shape[1:] == shape]
    if axes is not None:
        fitting = [place for place in fitting if place is axes]
    if not fitting:
        wanted = shapes if axes is None else {axes: shapes[axes]}
        raise ValueError(
            f"{irreps} would have the shape "
            + " or ".join(f"(atoms, {', '.join(map(str, s))})" for s in wanted.values())
            + f"; the shape is {values.shape}"
        )
    if len(fitting) > 1 and shapes[fitting[0]] == shapes[fitting[1]] and channels > 1:
        raise ValueError(
            f"{irreps}: the shape {values.shape} does not tell channels from components: give "
            "--axes channels-first or --axes channels-last"
        )
    if fitting[0] is Axes.CHANNELS_LAST:
        return np.moveaxis(values, -1, 1)
    return values


def _joined(irreps: Irreps, parts: list[Array]) -> FeatureBlocks:
    """One block for each irrep, its channels in the order in which they were written."""
    result: FeatureBlocks = {}
    for (_, irrep), part in zip(irreps, parts, strict=True):
        before = result.get(str(irrep))
        result[str(irrep)] = part if before is None else np.concatenate([before, part], axis=1)
    return result
