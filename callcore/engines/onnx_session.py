"""How the small models beside the recogniser are run by onnxruntime: on one thread, holding no memory."""

from __future__ import annotations

from pathlib import Path

import onnxruntime

from callcore.errors import ModelCorrupt


def open_session(model: Path | bytes, problem: str, hint: str) -> onnxruntime.InferenceSession:
    """A session of the ONNX ``model``, a file or its content.

    Raises :class:`ModelCorrupt`, which says ``problem`` and ``hint``, when onnxruntime cannot use it.
    """
    options = onnxruntime.SessionOptions()
    # One thread: a window or a turn is too little work to share, and more would take cores from the recogniser.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # the arena would keep the memory of the largest input for good
    options.log_severity_level = 4  # problems are raised; nothing is printed
    source = str(model) if isinstance(model, Path) else model
    try:
        return onnxruntime.InferenceSession(source, sess_options=options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions share no base class
        raise ModelCorrupt(f"{problem} ({type(error).__name__}).", hint) from error
