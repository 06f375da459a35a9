"""Windows that teach the starter recogniser: channel, packing, labels, spliced recordings."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.training.starter import channel, machines, psola, recordings, windows
from models.training.starter.feed import collate
from models.training.starter.sounds import Unit, classes
from models.training.starter.speech import Piece, Sound, Utterance
from models.training.starter.tokens import Tokens

RATE = 16_000


def tone(hertz: float, seconds: float, rms: float = 0.1) -> np.ndarray:
    times = np.arange(round(seconds * RATE)) / RATE
    return (rms * np.sqrt(2) * np.sin(2 * np.pi * hertz * times)).astype(np.float32)


def utterance(text: str, syllable_s: float = 0.2) -> Utterance:
    pieces = tuple(Piece(c, i * syllable_s, (i + 1) * syllable_s) for i, c in enumerate(text))
    sounds = tuple(Sound(7 + i, 1 + i % 4, piece.start, piece.end) for i, piece in enumerate(pieces))
    return Utterance(tone(300, len(text) * syllable_s), pieces, sounds)


def level_db(audio: np.ndarray, low: float, high: float) -> float:
    power = np.abs(np.fft.rfft(audio)) ** 2
    hertz = np.fft.rfftfreq(len(audio), 1 / RATE)
    return float(10 * np.log10(power[(hertz >= low) & (hertz < high)].sum() + 1e-12))


def test_a_telephone_lets_nothing_through_above_its_band() -> None:
    mixture = tone(1000, 1.0) + tone(6000, 1.0)
    way = channel.Channel(True, 300, 3400, codec="ulaw", snr=60)
    heard = channel.apply(mixture, way, np.random.default_rng(0))
    assert heard.shape == mixture.shape
    assert level_db(heard, 800, 1200) - level_db(heard, 4100, 8000) > 40


@pytest.mark.parametrize("codec", ["ulaw", "alaw"])
def test_g711_is_true_to_the_ear(codec: str) -> None:
    audio = tone(440, 0.5)
    error = channel.coded(audio, codec) - audio
    assert 30 < 10 * np.log10(np.mean(audio**2) / np.mean(error**2)) < 45
    assert len(np.unique(channel.coded(audio, codec))) <= 256


@settings(max_examples=30)
@given(st.integers(0, 2**32), st.integers(0, 20_000))
def test_every_channel_keeps_the_length_and_the_scale(seed: int, count: int) -> None:
    audio = tone(500, 2.0)[:count]
    heard = channel.apply(audio, channel.draw(Random(seed)), np.random.default_rng(seed), tone(200, 0.3))
    assert heard.shape == (count,)
    assert heard.dtype == np.float32
    assert np.isfinite(heard).all()
    assert np.abs(heard).max(initial=0) <= 1.2


def test_noise_is_as_far_below_the_speech_as_asked() -> None:
    audio = np.zeros(RATE, np.float32)
    heard = channel.apply(audio, channel.Channel(False, snr=20, level=-20), np.random.default_rng(0))
    assert 20 * np.log10(np.sqrt(np.mean(heard**2))) == pytest.approx(-40, abs=0.5)


def test_lost_packets_are_silent_or_repeat_the_one_before() -> None:
    audio = tone(400, 1.0)
    whole = channel.apply(audio, channel.Channel(True, 200, 3600, snr=70), np.random.default_rng(0))
    lossy = channel.apply(audio, channel.Channel(True, 200, 3600, snr=70, loss=0.3), np.random.default_rng(0))
    assert np.mean(lossy**2) < 0.95 * np.mean(whole**2)


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.sampled_from([2, 4, 8, 15]))
def test_utterances_lie_in_the_window_one_after_the_other(seed: int, length: int) -> None:
    random = Random(seed)
    layout = windows.plan(length, random)
    placed = windows.lay_out(layout, lambda most: utterance("我要查账" * 9, 0.2), random)
    audio, kept = windows.mixed(placed, layout.audio_s, random)
    assert len(audio) == round(layout.audio_s * RATE)
    assert layout.audio_s <= length + 1e-6
    at = 0.0
    for one in kept:
        assert one.start >= at
        assert one.utterance.pieces[-1].start < layout.audio_s - one.start
        at = one.start + one.utterance.seconds


def test_what_is_cut_off_is_not_written() -> None:
    short = windows.trimmed(utterance("一二三四五"), 0.55)
    assert short.text == "一二三"
    assert short.seconds == pytest.approx(0.55, abs=0.01)
    assert windows.trimmed(utterance("一二三"), 0.05).text == ""


def test_frames_are_labelled_by_what_is_said_at_their_middle() -> None:
    placed = [windows.Placed(utterance("一二"), 0.1)]
    syllables, tones = windows.frame_labels(placed, 30)
    assert syllables[:5].tolist() == [0] * 5
    assert syllables[5:15].tolist() == [7] * 10
    assert syllables[15:25].tolist() == [8] * 10
    assert syllables[25:].tolist() == [0] * 5
    assert tones[5] == 1


def test_what_is_not_known_of_a_frame_is_not_taught() -> None:
    one = Utterance(tone(300, 0.2), (Piece("一", 0.0, 0.2),), (Sound(0, 0, 0.0, 0.2), Sound(9, 1, 0.06, 0.14)))
    syllables, _ = windows.frame_labels([windows.Placed(one, 0.0)], 12)
    assert syllables.tolist() == [-1] * 3 + [9] * 4 + [-1] * 3 + [0, 0]


@pytest.mark.parametrize(
    ("span", "positions"), [((0.0, 0.2), (0, 10)), ((0.2, 0.2), (10, 11)), ((9.0, 9.5), (99, 100)), (None, (-1, -1))]
)
def test_spans_are_positions_of_the_encoder(span: tuple[float, float] | None, positions: tuple[int, int]) -> None:
    assert windows.position_span(span, 100) == positions


@pytest.fixture(scope="module")
def tokens(starter_model: Path) -> Tokens:
    file = starter_model / "tokenizer.json"
    return Tokens(file, Tokens.rows_for(file, ["一二三四五您好"], ["zh"], 15.0))


def test_a_sequence_asks_for_each_token_where_it_is_said(tokens: Tokens) -> None:
    writer = windows.Writer(tokens, Random(0), corrupt=0.0, timestamps=0.0)
    written = writer.write([windows.Placed(utterance("一二三"), 0.4)], 100)
    assert written is not None
    inputs, targets, spans = written
    assert inputs[:4] == [tokens.sot, tokens.languages["zh"], tokens.transcribe, tokens.no_timestamps]
    assert targets[0] == tokens.languages["zh"]
    assert inputs[4:] == targets[3:-1]
    assert targets[-1] == tokens.eot
    assert tokens.decode(inputs[4:]) == "一二三"
    assert spans[3] == (20, 30)
    assert spans[-1] == (50, 55)


def test_times_stand_around_what_is_said(tokens: Tokens) -> None:
    writer = windows.Writer(tokens, Random(0), corrupt=0.0, timestamps=1.0)
    written = writer.write([windows.Placed(utterance("一二"), 0.4), windows.Placed(utterance("三"), 1.2)], 100)
    assert written is not None
    times = [row for row in written[0] if row >= tokens.time_row(0)]
    assert times == [tokens.time_row(s) for s in (0.4, 0.8, 1.2, 1.4)]


def test_silence_is_no_speech_and_its_text_is_empty(tokens: Tokens) -> None:
    written = windows.Writer(tokens, Random(0)).write([], 100)
    assert written is not None
    inputs, targets, _ = written
    assert targets[0] == tokens.no_speech
    assert targets[-1] == tokens.eot
    assert inputs[-1] == tokens.no_timestamps


def test_corrupted_inputs_leave_the_targets_true(tokens: Tokens) -> None:
    placed = [windows.Placed(utterance("一二三四五" * 6), 0.1)]
    clean = windows.Writer(tokens, Random(3), corrupt=0.0, timestamps=0.0).write(placed, 400)
    wrong = windows.Writer(tokens, Random(3), corrupt=1.0, timestamps=0.0).write(placed, 400)
    assert clean is not None
    assert wrong is not None
    assert clean[1] == wrong[1]
    assert clean[0] != wrong[0]
    assert clean[0][:4] == wrong[0][:4]


def test_a_batch_is_padded_with_what_teaches_nothing(tokens: Tokens) -> None:
    writer = windows.Writer(tokens, Random(0), corrupt=0.0, timestamps=0.0)
    examples = []
    for said in ("一", "一二三四五"):
        written = writer.write([windows.Placed(utterance(said), 0.1)], 100)
        assert written is not None
        labels = windows.frame_labels([], 100)
        examples.append(windows.Example(np.zeros((80, 200), np.float16), *written, *labels))
    batch = collate(examples, 48)
    assert batch["features"].shape == (2, 80, 200)
    assert batch["inputs"].shape == batch["targets"].shape == (2, 16)
    assert (batch["targets"][0, 5:] == -1).all()
    assert (batch["spans"][0, 5:] == -1).all()


def voice(hertz: float, seconds: float) -> np.ndarray:
    """A voice-like sound: pulses through a decaying resonance."""
    audio = np.zeros(round(seconds * RATE), np.float32)
    audio[:: round(RATE / hertz)] = 1
    return np.convolve(audio, np.exp(-np.arange(80) / 20) * np.cos(np.arange(80) / 3), "same").astype(np.float32)


@pytest.mark.parametrize(("duration", "pitch"), [(0.5, 1.0), (1.0, 1.3), (1.2, 0.8)])
def test_pitch_and_length_change_apart_from_each_other(duration: float, pitch: float) -> None:
    audio = voice(160, 0.6)
    shaped = psola.reshaped(audio, psola.marks(audio), duration, pitch)
    assert len(shaped) == pytest.approx(len(audio) * duration, abs=2)
    found = psola.periods(shaped)
    assert RATE / np.median(found[found > 0]) == pytest.approx(160 * pitch, rel=0.05)


def test_noise_has_no_pitch() -> None:
    assert not psola.periods(np.random.default_rng(0).standard_normal(8000).astype(np.float32)).any()


def write_recordings(folder: Path) -> None:
    """Four words and a syllable, as the preparation leaves them."""
    rows, audio, marks = [], [], []
    for text, syllables in (("银行", ["yin2", "hang2"]), ("卡", ["ka3"]), ("", ["wo3"]), ("查", ["cha2"])):
        sound = voice(150, 0.3 * len(syllables))
        found = psola.marks(sound)
        at, mark_at = sum(map(len, audio)), sum(map(len, marks))
        rows.append(
            {"speaker": 0 if text else 1, "text": text, "syllables": syllables, "at": at, "size": len(sound),
             "mark_at": mark_at, "marks": len(found)}
        )  # fmt: skip
        audio.append((sound * 8000).astype(np.int16))
        marks.append(found)
    np.save(folder / "recordings.npy", np.concatenate(audio))
    np.save(folder / "marks.npy", np.concatenate(marks))
    (folder / "recordings.json").write_text(json.dumps(rows), encoding="utf-8")


def test_sentences_are_spliced_from_the_longest_words(tmp_path: Path) -> None:
    write_recordings(tmp_path)
    splicer = recordings.Splicer(recordings.Recordings(tmp_path))
    units = [Unit("查", ("cha2",)), Unit("银", ("yin2",)), Unit("行", ("hang2",)), Unit("。", ())]
    said = splicer.say(units, recordings.Voice(0, 1.0, 1.0, 0.2, 0.0), Random(0))
    assert said is not None
    assert said.text == "查银行。"
    assert said.seconds == pytest.approx(0.6, rel=0.35)
    assert said.pieces[2].end == pytest.approx(said.seconds, abs=0.02)
    known = [sound.syllable for sound in said.sounds if sound.syllable]
    assert known == [classes()["cha"], classes()["yin"], classes()["hang"]]


def test_what_was_never_recorded_is_not_said(tmp_path: Path) -> None:
    write_recordings(tmp_path)
    splicer = recordings.Splicer(recordings.Recordings(tmp_path))
    assert splicer.say([Unit("吃", ("chi1",))], recordings.Voice(1, 1.0, 1.0, 0.2, 0.0), Random(0)) is None


@given(st.floats(0.02, 15.0), st.integers(0, 2**32))
@settings(max_examples=60)
def test_machines_sound_as_long_as_asked_and_never_out_of_range(seconds: float, seed: int) -> None:
    audio = machines.sound(seconds, Random(seed))
    assert len(audio) == max(1, round(seconds * RATE))
    assert audio.dtype == np.float32
    assert np.isfinite(audio).all()
    assert np.sqrt(np.mean(audio**2)) <= 0.101


def test_machines_sound_different_each_time() -> None:
    random = Random(3)
    assert len({machines.sound(6.0, random).tobytes() for _ in range(20)}) == 20


def test_a_machine_beside_speech_is_weaker_than_the_speech() -> None:
    speech = tone(300, 2.0)
    random = Random(5)
    for _ in range(30):
        added = windows.disturbed(speech, False, random) - speech
        assert np.sqrt(np.mean(added**2)) < 0.5 * np.sqrt(np.mean(speech**2))
