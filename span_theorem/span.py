"""What the span theorem claims for a given (L, d): the degrees, the dimension, the boundary."""

from __future__ import annotations

from span_theorem.factors import Factors
from span_theorem.irreps import FeatureKind

__all__ = ["boundary", "span_degrees", "span_dimension"]


def boundary(L: int, d: int) -> int:
    """The largest degree dL that a product of d features of degree ≤ L contains.

    >>> boundary(2, 2)
    4
    """
    return Factors.of(L, d).boundary


def span_degrees(L: int, d: int, features: FeatureKind = "upto") -> range:
    """The degrees ℓ of the harmonics that products of degree d span (T1 and T1′).

    ``"upto"`` (products of at most d functions Y_lm, l ≤ L): every ℓ ≤ dL. ``"exact"`` (products
    of exactly d functions Y_Lm): ℓ = L for d = 1, and for d ≥ 2 every ℓ ≤ dL with ℓ ≡ dL mod 2.

    >>> list(span_degrees(2, 2)), list(span_degrees(3, 2, "exact"))
    ([0, 1, 2, 3, 4], [0, 2, 4, 6])
    """
    degrees = Factors.of(L, d, features).reached
    step = degrees[1] - degrees[0] if len(degrees) > 1 else 1
    return range(degrees[0], degrees[-1] + 1, step)


def span_dimension(L: int, d: int, features: FeatureKind = "upto") -> int:
    """Σ (2ℓ+1) over :func:`span_degrees`: (dL+1)² for ``"upto"``.

    >>> span_dimension(2, 2), span_dimension(2, 2, "exact")
    (25, 15)
    """
    return Factors.of(L, d, features).dimension
