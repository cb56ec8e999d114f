"""Trainings that are interrupted, and their checkpoints: upgraded, damaged, of another time."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("nequip")

import torch

from neural_checks.backbones.checkpoints import VERSION, read_checkpoint
from neural_checks.backbones.load import load_backbone
from neural_checks.backbones.nequip import BackboneConfig
from neural_checks.data.split import split
from neural_checks.training.train import TrainConfig, Trained, train
from numeric_checks.interrupts import deferred
from span_theorem.command import Terminated

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

MODEL = BackboneConfig(l_max=1, layers=2, channels=2, radial_width=8)
TRAIN = TrainConfig(train=6, validation=2, test=2, steps=4, batch=2, validate_every=2, warmup=1)


@pytest.fixture(scope="module")
def data(toy: Any) -> Any:
    return toy.toy_data(10)


@pytest.fixture(scope="module")
def whole(data: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Trained]:
    path = tmp_path_factory.mktemp("whole") / "backbone-0.pt"
    return path, train(data, split(data, 6, 2, 2, 0), MODEL, TRAIN, 0, path)


def same(one: Trained, other: Trained) -> bool:
    pairs = zip(one.backbone.model.parameters(), other.backbone.model.parameters(), strict=True)
    return one.history == other.history and all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize(
    ("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)]
)
def test_an_interrupt_writes_the_checkpoint_and_the_run_goes_on_from_it(
    data: Any, whole: Any, tmp_path: Path, number: int, raised: type[BaseException]
) -> None:
    parts, path = split(data, 6, 2, 2, 0), tmp_path / "a.pt"

    def interrupt(step: int, *_rest: float) -> None:
        if step == 2:
            os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    with pytest.raises(raised, match="the checkpoint is written"):
        train(data, parts, MODEL, TRAIN, 0, path, report=interrupt)
    assert signal.getsignal(number) is before
    assert read_checkpoint(path).step == 2
    assert list(tmp_path.iterdir()) == [path]  # nothing half written is left
    assert same(train(data, parts, MODEL, TRAIN, 0, path), whole[1])


def test_a_full_disk_is_an_error_of_the_disk_and_the_old_checkpoint_stays(
    whole: Any, tmp_path: Path
) -> None:
    path = tmp_path / "a.pt"
    path.write_bytes(whole[0].read_bytes())
    state = read_checkpoint(path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            state.write(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == whole[0].read_bytes()
    assert list(tmp_path.iterdir()) == [path]


def test_a_second_interrupt_is_raised_at_once() -> None:
    def twice() -> None:
        with deferred() as interrupt:
            os.kill(os.getpid(), signal.SIGINT)
            assert interrupt.asked
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)

    with pytest.raises(KeyboardInterrupt):
        twice()


def without_version(path: Path, to: Path) -> Path:
    """The file as it was written before checkpoints had a version."""
    state = torch.load(path, weights_only=True)
    del state["version"], state["scaling"]
    parameters = list(range(len(state["parameters"])))
    group = {"lr": 0.01, "betas": (0.9, 0.999), "eps": 1e-8, "params": parameters}
    state["optimiser"] = {"state": state["optimiser"], "param_groups": [group]}
    torch.save(state, to)
    return to


def test_a_checkpoint_without_a_version_is_read_and_continued(
    data: Any, whole: Any, tmp_path: Path
) -> None:
    parts = split(data, 6, 2, 2, 0)
    train(data, parts, MODEL, TRAIN, 0, tmp_path / "cut.pt", stop_after=2)
    old = without_version(tmp_path / "cut.pt", tmp_path / "old.pt")
    assert read_checkpoint(old).scaling is None
    assert same(train(data, parts, MODEL, TRAIN, 0, old), whole[1])
    assert read_checkpoint(old).scaling is not None  # written again in the present format
    finished = without_version(whole[0], tmp_path / "finished.pt")
    content = finished.read_bytes()
    assert same(train(data, parts, MODEL, TRAIN, 0, finished), whole[1])
    assert finished.read_bytes() == content
    restored = load_backbone(str(finished), data).evaluate(data.structures)
    np.testing.assert_array_equal(
        restored.forces, whole[1].backbone.evaluate(data.structures).forces
    )


def test_a_setting_that_a_file_does_not_know_has_its_default(
    data: Any, whole: Any, tmp_path: Path
) -> None:
    state = torch.load(whole[0], weights_only=True)
    del state["identity"]["train"]["compiled"]
    torch.save(state, tmp_path / "a.pt")
    again = train(data, split(data, 6, 2, 2, 0), MODEL, TRAIN, 0, tmp_path / "a.pt")
    assert same(again, whole[1])


def damages(state: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Contents that are almost a checkpoint."""
    for key in state:
        yield f"{key} missing", {k: v for k, v in state.items() if k != key}
        for value in (None, "x", -1, float("nan"), [], {}, [None], torch.zeros(3)):
            if key == "scaling" and value is None:
                continue
            if (key, str(value)) in (("stopped", "x"), ("history", "[]"), ("optimiser", "{}")):
                continue
            yield f"{key} is {value!r}", {**state, key: value}
    for key in state["identity"]:
        yield f"identity {key}", {**state, "identity": {**state["identity"], key: None}}
    for key in ("parameters", "average", "best"):
        yield f"{key} short", {**state, key: state[key][:-1]}
        wrong = [torch.full_like(v, float("nan")) for v in state[key]]
        yield f"{key} not finite", {**state, key: wrong}
        yield f"{key} reshaped", {**state, key: [v.reshape(-1)[:1] for v in state[key]]}
    yield "newer", {**state, "version": VERSION + 1}
    yield "unknown", {**state, "more": 1}
    yield "list", [state]


def refusal(path: Path, parameters: list[Any]) -> str:
    """What is said of a file that is no good checkpoint; empty where it is one."""
    try:
        found = read_checkpoint(path)
        found.require_fit(path.name, parameters or found.parameters)
    except ValueError as error:
        return str(error)
    return ""


def test_damaged_checkpoints_are_refused_and_left_alone(
    data: Any, whole: Any, tmp_path: Path
) -> None:
    """One message each; none is trained anew over the file, none ends in another exception."""
    parts, path = split(data, 6, 2, 2, 0), tmp_path / "backbone-0.pt"
    state = torch.load(whole[0], weights_only=True)
    tried = 0
    for what, content in damages(state):
        torch.save(content, path)
        written = path.read_bytes()
        message = refusal(path, list(state["parameters"]))
        assert "backbone-0.pt" in message, what
        assert "\n" not in message, what
        if tried % 20 == 0:  # through the whole training for some
            with pytest.raises(ValueError, match=r"backbone-0\.pt"):
                train(data, parts, MODEL, TRAIN, 0, path)
        assert path.read_bytes() == written, what
        tried += 1
    assert tried > 100


def test_cut_and_flipped_files_are_refused(data: Any, whole: Any, tmp_path: Path) -> None:
    content, path = whole[0].read_bytes(), tmp_path / "backbone-0.pt"
    rng = np.random.default_rng(0)
    refused = 0
    for cut in (0, 1, 100, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:cut])
        with pytest.raises(ValueError, match=r"backbone-0\.pt"):
            read_checkpoint(path)
    for place in rng.integers(0, len(content), 60):
        flipped = bytearray(content)
        flipped[place] ^= 0xFF
        path.write_bytes(bytes(flipped))
        refused += "backbone-0.pt" in refusal(path, [])
    assert refused > 20  # the others hit padding, or a number that is still a number


def test_other_settings_are_refused(data: Any, whole: Any) -> None:
    parts = split(data, 6, 2, 2, 0)
    for changed in (replace(TRAIN, steps=5), replace(TRAIN, learning_rate=0.02)):
        with pytest.raises(ValueError, match="other settings or data"):
            train(data, parts, MODEL, changed, 0, whole[0])
    for other, model, seed in (
        (data, replace(MODEL, channels=3), 0),
        (data, MODEL, 1),
        (replace(data, checksum="0" * 64), MODEL, 0),
    ):
        with pytest.raises(ValueError, match="other settings or data"):
            train(other, parts, model, TRAIN, seed, whole[0])


@pytest.mark.slow
def test_sigterm_lets_all_workers_save_and_ends_them(
    data: Any, tmp_path: Path, repository: Path
) -> None:
    """A command with two workers: exit code 143, one line, two checkpoints, no process left."""
    program = textwrap.dedent(
        """
        import sys, warnings
        from pathlib import Path
        from neural_checks.backbones.nequip import BackboneConfig
        from neural_checks.data.split import split
        from neural_checks.training.ensemble import train_all
        from neural_checks.training.train import TrainConfig
        from numeric_checks.molecules.data import load
        from span_theorem.command import run_main

        def work():
            data = load("embedded")
            model = BackboneConfig(l_max=1, layers=2, channels=2, radial_width=8)
            config = TrainConfig(train=6, validation=2, test=2, steps=10**6, batch=2,
                                 validate_every=1, patience=10**6, warmup=1)
            say = lambda seed, *rest: print("step", seed, flush=True)
            train_all(data, split(data, 6, 2, 2, 0), model, config, [0, 1],
                      Path(sys.argv[1]), parallel=2, report=say)
            return 0

        if __name__ == "__main__":
            sys.exit(run_main("test", work))
        """
    )
    script = tmp_path / "program.py"
    script.write_text(program, encoding="utf-8")
    folder = tmp_path / "run"
    running = subprocess.Popen(
        [sys.executable, "-W", "ignore", str(script), str(folder)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=repository,
        env={**os.environ, "PYTHONPATH": str(repository)},
    )  # fmt: skip
    assert running.stdout is not None
    seen = set()
    for line in running.stdout:
        seen.add(line)
        if len(seen) == 2:
            break
    running.terminate()
    _, errors = running.communicate(timeout=120)
    assert running.returncode == 143, errors
    assert "Traceback" not in errors, errors
    for seed in (0, 1):
        assert read_checkpoint(folder / f"backbone-{seed}.pt").step >= 1
    left = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(script) not in left
