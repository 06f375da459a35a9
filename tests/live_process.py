"""``callcore live`` as a process of its own, its events read as they come."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from callcore.types import Event
from callcore.wire import from_wire

ROOT = Path(__file__).parent.parent
PATIENCE_S = 60.0  #: for what takes a second or two on an idle machine


class LiveProcess:
    """``callcore live ARGUMENTS --jsonl``, killed at the latest when the context ends."""

    def __init__(
        self, *arguments: object, environment: Mapping[str, str] | None = None, program: tuple[object, ...] = ()
    ) -> None:
        """``program``: what to run instead of ``-m callcore``."""
        self.events: list[Event] = []
        self._errors: list[str] = []
        self._ended = False
        self._changed = threading.Condition()
        path = os.pathsep.join([str(Path(__file__).parent), str(ROOT)])
        own = {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}
        self._process = subprocess.Popen(
            [sys.executable, *map(str, program or ("-m", "callcore")), "live", *map(str, arguments), "--jsonl"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**(environment or os.environ), **own},
        )
        self._threads = [threading.Thread(target=read, daemon=True) for read in (self._read_events, self._read_errors)]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self._process.kill()
        self._process.wait()
        for thread in self._threads:
            thread.join(PATIENCE_S)

    @property
    def ended(self) -> bool:
        """Whether it has written its last event."""
        return self._ended

    @property
    def errors(self) -> str:
        """What it has written to standard error."""
        return "".join(self._errors)

    def of(self, kind: type) -> list:
        """The events of a kind that have come."""
        with self._changed:
            return [event for event in self.events if isinstance(event, kind)]

    def wait_for(self, kind: type, wanted: Callable[[Event], bool] = lambda event: True) -> Event:
        """The first such event, once it has come."""

        def first() -> Event | None:
            return next((event for event in self.events if isinstance(event, kind) and wanted(event)), None)

        with self._changed:
            found = self._changed.wait_for(lambda: first() or self._ended, PATIENCE_S)
            event = first()
            assert event is not None, f"no {kind.__name__} {'before the end' if found else 'in time'}:\n{self.errors}"
            return event

    def stop(self) -> None:
        """As Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """As a crash."""
        self._process.kill()

    def exit_code(self, patience_s: float = PATIENCE_S) -> int:
        """Once it has ended and all it wrote has been read."""
        code = self._process.wait(patience_s)
        for thread in self._threads:
            thread.join(PATIENCE_S)
        return code

    def _read_events(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for line in stream:
                event = from_wire(json.loads(line))
                with self._changed:
                    self.events.append(event)
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _read_errors(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as stream:
            self._errors.extend(iter(stream.readline, ""))
