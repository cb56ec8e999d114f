"""The tables of published networks hold what their reports say."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import networks_learned
import networks_page
import pytest

from neural_checks.diagnosis.result import FramesUsed
from neural_checks.published.result import (
    REPORT,
    PublishedLayer,
    PublishedListening,
    PublishedReadout,
    PublishedReport,
    Weights,
)
from neural_checks.readouts.verdict import RecoveryCurve
from numeric_checks.demand.result import Share


def measured(degree: int, L: int, weights: Weights = Weights.TRAINED) -> PublishedReadout:
    edge = degree * L
    values = tuple(0.9 - 0.1 * k for k in range(edge)) + (0.0,) * 3
    low = tuple(v - 0.05 for v in values)
    curve = RecoveryCurve(values, low, values)
    above = RecoveryCurve(tuple(-0.01 * degree for _ in values), low, values)
    return PublishedReadout(
        weights, degree, L, edge, curve, above, "agrees", "a sentence", 12.0, {"0e": 1e-7}
    )


def report(model: str = "N", system: str = "ethanol", L: int = 1) -> PublishedReport:
    rows = (*(measured(d, L) for d in (1, 2, 3)), measured(2, L, Weights.SHUFFLED))
    return PublishedReport(
        model=model, system=system, weights_from="a package", network={"package": "p 1.0"},
        data=FramesUsed("e.npz", "0" * 64, 60, 30), irreps="4x0e+4x1o", sites=9,
        attainable=(0.25, 0.4375, 0.72, 0.36, 0.3, 0.3), zero_mae=700.0, measurements=rows,
        command="python benchmarks/published.py --name N", provenance={"draws": 50},
    )  # fmt: skip


def rows(table: str) -> list[list[str]]:
    return [[c.strip() for c in line[1:-1].split("|")] for line in table.splitlines()[2:]]


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "n" / "ethanol" / "report.json"
    path.parent.mkdir(parents=True)
    REPORT.write(path, report())
    assert networks_page.read(tmp_path) == [report()]
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "schema": 3}))
    with pytest.raises(ValueError, match="its schema is 3"):
        networks_page.read(tmp_path)
    # Version 1 had neither layers nor what the force error says.
    for name in ("layers", "listening", "listening_note"):
        del content[name]
    path.write_text(json.dumps({**content, "schema": 1}))
    assert networks_page.read(tmp_path) == [report()]


def test_the_table_has_a_row_for_every_readout() -> None:
    found = rows(networks_page.table([report()]))
    assert [(row[3], row[5], row[6]) for row in found] == [
        ("trained", "1", "1"), ("trained", "2", "2"), ("trained", "3", "3"), ("shuffled", "2", "2"),
    ]  # fmt: skip
    assert found[1][7] == "0.90, 0.80"
    assert found[1][8] == "0.44"
    assert found[1][9] == "−0.02, −0.02, −0.02"
    assert [row[4] for row in found] == ["12 (700)"] * 3 + ["–"]


def test_the_overview_names_what_was_not_measured() -> None:
    known: dict[str, Any] = {
        "systems": {"ethanol": "e", "solid": "s"},
        "networks": {"I": {}, "N": {"solid": "no such element"}},
    }
    invariant = replace(report("I", L=0), attainable=None)
    found = rows(networks_page.overview([report(), invariant], known))
    assert found == [
        ["I", "L = 0: nothing, as proved", "not measured"],
        ["N", "0.90, 0.80, 0.70", "no such element"],
    ]
    known["networks"]["O"] = {"all": "of which no weights were found"}
    text = networks_page.overview([report(), invariant], known)
    assert text.endswith("Not measured: O, of which no weights were found.\n")
    with pytest.raises(ValueError, match=r"networks\.json does not list N or ethanol"):
        networks_page.overview([report()], {**known, "networks": {"I": {}}})


def test_every_layer_and_what_the_error_holds_have_rows() -> None:
    layers = (
        PublishedLayer(0, "4x0e+4x1o", measured(2, 1)),
        PublishedLayer(1, "4x0e", measured(2, 0)),
    )
    heard = PublishedListening(
        1, 3, 2, {"held": 20}, Share(0.25, 0.1, 0.4), Share(-0.05, -0.1, 0.0), Share(0, 0, 0),
        "training", "a sentence",
    )  # fmt: skip
    one = replace(report(), layers=layers, listening=heard, network={"package": "p", "layer": 0})
    assert rows(networks_page.layers([one, report("M")])) == [
        ["N", "ethanol", "2", "0.80, L = 0", "0.90, 0.00", "0"]
    ]
    deeper = replace(one, listening=replace(heard, l_max=5, verdict="degrees"))
    text = networks_learned.text([one, deeper], {})
    assert "2 force errors, linear models of degrees up to 3 or 5 say: 1 × degrees, 1 × t" in text
    demands = {"ethanol": {"undecided": "", "lower_bound": True, "demand": 4}}
    found = rows(networks_page.forces([one, report("M", "solid")], demands))
    assert found == [
        ["ethanol", "≥ 4", "N", "1", "12 (700)", "0.25 [0.10, 0.40]", "−0.05 [−0.10, 0.00]",
         "training"],
        ["solid", "not measured", "M", "1", "12 (700)", "–", "–", "not measured"],
    ]  # fmt: skip


def test_what_is_learned_is_counted_from_the_rows() -> None:
    first, invariant = report(), replace(report("I", L=0), attainable=None)
    text = networks_learned.text([first, invariant], {})
    assert "Of 8 readouts of 2 networks, 8 agree with the proved boundary." in text
    assert "The largest component-wise $R^2$ above $dL$ is −0.01." in text
    assert "(in I) give nothing of any degree, for any degree of the readout: of 4" in text
    # R² / S at dL: 0.9 / 0.25, 0.8 / 0.4375 and 0.7 / 0.72.
    assert "recovers 3.60 of what symmetry leaves at $\\ell = L$" in text
    assert "recovers 0.97 of what symmetry leaves at $\\ell = 3L$" in text
    assert "keep more in 0 of 1 rows; the difference is 0.00" in text
    assert "Depth" not in text
    assert "$l = 3$" not in text
    odd = replace(first.measurements[1], outcome="disagrees")
    text = networks_learned.text([replace(first, measurements=(odd,))], {})
    assert "0 agree with the proved boundary (N on ethanol, trained, $d = 2$: disagrees)." in text
    deep = replace(
        first,
        attainable=None,
        layers=tuple(
            PublishedLayer(k, "4x0e+4x1o", replace(odd, closed=RecoveryCurve((v, v), (v,), (v,))))
            for k, v in enumerate((0.9, 0.7))
        ),
    )
    text = networks_learned.text([deep], {"ethanol": {"undecided": "too few frames"}})
    assert "falls in 1 of 1 rows, most in N on ethanol: 0.90 → 0.70." in text
    assert "$\\ell^*$ = undecided for ethanol" in text


def test_the_committed_reports_are_listed() -> None:
    found = networks_page.read(networks_page.RESULTS)
    known = json.loads((networks_page.RESULTS / "networks.json").read_text(encoding="utf-8"))
    assert len(found) == len(list(networks_page.RESULTS.glob("*/*/report.json"))) > 10
    text = networks_page.overview(found, known)
    assert all(one.model in text for one in found)
    assert all(len(one.network["weights_sha256"]) == 64 for one in found)
    assert all(one.provenance["environment"]["git_commit"] for one in found)


@pytest.mark.parametrize(("above", "told"), [(0.0, True), (0.3, False)])
def test_a_miss_within_the_boundary_is_told_from_a_leak_above(above: float, told: bool) -> None:
    row = measured(2, 1)
    curve = RecoveryCurve((0.9, 0.02, 0.0), (0.8, 0.01, 0.0), (1.0, 0.03, 0.0))
    # The closed form gives 0 above dL whatever the features are; the other readout may give more.
    other = RecoveryCurve(
        *((*values[:2], above) for values in (curve.values, curve.low, curve.high))
    )
    odd = replace(row, closed=curve, component=other, outcome="disagrees")
    one = replace(report(), measurements=(odd,))
    sentence = networks_learned.text([one], {}).splitlines()[0]
    assert "N on ethanol, trained, $d = 2$: disagrees" in sentence
    assert ("recover nothing above $dL$ either" in sentence) is told
