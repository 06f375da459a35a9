import json
from dataclasses import replace
from pathlib import Path

import pytest
from bench_tools import reference_of
from hypothesis import given
from hypothesis import strategies as st

from callcore.bench.latency import find_reference
from callcore.bench.offline import Offline, OfflineTurn, aligned_reference, has_times, recognised_reference
from callcore.bench.reference import LONGEST_HAN_S, read_reference, timed_units
from callcore.errors import ConfigError
from callcore.evaluate.normalise import ENGLISH, MANDARIN

FIXTURE = Path(__file__).parent.parent / "audio_fixtures" / "call01_card_loss.json"
HEARD = (("您好", 1.0, 1.5), ("请", 2.0, 2.2), ("问", 2.2, 2.4), ("卡", 4.0, 4.2))


def offline_of(*words, channel=0):
    turn = OfflineTurn(channel, words[0][1], words[-1][2], "".join(word[0] for word in words), words)
    return Offline("starter-zh", "abc", 10.0, (turn,))


def test_the_bundled_reference_has_every_character_within_its_turn():
    reference = read_reference(FIXTURE)
    assert (reference.channel_count, reference.duration_s, reference.normaliser) == (2, 81.02, MANDARIN)
    for turns, units in zip(reference.turns, reference.units, strict=True):
        for unit in units:
            turn = turns[unit.turn]
            assert turn.start_s <= unit.start_s < unit.end_s <= turn.end_s
            assert unit.end_s - unit.start_s < LONGEST_HAN_S + 1e-6 or unit.end_s == turn.end_s
        for number, turn in enumerate(turns):
            mine = [unit for unit in units if unit.turn == number]
            assert [unit.text for unit in mine] == MANDARIN.units(turn.text)
            assert mine[-1].end_s == turn.end_s
    spoken = sum(turn.end_s - turn.start_s for turns in reference.turns for turn in turns)
    assert reference.silence_s == pytest.approx(2 * 81.02 - spoken)


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"turns": []}', '{"duration": 1, "channels": ["a"], "turns": [{"channel": 3}]}'],
)
def test_a_file_that_is_no_reference_is_refused_with_its_name(tmp_path, content):
    file = tmp_path / "call.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"call\.json"):
        read_reference(file)


@pytest.mark.parametrize("channel", [-1, 2])
def test_a_turn_of_a_channel_that_is_not_there_is_refused(tmp_path, channel):
    turn = {"channel": channel, "start": 0.0, "end": 1.0, "text": "好", "words": [["好", 0.0, 1.0]]}
    file = tmp_path / "call.json"
    file.write_text(json.dumps({"duration": 2, "channels": {"0": "a", "1": "b"}, "turns": [turn]}), encoding="utf-8")
    with pytest.raises(ConfigError):
        read_reference(file)


def test_turns_without_a_pause_between_them_are_one():
    reference = reference_of((0, 1.0, "您好"), (0, 1.6, "请问"), (0, 3.0, "卡"), (1, 1.2, "嗯"))
    assert [(turn.start_s, turn.end_s, turn.text) for turn in reference.turns[0]] == [
        (1.0, 2.1, "您好 请问"),
        (3.0, 3.25, "卡"),
    ]
    assert [unit.turn for unit in reference.units[0]] == [0, 0, 0, 0, 1]
    assert len(reference.turns[1]) == 1


def test_units_take_times_from_pieces_cut_otherwise():
    units = timed_units(MANDARIN.units("您好，请问卡"), HEARD, MANDARIN)
    assert [text for text, _, _ in units] == list("您好请问卡")
    assert units[1][1:] == pytest.approx((1.25, 1.5))


def test_words_that_a_normaliser_joins_span_their_parts():
    timed = [("I", 0.0, 0.2), ("paid", 0.2, 0.5), ("twenty", 0.5, 0.9), ("five", 0.9, 1.2), ("euros", 1.2, 1.6)]
    units = timed_units(ENGLISH.units("I paid twenty five euros"), timed, ENGLISH)
    assert [text for text, _, _ in units] == ["i", "paid", "€25"]
    assert units[2][1:] == pytest.approx((0.5, 1.6))


@given(st.text("您好请问卡", max_size=8), st.lists(st.sampled_from("您好请问卡"), max_size=8))
def test_every_unit_gets_a_time_in_order(text, pieces):
    timed = [(piece, float(at), at + 1.0) for at, piece in enumerate(pieces)]
    units = timed_units(list(text), timed, MANDARIN)
    assert "".join(unit for unit, _, _ in units) == text
    assert all(start <= end for _, start, end in units)
    assert [start for _, start, _ in units] == sorted(start for _, start, _ in units)


def test_without_a_reference_the_offline_text_is_one():
    reference = recognised_reference(offline_of(*HEARD), 2)
    assert [unit.text for unit in reference.units[0]] == list("您好请问卡")
    assert reference.units[1] == ()
    assert reference.source == "recognised by starter-zh"


def test_a_transcript_without_times_takes_them_from_what_was_heard(tmp_path):
    file = tmp_path / "call.json"
    turns = [{"channel": 0, "text": "您好。"}, {"channel": 1, "text": "嗯"}, {"channel": 0, "text": "请稳，卡"}]
    file.write_text(json.dumps({"turns": turns}, ensure_ascii=False), encoding="utf-8")
    assert not has_times(file)
    reference = aligned_reference(file, offline_of(*HEARD), 2)
    assert [unit.text for unit in reference.units[0]] == list("您好请稳卡")
    assert [(turn.start_s, turn.end_s) for turn in reference.turns[0]] == [(1.0, 1.5), (2.0, 4.2)]
    assert reference.units[0][3].start_s == pytest.approx(2.2)  # 稳 was heard as 问, at its time


def test_the_reference_of_a_recording_is_found_by_name(tmp_path):
    for name in ("call1.json", "call1_8k.json", "call2.json"):
        (tmp_path / name).write_text("{}", encoding="utf-8")
    elsewhere = tmp_path / "other"
    elsewhere.mkdir()
    assert find_reference(tmp_path / "call1_8k_stereo.wav", []) == tmp_path / "call1_8k.json"
    assert find_reference(elsewhere / "call1.wav", [tmp_path]) == tmp_path / "call1.json"
    assert find_reference(tmp_path / "something.wav", []) is None
    with pytest.raises(ConfigError, match=r"something\.wav"):
        find_reference(tmp_path / "something.wav", [tmp_path])


def test_texts_of_an_offline_answer_come_by_channel():
    offline = offline_of(*HEARD)
    second = replace(offline.turns[0], channel=1)
    both = replace(offline, turns=(offline.turns[0], second, offline.turns[0]))
    assert both.texts() == {0: "您好请问卡 您好请问卡", 1: "您好请问卡"}
