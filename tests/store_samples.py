"""Small calls to store."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from callcore.store import Store, new_call_id
from callcore.types import (
    AudioWarning,
    CallEnded,
    CallStarted,
    Event,
    Final,
    LanguageDecided,
    Rejected,
    Role,
    RolesAssigned,
    Turn,
    WarningKind,
    Word,
)

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
AGENT, CUSTOMER = 0, 1
CALL = (
    (AGENT, "您好，江城银行，工号3275为您服务。"),
    (CUSTOMER, "你好，我的信用卡丢了。"),
    (AGENT, "请问卡上的额度是多少？"),
    (CUSTOMER, "額度是３，５００元，不对，3,500元。"),
)
Lines = tuple[tuple[int, str], ...]


def sha(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def started(
    content: str = "a", at: datetime = NOON, model: str = "starter-zh", source: str | None = None
) -> CallStarted:
    call_id = new_call_id(at, sha(content), salt=model)
    settings = {"language": "zh", "beam_size": 5}
    return CallStarted(call_id, source or f"/calls/{content}.wav", 2, 8000, model, f"hash of {model}", "5e77", settings)


def words(text: str, start: int) -> tuple[Word, ...]:
    """One word a character, a tenth of a second each; Latin runs are one word."""
    found: list[Word] = []
    run = ""
    for char in [*text, " "]:
        if char.isascii() and char.isalnum():
            run += char
            continue
        for piece in filter(None, (run, char.strip())):
            at = start + 1600 * len(found)
            found.append(Word(piece, at, at + 1600, 0.875, space_before=bool(found) and piece.isascii()))
        run = ""
    return tuple(found)


def turns(lines: Lines, language: str = "zh") -> list[Turn]:
    made = []
    for number, (channel, text) in enumerate(lines):
        start = 48_000 * number
        made.append(
            Turn(number + 1, channel, start, start + 40_000, text, words(text, start), language, (f"s{number}",))
        )
    return made


def call_events(lines: Lines = CALL, language: str = "zh") -> list[Event]:
    """The events after :class:`CallStarted` of a complete call."""
    events: list[Event] = [
        LanguageDecided(language, 0.97),
        AudioWarning(WarningKind.CLIPPING, "clipped", 0, 12, {"share": 0.25}),
    ]
    for turn in turns(lines, language):
        span = (turn.start_sample, turn.end_sample)
        events.append(Final(turn.segment_ids[0], turn.channel, *span, turn.text, turn.words, language, -0.2, 0.01, 0.9))
        events.append(turn)
    events.append(Rejected("s99", CUSTOMER, 300_000, 310_000, "repetition", "loop of 2", 120))
    events.append(RolesAssigned({AGENT: Role.AGENT, CUSTOMER: Role.CUSTOMER}, 0.9, "cues"))
    events.append(CallEnded(48_000 * len(lines), len(lines)))
    return events


def write_call(store: Store, content: str = "a", at: datetime = NOON, lines: Lines = CALL, language: str = "zh") -> str:
    start = started(content, at)
    with store.begin_call(start, content_sha256=sha(content), started_at=at) as writer:
        writer.append(call_events(lines, language))
        writer.complete(at + timedelta(seconds=5))
    return start.call_id
