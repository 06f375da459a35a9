"""One mood of two: what the words say and how they are said.

The rule, in full (docs/mood.md gives the reasons):

* Where there is one source, it stands. Where neither has a label, neither has the result.
* Valence and arousal are means of the two, each weighted by its probability and by what the source is good at: words
  tell valence, the voice tells arousal (Schuller 2018, "Speech emotion recognition").
* Labels of one side (good, neutral, bad) agree: the text's label, which is finer, with the higher probability.
* Labels of different sides: the bad one before the good one before the neutral one, its probability lowered by half of
  the other's. Below a least probability the label abstains.
"""

from __future__ import annotations

from callcore.types import Mood

GOOD = frozenset({"pleased"})
BAD = frozenset({"anxious", "dissatisfied", "angry", "disappointed"})
TEXT_VALENCE, VOICE_VALENCE = 0.8, 0.2
TEXT_AROUSAL, VOICE_AROUSAL = 0.4, 0.6
DOUBT = 0.5  #: share of the other side's probability that is taken off
LEAST = 0.4  #: probability of a contested label
DIGITS = 4
NONE = 1e-9  #: weight below which two sources say nothing of which counts more


def fuse(text: Mood | None, voice: Mood | None) -> Mood | None:
    """Both as one mood; None where there is neither. Neither is changed: both stay beside the result."""
    if text is None or voice is None:
        return text or voice
    label, probability = _label(text, voice)
    return Mood(
        label,
        round(probability, DIGITS),
        _mean(text, voice, text.valence, voice.valence, (TEXT_VALENCE, VOICE_VALENCE)),
        _mean(text, voice, text.arousal, voice.arousal, (TEXT_AROUSAL, VOICE_AROUSAL)),
        text.first_word,
        text.end_word,
        " + ".join(source for source in (text.source, voice.source) if source),
    )


def _side(label: str) -> int:
    """2 bad, 1 good, 0 neutral: the higher one is taken where they differ."""
    return 2 if label in BAD else 1 if label in GOOD else 0


def _label(text: Mood, voice: Mood) -> tuple[str, float]:
    if not text.label or not voice.label:
        one = text if text.label else voice if voice.label else max(text, voice, key=lambda mood: mood.probability)
        return one.label, one.probability
    ours, theirs = _side(text.label), _side(voice.label)
    if ours == theirs:
        return text.label, max(text.probability, voice.probability)
    taken, other = (text, voice) if ours > theirs else (voice, text)
    probability = taken.probability * (1 - DOUBT * other.probability)
    return (taken.label if probability >= LEAST else ""), probability


def _mean(text: Mood, voice: Mood, said: float, heard: float, shares: tuple[float, float]) -> float:
    ours, theirs = shares[0] * text.probability, shares[1] * voice.probability
    total = ours + theirs
    return round((ours * said + theirs * heard) / total if total > NONE else (said + heard) / 2, DIGITS)
