"""An understanding without weights: a text model and a voice model that read from a script, and calls to try it on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
from pipeline_tools import SETTINGS
from voice_tools import voice

from callcore.config import UnderstandSettings
from callcore.types import SAMPLE_RATE_HZ, DecodeRequest, Samples, Word
from callcore.understand.base import Scores
from callcore.understand.call import CallUnderstanding, Understander
from callcore.understand.catalogue import Catalogue
from callcore.understand.features import See, features
from callcore.understand.mood.prosody import MEASURES

DAY = date(2026, 11, 22)
CATALOGUE = Catalogue.load()
THRESHOLDS = dict.fromkeys(("category", "topic", "intent", "cause", "caller", "emotion", "in_scope"), 0.5)
EXCLUSIVE = {
    "category": ("none", "inquiry", "complaint"),
    "caller": ("none", "agitated"),
    "emotion": ("calm", "pleased", "angry"),
}
SEVERAL = {
    "topic": ("credit_card.limit", "credit_card.lost", "fraud.unauthorised", "loan.personal"),
    "intent": ("ask_data", "report_loss", "complain", "thank"),
    "cause": ("service.efficiency", "staff.empathy"),
}
VALENCE = {"calm": (0.2, -0.4), "pleased": (0.8, 0.2), "angry": (-0.8, 0.8)}

Facts = Mapping[str, Any]


def scores(said: Facts, shown: tuple[int, int] = (0, 1)) -> Scores:
    """Sure of what ``said`` names by head, and of nothing else. "in_scope" is the probability itself."""
    heads: dict[str, dict[str, float]] = {}
    for head, labels in EXCLUSIVE.items():
        chosen = said.get(head, labels[0])
        heads[head] = {label: 0.9 if label == chosen else 0.1 / (len(labels) - 1) for label in labels}
    for head, labels in SEVERAL.items():
        heads[head] = {label: 0.8 if label in said.get(head, ()) else 0.05 for label in labels}
    valence, arousal = VALENCE[said.get("emotion", "calm")]
    return Scores(heads, said.get("in_scope", 0.95), valence, arousal, lambda _head, _label: shown)


class ScriptedText:
    """Says of a text what the script says of the first of its keys that the text holds; else that nothing was said."""

    version = "scripted@1"
    thresholds = THRESHOLDS

    def __init__(self, script: Mapping[str, Facts] | None = None, fails: Callable[[str], bool] | None = None) -> None:
        """``fails``: for which texts an exception is raised that quotes them."""
        self._script = script or {}
        self._fails = fails
        self.asked: list[str] = []

    def score(self, words: Sequence[Word], before: str = "", see: See = features) -> Scores:  # of the protocol
        text = "".join((" " if word.space_before else "") + word.text for word in words)
        self.asked.append(text)
        if self._fails and self._fails(text):
            raise ValueError(f"cannot read {text}")
        key = next((key for key in self._script if key in text), None)
        found = {} if key is None else self._script[key]
        return scores(found, (0, len(words)))


class ScriptedVoice:
    """Hears the same in every stretch."""

    version = "voice@1"
    threshold = 0.5
    spread = dict.fromkeys(MEASURES, 1.0)

    def __init__(self, label: str = "angry", error: Exception | None = None) -> None:
        self._label, self._error = label, error

    def score(self, deviations: Sequence[Mapping[str, float]]) -> list[tuple[dict[str, float], float, float]]:
        if self._error:
            raise self._error
        labels = {label: 0.8 if label == self._label else 0.1 for label in ("calm", "angry", "pleased")}
        return [(labels, *VALENCE[self._label]) for _ in deviations]


def understander(text: ScriptedText | None = None, voice_model: ScriptedVoice | None = None, **settings: Any):
    return Understander(UnderstandSettings(**settings), CATALOGUE, {"zh": text or ScriptedText()}, voice_model)


def a_call(
    text: ScriptedText | None = None,
    voice_model: ScriptedVoice | None = None,
    channels: Sequence[int] = (0, 1),
    **settings: Any,
) -> CallUnderstanding:
    return understander(text, voice_model, **settings).call(channels, DAY, SETTINGS.segment)


Say = tuple[int, float, float, str]  #: channel, start and end in seconds, text


def spoken_audio(says: Sequence[Say], length_s: float) -> dict[int, Samples]:
    """Both channels: a made voice where the script speaks."""
    audio = {channel: np.zeros(round(length_s * SAMPLE_RATE_HZ), np.float32) for channel in (0, 1)}
    for number, (channel, start_s, end_s, _) in enumerate(says):
        start = round(start_s * SAMPLE_RATE_HZ)
        sound = voice(end_s - start_s, seed=number, level=0.2)
        sound += np.where(np.abs(sound) < 0.02, 0.02, 0.0).astype(np.float32)  # no window of it counts as silence
        audio[channel][start : start + len(sound)] = sound
    return audio


def read_aloud(says: Sequence[Say]) -> Callable[[DecodeRequest], str]:
    """The characters whose middle lies within the audio, spread evenly over their say."""

    def answer(request: DecodeRequest) -> str:
        heard = []
        for channel, start_s, end_s, text in says:
            step = (end_s - start_s) / len(text)
            for place, character in enumerate(text):
                at = (start_s + (place + 0.5) * step) * SAMPLE_RATE_HZ
                if channel == request.channel and request.start_sample <= at < request.end_sample:
                    heard.append(character)
        return "".join(heard)

    return answer
