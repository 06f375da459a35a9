"""Small words: back-channels, announcements of a wait, questions. A data file says which they are.

A back-channel shows that somebody listens and does not claim the turn (Yngve 1970; Ward and Tsukahara, "Prosodic
features which cue back-channel responses in English and Japanese", Journal of Pragmatics 32, 2000).
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, StringConstraints

from callcore.datafile import parse_toml

FORMAT_HINT = "See docs/dynamics.md for the format."

Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

_LETTERS = re.compile(r"[\w'’]+")
_SENTENCE = re.compile("[^。！？!?.；;]+[。！？!?.；;]*")
_HAN_SPACE = re.compile("(?<=[\u3400-\u9fff]) | (?=[\u3400-\u9fff])")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Backchannels(_Part):
    """Words that alone make a back-channel."""

    longest_s: float = Field(gt=0)
    words: tuple[Phrase, ...] = Field(min_length=1)


class Waits(_Part):
    """Phrases that announce a wait."""

    phrases: tuple[Phrase, ...]


class Questions(_Part):
    """What tells a question: how it ends, or words in its last sentence."""

    endings: tuple[Phrase, ...]
    words: tuple[Phrase, ...]


class Remarks(_Part):
    """A parsed file of small words."""

    version: Literal[1]
    backchannel: Backchannels
    wait: Waits
    question: Questions
    _only: re.Pattern[str] = PrivateAttr()
    _waits: tuple[str, ...] = PrivateAttr()

    @classmethod
    def parse(cls, toml: str, name: str = "back-channels") -> Remarks:
        """From TOML text. Raises :class:`ConfigError` naming the first wrong key."""
        return parse_toml(cls, toml, name, FORMAT_HINT)

    @classmethod
    def load(cls) -> Remarks:
        """The words that come with callcore, read once."""
        return _bundled()

    def model_post_init(self, _: object) -> None:
        longest_first = sorted({_plain(word) for word in self.backchannel.words}, key=lambda word: (-len(word), word))
        some = "|".join(re.escape(word) for word in longest_first)
        # English words stand apart, Han words need not. Nothing is tried twice, or many "嗯" would take ages.
        self._only = re.compile(rf"(?:(?>{some})(?: |$|(?<=[\u3400-\u9fff])|(?=[\u3400-\u9fff])))++")
        self._waits = tuple(_plain(phrase) for phrase in self.wait.phrases)

    def only_listens(self, text: str) -> bool:
        """Whether a text holds nothing but back-channel words; an empty one does not."""
        return self._only.fullmatch(_plain(text)) is not None

    def asks_to_wait(self, text: str) -> bool:
        """Whether a text announces that the other side has to wait."""
        plain = f" {_plain(text)} "
        return any(phrase in plain if not phrase.isascii() else f" {phrase} " in plain for phrase in self._waits)

    def asks(self, text: str) -> bool:
        """Whether the last sentence of a text is a question."""
        sentences = _SENTENCE.findall(text.strip())
        last = sentences[-1].strip() if sentences else ""
        bare = last.rstrip("。.！!，,；; ")
        return any(bare.endswith(ending) for ending in self.question.endings) or any(
            word in last for word in self.question.words
        )


def _plain(text: str) -> str:
    """Words in small letters with a space between those of letters; punctuation is gone."""
    return _HAN_SPACE.sub("", " ".join(_LETTERS.findall(text.lower().replace("’", "'"))))


@cache
def _bundled() -> Remarks:
    data = files("callcore.understand").joinpath("data", "backchannels.toml")
    return Remarks.parse(data.read_text(encoding="utf-8"))
