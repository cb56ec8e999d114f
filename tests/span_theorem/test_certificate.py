"""Certificates: accepted when right, rejected after any mutation that changes their meaning."""

from __future__ import annotations

import copy
import json
import random
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import span_theorem.check as checker
from span_theorem import expand_product, find_counterexample, prove_span
from span_theorem.certificate import (
    counterexample_certificate,
    span_certificate,
)
from span_theorem.check import (
    MAX_SIZE,
    CertificateError,
    MalformedCertificateError,
    check_certificate,
    main,
)
from span_theorem.factors import Factors
from span_theorem.files import write_json
from span_theorem.rank import weight_evidence


def certificate(L: int, d: int, features: str = "upto") -> dict[str, Any]:
    return span_certificate(
        prove_span(L, d, features),  # type: ignore[arg-type]
        weight_evidence(L, d, features),  # type: ignore[arg-type]
    )


def refutation(L: int, d: int, claimed: int, features: str = "upto") -> dict[str, Any]:
    example = find_counterexample(L, d, claimed, features)  # type: ignore[arg-type]
    assert example is not None
    return counterexample_certificate(Factors.of(L, d, features), example)  # type: ignore[arg-type]


VALID = [
    certificate(2, 2),
    certificate(1, 3),
    certificate(3, 2, "exact"),
    certificate(2, 3, "exact"),
    certificate(1, 0),
    certificate(3, 1, "exact"),
    refutation(2, 2, 3),
    refutation(2, 2, 7),
    refutation(3, 2, 6, "exact"),
]


@pytest.mark.parametrize("features", ["upto", "exact"])
def test_every_small_certificate_is_accepted(features: str) -> None:
    for L in range(5):
        for d in range(5):
            sentence = check_certificate(json.dumps(certificate(L, d, features)))
            assert f"L = {L}, d = {d}" in sentence
            for claimed in range(L * d + 3):
                if find_counterexample(L, d, claimed, features) is not None:  # type: ignore[arg-type]
                    check_certificate(json.dumps(refutation(L, d, claimed, features)))


def test_the_examples_of_the_specification_are_accepted(repository: Path) -> None:
    page = (repository / "docs" / "certificate.md").read_text(encoding="utf-8")
    examples = re.findall(r"```json\n(.*?)```", page, re.S)
    assert len(examples) == 4
    for example in examples:
        check_certificate(example)
    assert json.loads(examples[0]) == certificate(1, 1)
    assert json.loads(examples[1]) == refutation(2, 2, 3)


# ------------------------------------------------------------------ mutations


def places(value: Any, path: tuple = ()) -> list[tuple]:
    """Paths to every scalar, list and object below ``value``."""
    found = [path] if path else []
    if isinstance(value, dict):
        for key, item in value.items():
            found += places(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found += places(item, (*path, index))
    return found


def at(value: Any, path: tuple) -> Any:
    for step in path:
        value = value[step]
    return value


def mutate(original: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """One random change of one place: value, type, deletion, addition or repetition."""
    changed = copy.deepcopy(original)
    path = rng.choice(places(changed))
    parent, key, value = at(changed, path[:-1]), path[-1], at(changed, path)
    kind = rng.choice(["value", "type", "delete", "add"])
    if kind == "delete":
        del parent[key]
    elif kind == "add" and isinstance(value, list):
        value.append(copy.deepcopy(value[-1]) if value else 0)
    elif kind == "add" and isinstance(value, dict):
        value["extra"] = 1
    elif kind == "type":
        parent[key] = rng.choice([None, 1.5, True, "x", [], {}, str(value), [value], -(10**30)])
    elif isinstance(value, int) and not isinstance(value, bool):
        parent[key] = value + rng.choice([-2, -1, 1, 2, 7])
    elif isinstance(value, str):
        parent[key] = rng.choice([value + "0", "-" + value, "1/7", "0", "upto", "exact", "span"])
    elif isinstance(value, list) and len(value) > 1 and value[0] != value[-1]:
        value[0], value[-1] = value[-1], value[0]
    else:
        parent[key] = "mutated"
    return changed


def same_meaning(original: dict[str, Any], changed: dict[str, Any]) -> bool:
    """Whether only free choices differ: which products and heights are the evidence.

    Decided without the checker: question, claim, multiplicities, degrees and constants are as
    before. For d = 0 the question does not depend on the features: the empty product is 1.
    """
    free = {"rank", "witnesses"} | ({"L", "features"} if original["d"] == 0 else set())
    for key in original.keys() - free:
        if original[key] != changed[key]:
            return False
    weights = [[block["weight"] for block in c["rank"]["blocks"]] for c in (original, changed)]
    constants = [
        [(w["degree"], w["square"], w["pi"]) for w in c["witnesses"]] for c in (original, changed)
    ]
    return weights[0] == weights[1] and constants[0] == constants[1]


def true_counterexample(c: dict[str, Any]) -> bool:
    """Whether a mutated counterexample is, by the theorem, another true one."""
    top, parity = c["L"] * c["d"], c["features"] == "exact"

    def inside(degree: int) -> bool:
        if not 0 <= degree <= top or (parity and (degree - top) % 2):
            return False
        return not (parity and c["d"] == 1) or degree == c["L"]

    if c["side"] == "span":
        return inside(c["degree"]) and c["degree"] > c["claimed"]
    return 0 <= c["degree"] <= c["claimed"] and not inside(c["degree"])


def attack(seed: int, attempts: int) -> tuple[int, int]:
    """How many mutants are rejected and accepted; an accepted one must be true."""
    rng = random.Random(seed)
    rejected = accepted = 0
    for _ in range(attempts):
        original = rng.choice(VALID)
        changed = mutate(original, rng)
        if json.dumps(changed, sort_keys=True) == json.dumps(original, sort_keys=True):
            continue
        try:
            check_certificate(json.dumps(changed))
        except CertificateError:
            rejected += 1
            continue
        accepted += 1
        if changed["kind"] == "counterexample":
            assert true_counterexample(changed), changed
        else:
            assert same_meaning(original, changed), changed
    return rejected, accepted


def test_mutations_that_change_the_meaning_are_rejected() -> None:
    rejected, accepted = attack(seed=20261124, attempts=4000)
    assert rejected >= 1000
    assert accepted <= 0.2 * rejected


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_many_mutations(seed: int) -> None:
    rejected, accepted = attack(seed, attempts=20_000)
    assert rejected >= 5000
    assert accepted <= 0.2 * rejected


def test_mutated_numbers_of_the_claim_are_always_rejected() -> None:
    for original in VALID:
        if original["kind"] != "span":
            continue
        for part in ("claim", "multiplicities"):
            for key, value in original[part].items():
                for wrong in (0, -1, 10**6) if isinstance(value, int) else ([], [99]):
                    if wrong == value:
                        continue
                    changed = copy.deepcopy(original)
                    changed[part][key] = wrong
                    with pytest.raises(CertificateError):
                        check_certificate(json.dumps(changed))


def with_change(path: tuple, value: Any, base: int = 0) -> str:
    changed = copy.deepcopy(VALID[base])
    at(changed, path[:-1])[path[-1]] = value
    return json.dumps(changed)


FAULTS = {
    "float": (with_change(("L",), 2.0), "floating-point"),
    "nan": (with_change(("L",), float("nan")), "floating-point"),
    "boolean": (with_change(("d",), True), "d is not an integer"),
    "negative": (with_change(("L",), -1), "outside"),
    "absurd": (with_change(("L",), 10**9), f"0 … {MAX_SIZE}"),
    "too large together": (
        json.dumps(VALID[0] | {"L": 100, "d": 100}),
        f"above the limit {MAX_SIZE}",
    ),
    "empty witnesses": (with_change(("witnesses",), []), "0 witnesses for 5 degrees"),
    "zero constant": (with_change(("witnesses", 0, "square"), "0"), "constant 0"),
    "wrong constant": (with_change(("witnesses", 4, "square"), "1/2"), "wrong constant"),
    "not lowest terms": (with_change(("witnesses", 4, "square"), "10/28"), "lowest terms"),
    "sign": (with_change(("witnesses", 4, "square"), "-5/14"), "wrong constant"),
    "pi": (with_change(("witnesses", 4, "pi"), 0), "pi of witness 4"),
    "too few factors": (with_change(("witnesses", 0, "factors"), []), "0 factors"),
    "factor above L": (
        with_change(("witnesses", 4, "factors", 0), [3, 2]),
        "allowed are [0, 1, 2]",
    ),
    "order above l": (with_change(("witnesses", 4, "factors", 0), [1, 2]), "outside -1 … 1"),
    "other degree": (
        with_change(("witnesses", 2, "factors", 0), [1, 0], 2),
        "allowed are [3]",
    ),
    "prime": (with_change(("rank", "prime"), 4), "rank.prime"),
    "equal heights": (with_change(("rank", "blocks", 0, "heights", 1), 2), "singular"),
    "no blocks": (with_change(("rank", "blocks"), []), "0 rank blocks"),
    "empty block": (with_change(("rank", "blocks", 1, "products"), []), "must have 4 products"),
    "weight": (with_change(("rank", "blocks", 1, "products", 0, 0), [1, 0]), "another weight"),
    "multiplicity": (with_change(("multiplicities", "2e"), 4), "multiplicity of 2e is 4"),
    "missing irrep": (with_change(("multiplicities",), {}), "recomputed"),
    "odd name": (with_change(("multiplicities", "02e"), 1), "not an irrep"),
    "dimension": (with_change(("claim", "dimension"), 24), "claim.dimension is 24"),
    "degrees": (with_change(("claim", "degrees"), [0, 1, 2, 3]), "claim.degrees"),
    "boolean degrees": (with_change(("claim", "degrees", 1), True), "not an integer"),
    "unknown field": (json.dumps(VALID[0] | {"verdict": "verified"}), "unknown field 'verdict'"),
    "unknown kind": (json.dumps(VALID[0] | {"kind": "magic"}), "kind"),
    "version": (json.dumps(VALID[0] | {"version": 3}), "version is 3"),
    "duplicate field": ('{"L": 1, "L": 1}', "'L' occurs twice"),
    "not an object": ("[]", "not a JSON object"),
    "not json": ("{", "not readable"),
    "deep": ("[" * 100000, "not readable"),
    "long integer": ('{"L": ' + "9" * 5000 + "}", "5000 digits"),
    "surrogate": ('{"\\ud800": 1}', "kind"),
    "claim that is true": (json.dumps(VALID[6] | {"claimed": 4}), "not in the span and outside"),
    "side": (json.dumps(VALID[6] | {"side": "both"}), "side"),
    "witness not null": (json.dumps(VALID[7] | {"witness": {}}), "null"),
    "inside after all": (json.dumps(VALID[7] | {"degree": 4}), "not in H"),
}


NOT_SHOWN = {
    "empty witnesses", "zero constant", "wrong constant", "sign", "pi", "equal heights",
    "no blocks", "empty block", "weight", "multiplicity", "missing irrep", "dimension", "degrees",
    "claim that is true", "inside after all", "prime",
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_named_and_told_from_a_file_that_cannot_be_read(fault: str) -> None:
    text, message = FAULTS[fault]
    with pytest.raises(CertificateError, match=re.escape(message)) as caught:
        check_certificate(text)
    assert isinstance(caught.value, MalformedCertificateError) == (fault not in NOT_SHOWN)


# ------------------------------------------------------------------ second routes


@pytest.mark.parametrize(("L", "d", "features"), [(3, 3, "upto"), (2, 4, "exact"), (4, 2, "upto")])
def test_coefficients_in_integers_agree_with_the_exact_layer(L: int, d: int, features: str) -> None:
    """All products with orders of both signs: integration over z against Gaunt coefficients."""
    rng = random.Random(5)
    seen = 0
    for _ in range(60):
        factors = []
        for _ in range(d):
            l = rng.randint(0, L) if features == "upto" else L
            factors.append((l, rng.randint(-l, l)))
        expansion = expand_product(factors)
        order = sum(m for _, m in factors)
        for degree in range(L * d + 2):
            found = checker._coefficient(factors, degree)
            surd = expansion.get((degree, order))
            expected = Fraction(0) if surd is None else surd.signed_square
            assert found == expected
            seen += found != 0
    assert seen > 60


def test_values_modulo_the_prime_agree_with_the_polynomials() -> None:
    for l, m, z in ((7, 2, 5), (6, 0, 11), (9, 9, 3), (10, 3, 123456)):
        polynomial = checker._legendre(l, m)
        value = sum(c * z ** (2 * k + (l - m) % 2) for k, c in enumerate(polynomial))
        expected = value * pow(2**l, -1, checker.PRIME) % checker.PRIME
        assert checker._legendre_mod(12, m, z)[l - m] == expected


def test_long_numbers_are_read_whatever_the_environment_says() -> None:
    for text in ("0", "-7", "1" + "0" * 599, "9" * 4000, "-" + "123456789" * 400):
        assert checker._whole(text) == Fraction(text)
    with pytest.raises(MalformedCertificateError, match="4002 digits"):
        checker._whole("1" * 4002)


# ------------------------------------------------------------------ files and command line


def test_the_checker_alone_in_an_isolated_interpreter(repository: Path, tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    write_json(path, VALID[0])
    command = [sys.executable, "-I", "-S", str(repository / "span_theorem" / "check.py"), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("accepted: L = 2, d = 2")


def test_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "c.json"
    write_json(path, VALID[0])
    assert main([str(path)]) == 0
    path.write_text(FAULTS["dimension"][0])
    assert main([str(path)]) == 3
    assert "rejected: claim.dimension is 24, recomputed 25" in capsys.readouterr().out
    path.write_text(json.dumps(VALID[0] | {"format": "\ud800"}))
    assert main([str(path)]) == 2
    path.write_bytes(b"\xff\xfe")
    assert main([str(path)]) == 2
    assert main([str(tmp_path / "absent")]) == 2
    assert main([str(tmp_path)]) == 2
    with pytest.raises(SystemExit) as usage:
        main([])
    assert usage.value.code == 2


def test_too_large_for_a_certificate() -> None:
    with pytest.raises(ValueError, match="L = 129, d = 1"):
        span_certificate(prove_span(129, 1), ())
