"""Frames, raw formats and WAV lengths: the same samples whatever the cuts."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcore.audio import RawFormat, frames
from callcore.audio.riff import missing_bytes
from callcore.errors import ConfigError


def _blocks(signal: np.ndarray, cuts: list[int]) -> list[np.ndarray]:
    edges = sorted({0, signal.shape[1], *(cut for cut in cuts if cut < signal.shape[1])})
    return [signal[:, a:b] for a, b in pairwise(edges)]


@given(
    st.integers(1, 4).flatmap(
        lambda count: st.tuples(
            st.just(count), st.lists(st.integers(0, count - 1), min_size=1, max_size=count, unique=True)
        )
    ),
    st.integers(0, 700),
    st.lists(st.integers(0, 700), max_size=12),
    st.integers(1, 200),
)
def test_frames_give_back_the_same_samples(counted, length, cuts, frame_samples):
    count, channels = counted
    signal = np.arange(count * length, dtype=np.float32).reshape(count, length)
    out = list(frames(_blocks(signal, cuts), channels, frame_samples))
    for channel in channels:
        own = [frame for frame in out if frame.channel == channel]
        assert [frame.start_sample for frame in own] == list(range(0, length, frame_samples))
        assert all(len(frame.samples) == frame_samples for frame in own[:-1])
        np.testing.assert_array_equal(np.concatenate([f.samples for f in own] or [[]]), signal[channel])
    assert [frame.channel for frame in out] == channels * (len(out) // len(channels))


@given(st.lists(st.integers(0, 500), max_size=8))
def test_downmix_is_the_mean_as_channel_0(cuts):
    signal = np.random.default_rng(0).standard_normal((3, 500)).astype(np.float32)
    out = list(frames(_blocks(signal, cuts), [0, 2], 100, downmix=True))
    assert {frame.channel for frame in out} == {0}
    np.testing.assert_allclose(np.concatenate([f.samples for f in out]), signal[[0, 2]].mean(axis=0), atol=1e-6)


@pytest.mark.parametrize(("channels", "frame_samples"), [([], 320), ([0], 0)])
def test_frames_of_nothing_are_refused(channels, frame_samples):
    with pytest.raises(ValueError, match="cannot cut"):
        list(frames([], channels, frame_samples))


@given(st.sampled_from(["s16le", "mulaw", "alaw", "f32le"]), st.integers(1000, 384_000), st.integers(1, 64))
def test_a_raw_format_reads_back(encoding, rate_hz, channels):
    assert RawFormat.parse(f"{encoding}:{rate_hz}:{channels}") == RawFormat(encoding, rate_hz, channels)
    assert RawFormat.parse(f"{encoding}:{rate_hz}").channels == 1


@given(st.text(max_size=30))
def test_any_other_text_is_a_settings_error(text):
    if re.fullmatch(r"(s16le|mulaw|alaw|f32le):[0-9]+(:[0-9]*)?", text) is None:
        with pytest.raises(ConfigError) as caught:
            RawFormat.parse(text)
        assert caught.value.hint


@pytest.mark.parametrize(
    "text", ["s16le", "s24le:8000", "mulaw:8000:0", "alaw:x:1", "s16le:8000:1:1", "s16le:0", "s16le:٨٠٠٠"]
)
def test_raw_formats_that_cannot_be_meant(text):
    with pytest.raises(ConfigError):
        RawFormat.parse(text)


@given(st.integers(0, 40), st.integers(1, 5000), st.integers(0, 6000))
def test_missing_bytes_of_a_cut_wav(odd_chunk, data_size, lost):
    chunk = b"LIST" + odd_chunk.to_bytes(4, "little") + bytes(odd_chunk + odd_chunk % 2)
    head = b"RIFF\0\0\0\0WAVEfmt " + (16).to_bytes(4, "little") + bytes(16) + chunk
    head += b"data" + data_size.to_bytes(4, "little")
    size = len(head) + max(0, data_size - lost)
    assert missing_bytes(head, size) == min(lost, data_size)


@given(st.binary(max_size=100))
def test_missing_bytes_of_anything_else_is_nothing_or_more(data):
    assert missing_bytes(data, len(data)) == 0
    assert missing_bytes(b"RIFF\0\0\0\0WAVE" + data, 12 + len(data)) >= 0
