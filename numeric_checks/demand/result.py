"""What a measurement of angular demand found; see :mod:`numeric_checks.demand.estimate`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = [
    "LEAST_FRAMES",
    "MAX_CUTOFF",
    "OPTION_RANGES",
    "SEEN",
    "DegreeCost",
    "Demand",
    "DemandOptions",
    "ErrorCurve",
    "ForcesCurve",
    "Form",
    "Listening",
    "Point",
    "Share",
    "least_degree",
]

Form = Literal["energy", "force"]

#: Share of a variance or a squared error from which on something is said to be explained.
SEEN = 0.05

#: Fewer frames are not divided into parts that are fitted, choose the penalty, and are held out.
LEAST_FRAMES = 40

OPTION_RANGES = {
    "factors": (1, 3),
    "l_max": (0, 10),
    "radial": (1, 30),
    "mixed": (1, 200),
    "frames": (LEAST_FRAMES, 10**7),
    "draws": (1, 10**6),
    "blocks": (5, 10**4),
    "seed": (0, 2**63 - 1),
}
"""The least and the largest value of every option that is an integer."""

MAX_CUTOFF = 20
"""Å."""


@dataclass(frozen=True)
class DemandOptions:
    """How demand is measured.

    ``form``: ``"energy"``, forces as the gradient of an energy, or ``"force"``; ``factors`` ν,
    1 to 3; ``l_max`` largest degree; ``cutoff`` in Å; ``radial`` functions; ``mixed`` channels of
    three factors; ``level``: the tolerance of ℓ*, relative to the error at ``l_max``; ``frames`` at
    most; ``draws`` of the bootstrap over the held-out ones of 4 · ``blocks`` blocks of frames;
    ``seed``; ``energies``: fit energies beside the forces, in the energy form.
    """

    form: Form = "energy"
    factors: int = 3
    l_max: int = 4
    cutoff: float = 5.0
    radial: int = 6
    mixed: int = 24
    level: float = 0.1
    frames: int = 1050
    draws: int = 1000
    blocks: int = 25
    seed: int = 0
    energies: bool = False

    def __post_init__(self) -> None:
        if self.form not in ("energy", "force"):
            raise ValueError(f"form must be 'energy' or 'force', got {self.form!r}")
        if self.energies and self.form == "force":
            raise ValueError("energies are fitted in the form 'energy' alone, got 'force'")
        for name, (low, high) in OPTION_RANGES.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise ValueError(f"{name} must be an integer from {low} to {high}, got {value!r}")
        if not 0 < self.cutoff <= MAX_CUTOFF:
            raise ValueError(
                f"cutoff must be above 0 and at most {MAX_CUTOFF} Å, got {self.cutoff!r}"
            )
        if not 0 < self.level < 1:
            raise ValueError(f"level must lie between 0 and 1, got {self.level!r}")


@dataclass(frozen=True)
class Point:
    """The held-out error of the model of degrees ≤ ``ell``.

    ``left`` is the share of the forces' variance that it leaves, with its interval ``low`` to
    ``high``; ``mae`` the mean absolute error of a force component in meV/Å;
    ``energy_mae`` that of an energy in meV an atom, None where energies are not fitted.
    """

    ell: int
    weights: int
    left: float
    low: float
    high: float
    mae: float
    penalty: float
    energy_mae: float | None = None


def least_degree(errors: Sequence[float], level: float) -> int:
    """The least ℓ whose error is at most 1 + ``level`` times the least one.

    >>> least_degree([9.0, 4.0, 3.1, 3.0], 0.1)
    2
    >>> least_degree([9.0, 6.0, 7.0, 8.5], 0.1)
    1

    Raises ValueError for errors that are not finite, or below 0.
    """
    if not all(math.isfinite(error) and error >= 0 for error in errors):
        raise ValueError(f"errors must be finite and at least 0, got {list(errors)}")
    return next(ell for ell, error in enumerate(errors) if error <= (1 + level) * min(errors))


@dataclass(frozen=True)
class DegreeCost:
    """Exact counts of what degrees ≤ ``ell`` cost.

    ``components`` of a channel's densities, (ℓ+1)²; ``invariants`` of one channel, the multiplicity
    in Sym^ν (T2) of 0e, or of 1o in the force form; ``multiplications`` of the products of one
    atom.
    """

    ell: int
    components: int
    invariants: int
    multiplications: int


@dataclass(frozen=True)
class ErrorCurve:
    """Error against ℓ for one number of factors: ``full`` size, and ``matched`` at equal size.

    ``demand`` ℓ* is the least ℓ whose error is within the level of the error at l_max;
    ``interval`` its 95 % interval; ``lower_bound``: the curve still falls at l_max.
    """

    factors: int
    full: tuple[Point, ...]
    matched: tuple[Point, ...]
    demand: int
    interval: tuple[int, int]
    lower_bound: bool
    costs: tuple[DegreeCost, ...]


@dataclass(frozen=True)
class Share:
    """A share of a network's squared error, with its 95 % interval over blocks of frames."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ForcesCurve:
    """Errors (meV/Å) of models fitted to the forces themselves, on the frames listened to.

    ``mae`` by ℓ at full size; ``matched`` at the size of the largest model, for the network's own L
    and the next degree.
    """

    mae: tuple[float, ...]
    matched: Mapping[int, float]


@dataclass(frozen=True)
class Listening:
    """What linear models explain of a network's force error; shares of the squared error.

    ``explained`` by degrees ≤ ℓ, and what degree ℓ ``added`` to those below (paired draws);
    ``by_factors``: by degrees ≤ L with at most 1, 2, … factors. ``within``: by degrees ≤ L;
    ``beyond``: what degrees up to ``l_max`` explain more than that; ``lower``: by how much the mean
    absolute error falls with it; ``within_equal`` and ``beyond_equal``: the same where degrees ≤ L
    have as many weights as the largest model; ``control``: of residuals exchanged between frames.
    ``verdict``: ``"degrees"``, ``"training"``, ``"neither"`` or ``"undecided"``;
    ``mae_meV_per_A`` of the network on the held-out frames.
    """

    L: int
    l_max: int
    factors: int
    frames: Mapping[str, int]
    mae_meV_per_A: float
    explained: tuple[Share, ...]
    added: tuple[Share, ...]
    by_factors: tuple[Share, ...]
    within: Share
    beyond: Share
    lower: Share
    within_equal: Share
    beyond_equal: Share
    control: Share
    forces: ForcesCurve
    verdict: str
    sentence: str


@dataclass(frozen=True)
class Demand:
    """The angular demand of a data set, for ν = 1 … factors.

    ``by_species`` and ``by_atom`` hold the mean absolute error (meV/Å) by ℓ of the curve of most
    factors; ``by_atom`` is None where frames hold different atoms. ``undecided`` is the reason why
    the data decide nothing, empty otherwise.
    """

    settings: DemandOptions
    curves: tuple[ErrorCurve, ...]
    by_species: Mapping[str, list[float]]
    by_atom: list[list[float]] | None
    data: Mapping[str, Any]
    centers: tuple[str, ...]
    frames: Mapping[str, int]
    force_rms: float
    undecided: str = ""
    seconds: float = 0.0
    listening: Listening | None = None

    @property
    def curve(self) -> ErrorCurve:
        """The curve of most factors."""
        return self.curves[-1]

    @property
    def sentence(self) -> str:
        """The result in one sentence."""
        if self.undecided:
            return f"undecided: {self.undecided}"
        curve = self.curve
        low, high = curve.interval
        spread = "" if low == high else f" (95 % interval {low} to {high})"
        with_factors = f"with {curve.factors} factor{'s' if curve.factors > 1 else ''}"
        same = self.matched_demand
        sign = "≥" if same == self.settings.l_max > 0 else "="
        equal = "" if same is None else f"; at equal numbers of weights ℓ* {sign} {same}"
        if curve.lower_bound:
            return (
                f"demand ℓ* ≥ {curve.demand}{spread} {with_factors}: the held-out force error "
                f"still falls by more than {100 * self.settings.level:g}% at ℓ = "
                f"{self.settings.l_max}{equal}"
            )
        return (
            f"demand ℓ* = {curve.demand}{spread} {with_factors}: higher degrees lower the held-out "
            f"force error by less than {100 * self.settings.level:g}%{equal}"
        )

    @property
    def matched_demand(self) -> int | None:
        """ℓ* of the matched curve, which may rise again: the least ℓ near its least error."""
        errors = [point.mae for point in self.curve.matched]
        return least_degree(errors, self.settings.level) if errors else None

    def as_dict(self) -> dict[str, Any]:
        """The content as JSON types."""
        curve = self.curve
        return {
            "form": self.settings.form,
            "factors": curve.factors,
            "curve": [asdict(point) for point in curve.full],
            "matched": [asdict(point) for point in curve.matched],
            "demand": None if self.undecided else curve.demand,
            "demand_interval": list(curve.interval),
            "lower_bound": curve.lower_bound,
            "matched_demand": self.matched_demand,
            "undecided": self.undecided,
            "sentence": self.sentence,
            "costs": [asdict(cost) for cost in curve.costs],
            "fewer_factors": [
                {
                    "factors": other.factors,
                    "curve": [asdict(point) for point in other.full],
                    "matched": [asdict(point) for point in other.matched],
                    "demand": other.demand,
                    "lower_bound": other.lower_bound,
                }
                for other in self.curves[:-1]
            ],
            "by_species": dict(self.by_species),
            "by_atom": self.by_atom,
            "centers": list(self.centers),
            "settings": asdict(self.settings),
            "data": dict(self.data),
            "frames": dict(self.frames),
            "force_rms_eV_per_A": self.force_rms,
            "listening": None if self.listening is None else asdict(self.listening),
            "seconds": round(self.seconds, 2),
        }
