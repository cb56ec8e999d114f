"""Which rank routes are affordable, and what long work will roughly cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from span_theorem.command import say
from span_theorem.factors import Factors

if TYPE_CHECKING:
    from span_theorem.directions import DirectionsProof

__all__ = ["announce_cases", "announce_functions", "certifiable", "wants_blocks", "wants_dense"]

MAX_DENSE = 4225  # functions for which the dense rank is run unasked: (8, 8)
MAX_BLOCKS = 64  # boundary up to which the blocks are found unasked
MAX_ASKED = 16_641  # functions of the largest dense rank that can be asked for: dL = 128
MAX_CERTIFIED = 4096  # tuples of a certificate for several directions


def wants_dense(factors: Factors, rank: str) -> bool:
    """Whether the dense rank is asked for, or affordable with ``"auto"``."""
    return rank in ("dense", "both") or (rank == "auto" and factors.dimension <= MAX_DENSE)


def wants_blocks(factors: Factors, rank: str) -> bool:
    """Whether the weight blocks are asked for, or affordable with ``"auto"``."""
    return rank in ("blocks", "both") or (rank == "auto" and factors.boundary <= MAX_BLOCKS)


def certifiable(proof: DirectionsProof) -> bool:
    """Whether a certificate for several directions keeps within the checker's limits."""
    small = max(proof.L, proof.d, proof.L * proof.d) <= 128 and proof.directions <= 16
    return small and len(proof.reached) <= MAX_CERTIFIED


def case_cost(factors: Factors, rank: str, certificate: bool) -> tuple[float, float]:
    """Rough seconds and GB, from cases measured on one core: within a factor of about three."""
    dimension, top, d = factors.dimension, factors.boundary, factors.d
    seconds, memory = 4e-6 * top**2 * d * (1 + top * d / 2e4), 0.1
    if wants_dense(factors, rank):
        seconds += 22 * (dimension / 4225) ** 3
        memory += 1.1 * (dimension / 4225) ** 2
    if wants_blocks(factors, rank) or certificate:
        growth = d / 8 if factors.stretchable else (d / 8) ** 3
        seconds += 0.9 * (top / 64) ** 4 * max(1.0, growth)
    return seconds, memory


def announce_cases(cases: Sequence[Factors], rank: str, certificate: bool) -> None:
    """Before long work, what it will roughly cost, on standard error."""
    costs = [case_cost(factors, rank, certificate) for factors in cases]
    seconds, memory = sum(cost[0] for cost in costs), max(cost[1] for cost in costs)
    if seconds > 3:
        largest = max(factors.dimension for factors in cases)
        say(
            f"{len(cases)} case(s), the largest with {largest} functions: of the order of "
            f"{seconds:.0f} s and {memory:.1f} GB (--rank none leaves the rank routes out)"
        )


def announce_functions(dimension: int, rank: str) -> None:
    """The cost of a dense rank of ``dimension`` functions of several directions."""
    wanted = rank == "dense" or (rank == "auto" and dimension <= MAX_DENSE)
    seconds = 22 * (dimension / 4225) ** 3
    if wanted and seconds > 3:
        say(
            f"{dimension} functions: of the order of {seconds:.0f} s (--rank none leaves the rank "
            "out)"
        )
