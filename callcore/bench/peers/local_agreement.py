"""Streaming with a model of whole windows: a growing buffer, decoded again and again; what two readings share is kept.

The published method of Macháček, Dabre, Bojar, "Turning Whisper into Real-Time Transcription System" (2023): after
every new second the whole buffer is decoded; words that this and the previous reading begin with are confirmed
(LocalAgreement-2); a buffer that has grown too long is cut at the end of a confirmed segment, and the confirmed text
before the cut becomes the prompt. This is our own writing of it, without audio, models or threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SLACK_S = 0.1  #: a word may begin this long before the end of the last confirmed one and still be new
NEAR_S = 1.0  #: a reading that begins so near the last confirmed word is searched for a repetition of it
LONGEST_REPEAT = 5  #: words looked at in that search
PROMPT_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class TimedWord:
    """A word as the model writes it (with its space, if any); times in seconds of the call."""

    text: str
    start_s: float
    end_s: float


class LocalAgreement:
    """What has been read of one channel, and from where its audio is still needed."""

    def __init__(self, trim_s: float, start_s: float = 0.0) -> None:
        """``trim_s``: a longer buffer is cut; ``start_s``: where the buffer begins in the call."""
        self._trim_s = trim_s
        self._confirmed: list[TimedWord] = []
        self._in_buffer = 0  #: confirmed words before this index lie in audio that was cut off
        self._pending: list[TimedWord] = []
        self.buffer_start_s = start_s

    @property
    def confirmed(self) -> str:
        """Text that will not change any more."""
        return "".join(word.text for word in self._confirmed)

    @property
    def pending(self) -> str:
        """Text of the last reading that nothing has confirmed yet."""
        return "".join(word.text for word in self._pending)

    @property
    def prompt(self) -> str:
        """Confirmed text whose audio was cut off: about the last :data:`PROMPT_CHARACTERS` of it, whole words."""
        taken: list[str] = []
        length = 0
        for word in reversed(self._confirmed[: self._in_buffer]):
            if length >= PROMPT_CHARACTERS:
                break
            taken.append(word.text)
            length += len(word.text)
        return "".join(reversed(taken))

    def read(self, words: Sequence[TimedWord], segment_ends_s: Sequence[float], buffer_end_s: float) -> None:
        """Take a reading of the whole buffer: its words, where its segments end, and where the buffer ends."""
        new = self._without_confirmed(words)
        agreed = 0
        for before, now in zip(self._pending, new, strict=False):
            if before.text != now.text:
                break
            agreed += 1
        self._confirmed += new[:agreed]
        self._pending = new[agreed:]
        if buffer_end_s - self.buffer_start_s > self._trim_s:
            self._trim(segment_ends_s)

    def finish(self) -> None:
        """Nothing more will be read: what is pending is taken as it is."""
        self._confirmed += self._pending
        self._pending = []

    def _without_confirmed(self, words: Sequence[TimedWord]) -> list[TimedWord]:
        if not self._confirmed:
            return list(words)
        last_s = self._confirmed[-1].end_s
        new = [word for word in words if word.start_s > last_s - SLACK_S]
        if new and abs(new[0].start_s - last_s) < NEAR_S:
            known = [word.text for word in self._confirmed[self._in_buffer :]]
            texts = [word.text for word in new]
            for count in range(1, min(LONGEST_REPEAT, len(known), len(texts)) + 1):
                if known[-count:] == texts[:count]:
                    return new[count:]
        return new

    def _trim(self, segment_ends_s: Sequence[float]) -> None:
        """Cut at the last end of a segment that is confirmed; the segment read last may still go on and is kept."""
        if not self._confirmed:
            return
        last_s = self._confirmed[-1].end_s
        ends_s = [end_s for end_s in segment_ends_s[:-1] if self.buffer_start_s < end_s <= last_s]
        if not ends_s:
            return
        self.buffer_start_s = ends_s[-1]
        while self._in_buffer < len(self._confirmed) and (
            self._confirmed[self._in_buffer].end_s <= self.buffer_start_s
        ):
            self._in_buffer += 1
