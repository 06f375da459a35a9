"""Widened models: the shape of a published model, the function of the small one they were made from."""

from __future__ import annotations

import wave

import ctranslate2
import numpy as np
import pytest
import soxr
from faster_whisper.feature_extractor import FeatureExtractor

from benchmarks.ctranslate2_weights import read_weights
from benchmarks.random_whisper import SHAPES
from benchmarks.widened_whisper import Widening, build
from callcore.config import ModelSettings
from callcore.models.manifest import load_manifest
from callcore.models.registry import resolve

PROMPT = [50258, 50260, 50359, 50363]  # start of transcript, Chinese, transcribe, no timestamps
PIECE_S = 6.0


def load(folder):
    return ctranslate2.models.Whisper(str(folder), device="cpu", compute_type="float32", intra_threads=1)


@pytest.fixture(scope="module")
def spectrograms(fixture_call):
    """Three stretches of the bundled call, each float32 (1, 80, 600)."""
    with wave.open(str(fixture_call)) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2) / np.float32(32768)
        audio = soxr.resample(pcm.astype(np.float32), file.getframerate(), 16_000)
    extractor = FeatureExtractor(feature_size=80)
    cuts = [(0, 4.0), (1, 12.0), (0, 30.0)]
    size = round(PIECE_S * 16_000)
    pieces = [audio[round(start * 16_000) :][:size, channel] for channel, start in cuts]
    return [np.ascontiguousarray(extractor(piece)[np.newaxis, :, :600], np.float32) for piece in pieces]


def answers(model, spectrograms):
    """Encoder output, tokens, score and alignment of each stretch."""
    found = []
    for spectrogram in spectrograms:
        encoded = model.encode(ctranslate2.StorageView.from_array(spectrogram))
        (text,) = model.generate(encoded, [PROMPT], beam_size=5, max_length=80, return_scores=True)
        tokens = text.sequences_ids[0]
        (alignment,) = model.align(encoded, PROMPT[:3], [tokens], [600])
        found.append((np.array(encoded), tokens, text.scores[0], alignment.alignments))
    return found


@pytest.fixture(scope="module")
def widened(tmp_path_factory):
    return "base", build("base", tmp_path_factory.mktemp("widened") / "base")


def test_answers_as_the_model_it_was_made_from(widened, starter_model, spectrograms):
    size, folder = widened
    _, width, _ = SHAPES[size]
    expected = answers(load(starter_model), spectrograms)
    assert sum(len(tokens) for _, tokens, _, _ in expected) > 30
    for (small, tokens, score, path), (wide, *rest) in zip(expected, answers(load(folder), spectrograms), strict=True):
        assert wide.shape[-1] == width
        np.testing.assert_allclose(wide[..., : small.shape[-1]], small, atol=2e-3)
        assert rest == [tokens, pytest.approx(score, abs=1e-3), path]


def test_has_the_shape_and_stores_every_layer(widened):
    size, folder = widened
    layers, width, heads = SHAPES[size]
    weights = read_weights(folder / "model.bin")
    assert weights["encoder/num_heads"] == weights["decoder/num_heads"] == heads
    for part in ("encoder", "decoder"):
        hidden = [weights[f"{part}/layer_{number}/ffn/linear_0/weight"] for number in range(layers)]
        assert {array.shape for array in hidden} == {(4 * width, width)}
        assert len({array.tobytes() for array in hidden}) == layers  # equal layers would be stored and cached once
        assert f"{part}/layer_{layers}/ffn/linear_0/weight" not in weights


def test_callcore_takes_the_folder_for_a_model_with_the_starters_window(widened):
    _, folder = widened
    row = load_manifest().find("starter-zh")
    found = resolve(str(folder), "zh", ModelSettings())
    assert (found.window_s, found.padding_s) == (row.window_s, row.padding_s)


def test_a_norm_over_copies_gives_that_over_the_small_activations():
    random = np.random.default_rng(1)
    writer, values = random.normal(size=(4, 6)).astype(np.float32), random.normal(size=6).astype(np.float32)
    gamma, beta = random.normal(size=(2, 4)).astype(np.float32)
    reader = random.normal(size=(5, 4)).astype(np.float32)
    widening = Widening(4, 12)

    def norm(activations, gamma, beta):
        return (activations - activations.mean()) / activations.std() * gamma + beta

    expected = reader @ norm(writer @ values, gamma, beta)
    wide_norm = norm(widening.written(writer) @ values, widening.written(gamma), widening.written(beta))
    np.testing.assert_allclose(widening.read(reader) @ wide_norm, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("wide", [128, 384])
def test_a_width_that_holds_no_whole_number_of_copies_is_refused(wide):
    with pytest.raises(ValueError, match="whole number of copies"):
        Widening(256, wide)
