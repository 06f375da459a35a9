"""Brings lost devices back, on a thread of its own: opening a device may take seconds, the call goes on meanwhile.

PortAudio knows the devices that were there when it started. To see one that came back it must be started anew, which
ends every open stream. So another process looks first, and only when it could open the device the streams of this one
are renewed: the other side of the call loses a moment, once.
"""

from __future__ import annotations

import contextlib
import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from callcore.capture.devices import AudioDevice, audio_devices
from callcore.capture.plan import DevicePart
from callcore.capture.portaudio import restart
from callcore.capture.stream import DeviceStream
from callcore.errors import CallcoreError

log = logging.getLogger(__name__)

BACKOFF_S = (1.0, 2.0, 4.0, 8.0, 15.0)  #: waits between attempts; the last one again and again
PROBE_S = 20.0  #: a look that takes longer is given up

Open = Callable[[int, DevicePart], DeviceStream]
Look = Callable[[AudioDevice], bool]


def can_open(device: AudioDevice) -> bool:
    """Whether another process finds and opens ``device`` now."""
    wanted = json.dumps({"name": device.name, "host_api": device.host_api})
    command = [sys.executable, "-m", "callcore.capture.probe", wanted]
    quiet = subprocess.DEVNULL  # sound libraries write their troubles to the terminal
    try:
        done = subprocess.run(command, stdin=quiet, stdout=quiet, stderr=quiet, timeout=PROBE_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        log.debug("no look at the devices: %s", type(error).__name__)
        return False
    return done.returncode == 0


class Keeper:
    """Holds the streams of a call: opens them, and again when they are lost."""

    def __init__(
        self,
        parts: Sequence[DevicePart],
        open_stream: Open,
        look: Look = can_open,
        backoff_s: Sequence[float] = BACKOFF_S,
    ) -> None:
        self._parts = list(parts)
        self._open = open_stream
        self._look = look
        self._backoff_s = tuple(backoff_s)
        self._streams: list[DeviceStream | None] = [None] * len(self._parts)
        self._attempts: dict[int, int] = {}  # of lost parts
        self._due_s: dict[int, float] = {}
        self._changed = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="callcore-devices", daemon=True)

    def start(self) -> None:
        """Open all devices; when one cannot be opened, none stays open and its error is raised."""
        try:
            for number, part in enumerate(self._parts):
                self._streams[number] = self._open(number, part)
        except CallcoreError:
            self._close_all()
            raise
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Close all devices."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._thread.join(timeout_s)  # it closes them; a driver that hangs must not hold up the end of the call

    def active(self, number: int) -> bool:
        """Whether the stream of a part runs, as far as PortAudio knows."""
        stream = self._streams[number]
        return stream is not None and stream.active

    def lost(self, number: int) -> None:
        """The device of a part delivers no more: try to bring it back."""
        with self._changed:
            if number not in self._due_s:
                self._attempts[number] = 0
                self._due_s[number] = time.monotonic()
                self._changed.notify()

    def _run(self) -> None:
        try:
            while (number := self._next()) is not None:
                self._bring_back(number)
        finally:
            self._close_all()

    def _next(self) -> int | None:
        """The next lost part whose turn it is; None when stopped."""
        with self._changed:
            while not self._stopped:
                if self._due_s:
                    number = min(self._due_s, key=self._due_s.__getitem__)
                    wait_s = self._due_s[number] - time.monotonic()
                    if wait_s <= 0:
                        return number
                    self._changed.wait(wait_s)
                else:
                    self._changed.wait()
            return None

    def _bring_back(self, number: int) -> None:
        self._close(number)
        if self._look(self._parts[number].device) and not self._stopped and self._reopened(number):
            with self._changed:
                del self._due_s[number]
            return
        with self._changed:
            attempt = self._attempts[number]
            self._attempts[number] = attempt + 1
            self._due_s[number] = time.monotonic() + self._backoff_s[min(attempt, len(self._backoff_s) - 1)]

    def _reopened(self, number: int) -> bool:
        """Open a part as it is known; when that fails, look for devices anew and open all parts."""
        if self._try(number):
            return True
        open_before = [other for other, stream in enumerate(self._streams) if stream is not None]
        self._close_all()
        try:
            restart()
            listed = audio_devices()
        except Exception as error:  # whatever it is, the next attempt may succeed
            log.warning("the list of devices could not be renewed: %s", type(error).__name__)
            listed = []
        for other, part in enumerate(self._parts):
            same = [one for one in listed if (one.name, one.host_api) == (part.device.name, part.device.host_api)]
            if same:
                self._parts[other] = replace(part, device=same[0])
        for other in open_before:
            if not self._try(other):
                self.lost(other)
        return self._try(number)

    def _try(self, number: int) -> bool:
        with contextlib.suppress(CallcoreError):
            self._streams[number] = self._open(number, self._parts[number])
            return True
        return False

    def _close(self, number: int) -> None:
        stream, self._streams[number] = self._streams[number], None
        if stream is not None:
            stream.close()

    def _close_all(self) -> None:
        for number in range(len(self._parts)):
            self._close(number)
