"""The grid of definitions: its identity, its cells by a second route, and the command."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from neural_checks.injection import grid
from neural_checks.injection.grid_result import (
    GRID,
    GridCell,
    Reference,
    Squares,
    cell_of,
    grid_csv,
    nearest_first,
)
from neural_checks.injection.result import PUBLISHED

CHOICE: dict[str, Any] = {
    "shared": True, "reference": Reference.EXACT, "stored": False, "channels": 8, "amplitude": 1.0,
}  # fmt: skip


def squares(error: np.ndarray, field: np.ndarray, predicted: np.ndarray) -> Squares:
    """From vectors: error (frames, 3), field and prediction (2, frames, 3); one seed."""

    def square(values: np.ndarray) -> np.ndarray:
        found: np.ndarray = (values**2).sum(axis=-1)
        return found

    residual = error + field
    return Squares(
        total=square(residual)[None],
        left=square(residual - predicted)[None],
        power=square(field)[None],
        missed=square(field - predicted)[None],
        before=square(error),
    )


def test_recovery_less_r2_is_twice_the_error_s_overlap_with_the_prediction() -> None:
    """ρ − R²_inj = 2 E⟨e, p⟩ / E‖ΔF‖² under the exact field, where E⟨e, ΔF⟩ = 0."""
    rng = np.random.default_rng(0)
    error, field = rng.normal(size=(400, 3)), rng.normal(size=(2, 400, 3))
    field -= error * (field * error).sum(axis=(1, 2), keepdims=True) / (error**2).sum()
    predicted = 0.6 * field + 0.2 * error + 0.1 * rng.normal(size=(2, 400, 3))
    cell = cell_of(CHOICE, [squares(error, field, predicted)], None, 50, rng, None)
    overlap = 2 * (error * predicted).sum(axis=(1, 2)) / (field**2).sum(axis=(1, 2))
    for name, wanted in zip(("difference_at", "difference_above"), overlap, strict=True):
        assert cell.numbers[name].value == pytest.approx(wanted)
        assert cell.numbers[name].value != 0


def test_a_reference_that_is_the_readout_itself_gives_one() -> None:
    rng = np.random.default_rng(1)
    error, field = rng.normal(size=(50, 3)), rng.normal(size=(2, 50, 3))
    own = squares(error, field, 0.5 * field)
    choice = {**CHOICE, "reference": Reference.CUBIC}
    cell = cell_of(choice, [own, own], [own, own], 50, rng, None)
    assert cell.numbers["rho_at"].value == pytest.approx(1)
    assert cell.numbers["R2_inj_at"].value == pytest.approx(0.75)
    assert cell.backbones == 2
    p = PUBLISHED
    wanted = [1 - p.recovery[4], 1 - p.recovery[5], 0.75 - p.injected[4], 0.75 - p.injected[5]]
    assert cell.distance == pytest.approx(np.sqrt(np.mean(np.square(wanted))), rel=1e-6)


def test_the_nearest_cells_come_first() -> None:
    cells = [GridCell(**CHOICE, backbones=1, numbers={}, distance=d) for d in (0.3, 0.1, 0.2)]
    assert [cell.distance for cell in nearest_first(cells)] == [0.1, 0.2, 0.3]


def npz(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


@pytest.mark.filterwarnings("ignore")
def test_the_command_goes_on_where_it_was(
    toy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("nequip")
    from neural_checks.backbones.nequip import BackboneConfig
    from neural_checks.data.split import split
    from neural_checks.training.train import TrainConfig, train
    from numeric_checks.molecules import data as reader

    data = toy.toy_data(30)
    monkeypatch.setattr(reader, "load", lambda _name: data)
    model = BackboneConfig(l_max=2, layers=2, channels=2, radial_width=8)
    config = TrainConfig(train=20, validation=2, test=8, steps=1, batch=2)
    run = tmp_path / "run"
    train(data, split(data, 20, 2, 8, 0), model, config, 0, run / "backbone-0.pt")
    command = [
        str(run), "--data", "toy", "--channels", "2", "--amplitudes", "1", "0.5", "--steps", "2",
        "--seeds", "1", "--fit", "99", "--held", "99", "--draws", "20", "--json",
    ]  # fmt: skip
    assert grid.main(command) == 0
    report = GRID.load(json.loads(capsys.readouterr().out))
    assert GRID.read(run / "grid" / "grid.json") == report
    assert len(report.cells) == 2 * 4 * 2 * 1 * 2
    assert (report.settings["fit"], report.held) == (20, 8)  # as many as there are
    rows = list(csv.DictReader(io.StringIO(grid_csv(report))))
    assert float(rows[0]["rho_at"]) == pytest.approx(
        report.cells[0].numbers["rho_at"].value, rel=1e-5
    )
    kept = sorted((run / "grid" / "trainings").iterdir())
    assert len(kept) == 2 * 6
    assert grid.main(command) == 2  # complete
    (run / "grid" / "grid.json").unlink()
    kept[0].unlink()  # as if killed before this one
    stamps = [path.stat().st_mtime_ns for path in kept[1:]]
    assert grid.main(command) == 0
    again = GRID.read(run / "grid" / "grid.json")
    assert again.cells == report.cells
    assert [path.stat().st_mtime_ns for path in kept[1:]] == stamps
    kept[2].unlink()
    assert grid.main([*command, "--force", "--as-measured"]) == 0
    part = GRID.read(run / "grid" / "grid.json")
    assert part.missing == len(again.cells) - len(part.cells) > 0
    words = {cell.words for cell in again.cells}
    assert {cell.words for cell in part.cells} < words
    whole = kept[1].read_bytes()
    with np.load(kept[1]) as stored:
        arrays = dict(stored)
    for damaged in (
        b"", b"not an archive", whole[:-10], whole[:100], b"PK\x03\x04" + whole[40:],
        npz(**{**arrays, "total": arrays["total"][:, :1]}), npz(**{**arrays, "left": np.zeros(3)}),
        npz(**{**arrays, "before": np.array("text")}), npz(total=arrays["total"]),
    ):  # fmt: skip
        kept[1].write_bytes(damaged)
        assert grid.main([*command, "--force"]) == 2
        assert "is damaged, remove it" in capsys.readouterr().err
