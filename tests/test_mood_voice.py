"""The mood in a voice: measures, the usual tone, the model."""

from __future__ import annotations

import csv
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from callcore.audio.decode import open_audio
from callcore.engines.voice_model import VoiceMoodModel
from callcore.errors import ModelCorrupt, ModelNotFound
from callcore.evaluate.mood import auc
from callcore.types import Mood
from callcore.understand.mood.prosody import MEASURES, measure
from callcore.understand.mood.voice import MOST_SEGMENTS, VoiceTracker
from tests.voice_tools import RATE, hiss, hum, keys, organ, shouted, voice

FOLDER = Path(__file__).parent.parent / "models" / "voice-mood"


@pytest.fixture(scope="module")
def model() -> VoiceMoodModel:
    return VoiceMoodModel(FOLDER, MEASURES)


def opened(model: VoiceMoodModel) -> VoiceTracker:
    """A tracker that knows the usual tone of the speaker on channel 0."""
    tracker = VoiceTracker(model, (0, 1))
    for index in range(8):
        tracker.heard(f"opening{index}", 0, voice(2.5, seed=index))
    return tracker


def mood_of(tracker: VoiceTracker, audio: np.ndarray, channel: int = 0) -> Mood | None:
    tracker.heard("x", channel, audio)
    return tracker.mood(channel, ["x"])


@pytest.mark.parametrize("hertz", [95, 130, 180, 250, 330])
def test_the_pitch_of_a_voice_is_found(hertz):
    tone = measure(voice(3.0, hertz=hertz))
    assert tone is not None
    assert abs(tone.measures["pitch"] - 12 * math.log2(hertz)) < 2.5


def test_measures_follow_the_voice():
    usual, loud = measure(voice(3.0, hertz=260)), measure(shouted(voice(3.0, hertz=260)))
    assert usual is not None
    assert loud is not None
    assert loud.measures["pitch"] - usual.measures["pitch"] == pytest.approx(4, abs=0.7)
    assert loud.measures["level"] - usual.measures["level"] == pytest.approx(8, abs=1.5)
    assert loud.measures["rate"] > usual.measures["rate"] > 2
    assert usual.measures["voiced"] > 0.6


def test_a_telephone_line_changes_no_measure_much():
    wide = voice(3.0)
    narrow = through_a_line(wide)
    ours, theirs = measure(wide), measure(narrow)
    assert ours is not None
    assert theirs is not None
    assert theirs.measures["pitch"] == pytest.approx(ours.measures["pitch"], abs=0.3)
    assert theirs.measures["level"] == pytest.approx(ours.measures["level"], abs=1)


def through_a_line(audio: np.ndarray) -> np.ndarray:
    return soxr.resample(soxr.resample(audio, RATE, RATE // 2), RATE // 2, RATE)


@pytest.mark.parametrize(
    "sound", [hum(3), keys(3), organ(3), hiss(3), np.zeros(3 * RATE), np.zeros(0), np.zeros(1), np.ones(RATE)]
)
def test_what_is_no_voice_has_no_tone(sound):
    assert measure(sound.astype(np.float32)) is None


@given(
    st.integers(0, 3 * RATE),
    st.sampled_from([0.0, 1e-6, 0.1, 1.0, 50.0, 1e30]),
    st.sampled_from([None, np.nan, np.inf, -np.inf]),
    st.booleans(),
)
@settings(max_examples=60)
def test_whatever_is_heard_every_measure_is_a_number(length, gain, bad, noisy):
    sound = (hiss(3, seed=length) if noisy else voice(3.0, seed=length % 5))[:length] * np.float32(gain)
    if bad is not None and length:
        sound[:: max(1, length // 7)] = bad
    tone = measure(sound)
    if tone is not None:
        assert tuple(tone.measures) == MEASURES
        assert all(math.isfinite(value) for value in tone.measures.values())


def test_clipped_speech_still_gives_a_mood(model):
    mood = mood_of(opened(model), np.clip(voice(2.5, seed=50) * 40, -1, 1))
    assert mood is not None
    assert -1 <= mood.valence <= 1
    assert -1 <= mood.arousal <= 1


def test_no_mood_before_there_is_a_usual_tone(model):
    tracker = VoiceTracker(model, (0, 1))
    for index in range(2):
        tracker.heard(f"s{index}", 0, voice(2.4, seed=index))
        assert tracker.mood(0, [f"s{index}"]) is None
    tracker.heard("s2", 0, voice(2.4, seed=2))
    tracker.heard("s3", 0, voice(2.4, seed=3))
    assert tracker.mood(0, ["s3"]) is not None
    tracker.heard("other", 1, voice(2.4, seed=3))
    assert tracker.mood(1, ["other"]) is None  # another channel is another speaker


def test_the_same_voice_going_on_is_calm(model):
    mood = mood_of(opened(model), voice(2.5, seed=99))
    assert mood is not None
    assert mood.label == "calm"
    assert abs(mood.arousal) < 0.4


@pytest.mark.parametrize("seed", range(5))
def test_a_shout_is_more_excited_and_not_calm(model, seed):
    plain = mood_of(opened(model), voice(2.5, seed=40 + seed))
    loud = mood_of(opened(model), shouted(voice(3.2, seed=40 + seed)))
    assert plain is not None
    assert loud is not None
    assert loud.arousal > plain.arousal + 0.3
    assert loud.label != "calm"


@pytest.mark.parametrize("sound", [hum(3), keys(3), organ(3), hiss(3), voice(0.4), np.zeros(0, dtype=np.float32)])
def test_what_is_no_voice_or_too_short_has_no_mood(model, sound):
    assert mood_of(opened(model), sound) is None


def test_a_turn_is_the_mean_of_its_segments(model):
    tracker = opened(model)
    tracker.heard("a", 0, voice(2.5, seed=70))
    tracker.heard("b", 0, shouted(voice(3.2, seed=71)))
    one, two = tracker.mood(0, ["a"]), tracker.mood(0, ["b"])
    both = tracker.mood(0, ["a", "b", "never heard"])
    assert one is not None
    assert two is not None
    assert both is not None
    assert one.arousal < both.arousal < two.arousal


def test_old_segments_are_let_go(model):
    tracker = opened(model)
    sound = voice(1.0, seed=5)
    for index in range(MOST_SEGMENTS + 5):
        tracker.heard(f"s{index}", 0, sound)
    assert tracker.mood(0, ["s0"]) is None
    assert tracker.mood(0, [f"s{MOST_SEGMENTS + 4}"]) is not None


def test_the_same_call_gives_the_same_moods(model):
    moods = [mood_of(opened(model), voice(2.5, seed=33)) for _ in range(2)]
    assert moods[0] == moods[1]


@given(st.lists(st.lists(st.floats(-6, 6), min_size=len(MEASURES), max_size=len(MEASURES)), max_size=5))
def test_probabilities_add_up_and_numbers_stay_in_bounds(rows):
    answers = VoiceMoodModel(FOLDER, MEASURES).score([dict(zip(MEASURES, row, strict=True)) for row in rows])
    assert len(answers) == len(rows)
    for labels, valence, arousal in answers:
        assert sum(labels.values()) == pytest.approx(1, abs=1e-5)
        assert -1 <= valence <= 1
        assert -1 <= arousal <= 1


@given(st.sampled_from(["pitch", "pitch_high", "level", "level_change", "rate", "tilt"]), st.floats(-3, 2.9))
def test_arousal_rises_with_every_cue_of_excitement(name, value):
    usual = dict.fromkeys(MEASURES, 0.0)
    low, high = VoiceMoodModel(FOLDER, MEASURES).score([usual | {name: value}, usual | {name: value + 0.1}])
    assert high[2] > low[2]


def test_a_changed_or_missing_model_is_refused(tmp_path):
    with pytest.raises(ModelNotFound):
        VoiceMoodModel(tmp_path, MEASURES)
    folder = shutil.copytree(FOLDER, tmp_path / "model")
    record = json.loads((folder / "model.json").read_text())
    weights = folder / record["file"]
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelCorrupt, match="checksum"):
        VoiceMoodModel(folder, MEASURES)
    weights.unlink()
    with pytest.raises(ModelNotFound):
        VoiceMoodModel(folder, MEASURES)


@pytest.mark.parametrize(
    "change",
    [
        {"measures": ["pitch"]},
        {"sha256": "no"},
        {"threshold": 3},
        {"spread": {}},
        {"surplus": 1},
        {"file": "../x.onnx"},
    ],
)
def test_a_wrong_record_is_refused(tmp_path, change):
    folder = shutil.copytree(FOLDER, tmp_path / "model")
    record = json.loads((folder / "model.json").read_text()) | change
    (folder / "model.json").write_text(json.dumps(record))
    with pytest.raises(ModelCorrupt):
        VoiceMoodModel(folder, MEASURES)


@pytest.mark.shared_data
def test_anger_stands_out_in_speakers_the_model_was_not_set_on(shared_data, model):
    folder = shared_data / "emotion_speech"
    with (folder / "transcripts.tsv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    for speaker in ("casia_spk2", "casia_spk3", "tess_yaf"):
        tracker, anger = VoiceTracker(model, (0,)), {"neutral": [], "angry": []}
        clips = [row for row in rows if row["speaker"] == speaker and row["emotion"] in anger]
        clips.sort(key=lambda row: row["emotion"], reverse=True)  # neutral first: they make the usual tone
        for row in clips:
            with open_audio(folder / row["path"]) as source:
                audio = np.concatenate([block[0] for block in source.blocks()])
            tracker.heard(row["path"], 0, through_a_line(audio))
            mood = tracker.mood(0, [row["path"]])
            if mood is not None:
                anger[row["emotion"]].append(mood.arousal)
        assert (auc(anger["angry"], anger["neutral"]) or 0) >= 0.85


def test_what_lies_above_a_telephones_band_does_not_fold_into_it():
    usual, time = voice(3.0), np.arange(3 * RATE) / RATE
    # As loud as the voice; folded about 4 kHz it would come to lie at 2 to 3.3 kHz.
    above = 0.02 * sum(np.sin(2 * np.pi * hertz * time) for hertz in range(4_700, 6_000, 100))
    ours, theirs = measure(usual), measure((usual + above).astype(np.float32))
    assert ours is not None
    assert theirs is not None
    assert theirs.measures == pytest.approx(ours.measures, abs=0.5)
