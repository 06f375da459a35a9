"""An exported model as the beginning of a run: the way back from :mod:`models.training.starter.export`.

The weights come back as far as int8 has kept them. The heads that only training has and the momenta begin anew. A run
of another language takes over all layers, and the vectors of the tokens that both languages write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.ctranslate2_weights import read_weights
from models.training.starter.checkpoints import State
from models.training.starter.export import COUNTS, NEVER, after_silence
from models.training.starter.model import Shape, Starter
from models.training.starter.talkers import frame_classes
from models.training.starter.tokens import LANGUAGES

Weights = Mapping[str, Tensor]


def restored(folder: Path, language: str, rows: Sequence[int] | None = None) -> State:
    """A run of ``language`` that begins with the model in ``folder``, which ``export`` has written.

    Without ``rows`` it goes on with the model's tokens and counts on from its steps. With ``rows``, the tokens to
    learn, it is a new run: tokens that the model has not learnt begin as in a run from nothing. Raises OSError where a
    file is missing, ValueError for a model of another shape, and without ``rows`` for one of another language.
    """
    weights = _weights(folder)
    learnt = _learnt(weights)
    if rows is None and LANGUAGES[language] not in learnt:
        raise ValueError(f"{folder} has not learnt the token of {language}")
    tokens = learnt if rows is None else tuple(rows)
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        shape = _shape(folder, config["alignment_heads"], weights, len(tokens), language)
        taken = _taken(weights)
    except KeyError as error:
        raise ValueError(f"{folder} is no model of this training: it has no {error}") from error
    new = Starter(shape).state_dict()
    shared = set(learnt)
    known = [row for row, token in enumerate(tokens) if token in shared]
    new["decoder.embedding.weight"][known] = weights["decoder/embeddings/weight"][[tokens[row] for row in known]]
    counts = config.get(COUNTS, {}) if rows is None else {}
    state = State(shape, tokens, language, weights=new | taken, **counts)
    state.begun = state.step
    state.weights["encoder.pad"] += after_silence(state.model().encoder)
    return state


def speaks(folder: Path, language: str) -> bool:
    """Whether the exported model in ``folder`` has learnt a language. Raises OSError where the file is missing."""
    return LANGUAGES[language] in _learnt(_weights(folder))


def _weights(folder: Path) -> dict[str, Tensor]:
    return {name: torch.from_numpy(np.array(value)) for name, value in read_weights(folder / "model.bin").items()}


def _learnt(weights: Weights) -> tuple[int, ...]:
    """Published numbers of the tokens that a model has learnt."""
    return tuple(int(row) for row in torch.nonzero(weights["decoder/projection/bias"] > NEVER / 2).flatten())


def _shape(folder: Path, aligned: Sequence[Sequence[int]], weights: Weights, tokens: int, language: str) -> Shape:
    window = json.loads((folder / "preprocessor_config.json").read_text(encoding="utf-8"))
    shape = Shape(
        width=weights["encoder/conv1/weight"].shape[0],
        heads=int(weights["encoder/num_heads"]),
        encoder_layers=_layers(weights, "encoder"),
        decoder_layers=_layers(weights, "decoder"),
        mels=weights["encoder/conv1/weight"].shape[1],
        positions=int(window["chunk_length"]) * 50,
        tokens=tokens,
        align_layer=aligned[0][0],
        align_heads=len(aligned),
    )
    return replace(shape, **frame_classes(language))


def _layers(weights: Weights, stack: str) -> int:
    numbers = (re.match(rf"{stack}/layer_(\d+)/", name) for name in weights)
    return 1 + max(int(number[1]) for number in numbers if number)


def _taken(weights: Weights) -> dict[str, Tensor]:
    """The exported variables but the tokens' vectors, by their names in training.

    ``encoder.pad`` comes without what silence adds to it.
    """
    taken = {
        **_affine(weights, "encoder/conv1", "encoder.first"),
        **_affine(weights, "encoder/conv2", "encoder.second"),
        "decoder.places": weights["decoder/position_encodings/encodings"],
        "encoder.pad": weights["encoder/position_encodings/encodings"][-1],
    }
    for stack in ("encoder", "decoder"):
        taken |= _norm(weights, f"{stack}/layer_norm", f"{stack}.norm")
        for index in range(_layers(weights, stack)):
            taken |= _layer(weights, f"{stack}/layer_{index}", f"{stack}.layers.{index}", cross=stack == "decoder")
    return taken


def _layer(weights: Weights, theirs: str, ours: str, *, cross: bool) -> dict[str, Tensor]:
    own = f"{theirs}/self_attention"
    taken = {
        **_norm(weights, f"{own}/layer_norm", f"{ours}.attention_norm"),
        **_affine(weights, f"{own}/linear_0", *(f"{ours}.attention.{part}" for part in ("query", "key", "value"))),
        **_affine(weights, f"{own}/linear_1", f"{ours}.attention.out"),
        **_norm(weights, f"{theirs}/ffn/layer_norm", f"{ours}.forward_norm"),
        **_affine(weights, f"{theirs}/ffn/linear_0", f"{ours}.wide"),
        **_affine(weights, f"{theirs}/ffn/linear_1", f"{ours}.narrow"),
    }
    if cross:
        over = f"{theirs}/attention"
        taken |= _norm(weights, f"{over}/layer_norm", f"{ours}.cross_norm")
        taken |= _affine(weights, f"{over}/linear_0", f"{ours}.cross.query")
        taken |= _affine(weights, f"{over}/linear_1", f"{ours}.cross.key", f"{ours}.cross.value")
        taken |= _affine(weights, f"{over}/linear_2", f"{ours}.cross.out")
    return taken


def _affine(weights: Weights, theirs: str, *ours: str) -> dict[str, Tensor]:
    """One exported product as the parts it was joined of; keys have no bias in training."""
    matrices = weights[f"{theirs}/weight"].chunk(len(ours))
    biases = weights[f"{theirs}/bias"].chunk(len(ours))
    taken = {f"{name}.weight": matrix for name, matrix in zip(ours, matrices, strict=True)}
    return taken | {f"{name}.bias": bias for name, bias in zip(ours, biases, strict=True) if not name.endswith("key")}


def _norm(weights: Weights, theirs: str, ours: str) -> dict[str, Tensor]:
    return {f"{ours}.weight": weights[f"{theirs}/gamma"], f"{ours}.bias": weights[f"{theirs}/beta"]}
