"""The course of a call itself: its beginning and end, faults, pauses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class CallStarted:
    """First event of every call. ``settings`` holds all that changes the result, ready for JSON."""

    call_id: str
    source: str
    channel_count: int
    rate_hz: int  #: of the source, before resampling
    model: str
    model_hash: str
    settings_hash: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    day: str = ""  #: of the call, ISO 8601; relative times count from it


class WarningKind(StrEnum):
    """Faults found in the audio of a call (:class:`AudioWarning`)."""

    DUPLICATED_CHANNELS = "duplicated_channels"  #: two channels carry the same signal: mono saved as stereo
    DEAD_CHANNEL = "dead_channel"
    SWAPPED_CHANNELS = "swapped_channels"
    CLIPPING = "clipping"
    TELEPHONE_BAND = "telephone_band"  #: a container of 16 kHz or more without content above 4 kHz
    DC_OFFSET = "dc_offset"
    NOT_FINITE = "not_finite"  #: NaN or infinite samples, replaced by silence
    TRUNCATED = "truncated"  #: the container ended early or broke; what could be read was used
    GAP = "gap"  #: samples missing in the stream, filled with silence
    NO_SPEECH = "no_speech"
    MODEL_MISMATCH = "model_mismatch"  #: the model was not made for what it hears
    OVERRUN = "overrun"  #: a sound device delivered faster than it was read; what was lost became silence
    DEVICE_LOST = "device_lost"  #: a sound device went away; its channel is silent until it returns
    DEVICE_RETURNED = "device_returned"
    CLOCK_JUMP = "clock_jump"  #: a device's clock leapt, or drifts further than devices do
    LAGGING = "lagging"  #: the machine does not keep up; text comes late
    NOT_UNDERSTOOD = "not_understood"  #: what was said could not be read for its meaning; its words are all there
    NOT_REDACTED = "not_redacted"  #: what was said could not be searched for secrets; it was masked as a whole
    NO_TICKET = "no_ticket"  #: the ticket cannot be filled; the transcript and its meaning are all there
    RECORDING_STOPPED = "recording_stopped"  #: the recording cannot go on (disk full); the transcript does


@dataclass(frozen=True, slots=True)
class AudioWarning:
    """Something is wrong with the audio; the call goes on. ``detail`` holds the measured figures."""

    kind: WarningKind
    message: str
    channel: int | None = None
    at_sample: int = 0
    detail: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Paused:
    """Listening was paused from ``start_sample`` (a payment card is read out); what follows until the next
    :class:`Resumed` is silence put there by callcore.
    """

    start_sample: int


@dataclass(frozen=True, slots=True)
class Resumed:
    """Listening goes on at ``start_sample``."""

    start_sample: int


@dataclass(frozen=True, slots=True)
class CallEnded:
    """Last event of a complete call. ``sample_count`` is the call's length at :data:`SAMPLE_RATE_HZ`."""

    sample_count: int
    segment_count: int
