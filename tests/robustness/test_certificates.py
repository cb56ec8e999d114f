"""Certificates of every kind with a value planted in every field, and mutants with seeds.

The checkers' own tests say which fault is named how; here every outcome is 0, 2 or 3 and one line,
and a mutant is accepted only where it is true.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from span_theorem import prove_span
from span_theorem.certificate import (
    counterexample_certificate,
    directions_certificate,
    span_certificate,
)
from span_theorem.coupling import basis_certificate, coupling_basis
from span_theorem.directions import prove_directions
from span_theorem.factors import Factors
from span_theorem.rank import weight_blocks, weight_evidence
from span_theorem.theorem import prove_products
from span_theorem.witnesses import refute

PAYLOADS: list[Any] = [
    None, True, False, 0, 1, -1, 7, 2**31 - 1, 2**64, 10**40, 1.5, 1e300, "", "0", "1", "-1",
    "1/0", "0/1", "2/4", "-0", "1" * 700, "é", "\ud800", "x\ny", "\x1b[31m", "[/x]", "all", "0e",
    "999999x9e", [], {}, [[]], [0], [None], [[0, 0]], ["0e"], {"": 0}, {"x": {"x": []}},
    "x" * 100_000, [0] * 10_000,
]  # fmt: skip


def span(L: int, d: int, features: Any = "upto") -> dict[str, Any]:
    return span_certificate(prove_span(L, d, features), weight_evidence(L, d, features))


def products(irreps: str, d: int) -> dict[str, Any]:
    factors = Factors.power(irreps, d)
    return span_certificate(prove_products(factors), weight_blocks(factors))


def counterexample(factors: Factors, claimed: Any) -> dict[str, Any]:
    example = refute(factors, claimed)
    assert example is not None
    return counterexample_certificate(factors, example)


def coupling(irreps: str, degree: int, keep: str | None, power: Any) -> dict[str, Any]:
    return basis_certificate(coupling_basis(irreps, degree, keep, power))


CERTIFICATES: dict[str, tuple[str, Callable[[], dict[str, Any]]]] = {
    "span": ("check", lambda: span(2, 2)),
    "span, exact": ("check", lambda: span(2, 3, "exact")),
    "span, version 2": ("check", lambda: products("0e+2e", 2)),
    "counterexample": ("check", lambda: counterexample(Factors.of(2, 2), 3)),
    "counterexample, version 2": (
        "check",
        lambda: counterexample(Factors.power("0e+2e", 2), frozenset({0, 2})),
    ),
    "directions": ("check", lambda: directions_certificate(prove_directions(1, 2, 2))),
    "coupling": ("coupling-check", lambda: coupling("1o+2e", 2, None, "symmetric")),
    "coupling, tensor": ("coupling-check", lambda: coupling("2x1o", 2, "0e+2e", "tensor")),
    "coupling, no parity": ("coupling-check", lambda: coupling("2", 3, "0", "symmetric")),
}


def places(node: Any, path: tuple[Any, ...] = (), most: int = 3) -> Iterator[tuple[Any, ...]]:
    """Paths to every entry, and to the first and last few of long lists."""
    if isinstance(node, dict):
        keys: list[Any] = list(node)
    elif isinstance(node, list):
        keys = list(range(len(node)))
        if len(keys) > 2 * most:
            keys = keys[:most] + keys[-most:]
    else:
        return
    for key in keys:
        yield (*path, key)
        yield from places(node[key], (*path, key), most)


def planted(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    made = copy.deepcopy(document)
    node = made
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    return made


def attack(
    name: str, documents: Iterator[Any], call: Callable[..., Any], folder: Path
) -> dict[int, int]:
    """Check every document; how many outcomes of each code there were. Accepted ones are true."""
    command, make = CERTIFICATES[name]
    original = json.loads(json.dumps(make()))
    codes = {0: 0, 2: 0, 3: 0}
    path = folder / "c.json"
    for document in documents:
        path.write_text(json.dumps(document), encoding="utf-8")
        outcome = call(command, "c.json")
        assert not outcome.fault(), (str(outcome), document)
        assert len((outcome.out + outcome.err).splitlines()) == 1
        codes[outcome.code] += 1
        if outcome.code == 0:
            assert meaning(document) == meaning(original) or is_true(document), document
    return codes


def meaning(document: dict[str, Any]) -> Any:
    """What a certificate claims: everything but the evidence that may be chosen freely."""
    if "vectors" not in document:
        return {k: v for k, v in document.items() if k not in ("rank", "witnesses", "witness")}
    outputs = document["outputs"]
    return [
        {k: v for k, v in document.items() if k not in ("vectors", "outputs")},
        sorted(outputs) if isinstance(outputs, list) else outputs,
    ]


def is_true(document: dict[str, Any]) -> bool:
    """Whether another claim is true as well, by the exact layer."""
    if document.get("kind") == "counterexample":
        if document["version"] == 1:
            factors = Factors.of(document["L"], document["d"], document["features"])
        else:
            asked = document["products"]
            factors = Factors.power(asked["irreps"], asked["degree"])
        claimed, degree = document["claimed"], document["degree"]
        listed = degree <= claimed if isinstance(claimed, int) else degree in claimed
        return listed != (degree in factors.reached)
    if "vectors" in document:
        outputs = document["outputs"]
        keep = None if outputs == "all" else "+".join(outputs)
        basis = coupling_basis(document["irreps"], document["degree"], keep, document["power"])
        made = basis_certificate(basis)["vectors"]
        return len(made) == len(document["vectors"])
    return False


@pytest.mark.parametrize("name", CERTIFICATES)
def test_a_payload_in_every_field(name: str, call: Any, tmp_path: Path) -> None:
    original = json.loads(json.dumps(CERTIFICATES[name][1]()))
    rng = random.Random(20261125)
    some = sorted(set(places(original, most=1)), key=str)
    # A few payloads for each place; the slow test takes more of both.
    documents = (
        planted(original, path, value) for path in some for value in rng.sample(PAYLOADS, 6)
    )
    codes = attack(name, documents, call, tmp_path)
    assert codes[2] > 20
    assert codes[3] > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", CERTIFICATES)
def test_many_payloads_in_every_field(name: str, call: Any, tmp_path: Path) -> None:
    original = json.loads(json.dumps(CERTIFICATES[name][1]()))
    rng = random.Random(20261126)
    documents = (
        planted(original, path, value)
        for path in places(original)
        for value in rng.sample(PAYLOADS, 15)
    )
    codes = attack(name, documents, call, tmp_path)
    assert codes[2] > 100
    assert codes[3] > 3


def mutant(original: Any, rng: random.Random) -> Any:
    """One random change: a number moved, entries swapped, dropped, doubled or exchanged."""
    made = copy.deepcopy(original)
    path = rng.choice(list(places(made, most=100)))
    node = made
    for step in path[:-1]:
        node = node[step]
    value = node[path[-1]]
    kind = rng.randrange(4)
    if kind == 0:
        del node[path[-1]]
    elif kind == 1 and isinstance(node, list):
        node.insert(rng.randrange(len(node) + 1), copy.deepcopy(rng.choice(node)))
    elif kind == 2 and isinstance(node, list):
        rng.shuffle(node)
    elif isinstance(value, bool) or value is None:
        node[path[-1]] = rng.choice(PAYLOADS[:20])
    elif isinstance(value, int):
        node[path[-1]] = value + rng.choice((-2, -1, 1, 2))
    elif isinstance(value, str):
        node[path[-1]] = _other_text(value, rng)
    else:
        node[path[-1]] = rng.choice(PAYLOADS)
    return made


def _other_text(value: str, rng: random.Random) -> str:
    try:
        number = Fraction(value)
    except (ValueError, ZeroDivisionError):
        return rng.choice([value[:-1], value + "0", value.upper(), value.replace("e", "o")])
    changed = rng.choice([-number, number * 2, number + 1, number / 3])
    return f"{changed.numerator}/{changed.denominator}" if "/" in value else str(changed)


def run_mutants(name: str, seed: int, attempts: int, call: Any, folder: Path) -> None:
    rng = random.Random(seed)
    original = json.loads(json.dumps(CERTIFICATES[name][1]()))
    codes = attack(name, (mutant(original, rng) for _ in range(attempts)), call, folder)
    assert codes[2] + codes[3] > attempts // 3


@pytest.mark.parametrize("name", CERTIFICATES)
def test_no_mutant_is_a_forgery(name: str, call: Any, tmp_path: Path) -> None:
    run_mutants(name, 1, 100, call, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 4))
@pytest.mark.parametrize("name", CERTIFICATES)
def test_no_mutant_of_many_is_a_forgery(name: str, seed: int, call: Any, tmp_path: Path) -> None:
    run_mutants(name, seed, 1000, call, tmp_path)
