"""Advice in plain words: is the target's bandwidth within dL, and would a larger L or d help."""

from __future__ import annotations

from collections.abc import Sequence

from neural_checks.diagnosis.result import Cost, Deficit, Options, Target
from neural_checks.readouts.verdict import Outcome
from span_theorem.span import boundary

__all__ = ["advise", "pairs_of_interest"]


def pairs_of_interest(L: int, degree: int, target: Target | None) -> tuple[tuple[int, int], ...]:
    """Pairs (L, d) whose costs are worth a look: the present one, its neighbours, what ℓ* needs."""
    pairs = [(L, degree), (L + 1, degree), (L, degree + 1)]
    ell = None if target is None else target.bandwidth
    if ell is not None and L and ell > boundary(L, degree):
        pairs += _sufficient(L, degree, ell)
    return tuple(dict.fromkeys(pairs))


def _sufficient(L: int, degree: int, ell: int) -> list[tuple[int, int]]:
    """The smallest L for this degree, and the smallest degree for this L, that reach ``ell``."""
    return [(-(-ell // degree), degree), (L, -(-ell // L))]


def advise(
    L: int,
    options: Options,
    outcome: Outcome,
    deficits: Sequence[Deficit],
    target: Target | None,
    note: str,
    costs: Sequence[Cost],
) -> list[str]:
    """Sentences for the reader; each says whether it is proved, observed or measured.

    ``note`` says why there is no ``target``; ``costs`` are those of :func:`pairs_of_interest`.
    """
    degree = options.degree
    edge = boundary(L, degree)
    lines = [
        f"Proved: at random orientation no polynomial of degree ≤ {degree} in these features "
        f"explains any part of a field of degree above {edge}, however the network was trained."
    ]
    lines += _bandwidth(L, degree, target, note, costs)
    lines += _deficits(L, options, deficits)
    if outcome is Outcome.DISAGREES:
        lines.append(
            "The measurement disagrees with the boundary. Check the frames first: there should be "
            "many, of different shapes. Then check the layer, and whether the features transform "
            "as their irreps say."
        )
    elif outcome is Outcome.UNDECIDED:
        lines.append("Undecided: more frames narrow the intervals.")
    lines.append(
        "The ceiling is that of polynomial readouts. A non-polynomial readout, and the energies "
        "and forces that the network predicts itself, are not bound by it."
    )
    return lines


def _bandwidth(
    L: int, degree: int, target: Target | None, note: str, costs: Sequence[Cost]
) -> list[str]:
    if target is None or target.bandwidth is None:
        return [f"Bandwidth of the forces not known ({note}): no advice on L or the degree."]
    ell, edge = target.bandwidth, boundary(L, degree)
    observed = _observed(target)
    if ell <= edge:
        return [
            f"{observed}; dL = {edge} reaches that far. This bandwidth does not call for a larger "
            "L or degree."
            + (" Directions not seen in the data may need more." if target.lower_bound else "")
        ]
    if L == 0:
        return [
            f"{observed}; with L = 0 the boundary is 0 for every degree. Only a larger L helps: "
            f"L ≥ {-(-ell // degree)} with degree {degree}."
        ]
    here = costs[0]
    found = {(cost.L, cost.degree): cost for cost in costs}
    choices = []
    for pair in _sufficient(L, degree, ell):
        there = found[pair]
        choices.append(
            f"L = {pair[0]} with degree {pair[1]} "
            f"(readout weights × {_ratio(there.weights, here.weights)}, "
            f"multiplications per edge × {_ratio(there.multiplications, here.multiplications)})"
        )
    return [
        f"{observed}; dL = {edge} does not reach that far: raising L or the degree would help. "
        f"The smallest that do are {choices[0]} or {choices[1]}. These are counts, not times."
    ]


def _observed(target: Target) -> str:
    least = "at least " if target.lower_bound else ""
    share = "the share" if target.explained is None else f"the {target.explained:.0%}"
    level = "most of it" if target.level is None else f"{target.level:.0%}"
    return (
        f"Observed: of {share} of the forces' variance that the marked direction and distance "
        f"explain, {level} needs degrees up to {least}ℓ* = {target.bandwidth}"
    )


def _ratio(new: int, old: int) -> str:
    return f"{new / old:.1f}" if old else "∞"


def _deficits(L: int, options: Options, deficits: Sequence[Deficit]) -> list[str]:
    if not deficits:
        return []
    by_degree: dict[int, list[str]] = {}
    for deficit in deficits:
        by_degree.setdefault(deficit.ell, []).append(deficit.label)
    places = "; ".join(f"ℓ = {ell}: {', '.join(labels)}" for ell, labels in by_degree.items())
    return [
        f"Measured: below R² = {options.level:g} at degrees within the boundary ({places}). L = "
        f"{L} and degree {options.degree} can represent these degrees, but the trained features do "
        "not keep them. More channels, layers, data or training may help there; a larger L would "
        "not."
    ]
