"""What the English starter is taught to say."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from num2words import num2words

from models.training.starter import english, talkers
from models.training.starter.espeak import Said
from models.training.starter.text import Sentences


@settings(deadline=None)
@given(st.integers(0, 999_999_999))
def test_a_number_is_said_as_it_is_read(number: int) -> None:
    plain = str(num2words(number)).replace(",", "")
    assert english.cardinal(number).replace(" and ", " ") == plain.replace(" and ", " ")


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_every_slot_gives_words(seed: int) -> None:
    random = Random(seed)
    slot = random.choice(sorted(english.SLOTS))
    assert english.sayable(english.fill(f"{{{slot}}}", random))


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(3, 40))
def test_texts_are_about_as_short_as_asked(seed: int, most: int) -> None:
    sentences = Sentences(("I lost my card yesterday in town", "please close it"), ("It ends in {tail}.",), ())
    text = english.EnglishStream(sentences, Random(seed)).draw(most)
    assert 0 < len(text.split()) <= max(2, most / 1.5 + 1)
    assert text[0].isupper() or not text[0].isalpha()
    assert text[-1] in ".?!"


def test_teaching_and_testing_share_no_line() -> None:
    teaching, testing = english.english(None), english.english(None, held_out=True)
    assert testing.own
    assert not set(teaching.lines()) & set(testing.lines())


def said(words: list[tuple[int, int]], pauses: list[int], end: int) -> Said:
    return Said(np.zeros(end, np.float32), words, pauses, end, [])


def test_words_carry_their_samples_and_end_where_a_pause_begins() -> None:
    found = english.word_groups("Lost it, help.", said([(0, 100), (5, 300), (9, 900)], [600], 1200))
    assert found == [("Lost", 100, 300), ("it,", 300, 600), ("help.", 900, 1200)]


def test_words_that_are_run_together_stand_together() -> None:
    found = english.word_groups("one of the cards", said([(0, 0), (4, 200), (10, 500)], [], 800))
    assert found == [("one", 0, 200), ("of the", 200, 500), ("cards", 500, 800)]


def test_an_event_on_the_space_before_a_word_is_the_words() -> None:
    found = english.word_groups("Yes, please", said([(0, 0), (4, 300)], [250], 700))
    assert found == [("Yes,", 0, 250), ("please", 300, 700)]


@pytest.mark.parametrize("language", talkers.LANGUAGES)
def test_every_class_of_frames_has_an_initial_and_a_final(language: str) -> None:
    classes = talkers.frame_classes(language)
    initials, finals = talkers.frame_tables(language)
    assert len(initials) == len(finals) == classes["syllables"]
    assert max(initials) < classes["initials"]
    assert max(finals) < classes["finals"]


def test_phonemes_are_named_once() -> None:
    assert len(set(english.PHONEMES)) == len(english.PHONEMES)
