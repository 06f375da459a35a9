"""What this machine offers callcore, and how to mend what it lacks: a list of checks, each a function of its own.

Nothing here changes the machine: folders that callcore writes to are tried with a file that is removed again.
"""

from __future__ import annotations

import importlib.metadata
import math
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from callcore import __version__
from callcore.config import Settings
from callcore.errors import CallcoreError, MissingExtra, ModelError, StoreError
from callcore.paths import data_folder, database_file, models_folder

PACKAGES = ("av", "ctranslate2", "faster-whisper", "numpy", "onnxruntime", "soxr", "sqlite-utils", "webrtcvad-wheels")
OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
SPARE_MEMORY_GB = 1.0  #: starter and base models with all their workers fit in this
SPARE_DISK_GB = 1.0
_CPU_FLAGS = {"avx2": "AVX2", "avx512f": "AVX-512", "avx512_vnni": "VNNI", "avx_vnni": "AVX-VNNI", "asimddp": "dotprod"}
_PCI_DISPLAY, _PCI_NVIDIA = "0x03", "0x10de"


class Status(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"  #: something is slower or missing, transcription works
    BROKEN = "broken"  #: transcription does not work


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check. ``fix`` says what to do about a warning or fault."""

    check: str
    status: Status
    message: str
    fix: str = ""


Check = Callable[[Settings], Iterable[Finding]]


def examine(settings: Settings, *, network: bool = False) -> list[Finding]:
    """Run all checks. ``network`` also asks whether the model hub answers; nothing else touches the network."""
    checks = [*CHECKS, ("network", _network)] if network else CHECKS
    findings: list[Finding] = []
    for name, check in checks:
        try:
            findings += check(settings)
        except (CallcoreError, OSError, ImportError) as error:
            hint = error.hint if isinstance(error, CallcoreError) else "Install callcore again."
            findings.append(Finding(name, Status.BROKEN, f"the check itself failed: {error}", hint))
    return findings


def _python(_: Settings) -> Iterable[Finding]:
    version = sys.version_info[:2]
    message = f"callcore {__version__}, Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    if OLDEST_PYTHON <= version <= NEWEST_PYTHON:
        yield Finding("python", Status.OK, message)
    else:
        yield Finding("python", Status.WARNING, message, "callcore is tested on Python 3.11, 3.12 and 3.13.")


def _packages(_: Settings) -> Iterable[Finding]:
    versions, missing = [], []
    for package in PACKAGES:
        try:
            versions.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(package)
    if missing:
        fix = f"Install callcore again: pip install --force-reinstall callcore (or pip install {' '.join(missing)})"
        yield Finding("packages", Status.BROKEN, f"missing: {', '.join(missing)}", fix)
    else:
        yield Finding("packages", Status.OK, ", ".join(versions))


def _processor(_: Settings) -> Iterable[Finding]:
    from callcore.engines.hardware import cpu_compute_types

    model, flags = _cpu_model_and_flags()
    features = [name for flag, name in _CPU_FLAGS.items() if flag in flags]
    types = cpu_compute_types()
    described = f"{model}; {', '.join(features) or 'vector features unknown'}; computes {', '.join(types)}"
    if "int8" not in types and "int8_float32" not in types:
        yield Finding("processor", Status.WARNING, described, "No int8: models run in float32, several times slower.")
    elif platform.machine() in ("x86_64", "AMD64") and flags and "avx2" not in flags:
        fix = "No AVX2: expect a fraction of the speed. In a virtual machine, pass the host's CPU model through."
        yield Finding("processor", Status.WARNING, described, fix)
    else:
        yield Finding("processor", Status.OK, described)


def _cpu_model_and_flags() -> tuple[str, frozenset[str]]:
    """Name and features of the processor; features are empty where the system does not list them."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine(), frozenset()
    fields = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    flags = fields.get("flags") or fields.get("Features") or ""
    return fields.get("model name") or platform.machine(), frozenset(flags.split())


def _cores(_: Settings) -> Iterable[Finding]:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = _cgroup_cpus()
    message = f"{usable} usable of {os.cpu_count()}"
    if limit is not None and limit < usable:
        fix = f"Give the container more CPUs, or set recognise.workers to {max(1, math.floor(limit))}."
        yield Finding("cores", Status.WARNING, f"{message}, limited to {limit:g} by the container", fix)
    elif usable == 1:
        yield Finding("cores", Status.WARNING, message, "One core transcribes one window at a time; more are faster.")
    else:
        yield Finding("cores", Status.OK, message)


def _cgroup_cpus() -> float | None:
    """CPUs the control group grants (cgroup 2, then 1), or None without a limit."""
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        try:
            folder = Path("/sys/fs/cgroup/cpu")
            quota = (folder / "cpu.cfs_quota_us").read_text(encoding="ascii").strip()
            period = (folder / "cpu.cfs_period_us").read_text(encoding="ascii").strip()
        except OSError:
            return None
    return None if quota in ("max", "-1") else int(quota) / int(period)


def _memory(_: Settings) -> Iterable[Finding]:
    free = _free_memory_bytes()
    if free is None:
        yield Finding("memory", Status.OK, "not reported by this system")
    elif free < SPARE_MEMORY_GB * 1e9:
        fix = "Close other programs, or use a smaller model or fewer workers (recognise.workers)."
        yield Finding("memory", Status.WARNING, f"{free / 1e9:.1f} GB free", fix)
    else:
        yield Finding("memory", Status.OK, f"{free / 1e9:.1f} GB free")


def _free_memory_bytes() -> int | None:
    """Memory a new program can have, control group included; None where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    (free,) = [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")] or (None,)
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
        used = Path("/sys/fs/cgroup/memory.current").read_text(encoding="ascii").strip()
    except OSError:
        return free
    return free if limit == "max" or free is None else min(free, int(limit) - int(used))


def _gpu(_: Settings) -> Iterable[Finding]:
    from callcore.engines.hardware import cuda_compute_types, cuda_devices

    count = cuda_devices()
    if count:
        yield Finding("gpu", Status.OK, f"{count} CUDA device(s); computes {', '.join(cuda_compute_types())}")
    elif Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi"):
        fix = (
            "CTranslate2 4 needs a driver for CUDA 12 or newer, with cuBLAS 12 and cuDNN 9; in a container, --gpus all."
        )
        yield Finding("gpu", Status.WARNING, "an NVIDIA driver is there, but no device can be used", fix)
    elif _nvidia_card():
        fix = "Install NVIDIA's driver (CUDA 12 or newer) to use it; everything works on the CPU without."
        yield Finding("gpu", Status.WARNING, "an NVIDIA card is there, but no driver", fix)
    else:
        yield Finding("gpu", Status.OK, "none; recognition runs on the CPU")


def _nvidia_card(devices: Path = Path("/sys/bus/pci/devices")) -> bool:
    def read(file: Path) -> str:
        try:
            return file.read_text(encoding="ascii").strip()
        except OSError:
            return ""

    return any(
        read(device / "vendor") == _PCI_NVIDIA and read(device / "class").startswith(_PCI_DISPLAY)
        for device in (devices.iterdir() if devices.is_dir() else ())
    )


def _models(settings: Settings) -> Iterable[Finding]:
    from callcore.models.manifest import load_manifest
    from callcore.models.registry import find_models, partial_pulls, resolve

    for model in find_models(settings.models):
        if model.fault:
            yield Finding("models", Status.WARNING, f"{model.name}: {model.fault}", model.mend)
    for name, size in partial_pulls(settings.models).items():
        fix = f"Fetch the rest: callcore models pull {name}"
        yield Finding("models", Status.WARNING, f"{name}: a pull was cut off at {size / 1e6:,.0f} MB", fix)
    asked, language = settings.recognise.model, settings.recognise.language
    try:
        model_in_use = resolve(asked, language, settings.models)
    except ModelError as error:
        yield Finding("models", Status.BROKEN, error.message, error.hint)
        return
    message = f"--model {asked} takes {model_in_use.name} ({model_in_use.place.value})"
    suggestion = load_manifest().suggestion(None if language == "auto" else language)
    if model_in_use.synthetic_only and suggestion is not None:
        fix = f"It knows synthetic speech only. For calls of people: callcore models pull {suggestion.name}"
        yield Finding("models", Status.WARNING, message, fix)
    else:
        yield Finding("models", Status.OK, message)


def _audio_devices(_: Settings) -> Iterable[Finding]:
    from callcore.capture.devices import audio_devices

    try:
        devices = audio_devices()
    except MissingExtra as error:
        fix = {
            "Linux": "Recordings do not need it, sound cards do: apt install libportaudio2 (or dnf install portaudio).",
            "Darwin": "Recordings do not need it, sound cards do: brew install portaudio.",
        }.get(
            platform.system(), "Recordings do not need it, sound cards do: pip install --force-reinstall sounddevice."
        )
        yield Finding("audio devices", Status.WARNING, error.message, fix)
        return
    inputs = [device.name for device in devices if device.inputs]
    if inputs:
        yield Finding("audio devices", Status.OK, f"{len(inputs)} input(s): {', '.join(inputs[:4])}")
    else:
        yield Finding("audio devices", Status.OK, "none to record from; recorded files need none")


def _sqlite(_: Settings) -> Iterable[Finding]:
    from callcore.store.features import sqlite_features

    features = sqlite_features()
    lacking = [name for name in ("fts5", "trigram", "json") if not getattr(features, name)]
    if lacking:
        fix = (
            "Use a Python whose SQLite is 3.34 or newer and built with FTS5 (python.org, uv, conda, or your system's)."
        )
        yield Finding("sqlite", Status.BROKEN, f"{features.version} lacks {', '.join(lacking)}", fix)
    else:
        yield Finding("sqlite", Status.OK, f"{features.version} with FTS5, trigram and JSON")


def _database(settings: Settings) -> Iterable[Finding]:
    from callcore.store.connection import check

    file = database_file(settings.store)
    if file.exists():
        try:
            check(file, settings.store)
        except StoreError as error:
            yield Finding("database", Status.BROKEN, error.message, error.hint)
            return
    yield _folder("database", file.absolute().parent)


def _folders(settings: Settings) -> Iterable[Finding]:
    places = {
        "data folder": data_folder(),
        "models folder": models_folder(settings.models),
        "current folder": Path.cwd(),
    }
    for name, folder in places.items():
        yield _folder(name, folder)


def _folder(name: str, folder: Path) -> Finding:
    """Whether files can be written in ``folder`` (or where it would be made) and how much room there is."""
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    # Only the folder for results stops work nowhere else: others hold what every run needs.
    status = Status.WARNING if name == "current folder" else Status.BROKEN
    fix = "Give yourself write permission there, or set another place (store.db, models.folder, --output)."
    if not existing.is_dir():
        return Finding(name, status, f"{existing} is no folder", fix)
    try:
        with tempfile.NamedTemporaryFile(dir=existing, prefix=".callcore-"):
            pass
        free = shutil.disk_usage(existing).free
    except OSError as error:
        return Finding(name, status, f"{folder} cannot be written: {error.strerror}", fix)
    message = f"{folder}: {free / 1e9:,.1f} GB free"
    if free < SPARE_DISK_GB * 1e9:
        return Finding(name, Status.WARNING, message, "Free some space before a large run or a pull.")
    return Finding(name, Status.OK, message)


def _network(settings: Settings) -> Iterable[Finding]:
    import httpx2
    from huggingface_hub import constants

    from callcore.models.sources import AIR_GAPPED, client

    endpoint = settings.models.hub_endpoint or constants.ENDPOINT
    try:
        with client(settings.models) as http:
            status = http.head(endpoint).status_code
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        fix = f"Check network and proxy, or set HF_ENDPOINT to a mirror. {AIR_GAPPED}"
        yield Finding("network", Status.WARNING, f"{endpoint} cannot be reached ({type(error).__name__})", fix)
    else:
        yield Finding("network", Status.OK, f"{endpoint} answers (HTTP {status})")


CHECKS: tuple[tuple[str, Check], ...] = (
    ("python", _python),
    ("packages", _packages),
    ("processor", _processor),
    ("cores", _cores),
    ("memory", _memory),
    ("gpu", _gpu),
    ("models", _models),
    ("audio devices", _audio_devices),
    ("sqlite", _sqlite),
    ("database", _database),
    ("folders", _folders),
)
