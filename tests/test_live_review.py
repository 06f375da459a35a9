"""A live call compared with a second reading of it."""

from __future__ import annotations

from callcore.live.review import differences
from callcore.record import CallRecord
from callcore.types import Turn, Word


def turn(number, channel, start, text):
    words = tuple(Word(char, start + 100 * n, start + 100 * (n + 1), 0.9) for n, char in enumerate(text))
    return Turn(number, channel, start, words[-1].end_sample, text, words, "zh", (f"{channel}-{number}",))


def record(*turns):
    from callcore.types import Role, RolesAssigned

    return CallRecord(roles=RolesAssigned({0: Role.AGENT, 1: Role.CUSTOMER}, 1.0, "option"), turns=list(turns))


LIVE = (turn(1, 0, 1000, "您好江征银行，"), turn(2, 1, 3000, "我的卡丢了"), turn(3, 0, 6000, "请稍等"))


def test_the_same_words_are_no_difference_whatever_the_marks():
    again = record(turn(1, 0, 1000, "您好江征银行"), turn(2, 1, 3000, "我的卡丢了。"), turn(3, 0, 6000, "请稍等"))
    assert differences(record(*LIVE), again) == []


def test_a_turn_read_otherwise_is_shown_with_what_was_read():
    again = record(turn(1, 0, 1000, "您好长城银行"), *LIVE[1:])
    (difference,) = differences(record(*LIVE), again)
    assert (difference.turn.turn_id, difference.text, difference.changed) == (1, "您好长城银行", 2)


def test_words_heard_only_the_second_time_count_to_the_turn_before_them():
    again = record(*LIVE[:2], turn(9, 1, 4200, "真急"), LIVE[2])
    (difference,) = differences(record(*LIVE), again)
    assert (difference.turn.turn_id, difference.text, difference.changed) == (2, "我的卡丢了真急", 2)


def test_a_turn_that_the_second_reading_does_not_hear_is_empty_there():
    (difference,) = differences(record(*LIVE), record(*LIVE[:2]))
    assert (difference.turn.turn_id, difference.text, difference.changed) == (3, "", 3)
