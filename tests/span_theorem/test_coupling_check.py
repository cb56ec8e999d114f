"""The certificate's checker accepts what is right and rejects every kind of tampering."""

from __future__ import annotations

import ast
import copy
import json
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import span_theorem.coupling_check as checker
from span_theorem.coupling import basis_certificate, coupling_basis, write_certificate
from span_theorem.coupling_check import MalformedCouplingError, RefutedError, check, main


def certificate(irreps="0e+1o+2e", degree=3, keep=None, power="symmetric"):
    made = basis_certificate(coupling_basis(irreps, degree, keep, power))
    return json.loads(json.dumps(made))


@pytest.mark.parametrize(
    "arguments",
    [
        ("0e+1o+2e", 3),
        ("2x1o+1e", 3),
        ("2x1o+1e", 2, "1e+7o", "tensor"),
        ("2", 5),
        ("2e", 6, "6e"),
        ("", 2),
        ("0e+2x2e", 3, None, "tensor"),
    ],
)
def test_accepts(arguments):
    made = certificate(*arguments)
    counts = check(made, full=True)
    expected = coupling_basis(*arguments).counts()
    assert counts == {str(irrep): n for irrep, n in expected.items()}


def test_a_degree_of_numpy_is_an_integer_in_the_certificate():
    made = basis_certificate(coupling_basis("1o", np.int64(2)))
    assert json.loads(json.dumps(made)) == certificate("1o", 2)


def drop_vector(c):
    c["vectors"].pop(3)


def repeat_vector(c):
    c["vectors"].append(copy.deepcopy(c["vectors"][0]))


def replace_by_another(c):
    c["vectors"][1] = copy.deepcopy(c["vectors"][0])


def change_coefficient(c):
    vector = next(v for v in c["vectors"] if len(v["terms"]) > 1)
    vector["terms"][0][1] = str(int(vector["terms"][0][1]) + 1 or 2)


def flip_sign(c):
    vector = next(v for v in c["vectors"] if len(v["terms"]) > 1)
    vector["terms"][0][1] = str(-int(vector["terms"][0][1]))


def drop_term(c):
    next(v for v in c["vectors"] if len(v["terms"]) > 1)["terms"].pop()


def no_terms(c):
    c["vectors"][0]["terms"] = []


def wrong_norm(c):
    c["vectors"][0]["norm2"] = "7/3"


def wrong_output(c):
    c["vectors"][0]["output"] = "1o"


def wrong_parity(c):
    vector = next(v for v in c["vectors"] if v["output"] == "2e")
    vector["output"] = "2o"


def wrong_degree_claim(c):
    c["outputs"] = ["0e", "1o"]


def no_vectors(c):
    c["vectors"] = []


def bigger_space(c):
    c["irreps"] += "+3o"


def other_power(c):
    c["power"] = "tensor"


REFUTED = [
    drop_vector, repeat_vector, replace_by_another, change_coefficient, flip_sign, drop_term,
    no_terms, wrong_norm, wrong_output, wrong_parity, wrong_degree_claim, no_vectors,
    bigger_space, other_power,
]  # fmt: skip


@pytest.mark.parametrize("tamper", REFUTED, ids=lambda f: f.__name__)
def test_refutes(tamper):
    document = certificate()
    tamper(document)
    with pytest.raises(RefutedError):
        check(document)


@pytest.mark.parametrize("sign", [1, -1])
def test_refutes_vectors_that_are_not_orthogonal(sign):
    document = certificate("2e", 6, "6e")
    first, second = document["vectors"][:2]
    total = {tuple(key): sign * int(value) for key, value in first["terms"]}
    for key, value in second["terms"]:
        total[tuple(key)] = total.get(tuple(key), 0) + int(value)
    second["terms"] = [[list(key), str(value)] for key, value in total.items() if value]
    norms = [Fraction(v["norm2"]) for v in (first, second)]
    second["norm2"] = f"{sum(norms).numerator}/{sum(norms).denominator}"
    with pytest.raises(RefutedError, match="orthogonal"):
        check(document)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), "other"),
        (("version",), 2),
        (("version",), True),
        (("degree",), 0),
        (("degree",), "3"),
        (("power",), "exterior"),
        (("irreps",), "1q"),
        (("irreps",), "1o+2"),
        (("irreps",), None),
        (("outputs",), "some"),
        (("outputs",), ["0e", "0e"]),
        (("verdict",), "verified"),
        (("vectors",), {}),
        (("vectors", 0, "extra"), 1),
        (("vectors", 0, "channels"), [0, 0]),
        (("vectors", 0, "channels"), [0, 0, 9]),
        (("vectors", 0, "channels"), [-1, 0, 0]),
        (("vectors", 5, "channels"), [2, 1, 0]),
        (("vectors", 0, "norm2"), "1"),
        (("vectors", 0, "norm2"), "-1/2"),
        (("vectors", 0, "norm2"), 1.0),
        (("vectors", 0, "terms", 0, 1), 1),
        (("vectors", 0, "terms", 0, 1), "0"),
        (("vectors", 0, "terms", 0, 1), "1.0"),
        (("vectors", 0, "terms", 0, 0), [0, 0]),
        (("vectors", 0, "terms", 0, 0), [5, 0, 0]),
        (("vectors", 0, "terms", 0, 0), [True, 0, 0]),
    ],
)
def test_malformed(path, value):
    document = certificate()
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(MalformedCouplingError):
        check(document)


def test_a_monomial_twice_or_out_of_order_is_malformed():
    document = certificate("1o", 2)
    vector = next(v for v in document["vectors"] if len(v["terms"]) > 1)
    twice = copy.deepcopy(document)
    target = next(v for v in twice["vectors"] if len(v["terms"]) > 1)
    target["terms"].append(target["terms"][0])
    with pytest.raises(MalformedCouplingError, match="twice"):
        check(twice)
    vector["terms"][0][0] = [1, -1]
    with pytest.raises(MalformedCouplingError, match="order"):
        check(document)


def test_every_single_coefficient_matters():
    """Mutation of each coefficient in turn: none may pass."""
    document = certificate("1o+2e", 2)
    for i, vector in enumerate(document["vectors"]):
        for j, (_, value) in enumerate(vector["terms"]):
            mutant = copy.deepcopy(document)
            mutant["vectors"][i]["terms"][j][1] = str(int(value) * 2)
            with pytest.raises(RefutedError):
                check(mutant)


def test_full_check_sees_a_wrong_chain():
    with pytest.raises(RefutedError, match="F\\^1 v"):
        checker._check_lowering(
            checker.Vector((1, 0), (0, 0), (1, 1), (1, 1), {(0, 0): 1}), symmetric=True
        )


def test_the_checker_imports_the_standard_library_only():
    tree = ast.parse(Path(checker.__file__).read_text(encoding="utf-8"))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module)
    assert {name.split(".")[0] for name in names} <= set(sys.stdlib_module_names)


def test_exit_codes(tmp_path, capsys):
    good = tmp_path / "good.json"
    write_certificate(coupling_basis("1o", 2), good)
    assert main([str(good), "--full"]) == 0
    assert capsys.readouterr().out == "accepted: 0e: 1, 2e: 1\n"
    document = json.loads(good.read_text())
    document["vectors"].pop()
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps(document))
    assert main([str(bad), "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["verdict"] == "rejected"
    bad.write_text("{")
    assert main([str(bad)]) == 2
    bad.write_text('{"format": 1, "format": 2}')
    assert main([str(bad)]) == 2
    assert main([str(tmp_path / "absent.json")]) == 2
    with pytest.raises(FileExistsError):
        write_certificate(coupling_basis("1o", 2), good)


def test_the_documented_example_is_what_is_made():
    guide = Path(__file__).parents[2] / "docs" / "coupling.md"
    text = guide.read_text(encoding="utf-8").split("```json\n")[1].split("```")[0]
    assert json.loads(text) == certificate("1o", 2, "0e")
    assert check(json.loads(text), full=True) == {"0e": 1}


@pytest.mark.parametrize(
    ("irreps", "outputs", "degree", "message"),
    [
        ("0e+1o", ["2"], 2, "both carry parities"),
        ("0+1", ["2e", "0e"], 2, "both carry parities"),
        ("0e+1o", [], 2, "no output is claimed"),
        ("1o", ["0e"], 10000, "1 … 1000"),
        ("10000x100e", ["1e"], 1, "dimensions"),
        ("201e", ["1e"], 1, "above 200"),
        ("200e", ["1e"], 100, "bytes to count"),
        ("24x200e", ["1e"], 20, "steps to count"),
    ],
    ids=["no parity", "parity", "nothing claimed", "degree", "copies", "l", "bytes", "steps"],
)
def test_claims_of_nothing_and_absurd_sizes_are_malformed(
    irreps: str, outputs: list[str], degree: int, message: str
) -> None:
    document = {
        "format": "span-theorem coupling certificate",
        "version": 1,
        "irreps": irreps,
        "degree": degree,
        "power": "symmetric",
        "outputs": outputs,
        "vectors": [],
    }
    with pytest.raises(MalformedCouplingError, match=message):
        check(document)
