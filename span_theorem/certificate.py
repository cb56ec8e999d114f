"""Writing certificates: format in docs/certificate.md, checker in :mod:`span_theorem.check`.

Version 1 states T1 and T1′ for one (L, d); version 2 any factors (T1″), claims of sets of degrees
and several directions (T7).
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from span_theorem.factors import Factors
from span_theorem.rank import PRIME, WeightBlock
from span_theorem.theorem import SpanProof
from span_theorem.witnesses import Counterexample, Witness

if TYPE_CHECKING:
    from span_theorem.directions import DirectionsProof

__all__ = [
    "MAX_SIZE",
    "certifiable",
    "check_command",
    "check_directions",
    "counterexample_certificate",
    "directions_certificate",
    "span_certificate",
]

MAX_SIZE = 128
"""Largest L, d and boundary that a certificate may have (the checker's own limit)."""

MAX_STATES = 20_000  # dimension of a factor
MAX_COUNTS = 20_000_000  # additions with which the checker counts weights
MAX_TUPLES = 4096
MAX_DIRECTIONS = 16


def check_command(path: str | Path, checker: str = "check.py") -> str:
    """The shell command that checks the certificate ``path`` by the file of a checker alone.

    With ``-I`` Python imports nothing from the current folder or the environment.
    """
    program = Path(__file__).resolve().with_name(checker)
    return f"python -I {shlex.quote(str(program))} {shlex.quote(str(path))}"


def span_certificate(proof: SpanProof, blocks: tuple[WeightBlock, ...]) -> dict[str, Any]:
    """The certificate of a span as a JSON-ready object: version 1 for T1 and T1′, else 2.

    Raises:
        ValueError: a case beyond the limits of the checker.
    """
    factors = proof.factors
    first = factors.kind in ("upto", "exact")
    head = _head_1("span", factors) if first else _head_2("span", factors)
    return head | {
        "claim": {
            "degrees": list(proof.degrees),
            "dimension": proof.dimension,
            "boundary": proof.boundary,
            "boundary_multiplicity": proof.boundary_multiplicity,
            "symmetric_dimension" if first else "product_dimension": proof.product_dimension,
            "kernel_dimension": proof.kernel_dimension,
        },
        "witnesses": [_witness(witness) for witness in proof.witnesses],
        "multiplicities": {str(irrep): count for irrep, count in proof.multiplicities.items()},
        "rank": {
            "prime": PRIME,
            "blocks": [
                {
                    "weight": block.weight,
                    "products": [[list(f) for f in product] for product in block.products],
                    "heights": list(block.heights),
                }
                for block in blocks
            ],
        },
    }


def counterexample_certificate(factors: Factors, example: Counterexample) -> dict[str, Any]:
    """The certificate that the span is not the space claimed, as a JSON-ready object.

    Raises:
        ValueError: a case beyond the limits of the checker.
    """
    claimed = example.claimed
    if factors.kind in ("upto", "exact") and isinstance(claimed, int):
        head = _head_1("counterexample", factors)
    else:
        head = _head_2("counterexample", factors)
    return head | {
        "claimed": claimed if isinstance(claimed, int) else sorted(claimed),
        "degree": example.degree,
        "side": example.side,
        "witness": None if example.witness is None else _witness(example.witness),
    }


def certifiable(L: int, d: int, directions: int) -> bool:
    """Whether the products of several directions keep within the limits of the checker."""
    from span_theorem.directions import directions_count

    small = max(L, d, L * d) <= MAX_SIZE and directions <= MAX_DIRECTIONS
    return small and directions_count(L, d, directions) <= MAX_TUPLES


def check_directions(L: int, d: int, directions: int) -> None:
    """ValueError where :func:`certifiable` is false."""
    if not certifiable(L, d, directions):
        raise ValueError(
            f"certificates go up to L, d, dL ≤ {MAX_SIZE}, {MAX_DIRECTIONS} directions and "
            f"{MAX_TUPLES} tuples, got L = {L}, d = {d} and {directions} directions"
        )


def directions_certificate(proof: DirectionsProof) -> dict[str, Any]:
    """The certificate of T7 for one (L, d) and K directions, as a JSON-ready object.

    Raises:
        ValueError: a case beyond the limits of the checker.
    """
    from span_theorem.directions import tuple_witness

    L, d, K = proof.L, proof.d, proof.directions
    check_directions(L, d, K)
    degrees = sorted({degree for degrees in proof.reached for degree in degrees})
    return {
        "format": "span-theorem-certificate",
        "version": 2,
        "kind": "directions",
        "L": L,
        "d": d,
        "directions": K,
        "claim": {
            "reached": [list(degrees) for degrees in proof.reached],
            "dimension": proof.dimension,
            "angle": proof.angle,
        },
        "witnesses": [_witness(tuple_witness(L, (degree,))[0]) for degree in degrees],
    }


def _head_1(kind: str, factors: Factors) -> dict[str, Any]:
    L, d = factors.L, factors.d
    if max(L, d, L * d) > MAX_SIZE:
        raise ValueError(f"certificates go up to L, d, dL ≤ {MAX_SIZE}, got L = {L}, d = {d}")
    return {
        "format": "span-theorem-certificate",
        "version": 1,
        "kind": kind,
        "L": L,
        "d": d,
        "features": factors.kind,
    }


def _head_2(kind: str, factors: Factors) -> dict[str, Any]:
    top = sum(space.lmax for space in factors.factor_spaces)
    states = max(space.dim for space in factors.spaces)
    if max(top, factors.d) > MAX_SIZE or states > MAX_STATES:
        raise ValueError(
            f"certificates go up to {MAX_SIZE} factors, a sum of the largest degrees of "
            f"{MAX_SIZE} and factors of dimension {MAX_STATES}, got {factors.d}, {top} and {states}"
        )
    if states * max(1, factors.d) * (2 * top + 1) > MAX_COUNTS:
        raise ValueError(f"the weights of {factors} are too many for the checker to count")
    question: dict[str, Any] = (
        {"power": "symmetric", "irreps": str(factors.spaces[0]), "degree": factors.d}
        if factors.symmetric
        else {"power": "tensor", "factors": [str(space) for space in factors.spaces]}
    )
    return {"format": "span-theorem-certificate", "version": 2, "kind": kind, "products": question}


def _witness(witness: Witness) -> dict[str, Any]:
    return {
        "degree": witness.degree,
        "factors": [list(factor) for factor in witness.factors],
        "square": str(witness.constant.signed_square),
        "pi": witness.constant.pi_power,
    }
