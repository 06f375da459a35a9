"""Records for the tests of output and statistics: one written by hand, and any that hypothesis thinks of."""

from __future__ import annotations

from hypothesis import strategies as st

from callcore.record import CallRecord, fold
from callcore.types import (
    AudioWarning,
    CallEnded,
    CallStarted,
    Final,
    LanguageDecided,
    Rejected,
    Role,
    RolesAssigned,
    Turn,
    WarningKind,
    Word,
    samples,
)

NASTY = (
    "-->",
    "00:01 --> 00:02",
    "<b>粗</b>",
    "<v Boss>",
    "&lt;",
    "a&b",
    "{\\an8}上",
    "{\\p1}m 0 0",
    "C:\\new\\Nil",
    '"quoted", and more',
    "=1+1",
    "@SUM(A1)",
    "\t-2",
    "emoji 👩‍💼🏦",
    "line\nbreak\r\nhere",
    "nul\x00bell\x07",
    "sep\u2028para\u2029nel\x85",
    "lone\ud800",
    "13800138000",
    "额度，",
    "您好。",
    "WEBVTT",
    "NOTE",
)

han = st.text("您好信用卡额度多少请问，。？", min_size=1, max_size=3)
latin = st.text("abcdefgh'", min_size=1, max_size=9)
word_texts = st.one_of(han, latin, st.sampled_from(NASTY), st.text(max_size=6))


def final_of(turn: Turn) -> Final:
    """The segment that a turn of one segment was made of."""
    return Final(
        turn.segment_ids[0],
        turn.channel,
        turn.start_sample,
        turn.end_sample,
        turn.text,
        turn.words,
        turn.language,
        -0.3,
        0.01,
        0.9,
    )


def turn_of(number: int, channel: int, start_s: float, end_s: float, texts: list[str], language: str = "zh") -> Turn:
    """A turn whose words share its time evenly; Latin words get a space before them."""
    start, end = samples(start_s), samples(end_s)
    edges = [start + (end - start) * index // max(len(texts), 1) for index in range(len(texts) + 1)]
    words = tuple(
        Word(text, edges[index], edges[index + 1], 0.9, space_before=text[:1].isascii() and index > 0)
        for index, text in enumerate(texts)
    )
    text = "".join((" " if word.space_before else "") + word.text for word in words)
    return Turn(number, channel, start, end, text, words, language, (f"s{number}",))


def record_of(
    turns: list[Turn],
    *,
    roles: dict[int, Role] | None = None,
    language: str = "zh",
    length_s: float = 20.0,
    source: str = "calls/card loss.wav",
    call_id: str = "c0ffee",
) -> CallRecord:
    """A complete call of these turns, each of one segment."""
    given = {0: Role.AGENT, 1: Role.CUSTOMER} if roles is None else roles
    return fold(
        [
            CallStarted(call_id, source, len(given), 8000, "starter-zh", "ab12", "cd34", {"text": {"script": "keep"}}),
            LanguageDecided(language, 0.98),
            *(final_of(turn) for turn in turns),
            *turns,
            RolesAssigned(given, 0.9, "cues"),
            CallEnded(samples(length_s), len(turns)),
        ]
    )


def two_speakers() -> CallRecord:
    """A short Mandarin call with an overlap, a warning and a refused segment."""
    turns = [
        turn_of(1, 0, 0.8, 4.0, ["您", "好，", "江", "城", "银", "行，", "请", "讲。"]),
        turn_of(2, 1, 3.5, 9.25, ["我", "的", "Visa", "卡", "丢", "了。"]),
        turn_of(3, 0, 10.0, 11.0, ["好", "的。"]),
    ]
    record = record_of(turns)
    record.warnings.append(
        AudioWarning(WarningKind.CLIPPING, "channel 1 is clipped", 1, 16_000, {"share": 0.02, "peak_db": float("-inf")})
    )
    record.rejected.append(Rejected("s9", 1, samples(12), samples(13), "repetition", "ratio 3.1", 40))
    return record


@st.composite
def any_records(draw: st.DrawFn, texts: st.SearchStrategy[str] = word_texts) -> CallRecord:
    """Any call: up to three channels, turns that overlap, words with and without their text, rough characters."""
    channels = draw(st.sampled_from([(0,), (0, 1), (0, 1, 2)]))
    turns = []
    for number in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, 60_000))
        length = draw(st.integers(0, 30_000))
        spoken = draw(st.lists(texts, max_size=30))
        turn = turn_of(number, draw(st.sampled_from(channels)), start / 1000, (start + length) / 1000, spoken)
        if draw(st.booleans()) and spoken:
            turn = Turn(
                number,
                turn.channel,
                turn.start_sample,
                turn.end_sample,
                draw(texts) + turn.text,
                turn.words,
                draw(st.sampled_from(["zh", "en", ""])),
                turn.segment_ids,
            )
        turns.append(turn)
    roles = {channel: draw(st.sampled_from(Role)) for channel in channels}
    return record_of(
        turns,
        roles=roles,
        language=draw(st.sampled_from(["zh", "en"])),
        length_s=draw(st.integers(0, 100_000)) / 1000,
        source=draw(st.sampled_from(["call.wav", "=cmd.wav", "-", "录音/来电.wav"])),
    )
