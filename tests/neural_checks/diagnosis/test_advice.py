"""Every decision of the advice, from made-up evidence; listening to a known force error."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neural_checks.backbones.neighbors import edges
from neural_checks.diagnosis import listening as listening_module
from neural_checks.diagnosis.advice import Decision, Evidence, advise, pairs_of_interest
from neural_checks.diagnosis.costs import cost_of_pair
from neural_checks.diagnosis.listening import listen_to
from neural_checks.diagnosis.measure import diagnose
from neural_checks.diagnosis.result import REPORT, Deficit, Options, SiteKind, Target
from neural_checks.features.recorded import FeatureSet, record
from neural_checks.readouts.verdict import Outcome
from numeric_checks.demand.design import EnergyForm
from numeric_checks.demand.expansion import Basis
from numeric_checks.demand.invariants import Invariants
from numeric_checks.demand.result import ForcesCurve, Listening, Share
from numeric_checks.molecules.data import ForceData
from numeric_checks.molecules.structures import Structures


def target(ell: int | None) -> Target:
    return Target("text", ell, None, False, "sampled", "decided", (), explained=0.5, level=0.95)


def share(value: float, spread: float = 0.02) -> Share:
    return Share(value, value - spread, value + spread)


def heard(verdict: str, within: float, beyond: float, pairs: float = 0.0) -> Listening:
    """L = 2, degrees up to 3, three factors; ``pairs`` is what two factors explain."""
    return Listening(
        L=2,
        l_max=3,
        factors=3,
        frames={"fit": 200, "validate": 60, "held": 90},
        mae_meV_per_A=30.0,
        explained=tuple(map(share, (0.0, 0.0, within, within + beyond))),
        added=tuple(map(share, (0.0, 0.0, within, beyond))),
        by_factors=(share(0.0), share(pairs), share(within)),
        within=share(within),
        beyond=share(beyond),
        lower=share(0.21),
        within_equal=share(within + 0.05),
        beyond_equal=share(0.0),
        control=share(0.0),
        forces=ForcesCurve((100.0, 60.0, 40.0, 30.0), {2: 36.0, 3: 30.0}),
        verdict=verdict,
        sentence=f"{verdict}: give more frames",
    )


def evidence(ell: int | None = 3, L: int = 2, **more: Any) -> Evidence:
    costs = [cost_of_pair(*pair, 4) for pair in pairs_of_interest(L, 2, target(ell))]
    return Evidence(L, Options(), Outcome.AGREES, [], target(ell), "reason", costs, **more)


@pytest.mark.parametrize(
    ("listening", "decision", "words"),
    [
        (heard("degrees", 0.1, 0.3), Decision.RAISE_L, "by about 21% [19%, 23%]"),
        (heard("degrees", 0.1, 0.3), Decision.RAISE_L, "components × 1.8"),
        (
            heard("degrees", 0.1, 0.3),
            Decision.RAISE_L,
            "ratio 0.75; at equal numbers of weights 0.83",
        ),
        (heard("training", 0.3, 0.02, pairs=0.2), Decision.TRAIN, "explain 30% [28%, 32%]"),
        (heard("training", 0.3, 0.02), Decision.RAISE_BODY_ORDER, "a larger correlation"),
        (heard("neither", 0.0, 0.0), Decision.NOTHING, "a larger L is not called for"),
        (heard("undecided", 0.0, 0.0), Decision.NONE, "give more frames"),
        (None, Decision.NONE, "was not examined (it was not asked for)"),
    ],
)
def test_the_decision_follows_from_the_force_error(
    listening: Listening | None, decision: Decision, words: str
) -> None:
    found = advise(evidence(listening=listening))
    assert found.decision is decision
    assert found.lines[0].startswith(f"Advice: {decision}. ")
    assert words in found.lines[0]


def test_a_network_worse_than_zero_gets_no_advice() -> None:
    found = advise(evidence(listening=heard("degrees", 0.1, 0.3), implausible=True))
    assert found.decision is Decision.NONE
    assert "Load it as it was trained" in found.lines[0]


@pytest.mark.parametrize(
    ("L", "ell", "words"),
    [
        (2, 3, "dL = 4 reaches that far"),
        (2, 7, "L = 4 with degree 2"),
        (2, 7, "L = 2 with degree 4"),
        (0, 3, "Only a larger L helps: L ≥ 2 with degree 2"),
        (2, None, "no advice on its degree"),
    ],
)
def test_the_readout_is_weighed_by_the_bandwidth(L: int, ell: int | None, words: str) -> None:
    found = advise(evidence(ell, L))
    assert sum(words in line for line in found.lines) == 1
    raised = L == 2 and ell == 7
    assert (found.decision is Decision.RAISE_DEGREE) == raised
    # A network that lacks degrees is told so first.
    first = advise(evidence(ell, L, listening=heard("training", 0.3, 0.0, pairs=0.2)))
    assert first.decision is Decision.TRAIN
    assert words in first.lines[1]


def test_what_the_features_lost_is_named() -> None:
    lost = replace(evidence(), deficits=[Deficit(0, "C0", 2, 0.1)], outcome=Outcome.DISAGREES)
    lines = advise(lost).lines
    assert any("ℓ = 2: C0" in line and "a larger L would not" in line for line in lines)
    assert any("disagrees with the boundary" in line for line in lines)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two factors and two radial functions: with more, distances between the ends stand in for
    angles, and degrees ≤ 1 explain degree 3."""
    monkeypatch.setattr(listening_module, "SIZES", ((2, 2, 1),))


def clusters(frames: int, degrees: tuple[int, ...], noise: float, seed: int = 0) -> ForceData:
    """Four oxygens about a carbon, in random directions; forces of an energy of two factors.

    The energy is linear in invariants of the ``degrees`` alone; ``noise`` is relative.
    """
    rng = np.random.default_rng(seed)
    directions = rng.normal(size=(frames, 4, 3))
    directions /= np.linalg.norm(directions, axis=2, keepdims=True)
    ends = directions * rng.uniform(0.8, 3.0, size=(frames, 4, 1))
    positions = np.concatenate([np.zeros((frames, 1, 3)), ends], axis=1)
    numbers = np.array([6, 8, 8, 8, 8])
    structures = Structures.of_molecule(positions, numbers)
    model = EnergyForm(Invariants(Basis((6, 8), 4, 2, 5.0), 2), (6,))
    chosen = (model.columns.factors == 2) & np.isin(model.columns.degree, degrees)
    design = model.design(structures)[:, chosen]
    forces = (design / design.std(axis=0).clip(1e-12)).sum(axis=1).reshape(frames, 5, 3)
    forces = forces / max(forces.std(), 1e-12) + noise * rng.normal(size=forces.shape)
    return ForceData.of_molecule(positions, forces, np.zeros(frames), numbers, "clusters")


def recorded(toy: Any, data: ForceData, L: int = 1) -> FeatureSet:
    """Features of a network that predicts no force at all."""
    index = np.arange(len(data))
    fit = 2 * len(data) // 3
    network = toy.DensityBackbone(L=L)
    return record(network, data, index[:fit], index[fit:], np.random.default_rng(0))


@pytest.mark.parametrize(
    ("degrees", "noise", "verdict"),
    [((3,), 0.2, "degrees"), ((0, 1), 0.2, "training"), ((), 1.0, "neither")],
)
def test_listening_hears_what_the_force_error_holds(
    toy: Any, degrees: tuple[int, ...], noise: float, verdict: str
) -> None:
    features = recorded(toy, clusters(400, degrees, noise))
    found, reason = listen_to(features, draws=50, seed=0)
    assert reason == ""
    assert found is not None
    assert (found.verdict, found.L, found.l_max) == (verdict, 1, 3)


def test_frames_that_a_network_was_trained_on_are_left_out(toy: Any) -> None:
    data = clusters(240, (1,), 0.1)
    features = recorded(toy, data)
    known = features.reference_forces
    assert known is not None
    rows = features.structures.rows(np.flatnonzero(~features.held_out))
    trained = known.copy()
    trained[rows] *= 0.5  # the network knows these frames: its residual is small there
    partly = replace(features, reference_forces=trained)
    found, _ = listen_to(partly, draws=20, seed=0)
    assert found is not None
    assert sum(found.frames.values()) == features.held_out.sum()
    every, _ = listen_to(features, draws=20, seed=0)
    assert every is not None
    assert sum(every.frames.values()) == len(data)


def test_silence_has_a_reason(toy: Any) -> None:
    features = recorded(toy, clusters(60, (1,), 0.1))
    assert listen_to(replace(features, reference_forces=None), 20, 0) == (
        None, "the features come without forces of the data",
    )  # fmt: skip
    nothing = np.full_like(features.evaluation.forces, np.nan)
    silent = replace(features.evaluation, forces=nothing)
    checked = replace(features.check, evaluation=replace(
        features.check.evaluation, forces=np.full_like(features.check.evaluation.forces, np.nan)
    ))  # fmt: skip
    assert listen_to(replace(features, evaluation=silent, check=checked), 20, 0)[1] == (
        "the network gives no forces"
    )
    # Few frames altogether are no sign of training.
    few = recorded(toy, clusters(30, (1,), 0.1))
    alike = replace(few, reference_forces=np.ones_like(few.evaluation.forces))
    assert listen_to(alike, 20, 0)[1] == "30 frames are too few: at least 40 are needed"
    # Forces that are 0 end the listening, not the diagnosis.
    still = np.zeros_like(features.evaluation.forces)
    assert "forces of" in listen_to(replace(features, reference_forces=still), 20, 0)[1]


def test_atoms_beyond_every_cut_off_end_the_listening_alone(toy: Any) -> None:
    """No pair within the models' cut-off once divided by zero."""

    class Far(toy.DensityBackbone):  # type: ignore[misc]
        def evaluate(self, positions: np.ndarray) -> Any:
            return super().evaluate(positions / 100)

    data, index = clusters(60, (1,), 0.1), np.arange(60)
    far = replace(data.structures, positions=100 * data.structures.positions)
    assert len(edges(far, 5.0).centres) == 0
    features = record(
        Far(L=1), replace(data, structures=far), index[:40], index[40:], np.random.default_rng(0)
    )
    found, reason = listen_to(features, 20, 0)
    assert found is None or found.verdict in ("undecided", "neither")
    assert (found is None) == bool(reason)


def test_a_diagnosis_holds_it_and_can_leave_it_out(toy: Any, tmp_path: Path) -> None:
    features = recorded(toy, clusters(300, (3,), 0.2))
    options = Options(draws=50, orientations=8, sites=SiteKind.SPECIES)
    found = diagnose(features, options)
    assert found.listening is not None
    assert found.decision == "raise L"
    assert "Share of the squared force error" in found.table()
    REPORT.write(tmp_path / "report.json", found)
    assert REPORT.read(tmp_path / "report.json").listening == found.listening
    plain = diagnose(features, replace(options, listen=False))
    assert (plain.listening, plain.listening_note) == (None, "it was not asked for")
    assert plain.decision == "no advice"
