"""The mood in the voices of a call: every stretch beside the usual tone of its own speaker."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from callcore.types import SAMPLE_RATE_HZ, Mood, Samples
from callcore.understand.base import VoiceModel, VoiceScores, VoiceTone
from callcore.understand.mood.prosody import measure
from callcore.understand.mood.usual import UsualTone

STRETCH_S = 2.5  #: long segments are cut into about this much: a shout at their end is not averaged away
LEAST_TURN_S = 0.8  #: of measured speech in a turn
MOST_SEGMENTS = 64  #: of a channel whose scores are kept; older ones belong to turns that have long ended
DIGITS = 4  #: of probabilities; more would be noise


@dataclass(frozen=True, slots=True)
class _Scored:
    length: int
    scores: VoiceScores


class VoiceTracker:
    """One a call. Not for use by two threads at once."""

    def __init__(self, model: VoiceModel, channels: int) -> None:
        self._model = model
        self._usual = [UsualTone(model.spread) for _ in range(channels)]
        self._heard: list[OrderedDict[str, tuple[_Scored, ...]]] = [OrderedDict() for _ in range(channels)]

    def heard(self, segment_id: str, channel: int, audio: Samples) -> None:
        """The audio of a closed segment, shape (n,), float32, 16 kHz; segments of a channel in order of time."""
        usual = self._usual[channel]
        tones = tones_of(audio)
        scored: tuple[_Scored, ...] = ()
        if tones and usual.known:
            answers = self._model.score([usual.deviations(tone) for tone in tones])
            scored = tuple(_Scored(tone.length, one) for tone, one in zip(tones, answers, strict=True))
        for tone in tones:
            usual.add(tone)
        heard = self._heard[channel]
        heard[segment_id] = scored
        while len(heard) > MOST_SEGMENTS:
            heard.popitem(last=False)

    def mood(self, channel: int, segment_ids: Sequence[str]) -> Mood | None:
        """The mood of a turn made of these segments: the mean of its stretches by length.

        None where there is too little voice, or the speaker's usual tone was not known yet; its label is "" where no
        label is likely enough.
        """
        parts = [one for segment in segment_ids for one in self._heard[channel].get(segment, ())]
        total = sum(one.length for one in parts)
        if total < LEAST_TURN_S * SAMPLE_RATE_HZ:
            return None
        labels = {
            label: sum(one.length * one.scores.labels[label] for one in parts) / total
            for label in parts[0].scores.labels
        }
        best = max(labels, key=lambda label: labels[label])
        return Mood(
            best if labels[best] >= self._model.threshold else "",
            round(labels[best], DIGITS),
            round(sum(one.length * one.scores.valence for one in parts) / total, DIGITS),
            round(sum(one.length * one.scores.arousal for one in parts) / total, DIGITS),
            source=self._model.version,
        )


def tones_of(audio: Samples) -> list[VoiceTone]:
    """The tones of the stretches of a segment that hold enough voice, in order."""
    return [tone for tone in (measure(piece) for piece in stretches(audio)) if tone is not None]


def stretches(audio: Samples) -> Iterator[Samples]:
    """``audio`` in equal pieces of about :data:`STRETCH_S`."""
    count = max(1, round(len(audio) / (STRETCH_S * SAMPLE_RATE_HZ)))
    for index in range(count):
        yield audio[index * len(audio) // count : (index + 1) * len(audio) // count]
