"""What the recogniser's library can use on this machine. No other module asks CTranslate2 about hardware."""

from __future__ import annotations

import ctranslate2


def cpu_compute_types() -> tuple[str, ...]:
    """Compute types the processor supports ("int8", "float32", ...), sorted."""
    return tuple(sorted(ctranslate2.get_supported_compute_types("cpu")))


def cuda_devices() -> int:
    """Number of CUDA devices that can be used; 0 without a driver."""
    return int(ctranslate2.get_cuda_device_count())


def cuda_compute_types() -> tuple[str, ...]:
    """Compute types the first CUDA device supports, sorted; empty without one."""
    return tuple(sorted(ctranslate2.get_supported_compute_types("cuda"))) if cuda_devices() else ()
