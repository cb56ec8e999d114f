"""Demand on data whose demand is known, on noise, and as a command."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from scipy.special import eval_legendre

from numeric_checks.demand import design
from numeric_checks.demand.__main__ import main
from numeric_checks.demand.estimate import demand
from numeric_checks.demand.fits import split_frames
from numeric_checks.demand.listening import listen
from numeric_checks.demand.result import DemandOptions
from numeric_checks.molecules.data import ForceData

Array = NDArray[np.float64]

SMALL = DemandOptions(factors=2, l_max=4, radial=3, frames=400, draws=50, blocks=10)


def _three_body(positions: Array, ell: int) -> Array:
    """Σ_{j<k} P_ℓ(cos θ_jk) f(r_j) f(r_k) about atom 0, of frames (n, atoms, 3); f = r² e^{-r²}."""
    vectors = positions[:, 1:] - positions[:, :1]
    distance = np.linalg.norm(vectors, axis=2)
    unit = vectors / distance[..., None]
    radial = distance**2 * np.exp(-(distance**2))
    angles = eval_legendre(ell, np.einsum("nja,nka->njk", unit, unit))
    products = angles * radial[:, :, None] * radial[:, None]
    return np.triu(products, 1).sum(axis=(1, 2))


def _four_body(positions: Array) -> Array:
    """Σ_{j<k<m} tr(Q_j Q_k Q_m) f(r_j) f(r_k) f(r_m) about atom 0, Q = u uᵀ − 1/3 of degree 2."""
    vectors = positions[:, 1:] - positions[:, :1]
    distance = np.linalg.norm(vectors, axis=2)
    unit = vectors / distance[..., None]
    spread = unit[..., :, None] * unit[..., None, :] - np.eye(3) / 3
    terms = (distance**2 * np.exp(-(distance**2)))[..., None, None] * spread
    return sum(
        np.einsum("nab,nbc,nca->n", terms[:, j], terms[:, k], terms[:, m])
        for j, k, m in combinations(range(terms.shape[1]), 3)
    )


def _directions(frames: int, rng: np.random.Generator) -> Array:
    """Four uniformly random directions a frame."""
    found = rng.normal(size=(frames, 4, 3))
    return found / np.linalg.norm(found, axis=2, keepdims=True)


def _about(
    directions: Array, energy: Callable[[Array], Array], rng: np.random.Generator
) -> ForceData:
    """Hydrogens in these directions about one carbon, forces by central differences."""
    frames, others = directions.shape[:2]
    ends = directions * rng.uniform(0.8, 1.6, size=(frames, others, 1))
    positions = np.concatenate([np.zeros((frames, 1, 3)), ends], axis=1)
    forces, step = np.zeros_like(positions), 1e-4
    for atom in range(others + 1):
        for axis in range(3):
            moved = [positions.copy(), positions.copy()]
            moved[0][:, atom, axis] += step
            moved[1][:, atom, axis] -= step
            ends_of = [energy(place) for place in moved]
            forces[:, atom, axis] = -(ends_of[0] - ends_of[1]) / (2 * step)
    numbers = np.array([6, *[1] * others])
    return ForceData.of_molecule(positions, forces, None, numbers, "clusters")


def _clusters(ell: int, frames: int = 300, seed: int = 0) -> ForceData:
    """Random directions about one carbon with the energy of :func:`_three_body`."""
    rng = np.random.default_rng(seed)
    return _about(_directions(frames, rng), lambda place: _three_body(place, ell), rng)


def _mixed_species() -> ForceData:
    """Clusters of which one held-out frame alone has a nitrogen at its centre."""
    data = _clusters(1, frames=60)
    labels = split_frames(60, SMALL)[0]
    numbers = data.structures.numbers.copy()
    numbers[5 * int(np.flatnonzero(labels == "held")[0])] = 7
    return replace(data, structures=replace(data.structures, numbers=numbers))


@pytest.mark.parametrize(
    "ell", [1, 2, 3, *(pytest.param(ell, marks=pytest.mark.slow) for ell in (4, 5, 6))]
)
def test_a_three_body_energy_of_one_degree_needs_that_degree(ell: int) -> None:
    """T7: gradients of different degrees are orthogonal over uniform directions."""
    settings = DemandOptions(
        factors=2, l_max=max(4, ell + 1), radial=6, draws=50, blocks=10, cutoff=4.0
    )
    data = _clusters(ell)
    # Noise gives the error a floor; without it the radial functions' own error goes on falling.
    noise = 0.03 * data.forces.std() * np.random.default_rng(9).normal(size=data.forces.shape)
    found = demand(data, settings, centers=[6], forces=data.forces + noise, matched=False)
    left = [point.left for point in found.curve.full]
    assert min(left[:ell]) > 0.7
    assert max(left[ell:]) < 0.02
    assert found.curve.demand == ell
    assert not found.curve.lower_bound


def test_a_four_body_energy_needs_three_factors_of_its_degree() -> None:
    rng = np.random.default_rng(0)
    data = _about(_directions(300, rng), _four_body, rng)
    settings = replace(SMALL, factors=3, l_max=2, radial=5, mixed=30, cutoff=4.0)
    found = demand(data, settings, centers=[6], matched=False)
    two, three = found.curves[1:]
    assert min(point.left for point in two.full) > 0.7
    assert min(point.left for point in three.full[:2]) > 0.7
    assert three.full[2].left < 0.1
    # Whether degrees above the last would lower the error is not known.
    assert (three.demand, three.lower_bound) == (2, True)
    assert "ℓ* ≥ 2" in found.sentence


def test_over_a_patch_of_angles_lower_degrees_imitate_a_higher_one() -> None:
    """The energy of degree 4 of an angle that varies by a few degrees, as in a molecule."""
    rng = np.random.default_rng(0)
    angle, frames = np.deg2rad(rng.uniform(100, 120, size=300)), 300
    first = _directions(frames, rng)[:, 0]
    aside = np.cross(first, _directions(frames, rng)[:, 0])
    aside /= np.linalg.norm(aside, axis=1, keepdims=True)
    second = np.cos(angle)[:, None] * first + np.sin(angle)[:, None] * aside
    data = _about(np.stack([first, second], 1), lambda place: _three_body(place, 4), rng)
    settings = replace(SMALL, l_max=4, radial=6, cutoff=4.0)
    left = [point.left for point in demand(data, settings, centers=[6], matched=False).curve.full]
    assert left[0] > 0.5
    assert left[2] < 0.05  # two degrees below the one that is there


def test_the_matched_models_have_equal_weights() -> None:
    found = demand(_clusters(2), SMALL, centers=[6])
    sizes = [point.weights for point in found.curve.matched]
    assert sizes[1:] == [found.curve.full[-1].weights] * SMALL.l_max
    assert found.matched_demand == 2
    assert found.sentence.endswith("at equal numbers of weights ℓ* = 2")
    # Where the last degree tried still lowers the error, higher ones may.
    short = replace(found, settings=replace(SMALL, l_max=2))
    assert short.sentence.endswith("at equal numbers of weights ℓ* ≥ 2")
    # More radial functions do not stand in for the degree.
    assert found.curve.matched[1].left > 0.7


def test_fewer_factors_are_matched_to_their_own_largest_model() -> None:
    data = _clusters(2, frames=100)
    both = replace(SMALL, factors=3, l_max=2, radial=2, mixed=3)
    three, two = (
        demand(data, replace(both, factors=factors), centers=[6]).curves for factors in (3, 2)
    )
    for curve in three[1:]:
        sizes = [point.weights for point in curve.matched]
        assert sizes == [curve.full[-1].weights] * 3
    # With two factors the third changes nothing.
    assert [p.mae for p in three[1].full] == pytest.approx([p.mae for p in two[1].full])
    assert [p.mae for p in three[1].matched] == pytest.approx([p.mae for p in two[1].matched])


def test_energies_are_fitted_beside_the_forces() -> None:
    """The energy that the forces come from, and a constant, which is that of the free atoms."""
    data = _clusters(2, frames=200)
    energies = _three_body(data.positions, 2)
    curves = []
    for constant in (0.0, -1e4):
        with_energies = replace(data, energies=energies + constant)
        found = demand(with_energies, replace(SMALL, energies=True, radial=4), centers=[6])
        curves.append([point.energy_mae for point in found.curve.full])
    assert curves[0] == pytest.approx(curves[1], rel=1e-3)
    trivial = 1000 * np.abs(energies - energies.mean()).mean() / 5
    assert min(curves[0][:2]) > 0.7 * trivial
    assert max(curves[0][2:]) < 0.2 * trivial
    without = demand(data, SMALL, centers=[6])
    assert {point.energy_mae for point in without.curve.full} == {None}


@pytest.mark.parametrize("part", ["fit", "validate", "held"])
def test_energies_may_be_missing_in_a_part(part: str) -> None:
    data = _clusters(2, frames=60)
    energies = _three_body(data.positions, 2)
    energies[split_frames(60, SMALL)[0] == part] = np.nan
    settings = replace(SMALL, energies=True, l_max=1, radial=2)
    found = demand(replace(data, energies=energies), settings, centers=[6], matched=False)
    stated = [point.energy_mae is not None for point in found.curve.full]
    assert stated == [part != "held"] * 2


def test_energies_that_cannot_be_fitted_are_refused() -> None:
    data = _clusters(1, frames=60)
    with pytest.raises(ValueError, match="no frame that is fitted has one"):
        demand(data, replace(SMALL, energies=True))
    with pytest.raises(ValueError, match="energies belong to the data's own forces"):
        demand(data, replace(SMALL, energies=True), forces=data.forces)
    with pytest.raises(ValueError, match="in the form 'energy' alone, got 'force'"):
        replace(SMALL, energies=True, form="force")


def test_nothing_explains_noise() -> None:
    data = _clusters(1)
    noise = np.random.default_rng(5).normal(size=data.forces.shape)
    found = demand(data, SMALL, forces=noise)
    assert min(point.left for point in found.curve.full) > 0.9
    assert max(point.left for point in found.curve.full) <= 1.05
    assert found.undecided.startswith("no model explains as much as 5% of the forces' variance")


def test_nothing_explains_forces_of_other_frames_or_forces_turned() -> None:
    data, rng = _clusters(1), np.random.default_rng(6)
    of_frames = data.molecule_forces
    other = of_frames[rng.permutation(len(of_frames))]
    turned = np.einsum(
        "nab,nib->nia", Rotation.random(len(of_frames), rng=rng).as_matrix(), of_frames
    )
    for forces in (other, turned):
        found = demand(data, SMALL, forces=forces.reshape(-1, 3), matched=False)
        assert found.undecided.startswith("no model explains as much as 5%")


def test_batches_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    data, settings = _clusters(2), SMALL
    whole = demand(data, settings)
    monkeypatch.setattr(design, "BATCH_ATOMS", 35)
    parts = demand(data, settings)
    assert [p.mae for p in parts.curve.full] == pytest.approx([p.mae for p in whole.curve.full])


def test_the_force_form_sees_the_same_degrees() -> None:
    found = demand(
        _clusters(1), DemandOptions(form="force", factors=2, l_max=3, radial=4, draws=20)
    )
    assert found.curve.full[0].left == pytest.approx(1.0)  # degree 0 holds no vector
    assert found.curve.full[2].left < found.curve.full[1].left < 0.9


def test_the_force_form_counts_its_own_products() -> None:
    """Entries of coupling coefficients counted by hand: (0 1 1) has three, (1 2 1) eleven.

    Of a symmetric traceless matrix times a vector: xy, yz and xz give two each, x² − y² two, and
    3z² − 1 three.
    """
    data = _clusters(1, frames=60)
    settings = DemandOptions("force", factors=3, l_max=2, radial=2, mixed=5, draws=5)
    two, three = (curve.costs for curve in demand(data, settings, matched=False).curves[1:])
    assert [cost.multiplications for cost in two] == [2 * 4**2 * n for n in (0, 3, 3 + 11)]
    # ((0 0) 0 1), ((1 1) 0 1) and ((1 1) 2 1)
    assert three[1].multiplications == two[1].multiplications + 2 * 5 * (1 + 3 + 3 + 3 + 11 + 11)
    assert [cost.invariants for cost in two][:2] == [0, 1]
    nothing = demand(data, replace(settings, l_max=0, factors=2), matched=False)
    assert nothing.undecided.startswith("no model explains")
    assert nothing.curve.costs[0].multiplications == 0


def test_listening_tells_degrees_from_training() -> None:
    data = _clusters(3)
    found = listen(data, 0 * data.forces, 1, SMALL, centers=[6])
    assert found.verdict == "degrees"
    assert found.sentence.startswith("more degrees would lower this model's error by about")
    assert found.beyond.low > 0.5
    assert found.added[3].low > 0.5  # the degree that is missing, and no other
    assert max(share.high for ell, share in enumerate(found.added) if ell != 3) < 0.3
    assert abs(found.control.value) < 0.1
    found = listen(data, 0 * data.forces, 3, SMALL, centers=[6])
    assert found.verdict == "training"
    noise = np.random.default_rng(6).normal(size=data.forces.shape)
    found = listen(data, data.forces + noise, 1, SMALL, centers=[6])
    assert found.verdict == "neither"
    assert "the data or the body order limit it" in found.sentence


def test_listening_counts_the_gain_of_degrees_at_equal_weights() -> None:
    """The forces of degree 2: a model with L = 2 is not short of degrees, nor is one that knows."""
    data = _clusters(2)
    noise = 0.5 * data.forces.std() * np.random.default_rng(7).normal(size=data.forces.shape)
    found = listen(data, noise, 2, SMALL, centers=[6])
    assert found.verdict == "training"
    assert found.beyond.high < 0.05
    # The same models fitted to the forces themselves are the demand of these frames.
    plain = demand(data, SMALL, centers=[6])
    assert found.forces.mae == pytest.approx([point.mae for point in plain.curve.full])
    assert found.forces.matched[3] == pytest.approx(plain.curve.matched[3].mae)


def test_listening_says_when_the_control_is_explained() -> None:
    """Frames that are all alike: their residuals may be exchanged without harm."""
    data = _clusters(2)
    same = data.take(np.zeros(300, dtype=int))
    moved = ForceData.of_molecule(
        same.positions + 0.001 * np.random.default_rng(8).normal(size=same.positions.shape),
        same.molecule_forces, None, same.numbers, "one frame, again and again",
    )  # fmt: skip
    found = listen(moved, 0 * moved.forces, 1, SMALL, centers=[6])
    assert found.verdict == "undecided"
    assert "residuals of other frames are explained too" in found.sentence
    last = listen(data, 0 * data.forces, 4, SMALL, centers=[6])
    assert (last.verdict, last.sentence) == (
        "undecided", "undecided: degrees above L = 4 were not tried; raise l_max",
    )  # fmt: skip


def test_errors_by_atom_need_one_molecule_in_all_frames() -> None:
    """Not in those held out alone: the figure is drawn on the first frame of the file."""
    data, settings = _clusters(1, frames=60), replace(SMALL, factors=1, l_max=1, radial=2)
    alone = demand(data, settings, centers=[6], matched=False)
    assert np.shape(alone.by_atom) == (2, 5)
    numbers = data.structures.numbers.copy()
    numbers[5 * int(np.flatnonzero(split_frames(60, SMALL)[0] == "fit")[0])] = 7
    mixed = replace(data, structures=replace(data.structures, numbers=numbers))
    assert demand(mixed, settings, centers=[6], matched=False).by_atom is None


def test_frames_that_need_more_memory_than_is_allowed_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("numeric_checks.costs.MAX_BYTES", 10**5)
    with pytest.raises(ValueError, match=r"a frame of 5 atoms with 20 pairs within 5 Å needs"):
        demand(_clusters(1, frames=60), SMALL)


@pytest.mark.parametrize("shape", [(3,), (60, 5, 3), (300, 1), ()])
def test_forces_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    """Also where numpy would stretch them."""
    data = _clusters(1, frames=60)
    with pytest.raises(ValueError, match=r"predicted forces must have shape \(300, 3\), got"):
        listen(data, np.zeros(shape), 1, SMALL)
    with pytest.raises(ValueError, match=r"forces must have shape \(300, 3\), got"):
        demand(data, SMALL, forces=np.zeros(shape))
    with pytest.raises(ValueError, match="forces must be finite"):
        demand(data, SMALL, forces=np.where(data.forces == data.forces[7, 1], np.inf, data.forces))


def test_too_few_frames_decide_nothing() -> None:
    found = demand(_clusters(2, frames=60), DemandOptions(factors=2, l_max=4, radial=5, draws=20))
    assert found.undecided
    assert found.as_dict()["demand"] is None
    absent = demand(_mixed_species(), DemandOptions(factors=1, l_max=1, radial=2, draws=20))
    assert absent.undecided.startswith("no fitted frame holds N")
    with pytest.raises(ValueError, match="39 frames with forces are too few"):
        demand(_clusters(2, frames=39), SMALL)
    with pytest.raises(ValueError, match="frames must be an integer from 40 to 10000000, got 39"):
        replace(SMALL, frames=39)
    still = _clusters(2, frames=60)
    with pytest.raises(ValueError, match="are 0 for all atoms of all 60 frames"):
        demand(replace(still, forces=np.zeros_like(still.forces)), SMALL)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--factors", "4"], "factors must be an integer from 1 to 3, got '4'"),
        (["--l-max", "1e30"], "l-max must be an integer from 0 to 10"),
        (["--cutoff", "nan"], "cutoff must be a number above 0"),
        (["--level", "2"], "level must be a number above 0 and at most 0.99"),
    ],
)
def test_bad_options(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["embedded", *arguments])
    assert end.value.code == 2
    assert message in capsys.readouterr().err


def test_a_missing_package_is_told_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr("numeric_checks.molecules.data.load", lambda *_, **__: pytest.fail("work"))
    assert main(["embedded", "--out", str(tmp_path / "out")]) == 2
    assert "matplotlib" in capsys.readouterr().err


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    options = ["--factors", "2", "--l-max", "1", "--radial", "2", "--frames", "60", "--draws", "20"]
    folder = tmp_path / "out"
    assert main(["embedded", *options, "--out", str(folder), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert {"form", "factors", "curve", "matched", "demand", "lower_bound", "listening"} <= set(
        shown
    )
    assert set(shown["curve"][0]) >= {"ell", "weights", "left", "low", "high", "mae"}
    written = {path.name for path in folder.iterdir()} - {".lock"}
    assert written == {
        "report.json",
        "table.txt",
        *(f"{name}.{suffix}" for name in ("demand", "molecule") for suffix in ("png", "svg")),
    }
    assert main(["embedded", *options, "--out", str(folder)]) == 2
    assert "--force replaces it" in capsys.readouterr().err
    assert main(["embedded", *options, "--centers", "Xx"]) == 2
    assert "named by its chemical symbol" in capsys.readouterr().err
    assert main(["embedded", *options, "--centers", "N"]) == 2
    assert "must be among the elements [1, 6, 8], got [7]" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("fault", "options", "message"),
    [
        ("nan", [], "values that are not finite"),
        ("", ["--forces-key", "dipoles"], "dipoles"),
        ("", ["--centers", "N"], "must be among the elements"),
        ("", [], "39 frames with forces are too few"),
    ],
)
def test_bad_data_is_one_line(
    fault: str,
    options: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = _clusters(1, frames=39 if not options and not fault else 60)
    forces = data.molecule_forces.copy()
    if fault:
        forces[3, 1, 2] = np.nan
    np.savez(
        tmp_path / "data.npz", R=data.positions, F=forces, E=np.zeros(len(forces)), z=data.numbers,
        units_length="angstrom", units_energy="eV", units_force="eV/angstrom",
    )  # fmt: skip
    common = ["--factors", "1", "--l-max", "0", "--radial", "2", "--draws", "5"]
    assert main([str(tmp_path / "data.npz"), *common, *options]) == 2
    told = capsys.readouterr()
    assert message in told.err
    assert told.err.count("\n") == 1
    assert told.out == ""
