"""The peptide: its atoms, its forces by finite differences, and runs that are cut off."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from numeric_checks.molecules.data import load
from numeric_checks.peptide.__main__ import main
from numeric_checks.peptide.dataset import make_peptide
from numeric_checks.peptide.dynamics import Peptide, energies_forces
from numeric_checks.peptide.structure import PeptideSettings, build_peptide
from span_theorem.command import Terminated

SHORT = {"steps_per_frame": 10, "equilibration_steps": 100}


@pytest.fixture(scope="module")
def structure() -> str:
    for package in ("openmm", "PeptideBuilder", "Bio"):
        pytest.importorskip(package, reason="the extra span-theorem[peptide] is not installed")
    return build_peptide("GYG")


@pytest.fixture
def folder(tmp_path: Path, structure: str) -> Path:
    """A folder with the structure built once, for an output a.npz."""
    (tmp_path / "a.pdb").write_text(structure, encoding="utf-8")
    return tmp_path


def test_forces_are_minus_the_gradient_of_the_energy(folder: Path, structure: str) -> None:
    make_peptide(folder / "a.npz", PeptideSettings("GYG", **SHORT), 2)
    base = load(folder / "a.npz").positions[-1:]
    _, forces = energies_forces(structure, "GYG", base)
    step = 1e-4
    moved = []
    for place in np.ndindex(*base.shape[1:]):
        for sign in (1, -1):
            frame = base[0].copy()
            frame[place] += sign * step
            moved.append(frame)
    energies, _ = energies_forces(structure, "GYG", np.array(moved))
    numeric = -(energies[0::2] - energies[1::2]) / (2 * step)
    np.testing.assert_allclose(forces[0].ravel(), numeric, atol=2e-4, rtol=1e-5)
    assert np.abs(forces).max() > 0.5  # a stretched bond somewhere: not a comparison of zeros


def test_the_file_holds_the_peptide_and_its_forces(folder: Path, structure: str) -> None:
    make_peptide(folder / "a.npz", PeptideSettings("GYG", **SHORT), 6)
    data = load(folder / "a.npz")
    # C13 H17 N3 O5: glycine 2 × C2H5NO2, tyrosine C9H11NO3, less two waters.
    counts = {int(z): int((data.numbers == z).sum()) for z in set(data.numbers)}
    assert counts == {1: 17, 6: 13, 7: 3, 8: 5}
    energies, forces = energies_forces(structure, "GYG", data.positions)
    np.testing.assert_allclose(data.molecule_forces, forces, atol=1e-3)
    np.testing.assert_allclose(data.energies, energies, atol=1e-4)
    np.testing.assert_allclose(data.molecule_forces.sum(axis=1), 0, atol=1e-4)
    assert "seed 0" in data.source
    assert not list(folder.glob("*.partial"))
    with pytest.raises(FileExistsError):
        make_peptide(folder / "a.npz", PeptideSettings("GYG", **SHORT), 6)


def test_two_runs_of_one_seed_are_the_same(tmp_path: Path, structure: str) -> None:
    """Without a saved structure: it is built each time."""
    random.seed(7)
    before = random.getstate()
    made = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        make_peptide(tmp_path / f"{name}.npz", PeptideSettings("GYG", seed=seed, **SHORT), 3)
        made.append(load(tmp_path / f"{name}.npz"))
        assert (tmp_path / f"{name}.pdb").read_text(encoding="utf-8") == structure
        random.random()
    assert np.array_equal(made[0].positions, made[1].positions)
    assert np.array_equal(made[0].forces, made[1].forces)
    assert not np.allclose(made[0].positions, made[2].positions)
    random.setstate(before)
    build_peptide("GG")
    assert random.getstate() == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("when", ["minimised", "equilibrated", "between frames", "in a frame"])
def test_an_interrupt_keeps_the_frames(
    folder: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, when: str
) -> None:
    settings = PeptideSettings("GYG", steps_per_frame=40, equilibration_steps=100)
    make_peptide(folder / "a.npz", settings, 4)
    (folder / "b.pdb").write_text((folder / "a.pdb").read_text())
    calls = 0
    run, begin = Peptide.run, Peptide.begin

    def send_at(wanted: str, count: int) -> None:
        nonlocal calls
        if when == wanted:
            calls += 1
            if calls == count:
                os.kill(os.getpid(), number)

    def began(self: Peptide, settings: PeptideSettings, stop: Callable[[], bool]) -> bool:
        send_at("minimised", 1)
        return begin(self, settings, stop)

    def ran(self: Peptide, steps: int, stop: Callable[[], bool] = lambda: False) -> bool:
        send_at("equilibrated", 1)
        send_at("between frames", 4)

        def asked() -> bool:
            send_at("in a frame", 12)  # after 5 of the equilibration, two or three a frame
            return stop()

        return run(self, steps, asked)

    monkeypatch.setattr(Peptide, "begin", began)
    monkeypatch.setattr(Peptide, "run", ran)
    with pytest.raises(KeyboardInterrupt) as raised:
        make_peptide(folder / "b.npz", settings, 4, save_every=50)
    monkeypatch.undo()
    assert isinstance(raised.value, Terminated) == (number == signal.SIGTERM)
    sampled = when in ("between frames", "in a frame")
    assert ("checkpoint is written" in str(raised.value)) == sampled
    left = {"a.npz", "a.pdb", "b.pdb"} | ({"b.npz.partial"} if sampled else set())
    assert {path.name for path in folder.iterdir()} == left
    if sampled:
        with np.load(folder / "b.npz.partial", allow_pickle=False) as state:
            assert 0 < len(state["E"]) < 4
    make_peptide(folder / "b.npz", settings, 4)
    first, second = load(folder / "a.npz"), load(folder / "b.npz")
    assert np.array_equal(first.positions, second.positions)
    assert np.array_equal(first.forces, second.forces)


def test_a_run_cut_off_ends_as_if_it_had_not_been(folder: Path) -> None:
    settings = PeptideSettings("GYG", **SHORT)
    whole, parts = folder / "a.npz", folder / "b.npz"
    (folder / "b.pdb").write_text((folder / "a.pdb").read_text())
    make_peptide(whole, settings, 8)

    class CutOffError(Exception):
        pass

    def stop(done: int) -> None:
        if done == 5:
            raise CutOffError

    with pytest.raises(CutOffError):
        make_peptide(parts, settings, 8, report=stop, save_every=3)
    assert not parts.exists()
    with pytest.raises(ValueError, match="other settings"):
        make_peptide(parts, PeptideSettings("GYG", seed=1, **SHORT), 8)
    make_peptide(parts, settings, 8)
    first, second = load(whole), load(parts)
    assert np.array_equal(first.positions, second.positions)
    assert np.array_equal(first.forces, second.forces)
    other = folder / "c.npz"
    (folder / "c.pdb").write_text((folder / "a.pdb").read_text())
    make_peptide(other, PeptideSettings("GYG", seed=1, **SHORT), 8)
    assert not np.allclose(load(other).positions, first.positions)


def test_a_planted_state_is_refused(folder: Path) -> None:
    """Shapes of another peptide, values that are no numbers, no arrays: one line, no crash."""
    make_peptide(folder / "a.npz", PeptideSettings("GYG", **SHORT), 4)
    (folder / "b.pdb").write_text((folder / "a.pdb").read_text())

    def stop(done: int) -> None:
        raise RuntimeError

    settings = PeptideSettings("GYG", **SHORT)
    with pytest.raises(RuntimeError):
        make_peptide(folder / "b.npz", settings, 4, report=stop, save_every=1)
    partial = folder / "b.npz.partial"
    with np.load(partial, allow_pickle=False) as state:
        whole = {name: state[name] for name in state.files}
    wrong = [np.zeros(3), np.array("x"), np.full_like(whole["state"], np.nan), np.zeros((0, 0))]
    wrong += [whole["R"][:, 1:], np.repeat(whole["R"], 3, axis=0), np.array(["a", "b"])]
    for key in whole:
        for value in wrong:
            np.savez(partial.with_suffix(".npz"), **(whole | {key: value}))
            partial.with_suffix(".npz").replace(partial)
            with pytest.raises(ValueError, match=r"is damaged; remove it|was made with other"):
                make_peptide(folder / "b.npz", settings, 4)
    far = whole | {"state": whole["state"] * 1e200}
    np.savez(partial.with_suffix(".npz"), **far)
    partial.with_suffix(".npz").replace(partial)
    with pytest.raises(ValueError, match="the dynamics diverged"):
        make_peptide(folder / "b.npz", settings, 4)
    assert not (folder / "b.npz").exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: "\0" * 100,
        lambda text: text[: len(text) // 2],
        lambda text: "\n".join(text.splitlines()[5:]),
        lambda text: text.replace("CA ", "XX "),
        lambda text: text.replace("ATOM", "ATOMATOM"),
        lambda text: text.replace("0", "x"),
        lambda text: text.replace(".", " "),
        lambda text: text.replace("GLY", "   "),
    ],
    ids=map(str, range(9)),
)
def test_a_damaged_structure_is_one_message(
    folder: Path, change: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    text = (folder / "a.pdb").read_text(encoding="utf-8")
    (folder / "a.pdb").write_text(change(text), encoding="utf-8")
    arguments = ["--sequence", "GYG", "--frames", "1", "--out", str(folder / "a.npz")]
    code = main([*arguments, "--steps-per-frame", "1", "--equilibration", "1"])
    said = capsys.readouterr().err
    assert code == 2, said
    assert "a.pdb" in said.replace("\n  ", "")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"text"])
def test_a_damaged_state_is_said_and_kept(folder: Path, content: bytes) -> None:
    partial = folder / "a.npz.partial"
    partial.write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.npz\.partial is damaged; remove it to begin again"):
        make_peptide(folder / "a.npz", PeptideSettings("GYG", **SHORT), 2)
    assert partial.read_bytes() == content


def test_two_runs_at_once_are_not_mixed(folder: Path) -> None:
    def again(done: int) -> None:
        with pytest.raises(ValueError, match="another process is at work on"):
            make_peptide(folder / "a.npz", PeptideSettings("GYG", **SHORT), 2)

    make_peptide(folder / "a.npz", PeptideSettings("GYG", **SHORT), 1, report=again)
    assert {p.name for p in folder.iterdir()} == {"a.npz", "a.pdb"}


def test_a_structure_of_another_peptide_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match="is of GYG, not of GG"):
        make_peptide(folder / "a.npz", PeptideSettings("GG"), 1)


def test_command_line(folder: Path, structure: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--sequence", "GYG", "--frames", "2", "--out", str(folder / "a.npz")]
    short = ["--steps-per-frame", "5", "--equilibration", "10", "--seed", "3"]
    assert main([*arguments, *short]) == 0
    assert "seed 3" in capsys.readouterr().out
    assert main([*arguments, *short]) == 2
    assert "exists" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sequence", "GBZ"], "sequence must hold"),
        (["--sequence", "G"], "two or more"),
        (["--sequence", "G" * 999], "at most 200"),
        (["--temperature", "-3"], "temperature must be a number above 0 and at most 2000"),
        (["--temperature", "nan"], "temperature must be a number above 0 and at most 2000"),
        (["--frames", "0"], "frames must be an integer from 1"),
        (["--frames", "1e30"], "frames must be an integer from 1"),
        (["--seed", "-1"], "seed must be an integer from 0"),
        (["--out", "a.txt"], "the file must end in .npz, got 'a.txt'"),
    ],
)
def test_bad_input_is_refused(
    tmp_path: Path,
    structure: str,
    capsys: pytest.CaptureFixture[str],
    exit_code: Callable[..., int],
    arguments: list[str],
    message: str,
) -> None:
    base = ["--frames", "2", "--out", str(tmp_path / "a.npz")]
    assert exit_code(main, [*base, *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_positions_of_another_size_are_refused(structure: str) -> None:
    with pytest.raises(ValueError, match="positions must have shape"):
        energies_forces(structure, "GYG", np.zeros((1, 3, 3)))
