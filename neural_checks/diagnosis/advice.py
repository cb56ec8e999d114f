"""Advice in plain words: is the target's bandwidth within dL, and would a larger L or d help."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from neural_checks.diagnosis.costs import Cost
from span_theorem.span import boundary

if TYPE_CHECKING:
    from neural_checks.diagnosis.measure import Deficit
    from numeric_checks.bandwidth.result import Bandwidth

__all__ = ["advise"]


def advise(
    L: int,
    degree: int,
    verdict: str,
    deficits: Sequence[Deficit],
    level: float,
    target: Bandwidth | None,
    note: str,
    costs: Sequence[Cost],
) -> list[str]:
    """Sentences for the reader; what is proved, observed and measured is said of each."""
    edge = boundary(L, degree)
    lines = [
        f"Proved: at random orientation no polynomial of degree ≤ {degree} in these features "
        f"explains any part of a field of degree above {edge}, however the network was trained."
    ]
    lines += _bandwidth(L, degree, edge, target, note, costs)
    lines += _deficits(L, degree, deficits, level)
    if verdict == "disagrees":
        lines.append(
            "The measurement disagrees with the boundary. Look first at the frames (many, of "
            "different shapes), then at the layer, then at whether the features are what the "
            "header says."
        )
    elif verdict == "undecided":
        lines.append(
            "Undecided: more frames narrow the intervals; nothing else is to be read in it."
        )
    lines.append(
        "The ceiling is that of polynomial readouts. A non-polynomial readout, and the energies "
        "and forces that the network predicts itself, are not bound by it."
    )
    return lines


def _bandwidth(
    L: int, degree: int, edge: int, target: Bandwidth | None, note: str, costs: Sequence[Cost]
) -> list[str]:
    if target is None or target.pooled.bandwidth is None:
        return [f"Bandwidth of the forces not known ({note}): no advice on L or the degree."]
    ell = target.pooled.bandwidth
    least = "at least " if target.lower_bound else ""
    pooled = target.pooled
    observed = (
        f"Observed: of the {pooled.explained[pooled.best]:.0%} of the forces' variance that the "
        f"marked direction and distance explain, {target.options.level:.0%} needs degrees up to "
        f"{least}ℓ* = {ell}"
    )
    if ell <= edge:
        return [
            f"{observed}; dL = {edge} reaches that far. A larger L or degree is not called for by "
            "this bandwidth."
            + (" Directions not seen in the data may need more." if target.lower_bound else "")
        ]
    if L == 0:
        return [
            f"{observed}; with L = 0 the boundary is 0 for every degree. Only a larger L helps: "
            f"L ≥ {-(-ell // degree)} with degree {degree}."
        ]
    here = costs[0]
    options = []
    for L2, d2 in ((-(-ell // degree), degree), (L, -(-ell // L))):
        found = next(c for c in costs if (c.L, c.degree) == (L2, d2))
        options.append(
            f"L = {L2} with degree {d2} (readout weights × {_ratio(found.weights, here.weights)}, "
            f"multiplications per edge × {_ratio(found.multiplications, here.multiplications)})"
        )
    return [
        f"{observed}; dL = {edge} does not reach that far: raising L or the degree would help. "
        f"Smallest that do: {options[0]} or {options[1]}; counts, not times."
    ]


def _ratio(new: int, old: int) -> str:
    return f"{new / old:.1f}" if old else "∞"


def _deficits(L: int, degree: int, deficits: Sequence[Deficit], level: float) -> list[str]:
    if not deficits:
        return []
    by_degree: dict[int, list[int]] = {}
    for deficit in deficits:
        by_degree.setdefault(deficit.ell, []).append(deficit.atom)
    places = "; ".join(
        f"ℓ = {ell}: atoms {', '.join(map(str, atoms))}" for ell, atoms in by_degree.items()
    )
    return [
        f"Measured: below R² = {level:g} at degrees within the boundary ({places}). L = {L} and "
        f"degree {degree} can represent these degrees, the trained features do not keep them: more "
        "channels, layers, data or training may help there, a larger L is not what is missing."
    ]
