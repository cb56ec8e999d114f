"""What the comparison of demand with networks shows, each sentence counted from the record."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

#: A mean ratio this far from 1 is called too little or too much gain.
CLOSE = 0.05
CURVE = {"factors": 3, "size": "full"}


def text(validation: dict[str, Any]) -> str:
    """The findings as a list, and what follows from them."""
    found = [
        overall(validation),
        exceptions(validation),
        below(validation),
        settling(validation),
        weights(validation),
        first_step(validation),
        stops(validation),
    ]
    listed = "\n".join(f"- {sentence}" for sentence in found if sentence)
    return f"{listed}\n\n{conclusion(validation)}\n"


def _factor(value: float) -> str:
    return f"{math.exp(value):.2f}"


def _agreement(
    validation: dict[str, Any], first: int, below: bool, curve: dict[str, Any] | None = None
) -> dict[str, Any] | None:
    for one in validation["agreement"]:
        if one["curve"] == (curve or CURVE) and (one["first"], one["below"]) == (first, below):
            return dict(one)
    return None


def _is_better(one: dict[str, Any]) -> bool:
    return bool(one["spread"] < one["constant"])


def overall(validation: dict[str, Any]) -> str:
    """How far all pairs from L = 1 on are met, beside the best constant."""
    one = _agreement(validation, 1, below=False)
    if one is None:
        return ""
    word = "closer than" if _is_better(one) else "no closer than"
    return (
        f"**All pairs from L = 1 on** ({one['pairs']} on {one['sets']} data sets): three factors "
        "at "
        f"full size miss a ratio by a factor of {_factor(one['spread'])}, which is {word} the best "
        f"constant ratio ({_factor(one['constant'])})."
    )


def _judged(validation: dict[str, Any]) -> list[dict[str, Any]]:
    """The pairs, once each: the rows of the curve that is judged."""
    return [
        row
        for row in validation["ratios"]
        if (row["factors"], row["size"]) == (CURVE["factors"], CURVE["size"])
    ]


def _pairs(rows: Iterable[dict[str, Any]]) -> str:
    steps: dict[tuple[str, str, int], list[int]] = {}
    for row in rows:
        steps.setdefault((row["data"], row["architecture"], row["steps"]), []).append(row["L"])
    return "; ".join(
        f"`{data}`, {architecture}, {count:,} steps: "
        + ", ".join(f"{L} → {L + 1}" for L in sorted(degrees))
        for (data, architecture, count), degrees in steps.items()
    )


def exceptions(validation: dict[str, Any]) -> str:
    """The pairs whose networks are not below the linear model of their own degrees."""
    rows = [row for row in _judged(validation) if row["L"] and not row["below_linear_model"]]
    if not rows:
        return "**Every network** from L = 1 on is below the linear model of its own degrees."
    return (
        "**A mark that can be seen without the next network**: one of the two networks is not "
        "below "
        "the linear model of its own degrees. Such a network has yet to learn what that model "
        "knows, "
        f"so training comes first. These pairs carry it: {_pairs(rows)}."
    )


def below(validation: dict[str, Any]) -> str:
    """How far the other pairs are met, and on how much this rests."""
    one = _agreement(validation, 1, below=True)
    if one is None:
        return ""
    rows = [row for row in _judged(validation) if row["L"] and row["below_linear_model"]]
    kinds = sorted({row["architecture"] for row in rows})
    word = "closer than" if _is_better(one) else "no closer than"
    return (
        f"**Pairs of networks below the linear model**, from L = 1 on ({one['pairs']} on "
        f"{one['sets']} data sets; {' and '.join(kinds)}): three factors at full size miss a "
        "ratio by "
        f"a factor of {_factor(one['spread'])}, {word} the best constant "
        f"({_factor(one['constant'])}). The split into these two kinds was made after aspirin, "
        "ethanol "
        "and benzene had been seen with one seed each; all other networks were trained afterwards."
    )


def settling(validation: dict[str, Any]) -> str:
    """Whether the ratios still move, beside what another seed changes."""
    told, spread = validation["training"]["sentence"], validation["seeds_differ"]
    if not told:
        return ""
    seed = "" if spread is None else f" Another seed moves a ratio by {_factor(spread)}."
    falling = sum(bool(one["falling"]) for one in validation["networks"])
    return (
        f"**The ratios settle before the errors do.** The error of {falling} of "
        f"{len(validation['networks'])} networks still fell when the steps ended; {told}.{seed}"
    )


def weights(validation: dict[str, Any]) -> str:
    """The mean of measured over foretold for every curve: which foretells too little gain."""
    rows = [
        one
        for one in validation["agreement"]
        if one["first"] == 1 and one["below"] and one["pairs"]
    ] or [one for one in validation["agreement"] if one["first"] == 1 and not one["below"]]
    if not rows:
        return ""
    told = []
    for one in rows:
        ratio = math.exp(one["bias"])
        word = (
            "about right" if abs(ratio - 1) <= CLOSE else "too little" if ratio < 1 else "too much"
        )
        size = "full size" if one["curve"]["size"] == "full" else "equal weights"
        told.append(
            f"ν = {one['curve']['factors']}, {size}: {word} (measured / foretold {ratio:.2f})"
        )
    return (
        f"**The gain foretold**, same pairs: {'; '.join(told)}. What a degree gives a network, it "
        "gives "
        "together with the weights that come with it; the curve at equal weights says only "
        "whether a "
        "*linear* model gets the same gain from more radial functions."
    )


def first_step(validation: dict[str, Any]) -> str:
    """The ratios from L = 0 to 1."""
    rows = [row for row in _judged(validation) if row["L"] == 0]
    if not rows:
        return ""
    told = ", ".join(f"{row['measured']:.2f} for {row['foretold']:.2f} foretold" for row in rows)
    return (
        f"**From L = 0 to 1** the ratios are off either way ({told}): a network with L = 0 is not "
        "the "
        "linear model of degree 0, since it learns angles from distances, layer by layer."
    )


def _foretold(series: dict[str, Any]) -> int | None:
    """The L at which three factors at full size say that the error stops falling."""
    for one in series["foretold"]:
        if (one["factors"], one["size"]) == (CURVE["factors"], CURVE["size"]):
            return int(one["L"])
    return None


def stops(validation: dict[str, Any]) -> str:
    """Where the errors of networks stop falling, if they do, and where demand said they would."""
    found = validation["stops"]
    foretold = [series for series in found if _foretold(series) is not None]
    right = sum(_foretold(series) == series["measured"] for series in foretold)
    count = (
        f" Three factors foretell the L within the level of the last one for {right} of "
        f"{len(foretold)} series."
    )
    stopped = [series for series in found if series["measured"] < series["L"][-1]]
    if stopped:
        told = "; ".join(_stop(series) for series in stopped)
        return (
            "**Where the error of the networks stops falling** by more than the level: "
            f"{told}.{count}"
        )
    last = _range([series["L"][-1] for series in found])
    return (
        f"**No series stops**: up to L = {last} the error of every network still falls by more "
        f"than the level.{count} So these networks do not test where an error stops falling."
    )


def _stop(series: dict[str, Any]) -> str:
    said = _foretold(series)
    foretold = "" if said is None else f" (foretold: {said})"
    return f"{series['series']}: at L = {series['measured']}{foretold}"


def _range(values: Sequence[int]) -> str:
    return str(min(values)) if min(values) == max(values) else f"{min(values)} or {max(values)}"


def conclusion(validation: dict[str, Any]) -> str:
    """What the number is good for, as far as the pairs above go."""
    one = _agreement(validation, 1, below=True)
    if one is None or not _is_better(one):
        return (
            "On these data demand foretells what a step of L is worth to a network no better than "
            "a "
            "constant does."
        )
    return (
        "On these data the number is good for two things. Before training it estimates the ratio "
        "that a "
        "step of L is worth to a network that ends below the linear model of its degrees. After "
        "training "
        "the error of that linear model says whether the network is that far."
    )
