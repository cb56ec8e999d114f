"""Shared fixtures, and Hypothesis profiles that give the same examples on every run in CI."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

hypothesis.settings.register_profile("ci", derandomize=True, deadline=None, max_examples=60)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=1000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the source tree."""
    return ROOT


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """A folder with rMD17 and coupled-cluster data, which are not part of the project."""
    named = os.environ.get("SPAN_THEOREM_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no molecular data: set SPAN_THEOREM_DATA to a folder with aspirin_rmd17.npz")
    return folder
