"""The formal proofs: they compile, use no axiom, agree with Python, and false ones are rejected."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from collections import Counter
from itertools import combinations_with_replacement
from pathlib import Path

import pytest

FORMAL = Path(__file__).resolve().parents[2] / "docs" / "formal"
NEGATIVE = Path(__file__).resolve().parent / "negative"
SOURCES = sorted(FORMAL.glob("*.v"))
CHECK = FORMAL / "check"
PAIRS = sorted(path.stem.removesuffix("_false") for path in NEGATIVE.glob("*_false.v"))


def missing_library() -> str | None:
    """Why the proofs cannot be compiled here, or None."""
    if shutil.which("coqc") is None or shutil.which("coqchk") is None:
        return "no coqc or coqchk on the path; docs/formal/check says what to install"
    where = subprocess.run(["coqc", "-where"], capture_output=True, text=True, check=True)
    contrib = Path(where.stdout.strip()) / "user-contrib"
    for library in ("mathcomp/algebra/all_algebra.vo", "SsrMultinomials/mpoly.vo"):
        if not (contrib / library).exists():
            return f"Coq has no {library}; docs/formal/check says what to install"
    return None


MISSING = missing_library()


# A few seconds, so part of the default run; there it says so where Coq is missing.
quick_coq = pytest.mark.skipif(MISSING is not None, reason=MISSING or "")


def needs_coq(test):
    """Mark a test that compiles all the proofs."""
    return pytest.mark.coq(quick_coq(test))


def run(*command: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None):
    return subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=env,
        check=False,
    )


def coqc(folder: Path, name: str):
    return run("coqc", "-q", "-w", "none", "-Q", ".", "SpanTheorem", f"{name}.v", cwd=folder)


@pytest.fixture(scope="session")
def checked(tmp_path_factory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """What the check of all the proofs said, and the folder with the compiled files."""
    if MISSING is not None:
        pytest.skip(MISSING)
    folder = tmp_path_factory.mktemp("formal") / "compiled"
    before = sorted(FORMAL.rglob("*"))
    result = run(CHECK, "--keep", folder)
    assert result.returncode == 0, result.stdout + result.stderr
    assert sorted(FORMAL.rglob("*")) == before
    return folder, result


@pytest.fixture(scope="session")
def compiled(checked) -> tuple[Path, dict[str, str]]:
    """A folder with the compiled proofs, and what each file printed."""
    folder, result = checked
    parts = re.split(r"^== (\w+)\.v\n", result.stdout.partition("== coqchk\n")[0], flags=re.M)[1:]
    printed = dict(zip(parts[::2], parts[1::2], strict=True))
    assert sorted(printed) == [source.stem for source in SOURCES]
    return folder, printed


# --- the proofs -----------------------------------------------------------------------------


@needs_coq
def test_check_accepts_the_proofs(checked):
    _, result = checked
    assert result.stdout.endswith(f"PROVED: {len(SOURCES)} files, axioms: none\n")
    assert "* Axioms: <none>" in result.stdout


@needs_coq
def test_every_theorem_is_closed(compiled):
    _, printed = compiled
    asked = (FORMAL / "Main.v").read_text().count("Print Assumptions")
    assert asked >= 6
    assert printed["Main"].split("\n")[:-1] == ["Closed under the global context"] * asked


def test_every_theorem_of_the_sources_is_in_the_list_of_assumptions():
    text = (FORMAL / "Main.v").read_text()
    for source in SOURCES:
        for name in re.findall(r"^Theorem (\w+)", source.read_text(), re.M):
            assert f"Print Assumptions {name}." in text, name


@quick_coq
def test_boundary_is_proved_and_one_lower_is_not(tmp_path):
    shutil.copy(FORMAL / "Weights.v", tmp_path)
    for name in ("boundary_true", "boundary_false"):
        shutil.copy(NEGATIVE / f"{name}.v", tmp_path)
    proved = coqc(tmp_path, "Weights")
    assert proved.returncode == 0, proved.stderr
    assert coqc(tmp_path, "boundary_true").returncode == 0
    assert coqc(tmp_path, "boundary_false").returncode == 1


# --- agreement with Python ------------------------------------------------------------------


def printed_tables(text: str) -> list[dict[tuple[int, int], list[int]]]:
    """The lists [:: (L, d, [:: m_0; m_1; ...]); ...] that Table.v prints."""
    tables = []
    for block in text.split(": seq (nat * nat * seq int)")[:-1]:
        entries = re.findall(r"\(\s*(\d+)%N,\s*(\d+)%N,\s*\[::([^\]]*)\]\)", block)
        tables.append(
            {
                (int(L), int(d)): [int(value) for value in re.findall(r"(-?\d+)%Z", values)]
                for L, d, values in entries
            }
        )
    return tables


@pytest.fixture(scope="session")
def coq_tables(compiled):
    """Multiplicities computed by Coq, for features up to degree L and of degree exactly L."""
    upto, exact = printed_tables(compiled[1]["Table"])
    return {"upto": upto, "exact": exact}


def brute_force(features: str, L: int, d: int) -> list[int]:
    """Multiplicities of V_0, ..., V_dL: count the multisets of d weights, and take differences."""
    degrees = range(L + 1) if features == "upto" else [L]
    states = [m for l in degrees for m in range(-l, l + 1)]
    indices = combinations_with_replacement(range(len(states)), d)
    count = Counter(sum(states[i] for i in chosen) for chosen in indices)
    return [count[l] - count[l + 1] for l in range(d * L + 1)]


@needs_coq
@pytest.mark.parametrize("features", ["upto", "exact"])
def test_table_agrees_with_an_enumeration(coq_tables, features):
    table = coq_tables[features]
    assert sorted(table) == [(L, d) for L in range(5) for d in range(5)]
    for (L, d), values in table.items():
        assert values == brute_force(features, L, d), (L, d)
        assert values[-1] == 1


@needs_coq
@pytest.mark.parametrize("features", ["upto", "exact"])
def test_table_agrees_with_the_package(coq_tables, features):
    from span_theorem import feature_irreps, multiplicities

    for (L, d), values in coq_tables[features].items():
        table = Counter()
        for irrep, count in multiplicities(feature_irreps(L, features), d).items():
            table[irrep.l] += count
        assert values == [table[l] for l in range(d * L + 1)], (L, d)
        assert sum(table.values()) == sum(values), (L, d)


def test_a_wrong_table_would_be_noticed():
    text = "= [:: (1%N, 2%N,\n [:: 2%Z; 1%Z;\n 2%Z])]\n : seq (nat * nat * seq int)\n"
    (table,) = printed_tables(text)
    assert table == {(1, 2): [2, 1, 2]}
    assert table[1, 2] != brute_force("upto", 1, 2) == [2, 1, 1]


# --- false statements and axioms are rejected -----------------------------------------------


@pytest.mark.parametrize("pair", PAIRS)
def test_pairs_share_their_proof(pair):
    true, false = ((NEGATIVE / f"{pair}_{v}.v").read_text() for v in ("true", "false"))
    assert true.count("Proof.") == 1
    assert true.partition("Proof.")[2] == false.partition("Proof.")[2]
    before = [text.partition("Proof.")[0].split("\n")[1:] for text in (true, false)]
    differing = [line for line, other in zip(*before, strict=True) if line != other]
    assert len(differing) == 1, "one line of the statement differs"


@needs_coq
@pytest.mark.parametrize("pair", PAIRS)
def test_false_statement_fails_in_its_last_step(compiled, pair):
    folder, _ = compiled
    for name in (f"{pair}_true", f"{pair}_false"):
        shutil.copy(NEGATIVE / f"{name}.v", folder)
    assert coqc(folder, f"{pair}_true").returncode == 0
    failed = coqc(folder, f"{pair}_false")
    assert failed.returncode == 1
    lines = (NEGATIVE / f"{pair}_false.v").read_text().split("\n")
    last_step = lines.index("Qed.")
    assert f'{pair}_false.v", line {last_step},' in failed.stderr
    assert re.search(r"Error:\s+(Cannot apply lemma|Unable to unify)", failed.stderr), failed.stderr


@needs_coq
def test_false_statements_are_refuted(compiled):
    folder, _ = compiled
    shutil.copy(NEGATIVE / "refuted.v", folder)
    result = coqc(folder, "refuted")
    assert result.returncode == 0, result.stderr


@needs_coq
def test_check_rejects_a_false_statement():
    result = run(CHECK, NEGATIVE / "boundary_false.v")
    assert result.returncode == 3
    assert "REJECTED: boundary_false.v does not compile" in result.stderr
    assert "PROVED" not in result.stdout


@needs_coq
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("axiom_named", "REJECTED: an axiom"),
        ("axiom_hidden", "REJECTED: coqchk does not report 'Axioms: <none>'"),
        ("unfinished", "REJECTED: an axiom, an admitted proof"),
        ("unguarded", "REJECTED: an axiom, an admitted proof or an unchecked definition"),
    ],
)
def test_check_rejects_axioms_and_gaps(name, message):
    result = run(CHECK, NEGATIVE / f"{name}.v")
    assert result.returncode == 3
    assert message in result.stderr
    assert "PROVED" not in result.stdout


@needs_coq
def test_check_leaves_no_file_behind(tmp_path):
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    assert run(CHECK, NEGATIVE / "axiom_named.v", env=environment).returncode == 3
    assert run(CHECK, FORMAL / "Weights.v", env=environment).returncode == 2
    assert not list(tmp_path.iterdir())


@needs_coq
def test_check_refuses_bad_usage(tmp_path):
    assert run(CHECK, tmp_path / "absent.v").returncode == 2
    assert run(CHECK, "--keep").returncode == 2
    assert run(CHECK, "--keep", tmp_path).returncode == 2
    (tmp_path / "Sphere.v").write_text("")
    assert run(CHECK, tmp_path / "Sphere.v").returncode == 2


# --- without Coq ----------------------------------------------------------------------------


def tools(folder: Path) -> dict[str, str]:
    """An environment whose path has the ordinary tools that the script uses, and no Coq."""
    for name in ("bash", "basename", "cat", "cp", "dirname", "grep", "mktemp", "rm"):
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    return {**os.environ, "PATH": str(folder)}


def test_check_without_coq_names_the_packages(tmp_path):
    result = run(shutil.which("bash"), CHECK, env=tools(tmp_path))
    assert result.returncode == 4
    assert "apt-get install --no-install-recommends coq libcoq-mathcomp-algebra" in result.stderr
    assert result.stdout == ""


def test_check_without_a_library_names_it(tmp_path):
    environment = tools(tmp_path)
    for name in ("coqc", "coqchk"):
        (tmp_path / name).write_text(f"#!{shutil.which('bash')}\necho {tmp_path}\n")
        (tmp_path / name).chmod(0o755)
    result = run(shutil.which("bash"), CHECK, env=environment)
    assert result.returncode == 4
    assert "missing libcoq-mathcomp-algebra libcoq-mathcomp-multinomials;" in result.stderr


@pytest.mark.parametrize(
    ("coqdep", "code"), [("echo *.v", 0), ("exit 1", 3), ("echo Weights.v", 3), ("true", 3)]
)
def test_check_rejects_a_list_of_files_that_is_not_whole(coqdep, code, tmp_path):
    """A coqdep that fails or leaves files out; the other tools say what they say of a proof."""
    environment = tools(tmp_path)
    for library in ("mathcomp/algebra/all_algebra.vo", "SsrMultinomials/mpoly.vo"):
        (tmp_path / "user-contrib" / library).parent.mkdir(parents=True)
        (tmp_path / "user-contrib" / library).touch()
    headings = (
        "Axioms",
        "Constants/Inductives relying on type-in-type",
        "Constants/Inductives relying on unsafe (co)fixpoints",
        "Inductives whose positivity is assumed",
    )
    report = "\n".join(f"echo '* {heading}: <none>'" for heading in headings)
    fakes = {"coqc": f"echo {tmp_path}", "coqchk": report, "coqdep": coqdep}
    for name, body in fakes.items():
        (tmp_path / name).write_text(f"#!{shutil.which('bash')}\n{body}\n")
        (tmp_path / name).chmod(0o755)
    result = run(shutil.which("bash"), CHECK, env=environment)
    assert result.returncode == code
    assert ("REJECTED: coqdep" in result.stderr) == (code == 3)
    assert ("PROVED" in result.stdout) == (code == 0)


# --- the page and the style of the sources --------------------------------------------------


def test_page_quotes_the_sources():
    page = (FORMAL / "README.md").read_text()
    sources = "\n".join(source.read_text() for source in SOURCES)
    quoted = re.findall(r"^```coq\n(.*?)^```$", page, re.M | re.S)
    assert len(quoted) >= 6
    for block in quoted:
        for part in block.strip().split("\n\n"):
            assert part in sources, f"not in the sources:\n{part}"


def test_page_quotes_every_theorem():
    page = (FORMAL / "README.md").read_text()
    for source in SOURCES:
        for name in re.findall(r"^Theorem (\w+)", source.read_text(), re.M):
            assert re.search(rf"^Theorem {name}\b", page, re.M), name


CLAUSES = tomllib.loads((FORMAL / "status.toml").read_text())["clause"]


def test_clauses_are_told_once():
    named = [(clause["statement"], clause["clause"]) for clause in CLAUSES]
    assert len(set(named)) == len(named) > 20
    assert {"T1", "T1′", "T1″", "T2", "T4", "T7", "lemma-degree"} <= {name for name, _ in named}


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda c: f"{c['statement']} {c['clause']}")
def test_clause_names_a_theorem_that_is_checked(clause):
    keys = {"statement", "clause", "says", "formal"}
    if clause["formal"] == "no":
        assert set(clause) == keys
        return
    assert clause["formal"] in ("yes", "part")
    extra = {"theorem", "file"} | ({"scope"} if clause["formal"] == "part" else set())
    assert set(clause) == keys | extra
    source = (FORMAL / clause["file"]).read_text()
    assert re.search(rf"^Theorem {clause['theorem']}\b", source, re.M)
    main = (FORMAL / "Main.v").read_text()
    assert f"Print Assumptions {clause['theorem']}." in main


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_every_lemma_has_a_comment_and_a_short_proof(source):
    lines = source.read_text().split("\n")
    starts = [i for i, line in enumerate(lines) if re.match(r"(Lemma|Theorem) ", line)]
    for i in starts:
        assert lines[i - 1].endswith("*)"), f"no comment before: {lines[i]}"
        end = next(j for j in range(i, len(lines)) if lines[j].endswith("Qed."))
        assert end - i <= 50, f"longer than a page: {lines[i]}"
    assert all(len(line) <= 100 for line in lines)
