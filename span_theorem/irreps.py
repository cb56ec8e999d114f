"""Irreducible representations of SO(3) and O(3), read and written in e3nn's notation."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from span_theorem.arguments import integer, natural, shown

__all__ = ["FeatureKind", "Irrep", "Irreps", "feature_irreps"]

FeatureKind = Literal["upto", "exact"]
"""All degrees up to L, or L alone."""

# Python reads numbers of a few thousand digits and no longer ones.
_NUMBER = r"\d{1,1000}"
_TERM = re.compile(rf"(?:(?P<mul>{_NUMBER})\s*x\s*)?(?P<l>{_NUMBER})\s*(?P<p>[eoy]?)", re.ASCII)
_PARITY = {"e": 1, "o": -1, "": 0}
_LETTER = {1: "e", -1: "o", 0: ""}


@dataclass(frozen=True, slots=True, order=True)
class Irrep:
    """The irrep V_l of O(3) with parity p = ±1, or of SO(3) where p = 0; dimension 2l+1.

    Written ``"2e"``, ``"1o"`` with parity as e3nn does, ``"2"`` without one; ``"2y"`` reads as
    natural parity (-1)^l. The order is by l, then parity.

    >>> Irrep.parse("1o") * Irrep.parse("1o")
    (Irrep('0e'), Irrep('1e'), Irrep('2e'))
    """

    l: int
    p: int = 0

    def __post_init__(self) -> None:
        natural("l", self.l)
        if integer("parity", self.p) not in (-1, 0, 1):
            raise ValueError(f"parity must be 1, -1 or 0 (no parity), got {self.p!r}")

    @classmethod
    def parse(cls, text: str) -> Irrep:
        """Read one irrep, as in ``"3o"``; ValueError names what cannot be read."""
        mul, irrep = _parse_term(text)
        if mul is not None:
            raise ValueError(f"one irrep carries no multiplicity, got {text!r}")
        return irrep

    @classmethod
    def natural(cls, l: int) -> Irrep:
        """V_l with the parity (-1)^l of the harmonics of degree l."""
        return cls(l, -1 if l % 2 else 1)

    @property
    def dim(self) -> int:
        """2l + 1."""
        return 2 * self.l + 1

    def __mul__(self, other: Irrep) -> tuple[Irrep, ...]:
        """The irreps of the tensor product: |l1-l2| … l1+l2, each once (Clebsch–Gordan)."""
        if (self.p == 0) != (other.p == 0):
            raise ValueError(f"cannot couple {self} with {other}: one has a parity, one has none")
        low, high = abs(self.l - other.l), self.l + other.l
        return tuple(Irrep(l, self.p * other.p) for l in range(low, high + 1))

    def __str__(self) -> str:
        return f"{self.l}{_LETTER[self.p]}"

    def __repr__(self) -> str:
        return f"Irrep('{self}')"


def _parse_term(text: str) -> tuple[int | None, Irrep]:
    match = _TERM.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            f"cannot read {shown(text)} as an irrep: expected e.g. '0e', '8x1o' or '2' "
            "(an optional multiplicity and 'x', the degree, an optional parity e, o or y)"
        )
    l = int(match["l"])
    irrep = Irrep.natural(l) if match["p"] == "y" else Irrep(l, _PARITY[match["p"]])
    return (None if match["mul"] is None else int(match["mul"])), irrep


@dataclass(frozen=True, slots=True)
class Irreps:
    """A direct sum of irreps with multiplicities, in the order in which it was written.

    Iterates over ``(multiplicity, Irrep)``. All terms carry a parity, or none does. Terms are
    kept as written (``"1o+1o"`` is not merged) except that a multiplicity of 0 is dropped;
    :meth:`simplify` merges and sorts.

    >>> Irreps.parse("0e + 2x1o").dim
    7
    >>> str(Irreps.upto(2)), str(Irreps.exact(3))
    ('0e+1o+2e', '3o')
    """

    terms: tuple[tuple[int, Irrep], ...] = ()

    def __post_init__(self) -> None:
        for mul, irrep in self.terms:
            natural("multiplicity", mul)
            if not isinstance(irrep, Irrep):
                raise TypeError(f"expected an Irrep, got {irrep!r}")
        object.__setattr__(self, "terms", tuple(term for term in self.terms if term[0] > 0))
        if len({irrep.p == 0 for _, irrep in self.terms}) > 1:
            raise ValueError(f"irreps with and without parity do not mix: {self}")

    @classmethod
    def parse(cls, text: str) -> Irreps:
        """Read e3nn notation, e.g. ``"0e+8x1o+2e"``; the empty string is the zero space.

        Spaces are allowed wherever e3nn allows them, as in ``"8 x 0e + 8 x 1o"``.
        """
        if not text.strip():
            return cls()
        pairs = (_parse_term(part) for part in text.split("+"))
        return cls(tuple((1 if mul is None else mul, irrep) for mul, irrep in pairs))

    @classmethod
    def upto(cls, L: int) -> Irreps:
        """U_L = V_0 ⊕ … ⊕ V_L with natural parity, dimension (L+1)²."""
        return cls(tuple((1, Irrep.natural(l)) for l in range(natural("L", L) + 1)))

    @classmethod
    def exact(cls, L: int) -> Irreps:
        """V_L alone, with natural parity."""
        return cls(((1, Irrep.natural(natural("L", L))),))

    @classmethod
    def from_counts(cls, counts: Iterable[tuple[Irrep, int]]) -> Irreps:
        """Sorted irreps from ``(irrep, multiplicity)`` pairs."""
        total: Counter[Irrep] = Counter()
        for irrep, mul in counts:
            total[irrep] += mul
        return cls(tuple((mul, irrep) for irrep, mul in sorted(total.items())))

    @property
    def dim(self) -> int:
        """Σ multiplicity · (2l+1)."""
        return sum(mul * irrep.dim for mul, irrep in self.terms)

    @property
    def lmax(self) -> int:
        """The largest l that occurs; ValueError for the zero space."""
        if not self.terms:
            raise ValueError("the zero space has no largest l")
        return max(irrep.l for _, irrep in self.terms)

    def counts(self) -> dict[Irrep, int]:
        """Multiplicity of each irrep, sorted."""
        return {irrep: mul for mul, irrep in self.simplify().terms}

    def simplify(self) -> Irreps:
        """The same representation with equal irreps merged and sorted by l, then parity."""
        return Irreps.from_counts((irrep, mul) for mul, irrep in self.terms)

    def __add__(self, other: Irreps) -> Irreps:
        return Irreps(self.terms + other.terms)

    def __mul__(self, other: Irreps) -> Irreps:
        """The tensor product, decomposed, merged and sorted."""
        return Irreps.from_counts(
            (irrep, m1 * m2) for m1, a in self.terms for m2, b in other.terms for irrep in a * b
        )

    def __iter__(self) -> Iterator[tuple[int, Irrep]]:
        return iter(self.terms)

    def __len__(self) -> int:
        return len(self.terms)

    def __str__(self) -> str:
        return "+".join(f"{irrep}" if mul == 1 else f"{mul}x{irrep}" for mul, irrep in self.terms)

    def __repr__(self) -> str:
        return f"Irreps.parse('{self}')"


def feature_irreps(L: int, features: FeatureKind) -> Irreps:
    """The feature space named on the command line: ``"upto"`` is U_L, ``"exact"`` is V_L."""
    if features == "upto":
        return Irreps.upto(L)
    if features == "exact":
        return Irreps.exact(L)
    raise ValueError(f"features must be 'upto' or 'exact', got {features!r}")
