"""The starter recogniser's training, in the smallest size: loss, rates, checkpoints, and what is exported."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from ctranslate2 import StorageView  # noqa: E402
from ctranslate2.models import Whisper  # noqa: E402

from benchmarks.ctranslate2_weights import read_weights  # noqa: E402
from models.training.starter import losses, model, optimise  # noqa: E402
from models.training.starter.checkpoints import State  # noqa: E402
from models.training.starter.export import export  # noqa: E402
from models.training.starter.restore import restored  # noqa: E402
from models.training.starter.tokens import EOT, Tokens  # noqa: E402
from models.training.starter.train import saved_state  # noqa: E402

SHAPE = model.Shape(width=32, heads=2, encoder_layers=2, decoder_layers=2, positions=200)


@pytest.fixture(scope="module")
def state(starter_model: Path) -> State:
    file = starter_model / "tokenizer.json"
    rows = Tokens.rows_for(file, ["您好"], ["zh"], 4.0)
    torch.manual_seed(0)
    shape = model.Shape(**{**SHAPE.as_json(), "tokens": len(rows)})
    made = State(shape, tuple(rows))
    network = model.Starter(shape)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    made.weights = made.averaged = network.state_dict()
    return made


def test_a_checkpoint_comes_back_as_it_was(state: State, tmp_path: Path) -> None:
    state.save(tmp_path / "run" / "constant.pt")
    again = State.load(tmp_path / "run" / "constant.pt")
    assert again.shape == state.shape
    assert again.rows == state.rows
    assert torch.equal(again.weights["encoder.pad"], state.weights["encoder.pad"])


def test_a_run_goes_on_from_the_constant_rate_or_from_the_decayed_model(state: State, tmp_path: Path) -> None:
    for step, name in ((10, "constant.pt"), (15, "decayed.pt")):
        State(
            state.shape, state.rows, step=step, decay_spent_s=9.0, weights=state.weights, averaged=state.averaged
        ).save(tmp_path / name)
    constant = saved_state(tmp_path, decay=False, resume=True, rewarm=False)
    decaying = saved_state(tmp_path, decay=True, resume=True, rewarm=False)
    rewarmed = saved_state(tmp_path, decay=False, resume=False, rewarm=True)
    assert (constant.step, decaying.step, rewarmed.step) == (10, 15, 15)
    assert (decaying.decay_spent_s, rewarmed.decay_spent_s) == (9.0, 0.0)


def test_layers_that_are_added_change_nothing_at_first(state: State) -> None:
    grown = State(state.shape, state.rows, weights=dict(state.weights), averaged=dict(state.averaged))
    grown.grow(4)
    features = torch.randn(1, 80, 100)
    with torch.no_grad():
        before, after = (one.model().eval().encoder(features) for one in (state, grown))
    assert grown.shape.encoder_layers == 4
    assert torch.allclose(before, after, atol=1e-5)


def test_the_export_computes_what_was_trained(state: State, tmp_path: Path) -> None:
    state.save(tmp_path / "constant.pt")
    export(tmp_path / "constant.pt", tmp_path / "model", quantization="float32")
    whisper = Whisper(str(tmp_path / "model"), compute_type="float32")
    features = torch.randn(1, 80, 240)
    network = state.model().eval()
    with torch.no_grad():
        wanted = network.encoder(features).numpy()
    encoded = whisper.encode(StorageView.from_array(features.numpy()))
    assert np.allclose(np.array(encoded), wanted, atol=1e-4)
    # As if the window went on to 30 s: one token stands for all positions behind the longest window.
    whole = torch.zeros(1, 80, 3000)
    whole[:, :, :240] = features
    longest = whole[:, :, :400]
    with torch.no_grad():
        wanted = network.encoder(longest, padded=True).numpy()
    encoded = whisper.encode(StorageView.from_array(whole.numpy()))
    assert np.allclose(np.array(encoded)[:, :195], wanted[:, :195], atol=1e-4)


def test_a_run_begins_with_an_exported_model_and_counts_on(state: State, tmp_path: Path) -> None:
    replace(state, step=7, heard_s=120.0, spent_s=60.0).save(tmp_path / "run.pt")
    export(tmp_path / "run.pt", tmp_path / "first")
    begun = restored(tmp_path / "first", "zh")
    assert (begun.step, begun.heard_s, begun.spent_s, begun.begun) == (7, 120, 60, 7)
    begun.save(tmp_path / "run.pt")
    export(tmp_path / "run.pt", tmp_path / "second")
    first, second = (read_weights(tmp_path / name / "model.bin") for name in ("first", "second"))
    assert first.keys() == second.keys()
    assert all(np.allclose(first[name], second[name], atol=1e-5) for name in first)


def test_a_model_of_another_language_begins_no_run(state: State, tmp_path: Path) -> None:
    state.save(tmp_path / "run.pt")
    export(tmp_path / "run.pt", tmp_path / "model")
    with pytest.raises(ValueError, match="has not learnt the token of en"):
        restored(tmp_path / "model", "en")


def test_a_run_of_another_language_takes_over_the_layers_and_the_shared_tokens(state: State, tmp_path: Path) -> None:
    replace(state, step=7).save(tmp_path / "run.pt")
    export(tmp_path / "run.pt", tmp_path / "zh")
    rows = sorted((set(state.rows) - {50260}) | {50259, 1000, 1001})
    begun = restored(tmp_path / "zh", "en", rows)
    assert (begun.step, begun.language, begun.rows) == (0, "en", tuple(rows))
    begun.save(tmp_path / "run.pt")
    export(tmp_path / "run.pt", tmp_path / "en")
    first, second = (read_weights(tmp_path / name / "model.bin") for name in ("zh", "en"))
    shared = sorted(set(rows) & set(state.rows))
    tokens = "decoder/embeddings/weight"
    assert np.allclose(first[tokens][shared], second[tokens][shared], atol=1e-3)
    assert (second["decoder/projection/bias"][[50259, 1000]] == 0).all()
    assert (second[tokens][[50259, 1000]] != 0).any()
    kept = [name for name in first if not name.startswith(("decoder/embeddings", "decoder/projection"))]
    assert all(np.allclose(first[name], second[name], atol=1e-5) for name in kept)


def test_tokens_that_were_not_learnt_are_never_written(state: State, tmp_path: Path) -> None:
    state.save(tmp_path / "constant.pt")
    export(tmp_path / "constant.pt", tmp_path / "model")
    whisper = Whisper(str(tmp_path / "model"), compute_type="int8")
    encoded = whisper.encode(StorageView.from_array(np.zeros((1, 80, 240), np.float32)))
    found = whisper.generate(encoded, [[50258, 50260, 50359, 50363]], max_length=40, beam_size=3)
    assert set(found[0].sequences_ids[0]) <= set(state.rows) | {EOT}


def test_attention_is_guided_to_where_a_token_is_said() -> None:
    spans = torch.tensor([[[2, 4], [-1, -1]]])
    there = torch.full((1, 2, 2, 6), -9.0)
    there[..., 2:4] = float(np.log(0.5))
    elsewhere = torch.full((1, 2, 2, 6), -9.0)
    elsewhere[..., 0] = 0.0
    assert losses.guided(there, spans) < losses.guided(elsewhere, spans)
    assert losses.guided(there, spans).item() == pytest.approx(np.log(2), abs=1e-4)


def test_the_rate_rises_stays_and_falls() -> None:
    assert optimise.rate(0, 100) < 0.02
    assert optimise.rate(100, 100) == 1.0
    assert optimise.rate(150, 100, decayed=0.5) == 0.5
    assert optimise.rate(300, 100, decayed=1.2) == 0.0


def test_muon_makes_singular_values_alike() -> None:
    matrices = torch.randn(3, 24, 8, generator=torch.Generator().manual_seed(0))
    values = torch.linalg.svdvals(optimise.orthogonal(matrices, torch.float32))
    assert values.min() > 0.5
    assert values.max() < 1.5


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_smoke_run_trains_and_exports(language: str, tmp_path: Path) -> None:
    pytest.importorskip("soxr")
    from models.training.starter.espeak import Espeak

    try:
        Espeak()
    except OSError:
        pytest.skip("libespeak-ng is not on this machine")
    from models.training.starter.train import WARMUP, main

    assert main(["--smoke", "--language", language, "--out", str(tmp_path), "--steps", "2", "--rate", "0.5"]) == 0
    assert (tmp_path / "model" / "model.bin").stat().st_size > 1_000_000
    assert State.load(tmp_path / "constant.pt").step == 2
    shown = [json.loads(line)["rate"] for line in (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert shown == [pytest.approx(0.5 * optimise.rate(2, WARMUP), abs=1e-4)]
