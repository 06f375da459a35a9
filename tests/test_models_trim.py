"""Models with a smaller output head: what they hold, and that they write what the whole model writes."""

from __future__ import annotations

import json
import shutil
import struct
import wave
from dataclasses import replace
from pathlib import Path

import ctranslate2
import numpy as np
import pytest
import soxr
from hypothesis import example, given
from hypothesis import strategies as st
from model_hub import write_model
from tokenizers import Tokenizer

from callcore.cli import run
from callcore.config import ModelSettings, RecogniseSettings
from callcore.engines.faster_whisper import FasterWhisperEngine, WhisperFiles
from callcore.engines.languages import language_probabilities
from callcore.engines.token_map import read_token_map
from callcore.errors import LanguageUnsupported, ModelCorrupt, ModelError, ModelNotFound
from callcore.models.install import add, verify
from callcore.models.record import read_record
from callcore.models.registry import best, find, find_models, resolve
from callcore.models.trim import trim
from callcore.models.weights import check_weights
from callcore.types import SAMPLE_RATE_HZ, DecodeRequest, Effort, RequestKind

ROOT = Path(__file__).parent.parent
STARTER = ROOT / "models" / "starter-zh"
ZH = frozenset({"zh"})
NO_MARKS, END, START, NO_SPEECH = "<|notimestamps|>", "<|endoftext|>", "<|startoftranscript|>", "<|nospeech|>"


@pytest.fixture(scope="module", autouse=True)
def surroundings(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        place = tmp_path_factory.mktemp("trim")
        patch.setenv("XDG_DATA_HOME", str(place / "data"))
        patch.setenv("CALLCORE_MODELS__FOLDER", str(place / "models"))
        patch.setattr("callcore.models.files.data_folder", lambda: place / "data" / "callcore")
        patch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(place / "hub"))
        yield place


@pytest.fixture(scope="module")
def settings(surroundings):
    return ModelSettings(folder=surroundings / "models")


@pytest.fixture(scope="module")
def small(settings):
    """The starter model for Chinese alone."""
    return trim("starter-zh", ["zh"], settings).model


@pytest.fixture(scope="module")
def several(surroundings):
    """The starter model as one that nobody described: its tokenizer names 99 languages."""
    folder = shutil.copytree(STARTER, surroundings / "several")
    (folder / "model.bin").write_bytes(with_one_bit_changed((folder / "model.bin").read_bytes()))
    return folder


@pytest.fixture(scope="module")
def two_languages(several, settings):
    return trim(str(several), ["zh", "en"], settings, limit=12_000).model


def with_one_bit_changed(weights):
    """Other weights in name only: the bit is of the row of a token that no text has."""
    variables = {}
    read_variables(weights, variables)
    _, _, start, size = variables["decoder/embeddings/weight"]
    at = start + 50_256 * (size // 51_865)
    return weights[:at] + bytes([weights[at] ^ 1]) + weights[at + 1 :]


def read_variables(weights, found):
    """Name to dimensions, type, start and size of the bytes, for every variable of a model.bin."""
    at = 4
    (length,) = struct.unpack_from("<H", weights, at)
    at += 2 + length
    _, count = struct.unpack_from("<II", weights, at)
    at += 8
    for _ in range(count):
        (length,) = struct.unpack_from("<H", weights, at)
        name = weights[at + 2 : at + 1 + length].decode()
        at += 2 + length
        rank = weights[at]
        dimensions = struct.unpack_from(f"<{rank}I", weights, at + 1)
        dtype, size = struct.unpack_from("<BI", weights, at + 1 + 4 * rank)
        at += 6 + 4 * rank
        found[name] = (dimensions, dtype, at, size)
        at += size
    return at


def load(folder, languages=ZH, hotwords=()):
    files = WhisperFiles("model", folder, languages, window_s=12.0, padding_s=3.0)
    return FasterWhisperEngine(files, RecogniseSettings(workers=1, device="cpu"), hotwords)


@pytest.fixture(scope="module")
def turns(fixture_call, fixture_call_reference):
    with wave.open(str(fixture_call)) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2).T / 32768
        rate = file.getframerate()
    channels = [soxr.resample(channel.astype(np.float32), rate, SAMPLE_RATE_HZ) for channel in pcm]
    cut = []
    for turn in fixture_call_reference["turns"]:
        start = round((turn["start"] - 0.2) * SAMPLE_RATE_HZ)
        audio = channels[turn["channel"]][start : round((turn["end"] + 0.2) * SAMPLE_RATE_HZ)]
        cut.append(DecodeRequest("0-1", RequestKind.FINAL, 0, start, audio, "zh", Effort()))
    return cut


def assert_same_answers(ours, whole, requests):
    for request in requests:
        (answer,), (expected,) = ours.decode([request]), whole.decode([request])
        assert answer.hypothesis.text == expected.hypothesis.text
        assert answer.hypothesis.tokens == expected.hypothesis.tokens
        shown = [(word.text, word.start_sample, word.end_sample) for word in answer.hypothesis.words]
        assert shown == [(word.text, word.start_sample, word.end_sample) for word in expected.hypothesis.words]
        assert answer.hypothesis.avg_logprob == pytest.approx(expected.hypothesis.avg_logprob, abs=0.01)
        assert answer.no_speech_probability == pytest.approx(expected.no_speech_probability, abs=0.01)


def test_the_bundled_call_reads_as_with_the_whole_model(small, turns):
    ours, whole = load(small.folder), load(STARTER)
    assert_same_answers(ours, whole, turns)
    assert_same_answers(ours, whole, [replace(turn, kind=RequestKind.PARTIAL) for turn in turns])
    ours.close()
    whole.close()


def test_history_prefix_and_hotwords_are_shown_to_the_decoder_alike(small, turns):
    words = ["挂失", "ATM", "额度", "Überweisung"]  # the last has tokens that were left out
    ours, whole = load(small.folder, hotwords=words[:3]), load(STARTER, hotwords=words[:3])
    said = [replace(turn, history="您好，请问有什么可以帮您？") for turn in turns[:6]]
    begun = [
        replace(turn, kind=RequestKind.PARTIAL, prefix=whole.decode([turn])[0].hypothesis.text[:3])
        for turn in turns[:6]
    ]
    assert_same_answers(ours, whole, said + begun)
    foreign = load(small.folder, hotwords=words)
    assert foreign.decode([turns[0]])[0].hypothesis.text
    for engine in (ours, whole, foreign):
        engine.close()


def test_languages_are_told_as_by_the_whole_model(several, two_languages, turns):
    both = frozenset({"zh", "en"})
    ours, whole = load(two_languages.folder, both), load(several, both)
    assert ours.info.languages == both
    length = min(len(turn.audio) for turn in turns[:2])
    asked = [
        replace(turn, kind=RequestKind.LANGUAGE, language=None, audio=turn.audio[:length], segment_id=str(index))
        for index, turn in enumerate(turns[:2])
    ]
    for answer, expected in zip(ours.decode(asked), whole.decode(asked), strict=True):
        assert answer.language_probabilities.keys() == both
        assert answer.language_probabilities == pytest.approx(expected.language_probabilities, rel=1e-4, abs=1e-12)
    ours.close()
    whole.close()


def test_all_languages_of_the_whole_model_share_the_probability(several, two_languages):
    noise = np.random.default_rng(4).standard_normal((2, 80, 400)).astype(np.float32)
    whole, ours = (ctranslate2.models.Whisper(str(folder)) for folder in (several, two_languages.folder))
    encoded = whole.encode(ctranslate2.StorageView.from_array(noise))
    tokenizer = Tokenizer.from_file(str(two_languages.folder / "tokenizer.json"))
    expected = [{token.strip("<|>"): share for token, share in ranked} for ranked in whole.detect_language(encoded)]
    assert len(expected[0]) == 99
    for answer, told in zip(language_probabilities(ours, encoded, 2, tokenizer), expected, strict=True):
        assert answer == pytest.approx(told, rel=1e-3, abs=1e-20)


def test_a_language_it_was_not_made_for_is_refused(several, settings, turns):
    folder = trim(str(several), ["en"], settings, new_name="english", force=True).model.folder
    engine = load(folder, frozenset())
    assert engine.info.languages == {"en"}
    with pytest.raises(LanguageUnsupported):
        engine.decode([turns[0]])
    engine.close()


def test_ctranslate2_finds_its_own_tokens(small):
    """Marks of time, silence and the tokens that are never written, without callcore's engine."""
    rows = read_token_map(small.folder).rows
    noise = np.random.default_rng(5).standard_normal((1, 80, 400)).astype(np.float32)
    answers = []
    for folder in (small.folder, STARTER):
        texts = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
        number = texts.index
        model = ctranslate2.models.Whisper(str(folder), compute_type="int8")
        encoded = model.encode(ctranslate2.StorageView.from_array(noise))
        start = [number(START), number("<|zh|>"), number("<|transcribe|>")]
        timed, plain = (
            model.generate(encoded, [prompt], beam_size=1, max_length=40, return_no_speech_prob=True)[0]
            for prompt in (start, [*start, number(NO_MARKS)])
        )
        assert timed.sequences[0][0].startswith("<|")  # a mark of time comes first
        assert not any(token.startswith("<|") for token in plain.sequences[0])
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        silenced = {texts[row] for row in config["suppress_ids"]}
        answers.append((timed.sequences, plain.sequences, timed.no_speech_prob, silenced, config["lang_ids"]))
        assert [texts[row] for row in config["lang_ids"]][:2] == ["<|en|>", "<|zh|>"]
    ours, whole = answers
    assert ours[:2] == whole[:2]
    assert 0 < ours[2] == pytest.approx(whole[2], rel=0.05)
    assert ours[3] <= whole[3]
    assert [rows[row] for row in ours[4]] == whole[4]


def test_rows_are_copied_as_they_are_stored(small):
    old, new = ((folder / "model.bin").read_bytes() for folder in (STARTER, small.folder))
    rows = read_token_map(small.folder).rows
    before, after = {}, {}
    old_end, new_end = read_variables(old, before), read_variables(new, after)
    check_weights(small.folder / "model.bin")
    assert old[old_end:] == new[new_end:]
    assert before.keys() == after.keys()
    for name, (dimensions, dtype, start, size) in before.items():
        mine, same_type, at, bytes_now = after[name]
        kept, stored = new[at : at + bytes_now], old[start : start + size]
        assert dtype == same_type
        if name.startswith(("decoder/embeddings", "decoder/projection")):
            assert mine == (len(rows), *dimensions[1:])
            assert kept == np.frombuffer(stored, np.uint8).reshape(51_865, -1)[list(rows)].tobytes()
        else:
            assert (mine, kept) == (dimensions, stored)


@pytest.fixture(scope="module")
def tokenizers(small):
    return Tokenizer.from_file(str(STARTER / "tokenizer.json")), Tokenizer.from_file(
        str(small.folder / "tokenizer.json")
    )


CHINESE = st.text(
    st.sampled_from("我们银行卡挂失额度龘〇，。？！、《》“”…—·￥０Ａa bc19%")
    | st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)
)


@given(
    CHINESE
    | st.text()
    | st.sampled_from(["Überweisung 12,5 €", "もしもし", "Привет", "여보세요", "🙂👍🏽", "naïve café"])
)
@example("我的ATM卡在2025年10月1日被吞了，请帮我查一下APP里的13800138000。")
def test_every_text_stays_writable(tokenizers, small, text):
    whole, ours = tokenizers
    rows = read_token_map(small.folder).rows
    written = ours.encode(text, add_special_tokens=False).ids
    assert ours.decode(written) == whole.decode(whole.encode(text, add_special_tokens=False).ids)
    published = whole.encode(text, add_special_tokens=False).ids
    if set(published) <= set(rows):  # where nothing was left out, the pieces are the same
        assert [rows[row] for row in written] == published


def test_the_kept_tokens(small, two_languages, several, settings):
    texts = json.loads((STARTER / "vocabulary.json").read_text(encoding="utf-8"))
    kept = set(read_token_map(small.folder).rows)
    whole = Tokenizer.from_file(str(STARTER / "tokenizer.json"))
    assert kept >= set(range(256)) | set(range(texts.index(END), 51_865))
    for text in ("是", "银", "。", "？", "《", " 我", "2025", "ATM", "APP", " a", " the"):
        assert kept >= set(whole.encode(text).ids), text
    assert whole.token_to_id("о") not in kept  # Cyrillic
    assert whole.token_to_id("Ġlanguages") not in kept
    assert 5_000 < len(kept) < 13_000
    assert len(read_token_map(two_languages.folder).rows) == 12_000
    english = set(read_token_map(trim(str(several), ["en"], settings, new_name="en", force=True).model.folder).rows)
    assert {whole.token_to_id(text) for text in ("Ġlanguages", "Ġrefund", "ĠATM")} <= english
    assert whole.token_to_id("æĺ¯") not in english  # 是


def test_older_layouts_of_the_files_give_the_same(several, two_languages, settings, tmp_path):
    folder = shutil.copytree(several, tmp_path / "older")
    texts = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
    (folder / "vocabulary.json").unlink()
    (folder / "vocabulary.txt").write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    tokenizer["model"]["merges"] = [" ".join(merge) for merge in tokenizer["model"]["merges"]]
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    older = trim(str(folder), ["zh", "en"], settings, limit=12_000).model
    for name in ("model.bin", "config.json", "vocabulary.json", "token_map.json"):
        assert (older.folder / name).read_bytes() == (two_languages.folder / name).read_bytes()
    ours, theirs = (Tokenizer.from_file(str(model.folder / "tokenizer.json")) for model in (older, two_languages))
    assert ours.encode("我的 refund").ids == theirs.encode("我的 refund").ids


def test_it_is_installed_with_its_origin_and_the_facts_of_it(small, settings):
    whole = resolve("starter-zh", "zh", settings)
    record = read_record(small.folder)
    assert small.name == "starter-zh-zh"
    assert record.source == "trimmed:starter-zh"
    assert (record.origin.name, record.origin.model_hash) == ("starter-zh", whole.model_hash)
    assert small.model_hash != whole.model_hash
    assert (small.window_s, small.padding_s, small.padding_measured) == (whole.window_s, whole.padding_s, True)
    assert (small.languages, small.licence, small.synthetic_only) == (("zh",), whole.licence, True)
    assert record.facts.quality_rank == 10
    assert (small.folder / "LICENSE").is_file()
    assert resolve("starter-zh-zh", "zh", settings).model_hash == small.model_hash


def test_auto_goes_on_taking_the_whole_model(small, settings):
    models = [model for model in find_models(settings) if model.name in ("starter-zh", small.name)]
    assert best(models, "zh").name == "starter-zh"
    assert best(models[::-1], "zh").name == "starter-zh"
    assert best([find(small.name, settings)], "zh").name == small.name


def test_a_damaged_one_is_found_and_made_again(settings, capsys):
    made = trim("starter-zh", ["zh"], settings, new_name="hurt", limit=9000).model
    rows = made.folder / "token_map.json"
    rows.write_text(rows.read_text(encoding="utf-8").replace("9", "8", 1), encoding="utf-8")
    (outcome,) = verify("hurt", settings)
    assert "checksum of token_map.json" in outcome.fault
    command = "callcore models trim starter-zh --languages zh --tokens 9000 --name hurt --force"
    assert command in outcome.mend
    assert run(command.split()[1:]) == 0
    assert f"installed hurt in {made.folder}: 9,000 of 51,865 tokens" in capsys.readouterr().out
    assert not verify("hurt", settings)[0].fault
    shutil.rmtree(made.folder)


def test_one_made_from_a_folder_names_the_folder(several, two_languages, settings):
    assert find(two_languages.name, settings).origin.source == f"folder:{several}"
    (two_languages.folder / "vocabulary.json").rename(two_languages.folder / "away")
    try:
        (outcome,) = verify(two_languages.name, settings)
        assert f"callcore models trim {several} --languages zh,en" in outcome.mend
    finally:
        (two_languages.folder / "away").rename(two_languages.folder / "vocabulary.json")


def test_a_copy_added_elsewhere_keeps_all_of_it(small, surroundings, tmp_path):
    elsewhere = ModelSettings(folder=tmp_path / "models")
    copy = add(small.folder, elsewhere, name="copy")
    assert copy.model_hash == small.model_hash
    assert read_record(copy.folder).origin == read_record(small.folder).origin
    (copy.folder / "callcore-model.json").unlink()
    assert find("copy", elsewhere).facts.languages == ("zh",)


def test_a_map_that_does_not_fit_is_a_corrupt_model(small, tmp_path):
    folder = shutil.copytree(small.folder, tmp_path / "model")
    token_map = json.loads((folder / "token_map.json").read_text(encoding="utf-8"))
    for rows in (token_map["rows"][::-1], [*token_map["rows"], 99_999], []):
        (folder / "token_map.json").write_text(json.dumps({**token_map, "rows": rows}), encoding="utf-8")
        with pytest.raises(ModelCorrupt):
            load(folder)


@pytest.mark.parametrize(
    ("name", "languages", "limit", "error", "says"),
    [
        ("starter-zh", ["fr"], None, LanguageUnsupported, "cannot tell the tokens of fr"),
        ("starter-zh", ["zh", "en"], None, LanguageUnsupported, "does not know the language en"),
        ("starter-zh", [], None, ModelError, "no language"),
        ("starter-zh", ["zh"], 2000, ModelError, "at least, more than 2,000"),
        ("starter-zh-zh", ["zh"], None, ModelError, "smaller head already"),
        ("nonesuch", ["zh"], None, ModelNotFound, "nonesuch"),
    ],
)
def test_what_cannot_be_made_says_why_and_leaves_nothing(small, settings, name, languages, limit, error, says):
    before = {entry.name for entry in settings.folder.iterdir() if entry.suffix != ".lock"}
    with pytest.raises(error, match=says):
        trim(name, languages, settings, new_name="new", limit=limit)
    assert {entry.name for entry in settings.folder.iterdir() if entry.suffix != ".lock"} == before


def test_a_tokenizer_of_another_kind_is_refused(settings, tmp_path):
    with pytest.raises(ModelError, match="none of Whisper's"):
        trim(str(write_model(tmp_path / "mini")), ["zh"], settings)


def test_a_name_that_is_taken_stays_as_it_is(small, settings):
    with pytest.raises(ModelError, match="already installed"):
        trim("starter-zh", ["zh"], settings)
    assert not verify(small.name, settings)[0].fault


def test_the_list_says_what_it_is(small, capsys):
    assert run(["models", "list", "--format", "json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows[small.name]["made_from"] == "starter-zh"
    assert rows[small.name]["size_bytes"] < rows["starter-zh"]["size_bytes"] / 2
    assert rows["starter-zh"]["auto"] != rows[small.name]["auto"] or not rows[small.name]["auto"]
    assert run(["models", "list"]) == 0
    assert "starter-zh with a smaller head" in capsys.readouterr().out
