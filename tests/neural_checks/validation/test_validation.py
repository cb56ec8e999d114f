"""Demand against networks: made-up job files whose ratios are known, agreeing and not."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from neural_checks.sweep.result import FORMAT
from neural_checks.validation.__main__ import main
from neural_checks.validation.compare import (
    Curve,
    agreement,
    pairs_of,
    read_curves,
    seeds_differ,
    stops_of,
)
from neural_checks.validation.networks import counted, read_networks, series_of
from neural_checks.validation.training import courses, longer, moved

#: Errors of the demand by ℓ, of three data sets.
DEMAND = {
    "a": (100.0, 48.0, 30.0, 24.5),
    "b": (80.0, 40.0, 32.0, 30.0),
    "c": (20.0, 17.0, 8.0, 7.2),
}
FULL = Curve(3, "full")


def job(folder: Path, data: str, L: int, mae: float, seed: int = 0, **more: Any) -> None:
    history = more.pop(
        "history", [[step, 0.1, 2 * mae - mae * step / 1000] for step in (500, 1000)]
    )
    steps = more.pop("steps", 1000)
    content = {
        "format": FORMAT,
        "id": f"{data}{L}{seed}-{steps}",
        "job": {"trained": True, "features": False, "seed": seed, "measure": {"degrees": [1]}},
        "L": L,
        "data": {"name": data, "sha256": data * 64, "level_of_theory": "none"},
        "backbone": {
            "package": "nequip 0.1", "channels": 16, "layers": 3, "steps": steps,
            "force_mae_meV_per_A": mae, "history": history,
        },
        "readouts": [],
        "provenance": {},
        **more,
    }  # fmt: skip
    jobs = folder / "sweep" / "jobs"
    jobs.mkdir(parents=True, exist_ok=True)
    (jobs / f"{data}{L}{seed}-{steps}.json").write_text(json.dumps(content))


def report(folder: Path, data: str, errors: tuple[float, ...]) -> None:
    place = folder / "demand" / data
    place.mkdir(parents=True, exist_ok=True)
    points = [{"ell": ell, "mae": error} for ell, error in enumerate(errors)]
    flat = [{"ell": ell, "mae": errors[-1]} for ell in range(len(errors))]
    content = {
        "factors": 3,
        "curve": points,
        "matched": flat,
        "fewer_factors": [{"factors": 2, "curve": flat, "matched": []}],
        "data": {"name": data, "sha256": data * 64},
    }
    (place / "report.json").write_text(json.dumps(content))


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """Networks whose ratios are the square roots of those foretold: the same order."""
    for data, errors in DEMAND.items():
        report(tmp_path, data, errors)
        for seed in (0, 1):
            for L, error in enumerate(errors):
                job(tmp_path, data, L, (1 + seed) * 10 * math.sqrt(error), seed)
    return tmp_path


def test_ratios_stops_and_agreement(made: Path) -> None:
    series = series_of(read_networks([made / "sweep"]))
    curves = read_curves([made / "demand"])
    names = {data: f"{data}, nequip, 16 channels, 1000 steps" for data in DEMAND}
    assert [one.name for one in series] == list(names.values())
    pairs = pairs_of(series, curves)
    assert len(pairs) == 3 * 3
    first = pairs[0]
    assert first.by_seed == pytest.approx({0: first.measured, 1: first.measured})
    assert seeds_differ(pairs) == pytest.approx(0.0)
    assert not any(pair.below for pair in pairs)  # as 10 √48 = 69 is above 48
    assert agreement(pairs, FULL, draws=5, seed=0, below=True) is None
    assert (first.L, first.foretold[FULL], first.foretold[Curve(2, "full")]) == (0, 0.48, 1.0)
    assert first.measured == pytest.approx(math.sqrt(0.48))
    found = agreement(pairs, FULL, draws=200, seed=0)
    assert found is not None
    assert (found.pairs, found.sets) == (9, 3)
    assert found.rank == pytest.approx(1.0)
    assert found.low == pytest.approx(1.0)
    assert found.within is not None
    assert found.within > 0.9
    assert found.p == pytest.approx(1 / 201)
    later = agreement(pairs, FULL, draws=50, seed=0, first=1)
    assert later is not None
    assert (later.first, later.pairs) == (1, 6)
    few = agreement([pair for pair in pairs if pair.data != "c"], FULL, draws=50, seed=0)
    assert few is not None
    assert few.rank is not None
    assert few.low is None  # two data sets give no interval
    logs = [math.log(pair.foretold[FULL]) for pair in pairs]
    assert found.bias == pytest.approx(-sum(logs) / len(logs) / 2)
    # The last step of the demand, and its root: 1.22, 1.07, 1.11 and 1.11, 1.03, 1.05.
    stops = {stop.series: stop for stop in stops_of(series, curves, 0.1)}
    judged = {data: stops[name] for data, name in names.items()}
    assert (judged["a"].foretold[FULL], judged["a"].measured) == (3, 3)
    assert (judged["b"].foretold[FULL], judged["b"].measured) == (2, 2)
    assert (judged["c"].foretold[FULL], judged["c"].measured) == (3, 2)


def test_seeds_are_one_ratio_with_its_spread(made: Path) -> None:
    job(made, "a", 1, 40.0)  # seed 0; seed 1 keeps 20 √48
    pairs = pairs_of(series_of(read_networks([made / "sweep"])), read_curves([made / "demand"]))
    first = pairs[0]
    of_seeds = [40.0 / 100.0, math.sqrt(0.48)]
    assert list(first.by_seed.values()) == pytest.approx(of_seeds)
    assert first.measured == pytest.approx(math.sqrt(of_seeds[0] * of_seeds[1]))
    # L = 1 of seed 0 moves the ratios 0 → 1 and 1 → 2 of data a by the same factor; 7 others stay.
    apart = math.log(of_seeds[1] / of_seeds[0])
    assert seeds_differ(pairs) == pytest.approx(math.sqrt(2 * (apart**2 / 2) / 9))


def test_longer_trainings_stand_beside_and_are_not_counted(made: Path) -> None:
    for L, mae in ((1, 30.0), (2, 24.0)):
        job(made, "a", L, mae, steps=2000, history=[[1000, 0.1, 2 * mae], [2000, 0.1, mae]])
    every = series_of(read_networks([made / "sweep"]))
    assert len(every) == 4
    assert {one.networks[0].steps for one in counted(every)} == {1000}
    (one,) = longer(every)
    assert (one.L, one.seeds, one.steps) == (1, (0,), (1000, 2000))
    assert one.ratios == pytest.approx((math.sqrt(30 / 48), 0.8))
    assert one.fell == pytest.approx(24 / (10 * math.sqrt(30)))
    # A whole series of more steps takes the place of the shorter one.
    for L in (0, 3):
        job(made, "a", L, 20.0, steps=2000)
    whole = counted(series_of(read_networks([made / "sweep"])))
    assert [s.networks[0].steps for s in whole if s.networks[0].data == "a"] == [2000]


def test_networks_of_other_depth_or_gates_are_series_of_their_own(made: Path) -> None:
    """None takes the place of another, whatever the order of the files."""
    about = {"package": "nequip 0.1", "channels": 16, "layers": 5, "steps": 1000}
    tanh = {"trained": True, "features": False, "seed": 0, "measure": {"degrees": [1]}}
    for L in range(4):
        deep = {**about, "force_mae_meV_per_A": 7.0 - L}
        job(made / "deep", "a", L, 7.0 - L, backbone=deep)
        gated = {**deep, "layers": 3, "package": "nequip 0.1, tanh gates"}
        job(
            made / "tanh", "a", L, 7.0 - L, backbone=gated,
            job={**tanh, "model": {"tanh_gates": True}},
        )  # fmt: skip
    plain = {one.name: one for one in series_of(read_networks([made / "sweep"]))}
    every = {one.name: one for one in series_of(read_networks([made]))}
    name = "a, nequip, 16 channels, {}1000 steps"
    assert every[name.format("3 layers, ")].networks == plain[name.format("")].networks
    assert [n.mae for n in every[name.format("5 layers, ")].networks] == [7.0, 6.0, 5.0, 4.0]
    assert "a, nequip with tanh gates, 16 channels, 1000 steps" in every
    assert len(every) == len(plain) + 2 == len(counted(list(every.values())))
    assert longer(list(every.values())) == []


def test_the_architecture_is_the_package_without_its_version(tmp_path: Path) -> None:
    about = {"channels": 16, "steps": 9, "force_mae_meV_per_A": 1.0}
    for L, package in enumerate(("nequip 0.19.1", "not stated", "my own net 2.0")):
        job(tmp_path, "a", L, 1.0, backbone={**about, "package": package})
    found = {network.L: network.architecture for network in read_networks([tmp_path])}
    assert found == {0: "nequip", 1: "not stated", 2: "my own net"}


def test_two_networks_that_differ_otherwise_are_refused(made: Path) -> None:
    """As of another learning rate: which of them is meant is not for the command to choose."""
    job(made / "again", "a", 1, 10 * math.sqrt(48.0))
    assert len(read_networks([made])) == 24  # the same network, twice
    job(made / "again", "a", 1, 9.0)
    with pytest.raises(ValueError, match=r"again.*L = 1 and seed 0 on a differ in another setting"):
        read_networks([made])


def test_ratios_in_the_course_of_training(tmp_path: Path) -> None:
    for L, errors in enumerate(((80.0, 50.0, 40.0), (40.0, 30.0, 20.0))):
        history = [[step, 0.1, mae] for step, mae in zip((500, 750, 1000), errors, strict=True)]
        job(tmp_path, "a", L, errors[-1], history=history)
    (one,) = courses(series_of(read_networks([tmp_path])))
    assert one.during == pytest.approx((0.5, 0.6, 0.5))
    assert one.tested == pytest.approx(0.5)
    assert moved([one], 0.5) == pytest.approx(0.0)
    assert moved([one], 0.75) == pytest.approx(math.log(1.2))
    job(tmp_path, "a", 1, 20.0, history=[[1000, 0.1, 20.0]])
    (one,) = courses(series_of(read_networks([tmp_path])))
    assert one.during == (None, None, pytest.approx(0.5))
    assert moved([one], 0.75) is None


def test_gains_in_the_opposite_order_are_no_agreement(tmp_path: Path) -> None:
    for data, errors in DEMAND.items():
        report(tmp_path, data, errors)
        mae = 100.0
        job(tmp_path, data, 0, mae)
        for L, (before, after) in enumerate(pairwise(errors)):
            mae *= 0.3 * before / after
            job(tmp_path, data, L + 1, mae)
    pairs = pairs_of(series_of(read_networks([tmp_path])), read_curves([tmp_path / "demand"]))
    found = agreement(pairs, FULL, draws=100, seed=0)
    assert found is not None
    assert found.rank == pytest.approx(-1.0)
    assert found.p is not None
    assert found.p > 0.9


def test_networks_better_than_the_linear_model_are_judged_apart(made: Path) -> None:
    for seed in (0, 1):
        for L in range(4):
            job(made, "a", L, 20.0 - L, seed)
    pairs = pairs_of(series_of(read_networks([made / "sweep"])), read_curves([made / "demand"]))
    assert {(pair.data, pair.L) for pair in pairs if pair.below} == {("a", L) for L in (0, 1, 2)}
    found = agreement(pairs, FULL, draws=5, seed=0, first=1, below=True)
    assert found is not None
    assert found.pairs == 2


def test_a_network_whose_error_still_falls_is_told(made: Path) -> None:
    history = [[step, 0.1, 100.0 - step / 20] for step in range(100, 1001, 100)]
    job(made, "a", 0, 50.0, history=history)
    job(made, "a", 1, 40.0, history=[[step, 0.1, 40.0] for step in range(100, 1001, 100)])
    found = {(n.data, n.L, n.seed): n for n in read_networks([made])}
    falls = found["a", 0, 0].last_fall
    assert falls == pytest.approx(1 - 50.0 / 65.0)
    assert found["a", 0, 0].falling
    assert found["a", 1, 0].falling is False


def test_the_command(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    out = made / "out"
    call = [str(made / "sweep"), "--demand", str(made / "demand"), "--draws", "50"]
    assert main([*call, "--out", str(out), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["judged"] == {"factors": 3, "size": "full"}
    assert shown["sentence"].startswith("demand foretells the order of the gains: 9 ratios of")
    assert len(shown["networks"]) == 24
    assert len(shown["training"]["courses"]) == 9
    assert "ratios move from 50% of the steps on" in shown["training"]["sentence"]
    names = {path.name for path in out.iterdir() if path.name[0] != "."}
    assert names == {
        "report.json", "table.csv", "table.txt", "validation.png", "validation.svg",
    }  # fmt: skip
    with (out / "table.csv").open(newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert len(lines) == 9 * 3  # three factors at both sizes, two at full size
    assert main([*call, "--out", str(out)]) == 2
    assert "--force replaces it" in capsys.readouterr().err


def test_too_few_pairs_decide_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report(tmp_path, "a", DEMAND["a"])
    for L in range(4):
        job(tmp_path, "a", L, 50.0 - L)
    assert main([str(tmp_path), "--demand", str(tmp_path / "demand"), "--draws", "10"]) == 4
    assert "needs more pairs" in capsys.readouterr().out


def test_results_of_mace_are_read(tmp_path: Path) -> None:
    rows = [
        {
            "data": "a", "data_sha256": "a" * 64, "max_ell": L, "seed": 0, "steps": 100,
            "force_mae_meV_per_A": 50.0 / L, "history": [[50, 0.1, 60.0], [100, 0.1, 50.0]],
        }
        for L in (1, 2)
    ]  # fmt: skip
    path = tmp_path / "mace.json"
    path.write_text(json.dumps({"about": {"channels": 16}, "rows": rows}))
    (one,) = series_of(read_networks([path]))
    assert one.name == "a, mace-torch, 16 channels, 100 steps"
    assert [network.L for network in one.networks] == [1, 2]
    path.write_text(json.dumps({"about": {}, "rows": rows}))
    with pytest.raises(ValueError, match="not a result of demand_mace"):
        read_networks([path])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent", "--demand", "demand"], "no file or folder absent"),
        (["empty", "--demand", "demand"], "no trained network in empty"),
        (["sweep", "--demand", "empty"], "no report of numeric_checks.demand in empty"),
        (["sweep", "--demand", "other.json"], "not a report of numeric_checks.demand"),
        (["other.json", "--demand", "demand"], "not of the format"),
        (["sweep", "--demand", "demand", "--level", "1"], "level must be a number above 0"),
        (["sweep", "--demand", "demand/b"], "have neighbouring L"),
    ],
)
def test_bad_input(
    tmp_path: Path,
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "other.json").write_text("{}")
    for data in "ab":
        report(tmp_path, data, DEMAND[data])
    for L in range(2):
        job(tmp_path, "a", L, 50.0)
    try:
        code: object = main(arguments)
    except SystemExit as end:
        code = end.code
    told = capsys.readouterr().err
    assert code == 2
    assert message in told
    assert told.count("\n") == 1


DAMAGE: list[Any] = [None, -1, 1e999, float("nan"), "x", [], {}, [[]], True, "\ud800", 10**30]


@pytest.mark.parametrize("where", ["sweep", "demand"])
def test_damaged_results_are_refused_by_name_or_read(
    where: str, made: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every field of one file in turn is removed, or replaced by what it cannot be."""
    monkeypatch.chdir(made)
    path = next(iter(sorted((made / where).rglob("*.json"))))
    whole, refused = json.loads(path.read_text()), 0
    for place in list(places(whole)):
        for value in ["removed", *DAMAGE]:
            content = json.loads(json.dumps(whole))
            part = content
            for step in place[:-1]:
                part = part[step]
            if value == "removed":
                del part[place[-1]]
            else:
                part[place[-1]] = value
            path.write_text(json.dumps(content))
            code = main(["sweep", "--demand", "demand", "--draws", "2"])
            error = capsys.readouterr().err
            assert code in (0, 2, 3, 4)
            if code == 2:
                refused += 1
                assert path.name in error or "neighbouring L" in error, (place, value, error)
    assert refused > 50
    for damaged in (json.dumps(whole)[:-9], "[" * 100_000):
        path.write_text(damaged)
        assert main(["sweep", "--demand", "demand", "--draws", "2"]) == 2
        assert f"{path.name}: not JSON" in capsys.readouterr().err


def places(content: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every field."""
    if above:
        yield above
    inner = content.items() if isinstance(content, dict) else ()
    if isinstance(content, list):
        inner = list(enumerate(content))[:2]
    for name, value in inner:
        yield from places(value, (*above, name))
