"""The voice model as an ONNX graph: clip, three weighted sums, four logits, softmax; arousal and valence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

CLIP = 4.0  #: standard deviations; what lies further out counts as that far
AROUSAL_SLOPE = 0.6  #: of the hyperbolic tangent: one standard deviation in every cue makes 0.54
VALENCE = (0.0, -0.7, 0.7, -0.5)  #: of calm, angry, pleased, disappointed on Russell's circumplex (1980)
OPSET, IR = 17, 8


def write_graph(path: Path, weights: npt.NDArray[np.float64], calibration: Sequence[float]) -> None:
    """Write the model: ``weights`` (measures, 3) of excited, angry and sad; ``calibration`` as in build.py."""
    slope, side, angry, pleased, sad = calibration
    mixing = np.array([[0, slope, slope, 0], [0, side, -side, 0], [0, 0, 0, slope]], dtype=np.float32)
    offsets = np.array([0, -angry, -pleased, -sad], dtype=np.float32)
    constants = {
        "low": np.float32(-CLIP),
        "high": np.float32(CLIP),
        "weights": weights.astype(np.float32),
        "mixing": mixing,
        "offsets": offsets,
        "stir": np.array([[AROUSAL_SLOPE], [0], [0]], dtype=np.float32),
        "pleasure": np.array(VALENCE, dtype=np.float32)[:, None],
        "last": np.array([1], dtype=np.int64),
    }
    nodes = [
        helper.make_node("Clip", ["deviations", "low", "high"], ["clipped"]),
        helper.make_node("MatMul", ["clipped", "weights"], ["scores"]),
        helper.make_node("Gemm", ["scores", "mixing", "offsets"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
        helper.make_node("MatMul", ["probabilities", "pleasure"], ["valences"]),
        helper.make_node("Squeeze", ["valences", "last"], ["valence"]),
        helper.make_node("MatMul", ["scores", "stir"], ["stirred"]),
        helper.make_node("Tanh", ["stirred"], ["aroused"]),
        helper.make_node("Squeeze", ["aroused", "last"], ["arousal"]),
    ]
    floats = TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "voice-mood",
        [helper.make_tensor_value_info("deviations", floats, ["n", len(weights)])],
        [
            helper.make_tensor_value_info("probabilities", floats, ["n", len(VALENCE)]),
            helper.make_tensor_value_info("valence", floats, ["n"]),
            helper.make_tensor_value_info("arousal", floats, ["n"]),
        ],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
