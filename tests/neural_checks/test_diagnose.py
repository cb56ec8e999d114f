"""The diagnosis and its command, on features without a network; every verdict is seen."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from neural_checks import compare as compare_command
from neural_checks import diagnose as command
from neural_checks.backbones.interface import Evaluation
from neural_checks.data.split import split
from neural_checks.diagnose import main
from neural_checks.diagnosis import comparison
from neural_checks.diagnosis.comparison import LayersReport, read_report
from neural_checks.diagnosis.costs import cost_of_irreps, cost_of_pair, irreps_up_to
from neural_checks.diagnosis.measure import (
    Diagnosis,
    _warnings,
    decide,
    degrees_of_products,
    diagnose,
    doubts_of,
)
from neural_checks.diagnosis.result import (
    REPORT,
    FittedCurve,
    FramesUsed,
    Options,
    SiteKind,
)
from neural_checks.diagnosis.sites import collect_sites
from neural_checks.features.file import read, write
from neural_checks.features.recorded import FeatureSet, record
from neural_checks.readouts.closed_form import measure
from neural_checks.readouts.verdict import LIMIT, Doubts, Outcome
from numeric_checks.figures import save_figure
from numeric_checks.molecules.data import ForceData, load
from numeric_checks.molecules.marks import marked_neighbors
from numeric_checks.molecules.structures import Structures
from numeric_checks.outputs import output_folder
from numeric_checks.rotations.wigner import unit_harmonics
from span_theorem import files

FAST = Options(draws=200, orientations=8)


def features(toy: Any, backbone: Any, fit: int = 160, held: int = 60) -> FeatureSet:
    data = toy.toy_data(fit + held)
    index = np.arange(fit + held)
    return record(backbone, data, index[:fit], index[fit:], np.random.default_rng(0))


@pytest.fixture(scope="module")
def found(toy: Any) -> Diagnosis:
    return diagnose(features(toy, toy.DensityBackbone(L=1)), FAST)


@pytest.fixture(scope="module")
def chaotic(toy: Any) -> Any:
    """Equivariant features that say nothing of the marked direction."""

    class Chaotic(toy.DensityBackbone):  # type: ignore[misc]
        def evaluate(self, positions: np.ndarray) -> Evaluation:
            result = super().evaluate(positions)
            difference = positions[:, None] - positions[:, :, None]
            distance = np.linalg.norm(difference, axis=-1)
            weight = np.sin(1e4 * distance + np.arange(5))
            vectors = np.einsum("nij,nija->nia", weight, difference)
            unit = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
            for l, y in enumerate(unit_harmonics(self.L, unit)):
                result.features[f"{l}{'eo'[l % 2]}"] = y[:, :, None]
            return result

    return Chaotic(L=1)


def test_the_cliff_of_a_density_is_at_the_boundary(found: Diagnosis) -> None:
    assert (found.verdict.outcome, found.boundary, found.L) == (Outcome.AGREES, 2, 1)
    assert min(found.closed.low[:2]) > 0.5
    assert np.abs(found.closed.values[2:]).max() < 1e-9
    assert max(found.component.high[2:]) < LIMIT
    assert found.orientation is not None
    assert np.shape(found.per_site) == (5, 5)
    assert [site.label for site in found.sites] == ["C0", "C1", "O2", "C3", "N4"]
    assert found.force_mae is not None
    assert found.force_mae == pytest.approx(1000 * np.sqrt(2 / np.pi), rel=0.1)
    # Orientation alone would go on above the boundary, so a cliff is no artefact of the frames.
    assert found.orientation[2] > 0.3


def test_features_of_degree_zero_have_ceiling_zero(toy: Any) -> None:
    found = diagnose(features(toy, toy.DensityBackbone(L=0)), FAST)
    assert (found.verdict.outcome, found.boundary) == (Outcome.AGREES, 0)
    assert found.deficits == ()
    assert max(found.closed.values + found.component.high) < LIMIT
    assert "nothing is recovered" in found.sentence


def test_lost_degrees_disagree(toy: Any, chaotic: Any) -> None:
    found = diagnose(features(toy, chaotic), FAST)
    assert found.verdict.outcome is Outcome.DISAGREES
    assert "ℓ = 1 within the boundary is not recovered" in found.verdict.reason
    assert {d.site for d in found.deficits if d.ell == 1} == set(range(5))
    assert any("not keep them" in line for line in found.advice)


def test_few_frames_decide_nothing(toy: Any) -> None:
    found = diagnose(features(toy, toy.DensityBackbone(L=1), 39, 20), FAST)
    assert found.verdict.outcome is Outcome.UNDECIDED
    assert "39 frames" in found.verdict.reason


def curve(*values: float, spread: float = 0.01, weights: int = 10) -> FittedCurve:
    low, high = (tuple(v + s for v in values) for s in (-spread, spread))
    return FittedCurve(values, low, high, weights)


@pytest.mark.parametrize(
    ("closed", "component", "expected"),
    [
        (curve(0.9, 0.8, 0, 0), curve(0.5, 0.4, -0.1, -0.1), "agrees"),
        (curve(0.9, 0.8, 0, 0), curve(0.5, 0.4, 0.3, -0.1), "disagrees"),
        (curve(0.9, 0.0, 0, 0), curve(0.5, 0.0, -0.1, -0.1), "disagrees"),
        # The component-wise readout finds what the closed form loses: that fit is at fault.
        (curve(0.9, 0.0, 0, 0), curve(0.5, 0.4, -0.1, -0.1), "undecided"),
        (curve(0.9, LIMIT, 0, 0), curve(0.5, 0.4, -0.1, -0.1), "undecided"),
        (curve(0.9, 0.8, 0, 0), curve(0.5, 0.4, LIMIT, -0.1), "undecided"),
    ],
)
def test_the_verdict(closed: FittedCurve, component: FittedCurve, expected: str) -> None:
    assert decide(closed, component, 1, 2).outcome == expected


def test_what_keeps_a_lost_degree_from_counting(toy: Any) -> None:
    lost = curve(0.9, 0.0, 0, 0), curve(0.5, 0.4, -0.1, -0.1)
    used = FramesUsed("toy", "0", 160, 60)
    found = collect_sites(features(toy, toy.DensityBackbone(L=1)), SiteKind.ATOMS)
    samples = found.samples[0]
    run = measure(samples, 1, 2)
    every = degrees_of_products(samples.features, 2, "natural")
    assert doubts_of(used, found, [run], 1, every) == Doubts()
    heavy = replace(run, weights=(1000, 1000))
    # The largest degree only with the other parity: the closed form does not see it.
    blocks = {"0e": samples.features["0e"], "1e": samples.features["1o"]}
    axial = replace(found, samples=(replace(samples, features=blocks),))
    for doubts, words in (
        (doubts_of(used, found, [heavy], 1, every), "1000 weights were fitted on 160 frames"),
        (doubts_of(used, axial, [run], 1, every), "natural parity end at l = 0"),
        (doubts_of(replace(used, held=19), found, [run], 1, every), "19 held out"),
    ):
        verdict = decide(*lost, 1, 2, doubts)
        assert verdict.outcome is Outcome.UNDECIDED
        assert words in verdict.reason


def test_degrees_that_no_product_reaches_are_no_loss(toy: Any) -> None:
    """0e+2e: 2 × 2 gives 0, 2, 4 (T1″), so ℓ = 1 and 3 are not to be read whatever was trained."""

    class Even(toy.DensityBackbone):  # type: ignore[misc]
        def evaluate(self, positions: np.ndarray) -> Evaluation:
            result = super().evaluate(positions)
            del result.features["1o"]
            return result

    found = diagnose(features(toy, Even(L=2)), FAST)
    assert (found.verdict.outcome, found.boundary) == (Outcome.UNDECIDED, 4)
    assert "ℓ = 1, 3 is not recovered, but products of features" in found.verdict.reason
    assert np.abs(np.array(found.closed.values)[[0, 2]]).max() < 1e-9
    assert min(found.closed.low[1], found.closed.low[3]) > LIMIT
    assert {d.ell for d in found.deficits} <= {2, 4}
    assert sorted(degrees_of_products(["0e", "1o", "3o"], 2, "natural")) == [1, 2, 3, 4, 6]
    assert sorted(degrees_of_products(["1e", "2e"], 1, "natural")) == [2]
    assert sorted(degrees_of_products(["1e", "2e"], 1, "any")) == [1, 2]


def test_the_warning_of_a_poor_fit_is_about_degrees_within_the_boundary(toy: Any) -> None:
    """Above it the closed form has nothing to couple, so there it is no fit that is poor."""
    poor, above = curve(0.9, 0.1, 0, 0), curve(0.9, 0.1, 0.5, 0)
    assert _warnings(None, None, poor, curve(0.5, 0.4, 0, 0), 2)[0].startswith("at ℓ = 2 ")
    assert _warnings(None, None, poor, above, 2) == ()


def test_counts_by_hand() -> None:
    """One channel of 0e+1o, d = 2: 1o from 1o and 0e·1o; paths 000, 011, 101, 110."""
    counted = cost_of_pair(1, 2, 1)
    assert (counted.weights, counted.components, counted.monomials) == (2, 4, 15)
    # Entries of the 3j symbols: one for 000, three each for the identity matrices of the others.
    assert (counted.paths, counted.multiplications) == (4, 1 + 3 + 3 + 3)
    assert cost_of_pair(1, 2, 3).weights == 3 + 9
    assert cost_of_pair(0, 3, 4).weights == 0


def test_the_first_cost_is_that_of_the_networks_own_irreps(toy: Any) -> None:
    """By hand, 2x0e+1x1o, d = 2: weights 1o and 0e·1o of two channels, paths as above."""
    counted = cost_of_irreps("2x0e+1x1o", 2)
    assert (counted.weights, counted.components, counted.L) == (3, 5, 1)
    assert (counted.paths, counted.multiplications) == (4, 2 * 1 + 2 * 3 + 3 + 3)
    # Both parities of l = 1: 1e takes paths of its own, and the next degree has both as well.
    assert cost_of_irreps("1x0e+1x1e+1x1o", 1).paths == 7
    assert irreps_up_to("8x0e+4x1e+2x1o", 2) == "8x0e+4x1e+2x1o+4x2o+2x2e"

    class Uneven(toy.DensityBackbone):  # type: ignore[misc]
        def evaluate(self, positions: np.ndarray) -> Evaluation:
            found = super().evaluate(positions)
            found.features["1o"] = found.features["1o"][:, :, :1]
            return found

    made = diagnose(features(toy, Uneven(L=1), 60, 30), replace(FAST, draws=20))
    assert [cost.irreps for cost in made.costs[:2]] == ["3x0e+1x1o", "3x0e+1x1o+1x2e"]


def test_the_result_shows_itself(found: Diagnosis, toy: Any) -> None:
    from matplotlib.figure import Figure

    text, page = found.table(), found._repr_html_()
    for part in ("AGREES", "closed form", "What L and the degree cost", "- Advice: ", "- Proved:"):
        assert part in text
    assert page.startswith("<div>")
    assert page.count("<table>") == text.count("\n\n") - 1
    odd = replace(found, network={"package": "<script>x</script>"})
    assert "<script>" not in odd._repr_html_()
    drawing = found.plot()
    assert isinstance(drawing, Figure)
    assert drawing.axes[0].get_xlabel() == "degree ℓ of the field"


def test_names_with_dollars_are_drawn_as_they_stand(found: Diagnosis, tmp_path: Path) -> None:
    """Between two of them matplotlib reads a formula, and this is none: the figure was lost."""
    name = r"run $\frac$.xyz"
    odd = replace(found, data=replace(found.data, name=name), network={"package": name})
    table = comparison.compare([(name, odd)])
    for drawing in (odd.plot(), comparison.draw(table)):
        save_figure(drawing, (tmp_path / "a.svg",), force=True)


def test_the_report_comes_back_from_its_file(found: Diagnosis, tmp_path: Path) -> None:
    REPORT.write(tmp_path / "report.json", found)
    again = REPORT.read(tmp_path / "report.json")
    assert REPORT.dump(again) == REPORT.dump(found)
    assert again.closed == found.closed


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"costs": []}, "costs must not be empty"),
        ({"equivariance": {}}, "equivariance must not be empty"),
        ({"per_site": [[0.5]] * 5}, "per_site must hold 5 sites"),
        ({"attainable": [1.0]}, "attainable must hold 5 degrees, holds 1"),
        ({"component": {"values": [0.1], "low": [0], "high": [1], "weights": 3}}, "component"),
    ],
)
def test_a_report_whose_parts_do_not_fit_is_refused(
    change: dict[str, Any],
    words: str,
    found: Diagnosis,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    content = {**REPORT.dump(found), **change}
    (tmp_path / "report.json").write_text(json.dumps(content), encoding="utf-8")
    assert compare_command.main([str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert words in told
    assert len(told.splitlines()) == 1


def test_both_parts_of_a_report_name_the_same_neighbours(toy: Any) -> None:
    """The bandwidth's directions point where the recovery's do, whatever its own frames say."""
    plain = toy.toy_data(1000)
    moved = plain.positions + np.array([[0, 0, 0], [0.8, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]])
    data = ForceData.of_molecule(
        moved, plain.molecule_forces, plain.energies, plain.numbers, "moved"
    )
    made = features(toy, toy.DensityBackbone(L=1))
    own = marked_neighbors(data.structures).tolist()
    assert own != marked_neighbors(plain.structures).tolist()
    found = diagnose(made, FAST, data)
    assert found.target is not None, found.target_note
    assert list(found.target.marked or ()) != own
    assert found.target.marked == tuple(site.marked for site in found.sites)


def test_a_network_worse_than_predicting_zero_is_told_first(toy: Any) -> None:
    """Forces in the wrong unit, say: the features may still keep every degree."""

    class Misloaded(toy.DensityBackbone):  # type: ignore[misc]
        def evaluate(self, positions: np.ndarray) -> Evaluation:
            result = super().evaluate(positions)
            forces = 100.0 * result.features["1o"][:, :, 0]
            return Evaluation(result.features, result.energies, forces)

    found = diagnose(features(toy, Misloaded(L=1)), FAST)
    assert found.verdict.agrees
    assert found.force_mae is not None
    assert found.zero_mae is not None
    assert found.force_mae > found.zero_mae
    assert found.table().startswith("WARNING: the force error")
    assert "predicting zero" in found._repr_html_()


def test_the_kind_of_site_may_be_given_as_a_word(toy: Any) -> None:
    """ "atoms" is one readout for each atom; it was once taken for "environment"."""
    made = features(toy, toy.DensityBackbone(L=1), 60, 30)
    options = replace(FAST, draws=20, sites="atoms")
    assert [site.label for site in diagnose(made, options).sites] == ["C0", "C1", "O2", "C3", "N4"]
    assert collect_sites(made, "species").sites[0].label == "C"  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="molecules"):
        Options(sites="molecules")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong", [{"degree": 4}, {"draws": 0}, {"orientations": 0}, {"level": 1.0}]
)
def test_options_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Options(**wrong)


def saved(toy: Any, path: Path, frames: int = 220) -> Path:
    data = toy.toy_data(frames)
    np.savez(
        path, R=data.positions, F=data.molecule_forces, E=data.energies, z=data.numbers,
        units_length="angstrom", units_energy="eV", units_force="eV/angstrom",
    )  # fmt: skip
    return path


@pytest.fixture
def module(toy: Any, chaotic: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    made = ModuleType("networks_of_this_test")
    made.density = lambda _data: toy.DensityBackbone(L=1)  # type: ignore[attr-defined]
    made.broken = lambda _data: toy.BrokenBackbone(L=1)  # type: ignore[attr-defined]
    made.chaotic = lambda _data: chaotic  # type: ignore[attr-defined]
    made.nothing = lambda _data: 1  # type: ignore[attr-defined]

    class Layered(toy.DensityBackbone):  # type: ignore[misc]
        """Layer 0 holds scalars alone, layer 1 vectors too."""

        layer = 1

        def layers(self) -> list[str]:
            return ["scalars", "vectors"]

        @property
        def description(self) -> dict[str, Any]:
            return {"package": "toy", "layer": self.layer}

        def evaluate(self, structures: Structures) -> Evaluation:
            self.L, total = self.layer, len(structures.numbers)
            found = super().evaluate(structures.molecule[0])
            features = {name: v.reshape(total, *v.shape[2:]) for name, v in found.features.items()}
            return Evaluation(features, found.energies, found.forces.reshape(total, 3))

    made.layered = lambda _data: Layered()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made.__name__


def test_every_layer_in_one_run(
    toy: Any, module: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ["--data", str(saved(toy, tmp_path / "toy.npz")), "--batch", "50"]
    frames = ["--fit", "60", "--held", "40", "--draws", "50"]
    given = [*data, *frames, "--layer", "all", "--out", str(tmp_path / "out")]
    assert main(["--model", f"{module}:layered", *given]) == 0
    shown = capsys.readouterr().out
    assert [line.split()[2:5] for line in shown.splitlines() if line.startswith("layer ")] == [
        ["0", "2", "0"], ["1", "2", "2"],
    ]  # fmt: skip
    assert "Layer 1\n" in shown
    found = read_report(tmp_path / "out" / "report.json")
    assert isinstance(found, LayersReport)
    assert [report.irreps for report in found.layers] == ["3x0e", "3x0e+3x1o"]
    assert [report.network["layer"] for report in found.layers] == [0, 1]
    first, last = found.layers
    assert (first.listening, last.listening is None) == (None, False)
    assert "it is examined once, with the last layer" in first.advice[0]
    # The figure alone is missing: it is drawn from the report.
    (tmp_path / "out" / "diagnosis.png").unlink()
    assert main(["--model", f"{module}:layered", *given]) == 0
    assert (tmp_path / "out" / "diagnosis.png").exists()
    # Another run does not pass off that report as its own.
    (tmp_path / "out" / "diagnosis.png").unlink()
    capsys.readouterr()
    assert main(["--model", f"{module}:density", *given, "--seed", "1"]) == 2
    told = capsys.readouterr()
    assert "is of another run: model was" in told.err
    assert told.out == ""
    (tmp_path / "out" / "diagnosis.svg").touch()
    assert main(["--model", f"{module}:density", *given[:-2]]) == 2
    assert "chooses its own features" in capsys.readouterr().err


def test_the_command_and_the_file_it_exports_give_the_same(
    toy: Any, module: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = str(saved(toy, tmp_path / "toy.npz"))
    common = ["--fit", "120", "--held", "60", "--draws", "100", "--json", "--data", data]
    exported = tmp_path / "features.npz"
    first = ["--model", f"{module}:density", "--export", str(exported), *common]
    assert main([*first, "--out", str(tmp_path / "out")]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["verdict"]["outcome"] == "agrees"
    assert report["provenance"]["environment"]["versions"]["numpy"] == np.__version__
    names = {path.name for path in (tmp_path / "out").iterdir() if path.name[0] != "."}
    assert names == {"report.json", "table.txt", "diagnosis.svg", "diagnosis.png"}
    assert json.loads((tmp_path / "out" / "report.json").read_text()) == report
    assert main(["--model", str(exported), *common]) == 0
    again = json.loads(capsys.readouterr().out)
    for key in ("closed", "component", "per_site", "equivariance", "force_mae", "advice"):
        assert again[key] == report[key]
    assert main(first) == 2
    assert "--force" in capsys.readouterr().err


def test_all_frames_are_exported_with_those_of_the_test_held_out(
    toy: Any, module: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, exported = saved(toy, tmp_path / "toy.npz"), tmp_path / "features.npz"
    call = ["--model", f"{module}:density", "--data", str(data), "--device", "cpu"]
    call += ["--fit", "100", "--held", "60", "--draws", "50", "--export", str(exported)]
    assert main([*call, "--all-frames"]) == 0
    said = capsys.readouterr().err
    assert "features: 160/160" in said
    assert "features of all frames: 220/220" in said
    found = read(exported)
    assert (len(found.structures), int(found.held_out.sum())) == (220, 60)
    parts = split(load(data), 100, 1, 60, 0)
    np.testing.assert_array_equal(np.flatnonzero(found.held_out), parts.test)
    expected = toy.DensityBackbone(L=1).evaluate(load(data).positions).features["1o"]
    np.testing.assert_allclose(
        found.evaluation.features["1o"], expected.reshape(-1, 3, 3), rtol=1e-12, atol=1e-15
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--level", "2"], "level must be a number"),
        (["--level", "nan"], "level must be a number"),
        (["--draws", "0"], "draws must be an integer from 1"),
        (["--fit", "-1"], "the number of frames must be an integer from 1"),
        (["--held", "1e3"], "the number of frames must be an integer from 1"),
        (["--layer", "-1"], "layer must be an integer from 0"),
        (["--degree", "4"], "invalid choice: 4"),
        (["--seed", "x"], "seed must be an integer from 0"),
        (["--export", "features.txt", "--data", "embedded"], "which ends in .npz"),
        (["--export", "none/features.npz", "--data", "embedded"], "no folder"),
        (["--all-frames", "--data", "embedded"], "give --export"),
        ([], "--data is needed"),
        (["--select", "colour=red", "--data", "embedded"], "a selection must be one of"),
        (["--model", "f.npz", "--forces-key", "F"], "--forces-key says how to read --data"),
    ],
)
def test_bad_options_are_refused_before_any_work(
    arguments: list[str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def never(_arguments: object) -> None:
        raise AssertionError("work has begun")

    monkeypatch.setattr(command, "_diagnose", never)
    monkeypatch.chdir(tmp_path)
    try:
        code = main(["--model", "module:network", "--out", "out", *arguments])
    except SystemExit as error:  # argparse's own way
        code = error.code if isinstance(error.code, int) else -1
    assert code == 2
    assert words in capsys.readouterr().err.splitlines()[-1]
    assert not list(tmp_path.iterdir())


def test_the_report_is_last_and_what_is_missing_beside_it_is_completed(
    toy: Any,
    found: Diagnosis,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("matplotlib")
    runs = []
    monkeypatch.setattr(command, "_diagnose", lambda _arguments: runs.append(1) or found)
    call = ["--model", "module:network", "--data", "toy.npz", "--out", str(tmp_path / "out")]
    with output_folder(tmp_path / "out", last="report.json"):
        assert main(call) == 2
    assert f"in use by process {os.getpid()}" in capsys.readouterr().err
    with monkeypatch.context() as patched:
        patched.setattr(files, "write_text", full_disk)
        assert main(call) == 2
    told = capsys.readouterr()
    assert "No space left on device" in told.err
    assert found.sentence in told.out  # printed, not lost
    assert not (tmp_path / "out" / "report.json").exists()
    assert main(call) == 0
    assert main(call) == 2
    assert "report.json exists; --force replaces it" in capsys.readouterr().err
    (tmp_path / "out" / "diagnosis.svg").unlink()
    assert main(call) == 0
    assert (tmp_path / "out" / "diagnosis.svg").exists()
    assert len(runs) == 2  # drawn from the report; nothing is measured again


def full_disk(*_arguments: object, **_options: object) -> None:
    raise OSError(28, "No space left on device", "table.txt")


def test_exit_codes(
    toy: Any, module: str, chaotic: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "lost.npz", features(toy, chaotic))
    write(tmp_path / "few.npz", features(toy, toy.DensityBackbone(L=1), 30, 10))
    short = ["--draws", "50", "--fit", "100", "--held", "60", "--model"]
    assert main([*short, str(tmp_path / "lost.npz")]) == 3
    assert "DISAGREES" in capsys.readouterr().out
    assert main([*short, str(tmp_path / "few.npz")]) == 4
    data = str(saved(toy, tmp_path / "toy.npz"))
    bad: list[tuple[list[str], str]] = [
        ([f"{module}:density"], "--data is needed"),
        ([f"{module}:missing", "--data", data], "no attribute"),
        (["no_such_module:x", "--data", data], "no_such_module"),
        ([f"{module}:nothing", "--data", data], "must have description"),
        (
            [f"{module}:broken", "--data", data, "--fit", "50", "--held", "30"],
            "not equivariant: 1o",
        ),
        ([f"{module}:density", "--data", data, "--layer", "1"], "leave --layer out"),
        ([f"{module}:density", "--data", data, "--held", "400"], "available"),
        ([f"{module}:density", "--data", data, "--device", "tpu9"], "device 'tpu9' cannot be used"),
        ([f"{module}:density", "--data", data, "--device", "cpu:0"], "leave --device out"),
        ([str(tmp_path / "few.npz"), "--device", "cpu"], "leave --device out"),
        ([str(tmp_path / "none.pt"), "--data", data], "no model file"),
        ([str(tmp_path / "few.npz"), "--data", data], "belongs to data toy"),
        ([str(tmp_path / "few.npz"), "--layer", "0"], "leave --layer and"),
        ([str(tmp_path / "toy.npz")], "are missing"),
    ]
    for arguments, words in bad:
        assert main([*short, *arguments]) == 2, arguments
        assert words in capsys.readouterr().err


def test_few_frames_take_fewer_channels_and_do_not_overfit(toy: Any) -> None:
    """With 40 frames and many channels the fit is still no worse than nothing."""
    found = diagnose(features(toy, toy.DensityBackbone(L=2, channels=16), 40, 60), FAST)
    assert found.closed.weights <= 4 * 40
    assert min(found.closed.values) > -0.05
    assert found.closed.values[0] > 0.5
