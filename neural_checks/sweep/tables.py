"""Tables of a sweep, made from the files of its jobs and nothing else.

``table.csv`` is tidy: a row per backbone, readout, degree ℓ and amplitude. ``cells.csv`` pools the
seeds of a setting: a row per setting, readout and amplitude, with the measured cliff beside the
proved boundary and intervals from the bootstrap over backbones and frames.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neural_checks.readouts.bootstrap import bootstrap
from neural_checks.readouts.metrics import Metrics
from neural_checks.readouts.recovery import Recovery
from neural_checks.readouts.verdict import LIMIT, Curve, judge, reach
from span_theorem.span import boundary

__all__ = ["cells", "rows", "write_csv"]

Array = NDArray[np.float64]
Record = Mapping[str, Any]


def rows(
    records: Sequence[Record], amplitudes: Sequence[float], draws: int, seed: int
) -> list[dict[str, Any]]:
    """The tidy table: R² of the field with its interval over held-out frames, and G, ρ, R²_inj."""
    result = []
    for record in records:
        rng = np.random.default_rng(seed)  # per job: a row must not depend on the other jobs
        for readout in record["readouts"]:
            runs = [_recovery(readout)]
            point, drawn = bootstrap(runs, draws, rng)
            low, high = _interval(drawn.field)
            for amplitude in amplitudes:
                at, _ = bootstrap(runs, 1, rng, amplitude)
                for ell in range(1, len(point.field) + 1):
                    k = ell - 1
                    result.append(
                        {
                            "job": record["id"],
                            **_setting(record),
                            "seed": _seed(record),
                            "force_mae_meV_per_A": _mean([record]),
                            "readout": readout["kind"],
                            "d_r": readout["degree"],
                            "boundary": _boundary(record, readout),
                            "ell": ell,
                            "R2_field": _round(point.field[k]),
                            "R2_field_low": _round(low[k]),
                            "R2_field_high": _round(high[k]),
                            "amplitude": amplitude,
                            "G": _round(at.gain[k]),
                            "rho": _round(at.recovery[k]),
                            "R2_inj": _round(at.injected[k]),
                        }
                    )
    return result


def cells(
    records: Sequence[Record], amplitudes: Sequence[float], draws: int, seed: int
) -> list[dict[str, Any]]:
    """One row per setting, readout and amplitude; jobs that differ by their seed are one setting.

    ``measured`` is the last degree recovered (None: no single cliff), ``cliff_low`` and
    ``cliff_high`` bound it in 95 % of the draws that show a cliff, ``sharp`` is their share.
    ``as_expected``: the cliff is at the boundary; for the readout that is not polynomial, that it
    recovers a degree above the boundary of every polynomial one of the job (nothing where L = 0).
    ``alone`` counts the backbones of which that holds one by one, with intervals over frames.
    """
    groups: dict[str, list[Record]] = {}
    for record in records:
        content: Any = {key: value for key, value in record["job"].items() if key != "seed"}
        if record["job"]["features"]:  # every seed has a file of its own
            content = [record["job"]["measure"], _setting(record)]
        groups.setdefault(json.dumps(content, sort_keys=True), []).append(record)
    result = []
    for members in groups.values():
        rng = np.random.default_rng(seed)
        first = members[0]
        common = {
            **_setting(first),
            "seeds": len(members),
            "force_mae_meV_per_A": _mean(members),
            "held_frames": len(first["readouts"][0]["before"]),
        }
        for index, readout in enumerate(first["readouts"]):
            runs = [_recovery(member["readouts"][index]) for member in members]
            each = [bootstrap([run], draws, rng) for run in runs]
            alone = sum(_cell(first, readout, *one, 1.0)["as_expected"] for one in each)
            for amplitude in amplitudes:
                point, drawn = bootstrap(runs, draws, rng, amplitude)
                result.append(
                    {
                        **common,
                        "readout": readout["kind"],
                        "d_r": readout["degree"],
                        **_cell(first, readout, point, drawn, amplitude),
                        "alone": alone,
                    }
                )
    return result


def _cell(
    record: Record, readout: Record, point: Metrics, drawn: Metrics, amplitude: float
) -> dict[str, Any]:
    L, degree = record["L"], readout["degree"]
    edge = _boundary(record, readout)
    curve = Curve.of(point.field, drawn.field)
    low, high = np.array(curve.low), np.array(curve.high)
    reached = reach(drawn.field)
    if degree is None:
        measured: int | None = int(reach(low))
        sharp = np.ones(len(reached), dtype=bool)
        expected = high.max() < LIMIT if L == 0 else measured > edge
    else:
        decided = judge(curve, L, degree)
        measured, expected = decided.measured, decided.agrees
        above = np.arange(1, drawn.field.shape[1] + 1) > reached[:, None]
        sharp = ~((drawn.field >= LIMIT) & above).any(axis=1)
    ends = (
        np.quantile(reached[sharp], [0.025, 0.975], method="inverted_cdf")
        if sharp.any()
        else [None, None]
    )
    contrast = drawn.gain[:, max(edge - 1, 0)] - drawn.gain[:, edge]
    values: dict[str, Any] = {
        "boundary": edge,
        "measured": measured,
        "cliff_low": None if ends[0] is None else int(ends[0]),
        "cliff_high": None if ends[1] is None else int(ends[1]),
        "sharp": _round(sharp.mean()),
        "degrees_measured": len(point.field),
        "as_expected": bool(expected),
    }
    for name, ell in (("at", edge), ("above", edge + 1)):
        k = ell - 1
        inside = ell >= 1  # at L = 0 the boundary is 0, and no field of degree 0 is injected
        values |= {
            f"R2_{name}": _round(point.field[k]) if inside else None,
            f"R2_{name}_low": _round(low[k]) if inside else None,
            f"R2_{name}_high": _round(high[k]) if inside else None,
            f"rho_{name}": _round(point.recovery[k]) if inside else None,
            f"R2_inj_{name}": _round(point.injected[k]) if inside else None,
        }
    ends_contrast = np.quantile(contrast, [0.025, 0.975])
    return values | {
        "amplitude": amplitude,
        "contrast": _round(point.gain[max(edge - 1, 0)] - point.gain[edge]),
        "contrast_low": _round(ends_contrast[0]),
        "contrast_high": _round(ends_contrast[1]),
        "R2_by_ell": [_round(value) for value in point.field],
        "R2_by_ell_low": [_round(value) for value in low],
        "R2_by_ell_high": [_round(value) for value in high],
    }


def write_csv(path: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    """Rows with the keys of the first as head, lists left out; complete or not at all."""
    heads = [key for key, value in lines[0].items() if not isinstance(value, list)]
    temporary = path.with_name(f".{path.name}.{os.getpid()}.writing")
    with temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, heads, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
    os.replace(temporary, path)


def _setting(record: Record) -> dict[str, Any]:
    """What is the same for all seeds; None where a feature file does not say."""
    job, backbone = record["job"], record["backbone"]
    return {
        "data": record["data"]["name"],
        "level_of_theory": record["data"]["level_of_theory"],
        "architecture": backbone["package"],
        "L": record["L"],
        "layers": backbone.get("layers"),
        "channels": backbone.get("channels"),
        "trained": job["trained"] and backbone.get("steps") != 0,
        "steps": backbone.get("steps"),
    }


def _seed(record: Record) -> Any:
    return record["backbone"].get("seed") if record["job"]["features"] else record["job"]["seed"]


def _boundary(record: Record, readout: Record) -> int:
    """d_r·L; for the readout without a degree that of the largest d_r of the job."""
    degree = readout["degree"] or max(record["job"]["measure"]["degrees"])
    return boundary(record["L"], degree)


def _mean(records: Sequence[Record]) -> float | None:
    """Mean force MAE in meV/Å; None where it is not known of every one."""
    values = [record["backbone"]["force_mae_meV_per_A"] for record in records]
    return None if None in values else _round(np.mean(values))


def _recovery(readout: Record) -> Recovery:
    """Means over the sites, as they are stored, stand for one site."""
    before, after, spurious = (
        np.array(readout[key])[None] for key in ("before", "after", "spurious")
    )
    field = np.array(readout["field"])[:, None]
    return Recovery(field, before, after, spurious, tuple(readout["weights"]))


def _interval(values: Array) -> tuple[Array, Array]:
    low, high = np.quantile(values, [0.025, 0.975], axis=0)
    return low, high


def _round(value: Any) -> float:
    return round(float(value), 5) + 0.0  # no minus zero
