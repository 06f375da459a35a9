"""Silero VAD v6 in onnxruntime: the probability that a 32 ms window holds a voice.

Model: Silero Team, "Silero VAD" (https://github.com/snakers4/silero-vad, MIT), in the ONNX form that the faster-whisper
package installs: its time axis is free, so many windows are scored in one call.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from callcore.engines.onnx_session import open_session
from callcore.errors import ModelCorrupt, ModelNotFound

WINDOW_SAMPLES = 512  #: samples at 16 kHz that get one probability (32 ms); fixed by the model
CONTEXT_SAMPLES = 64  #: samples before the window that the model sees with it
STATE_SHAPE = (1, 1, 128)  #: of each of the two LSTM states
MODEL_FILE = "silero_vad_v6.onnx"

Float32 = npt.NDArray[np.float32]


def default_model_path() -> Path:
    """Where the faster-whisper package keeps the model. Raises :class:`ModelNotFound`.

    The package is located and not imported: importing it loads the whole recogniser.
    """
    spec = importlib.util.find_spec("faster_whisper")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    for folder in folders:
        path = Path(folder) / "assets" / MODEL_FILE
        if path.is_file():
            return path
    raise ModelNotFound(
        f"the voice activity model {MODEL_FILE} is not installed.",
        "It comes with the package faster-whisper: pip install --force-reinstall 'faster-whisper>=1.2.1,<1.3'",
    )


class SileroVad:
    """The weights, loaded once and shared by all channels of all calls; read-only, so safe to share between threads."""

    def __init__(self, path: Path | None = None) -> None:
        """Load the model from ``path`` (default: the installed one).

        Raises :class:`ModelNotFound` when there is no such file and :class:`ModelCorrupt` when it is not such a model.
        """
        self.path = default_model_path() if path is None else path
        if not self.path.is_file():
            raise ModelNotFound(f"no voice activity model at {self.path}.", "Check the path.")
        self._session = open_session(
            self.path, f"{self.path} is not a usable ONNX model", "Install faster-whisper again."
        )
        names = {node.name for node in self._session.get_inputs()}
        if names != {"input", "h", "c"}:
            raise ModelCorrupt(f"{self.path} is not Silero VAD v6: its inputs are {', '.join(sorted(names))}.")

    def stream(self) -> SileroStream:
        """A fresh state for one channel."""
        return SileroStream(self._session)


class SileroStream:
    """What the model remembers of one channel: two LSTM states and the last samples. Not for use by two threads."""

    __slots__ = ("_c", "_context", "_h", "_session")

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        self._h = np.zeros(STATE_SHAPE, dtype=np.float32)
        self._c = np.zeros(STATE_SHAPE, dtype=np.float32)
        self._context = np.zeros(CONTEXT_SAMPLES, dtype=np.float32)

    def score(self, windows: Float32) -> Float32:
        """Voice probabilities, shape (n,), float32, of the next ``windows``: shape (n, 512), float32, 16 kHz.

        One call of the model whatever n is; the state goes on from the previous call.
        """
        if not len(windows):
            return np.zeros(0, dtype=np.float32)
        audio = np.empty((len(windows), CONTEXT_SAMPLES + WINDOW_SAMPLES), dtype=np.float32)
        audio[:, CONTEXT_SAMPLES:] = windows
        audio[0, :CONTEXT_SAMPLES] = self._context
        audio[1:, :CONTEXT_SAMPLES] = windows[:-1, -CONTEXT_SAMPLES:]
        self._context = audio[-1, -CONTEXT_SAMPLES:].copy()
        scores, self._h, self._c = self._session.run(None, {"input": audio, "h": self._h, "c": self._c})
        return np.asarray(scores, dtype=np.float32).reshape(-1)

    def skip(self, windows: Float32) -> None:
        """Go past quiet ``windows`` (as for :meth:`score`) without scoring them.

        The LSTM states stay as they are: scoring long silence wears them down, and the first words after it then get
        low scores; starting from fresh states costs the first words too (docs/segmentation.md has the figures).
        """
        if len(windows):
            self._context = windows[-1, -CONTEXT_SAMPLES:].astype(np.float32)
