"""What the English starter is taught to say, and who says it."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from num2words import num2words

from models.training.starter import english, flite, speech_en, talkers, trials, voices
from models.training.starter.espeak import Said
from models.training.starter.speech import Piece, Sound, Utterance
from models.training.starter.text import Sentences

FLITE_VOICES = [*voices.FLITE, *voices.FLITE_HELD_OUT]


@given(st.integers(0, 999_999_999))
def test_a_number_is_said_as_it_is_read(number: int) -> None:
    plain = str(num2words(number)).replace(",", "")
    assert english.cardinal(number).replace(" and ", " ") == plain.replace(" and ", " ")


@given(st.integers(0, 2**32))
def test_every_slot_gives_words(seed: int) -> None:
    random = Random(seed)
    slot = random.choice(sorted(english.SLOTS))
    assert english.sayable(english.fill(f"{{{slot}}}", random))


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
    found = speech_en.word_groups("Lost it, help.", said([(0, 100), (5, 300), (9, 900)], [600], 1200))
    assert found == [("Lost", 100, 300), ("it,", 300, 600), ("help.", 900, 1200)]


def test_words_that_are_run_together_stand_together() -> None:
    found = speech_en.word_groups("one of the cards", said([(0, 0), (4, 200), (10, 500)], [], 800))
    assert found == [("one", 0, 200), ("of the", 200, 500), ("cards", 500, 800)]


def test_an_event_on_the_space_before_a_word_is_the_words() -> None:
    found = speech_en.word_groups("Yes, please", said([(0, 0), (4, 300)], [250], 700))
    assert found == [("Yes,", 0, 250), ("please", 300, 700)]


@pytest.mark.parametrize("language", talkers.LANGUAGES)
def test_every_class_of_frames_has_an_initial_and_a_final(language: str) -> None:
    classes = talkers.frame_classes(language)
    initials, finals = talkers.frame_tables(language)
    assert len(initials) == len(finals) == classes["syllables"]
    assert max(initials) < classes["initials"]
    assert max(finals) < classes["finals"]


def test_phonemes_are_named_once() -> None:
    assert len(set(speech_en.PHONEMES)) == len(speech_en.PHONEMES)


def test_flites_phonemes_have_classes_of_frames() -> None:
    radio = "aa ae ah ao aw ax ay b ch d dh eh er ey f g hh ih iy jh k l m n ng ow oy p r s sh t th uh uw v w y z zh"
    named = speech_en.flite_phonemes(spoken([(name, i, i + 1) for i, name in enumerate(radio.split())]))
    assert len(named) == len(radio.split())
    assert {name for name, _, _ in named} <= set(speech_en.PHONEMES)


def spoken(phonemes: list[tuple[str, int, int]], words: tuple[tuple[int, int] | None, ...] = ()) -> flite.Said:
    return flite.Said(np.zeros(100, np.float32), 16_000, list(words), phonemes)


def test_an_r_is_part_of_the_vowel_before_it_unless_a_vowel_follows() -> None:
    card = spoken([("pau", 0, 5), ("k", 5, 10), ("aa", 10, 20), ("r", 20, 30), ("d", 30, 40), ("pau", 40, 50)])
    assert speech_en.flite_phonemes(card) == [("k", 5, 10), ("A@", 10, 30), ("d", 30, 40)]
    story = spoken([("t", 5, 10), ("ao", 10, 20), ("r", 20, 30), ("iy", 30, 40)])
    assert speech_en.flite_phonemes(story) == [("t", 5, 10), ("O@", 10, 20), ("r", 20, 30), ("i:", 30, 40)]


def test_words_that_make_no_sound_stand_with_the_word_before() -> None:
    assert speech_en.flite_words("yes - no", spoken([], ((1, 4), None, (6, 9)))) == [("yes -", 1, 4), ("no", 6, 9)]
    assert speech_en.flite_words("- no", spoken([], (None, (6, 9)))) == [("no", 6, 9)]
    assert speech_en.flite_words("no '", spoken([], ((6, 9),))) == []


class Library:
    """Stands for a synthesiser that is there; nothing is said."""


@pytest.mark.parametrize("held_out", [False, True])
def test_flite_speaks_its_share_in_voices_that_teach_or_test(held_out: bool) -> None:
    speaker, random = speech_en.EnglishSpeaker(Library(), Library()), Random(0)
    drawn = [speaker.manner(random, held_out=held_out) for _ in range(2000)]
    by_flite = [manner.voice for manner in drawn if isinstance(manner, flite.Manner)]
    assert len(by_flite) / len(drawn) == pytest.approx(speech_en.FLITE_SHARE, abs=0.04)
    assert set(by_flite) == set(voices.FLITE_HELD_OUT if held_out else voices.FLITE)
    assert not set(voices.FLITE) & set(voices.FLITE_HELD_OUT)


def test_without_flite_espeak_speaks_alone() -> None:
    speaker, random = speech_en.EnglishSpeaker(Library(), None), Random(0)
    assert not any(isinstance(speaker.manner(random), flite.Manner) for _ in range(200))


def test_training_says_who_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech_en, "Flite", Library)
    assert talkers.synthesisers("en") == "espeak-ng and flite"

    def absent() -> None:
        raise OSError

    monkeypatch.setattr(speech_en, "Flite", absent)
    assert talkers.synthesisers("en") == "espeak-ng alone: libflite is not installed"
    assert talkers.synthesisers("zh") == "espeak-ng"


def test_training_and_trials_hear_both(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[speech_en.Manner] = []

    def say(self: speech_en.EnglishSpeaker, text: str, manner: speech_en.Manner, stretch: float) -> Utterance:
        heard.append(manner)
        return Utterance(np.zeros(8000, np.float32), (Piece(" " + text, 0, 0.5),), (Sound(1, 0, 0, 0.5),), "en")

    monkeypatch.setattr(speech_en.EnglishSpeaker, "say", say)
    monkeypatch.setattr(speech_en, "Flite", Library)
    for module in (talkers, trials):
        monkeypatch.setattr(module, "Espeak", Library)
    monkeypatch.setattr(trials, "corpus_lines", lambda folder: ["Where is it?", "I lost it.", "Hello.", "Good bye."])
    lines = Sentences(("I lost my card", "please close it"), ("It ends in {tail}.",), ())
    talker = talkers.EnglishTalker(lines, Random(0))
    for _ in range(40):
        talker.change()
        talker.say(20)
    assert {type(manner).__module__ for manner in heard} == {flite.__name__, "models.training.starter.espeak"}
    heard.clear()
    assert trials.make(None, 4, language="en")
    assert {manner.voice for manner in heard if isinstance(manner, flite.Manner)} == set(voices.FLITE_HELD_OUT)
    assert {type(manner) for manner in heard} == {*speech_en.Manner.__args__}


@pytest.fixture(scope="module")
def synthesiser() -> flite.Flite:
    try:
        return flite.Flite()
    except OSError:
        pytest.skip("libflite is not on this machine (Debian: libflite1)")


@cache
def texts() -> tuple[english.EnglishStream, Random]:
    random = Random(0)
    return english.EnglishStream(english.english(None), random), random


def drawn_text(seed: int) -> str:
    stream, random = texts()
    random.seed(seed)
    return stream.draw(12)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32), held_out=st.booleans())
def test_flite_times_every_word_within_the_audio(synthesiser: flite.Flite, seed: int, held_out: bool) -> None:
    text = drawn_text(seed)
    said = synthesiser.say(text, voices.flite_manner(Random(seed), held_out=held_out))
    ends = [end for _, _, end in said.phonemes]
    assert [start for _, start, _ in said.phonemes] == [0, *ends[:-1]]
    assert ends == sorted(ends)
    assert ends[-1] <= len(said.audio) <= ends[-1] + 0.02 * said.rate_hz
    spans = [span for span in said.words if span]
    assert len(said.words) == len(spans) == len(text.split())
    assert all(start < end for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert np.abs(said.audio).max() < 1


@pytest.mark.parametrize("voice", FLITE_VOICES)
def test_flite_is_silent_in_its_pauses(synthesiser: flite.Flite, voice: str) -> None:
    said = synthesiser.say("Lock my card, please.", flite.Manner(voice, 1.0, 120.0, 12.0))
    first, last = said.words[0], said.words[-1]
    assert first
    assert last
    speech = level(said.audio[first[0] : last[1]])
    assert said.phonemes[0] == (flite.PAUSE, 0, first[0])
    assert level(said.audio[: first[0]]) < 0.1 * speech
    assert level(said.audio[last[1] + said.rate_hz // 20 :]) < 0.1 * speech
    assert any(name == flite.PAUSE and start == said.words[2][1] for name, start, _ in said.phonemes)


def level(audio: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(audio))))


def test_pace_is_obeyed_and_pitch_heard(synthesiser: flite.Flite) -> None:
    long, short, high = (
        synthesiser.say("Lock my card, please.", flite.Manner("slt", pace, pitch, 10.0))
        for pace, pitch in ((1.2, 150.0), (0.6, 150.0), (1.2, 230.0))
    )
    assert len(short.audio) / len(long.audio) == pytest.approx(0.5, abs=0.05)
    assert len(high.audio) == len(long.audio)
    assert not np.allclose(high.audio, long.audio, atol=0.05)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32), held_out=st.booleans())
def test_an_utterance_by_flite_is_the_whole_text(synthesiser: flite.Flite, seed: int, held_out: bool) -> None:
    text, random = drawn_text(seed), Random(seed)
    speaker = speech_en.EnglishSpeaker(Library(), synthesiser)
    said = speaker.say(text, voices.flite_manner(random, held_out=held_out), voices.stretch(random))
    assert said
    assert said.text.split() == text.split()
    assert said.pieces[0].start == 0
    assert said.pieces[-1].end == pytest.approx(said.seconds, abs=0.002)
    assert all(sound.syllable > 0 and 0 <= sound.start <= sound.end <= said.seconds + 0.002 for sound in said.sounds)
    assert level(said.audio) == pytest.approx(0.1, rel=0.01)


def test_words_that_flite_splits_are_the_texts(synthesiser: flite.Flite) -> None:
    speaker = speech_en.EnglishSpeaker(Library(), synthesiser)
    said = speaker.say("Don't charge forty-five, it's Smith's.", flite.Manner("slt", 1.0, 160.0, 15.0), 1.0)
    assert said
    assert [piece.text for piece in said.pieces] == [" Don't", " charge", " forty-five,", " it's", " Smith's."]
    assert said.pieces[3].start - said.pieces[2].end > 0.05, "the pause at the comma is no part of a word"
    assert speaker.say("' Well", flite.Manner("slt", 1.0, 160.0, 15.0), 1.0) is None
