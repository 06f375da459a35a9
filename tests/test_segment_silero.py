"""The segmenter with Silero on real and generated sound."""

from __future__ import annotations

import wave

import av
import numpy as np
import pytest
import soxr

from callcore.config import SegmentSettings
from callcore.engines.silero import SileroVad, default_model_path
from callcore.errors import ModelCorrupt, ModelNotFound
from callcore.segment import SegmentClosed, Segmenter

RATE = 16_000


@pytest.fixture(scope="module")
def vad():
    return SileroVad()


@pytest.fixture(scope="module")
def call_channels(fixture_call):
    """Both channels of the bundled call, float32 at 16 kHz."""
    with wave.open(str(fixture_call), "rb") as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, file.getnchannels())
        rate = file.getframerate()
    return [soxr.resample(channel.astype(np.float32) / 32768, rate, RATE) for channel in pcm.T]


def segments(vad, audio, **settings):
    segmenter = Segmenter(0, SegmentSettings(**settings), vad.stream())
    events = segmenter.push(audio.astype(np.float32)) + segmenter.finish()
    return [event.segment for event in events if isinstance(event, SegmentClosed)]


def read_16k(path):
    """A mono recording at 16 kHz, float32."""
    with av.open(str(path)) as container:
        assert container.streams.audio[0].rate == RATE
        planar = av.AudioResampler(format="fltp")
        parts = [part.to_ndarray()[0] for frame in container.decode(audio=0) for part in planar.resample(frame)]
    return np.concatenate(parts)


def tone(frequencies_hz, on_s, off_s, times):
    time_s = np.arange(int(on_s * RATE)) / RATE
    sound = sum(np.sin(2 * np.pi * hz * time_s) for hz in frequencies_hz) * 0.15
    return np.tile(np.concatenate([sound, np.zeros(int(off_s * RATE))]), times).astype(np.float32)


def test_scores_equal_the_offline_scores_of_faster_whisper(vad, call_channels):
    from faster_whisper.vad import get_vad_model

    audio = call_channels[0][: 600 * 512]
    # Its scoring overwrites the last samples of what it is given; a window of padding keeps that out of sight.
    offline = get_vad_model()(np.concatenate([audio, np.zeros(512, dtype=np.float32)]))[:600]
    for block in (1, 7, 16, 600):
        stream = vad.stream()
        windows = audio.reshape(-1, 512)
        ours = np.concatenate([stream.score(windows[at : at + block]) for at in range(0, 600, block)])
        assert ours.shape == (600,)
        assert ours.dtype == np.float32
        np.testing.assert_allclose(ours, offline.reshape(-1), atol=1e-4)


def test_streams_do_not_disturb_each_other(vad, call_channels):
    windows = [channel[: 64 * 512].reshape(-1, 512) for channel in call_channels]
    alone = [vad.stream().score(one) for one in windows]
    streams = [vad.stream(), vad.stream()]
    mixed = [[], []]
    for at in range(0, 64, 8):
        for index in (0, 1):
            mixed[index].append(streams[index].score(windows[index][at : at + 8]))
    for index in (0, 1):
        np.testing.assert_allclose(np.concatenate(mixed[index]), alone[index], atol=1e-5)


def test_no_windows_no_scores(vad):
    stream = vad.stream()
    assert stream.score(np.zeros((0, 512), dtype=np.float32)).shape == (0,)
    stream.skip(np.zeros((0, 512), dtype=np.float32))


def test_skipping_keeps_what_was_learnt(vad, call_channels):
    windows = call_channels[0][: 128 * 512].reshape(-1, 512)
    stream, reference = vad.stream(), vad.stream()
    stream.score(windows[:64])
    reference.score(windows[:64])
    stream.skip(np.tile(windows[63], (5, 1)))  # ends as the window before it: the context is the same
    np.testing.assert_allclose(stream.score(windows[64:]), reference.score(windows[64:]), atol=1e-6)


def test_a_missing_or_wrong_model_is_named(tmp_path, monkeypatch):
    with pytest.raises(ModelNotFound, match="no voice activity model at"):
        SileroVad(tmp_path / "none.onnx")
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(default_model_path().read_bytes()[:1000])
    with pytest.raises(ModelCorrupt, match="not a usable ONNX model"):
        SileroVad(broken)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModelNotFound, match="pip install"):
        SileroVad()


def test_every_turn_of_the_call_is_covered(vad, call_channels, fixture_call_reference):
    for channel, audio in enumerate(call_channels):
        covered = np.zeros(len(audio), dtype=bool)
        for segment in segments(vad, audio):
            covered[segment.start_sample : segment.end_sample] = True
        for turn in fixture_call_reference["turns"]:
            if turn["channel"] == channel:
                low, high = int(turn["start"] * RATE), int(turn["end"] * RATE)
                assert covered[low:high].mean() > 0.99


def test_the_other_partys_leak_is_no_speech(vad, call_channels, fixture_call_reference):
    """The customer's channel carries the agent some 40 dB down; Silero alone takes it for speech."""
    own = [turn for turn in fixture_call_reference["turns"] if turn["channel"] == 1]
    outside = np.ones(len(call_channels[1]), dtype=bool)
    for turn in own:
        outside[int((turn["start"] - 0.5) * RATE) : int((turn["end"] + 0.5) * RATE)] = False
    false_share = {}
    for gate in (True, False):
        found = np.zeros(len(outside), dtype=bool)
        for segment in segments(vad, call_channels[1], gate=gate):
            found[segment.start_sample : segment.end_sample] = True
        false_share[gate] = found[outside].mean()
    assert false_share[True] < 0.02
    assert false_share[False] > 0.2


@pytest.mark.parametrize("attenuation_db", [0, 10, 20, 30])
def test_quiet_telephone_speech_is_found(vad, call_channels, fixture_call_reference, attenuation_db):
    audio = call_channels[0] * np.float32(10 ** (-attenuation_db / 20))
    covered = np.zeros(len(audio), dtype=bool)
    for segment in segments(vad, audio):
        covered[segment.start_sample : segment.end_sample] = True
    turns = [turn for turn in fixture_call_reference["turns"] if turn["channel"] == 0]
    for turn in turns:
        assert covered[int(turn["start"] * RATE) : int(turn["end"] * RATE)].mean() > 0.9


@pytest.mark.parametrize("gate", [True, False])
@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(np.zeros(20 * RATE), id="digital silence"),
        pytest.param(np.random.default_rng(0).normal(0, 0.1, 20 * RATE), id="white noise"),
        pytest.param(tone([450], 1, 4, 4), id="ring-back, China"),
        pytest.param(tone([440, 480], 2, 4, 3), id="ring-back, US"),
        pytest.param(tone([450], 0.35, 0.35, 25), id="busy, China"),
        pytest.param(tone([480, 620], 0.5, 0.5, 15), id="busy, US"),
        pytest.param(tone([1000], 0.3, 1, 12), id="beeps"),
        pytest.param(tone([2100], 3, 0.5, 4), id="fax"),
        pytest.param(
            np.concatenate([tone([low, high], 0.1, 0.1, 4) for low in (697, 941) for high in (1209, 1633)] * 3),
            id="dtmf",
        ),
        pytest.param((np.arange(20 * RATE) % 5000 == 0) * 0.9, id="clicks"),
    ],
)
def test_sounds_of_the_line_are_no_speech(vad, sound, gate):
    assert segments(vad, sound, gate=gate) == []


@pytest.mark.shared_data
def test_meeting_speech_is_found_and_its_silence_is_not(vad, shared_data):
    found = segments(vad, read_16k(shared_data / "calls" / "diarization" / "ami_trn03.flac"))
    spoken_s = sum(segment.end_sample - segment.start_sample for segment in found) / RATE
    assert spoken_s > 25  # 30 s, spoken throughout
    silent = segments(vad, read_16k(shared_data / "calls" / "diarization" / "ami_trn02.flac"))
    assert all(20 < segment.start_sample / RATE < 22 for segment in silent)  # 30 s with 0.7 s spoken at 20.7 s


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ["dtmf_auditok", "dtmf_noisy", "loading_tone"])
def test_recorded_sounds_of_the_line_are_no_speech(vad, shared_data, name):
    assert segments(vad, read_16k(shared_data / "noise" / "telephony" / f"{name}.flac")) == []
