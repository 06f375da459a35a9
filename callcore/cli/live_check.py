"""``callcore live --check``: five seconds of what the devices hear, as levels, words and sound."""

from __future__ import annotations

import io
import threading
import time
import wave
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console, Group
from rich.text import Text

from callcore.cli.conversation import print_conversation
from callcore.cli.live_screen import meters
from callcore.cli.live_sources import DeviceCallSource, plan_of
from callcore.cli.live_state import ChannelVitals, ScreenState, Vitals
from callcore.cli.printing import printable
from callcore.config import Settings
from callcore.errors import DeviceError, MissingExtra
from callcore.types import SAMPLE_RATE_HZ, AudioFrame, AudioWarning, Role, Samples, Tick

if TYPE_CHECKING:
    from callcore.record import CallRecord

CHECK_S = 5.0
PATIENCE_S = 10.0  #: for the first sound of slow devices, on top
REFRESH_S = 0.1
SILENT_DBFS = -70.0  #: a peak below it is no microphone in a room
QUIET_DBFS = -35.0  #: a peak below it is too soft to be understood well
CLIPPING_DBFS = -0.1


class Ear:
    """Keeps the first five seconds that devices deliver. :meth:`take` may be called from any thread."""

    def __init__(self, channels: tuple[int, ...], length_s: float = CHECK_S) -> None:
        self._wanted = round(length_s * SAMPLE_RATE_HZ)
        self._heard: dict[int, list[Samples]] = {channel: [] for channel in channels}
        self._count = dict.fromkeys(channels, 0)
        self.warnings: list[AudioWarning] = []
        self.full = threading.Event()

    def take(self, tick: Tick) -> None:
        """Take the next tick of a source."""
        for item in tick:
            if isinstance(item, AudioWarning):
                self.warnings.append(item)
            elif isinstance(item, AudioFrame) and self._count[item.channel] < self._wanted:
                self._heard[item.channel].append(item.samples)
                self._count[item.channel] += len(item.samples)
        if min(self._count.values()) >= self._wanted:
            self.full.set()

    @property
    def heard_s(self) -> float:
        """Seconds so far."""
        return min(self._count.values()) / SAMPLE_RATE_HZ

    def level_dbfs(self, channel: int) -> float:
        """Level of the last tenth of a second."""
        parts = self._heard[channel][-5:]
        return _dbfs(float(np.sqrt(np.mean(np.square(np.concatenate(parts)))))) if parts else -99.0

    def audio(self) -> dict[int, Samples]:
        """Channel to what was heard, all of one length: shape (n,), float32, at 16 kHz."""
        joined = {c: np.concatenate(parts) if parts else np.zeros(0, np.float32) for c, parts in self._heard.items()}
        length = min(self._wanted, *(len(samples) for samples in joined.values()))
        return {channel: samples[:length] for channel, samples in joined.items()}


def check(settings: Settings, options: Mapping[str, Any]) -> int:
    """Listen, show, write down and play back; returns the exit code. Raises :class:`DeviceError` and model errors."""
    out = Console(highlight=False)
    plan = plan_of(options)
    ear = Ear(plan.channels)
    source = DeviceCallSource(plan, ear.take, None)
    for part in plan.parts:
        sides = ", ".join(_side(plan.roles.get(channel, Role.UNKNOWN), channel) for channel in part.channels)
        out.print(Text.assemble((f"{sides:<9} ", "bold"), printable(part.device.name)), soft_wrap=True)
    source.start()
    try:
        _listen(ear, ScreenState(plan.channels, plan.roles, "en"), out)
    finally:
        source.stop()
    if source.error:
        raise source.error
    audio = ear.audio()
    for channel, samples in audio.items():
        word, style = _verdict(samples)
        out.print(
            Text.assemble((f"{_side(plan.roles.get(channel, Role.UNKNOWN), channel):<9} ", "bold"), (word, style))
        )
    for warning in ear.warnings:
        out.print(Text(f"warning   {printable(warning.message)}", style="yellow"), soft_wrap=True)
    print_conversation(_transcribed(audio, plan.roles, settings, out), out)
    _play(audio, out)
    return 0


def _listen(ear: Ear, state: ScreenState, out: Console) -> None:
    from rich.live import Live

    def page() -> Group:
        channels = {c: ChannelVitals(level, level > QUIET_DBFS) for c in state.channels if (level := ear.level_dbfs(c))}
        vitals = Vitals(ear.heard_s, channels=channels)
        told = Text(f"Say something on each side: {ear.heard_s:.1f} of {CHECK_S:.0f} s", style="bold")
        return Group(told, meters(state, vitals, out.width))

    until = time.monotonic() + CHECK_S + PATIENCE_S
    if not out.is_terminal:
        ear.full.wait(CHECK_S + PATIENCE_S)
    else:
        with Live(page(), console=out, auto_refresh=False, transient=True) as live:
            while not ear.full.wait(REFRESH_S) and time.monotonic() < until:
                live.update(page(), refresh=True)
    if not ear.full.is_set():
        raise DeviceError(
            f"only {ear.heard_s:.1f} s of sound came in {CHECK_S + PATIENCE_S:.0f} s.",
            "Check that the devices are plugged in and not muted; callcore devices lists them.",
        )


def _verdict(samples: Samples) -> tuple[str, str]:
    """What the level says about a side, and its style."""
    peak = _dbfs(float(np.max(np.abs(samples), initial=0.0)))
    if peak < SILENT_DBFS:
        return "nothing is heard: wrong device, muted, or nothing is played there", "red"
    if peak < QUIET_DBFS:
        return f"very soft (peak {peak:.0f} dB): nobody spoke, or raise the level", "yellow"
    if peak >= CLIPPING_DBFS:
        return "too loud, it clips: lower the level", "yellow"
    return f"heard (peak {peak:.0f} dB)", "green"


def _transcribed(
    audio: Mapping[int, Samples], roles: Mapping[int, Role], settings: Settings, out: Console
) -> CallRecord:
    from callcore.batch.transcriber import Transcriber

    order = sorted(audio)
    whose = {roles.get(channel): index for index, channel in enumerate(order)}
    sides = {"agent_channel": whose.get(Role.AGENT), "customer_channel": whose.get(Role.CUSTOMER)}
    own = settings.model_copy(update={"audio": settings.audio.model_copy(update=sides)})
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setparams((len(order), 2, SAMPLE_RATE_HZ, 0, "NONE", ""))
        both = np.stack([audio[channel] for channel in order], axis=1)
        written.writeframes((np.clip(both, -1.0, 1.0) * 32767).astype("<i2").tobytes())
    file.seek(0)
    with out.status("Reading what was said ..."), Transcriber(own) as transcriber:
        return transcriber.record(file)


def _play(audio: Mapping[int, Samples], out: Console) -> None:
    from callcore.capture.playback import play

    out.print("Playing back what was heard ...")
    try:
        play(np.clip(np.sum([*audio.values()], axis=0), -1.0, 1.0).astype(np.float32))
    except (DeviceError, MissingExtra) as error:  # a machine without an output can listen all the same
        out.print(Text(f"not played: {printable(error.message)}", style="dim"), soft_wrap=True)


def _side(role: Role, channel: int) -> str:
    return role.value if role is not Role.UNKNOWN else f"channel {channel}"


def _dbfs(value: float) -> float:
    return max(20 * float(np.log10(max(value, 1e-12))), -99.0)
