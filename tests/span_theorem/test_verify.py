"""The command line: what it prints, what it writes, how it ends."""

from __future__ import annotations

import dataclasses
import json
from math import comb
from pathlib import Path

import pytest

from span_theorem import cost, multiplicities
from span_theorem import verify as verify_module
from span_theorem.check import main as check
from span_theorem.factors import Factors
from span_theorem.rank import DenseRank
from span_theorem.verify import main


@pytest.fixture(autouse=True)
def _work_in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict]:
    capsys.readouterr()  # what was printed before
    code = main([*arguments, "--json"])
    captured = capsys.readouterr()
    return code, json.loads(captured.out)


def code_of(arguments: list[str]) -> int:
    """The exit code, also where argparse ends the command."""
    try:
        return main(arguments)
    except SystemExit as ended:
        return int(ended.code or 0)


def test_main_case_prints_writes_and_is_accepted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--L", "2", "--d", "2", "--no-numeric"]) == 0
    out = capsys.readouterr().out
    assert "Checked exactly for L = 2, d = 2" in out
    assert "Y(2,2)^2: √(5/14·π^-1)" in out
    assert "verdict: verified" in out
    assert check(["span-L2-d2-upto.cert.json"]) == 0


def test_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run_json(capsys, "--L", "2", "--d", "2", "--no-numeric", "--no-certificate")
    assert code == 0
    assert found["verdict"] == "verified"
    assert (found["L"], found["d"], found["features"]) == (2, 2, "upto")
    assert (found["dimension"], found["boundary"], found["boundary_multiplicity"]) == (25, 4, 1)
    assert found["multiplicities"] == {
        str(irrep): count for irrep, count in multiplicities("0e+1o+2e", 2).items()
    }
    assert sum((2 * int(k[:-1]) + 1) * n for k, n in found["multiplicities"].items()) == 45
    assert found["kernel_dimension"] == 20
    assert found["rank"] == {"dense": found["rank"]["dense"], "blocks": 25}
    assert found["rank"]["dense"]["rank"] == 25
    assert found["seconds"] >= 0
    assert found["certificate"] is None
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("claim", [0, 3, 5, 9])
def test_wrong_claims_are_refuted_with_a_certificate(
    claim: int, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = run_json(capsys, "--L", "2", "--d", "2", "--claim", str(claim), "--no-numeric")
    assert (code, found["verdict"]) == (3, "refuted")
    assert found["counterexample"]["side"] == ("span" if claim < 4 else "claim")
    assert check([found["certificate"]]) == 0
    assert main(["--L", "2", "--d", "2", "--claim", str(claim), "--no-numeric"]) == 3
    assert f"Refuted: the span is not H_≤{claim}" in capsys.readouterr().out


def test_a_right_claim_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--L", "2", "--d", "2", "--claim", "4", "--no-numeric"]) == 0
    assert "The claim holds: the span is H_≤4." in capsys.readouterr().out


def test_exact_features_refute_the_full_space(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run_json(
        capsys, "--L", "2", "--d", "2", "--features", "exact", "--claim", "4", "--no-certificate"
    )
    assert (code, found["counterexample"]["degree"]) == (3, 1)
    assert found["degrees"] == [0, 2, 4]


@pytest.mark.parametrize(("L", "d"), [("0", "0"), ("0", "3"), ("3", "0")])
def test_degenerate_cases(L: str, d: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run_json(capsys, "--L", L, "--d", d, "--no-numeric")
    assert (code, found["dimension"]) == (0, 1)
    assert check([found["certificate"]]) == 0
    assert main(["--L", L, "--d", d, "--no-numeric"]) == 0


def test_an_existing_file_is_kept_unless_forced(capsys: pytest.CaptureFixture[str]) -> None:
    case = ["--L", "1", "--d", "1", "--no-numeric", "--certificate", "c.json"]
    Path("c.json").write_text("precious")
    assert main(case) == 2
    assert "--force" in capsys.readouterr().err
    assert Path("c.json").read_text() == "precious"
    assert main([*case, "--force"]) == 0
    written = Path("c.json").read_text()
    assert main(case) == 0  # the same certificate again is no conflict
    assert Path("c.json").read_text() == written


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--L", "-1", "--d", "2"], "L must be an integer from 0 to 512, got '-1'"),
        (["--L", "2", "--d", "1.5"], "d must be an integer from 0 to 512, got '1.5'"),
        (["--L", "99999", "--d", "1"], "from 0 to 512"),
        (["--L", "100", "--d", "100"], "dL = 10000 is above the limit"),
        (["--L", "2"], "--L and --d are both needed"),
        (["--up-to", "2", "--L", "1"], "--up-to takes no --L"),
        (["--up-to", "100"], "--up-to goes up to 12, got 100"),
        (["--up-to", "2", "--force"], "--force has no effect"),
        (["--up-to", "12", "--rank", "dense"], "--rank dense goes up to dL = 128"),
        (["--L", "0", "--d", "200", "--certificate", "c"], "up to 128 factors, got 200"),
        (["--L", "２", "--d", "1"], "L must be an integer"),
        (["--L", "1", "--d", "1", "--certificate", "a/" * 2500], "a/a/"),
        (["--L", "1", "--d", "1", "--certificate", "no/such/c.json"], "no folder"),
        (["--L", "1", "--d", "1", "--certificate", "."], "is a folder"),
        (["--L", "1", "--d", "1", "--certificate", "c", "--no-certificate"], "exclude"),
        (["--L", "200", "--d", "1", "--certificate", "c"], "certificates go up to dL = 128"),
        (["--L", "1", "--d", "1", "--features", "some"], "invalid choice"),
        (["--L", "20", "--d", "20", "--rank", "dense"], "--rank dense goes up to dL = 128"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_usage(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of(arguments) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert list(Path().iterdir()) == []


def test_sweep(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--up-to", "3"]) == 0
    assert "16 cases checked exactly" in capsys.readouterr().out
    code, found = run_json(capsys, "--up-to", "2", "--features", "exact")
    assert (code, len(found["cases"]), found["verdict"]) == (0, 9, "verified")
    assert list(Path().iterdir()) == []


def test_explanation_then_instance(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--L", "1", "--d", "2", "--explain", "--no-numeric"]) == 0
    out = capsys.readouterr().out
    assert out.index("Proof for all L and d") < out.index("Checked exactly for L = 1, d = 2")
    assert "FAILED" not in out


def test_a_low_rank_is_undecided_and_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seeds = []

    def low(factors: Factors, *, seed: int) -> DenseRank:
        seeds.append(seed)
        return DenseRank(24, 25, 25, 25, 7, seed)

    monkeypatch.setattr(verify_module, "product_rank", low)
    assert main(["--L", "2", "--d", "2", "--no-numeric"]) == 4
    assert "[LOW] T1  rank of the evaluation map ≥ 24 of 25" in capsys.readouterr().out
    assert seeds == [0, 1, 2]
    assert main(["--L", "2", "--d", "2", "--no-numeric", "--certificate", "c.json"]) == 4
    assert "no certificate written: the case is undecided" in capsys.readouterr().err
    assert list(Path().iterdir()) == []


def test_a_failed_check_is_a_refutation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import span_theorem.theorem as theorem_module

    monkeypatch.setattr(theorem_module, "power_dimension", lambda dim, d: 44)
    assert main(["--L", "2", "--d", "2", "--no-numeric", "--no-certificate"]) == 3
    assert "[FAILED] T2" in capsys.readouterr().out


def test_a_false_general_identity_spoils_the_verdict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(verify_module, "explanation", lambda: ("[FAILED] step", False))
    assert main(["--L", "1", "--d", "1", "--explain", "--no-numeric", "--no-certificate"]) == 3


@pytest.mark.parametrize(
    ("L", "d", "extra"),
    [
        ("8", "8", []),
        ("1", "512", []),
        ("5", "25", ["--features", "exact", "--certificate", "c"]),
        ("12", None, []),
    ],
    ids=["rank", "algebra", "certificate", "sweep"],
)
def test_cost_is_said_before_a_large_case(
    L: str, d: str | None, extra: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    case = ["--up-to", L] if d is None else ["--L", L, "--d", d, *extra]
    args = verify_module.verify_parser().parse_args(case)
    features = args.features or "upto"
    cases = [Factors.of(*p, features) for p in ([(args.L, args.d)] if d else [(8, 8), (1, 1)])]
    cost.announce_cases(cases, args.rank, args.certificate is not None)
    assert "of the order of" in capsys.readouterr().err
    cost.announce_cases([Factors.of(2, 2)], "auto", False)
    assert capsys.readouterr().err == ""


def test_a_verdict_outlives_a_certificate_that_cannot_be_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("span-L2-d2-upto.cert.json").write_text("[" * 200000)
    code, found = run_json(capsys, "--L", "2", "--d", "2", "--no-numeric")
    assert (code, found["verdict"], found["certificate"]) == (0, "verified", None)
    assert main(["--L", "2", "--d", "2", "--no-numeric"]) == 0
    captured = capsys.readouterr()
    assert "verdict: verified" in captured.out
    assert "no certificate written" in captured.err


def test_beyond_the_rank_routes_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--L", "70", "--d", "1", "--no-numeric"]) == 0
    assert "rank route not run" in capsys.readouterr().out


@pytest.mark.slow
def test_eight_by_eight(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run_json(capsys, "--L", "8", "--d", "8")
    assert (code, found["dimension"], found["rank"]["dense"]["rank"]) == (0, 4225, 4225)
    assert check([found["certificate"]]) == 0


def test_an_observation_is_shown_and_decides_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def observer(L: int, d: int, features: str) -> dict:
        return {"text": f"rank 24 of 25 at ({L}, {d}, {features}): not observed"}

    monkeypatch.setattr(verify_module, "_observers", lambda: [observer])
    assert main(["--L", "2", "--d", "2"]) == 0
    out = capsys.readouterr().out
    assert "Observed numerically:\n  rank 24 of 25 at (2, 2, upto): not observed" in out
    code, found = run_json(capsys, "--L", "8", "--d", "2", "--no-certificate")
    assert (code, found["observations"]) == (0, [])  # not cheap, so not unasked


def test_numeric_needs_a_registered_observer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(verify_module, "_observers", list)
    assert main(["--L", "1", "--d", "1", "--numeric"]) == 2
    assert "registers an observer" in capsys.readouterr().err


def test_a_block_route_that_fails_is_undecided(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(factors: Factors) -> None:
        raise ArithmeticError("only 3 of 5 independent products found at weight 0")

    monkeypatch.setattr(verify_module, "weight_blocks", fails)
    code, found = run_json(capsys, "--L", "2", "--d", "2", "--no-numeric")
    assert (code, found["verdict"], found["rank"]["blocks"]) == (4, "undecided", None)
    assert found["reason"].startswith("only 3 of 5")
    assert main(["--L", "2", "--d", "2", "--no-numeric"]) == 4
    assert "[LOW] T1  rank by weight: only 3 of 5" in capsys.readouterr().out
    assert list(Path().iterdir()) == []


# ------------------------------------------------------------------ any factors, T7 and T8


def test_any_irreps(capsys: pytest.CaptureFixture[str]) -> None:
    case = ["--irreps", "0e+2e+4e+1e", "--d", "3"]
    code, found = run_json(capsys, *case, "--claim", "0 2 4 6 8 10 12")
    assert (code, found["verdict"]) == (0, "verified")
    assert found["degrees"] == [0, 2, 4, 6, 8, 10, 12]
    assert found["features"] == "irreps"
    assert found["vanishing"] == ["1e"]
    assert found["multiplicities"] == {
        str(irrep): count for irrep, count in multiplicities("0e+2e+4e+1e", 3).items()
    }
    assert check([found["certificate"]]) == 0
    code, found = run_json(capsys, *case, "--claim", "0, 2, 4, 6")
    assert (code, found["counterexample"]["degree"]) == (3, 12)
    assert found["counterexample"]["claimed"] == found["claim"] == [0, 2, 4, 6]
    assert check([found["certificate"]]) == 0
    assert main([*case, "--claim", "{4}"]) == 3
    assert "Refuted: the span is not H_4. It contains H_12" in capsys.readouterr().out


def test_counts_beyond_every_float(capsys: pytest.CaptureFixture[str]) -> None:
    """V_0 occurs in the tensor power more than 10^308 times."""
    case = ["--irreps", "1000x0e+1o", "--d", "120", "--rank", "none"]
    assert main(case) == 0
    rows = capsys.readouterr().out.splitlines()
    # Σ (copies of V_0 in V_1^⊗k) C(120, k) 1000^(120-k) over the k of even parity; the copies are
    # the Riordan numbers 1, 0, 1, 1, 3, …
    riordan = [1, 0]
    for k in range(2, 121):
        riordan.append((k - 1) * (2 * riordan[-1] + 3 * riordan[-2]) // (k + 1))
    count = sum(n * comb(120, k) * 1000 ** (120 - k) for k, n in enumerate(riordan) if k % 2 == 0)
    (row,) = (line.split() for line in rows if line.startswith("   0 "))
    digits = str(count)
    assert row[2] == f"{digits[0]}.{round(int(digits[1:6]) / 1000):02}e+{len(digits) - 1}"


def test_different_factors(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run_json(capsys, "--factors", "0e+1o+2e", "0e+1o", "1o")
    assert (code, found["degrees"]) == (0, [0, 1, 2, 3, 4])
    assert found["factors"] == ["0e+1o+2e", "0e+1o", "1o"]
    assert found["symmetric_dimension"] is None
    assert found["product_dimension"] == 9 * 4 * 3
    assert check([found["certificate"]]) == 0
    assert main(["--factors", "2e", "1o", "--claim", "1 3"]) == 0
    assert "The claim holds: the span is H_1 ⊕ H_3." in capsys.readouterr().out


def test_a_set_of_degrees_is_claimed_of_L_and_d_too(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run_json(
        capsys, "--L", "2", "--d", "2", "--features", "exact", "--claim", "0 2 4", "--no-numeric"
    )
    assert (code, found["verdict"]) == (0, "verified")
    code, found = run_json(capsys, "--L", "2", "--d", "2", "--claim", "0 2 4", "--no-numeric")
    assert (code, found["counterexample"]["degree"]) == (3, 3)
    assert check([found["certificate"]]) == 0


def test_several_directions(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run_json(capsys, "--L", "2", "--d", "2", "--directions", "2")
    assert (code, found["dimension"], found["angle"]) == (0, 113, 2)
    assert [2, 2] in found["reached"]
    assert [3, 1] not in found["reached"]
    assert found["rank"]["dense"]["rank"] == 113
    assert check([found["certificate"]]) == 0
    assert main(["--L", "3", "--d", "3", "--directions", "3", "--rank", "none"]) == 0
    assert "rank route not run" in capsys.readouterr().out


def test_a_density(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run_json(capsys, "--L", "2", "--d", "3", "--density", "2")
    assert (code, found["surviving_dimension"], found["symmetric_dimension"]) == (0, 149, 165)
    assert found["multiplicities"]["0e"] == 5
    assert found["surviving"]["0e"] == 3
    assert main(["--irreps", "1o+2e", "--d", "2", "--density", "2"]) == 0
    assert "at least as many neighbours as factors" in capsys.readouterr().out
    assert list(Path().iterdir()) == []


def test_false_ranks_of_a_density_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    import span_theorem.density as density_module

    right = density_module._output_rank
    monkeypatch.setattr(
        density_module,
        "_output_rank",
        lambda rows: dataclasses.replace(right(rows), surviving=max(0, len(rows) - 1)),
    )
    for neighbours in ("1", "2"):
        assert main(["--L", "1", "--d", "2", "--density", neighbours]) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--irreps", "0e+2q", "--d", "2"], "cannot read '2q' as an irrep"),
        (["--irreps", "", "--d", "2"], "irreps must hold at least one irrep"),
        (["--irreps", "1e+2o", "--d", "2"], "vanishes on one direction"),
        (["--irreps", "0e"], "--irreps needs --d"),
        (["--irreps", "0e", "--d", "2", "--L", "1"], "--L does not go with it"),
        (["--irreps", "0e", "--factors", "1o"], "exclude each other"),
        (["--irreps", "0e+600e", "--d", "1"], "up to degree 512"),
        (["--irreps", "0e+300e", "--d", "2"], "is above the limit 512"),
        (["--factors", "1o", "1e"], "factor 2 '1e' vanishes"),
        (["--factors", "1o", "--d", "2"], "--d does not go with it"),
        (["--L", "2", "--d", "2", "--directions", "0"], "directions must be an integer from 1 to"),
        (["--L", "2", "--d", "2", "--directions", "2", "--claim", "4"], "--claim does not go"),
        (["--L", "12", "--d", "12", "--directions", "12"], "tuples of degrees: at most 200000"),
        (
            ["--L", "1", "--d", "2", "--directions", "17", "--certificate", "c"],
            "16 directions and 4096 tuples, got L = 1, d = 2 and 17 directions",
        ),
        (["--irreps", "100000001x0e", "--d", "2"], "dimension 10^8"),
        (["--L", "2", "--d", "2", "--density", "0"], "density must be an integer from 1 to"),
        (["--L", "6", "--d", "6", "--density", "3"], "products of degree 6: at most"),
        (["--L", "2", "--d", "0", "--density", "3"], "needs --d ≥ 1"),
        (["--L", "2", "--d", "2", "--density", "2", "--directions", "2"], "does not go with it"),
        (["--L", "2", "--d", "2", "--claim", "0 x"], "claim must be one integer"),
        (["--L", "2", "--d", "2", "--claim", "0 600"], "a degree of the claim must be"),
        (["--L", "2", "--d", "2", "--directions", "2", "--rank", "blocks"], "no rank route"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_questions(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    test_bad_usage(arguments, message, capsys)
