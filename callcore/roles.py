"""Which channel is the agent's: cues in what is said.

Every cue (``roles_cues.toml``) that a channel holds moves the balance towards agent or customer. The difference between
two channels, scaled, is taken as the log-odds that the first is the agent's: confidence is the probability that the
assignment is right, 0.5 being no idea.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from rapidfuzz import fuzz

from callcore.datafile import parse_toml, unreadable
from callcore.pinyin import syllables
from callcore.types import AudioWarning, Role, RolesAssigned, WarningKind

MIN_SIMILARITY = 75.0  #: of sounds or letters, in per cent, above which a phrase counts as said
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_EXACT_HAN = 2  # phrases of so few characters would match anywhere by sound
_FUZZY_LETTERS = 12  # shorter English phrases must match letter by letter

# Sounds that accents and recognisers confuse: flat and curled tongue, final n and ng, initial n and l.
_CONFUSED = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ng", "n"))


def _has_letters(phrase: str) -> str:
    if not _sound(phrase) and not _letters(phrase).strip():
        raise ValueError("a phrase needs Chinese characters or letters")
    return phrase


class Cue(BaseModel):
    """Phrases of one kind and what they tell."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Literal["agent", "customer"]
    weight: float = Field(gt=0, le=10)
    max_count: int = Field(1, ge=1)
    within_turns: int | None = Field(None, ge=1)
    phrases: tuple[Annotated[str, AfterValidator(_has_letters)], ...] = Field(min_length=1)


class RoleCues(BaseModel):
    """A parsed cues file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1]
    scale: float = Field(1.0, gt=0, le=10)
    first_speaker: float = Field(0.0, ge=0, le=10)
    cue: tuple[Cue, ...] = Field(min_length=1)

    @classmethod
    def parse(cls, toml: str, name: str = "role cues") -> RoleCues:
        """From TOML text. Raises :class:`ConfigError` naming the first wrong key."""
        return parse_toml(cls, toml, name, "See docs/roles.md for the format.")

    @classmethod
    def load(cls, file: Path | None = None) -> RoleCues:
        """From a file, or the cues that come with callcore. Raises :class:`ConfigError`."""
        if file is None:
            return _bundled()
        try:
            return cls.parse(file.read_text(encoding="utf-8"), str(file))
        except (OSError, UnicodeDecodeError) as error:
            raise unreadable(f"role cues {file}", error, "Check [roles] cues_file.") from error


def assign_roles(
    texts: Mapping[int, Sequence[str]],
    first_speech: Mapping[int, int] | None,
    cues: RoleCues,
    min_confidence: float = 0.8,
) -> RolesAssigned:
    """Roles of the channels in ``texts`` (channel to what was said there, in order of time).

    ``first_speech``: sample at which each channel first speaks, where known. Below ``min_confidence``, and unless just
    two channels are given, every role is unknown. A call of one channel has source "mono" and confidence 0.
    """
    unknown = dict.fromkeys(sorted(texts), Role.UNKNOWN)
    if len(texts) != 2:
        return RolesAssigned(unknown, 0.0, "mono" if len(texts) < 2 else "cues")
    left, right = sorted(texts)
    balance = cues.scale * (agent_evidence(texts[left], cues) - agent_evidence(texts[right], cues))
    if first_speech and left in first_speech and right in first_speech and first_speech[left] != first_speech[right]:
        balance += math.copysign(cues.first_speaker, first_speech[right] - first_speech[left])
    confidence = round(1 / (1 + math.exp(-abs(balance))), 4)
    if confidence < min_confidence or balance == 0:
        return RolesAssigned(unknown, confidence, "cues")
    agent, customer = (left, right) if balance > 0 else (right, left)
    return RolesAssigned({agent: Role.AGENT, customer: Role.CUSTOMER}, confidence, "cues")


def check_roles(given: Mapping[int, Role], heard: RolesAssigned, min_confidence: float = 0.95) -> AudioWarning | None:
    """A warning when what was ``heard`` (:func:`assign_roles`) strongly contradicts the roles given as options."""
    if heard.source != "cues" or heard.confidence < min_confidence:
        return None
    known = (Role.AGENT, Role.CUSTOMER)
    against = [channel for channel, role in heard.roles.items() if role in known and given.get(channel, role) != role]
    if not against or any(given[channel] not in known for channel in against):
        return None
    agent = next(channel for channel, role in heard.roles.items() if role is Role.AGENT)
    message = f"channel {agent} sounds like the agent's, but is given as the customer's: are the channels swapped?"
    return AudioWarning(WarningKind.SWAPPED_CHANNELS, message, detail={"confidence": heard.confidence})


def agent_evidence(turns: Sequence[str], cues: RoleCues) -> float:
    """How much one side sounds like an agent: weights of the cues heard, those of customers subtracted."""
    heard = [(_sound(turn), _plain(turn), _letters(turn)) for turn in turns]
    total = 0.0
    for cue in cues.cue:
        hits = sum(any(_said(phrase, *turn) for phrase in cue.phrases) for turn in heard[: cue.within_turns])
        total += (1 if cue.role == "agent" else -1) * cue.weight * min(hits, cue.max_count)
    return total


def _said(phrase: str, sound: str, plain: str, letters: str) -> bool:
    if not _HAN.search(phrase):
        wanted = _letters(phrase)
        if wanted in letters:
            return True
        return len(wanted) >= _FUZZY_LETTERS and _similar(wanted, letters, MIN_SIMILARITY + 10)
    if len(phrase) <= _EXACT_HAN:
        return phrase in plain
    wanted = _sound(phrase)
    return wanted in sound or (len(wanted) > 3 and _similar(wanted, sound, MIN_SIMILARITY))


def _similar(phrase: str, text: str, least: float) -> bool:
    """Whether a stretch of the text is like the phrase: 100 x (1 - insertions and deletions / both lengths)."""
    if len(text) <= len(phrase):
        return fuzz.ratio(phrase, text) >= least
    return fuzz.partial_ratio(phrase, text) >= least


@lru_cache(maxsize=4096)
def _sound(text: str) -> str:
    """One letter per syllable, the same for syllables that are easily confused; everything but Han left out."""
    return "".join(_syllable_letter(syllable) for syllable in syllables(_plain(text)))


@cache
def _syllable_letter(syllable: str) -> str:
    for sound, like in _CONFUSED:
        syllable = syllable.replace(sound, like)
    if syllable.startswith("n"):
        syllable = "l" + syllable[1:]
    # Any map of the syllables to different characters does (a test holds that they differ): here to private use.
    number = 0
    for letter in syllable.encode():
        number = number * 31 + letter % 31
    return chr(0xF0000 + number % 0xFFFD)


def _plain(text: str) -> str:
    return "".join(_HAN.findall(text))


@lru_cache(maxsize=4096)
def _letters(text: str) -> str:
    words = re.findall(r"[a-z0-9']+", text.lower().replace("’", "'"))
    return f" {' '.join(words)} "


@cache
def _bundled() -> RoleCues:
    return RoleCues.parse(files("callcore").joinpath("roles_cues.toml").read_text(encoding="utf-8"))
