"""A small configuration of a sweep, and a file of one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CONFIG: dict[str, Any] = {
    "name": "planted",
    "base": {"measure": {"fit": 20, "held": 30}, "train": {"train": 50}},
    "grids": [{"vary": {"model.l_max": [0, 1, 3], "seed": [0, 1]}}],
    "bootstrap": 200,
}


def written(folder: Path, config: Any, suffix: str = ".json") -> Path:
    """The file of ``config`` in ``folder``."""
    path = folder / f"config{suffix}"
    path.write_text(json.dumps(config), encoding="utf-8")
    return path
