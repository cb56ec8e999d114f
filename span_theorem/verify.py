"""Command line: verify the span theorem for one (L, d), refute a claim, or sweep.

Exit codes: 0 verified, 2 bad usage or input, 3 refuted, 4 undecided.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from span_theorem.certificate import MAX_SIZE as MAX_CERTIFICATE
from span_theorem.certificate import (
    check_command,
    counterexample_certificate,
    span_certificate,
    write_atomically,
)
from span_theorem.irreps import Features
from span_theorem.rank import dense_rank, weight_evidence
from span_theorem.report import Report, explanation, table
from span_theorem.span import boundary, span_dimension
from span_theorem.theorem import find_counterexample, prove_span

__all__ = ["main", "verify"]

EXIT_CODES = {"verified": 0, "refuted": 3, "undecided": 4}
EXIT_USAGE = 2

MAX_BOUNDARY = 512
"""Largest L, d and dL of the command line; the library functions have no limit."""

MAX_SWEEP = 12
MAX_DENSE = 4225  # functions for which the dense rank is run unasked: (8, 8)
MAX_BLOCKS = 64  # dL up to which the blocks are found unasked
MAX_OBSERVED = 200  # functions up to which the floating-point observation is run unasked
SEEDS = (0, 1, 2)


def verify(
    L: int,
    d: int,
    features: Features = "upto",
    *,
    claim: int | None = None,
    rank: str = "auto",
    observe: bool | None = False,
) -> Report:
    """Everything that is shown for one (L, d): exact proof, rank evidence, claim, observation.

    Args:
        L, d: integers ≥ 0.
        features: ``"upto"`` or ``"exact"``.
        claim: N, to decide "the span is H_≤N".
        rank: ``"auto"``, ``"dense"``, ``"blocks"``, ``"both"`` or ``"none"``.
        observe: run the registered floating-point observers; None where cheap.

    >>> verify(2, 2).verdict, verify(2, 2, claim=5).verdict
    ('verified', 'refuted')
    """
    start = time.perf_counter()
    report = Report(prove_span(L, d, features), claim=claim)
    dimension = report.proof.dimension
    if rank in ("dense", "both") or (rank == "auto" and dimension <= MAX_DENSE):
        for seed in SEEDS:
            report.dense = dense_rank(L, d, features, seed=seed)
            if report.dense.full:
                break
    if rank in ("blocks", "both") or (rank == "auto" and report.proof.boundary <= MAX_BLOCKS):
        report.blocks = weight_evidence(L, d, features)
    if claim is not None:
        report.counterexample = find_counterexample(L, d, claim, features)
    if observe or (observe is None and dimension <= MAX_OBSERVED):
        report.observations = [observer(L, d, features) for observer in _observers()]
    report.seconds = time.perf_counter() - start
    return report


def _observers() -> list[Callable[[int, int, str], dict[str, Any]]]:
    """Floating-point observers that other packages register; this layer knows none by name."""
    return [point.load() for point in entry_points(group="span_theorem.observers")]


def _bounded(name: str) -> Callable[[str], int]:
    def convert(text: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,4000}", text, re.ASCII):
            raise argparse.ArgumentTypeError(
                f"{name} must be an integer from 0 to {MAX_BOUNDARY}, got {text[:40]!r}"
            )
        value = int(text)
        if not 0 <= value <= MAX_BOUNDARY:
            raise argparse.ArgumentTypeError(
                f"{name} must be from 0 to {MAX_BOUNDARY}, got {text[:40]}"
            )
        return value

    return convert


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m span_theorem.verify",
        description="Verify exactly which spherical harmonics the products of d features of "
        "degree at most (or exactly) L span, and write a certificate.",
        epilog="Exit codes: 0 verified, 2 bad usage or input, 3 refuted, 4 undecided.",
    )
    parser.add_argument("--L", type=_bounded("L"), help="largest degree of the features")
    parser.add_argument("--d", type=_bounded("d"), help="degree of the products")
    parser.add_argument("--features", choices=("upto", "exact"), default="upto")
    parser.add_argument(
        "--claim", type=_bounded("claim"), metavar="N", help="decide 'the span is H_≤N'"
    )
    parser.add_argument(
        "--up-to", type=_bounded("up-to"), metavar="N", help="sweep all (L, d) with L, d ≤ N"
    )
    parser.add_argument("--explain", action="store_true", help="print the proof for all (L, d)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--certificate",
        type=Path,
        metavar="PATH",
        help="where to write the certificate (default: span-L…-d….cert.json in this folder)",
    )
    parser.add_argument("--no-certificate", action="store_true", help="write no certificate")
    parser.add_argument("--force", action="store_true", help="replace an existing certificate")
    parser.add_argument(
        "--rank",
        choices=("auto", "dense", "blocks", "both", "none"),
        default="auto",
        help="exact rank routes; auto runs what is affordable",
    )
    parser.add_argument(
        "--numeric",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="also observe the rank in floating point (default: where cheap)",
    )
    return parser


def _check_arguments(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    if args.up_to is not None:
        given = [
            name for name in ("L", "d", "claim", "certificate") if vars(args)[name] is not None
        ]
        if given:
            parser.error(f"--up-to takes no --{given[0]}")
        if args.up_to > MAX_SWEEP:
            parser.error(f"--up-to goes up to {MAX_SWEEP}, got {args.up_to}")
        ignored = [name for name in ("force", "no_certificate") if vars(args)[name]]
        if ignored:
            parser.error(f"--up-to writes no certificate: --{ignored[0].replace('_', '-')} is void")
        if args.numeric and not _observers():
            parser.error("--numeric needs an installed package that registers an observer")
        return
    if args.L is None or args.d is None:
        parser.error("--L and --d are both needed (or --up-to N)")
    if boundary(args.L, args.d) > MAX_BOUNDARY:
        parser.error(f"dL = {args.L * args.d} is above the limit {MAX_BOUNDARY}")
    if args.rank not in ("auto", "none") and boundary(args.L, args.d) > MAX_CERTIFICATE:
        parser.error(
            f"--rank {args.rank} goes up to dL = {MAX_CERTIFICATE} (hours and 16 GB beyond it)"
        )
    if args.certificate is not None:
        if args.no_certificate:
            parser.error("--certificate and --no-certificate exclude each other")
        if boundary(args.L, args.d) > MAX_CERTIFICATE:
            parser.error(f"certificates go up to dL = {MAX_CERTIFICATE}")
        try:
            folder, taken = args.certificate.resolve().parent, args.certificate.is_dir()
            missing = not folder.is_dir()
        except OSError as error:
            parser.error(f"--certificate: {error.strerror}")
        if missing:
            parser.error(f"no folder {folder} for the certificate")
        if taken:
            parser.error(f"{args.certificate} is a folder, not a certificate")
    if args.numeric and not _observers():
        parser.error("--numeric needs an installed package that registers an observer")


def _cost(L: int, d: int, features: Features, rank: str, certificate: bool) -> tuple[float, float]:
    """Rough seconds and GB, from cases measured on one core: within a factor of about three."""
    dimension, top = span_dimension(L, d, features), boundary(L, d)
    seconds, memory = 4e-6 * top**2 * d * (1 + top * d / 2e4), 0.1
    if rank in ("dense", "both") or (rank == "auto" and dimension <= MAX_DENSE):
        seconds += 22 * (dimension / 4225) ** 3
        memory += 1.1 * (dimension / 4225) ** 2
    if rank in ("blocks", "both") or (rank == "auto" and top <= MAX_BLOCKS) or certificate:
        seconds += 0.9 * (top / 64) ** 4 * max(1.0, d / 8 if features == "upto" else (d / 8) ** 3)
    return seconds, memory


def _announce_cost(cases: Sequence[tuple[int, int]], args: argparse.Namespace) -> None:
    """Before long work, what it will roughly cost."""
    asked = args.certificate is not None
    costs = [_cost(L, d, args.features, args.rank, asked) for L, d in cases]
    seconds, memory = sum(cost[0] for cost in costs), max(cost[1] for cost in costs)
    if seconds > 3:
        L, d = max(cases, key=lambda case: span_dimension(*case))
        print(
            f"{len(cases)} case(s), the largest with {span_dimension(L, d, args.features)} "
            f"functions: of the order of {seconds:.0f} s and {memory:.1f} GB "
            "(--rank none leaves the rank routes out)",
            file=sys.stderr,
        )


def _write_certificate(args: argparse.Namespace, report: Report) -> str | None:
    """Write the certificate where one is wanted and possible; the path, or None."""
    L, d, features = report.proof.L, report.proof.d, report.proof.features
    if args.no_certificate or boundary(L, d) > MAX_CERTIFICATE:
        return None
    if report.verdict != "verified" and report.counterexample is None:
        return None
    if report.counterexample is not None:
        content = counterexample_certificate(L, d, features, report.counterexample)
        suffix = f"-claim{report.claim}"
    else:
        blocks = report.blocks
        if blocks is None:
            if args.certificate is None:
                return None
            blocks = weight_evidence(L, d, features)
        content, suffix = span_certificate(report.proof, blocks), ""
    path = args.certificate or Path(f"span-L{L}-d{d}-{features}{suffix}.cert.json")
    try:
        # The content depends on nothing but the question: the same certificate is no conflict.
        same = json.loads(path.read_text(encoding="utf-8")) == content
    except (OSError, ValueError, RecursionError):
        same = False
    if not same:
        write_atomically(path, content, force=args.force)
    return str(path)


def _sweep(args: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.progress import track

    top = args.up_to
    cases = [(L, d) for L in range(top + 1) for d in range(top + 1)]
    _announce_cost(cases, args)
    console = Console(stderr=True)
    reports = [
        verify(L, d, args.features, rank=args.rank, observe=bool(args.numeric))
        for L, d in track(cases, "verifying", console=console, disable=not console.is_terminal)
    ]
    verdicts = {report.verdict for report in reports}
    verdict = next(v for v in ("refuted", "undecided", "verified") if v in verdicts)
    seconds = sum(report.seconds for report in reports)
    if args.json:
        summary = {
            "up_to": top,
            "features": args.features,
            "verdict": verdict,
            "seconds": round(seconds, 4),
            "cases": [report.as_dict() for report in reports],
        }
        print(json.dumps(summary))
    else:
        print("  L   d  boundary  dimension  dim Sym^d       kernel  m(dL)  verdict")
        for report in reports:
            proof = report.proof
            print(
                f"{proof.L:>3} {proof.d:>3}  {proof.boundary:>8}  {proof.dimension:>9}  "
                f"{proof.symmetric_dimension:>9}  {proof.kernel_dimension:>11}  "
                f"{proof.boundary_multiplicity:>5}  {report.verdict}"
            )
        print(f"\n{len(reports)} cases checked exactly in {seconds:.1f} s: {verdict}")
    return EXIT_CODES[verdict]


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of ``python -m span_theorem.verify``; the exit code."""
    parser = _parser()
    args = parser.parse_args(argv)
    _check_arguments(parser, args)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal without ≤ is no reason to crash
        sys.stdout.reconfigure(errors="backslashreplace")
    text, sound = explanation() if args.explain else ("", True)
    if not args.json and text:
        print(text)
    if args.up_to is not None:
        return _sweep(args) if sound else EXIT_CODES["refuted"]
    _announce_cost([(args.L, args.d)], args)
    report = verify(
        args.L, args.d, args.features, claim=args.claim, rank=args.rank, observe=args.numeric
    )
    report.sound = sound
    fault = ""
    try:
        report.certificate = _write_certificate(args, report)
    except OSError as error:
        fault = str(error)
    # What was shown is printed even where it could not be written down.
    if args.json:
        print(json.dumps(report.as_dict() | ({"explanation": text} if text else {})))
    else:
        print(table(report))
        if report.certificate is not None:
            print(f"certificate: {report.certificate}")
            print(f"check it: {check_command(report.certificate)}")
    if fault:
        print(f"{parser.prog}: no certificate written: {fault}", file=sys.stderr)
        if args.certificate is not None:
            return EXIT_USAGE
    return EXIT_CODES[report.verdict]


if __name__ == "__main__":
    sys.exit(main())
