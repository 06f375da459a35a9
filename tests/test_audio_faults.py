"""Each fault is found in audio made with it, and none in good recordings."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import audio_tools as tools
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcore.audio import FaultDetector, open_audio
from callcore.types import AudioWarning, WarningKind

GENESYS = "genesys_test_transcript_connector.flac"


def judge(samples: np.ndarray, rate_hz: int = 8000, cuts: tuple[int, ...] = ()) -> list[AudioWarning]:
    detector = FaultDetector(samples.shape[0], rate_hz)
    edges = [0, *cuts, samples.shape[1]]
    for start, end in pairwise(edges):
        detector.push(samples[:, start:end])
    return detector.finish()


def kinds(found: list[AudioWarning]) -> list[tuple[WarningKind, int | None]]:
    return [(warning.kind, warning.channel) for warning in found]


def judge_file(path: Path) -> list[AudioWarning]:
    with open_audio(path) as audio:
        detector = FaultDetector(audio.channel_count, audio.rate_hz)
        for block in audio.blocks():
            detector.push(block)
        return detector.finish()


@pytest.fixture(scope="module")
def call(fixture_call) -> np.ndarray:
    """The first 30 s of the bundled call, both sides."""
    with open_audio(fixture_call) as audio:
        return np.concatenate(list(audio.blocks()), axis=1)[:, : 30 * 16_000]


def test_the_bundled_call_has_no_fault(fixture_call):
    assert judge_file(fixture_call) == []


@pytest.mark.parametrize("gain", [1.0, 0.5, -1.0, 2.0])
def test_mono_saved_as_stereo(call, gain):
    (warning,) = judge(np.stack([call[0], call[0] * np.float32(gain)]))
    assert (warning.kind, warning.channel) == (WarningKind.DUPLICATED_CHANNELS, 1)
    assert warning.detail["of"] == 0
    assert warning.detail["residual_db"] < -60
    assert warning.detail["gain_db"] == pytest.approx(20 * np.log10(abs(gain)), abs=0.1)


def test_mono_saved_as_stereo_and_coded_by_channel(call, tmp_path):
    both = np.stack([call[0], 0.5 * call[0]])[:, ::2]
    tools.write(tmp_path / "a.wav", both, 8000, "pcm_mulaw")
    assert kinds(judge_file(tmp_path / "a.wav")) == [(WarningKind.DUPLICATED_CHANNELS, 1)]


def test_two_pairs_of_copies(call):
    found = judge(np.stack([call[0], call[1], call[0], call[1]]))
    assert [(warning.channel, warning.detail["of"]) for warning in found] == [(2, 0), (3, 1)]


def test_crosstalk_and_a_shared_announcement_are_no_copies(call):
    crosstalk = np.stack([call[0] + 0.05 * call[1], call[1] + 0.05 * call[0]])
    assert judge(crosstalk) == []
    announcement = np.concatenate([np.stack([call[0], call[0]]), call], axis=1)
    assert judge(announcement) == []


@pytest.mark.parametrize("floor", [0.0, 3e-4])
@pytest.mark.parametrize("dead", [0, 1])
def test_a_dead_channel(call, floor, dead):
    samples = call.copy()
    samples[dead] = tools.noise(30.0, floor, seed=1)[0]
    samples[dead, 5000:5020] = 0.3  # the click of a switch is no life
    (warning,) = judge(samples)
    assert (warning.kind, warning.channel) == (WarningKind.DEAD_CHANNEL, dead)
    assert warning.detail["other_alive_s"] > 5


def test_a_side_that_says_one_word_is_not_dead(call):
    samples = call.copy()
    samples[1] = 0
    samples[1, 16_000 : 16_000 + 8000] = call[0, :8000] + tools.noise(0.5, 0.02, seed=1)[0]
    assert judge(samples) == []


def test_a_silent_call_has_no_dead_side():
    assert judge(np.zeros((2, 16_000 * 10), np.float32)) == []
    assert judge(tools.noise(10.0, 1e-4, seed=0, channels=2)) == []


def test_clipping_at_the_recorder(call, tmp_path):
    loud = call[:, ::2] / np.quantile(np.abs(call), 0.99, axis=1, keepdims=True)
    for codec in ("pcm_s16le", "pcm_mulaw"):
        path = tmp_path / f"{codec}.wav"
        tools.write(path, np.clip(loud, -1, 1), 8000, codec)
        found = judge_file(path)
        assert kinds(found) == [(WarningKind.CLIPPING, 0), (WarningKind.CLIPPING, 1)]
        assert all(0.005 < warning.detail["share"] < 0.2 for warning in found)


def test_a_call_at_full_level_is_not_clipped(call):
    assert judge(call / np.abs(call).max()) == []


def test_dc_offset(call):
    (warning,) = judge(np.stack([call[0], call[1] - np.float32(0.05)]))
    assert (warning.kind, warning.channel) == (WarningKind.DC_OFFSET, 1)
    assert warning.detail["offset"] == pytest.approx(-0.05, abs=0.002)


def test_telephone_sound_in_a_wideband_file(call):
    found = judge(call, rate_hz=16_000)
    assert kinds(found) == [(WarningKind.TELEPHONE_BAND, 0), (WarningKind.TELEPHONE_BAND, 1)]
    assert all(warning.detail["high_band_db"] < -60 for warning in found)
    assert judge(call, rate_hz=8000) == []


def test_wideband_sound_is_not_telephone_sound(call):
    breath = call + tools.noise(30.0, 0.003, seed=4, channels=2)
    assert judge(breath, rate_hz=16_000) == []


def test_samples_that_are_no_numbers(call):
    samples = call.copy()
    samples[1, 100:103] = (np.nan, np.inf, -np.inf)
    (warning,) = judge(samples)
    assert (warning.kind, warning.channel, warning.detail["samples"]) == (WarningKind.NOT_FINITE, 1, 3)


@pytest.mark.parametrize("samples", [0, 1, 99, 1600, 3200])
def test_next_to_nothing_is_not_judged(samples):
    assert judge(np.ones((2, samples), np.float32), rate_hz=16_000) == []


@settings(max_examples=25)
@given(st.lists(st.integers(0, 12 * 16_000), max_size=8).map(sorted))
def test_findings_do_not_depend_on_the_cuts(cuts):
    voice = tools.tones(16_000, 1, 12.0)[0] * 3
    samples = np.stack([np.clip(voice, -1, 1), 0.5 * np.clip(voice, -1, 1), voice * 0, voice / 9 + 0.1])
    expected = judge(samples.astype(np.float32), 16_000)
    assert len({warning.kind for warning in expected}) == 5
    assert judge(samples.astype(np.float32), 16_000, tuple(cuts)) == expected


def test_messages_are_one_line_with_the_figure(call):
    samples = np.stack([np.clip(call[0] * 20, -1, 1) + np.float32(0.1), call[0] * 0])
    for warning in judge(samples, rate_hz=16_000):
        assert "\n" not in warning.message
        assert f"channel {warning.channel}" in warning.message
        assert any(character.isdigit() for character in warning.message.split("channel", 1)[1][3:])


@pytest.mark.shared_data
def test_real_calls_have_the_faults_they_have(shared_data):
    found = {
        path.name: kinds(judge_file(path))
        for folder in ("two_channel", "mono", "one_side", "diarization")
        for path in sorted((shared_data / "calls" / folder).glob("*.flac"))
    }
    faulty = {name: faults for name, faults in found.items() if faults}
    # Genesys: 1.5 % and 1.0 % of its source samples are mu-law's top code. pyannote: a telephone call saved at 16 kHz.
    assert faulty == {
        GENESYS: [(WarningKind.CLIPPING, 0), (WarningKind.CLIPPING, 1)],
        "pyannote_sample.flac": [(WarningKind.TELEPHONE_BAND, 0)],
    }


@pytest.mark.shared_data
def test_real_speech_has_no_faults(shared_data):
    folders = ("speech_en/librispeech", "speech_en/telephone8k", "speech_zh/aishell1", "speech_zh/magicdata_cs")
    files = [path for folder in folders for path in sorted((shared_data / folder).glob("*.flac"))[:25]]
    assert len(files) > 50
    assert {path.name: judge_file(path) for path in files if judge_file(path)} == {}
