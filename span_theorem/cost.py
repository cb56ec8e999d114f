"""Which rank routes are affordable, and what long work will roughly cost."""

from __future__ import annotations

from collections.abc import Sequence

from span_theorem.command import say
from span_theorem.factors import Factors

__all__ = ["announce_cases", "announce_functions", "wants_blocks", "wants_dense"]

MAX_DENSE = 4225  # functions for which the dense rank is run unasked: (8, 8)
MAX_BLOCKS = 64  # boundary up to which the blocks are found unasked
MAX_ASKED = 16_641  # functions of the largest dense rank that can be asked for: dL = 128


def wants_dense(dimension: int, rank: str) -> bool:
    """Whether the dense rank of that many functions is asked for, or affordable with ``"auto"``."""
    return rank in ("dense", "both") or (rank == "auto" and dimension <= MAX_DENSE)


def wants_blocks(factors: Factors, rank: str) -> bool:
    """Whether the weight blocks are asked for, or affordable with ``"auto"``."""
    return rank in ("blocks", "both") or (rank == "auto" and factors.boundary <= MAX_BLOCKS)


def _dense_seconds(dimension: int) -> float:
    return 22 * (dimension / 4225) ** 3


def case_cost(factors: Factors, rank: str, certificate: bool) -> tuple[float, float]:
    """Rough seconds and GB, from cases measured on one core: within a factor of about three."""
    dimension, top, d = factors.dimension, factors.boundary, factors.d
    seconds, memory = 4e-6 * top**2 * d * (1 + top * d / 2e4), 0.1
    if wants_dense(dimension, rank):
        seconds += _dense_seconds(dimension)
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
    seconds = _dense_seconds(dimension)
    if wants_dense(dimension, rank) and seconds > 3:
        say(
            f"{dimension} functions: of the order of {seconds:.0f} s (--rank none leaves the rank "
            "out)"
        )
