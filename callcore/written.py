"""Calls that were written down: read from JSON, and told as the events that a heard call would have given."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from callcore.config import Settings, settings_hash
from callcore.errors import ConfigError
from callcore.pipeline.follower import Follower, passed
from callcore.pipeline.understood import Understood
from callcore.types import (
    SAMPLE_RATE_HZ,
    CallEnded,
    CallStarted,
    DecodeRequest,
    Event,
    Final,
    LanguageDecided,
    Role,
    RolesAssigned,
    Turn,
    Word,
    samples,
)
from callcore.understand.call import Understander
from callcore.understand.entities import Finder, plain_words

FORMAT_HINT = "See docs/tickets.md for the format of written calls."
CHANNELS = {"agent": 0, "customer": 1}
NO_OBJECT = ("model_type", "model_attributes_type", "dict_type")  #: pydantic's names for what is no JSON object
LONGEST_S = 24 * 3600.0
MODEL = "written"  #: what such a call names as its recogniser


class WrittenTurn(BaseModel):
    """One speaker's say."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    speaker: Literal["agent", "customer"]
    start_s: float = Field(ge=0, le=LONGEST_S, allow_inf_nan=False)
    end_s: float = Field(ge=0, le=LONGEST_S, allow_inf_nan=False)
    text: str = Field(min_length=1)

    @field_validator("text")
    @classmethod
    def _says_something(cls, text: str) -> str:
        plain = " ".join(text.encode("utf-8", "replace").decode("utf-8").split())
        if not plain:
            raise ValueError("a turn without words")
        return plain

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end_s < self.start_s:
            raise ValueError("end_s lies before start_s")
        return self


class WrittenCall(BaseModel):
    """A call of two sides. Further keys, such as "gold", are for others."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    language: Literal["zh", "yue", "en"]
    call_date: date
    turns: tuple[WrittenTurn, ...] = Field(min_length=1)


def read_written(file: Path) -> WrittenCall:
    """A written call. Raises :class:`ConfigError` naming the file and the first thing that is wrong in it."""
    try:
        return WrittenCall.model_validate(json.loads(file.read_text(encoding="utf-8-sig")))
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{file} cannot be read: {error}", FORMAT_HINT) from error
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        why = "no object with keys and values" if first["type"] in NO_OBJECT else first["msg"]
        raise ConfigError(": ".join(filter(None, (str(file), place, why))), FORMAT_HINT) from error
    except ValueError as error:  # of json
        raise ConfigError(f"{file} is no JSON: {error}", FORMAT_HINT) from error


def told(
    call: WrittenCall,
    name: str,
    settings: Settings,
    understander: Understander | None,
    followers: Sequence[Follower] = (),
    finder: Finder | None = None,
) -> list[Event]:
    """The events of a written call, ``name`` its id and source; each passes what follows a heard call as well.

    ``finder``: of the call, where one of the ``followers`` looks with it as well.
    Turns are told in the order in which they end; words are spread evenly over their turn.
    """
    day = settings.understand.call_date or call.call_date
    channels = tuple(CHANNELS.values())
    understood = Understood(understander.call(channels, day, settings.segment, finder) if understander else None)
    facts = settings.result_settings()
    started = CallStarted(
        name, name, len(channels), SAMPLE_RATE_HZ, MODEL, "", settings_hash(facts), facts, day.isoformat()
    )
    roles = {channel: Role(speaker) for speaker, channel in CHANNELS.items()}
    first: list[Event] = [started, RolesAssigned(roles, 1.0, "option"), LanguageDecided(call.language, 1.0)]
    chain = (understood, *followers)
    outputs = passed(first, chain)
    turns = sorted(call.turns, key=lambda turn: (turn.end_s, turn.start_s))
    for number, written in enumerate(turns, 1):
        outputs += passed(_say(written, number, call.language), chain)
    end = samples(max(turn.end_s for turn in turns))
    outputs += passed([CallEnded(end, len(turns))], chain)
    return [output for output in outputs if not isinstance(output, DecodeRequest)]


def _say(written: WrittenTurn, number: int, language: str) -> list[Event]:
    channel = CHANNELS[written.speaker]
    start, end = samples(written.start_s), samples(written.end_s)
    words = spread(plain_words(written.text), start, end)
    segment_id = f"{channel}-{number}"
    final = Final(segment_id, channel, start, end, written.text, words, language, 0.0, 0.0, 1.0)
    return [final, Turn(number, channel, start, end, written.text, words, language, (segment_id,))]


def spread(words: Sequence[Word], start_sample: int, end_sample: int) -> tuple[Word, ...]:
    """Words with times of their own between two samples, each as long as its share of the letters."""
    lengths = [max(len(word.text), 1) for word in words]
    whole, done, timed = sum(lengths), 0, []
    for word, length in zip(words, lengths, strict=True):
        begin = start_sample + (end_sample - start_sample) * done // whole
        done += length
        stop = start_sample + (end_sample - start_sample) * done // whole
        timed.append(Word(word.text, begin, stop, word.probability, word.space_before))
    return tuple(timed)
