"""Figures of a demand: no atom of a molecule is cut."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

pytest.importorskip("matplotlib")

from numeric_checks.demand.result import DegreeCost, DemandOptions, ErrorCurve, Point
from numeric_checks.demand.view import _bonds, draw, draw_molecule


def _cloud(atoms: int, shape: tuple[float, float, float]) -> Atoms:
    rng = np.random.default_rng(0)
    return Atoms(rng.choice([1, 6, 8], atoms), rng.normal(size=(atoms, 3)) * shape)


@pytest.mark.parametrize(
    "atoms",
    [
        molecule("N2"),
        molecule("C60"),
        Atoms("C12", np.arange(12)[:, None] * [1.3, 0, 0]),
        Atoms("C9", [[i * 1.4, j * 1.4, 0] for i in range(3) for j in range(3)]),
        _cloud(138, (8, 5, 2)),
        _cloud(300, (1, 20, 1)),
        Atoms("Ar"),
    ],
    ids=lambda atoms: str(atoms.symbols),
)
def test_every_atom_is_drawn_whole(atoms: Atoms) -> None:
    count = len(atoms)
    found = SimpleNamespace(
        by_atom=[[1.0] * count, np.linspace(0.3, 0.9, count).tolist()],
        settings=SimpleNamespace(l_max=1),
        data={"name": "a molecule", "numbers": atoms.numbers.tolist()},
    )
    figure = draw_molecule(found, atoms.positions)  # type: ignore[arg-type]
    figure.draw_without_rendering()
    axes, bar = figure.axes
    (dots,) = axes.collections
    (size,), (line,) = dots.get_sizes(), dots.get_linewidths()
    radius = (np.sqrt(size) + line) / 2 * figure.dpi / 72
    places = axes.transData.transform(dots.get_offsets())
    low, high = places.min(axis=0) - radius, places.max(axis=0) + radius
    assert len(places) == count
    assert (low >= 0).all()
    assert high[0] <= bar.get_tightbbox().x0
    assert high[1] <= axes.title.get_window_extent().y0
    assert not dots.get_clip_on() or (axes.bbox.contains(*low) and axes.bbox.contains(*high))


def test_bonds_are_those_of_the_elements() -> None:
    """Hydrogens of water are 1.5 Å apart and not bonded; bromine bonds at 1.9 Å."""
    water = molecule("H2O")
    assert sorted(_bonds(water.numbers.tolist(), water.positions)) == [(0, 1), (0, 2)]
    assert _bonds([6, 35, 1], np.array([[0, 0, 0], [0, 0, 1.94], [0, 0, -1.09]])) == [
        (0, 1),
        (0, 2),
    ]


@pytest.mark.parametrize("counts", [(0, 0), (0, 6), (4, 10)])
def test_a_curve_without_multiplications_is_drawn_against_the_degree_alone(
    counts: tuple[int, int],
) -> None:
    """One factor, and degree 0 in the force form, multiply nothing: no place on a log axis."""
    points = tuple(Point(ell, 3, 0.5, 0.4, 0.6, 100.0 - ell, 0.0) for ell in (0, 1))
    costs = tuple(DegreeCost(ell, 1, 1, count) for ell, count in enumerate(counts))
    curve = ErrorCurve(1, points, (), 0, (0, 1), False, costs)
    found = SimpleNamespace(
        curve=curve, curves=(curve,), data={"name": "a"}, frames={"held": 10},
        settings=DemandOptions(factors=1, l_max=1),
    )  # fmt: skip
    figure = draw(found)  # type: ignore[arg-type]
    figure.draw_without_rendering()
    drawn = [count for line in figure.axes[1].lines for count in line.get_xdata()]
    assert drawn == [count for count in counts if count]
