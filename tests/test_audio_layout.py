"""Which channels are listened to, and whose they are."""

from __future__ import annotations

import audio_tools as tools
import numpy as np
import pytest

from callcore.audio import FaultDetector, open_audio, probe_layout
from callcore.config import AudioSettings
from callcore.errors import ChannelError
from callcore.types import Role, WarningKind

SECOND = 16_000


def voices(seconds: float, channels: int = 2) -> np.ndarray:
    """Unlike noises that come and go, one a channel."""
    sound = tools.noise(seconds, 0.1, seed=7, channels=channels)
    for channel in range(channels):
        sound[channel, (np.arange(sound.shape[1]) // SECOND) % channels != channel] *= 0.001
    return sound


def probe(samples, probe_s=60.0, *, trust=True, **settings):
    """The layout of ``samples``; also checks that the blocks come back whole."""
    made = tools.Made(samples)
    layout, blocks = probe_layout(made, AudioSettings(**settings), probe_s, trust=trust)
    np.testing.assert_array_equal(np.concatenate(list(blocks), axis=1), samples)
    return layout


def test_two_sides_are_both_heard_and_the_words_decide():
    layout = probe(voices(10))
    assert (layout.channels, layout.sources, layout.roles, layout.warnings) == ((0, 1), (0, 1), None, ())


def test_a_single_channel_is_anybodys():
    layout = probe(voices(4, 1))
    assert (layout.channels, layout.roles) == ((0,), {0: Role.UNKNOWN})


@pytest.mark.parametrize(("gain", "kept"), [(1.0, 0), (0.5, 0), (2.0, 1)])
def test_of_two_copies_the_louder_is_kept(gain, kept):
    voice = voices(10)[0]
    layout = probe(np.stack([voice, voice * np.float32(gain)]))
    assert (layout.channels, layout.roles) == ((kept,), {kept: Role.UNKNOWN})
    assert list(layout.left_out) == [1 - kept]
    assert [warning.kind for warning in layout.warnings] == [WarningKind.DUPLICATED_CHANNELS]


def test_copies_among_four_channels():
    two = voices(12)
    layout = probe(np.stack([two[0], two[0], two[1], two[1]]))
    assert (layout.channels, layout.roles) == ((0, 2), None)


def test_a_dead_channel_of_a_whole_call_is_left_out():
    samples = voices(10)
    samples[1] = 0
    layout = probe(samples)
    assert (layout.channels, layout.roles) == ((0,), {0: Role.UNKNOWN})
    assert [warning.kind for warning in layout.warnings] == [WarningKind.DEAD_CHANNEL]


def test_a_side_silent_for_the_first_minute_is_still_heard():
    samples = voices(80)
    samples[1, : 70 * SECOND] = 0
    layout = probe(samples)
    assert (layout.channels, layout.warnings) == ((0, 1), ())


def test_a_silent_call_keeps_its_channels():
    assert probe(np.zeros((2, 5 * SECOND), np.float32)).channels == (0, 1)


def test_copies_that_part_later_are_noticed_and_can_be_read_again():
    talk = voices(40)
    music = tools.noise(20, 0.1, seed=9)
    samples = np.concatenate([np.repeat(music, 2, axis=0), talk], axis=1)
    layout = probe(samples, probe_s=10)
    assert layout.channels == (0,)
    detector = FaultDetector(2, 8000)
    detector.push(samples)
    found = detector.finish()
    assert layout.refuted_by(found) == (1,)
    assert probe(samples, probe_s=10, trust=False).channels == (0, 1)


def test_what_the_layout_told_is_no_news_later():
    voice = voices(10)[0]
    samples = np.stack([voice, voice]) + np.float32(0.05)
    layout = probe(samples)
    detector = FaultDetector(2, 8000)
    detector.push(samples)
    found = detector.finish()
    assert layout.refuted_by(found) == ()
    assert found[0].kind is WarningKind.DUPLICATED_CHANNELS
    assert {warning.kind for warning in layout.news(found)} == {WarningKind.DC_OFFSET}


def test_no_more_than_the_probe_is_read_ahead():
    made = tools.Made(voices(100))
    _, blocks = probe_layout(made, AudioSettings(), 20.0)
    assert made.blocks_read == 20
    next(blocks)
    assert made.blocks_read == 20


# -- stated channels -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "roles"),
    [
        ({"agent_channel": 0}, {0: Role.AGENT, 1: Role.CUSTOMER}),
        ({"agent_channel": 1}, {0: Role.CUSTOMER, 1: Role.AGENT}),
        ({"customer_channel": 0}, {0: Role.CUSTOMER, 1: Role.AGENT}),
        ({"agent_channel": 1, "customer_channel": 0}, {0: Role.CUSTOMER, 1: Role.AGENT}),
    ],
)
def test_stated_channels_are_taken_as_stated(settings, roles):
    layout = probe(voices(4), **settings)
    assert (layout.channels, layout.roles) == ((0, 1), roles)


def test_stated_channels_need_no_probe():
    made = tools.Made(voices(10))
    probe_layout(made, AudioSettings(agent_channel=0))
    assert made.blocks_read == 0


def test_of_four_channels_the_two_stated_are_heard():
    layout = probe(voices(8, 4), agent_channel=3, customer_channel=1)
    assert (layout.channels, layout.roles) == ((1, 3), {1: Role.CUSTOMER, 3: Role.AGENT})
    layout = probe(voices(8, 4), agent_channel=3)
    assert layout.roles == {0: Role.UNKNOWN, 1: Role.UNKNOWN, 2: Role.UNKNOWN, 3: Role.AGENT}


def test_a_single_channel_can_be_stated():
    assert probe(voices(4, 1), agent_channel=0).roles == {0: Role.AGENT}


@pytest.mark.parametrize(
    ("channels", "settings", "words"),
    [
        (2, {"agent_channel": 2}, "channels 0 and 1"),
        (1, {"customer_channel": 1}, "channel 0 only"),
        (4, {"agent_channel": 7, "customer_channel": 0}, "channels 0, 1, 2 and 3"),
    ],
)
def test_channels_that_are_not_there(channels, settings, words):
    with pytest.raises(ChannelError) as caught:
        probe_layout(tools.Made(voices(2, channels)), AudioSettings(**settings))
    assert words in str(caught.value)
    assert str(caught.value).startswith("made:")


# -- downmix, frames -----------------------------------------------------------------------------------------------


def test_downmix_hears_all_as_channel_0():
    samples = voices(4)
    layout, blocks = probe_layout(tools.Made(samples), AudioSettings(downmix=True))
    assert (layout.channels, layout.sources, layout.roles) == ((0,), (0, 1), {0: Role.UNKNOWN})
    heard = np.concatenate([frame.samples for frame in layout.frames(blocks, 320)])
    np.testing.assert_allclose(heard, samples.mean(axis=0), atol=1e-6)


def test_downmix_of_an_inverted_copy_is_not_silence():
    voice = voices(4)[0]
    layout, blocks = probe_layout(tools.Made(np.stack([voice, -voice])), AudioSettings(downmix=True))
    heard = np.concatenate([frame.samples for frame in layout.frames(blocks, 320)])
    np.testing.assert_array_equal(heard, voice)


def test_frames_carry_the_channel_numbers_of_the_recording():
    samples = voices(2, 4)
    layout, blocks = probe_layout(tools.Made(samples), AudioSettings(agent_channel=3, customer_channel=1))
    out = list(layout.frames(blocks, 320))
    assert [frame.channel for frame in out[:4]] == [1, 3, 1, 3]
    np.testing.assert_array_equal(out[1].samples, samples[3, :320])


def test_a_file_and_a_pipe_are_laid_out_alike(fixture_call):
    layouts = []
    for source in (fixture_call, tools.Pipe(fixture_call.read_bytes())):
        with open_audio(source) as audio:
            layout, blocks = probe_layout(audio, AudioSettings())
            total = sum(len(frame.samples) for frame in layout.frames(blocks, 320))
        layouts.append((layout, total))
    assert layouts[0] == layouts[1]
    assert layouts[0][0].channels == (0, 1)


@pytest.mark.shared_data
def test_real_two_channel_calls_keep_both_sides(shared_data):
    for path in sorted((shared_data / "calls" / "two_channel").glob("*.flac")):
        with open_audio(path) as audio:
            layout, _ = probe_layout(audio, AudioSettings())
        assert (layout.channels, layout.roles) == ((0, 1), None), path.name
