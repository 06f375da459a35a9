"""No secret of a call reaches anything that outlives it or shows it: events, database, files, search, screen, log."""

from __future__ import annotations

import io
import json
import logging
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise

import pytest
from batch_tools import Told
from hypothesis import example, given, settings
from hypothesis import strategies as st
from live_tools import follow_live
from pipeline_tools import BOTH, follow, of
from privacy_calls import CALLS, CUSTOMER, DAY, KEY, leaks, redactor, settings_of, sound, texts, understander, written
from rich.console import Console
from understand_tools import ScriptedText

from callcore.batch.job import BatchJob, Wishes
from callcore.batch.transcriber import Transcriber
from callcore.cli.conversation import print_conversation, print_facts
from callcore.cli.live_screen import render as draw
from callcore.cli.live_state import ScreenState, Vitals
from callcore.config import Settings, load_settings
from callcore.live.rescue import rescue
from callcore.output import FORMATS, render
from callcore.privacy.digits import stretches
from callcore.privacy.seal import Sealer, is_sealed
from callcore.record import fold
from callcore.store import Store
from callcore.types import (
    AudioWarning,
    Final,
    Partial,
    Passing,
    Resolved,
    RolesAssigned,
    Turn,
    Understanding,
    UnderstandingPreview,
    WarningKind,
    Word,
)
from callcore.understand.entities import plain_words
from callcore.wire import to_wire

NAMES = [call.name for call in CALLS]


@cache
def heard(number: int, way: str, *, redacted: bool = True, understood: bool = True):
    """All events of a written call, from sound on."""
    call = CALLS[number]
    audio, engine = sound(call)
    options = {
        "engine": engine,
        "settings": settings_of(call),
        "roles": BOTH,
        "understander": understander() if understood else None,
        "followers": [redactor().call(DAY)] if redacted else [],
    }
    if way == "recorded":
        return follow(audio, **options)
    return [event for _, event in follow_live(audio, **options)[0]]


def shown(events, call):
    """What leaks in the texts of events, with the events' names."""
    return [(name, piece) for name, text in texts(events) for piece in leaks(text, call)]


@pytest.mark.parametrize("number", range(len(CALLS)), ids=NAMES)
@pytest.mark.parametrize("way", ["recorded", "live"])
def test_the_calls_say_their_secrets_where_nothing_masks_them(number, way):
    found = {piece for _, piece in shown(heard(number, way, redacted=False), CALLS[number])}
    assert len(found) > 5


@pytest.mark.parametrize("number", range(len(CALLS)), ids=NAMES)
@pytest.mark.parametrize("way", ["recorded", "live"])
@pytest.mark.parametrize("understood", [True, False])
def test_no_event_shows_a_secret(number, way, understood):
    call, events = CALLS[number], heard(number, way, understood=understood)
    assert shown(events, call) == []
    assert not of(AudioWarning, events)
    if way == "live":
        assert of(Partial, events)
    said = " ".join(turn.text for turn in of(Turn, events))
    for kept in call.kept:
        assert kept in said


@pytest.mark.parametrize("number", range(len(CALLS)), ids=NAMES)
@pytest.mark.parametrize("way", ["recorded", "live"])
def test_masking_changes_characters_and_nothing_else(number, way):
    plain, masked = heard(number, way, redacted=False), heard(number, way)
    assert [type(event) for event in plain] == [type(event) for event in masked]
    for before, after in zip(plain, masked, strict=True):
        if isinstance(before, Final | Turn):
            assert len(before.text) == len(after.text)
            assert [(w.start_sample, w.end_sample, w.space_before, len(w.text)) for w in before.words] == [
                (w.start_sample, w.end_sample, w.space_before, len(w.text)) for w in after.words
            ]
            assert all(b in (a, "*") for a, b in zip(before.text, after.text, strict=True))
        elif isinstance(before, Understanding):
            assert [(e.kind, e.first_word, e.end_word) for e in before.entities] == [
                (e.kind, e.first_word, e.end_word) for e in after.entities
            ]


@pytest.mark.parametrize("number", range(len(CALLS)), ids=NAMES)
def test_originals_are_sealed_and_open_with_the_key(number):
    plain, masked = heard(number, "recorded", redacted=False), heard(number, "recorded")
    sealer, sealed = Sealer([KEY]), 0
    for before, after in zip(of(Understanding, plain), of(Understanding, masked), strict=True):
        for entity, hidden in zip(before.entities, after.entities, strict=True):
            if is_sealed(hidden.value):
                assert sealer.open(hidden.kind, hidden.value) == entity.value
                sealed += 1
            else:
                assert hidden.value == entity.value
    assert sealed > 1
    for event in of(Resolved, masked):
        assert is_sealed(event.value) or not event.value.isdigit()


def everything_kept(number: int, way: str, folder):
    """Bytes of all that is written of a call: the database's files, exports, rescue file, screen, search."""
    events = heard(number, way)
    started, *rest = events
    database = folder / "calls.db"
    with Store.open(database) as store:
        at = datetime(2026, 11, 22, 9, tzinfo=UTC)
        with store.begin_call(started, content_sha256="0" * 64, started_at=at) as writer:
            writer.append([event for event in rest if not isinstance(event, Passing)])
            for path in folder.glob("calls.db*"):
                yield path.name, path.read_bytes()
            writer.complete(at)
        record = store.record(store.list_calls()[0].call_id)
        for query in CALLS[number].secrets | set(CALLS[number].numbers):
            result = store.search(f'"{query}"')
            yield f"search for {len(query)} characters", repr(result.hits).encode()
    for path in folder.glob("calls.db*"):
        yield path.name, path.read_bytes()
    for form in FORMATS:
        yield form, render(record, form).encode()
    yield "jsonl of all events", "\n".join(json.dumps(to_wire(e), ensure_ascii=False) for e in events).encode()
    kept = rescue(f"c{number}{way}", events)
    assert kept is not None
    yield "rescue file", kept.read_bytes()
    yield "screen", screen(events).encode()
    out = io.StringIO()
    console = Console(file=out, width=200)
    print_facts(record, console)
    print_conversation(record, console)
    yield "calls show", out.getvalue().encode()


def screen(events) -> str:
    """Every picture of the screen of a live call."""
    state, pictures = ScreenState((0, 1), BOTH), []
    for event in events:
        state.apply(event)
        out = io.StringIO()
        Console(file=out, width=120).print(draw(state, Vitals(), 120, 30))
        pictures.append(out.getvalue())
    return "\n".join(pictures)


@pytest.mark.parametrize("number", range(len(CALLS)), ids=NAMES)
def test_nothing_that_is_written_or_drawn_holds_a_secret(number, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("callcore.live.rescue.data_folder", lambda: tmp_path)
    call = CALLS[number]
    with caplog.at_level(logging.DEBUG):
        kept = list(everything_kept(number, "live", tmp_path))
    assert len(kept) > 8 + len(FORMATS)
    for name, content in kept:
        text = content.decode("utf-8", "ignore")
        assert leaks(text, call, digits=False) == [], name
        assert not [secret for secret in call.secrets if len(secret) > 1 and json.dumps(secret)[1:-1] in text], name
    assert leaks(caplog.text, call) == []


def test_faults_tell_no_secret_either(caplog):
    call = CALLS[0]
    audio, engine = sound(call)
    options = {"engine": engine, "settings": settings_of(call), "roles": BOTH}
    with caplog.at_level(logging.DEBUG):
        broken = understander(ScriptedText(fails=lambda text: True))  # with exceptions that quote what was said
        events = follow(audio, understander=broken, followers=[redactor().call(DAY)], **options)
    assert {event.kind for event in of(AudioWarning, events)} == {WarningKind.NOT_UNDERSTOOD}
    assert "ValueError" in caplog.text
    assert leaks(caplog.text, call) == []
    assert shown(events, call) == []


# The events alone, cut in any way.


def said(call):
    """The turns of a call as words, with their channel, turn after turn."""
    at = 0
    for number, say in enumerate(call.says, 1):
        words = []
        for word in plain_words(say.text):
            words.append(Word(word.text, at, at + 1600, 0.9, word.space_before))
            at += 1600
        yield number, say.channel, tuple(words)
        at += 16_000


def events_of(call, cuts, *, partials: bool):
    """Partials that grow word by word, finals that end at ``cuts`` of each turn, turns."""
    for number, channel, words in said(call):
        places = sorted({0, len(words), *(cut % len(words) for cut in cuts)})
        segments = []
        for place, (start, end) in enumerate(pairwise(places)):
            piece, segment = words[start:end], f"{number}-{place}"
            piece = (replace(piece[0], space_before=False), *piece[1:])  # its turn has one there
            span = piece[0].start_sample, piece[-1].end_sample
            for count in range(1, len(piece) + 1) if partials else ():
                firm = max(0, count - 2)
                yield Partial(segment, channel, *span, piece[:firm], piece[firm:count], call.language)
            text = "".join((" " if word.space_before else "") + word.text for word in piece)
            yield Final(segment, channel, *span, text, piece, call.language, -0.1, 0.0, 0.9)
            segments.append(segment)
        text = "".join((" " if word.space_before else "") + word.text for word in words)
        yield Turn(
            number, channel, words[0].start_sample, words[-1].end_sample, text, words, call.language, tuple(segments)
        )


@settings(max_examples=12)
@given(st.sampled_from(CALLS), st.lists(st.integers(1, 60), max_size=6), st.booleans())
def test_however_turns_are_cut_no_secret_shows(call, cuts, partials):
    follower = redactor().call(DAY)
    follower.follow([RolesAssigned(BOTH, 1.0, "option")])
    events = [event for one in events_of(call, cuts, partials=partials) for event in follower.follow([one])]
    assert shown(events, call) == []
    assert not of(AudioWarning, events)


HAN = "零一二三四五六七八九"
SPOKEN = "zero one two three four five six seven eight nine".split()
FRAMES = [
    "我的卡号是{}",
    "{}",
    "嗯{}对",
    "手机号{}打这个",
    "my card number is {}",
    "{}",
    "it's {} okay",
    "call {} please",
]


@settings(max_examples=100)
@given(
    st.text("0123456789", min_size=12, max_size=19),
    st.sampled_from(FRAMES),
    st.sampled_from(["figures", "words", "one by one"]),
    st.lists(st.integers(1, 60), max_size=5),
)
@example("950000000000", "我的卡号是{}", "words", [])  # begins like a hotline
@example("300000000000", "嗯{}对", "words", [53])  # so does the first of two finals
def test_no_three_digits_of_a_number_show_however_it_is_said_and_cut(digits, frame, writing, cuts):
    zh = not frame.isascii()
    said = {
        "figures": digits,
        "words": "".join(HAN[int(one)] for one in digits) if zh else " ".join(SPOKEN[int(one)] for one in digits),
        "one by one": " ".join(digits),
    }[writing]
    call = written("a number", "zh" if zh else "en", digits, "", f"C: {frame.format(said)}")
    follower = redactor().call(DAY)
    for one in events_of(call, cuts, partials=True):
        for _, text in texts(follower.follow([one])):
            assert not any(len(run.digits) > 2 for run in stretches(text.lower()))


def test_the_bundled_call_keeps_its_secrets(tmp_path, fixture_call, starter_model):
    recognise = {"model": str(starter_model), "language": "zh"}
    plain = load_settings(None, {"recognise": recognise}).unredacted()
    with Transcriber(plain) as transcriber:
        raw = "".join(turn.text for turn in transcriber.record(fixture_call).turns)
    heard = {run.digits for run in stretches(raw) if len(run.digits) > 2} - {
        "3275"
    }  # the agent's number is told to all
    assert "王建国" in raw
    assert len(heard) > 2
    database = tmp_path / "calls.db"
    with Transcriber(load_settings(None, {"recognise": recognise})) as transcriber, Store.open(database) as store:
        BatchJob(transcriber, store, Wishes(folder=tmp_path / "out", formats=tuple(FORMATS)), Told()).run(
            [fixture_call]
        )
        record = store.record(store.list_calls()[0].call_id)
    assert "三二七五" in record.turns[0].text
    assert not [run.digits for turn in record.turns for run in stretches(turn.text) if len(run.digits) > 2][1:]
    for path in (*tmp_path.glob("calls.db*"), *(tmp_path / "out").iterdir()):
        text = path.read_text(encoding="utf-8", errors="ignore")
        assert "王建国" not in text
        assert not [digits for digits in heard if len(digits) > 6 and digits in text], path.name


def test_a_fault_of_the_redaction_masks_everything_and_is_told_once(monkeypatch, caplog):
    call = CALLS[0]

    def broken(*given, **named):
        raise ValueError("我叫李小明")

    monkeypatch.setattr("callcore.privacy.redactor.search", broken)
    with caplog.at_level(logging.DEBUG):
        audio, engine = sound(call)
        events = follow(
            audio,
            engine=engine,
            settings=settings_of(call),
            roles=BOTH,
            understander=understander(),
            followers=[redactor().call(DAY)],
        )
    for event in of(Turn, events):
        assert set(event.text) <= {"*", " "}
        assert {character for word in event.words for character in word.text} == {"*"}
    for event in (*of(Understanding, events), *(one.understanding for one in of(UnderstandingPreview, events))):
        assert all(entity.value in ("", f"masked:{entity.kind}") for entity in event.entities)
        assert all(set(entity.text) <= {"*", " "} for entity in event.entities)
    (warning,) = of(AudioWarning, events)
    assert warning.kind is WarningKind.NOT_REDACTED
    assert leaks(warning.message, call) == []
    assert "ValueError" in caplog.text
    assert "李小明" not in caplog.text
    assert fold(events).complete


def test_recorded_and_live_settings_redact_unless_told_otherwise():
    assert Settings().privacy.redact
    assert not Settings().unredacted().privacy.redact
    assert CUSTOMER == 1
