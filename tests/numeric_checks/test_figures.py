"""Axes that all figures share."""

from __future__ import annotations

import pytest

pytest.importorskip("matplotlib")

from numeric_checks.figures import plain_log_axis, subplots


@pytest.mark.parametrize(
    ("values", "least"), [((90.0, 144.0), 3), ((15.0, 33.0), 3), ((1.5, 20.0), 3), ((1e-3, 1e3), 5)]
)
def test_a_logarithmic_axis_has_numbers_to_read(values: tuple[float, float], least: int) -> None:
    figure, axes = subplots(figsize=(4, 3))
    axes.plot([0, 1], values)
    plain_log_axis(axes)
    figure.draw_without_rendering()
    low, high = axes.get_ylim()
    ticks = [*axes.yaxis.get_major_ticks(), *axes.yaxis.get_minor_ticks()]
    shown = [
        float(tick.label1.get_text())
        for tick in ticks
        if tick.label1.get_text() and low <= tick.get_loc() <= high
    ]
    assert axes.get_yscale() == "log"
    assert len(set(shown)) >= least
    assert all(low <= value <= high for value in shown)
