"""Calls that were written down: read from JSON, and told as the events that a heard call would have given."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from callcore.config import Settings, settings_hash
from callcore.datafile import unreadable
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
WRONG = {
    "missing": "is missing",
    "too_short": "holds none",
    "literal_error": "must be {expected}",
    "string_type": "must be a text",
    "tuple_type": "must be a list",
    "greater_than_equal": "must be {ge:g} or more",
    "less_than_equal": "must be {le:g} or less",
    "value_error": "{error}",
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), "must be a number"),
    **dict.fromkeys(NO_OBJECT, "no object with keys and values"),
    **dict.fromkeys(("date_from_datetime_parsing", "date_type", "date_parsing"), "must be a day such as 2026-11-12"),
}  #: by pydantic's name of the fault, in the words of people who write such files
NEEDED = {
    "language": 'Add "language": "zh" ("yue", "en"); callcore ticket also takes --language.',
    "call_date": 'Add "call_date": "2026-11-12", the day of the call; callcore ticket also takes --date.',
}  #: what to do where a key of the call is missing or wrong
LONGEST_S = 24 * 3600.0
MODEL = "written"  #: what such a call names as its recogniser


class WrittenTurn(BaseModel):
    """One speaker's say. An empty ``text``: of one who says nothing, as exports have them."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    speaker: Literal["agent", "customer"]
    start_s: float = Field(ge=0, le=LONGEST_S, allow_inf_nan=False)
    end_s: float = Field(ge=0, le=LONGEST_S, allow_inf_nan=False)
    text: str

    @field_validator("text")
    @classmethod
    def _plain(cls, text: str) -> str:
        return " ".join(text.encode("utf-8", "replace").decode("utf-8").split())

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

    @property
    def blank(self) -> int:
        """How many turns have no words; they are not told, and keep their numbers."""
        return sum(not turn.text for turn in self.turns)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.blank == len(self.turns):
            raise ValueError("no turn has words")
        return self


def read_written(file: Path, given: Mapping[str, Any] | None = None) -> WrittenCall:
    """A written call. ``given``: keys that stand above those of the file, as an option does.

    Raises :class:`ConfigError` naming the file and the first thing that is wrong in it.
    """
    try:
        values = json.loads(file.read_text(encoding="utf-8-sig"))
        return WrittenCall.model_validate({**values, **(given or {})} if isinstance(values, dict) else values)
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise unreadable(str(file), error, FORMAT_HINT) from error
    except ValidationError as error:
        raise _problem(file, error) from error
    except ValueError as error:  # of json
        raise ConfigError(f"{file} is no JSON: {error}", FORMAT_HINT) from error


def _problem(file: Path, error: ValidationError) -> ConfigError:
    """The first thing that is wrong; turns are counted from 1, as where the call is shown."""
    first = error.errors(include_input=False)[0]
    turns = [f"turn {part + 1}" for part in first["loc"] if isinstance(part, int)]
    key = first["loc"][-1] if first["loc"] and isinstance(first["loc"][-1], str) else ""
    known = WRONG.get(first["type"])
    why = known.format(**first.get("ctx", {})) if known else f"is refused: {first['msg']}"
    return ConfigError(": ".join([str(file), *turns, f"{key} {why}".strip()]) + ".", NEEDED.get(key, FORMAT_HINT))


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
        if written.text:
            outputs += passed(_say(written, number, call.language), chain)
    end = samples(max(turn.end_s for turn in turns))
    outputs += passed([CallEnded(end, len(turns) - call.blank)], chain)
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
