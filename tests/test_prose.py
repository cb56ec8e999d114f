"""Numbers and outputs in prose are those of the code and of the committed records."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import sympy

from neural_checks.diagnosis import sites
from neural_checks.injection.result import PUBLISHED
from neural_checks.injection.result import REPORT as INJECTION
from neural_checks.readouts.bootstrap import BLOCKS
from neural_checks.readouts.nonpolynomial import _DIRECTIONS
from neural_checks.readouts.verdict import LIMIT
from neural_checks.sweep.settings import MeasureSettings, Sweep
from numeric_checks.costs import MAX_BYTES as NUMERIC_BYTES
from numeric_checks.demand.result import SEEN, DemandOptions
from numeric_checks.molecules.bonds import BOND
from numeric_checks.molecules.marks import TIE
from numeric_checks.readouts.channels import CLOSED_FORM_CHANNELS, COMPONENT_CHANNELS
from numeric_checks.sphere.harmonics import MAX_DEGREE, MAX_SPHERICART
from span_theorem import (
    certificate,
    check,
    clebsch_gordan,
    coupling_check,
    expand_product,
    gaunt,
    multiplicities,
    verify_options,
)
from span_theorem.architecture.__main__ import main as architecture
from span_theorem.certificate import MAX_SIZE
from span_theorem.cost import MAX_DENSE
from span_theorem.coupling import basis
from span_theorem.verify import main

_SWEEP = MeasureSettings().closed_channels
_EIGHT = {6: "six", 8: "eight", 10: "ten"}
_COMPONENT = list(COMPONENT_CHANNELS.values())

#: Sentences of pages, with the numbers that the code holds.
SAID = [
    ("docs/experiment.md", f"of the 95 % interval of R²_field is above {LIMIT:g}"),
    ("docs/experiment.md", f"only intervals that contain {LIMIT:g} prevent this"),
    ("docs/experiment.md", f"Quadratic products use {CLOSED_FORM_CHANNELS[2]} principal"),
    ("docs/experiment.md", f"channels per irrep, cubic ones {CLOSED_FORM_CHANNELS[3]}."),
    ("docs/experiment.md", "Channels kept: {}, {} and {} per irrep".format(*_COMPONENT)),
    ("docs/experiment.md", f"stay together too, in {BLOCKS} blocks"),
    ("docs/diagnose.md", f"Products of two use at most {CLOSED_FORM_CHANNELS[2]} principal"),
    ("docs/diagnose.md", f"products of three at most {CLOSED_FORM_CHANNELS[3]}."),
    (
        "docs/diagnose.md",
        f"fewer than {sites.MIN_FIT} frames to fit or {sites.MIN_HELD} held out",
    ),
    ("docs/diagnose.md", f"at most {sites.MOST_FIT:,} fitted and {sites.MOST_HELD:,} held out"),
    ("docs/diagnose.md", f"closer than {BOND:g} times the sum of their covalent radii"),
    ("docs/guides/your-data.md", f"to within {TIE:.0e} Å".replace("e-06", "e-6")),
    ("docs/guides/limits-and-costs.md", f"$L, d, dL \\le {verify_options.MAX_BOUNDARY}$"),
    ("docs/guides/limits-and-costs.md", f"$N \\le {verify_options.MAX_SWEEP}$"),
    ("docs/guides/limits-and-costs.md", f"{MAX_DENSE:,} functions, that is (8, 8)"),
    (
        "docs/guides/limits-and-costs.md",
        f"$L, d, dL \\le {MAX_SIZE}$, {check.MAX_BYTES >> 20} MiB",
    ),
    (
        "docs/guides/limits-and-costs.md",
        f"$d \\le {basis.MAX_DEGREE}$, $dl \\le {basis._MAX_WEIGHT}$, "
        f"$\\dim U \\le {basis.MAX_DIMENSION}$",
    ),
    ("docs/guides/limits-and-costs.md", f"{NUMERIC_BYTES >> 30} GiB of memory"),
    (
        "docs/coupling.md",
        f"files of {coupling_check.MAX_BYTES >> 20} MiB; "
        f"dim U ≤ {coupling_check.MAX_DIMENSION:,}, copies counted; l ≤ {coupling_check.MAX_L}; "
        f"d ≤ {coupling_check.MAX_DEGREE:,}; numbers of {coupling_check.MAX_DIGITS:,} digits",
    ),
    ("docs/numeric.md", f"sphericart up to l = {MAX_SPHERICART}"),
    ("docs/numeric.md", f"at l = {MAX_DEGREE}."),
    ("docs/demand.md", f"is within the level ({DemandOptions().level:.0%}".replace("%", " %")),
    ("docs/demand.md", f"explains as much as {SEEN:.0%} of the variance".replace("%", " %")),
    ("docs/demand.md", f"explain at least {SEEN:.0%} of the squared error".replace("%", " %")),
    ("docs/demand.md", f"| degrees ≤ L explain at least {SEEN:.0%} |".replace("%", " %")),
    ("docs/demand.md", f"| both stay below {SEEN:.0%} |".replace("%", " %")),
    ("docs/sweep.md", "then principal channels: {}, {} and {} per irrep".format(*_SWEEP)),
    ("docs/sweep.md", f"from {Sweep('', '', ()).draws:,} bootstrap draws"),
    ("docs/sweep.md", f"of the directions of {_EIGHT[_DIRECTIONS]}"),
]


def words(path: Path) -> str:
    return " ".join(path.read_text(encoding="utf-8").split())


@pytest.mark.parametrize(("page", "sentence"), SAID)
def test_a_page_says_what_the_code_holds(repository: Path, page: str, sentence: str) -> None:
    assert sentence in words(repository / page)


def test_shares_at_a_carbon_of_benzene_in_prose_are_those_of_t9(repository: Path) -> None:
    cosine = sympy.Rational(-1, 2)  # of 120°
    shares = [(1 + sympy.legendre(ell, cosine)) / 2 for ell in range(1, 5)]
    said = f"degree 1, 2, 3, 4 only the shares {', '.join(map(str, shares))} can be read there"
    assert said in words(repository / "docs" / "sweep.md")


def test_bounds_of_the_controls_of_demand_in_prose_are_those_of_the_tests(repository: Path) -> None:
    """The page names what the tests of demand ask for."""
    text = words(repository / "docs" / "demand.md")
    tests = (repository / "tests/numeric_checks/demand/test_demand.py").read_text("utf-8")
    for said, asked in (
        ("below ℓ0 more than 70 % of the variance is left", "min(left[:ell]) > 0.7"),
        ("at ℓ0 less than 2 %", "max(left[ell:]) < 0.02"),
        ("two factors leave more than 70 % at every ℓ", "for point in two.full) > 0.7"),
        ("three do so below ℓ = 2, and less than 10 % there", "three.full[2].left < 0.1"),
        ("ℓ ≤ 2 leaves less than 5 %", "left[2] < 0.05"),
        ("varies between 100° and 120° alone", "rng.uniform(100, 120"),
        ("of one Legendre degree ℓ0 = 1 … 6", "slow) for ell in (4, 5, 6)"),
    ):
        assert said in text
        assert asked in tests


def test_the_preset_takes_the_time_in_prose_on_two_cores(repository: Path) -> None:
    path = repository / "docs" / "results" / "aspirin-rmd17" / "report.json"
    report = json.loads(path.read_text(encoding="utf-8"))
    text = words(repository / "docs" / "guides" / "run-on-a-gpu.md")
    assert "[about two hours]" in text
    assert "two of the four networks" in text
    measured = len(report["backbones"])
    assert measured == 2
    trained = sum(row["training_seconds"] for row in report["backbones"])
    seconds = 4 / measured * (trained / 2 + report["measurement_seconds"])
    assert 0.75 < seconds / (2 * 3600) < 1.25


def test_the_errors_of_harmonics_in_prose_are_those_recorded(repository: Path) -> None:
    text = words(repository / "docs" / "numeric.md")
    path = repository / "docs" / "results" / "numeric" / "accuracy.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    theirs = dict(zip(record["degrees"], record["sphericart"], strict=True))
    scipy = dict(zip(record["degrees"], record["scipy"], strict=True))
    assert "within 1e-13 up to l = 64" in text
    assert max(value for ell, value in theirs.items() if ell <= 64) < 1e-13
    assert "fails between l = 86 and l = 88, has no digit left at l = 90" in text
    assert theirs[86] < 1e-12 < 1e-7 < theirs[88]
    assert theirs[90] > 1
    assert f"to {scipy[512]:.0e} at l = 512" in text


def test_the_numbers_of_the_ceiling_in_prose_are_those_recorded(repository: Path) -> None:
    text = words(repository / "docs" / "numeric.md")
    path = repository / "docs" / "results" / "numeric" / "ceiling.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    weights, samples = record["weights"], record["samples"]
    assert f"P = {weights} weights and N = {samples:,} samples, −{weights / samples:.3f}" in text


def test_the_rank_table_is_that_recorded_and_the_prose_counts_in_it(repository: Path) -> None:
    lines = (repository / "docs/results/numeric/rank.txt").read_text("utf-8").splitlines()
    page = (repository / "docs" / "numeric.md").read_text(encoding="utf-8")
    first, last = map(int, re.findall(r"rank\.txt\n:language: text\n:lines: (\d+)-(\d+)", page)[0])
    shown = lines[first - 1 : last]
    assert shown[0].startswith("Products of d = 36 features of degree ≤ L = 1 at ")
    naive = next(line for line in shown if line.split()[:1] == ["naive"]).split()
    assert shown[-1].startswith("  * random products")
    assert int(naive[3]) == (36 + 1) ** 2
    assert f"it misses {int(naive[3]) - int(naive[2])} of the {int(naive[3]):,} functions" in words(
        repository / "docs" / "numeric.md"
    )


def test_the_shares_of_atoms_in_prose_are_those_recorded(repository: Path) -> None:
    text = words(repository / "docs" / "bandwidth.md")
    shares: dict[bool, list[float]] = {True: [], False: []}
    for path in sorted(repository.glob("docs/results/bandwidth/*/report.json")):
        for atom in json.loads(path.read_text(encoding="utf-8"))["atoms"]:
            shares[atom["number"] == 1].append(atom["explained"][atom["best"]])
    pooled = [
        json.loads(path.read_text(encoding="utf-8"))["pooled"]
        for path in repository.glob("docs/results/bandwidth/*/report.json")
    ]
    explained = [one["explained"][one["best"]] for one in pooled]
    said = f"determine {min(explained):.2f} to {max(explained):.2f} of the variance of the forces"
    assert said in text
    least = int(100 * min(sum(one["weights"][:2]) for one in pooled)) / 100
    assert f"of this at least {least:.2f} is in degrees 0 and 1" in text
    assert max(one["bandwidth"] for one in pooled) == 2  # "degree 2 reaches the level in every row"
    low, high = min(shares[True]), max(shares[True])
    assert f"For hydrogens the share explained is {low:.2f} to {high:.2f}" in text
    low, high = min(shares[False]), max(shares[False])
    assert f"it runs from {low:.2f}, where several bonds meet, to {high:.2f} at an end" in text
    path = repository / "docs" / "results" / "bandwidth" / "peptide" / "direction-only.json"
    atoms = json.loads(path.read_text(encoding="utf-8"))["atoms"]
    needed = [(atom["bandwidth"] or 0) >= 2 for atom in atoms if atom["number"] == 1]
    assert f"{sum(needed)} of the {len(needed)} hydrogens of the peptide" in text


def test_producer_and_checker_of_certificates_have_one_limit() -> None:
    assert certificate.MAX_SIZE == check.MAX_SIZE


def test_published_numbers_in_prose_are_those_of_the_table(repository: Path) -> None:
    text = words(repository / "docs" / "measured" / "differences.md")
    found = re.findall(r"(ρ|R²_inj)\((\d)\) = (\d\.\d+)", text)
    assert len(found) >= 6
    curves = {"ρ": PUBLISHED.recovery, "R²_inj": PUBLISHED.injected}
    for name, ell, value in found:
        assert curves[name][int(ell)] == float(value), (name, ell)
    for ell, said in ((4, "0.539 at ℓ = 4"), (5, "0.072 at ℓ = 5")):
        difference = PUBLISHED.recovery[ell] - PUBLISHED.injected[ell]
        assert f"{difference:.3f} at ℓ = {ell}" == said
        assert said in text


def test_what_is_said_of_fits_of_noise_is_in_the_reports(repository: Path) -> None:
    text = words(repository / "docs" / "measured" / "controls.md")
    assert "so that row is not far below 0" in text
    assert "with one network per atom the cubic one, whose products grow fast, does worst" in text
    cubic = 0
    for path in repository.glob("docs/results/*/report.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        if not {"measurement", "readouts"} & set(content):
            continue
        found = INJECTION.read(path).measurement
        assert min(found.controls.shuffled.values) > -0.01, path
        alone = {
            readout.degree: readout.alone.value
            for readout in found.readouts
            if readout.kind == "trained, per atom" and readout.alone is not None
        }
        if 3 in alone:
            cubic += 1
            assert min(alone, key=lambda degree: alone[degree]) == 3, path
    assert cubic >= 3


def test_what_the_grid_says_in_prose_is_in_its_cells(repository: Path) -> None:
    text = words(repository / "docs" / "measured" / "differences.md")
    path = repository / "docs" / "results" / "aspirin-L2" / "grid.json"
    report = json.loads(path.read_text(encoding="utf-8"))
    wanted = PUBLISHED.injected[4], PUBLISHED.injected[5]

    def cell(shared: bool, reference: str, channels: int, stored: bool = False) -> dict[str, Any]:
        (found,) = (
            one["numbers"]
            for one in report["cells"]
            if one["amplitude"] == 1
            and (one["shared"], one["stored"], one["channels"]) == (shared, stored, channels)
            and one["reference"] == reference
        )
        return dict(found)

    def value(numbers: dict[str, Any], name: str) -> float:
        return float(numbers[name]["value"])

    eight, many = (cell(True, "exact field", channels) for channels in (8, 32))
    assert "with 8 and with 32 channels, outside both intervals" in text
    assert eight["R2_inj_at"]["high"] < wanted[0] < many["R2_inj_at"]["low"]
    assert "about twice the published value with either" in text
    for channels in (8, 32):
        alone = cell(False, "exact field", channels)
        assert 1.9 < value(alone, "R2_inj_at") / wanted[0] < 2.3
        for end in ("at", "above"):  # ρ and R²_inj agree with the exact field
            for one in (alone, cell(True, "exact field", channels)):
                assert abs(value(one, f"rho_{end}") - value(one, f"R2_inj_{end}")) < 0.01
    assert "it is the nearest cell: the interval of ρ(4) contains the published value" in text
    first = min(report["cells"], key=lambda one: one["distance"])
    assert (first["shared"], first["reference"], first["channels"], first["stored"]) == (
        True, "shared cubic SPN", 32, False,
    )  # fmt: skip
    nearest = first["numbers"]
    assert nearest["rho_at"]["low"] < PUBLISHED.recovery[4] < nearest["rho_at"]["high"]
    assert nearest["R2_inj_at"]["low"] > wanted[0]
    assert value(nearest, "rho_above") <= 0
    few = cell(True, "shared cubic SPN", 8)
    assert value(few, "rho_at") < PUBLISHED.recovery[4]
    assert value(few, "R2_inj_at") < wanted[0]
    assert "At Haar-random orientation and ε = 1 every readout has G(5) slightly below 0" in text
    for shared in (True, False):
        for channels in (8, 32):
            assert -0.1 < value(cell(shared, "exact field", channels), "rho_above") < 0
    assert "at ε = 1, ρ(5) and R²_inj(5) are more than two thirds" in text
    for shared in (True, False):
        for channels in (8, 32):
            stored = cell(shared, "exact field", channels, stored=True)
            for name in ("rho", "R2_inj"):
                assert value(stored, f"{name}_above") > 2 / 3 * value(stored, f"{name}_at")


def test_the_readme_shows_the_table_that_its_command_prints(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    readme = (repository / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"```text\n(.*?)```", readme, re.DOTALL)
    assert shown is not None
    assert main(["--L", "2", "--d", "2", "--no-certificate"]) == 0
    printed = capsys.readouterr().out
    assert "   ℓ  in Sym^d" in shown[1]
    assert shown[1] in printed


def test_the_answers_in_the_readme_are_those_of_commands_and_reports(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    readme = (repository / "README.md").read_text(encoding="utf-8")
    layers, data, network = re.findall(r"\n\n```\n(.*?\n)```\n", readme, re.DOTALL)
    (command,) = re.findall(r"span_theorem\.architecture (.*)", readme)
    assert architecture(command.split()) == 0
    first = capsys.readouterr().out.split("\n\n")[1]
    assert len(layers.splitlines()) == 4
    assert all(line in first.splitlines() for line in layers.splitlines())
    demand = repository / "docs/results/demand/aspirin_rmd17/report.json"
    assert data.strip() == json.loads(demand.read_text("utf-8"))["sentence"]
    listening = repository / "docs/results/demand/listening/ethanol_rmd17-L1"
    heard = json.loads((listening / "report.json").read_text("utf-8"))
    table = (listening / "table.txt").read_text("utf-8").splitlines()
    assert all(line in table for line in network.splitlines())
    assert heard["decision"] == "raise L"  # as the README reads it


def test_the_values_in_the_readme_are_those_computed(repository: Path) -> None:
    readme = (repository / "README.md").read_text(encoding="utf-8")
    found = clebsch_gordan(2, 0, 2, 0, 4, 0)
    assert f"# {found!r}, that is √(18/35)" in readme
    assert found.signed_square == Fraction(18, 35)
    assert f"# {gaunt(1, 1, 2, 0, 0, 0).sympy()}\n" in readme
    assert f"# {expand_product([(2, 2), (2, 2)])!r}\n" in readme
    first = list(multiplicities("0e+1o+2e", 3).items())[:3]
    shown = ", ".join(f"{irrep}: {count}" for irrep, count in first)
    assert f"# Sym³: {{{shown}, …}}" in readme
