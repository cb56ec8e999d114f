"""What a result was made with: versions, commit, command, machine, device."""

from __future__ import annotations

import platform
import shlex
import subprocess
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

__all__ = ["NEURAL", "NUMERIC", "command_line", "environment", "versions"]

#: Distributions that decide the numbers of this layer, and of the networks above it.
NUMERIC = ("span-theorem", "numpy", "scipy", "sphericart", "mpmath")
NEURAL = ("span-theorem", "torch", "nequip", "mace-torch", "e3nn", "numpy", "scipy")
#: Packages of networks that adapters read: named only where they are installed.
NETWORKS = ("nequip-allegro", "sevenn", "chgnet", "schnetpack", "matgl", "nequix")
_ABSENT = "not installed as a package"


def versions(packages: Sequence[str] = NUMERIC) -> dict[str, str]:
    """Python and the packages, by name."""
    found = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = _ABSENT
    return found


def command_line(program: str, argv: Sequence[str]) -> str:
    """The command as it can be pasted and repeated; folders are left out of paths.

    >>> command_line("python -m numeric_checks.rank", ["--out", "/tmp/rank.json"])
    'python -m numeric_checks.rank --out rank.json'
    """
    return shlex.join([*program.split(), *map(_without_folders, argv)])


def _without_folders(word: str) -> str:
    """A path, alone or as KEY=PATH, by its last part; addresses and text stay as they are."""
    key, equals, value = word.rpartition("=")
    if "/" not in value or "://" in value or any(c.isspace() for c in value):
        return word
    return key + equals + Path(value).name


def environment(device: str = "cpu") -> dict[str, Any]:
    """Python, packages, git commit, machine and device, as plain values; ``device`` as given."""
    found = versions(NEURAL) | {k: v for k, v in versions(NETWORKS).items() if v != _ABSENT}
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
        "python": found.pop("python"),
        "machine": platform.machine(),
        "device": device,
        "device_name": _device_name(device),
        "versions": found,
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
