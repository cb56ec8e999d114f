"""What is measured of a network with published weights, on one that is made here."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("ase")

from neural_checks.backbones.reading import Reading
from neural_checks.published.measure import Names, PublishedPlan, measure_published
from neural_checks.published.result import REPORT, Weights

BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "published.py"
MODULE = """
from toy_calculator import ToyCalculator
from neural_checks.backbones.calculator import CalculatorBackbone, Hook

def network(data):
    first = [Hook("model.layers.0[h]", "3x0e+3x1o", "yzx")]
    second = [Hook("model.layers.1[h]", "4x0e+4x1o+4x2e", "yzx")]
    return CalculatorBackbone(ToyCalculator(), [first, second], "toy", layer=0)
"""


@pytest.fixture(autouse=True)
def _importable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "published_toy.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "backbones"))


def test_the_report_holds_every_layer_and_the_control(toy: Any, tmp_path: Path) -> None:
    plan = PublishedPlan(
        "published_toy:network", all_layers=True, degrees=(1, 2), fit=60, held=45, draws=20
    )
    found = measure_published(plan, toy.toy_data(120), Names("toy", "five atoms"), "command")
    shown = [(row.weights, row.degree, row.L, row.boundary) for row in found.measurements]

    assert shown == [
        (Weights.TRAINED, 1, 1, 1), (Weights.TRAINED, 2, 1, 2), (Weights.SHUFFLED, 2, 1, 2),
    ]  # fmt: skip
    assert [(one.layer, one.readout.L, one.readout.degree) for one in found.layers] == [
        (0, 1, 2), (1, 2, 2),
    ]  # fmt: skip
    assert found.layers[0].readout == found.measurements[1]
    assert found.network["layer"] == 0
    assert found.listening is not None
    assert found.listening.L == 1
    path = tmp_path / "report.json"
    REPORT.write(path, found)
    assert REPORT.read(path) == found


def test_shuffled_weights_twice_are_refused() -> None:
    with pytest.raises(ValueError, match="leave --shuffle-weights out"):
        PublishedPlan("published_toy:network", reading=Reading(shuffle=1))


def test_a_layer_by_name_is_refused_before_any_work(capsys: Any) -> None:
    main = runpy.run_path(str(BENCHMARK))["main"]
    words = ["--name", "n", "--system", "s", "--model", "m:f", "--data", "d", "--layer", "last"]
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "layer must be an integer from 0 to 1000 or 'all'" in capsys.readouterr().err


def test_a_plan_without_a_readout_is_refused() -> None:
    with pytest.raises(ValueError, match="degrees must name one readout or more"):
        PublishedPlan("published_toy:network", degrees=())
