"""The diagnosis and its command, on features without a network; every verdict is seen."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from neural_checks.backbones.hooked import Evaluation
from neural_checks.diagnose import main
from neural_checks.diagnosis.advice import advise
from neural_checks.diagnosis.costs import cost
from neural_checks.diagnosis.measure import Curve, Diagnosis, Options, diagnose, judge
from neural_checks.features.file import write
from neural_checks.features.recorded import FeatureSet, record
from neural_checks.readouts.verdict import LIMIT
from numeric_checks.rotations.wigner import unit_harmonics

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
    assert (found.verdict, found.boundary, found.L) == ("agrees", 2, 1)
    assert min(found.closed.low[:2]) > 0.5
    assert np.abs(found.closed.values[2:]).max() < 1e-9
    assert max(found.component.high[2:]) < LIMIT
    # Orientation alone would go on above the boundary, so a cliff is no artefact of the frames.
    assert found.orientation[2] > 0.3
    assert np.shape(found.per_atom) == (5, 5)
    assert found.force_mae is not None
    assert found.force_mae == pytest.approx(1000 * np.sqrt(2 / np.pi), rel=0.1)


def test_features_of_degree_zero_have_ceiling_zero(toy: Any) -> None:
    found = diagnose(features(toy, toy.DensityBackbone(L=0)), FAST)
    assert (found.verdict, found.boundary) == ("agrees", 0)
    assert found.deficits == []
    assert max(found.closed.values + found.component.high) < LIMIT
    assert "nothing is recovered" in found.sentence


def test_lost_degrees_disagree(toy: Any, chaotic: Any) -> None:
    found = diagnose(features(toy, chaotic), FAST)
    assert found.verdict == "disagrees"
    assert "ℓ = 1 within the boundary is not recovered" in found.reason
    assert {d.atom for d in found.deficits if d.ell == 1} == set(range(5))
    assert any("do not keep" in line for line in found.advice)


def test_few_frames_decide_nothing(toy: Any) -> None:
    found = diagnose(features(toy, toy.DensityBackbone(L=1), 39, 20), FAST)
    assert found.verdict == "undecided"
    assert "39 frames" in found.reason


def curve(*values: float, spread: float = 0.01, weights: int = 10) -> Curve:
    low, high = [v - spread for v in values], [v + spread for v in values]
    return Curve(list(values), low, high, weights)


@pytest.mark.parametrize(
    ("closed", "component", "expected"),
    [
        (curve(0.9, 0.8, 0, 0), curve(0.5, 0.4, -0.1, -0.1), "agrees"),
        (curve(0.9, 0.8, 0, 0), curve(0.5, 0.4, 0.3, -0.1), "disagrees"),
        (curve(0.9, 0.0, 0, 0), curve(0.5, 0.4, -0.1, -0.1), "disagrees"),
        (curve(0.9, 0.0, 0, 0, weights=1000), curve(0.5, 0.4, -0.1, -0.1), "undecided"),
        (curve(0.9, LIMIT, 0, 0), curve(0.5, 0.4, -0.1, -0.1), "undecided"),
        (curve(0.9, 0.8, 0, 0), curve(0.5, 0.4, LIMIT, -0.1), "undecided"),
    ],
)
def test_the_verdict(toy: Any, closed: Curve, component: Curve, expected: str) -> None:
    samples = features(toy, toy.DensityBackbone(L=1)).samples()
    assert judge(closed, component, samples, 1, 2)[0] == expected
    # The largest degree only with the other parity: the closed form does not see it.
    axial = replace(samples, features={"0e": samples.features["0e"], "1e": samples.features["1o"]})
    verdict, reason = judge(curve(0.9, 0.0, 0, 0), curve(0.5, 0.4, -0.1, -0.1), axial, 1, 2)
    assert (verdict, "natural parity end at l = 0" in reason) == ("undecided", True)


def test_counts_by_hand() -> None:
    """One channel of 0e+1o, d = 2: 1o from 1o and 0e·1o; paths 000, 011, 101, 110."""
    counted = cost(1, 2, 1)
    assert (counted.weights, counted.components, counted.monomials) == (2, 4, 15)
    # Entries of the 3j symbols: one for 000, three each for the identity matrices of the others.
    assert (counted.paths, counted.multiplications) == (4, 1 + 3 + 3 + 3)
    assert cost(1, 2, 3).weights == 3 + 9
    assert cost(0, 3, 4).weights == 0


def target(ell: int | None, lower_bound: bool = False) -> Any:
    pooled = SimpleNamespace(bandwidth=ell, explained=[0.0, 0.5], best=1)
    return SimpleNamespace(
        pooled=pooled, lower_bound=lower_bound, options=SimpleNamespace(level=0.95)
    )


@pytest.mark.parametrize(
    ("L", "ell", "words"),
    [
        (2, 3, "dL = 4 reaches that far"),
        (2, 7, "L = 4 with degree 2"),
        (2, 7, "L = 2 with degree 4"),
        (0, 3, "Only a larger L helps: L ≥ 2 with degree 2"),
        (2, None, "no advice on L"),
    ],
)
def test_advice_weighs_the_bandwidth_against_the_boundary(
    L: int, ell: int | None, words: str
) -> None:
    costs = [cost(*pair, 4) for pair in ((L, 2), (4, 2), (2, 4))]
    lines = advise(L, 2, "agrees", [], 0.5, target(ell), "reason", costs)
    assert sum(words in line for line in lines) == 1
    assert ("would help" in " ".join(lines)) == (L == 2 and ell == 7)


def test_the_result_shows_itself(found: Diagnosis, toy: Any) -> None:
    from matplotlib.figure import Figure

    text, page = found.table(), found._repr_html_()
    for part in ("AGREES", "closed form", "What L and the degree cost", "- Proved:"):
        assert part in text
    assert page.startswith("<div>")
    assert page.count("<table>") == text.count("\n\n") - 1
    odd = replace(found, network={"package": "<script>x</script>"})
    assert "<script>" not in odd._repr_html_()
    drawing = found.plot()
    assert isinstance(drawing, Figure)
    assert drawing.axes[0].get_xlabel() == "degree ℓ of the field"
    again = json.loads(json.dumps(found.as_dict()))
    assert again["closed"]["values"] == found.closed.values


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
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made.__name__


def test_the_command_and_the_file_it_exports_give_the_same(
    toy: Any, module: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = str(saved(toy, tmp_path / "toy.npz"))
    common = ["--fit", "120", "--held", "60", "--draws", "100", "--json", "--data", data]
    exported = tmp_path / "features.npz"
    first = ["--model", f"{module}:density", "--export", str(exported), *common]
    assert main([*first, "--out", str(tmp_path / "out")]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["verdict"] == "agrees"
    assert report["provenance"]["environment"]["versions"]["numpy"] == np.__version__
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"report.json", "table.txt", "diagnosis.svg", "diagnosis.png"}
    assert json.loads((tmp_path / "out" / "report.json").read_text()) == report
    assert main(["--model", str(exported), *common]) == 0
    again = json.loads(capsys.readouterr().out)
    for key in ("closed", "component", "per_atom", "equivariance", "force_mae", "advice"):
        assert again[key] == report[key]
    assert main(first) == 2
    assert "--force" in capsys.readouterr().err


def test_exit_codes(
    toy: Any, module: str, chaotic: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "lost.npz", features(toy, chaotic))
    write(tmp_path / "few.npz", features(toy, toy.DensityBackbone(L=1), 30, 10))
    short = ["--draws", "50", "--model"]
    assert main([*short, str(tmp_path / "lost.npz")]) == 3
    assert "DISAGREES" in capsys.readouterr().out
    assert main([*short, str(tmp_path / "few.npz")]) == 4
    data = str(saved(toy, tmp_path / "toy.npz"))
    bad: list[tuple[list[str], str]] = [
        ([f"{module}:density"], "--data is needed"),
        ([f"{module}:missing", "--data", data], "no attribute"),
        (["no_such_module:x", "--data", data], "no_such_module"),
        ([f"{module}:nothing", "--data", data], "must return an object"),
        (
            [f"{module}:broken", "--data", data, "--fit", "50", "--held", "30"],
            "not equivariant: 1o",
        ),
        ([f"{module}:density", "--data", data, "--layer", "1"], "no --layer"),
        ([f"{module}:density", "--data", data, "--held", "400"], "available"),
        ([str(tmp_path / "none.pt"), "--data", data], "no model file"),
        ([str(tmp_path / "few.npz"), "--data", data], "belongs to data toy"),
        ([str(tmp_path / "few.npz"), "--layer", "0"], "no --layer"),
        ([str(tmp_path / "few.npz"), "--level", "2"], "level"),
        ([str(tmp_path / "toy.npz")], "are missing"),
    ]
    for arguments, words in bad:
        assert main([*short, *arguments]) == 2, arguments
        assert words in capsys.readouterr().err
