"""Plain faster-whisper made live in the way of whisper_streaming: what most open servers of Whisper do.

Every channel has a thread that decodes its buffer again whenever a second of new audio is there, through
``WhisperModel.transcribe`` (30 s of padding, beam 5, word times), and confirms by local agreement. All share one model.

In one thing it is kinder to the method than its authors' program: where speech or the call ends, audio that was never
decoded is decoded once more instead of being left out.
"""

from __future__ import annotations

import importlib.metadata
import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from faster_whisper import WhisperModel

from callcore.audio.resample import Resampler
from callcore.bench.peers.local_agreement import LocalAgreement, TimedWord
from callcore.bench.peers.voice_gate import KEPT_S, Voice, VoiceGate
from callcore.bench.protocol import Frame, ShownLog
from callcore.engines.silero import SileroVad
from callcore.errors import ModelCorrupt
from callcore.types import SAMPLE_RATE_HZ

Samples = npt.NDArray[np.float32]
FULL_SCALE = np.float32(32768)
GATED_SAMPLES = 640  #: 40 ms: audio is handed past the voice gate in pieces of this length


@dataclass(frozen=True, slots=True)
class StreamingOptions:
    """How it runs; the defaults are those of whisper_streaming and faster-whisper."""

    model: Path  #: folder of a CTranslate2 Whisper model
    language: str | None = "zh"
    compute_type: str = "int8"
    cpu_threads: int = 4  #: of one decode
    num_workers: int = 1  #: decodes at once
    beam_size: int = 5
    temperatures: tuple[float, ...] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)  #: tried in turn when a text is refused
    min_chunk_s: float = 1.0  #: new audio before the buffer is decoded again
    trim_s: float = 15.0  #: a longer buffer is cut
    vad_filter: bool = False  #: faster-whisper's own: cuts silence out of the buffer before each decode
    voice_gate: bool = False  #: whisper_streaming's "vac": decode while somebody speaks, all is final at the end of it


def tuned(model: Path, language: str | None, cores: int) -> StreamingOptions:
    """The best that this method gives on a processor: a worker of one thread per core, greedy, told who speaks."""
    return StreamingOptions(
        model, language, cpu_threads=1, num_workers=cores, beam_size=1, temperatures=(0.0,), voice_gate=True
    )


class WhisperStreaming:
    """The system; see the module. Runs in this process."""

    def __init__(self, options: StreamingOptions, name: str = "whisper-streaming") -> None:
        self._options, self._name = options, name
        self._model: WhisperModel | None = None
        self._vad: SileroVad | None = None
        self._sessions: list[StreamingSession] = []

    @property
    def name(self) -> str:
        return self._name

    @property
    def settings(self) -> Mapping[str, Any]:
        libraries = {package: importlib.metadata.version(package) for package in ("faster-whisper", "ctranslate2")}
        return asdict(self._options) | {"model": self._options.model.name} | libraries

    @property
    def turn_finals(self) -> bool:
        return self._options.voice_gate

    def start(self) -> None:
        """Load the model. Raises :class:`ModelCorrupt`."""
        options = self._options
        try:
            self._model = WhisperModel(
                str(options.model),
                device="cpu",
                compute_type=options.compute_type,
                cpu_threads=options.cpu_threads,
                num_workers=options.num_workers,
                local_files_only=True,
            )
        except Exception as error:  # the tokenizers library raises bare Exception on a broken file
            raise ModelCorrupt(
                f"{self._name} cannot load the model in {options.model} ({type(error).__name__}).", "Check the folder."
            ) from error
        self._vad = SileroVad() if options.voice_gate else None
        self.transcribe(np.zeros(SAMPLE_RATE_HZ, np.float32), "")  # the first decode sets up what later ones share

    def open_call(self, call_id: str, channel_count: int, rate_hz: int, log: ShownLog) -> StreamingSession:
        """A thread per channel. ``call_id`` names the threads."""
        gates = [VoiceGate(self._vad) if self._vad else None for _ in range(channel_count)]
        listeners = [
            _Listener(f"{call_id}-{channel}", channel, rate_hz, log, self, gate) for channel, gate in enumerate(gates)
        ]
        session = StreamingSession(listeners)
        self._sessions.append(session)
        return session

    def pids(self) -> Sequence[int]:
        return [os.getpid()]

    def close(self) -> None:
        for session in self._sessions:
            session.abandon()
        self._sessions.clear()
        if self._model is not None:
            self._model.model.unload_model()
            self._model = None

    @property
    def options(self) -> StreamingOptions:
        """As given."""
        return self._options

    def transcribe(self, audio: Samples, prompt: str) -> tuple[list[TimedWord], list[float]]:
        """Words of ``audio`` (16 kHz) and ends of its segments, both in seconds from its start."""
        assert self._model is not None
        options = self._options
        found, _ = self._model.transcribe(
            audio,
            language=options.language,
            initial_prompt=prompt or None,
            beam_size=options.beam_size,
            temperature=list(options.temperatures),
            word_timestamps=True,
            condition_on_previous_text=True,
            vad_filter=options.vad_filter,
        )
        segments = list(found)
        words = [TimedWord(word.word, word.start, word.end) for segment in segments for word in segment.words or ()]
        return words, [segment.end for segment in segments]


class StreamingSession:
    """One call."""

    def __init__(self, listeners: Sequence[_Listener]) -> None:
        self._listeners = listeners

    def send(self, tick_index: int, frames: Sequence[Frame]) -> None:  # noqa: ARG002  (part of the protocol)
        for listener, frame in zip(self._listeners, frames, strict=True):
            listener.put(frame)

    def finish(self) -> None:
        for listener in self._listeners:
            listener.put(None)

    def wait(self, timeout_s: float) -> bool:
        until_s = time.monotonic() + timeout_s
        for listener in self._listeners:
            listener.join(max(0.0, until_s - time.monotonic()))
        return not any(listener.is_alive() for listener in self._listeners)

    def problems(self) -> Sequence[str]:
        return [line for listener in self._listeners for line in listener.problems]

    def abandon(self) -> None:
        """Stop without hearing the rest."""
        for listener in self._listeners:
            listener.stop()
        for listener in self._listeners:
            listener.join()


class _Listener(threading.Thread):
    """One channel: takes frames in, decodes what has gathered, shows the outcome."""

    def __init__(
        self,
        name: str,
        channel: int,
        rate_hz: int,
        log: ShownLog,
        system: WhisperStreaming,
        gate: VoiceGate | None,
    ) -> None:
        super().__init__(name=f"whisper-streaming-{name}", daemon=True)
        self._channel, self._log, self._system, self._gate = channel, log, system, gate
        self._resampler = Resampler(rate_hz, 1)
        self._changed = threading.Condition()
        self._waiting: list[Frame] = []
        self._ended = self._stopped = False
        self._heard = 0  #: samples taken in
        self._decoded = 0  #: of them, when the buffer was decoded last
        self._buffer = np.zeros(0, np.float32)
        self._agreement = LocalAgreement(system.options.trim_s)
        self._final = ""
        self.problems: list[str] = []
        self.start()

    def put(self, frame: Frame | None) -> None:
        """The next frame; None at the end."""
        with self._changed:
            if frame is None:
                self._ended = True
            else:
                self._waiting.append(frame)
            self._changed.notify()

    def stop(self) -> None:
        """End as soon as what is being decoded is done."""
        with self._changed:
            self._stopped = True
            self._changed.notify()

    def run(self) -> None:
        """Until the channel ends or fails; a failure is told in :attr:`problems`."""
        try:
            while self._take():
                if self._heard - self._decoded >= self._system.options.min_chunk_s * SAMPLE_RATE_HZ:
                    self._decode()
            if not self._stopped:
                self._close()
        except Exception as error:  # nobody is above a thread to hear of it
            self.problems.append(f"channel {self._channel} failed: {type(error).__name__}")

    def _take(self) -> bool:
        """Wait for frames and take them in. False at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ended or self._stopped)
            frames, self._waiting = self._waiting, []
            more = not self._stopped and bool(frames or not self._ended)
        if frames:
            pcm = np.concatenate(frames).astype(np.float32) / FULL_SCALE
            samples = self._resampler.push(pcm[:, np.newaxis])[:, 0]
            size = GATED_SAMPLES if self._gate else max(1, len(samples))
            for start in range(0, len(samples), size):
                self._hear(samples[start : start + size])
        return more

    def _hear(self, samples: Samples) -> None:
        self._buffer = np.concatenate([self._buffer, samples])
        self._heard += len(samples)
        voice = self._gate.push(samples) if self._gate else Voice.SPEAKING
        if voice is Voice.ENDED:
            self._close()
        elif voice is Voice.SILENT:
            self._buffer = self._buffer[-round(KEPT_S * SAMPLE_RATE_HZ) :]
            self._decoded = self._heard
            self._agreement.buffer_start_s = (self._heard - len(self._buffer)) / SAMPLE_RATE_HZ

    def _decode(self) -> None:
        self._decoded = self._heard
        start_s = self._agreement.buffer_start_s
        words, ends_s = self._system.transcribe(self._buffer, self._agreement.prompt)
        placed = [TimedWord(word.text, start_s + word.start_s, start_s + word.end_s) for word in words]
        self._agreement.read(placed, [start_s + end_s for end_s in ends_s], self._heard / SAMPLE_RATE_HZ)
        cut = round((self._agreement.buffer_start_s - start_s) * SAMPLE_RATE_HZ)
        self._buffer = self._buffer[cut:]
        self._show(self._heard / SAMPLE_RATE_HZ)

    def _close(self) -> None:
        """The speech has ended: read what is new in it, then all is final."""
        if self._heard > self._decoded:
            self._decode()
        self._agreement.finish()
        self._final += self._agreement.confirmed
        self._agreement = LocalAgreement(self._system.options.trim_s, self._heard / SAMPLE_RATE_HZ)
        self._buffer = self._buffer[len(self._buffer) :]
        self._show(self._heard / SAMPLE_RATE_HZ)

    def _show(self, heard_until_s: float) -> None:
        self._log.show(
            self._channel,
            final=self._final,
            committed=self._agreement.confirmed,
            tentative=self._agreement.pending,
            heard_until_s=heard_until_s,
        )
