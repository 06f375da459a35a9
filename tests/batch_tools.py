"""Short calls cut from the bundled one, a scripted model, and the program as a process of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import wave
from collections.abc import Iterator
from pathlib import Path

from pipeline_tools import say

from callcore.batch.job import BatchJob, Wishes
from callcore.batch.transcriber import Transcriber
from callcore.config import Settings
from callcore.engines.scripted import ScriptedEngine
from callcore.loading import LoadedModel
from callcore.store import Store

ROOT = Path(__file__).parent.parent
CHILD = Path(__file__).with_name("batch_child.py")
CALL = ROOT / "audio_fixtures" / "call01_card_loss_8k_stereo.wav"
DEADLINE_S = 60.0


def cut(target: Path, start_s: float, end_s: float) -> Path:
    """Write a part of the bundled call."""
    with wave.open(str(CALL)) as source, wave.open(str(target), "wb") as out:
        out.setparams(source.getparams())
        source.setpos(round(start_s * source.getframerate()))
        out.writeframes(source.readframes(round((end_s - start_s) * source.getframerate())))
    return target


def some_calls(folder: Path, count: int, length_s: float = 5.0) -> list[Path]:
    """Different short calls, each with some speech."""
    folder.mkdir(exist_ok=True)
    return [cut(folder / f"call{number}.wav", 6.0 * number + 1, 6.0 * number + 1 + length_s) for number in range(count)]


def scripted_model(answer=say, engine=None) -> LoadedModel:
    return LoadedModel("scripted", "m" * 64, engine or ScriptedEngine(answer))


class Told:
    """Progress that remembers."""

    def __init__(self) -> None:
        self.reports = []
        self.calls = []

    def started(self, path):
        self.calls.append(("started", path))

    def opened(self, path, duration_s):
        self.calls.append(("opened", path, duration_s))

    def advanced(self, path, transcribed_s):
        self.calls.append(("advanced", path, transcribed_s))

    def waiting(self, path, reason):
        self.calls.append(("waiting", path, reason))

    def finished(self, report):
        self.reports.append(report)


def run_job(inputs, db: Path, *, model=None, settings=None, progress=None, names=None, **wishes):
    """One job with a scripted model; the job, its summary, and the listed calls."""
    with Transcriber(settings or Settings(), model or scripted_model()) as transcriber, Store.open(db) as store:
        job = BatchJob(transcriber, store, Wishes(**wishes), progress or Told())
        summary = job.run(inputs, names)
        return job, summary, store.list_calls()


def turns_of(db: Path) -> dict[str, list[tuple]]:
    """Source name to turns, of all finished calls."""
    with Store.open(db, read_only=True) as store:
        calls = store.list_calls()
        assert all(call.status == "done" for call in calls), [(call.source, call.status) for call in calls]
        assert store.check() == []
        found = {}
        for call in calls:
            assert Path(call.source).name not in found, "a call is there twice"
            turns = store.record(call.call_id).turns
            found[Path(call.source).name] = [(t.channel, t.start_sample, t.end_sample, t.text) for t in turns]
        return found


def until(condition, what: str):
    """Poll until a condition holds; its value. Fails after a long time."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {DEADLINE_S:.0f} s: {what}")


class Child:
    """``callcore`` as a process with a scripted model whose decodes wait for leave (see batch_child.py)."""

    def __init__(self, process: subprocess.Popen, gate: Path) -> None:
        self.process = process
        self.gate = gate

    def begun(self, count: int = 1) -> list[Path]:
        """Wait until so many decodes have begun."""

        def enough():
            assert self.process.poll() is None, self.process.communicate()
            found = list(self.gate.glob("begun-*"))
            return found if len(found) >= count else None

        return until(enough, f"{count} decodes begun")

    def release(self) -> None:
        """Let all decodes go on."""
        (self.gate / "go").touch()

    def end(self) -> tuple[int, str, str]:
        """Exit code, stdout and stderr."""
        out, err = self.process.communicate(timeout=DEADLINE_S)
        return self.process.returncode, out, err


@contextlib.contextmanager
def child(gate: Path, *arguments: object, free: bool = False, **environment: str) -> Iterator[Child]:
    """A process that is killed at the latest when the context ends. ``free``: decodes wait for nothing."""
    gate.mkdir(exist_ok=True)
    if free:
        (gate / "go").touch()
    path = os.pathsep.join([str(CHILD.parent), str(ROOT)])
    with subprocess.Popen(
        [sys.executable, CHILD, gate, *map(str, arguments)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", **environment},
    ) as process:  # fmt: skip
        try:
            yield Child(process, gate)
        finally:
            process.kill()


def stop(process: subprocess.Popen, number: int = signal.SIGINT) -> None:
    process.send_signal(number)
