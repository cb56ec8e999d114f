"""The command line: what it prints, what it writes, how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import span_theorem.verify as verify_module
from span_theorem import multiplicities
from span_theorem.check import main as check
from span_theorem.rank import DenseRank
from span_theorem.verify import main


@pytest.fixture(autouse=True)
def _work_in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict]:
    code = main([*arguments, "--json"])
    captured = capsys.readouterr()
    return code, json.loads(captured.out)


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
        (["--L", "-1", "--d", "2"], "L must be from 0 to 512, got -1"),
        (["--L", "2", "--d", "1.5"], "d must be an integer from 0 to 512, got '1.5'"),
        (["--L", "99999", "--d", "1"], "from 0 to 512"),
        (["--L", "100", "--d", "100"], "dL = 10000 is above the limit"),
        (["--L", "2"], "--L and --d are both needed"),
        (["--up-to", "2", "--L", "1"], "--up-to takes no --L"),
        (["--up-to", "100"], "--up-to goes up to 12, got 100"),
        (["--up-to", "2", "--force"], "--force is void"),
        (["--L", "２", "--d", "1"], "L must be an integer"),
        (["--L", "1", "--d", "1", "--certificate", "a" * 300], "--certificate: "),
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
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


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

    def low(L: int, d: int, features: str, *, seed: int) -> DenseRank:
        seeds.append(seed)
        return DenseRank(24, 25, 25, 25, 7, seed)

    monkeypatch.setattr(verify_module, "dense_rank", low)
    assert main(["--L", "2", "--d", "2", "--no-numeric"]) == 4
    assert "[LOW] T1  rank of the evaluation map ≥ 24 of 25" in capsys.readouterr().out
    assert seeds == [0, 1, 2]
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
    args = verify_module._parser().parse_args(case)
    cases = [(args.L, args.d)] if d is not None else [(8, 8), (1, 1)]
    verify_module._announce_cost(cases, args)
    assert "of the order of" in capsys.readouterr().err
    verify_module._announce_cost([(2, 2)], args)
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
    with pytest.raises(SystemExit) as ended:
        main(["--L", "1", "--d", "1", "--numeric"])
    assert ended.value.code == 2
    assert "registers an observer" in capsys.readouterr().err
