"""The voice activity detectors compared, and how their answers are scored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import webrtcvad
from faster_whisper.vad import get_speech_timestamps

from benchmarks.common import RATE_HZ, Samples
from benchmarks.vad_data import Clip, Spans
from callcore.config import SegmentSettings
from callcore.engines.silero import SileroVad
from callcore.segment import SegmentClosed, Segmenter, SegmentEvent

GRID_HZ = 100  #: answers and references are compared every 10 ms
COLLAR_S = 0.25  #: on either side of a reference boundary, for the second scoring
FRAME_MS = 30
SMOOTHING_FRAMES = 10  #: webrtcvad: 9 of 10 frames (300 ms) start or end speech, as its own example does
SMOOTHING_SHARE = 0.9

Detector = Callable[[Samples], Spans]


def segment(audio: Samples, settings: SegmentSettings, model: SileroVad) -> list[SegmentEvent]:
    """All events of one channel."""
    segmenter = Segmenter(0, settings, model.stream())
    return segmenter.push(audio) + segmenter.finish()


def ours(settings: SegmentSettings, model: SileroVad) -> Detector:
    """The segmenter of callcore."""

    def detect(audio: Samples) -> Spans:
        closed = [event.segment for event in segment(audio, settings, model) if isinstance(event, SegmentClosed)]
        return [(one.start_sample / RATE_HZ, (one.end_sample or 0) / RATE_HZ) for one in closed]

    return detect


def silero(**options: float) -> Detector:
    """Silero alone, by faster-whisper's ``get_speech_timestamps``."""

    def detect(audio: Samples) -> Spans:
        found = get_speech_timestamps(audio.copy(), **options)
        return [(one["start"] / RATE_HZ, one["end"] / RATE_HZ) for one in found]

    return detect


def webrtc(mode: int) -> Detector:
    """The detector webrtcvad alone, smoothed over 300 ms."""

    def detect(audio: Samples) -> Spans:
        size = RATE_HZ * FRAME_MS // 1000
        pcm = (np.clip(audio, -1, 1) * 32767).astype("<i2")
        vad = webrtcvad.Vad(mode)
        voiced = [vad.is_speech(pcm[at : at + size].tobytes(), RATE_HZ) for at in range(0, len(pcm) - size + 1, size)]
        spans: Spans = []
        start: int | None = None
        for index in range(SMOOTHING_FRAMES, len(voiced) + 1):
            recent = voiced[index - SMOOTHING_FRAMES : index]
            if start is None and sum(recent) > SMOOTHING_SHARE * SMOOTHING_FRAMES - 1e-9:
                start = index - SMOOTHING_FRAMES
            elif start is not None and SMOOTHING_FRAMES - sum(recent) > SMOOTHING_SHARE * SMOOTHING_FRAMES - 1e-9:
                spans.append((start * FRAME_MS / 1000, index * FRAME_MS / 1000))
                start = None
        if start is not None:
            spans.append((start * FRAME_MS / 1000, len(pcm) / RATE_HZ))
        return spans

    return detect


def detectors(settings: SegmentSettings, model: SileroVad) -> dict[str, Detector]:
    """All that are compared, by name. "our times": the durations of our defaults, so that only the rules differ."""
    return {
        "callcore": ours(settings, model),
        "callcore, no gate": ours(settings.model_copy(update={"gate": False}), model),
        "Silero, faster-whisper": silero(),
        "Silero, our times": silero(
            min_silence_duration_ms=settings.hangover_ms,
            min_speech_duration_ms=settings.min_speech_ms,
            speech_pad_ms=settings.post_roll_ms,
        ),
        "webrtcvad 2": webrtc(2),
        "webrtcvad 3": webrtc(3),
    }


@dataclass
class Score:
    """Seconds of a comparison; grows clip by clip."""

    speech_s: float = 0.0
    silence_s: float = 0.0
    missed_s: float = 0.0
    false_s: float = 0.0
    segments: int = 0
    files: int = 0
    firing: list[str] = field(default_factory=list)  #: names of the clips with false alarms

    def add(self, clip: Clip, spans: Spans, collar_s: float = 0.0) -> None:
        """Count one clip."""
        length = int(clip.duration_s * GRID_HZ)
        truth, answer = grid(clip.speech, length), grid(spans, length)
        counted = ~collar(clip.speech, length, collar_s)
        self.speech_s += float((truth & counted).sum()) / GRID_HZ
        self.silence_s += float((~truth & counted).sum()) / GRID_HZ
        self.missed_s += float((truth & ~answer & counted).sum()) / GRID_HZ
        wrong_s = float((~truth & answer & counted).sum()) / GRID_HZ
        self.false_s += wrong_s
        self.segments += len(spans)
        self.files += 1
        if wrong_s:
            self.firing.append(clip.name)

    def rates(self) -> dict[str, float]:
        """Miss (% of speech), false alarm (% of what is not speech) and F1 of the 10 ms frames in %."""
        hit_s = self.speech_s - self.missed_s
        f1 = 2 * hit_s / max(2 * hit_s + self.missed_s + self.false_s, 1e-9)
        return {
            "miss_pct": round(100 * self.missed_s / max(self.speech_s, 1e-9), 2),
            "false_alarm_pct": round(100 * self.false_s / max(self.silence_s, 1e-9), 2),
            "f1_pct": round(100 * f1, 2),
        }

    def noise_rates(self) -> dict[str, float | int | list[str]]:
        """For sounds without speech: false seconds per hour, false segments per file, the files that fire."""
        return {
            "files": self.files,
            "minutes": round(self.silence_s / 60, 2),
            "false_s_per_hour": round(3600 * self.false_s / max(self.silence_s, 1e-9), 1),
            "false_segments_per_file": round(self.segments / max(self.files, 1), 3),
            "firing": self.firing,
        }


def grid(spans: Spans, length: int) -> npt.NDArray[np.bool_]:
    """Which 10 ms frames, shape (length,), lie in a span."""
    frames = np.zeros(length, dtype=bool)
    for low, high in spans:
        frames[round(low * GRID_HZ) : round(high * GRID_HZ)] = True
    return frames


def collar(spans: Spans, length: int, collar_s: float) -> npt.NDArray[np.bool_]:
    """Which frames lie within ``collar_s`` of a boundary."""
    edges = [edge for span in spans for edge in span]
    return grid([(max(0.0, edge - collar_s), edge + collar_s) for edge in edges], length)
