"""The gate: faint sound that webrtcvad does not take for speech either.

webrtcvad (the voice detector of Google's WebRTC, a Gaussian mixture per frame) is a poor judge of speech on its own and
never overrules Silero alone. Together with the level it does one thing well: faint speech of the *other* party, leaking
through a two-channel recording, is speech to Silero, while webrtcvad's mode 3 finds it too weak.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import webrtcvad

from callcore.segment.events import Float32
from callcore.types import SAMPLE_RATE_HZ

FRAME_SAMPLES = 480  #: 30 ms, the longest frame webrtcvad takes; the last 2 ms of a window are not judged
MODE = 3  #: webrtcvad's strictest; the laxer ones take cross-talk for speech
PCM_FULL_SCALE = 32767


class QuietGate:
    """Tells quiet windows of one channel; webrtcvad follows the channel's noise floor."""

    def __init__(self, level_dbfs: float) -> None:
        self._level_dbfs = level_dbfs
        self._vad = webrtcvad.Vad(MODE)

    def quiet(self, windows: Float32, levels_dbfs: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Which of the next windows, shape (n, 512), are faint (``levels_dbfs``, shape (n,)) and without speech."""
        pcm = (np.clip(windows[:, :FRAME_SAMPLES], -1, 1) * PCM_FULL_SCALE).astype("<i2")
        # Loud windows are judged too, though it changes nothing for them: the detector learns its noise floor from all.
        heard = np.array([self._vad.is_speech(frame.tobytes(), SAMPLE_RATE_HZ) for frame in pcm], dtype=bool)
        return np.asarray((levels_dbfs < self._level_dbfs) & ~heard, dtype=np.bool_)
