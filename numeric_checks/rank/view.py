"""The table of an observed rank."""

from __future__ import annotations

from numeric_checks.rank.result import RankObservation, one_digit

__all__ = ["table"]


def table(seen: RankObservation) -> str:
    """One row per stage, one for the naive construction, and the verdict."""
    rows = [(f"k = {stage.degree}", stage) for stage in seen.stages]
    if seen.naive is not None:
        rows.append(("naive", seen.naive))
    lines = [
        f"Products of d = {seen.d} features of degree {'≤' if seen.features == 'upto' else '='} "
        f"L = {seen.L} at {seen.directions} {seen.samples}, seed {seen.seed}, device {seen.device}",
        "",
        f"{'stage':>9}  {'columns':>8}  {'rank':>6}  {'expected':>8}  {'σ₁':>8}  {'σ_r':>8}  "
        f"{'σ_r+1':>8}  {'cut-off':>8}  {'gap':>8}",
    ]
    for name, stage in rows:
        numbers = (stage.largest, stage.kept, stage.dropped, stage.cutoff, stage.gap)
        lines.append(
            f"{name:>9}  {stage.columns:>7}{'*' if stage.sampled else ' '}  {stage.rank:>6}  "
            f"{stage.expected:>8}  " + "  ".join(f"{one_digit(value):>8}" for value in numbers)
        )
    if any(stage.sampled for _, stage in rows):
        lines.append("  * random products, because all of them would be too many")
    lines += ["", seen.text + f"; {seen.seconds:.2f} s"]
    return "\n".join(lines)
