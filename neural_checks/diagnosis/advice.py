"""Advice: a decision with the numbers it rests on, or the reason why there is none.

The decision on the network comes from listening to its force error
(:mod:`neural_checks.diagnosis.listening`): is it short of degrees, of training or channels, of body
order, or of none of them. The decision on a polynomial readout of its features compares the
boundary dL with the bandwidth of the forces. Prices are exact counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from neural_checks.diagnosis.result import Cost, Deficit, Options, Target
from neural_checks.readouts.verdict import Outcome
from numeric_checks.demand.listening import SEEN
from numeric_checks.demand.result import Listening, Share
from span_theorem.span import boundary

__all__ = ["Advice", "Decision", "Evidence", "advise", "pairs_of_interest"]


class Decision(StrEnum):
    """What to change first."""

    RAISE_L = "raise L"
    RAISE_DEGREE = "raise the degree of the readout"
    RAISE_BODY_ORDER = "raise the body order"
    TRAIN = "more channels or training"
    NOTHING = "nothing"
    NONE = "no advice"


@dataclass(frozen=True)
class Evidence:
    """What advice rests on.

    ``target``: the bandwidth of the forces, None with the reason in ``note``; ``listening``: what
    the force error holds, None with the reason in ``silence``; ``costs`` are those of
    :func:`pairs_of_interest`; ``implausible``: the network predicts worse than zero.
    """

    L: int
    options: Options
    outcome: Outcome
    deficits: Sequence[Deficit]
    target: Target | None
    note: str
    costs: Sequence[Cost]
    listening: Listening | None = None
    silence: str = "it was not asked for"
    implausible: bool = False

    @property
    def boundary(self) -> int:
        """The proved boundary dL of the readout."""
        return boundary(self.L, self.options.degree)

    def cost(self, L: int, degree: int) -> Cost:
        """The counts of a pair of interest."""
        return next(cost for cost in self.costs if (cost.L, cost.degree) == (L, degree))


@dataclass(frozen=True)
class Advice:
    """A decision, and sentences of which the first states it with its numbers."""

    decision: Decision
    lines: tuple[str, ...]


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


def advise(evidence: Evidence) -> Advice:
    """The decision and the sentences; each says whether it is proved, observed or measured."""
    decision, first = _on_the_network(evidence)
    beyond, readout = _on_the_readout(evidence)
    if beyond and decision in (Decision.NONE, Decision.NOTHING):
        decision, first, readout = Decision.RAISE_DEGREE, readout, first
    degree, edge = evidence.options.degree, evidence.boundary
    lines = [
        f"Advice: {decision}. {first}",
        readout,
        *_deficits(evidence),
        f"Proved: at random orientation no polynomial of degree ≤ {degree} in these features "
        f"explains any part of a field of degree above {edge}, however the network was trained. "
        "A non-polynomial readout, and the energies and forces that the network predicts itself, "
        "are not bound by it.",
    ]
    if evidence.outcome is Outcome.DISAGREES:
        lines.append(
            "The measurement disagrees with the boundary. Check the frames first: there should be "
            "many, of different shapes. Then check the layer, and whether the features transform "
            "as their irreps say."
        )
    elif evidence.outcome is Outcome.UNDECIDED:
        lines.append(
            "The verdict on the boundary is undecided, for the reason that it gives. Where that is "
            "a wide interval or too many weights, more frames help."
        )
    return Advice(decision, tuple(lines))


def _on_the_network(evidence: Evidence) -> tuple[Decision, str]:
    """What to change of the network, from its force error."""
    heard = evidence.listening
    if evidence.implausible:
        return Decision.NONE, (
            "The network's force error is above that of predicting zero, so its residual says "
            "nothing of L. Load it as it was trained, with its units, species and cell."
        )
    if heard is None:
        return Decision.NONE, (
            f"The network's force error was not examined ({evidence.silence}). To decide on L, "
            "give a model with forces and --data with reference forces, or run "
            "python -m numeric_checks.demand on the data."
        )
    if heard.verdict == "degrees":
        return Decision.RAISE_L, f"{_degrees(heard)} {_price(evidence)}"
    if heard.verdict == "training":
        return _within(heard)
    if heard.verdict == "neither":
        return Decision.NOTHING, (
            f"Measured: neither degrees ≤ L = {heard.L} ({_percent(heard.within)} of the squared "
            f"force error) nor higher ones ({_percent(heard.beyond)}) are seen in what this model "
            "gets wrong. More frames to train on, a larger cut-off or a higher body order may "
            f"help; a larger L is not called for. {_foretold(heard)}"
        )
    return Decision.NONE, f"Listening to the force error is {heard.sentence}."


def _degrees(heard: Listening) -> str:
    return (
        f"Measured: degrees {heard.L + 1} to {heard.l_max} would lower this model's force error, "
        f"{heard.mae_meV_per_A:.0f} meV/Å, by about {_percent(heard.lower)}; they explain "
        f"{_percent(heard.beyond)} of its square, degrees ≤ L = {heard.L} {_percent(heard.within)}"
        f"{_equal(heard)}. {_foretold(heard)}"
    )


def _within(heard: Listening) -> tuple[Decision, str]:
    """Degrees ≤ L explain the error: training and channels, or products of more factors."""
    shares = heard.by_factors
    what = (
        f"Measured: degrees ≤ L = {heard.L} explain {_percent(heard.within)} of this model's "
        f"squared force error, and higher ones {_percent(heard.beyond)} more{_equal(heard)}. "
        f"A larger L is not what it lacks first. {_foretold(heard)}"
    )
    if len(shares) > 1 and shares[-2].high < SEEN <= shares[-1].low:
        return Decision.RAISE_BODY_ORDER, (
            f"{what} Products of {len(shares) - 1} densities explain nothing of it, those of "
            f"{len(shares)} explain {_percent(shares[-1])}: a larger correlation, or one more "
            "layer, is what to try."
        )
    return Decision.TRAIN, what


def _equal(heard: Listening) -> str:
    """How much of it is a matter of weights."""
    return (
        f" (at equal numbers of weights {_percent(heard.beyond_equal)} and "
        f"{_percent(heard.within_equal)}, above and within)"
    )


def _foretold(heard: Listening) -> str:
    """What the next degree buys on the data themselves."""
    own, mae = min(heard.L, heard.l_max), heard.forces.mae
    if own + 1 > heard.l_max:
        return ""
    text = (
        f"Observed: linear models of these frames have an error of {mae[own]:.1f} meV/Å with "
        f"degrees ≤ {own} and {mae[own + 1]:.1f} with degrees ≤ {own + 1} (ratio "
        f"{mae[own + 1] / mae[own]:.2f}"
    )
    equal = heard.forces.matched
    if own in equal and own + 1 in equal:
        text += f"; at equal numbers of weights {equal[own + 1] / equal[own]:.2f}"
    return f"{text})."


def _price(evidence: Evidence) -> str:
    degree = evidence.options.degree
    here, there = (evidence.cost(L, degree) for L in (evidence.L, evidence.L + 1))
    return (
        f"The price of L = {there.L}, in exact counts: components "
        f"× {_ratio(there.components, here.components)}, multiplications per edge × "
        f"{_ratio(there.multiplications, here.multiplications)}."
    )


def _on_the_readout(evidence: Evidence) -> tuple[bool, str]:
    """Whether a readout of the features needs more than dL, and the sentence on it."""
    target, L, degree, edge = (
        evidence.target, evidence.L, evidence.options.degree, evidence.boundary
    )  # fmt: skip
    if target is None or target.bandwidth is None:
        return False, (
            f"Readout: no advice on its degree, since the bandwidth of the forces is not known "
            f"({evidence.note})."
        )
    ell, observed = target.bandwidth, _observed(target)
    if ell <= edge:
        return False, (
            f"Readout: {observed}; dL = {edge} reaches that far, so its degree need not rise."
            + (" Directions not seen in the data may need more." if target.lower_bound else "")
        )
    if L == 0:
        return False, (
            f"Readout: {observed}; with L = 0 the boundary is 0 for every degree. Only a larger L "
            f"helps: L ≥ {-(-ell // degree)} with degree {degree}."
        )
    here, choices = evidence.cost(L, degree), []
    for pair in _sufficient(L, degree, ell):
        there = evidence.cost(*pair)
        choices.append(
            f"L = {pair[0]} with degree {pair[1]} "
            f"(readout weights × {_ratio(there.weights, here.weights)}, "
            f"multiplications per edge × {_ratio(there.multiplications, here.multiplications)})"
        )
    return True, (
        f"Readout: {observed}; dL = {edge} does not reach that far: raising L or the degree would "
        f"help. The smallest that do are {choices[0]} or {choices[1]}. These are counts, not times."
    )


def _observed(target: Target) -> str:
    least = "at least " if target.lower_bound else ""
    share = "the share" if target.explained is None else f"the {target.explained:.0%}"
    level = "most of it" if target.level is None else f"{target.level:.0%}"
    return (
        f"of {share} of the forces' variance that the marked direction and distance explain, "
        f"{level} needs degrees up to {least}ℓ* = {target.bandwidth} (observed)"
    )


def _percent(share: Share) -> str:
    return f"{share.value:.0%} [{share.low:.0%}, {share.high:.0%}]"


def _ratio(new: int, old: int) -> str:
    return f"{new / old:.1f}" if old else "∞"


def _deficits(evidence: Evidence) -> list[str]:
    if not evidence.deficits:
        return []
    by_degree: dict[int, list[str]] = {}
    for deficit in evidence.deficits:
        by_degree.setdefault(deficit.ell, []).append(deficit.label)
    places = "; ".join(f"ℓ = {ell}: {', '.join(labels)}" for ell, labels in by_degree.items())
    what = "R² / S_ℓ" if any(d.attainable < 1 for d in evidence.deficits) else "R²"
    return [
        f"Measured: below {what} = {evidence.options.level:g} at degrees within the boundary "
        f"({places}). L = {evidence.L} and degree {evidence.options.degree} can represent these "
        "degrees, but the trained features do not keep them. More channels, layers, data or "
        "training may help there; a larger L would not."
    ]
