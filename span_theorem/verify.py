"""Verify the span theorem for one case, refute a claim, or sweep over many cases.

One direction (T1, T1′, T1″): ``--L 2 --d 2``, ``--irreps "0e+2e" --d 3`` or ``--factors 0e+1o 1o``.
Several directions (T7): ``--L 2 --d 2 --directions 2``. A density (T8): ``--density 2``.
Exit codes: 0 verified, 2 bad usage or input, 3 refuted, 4 undecided.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from span_theorem import command, cost
from span_theorem.arguments import shown
from span_theorem.certificate import (
    MAX_SIZE,
    certifiable,
    check_command,
    check_directions,
    counterexample_certificate,
    directions_certificate,
    span_certificate,
)
from span_theorem.command import Exit, Result, say
from span_theorem.facade import make_callable
from span_theorem.factors import Factors
from span_theorem.files import write_text
from span_theorem.irreps import FeatureKind, Irreps
from span_theorem.rank import DenseRank, product_rank, weight_blocks
from span_theorem.registered import registered, resolve
from span_theorem.report import VerificationReport, explanation, table
from span_theorem.theorem import prove_products
from span_theorem.verify_options import asked_factors, check_arguments, verify_parser
from span_theorem.witnesses import Claim, refute

if TYPE_CHECKING:
    from span_theorem.views import DensityReport, DirectionsReport

__all__ = ["main", "verify", "verify_density", "verify_directions", "verify_products"]

EXIT_CODES = {"verified": Exit.OK, "refuted": Exit.REFUTED, "undecided": Exit.UNDECIDED}

MAX_OBSERVED = 200  # functions up to which the floating-point observation is run unasked
SEEDS = (0, 1, 2)


def verify(
    L: int,
    d: int,
    features: FeatureKind = "upto",
    *,
    claim: Claim | None = None,
    rank: str = "auto",
    observe: bool | None = False,
) -> VerificationReport:
    """Everything that is shown for one (L, d): exact proof, rank evidence, claim, observation.

    Args:
        L, d: integers ≥ 0.
        features: ``"upto"`` or ``"exact"``.
        claim: N, to decide "the span is H_≤N", or a frozenset of degrees.
        rank: ``"auto"``, ``"dense"``, ``"blocks"``, ``"both"`` or ``"none"``.
        observe: run the registered floating-point observers; None where cheap.

    >>> verify(2, 2).verdict, verify(2, 2, claim=5).verdict
    ('verified', 'refuted')
    """
    return verify_products(Factors.of(L, d, features), claim=claim, rank=rank, observe=observe)


def verify_products(
    factors: Factors,
    *,
    claim: Claim | None = None,
    rank: str = "auto",
    observe: bool | None = False,
) -> VerificationReport:
    """:func:`verify` for products of features of any degrees (T1″).

    >>> verify_products(Factors.power("0e+2e", 2), claim=frozenset([0, 2, 4])).verdict
    'verified'
    """
    start = time.perf_counter()
    report = VerificationReport(prove_products(factors), claim=claim)
    if cost.wants_dense(factors.dimension, rank):
        report.dense = _dense(lambda seed: product_rank(factors, seed=seed))
    if cost.wants_blocks(factors, rank):
        _find_blocks(report)
    if claim is not None:
        report.counterexample = refute(factors, claim)
    cheap = report.proof.dimension <= MAX_OBSERVED
    if factors.kind in ("upto", "exact") and (observe or (observe is None and cheap)):
        L, d, kind = factors.L, factors.d, factors.kind
        report.observations = [observer(L, d, kind) for observer in _observers()]
    report.seconds = time.perf_counter() - start
    return report


def _dense(rank: Callable[[int], DenseRank]) -> DenseRank:
    """The first rank that is full, or that of the last seed: a lower bound, as each of them."""
    for seed in SEEDS:
        found = rank(seed)
        if found.full:
            break
    return found


def _find_blocks(report: VerificationReport) -> None:
    try:
        report.blocks = weight_blocks(report.proof.factors)
    except ArithmeticError as error:  # nothing is shown by that route, and nothing is refuted
        report.reason = str(error)


def verify_directions(L: int, d: int, directions: int, *, rank: str = "auto") -> DirectionsReport:
    """What is shown for products of features of several directions (T7).

    >>> verify_directions(2, 2, 2).verdict
    'verified'
    """
    from span_theorem.directions import directions_rank, prove_directions
    from span_theorem.views import DirectionsReport

    start = time.perf_counter()
    report = DirectionsReport(prove_directions(L, d, directions))
    if cost.wants_dense(report.proof.dimension, rank):
        report.dense = _dense(lambda seed: directions_rank(L, d, directions, seed=seed))
    report.seconds = time.perf_counter() - start
    return report


def verify_density(
    irreps: Irreps | str, d: int, neighbours: int, question: dict[str, Any] | None = None
) -> DensityReport:
    """What is shown for products of a density of ``neighbours`` neighbours (T8).

    >>> verify_density("0e+1o+2e", 3, 2).verdict
    'verified'
    """
    from span_theorem.density import surviving
    from span_theorem.views import DensityReport

    start = time.perf_counter()
    asked = question or {"d": d, "features": "irreps"}
    report = DensityReport(asked, surviving(irreps, d, neighbours))
    report.seconds = time.perf_counter() - start
    return report


def _observers() -> list[Callable[[int, int, str], dict[str, Any]]]:
    """Floating-point observers that other packages register; this layer knows none by name."""
    return [resolve(target) for target in registered("span_theorem.observers").values()]


# ---------------------------------------------------------------- work


def _work(args: argparse.Namespace) -> Result:
    check_arguments(args)
    if args.numeric and not _observers():
        raise ValueError("--numeric needs an installed package that registers an observer")
    factors = None if args.up_to is not None else asked_factors(args)
    text, sound = explanation() if args.explain else ("", True)
    if factors is None:
        return _sweep(args, text, sound)
    if args.directions is not None:
        report: Any = _directions(args)
        shown_text = report.text()
    elif args.density is not None:
        question = {"L": factors.L, "d": factors.d, "features": factors.kind}
        report = verify_density(factors.spaces[0], factors.d, args.density, question)
        shown_text = report.text()
    else:
        report = _one_direction(args, factors)
        shown_text = table(report)
    report.sound = sound
    fault = _write_certificate(args, report)
    if getattr(report, "certificate", None) is not None:
        path = report.certificate
        shown_text = table(report) if isinstance(report, VerificationReport) else report.text()
        shown_text += f"\ncertificate: {path}\ncheck it: {check_command(path)}"
    if fault:
        say(f"no certificate written: {fault}")
    data = report.as_dict() | ({"explanation": text} if text else {})
    code = EXIT_CODES[report.verdict]
    if fault and args.certificate is not None:
        code = Exit.USAGE
    return Result("\n".join(part for part in (text, shown_text) if part), data, code)


def _one_direction(args: argparse.Namespace, factors: Factors) -> VerificationReport:
    cost.announce_cases([factors], args.rank, args.certificate is not None)
    report = verify_products(factors, claim=args.claim, rank=args.rank, observe=args.numeric)
    missing = report.blocks is None and not report.reason and report.counterexample is None
    if args.certificate is not None and missing and report.verdict == "verified":
        _find_blocks(report)
    return report


def _directions(args: argparse.Namespace) -> DirectionsReport:
    from span_theorem.directions import directions_dimension

    dimension = directions_dimension(args.L, args.d, args.directions)
    if args.rank == "dense" and dimension > cost.MAX_ASKED:
        raise ValueError(
            f"--rank dense goes up to {cost.MAX_ASKED} functions, got {shown(dimension)}"
        )
    if args.certificate is not None:
        check_directions(args.L, args.d, args.directions)
    cost.announce_functions(dimension, args.rank)
    return verify_directions(args.L, args.d, args.directions, rank=args.rank)


def _write_certificate(args: argparse.Namespace, report: Any) -> str:
    """Write the certificate where one is wanted and possible; the fault in words, or nothing."""
    if args.no_certificate or args.density is not None:
        return ""
    try:
        found = _certificate(report)
        if found is None:
            if args.certificate is not None:
                say(f"no certificate written: the case is {report.verdict}")
            return ""
        content, name = found
        path = args.certificate or Path(f"span-{name}.cert.json")
        text = json.dumps(content, ensure_ascii=False, separators=(", ", ": ")) + "\n"
        # The content depends on nothing but the question: the same certificate is no conflict.
        if not (path.is_file() and _reads_as(path, content)):
            write_text(path, text, force=args.force)
        report.certificate = str(path)
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or str(error)
    return ""


def _reads_as(path: Path, content: dict[str, Any]) -> bool:
    try:
        return bool(json.loads(path.read_text(encoding="utf-8")) == content)
    except (OSError, ValueError, RecursionError):
        return False


def _certificate(report: Any) -> tuple[dict[str, Any], str] | None:
    """The certificate and the middle of its file name; None where there is none to write."""
    if not isinstance(report, VerificationReport):
        proof = report.proof
        if report.verdict != "verified" or not certifiable(proof.L, proof.d, proof.directions):
            return None
        return directions_certificate(proof), f"L{proof.L}-d{proof.d}-directions{proof.directions}"
    factors = report.proof.factors
    if factors.boundary > MAX_SIZE or factors.d > MAX_SIZE:
        return None
    name = _case_name(factors)
    if report.counterexample is not None:
        claim = report.claim
        text = str(claim) if isinstance(claim, int) else "_".join(map(str, sorted(claim or ())))
        content = counterexample_certificate(factors, report.counterexample)
        return content, f"{name}-claim{text[:80]}"
    if report.verdict != "verified" or report.blocks is None:
        return None
    return span_certificate(report.proof, report.blocks), name


def _case_name(factors: Factors) -> str:
    if factors.kind in ("upto", "exact"):
        return f"L{factors.L}-d{factors.d}-{factors.kind}"
    spaces = "_".join(str(space).replace("+", "-") for space in factors.spaces)
    return f"{spaces[:80]}-d{factors.d}"


def _sweep(args: argparse.Namespace, text: str, sound: bool) -> Result:
    from rich.console import Console
    from rich.progress import track

    top = args.up_to
    features: FeatureKind = args.features or "upto"
    cases = [Factors.of(L, d, features) for L in range(top + 1) for d in range(top + 1)]
    cost.announce_cases(cases, args.rank, certificate=False)
    console = Console(stderr=True)
    reports = [
        verify_products(factors, rank=args.rank, observe=bool(args.numeric))
        for factors in track(cases, "verifying", console=console, disable=not console.is_terminal)
    ]
    for report in reports:
        report.sound = sound
    verdicts = {report.verdict for report in reports}
    verdict = next(v for v in ("refuted", "undecided", "verified") if v in verdicts)
    seconds = sum(report.seconds for report in reports)
    lines = [text] if text else []
    lines.append("  L   d  boundary  dimension  dim Sym^d       kernel  m(dL)  verdict")
    for report in reports:
        proof = report.proof
        lines.append(
            f"{proof.L:>3} {proof.d:>3}  {proof.boundary:>8}  {proof.dimension:>9}  "
            f"{proof.symmetric_dimension:>9}  {proof.kernel_dimension:>11}  "
            f"{proof.boundary_multiplicity:>5}  {report.verdict}"
        )
    lines.append(f"\n{len(reports)} cases checked exactly in {seconds:.1f} s: {verdict}")
    data = {
        "up_to": top,
        "features": features,
        "verdict": verdict,
        "seconds": round(seconds, 4),
        "cases": [report.as_dict() for report in reports],
    }
    return Result("\n".join(lines), data, EXIT_CODES[verdict])


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of ``python -m span_theorem.verify``; the exit code."""
    return command.run(verify_parser(), argv, _work)


make_callable(__name__, "span_theorem.verify:verify")

if __name__ == "__main__":
    raise SystemExit(main())
