"""A trained model as the folder that callcore reads: ONNX graph with 8-bit tables, known n-grams, card."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from models.training.understand.calibrate import Scale
from models.training.understand.grams import Floats
from models.training.understand.heads import head_places
from models.training.understand.networks import Convolution, Network

if TYPE_CHECKING:
    from models.training.understand.mixture import Trained

OPSET = 17
GRAPH_FILE = "model.onnx"
GRAMS_FILE = "grams.bin"
CARD_FILE = "model.json"
HALF_FROM = 1000  #: numbers from which on a weight is stored in 16 bits

Array = npt.NDArray[Any]


def write_folder(
    folder: Path,
    trained: Trained,
    heads: Mapping[str, Sequence[str]],
    scales: Mapping[str, Scale],
    card: Mapping[str, Any],
) -> None:
    """Write the model; ``card`` without the checksums, which are added here."""
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save_model(graph(trained, heads, scales), str(folder / GRAPH_FILE))
    (folder / GRAMS_FILE).write_bytes(trained.known.astype("<u4").tobytes())
    files = {
        name: {"size": (folder / name).stat().st_size, "sha256": sha256(folder / name)}
        for name in (GRAPH_FILE, GRAMS_FILE)
    }
    text = json.dumps({**card, "files": files}, ensure_ascii=False, indent=1)
    (folder / CARD_FILE).write_text(text + "\n", encoding="utf-8")


def sha256(file: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def quantised(table: Floats) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float16]]:
    """8-bit numbers and a scale for each row; the largest of a row becomes 127."""
    scales = np.maximum(np.abs(table).max(axis=1, keepdims=True) / 127.0, 1e-6).astype(np.float16)
    return np.clip(np.rint(table / scales.astype(np.float32)), -127, 127).astype(np.int8), scales


class _Nodes:
    """A graph as it grows: every call of :meth:`add` returns the name of what it computes."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Any) -> str:
        names = [f"{kind}_{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names[0] if outputs == 1 else "\n".join(names)

    def split(self, value: str, sizes: Sequence[int], axis: int) -> list[str]:
        return self.add("Split", value, self.whole(*sizes), outputs=len(sizes), axis=axis).split("\n")

    def constant(self, value: Array) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(value, name))
        return name

    def number(self, value: float) -> str:
        return self.constant(np.array(value, dtype=np.float32))

    def whole(self, *values: int) -> str:
        return self.constant(np.array(values, dtype=np.int64))

    def weights(self, value: Array) -> str:
        if value.size < HALF_FROM:
            return self.constant(value.astype(np.float32))
        return self.add("Cast", self.constant(value.astype(np.float16)), to=TensorProto.FLOAT)

    def gated(self, x: str, seen: str, weights: Array, bias: Array) -> str:
        """``x`` and what its positions see (positions, columns), under ``weights`` (columns, 2 * width), gated.

        Values and gates are products of their own, as onnxruntime joins a product with its sigmoid.
        """
        offsets = np.split(bias, 2)
        value, gate = (
            self.add("Add", self.add("MatMul", seen, part), self.constant(offset))
            for part, offset in zip(self.split(self.weights(weights), list(map(len, offsets)), 1), offsets, strict=True)
        )
        return self.add("Add", x, self.add("Mul", value, self.add("Sigmoid", gate)))

    def sum(self, value: str, axis: int) -> str:
        return self.add("ReduceSum", value, self.whole(axis), keepdims=0)


def graph(trained: Trained, heads: Mapping[str, Sequence[str]], scales: Mapping[str, Scale]) -> onnx.ModelProto:
    """Input ``rows`` int32 (positions, grams); outputs ``logits`` (labels,) and ``evidence`` (positions, labels).

    Evidence is what each position adds to each label's sum by itself: the machines, and the part of the network that
    adds up over the n-grams. What the convolutions make of neighbouring positions together is in no position's share.

    A turn is so little work that half of the time is what onnxruntime spends between nodes: there are few of them.
    """
    places, made = head_places(heads), _Nodes()
    labels = sum(place.stop - place.start for place in places.values())
    shares = {part: np.zeros(labels, dtype=np.float32) for part in ("machines", "network")}
    for head, place in places.items():
        for part, values in shares.items():
            values[place] = getattr(scales[head], part)
    offsets = trained.model.offsets * shares["machines"]
    table, network = trained.model.table * shares["machines"], trained.network
    if network is None:
        (evidence,) = _bags(made, [table], trained.model.squares)
        rest = made.constant(offsets[None].astype(np.float32))
    else:
        vectors = network.table.weight.detach().numpy()
        machines, x, bag = _bags(made, [table, vectors], trained.model.squares)
        evidence, rest = _network(made, network, shares["network"], offsets, (machines, x, bag))
    total = made.add("Add", made.add("ReduceSum", evidence, made.whole(0), keepdims=1), rest)
    logits = _scaled(made, total, list(places.values()), [scales[head] for head in places])
    made.nodes.append(helper.make_node("Reshape", [logits, made.whole(labels)], ["logits"]))
    made.nodes.append(helper.make_node("Identity", [evidence], ["evidence"]))
    return _model(made, labels)


def _model(made: _Nodes, labels: int) -> onnx.ModelProto:
    whole = helper.make_graph(
        made.nodes,
        "understand",
        [helper.make_tensor_value_info("rows", TensorProto.INT32, ["positions", "grams"])],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, [labels]),
            helper.make_tensor_value_info("evidence", TensorProto.FLOAT, ["positions", labels]),
        ],
        made.constants,
    )
    proto = helper.make_model(whole, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="callcore")
    proto.ir_version = 8
    onnx.checker.check_model(proto)
    return proto


def _bags(made: _Nodes, tables: Sequence[Floats], squares: Floats) -> list[str]:
    """What each position adds, (positions, width of the table): of the first table over the length of the text's vector
    of n-grams; of a second one as it is, and over the root of their number.

    All that belongs to an n-gram lies side by side: two look-ups find it.
    """
    parts = [quantised(table) for table in tables]
    known = (np.arange(len(squares)) > 0)[:, None]
    small = np.concatenate([*(scales for _, scales in parts), squares[:, None], known], axis=1)
    numbers = made.constant(np.concatenate([numbers for numbers, _ in parts], axis=1))
    wide = made.add("Cast", made.add("Gather", numbers, "rows", axis=0), to=TensorProto.FLOAT)
    narrow = made.add("Gather", made.weights(small), "rows", axis=0)
    sums = made.add("MatMul", made.add("Transpose", narrow, perm=[0, 2, 1]), wide)
    widths = [table.shape[1] for table in tables]
    by_scale = made.split(sums, widths, 2) if len(widths) > 1 else [sums]
    added = [made.add("Gather", part, made.constant(np.array(place)), axis=1) for place, part in enumerate(by_scale)]
    lengths = made.add("ReduceSum", narrow, made.whole(0, 1), keepdims=0)
    least = made.constant(np.array([*(0 for _ in tables), 1e-6, 1], dtype=np.float32))
    roots = made.split(made.add("Sqrt", made.add("Max", lengths, least)), [len(tables), 1, 1], 0)[1:]
    return [made.add("Div", added[0], roots[0]), *added[1:], *(made.add("Div", one, roots[1]) for one in added[1:])]


def _network(
    made: _Nodes, network: Network, shares: Floats, offsets: Floats, given: tuple[str, str, str]
) -> tuple[str, str]:
    """What each position adds by itself (positions, labels), and what is added to their sum (1, labels).

    ``given``: what :func:`_bags` gives for machines and network.
    """
    weights = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    machines, x, bag = given
    added = made.add("MatMul", bag, made.weights(weights["out.weight"].T * shares))
    for layer in network.layers:
        assert isinstance(layer, Convolution)
        x = _convolution(made, layer, x)
    look = made.constant(weights["look.weight"].astype(np.float32))
    looked = made.add("Softmax", made.add("MatMul", look, made.add("Transpose", x, perm=[1, 0])), axis=1)
    largest = made.add("ReduceMax", x, axes=[0], keepdims=1)
    pooled = made.add("Concat", made.add("MatMul", looked, x), largest, axis=1)
    read = made.add("MatMul", pooled, made.weights(weights["read.weight"].T * shares))
    bias = (weights["out.bias"] + weights["read.bias"]) * shares + offsets
    return made.add("Add", machines, added), made.add("Add", read, made.constant(bias.astype(np.float32)))


def _convolution(made: _Nodes, layer: Convolution, x: str) -> str:
    """The convolution as a product: each position beside the one before and the one after it."""
    kernel = layer.inner.weight.detach().numpy()  # (2 * width, width, 3)
    width = kernel.shape[1]
    norm = [made.constant(part.detach().numpy()) for part in (layer.norm.weight, layer.norm.bias)]
    normed = made.add("LayerNormalization", x, *norm, axis=-1, epsilon=layer.norm.eps)
    before, after = (made.add("Pad", normed, made.whole(shift, 0, -shift, 0)) for shift in (1, -1))
    beside = made.add("Concat", before, normed, after, axis=1)
    return made.gated(
        x, beside, kernel.transpose(2, 1, 0).reshape(3 * width, 2 * width), layer.inner.bias.detach().numpy()
    )


def _scaled(made: _Nodes, values: str, places: Sequence[slice], scales: Sequence[Scale]) -> str:
    """Sums of all heads, (1, labels), to logits (:class:`Scale`)."""
    sizes = [place.stop - place.start for place in places]

    def by_label(numbers: Sequence[float]) -> str:
        return made.constant(np.repeat(np.array(numbers, dtype=np.float32), sizes))

    if any(scale.rivals for scale in scales):
        # A row for each head, filled up with what counts for nothing.
        sharp = made.add("Mul", values, by_label([scale.sharpness for scale in scales]))
        filled = made.add("Pad", sharp, made.whole(0, 0, 0, 1), made.number(-1e9))
        rows = np.full((len(places), max(sizes)), sum(sizes))
        for row, place in zip(rows, places, strict=True):
            row[: place.stop - place.start] = np.arange(place.start, place.stop)
        soft = made.add(
            "ReduceLogSumExp", made.add("Gather", filled, made.constant(rows), axis=1), axes=[2], keepdims=0
        )
        rivals = made.add("Gather", soft, made.constant(np.repeat(np.arange(len(places)), sizes)), axis=1)
        share = by_label([scale.rivals / scale.sharpness for scale in scales])
        values = made.add("Sub", values, made.add("Mul", rivals, share))
    # The logit of ceiling * sigmoid(values + offset).
    beyond = [math.log1p(-scale.ceiling) if scale.ceiling < 1 else -1e9 for scale in scales]
    above = made.add("Add", values, by_label([scale.offset + math.log(scale.ceiling) for scale in scales]))
    over = made.add("Add", values, by_label([scale.offset + more for scale, more in zip(scales, beyond, strict=True)]))
    return made.add("Sub", above, made.add("Softplus", over))
