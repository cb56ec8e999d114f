"""What a result was made with: versions, commit, machine, device."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

__all__ = ["environment"]

_PACKAGES = ("span-theorem", "torch", "nequip", "mace-torch", "e3nn", "numpy", "scipy")


def environment(device: str) -> dict[str, Any]:
    """Python, packages, git commit, machine and device, as plain values; ``device`` as given."""
    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed as a package"
    try:
        commit = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        commit = "not a git checkout"
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "device": device,
        "device_name": _device_name(device),
        "versions": versions,
        "git_commit": commit,
    }


def _device_name(device: str) -> str:
    """What the maker calls the GPU or, on Linux, the processor; of other devices nothing."""
    if device.startswith("cuda"):
        import torch

        if not torch.cuda.is_available():
            return "not stated"
        name: str = torch.cuda.get_device_name(device)
        return name
    if "cpu" not in device.lower():
        return "not stated"
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "not stated"
