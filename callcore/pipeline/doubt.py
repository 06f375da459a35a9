"""Whether the model was made for what it hears."""

from __future__ import annotations

from callcore.recognise.guards import CLEAR_SPEECH
from callcore.types import SAMPLE_RATE_HZ, AudioWarning, Final, WarningKind

#: mean word probability below which the model was not made for the audio: bundled models write their own language at
#: 0.9 and more, another one and people at 0.5 to 0.57
DOUBTFUL_PROBABILITY = 0.62
DOUBTFUL_MIN_S = 3.0  #: speech needed to say so


class Doubt:
    """Whether the words of a call are so doubtful that the model cannot have been made for its audio."""

    def __init__(self) -> None:
        self._spoken = 0
        self._words = 0
        self._sum = 0.0

    def add(self, final: Final) -> None:
        """Count the words of clear speech."""
        if final.speech_probability >= CLEAR_SPEECH:
            self._spoken += final.end_sample - final.start_sample
            self._words += len(final.words)
            self._sum += sum(word.probability for word in final.words)

    def warnings(self, next_step: str) -> list[AudioWarning]:
        """One warning, or none."""
        mean = self._sum / self._words if self._words else 1.0
        if self._spoken < DOUBTFUL_MIN_S * SAMPLE_RATE_HZ or mean >= DOUBTFUL_PROBABILITY:
            return []
        message = f"the words are doubtful (mean probability {mean:.2f}): the model was not made for this audio."
        detail = {"word_probability": round(mean, 3)}
        return [AudioWarning(WarningKind.MODEL_MISMATCH, f"{message} {next_step}".rstrip(), detail=detail)]
