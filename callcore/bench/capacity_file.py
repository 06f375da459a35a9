"""The result of a capacity run as JSON lines: one line each for the run, its traces, steps, decodes and the outcome.

``run``: machine, settings, limits. ``trace``: what a call asks of the recogniser. ``step``: one number of calls, with
its verdict. ``decodes``: the service times of that step. ``capacity``: the outcome. The key ``kind`` tells them
apart. Lines are written as they come about, so a run that is broken off leaves what it has measured.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

from callcore.bench.capacity import Capacity, Limits, StepResult, Verdict, judge
from callcore.bench.service import Decode
from callcore.bench.trace import CallTrace
from callcore.errors import ConfigError, OutputError
from callcore.types import RequestKind

RECORD_VERSION = 1  #: of the file; a reader refuses others
MOST_DECODES = 3000  #: of a step that are written; of more, every second, third, ...


@dataclass(slots=True)
class CapacityFile:
    """What a file holds."""

    run: dict[str, Any] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    workers: int = 1
    steps: list[StepResult] = field(default_factory=list)
    decodes: dict[int, list[Decode]] = field(default_factory=dict)  #: calls at once -> service times
    traces: list[CallTrace] = field(default_factory=list)
    calls: int | None = None  #: the capacity; None: the run was broken off
    first_failing: int | None = None  #: the smallest number that failed; None: none did

    @property
    def device(self) -> str:
        """What decoded: "cpu" or "cuda"."""
        return str(self.run.get("device", "cpu"))

    def usable_steps(self) -> list[StepResult]:
        """Steps that went on to their end, on time, with service times."""
        return [
            step
            for step, verdict in zip(self.steps, self.verdicts, strict=True)
            if verdict.valid and not step.abandoned and self.decodes.get(step.calls)
        ]

    @property
    def verdicts(self) -> list[Verdict]:
        """Of the steps, under the limits of the file."""
        return [judge(step, self.limits) for step in self.steps]


class CapacityWriter:
    """Writes a file line by line."""

    def __init__(self, path: Path) -> None:
        """Raises :class:`OutputError`."""
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: TextIO = path.open("w", encoding="utf-8")
        except OSError as error:
            raise OutputError(
                f"{path} cannot be written: {error.strerror}.", "Name another place with --output."
            ) from error

    def run(self, values: Mapping[str, Any], limits: Limits, workers: int) -> None:
        """First line: whatever says where and how the run was made, the limits, and the decodes at once."""
        self._write("run", record_version=RECORD_VERSION, workers=workers, limits=asdict(limits), **values)

    def trace(self, trace: CallTrace) -> None:
        """What a call asks of the recogniser."""
        self._write("trace", **trace.as_json())

    def step(self, step: StepResult, verdict: Verdict, decodes: Sequence[Decode]) -> None:
        """A number of calls and the service times seen with it."""
        self._write("step", verdict=str(verdict), **step.as_json())
        kept = decodes[:: -(-len(decodes) // MOST_DECODES) or 1]
        rows = [[d.kind.value, round(d.window_s, 3), d.batch, round(d.seconds, 5)] for d in kept]
        self._write("decodes", calls=step.calls, rows=rows)

    def capacity(self, capacity: Capacity, **values: Any) -> None:
        """Last line."""
        self._write("capacity", calls=capacity.calls, first_failing=capacity.first_failing, **values)

    def close(self) -> None:
        """No more lines."""
        self._file.close()

    def _write(self, kind: str, **values: Any) -> None:
        try:
            self._file.write(json.dumps({"kind": kind, **values}, ensure_ascii=False) + "\n")
            self._file.flush()
        except OSError as error:
            raise OutputError(
                f"{self._path} cannot be written: {error.strerror}.", "Name another place with --output."
            ) from error


def read_capacity(path: Path) -> CapacityFile:
    """Read a file. Raises :class:`ConfigError` where it is not there or not one of ours."""
    try:
        with path.open(encoding="utf-8") as lines:
            return _parse(lines)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.", _HINT) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path} is not a result of a capacity run ({type(error).__name__}).", _HINT) from error


_HINT = "Make one with: callcore bench capacity CALLS… --output RESULT.jsonl"


def _parse(lines: Iterable[str]) -> CapacityFile:
    found = CapacityFile()
    for line in lines:
        values = json.loads(line)
        kind = values.pop("kind")
        if kind == "run":
            if values.pop("record_version") != RECORD_VERSION:
                raise ValueError("another version")
            found.limits = Limits(**values.pop("limits"))
            found.workers = int(values.pop("workers"))
            found.run = values
        elif kind == "trace":
            found.traces.append(CallTrace.from_json(values))
        elif kind == "step":
            found.steps.append(StepResult.from_json(values))
        elif kind == "decodes":
            rows = [Decode(RequestKind(k), float(w), int(b), float(s)) for k, w, b, s in values["rows"]]
            found.decodes.setdefault(int(values["calls"]), []).extend(rows)
        elif kind == "capacity":
            found.calls, found.first_failing = int(values["calls"]), values["first_failing"]
    if not found.run and not found.steps:
        raise ValueError("no run")
    return found
