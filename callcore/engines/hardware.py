"""What the recogniser's library can use on this machine. No other module asks CTranslate2 about hardware."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable

import ctranslate2
import threadpoolctl

from callcore.errors import ConfigError

CPU_PREFERENCE = ("int8", "int8_float32", "float32")  #: fastest first, of what a CPU supports
CUDA_PREFERENCE = ("int8_float16", "float16", "int8_float32", "float32")


def cpu_compute_types() -> tuple[str, ...]:
    """Compute types the processor supports ("int8", "float32", ...), sorted."""
    return tuple(sorted(ctranslate2.get_supported_compute_types("cpu")))


def cuda_devices() -> int:
    """Number of CUDA devices that can be used; 0 without a driver."""
    return int(ctranslate2.get_cuda_device_count())


def cuda_compute_types() -> tuple[str, ...]:
    """Compute types the first CUDA device supports, sorted; empty without one."""
    return tuple(sorted(ctranslate2.get_supported_compute_types("cuda"))) if cuda_devices() else ()


def choose_device(wanted: str) -> str:
    """``wanted`` ("auto", "cpu", "cuda") resolved. Raises :class:`ConfigError` when CUDA is asked for and absent."""
    if wanted == "cuda" and not cuda_devices():
        raise ConfigError("no CUDA GPU can be used.", "Use --device cpu, or see: callcore doctor")
    if wanted == "auto":
        return "cuda" if cuda_devices() else "cpu"
    return wanted


def choose_compute_type(wanted: str, device: str) -> str:
    """``wanted`` resolved: "auto" takes the fastest type that ``device`` supports. Raises :class:`ConfigError`."""
    supported = cuda_compute_types() if device == "cuda" else cpu_compute_types()
    if wanted == "auto":
        preference = CUDA_PREFERENCE if device == "cuda" else CPU_PREFERENCE
        return next((item for item in preference if item in supported), "float32")
    if wanted not in supported:
        raise ConfigError(
            f"compute type {wanted!r} is not supported on {device}.", f"Use one of: {', '.join(supported)}."
        )
    return wanted


def usable_cores() -> int:
    """Cores this process may run on; all of the machine's where the system does not tell."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def calm_blas() -> None:
    """Let numpy's matrix products run on the thread that asks for them.

    OpenBLAS otherwise wakes a thread per core for each spectrogram, and these go on spinning for a while in wait of
    more: beside one live call they kept three cores busy, and away from the workers that decode.
    """
    threadpoolctl.threadpool_limits(limits=1, user_api="blas")


def keep_few_kernels() -> None:
    """Let oneDNN keep the convolutions of the last window lengths only; before anything is encoded.

    It builds code for every shape that it meets and by default keeps 1024 of them: up to half a megabyte a window
    length and batch size, so that a day of calls grew by hundreds of megabytes. Building one anew takes 2 to 4 ms.
    A value that the environment already has stands (oneDNN Developer Guide, "Primitive Cache").
    """
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "32")


def share_heap() -> None:
    """Let all threads of this process allocate from one heap (glibc's mallopt, M_ARENA_MAX; nothing elsewhere).

    glibc gives threads heaps of their own, and the buffers that one worker freed are of no use to the others: with four
    workers that is a quarter more memory at the peak, and no time saved.
    """
    if mallopt := _glibc("mallopt"):
        mallopt(-8, 1)


def trim_heap() -> None:
    """Give memory that nothing holds back to the system (glibc's malloc_trim; nothing elsewhere).

    Buffers of all lengths come and go with the windows of calls and leave holes behind, from hour to hour a few more
    of them. Takes 4 to 25 ms, so it belongs where a call has ended.
    """
    if malloc_trim := _glibc("malloc_trim"):
        malloc_trim(0)


def _glibc(name: str) -> Callable[..., int] | None:
    """A function of the C library that only glibc has."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
