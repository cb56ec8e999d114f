"""Certificates of version 2: any factors, sets of degrees claimed, several directions."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest

from span_theorem.certificate import (
    counterexample_certificate,
    directions_certificate,
    span_certificate,
)
from span_theorem.check import CertificateError, MalformedCertificateError, check_certificate
from span_theorem.directions import prove_directions
from span_theorem.factors import Factors
from span_theorem.rank import weight_blocks
from span_theorem.theorem import prove_products
from span_theorem.witnesses import refute


def span(factors: Factors) -> dict[str, Any]:
    return span_certificate(prove_products(factors), weight_blocks(factors))


def refutation(factors: Factors, *claimed: int) -> dict[str, Any]:
    example = refute(factors, frozenset(claimed))
    assert example is not None
    return counterexample_certificate(factors, example)


VALID = {
    "power": span(Factors.power("0e+2e", 2)),
    "channels": span(Factors.power("2x1o+1e+2o", 2)),
    "tensor": span(Factors.different(["0e+1o", "2e", "1o"])),
    "no parity": span(Factors.different(["0+2", "1"])),
    "nothing": span(Factors.power("2e+3o", 0)),
    "too much": refutation(Factors.power("0e+2e", 2), 0, 2),
    "too little": refutation(Factors.of(2, 2), 0, 1, 2, 3, 4, 7),
    "directions": directions_certificate(prove_directions(2, 2, 2)),
    "one direction": directions_certificate(prove_directions(1, 2, 1)),
    "no degrees": directions_certificate(prove_directions(0, 3, 2)),
}


@pytest.mark.parametrize("name", VALID)
def test_valid_ones_are_accepted_and_are_version_2(name: str) -> None:
    assert VALID[name]["version"] == 2
    check_certificate(json.dumps(VALID[name]))


def test_what_is_accepted_says_what_was_asked() -> None:
    sentences = {name: check_certificate(json.dumps(c)) for name, c in VALID.items()}
    assert "degree 2 in 0e+2e: the span is H_ℓ, ℓ in [0, 2, 4]" in sentences["power"]
    assert "(0e+1o) ⊗ (2e) ⊗ (1o)" in sentences["tensor"]
    assert "H_4 lies in the span" in sentences["too much"]
    assert "H_7 does not lie in the span" in sentences["too little"]
    assert "2 directions: 13 tuples, dimension 113" in sentences["directions"]


def test_the_examples_of_the_specification_are_what_is_written(repository: Path) -> None:
    page = (repository / "docs" / "certificate.md").read_text(encoding="utf-8")
    examples = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", page, re.S)]
    assert examples[2] == VALID["too much"]
    assert examples[3] == directions_certificate(prove_directions(1, 2, 2))


def scalars(value: Any, path: tuple = ()) -> list[tuple]:
    if isinstance(value, dict):
        return [p for key, item in value.items() for p in scalars(item, (*path, key))]
    if isinstance(value, list):
        return [p for i, item in enumerate(value) for p in scalars(item, (*path, i))]
    return [path]


def changed(name: str, path: tuple, new: Any) -> str:
    certificate = copy.deepcopy(VALID[name])
    place = certificate
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = new
    return json.dumps(certificate)


@pytest.mark.parametrize("name", VALID)
def test_every_changed_number_is_rejected(name: str) -> None:
    """All numbers but the free choices: products and heights of the blocks, factors."""
    rejected = 0
    for path in scalars(VALID[name]):
        if path[0] == "rank" or ("factors" in path[-3:] and path[0] != "products"):
            continue
        value = VALID[name]
        for step in path:
            value = value[step]
        if isinstance(value, int) and not isinstance(value, bool):
            wrong: list[Any] = [value + 1, value - 1, value + 7, str(value), True, None, -value - 9]
        else:
            wrong = [None, 0, "", f"{value}0", f"1{value}", [value]]
        for new in wrong:
            if true_nonetheless(name, path, new) or (new is None and value is None):
                continue
            with pytest.raises(CertificateError):
                check_certificate(changed(name, path, new))
            rejected += 1
    assert rejected > 20


def true_nonetheless(name: str, path: tuple, new: Any) -> bool:
    """A change after which the certificate states something else that is true as well."""
    if name.startswith("too") and path[0] == "products":
        return True  # a refutation may hold of other products too
    if path[0] == "claimed":
        # Another set that is wrong for the same reason.
        listed = list(VALID[name]["claimed"])
        listed[path[1]] = new
        ascending = all(type(x) is int and x >= 0 for x in listed) and listed == sorted(set(listed))
        degree = VALID[name]["degree"]
        return ascending and (degree in listed) == (VALID[name]["side"] == "claim")
    if path == ("degree",):
        return (
            name == "too little" and type(new) is int and new in VALID[name]["claimed"] and new > 4
        )
    if name == "no degrees" and path == ("d",):
        return type(new) is int and new >= 0
    # The empty product is 1, whatever the features are.
    return name == "nothing" and path == ("products", "irreps") and bool(new) and type(new) is str


FAULTS = {
    "no products": ({"products": None}, "power", "products names no power"),
    "no harmonic": ({"products": {"power": "symmetric", "irreps": "1e", "degree": 2}}, "power",
                    "holds no harmonic"),
    "odd text": ({"products": {"power": "symmetric", "irreps": "0e+", "degree": 2}}, "power",
                 "not an irrep"),
    "mixed": ({"products": {"power": "tensor", "factors": ["0e", "1"]}}, "tensor", "some none"),
    "too high": ({"products": {"power": "symmetric", "irreps": "65o", "degree": 2}}, "power",
                 "above the limit 128"),
    "too many states": ({"products": {"power": "symmetric", "irreps": "999999x0e", "degree": 1}},
                        "power", "too many states"),
    "no factor": ({"products": {"power": "tensor", "factors": []}}, "tensor", "factors are 0"),
    "unsorted": ({"claimed": [2, 0]}, "too much", "not ascending"),
    "many claimed": ({"claimed": list(range(2000))}, "too much", "at most 1024"),
    "version 1": ({"version": 1}, "directions", "belong to version 2"),
    "many directions": ({"directions": 17}, "directions", "outside 1 … 16"),
    "many tuples": ({"L": 16, "d": 8, "directions": 8}, "directions", "more than 4096 tuples"),
    "version 3": ({"version": 3}, "power", "reads versions 1 and 2"),
    "unknown field": ({"verdict": "verified"}, "power", "unknown field"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_of_the_format_are_named(fault: str) -> None:
    change, name, message = FAULTS[fault]
    with pytest.raises(MalformedCertificateError, match=re.escape(message)):
        check_certificate(json.dumps(VALID[name] | change))


def test_claims_that_are_not_shown_are_rejected() -> None:
    witness = VALID["directions"]["witnesses"][4]
    assert len(witness["factors"]) == 2
    wasteful = copy.deepcopy(VALID["directions"])
    # H_2 by two factors: a true witness, but two of them are more than the budget.
    wasteful["witnesses"][2] = {
        "degree": 2, "factors": [[1, 1], [1, 1]], "square": "3/10", "pi": -1,
    }  # fmt: skip
    with pytest.raises(CertificateError, match="take more than 2 factors"):
        check_certificate(json.dumps(wasteful))
    zero = copy.deepcopy(VALID["power"])
    zero["witnesses"][0]["square"] = "0"
    with pytest.raises(CertificateError, match="constant 0"):
        check_certificate(json.dumps(zero))
    foreign = copy.deepcopy(VALID["tensor"])
    foreign["witnesses"][0]["factors"][0] = [2, 0]
    with pytest.raises(CertificateError, match=re.escape("allowed are [0, 1]")):
        check_certificate(json.dumps(foreign))
    singular = copy.deepcopy(VALID["power"])
    singular["rank"]["blocks"][0]["heights"][1] = singular["rank"]["blocks"][0]["heights"][0]
    with pytest.raises(CertificateError, match="singular"):
        check_certificate(json.dumps(singular))


@pytest.mark.parametrize(
    "make",
    [
        lambda: span_certificate(prove_products(Factors.power("99999x0e+1o", 2)), ()),
        lambda: span_certificate(prove_products(Factors.power("0e+70o+2e", 2)), ()),
        lambda: directions_certificate(prove_directions(3, 4, 6)),
    ],
    ids=["channels", "weights", "tuples"],
)
def test_beyond_the_limits_nothing_is_written(make: Any) -> None:
    with pytest.raises(ValueError, match=r"certificates go up to|too many"):
        make()
