"""What a sweep keeps: the file of a job, and the rows and cells of the tables made from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    TypeAdapter,
    ValidationError,
)

from neural_checks.readouts.recovery import Recovery
from neural_checks.readouts.verdict import Outcome
from neural_checks.schema import first_fault, read_json
from span_theorem.span import boundary

__all__ = [
    "FORMAT",
    "Cell",
    "JobRecord",
    "ReadoutRecord",
    "Row",
    "Setting",
    "Side",
    "Summary",
    "read_job_file",
    "telling",
]

FORMAT = "neural_checks.sweep job, version 2"
"""Kind and version of a job's file. A change of what is measured must raise the number."""


@dataclass(frozen=True)
class ReadoutRecord:
    """Squared errors of one readout, means over the sites, by held-out frame.

    ``field`` (ℓ, frames) for ℓ = 1, 2, …; ``before``, ``after``, ``spurious`` (frames,) as in
    :class:`~neural_checks.readouts.recovery.Recovery`; ``degree`` d_r, None for the readout that is
    not polynomial; ``channels`` per irrep; ``weights`` by ℓ.
    """

    kind: str
    degree: int | None
    channels: int
    weights: tuple[int, ...]
    field: tuple[tuple[float, ...], ...]
    before: tuple[float, ...]
    after: tuple[float, ...]
    spurious: tuple[float, ...]

    @classmethod
    def of(cls, kind: str, degree: int | None, channels: int, run: Recovery) -> ReadoutRecord:
        """The means over the sites of a measurement, to five digits after the point."""

        def rounded(values: NDArray[np.float64]) -> Any:
            return np.round(values, 5).tolist()

        return cls(
            kind=kind,
            degree=degree,
            channels=channels,
            weights=tuple(run.weights),
            field=tuple(map(tuple, rounded(run.field.mean(axis=1)))),
            before=tuple(rounded(run.before.mean(axis=0))),
            after=tuple(rounded(run.after.mean(axis=0))),
            spurious=tuple(rounded(run.spurious.mean(axis=0))),
        )

    def recovery(self) -> Recovery:
        """The measurement; the means over the sites stand for one site."""
        before, after, spurious = (
            np.array(values)[None] for values in (self.before, self.after, self.spurious)
        )
        return Recovery(np.array(self.field)[:, None], before, after, spurious, self.weights)


class _Form(BaseModel):
    """What a description in a job's file must hold; it may hold more."""

    model_config = ConfigDict(extra="allow")

    @classmethod
    def judged(cls, content: dict[str, Any]) -> dict[str, Any]:
        """``content`` itself; ValidationError where it does not have the form."""
        cls.model_validate(content)
        return content


class _MeasureForm(_Form):
    degrees: Annotated[list[int], Field(min_length=1)]


class _JobForm(_Form):
    features: str | bool | None
    seed: int | None
    trained: bool
    measure: _MeasureForm


class _DataForm(_Form):
    name: str
    level_of_theory: str
    sha256: str


class _BackboneForm(_Form):
    package: Annotated[str, Field(pattern=r"\S")]
    force_mae_meV_per_A: Annotated[FiniteFloat, Field(gt=0)] | None
    channels: int | None = None
    layers: int | None = None
    steps: int | None = None
    seed: int | None = None
    history: list[tuple[int, float | None, FiniteFloat]] = Field(default_factory=list)


@dataclass(frozen=True)
class JobRecord:
    """The file of a job that is done.

    ``job`` are its settings (:class:`~neural_checks.sweep.settings.Job`), of which ``id`` is the
    hash; ``L`` the largest degree of the features; ``data``, ``backbone`` and ``provenance``
    describe what was measured, and with what.
    """

    id: str
    job: Annotated[dict[str, Any], AfterValidator(_JobForm.judged)]
    L: int
    data: Annotated[dict[str, Any], AfterValidator(_DataForm.judged)]
    backbone: Annotated[dict[str, Any], AfterValidator(_BackboneForm.judged)]
    readouts: tuple[ReadoutRecord, ...]
    provenance: dict[str, Any]
    format: str = FORMAT

    @property
    def setting(self) -> Setting:
        """What is the same for all seeds."""
        return Setting(
            data=self.data["name"],
            level_of_theory=self.data["level_of_theory"],
            # The package's words name unusual gates too, which have a column of their own.
            architecture=self.backbone["package"].removesuffix(", tanh gates"),
            L=self.L,
            layers=self.backbone.get("layers"),
            channels=self.backbone.get("channels"),
            gates=None if self.job["features"] else _gates(self.job.get("model", {})),
            trained=self.job["trained"] and self.backbone.get("steps") != 0,
            steps=self.backbone.get("steps"),
        )

    @property
    def seed(self) -> int | None:
        """Of the network; None where a feature file does not say."""
        seed = self.backbone.get("seed") if self.job["features"] else self.job["seed"]
        return None if seed is None else int(seed)

    @property
    def force_mae(self) -> float | None:
        """In meV/Å; None where a feature file does not say."""
        mae = self.backbone["force_mae_meV_per_A"]
        return None if mae is None else float(mae)

    def boundary(self, readout: ReadoutRecord) -> int:
        """d_r·L; for the readout without a degree that of the largest d_r of the job."""
        return boundary(self.L, readout.degree or max(self.job["measure"]["degrees"]))


def _gates(model: Mapping[str, Any]) -> str:
    """The nonlinearity of the gates; a job's file names it only where it is not the usual one."""
    return "tanh" if model.get("tanh_gates") else "SiLU"


_RECORD = TypeAdapter(JobRecord)


def read_job_file(path: Path) -> JobRecord:
    """The file of a job.

    Raises:
        FileNotFoundError: it is not there; ValueError: it is of another format, or damaged.
    """
    content = read_json(path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"{path}: not of the format {FORMAT!r}; move it, or give another folder")
    try:
        return _RECORD.validate_python(content)
    except ValidationError as error:
        raise ValueError(f"{path}: not a job's file: {first_fault(error)}") from None


@dataclass(frozen=True)
class Setting:
    """What jobs that differ by their seed have in common; None where a feature file is silent."""

    data: str
    level_of_theory: str
    architecture: str
    L: int
    layers: int | None
    channels: int | None
    gates: str | None
    trained: bool
    steps: int | None


@dataclass(frozen=True)
class Row:
    """One line of ``table.csv``: a backbone, a readout, a degree ℓ and an amplitude."""

    job: str
    setting: Setting
    seed: int | None
    force_mae_meV_per_A: float | None
    readout: str
    d_r: int | None
    boundary: int
    ell: int
    R2_field: float
    R2_field_low: float
    R2_field_high: float
    amplitude: float
    G: float
    rho: float
    R2_inj: float

    def columns(self) -> dict[str, Any]:
        """By column name."""
        return dict(_columns(self))


@dataclass(frozen=True)
class Side:
    """Metrics at one degree ℓ; all None at ℓ = 0, where no field is injected."""

    R2: float | None = None
    R2_low: float | None = None
    R2_high: float | None = None
    rho: float | None = None
    R2_inj: float | None = None


@dataclass(frozen=True)
class Cell:
    """One line of ``cells.csv``: the seeds of a setting, a readout and an amplitude.

    ``measured`` is the last degree recovered (None: no single cliff), ``cliff_low`` and
    ``cliff_high`` bound it in 95 % of the draws that show a cliff, ``sharp`` is their share.
    ``outcome`` is that of :func:`neural_checks.readouts.verdict.judge`; for the readout that is not
    polynomial it agrees where it recovers every degree up to one above the boundary of every
    polynomial readout of the job (nothing where L = 0). ``as_expected``: whether it agrees.
    ``alone`` counts the backbones of which that holds one by one, with intervals over frames.
    ``at`` and ``above`` are the metrics at the boundary and one degree above it.
    """

    setting: Setting
    seeds: int
    force_mae_meV_per_A: float | None
    held_frames: int
    readout: str
    d_r: int | None
    boundary: int
    measured: int | None
    cliff_low: int | None
    cliff_high: int | None
    sharp: float
    degrees_measured: int
    as_expected: bool
    outcome: Outcome
    at: Side
    above: Side
    amplitude: float
    contrast: float
    contrast_low: float
    contrast_high: float
    R2_by_ell: tuple[float, ...]
    R2_by_ell_low: tuple[float, ...]
    R2_by_ell_high: tuple[float, ...]
    alone: int

    def columns(self, lists: bool = False) -> dict[str, Any]:
        """By column name; curves over ℓ only with ``lists``."""
        every = dict(_columns(self))
        return {k: v for k, v in every.items() if lists or not isinstance(v, tuple)}


def _columns(line: Any) -> Iterator[tuple[str, Any]]:
    """The fields in order, those of a setting and of a side among them."""
    for each in fields(line):
        value = getattr(line, each.name)
        if isinstance(value, Setting):
            yield from _columns(value)
        elif isinstance(value, Side):
            for name, entry in _columns(value):
                yield _side_column(name, each.name), entry
        else:
            yield each.name, value


def _side_column(metric: str, side: str) -> str:
    """``R2_low`` at the boundary is the column ``R2_at_low``, ``rho`` is ``rho_at``."""
    for end in ("_low", "_high"):
        if metric.endswith(end):
            return f"{metric.removesuffix(end)}_{side}{end}"
    return f"{metric}_{side}"


@dataclass(frozen=True)
class Summary:
    """How a sweep ended: ``summary.json``.

    ``failed`` gives the reasons of the jobs that failed in this run, by id; ``undecided`` and
    ``not_as_expected`` count the cells of one amplitude, the former among the latter.
    """

    name: str
    about: str
    jobs: int
    without_result: int
    left_out_for_want_of_data: tuple[str, ...]
    not_as_expected: int
    undecided: int
    exit_code: int
    failed: dict[str, str] = field(default_factory=dict)
    schema: int = 2


def telling(trained: bool, seeds: int, force_mae: float | None) -> tuple[bool, int, float]:
    """The order in which settings stand for a sweep where one alone is shown; the least is shown.

    Trained before untrained, then the most seeds, then the least force error, one that is not
    known last.

    >>> min([(False, 2, 50.0), (True, 1, 20.0), (True, 2, 60.0)], key=lambda one: telling(*one))
    (True, 2, 60.0)
    """
    return not trained, -seeds, np.inf if force_mae is None else force_mae
