"""A live call from sound devices: ticks of 20 ms, handed on as they are heard."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from callcore.capture.assemble import Assembler
from callcore.capture.keeper import BACKOFF_S, Keeper, Look, can_open
from callcore.capture.plan import CapturePlan, DevicePart
from callcore.capture.recording import Recorder
from callcore.capture.stream import DeviceStream, Hush, Message, Opened, picked
from callcore.types import Tick

STOP_S = 5.0  #: for threads to end


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for what, in seconds."""

    first_s: float = 5.0  #: a device's first samples: wireless headsets and sound servers take up to two seconds
    lost_s: float = 1.0  #: no samples for so long: the device is lost
    asleep_s: float = 5.0  #: this program did not run for so long: the computer slept, and so did the call's clock
    step_s: float = 0.02  #: between two looks when nothing arrives
    backoff_s: tuple[float, ...] = BACKOFF_S


class DeviceSource:
    """Listens to the devices of ``plan`` and calls ``deliver`` with a :data:`~callcore.types.Tick` every 20 ms.

    A tick holds one :class:`~callcore.types.AudioFrame` per channel (16 kHz, mono, float32, 320 samples, positions
    without a hole) and, ahead of them, incidents: :class:`~callcore.types.AudioWarning`,
    :class:`~callcore.types.Paused`, :class:`~callcore.types.Resumed`. ``deliver`` is called in a thread of the source,
    must not block, and must not raise; if it does, the source ends and :meth:`stop` raises it again.

    ``recorder`` gets what is delivered; it is closed by :meth:`stop`.
    """

    def __init__(
        self,
        plan: CapturePlan,
        deliver: Callable[[Tick], None],
        *,
        recorder: Recorder | None = None,
        patience: Patience = Patience(),
        look: Look = can_open,
    ) -> None:
        self.plan = plan
        self.failure: Exception | None = None  #: what ended the source before it was stopped
        self._deliver = deliver
        self._recorder = recorder
        self._patience = patience
        self._inbox: SimpleQueue[Message] = SimpleQueue()
        self._hush = Hush()
        channels = [part.channels for part in plan.parts]
        self._assembler = Assembler(channels, [not part.device.pauses for part in plan.parts])
        self._watch = _Watch(plan.parts, patience)
        self._clock = _AwakeClock(patience.asleep_s)
        self._keeper = Keeper(plan.parts, self._open, look, patience.backoff_s)
        self._lock = threading.RLock()  # over the assembler and deliver: what pause() says holds once it returns
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="callcore-capture", daemon=True)

    @property
    def channels(self) -> tuple[int, ...]:
        """The call's channels; ``plan.roles`` tells whose they are."""
        return self.plan.channels

    @property
    def levels(self) -> dict[int, float]:
        """Level of each channel in dBFS, RMS over the last 0.2 s or so; -120 for silence."""
        with self._lock:
            return self._assembler.levels()

    @property
    def drift_ppm(self) -> list[float | None]:
        """By how much each device of the plan is slow against the computer's clock, in millionths; None: not known."""
        with self._lock:
            return self._assembler.drift_ppm()

    @property
    def paused(self) -> bool:
        return self._hush.on

    def start(self) -> None:
        """Open the devices and begin. The call's clock starts with the first samples.

        Raises :class:`~callcore.errors.DeviceNotFound`, :class:`~callcore.errors.DeviceBusy`,
        :class:`~callcore.errors.DeviceUnusable` or :class:`~callcore.errors.MissingExtra`; nothing is open then.
        """
        self._keeper.start()
        self._thread.start()

    def pause(self) -> None:
        """Let nothing be heard any more: once this returns, silence only is delivered and recorded.

        What the devices give until :meth:`resume` is not even taken into memory; time goes on.
        """
        self._hush.on = True
        with self._lock:
            self._assembler.pause()

    def resume(self) -> None:
        """Listen again, from now on."""
        with self._lock:
            self._assembler.resume(self._clock.at(time.monotonic()))
            self._hush.on = False

    def stop(self) -> None:
        """Close the devices, deliver what was heard until now, end the recording. Harmless when called again.

        Raises what ``deliver`` raised, if it did.
        """
        if not self._stopping.is_set():
            self._stopping.set()
            if self._thread.ident is not None:
                self._keeper.stop(STOP_S)
                self._thread.join(STOP_S)
            if self._recorder is not None:
                self._recorder.close()
        if self.failure is not None:
            raise self.failure

    def _open(self, number: int, part: DevicePart) -> DeviceStream:
        return DeviceStream(number, part, self._inbox, self._hush)

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._step()
            self._keeper.stop(STOP_S)
            with self._lock:
                self._take_all()
                self._hand_on(self._assembler.finish())
        except Exception as error:  # stop() raises it where somebody can see it
            self.failure = error

    def _step(self) -> None:
        """Take what has arrived, or wait a moment for it; then hand on what is ready."""
        try:
            message = self._inbox.get(timeout=self._patience.step_s)
        except Empty:
            message = None
        now_s = time.monotonic()
        with self._lock:
            if gap_s := self._clock.slept(now_s):
                self._assembler.slept(gap_s)
                self._watch.reprieve(now_s)
            if message is not None:
                self._take(message)
            self._take_all()
            for number, why in self._watch.lost(now_s, self._keeper.active):
                self._assembler.lost(number, self._clock.at(now_s), why)
                self._keeper.lost(number)
            self._hand_on(self._assembler.advance(self._clock.at(now_s)))

    def _take_all(self) -> None:
        while True:
            try:
                self._take(self._inbox.get_nowait())
            except Empty:
                return

    def _take(self, message: Message) -> None:
        self._watch.heard(message)
        if isinstance(message, Opened):
            self._assembler.opened(message.part, message.rate_hz)
        else:
            samples = None if self._hush.on else picked(self.plan.parts[message.part], message.samples)
            arrival_s = self._clock.at(message.arrival_s)
            self._assembler.push(message._replace(samples=samples, arrival_s=arrival_s))

    def _hand_on(self, ticks: list[Tick]) -> None:
        for tick in ticks:
            if self._recorder is not None:
                self._recorder.write(tick)
                for warning in self._recorder.warnings():
                    self._assembler.report(warning)
            self._deliver(tick)


class _Watch:
    """Judges by their blocks which devices are lost. Times are monotonic."""

    def __init__(self, parts: Sequence[DevicePart], patience: Patience) -> None:
        self._parts = parts
        self._patience = patience
        self._deadline_s: list[float | None] = [None] * len(parts)  # None: lost, or not opened yet

    def heard(self, message: Message) -> None:
        number = message.part
        if isinstance(message, Opened):
            self._deadline_s[number] = time.monotonic() + self._patience.first_s
        elif self._deadline_s[number] is not None:
            self._deadline_s[number] = message.arrival_s + self._patience.lost_s

    def reprieve(self, now_s: float) -> None:
        """Nobody listened for a while; silence until now says nothing."""
        for number, deadline_s in enumerate(self._deadline_s):
            if deadline_s is not None:
                self._deadline_s[number] = now_s + self._patience.first_s

    def lost(self, now_s: float, active: Callable[[int], bool]) -> list[tuple[int, str]]:
        """Parts that are lost since the last look, and why."""
        found = []
        for number, deadline_s in enumerate(self._deadline_s):
            if deadline_s is None:
                continue
            device = self._parts[number].device
            if now_s > deadline_s and not (device.pauses and active(number)):
                found.append((number, f"{device.name}: delivers no sound any more; its channel is silent meanwhile"))
                self._deadline_s[number] = None
        return found


class _AwakeClock:
    """The monotonic clock without the stretches in which this program did not run."""

    def __init__(self, asleep_s: float) -> None:
        self._asleep_s = asleep_s
        self._seen_s: float | None = None
        self._apart_s = _sleep_of_the_machine_s()
        self._woke_s = float("-inf")
        self._skipped_s = 0.0
        self._skipped_before_s = 0.0

    def slept(self, now_s: float) -> float:
        """Seconds that were slept since the last call; 0 when awake."""
        seen_s, self._seen_s = self._seen_s, now_s
        apart_s, self._apart_s = self._apart_s, _sleep_of_the_machine_s()
        hidden_s = self._apart_s - apart_s  # sleep that the monotonic clock does not count
        gap_s = now_s - seen_s if seen_s is not None else 0.0
        if gap_s < self._asleep_s:
            return hidden_s if hidden_s >= self._asleep_s else 0.0
        self._skipped_before_s = self._skipped_s
        self._skipped_s += gap_s
        self._woke_s = seen_s if seen_s is not None else now_s
        return gap_s + max(hidden_s, 0.0)

    def at(self, monotonic_s: float) -> float:
        """A monotonic time on this clock."""
        if monotonic_s <= self._woke_s:
            return monotonic_s - self._skipped_before_s
        return max(monotonic_s - self._skipped_s, self._woke_s - self._skipped_before_s)


def _sleep_of_the_machine_s() -> float:
    """Time the machine slept since it started, up to a constant; 0 where the system does not tell."""
    counting = getattr(time, "CLOCK_BOOTTIME", None)
    return time.clock_gettime(counting) - time.monotonic() if counting is not None else 0.0
