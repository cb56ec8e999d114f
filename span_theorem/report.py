"""What a verification shows, as text for people and as one JSON object."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any, Literal

from span_theorem._version import __version__
from span_theorem.irreps import Irrep
from span_theorem.rank import DenseRank, WeightBlock
from span_theorem.theorem import SpanProof
from span_theorem.witnesses import Claim, Counterexample, Witness

__all__ = ["Verdict", "VerificationReport", "explanation", "table"]

Verdict = Literal["verified", "refuted", "undecided"]


@dataclass(slots=True)
class VerificationReport:
    """A proof for one (L, d) with the rank evidence, the claim if one was made, and the time."""

    proof: SpanProof
    dense: DenseRank | None = None
    blocks: tuple[WeightBlock, ...] | None = None
    reason: str = ""
    """Why no block evidence was found, where it was asked for."""
    claim: Claim | None = None
    counterexample: Counterexample | None = None
    observations: list[dict[str, Any]] = field(default_factory=list)
    certificate: str | None = None
    seconds: float = 0.0
    sound: bool = True
    """Whether the identities of the general proof held, where they were checked."""

    @property
    def block_rank(self) -> int | None:
        """The lower bound for the dimension that the weight blocks show."""
        if self.blocks is None:
            return None
        return sum(len(b.products) * (1 if b.weight == 0 else 2) for b in self.blocks)

    @property
    def verdict(self) -> Verdict:
        """Refuted by a counterexample or a failed exact check; undecided by a rank too low."""
        if self.counterexample is not None or not (self.proof.holds and self.sound):
            return "refuted"
        expected = self.proof.dimension
        low_dense = self.dense is not None and not self.dense.full
        low_blocks = bool(self.reason) or self.block_rank not in (None, expected)
        return "undecided" if low_dense or low_blocks else "verified"

    def as_dict(self) -> dict[str, Any]:
        """A JSON-ready object; multiplicities are keyed by irreps such as ``"4e"``."""
        proof = self.proof
        extra: dict[str, Any] = {"reason": self.reason} if self.reason else {}
        if proof.features in ("irreps", "factors"):
            extra["factors"] = [str(space) for space in proof.factors.factor_spaces]
            extra["vanishing"] = list(proof.factors.vanishing)
            extra["product_dimension"] = proof.product_dimension
        return {
            "L": proof.L,
            "d": proof.d,
            "features": proof.features,
            "verdict": self.verdict,
            "dimension": proof.dimension,
            "boundary": proof.boundary,
            "boundary_multiplicity": proof.boundary_multiplicity,
            "degrees": list(proof.degrees),
            "multiplicities": _keyed(proof.multiplicities),
            "tensor_multiplicities": _keyed(proof.tensor_multiplicities),
            "symmetric_dimension": proof.symmetric_dimension,
            "kernel_dimension": proof.kernel_dimension,
            "stretched_constant": {
                "signed_square": str(proof.stretched.signed_square),
                "pi_power": proof.stretched.pi_power,
            },
            "witnesses": [_witness(witness) for witness in proof.witnesses],
            "checks": [asdict(check) for check in proof.checks],
            "rank": {
                "dense": None if self.dense is None else asdict(self.dense),
                "blocks": self.block_rank,
            },
            "observations": self.observations,
            "claim": claim_as_json(self.claim),
            "counterexample": _counterexample(self.counterexample),
            "certificate": self.certificate,
            "seconds": round(self.seconds, 4),
            "version": __version__,
        } | extra


def claim_as_json(claim: Claim | None) -> int | list[int] | None:
    """N, or the degrees claimed in ascending order."""
    return sorted(claim) if isinstance(claim, frozenset) else claim


def _keyed(multiplicities: dict[Irrep, int]) -> dict[str, int]:
    return {str(irrep): count for irrep, count in multiplicities.items()}


def _witness(witness: Witness) -> dict[str, Any]:
    return {
        "degree": witness.degree,
        "factors": [list(factor) for factor in witness.factors],
        "signed_square": str(witness.constant.signed_square),
        "pi_power": witness.constant.pi_power,
    }


def _counterexample(example: Counterexample | None) -> dict[str, Any] | None:
    if example is None:
        return None
    return {
        "claimed": claim_as_json(example.claimed),
        "degree": example.degree,
        "side": example.side,
        "witness": None if example.witness is None else _witness(example.witness),
    }


def _space(proof: SpanProof) -> str:
    if proof.features == "upto":
        return f"H_0 ⊕ … ⊕ H_{proof.boundary}" if proof.boundary else "H_0"
    degrees, listed = proof.degrees, 4 if proof.features == "exact" else 9
    if len(degrees) < listed:
        return " ⊕ ".join(f"H_{degree}" for degree in degrees)
    first, second, *_, last = degrees
    dots = "…" if proof.features == "exact" else f"… ({len(degrees)} degrees) …"
    return f"H_{first} ⊕ H_{second} ⊕ {dots} ⊕ H_{last}"


def _product_text(witness: Witness) -> str:
    if not witness.factors:
        return "1"
    groups: dict[tuple[int, int], int] = {}
    for factor in witness.factors:
        groups[factor] = groups.get(factor, 0) + 1
    return " ".join(
        f"Y({l},{m})" + (f"^{count}" if count > 1 else "") for (l, m), count in groups.items()
    )


def _constant_text(witness: Witness) -> str:
    constant = witness.constant
    pi = {0: "", 1: "·π"}.get(constant.pi_power, f"·π^{constant.pi_power}")
    square = str(constant.square)
    square = square if len(square) <= 28 else f"{float(constant.square):.6g} (exact in --json)"
    return f"{'−' if constant.sign < 0 else ''}√({square}{pi})"


def table(report: VerificationReport, rows: int = 24) -> str:
    """The readable report; at most ``rows`` lines of the table of degrees."""
    proof = report.proof
    lines = [
        *_heading(proof),
        "",
        f"   ℓ  {'in Sym^d' if proof.factors.symmetric else '        '}  in U^⊗d  "
        "witness, and its coefficient on Y_{ℓ,Σm}",
    ]
    shown = proof.witnesses
    if len(shown) > rows:
        shown = (*shown[: rows // 2], *shown[-(rows // 2) :])
    for previous, witness in zip((None, *shown), shown, strict=False):
        if previous is not None and proof.degrees.index(witness.degree) > 1 + proof.degrees.index(
            previous.degree
        ):
            lines.append("   …  (all in --json)")
        irrep = proof.factors.harmonic_irrep(witness.degree)
        symmetric = _short(proof.multiplicities.get(irrep, 0)) if proof.factors.symmetric else ""
        lines.append(
            f"{witness.degree:>4}  {symmetric:>8}  "
            f"{_short(proof.tensor_multiplicities.get(irrep, 0)):>7}  "
            f"{_product_text(witness)}: {_constant_text(witness)}"
        )
    lines += ["", f"Checked exactly for {_case(proof)}:"]
    lines += [f"  [{'ok' if c.holds else 'FAILED'}] {c.label:<3} {c.text}" for c in proof.checks]
    lines += [f"  {line}" for line in _rank_lines(report)]
    for seen in report.observations:
        lines += ["Observed numerically:", f"  {seen['text']}"]
    if report.counterexample is not None:
        lines += ["", _refutation(report.counterexample, proof)]
    elif report.claim is not None:
        lines += ["", f"The claim holds: the span is {_claimed(report.claim)}."]
    lines += ["", f"verdict: {report.verdict} ({report.seconds:.2f} s)"]
    return "\n".join(lines)


def _heading(proof: SpanProof) -> list[str]:
    factors = proof.factors
    theorem = "T1" if proof.features == "exact" and proof.d < 2 else proof.theorem
    if factors.symmetric:
        plain = ", ".join(str(irrep) for _, irrep in proof.irreps)
        plain = plain if len(plain) < 60 else str(proof.irreps)
        power = f"Sym^{proof.d}"
    else:
        plain, power = " ⊗ ".join(str(space) for space in factors.spaces), "the tensor product"
    title = f"Span theorem ({theorem}) for {_case(proof)}"
    title += f", features {proof.features}: {plain}" if proof.features in ("upto", "exact") else ""
    bound = f"dL = {proof.boundary}" if proof.features in ("upto", "exact") else proof.boundary
    lines = [
        title,
        f"  products of {proof.d} span {_space(proof)}, dimension {proof.dimension}; "
        f"boundary {bound}",
    ]
    if factors.vanishing:
        lines.append(f"  vanish on one direction: {', '.join(factors.vanishing)}")
    return [
        *lines,
        f"  {power}: dimension {proof.product_dimension}; on one direction "
        f"{proof.dimension} survive, {proof.kernel_dimension} vanish",
    ]


def _case(proof: SpanProof) -> str:
    if proof.features in ("upto", "exact"):
        return f"L = {proof.L}, d = {proof.d}"
    return f"products in {proof.factors}"


def _claimed(claim: Claim) -> str:
    if isinstance(claim, int):
        return f"H_≤{claim}"
    return " ⊕ ".join(f"H_{degree}" for degree in sorted(claim)) or "0"


def _short(count: int) -> str:
    if count < 10**7:
        return str(count)
    return f"{count if count < 10**300 else Decimal(count):.2e}"  # no float is above 10^308


def _rank_lines(report: VerificationReport) -> list[str]:
    expected = report.proof.dimension
    lines = []
    label = "T1″" if report.proof.theorem == "T1″" else "T1"
    if report.dense is not None:
        dense = report.dense
        lines.append(
            f"[{'ok' if dense.full else 'LOW'}] {label:<3} rank of the evaluation map ≥ "
            f"{dense.rank} of {expected} (random products at {dense.points} rational points "
            f"modulo {dense.prime}, "
            f"seed {dense.seed})"
        )
    if report.block_rank is not None:
        lines.append(
            f"[{'ok' if report.block_rank == expected else 'LOW'}] {label:<3} rank by weight ≥ "
            f"{report.block_rank} of {expected} (nonsingular blocks, what a certificate holds)"
        )
    if report.reason:
        lines.append(f"[LOW] {label:<3} rank by weight: {report.reason}")
    return lines or ["[--] rank route not run at this size"]


def _refutation(example: Counterexample, proof: SpanProof) -> str:
    head = f"Refuted: the span is not {_claimed(example.claimed)}."
    if example.side == "span" and example.witness is not None:
        return (
            f"{head} It contains H_{example.degree}, since "
            f"{_product_text(example.witness)} has the coefficient "
            f"{_constant_text(example.witness)} there."
        )
    boundary = "dL" if proof.features in ("upto", "exact") else "the boundary"
    reason = (
        f"is above {boundary} = {proof.boundary}"
        if example.degree > proof.boundary
        else "is excluded by the parity and triangle rules"
    )
    return (
        f"{head} H_{example.degree} is in the claim and not in the span: degree "
        f"{example.degree} {reason}."
    )


def explanation() -> tuple[str, bool]:
    """The proof for all (L, d) as text, each identity with sympy's answer; whether all held."""
    from span_theorem.general import STEPS

    lines = ["Proof for all L and d; the algebra of each step checked symbolically by sympy.", ""]
    sound = True
    for number, step in enumerate(STEPS, 1):
        lines += [f"{number}. [{step.label}] {step.title}", f"   {step.argument}"]
        for identity in step.identities():
            holds = identity.holds()
            sound &= holds
            lines.append(f"   [{'ok' if holds else 'FAILED'}] {identity.text}")
        lines.append("")
    return "\n".join(lines), sound
