"""Bandwidths of molecules: fields put in are found again, real forces, and the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from numeric_checks.bandwidth.__main__ import main
from numeric_checks.bandwidth.estimate import bandwidth
from numeric_checks.bandwidth.local_frames import choose_frames, local_frames
from numeric_checks.bandwidth.result import SpectrumOptions
from numeric_checks.molecules.data import EMBEDDED, ForceData, load
from numeric_checks.molecules.fields import Field
from numeric_checks.molecules.marks import directions as marked_directions
from numeric_checks.molecules.marks import marked_rows
from numeric_checks.molecules.structures import Structures
from numeric_checks.rotations.sampling import random_rotations
from numeric_checks.sphere.harmonics import real_harmonics

FAST = SpectrumOptions(l_max=4, draws=200)
made = Structures.of_molecule


def wandering(frames: int = 2500, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A bent chain O–C–N–C of fixed shape, and a hydrogen all around the oxygen; numbers."""
    rng = np.random.default_rng(seed)
    chain = np.array([[0.0, 0, 0], [0, 0, 1.4], [1.3, 0, 1.9], [2.4, 0.5, 1.0]])
    toward = rng.standard_normal((frames, 3))
    toward /= np.linalg.norm(toward, axis=1, keepdims=True)
    length = rng.uniform(0.9, 1.1, (frames, 1))
    positions = np.concatenate(
        [np.broadcast_to(chain, (frames, 4, 3)), -(length * toward)[:, None]], axis=1
    )
    positions = np.einsum("nab,nib->nia", random_rotations(frames, rng), positions)
    return positions, np.array([8, 6, 7, 6, 1])


@pytest.fixture(scope="module")
def embedded() -> ForceData:
    return load(EMBEDDED)


@pytest.fixture(scope="module")
def haar(embedded: ForceData) -> tuple[np.ndarray, np.ndarray]:
    """Aspirin in random orientations: positions and forces."""
    turns = random_rotations(len(embedded), np.random.default_rng(0))
    rotate = "nab,nib->nia"
    return (
        np.einsum(rotate, turns, embedded.positions),
        np.einsum(rotate, turns, embedded.molecule_forces),
    )


def test_frames_turn_with_the_molecule_and_the_field_with_them() -> None:
    positions, numbers = wandering(50)
    chosen = np.column_stack([np.arange(5), choose_frames(made(positions, numbers))])
    assert chosen[4].tolist() == [4, 0, 1, 2]  # H on O, then C, then N
    turns = random_rotations(50, np.random.default_rng(1))
    first, axes = local_frames(made(positions, numbers), chosen)
    moved, turned = local_frames(made(positions, numbers).turned(turns), chosen)
    np.testing.assert_allclose(moved, first, atol=1e-12)
    np.testing.assert_allclose(turned, np.einsum("nsab,ncb->nsac", axes, turns), atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(axes), 1)


def test_local_angles_are_bond_angle_and_dihedral() -> None:
    from ase import Atoms

    positions, numbers = wandering(5)
    u, _ = local_frames(made(positions, numbers), np.array([[4, 0, 1, 2]]))
    for frame, (x, y, z) in zip(positions, -u[:, 0], strict=True):  # from the oxygen outwards
        atoms = Atoms(numbers, frame)
        assert np.degrees(np.arccos(z)) == pytest.approx(atoms.get_angle(4, 0, 1))
        dihedral = np.radians(atoms.get_dihedral(4, 0, 1, 2))
        turn = np.arctan2(y, x) + dihedral  # ASE counts the other way round the axis
        assert np.cos(turn) == pytest.approx(1)


@pytest.mark.parametrize("ell", [1, 2, 3])
def test_a_local_field_of_known_degree_is_found(ell: int) -> None:
    positions, numbers = wandering()
    u, _ = local_frames(made(positions, numbers), np.array([[4, 0, 1, 2]]))
    pattern = np.random.default_rng(ell).standard_normal(2 * ell + 1)
    values = np.zeros(positions.shape[:2])
    values[:, 4] = real_harmonics(ell, u[:, 0])[:, ell * ell :] @ pattern
    field = Field.of_molecule(positions, values, numbers, "made", "g", "1")
    for measure in ("sphere", "sampled"):
        found = bandwidth(field, FAST, atoms=[4], measure=measure)
        assert found.pooled.bandwidth == ell
        assert found.pooled.weights[ell] == pytest.approx(1, abs=0.05)
        assert not found.lower_bound
        assert f"ℓ* = {ell}" in found.text


def test_a_local_vector_field_is_taken_in_its_local_components() -> None:
    # A local constant vector has degree 0 but no variance; û·(û·ẑ) in local axes has degree 2.
    positions, numbers = wandering()
    u, axes = local_frames(made(positions, numbers), np.array([[4, 0, 1, 2]]))
    values = np.zeros(positions.shape)
    values[:, 4] = np.einsum("nba,nb->na", axes[:, 0], u[:, 0] * u[:, 0, 2:])
    field = Field.of_molecule(positions, values, numbers, "made", "g", "1")
    assert bandwidth(field, FAST, atoms=[4], measure="sphere").pooled.bandwidth == 2
    lost = bandwidth(field, FAST, atoms=[4], measure="sphere", frame="laboratory").pooled
    assert lost.bandwidth != 2  # in the laboratory the axes move and the degree is another


@pytest.mark.parametrize("ell", [2, 4])
def test_a_field_injected_in_the_laboratory_has_its_degree(
    embedded: ForceData, haar: tuple[np.ndarray, np.ndarray], ell: int
) -> None:
    positions, _ = haar
    turned = Structures.of_molecule(positions, embedded.numbers)
    u = marked_directions(turned, marked_rows(turned)).reshape(positions.shape)
    rng = np.random.default_rng(ell)
    harmonics = real_harmonics(ell, u.reshape(-1, 3))[:, ell * ell :]
    g = (harmonics @ rng.standard_normal(2 * ell + 1)).reshape(u.shape[:2])
    values = g[..., None] * np.array([0.0, 0.6, 0.8]) + 0.2 * rng.standard_normal(u.shape)
    field = Field.of_molecule(positions, values, embedded.numbers, "made", "injected", "1")
    options = SpectrumOptions(l_max=6, radial=0, draws=200)
    sites = [0, 7, 12, 18]
    found = bandwidth(field, options, atoms=sites, measure="sphere", frame="laboratory")
    assert found.pooled.bandwidth == ell
    assert found.pooled.weights[ell] > 0.98
    stored = Field.of_molecule(
        embedded.positions, values, embedded.numbers, "made", "injected", "1"
    )
    patch = bandwidth(stored, options, atoms=sites, measure="sphere", frame="laboratory")
    assert not patch.pooled.decided  # the control: orientations as stored cover a patch


def test_forces_in_the_laboratory_have_degree_one(
    embedded: ForceData, haar: tuple[np.ndarray, np.ndarray]
) -> None:
    # F(Rx) = R F(x): E[F | û] is along û. One C–C and one C–H, with the distance.
    data = Field.of_molecule(*haar, embedded.numbers, "made", "forces", "eV/angstrom")
    options = SpectrumOptions(l_max=3, draws=200)
    found = bandwidth(data, options, atoms=[10, 18], measure="sphere", frame="laboratory")
    assert found.pooled.bandwidth == 1
    energy_like = Field.of_molecule(
        haar[0],
        np.linalg.norm(haar[1], axis=2),
        embedded.numbers,
        "made",
        "length of the force",
        "eV/angstrom",
    )
    invariant = bandwidth(energy_like, options, atoms=[18], frame="laboratory").pooled
    assert invariant.bandwidth in (0, None)


def test_real_forces_are_undecided_on_the_sphere_and_bounded_below(embedded: ForceData) -> None:
    sphere = bandwidth(embedded, FAST, atoms=[0, 18], measure="sphere")
    assert not sphere.pooled.decided
    assert sphere.text.startswith("undecided: the directions cover only part")
    sampled = bandwidth(embedded, FAST, atoms=[0, 18])
    assert sampled.lower_bound
    assert sampled.pooled.decided
    assert sampled.text.startswith("ℓ* ≥ ")
    content = json.loads(json.dumps(sampled.as_dict(), allow_nan=False))
    assert content["atoms"][1]["frame_atoms"][0] == 4
    assert content["sha256"] == embedded.checksum


def test_forces_of_other_frames_are_no_function_of_the_direction(embedded: ForceData) -> None:
    order = np.random.default_rng(3).permutation(len(embedded))
    u_field = Field.of_molecule(
        embedded.positions,
        embedded.molecule_forces[order],
        embedded.numbers,
        "shuffled",
        "forces",
        "eV/angstrom",
    )
    found = bandwidth(u_field, FAST, atoms=[13, 18])
    assert not found.pooled.decided
    assert "hardly a function" in found.pooled.reason


def test_marks_that_are_no_other_atoms_are_refused() -> None:
    positions, numbers = wandering(10)
    for marks in (np.arange(5), np.array([1, 0, 9, 1, 1]), np.array([1, 0])):
        with pytest.raises(ValueError, match="marks must name another atom"):
            choose_frames(made(positions, numbers), marks)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"atoms": [99]}, "from 0 to 4"),
        ({"atoms": [1, 1]}, "different"),
        ({"atoms": []}, "at least one"),
        ({"frame": "body"}, "frame must be"),
        ({"measure": "patch"}, "measure must be"),
    ],
)
def test_bad_arguments_are_refused(change: dict[str, object], message: str) -> None:
    positions, numbers = wandering(600)
    values = np.random.default_rng(0).standard_normal(positions.shape[:2])
    field = Field.of_molecule(positions, values, numbers, "made", "g", "1")
    with pytest.raises(ValueError, match=message):
        bandwidth(field, FAST, **change)  # type: ignore[arg-type]


def test_molecules_without_local_frames_are_refused() -> None:
    positions, numbers = wandering(10)
    with pytest.raises(ValueError, match="four atoms"):
        choose_frames(made(positions[:, :3], numbers[:3]))
    with pytest.raises(ValueError, match="four atoms"):
        choose_frames(made(positions, np.array([8, 1, 1, 1, 1])))
    line = np.zeros((3, 5, 3))
    line[:, :, 0] = np.arange(5)
    with pytest.raises(ValueError, match="on a line"):
        choose_frames(made(line, np.full(5, 6)))
    with pytest.raises(ValueError, match="at one place"):
        local_frames(made(np.zeros((3, 5, 3)), numbers), np.array([[4, 0, 1, 2]]))


def save(folder: Path, frames: int = 900, **extra: object) -> SimpleNamespace:
    positions, numbers = wandering(frames)
    u, _ = local_frames(made(positions, numbers), np.array([[4, 0, 1, 2]]))
    charges = np.random.default_rng(0).standard_normal(positions.shape[:2])
    charges[:, 4] = u[:, 0, 0] * u[:, 0, 1]
    path = folder / "made.npz"
    np.savez(path, R=positions, z=numbers, charges=charges, **extra)
    return SimpleNamespace(path=str(path), positions=positions, charges=charges, numbers=numbers)


COMMON = ["--field", "charges", "--l-max", "4", "--draws", "100", "--atoms", "4"]


def test_command_line_on_npz_and_extxyz(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from ase import Atoms
    from ase.io import write

    made = save(tmp_path)
    assert main([made.path, *COMMON, "--measure", "sphere"]) == 0
    out = capsys.readouterr().out
    assert "ℓ* = 2" in out
    assert "seed 0" in out
    frames = []
    for position, charge in zip(made.positions, made.charges, strict=True):
        atoms = Atoms(made.numbers, position)
        atoms.set_array("charges", charge)
        frames.append(atoms)
    write(tmp_path / "made.extxyz", frames)
    assert main([str(tmp_path / "made.extxyz"), *COMMON, "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["pooled"]["bandwidth"] == 2
    assert content["quantity"] == "charges"
    assert str(tmp_path) not in content["made_with"]["command"]


def test_command_line_is_undecided_with_code_4(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = save(tmp_path)
    noise = [*COMMON[:-1], "3", "--radial", "0"]
    assert main([made.path, *noise]) == 4
    assert "undecided" in capsys.readouterr().out
    assert main([EMBEDDED, "--atoms", "0", "--lmax", "3", "--measure", "sphere"]) == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--field", "spins"], "no array 'spins'"),
        (["--field", "charges", "--lmax", "12"], "too few"),
        (["--l-max", "1e30"], "l-max must be an integer from 1 to 64, got '1e30'"),
        (["--draws", "999999999"], "draws must be an integer from 1 to 100000"),
        (["--atoms", "-1"], "atoms must be an integer from 0"),
        (["--field", "charges", "--frames", "5000"], "frames must lie"),
        (["--field", "charges", "--level", "2"], "level"),
        (["--field", "charges", "--figure", "x.pdf"], "must end in"),
        (["--field", "forces"], "no forces; found R, charges"),
    ],
)
def test_command_line_refuses_with_code_2(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    exit_code: Callable[..., int],
    arguments: list[str],
    message: str,
) -> None:
    assert exit_code(main, [save(tmp_path).path, *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_names_from_a_file_are_shown_as_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "[" / "red]"  # a closing tag where the path is taken for markup
    folder.mkdir(parents=True)
    made = save(folder)
    monkeypatch.setenv("COLUMNS", "40")
    assert main([made.path, *COMMON]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 40
    assert lines[0].startswith("made")
    assert main([made.path + "[/x]", *COMMON]) == 2
    assert "[/x]" in capsys.readouterr().err


def test_figures_are_written_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made, target = save(tmp_path), tmp_path / "a.svg"
    assert main([made.path, *COMMON, "--figure", str(target)]) == 0
    first = target.read_bytes()
    assert b"<svg" in first
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.svg", "made.npz"]
    assert main([made.path, *COMMON, "--figure", str(target)]) == 2
    assert target.read_bytes() == first
    assert "exists" in capsys.readouterr().err
    target.write_bytes(b"")
    assert main([made.path, *COMMON, "--figure", str(target), "--force"]) == 0
    assert target.read_bytes() == first
