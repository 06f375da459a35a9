"""A trained model as the folder that callcore reads: ONNX graph with an 8-bit table, known n-grams, card."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from callcore.understand.features import Grams
from models.training.understand.grams import Floats
from models.training.understand.linear import Linear

OPSET = 17
GRAPH_FILE = "model.onnx"
GRAMS_FILE = "grams.bin"
CARD_FILE = "model.json"


def write_folder(
    folder: Path, model: Linear, slopes: Floats, offsets: Floats, known: Grams, card: Mapping[str, Any]
) -> None:
    """Write the model; ``card`` without the checksums, which are added here.

    ``slopes``, ``offsets``: shape (labels,), of the calibration.
    """
    folder.mkdir(parents=True, exist_ok=True)
    calibrated = Linear(model.table * slopes, model.offsets * slopes + offsets, model.squares)
    onnx.save_model(graph(calibrated), str(folder / GRAPH_FILE))
    (folder / GRAMS_FILE).write_bytes(known.astype("<u4").tobytes())
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


def graph(model: Linear) -> onnx.ModelProto:
    """Input ``rows`` int32 (positions, grams); outputs ``logits`` (labels,) and ``evidence`` (positions, labels).

    Evidence is what each position adds to each logit.
    """
    table, scales = quantised(model.table)
    labels = table.shape[1]
    constants: dict[str, npt.NDArray[Any]] = {
        "table": table,
        "scales": scales,
        "squares": model.squares.astype(np.float32),
        "offsets": model.offsets.astype(np.float32),
        "least": np.array(1e-6, dtype=np.float32),
        "first_axis": np.array([0], dtype=np.int64),
        "second_axis": np.array([1], dtype=np.int64),
    }
    node = helper.make_node
    nodes = [
        node("Gather", ["table", "rows"], ["picked8"], axis=0),
        node("Cast", ["picked8"], ["picked"], to=TensorProto.FLOAT),
        node("Gather", ["scales", "rows"], ["picked_scales16"], axis=0),
        node("Cast", ["picked_scales16"], ["picked_scales"], to=TensorProto.FLOAT),
        node("Mul", ["picked", "picked_scales"], ["added"]),
        node("ReduceSum", ["added", "second_axis"], ["by_position"], keepdims=0),
        node("Gather", ["squares", "rows"], ["picked_squares"], axis=0),
        node("ReduceSum", ["picked_squares"], ["square"], keepdims=0),
        node("Max", ["square", "least"], ["square_least"]),
        node("Sqrt", ["square_least"], ["norm"]),
        node("Div", ["by_position", "norm"], ["evidence"]),
        node("ReduceSum", ["evidence", "first_axis"], ["sum"], keepdims=0),
        node("Add", ["sum", "offsets"], ["logits"]),
    ]
    made = helper.make_graph(
        nodes,
        "understand",
        [helper.make_tensor_value_info("rows", TensorProto.INT32, ["positions", "grams"])],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, [labels]),
            helper.make_tensor_value_info("evidence", TensorProto.FLOAT, ["positions", labels]),
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    proto = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="callcore")
    proto.ir_version = 8
    onnx.checker.check_model(proto)
    return proto
