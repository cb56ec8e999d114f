"""What is shown for several directions (T7) and for a density (T8), as text and as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from span_theorem._version import __version__
from span_theorem.density import DensityRanks
from span_theorem.directions import DirectionsProof
from span_theorem.factors import Factors, natural_degrees, survives
from span_theorem.multiplicity import irrep_dimension_sum, multiplicities
from span_theorem.rank import DenseRank
from span_theorem.report import Verdict
from span_theorem.theorem import Comparison

__all__ = ["DensityReport", "DirectionsReport"]


@dataclass(slots=True)
class DirectionsReport:
    """The proof of T7 for one (L, d, K) with its rank, where one was taken."""

    proof: DirectionsProof
    dense: DenseRank | None = None
    certificate: str | None = None
    seconds: float = 0.0
    sound: bool = True
    """Whether the identities of the general proof held, where they were checked."""

    @property
    def verdict(self) -> Verdict:
        """Refuted by a failed exact check; undecided by a rank too low."""
        if not (self.proof.holds and self.sound):
            return "refuted"
        return "undecided" if self.dense is not None and not self.dense.full else "verified"

    def as_dict(self) -> dict[str, Any]:
        """A JSON-ready object; ``reached`` lists the tuples (ℓ_1, …, ℓ_K)."""
        proof = self.proof
        return {
            "L": proof.L,
            "d": proof.d,
            "directions": proof.directions,
            "verdict": self.verdict,
            "dimension": proof.dimension,
            "angle": proof.angle,
            "reached": [list(degrees) for degrees in proof.reached],
            "checks": [asdict(check) for check in proof.checks],
            "rank": {"dense": None if self.dense is None else asdict(self.dense)},
            "certificate": self.certificate,
            "seconds": round(self.seconds, 4),
            "version": __version__,
        }

    def text(self, rows: int = 24) -> str:
        """The readable report; tuples that differ by order alone are listed once."""
        proof = self.proof
        K, d, L = proof.directions, proof.d, proof.L
        lines = [
            f"Several directions (T7) for L = {L}, d = {d}, {K} direction{'s' * (K > 1)}",
            f"  products of {d} span the H_ℓ₁ ⊗ … ⊗ H_ℓK with Σ⌈ℓ_i/L⌉ ≤ {d}: "
            f"{len(proof.reached)} tuples, dimension {proof.dimension}",
        ]
        if proof.angle is not None:
            lines.append(
                f"  angle between two directions: Legendre degrees up to L·⌊d/2⌋ = {proof.angle}"
            )
        unordered = sorted({tuple(sorted(t, reverse=True)) for t in proof.reached}, reverse=True)
        lines += ["", f"Tuples reached, up to order ({len(unordered)}):"]
        lines += [f"  {' '.join(map(str, degrees))}" for degrees in unordered[:rows]]
        if len(unordered) > rows:
            lines.append("  …  (all in --json)")
        lines += ["", f"Checked exactly for L = {L}, d = {d}, {K} directions:"]
        lines += _check_lines(proof.checks)
        lines.append(_rank_line(self.dense))
        return "\n".join([*lines, "", f"verdict: {self.verdict} ({self.seconds:.2f} s)"])


@dataclass(slots=True)
class DensityReport:
    """T8 for one feature space and one number of neighbours."""

    question: dict[str, Any]
    """The keys ``L``, ``d``, ``features`` of the JSON object."""
    ranks: DensityRanks
    seconds: float = 0.0
    sound: bool = True
    checks: tuple[Comparison, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.checks = density_checks(self.ranks)

    @property
    def verdict(self) -> Verdict:
        """Refuted by a failed exact check."""
        held = self.sound and all(check.holds for check in self.checks)
        return "verified" if held else "refuted"

    def as_dict(self) -> dict[str, Any]:
        """A JSON-ready object; ``surviving`` is keyed by irreps as ``multiplicities`` is."""
        ranks = self.ranks
        return self.question | {
            "density": ranks.neighbours,
            "irreps": str(ranks.irreps),
            "verdict": self.verdict,
            "multiplicities": {str(ir): n for ir, n in ranks.multiplicities.items()},
            "surviving": {str(ir): n for ir, n in ranks.surviving.items()},
            "symmetric_dimension": irrep_dimension_sum(ranks.multiplicities),
            "surviving_dimension": ranks.dimension,
            "checks": [asdict(check) for check in self.checks],
            "seconds": round(self.seconds, 4),
            "version": __version__,
        }

    def text(self) -> str:
        """The readable report."""
        ranks = self.ranks
        d, K = ranks.degree, ranks.neighbours
        neighbours = f"{K} neighbour{'s' * (K > 1)}"
        lines = [
            f"Density of {neighbours} (T8): products of {d} components of {ranks.irreps}",
            f"  Sym^{d} has dimension {irrep_dimension_sum(ranks.multiplicities)}; as functions of "
            f"the {neighbours} {ranks.dimension} survive",
            "",
            f"     ℓ  in Sym^d  survive  lost   (products that depend on others at {neighbours})",
        ]
        for irrep, row in ranks.outputs.items():
            lost = row.multiplicity - row.surviving
            lines.append(f"  {irrep!s:>4}  {row.multiplicity:>8}  {row.surviving:>7}  {lost:>4}")
        lines += ["", f"Checked exactly for {ranks.irreps}, d = {d}, {neighbours}:"]
        lines += _check_lines(self.checks)
        return "\n".join([*lines, "", f"verdict: {self.verdict} ({self.seconds:.2f} s)"])


def density_checks(ranks: DensityRanks) -> tuple[Comparison, ...]:
    """What T1, T2 and T8 say beforehand about the ranks."""
    found, survive = ranks.multiplicities, ranks.surviving
    counted = multiplicities(ranks.irreps, ranks.degree)
    checks = [
        Comparison(
            "T2",
            f"{sum(found.values())} coupling vectors, for every output as many as the characters "
            "say",
            found == {irrep: counted.get(irrep, 0) for irrep in found},
        )
    ]
    if ranks.neighbours == 1 and natural_degrees(ranks.irreps):
        factors = Factors.power(ranks.irreps, ranks.degree)
        expected = {factors.harmonic_irrep(degree) for degree in factors.reached}
        checks.append(
            Comparison(
                "T1″",
                "one neighbour is one direction: every degree reached survives once, nothing else",
                survive == {irrep: int(irrep in expected) for irrep in found},
            )
        )
    if ranks.neighbours >= ranks.degree and _single_and_natural(ranks):
        checks.append(
            Comparison(
                "T8",
                f"at least as many neighbours as factors ({ranks.neighbours} ≥ {ranks.degree}): "
                "nothing is lost",
                survive == found,
            )
        )
    return tuple(checks)


def _single_and_natural(ranks: DensityRanks) -> bool:
    return all(mul == 1 and survives(irrep) for irrep, mul in ranks.irreps.counts().items())


def _check_lines(checks: tuple[Comparison, ...]) -> list[str]:
    return [f"  [{'ok' if c.holds else 'FAILED'}] {c.label:<3} {c.text}" for c in checks]


def _rank_line(dense: DenseRank | None) -> str:
    if dense is None:
        return "  [--] rank route not run at this size"
    return (
        f"  [{'ok' if dense.full else 'LOW'}] T7  rank of the evaluation map ≥ {dense.rank} of "
        f"{dense.expected} (random products at {dense.points} rational points modulo "
        f"{dense.prime}, seed {dense.seed})"
    )
