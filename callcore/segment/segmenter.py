"""The segmenter: samples of one channel in, speech segments with their audio out. No I/O, no clock."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from callcore.config import SegmentSettings
from callcore.segment.endpoint import Endpointer, Mark, MarkKind
from callcore.segment.events import (
    WINDOW_SAMPLES,
    Float32,
    RefusalReason,
    ScorerStream,
    SegmentClosed,
    SegmentEvent,
    SegmentOpened,
    SegmentRefused,
)
from callcore.segment.gate import QuietGate
from callcore.segment.nonspeech import find_refusal
from callcore.segment.ring import AudioRing
from callcore.types import SAMPLE_RATE_HZ, Samples, SpeechSegment

SILENCE_DBFS = -120.0  #: level given to digital silence
REST_SAMPLES = SAMPLE_RATE_HZ  #: quiet this long (1 s), the scorer rests


class Segmenter:
    """Finds the speech of one channel.

    Audio is judged in windows of 512 samples, ``settings.block_windows`` at a time, counted from the start of the call:
    the events depend on the samples and not on how they were cut into pushes.
    """

    def __init__(self, channel: int, settings: SegmentSettings, scorer: ScorerStream) -> None:
        self.channel = channel
        self._settings = settings
        self._scorer = scorer
        self._endpointer = Endpointer(settings)
        self._gate = QuietGate(settings.gate_level_dbfs) if settings.gate else None
        self._ring = AudioRing()
        self._block = np.zeros(settings.block_windows * WINDOW_SAMPLES, dtype=np.float32)
        self._filled = 0  #: samples of the block that are set
        self._sample_count = 0
        self._segment_count = 0
        self._open_id: str | None = None
        self._quiet_samples = 0  #: in blocks that were quiet throughout, since the last that was not
        self._probability = 0.0
        self._finished = False

    @property
    def speaking(self) -> bool:
        """Whether a segment is open."""
        return self._endpointer.speaking

    @property
    def probability(self) -> float:
        """Voice probability of the last window judged, 0..1."""
        return self._probability

    @property
    def position(self) -> int:
        """Samples judged so far; at most one block behind what was pushed."""
        return min(self._endpointer.position, self._sample_count)

    @property
    def last_speech(self) -> int:
        """End of the last window of speech."""
        return self._endpointer.last_speech

    @property
    def silence(self) -> int:
        """Samples judged since the last speech."""
        return self._endpointer.position - self._endpointer.last_speech

    @property
    def spoken(self) -> int:
        """Samples of speech in the open segment; 0 while none is open."""
        return self._endpointer.spoken

    @property
    def mean_probability(self) -> float:
        """Mean voice probability of the open segment, 0..1; 0 while none is open."""
        probabilities = self._endpointer.probabilities
        return round(float(np.mean(probabilities)), 4) if probabilities else 0.0

    @property
    def end_if_closed(self) -> int:
        """Where the open segment will end if no more speech comes."""
        return self._endpointer.end_if_closed

    @property
    def earliest_start(self) -> int:
        """No segment that is yet to be opened will start before this sample."""
        return self._endpointer.needed_from

    def set_hangover(self, hangover_ms: int) -> None:
        """Silence that ends a segment, from the next window on."""
        self._endpointer.set_hangover(hangover_ms * SAMPLE_RATE_HZ // 1000)

    def read(self, start: int, end: int) -> Samples:
        """A copy of judged audio of the open segment, shape (end - start,). Raises IndexError if it is not held."""
        return self._ring.read(start, end)

    @property
    def buffered(self) -> int:
        """Samples held in memory."""
        return len(self._ring) + self._filled

    def push(self, samples: Samples) -> list[SegmentEvent]:
        """Take the next samples, shape (n,), float32, 16 kHz, finite. Returns what they decide, in order.

        Raises ValueError when the samples have another shape or type or are not finite, or after :meth:`finish`.
        """
        if self._finished:
            raise ValueError("the segmenter was finished")
        if samples.ndim != 1 or samples.dtype != np.float32:
            raise ValueError(f"samples must be float32 of shape (n,), not {samples.dtype} of shape {samples.shape}")
        if not np.isfinite(samples).all():  # one NaN would stay in the scorer's state for the rest of the call
            raise ValueError("samples must be finite")
        events: list[SegmentEvent] = []
        taken = 0
        while taken < len(samples):
            part = samples[taken : taken + len(self._block) - self._filled]
            self._block[self._filled : self._filled + len(part)] = part
            self._filled += len(part)
            self._sample_count += len(part)
            taken += len(part)
            if self._filled == len(self._block):
                events += self._judge_block()
        return events

    def finish(self) -> list[SegmentEvent]:
        """Judge what is left and close what is open. Calling it again returns nothing."""
        if self._finished:
            return []
        self._finished = True
        events = self._judge_block()
        for mark in self._endpointer.finish(self._sample_count):
            events += self._report(mark)
        self._ring.drop_before(self._sample_count)
        return events

    def _judge_block(self) -> list[SegmentEvent]:
        """Score the filled part of the block, its last window filled up with silence."""
        window_count = -(-self._filled // WINDOW_SAMPLES)
        audio = np.zeros(window_count * WINDOW_SAMPLES, dtype=np.float32)
        audio[: self._filled] = self._block[: self._filled]
        self._filled = 0
        if not window_count:
            return []
        self._ring.append(audio)
        windows = audio.reshape(window_count, WINDOW_SAMPLES)
        levels = levels_dbfs(windows)
        probabilities = self._score(windows, levels)
        events: list[SegmentEvent] = []
        for probability, level in zip(probabilities.tolist(), levels.tolist(), strict=True):
            for mark in self._endpointer.push(probability, level):
                events += self._report(mark)
        self._probability = float(probabilities[-1])
        self._ring.drop_before(self._endpointer.needed_from)
        return events

    def _score(self, windows: Float32, levels: npt.NDArray[np.float64]) -> Float32:
        """Voice probabilities of a block, 0 where the gate says quiet; after long quiet the scorer is not asked."""
        if not self._gate:
            return self._scorer.score(windows)
        quiet = self._gate.quiet(windows, levels)
        if not quiet.all():
            self._quiet_samples = 0
        elif self._quiet_samples >= REST_SAMPLES:
            self._scorer.skip(windows)
            return np.zeros(len(windows), dtype=np.float32)
        else:
            self._quiet_samples += windows.size
        return np.where(quiet, np.float32(0), self._scorer.score(windows))

    def _report(self, mark: Mark) -> list[SegmentEvent]:
        """The event of a decision, with its audio and after the checks on it."""
        end = None if mark.end is None else min(mark.end, self._sample_count)
        segment = SpeechSegment(
            segment_id=self._open_id or self._next_id(),
            channel=self.channel,
            start_sample=mark.start,
            end_sample=end,
            speech_probability=round(float(np.mean(mark.probabilities)), 4),
        )
        if end is None:
            self._open_id = segment.segment_id
            return [SegmentOpened(segment)]
        self._open_id = None
        if mark.kind is MarkKind.TOO_SHORT:
            milliseconds = len(mark.probabilities) * WINDOW_SAMPLES * 1000 // SAMPLE_RATE_HZ
            detail = f"{milliseconds} ms from first to last sound, needed {self._settings.min_speech_ms} ms of speech"
            return [SegmentRefused(segment, RefusalReason.TOO_SHORT, detail)]
        refusal = find_refusal(mark.probabilities, self._settings.min_mean_probability, continued=mark.continued)
        if refusal:
            return [SegmentRefused(segment, *refusal)]
        audio = self._ring.read(mark.start, end)
        return [SegmentClosed(segment, audio)]

    def _next_id(self) -> str:
        self._segment_count += 1
        return f"{self.channel}-{self._segment_count - 1}"


def levels_dbfs(windows: Float32) -> npt.NDArray[np.float64]:
    """Level of each window, shape (n,), in dB relative to a full-scale square wave. ``windows``: shape (n, m)."""
    power = np.einsum("ij,ij->i", windows, windows, dtype=np.float64) / windows.shape[1]
    levels: npt.NDArray[np.float64] = 10 * np.log10(np.maximum(power, 10 ** (SILENCE_DBFS / 10)))
    return levels
