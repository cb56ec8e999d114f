"""The question of the span theorem: which feature spaces are multiplied, and how many of them.

T1 multiplies d features of degree at most L, T1′ features of degree exactly L, T1″ features of any
degrees, different ones for different factors if need be. As functions of one direction only the
irreps of natural parity (-1)^l are harmonics; the others (1e, 2o, …) vanish there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from span_theorem.arguments import natural
from span_theorem.irreps import FeatureKind, Irrep, Irreps, feature_irreps

__all__ = ["Factors", "grown", "natural_degrees", "reach", "survives"]


def reach(sets: Iterable[Iterable[int]]) -> frozenset[int]:
    """The degrees ℓ of the harmonics spanned by products f_1 ⋯ f_d, f_i ∈ ⊕_{l ∈ S_i} H_l (T1″).

    reach(S_1) = S_1, and one more factor adds every ℓ with |ℓ'-l| ≤ ℓ ≤ ℓ'+l and ℓ+ℓ'+l even, for
    some ℓ' reached so far and some l of the factor. No factor gives the constants, {0}.

    Raises:
        ValueError: for an empty set or a negative degree. TypeError: for anything but integers.

    >>> sorted(reach([{0, 2, 4}, {1}]))
    [1, 3, 5]
    """
    checked = [frozenset(natural("degree", l) for l in degrees) for degrees in sets]
    for number, degrees in enumerate(checked, 1):
        if not degrees:
            raise ValueError(f"factor {number} holds no degree: at least one is needed")
    return _reach(checked)


def _reach(sets: Iterable[Iterable[int]]) -> frozenset[int]:
    reached = frozenset([0])
    for degrees in sets:
        reached = grown(reached, degrees)
    return reached


def grown(reached: Iterable[int], degrees: Iterable[int]) -> frozenset[int]:
    """The degrees that one more factor with these ``degrees`` reaches."""
    return frozenset(
        new for l in degrees for old in reached for new in range(abs(old - l), old + l + 1, 2)
    )


def natural_degrees(irreps: Irreps) -> tuple[int, ...]:
    """The degrees of the irreps that do not vanish on one direction, ascending, each once.

    Those of natural parity (-1)^l; where the irreps carry no parity, all of them.

    >>> natural_degrees(Irreps.parse("0e+1e+2x2e+3o"))
    (0, 2, 3)
    """
    return tuple(sorted({irrep.l for _, irrep in irreps if survives(irrep)}))


def survives(irrep: Irrep) -> bool:
    """Whether the irrep has natural parity, or none: the others vanish on directions."""
    return irrep.p in (0, -1 if irrep.l % 2 else 1)


@dataclass(frozen=True, slots=True)
class Factors:
    """The feature spaces U_1, …, U_d whose products are formed.

    Made by :meth:`of` (T1, T1′), :meth:`power` or :meth:`different` (T1″).

    Attributes:
        kind: ``"upto"`` or ``"exact"`` (powers of U_L or V_L), ``"irreps"`` (powers of any U) or
            ``"factors"`` (one space for each factor).
        spaces: U alone for a power, U_1, …, U_d for different factors.
        d: the number of factors.
    """

    kind: Literal["upto", "exact", "irreps", "factors"]
    spaces: tuple[Irreps, ...]
    d: int

    @classmethod
    def of(cls, L: int, d: int, features: FeatureKind = "upto") -> Factors:
        """d factors of degree at most (``"upto"``) or exactly (``"exact"``) L.

        >>> Factors.of(2, 2).degrees
        ((0, 1, 2), (0, 1, 2))
        """
        return cls(features, (feature_irreps(L, features),), natural("d", d))

    @classmethod
    def power(cls, irreps: Irreps | str, d: int) -> Factors:
        """d factors from one feature space U, as in Sym^d(U).

        Raises:
            ValueError: where U cannot be read or vanishes on one direction.

        >>> Factors.power("0e+2e+4e", 3).reached
        (0, 2, 4, 6, 8, 10, 12)
        """
        return cls("irreps", (_space(irreps, "irreps"),), natural("d", d))

    @classmethod
    def different(cls, spaces: Iterable[Irreps | str]) -> Factors:
        """One factor from each of the spaces, as in U_1 ⊗ … ⊗ U_d.

        Raises:
            ValueError: where there is none, or one cannot be read or vanishes on one direction.

        >>> Factors.different(["0e+1o+2e", "1o"]).reached
        (0, 1, 2, 3)
        """
        read = tuple(_space(irreps, f"factor {i}") for i, irreps in enumerate(spaces, 1))
        if not read:
            raise ValueError("at least one factor is needed, got none")
        if len({ir.p == 0 for space in read for _, ir in space}) > 1:
            raise ValueError("either all factors carry parities or none does")
        return cls("factors", read, len(read))

    @property
    def symmetric(self) -> bool:
        """Whether all factors are the same features, so that their order does not matter."""
        return self.kind != "factors"

    @property
    def factor_spaces(self) -> tuple[Irreps, ...]:
        """U_1, …, U_d, one entry for every factor."""
        return self.spaces * self.d if self.symmetric else self.spaces

    @property
    def degrees(self) -> tuple[tuple[int, ...], ...]:
        """S_1, …, S_d: the degrees of every factor on one direction, ascending."""
        if self.symmetric:
            return (natural_degrees(self.spaces[0]),) * self.d
        return tuple(natural_degrees(space) for space in self.spaces)

    @property
    def L(self) -> int:
        """The largest degree of a feature on one direction."""
        return max(max(natural_degrees(space)) for space in self.spaces)

    @property
    def boundary(self) -> int:
        """The largest degree reached: the sum of the largest degrees of the factors, dL for T1."""
        return sum(max(degrees) for degrees in self.degrees)

    @property
    def reached(self) -> tuple[int, ...]:
        """The degrees that the products span, ascending: T1 and T1′ in closed form, T1″ else."""
        if self.kind in ("upto", "exact"):
            return tuple(self._closed_form())
        return tuple(sorted(_reach(self.degrees)))

    def _closed_form(self) -> range:
        top = self.boundary
        if self.kind == "upto":
            return range(top + 1)
        return range(top, top + 1) if self.d == 1 else range(top % 2, top + 1, 2)

    @property
    def dimension(self) -> int:
        """Σ (2ℓ+1) over the degrees reached."""
        return sum(2 * degree + 1 for degree in self.reached)

    def harmonic_irrep(self, degree: int) -> Irrep:
        """V_degree with the parity of a harmonic, or none where the factors carry none."""
        plain = any(irrep.p == 0 for space in self.spaces for _, irrep in space)
        return Irrep(degree) if plain else Irrep.natural(degree)

    @property
    def stretchable(self) -> bool:
        """Whether every factor holds all degrees up to its largest one."""
        return all(len(degrees) == max(degrees) + 1 for degrees in self.degrees)

    @property
    def vanishing(self) -> tuple[str, ...]:
        """The irreps that vanish on one direction (1e, 2o, …), sorted, each once."""
        found = {ir for space in self.spaces for _, ir in space if not survives(ir)}
        return tuple(str(ir) for ir in sorted(found))

    def __str__(self) -> str:
        if self.symmetric:
            return f"({self.spaces[0]})^{self.d}"
        return " ⊗ ".join(f"({space})" for space in self.spaces)


def _space(irreps: Irreps | str, name: str) -> Irreps:
    read = Irreps.parse(irreps) if isinstance(irreps, str) else irreps
    if not natural_degrees(read):
        raise ValueError(
            f"{name} {str(read)!r} vanishes on one direction: at least one irrep of natural parity "
            "is needed, such as 0e, 1o, 2e"
            if read
            else f"{name} must hold at least one irrep, got {str(irreps)!r}"
        )
    return read
