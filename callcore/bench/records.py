"""Results as JSON Lines: every measured word, turn and text change, and the figures made of them. No words said."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from callcore import __version__
from callcore.bench.latency import CallResult, SystemResult
from callcore.bench.machine import git_commit, machine, versions
from callcore.bench.metrics import CallMetrics
from callcore.bench.summary import errors_json
from callcore.errors import OutputError

RECORD_VERSION = 1
PACKAGES = ("ctranslate2", "faster-whisper", "onnxruntime", "numpy", "rapidfuzz")


def run_header(results: Sequence[SystemResult], references: Sequence[str]) -> dict[str, Any]:
    """What all systems of a run share. In virtual time without date and machine: the result does not depend on them.

    ``references``: where the word times of each recording come from.
    """
    virtual = all(result.clock == "virtual" for result in results)
    header: dict[str, Any] = {"kind": "run", "record_version": RECORD_VERSION, "clock": results[0].clock}
    if not virtual:
        header |= {"date": datetime.now(UTC).strftime("%Y-%m-%d"), "machine": machine()}
    found = {"callcore": __version__, **versions(*PACKAGES)}
    return header | {"commit": git_commit(), "versions": found, "references": list(references)}


def records(header: dict[str, Any], results: Sequence[SystemResult]) -> Iterator[dict[str, Any]]:
    """All lines of a result, ready for JSON."""
    yield header
    for result in results:
        yield {"kind": "system", "system": result.name, "clock": result.clock, "settings": dict(result.settings)}
        for call in result.calls:
            yield from _call(result.name, call)
        for sample in result.samples:
            yield {
                "kind": "cost",
                "system": result.name,
                "at_s": round(sample.at_s, 3),
                "cpu_s": round(sample.cpu_s, 2),
                "rss_mb": round(sample.rss_bytes / 1e6, 1),
            }
        yield {"kind": "summary", "system": result.name, **result.summary.as_json(), "sent": _sent(result)}


def _call(system: str, call: CallResult) -> Iterator[dict[str, Any]]:
    metrics: CallMetrics = call.metrics
    about = {"system": system, "call": metrics.call_id}
    yield {
        "kind": "call",
        **about,
        "recording": call.path.name,
        "measure": metrics.measure,
        "live": errors_json(metrics.live),
        "final": errors_json(metrics.final),
        "offline": errors_json(metrics.offline) if metrics.offline else None,
        "revised": metrics.revised,
        "revised_commits": metrics.revised_commits,
        "final_units": metrics.final_units,
        "invented": metrics.invented,
        "problems": list(call.problems),
    }
    for word in metrics.words:
        yield {
            "kind": "word",
            **about,
            "channel": word.channel,
            "end_s": _ms(word.end_s),
            "first_shown_s": _ms(word.first_shown_s),
            "commit_s": _ms(word.commit_s),
        }
    for turn in metrics.turns:
        yield {
            "kind": "turn",
            **about,
            "channel": turn.channel,
            "end_s": _ms(turn.end_s),
            "finalisation_s": _ms(turn.finalisation_s),
            "cut_early": turn.cut_early,
            "missed": turn.missed,
        }
    for item in call.shown:
        yield {
            "kind": "update",
            **about,
            "channel": item.channel,
            "at_s": _ms(item.at_s),
            "heard_until_s": _ms(item.heard_until_s),
            "final_length": len(item.final),
            "committed_length": len(item.committed),
            "shown_length": len(item.shown),
        }


def _sent(result: SystemResult) -> dict[str, Any] | None:
    if result.sent is None:
        return None
    return {
        "packets": result.sent.packets,
        "late_p50_ms": round(1000 * result.sent.late_p50_s, 3),
        "late_p99_ms": round(1000 * result.sent.late_p99_s, 3),
        "late_max_ms": round(1000 * result.sent.late_max_s, 3),
        "priority": result.sent.priority,
        "valid": result.sent.valid,
    }


def write_lines(file: Path, lines: Iterator[dict[str, Any]]) -> None:
    """Write JSON Lines. Raises :class:`~callcore.errors.OutputError`."""
    with _writing(file) as stream:
        for line in lines:
            stream.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")


def write_text(file: Path, text: str) -> None:
    """Write a text file. Raises :class:`~callcore.errors.OutputError`."""
    with _writing(file) as stream:
        stream.write(text)


@contextmanager
def _writing(file: Path) -> Iterator[TextIO]:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("w", encoding="utf-8", newline="\n") as stream:
            yield stream
    except OSError as error:
        raise OutputError(f"{file} cannot be written: {error.strerror}.", "Name another place with --out.") from error


def _ms(value_s: float | None) -> float | None:
    """Seconds to the millisecond."""
    return None if value_s is None else round(value_s, 3)
