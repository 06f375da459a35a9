"""Whisper models of the published shapes with random weights: for timing where no published weights are at hand.

A recogniser's speed depends on its shape and on how many tokens it writes, not on what the weights say. Random weights
never stop writing, so whoever times them must give every system the same token cap.

Shapes: Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision", 2022, table 1.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
from ctranslate2.specs import whisper_spec

ROOT = Path(__file__).resolve().parent.parent
TOKENIZER_FOLDER = ROOT / "models" / "starter-zh"  # the standard multilingual tokenizer of 51,865 tokens
SHAPES: dict[str, tuple[int, int, int]] = {  # layers, width, heads; 80 mel bands
    "tiny": (4, 384, 6),
    "base": (6, 512, 8),
    "small": (12, 768, 12),
}
VOCABULARY = 51_865
POSITIONS = 1500
MAX_TOKENS = 448


class _Weights:
    """Random arrays of float32 with the spread that keeps activations of a residual network near one."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def matrix(self, *shape: int) -> np.ndarray:
        fan_in = int(np.prod(shape[1:]))
        return self._random.standard_normal(shape, np.float32) / np.float32(np.sqrt(fan_in))

    def linear(self, spec: object, rows: int, columns: int, bias: bool = True) -> None:
        spec.weight = self.matrix(rows, columns)  # type: ignore[attr-defined]
        if bias:
            spec.bias = np.zeros(rows, np.float32)  # type: ignore[attr-defined]

    def norm(self, spec: object, width: int) -> None:
        spec.gamma = np.ones(width, np.float32)  # type: ignore[attr-defined]
        spec.beta = np.zeros(width, np.float32)  # type: ignore[attr-defined]

    def attention(self, spec: object, width: int, parts: tuple[int, ...]) -> None:
        self.norm(spec.layer_norm, width)  # type: ignore[attr-defined]
        for linear, factor in zip(spec.linear, parts, strict=True):  # type: ignore[attr-defined]
            self.linear(linear, factor * width, width)

    def feed_forward(self, spec: object, width: int) -> None:
        self.norm(spec.layer_norm, width)  # type: ignore[attr-defined]
        self.linear(spec.linear_0, 4 * width, width)  # type: ignore[attr-defined]
        self.linear(spec.linear_1, width, 4 * width)  # type: ignore[attr-defined]


def build(size: str, folder: Path, mels: int = 80, seed: int = 0) -> Path:
    """Write a model of shape ``size`` (a key of :data:`SHAPES`) into ``folder`` (made anew) and return it."""
    layers, width, heads = SHAPES[size]
    weights = _Weights(seed)
    spec = whisper_spec.WhisperSpec(layers, heads, layers, heads)
    encoder, decoder = spec.encoder, spec.decoder
    encoder.conv1.weight, encoder.conv1.bias = weights.matrix(width, mels, 3), np.zeros(width, np.float32)
    encoder.conv2.weight, encoder.conv2.bias = weights.matrix(width, width, 3), np.zeros(width, np.float32)
    encoder.position_encodings.encodings = weights.matrix(POSITIONS, width)
    weights.norm(encoder.layer_norm, width)
    for layer in encoder.layer:
        weights.attention(layer.self_attention, width, (3, 1))
        weights.feed_forward(layer.ffn, width)
    decoder.embeddings.weight = weights.matrix(VOCABULARY, width)
    decoder.projection.weight = decoder.embeddings.weight
    decoder.position_encodings.encodings = weights.matrix(MAX_TOKENS, width)
    weights.norm(decoder.layer_norm, width)
    for layer in decoder.layer:
        weights.attention(layer.self_attention, width, (3, 1))
        weights.attention(layer.attention, width, (1, 2, 1))
        weights.feed_forward(layer.ffn, width)
    tokens = json.loads((TOKENIZER_FOLDER / "vocabulary.json").read_text(encoding="utf-8"))
    spec.register_vocabulary(tokens)
    reference = json.loads((TOKENIZER_FOLDER / "config.json").read_text(encoding="utf-8"))
    spec.config.suppress_ids = reference["suppress_ids"]
    spec.config.suppress_ids_begin = reference["suppress_ids_begin"]
    spec.config.lang_ids = reference["lang_ids"]
    # The upper half of the decoder's heads, as OpenAI chose by default before alignment heads were published.
    spec.config.alignment_heads = [(layer, head) for layer in range(layers // 2, layers) for head in range(heads)]
    spec.validate()
    spec.optimize(quantization="int8")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    spec.save(str(folder))
    shutil.copy(TOKENIZER_FOLDER / "tokenizer.json", folder)
    (folder / "preprocessor_config.json").write_text(json.dumps({"feature_size": mels, "chunk_length": 30}))
    return folder


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", choices=SHAPES)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    print(build(arguments.size, arguments.folder))
