"""A network that is equivariant under rotations alone: detected, stated, measured."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neural_checks.backbones.equivariance import Demands, Group, NotEquivariantError
from neural_checks.backbones.interface import Evaluation
from neural_checks.diagnosis.measure import diagnose
from neural_checks.diagnosis.result import REPORT, Options
from neural_checks.features.recorded import FeatureSet, record
from neural_checks.readouts.verdict import Outcome


class Handed:
    """Densities of e3nn's harmonics; a cross-product path is added, and keeps the label."""

    description: dict[str, Any] = {"package": "e3nn, with a path that breaks parity"}  # noqa: RUF012

    def evaluate(self, positions: np.ndarray) -> Evaluation:
        o3 = pytest.importorskip("e3nn.o3")
        torch = pytest.importorskip("torch")
        places = torch.as_tensor(positions)
        vectors = places[:, None] - places[:, :, None]
        distances = vectors.norm(dim=-1)
        other = (distances > 0).double()[..., None]
        centres = torch.linspace(1.0, 2.5, 3, dtype=torch.float64)
        weights = torch.exp(-8 * (distances[..., None] - centres) ** 2) * other
        units = torch.where(other > 0, vectors, torch.ones_like(vectors))
        harmonics = [
            o3.spherical_harmonics(l, units, normalize=True, normalization="norm")
            for l in (0, 1, 2)
        ]
        h0, h1, h2 = (torch.einsum("nijc,nijm->nicm", weights, y) for y in harmonics)
        turned = h1.roll(1, dims=2)
        cross = [
            torch.einsum("abk,nica,nicb->nick", o3.wigner_3j(*ls, dtype=torch.float64), x, turned)
            for ls, x in (((1, 1, 1), h1), ((2, 1, 2), h2))
        ]
        features = {"0e": h0, "1o": h1 + cross[0], "2e": h2 + cross[1]}
        absent = np.full(len(positions), np.nan)
        return Evaluation(
            {name: v.numpy() for name, v in features.items()},
            absent,
            np.full_like(positions, np.nan),
        )


def recorded(toy: Any, demands: Demands) -> FeatureSet:
    data = toy.toy_data(220)
    index = np.arange(220)
    rng = np.random.default_rng(0)
    return record(Handed(), data, index[:160], index[160:], rng, demands=demands)


def test_a_handed_network_is_measured_under_rotations(toy: Any) -> None:
    features = recorded(toy, Demands())
    assert features.found.group is Group.SO3
    assert max(features.errors.values()) < 1e-10
    assert features.found.reflections["1o"] > 0.01
    assert features.found.reflections["0e"] < 1e-10
    found = diagnose(features, Options(draws=200, orientations=8))
    assert (found.verdict.outcome, found.boundary) == (Outcome.AGREES, 4)
    assert "under SO(3), without mirrored frames" in found.table()
    assert REPORT.load(REPORT.dump(found)).group is Group.SO3


def test_what_is_asked_for_decides(toy: Any) -> None:
    for group in (Group.O3, "o3"):
        asked = Demands(group)  # type: ignore[arg-type]
        with pytest.raises(
            NotEquivariantError, match=r"1o \d\.\de-?\+?\d+ \(accepted up to 0.0001"
        ):
            recorded(toy, asked)
    loose = Demands(Group.O3, of={"1o": 1.0, "2e": 1.0})
    assert recorded(toy, loose).found.group is Group.O3


def test_demands_are_judged() -> None:
    made = Demands.parse("so3", ["1e-3", "2e=0.01", "forces=0.5"])
    assert (made.group, made.limit("1o"), made.limit("2e"), made.limit("forces")) == (
        Group.SO3, 1e-3, 0.01, 0.5,
    )  # fmt: skip
    assert made.exceeded({"forces": 0.6, "2e": 0.02, "1o": 1e-4}) == {"2e": 0.02}
    assert made.exceeded({"1o": float("nan")}) != {}
    for text in ("0", "2", "2e=", "=x", "nan", "2e=-1"):
        with pytest.raises(ValueError, match="above 0 and at most 1"):
            Demands.parse("auto", [text])
    with pytest.raises(ValueError, match="2x"):
        Demands.parse("auto", ["2x=0.1"])
