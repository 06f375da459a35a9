"""What all benchmarks share: the machine in words, results on disk, spreads, audio.

Results name the processor, its cores and the versions used, and nothing that tells whose machine it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import soxr

from callcore.bench.machine import cpu_model, git_commit, machine, versions

ROOT = Path(__file__).resolve().parent.parent
RATE_HZ = 16_000

Samples = npt.NDArray[np.float32]

__all__ = [
    "cpu_model",
    "git_commit",
    "machine",
    "markdown_table",
    "read_audio",
    "spread",
    "versions",
    "write_result",
]


def write_result(
    path: Path, benchmark: str, results: Mapping[str, Any], settings: Mapping[str, Any], packages: Iterable[str]
) -> dict[str, Any]:
    """Write a result with all that is needed to judge it as JSON to ``path``; returns what was written."""
    document = {
        "benchmark": benchmark,
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "commit": git_commit(),
        "machine": machine(),
        "versions": versions(*packages),
        "settings": dict(settings),
        "results": dict(results),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return document


def spread(values: Sequence[float]) -> dict[str, float]:
    """Count, mean, least, greatest and the 50th, 95th and 99th percentile of ``values`` (at least one)."""
    array = np.asarray(values, dtype=np.float64)
    p50, p95, p99 = np.percentile(array, [50, 95, 99])
    summary = {"mean": np.mean(array), "min": np.min(array), "p50": p50, "p95": p95, "p99": p99, "max": np.max(array)}
    return {"n": len(array), **{key: float(f"{value:.5g}") for key, value in summary.items()}}


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; all columns but the first are aligned to the right."""
    lines = [
        "| " + " | ".join(header) + " |",
        "| " + " | ".join(["---"] + ["--:"] * (len(header) - 1)) + " |",
    ]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def read_audio(path: Path) -> Samples:
    """All channels of an audio file at 16 kHz: shape (channels, n), float32, full scale 1.0."""
    parts = []
    with av.open(str(path)) as container:
        rate_hz = container.streams.audio[0].rate
        resampler = av.AudioResampler(format="fltp")
        for frame in container.decode(audio=0):
            parts += [part.to_ndarray() for part in resampler.resample(frame)]
    audio = np.concatenate(parts, axis=1, dtype=np.float32)
    if rate_hz == RATE_HZ:
        return audio
    return np.ascontiguousarray(soxr.resample(audio.T, rate_hz, RATE_HZ).T, dtype=np.float32)
