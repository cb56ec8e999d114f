"""From configurations to degrees: formulas, files of trainers, and everything that is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from span_theorem import Irreps, multiplicities
from span_theorem.architecture import (
    e3nn_layers,
    equivariant_layers,
    layers_from_mapping,
    layers_from_text,
    mace_layers,
    nequip_layers,
    output_degree,
)
from span_theorem.architecture.__main__ import main
from span_theorem.directions import angle_boundary, reached_degrees

HIDDEN = Irreps.parse("128x0e+128x1o")


@pytest.mark.parametrize("L", range(4))
@pytest.mark.parametrize("factors", range(1, 5))
def test_the_degree_of_outputs_by_listing_couplings(L: int, factors: int) -> None:
    # T7 with two directions, of which the second stands for all the others: (ℓ, ℓ') couples to an
    # output of degree l only where |ℓ - ℓ'| ≤ l.
    tuples = reached_degrees(L, factors, 2)
    for output in range(L * factors + 2):
        expected = max(a for a, b in tuples if abs(a - b) <= output)
        assert output_degree(L, factors, output) == expected
    assert output_degree(L, factors, 0) == angle_boundary(L, factors)
    assert output_degree(L, factors, L * factors) == L * factors


def test_arguments_are_judged() -> None:
    with pytest.raises(ValueError, match="factors must be an integer ≥ 0, got -1"):
        output_degree(3, -1, 0)
    for kind in ("MACE", "sevennet"):  # whose keys are others
        with pytest.raises(ValueError, match=f"kind must be 'mace' or 'nequip', got '{kind}'"):
            layers_from_mapping(kind, {"lmax": 3})


def test_mace() -> None:
    first, second = mace_layers(3, 3, HIDDEN, 2)
    assert first.degree_in_one_direction == 9
    assert first.degree_of_features == 4
    assert first.angle == 3
    assert first.total_degree == 1
    assert second.degree_in_one_direction == 3 * (3 + 9)
    assert second.degree_of_features == 3 * (3 + 4)
    assert second.total_degree == 0
    assert first.polynomial
    assert "not polynomial" in second.note
    counted = multiplicities("0e+1o+2e+3o", 3)
    for irrep, row in first.products.items():
        assert row.coupled == counted[irrep]
        assert row.surviving[1] == 1
        assert row.surviving[3] == row.surviving[4] == row.coupled
    assert second.products[Irreps.parse("0e").terms[0][1]].surviving == {}


def test_scalars_alone_still_see_one_direction() -> None:
    (only,) = mace_layers(3, 3, Irreps.parse("128x0e"), 1)
    assert (only.degree_in_one_direction, only.degree_of_features) == (9, 3)
    assert (only.total_degree, str(only.features)) == (0, "128x0e")


def _degrees_by_messages(L: int, order: int, layers: int, top: int) -> set[tuple[int, int, int]]:
    """(degree in r_ij, degree in r_im, l) that the rules allow for the last features of an atom i.

    By messages on the graph of an atom i and two neighbours j and m, as MACE sends them; features
    and sums are cut to the degrees that MACE keeps, and the features of all three atoms are listed.
    """

    def couple(a: int, b: int, step: int) -> range:
        return range(abs(a - b), a + b + 1, step)

    def allowed(a: int, b: int, l: int) -> bool:
        return abs(a - b) <= l <= a + b

    neighbours = {"i": [("j", 0), ("m", 1)], "j": [("i", 0)], "m": [("i", 1)]}
    features = {atom: {(0, 0, 0)} for atom in neighbours}
    for layer in range(1, layers + 1):
        following = {}
        for atom, edges in neighbours.items():
            sums = {(0, 0, 0)}
            for other, edge in edges:
                for a, b, l in features[other]:
                    for h in range(L + 1):
                        for e in couple((a, b)[edge], h, 2):
                            pair = (e, b) if edge == 0 else (a, e)
                            sums |= {
                                (*pair, k) for k in couple(l, h, 1) if k <= L and allowed(*pair, k)
                            }
            products = {(0, 0, 0)}
            for _ in range(order):
                products = {
                    (a, b, l)
                    for a1, b1, l1 in products
                    for a2, b2, l2 in sums
                    for a in couple(a1, a2, 2)
                    for b in couple(b1, b2, 2)
                    for l in couple(l1, l2, 1)
                    if allowed(a, b, l)
                }
            kept = 0 if layer == layers else top
            following[atom] = {state for state in products if state[2] <= kept}
        features = following
    return features["i"]


@pytest.mark.parametrize(
    ("L", "order", "layers", "top"),
    [(1, 1, 3, 1), (2, 1, 3, 1), (1, 1, 4, 0), (1, 2, 2, 1), (1, 3, 2, 0), (2, 2, 2, 0)],
)
def test_the_angle_of_a_deep_mace_by_listing_messages(
    L: int, order: int, layers: int, top: int
) -> None:
    """From the third layer on one factor sees several edges, so the factors do not bound it."""
    hidden = Irreps(Irreps.upto(top).terms)
    last = mace_layers(L, order, hidden, layers, 1)[-1]
    states = _degrees_by_messages(L, order, layers, top)
    found = max(a for a, b, l in states if a == b and l == 0)
    assert last.angle is not None
    assert last.degree_of_features is not None
    assert found <= last.angle
    assert max(a for a, _, _ in states) <= last.degree_of_features
    if (L, order, layers) == (1, 1, 3):  # Σ_j r_ij · Σ_m r_im, which is a sum of cosines
        assert found == last.angle == 1


def test_hidden_irreps_of_both_parities_have_more_products_behind_the_first_layer() -> None:
    first, second = mace_layers(1, 2, Irreps.parse("8x0e+8x0o+8x1o"), 2, 1, keep_last=True)
    natural, both = multiplicities("0e+1o", 2), multiplicities("0e+0o+1e+1o", 2)
    assert {ir: row.coupled for ir, row in first.products.items()} == {
        ir: natural.get(ir, 0) for ir in first.products
    }
    assert {ir: row.coupled for ir, row in second.products.items()} == {
        ir: both[ir] for ir in second.products
    }


def test_one_correlation_for_each_layer() -> None:
    first, second = mace_layers(2, [3, 1], HIDDEN, 2)
    assert first.degree_in_one_direction == 6
    assert second.degree_in_one_direction == 2 + 6
    with pytest.raises(ValueError, match="correlation has 3 entries for 2 layers"):
        mace_layers(2, [1, 2, 3], HIDDEN, 2)


def test_nequip() -> None:
    first, second, last = nequip_layers(2, 3)
    assert (first.degree_in_one_direction, first.polynomial, first.total_degree) == (2, True, 2)
    assert (second.degree_in_one_direction, second.polynomial) == (None, False)
    assert (second.total_degree, last.total_degree) == (2, 0)
    assert str(nequip_layers(1, 3, parity=False)[1].features) == "0e+1o"


def test_products_of_e3nn_features() -> None:
    (only,) = e3nn_layers(Irreps.parse("0e+1o+2e"), 2)
    assert (only.degree_in_one_direction, only.angle, only.total_degree) == (4, 2, 4)
    assert {ir: row.coupled for ir, row in only.products.items()} == multiplicities("0e+1o+2e", 2)
    (several,) = e3nn_layers(Irreps.parse("32x0e+32x1o+1e"), 2)
    assert several.degree_in_one_direction == 2
    assert not any(row.surviving for row in several.products.values())
    (vanishing,) = e3nn_layers(Irreps.parse("0e+3e"), 2)
    assert (vanishing.degree_in_one_direction, vanishing.total_degree) == (0, 6)


# ------------------------------------------------------------------ files


NEQUIP = """
l: 2
training_module:
  model:
    _target_: nequip.model.NequIPGNNModel
    l_max: ${l}
    num_layers: 3
    parity: false
"""
MACE = """
name: run
max_ell: 2
correlation: 3
num_channels: 32
max_L: 1
num_interactions: 2
"""
ARGUMENTS = """python mace_run_train.py \\
    --name="a model" --max_ell=2 --correlation 3 \\
    --hidden_irreps='32x0e + 32x1o' --num_interactions=2 --swa
"""


def test_the_files_that_trainers_read(repository: Path) -> None:
    kind, layers = layers_from_text(NEQUIP, 2)
    assert (kind, len(layers), layers[0].degree_in_one_direction) == ("nequip", 3, 2)
    assert "o" not in str(layers[1].features).replace("1o", "")
    for text in (MACE, ARGUMENTS, "max_ell: 2\nhidden_irreps: 32x0e + 32x1o"):
        kind, layers = layers_from_text(text, 2)
        assert (kind, len(layers)) == ("mace", 2)
        assert layers[0].degree_in_one_direction == 6
        assert str(layers[0].features) == "32x0e+32x1o"
    stock = (repository / "docs/examples/nequip-aspirin.yaml").read_text()
    assert layers_from_text(stock, 2)[0] == "nequip"
    preset = "model:\n  _target_: nequip.model.PresetNequIPGNNModel\n  preset: M\n"
    assert [layer.total_degree for layer in layers_from_text(preset, 2)[1]] == [2, 2, 2, 0]


def test_nothing_in_a_file_is_executed(tmp_path: Path) -> None:
    for line in ("!!python/object/apply:os.system ['touch {}']", "$(touch {})", "`touch {}`"):
        target = tmp_path / "made"
        text = f"max_ell: 2\nhidden_irreps: {line.format(target)}"
        with pytest.raises(ValueError):  # noqa: PT011
            layers_from_text(text, 2)
        assert not target.exists()


BAD = {
    "a: [1": "cannot be read as YAML",
    "a: 1": "names no known model",
    "just words": "neither a YAML mapping nor arguments",
    "max_ell: two": "max_ell must be an integer, got 'two'",
    "max_ell: 99": "max_ell must be an integer from 0 to 16, got 99",
    "correlation: 99\nmax_ell: 1": "correlation must be an integer from 1 to 8",
    "max_ell: 1\nnum_interactions: 0": "layers must be an integer from 1 to 32",
    "hidden_irreps: 8x": "cannot read '8x' as an irrep",
    "hidden_irreps: 3": "hidden_irreps must be a text",
    "max_ell: ${nowhere.at.all}": "does not give a value",
    "max_ell: 2\nuse_so3: true": "use_so3 is not supported",
    "max_ell: 2\nmodel: Boltzmann": "model must be one of",
    "l_max: 1\nnum_layers: 2\nparity: maybe": "parity must be true or false",
    "l_max: 1\nnum_layers: 2\nnum_features: [32, 0]": "num_features must be an integer from 1 to",
    "m:\n  _target_: a.PresetNequIPGNNModel\n  preset: XXL": "preset must be one of S, M, L, XL",
    "a: " + "[" * 100 + "]" * 100: "nested",
    "--max_ell 'open": "cannot be read as arguments",
    "max_ell: 3\nmax_ell: 4": "the key 'max_ell' stands twice",
    "a: {l_max: 1, l_max: 2}\nmax_ell: 1": "the key 'l_max' stands twice",
    "--max_ell=3 --max_ell 4": "--max_ell is given twice: 3 and 4",
    "hidden_irreps: 8x1o": "hidden needs scalars 0e, .* got '8x1o'",
    "hidden_irreps: 8x0+8x1": "a parity for every irrep, got '8x0",
    "m:\n  _target_: allegro.model.AllegroModel\n  l_max: 2": "but 'AllegroModel'; expected a",
    "m:\n  _target_: a.FullNequIPGNNModel\n  irreps_edge_sh: 3": "but 'FullNequIPGNNModel'",
    "l_max: 1\nnum_layers: 2\nfeature_irreps_hidden: 8x0e": "feature_irreps_hidden is not",
    "l_max: 1\nnum_layers: 2\nnonlinearity_type: norm": "nonlinearity_type must be gate, got",
    "l_max: 1\nnum_layers: 2\nm:\n  _target_: allegro.model.AllegroModel": "but 'AllegroModel'",
    "l_max: 1\nnum_layers: 2\nmodel_builders: [allegro.model.Allegro]": "but 'allegro.model.Al",
    "num_channels: 32\nblocks: 3": "names no known model",
    "max_ell: 3\nfoundation_model: medium": "foundation_model = 'medium' has degrees of its own",
    "--foundation_model small --lr=0.01": "foundation_model = 'small' has degrees of its own",
    "max_ell: 3\ninteraction: RealAgnosticResidualNonLinearInteractionBlock": "not known to be pol",
    "--max_ell=3 --interaction=RealAgnosticAttResidualInteractionBlock": "not known to be polynom",
    "lmax: 2\nnum_convolution_layer: 3\nlmax_node: 1": "lmax_node = 1 beside lmax = 2",
    "lmax: two\nnum_convolution_layer: 3": "lmax must be an integer, got 'two'",
}


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_bad_files_are_named(text: str) -> None:
    with pytest.raises(ValueError, match=BAD[text].replace("(", r"\(")):
        layers_from_text(text, 2)


def test_the_file_of_sevennet() -> None:
    text = "model:\n  lmax: 2\n  num_convolution_layer: 3\n  channel: 32\n  is_parity: False\n"
    assert layers_from_text(text, 1) == ("sevennet", nequip_layers(2, 3, False, 1))


def test_lines_that_end_as_on_windows() -> None:
    arguments = "--max_ell \\\n 2 --correlation=2 \\\n --num_interactions 1\n"
    for text in (arguments, MACE, NEQUIP):
        for other in (text.replace("\n", "\r\n"), f"\ufeff{text}"):
            assert layers_from_text(other, 1) == layers_from_text(text, 1)


def test_a_gated_interaction_is_polynomial_in_the_first_layer() -> None:
    """Its gates are functions of distances alone there."""
    text = "max_ell: 2\nnum_interactions: 1\ninteraction: RealAgnosticResidualNonLinearInteraction"
    assert layers_from_text(f"{text}Block\n", 1)[1][0].polynomial


def test_survivors_are_counted_as_far_as_they_are_affordable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The degrees are known without them."""
    import span_theorem.architecture.layers as layers_module

    whole = mace_layers(2, 3, HIDDEN, 1, 4)[0]
    monkeypatch.setattr(layers_module, "MAX_TERMS", 100)
    part = mace_layers(2, 3, HIDDEN, 1, 4)[0]
    assert part.angle == whole.angle
    for irrep, row in part.products.items():
        assert set(row.surviving) == {1, 2}
        assert row.surviving.items() <= whole.products[irrep].surviving.items()


def test_a_merged_mapping_repeats_no_key() -> None:
    text = "base: &b {max_ell: 2}\n<<: *b\ncorrelation: 2\nmax_ell: 3\n"
    assert layers_from_text(text, 1)[1][0].degree_in_one_direction == 6


def test_a_layer_without_products_keeps_the_angles_of_the_one_before() -> None:
    """Its features are added to those of the layer before, which see angles."""
    hidden = Irreps.parse("8x0e+8x1o")
    assert [layer.angle for layer in mace_layers(3, [3, 1], hidden, 2, 1)] == [3, 3]
    assert [layer.angle for layer in mace_layers(3, [1, 1], hidden, 2, 1)] == [0, 0]


def test_any_equivariant_network() -> None:
    (layer,) = equivariant_layers(Irreps.parse("8x0+4x1+2x3"))
    assert (layer.total_degree, layer.polynomial) == (3, False)
    assert layer.degree_in_one_direction is layer.degree_of_features is layer.angle is None
    assert set(layer.statements) == {"total_degree"}
    with pytest.raises(ValueError, match="all of degree ≤ 16, got '17o'"):
        equivariant_layers(Irreps.parse("17o"))


def test_letters_that_stand_for_no_parity() -> None:
    """Equiformer's 1e is a vector: with letters odd degrees vanish, without them they are there."""
    (lettered,) = e3nn_layers(Irreps.parse("2x0e+2x1e"), 2, 1)
    (plain,) = e3nn_layers(Irreps.parse("2x0+2x1"), 2, 1)
    assert (lettered.degree_in_one_direction, plain.degree_in_one_direction) == (0, 2)
    assert "give 2x0+2x1" in lettered.note
    for other in ("2x0e+2x1o", "2x0e+2x2e", "2x0+2x1", "1e+1o"):
        assert "letter" not in e3nn_layers(Irreps.parse(other), 2, 1)[0].note


@pytest.mark.parametrize("last", ["b: 1", "max_ell: *a29", "l_max: 2\nnum_layers: *a29"])
@pytest.mark.parametrize("pattern", ["[{}]", "{{<<: [{}]}}", "{{x: [{}]}}"])
def test_aliases_cannot_explode(pattern: str, last: str) -> None:
    """Neither where they are merged, nor in the message that prints the value of a key."""
    lines = ["a0: &a0 {x: 1}"]
    repeated = (", ".join([f"*a{i - 1}"] * 9) for i in range(1, 30))
    lines += [f"a{i}: &a{i} {pattern.format(names)}" for i, names in enumerate(repeated, 1)]
    with pytest.raises(ValueError, match="aliases written out it has more than 10,485,760 char"):
        layers_from_text("\n".join([*lines, last]), 2)


def test_aliases_of_a_usual_file_are_read_and_a_circle_is_not() -> None:
    text = "top: &top 2\nrest: &rest {l_max: *top}\nnum_layers: 3\n<<: *rest\n"
    assert [layer.total_degree for layer in layers_from_text(text, 2)[1]] == [2, 2, 0]
    with pytest.raises(ValueError, match="with its aliases written out"):
        layers_from_text("max_ell: &a [*a]\n", 2)


@pytest.mark.parametrize(
    ("text", "fault"),
    [("max_ell: " + "9" * 5000, "Exceeds the limit"), ("max_ell: 2001-02-30", "day")],
)
def test_values_that_yaml_cannot_take_are_faults_of_the_file(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=f"the file cannot be read as YAML: .*{fault}"):
        layers_from_text(text, 2)


# ------------------------------------------------------------------ command


def test_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    case = ["--mace", "max_ell=3", "correlation=3", "hidden=128x0e+128x1o", "layers=2"]
    assert main([*case, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    first = found["layers"][0]
    assert (first["degree_in_one_direction"], first["degree_of_features"]) == (9, 4)
    assert (first["total_degree"], first["total_degree_of_readout"]) == (1, 2)
    assert first["products"]["1o"]["surviving"] == {"1": 1, "2": 4, "3": 12, "4": 12}
    assert first["statements"]["total_degree"] == "T4"
    assert main(case) == 0
    text = capsys.readouterr().out
    assert "≤ 9  [T1]" in text
    assert "not polynomial" in text
    (tmp_path / "c.yaml").write_text(NEQUIP)
    assert main(["--file", str(tmp_path / "c.yaml")]) == 0
    assert main(["--nequip", "l_max=1", "layers=2"]) == 0
    assert main(["--e3nn", "0e+1o", "--degree", "3", "--neighbours", "2"]) == 0
    assert main(["--mace", "correlation=[3,2]", "hidden=8 x 0e + 8x1 o", "layers=2"]) == 0
    assert main(["--mace", "correlation=3, 2", "layers=2"]) == 0
    capsys.readouterr()
    assert main(["--equivariant", "8x0e+8x1e", "--readout", "3"]) == 0
    text = capsys.readouterr().out
    assert re.search(r"a readout of degree 3 +≤ 3  \[T4\]", text)
    assert re.search(r"polynomial in the direction of an edge +not known", text)
    assert "survivors" not in text
    capsys.readouterr()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--mace", "max_ell"], "--mace takes key=value with one of"),
        (["--mace", "lmax=3"], "got 'lmax=3'"),
        (["--mace", "layers=1", "num_interactions=2"], "names num_interactions twice"),
        (["--mace", "hidden="], "hidden needs at least one irrep"),
        (["--nequip", "l_max=-1"], "l_max must be an integer from 0 to 16, got -1"),
        (["--nequip", "features=many"], "num_features must be an integer, got 'many'"),
        (["--file", "nowhere.yaml"], "no file nowhere.yaml"),
        (["--e3nn", "0e"], "--e3nn and --degree go together"),
        (["--e3nn", "1e", "--degree", "2"], "vanishes on one direction"),
        (["--mace", "--degree", "2"], "--e3nn and --degree go together"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_usage(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
