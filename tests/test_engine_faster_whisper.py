"""The Whisper engine on the bundled starter model and bundled speech."""

from __future__ import annotations

import shutil
import wave
from dataclasses import replace

import numpy as np
import pytest
import soxr
from threadpoolctl import threadpool_info

from callcore.config import RecogniseSettings
from callcore.engines.faster_whisper import FasterWhisperEngine, WhisperFiles
from callcore.errors import ConfigError, EngineError, LanguageUnsupported, ModelCorrupt
from callcore.evaluate.normalise import MANDARIN
from callcore.types import SAMPLE_RATE_HZ, DecodeRequest, Effort, RequestKind

ZH = frozenset({"zh"})


def load(folder, **settings):
    files = WhisperFiles("starter-zh", folder, ZH, window_s=12.0, padding_s=2.0)
    return FasterWhisperEngine(files, RecogniseSettings(workers=2, device="cpu", **settings))


@pytest.fixture(scope="module")
def engine(starter_model):
    loaded = load(starter_model)
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def turns(fixture_call, fixture_call_reference):
    """The reference turns of the bundled call as (audio, start_sample, turn)."""
    with wave.open(str(fixture_call)) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2).T / 32768
        rate = file.getframerate()
    channels = [soxr.resample(channel.astype(np.float32), rate, SAMPLE_RATE_HZ) for channel in pcm]
    cut = []
    for turn in fixture_call_reference["turns"]:
        start = round((turn["start"] - 0.2) * SAMPLE_RATE_HZ)
        end = round((turn["end"] + 0.2) * SAMPLE_RATE_HZ)
        cut.append((channels[turn["channel"]][start:end], start, turn))
    return cut


def request(audio, start=0, name="0-1", effort=None, language="zh", kind=RequestKind.FINAL):
    return DecodeRequest(name, kind, 0, start, audio, language, effort or Effort())


def test_reads_the_bundled_speech(engine, turns):
    audio, start, turn = turns[15]
    (result,) = engine.decode([request(audio, start)])
    assert turn["text"].strip("。")[-2:] in result.hypothesis.text
    assert result.hypothesis.avg_logprob > -0.5


def test_word_times_fall_where_the_words_were_synthesised(engine, turns):
    errors = []
    for audio, start, turn in turns:
        (result,) = engine.decode([request(audio, start)])
        heard = {word.text[0]: word.start_sample / SAMPLE_RATE_HZ for word in result.hypothesis.words}
        errors += [abs(heard[char] - onset) for char, onset in turn["char_onsets"] if char in heard]
    assert len(errors) > 120
    assert np.median(errors) < 0.1


def test_words_lie_inside_the_audio_in_order_and_add_up_to_the_text(engine, turns):
    for audio, start, _ in turns:
        (result,) = engine.decode([request(audio, start)])
        words = result.hypothesis.words
        edges = [edge for word in words for edge in (word.start_sample, word.end_sample)]
        assert edges == sorted(edges)
        assert edges[0] >= start
        assert edges[-1] <= start + len(audio)
        assert "".join(word.text for word in words) == result.hypothesis.text.replace(" ", "")
        assert all(0 <= word.probability <= 1 for word in words)


def test_batching_changes_no_answer(engine, turns):
    groups = {}
    for index, (audio, start, _) in enumerate(turns):
        asked = request(audio, start, name=str(index))
        groups.setdefault(engine.batch_key(asked), []).append(asked)
    assert max(map(len, groups.values())) >= 4
    for group in groups.values():
        together = engine.decode(group)
        alone = [engine.decode([asked])[0] for asked in group]
        assert [r.hypothesis.words for r in together] == [r.hypothesis.words for r in alone]
        assert [r.segment_id for r in together] == [asked.segment_id for asked in group]


def test_trimmed_window_reads_as_well_as_the_whole_one(engine, turns):
    audio, start, _ = turns[4]
    trimmed = engine.decode([request(audio, start)])[0]
    whole = engine.decode([request(audio, start, effort=Effort(full_window=True))])[0]
    assert trimmed.window_s < whole.window_s == 12.0
    trimmed_units, whole_units = (MANDARIN.units(one.hypothesis.text) for one in (trimmed, whole))
    assert trimmed_units == whole_units  # marks are guesses


@pytest.mark.parametrize("length_s", [0.05, 0.1, 0.4, 1.59, 1.6, 12.0, 40.0])
def test_any_length_of_audio_is_answered(engine, length_s):
    noise = np.random.default_rng(1).normal(0, 0.05, round(length_s * SAMPLE_RATE_HZ)).astype(np.float32)
    (result,) = engine.decode([request(noise)])
    assert result.hypothesis is not None
    assert all(word.end_sample <= len(noise) for word in result.hypothesis.words)


def test_a_loop_is_bounded_by_the_token_cap(starter_model, turns):
    engine = load(starter_model, tokens_per_s=1.0)
    audio, start, _ = turns[0]  # eight seconds of speech
    (result,) = engine.decode([request(audio, start)])
    assert len(result.hypothesis.tokens) <= 9 + 8
    engine.close()


def test_a_padding_longer_than_the_window_asks_for_all_of_it(starter_model, turns):
    whole = load(starter_model, padding_s=30.0)
    audio, start, turn = turns[15]
    (result,) = whole.decode([request(audio, start)])
    assert result.window_s == 12.0
    assert len(result.hypothesis.text) > len(turn["text"]) / 2  # the token cap goes by the audio
    whole.close()


def test_the_only_language_of_a_model_needs_no_detection(engine, turns):
    (result,) = engine.decode([request(turns[0][0], language=None, kind=RequestKind.LANGUAGE)])
    assert result.language_probabilities == {"zh": 1.0}


def test_a_language_the_model_does_not_write_is_refused(engine, turns):
    with pytest.raises(LanguageUnsupported, match="'en'"):
        engine.decode([request(turns[0][0], language="en")])


def test_compute_type_that_the_machine_lacks_is_a_clear_error(starter_model):
    with pytest.raises(ConfigError, match="float99"):
        load(starter_model, compute_type="float99")


@pytest.mark.parametrize("damage", ["truncate", "garbage", "missing", "tokenizer"])
def test_broken_model_files_are_named(starter_model, tmp_path, damage):
    folder = shutil.copytree(starter_model, tmp_path / "model")
    weights = folder / "model.bin"
    if damage == "truncate":
        weights.write_bytes(weights.read_bytes()[:100_000])
    elif damage == "garbage":
        weights.write_bytes(b"not a model" * 1000)
    elif damage == "missing":
        weights.unlink()
    else:
        (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelCorrupt, match="starter-zh"):
        load(folder)


def test_a_failing_decode_is_an_engine_error(starter_model, turns):
    engine = load(starter_model)
    engine.close()
    with pytest.raises(EngineError):
        engine.decode([request(turns[0][0])])


def test_hotwords_are_shown_to_the_decoder(starter_model, turns):
    files = WhisperFiles("starter-zh", starter_model, ZH, window_s=12.0, padding_s=2.0)
    engine = FasterWhisperEngine(files, RecogniseSettings(workers=1, device="cpu"), ["挂失", "额度"])
    audio, start, _ = turns[15]
    (result,) = engine.decode([request(audio, start)])
    assert result.hypothesis.text
    assert "额度" not in result.hypothesis.text  # the prompt itself is not written out
    engine.close()


def words_said(result):
    return "".join(word.text for word in result.hypothesis.words)


def test_a_partial_begins_with_what_was_committed(engine, turns):
    audio, start, _ = turns[3]
    (free,) = engine.decode([request(audio, start, kind=RequestKind.PARTIAL)])
    prefix = words_said(free)[:3]
    (bound,) = engine.decode([replace(request(audio, start, kind=RequestKind.PARTIAL), prefix=prefix)])
    assert words_said(bound).startswith(prefix)
    assert words_said(bound) == words_said(free)  # its own words are no news to it
    assert bound.hypothesis.avg_logprob == pytest.approx(free.hypothesis.avg_logprob, abs=0.3)


def test_partials_with_different_prefixes_may_share_a_batch(engine, turns):
    length = min(len(audio) for audio, _, _ in turns[:4])
    asked = []
    for audio, start, _ in turns[:4]:
        (free,) = engine.decode([request(audio[:length], start, kind=RequestKind.PARTIAL)])
        prefix = words_said(free)[: len(asked)]
        asked.append(replace(request(audio[:length], start, kind=RequestKind.PARTIAL), prefix=prefix))
    assert len({engine.batch_key(item) for item in asked}) == 1
    together = engine.decode(asked)
    assert together == [engine.decode([item])[0] for item in asked]


def test_a_partial_without_a_language_finds_it(engine, turns):
    audio, start, _ = turns[3]
    (result,) = engine.decode([request(audio, start, kind=RequestKind.PARTIAL, language=None)])
    assert result.language == "zh"
    assert result.hypothesis.text


def test_results_say_which_audio_they_are_of(engine, turns):
    audio, start, _ = turns[3]
    (result,) = engine.decode([request(audio, start)])
    assert (result.start_sample, result.end_sample) == (start, start + len(audio))


def test_matrix_products_stay_on_the_thread_that_asks(engine):
    assert {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"} <= {1}
