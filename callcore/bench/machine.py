"""The machine, the versions and the commit behind a result. Nothing here tells whose machine it was."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

import psutil

SOURCE = Path(__file__).resolve().parents[2]


def machine() -> dict[str, Any]:
    """Processor, cores, memory, system and Python this runs on."""
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count() or 1,
        "usable_cores": len(psutil.Process().cpu_affinity()) if hasattr(psutil.Process, "cpu_affinity") else None,
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def cpu_model() -> str:
    """Name of the processor as the system tells it; "unknown" when it does not."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.lower().startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def machine_line(values: dict[str, Any]) -> str:
    """What :func:`machine` found, in one line for captions."""
    cores = values["usable_cores"] or values["cores"]
    return f"{values['cpu']}, {cores} cores, {values['memory_gib']:g} GiB, {values['system']}"


def versions(*packages: str) -> dict[str, str]:
    """Installed version of each package; "not installed" where it is missing."""
    found = {}
    for package in packages:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def git_commit() -> str:
    """Commit of this checkout, with "+changes" when files differ from it; "unknown" outside a checkout."""
    try:
        commit = _git("rev-parse", "HEAD")[:12]
        return f"{commit}+changes" if _git("status", "--porcelain", "--untracked-files=no") else commit
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=SOURCE, capture_output=True, text=True, check=True).stdout.strip()
