"""Writing certificates: format in docs/certificate.md, checker in :mod:`span_theorem.check`."""

from __future__ import annotations

import json
import os
import shlex
import tempfile
from pathlib import Path
from typing import Any

from span_theorem.irreps import Features
from span_theorem.rank import PRIME, WeightBlock
from span_theorem.theorem import Counterexample, SpanProof, Witness

__all__ = [
    "MAX_SIZE",
    "check_command",
    "counterexample_certificate",
    "span_certificate",
    "write_atomically",
]

MAX_SIZE = 128
"""Largest L, d and dL that a certificate may have (the checker's own limit)."""


def check_command(path: str | Path, checker: str = "check.py") -> str:
    """The shell command that checks the certificate ``path`` by the file of a checker alone.

    With ``-I`` Python imports nothing from the current folder or the environment.
    """
    program = Path(__file__).resolve().with_name(checker)
    return f"python -I {shlex.quote(str(program))} {shlex.quote(str(path))}"


def _head(kind: str, L: int, d: int, features: Features) -> dict[str, Any]:
    if max(L, d, L * d) > MAX_SIZE:
        raise ValueError(f"certificates go up to L, d, dL ≤ {MAX_SIZE}, got L = {L}, d = {d}")
    return {
        "format": "span-theorem-certificate",
        "version": 1,
        "kind": kind,
        "L": L,
        "d": d,
        "features": features,
    }


def _witness(witness: Witness) -> dict[str, Any]:
    return {
        "degree": witness.degree,
        "factors": [list(factor) for factor in witness.factors],
        "square": str(witness.constant.signed_square),
        "pi": witness.constant.pi_power,
    }


def span_certificate(proof: SpanProof, blocks: tuple[WeightBlock, ...]) -> dict[str, Any]:
    """The certificate of a span as a JSON-ready object."""
    return _head("span", proof.L, proof.d, proof.features) | {
        "claim": {
            "degrees": list(proof.degrees),
            "dimension": proof.dimension,
            "boundary": proof.boundary,
            "boundary_multiplicity": proof.boundary_multiplicity,
            "symmetric_dimension": proof.product_dimension,
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


def counterexample_certificate(
    L: int, d: int, features: Features, example: Counterexample
) -> dict[str, Any]:
    """The certificate that the span is not H_{≤claimed}, as a JSON-ready object."""
    return _head("counterexample", L, d, features) | {
        "claimed": example.claimed,
        "degree": example.degree,
        "side": example.side,
        "witness": None if example.witness is None else _witness(example.witness),
    }


def write_atomically(path: str | Path, content: dict[str, Any], *, force: bool = False) -> None:
    """Write JSON so that the file is whole or absent, and never over another without ``force``.

    Raises:
        FileExistsError: where ``path`` exists and ``force`` is false; nothing is changed.
    """
    target = Path(path)
    if target.exists() and not force:
        raise FileExistsError(f"{target} exists; give --force to replace it")
    text = json.dumps(content, ensure_ascii=False, separators=(", ", ": ")) + "\n"
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        if force:
            os.replace(temporary, target)
        else:
            _link(temporary, target)
    except FileExistsError:
        raise FileExistsError(f"{target} exists; give --force to replace it") from None
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)


def _link(temporary: str, target: Path) -> None:
    """Give a finished file its name; FileExistsError where another process was faster."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        with open(target, "x", encoding="utf-8"):
            os.replace(temporary, target)
