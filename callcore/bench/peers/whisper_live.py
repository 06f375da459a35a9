"""WhisperLive (github.com/collabora/WhisperLive) as a system: its own server, spoken to over its own WebSocket.

The server is started from an environment of its own (``python -m benchmarks.peers``), with the options of its
documentation. It knows one speaker a connection, so a call takes a connection per channel. Segments that it calls
completed are final; the one it goes on with is tentative; it promises nothing in between.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from callcore.audio.resample import Resampler
from callcore.bench.peers.loop_thread import LoopThread
from callcore.bench.protocol import Frame, ShownLog
from callcore.errors import EngineError, MissingExtra, Overloaded
from callcore.paths import peers_folder

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

START_TIMEOUT_S = 120.0
READY_TIMEOUT_S = 120.0  #: loading a model for a connection
QUIET_S = 15.0  #: without anything new after the end of the audio, its own client takes the text for complete
MEND = "Make its environment: python -m benchmarks.peers whisper-live   (in a checkout of callcore)"
END_OF_AUDIO = b"END_OF_AUDIO"
FULL_SCALE = np.float32(32768)
# The program that the package leaves in its repository (run_server.py), as one line; one JSON object as argument.
SERVER = (
    "import json, sys; from whisper_live.server import TranscriptionServer as S; S().run(**json.loads(sys.argv[1]))"
)


@dataclass(frozen=True, slots=True)
class WhisperLiveOptions:
    """How server and client run; the defaults are those of its documentation, but for the two limits."""

    model: Path  #: folder of a CTranslate2 Whisper model
    python: Path = Path(sys.executable)  #: interpreter of the environment that holds whisper-live
    language: str | None = "zh"
    omp_threads: int = 1  #: of one decode
    single_model: bool = True  #: one model for all connections, one decode at a time; False: a model per connection
    batch: bool = False  #: one decode for what waits (made for GPUs); greedy
    max_clients: int = 128  #: 4 by default
    max_connection_s: int = 14_400  #: 600 by default
    use_vad: bool = True
    no_speech_thresh: float = 0.45
    same_output_threshold: int = 10  #: readings of the same text after which a segment is completed
    send_last_n_segments: int = 10
    packet_samples: int = 4096  #: sent at once


def interpreter() -> Path:
    """Where ``python -m benchmarks.peers`` puts the interpreter that has whisper-live."""
    return peers_folder() / "whisper-live" / "bin" / "python"


def tuned(model: Path, python: Path, language: str | None) -> WhisperLiveOptions:
    """The quickest it gets on a processor: decodes side by side, small packets, segments completed sooner."""
    return WhisperLiveOptions(model, python, language, single_model=False, same_output_threshold=3, packet_samples=1600)


def batched(model: Path, python: Path, language: str | None, cores: int) -> WhisperLiveOptions:
    """Its batched, greedy decoding, which was made for GPUs, with all cores for one decode."""
    return WhisperLiveOptions(
        model, python, language, omp_threads=cores, batch=True, same_output_threshold=3, packet_samples=1600
    )


class WhisperLive:
    """The system; see the module."""

    def __init__(self, options: WhisperLiveOptions, name: str = "whisper-live") -> None:
        self._options, self._name = options, name
        self._server: subprocess.Popen[bytes] | None = None
        self._loop = LoopThread()
        self._connections: list[_Connection] = []
        self._version = ""
        self._port = 0

    @property
    def name(self) -> str:
        return self._name

    @property
    def settings(self) -> Mapping[str, Any]:
        """Without paths. ``whisper_live`` is the version, known once started."""
        values = asdict(self._options) | {"model": self._options.model.name, "whisper_live": self._version}
        values.pop("python")
        return values

    @property
    def turn_finals(self) -> bool:
        return True

    def start(self) -> None:
        """Start the server. Raises :class:`EngineError` when it does not come up, :class:`MissingExtra`."""
        try:
            import websockets  # noqa: F401  (looked for here, so that nothing has been started when it is missing)
        except ImportError as error:
            raise MissingExtra(
                f"{self._name} needs the websockets package.", "Install it with: pip install 'callcore[bench]'"
            ) from error
        self._version = self._installed_version()
        self._port = _free_port()
        self._server = subprocess.Popen(
            [str(self._options.python), "-c", SERVER, json.dumps(self._server_arguments())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"OMP_NUM_THREADS": str(self._options.omp_threads), "HF_HUB_OFFLINE": "1"},
        )
        until_s = time.monotonic() + START_TIMEOUT_S
        while not _listens(self._port):
            if self._server.poll() is not None or time.monotonic() > until_s:
                self.close()
                raise EngineError(f"the server of {self._name} did not start.", MEND)
            time.sleep(0.1)

    def open_call(self, call_id: str, channel_count: int, rate_hz: int, log: ShownLog) -> WhisperLiveSession:
        """A connection per channel. Raises :class:`Overloaded` when the server is full, :class:`EngineError`."""
        channels = [
            _Connection(f"{call_id}-{number}-{uuid.uuid4().hex[:8]}", number, rate_hz, log, self._options)
            for number in range(channel_count)
        ]

        self._connections += channels
        for channel in channels:
            self._loop.run(channel.connect(f"ws://127.0.0.1:{self._port}"))
        return WhisperLiveSession(channels, self._loop)

    def pids(self) -> Sequence[int]:
        return [self._server.pid] if self._server else []

    def close(self) -> None:
        for connection in self._connections:
            self._loop.run(connection.abandon())
        self._connections.clear()
        self._loop.close()
        if self._server is not None:
            self._server.terminate()
            try:
                self._server.wait(10)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
            self._server = None

    def _server_arguments(self) -> dict[str, Any]:
        options = self._options
        return {
            "host": "127.0.0.1",
            "port": self._port,
            "backend": "faster_whisper",
            "faster_whisper_custom_model_path": str(options.model.resolve()),
            "single_model": options.single_model,
            "batch_enabled": options.batch,
            "max_clients": options.max_clients,
            "max_connection_time": options.max_connection_s,
        }

    def _installed_version(self) -> str:
        question = "import importlib.metadata as m; print(m.version('whisper-live'))"
        try:
            answer = subprocess.run(
                [str(self._options.python), "-c", question], capture_output=True, text=True, check=True
            )
        except (OSError, subprocess.CalledProcessError) as error:
            raise EngineError(
                f"whisper-live is not installed for {self._options.python}.",
                MEND,
            ) from error
        return answer.stdout.strip()


class WhisperLiveSession:
    """One call."""

    def __init__(self, channels: Sequence[_Connection], loop: LoopThread) -> None:
        self._channels, self._loop = channels, loop
        self._done = threading.Event()

    def send(self, tick_index: int, frames: Sequence[Frame]) -> None:  # noqa: ARG002  (part of the protocol)
        self._loop.call(self._put, frames)

    def finish(self) -> None:
        self._loop.spawn(self._finish())

    def wait(self, timeout_s: float) -> bool:
        return self._done.wait(timeout_s)

    def problems(self) -> Sequence[str]:
        return [line for channel in self._channels for line in channel.problems]

    def _put(self, frames: Sequence[Frame]) -> None:
        for channel, frame in zip(self._channels, frames, strict=True):
            channel.put(frame)

    async def _finish(self) -> None:
        await asyncio.gather(*(channel.finish() for channel in self._channels))
        self._done.set()


class Transcript:
    """What a client of WhisperLive knows: its server sends the last few completed segments and the open one."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, str, str]] = set()
        self.final = ""
        self.tentative = ""

    def take(self, segments: Sequence[Mapping[str, Any]]) -> None:
        """One message."""
        self.tentative = ""
        for segment in segments:
            text = str(segment["text"])
            if not segment.get("completed", False):
                self.tentative += text
                continue
            key = (str(segment["start"]), str(segment["end"]), text)
            if key not in self._seen:
                self._seen.add(key)
                self.final += text

    def close(self) -> None:
        """Nothing more will come: its client takes the open segment as it stands."""
        self.final, self.tentative = self.final + self.tentative, ""


class _Connection:
    """One channel. All methods run in the loop's thread."""

    def __init__(self, uid: str, channel: int, rate_hz: int, log: ShownLog, options: WhisperLiveOptions) -> None:
        self._uid, self._channel, self._log, self._options = uid, channel, log, options
        self._resampler = Resampler(rate_hz, 1)
        self._gathered: list[npt.NDArray[np.float32]] = []
        self._gathered_samples = 0
        self._packets: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._transcript = Transcript()
        self._news_at_s = 0.0
        self._finishing = False
        self._tasks: list[asyncio.Task[None]] = []
        self._socket: ClientConnection | None = None
        self.problems: list[str] = []

    async def connect(self, url: str) -> None:
        """Shake hands and wait until the server is ready. Raises :class:`Overloaded`, :class:`EngineError`."""
        from websockets.asyncio.client import connect
        from websockets.exceptions import WebSocketException

        try:
            socket = await connect(url, max_size=None, compression=None, ping_interval=None)
            self._socket = socket
            await socket.send(json.dumps(self._handshake()))
            async with asyncio.timeout(READY_TIMEOUT_S):
                while True:
                    message = json.loads(await socket.recv())
                    if message.get("status") == "WAIT":
                        raise Overloaded("the server of WhisperLive takes no more connections.", "Raise max_clients.")
                    if message.get("status") == "ERROR":
                        raise EngineError("WhisperLive could not load the model.", "Check the model's folder.")
                    if message.get("message") == "SERVER_READY":
                        break
        except (OSError, TimeoutError, ValueError, WebSocketException) as error:
            raise EngineError(
                f"WhisperLive does not answer ({type(error).__name__}).", "Look at its server."
            ) from error
        self._tasks = [asyncio.create_task(self._send(socket)), asyncio.create_task(self._receive(socket))]

    def _handshake(self) -> dict[str, Any]:
        options = self._options
        return {
            "uid": self._uid,
            "language": options.language,
            "task": "transcribe",
            "model": str(options.model),
            "use_vad": options.use_vad,
            "send_last_n_segments": options.send_last_n_segments,
            "no_speech_thresh": options.no_speech_thresh,
            "clip_audio": False,
            "same_output_threshold": options.same_output_threshold,
        }

    def put(self, frame: Frame) -> None:
        """20 ms of audio."""
        pcm = frame.astype(np.float32) / FULL_SCALE
        self._gather(self._resampler.push(pcm[:, np.newaxis])[:, 0], self._options.packet_samples)

    async def finish(self) -> None:
        """Send the rest, wait for what is still to come, hang up."""
        self._gather(self._resampler.finish()[:, 0], 1)
        self._finishing = True
        self._news_at_s = time.monotonic()
        receiver = self._tasks[1]
        while not receiver.done() and (left_s := self._news_at_s + QUIET_S - time.monotonic()) > 0:
            await asyncio.wait([receiver], timeout=left_s)
        self._transcript.close()
        self._show()
        self._packets.put_nowait(END_OF_AUDIO)
        self._packets.put_nowait(None)
        await asyncio.gather(*self._tasks)

    async def abandon(self) -> None:
        """Hang up without hearing the rest."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._socket is not None:
            await self._socket.close()

    def _gather(self, samples: npt.NDArray[np.float32], least: int) -> None:
        self._gathered.append(samples)
        self._gathered_samples += len(samples)
        if self._gathered_samples >= least:
            self._packets.put_nowait(np.concatenate(self._gathered).astype("<f4").tobytes())
            self._gathered, self._gathered_samples = [], 0

    async def _send(self, socket: ClientConnection) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            while (packet := await self._packets.get()) is not None:
                await socket.send(packet)
            await socket.close()
        except ConnectionClosed:
            self._lost()

    async def _receive(self, socket: ClientConnection) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            async for raw in socket:
                message = json.loads(raw)
                if "segments" in message:
                    before = (self._transcript.final, self._transcript.tentative)
                    self._transcript.take(message["segments"])
                    if before != (self._transcript.final, self._transcript.tentative):
                        self._news_at_s = time.monotonic()
                        self._show()
                elif message.get("message") == "DISCONNECT":
                    self.problems.append(f"channel {self._channel}: the server hung up: the call took too long")
        except (ConnectionClosed, ValueError, KeyError, TypeError):
            self._lost()
            return
        if not self._finishing:
            self._lost()

    def _lost(self) -> None:
        line = f"channel {self._channel}: connection lost"
        if not self._finishing and line not in self.problems:
            self.problems.append(line)

    def _show(self) -> None:
        self._log.show(self._channel, final=self._transcript.final, tentative=self._transcript.tentative)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
