"""Where the audio of a live call comes from, as the command line names it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from callcore.config import Settings
from callcore.errors import CallcoreError, unexpected
from callcore.live.replay import Replay
from callcore.types import AudioFrame, Event, Paused, Resumed, Role, Tick

if TYPE_CHECKING:
    from callcore.capture.plan import CapturePlan

Deliver = Callable[[Tick], None]


class CallSource(Protocol):
    """Audio of a call, and what is known of it before it sounds."""

    name: str
    channels: tuple[int, ...]
    channel_count: int
    rate_hz: int
    roles: Mapping[int, Role] | None  #: None: to be found from the words
    was_paused: bool

    def start(self) -> None:
        """Begin to deliver ticks. Raises :class:`DeviceError`."""

    def stop(self) -> None:
        """Deliver no more and let go of file and devices; returns when the last tick was delivered."""

    def pause(self) -> None:
        """Deliver silence from now on."""

    def resume(self) -> None:
        """Deliver what is heard again."""

    @property
    def finished(self) -> bool:
        """Whether it has come to its end by itself."""

    @property
    def error(self) -> CallcoreError | None:
        """What broke it off."""


def open_source(
    settings: Settings, options: Mapping[str, Any], deliver: Deliver, ended: Callable[[], None]
) -> CallSource:
    """The source that the options of the command name. Raises :class:`AudioError`, :class:`DeviceError`."""
    if options["replay"]:
        return ReplaySource(options["replay"], settings, deliver, ended, options["speed"] or 1.0)
    return DeviceCallSource(plan_of(options), deliver, options["record"])


def plan_of(options: Mapping[str, Any]) -> CapturePlan:
    """The devices that the options name. Raises :class:`DeviceError`, :class:`MissingExtra`."""
    from callcore.capture.plan import plan_capture

    return plan_capture(options["agent"], options["customer"], options["device"], options["channels"])


class ReplaySource:
    """A recording played as if it were spoken now."""

    def __init__(
        self, path: Path, settings: Settings, deliver: Deliver, ended: Callable[[], None], speed: float
    ) -> None:
        """Opens the file. ``ended`` is called after its last tick. Raises :class:`AudioError`."""
        self._deliver, self._ended = deliver, ended
        self._finished = threading.Event()
        self._wanted_pause = False
        self._paused = False
        self.was_paused = False
        self._replay = Replay(path, settings.audio, self._take, ended=self._end, speed=speed)
        self.name = str(path.absolute())
        self.channels = tuple(self._replay.layout.channels)
        self.channel_count = self._replay.channel_count
        self.rate_hz = self._replay.rate_hz
        self.roles: Mapping[int, Role] | None = self._replay.layout.roles

    @property
    def finished(self) -> bool:
        """Whether the file was played to its end."""
        return self._finished.is_set()

    @property
    def error(self) -> CallcoreError | None:
        """What broke the file off in the middle."""
        error = self._replay.error
        return error if error is None or isinstance(error, CallcoreError) else unexpected(error)

    def start(self) -> None:
        """Begin to play."""
        self._replay.start()

    def stop(self) -> None:
        """Stop playing and close the file."""
        self._replay.__exit__()

    def pause(self) -> None:
        """The file goes on, and silence takes its place."""
        self._wanted_pause = True

    def resume(self) -> None:
        """Hear the file again."""
        self._wanted_pause = False

    def _take(self, tick: Tick) -> None:
        frames = [item for item in tick if isinstance(item, AudioFrame)]
        start = min((frame.start_sample for frame in frames), default=0)
        items: list[AudioFrame | Event] = list(tick)
        if frames and self._wanted_pause != self._paused:
            self._paused = self._wanted_pause
            self.was_paused = True
            items.insert(0, Paused(start) if self._paused else Resumed(start))
        self._deliver([_muted(item) if self._paused and isinstance(item, AudioFrame) else item for item in items])

    def _end(self) -> None:
        self._finished.set()
        self._ended()


class DeviceCallSource:
    """A call from sound devices."""

    def __init__(self, plan: CapturePlan, deliver: Deliver, record: Path | None) -> None:
        """``record``: file to write the audio to. Raises :class:`OutputError` when it cannot be written."""
        from callcore.capture.recording import Recorder
        from callcore.capture.source import DeviceSource

        recorder = Recorder(record, plan.channels) if record else None
        self._source = DeviceSource(plan, deliver, recorder=recorder)
        self._record = record
        self.name = plan.name
        self.channels = plan.channels
        self.channel_count = len(plan.channels)
        self.rate_hz = round(plan.parts[0].device.rate_hz)
        known = any(role is not Role.UNKNOWN for role in plan.roles.values())
        self.roles: Mapping[int, Role] | None = plan.roles if known or self.channel_count == 1 else None
        self.was_paused = False
        self._started = False

    @property
    def finished(self) -> bool:
        """Devices end only when they are stopped, or something in callcore breaks."""
        return self._source.failure is not None

    @property
    def error(self) -> CallcoreError | None:
        """What broke it off."""
        error = self._source.failure
        return error if error is None or isinstance(error, CallcoreError) else unexpected(error)

    def start(self) -> None:
        """Open the devices."""
        self._source.start()
        self._started = True

    def stop(self) -> None:
        """Close the devices, and the recording; one that never began leaves no file."""
        try:
            self._source.stop()
        except Exception:
            if self._source.failure is None:  # else it is told as what it is: the error
                raise
        if self._record is not None and not self._started:
            self._record.unlink(missing_ok=True)

    def pause(self) -> None:
        """Listen to nothing."""
        self._source.pause()
        self.was_paused = True

    def resume(self) -> None:
        """Listen again."""
        self._source.resume()


def _muted(frame: AudioFrame) -> AudioFrame:
    return AudioFrame(frame.channel, frame.start_sample, np.zeros_like(frame.samples), frame.rate_hz)
