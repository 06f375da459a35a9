"""Recorded calls sent as if they were spoken now: 20 ms of every channel when they are due, by a process of its own.

The sender looks at the clock and at nothing else. It keeps an absolute schedule (the moment of a packet does not depend
on when the one before it left), holds what the receiver has not yet taken, and notes how late each packet left.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from callcore.audio import open_audio
from callcore.audio.media import Media
from callcore.bench.protocol import TICK_S, Frame, now
from callcore.errors import AudioError, CallcoreError

MAX_JITTER_S = 0.002  #: 99th percentile of how late packets may leave in a run that is to count
LEAD_S = 1.0  #: from the order to start to the first packet
HEADER = struct.Struct("<IiI")  #: number of the call, number of the tick (END at the end), bytes that follow
END = -1
BUFFER_BYTES = 4 * 2**20
READY_TIMEOUT_S = 300.0

Received = Callable[[int, int, Sequence[Frame]], None]  #: call, tick, frames; called on the receiving thread
Ended = Callable[[int], None]  #: call
Begins = Callable[[float], None]  #: moment by the benchmark's clock


@dataclass(frozen=True, slots=True)
class Playing:
    """A recording and when it begins, in seconds after the first of the run."""

    path: Path
    offset_s: float


@dataclass(frozen=True, slots=True)
class Sent:
    """How punctually a run was sent. Lateness in seconds over all packets."""

    packets: int
    late_p50_s: float
    late_p99_s: float
    late_max_s: float
    priority: str  #: of the sending process: "real time" or "normal"

    @property
    def valid(self) -> bool:
        """Whether the run counts."""
        return self.late_p99_s <= MAX_JITTER_S


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a recording without its samples."""

    channel_count: int
    sample_count: int
    rate_hz: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.sample_count / self.rate_hz


@dataclass(frozen=True, slots=True)
class Recording:
    """Samples of a file at its own rate: shape (channels, n), int16."""

    samples: npt.NDArray[np.int16]
    rate_hz: int

    @property
    def facts(self) -> Facts:
        """All but the samples."""
        return Facts(self.samples.shape[0], self.samples.shape[1], self.rate_hz)

    @property
    def ticks(self) -> int:
        """Packets of :data:`~callcore.bench.protocol.TICK_S` it takes; the last is filled up with silence."""
        return -(-int(self.samples.shape[1]) // self.tick_samples)

    @property
    def tick_samples(self) -> int:
        """Samples of one channel in one packet."""
        return round(self.rate_hz * TICK_S)

    def tick(self, index: int) -> npt.NDArray[np.int16]:
        """One packet: shape (channels, :attr:`tick_samples`)."""
        part = self.samples[:, index * self.tick_samples : (index + 1) * self.tick_samples]
        missing = self.tick_samples - part.shape[1]
        return np.pad(part, ((0, 0), (0, missing))) if missing else part


def read_recording(path: Path) -> Recording:
    """Read a whole file without changing its rate. Raises :class:`~callcore.errors.AudioError`."""
    with open_audio(path) as source:  # says what is wrong with a file that cannot be used
        rate_hz, channel_count = source.rate_hz, source.channel_count
    media = Media(f"file:{path}", str(path), None)
    try:
        parts = [packed for packed, rate in media.pieces() if (rate, packed.shape[1]) == (rate_hz, channel_count)]
    finally:
        media.close()
    whole = np.concatenate(parts).T
    return Recording(np.ascontiguousarray(np.clip(np.rint(whole * 32768), -32768, 32767).astype(np.int16)), rate_hz)


class Feeder:
    """The sending process and the thread that receives. A context manager."""

    def __init__(self, playing: Sequence[Playing]) -> None:
        context = get_context("spawn")
        ours, theirs = socket.socketpair()
        self._socket = ours
        self._control, control = context.Pipe()
        self._process = context.Process(target=_feed, args=(theirs, control, tuple(playing)), daemon=True)
        self._process.start()
        theirs.close()
        control.close()
        self._channel_counts: list[int] = []
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self._process.terminate()
        self._process.join()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        if self._thread is not None:
            self._thread.join()
        self._socket.close()
        self._control.close()

    def prepare(self) -> list[Facts]:
        """Wait until all recordings are read.

        Raises :class:`~callcore.errors.AudioError`, or :class:`~callcore.errors.CallcoreError` when the process died.
        """
        facts: list[Facts] = self._answer(READY_TIMEOUT_S)
        self._channel_counts = [item.channel_count for item in facts]
        return facts

    def start(self, received: Received, ended: Ended, begins: Begins) -> float:
        """Begin. ``begins`` is told, before anything is sent, what is also returned: the moment, by the benchmark's
        clock, at which a call of offset 0 begins.
        """
        start_at = now() + LEAD_S
        begins(start_at)
        self._thread = threading.Thread(target=self._receive, args=(received, ended), name="bench-receive", daemon=True)
        self._thread.start()
        self._control.send(start_at)
        return start_at

    def wait(self, timeout_s: float) -> Sent | None:
        """Wait for the last packet to be received; None while time ran out before that."""
        assert self._thread is not None
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            return None
        if self._failure is not None:
            raise self._failure
        sent: Sent = self._answer(10.0)
        return sent

    def sender_done(self, timeout_s: float) -> bool:
        """Wait until everything was sent, received or not."""
        return self._control.poll(timeout_s)

    def _answer(self, timeout_s: float) -> Any:
        try:
            answer = self._control.recv() if self._control.poll(timeout_s) else None
        except EOFError:
            answer = None
        if answer is None:
            raise CallcoreError("the process that sends the audio of the benchmark died.", "Is there memory enough?")
        if isinstance(answer, CallcoreError):
            raise answer
        return answer

    def _receive(self, received: Received, ended: Ended) -> None:
        try:
            with self._socket.makefile("rb", buffering=65_536) as stream:
                while header := stream.read(HEADER.size):
                    call, tick, size = HEADER.unpack(header)
                    if tick == END:
                        ended(call)
                        continue
                    packed = np.frombuffer(stream.read(size), np.int16).reshape(self._channel_counts[call], -1)
                    received(call, tick, tuple(packed))
        except BaseException as error:  # told to whoever waits
            self._failure = error


@dataclass(slots=True)
class _Outbox:
    """Bytes on their way to the receiver; never blocks."""

    socket: socket.socket
    waiting: deque[memoryview] = field(default_factory=deque)

    def put(self, data: bytes) -> None:
        self.waiting.append(memoryview(data))
        self.flush()

    def flush(self) -> None:
        while self.waiting:
            try:
                sent = self.socket.send(self.waiting[0])
            except BlockingIOError:
                return
            if sent < len(self.waiting[0]):
                self.waiting[0] = self.waiting[0][sent:]
            else:
                self.waiting.popleft()


def _feed(outgoing: socket.socket, control: Connection, playing: Sequence[Playing]) -> None:
    """Body of the sending process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the other process, which ends this one
    try:
        read = {path: read_recording(path) for path in {item.path for item in playing}}
    except AudioError as error:
        control.send(error)
        return
    recordings = [read[item.path] for item in playing]
    control.send([recording.facts for recording in recordings])
    priority = _raise_priority()
    outgoing.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
    outgoing.setblocking(False)
    outbox = _Outbox(outgoing)
    start_at = control.recv()
    late = _send_all(outbox, recordings, [item.offset_s for item in playing], start_at)
    outgoing.setblocking(True)
    outbox.flush()
    outgoing.shutdown(socket.SHUT_WR)
    p50, p99 = np.percentile(late, (50, 99))
    control.send(Sent(len(late), float(p50), float(p99), float(np.max(late)), priority))
    control.recv()  # stay until the other side has what it needs and ends this process


def _send_all(
    outbox: _Outbox, recordings: Sequence[Recording], offsets_s: Sequence[float], start_at: float
) -> npt.NDArray[np.float64]:
    """Send packet k of a call k ticks after its t = 0; returns by how much each was late."""
    due = [(start_at + offset_s, call, 0) for call, offset_s in enumerate(offsets_s)]
    heapify(due)
    late: list[float] = []
    while due:
        at, call, tick = heappop(due)
        _sleep_until(at)
        late.append(now() - at)
        recording = recordings[call]
        if tick == recording.ticks:
            late.pop()
            outbox.put(HEADER.pack(call, END, 0))
            continue
        data = recording.tick(tick).tobytes()
        outbox.put(HEADER.pack(call, tick, len(data)) + data)
        heappush(due, (start_at + offsets_s[call] + (tick + 1) * TICK_S, call, tick + 1))
    return np.asarray(late)


def _sleep_until(at: float) -> None:
    while (left := at - now()) > 0:
        time.sleep(left)


def _raise_priority() -> str:
    """Ask the system to run this process before others; the sender needs little time, at the right moments."""
    if hasattr(os, "sched_setscheduler"):
        with contextlib.suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
            return "real time"
    return "normal"
