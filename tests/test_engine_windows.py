"""Window lengths and token caps of the Whisper engine."""

import math

from hypothesis import given
from hypothesis import strategies as st

from callcore.engines.windows import FRAMES_PER_S, clear_of_trap, generate_max_length, token_cap, window_frames
from callcore.types import SAMPLE_RATE_HZ

lengths = st.integers(1, 40 * SAMPLE_RATE_HZ)
mels = st.sampled_from([80, 128])


@given(lengths, st.floats(0, 5), st.sampled_from([0.1, 0.5, 1.0, 2.0]), st.sampled_from([12.0, 30.0]), mels)
def test_window_holds_audio_and_padding_and_never_exceeds_the_model(count, padding_s, bucket_s, window_s, mel_bands):
    frames = window_frames(count, padding_s, bucket_s, window_s, mel_bands)
    longest = round(window_s * FRAMES_PER_S)
    wanted = (count / SAMPLE_RATE_HZ + padding_s) * FRAMES_PER_S
    assert frames <= longest
    assert frames >= min(wanted - 1, longest)
    assert frames <= max(wanted + bucket_s * FRAMES_PER_S + 1, 2 * mel_bands + 1)


@given(lengths, st.floats(0, 5), st.sampled_from([0.01, 0.1, 0.5, 1.0]), mels)
def test_no_window_is_mistaken_for_a_spectrogram(count, padding_s, bucket_s, mel_bands):
    assert math.ceil(window_frames(count, padding_s, bucket_s, 30.0, mel_bands) / 2) != mel_bands


def test_trap_lengths_move_up_and_others_stay():
    assert [clear_of_trap(t, 80) for t in (158, 159, 160, 161)] == [158, 161, 161, 161]
    assert [clear_of_trap(t, 128) for t in (254, 255, 256, 257)] == [254, 257, 257, 257]


def test_no_dial_means_the_whole_window():
    assert window_frames(SAMPLE_RATE_HZ, None, 1.0, 30.0, 80) == 3000
    assert window_frames(SAMPLE_RATE_HZ, None, 1.0, 12.0, 80) == 1200


@given(st.floats(0, 30), st.floats(1, 20), st.integers(1, 220))
def test_max_length_lets_ctranslate2_write_exactly_the_cap(audio_s, rate, prompt):
    cap = token_cap(audio_s, rate, prompt)
    length = generate_max_length(cap, prompt)
    assert 1 <= cap <= 224
    assert min(length // 2, length - prompt) == cap
    assert length <= 448
