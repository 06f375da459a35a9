"""When somebody begins and stops speaking, as live front ends of Whisper decide it: Silero VAD with two thresholds."""

from __future__ import annotations

from enum import Enum

import numpy as np
import numpy.typing as npt

from callcore.engines.silero import WINDOW_SAMPLES, SileroVad
from callcore.types import SAMPLE_RATE_HZ

BEGINS_ABOVE = 0.5
ENDS_BELOW = 0.35
SILENCE_S = 0.5  #: below the lower threshold for this long ends the speech
KEPT_S = 1.0  #: audio before the speech that is heard with it


class Voice(Enum):
    """What a piece of audio brought."""

    SILENT = "silent"
    SPEAKING = "speaking"
    ENDED = "ended"


class VoiceGate:
    """Follows one channel. Thresholds and times as in Silero's own iterator, as whisper_streaming uses it."""

    def __init__(self, vad: SileroVad) -> None:
        self._stream = vad.stream()
        self._rest = np.zeros(0, np.float32)
        self._speaking = False
        self._quiet_s = 0.0

    def push(self, samples: npt.NDArray[np.float32]) -> Voice:
        """Samples at 16 kHz; an end within them counts more than what follows it."""
        audio = np.concatenate([self._rest, samples])
        whole = len(audio) // WINDOW_SAMPLES
        self._rest = audio[whole * WINDOW_SAMPLES :]
        ended = False
        for probability in self._stream.score(audio[: whole * WINDOW_SAMPLES].reshape(whole, WINDOW_SAMPLES)):
            ended |= self._step(float(probability))
        if ended:
            return Voice.ENDED
        return Voice.SPEAKING if self._speaking else Voice.SILENT

    def _step(self, probability: float) -> bool:
        """One window; whether speech ended with it."""
        if probability >= BEGINS_ABOVE:
            self._speaking, self._quiet_s = True, 0.0
        elif self._speaking and (probability < ENDS_BELOW or self._quiet_s):
            self._quiet_s += WINDOW_SAMPLES / SAMPLE_RATE_HZ
            if self._quiet_s >= SILENCE_S:
                self._speaking, self._quiet_s = False, 0.0
                return True
        return False
