"""What a user finds in the files of each format."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import unicodedata
from itertools import accumulate, pairwise
from pathlib import Path

import jsonschema
import pysubs2
import pytest
from hypothesis import given, settings
from output_records import any_records, record_of, turn_of, two_speakers

import callcore.output
from callcore.errors import ConfigError
from callcore.output import FORMATS, render
from callcore.output.cues import LINE_COLUMNS, MAX_CUE_S, cues
from callcore.output.labels import columns, one_line, padded, speaker_labels
from callcore.record import CallRecord, fold
from callcore.types import Role, samples, seconds
from callcore.wire import from_wire, to_wire

SCHEMA = json.loads((Path(callcore.output.__file__).parent / "transcript.schema.json").read_text(encoding="utf-8"))


def strict_json(text: str) -> dict:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    return json.loads(text, parse_constant=refuse)


def letters(text: str) -> str:
    """What can be compared after a round trip: letters and digits, forms of width unified."""
    return "".join(char for char in unicodedata.normalize("NFKC", text) if char.isalnum())


def test_every_format_renders_a_call_and_an_empty_record():
    for fmt in FORMATS:
        assert render(two_speakers(), fmt)
        render(CallRecord(), fmt).encode()


def test_an_unknown_format_is_named_with_the_known_ones():
    with pytest.raises(ConfigError, match="docx") as error:
        render(two_speakers(), "docx")
    assert "json" in error.value.hint


@given(any_records())
@settings(max_examples=60)
def test_every_format_is_utf8_and_the_same_each_time(record):
    for fmt in FORMATS:
        assert render(record, fmt).encode() == render(record, fmt).encode()


# JSON


def test_json_says_who_said_what_when():
    document = strict_json(render(two_speakers(), "json"))
    jsonschema.validate(document, SCHEMA)
    assert document["call"]["id"] == "c0ffee"
    assert document["call"]["duration_s"] == 20.0
    assert document["call"]["complete"] is True
    assert [item["speaker"] for item in document["channels"]] == ["坐席", "客户"]
    turn = document["turns"][1]
    assert (turn["role"], turn["start_s"], turn["end_s"], turn["text"]) == ("customer", 3.5, 9.25, "我的 Visa卡丢了。")
    assert turn["words"][2] == {
        "text": "Visa",
        "start_s": 5.417,
        "end_s": 6.375,
        "probability": 0.9,
        "space_before": True,
    }
    assert document["warnings"][0]["detail"] == {"share": 0.02, "peak_db": None}
    assert document["rejected"][0]["reason"] == "repetition"


@given(any_records())
@settings(max_examples=60)
def test_json_keeps_to_its_schema_and_keeps_the_text(record):
    document = strict_json(render(record, "json"))
    jsonschema.validate(document, SCHEMA)
    assert [turn["text"] for turn in document["turns"]] == [
        re.sub("[\ud800-\udfff]", "\ufffd", turn.text) for turn in record.turns
    ]


def test_the_schema_describes_every_field():
    def check(schema: dict, value: object) -> None:
        if "$ref" in schema:
            schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
        if isinstance(value, dict) and "properties" in schema:
            assert set(value) == set(schema["properties"]) == set(schema["required"])
            for key, item in value.items():
                check(schema["properties"][key], item)
        if isinstance(value, list):
            for item in value:
                check(schema["items"], item)

    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    check(SCHEMA, strict_json(render(two_speakers(), "json")))


def test_the_schema_refuses_another_version_and_a_turn_without_times():
    document = strict_json(render(two_speakers(), "json"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document | {"version": 2}, SCHEMA)
    del document["turns"][0]["start_s"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, SCHEMA)


# JSONL


@given(any_records())
@settings(max_examples=60)
def test_jsonl_folds_back_to_the_record(record):
    text = render(record, "jsonl")
    lines = [strict_json(line) for line in text.splitlines()]
    assert len(lines) == text.count("\n")
    assert lines[0]["wire_version"] == 1
    again = fold(from_wire(line) for line in lines)
    assert [letters(turn.text) for turn in again.turns] == [
        letters(re.sub("[\ud800-\udfff]", "\ufffd", turn.text)) for turn in record.turns
    ]
    if "\ufffd" not in text:
        assert again == record


def test_jsonl_of_a_call_is_its_wire_form():
    record = record_of([turn_of(1, 0, 1, 2, ["您", "好。"])])
    lines = [json.loads(line) for line in render(record, "jsonl").splitlines()]
    assert [line["event"] for line in lines] == [
        "call_started",
        "language_decided",
        "final",
        "turn",
        "roles_assigned",
        "call_ended",
    ]
    assert lines[3] == to_wire(record.turns[0])


# Subtitles


def subtitles(record: CallRecord, fmt: str) -> pysubs2.SSAFile:
    return pysubs2.SSAFile.from_string(render(record, fmt), fmt, keep_html_tags=True)


def test_srt_names_the_speaker_and_keeps_overlaps():
    first, second, third = subtitles(two_speakers(), "srt")
    assert first.plaintext == "坐席：您好，江城银行，请讲。"
    assert (first.start, first.end) == (800, 4000)
    assert second.plaintext == "客户：我的 Visa卡丢了。"
    assert second.start == 3500 < first.end
    assert third.plaintext == "坐席：好的。"


def test_vtt_names_the_speaker_in_a_voice_tag_and_escapes_text():
    record = record_of([turn_of(1, 0, 0, 3, ["a<b", "&", "c-->d"], "en")], language="en")
    text = render(record, "vtt")
    assert text.startswith("WEBVTT\n\n")
    assert "<v Agent>a&lt;b &amp; c--&gt;d\n" in text


@given(any_records())
@settings(max_examples=100)
@pytest.mark.parametrize("fmt", ["srt", "vtt"])
def test_subtitles_read_back_as_the_words_of_each_speaker_in_order(fmt, record):
    text = render(record, fmt)
    read = subtitles(record, fmt)
    shown = cues(record)
    assert len(read) == len(shown) == len(re.findall(r"^[\d:.,]+ --> [\d:.,]+$", text, re.MULTILINE))
    for event, cue in zip(read, shown, strict=True):
        assert abs(event.start - cue.start_sample / 16) <= 1
        assert event.end > event.start
        body = event.text.replace("\\N", "\n")
        spoken = html.unescape(body.partition(">")[2]) if fmt == "vtt" else re.split("[:：]", body, maxsplit=1)[1]
        assert letters(spoken) == letters("".join(cue.lines))
        assert cue.speaker in body.split("\n")[0]
    for channel in {turn.channel for turn in record.turns}:
        said = "".join(one_line(turn.text) for turn in record.turns if turn.channel == channel)
        assert sorted(letters("".join("".join(cue.lines) for cue in shown if cue.channel == channel))) == sorted(
            letters(said)
        )


def test_markup_for_players_is_shown_and_not_obeyed():
    record = record_of([turn_of(1, 0, 0, 3, ["{\\an8}上", "<i>斜</i>"])])
    assert "｛＼an8｝上 ＜i＞斜＜/i＞" in render(record, "srt")


def test_a_long_turn_is_cut_at_its_sentences_into_short_cues():
    sentence = [*"您的信用卡额度是五万", "元，", *"本月账单已经还", "清。"]
    record = record_of([turn_of(1, 0, 0.0, 40.0, sentence * 8)], length_s=40)
    shown = cues(record)
    assert sum(cue.lines[-1].endswith("。") for cue in shown) >= len(shown) * 0.6
    for before, after in pairwise(shown):
        assert before.end_sample <= after.start_sample
    for cue in shown:
        assert cue.end_sample - cue.start_sample <= samples(MAX_CUE_S)
        assert len(cue.lines) <= 2
        assert columns(cue.speaker) + 2 + columns(cue.lines[0]) <= LINE_COLUMNS
        assert all(columns(line) <= LINE_COLUMNS for line in cue.lines)
        assert not any(line[0] in "，。" for line in cue.lines)
    assert "".join("".join(cue.lines) for cue in shown) == record.turns[0].text


def test_english_breaks_between_words():
    text = "the limit of your credit card is fifty thousand and the bill of this month has been paid in full"
    spoken = text.split()
    record = record_of([turn_of(1, 1, 0, 12, spoken, "en")], language="en")
    lines = [line for cue in cues(record) for line in cue.lines]
    assert " ".join(lines) == text
    assert all(len(line) <= LINE_COLUMNS for line in lines)


def test_mandarin_breaks_between_words():
    words = (
        "我 想问 一下 我 那个 信用卡 年费 怎么 又 扣 了 三百六 当时 办卡的 小伙子 说 刷满 六次 就 免的 你们 "
        "到底 是 怎么 回事 我 每个月 都在 用 这张 卡"
    ).split()
    text = "".join(words)
    shown = cues(record_of([turn_of(1, 1, 0, 15, [*text])]))
    lines = [line for cue in shown for line in cue.lines]
    assert "".join(lines) == text
    assert set(accumulate(map(len, lines))) <= set(accumulate(map(len, words)))


def test_a_text_its_words_do_not_spell_is_spread_over_the_turn():
    turn = turn_of(1, 0, 10, 20, ["错", "词"])
    record = record_of(
        [type(turn)(1, 0, turn.start_sample, turn.end_sample, "另外的文字在这里", turn.words, "zh", ("s1",))]
    )
    shown = cues(record)
    assert "".join("".join(cue.lines) for cue in shown) == "另外的文字在这里"
    assert shown[0].start_sample == samples(10)
    assert shown[-1].end_sample == samples(20)


def test_a_short_cue_stays_on_the_screen_but_not_over_the_next_one():
    record = record_of([turn_of(1, 0, 1.0, 1.2, ["嗯"]), turn_of(2, 0, 1.5, 3, ["好"]), turn_of(3, 1, 5, 5.1, ["嗯"])])
    assert [seconds(cue.end_sample) for cue in cues(record)] == [1.5, 3.0, 5.8]


def test_a_number_alone_on_the_last_line_is_not_lost_to_srt_readers():
    spoken = ["my", "new", "mobile", "telephone", "number", "is", "13800138000"]
    record = record_of([turn_of(1, 1, 0, 5, spoken, "en")], language="en")
    assert subtitles(record, "srt")[-1].plaintext.replace("\n", " ").endswith("13800138000")


# Text


def test_txt_is_an_aligned_conversation_with_warnings_on_top():
    assert render(two_speakers(), "txt") == (
        "card loss.wav  00:20  zh\n"
        "! channel 1 is clipped\n"
        "\n"
        "00:00  坐席  您好，江城银行，请讲。\n"
        "00:03  客户  我的 Visa卡丢了。\n"
        "00:10  坐席  好的。\n"
    )


def test_txt_aligns_names_of_unequal_width_and_counts_hours():
    record = record_of(
        [turn_of(1, 0, 3599, 3600, ["hello"], "en"), turn_of(2, 1, 3661, 3662, ["hi"], "en")],
        language="en",
        length_s=3700,
    )
    assert render(record, "txt").splitlines()[2:] == ["59:59  Agent     hello", "1:01:01  Customer  hi"]


@given(any_records())
@settings(max_examples=60)
def test_txt_has_one_line_a_turn(record):
    assert len(render(record, "txt").splitlines()) == 2 + len(record.turns)


# CSV


def test_csv_opens_in_excel_with_its_columns():
    text = render(two_speakers(), "csv")
    assert text.startswith("\ufeffcall_id,")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert rows[1] == {
        "call_id": "c0ffee",
        "source": "card loss.wav",
        "turn": "2",
        "channel": "1",
        "role": "customer",
        "speaker": "客户",
        "start_s": "3.500",
        "end_s": "9.250",
        "language": "zh",
        "text": "我的 Visa卡丢了。",
        "mean_probability": "0.900",
    }


@given(any_records())
@settings(max_examples=60)
def test_csv_rows_hold_the_turns_and_no_formula(record):
    text = render(record, "csv").removeprefix("\ufeff")
    rows = list(csv.reader(io.StringIO(text, newline="")))[1:]
    assert len(rows) == len(record.turns) == text.count("\r\n") - 1
    for row, turn in zip(rows, record.turns, strict=True):
        assert row[9].removeprefix("'") == one_line(turn.text).removeprefix("'")
        assert not any(cell.startswith(tuple("=+-@\t\r＝＋－＠")) for cell in row)


# Names of speakers


@pytest.mark.parametrize(
    ("roles", "language", "labels"),
    [
        ([Role.AGENT, Role.CUSTOMER], "zh", ["坐席", "客户"]),
        ([Role.CUSTOMER, Role.AGENT], "en", ["Customer", "Agent"]),
        ([Role.UNKNOWN, Role.UNKNOWN], "en-GB", ["Speaker 1", "Speaker 2"]),
        ([Role.UNKNOWN, Role.UNKNOWN], "zh-CN", ["说话人1", "说话人2"]),
        ([Role.UNKNOWN], "yue", ["说话人"]),
        ([Role.AGENT, Role.AGENT, Role.CUSTOMER], "", ["Agent 1", "Agent 2", "Customer"]),
    ],
)
def test_speakers_are_named_in_the_language_of_the_call(roles, language, labels):
    assert list(speaker_labels(dict(enumerate(roles)), language).values()) == labels


def test_han_characters_take_two_columns():
    assert columns("坐席ab") == 6
    assert padded("坐席", 8) == "坐席    "
