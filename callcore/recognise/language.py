"""Which language is spoken: the first seconds of speech vote, once per call or once per channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from callcore.types import SAMPLE_RATE_HZ

VOTE_S = 10.0  #: seconds of speech after which a decision is made
SURE = 0.9  #: or as soon as the mean probability of one language reaches this over VOTE_MIN_S
VOTE_MIN_S = 3.0


@dataclass(slots=True)
class LanguageVote:
    """Votes of the segments heard so far; each counts by its length. ``decided`` is "" until the vote is closed."""

    decided: str = ""
    probability: float = 0.0
    heard_s: float = 0.0
    _weights: dict[str, float] = field(default_factory=dict)

    def add(self, probabilities: Mapping[str, float], sample_count: int) -> None:
        """Count one segment's probabilities (language code to 0..1); closes the vote when it is sure."""
        length_s = sample_count / SAMPLE_RATE_HZ
        self.heard_s += length_s
        for language, probability in probabilities.items():
            self._weights[language] = self._weights.get(language, 0.0) + probability * length_s
        best, share = self._leader()
        if self.heard_s >= VOTE_S or (self.heard_s >= VOTE_MIN_S and share >= SURE):
            self.decided, self.probability = best, share

    def close(self) -> None:
        """Decide by what was heard; without any vote the language stays ""."""
        if not self.decided:
            self.decided, self.probability = self._leader()

    def _leader(self) -> tuple[str, float]:
        if not self._weights or not self.heard_s:
            return "", 0.0
        # Ties go to the code that sorts first, so that a call gives the same answer every time.
        best = min(self._weights, key=lambda code: (-self._weights[code], code))
        return best, round(self._weights[best] / self.heard_s, 4)
