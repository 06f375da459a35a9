"""A checkpoint as a CTranslate2 Whisper model: ``python -m models.training.starter.export CHECKPOINT FOLDER``."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from ctranslate2.specs import common_spec, whisper_spec
from torch import Tensor, nn

from models.training.starter.checkpoints import State
from models.training.starter.model import PUBLISHED_POSITIONS, Attention, Encoder, Layer, Shape, Starter
from models.training.starter.tokens import PUBLISHED

NEVER = -1e4  #: what is added to the score of tokens that were not learnt
COUNTS = "training"  #: where config.json tells what the model has seen
COUNTED = ("step", "heard_s", "spent_s")
BUNDLED = Path(__file__).parents[3] / "models" / "starter-zh"
COPIED = ("tokenizer.json", "vocabulary.json")


def export(checkpoint: Path, folder: Path, *, averaged: bool = False, quantization: str = "int8") -> str:
    """Write a model folder that faster-whisper and callcore load; its language."""
    state = State.load(checkpoint)
    model = state.model(averaged=averaged).float().eval()
    shape = state.shape
    spec = whisper_spec.WhisperSpec(shape.encoder_layers, shape.heads, shape.decoder_layers, shape.heads)
    with torch.no_grad():
        _fill(spec, model, state.rows)
    _configure(spec, state)
    folder.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        shutil.copyfile(BUNDLED / name, folder / name)
    spec.register_vocabulary(json.loads((BUNDLED / "vocabulary.json").read_text(encoding="utf-8")))
    spec.validate()
    spec.optimize(quantization=quantization)
    spec.save(str(folder))
    _write_preprocessor(folder, shape)
    return state.language


def _configure(spec: whisper_spec.WhisperSpec, state: State) -> None:
    given = json.loads((BUNDLED / "config.json").read_text(encoding="utf-8"))
    spec.config.suppress_ids = given["suppress_ids"]
    spec.config.suppress_ids_begin = given["suppress_ids_begin"]
    spec.config.lang_ids = given["lang_ids"]
    shape = state.shape
    spec.config.alignment_heads = [[shape.align_layer, head] for head in range(shape.align_heads)]
    spec.config.add_attribute(COUNTS, {name: round(getattr(state, name)) for name in COUNTED})


def _write_preprocessor(folder: Path, shape: Shape) -> None:
    settings = json.loads((BUNDLED / "preprocessor_config.json").read_text(encoding="utf-8"))
    seconds = shape.positions // 50
    settings |= {"chunk_length": seconds, "n_samples": seconds * 16_000, "nb_max_frames": seconds * 100}
    (folder / "preprocessor_config.json").write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")


def _fill(spec: whisper_spec.WhisperSpec, model: Starter, rows: Sequence[int]) -> None:
    encoder, decoder = model.encoder, model.decoder
    for target, conv in ((spec.encoder.conv1, encoder.first), (spec.encoder.conv2, encoder.second)):
        target.weight, target.bias = _array(conv.weight), _array(conv.bias)
    spec.encoder.position_encodings.encodings = _array(encoder_places(model))
    for ours, theirs in zip(encoder.layers, spec.encoder.layer, strict=True):
        _fill_layer(theirs, ours)
    _fill_norm(spec.encoder.layer_norm, encoder.norm)
    embedding = torch.zeros(PUBLISHED, model.shape.width)
    embedding[list(rows)] = decoder.embedding.weight
    bias = torch.full((PUBLISHED,), NEVER)
    bias[list(rows)] = 0.0
    spec.decoder.embeddings.weight = _array(embedding)
    spec.decoder.projection.weight = spec.decoder.embeddings.weight
    spec.decoder.projection.bias = _array(bias)
    spec.decoder.scale_embeddings = False
    spec.decoder.position_encodings.encodings = _array(decoder.places)
    for ours, theirs in zip(decoder.layers, spec.decoder.layer, strict=True):
        _fill_layer(theirs, ours)
    _fill_norm(spec.decoder.layer_norm, decoder.norm)


def encoder_places(model: Starter) -> Tensor:
    """Places of all positions: those behind the longest window are such that silence there gives the pad vector."""
    encoder = model.encoder
    places = encoder.places.clone()
    places[model.shape.positions :] = encoder.pad - after_silence(encoder)
    assert len(places) == PUBLISHED_POSITIONS
    return places


@torch.no_grad()
def after_silence(encoder: Encoder) -> Tensor:
    """What the encoder's convolutions make of silence, (width,)."""
    silence = torch.zeros(1, encoder.shape.mels, 40)
    x = nn.functional.gelu(encoder.first(silence.transpose(1, 2)))
    stem: Tensor = nn.functional.gelu(encoder.second(x))[0, 10]
    return stem


def _fill_layer(target: common_spec.LayerSpec, layer: Layer) -> None:
    _fill_self(target.self_attention, layer.attention, layer.attention_norm)
    if layer.cross is not None and layer.cross_norm is not None:
        _fill_norm(target.attention.layer_norm, layer.cross_norm)
        _fill_linear(target.attention.linear[0], layer.cross.query)
        _fill_joined(target.attention.linear[1], layer.cross.key, layer.cross.value)
        _fill_linear(target.attention.linear[2], layer.cross.out)
    _fill_norm(target.ffn.layer_norm, layer.forward_norm)
    _fill_linear(target.ffn.linear_0, layer.wide)
    _fill_linear(target.ffn.linear_1, layer.narrow)


def _fill_self(target: common_spec.LayerSpec, attention: Attention, norm: nn.LayerNorm) -> None:
    _fill_norm(target.layer_norm, norm)
    _fill_joined(target.linear[0], attention.query, attention.key, attention.value)
    _fill_linear(target.linear[1], attention.out)


def _fill_linear(target: common_spec.LinearSpec, linear: nn.Linear) -> None:
    _fill_joined(target, linear)


def _fill_joined(target: common_spec.LinearSpec, *parts: nn.Linear) -> None:
    target.weight = _array(torch.cat([part.weight for part in parts]))
    biases = [part.bias if part.bias is not None else torch.zeros(part.weight.shape[0]) for part in parts]
    target.bias = _array(torch.cat(biases))


def _fill_norm(target: common_spec.LayerNormSpec, norm: nn.LayerNorm) -> None:
    target.gamma, target.beta = _array(norm.weight), _array(norm.bias)


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().float().contiguous().numpy()


def main(arguments: Sequence[str] | None = None) -> int:
    """Export one checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--averaged", action="store_true", help="the running mean of the weights")
    options = parser.parse_args(arguments)
    language = export(options.checkpoint, options.folder, averaged=options.averaged)
    size = (options.folder / "model.bin").stat().st_size
    print(f"{options.folder}: {size / 1e6:.1f} MB, language {language}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
