"""A recording of a live call, written while it goes on.

FLAC through PyAV or WAV through the standard library: both are here anyway, and both leave a playable file when the
process is killed. Every FLAC packet (a quarter of a second) goes to the file at once and stands for itself; the WAV
header and the length in FLAC's are brought up to date with every write.
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
import wave
from collections import deque
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from queue import Empty, Full, Queue
from typing import BinaryIO, Protocol

import av
import numpy as np
import numpy.typing as npt
from av.audio.stream import AudioStream

from callcore.errors import DiskFull, OutputError
from callcore.types import SAMPLE_RATE_HZ, AudioFrame, AudioWarning, Tick, WarningKind, seconds

Codes = npt.NDArray[np.int16]  #: shape (n, channels)

WAITING_TICKS = 1500  #: 30 s that a slow disk may take; what comes on top becomes silence in the recording
WRITE_SAMPLES = SAMPLE_RATE_HZ // 4  #: written at once
FULL_SCALE = 32767
CLOSE_S = 30.0  #: for the last samples to reach the disk
FORMATS = (".flac", ".wav")
FLAC_FORMAT_BYTE = 18  #: where a FLAC file states rate (20 bits), channels (3), bits (5) and length in samples (36)


class _Writer(Protocol):
    def write(self, codes: Codes) -> None: ...
    def close(self) -> None: ...


class Recorder:
    """Writes the ticks of a call to ``path`` (``.flac`` or ``.wav``), 16 bits at 16 kHz, one channel per call channel.

    The file is made at once, readable by its owner only, and never over another one. Positions count: where frames are
    missing the recording is silent.

    Raises :class:`~callcore.errors.OutputError` (exists, no permission, another ending) or
    :class:`~callcore.errors.DiskFull`.
    """

    def __init__(self, path: Path, channels: tuple[int, ...], waiting_ticks: int = WAITING_TICKS) -> None:
        if path.suffix.lower() not in FORMATS:
            raise OutputError(f"{path}: recordings are written as .flac or .wav.", "Choose one of these endings.")
        self.path = path
        self._columns = {number: column for column, number in enumerate(channels)}
        self._queue: Queue[Tick | None] = Queue(waiting_ticks)
        self._warnings: deque[AudioWarning] = deque()
        self._stopped = False
        self._position = 0  # of the next sample to be written
        self._waiting: list[Codes] = []
        self._waiting_samples = 0
        self._file = _created(path)
        try:
            self._writer: _Writer = _writer(self._file, path, len(channels))
        except (OSError, av.FFmpegError) as error:
            self._file.close()
            raise _open_error(path, error) from error
        self._thread = threading.Thread(target=self._run, name="callcore-recording", daemon=True)
        self._thread.start()

    @property
    def stopped(self) -> bool:
        """Whether the recording ended before its time (a warning tells why)."""
        return self._stopped

    def write(self, tick: Tick) -> None:
        """Take a tick; never blocks and never raises."""
        if not self._stopped:
            # When a disk is so slow that the queue is full, the hole is filled with silence by its position.
            with contextlib.suppress(Full):
                self._queue.put_nowait(tick)

    def warnings(self) -> list[AudioWarning]:
        """What went wrong since the last call, for the events of the call."""
        found = []
        while self._warnings:
            found.append(self._warnings.popleft())
        return found

    def close(self) -> None:
        """Write what waits and complete the file."""
        with contextlib.suppress(Full):
            self._queue.put(None, timeout=CLOSE_S)
        self._thread.join(CLOSE_S)

    def _run(self) -> None:
        try:
            while (tick := self._queue.get()) is not None:
                self._add(tick)
                if self._waiting_samples >= WRITE_SAMPLES:
                    self._flush()
            self._flush()
        except (OSError, av.FFmpegError, wave.Error, ValueError) as error:
            self._give_up(error)
        finally:
            self._complete()

    def _add(self, tick: Tick) -> None:
        frames = [item for item in tick if isinstance(item, AudioFrame) and item.channel in self._columns]
        if not frames:
            return
        start, end = frames[0].start_sample, max(frame.end_sample for frame in frames)
        if start < self._position or end <= start:
            return
        while start > self._position:  # frames that were left out
            self._keep(np.zeros((min(start - self._position, SAMPLE_RATE_HZ), len(self._columns)), dtype=np.int16))
        codes = np.zeros((end - start, len(self._columns)), dtype=np.int16)
        for frame in frames:
            codes[: len(frame.samples), self._columns[frame.channel]] = _codes(frame.samples)
        self._keep(codes)

    def _keep(self, codes: Codes) -> None:
        self._waiting.append(codes)
        self._waiting_samples += len(codes)
        self._position += len(codes)
        if self._waiting_samples >= 4 * WRITE_SAMPLES:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            self._writer.write(np.concatenate(self._waiting))
            self._waiting, self._waiting_samples = [], 0

    def _give_up(self, error: Exception) -> None:
        self._stopped = True
        written = self._position - self._waiting_samples
        self._waiting, self._waiting_samples = [], 0
        why = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        message = f"{self.path}: recording stopped ({why}); the call goes on without it"
        detail = {"written_s": seconds(written)}
        self._warnings.append(AudioWarning(WarningKind.RECORDING_STOPPED, message, at_sample=written, detail=detail))
        with contextlib.suppress(Empty):  # whoever waits for room in the queue shall not wait in vain
            while True:
                self._queue.get_nowait()

    def _complete(self) -> None:
        """End the file. On a full disk this fails as the writing did, which has been told."""
        try:
            self._writer.close()
        except (OSError, av.FFmpegError, wave.Error, ValueError) as error:
            if not self._stopped:
                self._give_up(error)
        with contextlib.suppress(OSError):
            self._file.close()


class _Wave:
    def __init__(self, file: BinaryIO, channel_count: int) -> None:
        self._wave = wave.open(file, "wb")  # noqa: SIM115  (closed by close)
        self._wave.setnchannels(channel_count)
        self._wave.setsampwidth(2)
        self._wave.setframerate(SAMPLE_RATE_HZ)
        self._wave.writeframes(b"")

    def write(self, codes: Codes) -> None:
        self._wave.writeframes(codes.astype("<i2").tobytes())  # and the header

    def close(self) -> None:
        self._wave.close()


class _Flac:
    def __init__(self, file: BinaryIO, channel_count: int) -> None:
        self._container = av.open(file, "w", format="flac", options={"flush_packets": "1"})
        layout = {1: "mono", 2: "stereo"}.get(channel_count, f"{channel_count}c")
        self._stream: AudioStream = self._container.add_stream("flac", rate=SAMPLE_RATE_HZ, layout=layout)
        self._file = file
        self._layout = layout
        self._channel_count = channel_count
        self._position = 0
        self._container.start_encoding()

    def write(self, codes: Codes) -> None:
        frame = av.AudioFrame.from_ndarray(codes.reshape(1, -1), format="s16", layout=self._layout)
        frame.sample_rate = SAMPLE_RATE_HZ
        frame.pts, frame.time_base = self._position, Fraction(1, SAMPLE_RATE_HZ)
        self._position += len(codes)
        packets = self._stream.encode(frame)
        for packet in packets:
            self._container.mux(packet)
        if packets and packets[-1].pts is not None:
            self._state_length(packets[-1].pts + (packets[-1].duration or 0))

    def _state_length(self, sample_count: int) -> None:
        """FFmpeg states it when the file is complete; until then some players would take it for endless."""
        stated = SAMPLE_RATE_HZ << 44 | (self._channel_count - 1) << 41 | 15 << 36 | sample_count
        end = self._file.tell()
        self._file.seek(FLAC_FORMAT_BYTE)
        self._file.write(stated.to_bytes(8, "big"))
        self._file.seek(end)

    def close(self) -> None:
        try:
            self._container.mux(self._stream.encode(None))
        finally:
            self._container.close()


def write_recording(path: Path, channel_count: int, pieces: Iterable[npt.NDArray[np.float32]]) -> None:
    """Write a recording as :class:`Recorder` does, at once. ``pieces``: shape (channels, n), float32, full scale 1.0.

    Raises :class:`~callcore.errors.OutputError` (exists, no permission, another ending) or
    :class:`~callcore.errors.DiskFull`; a file that is not whole is removed. What ``pieces`` raises goes through.
    """
    if path.suffix.lower() not in FORMATS:
        raise OutputError(f"{path}: recordings are written as .flac or .wav.", "Choose one of these endings.")
    with _created(path) as file:
        try:
            writer = _writer(file, path, channel_count)
            for piece in pieces:
                writer.write(_codes(piece.T))
            writer.close()
        except BaseException as error:
            path.unlink(missing_ok=True)
            if isinstance(error, OSError | av.FFmpegError | wave.Error):
                raise _open_error(path, error) from error
            raise


def _codes(samples: npt.NDArray[np.float32]) -> Codes:
    """Samples of full scale 1.0 as 16 bits."""
    codes: Codes = np.clip(np.rint(samples * FULL_SCALE), -FULL_SCALE - 1, FULL_SCALE).astype(np.int16)
    return np.ascontiguousarray(codes)


def _writer(file: BinaryIO, path: Path, channel_count: int) -> _Writer:
    kind = _Flac if path.suffix.lower() == ".flac" else _Wave
    return kind(file, channel_count)


def _created(path: Path) -> BinaryIO:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    except OSError as error:
        raise _open_error(path, error) from error
    return os.fdopen(descriptor, "wb", buffering=0)


def _open_error(path: Path, error: Exception) -> OutputError:
    number = error.errno if isinstance(error, OSError) else 0
    if number == errno.EEXIST:
        return OutputError(f"{path}: exists already.", "Move it away, or write elsewhere.")
    if number == errno.ENOSPC:
        return DiskFull(f"{path}: no space left on the disk.", "Free some space, or record elsewhere.")
    why = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
    return OutputError(f"{path}: cannot be written ({why}).", "Check the folder and its permissions.")
